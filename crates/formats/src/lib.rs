//! Bytes of documents in, text and metadata out.
//!
//! A pure library: no network, no global state, no clock. It is meant to run in
//! a child process with limits on memory and time, because its input comes from
//! outside; its own limits ([`Limits`]) keep ordinary trouble (an archive that
//! unpacks without end, elements nested ten thousand deep) from reaching those.
//!
//! [`detect`] names the kind of a file from its first bytes, then from its name;
//! [`extract`] turns it into [`Extracted`]; [`FormatError`] says what a librarian
//! can do about a file that gave nothing. HTML is the hot path (a ZIM archive
//! holds millions of articles): call [`html::extract`] directly for it.
//! [`records`] reads and writes catalogue records, [`exchange`] speaks the
//! protocols by which libraries exchange them.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "tests"
    )
)]

pub mod exchange;
pub mod html;
pub mod records;

pub mod epub;
pub mod image;
pub mod markdown;
pub mod media;
pub mod office;
pub mod pdf;
pub mod text;

mod archive;
mod error;
mod fuzz;
mod kind;
mod model;
mod sink;
mod xml;
mod xmp;

pub use epub::{Epub, epub_chapters, epub_resource};
pub use error::FormatError;
pub use fuzz::{fuzz_html, fuzz_image, fuzz_markdown, fuzz_media, fuzz_pdf, fuzz_text, fuzz_zip};
pub use html::to_reader_html;
pub use kind::{DETECT_BYTES, Kind, detect};
pub use markdown::markdown_to_html;
pub use model::{Extracted, Limits};

use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek},
    path::Path,
};

/// Takes text and metadata from a file.
///
/// # Errors
/// Any of [`FormatError`]; [`FormatError::for_file`] makes the sentence to show.
pub fn extract(kind: Kind, path: &Path, limits: &Limits) -> Result<Extracted, FormatError> {
    read(kind, BufReader::new(File::open(path)?), limits)
}

/// Takes text and metadata from the bytes of a file.
///
/// # Errors
/// As [`extract`].
pub fn extract_bytes(kind: Kind, bytes: &[u8], limits: &Limits) -> Result<Extracted, FormatError> {
    read(kind, Cursor::new(bytes), limits)
}

fn read(
    kind: Kind,
    mut source: impl Read + Seek,
    limits: &Limits,
) -> Result<Extracted, FormatError> {
    match kind {
        Kind::Html => Ok(html::extract(&all(source, limits)?, limits)),
        Kind::Text => Ok(text::extract(&all(source, limits)?, limits)),
        Kind::Markdown => Ok(markdown::extract(&all(source, limits)?, limits)),
        Kind::Pdf => pdf::extract(all(source, limits)?, limits),
        Kind::Epub => epub::extract(source, limits),
        Kind::Docx
        | Kind::Odt
        | Kind::Pptx
        | Kind::Odp
        | Kind::Xlsx
        | Kind::Ods
        | Kind::OldOffice => office::extract(source, limits),
        Kind::Image => {
            // What an image says about itself stands at its beginning.
            let mut head = Vec::new();
            source
                .by_ref()
                .take(image::HEAD_BYTES)
                .read_to_end(&mut head)?;
            Ok(image::extract(&head, limits))
        }
        Kind::Audio | Kind::Video => media::extract(source),
        Kind::Zim => Err(FormatError::OwnCollection("the articles of a ZIM archive")),
        Kind::Marc
        | Kind::MarcXml
        | Kind::DublinCore
        | Kind::Bibtex
        | Kind::Ris
        | Kind::Csv
        | Kind::JsonLines => Err(FormatError::OwnCollection("catalogue records")),
        Kind::Unknown => Err(FormatError::Unsupported("unknown".to_owned())),
    }
}

fn all(source: impl Read, limits: &Limits) -> Result<Vec<u8>, FormatError> {
    let mut bytes = Vec::new();
    source
        .take(limits.max_input_bytes.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits.max_input_bytes {
        return Err(FormatError::TooLarge(format!(
            "at most {} bytes",
            limits.max_input_bytes
        )));
    }
    Ok(bytes)
}
