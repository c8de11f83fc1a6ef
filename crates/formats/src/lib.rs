//! Bytes of documents in, text and metadata out.
//!
//! A pure library: no network, no global state, no clock. It is meant to run in
//! a child process with limits on memory and time, because its input comes from
//! outside; its own limits ([`Limits`]) keep ordinary trouble (an archive that
//! unpacks without end, elements nested ten thousand deep) from reaching those.
//!
//! [`detect`] names the kind of a file from its first bytes, then from its name;
//! [`extract`] turns it into [`Extracted`]; [`FormatError`] says what a librarian
//! can do about a file that gave nothing. HTML is the hot path (a ZIM archive
//! holds millions of articles): call [`html::extract`] directly for it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "tests"
    )
)]

pub mod html;
pub mod records;

mod error;
mod model;

pub use error::FormatError;
pub use model::{Extracted, Limits};
