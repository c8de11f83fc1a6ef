//! XML as far as records need it: records are cut out of the stream by their
//! tags, so that each has its place, a broken one costs only itself, and no
//! declaration of entities is ever obeyed; then each is read as a small tree.

mod frames;
mod tree;

pub(crate) use frames::{Nesting, XmlFrames};
pub(crate) use tree::{Element, escape};

/// The most bytes of one record in XML.
pub const MAX_XML_RECORD_BYTES: usize = 8 * 1024 * 1024;
/// The deepest nesting of elements in one record.
pub const MAX_XML_DEPTH: usize = 64;
/// The most elements in one record.
pub const MAX_XML_ELEMENTS: usize = 200_000;

/// The encoding that an XML declaration, or the lack of one, states.
///
/// # Errors
/// Names an encoding that tags cannot be found in.
pub(crate) fn stated_encoding(head: &[u8]) -> Result<&'static encoding_rs::Encoding, String> {
    if head.starts_with(b"\xFF\xFE")
        || head.starts_with(b"\xFE\xFF")
        || head.get(..200).unwrap_or(head).contains(&0)
    {
        return Err("it is in UTF-16".to_owned());
    }
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let Some(rest) = head.strip_prefix(b"<?xml") else {
        return Ok(encoding_rs::UTF_8);
    };
    let end = rest
        .windows(2)
        .take(1000)
        .position(|pair| pair == b"?>")
        .unwrap_or(0);
    let declaration = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
    let label = declaration
        .split_once("encoding")
        .map(|(_, value)| value.trim_start_matches([' ', '=', '"', '\'']))
        .and_then(|value| value.split(['"', '\'', ' ']).next())
        .unwrap_or("utf-8");
    match encoding_rs::Encoding::for_label(label.as_bytes()) {
        Some(encoding) if encoding.is_ascii_compatible() => Ok(encoding),
        // A file whose declaration says UTF-16 and whose bytes say otherwise is UTF-8.
        Some(wide) if [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE].contains(&wide) => {
            Ok(encoding_rs::UTF_8)
        }
        _ => Err(format!("its encoding `{label}` is not known")),
    }
}
