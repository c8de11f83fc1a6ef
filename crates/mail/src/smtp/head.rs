//! What of a message must be known while its bytes pass.

/// Bytes of the header that are kept for reports.
const KEPT_BYTES: usize = 32 * 1024;

/// A message's header as it passes, and whether bytes beyond ASCII are in it.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The header, or its beginning.
    pub(super) kept: Vec<u8>,
    /// The message has bytes beyond ASCII.
    pub(super) eight_bit: bool,
    /// Its header has.
    pub(super) utf8: bool,
    /// The empty line after the header has come.
    over: bool,
    /// The last bytes, to find it.
    tail: [u8; 3],
}

impl Head {
    pub(super) fn look(&mut self, piece: &[u8]) {
        self.eight_bit |= !piece.is_ascii();
        if self.over {
            return;
        }
        let end = self.end(piece);
        let own = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
        self.utf8 |= !own.is_ascii();
        let room = KEPT_BYTES.saturating_sub(self.kept.len()).min(own.len());
        self.kept
            .extend_from_slice(own.get(..room).unwrap_or_default());
        self.over = end.is_some();
        for byte in own.iter().rev().take(3).rev() {
            self.tail.rotate_left(1);
            self.tail[2] = *byte;
        }
    }

    /// Whether the header has come whole.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Where in this piece the header ends.
    fn end(&self, piece: &[u8]) -> Option<usize> {
        let mut joined = self.tail.to_vec();
        joined.extend_from_slice(piece);
        let at = joined.windows(4).position(|four| four == b"\r\n\r\n")?;
        Some((at + 4).saturating_sub(3))
    }
}

/// Fields that a message should have and whose sender left them to us (RFC 6409 §8), each ended by CRLF. `date` and `id`
/// (without brackets) are what is put in.
pub(super) fn missing(header: &[u8], date: &str, id: &str) -> String {
    let has = |name: &str| {
        header
            .split(|byte| *byte == b'\n')
            .take_while(|line| !matches!(*line, b"" | b"\r"))
            .any(|line| {
                let field = line.split(|byte| *byte == b':').next();
                line.contains(&b':')
                    && field.is_some_and(|one| {
                        one.trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
                    })
            })
    };
    let mut out = String::new();
    if !has("date") {
        out.push_str(&format!("Date: {date}\r\n"));
    }
    if !has("message-id") {
        out.push_str(&format!("Message-ID: <{id}>\r\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_header_lacks_is_told() {
        let all = "Date: d\r\nMessage-ID: <i>\r\n";
        assert_eq!(missing(b"From: x\r\n\r\nDate: y\r\n", "d", "i"), all);
        assert_eq!(missing(b"", "d", "i"), all);
        let header = b"DATE : x\r\nFrom: y\r\n message-id: folded\r\n\r\n";
        assert_eq!(missing(header, "d", "i"), "Message-ID: <i>\r\n");
        assert_eq!(missing(b"message-id: <a>\r\nDate: y", "d", "i"), "");
    }

    #[test]
    fn the_header_ends_wherever_the_pieces_do() {
        let message = "Subject: a\r\nX: y\r\n\r\n본문\r\n\r\n".as_bytes();
        for size in 1..message.len() {
            let mut head = Head::default();
            message.chunks(size).for_each(|piece| head.look(piece));
            assert_eq!(head.kept, b"Subject: a\r\nX: y\r\n\r\n", "{size}");
            assert_eq!((head.eight_bit, head.utf8), (true, false), "{size}");
        }
        let mut head = Head::default();
        head.look("Subject: 등불\r\n\r\n".as_bytes());
        assert!(head.utf8);
    }
}
