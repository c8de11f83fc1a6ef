//! Files of many messages: mbox in its kinds (RFC 4155 and the older customs).
//!
//! A message begins at a line `From …` at the beginning or after an empty line. Lines of a message that look like that are
//! quoted with `>`: in mboxrd those that have `>` already as well, in mboxo only bare ones; reading takes one `>` away.
//! In mboxcl2 nothing is quoted: `Content-Length` says where the message ends, and is believed if it leads to the next
//! beginning or to the end of the file.
//!
//! What a mail program noted of the message stands in `Status`, `X-Status` and `X-Keywords`; these are taken out.

use std::io::{BufRead, Read as _, Seek, SeekFrom};

use crate::imap::date::days;

/// The longest head of a message that is looked through for notes, in bytes; a longer one is taken as it is.
const HEAD_LIMIT: usize = 256 * 1024;
/// Bytes of a line that are read at once; longer lines come in pieces.
const LINE_LIMIT: u64 = 64 * 1024;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What the file notes of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// Received then, in milliseconds since 1970, if the first line says so.
    pub received_ms: Option<i64>,
    /// Seen (`R`).
    pub seen: bool,
    /// Answered (`A`).
    pub answered: bool,
    /// Flagged (`F`).
    pub flagged: bool,
    /// To be deleted (`D`).
    pub deleted: bool,
    /// A draft (`T`).
    pub draft: bool,
    /// Other flags.
    pub keywords: Vec<String>,
}

/// Reads messages one after the other.
pub struct Reader<R> {
    inner: R,
    /// Lines end with CR LF as they are in the file.
    crlf: bool,
    /// The beginning of the next message, already read.
    next: Option<(u64, Vec<u8>)>,
    at: u64,
    line: Vec<u8>,
}

/// Why there are no messages.
#[derive(Debug, thiserror::Error)]
pub enum MboxError {
    /// The file doesn't begin with `From `.
    #[error("the file is no mbox: it doesn't begin with `From `")]
    NotMbox,
    /// It can't be read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl<R: BufRead + Seek> Reader<R> {
    /// Begins at the start of a file.
    ///
    /// # Errors
    /// `NotMbox`, also for an empty file; it can't be read.
    pub fn new(inner: R) -> Result<Self, MboxError> {
        let mut reader = Self {
            inner,
            crlf: false,
            next: None,
            at: 0,
            line: Vec::new(),
        };
        reader.read_line()?;
        if !reader.line.starts_with(b"From ") {
            return Err(MboxError::NotMbox);
        }
        reader.crlf = reader.line.ends_with(b"\r\n");
        reader.next = Some((0, std::mem::take(&mut reader.line)));
        Ok(reader)
    }

    /// The next line with its end, or a piece of a long one; empty at the end of the file.
    fn read_line(&mut self) -> std::io::Result<()> {
        self.line.clear();
        let read = (&mut self.inner)
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut self.line)?;
        self.at += read as u64;
        Ok(())
    }

    /// Begins the next message: what is noted of it and its head, with line ends CR LF. `Reader::body` gives the rest, and
    /// must be called until it gives nothing.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn next_message(&mut self) -> Result<Option<Message<'_, R>>, MboxError> {
        let Some((offset, from)) = self.next.take() else {
            return Ok(None);
        };
        let mut notes = Notes {
            offset,
            received_ms: from_date(&from),
            ..Notes::default()
        };
        let mut head = Vec::new();
        let mut fields: Vec<(usize, usize)> = Vec::new();
        let mut ended = false;
        let mut over = false;
        loop {
            self.read_line()?;
            if self.line.is_empty() {
                over = true;
                break;
            }
            // A message without a body can be followed by the next at once.
            let start = head.len();
            let folded = matches!(self.line.first(), Some(b' ' | b'\t'));
            push_line(&self.line, self.crlf, &mut head);
            match fields.last_mut() {
                Some(last) if folded => last.1 = head.len(),
                _ => fields.push((start, head.len())),
            }
            if is_blank(&self.line) {
                ended = true;
                break;
            }
            if head.len() > HEAD_LIMIT {
                break;
            }
        }
        let mut length = None;
        let head = if ended || over {
            take_notes(&head, &fields, &mut notes, &mut length)
        } else {
            head
        };
        let exact = match length {
            Some(length) if ended && self.leads_on(length)? => Some(length),
            _ => None,
        };
        Ok(Some(Message {
            body: Body {
                exact,
                blank: ended,
                over,
                mid_line: !ended && !over,
            },
            reader: self,
            notes,
            head,
        }))
    }

    /// Whether the next message or the end of the file comes after so many bytes.
    fn leads_on(&mut self, length: u64) -> std::io::Result<bool> {
        let here = self.inner.stream_position()?;
        let end = self.inner.seek(SeekFrom::End(0))?;
        let Some(target) = here.checked_add(length).filter(|target| *target <= end) else {
            self.inner.seek(SeekFrom::Start(here))?;
            return Ok(false);
        };
        self.inner.seek(SeekFrom::Start(target))?;
        let mut after = Vec::new();
        (&mut self.inner).take(9).read_to_end(&mut after)?;
        self.inner.seek(SeekFrom::Start(here))?;
        let rest = after
            .strip_prefix(b"\r\n")
            .or_else(|| after.strip_prefix(b"\n"))
            .unwrap_or(&after);
        Ok(rest.is_empty() || rest.starts_with(b"From "))
    }
}

