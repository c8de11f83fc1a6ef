//! Moves over the bytes of a page from tag to tag.
//!
//! Every search that may fail remembers from where it failed, so that no input
//! makes it look over the same bytes again and again.

use memchr::{memchr, memmem};

use super::tags::Name;

/// One tag, its attributes not yet read.
pub(super) struct Tag {
    pub name: Name,
    pub closing: bool,
    /// Where the attributes begin.
    pub attributes: usize,
}

/// What follows a `<`.
pub(super) enum Found {
    Tag(Tag),
    /// Comment, declaration or processing instruction; goes on at this place.
    Nothing(usize),
    /// `<![CDATA[…]]>`: text from, to; goes on at the third place.
    Cdata(usize, usize, usize),
    /// The `<` stands for itself.
    Literal,
}

/// The bytes of a page, and what is known about their rest.
pub(super) struct Scanner<'a> {
    pub bytes: &'a [u8],
    /// From here on there is no `"`, `'`, `]]>`.
    no_double_quote: usize,
    no_single_quote: usize,
    no_cdata_end: usize,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            no_double_quote: usize::MAX,
            no_single_quote: usize::MAX,
            no_cdata_end: usize::MAX,
        }
    }

    pub(super) fn rest(&self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or(&[])
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    /// The place after the next `needle`, or the end.
    fn after(&self, at: usize, needle: u8) -> usize {
        memchr(needle, self.rest(at)).map_or(self.bytes.len(), |found| at + found + 1)
    }

    /// Reads what begins at the `<` at `at`.
    pub(super) fn at_angle(&mut self, at: usize) -> Found {
        let next = self.byte(at + 1);
        let closing = next == b'/';
        let name_at = at + 1 + usize::from(closing);
        if self.byte(name_at).is_ascii_alphabetic() {
            let rest = self.rest(name_at);
            let len = rest
                .iter()
                .position(|b| matches!(b, b'>' | b'/') || b.is_ascii_whitespace())
                .unwrap_or(rest.len());
            let name = Name::new(rest.get(..len).unwrap_or(rest));
            return Found::Tag(Tag {
                name,
                closing,
                attributes: name_at + len,
            });
        }
        match next {
            b'!' => self.declaration(at),
            b'?' => Found::Nothing(self.after(at, b'>')),
            b'/' if name_at < self.bytes.len() => Found::Nothing(self.after(at, b'>')),
            _ => Found::Literal,
        }
    }

    fn declaration(&mut self, at: usize) -> Found {
        let rest = self.rest(at);
        if rest.starts_with(b"<!--") {
            // `<!-->` and `<!--->` are whole comments (§13.2.5.43).
            if rest.starts_with(b"<!-->") {
                return Found::Nothing(at + 5);
            }
            let mut from = at + 4;
            while let Some(found) = memmem::find(self.rest(from), b"--") {
                let end = from + found + 2;
                if self.byte(end) == b'>' {
                    return Found::Nothing(end + 1);
                }
                if self.byte(end) == b'!' && self.byte(end + 1) == b'>' {
                    return Found::Nothing(end + 2);
                }
                from = end - 1;
            }
            return Found::Nothing(self.bytes.len());
        }
        if rest.starts_with(b"<![CDATA[") && at < self.no_cdata_end {
            let from = at + b"<![CDATA[".len();
            if let Some(found) = memmem::find(self.rest(from), b"]]>") {
                return Found::Cdata(from, from + found, from + found + 3);
            }
            self.no_cdata_end = at;
        }
        Found::Nothing(self.after(at, b'>'))
    }

    /// Calls `each` with every attribute (name as written, value as written) and
    /// gives the place after the tag's `>`.
    pub(super) fn attributes(
        &mut self,
        mut at: usize,
        mut each: impl FnMut(&'a [u8], &'a [u8]),
    ) -> usize {
        loop {
            while self.byte(at).is_ascii_whitespace() || self.byte(at) == b'/' {
                at += 1;
            }
            match self.bytes.get(at) {
                None => return at,
                Some(b'>') => return at + 1,
                Some(_) => {}
            }
            let name_at = at;
            at += 1; // a `=` may begin a name
            while self
                .bytes
                .get(at)
                .is_some_and(|b| !matches!(b, b'=' | b'>' | b'/') && !b.is_ascii_whitespace())
            {
                at += 1;
            }
            let name = self.bytes.get(name_at..at).unwrap_or(&[]);
            let mut value_at = at;
            while self.byte(value_at).is_ascii_whitespace() {
                value_at += 1;
            }
            if self.byte(value_at) != b'=' {
                each(name, &[]);
                continue;
            }
            value_at += 1;
            while self.byte(value_at).is_ascii_whitespace() {
                value_at += 1;
            }
            let (end, next) = self.value(value_at);
            let from = value_at + usize::from(next > end);
            each(name, self.bytes.get(from..end).unwrap_or(&[]));
            at = next;
        }
    }

    /// Where the value at `at` ends, and where the tag goes on. A quote that
    /// never closes ends with the tag, so that one slip doesn't hide a page.
    fn value(&mut self, at: usize) -> (usize, usize) {
        let quote = self.byte(at);
        let known = match quote {
            b'"' => &mut self.no_double_quote,
            b'\'' => &mut self.no_single_quote,
            _ => {
                let rest = self.rest(at);
                let len = rest
                    .iter()
                    .position(|b| *b == b'>' || b.is_ascii_whitespace())
                    .unwrap_or(rest.len());
                return (at + len, at + len);
            }
        };
        if at < *known {
            if let Some(found) = memchr(quote, self.bytes.get(at + 1..).unwrap_or(&[])) {
                let end = at + 1 + found;
                return (end, end + 1);
            }
            *known = at;
        }
        let end = memchr(b'>', self.rest(at)).map_or(self.bytes.len(), |found| at + found);
        (end, end)
    }

    /// The place after a tag whose attributes don't matter.
    pub(super) fn end_of_tag(&mut self, tag: &Tag) -> usize {
        if self.byte(tag.attributes) == b'>' {
            return tag.attributes + 1;
        }
        self.attributes(tag.attributes, |_, _| {})
    }

    /// Where the content of a raw text element ends (at its `</name`), if it does.
    pub(super) fn raw_end(&self, at: usize, name: Name) -> Option<usize> {
        let mut from = at;
        while let Some(found) = memmem::find(self.rest(from), b"</") {
            let angle = from + found;
            let rest = self.rest(angle + 2);
            let len = rest
                .iter()
                .take(16)
                .position(|b| !b.is_ascii_alphanumeric())
                .unwrap_or(rest.len().min(16));
            if Name::new(rest.get(..len).unwrap_or(&[])) == name {
                return Some(angle);
            }
            from = angle + 2;
        }
        None
    }
}
