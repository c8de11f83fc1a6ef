//! One connection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use lampion_core::ids;
use lampion_mailproto::mime::{Date, address};
use lampion_mailproto::sasl::{ChannelBinding, Plain, Proof};
use lampion_mailproto::smtp::{Address, Event, Kind, MailFrom, RcptTo, Reply, Server, Settings};
use lampion_people::{PeopleError, Person, SCRAM_ITERATIONS};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::Context;
use super::head::{self, Head};
use super::limits::{ACCOUNT_RECIPIENTS, ADDRESS_MESSAGES};
use crate::queue::{Accept, Outcome, Recipient, Route};
use crate::receive;
use crate::store::{Account, Incoming, MailError, NewMessage};

/// How long a client may be silent (RFC 5321 §4.5.3.2.7: 5 minutes).
const SILENCE: Duration = Duration::from_secs(300);
/// How long a handshake or the sending of replies may take.
const HANDSHAKE: Duration = Duration::from_secs(60);
/// Recipients of one message.
const RECIPIENTS: u32 = 500;
/// `Received` fields of a message that goes in a circle (RFC 5321 §6.3).
const HOPS: u32 = 50;
/// Of a longer header it isn't asked what it lacks.
const HEADER_BYTES: usize = 64 * 1024;
/// Bytes that are read at once.
const READ_BYTES: usize = 16 * 1024;

enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Gone,
}

/// Whose mail program it is.
struct Sender {
    account: Account,
    names: Vec<String>,
}

pub(super) struct Session {
    context: Arc<Context>,
    kind: Kind,
    peer: IpAddr,
    server: Server,
    wire: Wire,
    sender: Option<Sender>,
    from: MailFrom,
    recipients: Vec<Recipient>,
    incoming: Option<Incoming>,
    head: Head,
    /// What came of the header of a message that somebody submits, until it is whole.
    header: Option<Vec<u8>>,
    /// What went wrong while the content came.
    failed: Option<Reply>,
}

impl Session {
    pub(super) async fn run(
        context: Arc<Context>,
        kind: Kind,
        over_tls: bool,
        stream: TcpStream,
        peer: IpAddr,
    ) {
        let settings = Settings {
            kind,
            host: context.domain.clone(),
            message_limit_bytes: context.mail.store().message_limit_bytes(),
            recipients_limit: RECIPIENTS,
            start_tls: kind != Kind::Lmtp,
        };
        let mut wire = Wire::Plain(stream);
        let mut binding = None;
        if over_tls {
            binding = handshake(&context, &mut wire).await;
            if binding.is_none() {
                return;
            }
        }
        let mut session = Self {
            server: Server::new(settings, binding),
            context,
            kind,
            peer,
            wire,
            sender: None,
            from: MailFrom::default(),
            recipients: Vec::new(),
            incoming: None,
            head: Head::default(),
            header: None,
            failed: None,
        };
        // A client that goes away in the middle is nothing to tell anybody of.
        let _gone = session.talk().await;
    }

    async fn talk(&mut self) -> std::io::Result<()> {
        let mut buffer = vec![0; READ_BYTES];
        let stop = self.context.stop.clone();
        loop {
            self.flush().await?;
            let idle = !self.server.in_content();
            let count = tokio::select! {
                () = stop.cancelled(), if idle => {
                    self.server.end("is being stopped: try again in a minute");
                    return self.flush().await;
                }
                read = tokio::time::timeout(SILENCE, self.wire.read(&mut buffer)) => match read {
                    Ok(count) => count?,
                    Err(_) => {
                        self.server.end("waited too long");
                        return self.flush().await;
                    }
                },
            };
            if count == 0 {
                return Ok(());
            }
            let mut input = buffer.get(..count).unwrap_or_default();
            while let Some(event) = self.server.receive(&mut input) {
                if matches!(event, Event::Close) {
                    self.flush().await?;
                    return self.wire.shutdown().await;
                }
                if matches!(event, Event::StartTls) {
                    // What was sent before the handshake must not count after it: the machine ends the session.
                    if !input.is_empty() {
                        continue;
                    }
                    self.flush().await?;
                    let Some(binding) = handshake(&self.context, &mut self.wire).await else {
                        return Ok(());
                    };
                    self.server.tls_started(binding);
                    continue;
                }
                self.obey(event).await;
            }
        }
    }

