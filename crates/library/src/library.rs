//! The library as one value: collections that are known, their archives, and the limits on searching.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use lampion_blobs::{BlobError, Hash};
use lampion_core::ids;
use lampion_db::DbError;
use lampion_people::Person;
use lampion_search::{IndexPlace, SearchError, SearchRequest, SearchResults, Suggestion};
use lampion_web::Kernel;
use lampion_zim::{Archive, ClusterCache, OpenOptions, ZimError};
use tokio::sync::Semaphore;

use crate::catalogue::failed::FailedSearches;
use crate::extract::process::{Extraction, Worker};
use crate::extract::{Frame, Request};
use crate::model::{Collection, Kind, Source};
use crate::store::Store;

/// Archives that are kept open.
const OPEN_ARCHIVES: usize = 64;
/// How long a search may wait for its turn beyond its own deadline before it is refused.
const QUEUE_TIME: Duration = Duration::from_secs(5);

/// What goes wrong with collections.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// There is no such collection.
    #[error("no collection `{0}`: `lampion collection list` shows all")]
    NoSuchCollection(String),
    /// Nothing can be imported from there.
    #[error("{path}: {reason}")]
    BadSource {
        /// What was to be imported.
        path: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// The content can't be read.
    #[error("the content of collection `{collection}` can't be read: {reason}")]
    Content {
        /// Collection id.
        collection: String,
        /// Why.
        reason: String,
    },
    /// Too many people search at the same moment.
    #[error("too many searches at the moment: try again in a few seconds")]
    Busy,
    /// Rows.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Index.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// Blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Jobs.
    #[error(transparent)]
    Jobs(#[from] lampion_core::jobs::JobStoreError),
    /// Disk.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
}

impl From<LibraryError> for lampion_web::AppError {
    fn from(error: LibraryError) -> Self {
        match error {
            LibraryError::NoSuchCollection(_) => Self::not_found(),
            LibraryError::BadSource { .. } => Self::bad_request(error.to_string()),
            LibraryError::Busy | LibraryError::Content { .. } => {
                Self::unavailable(error.to_string())
            }
            LibraryError::Db(error) => error.into(),
            LibraryError::Search(error) => error.into(),
            LibraryError::Jobs(error) => error.into(),
            LibraryError::Blob(error) => error.into(),
            other => Self::fault(other),
        }
    }
}

/// All that pages, jobs and the command line need of the library. Cheap to clone.
#[derive(Clone)]
pub struct Library(Arc<Inner>);

struct Inner {
    kernel: Kernel,
    store: Store,
    worker: Worker,
    known: RwLock<Arc<Known>>,
    archives: Mutex<HashMap<String, Arc<Archive>>>,
    cache: Arc<ClusterCache>,
    turns: Semaphore,
    failed: FailedSearches,
}

/// Collections as read last.
#[derive(Default)]
struct Known {
    version: String,
    all: Vec<Collection>,
}

impl Library {
    /// The library of a node. `program` is the program whose `extract` command reads content.
    pub fn new(kernel: Kernel, program: PathBuf) -> Self {
        let config = Arc::clone(&kernel.config);
        let parallel = match config.search_parallel {
            0 => std::thread::available_parallelism().map_or(2, usize::from) * 2,
            told => told,
        };
        let worker = Worker::new(&config, program);
        Self(Arc::new(Inner {
            store: Store(kernel.db.clone()),
            worker,
            known: RwLock::default(),
            archives: Mutex::default(),
            cache: Arc::new(ClusterCache::new(match config.archive_cache_mb {
                0 => crate::memory::archive_cache(),
                megabytes => megabytes << 20,
            })),
            turns: Semaphore::new(parallel),
            failed: FailedSearches::default(),
            kernel,
        }))
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.0.kernel
    }

    /// Searches that found nothing, counted without readers.
    pub fn failed(&self) -> &FailedSearches {
        &self.0.failed
    }

    /// The rows.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// How children are started.
    pub fn worker(&self) -> &Worker {
        &self.0.worker
    }

    /// Reads collections anew if any changed, and makes their indexes known.
    ///
    /// # Errors
    /// The database.
    pub async fn refresh(&self) -> Result<(), LibraryError> {
        let version = self.0.store.version().await?;
        let before = Arc::clone(&self.0.known.read().unwrap_or_else(PoisonError::into_inner));
        if before.version == version && !version.is_empty() {
            return Ok(());
        }
        let all = self.0.store.all().await?;
        for old in before
            .all
            .iter()
            .filter(|old| !all.iter().any(|new| new.id == old.id))
        {
            self.0.kernel.search.detach(&old.id);
            self.close_archive(&old.id);
        }
        for new in &all {
            let old = before.all.iter().find(|old| old.id == new.id);
            if old.is_none_or(|old| old.folder != new.folder) {
                self.attach(new);
            }
            if old.is_some_and(|old| old.source != new.source) {
                self.close_archive(&new.id);
            }
        }
        *self.0.known.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Known { version, all });
        Ok(())
    }

    fn attach(&self, collection: &Collection) {
        let read_only = collection.folder.is_dir()
            && rustix::fs::access(&collection.folder, rustix::fs::Access::WRITE_OK).is_err();
        let place = IndexPlace {
            collection: collection.id.clone(),
            folder: collection.index_folder(),
            read_only,
        };
        if let Err(error) = self.0.kernel.search.attach(place) {
            tracing::error!(collection = %collection.id, %error, "its index can't be used");
        }
    }

    /// Watches for changes by other processes until the node stops.
    pub async fn watch(self, stop: tokio_util::sync::CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "collections could not be read");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = pause() => {}
            }
        }
    }

    /// All collections.
    pub fn collections(&self) -> Vec<Collection> {
        self.0
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .all
            .clone()
    }

    /// Collections that a person may see.
    pub fn visible(&self, person: Option<&Person>) -> Vec<Collection> {
        let known = Arc::clone(&self.0.known.read().unwrap_or_else(PoisonError::into_inner));
        known
            .all
            .iter()
            .filter(|one| one.visible_to(person))
            .cloned()
            .collect()
    }

    /// Ids of collections that a person may see.
    pub fn visible_ids(&self, person: Option<&Person>) -> Vec<String> {
        let known = Arc::clone(&self.0.known.read().unwrap_or_else(PoisonError::into_inner));
        known
            .all
            .iter()
            .filter(|one| one.visible_to(person))
            .map(|one| one.id.clone())
            .collect()
    }

    /// One collection.
    pub fn collection(&self, id: &str) -> Option<Collection> {
        self.0
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .all
            .iter()
            .find(|one| one.id == id)
            .cloned()
    }

    /// One collection that a person may see; to anybody else it doesn't exist.
    ///
    /// # Errors
    /// `NoSuchCollection`.
    pub fn collection_for(
        &self,
        id: &str,
        person: Option<&Person>,
    ) -> Result<Collection, LibraryError> {
        self.collection(id)
            .filter(|one| one.visible_to(person))
            .ok_or_else(|| LibraryError::NoSuchCollection(id.into()))
    }

    /// Searches on a blocking thread, a few at a time; others wait their turn.
    ///
    /// # Errors
    /// The engine, or `Busy`.
    pub async fn search(&self, mut request: SearchRequest) -> Result<SearchResults, LibraryError> {
        let kernel = &self.0.kernel;
        request.query = crate::numbers::in_normal_form(&request.query);
        request.deadline = Some(Duration::from_millis(kernel.config.search_deadline_ms));
        let results = self.engine(move |engine| engine.search(&request)).await??;
        kernel.metrics.searches.inc();
        kernel
            .metrics
            .search_seconds
            .observe(results.took_us as f64 / 1e6);
        if results.partial {
            kernel.metrics.searches_partial.inc();
        }
        Ok(results)
    }

    /// Suggestions while typing.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn suggest(
        &self,
        typed: String,
        collections: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Suggestion>, LibraryError> {
        self.engine(move |engine| engine.suggest(&typed, &collections, limit))
            .await
    }

    /// Asks the engine something on a blocking thread.
    ///
    /// # Errors
    /// `Busy`.
    pub async fn engine<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn lampion_search::Engine) -> T + Send + 'static,
    ) -> Result<T, LibraryError> {
        let _turn = tokio::time::timeout(QUEUE_TIME, self.0.turns.acquire())
            .await
            .map_err(|_| LibraryError::Busy)?
            .map_err(|_| LibraryError::Busy)?;
        let engine = Arc::clone(&self.0.kernel.search);
        tokio::task::spawn_blocking(move || ask(&*engine))
            .await
            .map_err(|error| LibraryError::Search(SearchError::Engine(error.to_string())))
    }

    /// Where a collection's content can be read as a file or folder.
    ///
    /// # Errors
    /// `Content` if it is nowhere.
    pub fn content_path(&self, collection: &Collection) -> Result<PathBuf, LibraryError> {
        self.place_of(collection, &collection.source)
    }

    /// The same for any source of a collection.
    ///
    /// # Errors
    /// `Content` if it is nowhere.
    pub fn place_of(
        &self,
        collection: &Collection,
        source: &Source,
    ) -> Result<PathBuf, LibraryError> {
        // Its records are on the feed; its folder holds the index.
        if collection.kind == Kind::Catalogue {
            return Ok(collection.folder.clone());
        }
        let lost = |reason: &str| LibraryError::Content {
            collection: collection.id.clone(),
            reason: reason.into(),
        };
        if let Some(blob) = &source.blob {
            let hash: Hash = blob
                .parse()
                .map_err(|_| lost("its address in the store is damaged"))?;
            let path = self.0.kernel.blobs.local_path(&hash);
            return path.ok_or_else(|| {
                lost(match self.0.kernel.blobs.is_remote() {
                    true => "its file is being fetched: try again in a while",
                    false => "its file is missing from the store: import it again",
                })
            });
        }
        let path = source
            .path
            .as_ref()
            .map(|path| collection.folder.join(path));
        path.ok_or_else(|| lost("it has no content"))
    }

    /// The open archive of a collection.
    ///
    /// # Errors
    /// `Content` if it can't be opened. Blocks: call it on a blocking thread.
    pub fn archive(&self, collection: &Collection) -> Result<Arc<Archive>, LibraryError> {
        if let Some(open) = self
            .0
            .archives
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&collection.id)
        {
            return Ok(Arc::clone(open));
        }
        let path = self.content_path(collection)?;
        let options = OpenOptions {
            cache: Some(Arc::clone(&self.0.cache)),
            ..OpenOptions::default()
        };
        let archive = Archive::open_with(&path, options).map_err(|error: ZimError| {
            LibraryError::Content {
                collection: collection.id.clone(),
                reason: error.to_string(),
            }
        })?;
        let archive = Arc::new(archive);
        let mut open = self
            .0
            .archives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN_ARCHIVES {
            open.clear();
        }
        open.insert(collection.id.clone(), Arc::clone(&archive));
        Ok(archive)
    }

    /// The whole text of one file, read anew in a child with limits.
    ///
    /// # Errors
    /// `Content` with the reader's reason.
    pub async fn full_text(&self, path: PathBuf, name: &str) -> Result<String, LibraryError> {
        let content = |reason: String| LibraryError::Content {
            collection: name.to_string(),
            reason,
        };
        let request = Request {
            kind: Kind::Files,
            path,
            name: name.to_string(),
            limit: 1,
            ..Request::default()
        };
        let mut extraction = Extraction::new(self.0.worker.clone(), request);
        let never = tokio_util::sync::CancellationToken::new();
        loop {
            match extraction.next(&never).await? {
                Some(Frame::Item { document, .. }) => return Ok(document.body),
                Some(Frame::Failed { reason, .. } | Frame::Broken(reason)) => {
                    return Err(content(reason));
                }
                Some(Frame::End) | None => return Err(content("it has no text".into())),
                Some(_) => {}
            }
        }
    }

    fn close_archive(&self, id: &str) {
        self.0
            .archives
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    /// Takes a collection out of the library. Content that lies elsewhere stays; copies of ours are removed.
    ///
    /// # Errors
    /// No such collection, or the database. Files that can't be removed are logged.
    pub async fn remove(&self, id: &str) -> Result<(), LibraryError> {
        if let Some(node) = self.collection(id).filter(Collection::is_followed) {
            return Err(LibraryError::BadSource {
                path: id.into(),
                reason: format!(
                    "it comes from `{0}`, which is followed: `lampion feed unfollow {0}` takes all of its collections out",
                    node.node()
                ),
            });
        }
        self.remove_any(id).await
    }

    pub(crate) async fn remove_any(&self, id: &str) -> Result<(), LibraryError> {
        let collection = self
            .store()
            .get(id)
            .await?
            .ok_or_else(|| LibraryError::NoSuchCollection(id.into()))?;
        for job in self.0.kernel.jobs.list(id, 20).await? {
            if !job.state.is_over() {
                self.0.kernel.cancel(&job.id).await?;
            }
        }
        self.store().remove(id).await?;
        self.refresh().await?;
        let own = self.0.kernel.data.join("collections");
        if collection.folder.starts_with(&own) && collection.folder != own {
            let folder = collection.folder.clone();
            let removed =
                tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
            if let Ok(Err(error)) = removed
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(collection = id, %error, "its folder could not be removed");
            }
        }
        self.release(&collection.source).await?;
        self.0.kernel.events.send("collection.changed", id);
        Ok(())
    }

    /// Deletes the copy of a source that no collection uses any more.
    ///
    /// # Errors
    /// The database or the store.
    pub async fn release(&self, source: &Source) -> Result<(), LibraryError> {
        let Some(blob) = &source.blob else {
            return Ok(());
        };
        let uses = |one: &Collection| {
            one.source.blob.as_ref() == Some(blob) || one.incoming().blob.as_ref() == Some(blob)
        };
        // A record may hold the same bytes as an attached file. When in doubt they stay.
        let held = crate::catalogue::files::is_held(&self.0.kernel.db, blob)
            .await
            .unwrap_or(true);
        if !held
            && !self.store().all().await?.iter().any(uses)
            && let Ok(hash) = blob.parse()
        {
            self.0.kernel.blobs.delete(&hash).await?;
        }
        Ok(())
    }

    /// A token that opens a restricted collection on the content origin, which has no sessions. Good for a day or two.
    pub fn content_token(&self, collection: &str) -> String {
        self.token_of_day(
            collection,
            self.0.kernel.clock.now_ms().div_euclid(86_400_000),
        )
    }

    /// Whether a token opens a collection now.
    pub fn content_token_opens(&self, collection: &str, token: &str) -> bool {
        let today = self.0.kernel.clock.now_ms().div_euclid(86_400_000);
        [today, today - 1]
            .iter()
            .any(|day| self.token_of_day(collection, *day) == token)
    }

    fn token_of_day(&self, collection: &str, day: i64) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0.kernel.secret);
        hasher
            .update(b"content")
            .update(&day.to_le_bytes())
            .update(collection.as_bytes());
        ids::base32(hasher.finalize().as_bytes().get(..20).unwrap_or_default())
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often another process's changes are looked for"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(900)).await;
}
