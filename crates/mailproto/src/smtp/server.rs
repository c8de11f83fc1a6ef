//! The server's side of a session: bytes in, [`Event`]s and bytes out.
//!
//! [`Server::receive`] takes bytes until something must be decided or passed on. Events that must be answered say so;
//! until then nothing further is taken. How the bytes are split over calls makes no difference.

mod auth;

use super::command::{Command, CommandFault};
use super::content::{ContentFault, Counted, Dotted};
use super::params::{MailFrom, ParameterFault, RcptTo};
use super::reply::Reply;
use crate::sasl::{ChannelBinding, Plain, Proof};

/// The longest command, in bytes with its CRLF: RFC 5321 §4.5.3.1.4 and its extensions, with room.
pub const COMMAND_LIMIT: usize = 4_096;
/// The longest line of a sign-in (RFC 4954 §4).
pub const AUTH_LINE_LIMIT: usize = 12_288;
/// Errors after which a session is ended.
pub const ERRORS_LIMIT: u32 = 20;
/// Commands other than of messages after which a session is ended: who only says NOOP does nothing else.
pub const IDLE_COMMANDS_LIMIT: u32 = 1_000;
/// Sign-ins that fail in one session at most.
pub const SIGN_INS_LIMIT: u32 = 4;

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// SMTP from other systems (RFC 5321).
    Relay,
    /// Mail programs, which sign in (RFC 6409).
    Submission,
    /// A mail server on this machine (RFC 2033).
    Lmtp,
}

/// What a session is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What is spoken.
    pub kind: Kind,
    /// The server's name.
    pub host: String,
    /// The largest message, in bytes.
    pub message_limit_bytes: u64,
    /// Recipients of one message at most.
    pub recipients_limit: u32,
    /// Whether TLS can be begun.
    pub start_tls: bool,
}

/// What has to be done. All but `Body`, `Dropped`, `StartTls` and `Close` must be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Somebody signs in: [`Server::signed_in`] or [`Server::not_signed_in`].
    Plain(Plain),
    /// Somebody begins to sign in by SCRAM: [`Server::scram_salt`].
    ScramName(String),
    /// Somebody ends to: [`Server::scram_right`] or [`Server::not_signed_in`].
    ScramProof(String, Proof),
    /// A message begins: [`Server::answer`].
    Mail(MailFrom),
    /// It has a recipient: [`Server::answer`].
    Rcpt(RcptTo),
    /// Its content is to come: [`Server::answer`]; a positive reply is not sent as it is.
    Data,
    /// Part of the content.
    Body(Vec<u8>),
    /// The content is whole: [`Server::answer_message`].
    End,
    /// The message and its envelope are to be forgotten.
    Dropped,
    /// All output must be sent, then TLS begun, then [`Server::tls_started`] called.
    StartTls,
    /// All output must be sent, then the connection closed.
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    SignIn,
    Salt,
    Proof,
    Mail,
    Rcpt,
    Data,
    Chunk { size: u64, last: bool },
    End,
}

#[derive(Debug)]
enum State {
    Command,
    Auth,
    Dotted(Dotted),
    Chunk { left: u64, last: bool },
    Tls,
    Closed,
}

/// A message that is under way.
#[derive(Debug, Default)]
struct Envelope {
    utf8: bool,
    recipients: u32,
    /// BDAT has begun, and what came of it.
    chunks: Option<Counted>,
    size: u64,
    /// Refused while it comes: the rest is read and forgotten.
    refused: Option<Reply>,
}

/// One session.
#[derive(Debug)]
pub struct Server {
    settings: Settings,
    state: State,
    waits: Option<Waits>,
    tls: bool,
    binding: ChannelBinding,
    greeted: bool,
    signed_in: bool,
    auth: auth::Auth,
    envelope: Option<Envelope>,
    line: Vec<u8>,
    too_long: bool,
    errors: u32,
    idle: u32,
    failed_sign_ins: u32,
    output: Vec<u8>,
    hello: String,
}

impl Server {
    /// A session that has just begun; its greeting is in the output. `tls` is whether it runs over TLS already.
    pub fn new(settings: Settings, tls: Option<ChannelBinding>) -> Self {
        let mut server = Self {
            state: State::Command,
            waits: None,
            tls: tls.is_some(),
            binding: tls.unwrap_or_default(),
            greeted: false,
            signed_in: false,
            auth: auth::Auth::default(),
            envelope: None,
            line: Vec::new(),
            too_long: false,
            errors: 0,
            idle: 0,
            failed_sign_ins: 0,
            output: Vec::new(),
            hello: String::new(),
            settings,
        };
        let what = if server.settings.kind == Kind::Lmtp {
            "LMTP"
        } else {
            "ESMTP"
        };
        let greeting = format!("{} {what} Lampion", server.settings.host);
        server.say(220, "", greeting);
        server
    }

