//! Bytes of any character encoding to text.
//!
//! Labels are those of the Encoding Standard, with what mail has beside: UTF-7 (RFC 2152), ISO-2022-KR (RFC 1557),
//! HZ (RFC 1843), and names that only mail programs use.

use std::borrow::Cow;

use base64::{Engine as _, alphabet, engine};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{EUC_KR, Encoding, GBK, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How much of a text is read to guess its encoding, in bytes.
const GUESS_FROM_BYTES: usize = 64 << 10;

/// The text of `bytes` in the encoding that `label` names. Without a label, with an unknown one, or with one that
/// can't be (UTF-8 that isn't), the encoding is guessed.
#[must_use]
pub fn decode(label: Option<&str>, bytes: &[u8]) -> String {
    let label = label
        .unwrap_or("")
        .trim()
        .trim_matches(['"', '\''])
        .to_ascii_lowercase();
    match label.as_str() {
        "utf-7" | "unicode-1-1-utf-7" | "utf7" | "x-unicode-2-0-utf-7" => return utf7(bytes),
        "iso-2022-kr" | "csiso2022kr" => return iso_2022_kr(bytes),
        "hz-gb-2312" | "hz" => return hz(bytes),
        _ => {}
    }
    match encoding(&label) {
        Some(encoding) if encoding == UTF_8 => match std::str::from_utf8(without_mark(bytes)) {
            Ok(text) => text.to_owned(),
            Err(_) => guess(bytes),
        },
        Some(encoding) => encoding.decode(bytes).0.into_owned(),
        None => raw(bytes).into_owned(),
    }
}

/// The encoding of a label; `None` for no label, for ASCII (bytes above it need a guess), and for those not known.
fn encoding(label: &str) -> Option<&'static Encoding> {
    let known = match label {
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "unknown-8bit" | "x-unknown" | "unknown"
        | "default" | "iso646-us" => return None,
        "cp949" | "ms949" | "uhc" | "x-windows-949" | "ks_c_5601" | "ks_c_5861-1992" => "euc-kr",
        "cp932" | "ms932" | "shift-jisx0213" => "shift_jis",
        "cp936" | "ms936" => "gbk",
        "cp950" | "ms950" => "big5",
        "cp874" | "tis620" => "tis-620",
        "utf8mb4" | "utf_8" | "utf" => "utf-8",
        "utf-16" => "utf-16be",
        "iso-8859-11-i" => "iso-8859-11",
        "cp-850" | "cp850" | "ibm850" | "cp437" | "ibm437" => "windows-1252",
        other => other,
    };
    // "iso_8859_1" and "windows1251" are met as well.
    Encoding::for_label(known.as_bytes())
        .or_else(|| Encoding::for_label(known.replace('_', "-").as_bytes()))
        .or_else(|| Encoding::for_label(known.replace("windows", "windows-").as_bytes()))
        .filter(|encoding| *encoding != encoding_rs::REPLACEMENT)
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Text that states no encoding: UTF-8 if it can be, else a guess.
#[must_use]
pub fn raw(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes)
        && (encoding == UTF_16BE || encoding == UTF_16LE)
    {
        return Cow::Owned(encoding.decode(bytes).0.into_owned());
    }
    let bytes = without_mark(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains("\x1b$") => Cow::Borrowed(text),
        _ => Cow::Owned(guess(bytes)),
    }
}

fn guess(bytes: &[u8]) -> String {
    let sample = bytes.get(..GUESS_FROM_BYTES).unwrap_or(bytes);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, sample.len() == bytes.len());
    let guessed = detector.guess(None, Utf8Detection::Allow);
    // A few letters of Latin are more often Western than what few letters can tell.
    let guessed = if sample.len() < 6 && guessed.is_single_byte() {
        WINDOWS_1252
    } else {
        guessed
    };
    guessed.decode_without_bom_handling(bytes).0.into_owned()
}

/// Modified base64 of UTF-7: no padding, trailing bits may be anything.
const UTF7_BASE64: engine::GeneralPurpose = engine::GeneralPurpose::new(
    &alphabet::STANDARD,
    engine::GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(engine::DecodePaddingMode::Indifferent),
);

/// UTF-7 (RFC 2152); what is wrong in it stays as it is.
fn utf7(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(plus) = memchr::memchr(b'+', rest) {
        let (before, after) = rest.split_at(plus);
        text.push_str(&String::from_utf8_lossy(before));
        let after = after.get(1..).unwrap_or(&[]);
        let run = after
            .iter()
            .take_while(|b| b.is_ascii_alphanumeric() || **b == b'+' || **b == b'/')
            .count();
        let (shifted, tail) = after.split_at(run);
        let (ends, tail) = match tail.strip_prefix(b"-") {
            Some(tail) => (true, tail),
            None => (false, tail),
        };
        rest = tail;
        if shifted.is_empty() {
            text.push('+');
            continue;
        }
        let utf16 = shifted_units(shifted);
        if let Some(units) = utf16 {
            text.extend(
                char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
            );
        } else {
            text.push('+');
            text.push_str(&String::from_utf8_lossy(shifted));
            if ends {
                text.push('-');
            }
        }
    }
    text.push_str(&String::from_utf8_lossy(rest));
    text
}

fn shifted_units(shifted: &[u8]) -> Option<Vec<u16>> {
    let decoded = UTF7_BASE64.decode(shifted).ok()?;
    Some(
        decoded
            .chunks_exact(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect(),
    )
}

/// ISO-2022-KR: between SO and SI, bytes are EUC-KR's without their high bit.
fn iso_2022_kr(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\x1b$)C").unwrap_or(bytes);
    let mut euc = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    for byte in bytes {
        match byte {
            0x0e => shifted = true,
            0x0f => shifted = false,
            b'\r' | b'\n' => {
                shifted = false;
                euc.push(*byte);
            }
            _ if shifted && *byte > 0x20 => euc.push(byte | 0x80),
            _ => euc.push(*byte),
        }
    }
    EUC_KR.decode_without_bom_handling(&euc).0.into_owned()
}

/// HZ: between `~{` and `~}`, bytes are GB 2312's without their high bit.
fn hz(bytes: &[u8]) -> String {
    let mut gb = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match (byte, rest.as_slice().first()) {
            (b'~', Some(b'{')) => shifted = true,
            (b'~', Some(b'}')) => shifted = false,
            (b'~', Some(b'~')) if !shifted => gb.push(b'~'),
            (b'~', Some(b'\n')) => {}
            (b'\n', _) => {
                shifted = false;
                gb.push(b'\n');
                continue;
            }
            _ => {
                gb.push(if shifted && *byte > 0x20 {
                    byte | 0x80
                } else {
                    *byte
                });
                continue;
            }
        }
        rest.next();
    }
    GBK.decode_without_bom_handling(&gb).0.into_owned()
}
