//! What the desk's statistics page shows, read from counts that are kept (see [`super::tally`]) and from drafts.

use lampion_db::{AssertSqlSafe, Row as _, query};

use super::drafts::DraftState;
use super::tally::PARTS;
use super::{Catalogue, CatalogueError};

/// Rows of one table.
const ROWS_LIMIT: i64 = 500;
/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// How many living records somebody published in a week, by their newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The week; see [`super::week`].
    pub week: i64,
    /// Public name.
    pub by: String,
    /// Records.
    pub records: i64,
}

/// By what coverage is told apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// All records of a catalogue together.
    #[default]
    Collection,
    /// By language.
    Language,
    /// By kind.
    Kind,
}

/// How many records there are of one sort, and how many of them have what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Collection's id, language tag or kind; empty where it is unknown.
    pub key: String,
    /// Living records.
    pub records: i64,
    /// How many have each of [`PARTS`].
    pub parts: [i64; PARTS.len()],
}

impl Coverage {
    /// The sum of rows.
    pub fn sum(rows: &[Self]) -> Self {
        let mut out = Self::default();
        for row in rows {
            out.records += row.records;
            for (sum, part) in out.parts.iter_mut().zip(row.parts) {
                *sum += part;
            }
        }
        out
    }
}

/// Drafts of one state, by age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The state.
    pub state: DraftState,
    /// Changed within a week, a month, a quarter, and earlier.
    pub ages: [i64; 4],
    /// When the oldest changed last, in milliseconds since 1970; 0 if there is none.
    pub oldest_ms: i64,
}

impl Backlog {
    /// All of them.
    pub fn total(&self) -> i64 {
        self.ages.iter().sum()
    }
}

/// `$2, $3 …` for collections, which may be none.
fn places(count: usize, from: usize) -> String {
    let all: Vec<String> = (from..from + count).map(|at| format!("${at}")).collect();
    if all.is_empty() {
        "''".into()
    } else {
        all.join(", ")
    }
}

impl Catalogue {
    /// Who published how many living records in the weeks from `from` on, in these collections.
    ///
    /// # Errors
    /// The database.
    pub async fn done_since(
        &self,
        collections: &[String],
        from: i64,
    ) -> Result<Vec<Done>, CatalogueError> {
        let sql = format!(
            "select week, by_name, cast(sum(records) as bigint) as records from catalogue_done
             where feed = $1 and week >= $2 and collection in ({}) group by week, by_name
             order by week, records desc, by_name limit {}",
            places(collections.len(), 3),
            ROWS_LIMIT * 53
        );
        let mut statement = query(AssertSqlSafe(sql))
            .bind(self.feed_id().await?)
            .bind(from);
        for collection in collections {
            statement = statement.bind(collection.clone());
        }
        statement
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(|row| {
                Ok(Done {
                    week: row.try_get("week")?,
                    by: row.try_get("by_name")?,
                    records: row.try_get("records")?,
                })
            })
            .collect()
    }

    /// What records have, the most frequent sort first, at most 500.
    ///
    /// # Errors
    /// The database.
    pub async fn coverage(
        &self,
        collections: &[String],
        by: By,
    ) -> Result<Vec<Coverage>, CatalogueError> {
        let column = match by {
            By::Collection => "collection",
            By::Language => "language",
            By::Kind => "kind",
        };
        let sums: Vec<String> = PARTS
            .iter()
            .map(|part| format!("cast(sum({part}) as bigint) as {part}"))
            .collect();
        let sql = format!(
            "select {column} as key, cast(sum(records) as bigint) as counted, {} from catalogue_tally
             where feed = $1 and collection in ({}) group by {column} order by counted desc, {column} limit {ROWS_LIMIT}",
            sums.join(", "),
            places(collections.len(), 2)
        );
        let mut statement = query(AssertSqlSafe(sql)).bind(self.feed_id().await?);
        for collection in collections {
            statement = statement.bind(collection.clone());
        }
        statement
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(|row| {
                let mut parts = [0; PARTS.len()];
                for (count, part) in parts.iter_mut().zip(PARTS) {
                    *count = row.try_get(part)?;
                }
                Ok(Coverage {
                    key: row.try_get("key")?,
                    records: row.try_get("counted")?,
                    parts,
                })
            })
            .collect()
    }

    /// How many living records collections have, from the kept counts.
    ///
    /// # Errors
    /// The database.
    pub async fn counted(&self, collection: &str) -> Result<i64, CatalogueError> {
        let all = self
            .coverage(&[collection.to_string()], By::Collection)
            .await?;
        Ok(Coverage::sum(&all).records)
    }

    /// Drafts that are written, wait to be looked at, or were given back, by their age at `now_ms`.
    ///
    /// # Errors
    /// The database.
    pub async fn backlog(&self, now_ms: i64) -> Result<Vec<Backlog>, CatalogueError> {
        let mut out = Vec::new();
        for state in [
            DraftState::Submitted,
            DraftState::Returned,
            DraftState::Writing,
        ] {
            let row = query(
                "select coalesce(sum(case when updated_ms >= $2 then 1 else 0 end), 0) as w,
                 coalesce(sum(case when updated_ms < $2 and updated_ms >= $3 then 1 else 0 end), 0) as m,
                 coalesce(sum(case when updated_ms < $3 and updated_ms >= $4 then 1 else 0 end), 0) as q,
                 coalesce(sum(case when updated_ms < $4 then 1 else 0 end), 0) as e,
                 coalesce(min(updated_ms), 0) as oldest from catalogue_draft where state = $1",
            )
            .bind(state.as_str())
            .bind(now_ms - 7 * DAY_MS)
            .bind(now_ms - 30 * DAY_MS)
            .bind(now_ms - 91 * DAY_MS)
            .fetch_one(self.db.read())
            .await?;
            out.push(Backlog {
                state,
                ages: [
                    row.try_get("w")?,
                    row.try_get("m")?,
                    row.try_get("q")?,
                    row.try_get("e")?,
                ],
                oldest_ms: row.try_get("oldest")?,
            });
        }
        Ok(out)
    }
}
