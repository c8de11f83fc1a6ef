//! Publishing and withdrawing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::future::join;
use lampion_core::ids;
use lampion_db::{Room, Row as _, Tx, query_scalar, rows, transaction};
use lampion_feed::entry::Reason;
use lampion_feed::{Draft, FeedError, Prepared};
use lampion_formats::records::desk::Work;

use super::model::{KIND, Outcome, Publication, RecordState};
use super::projection::{MANY, reading};
use super::summary::Summary;
use super::{Catalogue, CatalogueError, Envelope};

/// Records in the first transaction of [`Catalogue::publish_many`]: few, for while they are made ready the database waits.
const FIRST_BATCH: usize = MANY;
/// Records in one transaction, at most: pages of keys that many of them change are written once. Others who write wait
/// meanwhile, less than a second.
const BATCH: usize = lampion_feed::limits::APPEND_ENTRIES_LIMIT;
/// Bytes of bodies in one transaction.
const BATCH_BYTES: usize = 32 << 20;
/// Records that one thread makes ready at a stretch; fewer than these are not worth a thread.
const PACKED_AT_ONCE: usize = 512;
/// Threads that make records ready, at most.
const THREADS_LIMIT: usize = 4;
/// Longest identifier of a record.
const ID_LIMIT: usize = 200;
/// Longest note, in characters.
const NOTE_CHARS: usize = 2000;

/// A record that is ready to go: its place among those asked for, identifier, base and body.
pub(super) struct Ready {
    pub(super) id: String,
    /// Whether the catalogue has just made the identifier.
    new: bool,
    pub(super) base: Option<u64>,
    bytes: usize,
    prepared: Prepared,
}

/// Who publishes what why.
struct Packer {
    catalogue: Catalogue,
    collection: String,
    by: String,
    note: String,
    now_ms: i64,
}

impl Packer {
    fn pack(&self, record: Publication) -> Result<Ready, CatalogueError> {
        let body = Envelope::pack(&record.work, &self.by, self.now_ms, &self.note)?;
        let new = record.id.is_none();
        let id = record.id.unwrap_or_else(|| self.catalogue.new_id());
        check_id(&id)?;
        let summary = Some(Summary::published(&record.work, &self.by));
        debug_assert_eq!(summary, Summary::of_body(&body), "read of the body");
        let ready = self
            .catalogue
            .ready(&self.collection, id, record.base, body);
        let prepared = ready.prepared.with_reading(reading(summary));
        let prepared = if new {
            prepared.of_new_object()
        } else {
            prepared
        };
        Ok(Ready {
            new,
            prepared,
            ..ready
        })
    }
}

/// Records on their way to become ready.
struct Packing {
    records: std::vec::IntoIter<Publication>,
    /// Those that didn't go into the batch before.
    left: VecDeque<Ready>,
    packer: Arc<Packer>,
    most: usize,
}

impl Packing {
    /// As many as go into one transaction; none at the end.
    async fn batch(&mut self) -> Result<Vec<Ready>, CatalogueError> {
        let mut ready: Vec<Ready> = Vec::new();
        let mut bytes = 0;
        // Ends: each round takes some of the records.
        loop {
            while let Some(one) = self.left.pop_front() {
                let full = bytes + one.bytes > BATCH_BYTES && !ready.is_empty();
                if ready.len() >= self.most || full {
                    self.left.push_front(one);
                    self.most = (self.most * 2).min(BATCH);
                    return Ok(ready);
                }
                bytes += one.bytes;
                ready.push(one);
            }
            // One processor is the database's, but while it waits: each of the first batches takes longer to be made ready
            // than the smaller one before it to be written.
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            let spare = usize::from(self.most >= BATCH);
            let threads = processors.saturating_sub(spare).clamp(1, THREADS_LIMIT);
            let some: Vec<Publication> = self
                .records
                .by_ref()
                .take(PACKED_AT_ONCE * threads)
                .collect();
            if some.is_empty() {
                return Ok(ready);
            }
            self.left = self.pack(some).await?;
        }
    }

    async fn pack(&self, some: Vec<Publication>) -> Result<VecDeque<Ready>, CatalogueError> {
        if some.len() < PACKED_AT_ONCE {
            return some.into_iter().map(|one| self.packer.pack(one)).collect();
        }
        let mut some = some.into_iter().peekable();
        let mut under_way = Vec::new();
        while some.peek().is_some() {
            let part: Vec<Publication> = some.by_ref().take(PACKED_AT_ONCE).collect();
            let packer = Arc::clone(&self.packer);
            under_way.push(tokio::task::spawn_blocking(move || {
                part.into_iter()
                    .map(|one| packer.pack(one))
                    .collect::<Result<Vec<Ready>, CatalogueError>>()
            }));
        }
        let mut out = VecDeque::new();
        for part in under_way {
            let ended = |error| FeedError::Projection(format!("packing ended early: {error}"));
            out.extend(part.await.map_err(ended)??);
        }
        Ok(out)
    }
}

