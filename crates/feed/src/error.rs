//! What can go wrong with a feed, by meaning.

use lampion_db::{Conflicting, DbError};

use crate::checkpoint::CheckpointError;
use crate::entry::EntryError;
use crate::limits::{APPEND_ENTRIES_LIMIT, BATCH_BYTES_LIMIT, BATCH_ENTRIES_LIMIT};
use crate::note::NoteError;
use crate::tile::BundleError;

/// Why an entry can't follow those before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// It can't be read or written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// It doesn't name the newest version before it.
    #[error(
        "it supersedes entry {named:?}, but the newest of `{object}` is {newest:?}: load the object again"
    )]
    NotNewest {
        /// The object.
        object: String,
        /// What it names.
        named: Option<u64>,
        /// What it should name.
        newest: Option<u64>,
    },
    /// The object is withdrawn for good.
    #[error("`{object}` was withdrawn by entry {at}: publish under another identifier")]
    Withdrawn {
        /// The object.
        object: String,
        /// Index of the withdrawal.
        at: u64,
    },
    /// There is nothing to withdraw.
    #[error("there is no `{0}` to withdraw")]
    NoSuchObject(String),
    /// The body isn't what the entry commits to.
    #[error("its body is not the one that it commits to")]
    Body,
    /// A body beside an entry that commits to none.
    #[error("there is a body, but it commits to none")]
    NoBody,
}

/// What went wrong with a feed.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// No feature publishes this.
    #[error("nothing here publishes `{0}`")]
    NoSuchKind(String),
    /// No such feed.
    #[error("there is no feed `{0}`")]
    NoSuchFeed(String),
    /// A name that can't be a feed's.
    #[error("`{0}` can't name a feed: use letters, digits and hyphens")]
    BadName(String),
    /// The database has fewer entries than were signed: it was restored from a backup.
    #[error(
        "feed `{feed}` has {held} entries here, but {signed} were signed: the database was restored from an old backup; \
         fetch the missing entries from a mirror before publishing"
    )]
    Behind {
        /// Origin.
        feed: String,
        /// Entries here.
        held: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// The database has other entries than were signed.
    #[error(
        "the first {signed} entries of feed `{feed}` are not those that were signed: restore the database that belongs to \
         the folder of keys, or rewind the feed and fetch it from a mirror"
    )]
    Forked {
        /// Origin.
        feed: String,
        /// Entries that were signed.
        signed: u64,
    },
    /// The file with the highest signed checkpoint is gone.
    #[error(
        "the file `{file}` with the newest signed checkpoint is gone: put it back, or ask mirrors for the newest and accept it"
    )]
    MarkLost {
        /// Its path.
        file: String,
    },
    /// The folder's key isn't the one that the feed began with.
    #[error(
        "feed `{0}` began with another key than the one in this node's folder: put the right key back"
    )]
    KeyChanged(String),
    /// The feed is our own and needs nothing, or is not our own.
    #[error("feed `{0}` is this node's own: it is not mirrored from elsewhere")]
    IsOwn(String),
    /// An entry can't be taken; nothing was.
    #[error("entry {index}: {fault}")]
    Entry {
        /// Its index in the feed.
        index: u64,
        /// Why.
        #[source]
        fault: EntryFault,
    },
    /// Too much at once.
    #[error(
        "at most {BATCH_ENTRIES_LIMIT} entries of others, or {APPEND_ENTRIES_LIMIT} of one's own, with {BATCH_BYTES_LIMIT} bytes of bodies can be taken at once: send fewer"
    )]
    TooMuch,
    /// A checkpoint that can't be trusted.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A bundle that can't be read.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// What was sent begins after what is here.
    #[error("entries from {start} on were sent, but only {have} are here: send those between")]
    Gap {
        /// Entries here.
        have: u64,
        /// Where what was sent begins.
        start: u64,
    },
    /// What was sent reaches past the checkpoint, or has not a place for each body.
    #[error("what was sent is not in order: {0}")]
    BadDelta(&'static str),
    /// The entries aren't those of the checkpoint.
    #[error(
        "the entries up to {size} are not those that the checkpoint was made of: they were damaged or forged on the way, or the feed forked"
    )]
    RootMismatch {
        /// Entries that there would be.
        size: u64,
    },
    /// The log has signed two histories.
    #[error(
        "feed `{feed}` has signed two different histories: its operator must be told; nothing of it is taken any more"
    )]
    ForkSeen {
        /// Origin.
        feed: String,
        /// The proof, if there is one: see [`crate::fork`].
        proof: Option<String>,
    },
    /// A proof that proves nothing.
    #[error("this is no proof of a fork: {0}")]
    NoFork(&'static str),
    /// Entries aren't here because the mirror began with a snapshot.
    #[error("entries of `{feed}` before {first} are not here: this mirror began with a snapshot")]
    NotHere {
        /// Origin.
        feed: String,
        /// The first that is.
        first: u64,
    },
    /// The database contradicts itself.
    #[error("feed `{feed}` is damaged in the database ({what}): restore it from a backup")]
    Damaged {
        /// Origin.
        feed: String,
        /// How.
        what: String,
    },
    /// A file.
    #[error("{path}: {reason}")]
    File {
        /// Its path.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A snapshot that can't be trusted or read.
    #[error("the snapshot can't be taken: {0}")]
    Snapshot(String),
    /// A feature could not take a publication.
    #[error("{0}")]
    Projection(String),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl FeedError {
    pub(crate) fn file(path: &std::path::Path, error: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        }
    }
}

impl From<lampion_db::sqlx::Error> for FeedError {
    fn from(error: lampion_db::sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<NoteError> for FeedError {
    fn from(error: NoteError) -> Self {
        Self::Checkpoint(error.into())
    }
}

impl Conflicting for FeedError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}