    async fn flush(&mut self) -> std::io::Result<()> {
        if !self.server.has_output() {
            return Ok(());
        }
        let output = self.server.output();
        match tokio::time::timeout(HANDSHAKE, self.wire.write(&output)).await {
            Ok(written) => written,
            Err(_) => Err(std::io::ErrorKind::TimedOut.into()),
        }
    }

    async fn obey(&mut self, event: Event) {
        match event {
            Event::Plain(plain) => self.plain(plain).await,
            Event::ScramName(name) => self.scram_name(&name).await,
            Event::ScramProof(name, proof) => self.scram_proof(&name, &proof).await,
            Event::Mail(mail) => {
                let reply = self.mail(mail);
                self.server.answer(&reply);
            }
            Event::Rcpt(rcpt) => {
                let reply = self
                    .rcpt(rcpt)
                    .await
                    .unwrap_or_else(|error| trouble(&error));
                self.server.answer(&reply);
            }
            Event::Data => {
                self.begin().await;
                self.server.answer(&Reply::new(250, "2.0.0", "go on"));
            }
            Event::Body(piece) => self.body(&piece).await,
            Event::End => {
                if let Some(header) = self.header.take() {
                    self.complete(&header).await;
                }
                let replies = self.end().await;
                self.server.answer_message(&replies);
                self.forget();
            }
            Event::Dropped => self.forget(),
            Event::StartTls | Event::Close => {}
        }
    }

    fn forget(&mut self) {
        (self.incoming, self.failed, self.header) = (None, None, None);
        (self.from, self.head) = (MailFrom::default(), Head::default());
        self.recipients.clear();
    }

    // Sign-in.

    async fn plain(&mut self, plain: Plain) {
        let name = self.local_name(&plain.name);
        let other =
            !plain.authorization.is_empty() && self.local_name(&plain.authorization) != name;
        let people = &self.context.mail.kernel().people;
        let right = match other {
            true => Err(PeopleError::WrongNameOrPassword),
            false => {
                people
                    .verify_app_password(&name, &plain.secret, self.peer)
                    .await
            }
        };
        match right {
            Ok(person) => match self.welcome(&person).await {
                Ok(()) => self.server.signed_in(),
                Err(error) => self.not_signed_in(&error.to_string(), true),
            },
            Err(error) => self.refuse_sign_in(&error),
        }
    }

    async fn scram_name(&mut self, name: &str) {
        let name = self.local_name(name);
        let kernel = self.context.mail.kernel();
        match kernel.people.scram_salt(&name).await {
            Ok(salt) => {
                self.server
                    .scram_salt(&ids::new_secret(&*kernel.rng), &salt, SCRAM_ITERATIONS)
            }
            Err(error) => self.refuse_sign_in(&error),
        }
    }

    async fn scram_proof(&mut self, name: &str, proof: &Proof) {
        let name = self.local_name(name);
        let people = &self.context.mail.kernel().people;
        match people
            .verify_scram(&name, &proof.auth_message, &proof.proof, self.peer)
            .await
        {
            Ok((person, _, signature)) => match self.welcome(&person).await {
                Ok(()) => self.server.scram_right(&signature),
                Err(error) => self.not_signed_in(&error.to_string(), true),
            },
            Err(error) => self.refuse_sign_in(&error),
        }
    }

    fn refuse_sign_in(&mut self, error: &PeopleError) {
        let later = !matches!(
            error,
            PeopleError::WrongNameOrPassword | PeopleError::Disabled
        );
        let text = match error {
            PeopleError::WrongNameOrPassword => {
                "wrong name or app password: make one on your page of the node, the password for pages is not taken".into()
            }
            PeopleError::TooManyTries { .. } | PeopleError::Disabled => error.to_string(),
            _ => "sign-in is not possible now: try again".into(),
        };
        self.not_signed_in(&text, later);
    }

