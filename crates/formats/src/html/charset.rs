//! Which encoding bytes are in: byte order mark, then UTF-8 if they are valid
//! UTF-8, then what the document states, then a guess.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

/// How far into a document its own statement of encoding is looked for (the
/// HTML Standard asks for 1024; real pages put it later).
const DECLARATION_WITHIN_BYTES: usize = 4 << 10;
/// How much of a document is read to guess its encoding.
const GUESS_FROM_BYTES: usize = 64 << 10;

/// The text of `bytes`, and the name of its encoding when that is not UTF-8.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    declared: impl FnOnce(&[u8]) -> Option<&'static Encoding>,
) -> (Cow<'a, str>, Option<&'static str>) {
    if let Some((encoding, bom)) = Encoding::for_bom(bytes) {
        let (text, _) = encoding.decode_without_bom_handling(bytes.get(bom..).unwrap_or(&[]));
        return (text, other_than_utf8(encoding));
    }
    let head = bytes.get(..DECLARATION_WITHIN_BYTES).unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Valid UTF-8 by accident is so rare that it outweighs any statement,
        // but for encodings that are all ASCII on the outside.
        let may_be_mail = text.is_ascii() && memchr::memchr(0x1b, head).is_some();
        if !may_be_mail && !utf16_by_look(head) {
            return (Cow::Borrowed(text), None);
        }
    }
    let encoding = declared(head).unwrap_or_else(|| guess(bytes, head));
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    (text, other_than_utf8(encoding))
}

fn other_than_utf8(encoding: &'static Encoding) -> Option<&'static str> {
    (encoding != UTF_8).then(|| encoding.name())
}

fn guess(bytes: &[u8], head: &[u8]) -> &'static Encoding {
    if utf16_by_look(head) {
        let even_zeros = head.iter().step_by(2).filter(|b| **b == 0).count();
        let odd_zeros = head.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
        return if even_zeros > odd_zeros {
            UTF_16BE
        } else {
            UTF_16LE
        };
    }
    let sample = bytes.get(..GUESS_FROM_BYTES).unwrap_or(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, sample.len() == bytes.len());
    let encoding = detector.guess(None, Utf8Detection::Allow);
    if encoding == ISO_2022_JP && memchr::memchr(0x1b, sample).is_none() {
        UTF_8
    } else {
        encoding
    }
}

/// Text in UTF-16 without a mark: a good third of its bytes are zero.
fn utf16_by_look(head: &[u8]) -> bool {
    memchr::memchr(0, head).is_some() && head.iter().filter(|b| **b == 0).count() * 3 > head.len()
}

/// `charset=…` of a `<meta>`, or `encoding="…"` of an XML declaration.
pub(crate) fn declared_in_html(head: &[u8]) -> Option<&'static Encoding> {
    let mut at = 0;
    let begins = |byte: &u8| matches!(byte, b'c' | b'C' | b'e' | b'E');
    while let Some(found) = head.get(at..)?.iter().position(begins) {
        let here = head.get(at + found..)?;
        let label = label_after(here, b"charset").or_else(|| label_after(here, b"encoding"));
        if let Some(encoding) = label.and_then(Encoding::for_label) {
            // A statement that ASCII bytes can read is never UTF-16.
            return Some(if encoding == UTF_16LE || encoding == UTF_16BE {
                UTF_8
            } else {
                encoding
            });
        }
        at += found + 1;
    }
    None
}

fn label_after<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    if !text.get(..name.len())?.eq_ignore_ascii_case(name) {
        return None;
    }
    let rest = text.get(name.len()..)?.trim_ascii_start();
    let rest = rest.strip_prefix(b"=")?.trim_ascii_start();
    let rest = rest
        .strip_prefix(b"\"")
        .or_else(|| rest.strip_prefix(b"'"))
        .unwrap_or(rest);
    let end = rest
        .iter()
        .position(|b| matches!(b, b'"' | b'\'' | b'>' | b';' | b'/') || b.is_ascii_whitespace())
        .unwrap_or(rest.len());
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> String {
        decode(bytes, declared_in_html).0.into_owned()
    }

    #[test]
    fn statement_and_mark() {
        assert_eq!(read(b"\xef\xbb\xbfgr\xc3\xbcn"), "grün");
        assert_eq!(read(b"\xff\xfeg\0r\0"), "gr");
        assert!(read(b"<meta charset='iso-8859-2'>\xb1").ends_with('ą'));
        assert!(
            read(b"<META http-equiv=x content='text/html; Charset = windows-1251'>\xcf")
                .ends_with('П')
        );
        assert!(read(b"<meta charset=euc-kr>\xc7\xd1").ends_with('한'));
        assert!(read(b"<?xml version='1.0' encoding='Shift_JIS'?>\x93\xfa").ends_with('日'));
        assert!(read(b"<meta charset=utf-16>gr\xc3\xbcn").ends_with("grün"));
        assert!(
            read(b"<meta charset=iso-8859-1>gr\xc3\xbcn").ends_with("grün"),
            "valid UTF-8 wins"
        );
        assert!(
            read(b"<meta charset=utf-8>gr\xc3\xbcn \xff").contains("grün"),
            "one bad byte"
        );
    }

    #[test]
    fn guesses_without_statement() {
        let (russian, _, _) =
            encoding_rs::WINDOWS_1251.encode("Вода из колодца чистая, насос работает от солнца.");
        assert!(read(&russian).contains("колодца"));
        let (japanese, _, _) =
            encoding_rs::SHIFT_JIS.encode("井戸の水はきれいで、ポンプは太陽で動く。");
        assert!(read(&japanese).contains("井戸"));
        let (mail, _, _) = ISO_2022_JP.encode("井戸の水はきれいで、ポンプは太陽で動く。");
        assert!(read(&mail).contains("井戸"));
        let wide: Vec<u8> = "plain words"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(read(&wide), "plain words");
    }
}
