//! The client's side: greets, begins TLS, signs in, and sends messages with what the server offers (PIPELINING, SIZE,
//! 8BITMIME, SMTPUTF8, DSN, CHUNKING). It never sends a bare CR or LF: see [`Stuffer`].
//!
//! Where a server has CHUNKING and PIPELINING, content goes by BDAT (RFC 3030): counted pieces, whose replies are read at
//! the end. A server that refuses one refuses those after it too, so the first refusal is what counts.

use super::address::Address;
use super::content::Stuffer;
use super::params::{Notify, OriginalRecipient, Return, to_utf8_xtext, to_xtext};
use super::reply::{Reply, ReplyFault, ReplyReader};
use crate::sasl::{self, Plain, SaslError, ScramClient};

/// How a session is begun.
#[derive(Clone)]
pub struct Login {
    /// What the client calls itself.
    pub host: String,
    /// Whether TLS must be begun by STARTTLS before anything else.
    pub start_tls: bool,
    /// Name and password, if the server wants them.
    pub account: Option<(String, String)>,
    /// Fresh chance as text, for SCRAM.
    pub nonce: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

/// Who a message is from and for.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// `None` for reports.
    pub from: Option<Address>,
    /// Each recipient.
    pub recipients: Vec<Recipient>,
    /// Bytes of the content.
    pub size_bytes: u64,
    /// The content has bytes beyond ASCII.
    pub eight_bit: bool,
    /// Header or addresses have characters beyond ASCII.
    pub utf8: bool,
    /// RET.
    pub ret: Option<Return>,
    /// ENVID.
    pub envelope_id: Option<String>,
}

/// One recipient of an [`Envelope`].
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The address.
    pub to: Address,
    /// NOTIFY.
    pub notify: Option<Notify>,
    /// ORCPT.
    pub original: Option<OriginalRecipient>,
}

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Output must be sent, TLS begun, then [`Client::tls_started`] called.
    StartTls,
    /// Messages can be sent: [`Client::send`].
    Ready,
    /// The content is wanted: [`Client::content`], then [`Client::content_end`].
    Content,
    /// What became of each recipient, in order. The session can send further messages.
    Done(Vec<Reply>),
    /// The session is over: the server's words.
    Failed(Reply),
}

