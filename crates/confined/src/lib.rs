//! Reading what comes from outside, in a child process with limits on memory and time.
//!
//! The child is this program again, started with another command: it has nothing of the node's surroundings, no more memory
//! than it is given, and a parent that ends it when it is silent for too long ([`child`]). It reads a request from its
//! standard input (four bytes of length, little endian, then JSON) and writes frames to its standard output (four bytes of
//! length, then postcard; [`inside`]). What requests and frames say is the matter of who starts it:
//!
//! - [`text`]: the text of documents whose bytes the parent sends, one after the other.
//! - The library's imports have their own (`lampion_library::extract`).
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

pub mod child;
pub mod inside;
pub mod text;

pub use child::{Child, Silence, Worker};

/// The largest frame, in bytes; what is in one is limited far below it.
const FRAME_LIMIT: usize = 256 << 20;
/// The largest request, in bytes.
const REQUEST_LIMIT: usize = 1 << 20;
