//! Durable jobs: long work that shows progress, survives a restart, can be cancelled and tried again.
//!
//! A [`JobStore`] keeps them (the `db` crate); a [`Runner`] does them, one handler a kind. A job that was at work
//! when the process ended is queued again at the next start: handlers go on from what they themselves committed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::metrics::Metrics;
use crate::{Clock, Events};

/// How often an idle runner looks for jobs that another process queued.
const LOOK_EVERY: Duration = Duration::from_millis(700);
/// Progress is written to the store at most this often.
const WRITE_EVERY_MS: i64 = 400;
/// The longest pause before a job that met a passing reason is tried again.
const PAUSE_LIMIT_MS: i64 = 5 * 60_000;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Waits for its turn.
    Queued,
    /// At work.
    Running,
    /// Ended well.
    Done,
    /// Ended with `error`.
    Failed,
    /// Ended because a person asked so.
    Cancelled,
}

impl JobState {
    /// The word in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of a word; an unknown word counts as failed.
    pub fn from_word(word: &str) -> Self {
        match word {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    /// Whether nothing more will happen.
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// How far a job is.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Progress {
    /// Items done.
    pub items: i64,
    /// Items in all; 0 if unknown.
    pub items_total: i64,
    /// Bytes done.
    pub bytes: i64,
    /// Bytes in all; 0 if unknown.
    pub bytes_total: i64,
    /// Items that failed and are listed elsewhere.
    pub failed: i64,
    /// What is being done (a message key of the feature).
    pub phase: String,
}

/// One piece of work.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Job {
    /// Id.
    pub id: String,
    /// Which handler does it.
    pub kind: String,
    /// What it is about (a collection's id): one job a subject runs at a time.
    pub subject: String,
    /// The handler's own words (JSON).
    pub payload: String,
    /// State.
    pub state: JobState,
    /// Progress.
    pub progress: Progress,
    /// Why it failed.
    pub error: String,
    /// How often it was begun.
    pub attempts: i64,
    /// Not before this time (a pause before another try), ms since 1970.
    pub not_before_ms: i64,
    /// A person asked to stop it.
    pub cancel: bool,
    /// When it was queued, ms since 1970.
    pub created_ms: i64,
    /// When it was begun last, ms since 1970; 0 if never.
    pub started_ms: i64,
    /// When anything changed last, ms since 1970.
    pub updated_ms: i64,
}

impl Job {
    /// A job to queue.
    pub fn new(id: String, kind: &str, subject: &str, payload: String, now_ms: i64) -> Self {
        Self {
            id,
            kind: kind.into(),
            subject: subject.into(),
            payload,
            state: JobState::Queued,
            progress: Progress::default(),
            error: String::new(),
            attempts: 0,
            not_before_ms: 0,
            cancel: false,
            created_ms: now_ms,
            started_ms: 0,
            updated_ms: now_ms,
        }
    }
}

/// The store can't be reached or refused.
#[derive(Debug, thiserror::Error)]
#[error("the store of jobs: {0}")]
pub struct JobStoreError(pub String);

/// Keeps jobs.
#[async_trait]
pub trait JobStore: Send + Sync + 'static {
    /// Keeps a new job.
    async fn insert(&self, job: &Job) -> Result<(), JobStoreError>;
    /// One job.
    async fn get(&self, id: &str) -> Result<Option<Job>, JobStoreError>;
    /// Newest jobs of a subject, or of all if it is empty.
    async fn list(&self, subject: &str, limit: i64) -> Result<Vec<Job>, JobStoreError>;
    /// Takes the oldest queued job of one of these kinds whose subject isn't at work, and marks it running.
    async fn claim(&self, kinds: &[String], now_ms: i64) -> Result<Option<Job>, JobStoreError>;
    /// Writes progress; returns whether a person asked to cancel.
    async fn progress(
        &self,
        id: &str,
        progress: &Progress,
        now_ms: i64,
    ) -> Result<bool, JobStoreError>;
    /// Ends a run: over, or queued again not before a time.
    async fn finish(
        &self,
        id: &str,
        state: JobState,
        error: &str,
        not_before_ms: i64,
        now_ms: i64,
    ) -> Result<(), JobStoreError>;
    /// Asks to stop: a queued job is cancelled at once, a running one soon.
    async fn cancel(&self, id: &str, now_ms: i64) -> Result<(), JobStoreError>;
    /// Queues a job that is over once more; one that waits for better times goes on at once.
    async fn retry(&self, id: &str, now_ms: i64) -> Result<(), JobStoreError>;
    /// Queues again what was running when the process before ended; returns how many.
    async fn requeue_interrupted(&self, now_ms: i64) -> Result<u64, JobStoreError>;
    /// Forgets jobs that were over before a time.
    async fn forget_before(&self, ms: i64) -> Result<u64, JobStoreError>;
}

