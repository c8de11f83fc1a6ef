//! What `FETCH` asks for (`fetch-att`, RFC 9051 §6.4.5, and extensions).

use super::cursor::{Cursor, Parsed, bad};
use super::{ITEMS_LIMIT, PATH_LIMIT};

/// Part of a message (`section-spec`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Numbers of the part; empty for the message itself.
    pub path: Vec<u32>,
    /// What of it; `None` for all of it.
    pub text: Option<SectionText>,
}

/// What of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SectionText {
    /// `HEADER`
    Header,
    /// `HEADER.FIELDS`: names in the spelling of the client.
    Fields(Vec<String>),
    /// `HEADER.FIELDS.NOT`
    FieldsNot(Vec<String>),
    /// `TEXT`
    Text,
    /// `MIME`
    Mime,
}

/// The name that a part of a message goes by in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyName {
    /// `BODY[…]`
    Body,
    /// `RFC822`
    Rfc822,
    /// `RFC822.HEADER`
    Rfc822Header,
    /// `RFC822.TEXT`
    Rfc822Text,
}

/// Bytes from here, so many (`<0.2048>`).
pub type Partial = (u64, u64);

/// What is asked of each message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the item of its name")]
pub enum FetchItem {
    Flags,
    InternalDate,
    Uid,
    Envelope,
    /// `BODYSTRUCTURE`, or `BODY` without extension data.
    BodyStructure {
        extended: bool,
    },
    Rfc822Size,
    ModSeq,
    EmailId,
    ThreadId,
    SaveDate,
    Preview {
        lazy: bool,
    },
    Body {
        name: BodyName,
        section: Section,
        peek: bool,
        partial: Option<Partial>,
    },
    Binary {
        path: Vec<u32>,
        peek: bool,
        partial: Option<Partial>,
    },
    BinarySize {
        path: Vec<u32>,
    },
}

/// What stands after the set: one item, a macro or a list.
pub(super) fn items(cursor: &mut Cursor<'_>) -> Parsed<Vec<FetchItem>> {
    use FetchItem::{BodyStructure, Envelope, Flags, InternalDate, Rfc822Size};
    for (name, rest) in [("ALL", 1), ("FULL", 2), ("FAST", 0)] {
        if cursor.word(name) {
            let mut items = vec![Flags, InternalDate, Rfc822Size];
            if rest > 0 {
                items.push(Envelope);
            }
            if rest > 1 {
                items.push(BodyStructure { extended: false });
            }
            return Ok(items);
        }
    }
    if cursor.peek() == Some(b'(') {
        let items = cursor.list(item)?;
        if items.is_empty() {
            return bad("FETCH names nothing");
        }
        return Ok(items);
    }
    Ok(vec![item(cursor)?])
}

fn item(cursor: &mut Cursor<'_>) -> Parsed<FetchItem> {
    for (name, item) in [
        ("FLAGS", FetchItem::Flags),
        ("INTERNALDATE", FetchItem::InternalDate),
        ("UID", FetchItem::Uid),
        ("ENVELOPE", FetchItem::Envelope),
        ("BODYSTRUCTURE", FetchItem::BodyStructure { extended: true }),
        ("RFC822.SIZE", FetchItem::Rfc822Size),
        ("MODSEQ", FetchItem::ModSeq),
        ("EMAILID", FetchItem::EmailId),
        ("THREADID", FetchItem::ThreadId),
        ("SAVEDATE", FetchItem::SaveDate),
    ] {
        if cursor.word(name) {
            return Ok(item);
        }
    }
    if cursor.word("PREVIEW") {
        return preview(cursor);
    }
    for (name, kept, text) in [
        (
            "RFC822.HEADER",
            BodyName::Rfc822Header,
            Some(SectionText::Header),
        ),
        ("RFC822.TEXT", BodyName::Rfc822Text, Some(SectionText::Text)),
        ("RFC822", BodyName::Rfc822, None),
    ] {
        if cursor.word(name) {
            return Ok(FetchItem::Body {
                name: kept,
                peek: text == Some(SectionText::Header),
                section: Section {
                    path: Vec::new(),
                    text,
                },
                partial: None,
            });
        }
    }
    for (name, peek) in [("BINARY.PEEK", true), ("BINARY", false)] {
        if cursor.word(name) {
            return Ok(FetchItem::Binary {
                path: binary_path(cursor)?,
                peek,
                partial: partial(cursor)?,
            });
        }
    }
    if cursor.word("BINARY.SIZE") {
        return Ok(FetchItem::BinarySize {
            path: binary_path(cursor)?,
        });
    }
    let peek = cursor.word("BODY.PEEK");
    if peek || cursor.word("BODY") {
        if cursor.peek() != Some(b'[') && !peek {
            return Ok(FetchItem::BodyStructure { extended: false });
        }
        return Ok(FetchItem::Body {
            name: BodyName::Body,
            section: section(cursor)?,
            peek,
            partial: partial(cursor)?,
        });
    }
    bad("this item of FETCH is not known")
}

