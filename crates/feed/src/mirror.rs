//! Taking entries that other nodes wrote. Nothing is believed but the author's key: entries are hashed and compared with
//! a signed checkpoint before anything is stored, and then take the same path as our own.

use std::collections::BTreeSet;

use lampion_db::{Tx, transaction};

use crate::apply::{Item, Objects, Order, Pass, apply, keep_bodies};
use crate::checkpoint::Checkpoint;
use crate::edge::{Edge, FullTile, Tiles, Wanted, edge_tiles};
use crate::entry::{Entry, Salt};
use crate::error::{EntryFault, FeedError};
use crate::feeds::{Feed, Feeds, new_row};
use crate::fork;
use crate::limits::{BATCH_BYTES_LIMIT, BATCH_ENTRIES_LIMIT};
use crate::merkle::{self, Hash, Nodes, leaf_hash};
use crate::note::{Note, SignatureKind, VerifierKey};
use crate::read::{Conn, decode, raw_entries};
use crate::sign::{Signed, Status, root_at};
use crate::store::{self, FeedRow};

/// A body with its salt.
pub type SaltedBody = (Salt, Vec<u8>);

/// Entries that another node sent, with what proves them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delta {
    /// Index of the first. Entries that are here already are compared.
    pub start: u64,
    /// The entries' bytes.
    pub entries: Vec<Vec<u8>>,
    /// For each entry its body, if it was sent.
    pub bodies: Vec<Option<SaltedBody>>,
    /// The author's signed checkpoint, of at least as many entries.
    pub checkpoint: Vec<u8>,
    /// If the checkpoint has more entries: the consistency proof from `start + entries.len()` to it.
    pub proof: Vec<Hash>,
}

/// What a mirror has then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mirrored {
    /// Entries that are here.
    pub size: u64,
    /// How many of them are new.
    pub new: u64,
}

/// What a checkpoint means to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// We have exactly this.
    Same,
    /// We have more, and this is its beginning.
    Older,
    /// There are entries to fetch.
    Newer,
    /// It is of our own feed and newer than what we remember: see [`Feeds::status`].
    Forgotten,
}

impl Delta {
    fn check(&self) -> Result<(), FeedError> {
        let bytes: usize = self
            .bodies
            .iter()
            .flatten()
            .map(|(_, body)| body.len())
            .sum();
        if self.entries.len() > BATCH_ENTRIES_LIMIT || bytes > BATCH_BYTES_LIMIT {
            return Err(FeedError::TooMuch);
        }
        if self.bodies.len() != self.entries.len() {
            return Err(FeedError::BadDelta(
                "it has not one place for a body for each entry",
            ));
        }
        Ok(())
    }

    fn end(&self) -> u64 {
        self.start.saturating_add(self.entries.len() as u64)
    }

    /// Reads the entries past the first `skip`, and checks bodies against commitments.
    fn items(&self, skip: usize) -> Result<Vec<Item<'_>>, FeedError> {
        let first = self.start + skip as u64;
        let pairs = self.entries.iter().zip(&self.bodies).skip(skip);
        (first..)
            .zip(pairs)
            .map(|(index, (raw, body))| {
                let entry = decode(index, raw)?;
                let body = body.as_ref().map(|(salt, body)| (*salt, body.as_slice()));
                check_body(&entry, body).map_err(|fault| FeedError::Entry { index, fault })?;
                Ok(Item {
                    index,
                    entry,
                    raw: raw.clone(),
                    body,
                })
            })
            .collect()
    }
}

fn check_body(entry: &Entry, body: Option<(Salt, &[u8])>) -> Result<(), EntryFault> {
    match (entry.commitment(), body) {
        (_, None) => Ok(()),
        (None, Some(_)) => Err(EntryFault::NoBody),
        (Some(commitment), Some((salt, body))) => commitment
            .holds(&salt, body)
            .then_some(())
            .ok_or(EntryFault::Body),
    }
}

/// The tree that a delta makes, over what is here.
struct Grown {
    tiles: Tiles,
    root: Hash,
    /// Index of the first entry that differs from ours.
    differs: Option<u64>,
}

/// Tiles of a delta's tree before those that are here.
struct Over<'a>(&'a Tiles, &'a Tiles);

