//! Merkle tree hashing and proofs: RFC 6962 section 2.1 (RFC 9162 section 2.1 is the same tree), and the subtree
//! proofs that `c2sp.org/tlog-mirror` takes from draft-ietf-plants-merkle-tree-certs ("Subtree Consistency Proofs").
//!
//! One recursion makes and checks all three proofs: the subtree `[i, i + 1)` in a tree is an inclusion proof of leaf
//! `i`, the subtree `[0, m)` a consistency proof from size `m`.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

use crate::limits::PROOF_LIMIT;

/// Length of a hash in bytes.
pub const HASH_LEN: usize = 32;

/// A SHA-256 hash; shown in base 64.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Hash(pub [u8; HASH_LEN]);

impl Hash {
    /// SHA-256 of `parts`, one after the other.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(part);
        }
        Self::from_digest(&context.finish())
    }

    pub(crate) fn from_digest(digest: &digest::Digest) -> Self {
        let mut out = [0; HASH_LEN];
        for (to, from) in out.iter_mut().zip(digest.as_ref()) {
            *to = *from;
        }
        Self(out)
    }

    /// A hash of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a hash in base 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 hash in base 64")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = STANDARD.decode(text).map_err(|_| NotAHash)?;
        Self::from_slice(&bytes).ok_or(NotAHash)
    }
}

/// Root of the tree without leaves: the hash of nothing.
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// `SHA-256(0x00 || entry)`, RFC 6962 section 2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0], entry])
}

/// `SHA-256(0x01 || left || right)`, RFC 6962 section 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut text = [1u8; 1 + 2 * HASH_LEN];
    let (_, both) = text.split_at_mut(1);
    let (one, two) = both.split_at_mut(HASH_LEN);
    one.copy_from_slice(&left.0);
    two.copy_from_slice(&right.0);
    Hash::from_digest(&digest::digest(&digest::SHA256, &text))
}

/// Root of a complete subtree whose hashes one level down (a power of two of them) are `hashes`, 32 bytes each.
/// Empty if their number is no power of two.
pub fn complete_root(hashes: &[u8]) -> Option<Hash> {
    let count = hashes.len() / HASH_LEN;
    if !count.is_power_of_two() || !hashes.len().is_multiple_of(HASH_LEN) {
        return None;
    }
    let mut level: Vec<Hash> = hashes
        .chunks_exact(HASH_LEN)
        .filter_map(Hash::from_slice)
        .collect();
    while level.len() > 1 {
        level = level
            .chunks_exact(2)
            .filter_map(|pair| match pair {
                [left, right] => Some(node_hash(left, right)),
                _ => None,
            })
            .collect();
    }
    level.first().copied()
}

/// Where hashes of complete subtrees are found.
pub trait Nodes {
    /// The hash of leaves `[index << level, (index + 1) << level)`, all of which are in the tree.
    fn node(&self, level: u32, index: u64) -> Option<Hash>;
}

/// All leaves in memory: for tests and small trees.
#[derive(Debug, Default, Clone)]
pub struct Leaves(pub Vec<Hash>);

impl Nodes for Leaves {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        if level == 0 {
            return self.0.get(usize::try_from(index).ok()?).copied();
        }
        let left = self.node(level - 1, index * 2)?;
        Some(node_hash(&left, &self.node(level - 1, index * 2 + 1)?))
    }
}

/// The largest power of two smaller than `n`, which is at least 2.
fn split(n: u64) -> u64 {
    1 << (n - 1).ilog2()
}

/// `MTH(D[start:end])` for a range that some subtree of the tree holds (`start` is a multiple of the least power of two
/// that is not below its length). Empty if a node is missing.
pub fn range_hash(start: u64, end: u64, nodes: &dyn Nodes) -> Option<Hash> {
    let len = end.checked_sub(start)?;
    if len == 0 {
        return Some(empty_root());
    }
    if len.is_power_of_two() {
        let level = len.trailing_zeros();
        return start
            .is_multiple_of(len)
            .then(|| nodes.node(level, start >> level))
            .flatten();
    }
    let k = split(len);
    let left = range_hash(start, start + k, nodes)?;
    Some(node_hash(&left, &range_hash(start + k, end, nodes)?))
}

/// Root of the tree of the first `size` leaves.
pub fn root(size: u64, nodes: &dyn Nodes) -> Option<Hash> {
    range_hash(0, size, nodes)
}

/// Whether `[start, end)` is a subtree (its start a multiple of the least power of two not below its length) of a tree
/// of `size` leaves.
fn is_subtree(start: u64, end: u64, size: u64) -> bool {
    start < end
        && end <= size
        && (end - start)
            .checked_next_power_of_two()
            .is_some_and(|width| start.is_multiple_of(width))
}