/// RFC 8970 §3.1: `PREVIEW`, `PREVIEW (LAZY)`.
fn preview(cursor: &mut Cursor<'_>) -> Parsed<FetchItem> {
    let mut lazy = false;
    if cursor.rest().starts_with(b" (") {
        cursor.sp()?;
        let all = cursor.list(|cursor| Ok(cursor.word("LAZY")))?;
        if all.contains(&false) {
            return bad("PREVIEW has only the modifier LAZY");
        }
        lazy = !all.is_empty();
    }
    Ok(FetchItem::Preview { lazy })
}

/// `section-binary`
fn binary_path(cursor: &mut Cursor<'_>) -> Parsed<Vec<u32>> {
    cursor.need(b'[', "a [ is missing")?;
    let mut path = Vec::new();
    if cursor.peek() != Some(b']') {
        numbers(cursor, &mut path)?;
    }
    cursor.need(b']', "a ] is missing")?;
    Ok(path)
}

/// Numbers with dots between; stands after the last number, or after a dot if no number follows it.
fn numbers(cursor: &mut Cursor<'_>, path: &mut Vec<u32>) -> Parsed<()> {
    while cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        if path.len() >= PATH_LIMIT {
            return bad("the part lies too deep");
        }
        path.push(cursor.nz_number()?);
        if !cursor.eat(b'.') {
            break;
        }
    }
    Ok(())
}

/// `section`
fn section(cursor: &mut Cursor<'_>) -> Parsed<Section> {
    cursor.need(b'[', "a [ is missing")?;
    let mut section = Section::default();
    numbers(cursor, &mut section.path)?;
    if cursor.eat(b']') {
        return Ok(section);
    }
    let text = if cursor.word("HEADER.FIELDS.NOT") {
        SectionText::FieldsNot(field_names(cursor)?)
    } else if cursor.word("HEADER.FIELDS") {
        SectionText::Fields(field_names(cursor)?)
    } else if cursor.word("HEADER") {
        SectionText::Header
    } else if cursor.word("TEXT") {
        SectionText::Text
    } else if cursor.word("MIME") && !section.path.is_empty() {
        SectionText::Mime
    } else {
        return bad("this part of a message is not known");
    };
    section.text = Some(text);
    cursor.need(b']', "a ] is missing")?;
    Ok(section)
}

fn field_names(cursor: &mut Cursor<'_>) -> Parsed<Vec<String>> {
    cursor.sp()?;
    let names = cursor.list(Cursor::text)?;
    if names.is_empty() || names.len() > ITEMS_LIMIT {
        return bad("no header fields are named, or too many");
    }
    Ok(names)
}

/// `partial`: `<0.2048>`; also `<0>` is refused, for it has no length.
fn partial(cursor: &mut Cursor<'_>) -> Parsed<Option<Partial>> {
    if !cursor.eat(b'<') {
        return Ok(None);
    }
    let from = cursor.number64()?;
    cursor.need(b'.', "a range is like <0.2048>")?;
    let len = cursor.number64()?;
    if len == 0 {
        return bad("a range of nothing");
    }
    cursor.need(b'>', "a range is like <0.2048>")?;
    Ok(Some((from, len)))
}
