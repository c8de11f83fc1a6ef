//! Checking a feed that lies somewhere as static files, with nothing but its verifier key: the signature, each entry,
//! each tile against the entries, the root, and where they are there the bodies.
//!
//! Bundles are read and hashed on several threads, a few at a time; what grows with the feed is one small row for each
//! object (about 80 bytes), by which it is seen whether entries follow each other.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::BuildHasher as _;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::edge::{Edge, FullTile, Tiles, edge_tiles};
use crate::entry::{Entry, EntryError};
use crate::limits::{BUNDLE_LIMIT, NOTE_LIMIT, TILE_WIDTH};
use crate::merkle::{HASH_LEN, Hash, complete_root, leaf_hash};
use crate::note::VerifierKey;
use crate::pack;
use crate::partial;
use crate::tile::{self, BundleError, Resource};

/// Bundles that each thread may be ahead.
const AHEAD: usize = 8;
/// Threads at most.
const THREADS_LIMIT: usize = 8;

/// What is read from a source.
pub type Bytes = Box<dyn Read + Send>;

/// Where static files are: a folder, a web server, a stick. Paths are `checkpoint`, `tile/…`, `pack/…`.
pub trait Source: Sync {
    /// Opens a file; none if there is none.
    ///
    /// # Errors
    /// It may be there, but can't be read.
    fn open(&self, path: &str) -> io::Result<Option<Bytes>>;

    /// Opens a file without its first bytes, because those came before.
    ///
    /// # Errors
    /// As [`Self::open`].
    fn open_from(&self, path: &str, from: u64) -> io::Result<Option<Bytes>> {
        let Some(mut bytes) = self.open(path)? else {
            return Ok(None);
        };
        io::copy(&mut Read::take(&mut bytes, from), &mut io::sink())?;
        Ok(Some(bytes))
    }
}

/// Files in a folder.
#[derive(Debug, Clone)]
pub struct Folder(pub PathBuf);

impl Source for Folder {
    fn open(&self, path: &str) -> io::Result<Option<Bytes>> {
        match File::open(self.0.join(path)) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The first thing that is wrong, and where.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file can't be read.
    #[error("{path} can't be read: {reason}")]
    Unreadable {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file isn't there.
    #[error("{0} is missing")]
    Missing(String),
    /// The checkpoint.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// A bundle that can't be read.
    #[error("{path}: {error}")]
    Bundle {
        /// Its path.
        path: String,
        /// Why.
        error: BundleError,
    },
    /// A bundle or tile with too little or too much in it.
    #[error("{path} has {found} entries, {wanted} belong there")]
    Width {
        /// Its path.
        path: String,
        /// Entries in it.
        found: u64,
        /// Entries that should be.
        wanted: u64,
    },
    /// An entry that can't be read.
    #[error("entry {index}: {error}")]
    Entry {
        /// Its index.
        index: u64,
        /// Why.
        error: EntryError,
    },
    /// An entry that can't follow those before.
    #[error("entry {index} {what}")]
    Order {
        /// Its index.
        index: u64,
        /// Why.
        what: &'static str,
    },
    /// An entry isn't the one in the tree.
    #[error("entry {index} is not the one that {path} has the hash of")]
    Leaf {
        /// Its index.
        index: u64,
        /// The tile.
        path: String,
    },
    /// A tile isn't the hashes of those below.
    #[error("{0} is not what the tiles below hash to")]
    Tile(String),
    /// All tiles fit, but not the signature.
    #[error(
        "the entries are not those that were signed: their root is {found}, the checkpoint's {signed}"
    )]
    Root {
        /// Root of what is there.
        found: Hash,
        /// Root that was signed.
        signed: Hash,
    },
    /// A pack that can't be read.
    #[error("{path}: {reason}")]
    Pack {
        /// Its path.
        path: String,
        /// Why.
        reason: String,
    },
    /// A body isn't the one that its entry commits to.
    #[error("the body of entry {index} in {path} is not the one that it commits to")]
    Body {
        /// Index of the entry.
        index: u64,
        /// The pack.
        path: String,
    },
    /// A withdrawn body is still there.
    #[error("`{object}` was withdrawn by entry {at}, but a body of it is still served")]
    NotErased {
        /// Collection and object.
        object: String,
        /// Index of the withdrawal.
        at: u64,
    },
    /// A thread died.
    #[error("the check could not be finished: a thread ended early")]
    Thread,
}

