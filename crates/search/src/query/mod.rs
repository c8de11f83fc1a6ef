//! What a person typed, and what the index is asked.

pub(crate) mod compile;
mod near;
mod parse;
pub(crate) mod plan;
pub(crate) mod reading;
pub(crate) mod words;

pub use parse::{Atom, Clause, MAX_QUERY_BYTES, QueryField, parse};
