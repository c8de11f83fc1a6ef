//! A connection's bytes, in and out.
//!
//! While it waits, a connection holds no buffers: bytes are read into a buffer that all connections of a thread share, and
//! what was read or written is let go when it is used up.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};

use super::WRITE_TIME;
use super::deflate::Deflate;

/// What a connection runs over: TCP, or TLS.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + Sync + 'static> Stream for S {}

/// Bytes read at once.
const READ: usize = 16 * 1024;
/// Written when so much has gathered.
const WRITE: usize = 64 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// A connection.
pub struct Wire {
    stream: Option<Box<dyn Stream>>,
    deflate: Option<Box<Deflate>>,
    /// Packed bytes that are not unpacked yet.
    packed: Vec<u8>,
    /// Bytes of the client.
    pub(super) input: Vec<u8>,
    /// How many of them are used.
    pub(super) at: usize,
    /// Bytes for the client.
    pub out: Vec<u8>,
}

impl Wire {
    /// A connection.
    pub fn new(stream: Box<dyn Stream>) -> Self {
        Self {
            stream: Some(stream),
            deflate: None,
            packed: Vec::new(),
            input: Vec::new(),
            at: 0,
            out: Vec::new(),
        }
    }

    /// What is read and not used.
    pub(super) fn rest(&self) -> &[u8] {
        self.input.get(self.at..).unwrap_or_default()
    }

    /// Waits for more bytes of the client. Can be dropped and called again without loss.
    pub(super) async fn fill(&mut self) -> io::Result<()> {
        if self.at >= self.input.len() {
            self.input = Vec::new();
            self.at = 0;
        }
        loop {
            if let Some(deflate) = &mut self.deflate {
                let before = self.input.len();
                let used = deflate.unpack(&self.packed, &mut self.input)?;
                self.packed.drain(..used);
                if self.packed.is_empty() {
                    self.packed = Vec::new();
                }
                if self.input.len() > before {
                    return Ok(());
                }
            }
            let to = if self.deflate.is_some() {
                &mut self.packed
            } else {
                &mut self.input
            };
            let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            read(stream, to).await?;
            if self.deflate.is_none() {
                return Ok(());
            }
        }
    }

    /// Writes if much has gathered.
    pub(super) async fn relieve(&mut self) -> io::Result<()> {
        if self.out.len() >= WRITE {
            self.write(false).await?;
        }
        Ok(())
    }

    /// Writes all that has gathered.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        self.write(true).await
    }

    async fn write(&mut self, end: bool) -> io::Result<()> {
        let mut out = std::mem::take(&mut self.out);
        let mut packed = Vec::new();
        let bytes = match &mut self.deflate {
            Some(deflate) => {
                deflate.pack(&out, end, &mut packed)?;
                &packed
            }
            None => &out,
        };
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let written = tokio::time::timeout(WRITE_TIME, async {
            stream.write_all(bytes).await?;
            if end { stream.flush().await } else { Ok(()) }
        });
        written.await.map_err(|_| io::ErrorKind::TimedOut)??;
        if !end {
            // The answer goes on, and needs as much room again.
            out.clear();
            self.out = out;
        }
        Ok(())
    }

    /// From now on both sides are packed. What was read already is packed too.
    pub(super) fn compress(&mut self) {
        self.packed = self.input.split_off(self.at.min(self.input.len()));
        self.input = Vec::new();
        self.at = 0;
        self.deflate = Some(Box::new(Deflate::new()));
    }

    /// Whether it is packed.
    pub(super) fn is_compressed(&self) -> bool {
        self.deflate.is_some()
    }

    /// Takes the stream out, to put TLS round it.
    pub(super) fn take(&mut self) -> Option<Box<dyn Stream>> {
        self.stream.take()
    }

    /// Goes on over another stream. What was sent before it is forgotten: it was not protected.
    pub(super) fn replace(&mut self, stream: Box<dyn Stream>) {
        self.stream = Some(stream);
        self.input = Vec::new();
        self.at = 0;
    }

    /// Says goodbye properly.
    pub(super) async fn close(&mut self) {
        let _anyway = self.flush().await;
        if let Some(stream) = &mut self.stream {
            let _anyway = tokio::time::timeout(WRITE_TIME, stream.shutdown()).await;
        }
    }
}

/// Adds what comes to `to`; an error at the end.
async fn read(stream: &mut Box<dyn Stream>, to: &mut Vec<u8>) -> io::Result<()> {
    std::future::poll_fn(|context| {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            ready!(Pin::new(&mut **stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            to.extend_from_slice(buffer.filled());
            Poll::Ready(Ok(()))
        })
    })
    .await
}
