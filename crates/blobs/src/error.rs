//! What can go wrong with a blob, by meaning.

use std::{error::Error, io};

use crate::Hash;

/// Of what a service says, the beginning.
const SAID_CHARS: usize = 300;

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

    /// The bucket is missing.
    pub(crate) fn no_bucket(place: &str) -> Self {
        Self::Unavailable(format!(
            "{place} has no such bucket: make it there, or mend the setting `blobs`"
        ))
    }

    /// The meaning of a store's error about `hash`.
    pub(crate) fn from_store(place: &str, hash: &Hash, error: &object_store::Error) -> Self {
        if matches!(error, object_store::Error::NotFound { .. }) {
            // What was asked for with HEAD has no words in its answer, and may be the bucket too.
            return match error.to_string().contains("NoSuchBucket") {
                true => Self::no_bucket(place),
                false => Self::NotFound(*hash),
            };
        }
        Self::of_place(place, error)
    }

    /// The meaning of an object store's error, with the setting to look at.
    pub(crate) fn of_place(place: &str, error: &object_store::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(one) = cause {
            if one.downcast_ref::<io::Error>().is_some_and(is_full) {
                return Self::DiskFull;
            }
            cause = one.source();
        }
        let text = error.to_string();
        let said = said(error);
        Self::Unavailable(match error {
            _ if text.contains("NoSuchBucket") => return Self::no_bucket(place),
            // Some services answer so, some with 403, and name the region that they want.
            _ if text.contains("AuthorizationHeaderMalformed") => {
                format!("{place} is in another region: mend the setting `s3_region` ({said})")
            }
            object_store::Error::PermissionDenied { .. }
            | object_store::Error::Unauthenticated { .. } => format!(
                "{place} refuses this node's key: mend the file that the setting `s3_credentials` names, \
                 or allow the key to read, write, list and delete there ({said})"
            ),
            _ if is_away(error) => format!(
                "{place} doesn't answer: look whether the service runs, and at the setting `s3_endpoint` ({said})"
            ),
            _ => format!("{place}: {said}"),
        })
    }
}

/// The innermost words: what the service said, or the system.
fn said(error: &(dyn Error + 'static)) -> String {
    let mut inner = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    let text = inner.to_string();
    let part = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        rest.split_once("</").map(|(part, _)| part)
    };
    let whole = match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_string(),
        _ => text,
    };
    whole.chars().take(SAID_CHARS).collect()
}

/// Whether no service answered.
#[cfg(feature = "s3")]
fn is_away(error: &(dyn Error + 'static)) -> bool {
    use object_store::client::{HttpError, HttpErrorKind};
    let mut cause = Some(error);
    while let Some(one) = cause {
        if let Some(error) = one.downcast_ref::<HttpError>() {
            return matches!(
                error.kind(),
                HttpErrorKind::Connect | HttpErrorKind::Timeout
            );
        }
        cause = one.source();
    }
    false
}

#[cfg(not(feature = "s3"))]
fn is_away(_: &(dyn Error + 'static)) -> bool {
    false
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
