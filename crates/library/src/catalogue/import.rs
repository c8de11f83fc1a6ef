//! Records of other catalogues, published in one of ours: read in a child with limits, matched, merged by rule.

use std::collections::HashSet;
use std::path::PathBuf;

use lampion_formats::records::desk::{
    DublinCore, ImportRule, ImportRules, Work, import, match_keys,
};
use lampion_formats::records::{CatalogueRecord, Name};
use lampion_search::Document;
use tokio_util::sync::CancellationToken;

use super::model::{Outcome, Publication};
use super::{Catalogue, CatalogueError};
use crate::adding::NewImport;
use crate::extract::Frame;
use crate::extract::process::Extraction;
use crate::library::{Library, LibraryError};
use crate::model::{Kind, Meta};
use crate::store::ImportError;

/// Records that are matched and published together.
const BATCH: usize = 512;
/// Longest record in bytes; the formats' own limits are lower.
const RECORD_LIMIT: u64 = 4 << 20;
/// Failures that are listed.
const FAILURES_LIMIT: usize = 10_000;

/// What becomes of a record that is there already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
    /// The rule of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "skip" => Self::Skip,
            "replace" => Self::Replace,
            "fill" => Self::Fill,
            "add" => Self::Add,
            "separate" => Self::Separate,
            _ => return None,
        })
    }

    fn rules(self) -> Option<ImportRules> {
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

/// A record that was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// Where it lay in the file: offset and length in bytes.
    pub place: (u64, u64),
}

/// What came of an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Records that were read.
    pub read: u64,
    /// Records that were there already.
    pub matched: u64,
    /// Records that the rule left as they were.
    pub unchanged: u64,
    /// What was published.
    pub published: Vec<Imported>,
    /// What could not be, and why.
    pub failed: Vec<ImportError>,
}

/// An incoming record.
struct Incoming {
    item: String,
    work: Work,
    place: (u64, u64),
}

/// An import under way.
struct Run<'a> {
    catalogue: Catalogue,
    collection: &'a str,
    rule: Rule,
    by: &'a str,
    source: String,
    report: ImportReport,
}

/// Publishes the records of one file in a catalogue.
///
/// # Errors
/// The file can't be read as records, or the feed can't grow; what was published before stays.
pub async fn publish_file(
    library: &Library,
    new: NewImport,
    collection: &str,
    rule: Rule,
    by: &str,
) -> Result<ImportReport, LibraryError> {
    let path = new.path.clone();
    let bad = |reason: String| LibraryError::BadSource {
        path: path.clone(),
        reason,
    };
    if !path.is_file() {
        return Err(bad("choose one file of records".into()));
    }
    let request = library.plan(&new)?;
    if request.kind != Kind::Records {
        return Err(bad("it holds no catalogue records".into()));
    }
    let mut run = Run {
        catalogue: Catalogue::of(library.kernel()).map_err(|error| bad(error.to_string()))?,
        collection,
        rule,
        by,
        source: request.name.clone(),
        report: ImportReport::default(),
    };
    let mut extraction = Extraction::new(library.worker().clone(), request);
    let never = CancellationToken::new();
    let mut batch = Vec::new();
    let mut keys = HashSet::new();
    loop {
        match extraction.next(&never).await? {
            Some(Frame::Item { document, .. }) => {
                run.report.read += 1;
                let item = document.key.clone();
                match work_of(&path, &document).await {
                    Err(reason) => run.fail(item, reason),
                    Ok((work, place)) => {
                        // Two of one file that match each other must see each other.
                        let own = match_keys(&work);
                        let meets = own.iter().any(|key| keys.contains(key));
                        if batch.len() >= BATCH || (meets && rule != Rule::Separate) {
                            run.publish(std::mem::take(&mut batch))
                                .await
                                .map_err(|error| bad(error.to_string()))?;
                            keys.clear();
                        }
                        keys.extend(own);
                        batch.push(Incoming { item, work, place });
                    }
                }
            }
            Some(Frame::Failed { item, reason, .. }) => run.fail(item, reason),
            Some(Frame::Broken(reason)) => return Err(bad(reason)),
            Some(Frame::End) | None => break,
            Some(_) => {}
        }
    }
    run.publish(batch)
        .await
        .map_err(|error| bad(error.to_string()))?;
    Ok(run.report)
}

/// The work of a record that the child has read: of MARC its own bytes, of anything else Dublin Core.
async fn work_of(
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

impl Run<'_> {
    fn fail(&mut self, item: String, reason: String) {
        if self.report.failed.len() < FAILURES_LIMIT {
            self.report.failed.push(ImportError { item, reason });
        }
    }

    async fn publish(&mut self, batch: Vec<Incoming>) -> Result<(), CatalogueError> {
        let (mut out, mut places) = (Vec::new(), Vec::new());
        for one in batch {
            let place = one.place;
            if let Some(publication) = self.decide(one).await? {
                out.push(publication);
                places.push(place);
            }
        }
        let outcomes = self
            .catalogue
            .publish_many(self.collection, out, self.by, &self.source)
            .await?;
        for (outcome, place) in outcomes.into_iter().zip(places) {
            match outcome {
                Outcome::Published { id, version } => {
                    self.report.published.push(Imported { id, version, place });
                }
                Outcome::Conflict { id, .. } => {
                    self.fail(
                        id,
                        "somebody changed the record at the same time: import again".into(),
                    );
                }
            }
        }
        Ok(())
    }

    /// What is to be published of an incoming record, if anything.
    async fn decide(&mut self, one: Incoming) -> Result<Option<Publication>, CatalogueError> {
        let new = |work| Publication {
            id: None,
            base: None,
            work,
        };
        if let Err(error) = one.work.to_json() {
            self.fail(one.item, error.to_string());
            return Ok(None);
        }
        if self.rule == Rule::Separate {
            return Ok(Some(new(one.work)));
        }
        let found = self
            .catalogue
            .matches(self.collection, &match_keys(&one.work))
            .await?;
        let ids: HashSet<&str> = found.iter().map(|(_, row)| row.id.as_str()).collect();
        let Some((_, row)) = found.first() else {
            return Ok(Some(new(one.work)));
        };
        self.report.matched += 1;
        if ids.len() > 1 && self.rule != Rule::Skip {
            let reason = format!("{} records match it: merge them first", ids.len());
            self.fail(one.item, reason);
            return Ok(None);
        }
        let Some(rules) = self.rule.rules() else {
            self.report.unchanged += 1;
            return Ok(None);
        };
        let (row, mine) = self
            .catalogue
            .work(self.collection, &row.id, Some(row.version))
            .await?;
        let work = import(&mine, &one.work, &rules);
        if work == mine {
            self.report.unchanged += 1;
            return Ok(None);
        }
        Ok(Some(Publication {
            id: Some(row.id),
            base: Some(row.version),
            work,
        }))
    }
}
