//! The harvest as a job: page after page, kept, indexed, and gone on with after any interruption.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use lampion_formats::exchange::harvest::{Fetch, Harvest, HarvestError, Identity, Limits, Step};
use lampion_search::{Begin, Document, Writer};
use ureq::Agent;

use super::client::{Fetched, agent, fetch};
use super::{HarvestedRow, KIND, Whole, host, lines};
use crate::extract::process::Extraction;
use crate::extract::{Frame, Request};
use crate::import::{blocking, end_of};
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, State};
use crate::store::ImportError;

/// The shortest pause between two requests; a repository that is slow is given as long as it took, …
const PAUSE: Duration = Duration::from_millis(250);
/// … but not longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Waits up to this are waited for; longer ones give other jobs their turn.
const SHORT_WAIT: Duration = Duration::from_secs(20);
/// Records that are read and indexed together.
const BATCH: i64 = 500;
/// Changes that wait for the index at most …
const WAITING: i64 = 5_000;
/// … and how long, after the first.
const COMMIT_TIME: Duration = Duration::from_secs(10);
/// Letters of a repository's name that are taken over.
const TITLE: usize = 200;

/// A repository that is to be left alone for a while, and why.
#[derive(Debug, Clone)]
struct Wait {
    until: Instant,
    reason: String,
}

/// Handles [`KIND`].
pub struct HarvestJob {
    library: Library,
    /// Until when repositories asked to be left alone. Lost with the process: then the wait begins anew.
    waits: Mutex<HashMap<String, Wait>>,
}

impl HarvestJob {
    /// The handler of a library's harvests.
    pub fn new(library: Library) -> Self {
        Self {
            library,
            waits: Mutex::default(),
        }
    }

    /// What is left of the wait that a repository asked for, and the reason; nothing if it is over. Begins it if it
    /// hasn't begun.
    fn waiting(
        &self,
        collection: &str,
        wait: Duration,
        reason: &str,
    ) -> Option<(Duration, String)> {
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let one = waits.entry(collection.to_string()).or_insert_with(|| Wait {
            until: Instant::now() + wait,
            reason: reason.to_string(),
        });
        let left = one.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            waits.remove(collection);
            return None;
        }
        Some((left, one.reason.clone()))
    }
}

#[async_trait]
impl JobHandler for HarvestJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let id = context.job.subject.clone();
        let store = self.library.store();
        let collection = store.get(&id).await.map_err(passing)?;
        let row = store.harvest(&id).await.map_err(passing)?;
        let (Some(collection), Some(mut row)) = (collection, row) else {
            return Err(JobEnd::Failed("the collection was removed".into()));
        };
        let first = context.job.attempts <= 1;
        // The list had come to its end when something interrupted: before anything else begins, it is ended.
        if first && row.whole && row.harvest.is_done() {
            store.end_whole(&id).await.map_err(passing)?;
        }
        if first && context.job.payload == super::WHOLE {
            row.harvest.begin_whole();
            store
                .begin_whole(&id, &row.harvest)
                .await
                .map_err(passing)?;
            row.sequence += 1;
        } else if first || row.harvest.stopped().is_some() {
            // What was interrupted goes on as it is; a new job, and one that is tried again, begins.
            row.harvest.begin();
        }
        self.library
            .refresh()
            .await
            .map_err(|error| end_of(&error))?;
        let mut work = Work {
            job: self,
            progress: Progress {
                phase: "harvesting".into(),
                items: i64::try_from(row.harvest.records()).unwrap_or(0),
                items_total: context.job.progress.items_total,
                ..Progress::default()
            },
            harvest: Some(row.harvest),
            sequence: row.sequence,
            indexed: row.indexed,
            committed: None,
            collection,
            context,
            writer: None,
            agent: agent(),
            languages: String::new(),
            reason: "no answer of use came".into(),
        };
        let ended = match work.run().await {
            Ok(()) => work.end_whole().await,
            ended => ended,
        };
        // What was fetched is worth finding, whatever the end.
        let indexed = work.finish(ended.is_ok()).await;
        ended.and(indexed)
    }
}

fn passing(error: impl std::fmt::Display) -> JobEnd {
    JobEnd::Passing(error.to_string())
}

