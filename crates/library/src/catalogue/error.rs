//! What goes wrong with records of the catalogue, by meaning.

use lampion_db::{Conflicting, DbError};
use lampion_feed::FeedError;
use lampion_formats::records::desk::WorkError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// No such record, or it has no such version here.
    #[error("no record `{id}` in collection `{collection}`: it may have been withdrawn")]
    NoSuchRecord {
        /// The collection.
        collection: String,
        /// The record.
        id: String,
    },
    /// The record was withdrawn; it can't be published again under its identifier.
    #[error("record `{0}` was withdrawn: make a new record instead")]
    Withdrawn(String),
    /// No such draft, or it is in a state in which this can't be done.
    #[error("no draft `{0}` with which this can be done: somebody may have been quicker")]
    NoSuchDraft(String),
    /// An identifier that can't be one.
    #[error(
        "`{0}` can't be a record's identifier: use 1 to 200 letters, digits, `-`, `_`, `.` and `:`"
    )]
    BadId(String),
    /// Asked to publish two versions of one record at once, of which the first would be superseded unseen.
    #[error("record `{0}` is there twice: send each record once")]
    Twice(String),
    /// A place in a list that is none.
    #[error("the place in the list is damaged: begin the list anew")]
    BadCursor,
    /// A file that was sent while the same bytes were being deleted.
    #[error("the file `{0}` is just being deleted elsewhere: send it again")]
    FileGoing(String),
    /// A template of one's own that is not there, or somebody else's.
    #[error("no template `{0}` of yours: somebody may have removed it")]
    NoSuchTemplate(String),
    /// The store of files.
    #[error(transparent)]
    Blob(lampion_blobs::BlobError),
    /// The work itself.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The feed; nothing was published.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<lampion_db::sqlx::Error> for CatalogueError {
    fn from(error: lampion_db::sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Conflicting for CatalogueError {
    fn is_conflict(&self) -> bool {
        match self {
            Self::Db(error) => error.is_conflict(),
            Self::Feed(error) => error.is_conflict(),
            _ => false,
        }
    }
}

impl From<CatalogueError> for lampion_web::AppError {
    fn from(error: CatalogueError) -> Self {
        let text = error.to_string();
        match error {
            CatalogueError::NoSuchRecord { .. }
            | CatalogueError::NoSuchDraft(_)
            | CatalogueError::NoSuchTemplate(_) => Self::not_found(),
            CatalogueError::Withdrawn(_)
            | CatalogueError::BadId(_)
            | CatalogueError::Twice(_)
            | CatalogueError::BadCursor
            | CatalogueError::Work(_) => Self::bad_request(text),
            CatalogueError::FileGoing(_) => Self::unavailable(text),
            CatalogueError::Blob(error) => error.into(),
            CatalogueError::Feed(FeedError::Db(error)) | CatalogueError::Db(error) => error.into(),
            CatalogueError::Feed(
                FeedError::Behind { .. } | FeedError::Forked { .. } | FeedError::MarkLost { .. },
            ) => Self::unavailable(text),
            CatalogueError::Feed(error) => Self::fault(error),
        }
    }
}
