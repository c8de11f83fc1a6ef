//! Blobs: bytes under their BLAKE3 hash, in a local folder or an object store.
//!
//! Bytes stream in and out; no blob is ever in memory whole. A blob that was acknowledged is on the
//! disk with its name: its bytes are written to a temporary file on the same file system while they
//! are hashed, synced, renamed, and then the folder is synced. A blob with no name yet can't be seen
//! by anyone. Two who store the same bytes end with one blob.
//!
//! # On disk
//! ```text
//! blobs/ab/cdef…      a blob: the first two of its hash's 64 digits, then the other 62
//! blobs/tmp/*.part    bytes on their way in, each locked by its writer
//! blobs/tmp/gate      held while one is made, so that cleaning can't take it for a dead one's
//! blobs/tmp/*.fetch   a copy on its way out of an object store
//! ```
//! In an object store the same, without `tmp`. Beside it there is a folder too, for bytes on their way
//! in and for copies of what is read here and there ([`Blobs::put_kept`], [`Blobs::fetch`]); the copies
//! can be made again. A blob counts as stored when the object store has it.
//!
//! ```text
//! s3://bucket/prefix/ab/cdef…
//! ```
//!
//! # Rules
//! - The folder store talks to the file system itself: `object_store`'s own folder store wants the
//!   name before the bytes, and can't tell a dead writer's leftovers from a living one's.
//! - Bytes are not hashed again when they are read: [`Blobs::verify`] does that. A reader that must
//!   be sure (bytes for another node) hashes what it gets.
//! - Who deletes must know that nobody is storing the same bytes just now; the database says who
//!   refers to a blob.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

mod error;
mod folder;
mod hash;
mod object;
mod probe;
#[cfg(feature = "s3")]
mod s3;
mod spool;
mod temp;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream::BoxStream};
use object_store::ObjectStore;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

#[cfg(feature = "s3")]
pub use crate::s3::S3Config;
pub use crate::{
    error::BlobError,
    hash::{BadHash, HASH_BYTES, Hash},
};
use crate::{folder::Folder, object::Objects};

/// Bytes of a blob, in order.
pub type ByteStream = BoxStream<'static, Result<Bytes, BlobError>>;
/// Hash and size in bytes of each blob, in no order that means anything.
pub type Listing = BoxStream<'static, Result<(Hash, u64), BlobError>>;

/// What a reader brings at once.
const READER_BYTES: usize = 256 * 1024;

/// What became of bytes that were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Their address.
    pub hash: Hash,
    /// Their number.
    pub size_bytes: u64,
    /// False if they were here already.
    pub new: bool,
}

/// A store of blobs. Cheap to clone; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Blobs {
    store: Store,
}

#[derive(Debug, Clone)]
enum Store {
    Folder(Arc<Folder>),
    Objects(Arc<Objects>),
}

impl Blobs {
    /// Blobs in a local folder, which is made if it is not there. Deletes what writers that died
    /// left half written. On read-only media everything but storing and deleting works.
    ///
    /// Does a little blocking I/O: call it at the start.
    ///
    /// # Errors
    /// `Unavailable` or `DiskFull`, if the folder can't be used.
    pub fn folder(path: impl AsRef<Path>) -> Result<Self, BlobError> {
        Ok(Self {
            store: Store::Folder(Arc::new(Folder::open(path.as_ref())?)),
        })
    }

    /// Blobs in any object store, under `prefix`; `place` is what errors call it. Bytes on their way
    /// in, and copies of what is read here and there, lie in the local folder `beside`.
    ///
    /// # Errors
    /// `Unavailable` or `DiskFull`, if the folder can't be used.
    pub fn object_store(
        store: Arc<dyn ObjectStore>,
        place: &str,
        prefix: &str,
        beside: &Path,
    ) -> Result<Self, BlobError> {
        let objects = Objects {
            store,
            place: place.into(),
            prefix: prefix.into(),
            beside: Arc::new(Folder::open(beside)?),
        };
        Ok(Self {
            store: Store::Objects(Arc::new(objects)),
        })
    }

