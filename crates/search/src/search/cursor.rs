//! Cursors: where a page of results ended, as a string that may stand in a URL.

use std::fmt::Write;

/// Longest key that a cursor carries, in bytes.
const MAX_KEY_BYTES: usize = 200;
/// Results that can be paged through.
pub(crate) const MAX_OFFSET: usize = crate::REACH;

/// How the query of the first page was loosened; the next pages keep to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Stage {
    /// Every word.
    #[default]
    All,
    /// Some words.
    Some,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cursor {
    pub stage: Stage,
    /// Results before it.
    pub offset: usize,
    /// Collection and key of the last one, to find the place again in a changed index.
    pub last: Option<(String, String)>,
}

impl Cursor {
    pub(crate) fn encode(&self) -> String {
        let mut out = format!(
            "{}{}",
            if self.stage == Stage::All { 'a' } else { 's' },
            self.offset
        );
        if let Some((collection, key)) = &self.last
            && collection.len() + key.len() <= MAX_KEY_BYTES
        {
            out.push('.');
            hex(collection, &mut out);
            out.push('.');
            hex(key, &mut out);
        }
        out
    }

    /// Nothing for what is no cursor.
    pub(crate) fn decode(text: &str) -> Option<Cursor> {
        let mut parts = text.split('.');
        let head = parts.next()?;
        let stage = match head.chars().next()? {
            'a' => Stage::All,
            's' => Stage::Some,
            _ => return None,
        };
        let offset: usize = head.get(1..)?.parse().ok()?;
        let last = parts
            .next()
            .and_then(unhex)
            .zip(parts.next().and_then(unhex));
        Some(Cursor {
            stage,
            offset: offset.min(MAX_OFFSET),
            last,
        })
    }
}

/// The cursor of the results after so many others, for protocols that count results; every word must be found.
/// There is nothing after [`crate::REACH`].
pub fn cursor_after(results: usize) -> String {
    Cursor {
        offset: results,
        ..Cursor::default()
    }
    .encode()
}

/// Hexadecimal, for what may hold any character.
pub(crate) fn hex(text: &str, out: &mut String) {
    for byte in text.bytes() {
        let _ = write!(out, "{byte:02x}");
    }
}

pub(crate) fn unhex(text: &str) -> Option<String> {
    if text.len() > 4 * MAX_KEY_BYTES || !text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok())
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let cursor = Cursor {
            stage: Stage::Some,
            offset: 20,
            last: Some(("wiki".into(), "A/Äpfel & Co".into())),
        };
        let text = cursor.encode();
        assert!(
            text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'),
            "{text}"
        );
        assert_eq!(Cursor::decode(&text), Some(cursor));
        for wrong in ["", "x", "a", "a-1", "azz", "é1", "a1.é.zz"] {
            let _ = Cursor::decode(wrong);
        }
        assert_eq!(Cursor::decode("zebra"), None);
    }
}
