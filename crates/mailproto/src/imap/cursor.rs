//! Reads the pieces that all commands are made of (RFC 9051 §9).

use super::command::{FlagList, SystemFlag};
use super::{ITEMS_LIMIT, MAILBOX_LIMIT, TAG_LIMIT, utf7};

/// A command that can't be understood: answered with `BAD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxError {
    /// The text is for people who read a protocol log.
    #[error("{0}")]
    Bad(&'static str),
    /// A name that no mailbox can have: `NO`, for the command itself is right.
    #[error("a mailbox's name is not in modified UTF-7")]
    BadName,
    /// `NO [BADCHARSET]` (RFC 9051 §6.4.4).
    #[error("this charset is not known here: use UTF-8")]
    BadCharset,
}

/// What parsers give.
pub type Parsed<T> = Result<T, SyntaxError>;

/// A refusal with a reason.
pub(super) fn bad<T>(text: &'static str) -> Parsed<T> {
    Err(SyntaxError::Bad(text))
}

/// A place in a command's bytes, its literals included (`{5}` CRLF and five bytes).
#[derive(Debug, Clone)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Names of mailboxes are UTF-8 (rev2 or UTF8=ACCEPT is enabled), not modified UTF-7.
    pub utf8: bool,
}

/// `ATOM-CHAR`: anything but specials; bytes over 127 are let through where UTF-8 may stand.
pub fn is_atom_char(byte: u8) -> bool {
    !matches!(
        byte,
        b'(' | b')' | b'{' | b' ' | b'%' | b'*' | b'"' | b'\\' | b']' | 0..=0x1f | 0x7f
    ) && byte < 0x80
}

/// `ASTRING-CHAR`: an atom's, or `]`.
pub fn is_astring_char(byte: u8) -> bool {
    is_atom_char(byte) || byte == b']'
}

impl<'a> Cursor<'a> {
    /// At the beginning of a command.
    pub fn new(bytes: &'a [u8], utf8: bool) -> Self {
        Self { bytes, at: 0, utf8 }
    }

    /// The next byte.
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What is left.
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Steps over a byte if it is this one.
    pub fn eat(&mut self, byte: u8) -> bool {
        let hit = self.peek() == Some(byte);
        if hit {
            self.at += 1;
        }
        hit
    }

    /// Steps over a byte that must be there.
    pub fn need(&mut self, byte: u8, text: &'static str) -> Parsed<()> {
        if self.eat(byte) { Ok(()) } else { bad(text) }
    }

    /// `SP`
    pub fn sp(&mut self) -> Parsed<()> {
        self.need(b' ', "a space is missing")
    }

    /// The end of the command; blanks before it do no harm.
    pub fn end(&mut self) -> Parsed<()> {
        while self.eat(b' ') {}
        if self.rest().is_empty() {
            Ok(())
        } else {
            bad("something is left over at the end")
        }
    }

    /// Whether nothing is left.
    pub fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Steps over a word, in any case, if it stands here and ends here.
    pub fn word(&mut self, word: &str) -> bool {
        let rest = self.rest();
        let Some(head) = rest.get(..word.len()) else {
            return false;
        };
        let ends = rest.get(word.len()).is_none_or(|next| {
            !is_atom_char(*next) || (matches!(next, b'[' | b'<') && !word.contains('['))
        });
        let hit = head.eq_ignore_ascii_case(word.as_bytes()) && ends;
        if hit {
            self.at += word.len();
        }
        hit
    }

