//! Blobs in an object store: S3, or any other that `object_store` knows.
//!
//! The key of a blob is its hash, which is known only after its last byte. So bytes are spooled to
//! the local disk first; that also means that a blob which is there already is not sent again.

use std::{
    fs::File,
    io::{Read, Seek},
    ops::Range,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, WriteMultipart, path::Path as Key};

use crate::{BlobError, ByteStream, Hash, Listing, blocking, spool::Spooled, temp::Temps};

/// A part of a multipart upload is at least this long.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// S3 takes 10,000 parts at most.
const MAX_PARTS: u64 = 9_000;
/// Parts that are sent at the same time, and so in memory.
const PARTS_AT_ONCE: usize = 3;

#[derive(Debug)]
pub(crate) struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) prefix: Key,
    pub(crate) temps: Temps,
}

impl Objects {
    fn key(&self, hash: &Hash) -> Key {
        let name = hash.to_string();
        let (fan, rest) = name.split_at(2);
        self.prefix.clone().join(fan).join(rest)
    }

    /// Sends spooled bytes, unless they are there. Tells whether they were new.
    pub(crate) async fn commit(&self, spooled: Spooled) -> Result<bool, BlobError> {
        let Spooled {
            temp,
            hash,
            size_bytes,
        } = spooled;
        match self.size(&hash).await {
            Ok(known) if known == size_bytes => return Ok(false),
            Ok(_) | Err(BlobError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        let mut file = temp
            .file
            .try_clone()
            .map_err(|error| BlobError::from_io("reading the spooled bytes", &error))?;
        file.rewind()
            .map_err(|error| BlobError::from_io("reading the spooled bytes", &error))?;
        let failed = |error| match BlobError::from_store(&hash, &error) {
            BlobError::NotFound(_) => BlobError::Unavailable(error.to_string()), // the bucket
            other => other,
        };
        let key = self.key(&hash);
        if size_bytes <= PART_BYTES {
            let (_, bytes) = read_part(file, PART_BYTES).await?;
            self.store.put(&key, bytes.into()).await.map_err(failed)?;
        } else {
            let part_bytes = PART_BYTES.max(size_bytes.div_ceil(MAX_PARTS));
            let upload = self.store.put_multipart(&key).await.map_err(failed)?;
            let part_size = usize::try_from(part_bytes)
                .map_err(|_| BlobError::Unavailable(format!("blob {hash} is too large here")))?;
            let mut upload = WriteMultipart::new_with_chunk_size(upload, part_size);
            match send_parts(&mut upload, file, part_bytes, &hash).await {
                Ok(()) => upload.finish().await.map(drop).map_err(failed)?,
                Err(error) => {
                    // The first error is the one to tell; parts left behind are for the store's
                    // own rule on unfinished uploads.
                    if let Err(error) = upload.abort().await {
                        tracing::warn!(%error, "left parts of an upload behind");
                    }
                    return Err(error);
                }
            }
        }
        drop(temp); // not before all of it was read
        Ok(true)
    }

    pub(crate) async fn size(&self, hash: &Hash) -> Result<u64, BlobError> {
        let meta = self.store.head(&self.key(hash)).await;
        meta.map(|meta| meta.size)
            .map_err(|error| BlobError::from_store(hash, &error))
    }

    pub(crate) async fn get(
        &self,
        hash: Hash,
        range: Option<Range<u64>>,
    ) -> Result<(u64, ByteStream), BlobError> {
        let options = GetOptions {
            range: range.map(Into::into),
            ..GetOptions::default()
        };
        let got = self.store.get_opts(&self.key(&hash), options).await;
        let got = got.map_err(|error| BlobError::from_store(&hash, &error))?;
        let size_bytes = got.meta.size;
        let stream = got
            .into_stream()
            .map_err(move |error| BlobError::from_store(&hash, &error))
            .boxed();
        Ok((size_bytes, stream))
    }

    pub(crate) async fn delete(&self, hash: &Hash) -> Result<(), BlobError> {
        match self.store.delete(&self.key(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::from_store(hash, &error)),
        }
    }

    pub(crate) fn list(&self) -> Listing {
        let prefix = self.prefix.clone();
        self.store
            .list(Some(&self.prefix))
            .map_err(|error| BlobError::Unavailable(format!("listing blobs: {error}")))
            .try_filter_map(move |meta| {
                let name: Option<String> = meta
                    .location
                    .prefix_match(&prefix)
                    .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect());
                let hash = name.and_then(|name| name.parse().ok());
                std::future::ready(Ok(hash.map(|hash| (hash, meta.size))))
            })
            .boxed()
    }
}

async fn send_parts(
    upload: &mut WriteMultipart,
    mut file: File,
    part_bytes: u64,
    hash: &Hash,
) -> Result<(), BlobError> {
    loop {
        let bytes;
        (file, bytes) = read_part(file, part_bytes).await?;
        if bytes.is_empty() {
            return Ok(());
        }
        let room = upload.wait_for_capacity(PARTS_AT_ONCE).await;
        room.map_err(|error| BlobError::from_store(hash, &error))?;
        upload.put(bytes);
    }
}

async fn read_part(file: File, part_bytes: u64) -> Result<(File, Bytes), BlobError> {
    blocking(move || {
        let mut part = Vec::new();
        let mut limited = file.take(part_bytes);
        limited
            .read_to_end(&mut part)
            .map_err(|error| BlobError::from_io("reading the spooled bytes", &error))?;
        Ok((limited.into_inner(), Bytes::from(part)))
    })
    .await
}
