//! Which kind of document bytes are: by their first bytes, then by the name.

/// How many first bytes [`detect`] looks at; give it at least these.
pub const DETECT_BYTES: usize = 4 << 10;

/// A kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each name says it")]
pub enum Kind {
    Html,
    Text,
    Markdown,
    Pdf,
    Epub,
    Docx,
    Odt,
    Pptx,
    Odp,
    Xlsx,
    Ods,
    /// An office file older than 2007, or a newer one under a password.
    OldOffice,
    Image,
    Audio,
    Video,
    Zim,
    /// MARC21 or UNIMARC, ISO 2709.
    Marc,
    MarcXml,
    DublinCore,
    Bibtex,
    Ris,
    Csv,
    JsonLines,
    /// Nothing known.
    Unknown,
}

/// Names the kind of a file from its name (with extension) and first bytes, of
/// which [`DETECT_BYTES`] are enough.
#[must_use]
pub fn detect(name: &str, head: &[u8]) -> Kind {
    let extension = name
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase())
        .unwrap_or_default();
    let by_name = by_extension(&extension);
    if let Some(kind) = by_magic(head, by_name) {
        return kind;
    }
    let kind = match by_name {
        Kind::Unknown => by_look(head),
        // What says it is binary, but has no such beginning, is damaged; its
        // reader says so.
        kind => kind,
    };
    if kind == Kind::Unknown && !head.is_empty() && is_text(head) {
        Kind::Text
    } else {
        kind
    }
}

fn by_extension(extension: &str) -> Kind {
    match extension {
        "html" | "htm" | "xhtml" | "xht" => Kind::Html,
        "txt" | "text" | "log" | "rst" | "asc" | "nfo" => Kind::Text,
        "md" | "markdown" | "mkd" => Kind::Markdown,
        "pdf" => Kind::Pdf,
        "epub" => Kind::Epub,
        "docx" | "docm" | "dotx" | "dotm" => Kind::Docx,
        "pptx" | "pptm" | "ppsx" | "potx" => Kind::Pptx,
        "xlsx" | "xlsm" | "xltx" => Kind::Xlsx,
        "odt" | "ott" | "odm" => Kind::Odt,
        "odp" | "otp" | "odg" => Kind::Odp,
        "ods" | "ots" => Kind::Ods,
        "doc" | "xls" | "ppt" | "dot" | "pps" => Kind::OldOffice,
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "tif" | "tiff" | "bmp" | "avif" | "heic"
        | "heif" | "jxl" | "svg" => Kind::Image,
        "mp3" | "ogg" | "oga" | "opus" | "flac" | "wav" | "m4a" | "aac" | "aiff" | "aif" => {
            Kind::Audio
        }
        "mp4" | "m4v" | "webm" | "mkv" | "ogv" | "mov" | "avi" => Kind::Video,
        "zim" | "zimaa" => Kind::Zim,
        "mrc" | "marc" | "iso2709" => Kind::Marc,
        "marcxml" => Kind::MarcXml,
        "bib" | "bibtex" => Kind::Bibtex,
        "ris" => Kind::Ris,
        "csv" | "tsv" => Kind::Csv,
        "jsonl" | "ndjson" => Kind::JsonLines,
        _ => Kind::Unknown,
    }
}

fn by_magic(head: &[u8], by_name: Kind) -> Option<Kind> {
    let at = |offset: usize, magic: &[u8]| {
        head.get(offset..)
            .is_some_and(|rest| rest.starts_with(magic))
    };
    // Rubbish before the header is common; readers look at the first kilobyte.
    if memchr::memmem::find(head.get(..1024).unwrap_or(head), b"%PDF-").is_some() {
        return Some(Kind::Pdf);
    }
    if at(0, b"PK\x03\x04") {
        return Some(zip_kind(head, by_name));
    }
    if at(0, crate::office::OLE_MAGIC) {
        return Some(match by_name {
            office @ (Kind::Docx | Kind::Pptx | Kind::Xlsx) => office,
            _ => Kind::OldOffice,
        });
    }
    if at(0, b"ZIM\x04") {
        return Some(Kind::Zim);
    }
    let image = at(0, b"\xff\xd8\xff")
        || at(0, b"\x89PNG\r\n\x1a\n")
        || at(0, b"GIF8")
        || at(0, b"II*\0")
        || at(0, b"MM\0*")
        || (at(0, b"RIFF") && at(8, b"WEBP"))
        || at(0, b"\xff\x0a")
        || at(0, b"\0\0\0\x0cJXL ");
    if image {
        return Some(Kind::Image);
    }
    if at(0, b"ID3")
        || at(0, b"fLaC")
        || (at(0, b"RIFF") && at(8, b"WAVE"))
        || (at(0, b"FORM") && at(8, b"AIFF"))
    {
        return Some(Kind::Audio);
    }
    if at(0, b"OggS") {
        let video = memchr::memmem::find(head, b"theora").is_some();
        return Some(if video { Kind::Video } else { Kind::Audio });
    }
    if at(4, b"ftyp") {
        return Some(match head.get(8..11) {
            Some(b"avi" | b"hei" | b"mif") => Kind::Image,
            Some(b"M4A") => Kind::Audio,
            _ => Kind::Video,
        });
    }
    if at(0, b"\x1a\x45\xdf\xa3") || (at(0, b"RIFF") && at(8, b"AVI ")) {
        return Some(Kind::Video);
    }
    None
}

