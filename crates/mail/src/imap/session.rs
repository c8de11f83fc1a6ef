//! One client's conversation.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lampion_mailproto::imap::command::NotUnderstood;
use lampion_mailproto::imap::{Body, Command, Event, Reader, SyntaxError};
use lampion_mailproto::put;
use tokio::sync::watch;
use tokio::time::Instant;

use super::append::Append;
use super::auth::Sasl;
use super::selected::Selected;
use super::wire::Wire;
use super::{LOOK_AGAIN, Place, QUIET_TIME, SIGN_IN_TIME, STILL_HERE_TIME, Shared};
use crate::store::{MailError, Store};

/// Commands that fail before the connection ends.
const FAULTS_LIMIT: u32 = 50;

/// Who has signed in.
pub(super) struct Who {
    /// Whose mail.
    pub account: String,
    /// The name.
    pub name: String,
    /// The person's id.
    pub person: String,
    /// The app password's id.
    pub password: String,
    /// Tells when somebody's may not hold any more.
    pub revocations: watch::Receiver<u64>,
    /// When it was last looked at.
    pub looked: Instant,
    pub _place: Place,
}

/// How a command ends.
pub(super) enum Answer {
    /// `OK`, with a code and text.
    Ok(String),
    /// `NO`
    No(String),
    /// `BAD`
    Bad(String),
    /// Nothing is to be said now.
    Later,
}

impl Answer {
    pub(super) fn done(text: &str) -> Result<Self, Failure> {
        Ok(Self::Ok(text.to_string()))
    }
}

/// Why a command, or the connection, comes to nothing.
pub(super) enum Failure {
    /// The command can't be done.
    Mail(MailError),
    /// The connection is over.
    Io(io::Error),
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        Self::Mail(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) type Done = Result<Answer, Failure>;

/// What awaits a line that is no command.
pub(super) enum Awaited {
    /// `DONE`
    Idle(String),
    /// An answer within `AUTHENTICATE`.
    Sasl(String, Sasl),
}

/// A conversation.
pub(super) struct Session {
    pub shared: Arc<Shared>,
    pub wire: Wire,
    pub reader: Reader,
    pub peer: IpAddr,
    pub secure: bool,
    pub who: Option<Box<Who>>,
    pub selected: Option<Box<Selected>>,
    pub append: Option<Box<Append>>,
    pub awaited: Option<Box<Awaited>>,
    /// rev2 or UTF8=ACCEPT is enabled.
    pub utf8: bool,
    pub rev2: bool,
    pub condstore: bool,
    pub qresync: bool,
    faults: u32,
    over: bool,
    /// When the connection came.
    begun: Instant,
}

/// What happened while a connection waited.
enum Waited {
    Bytes(io::Result<()>),
    Changed,
    Revoked,
    Time,
    Stop,
}

impl Session {
    pub(super) fn new(shared: Arc<Shared>, wire: Wire, peer: IpAddr, secure: bool) -> Self {
        Self {
            shared,
            wire,
            reader: Reader::default(),
            peer,
            secure,
            who: None,
            selected: None,
            append: None,
            awaited: None,
            utf8: false,
            rev2: false,
            condstore: false,
            qresync: false,
            faults: 0,
            over: false,
            begun: Instant::now(),
        }
    }

    /// Where an account's own message was filed when it was sent.
    pub(super) async fn sent_already(
        &self,
        account: &str,
        message_id: &str,
    ) -> Result<Option<(crate::store::MailboxId, crate::store::Uid)>, crate::store::MailError> {
        let queue = self.shared.mail.queue();
        queue.sent_already(account, message_id).await
    }

    pub(super) fn store(&self) -> Store {
        self.shared.mail.store().clone()
    }

    /// From greeting to end.
    pub(super) async fn run(&mut self) -> io::Result<()> {
        put!(
            self.wire.out,
            "* OK [CAPABILITY {}] Lampion is ready\r\n",
            self.capabilities()
        );
        while !self.over {
            let (used, event) = self.reader.feed(self.wire.rest());
            let event = match event {
                Some(Event::Content(piece)) => Got::Content(piece.len()),
                Some(event) => match Got::of(event) {
                    Some(got) => got,
                    None => continue,
                },
                None if used == 0 => Got::Nothing,
                None => {
                    self.wire.at += used;
                    continue;
                }
            };
            let from = self.wire.at;
            self.wire.at += used;
            match event {
                Got::Nothing => {
                    self.wire.flush().await?;
                    self.wait().await?;
                }
                Got::Content(len) => Box::pin(self.append_content(from, len)).await,
                other => Box::pin(self.handle(other)).await?,
            }
        }
        self.wire.close().await;
        Ok(())
    }