struct Body {
    /// Bytes that are left of an exact length.
    exact: Option<u64>,
    /// An empty line was just given or is held.
    blank: bool,
    over: bool,
    mid_line: bool,
}

/// A message while it is read.
pub struct Message<'a, R> {
    reader: &'a mut Reader<R>,
    /// What is noted of it.
    pub notes: Notes,
    /// Its head with the empty line after it.
    pub head: Vec<u8>,
    body: Body,
}

impl<R: BufRead + Seek> Message<'_, R> {
    /// Reads on: the pieces of the body in order to `out`, some at a time. Gives false at its end.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn body(&mut self, out: &mut Vec<u8>, enough: usize) -> std::io::Result<bool> {
        if self.body.over {
            return Ok(false);
        }
        match self.body.exact {
            Some(_) => self.exact(out, enough),
            None => self.lines(out, enough),
        }
    }

    fn exact(&mut self, out: &mut Vec<u8>, enough: usize) -> std::io::Result<bool> {
        let reader = &mut *self.reader;
        while let Some(left) = self.body.exact.filter(|left| *left > 0) {
            if out.len() >= enough {
                return Ok(true);
            }
            reader.line.clear();
            let read = (&mut reader.inner)
                .take(left.min(LINE_LIMIT))
                .read_until(b'\n', &mut reader.line)?;
            if read == 0 {
                break;
            }
            reader.at += read as u64;
            self.body.exact = Some(left - read as u64);
            push_line(&reader.line, reader.crlf, out);
        }
        self.body.over = true;
        // What separates it from the next, and the next one's first line.
        loop {
            let offset = reader.at;
            reader.read_line()?;
            if reader.line.starts_with(b"From ") {
                reader.next = Some((offset, std::mem::take(&mut reader.line)));
            } else if is_blank(&reader.line) && !reader.line.is_empty() {
                continue;
            }
            return Ok(false);
        }
    }

    fn lines(&mut self, out: &mut Vec<u8>, enough: usize) -> std::io::Result<bool> {
        let reader = &mut *self.reader;
        // The empty line after the head belongs to the head: it isn't held, but a message may begin after it.
        let mut held = false;
        while out.len() < enough || held {
            let offset = reader.at;
            reader.read_line()?;
            if reader.line.is_empty() {
                self.body.over = true;
                return Ok(false);
            }
            let begins = !self.body.mid_line;
            self.body.mid_line = !reader.line.ends_with(b"\n");
            if begins && self.body.blank && is_from(&reader.line) {
                self.body.over = true;
                reader.next = Some((offset, std::mem::take(&mut reader.line)));
                return Ok(false);
            }
            if held {
                out.extend_from_slice(b"\r\n");
                held = false;
            }
            if begins && is_blank(&reader.line) {
                // It may be what separates this message from the next.
                (self.body.blank, held) = (true, true);
                continue;
            }
            self.body.blank = false;
            let quotes = reader.line.iter().take_while(|byte| **byte == b'>').count();
            let rest = reader.line.get(quotes..).unwrap_or_default();
            let quoted = begins && quotes > 0 && rest.starts_with(b"From ");
            let line = reader.line.get(usize::from(quoted)..).unwrap_or_default();
            push_line(line, reader.crlf, out);
        }
        Ok(true)
    }
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, b"\n" | b"\r\n" | b"")
}

