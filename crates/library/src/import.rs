//! The import of a collection, as a job: copy if asked, read in a child, index, commit, and go on after any interruption.
//!
//! What is committed to the index carries the reader's cursor, so a restart goes on exactly there. Errors are kept in the
//! database before the commit that passes them; keeping one twice changes nothing.

use std::sync::Arc;

use async_trait::async_trait;
use lampion_blobs::BlobError;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use lampion_search::{Begin, SearchError};
use serde::{Deserialize, Serialize};

use crate::extract::process::Extraction;
use crate::extract::{About, Frame, Request};
use crate::indexing::Indexing;
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Manifest, Source, State};
use crate::store::ImportError;

/// The job's kind.
pub const KIND: &str = "library.import";
/// Listed errors of one import.
const ERRORS_LIMIT: i64 = 100_000;

/// Handles [`KIND`].
pub struct ImportJob(pub Library);

#[derive(Debug, Default, Serialize, Deserialize)]
struct Payload {
    /// Build the index from nothing.
    #[serde(default)]
    rebuild: bool,
}

#[async_trait]
impl JobHandler for ImportJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let payload: Payload = serde_json::from_str(&context.job.payload).unwrap_or_default();
        let collection = self
            .0
            .store()
            .get(&context.job.subject)
            .await
            .map_err(passing)?;
        let Some(collection) = collection else {
            return Err(JobEnd::Failed("the collection was removed".into()));
        };
        if collection.kind == Kind::Catalogue {
            return crate::catalogue::follow::job(&self.0, &collection, payload.rebuild, &context)
                .await;
        }
        let import = Import {
            library: self.0.clone(),
            context,
            progress: Progress::default(),
            collection,
            pending_errors: Vec::new(),
        };
        import.run(payload).await
    }
}

/// An import under way.
pub(crate) struct Import {
    pub(crate) library: Library,
    pub(crate) context: JobContext,
    pub(crate) progress: Progress,
    pub(crate) collection: Collection,
    pending_errors: Vec<ImportError>,
}

fn passing(error: impl std::fmt::Display) -> JobEnd {
    JobEnd::Passing(error.to_string())
}

pub(crate) fn end_of(error: &LibraryError) -> JobEnd {
    let text = error.to_string();
    match error {
        LibraryError::Db(_) | LibraryError::Jobs(_) => JobEnd::Passing(text),
        LibraryError::Search(SearchError::DiskFull(_) | SearchError::Busy(_))
        | LibraryError::Blob(BlobError::DiskFull | BlobError::Unavailable(_)) => {
            JobEnd::Passing(text)
        }
        LibraryError::Disk(error) if error.kind() == std::io::ErrorKind::StorageFull => {
            JobEnd::Passing(
                "no space left on the disk: make room and it goes on where it stopped".into(),
            )
        }
        _ => JobEnd::Failed(text),
    }
}

impl Import {
    async fn run(mut self, payload: Payload) -> Result<(), JobEnd> {
        std::fs::create_dir_all(&self.collection.folder)
            .or_else(|error| {
                if self.collection.folder.is_dir() {
                    Ok(())
                } else {
                    Err(error)
                }
            })
            .map_err(|error| end_of(&error.into()))?;
        let goes_on = self.context.job.attempts > 1
            && self
                .library
                .content_path(&self.collection)
                .is_ok_and(|path| path.exists());
        if !goes_on {
            let written = self.library.write_harvested(&self.collection).await;
            written.map_err(|error| end_of(&error))?;
        }
        self.copy().await?;
        self.fetch().await?;
        if self.adopted().await? {
            return Ok(());
        }
        let begin = match self.collection.state {
            _ if payload.rebuild => {
                self.require_writable()?;
                Begin::Rebuild {
                    resume: self.context.job.attempts > 1,
                }
            }
            State::Ready => Begin::Update,
            State::New => Begin::Fresh,
        };
        self.collection.run = self.context.job.created_ms;
        self.save().await?;
        self.index(begin).await?;
        self.finish(begin).await
    }

