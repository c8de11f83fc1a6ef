//! Sending through the smarthost.

use std::sync::Arc;
use std::time::Duration;

use lampion_core::ids;
use lampion_mailproto::smtp::client::{Client, ClientEvent, Envelope, Login, Recipient};
use lampion_mailproto::smtp::{Address, Reply, Return};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Queue;
use super::rows::Queued;
use super::run::said;
use super::seven_bit::SevenBit;
use crate::store::MailError;

/// How long the server may take for a reply (RFC 5321 §4.5.3.2: 5 minutes, 10 after the content).
const REPLY_TIMEOUT: Duration = Duration::from_secs(300);
const END_TIMEOUT: Duration = Duration::from_secs(600);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(60);
/// Recipients of one transaction (RFC 5321 §4.5.3.1.8 asks servers for 100).
const RECIPIENTS: usize = 100;

/// Where mail for the world goes.
#[derive(Clone)]
pub struct Smarthost {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    tls: bool,
    start_tls: bool,
    account: Option<(String, String)>,
}

impl std::fmt::Debug for Smarthost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smarthost")
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// An address of a smarthost that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "use an address such as `smtp+starttls://name:password@host:587`, `smtps://…:465` or `smtp://host:25`"
)]
pub struct BadSmarthost;

impl Smarthost {
    /// Reads `smtp://`, `smtp+starttls://` or `smtps://`, with name and password if wanted (signs in them as `%40`). A
    /// password is sent over TLS only, or to this machine.
    ///
    /// # Errors
    /// [`BadSmarthost`].
    pub fn parse(text: &str) -> Result<Self, BadSmarthost> {
        let (scheme, rest) = text.split_once("://").ok_or(BadSmarthost)?;
        let (account, place) = match rest.rsplit_once('@') {
            Some((account, place)) => {
                let (name, secret) = account.split_once(':').ok_or(BadSmarthost)?;
                (Some((decoded(name)?, decoded(secret)?)), place)
            }
            None => (None, rest),
        };
        let place = place.trim_end_matches('/');
        let usual = match scheme {
            "smtps" => 465,
            "smtp+starttls" => 587,
            "smtp" => 25,
            _ => return Err(BadSmarthost),
        };
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| BadSmarthost)?)
            }
            _ => (place, usual),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(BadSmarthost);
        }
        let here = matches!(host, "localhost" | "127.0.0.1" | "::1");
        Ok(Self {
            host: host.into(),
            port,
            tls: scheme == "smtps",
            start_tls: scheme == "smtp+starttls"
                || (scheme == "smtp" && account.is_some() && !here),
            account,
        })
    }
}

fn decoded(text: &str) -> Result<String, BadSmarthost> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        let (code, tail) = after.split_at_checked(2).ok_or(BadSmarthost)?;
        out.push(u8::from_str_radix(code, 16).map_err(|_| BadSmarthost)?);
        rest = tail;
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).map_err(|_| BadSmarthost)
}

/// What came of one recipient.
#[derive(Debug, Clone)]
pub(super) enum Attempt {
    /// The server's words, and whether it sends reports itself.
    Said { reply: Reply, reports: bool },
    /// It could not be reached, or the line broke.
    Away(String),
}

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A session that is under way.
struct Session<'a> {
    smarthost: &'a Smarthost,
    client: Client,
    plain: Option<TcpStream>,
    wire: Option<Box<dyn Wire>>,
    buffer: Vec<u8>,
    from: usize,
    end: usize,
}

impl Queue {
    /// Tries all of these in one session; gives what came of each.
    pub(super) async fn attempt(
        &self,
        smarthost: &Smarthost,
        due: &[Queued],
    ) -> Result<Vec<Attempt>, MailError> {
        let mut tried = Vec::with_capacity(due.len());
        let mut session = match self.connect(smarthost).await {
            Ok(session) => session,
            Err(attempt) => return Ok(vec![attempt; due.len()]),
        };
        let together = |a: &Queued, b: &Queued| a.message == b.message && a.sender == b.sender;
        for group in due
            .chunk_by(together)
            .flat_map(|group| group.chunks(RECIPIENTS))
        {
            if !session.client.is_ready() {
                let again = Attempt::Away("the line broke".into());
                tried.extend(std::iter::repeat_n(again, group.len()));
                continue;
            }
            let sent = self.send(&mut session, group).await?;
            if session.client.is_resetting() {
                // What was refused must not keep the others waiting; if the line is gone, the next one sees it.
                let _ready = session.next(REPLY_TIMEOUT).await;
            }
            match sent {
                Ok(replies) => {
                    let reports = session.client.offer("DSN").is_some();
                    tried.extend(replies.into_iter().map(|reply| said(reply, reports)));
                }
                Err(why) => tried.extend(std::iter::repeat_n(Attempt::Away(why), group.len())),
            }
        }
        session.client.quit();
        let _it_may_be_gone = session.flush().await;
        Ok(tried)
    }

