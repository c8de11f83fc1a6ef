//! What a handler answers when it can't do what was asked.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use lampion_core::jobs::JobStoreError;
use lampion_db::DbError;
use lampion_people::PeopleError;
use lampion_search::SearchError;

/// What handlers return.
pub type PageResult = Result<Response, AppError>;

/// An answer that isn't the page that was asked for. [`crate::Page`] shows it in the frame of a page.
#[derive(Debug)]
pub struct AppError {
    /// HTTP status.
    pub status: StatusCode,
    /// Message key, for what the person should know.
    pub key: &'static str,
    /// Plain words beside it (already safe to show).
    pub detail: String,
}

impl AppError {
    /// Any answer.
    pub fn new(status: StatusCode, key: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            key,
            detail: detail.into(),
        }
    }

    /// There is no such thing.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "error-not-found", "")
    }

    /// Signed in, but without the role.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "error-forbidden", "")
    }

    /// Not signed in.
    pub fn sign_in_first() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "error-sign-in-first", "")
    }

    /// What was sent makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "error-bad-request", detail)
    }

    /// For now it can't be done.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "error-unavailable", detail)
    }

    /// A fault: logged once under a number, and the person sees that number.
    pub fn fault(error: impl std::fmt::Display) -> Self {
        let mut bytes = [0u8; 5];
        lampion_core::Rng::fill(&lampion_core::SystemRng, &mut bytes);
        let number = lampion_core::ids::base32(&bytes);
        tracing::error!(number, %error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "error-fault", number)
    }
}

/// Marks a response whose body the frame still has to be put around.
#[derive(Debug, Clone)]
pub(crate) struct Unframed {
    pub key: &'static str,
    pub detail: String,
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let mut response = (self.status, format!("{}\n", self.detail)).into_response();
        response.extensions_mut().insert(Unframed {
            key: self.key,
            detail: self.detail,
        });
        response
    }
}

impl From<DbError> for AppError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Away(_) | DbError::Conflict => {
                tracing::warn!(%error, "the database is away or busy");
                Self::unavailable("the database can't be reached: try again in a moment")
            }
            DbError::DiskFull => Self::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", ""),
            other => Self::fault(other),
        }
    }
}

impl From<lampion_blobs::BlobError> for AppError {
    /// Where a bucket is and what it said is for the operator, in the log and from `lampion doctor`.
    fn from(error: lampion_blobs::BlobError) -> Self {
        use lampion_blobs::BlobError;
        match error {
            BlobError::DiskFull => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", "")
            }
            BlobError::Unavailable(_) => {
                tracing::warn!(%error, "files can't be kept or read");
                Self::unavailable(
                    "the store of files can't be reached: nothing was changed, try again in a moment",
                )
            }
            other => Self::fault(other),
        }
    }
}

impl From<PeopleError> for AppError {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Db(error) => error.into(),
            other => Self::bad_request(other.to_string()),
        }
    }
}

impl From<JobStoreError> for AppError {
    fn from(error: JobStoreError) -> Self {
        tracing::warn!(%error, "jobs");
        Self::unavailable(error.to_string())
    }
}

impl From<SearchError> for AppError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::DiskFull(_) => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", "")
            }
            SearchError::NoSuchIndex(_)
            | SearchError::Damaged { .. }
            | SearchError::Busy(_)
            | SearchError::ReadOnly(_) => Self::unavailable(error.to_string()),
            SearchError::Engine(_) => Self::fault(error),
        }
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::fault(error)
    }
}
