//! The job of a batch.

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use lampion_db::transaction;
use lampion_feed::entry::Reason;
use lampion_feed::{Draft, FeedError};
use lampion_formats::records::desk::Work;
use serde::Deserialize;

use super::operation::{Applied, Operation};
use super::rows::{BatchRow, RecordResult, Results};
use super::selection::part;
use super::{BatchState, RECORDS_LIMIT};
use crate::catalogue::model::{KIND as FEED_KIND, Outcome};
use crate::catalogue::publish::{Ready, newest};
use crate::catalogue::{Catalogue, CatalogueError, Envelope};
use crate::import::end_of;
use crate::library::Library;

/// The job's kind.
pub const KIND: &str = "library.batch";
/// Records of one chunk: of one transaction.
const CHUNK: i64 = 128;
/// How often a chunk is tried again in which a record was withdrawn meanwhile.
const TRIES: usize = 3;

/// Handles [`KIND`].
pub struct BatchJob(pub Library);

#[derive(Debug, Deserialize)]
struct Payload {
    batch: String,
}

/// What a batch's job works with.
pub(super) struct Run<'a> {
    pub library: &'a Library,
    pub catalogue: Catalogue,
    pub batch: BatchRow,
    pub context: &'a JobContext,
    pub progress: Progress,
}

/// Whether an error passes by itself.
pub(super) fn end(error: &CatalogueError) -> JobEnd {
    let text = error.to_string();
    match error {
        CatalogueError::Db(_)
        | CatalogueError::Feed(
            FeedError::Db(_) | FeedError::Behind { .. } | FeedError::MarkLost { .. },
        ) => JobEnd::Passing(text),
        _ => JobEnd::Failed(text),
    }
}

#[async_trait]
impl JobHandler for BatchJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let failed = |text: String| JobEnd::Failed(text);
        let payload: Payload = serde_json::from_str(&context.job.payload)
            .map_err(|error| failed(format!("the job's own words: {error}")))?;
        let catalogue = Catalogue::of(self.0.kernel())
            .map_err(|error| JobEnd::Passing(error.to_string()))?;
        let batch = catalogue
            .batch_row(&payload.batch)
            .await
            .map_err(|error| end(&error))?
            .ok_or_else(|| failed("the batch was removed".into()))?;
        if batch.state == BatchState::Done {
            return Ok(());
        }
        let operation = batch
            .operation
            .clone()
            .ok_or_else(|| failed("a newer Lampion began it: let that one do it".into()))?;
        catalogue
            .forget_batches()
            .await
            .map_err(|error| end(&error))?;
        let mut run = Run {
            library: &self.0,
            catalogue,
            context: &context,
            progress: Progress::default(),
            batch,
        };
        match &operation {
            Operation::Import(import) => run.import(import).await?,
            _ => run.edit(&operation).await?,
        }
        run.catalogue
            .batch_is_done(&run.batch.id)
            .await
            .map_err(|error| end(&error))?;
        run.tell().await.map_err(|error| end(&error))?;
        Ok(())
    }
}

/// What a chunk will do with a record.
enum Todo {
    Publish { base: u64, body: Vec<u8> },
    Withdraw { base: u64, reason: Reason },
}

