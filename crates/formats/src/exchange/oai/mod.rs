//! OAI-PMH 2.0, the side that is harvested
//! (<http://www.openarchives.org/OAI/openarchivesprotocol.html>).
//!
//! [`Request::parse`] reads the arguments of a request, by GET or POST, against a
//! [`Repository`]; whoever serves it fetches what [`Request::verb`] asks for and
//! writes the answer: [`identify`], [`formats`], [`ListAnswer`], [`SetsAnswer`],
//! [`get_record`], or [`error`]. All answers have status 200 and are
//! [`CONTENT_TYPE`]. Records are listed in the order of datestamp and key, so
//! that a [`Position`] is all that a resumption token needs: tokens hold no state
//! of the server, and survive its restart and changes to the list.

mod answer;
mod metadata;
mod request;
mod token;

pub use answer::{
    Header, ListAnswer, Record, Set, SetsAnswer, error, formats, get_record, identify,
};
pub use metadata::{MetadataFormat, metadata, with_schema};
pub use request::{Echo, ErrorCode, OaiError, Refusal, Request, Selection, Verb};
pub use token::{MAX_TOKEN_BYTES, Position, Token};

use super::datestamp::Granularity;

/// The media type of every answer.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";
/// The namespace of answers.
pub const NAMESPACE: &str = "http://www.openarchives.org/OAI/2.0/";

/// What `Identify` says, and what requests are held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The name for people.
    pub name: String,
    /// The address to which requests go, without a query.
    pub base_url: String,
    /// Addresses of mail; at least one.
    pub admin_emails: Vec<String>,
    /// No datestamp is earlier, in milliseconds since 1970.
    pub earliest_ms: i64,
    /// How fine datestamps are.
    pub granularity: Granularity,
    /// The domain name in identifiers: `hill.internal` in `oai:hill.internal:42`.
    pub domain: String,
    /// The local part of some record's identifier, as an example.
    pub sample: String,
    /// The formats in which every record can be had.
    pub formats: Vec<MetadataFormat>,
    /// Whether there are sets.
    pub has_sets: bool,
}

impl Repository {
    /// The identifier of a record: `oai:hill.internal:42`
    /// (<http://www.openarchives.org/OAI/2.0/guidelines-oai-identifier.htm>).
    #[must_use]
    pub fn identifier(&self, local: &str) -> String {
        let mut out = format!("oai:{}:", self.domain);
        for byte in local.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'();/?:@&=+$,".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    }

    /// The local part of an identifier of this repository.
    #[must_use]
    pub fn local(&self, identifier: &str) -> Option<String> {
        let local = identifier
            .strip_prefix("oai:")?
            .strip_prefix(self.domain.as_str())?
            .strip_prefix(':')?;
        let mut bytes = Vec::with_capacity(local.len());
        let mut rest = local.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            match after.get(..2) {
                Some(digits) if *first == b'%' => {
                    let digits = std::str::from_utf8(digits).ok()?;
                    if !digits.bytes().all(|one| one.is_ascii_hexdigit()) {
                        return None;
                    }
                    bytes.push(u8::from_str_radix(digits, 16).ok()?);
                    rest = after.get(2..)?;
                }
                _ => {
                    bytes.push(*first);
                    rest = after;
                }
            }
        }
        let local = String::from_utf8(bytes).ok()?;
        (!local.is_empty()).then_some(local)
    }

    /// The format with a prefix.
    #[must_use]
    pub fn format(&self, prefix: &str) -> Option<&MetadataFormat> {
        self.formats.iter().find(|one| one.prefix == prefix)
    }

    /// Whether the domain is one that the schema of identifiers allows.
    fn has_domain(&self) -> bool {
        let labels: Vec<&str> = self.domain.split('.').collect();
        labels.len() > 1
            && labels.iter().all(|label| {
                label.starts_with(|one: char| one.is_ascii_alphabetic())
                    && label
                        .bytes()
                        .all(|one| one.is_ascii_alphanumeric() || one == b'-')
            })
    }
}
