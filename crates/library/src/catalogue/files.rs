//! Attached files and covers: blobs that records hold, from the upload to the withdrawal.
//!
//! sent (`catalogue_upload`) → held by a draft, or by a version (`catalogue_file`) → gone
//!
//! A blob is deleted when nothing holds it any more. Who lets one go writes it into `catalogue_gone`, in the
//! transaction that lets it go, and [`Catalogue::sweep`] looks at it afterwards, so that a crash in between forgets
//! none. Somebody may send the same bytes just then: a blob is marked before it is looked for among what is held, and
//! who sends one looks for the mark after saying that it is held, so that one of the two sees the other.

use std::collections::BTreeSet;

use lampion_blobs::{BlobError, Blobs, Hash};
use lampion_db::{Db, Row as _, Tx, query, query_scalar, rows, transaction};
use lampion_feed::entry::Entry;
use lampion_feed::{Applied, FeedError};
use lampion_formats::records::desk::{Attachment, Work};
use lampion_search::Document;
use memchr::memmem;

use super::{Catalogue, CatalogueError, Envelope};
use crate::model::{AttachedMeta, Meta};

/// How long a file that was sent waits for a record or draft to hold it, in milliseconds: a week.
const UPLOAD_MS: i64 = 7 * 86_400_000;
/// Blobs that are looked at in one round.
const SWEEP_LIMIT: i64 = 10_000;
/// Covers up to this size are shown in lists of results, in bytes: ten of them cost a slow line no more than a page.
pub const LISTED_COVER_BYTES: u64 = 40_000;
/// Attached files that the index keeps of a record.
const LISTED_FILES: usize = 20;
/// How a body with files differs from one without: in JSON nothing else is written so.
const MARK: &[u8] = b"\"blake3\":\"";

/// Hashes of a work's cover and files.
pub fn hashes(work: &Work) -> BTreeSet<String> {
    let all = work.files.iter().chain(&work.cover);
    all.map(|file| file.blake3.clone()).collect()
}

fn hashes_of_body(body: &[u8]) -> BTreeSet<String> {
    if memmem::find(body, MARK).is_none() {
        return BTreeSet::new();
    }
    Envelope::open(body)
        .and_then(|envelope| envelope.work())
        .map(|work| hashes(&work))
        .unwrap_or_default()
}

/// One row: collection, record, version, hash.
type Held<'a> = (&'a str, &'a str, i64, String);

