//! Writing one collection's index.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy};
use tantivy::schema::Term;
use tantivy::{FutureResult, Index, IndexReader, IndexWriter, TantivyDocument, TantivyError};

use super::base::Base;
use super::collection::{Collection, WriteGuard};
use super::directory::{IndexDirectory, is_full};
use super::folder;
use super::kept::Kept;
use super::keys::KeySet;
use super::live::{Progress, open_index, read};
use super::neighbours::{self, Common};
use super::pack::{Dictionaries, Packer};
use super::schema::{
    Fields, MAX_KEY_BYTES, NEIGHBOURS_TOKENIZER, TEXT_TOKENIZER, TOKENIZER, fnv1a, prefix, schema,
    settings, to_tantivy,
};
use crate::analysis::{Flow, IndexTokenizer, Role};
use crate::api::{Begin, Document, SearchError, Writer};
use crate::suggest::TitlesBuilder;
use crate::words::WordCounter;

/// Memory for documents that are being indexed, before they are written as a segment.
const HEAP_BYTES: usize = 30 << 20;
/// For small live edits, the least that Tantivy takes.
const EDIT_HEAP_BYTES: usize = 15 << 20;
/// Segments with more deleted documents than this share are merged.
const DELETED_BEFORE_MERGE: f32 = 0.3;
/// At the end of an import, segments up to this size are merged into one.
const MERGE_AT_END_DOCS: u32 = 4_000_000;
/// After edits, suggestions are built anew only for collections up to this size.
const REBUILD_TITLES_DOCS: u64 = 300_000;
/// Segments of about one size that an import lets gather before they are merged while it runs: each merge
/// writes them again, and the last one, at the end, takes all of them anyway.
const SEGMENTS_BEFORE_MERGE: usize = 20;
/// Longest alias that is kept, in bytes.
const MAX_ALIAS_BYTES: usize = 1 << 10;

/// A merge that another thread does.
type Merging = FutureResult<Option<SegmentMeta>>;

/// Writes one generation.
pub(crate) struct LocalWriter {
    collection: Arc<Collection>,
    begin: Begin,
    generation: PathBuf,
    index: Index,
    fields: Fields,
    writer: Option<IndexWriter>,
    tokenizer: IndexTokenizer,
    /// Which words are common is known.
    learnt: bool,
    flow: Arc<Flow>,
    full: Arc<AtomicBool>,
    progress: Progress,
    resumed: bool,
    /// Nothing is uncommitted, so an edit's writer may serve the next one.
    keep: bool,
    added: u64,
    keys: KeySet,
    base: Option<Base>,
    packer: Packer,
    aliases: BufWriter<File>,
    /// Titles as they are added. Nothing where some were added before, or taken back: then the index tells them.
    titles: Option<TitlesBuilder>,
    _guard: WriteGuard,
}

impl LocalWriter {
    /// Begins, or goes on with what an unfinished import left.
    pub(crate) fn begin(
        collection: Arc<Collection>,
        begin: Begin,
        guard: WriteGuard,
    ) -> Result<LocalWriter, SearchError> {
        let id = collection.id().to_owned();
        let place = collection.folder().to_owned();
        let io_error = |error: io::Error| from_io(&id, &error);
        if matches!(begin, Begin::Rebuild { .. }) {
            folder::forget_damaged(&place).map_err(io_error)?;
        }
        folder::sweep(&place, &collection.used()).map_err(io_error)?;
        let (generation, fresh) = match begin {
            Begin::Fresh => fresh_generation(&collection, &place)?,
            Begin::Rebuild { resume } => rebuilt_generation(&collection, &place, resume)?,
            Begin::Update => {
                current_or_empty(&collection, &place)?;
                (next_generation(&collection, &place)?, false)
            }
            Begin::Edit => (current_or_empty(&collection, &place)?, false),
        };
        let kept = collection.keeper.take(&generation);
        let again = begin == Begin::Edit && kept.is_some();
        let opened = match kept.filter(|_| begin == Begin::Edit) {
            Some(kept) => kept,
            None => open(&collection, &generation, begin)?,
        };
        let progress = Progress::of(&opened.index).map_err(|error| collection.error(&error))?;
        let resumed = begin.is_from_nothing() && !fresh;
        let keep_aliases = resumed || begin == Begin::Edit;
        let alias_bytes = if keep_aliases {
            progress.alias_bytes
        } else {
            0
        };
        let aliases =
            open_aliases(&generation.join(folder::ALIASES), alias_bytes).map_err(io_error)?;
        folder::sweep_temporary(&generation).map_err(io_error)?;
        let packer = Packer::open(&generation).map_err(io_error)?;
        let titles = (begin.is_from_nothing() && !resumed)
            .then(|| TitlesBuilder::new(&generation))
            .transpose()
            .map_err(io_error)?;
        let mut out = LocalWriter {
            begin,
            generation,
            index: opened.index,
            fields: schema().1,
            writer: Some(opened.writer),
            tokenizer: opened.tokenizer,
            learnt: opened.learnt,
            flow: opened.flow,
            full: opened.full,
            keep: again,
            added: if resumed { progress.documents } else { 0 },
            progress: Progress {
                alias_bytes,
                ..progress
            },
            resumed,
            keys: KeySet::new(),
            base: None,
            packer,
            aliases,
            titles,
            _guard: guard,
            collection,
        };
        out.prepare()?;
        Ok(out)
    }

