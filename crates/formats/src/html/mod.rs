//! HTML: the text of a page in one pass over its bytes, without a tree.
//!
//! The importer of archives runs this on every article, so it must keep up with
//! the disk; and pages come from anywhere, so the work is bounded by a constant
//! times the length of the page, whatever is in it:
//! - a search that fails is never repeated (see `scan`);
//! - an element that is left out (navigation, boxes of links) and never closes is
//!   taken back once, and from then on nothing is left out by class;
//! - there is no stack of elements, so nesting costs nothing.

mod charset;
mod entity;
mod meta;
mod reader;
mod rewrite;
mod scan;
mod tags;

use crate::{
    model::{Extracted, Limits},
    sink::Gap,
};
use meta::Fallbacks;
use scan::{Found, Scanner, Tag};
use tags::{Name, Role};

pub use reader::{ANCHOR_PREFIX, to_reader_html};

pub(crate) use charset::decode as decode_bytes;
pub(crate) use entity::decode_all as decode_entities;
pub(crate) use reader::clean;

/// The text of HTML or XML in any encoding.
pub(crate) fn decode_markup(bytes: &[u8]) -> String {
    charset::decode(bytes, charset::declared_in_html)
        .0
        .into_owned()
}

/// Longest title taken from a page, in bytes as written.
const MAX_TITLE_BYTES: usize = 4 << 10;
/// Longest heading, in bytes; what is longer is a paragraph in disguise.
const MAX_HEADING_BYTES: usize = 1 << 10;
/// A page's text is about this part of its markup: the first allocation.
const TEXT_PART_OF_MARKUP: usize = 3;

/// Takes text and metadata from a page in any encoding.
#[must_use]
pub fn extract(bytes: &[u8], limits: &Limits) -> Extracted {
    let (text, encoding) = charset::decode(bytes, charset::declared_in_html);
    let mut doc = extract_str(&text, limits);
    if let Some(encoding) = encoding {
        doc.add_extra("encoding", encoding);
    }
    doc
}

/// Takes text and metadata from a page that is already UTF-8.
#[must_use]
pub fn extract_str(page: &str, limits: &Limits) -> Extracted {
    let mut extractor = Extractor::new(page, limits);
    extractor.run();
    extractor.finish()
}

/// An element that is being left out: its name, how many of that name are open,
/// and where it began.
struct Skipping {
    name: Name,
    open: u32,
    began: usize,
}

struct Extractor<'a> {
    page: &'a str,
    scan: Scanner<'a>,
    limits: &'a Limits,
    doc: Extracted,
    later: Fallbacks,
    gap: Gap,
    pre: bool,
    heading: Option<usize>,
    skipping: Option<Skipping>,
    /// An element that was left out never closed: leave nothing out any more.
    skips_broken: bool,
    title_seen: bool,
}

impl<'a> Extractor<'a> {
    fn new(page: &'a str, limits: &'a Limits) -> Self {
        let capacity = (page.len() / TEXT_PART_OF_MARKUP).min(limits.max_text_bytes);
        Self {
            page,
            scan: Scanner::new(page.as_bytes()),
            limits,
            doc: Extracted {
                text: String::with_capacity(capacity),
                ..Extracted::default()
            },
            later: Fallbacks::default(),
            gap: Gap::None,
            pre: false,
            heading: None,
            skipping: None,
            skips_broken: false,
            title_seen: false,
        }
    }

    fn run(&mut self) {
        let mut at = 0;
        loop {
            self.pass(at);
            match self.skipping.take() {
                // Something that was left out never closed. Its text is read after
                // all, once: from now on nothing is left out.
                Some(skipped) if !self.skips_broken => {
                    self.skips_broken = true;
                    at = skipped.began;
                }
                _ => return,
            }
        }
    }

