//! Messages: structure, header fields, text (RFC 5322, RFC 2045 to 2047, RFC 2231).
//!
//! - [`Scanner`] takes a message's bytes in any pieces and gives a [`Scanned`]: the tree of parts with exact ranges
//!   ([`Structure`]), the header fields that others need ([`Summary`]), and a preview. Its memory is bounded however
//!   large the message is, and it never fails: of broken MIME it makes the best that it can.
//! - [`envelope()`] and [`bodystructure()`] write what IMAP sends of a message.
//! - [`words`], [`address`], [`date`], [`subject`], [`ids`] read the values of header fields; [`transfer`],
//!   [`charset`], [`text`] read bodies.
//! - [`compose`] writes messages.
//!
//! The scanner keeps header values as they stand (unfolded, RFC 2047 left encoded); bytes that are not UTF-8 are turned
//! into UTF-8 by a guess, for everything after it is text.

pub mod address;
mod body_structure;
pub mod charset;
pub mod compose;
pub mod date;
mod envelope;
mod fields;
pub mod fuzz;
pub mod ids;
mod scan;
mod structure;
pub mod subject;
pub mod text;
pub mod transfer;
pub mod words;

#[cfg(test)]
mod tests;

pub use address::{Address, Mailbox};
pub use body_structure::bodystructure;
pub use date::Date;
pub use envelope::{Envelope, EnvelopeFields, envelope};
pub use fields::{MAX_PARAMETERS, MediaType, media_type, parameters};
pub use scan::{
    MAX_BOUNDARY_BYTES, MAX_DEPTH, MAX_FIELD_BYTES, MAX_KEPT_BYTES, MAX_LINE_KEPT_BYTES, MAX_PARTS,
    Scanned, Scanner,
};
pub use structure::{Body, Disposition, Encoding, Part, Span, Structure, Summary};
pub use transfer::Decoder;
