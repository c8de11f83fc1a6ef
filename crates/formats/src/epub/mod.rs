//! EPUB 2 and 3 (W3C EPUB 3.3): a zip archive of web pages, and the package
//! document that puts them in order.

mod package;

use std::{
    fs::File,
    io::{BufReader, Read, Seek},
    path::Path,
};

use crate::{
    FormatError,
    archive::Archive,
    html,
    model::{Extracted, Limits},
    sink::Sink,
};
use package::Book;

/// Takes text and metadata from an EPUB, chapters in reading order.
///
/// # Errors
/// [`FormatError::Encrypted`] if its chapters are locked (DRM), else
/// [`FormatError::Damaged`] or [`FormatError::TooLarge`].
pub fn extract(source: impl Read + Seek, limits: &Limits) -> Result<Extracted, FormatError> {
    let mut archive = Archive::open(source, limits)?;
    let book = Book::open(&mut archive, limits)?;
    let mut sink = Sink::new(limits);
    sink.doc = book.about.clone();
    let mut read = 0_usize;
    for href in &book.spine {
        if sink.is_full() {
            sink.doc.warn_cut(limits);
            break;
        }
        match archive.read(href) {
            Ok(Some(bytes)) => {
                read += 1;
                if !is_picture(&bytes) {
                    sink.part(html::extract(&bytes, limits));
                }
            }
            Ok(None) => sink
                .doc
                .warn(format!("chapter `{href}` is missing inside it")),
            Err(error) => sink.doc.warn(format!("chapter `{href}` inside it {error}")),
        }
    }
    if read == 0 {
        return Err(FormatError::damaged("none of its chapters can be read"));
    }
    Ok(sink.finish())
}

/// A page that is a picture and nothing else has no text.
fn is_picture(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\xff\xd8\xff")
        || bytes.starts_with(b"\x89PNG")
        || bytes.starts_with(b"GIF8")
}

/// An EPUB, open for reading page by page.
pub struct Epub {
    archive: Archive<BufReader<File>>,
    book: Book,
}

impl Epub {
    /// Opens a book.
    ///
    /// # Errors
    /// As [`extract`].
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, FormatError> {
        let mut archive = Archive::open(BufReader::new(File::open(path)?), limits)?;
        let book = Book::open(&mut archive, limits)?;
        Ok(Self { archive, book })
    }

    /// The chapters in reading order: their place inside the book, and their
    /// title from the table of contents, or else that place.
    #[must_use]
    pub fn chapters(&self) -> Vec<(String, String)> {
        let title = |href: &String| self.book.titles.get(href).unwrap_or(href).clone();
        self.book
            .spine
            .iter()
            .map(|href| (href.clone(), title(href)))
            .collect()
    }

    /// One resource of the book: its media type and its bytes. Only what the book
    /// lists can be asked for.
    ///
    /// # Errors
    /// [`FormatError::Damaged`] if the book has no such resource, or as [`extract`].
    pub fn resource(&mut self, href: &str) -> Result<(String, Vec<u8>), FormatError> {
        let path = href.split(['#', '?']).next().unwrap_or(href);
        let Some(mime) = self.book.manifest.get(path) else {
            return Err(FormatError::damaged(format!(
                "`{path}` is not part of the book"
            )));
        };
        match self.archive.read(path)? {
            Some(bytes) => Ok((mime.clone(), bytes)),
            None => Err(FormatError::damaged(format!(
                "`{path}` is missing inside it"
            ))),
        }
    }

    /// The cover: media type and bytes.
    ///
    /// # Errors
    /// As [`Epub::resource`].
    pub fn cover(&mut self) -> Result<Option<(String, Vec<u8>)>, FormatError> {
        match self.book.cover.clone() {
            Some(href) => self.resource(&href).map(Some),
            None => Ok(None),
        }
    }
}

/// The chapters of the book at `path`, see [`Epub::chapters`].
///
/// # Errors
/// As [`extract`].
pub fn epub_chapters(path: &Path) -> Result<Vec<(String, String)>, FormatError> {
    Ok(Epub::open(path, &Limits::default())?.chapters())
}

/// One resource of the book at `path`, see [`Epub::resource`].
///
/// # Errors
/// As [`Epub::resource`].
pub fn epub_resource(path: &Path, href: &str) -> Result<(String, Vec<u8>), FormatError> {
    Epub::open(path, &Limits::default())?.resource(href)
}

#[cfg(test)]
mod tests;
