//! Following a feed: out of the static files of another node, a web server or a stick into this node's database.
//!
//! [`Reader`] reads a source piece by piece as [`Delta`]s, each with the proof that it belongs to the newest checkpoint,
//! so that [`Feeds::mirror`] can check and take each by itself. A cut or a `kill -9` costs the piece that was under way.

use std::collections::BTreeSet;
use std::io::{self, BufReader};

use lampion_db::{query, transaction};

use crate::checkpoint::Checkpoint;
use crate::copy::{TileNodes, proof_of_fork, source_first};
use crate::error::FeedError;
use crate::feeds::{Feed, Feeds};
use crate::limits::{BATCH_ENTRIES_LIMIT, NOTE_LIMIT, TILE_WIDTH};
use crate::merkle::{self, empty_root};
use crate::mirror::{Delta, SaltedBody};
use crate::note::VerifierKey;
use crate::pack;
use crate::store;
use crate::tile::{self, Resource};
use crate::verify::{Source, VerifyError, read, read_tile};

/// Entries in one piece.
pub(crate) const STEP_ENTRIES: usize = 2048;
/// Bytes of bodies after which a piece ends.
const STEP_BYTES: usize = 16 << 20;
const _: () = assert!(STEP_ENTRIES <= BATCH_ENTRIES_LIMIT);

/// Why a source can't be followed, or not any farther.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// What the source has is missing or wrong.
    #[error(transparent)]
    Source(#[from] VerifyError),
    /// The author signed two histories; the text proves it to anybody.
    #[error("the feed's author has signed two histories: nothing of this feed is taken any more")]
    Fork(String),
    /// The checkpoint does not follow what was seen, but the source's tiles don't prove a fork either.
    #[error(
        "the source's tiles are not those of its checkpoint: they are damaged or forged; try another source"
    )]
    Forged,
    /// The source begins in the middle, after what is here.
    #[error(
        "the source begins at entry {first}, and only {here} are here: follow one that has those before"
    )]
    Begins {
        /// The source's first entry.
        first: u64,
        /// Entries that are here.
        here: u64,
    },
}

/// Entries, and for each its body if it was there.
type Bundle = (Vec<Vec<u8>>, Vec<Option<SaltedBody>>);

/// A source of one feed, with its newest checkpoint.
pub struct Reader<'a> {
    source: &'a dyn Source,
    key: &'a VerifierKey,
    note: Vec<u8>,
    checkpoint: Checkpoint,
    first: u64,
    nodes: TileNodes<'a>,
}

impl<'a> Reader<'a> {
    /// Reads the source's checkpoint, which the key must have signed.
    ///
    /// # Errors
    /// There is none, or another key's.
    pub fn open(source: &'a dyn Source, key: &'a VerifierKey) -> Result<Self, FollowError> {
        let note = read(source, "checkpoint", NOTE_LIMIT)?
            .ok_or_else(|| VerifyError::Missing("checkpoint".into()))?;
        let (checkpoint, _) = Checkpoint::open(&note, key).map_err(VerifyError::from)?;
        Ok(Self {
            first: source_first(source, checkpoint.size)?,
            nodes: TileNodes::new(source, checkpoint.size),
            source,
            key,
            note,
            checkpoint,
        })
    }

    /// What the source has.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Its checkpoint as it was signed.
    pub fn note(&self) -> &[u8] {
        &self.note
    }

    /// Whether what was seen before is the beginning of what the source has. A source with less than that says nothing:
    /// [`Feeds::observe`] looks at it.
    ///
    /// # Errors
    /// The author signed two histories, or the source is damaged.
    pub fn follows(&self, seen: &[u8]) -> Result<(), FollowError> {
        let (old, _) = Checkpoint::open(seen, self.key).map_err(VerifyError::from)?;
        if old.size == 0 || old.size > self.checkpoint.size {
            return Ok(());
        }
        let (small, large) = ((&old, seen), (&self.checkpoint, self.note.as_slice()));
        match proof_of_fork(&self.nodes, small, large, self.key) {
            Ok(None) => Ok(()),
            Ok(Some(proof)) => Err(FollowError::Fork(proof)),
            Err(()) => Err(self.fault()),
        }
    }

    fn fault(&self) -> FollowError {
        let fault = self.nodes.take_fault();
        fault.map_or(FollowError::Forged, FollowError::Source)
    }

    /// The next entries from `start` on with what proves them; none at the source's end.
    ///
    /// # Errors
    /// A file is missing or damaged.
    pub fn delta(&self, start: u64, with_bodies: bool) -> Result<Option<Delta>, FollowError> {
        let size = self.checkpoint.size;
        if start >= size {
            return Ok(None);
        }
        if start < self.first {
            return Err(FollowError::Begins {
                first: self.first,
                here: start,
            });
        }
        let mut out = Delta {
            start,
            checkpoint: self.note.clone(),
            ..Delta::default()
        };
        let (mut at, mut bytes) = (start, 0);
        let width = usize::try_from(TILE_WIDTH).unwrap_or(256);
        while at < size && out.entries.len() + width <= STEP_ENTRIES && bytes < STEP_BYTES {
            let (entries, bodies) = self.bundle(at, with_bodies, &mut bytes)?;
            if entries.is_empty() {
                break;
            }
            at += entries.len() as u64;
            out.entries.extend(entries);
            out.bodies.extend(bodies);
        }
        if at < size {
            let proof = merkle::prove_consistency(at, size, &self.nodes);
            out.proof = proof.ok_or_else(|| self.fault())?;
        }
        Ok(Some(out))
    }

