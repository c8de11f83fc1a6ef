//! Proof that a log has signed two histories, which anybody can check who has the log's verifier key.
//!
//! ```text
//! lampion-fork-proof/1
//! root <root of the larger tree's first entries, as many as the smaller has, base 64>
//! <consistency proof from there to the larger tree, a hash a line, base 64>
//!
//! <length of the first note in bytes>
//! <first note: the smaller>
//! <length of the second note in bytes>
//! <second note>
//! ```
//!
//! The proof shows that the larger signed tree begins with a tree whose root is not the one that was signed at that
//! size. By the hash function's strength no honest log can be shown so: each of its checkpoints is the beginning of the
//! next.

use std::fmt::Write as _;

use crate::checkpoint::Checkpoint;
use crate::limits::{NOTE_LIMIT, PROOF_LIMIT};
use crate::merkle::{self, Hash, Nodes};
use crate::note::VerifierKey;
use crate::tile::decimal;

const FIRST_LINE: &str = "lampion-fork-proof/1";
/// Longest proof file.
pub const FORK_PROOF_LIMIT: usize = 2 * NOTE_LIMIT + (PROOF_LIMIT + 4) * 64;

/// What a proof of a fork shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    /// The smaller of the two checkpoints.
    pub smaller: Checkpoint,
    /// The larger, or of the same size.
    pub larger: Checkpoint,
    /// What the larger says about the smaller's entries.
    pub other_root: Hash,
}

/// Writes a proof out of two signed notes of one log, the smaller first. `nodes` is the larger's tree. Empty if it
/// lacks a tile or shows no fork.
pub fn prove_fork(
    smaller: &[u8],
    larger: &[u8],
    key: &VerifierKey,
    nodes: &dyn Nodes,
) -> Option<String> {
    let (small, _) = Checkpoint::open(smaller, key).ok()?;
    let (large, _) = Checkpoint::open(larger, key).ok()?;
    if small.size > large.size {
        return None;
    }
    let (root, proof) = if small.size == large.size {
        (large.root, Vec::new())
    } else {
        (
            merkle::root(small.size, nodes)?,
            merkle::prove_consistency(small.size, large.size, nodes)?,
        )
    };
    write_fork_proof(smaller, larger, key, root, &proof)
}

/// Writes a proof out of what a mirror of the other history sent: its root at the smaller size, and the consistency
/// proof from there. Empty if it shows no fork.
pub fn write_fork_proof(
    smaller: &[u8],
    larger: &[u8],
    key: &VerifierKey,
    other_root: Hash,
    proof: &[Hash],
) -> Option<String> {
    let mut text = format!("{FIRST_LINE}\nroot {other_root}\n");
    for hash in proof {
        writeln!(text, "{hash}").ok()?;
    }
    for note in [smaller, larger] {
        let note = std::str::from_utf8(note).ok()?;
        write!(text, "\n{}\n{note}", note.len()).ok()?;
    }
    verify_fork_proof(text.as_bytes(), key).ok()?;
    Some(text)
}

/// Checks a proof of a fork.
///
/// # Errors
/// Why it proves nothing.
pub fn verify_fork_proof(bytes: &[u8], key: &VerifierKey) -> Result<ForkProof, &'static str> {
    if bytes.len() > FORK_PROOF_LIMIT {
        return Err("it is too long");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let (head, rest) = text
        .split_once("\n\n")
        .ok_or("no empty line after the proof")?;
    let mut lines = head.split('\n');
    if lines.next() != Some(FIRST_LINE) {
        return Err("its first line is another");
    }
    let other_root: Hash = lines
        .next()
        .and_then(|line| line.strip_prefix("root "))
        .and_then(|hash| hash.parse().ok())
        .ok_or("its second line is no root")?;
    let proof: Vec<Hash> = lines
        .take(PROOF_LIMIT + 1)
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| "a line of the proof is no hash")?;
    let (smaller, rest) = note(rest).ok_or("the first note is cut")?;
    let (larger, rest) = rest
        .strip_prefix('\n')
        .and_then(note)
        .ok_or("the second note is cut")?;
    if !rest.is_empty() {
        return Err("there is more after the second note");
    }
    let (smaller, _) =
        Checkpoint::open(smaller.as_bytes(), key).map_err(|_| "the first note is not signed")?;
    let (larger, _) =
        Checkpoint::open(larger.as_bytes(), key).map_err(|_| "the second note is not signed")?;
    if smaller.size == 0 || smaller.size > larger.size {
        return Err("the notes are in the wrong order");
    }
    if other_root == smaller.root {
        return Err("both histories are the same at the smaller size");
    }
    let from = (smaller.size, &other_root);
    if !merkle::verify_consistency(from, (larger.size, &larger.root), &proof) {
        return Err("the consistency proof is wrong");
    }
    Ok(ForkProof {
        smaller,
        larger,
        other_root,
    })
}

/// A length, a newline, and as many bytes; and what follows.
fn note(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once('\n')?;
    let length = usize::try_from(decimal(length)?).ok()?;
    rest.split_at_checked(length)
}
