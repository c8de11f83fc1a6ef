//! Messages made by chance: six scripts, plain text and multipart with HTML, the same for the same seed.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::DOMAIN;
use crate::chance::{Chance, mix};
use crate::generate::Documents;

/// Words that stand in every n-th message, and nowhere else: what is searched for.
pub const MARKS: [(u64, &str); 4] = [
    (10, "harbour"),
    (100, "lighthouse"),
    (1_000, "등대지기"),
    (5_000, "quillwort"),
];
/// A word that no message has.
pub const ABSENT: &str = "zyzzogeton";
/// Of a hundred messages so many also have HTML.
const HTML: usize = 40;
/// Of a hundred messages so many answer another.
const ANSWERS: usize = 30;
/// The first message's date, seconds since 1970: 2024-01-01.
const FIRST_DATE: i64 = 1_704_067_200;
/// Seconds between the dates of two messages.
const STEP: i64 = 61;
/// Characters of a line.
const LINE: usize = 72;
/// Bytes of one encoded word (RFC 2047 §2 allows 75 characters with all that is around them).
const ENCODED_WORD: usize = 42;

/// Makes messages.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    seed: u64,
    /// Message `n` answers one with `n` less a multiple of this, so that threads stay within an account.
    accounts: u64,
}

impl Maker {
    pub fn new(seed: u64, accounts: usize) -> Self {
        Self {
            seed,
            accounts: accounts.max(1) as u64,
        }
    }

    /// The Message-ID of the n-th message.
    pub fn id(self, n: u64) -> String {
        format!("<{n}.{}@valley.internal>", self.seed)
    }

    /// The n-th message, with CRLF.
    pub fn message(self, n: u64) -> anyhow::Result<Vec<u8>> {
        let rest = self.rest(n)?;
        Ok(format!("Message-ID: {}\r\n{rest}", self.id(n)).into_bytes())
    }

    /// Seconds since 1970 of the n-th message.
    pub fn date(self, n: u64) -> i64 {
        FIRST_DATE + i64::try_from(n).unwrap_or(0) * STEP
    }

    /// All of a message but its Message-ID, which is its first line.
    fn rest(self, n: u64) -> anyhow::Result<String> {
        let mut chance = Chance::new(mix(self.seed ^ mix(n)));
        let document = Documents::new(1, chance.next())
            .next()
            .context("no document")?;
        let mut text = wrapped(&document.body);
        for (every, word) in MARKS {
            if n % every == every / 2 {
                let _infallible = write!(text, "\r\n{word}");
            }
        }
        text.push_str("\r\n");
        let mut out = format!(
            "From: {} <{}@valley.internal>\r\nTo: {} <{}@{DOMAIN}>\r\nSubject: {}\r\nDate: {}\r\n",
            name(&mut chance),
            name(&mut chance).to_lowercase(),
            name(&mut chance),
            name(&mut chance).to_lowercase(),
            subject(&document.title),
            date(self.date(n))?,
        );
        if chance.below(100) < ANSWERS {
            let back = self.accounts * (1 + chance.below(5) as u64);
            if let Some(other) = n.checked_sub(back) {
                let id = self.id(other);
                let _infallible = write!(out, "In-Reply-To: {id}\r\nReferences: {id}\r\n");
            }
        }
        out.push_str("MIME-Version: 1.0\r\nUser-Agent: Bench 1.0\r\n");
        let base64 = !text.is_ascii() && chance.below(2) == 0;
        if chance.below(100) < HTML {
            let bound = format!("=_{n:012x}");
            let html = format!(
                "<html><body><p>{}</p></body></html>\r\n",
                text.trim_end().replace("\r\n", "<br>\r\n")
            );
            let _infallible = write!(
                out,
                "Content-Type: multipart/alternative; boundary=\"{bound}\"\r\n\r\n--{bound}\r\n{}\r\n--{bound}\r\n{}\r\n--{bound}--\r\n",
                part("plain", &text, base64),
                part("html", &html, base64)
            );
        } else {
            out.push_str(&part("plain", &text, base64));
        }
        Ok(out)
    }
}

/// Messages in memory, for sending many: each gets a Message-ID of its own.
pub struct Pool {
    maker: Maker,
    rests: Vec<String>,
}

impl Pool {
    pub fn new(maker: Maker, count: usize) -> anyhow::Result<Self> {
        let rests = (0..count.max(1) as u64)
            .map(|n| maker.rest(n).map(|rest| stuffed(&rest)))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { maker, rests })
    }

    /// The n-th message as DATA sends it (RFC 5321 §4.5.2), with the dot at its end.
    pub fn data(&self, n: u64) -> Vec<u8> {
        let at = usize::try_from(n).unwrap_or(0) % self.rests.len().max(1);
        let rest = self.rests.get(at).map_or("", String::as_str);
        format!("Message-ID: {}\r\n{rest}.\r\n", self.maker.id(n)).into_bytes()
    }

    /// Bytes of a message, on average.
    pub fn average(&self) -> usize {
        let sum: usize = self.rests.iter().map(|rest| rest.len() + 40).sum();
        sum / self.rests.len().max(1)
    }
}

