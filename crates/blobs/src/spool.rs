//! Bytes on their way in: written and hashed by one thread, fed by a stream.

use std::io::{BufWriter, Write};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, pin_mut};
use tokio::sync::mpsc;

use crate::{
    BlobError, Hash,
    temp::{Temp, Temps},
};

/// Chunks that may wait for the disk; the sender waits when there are more.
const WAITING_CHUNKS: usize = 8;
/// Small chunks are gathered to this before they are written.
const WRITE_BYTES: usize = 256 * 1024;

/// Bytes that are complete, but have no name and may not be on the disk yet.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) temp: Temp,
    pub(crate) hash: Hash,
    pub(crate) size_bytes: u64,
}

/// What the writing thread is told. A channel that closes without `End` means that the sender
/// broke off.
enum Fed {
    Chunk(Bytes),
    End,
}

/// Writes a stream to a temporary file; `then` gets the result on the same thread.
pub(crate) async fn spool<S, E, T>(
    stream: S,
    temps: impl FnOnce() -> Result<Temp, BlobError> + Send + 'static,
    then: impl FnOnce(Spooled) -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
    T: Send + 'static,
{
    let (feed, fed) = mpsc::channel(WAITING_CHUNKS);
    let writer = tokio::task::spawn_blocking(move || then(write(temps()?, fed)?));
    let mut broke_off = None;
    pin_mut!(stream);
    loop {
        let next = match stream.next().await {
            Some(Ok(chunk)) => Fed::Chunk(chunk),
            Some(Err(error)) => {
                broke_off = Some(error.into());
                break;
            }
            None => Fed::End,
        };
        let last = matches!(next, Fed::End);
        // A writer that is gone has failed, and says below how.
        if feed.send(next).await.is_err() || last {
            break;
        }
    }
    drop(feed);
    let done = writer
        .await
        .map_err(|error| BlobError::Unavailable(error.to_string()))?;
    broke_off.map_or(done, |error| Err(BlobError::Source(error)))
}

fn write(temp: Temp, mut fed: mpsc::Receiver<Fed>) -> Result<Spooled, BlobError> {
    let mut hasher = blake3::Hasher::new();
    let mut out = BufWriter::with_capacity(WRITE_BYTES, &temp.file);
    let failed = |error| BlobError::from_io("writing a blob", &error);
    loop {
        match fed.blocking_recv() {
            Some(Fed::Chunk(chunk)) => {
                hasher.update(&chunk);
                out.write_all(&chunk).map_err(failed)?;
            }
            Some(Fed::End) => break,
            None => return Err(BlobError::Source("the sender went away".into())),
        }
    }
    out.flush().map_err(failed)?;
    drop(out);
    Ok(Spooled {
        temp,
        hash: hasher.finalize().into(),
        size_bytes: hasher.count(),
    })
}

/// Opens a temporary file.
pub(crate) fn create(temps: &Temps) -> Result<Temp, BlobError> {
    temps
        .create()
        .map_err(|error| BlobError::from_io("making a temporary file", &error))
}
