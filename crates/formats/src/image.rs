//! Images: size from the first bytes; date, camera, author and words from Exif,
//! XMP and IPTC. SVG: its title, description and text.

use std::io::Cursor;

use exif::{In, Tag};

use crate::{
    html::decode_bytes,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xml::{Node, walk},
    xmp,
};

/// How many bytes of an image are read for what it says about itself.
pub const HEAD_BYTES: u64 = 4 << 20;

/// Takes metadata from the beginning of an image ([`HEAD_BYTES`] are enough). An
/// image that says nothing gives nothing: that is no error.
#[must_use]
pub fn extract(head: &[u8], limits: &Limits) -> Extracted {
    let mut doc = Extracted::default();
    if is_svg(head) {
        return svg(head, limits);
    }
    match imagesize::blob_size(head) {
        Ok(size) => {
            doc.add_extra("width", size.width);
            doc.add_extra("height", size.height);
        }
        Err(_) => doc.warn("its size can't be read: perhaps it is damaged".to_owned()),
    }
    if let Some(packet) = xmp_packet(head) {
        xmp::read(packet, &mut doc, limits);
    }
    iptc(head, &mut doc);
    exif(head, &mut doc);
    // Words about a picture are what can be found of it.
    if let Some(description) = &doc.description {
        doc.text.clone_from(description);
    }
    doc
}

fn xmp_packet(head: &[u8]) -> Option<&str> {
    let from = memchr::memmem::find(head, b"<x:xmpmeta")?;
    let rest = head.get(from..)?;
    let end = memchr::memmem::find(rest, b"</x:xmpmeta>")? + b"</x:xmpmeta>".len();
    std::str::from_utf8(rest.get(..end)?).ok()
}

fn exif(head: &[u8], doc: &mut Extracted) {
    let mut reader = exif::Reader::new();
    reader.continue_on_error(true);
    let fields = match reader.read_from_container(&mut Cursor::new(head)) {
        Ok(fields) => fields,
        Err(error) => match error.distill_partial_result(|_| ()) {
            Ok(fields) => fields,
            Err(_) => return,
        },
    };
    let text = |tag: Tag| {
        let field = fields.get_field(tag, In::PRIMARY)?;
        match &field.value {
            exif::Value::Ascii(lines) => {
                let line = lines.first()?;
                Some(
                    decode_bytes(line, |_| None)
                        .0
                        .trim_matches(['\0', ' '])
                        .to_owned(),
                )
            }
            exif::Value::Byte(bytes) => {
                // Windows writes its own titles in UTF-16 without a mark.
                let (text, _) = encoding_rs::UTF_16LE.decode_without_bom_handling(bytes);
                Some(text.trim_matches(['\0', ' ']).to_owned())
            }
            _ => None,
        }
    };
    /// "XPTitle" and the like, written by Windows.
    const XP_TITLE: Tag = Tag(exif::Context::Tiff, 0x9c9b);
    const XP_AUTHOR: Tag = Tag(exif::Context::Tiff, 0x9c9d);
    const XP_KEYWORDS: Tag = Tag(exif::Context::Tiff, 0x9c9e);
    if let Some(title) = text(XP_TITLE) {
        doc.offer_title(&title);
    }
    if let Some(words) = text(Tag::ImageDescription).filter(|words| !is_camera_default(words)) {
        doc.offer_description(&words);
    }
    for author in [Tag::Artist, XP_AUTHOR].into_iter().filter_map(text) {
        author.split(';').for_each(|one| doc.add_author(one));
    }
    if let Some(words) = text(XP_KEYWORDS) {
        doc.add_subjects(&words);
    }
    if let Some(date) = text(Tag::DateTimeOriginal).or_else(|| text(Tag::DateTime)) {
        doc.offer_year(&date);
        doc.add_extra("taken", date);
    }
    let maker = text(Tag::Make).unwrap_or_default();
    if let Some(model) = text(Tag::Model) {
        let whole = if model.starts_with(&maker) {
            model
        } else {
            format!("{maker} {model}")
        };
        doc.add_extra("camera", whole.trim());
    }
    if let Some(orientation) = fields
        .get_field(Tag::Orientation, In::PRIMARY)
        .and_then(|f| f.value.get_uint(0))
    {
        doc.add_extra("orientation", orientation);
    }
}

/// What cameras write when nobody has described a picture.
fn is_camera_default(words: &str) -> bool {
    let words = words.trim().to_ascii_uppercase();
    words.is_empty()
        || words.contains("DIGITAL CAMERA")
        || words.starts_with("DCIM")
        || words == "SONY DSC"
        || words == "DEFAULT"
}

