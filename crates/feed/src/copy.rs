//! A mirror of a feed in a folder, out of another folder or a web server with its static files.
//!
//! Nothing is stored before it is checked against the author's signature: the new checkpoint must be signed and begin with
//! what the folder holds already (or a proof of the fork is written); the partial tiles of its right edge must have its root;
//! each full tile must hash to the one above it, each bundle to its tile, each body to what its entry commits to. So a run
//! that was cut costs nothing: the next one takes what is there and right, and fetches the rest. The checkpoint comes
//! last. Hashes of leaves are computed out of the bundles, so their tiles are not fetched at all.
//!
//! Bodies of withdrawn objects are neither stored nor kept, whatever the source still serves.

use std::collections::HashSet;
use std::collections::hash_map::Entry as MapEntry;
use std::fs;
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use lampion_core::Rng;
use lampion_core::ids::new_id;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::edge::{Edge, FULL_TILE_LEN, Tiles, edge_tiles, partial_width};
use crate::entry::Entry;
use crate::error::FeedError;
use crate::export::{beside, pack_head, remove_partials, sync};
use crate::files;
use crate::fork;
use crate::limits::{BUNDLE_LIMIT, NOTE_LIMIT, TILE_LEVELS, TILE_WIDTH};
use crate::merkle::{self, HASH_LEN, Hash, Nodes, complete_root, leaf_hash};
use crate::note::{Note, VerifierKey};
use crate::pack;
use crate::partial;
use crate::tile::{self, Resource};
use crate::verify::{Folder, Source, VerifyError, read, read_tile};

/// How the names of proofs of forks begin.
const PROOF: &str = "fork-";

/// Why a feed is not copied any farther.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// What the source has is missing or wrong.
    #[error(transparent)]
    Source(#[from] VerifyError),
    /// The folder can't be read or written, or holds another feed.
    #[error(transparent)]
    Folder(#[from] FeedError),
    /// The author signed two histories.
    #[error(
        "the feed's author has signed two histories: the proof is {}; nothing of this feed is taken any more", .0.display()
    )]
    Fork(PathBuf),
    /// The checkpoint does not follow what is here, but the source's tiles don't prove a fork either.
    #[error(
        "the source's tiles are not those of its checkpoint: they are damaged or forged; try another source"
    )]
    Forged,
}

impl From<CheckpointError> for CopyError {
    fn from(error: CheckpointError) -> Self {
        Self::Source(error.into())
    }
}

/// What is wanted.
pub struct Copy<'a> {
    /// Where the files are.
    pub source: &'a dyn Source,
    /// Where they go.
    pub folder: &'a Path,
    /// The author's key.
    pub key: &'a VerifierKey,
    /// Whether bodies are wanted.
    pub bodies: bool,
    /// Whether bodies of entries that are here already are asked for again, because some came late or were dropped.
    pub again: bool,
    /// Chance, for names of temporary files.
    pub rng: &'a dyn Rng,
    /// Puts this node's cosignature under the checkpoint.
    pub cosign: &'a (dyn Fn(Note) -> Result<Note, FeedError> + Sync),
}

/// What a copy did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// What the folder holds now.
    pub checkpoint: Checkpoint,
    /// Entries that it held before.
    pub before: u64,
    /// The first entry that it holds: mostly 0.
    pub first: u64,
    /// Files that were fetched and stored.
    pub fetched: u64,
    /// Files that were there and right though an earlier run had not come to its end.
    pub kept: u64,
    /// Bodies that were stored.
    pub bodies: u64,
    /// Bodies that were erased, or left out, because their objects are withdrawn.
    pub erased: u64,
    /// The source has less than the folder.
    pub behind: bool,
}

/// The nodes of a tree out of its files. Remembers why a tile could not be read.
pub(crate) struct TileNodes<'a> {
    source: &'a dyn Source,
    size: u64,
    tiles: Mutex<(Tiles, Option<VerifyError>)>,
}

impl<'a> TileNodes<'a> {
    pub(crate) fn new(source: &'a dyn Source, size: u64) -> Self {
        Self {
            source,
            size,
            tiles: Mutex::default(),
        }
    }

    pub(crate) fn take_fault(&self) -> Option<VerifyError> {
        self.tiles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .take()
    }
}