fn check_id(id: &str) -> Result<(), CatalogueError> {
    let good = (1..=ID_LIMIT).contains(&id.len())
        && !id.starts_with('.')
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    good.then_some(())
        .ok_or_else(|| CatalogueError::BadId(id.to_string()))
}

impl Catalogue {
    /// A new identifier. It begins with the time, so that rows of records that come together lie together.
    pub fn new_id(&self) -> String {
        let mut bytes = [0u8; 12];
        self.rng.fill(&mut bytes);
        let now = self.clock.now_ms().to_be_bytes();
        for (byte, time) in bytes.iter_mut().zip(now.iter().skip(2)) {
            *byte = *time;
        }
        ids::base32(&bytes)
    }

    /// Publishes a record: a new one (`id` none, or one that isn't there yet, with `base` none), or a newer version of the
    /// version `base`. `by` is the public name of who does it, `note` says why. Signs the feed after it.
    ///
    /// # Errors
    /// The work is past a limit, the record is withdrawn, or the feed can't grow.
    pub async fn publish(
        &self,
        collection: &str,
        id: Option<&str>,
        base: Option<u64>,
        work: &Work,
        by: &str,
        note: &str,
    ) -> Result<Outcome, CatalogueError> {
        let one = Publication {
            id: id.map(ToString::to_string),
            base,
            work: work.clone(),
        };
        let mut outcomes = self.publish_many(collection, vec![one], by, note).await?;
        outcomes.pop().ok_or(CatalogueError::BadCursor)
    }

    /// The same for many, in transactions of at most 16,384. What was committed before an error stays.
    ///
    /// # Errors
    /// As [`Self::publish`]; or a record is there twice, and then nothing is published.
    pub async fn publish_many(
        &self,
        collection: &str,
        records: Vec<Publication>,
        by: &str,
        note: &str,
    ) -> Result<Vec<Outcome>, CatalogueError> {
        let mut seen = HashSet::new();
        for id in records.iter().filter_map(|record| record.id.as_deref()) {
            check_id(id)?;
            if !seen.insert(id) {
                return Err(CatalogueError::Twice(id.to_string()));
            }
        }
        let mut outcomes = Vec::with_capacity(records.len());
        let mut packing = Packing {
            records: records.into_iter(),
            left: VecDeque::new(),
            packer: Arc::new(Packer {
                catalogue: self.clone(),
                collection: collection.to_string(),
                by: by.to_string(),
                note: note.chars().take(NOTE_CHARS).collect(),
                now_ms: self.clock.now_ms(),
            }),
            most: FIRST_BATCH,
        };
        let mut ready = packing.batch().await?;
        let many = ready.len() >= FIRST_BATCH;
        if many {
            self.db.room(Room::Statements).await?;
        }
        let mut large = many;
        let mut result = Ok(());
        // While one batch is being written, the next is made ready.
        while !ready.is_empty() && result.is_ok() {
            let (done, next) = join(self.batch(collection, &ready), packing.batch()).await;
            result = done.map(|done| outcomes.extend(done));
            match next {
                Ok(next) => {
                    large |= next.len() >= MANY;
                    ready = next;
                }
                Err(error) => result = result.and(Err(error)),
            }
        }
        if !outcomes.is_empty() {
            self.published().await;
        }
        if large && let Err(error) = self.feeds.settle(KIND).await {
            tracing::warn!(%error, "keys of what was published get their place with the next large batch");
        }
        if many {
            let taken_back = self.db.room(Room::Usual).await;
            result = result.and(taken_back.map_err(CatalogueError::from));
        }
        result?;
        Ok(outcomes)
    }

    async fn batch(
        &self,
        collection: &str,
        ready: &[Ready],
    ) -> Result<Vec<Outcome>, CatalogueError> {
        transaction!(self.db, CatalogueError, tx => {
            self.batch_in(tx, collection, ready).await
        })
    }

    /// A record that is to be published, new where `base` is none.
    pub(super) fn ready(
        &self,
        collection: &str,
        id: String,
        base: Option<u64>,
        body: Vec<u8>,
    ) -> Ready {
        let bytes = body.len();
        let draft = Draft::Publish {
            collection: collection.to_string(),
            object: id.clone(),
            body,
            expires: None,
        };
        Ready {
            id,
            new: false,
            base,
            bytes,
            prepared: self.feeds.prepare(draft),
        }
    }