    /// Reads from `at` to the end, or until the text is full.
    fn pass(&mut self, mut at: usize) {
        let bytes = self.page.as_bytes();
        while at < bytes.len() {
            if self.skipping.is_some() {
                match memchr::memchr(b'<', self.scan.rest(at)) {
                    Some(found) => at += found,
                    None => return,
                }
            } else {
                at = self.text(at);
                if self.doc.text.len() >= self.limits.max_text_bytes {
                    self.doc.warn_cut(self.limits);
                    return;
                }
                if at >= bytes.len() {
                    return;
                }
            }
            at = match self.scan.at_angle(at) {
                Found::Tag(tag) => self.tag(&tag, at),
                Found::Nothing(next) => next,
                Found::Cdata(from, to, next) => {
                    if self.skipping.is_none() {
                        self.plain(from, to);
                    }
                    next
                }
                Found::Literal => {
                    if self.skipping.is_none() {
                        self.push("<");
                    }
                    at + 1
                }
            };
        }
    }

    /// Takes text up to the next `<`, and gives its place.
    fn text(&mut self, mut at: usize) -> usize {
        let bytes = self.page.as_bytes();
        loop {
            let from = at;
            // Words and the single spaces between them are copied in one piece.
            while let Some(byte) = bytes.get(at) {
                match CLASS[usize::from(*byte)] {
                    WORD => at += 1,
                    SPACE if *byte == b' ' && is_word(bytes.get(at + 1)) && at > from => at += 2,
                    _ => break,
                }
            }
            if at > from {
                self.push(self.page.get(from..at).unwrap_or(""));
            }
            match bytes.get(at) {
                None | Some(b'<') => return at,
                Some(b'&') => {
                    at += 1;
                    match entity::decode(self.scan.rest(at)) {
                        Some(decoded) => {
                            self.push_char(decoded.first);
                            if let Some(second) = decoded.second {
                                self.push_char(second);
                            }
                            at += decoded.len;
                        }
                        None => self.push("&"),
                    }
                }
                Some(byte) => {
                    self.widen(if self.pre && *byte == b'\n' {
                        Gap::Line
                    } else {
                        Gap::Space
                    });
                    at += 1;
                }
            }
        }
    }

    /// Takes text in which nothing is markup.
    fn plain(&mut self, from: usize, to: usize) {
        let text = self.page.get(from..to).unwrap_or("");
        for piece in text.split_inclusive(|c: char| c.is_ascii_whitespace() || c.is_ascii_control())
        {
            let word =
                piece.trim_end_matches(|c: char| c.is_ascii_whitespace() || c.is_ascii_control());
            self.push(word);
            if word.len() < piece.len() {
                self.widen(if self.pre && piece.ends_with('\n') {
                    Gap::Line
                } else {
                    Gap::Space
                });
            }
            if self.doc.text.len() >= self.limits.max_text_bytes {
                return;
            }
        }
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if self.gap != Gap::None {
            let gap = std::mem::replace(&mut self.gap, Gap::None);
            if !self.doc.text.is_empty() {
                self.doc.text.push(match gap {
                    Gap::None | Gap::Space => ' ',
                    Gap::Cell => '\t',
                    Gap::Line => '\n',
                });
            }
        }
        self.doc.text.push_str(text);
    }

    fn push_char(&mut self, c: char) {
        match c {
            '\u{a0}' | ' ' => self.widen(Gap::Space),
            '\u{ad}' => {} // a soft hyphen would part the word for search
            c if c.is_control() => self.widen(Gap::Space),
            c => self.push(c.encode_utf8(&mut [0; 4])),
        }
    }

