//! Writes messages (RFC 5322, RFC 2045 to 2047, RFC 2231), piece by piece: files pass through without being held.

use super::{
    address::Mailbox,
    body_structure::extended_value,
    date::Date,
    transfer::{Base64Lines, quoted_printable},
    words,
};

/// Longest line of a header, in characters, where it can be folded (RFC 5322 §2.1.1).
const LINE: usize = 76;

/// The header fields of a message to write, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Who writes.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who gets a copy.
    pub cc: Vec<Mailbox>,
    /// Who gets one unseen; written only if this is a draft, or the sender's own copy.
    pub bcc: Vec<Mailbox>,
    /// The subject.
    pub subject: String,
    /// When.
    pub date: Date,
    /// The id, without angle brackets.
    pub message_id: String,
    /// The id of the message that this one answers.
    pub in_reply_to: Option<String>,
    /// The ids of the thread, oldest first.
    pub references: Vec<String>,
    /// Other fields: names, and values in ASCII.
    pub headers: Vec<(String, String)>,
    /// The text.
    pub text: String,
}

/// A file to attach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub name: String,
    /// Its type: `image/png`; anything that is no type is `application/octet-stream`.
    pub media_type: String,
    /// The content id, without angle brackets, of an image that the text shows.
    pub content_id: Option<String>,
}

/// Writes a letter: [`head`](Writer::head), then for each file [`begin_file`](Writer::begin_file),
/// [`file`](Writer::file) as often as it takes, [`end_file`](Writer::end_file); then [`end`](Writer::end).
pub struct Writer {
    boundary: Option<String>,
    lines: Base64Lines,
}

impl Writer {
    /// `boundary` is a word by chance, needed if there are files.
    #[must_use]
    pub fn new(boundary: Option<&str>) -> Self {
        Self {
            boundary: boundary.map(|word| format!("=_{word}")),
            lines: Base64Lines::default(),
        }
    }

    /// The header and the text.
    #[must_use]
    pub fn head(&self, letter: &Letter) -> Vec<u8> {
        let mut out = Vec::with_capacity(1_024 + letter.text.len());
        header(letter, &mut out);
        field("MIME-Version", "1.0", &mut out);
        if let Some(boundary) = &self.boundary {
            field(
                "Content-Type",
                &format!("multipart/mixed; boundary=\"{boundary}\""),
                &mut out,
            );
            out.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
        }
        text(&letter.text, &mut out);
        out
    }

    /// Begins a file.
    #[must_use]
    pub fn begin_file(&mut self, file: &Attached) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(boundary) = &self.boundary {
            out.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        }
        let token = |c: char| c.is_ascii_graphic() && !"()<>@,;:\\\"[]?=".contains(c);
        let good = file.media_type.split('/').count() == 2
            && file.media_type.chars().all(token)
            && !file.media_type.starts_with("multipart/")
            && !file.media_type.starts_with("message/");
        let media_type = if good {
            file.media_type.as_str()
        } else {
            "application/octet-stream"
        };
        field("Content-Type", media_type, &mut out);
        let kind = if file.content_id.is_some() {
            "inline"
        } else {
            "attachment"
        };
        field(
            "Content-Disposition",
            &format!("{kind};{}", parameter("filename", &file.name)),
            &mut out,
        );
        if let Some(id) = &file.content_id {
            field("Content-ID", &format!("<{id}>"), &mut out);
        }
        field("Content-Transfer-Encoding", "base64", &mut out);
        out.extend_from_slice(b"\r\n");
        out
    }

    /// The file's next bytes.
    pub fn file(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        self.lines.push(bytes, out);
    }

    /// The file is complete.
    pub fn end_file(&mut self, out: &mut Vec<u8>) {
        self.lines.finish(out);
    }

    /// The message is complete.
    #[must_use]
    pub fn end(self) -> Vec<u8> {
        self.boundary
            .map(|boundary| format!("--{boundary}--\r\n").into_bytes())
            .unwrap_or_default()
    }
}

