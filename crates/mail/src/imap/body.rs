//! Parts of a message by ranges of bytes, in bounded memory.

use std::ops::Range;

use lampion_mailproto::imap::fetch::{BodyName, Partial, Section, SectionText};
use lampion_mailproto::imap::write;
use lampion_mailproto::mime::{Body, Decoder, Encoding, Part, Span, Structure};
use lampion_mailproto::put;

use super::session::{Failure, Session};
use crate::store::{Content, MailError};

/// Read and written at once.
const PIECE: usize = 256 * 1024;
/// The longest header block that is looked through for fields.
const HEADER_LIMIT: usize = 1 << 20;

/// What a section is of a message.
enum Found {
    Range(Span),
    /// Fields of the header block in a range.
    Fields(Span),
    Absent,
}

/// Whether a section is the whole message, whatever its parts.
pub(super) fn is_whole(section: &Section) -> bool {
    section.path.is_empty() && section.text.is_none()
}

fn find(structure: &Structure, section: &Section) -> Found {
    if section.path.is_empty() {
        let root = &structure.root;
        return match &section.text {
            None => Found::Range(Span {
                start: 0,
                end: structure.octets,
            }),
            Some(SectionText::Header | SectionText::Mime) => Found::Range(root.header),
            Some(SectionText::Text) => Found::Range(root.body),
            Some(SectionText::Fields(_) | SectionText::FieldsNot(_)) => Found::Fields(root.header),
        };
    }
    let Some(part) = structure.part(&section.path) else {
        return Found::Absent;
    };
    match &section.text {
        None => Found::Range(part.body),
        Some(SectionText::Mime) => Found::Range(part.header),
        Some(text) => match (inner(part), text) {
            (Some(root), SectionText::Header) => Found::Range(root.header),
            (Some(root), SectionText::Text) => Found::Range(root.body),
            (Some(root), _) => Found::Fields(root.header),
            (None, _) => Found::Absent,
        },
    }
}

/// The message in a part that is one.
fn inner(part: &Part) -> Option<&Part> {
    match &part.content {
        Body::Message { root, .. } => Some(root),
        _ => None,
    }
}

/// Header fields of names, or without them; the empty line at the end stays.
fn select_fields(header: &[u8], names: &[String], keep: bool) -> Vec<u8> {
    let mut out = Vec::new();
    let mut on = false;
    let mut ended = false;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\r\n" | b"\n") {
            ended = true;
            break;
        }
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = line
                .split(|byte| *byte == b':')
                .next()
                .unwrap_or_default()
                .trim_ascii();
            on = names
                .iter()
                .any(|own| own.as_bytes().eq_ignore_ascii_case(name))
                == keep;
        }
        if on {
            out.extend_from_slice(line);
        }
    }
    if ended || out.is_empty() || !out.ends_with(b"\r\n\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn cut(span: Span, partial: Option<Partial>) -> Range<u64> {
    match partial {
        None => span.start..span.end.max(span.start),
        Some((from, len)) => {
            let start = span.start.saturating_add(from).min(span.end);
            start..start.saturating_add(len).min(span.end)
        }
    }
}

/// The name of a section in the answer: `BODY[1.2.HEADER.FIELDS (DATE)]<0>`.
fn write_name(
    name: BodyName,
    section: &Section,
    partial: Option<Partial>,
    utf8: bool,
    out: &mut Vec<u8>,
) {
    match name {
        BodyName::Rfc822 => return out.extend_from_slice(b"RFC822"),
        BodyName::Rfc822Header => return out.extend_from_slice(b"RFC822.HEADER"),
        BodyName::Rfc822Text => return out.extend_from_slice(b"RFC822.TEXT"),
        BodyName::Body => out.extend_from_slice(b"BODY["),
    }
    write_path(&section.path, out);
    if let Some(text) = &section.text {
        if !section.path.is_empty() {
            out.push(b'.');
        }
        let names = match text {
            SectionText::Header => {
                out.extend_from_slice(b"HEADER");
                None
            }
            SectionText::Text => {
                out.extend_from_slice(b"TEXT");
                None
            }
            SectionText::Mime => {
                out.extend_from_slice(b"MIME");
                None
            }
            SectionText::Fields(names) => {
                out.extend_from_slice(b"HEADER.FIELDS (");
                Some(names)
            }
            SectionText::FieldsNot(names) => {
                out.extend_from_slice(b"HEADER.FIELDS.NOT (");
                Some(names)
            }
        };
        for (at, name) in names.into_iter().flatten().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            write::astring(name, utf8, out);
        }
        if names.is_some() {
            out.push(b')');
        }
    }
    out.push(b']');
    if let Some((from, _)) = partial {
        put!(out, "<{from}>");
    }
}

