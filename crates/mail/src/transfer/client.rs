//! A small IMAP client for fetching: signs in, lists mailboxes, reads them, and changes nothing (RFC 3501, 9051).

use std::time::Duration;

use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::TcpStream;

use lampion_mailproto::answer::{Token, literal, tokens};

use crate::store::Incoming;

/// The longest answer apart from messages, in bytes: the list of UIDs of some million messages.
const ANSWER_LIMIT: usize = 32 << 20;
/// A server that is silent for longer has been lost.
const SILENCE: Duration = Duration::from_secs(120);
/// The longest that a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(30);
/// Bytes of a message that are read at once.
const PIECE: usize = 64 * 1024;
/// Answers to one command at most.
const ANSWERS_LIMIT: usize = 100_000;

/// What went wrong with another server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// It can't be reached, or the line broke: it may work later.
    #[error("the mail server: {0}")]
    Away(String),
    /// It refused, or its certificate isn't known: it won't work later either.
    #[error("the mail server refused: {0}")]
    Refused(String),
    /// It doesn't speak IMAP as it should.
    #[error("the mail server answered what is no IMAP: {0}")]
    NoImap(&'static str),
}

impl From<std::io::Error> for ClientError {
    fn from(error: std::io::Error) -> Self {
        Self::Away(error.to_string())
    }
}

/// How a connection is made secure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Secure {
    /// TLS from the first byte.
    Tls,
    /// TLS after asking for it.
    StartTls,
    /// None: only within a network that is trusted.
    Plain,
}

/// One answer: its first word (`*`, `+` or a tag), and the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// `*`, `+` or the command's tag.
    pub tag: String,
    /// What follows.
    pub tokens: Vec<Token>,
    /// The line's text after the tag, for people.
    pub line: String,
}

/// Either kind of stream.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A connection to a server.
pub struct Client {
    stream: BufReader<Box<dyn Stream>>,
    next_tag: u32,
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = std::io::Result<T>>,
) -> Result<T, ClientError> {
    match tokio::time::timeout(limit, work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(ClientError::Away(format!(
            "it was silent for {} s",
            limit.as_secs()
        ))),
    }
}

async fn secured(
    stream: Box<dyn Stream>,
    host: &str,
    trusted: &str,
) -> Result<Box<dyn Stream>, ClientError> {
    let config =
        super::tls::config(trusted).map_err(|error| ClientError::Refused(error.to_string()))?;
    let name = rustls::pki_types::ServerName::try_from(host.to_string())
        .map_err(|_| ClientError::Refused(format!("`{host}` is no name of a server")))?;
    let connector = tokio_rustls::TlsConnector::from(config);
    match tokio::time::timeout(CONNECT, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        // The certificate won't get better by itself.
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
            Err(ClientError::Refused(error.to_string()))
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(ClientError::Away("TLS did not come about in time".into())),
    }
}

impl Client {
    /// Connects, and waits for the greeting.
    ///
    /// # Errors
    /// `Away`; `Refused` by its certificate or greeting.
    pub async fn connect(
        host: &str,
        port: u16,
        secure: Secure,
        trusted: &str,
    ) -> Result<Self, ClientError> {
        let stream = within(CONNECT, TcpStream::connect((host, port))).await?;
        stream.set_nodelay(true)?;
        let mut stream: Box<dyn Stream> = Box::new(stream);
        if secure == Secure::Tls {
            stream = secured(stream, host, trusted).await?;
        }
        let mut client = Self::over(stream).await?;
        if secure == Secure::StartTls {
            client.command("STARTTLS", None).await?;
            // What came unasked before TLS is nobody's word (CVE-2011-0411).
            if !client.stream.buffer().is_empty() {
                return Err(ClientError::NoImap("something came before TLS"));
            }
            let stream = secured(client.stream.into_inner(), host, trusted).await?;
            client = Self {
                stream: BufReader::with_capacity(PIECE, stream),
                next_tag: 1,
            };
        }
        Ok(client)
    }

