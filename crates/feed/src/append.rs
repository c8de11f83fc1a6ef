//! Publishing on this node's own feeds.

use futures_util::future::join;
use lampion_db::{Tx, transaction};
use tokio::task::yield_now;

use crate::apply::{Bodies, Item, Objects, Order, Readings};
use crate::entry::{
    Acknowledge, Commitment, Entry, EntryError, Publish, Reason, SALT_LEN, Salt, Withdraw,
};
use crate::error::{EntryFault, FeedError};
use crate::feeds::{Feed, Feeds, Reading};
use crate::limits::{APPEND_ENTRIES_LIMIT, BATCH_BYTES_LIMIT, SIZE_LIMIT};
use crate::store::{self, BodyRow};

/// Entries that are made before the database is looked after again.
const AT_A_STRETCH: usize = 128;

/// What is to be published. The feed adds what it knows: time, salt, the version before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Draft {
    /// A first or newer version of an object.
    Publish {
        /// In which collection.
        collection: String,
        /// Which object. Identifiers that rise are appended three times as fast as random ones at a million objects,
        /// for each index on them is written at one end.
        object: String,
        /// Its content, in the feature's own format.
        body: Vec<u8>,
        /// When it need not be kept any more, in seconds since 1970.
        expires: Option<u64>,
    },
    /// The end of an object.
    Withdraw {
        /// In which collection.
        collection: String,
        /// Which object.
        object: String,
        /// Why.
        reason: Reason,
        /// The office or public name of who decided.
        by: String,
        /// Why, in words; it can't be erased by a later withdrawal, so it should name nobody.
        explanation: Option<Vec<u8>>,
    },
    /// This node erased what a feed that it mirrors withdrew.
    Acknowledge {
        /// The feed.
        origin: String,
        /// Index of the withdrawal.
        index: u64,
    },
}

impl Draft {
    fn object(&self) -> Option<(&str, &str)> {
        match self {
            Self::Publish {
                collection, object, ..
            }
            | Self::Withdraw {
                collection, object, ..
            } => Some((collection, object)),
            Self::Acknowledge { .. } => None,
        }
    }

    fn body(&self) -> Option<&[u8]> {
        match self {
            Self::Publish { body, .. } => Some(body),
            Self::Withdraw { explanation, .. } => explanation.as_deref(),
            Self::Acknowledge { .. } => None,
        }
    }
}

/// A draft whose body is salted and hashed, so that the transaction that appends it has less to do. Made by
/// [`Feeds::prepare`].
#[derive(Clone)]
pub struct Prepared {
    draft: Draft,
    salt: Salt,
    commit: Option<Commitment>,
    reading: Option<Reading>,
    new: bool,
}

impl Prepared {
    /// Of an object whose identifier was just made: nothing is looked for that could be known of it. Should there be one all
    /// the same, appending fails.
    #[must_use]
    pub fn of_new_object(mut self) -> Self {
        self.new = true;
        self
    }

    /// With what [`crate::Publications::read`] would give of the body, where the feature knows it already.
    #[must_use]
    pub fn with_reading(mut self, reading: Reading) -> Self {
        self.reading = Some(reading);
        self
    }
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared")
            .field("draft", &self.draft)
            .finish_non_exhaustive()
    }
}

/// A draft with its salt, and the commitment to its body if that is not too long.
#[derive(Clone, Copy)]
struct Salted<'a> {
    draft: &'a Draft,
    salt: Salt,
    commit: Option<Commitment>,
}

impl<'a> Salted<'a> {
    fn new(draft: &'a Draft, salt: Salt) -> Self {
        Self {
            draft,
            salt,
            commit: draft.body().and_then(|body| Commitment::to(&salt, body)),
        }
    }
}

/// Where drafts became entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Index of the first.
    pub first: u64,
    /// Entries in the feed then.
    pub size: u64,
}

impl Feeds {
    /// Appends to this node's own feed of a kind, in the caller's transaction: entries, tiles, bodies, objects and the
    /// feature's projection change with it or not at all. Sign ([`Feeds::sign`]) once it is committed.
    ///
    /// Appending locks the feed until the transaction ends, so keep it short.
    ///
    /// # Errors
    /// A draft can't follow what is there (then the transaction must be dropped), too many drafts, or a feed that is
    /// behind its mark.
    pub async fn append(
        &self,
        tx: &mut Tx,
        kind: &str,
        drafts: &[Draft],
    ) -> Result<Appended, FeedError> {
        let mut salts = vec![0; drafts.len() * SALT_LEN];
        self.0.rng.fill(&mut salts);
        let salts = salts.chunks_exact(SALT_LEN);
        let salted: Vec<Salted<'_>> = drafts
            .iter()
            .zip(salts.map(|salt| Salt::try_from(salt).unwrap_or_default()))
            .map(|(draft, salt)| Salted::new(draft, salt))
            .collect();
        self.append_salted(tx, kind, &salted, None, false).await
    }

    /// After many entries were appended: lets the feature do what it has put off ([`crate::Publications::settle`]).
    ///
    /// # Errors
    /// Nobody publishes this kind, or the database.
    pub async fn settle(&self, kind: &str) -> Result<(), FeedError> {
        let handler = self.handler(kind)?;
        transaction!(self.0.db, FeedError, tx => {
            let feed = self.lock_own(tx, kind).await?;
            handler.settle(tx, &Feed::from(feed)).await
        })
    }

