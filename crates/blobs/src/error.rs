//! What can go wrong with a blob, by meaning.

use std::{error::Error, io};

use crate::Hash;

/// What can go wrong with a blob.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No blob has this hash here.
    #[error("blob {0} is not here")]
    NotFound(Hash),
    /// There is no room. Nothing of the blob was kept.
    #[error("no room is left for blobs: make room on the disk, then try again")]
    DiskFull,
    /// What is stored under this hash has other bytes, too few of them, or can't be read.
    /// Delete it and put it again.
    #[error("blob {hash} is damaged: delete it, then store it again from where it came")]
    Damaged {
        /// The name that the bytes no longer fit.
        hash: Hash,
    },
    /// The range starts behind the end of the blob, or ends before it starts.
    #[error("blob {hash} has {size_bytes} bytes, the range asked for lies outside")]
    BadRange {
        /// The blob.
        hash: Hash,
        /// Its size.
        size_bytes: u64,
    },
    /// Whoever gave the bytes broke off. Nothing of the blob was kept.
    #[error("the bytes to store broke off: {0}")]
    Source(#[source] Box<dyn Error + Send + Sync>),
    /// The store can't be used now; the text says why.
    #[error("the blob store can't be used: {0}")]
    Unavailable(String),
}

impl BlobError {
    /// The meaning of an error of the file system; `doing` says what failed.
    pub(crate) fn from_io(doing: &str, error: &io::Error) -> Self {
        if is_full(error) {
            Self::DiskFull
        } else {
            Self::Unavailable(format!("{doing}: {error}"))
        }
    }

    /// The meaning of a store's error about `hash`.
    pub(crate) fn from_store(hash: &Hash, error: &object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            return Self::NotFound(*hash);
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(one) = cause {
            if one.downcast_ref::<io::Error>().is_some_and(is_full) {
                return Self::DiskFull;
            }
            cause = one.source();
        }
        Self::Unavailable(error.to_string())
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