    /// Waits for the client; in `IDLE` also for changes.
    async fn wait(&mut self) -> io::Result<()> {
        let idles = matches!(self.awaited.as_deref(), Some(Awaited::Idle(_)));
        let time: Duration = if self.who.is_none() {
            // Counted from the beginning: who sends a byte now and then keeps no place.
            SIGN_IN_TIME.saturating_sub(self.begun.elapsed())
        } else if idles {
            STILL_HERE_TIME
        } else {
            QUIET_TIME
        };
        let waited = {
            let stop = &self.shared.stop;
            let wire = &mut self.wire;
            let newest = self
                .selected
                .as_mut()
                .filter(|_| idles)
                .map(|selected| &mut selected.newest);
            let changed = async {
                match newest {
                    Some(newest) => {
                        if newest.changed().await.is_err() {
                            std::future::pending::<()>().await;
                        }
                    }
                    None => std::future::pending().await,
                }
            };
            let who = self.who.as_mut();
            let revoked = async {
                if let Some(who) = who
                    && who.revocations.changed().await.is_ok()
                {
                    return;
                }
                std::future::pending().await
            };
            tokio::select! {
                biased;
                read = wire.fill() => Waited::Bytes(read),
                () = changed => Waited::Changed,
                () = revoked => Waited::Revoked,
                () = stop.cancelled() => Waited::Stop,
                _ = tokio::time::timeout(time, std::future::pending::<()>()) => Waited::Time,
            }
        };
        match waited {
            Waited::Bytes(read) => read?,
            Waited::Changed => {
                if Box::pin(self.sync(true, false)).await.is_err() {
                    self.bye("the mailbox can't be read any more");
                }
            }
            Waited::Revoked => {
                Box::pin(self.still_holds()).await;
            }
            Waited::Time if idles => {
                if !Box::pin(self.still_holds()).await {
                    return Ok(());
                }
                match Box::pin(self.still_allowed()).await {
                    Ok(true) => put!(self.wire.out, "* OK Still here\r\n"),
                    Ok(false) => {}
                    Err(_) => self.bye("the mailbox can't be read any more"),
                }
            }
            Waited::Time => self.bye("nothing was asked for too long"),
            Waited::Stop => self.bye("the node is stopping: come again soon"),
        }
        Ok(())
    }

    /// From now on changes are told with their numbers. Where that begins with a mailbox selected, its newest is told first
    /// (RFC 7162 §3.1).
    pub(super) fn enable_condstore(&mut self) {
        if self.condstore {
            return;
        }
        self.condstore = true;
        if let Some(selected) = &self.selected {
            let modseq = selected.view.modseq();
            put!(
                self.wire.out,
                "* OK [HIGHESTMODSEQ {modseq}] the last change\r\n"
            );
        }
    }

    pub(super) fn bye(&mut self, text: &str) {
        put!(self.wire.out, "* BYE {text}\r\n");
        self.over = true;
    }

    pub(super) fn answer(&mut self, tag: &str, answer: &Answer) {
        let (word, text) = match answer {
            Answer::Ok(text) => ("OK", text),
            Answer::No(text) => ("NO", text),
            Answer::Bad(text) => ("BAD", text),
            Answer::Later => return,
        };
        put!(self.wire.out, "{tag} {word} {text}\r\n");
        if matches!(answer, Answer::Bad(_))
            || (self.who.is_none() && matches!(answer, Answer::No(_)))
        {
            self.faults += 1;
            if self.faults > FAULTS_LIMIT {
                self.bye("too much went wrong");
            }
        }
    }

    async fn handle(&mut self, got: Got) -> io::Result<()> {
        match got {
            Got::Continue => put!(self.wire.out, "+ OK\r\n"),
            Got::Command(bytes) => return self.command(&bytes).await,
            Got::Line(line) => return self.line(&line).await,
            Got::Append(append) => {
                let (tag, mailbox, first, head) = *append;
                return self.append_begins(tag, &mailbox, first, head).await;
            }
            Got::ContentEnd => self.append_whole().await,
            Got::AppendEnd(tag) => {
                let done = self.append_done().await;
                return self.finish(&tag, done, true).await;
            }
            Got::Refused(tag, text) => {
                self.append = None;
                match tag {
                    Some(tag) => self.answer(&tag, &Answer::Bad(text.into())),
                    None => self.answer("*", &Answer::Bad(text.into())),
                }
            }
            Got::Fatal(text) => self.bye(text),
            Got::Nothing | Got::Content(_) => {}
        }
        Ok(())
    }

