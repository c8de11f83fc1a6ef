//! What the desk's statistics count: which records have what, and who published how many in which week.
//!
//! The counts are part of the projection: `apply` changes them in the same transaction as the records that they count,
//! by the difference of a record's row before and after. So they are never behind, cost a few rows a batch however many
//! records it has, and a rebuild gives the same. The page reads some hundred rows, however many records there are.
//!
//! A record counts for whoever published its **newest** version. Older versions don't count: the names in them are
//! erased by a withdrawal, and a count that outlived them would keep what was to be forgotten.

use std::collections::BTreeMap;

use lampion_db::{Row as _, Tx, query, rows};
use lampion_feed::FeedError;
use lampion_feed::merkle::Hash;
use lampion_formats::records::CatalogueRecord;
use lampion_formats::records::desk::Work;

/// Milliseconds of a week.
const WEEK_MS: i64 = 7 * 86_400_000;
/// From the first Monday before 1970 to its first day, a Thursday.
const MONDAY_MS: i64 = 3 * 86_400_000;

/// What a record may have; the place in the list is its bit.
pub const PARTS: [&str; 9] = [
    "title",
    "creator",
    "subject",
    "language_known",
    "year",
    "identifier",
    "summary",
    "cover",
    "file",
];

/// The week of a time in milliseconds since 1970: Mondays since then.
pub fn week(ms: i64) -> i64 {
    ms.saturating_add(MONDAY_MS).div_euclid(WEEK_MS)
}

/// The Monday with which a week begins, in milliseconds since 1970.
pub fn week_begins_ms(week: i64) -> i64 {
    week.saturating_mul(WEEK_MS).saturating_sub(MONDAY_MS)
}

/// Which of [`PARTS`] a work has, as bits.
pub(super) fn has(work: &Work, record: &CatalogueRecord) -> i64 {
    let parts = [
        !record.title.is_empty(),
        !record.authors.is_empty(),
        !record.subjects.is_empty(),
        record.language.as_ref().is_some_and(|tag| !tag.is_empty()),
        record.year.is_some(),
        !record.identifiers.is_empty(),
        record
            .description
            .as_ref()
            .is_some_and(|text| !text.is_empty()),
        work.cover.is_some(),
        !work.files.is_empty(),
    ];
    parts
        .iter()
        .enumerate()
        .map(|(bit, is)| i64::from(*is) << bit)
        .sum()
}

/// A record as it counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub collection: String,
    /// Published and readable.
    pub live: bool,
    pub language: String,
    pub kind: String,
    pub by: String,
    pub published_ms: i64,
    /// Bits; negative for one that was never counted.
    pub has: i64,
}

/// Languages as tables by language show them: a broken code must not make a row of its own.
fn language_of(tag: &str) -> String {
    let primary = tag.split('-').next().unwrap_or_default();
    let known = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
    if known {
        primary.to_string()
    } else {
        String::new()
    }
}

type Cell = (String, String, String);
type Done = (String, i64, String);

/// Differences that a batch makes.
#[derive(Debug, Default)]
pub(super) struct Changes {
    cells: BTreeMap<Cell, [i64; 1 + PARTS.len()]>,
    done: BTreeMap<Done, i64>,
}

impl Changes {
    /// Counts a record, or takes it back with `sign` -1.
    pub(super) fn count(&mut self, one: &Counted, sign: i64) {
        if !one.live || one.has < 0 {
            return;
        }
        let cell = (
            one.collection.clone(),
            language_of(&one.language),
            one.kind.clone(),
        );
        let cell = self.cells.entry(cell).or_default();
        let numbers = std::iter::once(1).chain((0..PARTS.len()).map(|bit| one.has >> bit & 1));
        for (count, number) in cell.iter_mut().zip(numbers) {
            *count += sign * number;
        }
        let done = (
            one.collection.clone(),
            week(one.published_ms),
            one.by.clone(),
        );
        *self.done.entry(done).or_default() += sign;
    }

