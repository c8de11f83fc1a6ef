//! Character references (HTML Standard §13.2.5.72 ff.).

use web_atoms::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// Longest name of a character: `CounterClockwiseContourIntegral;`.
const MAX_NAME_BYTES: usize = 32;
/// Longest number looked at; longer ones aren't characters anyway.
const MAX_DIGITS: usize = 16;

/// One decoded reference: the characters, and the bytes read after the `&`.
pub(crate) struct Decoded {
    pub first: char,
    pub second: Option<char>,
    pub len: usize,
}

/// Decodes the reference that begins after an `&`, or `None` if the `&` stands
/// for itself.
pub(crate) fn decode(after: &[u8]) -> Option<Decoded> {
    match after.first()? {
        b'#' => numeric(after),
        first if first.is_ascii_alphabetic() => named(after),
        _ => None,
    }
}

fn numeric(after: &[u8]) -> Option<Decoded> {
    let (radix, start) = match after.get(1)? {
        b'x' | b'X' => (16, 2),
        _ => (10, 1),
    };
    let mut code = 0_u32;
    let mut len = start;
    for byte in after.iter().skip(start).take(MAX_DIGITS) {
        let Some(digit) = char::from(*byte).to_digit(radix) else {
            break;
        };
        code = code.saturating_mul(radix).saturating_add(digit);
        len += 1;
    }
    if len == start {
        return None;
    }
    if after.get(len) == Some(&b';') {
        len += 1;
    }
    let first = match code {
        // Numbers of windows-1252, as browsers read them.
        0x80..=0x9f => usize::try_from(code - 0x80)
            .ok()
            .and_then(|at| C1_REPLACEMENTS.get(at).copied().flatten())
            .unwrap_or(char::REPLACEMENT_CHARACTER),
        0 => char::REPLACEMENT_CHARACTER,
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    };
    Some(Decoded {
        first,
        second: None,
        len,
    })
}

fn named(after: &[u8]) -> Option<Decoded> {
    // The few that make up nearly all of an article need no table.
    for (name, first) in COMMON {
        if after.starts_with(name) {
            return Some(Decoded {
                first: *first,
                second: None,
                len: name.len(),
            });
        }
    }
    let run = after
        .iter()
        .take(MAX_NAME_BYTES)
        .take_while(|b| b.is_ascii_alphanumeric())
        .count();
    let with_semicolon = run + usize::from(after.get(run) == Some(&b';'));
    // The longest known name wins: `&notit;` is `¬it;`.
    (2..=with_semicolon).rev().find_map(|len| {
        let name = std::str::from_utf8(after.get(..len)?).ok()?;
        let (first, second) = *NAMED_ENTITIES.get(name)?;
        if first == 0 {
            return None; // only the beginning of a name
        }
        Some(Decoded {
            first: char::from_u32(first)?,
            second: char::from_u32(second).filter(|c| *c != '\0'),
            len,
        })
    })
}

const COMMON: &[(&[u8], char)] = &[
    (b"nbsp;", '\u{a0}'),
    (b"amp;", '&'),
    (b"lt;", '<'),
    (b"gt;", '>'),
    (b"quot;", '"'),
    (b"ndash;", '–'),
    (b"mdash;", '—'),
];

/// Decodes all references of an attribute's value or a title.
pub(crate) fn decode_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let after = from.get(1..).unwrap_or("");
        if let Some(decoded) = decode(after.as_bytes()) {
            out.push(decoded.first);
            out.extend(decoded.second);
            rest = after.get(decoded.len..).unwrap_or("");
        } else {
            out.push('&');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::decode_all;

    #[test]
    fn references_as_browsers_read_them() {
        assert_eq!(
            decode_all("a &amp; b &lt;c&gt; &eacute;&hearts;"),
            "a & b <c> é♥"
        );
        assert_eq!(decode_all("&#65;&#x42;&#X43;&#68"), "ABCD");
        assert_eq!(
            decode_all("&#150;&#0;&#xD800;&#99999999999999999999;"),
            "–\u{fffd}\u{fffd}\u{fffd}9999;"
        );
        assert_eq!(
            decode_all("&copy2024 &ampamp; &notit; &notin;"),
            "©2024 &amp; ¬it; ∉"
        );
        assert_eq!(
            decode_all("AT&T &; &# &#x; &unknown; &"),
            "AT&T &; &# &#x; &unknown; &"
        );
        assert_eq!(decode_all("&NotEqualTilde;"), "≂̸");
        assert_eq!(decode_all("&CounterClockwiseContourIntegral;"), "∳");
    }
}