/// A harvest under way.
struct Work<'a> {
    job: &'a HarvestJob,
    context: JobContext,
    collection: Collection,
    progress: Progress,
    /// Away while an answer is read on another thread.
    harvest: Option<Harvest>,
    sequence: i64,
    indexed: i64,
    committed: Option<Instant>,
    writer: Option<Box<dyn Writer>>,
    agent: Agent,
    /// Those of the most records, comma separated.
    languages: String,
    /// Why the last answer was of no use.
    reason: String,
}

impl Work<'_> {
    fn library(&self) -> &Library {
        &self.job.library
    }

    async fn run(&mut self) -> Result<(), JobEnd> {
        loop {
            let Some(next) = self.harvest.as_ref().and_then(Harvest::request) else {
                return Ok(());
            };
            self.wait(&next).await?;
            let asked = Instant::now();
            let fetched = self.fetch(next).await?;
            let step = self.take(fetched).await?;
            let took = asked.elapsed();
            match step {
                Ok(Step::Page(page)) => {
                    if let Some(size) = page.list_size {
                        self.progress.items_total = i64::try_from(size).unwrap_or(0);
                    }
                    self.keep(&page.records).await?;
                    self.context.progress(self.progress.clone()).await;
                    self.index(false).await?;
                }
                Ok(Step::Repository(identity)) => {
                    self.keep(&[]).await?;
                    self.named(&identity).await?;
                }
                Ok(Step::Again { reason }) => {
                    tracing::info!(collection = %self.collection.id, %reason, "a repository is asked again later");
                    self.reason = reason;
                    self.keep(&[]).await?;
                }
                Ok(Step::Restarted) => self.keep(&[]).await?,
                Err(error) => {
                    self.keep(&[]).await?;
                    return Err(JobEnd::Failed(error.to_string()));
                }
            }
            self.pause(took.clamp(PAUSE, LONGEST_PAUSE)).await?;
        }
    }

    /// After a harvest of everything: what did not come is gone.
    async fn end_whole(&mut self) -> Result<(), JobEnd> {
        let store = self.job.library.store();
        let ended = store
            .end_whole(&self.collection.id)
            .await
            .map_err(passing)?;
        match ended {
            Whole::None | Whole::Gone(0) => Ok(()),
            Whole::Gone(gone) => {
                self.sequence += i64::try_from(gone).unwrap_or(0);
                tracing::info!(collection = %self.collection.id, gone, "records are gone from the repository");
                Ok(())
            }
            Whole::Empty => Err(JobEnd::Failed(
                "the repository's list of everything is empty: nothing was deleted here".into(),
            )),
        }
    }

    /// Waits as the repository asked. A long wait ends this run, so that other jobs have their turn.
    async fn wait(&mut self, next: &Fetch) -> Result<(), JobEnd> {
        let wait = Duration::from_secs(next.wait_s);
        if wait.is_zero() {
            return Ok(());
        }
        if wait <= SHORT_WAIT {
            return self.pause(wait).await;
        }
        match self.job.waiting(&self.collection.id, wait, &self.reason) {
            None => Ok(()),
            Some((left, reason)) => Err(JobEnd::Passing(format!(
                "{reason}: the repository is asked again in {} s",
                left.as_secs() + 1
            ))),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "politeness: a repository is asked slowly"
    )]
    async fn pause(&mut self, time: Duration) -> Result<(), JobEnd> {
        tokio::select! {
            () = self.context.stop.cancelled() => Err(self.context.stop_reason()),
            () = tokio::time::sleep(time) => Ok(()),
        }
    }

    /// Fetches on a thread of its own, which nobody waits for when the node stops.
    async fn fetch(&mut self, next: Fetch) -> Result<Result<Fetched, String>, JobEnd> {
        let (tell, told) = tokio::sync::oneshot::channel();
        let agent = self.agent.clone();
        let limit = u64::try_from(Limits::default().max_page_bytes).unwrap_or(u64::MAX);
        std::thread::Builder::new()
            .name("harvest".into())
            .spawn(move || {
                let _nobody_waits_any_more = tell.send(fetch(&agent, &next, limit));
            })
            .map_err(passing)?;
        tokio::select! {
            () = self.context.stop.cancelled() => Err(self.context.stop_reason()),
            fetched = told => Ok(fetched.unwrap_or_else(|_| Err("the fetching thread died".into()))),
        }
    }

    /// Hands what came to the machine of states.
    async fn take(
        &mut self,
        fetched: Result<Fetched, String>,
    ) -> Result<Result<Step, HarvestError>, JobEnd> {
        let Some(mut harvest) = self.harvest.take() else {
            return Err(JobEnd::Failed("the harvest is not under way".into()));
        };
        let (harvest, step) = blocking(move || {
            let step = match &fetched {
                Ok(came) => harvest.answer(came.status, came.retry_after_s, &came.body),
                Err(reason) => harvest.failed(reason),
            };
            (harvest, step)
        })
        .await?;
        self.progress.items = i64::try_from(harvest.records()).unwrap_or(0);
        self.harvest = Some(harvest);
        Ok(step)
    }

    /// Keeps records together with the state after them.
    async fn keep(
        &mut self,
        records: &[lampion_formats::exchange::harvest::Harvested],
    ) -> Result<(), JobEnd> {
        let Some(harvest) = &self.harvest else {
            return Ok(());
        };
        let (store, id) = (self.job.library.store(), &self.collection.id);
        let kept = store.keep_harvest(id, harvest, records).await;
        self.sequence = kept.map_err(passing)?.ok_or(JobEnd::Cancelled)?;
        Ok(())
    }

    /// Takes over the repository's name, where a librarian hasn't said otherwise.
    async fn named(&mut self, identity: &Identity) -> Result<(), JobEnd> {
        let name: String = identity.name.trim().chars().take(TITLE).collect();
        if !name.is_empty() && self.collection.title == host(&self.collection.source.name) {
            self.collection.title = name;
        }
        self.save().await
    }

    /// Brings the index up to the newest row. Every now and then while the harvest goes on, at once if `now`.
    async fn index(&mut self, now: bool) -> Result<(), JobEnd> {
        let due = now
            || self.sequence - self.indexed >= WAITING
            || self
                .committed
                .is_none_or(|last| last.elapsed() >= COMMIT_TIME);
        if !due || self.sequence == self.indexed {
            return Ok(());
        }
        let mut at = self.indexed;
        loop {
            let rows = self
                .library()
                .store()
                .harvested_after(&self.collection.id, at, BATCH)
                .await
                .map_err(passing)?;
            let Some(last) = rows.last() else { break };
            at = last.sequence;
            self.index_batch(rows).await?;
        }
        self.on_writer(|writer| writer.commit("")).await?;
        self.indexed = self.sequence;
        self.committed = Some(Instant::now());
        self.library()
            .store()
            .harvest_indexed(&self.collection.id, self.indexed)
            .await
            .map_err(passing)?;
        self.count().await
    }

    async fn index_batch(&mut self, rows: Vec<HarvestedRow>) -> Result<(), JobEnd> {
        let (documents, errors) = self.read(&rows).await?;
        let run = self.context.job.created_ms;
        self.library()
            .store()
            .add_errors(&self.collection.id, run, &errors)
            .await
            .map_err(passing)?;
        // What was deleted, and what can't be read any more, is not found any more.
        let gone: Vec<String> = rows
            .iter()
            .filter(|row| row.deleted)
            .map(|row| row.identifier.clone())
            .chain(errors.into_iter().map(|error| error.item))
            .collect();
        self.on_writer(move |writer| {
            for key in &gone {
                writer.remove(key)?;
            }
            for document in documents {
                writer.add(document)?;
            }
            Ok(())
        })
        .await
    }

    /// Reads records in a child with limits.
    async fn read(
        &mut self,
        rows: &[HarvestedRow],
    ) -> Result<(Vec<Document>, Vec<ImportError>), JobEnd> {
        let disk = |error: std::io::Error| end_of(&LibraryError::Disk(error));
        let text = lines(rows).map_err(disk)?;
        let (mut documents, mut errors) = (Vec::new(), Vec::new());
        if text.is_empty() {
            return Ok((documents, errors));
        }
        let path = self.collection.folder.join(".page.jsonl");
        tokio::fs::create_dir_all(&self.collection.folder)
            .await
            .map_err(disk)?;
        tokio::fs::write(&path, text).await.map_err(disk)?;
        let request = Request {
            kind: Kind::Records,
            path: path.clone(),
            format: super::FORMAT.into(),
            ..Request::default()
        };
        let mut extraction = Extraction::new(self.library().worker().clone(), request);
        loop {
            // The harvest may be told to stop: the few records at hand are read all the same.
            let never = tokio_util::sync::CancellationToken::new();
            let frame = extraction.next(&never).await.map_err(disk)?;
            match frame {
                Some(Frame::Item { document, .. }) => documents.push(*document),
                Some(Frame::Failed { item, reason, .. }) => {
                    errors.push(ImportError { item, reason });
                }
                Some(Frame::Broken(reason)) => return Err(JobEnd::Failed(reason)),
                Some(Frame::End) | None => break,
                Some(_) => {}
            }
        }
        let _swept_with_the_next = tokio::fs::remove_file(&path).await;
        Ok((documents, errors))
    }

    /// Does something with the index's writer, which is opened by the first that needs it.
    async fn on_writer(
        &mut self,
        act: impl FnOnce(&mut dyn Writer) -> Result<(), lampion_search::SearchError> + Send + 'static,
    ) -> Result<(), JobEnd> {
        let open = self.writer.take();
        let engine = Arc::clone(&self.library().kernel().search);
        let id = self.collection.id.clone();
        let done = blocking(move || {
            let mut writer = match open {
                Some(writer) => writer,
                None => engine.write(&id, Begin::Edit)?,
            };
            act(&mut *writer)?;
            Ok(writer)
        })
        .await?;
        self.writer = Some(done.map_err(|error| end_of(&LibraryError::Search(error)))?);
        Ok(())
    }

    async fn finish(&mut self, whole: bool) -> Result<(), JobEnd> {
        self.index(true).await?;
        if let Some(writer) = self.writer.take() {
            blocking(move || writer.finish())
                .await?
                .map_err(|error| end_of(&LibraryError::Search(error)))?;
        }
        if whole {
            self.collection.state = State::Ready;
            self.count().await?;
            let manifest = crate::import::manifest(&self.collection);
            if self.collection.folder.is_dir()
                && let Err(error) = manifest.write(&self.collection.folder)
            {
                tracing::warn!(collection = %self.collection.id, %error, "its description could not be written beside it");
            }
        }
        self.context.progress(self.progress.clone()).await;
        Ok(())
    }

    /// Tells readers how much there is now.
    async fn count(&mut self) -> Result<(), JobEnd> {
        let id = self.collection.id.clone();
        let stats = self
            .library()
            .engine(move |engine| engine.stats(&id))
            .await
            .map_err(|error| end_of(&error))?;
        // Nothing was ever written: a repository without records.
        let stats = stats.unwrap_or_default();
        let failed = self.library().store().count_errors(&self.collection.id);
        let failed = failed.await.map_err(passing)?;
        let one = &mut self.collection;
        one.failed = failed;
        one.documents = i64::try_from(stats.documents).unwrap_or(0);
        one.index_bytes = i64::try_from(stats.size_bytes).unwrap_or(0);
        self.languages = stats
            .languages
            .iter()
            .take(3)
            .map(|(tag, _)| tag.as_str())
            .collect::<Vec<_>>()
            .join(",");
        self.progress.failed = failed;
        self.save().await
    }

    async fn save(&mut self) -> Result<(), JobEnd> {
        let library = self.job.library.clone();
        let now = library.store().get(&self.collection.id).await;
        // What a librarian changed meanwhile stays.
        let Some(mut now) = now.map_err(passing)? else {
            return Err(JobEnd::Cancelled);
        };
        let one = &self.collection;
        if now.title == host(&one.source.name) {
            now.title.clone_from(&one.title);
        }
        // The first pages say little of the languages.
        if now.language.is_empty() || now.state == State::New {
            now.language.clone_from(&self.languages);
        }
        now.documents = one.documents;
        now.failed = one.failed;
        now.index_bytes = one.index_bytes;
        now.state = one.state;
        now.updated_ms = library.kernel().clock.now_ms();
        self.collection = now;
        library
            .store()
            .update(&self.collection)
            .await
            .map_err(passing)?;
        library.refresh().await.map_err(|error| end_of(&error))?;
        let id = self.collection.id.as_str();
        library.kernel().events.send("collection.changed", id);
        Ok(())
    }
}
