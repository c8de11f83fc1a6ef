//! Encoded words (RFC 2047), also as they are written in the wild.
//!
//! Beyond the standard: words inside quotes or glued to others, spaces in the `Q` encoding, base64 without padding, a
//! character that is cut in two by the end of a word, a language after the charset (RFC 2231 §5).

use super::{charset, structure::Encoding, transfer::Decoder};

/// A word that was read: its charset and its bytes.
struct Word<'a> {
    charset: &'a str,
    bytes: Vec<u8>,
    /// Bytes of the text that it took.
    length: usize,
}

/// The value of a header field as people read it; without encoded words it is what was given.
#[must_use]
pub fn decode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    // The word that went before, if nothing but space came since: its bytes may go on in the next.
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut space = "";
    while !rest.is_empty() {
        let Some(at) = memchr::memmem::find(rest.as_bytes(), b"=?") else {
            break;
        };
        let (before, from) = rest.split_at(at);
        match word(from) {
            Some(word) => {
                let only_space = before.trim().is_empty();
                match &mut open {
                    Some((charset, bytes)) if only_space && space.is_empty() => {
                        if charset.eq_ignore_ascii_case(word.charset) {
                            bytes.extend_from_slice(&word.bytes);
                        } else {
                            out.push_str(&charset::decode(Some(charset), bytes));
                            (*charset, *bytes) = (word.charset.to_owned(), word.bytes);
                        }
                    }
                    _ => {
                        flush(&mut open, &mut out);
                        out.push_str(space);
                        out.push_str(before);
                        open = Some((word.charset.to_owned(), word.bytes));
                    }
                }
                space = "";
                rest = from.get(word.length..).unwrap_or("");
            }
            None => {
                flush(&mut open, &mut out);
                out.push_str(space);
                out.push_str(before);
                space = from.get(..2).unwrap_or("");
                rest = from.get(2..).unwrap_or("");
            }
        }
    }
    flush(&mut open, &mut out);
    out.push_str(space);
    out.push_str(rest);
    out.retain(|c| !matches!(c, '\0' | '\r' | '\n'));
    out
}

fn flush(open: &mut Option<(String, Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = open.take() {
        out.push_str(&charset::decode(Some(&charset), &bytes));
    }
}

/// `=?charset?encoding?text?=` at the beginning of `text`.
fn word(text: &str) -> Option<Word<'_>> {
    let mut pieces = text.strip_prefix("=?")?.splitn(3, '?');
    let charset = pieces.next()?;
    let encoding = pieces.next()?;
    let body = pieces.next()?;
    let good =
        !charset.is_empty() && charset.len() <= 60 && charset.bytes().all(|b| b.is_ascii_graphic());
    if !good {
        return None;
    }
    let end = memchr::memmem::find(body.as_bytes(), b"?=")?;
    let encoded = body.get(..end)?;
    let bytes = match encoding {
        "b" | "B" => Decoder::once(&Encoding::Base64, encoded.as_bytes()),
        "q" | "Q" => {
            let spaced = encoded.replace('_', " ");
            // A trailing space is text here, not padding of a line.
            let mut bytes = Decoder::once(&Encoding::QuotedPrintable, spaced.as_bytes());
            bytes.extend(spaced.bytes().rev().take_while(|b| *b == b' '));
            bytes
        }
        _ => return None,
    };
    // charset*language
    let plain = charset.split('*').next().unwrap_or(charset);
    let length = 2 + charset.len() + 1 + encoding.len() + 1 + end + 2;
    Some(Word {
        charset: plain,
        bytes,
        length,
    })
}

/// Bytes of text in one encoded word: it fits a line (RFC 2047 §2) after a name such as `Subject:`.
const WORD_BYTES: usize = 39;

/// Encodes a text for a header field if it needs that: words of UTF-8 in base64, between which lines may be folded.
#[must_use]
pub fn encode(text: &str) -> String {
    let plain = text.bytes().all(|b| (32..127).contains(&b)) && !text.contains("=?");
    if plain {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut piece = String::new();
    for c in text.chars().filter(|c| !matches!(c, '\r' | '\n' | '\0')) {
        if piece.len() + c.len_utf8() > WORD_BYTES {
            words.push(encoded(&std::mem::take(&mut piece)));
        }
        piece.push(c);
    }
    words.push(encoded(&piece));
    words.join(" ")
}

fn encoded(piece: &str) -> String {
    use base64::Engine as _;
    format!(
        "=?utf-8?B?{}?=",
        base64::engine::general_purpose::STANDARD.encode(piece)
    )
}
