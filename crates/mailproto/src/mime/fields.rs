//! Header fields: which are kept of a block, and what they say.

use super::{
    charset,
    envelope::EnvelopeFields,
    structure::{Disposition, Encoding, Part, Summary},
};
use crate::mime::scan::{MAX_DELIVERED_TO, MAX_FIELD_BYTES, MAX_KEPT_BYTES};

/// How many parameters one field may have.
pub const MAX_PARAMETERS: usize = 64;
/// How many languages one part may name.
const MAX_LANGUAGES: usize = 16;
/// How many fields of one block are kept.
const MAX_FIELDS: usize = 200;
/// Longest value of a field of a part that is kept, in bytes: it is sent whole in each BODYSTRUCTURE.
const MAX_PART_FIELD_BYTES: usize = 8 << 10;

/// Fields of every part.
const PART_FIELDS: &[&str] = &[
    "content-type",
    "content-transfer-encoding",
    "content-id",
    "content-description",
    "content-disposition",
    "content-language",
    "content-location",
    "content-md5",
];
/// Fields of a message, beside those.
const MESSAGE_FIELDS: &[&str] = &[
    "date",
    "subject",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "in-reply-to",
    "message-id",
    "references",
    "return-path",
    "auto-submitted",
    "precedence",
    "list-id",
    "list-post",
    "list-unsubscribe",
    "delivered-to",
    "importance",
    "x-priority",
    "chat-version",
    "x-spam-flag",
    "x-spam-status",
];

/// A block's fields that were kept: names in lower case, values unfolded.
#[derive(Default)]
pub(super) struct Fields {
    fields: Vec<(&'static str, String)>,
    received: u32,
}

impl Fields {
    fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.fields.iter().find(|(n, _)| *n == name)?;
        Some(value.clone())
    }
}

/// Reads one header block line by line.
pub(super) struct Block {
    message: bool,
    taken: Fields,
    /// The field that may go on in the next line, if it is kept.
    current: Option<(&'static str, Vec<u8>)>,
    any: bool,
}

impl Block {
    /// `message`: the block is a message's, not only a part's.
    pub(super) fn new(message: bool) -> Self {
        Self {
            message,
            taken: Fields::default(),
            current: None,
            any: false,
        }
    }

    /// Takes a line without its end; `false` if it can't be of a header block. `first`: it is the block's first.
    pub(super) fn line(
        &mut self,
        line: &[u8],
        first: bool,
        kept: &mut usize,
        cut: &mut bool,
    ) -> bool {
        if line.first().is_some_and(|b| *b == b' ' || *b == b'\t')
            && (self.any || !line.trim_ascii().is_empty())
        {
            if !self.any {
                return false;
            }
            if let Some((_, value)) = &mut self.current {
                let room = MAX_FIELD_BYTES.saturating_sub(value.len());
                *cut |= line.len() > room;
                value.extend_from_slice(line.get(..room).unwrap_or(line));
            }
            return true;
        }
        // What mailboxes in one file put before a message.
        if first && self.message && (line.starts_with(b"From ") || line.starts_with(b">From ")) {
            return true;
        }
        let Some((name, value)) = split(line) else {
            return false;
        };
        self.end_field(kept, cut);
        self.any = true;
        if name.eq_ignore_ascii_case(b"received") {
            self.taken.received = self.taken.received.saturating_add(1);
        }
        if let Some(name) = self.wanted(name) {
            self.current = Some((name, value.to_vec()));
        }
        true
    }

    fn wanted(&self, name: &[u8]) -> Option<&'static str> {
        let same = |wanted: &&&'static str| wanted.as_bytes().eq_ignore_ascii_case(name);
        let found = PART_FIELDS.iter().find(same);
        let found = found.or_else(|| {
            self.message
                .then(|| MESSAGE_FIELDS.iter().find(same))
                .flatten()
        })?;
        // The first of each counts, but for the one that tells of loops.
        let seen = self.taken.fields.iter().filter(|(n, _)| n == found).count();
        let most = if *found == "delivered-to" {
            MAX_DELIVERED_TO
        } else {
            1
        };
        (seen < most).then_some(*found)
    }

    fn end_field(&mut self, kept: &mut usize, cut: &mut bool) {
        let Some((name, mut value)) = self.current.take() else {
            return;
        };
        let limit = if PART_FIELDS.contains(&name) {
            MAX_PART_FIELD_BYTES
        } else {
            MAX_FIELD_BYTES
        };
        if value.len() > limit {
            value.truncate(limit);
            *cut = true;
        }
        if *kept + value.len() > MAX_KEPT_BYTES || self.taken.fields.len() >= MAX_FIELDS {
            *cut = true;
            return;
        }
        *kept += value.len();
        let text = charset::raw(value.trim_ascii());
        let text: String = text
            .chars()
            .filter(|c| !matches!(c, '\0' | '\r' | '\n'))
            .collect();
        self.taken.fields.push((name, text));
    }