/// Writes messages as a Maildir, with names and line ends as Dovecot's own.
pub fn maildir(folder: &Path, maker: Maker, count: u64) -> anyhow::Result<()> {
    for inside in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(folder.join(inside))?;
    }
    for n in 0..count {
        let message = maker.message(n)?;
        let mut lines = Vec::with_capacity(message.len());
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            lines.extend_from_slice(line.strip_suffix(b"\r\n").unwrap_or(line));
            lines.push(b'\n');
        }
        let (date, size, on_the_wire) = (maker.date(n), lines.len(), message.len());
        let name = format!("cur/{date}.M{n}P1.bench,S={size},W={on_the_wire}:2,S");
        let mut file = std::fs::File::create(folder.join(name))?;
        file.write_all(&lines)?;
        file.set_modified(UNIX_EPOCH + Duration::from_secs(date.unsigned_abs()))?;
    }
    Ok(())
}

/// How many of the first `count` messages have a word of [`MARKS`].
pub fn marked(every: u64, count: u64) -> usize {
    (0..count).filter(|n| n % every == every / 2).count()
}

/// Lines that begin with a dot get another.
fn stuffed(text: &str) -> String {
    text.replace("\r\n.", "\r\n..")
}

/// A part with its header.
fn part(kind: &str, text: &str, base64: bool) -> String {
    let (encoding, body) = if base64 {
        let packed = STANDARD.encode(text);
        let mut lines = String::with_capacity(packed.len() + packed.len() / 36);
        for (at, c) in packed.chars().enumerate() {
            if at > 0 && at % 76 == 0 {
                lines.push_str("\r\n");
            }
            lines.push(c);
        }
        lines.push_str("\r\n");
        ("base64", lines)
    } else if text.is_ascii() {
        ("7bit", text.to_string())
    } else {
        ("8bit", text.to_string())
    };
    format!(
        "Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"
    )
}

/// A subject in encoded words, if it isn't ASCII.
fn subject(title: &str) -> String {
    if title.is_ascii() {
        return title.to_string();
    }
    let (mut words, mut piece) = (Vec::new(), String::new());
    for c in title.chars() {
        if piece.len() + c.len_utf8() > ENCODED_WORD {
            words.push(std::mem::take(&mut piece));
        }
        piece.push(c);
    }
    words.push(piece);
    let encoded: Vec<String> = words
        .iter()
        .map(|piece| format!("=?UTF-8?B?{}?=", STANDARD.encode(piece)))
        .collect();
    encoded.join("\r\n ")
}

/// Text in lines.
fn wrapped(text: &str) -> String {
    let (mut out, mut width) = (String::with_capacity(text.len() + 64), 0);
    for (at, word) in text.split(' ').enumerate() {
        if at > 0 {
            if width + word.chars().count().min(LINE) > LINE {
                out.push_str("\r\n");
                width = 0;
            } else {
                out.push(' ');
                width += 1;
            }
        }
        for c in word.chars() {
            if width > LINE {
                out.push_str("\r\n");
                width = 0;
            }
            out.push(c);
            width += 1;
        }
    }
    out
}

fn name(chance: &mut Chance) -> &'static str {
    let names = [
        "Mira", "Juan", "Hana", "Omar", "Ines", "Tomas", "Yuna", "Lena", "Amir", "Nils",
    ];
    chance.pick(&names).copied().unwrap_or("Mira")
}

/// RFC 5322 §3.3
fn date(unix_s: i64) -> anyhow::Result<String> {
    let at = time::OffsetDateTime::from_unix_timestamp(unix_s)?;
    let short = |name: String| name.chars().take(3).collect::<String>();
    Ok(format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000",
        short(at.weekday().to_string()),
        at.day(),
        short(at.month().to_string()),
        at.year(),
        at.hour(),
        at.minute(),
        at.second()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_whole_repeat_by_seed_and_have_their_marks() {
        let maker = Maker::new(1, 10);
        let (mut sizes, mut html) = (0, 0);
        for n in 0..400 {
            let message = maker.message(n).unwrap();
            assert_eq!(message, maker.message(n).unwrap());
            let text = String::from_utf8(message).unwrap();
            assert!(text.ends_with("\r\n") && text.contains("\r\n\r\n"));
            assert!(text.replace("\r\n", "").find(['\r', '\n']).is_none());
            assert!(text.lines().all(|line| line.len() < 998), "{text}");
            if text.is_ascii() && !text.contains("base64") {
                assert_eq!(text.contains("harbour"), n % 10 == 5, "{text}");
            }
            sizes += text.len();
            html += usize::from(text.contains("text/html"));
        }
        assert!((1_200..3_000).contains(&(sizes / 400)), "{}", sizes / 400);
        assert!((100..220).contains(&html), "{html}");
        assert_ne!(
            maker.message(7).unwrap(),
            Maker::new(2, 10).message(7).unwrap()
        );
    }

    #[test]
    fn dates_and_subjects_are_as_the_rfcs_write_them() {
        assert_eq!(date(FIRST_DATE).unwrap(), "Mon, 01 Jan 2024 00:00:00 +0000");
        assert_eq!(subject("plain"), "plain");
        let long = subject(&"등대".repeat(20));
        assert!(long.lines().all(|line| line.trim().len() <= 75), "{long}");
        assert_eq!(stuffed("a\r\n.b\r\n"), "a\r\n..b\r\n");
    }

    #[test]
    fn each_message_of_a_pool_has_an_id_of_its_own() {
        let pool = Pool::new(Maker::new(1, 1), 3).unwrap();
        let (one, other) = (pool.data(1), pool.data(4));
        assert_ne!(one, other);
        assert!(one.starts_with(b"Message-ID: <1.1@") && other.ends_with(b"\r\n.\r\n"));
        assert_eq!(one.len(), other.len());
    }
}
