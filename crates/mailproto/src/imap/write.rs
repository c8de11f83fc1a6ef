//! Pieces of responses (RFC 9051 §7, §9).

use std::io::Write as _;

use super::command::SystemFlag;
use super::utf7;

/// Adds formatted text to bytes.
#[macro_export]
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::io::Write as _;
        let _memory_takes_all = write!($out, $($arg)*);
    }};
}

/// `string`: quoted if that is possible, else a literal. With `utf8`, UTF-8 may be quoted (RFC 9051, RFC 6855).
pub fn string(bytes: &[u8], utf8: bool, out: &mut Vec<u8>) {
    let plain = |byte: &u8| (b' '..0x7f).contains(byte) || (utf8 && *byte >= 0x80);
    let quotable = bytes.len() <= 1_024
        && bytes.iter().all(plain)
        && (!utf8 || std::str::from_utf8(bytes).is_ok());
    if quotable {
        out.push(b'"');
        for byte in bytes {
            if matches!(byte, b'"' | b'\\') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b'"');
    } else {
        put!(out, "{{{}}}\r\n", bytes.len());
        out.extend_from_slice(bytes);
    }
}

/// `astring`: as it stands where it can, else as [`string`].
pub fn astring(text: &str, utf8: bool, out: &mut Vec<u8>) {
    let plain = !text.is_empty() && text.bytes().all(super::cursor::is_astring_char);
    if plain && !text.eq_ignore_ascii_case("NIL") {
        out.extend_from_slice(text.as_bytes());
    } else {
        string(text.as_bytes(), utf8, out);
    }
}

/// `mailbox`: in UTF-8, or in modified UTF-7 for who hasn't enabled more.
pub fn mailbox(name: &str, utf8: bool, out: &mut Vec<u8>) {
    if utf8 {
        astring(name, true, out);
    } else {
        astring(&utf7::encode(name), false, out);
    }
}

/// System flags of bits, with spaces between; a space before the first if `more`.
pub fn system_flags(bits: u8, mut more: bool, out: &mut Vec<u8>) -> bool {
    for flag in SystemFlag::ALL {
        if bits & flag.bit() != 0 {
            if more {
                out.push(b' ');
            }
            out.extend_from_slice(flag.name().as_bytes());
            more = true;
        }
    }
    more
}

/// `(\Seen $Forwarded)`
pub fn flags<'k>(bits: u8, keywords: impl IntoIterator<Item = &'k str>, out: &mut Vec<u8>) {
    out.push(b'(');
    let mut more = system_flags(bits, false, out);
    for keyword in keywords {
        if more {
            out.push(b' ');
        }
        out.extend_from_slice(keyword.as_bytes());
        more = true;
    }
    out.push(b')');
}

/// Ascending ranges as a `sequence-set`: `1:3,7`.
pub fn ranges(ranges: &[(u32, u32)], out: &mut Vec<u8>) {
    for (at, (from, to)) in ranges.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let _memory_takes_all = if from == to {
            write!(out, "{from}")
        } else {
            write!(out, "{from}:{to}")
        };
    }
}

/// Numbers in any order as a set that keeps the order: `4:6,2`.
pub fn in_order(numbers: impl IntoIterator<Item = u32>, out: &mut Vec<u8>) {
    let ranges_in_order = super::set::ranges_of(numbers);
    ranges(&ranges_in_order, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_are_quoted_where_they_can_be() {
        assert_eq!(
            text(|out| string(b"a \"b\\", false, out)),
            "\"a \\\"b\\\\\""
        );
        assert_eq!(text(|out| string("é".as_bytes(), true, out)), "\"é\"");
        assert_eq!(text(|out| string("é".as_bytes(), false, out)), "{2}\r\né");
        assert_eq!(text(|out| string(b"a\r\nb", true, out)), "{4}\r\na\r\nb");
        assert_eq!(text(|out| astring("INBOX", false, out)), "INBOX");
        assert_eq!(text(|out| astring("", false, out)), "\"\"");
        assert_eq!(text(|out| astring("nil", false, out)), "\"nil\"");
        assert_eq!(text(|out| mailbox("Gelöscht", false, out)), "Gel&APY-scht");
        assert_eq!(text(|out| mailbox("Gelöscht", true, out)), "\"Gelöscht\"");
        assert_eq!(text(|out| mailbox("a&b", false, out)), "a&-b");
    }

    #[test]
    fn sets_and_flags() {
        assert_eq!(text(|out| ranges(&[(1, 3), (7, 7)], out)), "1:3,7");
        assert_eq!(text(|out| in_order([4, 5, 6, 2], out)), "4:6,2");
        assert_eq!(
            text(|out| flags(9, ["$Junk"], out)),
            "(\\Deleted \\Seen $Junk)"
        );
        assert_eq!(text(|out| flags(0, [], out)), "()");
    }
}
