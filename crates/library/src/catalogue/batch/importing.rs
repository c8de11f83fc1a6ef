//! The job of an import: records of a file, read in a child, matched, merged by rule, published chunk by chunk.

use std::collections::HashSet;

use lampion_core::jobs::JobEnd;
use lampion_db::transaction;
use lampion_formats::records::desk::{MatchKey, Work, import as merge_in, match_keys};

use super::job::{Run, end};
use super::rows::{RecordResult, Results};
use super::steps::row_of;
use crate::catalogue::import::{Import, Rule, place_text, work_of};
use crate::catalogue::publish::Ready;
use crate::catalogue::{CatalogueError, Envelope};
use crate::extract::Frame;
use crate::extract::process::Extraction;
use crate::import::end_of;

/// Records that are matched and published together.
const CHUNK: usize = 256;
/// Bytes of them.
const CHUNK_BYTES: usize = 8 << 20;
/// Keys of a file that a trial remembers, so that it tells what would meet within the file.
const KEYS_LIMIT: usize = 2_000_000;
/// How often a chunk is tried again in which a record was withdrawn meanwhile.
const TRIES: usize = 3;

/// An incoming record.
struct Incoming {
    item: String,
    work: Work,
    keys: Vec<MatchKey>,
    place: (u64, u64),
}

/// What was read and is not committed yet.
#[derive(Default)]
struct Pending {
    records: Vec<Incoming>,
    failed: Vec<RecordResult>,
    keys: HashSet<MatchKey>,
    bytes: usize,
    cursor: String,
}

/// What becomes of an incoming record.
enum Plan {
    Publish(Ready, (u64, u64), String),
    Ended(RecordResult),
}

