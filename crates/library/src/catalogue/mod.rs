//! The node's own catalogue: records that are publications on its `library` feed.
//!
//! - A collection of kind `catalogue` holds them. What is published is an entry; its body is an [`Envelope`] with the
//!   [`Work`](lampion_formats::records::desk::Work). Who published it stands in the body, so that a withdrawal erases it.
//! - `projection` fills the tables `catalogue_record`, `catalogue_key` and `catalogue_heading` from entries and bodies,
//!   and nothing else does, so that `lampion feed rebuild` makes them again; so does [`files`] with `catalogue_file`. The
//!   other tables are drafts, templates and files on their way.
//! - [`Catalogue`] publishes (with an optimistic lock that is looked at in the same transaction), lists, compares, and
//!   keeps drafts. [`follow`] brings what changed into the search index.
//!
//! Rules: a version is the index of its entry in the feed. Records of a collection that not everybody may see are on the
//! feed too, but their bodies are given to nobody by the public addresses of the feed.

mod apart;
pub mod batch;
mod create;
mod drafts;
mod envelope;
mod error;
pub mod failed;
pub mod files;
pub mod follow;
mod headings;
pub mod import;
mod keys;
mod lists;
mod model;
mod projection;
mod publish;
pub(crate) mod records;
mod statistics;
mod summary;
mod tally;
mod templates;
pub mod texts;

pub use apart::Merging;
pub use drafts::{Draft, DraftState};
pub use envelope::Envelope;
pub use error::CatalogueError;
pub use model::{
    Changed, Filter, KIND, ListPage, Outcome, Publication, RecordRow, RecordState, Rights, Sort,
    Suggested, Version, WRITERS_GROUP,
};
pub use projection::LibraryPublications;
pub use statistics::{Backlog, By, Coverage, Done};
pub use tally::{PARTS, week, week_begins_ms};
pub use templates::OwnTemplate;

use std::sync::Arc;

use lampion_blobs::Blobs;
use lampion_core::{Clock, Events, Rng};
use lampion_db::Db;
use lampion_feed::{Feed, FeedError, Feeds};
use lampion_web::Kernel;

use crate::model::Collection;

/// Everything about the node's own records. Cheap to clone.
#[derive(Clone)]
pub struct Catalogue {
    pub(crate) db: Db,
    pub(crate) feeds: Feeds,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) events: Events,
    pub(crate) blobs: Option<Blobs>,
    /// Origin of another node's feed that is looked at; none for the node's own.
    author: Option<String>,
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").finish_non_exhaustive()
    }
}

impl Catalogue {
    /// The catalogue on a node's kernel.
    ///
    /// # Errors
    /// The feeds are not open yet.
    pub fn of(kernel: &Kernel) -> Result<Self, FeedError> {
        Ok(Self::new(
            kernel.db.clone(),
            kernel.feeds()?.clone(),
            Arc::clone(&kernel.clock),
            Arc::clone(&kernel.rng),
            kernel.events.clone(),
        )
        .with_blobs(kernel.blobs.clone()))
    }

    /// The catalogue of its parts.
    pub fn new(
        db: Db,
        feeds: Feeds,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        events: Events,
    ) -> Self {
        Self {
            db,
            feeds,
            clock,
            rng,
            events,
            blobs: None,
            author: None,
        }
    }

    /// The catalogue of a collection's records, which may come from another node: then it can be read only. Methods that
    /// take a collection's name want [`Collection::in_feed`].
    ///
    /// # Errors
    /// The feeds are not open yet.
    pub fn of_collection(kernel: &Kernel, collection: &Collection) -> Result<Self, FeedError> {
        let mut catalogue = Self::of(kernel)?;
        catalogue.author = collection
            .is_followed()
            .then(|| collection.source.feed.clone());
        Ok(catalogue)
    }

    /// The feeds.
    pub fn feeds(&self) -> &Feeds {
        &self.feeds
    }

    /// This node's own `library` feed, or that of the node that is looked at; none before the first record.
    pub(crate) async fn feed(&self) -> Result<Option<Feed>, CatalogueError> {
        if let Some(author) = &self.author {
            return Ok(self.feeds.find(author).await?);
        }
        Ok(self.feeds.own(KIND).await?)
    }

    /// The feed's number in the database; no feed has the number that stands for none.
    pub(crate) async fn feed_id(&self) -> Result<i64, CatalogueError> {
        Ok(self.feed().await?.map_or(-1, |feed| feed.id))
    }
}
