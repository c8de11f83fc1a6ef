//! A blocking client of IMAP that keeps its own count of the selected mailbox, and says where a server breaks the rules.
//!
//! It knows the protocol only by the RFCs, and nothing of Lampion: it works against any server.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is known of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Its flags, sorted, in lower case, without `\recent`; `None` if they were not told yet.
    pub flags: Option<Vec<String>>,
    /// Its last change; 0 if not told.
    pub modseq: u64,
}

/// The end of a command.
#[derive(Debug)]
pub struct Ended {
    /// `OK`, `NO` or `BAD`.
    pub word: String,
    /// What stands after it.
    pub text: String,
    /// The untagged lines that are no news of the mailbox, literals in them.
    pub lines: Vec<Vec<u8>>,
}

impl Ended {
    /// The same, if it is `OK`.
    pub fn ok(self) -> anyhow::Result<Self> {
        ensure!(self.word == "OK", "{} {}", self.word, self.text);
        Ok(self)
    }

    /// What a response code has behind its name: `[APPENDUID 1 2]` gives `1 2`.
    pub fn code(&self, name: &str) -> Option<&str> {
        code(&self.text, name)
    }
}

fn code<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.strip_prefix('[')?;
    let (inside, _) = rest.split_once(']')?;
    inside.strip_prefix(name)?.strip_prefix(' ')
}

/// A connection with the count that it keeps.
pub struct Client {
    reader: BufReader<TcpStream>,
    tags: u32,
    /// UIDs by sequence number less one; 0 where it isn't known yet.
    pub uids: Vec<u32>,
    /// What is known of messages.
    pub known: BTreeMap<u32, Known>,
    /// Validity of UIDs of the selected mailbox.
    pub uid_validity: u32,
    /// The highest change that the server told of.
    pub highest: u64,
    /// Whether numbers may change now.
    may_expunge: bool,
    /// QRESYNC is enabled: `VANISHED` comes instead of `EXPUNGE`.
    pub qresync: bool,
    /// Within SELECT: what comes describes a new mailbox.
    selecting: bool,
}