    /// A collection that came with its index is ready as it is.
    async fn adopted(&mut self) -> Result<bool, JobEnd> {
        let came_along = self.collection.state == State::New
            && self.collection.run == 0
            && self.collection.folder.join(crate::model::MANIFEST).exists();
        if !came_along {
            return Ok(false);
        }
        // Another process may have added it a moment ago: its index must be known before it is asked.
        self.library
            .refresh()
            .await
            .map_err(|error| end_of(&error))?;
        let id = self.collection.id.clone();
        let stats = self
            .library
            .engine(move |engine| engine.stats(&id))
            .await
            .map_err(|error| end_of(&error))?;
        match stats {
            Ok(stats)
                if stats.documents > 0
                    && stats.documents == u64::try_from(self.collection.documents).unwrap_or(0) =>
            {
                self.collection.state = State::Ready;
                self.collection.index_bytes = i64::try_from(stats.size_bytes).unwrap_or(0);
                self.save().await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn require_writable(&self) -> Result<(), JobEnd> {
        if rustix::fs::access(&self.collection.folder, rustix::fs::Access::WRITE_OK).is_err() {
            return Err(JobEnd::Failed(format!(
                "{}: it can't be written: import the collection with --copy to change it",
                self.collection.folder.display()
            )));
        }
        Ok(())
    }

    async fn index(&mut self, begin: Begin) -> Result<(), JobEnd> {
        let id = self.collection.id.clone();
        let engine = Arc::clone(&self.library.kernel().search);
        let writer = blocking(move || engine.write(&id, begin))
            .await?
            .map_err(|error| end_of(&error.into()))?;
        let cursor = writer.cursor().unwrap_or_default();
        self.progress = Progress {
            phase: "indexing".into(),
            items: i64::try_from(writer.documents()).unwrap_or(0),
            ..Progress::default()
        };
        self.progress.failed = self
            .library
            .store()
            .count_errors(&self.collection.id)
            .await
            .map_err(passing)?;
        if cursor.is_empty() {
            self.progress.failed = 0;
        }
        let content = self
            .library
            .place_of(&self.collection, self.collection.incoming())
            .map_err(|error| end_of(&error))?;
        let request = Request {
            kind: self.collection.kind,
            path: content,
            name: self.collection.incoming().name.clone(),
            cursor,
            skip: String::new(),
            format: self.collection.incoming().format.clone(),
            mapping: self.collection.incoming().mapping.clone(),
            ask: begin == Begin::Update && self.collection.kind == Kind::Files,
            careful: false,
            memory_bytes: 0,
            limit: 0,
        };
        let mut extraction = Extraction::new(self.library.worker().clone(), request);
        let mut indexing = Indexing::new(writer);
        let ended = self.pump(&mut extraction, &mut indexing).await;
        // Whatever the reason for stopping, what was read so far is worth keeping.
        match ended {
            Ok(()) if begin == Begin::Fresh && self.progress.items == 0 => {
                Err(JobEnd::Failed(format!(
                    "{}: there is nothing in it that could be imported",
                    self.collection.incoming().name
                )))
            }
            Ok(()) => {
                self.keep_errors().await?;
                self.progress.phase = "finishing".into();
                self.context.progress(self.progress.clone()).await;
                indexing.finish().await
            }
            Err(end @ (JobEnd::Cancelled | JobEnd::Interrupted)) => {
                self.keep_errors().await?;
                indexing.commit().await?;
                Err(end)
            }
            Err(end) => Err(end),
        }
    }

    async fn pump(
        &mut self,
        extraction: &mut Extraction,
        indexing: &mut Indexing,
    ) -> Result<(), JobEnd> {
        loop {
            let frame = extraction
                .next(&self.context.stop)
                .await
                .map_err(|error| JobEnd::Failed(error.to_string()))?;
            let Some(frame) = frame else {
                return Err(self.context.stop_reason());
            };
            match frame {
                Frame::About(about) => self.about(about).await?,
                Frame::Plan { items, bytes } => {
                    self.progress.items_total = i64::try_from(items).unwrap_or(0);
                    self.progress.bytes_total = i64::try_from(bytes).unwrap_or(0);
                }
                Frame::Begin { .. } => {}
                Frame::Ask { key, hash } => {
                    let needed = !indexing.unchanged(&key, hash);
                    extraction.answer(needed).await;
                }
                Frame::Item {
                    document,
                    cursor,
                    bytes,
                } => {
                    indexing.add(document, cursor).await?;
                    self.library.kernel().metrics.imported.inc();
                    self.advance(1, bytes).await;
                }
                Frame::Alias { title, key } => indexing.alias(title, key).await?,
                Frame::Passed { cursor, bytes } => {
                    indexing.pass(cursor);
                    self.advance(1, bytes).await;
                }
                Frame::Failed {
                    item,
                    reason,
                    cursor,
                    bytes,
                } => {
                    self.failed(item, reason);
                    indexing.pass(cursor);
                    self.advance(1, bytes).await;
                }
                Frame::Warned { item, reason } => self.failed(item, reason),
                Frame::Broken(reason) => return Err(JobEnd::Failed(reason)),
                Frame::End => return Ok(()),
            }
            if indexing.commit_is_due() {
                self.require_space(0)?;
                self.keep_errors().await?;
                indexing.commit().await?;
                self.count().await?;
            }
        }
    }

    fn failed(&mut self, item: String, reason: String) {
        if self.progress.failed < ERRORS_LIMIT {
            self.pending_errors.push(ImportError { item, reason });
        }
        self.progress.failed += 1;
    }

    async fn advance(&mut self, items: i64, bytes: u64) {
        self.progress.items += items;
        self.progress.bytes = self.progress.bytes.max(i64::try_from(bytes).unwrap_or(0));
        if self.progress.items % 16 == 0 || self.progress.items < 16 {
            self.context.progress(self.progress.clone()).await;
        }
    }

    /// Takes over what the source says about itself, where the librarian hasn't said otherwise.
    async fn about(&mut self, about: About) -> Result<(), JobEnd> {
        let collection = &mut self.collection;
        let from_name = collection.state == State::New && collection.kind == Kind::Zim;
        if !about.title.is_empty()
            && (collection.title.is_empty()
                || (from_name && collection.documents == 0 && collection.description.is_empty()))
        {
            collection.title = about.title;
        }
        for (field, value) in [
            (&mut collection.description, about.description),
            (&mut collection.language, about.language),
            (&mut collection.creator, about.creator),
        ] {
            if field.is_empty() {
                *field = value;
            }
        }
        collection.origin = about.origin;
        collection.main_path = about.main_path;
        collection.size_bytes = i64::try_from(about.size_bytes).unwrap_or(0);
        if let Some((_, picture)) = about.cover
            && collection.cover.is_empty()
        {
            let stream =
                futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from(picture))]);
            let stored = self
                .library
                .kernel()
                .blobs
                .put_stream(stream)
                .await
                .map_err(|error| end_of(&error.into()))?;
            self.collection.cover = stored.hash.to_string();
        }
        self.save().await
    }