/// Why a run of a job ended without success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobEnd {
    /// A person asked so.
    Cancelled,
    /// The process is shutting down: the job stays queued and goes on at the next start.
    Interrupted,
    /// A passing reason (disk full, database away): tried again after a pause, each time a longer one,
    /// up to five minutes, until it is over or a person cancels.
    Passing(String),
    /// For good.
    Failed(String),
}

/// Does one kind of job.
#[async_trait]
pub trait JobHandler: Send + Sync + 'static {
    /// The kind's name.
    fn kind(&self) -> &'static str;
    /// Does the job; must be able to go on where an interrupted run stopped.
    async fn run(&self, context: JobContext) -> Result<(), JobEnd>;
}

/// What a handler has of its job while it works.
#[derive(Clone)]
pub struct JobContext {
    /// The job as it was when begun.
    pub job: Job,
    /// Cancelled when a person or the shutdown asks to stop; see [`JobContext::stop_reason`].
    pub stop: CancellationToken,
    shutdown: CancellationToken,
    shared: Arc<Mutex<Shared>>,
    runner: Arc<Inner>,
}

struct Shared {
    progress: Progress,
    written_ms: i64,
}

impl JobContext {
    /// Tells how far the job is. Cheap: written to the store now and then.
    pub async fn progress(&self, progress: Progress) {
        let now_ms = self.runner.clock.now_ms();
        let due = {
            let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
            shared.progress = progress.clone();
            // A clock that was turned back must not silence progress.
            let due = (now_ms - shared.written_ms).unsigned_abs() >= WRITE_EVERY_MS.unsigned_abs();
            if due {
                shared.written_ms = now_ms;
            }
            due
        };
        if due {
            self.write(&progress, now_ms).await;
        }
    }

    /// Why `stop` was cancelled.
    pub fn stop_reason(&self) -> JobEnd {
        if self.shutdown.is_cancelled() {
            JobEnd::Interrupted
        } else {
            JobEnd::Cancelled
        }
    }

    async fn write(&self, progress: &Progress, now_ms: i64) {
        match self
            .runner
            .store
            .progress(&self.job.id, progress, now_ms)
            .await
        {
            Ok(true) => self.stop.cancel(),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "progress of a job could not be kept"),
        }
        self.runner.events.send("job.changed", self.job.id.as_str());
    }

    async fn last_progress(&self) {
        let progress = self
            .shared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .progress
            .clone();
        if progress != Progress::default() {
            self.write(&progress, self.runner.clock.now_ms()).await;
        }
    }
}

struct Inner {
    store: Arc<dyn JobStore>,
    handlers: HashMap<&'static str, Arc<dyn JobHandler>>,
    clock: Arc<dyn Clock>,
    events: Events,
    metrics: Metrics,
    wake: Notify,
    running: Mutex<HashMap<String, CancellationToken>>,
}

/// Does jobs until it is told to stop.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

impl Runner {
    /// A runner for these handlers.
    pub fn new(
        store: Arc<dyn JobStore>,
        handlers: Vec<Arc<dyn JobHandler>>,
        clock: Arc<dyn Clock>,
        events: Events,
        metrics: Metrics,
    ) -> Self {
        let handlers = handlers
            .into_iter()
            .map(|handler| (handler.kind(), handler))
            .collect();
        Self(Arc::new(Inner {
            store,
            handlers,
            clock,
            events,
            metrics,
            wake: Notify::new(),
            running: Mutex::default(),
        }))
    }

    /// Looks for work at once: call after queueing a job.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Asks a job to stop.
    ///
    /// # Errors
    /// The store can't be reached.
    pub async fn cancel(&self, id: &str) -> Result<(), JobStoreError> {
        self.0.store.cancel(id, self.0.clock.now_ms()).await?;
        if let Some(stop) = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
        {
            stop.cancel();
        }
        self.0.events.send("job.changed", id);
        Ok(())
    }