    /// What is to be sent; it is taken out.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Whether there is something to be sent.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// What the client called itself.
    pub fn hello(&self) -> &str {
        &self.hello
    }

    /// Whether the session runs over TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether the client is in the middle of a message's content.
    pub fn in_content(&self) -> bool {
        matches!(self.state, State::Dotted(_) | State::Chunk { .. })
    }

    /// TLS has begun: all that was said before is forgotten (RFC 3207 §4.2).
    pub fn tls_started(&mut self, binding: ChannelBinding) {
        (self.tls, self.binding) = (true, binding);
        (self.greeted, self.signed_in, self.envelope) = (false, false, None);
        self.state = State::Command;
    }

    /// Ends the session with a reply (421).
    pub fn end(&mut self, text: &str) {
        self.say(421, "4.3.2", format!("{} {text}", self.settings.host));
        self.close();
    }

    /// Takes bytes until there is an event. Gives none while an answer is due, or when all bytes are taken.
    pub fn receive(&mut self, input: &mut &[u8]) -> Option<Event> {
        loop {
            if self.waits.is_some() {
                return None;
            }
            match &mut self.state {
                State::Closed => {
                    *input = &[];
                    return None;
                }
                State::Tls => {
                    if input.is_empty() {
                        return None;
                    }
                    // Sent before the handshake, it would be taken for sent within TLS (CVE-2011-0411).
                    *input = &[];
                    self.close();
                    return Some(Event::Close);
                }
                State::Command | State::Auth => {
                    let line = self.take_line(input)?;
                    let event = match line {
                        Err(event) => Some(event),
                        Ok(line) if matches!(self.state, State::Auth) => self.auth_line(&line),
                        Ok(line) => self.command(&line),
                    };
                    let event = event.or_else(|| self.too_many());
                    if event.is_some() {
                        return event;
                    }
                }
                State::Dotted(_) | State::Chunk { .. } => {
                    if let Some(event) = self.content(input) {
                        return Some(event);
                    }
                    if input.is_empty() && self.in_content() {
                        return None;
                    }
                }
            }
        }
    }

    fn too_many(&mut self) -> Option<Event> {
        if matches!(self.state, State::Closed) {
            return Some(Event::Close);
        }
        if self.errors < ERRORS_LIMIT && self.idle < IDLE_COMMANDS_LIMIT {
            return None;
        }
        self.say(421, "4.7.0", "too many errors or empty commands");
        self.close();
        Some(Event::Close)
    }

    /// One line without its end. The outer `None`: not whole yet.
    fn take_line(&mut self, input: &mut &[u8]) -> Option<Result<Vec<u8>, Event>> {
        let limit = if matches!(self.state, State::Auth) {
            AUTH_LINE_LIMIT
        } else {
            COMMAND_LIMIT
        };
        loop {
            if input.is_empty() {
                return None;
            }
            let (taken, whole) = match memchr::memchr(b'\n', input) {
                Some(at) => (at + 1, true),
                None => (input.len(), false),
            };
            let (now, later) = input.split_at_checked(taken).unwrap_or((input, &[]));
            *input = later;
            if !self.too_long && self.line.len() + now.len() > limit {
                self.too_long = true;
            }
            if self.too_long {
                let last = self.line.last().copied();
                self.line.clear();
                // What comes before an LF must still be known.
                self.line.extend(
                    now.len()
                        .checked_sub(2)
                        .and_then(|at| now.get(at))
                        .copied()
                        .or(last),
                );
                self.line.extend(now.last());
            } else {
                self.line.extend_from_slice(now);
            }
            if !whole {
                continue;
            }
            let mut line = std::mem::take(&mut self.line);
            let too_long = std::mem::take(&mut self.too_long);
            let bare = !line.ends_with(b"\r\n");
            line.truncate(line.len().saturating_sub(2));
            if bare || (!too_long && line.contains(&b'\r')) {
                self.say(
                    500,
                    "5.5.2",
                    "a line ends with CRLF, a bare CR or LF is not allowed",
                );
                self.close();
                return Some(Err(Event::Close));
            }
            if !too_long {
                return Some(Ok(line));
            }
            self.fail(500, "5.5.2", "the line is too long");
            self.state = State::Command;
            if let Some(event) = self.too_many() {
                return Some(Err(event));
            }
        }
    }

