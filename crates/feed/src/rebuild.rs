//! Making projections again from the feed alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use futures_util::future::try_join;
use lampion_db::{Db, Room, Row, Tx, query, transaction};

use crate::apply::{Item, Objects, Order, Pass, Readings, apply, object_line};
use crate::error::FeedError;
use crate::feeds::{Feed, Feeds, Publications};
use crate::merkle::Hash;
use crate::read::{Plain, plain};
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
        self.0.db.room(Room::Pages).await?;
        let rebuilt = self.rebuild_in_room(origin).await;
        self.0.db.room(Room::Usual).await?;
        rebuilt
    }

    async fn rebuild_in_room(&self, origin: &str) -> Result<Rebuilt, FeedError> {
        transaction!(self.0.db, FeedError, tx => {
            let feed = store::lock(tx, origin).await?
                .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))?;
            let handler = self.handler(&feed.kind)?;
            // What was is read beside, by another connection: under the feed's lock nobody else changes it, and what this
            // transaction changes is not seen there.
            let mut reading = self.0.db.begin_reading().await?;
            let ((entries, after), before) = try_join(
                async {
                    let entries = make(tx, &feed, &handler).await?;
                    Ok::<_, FeedError>((entries, prints(tx, &feed, &*handler).await?))
                },
                prints(&mut reading, &feed, &*handler),
            )
            .await?;
            Ok(Rebuilt {
                entries,
                projection_same: before.0 == after.0,
                objects_same: before.1 == after.1,
            })
        })
    }
}

/// Hashes of the projection and of the states of objects.
async fn prints(
    tx: &mut Tx,
    feed: &FeedRow,
    handler: &dyn Publications,
) -> Result<(Hash, Hash), FeedError> {
    let projection = handler.fingerprint(tx, &Feed::from(feed.clone())).await?;
    Ok((projection, objects(tx, feed).await?))
}

/// Drops projection and states of objects and makes them again.
async fn make(
    tx: &mut Tx,
    feed: &FeedRow,
    handler: &Arc<dyn Publications>,
) -> Result<u64, FeedError> {
    let seen = Feed::from(feed.clone());
    handler.reset(tx, &seen).await?;
    let delete = query("delete from feed_object where feed = $1").bind(feed.id);
    delete.execute(&mut **tx).await?;
    let after = handler.rebuilding(tx, &seen).await?;
    let entries = replay(tx, feed, handler).await?;
    handler.settle(tx, &seen).await?;
    Db::make_indexes(tx, after).await?;
    Ok(entries)
}

async fn replay(
    tx: &mut Tx,
    feed: &FeedRow,
    handler: &Arc<dyn Publications>,
) -> Result<u64, FeedError> {
    let (mut from, mut entries) = (0, 0);
    let mut before: Option<(Vec<Plain>, Readings)> = None;
    // Ends: each step begins after the last entry of the one before.
    loop {
        let batch = plain(tx, feed, (from, feed.size), REPLAY_ENTRIES, true).await?;
        let next = batch.last().map(|last| last.index + 1);
        entries += batch.len() as u64;
        // The bodies of one batch are read while the one before has its effect.
        let readings = Readings::begin(handler, &items(&batch));
        if let Some((batch, readings)) = before.replace((batch, readings)) {
            again(tx, feed, &**handler, &batch, readings).await?;
        }
        match next {
            Some(next) => from = next,
            None => return Ok(entries),
        }
    }
}

fn items(batch: &[Plain]) -> Vec<Item<'_>> {
    batch
        .iter()
        .map(|plain| {
            let body = plain.body.as_ref();
            Item {
                index: plain.index,
                entry: plain.entry.clone(),
                raw: Vec::new(),
                body: body.map(|(salt, body)| (*salt, body.as_slice())),
            }
        })
        .collect()
}

/// Lets entries have their effect again.
async fn again(
    tx: &mut Tx,
    feed: &FeedRow,
    handler: &dyn Publications,
    batch: &[Plain],
    readings: Readings,
) -> Result<(), FeedError> {
    let items = items(batch);
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
    objects.save(tx, feed).await?;
    let readings = readings.end().await;
    let first = Pass::First(&readings);
    apply(tx, feed, handler, &items, &BTreeSet::new(), first).await
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
