//! Batches in the database.

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Row as _, Tx, query, query_scalar, rows, transaction};

use super::{BatchKind, BatchState, KEEP_MS, KIND, NewBatch, Operation};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::library::{Library, LibraryError};

/// Batches of one list.
const LIST_LIMIT: i64 = 50;
/// Characters of a batch's identifier: see [`Catalogue::new_id`].
const ID_CHARS: usize = 20;
/// Results that the page of a batch lists with their reasons.
pub const FAILURES: [&str; 5] = ["invalid", "conflict", "gone", "ambiguous", "failed"];

/// A batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchRow {
    /// Identifier.
    pub id: String,
    /// The catalogue.
    pub collection: String,
    /// What sort it is.
    pub kind: BatchKind,
    /// Public name of who began it.
    pub by: String,
    /// The office that withdraws.
    pub office: String,
    /// What is done; none if a later release wrote it.
    pub operation: Option<Operation>,
    /// With which records.
    pub selection: super::Selection,
    /// Why, in words.
    pub note: String,
    /// The batch that this one undoes; empty for none.
    pub undoes: String,
    /// Where it stands.
    pub state: BatchState,
    /// Where it goes on.
    pub place: String,
    /// Records in all; 0 if unknown.
    pub total: i64,
    /// Records that were looked at.
    pub seen: i64,
    /// New records.
    pub added: i64,
    /// Records that were changed or withdrawn.
    pub changed: i64,
    /// Records that stayed as they were.
    pub unchanged: i64,
    /// Incoming records that were there already.
    pub matched: i64,
    /// Records with which it could not be done.
    pub failed: i64,
    /// When it was begun, in milliseconds since 1970.
    pub created_ms: i64,
}

impl BatchRow {
    /// The note of each publication: why, and by which batch. [`of_note`] takes it apart.
    pub(super) fn why(&self) -> String {
        let note = self.note.trim();
        if note.is_empty() {
            format!("batch {}", self.id)
        } else {
            format!("{note} (batch {})", self.id)
        }
    }

    fn read(row: &AnyRow) -> Result<Self, CatalogueError> {
        let text = |name: &str| row.try_get::<String, _>(name);
        let number = |name: &str| row.try_get::<i64, _>(name);
        Ok(Self {
            id: text("id")?,
            collection: text("collection")?,
            kind: BatchKind::from_word(&text("kind")?),
            by: text("by_name")?,
            office: text("office")?,
            operation: serde_json::from_str(&text("operation")?).ok(),
            selection: serde_json::from_str(&text("selection")?).unwrap_or_default(),
            note: text("note")?,
            undoes: text("undoes")?,
            state: BatchState::from_word(&text("state")?),
            place: text("place")?,
            total: number("total")?,
            seen: number("seen")?,
            added: number("added")?,
            changed: number("changed")?,
            unchanged: number("unchanged")?,
            matched: number("matched")?,
            failed: number("failed")?,
            created_ms: number("created_ms")?,
        })
    }
}

/// What the note of a publication says in words, and the batch that it came by, if any.
#[must_use]
pub fn of_note(note: &str) -> (&str, Option<&str>) {
    let is_id = |id: &str| id.len() == ID_CHARS && id.bytes().all(|b| b.is_ascii_alphanumeric());
    let (words, id) = match note
        .strip_suffix(')')
        .and_then(|note| note.rsplit_once(" (batch "))
    {
        Some(parts) => parts,
        None => match note.strip_prefix("batch ") {
            Some(id) => ("", id),
            None => return (note, None),
        },
    };
    if is_id(id) {
        (words, Some(id))
    } else {
        (note, None)
    }
}

/// What became of one record of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordResult {
    /// The record, or the place in an imported file.
    pub item: String,
    /// The record; empty where none was made.
    pub record: String,
    /// Its version before.
    pub before: Option<u64>,
    /// Its version after.
    pub after: Option<u64>,
    /// `todo`, `new`, `changed`, `unchanged`, `invalid`, `conflict`, `gone`, `ambiguous`, `failed`.
    pub result: String,
    /// Why not.
    pub reason: String,
    /// Where it lay in an imported file: `offset+length`.
    pub place: String,
}