    fn not_signed_in(&mut self, text: &str, later: bool) {
        let (code, enhanced) = if later {
            (454, "4.7.0")
        } else {
            (535, "5.7.8")
        };
        self.server.not_signed_in(code, enhanced, text);
    }

    async fn welcome(&mut self, person: &Person) -> Result<(), MailError> {
        let store = self.context.mail.store();
        let account = store.account_of(person).await?;
        let mut names = store.aliases(&account.id).await?;
        names.push(account.name.clone());
        self.sender = Some(Sender { account, names });
        Ok(())
    }

    /// The name alone, where a program gave the address.
    fn local_name(&self, given: &str) -> String {
        match given.rsplit_once('@') {
            Some((name, domain)) if domain.eq_ignore_ascii_case(&self.context.domain) => {
                name.into()
            }
            _ => given.into(),
        }
    }

    // Envelope.

    fn mail(&mut self, mail: MailFrom) -> Reply {
        if let (Some(sender), Some(from)) = (&self.sender, &mail.from)
            && !sender.owns(from, &self.context.domain)
        {
            return Reply::new(
                550,
                "5.7.1",
                format!("{from} is not an address of {}", sender.account.name),
            );
        }
        let limits = &self.context.limits;
        let counted = self.kind == Kind::Relay && !self.peer.is_loopback();
        if counted
            && !limits.take(
                &self.peer.to_string(),
                ADDRESS_MESSAGES,
                Duration::from_secs(60),
            )
        {
            return Reply::new(
                450,
                "4.7.1",
                "too many messages from your address: try again in a minute",
            );
        }
        self.from = mail;
        Reply::new(250, "2.1.0", "fine")
    }

    async fn rcpt(&mut self, rcpt: RcptTo) -> Result<Reply, MailError> {
        let queue = self.context.mail.queue();
        let from = self.from.from.as_ref().map(ToString::to_string);
        let (route, look) = queue
            .route_from(&rcpt.to, &from.unwrap_or_default())
            .await?;
        let inside = rcpt.to.domain.is_empty() || rcpt.to.is_in(&self.context.domain);
        if self.kind != Kind::Submission && !inside {
            return Ok(Reply::new(
                550,
                "5.7.1",
                format!("mail for {} is not taken here", rcpt.to.domain),
            ));
        }
        match &route {
            Route::Unknown => return Ok(Reply::new(550, "5.1.1", "nobody here has this name")),
            Route::None => {
                let text =
                    "this node has no way to mail outside the net: an operator can set a smarthost";
                return Ok(Reply::new(550, "5.1.2", text));
            }
            Route::Local(account) => {
                let more = self
                    .from
                    .size
                    .and_then(|size| i64::try_from(size).ok())
                    .unwrap_or(0);
                if account
                    .quota_bytes
                    .is_some_and(|quota| account.used_bytes.saturating_add(more) > quota)
                {
                    return Ok(full());
                }
                let submitted_by = self.sender.as_ref().map(|sender| &sender.account.id);
                let to = rcpt.to.to_string();
                let blocks = look.as_ref().is_some_and(receive::Look::blocks);
                if let Some(refusal) = receive::check_for(account, blocks, &to, submitted_by) {
                    return Ok(reply_of(&Outcome::Refused(refusal)));
                }
            }
            Route::Node(_) | Route::Smarthost => {}
        }
        if let Some(sender) = &self.sender
            && !self.context.limits.take(
                &sender.account.id,
                ACCOUNT_RECIPIENTS,
                Duration::from_secs(3_600),
            )
        {
            return Ok(Reply::new(
                450,
                "4.7.1",
                "too many messages from this account: try again in an hour",
            ));
        }
        self.recipients.push(Recipient {
            to: rcpt.to,
            route,
            look,
            notify: rcpt.notify,
            original: rcpt.original,
        });
        Ok(Reply::new(250, "2.1.5", "fine"))
    }