    /// Entries of one bundle from `at` on, fewer if their bodies are large.
    fn bundle(&self, at: u64, with_bodies: bool, bytes: &mut usize) -> Result<Bundle, FollowError> {
        let (n, skip) = (
            at / TILE_WIDTH,
            usize::try_from(at % TILE_WIDTH).unwrap_or(0),
        );
        let width = tile::bundle_width(n, self.checkpoint.size);
        let (path, bundle) = read_tile(self.source, Resource::Entries, (n, width))?;
        let bad = |error| VerifyError::Bundle {
            path: path.clone(),
            error,
        };
        let wanted = usize::try_from(width).unwrap_or(0);
        let found = tile::parse_bundle(&bundle).map_err(bad)?;
        if found.len() < wanted {
            let (found, wanted) = (found.len() as u64, width);
            return Err(VerifyError::Width {
                path,
                found,
                wanted,
            }
            .into());
        }
        let mut entries: Vec<Vec<u8>> = found
            .into_iter()
            .take(wanted)
            .skip(skip)
            .map(<[u8]>::to_vec)
            .collect();
        let mut bodies = vec![None; entries.len()];
        if with_bodies {
            let mut end = entries.len();
            self.pack(n, &mut |place, body| {
                let Some(slot) = place.checked_sub(skip) else {
                    return true;
                };
                let Some(to) = bodies.get_mut(slot) else {
                    return false;
                };
                *bytes += body.1.len();
                if *bytes > STEP_BYTES && slot > 0 {
                    end = slot;
                    return false;
                }
                *to = Some(body);
                true
            })?;
            entries.truncate(end);
            bodies.truncate(end);
        }
        Ok((entries, bodies))
    }

    /// Gives the bodies of a pack with their places, until `take` wants no more.
    fn pack(
        &self,
        n: u64,
        take: &mut dyn FnMut(usize, SaltedBody) -> bool,
    ) -> Result<(), FollowError> {
        let path = tile::path(Resource::Bodies, n, 0);
        let unreadable = |error: io::Error| VerifyError::Unreadable {
            path: path.clone(),
            reason: error.to_string(),
        };
        let Some(from) = self.source.open(&path).map_err(unreadable)? else {
            return Ok(());
        };
        let bad = |error: io::Error| VerifyError::Pack {
            path: path.clone(),
            reason: error.to_string(),
        };
        let mut from = BufReader::with_capacity(1 << 16, from);
        pack::read_head(&mut from).map_err(bad)?;
        let (mut after, mut body) = (None, Vec::new());
        // Ends: places rise, and there are 256.
        while let Some((place, salt)) = pack::read_body(&mut from, after, &mut body).map_err(bad)? {
            after = Some(place);
            if !take(usize::from(place), (salt, std::mem::take(&mut body))) {
                break;
            }
        }
        Ok(())
    }

    /// Those bodies of entries in bundle `n` that are wanted and that the source has now: for [`Feeds::supply`]. As many
    /// as can be supplied together; go on after the last.
    ///
    /// # Errors
    /// The pack is damaged.
    pub fn bodies(
        &self,
        n: u64,
        wanted: &BTreeSet<u64>,
    ) -> Result<Vec<(u64, crate::entry::Salt, Vec<u8>)>, FollowError> {
        let (mut out, mut bytes) = (Vec::new(), 0);
        self.pack(n, &mut |place, (salt, body)| {
            let index = n * TILE_WIDTH + place as u64;
            if index >= self.checkpoint.size {
                return false;
            }
            if wanted.contains(&index) {
                bytes += body.len();
                out.push((index, salt, body));
            }
            bytes < STEP_BYTES
        })?;
        Ok(out)
    }
}

impl Feeds {
    /// The newest checkpoint of a feed that this node ever took to its end, also if its entries were forgotten since.
    ///
    /// # Errors
    /// The database.
    pub async fn seen(&self, origin: &str) -> Result<Option<String>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let Some(feed) = store::find(&mut conn, origin).await? else {
            return Ok(None);
        };
        let kept = store::checkpoints(&mut conn, feed.id, u64::MAX, 1).await?;
        Ok(kept.into_iter().next().map(|one| one.note))
    }

    /// Forgets what another node's feed says: its entries, bodies, and all that the feature made of them. Its key, the
    /// checkpoints that were seen and proofs against it stay, so that a second history is known as one even then.
    ///
    /// # Errors
    /// The feed is this node's own, or the database.
    pub async fn forget(&self, origin: &str) -> Result<(), FeedError> {
        transaction!(self.0.db, FeedError, tx => {
            let Some(feed) = store::lock(tx, origin).await? else {
                return Ok(());
            };
            if feed.own {
                return Err(FeedError::IsOwn(feed.origin));
            }
            let handler = self.handler(&feed.kind)?;
            handler.reset(tx, &Feed::from(feed.clone())).await?;
            store::empty(tx, feed.id).await?;
            store::set_size(tx, feed.id, 0, empty_root()).await?;
            query("update feed_feed set first_entry = 0 where id = $1")
                .bind(feed.id)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    }
}
