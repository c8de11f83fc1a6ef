//! From bytes to whole commands (RFC 9051 §4.3, RFC 7888, RFC 3502).
//!
//! A command is gathered with its literals in it, bounded before anything is kept. The messages of `APPEND` are not
//! gathered: the caller is told what comes ([`Event::Append`]), says whether it wants it ([`Reader::accept`],
//! [`Reader::refuse`]), and gets the bytes piece by piece.

use super::command::FlagList;
use super::cursor::{Cursor, Parsed, bad};
use super::{COMMAND_LIMIT_BEFORE_SIGN_IN, LITERALS_LIMIT, SKIP_LIMIT, date};

/// A message that `APPEND` announces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendHead {
    /// Flags it shall have.
    pub flags: FlagList,
    /// INTERNALDATE it shall have, in milliseconds since 1970.
    pub internal_ms: Option<i64>,
    /// Its length in bytes.
    pub size: u64,
    /// Whether it may hold NUL (`literal8`).
    pub binary: bool,
}

/// What was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A literal is awaited: write `+ OK` and a line end.
    Continue,
    /// A whole command, without the line end; see [`super::Command::parse`].
    Command(Vec<u8>),
    /// A line that is no command, as [`Reader::expect_line`] asked.
    Line(Vec<u8>),
    /// `APPEND` announces a message. Call [`Reader::accept`] or [`Reader::refuse`].
    Append {
        /// The command's tag.
        tag: String,
        /// Where to.
        mailbox: String,
        /// Whether it is the command's first message.
        first: bool,
        /// The message.
        head: AppendHead,
    },
    /// The next bytes of the message.
    Content(&'a [u8]),
    /// The message is whole.
    ContentEnd,
    /// `APPEND` is whole.
    AppendEnd {
        /// The command's tag.
        tag: String,
    },
    /// A command can't be taken; what belongs to it is passed over.
    Refused {
        /// Its tag, if it has one.
        tag: Option<String>,
        /// Why.
        text: &'static str,
    },
    /// Nothing sensible can follow: say so (`BYE`) and end the connection.
    Fatal(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A line of a command, of `APPEND` after a message, or of something else.
    Line,
    /// A literal is gathered.
    Literal { left: usize },
    /// A literal or message is passed over.
    Skip { left: u64 },
    /// The caller must say whether it wants a message.
    Asked { size: u64, waits: bool },
    /// A message passes.
    Content { left: u64 },
}

/// `APPEND` in the middle.
#[derive(Debug)]
struct Appending {
    tag: String,
    mailbox: String,
    /// `UTF8 (~{…}` awaits its closing parenthesis.
    parenthesis: bool,
}

/// Gathers commands.
#[derive(Debug)]
pub struct Reader {
    state: State,
    buffer: Vec<u8>,
    /// Where the current line begins in the buffer.
    line_at: usize,
    literals: usize,
    limit: usize,
    /// The command was refused already; its rest is passed over.
    refused: bool,
    raw: bool,
    utf8: bool,
    appending: Option<Box<Appending>>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: State::Line,
            buffer: Vec::new(),
            line_at: 0,
            literals: 0,
            limit: COMMAND_LIMIT_BEFORE_SIGN_IN,
            refused: false,
            raw: false,
            utf8: false,
            appending: None,
        }
    }
}

/// A literal that a line announces at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Announced {
    size: u64,
    waits: bool,
    binary: bool,
}