/// What a feed that is in order holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The first entry that was checked: 0, but for a folder that says where it begins ([`crate::partial`]).
    pub first: u64,
    /// Publications, withdrawals and acknowledgements.
    pub entries: [u64; 3],
    /// Objects that live.
    pub live: u64,
    /// Objects that were withdrawn.
    pub withdrawn: u64,
    /// Bodies that were there and right.
    pub bodies: u64,
    /// Bodies that a withdrawal erased.
    pub erased: u64,
    /// Bodies that aren't there, though nobody withdrew them; all, if they were not looked for.
    pub missing: u64,
}

/// One entry, as the thread that puts them together needs it.
struct Row {
    key: u128,
    what: What,
    body: Option<bool>,
}

enum What {
    Publish(Option<u64>),
    Withdraw(String),
    Acknowledge,
}

/// One bundle that was read and fits its tile.
struct Part {
    /// Root, if it is full.
    root: Option<Hash>,
    /// Its leaves, if it isn't.
    leaves: Vec<Hash>,
    rows: Vec<Row>,
}

/// Checks all that a source has of a feed.
///
/// # Errors
/// The first thing that is wrong, in the order of entries.
pub fn verify(
    source: &dyn Source,
    key: &VerifierKey,
    with_bodies: bool,
) -> Result<Verified, VerifyError> {
    let bytes = read(source, "checkpoint", NOTE_LIMIT)?
        .ok_or_else(|| VerifyError::Missing("checkpoint".into()))?;
    let (checkpoint, _) = Checkpoint::open(&bytes, key)?;
    let base = base(source, checkpoint.size)?;
    let worker = Worker {
        source,
        size: checkpoint.size,
        base,
        with_bodies,
        hashers: (RandomState::new(), RandomState::new()),
    };
    let threads = thread::available_parallelism().map_or(1, |n| n.get().min(THREADS_LIMIT));
    thread::scope(|scope| {
        let parts: Vec<Receiver<Result<Part, VerifyError>>> = (0..threads as u64)
            .map(|first| {
                let (send, receive) = sync_channel(AHEAD);
                let worker = &worker;
                scope.spawn(move || worker.run(first, threads, &send));
                receive
            })
            .collect();
        let done = gather(&worker, checkpoint, &parts);
        // Threads that wait to send end when nobody receives.
        drop(parts);
        done
    })
}

/// Reads a file of at most `limit` bytes.
pub(crate) fn read(
    source: &dyn Source,
    path: &str,
    limit: usize,
) -> Result<Option<Vec<u8>>, VerifyError> {
    let unreadable = |reason: String| VerifyError::Unreadable {
        path: path.to_string(),
        reason,
    };
    let Some(from) = source
        .open(path)
        .map_err(|error| unreadable(error.to_string()))?
    else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() > limit {
        return Err(unreadable(format!("it is longer than {limit} bytes")));
    }
    Ok(Some(bytes))
}

/// Reads a tile or bundle; of a partial one that is gone, the full one (tlog-tiles, "Partial Tiles").
pub(crate) fn read_tile(
    source: &dyn Source,
    resource: Resource,
    (n, width): (u64, u64),
) -> Result<(String, Vec<u8>), VerifyError> {
    let path = tile::path(resource, n, width);
    if let Some(bytes) = read(source, &path, BUNDLE_LIMIT)? {
        return Ok((path, bytes));
    }
    let full = tile::path(resource, n, TILE_WIDTH);
    match read(source, &full, BUNDLE_LIMIT)? {
        Some(bytes) if width < TILE_WIDTH => Ok((full, bytes)),
        _ => Err(VerifyError::Missing(path)),
    }
}

