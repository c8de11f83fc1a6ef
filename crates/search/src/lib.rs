//! One index over everything.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests"
    )
)]

pub mod analysis;
pub mod api;
pub mod local;
pub mod query;
mod search;
pub mod suggest;
pub mod words;

pub use api::*;
pub use local::LocalEngine;
pub use search::cursor::cursor_after;

/// Results of one search that can be paged through.
pub const REACH: usize = 1_000;
