//! Replies (RFC 5321 §4.2) with enhanced status codes (RFC 2034, RFC 3463), and a reader of them.

/// Lines of one reply that a client reads at most.
pub const LINES_LIMIT: usize = 128;
/// The longest line of a reply that a client reads, in bytes; RFC 5321 §4.5.3.1.5 allows 512.
pub const LINE_LIMIT: usize = 2_048;
/// The longest text of an answer that is kept, in bytes.
const TEXT_LIMIT: usize = 8_192;

/// One reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// `5.1.1`; empty where there is none (greetings, HELP, 354).
    pub enhanced: String,
    /// Words; lines are parted by `\n`.
    pub text: String,
}

impl Reply {
    /// A reply of one line.
    pub fn new(code: u16, enhanced: &str, text: impl Into<String>) -> Self {
        Self {
            code,
            enhanced: enhanced.into(),
            text: text.into(),
        }
    }

    /// 2yz: done.
    pub fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// 4yz: may be tried again.
    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Its lines as they are sent. Nothing of the text can end a line early.
    pub fn write(&self, out: &mut Vec<u8>) {
        let lines: Vec<&str> = self.text.split('\n').collect();
        for (at, line) in lines.iter().enumerate() {
            let last = at + 1 == lines.len();
            out.extend_from_slice(
                format!("{:03}{}", self.code, if last { ' ' } else { '-' }).as_bytes(),
            );
            if !self.enhanced.is_empty() {
                out.extend_from_slice(self.enhanced.as_bytes());
                out.push(b' ');
            }
            out.extend(
                line.bytes()
                    .map(|b| if b < b' ' || b == 0x7f { b'?' } else { b }),
            );
            out.extend_from_slice(b"\r\n");
        }
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ", self.code)?;
        if !self.enhanced.is_empty() {
            write!(f, "{} ", self.enhanced)?;
        }
        f.write_str(&self.text.replace('\n', " "))
    }
}

/// Why a server can't be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplyFault {
    /// A line is longer than [`LINE_LIMIT`].
    #[error("a line of the server's reply is too long")]
    LineTooLong,
    /// More lines than [`LINES_LIMIT`].
    #[error("the server's reply has too many lines")]
    TooManyLines,
    /// No three digits, or another code in the next line.
    #[error("the server's reply is not one of SMTP")]
    NoReply,
}

/// Reads replies out of bytes as they come.
#[derive(Debug, Default)]
pub struct ReplyReader {
    line: Vec<u8>,
    code: u16,
    lines: Vec<String>,
    length: usize,
}

impl ReplyReader {
    /// Takes bytes from `input` until a reply is whole.
    ///
    /// # Errors
    /// [`ReplyFault`]: the connection is of no use any more.
    pub fn read(&mut self, input: &mut &[u8]) -> Result<Option<Reply>, ReplyFault> {
        while !input.is_empty() {
            let (taken, whole) = match memchr::memchr(b'\n', input) {
                Some(at) => (at + 1, true),
                None => (input.len(), false),
            };
            let (now, later) = input.split_at_checked(taken).unwrap_or((input, &[]));
            if self.line.len() + now.len() > LINE_LIMIT {
                return Err(ReplyFault::LineTooLong);
            }
            self.line.extend_from_slice(now);
            *input = later;
            if whole {
                let line = std::mem::take(&mut self.line);
                if let Some(reply) = self.take_line(&line)? {
                    return Ok(Some(reply));
                }
            }
        }
        Ok(None)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<Option<Reply>, ReplyFault> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        let (code, rest) = text.split_at_checked(3).ok_or(ReplyFault::NoReply)?;
        let code: u16 = code
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| code.parse().ok())
            .flatten()
            .filter(|code| (200..600).contains(code))
            .ok_or(ReplyFault::NoReply)?;
        let (more, words) = match rest.split_at_checked(1) {
            None => (false, ""),
            Some((" ", words)) => (false, words),
            Some(("-", words)) => (true, words),
            Some(_) => return Err(ReplyFault::NoReply),
        };
        if !self.lines.is_empty() && code != self.code {
            return Err(ReplyFault::NoReply);
        }
        if self.lines.len() >= LINES_LIMIT {
            return Err(ReplyFault::TooManyLines);
        }
        self.code = code;
        self.length += words.len();
        self.lines.push(if self.length <= TEXT_LIMIT {
            words.into()
        } else {
            String::new()
        });
        Ok((!more).then(|| self.finish()))
    }

    fn finish(&mut self) -> Reply {
        let lines = std::mem::take(&mut self.lines);
        self.length = 0;
        let enhanced = lines
            .first()
            .and_then(|line| enhanced(line, self.code))
            .unwrap_or_default()
            .to_string();
        let texts: Vec<&str> = lines
            .iter()
            .map(|line| {
                let rest = line.strip_prefix(enhanced.as_str()).unwrap_or(line);
                if enhanced.is_empty() {
                    rest
                } else {
                    rest.trim_start()
                }
            })
            .collect();
        Reply {
            code: self.code,
            enhanced,
            text: texts.join("\n"),
        }
    }
}