fn push_line(line: &[u8], crlf: bool, out: &mut Vec<u8>) {
    match line.strip_suffix(b"\n") {
        Some(text) if !crlf && !text.ends_with(b"\r") => {
            out.extend_from_slice(text);
            out.extend_from_slice(b"\r\n");
        }
        _ => out.extend_from_slice(line),
    }
}

/// Whether a line is the first of a message: `From `, somebody, and a time of day.
fn is_from(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else {
        return false;
    };
    let clock = |piece: &[u8]| matches!(piece, [a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()));
    rest.split(|byte| byte.is_ascii_whitespace()).any(clock)
}

/// The time in a first line, as `asctime` writes it: `Thu Jan  1 00:00:00 1970`, in UTC.
fn from_date(line: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(line).ok()?;
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let at = words.iter().position(|word| MONTHS.contains(word))?;
    let month = MONTHS
        .iter()
        .position(|month| words.get(at) == Some(month))?;
    let day: i64 = words.get(at + 1)?.parse().ok()?;
    let mut clock = words
        .get(at + 2)?
        .split(':')
        .map(|part| part.parse::<i64>().ok());
    let (hour, minute) = (clock.next()??, clock.next()??);
    let second = clock.next().unwrap_or(Some(0))?;
    // A zone may stand between: it is passed over when it is a word, for such lines are in the local time of nobody knows whom.
    let year: i64 = words
        .get(at + 3..)?
        .iter()
        .find_map(|word| (word.len() == 4).then(|| word.parse().ok()).flatten())?;
    let fine = (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 61
        && hour >= 0
        && minute >= 0
        && second >= 0;
    if !fine {
        return None;
    }
    let date = days(year, i64::try_from(month).ok()? + 1, day);
    Some(((date * 24 + hour) * 60 + minute) * 60_000 + second * 1_000)
}

/// The first line of a message: `From MAILER-DAEMON Thu Jan  1 00:00:00 1970`, without its end.
pub fn from_line(received_ms: i64) -> String {
    let day = received_ms.div_euclid(86_400_000);
    let second = received_ms.rem_euclid(86_400_000) / 1_000;
    let (year, month, date) = crate::imap::date::civil(day);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let name = usize::try_from(day.rem_euclid(7))
        .ok()
        .and_then(|at| weekday.get(at));
    let month = usize::try_from(month - 1)
        .ok()
        .and_then(|at| MONTHS.get(at));
    format!(
        "From MAILER-DAEMON {} {} {date:>2} {:02}:{:02}:{:02} {year:04}",
        name.unwrap_or(&"Thu"),
        month.unwrap_or(&"Jan"),
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// Takes notes out of a head; `length` becomes what `Content-Length` says.
fn take_notes(
    head: &[u8],
    fields: &[(usize, usize)],
    notes: &mut Notes,
    length: &mut Option<u64>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len());
    for (start, end) in fields {
        let field = head.get(*start..*end).unwrap_or_default();
        let colon = field.iter().position(|byte| *byte == b':');
        let (name, value) = match colon.and_then(|at| field.split_at_checked(at)) {
            Some((name, value)) => (name, value.get(1..).unwrap_or_default()),
            None => (field, &[][..]),
        };
        let value = String::from_utf8_lossy(value);
        if name.eq_ignore_ascii_case(b"status") {
            notes.seen |= value.contains('R');
        } else if name.eq_ignore_ascii_case(b"x-status") {
            notes.answered |= value.contains('A');
            notes.flagged |= value.contains('F');
            notes.deleted |= value.contains('D');
            notes.draft |= value.contains('T');
        } else if name.eq_ignore_ascii_case(b"x-keywords") {
            let words = value.split([',', ' ', '\t', '\r', '\n']);
            notes
                .keywords
                .extend(words.filter(|word| !word.is_empty()).map(Into::into));
        } else if name.eq_ignore_ascii_case(b"content-length") {
            *length = value.trim().parse().ok();
        } else {
            out.extend_from_slice(field);
        }
    }
    out
}

/// Writes messages as mboxrd, with line ends LF.
#[derive(Debug, Default)]
pub struct Writer {
    /// Bytes of a line's beginning that are not decided yet.
    begin: Vec<u8>,
    mid_line: bool,
    cr: bool,
}

impl Writer {
    /// Begins a message: its first line and what is noted of it.
    pub fn begin(&mut self, notes: &Notes, out: &mut Vec<u8>) {
        *self = Self::default();
        out.extend_from_slice(from_line(notes.received_ms.unwrap_or(0)).as_bytes());
        out.extend_from_slice(if notes.seen {
            b"\nStatus: RO\n"
        } else {
            b"\nStatus: O\n"
        });
        let letters: String = [
            (notes.answered, 'A'),
            (notes.flagged, 'F'),
            (notes.draft, 'T'),
            (notes.deleted, 'D'),
        ]
        .iter()
        .filter_map(|(is, letter)| is.then_some(*letter))
        .collect();
        if !letters.is_empty() {
            out.extend_from_slice(format!("X-Status: {letters}\n").as_bytes());
        }
        if !notes.keywords.is_empty() {
            let line = format!("X-Keywords: {}\n", notes.keywords.join(" "));
            out.extend_from_slice(line.as_bytes());
        }
    }

    /// Further bytes of the message.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        for byte in bytes {
            if std::mem::take(&mut self.cr) && *byte != b'\n' {
                self.byte(b'\r', out);
            }
            if *byte == b'\r' {
                self.cr = true;
            } else {
                self.byte(*byte, out);
            }
        }
    }

    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.mid_line {
            out.push(byte);
            self.mid_line = byte != b'\n';
            return;
        }
        self.begin.push(byte);
        let quotes = self.begin.iter().take_while(|byte| **byte == b'>').count();
        let rest = self.begin.get(quotes..).unwrap_or_default();
        if rest == b"From " {
            out.push(b'>');
        } else if b"From ".starts_with(rest) && quotes < HEAD_LIMIT {
            return;
        }
        out.append(&mut self.begin);
        self.mid_line = byte != b'\n';
    }

    /// Ends the message.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.cr) {
            self.byte(b'\r', out);
        }
        let open = self.mid_line || !self.begin.is_empty();
        out.append(&mut self.begin);
        out.extend_from_slice(if open { b"\n\n" } else { b"\n" });
        self.mid_line = false;
    }
}