    /// Writes them.
    pub(super) async fn write(self, tx: &mut Tx, feed: i64) -> Result<(), FeedError> {
        self.write_cells(tx, feed).await?;
        let done: Vec<(i64, Done, i64)> = self
            .done
            .into_iter()
            .filter(|(_, change)| *change != 0)
            .map(|(key, change)| (feed, key, change))
            .collect();
        rows::insert(
            tx,
            (
                "insert into catalogue_done (feed, collection, week, by_name, records)",
                "on conflict (feed, collection, week, by_name) do update set records = catalogue_done.records + excluded.records",
            ),
            5,
            &done,
            |statement, (feed, key, change)| {
                statement
                    .bind(*feed)
                    .bind(key.0.clone())
                    .bind(key.1)
                    .bind(key.2.clone())
                    .bind(*change)
            },
        )
        .await?;
        for (_, (collection, week, by), _) in done.iter().filter(|(_, _, change)| *change < 0) {
            query("delete from catalogue_done where feed = $1 and collection = $2 and week = $3 and by_name = $4 and records <= 0")
                .bind(feed)
                .bind(collection.as_str())
                .bind(*week)
                .bind(by.as_str())
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }

    async fn write_cells(&self, tx: &mut Tx, feed: i64) -> Result<(), FeedError> {
        type Row<'a> = (i64, &'a Cell, &'a [i64; 1 + PARTS.len()]);
        let cells: Vec<Row<'_>> = self
            .cells
            .iter()
            .filter(|(_, counts)| counts.iter().any(|count| *count != 0))
            .map(|(cell, counts)| (feed, cell, counts))
            .collect();
        rows::insert(
            tx,
            (
                "insert into catalogue_tally (feed, collection, language, kind, records, title, creator, subject,
                 language_known, year, identifier, summary, cover, file)",
                "on conflict (feed, collection, language, kind) do update set
                 records = catalogue_tally.records + excluded.records, title = catalogue_tally.title + excluded.title,
                 creator = catalogue_tally.creator + excluded.creator, subject = catalogue_tally.subject + excluded.subject,
                 language_known = catalogue_tally.language_known + excluded.language_known,
                 year = catalogue_tally.year + excluded.year,
                 identifier = catalogue_tally.identifier + excluded.identifier,
                 summary = catalogue_tally.summary + excluded.summary, cover = catalogue_tally.cover + excluded.cover,
                 file = catalogue_tally.file + excluded.file",
            ),
            14,
            &cells,
            |statement, (feed, cell, counts)| {
                let statement = statement
                    .bind(*feed)
                    .bind(cell.0.clone())
                    .bind(cell.1.clone())
                    .bind(cell.2.clone());
                counts
                    .iter()
                    .fold(statement, |statement, count| statement.bind(*count))
            },
        )
        .await?;
        if cells
            .iter()
            .any(|(_, _, counts)| counts.iter().any(|count| *count < 0))
        {
            query("delete from catalogue_tally where feed = $1 and records <= 0")
                .bind(feed)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

/// Forgets all counts of a feed.
pub(super) async fn reset(tx: &mut Tx, feed: i64) -> Result<(), FeedError> {
    for sql in [
        "delete from catalogue_tally where feed = $1",
        "delete from catalogue_done where feed = $1",
    ] {
        query(sql).bind(feed).execute(&mut **tx).await?;
    }
    Ok(())
}

/// A hash over all counts, in order: equal counts have equal ones.
pub(super) async fn fingerprint(tx: &mut Tx, feed: i64) -> Result<Hash, FeedError> {
    let mut text = String::new();
    let tallies = query("select * from catalogue_tally where feed = $1")
        .bind(feed)
        .fetch_all(&mut **tx)
        .await?;
    let mut lines = Vec::new();
    for row in &tallies {
        let mut line: Vec<String> = vec![
            row.try_get("collection")?,
            row.try_get("language")?,
            row.try_get("kind")?,
            row.try_get::<i64, _>("records")?.to_string(),
        ];
        for part in PARTS {
            line.push(row.try_get::<i64, _>(part)?.to_string());
        }
        lines.push(line.join("\t"));
    }
    let done =
        query("select collection, week, by_name, records from catalogue_done where feed = $1")
            .bind(feed)
            .fetch_all(&mut **tx)
            .await?;
    for row in &done {
        let (collection, by): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        let (week, records): (i64, i64) = (row.try_get(1)?, row.try_get(3)?);
        lines.push(format!("{collection}\t{week}\t{by}\t{records}"));
    }
    // Two databases order text in two ways.
    lines.sort();
    text.push_str(&lines.join("\n"));
    Ok(Hash::of(&[text.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_mondays() {
        // 1970-01-01 was a Thursday, 2026-11-23 a Monday.
        assert_eq!(week(0), 0);
        assert_eq!(week(4 * 86_400_000 - 1), 0);
        assert_eq!(week(4 * 86_400_000), 1);
        let monday = 1_795_392_000_000;
        assert_eq!(lampion_core::clock::date(monday), "2026-11-23");
        assert_eq!(week_begins_ms(week(monday)), monday);
        assert_eq!(week(monday - 1), week(monday) - 1);
        assert_eq!(week(monday + WEEK_MS - 1), week(monday));
    }

    #[test]
    fn what_was_counted_and_taken_back_leaves_nothing() {
        let one = Counted {
            collection: "books".into(),
            live: true,
            language: "pt-BR".into(),
            kind: "book".into(),
            by: "Mira".into(),
            published_ms: 0,
            has: 0b101,
        };
        let mut changes = Changes::default();
        changes.count(&one, 1);
        let cell = ("books".to_string(), "pt".to_string(), "book".to_string());
        assert_eq!(changes.cells[&cell], [1, 1, 0, 1, 0, 0, 0, 0, 0, 0]);
        changes.count(&one, -1);
        assert_eq!(changes.cells[&cell], [0; 10]);
        assert_eq!(language_of("???"), "");
        let never = Counted { has: -1, ..one };
        changes.count(&never, 1);
        assert_eq!(changes.cells[&cell], [0; 10]);
    }
}