impl Client {
    /// A connection that has signed in.
    pub fn new(address: SocketAddr, name: &str, secret: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).with_context(|| address.to_string())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self {
            reader: BufReader::new(stream),
            tags: 0,
            uids: Vec::new(),
            known: BTreeMap::new(),
            uid_validity: 0,
            highest: 0,
            may_expunge: true,
            qresync: false,
            selecting: false,
        };
        client.line()?;
        client.command(&format!("LOGIN {name} {secret}"))?.ok()?;
        Ok(client)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.reader.get_mut().write_all(bytes)?;
        Ok(())
    }

    /// A line with its literals, without its end.
    pub fn line(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let before = line.len();
            ensure!(
                self.reader.read_until(b'\n', &mut line)? > 0,
                "the server ended the connection"
            );
            ensure!(line.ends_with(b"\r\n"), "a line without its end");
            let text = String::from_utf8_lossy(line.get(before..).unwrap_or_default()).into_owned();
            let size = text.trim_end().strip_suffix('}').and_then(|text| {
                let (_, size) = text.rsplit_once('{')?;
                size.parse::<usize>().ok()
            });
            let Some(size) = size else {
                line.truncate(line.len() - 2);
                return Ok(line);
            };
            let at = line.len();
            line.resize(at + size, 0);
            self.reader
                .read_exact(line.get_mut(at..).unwrap_or_default())?;
        }
    }

    /// A command without literals.
    pub fn command(&mut self, text: &str) -> anyhow::Result<Ended> {
        let word = text.split(' ').next().unwrap_or_default();
        // RFC 9051 §7.5.1: no EXPUNGE while FETCH, STORE or SEARCH is answered.
        self.may_expunge = !matches!(word, "FETCH" | "STORE" | "SEARCH" | "SORT" | "THREAD");
        let tag = self.begin(text)?;
        self.end(&tag).with_context(|| text.to_string())
    }

    fn begin(&mut self, text: &str) -> anyhow::Result<String> {
        self.tags += 1;
        let tag = format!("t{}", self.tags);
        self.send(format!("{tag} {text}\r\n").as_bytes())?;
        Ok(tag)
    }

    /// Reads until a command ends.
    fn end(&mut self, tag: &str) -> anyhow::Result<Ended> {
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            if let Some(rest) = line.strip_prefix(b"* ") {
                if !self.news(rest)? {
                    lines.push(rest.to_vec());
                }
                continue;
            }
            let text = String::from_utf8_lossy(&line).into_owned();
            let Some(rest) = text
                .strip_prefix(tag)
                .and_then(|rest| rest.strip_prefix(' '))
            else {
                bail!("unexpected: {text}");
            };
            let (word, text) = rest.split_once(' ').unwrap_or((rest, ""));
            return Ok(Ended {
                word: word.into(),
                text: text.into(),
                lines,
            });
        }
    }

    /// `APPEND`
    pub fn append(&mut self, mailbox: &str, flags: &str, message: &[u8]) -> anyhow::Result<Ended> {
        self.may_expunge = true;
        let tag = self.begin(&format!("APPEND {mailbox} ({flags}) {{{}}}", message.len()))?;
        loop {
            let line = self.line()?;
            if let Some(rest) = line.strip_prefix(b"* ") {
                self.news(rest)?;
            } else if line.starts_with(b"+") {
                break;
            } else {
                bail!("APPEND: {}", String::from_utf8_lossy(&line));
            }
        }
        self.send(message)?;
        self.send(b"\r\n")?;
        self.end(&tag)
    }

    /// Begins `IDLE`; its tag, for [`Client::done`].
    pub fn idle(&mut self) -> anyhow::Result<String> {
        self.may_expunge = true;
        let tag = self.begin("IDLE")?;
        loop {
            let line = self.line()?;
            match line.strip_prefix(b"* ") {
                Some(rest) => {
                    self.news(rest)?;
                }
                None if line.starts_with(b"+") => return Ok(tag),
                None => bail!("IDLE: {}", String::from_utf8_lossy(&line)),
            }
        }
    }

    /// Ends `IDLE`.
    pub fn done(&mut self, tag: &str) -> anyhow::Result<()> {
        self.send(b"DONE\r\n")?;
        self.end(tag)?.ok()?;
        Ok(())
    }

    /// Selects a mailbox; with what is known of it before, by QRESYNC.
    pub fn select(&mut self, mailbox: &str, again: bool) -> anyhow::Result<Ended> {
        let (validity, highest) = (self.uid_validity, self.highest);
        let before: Vec<u32> = self.known.keys().copied().collect();
        let command = if again {
            format!("SELECT {mailbox} (QRESYNC ({validity} {highest}))")
        } else {
            self.known.clear();
            self.highest = 0;
            format!("SELECT {mailbox}")
        };
        self.uids.clear();
        self.uid_validity = 0;
        self.selecting = true;
        let ended = self.command(&command);
        self.selecting = false;
        let ended = ended?.ok()?;
        ensure!(self.uid_validity != 0, "SELECT tells no UIDVALIDITY");
        if again {
            ensure!(self.uid_validity == validity, "UIDVALIDITY changed");
            ensure!(
                self.highest >= highest,
                "HIGHESTMODSEQ fell from {highest} to {}",
                self.highest
            );
            ensure!(
                before.is_empty() || self.known.len() <= self.uids.len(),
                "QRESYNC leaves {} messages, the mailbox has {}",
                self.known.len(),
                self.uids.len()
            );
        }
        Ok(ended)
    }

    /// News of the mailbox; `false` if a line is something else.
    fn news(&mut self, line: &[u8]) -> anyhow::Result<bool> {
        let text = String::from_utf8_lossy(line).into_owned();
        let (first, rest) = text.split_once(' ').unwrap_or((&text, ""));
        if let Ok(number) = first.parse::<usize>() {
            let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
            return match word {
                "EXISTS" => self.exists(number).map(|()| true),
                "EXPUNGE" => self.expunged(number).map(|()| true),
                "FETCH" => {
                    self.fetched(number, rest).with_context(|| text.clone())?;
                    // Who asked for more than flags wants to see it.
                    Ok(!rest.contains("BODY") && !rest.contains("ENVELOPE"))
                }
                "RECENT" => Ok(true),
                _ => Ok(false),
            };
        }
        match first {
            "VANISHED" => self.vanished(rest).map(|()| true),
            "OK" => {
                if let Some(validity) = code(rest, "UIDVALIDITY") {
                    self.uid_validity = validity.parse()?;
                }
                if let Some(highest) = code(rest, "HIGHESTMODSEQ") {
                    self.highest = self.highest.max(highest.parse()?);
                }
                Ok(false)
            }
            "BYE" => bail!("the server says goodbye: {rest}"),
            _ => Ok(false),
        }
    }

    fn exists(&mut self, count: usize) -> anyhow::Result<()> {
        ensure!(
            count >= self.uids.len(),
            "EXISTS {count} where {} messages were, without EXPUNGE",
            self.uids.len()
        );
        self.uids.resize(count, 0);
        Ok(())
    }

    fn expunged(&mut self, number: usize) -> anyhow::Result<()> {
        ensure!(
            self.may_expunge,
            "EXPUNGE {number} while numbers must not change"
        );
        ensure!(
            !self.qresync,
            "EXPUNGE {number} although QRESYNC is enabled"
        );
        ensure!(
            number >= 1 && number <= self.uids.len(),
            "EXPUNGE {number} of {} messages",
            self.uids.len()
        );
        let uid = self.uids.remove(number - 1);
        self.known.remove(&uid);
        Ok(())
    }

    fn vanished(&mut self, rest: &str) -> anyhow::Result<()> {
        let (earlier, set) = match rest.strip_prefix("(EARLIER) ") {
            Some(set) => (true, set),
            None => (false, rest),
        };
        ensure!(
            earlier || self.may_expunge,
            "VANISHED {set} while numbers must not change"
        );
        ensure!(self.qresync, "VANISHED although QRESYNC isn't enabled");
        for range in set.split(',') {
            let (from, to) = range.split_once(':').unwrap_or((range, range));
            let (from, to): (u32, u32) = (from.parse()?, to.parse()?);
            if !earlier {
                // A UID that isn't known may belong to a number that isn't, so numbers are counted.
                for uid in from..=to {
                    if let Some(at) = self.place_to_remove(uid) {
                        self.uids.remove(at);
                    } else {
                        bail!("VANISHED {uid}, which was not there");
                    }
                }
            }
            let gone: Vec<u32> = self.known.range(from..=to).map(|(uid, _)| *uid).collect();
            for uid in gone {
                self.known.remove(&uid);
            }
        }
        Ok(())
    }

    /// The number of a UID; or of a message without a known UID that may be it.
    fn place_to_remove(&self, uid: u32) -> Option<usize> {
        if let Some(at) = self.uids.iter().position(|own| *own == uid) {
            return Some(at);
        }
        let after = self
            .uids
            .iter()
            .rposition(|own| *own != 0 && *own < uid)
            .map_or(0, |at| at + 1);
        (self.uids.get(after) == Some(&0)).then_some(after)
    }

    fn fetched(&mut self, number: usize, rest: &str) -> anyhow::Result<()> {
        ensure!(
            number >= 1 && number <= self.uids.len(),
            "FETCH {number} of {} messages",
            self.uids.len()
        );
        let at = number - 1;
        if let Some(uid) = word_after(rest, "UID ") {
            let uid: u32 = uid.parse()?;
            self.has_uid(at, uid)?;
        }
        let uid = self.uids.get(at).copied().unwrap_or(0);
        if uid == 0 {
            return Ok(());
        }
        let known = self.known.entry(uid).or_default();
        if let Some(modseq) = word_after(rest, "MODSEQ (") {
            let modseq: u64 = modseq.parse()?;
            ensure!(modseq > 0, "MODSEQ 0");
            ensure!(
                modseq >= known.modseq,
                "MODSEQ of UID {uid} fell from {} to {modseq}",
                known.modseq
            );
            known.modseq = modseq;
        }
        if let Some((_, flags)) = rest.split_once("FLAGS (") {
            let (flags, _) = flags.split_once(')').context("flags have no end")?;
            let mut flags: Vec<String> = flags
                .split(' ')
                .map(str::to_ascii_lowercase)
                .filter(|flag| !flag.is_empty() && flag != "\\recent")
                .collect();
            flags.sort();
            known.flags = Some(flags);
        }
        Ok(())
    }

    /// A number has a UID: it must be the one that it had, and between its neighbours.
    fn has_uid(&mut self, at: usize, uid: u32) -> anyhow::Result<()> {
        let before = self.uids.get(at).copied().unwrap_or(0);
        ensure!(
            before == 0 || before == uid,
            "message {} had UID {before} and has UID {uid}",
            at + 1
        );
        let lower = self
            .uids
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(|uid| **uid != 0);
        let upper = self
            .uids
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .find(|uid| **uid != 0);
        ensure!(
            lower.is_none_or(|lower| *lower < uid) && upper.is_none_or(|upper| *upper > uid),
            "UID {uid} of message {} is not between {lower:?} and {upper:?}",
            at + 1
        );
        if let Some(own) = self.uids.get_mut(at) {
            *own = uid;
        }
        Ok(())
    }
}

/// The word after a name.
fn word_after<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.find(name)?;
    // Not the end of another name.
    if at > 0 && !matches!(text.as_bytes().get(at - 1), Some(b' ' | b'(')) {
        return None;
    }
    let rest = text.get(at + name.len()..)?;
    rest.split([' ', ')']).next()
}
