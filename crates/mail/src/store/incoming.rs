//! A message on its way in: scanned while its bytes pass, sealed, never in memory whole if it is long.

use bytes::Bytes;
use lampion_blobs::Stored;
use lampion_mailproto::mime::{Scanned, Scanner};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::deliver::clean;
use super::model::MailError;
use super::seal::{BlobSeal, CHUNK_BYTES};
use super::strays::Held;
use super::{ROW_LIMIT_BYTES, Store};

/// Sealed chunks of a long message that wait for the disk.
const WAITING_CHUNKS: usize = 4;

/// A message whose bytes are coming. Dropped before [`Incoming::finish`], nothing of it remains.
pub struct Incoming {
    store: Store,
    scanner: Scanner,
    size_bytes: u64,
    /// What is not sealed yet: of a short message, all.
    plain: Vec<u8>,
    long: Option<Long>,
}

/// A message that is longer than fits a row.
struct Long {
    seal: BlobSeal,
    chunks: u64,
    to: mpsc::Sender<Result<Bytes, std::io::Error>>,
    putting: JoinHandle<Result<Stored, lampion_blobs::BlobError>>,
}

/// A message that has come whole, and is not in any mailbox yet.
#[derive(Debug)]
pub struct NewMessage {
    /// What it is made of.
    pub scanned: Scanned,
    /// RFC822.SIZE.
    pub size_bytes: u64,
    /// For its row: the envelope as IMAP writes it, and structure and summary packed.
    pub(super) envelope: String,
    pub(super) about: Vec<u8>,
    /// Sealed bytes for its row; empty for a long message.
    pub(super) content: Vec<u8>,
    /// The blob of a long message, in hexadecimal digits.
    pub(super) blob: String,
    /// For as long as this is here, the blob is no stray.
    _held: Option<Held>,
}

impl Store {
    /// Begins a message.
    pub fn incoming(&self) -> Incoming {
        Incoming {
            store: self.clone(),
            scanner: Scanner::new(),
            size_bytes: 0,
            plain: Vec::new(),
            long: None,
        }
    }

    /// A message that is in memory.
    ///
    /// # Errors
    /// As [`Incoming::write`] and [`Incoming::finish`].
    pub async fn message(&self, bytes: &[u8]) -> Result<NewMessage, MailError> {
        let mut incoming = self.incoming();
        incoming.write(bytes).await?;
        incoming.finish().await
    }
}

impl Incoming {
    /// Bytes that have come.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Takes further bytes.
    ///
    /// # Errors
    /// `TooLarge`; `DiskFull` and `Away` if a long message can't be kept.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), MailError> {
        let limit_bytes = self.store.0.parts.message_limit_bytes;
        self.size_bytes += bytes.len() as u64;
        if self.size_bytes > limit_bytes {
            return Err(MailError::TooLarge { limit_bytes });
        }
        self.scanner.push(bytes);
        while self.plain.len() + bytes.len() > ROW_LIMIT_BYTES {
            // The last chunk is sealed as such, so one is sealed only when it is known that more follows.
            let room = CHUNK_BYTES.saturating_sub(self.plain.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.plain.extend_from_slice(now);
            bytes = later;
            self.chunk(false).await?;
        }
        self.plain.extend_from_slice(bytes);
        Ok(())
    }

    async fn chunk(&mut self, last: bool) -> Result<(), MailError> {
        let mut chunk = std::mem::take(&mut self.plain);
        let long = match &mut self.long {
            Some(long) => long,
            None => self.long.insert(begin(&self.store).await?),
        };
        long.seal.seal(long.chunks, last, &mut chunk)?;
        long.chunks += 1;
        if long.to.send(Ok(chunk.into())).await.is_err() {
            // The blobs gave up: say why.
            return match (&mut long.putting).await {
                Ok(Err(error)) => Err(error.into()),
                _ => Err(MailError::Away("the store of blobs gave up".into())),
            };
        }
        Ok(())
    }

    /// Ends the message.
    ///
    /// # Errors
    /// `DiskFull` and `Away` if a long message can't be kept.
    pub async fn finish(mut self) -> Result<NewMessage, MailError> {
        if self.long.is_some() {
            self.chunk(true).await?;
        }
        let scanned = self.scanner.finish();
        let about = postcard::to_stdvec(&(&scanned.structure, &scanned.summary))
            .map_err(|error| MailError::Fault(format!("what a message is made of: {error}")))?;
        let (content, blob, held) = match self.long {
            None => {
                let parts = &self.store.0.parts;
                let content = parts.key.seal_row(&self.plain, &*parts.rng)?;
                (content, String::new(), None)
            }
            Some(long) => {
                drop(long.to);
                let stored = long
                    .putting
                    .await
                    .map_err(|error| MailError::Away(error.to_string()))??;
                let held = self.store.0.arriving.hold(stored.hash);
                (Vec::new(), stored.hash.to_string(), Some(held))
            }
        };
        Ok(NewMessage {
            envelope: clean(&scanned.envelope()),
            about,
            scanned,
            size_bytes: self.size_bytes,
            content,
            blob,
            _held: held,
        })
    }
}

async fn begin(store: &Store) -> Result<Long, MailError> {
    let parts = &store.0.parts;
    let (seal, head) = parts.key.begin_blob(&*parts.rng)?;
    let (to, mut from) = mpsc::channel(WAITING_CHUNKS);
    let blobs = parts.blobs.clone();
    let putting = tokio::spawn(async move {
        blobs
            .put_stream(futures_util::stream::poll_fn(move |context| {
                from.poll_recv(context)
            }))
            .await
    });
    // There is room for the first; that nobody takes it is told by the next.
    let _told_later = to.send(Ok(head.into())).await;
    Ok(Long {
        seal,
        chunks: 0,
        to,
        putting,
    })
}
