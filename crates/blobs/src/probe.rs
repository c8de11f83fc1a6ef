//! Whether a store can be used: written to, read from, deleted from.

use bytes::Bytes;
use futures_util::TryStreamExt;

use crate::{BlobError, Blobs, Hash};

/// Bytes from here on are read back.
const FROM: usize = 8;

pub(crate) async fn probe(blobs: &Blobs, chance: [u8; 32]) -> Result<(), BlobError> {
    let bytes = Bytes::copy_from_slice(&chance);
    let once = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes.clone())]);
    let hash = blobs.put_stream(once).await?.hash;
    let read = read(blobs, &hash, FROM..chance.len()).await;
    blobs.delete(&hash).await?;
    if blobs.exists(&hash).await? {
        return Err(unfit(blobs, "what was deleted is still there"));
    }
    if read? == bytes.slice(FROM..) {
        Ok(())
    } else {
        Err(unfit(blobs, "gives other bytes than were stored"))
    }
}

async fn read(
    blobs: &Blobs,
    hash: &Hash,
    range: std::ops::Range<usize>,
) -> Result<Bytes, BlobError> {
    let range = range.start as u64..range.end as u64;
    let (_, stream) = blobs.get(hash, Some(range)).await?;
    let parts: Vec<Bytes> = stream.try_collect().await?;
    Ok(parts.concat().into())
}

fn unfit(blobs: &Blobs, what: &str) -> BlobError {
    BlobError::Unavailable(format!("{}: {what}", blobs.place()))
}