impl Nodes for Over<'_> {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        self.0
            .node(level, index)
            .or_else(|| self.1.node(level, index))
    }
}

async fn grow(conn: &mut Conn, feed: &FeedRow, delta: &Delta) -> Result<Grown, FeedError> {
    let mut edge: Edge = store::edge(conn, feed, delta.start).await?;
    let mut full: Vec<FullTile> = Vec::new();
    let ours = raw_entries(
        conn,
        feed,
        delta.start,
        delta.end(),
        delta.entries.len().max(1),
    )
    .await?;
    for entry in &delta.entries {
        edge.push(leaf_hash(entry), &mut full);
    }
    let differs = ours
        .iter()
        .zip(&delta.entries)
        .find(|((_, ours), theirs)| ours != *theirs)
        .map(|((index, _), _)| *index);
    let mut tiles = Tiles::default();
    for tile in full {
        tiles.0.insert((tile.level, tile.n), tile.hashes);
    }
    for (level, n) in edge_tiles(edge.size()) {
        tiles.0.insert((level, n), edge.partial(level).to_vec());
    }
    Ok(Grown {
        root: edge.root(),
        tiles,
        differs,
    })
}

/// What came of looking at a delta.
enum Outcome {
    Taken(Mirrored),
    /// The author signed another history than the one that is here.
    Fork(Option<String>),
}

impl Feeds {
    /// Takes entries of another node's feed, or of our own if it is behind its mark. The author's key must be known from
    /// elsewhere; the first call decides which key and kind an origin has.
    ///
    /// # Errors
    /// What was sent is not what the author signed, an entry can't follow those before, or the author signed two
    /// histories. Nothing is stored then, but the proof of a fork.
    pub async fn mirror(
        &self,
        key: &VerifierKey,
        kind: &str,
        delta: &Delta,
    ) -> Result<Mirrored, FeedError> {
        self.handler(kind)?;
        delta.check()?;
        let (checkpoint, note) = Checkpoint::open(&delta.checkpoint, key)?;
        if key.kind() != SignatureKind::Ed25519 {
            return Err(FeedError::BadDelta("a cosigner's key is not a feed's"));
        }
        if delta.end() > checkpoint.size {
            return Err(FeedError::BadDelta("it has entries past its checkpoint"));
        }
        self.refuse_forked(key.name()).await?;
        let signed = Signed {
            note: self.own_signature_only(&note, key),
            checkpoint,
        };
        self.raise_if_own(&signed, key).await?;
        let outcome = transaction!(self.0.db, FeedError, tx => {
            self.take(tx, key, kind, delta, &signed).await
        })?;
        match outcome {
            Outcome::Taken(mirrored) => {
                self.status_if_own(key.name()).await?;
                Ok(mirrored)
            }
            Outcome::Fork(proof) => Err(self.fork_seen(key.name(), proof).await?),
        }
    }

    fn own_signature_only(&self, note: &Note, key: &VerifierKey) -> String {
        let id = key.id();
        note.clone()
            .with_signatures(|signature| signature.name == key.name() && signature.id == id)
            .to_string()
    }

    /// Checkpoints of our own that we have forgotten raise the mark before anything else happens.
    async fn raise_if_own(
        &self,
        signed: &Signed,
        key: &VerifierKey,
    ) -> Result<Option<Status>, FeedError> {
        let origin = &signed.checkpoint.origin;
        let mut conn = self.0.db.read().acquire().await?;
        let found = store::find(&mut conn, origin).await?;
        drop(conn);
        // The database may never have heard of our own feed.
        let new = || {
            let kinds = self.0.handlers.keys();
            let kind = kinds
                .into_iter()
                .find(|kind| self.new_origin(kind) == *origin)?;
            Some(new_row(origin, kind, true, &key.to_string()))
        };
        let Some(row) = found.or_else(new).filter(|row| row.own) else {
            return Ok(None);
        };
        if self.key(origin)?.verifier() != key {
            return Err(FeedError::KeyChanged(origin.clone()));
        }
        self.raise_mark(&row, signed).await.map(Some)
    }

    async fn status_if_own(&self, origin: &str) -> Result<(), FeedError> {
        if let Some(feed) = self.find(origin).await?.filter(|feed| feed.own) {
            self.status(&feed.kind).await?;
        }
        Ok(())
    }