/// Where a source begins.
fn base(source: &dyn Source, size: u64) -> Result<u64, VerifyError> {
    let Some(bytes) = read(source, partial::FILE, partial::LIMIT)? else {
        return Ok(0);
    };
    partial::parse(&bytes)
        .filter(|base| *base <= size)
        .ok_or_else(|| VerifyError::Unreadable {
            path: partial::FILE.into(),
            reason: "it does not say at which entry the folder begins".into(),
        })
}

/// The edge of the tree before the first entry that is there. Only the root at the end proves it.
fn edge_at(worker: &Worker<'_>) -> Result<Edge, VerifyError> {
    let mut tiles = Tiles::default();
    for (level, n) in edge_tiles(worker.base) {
        let below = worker.size >> (8 * u32::from(level));
        let width = tile::bundle_width(n, below);
        let (_, hashes) = read_tile(worker.source, Resource::Hashes(level), (n, width))?;
        tiles.0.insert((level, n), hashes);
    }
    tiles
        .edge(worker.base)
        .ok_or_else(|| VerifyError::Missing("a tile before the first entry".into()))
}

struct Worker<'a> {
    source: &'a dyn Source,
    size: u64,
    /// Where the folder begins, a multiple of 256: mostly 0.
    base: u64,
    with_bodies: bool,
    hashers: (RandomState, RandomState),
}

impl Worker<'_> {
    /// Every `step`-th bundle from `first` on.
    fn run(&self, first: u64, step: usize, send: &SyncSender<Result<Part, VerifyError>>) {
        let first = first + self.base / TILE_WIDTH;
        for n in (first..tile::bundles(self.size)).step_by(step) {
            let part = self.part(n);
            let failed = part.is_err();
            if send.send(part).is_err() || failed {
                return;
            }
        }
    }

    fn part(&self, n: u64) -> Result<Part, VerifyError> {
        let width = tile::bundle_width(n, self.size);
        let (path, bundle) = read_tile(self.source, Resource::Entries, (n, width))?;
        let mut raw = tile::parse_bundle(&bundle).map_err(|error| VerifyError::Bundle {
            path: path.clone(),
            error,
        })?;
        let asked = tile::path(Resource::Entries, n, width) == path;
        let found = raw.len() as u64;
        if found < width || (asked && found > width) {
            return Err(VerifyError::Width {
                path,
                found,
                wanted: width,
            });
        }
        raw.truncate(usize::try_from(width).unwrap_or(usize::MAX));
        let entries: Vec<Entry> = (n * TILE_WIDTH..)
            .zip(&raw)
            .map(|(index, raw)| {
                Entry::decode(raw).map_err(|error| VerifyError::Entry { index, error })
            })
            .collect::<Result<_, _>>()?;
        let leaves: Vec<Hash> = raw.iter().map(|raw| leaf_hash(raw)).collect();
        let hashes = self.leaves(n, &leaves)?;
        let bodies = if self.with_bodies {
            self.bodies(n, &entries)?
        } else {
            Vec::new()
        };
        let rows = entries
            .into_iter()
            .enumerate()
            .map(|(place, entry)| self.row(entry, bodies.get(place).copied().unwrap_or(false)))
            .collect();
        let root = (width == TILE_WIDTH)
            .then(|| complete_root(&hashes))
            .flatten();
        Ok(Part {
            leaves: if root.is_some() { Vec::new() } else { leaves },
            root,
            rows,
        })
    }

    /// Compares the tile of level 0 with the entries; gives its bytes.
    fn leaves(&self, n: u64, leaves: &[Hash]) -> Result<Vec<u8>, VerifyError> {
        let width = leaves.len() as u64;
        let (path, mut hashes) = read_tile(self.source, Resource::Hashes(0), (n, width))?;
        let whole = leaves.len() * HASH_LEN;
        let asked = tile::path(Resource::Hashes(0), n, width) == path;
        if hashes.len() < whole || (asked && hashes.len() > whole) {
            return Err(VerifyError::Width {
                found: (hashes.len() / HASH_LEN) as u64,
                wanted: width,
                path,
            });
        }
        hashes.truncate(whole);
        let differs = leaves
            .iter()
            .zip(hashes.chunks_exact(HASH_LEN))
            .position(|(leaf, hash)| leaf.0 != *hash);
        match differs {
            Some(place) => Err(VerifyError::Leaf {
                index: n * TILE_WIDTH + place as u64,
                path,
            }),
            None => Ok(hashes),
        }
    }

    /// Which entries' bodies are there; those that are, are right.
    fn bodies(&self, n: u64, entries: &[Entry]) -> Result<Vec<bool>, VerifyError> {
        let path = tile::path(Resource::Bodies, n, 0);
        let bad = |error: io::Error| VerifyError::Pack {
            path: path.clone(),
            reason: error.to_string(),
        };
        let mut here = vec![false; entries.len()];
        let Some(file) = self.source.open(&path).map_err(bad)? else {
            return Ok(here);
        };
        let mut file = BufReader::with_capacity(1 << 16, file);
        pack::read_head(&mut file).map_err(bad)?;
        let mut body = Vec::new();
        let mut after = None;
        while let Some((place, salt)) = pack::read_body(&mut file, after, &mut body).map_err(bad)? {
            after = Some(place);
            // A pack may have been written after the checkpoint.
            let Some(entry) = entries.get(usize::from(place)) else {
                continue;
            };
            if !entry
                .commitment()
                .is_some_and(|commitment| commitment.holds(&salt, &body))
            {
                return Err(VerifyError::Body {
                    index: n * TILE_WIDTH + u64::from(place),
                    path,
                });
            }
            if let Some(here) = here.get_mut(usize::from(place)) {
                *here = true;
            }
        }
        Ok(here)
    }

    fn row(&self, entry: Entry, here: bool) -> Row {
        let key = entry.object().map_or(0, |object| {
            let (one, two) = &self.hashers;
            (u128::from(one.hash_one(object)) << 64) | u128::from(two.hash_one(object))
        });
        let body = entry.commitment().map(|_| here);
        let what = match entry {
            Entry::Publish(publish) => What::Publish(publish.supersedes),
            Entry::Withdraw(withdraw) => {
                What::Withdraw(format!("{}/{}", withdraw.collection, withdraw.object))
            }
            Entry::Acknowledge(_) => What::Acknowledge,
        };
        Row { key, what, body }
    }
}

