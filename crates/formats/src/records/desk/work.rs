//! The record as it is kept: the body of a publication.

use super::crosswalk;
use super::elements::{DublinCore, Element};
use super::marc::Marc;
use super::stored;
use crate::records::marc::{MarcRecord, WriteError};

/// The most bytes of a work in JSON.
pub const MAX_WORK_BYTES: usize = 1024 * 1024;
/// The most bytes of a record in ISO 2709. The standard allows 99,999; broken
/// ones are longer.
pub const MAX_ORIGINAL_BYTES: usize = 150_000;
/// The most statements of a record in Dublin Core.
pub const MAX_STATEMENTS: usize = 2_000;
/// The most fields of a MARC record; a directory of ISO 2709 has room for 8,330.
pub const MAX_MARC_FIELDS: usize = 8_330;
/// The most files of a work.
pub const MAX_FILES: usize = 500;
/// The most characters of a note, a file's name or its type.
pub const MAX_NOTE_CHARS: usize = 20_000;

/// Why bytes give no work, or a work can't be edited so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkError {
    /// The JSON is not that of a work.
    #[error("the record can't be read ({0}): export it again from the node that it came from")]
    Malformed(String),
    /// A later release wrote it.
    #[error("the record is of version {0}, this release knows up to 1: install a newer release")]
    NewerVersion(u32),
    /// A limit is passed.
    #[error("{what}: {has} is over the limit of {limit}: split the record")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How much there is.
        has: usize,
        /// How much there may be.
        limit: usize,
    },
    /// No fields can be made of bytes that should be MARC.
    #[error("the MARC record is broken: {0}: export it again from its catalogue")]
    Marc(String),
    /// The form for Dublin Core writes MARC 21 only.
    #[error("the record is in UNIMARC: edit its fields as lines")]
    Unimarc,
}

/// The scheme that a work is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Dublin Core.
    DublinCore,
    /// MARC 21 (or UNIMARC, as it came).
    Marc21,
}

/// The record itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Dublin Core; `basis` is the MARC record that it was before, so that
    /// going back to MARC changes the fields of changed elements only.
    DublinCore {
        /// The statements.
        record: DublinCore,
        /// The MARC record before.
        basis: Option<Box<Marc>>,
    },
    /// MARC 21.
    Marc(Marc),
}

/// A file of a work, kept as a blob.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The file's name, as readers save it.
    pub name: String,
    /// Its media type (RFC 6838): `application/pdf`.
    pub media_type: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The BLAKE3 hash of its bytes in 64 lower-case hexadecimal digits.
    pub blake3: String,
}

/// A record with its files: the body of a publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// The record.
    pub body: Body,
    /// Files that readers can open.
    pub files: Vec<Attachment>,
    /// A picture of the cover.
    pub cover: Option<Attachment>,
    /// A note of the cataloguers, for cataloguers.
    pub note: String,
}

impl From<DublinCore> for Work {
    fn from(record: DublinCore) -> Self {
        Self::of(Body::DublinCore {
            record,
            basis: None,
        })
    }
}

impl From<Marc> for Work {
    fn from(marc: Marc) -> Self {
        Self::of(Body::Marc(marc))
    }
}

impl Work {
    fn of(body: Body) -> Self {
        Self {
            body,
            files: Vec::new(),
            cover: None,
            note: String::new(),
        }
    }

    /// Reads a work from its JSON.
    ///
    /// # Errors
    /// See [`WorkError`].
    pub fn from_json(json: &[u8]) -> Result<Self, WorkError> {
        stored::read(json)
    }

    /// Writes the work as JSON; equal works give equal bytes.
    ///
    /// # Errors
    /// [`WorkError::TooLarge`] above [`MAX_WORK_BYTES`] and the other limits, so
    /// that what was written can be read.
    pub fn to_json(&self) -> Result<String, WorkError> {
        stored::write(self)
    }

