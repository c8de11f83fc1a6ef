//! An answer of a repository, read whole or not at all.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Limits;
use super::scan::{Scanner, Tag, Token};
use crate::exchange::datestamp::{self, Granularity};
use crate::exchange::oai::MetadataFormat;
use crate::records::stated_encoding;

/// The longest token of a repository that is kept.
const MAX_TOKEN_BYTES: usize = 16 << 10;
/// The longest identifier that is kept.
const MAX_IDENTIFIER_BYTES: usize = 4 << 10;
/// The most sets of one record, and elements about it.
const MAX_PER_RECORD: usize = 10_000;
const ROOT: &str = "OAI-PMH";

/// Why an answer is of no use.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PageError {
    /// The document does not end as it should.
    #[error("the answer breaks off: fetch it again")]
    Truncated,
    /// Longer than the limit, in bytes.
    #[error("the answer has more than {0} bytes")]
    TooLong(usize),
    /// Not in the encoding that it says.
    #[error("the answer is not {encoding} throughout (byte {at})")]
    Encoding {
        /// The encoding.
        encoding: &'static str,
        /// The first byte that is wrong.
        at: usize,
    },
    /// An encoding that is not known, or UTF-16.
    #[error("the answer can't be read: {0}")]
    UnknownEncoding(String),
    /// A document type can define entities that unfold without end.
    #[error("the answer holds a document type declaration, which OAI-PMH has no use for")]
    DocumentType,
    /// An entity that XML does not define.
    #[error("the answer uses the entity `{0}`, which XML does not define")]
    Entity(String),
    /// Elements in elements.
    #[error("the answer nests elements deeper than {0}")]
    TooDeep(usize),
    /// More elements than the limit.
    #[error("the answer has more than {0} elements")]
    TooManyElements(usize),
    /// One record is longer than the limit, in bytes.
    #[error("the metadata of a record has more than {0} bytes")]
    MetadataTooLong(usize),
    /// Not well-formed, or not as the schema of OAI-PMH says.
    #[error("the answer is not well-formed: {0}")]
    Malformed(String),
    /// Some other document.
    #[error("the answer is no answer of OAI-PMH 2.0 but `{0}`: check the address")]
    OtherDocument(String),
}

/// A repository about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Its address, as it says.
    pub base_url: String,
    /// `2.0`.
    pub version: String,
    /// How fine its datestamps are.
    pub granularity: Granularity,
    /// The earliest datestamp, as it writes it.
    pub earliest: String,
    /// `no`, `transient` or `persistent`: whether it says what was deleted.
    pub deleted: String,
}

/// A set of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetEntry {
    /// Its name in requests.
    pub spec: String,
    /// Its name for people.
    pub name: String,
}

/// A record, or only its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Harvested {
    /// Its identifier.
    pub identifier: String,
    /// When it last changed, as the repository writes it.
    pub datestamp: String,
    /// The sets that it is in.
    pub sets: Vec<String>,
    /// Whether it was deleted: it has no metadata then.
    pub deleted: bool,
    /// One element of XML that stands by itself, as it came.
    pub metadata: Option<String>,
    /// Elements of XML about the metadata.
    pub about: Vec<String>,
}

/// The end of a part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumptionToken {
    /// What to ask with for the next part; None at the end.
    pub token: Option<String>,
    /// How many there are in all.
    pub list_size: Option<u64>,
    /// How many were given before this part.
    pub cursor: Option<u64>,
}

/// What an answer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Codes, as the protocol writes them, and words.
    Errors(Vec<(String, String)>),
    /// The repository about itself.
    Identify(Identity),
    /// Its formats.
    Formats(Vec<MetadataFormat>),
    /// Its sets.
    Sets(Vec<SetEntry>, Option<ResumptionToken>),
    /// Records or headers.
    Records(Vec<Harvested>, Option<ResumptionToken>),
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The repository's time, in milliseconds since 1970, where it can be read;
    /// never later than it was.
    pub response_ms: Option<i64>,
    /// What it holds.
    pub body: Body,
}