impl RecordResult {
    fn read(row: &AnyRow) -> Result<Self, CatalogueError> {
        let version = |name: &str| -> Result<Option<u64>, CatalogueError> {
            Ok(u64::try_from(row.try_get::<i64, _>(name)?).ok())
        };
        Ok(Self {
            item: row.try_get("item")?,
            record: row.try_get("record")?,
            before: version("before")?,
            after: version("after")?,
            result: row.try_get("result")?,
            reason: row.try_get("reason")?,
            place: row.try_get("place")?,
        })
    }

    /// Whether it is one of those that the page lists with a reason.
    fn is_failure(&self) -> bool {
        FAILURES.contains(&self.result.as_str())
    }
}

fn number(version: Option<u64>) -> i64 {
    version
        .and_then(|version| i64::try_from(version).ok())
        .unwrap_or(-1)
}

/// Results of one part of a batch.
#[derive(Debug, Clone, Default)]
pub struct Results {
    /// One for each record.
    pub rows: Vec<RecordResult>,
    /// How many of them were there already (imports).
    pub matched: i64,
}

impl Results {
    fn count(&self, word: &str) -> i64 {
        let count = self.rows.iter().filter(|row| row.result == word).count();
        i64::try_from(count).unwrap_or(0)
    }

    /// Keeps them, and where the batch goes on.
    pub(super) async fn write(
        &self,
        tx: &mut Tx,
        batch: &str,
        place: &str,
        keep_rows: bool,
    ) -> Result<(), CatalogueError> {
        if keep_rows {
            write_rows(tx, batch, &self.rows).await?;
        }
        let failed = self.rows.iter().filter(|row| row.is_failure()).count();
        query(
            "update catalogue_batch set place = $2, seen = seen + $3, added = added + $4, changed = changed + $5,
             unchanged = unchanged + $6, matched = matched + $7, failed = failed + $8 where id = $1",
        )
        .bind(batch)
        .bind(place)
        .bind(i64::try_from(self.rows.len()).unwrap_or(0))
        .bind(self.count("new"))
        .bind(self.count("changed"))
        .bind(self.count("unchanged"))
        .bind(self.matched)
        .bind(i64::try_from(failed).unwrap_or(0))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

async fn write_rows(tx: &mut Tx, batch: &str, all: &[RecordResult]) -> Result<(), CatalogueError> {
    // PostgreSQL wants no key twice in one statement.
    let mut unique: Vec<(String, RecordResult)> = Vec::with_capacity(all.len());
    let mut seen = std::collections::HashSet::new();
    for row in all {
        if seen.insert(row.item.as_str()) {
            unique.push((batch.to_string(), row.clone()));
        }
    }
    Ok(rows::insert(
        tx,
        (
            "insert into catalogue_batch_record (batch, item, record, before, after, result, reason, place)",
            "on conflict (batch, item) do update set record = excluded.record, before = excluded.before,
             after = excluded.after, result = excluded.result, reason = excluded.reason, place = excluded.place",
        ),
        8,
        &unique,
        |statement, (batch, row)| {
            statement
                .bind(batch.clone())
                .bind(row.item.clone())
                .bind(row.record.clone())
                .bind(number(row.before))
                .bind(number(row.after))
                .bind(row.result.clone())
                .bind(row.reason.clone())
                .bind(row.place.clone())
        },
    )
    .await?)
}

impl Catalogue {
    /// Keeps a batch that is about to begin; gives its id. It is done by the job [`KIND`] with its id.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_batch(&self, new: &NewBatch) -> Result<String, CatalogueError> {
        let id = self.new_id();
        let fault = |error: serde_json::Error| {
            CatalogueError::Db(lampion_db::DbError::Fault(error.to_string()))
        };
        let (kind, undoes) = match &new.operation {
            Operation::Undo { batch } => (BatchKind::Undo, batch.clone()),
            Operation::Import(import) if import.trial => (BatchKind::Trial, String::new()),
            Operation::Import(_) => (BatchKind::Import, String::new()),
            _ => (BatchKind::Edit, String::new()),
        };
        let state = match kind {
            BatchKind::Import | BatchKind::Trial => BatchState::Working,
            _ => BatchState::Gathering,
        };
        query(
            "insert into catalogue_batch (id, collection, kind, by_name, office, operation, selection, note, undoes, state,
             place, total, seen, added, changed, unchanged, matched, failed, sequence, created_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', 0, 0, 0, 0, 0, 0, 0,
             (select coalesce(max(sequence), 0) + 1 from catalogue_batch), $11)",
        )
        .bind(&id)
        .bind(&new.collection)
        .bind(kind.as_str())
        .bind(&new.by)
        .bind(&new.office)
        .bind(serde_json::to_string(&new.operation).map_err(fault)?)
        .bind(serde_json::to_string(&new.selection).map_err(fault)?)
        .bind(&new.note)
        .bind(undoes)
        .bind(state.as_str())
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        Ok(id)
    }