    fn widen(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Acts on the tag at `at`; gives the place where reading goes on.
    fn tag(&mut self, tag: &Tag, at: usize) -> usize {
        let role = tag.name.role();
        if self.skipping.is_some() {
            return self.tag_while_skipping(tag, role);
        }
        if tag.closing {
            let next = self.scan.end_of_tag(tag);
            match role {
                Role::Block => self.widen(Gap::Line),
                Role::Cell => self.widen(Gap::Cell),
                Role::Break => self.widen(Gap::Line), // `</br>` is `<br>`
                Role::Heading => self.close_heading(),
                Role::Pre => {
                    self.pre = false;
                    self.widen(Gap::Line);
                }
                _ => {}
            }
            return next;
        }
        match role {
            Role::Meta => return self.meta(tag),
            Role::Html => return self.html(tag),
            Role::Title if !self.title_seen => return self.title(tag),
            Role::Break => self.widen(Gap::Line),
            Role::Void => {}
            Role::RawSkip => {
                let content = self.scan.end_of_tag(tag);
                self.widen(Gap::Space);
                return self
                    .scan
                    .raw_end(content, tag.name)
                    .unwrap_or(self.page.len());
            }
            Role::PlainText => {
                let content = self.scan.end_of_tag(tag);
                self.widen(Gap::Line);
                self.plain(content, self.page.len());
                return self.page.len();
            }
            Role::Skip => {
                self.widen(Gap::Space);
                let (next, closed) = self.visible(tag).unwrap_or_else(|after| (after, false));
                return self.skip(tag, at, next, closed);
            }
            Role::Inline | Role::Block | Role::Cell | Role::Heading | Role::Pre | Role::Title => {
                return self.container(tag, role, at);
            }
        }
        self.scan.end_of_tag(tag)
    }

    /// A start tag of an element with content that readers see, unless its
    /// attributes say otherwise.
    fn container(&mut self, tag: &Tag, role: Role, at: usize) -> usize {
        let (next, closed) = match self.visible(tag) {
            Ok(seen) => seen,
            Err(next) => {
                if role != Role::Inline {
                    self.widen(Gap::Line);
                }
                return self.skip(tag, at, next, false);
            }
        };
        match role {
            Role::Block => self.widen(Gap::Line),
            Role::Cell => self.widen(Gap::Cell),
            Role::Heading => {
                self.close_heading();
                // Where the heading's first word will stand, after the line end.
                self.heading = Some(self.doc.text.len());
            }
            Role::Pre => {
                self.pre = !closed;
                self.widen(Gap::Line);
            }
            _ => {}
        }
        next
    }

    /// Reads a start tag: its end, and whether it closed itself; `Err` with its
    /// end if the element is hidden or noise.
    fn visible(&mut self, tag: &Tag) -> Result<(usize, bool), usize> {
        let bytes = self.page.as_bytes();
        if bytes.get(tag.attributes) == Some(&b'>') {
            return Ok((tag.attributes + 1, false));
        }
        let mut hidden = false;
        let next = self.scan.attributes(tag.attributes, |name, value| {
            hidden |= match name.first().map(u8::to_ascii_lowercase) {
                Some(b'c') => name.eq_ignore_ascii_case(b"class") && tags::class_is_noise(value),
                Some(b's') => name.eq_ignore_ascii_case(b"style") && tags::style_hides(value),
                Some(b'r') => name.eq_ignore_ascii_case(b"role") && value == b"navigation",
                Some(b'h') => name.eq_ignore_ascii_case(b"hidden") && value != b"until-found",
                _ => false,
            };
        });
        if hidden && !tag.name.holds_page() {
            return Err(next);
        }
        let closed = next >= 2 && bytes.get(next - 2) == Some(&b'/');
        Ok((next, closed))
    }

    fn skip(&mut self, tag: &Tag, at: usize, next: usize, closed: bool) -> usize {
        if !closed && !self.skips_broken {
            self.skipping = Some(Skipping {
                name: tag.name,
                open: 1,
                began: at,
            });
        }
        next
    }

    fn tag_while_skipping(&mut self, tag: &Tag, role: Role) -> usize {
        let next = self.scan.end_of_tag(tag);
        if role == Role::RawSkip && !tag.closing {
            return self.scan.raw_end(next, tag.name).unwrap_or(self.page.len());
        }
        let Some(skipping) = &mut self.skipping else {
            return next;
        };
        if skipping.name == tag.name {
            let closed_itself = next >= 2 && self.page.as_bytes().get(next - 2) == Some(&b'/');
            if tag.closing {
                skipping.open -= 1;
            } else if !closed_itself {
                skipping.open = skipping.open.saturating_add(1);
            }
            if skipping.open == 0 {
                self.skipping = None;
                self.widen(if role == Role::Inline {
                    Gap::None
                } else {
                    Gap::Space
                });
            }
        }
        next
    }

    fn close_heading(&mut self) {
        self.widen(Gap::Line);
        if let Some(from) = self.heading.take() {
            let heading = self.doc.text.get(from..).unwrap_or("").trim();
            if heading.len() <= MAX_HEADING_BYTES
                && self.doc.headings.len() < self.limits.max_headings
            {
                let heading = heading.to_owned();
                self.doc.add_heading(&heading, self.limits);
            }
        }
    }

    fn html(&mut self, tag: &Tag) -> usize {
        let mut language = None;
        let next = self.scan.attributes(tag.attributes, |name, value| {
            if name.eq_ignore_ascii_case(b"lang") || name.eq_ignore_ascii_case(b"xml:lang") {
                language = std::str::from_utf8(value).ok();
            }
        });
        if let Some(language) = language {
            self.doc.offer_language(language);
        }
        next
    }

    fn title(&mut self, tag: &Tag) -> usize {
        self.title_seen = true;
        let from = self.scan.end_of_tag(tag);
        let (to, next) = match self.scan.raw_end(from, tag.name) {
            Some(end) => (end, end),
            // A title that never closes would hide the page: it ends at the next tag.
            None => {
                let end = memchr::memchr(b'<', self.scan.rest(from))
                    .map_or(self.page.len(), |found| from + found);
                (end, end)
            }
        };
        let title =
            crate::model::floor_boundary(self.page.get(from..to).unwrap_or(""), MAX_TITLE_BYTES);
        self.doc.offer_title(&entity::decode_all(title));
        next
    }

    fn meta(&mut self, tag: &Tag) -> usize {
        let (mut name, mut content): (&[u8], &[u8]) = (&[], &[]);
        let next = self.scan.attributes(tag.attributes, |key, value| {
            if key.eq_ignore_ascii_case(b"content") {
                content = value;
            } else if [&b"name"[..], b"property", b"itemprop", b"http-equiv"]
                .iter()
                .any(|known| key.eq_ignore_ascii_case(known))
            {
                name = value;
            }
        });
        if let (Ok(name), Ok(content)) = (std::str::from_utf8(name), std::str::from_utf8(content))
            && !name.is_empty()
        {
            meta::read(name, content, &mut self.doc, &mut self.later);
        }
        next
    }

    fn finish(mut self) -> Extracted {
        self.close_heading();
        if self.doc.text.len() > self.limits.max_text_bytes {
            let keep =
                crate::model::floor_boundary(&self.doc.text, self.limits.max_text_bytes).len();
            self.doc.text.truncate(keep);
        }
        self.later.apply(&mut self.doc);
        self.doc.title_from_heading();
        self.doc
    }
}

/// A byte that is copied as it is.
const WORD: u8 = 0;
/// White space and control characters.
const SPACE: u8 = 1;
/// `<` and `&`.
const MARKUP: u8 = 2;

/// The class of each byte (256 entries: a byte is always inside); every byte of a character beyond ASCII is a word's.
static CLASS: [u8; 256] = {
    let mut table = [WORD; 256];
    let mut byte = 0;
    while byte <= b' ' as usize {
        table[byte] = SPACE;
        byte += 1;
    }
    table[0x7f] = SPACE;
    table[b'<' as usize] = MARKUP;
    table[b'&' as usize] = MARKUP;
    table
};

fn is_word(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| CLASS[usize::from(*b)] == WORD)
}

#[cfg(test)]
mod tests;