    async fn command(&mut self, bytes: &[u8]) -> io::Result<()> {
        match Command::parse(bytes, self.utf8) {
            Ok(command) => {
                let may_expunge = !matches!(
                    &command.body,
                    Body::Fetch(c) if !c.uid
                ) && !matches!(&command.body, Body::Store(c) if !c.uid)
                    && !matches!(&command.body, Body::Search(c) if !c.uid)
                    && !matches!(&command.body, Body::Sort(c) if !c.uid)
                    && !matches!(&command.body, Body::Thread { uid: false, .. });
                let done = Box::pin(self.dispatch(&command.tag, command.body)).await;
                self.finish(&command.tag, done, may_expunge).await
            }
            Err(NotUnderstood { tag, error }) => {
                let answer = match error {
                    SyntaxError::BadCharset => {
                        Answer::No(format!("[BADCHARSET (US-ASCII UTF-8)] {error}"))
                    }
                    SyntaxError::BadName => Answer::No(format!("[CANNOT] {error}")),
                    SyntaxError::Bad(text) => Answer::Bad(text.into()),
                };
                self.answer(tag.as_deref().unwrap_or("*"), &answer);
                Ok(())
            }
        }
    }

    /// Tells what else changed, and how a command ended.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        done: Done,
        may_expunge: bool,
    ) -> io::Result<()> {
        let answer = match done {
            Ok(answer) => answer,
            Err(Failure::Io(error)) => return Err(error),
            Err(Failure::Mail(error)) => Answer::No(said(&error)),
        };
        if matches!(answer, Answer::Later) {
            return Ok(());
        }
        // After BYE nothing is told any more.
        if self.selected.is_some() && !self.over {
            match Box::pin(self.sync(may_expunge, false)).await {
                Ok(()) => {}
                Err(Failure::Io(error)) => return Err(error),
                Err(Failure::Mail(MailError::NoSuchMailbox(_))) => {
                    self.selected = None;
                    self.bye("the selected mailbox was deleted");
                    return Ok(());
                }
                Err(Failure::Mail(error)) => tracing::warn!(%error, "a mailbox can't be looked at"),
            }
        }
        self.answer(tag, &answer);
        Ok(())
    }

    async fn line(&mut self, line: &[u8]) -> io::Result<()> {
        match self.awaited.take().map(|awaited| *awaited) {
            Some(Awaited::Idle(tag)) => {
                let answer = if line.eq_ignore_ascii_case(b"DONE") {
                    Answer::Ok("IDLE is over".into())
                } else {
                    Answer::Bad("IDLE ends with DONE".into())
                };
                self.finish(&tag, Ok(answer), true).await
            }
            Some(Awaited::Sasl(tag, sasl)) => {
                let done = Box::pin(self.sasl_answer(&tag, sasl, line)).await;
                self.finish(&tag, done, true).await
            }
            None => Ok(()),
        }
    }

    async fn dispatch(&mut self, tag: &str, body: Body) -> Done {
        match body {
            Body::Capability => {
                put!(self.wire.out, "* CAPABILITY {}\r\n", self.capabilities());
                Answer::done("that is all")
            }
            Body::Noop | Body::Check => {
                if self.selected.is_some() {
                    self.sync(true, true).await?;
                }
                Answer::done("done")
            }
            Body::Logout => {
                self.bye("until next time");
                Answer::done("goodbye")
            }
            Body::Id(_) => {
                put!(
                    self.wire.out,
                    "* ID (\"name\" \"Lampion\" \"version\" \"{}\")\r\n",
                    env!("CARGO_PKG_VERSION")
                );
                Answer::done("pleased to meet you")
            }
            Body::StartTls | Body::Login { .. } | Body::Authenticate { .. } => {
                self.sign_in(tag, body).await
            }
            body if self.who.is_some() => {
                if !self.may_go_on().await {
                    return Ok(Answer::Later);
                }
                self.signed_in(tag, body).await
            }
            _ => Ok(Answer::No("sign in first".into())),
        }
    }