    async fn lock_mirror(
        &self,
        tx: &mut Tx,
        key: &VerifierKey,
        kind: &str,
    ) -> Result<FeedRow, FeedError> {
        let origin = key.name();
        let vkey = key.to_string();
        if store::find(tx, origin).await?.is_none() {
            let own = self.new_origin(kind) == origin;
            store::insert_feed(tx, &new_row(origin, kind, own, &vkey)).await?;
        }
        let feed = store::lock(tx, origin)
            .await?
            .ok_or(FeedError::Db(lampion_db::DbError::Conflict))?;
        if feed.vkey != vkey {
            return Err(FeedError::KeyChanged(feed.origin));
        }
        if feed.kind != kind {
            return Err(FeedError::NoSuchFeed(format!("{origin} of kind {kind}")));
        }
        Ok(feed)
    }

    async fn take(
        &self,
        tx: &mut Tx,
        key: &VerifierKey,
        kind: &str,
        delta: &Delta,
        signed: &Signed,
    ) -> Result<Outcome, FeedError> {
        let feed = self.lock_mirror(tx, key, kind).await?;
        if feed.own && feed.size >= self.guard(kind).signed {
            return Err(FeedError::IsOwn(feed.origin));
        }
        if delta.start > feed.size {
            return Err(FeedError::Gap {
                have: feed.size,
                start: delta.start,
            });
        }
        if delta.start < feed.first {
            return Err(FeedError::NotHere {
                feed: feed.origin,
                first: feed.first,
            });
        }
        let grown = grow(tx, &feed, delta).await?;
        let to = (signed.checkpoint.size, &signed.checkpoint.root);
        if !reaches((delta.end(), &grown.root), to, &delta.proof) {
            return Err(FeedError::RootMismatch { size: delta.end() });
        }
        if grown.differs.is_some() {
            let proof = prove(tx, &feed, key, delta, &grown, signed).await?;
            return Ok(Outcome::Fork(proof));
        }
        let skip = usize::try_from(feed.size - delta.start).unwrap_or(usize::MAX);
        let before = feed.size;
        let items = if skip >= delta.entries.len() {
            Vec::new()
        } else {
            delta.items(skip)?
        };
        let mut feed = feed;
        if !items.is_empty() {
            let keys = items.iter().filter_map(|item| item.entry.object());
            let mut objects = Objects::load(tx, &feed, keys).await?;
            for item in &items {
                objects
                    .admit(item.index, &item.entry, Order::Whole)
                    .map_err(|fault| FeedError::Entry {
                        index: item.index,
                        fault,
                    })?;
            }
            feed = self.enter(tx, feed, &items, &objects).await?;
        }
        if signed.checkpoint.size <= feed.size {
            store::put_checkpoint(tx, feed.id, &self.kept(signed)).await?;
            if feed.size > before {
                let seen = Feed::from(feed.clone());
                self.handler(kind)?.settle(tx, &seen).await?;
            }
        }
        Ok(Outcome::Taken(Mirrored {
            size: feed.size,
            new: feed.size - before,
        }))
    }