    /// Begins with a stream on which the server greets.
    ///
    /// # Errors
    /// `Away`, `Refused`.
    pub async fn over(stream: Box<dyn Stream>) -> Result<Self, ClientError> {
        let mut client = Self {
            stream: BufReader::with_capacity(PIECE, stream),
            next_tag: 0,
        };
        let greeting = client.answer(None).await?;
        match greeting.tokens.first() {
            Some(word) if word.is("OK") || word.is("PREAUTH") => Ok(client),
            Some(word) if word.is("BYE") => Err(ClientError::Away(greeting.line)),
            _ => Err(ClientError::NoImap("no greeting")),
        }
    }

    /// Signs in.
    ///
    /// # Errors
    /// `Refused` if name or password are wrong; `Away`.
    pub async fn sign_in(&mut self, user: &str, password: &str) -> Result<(), ClientError> {
        use base64::Engine as _;
        let capabilities = self.capabilities().await?;
        let has = |word: &str| {
            capabilities
                .iter()
                .any(|one| one.eq_ignore_ascii_case(word))
        };
        if has("AUTH=PLAIN") {
            let secret =
                base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{password}"));
            if has("SASL-IR") {
                self.command(&format!("AUTHENTICATE PLAIN {secret}"), None)
                    .await?;
            } else {
                self.command("AUTHENTICATE PLAIN", Some(&secret)).await?;
            }
            return Ok(());
        }
        if has("LOGINDISABLED") {
            return Err(ClientError::Refused(
                "it takes no password on this connection".into(),
            ));
        }
        self.command(
            &format!("LOGIN {} {}", quoted(user)?, quoted(password)?),
            None,
        )
        .await?;
        Ok(())
    }

    /// What the server can.
    ///
    /// # Errors
    /// `Away`, `NoImap`.
    pub async fn capabilities(&mut self) -> Result<Vec<String>, ClientError> {
        let answers = self.command("CAPABILITY", None).await?;
        let found = answers.into_iter().find(|answer| {
            answer
                .tokens
                .first()
                .is_some_and(|word| word.is("CAPABILITY"))
        });
        Ok(found
            .map(|answer| {
                answer
                    .tokens
                    .iter()
                    .skip(1)
                    .filter_map(Token::text)
                    .collect()
            })
            .unwrap_or_default())
    }

    /// Sends a command and gathers the answers until it is done. `more` is sent when the server asks to go on.
    ///
    /// # Errors
    /// `Refused` if it answers `NO` or `BAD`; `Away`, `NoImap`.
    pub async fn command(
        &mut self,
        command: &str,
        more: Option<&str>,
    ) -> Result<Vec<Answer>, ClientError> {
        let tag = self.send(command).await?;
        let mut answers = Vec::new();
        let mut more = more;
        loop {
            let answer = self.answer(None).await?;
            if answer.tag == "+" {
                let line = more.take().unwrap_or("*");
                self.write(format!("{line}\r\n").as_bytes()).await?;
            } else if answer.tag == tag {
                return done(answer).map(|()| answers);
            } else if answers.len() < ANSWERS_LIMIT {
                answers.push(answer);
            } else {
                return Err(ClientError::NoImap("answers without end"));
            }
        }
    }