    /// Publishes in a transaction. The lock on the feed is taken before versions are compared.
    pub(super) async fn batch_in(
        &self,
        tx: &mut Tx,
        collection: &str,
        ready: &[Ready],
    ) -> Result<Vec<Outcome>, CatalogueError> {
        self.feeds.append(tx, KIND, &[]).await?;
        let mut outcomes = Vec::with_capacity(ready.len());
        let mut drafts = Vec::with_capacity(ready.len());
        let given = ready.iter().filter(|one| !one.new);
        let ids: Vec<&str> = given.map(|one| one.id.as_str()).collect();
        let known = newest(tx, collection, &ids).await?;
        let mut seen = HashSet::new();
        for one in ready {
            // The second of one record in a batch was made from a version that the first replaces.
            let twice = !seen.insert(one.id.as_str());
            let current = known.get(&one.id).copied();
            if let Some(current) = current
                && (twice || one.base != Some(current))
            {
                let id = one.id.clone();
                outcomes.push(Outcome::Conflict { id, current });
                continue;
            }
            outcomes.push(Outcome::Published {
                id: one.id.clone(),
                version: drafts.len() as u64,
            });
            drafts.push(&one.prepared);
        }
        let appended = self.feeds.append_prepared(tx, KIND, &drafts).await?;
        for outcome in &mut outcomes {
            if let Outcome::Published { version, .. } = outcome {
                *version += appended.first;
            }
        }
        Ok(outcomes)
    }

    /// Withdraws a record for good: all its versions are erased, with its drafts and the files that nothing else holds. `office` is who decided, such as "library of hill.internal":
    /// it stands in the entry, which nobody can erase, and so does `note` (why, in words): they should name no person.
    /// Gives the version of the withdrawal.
    ///
    /// # Errors
    /// No such record, it is withdrawn already, or the feed can't grow.
    pub async fn withdraw(
        &self,
        collection: &str,
        id: &str,
        reason: Reason,
        office: &str,
        note: &str,
    ) -> Result<u64, CatalogueError> {
        let note: String = note.trim().chars().take(NOTE_CHARS).collect();
        let draft = Draft::Withdraw {
            collection: collection.to_string(),
            object: id.to_string(),
            reason,
            by: office.to_string(),
            explanation: (!note.is_empty()).then(|| note.into_bytes()),
        };
        let version = transaction!(self.db, CatalogueError, tx => {
            // The lock on the feed comes first.
            self.feeds.append(tx, KIND, &[]).await?;
            if newest(tx, collection, &[id]).await?.is_empty() {
                return Err(CatalogueError::NoSuchRecord {
                    collection: collection.to_string(),
                    id: id.to_string(),
                });
            }
            let appended = self.feeds.append(tx, KIND, std::slice::from_ref(&draft)).await?;
            // Drafts of it can't be published any more, and hold what is to be erased.
            self.drop_drafts_of(tx, (collection, id)).await?;
            Ok(appended.first)
        })?;
        self.published().await;
        self.sweep_or_say().await;
        if let Err(error) = self.feeds.scrub().await {
            // Erased from the tables, but old pages of the database's files may hold it until the next time.
            tracing::warn!(%error, "what was withdrawn is still in the database's log: it goes with the next withdrawal");
        }
        Ok(version)
    }

    /// After a commit: signs, and tells whoever follows. What can't be signed now is signed with the next entry.
    pub(crate) async fn published(&self) {
        if let Err(error) = self.feeds.sign(KIND).await {
            tracing::error!(%error, "what was published could not be signed yet");
        }
        self.events.send("catalogue.changed", "");
    }
}

/// The newest versions of records, those that there are, read under the feed's lock.
pub(super) async fn newest(
    tx: &mut Tx,
    collection: &str,
    ids: &[&str],
) -> Result<HashMap<String, u64>, CatalogueError> {
    // By the feed's number and in few statements: joined with the feeds, each record would look through all.
    let feed: Option<i64> = query_scalar("select id from feed_feed where own = 1 and kind = $1")
        .bind(KIND)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(feed) = feed else {
        return Ok(HashMap::new());
    };
    let keys: Vec<(&str, &str)> = ids.iter().map(|id| (collection, *id)).collect();
    let found = rows::select(
        tx,
        (
            "with k (c, o) as",
            "select r.id, r.version, r.state
             from k join catalogue_record r on r.feed = $1 and r.collection = k.c and r.id = k.o",
        ),
        feed,
        2,
        &keys,
        |statement, key| statement.bind(key.0.to_string()).bind(key.1.to_string()),
    )
    .await?;
    let mut out = HashMap::with_capacity(found.len());
    for row in &found {
        let (id, state): (String, String) = (row.try_get("id")?, row.try_get("state")?);
        if RecordState::from_word(&state) == RecordState::Withdrawn {
            return Err(CatalogueError::Withdrawn(id));
        }
        let version: i64 = row.try_get("version")?;
        out.insert(id, u64::try_from(version).unwrap_or(0));
    }
    Ok(out)
}