    /// Looks at a signed checkpoint of a feed that is here: whether there is more to fetch, or a fork. Shown to us at a
    /// contact; of our own feed it tells whether we have forgotten something.
    ///
    /// # Errors
    /// Not signed, no such feed, or a fork ([`FeedError::ForkSeen`]; then the proof is kept).
    pub async fn observe(&self, bytes: &[u8], key: &VerifierKey) -> Result<Observed, FeedError> {
        let (checkpoint, note) = Checkpoint::open(bytes, key)?;
        let signed = Signed {
            note: self.own_signature_only(&note, key),
            checkpoint,
        };
        if let Some(Status::Behind { .. }) = self.raise_if_own(&signed, key).await? {
            return Ok(Observed::Forgotten);
        }
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, key.name()).await?;
        if feed.vkey != key.to_string() {
            return Err(FeedError::KeyChanged(feed.origin));
        }
        let size = signed.checkpoint.size;
        if size > feed.size {
            return Ok(Observed::Newer);
        }
        if size > 0 && size < feed.first {
            return Ok(Observed::Older);
        }
        if root_at(&mut conn, &feed, size).await? != signed.checkpoint.root {
            let proof = prove_here(&mut conn, &feed, key, &signed).await?;
            drop(conn);
            return Err(self.fork_seen(key.name(), proof).await?);
        }
        if size == feed.size {
            let kept = self.kept(&signed);
            let id = feed.id;
            drop(conn);
            transaction!(self.0.db, FeedError, tx => {
                store::put_checkpoint(tx, id, &kept).await?;
                Ok(())
            })?;
            return Ok(Observed::Same);
        }
        Ok(Observed::Older)
    }

    /// Keeps a proof of a fork that somebody brought, if it proves one. Nothing more of the feed is taken then.
    ///
    /// # Errors
    /// It proves nothing.
    pub async fn keep_conflict(&self, proof: &[u8], key: &VerifierKey) -> Result<(), FeedError> {
        fork::verify_fork_proof(proof, key).map_err(FeedError::NoFork)?;
        let text = String::from_utf8_lossy(proof).into_owned();
        self.fork_seen(key.name(), Some(text)).await.map(|_| ())
    }

    /// Proofs against a feed, newest first.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn conflicts(&self, origin: &str) -> Result<Vec<String>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        Ok(store::conflicts(&mut conn, feed.id).await?)
    }

    pub(crate) async fn refuse_forked(&self, origin: &str) -> Result<(), FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let Some(feed) = store::find(&mut conn, origin).await? else {
            return Ok(());
        };
        match store::conflicts(&mut conn, feed.id)
            .await?
            .into_iter()
            .next()
        {
            None => Ok(()),
            proof => Err(FeedError::ForkSeen {
                feed: feed.origin,
                proof,
            }),
        }
    }

    async fn fork_seen(&self, origin: &str, proof: Option<String>) -> Result<FeedError, FeedError> {
        if let Some(proof) = &proof {
            let id = Hash::of(&[proof.as_bytes()]).to_string();
            let seen_ms = self.0.clock.now_ms();
            transaction!(self.0.db, FeedError, tx => {
                let feed = store::find(tx, origin).await?
                    .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))?;
                store::put_conflict(tx, feed.id, &id, proof, seen_ms).await?;
                Ok(())
            })?;
        }
        tracing::error!(origin, proved = proof.is_some(), "a feed has forked");
        Ok(FeedError::ForkSeen {
            feed: origin.to_string(),
            proof,
        })
    }

    /// Takes bodies that come after their entries (or again, after they were dropped): index, salt, body. Those of
    /// withdrawn objects are not taken. Gives how many were.
    ///
    /// # Errors
    /// A body isn't the one that its entry commits to; then none is taken.
    pub async fn supply(
        &self,
        origin: &str,
        bodies: &[(u64, Salt, Vec<u8>)],
    ) -> Result<usize, FeedError> {
        let bytes: usize = bodies.iter().map(|(_, _, body)| body.len()).sum();
        if bodies.len() > BATCH_ENTRIES_LIMIT || bytes > BATCH_BYTES_LIMIT {
            return Err(FeedError::TooMuch);
        }
        transaction!(self.0.db, FeedError, tx => {
            let feed = store::lock(tx, origin).await?
                .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))?;
            let handler = self.handler(&feed.kind)?;
            let items = supplied(tx, &feed, bodies).await?;
            let none = BTreeSet::new();
            keep_bodies(tx, &feed, &items, &none).await?;
            // Only the newest version shows.
            let keys = items.iter().filter_map(|item| item.entry.object());
            let objects = Objects::load(tx, &feed, keys).await?;
            let shown: Vec<Item<'_>> = items
                .iter()
                .filter(|item| match &item.entry {
                    Entry::Publish(publish) => {
                        objects.newest(&publish.collection, &publish.object) == Some(item.index)
                    }
                    _ => true,
                })
                .cloned()
                .collect();
            apply(tx, &feed, &*handler, &shown, &none, Pass::Again).await?;
            Ok(items.len())
        })
    }

    /// Drops bodies that need not be kept (expired ones), without a word in the feed. Their entries stay.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn drop_bodies(
        &self,
        tx: &mut Tx,
        origin: &str,
        indexes: &[u64],
    ) -> Result<(), FeedError> {
        if indexes.len() > BATCH_ENTRIES_LIMIT {
            return Err(FeedError::TooMuch);
        }
        let feed = store::lock(tx, origin)
            .await?
            .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))?;
        let gone: BTreeSet<u64> = indexes.iter().copied().collect();
        keep_bodies(tx, &feed, &[], &gone).await
    }

    /// Makes sure that what was withdrawn can't be read out of the database's files either. To be called after
    /// withdrawals are committed; see [`lampion_db::Db::scrub`].
    ///
    /// # Errors
    /// The database is busy: try again later.
    pub async fn scrub(&self) -> Result<(), FeedError> {
        Ok(self.0.db.scrub("feed_body").await?)
    }
}