    async fn connect<'a>(&self, smarthost: &'a Smarthost) -> Result<Session<'a>, Attempt> {
        let away = |why: String| Attempt::Away(format!("{}: {why}", smarthost.host));
        let connecting = TcpStream::connect((smarthost.host.as_str(), smarthost.port));
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, connecting)
            .await
            .map_err(|_| away("no answer".into()))?
            .map_err(|error| away(error.to_string()))?;
        let login = Login {
            host: self.0.domain.clone(),
            start_tls: smarthost.start_tls,
            account: smarthost.account.clone(),
            nonce: ids::new_secret(&*self.0.rng),
        };
        let mut session = Session {
            smarthost,
            client: Client::new(login, smarthost.tls),
            plain: Some(stream),
            wire: None,
            buffer: vec![0; 16 * 1024],
            from: 0,
            end: 0,
        };
        if smarthost.tls {
            session.begin_tls().await.map_err(away)?;
        }
        loop {
            match session.next(REPLY_TIMEOUT).await.map_err(away)? {
                ClientEvent::StartTls => {
                    session.flush().await.map_err(away)?;
                    session.begin_tls().await.map_err(away)?;
                    session.client.tls_started();
                }
                ClientEvent::Ready => return Ok(session),
                // A refused sign-in is for the operator to mend, not a reason to give messages up.
                ClientEvent::Failed(reply) => return Err(away(reply.to_string())),
                ClientEvent::Content | ClientEvent::Done(_) => {
                    return Err(away("out of step".into()));
                }
            }
        }
    }

    /// Sends one message. The inner error: the line broke.
    async fn send(
        &self,
        session: &mut Session<'_>,
        group: &[Queued],
    ) -> Result<Result<Vec<Reply>, String>, MailError> {
        let Some(first) = group.first() else {
            return Ok(Ok(Vec::new()));
        };
        let content = match self.0.store.content(first.message).await {
            Ok(content) => content,
            Err(MailError::NoSuchMessage) => {
                let lost = Reply::new(554, "5.3.0", "the message is not there any more");
                return Ok(Ok(vec![lost; group.len()]));
            }
            Err(error) => return Err(error),
        };
        let recipients: Vec<Recipient> = group
            .iter()
            .filter_map(|one| {
                Some(Recipient {
                    to: Address::parse(&one.recipient).ok()?,
                    notify: one.notify,
                    original: one.original.clone(),
                })
            })
            .collect();
        if recipients.len() != group.len() {
            let bad = Reply::new(553, "5.1.3", "the address can't be read");
            return Ok(Ok(vec![bad; group.len()]));
        }
        let mut seven_bit = None;
        if first.eight_bit && session.client.offer("8BITMIME").is_none() {
            let detail = self.0.store.details(&[first.message]).await?.pop();
            if let Some((structure, _)) = detail.and_then(|detail| detail.about().ok()) {
                seven_bit = SevenBit::of(&content, &structure).await?;
            }
        }
        let refused = session.client.send(&Envelope {
            from: first.reports_to(),
            recipients,
            size_bytes: seven_bit
                .as_ref()
                .map_or(content.size_bytes, |one| one.size_bytes),
            eight_bit: first.eight_bit && seven_bit.is_none(),
            utf8: group.iter().any(|one| one.utf8),
            ret: first.full_return.then_some(Return::Full),
            envelope_id: first.envelope_id.clone(),
        });
        if let Some(reply) = refused {
            return Ok(Ok(vec![reply; group.len()]));
        }
        let mut timeout = REPLY_TIMEOUT;
        loop {
            match session.next(timeout).await {
                Ok(ClientEvent::Content) => {
                    let mut at = 0;
                    loop {
                        let piece = match &mut seven_bit {
                            Some(seven_bit) => seven_bit.piece(&content).await?,
                            None => content.piece(at).await?,
                        };
                        if piece.is_empty() {
                            break;
                        }
                        at += piece.len() as u64;
                        session.client.content(&piece);
                        if let Err(why) = session.flush().await {
                            return Ok(Err(why));
                        }
                    }
                    session.client.content_end();
                    timeout = END_TIMEOUT;
                }
                Ok(ClientEvent::Done(replies)) => return Ok(Ok(replies)),
                Ok(ClientEvent::Failed(reply)) => return Ok(Err(reply.to_string())),
                Ok(_) => return Ok(Err("out of step".into())),
                Err(why) => return Ok(Err(why)),
            }
        }
    }
}