impl Run<'_> {
    pub(super) async fn import(&mut self, import: &Import) -> Result<(), JobEnd> {
        let request = import.request(self.batch.place.clone());
        if !import.path.is_file() {
            return Err(JobEnd::Failed(format!(
                "{} is not there any more: import it again",
                import.path.display()
            )));
        }
        let mut extraction = Extraction::new(self.library.worker().clone(), request);
        let mut pending = Pending {
            cursor: self.batch.place.clone(),
            ..Pending::default()
        };
        let mut seen: HashSet<MatchKey> = HashSet::new();
        loop {
            let frame = extraction
                .next(&self.context.stop)
                .await
                .map_err(|error| end_of(&error.into()))?;
            match frame {
                None => return Err(self.context.stop_reason()),
                Some(Frame::Plan { bytes, .. }) => {
                    self.progress.bytes_total = i64::try_from(bytes).unwrap_or(0);
                }
                Some(Frame::Item {
                    document,
                    cursor,
                    bytes,
                }) => {
                    let item = document.key.clone();
                    match work_of(&import.path, &document).await {
                        Err(reason) => pending.failed.push(failed(item, reason)),
                        Ok((work, place)) => {
                            let keys = match_keys(&work);
                            // Two of one file that match each other must see each other.
                            let meets = keys.iter().any(|key| pending.keys.contains(key));
                            if meets && import.rule != Rule::Separate {
                                self.flush(import, &mut pending, &mut seen).await?;
                            }
                            pending.keys.extend(keys.iter().cloned());
                            pending.bytes += usize::try_from(place.1).unwrap_or(0);
                            pending.records.push(Incoming {
                                item: at_byte(&item, place.0),
                                work,
                                keys,
                                place,
                            });
                        }
                    }
                    pending.cursor = cursor;
                    self.progress.bytes = i64::try_from(bytes).unwrap_or(0);
                    if pending.records.len() >= CHUNK || pending.bytes >= CHUNK_BYTES {
                        self.flush(import, &mut pending, &mut seen).await?;
                    }
                }
                Some(Frame::Failed {
                    item,
                    reason,
                    cursor,
                    ..
                }) => {
                    pending.failed.push(failed(item, reason));
                    pending.cursor = cursor;
                    if pending.failed.len() >= CHUNK {
                        self.flush(import, &mut pending, &mut seen).await?;
                    }
                }
                Some(Frame::Passed { cursor, .. }) => pending.cursor = cursor,
                Some(Frame::Broken(reason)) => {
                    self.flush(import, &mut pending, &mut seen).await?;
                    return Err(JobEnd::Failed(reason));
                }
                Some(Frame::End) => break,
                Some(_) => {}
            }
        }
        self.flush(import, &mut pending, &mut seen).await?;
        import.let_go().await;
        Ok(())
    }

    async fn flush(
        &mut self,
        import: &Import,
        pending: &mut Pending,
        seen: &mut HashSet<MatchKey>,
    ) -> Result<(), JobEnd> {
        let taken = std::mem::take(pending);
        pending.cursor.clone_from(&taken.cursor);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.publish(import, &taken, seen).await {
                Err(CatalogueError::Withdrawn(_)) if tries < TRIES => {}
                Err(error) => return Err(end(&error)),
                Ok(()) => break,
            }
        }
        if import.trial && seen.len() < KEYS_LIMIT {
            seen.extend(taken.keys);
        }
        self.tell().await.map_err(|error| end(&error))
    }

    async fn publish(
        &self,
        import: &Import,
        pending: &Pending,
        seen: &HashSet<MatchKey>,
    ) -> Result<(), CatalogueError> {
        let mut results = Results {
            rows: pending.failed.clone(),
            matched: 0,
        };
        let (mut ready, mut of) = (Vec::new(), Vec::new());
        for one in &pending.records {
            let (plan, matched) = self.decide(import, one, seen).await?;
            results.matched += i64::from(matched);
            match plan {
                Plan::Ended(row) => results.rows.push(row),
                Plan::Publish(one, place, item) => {
                    ready.push(one);
                    of.push((place, item));
                }
            }
        }
        let collection = &self.batch.collection;
        let catalogue = &self.catalogue;
        transaction!(catalogue.db, CatalogueError, tx => {
            let mut results = results.clone();
            if import.trial {
                for (one, (place, item)) in ready.iter().zip(&of) {
                    results.rows.push(RecordResult {
                        item: item.clone(),
                        record: one.id.clone(),
                        before: one.base,
                        result: if one.base.is_some() { "changed" } else { "new" }.into(),
                        place: place_text(*place),
                        ..RecordResult::default()
                    });
                }
            } else {
                let outcomes = catalogue.batch_in(tx, collection, &ready).await?;
                for ((outcome, one), (place, item)) in outcomes.into_iter().zip(&ready).zip(&of) {
                    results.rows.push(RecordResult {
                        item: item.clone(),
                        place: place_text(*place),
                        ..row_of(outcome, one.base)
                    });
                }
            }
            results.write(tx, &self.batch.id, &pending.cursor, true).await
        })?;
        if !import.trial {
            catalogue.published().await;
        }
        Ok(())
    }

    /// What is to be done with an incoming record, and whether it was there already.
    async fn decide(
        &self,
        import: &Import,
        one: &Incoming,
        seen: &HashSet<MatchKey>,
    ) -> Result<(Plan, bool), CatalogueError> {
        let ended = |record: &str, result: &str, reason: String| {
            Plan::Ended(RecordResult {
                item: one.item.clone(),
                record: record.to_string(),
                result: result.into(),
                reason,
                place: place_text(one.place),
                ..RecordResult::default()
            })
        };
        let ready = |id: String, base: Option<u64>, work: &Work| -> Result<Plan, CatalogueError> {
            let note = self.batch.why();
            let now_ms = self.catalogue.clock.now_ms();
            let body = Envelope::pack(work, &self.batch.by, now_ms, &note)?;
            let ready = self.catalogue.ready(&self.batch.collection, id, base, body);
            Ok(Plan::Publish(ready, one.place, one.item.clone()))
        };
        if let Err(error) = one.work.to_json() {
            return Ok((ended("", "failed", error.to_string()), false));
        }
        if import.rule == Rule::Separate {
            return Ok((ready(self.catalogue.new_id(), None, &one.work)?, false));
        }
        let found = self
            .catalogue
            .matches(&self.batch.collection, &one.keys)
            .await?;
        let ids: HashSet<&str> = found.iter().map(|(_, row)| row.id.as_str()).collect();
        let Some((_, row)) = found.first() else {
            // A trial publishes nothing that the rest of the file could meet.
            if import.trial && one.keys.iter().any(|key| seen.contains(key)) {
                return Ok((ended("", "unchanged", String::new()), true));
            }
            return Ok((ready(self.catalogue.new_id(), None, &one.work)?, false));
        };
        if ids.len() > 1 && import.rule != Rule::Skip {
            let reason = format!("{} records match it: merge them first", ids.len());
            return Ok((ended("", "ambiguous", reason), true));
        }
        let Some(rules) = import.rule.rules() else {
            return Ok((ended(&row.id, "unchanged", String::new()), true));
        };
        let (row, mine) = self
            .catalogue
            .work(&self.batch.collection, &row.id, Some(row.version))
            .await?;
        let work = merge_in(&mine, &one.work, &rules);
        if work == mine {
            return Ok((ended(&row.id, "unchanged", String::new()), true));
        }
        if let Err(error) = work.to_json() {
            return Ok((ended(&row.id, "failed", error.to_string()), true));
        }
        Ok((ready(row.id, Some(row.version), &work)?, true))
    }
}

/// What a record is called among those of its file: numbers of records come more than once in real files, and each
/// record has a row of its own, or it would be left out when the batch is undone.
fn at_byte(item: &str, offset: u64) -> String {
    let place = format!(" at byte {offset}");
    if item.ends_with(&place) {
        item.to_string()
    } else {
        format!("{item}{place}")
    }
}

fn failed(item: String, reason: String) -> RecordResult {
    RecordResult {
        item,
        result: "failed".into(),
        reason,
        ..RecordResult::default()
    }
}
