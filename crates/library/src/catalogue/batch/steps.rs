//! The steps of a batch: gathering its records, and doing a chunk of them.

use lampion_db::transaction;
use lampion_feed::Draft;
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::Work;

use super::RECORDS_LIMIT;
use super::operation::{Applied, Operation};
use super::rows::{BatchRow, RecordResult, Results};
use super::selection::part;
use crate::catalogue::model::{KIND as FEED_KIND, Outcome};
use crate::catalogue::publish::newest;
use crate::catalogue::{Catalogue, CatalogueError, Envelope};
use crate::library::{Library, LibraryError};

/// Records of one chunk: of one transaction.
const CHUNK: i64 = 128;
/// How often a chunk is tried again in which a record was withdrawn meanwhile.
const TRIES: usize = 3;

/// What a chunk will do with a record.
enum Todo {
    Publish { base: u64, body: Vec<u8> },
    Withdraw { base: u64, reason: Reason },
}

impl Catalogue {
    /// Takes the next part of a batch's selection down. A search needs the library.
    ///
    /// # Errors
    /// The database or the search.
    pub async fn gather(
        &self,
        batch: &BatchRow,
        library: Option<&Library>,
    ) -> Result<(), LibraryError> {
        let part = part(
            self,
            library,
            &batch.collection,
            &batch.selection,
            &batch.place,
        )
        .await?;
        let full = batch.total >= RECORDS_LIMIT;
        let next = part.next.filter(|_| !full);
        self.gathered(&batch.id, &part.ids, next.as_deref())
            .await
            .map_err(|error| match error {
                CatalogueError::Db(error) => LibraryError::Db(error),
                other => LibraryError::Content {
                    collection: batch.collection.clone(),
                    reason: other.to_string(),
                },
            })
    }

    /// Does the next chunk of a batch, whole or not at all; false if there is none.
    ///
    /// # Errors
    /// The database, or the feed can't grow.
    pub async fn step(
        &self,
        batch: &BatchRow,
        operation: &Operation,
    ) -> Result<bool, CatalogueError> {
        let todo = self.batch_records(&batch.id, &["todo"], "", CHUNK).await?;
        if todo.is_empty() {
            return Ok(false);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_chunk(batch, operation, &todo).await {
                // Withdrawn between the look and the lock: it is seen at the next look.
                Err(CatalogueError::Withdrawn(_)) if tries < TRIES => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(true),
            }
        }
    }

    async fn try_chunk(
        &self,
        batch: &BatchRow,
        operation: &Operation,
        todo: &[RecordResult],
    ) -> Result<(), CatalogueError> {
        let mut plans = Vec::with_capacity(todo.len());
        for one in todo {
            plans.push(self.plan(batch, operation, &one.record).await?);
        }
        transaction!(self.db, CatalogueError, tx => {
            let results = self.commit(tx, batch, &plans).await?;
            results.write(tx, &batch.id, "", true).await
        })?;
        self.published().await;
        Ok(())
    }

    /// What is to be done with a record, or what became of it already.
    async fn plan(
        &self,
        batch: &BatchRow,
        operation: &Operation,
        id: &str,
    ) -> Result<(String, Result<Todo, RecordResult>), CatalogueError> {
        let collection = &batch.collection;
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
        let (row, work) = match self.get(collection, id, None).await {
            Ok(Some((row, Some(work)))) => (row, work),
            Ok(_) => return Ok(ended("gone", "the record was withdrawn meanwhile".into())),
            Err(CatalogueError::Work(error)) => return Ok(ended("invalid", error.to_string())),
            Err(error) => return Err(error),
        };
        let publish = |work: &Work| -> Result<Todo, CatalogueError> {
            let now_ms = self.clock.now_ms();
            let body = Envelope::pack(work, &batch.by, now_ms, &batch.why())?;
            let base = row.version;
            Ok(Todo::Publish { base, body })
        };
        if let Operation::Undo { batch: undone } = operation {
            let Some(done) = self.changed_in(undone, id).await? else {
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
            let (_, work) = self.work(collection, id, Some(before)).await?;
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
        batch: &BatchRow,
        plans: &[(String, Result<Todo, RecordResult>)],
    ) -> Result<Results, CatalogueError> {
        let collection = &batch.collection;
        let mut results = Results::default();
        let (mut ready, mut drafts, mut bases) = (Vec::new(), Vec::new(), Vec::new());
        for (id, plan) in plans {
            match plan {
                Err(row) => results.rows.push(row.clone()),
                Ok(Todo::Publish { base, body }) => {
                    ready.push(self.ready(collection, id.clone(), Some(*base), body.clone()));
                }
                Ok(Todo::Withdraw { base, reason }) => {
                    bases.push((id.as_str(), *base));
                    drafts.push(Draft::Withdraw {
                        collection: collection.clone(),
                        object: id.clone(),
                        reason: *reason,
                        by: batch.office.clone(),
                        explanation: Some(batch.note.trim().as_bytes().to_vec())
                            .filter(|note| !note.is_empty()),
                    });
                }
            }
        }
        let outcomes = self.batch_in(tx, collection, &ready).await?;
        for (outcome, one) in outcomes.into_iter().zip(&ready) {
            results.rows.push(row_of(outcome, one.base));
        }
        self.withdraw_in(tx, batch, drafts, (&bases, &mut results))
            .await?;
        Ok(results)
    }

    async fn withdraw_in(
        &self,
        tx: &mut lampion_db::Tx,
        batch: &BatchRow,
        drafts: Vec<Draft>,
        (bases, results): (&[(&str, u64)], &mut Results),
    ) -> Result<(), CatalogueError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = bases.iter().map(|one| one.0).collect();
        let known = newest(tx, &batch.collection, &ids).await?;
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
        let appended = self.feeds.append(tx, FEED_KIND, &go).await?;
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
