//! The protocols by which libraries exchange records: bytes and values in, bytes
//! and values out. No sockets, no rows, no clock: whoever serves a protocol
//! parses the request here, fetches the records, and writes the answer here.
//!
//! | module | protocol |
//! |---|---|
//! | [`oai`] | OAI-PMH 2.0, the side that is harvested |
//! | [`harvest`] | OAI-PMH 2.0, the side that harvests |

pub mod datestamp;
pub mod harvest;
pub mod oai;

pub mod fuzz;
#[cfg(test)]
mod tests;
mod url;
mod xml;

pub use datestamp::Granularity;