    pub(super) fn finish(mut self, kept: &mut usize, cut: &mut bool) -> Fields {
        self.end_field(kept, cut);
        self.taken
    }
}

/// `field-name ":" value` (RFC 5322 §3.6.8, with space before the colon as §4.5 allows).
fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let good = !name.is_empty() && name.iter().all(|b| (33..=126).contains(b));
    good.then(|| (name, value.get(1..).unwrap_or(&[])))
}

/// Fills in what a part's fields say of it. `digest`: what has no type there is a message.
pub(super) fn describe(part: &mut Part, fields: &Fields, digest: bool) {
    let stated = fields.get("content-type");
    let (kind, subtype, values) = match stated.as_deref().and_then(media_type) {
        Some(found) => found,
        None if digest => ("message".to_owned(), "rfc822".to_owned(), Vec::new()),
        None => ("text".to_owned(), "plain".to_owned(), Vec::new()),
    };
    part.kind = kind;
    part.subtype = subtype;
    part.parameters = values;
    part.encoding = Encoding::parse(
        fields
            .get("content-transfer-encoding")
            .as_deref()
            .unwrap_or(""),
    );
    part.id = fields.get("content-id");
    part.description = fields.get("content-description");
    part.location = fields.get("content-location");
    part.md5 = fields.get("content-md5");
    part.disposition = fields.get("content-disposition").and_then(|value| {
        let (kind, rest) = value.split_once(';').unwrap_or((&value, ""));
        let kind = kind.trim().trim_matches('"').to_ascii_lowercase();
        let parameters = parameters(rest);
        (!kind.is_empty() || !parameters.is_empty()).then_some(Disposition { kind, parameters })
    });
    part.language = fields
        .get("content-language")
        .map(|value| {
            let tags = value
                .split(',')
                .map(str::trim)
                .filter(|tag| !tag.is_empty());
            tags.take(MAX_LANGUAGES).map(str::to_owned).collect()
        })
        .unwrap_or_default();
}

pub(super) fn envelope_fields(fields: &Fields) -> EnvelopeFields {
    EnvelopeFields {
        date: fields.get("date"),
        subject: fields.get("subject"),
        from: fields.get("from"),
        sender: fields.get("sender"),
        reply_to: fields.get("reply-to"),
        to: fields.get("to"),
        cc: fields.get("cc"),
        bcc: fields.get("bcc"),
        in_reply_to: fields.get("in-reply-to"),
        message_id: fields.get("message-id"),
    }
}

pub(super) fn summary(fields: &Fields) -> Summary {
    let says_high = |name: &str| {
        fields.get(name).is_some_and(|value| {
            let value = value.trim().to_ascii_lowercase();
            value == "high" || value.starts_with(['1', '2'])
        })
    };
    let says_yes = |name: &str| {
        fields
            .get(name)
            .is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("yes"))
    };
    Summary {
        fields: envelope_fields(fields),
        references: fields.get("references"),
        return_path: fields.get("return-path"),
        auto_submitted: fields.get("auto-submitted"),
        precedence: fields.get("precedence"),
        list_id: fields.get("list-id"),
        list_post: fields.get("list-post"),
        list_unsubscribe: fields.get("list-unsubscribe"),
        delivered_to: fields
            .fields
            .iter()
            .filter(|(name, _)| *name == "delivered-to")
            .map(|(_, value)| value.clone())
            .collect(),
        received: fields.received,
        important: says_high("importance") || says_high("x-priority"),
        chat_version: fields.get("chat-version"),
        spam: says_yes("x-spam-flag") || says_yes("x-spam-status"),
        has_attachment: false,
    }
}

/// Whether a message is inside (RFC 2046 §5.2.1, RFC 6532 §3.7).
pub(super) fn is_message(part: &Part) -> bool {
    part.kind == "message" && matches!(part.subtype.as_str(), "rfc822" | "global" | "news")
}

/// Whether the part is a file to a reader: marked so, or named and neither text nor shown inside the text.
pub(super) fn is_file(part: &Part) -> bool {
    let signature = part.kind == "application" && part.subtype.ends_with("signature");
    if signature || part.kind == "multipart" {
        return false;
    }
    part.is_attachment()
        || (part.kind != "text" && part.file_name().is_some() && part.content_id().is_none())
        || part.kind == "message" && part.subtype == "rfc822"
}

