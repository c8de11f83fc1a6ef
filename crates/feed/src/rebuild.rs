//! Making projections again from the feed alone.

use std::collections::BTreeSet;

use futures_util::TryStreamExt as _;
use futures_util::future::join;
use lampion_db::{Row, Tx, query, transaction};

use crate::apply::{Item, Objects, Order, Pass, apply, object_line, read_bodies};
use crate::error::FeedError;
use crate::feeds::{Feed, Feeds, Publications};
use crate::merkle::Hash;
use crate::read::plain;
use crate::store::{self, FeedRow, ObjectState, uint};

/// Entries that are replayed at a time.
const REPLAY_ENTRIES: usize = 4096;

/// What a rebuild found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// Entries that were replayed.
    pub entries: u64,
    /// Whether the feature's projection was what the feed says.
    pub projection_same: bool,
    /// Whether the states of objects were.
    pub objects_same: bool,
}

impl Feeds {
    /// Drops a feed's projection and states of objects and makes them again from its entries, in one transaction; says
    /// whether they had been the same. What the feed says is kept.
    ///
    /// # Errors
    /// Nothing is changed then.
    pub async fn rebuild(&self, origin: &str) -> Result<Rebuilt, FeedError> {
        transaction!(self.0.db, FeedError, tx => {
            let feed = store::lock(tx, origin).await?
                .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))?;
            let handler = self.handler(&feed.kind)?;
            let seen = Feed::from(feed.clone());
            let before = (handler.fingerprint(tx, &seen).await?, objects(tx, &feed).await?);
            handler.reset(tx, &seen).await?;
            query("delete from feed_object where feed = $1").bind(feed.id).execute(&mut **tx).await?;
            let entries = replay(tx, &feed, &*handler).await?;
            let after = (handler.fingerprint(tx, &seen).await?, objects(tx, &feed).await?);
            Ok(Rebuilt {
                entries,
                projection_same: before.0 == after.0,
                objects_same: before.1 == after.1,
            })
        })
    }
}

async fn replay(tx: &mut Tx, feed: &FeedRow, handler: &dyn Publications) -> Result<u64, FeedError> {
    let (mut from, mut entries) = (0, 0);
    // Ends: each step begins after the last entry of the one before.
    loop {
        let batch = plain(tx, feed, (from, feed.size), REPLAY_ENTRIES, true).await?;
        let Some(last) = batch.last() else {
            return Ok(entries);
        };
        from = last.index + 1;
        entries += batch.len() as u64;
        let items: Vec<Item<'_>> = batch
            .iter()
            .map(|plain| Item {
                index: plain.index,
                entry: plain.entry.clone(),
                raw: Vec::new(),
                body: plain
                    .body
                    .as_ref()
                    .map(|(salt, body)| (*salt, body.as_slice())),
            })
            .collect();
        let keys = items.iter().filter_map(|item| item.entry.object());
        let mut objects = Objects::load(tx, feed, keys).await?;
        for item in &items {
            let order = if item.index < feed.first {
                Order::Sparse
            } else {
                Order::Whole
            };
            objects
                .admit(item.index, &item.entry, order)
                .map_err(|fault| FeedError::Entry {
                    index: item.index,
                    fault,
                })?;
        }
        let (saved, readings) = join(objects.save(tx, feed), read_bodies(handler, &items)).await;
        saved?;
        let first = Pass::First(&readings);
        apply(tx, feed, handler, &items, &BTreeSet::new(), first).await?;
    }
}

/// A hash of the states of all objects, whatever order the database gives them in.
async fn objects(tx: &mut Tx, feed: &FeedRow) -> Result<Hash, FeedError> {
    let mut rows = query(
        "select collection, object, newest, versions, withdrawn from feed_object where feed = $1",
    )
    .bind(feed.id)
    .fetch(&mut **tx);
    let mut sum = [0u8; 32];
    while let Some(row) = rows.try_next().await? {
        let state = ObjectState {
            newest: uint(row.try_get("newest")?),
            versions: uint(row.try_get("versions")?),
            withdrawn: u64::try_from(row.try_get::<i64, _>("withdrawn")?).ok(),
        };
        let line = object_line(
            &(row.try_get("collection")?, row.try_get("object")?),
            &state,
        );
        for (to, from) in sum.iter_mut().zip(line.0) {
            *to ^= from;
        }
    }
    Ok(Hash(sum))
}
