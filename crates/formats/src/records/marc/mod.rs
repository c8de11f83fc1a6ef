//! MARC 21 and UNIMARC: binary (ISO 2709) and MARCXML.
//!
//! A [`MarcRecord`] keeps the bytes of its fields as they are, so that it can be
//! written back unchanged; text is made of them at the edge ([`text`]).

pub mod build;
mod iso2709;
pub(crate) mod map;
pub mod marc8;
mod marc8_tables;
mod record;
pub mod text;
pub(crate) mod unimarc;
mod xml;

pub(crate) use iso2709::{Iso2709, is_leader};
pub use iso2709::{MAX_MARC_BYTES, parse_iso2709};
pub use map::{Flavour, to_catalogue_plain as to_catalogue};
pub use record::{Field, MarcRecord, Subfield, WriteError};
pub(crate) use record::{MAX_STATED_FIELD, MAX_STATED_RECORD, SUBFIELD};
pub(crate) use xml::MarcXml;
pub use xml::{NAMESPACE, parse_marcxml};
