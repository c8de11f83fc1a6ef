//! What a message is made of, in a form that is kept beside it.

use serde::{Deserialize, Serialize};

use super::{address, date::Date, envelope::EnvelopeFields, ids, subject, words};

/// A range of bytes in the message, the end not included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u64,
    /// Offset after the last byte; never before `start`.
    pub end: u64,
}

impl Span {
    /// How many bytes.
    #[must_use]
    pub fn len(self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// A message's tree of parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// The message itself: its header block, and its body.
    pub root: Part,
    /// The message's length in bytes.
    pub octets: u64,
    /// A limit was met: something is in the tree less finely, or with fewer fields, than it is in the message.
    pub cut: bool,
}

/// One part of a message (RFC 2045 §2.4), or the message itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The header block, with the empty line that ends it.
    pub header: Span,
    /// The body as sent, transfer encoding and all.
    pub body: Span,
    /// Line ends in the body.
    pub lines: u64,
    /// The type in lower case: `text`.
    pub kind: String,
    /// The subtype in lower case: `plain`.
    pub subtype: String,
    /// Parameters of the content type, names in lower case, continuations joined and decoded (RFC 2231).
    pub parameters: Vec<(String, String)>,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// `Content-ID` as written, with its angle brackets.
    pub id: Option<String>,
    /// `Content-Description` as written.
    pub description: Option<String>,
    /// `Content-Disposition`.
    pub disposition: Option<Disposition>,
    /// `Content-Language` (RFC 3282).
    pub language: Vec<String>,
    /// `Content-Location` (RFC 2557).
    pub location: Option<String>,
    /// `Content-MD5` (RFC 1864).
    pub md5: Option<String>,
    /// What is inside.
    pub content: Body,
}

/// What is inside a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Nothing that is read further.
    #[default]
    Leaf,
    /// The parts of a `multipart/*`; never none.
    Multipart(Vec<Part>),
    /// A message in the message (`message/rfc822`, `message/global`).
    Message {
        /// IMAP's ENVELOPE of it, as text.
        envelope: String,
        /// The message: its header block and body.
        root: Box<Part>,
    },
}

/// `Content-Disposition` (RFC 2183).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// `inline`, `attachment`, or another word, in lower case.
    pub kind: String,
    /// Parameters, as those of the content type.
    pub parameters: Vec<(String, String)>,
}

/// `Content-Transfer-Encoding` (RFC 2045 §6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Encoding {
    /// `7bit`, which is also what a part without the field has.
    #[default]
    SevenBit,
    /// `8bit`.
    EightBit,
    /// `binary`.
    Binary,
    /// `quoted-printable`.
    QuotedPrintable,
    /// `base64`.
    Base64,
    /// Another word, in lower case; its bodies can't be decoded.
    Other(String),
}

impl Encoding {
    /// Reads the field's value.
    #[must_use]
    pub fn parse(value: &str) -> Self {
        let word = value
            .split(['(', ';'])
            .next()
            .unwrap_or("")
            .trim()
            .trim_matches('"')
            .to_ascii_lowercase();
        match word.as_str() {
            "" | "7bit" | "7-bit" => Self::SevenBit,
            "8bit" | "8-bit" => Self::EightBit,
            "binary" => Self::Binary,
            "quoted-printable" | "quoted printable" => Self::QuotedPrintable,
            "base64" | "base-64" => Self::Base64,
            _ => Self::Other(word),
        }
    }

    /// The encoding's name, as IMAP sends it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
            Self::Other(word) => word,
        }
    }

    /// Whether the body's bytes are its content.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        matches!(self, Self::SevenBit | Self::EightBit | Self::Binary)
    }
}

impl Part {
    /// The body's length in bytes, encoded.
    #[must_use]
    pub fn octets(&self) -> u64 {
        self.body.len()
    }