    async fn keep_errors(&mut self) -> Result<(), JobEnd> {
        let errors = std::mem::take(&mut self.pending_errors);
        self.library
            .store()
            .add_errors(&self.collection.id, self.collection.run, &errors)
            .await
            .map_err(passing)
    }

    /// Tells readers how much there is now.
    async fn count(&mut self) -> Result<(), JobEnd> {
        let id = self.collection.id.clone();
        let stats = self
            .library
            .engine(move |engine| engine.stats(&id))
            .await
            .and_then(|stats| stats.map_err(LibraryError::from))
            .map_err(|error| end_of(&error))?;
        self.collection.documents = i64::try_from(stats.documents).unwrap_or(0);
        self.collection.index_bytes = i64::try_from(stats.size_bytes).unwrap_or(0);
        if self.collection.language.is_empty() {
            self.collection.language = stats
                .languages
                .iter()
                .take(3)
                .map(|(tag, _)| tag.as_str())
                .collect::<Vec<_>>()
                .join(",");
        }
        self.save().await
    }

    async fn finish(mut self, begin: Begin) -> Result<(), JobEnd> {
        if begin != Begin::Fresh {
            self.collection.language.clear();
        }
        self.count().await?;
        self.library
            .store()
            .forget_errors(&self.collection.id, self.collection.run)
            .await
            .map_err(passing)?;
        self.collection.failed = self
            .library
            .store()
            .count_errors(&self.collection.id)
            .await
            .map_err(passing)?;
        self.collection.state = State::Ready;
        let before = match self.collection.pending.take() {
            Some(new) => Some(std::mem::replace(&mut self.collection.source, new)),
            None => None,
        };
        self.save().await?;
        if let Some(before) = before.filter(|before| *before != self.collection.source) {
            self.let_go(&before).await?;
        }
        let manifest = manifest(&self.collection);
        if let Err(error) = manifest.write(&self.collection.folder) {
            tracing::warn!(collection = %self.collection.id, %error, "its description could not be written beside it");
        }
        self.context.progress(self.progress.clone()).await;
        self.library.forget_harvested_file(&self.collection).await;
        if self.collection.kind == Kind::Zim {
            self.library
                .kernel()
                .queue(crate::check::KIND, &self.collection.id, "{}".into())
                .await
                .map_err(passing)?;
        }
        Ok(())
    }