impl Nodes for TileNodes<'_> {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let tile_level = u8::try_from(level / 8).ok()?;
        let n = index.checked_shl(level % 8)? / TILE_WIDTH;
        let mut tiles = self.tiles.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, fault) = &mut *tiles;
        if let MapEntry::Vacant(place) = known.0.entry((tile_level, n)) {
            let width = tile::bundle_width(n, self.size >> (8 * u32::from(tile_level)));
            match read_tile(self.source, Resource::Hashes(tile_level), (n, width)) {
                Ok((_, hashes)) => drop(place.insert(hashes)),
                Err(error) => *fault = Some(error),
            }
        }
        tiles.0.node(level, index)
    }
}

/// Object and collection as one hash.
fn object_key((collection, object): (&str, &str)) -> Hash {
    let length = (collection.len() as u64).to_be_bytes();
    Hash::of(&[&length, collection.as_bytes(), object.as_bytes()])
}

/// One run.
struct Run<'a> {
    want: &'a Copy<'a>,
    local: Folder,
    new: Checkpoint,
    edge: Edge,
    /// Entries before this one are here, or are not in the source.
    skip: u64,
    withdrawn: HashSet<Hash>,
    done: Copied,
}

/// Brings a folder up to what a source has.
///
/// # Errors
/// Nothing of what is wrong is stored then; what is right stays for the next time.
pub fn copy(want: &Copy<'_>) -> Result<Copied, CopyError> {
    fs::create_dir_all(want.folder).map_err(|error| FeedError::file(want.folder, error))?;
    refuse_forked(want)?;
    let old_note = files::read(&want.folder.join("checkpoint"))?;
    let old = match &old_note {
        Some(bytes) => Some(
            Checkpoint::open(bytes, want.key)
                .map_err(|error| FeedError::file(&want.folder.join("checkpoint"), error))?
                .0,
        ),
        None => None,
    };
    let bytes = read(want.source, "checkpoint", NOTE_LIMIT)?
        .ok_or_else(|| VerifyError::Missing("checkpoint".into()))?;
    let (new, note) = Checkpoint::open(&bytes, want.key)?;
    let local = Folder(want.folder.to_path_buf());
    if let (Some(old), Some(old_note)) = (&old, &old_note) {
        compare(want, &local, (old, old_note), (&new, &bytes))?;
    }
    let first = match &old {
        Some(_) => partial::of_folder(want.folder)?,
        None => source_first(want.source, new.size)?,
    };
    let before = old.as_ref().map_or(0, |old| old.size);
    let mut done = Copied {
        checkpoint: new.clone(),
        before,
        first,
        fetched: 0,
        kept: 0,
        bodies: 0,
        erased: 0,
        behind: false,
    };
    if let Some(old) = old.filter(|old| old.size > new.size) {
        done.checkpoint = old;
        done.behind = true;
        return Ok(done);
    }
    let edge = right_edge(want.source, &new)?;
    let mut run = Run {
        want,
        local,
        new,
        edge,
        skip: before.max(first),
        withdrawn: HashSet::new(),
        done,
    };
    run.tree()?;
    if want.bodies {
        run.packs()?;
    }
    run.erase()?;
    run.finish(note)
}

/// A folder with a proof of a fork in it takes no more.
fn refuse_forked(want: &Copy<'_>) -> Result<(), CopyError> {
    let unreadable = |error: io::Error| FeedError::file(want.folder, error);
    for file in fs::read_dir(want.folder).map_err(unreadable)? {
        let file = file.map_err(unreadable)?;
        let named = file.file_name().to_string_lossy().starts_with(PROOF);
        if named
            && let Some(bytes) = files::read(&file.path())?
            && fork::verify_fork_proof(&bytes, want.key).is_ok()
        {
            return Err(CopyError::Fork(file.path()));
        }
    }
    Ok(())
}

pub(crate) fn source_first(source: &dyn Source, size: u64) -> Result<u64, VerifyError> {
    let Some(bytes) = read(source, partial::FILE, partial::LIMIT)? else {
        return Ok(0);
    };
    partial::parse(&bytes)
        .filter(|first| *first <= size)
        .ok_or_else(|| VerifyError::Unreadable {
            path: partial::FILE.into(),
            reason: "it does not say where the source begins".into(),
        })
}

/// Whether one of two checkpoints is the beginning of the other.
fn compare(
    want: &Copy<'_>,
    local: &Folder,
    (old, old_note): (&Checkpoint, &[u8]),
    (new, new_note): (&Checkpoint, &[u8]),
) -> Result<(), CopyError> {
    if (old.size, old.root) == (new.size, new.root) || old.size == 0 {
        return Ok(());
    }
    let grows = old.size <= new.size;
    let (small, large, nodes) = if grows {
        (
            (old, old_note),
            (new, new_note),
            TileNodes::new(want.source, new.size),
        )
    } else {
        (
            (new, new_note),
            (old, old_note),
            TileNodes::new(local, old.size),
        )
    };
    match proof_of_fork(&nodes, small, large, want.key) {
        Ok(None) => Ok(()),
        Ok(Some(text)) => {
            let name = format!("{PROOF}{}-{}.txt", small.0.size, large.0.size);
            let path = want.folder.join(name);
            files::replace(&path, want.rng, text.as_bytes())?;
            Err(CopyError::Fork(path))
        }
        Err(()) => Err(nodes
            .take_fault()
            .map_or(CopyError::Forged, CopyError::Source)),
    }
}