/// Reads an answer of a repository to any of the six verbs.
///
/// # Errors
/// Nothing of an answer that is broken anywhere is given.
pub fn read_answer(bytes: &[u8], limits: &Limits) -> Result<Answer, PageError> {
    if bytes.len() > limits.max_page_bytes {
        return Err(PageError::TooLong(limits.max_page_bytes));
    }
    let text = decoded(bytes)?;
    let mut scanner = Scanner::new(&text, limits)?;
    match root(&mut scanner)? {
        Some(tag) if tag.is(ROOT) => {}
        Some(tag) => {
            return Err(PageError::OtherDocument(
                tag.name.chars().take(60).collect(),
            ));
        }
        None => return Err(PageError::Truncated),
    }
    let mut response_ms = None;
    let mut errors = Vec::new();
    let mut body = None;
    while let Some(tag) = child(&mut scanner)? {
        match tag.oai.as_deref() {
            Some("responseDate") => {
                response_ms = datestamp::parse_loosely(&scanner.text()?);
            }
            Some("error") => {
                let code = tag.attribute("code").unwrap_or_default().to_owned();
                errors.push((code, scanner.text()?));
            }
            Some("Identify") => body = Some(Body::Identify(identity(&mut scanner)?)),
            Some("ListMetadataFormats") => body = Some(Body::Formats(formats(&mut scanner)?)),
            Some("ListSets") => {
                let (sets, token) = sets(&mut scanner)?;
                body = Some(Body::Sets(sets, token));
            }
            Some("ListRecords" | "ListIdentifiers" | "GetRecord") => {
                let (records, token) = records(&mut scanner)?;
                body = Some(Body::Records(records, token));
            }
            _ => scanner.skip()?,
        }
    }
    // The document has to end well before anything of it counts.
    while scanner.next()?.is_some() {}
    let body = if errors.is_empty() {
        body.ok_or_else(|| PageError::Malformed("it holds neither an answer nor an error".into()))?
    } else {
        Body::Errors(errors)
    };
    Ok(Answer { response_ms, body })
}

