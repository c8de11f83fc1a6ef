//! Reading content from outside, in a child process with limits.
//!
//! The child (`lampion extract`, [`child`]) reads a [`Request`] from its standard input and writes [`Frame`]s to its
//! standard output, as [`lampion_confined`] says. The parent ([`process`]) hands them to the import. If the child dies or stalls, the item that it was at is listed as failed and another child goes on after it.

pub mod child;
mod files;
mod harvested;
pub mod process;
pub(crate) mod records;
mod zim;

use std::path::PathBuf;

use lampion_search::Document;
use serde::{Deserialize, Serialize};

pub use harvested::HarvestedLine;
pub use zim::address as address_in;

use crate::model::Kind;

/// The most text of one document that is indexed, in bytes.
const TEXT_LIMIT: usize = 16 << 20;

/// What the child is to do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Request {
    /// Sort of content.
    pub kind: Kind,
    /// File or folder.
    pub path: PathBuf,
    /// The file's name, if `path` doesn't tell it (a blob).
    pub name: String,
    /// Go on after this cursor; empty from the start.
    pub cursor: String,
    /// Item that made a child before fail: pass over it.
    pub skip: String,
    /// Told format of records.
    pub format: String,
    /// Column mapping of records.
    pub mapping: String,
    /// Before a file is read, ask by its hash whether it is needed.
    pub ask: bool,
    /// Tell each item before it is read: a child before died without saying where.
    pub careful: bool,
    /// Limit on the child's memory, in bytes.
    pub memory_bytes: u64,
    /// Stop after so many items; 0 for all (dry run, one document).
    pub limit: u64,
}

/// What the child tells.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Frame {
    /// What the source says about itself.
    About(About),
    /// How much there is: items and bytes; 0 if unknown.
    Plan {
        /// Items in all.
        items: u64,
        /// Bytes in all.
        bytes: u64,
    },
    /// Work on an item begins.
    Begin {
        /// Its name.
        item: String,
        /// Cursor after it.
        cursor: String,
    },
    /// Is this item needed? Answered by a byte on the child's standard input: 1 for yes.
    Ask {
        /// The document's key.
        key: String,
        /// Its hash.
        hash: u64,
    },
    /// A document.
    Item {
        /// The document.
        document: Box<Document>,
        /// Cursor after it.
        cursor: String,
        /// Bytes done in all.
        bytes: u64,
    },
    /// Another title of a document.
    Alias {
        /// The title.
        title: String,
        /// The document's key.
        key: String,
    },
    /// An item that is no document by itself, or was not needed.
    Passed {
        /// Cursor after it.
        cursor: String,
        /// Bytes done in all.
        bytes: u64,
    },
    /// An item that failed; the rest goes on.
    Failed {
        /// Its name.
        item: String,
        /// Why, and what to do.
        reason: String,
        /// Cursor after it.
        cursor: String,
        /// Bytes done in all.
        bytes: u64,
    },
    /// A warning about an item that was read.
    Warned {
        /// Its name.
        item: String,
        /// What.
        reason: String,
    },
    /// The whole source can't be read.
    Broken(String),
    /// All is done.
    End,
}

/// What a source says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Language tags, comma separated.
    pub language: String,
    /// Who made it.
    pub creator: String,
    /// Web site that it was made from.
    pub origin: String,
    /// Path of the main page.
    pub main_path: String,
    /// Cover picture and its type.
    pub cover: Option<(String, Vec<u8>)>,
    /// Bytes of the content.
    pub size_bytes: u64,
}

/// A hash of all that matters of a document.
fn document_hash(document: &Document) -> u64 {
    let mut hasher = blake3::Hasher::new();
    let year = document.year.unwrap_or(i32::MIN).to_le_bytes();
    for part in [
        &document.title,
        &document.headings,
        &document.body,
        &document.kind,
        &document.meta,
    ] {
        hasher.update(part.as_bytes());
        hasher.update(&[0]);
    }
    for part in document
        .authors
        .iter()
        .chain(&document.subjects)
        .chain(&document.language)
    {
        hasher.update(part.as_bytes());
        hasher.update(&[1]);
    }
    hasher.update(&year);
    short_hash(&hasher.finalize())
}

fn short_hash(hash: &blake3::Hash) -> u64 {
    let mut bytes = [0u8; 8];
    for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    u64::from_le_bytes(bytes)
}