    /// One batch.
    ///
    /// # Errors
    /// The database.
    pub async fn batch_row(&self, id: &str) -> Result<Option<BatchRow>, CatalogueError> {
        query("select * from catalogue_batch where id = $1")
            .bind(id)
            .fetch_optional(self.db.read())
            .await?
            .as_ref()
            .map(BatchRow::read)
            .transpose()
    }

    /// The newest batches of a catalogue.
    ///
    /// # Errors
    /// The database.
    pub async fn batches(&self, collection: &str) -> Result<Vec<BatchRow>, CatalogueError> {
        query("select * from catalogue_batch where collection = $1 order by sequence desc limit $2")
            .bind(collection)
            .bind(LIST_LIMIT)
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(BatchRow::read)
            .collect()
    }

    /// Records of a batch with one of these results, by item, after one.
    ///
    /// # Errors
    /// The database.
    pub async fn batch_records(
        &self,
        batch: &str,
        results: &[&str],
        after: &str,
        limit: i64,
    ) -> Result<Vec<RecordResult>, CatalogueError> {
        let mut out = Vec::new();
        // One after the other: so each walks along the index and stops, however many there are.
        for result in results {
            let rows = query(
                "select * from catalogue_batch_record where batch = $1 and result = $2 and item > $3
                 order by item limit $4",
            )
            .bind(batch)
            .bind(*result)
            .bind(after)
            .bind(limit)
            .fetch_all(self.db.read())
            .await?;
            for row in &rows {
                out.push(RecordResult::read(row)?);
            }
        }
        out.sort_by(|a, b| a.item.cmp(&b.item));
        out.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(out)
    }