    /// Sends a command; gives its tag. [`Client::answer`] gives the answers.
    ///
    /// # Errors
    /// `Away`.
    pub async fn send(&mut self, command: &str) -> Result<String, ClientError> {
        self.next_tag += 1;
        let tag = format!("L{}", self.next_tag);
        self.write(format!("{tag} {command}\r\n").as_bytes())
            .await?;
        Ok(tag)
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        within(SILENCE, async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        })
        .await
    }

    /// The next answer. A literal after `BODY[]` goes to the sink; what the sink refuses is read all the same.
    ///
    /// # Errors
    /// `Away`, `NoImap`.
    pub async fn answer(&mut self, mut sink: Option<&mut Sink>) -> Result<Answer, ClientError> {
        let mut answer = Answer::default();
        let mut size = 0;
        loop {
            let mut line = Vec::new();
            let limit = (ANSWER_LIMIT - size) as u64;
            let read = within(
                SILENCE,
                (&mut self.stream).take(limit).read_until(b'\n', &mut line),
            )
            .await?;
            size += read;
            if read == 0 {
                return Err(ClientError::Away("it hung up".into()));
            }
            let Some(text) = line.strip_suffix(b"\n") else {
                return Err(ClientError::NoImap("a line without end"));
            };
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            let (text, literal) = literal(text);
            if answer.tag.is_empty() {
                let line = String::from_utf8_lossy(text);
                let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
                (answer.tag, answer.line) = (tag.into(), rest.chars().take(500).collect());
                let skip = text
                    .iter()
                    .position(|b| *b == b' ')
                    .map_or(text.len(), |at| at + 1);
                tokens(text.get(skip..).unwrap_or_default(), &mut answer.tokens);
            } else {
                tokens(text, &mut answer.tokens);
            }
            let Some(length) = literal else {
                return Ok(answer);
            };
            let body = answer.tokens.last().is_some_and(|token| token.is("BODY[]"));
            match &mut sink {
                Some(sink) if body => {
                    self.stream_to(length, sink).await?;
                    answer.tokens.push(Token::Message);
                }
                _ => {
                    let length = usize::try_from(length).unwrap_or(usize::MAX);
                    if length > ANSWER_LIMIT - size {
                        return Err(ClientError::NoImap("a literal that is too long"));
                    }
                    size += length;
                    let mut bytes = vec![0; length];
                    within(SILENCE, self.stream.read_exact(&mut bytes)).await?;
                    answer.tokens.push(Token::Text(bytes));
                }
            }
        }
    }

    async fn stream_to(&mut self, mut left: u64, sink: &mut Sink) -> Result<(), ClientError> {
        sink.came = true;
        while left > 0 {
            let piece = within(SILENCE, self.stream.fill_buf()).await?;
            if piece.is_empty() {
                return Err(ClientError::Away("it hung up".into()));
            }
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
            if let Ok(incoming) = &mut sink.incoming
                && let Err(error) = incoming.write(piece.get(..take).unwrap_or_default()).await
            {
                sink.incoming = Err(error);
            }
            self.stream.consume(take);
            left -= take as u64;
        }
        Ok(())
    }
}

/// Where a message goes while it is read.
pub struct Sink {
    /// The message, or why it can't be kept.
    pub incoming: Result<Incoming, crate::store::MailError>,
    /// Whether one came at all.
    pub came: bool,
}

fn done(answer: Answer) -> Result<(), ClientError> {
    match answer.tokens.first() {
        Some(word) if word.is("OK") => Ok(()),
        Some(word) if word.is("NO") || word.is("BAD") => Err(ClientError::Refused(answer.line)),
        _ => Err(ClientError::NoImap("a command without end")),
    }
}

/// A quoted string; what can't stand in one is refused.
///
/// # Errors
/// `Refused` for line ends and NUL.
pub fn quoted(text: &str) -> Result<String, ClientError> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(ClientError::Refused(
            "a name or password with line ends can't be sent".into(),
        ));
    }
    Ok(format!(
        "\"{}\"",
        text.replace('\\', "\\\\").replace('"', "\\\"")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_are_quoted() {
        assert_eq!(quoted("a\"b\\").unwrap(), "\"a\\\"b\\\\\"");
        assert!(quoted("a\nb").is_err());
    }

    #[tokio::test]
    async fn what_comes_before_tls_is_refused_and_endless_lines_too() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        theirs.write_all(b"* BYE later\r\n").await.unwrap();
        let refused = Client::over(Box::new(ours)).await;
        assert!(matches!(refused, Err(ClientError::Away(_))));
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        drop(theirs);
        assert!(Client::over(Box::new(ours)).await.is_err());
    }
}