fn write_path(path: &[u32], out: &mut Vec<u8>) {
    for (at, number) in path.iter().enumerate() {
        if at > 0 {
            out.push(b'.');
        }
        put!(out, "{number}");
    }
}

impl Session {
    /// `BODY[…] {5}…`
    pub(super) async fn write_section(
        &mut self,
        name: BodyName,
        section: &Section,
        partial: Option<Partial>,
        structure: Option<&Structure>,
        content: &Content,
    ) -> Result<(), Failure> {
        let utf8 = self.utf8;
        write_name(name, section, partial, utf8, &mut self.wire.out);
        let found = match structure {
            Some(structure) => find(structure, section),
            None => Found::Range(Span {
                start: 0,
                end: content.size_bytes,
            }),
        };
        match found {
            Found::Absent => self.wire.out.extend_from_slice(b" NIL"),
            Found::Fields(span) => {
                let range = span.start..span.end;
                let read;
                let header = match content.in_memory(range.clone()) {
                    Some(header) => header,
                    None => {
                        read = content.range(range, HEADER_LIMIT).await?;
                        &read
                    }
                };
                let fields = match &section.text {
                    Some(SectionText::FieldsNot(names)) => select_fields(header, names, false),
                    Some(SectionText::Fields(names)) => select_fields(header, names, true),
                    _ => header.to_vec(),
                };
                let range = cut(
                    Span {
                        start: 0,
                        end: fields.len() as u64,
                    },
                    partial,
                );
                let piece = usize::try_from(range.start)
                    .ok()
                    .zip(usize::try_from(range.end).ok())
                    .and_then(|(from, to)| fields.get(from..to))
                    .unwrap_or_default();
                put!(self.wire.out, " {{{}}}\r\n", piece.len());
                self.wire.out.extend_from_slice(piece);
            }
            Found::Range(span) => {
                let range = cut(span, partial);
                put!(self.wire.out, " {{{}}}\r\n", range.end - range.start);
                self.write_range(content, range).await?;
            }
        }
        Ok(())
    }

    /// Bytes of a message. A failure in their middle ends the connection, for the client counts on them.
    async fn write_range(
        &mut self,
        content: &Content,
        mut range: Range<u64>,
    ) -> Result<(), Failure> {
        if let Some(bytes) = content.in_memory(range.clone()) {
            self.wire.out.extend_from_slice(bytes);
            return Ok(());
        }
        if range.is_empty() {
            return Ok(());
        }
        let mut piece = content.range(range.clone(), PIECE).await.map_err(broken)?;
        while !piece.is_empty() {
            range.start += piece.len() as u64;
            self.wire.out.extend_from_slice(&piece);
            if range.is_empty() {
                return Ok(());
            }
            // While one piece is on its way, the next is read.
            let (written, next) =
                tokio::join!(self.wire.relieve(), content.range(range.clone(), PIECE));
            written?;
            piece = next.map_err(broken)?;
        }
        Err(broken(MailError::NoSuchMessage))
    }