    fn command(&mut self, line: &[u8]) -> Option<Event> {
        let Ok(text) = std::str::from_utf8(line) else {
            self.fail(500, "5.5.2", "the line is not UTF-8");
            return None;
        };
        if text.contains('\0') {
            self.fail(500, "5.5.2", "a NUL is not allowed");
            return None;
        }
        let command = match Command::parse(text) {
            Ok(command) => command,
            Err(CommandFault::Unknown) => {
                self.fail(500, "5.5.1", "the command is not known");
                return None;
            }
            Err(CommandFault::Syntax(how)) => {
                self.fail(501, "5.5.4", how);
                return None;
            }
        };
        if !matches!(
            command,
            Command::Mail(_) | Command::Rcpt(_) | Command::Data | Command::Bdat { .. }
        ) {
            self.idle += 1;
        }
        self.obey(command)
    }

    fn obey(&mut self, command: Command<'_>) -> Option<Event> {
        let lmtp = self.settings.kind == Kind::Lmtp;
        match command {
            Command::Ehlo(name) if !lmtp => self.greet(name, true),
            Command::Helo(name) if !lmtp => self.greet(name, false),
            Command::Lhlo(name) if lmtp => self.greet(name, true),
            Command::Ehlo(_) | Command::Helo(_) | Command::Lhlo(_) => {
                self.fail(
                    500,
                    "5.5.1",
                    if lmtp {
                        "say LHLO, this is LMTP"
                    } else {
                        "say EHLO, this is SMTP"
                    },
                );
                None
            }
            Command::Mail(rest) => self.mail(rest),
            Command::Rcpt(rest) => self.rcpt(rest),
            Command::Data => self.data(),
            Command::Bdat { size, last } => self.bdat(size, last),
            Command::Rset => {
                self.say(250, "2.0.0", "forgotten");
                self.envelope.take().map(|_| Event::Dropped)
            }
            Command::Noop => {
                self.say(250, "2.0.0", "still here");
                None
            }
            Command::Quit => {
                self.say(221, "2.0.0", format!("{} closing", self.settings.host));
                self.close();
                Some(Event::Close)
            }
            Command::Help => {
                self.say(
                    214,
                    "2.0.0",
                    "see RFC 5321, and the node's pages for settings of mail programs",
                );
                None
            }
            Command::Vrfy => {
                self.say(252, "2.5.2", "send a message and see");
                None
            }
            Command::Expn => {
                self.fail(502, "5.5.1", "lists are not told");
                None
            }
            Command::StartTls => self.start_tls(),
            Command::Auth { mechanism, initial } => self.begin_auth(&mechanism, initial),
        }
    }

    fn greet(&mut self, name: &str, extended: bool) -> Option<Event> {
        (self.greeted, self.hello) = (true, name.into());
        let mut text = self.settings.host.clone();
        if extended {
            text.push_str("\nPIPELINING\n8BITMIME\nENHANCEDSTATUSCODES\nCHUNKING\nSMTPUTF8\nDSN");
            text.push_str(&format!("\nSIZE {}", self.settings.message_limit_bytes));
            if self.settings.start_tls && !self.tls {
                text.push_str("\nSTARTTLS");
            }
            if let Some(mechanisms) = self.mechanisms() {
                text.push_str(&format!("\nAUTH {mechanisms}"));
            }
        }
        self.say(250, "", text);
        self.envelope.take().map(|_| Event::Dropped)
    }

    fn start_tls(&mut self) -> Option<Event> {
        if self.tls || !self.settings.start_tls {
            self.fail(503, "5.5.1", "TLS is on already, or not to be had");
            return None;
        }
        self.say(220, "2.0.0", "go ahead");
        self.state = State::Tls;
        Some(Event::StartTls)
    }

    fn mail(&mut self, rest: &str) -> Option<Event> {
        if !self.greeted || self.envelope.is_some() {
            let text = if self.greeted {
                "a message is under way: RSET forgets it"
            } else {
                "greet first"
            };
            self.fail(503, "5.5.1", text);
            return None;
        }
        if self.settings.kind == Kind::Submission && !self.signed_in {
            let text = if self.tls {
                "sign in first"
            } else {
                "begin TLS with STARTTLS first, then sign in"
            };
            self.fail(530, "5.7.0", text);
            return None;
        }
        match MailFrom::parse(rest) {
            Err(fault) => self.bad_parameter(&fault, "5.1.7", "MAIL FROM:<address>"),
            Ok(mail)
                if mail
                    .size
                    .is_some_and(|size| size > self.settings.message_limit_bytes) =>
            {
                let limit = self.settings.message_limit_bytes;
                self.fail(
                    552,
                    "5.3.4",
                    format!("the message is larger than {limit} bytes"),
                );
            }
            Ok(mail) => {
                self.envelope = Some(Envelope {
                    utf8: mail.utf8,
                    ..Envelope::default()
                });
                self.waits = Some(Waits::Mail);
                return Some(Event::Mail(mail));
            }
        }
        None
    }

