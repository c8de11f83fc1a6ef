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
//! | [`opds`] | OPDS 1.2 and 2.0 |
//! | [`syndication`] | RSS 2.0, Atom 1.0 |
//! | [`page`] | schema.org, COinS, unAPI |
//! | [`export`] | lists of records as files |

pub mod cql;
pub mod datestamp;
pub mod diagnostic;
pub mod export;
pub mod harvest;
mod http_date;
pub mod oai;
pub mod opds;
pub mod page;
pub mod sru;
pub mod syndication;

pub mod fuzz;
#[cfg(test)]
mod tests;
mod url;
mod xml;

pub use datestamp::Granularity;
pub use http_date::http_date;