    /// `BINARY[1.2] ~{5}…`: decoded. `false` if the encoding isn't known.
    pub(super) async fn write_binary(
        &mut self,
        path: &[u32],
        partial: Option<Partial>,
        structure: &Structure,
        content: &Content,
    ) -> Result<bool, Failure> {
        let Some((span, encoding)) = binary(structure, path) else {
            return Ok(false);
        };
        let out = &mut self.wire.out;
        out.extend_from_slice(b"BINARY[");
        write_path(path, out);
        out.push(b']');
        if let Some((from, _)) = partial {
            put!(out, "<{from}>");
        }
        let (size, has_nul) = measure(content, span, &encoding).await?;
        let range = cut(
            Span {
                start: 0,
                end: size,
            },
            partial,
        );
        let tilde = if has_nul { "~" } else { "" };
        put!(self.wire.out, " {tilde}{{{}}}\r\n", range.end - range.start);
        let mut decoder = Decoder::new(&encoding);
        let (mut at, mut made) = (span.start, 0u64);
        while made < range.end {
            let piece = content.range(at..span.end, PIECE).await.map_err(broken)?;
            at += piece.len() as u64;
            let mut decoded = Vec::new();
            decoder.push(&piece, &mut decoded);
            if piece.is_empty() {
                decoder.finish(&mut decoded);
                if decoded.is_empty() {
                    break;
                }
            }
            let here = made..made + decoded.len() as u64;
            let from = range.start.max(here.start) - here.start;
            let to = range.end.min(here.end).saturating_sub(here.start);
            if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
                self.wire
                    .out
                    .extend_from_slice(decoded.get(from..to).unwrap_or_default());
            }
            made = here.end;
            self.wire.relieve().await?;
        }
        if made < range.end {
            return Err(broken(MailError::NoSuchMessage));
        }
        Ok(true)
    }

    /// `BINARY.SIZE[1.2] 5`
    pub(super) async fn write_binary_size(
        &mut self,
        path: &[u32],
        structure: &Structure,
        content: &Content,
    ) -> Result<bool, Failure> {
        let Some((span, encoding)) = binary(structure, path) else {
            return Ok(false);
        };
        let (size, _) = measure(content, span, &encoding).await?;
        self.wire.out.extend_from_slice(b"BINARY.SIZE[");
        write_path(path, &mut self.wire.out);
        put!(self.wire.out, "] {size}");
        Ok(true)
    }
}

fn broken(error: MailError) -> Failure {
    Failure::Io(std::io::Error::other(error.to_string()))
}

/// Range and encoding of a part to be decoded; `None` if the encoding isn't known or there is no such part.
fn binary(structure: &Structure, path: &[u32]) -> Option<(Span, Encoding)> {
    if path.is_empty() {
        return Some((
            Span {
                start: 0,
                end: structure.octets,
            },
            Encoding::Binary,
        ));
    }
    let part = structure.part(path)?;
    match (&part.content, &part.encoding) {
        (Body::Leaf, Encoding::Other(_)) => None,
        (Body::Leaf, encoding) => Some((part.body, encoding.clone())),
        // RFC 9051 §6.4.5.1: of a multipart, what is there.
        _ => Some((part.body, Encoding::Binary)),
    }
}

/// Decoded length, and whether NUL is in it.
async fn measure(
    content: &Content,
    span: Span,
    encoding: &Encoding,
) -> Result<(u64, bool), MailError> {
    let mut decoder = Decoder::new(encoding);
    let (mut at, mut size, mut has_nul) = (span.start, 0u64, false);
    loop {
        let piece = content.range(at..span.end, PIECE).await?;
        let mut decoded = Vec::new();
        if piece.is_empty() {
            decoder.finish(&mut decoded);
        } else {
            decoder.push(&piece, &mut decoded);
        }
        at += piece.len() as u64;
        size += decoded.len() as u64;
        has_nul |= decoded.contains(&0);
        if piece.is_empty() {
            return Ok((size, has_nul));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_chosen_with_their_folded_lines() {
        let header = b"From: a\r\nSubject: one\r\n two\r\nTO: b\r\n\r\n";
        let names = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            select_fields(header, &names(&["subject", "to"]), true),
            b"Subject: one\r\n two\r\nTO: b\r\n\r\n"
        );
        assert_eq!(
            select_fields(header, &names(&["subject"]), false),
            b"From: a\r\nTO: b\r\n\r\n"
        );
        assert_eq!(select_fields(header, &names(&["x"]), true), b"\r\n");
    }
}
