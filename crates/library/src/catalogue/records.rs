//! Single records: their newest version, older ones, their history.

use lampion_db::query;
use lampion_feed::Record;
use lampion_feed::entry::{Entry, Publish};
use lampion_formats::records::desk::Work;

use super::model::{RecordRow, Version};
use super::{Catalogue, CatalogueError, Envelope};

/// Versions of one page of a history.
pub const HISTORY_LIMIT: usize = 100;

impl Catalogue {
    /// What lists say of a record, also of a withdrawn one.
    ///
    /// # Errors
    /// The database.
    pub async fn row(
        &self,
        collection: &str,
        id: &str,
    ) -> Result<Option<RecordRow>, CatalogueError> {
        let row =
            query("select * from catalogue_record where feed = $1 and collection = $2 and id = $3")
                .bind(self.feed_id().await?)
                .bind(collection)
                .bind(id)
                .fetch_optional(self.db.read())
                .await?;
        Ok(row.as_ref().map(RecordRow::read).transpose()?)
    }

    /// A record with its work, in its newest version or an older one; none if there is no such record or version.
    /// A withdrawn one has a row and no work.
    ///
    /// # Errors
    /// The work can't be read, or the database.
    pub async fn get(
        &self,
        collection: &str,
        id: &str,
        version: Option<u64>,
    ) -> Result<Option<(RecordRow, Option<Work>)>, CatalogueError> {
        let Some(row) = self.row(collection, id).await? else {
            return Ok(None);
        };
        let version = version.unwrap_or(row.version);
        let Some(record) = self.entry(version).await? else {
            return Ok(None);
        };
        if record.entry.object() != Some((collection, id)) {
            return Ok(None);
        }
        let work = match (&record.entry, record.body.bytes()) {
            (Entry::Publish(_), Some(body)) => Some(Envelope::open(body)?.work()?),
            _ => None,
        };
        Ok(Some((row, work)))
    }

    /// The work of a version of a record.
    ///
    /// # Errors
    /// No such version, or it was erased.
    pub async fn work(
        &self,
        collection: &str,
        id: &str,
        version: Option<u64>,
    ) -> Result<(RecordRow, Work), CatalogueError> {
        match self.get(collection, id, version).await? {
            Some((row, Some(work))) => Ok((row, work)),
            _ => Err(CatalogueError::NoSuchRecord {
                collection: collection.to_string(),
                id: id.to_string(),
            }),
        }
    }

    async fn entry(&self, version: u64) -> Result<Option<Record>, CatalogueError> {
        match self.feed().await? {
            Some(feed) => Ok(self.feeds.entry(&feed.origin, version).await?),
            None => Ok(None),
        }
    }

    /// A record's versions, newest first, from before version `before` (none for the newest) on, at most
    /// `HISTORY_LIMIT`. The first is the withdrawal of a withdrawn record.
    ///
    /// # Errors
    /// The database.
    pub async fn history(
        &self,
        collection: &str,
        id: &str,
        before: Option<u64>,
    ) -> Result<Vec<Version>, CatalogueError> {
        let (Some(feed), Some(row)) = (self.feed().await?, self.row(collection, id).await?) else {
            return Ok(Vec::new());
        };
        let mut out = Vec::new();
        let mut at = Some(row.version);
        // Ends: each step goes back in the feed.
        while let Some(index) = at {
            let Some(record) = self.feeds.entry(&feed.origin, index).await? else {
                break;
            };
            at = match &record.entry {
                Entry::Publish(Publish { supersedes, .. }) => {
                    supersedes.filter(|older| *older < index)
                }
                _ => None,
            };
            if before.is_none_or(|before| index < before) {
                out.push(version(&record));
            }
            if out.len() >= HISTORY_LIMIT {
                break;
            }
        }
        Ok(out)
    }
}

/// What an entry says of a record.
pub(crate) fn version(record: &Record) -> Version {
    let mut version = Version {
        version: record.index,
        time_ms: i64::try_from(record.entry.time())
            .unwrap_or(0)
            .saturating_mul(1000),
        by: String::new(),
        note: String::new(),
        withdrawn: None,
        work: None,
    };
    let body = record.body.bytes();
    match &record.entry {
        Entry::Publish(_) => {
            if let Some(envelope) = body.and_then(|body| Envelope::open(body).ok()) {
                version.work = envelope.work().ok();
                version.by = envelope.by;
                version.note = envelope.note;
            }
        }
        Entry::Withdraw(withdraw) => {
            version.by.clone_from(&withdraw.by);
            version.withdrawn = Some(withdraw.reason);
            version.note = body
                .map(|body| String::from_utf8_lossy(body).into_owned())
                .unwrap_or_default();
        }
        Entry::Acknowledge(_) => {}
    }
    version
}
