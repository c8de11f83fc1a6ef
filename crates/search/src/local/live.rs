//! One generation, open for reading.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use tantivy::schema::Term;
use tantivy::schema::{IndexRecordOption, Value};
use tantivy::{
    DocAddress, DocSet, Index, IndexReader, ReloadPolicy, Searcher, TERMINATED, TantivyDocument,
    TantivyError,
};

use super::directory::IndexDirectory;
use super::folder;
use super::neighbours::{Common, usual};
use super::pack::{Dictionaries, unpack};
use super::schema::{Fields, Stored, schema};
use crate::suggest::Titles;
use crate::words::Words;

/// Blocks of the document store that each segment keeps unpacked.
const CACHED_BLOCKS: usize = 8;
/// Most different languages that are looked at.
const MAX_LANGUAGES: usize = 200;

/// What the last commit says about the import.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The importer's cursor.
    pub cursor: String,
    /// Documents added in this import.
    pub documents: u64,
    /// Bytes of the alias file that count.
    pub alias_bytes: u64,
    /// The import came to its end.
    pub finished: bool,
}

impl Progress {
    pub(crate) fn of(index: &Index) -> Result<Progress, TantivyError> {
        let payload = index.load_metas()?.payload;
        Ok(payload
            .and_then(|payload| serde_json::from_str(&payload).ok())
            .unwrap_or_default())
    }
}

/// A state of the index that does not change.
pub(crate) struct Snapshot {
    pub searcher: Searcher,
    pub fields: Fields,
    /// Languages and their documents, most first.
    pub languages: Vec<(String, u64)>,
    live: Arc<Sidecars>,
    dictionary: Arc<Dictionaries>,
}

#[derive(Default)]
struct Sidecars {
    path: PathBuf,
    titles: OnceLock<Option<Titles>>,
    words: OnceLock<Option<Words>>,
    common: OnceLock<Option<(Common, u64)>>,
}

/// An open generation. When the last user of a retired one goes, so do its files.
pub(crate) struct Live {
    pub path: PathBuf,
    reader: IndexReader,
    fields: Fields,
    snapshot: RwLock<Arc<Snapshot>>,
    dictionary: Arc<Dictionaries>,
    reloading: Mutex<()>,
    retired: AtomicBool,
}

impl Live {
    pub(crate) fn open(path: &Path, read_only: bool) -> Result<Live, String> {
        let (index, fields) = open_index(path, read_only)?;
        guarded(|| {
            let reader = index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .doc_store_cache_num_blocks(CACHED_BLOCKS)
                .try_into()?;
            let dictionary = Arc::default();
            let snapshot = snapshot(&reader, fields, path, &dictionary)?;
            Ok(Live {
                path: path.to_owned(),
                reader,
                fields,
                snapshot: RwLock::new(Arc::new(snapshot)),
                dictionary,
                reloading: Mutex::new(()),
                retired: AtomicBool::new(false),
            })
        })
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the last commit visible.
    pub(crate) fn reload(&self) -> Result<(), String> {
        let _one = self
            .reloading
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = guarded(|| {
            self.reader.reload()?;
            snapshot(&self.reader, self.fields, &self.path, &self.dictionary)
        })?;
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        Ok(())
    }

    /// The files go when the last reader has gone.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.retired.load(Ordering::Relaxed) {
            // What stays behind is swept by the next writer.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

/// Opens a generation's index, or says why that can't be.
pub(crate) fn open_index(path: &Path, read_only: bool) -> Result<(Index, Fields), String> {
    guarded(|| {
        let index = Index::open(IndexDirectory::open_for_reading(path, read_only)?)?;
        let (expected, fields) = schema();
        if index.schema() != expected {
            return Err(TantivyError::SchemaError(
                "written by another version of Lampion".to_owned(),
            ));
        }
        Ok((index, fields))
    })
}

/// Runs what reads index files. Tantivy checks little of what it reads and may panic on a damaged file.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, TantivyError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "unreadable".to_owned())),
    }
}

