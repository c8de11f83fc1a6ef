//! Blobs that a crash left behind: a long message is a blob before its row is there.
//!
//! All blobs of the node lie in one place, those of the library too; which are of mail is known by the seal, which opens
//! with this node's key only. One that no row names at two looks an hour apart, and that is not being delivered by this
//! process, is deleted; the hour is for other processes. It is counted by the process's own time: a clock that jumps
//! deletes nothing. After a backup was put back nothing is deleted for [`GRACE_MS`]: perhaps the newer database comes back.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::TryStreamExt as _;
use lampion_blobs::{BlobError, Hash};
use lampion_db::{Row, rows};

use super::Store;
use super::model::MailError;
use super::seal::{CHUNK_BYTES, HEAD_BYTES, TAG_BYTES};

/// Strays remembered between two looks.
const LIMIT: usize = 100_000;
/// Names in one question to the database.
const BATCH: usize = 256;
/// How long nothing is deleted after a database was found to be older than its mark: 30 days.
const GRACE_MS: i64 = 30 * 86_400_000;

/// Blobs of messages that have come and are in no row yet.
#[derive(Debug, Default, Clone)]
pub(super) struct Arriving(Arc<Mutex<BTreeSet<Hash>>>);

/// Keeps a blob from being taken for a stray.
#[derive(Debug)]
pub(super) struct Held {
    all: Arriving,
    blob: Hash,
}

impl Arriving {
    pub(super) fn hold(&self, blob: Hash) -> Held {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(blob);
        Held {
            all: self.clone(),
            blob,
        }
    }

    fn has(&self, blob: &Hash) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.contains(blob)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.blob);
    }
}

impl Store {
    /// Blobs of mail that no row names and that this process isn't delivering.
    ///
    /// # Errors
    /// The database, the blobs.
    pub async fn strays(&self) -> Result<BTreeSet<Hash>, MailError> {
        let mut strays = BTreeSet::new();
        let mut all = self.0.parts.blobs.list();
        loop {
            let mut some = Vec::with_capacity(BATCH);
            while some.len() < BATCH
                && let Some((hash, _)) = all.try_next().await?
            {
                some.push(hash);
            }
            if some.is_empty() || strays.len() >= LIMIT {
                return Ok(strays);
            }
            for hash in self.unnamed(some).await? {
                if self.is_sealed_here(&hash).await? {
                    strays.insert(hash);
                }
            }
        }
    }

    /// Deletes those of some blobs that are still strays. Gives how many.
    ///
    /// # Errors
    /// The database, the blobs.
    pub async fn delete_strays(&self, strays: BTreeSet<Hash>) -> Result<u64, MailError> {
        let restored_ms = self.restored_ms().await?;
        if restored_ms.is_some_and(|ms| self.now_ms() - ms < GRACE_MS) {
            return Ok(0);
        }
        let strays: Vec<Hash> = strays.into_iter().collect();
        let mut deleted = 0;
        for some in strays.chunks(BATCH) {
            for hash in self.unnamed(some.to_vec()).await? {
                self.0.parts.blobs.delete(&hash).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }

    /// Those of some blobs that neither a row nor this process has.
    async fn unnamed(&self, mut blobs: Vec<Hash>) -> Result<Vec<Hash>, MailError> {
        // This process first: what it lets go in this moment has its row already.
        blobs.retain(|hash| !self.0.arriving.has(hash));
        let mut connection = self.db().read().acquire().await?;
        let named = rows::select(
            &mut connection,
            (
                "select blob from mail_content where blob <> '' and blob in",
                "and message >= $1",
            ),
            0,
            1,
            &blobs,
            |statement, hash| statement.bind(hash.to_string()),
        )
        .await?;
        let named: BTreeSet<String> = named
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()?;
        blobs.retain(|hash| !named.contains(&hash.to_string()));
        Ok(blobs)
    }

    /// Whether a blob is a message that was sealed under this node's key.
    async fn is_sealed_here(&self, hash: &Hash) -> Result<bool, MailError> {
        let end = (HEAD_BYTES + CHUNK_BYTES + TAG_BYTES) as u64;
        let read = async |end: u64| -> Result<Vec<u8>, MailError> {
            match self.0.parts.blobs.get(hash, Some(0..end)).await {
                Ok((_, mut stream)) => {
                    let mut out = Vec::new();
                    while let Some(bytes) = stream.try_next().await? {
                        out.extend_from_slice(&bytes);
                    }
                    Ok(out)
                }
                // It went meanwhile.
                Err(BlobError::NotFound(_)) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            }
        };
        // Most blobs are not of mail, which their first byte tells.
        if self
            .0
            .parts
            .key
            .open_blob(&read(HEAD_BYTES as u64).await?, 0)
            .is_err()
        {
            return Ok(false);
        }
        let bytes = read(end).await?;
        let Some((head, chunk)) = bytes.split_at_checked(HEAD_BYTES) else {
            return Ok(false);
        };
        // A message that is a blob has a second chunk, so its first is whole and not the last.
        let opened = self
            .0
            .parts
            .key
            .open_blob(head, 0)?
            .open(0, false, &mut chunk.to_vec(), 0);
        Ok(opened.is_ok())
    }
}
