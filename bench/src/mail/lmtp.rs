//! Messages are handed in by LMTP (RFC 2033) or SMTP (RFC 5321), over many connections.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use super::SENDER;
use super::make::Pool;
use crate::load::Times;

/// The longest that a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// How messages are handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Lmtp,
    Smtp,
}

/// A connection.
pub struct Connection(BufReader<TcpStream>);

/// What became of a message.
#[derive(Debug)]
pub struct Handed {
    /// When its last byte was sent.
    pub sent: Instant,
    /// When the answer to it came.
    pub answered: Instant,
    /// What was answered, if not 250.
    pub refused: Option<String>,
}

impl Connection {
    pub fn open(to: SocketAddr, protocol: Protocol) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(to).with_context(|| to.to_string())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut connection = Self(BufReader::new(stream));
        connection.expect(220)?;
        let word = match protocol {
            Protocol::Lmtp => "LHLO",
            Protocol::Smtp => "EHLO",
        };
        connection.send(format!("{word} valley.internal\r\n").as_bytes())?;
        connection.expect(250)?;
        Ok(connection)
    }

    /// Hands in one message for one recipient; `data` is what stands after DATA, with the dot at its end.
    pub fn message(&mut self, recipient: &str, data: &[u8]) -> anyhow::Result<Handed> {
        // RFC 2920: the commands come together.
        self.send(format!("MAIL FROM:<{SENDER}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n").as_bytes())?;
        self.expect(250)?;
        let (code, text) = self.reply()?;
        if code != 250 {
            let _none_is_valid = self.reply()?;
            let now = Instant::now();
            return Ok(Handed {
                sent: now,
                answered: now,
                refused: Some(format!("RCPT: {code} {text}")),
            });
        }
        self.expect(354)?;
        self.send(data)?;
        let sent = Instant::now();
        let (code, text) = self.reply()?;
        Ok(Handed {
            sent,
            answered: Instant::now(),
            refused: (code != 250).then(|| format!("{code} {text}")),
        })
    }

    fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.0.get_mut().write_all(bytes)?)
    }

    fn expect(&mut self, wanted: u16) -> anyhow::Result<()> {
        let (code, text) = self.reply()?;
        ensure!(code == wanted, "{wanted} was expected: {code} {text}");
        Ok(())
    }

    /// A reply with its last line's text.
    fn reply(&mut self) -> anyhow::Result<(u16, String)> {
        loop {
            let mut line = String::new();
            ensure!(
                self.0.read_line(&mut line)? > 0,
                "the server ended the connection"
            );
            let code = line.get(..3).and_then(|code| code.parse().ok());
            let code = code.with_context(|| format!("no reply: {line}"))?;
            if line.get(3..4) != Some("-") {
                let text = line.get(4..).unwrap_or_default().trim_end().to_string();
                return Ok((code, text));
            }
        }
    }
}

/// Many messages, by turns to many recipients.
pub struct Load<'l> {
    pub to: SocketAddr,
    pub protocol: Protocol,
    pub connections: usize,
    pub recipients: &'l [String],
    pub pool: &'l Pool,
    /// Number of the first message.
    pub first: u64,
    pub count: u64,
}

/// How it went.
#[derive(Debug)]
pub struct Done {
    /// From the first byte to the last answer, connections being open before.
    pub seconds: f64,
    /// From MAIL to the answer to the message, in milliseconds.
    pub times: Times,
    /// Messages that got 250.
    pub kept: u64,
}

impl Done {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        self.kept as f64 / self.seconds
    }

    pub fn shown(&self) -> String {
        format!("{:.0}/s (p50 / p99 {})", self.rate(), self.times.shown())
    }
}

impl Load<'_> {
    /// Hands in all of them.
    ///
    /// # Errors
    /// A connection broke, or a message was refused.
    pub fn run(&self) -> anyhow::Result<Done> {
        let mut connections = (0..self.connections)
            .map(|_| Connection::open(self.to, self.protocol))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let next = AtomicU64::new(self.first);
        let begun = Instant::now();
        let one = |connection: &mut Connection| -> anyhow::Result<(Vec<f64>, Option<String>)> {
            let (mut times, mut refused) = (Vec::new(), None);
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= self.first + self.count {
                    return Ok((times, refused));
                }
                let at = usize::try_from(n)? % self.recipients.len().max(1);
                let recipient = self.recipients.get(at).context("no recipient")?;
                let data = self.pool.data(n);
                let before = Instant::now();
                let handed = connection.message(recipient, &data)?;
                match handed.refused {
                    None => times.push((handed.answered - before).as_secs_f64() * 1e3),
                    Some(said) => refused = refused.or(Some(said)),
                }
            }
        };
        let all = std::thread::scope(|scope| {
            let running: Vec<_> = connections
                .iter_mut()
                .map(|connection| scope.spawn(|| one(connection)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(anyhow::anyhow!("a client broke")))
                })
                .collect::<anyhow::Result<Vec<_>>>()
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        let (mut times, mut refused) = (Vec::new(), None);
        for (own, said) in all {
            times.extend(own);
            refused = refused.or(said);
        }
        let kept = times.len() as u64;
        ensure!(
            kept == self.count,
            "{} of {} messages were refused: {}",
            self.count - kept,
            self.count,
            refused.unwrap_or_default()
        );
        Ok(Done {
            seconds,
            times: Times::new(times),
            kept,
        })
    }
}