    fn rcpt(&mut self, rest: &str) -> Option<Event> {
        let Some(envelope) = self
            .envelope
            .as_ref()
            .filter(|envelope| envelope.chunks.is_none())
        else {
            self.fail(503, "5.5.1", "MAIL comes first");
            return None;
        };
        if envelope.recipients >= self.settings.recipients_limit {
            self.say(
                452,
                "4.5.3",
                "too many recipients: send the message again to the others",
            );
            return None;
        }
        match RcptTo::parse(rest, envelope.utf8) {
            Err(fault) => self.bad_parameter(&fault, "5.1.3", "RCPT TO:<address>"),
            Ok(rcpt) => {
                self.waits = Some(Waits::Rcpt);
                return Some(Event::Rcpt(rcpt));
            }
        }
        None
    }

    fn bad_parameter(&mut self, fault: &ParameterFault, path_code: &str, form: &str) {
        match fault {
            ParameterFault::Path => self.fail(501, path_code, format!("write {form}")),
            ParameterFault::Unknown(name) => {
                self.fail(555, "5.5.4", format!("the parameter {name} is not known"))
            }
            ParameterFault::Bad(name) => self.fail(501, "5.5.4", format!("{name} makes no sense")),
            ParameterFault::NeedsUtf8 => self.fail(553, "5.6.7", "the address needs SMTPUTF8"),
        }
    }

    fn data(&mut self) -> Option<Event> {
        match &self.envelope {
            Some(envelope) if envelope.chunks.is_some() => {
                self.fail(503, "5.5.1", "BDAT has begun: go on with it");
                None
            }
            Some(envelope) if envelope.recipients > 0 => {
                self.waits = Some(Waits::Data);
                Some(Event::Data)
            }
            Some(_) => {
                self.fail(554, "5.5.1", "no recipient was accepted");
                None
            }
            None => {
                self.fail(503, "5.5.1", "MAIL and RCPT come first");
                None
            }
        }
    }

    fn bdat(&mut self, size: u64, last: bool) -> Option<Event> {
        match &mut self.envelope {
            Some(envelope) if envelope.chunks.is_some() => {
                self.state = State::Chunk { left: size, last };
                None
            }
            Some(envelope) if envelope.recipients > 0 => {
                envelope.chunks = Some(Counted::default());
                self.waits = Some(Waits::Chunk { size, last });
                Some(Event::Data)
            }
            _ => {
                // The octets come all the same (RFC 3030 §2): they are read and forgotten.
                let refused = Some(Reply::new(503, "5.5.1", "MAIL and RCPT come first"));
                self.envelope = Some(Envelope {
                    refused,
                    chunks: Some(Counted::default()),
                    ..Envelope::default()
                });
                self.state = State::Chunk { left: size, last };
                self.errors += 1;
                None
            }
        }
    }

    /// Takes content; gives an event when there is one.
    fn content(&mut self, input: &mut &[u8]) -> Option<Event> {
        let envelope = self.envelope.get_or_insert_default();
        let mut body = Vec::new();
        let ended = match &mut self.state {
            State::Dotted(dotted) => {
                let taken = dotted.take(input, &mut body);
                *input = input.get(taken.bytes..).unwrap_or_default();
                if let Some(fault) = dotted.fault() {
                    refuse(envelope, fault);
                }
                taken.ended
            }
            State::Chunk { left, last } => {
                let now = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(input.len());
                let (piece, later) = input.split_at_checked(now).unwrap_or((input, &[]));
                *left -= piece.len() as u64;
                let ended = *left == 0 && *last;
                if let Some(counted) = &mut envelope.chunks {
                    counted.look(piece);
                    // Only the end tells whether an LF follows a last CR.
                    if let Some(fault) = if ended {
                        counted.fault()
                    } else {
                        counted.certain()
                    } {
                        refuse(envelope, fault);
                    }
                }
                body.extend_from_slice(piece);
                *input = later;
                if *left == 0 && !*last {
                    return self.chunk_ended(body);
                }
                ended
            }
            _ => return None,
        };
        if !body.is_empty() {
            let event = self.pass(body);
            if ended {
                // The end is told by the next call, without further bytes.
                self.state = State::Chunk {
                    left: 0,
                    last: true,
                };
            }
            if event.is_some() || ended {
                return event.or_else(|| self.whole());
            }
            return None;
        }
        if ended { self.whole() } else { None }
    }

