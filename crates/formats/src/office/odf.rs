//! OpenDocument (ISO/IEC 26300): text, spreadsheets, presentations.

use std::io::{Read, Seek};

use super::note;
use crate::{
    FormatError,
    archive::Archive,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xml::{Node, leaves, walk},
};

/// The parts with text: the document, then the headers and footers of its pages.
const PARTS: &[&str] = &["content.xml", "styles.xml"];

pub(super) fn extract<R: Read + Seek>(
    mut archive: Archive<R>,
    limits: &Limits,
) -> Result<Extracted, FormatError> {
    if let Some(manifest) = archive.read_text("META-INF/manifest.xml")?
        && manifest.contains("encryption-data")
    {
        return Err(FormatError::Encrypted);
    }
    let mut sink = Sink::new(limits);
    if let Some(xml) = archive.read_text("meta.xml")? {
        metadata(&xml, &mut sink.doc, limits);
    }
    let mut found = false;
    for part in PARTS {
        if let Some(xml) = archive.read_text(part)? {
            found |= *part == "content.xml";
            let result = body(&xml, &mut sink, limits);
            note(&mut sink.doc, part, result)?;
        }
    }
    if !found {
        return Err(FormatError::damaged("`content.xml` is missing inside it"));
    }
    Ok(sink.finish())
}

fn metadata(xml: &str, doc: &mut Extracted, limits: &Limits) {
    let mut last_author = String::new();
    // Broken metadata is no reason to lose the document.
    drop(leaves(xml, limits, |name, value| match name {
        "title" => doc.offer_title(value),
        "initial-creator" => doc.add_author(value),
        "creator" => value.clone_into(&mut last_author),
        "subject" => doc.add_subject(value),
        "keyword" => doc.add_subjects(value),
        "description" => doc.offer_description(value),
        "language" => doc.offer_language(value),
        "creation-date" => doc.year = crate::model::year_in(value).or(doc.year),
        "date" => doc.offer_year(value),
        _ => {}
    }));
    if doc.authors.is_empty() {
        doc.add_author(&last_author);
    }
    drop(walk(xml, limits, |node| {
        if let Node::Start("document-statistic", attributes) = node
            && let Some(pages) = attributes
                .get("page-count")
                .or_else(|| attributes.get("table-count"))
        {
            doc.pages = pages.parse().ok().filter(|pages| *pages > 0);
        }
    }));
}

fn body(xml: &str, sink: &mut Sink<'_>, limits: &Limits) -> Result<(), FormatError> {
    let (mut paragraphs, mut left_out) = (0_usize, 0_usize);
    let mut heading = None;
    let mut slides = 0_u32;
    let is_spreadsheet = xml_is_spreadsheet(xml);
    // Deleted text, comments and the names of things aren't for readers.
    let is_left_out = |name: &str| {
        matches!(
            name,
            "tracked-changes"
                | "annotation"
                | "forms"
                | "scripts"
                | "automatic-styles"
                | "font-face-decls"
        )
    };
    let result = walk(xml, limits, |node| match node {
        Node::Start(name, _) if is_left_out(name) => left_out += 1,
        Node::End(name) if is_left_out(name) => left_out = left_out.saturating_sub(1),
        _ if left_out > 0 => {}
        Node::Start(name, attributes) => match name {
            "p" | "h" => {
                paragraphs += 1;
                sink.paragraph();
                if name == "h" {
                    heading = Some(sink.mark());
                }
            }
            "s" | "tab" => sink.gap(Gap::Space),
            "line-break" => sink.gap(Gap::Line),
            "table" if is_spreadsheet => {
                sink.gap(Gap::Line);
                let mark = sink.mark();
                sink.text(&attributes.get("name").unwrap_or_default());
                sink.heading_from(mark);
                sink.gap(Gap::Line);
            }
            "page" => slides = slides.saturating_add(1),
            // The title of a slide is a frame of its own.
            "frame" if attributes.get_full("presentation:class").as_deref() == Some("title") => {
                heading = Some(sink.mark());
            }
            _ => {}
        },
        Node::End(name) => match name {
            "p" | "h" => {
                paragraphs = paragraphs.saturating_sub(1);
                sink.gap(Gap::Line);
                if name == "h"
                    && let Some(mark) = heading.take()
                {
                    sink.heading_from(mark);
                }
            }
            "frame" => {
                if let Some(mark) = heading.take() {
                    sink.heading_from(mark);
                }
            }
            "table-cell" | "covered-table-cell" => sink.cell(),
            "table-row" => sink.gap(Gap::Line),
            _ => {}
        },
        Node::Text(text) => {
            if paragraphs > 0 {
                sink.text(text);
            }
        }
    });
    if slides > 0 && sink.doc.pages.is_none() {
        sink.doc.pages = Some(slides);
    }
    result
}

/// Whether tables are sheets: only then do their names mean something.
fn xml_is_spreadsheet(xml: &str) -> bool {
    /// The element stands after the styles, of which there may be many.
    const WITHIN_BYTES: usize = 1 << 20;
    let head = xml.as_bytes().get(..WITHIN_BYTES).unwrap_or(xml.as_bytes());
    memchr::memmem::find(head, b"<office:spreadsheet").is_some()
}