impl Reader {
    /// Bytes that a command may have from now on.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
    }

    /// Names of mailboxes are UTF-8 from now on, not modified UTF-7.
    pub fn set_utf8(&mut self) {
        self.utf8 = true;
    }

    /// The next line is no command: an answer within `AUTHENTICATE`, or `DONE`.
    pub fn expect_line(&mut self) {
        self.raw = true;
    }

    /// Whether nothing was begun: no bytes of a command are here.
    pub fn is_idle(&self) -> bool {
        self.state == State::Line && self.buffer.is_empty() && self.appending.is_none()
    }

    /// Whether bytes of a message pass.
    pub fn in_content(&self) -> bool {
        matches!(self.state, State::Content { .. } | State::Skip { .. })
    }

    /// Takes the announced message; `true` if the client waits for `+ OK`.
    pub fn accept(&mut self) -> bool {
        match self.state {
            State::Asked { size, waits } => {
                self.state = State::Content { left: size };
                waits
            }
            _ => false,
        }
    }

    /// Passes over the announced message and what else belongs to the command. The caller answers the command.
    ///
    /// # Errors
    /// The client sends more without waiting than is passed over: end the connection.
    pub fn refuse(&mut self) -> Result<(), &'static str> {
        if let State::Asked { size, waits } = self.state {
            self.appending = None;
            if waits {
                self.reset();
            } else if size > SKIP_LIMIT {
                return Err("more than can be passed over");
            } else {
                self.refused = true;
                self.state = State::Skip { left: size };
            }
        }
        Ok(())
    }

    /// Passes over the rest of an `APPEND` whose message passes; the caller answers the command.
    pub fn abandon(&mut self) {
        self.appending = None;
        self.refused = true;
        if let State::Content { left } = self.state {
            self.state = State::Skip { left };
        }
    }

    /// Reads on. Gives how many bytes were used, and what came of them. Call it again with the rest, also with nothing:
    /// only if no event comes, more bytes are needed.
    pub fn feed<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        // A literal without a byte is over before it began: nothing needs to come for that.
        match self.state {
            State::Literal { left: 0 } => {
                self.line_at = self.buffer.len();
                self.state = State::Line;
            }
            State::Skip { left: 0 } => self.state = State::Line,
            _ => {}
        }
        match self.state {
            State::Line => self.line(input),
            State::Asked { .. } => (0, None),
            State::Literal { left } => {
                let take = left.min(input.len());
                self.buffer
                    .extend_from_slice(input.get(..take).unwrap_or_default());
                self.state = if take == left {
                    self.line_at = self.buffer.len();
                    State::Line
                } else {
                    State::Literal { left: left - take }
                };
                (take, None)
            }
            State::Skip { left } => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                let left = left - take as u64;
                self.state = if left == 0 {
                    State::Line
                } else {
                    State::Skip { left }
                };
                (take, None)
            }
            State::Content { left: 0 } => {
                self.state = State::Line;
                self.line_at = self.buffer.len();
                (0, Some(Event::ContentEnd))
            }
            State::Content { left } => {
                let take = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                if take == 0 {
                    return (0, None);
                }
                self.state = State::Content {
                    left: left - take as u64,
                };
                let piece = input.get(..take).unwrap_or_default();
                (take, Some(Event::Content(piece)))
            }
        }
    }

    fn reset(&mut self) {
        self.state = State::Line;
        self.buffer = Vec::new();
        self.line_at = 0;
        self.literals = 0;
        self.refused = false;
        self.appending = None;
    }

    fn line<'a>(&mut self, input: &'a [u8]) -> (usize, Option<Event<'a>>) {
        let (take, whole) = match input.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (input.len(), false),
        };
        let piece = input.get(..take).unwrap_or_default();
        if self.refused {
            // Only what may announce a literal matters.
            const TAIL: usize = 40;
            let piece = piece
                .get(piece.len().saturating_sub(TAIL)..)
                .unwrap_or_default();
            self.buffer.extend_from_slice(piece);
            let over = self.buffer.len().saturating_sub(TAIL);
            self.buffer.drain(..over);
            self.line_at = 0;
        } else if self.buffer.len() + piece.len() > self.limit {
            let event = self.too_long();
            if whole {
                self.reset();
            }
            return (take, Some(event));
        } else {
            self.buffer.extend_from_slice(piece);
        }
        if !whole {
            return (take, None);
        }
        (take, self.line_end())
    }

    /// A command is longer than it may be. What a program says of itself (RFC 2971) needn't be read to its end.
    fn too_long<'a>(&mut self) -> Event<'a> {
        let mut cursor = Cursor::new(&self.buffer, false);
        let tag = cursor.tag().map(ToString::to_string);
        let is_id = cursor.eat(b' ') && cursor.word("ID") && cursor.peek() == Some(b' ');
        let event = self.refuse_command("the command is too long");
        match tag {
            Ok(tag) if is_id => Event::Command(format!("{tag} ID NIL").into_bytes()),
            _ => event,
        }
    }

    /// Refuses what is gathered; its rest is passed over.
    fn refuse_command<'a>(&mut self, text: &'static str) -> Event<'a> {
        let tag = match &self.appending {
            Some(appending) => Some(appending.tag.clone()),
            None => tag_of(&self.buffer),
        };
        self.buffer = Vec::new();
        self.line_at = 0;
        self.refused = true;
        self.appending = None;
        Event::Refused { tag, text }
    }

    /// A line is whole: the buffer ends with its LF.
    fn line_end<'a>(&mut self) -> Option<Event<'a>> {
        let line = self.buffer.get(self.line_at..).unwrap_or_default();
        if self.raw {
            self.raw = false;
            let mut line = line.to_vec();
            trim_line_end(&mut line);
            self.reset();
            return Some(Event::Line(line));
        }
        let announced = announced(line);
        if self.refused {
            match announced {
                Some(literal) if !literal.waits => {
                    if literal.size > SKIP_LIMIT {
                        return Some(Event::Fatal("more than can be passed over"));
                    }
                    self.buffer.clear();
                    self.state = State::Skip { left: literal.size };
                }
                _ => self.reset(),
            }
            return None;
        }
        if self.appending.is_some() {
            return self.append_tail(announced);
        }
        match announced {
            Some(literal) => self.literal_begins(literal),
            None => {
                let mut bytes = std::mem::take(&mut self.buffer);
                trim_line_end(&mut bytes);
                self.reset();
                if bytes.is_empty() {
                    return None;
                }
                Some(Event::Command(bytes))
            }
        }
    }

    /// A line of a command announces a literal: a message of `APPEND`, or a string.
    fn literal_begins<'a>(&mut self, literal: Announced) -> Option<Event<'a>> {
        match append_first(&self.buffer, self.utf8) {
            Ok(None) => {}
            Ok(Some((tag, mailbox, head, parenthesis))) => {
                let event = self.announce(literal, true, (&tag, &mailbox), head);
                self.appending = Some(Box::new(Appending {
                    tag,
                    mailbox,
                    parenthesis,
                }));
                return Some(event);
            }
            Err(text) => return Some(self.refuse_literal(literal, text)),
        }
        self.literals += 1;
        let room = self.limit.saturating_sub(self.buffer.len());
        let size = usize::try_from(literal.size).unwrap_or(usize::MAX);
        if size > room {
            return Some(self.refuse_literal(literal, "the literal is too long"));
        }
        if self.literals > LITERALS_LIMIT {
            return Some(self.refuse_literal(literal, "the command has too many literals"));
        }
        self.state = State::Literal { left: size };
        self.line_at = self.buffer.len();
        literal.waits.then_some(Event::Continue)
    }

    fn refuse_literal<'a>(&mut self, literal: Announced, text: &'static str) -> Event<'a> {
        let event = self.refuse_command(text);
        if literal.waits {
            self.reset();
        } else if literal.size > SKIP_LIMIT {
            return Event::Fatal(text);
        } else {
            self.state = State::Skip { left: literal.size };
        }
        event
    }

    fn announce<'a>(
        &mut self,
        literal: Announced,
        first: bool,
        (tag, mailbox): (&str, &str),
        (flags, internal_ms): (FlagList, Option<i64>),
    ) -> Event<'a> {
        self.buffer = Vec::new();
        self.line_at = 0;
        self.state = State::Asked {
            size: literal.size,
            waits: literal.waits,
        };
        Event::Append {
            tag: tag.to_string(),
            mailbox: mailbox.to_string(),
            first,
            head: AppendHead {
                flags,
                internal_ms,
                size: literal.size,
                binary: literal.binary,
            },
        }
    }

    /// A line after a message of `APPEND`: its end, or another message (RFC 3502).
    fn append_tail<'a>(&mut self, announced: Option<Announced>) -> Option<Event<'a>> {
        let mut appending = self.appending.take()?;
        let line = std::mem::take(&mut self.buffer);
        let mut cursor = Cursor::new(&line, self.utf8);
        let closed = !appending.parenthesis || cursor.eat(b')');
        let next = if closed && announced.is_none() {
            while cursor.eat(b' ') {}
            if matches!(cursor.rest(), b"\r\n" | b"\n") {
                Ok(None)
            } else {
                bad("after the message the command must end")
            }
        } else if closed {
            cursor.sp().and_then(|()| message(&mut cursor)).map(Some)
        } else {
            bad("a ) is missing")
        };
        let tag = appending.tag.clone();
        match (next, announced) {
            (Ok(None), _) => {
                self.reset();
                Some(Event::AppendEnd { tag })
            }
            (Ok(Some((head, parenthesis))), Some(literal)) => {
                let mailbox = appending.mailbox.clone();
                let event = self.announce(literal, false, (&tag, &mailbox), head);
                appending.parenthesis = parenthesis;
                self.appending = Some(appending);
                Some(event)
            }
            (_, literal) => {
                let text = "what follows a message is not understood";
                self.appending = Some(appending);
                Some(match literal {
                    Some(literal) => self.refuse_literal(literal, text),
                    None => {
                        let event = self.refuse_command(text);
                        self.reset();
                        event
                    }
                })
            }
        }
    }
}