/// Which kind of archive: OpenDocument and EPUB state their type in the first,
/// stored entry; Office Open XML shows in the names of its first entries.
fn zip_kind(head: &[u8], by_name: Kind) -> Kind {
    let has = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    let stated: [(&[u8], Kind); 6] = [
        (b"mimetypeapplication/epub+zip", Kind::Epub),
        (b"application/vnd.oasis.opendocument.text", Kind::Odt),
        (
            b"application/vnd.oasis.opendocument.presentation",
            Kind::Odp,
        ),
        (b"application/vnd.oasis.opendocument.graphics", Kind::Odp),
        (b"application/vnd.oasis.opendocument.spreadsheet", Kind::Ods),
        (b"META-INF/container.xml", Kind::Epub),
    ];
    if let Some((_, kind)) = stated.iter().find(|(what, _)| has(what)) {
        return *kind;
    }
    if matches!(
        by_name,
        Kind::Docx | Kind::Pptx | Kind::Xlsx | Kind::Odt | Kind::Odp | Kind::Ods | Kind::Epub
    ) {
        return by_name;
    }
    let parts: [(&[u8], Kind); 3] = [
        (b"word/", Kind::Docx),
        (b"ppt/", Kind::Pptx),
        (b"xl/", Kind::Xlsx),
    ];
    parts
        .iter()
        .find(|(what, _)| has(what))
        .map_or(Kind::Unknown, |(_, kind)| *kind)
}

/// Text without a telling name.
fn by_look(head: &[u8]) -> Kind {
    let text = head
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(head)
        .trim_ascii_start();
    let starts = |what: &str| {
        text.get(..what.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(what.as_bytes()))
    };
    let has = |what: &[u8]| memchr::memmem::find(head, what).is_some();
    if starts("<!doctype html") || starts("<html") || (starts("<?xml") && has(b"<html")) {
        return Kind::Html;
    }
    if starts("<svg") || (starts("<?xml") && has(b"<svg")) {
        return Kind::Image;
    }
    if text.starts_with(b"<") {
        if has(b"http://www.loc.gov/MARC21/slim") || has(b"<leader>") {
            return Kind::MarcXml;
        }
        if has(b"http://purl.org/dc/") || has(b"OAI-PMH") {
            return Kind::DublinCore;
        }
    }
    // ISO 2709: record length in five digits, and "4500" at the leader's end.
    if text.len() >= 24
        && text
            .get(..5)
            .is_some_and(|length| length.iter().all(u8::is_ascii_digit))
        && text.get(20..22) == Some(b"45")
    {
        return Kind::Marc;
    }
    if text.starts_with(b"TY  - ") {
        return Kind::Ris;
    }
    if text.starts_with(b"@") && has(b"{") && has(b"=") {
        return Kind::Bibtex;
    }
    if text.starts_with(b"{\"") {
        return Kind::JsonLines;
    }
    Kind::Unknown
}

/// Whether bytes may be text in some encoding: no control characters that text
/// does not have.
fn is_text(head: &[u8]) -> bool {
    let utf16 = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    utf16 || !head.iter().any(|b| matches!(b, 0..=8 | 14..=26 | 28..=31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_before_names() {
        assert_eq!(detect("a.txt", b"%PDF-1.4"), Kind::Pdf);
        assert_eq!(detect("a.pdf", b"\x89PNG\r\n\x1a\n"), Kind::Image);
        assert_eq!(
            detect(
                "book.zip",
                b"PK\x03\x04........mimetypeapplication/epub+zip"
            ),
            Kind::Epub
        );
        assert_eq!(detect("x", b"PK\x03\x04 word/document.xml"), Kind::Docx);
        assert_eq!(
            detect("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            Kind::Docx
        );
        assert_eq!(
            detect("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            Kind::OldOffice
        );
        assert_eq!(detect("x", b"ZIM\x04"), Kind::Zim);
    }

    #[test]
    fn names_and_looks() {
        assert_eq!(detect("a.MD", b"# x"), Kind::Markdown);
        assert_eq!(detect("a", b"  <!DOCTYPE HTML><p>"), Kind::Html);
        assert_eq!(detect("a.dat", b"00714cam a2200205 a 4500001"), Kind::Marc);
        assert_eq!(
            detect(
                "a.xml",
                b"<?xml?><collection xmlns='http://www.loc.gov/MARC21/slim'>"
            ),
            Kind::MarcXml
        );
        assert_eq!(detect("README", b"plain words"), Kind::Text);
        assert_eq!(detect("a.bin", b"\x00\x01\x02"), Kind::Unknown);
        assert_eq!(detect("", b""), Kind::Unknown);
    }
}
