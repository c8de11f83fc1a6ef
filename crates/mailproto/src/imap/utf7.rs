//! Modified UTF-7 of mailbox names (RFC 3501 §5.1.3), and what such names are inside: UTF-8 in NFC.

use unicode_normalization::UnicodeNormalization as _;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// A name as it is inside, out of what a client sent; `None` if it can't be read.
///
/// A client that hasn't enabled UTF-8 sends modified UTF-7; UTF-8 from such a one is understood as well, for many send it.
pub fn name_in(text: &str, utf8: bool) -> Option<String> {
    let decoded = if utf8 || !text.is_ascii() {
        text.to_string()
    } else {
        decode(text)?
    };
    let name: String = decoded.nfc().collect();
    // RFC 9051 §5.1: INBOX in any case, and so is the first level of its children here.
    match name.get(..5) {
        Some(head) if head.eq_ignore_ascii_case("INBOX") => match name.get(5..) {
            Some("") => Some("INBOX".into()),
            Some(rest) if rest.starts_with('/') => Some(format!("INBOX{rest}")),
            _ => Some(name),
        },
        _ => Some(name),
    }
}

/// Modified UTF-7 of a name.
pub fn encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut wide: Vec<u16> = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut wide, &mut out);
            if c == '&' {
                out.push_str("&-");
            } else {
                out.push(c);
            }
        } else {
            let mut units = [0u16; 2];
            wide.extend_from_slice(c.encode_utf16(&mut units));
        }
    }
    flush(&mut wide, &mut out);
    out
}

fn flush(wide: &mut Vec<u16>, out: &mut String) {
    if wide.is_empty() {
        return;
    }
    out.push('&');
    let (mut bits, mut count) = (0u32, 0u32);
    for unit in wide.drain(..) {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            push_digit(bits >> count, out);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        push_digit(bits << (6 - count), out);
    }
    out.push('-');
}

fn push_digit(value: u32, out: &mut String) {
    let digit = ALPHABET.get((value & 63) as usize).copied().unwrap_or(b'A');
    out.push(char::from(digit));
}

/// The name that modified UTF-7 says; `None` if it isn't that.
pub fn decode(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at)?);
        let shifted = rest.get(at + 1..)?;
        let end = shifted.find('-')?;
        let base64 = shifted.get(..end)?;
        if base64.is_empty() {
            out.push('&');
        } else {
            decode_base64(base64, &mut out)?;
        }
        rest = shifted.get(end + 1..)?;
    }
    out.push_str(rest);
    Some(out)
}

fn decode_base64(digits: &str, out: &mut String) -> Option<()> {
    let (mut bits, mut count) = (0u32, 0u32);
    let mut units = Vec::with_capacity(digits.len());
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|own| *own == digit)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push(u16::try_from(bits >> count & 0xffff).ok()?);
        }
        bits &= (1 << count) - 1;
    }
    if count >= 6 || bits != 0 {
        return None;
    }
    for c in char::decode_utf16(units) {
        out.push(c.ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_of_the_rfc() {
        for (utf7, name) in [
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("&Jjo-!", "☺!"),
            ("a&-b", "a&b"),
            ("&BD8EPgRHBEIEMA-", "почта"),
            ("&2D3cjA-", "💌"),
        ] {
            assert_eq!(decode(utf7).as_deref(), Some(name));
            assert_eq!(encode(name), utf7);
        }
        for bad in ["&Jjo", "&Jj-", "&*-", "&2D0-"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn inbox_has_one_spelling_and_names_are_composed() {
        assert_eq!(name_in("inBox", false).as_deref(), Some("INBOX"));
        assert_eq!(name_in("inbox/x", true).as_deref(), Some("INBOX/x"));
        assert_eq!(name_in("inboxes", true).as_deref(), Some("inboxes"));
        assert_eq!(name_in("e\u{301}t\u{e9}", true).as_deref(), Some("été"));
        assert_eq!(name_in("a&b", true).as_deref(), Some("a&b"));
        assert_eq!(name_in("a&b", false), None);
    }

    proptest! {
        #[test]
        fn every_name_comes_back(name in "\\PC{0,40}") {
            let wire = encode(&name);
            prop_assert!(wire.is_ascii());
            prop_assert_eq!(decode(&wire), Some(name));
        }
    }
}