    /// Before a command: looks from time to time whether who signed in still may, for another process may have ended it.
    async fn may_go_on(&mut self) -> bool {
        match &self.who {
            Some(who) if who.looked.elapsed() >= LOOK_AGAIN => Box::pin(self.still_holds()).await,
            _ => true,
        }
    }

    /// Whether the app password still holds and the person's account is on; if not, the connection ends.
    async fn still_holds(&mut self) -> bool {
        let Some(who) = &mut self.who else {
            return true;
        };
        who.looked = Instant::now();
        let people = &self.shared.mail.kernel().people;
        match people.app_password_holds(&who.person, &who.password).await {
            Ok(true) => true,
            Ok(false) => {
                self.selected = None;
                self.bye("your app password was revoked, or your account is closed");
                false
            }
            Err(error) => {
                // It is asked again soon; nobody loses their mail for a database that is away for a moment.
                tracing::warn!(%error, "whether an app password still holds is not known");
                true
            }
        }
    }

    async fn signed_in(&mut self, tag: &str, body: Body) -> Done {
        match body {
            Body::Enable(all) => Ok(self.enable(&all)),
            Body::Compress => {
                if self.wire.is_compressed() {
                    return Ok(Answer::No(
                        "[COMPRESSIONACTIVE] it is packed already".into(),
                    ));
                }
                self.answer(tag, &Answer::Ok("packed from now on".into()));
                self.wire.flush().await?;
                self.wire.compress();
                Ok(Answer::Later)
            }
            Body::Idle => {
                if self.selected.is_some() {
                    self.sync(true, true).await?;
                }
                self.awaited = Some(Box::new(Awaited::Idle(tag.to_string())));
                self.reader.expect_line();
                put!(self.wire.out, "+ idling\r\n");
                Ok(Answer::Later)
            }
            Body::Select {
                mailbox,
                read_only,
                params,
            } => self.select(&mailbox, read_only, &params).await,
            Body::Namespace
            | Body::Create { .. }
            | Body::Delete(_)
            | Body::Rename { .. }
            | Body::Subscribe(_)
            | Body::Unsubscribe(_)
            | Body::List(_)
            | Body::Lsub { .. }
            | Body::Status { .. } => self.names(body).await,
            Body::GetQuota(_)
            | Body::GetQuotaRoot(_)
            | Body::SetQuota { .. }
            | Body::GetMetadata { .. }
            | Body::SetMetadata { .. } => self.extras(body).await,
            Body::SetAcl { .. }
            | Body::DeleteAcl { .. }
            | Body::GetAcl(_)
            | Body::ListRights { .. }
            | Body::MyRights(_) => self.acl(body).await,
            body if self.selected.is_some() => {
                if !self.still_allowed().await? {
                    return Ok(Answer::Later);
                }
                self.with_selected(tag, body).await
            }
            _ => Ok(Answer::No("[CLIENTBUG] select a mailbox first".into())),
        }
    }