impl Session<'_> {
    async fn begin_tls(&mut self) -> Result<(), String> {
        let stream = self.plain.take().ok_or("TLS was on already")?;
        let mut roots = rustls::RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name =
            ServerName::try_from(self.smarthost.host.clone()).map_err(|error| error.to_string())?;
        let begun = TlsConnector::from(Arc::new(config)).connect(name, stream);
        let stream = tokio::time::timeout(CONNECT_TIMEOUT, begun)
            .await
            .map_err(|_| "no answer".to_string())?
            .map_err(|error| error.to_string())?;
        self.wire = Some(Box::new(stream));
        Ok(())
    }

    fn wire(&mut self) -> Result<&mut dyn Wire, String> {
        match (&mut self.wire, &mut self.plain) {
            (Some(wire), _) => Ok(wire.as_mut()),
            (None, Some(plain)) => Ok(plain),
            (None, None) => Err("the line is closed".into()),
        }
    }

    async fn flush(&mut self) -> Result<(), String> {
        let output = self.client.output();
        if output.is_empty() {
            return Ok(());
        }
        let wire = self.wire()?;
        let written = async {
            wire.write_all(&output).await?;
            wire.flush().await
        };
        tokio::time::timeout(REPLY_TIMEOUT, written)
            .await
            .map_err(|_| "no answer".to_string())?
            .map_err(|error| error.to_string())
    }

    /// The next thing that happens.
    async fn next(&mut self, timeout: Duration) -> Result<ClientEvent, String> {
        loop {
            let mut input = self.buffer.get(self.from..self.end).unwrap_or_default();
            let event = self.client.receive(&mut input);
            self.from = self.end - input.len();
            if let Some(event) = event.map_err(|error| error.to_string())? {
                return Ok(event);
            }
            self.flush().await?;
            let mut buffer = std::mem::take(&mut self.buffer);
            let read = tokio::time::timeout(timeout, self.wire()?.read(&mut buffer)).await;
            self.buffer = buffer;
            (self.from, self.end) = (0, 0);
            match read {
                Ok(Ok(0)) => return Err("the server closed the line".into()),
                Ok(Ok(count)) => self.end = count,
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("no answer".into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_smarthosts_say_how_to_get_there() {
        let one = Smarthost::parse("smtp://mi%40ra:a%3Ab@mail.example:2525").unwrap();
        assert_eq!(
            (one.host.as_str(), one.port, one.start_tls, one.tls),
            ("mail.example", 2525, true, false)
        );
        assert_eq!(one.account, Some(("mi@ra".into(), "a:b".into())));
        let one = Smarthost::parse("smtps://[fd00::1]").unwrap();
        assert_eq!(
            (one.host.as_str(), one.port, one.tls),
            ("fd00::1", 465, true)
        );
        assert!(
            !Smarthost::parse("smtp://a:b@127.0.0.1:25")
                .unwrap()
                .start_tls
        );
        assert!(
            Smarthost::parse("smtp+starttls://mail.example")
                .unwrap()
                .start_tls
        );
        for bad in [
            "",
            "mail.example",
            "http://x",
            "smtp://",
            "smtp://a@b",
            "smtp://h:x",
            "smtp://a:%zz@h",
        ] {
            assert!(Smarthost::parse(bad).is_err(), "{bad}");
        }
    }
}