/// The enhanced status code that a line begins with, if it fits the reply's class.
fn enhanced(line: &str, code: u16) -> Option<&str> {
    let word = line.split(' ').next()?;
    let parts: Vec<&str> = word.split('.').collect();
    let [class, subject, detail] = parts.as_slice() else {
        return None;
    };
    let number =
        |text: &str| (1..=3).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    (matches!(*class, "2" | "4" | "5")
        && class.parse() == Ok(code / 100)
        && number(subject)
        && number(detail))
    .then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Reply>, ReplyFault> {
        let mut whole = Vec::new();
        let (mut reader, mut input) = (ReplyReader::default(), text.as_bytes());
        while let Some(reply) = reader.read(&mut input)? {
            whole.push(reply);
        }
        let (mut reader, mut bytewise) = (ReplyReader::default(), Vec::new());
        for byte in text.as_bytes() {
            bytewise.extend(reader.read(&mut std::slice::from_ref(byte))?);
        }
        assert_eq!(whole, bytewise);
        Ok(whole)
    }

    #[test]
    fn replies_of_one_and_many_lines_are_read() {
        let replies = read(
            "250-hill.internal\r\n250-SIZE 5\r\n250 HELP\r\n550 5.1.1 no such user\r\n250\r\n450 5.1.1 odd\r\n550-5.7.1 a\r\n550 5.7.1 b\r\n",
        )
        .unwrap();
        assert_eq!(
            replies[0],
            Reply::new(250, "", "hill.internal\nSIZE 5\nHELP")
        );
        assert_eq!(replies[1], Reply::new(550, "5.1.1", "no such user"));
        assert_eq!(replies[2], Reply::new(250, "", ""));
        assert_eq!(
            replies[3],
            Reply::new(450, "", "5.1.1 odd"),
            "another class"
        );
        assert_eq!(replies[4], Reply::new(550, "5.7.1", "a\nb"));
    }

    #[test]
    fn what_is_no_reply_or_has_no_end_is_refused() {
        for bad in [
            "hello\r\n",
            "25\r\n",
            "2500 x\r\n",
            "99\r\n",
            "099 x\r\n",
            "650 x\r\n",
            "250-a\r\n251 b\r\n",
            "25é x\r\n",
        ] {
            assert_eq!(read(bad), Err(ReplyFault::NoReply), "{bad}");
        }
        assert_eq!(
            read(&"250-x\r\n".repeat(200)),
            Err(ReplyFault::TooManyLines)
        );
        assert_eq!(
            read(&format!("250 {}", "x".repeat(3_000))),
            Err(ReplyFault::LineTooLong)
        );
    }

    #[test]
    fn what_is_written_is_read_again_and_no_text_ends_a_line() {
        let reply = Reply::new(550, "5.7.1", "one\ntwo \r\u{7f}");
        let mut out = Vec::new();
        reply.write(&mut out);
        assert_eq!(out, b"550-5.7.1 one\r\n550 5.7.1 two ??\r\n");
    }
}