    async fn with_selected(&mut self, tag: &str, body: Body) -> Done {
        match body {
            Body::Close => {
                // RFC 4314 §4: who may not expunge closes it all the same.
                let expunges = self
                    .selected
                    .as_ref()
                    .is_some_and(|selected| selected.may("e").is_ok());
                if expunges {
                    self.expunge_silently().await?;
                }
                self.selected = None;
                Answer::done("closed")
            }
            Body::Unselect => {
                self.selected = None;
                Answer::done("closed; nothing was expunged")
            }
            Body::Expunge(set) => self.expunge(set.as_ref()).await,
            Body::Fetch(command) => self.fetch(command).await,
            Body::Store(command) => self.store_command(command).await,
            Body::Copy(command) => self.copy(command).await,
            Body::Search(command) => self.search(tag, &command).await,
            Body::Sort(command) => self.sort(tag, &command).await,
            Body::Thread { uid, how, key } => self.thread(uid, how, &key).await,
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    fn enable(&mut self, all: &[String]) -> Answer {
        let mut enabled = String::new();
        for name in all {
            match name.as_str() {
                "CONDSTORE" => self.enable_condstore(),
                "QRESYNC" => {
                    self.enable_condstore();
                    self.qresync = true;
                }
                "UTF8=ACCEPT" => self.utf8 = true,
                "IMAP4REV2" => {
                    self.rev2 = true;
                    self.utf8 = true;
                }
                _ => continue,
            }
            enabled.push(' ');
            enabled.push_str(if name == "IMAP4REV2" {
                "IMAP4rev2"
            } else {
                name
            });
        }
        if self.utf8 {
            self.reader.set_utf8();
        }
        put!(self.wire.out, "* ENABLED{enabled}\r\n");
        Answer::Ok("enabled".into())
    }

    pub(super) fn capabilities(&self) -> String {
        let mut all = String::from("IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR ID ENABLE");
        if self.who.is_none() {
            if !self.secure {
                all.push_str(" STARTTLS");
            }
            if self.may_sign_in() {
                all.push_str(" AUTH=PLAIN AUTH=SCRAM-SHA-256");
            } else {
                all.push_str(" LOGINDISABLED");
            }
            return all;
        }
        let more = " NAMESPACE IDLE UNSELECT UIDPLUS MOVE ESEARCH SEARCHRES LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS \
                    SPECIAL-USE CREATE-SPECIAL-USE STATUS=SIZE BINARY CONDSTORE QRESYNC QUOTA QUOTA=RES-STORAGE \
                    METADATA MULTIAPPEND UTF8=ACCEPT SORT ESORT THREAD=REFERENCES THREAD=ORDEREDSUBJECT PREVIEW \
                    OBJECTID SAVEDATE WITHIN CHILDREN ACL RIGHTS=kxte";
        all.push_str(more);
        put_str(&mut all, self.shared.mail.store().message_limit_bytes());
        if !self.wire.is_compressed() {
            all.push_str(" COMPRESS=DEFLATE");
        }
        all
    }

    /// Whether a password may be sent over this connection.
    pub(super) fn may_sign_in(&self) -> bool {
        self.secure || self.peer.is_loopback()
    }
}

fn put_str(all: &mut String, limit_bytes: u64) {
    use std::fmt::Write as _;
    let _memory_takes_all = write!(all, " APPENDLIMIT={limit_bytes}");
}

/// What a client is told of an error: response code (RFC 5530) and text in one line.
pub(super) fn said(error: &MailError) -> String {
    let code = match error {
        MailError::NoSuchMailbox(_) => "[NONEXISTENT] ",
        MailError::MailboxExists(_) | MailError::NameTaken(_) => "[ALREADYEXISTS] ",
        MailError::BadName { .. } | MailError::Refused(_) => "[CANNOT] ",
        MailError::NoRight { .. } => "[NOPERM] ",
        MailError::TooManyMailboxes { .. } => "[LIMIT] ",
        MailError::OverQuota(_) => "[OVERQUOTA] ",
        MailError::TooLarge { .. } => "[TOOBIG] ",
        MailError::NoSuchMessage => "[EXPUNGEISSUED] ",
        MailError::DiskFull | MailError::Away(_) | MailError::Conflict | MailError::Taken => {
            "[UNAVAILABLE] "
        }
        MailError::Damaged(..) => "[CORRUPTION] ",
        MailError::Fault(_) => "[SERVERBUG] ",
    };
    let text: String = match error {
        MailError::Fault(text) => {
            tracing::error!(error = text, "a mail program's command failed");
            "this should not happen: the log says more".into()
        }
        error => error.to_string(),
    };
    let text: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect();
    format!("{code}{text}")
}

type Announced = (
    String,
    String,
    bool,
    lampion_mailproto::imap::reader::AppendHead,
);

/// An event that doesn't borrow.
enum Got {
    Nothing,
    Continue,
    Command(Vec<u8>),
    Line(Vec<u8>),
    Append(Box<Announced>),
    Content(usize),
    ContentEnd,
    AppendEnd(String),
    Refused(Option<String>, &'static str),
    Fatal(&'static str),
}

impl Got {
    fn of(event: Event<'_>) -> Option<Self> {
        Some(match event {
            Event::Continue => Self::Continue,
            Event::Command(bytes) => Self::Command(bytes),
            Event::Line(bytes) => Self::Line(bytes),
            Event::Append {
                tag,
                mailbox,
                first,
                head,
            } => Self::Append(Box::new((tag, mailbox, first, head))),
            Event::Content(piece) => Self::Content(piece.len()),
            Event::ContentEnd => Self::ContentEnd,
            Event::AppendEnd { tag } => Self::AppendEnd(tag),
            Event::Refused { tag, text } => Self::Refused(tag, text),
            Event::Fatal(text) => Self::Fatal(text),
        })
    }
}
