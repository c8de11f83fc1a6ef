//! The right edge of a tree, as its partial tiles: all that is needed to go on.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use crate::limits::{SIZE_LIMIT, TILE_LEVELS, TILE_WIDTH};
use crate::merkle::{HASH_LEN, Hash, Nodes, complete_root, empty_root, node_hash};

/// Bytes of a full tile of hashes.
pub const FULL_TILE_LEN: usize = TILE_WIDTH as usize * HASH_LEN;

/// A tile that an appended leaf completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FullTile {
    /// Its level; 0 holds leaves.
    pub level: u8,
    /// Its place in the level.
    pub n: u64,
    /// 256 hashes.
    pub hashes: Vec<u8>,
}

/// Number of hashes in the partial tile of `level` in a tree of `size` leaves; tlog-tiles, "Partial Tiles".
pub fn partial_width(size: u64, level: u8) -> u64 {
    size.checked_shr(8 * u32::from(level)).unwrap_or(0) % TILE_WIDTH
}

/// The partial tiles of a tree. Grows leaf by leaf.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<u8>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves: for each level from 0 on the hashes of its partial tile, if any. Empty if
    /// their numbers don't belong to that size.
    pub fn new(size: u64, levels: Vec<Vec<u8>>) -> Option<Self> {
        let fits = size <= SIZE_LIMIT
            && levels.len() <= TILE_LEVELS
            && (0u8..).take(TILE_LEVELS).all(|level| {
                let len = levels.get(usize::from(level)).map_or(0, Vec::len);
                len as u64 == partial_width(size, level) * HASH_LEN as u64
            });
        fits.then_some(Self { size, levels })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The partial tile of `level`, empty if there is none.
    pub fn partial(&self, level: u8) -> &[u8] {
        self.levels
            .get(usize::from(level))
            .map_or(&[], Vec::as_slice)
    }

    /// The partial tiles, level 0 first.
    pub fn partials(&self) -> &[Vec<u8>] {
        &self.levels
    }

    /// Appends a leaf; tiles that it completes are added to `full`, lowest first.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<FullTile>) {
        self.size += 1;
        self.carry(0, leaf, full);
    }

    /// Appends 256 leaves whose tile has this root. False, and nothing done, if the size is no multiple of 256.
    pub fn push_tile(&mut self, root: Hash, full: &mut Vec<FullTile>) -> bool {
        if !self.size.is_multiple_of(TILE_WIDTH) {
            return false;
        }
        self.size += TILE_WIDTH;
        self.carry(1, root, full);
        true
    }

    fn carry(&mut self, from: usize, hash: Hash, full: &mut Vec<FullTile>) {
        let mut hash = hash;
        for level in from..=TILE_LEVELS {
            if self.levels.len() <= level {
                self.levels.resize_with(level + 1, Vec::new);
            }
            let Some(tile) = self.levels.get_mut(level) else {
                return;
            };
            tile.extend_from_slice(&hash.0);
            if tile.len() < FULL_TILE_LEN {
                return;
            }
            let hashes = std::mem::take(tile);
            hash = complete_root(&hashes).unwrap_or_default();
            full.push(FullTile {
                level: u8::try_from(level).unwrap_or(u8::MAX),
                n: (self.size >> (8 * (level + 1))) - 1,
                hashes,
            });
        }
    }

    /// Hashes of the complete subtrees that the tree splits into, the largest first (a compact range).
    pub fn frontier(&self) -> Vec<Hash> {
        let mut out = Vec::new();
        for tile in self.levels.iter().rev() {
            let mut rest = tile.as_slice();
            while !rest.is_empty() {
                let count = rest.len() / HASH_LEN;
                let take = (1usize << count.checked_ilog2().unwrap_or(0)) * HASH_LEN;
                let (chunk, after) = rest.split_at(take.min(rest.len()));
                out.extend(complete_root(chunk));
                rest = after;
            }
        }
        out
    }

    /// The root.
    pub fn root(&self) -> Hash {
        self.frontier()
            .into_iter()
            .rev()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

/// Tiles in memory, by level and place; a tile may be wider than the tree that is asked about.
#[derive(Debug, Clone, Default)]
pub struct Tiles(pub HashMap<(u8, u64), Vec<u8>>);

/// Where the hash of leaves `[index << level, (index + 1) << level)` is: tile level, tile, first and number of hashes.
fn place(level: u32, index: u64) -> Option<(u8, u64, usize, usize)> {
    let height = level % 8;
    let tile_level = u8::try_from(level / 8).ok()?;
    let first = (index % (TILE_WIDTH >> height)) << height;
    Some((
        tile_level,
        index >> (8 - height),
        usize::try_from(first).ok()?,
        1 << height,
    ))
}

impl Nodes for Tiles {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tile_level, n, first, count) = place(level, index)?;
        let tile = self.0.get(&(tile_level, n))?;
        complete_root(tile.get(first * HASH_LEN..(first + count) * HASH_LEN)?)
    }
}

impl Tiles {
    /// The edge of the tree of `size` leaves, out of tiles that hold at least it.
    pub fn edge(&self, size: u64) -> Option<Edge> {
        let mut levels = Vec::new();
        for (level, n) in edge_tiles(size) {
            let len = usize::try_from(partial_width(size, level)).ok()? * HASH_LEN;
            while levels.len() <= usize::from(level) {
                levels.push(Vec::new());
            }
            *levels.last_mut()? = self.0.get(&(level, n))?.get(..len)?.to_vec();
        }
        Edge::new(size, levels)
    }
}

/// Level and place of each partial tile of a tree of `size` leaves.
pub fn edge_tiles(size: u64) -> Vec<(u8, u64)> {
    (0u8..)
        .take(TILE_LEVELS)
        .filter(|level| partial_width(size, *level) > 0)
        .map(|level| (level, size >> (8 * (u32::from(level) + 1))))
        .collect()
}

/// Answers every question with a made-up hash and notes which tiles were asked for: run a computation with it once,
/// fetch those tiles, run it again.
#[derive(Debug, Default)]
pub struct Wanted(Mutex<HashSet<(u8, u64)>>);

impl Wanted {
    /// The tiles.
    pub fn tiles(self) -> Vec<(u8, u64)> {
        let mut tiles: Vec<_> = self
            .0
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .into_iter()
            .collect();
        tiles.sort_unstable();
        tiles
    }
}

impl Nodes for Wanted {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tile_level, n, _, _) = place(level, index)?;
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((tile_level, n));
        Some(Hash::default())
    }
}