    /// A chunk that is not the last is whole.
    fn chunk_ended(&mut self, body: Vec<u8>) -> Option<Event> {
        self.state = State::Command;
        let event = if body.is_empty() {
            None
        } else {
            self.pass(body)
        };
        match self
            .envelope
            .as_ref()
            .and_then(|envelope| envelope.refused.clone())
        {
            Some(reply) => reply.write(&mut self.output),
            None => self.say(250, "2.0.0", "go on"),
        }
        event
    }

    fn pass(&mut self, body: Vec<u8>) -> Option<Event> {
        let limit = self.settings.message_limit_bytes;
        let envelope = self.envelope.as_mut()?;
        envelope.size = envelope.size.saturating_add(body.len() as u64);
        if envelope.size > limit && envelope.refused.is_none() {
            envelope.refused = Some(Reply::new(
                552,
                "5.3.4",
                format!("the message is larger than {limit} bytes"),
            ));
        }
        envelope.refused.is_none().then_some(Event::Body(body))
    }

    /// The content is whole.
    fn whole(&mut self) -> Option<Event> {
        self.state = State::Command;
        let refused = self.envelope.as_mut()?.refused.take();
        match refused {
            Some(reply) => {
                let times = if self.settings.kind == Kind::Lmtp {
                    self.recipients().max(1)
                } else {
                    1
                };
                for _ in 0..times {
                    reply.write(&mut self.output);
                }
                self.errors += 1;
                self.envelope = None;
                Some(Event::Dropped)
            }
            None => {
                self.waits = Some(Waits::End);
                Some(Event::End)
            }
        }
    }

    fn recipients(&self) -> u32 {
        self.envelope
            .as_ref()
            .map_or(0, |envelope| envelope.recipients)
    }

    /// Answers [`Event::Mail`], [`Event::Rcpt`] or [`Event::Data`].
    pub fn answer(&mut self, reply: &Reply) {
        let waits = self.waits.take();
        let good = reply.is_positive();
        if !good && reply.code >= 500 {
            self.errors += 1;
        }
        match waits {
            Some(Waits::Data) if good => {
                self.say(354, "", "end with CRLF.CRLF");
                self.state = State::Dotted(Dotted::default());
                return;
            }
            Some(Waits::Chunk { size, last }) => {
                if let (false, Some(envelope)) = (good, &mut self.envelope) {
                    envelope.refused = Some(reply.clone());
                }
                self.state = State::Chunk { left: size, last };
                return;
            }
            Some(Waits::Mail) if !good => self.envelope = None,
            Some(Waits::Rcpt) if good => {
                if let Some(envelope) = &mut self.envelope {
                    envelope.recipients += 1;
                }
            }
            _ => {}
        }
        reply.write(&mut self.output);
    }

    /// Answers [`Event::End`]: one reply, or with LMTP one for each recipient that was accepted, in their order.
    pub fn answer_message(&mut self, replies: &[Reply]) {
        self.waits = None;
        let times = if self.settings.kind == Kind::Lmtp {
            self.recipients() as usize
        } else {
            1
        };
        let unknown = Reply::new(451, "4.3.0", "not known what became of it: try again");
        for n in 0..times {
            replies
                .get(n)
                .or(replies.last())
                .unwrap_or(&unknown)
                .write(&mut self.output);
        }
        self.envelope = None;
        self.idle = 0;
    }

    fn fail(&mut self, code: u16, enhanced: &str, text: impl Into<String>) {
        self.errors += 1;
        self.say(code, enhanced, text);
    }

    fn say(&mut self, code: u16, enhanced: &str, text: impl Into<String>) {
        Reply::new(code, enhanced, text).write(&mut self.output);
    }

    fn close(&mut self) {
        self.state = State::Closed;
    }
}

fn refuse(envelope: &mut Envelope, fault: ContentFault) {
    let text = match fault {
        ContentFault::BareCr => "the message has a bare CR: its lines must end with CRLF",
        ContentFault::BareLf => "the message has a bare LF: its lines must end with CRLF",
        ContentFault::Nul => "the message has a NUL",
    };
    envelope
        .refused
        .get_or_insert_with(|| Reply::new(550, "5.6.0", text));
}
