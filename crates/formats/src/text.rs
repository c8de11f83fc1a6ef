//! Plain text in any encoding.

use crate::{
    html::decode_bytes,
    model::{Extracted, Limits, clip},
    sink::Sink,
};

/// Longest first line that may stand for the title, in bytes.
const MAX_TITLE_LINE_BYTES: usize = 200;

/// Takes the text of a plain text file; a short first line is its title.
#[must_use]
pub fn extract(bytes: &[u8], limits: &Limits) -> Extracted {
    let (text, encoding) = decode_bytes(bytes, |_| None);
    let mut sink = Sink::new(limits);
    sink.lines(&text);
    if let Some(encoding) = encoding {
        sink.doc.add_extra("encoding", encoding);
    }
    let first = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or("");
    if first.len() <= MAX_TITLE_LINE_BYTES && first.chars().any(char::is_alphanumeric) {
        sink.doc.offer_title(&clip(first));
    }
    sink.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_encoding() {
        let (bytes, _, _) = encoding_rs::EUC_KR
            .encode("우물과 펌프\n\n물은 깊은 우물에서 나온다. 펌프는 햇빛으로 돈다.");
        let doc = extract(&bytes, &Limits::default());
        assert_eq!(doc.title.as_deref(), Some("우물과 펌프"));
        assert_eq!(
            doc.text,
            "우물과 펌프\n물은 깊은 우물에서 나온다. 펌프는 햇빛으로 돈다."
        );
        assert_eq!(extract(b"", &Limits::default()), Extracted::default());
    }
}