    /// Records that a batch changed or made, after one, in the order of identifiers.
    ///
    /// # Errors
    /// The database.
    pub async fn changed_by(
        &self,
        batch: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>, CatalogueError> {
        Ok(query_scalar(
            "select record from catalogue_batch_record where batch = $1 and result in ('changed', 'new') and record > $2
             order by record limit $3",
        )
        .bind(batch)
        .bind(after)
        .bind(limit)
        .fetch_all(self.db.read())
        .await?)
    }

    /// What a batch did with one record, if it changed or made it.
    pub(super) async fn changed_in(
        &self,
        batch: &str,
        record: &str,
    ) -> Result<Option<RecordResult>, CatalogueError> {
        let rows = query(
            "select * from catalogue_batch_record where batch = $1 and record = $2 order by item",
        )
        .bind(batch)
        .bind(record)
        .fetch_all(self.db.read())
        .await?;
        for row in &rows {
            let one = RecordResult::read(row)?;
            if matches!(one.result.as_str(), "changed" | "new") {
                return Ok(Some(one));
            }
        }
        Ok(None)
    }

    /// Whether a batch is undone, or on its way to it.
    ///
    /// # Errors
    /// The database.
    pub async fn undone_by(&self, batch: &str) -> Result<Option<String>, CatalogueError> {
        Ok(query_scalar(
            "select id from catalogue_batch where undoes = $1 order by sequence limit 1",
        )
        .bind(batch)
        .fetch_optional(self.db.read())
        .await?)
    }

    /// Keeps what was gathered, and where the gathering goes on; `None` ends it.
    pub(super) async fn gathered(
        &self,
        batch: &str,
        ids: &[String],
        next: Option<&str>,
    ) -> Result<(), CatalogueError> {
        let todo: Vec<(String, String)> = ids
            .iter()
            .map(|id| (batch.to_string(), id.clone()))
            .collect();
        transaction!(self.db, CatalogueError, tx => {
            rows::insert(
                tx,
                (
                    "insert into catalogue_batch_record (batch, item, record, before, after, result, reason, place)",
                    "on conflict (batch, item) do nothing",
                ),
                8,
                &todo,
                |statement, (batch, id)| {
                    statement
                        .bind(batch.clone())
                        .bind(id.clone())
                        .bind(id.clone())
                        .bind(-1i64)
                        .bind(-1i64)
                        .bind("todo")
                        .bind("")
                        .bind("")
                },
            )
            .await?;
            let (state, place) = match next {
                Some(next) => (BatchState::Gathering, next),
                None => (BatchState::Working, ""),
            };
            let total = i64::try_from(todo.len()).unwrap_or(0);
            query("update catalogue_batch set state = $2, place = $3, total = total + $4 where id = $1")
                .bind(batch)
                .bind(state.as_str())
                .bind(place)
                .bind(total)
                .execute(&mut **tx)
                .await?;
            if next.is_none() {
                // A record whose title changed meanwhile may have come twice.
                query("update catalogue_batch set total = (select count(*) from catalogue_batch_record where batch = $1) where id = $1")
                    .bind(batch)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })
    }

    /// Ends a batch.
    pub(super) async fn batch_is_done(&self, batch: &str) -> Result<(), CatalogueError> {
        query("update catalogue_batch set state = 'done' where id = $1")
            .bind(batch)
            .execute(self.db.write())
            .await?;
        Ok(())
    }

    /// Forgets batches that were over long ago.
    pub(super) async fn forget_batches(&self) -> Result<(), CatalogueError> {
        let before = self.clock.now_ms().saturating_sub(KEEP_MS);
        let old: Vec<String> = query_scalar(
            "select id from catalogue_batch where state = 'done' and created_ms < $1 order by sequence limit 20",
        )
        .bind(before)
        .fetch_all(self.db.read())
        .await?;
        for id in old {
            transaction!(self.db, CatalogueError, tx => {
                query("delete from catalogue_batch_record where batch = $1").bind(&id).execute(&mut **tx).await?;
                query("delete from catalogue_batch where id = $1").bind(&id).execute(&mut **tx).await?;
                Ok(())
            })?;
        }
        Ok(())
    }
}

impl Library {
    /// Begins a batch and queues its job; gives the batch's id and the job's.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_batch(&self, new: &NewBatch) -> Result<(String, String), LibraryError> {
        let fault = |error: CatalogueError| match error {
            CatalogueError::Db(error) => LibraryError::Db(error),
            other => LibraryError::Content {
                collection: new.collection.clone(),
                reason: other.to_string(),
            },
        };
        let catalogue = Catalogue::of(self.kernel()).map_err(|error| fault(error.into()))?;
        let id = catalogue.begin_batch(new).await.map_err(fault)?;
        let payload = serde_json::json!({ "batch": id }).to_string();
        let job = self
            .kernel()
            .queue(KIND, &new.collection, payload)
            .await?
            .id;
        Ok((id, job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_taken_apart() {
        // Twelve bytes, as `Catalogue::new_id` makes them.
        let id = lampion_core::ids::base32(&[0x5a; 12]);
        assert_eq!(id.len(), ID_CHARS);
        for (words, note) in [
            ("", format!("batch {id}")),
            ("tidying", format!("tidying (batch {id})")),
            ("a (b)", format!("a (b) (batch {id})")),
        ] {
            assert_eq!(of_note(&note), (words, Some(id.as_str())), "{note}");
        }
        for note in [
            "",
            "batch",
            "batch of four",
            "in a hurry (batch two)",
            "(batch )",
        ] {
            assert_eq!(of_note(note), (note, None));
        }
    }
}