    /// The body's length in bytes once decoded; for base64 and quoted-printable about that.
    #[must_use]
    pub fn decoded_octets(&self) -> u64 {
        match self.encoding {
            // Four characters stand for three bytes; line ends stand for none.
            Encoding::Base64 => self.octets().saturating_sub(self.lines.saturating_mul(2)) / 4 * 3,
            _ => self.octets(),
        }
    }

    /// A parameter of the content type, by its name in lower case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.parameters, name)
    }

    /// The `charset` parameter.
    #[must_use]
    pub fn charset(&self) -> Option<&str> {
        self.parameter("charset")
    }

    /// Type and subtype: `text/plain`.
    #[must_use]
    pub fn media_type(&self) -> String {
        format!("{}/{}", self.kind, self.subtype)
    }

    /// Whether the type is this one: `is("text", "html")`.
    #[must_use]
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind == kind && self.subtype == subtype
    }

    /// The file name that the sender gave, decoded, without folders and control characters.
    #[must_use]
    pub fn file_name(&self) -> Option<String> {
        let named = self
            .disposition
            .as_ref()
            .and_then(|d| find(&d.parameters, "filename"));
        let name = words::decode(named.or_else(|| self.parameter("name"))?);
        let last = name.rsplit(['/', '\\']).next().unwrap_or("");
        let clean: String = last.chars().filter(|c| !is_unseen(*c)).collect();
        let clean = clean.trim().trim_start_matches('.');
        (!clean.is_empty()).then(|| clean.to_owned())
    }

    /// Whether the sender marked it as a file to keep rather than to show.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        self.disposition
            .as_ref()
            .is_some_and(|d| d.kind == "attachment")
    }

    /// The content id without its angle brackets, as links by `cid:` name it.
    #[must_use]
    pub fn content_id(&self) -> Option<&str> {
        let id = self.id.as_deref()?.trim();
        let id = id.strip_prefix('<').unwrap_or(id);
        let id = id.strip_suffix('>').unwrap_or(id);
        (!id.is_empty()).then_some(id)
    }

    /// The parts right below.
    #[must_use]
    pub fn children(&self) -> &[Part] {
        match &self.content {
            Body::Multipart(parts) => parts,
            Body::Message { root, .. } => std::slice::from_ref(root),
            Body::Leaf => &[],
        }
    }
}

impl Structure {
    /// The part that IMAP's section names (RFC 9051 §6.4.5.1: `[1, 2]` is `1.2`); the message itself for none.
    ///
    /// In a message that is no multipart, part 1 is its body. Below a `message/rfc822`, numbers count the parts of the
    /// message inside.
    #[must_use]
    pub fn part(&self, path: &[u32]) -> Option<&Part> {
        let mut at = &self.root;
        let mut inside = numbered(&self.root);
        for number in path {
            at = inside.get(usize::try_from(number.checked_sub(1)?).ok()?)?;
            inside = match &at.content {
                Body::Multipart(parts) => parts,
                Body::Message { root, .. } => numbered(root),
                Body::Leaf => &[],
            };
        }
        Some(at)
    }

    /// Every part in order of reading, each with the section that IMAP calls it by; not the message itself, unless it
    /// has no parts.
    #[must_use]
    pub fn parts(&self) -> Vec<(Vec<u32>, &Part)> {
        let mut found = Vec::new();
        number_parts(&self.root, &mut Vec::new(), &mut found);
        found
    }

    /// The parts that are the message's text to read: `text/*` that is no attachment, none of messages inside.
    #[must_use]
    pub fn texts(&self) -> Vec<&Part> {
        let mut found = Vec::new();
        gather_texts(&self.root, &mut found);
        found
    }
}

/// What part 1, 2 and so on of a message (or multipart) are.
fn numbered(message: &Part) -> &[Part] {
    match &message.content {
        Body::Multipart(parts) => parts,
        _ => std::slice::from_ref(message),
    }
}

