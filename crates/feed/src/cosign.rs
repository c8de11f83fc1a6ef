//! Checkpoints that are kept, and the signatures of other nodes under them (`c2sp.org/tlog-cosignature`).

use lampion_db::transaction;

use crate::checkpoint::Checkpoint;
use crate::error::FeedError;
use crate::feeds::Feeds;
use crate::note::{Note, SignatureKind, VerifierKey};
use crate::read::Conn;
use crate::sign::{Signed, root_at};
use crate::store::{self, FeedRow};

impl Feeds {
    /// The newest checkpoint of a feed that is here with all its entries, with the cosignatures that there are.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn checkpoint(&self, origin: &str) -> Result<Option<Signed>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        newest(&mut conn, &feed).await
    }

    /// Says by this node's own signature that the newest checkpoint here of another node's feed follows all that this
    /// node has seen of it. The same checkpoint is signed again with the time of now.
    ///
    /// # Errors
    /// The feed is our own, has forked, or has no checkpoint here.
    pub async fn cosign(&self, origin: &str) -> Result<Signed, FeedError> {
        self.refuse_forked(origin).await?;
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        if feed.own {
            return Err(FeedError::IsOwn(feed.origin));
        }
        let signed = newest(&mut conn, &feed)
            .await?
            .ok_or_else(|| FeedError::NoSuchFeed(feed.origin.clone()))?;
        if root_at(&mut conn, &feed, signed.checkpoint.size).await? != signed.checkpoint.root {
            return Err(feed.damaged("the tiles are not those of the kept checkpoint"));
        }
        drop(conn);
        let mut own = Note::new(signed.checkpoint.to_string())?;
        own.sign(&self.0.cosigner, self.seconds())?;
        self.keep_lines(&feed, signed.checkpoint.size, &own).await?;
        let mut conn = self.0.db.read().acquire().await?;
        newest(&mut conn, &feed)
            .await?
            .ok_or_else(|| FeedError::NoSuchFeed(feed.origin.clone()))
    }

    /// Keeps the cosignatures of known nodes under a checkpoint that is kept here. Gives how many there were.
    ///
    /// # Errors
    /// Not signed by the feed's own key, a known node's signature is wrong, or no such feed.
    pub async fn keep_cosignatures(
        &self,
        bytes: &[u8],
        key: &VerifierKey,
        cosigners: &[VerifierKey],
    ) -> Result<usize, FeedError> {
        let (checkpoint, note) = Checkpoint::open(bytes, key)?;
        let known: Vec<&VerifierKey> = cosigners
            .iter()
            .filter(|key| key.kind() == SignatureKind::Cosignature)
            .collect();
        let lines = note.with_signatures(|signature| {
            known
                .iter()
                .any(|key| key.name() == signature.name && key.id() == signature.id)
        });
        if lines.signatures().is_empty() {
            return Ok(0);
        }
        lines.verify(&known)?;
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, key.name()).await?;
        let kept = store::checkpoints(&mut conn, feed.id, checkpoint.size, 1).await?;
        drop(conn);
        match kept.first() {
            Some(kept) if kept.size == checkpoint.size && kept.root == checkpoint.root => {
                self.keep_lines(&feed, checkpoint.size, &lines).await?;
                Ok(lines.signatures().len())
            }
            _ => Ok(0),
        }
    }

    async fn keep_lines(&self, feed: &FeedRow, size: u64, note: &Note) -> Result<(), FeedError> {
        transaction!(self.0.db, FeedError, tx => {
            for signature in note.signatures() {
                let line = signature.to_string();
                store::put_cosignature(tx, feed.id, size, &signature.name, &line).await?;
            }
            Ok(())
        })
    }
}

/// The newest checkpoint of a feed that is here with all its entries, with the cosignatures that there are.
pub(crate) async fn newest(conn: &mut Conn, feed: &FeedRow) -> Result<Option<Signed>, FeedError> {
    let kept = store::checkpoints(conn, feed.id, feed.size, 1).await?;
    let Some(kept) = kept.into_iter().next() else {
        return Ok(None);
    };
    let mut note = kept.note;
    for line in store::cosignatures(conn, feed.id, kept.size).await? {
        note.push_str(&line);
    }
    let checkpoint = Checkpoint::new(&feed.origin, kept.size, kept.root);
    Ok(Some(Signed { checkpoint, note }))
}
