//! Checkpoints: `c2sp.org/tlog-checkpoint`.

use std::fmt;
use std::str::FromStr;

use crate::limits::ORIGIN_LIMIT;
use crate::merkle::{Hash, empty_root};
use crate::note::{Note, NoteError, SignatureKind, VerifierKey};
use crate::tile::{decimal, is_size};

/// A checkpoint that can't be read or trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not origin, size, root.
    #[error("the checkpoint is malformed: {0}")]
    Malformed(&'static str),
    /// Signed, but about another log.
    #[error("the checkpoint is of `{found}`, not of `{wanted}`")]
    OtherOrigin {
        /// Whose it is.
        found: String,
        /// Whose was wanted.
        wanted: String,
    },
}

/// Size and root of a log at some moment. Its [`fmt::Display`] is the text of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree of them.
    pub root: Hash,
    /// Further lines, which we never write.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extensions.
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self {
            origin: origin.to_string(),
            size,
            root,
            extensions: Vec::new(),
        }
    }

    /// Reads a note and the checkpoint in it, which the key must have signed and be named after.
    ///
    /// # Errors
    /// Malformed, not signed, or another log's.
    pub fn open(bytes: &[u8], key: &VerifierKey) -> Result<(Self, Note), CheckpointError> {
        let note = Note::parse(bytes)?;
        note.verify(&[key])?;
        let checkpoint: Self = note.text().parse()?;
        // A log's own signature is of its own name; a cosignature is of another's.
        if key.kind() == SignatureKind::Ed25519 && checkpoint.origin != key.name() {
            return Err(CheckpointError::OtherOrigin {
                found: checkpoint.origin,
                wanted: key.name().to_string(),
            });
        }
        Ok((checkpoint, note))
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let malformed = CheckpointError::Malformed;
        let body = text
            .strip_suffix('\n')
            .ok_or(malformed("it does not end in a newline"))?;
        let mut lines = body.split('\n');
        let origin = lines.next().unwrap_or_default();
        if origin.is_empty() || origin.len() > ORIGIN_LIMIT {
            return Err(malformed("its origin is empty or too long"));
        }
        let size = lines
            .next()
            .and_then(decimal)
            .filter(|size| is_size(*size))
            .ok_or(malformed(
                "its size is not a decimal number within the limit",
            ))?;
        let root: Hash = lines
            .next()
            .unwrap_or_default()
            .parse()
            .map_err(|_| malformed("its root is not a hash in base 64"))?;
        if size == 0 && root != empty_root() {
            return Err(malformed("its root is not that of an empty tree"));
        }
        let extensions: Vec<String> = lines.map(ToString::to_string).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(malformed("an extension line is empty"));
        }
        Ok(Self {
            origin: origin.to_string(),
            size,
            root,
            extensions,
        })
    }
}
