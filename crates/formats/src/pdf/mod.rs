//! PDF (ISO 32000): text by running each page's drawing instructions and
//! gathering the glyphs; metadata from Info, XMP and the bookmarks.

mod layout;

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_interpret::{
    Context, InterpreterCache, InterpreterSettings,
    hayro_syntax::{
        DecryptionError, LoadPdfError, Pdf,
        object::{Dict, Stream, String as PdfString},
    },
    interpret_page,
    kurbo::{Affine, Rect},
};

use crate::{
    FormatError,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xmp,
};

/// Most bookmarks that are read, and how deep.
const MAX_BOOKMARKS: usize = 2_000;
const MAX_BOOKMARK_DEPTH: usize = 16;
/// Largest XMP packet read, in bytes.
const MAX_XMP_BYTES: usize = 4 << 20;

/// Takes text and metadata from a PDF.
///
/// # Errors
/// [`FormatError::Encrypted`] if it asks for a password, else
/// [`FormatError::Damaged`].
pub fn extract(bytes: Vec<u8>, limits: &Limits) -> Result<Extracted, FormatError> {
    // The reader of PDFs is not ours: should it panic on a page, the file is
    // reported like any other that is damaged.
    catch_unwind(AssertUnwindSafe(|| read(bytes, limits)))
        .unwrap_or_else(|_| Err(FormatError::damaged("its pages can't be followed")))
}

fn read(bytes: Vec<u8>, limits: &Limits) -> Result<Extracted, FormatError> {
    let says_encrypted = memchr::memmem::find(&bytes, b"/Encrypt ").is_some();
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Invalid if says_encrypted => FormatError::Encrypted,
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            FormatError::Unsupported("PDF with an unknown encryption".to_owned())
        }
        LoadPdfError::Decryption(_) => FormatError::Encrypted,
        LoadPdfError::Invalid => FormatError::damaged("not a PDF, or cut off"),
    })?;
    let mut sink = Sink::new(limits);
    metadata(&pdf, &mut sink.doc, limits);
    let pages = pdf.pages();
    sink.doc.pages = u32::try_from(pages.len()).ok();
    if pages.is_empty() {
        return Err(FormatError::damaged("it has no pages"));
    }
    let largest = pages_text(&pdf, &mut sink, limits);
    if sink.doc.text.is_empty() {
        sink.doc.warn(
            "has no text layer: run text recognition (OCR) on it to make it searchable".to_owned(),
        );
    }
    if let Some(largest) = largest {
        sink.doc.offer_title(&largest);
    }
    Ok(sink.finish())
}

/// Gathers the text of all pages; gives the largest line of the first page.
fn pages_text(pdf: &Pdf, sink: &mut Sink<'_>, limits: &Limits) -> Option<String> {
    let cache = InterpreterCache::new();
    let mut largest = None;
    for (number, page) in pdf.pages().iter().enumerate() {
        if number >= limits.max_pages {
            sink.doc.warn(format!(
                "only its first {} pages were read",
                limits.max_pages
            ));
            break;
        }
        if sink.is_full() {
            sink.doc.warn_cut(limits);
            break;
        }
        let mut context = Context::new(
            Affine::IDENTITY,
            Rect::new(0.0, 0.0, 1.0, 1.0),
            &cache,
            pdf.xref(),
            InterpreterSettings::default(),
        );
        let mut glyphs = layout::Glyphs::new(limits);
        let done = catch_unwind(AssertUnwindSafe(|| {
            interpret_page(page, &mut context, &mut glyphs)
        }));
        if done.is_err() {
            sink.doc
                .warn(format!("page {} can't be read whole", number + 1));
        }
        let (text, large) = glyphs.finish();
        sink.lines(&text);
        sink.gap(Gap::Line);
        if number == 0 {
            largest = large;
        }
    }
    largest
}

fn metadata(pdf: &Pdf, doc: &mut Extracted, limits: &Limits) {
    let info = pdf.metadata();
    let text = |value: &Option<Box<[u8]>>| value.as_deref().map(text_string).unwrap_or_default();
    let title = text(&info.title);
    if !is_file_name(&title) {
        doc.offer_title(&title);
    }
    for author in text(&info.author).split(';') {
        doc.add_author(author);
    }
    doc.offer_description(&text(&info.subject));
    doc.add_subjects(&text(&info.keywords));
    if let Some(date) = &info.creation_date {
        doc.offer_year(&format!("{:04}", date.year));
    }
    let xref = pdf.xref();
    let Some(catalog) = xref.get::<Dict<'_>>(xref.root_id()) else {
        return;
    };
    if let Some(language) = catalog.get::<PdfString<'_>>(b"Lang") {
        doc.offer_language(&text_string(language.as_bytes()));
    }
    if let Some(packet) = catalog.get::<Stream<'_>>(b"Metadata")
        && let Ok(bytes) = packet.decoded()
        && bytes.len() <= MAX_XMP_BYTES
    {
        xmp::read(&crate::html::decode_markup(&bytes), doc, limits);
    }
    if let Some(outlines) = catalog.get::<Dict<'_>>(b"Outlines") {
        let mut left = MAX_BOOKMARKS;
        bookmarks(&outlines, doc, limits, 0, &mut left);
    }
}

/// ISO 32000-2 §12.3.3: a tree of items linked by `First` and `Next`. Links may
/// form a ring, so the count is limited.
fn bookmarks(
    parent: &Dict<'_>,
    doc: &mut Extracted,
    limits: &Limits,
    depth: usize,
    left: &mut usize,
) {
    let mut item = parent.get::<Dict<'_>>(b"First");
    while let Some(current) = item {
        if *left == 0 || depth >= MAX_BOOKMARK_DEPTH {
            return;
        }
        *left -= 1;
        if let Some(title) = current.get::<PdfString<'_>>(b"Title") {
            doc.add_heading(&text_string(title.as_bytes()), limits);
        }
        bookmarks(&current, doc, limits, depth + 1, left);
        item = current.get::<Dict<'_>>(b"Next");
    }
}

/// A text string (ISO 32000-2 §7.9.2.2): UTF-16 or UTF-8 with a mark, or else
/// PDFDocEncoding, of which windows-1252 differs in few characters only.
fn text_string(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
    }
}

/// Programs put the name of the file they printed where the title belongs.
fn is_file_name(title: &str) -> bool {
    let title = title.trim().to_ascii_lowercase();
    let title = title.strip_prefix("microsoft word - ").unwrap_or(&title);
    [
        ".doc", ".docx", ".dvi", ".tex", ".indd", ".qxd", ".pdf", ".ps", ".odt", ".rtf", ".xls",
        ".ppt", ".pmd", ".fm",
    ]
    .iter()
    .any(|end| title.ends_with(end))
        || title == "untitled"
}

#[cfg(test)]
mod tests;