/// `SUBTREE_PROOF(start, end, D_n)`: that the subtree `[start, end)` is part of the tree of `size` leaves. Empty if it
/// is none or a node is missing.
pub fn prove_subtree(start: u64, end: u64, size: u64, nodes: &dyn Nodes) -> Option<Vec<Hash>> {
    if !is_subtree(start, end, size) {
        return None;
    }
    let mut proof = Vec::new();
    let range = Part {
        start,
        end,
        base: 0,
        len: size,
        known: true,
    };
    prove(range, nodes, &mut proof)?;
    Some(proof)
}

/// A step of the recursion: the subtree `[start, end)`, counted from leaf `base`, in the `len` leaves from `base` on.
#[derive(Clone, Copy)]
struct Part {
    start: u64,
    end: u64,
    base: u64,
    len: u64,
    known: bool,
}

impl Part {
    /// The part is the whole.
    fn is_whole(self) -> bool {
        self.start == 0 && self.end == self.len
    }

    fn left(self, k: u64) -> Self {
        Self { len: k, ..self }
    }

    fn right(self, k: u64) -> Self {
        Self {
            start: self.start - k,
            end: self.end - k,
            base: self.base + k,
            len: self.len - k,
            ..self
        }
    }

    /// `start < k < end`, which only happens at `start = 0`: the left half is complete.
    fn across(self, k: u64) -> Self {
        Self {
            start: 0,
            end: self.end - k,
            base: self.base + k,
            len: self.len - k,
            known: false,
        }
    }
}

fn prove(part: Part, nodes: &dyn Nodes, proof: &mut Vec<Hash>) -> Option<()> {
    let Part { base, len, .. } = part;
    if part.is_whole() {
        if !part.known {
            proof.push(range_hash(base, base + len, nodes)?);
        }
        return Some(());
    }
    let k = split(len);
    let sibling = if part.end <= k {
        prove(part.left(k), nodes, proof)?;
        (base + k, base + len)
    } else if k <= part.start {
        prove(part.right(k), nodes, proof)?;
        (base, base + k)
    } else {
        prove(part.across(k), nodes, proof)?;
        (base, base + k)
    };
    proof.push(range_hash(sibling.0, sibling.1, nodes)?);
    Some(())
}

/// Checks that the tree of `size` leaves with `root` holds `[start, end)` with hash `subtree`.
pub fn verify_subtree(
    (start, end): (u64, u64),
    subtree: &Hash,
    size: u64,
    root: &Hash,
    proof: &[Hash],
) -> bool {
    if !is_subtree(start, end, size) || proof.len() > PROOF_LIMIT {
        return false;
    }
    let part = Part {
        start,
        end,
        base: 0,
        len: size,
        known: true,
    };
    let mut rest = proof;
    match fold(part, subtree, &mut rest) {
        Some((small, whole)) => rest.is_empty() && small == *subtree && whole == *root,
        None => false,
    }
}

/// What the proof says the subtree's and the whole tree's hashes are; takes hashes from the end.
fn fold(part: Part, subtree: &Hash, proof: &mut &[Hash]) -> Option<(Hash, Hash)> {
    if part.is_whole() {
        let hash = if part.known { *subtree } else { pop(proof)? };
        return Some((hash, hash));
    }
    let sibling = pop(proof)?;
    let k = split(part.len);
    if part.end <= k {
        let (small, whole) = fold(part.left(k), subtree, proof)?;
        Some((small, node_hash(&whole, &sibling)))
    } else if k <= part.start {
        let (small, whole) = fold(part.right(k), subtree, proof)?;
        Some((small, node_hash(&sibling, &whole)))
    } else {
        let (small, whole) = fold(part.across(k), subtree, proof)?;
        Some((node_hash(&sibling, &small), node_hash(&sibling, &whole)))
    }
}

fn pop(proof: &mut &[Hash]) -> Option<Hash> {
    let (last, rest) = proof.split_last()?;
    *proof = rest;
    Some(*last)
}

/// An inclusion proof (RFC 6962 section 2.1.1) of leaf `index`.
pub fn prove_inclusion(index: u64, size: u64, nodes: &dyn Nodes) -> Option<Vec<Hash>> {
    prove_subtree(index, index.checked_add(1)?, size, nodes)
}

/// Checks an inclusion proof.
pub fn verify_inclusion(index: u64, leaf: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    index
        .checked_add(1)
        .is_some_and(|end| verify_subtree((index, end), leaf, size, root, proof))
}

/// A consistency proof (RFC 6962 section 2.1.2) between two sizes; without hashes if `old` is 0 or `size`.
pub fn prove_consistency(old: u64, size: u64, nodes: &dyn Nodes) -> Option<Vec<Hash>> {
    if old == 0 {
        return Some(Vec::new());
    }
    prove_subtree(0, old, size, nodes)
}

/// Checks that a tree of `old` leaves is the beginning of one of `size`. Every tree begins with the empty one.
pub fn verify_consistency(
    (old, old_root): (u64, &Hash),
    (size, root): (u64, &Hash),
    proof: &[Hash],
) -> bool {
    if old == 0 {
        return proof.is_empty()
            && *old_root == empty_root()
            && (size != 0 || *root == empty_root());
    }
    verify_subtree((0, old), old_root, size, root, proof)
}