    /// Works until `shutdown`, at most `parallel` jobs at a time, then waits for the running ones to stop.
    pub async fn run(&self, parallel: usize, shutdown: CancellationToken) {
        match self
            .0
            .store
            .requeue_interrupted(self.0.clock.now_ms())
            .await
        {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "jobs go on that were interrupted"),
            Err(error) => tracing::error!(%error, "interrupted jobs could not be queued again"),
        }
        let slots = Arc::new(Semaphore::new(parallel.max(1)));
        let tasks = TaskTracker::new();
        while !shutdown.is_cancelled() {
            let Some(slot) = self.slot(&slots, &shutdown).await else {
                break;
            };
            match self.claim().await {
                Some(job) => {
                    let (runner, shutdown) = (self.clone(), shutdown.clone());
                    tasks.spawn(async move {
                        runner.work(job, shutdown).await;
                        drop(slot);
                    });
                }
                None => {
                    drop(slot);
                    tokio::select! {
                        () = self.0.wake.notified() => {}
                        () = shutdown.cancelled() => {}
                        () = pause(LOOK_EVERY) => {}
                    }
                }
            }
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn slot(
        &self,
        slots: &Arc<Semaphore>,
        shutdown: &CancellationToken,
    ) -> Option<tokio::sync::OwnedSemaphorePermit> {
        tokio::select! {
            permit = Arc::clone(slots).acquire_owned() => permit.ok(),
            () = shutdown.cancelled() => None,
        }
    }

    async fn claim(&self) -> Option<Job> {
        let kinds: Vec<String> = self.0.handlers.keys().map(ToString::to_string).collect();
        match self.0.store.claim(&kinds, self.0.clock.now_ms()).await {
            Ok(job) => job,
            Err(error) => {
                tracing::warn!(%error, "no job could be taken");
                None
            }
        }
    }

    async fn work(&self, job: Job, shutdown: CancellationToken) {
        let Some(handler) = self.0.handlers.get(job.kind.as_str()).cloned() else {
            return;
        };
        let stop = shutdown.child_token();
        let id = job.id.clone();
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), stop.clone());
        self.0.metrics.jobs_running.inc();
        self.0.events.send("job.changed", id.as_str());
        let attempts = job.attempts;
        let shared = Arc::new(Mutex::new(Shared {
            progress: job.progress.clone(),
            written_ms: 0,
        }));
        let context = JobContext {
            job,
            stop,
            shutdown: shutdown.clone(),
            shared,
            runner: Arc::clone(&self.0),
        };
        let watcher = tokio::spawn(watch_cancel(context.clone()));
        // A handler that panics must not take the runner with it.
        let run = {
            let context = context.clone();
            tokio::spawn(async move { handler.run(context).await })
        };
        let ended = run.await.unwrap_or_else(|error| {
            tracing::error!(job = %id, %error, "a job ended by a fault of the program");
            Err(JobEnd::Failed("a fault of the program; see the log".into()))
        });
        watcher.abort();
        context.last_progress().await;
        self.end(&id, attempts, ended, &shutdown).await;
        self.0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
        self.0.metrics.jobs_running.dec();
        self.0.events.send("job.changed", id.as_str());
        self.0.wake.notify_one();
    }

    async fn end(
        &self,
        id: &str,
        attempts: i64,
        ended: Result<(), JobEnd>,
        shutdown: &CancellationToken,
    ) {
        let now_ms = self.0.clock.now_ms();
        let (state, error, not_before_ms) = match ended {
            Ok(()) => (JobState::Done, String::new(), 0),
            Err(JobEnd::Cancelled) => (JobState::Cancelled, String::new(), 0),
            Err(JobEnd::Interrupted) => (JobState::Queued, String::new(), 0),
            Err(JobEnd::Passing(reason)) => {
                let pause_ms = (2_000i64 << attempts.clamp(0, 10)).min(PAUSE_LIMIT_MS);
                (JobState::Queued, reason, now_ms.saturating_add(pause_ms))
            }
            Err(JobEnd::Failed(reason)) => (JobState::Failed, reason, 0),
        };
        while let Err(error) = self
            .0
            .store
            .finish(id, state, &error, not_before_ms, now_ms)
            .await
        {
            // The database may be restarting: an unrecorded end would make the job run twice.
            // At a shutdown it stays as begun, and is done again at the next start.
            tracing::warn!(%error, "the end of a job could not be kept");
            if shutdown.is_cancelled() {
                return;
            }
            pause(Duration::from_millis(500)).await;
        }
    }
}

/// Another process (the command line) cancels through the store: look there while a job makes no progress of its own.
async fn watch_cancel(context: JobContext) {
    loop {
        pause(LOOK_EVERY).await;
        if let Ok(Some(job)) = context.runner.store.get(&context.job.id).await
            && job.cancel
        {
            context.stop.cancel();
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner's own pauses; nothing's safety depends on them"
)]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