/// Why a session came to no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClientFault {
    /// The server doesn't speak SMTP.
    #[error(transparent)]
    Reply(#[from] ReplyFault),
    /// It has no STARTTLS, which is required.
    #[error("the server has no TLS, which its address asks for")]
    NoTls,
    /// It knows no way to sign in that is known here.
    #[error("the server has no way to sign in that is known here (PLAIN, LOGIN, SCRAM-SHA-256)")]
    NoSignIn,
    /// Signing in failed on the way.
    #[error(transparent)]
    Sasl(#[from] SaslError),
    /// It said something that nobody asked.
    #[error("the server sent a reply that nothing asked for")]
    Unasked,
}

#[derive(Debug)]
enum Wait {
    Greeting,
    Ehlo,
    Helo,
    StartTls,
    Tls,
    Auth(Box<Signing>),
    Idle,
    Envelope(Box<Sending>),
    Content(Vec<Option<Reply>>),
    End(Vec<Option<Reply>>),
    /// Replies to pieces are awaited, so many before the one to the last.
    Chunks(Vec<Option<Reply>>, usize, Option<Reply>),
    /// The reply to RSET is awaited.
    Reset,
    Over,
}

#[derive(Debug)]
enum Signing {
    Plain,
    LoginName,
    LoginSecret,
    LoginEnd,
    Scram(ScramClient),
    ScramProof(ScramClient),
    ScramEnd,
}

#[derive(Debug)]
struct Sending {
    recipients: usize,
    /// Lines that wait for the reply to the one before, where the server has no PIPELINING.
    later: std::collections::VecDeque<String>,
    replies: Vec<Reply>,
    total: usize,
}

impl Sending {
    /// What each recipient is told, if nobody is left to send to and the next line isn't on its way yet: without
    /// PIPELINING there is no reason to ask for more (RFC 5321 §4.1.1.4).
    fn refused_before_data(&self) -> Option<Vec<Reply>> {
        if self.later.is_empty() {
            return None;
        }
        let (mail, recipients) = self.replies.split_first()?;
        // 421 ends the session: what is said then is not listened to.
        if self.replies.iter().any(|reply| reply.code == 421) {
            return None;
        }
        if !mail.is_positive() {
            return Some(vec![mail.clone(); self.recipients]);
        }
        let all = recipients.len() == self.recipients;
        (all && !recipients.iter().any(Reply::is_positive)).then(|| recipients.to_vec())
    }
}

/// One session.
#[derive(Debug)]
pub struct Client {
    login: Login,
    wait: Wait,
    reader: ReplyReader,
    tls: bool,
    offers: Vec<String>,
    output: Vec<u8>,
    stuffer: Stuffer,
    /// What goes by BDAT and isn't sent yet; `None` where DATA is used.
    chunk: Option<Vec<u8>>,
    /// Pieces that were sent before the last.
    chunks: usize,
}

/// Bytes of one BDAT.
const CHUNK_BYTES: usize = 256 * 1024;

impl Client {
    /// A session on a fresh connection. `tls` is whether it runs over TLS from the beginning.
    pub fn new(login: Login, tls: bool) -> Self {
        Self {
            login,
            wait: Wait::Greeting,
            reader: ReplyReader::default(),
            tls,
            offers: Vec::new(),
            output: Vec::new(),
            stuffer: Stuffer::default(),
            chunk: None,
            chunks: 0,
        }
    }

    /// What is to be sent; it is taken out.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// The parameters of something that the server offers.
    pub fn offer(&self, word: &str) -> Option<&str> {
        self.offers.iter().find_map(|line| {
            let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
            name.eq_ignore_ascii_case(word).then_some(rest)
        })
    }

    /// TLS has begun.
    pub fn tls_started(&mut self) {
        self.tls = true;
        self.offers.clear();
        self.reader = ReplyReader::default();
        self.hello();
    }

    /// Takes bytes until something has happened.
    ///
    /// # Errors
    /// [`ClientFault`]: the connection is of no use any more.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<ClientEvent>, ClientFault> {
        while let Some(reply) = self.reader.read(input)? {
            if matches!(self.wait, Wait::StartTls) && !input.is_empty() {
                // What comes before the handshake isn't from the server that proves itself in it.
                return Err(ClientFault::Unasked);
            }
            if let Some(event) = self.reply(reply)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn reply(&mut self, reply: Reply) -> Result<Option<ClientEvent>, ClientFault> {
        match std::mem::replace(&mut self.wait, Wait::Over) {
            Wait::Greeting if reply.is_positive() => self.hello(),
            Wait::Ehlo if reply.is_positive() => {
                self.offers = reply.text.split('\n').skip(1).map(Into::into).collect();
                return self.greeted();
            }
            // RFC 5321 §3.2: an old server.
            Wait::Ehlo if reply.code >= 500 && !self.login.start_tls => {
                self.say(&format!("HELO {}", self.login.host));
                self.wait = Wait::Helo;
            }
            Wait::Helo if reply.is_positive() => return self.greeted(),
            Wait::StartTls if reply.is_positive() => {
                self.wait = Wait::Tls;
                return Ok(Some(ClientEvent::StartTls));
            }
            Wait::Auth(signing) => return self.sign_in(*signing, &reply),
            Wait::Envelope(sending) => return Ok(self.envelope(*sending, reply)),
            Wait::End(refused) => {
                let all = refused
                    .into_iter()
                    .map(|one| one.unwrap_or_else(|| reply.clone()))
                    .collect();
                self.wait = Wait::Idle;
                return Ok(Some(ClientEvent::Done(all)));
            }
            Wait::Chunks(refused, left, failed) => {
                let failed = failed.or_else(|| (!reply.is_positive()).then(|| reply.clone()));
                if left > 0 && reply.code != 421 {
                    self.wait = Wait::Chunks(refused, left - 1, failed);
                    return Ok(None);
                }
                let reply = failed.unwrap_or(reply);
                let all = refused
                    .into_iter()
                    .map(|one| one.unwrap_or_else(|| reply.clone()))
                    .collect();
                // RFC 3030 §2: after a refused piece only RSET makes room for another message.
                if reply.is_positive() {
                    self.wait = Wait::Idle;
                } else if left == 0 && reply.code != 421 {
                    self.say("RSET");
                    self.wait = Wait::Reset;
                }
                return Ok(Some(ClientEvent::Done(all)));
            }
            Wait::Reset if reply.is_positive() => {
                self.wait = Wait::Idle;
                return Ok(Some(ClientEvent::Ready));
            }
            Wait::Greeting | Wait::Ehlo | Wait::Helo | Wait::StartTls | Wait::Reset => {
                return Ok(Some(ClientEvent::Failed(reply)));
            }
            // 421 may come at any time.
            Wait::Idle | Wait::Content(_) if reply.code == 421 => {
                return Ok(Some(ClientEvent::Failed(reply)));
            }
            Wait::Tls | Wait::Idle | Wait::Content(_) | Wait::Over => {
                return Err(ClientFault::Unasked);
            }
        }
        Ok(None)
    }

    fn hello(&mut self) {
        self.say(&format!("EHLO {}", self.login.host));
        self.wait = Wait::Ehlo;
    }

    fn greeted(&mut self) -> Result<Option<ClientEvent>, ClientFault> {
        if self.login.start_tls && !self.tls {
            if self.offer("STARTTLS").is_none() {
                return Err(ClientFault::NoTls);
            }
            self.say("STARTTLS");
            self.wait = Wait::StartTls;
            return Ok(None);
        }
        let Some((name, secret)) = self.login.account.clone() else {
            self.wait = Wait::Idle;
            return Ok(Some(ClientEvent::Ready));
        };
        let offered = self.offer("AUTH").unwrap_or_default().to_ascii_uppercase();
        let has = |mechanism: &str| offered.split(' ').any(|one| one == mechanism);
        let signing = if has("SCRAM-SHA-256") {
            let scram = ScramClient::new(&name, &secret, &self.login.nonce, None);
            self.say(&format!(
                "AUTH SCRAM-SHA-256 {}",
                sasl::encode(scram.first().as_bytes())
            ));
            Signing::Scram(scram)
        } else if has("PLAIN") {
            let plain = Plain {
                authorization: String::new(),
                name,
                secret,
            };
            self.say(&format!("AUTH PLAIN {}", sasl::encode(&plain.message())));
            Signing::Plain
        } else if has("LOGIN") {
            self.say("AUTH LOGIN");
            Signing::LoginName
        } else {
            return Err(ClientFault::NoSignIn);
        };
        self.wait = Wait::Auth(Box::new(signing));
        Ok(None)
    }

    fn sign_in(
        &mut self,
        signing: Signing,
        reply: &Reply,
    ) -> Result<Option<ClientEvent>, ClientFault> {
        let (name, secret) = self.login.account.clone().unwrap_or_default();
        let asked = reply.code == 334;
        let next = match signing {
            Signing::Plain | Signing::LoginEnd | Signing::ScramEnd if reply.is_positive() => {
                self.wait = Wait::Idle;
                return Ok(Some(ClientEvent::Ready));
            }
            Signing::LoginName if asked => {
                self.say(&sasl::encode(name.as_bytes()));
                Signing::LoginSecret
            }
            Signing::LoginSecret if asked => {
                self.say(&sasl::encode(secret.as_bytes()));
                Signing::LoginEnd
            }
            Signing::Scram(mut scram) if asked => {
                let answer = scram.answer(&sasl::decode(reply.text.as_bytes())?)?;
                self.say(&sasl::encode(answer.as_bytes()));
                Signing::ScramProof(scram)
            }
            Signing::ScramProof(scram) if asked => {
                scram.check(&sasl::decode(reply.text.as_bytes())?)?;
                self.say("");
                Signing::ScramEnd
            }
            _ => return Ok(Some(ClientEvent::Failed(reply.clone()))),
        };
        self.wait = Wait::Auth(Box::new(next));
        Ok(None)
    }

    /// Begins a message. Gives why it can't go through this server, where that is known before.
    pub fn send(&mut self, envelope: &Envelope) -> Option<Reply> {
        if envelope.utf8 && self.offer("SMTPUTF8").is_none() {
            return Some(Reply::new(
                550,
                "5.6.7",
                "the next server can't take addresses of other scripts (SMTPUTF8)",
            ));
        }
        if envelope.eight_bit && self.offer("8BITMIME").is_none() {
            return Some(Reply::new(
                550,
                "5.6.3",
                "the next server can't take 8-bit text (8BITMIME)",
            ));
        }
        let limit: u64 = self
            .offer("SIZE")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0);
        if limit > 0 && envelope.size_bytes > limit {
            return Some(Reply::new(
                552,
                "5.3.4",
                format!("the next server takes {limit} bytes at most"),
            ));
        }
        let mut lines: std::collections::VecDeque<String> = [self.mail_line(envelope)].into();
        lines.extend(
            envelope
                .recipients
                .iter()
                .map(|one| self.rcpt_line(one, envelope.utf8)),
        );
        let pipelined = self.offer("PIPELINING").is_some();
        let counted = pipelined && self.offer("CHUNKING").is_some();
        self.chunk = counted.then(Vec::new);
        self.chunks = 0;
        if !counted {
            lines.push_back("DATA".into());
        }
        let total = lines.len();
        let first = if pipelined { total } else { 1 };
        for line in lines.drain(..first).collect::<Vec<_>>() {
            self.say(&line);
        }
        self.wait = Wait::Envelope(Box::new(Sending {
            recipients: envelope.recipients.len(),
            later: lines,
            replies: Vec::new(),
            total,
        }));
        None
    }

    fn mail_line(&self, envelope: &Envelope) -> String {
        let mut line = match &envelope.from {
            Some(from) => format!("MAIL FROM:<{from}>"),
            None => "MAIL FROM:<>".into(),
        };
        if self.offer("SIZE").is_some() {
            line.push_str(&format!(" SIZE={}", envelope.size_bytes));
        }
        if envelope.eight_bit {
            line.push_str(" BODY=8BITMIME");
        }
        if envelope.utf8 {
            line.push_str(" SMTPUTF8");
        }
        if self.offer("DSN").is_some() {
            if let Some(ret) = envelope.ret {
                line.push_str(if ret == Return::Full {
                    " RET=FULL"
                } else {
                    " RET=HDRS"
                });
            }
            if let Some(id) = &envelope.envelope_id {
                line.push_str(&format!(" ENVID={}", to_xtext(id)));
            }
        }
        line
    }

    fn rcpt_line(&self, one: &Recipient, utf8: bool) -> String {
        let mut line = format!("RCPT TO:<{}>", one.to);
        if self.offer("DSN").is_some() {
            if let Some(notify) = one.notify {
                line.push_str(&format!(" NOTIFY={}", notify.to_text()));
            }
            if let Some(original) = &one.original {
                let text = if original.kind == "utf-8" && utf8 {
                    to_utf8_xtext(&original.address)
                } else {
                    to_xtext(&original.address)
                };
                line.push_str(&format!(" ORCPT={};{text}", original.kind));
            }
        }
        line
    }

    fn envelope(&mut self, mut sending: Sending, reply: Reply) -> Option<ClientEvent> {
        sending.replies.push(reply);
        if sending.replies.len() < sending.total {
            if let Some(refused) = sending.refused_before_data() {
                self.say("RSET");
                self.wait = Wait::Reset;
                return Some(ClientEvent::Done(refused));
            }
            if let Some(line) = sending.later.pop_front() {
                self.say(&line);
            }
            self.wait = Wait::Envelope(Box::new(sending));
            return None;
        }
        let (mail, rest) = sending.replies.split_first()?;
        let (data, recipients) = match self.chunk {
            Some(_) => (None, rest),
            None => rest.split_last().map(|(data, rest)| (Some(data), rest))?,
        };
        let refused: Vec<Option<Reply>> = (0..sending.recipients)
            .map(|n| {
                let reply = recipients.get(n)?;
                if !mail.is_positive() {
                    Some(mail.clone())
                } else {
                    (!reply.is_positive()).then(|| reply.clone())
                }
            })
            .collect();
        let Some(data) = data else {
            return Some(self.begin_counted(refused));
        };
        if data.code == 354 {
            self.stuffer = Stuffer::default();
            if refused.iter().all(Option::is_some) {
                // RFC 2920 §3.1: it accepted DATA though it accepted nobody; it gets an empty message.
                self.output.extend_from_slice(b".\r\n");
                self.wait = Wait::End(refused);
                return None;
            }
            self.wait = Wait::Content(refused);
            return Some(ClientEvent::Content);
        }
        self.wait = Wait::Idle;
        let all = refused
            .into_iter()
            .map(|one| one.unwrap_or_else(|| data.clone()))
            .collect();
        if !mail.is_positive() || data.code != 421 {
            self.say("RSET");
            self.wait = Wait::Reset;
        }
        Some(ClientEvent::Done(all))
    }

    /// The envelope of a message that goes by BDAT has been answered.
    fn begin_counted(&mut self, refused: Vec<Option<Reply>>) -> ClientEvent {
        self.stuffer = Stuffer::counted();
        if refused.iter().any(Option::is_none) {
            self.wait = Wait::Content(refused);
            return ClientEvent::Content;
        }
        let gone = refused.iter().flatten().any(|reply| reply.code == 421);
        self.wait = Wait::Over;
        if !gone {
            self.say("RSET");
            self.wait = Wait::Reset;
        }
        ClientEvent::Done(refused.into_iter().flatten().collect())
    }

    /// Adds a piece of the content to the output.
    pub fn content(&mut self, piece: &[u8]) {
        let Some(mut chunk) = self.chunk.take() else {
            self.stuffer.write(piece, &mut self.output);
            return;
        };
        self.stuffer.write(piece, &mut chunk);
        if chunk.len() >= CHUNK_BYTES {
            self.say(&format!("BDAT {}", chunk.len()));
            self.output.append(&mut chunk);
            self.chunks += 1;
        }
        self.chunk = Some(chunk);
    }

    /// Ends the content.
    pub fn content_end(&mut self) {
        let stuffer = std::mem::take(&mut self.stuffer);
        if let Some(mut chunk) = self.chunk.take() {
            stuffer.end(&mut chunk);
            self.say(&format!("BDAT {} LAST", chunk.len()));
            self.output.append(&mut chunk);
            if let Wait::Content(refused) = std::mem::replace(&mut self.wait, Wait::Over) {
                self.wait = Wait::Chunks(refused, self.chunks, None);
            }
            return;
        }
        stuffer.end(&mut self.output);
        if let Wait::Content(refused) = std::mem::replace(&mut self.wait, Wait::Over) {
            self.wait = Wait::End(refused);
        }
    }

    /// Whether the session can send another message.
    pub fn is_ready(&self) -> bool {
        matches!(self.wait, Wait::Idle)
    }

    /// Whether the session is made ready for another message: [`ClientEvent::Ready`] will tell.
    pub fn is_resetting(&self) -> bool {
        matches!(self.wait, Wait::Reset)
    }

    /// Says good-bye.
    pub fn quit(&mut self) {
        self.say("QUIT");
        self.wait = Wait::Over;
    }

    fn say(&mut self, line: &str) {
        // Nothing of an address or name can end a line early.
        self.output.extend(line.bytes().map(|b| {
            if matches!(b, b'\r' | b'\n' | 0) {
                b'?'
            } else {
                b
            }
        }));
        self.output.extend_from_slice(b"\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(account: bool) -> Login {
        Login {
            host: "hill.internal".into(),
            start_tls: false,
            account: account.then(|| ("mira".into(), "lantern".into())),
            nonce: "fyko".into(),
        }
    }

    fn hear(client: &mut Client, text: &str) -> (Option<ClientEvent>, String) {
        let mut input = text.as_bytes();
        let mut event = None;
        while let Some(one) = client.receive(&mut input).unwrap() {
            event = Some(one);
        }
        (event, String::from_utf8(client.output()).unwrap())
    }

    fn envelope(to: &[&str]) -> Envelope {
        Envelope {
            from: Address::parse("mira@hill.internal").ok(),
            recipients: to
                .iter()
                .map(|to| Recipient {
                    to: Address::parse(to).unwrap(),
                    notify: None,
                    original: None,
                })
                .collect(),
            size_bytes: 10,
            eight_bit: false,
            utf8: false,
            ret: None,
            envelope_id: None,
        }
    }

    #[test]
    fn a_message_is_pipelined_and_each_recipient_has_a_reply() {
        let mut client = Client::new(login(true), true);
        assert_eq!(hear(&mut client, "220 x\r\n").1, "EHLO hill.internal\r\n");
        let offers = "250-x\r\n250-PIPELINING\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 100\r\n";
        assert_eq!(
            hear(&mut client, offers).1,
            "AUTH PLAIN AG1pcmEAbGFudGVybg==\r\n"
        );
        assert_eq!(hear(&mut client, "235 ok\r\n").0, Some(ClientEvent::Ready));
        assert!(client.send(&envelope(&["a@x", "b@x"])).is_none());
        assert_eq!(
            hear(&mut client, "").1,
            "MAIL FROM:<mira@hill.internal> SIZE=10\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
        );
        let (event, _) = hear(
            &mut client,
            "250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n354 go\r\n",
        );
        assert_eq!(event, Some(ClientEvent::Content));
        client.content(b"a\n.\nb");
        client.content_end();
        assert_eq!(hear(&mut client, "").1, "a\r\n..\r\nb\r\n.\r\n");
        let (event, _) = hear(&mut client, "250 2.0.0 queued\r\n");
        let fine = Reply::new(250, "2.0.0", "queued");
        assert_eq!(
            event,
            Some(ClientEvent::Done(vec![
                fine,
                Reply::new(550, "5.1.1", "nobody")
            ]))
        );
        assert!(client.is_ready());
        let large = Envelope {
            size_bytes: 101,
            ..envelope(&["a@x"])
        };
        assert_eq!(client.send(&large).unwrap().enhanced, "5.3.4");
        let wide = Envelope {
            utf8: true,
            ..envelope(&["a@x"])
        };
        assert_eq!(client.send(&wide).unwrap().enhanced, "5.6.7");
    }

    #[test]
    fn content_goes_counted_where_the_server_has_it() {
        let begin = |replies: &str| {
            let mut client = Client::new(login(false), true);
            hear(&mut client, "220 x\r\n");
            hear(&mut client, "250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
            assert!(client.send(&envelope(&["a@x", "b@x"])).is_none());
            let said = hear(&mut client, "").1;
            assert_eq!(
                said,
                "MAIL FROM:<mira@hill.internal>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\n"
            );
            let (event, said) = hear(&mut client, replies);
            (client, event, said)
        };
        let nobody = Reply::new(550, "5.1.1", "nobody");
        let (mut client, event, _) = begin("250 ok\r\n250 ok\r\n550 5.1.1 nobody\r\n");
        assert_eq!(event, Some(ClientEvent::Content));
        // A dot is a dot, a bare line end is none, and the last line ends.
        client.content(b"a\n.\n");
        client.content(&vec![b'x'; CHUNK_BYTES]);
        client.content(b"\r");
        client.content(b"\nend");
        client.content_end();
        let said = hear(&mut client, "").1;
        let first = format!("BDAT {}\r\na\r\n.\r\nxxx", CHUNK_BYTES + 6);
        assert!(said.starts_with(&first), "{}", &said[..40]);
        assert!(said.ends_with("xxxBDAT 7 LAST\r\n\r\nend\r\n"));
        let (event, _) = hear(&mut client, "250 2.0.0 some\r\n");
        assert_eq!(event, None);
        let (event, _) = hear(&mut client, "250 2.0.0 queued\r\n");
        let fine = Reply::new(250, "2.0.0", "queued");
        assert_eq!(event, Some(ClientEvent::Done(vec![fine, nobody.clone()])));
        assert!(client.is_ready());

        // The first refusal counts, and RSET makes room for the next message.
        let (mut client, _, _) = begin("250 ok\r\n250 ok\r\n250 ok\r\n");
        client.content(&vec![b'x'; CHUNK_BYTES]);
        client.content_end();
        let replies = "452 4.3.1 full\r\n503 5.5.1 no\r\n";
        let (event, said) = hear(&mut client, replies);
        let full = Reply::new(452, "4.3.1", "full");
        assert_eq!(event, Some(ClientEvent::Done(vec![full.clone(), full])));
        assert!(said.ends_with("RSET\r\n") && client.is_resetting());
        assert_eq!(hear(&mut client, "250 ok\r\n").0, Some(ClientEvent::Ready));
        assert!(client.is_ready());

        let (client, event, said) = begin("250 ok\r\n550 5.1.1 nobody\r\n550 5.1.1 nobody\r\n");
        assert_eq!(event, Some(ClientEvent::Done(vec![nobody.clone(), nobody])));
        assert!(said == "RSET\r\n" && client.is_resetting());
    }

    #[test]
    fn tls_that_is_required_is_not_gone_without() {
        let mut client = Client::new(
            Login {
                start_tls: true,
                ..login(false)
            },
            false,
        );
        hear(&mut client, "220 x\r\n");
        assert_eq!(
            client.receive(&mut &b"250 x\r\n"[..]),
            Err(ClientFault::NoTls)
        );
        let mut client = Client::new(
            Login {
                start_tls: true,
                ..login(false)
            },
            false,
        );
        hear(&mut client, "220 x\r\n");
        assert_eq!(
            hear(&mut client, "250-x\r\n250 STARTTLS\r\n").1,
            "STARTTLS\r\n"
        );
        let injected = client.receive(&mut &b"220 go\r\n250 x\r\n"[..]);
        assert_eq!(injected, Err(ClientFault::Unasked));
    }

    #[test]
    fn without_pipelining_one_line_waits_for_the_other() {
        let mut client = Client::new(login(false), false);
        hear(&mut client, "220 x\r\n");
        assert_eq!(
            hear(&mut client, "500 what\r\n").1,
            "HELO hill.internal\r\n"
        );
        assert_eq!(hear(&mut client, "250 x\r\n").0, Some(ClientEvent::Ready));
        client.send(&envelope(&["a@x"]));
        assert_eq!(
            hear(&mut client, "").1,
            "MAIL FROM:<mira@hill.internal>\r\n"
        );
        assert_eq!(hear(&mut client, "250 ok\r\n").1, "RCPT TO:<a@x>\r\n");
        // Nobody is left to send to: no DATA.
        let (event, said) = hear(&mut client, "450 later\r\n");
        let later = Reply::new(450, "", "later");
        assert_eq!(
            (event, said.as_str()),
            (Some(ClientEvent::Done(vec![later.clone()])), "RSET\r\n")
        );
        assert_eq!(hear(&mut client, "250 ok\r\n").0, Some(ClientEvent::Ready));

        // One of two is enough.
        client.send(&envelope(&["a@x", "b@x"]));
        hear(&mut client, "250 ok\r\n");
        assert_eq!(hear(&mut client, "450 later\r\n").1, "RCPT TO:<b@x>\r\n");
        assert_eq!(hear(&mut client, "250 ok\r\n").1, "DATA\r\n");
        assert_eq!(
            hear(&mut client, "354 go\r\n").0,
            Some(ClientEvent::Content)
        );
        client.content(b"a");
        client.content_end();
        hear(&mut client, "250 ok\r\n");

        // A sender who is refused: nobody is named.
        client.send(&envelope(&["a@x", "b@x"]));
        let (event, said) = hear(&mut client, "550 5.1.8 no\r\n");
        let no = Reply::new(550, "5.1.8", "no");
        assert_eq!(event, Some(ClientEvent::Done(vec![no; 2])));
        assert!(
            said.ends_with("RSET\r\n") && !said.contains("RCPT"),
            "{said}"
        );
    }
}
