//! The sending side of mirroring: entries and proofs out of a feed that is here.

use crate::cosign::newest;
use crate::edge::Wanted;
use crate::error::FeedError;
use crate::feeds::Feeds;
use crate::limits::BATCH_ENTRIES_LIMIT;
use crate::merkle::{self, Hash, Nodes};
use crate::mirror::Delta;
use crate::read::{Conn, plain};
use crate::store::{self, FeedRow};

impl Feeds {
    /// What a mirror that has `start` entries needs next: at most `limit` entries, those of their bodies that are here if
    /// they are wanted, and what proves them. None if the newest checkpoint here has no more than `start`.
    ///
    /// # Errors
    /// No such feed, or `start` is before what is here.
    pub async fn delta(
        &self,
        origin: &str,
        start: u64,
        limit: usize,
        with_bodies: bool,
    ) -> Result<Option<Delta>, FeedError> {
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        let Some(signed) = newest(&mut tx, &feed).await? else {
            return Ok(None);
        };
        let size = signed.checkpoint.size;
        if start >= size {
            return Ok(None);
        }
        if start < feed.first {
            return Err(FeedError::NotHere {
                feed: feed.origin,
                first: feed.first,
            });
        }
        let limit = limit.clamp(1, BATCH_ENTRIES_LIMIT);
        let entries = plain(&mut tx, &feed, (start, size), limit, with_bodies).await?;
        let end = start + entries.len() as u64;
        let proof = if end == size {
            Vec::new()
        } else {
            consistency(&mut tx, &feed, (end, size)).await?
        };
        let (entries, bodies) = entries
            .into_iter()
            .map(|plain| (plain.raw, plain.body))
            .unzip();
        Ok(Some(Delta {
            start,
            entries,
            bodies,
            checkpoint: signed.note.into_bytes(),
            proof,
        }))
    }

    /// A proof that the first `old` entries of a feed are the beginning of its first `size`.
    ///
    /// # Errors
    /// No such feed, or not so many entries.
    pub async fn consistency_proof(
        &self,
        origin: &str,
        old: u64,
        size: u64,
    ) -> Result<Vec<Hash>, FeedError> {
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        consistency(&mut tx, &feed, (old, size)).await
    }

    /// A proof that an entry is the one at `index` in a feed of `size` entries.
    ///
    /// # Errors
    /// No such feed, or not so many entries.
    pub async fn inclusion_proof(
        &self,
        origin: &str,
        index: u64,
        size: u64,
    ) -> Result<Vec<Hash>, FeedError> {
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        computed(&mut tx, &feed, size, |nodes| {
            merkle::prove_inclusion(index, size, nodes)
        })
        .await
    }

    /// The root of a feed's first `size` entries, which with a proof of consistency shows a fork to who has others.
    ///
    /// # Errors
    /// No such feed, or not so many entries.
    pub async fn root(&self, origin: &str, size: u64) -> Result<Hash, FeedError> {
        let mut tx = self.0.db.begin_reading().await?;
        let feed = self.row(&mut tx, origin).await?;
        computed(&mut tx, &feed, size, |nodes| merkle::root(size, nodes)).await
    }
}

async fn consistency(
    conn: &mut Conn,
    feed: &FeedRow,
    (old, size): (u64, u64),
) -> Result<Vec<Hash>, FeedError> {
    computed(conn, feed, size, |nodes| {
        merkle::prove_consistency(old, size, nodes)
    })
    .await
}

/// Runs a computation over the tree: once to learn which tiles it wants, once with them.
pub(crate) async fn computed<T>(
    conn: &mut Conn,
    feed: &FeedRow,
    size: u64,
    compute: impl Fn(&dyn Nodes) -> Option<T>,
) -> Result<T, FeedError> {
    let past = || FeedError::Gap {
        have: feed.size,
        start: size,
    };
    if size > feed.size {
        return Err(past());
    }
    let wanted = Wanted::default();
    compute(&wanted).ok_or_else(past)?;
    let tiles = store::tiles(conn, feed.id, &wanted.tiles()).await?;
    compute(&tiles).ok_or_else(|| FeedError::NotHere {
        feed: feed.origin.clone(),
        first: feed.first,
    })
}