/// Whether one checkpoint is the beginning of another, by the tiles of the larger one: nothing if it is, a proof of the
/// fork if it is not, an error if the tiles show neither.
pub(crate) fn proof_of_fork(
    nodes: &TileNodes<'_>,
    small: (&Checkpoint, &[u8]),
    large: (&Checkpoint, &[u8]),
    key: &VerifierKey,
) -> Result<Option<String>, ()> {
    if (small.0.size, small.0.root) == (large.0.size, large.0.root) {
        return Ok(None);
    }
    let proof = merkle::prove_consistency(small.0.size, large.0.size, nodes);
    let follows = proof.is_some_and(|proof| {
        let (from, to) = ((small.0.size, &small.0.root), (large.0.size, &large.0.root));
        small.0.size == 0
            || (small.0.size < large.0.size && merkle::verify_consistency(from, to, &proof))
    });
    if follows {
        return Ok(None);
    }
    fork::prove_fork(small.1, large.1, key, nodes)
        .map(Some)
        .ok_or(())
}

/// The partial tiles at the right edge, which have the signed root.
fn right_edge(source: &dyn Source, new: &Checkpoint) -> Result<Edge, CopyError> {
    let mut tiles = Tiles::default();
    for (level, n) in edge_tiles(new.size) {
        let width = partial_width(new.size, level);
        let (path, hashes) = read_tile(source, Resource::Hashes(level), (n, width))?;
        let found = (hashes.len() / HASH_LEN) as u64;
        if found < width {
            let wanted = width;
            return Err(VerifyError::Width {
                path,
                found,
                wanted,
            }
            .into());
        }
        tiles.0.insert((level, n), hashes);
    }
    let edge = tiles.edge(new.size).ok_or(CopyError::Forged)?;
    let (found, signed) = (edge.root(), new.root);
    if found != signed {
        return Err(VerifyError::Root { found, signed }.into());
    }
    Ok(edge)
}