/// OAI-PMH wants UTF-8 (§3.2); what says that it is in another encoding, and is, will do.
fn decoded(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, PageError> {
    let encoding = stated_encoding(bytes).map_err(PageError::UnknownEncoding)?;
    if encoding == encoding_rs::UTF_8 {
        return std::str::from_utf8(bytes)
            .map(Into::into)
            .map_err(|error| PageError::Encoding {
                encoding: "UTF-8",
                at: error.valid_up_to(),
            });
    }
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(PageError::Encoding {
            encoding: encoding.name(),
            at: 0,
        })
}

fn root(scanner: &mut Scanner<'_>) -> Result<Option<Tag>, PageError> {
    child(scanner)
}

/// The next element in the one that is open; None at its end.
fn child(scanner: &mut Scanner<'_>) -> Result<Option<Tag>, PageError> {
    loop {
        match scanner.next()? {
            Some(Token::Start(tag)) => return Ok(Some(tag)),
            Some(Token::Text(_)) => {}
            Some(Token::End) | None => return Ok(None),
        }
    }
}

fn identity(scanner: &mut Scanner<'_>) -> Result<Identity, PageError> {
    let mut out = Identity {
        name: String::new(),
        base_url: String::new(),
        version: String::new(),
        granularity: Granularity::Days,
        earliest: String::new(),
        deleted: "no".to_owned(),
    };
    while let Some(tag) = child(scanner)? {
        match tag.oai.as_deref() {
            Some("repositoryName") => out.name = scanner.text()?,
            Some("baseURL") => out.base_url = scanner.text()?,
            Some("protocolVersion") => out.version = scanner.text()?,
            Some("earliestDatestamp") => out.earliest = scanner.text()?,
            Some("deletedRecord") => out.deleted = scanner.text()?,
            Some("granularity") => {
                // Days are what every repository understands (§2.7.1).
                if scanner.text()?.contains('T') {
                    out.granularity = Granularity::Seconds;
                }
            }
            _ => scanner.skip()?,
        }
    }
    Ok(out)
}

fn formats(scanner: &mut Scanner<'_>) -> Result<Vec<MetadataFormat>, PageError> {
    let mut out = Vec::new();
    while let Some(tag) = child(scanner)? {
        if !tag.is("metadataFormat") {
            scanner.skip()?;
            continue;
        }
        let mut format = MetadataFormat {
            prefix: String::new(),
            schema: String::new(),
            namespace: String::new(),
        };
        while let Some(tag) = child(scanner)? {
            match tag.oai.as_deref() {
                Some("metadataPrefix") => format.prefix = scanner.text()?,
                Some("schema") => format.schema = scanner.text()?,
                Some("metadataNamespace") => format.namespace = scanner.text()?,
                _ => scanner.skip()?,
            }
        }
        out.push(format);
    }
    Ok(out)
}

type Listed<T> = (Vec<T>, Option<ResumptionToken>);

fn sets(scanner: &mut Scanner<'_>) -> Result<Listed<SetEntry>, PageError> {
    let (mut out, mut token) = (Vec::new(), None);
    while let Some(tag) = child(scanner)? {
        match tag.oai.as_deref() {
            Some("set") => {
                let mut set = SetEntry {
                    spec: String::new(),
                    name: String::new(),
                };
                while let Some(tag) = child(scanner)? {
                    match tag.oai.as_deref() {
                        Some("setSpec") => set.spec = scanner.text()?,
                        Some("setName") => set.name = scanner.text()?,
                        _ => scanner.skip()?,
                    }
                }
                out.push(set);
            }
            Some("resumptionToken") => token = Some(resumption(scanner, &tag)?),
            _ => scanner.skip()?,
        }
    }
    Ok((out, token))
}

fn records(scanner: &mut Scanner<'_>) -> Result<Listed<Harvested>, PageError> {
    let (mut out, mut token) = (Vec::new(), None);
    while let Some(tag) = child(scanner)? {
        match tag.oai.as_deref() {
            Some("record") => out.push(record(scanner)?),
            Some("header") => out.push(header(scanner, &tag)?),
            Some("resumptionToken") => token = Some(resumption(scanner, &tag)?),
            _ => scanner.skip()?,
        }
    }
    Ok((out, token))
}

fn resumption(scanner: &mut Scanner<'_>, tag: &Tag) -> Result<ResumptionToken, PageError> {
    let number = |name: &str| {
        tag.attribute(name)
            .and_then(|text| text.trim().parse().ok())
    };
    let (list_size, cursor) = (number("completeListSize"), number("cursor"));
    let text = scanner.text()?;
    if text.len() > MAX_TOKEN_BYTES {
        return Err(PageError::Malformed(format!(
            "its resumption token has more than {MAX_TOKEN_BYTES} bytes"
        )));
    }
    Ok(ResumptionToken {
        token: Some(text).filter(|text| !text.is_empty()),
        list_size,
        cursor,
    })
}

fn header(scanner: &mut Scanner<'_>, tag: &Tag) -> Result<Harvested, PageError> {
    let mut out = Harvested {
        identifier: String::new(),
        datestamp: String::new(),
        sets: Vec::new(),
        deleted: tag.attribute("status") == Some("deleted"),
        metadata: None,
        about: Vec::new(),
    };
    while let Some(tag) = child(scanner)? {
        match tag.oai.as_deref() {
            Some("identifier") => out.identifier = scanner.text()?,
            Some("datestamp") => out.datestamp = scanner.text()?,
            Some("setSpec") => {
                out.sets.push(scanner.text()?);
                few(out.sets.len())?;
            }
            _ => scanner.skip()?,
        }
    }
    if out.identifier.is_empty() || out.identifier.len() > MAX_IDENTIFIER_BYTES {
        return Err(PageError::Malformed(format!(
            "a record's identifier must have 1 to {MAX_IDENTIFIER_BYTES} bytes"
        )));
    }
    Ok(out)
}

fn few(count: usize) -> Result<(), PageError> {
    if count > MAX_PER_RECORD {
        return Err(PageError::Malformed(format!(
            "a record has more than {MAX_PER_RECORD} sets or elements about it"
        )));
    }
    Ok(())
}

fn record(scanner: &mut Scanner<'_>) -> Result<Harvested, PageError> {
    let mut out = None;
    let mut metadata = None;
    let mut about = Vec::new();
    while let Some(tag) = child(scanner)? {
        match tag.oai.as_deref() {
            Some("header") => out = Some(header(scanner, &tag)?),
            Some("metadata") => {
                while let Some(tag) = child(scanner)? {
                    if metadata.is_some() {
                        return Err(PageError::Malformed(
                            "a record's metadata has two roots".to_owned(),
                        ));
                    }
                    metadata = Some(scanner.cut(&tag)?);
                }
            }
            Some("about") => {
                while let Some(tag) = child(scanner)? {
                    about.push(scanner.cut(&tag)?);
                    few(about.len())?;
                }
            }
            _ => scanner.skip()?,
        }
    }
    let mut out = out.ok_or_else(|| PageError::Malformed("a record has no header".to_owned()))?;
    if !out.deleted {
        out.metadata = metadata;
    }
    out.about = about;
    Ok(out)
}
