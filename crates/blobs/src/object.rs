//! Blobs in an object store: S3, or any other that `object_store` knows.
//!
//! The key of a blob is its hash, which is known only after its last byte. So bytes are spooled to
//! the local disk first; that also means that a blob which is there already is not sent again.

use std::{
    fs::File,
    io::{Read, Seek, Write},
    ops::Range,
    path::PathBuf,
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, WriteMultipart, path::Path as Key};

use crate::{BlobError, ByteStream, Hash, Listing, blocking, folder::Folder, spool::Spooled};

/// A part of a multipart upload is at least this long.
const PART_BYTES: u64 = 8 * 1024 * 1024;
/// S3 takes 10,000 parts at most.
const MAX_PARTS: u64 = 9_000;
/// Parts that are sent at the same time, and so in memory.
const PARTS_AT_ONCE: usize = 3;

#[derive(Debug)]
pub(crate) struct Objects {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What errors call it.
    pub(crate) place: String,
    pub(crate) prefix: Key,
    /// Bytes on their way in, and copies.
    pub(crate) beside: Arc<Folder>,
}

impl Objects {
    fn key(&self, hash: &Hash) -> Key {
        let name = hash.to_string();
        let (fan, rest) = name.split_at(2);
        self.prefix.clone().join(fan).join(rest)
    }

    fn failed(&self, hash: &Hash, error: &object_store::Error) -> BlobError {
        BlobError::from_store(&self.place, hash, error)
    }

    /// Sends spooled bytes, unless they are there, and keeps a copy if asked. Tells whether they were new.
    pub(crate) async fn commit(&self, spooled: Spooled, keep: bool) -> Result<bool, BlobError> {
        let (hash, size_bytes) = (spooled.hash, spooled.size_bytes);
        let new = !self.holds(&hash, size_bytes).await?;
        if new {
            let reading = |error| BlobError::from_io("reading the spooled bytes", &error);
            let mut file = spooled.temp.file.try_clone().map_err(reading)?;
            file.rewind().map_err(reading)?;
            self.send(file, &hash, size_bytes).await?;
        }
        if keep {
            let beside = Arc::clone(&self.beside);
            blocking(move || beside.commit(spooled)).await?;
        }
        Ok(new)
    }

    /// Sends a file of the local folder, unless it is there or isn't what its name says.
    pub(crate) async fn bring(&self, hash: Hash, size_bytes: u64) -> Result<bool, BlobError> {
        if self.holds(&hash, size_bytes).await? {
            return Ok(false);
        }
        let (file, _) = match Arc::clone(&self.beside).open_blob(hash).await {
            Err(BlobError::NotFound(_)) => return Ok(false), // deleted meanwhile
            opened => opened?,
        };
        let reading = |error| BlobError::from_io(&format!("reading blob {hash}"), &error);
        let (mut file, found) = hashed(file, hash).await?;
        if Hash::from(found.finalize()) != hash {
            tracing::warn!(%hash, "is damaged in the folder, and stays there");
            return Ok(false);
        }
        file.rewind().map_err(reading)?;
        self.send(file, &hash, size_bytes).await?;
        // Who deleted it while it was sent, deleted it here only.
        if !self.beside.path(&hash).exists() {
            self.delete(&hash).await?;
        }
        Ok(true)
    }