/// Keeps `catalogue_file` by entries and bodies; what a withdrawal lets go is put down in `catalogue_gone`.
pub(super) async fn project(
    tx: &mut Tx,
    feed: i64,
    applied: &[Applied<'_>],
) -> Result<(), FeedError> {
    let mut held: Vec<Held<'_>> = Vec::new();
    for item in applied {
        let Some((collection, record)) = item.entry.object() else {
            continue;
        };
        match item.entry {
            Entry::Publish(_) => {
                let version = i64::try_from(item.index).unwrap_or(i64::MAX);
                let hashes = item.body.map(hashes_of_body).unwrap_or_default();
                held.extend(
                    hashes
                        .into_iter()
                        .map(|hash| (collection, record, version, hash)),
                );
            }
            Entry::Withdraw(_) => {
                // What this batch itself had published is let go like the rest.
                write(tx, feed, &held).await?;
                held.clear();
                let_go_of(tx, feed, (collection, record)).await?;
            }
            Entry::Acknowledge(_) => {}
        }
    }
    write(tx, feed, &held).await
}

async fn write(tx: &mut Tx, feed: i64, held: &[Held<'_>]) -> Result<(), FeedError> {
    let rows: Vec<(i64, String, String, i64, String)> = held
        .iter()
        .map(|one| (feed, one.0.into(), one.1.into(), one.2, one.3.clone()))
        .collect();
    Ok(rows::insert(
        tx,
        (
            "insert into catalogue_file (feed, collection, record, version, hash)",
            "on conflict (feed, collection, record, version, hash) do nothing",
        ),
        5,
        &rows,
        |statement, row| {
            statement
                .bind(row.0)
                .bind(row.1.clone())
                .bind(row.2.clone())
                .bind(row.3)
                .bind(row.4.clone())
        },
    )
    .await?)
}

async fn let_go_of(
    tx: &mut Tx,
    feed: i64,
    (collection, record): (&str, &str),
) -> Result<(), FeedError> {
    query(
        "insert into catalogue_gone (hash) select distinct hash from catalogue_file
         where feed = $1 and collection = $2 and record = $3 on conflict (hash) do nothing",
    )
    .bind(feed)
    .bind(collection)
    .bind(record)
    .execute(&mut **tx)
    .await?;
    query("delete from catalogue_file where feed = $1 and collection = $2 and record = $3")
        .bind(feed)
        .bind(collection)
        .bind(record)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Puts blobs down that may be used no more.
pub(super) async fn maybe_gone(
    tx: &mut Tx,
    hashes: &BTreeSet<String>,
) -> Result<(), CatalogueError> {
    for hash in hashes {
        query("insert into catalogue_gone (hash) values ($1) on conflict (hash) do nothing")
            .bind(hash.as_str())
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

/// Tells the index of a small cover, so that lists of results can show it, and of attached files, which reading programs
/// are after.
pub(super) fn tell_index(document: &mut Document, work: &Work) {
    let cover = work
        .cover
        .as_ref()
        .filter(|cover| cover.size_bytes <= LISTED_COVER_BYTES);
    if cover.is_none() && work.files.is_empty() {
        return;
    }
    let mut meta = Meta::parse(&document.meta);
    if let Some(cover) = cover {
        meta.cover.clone_from(&cover.blake3);
        meta.cover_type.clone_from(&cover.media_type);
    }
    meta.files = work
        .files
        .iter()
        .take(LISTED_FILES)
        .map(|file| AttachedMeta {
            hash: file.blake3.clone(),
            name: file.name.clone(),
            mime: file.media_type.clone(),
            size: file.size_bytes,
            text: false,
        })
        .collect();
    document.meta = serde_json::to_string(&meta).unwrap_or_default();
}

impl Catalogue {
    /// Names on their feeds of the catalogues that have a record with an attached file: origin and name.
    ///
    /// # Errors
    /// The database.
    pub async fn with_files(&self) -> Result<BTreeSet<(String, String)>, CatalogueError> {
        let rows = query(
            "select o.origin, t.collection from catalogue_tally t join feed_feed o on o.id = t.feed
             group by o.origin, t.collection having sum(t.file) > 0",
        )
        .fetch_all(self.db.read())
        .await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    /// The same catalogue with the store that its files lie in; without one nothing is deleted there.
    #[must_use]
    pub fn with_blobs(mut self, blobs: Blobs) -> Self {
        self.blobs = Some(blobs);
        self
    }

    /// Says that a person sent a file, which is in the store already.
    ///
    /// # Errors
    /// `FileGoing`: the same bytes are being deleted at this moment; or the database.
    pub async fn uploaded(&self, person: &str, file: &Attachment) -> Result<(), CatalogueError> {
        query(
            "insert into catalogue_upload (hash, person, name, media_type, size_bytes, sent_ms)
             values ($1, $2, $3, $4, $5, $6)
             on conflict (hash, person) do update set name = excluded.name, media_type = excluded.media_type,
             sent_ms = excluded.sent_ms",
        )
        .bind(file.blake3.as_str())
        .bind(person)
        .bind(file.name.as_str())
        .bind(file.media_type.as_str())
        .bind(i64::try_from(file.size_bytes).unwrap_or(i64::MAX))
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        let going: Option<i64> =
            query_scalar("select deleting from catalogue_gone where hash = $1 and deleting = 1")
                .bind(file.blake3.as_str())
                .fetch_optional(self.db.write())
                .await?;
        match going {
            Some(_) => Err(CatalogueError::FileGoing(file.name.clone())),
            None => Ok(()),
        }
    }

    /// A file that a person has sent and nothing holds yet; it may wait as long again.
    ///
    /// # Errors
    /// The database.
    pub async fn upload(
        &self,
        person: &str,
        hash: &str,
    ) -> Result<Option<Attachment>, CatalogueError> {
        let row = query(
            "update catalogue_upload set sent_ms = $3 where hash = $1 and person = $2
             returning hash, name, media_type, size_bytes",
        )
        .bind(hash)
        .bind(person)
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.write())
        .await?;
        row.map(|row| {
            Ok(Attachment {
                name: row.try_get("name")?,
                media_type: row.try_get("media_type")?,
                size_bytes: u64::try_from(row.try_get::<i64, _>("size_bytes")?).unwrap_or(0),
                blake3: row.try_get("hash")?,
            })
        })
        .transpose()
    }

    /// A draft or record holds these files now.
    pub(crate) async fn held(&self, person: &str, work: &Work) -> Result<(), CatalogueError> {
        for hash in hashes(work) {
            query("delete from catalogue_upload where hash = $1 and person = $2")
                .bind(hash)
                .bind(person)
                .execute(self.db.write())
                .await?;
        }
        Ok(())
    }

    /// What of a work's files is known to be there for a person: they sent it, or one of these works holds it.
    ///
    /// # Errors
    /// The database.
    pub async fn without_strange_files(
        &self,
        mut work: Work,
        person: &str,
        known: &[&Work],
    ) -> Result<Work, CatalogueError> {
        let own: BTreeSet<String> = known.iter().flat_map(|work| hashes(work)).collect();
        for hash in hashes(&work) {
            if !own.contains(&hash) && self.upload(person, &hash).await?.is_none() {
                work.files.retain(|file| file.blake3 != hash);
                work.cover = work.cover.filter(|file| file.blake3 != hash);
            }
        }
        Ok(work)
    }

    /// Lets go of files that were sent long ago, and deletes the blobs that nothing holds any more. Gives how many.
    ///
    /// # Errors
    /// The database or the store; what is left is looked at the next time.
    pub async fn sweep(&self) -> Result<u64, CatalogueError> {
        let before_ms = self.clock.now_ms() - UPLOAD_MS;
        transaction!(self.db, CatalogueError, tx => {
            query(
                "insert into catalogue_gone (hash) select distinct hash from catalogue_upload where sent_ms < $1
                 on conflict (hash) do nothing",
            )
            .bind(before_ms)
            .execute(&mut **tx)
            .await?;
            query("delete from catalogue_upload where sent_ms < $1")
                .bind(before_ms)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })?;
        let Some(blobs) = &self.blobs else {
            return Ok(0);
        };
        let gone: Vec<String> = query_scalar("select hash from catalogue_gone limit $1")
            .bind(SWEEP_LIMIT)
            .fetch_all(self.db.read())
            .await?;
        let mut deleted = 0;
        for hash in gone {
            query("update catalogue_gone set deleting = 1 where hash = $1")
                .bind(hash.as_str())
                .execute(self.db.write())
                .await?;
            if !is_held(&self.db, &hash).await?
                && let Ok(blob) = hash.parse::<Hash>()
            {
                blobs.delete(&blob).await?;
                deleted += 1;
            }
            query("delete from catalogue_gone where hash = $1")
                .bind(hash.as_str())
                .execute(self.db.write())
                .await?;
        }
        Ok(deleted)
    }

    /// Sweeps, and says in the log what went wrong: it is done again at the next start.
    pub(crate) async fn sweep_or_say(&self) {
        if let Err(error) = self.sweep().await {
            tracing::warn!(%error, "files that nothing uses any more are still there: they go at the next start");
        }
    }
}

/// Whether a record, draft, upload or collection holds a blob.
///
/// # Errors
/// The database.
pub async fn is_held(db: &Db, hash: &str) -> Result<bool, CatalogueError> {
    let found: i64 = query_scalar(
        "select (select count(*) from catalogue_file where hash = $1)
         + (select count(*) from catalogue_upload where hash = $1)
         + (select count(*) from catalogue_draft where work like '%' || $1 || '%')
         + (select count(*) from collection where cover = $1 or source like '%' || $1 || '%'
            or pending like '%' || $1 || '%')",
    )
    .bind(hash)
    // Not from a snapshot that is older than the mark.
    .fetch_one(db.write())
    .await?;
    Ok(found > 0)
}

impl From<BlobError> for CatalogueError {
    fn from(error: BlobError) -> Self {
        Self::Blob(error)
    }
}
