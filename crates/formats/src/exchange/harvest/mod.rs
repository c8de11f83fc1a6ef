//! OAI-PMH 2.0, the side that harvests: a machine of states without a socket.
//!
//! [`Harvest::request`] says what to fetch and how long to wait before;
//! [`Harvest::answer`] takes what came and gives a page of records, whole or not at
//! all. Whoever drives it stores the records and the state in one transaction: the
//! state is plain data, and goes on after a restart where it was. Redirects,
//! `Content-Encoding` and time are the driver's.
//!
//! Rules that a hostile or broken repository meets: every page, list, wait and
//! retry has a limit ([`Limits`]); a token that comes a second time, pages without
//! anything new, entities, and XML that is not well-formed to its end are refused
//! with the reason.

mod answer;
mod scan;
mod state;

pub use answer::{
    Answer, Body, Harvested, Identity, PageError, ResumptionToken, SetEntry, read_answer,
};
pub use state::{Fetch, Harvest, HarvestError, Page, Source, Step};

use serde::{Deserialize, Serialize};

/// What is too much.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of one answer, unpacked.
    pub max_page_bytes: usize,
    /// Elements within elements.
    pub max_depth: usize,
    /// Elements of one answer.
    pub max_elements: usize,
    /// Bytes of one record's metadata.
    pub max_metadata_bytes: usize,
    /// Pages of one harvest.
    pub max_pages: u64,
    /// Records of one harvest.
    pub max_records: u64,
    /// Pages without anything new, one after the other.
    pub max_idle_pages: u32,
    /// Answers of no use, one after the other.
    pub max_failures: u32,
    /// How often a list is begun anew because its token was refused.
    pub max_restarts: u32,
    /// The longest wait that a repository can ask for, in seconds.
    pub max_wait_s: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_page_bytes: 32 << 20,
            max_depth: 64,
            max_elements: 2_000_000,
            max_metadata_bytes: 8 << 20,
            max_pages: 1_000_000,
            max_records: 100_000_000,
            max_idle_pages: 8,
            max_failures: 6,
            max_restarts: 3,
            max_wait_s: 6 * 3_600,
        }
    }
}
