//! Many sessions that idle, on one thread: each says when it was told of new messages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::Account;

/// Sessions that sign in at the same time.
const SIGN_IN: usize = 16;
/// The longest until all idle.
const START: Duration = Duration::from_secs(600);
/// The smallest buffer that takes a line.
const LINE: usize = 1024;

/// A session was told how many messages there are.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    pub session: usize,
    pub messages: u64,
    pub at: Instant,
}

enum Event {
    /// It idles; so many messages are there.
    Ready(usize, u64),
    Told(Told),
    Broken(usize, anyhow::Error),
}

/// Sessions that idle; they end when this is dropped.
pub struct Idlers {
    events: Receiver<Event>,
    /// How many messages each was last told of.
    pub counts: Vec<u64>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// How sessions come to a server.
#[derive(Clone)]
pub enum Way {
    Plain(SocketAddr),
    Tls(SocketAddr, Arc<rustls::ClientConfig>),
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Way {
    /// TLS to a server whose certificate nobody vouches for.
    pub fn tls(to: SocketAddr) -> anyhow::Result<Self> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anyone(provider)))
            .with_no_client_auth();
        Ok(Self::Tls(to, Arc::new(config)))
    }

    async fn open(&self) -> anyhow::Result<Box<dyn Stream>> {
        match self {
            Self::Plain(to) => Ok(Box::new(connect(*to).await?)),
            Self::Tls(to, config) => {
                let connector = tokio_rustls::TlsConnector::from(Arc::clone(config));
                let name = rustls::pki_types::ServerName::try_from(super::DOMAIN)?;
                Ok(Box::new(
                    connector.connect(name, connect(*to).await?).await?,
                ))
            }
        }
    }
}

async fn connect(to: SocketAddr) -> anyhow::Result<TcpStream> {
    let stream = TcpStream::connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

impl Idlers {
    /// Signs in for each of `who`, and idles in their INBOX. Returns when all do.
    pub fn start(way: &Way, who: Vec<Account>) -> anyhow::Result<Self> {
        let (out, events) = channel();
        let (stop, stopped) = oneshot::channel();
        let count = who.len();
        let way = way.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::spawn(move || {
            runtime.block_on(async move {
                let turns = Arc::new(Semaphore::new(SIGN_IN));
                for (session, account) in who.into_iter().enumerate() {
                    let (way, out, turns) = (way.clone(), out.clone(), Arc::clone(&turns));
                    tokio::spawn(async move {
                        if let Err(error) = idle(&way, &account, session, &out, &turns).await {
                            let _nobody_listens = out.send(Event::Broken(session, error));
                        }
                    });
                }
                let _dropped = stopped.await;
            });
        });
        let mut idlers = Self {
            events,
            counts: vec![0; count],
            stop: Some(stop),
            thread: Some(thread),
        };
        let begun = Instant::now();
        for ready in 0..count {
            let left = START.saturating_sub(begun.elapsed());
            match idlers.events.recv_timeout(left) {
                Ok(Event::Ready(session, messages)) => idlers.note(session, messages),
                Ok(Event::Told(told)) => idlers.note(told.session, told.messages),
                Ok(Event::Broken(session, error)) => {
                    return Err(error.context(format!("session {session} of {count}")));
                }
                Err(_) => bail!("only {ready} of {count} sessions idle after {START:?}"),
            }
        }
        Ok(idlers)
    }

    fn note(&mut self, session: usize, messages: u64) {
        if let Some(count) = self.counts.get_mut(session) {
            *count = messages;
        }
    }

    /// The next that a session was told; `None` when nothing came for so long.
    pub fn next(&mut self, wait: Duration) -> anyhow::Result<Option<Told>> {
        loop {
            match self.events.recv_timeout(wait) {
                Ok(Event::Told(told)) => {
                    self.note(told.session, told.messages);
                    return Ok(Some(told));
                }
                Ok(Event::Ready(..)) => {}
                Ok(Event::Broken(session, error)) => {
                    return Err(error.context(format!("session {session}")));
                }
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => bail!("the sessions ended"),
            }
        }
    }
}

impl Drop for Idlers {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _may_have_panicked = thread.join();
        }
    }
}

async fn idle(
    way: &Way,
    account: &Account,
    session: usize,
    out: &Sender<Event>,
    turns: &Semaphore,
) -> anyhow::Result<()> {
    let turn = turns.acquire().await?;
    let mut stream = BufReader::with_capacity(LINE, way.open().await?);
    let mut messages = 0;
    line(&mut stream).await?;
    for (tag, command) in [
        ("a", format!("LOGIN {} {}", account.name, account.secret)),
        ("b", "SELECT INBOX".into()),
    ] {
        stream
            .write_all(format!("{tag} {command}\r\n").as_bytes())
            .await?;
        stream.flush().await?;
        loop {
            let line = line(&mut stream).await?;
            if let Some(count) = exists(&line) {
                messages = count;
            }
            if let Some(end) = line
                .strip_prefix(tag)
                .and_then(|rest| rest.strip_prefix(' '))
            {
                ensure!(end.starts_with("OK"), "{end}");
                break;
            }
        }
    }
    stream.write_all(b"c IDLE\r\n").await?;
    stream.flush().await?;
    loop {
        let line = line(&mut stream).await?;
        if let Some(count) = exists(&line) {
            messages = count;
        }
        if line.starts_with('+') {
            break;
        }
        ensure!(!line.starts_with("c "), "{line}");
    }
    drop(turn);
    if out.send(Event::Ready(session, messages)).is_err() {
        return Ok(());
    }
    loop {
        let line = line(&mut stream).await?;
        let at = Instant::now();
        let Some(messages) = exists(&line) else {
            continue;
        };
        let told = Told {
            session,
            messages,
            at,
        };
        if out.send(Event::Told(told)).is_err() {
            return Ok(());
        }
    }
}

async fn line(stream: &mut BufReader<Box<dyn Stream>>) -> anyhow::Result<String> {
    let mut line = String::new();
    let count = stream.read_line(&mut line).await?;
    ensure!(count > 0, "the server ended the connection");
    Ok(line)
}

/// `* 12 EXISTS`
fn exists(line: &str) -> Option<u64> {
    let rest = line.strip_prefix("* ")?.trim_end();
    rest.strip_suffix(" EXISTS")?.parse().ok()
}

/// Takes any certificate: what is measured is this machine's own server.
#[derive(Debug)]
struct Anyone(Arc<rustls::crypto::CryptoProvider>);

impl rustls::client::danger::ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _end_entity: &rustls::pki_types::CertificateDer<'_>,
        _intermediates: &[rustls::pki_types::CertificateDer<'_>],
        _server_name: &rustls::pki_types::ServerName<'_>,
        _ocsp_response: &[u8],
        _now: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &rustls::pki_types::CertificateDer<'_>,
        signature: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        let known = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exists_is_a_count() {
        assert_eq!(exists("* 12 EXISTS\r\n"), Some(12));
        assert_eq!(exists("* 12 RECENT\r\n"), None);
        assert_eq!(exists("* OK Still here\r\n"), None);
    }
}
