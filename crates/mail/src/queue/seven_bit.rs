//! A message for a server that takes no 8-bit text (RFC 6152 §3): bodies with bytes beyond ASCII go in base64, and nothing else
//! of the message changes.
//!
//! What is signed would lose its signature, and what is built too deep isn't known well enough: such messages come back to
//! their sender instead. So do those with other scripts in their header, which only SMTPUTF8 can carry.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lampion_mailproto::mime::{Body, Encoding, Part, Span, Structure};

use crate::receive::without;
use crate::store::{Content, MailError};

/// A header block longer than this isn't changed, in bytes.
const HEADER_LIMIT_BYTES: usize = 1 << 20;
/// Bytes of one line of base64 (RFC 2045 §6.8: 76 characters).
const LINE_BYTES: usize = 57;

/// A place of the message that goes out differently.
enum Edit {
    /// Another transfer encoding is said.
    Header(Span, &'static str),
    /// It goes in base64.
    Body(Span),
}

impl Edit {
    fn span(&self) -> Span {
        match self {
            Self::Header(span, _) | Self::Body(span) => *span,
        }
    }
}

/// A message on its way out.
pub(super) struct SevenBit {
    edits: VecDeque<Edit>,
    at: u64,
    /// Bytes of a body that don't make up a line yet.
    held: Vec<u8>,
    /// About how many bytes go out.
    pub(super) size_bytes: u64,
}

impl SevenBit {
    /// How a message goes out; `None` if it can't without harm.
    ///
    /// # Errors
    /// The message can't be read.
    pub(super) async fn of(
        content: &Content,
        structure: &Structure,
    ) -> Result<Option<Self>, MailError> {
        let mut edits = VecDeque::new();
        // In the order of the message; with each part whether it stands in a signed one.
        let mut parts: Vec<(&Part, bool)> = vec![(&structure.root, false)];
        while let Some((part, signed)) = parts.pop() {
            if !part.encoding.is_identity() {
                continue;
            }
            let before = edits.len();
            if matches!(part.content, Body::Leaf) {
                if !is_ascii(content, part.body).await? {
                    edits.push_back(Edit::Header(part.header, "base64"));
                    edits.push_back(Edit::Body(part.body));
                }
            } else if part.encoding != Encoding::SevenBit {
                edits.push_back(Edit::Header(part.header, "7bit"));
            }
            if edits.len() > before && signed {
                return Ok(None);
            }
            let signed = signed || part.is("multipart", "signed");
            let inside = part.children().iter().rev();
            parts.extend(inside.map(|child| (child, signed)));
        }
        let headers = edits.iter().filter(|edit| matches!(edit, Edit::Header(..)));
        let too_long = headers
            .clone()
            .any(|edit| edit.span().len() > HEADER_LIMIT_BYTES as u64);
        if structure.cut || too_long {
            return Ok(None);
        }
        let longer: u64 = edits
            .iter()
            .map(|edit| edit.span().len() / 5 * 2 + 80)
            .sum();
        Ok(Some(Self {
            edits,
            at: 0,
            held: Vec::new(),
            size_bytes: content.size_bytes + longer,
        }))
    }

    /// The next piece; empty at the end.
    ///
    /// # Errors
    /// The message can't be read.
    pub(super) async fn piece(&mut self, content: &Content) -> Result<Vec<u8>, MailError> {
        loop {
            let next = self.edits.front().map(Edit::span);
            let start = next.map_or(content.size_bytes, |span| span.start);
            if self.at < start {
                return self.take(content, start).await;
            }
            let Some(edit) = self.edits.front() else {
                return Ok(Vec::new());
            };
            match *edit {
                Edit::Header(span, encoding) => {
                    let own = span.start..span.end;
                    let header = content.range(own, HEADER_LIMIT_BYTES).await?;
                    (self.at, _) = (span.end, self.edits.pop_front());
                    return Ok(with_encoding(&header, encoding, span.start == 0));
                }
                Edit::Body(span) => {
                    let mut raw = std::mem::take(&mut self.held);
                    if self.at < span.end {
                        raw.extend(self.take(content, span.end).await?);
                    }
                    let over = self.at >= span.end;
                    let whole = if over {
                        raw.len()
                    } else {
                        raw.len() / LINE_BYTES * LINE_BYTES
                    };
                    self.held = raw.split_off(whole);
                    if over {
                        self.edits.pop_front();
                    }
                    let mut out = String::with_capacity(raw.len() / 2 * 3);
                    for line in raw.chunks(LINE_BYTES) {
                        STANDARD.encode_string(line, &mut out);
                        out.push_str("\r\n");
                    }
                    if !out.is_empty() {
                        return Ok(out.into_bytes());
                    }
                }
            }
        }
    }

    /// Bytes as they stand, not beyond `end`.
    async fn take(&mut self, content: &Content, end: u64) -> Result<Vec<u8>, MailError> {
        let mut piece = content.piece(self.at).await?;
        let room = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        piece.truncate(room);
        if piece.is_empty() {
            return Err(MailError::Fault("a message on its way is cut off".into()));
        }
        self.at += piece.len() as u64;
        Ok(piece)
    }
}

async fn is_ascii(content: &Content, span: Span) -> Result<bool, MailError> {
    let mut at = span.start;
    while at < span.end {
        let mut piece = content.piece(at).await?;
        piece.truncate(usize::try_from(span.end - at).unwrap_or(usize::MAX));
        if !piece.is_ascii() {
            return Ok(false);
        }
        if piece.is_empty() {
            break;
        }
        at += piece.len() as u64;
    }
    Ok(true)
}

/// A header block that says another transfer encoding; that of the message itself says that it is MIME too.
fn with_encoding(header: &[u8], encoding: &str, whole: bool) -> Vec<u8> {
    let mut out = without(header, &["content-transfer-encoding"]);
    // The empty line that ends it, if there is one (a part may have no header at all).
    let end = out.ends_with(b"\r\n\r\n") || out == b"\r\n";
    if end {
        out.truncate(out.len() - 2);
    }
    if whole && without(&out, &["mime-version"]).len() == out.len() {
        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    out.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_says_the_new_encoding_once() {
        let header = b"Subject: x\r\nContent-Transfer-Encoding:\r\n 8bit\r\nX: y\r\n\r\n";
        let changed = String::from_utf8(with_encoding(header, "base64", true)).unwrap();
        assert_eq!(
            changed,
            "Subject: x\r\nX: y\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        assert_eq!(
            with_encoding(b"\r\n", "base64", false),
            b"Content-Transfer-Encoding: base64\r\n\r\n"
        );
        assert_eq!(
            with_encoding(b"mime-version: 1.0\r\n\r\n", "7bit", true),
            b"mime-version: 1.0\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
        );
    }
}
