//! A message's bytes, whole or in part.

use std::ops::Range;

use futures_util::TryStreamExt as _;
use lampion_blobs::Hash;
use lampion_db::Row as _;
use lampion_mailproto::mime::Structure;

use super::model::{MailError, MessageId};
use super::seal::{BlobSeal, CHUNK_BYTES, HEAD_BYTES, TAG_BYTES};
use super::{Store, rows_of_ids};

/// Messages that are opened together: 4 MB of short ones at most.
pub const CONTENTS_AT_ONCE: usize = 64;

/// Chunks of a blob that are read at once.
const CHUNKS_AT_ONCE: u64 = 4;

/// The bytes of a message.
pub struct Content {
    store: Store,
    message: i64,
    /// Its bytes in all.
    pub size_bytes: u64,
    structure: Vec<u8>,
    kept: Kept,
}

enum Kept {
    Row(Vec<u8>),
    Blob(Box<(Hash, BlobSeal)>),
}

impl Store {
    /// Opens a message.
    ///
    /// # Errors
    /// `NoSuchMessage`, `Damaged`; the database.
    pub async fn content(&self, message: MessageId) -> Result<Content, MailError> {
        let contents = self.contents(&[message]).await?;
        let first = contents.into_iter().next();
        first
            .map(|(_, content)| content)
            .ok_or(MailError::NoSuchMessage)
    }

    /// Opens messages, at most [`CONTENTS_AT_ONCE`] of those given; in no order, those that are gone are left out. Short ones
    /// are in memory then.
    ///
    /// # Errors
    /// `Damaged`; the database.
    pub async fn contents(
        &self,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, Content)>, MailError> {
        let rows = rows_of_ids(
            self.db(),
            "select m.id, m.size_bytes, c.blob, c.content, m.structure from mail_message m join mail_content c on c.message = m.id where m.id in",
            messages.get(..CONTENTS_AT_ONCE).unwrap_or(messages),
        )
        .await?;
        let mut contents = Vec::with_capacity(rows.len());
        for row in &rows {
            let message: i64 = row.try_get(0)?;
            let (size_bytes, blob): (i64, String) = (row.try_get(1)?, row.try_get(2)?);
            let kept = if blob.is_empty() {
                let sealed: Vec<u8> = row.try_get(3)?;
                let size = usize::try_from(size_bytes).unwrap_or(0);
                Kept::Row(self.0.parts.key.open_row(&sealed, size, message)?)
            } else {
                let hash: Hash = blob
                    .parse()
                    .map_err(|_| MailError::Damaged(message, "the name of its blob is broken"))?;
                let head = self.blob_bytes(&hash, 0..HEAD_BYTES as u64).await?;
                let seal = self.0.parts.key.open_blob(&head, message)?;
                Kept::Blob(Box::new((hash, seal)))
            };
            let content = Content {
                store: self.clone(),
                message,
                size_bytes: size_bytes.unsigned_abs(),
                structure: row.try_get(4)?,
                kept,
            };
            contents.push((MessageId(message), content));
        }
        Ok(contents)
    }

    async fn blob_bytes(&self, hash: &Hash, range: Range<u64>) -> Result<Vec<u8>, MailError> {
        let mut out = Vec::new();
        let (_, mut stream) = self.0.parts.blobs.get(hash, Some(range)).await?;
        while let Some(bytes) = stream.try_next().await? {
            out.extend_from_slice(&bytes);
        }
        Ok(out)
    }
}

impl Content {
    /// The message's parts.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn structure(&self) -> Result<Structure, MailError> {
        postcard::from_bytes(&self.structure)
            .map_err(|_| MailError::Damaged(self.message, "its structure can't be read"))
    }

    /// A range of a short message, which is in memory; `None` of a long one.
    pub fn in_memory(&self, range: Range<u64>) -> Option<&[u8]> {
        let Kept::Row(plain) = &self.kept else {
            return None;
        };
        let (from, to) = (range.start, range.end.min(self.size_bytes));
        plain.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    /// A piece that begins at `at` and is as long as comes easily, at most 64 KiB; empty at the end.
    ///
    /// # Errors
    /// `Damaged`; the blobs.
    pub async fn piece(&self, at: u64) -> Result<Vec<u8>, MailError> {
        if at >= self.size_bytes {
            return Ok(Vec::new());
        }
        match &self.kept {
            Kept::Row(plain) => {
                let at = usize::try_from(at).unwrap_or(usize::MAX);
                let rest = plain.get(at..).unwrap_or_default();
                Ok(rest.get(..CHUNK_BYTES).unwrap_or(rest).to_vec())
            }
            Kept::Blob(_) => self.chunks(at, at + 1).await,
        }
    }

    /// Bytes of a long message from `from` on, at least to `to`: whole chunks, read at once.
    async fn chunks(&self, from: u64, to: u64) -> Result<Vec<u8>, MailError> {
        let Kept::Blob(blob) = &self.kept else {
            return Ok(Vec::new());
        };
        let (hash, seal) = &**blob;
        let chunk = CHUNK_BYTES as u64;
        let sealed = chunk + TAG_BYTES as u64;
        let (first, last) = (
            from / chunk,
            to.min(self.size_bytes).saturating_sub(1) / chunk,
        );
        let start = HEAD_BYTES as u64 + first * sealed;
        let end = HEAD_BYTES as u64 + (last + 1) * sealed;
        let bytes = self.store.blob_bytes(hash, start..end).await?;
        let mut out = Vec::with_capacity(bytes.len());
        let mut number = first;
        for piece in bytes.chunks(CHUNK_BYTES + TAG_BYTES) {
            let mut piece = piece.to_vec();
            let ends = (number + 1) * chunk >= self.size_bytes;
            seal.open(number, ends, &mut piece, self.message)?;
            let skip = match number == first {
                true => usize::try_from(from % chunk).unwrap_or(0),
                false => 0,
            };
            out.extend_from_slice(piece.get(skip..).unwrap_or_default());
            number += 1;
        }
        if number <= last {
            return Err(MailError::Damaged(self.message, "it is cut off"));
        }
        Ok(out)
    }

    /// A range of the bytes in memory, cut at the end of the message and at `limit` bytes.
    ///
    /// # Errors
    /// `Damaged`; the blobs.
    pub async fn range(&self, range: Range<u64>, limit: usize) -> Result<Vec<u8>, MailError> {
        let end = range
            .end
            .min(self.size_bytes)
            .min(range.start.saturating_add(limit as u64));
        if range.start >= end {
            return Ok(Vec::new());
        }
        if let Some(bytes) = self.in_memory(range.start..end) {
            return Ok(bytes.to_vec());
        }
        let mut out = Vec::new();
        let mut at = range.start;
        while at < end {
            // Some chunks at once: each reading opens the blob anew.
            let some = end.min(at.saturating_add(CHUNKS_AT_ONCE * CHUNK_BYTES as u64));
            let mut bytes = self.chunks(at, some).await?;
            if bytes.is_empty() {
                return Err(MailError::Damaged(self.message, "it is cut off"));
            }
            bytes.truncate(usize::try_from(end - at).unwrap_or(usize::MAX));
            at += bytes.len() as u64;
            if out.is_empty() {
                out = bytes;
            } else {
                out.extend_from_slice(&bytes);
            }
        }
        Ok(out)
    }

    /// All bytes in memory, at most `limit`.
    ///
    /// # Errors
    /// `Damaged`; the blobs.
    pub async fn bytes(&self, limit: usize) -> Result<Vec<u8>, MailError> {
        self.range(0..self.size_bytes, limit).await
    }
}