/// Bodies with their entries, without those of withdrawn objects and those that are here.
async fn supplied<'a>(
    tx: &mut Tx,
    feed: &FeedRow,
    bodies: &'a [(u64, Salt, Vec<u8>)],
) -> Result<Vec<Item<'a>>, FeedError> {
    let mut items: Vec<Item<'a>> = Vec::new();
    for (index, salt, body) in bodies {
        let index = *index;
        let raw = crate::apply::raw_entry(tx, feed, index)
            .await?
            .ok_or(FeedError::Gap {
                have: feed.size,
                start: index,
            })?;
        let entry = decode(index, &raw)?;
        let body = Some((*salt, body.as_slice()));
        check_body(&entry, body).map_err(|fault| FeedError::Entry { index, fault })?;
        items.push(Item {
            index,
            entry,
            raw,
            body,
        });
    }
    let keys = items.iter().filter_map(|item| item.entry.object());
    let objects = Objects::load(tx, feed, keys).await?;
    items.retain(|item| match &item.entry {
        Entry::Publish(publish) => objects
            .get(&publish.collection, &publish.object)
            .is_none_or(|state| state.withdrawn.is_none()),
        _ => true,
    });
    Ok(items)
}

/// Whether a tree is the beginning of, or just, a signed one.
fn reaches(from: (u64, &Hash), to: (u64, &Hash), proof: &[Hash]) -> bool {
    if from.0 == to.0 {
        return proof.is_empty() && from.1 == to.1;
    }
    merkle::verify_consistency(from, to, proof)
}

/// A proof of a fork between what is here and a checkpoint that a delta reaches.
async fn prove(
    conn: &mut Conn,
    feed: &FeedRow,
    key: &VerifierKey,
    delta: &Delta,
    grown: &Grown,
    signed: &Signed,
) -> Result<Option<String>, FeedError> {
    let kept = store::checkpoints(conn, feed.id, u64::MAX, 1).await?;
    let Some(ours) = kept.first() else {
        return Ok(None);
    };
    if delta.end() != signed.checkpoint.size {
        // Their whole tree is not here; their mirror can write the proof.
        return Ok(None);
    }
    let (ours_note, theirs_note) = (ours.note.as_bytes(), signed.note.as_bytes());
    if ours.size > signed.checkpoint.size {
        return prove_here(conn, feed, key, signed).await;
    }
    let wanted = Wanted::default();
    let _made_up = merkle::prove_consistency(ours.size, signed.checkpoint.size, &wanted);
    let _made_up = merkle::root(ours.size, &wanted);
    let here = store::tiles(conn, feed.id, &wanted.tiles()).await?;
    let nodes = Over(&grown.tiles, &here);
    Ok(fork::prove_fork(ours_note, theirs_note, key, &nodes))
}

/// A proof of a fork between a checkpoint and a larger or equal one that is kept here.
async fn prove_here(
    conn: &mut Conn,
    feed: &FeedRow,
    key: &VerifierKey,
    signed: &Signed,
) -> Result<Option<String>, FeedError> {
    let kept = store::checkpoints(conn, feed.id, u64::MAX, 1).await?;
    let Some(ours) = kept.first() else {
        return Ok(None);
    };
    let size = signed.checkpoint.size;
    if ours.size < size {
        return Ok(None);
    }
    let wanted = Wanted::default();
    let _made_up = merkle::prove_consistency(size, ours.size, &wanted);
    let _made_up = merkle::root(size, &wanted);
    let here = store::tiles(conn, feed.id, &wanted.tiles()).await?;
    Ok(fork::prove_fork(
        signed.note.as_bytes(),
        ours.note.as_bytes(),
        key,
        &here,
    ))
}