    // Content.

    async fn begin(&mut self) {
        let kernel = self.context.mail.kernel();
        let protocol = match (self.kind, self.server.is_tls(), self.sender.is_some()) {
            (Kind::Lmtp, ..) => "LMTP",
            (_, true, true) => "ESMTPSA",
            (_, true, false) => "ESMTPS",
            (_, false, _) => "ESMTP",
        };
        // RFC 5321 §4.4. Of who signed in, neither address nor host name is told to the others.
        let who = match self.sender {
            Some(_) => String::new(),
            None => format!("from {} ([{}])\r\n\t", self.server.hello(), self.peer),
        };
        let now = Date {
            unix_ms: kernel.clock.now_ms(),
            offset_minutes: 0,
        };
        let received = format!(
            "Received: {who}by {} with {protocol} id {};\r\n\t{}\r\n",
            self.context.domain,
            ids::new_id(&*kernel.rng),
            now.to_header()
        );
        self.incoming = Some(self.context.mail.store().incoming());
        self.write(received.as_bytes()).await;
        self.header = (self.kind == Kind::Submission).then(Vec::new);
    }

    async fn body(&mut self, piece: &[u8]) {
        self.head.look(piece);
        let Some(mut header) = self.header.take() else {
            return self.write(piece).await;
        };
        header.extend_from_slice(piece);
        if self.head.is_over() || header.len() > HEADER_BYTES {
            self.complete(&header).await;
        } else {
            self.header = Some(header);
        }
    }

    /// Goes on with a submitted message whose header is known: what it lacks is put on top.
    async fn complete(&mut self, header: &[u8]) {
        let kernel = self.context.mail.kernel();
        let now = Date {
            unix_ms: kernel.clock.now_ms(),
            offset_minutes: 0,
        };
        let id = self.context.mail.local().message_id();
        let fields = head::missing(header, &now.to_header(), &id);
        self.write(fields.as_bytes()).await;
        self.write(header).await;
    }

    async fn write(&mut self, piece: &[u8]) {
        let Some(incoming) = &mut self.incoming else {
            return;
        };
        if let Err(error) = incoming.write(piece).await {
            self.failed = Some(trouble(&error));
            self.incoming = None;
        }
    }

    async fn end(&mut self) -> Vec<Reply> {
        if let Some(reply) = self.failed.take() {
            return vec![reply];
        }
        let Some(incoming) = self.incoming.take() else {
            return vec![Reply::new(
                451,
                "4.3.0",
                "the message was lost on the way: send it again",
            )];
        };
        let message = match incoming.finish().await {
            Ok(message) => message,
            Err(error) => return vec![trouble(&error)],
        };
        if let Some(reply) = self.check(&message) {
            return vec![reply];
        }
        self.accept(message).await
    }

    async fn accept(&mut self, message: NewMessage) -> Vec<Reply> {
        let recipients = std::mem::take(&mut self.recipients);
        let count = recipients.len();
        let head = std::mem::take(&mut self.head);
        let accept = Accept {
            message,
            head: head.kept,
            from: self.from.from.clone(),
            recipients,
            ret: self.from.ret,
            envelope_id: self.from.envelope_id.clone(),
            eight_bit: head.eight_bit,
            utf8: head.utf8,
            sent_by: self.sender.as_ref().map(|sender| sender.account.id.clone()),
            reports: self.kind != Kind::Lmtp,
            extra: Vec::new(),
        };
        let outcomes = match self.context.mail.queue().accept(accept).await {
            Err(error) => return vec![trouble(&error); count.max(1)],
            Ok(outcomes) => outcomes,
        };
        if self.kind == Kind::Lmtp {
            return outcomes.iter().map(reply_of).collect();
        }
        // Where some have the message, a report tells the sender of those that don't.
        if outcomes.contains(&Outcome::Kept) {
            return vec![reply_of(&Outcome::Kept)];
        }
        vec![reply_of(outcomes.first().unwrap_or(&Outcome::Kept))]
    }

