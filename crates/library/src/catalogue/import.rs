//! Records of other catalogues, published in one of ours: read in a child with limits, matched, merged by rule.
//!
//! An import is a batch (see [`super::batch`]): a job that goes on where it was after any interruption.

use std::path::PathBuf;

use lampion_formats::records::desk::{DublinCore, ImportRule, ImportRules, Work};
use lampion_formats::records::{CatalogueRecord, Name};
use lampion_search::Document;
use serde::{Deserialize, Serialize};

use super::batch::{NewBatch, Operation, Selection};
use crate::adding::NewImport;
use crate::extract::Request;
use crate::library::{Library, LibraryError};
use crate::model::{Kind, Meta};

/// Longest record in bytes; the formats' own limits are lower.
const RECORD_LIMIT: u64 = 4 << 20;
/// Where files wait that were sent, in the catalogue's folder.
const INCOMING: &str = "incoming";

/// What becomes of a record that is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// The new one is passed over.
    #[default]
    Skip,
    /// Its fields replace ours.
    Replace,
    /// Its fields are taken where we have none.
    Fill,
    /// Its fields are added where they say something else.
    Add,
    /// Nothing is matched: each record is a new one.
    Separate,
}

impl Rule {
    /// All of them, with their words.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Skip, "skip"),
        (Self::Replace, "replace"),
        (Self::Fill, "fill"),
        (Self::Add, "add"),
        (Self::Separate, "separate"),
    ];

    /// The rule of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|one| one.1 == word).map(|one| one.0)
    }

    /// The word of the rule.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|one| one.0 == self)
            .map_or("skip", |one| one.1)
    }

    pub(super) fn rules(self) -> Option<ImportRules> {
        let default = match self {
            Self::Skip | Self::Separate => return None,
            Self::Replace => ImportRule::TakeTheirs,
            Self::Fill => ImportRule::FillGaps,
            Self::Add => ImportRule::Add,
        };
        Some(ImportRules {
            default,
            fields: Vec::new(),
        })
    }
}

/// A file on its way into a catalogue, as its batch keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Import {
    /// Where the file lies.
    pub path: PathBuf,
    /// Its name, for people.
    pub name: String,
    /// Format of records, if it was told.
    pub format: String,
    /// Which column or key is what.
    pub mapping: String,
    /// What becomes of a record that is there already.
    pub rule: Rule,
    /// Only count what would happen.
    pub trial: bool,
    /// Remove the file at the end.
    pub temporary: bool,
}

impl Import {
    /// What the child is asked for.
    pub(super) fn request(&self, cursor: String) -> Request {
        Request {
            kind: Kind::Records,
            path: self.path.clone(),
            format: self.format.clone(),
            mapping: self.mapping.clone(),
            cursor,
            ..Request::default()
        }
    }

    /// Removes a file that was sent, once it is in. That of a trial is kept for the import.
    pub(super) async fn let_go(&self) {
        if self.temporary && !self.trial {
            let _swept_with_the_catalogue = tokio::fs::remove_file(&self.path).await;
        }
    }
}

/// Whose import it is.
#[derive(Debug, Clone, Copy)]
pub struct ByWhom<'a> {
    /// Public name.
    pub by: &'a str,
    /// The office that withdraws.
    pub office: &'a str,
}

impl Library {
    /// Begins the import of one file of records into a catalogue; gives the batch's id and the job's. A temporary file is
    /// taken into the catalogue's own folder first, so that a restart finds it.
    ///
    /// # Errors
    /// It is no file of records, no such catalogue, the disk, or the database.
    pub async fn import_into(
        &self,
        new: NewImport,
        collection: &str,
        rule: Rule,
        trial: bool,
        whose: ByWhom<'_>,
    ) -> Result<(String, String), LibraryError> {
        let path = new.path.clone();
        let bad = |reason: &str| LibraryError::BadSource {
            path: path.clone(),
            reason: reason.into(),
        };
        let known = self
            .store()
            .get(collection)
            .await?
            .filter(|one| one.kind == Kind::Catalogue && !one.is_followed())
            .ok_or_else(|| LibraryError::NoSuchCollection(collection.into()))?;
        if !path.is_file() {
            return Err(bad("choose one file of records"));
        }
        let request = self.plan(&new)?;
        if request.kind != Kind::Records {
            return Err(bad("it holds no catalogue records"));
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let mut import = Import {
            path: request.path,
            name: name.clone(),
            format: request.format,
            mapping: request.mapping,
            rule,
            trial,
            temporary: new.temporary,
        };
        let own = known.folder.join(INCOMING);
        if new.temporary && !import.path.starts_with(&own) {
            let unique = lampion_core::ids::new_id(&*self.kernel().rng);
            let folder = own.join(unique);
            tokio::fs::create_dir_all(&folder).await?;
            let kept = folder.join(&name);
            tokio::fs::rename(&import.path, &kept).await?;
            import.path = kept;
        }
        let batch = NewBatch {
            collection: collection.to_string(),
            operation: Operation::Import(import),
            selection: Selection::default(),
            by: whose.by.to_string(),
            office: whose.office.to_string(),
            note: name,
        };
        self.begin_batch(&batch).await
    }
}

/// `offset+length`, as results of an import keep it.
pub(super) fn place_text((offset, length): (u64, u64)) -> String {
    format!("{offset}+{length}")
}

/// Reads a place again.
pub fn place_of(text: &str) -> Option<(u64, u64)> {
    let (offset, length) = text.split_once('+')?;
    Some((offset.parse().ok()?, length.parse().ok()?))
}

/// The work of a record that the child has read: of MARC its own bytes, of anything else Dublin Core.
pub(super) async fn work_of(
    path: &std::path::Path,
    document: &Document,
) -> Result<(Work, (u64, u64)), String> {
    let meta = Meta::parse(&document.meta);
    let place = meta.place.unwrap_or_default();
    if meta.mime == "application/marc" {
        let bytes = read(path.to_path_buf(), place).await?;
        let (work, _mended) = Work::from_iso2709(&bytes).map_err(|error| error.to_string())?;
        return Ok((work, place));
    }
    if meta.mime == "application/marcxml+xml" {
        let bytes = read(path.to_path_buf(), place).await?;
        if let Ok(work) = Work::from_marcxml(&bytes) {
            return Ok((work, place));
        }
    }
    Ok((
        DublinCore::from_catalogue(&whole(document, &meta)).into(),
        place,
    ))
}

/// The record as it was before the index's own fields were left out of it.
fn whole(document: &Document, meta: &Meta) -> CatalogueRecord {
    let mut record = meta.record.as_deref().cloned().unwrap_or_default();
    if record.title.is_empty() {
        record.title.clone_from(&document.title);
    }
    if record.authors.is_empty() {
        record.authors = document.authors.iter().map(Name::new).collect();
    }
    record.subjects.clone_from(&document.subjects);
    record.year = document.year;
    record.language.clone_from(&document.language);
    record
}

async fn read(path: PathBuf, (offset, length): (u64, u64)) -> Result<Vec<u8>, String> {
    if length > RECORD_LIMIT {
        return Err(format!("it is longer than {RECORD_LIMIT} bytes"));
    }
    let read = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _};
        let mut file = std::fs::File::open(path)?;
        file.seek(std::io::SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    read.await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())
}