    async fn holds(&self, hash: &Hash, size_bytes: u64) -> Result<bool, BlobError> {
        match self.remote_size(hash).await {
            Ok(known) => Ok(known == size_bytes),
            Err(BlobError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn send(&self, file: File, hash: &Hash, size_bytes: u64) -> Result<(), BlobError> {
        let hash = *hash;
        // What isn't found here is the bucket.
        let failed = |error| match self.failed(&hash, &error) {
            BlobError::NotFound(_) => BlobError::no_bucket(&self.place),
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
            match self.send_parts(&mut upload, file, part_bytes, &hash).await {
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
        Ok(())
    }

    async fn send_parts(
        &self,
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
            room.map_err(|error| self.failed(hash, &error))?;
            upload.put(bytes);
        }
    }

    /// Makes a copy in the local folder, or goes on with one that broke off.
    pub(crate) async fn fetch(
        self: &Arc<Self>,
        hash: Hash,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<PathBuf, BlobError> {
        let beside = Arc::clone(&self.beside);
        let known = beside.path(&hash);
        if known.is_file() {
            return Ok(known);
        }
        let size_bytes = self.remote_size(&hash).await?;
        let partial = beside.fetching(&hash);
        let failed = |error| BlobError::from_io("fetching a blob", &error);
        let (path, at) = (known.clone(), partial.clone());
        // Who comes second waits here until the first is done.
        let file = blocking(move || {
            let file = File::options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(&at)
                .map_err(failed)?;
            file.lock().map_err(failed)?;
            Ok(Some(file).filter(|_| !path.is_file()))
        })
        .await?;
        let Some(file) = file else {
            return Ok(known);
        };
        let (mut file, mut hasher) = hashed(file, hash).await?;
        if hasher.count() < size_bytes {
            let range = Some(hasher.count()..size_bytes).filter(|range| range.start > 0);
            let (_, mut stream) = self.get_remote(hash, range).await?;
            while let Some(chunk) = stream.try_next().await? {
                hasher.update(&chunk);
                file =
                    blocking(move || file.write_all(&chunk).map(|()| file).map_err(failed)).await?;
                progress(hasher.count(), size_bytes);
            }
        }
        let whole = Hash::from(hasher.finalize()) == hash;
        blocking(move || {
            if !whole {
                std::fs::remove_file(&partial).map_err(failed)?;
                return Err(BlobError::Damaged { hash });
            }
            file.sync_all().map_err(failed)?;
            beside.adopt(&partial, &hash)
        })
        .await
    }

    /// Size of the copy here, or of the blob there.
    pub(crate) async fn size(&self, hash: &Hash) -> Result<u64, BlobError> {
        let (beside, local) = (Arc::clone(&self.beside), *hash);
        match blocking(move || beside.size(&local)).await {
            Err(BlobError::NotFound(_)) => self.remote_size(hash).await,
            found => found,
        }
    }

    async fn remote_size(&self, hash: &Hash) -> Result<u64, BlobError> {
        let meta = self.store.head(&self.key(hash)).await;
        meta.map(|meta| meta.size)
            .map_err(|error| self.failed(hash, &error))
    }

    /// Out of the copy here, if there is one; the bytes are the same.
    pub(crate) async fn get(
        self: &Arc<Self>,
        hash: Hash,
        range: Option<Range<u64>>,
    ) -> Result<(u64, ByteStream), BlobError> {
        match Arc::clone(&self.beside).open_blob(hash).await {
            Ok((file, size_bytes)) => {
                let range = range.unwrap_or(0..size_bytes);
                let stream = crate::folder::read(file, hash, range.start, range.end);
                Ok((size_bytes, stream))
            }
            Err(BlobError::NotFound(_)) => self.get_remote(hash, range).await,
            Err(error) => Err(error),
        }
    }

    async fn get_remote(
        self: &Arc<Self>,
        hash: Hash,
        range: Option<Range<u64>>,
    ) -> Result<(u64, ByteStream), BlobError> {
        let options = GetOptions {
            range: range.map(Into::into),
            ..GetOptions::default()
        };
        let got = self.store.get_opts(&self.key(&hash), options).await;
        let got = got.map_err(|error| self.failed(&hash, &error))?;
        let size_bytes = got.meta.size;
        let objects = Arc::clone(self);
        let stream = got
            .into_stream()
            .map_err(move |error| objects.failed(&hash, &error))
            .boxed();
        Ok((size_bytes, stream))
    }

    pub(crate) async fn delete(&self, hash: &Hash) -> Result<(), BlobError> {
        match self.store.delete(&self.key(hash)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(self.failed(hash, &error)),
        }
        let (beside, hash) = (Arc::clone(&self.beside), *hash);
        blocking(move || {
            let _none_was_under_way = std::fs::remove_file(beside.fetching(&hash));
            beside.delete(&hash)
        })
        .await
    }

    pub(crate) fn list(&self) -> Listing {
        let prefix = self.prefix.clone();
        self.store
            .list(Some(&self.prefix))
            .map_err({
                let place = self.place.clone();
                move |error| BlobError::of_place(&place, &error)
            })
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

/// Hashes what an open file holds, up to its end.
async fn hashed(mut file: File, hash: Hash) -> Result<(File, blake3::Hasher), BlobError> {
    blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(&mut file)
            .map_err(|error| BlobError::from_io(&format!("reading blob {hash}"), &error))?;
        Ok((file, hasher))
    })
    .await
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