    /// Bytes as long as they are of a kind.
    pub fn take_while(&mut self, of: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let len = rest
            .iter()
            .position(|byte| !of(*byte))
            .unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// `atom`, in upper case.
    pub fn atom_upper(&mut self) -> Parsed<String> {
        Ok(self.atom()?.to_ascii_uppercase())
    }

    /// `atom`
    pub fn atom(&mut self) -> Parsed<&'a str> {
        let bytes = self.take_while(is_atom_char);
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => bad("a word is missing"),
        }
    }

    /// `tag = 1*<any ASTRING-CHAR except "+">`
    pub fn tag(&mut self) -> Parsed<&'a str> {
        let bytes = self.take_while(|byte| is_astring_char(byte) && byte != b'+');
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_empty() && text.len() <= TAG_LIMIT => Ok(text),
            _ => bad("a tag is missing, or too long"),
        }
    }

    /// `number64`
    pub fn number64(&mut self) -> Parsed<u64> {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if digits.is_empty() || digits.len() > 20 {
            return bad("a number is missing, or too large");
        }
        let text = std::str::from_utf8(digits).unwrap_or_default();
        match text.parse::<u64>() {
            Ok(number) if i64::try_from(number).is_ok() => Ok(number),
            _ => bad("the number is too large"),
        }
    }

    /// `number`
    pub fn number(&mut self) -> Parsed<u32> {
        u32::try_from(self.number64()?).or_else(|_| bad("the number is too large"))
    }

    /// `nz-number`
    pub fn nz_number(&mut self) -> Parsed<u32> {
        match self.number()? {
            0 => bad("0 is no number here"),
            number => Ok(number),
        }
    }

    /// `quoted`: `"`, text with `\"` and `\\`, `"`
    fn quoted(&mut self) -> Parsed<Vec<u8>> {
        self.need(b'"', "a quotation mark is missing")?;
        let mut out = Vec::new();
        loop {
            out.extend_from_slice(
                self.take_while(|byte| !matches!(byte, b'"' | b'\\' | b'\r' | b'\n' | 0)),
            );
            let byte = self.peek();
            self.at += 1;
            match byte {
                Some(b'"') => return Ok(out),
                Some(b'\\') => match self.peek() {
                    Some(byte @ (b'"' | b'\\')) => {
                        out.push(byte);
                        self.at += 1;
                    }
                    _ => return bad("after a backslash only \" and \\ may stand"),
                },
                _ => return bad("a quoted string has no end"),
            }
        }
    }

    /// `literal`, `literal8`: `{5}` or `{5+}` or `~{5}`, CRLF, bytes. The reader has seen to their being there.
    fn literal(&mut self) -> Parsed<Vec<u8>> {
        self.eat(b'~');
        self.need(b'{', "a literal is missing")?;
        let size = self.number64()?;
        self.eat(b'+');
        self.need(b'}', "a literal's size has no end")?;
        self.eat(b'\r');
        self.need(b'\n', "a literal is missing")?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        match self.rest().get(..size) {
            Some(bytes) => {
                self.at += size;
                Ok(bytes.to_vec())
            }
            None => bad("a literal is not there whole"),
        }
    }

    /// Whether a quoted string or a literal begins here; `~` alone begins an atom.
    fn string_follows(&self) -> bool {
        matches!(self.rest(), [b'"' | b'{', ..] | [b'~', b'{', ..])
    }

    /// `string`
    pub fn string(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(b'"') => self.quoted(),
            Some(_) if self.string_follows() => self.literal(),
            _ => bad("a string is missing"),
        }
    }

    /// `nstring`
    pub fn nstring(&mut self) -> Parsed<Option<Vec<u8>>> {
        if self.word("NIL") {
            return Ok(None);
        }
        self.string().map(Some)
    }

    /// `astring`
    pub fn astring(&mut self) -> Parsed<Vec<u8>> {
        match self.peek() {
            Some(_) if self.string_follows() => self.string(),
            _ => {
                // Bytes over 127 are no atom's, but clients that speak UTF-8 send them.
                let bytes = self.take_while(|byte| is_astring_char(byte) || byte >= 0x80);
                if bytes.is_empty() {
                    return bad("a string is missing");
                }
                Ok(bytes.to_vec())
            }
        }
    }

    /// `astring` that must be UTF-8.
    pub fn text(&mut self) -> Parsed<String> {
        String::from_utf8(self.astring()?).or_else(|_| bad("text must be UTF-8"))
    }

    /// `mailbox`: its name inside, in NFC; `INBOX` in any case is `INBOX`.
    pub fn mailbox(&mut self) -> Parsed<String> {
        let bytes = self.astring()?;
        self.mailbox_of(&bytes)
    }

    /// A mailbox's name out of the bytes of a string.
    pub fn mailbox_of(&self, bytes: &[u8]) -> Parsed<String> {
        if bytes.len() > MAILBOX_LIMIT {
            return bad("the mailbox's name is too long");
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bad("a mailbox's name must be UTF-8, or modified UTF-7");
        };
        if text.chars().any(|c| c.is_control()) {
            return bad("a mailbox's name can't hold control characters");
        }
        utf7::name_in(text, self.utf8).ok_or(SyntaxError::BadName)
    }

    /// `list-mailbox`: a pattern with `*` and `%`.
    pub fn list_mailbox(&mut self) -> Parsed<String> {
        let bytes = match self.peek() {
            Some(_) if self.string_follows() => self.string()?,
            _ => {
                let of =
                    |byte| is_astring_char(byte) || matches!(byte, b'%' | b'*') || byte >= 0x80;
                let bytes = self.take_while(of);
                if bytes.is_empty() {
                    return bad("a pattern is missing");
                }
                bytes.to_vec()
            }
        };
        match self.mailbox_of(&bytes) {
            // It may stand for names all the same; those that are here have no such letters.
            Err(SyntaxError::BadName) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            pattern => pattern,
        }
    }

    /// `(item item …)`: parentheses round items with spaces between; may be empty.
    pub fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        self.need(b'(', "a ( is missing")?;
        let mut out = Vec::new();
        while self.eat(b' ') {}
        while !self.eat(b')') {
            if out.len() >= ITEMS_LIMIT {
                return bad("the list is too long");
            }
            out.push(item(self)?);
            if self.peek() != Some(b')') {
                self.sp()?;
                while self.eat(b' ') {}
            }
        }
        Ok(out)
    }

    /// `flag-list`, or flags without parentheses as `STORE` allows.
    pub fn flags(&mut self) -> Parsed<FlagList> {
        let mut out = FlagList::default();
        if self.peek() == Some(b'(') {
            self.list(|cursor| cursor.flag(&mut out))?;
            return Ok(out);
        }
        loop {
            self.flag(&mut out)?;
            if !self.eat(b' ') {
                return Ok(out);
            }
        }
    }

    /// `flag`; `\Recent` is read and means nothing, for it is the server's.
    fn flag(&mut self, out: &mut FlagList) -> Parsed<()> {
        if self.eat(b'\\') {
            let name = self.atom()?;
            if name.eq_ignore_ascii_case("Recent") {
                return Ok(());
            }
            let Some(flag) = SystemFlag::ALL.into_iter().find(|flag| {
                flag.name()
                    .get(1..)
                    .is_some_and(|own| own.eq_ignore_ascii_case(name))
            }) else {
                return bad("this flag with \\ is not known");
            };
            out.system |= flag.bit();
            return Ok(());
        }
        let keyword = self.atom()?;
        if keyword.len() > 128 {
            return bad("the keyword is too long");
        }
        if out.keywords.len() >= ITEMS_LIMIT {
            return bad("the list is too long");
        }
        if !out
            .keywords
            .iter()
            .any(|own| own.eq_ignore_ascii_case(keyword))
        {
            out.keywords.push(keyword.to_string());
        }
        Ok(())
    }
}
