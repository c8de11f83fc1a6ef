//! The text of parts, for previews and for search.

use lampion_formats::{Limits, html};

use super::{
    charset,
    structure::{Encoding, Part},
    transfer::Decoder,
};

/// Length of a preview in characters (RFC 8970 §3.1: 200 is recommended, 256 the most).
pub const PREVIEW_CHARACTERS: usize = 200;
/// Longest text made of one part, in bytes.
pub const MAX_TEXT_BYTES: usize = 1 << 20;

/// The text of a `text/*` part's raw body, or of its beginning: decoded, HTML as text. Not longer than
/// [`MAX_TEXT_BYTES`].
#[must_use]
pub fn of_part(part: &Part, raw: &[u8]) -> String {
    let decoded = Decoder::once(&part.encoding, raw);
    if part.subtype == "html" {
        return of_html(&html_source(part.charset(), &decoded));
    }
    let mut text = charset::decode(part.charset(), &decoded);
    if part
        .parameter("format")
        .is_some_and(|f| f.eq_ignore_ascii_case("flowed"))
    {
        let delsp = part
            .parameter("delsp")
            .is_some_and(|d| d.eq_ignore_ascii_case("yes"));
        text = unflow(&text, delsp);
    }
    truncate(&mut text, MAX_TEXT_BYTES);
    text
}

/// An HTML body as text in UTF-8; its own statement of a charset counts where the part has none.
#[must_use]
pub fn html_source(label: Option<&str>, decoded: &[u8]) -> String {
    let stated = label.is_none().then(|| stated_charset(decoded)).flatten();
    charset::decode(label.or(stated.as_deref()), decoded)
}

/// `charset=` in the beginning of a page.
fn stated_charset(page: &[u8]) -> Option<String> {
    let head = page.get(..1_024).unwrap_or(page).to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset")?;
    let rest = head
        .get(at + b"charset".len()..)?
        .trim_ascii_start()
        .strip_prefix(b"=")?
        .trim_ascii_start();
    let rest = rest
        .strip_prefix(b"\"")
        .or_else(|| rest.strip_prefix(b"'"))
        .unwrap_or(rest);
    let end = rest
        .iter()
        .position(|b| !(b.is_ascii_alphanumeric() || b"-_:.".contains(b)))
        .unwrap_or(rest.len());
    let label = String::from_utf8_lossy(rest.get(..end)?).into_owned();
    // A page that ASCII could read is not in UTF-16, whatever it says.
    (!label.is_empty() && !label.starts_with("utf-16")).then_some(label)
}

/// HTML as text: paragraphs end with a line end.
#[must_use]
pub fn of_html(page: &str) -> String {
    let mut limits = Limits::default();
    limits.max_text_bytes = limits.max_text_bytes.min(MAX_TEXT_BYTES);
    html::extract_str(page, &limits).text
}

/// Text in `format=flowed` (RFC 3676) with its soft line breaks taken out.
#[must_use]
pub fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of quotes of the line that goes on, if one does.
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|b| *b == b'>').count();
        let content = line.get(depth..).unwrap_or("");
        let content = content.strip_prefix(' ').unwrap_or(content);
        let signature = content == "-- ";
        if open != Some(depth) || signature {
            if open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        let flows = content.ends_with(' ') && !signature;
        if flows {
            out.push_str(if delsp {
                content.get(..content.len() - 1).unwrap_or("")
            } else {
                content
            });
            open = Some(depth);
        } else {
            out.push_str(content);
            out.push('\n');
            open = None;
        }
    }
    out
}

/// The preview of a text: one line, without quoted lines if there are others.
#[must_use]
pub fn preview(text: &str) -> String {
    let own = squeeze(
        text.lines()
            .filter(|line| !line.trim_start().starts_with('>')),
    );
    if own.is_empty() {
        squeeze(text.lines())
    } else {
        own
    }
}

fn squeeze<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    let mut count = 0;
    // What isn't seen is left out: HTML mail fills its preview with it.
    let unseen = |c: &char| {
        c.is_control()
            || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{34f}' | '\u{ad}' | '\u{feff}' | '\u{2060}' | '\u{202a}'..='\u{202e}')
    };
    for word in lines.flat_map(str::split_whitespace) {
        let mut first = true;
        for c in word.chars().filter(|c| !unseen(c)) {
            if first && !out.is_empty() {
                out.push(' ');
                count += 1;
            }
            first = false;
            if count >= PREVIEW_CHARACTERS {
                return out.trim_end().to_owned();
            }
            out.push(c);
            count += 1;
        }
    }
    out
}

/// Cuts a text to at most `limit` bytes, between characters.
pub fn truncate(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
    }
}

/// Gathers the text of a message for search, part by part, up to a limit.
pub struct Gathered {
    text: String,
    limit: usize,
}

impl Gathered {
    /// Gathers up to `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
        }
    }

    /// Whether no more is wanted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.text.len() >= self.limit
    }

    /// How many raw bytes of this part are worth reading.
    #[must_use]
    pub fn wants(&self, part: &Part) -> u64 {
        let left = u64::try_from(self.limit.saturating_sub(self.text.len())).unwrap_or(u64::MAX);
        // HTML and encodings make several bytes of one.
        let factor = match (part.subtype.as_str(), &part.encoding) {
            ("html", _) => 8,
            (_, Encoding::QuotedPrintable) => 3,
            _ => 2,
        };
        part.octets().min(left.saturating_mul(factor))
    }

    /// Adds a part's raw body, or its beginning.
    pub fn add(&mut self, part: &Part, raw: &[u8]) {
        let text = of_part(part, raw);
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&text);
        truncate(&mut self.text, self.limit);
    }

    /// What was gathered.
    #[must_use]
    pub fn finish(self) -> String {
        self.text
    }
}
