//! The writer of an import, on its own thread, so that reading and indexing go on at the same time.

use std::time::{Duration, Instant};

use lampion_core::jobs::JobEnd;
use lampion_search::{Document, SearchError, Writer};
use tokio::task::JoinHandle;

use crate::import::{blocking, end_of};

/// The first commit comes after this time, so that readers soon find something; each next one waits longer.
const FIRST_COMMIT: Duration = Duration::from_millis(700);
/// No commit waits longer than this …
const COMMIT_TIME: Duration = Duration::from_secs(30);
/// … or for more documents than this.
const COMMIT_DOCUMENTS: u64 = 100_000;

/// What was handed over and what is committed.
pub(crate) struct Indexing {
    writer: Option<Box<dyn Writer>>,
    batch: Vec<Change>,
    batch_bytes: usize,
    at_work: Option<JoinHandle<Written>>,
    cursor: String,
    since_commit: u64,
    committed: Instant,
    wait: Duration,
}

/// The writer back from its thread, and how it went.
type Written = (Box<dyn Writer>, Result<(), SearchError>);

enum Change {
    Add(Box<Document>),
    Alias(String, String),
}

/// Documents that are handed to the writer's thread together, by count and by size.
const BATCH: usize = 512;
const BATCH_BYTES: usize = 4 << 20;

impl Indexing {
    pub(crate) fn new(writer: Box<dyn Writer>) -> Self {
        let cursor = writer.cursor().unwrap_or_default();
        Self {
            writer: Some(writer),
            batch: Vec::new(),
            batch_bytes: 0,
            at_work: None,
            cursor,
            since_commit: 0,
            committed: Instant::now(),
            wait: FIRST_COMMIT,
        }
    }

    pub(crate) fn unchanged(&mut self, key: &str, hash: u64) -> bool {
        // Asked only in updates of folders, where no batch is under way for long.
        match (&mut self.writer, &self.at_work) {
            (Some(writer), None) => writer.unchanged(key, hash),
            _ => false,
        }
    }

    pub(crate) async fn add(
        &mut self,
        document: Box<Document>,
        cursor: String,
    ) -> Result<(), JobEnd> {
        self.batch_bytes += document.body.len() + 256;
        self.batch.push(Change::Add(document));
        self.pass(cursor);
        self.hand_over(false).await
    }

    pub(crate) async fn alias(&mut self, title: String, key: String) -> Result<(), JobEnd> {
        self.batch.push(Change::Alias(title, key));
        self.hand_over(false).await
    }

    pub(crate) fn pass(&mut self, cursor: String) {
        self.cursor = cursor;
        self.since_commit += 1;
    }

    async fn hand_over(&mut self, all: bool) -> Result<(), JobEnd> {
        if !all && self.batch.len() < BATCH && self.batch_bytes < BATCH_BYTES {
            return Ok(());
        }
        self.join().await?;
        let Some(mut writer) = self.writer.take() else {
            return Err(JobEnd::Failed("the index is not being written".into()));
        };
        let batch = std::mem::take(&mut self.batch);
        self.batch_bytes = 0;
        self.at_work = Some(tokio::task::spawn_blocking(move || {
            for change in batch {
                let done = match change {
                    // In an update, what stands unchanged is kept as it is.
                    Change::Add(document) if writer.unchanged(&document.key, document.hash) => {
                        Ok(())
                    }
                    Change::Add(document) => writer.add(*document),
                    Change::Alias(title, key) => writer.alias(&title, &key),
                };
                if let Err(error) = done {
                    return (writer, Err(error));
                }
            }
            (writer, Ok(()))
        }));
        if all { self.join().await } else { Ok(()) }
    }

    async fn join(&mut self) -> Result<(), JobEnd> {
        if let Some(task) = self.at_work.take() {
            let (writer, done) = task
                .await
                .map_err(|error| JobEnd::Failed(error.to_string()))?;
            self.writer = Some(writer);
            done.map_err(|error| end_of(&error.into()))?;
        }
        Ok(())
    }

    pub(crate) fn commit_is_due(&self) -> bool {
        self.since_commit >= COMMIT_DOCUMENTS
            || (self.since_commit > 0 && self.committed.elapsed() >= self.wait)
    }

    pub(crate) async fn commit(&mut self) -> Result<(), JobEnd> {
        self.hand_over(true).await?;
        let (Some(mut writer), cursor) = (self.writer.take(), self.cursor.clone()) else {
            return Ok(());
        };
        let (writer, done) = blocking(move || {
            let done = writer.commit(&cursor);
            (writer, done)
        })
        .await?;
        self.writer = Some(writer);
        done.map_err(|error| end_of(&error.into()))?;
        self.since_commit = 0;
        self.committed = Instant::now();
        self.wait = (self.wait * 2).min(COMMIT_TIME);
        Ok(())
    }

    pub(crate) async fn finish(mut self) -> Result<(), JobEnd> {
        self.hand_over(true).await?;
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        blocking(move || writer.finish())
            .await?
            .map_err(|error| end_of(&error.into()))
    }
}