impl Run<'_> {
    /// Reads the counts anew and tells them.
    pub(super) async fn tell(&mut self) -> Result<(), CatalogueError> {
        if let Some(row) = self.catalogue.batch_row(&self.batch.id).await? {
            self.batch = row;
        }
        self.progress.items = self.batch.seen;
        self.progress.items_total = self.batch.total;
        self.progress.failed = self.batch.failed;
        self.context.progress(self.progress.clone()).await;
        Ok(())
    }

    async fn edit(&mut self, operation: &Operation) -> Result<(), JobEnd> {
        while self.batch.state == BatchState::Gathering {
            if self.context.stop.is_cancelled() {
                return Err(self.context.stop_reason());
            }
            self.gather().await?;
        }
        let withdraws = matches!(operation, Operation::Withdraw { .. });
        loop {
            if self.context.stop.is_cancelled() {
                return Err(self.context.stop_reason());
            }
            let todo = self
                .catalogue
                .batch_records(&self.batch.id, "todo", "", CHUNK)
                .await
                .map_err(|error| end(&error))?;
            if todo.is_empty() {
                break;
            }
            self.chunk(operation, &todo)
                .await
                .map_err(|error| end(&error))?;
            self.tell().await.map_err(|error| end(&error))?;
        }
        if withdraws && let Err(error) = self.catalogue.feeds.scrub().await {
            tracing::warn!(%error, "what was withdrawn is still in the database's log: it goes with the next withdrawal");
        }
        Ok(())
    }

    async fn gather(&mut self) -> Result<(), JobEnd> {
        let collection = self.batch.collection.clone();
        let part = part(
            &self.catalogue,
            Some(self.library),
            &collection,
            &self.batch.selection,
            &self.batch.place,
        )
        .await
        .map_err(|error| end_of(&error))?;
        let full = self.batch.total >= RECORDS_LIMIT;
        let next = part.next.filter(|_| !full);
        self.catalogue
            .gathered(&self.batch.id, &part.ids, next.as_deref())
            .await
            .map_err(|error| end(&error))?;
        self.tell().await.map_err(|error| end(&error))
    }

    /// The note of each publication: why, and by which batch.
    pub(super) fn note(&self) -> String {
        let (id, note) = (&self.batch.id, self.batch.note.trim());
        if note.is_empty() {
            format!("batch {id}")
        } else {
            format!("{note} (batch {id})")
        }
    }

    async fn chunk(
        &self,
        operation: &Operation,
        todo: &[RecordResult],
    ) -> Result<(), CatalogueError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_chunk(operation, todo).await {
                // Withdrawn between the look and the lock: it is seen at the next look.
                Err(CatalogueError::Withdrawn(_)) if tries < TRIES => {}
                done => break done,
            }
        }
    }

    async fn try_chunk(
        &self,
        operation: &Operation,
        todo: &[RecordResult],
    ) -> Result<(), CatalogueError> {
        let mut plans = Vec::with_capacity(todo.len());
        for one in todo {
            plans.push(self.plan(operation, &one.record).await?);
        }
        let catalogue = &self.catalogue;
        transaction!(catalogue.db, CatalogueError, tx => {
            let results = self.commit(tx, &plans).await?;
            results.write(tx, &self.batch.id, "", true).await
        })?;
        self.catalogue.published().await;
        Ok(())
    }

    /// What is to be done with a record, or what became of it already.
    async fn plan(
        &self,
        operation: &Operation,
        id: &str,
    ) -> Result<(String, Result<Todo, RecordResult>), CatalogueError> {
        let collection = &self.batch.collection;
        let ended = |result: &str, reason: String| {
            let row = RecordResult {
                item: id.to_string(),
                record: id.to_string(),
                result: result.into(),
                reason,
                ..RecordResult::default()
            };
            (id.to_string(), Err(row))
        };
        let (row, work) = match self.catalogue.get(collection, id, None).await {
            Ok(Some((row, Some(work)))) => (row, work),
            Ok(_) => return Ok(ended("gone", "the record was withdrawn meanwhile".into())),
            Err(CatalogueError::Work(error)) => return Ok(ended("invalid", error.to_string())),
            Err(error) => return Err(error),
        };
        let publish = |work: &Work| -> Result<Todo, CatalogueError> {
            let now_ms = self.catalogue.clock.now_ms();
            let body = Envelope::pack(work, &self.batch.by, now_ms, &self.note())?;
            let base = row.version;
            Ok(Todo::Publish { base, body })
        };
        if let Operation::Undo { batch } = operation {
            let Some(done) = self.catalogue.changed_in(batch, id).await? else {
                return Ok(ended("gone", "the batch did not change it".into()));
            };
            if done.after != Some(row.version) {
                let reason = "somebody changed it since: it stays as it is";
                return Ok(ended("conflict", reason.into()));
            }
            let Some(before) = done.before else {
                let reason = "it was new with that batch: withdraw it if it is to go";
                return Ok(ended("failed", reason.into()));
            };
            let (_, work) = self.catalogue.work(collection, id, Some(before)).await?;
            return Ok((id.to_string(), Ok(publish(&work)?)));
        }
        Ok(match operation.apply(&work) {
            Applied::Unchanged => {
                let (id, mut row_of) = ended("unchanged", String::new());
                if let Err(result) = &mut row_of {
                    result.before = Some(row.version);
                }
                (id, row_of)
            }
            Applied::Invalid(reason) => ended("invalid", reason),
            Applied::Changed(new) => (id.to_string(), Ok(publish(&new)?)),
            Applied::Withdrawn(reason) => {
                let base = row.version;
                (id.to_string(), Ok(Todo::Withdraw { base, reason }))
            }
        })
    }

    /// Does it, under the feed's lock.
    async fn commit(
        &self,
        tx: &mut lampion_db::Tx,
        plans: &[(String, Result<Todo, RecordResult>)],
    ) -> Result<Results, CatalogueError> {
        let collection = &self.batch.collection;
        let mut results = Results::default();
        let (mut ready, mut drafts, mut bases) = (Vec::new(), Vec::new(), Vec::new());
        for (id, plan) in plans {
            match plan {
                Err(row) => results.rows.push(row.clone()),
                Ok(Todo::Publish { base, body }) => ready.push(Ready {
                    id: id.clone(),
                    base: Some(*base),
                    body: body.clone(),
                }),
                Ok(Todo::Withdraw { base, reason }) => {
                    bases.push((id.as_str(), *base));
                    drafts.push(Draft::Withdraw {
                        collection: collection.clone(),
                        object: id.clone(),
                        reason: *reason,
                        by: self.batch.office.clone(),
                        explanation: Some(self.batch.note.trim().as_bytes().to_vec())
                            .filter(|note| !note.is_empty()),
                    });
                }
            }
        }
        let outcomes = self.catalogue.batch_in(tx, collection, &ready).await?;
        for (outcome, one) in outcomes.into_iter().zip(&ready) {
            results.rows.push(row_of(outcome, one.base));
        }
        self.withdraw(tx, drafts, &bases, &mut results).await?;
        Ok(results)
    }

    async fn withdraw(
        &self,
        tx: &mut lampion_db::Tx,
        drafts: Vec<Draft>,
        bases: &[(&str, u64)],
        results: &mut Results,
    ) -> Result<(), CatalogueError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = bases.iter().map(|one| one.0).collect();
        let known = newest(tx, &self.batch.collection, &ids).await?;
        let (mut go, mut rows) = (Vec::new(), Vec::new());
        for (draft, (id, base)) in drafts.into_iter().zip(bases) {
            match known.get(*id) {
                Some(current) if current == base => {
                    rows.push((*id, *base, go.len() as u64));
                    go.push(draft);
                }
                current => {
                    let id = (*id).to_string();
                    let current = current.copied().unwrap_or(*base);
                    results
                        .rows
                        .push(row_of(Outcome::Conflict { id, current }, Some(*base)));
                }
            }
        }
        let appended = self.catalogue.feeds.append(tx, FEED_KIND, &go).await?;
        for (id, base, at) in rows {
            let id = id.to_string();
            let version = appended.first + at;
            results
                .rows
                .push(row_of(Outcome::Published { id, version }, Some(base)));
        }
        Ok(())
    }
}

/// What became of a record that was to be published.
pub(super) fn row_of(outcome: Outcome, base: Option<u64>) -> RecordResult {
    match outcome {
        Outcome::Published { id, version } => RecordResult {
            item: id.clone(),
            record: id,
            before: base,
            after: Some(version),
            result: if base.is_some() { "changed" } else { "new" }.into(),
            ..RecordResult::default()
        },
        Outcome::Conflict { id, .. } => RecordResult {
            item: id.clone(),
            record: id,
            before: base,
            result: "conflict".into(),
            reason: "somebody changed the record at the same time: it stays as it is".into(),
            ..RecordResult::default()
        },
    }
}