/// What is known of an object.
#[derive(Default)]
struct Seen {
    newest: u64,
    withdrawn: bool,
    here: u32,
    absent: u32,
}

/// Puts the parts together in their order.
struct Gather {
    seen: HashMap<u128, Seen>,
    withdrawn: Vec<(u128, u64, String)>,
    edge: Edge,
    index: u64,
    entries: [u64; 3],
    /// Explanations of withdrawals: there, and not there.
    explanations: (u64, u64),
}

fn gather(
    worker: &Worker<'_>,
    checkpoint: Checkpoint,
    parts: &[Receiver<Result<Part, VerifyError>>],
) -> Result<Verified, VerifyError> {
    let mut gather = Gather {
        seen: HashMap::new(),
        withdrawn: Vec::new(),
        edge: edge_at(worker)?,
        index: worker.base,
        entries: [0; 3],
        explanations: (0, 0),
    };
    let bundles = tile::bundles(worker.size) - worker.base / TILE_WIDTH;
    let bundles = usize::try_from(bundles).unwrap_or(usize::MAX);
    for receive in parts.iter().cycle().take(bundles) {
        let part = receive.recv().map_err(|_| VerifyError::Thread)??;
        gather.part(worker, part)?;
    }
    gather.finish(worker, checkpoint)
}