impl Run<'_> {
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), CopyError> {
        let path = self.want.folder.join(path);
        beside(&path, self.want.rng, |out| out.write_all(bytes))
            .map_err(|error| FeedError::file(&path, error))?;
        Ok(())
    }

    fn here(&self, path: &str) -> Option<Vec<u8>> {
        read(&self.local, path, BUNDLE_LIMIT).ok().flatten()
    }

    /// All entries and tiles, from left to right.
    fn tree(&mut self) -> Result<(), CopyError> {
        let size = self.new.size;
        for level in (1u8..)
            .take(TILE_LEVELS - 1)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            let hashes = self.edge.partial(level).to_vec();
            let first = (size >> (8 * (u32::from(level) + 1))) * TILE_WIDTH;
            for (n, hash) in (first..).zip(hashes.chunks_exact(HASH_LEN)) {
                let hash = Hash::from_slice(hash).unwrap_or_default();
                self.full(level - 1, n, hash)?;
            }
        }
        if !self.edge.partial(0).is_empty() {
            let leaves = self.edge.partial(0).to_vec();
            self.bundle(size / TILE_WIDTH, &|found| found == leaves)?;
        }
        for (level, n) in edge_tiles(size) {
            let hashes = self.edge.partial(level).to_vec();
            let width = partial_width(size, level);
            let path = tile::path(Resource::Hashes(level), n, width);
            if self.here(&path).as_ref() != Some(&hashes) {
                self.put(&path, &hashes)?;
            }
        }
        Ok(())
    }

    /// A full tile with all below it. At most as many calls lie in each other as there are levels.
    fn full(&mut self, level: u8, n: u64, root: Hash) -> Result<(), CopyError> {
        let end = (n + 1) << (8 * (u32::from(level) + 1));
        if end <= self.skip {
            return Ok(());
        }
        if level == 0 {
            return self.bundle(n, &|found| complete_root(found) == Some(root));
        }
        let right =
            |hashes: &[u8]| hashes.len() == FULL_TILE_LEN && complete_root(hashes) == Some(root);
        let path = tile::path(Resource::Hashes(level), n, TILE_WIDTH);
        let hashes = match self.here(&path).filter(|hashes| right(hashes)) {
            Some(hashes) => {
                self.done.kept += 1;
                hashes
            }
            None => {
                let (_, hashes) =
                    read_tile(self.want.source, Resource::Hashes(level), (n, TILE_WIDTH))?;
                if !right(&hashes) {
                    return Err(VerifyError::Tile(path).into());
                }
                self.put(&path, &hashes)?;
                self.done.fetched += 1;
                hashes
            }
        };
        for (below, hash) in (n * TILE_WIDTH..).zip(hashes.chunks_exact(HASH_LEN)) {
            self.full(level - 1, below, Hash::from_slice(hash).unwrap_or_default())?;
        }
        Ok(())
    }

    /// A bundle and its tile of leaves, which `right` must like.
    fn bundle(&mut self, n: u64, right: &dyn Fn(&[u8]) -> bool) -> Result<(), CopyError> {
        let width = tile::bundle_width(n, self.new.size);
        let path = tile::path(Resource::Entries, n, width);
        let leaves_path = tile::path(Resource::Hashes(0), n, width);
        let there = self.here(&path).and_then(|bundle| {
            let leaves = leaves(&bundle).ok()?;
            right(&leaves).then_some((bundle, leaves))
        });
        let (bundle, leaves) = match there {
            Some(there) => {
                self.done.kept += 1;
                there
            }
            None => {
                let (_, mut bundle) = read_tile(self.want.source, Resource::Entries, (n, width))?;
                let bad = |error| VerifyError::Bundle {
                    path: path.clone(),
                    error,
                };
                // The full one in place of a partial one that is gone.
                let entries = tile::parse_bundle(&bundle).map_err(bad)?;
                let taken = entries
                    .iter()
                    .take(usize::try_from(width).unwrap_or(usize::MAX));
                let len = taken.map(|entry| entry.len() + 2).sum();
                bundle.truncate(len);
                let leaves = leaves(&bundle).map_err(bad)?;
                if !right(&leaves) {
                    let index = n * TILE_WIDTH;
                    return Err(VerifyError::Leaf {
                        index,
                        path: leaves_path,
                    }
                    .into());
                }
                self.put(&path, &bundle)?;
                self.done.fetched += 1;
                (bundle, leaves)
            }
        };
        if width == TILE_WIDTH && self.here(&leaves_path).as_ref() != Some(&leaves) {
            self.put(&leaves_path, &leaves)?;
        }
        for (index, entry) in self.entries(n, &bundle)? {
            if let (Entry::Withdraw(_), true) = (&entry, index >= self.done.before) {
                self.withdrawn.extend(entry.object().map(object_key));
            }
        }
        Ok(())
    }

    fn entries(&self, n: u64, bundle: &[u8]) -> Result<Vec<(u64, Entry)>, CopyError> {
        let path = tile::path(Resource::Entries, n, TILE_WIDTH);
        let raw =
            tile::parse_bundle(bundle).map_err(|error| VerifyError::Bundle { path, error })?;
        (n * TILE_WIDTH..)
            .zip(raw)
            .map(|(index, raw)| {
                let entry = Entry::decode(raw);
                Ok((
                    index,
                    entry.map_err(|error| VerifyError::Entry { index, error })?,
                ))
            })
            .collect()
    }

    /// The entries of a bundle in the folder.
    fn local_entries(&self, n: u64) -> Result<Vec<(u64, Entry)>, CopyError> {
        let width = tile::bundle_width(n, self.new.size);
        let (_, bundle) = read_tile(&self.local, Resource::Entries, (n, width))?;
        self.entries(n, &bundle)
    }

    /// Bodies of the entries that are new, or of all.
    fn packs(&mut self) -> Result<(), CopyError> {
        let from = if self.want.again {
            self.done.first
        } else {
            self.skip
        };
        for n in from / TILE_WIDTH..tile::bundles(self.new.size) {
            let path = tile::path(Resource::Bodies, n, 0);
            let end = ((n + 1) * TILE_WIDTH).min(self.new.size);
            let here = pack_head(&self.want.folder.join(&path));
            if !self.want.again && here.is_some_and(|(_, to)| to == end) {
                self.done.kept += 1;
                continue;
            }
            let unreadable = |error: io::Error| VerifyError::Unreadable {
                path: path.clone(),
                reason: error.to_string(),
            };
            if let Some(from) = self.want.source.open(&path).map_err(unreadable)? {
                let bodies = self.rewrite(n, Box::new(from), true)?;
                self.done.fetched += 1;
                self.done.bodies += bodies;
            }
        }
        Ok(())
    }

    /// Erases bodies of what was withdrawn since the last time.
    fn erase(&mut self) -> Result<(), CopyError> {
        if self.withdrawn.is_empty() {
            return Ok(());
        }
        for n in self.done.first / TILE_WIDTH..tile::bundles(self.new.size) {
            let path = tile::path(Resource::Bodies, n, 0);
            let full = self.want.folder.join(&path);
            if !full.is_file() {
                continue;
            }
            let concerned = self
                .local_entries(n)?
                .iter()
                .any(|(_, entry)| self.is_erased(entry));
            if concerned {
                let file = fs::File::open(&full).map_err(|error| FeedError::file(&full, error))?;
                self.rewrite(n, Box::new(file), false)?;
            }
        }
        Ok(())
    }

    fn is_erased(&self, entry: &Entry) -> bool {
        matches!(entry, Entry::Publish(_))
            && entry
                .object()
                .is_some_and(|object| self.withdrawn.contains(&object_key(object)))
    }

    /// Writes a pack anew out of bodies that are right and not withdrawn. Gives how many there are.
    fn rewrite(
        &mut self,
        n: u64,
        from: crate::verify::Bytes,
        fetched: bool,
    ) -> Result<u64, CopyError> {
        let path = tile::path(Resource::Bodies, n, 0);
        let entries = self.local_entries(n)?;
        let bad = |error: io::Error| VerifyError::Pack {
            path: path.clone(),
            reason: error.to_string(),
        };
        let to = self.want.folder.join(&path);
        let beside = self
            .want
            .folder
            .join(format!(".pack.{}", new_id(self.want.rng)));
        let local = |error: io::Error| FeedError::file(&to, error);
        let mut out = BufWriter::new(fs::File::create_new(&beside).map_err(local)?);
        let mut from = BufReader::with_capacity(1 << 16, from);
        let (mut kept, mut gone) = (0, 0);
        let mut written = || -> Result<(), CopyError> {
            let (changes, _) = pack::read_head(&mut from).map_err(bad)?;
            let end = ((n + 1) * TILE_WIDTH).min(self.new.size);
            pack::write_head(&mut out, (changes, end)).map_err(local)?;
            let (mut after, mut body) = (None, Vec::new());
            while let Some((place, salt)) =
                pack::read_body(&mut from, after, &mut body).map_err(bad)?
            {
                after = Some(place);
                // The source may have grown since its checkpoint was read.
                let Some((index, entry)) = entries.get(usize::from(place)) else {
                    continue;
                };
                if !entry
                    .commitment()
                    .is_some_and(|one| one.holds(&salt, &body))
                {
                    let (index, path) = (*index, path.clone());
                    return Err(VerifyError::Body { index, path }.into());
                }
                if self.is_erased(entry) {
                    gone += 1;
                    continue;
                }
                kept += 1;
                pack::write_body(&mut out, place, &salt, &body).map_err(local)?;
            }
            Ok(out.flush().map_err(local)?)
        };
        let written = written();
        let placed = written.and_then(|()| {
            to.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .map_err(local)?;
            Ok(fs::rename(&beside, &to).map_err(local)?)
        });
        if placed.is_err() {
            let _gone_already = fs::remove_file(&beside);
        }
        placed?;
        self.done.erased += gone;
        Ok(if fetched { kept } else { 0 })
    }

    /// All is on disk; the checkpoint comes, and partial tiles that are full now go.
    fn finish(self, note: Note) -> Result<Copied, CopyError> {
        let folder = self.want.folder;
        let failed = |error: io::Error| FeedError::file(folder, error);
        partial::write(folder, self.done.first, self.want.rng)?;
        sync(folder).map_err(failed)?;
        let id = self.want.key.id();
        let bare = note
            .clone()
            .with_signatures(|one| one.name == self.want.key.name() && one.id == id);
        // Too many cosignatures of others leave no room for ours.
        let note = (self.want.cosign)(note).or_else(|_| (self.want.cosign)(bare))?;
        files::replace(
            &folder.join("checkpoint"),
            self.want.rng,
            note.to_string().as_bytes(),
        )?;
        remove_partials(folder, self.done.before, self.new.size).map_err(failed)?;
        Ok(self.done)
    }
}

/// The hashes of a bundle's entries.
fn leaves(bundle: &[u8]) -> Result<Vec<u8>, tile::BundleError> {
    let entries = tile::parse_bundle(bundle)?;
    Ok(entries
        .into_iter()
        .flat_map(|entry| leaf_hash(entry).0)
        .collect())
}