fn number_parts<'a>(message: &'a Part, path: &mut Vec<u32>, found: &mut Vec<(Vec<u32>, &'a Part)>) {
    for (number, part) in (1_u32..).zip(numbered(message)) {
        path.push(number);
        found.push((path.clone(), part));
        match &part.content {
            Body::Multipart(_) => number_parts(part, path, found),
            Body::Message { root, .. } => number_parts(root, path, found),
            Body::Leaf => {}
        }
        path.pop();
    }
}

fn gather_texts<'a>(part: &'a Part, found: &mut Vec<&'a Part>) {
    match &part.content {
        Body::Multipart(parts) => parts.iter().for_each(|part| gather_texts(part, found)),
        Body::Leaf if part.kind == "text" && !part.is_attachment() => found.push(part),
        _ => {}
    }
}

/// A parameter's value by its name.
pub(super) fn find<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}

/// Control characters, and those that turn the direction of a name to hide its end.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// What others need of a message's own header block. Values as written, unfolded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The fields of IMAP's ENVELOPE.
    pub fields: EnvelopeFields,
    /// `References`.
    pub references: Option<String>,
    /// `Return-Path`.
    pub return_path: Option<String>,
    /// `Auto-Submitted` (RFC 3834).
    pub auto_submitted: Option<String>,
    /// `Precedence`, an old way to mark mail of lists.
    pub precedence: Option<String>,
    /// `List-Id` (RFC 2919).
    pub list_id: Option<String>,
    /// `List-Post` (RFC 2369).
    pub list_post: Option<String>,
    /// `List-Unsubscribe` (RFC 2369).
    pub list_unsubscribe: Option<String>,
    /// `Delivered-To`, the first `MAX_DELIVERED_TO` of them: for finding loops.
    pub delivered_to: Vec<String>,
    /// How many `Received` fields: hops, for finding loops.
    pub received: u32,
    /// `Importance` or `X-Priority` says high.
    pub important: bool,
    /// `Chat-Version`: a messenger that speaks mail wrote it.
    pub chat_version: Option<String>,
    /// `X-Spam-Flag` or `X-Spam-Status` says yes: a relay took it for spam.
    pub spam: bool,
    /// Some part is a file: marked as an attachment, or named and no text.
    pub has_attachment: bool,
}

impl Summary {
    /// The subject, decoded; empty if there is none.
    #[must_use]
    pub fn subject(&self) -> String {
        words::decode(self.fields.subject.as_deref().unwrap_or(""))
    }

    /// The subject without `Re:` and its like (RFC 5256 §2.1).
    #[must_use]
    pub fn base_subject(&self) -> String {
        subject::base(&self.subject()).text
    }

    /// When the sender says it was written.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        self.fields.date.as_deref().and_then(Date::parse)
    }

    /// Who wrote it.
    #[must_use]
    pub fn from(&self) -> Vec<address::Mailbox> {
        address::mailboxes(self.fields.from.as_deref().unwrap_or(""))
    }

    /// The message id without angle brackets.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        ids::parse(self.fields.message_id.as_deref()?)
            .into_iter()
            .next()
    }

    /// The ids of the messages that this one answers, oldest first: `References`, then what `In-Reply-To` adds.
    #[must_use]
    pub fn ancestors(&self) -> Vec<String> {
        let mut found = ids::parse(self.references.as_deref().unwrap_or(""));
        for id in ids::parse(self.fields.in_reply_to.as_deref().unwrap_or("")) {
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found
    }

    /// Whether a program sent it by itself: nobody should answer it by program (RFC 3834 §2).
    #[must_use]
    pub fn is_automatic(&self) -> bool {
        let told = |value: &Option<String>, no: &str| {
            value
                .as_deref()
                .is_some_and(|v| !v.trim().to_ascii_lowercase().starts_with(no))
        };
        let bulk = self.precedence.as_deref().is_some_and(|v| {
            matches!(
                v.trim().to_ascii_lowercase().as_str(),
                "bulk" | "list" | "junk"
            )
        });
        told(&self.auto_submitted, "no") || bulk || self.list_id.is_some()
    }
}