fn snapshot(
    reader: &IndexReader,
    fields: Fields,
    path: &Path,
    dictionary: &Arc<Dictionaries>,
) -> Result<Snapshot, TantivyError> {
    let searcher = reader.searcher();
    let mut languages: Vec<(String, u64)> = Vec::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.language)?;
        let mut terms = inverted.terms().stream()?;
        while terms.advance() {
            let Ok(tag) = std::str::from_utf8(terms.key()) else {
                continue;
            };
            let count = u64::from(terms.value().doc_freq);
            if let Some((_, sum)) = languages.iter_mut().find(|(known, _)| known == tag) {
                *sum += count;
            } else if languages.len() < MAX_LANGUAGES {
                languages.push((tag.to_owned(), count));
            }
        }
    }
    languages.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let live = Arc::new(Sidecars {
        path: path.to_owned(),
        ..Sidecars::default()
    });
    Ok(Snapshot {
        searcher,
        fields,
        languages,
        live,
        dictionary: Arc::clone(dictionary),
    })
}

impl Snapshot {
    /// Suggestions, once the import has ended.
    pub(crate) fn titles(&self) -> Option<&Titles> {
        self.live
            .titles
            .get_or_init(|| Titles::open(&self.live.path.join(folder::TITLES)).ok())
            .as_ref()
    }

    /// The dictionary of words, once the import has ended.
    pub(crate) fn words(&self) -> Option<&Words> {
        self.live
            .words
            .get_or_init(|| Words::open(&self.live.path.join(folder::WORDS)).ok())
            .as_ref()
    }

    /// The words whose neighbours are noted, and how many documents a group of neighbours usually has.
    pub(crate) fn common(&self) -> Option<&(Common, u64)> {
        self.live
            .common
            .get_or_init(|| {
                let common = Common::load(&self.live.path).ok()??;
                Some((common, usual(&self.searcher, self.fields.neighbours)))
            })
            .as_ref()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.live.path
    }

    /// Where the document with this key is.
    pub(crate) fn find(&self, key: &str) -> Result<Option<DocAddress>, TantivyError> {
        find(&self.searcher, &self.fields, key)
    }

    /// Runs `with` on what is stored of a document.
    pub(crate) fn stored<T>(
        &self,
        address: DocAddress,
        with: impl FnOnce(&Stored<'_>) -> T,
    ) -> Result<T, TantivyError> {
        let document: TantivyDocument = self.searcher.doc(address)?;
        read(&document, self.fields, self.path(), &self.dictionary, with)
    }
}

/// Runs `with` on what is stored of a document of `generation`.
pub(crate) fn read<T>(
    document: &TantivyDocument,
    fields: Fields,
    generation: &Path,
    dictionary: &Dictionaries,
    with: impl FnOnce(&Stored<'_>) -> T,
) -> Result<T, TantivyError> {
    let value = document.get_first(fields.stored);
    let packed = value
        .as_ref()
        .and_then(|value| value.as_bytes())
        .unwrap_or_default();
    let bytes = unpack(packed, generation, dictionary)?;
    postcard::from_bytes(&bytes)
        .map(|stored| with(&stored))
        .map_err(|_| TantivyError::InternalError("a stored document is damaged".to_owned()))
}

/// Where the live document with this key is.
pub(crate) fn find(
    searcher: &Searcher,
    fields: &Fields,
    key: &str,
) -> Result<Option<DocAddress>, TantivyError> {
    let term = Term::from_field_text(fields.key, key);
    for (ord, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(fields.key)?;
        if let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? {
            while postings.doc() != TERMINATED {
                if !segment.is_deleted(postings.doc()) {
                    return Ok(Some(DocAddress::new(
                        u32::try_from(ord).unwrap_or(u32::MAX),
                        postings.doc(),
                    )));
                }
                postings.advance();
            }
        }
    }
    Ok(None)
}