    /// Removes our copy of the version before.
    async fn let_go(&self, before: &Source) -> Result<(), JobEnd> {
        self.library
            .release(before)
            .await
            .map_err(|error| end_of(&error))?;
        if let Some(name) = before.path.as_ref().filter(|path| {
            path.starts_with("files") || path.to_string_lossy().starts_with("files-")
        }) {
            let folder = self.collection.folder.join(name);
            if let Err(error) = blocking(move || std::fs::remove_dir_all(folder)).await? {
                tracing::warn!(collection = %self.collection.id, %error, "the version before could not be removed");
            }
        }
        Ok(())
    }

    pub(crate) async fn save(&mut self) -> Result<(), JobEnd> {
        self.collection.updated_ms = self.library.kernel().clock.now_ms();
        // What a librarian changed meanwhile stays.
        if let Some(now) = self
            .library
            .store()
            .get(&self.collection.id)
            .await
            .map_err(passing)?
        {
            self.collection.visibility = now.visibility;
        } else {
            return Err(JobEnd::Cancelled);
        }
        self.library
            .store()
            .update(&self.collection)
            .await
            .map_err(passing)?;
        self.library
            .refresh()
            .await
            .map_err(|error| end_of(&error))?;
        self.library
            .kernel()
            .events
            .send("collection.changed", self.collection.id.as_str());
        Ok(())
    }
}

/// What travels with a collection's folder.
pub(crate) fn manifest(collection: &Collection) -> Manifest {
    Manifest {
        lampion_collection: 1,
        id: collection.id.clone(),
        title: collection.title.clone(),
        description: collection.description.clone(),
        language: collection.language.clone(),
        creator: collection.creator.clone(),
        kind: collection.kind,
        source: collection.source.clone(),
        origin: collection.origin.clone(),
        main_path: collection.main_path.clone(),
        documents: collection.documents,
        size_bytes: collection.size_bytes,
    }
}

/// Does blocking work on a thread for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JobEnd> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| JobEnd::Failed(error.to_string()))
}