/// For fuzzing: whatever is read is written and read again as it was.
pub fn fuzz_mbox(bytes: &[u8]) {
    let Some(first) = all(bytes) else { return };
    let mut file = Vec::new();
    let mut writer = Writer::default();
    for (notes, message) in &first {
        writer.begin(notes, &mut file);
        writer.push(message, &mut file);
        writer.end(&mut file);
    }
    let again = all(&file).unwrap_or_default();
    assert_eq!(again.len(), first.len(), "as many messages as were written");
}

/// All messages of a small file.
fn all(bytes: &[u8]) -> Option<Vec<(Notes, Vec<u8>)>> {
    let mut reader = Reader::new(std::io::Cursor::new(bytes)).ok()?;
    let mut out = Vec::new();
    while let Ok(Some(mut message)) = reader.next_message() {
        let mut whole = message.head.clone();
        let notes = message.notes.clone();
        let mut more = true;
        while more {
            let enough = whole.len() + 100;
            more = message.body(&mut whole, enough).unwrap_or(false);
        }
        out.push((notes, whole));
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Vec<String> {
        let all = all(file.as_bytes()).unwrap();
        all.iter()
            .map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }

    #[test]
    fn a_first_line_with_numbers_that_are_no_time_has_none() {
        for line in [
            "From a Jan 55 888888888888886:00 2202",
            "From a Jan 9223372036854775807 10:00 2202",
            "From a Jan 5 10:9223372036854775807 2202",
            "From a Jan 5 10:00:9223372036854775807 2202",
        ] {
            assert_eq!(from_date(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn messages_are_told_apart_and_unquoted() {
        let file = "From a@b Thu Jan  1 00:00:01 1970\nSubject: 1\n\nText\n>From here\n>>From there\nFrom nowhere\n\nFrom nobody in particular\n\n\
                    From c Fri Jan  2 00:00 1970\nSubject: 2\nStatus: RO\nX-Status: AF\nX-Keywords: $Forwarded, work\n\nx";
        assert_eq!(
            texts(file),
            [
                "Subject: 1\r\n\r\nText\r\nFrom here\r\n>From there\r\nFrom nowhere\r\n\r\nFrom nobody in particular\r\n",
                "Subject: 2\r\n\r\nx",
            ]
        );
        let (first, second) = {
            let mut all = all(file.as_bytes()).unwrap().into_iter();
            (all.next().unwrap().0, all.next().unwrap().0)
        };
        assert_eq!(first.received_ms, Some(1_000));
        assert!(!first.seen && second.seen && second.answered && second.flagged && !second.deleted);
        assert_eq!(second.keywords, ["$Forwarded", "work"]);
        assert_eq!(second.received_ms, Some(86_400_000));
    }

    #[test]
    fn a_length_is_believed_only_if_it_leads_to_the_next() {
        let body = "a\n\nFrom x Thu Jan  1 00:00:00 1970\n>From b\n";
        let good = format!(
            "From a Thu Jan  1 00:00:00 1970\nContent-Length: {}\n\n{body}\nFrom b Thu Jan  1 00:00:00 1970\n\nz\n",
            body.len()
        );
        assert_eq!(
            texts(&good),
            [
                "\r\na\r\n\r\nFrom x Thu Jan  1 00:00:00 1970\r\n>From b\r\n",
                "\r\nz\r\n"
            ]
        );
        let bad = "From a Thu Jan  1 00:00:00 1970\nContent-Length: 3\n\nlonger\n\nFrom b Thu Jan  1 00:00:00 1970\n\nz\n";
        assert_eq!(texts(bad), ["\r\nlonger\r\n", "\r\nz\r\n"]);
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let notes = Notes {
            received_ms: Some(1_700_000_000_000),
            seen: true,
            flagged: true,
            keywords: vec!["work".into()],
            ..Notes::default()
        };
        let messages = [
            "Subject: a\r\n\r\nFrom x 12:00\r\n>From y\r\n>>From\r\n\r\n\r\n",
            "Subject: b\r\n\r\n",
            "\r\nFrom\r\n",
            "Subject: no end\r\n\r\nbare\rcr\r\n",
        ];
        let (mut file, mut writer) = (Vec::new(), Writer::default());
        for message in messages {
            writer.begin(&notes, &mut file);
            for piece in message.as_bytes().chunks(3) {
                writer.push(piece, &mut file);
            }
            writer.end(&mut file);
        }
        assert!(file.starts_with(b"From MAILER-DAEMON Tue Nov 14 22:13:20 2023\nStatus: RO\nX-Status: F\nX-Keywords: work\n"));
        let read = all(&file).unwrap();
        for ((got, bytes), message) in read.iter().zip(messages) {
            assert_eq!(String::from_utf8_lossy(bytes), message);
            assert_eq!(
                Notes {
                    offset: 0,
                    ..got.clone()
                },
                notes
            );
        }
        assert_eq!(read.len(), messages.len());
        fuzz_mbox(&file);
    }

    #[test]
    fn other_files_are_refused_and_odd_ones_are_read() {
        assert!(Reader::new(std::io::Cursor::new(b"")).is_err());
        assert!(Reader::new(std::io::Cursor::new(b"Subject: x\n\n")).is_err());
        for odd in [
            "From ",
            "From \n",
            "From \n\n",
            "From x\nFrom y 10:00\n",
            "From \r\n\r\n\r\nFrom y 10:00\r\n",
        ] {
            fuzz_mbox(odd.as_bytes());
        }
        let crlf = "From a Thu Jan  1 00:00:00 1970\r\nSubject: 1\r\n\r\nx\r\n\r\nFrom a Thu Jan  1 00:00:00 1970\r\nSubject: 2\r\n\r\n";
        assert_eq!(
            texts(crlf),
            ["Subject: 1\r\n\r\nx\r\n", "Subject: 2\r\n\r\n"]
        );
    }
}