    /// Loads what is known of documents that are already there.
    fn prepare(&mut self) -> Result<(), SearchError> {
        match self.begin {
            Begin::Fresh | Begin::Rebuild { .. } if self.resumed => {
                let base = Base::open(&self.index, self.fields)
                    .map_err(|error| self.collection.error(&error))?;
                let keys = &mut self.keys;
                base.each_key(|key| {
                    keys.insert(fnv1a(key));
                })
                .map_err(|error| self.collection.error(&error))?;
            }
            Begin::Update => {
                self.base = Some(
                    Base::open(&self.index, self.fields)
                        .map_err(|error| self.collection.error(&error))?,
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// The writer, to change something.
    fn writer(&mut self) -> Result<&mut IndexWriter, SearchError> {
        self.keep = false;
        self.writer.as_mut().ok_or_else(|| {
            SearchError::Engine("the index writer has failed: begin again".to_owned())
        })
    }

    fn error(&self, error: &TantivyError) -> SearchError {
        if self.full.load(Ordering::Relaxed) {
            return SearchError::DiskFull(self.collection.id().to_owned());
        }
        self.collection.error(error)
    }

    fn io(&self, error: &io::Error) -> SearchError {
        from_io(self.collection.id(), error)
    }

    fn delete(&mut self, key: &str) -> Result<(), SearchError> {
        let term = Term::from_field_text(self.fields.key, key);
        self.writer()?.delete_term(term);
        Ok(())
    }

    fn commit_progress(&mut self) -> Result<(), SearchError> {
        self.aliases
            .flush()
            .and_then(|()| self.aliases.get_ref().sync_data())
            .map_err(|error| self.io(&error))?;
        let payload = serde_json::to_string(&self.progress)
            .map_err(|error| SearchError::Engine(error.to_string()))?;
        let tokenizer = self.tokenizer.clone();
        let counts = self.generation.join(folder::COUNTS);
        let committed = (|| -> Result<(), TantivyError> {
            let Some(writer) = self.writer.as_mut() else {
                return Err(TantivyError::SystemError(
                    "the index writer has failed".to_owned(),
                ));
            };
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            // All words of the documents so far are counted once the commit is prepared.
            tokenizer.with_counts(|counter| {
                counter
                    .as_ref()
                    .map_or(Ok(()), |counter| counter.save(&counts))
            })?;
            prepared.commit()?;
            Ok(())
        })();
        if let Err(error) = committed {
            // A failed writer takes no more; its lock must go too.
            self.writer = None;
            return Err(match &error {
                TantivyError::IoError(io) if is_full(io) => {
                    SearchError::DiskFull(self.collection.id().to_owned())
                }
                _ => self.error(&error),
            });
        }
        self.learn().map_err(|error| self.error(&error))?;
        if !self.begin.is_beside() {
            self.collection.reload()?;
        }
        self.keep = true;
        Ok(())
    }

    /// Learns which words are common as soon as enough documents tell it.
    fn learn(&mut self) -> Result<(), TantivyError> {
        if self.learnt || self.documents_committed()? < neighbours::LEARNT_FROM {
            return Ok(());
        }
        let reader: IndexReader = self
            .index
            .reader_builder()
            .reload_policy(tantivy::ReloadPolicy::Manual)
            .try_into()?;
        let common = Common::learn(&reader.searcher(), &self.fields, &self.generation)?;
        self.tokenizer.note(common);
        self.learnt = true;
        Ok(())
    }

    fn documents_committed(&self) -> Result<u64, TantivyError> {
        let metas = self.index.searchable_segment_metas()?;
        Ok(metas.iter().map(|meta| u64::from(meta.num_docs())).sum())
    }

    /// One segment is quicker to search than ten. Begins to make one; it is made on another thread.
    fn merge(&mut self) -> Result<Option<Merging>, SearchError> {
        let metas = self
            .index
            .searchable_segment_metas()
            .map_err(|error| self.error(&error))?;
        let small: Vec<SegmentId> = metas
            .iter()
            .filter(|meta| meta.num_docs() <= MERGE_AT_END_DOCS)
            .map(|meta| meta.id())
            .collect();
        let worth = self.begin.is_from_nothing() && small.len() > 1
            || metas.iter().any(|meta| {
                meta.num_deleted_docs() as f32 > DELETED_BEFORE_MERGE * meta.max_doc() as f32
            });
        let Some(writer) = self.writer.take() else {
            return Ok(None);
        };
        // Background merges first, then what is left.
        writer
            .wait_merging_threads()
            .map_err(|error| self.error(&error))?;
        let mut writer =
            index_writer(&self.index, self.begin).map_err(|error| self.error(&error))?;
        let mut merging = None;
        if worth {
            let metas = self
                .index
                .searchable_segment_metas()
                .map_err(|error| self.error(&error))?;
            let small: Vec<SegmentId> = metas
                .iter()
                .filter(|meta| meta.num_docs() <= MERGE_AT_END_DOCS)
                .map(|meta| meta.id())
                .collect();
            if small.len() > 1 || metas.iter().any(|meta| meta.has_deletes()) {
                merging = Some(writer.merge(&small));
            }
        }
        self.writer = Some(writer);
        Ok(merging)
    }

    fn sidecars(&mut self) -> Result<(), SearchError> {
        // Whoever is without its counts of words writes no further edit.
        self.keep = false;
        let counter = self.tokenizer.with_counts(Option::take);
        let words = self.generation.join(folder::WORDS);
        counter
            .map_or(Ok(()), |counter| counter.finish(&words))
            .map_err(|error| self.io(&error))?;
        let titles = self.generation.join(folder::TITLES);
        let documents = self
            .documents_committed()
            .map_err(|error| self.error(&error))?;
        if self.begin == Begin::Edit && documents > REBUILD_TITLES_DOCS && titles.exists() {
            return Ok(());
        }
        let mut builder = match self.titles.take() {
            Some(builder) => builder,
            None => self.titles_of_index().map_err(|error| self.error(&error))?,
        };
        self.add_aliases(&mut builder)
            .map_err(|error| self.io(&error))?;
        builder.finish(&titles).map_err(|error| self.io(&error))
    }

    fn titles_of_index(&self) -> Result<TitlesBuilder, TantivyError> {
        let mut builder = TitlesBuilder::new(&self.generation)?;
        let dictionary = Dictionaries::default();
        let reader = self
            .index
            .reader_builder()
            .reload_policy(tantivy::ReloadPolicy::Manual)
            .try_into()?;
        let searcher = tantivy::IndexReader::searcher(&reader);
        for segment in searcher.segment_readers() {
            let store = segment.get_store_reader(1)?;
            for document in store.iter::<TantivyDocument>(segment.alive_bitset()) {
                let document = document?;
                read(
                    &document,
                    self.fields,
                    &self.generation,
                    &dictionary,
                    |stored| builder.add(stored.title, stored.key, stored.weight),
                )??;
            }
        }
        Ok(builder)
    }

    fn add_aliases(&mut self, builder: &mut TitlesBuilder) -> io::Result<()> {
        self.aliases.flush()?;
        for line in BufReader::new(File::open(self.generation.join(folder::ALIASES))?).lines() {
            if let Ok((title, key)) = serde_json::from_str::<(String, String)>(&line?) {
                builder.add(&title, &key, 0)?;
            }
        }
        Ok(())
    }
}

impl Drop for LocalWriter {
    fn drop(&mut self) {
        if self.begin != Begin::Edit || !self.keep {
            return;
        }
        if let Some(writer) = self.writer.take() {
            self.collection.keep(Kept {
                generation: self.generation.clone(),
                index: self.index.clone(),
                writer,
                tokenizer: self.tokenizer.clone(),
                learnt: self.learnt,
                flow: Arc::clone(&self.flow),
                full: Arc::clone(&self.full),
            });
        }
    }
}

/// A writer of a generation, with all that belongs to it.
fn open(collection: &Collection, generation: &Path, begin: Begin) -> Result<Kept, SearchError> {
    let directory =
        IndexDirectory::open(generation, false).map_err(|error| collection.error(&error))?;
    let full = directory.full();
    let index = Index::open(directory).map_err(|error| collection.error(&error))?;
    if index.schema() != schema().0 {
        return Err(collection.damaged("written by another version of Lampion"));
    }
    let counter = WordCounter::load(&generation.join(folder::COUNTS)).unwrap_or_default();
    let flow = Arc::new(Flow::default());
    let tokenizer = IndexTokenizer::new(Some(counter), Arc::clone(&flow));
    let common = Common::load(generation).map_err(|error| from_io(collection.id(), &error))?;
    let learnt = common.is_some();
    tokenizer.note(common);
    let tokenizers = index.tokenizers();
    tokenizers.register(TOKENIZER, tokenizer.clone());
    tokenizers.register(TEXT_TOKENIZER, tokenizer.with_role(Role::Text));
    tokenizers.register(NEIGHBOURS_TOKENIZER, tokenizer.with_role(Role::Neighbours));
    let writer = index_writer(&index, begin).map_err(|error| collection.error(&error))?;
    Ok(Kept {
        generation: generation.to_owned(),
        index,
        writer,
        tokenizer,
        learnt,
        flow,
        full,
    })
}

impl Writer for LocalWriter {
    fn cursor(&self) -> Option<String> {
        let goes_on = self.resumed || self.begin == Begin::Edit;
        (goes_on && !self.progress.cursor.is_empty()).then(|| self.progress.cursor.clone())
    }

    fn documents(&self) -> u64 {
        if self.resumed || self.progress.documents > 0 {
            self.progress.documents
        } else {
            0
        }
    }

    fn unchanged(&mut self, key: &str, hash: u64) -> bool {
        self.base
            .as_mut()
            .is_some_and(|base| base.unchanged(prefix(key, MAX_KEY_BYTES), hash))
    }

    fn add(&mut self, mut document: Document) -> Result<(), SearchError> {
        document
            .key
            .truncate(document.key.floor_char_boundary(MAX_KEY_BYTES));
        let known = match self.begin {
            Begin::Edit => true,
            // An update must delete what it replaces, and what it itself wrote before.
            Begin::Update => {
                let replaced = self
                    .base
                    .as_mut()
                    .is_some_and(|base| base.mark(&document.key));
                self.keys.insert(fnv1a(document.key.as_bytes())) || replaced
            }
            Begin::Fresh | Begin::Rebuild { .. } => {
                self.keys.insert(fnv1a(document.key.as_bytes()))
            }
        };
        if known {
            self.delete(&document.key)?;
            self.titles = None;
        } else if let Some(titles) = &mut self.titles
            && let Err(error) = titles.add(&document.title, &document.key, document.weight)
        {
            return Err(self.io(&error));
        }
        let (packer, generation) = (&mut self.packer, &self.generation);
        let (tantivy_document, analysed) = to_tantivy(&self.fields, &document, |bytes| {
            packer.pack(generation, bytes)
        })
        .map_err(|error| self.io(&error))?;
        self.flow.enter(analysed);
        let added = self.writer()?.add_document(tantivy_document);
        if let Err(error) = added {
            self.writer = None;
            return Err(self.error(&error));
        }
        self.added += 1;
        Ok(())
    }

    fn alias(&mut self, title: &str, key: &str) -> Result<(), SearchError> {
        let line =
            serde_json::to_string(&(prefix(title, MAX_ALIAS_BYTES), prefix(key, MAX_KEY_BYTES)))
                .map_err(|error| SearchError::Engine(error.to_string()))?;
        self.progress.alias_bytes += line.len() as u64 + 1;
        self.keep = false;
        writeln!(self.aliases, "{line}").map_err(|error| self.io(&error))
    }

    fn remove(&mut self, key: &str) -> Result<(), SearchError> {
        let key = prefix(key, MAX_KEY_BYTES);
        self.titles = None;
        if let Some(base) = &mut self.base {
            base.mark(key);
        }
        self.delete(key)
    }

    fn commit(&mut self, cursor: &str) -> Result<(), SearchError> {
        self.progress.cursor = cursor.to_owned();
        self.progress.documents = self.added;
        self.progress.finished = self.begin == Begin::Edit && self.progress.finished;
        self.commit_progress()
    }

    fn finish(mut self: Box<Self>) -> Result<(), SearchError> {
        if let Some(base) = self.base.take() {
            let writer = self.writer()?;
            let gone = base.each_unmarked(|term| {
                writer.delete_term(term);
            });
            gone.map_err(|error| self.error(&error))?;
        }
        let cursor = std::mem::take(&mut self.progress.cursor);
        self.commit(&cursor)?;
        let merging = if self.begin == Begin::Edit {
            None
        } else {
            self.merge()?
        };
        self.sidecars()?;
        if let Some(merging) = merging {
            merging.wait().map_err(|error| self.error(&error))?;
        }
        self.progress.finished = true;
        self.commit_progress()?;
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        writer
            .wait_merging_threads()
            .map_err(|error| self.error(&error))?;
        if self.begin.is_beside() {
            folder::publish(self.collection.folder(), &self.generation)
                .map_err(|error| self.io(&error))?;
            self.collection.replace(&self.generation)
        } else {
            self.collection.reload()
        }
    }
}

/// The generation of a first import: the unfinished one, or a new one that readers see from the start.
fn fresh_generation(collection: &Collection, place: &Path) -> Result<(PathBuf, bool), SearchError> {
    let io_error = |error: io::Error| from_io(collection.id(), &error);
    if let Some(current) = folder::current(place).map_err(io_error)? {
        // A damaged one is given up: it is rebuilt anyway.
        if let Ok((index, _)) = open_index(&current, false)
            && Progress::of(&index).is_ok_and(|progress| !progress.finished)
        {
            return Ok((current, false));
        }
    }
    Ok((empty_generation(collection, place)?, true))
}

/// The generation of a rebuilding: the one that an interrupted one left, or a new one.
fn rebuilt_generation(
    collection: &Collection,
    place: &Path,
    resume: bool,
) -> Result<(PathBuf, bool), SearchError> {
    let io_error = |error: io::Error| from_io(collection.id(), &error);
    if resume
        && let Some(unfinished) = folder::rebuilt(place).map_err(io_error)?
        && open_index(&unfinished, false).is_ok()
    {
        return Ok((unfinished, false));
    }
    let path = create_index(collection, place)?;
    folder::note_rebuilt(place, &path).map_err(io_error)?;
    Ok((path, true))
}

fn current_or_empty(collection: &Collection, place: &Path) -> Result<PathBuf, SearchError> {
    match folder::current(place).map_err(|error| from_io(collection.id(), &error))? {
        Some(current) => Ok(current),
        None => empty_generation(collection, place),
    }
}

fn empty_generation(collection: &Collection, place: &Path) -> Result<PathBuf, SearchError> {
    let path = create_index(collection, place)?;
    folder::publish(place, &path).map_err(|error| from_io(collection.id(), &error))?;
    collection.replace(&path)?;
    Ok(path)
}

fn create_index(collection: &Collection, place: &Path) -> Result<PathBuf, SearchError> {
    let path = folder::create(place).map_err(|error| from_io(collection.id(), &error))?;
    let directory = IndexDirectory::open(&path, false).map_err(|error| collection.error(&error))?;
    Index::create(directory, schema().0, settings()).map_err(|error| collection.error(&error))?;
    Ok(path)
}

/// The generation of an update: the one that an interrupted update left, or a branch of the current one.
fn next_generation(collection: &Collection, place: &Path) -> Result<PathBuf, SearchError> {
    let io_error = |error: io::Error| from_io(collection.id(), &error);
    if let Some(next) = folder::next(place).map_err(io_error)?
        && open_index(&next, false).is_ok()
    {
        return Ok(next);
    }
    let current = current_or_empty(collection, place)?;
    folder::branch(place, &current).map_err(io_error)
}

fn index_writer(index: &Index, begin: Begin) -> Result<IndexWriter, TantivyError> {
    let heap = if begin == Begin::Edit {
        EDIT_HEAP_BYTES
    } else {
        HEAP_BYTES
    };
    let options = IndexWriterOptions::builder()
        .memory_budget_per_thread(heap)
        .num_worker_threads(1)
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    writer.set_merge_policy(Box::new(policy(begin)));
    Ok(writer)
}

/// Which segments are merged.
pub(super) fn policy(begin: Begin) -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_del_docs_ratio_before_merge(DELETED_BEFORE_MERGE);
    if begin != Begin::Edit {
        policy.set_min_num_segments(SEGMENTS_BEFORE_MERGE);
    }
    policy
}

fn open_aliases(path: &Path, length: u64) -> io::Result<BufWriter<File>> {
    // Not truncated as a whole: what was committed stays.
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    file.set_len(length)?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
    Ok(BufWriter::new(file))
}

fn from_io(collection: &str, error: &io::Error) -> SearchError {
    match error.kind() {
        _ if is_full(error) => SearchError::DiskFull(collection.to_owned()),
        io::ErrorKind::ReadOnlyFilesystem => SearchError::ReadOnly(collection.to_owned()),
        io::ErrorKind::InvalidData => SearchError::Damaged {
            collection: collection.to_owned(),
            reason: error.to_string(),
        },
        _ => SearchError::Engine(error.to_string()),
    }
}
