//! Encodings of text formats that do not state one.

use encoding_rs::{Encoding, UTF_8};

use super::reader::Warnings;

/// Finds the encoding by a byte order mark, by being UTF-8, or by statistics.
///
/// # Errors
/// For encodings in which lines cannot be found byte by byte.
pub(crate) fn sniff(head: &[u8], told: Option<&str>) -> Result<&'static Encoding, String> {
    if let Some(label) = told {
        return match Encoding::for_label(label.as_bytes()) {
            Some(encoding) if encoding.is_ascii_compatible() => Ok(encoding),
            _ => Err(format!("its encoding `{label}` is not known")),
        };
    }
    let start = head.get(..4).unwrap_or(head);
    let zeros = head.iter().take(1000).filter(|byte| **byte == 0).count();
    if start.starts_with(b"\xFF\xFE")
        || start.starts_with(b"\xFE\xFF")
        || zeros * 4 > head.len().min(1000) && zeros > 1
    {
        return Err("it is in UTF-16".to_owned());
    }
    match std::str::from_utf8(head) {
        Ok(_) => return Ok(UTF_8),
        // The head may end inside a character.
        Err(error) if error.error_len().is_none() => return Ok(UTF_8),
        Err(_) => {}
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(head, true);
    Ok(detector.guess(None, chardetng::Utf8Detection::Deny))
}

/// Text of bytes that are UTF-8 or, failing that, in the encoding found.
pub(crate) fn decode<'a>(
    bytes: &'a [u8],
    encoding: &'static Encoding,
    warnings: &mut Warnings,
) -> std::borrow::Cow<'a, str> {
    if encoding == UTF_8 {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            warnings.add("it is not UTF-8 throughout");
        }
        return text;
    }
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        warnings.add(format!("it is not {} throughout", encoding.name()));
    }
    text
}