    /// Stores what the stream gives. When this returns, the blob is on the disk. If the future is
    /// dropped before, nothing remains.
    ///
    /// # Errors
    /// `Source` with the stream's own error; `DiskFull`; `Unavailable`.
    pub async fn put_stream<S, E>(&self, stream: S) -> Result<Stored, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.put(stream, false).await
    }

    /// The same for what will be read here and there: [`Blobs::local_path`] finds it from now on.
    ///
    /// # Errors
    /// As [`Blobs::put_stream`].
    pub async fn put_kept<S, E>(&self, stream: S) -> Result<Stored, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.put(stream, true).await
    }

    async fn put<S, E>(&self, stream: S, keep: bool) -> Result<Stored, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match &self.store {
            Store::Folder(folder) => {
                let (maker, folder) = (Arc::clone(folder), Arc::clone(folder));
                let commit = move |spooled: spool::Spooled| {
                    let (hash, size_bytes) = (spooled.hash, spooled.size_bytes);
                    Ok(Stored {
                        hash,
                        size_bytes,
                        new: folder.commit(spooled)?,
                    })
                };
                spool::spool(stream, move || spool::create(maker.temps()?), commit).await
            }
            Store::Objects(objects) => {
                let maker = Arc::clone(objects);
                let make = move || spool::create(maker.beside.temps()?);
                let spooled = spool::spool(stream, make, Ok).await?;
                let (hash, size_bytes) = (spooled.hash, spooled.size_bytes);
                Ok(Stored {
                    hash,
                    size_bytes,
                    new: objects.commit(spooled, keep).await?,
                })
            }
        }
    }

    /// Stores what a reader gives.
    ///
    /// # Errors
    /// As [`Blobs::put_stream`].
    pub async fn put_reader(&self, reader: impl AsyncRead + Send) -> Result<Stored, BlobError> {
        self.put_stream(ReaderStream::with_capacity(reader, READER_BYTES))
            .await
    }

    /// Stores a copy of a file.
    ///
    /// # Errors
    /// As [`Blobs::put_stream`]; `Source` if the file can't be read.
    pub async fn put_file(&self, path: impl AsRef<Path>) -> Result<Stored, BlobError> {
        let file = tokio::fs::File::open(path)
            .await
            .map_err(|error| BlobError::Source(error.into()))?;
        self.put_reader(file).await
    }

    /// Size of the whole blob in bytes, and its bytes, or those of a range of it. A range that ends
    /// behind the end of the blob is cut there.
    ///
    /// # Errors
    /// `NotFound`, `BadRange`, `Unavailable`; while streaming `Damaged` if bytes are missing or the
    /// disk can't read them.
    pub async fn get(
        &self,
        hash: &Hash,
        range: Option<Range<u64>>,
    ) -> Result<(u64, ByteStream), BlobError> {
        let within = |size_bytes: u64, range: Option<Range<u64>>| {
            let range = range.unwrap_or(0..size_bytes);
            if range.start > range.end || range.start > size_bytes {
                return Err(BlobError::BadRange {
                    hash: *hash,
                    size_bytes,
                });
            }
            Ok(range.start..range.end.min(size_bytes))
        };
        match &self.store {
            Store::Folder(folder) => {
                let (file, size_bytes) = Arc::clone(folder).open_blob(*hash).await?;
                let range = within(size_bytes, range)?;
                Ok((
                    size_bytes,
                    folder::read(file, *hash, range.start, range.end),
                ))
            }
            Store::Objects(objects) => {
                if range.is_none() {
                    return objects.get(*hash, None).await;
                }
                // Object stores answer an empty range, and one behind the end, with an error that
                // doesn't tell the size.
                let size_bytes = objects.size(hash).await?;
                let range = within(size_bytes, range)?;
                if range.is_empty() {
                    return Ok((size_bytes, futures_util::stream::empty().boxed()));
                }
                objects.get(*hash, Some(range)).await
            }
        }
    }

    /// Whether the blob is here.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn exists(&self, hash: &Hash) -> Result<bool, BlobError> {
        match self.size(hash).await {
            Ok(_) => Ok(true),
            Err(BlobError::NotFound(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    pub async fn size(&self, hash: &Hash) -> Result<u64, BlobError> {
        match &self.store {
            Store::Folder(folder) => {
                let (folder, hash) = (Arc::clone(folder), *hash);
                blocking(move || folder.size(&hash)).await
            }
            Store::Objects(objects) => objects.size(hash).await,
        }
    }

    /// Reads the blob through and compares its hash. `progress` hears bytes done and bytes in all
    /// after each chunk. Returns the size in bytes.
    ///
    /// # Errors
    /// `Damaged` if the bytes are not those of the hash; `NotFound`, `Unavailable`.
    pub async fn verify(
        &self,
        hash: &Hash,
        mut progress: impl FnMut(u64, u64) + Send,
    ) -> Result<u64, BlobError> {
        let (size_bytes, mut stream) = self.get(hash, None).await?;
        let mut hasher = blake3::Hasher::new();
        while let Some(chunk) = stream.try_next().await? {
            hasher.update(&chunk);
            progress(hasher.count(), size_bytes);
        }
        if Hash::from(hasher.finalize()) == *hash {
            Ok(size_bytes)
        } else {
            Err(BlobError::Damaged { hash: *hash })
        }
    }

    /// Deletes the blob; that it is not there is no error. Those who are reading it read on.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn delete(&self, hash: &Hash) -> Result<(), BlobError> {
        match &self.store {
            Store::Folder(folder) => {
                let (folder, hash) = (Arc::clone(folder), *hash);
                blocking(move || folder.delete(&hash)).await
            }
            Store::Objects(objects) => objects.delete(hash).await,
        }
    }

    /// All blobs. One that comes or goes meanwhile may be in the list or not.
    #[must_use]
    pub fn list(&self) -> Listing {
        match &self.store {
            Store::Folder(folder) => Arc::clone(folder).list(),
            Store::Objects(objects) => objects.list(),
        }
    }

    /// Where the blob's file is, for those who read here and there in it. None if it is not here;
    /// of an object store, if there is no copy ([`Blobs::fetch`] makes one). Blocks for one look at
    /// the disk. The file must not be written to.
    #[must_use]
    pub fn local_path(&self, hash: &Hash) -> Option<PathBuf> {
        Some(self.beside().path(hash)).filter(|path| path.is_file())
    }

    /// Where the blobs are: the folder, or what the object store is called.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.store {
            Store::Folder(folder) => folder.root().display().to_string(),
            Store::Objects(objects) => objects.place.clone(),
        }
    }

    /// Whether the blobs are in an object store.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self.store, Store::Objects(_))
    }

    /// Sees to it that [`Blobs::local_path`] finds the blob, and gives that path. A copy that broke
    /// off goes on where it was. `progress` hears bytes done and bytes in all.
    ///
    /// # Errors
    /// `NotFound`; `Damaged` if the object store has other bytes; `DiskFull`, `Unavailable`.
    pub async fn fetch(
        &self,
        hash: &Hash,
        progress: impl FnMut(u64, u64) + Send,
    ) -> Result<PathBuf, BlobError> {
        match &self.store {
            Store::Folder(folder) => {
                let (folder, hash) = (Arc::clone(folder), *hash);
                blocking(move || folder.size(&hash).map(|_| folder.path(&hash))).await
            }
            Store::Objects(objects) => objects.fetch(*hash, progress).await,
        }
    }

    /// Brings the files of the local folder into the object store that are not there: those from
    /// before there was one. Gives how many. Does nothing where the store is a folder.
    ///
    /// # Errors
    /// `DiskFull`, `Unavailable`; what was brought until then stays.
    pub async fn bring(&self) -> Result<u64, BlobError> {
        let Store::Objects(objects) = &self.store else {
            return Ok(0);
        };
        let mut files = Arc::clone(&objects.beside).list();
        let mut brought = 0;
        while let Some((hash, size_bytes)) = files.try_next().await? {
            brought += u64::from(objects.bring(hash, size_bytes).await?);
        }
        Ok(brought)
    }

    /// Stores a few bytes of chance, reads a range of them, and deletes them again.
    ///
    /// # Errors
    /// What doesn't work, with what to do.
    pub async fn probe(&self, chance: [u8; 32]) -> Result<(), BlobError> {
        probe::probe(self, chance).await
    }

    /// The local folder: the store itself, or the one beside the object store.
    fn beside(&self) -> &Folder {
        match &self.store {
            Store::Folder(folder) => folder,
            Store::Objects(objects) => &objects.beside,
        }
    }
}

/// Runs what blocks on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(BlobError::Unavailable(error.to_string())),
    }
}