fn header(letter: &Letter, out: &mut Vec<u8>) {
    field("Date", &letter.date.to_header(), out);
    field("From", &letter.from.to_header(), out);
    for (name, list) in [("To", &letter.to), ("Cc", &letter.cc), ("Bcc", &letter.bcc)] {
        if !list.is_empty() {
            let list: Vec<String> = list.iter().map(Mailbox::to_header).collect();
            field(name, &list.join(", "), out);
        }
    }
    field("Subject", &words::encode(&letter.subject), out);
    field("Message-ID", &format!("<{}>", letter.message_id), out);
    if let Some(id) = &letter.in_reply_to {
        field("In-Reply-To", &format!("<{id}>"), out);
    }
    if !letter.references.is_empty() {
        let ids: Vec<String> = letter
            .references
            .iter()
            .map(|id| format!("<{id}>"))
            .collect();
        field("References", &ids.join(" "), out);
    }
    for (name, value) in &letter.headers {
        field(name, value, out);
    }
}

/// One field, folded at spaces. Line ends in the value become spaces: nothing can be smuggled in.
fn field(name: &str, value: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.push(b':');
    let mut column = name.len() + 1;
    for word in value
        .split(['\r', '\n', ' '])
        .filter(|word| !word.is_empty())
    {
        if column + 1 + word.len() > LINE && column > name.len() + 1 {
            out.extend_from_slice(b"\r\n");
            column = 0;
        }
        out.push(b' ');
        out.extend_from_slice(word.as_bytes());
        column += 1 + word.len();
    }
    out.extend_from_slice(b"\r\n");
}

/// A parameter: quoted if it is ASCII, else in the form of RFC 2231, cut in sections if it is long.
fn parameter(name: &str, value: &str) -> String {
    if value.chars().all(|c| (' '..='~').contains(&c)) && value.len() < LINE - 20 {
        let escaped: String = value
            .chars()
            .flat_map(|c| {
                matches!(c, '"' | '\\')
                    .then_some('\\')
                    .into_iter()
                    .chain([c])
            })
            .collect();
        return format!(" {name}=\"{escaped}\"");
    }
    let encoded = extended_value(value);
    if encoded.len() < LINE - 20 {
        return format!(" {name}*={encoded}");
    }
    let mut sections = Vec::new();
    let mut piece = String::new();
    let mut chars = encoded.chars();
    while let Some(c) = chars.next() {
        // A percent and its two digits stay together.
        let mut unit = c.to_string();
        if c == '%' {
            unit.extend(chars.by_ref().take(2));
        }
        if piece.len() + unit.len() > LINE - 24 {
            sections.push(std::mem::take(&mut piece));
        }
        piece.push_str(&unit);
    }
    sections.push(piece);
    let joined: Vec<String> = sections
        .iter()
        .enumerate()
        .map(|(at, piece)| format!(" {name}*{at}*={piece}"))
        .collect();
    joined.join(";")
}

/// The text part: as it is if that is safe, else quoted-printable, or base64 where that is shorter.
fn text(text: &str, out: &mut Vec<u8>) {
    let plain = text.is_ascii()
        && text
            .lines()
            .all(|line| line.len() <= LINE && !line.ends_with(' ') && !line.starts_with("From "))
        && !text
            .bytes()
            .any(|b| b < 32 && !matches!(b, b'\n' | b'\r' | b'\t'));
    field("Content-Type", "text/plain; charset=utf-8", out);
    if plain {
        field("Content-Transfer-Encoding", "7bit", out);
        out.extend_from_slice(b"\r\n");
        for line in text.lines() {
            out.extend_from_slice(line.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        return;
    }
    let foreign = text.bytes().filter(|b| !b.is_ascii()).count();
    if foreign * 6 > text.len() {
        field("Content-Transfer-Encoding", "base64", out);
        out.extend_from_slice(b"\r\n");
        let mut lines = Base64Lines::default();
        for line in text.lines() {
            lines.push(line.as_bytes(), out);
            lines.push(b"\r\n", out);
        }
        lines.finish(out);
    } else {
        field("Content-Transfer-Encoding", "quoted-printable", out);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(&quoted_printable(text));
    }
}