fn trim_line_end(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

/// The tag that bytes begin with.
fn tag_of(bytes: &[u8]) -> Option<String> {
    let mut cursor = Cursor::new(bytes, false);
    let tag = cursor.tag().ok()?.to_string();
    (cursor.peek() == Some(b' ')).then_some(tag)
}

/// The literal that a line (with its line end) announces.
fn announced(line: &[u8]) -> Option<Announced> {
    let line = line.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_suffix(b"}")?;
    let (line, waits) = match line.strip_suffix(b"+") {
        Some(line) => (line, false),
        // LITERAL- of old clients (`{5-}`) never came to be.
        None => (line, true),
    };
    let digits = line
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (before, digits) = line.split_at_checked(line.len() - digits)?;
    let size = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let before = before.strip_suffix(b"{")?;
    Some(Announced {
        size,
        waits,
        binary: before.ends_with(b"~"),
    })
}

type Head = (FlagList, Option<i64>);

/// Whether the buffer is an `APPEND` up to its first message: tag, mailbox, flags and time, and whether `UTF8 (` stands
/// before the message. `Ok(None)` if it is another command, or the literal is the mailbox's name.
fn append_first(
    buffer: &[u8],
    utf8: bool,
) -> Result<Option<(String, String, Head, bool)>, &'static str> {
    let mut cursor = Cursor::new(buffer, utf8);
    let Ok(tag) = cursor.tag() else {
        return Ok(None);
    };
    let tag = tag.to_string();
    if !cursor.eat(b' ') || !cursor.word("APPEND") || !cursor.eat(b' ') {
        return Ok(None);
    }
    let rest = cursor.rest();
    let Ok(mailbox) = cursor.mailbox() else {
        // The name itself is what the literal brings, or nothing that can be understood.
        let brings = announced(rest).is_some() && rest.starts_with(b"{");
        return if brings {
            Ok(None)
        } else {
            Err("the mailbox's name is not understood")
        };
    };
    let parsed = cursor.sp().and_then(|()| message(&mut cursor));
    match parsed {
        Ok((head, parenthesis)) => Ok(Some((tag, mailbox, head, parenthesis))),
        Err(_) => Err("flags and time of APPEND are not understood"),
    }
}