/// A type, its subtype, and parameters.
pub type MediaType = (String, String, Vec<(String, String)>);

/// The value of `Content-Type`: type, subtype and parameters; `None` if there is no type in it.
#[must_use]
pub fn media_type(value: &str) -> Option<MediaType> {
    let (name, rest) = value.split_once(';').unwrap_or((value, ""));
    let name = name
        .split('(')
        .next()
        .unwrap_or("")
        .trim()
        .trim_matches('"');
    let (kind, subtype) = name.split_once('/').or_else(|| {
        // What very old programs write.
        name.eq_ignore_ascii_case("text")
            .then_some(("text", "plain"))
    })?;
    let token = |word: &str| {
        let word = word.trim();
        let word = word.split([' ', '\t']).next().unwrap_or("");
        let good = !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&b));
        good.then(|| word.to_ascii_lowercase())
    };
    Some((token(kind)?, token(subtype)?, parameters(rest)))
}

/// One section of a parameter whose value is written in several (RFC 2231 §3).
struct Section {
    number: u32,
    encoded: bool,
    value: String,
}

/// Parameters after the first `;`: `charset=utf-8; name*0=a; name*1=b`. Names come in lower case, sections joined,
/// values that are encoded decoded (RFC 2231); of two with one name the first counts, one that is encoded most.
#[must_use]
pub fn parameters(text: &str) -> Vec<(String, String)> {
    let mut plain: Vec<(String, String)> = Vec::new();
    let mut split: Vec<(String, Vec<Section>)> = Vec::new();
    for (name, value) in pairs(text) {
        match name.split_once('*') {
            None => {
                if !plain.iter().any(|(n, _)| *n == name) {
                    plain.push((name, value));
                }
            }
            Some((base, rest)) => {
                let encoded = rest.is_empty() || rest.ends_with('*');
                let number = rest.trim_end_matches('*').parse().unwrap_or(0);
                let section = Section {
                    number,
                    encoded,
                    value,
                };
                match split.iter_mut().find(|(n, _)| n == base) {
                    Some((_, sections)) => sections.push(section),
                    None => split.push((base.to_owned(), vec![section])),
                }
            }
        }
    }
    for (name, sections) in split {
        let value = join(sections);
        match plain.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => plain.push((name, value)),
        }
    }
    plain
}

fn join(mut sections: Vec<Section>) -> String {
    sections.sort_by_key(|section| section.number);
    let mut label = None;
    let mut bytes = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        let mut value = section.value.as_str();
        if at == 0 && section.encoded {
            // charset'language'text
            let mut pieces = value.splitn(3, '\'');
            if let (Some(charset), Some(_), Some(rest)) =
                (pieces.next(), pieces.next(), pieces.next())
            {
                label = Some(charset.to_owned());
                value = rest;
            }
        }
        if section.encoded {
            percent(value, &mut bytes);
        } else {
            bytes.extend_from_slice(value.as_bytes());
        }
    }
    let text = charset::decode(label.as_deref().filter(|l| !l.is_empty()), &bytes);
    text.chars()
        .filter(|c| !matches!(c, '\0' | '\r' | '\n'))
        .collect()
}

fn percent(value: &str, into: &mut Vec<u8>) {
    let bytes = value.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if *byte == b'%'
            && let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2))
        {
            into.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            at += 3;
        } else {
            into.push(*byte);
            at += 1;
        }
    }
}

/// `name=value` pairs between semicolons, quotes taken off, comments left out.
fn pairs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut chars = text.chars().peekable();
    while found.len() < MAX_PARAMETERS && chars.peek().is_some() {
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| !matches!(c, '=' | ';')) {
            name.push(c);
        }
        let name = name.trim().to_ascii_lowercase();
        if chars.next() != Some('=') {
            continue;
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut value = String::new();
        if chars.next_if_eq(&'"').is_some() {
            while let Some(c) = chars.next() {
                match c {
                    '"' => break,
                    '\\' => value.extend(chars.next()),
                    _ => value.push(c),
                }
            }
            while chars.next_if(|c| *c != ';').is_some() {}
        } else {
            while let Some(c) = chars.next_if(|c| *c != ';') {
                value.push(c);
            }
            if let Some(comment) = value.find(" (") {
                value.truncate(comment);
            }
            value.truncate(value.trim_end().len());
        }
        chars.next();
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic()) {
            found.push((name, value));
        }
    }
    found
}
