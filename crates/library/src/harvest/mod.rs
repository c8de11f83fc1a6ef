//! Collections that are harvested from other repositories by OAI-PMH.
//!
//! The records are rows (`harvested`), and the state of the harvest is one (`harvest`): a page and the state after it are
//! kept in one transaction, so `kill -9` neither loses a record nor takes one twice, and the index can be built anew
//! without asking the repository again. Rows are numbered by change; the index follows them, and the number up to which
//! it has them is kept after each of its commits: what lies between is indexed again, which changes nothing.
//!
//! Answers of repositories are read in the node's own process by `lampion_formats::exchange::harvest` alone, which is
//! fuzzed and limited; the records within them are read by the child ([`crate::extract`]).

pub(crate) mod client;
pub mod schedule;
mod store;
mod whole;
mod work;

use std::path::PathBuf;

use lampion_formats::exchange::harvest::{Harvest, Limits, Source as Repository};

use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Source, Visibility};

pub(crate) use client::agent_of;
pub use store::{HarvestRow, HarvestedRow};
pub use whole::Whole;
pub use work::HarvestJob;

/// The job's kind.
pub const KIND: &str = "library.harvest";
/// The format of what was harvested, as a file: a line of JSON for each record.
pub const FORMAT: &str = "harvested";
/// That file's name in a collection's folder, where the index is built anew or the collection is exported.
pub(crate) const FILE: &str = "harvested.jsonl";
/// The payload of a job that harvests everything anew.
const WHOLE: &str = r#"{"whole":true}"#;
/// Records that are written to it together.
const BATCH: i64 = 500;

/// A repository to harvest, as a person names it.
#[derive(Debug, Clone, Default)]
pub struct NewHarvest {
    /// The repository's address (its base URL).
    pub url: String,
    /// One set; empty for all.
    pub set: String,
    /// The format's prefix; `oai_dc` if empty.
    pub prefix: String,
    /// Wanted id; made from the title if empty.
    pub id: String,
    /// Wanted title; the repository's own name if empty.
    pub title: String,
    /// Who may see it.
    pub visibility: Option<Visibility>,
}

impl Collection {
    /// Whether its records come from a repository, or came in a file of such records.
    pub fn is_harvested(&self) -> bool {
        self.source.format == FORMAT
    }
}

impl Library {
    /// Makes a collection for a repository and queues its harvest; gives its id and the job's. A repository that is
    /// known already (address, set and prefix) is asked for what changed.
    ///
    /// # Errors
    /// No such address, the id is another collection's, or the database.
    pub async fn harvest(&self, new: NewHarvest) -> Result<(String, String), LibraryError> {
        let url = new.url.trim().to_string();
        let bad = |reason: String| LibraryError::BadSource {
            path: PathBuf::from(&url),
            reason,
        };
        let repository = Repository {
            base_url: url.clone(),
            prefix: Some(new.prefix.trim())
                .filter(|prefix| !prefix.is_empty())
                .unwrap_or("oai_dc")
                .to_string(),
            set: Some(new.set.trim().to_string()).filter(|set| !set.is_empty()),
            post: false,
        };
        let harvest = Harvest::new(repository.clone(), Limits::default())
            .map_err(|error| bad(error.to_string()))?;
        let all = self.store().all().await?;
        for one in all.iter().filter(|one| one.is_harvested()) {
            let known = self.store().harvest(&one.id).await?;
            if known.is_some_and(|known| *known.harvest.source() == repository)
                && (new.id.is_empty() || new.id == one.id)
            {
                return Ok((one.id.clone(), self.harvest_again(&one.id, false).await?));
            }
        }
        if let Some(taken) = all.iter().find(|one| one.id == new.id) {
            return Err(bad(format!(
                "collection `{}` holds something else: choose another name",
                taken.id
            )));
        }
        let title = if new.title.is_empty() {
            host(&url).to_string()
        } else {
            new.title.clone()
        };
        let wanted = if new.id.is_empty() { &title } else { &new.id };
        let id = crate::adding::free_id(self.kernel(), &all, wanted);
        let source = Source {
            path: Some(PathBuf::from(FILE)),
            name: url,
            format: FORMAT.into(),
            ..Source::default()
        };
        let folder = self.kernel().data.join("collections").join(&id);
        let now_ms = self.kernel().clock.now_ms();
        let mut made =
            crate::adding::blank(id.clone(), title, Kind::Records, source, folder, now_ms);
        made.visibility = new.visibility.unwrap_or(Visibility::All);
        // Should the node die between the two, a harvest without a collection harms nobody.
        self.store().begin_harvest(&id, &harvest).await?;
        self.store().insert(&made).await?;
        self.refresh().await?;
        let job = self.kernel().queue(KIND, &id, "{}".into()).await?.id;
        self.kernel().events.send("collection.changed", id.as_str());
        Ok((id, job))
    }

    /// Queues a harvest of what changed, or of everything (`whole`), after which what the repository no longer has is
    /// deleted; gives the job's id.
    ///
    /// # Errors
    /// The collection isn't harvested, or the database.
    pub async fn harvest_again(&self, id: &str, whole: bool) -> Result<String, LibraryError> {
        if self.store().harvest(id).await?.is_none() {
            return Err(LibraryError::BadSource {
                path: PathBuf::from(id),
                reason: "it is no collection that is harvested: name a repository's address".into(),
            });
        }
        let payload = if whole { WHOLE } else { "{}" };
        Ok(self.kernel().queue(KIND, id, payload.into()).await?.id)
    }

    /// Writes what was harvested into a file beside the index, whole or not at all: to build the index anew, or to be
    /// carried. Nothing for a collection whose records came in such a file.
    ///
    /// # Errors
    /// The database or the disk.
    pub(crate) async fn write_harvested(
        &self,
        collection: &Collection,
    ) -> Result<(), LibraryError> {
        if !collection.is_harvested() || self.store().harvest(&collection.id).await?.is_none() {
            return Ok(());
        }
        let partial = collection.folder.join(format!(".{FILE}.part"));
        let mut file = tokio::fs::File::create(&partial).await?;
        let mut after = 0;
        loop {
            let rows = self
                .store()
                .harvested_after(&collection.id, after, BATCH)
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            tokio::io::AsyncWriteExt::write_all(&mut file, lines(&rows)?.as_bytes()).await?;
        }
        file.sync_all().await?;
        tokio::fs::rename(&partial, collection.folder.join(FILE)).await?;
        Ok(())
    }

    /// Removes that file again: the rows are what counts.
    pub(crate) async fn forget_harvested_file(&self, collection: &Collection) {
        let harvested = collection.is_harvested()
            && matches!(self.store().harvest(&collection.id).await, Ok(Some(_)));
        if harvested {
            let _was_not_there = tokio::fs::remove_file(collection.folder.join(FILE)).await;
        }
    }
}

/// Records that are not deleted as lines that [`crate::extract`] reads.
fn lines(rows: &[HarvestedRow]) -> Result<String, std::io::Error> {
    let mut out = String::new();
    for row in rows.iter().filter(|row| !row.deleted) {
        let line = crate::extract::HarvestedLine {
            id: row.identifier.clone(),
            metadata: row.metadata.clone(),
        };
        out.push_str(&serde_json::to_string(&line)?);
        out.push('\n');
    }
    Ok(out)
}

/// The host in an address.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}