/// `[flag-list SP] [date-time SP] literal`: stands at the literal afterwards; whether `UTF8 (` stands before it.
fn message(cursor: &mut Cursor<'_>) -> Parsed<(Head, bool)> {
    let mut flags = FlagList::default();
    if cursor.peek() == Some(b'(') {
        flags = cursor.flags()?;
        cursor.sp()?;
    }
    let mut internal_ms = None;
    if cursor.peek() == Some(b'"') {
        internal_ms = Some(date::date_time(cursor)?);
        cursor.sp()?;
    }
    // RFC 6855 §4: UTF8 (literal8)
    let parenthesis = cursor.word("UTF8");
    if parenthesis {
        cursor.sp()?;
        cursor.need(b'(', "a ( is missing")?;
    }
    // What is left is the announcement and nothing else.
    let is_literal = |rest: &[u8]| {
        let rest = rest.strip_prefix(b"~").unwrap_or(rest);
        rest.first() == Some(&b'{') && rest.iter().filter(|byte| **byte == b'{').count() == 1
    };
    if is_literal(cursor.rest()) {
        Ok(((flags, internal_ms), parenthesis))
    } else {
        bad("the message is missing")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::COMMAND_LIMIT;

    /// All events, as text, the input being fed in pieces of a size; messages are accepted.
    fn run(reader: &mut Reader, input: &[u8], step: usize) -> Vec<String> {
        let mut out: Vec<String> = Vec::new();
        let mut content = Vec::new();
        for piece in input.chunks(step) {
            let mut rest = piece;
            loop {
                let (used, event) = reader.feed(rest);
                rest = &rest[used..];
                let Some(event) = event else {
                    if used == 0 || rest.is_empty() {
                        // A literal of no bytes makes progress without using any.
                        let (more, event) = reader.feed(rest);
                        if more == 0 && event.is_none() {
                            break;
                        }
                        rest = &rest[more..];
                        if let Some(event) = event {
                            note(reader, event, &mut content, &mut out);
                        }
                    }
                    continue;
                };
                note(reader, event, &mut content, &mut out);
            }
        }
        out
    }

    fn note(reader: &mut Reader, event: Event<'_>, content: &mut Vec<u8>, out: &mut Vec<String>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        out.push(match event {
            Event::Continue => "+".into(),
            Event::Command(bytes) => format!("command {}", text(&bytes)),
            Event::Line(bytes) => format!("line {}", text(&bytes)),
            Event::Append {
                tag,
                mailbox,
                first,
                head,
            } => {
                let waits = reader.accept();
                format!(
                    "append {tag} {mailbox} {first} {} {:?} {} {} {waits}",
                    head.flags.system, head.internal_ms, head.size, head.binary
                )
            }
            Event::Content(bytes) => {
                content.extend_from_slice(bytes);
                return;
            }
            Event::ContentEnd => format!("content {}", text(&std::mem::take(content))),
            Event::AppendEnd { tag } => format!("end {tag}"),
            Event::Refused { tag, text } => format!("refused {tag:?} {text}"),
            Event::Fatal(text) => format!("fatal {text}"),
        });
    }

    fn all_steps(input: &[u8]) -> Vec<String> {
        let whole = run(&mut Reader::default(), input, input.len());
        for step in [1, 2, 3, 7] {
            assert_eq!(
                run(&mut Reader::default(), input, step),
                whole,
                "step {step}"
            );
        }
        whole
    }

    #[test]
    fn lines_and_literals_become_commands() {
        assert_eq!(
            all_steps(b"a NOOP\r\n\r\nb LOGIN {4}\r\nmira {3+}\r\npw1\r\nc X {0}\r\n\r\n"),
            [
                "command a NOOP",
                "+",
                "command b LOGIN {4}\r\nmira {3+}\r\npw1",
                "+",
                "command c X {0}\r\n",
            ]
        );
    }

    #[test]
    fn messages_of_append_pass_and_are_not_gathered() {
        assert_eq!(
            all_steps(
                b"A003 APPEND saved-messages (\\Seen) \"17-Jul-1996 02:44:25 -0700\" {5}\r\nhello\r\n\
                  x append Sent nonsense {2+}\r\nhi (\\Deleted) ~{3+}\r\n{1}\r\n\
                  u APPEND a UTF8 (~{2+}\r\nab)\r\nz NOOP\r\n"
            ),
            [
                "append A003 saved-messages true 1 Some(837596665000) 5 false true",
                "content hello",
                "end A003",
                "refused Some(\"x\") flags and time of APPEND are not understood",
                "append u a true 0 None 2 true false",
                "content ab",
                "end u",
                "command z NOOP",
            ]
        );
        assert_eq!(
            all_steps(b"x append {5+}\r\nSents {2+}\r\nhi (\\Deleted) ~{3+}\r\n{1}\r\nz NOOP\r\n"),
            [
                "append x Sents true 0 None 2 false false",
                "content hi",
                "append x Sents false 8 None 3 true false",
                "content {1}",
                "end x",
                "command z NOOP",
            ]
        );
    }

    #[test]
    fn what_is_too_long_is_refused_once_and_passed_over() {
        let mut input = b"a LOGIN {99999+}\r\n".to_vec();
        input.extend(std::iter::repeat_n(b'x', 99_999));
        input.extend_from_slice(b" {3+}\r\nabc\r\nb NOOP\r\n");
        assert_eq!(
            run(&mut Reader::default(), &input, 1_000),
            [
                "refused Some(\"a\") the literal is too long",
                "command b NOOP"
            ]
        );
        // The client waits: nothing follows.
        assert_eq!(
            all_steps(b"a LOGIN {99999}\r\nb NOOP\r\n"),
            [
                "refused Some(\"a\") the literal is too long",
                "command b NOOP"
            ]
        );
        let mut line = b"a ".to_vec();
        line.extend(std::iter::repeat_n(b'x', COMMAND_LIMIT * 2));
        line.extend_from_slice(b"\r\nb NOOP\r\n");
        assert_eq!(
            run(&mut Reader::default(), &line, 4_096),
            [
                "refused Some(\"a\") the command is too long",
                "command b NOOP"
            ]
        );
        assert_eq!(
            all_steps(b"a X {99999999999999+}\r\n"),
            ["fatal the literal is too long"]
        );
    }

    #[test]
    fn a_raw_line_is_no_command() {
        let mut reader = Reader::default();
        reader.expect_line();
        assert_eq!(
            run(&mut reader, b"AGJsdXJkeWJsb29w{5}\r\na NOOP\r\n", 100),
            ["line AGJsdXJkeWJsb29w{5}", "command a NOOP"]
        );
    }

    #[test]
    fn a_refused_message_is_passed_over_only_if_it_comes() {
        let mut reader = Reader::default();
        let input = b"a APPEND x {3}\r\n";
        let (used, event) = reader.feed(input);
        assert!(used == input.len() && matches!(event, Some(Event::Append { .. })));
        reader.refuse().unwrap();
        assert_eq!(run(&mut reader, b"b NOOP\r\n", 3), ["command b NOOP"]);
        let input = b"a APPEND x {3+}\r\n";
        assert!(matches!(reader.feed(input).1, Some(Event::Append { .. })));
        reader.refuse().unwrap();
        assert_eq!(
            run(&mut reader, b"abc {2+}\r\nde\r\nb NOOP\r\n", 3),
            ["command b NOOP"]
        );
    }
}
