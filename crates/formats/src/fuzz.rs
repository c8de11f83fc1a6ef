//! One entry for each reader of outside bytes: any input must return, without a
//! panic, with text inside its limits.

use std::io::Cursor;

use crate::{
    FormatError, Kind, detect, epub, html, image, markdown, media,
    model::{Extracted, Limits},
    office, pdf, text,
};

/// Small limits, so that a run meets them.
fn limits() -> Limits {
    Limits {
        max_text_bytes: 64 << 10,
        max_unpacked_bytes: 4 << 20,
        max_archive_entries: 200,
        max_pages: 20,
        ..Limits::default()
    }
}

fn check(result: Result<Extracted, FormatError>) {
    if let Ok(doc) = result {
        assert!(doc.text.len() <= limits().max_text_bytes);
        assert!(
            !doc.text
                .chars()
                .any(|c| c.is_ascii_control() && c != '\n' && c != '\t')
        );
    }
}

/// HTML, and the reader view of it.
pub fn fuzz_html(data: &[u8]) {
    check(Ok(html::extract(data, &limits())));
    let view = html::to_reader_html(&String::from_utf8_lossy(data), &|link| {
        Some(link.to_owned())
    });
    assert!(!view.contains("<script") && !view.contains("<style"));
}

/// Archives: EPUB and office files.
pub fn fuzz_zip(data: &[u8]) {
    check(epub::extract(Cursor::new(data), &limits()));
    check(office::extract(Cursor::new(data), &limits()));
}

/// PDF.
pub fn fuzz_pdf(data: &[u8]) {
    check(pdf::extract(data.to_vec(), &limits()));
}

/// Images.
pub fn fuzz_image(data: &[u8]) {
    check(Ok(image::extract(data, &limits())));
}

/// Sound and video.
pub fn fuzz_media(data: &[u8]) {
    check(media::extract(Cursor::new(data)).map(|mut doc| {
        doc.text.truncate(0);
        doc
    }));
}

/// Plain text in any encoding, and the detection of kinds.
pub fn fuzz_text(data: &[u8]) {
    check(Ok(text::extract(data, &limits())));
    let kind: Kind = detect("", data);
    let _ = kind;
}

/// Markdown, and HTML made of it.
pub fn fuzz_markdown(data: &[u8]) {
    check(Ok(markdown::extract(data, &limits())));
    let page = markdown::markdown_to_html(&String::from_utf8_lossy(data));
    assert!(!page.contains("<script") && !page.contains("<style"));
}
