//! Many records at once: edits, their undoing, imports.
//!
//! A batch is a row with a row for each of its records. Its job ([`job`]) takes records chunk by chunk: what a chunk
//! publishes, what became of each of its records, and the place where the batch goes on change in **one** transaction,
//! under the feed's lock. So a `kill -9` loses nothing and does nothing twice. A record that somebody else changed in
//! between is left as it is and listed, and so is one that would have new errors.
//!
//! - `operation`: what is done with one record; pure.
//! - `selection`: which records.
//! - `rows`: the tables.

mod importing;
pub mod job;
mod operation;
mod preview;
mod rows;
mod selection;
mod steps;

pub use job::{BatchJob, KIND};
pub use operation::{Applied, Operation, OperationError, Target, VALUE_CHARS};
pub use preview::{PREVIEW_RECORDS, Preview, Sample, preview};
pub use rows::{BatchRow, FAILURES, RecordResult, Results, of_note};
pub use selection::{SEARCH_RECORDS, Selection};

/// Records of one batch.
pub const RECORDS_LIMIT: i64 = 1_000_000;
/// How long a batch that is over is kept, in milliseconds: so long it can be undone.
const KEEP_MS: i64 = 90 * 86_400_000;

/// Where a batch stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BatchState {
    /// Its records are being gathered.
    #[default]
    Gathering,
    /// Records are taken one after the other.
    Working,
    /// Over.
    Done,
}

impl BatchState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Working => "working",
            Self::Done => "done",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "gathering" => Self::Gathering,
            "working" => Self::Working,
            _ => Self::Done,
        }
    }
}

/// What sort of batch it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchKind {
    /// Records of the catalogue are edited or withdrawn.
    Edit,
    /// A batch is undone.
    Undo,
    /// Records of a file come in.
    Import,
    /// An import is tried without publishing anything.
    Trial,
}

impl BatchKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Undo => "undo",
            Self::Import => "import",
            Self::Trial => "trial",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "undo" => Self::Undo,
            "import" => Self::Import,
            "trial" => Self::Trial,
            _ => Self::Edit,
        }
    }
}

/// A batch to begin.
#[derive(Debug, Clone)]
pub struct NewBatch {
    /// The catalogue.
    pub collection: String,
    /// What is done.
    pub operation: Operation,
    /// With which records; of an import, nothing.
    pub selection: Selection,
    /// Public name of who does it.
    pub by: String,
    /// The office that withdraws.
    pub office: String,
    /// Why, in words.
    pub note: String,
}
