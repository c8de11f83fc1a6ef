//! The protocols by which libraries exchange records: bytes and values in, bytes
//! and values out. No sockets, no rows, no clock: whoever serves a protocol
//! parses the request here, fetches the records, and writes the answer here.
//!
//! | module | protocol |
//! |---|---|
//! | [`oai`] | OAI-PMH 2.0, the side that is harvested |
//! | [`harvest`] | OAI-PMH 2.0, the side that harvests |
//! | [`cql`] | CQL 1.2, the query language of SRU |
//! | [`sru`] | SRU 1.2 and 1.1 |

pub mod cql;
pub mod datestamp;
pub mod diagnostic;
pub mod harvest;
pub mod oai;
pub mod sru;

pub mod fuzz;
#[cfg(test)]
mod tests;
mod url;
mod xml;

pub use datestamp::Granularity;
