//! The text of attached files, found with the message.
//!
//! Each file with text is a document of its own beside its message's: so a result says in which file the words are, and
//! shows those around them. Files are read in a child with limits ([`lampion_confined::text`]); their bytes are sent to it
//! and never written to disk. What is encrypted or signed stays closed: it is not even tried.

use lampion_confined::text::Texts;
use lampion_mailproto::mime::{Body, Decoder, Part, Structure, text};
use lampion_search::Document;

use crate::store::{Content, Detail, MailError, MessageId};

/// Files of one message that are read.
const FILES_LIMIT: usize = 16;
/// The largest file that is read, in bytes as it is sent.
pub(super) const FILE_LIMIT_BYTES: u64 = 32 << 20;
/// Bytes of all files of one message that are read, as they are sent.
const MESSAGE_LIMIT_BYTES: u64 = 64 << 20;
/// Text of one file that is indexed, in bytes.
pub(super) const TEXT_LIMIT_BYTES: usize = 1 << 20;
/// Types of which no text is expected.
const NO_TEXT: [&str; 5] = ["image", "audio", "video", "font", "model"];
/// Ends of names of what is encrypted, or a signature, or a key.
const CLOSED: [&str; 9] = [
    "asc", "gpg", "pgp", "sig", "p7m", "p7s", "p7c", "key", "crypt",
];

/// The document of a message's file: `nth` counts from 1.
pub(super) fn key(message: MessageId, nth: usize) -> String {
    format!("{}.{nth}", message.0)
}

/// Which message a document belongs to, and whether it is one of its files.
pub(super) fn message_of(key: &str) -> Option<(MessageId, bool)> {
    let (id, file) = match key.split_once('.') {
        Some((id, _)) => (id, true),
        None => (key, false),
    };
    Some((MessageId(id.parse().ok()?), file))
}

/// The parts that are files with text, as far as can be told before they are read.
pub(super) fn readable(structure: &Structure) -> Vec<&Part> {
    let own = structure.texts();
    let mut found = Vec::new();
    gather(&structure.root, &own, &mut found);
    let mut room = MESSAGE_LIMIT_BYTES;
    found.retain(|part| {
        let size = part.octets();
        let fits = size <= FILE_LIMIT_BYTES && size <= room;
        room -= if fits { size } else { 0 };
        fits
    });
    found.truncate(FILES_LIMIT);
    found
}

fn gather<'a>(part: &'a Part, own: &[&Part], found: &mut Vec<&'a Part>) {
    match &part.content {
        Body::Multipart(_) if part.subtype == "encrypted" => {}
        Body::Leaf => {
            if !part.body.is_empty()
                && is_open(part)
                && !own.iter().any(|text| std::ptr::eq(*text, part))
            {
                found.push(part);
            }
        }
        _ => part
            .children()
            .iter()
            .for_each(|child| gather(child, own, found)),
    }
}

fn is_open(part: &Part) -> bool {
    let subtype = part.subtype.as_str();
    let closed = subtype.starts_with("pgp-")
        || subtype.contains("pkcs7")
        || subtype.contains("signature")
        || subtype.contains("encrypted");
    let name = part.file_name().unwrap_or_default().to_ascii_lowercase();
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    // Reports of delivery and their like are no files.
    let other = part.kind == "message" || NO_TEXT.contains(&part.kind.as_str());
    !closed && !other && !CLOSED.contains(&end)
}

/// The documents of a message's files. What can't be read is passed over.
pub(super) async fn documents(
    content: &Content,
    (detail, subject): (&Detail, &str),
    parts: &[&Part],
    texts: &mut Texts,
) -> Result<Vec<Document>, MailError> {
    let mut documents = Vec::new();
    for part in parts {
        let name = part.file_name().unwrap_or_default();
        let body = if part.kind == "text" {
            let span = part.body.start..part.body.end;
            let raw = content.range(span, 4 * TEXT_LIMIT_BYTES).await?;
            text::of_part(part, &raw)
        } else {
            match read(content, part, &name, texts).await? {
                Ok(text) => text,
                Err(reason) => {
                    tracing::debug!(%reason, "an attached file has no text");
                    continue;
                }
            }
        };
        if body.trim().is_empty() || body.trim_start().starts_with("-----BEGIN PGP") {
            continue;
        }
        documents.push(Document {
            key: key(detail.message, documents.len() + 1),
            title: if name.is_empty() { subject } else { &name }.to_owned(),
            body,
            kind: "mail".into(),
            hash: detail.message.0.unsigned_abs(),
            meta: name,
            ..Document::default()
        });
    }
    Ok(documents)
}

/// A file's text, read in the child; the inner error says why it has none.
async fn read(
    content: &Content,
    part: &Part,
    name: &str,
    texts: &mut Texts,
) -> Result<Result<String, String>, MailError> {
    if let Err(error) = texts.begin(name).await {
        return Err(MailError::Fault(error.to_string()));
    }
    let mut decoder = Decoder::new(&part.encoding);
    let (mut at, mut out) = (part.body.start, Vec::new());
    while at < part.body.end {
        let piece = match content.piece(at).await {
            Ok(piece) if !piece.is_empty() => piece,
            cut => {
                texts.give_up();
                cut?;
                return Ok(Err("the message is cut off".into()));
            }
        };
        let take = usize::try_from(part.body.end - at)
            .unwrap_or(usize::MAX)
            .min(piece.len());
        at += take as u64;
        decoder.push(piece.get(..take).unwrap_or_default(), &mut out);
        texts.piece(&out).await;
        out.clear();
    }
    decoder.finish(&mut out);
    texts.piece(&out).await;
    Ok(texts.text().await)
}

#[cfg(test)]
mod tests {
    use lampion_mailproto::mime;

    use super::*;

    fn names(message: &str) -> Vec<String> {
        let mut scanner = mime::Scanner::new();
        scanner.push(message.replace('\n', "\r\n").as_bytes());
        let scanned = scanner.finish();
        readable(&scanned.structure)
            .iter()
            .map(|part| part.file_name().unwrap_or_else(|| part.media_type()))
            .collect()
    }

    #[test]
    fn files_with_text_are_read_and_what_is_closed_is_not() {
        let mixed = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhello\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b\n\
             Content-Type: image/png; name=b.png\n\nx\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=c.txt\n\nx\n--b\n\
             Content-Type: application/pgp-signature; name=d.asc\n\nx\n--b\nContent-Type: application/octet-stream; name=e.gpg\n\nx\n--b\n\
             Content-Type: message/rfc822\n\nSubject: inner\nContent-Type: text/html\n\n<p>x\n--b--\n";
        assert_eq!(names(mixed), ["a.pdf", "c.txt", "text/html"]);
        let encrypted = "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n\
             Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--\n";
        assert!(names(encrypted).is_empty());
        assert!(names("Content-Type: application/pkcs7-mime\n\nx\n").is_empty());
        let many: String = (0..30)
            .map(|n| format!("--b\nContent-Type: application/pdf; name={n}.pdf\n\nx\n"))
            .collect();
        let many = format!("Content-Type: multipart/mixed; boundary=b\n\n{many}--b--\n");
        assert_eq!(names(&many).len(), FILES_LIMIT);
    }

    #[test]
    fn a_document_says_whose_it_is() {
        let id = MessageId(12);
        assert_eq!(message_of(&key(id, 3)), Some((id, true)));
        assert_eq!(message_of("12"), Some((id, false)));
        assert_eq!(message_of("x"), None);
    }
}