    /// Why a message that came whole is not taken.
    fn check(&self, message: &NewMessage) -> Option<Reply> {
        let summary = &message.scanned.summary;
        let returns = |to: &str| {
            self.recipients
                .iter()
                .any(|one| one.to.to_string().eq_ignore_ascii_case(to.trim()))
        };
        if summary.received > HOPS || summary.delivered_to.iter().any(|to| returns(to)) {
            return Some(Reply::new(554, "5.4.6", "the message goes in a circle"));
        }
        let sender = self.sender.as_ref()?;
        let from = summary.fields.from.as_deref().unwrap_or_default();
        let authors = address::mailboxes(from);
        if authors.is_empty() {
            return Some(Reply::new(
                550,
                "5.6.0",
                "the message has no From: put your address there",
            ));
        }
        let other = authors.iter().map(address::Mailbox::address).find(|text| {
            Address::parse(text).map_or(true, |from| !sender.owns(&from, &self.context.domain))
        })?;
        let text = format!(
            "From says {other}, which is not an address of {}",
            sender.account.name
        );
        Some(Reply::new(550, "5.7.1", text))
    }
}

impl Sender {
    /// Whether an address is one of the account's, perhaps with a `+tag`.
    fn owns(&self, address: &Address, domain: &str) -> bool {
        let base = address.local.split('+').next().unwrap_or_default();
        let Ok(name) = lampion_people::normal_name(base) else {
            return false;
        };
        address.is_in(domain) && self.names.contains(&name)
    }
}

impl Wire {
    async fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer).await,
            Self::Tls(stream) => stream.read(buffer).await,
            Self::Gone => Ok(0),
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
            Self::Gone => Ok(()),
        }
    }

    async fn shutdown(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown().await,
            Self::Tls(stream) => stream.shutdown().await,
            Self::Gone => Ok(()),
        }
    }
}

fn reply_of(outcome: &Outcome) -> Reply {
    match outcome {
        Outcome::Kept => Reply::new(250, "2.0.0", "it is kept"),
        Outcome::Full => full(),
        Outcome::Refused(refusal) => Reply::new(refusal.code, refusal.status, refusal.text.clone()),
    }
}

/// Begins TLS; `None` if that failed.
async fn handshake(context: &Context, wire: &mut Wire) -> Option<ChannelBinding> {
    let acceptor = TlsAcceptor::from(Arc::clone(&context.tls));
    let Wire::Plain(stream) = std::mem::replace(wire, Wire::Gone) else {
        return None;
    };
    let stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream))
        .await
        .ok()?
        .ok()?;
    *wire = Wire::Tls(Box::new(stream));
    // The machine knows SCRAM-SHA-256-PLUS, but it isn't offered, as by IMAP: programs with GNU SASL (Debian's neomutt) choose it
    // wherever it is, have no binding to give, and try nothing else.
    Some(ChannelBinding::default())
}

fn full() -> Reply {
    Reply::new(452, "4.2.2", "the mailbox is full: try again later")
}

/// What a client is told of an error of the store.
fn trouble(error: &MailError) -> Reply {
    match error {
        MailError::DiskFull => Reply::new(
            452,
            "4.3.1",
            "no space left on the disk: nothing was taken, try again later",
        ),
        MailError::TooLarge { limit_bytes } => Reply::new(
            552,
            "5.3.4",
            format!("the message is larger than {limit_bytes} bytes"),
        ),
        MailError::OverQuota(_) => full(),
        MailError::Away(_) | MailError::Conflict | MailError::Taken => {
            Reply::new(451, "4.3.0", "not possible now: try again later")
        }
        other => {
            tracing::error!(error = %other, "a message could not be taken");
            Reply::new(451, "4.3.0", "not possible now: try again later")
        }
    }
}