    /// A work from a record in ISO 2709, with what had to be mended.
    ///
    /// # Errors
    /// See [`Marc::from_iso2709`].
    pub fn from_iso2709(bytes: &[u8]) -> Result<(Self, Vec<String>), WorkError> {
        let (marc, warnings) = Marc::from_iso2709(bytes)?;
        Ok((marc.into(), warnings))
    }

    /// A work from a `record` element of MARCXML.
    ///
    /// # Errors
    /// See [`Marc::from_marcxml`].
    pub fn from_marcxml(bytes: &[u8]) -> Result<Self, WorkError> {
        Marc::from_marcxml(bytes).map(Self::from)
    }

    /// The scheme that the work is kept in.
    pub fn scheme(&self) -> Scheme {
        match &self.body {
            Body::DublinCore { .. } => Scheme::DublinCore,
            Body::Marc(_) => Scheme::Marc21,
        }
    }

    /// The record in Dublin Core: as kept, or in normal form out of MARC.
    pub fn dublin_core(&self) -> DublinCore {
        match &self.body {
            Body::DublinCore { record, .. } => record.clone(),
            Body::Marc(marc) if marc.is_unimarc() => {
                DublinCore::from_catalogue(&self.to_catalogue()).normal()
            }
            Body::Marc(marc) => crosswalk::get(marc.record()),
        }
    }

    /// The record in MARC 21: as kept, or out of Dublin Core.
    pub fn marc(&self) -> Marc {
        match &self.body {
            Body::Marc(marc) => marc.clone(),
            Body::DublinCore {
                record,
                basis: Some(basis),
            } => basis.edited(crosswalk::put(basis.record(), record)),
            Body::DublinCore {
                record,
                basis: None,
            } => Marc::new(crosswalk::to_marc(record)),
        }
    }

    /// The work after its form for Dublin Core was saved. In MARC only the
    /// fields of changed elements change.
    ///
    /// # Errors
    /// [`WorkError::Unimarc`].
    pub fn with_dublin_core(&self, record: DublinCore) -> Result<Self, WorkError> {
        let body = match &self.body {
            Body::Marc(marc) if marc.is_unimarc() => return Err(WorkError::Unimarc),
            Body::Marc(marc) => Body::Marc(marc.edited(crosswalk::put(marc.record(), &record))),
            Body::DublinCore { basis, .. } => Body::DublinCore {
                record,
                basis: basis.clone(),
            },
        };
        Ok(Self {
            body,
            ..self.clone()
        })
    }

    /// The work after its lines of MARC were saved; it is kept in MARC then.
    #[must_use]
    pub fn with_marc(&self, record: MarcRecord) -> Self {
        Self {
            body: Body::Marc(self.marc().edited(record)),
            ..self.clone()
        }
    }

    /// The work in another scheme. Going to Dublin Core keeps the MARC record
    /// as the basis; going back restores what Dublin Core has no place for.
    ///
    /// # Errors
    /// [`WorkError::Unimarc`] for a UNIMARC record to Dublin Core.
    pub fn converted(&self, scheme: Scheme) -> Result<Self, WorkError> {
        let body = match (&self.body, scheme) {
            (Body::Marc(marc), Scheme::DublinCore) if marc.is_unimarc() => {
                return Err(WorkError::Unimarc);
            }
            (Body::Marc(marc), Scheme::DublinCore) => Body::DublinCore {
                record: crosswalk::get(marc.record()),
                basis: Some(Box::new(marc.clone())),
            },
            (Body::DublinCore { .. }, Scheme::Marc21) => Body::Marc(self.marc()),
            (body, _) => body.clone(),
        };
        Ok(Self {
            body,
            ..self.clone()
        })
    }

    /// The title for lists; empty if there is none.
    pub fn title(&self) -> String {
        let record = self.dublin_core();
        record.first(Element::Title).unwrap_or_default().to_owned()
    }

    /// The record in ISO 2709: byte for byte as it came, unless it was edited.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub fn to_iso2709(&self) -> Result<Vec<u8>, WriteError> {
        self.marc().to_iso2709()
    }

    /// The record as a `record` element of MARCXML.
    pub fn to_marcxml(&self) -> String {
        self.marc().to_marcxml()
    }
}
