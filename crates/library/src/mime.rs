//! Media types by file name.

use std::borrow::Cow;

/// Bytes of a file that tell its encoding.
pub const HEAD_BYTES: usize = 4 << 10;
/// How far into a page its own statement of its encoding is looked for (HTML, 13.2.3.2).
const STATED_WITHIN: usize = 1024;

/// The media type of a file by its extension; `application/octet-stream` if unknown.
pub fn by_name(name: &str) -> &'static str {
    let extension = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase())
        .unwrap_or_default();
    match extension.as_str() {
        "html" | "htm" => "text/html",
        "xhtml" | "xht" => "application/xhtml+xml",
        "txt" | "text" | "log" => "text/plain",
        "md" | "markdown" => "text/markdown",
        "css" => "text/css",
        "js" | "mjs" => "text/javascript",
        "json" => "application/json",
        "xml" => "application/xml",
        "pdf" => "application/pdf",
        "epub" => "application/epub+zip",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "odt" => "application/vnd.oasis.opendocument.text",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "tif" | "tiff" => "image/tiff",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "m4a" => "audio/mp4",
        "mp4" | "m4v" => "video/mp4",
        "webm" => "video/webm",
        "ogv" => "video/ogg",
        "mkv" => "video/x-matroska",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "ttf" => "font/ttf",
        "zim" => "application/x-zim",
        "mrc" | "marc" => "application/marc",
        "csv" => "text/csv",
        _ => "application/octet-stream",
    }
}

/// A text's media type with `charset=utf-8` where its first bytes are that and it doesn't say so itself: browsers would
/// take it for an old Western encoding.
pub fn with_charset<'a>(mime: &'a str, head: &[u8]) -> Cow<'a, str> {
    if !mime.starts_with("text/") || mime.contains("charset") {
        return Cow::Borrowed(mime);
    }
    let head = head.get(..HEAD_BYTES).unwrap_or(head);
    let begin = head
        .get(..STATED_WITHIN)
        .unwrap_or(head)
        .to_ascii_lowercase();
    let stated = mime == "text/html" && begin.windows(7).any(|bytes| bytes == b"charset");
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        // The last character may be cut off.
        Err(error) => error.error_len().is_none(),
    };
    if stated || !is_utf8 {
        return Cow::Borrowed(mime);
    }
    Cow::Owned(format!("{mime}; charset=utf-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_utf8_say_so() {
        let utf8 = "text/plain; charset=utf-8";
        assert_eq!(with_charset("text/plain", "café".as_bytes()), utf8);
        let cut = "é".repeat(HEAD_BYTES);
        assert_eq!(with_charset("text/plain", &cut.as_bytes()[..101]), utf8);
        assert_eq!(with_charset("text/plain", b"caf\xe9 noir"), "text/plain");
        assert_eq!(with_charset("image/png", b"\x89PNG"), "image/png");
        let stated = "<meta charset=euc-kr>한".as_bytes();
        assert_eq!(with_charset("text/html", stated), "text/html");
        assert_eq!(
            with_charset("text/html", "<p>한".as_bytes()),
            "text/html; charset=utf-8"
        );
    }
}