/// IPTC-IIM inside JPEG's APP13: records begin with `1C 02`, number, length.
fn iptc(head: &[u8], doc: &mut Extracted) {
    let Some(from) = memchr::memmem::find(head, b"8BIM\x04\x04") else {
        return;
    };
    let mut rest = head.get(from + 6..).unwrap_or(&[]);
    // The resource's name and size come before the first record.
    const BEFORE_RECORDS: usize = 64;
    let Some(start) = memchr::memmem::find(rest.get(..BEFORE_RECORDS).unwrap_or(rest), b"\x1c")
    else {
        return;
    };
    rest = rest.get(start..).unwrap_or(&[]);
    while let [0x1c, record, number, high, low, tail @ ..] = rest {
        let length = usize::from(*high) << 8 | usize::from(*low);
        let Some(value) = tail.get(..length) else {
            return;
        };
        if *record == 2 {
            let (value, _) = decode_bytes(value, |_| None);
            match number {
                5 | 105 => doc.offer_title(&value),
                25 => doc.add_subject(&value),
                55 => doc.offer_year(&value),
                80 => doc.add_author(&value),
                120 => doc.offer_description(&value),
                _ => {}
            }
        }
        rest = tail.get(length..).unwrap_or(&[]);
    }
}

fn is_svg(head: &[u8]) -> bool {
    let start = head.get(..1024).unwrap_or(head);
    start.trim_ascii_start().starts_with(b"<") && memchr::memmem::find(start, b"<svg").is_some()
}

fn svg(bytes: &[u8], limits: &Limits) -> Extracted {
    let (xml, _) = decode_bytes(bytes, |_| None);
    let mut sink = Sink::new(limits);
    let (mut kind, mut depth) = ("", 0_usize);
    let result = walk(&xml, limits, |node| match node {
        Node::Start(name, attributes) => {
            depth += 1;
            match name {
                "svg" if depth == 1 => {
                    for size in ["width", "height"] {
                        if let Some(value) = attributes.get(size) {
                            sink.doc.add_extra(size, value.trim_end_matches("px"));
                        }
                    }
                }
                "title" => kind = "title",
                "desc" => kind = "desc",
                "text" => kind = "text",
                "style" | "script" => kind = "",
                _ => {}
            }
        }
        Node::End(name) => {
            depth = depth.saturating_sub(1);
            if matches!(name, "title" | "desc" | "text") {
                kind = "";
                sink.gap(Gap::Line);
            }
        }
        Node::Text(text) => match kind {
            "title" => sink.doc.offer_title(text),
            "desc" => sink.doc.offer_description(text),
            "text" => sink.text(text),
            _ => {}
        },
    });
    if result.is_err() {
        sink.doc.warn("its end can't be read".to_owned());
    }
    sink.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PNG's beginning is enough for its size.
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x07\0\0\0\x05\x08\x02\0\0\0";

    #[test]
    fn sizes_and_words() {
        let doc = extract(PNG, &Limits::default());
        assert_eq!(
            doc.extra,
            [
                ("width".to_owned(), "7".to_owned()),
                ("height".to_owned(), "5".to_owned())
            ]
        );
        let mut tagged = PNG.to_vec();
        tagged.extend_from_slice(b"<x:xmpmeta><rdf:Description><dc:title><rdf:Alt><rdf:li>Well</rdf:li></rdf:Alt></dc:title></rdf:Description></x:xmpmeta>");
        tagged.extend_from_slice(b"8BIM\x04\x04\0\0\0\0\0\x20\x1c\x02\x78\0\x04Deep\x1c\x02\x50\0\x04Mira\x1c\x02\x19\xff\xff");
        let doc = extract(&tagged, &Limits::default());
        assert_eq!(doc.title.as_deref(), Some("Well"));
        assert_eq!(doc.description.as_deref(), Some("Deep"));
        assert_eq!(doc.authors, ["Mira"]);
        assert_eq!(
            extract(b"\xff\xd8\xff", &Limits::default()).warnings.len(),
            1
        );
    }

    #[test]
    fn drawings() {
        let doc = extract(b"<svg width='10px' height='20'><title>T</title><desc>D</desc><g><text>a<tspan>b</tspan></text></g></svg>", &Limits::default());
        assert_eq!(
            (
                doc.title.as_deref(),
                doc.description.as_deref(),
                doc.text.as_str()
            ),
            (Some("T"), Some("D"), "ab")
        );
        assert_eq!(doc.extra.len(), 2);
    }

    #[test]
    fn exif_fields() {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x02".to_vec();
        // Two fields of text: the maker's model, and the artist.
        tiff.extend_from_slice(&[0x01, 0x10, 0, 2, 0, 0, 0, 4, b'C', b'a', b'm', 0]);
        tiff.extend_from_slice(&[0x01, 0x3b, 0, 2, 0, 0, 0, 4, b'J', b'o', b'o', 0]);
        tiff.extend_from_slice(&[0, 0, 0, 0]);
        let mut doc = Extracted::default();
        exif(&tiff, &mut doc);
        assert_eq!(doc.authors, ["Joo"]);
        assert_eq!(doc.extra, [("camera".to_owned(), "Cam".to_owned())]);
    }
}