impl Gather {
    fn part(&mut self, worker: &Worker<'_>, part: Part) -> Result<(), VerifyError> {
        for row in part.rows {
            self.row(worker.base, row)?;
        }
        let mut full = Vec::new();
        match part.root {
            Some(root) => {
                self.edge.push_tile(root, &mut full);
            }
            None => {
                for leaf in part.leaves {
                    self.edge.push(leaf, &mut full);
                }
            }
        }
        full.iter().try_for_each(|tile| compare(worker, tile))
    }

    fn row(&mut self, base: u64, row: Row) -> Result<(), VerifyError> {
        let index = self.index;
        self.index += 1;
        let order = |what| Err(VerifyError::Order { index, what });
        let (counter, known) = match &row.what {
            What::Acknowledge => (2, None),
            What::Publish(_) => (0, self.seen.get(&row.key)),
            What::Withdraw(_) => (1, self.seen.get(&row.key)),
        };
        if let Some(count) = self.entries.get_mut(counter) {
            *count += 1;
        }
        if known.is_some_and(|seen| seen.withdrawn) {
            return order("is about an object that was withdrawn before");
        }
        let newest = known.map(|seen| seen.newest);
        match row.what {
            What::Acknowledge => {}
            What::Publish(supersedes) => {
                // Of what was before the folder's first entry nothing is known.
                let unseen = newest.is_none() && supersedes.is_some_and(|at| at < base);
                if supersedes != newest && !unseen {
                    return order("does not supersede the newest version of its object");
                }
                let seen = self.seen.entry(row.key).or_default();
                seen.newest = index;
                if row.body == Some(true) {
                    seen.here += 1;
                } else {
                    seen.absent += 1;
                }
            }
            What::Withdraw(object) => {
                if newest.is_none() && base == 0 {
                    return order("withdraws an object that was never published");
                }
                self.seen.entry(row.key).or_default().withdrawn = true;
                self.withdrawn.push((row.key, index, object));
                match row.body {
                    Some(true) => self.explanations.0 += 1,
                    Some(false) => self.explanations.1 += 1,
                    None => {}
                }
            }
        }
        Ok(())
    }

    fn finish(self, worker: &Worker<'_>, checkpoint: Checkpoint) -> Result<Verified, VerifyError> {
        for (level, n) in edge_tiles(self.edge.size()) {
            if level > 0 {
                compare(
                    worker,
                    &FullTile {
                        level,
                        n,
                        hashes: self.edge.partial(level).to_vec(),
                    },
                )?;
            }
        }
        let found = self.edge.root();
        if found != checkpoint.root {
            return Err(VerifyError::Root {
                found,
                signed: checkpoint.root,
            });
        }
        let mut erased = 0;
        let withdrawn = self.withdrawn.len() as u64;
        for (key, at, object) in self.withdrawn {
            let Some(seen) = self.seen.get(&key) else {
                continue;
            };
            if seen.here > 0 {
                return Err(VerifyError::NotErased { object, at });
            }
            erased += u64::from(seen.absent);
        }
        let here: u64 = self.seen.values().map(|seen| u64::from(seen.here)).sum();
        let absent: u64 = self.seen.values().map(|seen| u64::from(seen.absent)).sum();
        Ok(Verified {
            checkpoint,
            first: worker.base,
            entries: self.entries,
            live: self.seen.len() as u64 - withdrawn,
            withdrawn,
            bodies: here + self.explanations.0,
            erased,
            missing: absent - erased + self.explanations.1,
        })
    }
}

/// Compares a tile above the leaves with what it should be.
fn compare(worker: &Worker<'_>, wanted: &FullTile) -> Result<(), VerifyError> {
    if wanted.level == 0 {
        return Ok(());
    }
    let width = (wanted.hashes.len() / HASH_LEN) as u64;
    let resource = Resource::Hashes(wanted.level);
    let (path, mut found) = read_tile(worker.source, resource, (wanted.n, width))?;
    if path != tile::path(resource, wanted.n, width) {
        found.truncate(wanted.hashes.len());
    }
    (found == wanted.hashes)
        .then_some(())
        .ok_or(VerifyError::Tile(path))
}