    /// Salts and hashes a draft's body: the part of [`Feeds::append`] that needs no transaction, to be done on any thread.
    pub fn prepare(&self, draft: Draft) -> Prepared {
        let mut salt = Salt::default();
        self.0.rng.fill(&mut salt);
        let commit = Salted::new(&draft, salt).commit;
        Prepared {
            draft,
            salt,
            commit,
            reading: None,
            new: false,
        }
    }

    /// As [`Feeds::append`].
    ///
    /// # Errors
    /// The same.
    pub async fn append_prepared(
        &self,
        tx: &mut Tx,
        kind: &str,
        prepared: &[&Prepared],
    ) -> Result<Appended, FeedError> {
        let all: Vec<Salted<'_>> = prepared
            .iter()
            .map(|one| Salted {
                draft: &one.draft,
                salt: one.salt,
                commit: one.commit,
            })
            .collect();
        let known = prepared.iter().all(|one| one.reading.is_some());
        let readings = known.then(|| prepared.iter().map(|one| one.reading.clone()).collect());
        let new = prepared.iter().all(|one| one.new);
        self.append_salted(tx, kind, &all, readings, new).await
    }

    async fn append_salted(
        &self,
        tx: &mut Tx,
        kind: &str,
        drafts: &[Salted<'_>],
        readings: Option<Vec<Option<Reading>>>,
        new: bool,
    ) -> Result<Appended, FeedError> {
        let handler = self.handler(kind)?;
        let bodies = drafts.iter().filter_map(|one| one.draft.body());
        let bytes: usize = bodies.map(<[u8]>::len).sum();
        if drafts.len() > APPEND_ENTRIES_LIMIT || bytes > BATCH_BYTES_LIMIT {
            return Err(FeedError::TooMuch);
        }
        let feed = self.lock_own(tx, kind).await?;
        self.guard(kind).check(&feed)?;
        let first = feed.size;
        if drafts.is_empty() || first + drafts.len() as u64 > SIZE_LIMIT {
            let none_asked = drafts.is_empty();
            return none_asked
                .then_some(Appended { first, size: first })
                .ok_or(FeedError::TooMuch);
        }
        let keys = drafts.iter().filter_map(|one| one.draft.object());
        let mut objects = if new {
            Objects::all_new()
        } else {
            Objects::load(tx, &feed, keys).await?
        };
        // The clock of the machine may have been put back; who asks for what changed since then must miss nothing.
        let time = self.seconds().max(feed.clock);
        // Nothing of the batch takes a body away: so while the database writes them, entries are made.
        let kept = drafts
            .iter()
            .all(|one| matches!(one.draft, Draft::Publish { .. }));
        let bodies: Vec<BodyRow<'_>> = drafts
            .iter()
            .zip(first..)
            .filter(|_| kept)
            .filter_map(|(one, index)| Some((index, &one.salt, one.draft.body()?)))
            .collect();
        let make = self.items(drafts, (first, time), &mut objects);
        let (written, items) = join(store::put_bodies(tx, feed.id, &bodies), make).await;
        let items = items?;
        written?;
        let readings = readings.map_or_else(|| Readings::begin(&handler, &items), Readings::known);
        let bodies = if kept { Bodies::Kept } else { Bodies::New };
        let feed = self
            .enter_read(tx, feed, (&items, readings, bodies), &objects)
            .await?;
        Ok(Appended {
            first,
            size: feed.size,
        })
    }

    /// Entries of drafts, in their order, that may follow what is there.
    async fn items<'a>(
        &self,
        drafts: &'a [Salted<'a>],
        (first, time): (u64, u64),
        objects: &mut Objects,
    ) -> Result<Vec<Item<'a>>, FeedError> {
        let mut items = Vec::with_capacity(drafts.len());
        for (draft, index) in drafts.iter().zip(first..) {
            let item = self
                .item(draft, time, objects)
                .map(|item| Item { index, ..item })
                .map_err(EntryFault::from)
                .and_then(|item| {
                    objects.admit(index, &item.entry, Order::Whole)?;
                    Ok(item)
                })
                .map_err(|fault| FeedError::Entry { index, fault })?;
            items.push(item);
            if items.len().is_multiple_of(AT_A_STRETCH) {
                yield_now().await;
            }
        }
        Ok(items)
    }

    fn item<'a>(
        &self,
        salted: &Salted<'a>,
        time: u64,
        objects: &Objects,
    ) -> Result<Item<'a>, EntryError> {
        let commit = || salted.commit.ok_or(EntryError::BodyTooLong);
        let entry = match salted.draft {
            Draft::Publish {
                collection,
                object,
                expires,
                ..
            } => Entry::Publish(Publish {
                collection: collection.clone(),
                object: object.clone(),
                supersedes: objects.newest(collection, object),
                expires: *expires,
                time,
                body: commit()?,
            }),
            Draft::Withdraw {
                collection,
                object,
                reason,
                by,
                explanation,
            } => Entry::Withdraw(Withdraw {
                collection: collection.clone(),
                object: object.clone(),
                reason: *reason,
                by: by.clone(),
                time,
                explanation: explanation.as_ref().map(|_| commit()).transpose()?,
            }),
            Draft::Acknowledge { origin, index } => Entry::Acknowledge(Acknowledge {
                origin: origin.clone(),
                index: *index,
                by: self.0.node.clone(),
                time,
            }),
        };
        Ok(Item {
            index: 0,
            raw: entry.encode()?,
            entry,
            body: salted.draft.body().map(|body| (salted.salt, body)),
        })
    }
}
