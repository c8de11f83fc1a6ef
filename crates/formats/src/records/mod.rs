//! Catalogue records in and out: MARC, MARCXML, Dublin Core, BibTeX, RIS, CSV
//! and JSON Lines as a stream of [`CatalogueRecord`]s.
//!
//! [`detect_records`] names the format of a file from its first bytes and its
//! name, [`open()`] gives a [`RecordReader`], [`open_at`] goes on where an
//! interrupted import stopped. A reader never holds more than one record
//! ([`MAX_RECORD_BYTES`]); a record that cannot be read is reported with its
//! number, its place and its reason, and the rest goes on. Every record knows
//! its place in the source ([`Located`]), so that the original can be shown.
//! [`cite`] writes records out; [`desk`] edits them.

pub mod cite;
pub mod desk;
pub mod dublin_core;
pub mod identifiers;
pub mod languages;
pub mod marc;

mod bibtex;
mod columns;
mod detect;
pub mod fuzz;
mod latex;
mod lines;
mod model;
mod open;
mod reader;
mod ris;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod window;
mod xml;

use serde::{Deserialize, Serialize};

pub use columns::Target;
pub use detect::detect_records;
pub use model::{CatalogueRecord, Identifier, Name, WorkKind};
pub use open::{Mapping, MappingError, open, open_at};
pub use reader::{Located, MAX_RECORD_BYTES, MAX_WARNINGS, RecordError, RecordReader};
pub(crate) use xml::{escape as escape_xml, stated_encoding};

/// The name under which a kind is kept (`conference-paper`), from a word for it.
pub(crate) fn kind_word_of(text: &str) -> Option<String> {
    let kind = dublin_core::kind_of(text);
    if kind == WorkKind::Other {
        return None;
    }
    let value = serde_json::to_value(kind).ok()?;
    value.as_str().map(str::to_owned)
}

/// The formats of records that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordKind {
    /// MARC 21 or UNIMARC in ISO 2709.
    Marc,
    /// MARC 21 or UNIMARC in XML.
    MarcXml,
    /// Dublin Core in XML: `oai_dc`, RDF, or plain elements.
    DublinCore,
    /// BibTeX and BibLaTeX.
    BibTex,
    /// RIS.
    Ris,
    /// A table with a header row, its cells parted by comma, semicolon or tab.
    Csv,
    /// One JSON object a line.
    JsonLines,
}
