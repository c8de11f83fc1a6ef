//! IMAP for measuring: a command is sent, its answer is read and counted, and hardly anything else is done with it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

/// The longest that an answer may take: a search through all messages of a large mailbox takes minutes on slow machines.
const PATIENCE: Duration = Duration::from_secs(600);
/// Bytes read at once.
const READ: usize = 256 * 1024;
/// The longest beginning of an untagged line that is kept.
const KEPT: usize = 1 << 20;

/// A connection that has signed in.
pub struct Raw {
    reader: BufReader<TcpStream>,
    tags: u32,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    /// From sending the command to its last line.
    pub ms: f64,
    /// Bytes of all of it.
    pub bytes: u64,
    /// Untagged lines of FETCH.
    pub fetches: usize,
    /// Other untagged lines.
    pub lines: Vec<String>,
    /// The command's own answer, without its tag.
    pub end: String,
}

impl Answer {
    /// Messages that SEARCH found.
    pub fn found(&self) -> usize {
        self.lines
            .iter()
            .filter_map(|line| line.strip_prefix("SEARCH"))
            .map(|rest| rest.split_whitespace().count())
            .sum()
    }

    /// Messages that SELECT tells of.
    pub fn exists(&self) -> Option<usize> {
        self.lines
            .iter()
            .find_map(|line| line.strip_suffix(" EXISTS")?.parse().ok())
    }
}

impl Raw {
    pub fn new(address: SocketAddr, name: &str, secret: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| address.to_string())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut raw = Self {
            reader: BufReader::with_capacity(READ, stream),
            tags: 0,
        };
        let mut greeting = String::new();
        raw.reader.read_line(&mut greeting)?;
        ensure!(greeting.starts_with("* OK"), "{greeting}");
        raw.ask(&format!("LOGIN {name} {secret}"))?;
        Ok(raw)
    }

    /// Sends a command and reads its answer, which must be `OK`.
    pub fn ask(&mut self, command: &str) -> anyhow::Result<Answer> {
        self.tags += 1;
        let tag = format!("bench{}", self.tags);
        let line = format!("{tag} {command}\r\n");
        let begun = Instant::now();
        self.reader.get_mut().write_all(line.as_bytes())?;
        let mut answer = Answer {
            ms: 0.0,
            bytes: 0,
            fetches: 0,
            lines: Vec::new(),
            end: String::new(),
        };
        let mut line = Vec::new();
        loop {
            line.clear();
            self.line(&mut line, &mut answer.bytes)
                .with_context(|| command.chars().take(60).collect::<String>())?;
            if let Some(rest) = line.strip_prefix(b"* ") {
                if is_fetch(rest) {
                    answer.fetches += 1;
                } else {
                    answer
                        .lines
                        .push(String::from_utf8_lossy(rest.trim_ascii_end()).into_owned());
                }
                continue;
            }
            let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            answer.end = text
                .strip_prefix(&tag)
                .with_context(|| format!("unexpected: {text}"))?
                .trim_start()
                .to_string();
            answer.ms = begun.elapsed().as_secs_f64() * 1e3;
            ensure!(
                answer.end.starts_with("OK"),
                "{}: {}",
                command.chars().take(60).collect::<String>(),
                answer.end
            );
            return Ok(answer);
        }
    }

    /// Messages in a mailbox.
    pub fn messages(&mut self, mailbox: &str) -> anyhow::Result<u64> {
        let answer = self.ask(&format!("STATUS {mailbox} (MESSAGES)"))?;
        let count = answer.lines.iter().find_map(|line| {
            let (_, rest) = line.split_once("MESSAGES ")?;
            rest.trim_end_matches(')').parse().ok()
        });
        count.context("STATUS says nothing of messages")
    }

    /// A line; its literals are read, and only their bytes counted.
    fn line(&mut self, line: &mut Vec<u8>, bytes: &mut u64) -> anyhow::Result<()> {
        loop {
            let before = line.len();
            let count = self.reader.read_until(b'\n', line)?;
            ensure!(count > 0, "the server ended the connection");
            *bytes += count as u64;
            let Some(size) = literal(line.get(before..).unwrap_or_default()) else {
                return Ok(());
            };
            let skipped =
                std::io::copy(&mut self.reader.by_ref().take(size), &mut std::io::sink())?;
            ensure!(skipped == size, "a literal is cut off");
            *bytes += size;
            ensure!(line.len() < KEPT, "a line is too long");
        }
    }
}

/// The size that a line's end announces (RFC 9051 §4.3).
fn literal(line: &[u8]) -> Option<u64> {
    let line = line.strip_suffix(b"}\r\n")?;
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    let digits = std::str::from_utf8(line.get(open + 1..)?).ok()?;
    digits.parse().ok()
}

/// `12 FETCH …`
fn is_fetch(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    digits > 0
        && line
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(b" FETCH "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_and_answers_are_told_apart() {
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}\r\n"), Some(12));
        assert_eq!(literal(b"* 1 FETCH (FLAGS ())\r\n"), None);
        assert_eq!(literal(b"{a}\r\n"), None);
        assert!(is_fetch(b"12 FETCH (UID 1)"));
        assert!(!is_fetch(b"12 EXISTS") && !is_fetch(b"SEARCH 1 2"));
    }
}
