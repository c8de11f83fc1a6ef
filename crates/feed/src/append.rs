//! Publishing on this node's own feeds.

use lampion_db::Tx;

use crate::apply::{Item, Objects, Order};
use crate::entry::{
    Acknowledge, Commitment, Entry, EntryError, Publish, Reason, SALT_LEN, Salt, Withdraw,
};
use crate::error::{EntryFault, FeedError};
use crate::feeds::Feeds;
use crate::limits::{BATCH_BYTES_LIMIT, BATCH_ENTRIES_LIMIT, SIZE_LIMIT};

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
        self.handler(kind)?;
        let bytes: usize = drafts.iter().filter_map(Draft::body).map(<[u8]>::len).sum();
        if drafts.len() > BATCH_ENTRIES_LIMIT || bytes > BATCH_BYTES_LIMIT {
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
        let mut objects = Objects::load(tx, &feed, drafts.iter().filter_map(Draft::object)).await?;
        let mut salts = vec![0; drafts.len() * SALT_LEN];
        self.0.rng.fill(&mut salts);
        // The clock of the machine may have been put back; who asks for what changed since then must miss nothing.
        let time = self.seconds().max(feed.clock);
        let mut items = Vec::with_capacity(drafts.len());
        for ((draft, salt), index) in drafts.iter().zip(salts.chunks_exact(SALT_LEN)).zip(first..) {
            let salt: Salt = salt.try_into().unwrap_or_default();
            let item = self
                .item(draft, salt, time, &objects)
                .map(|item| Item { index, ..item })
                .map_err(EntryFault::from)
                .and_then(|item| {
                    objects.admit(index, &item.entry, Order::Whole)?;
                    Ok(item)
                })
                .map_err(|fault| FeedError::Entry { index, fault })?;
            items.push(item);
        }
        let feed = self.enter(tx, feed, &items, &objects).await?;
        Ok(Appended {
            first,
            size: feed.size,
        })
    }

    fn item<'a>(
        &self,
        draft: &'a Draft,
        salt: Salt,
        time: u64,
        objects: &Objects,
    ) -> Result<Item<'a>, EntryError> {
        let commit = |body: &[u8]| Commitment::to(&salt, body).ok_or(EntryError::BodyTooLong);
        let entry = match draft {
            Draft::Publish {
                collection,
                object,
                body,
                expires,
            } => Entry::Publish(Publish {
                collection: collection.clone(),
                object: object.clone(),
                supersedes: objects.newest(collection, object),
                expires: *expires,
                time,
                body: commit(body)?,
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
                explanation: explanation.as_deref().map(commit).transpose()?,
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
            body: draft.body().map(|body| (salt, body)),
        })
    }
}
