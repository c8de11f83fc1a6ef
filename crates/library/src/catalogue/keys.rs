//! The table of keys under which records of the same work meet, and how it takes very many of them.
//!
//! Keys come in no order, so that of a large table many new ones touch nearly every page. So those of a large batch go
//! into a small table first, `catalogue_key_new`, in the same transaction as their records, and from there all together and
//! in order into the large one ([`settle`]). Who reads looks into both. A log-structured merge tree of two levels (O'Neil
//! and others, 1996); PostgreSQL does without it.

use std::collections::{BTreeSet, HashMap};

use lampion_db::sqlx::AnyConnection;
use lampion_db::{AssertSqlSafe, DbError, Tx, query, query_scalar, rows};
use lampion_feed::FeedError;
use tokio::task::yield_now;

use super::projection::{AT_A_STRETCH, After, Before, Key};

/// Where keys are that have their place.
pub(super) const TABLE: &str = "catalogue_key";
/// Both tables, where there are keys in the small one.
const BOTH: &str = "(select feed, key, collection, record from catalogue_key
     union all select feed, key, collection, record from catalogue_key_new)";
/// Keys that get their place in one statement: what it changes is kept in memory until it ends.
const AT_ONCE: i64 = 8_192;
/// Keys in the small table after which it is emptied.
const NEW_LIMIT: i64 = 131_072;

/// A collection, a key there, and the record that has it.
type Row<'a> = (&'a str, &'a str, &'a str);

/// What a batch changes.
pub(super) struct Changed<'a> {
    /// In order.
    new: Vec<Row<'a>>,
    gone: Vec<Row<'a>>,
}

/// The keys that are new and those that go.
pub(super) async fn changed<'a>(
    all: &'a [After<'a>],
    before: &'a HashMap<Key<'a>, Before>,
) -> Changed<'a> {
    static NONE: BTreeSet<String> = BTreeSet::new();
    let (mut new, mut gone): (Vec<Row<'a>>, Vec<Row<'a>>) = Default::default();
    for some in all.chunks(AT_A_STRETCH) {
        for after in some {
            let (collection, record) = after.key;
            let row = |key: &'a String| (collection, key.as_str(), record);
            let now = &after.summary.match_keys;
            let old = before.get(&after.key).map(|before| &before.match_keys);
            let old = old.unwrap_or(&NONE);
            new.extend(now.iter().filter(|key| !old.contains(*key)).map(row));
            gone.extend(old.iter().filter(|key| !now.contains(*key)).map(row));
        }
        yield_now().await;
    }
    new.sort_unstable();
    Changed { new, gone }
}

impl Changed<'_> {
    /// Writes them; `aside` puts the new ones into the small table first.
    pub(super) async fn write(&self, tx: &mut Tx, feed: i64, aside: bool) -> Result<(), FeedError> {
        let sqlite = tx.backend_name() == "SQLite";
        for (collection, key, record) in &self.gone {
            let deletes = [
                "delete from catalogue_key where feed = $1 and key = $2 and collection = $3 and record = $4",
                "delete from catalogue_key_new where feed = $1 and key = $2 and collection = $3 and record = $4",
            ];
            let tables = if sqlite { 2 } else { 1 };
            for delete in deletes.into_iter().take(tables) {
                query(delete)
                    .bind(feed)
                    .bind(*key)
                    .bind(*collection)
                    .bind(*record)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        let head = if aside {
            "insert into catalogue_key_new (feed, collection, key, record)"
        } else {
            "insert into catalogue_key (feed, collection, key, record)"
        };
        for part in self.new.chunk_by(|a, b| a.0 == b.0) {
            let Some((collection, ..)) = part.first() else {
                continue;
            };
            rows::insert_with(
                tx,
                (
                    head,
                    "on conflict (feed, key, collection, record) do nothing",
                ),
                (2, |statement| {
                    statement.bind(feed).bind((*collection).to_string())
                }),
                (2, part),
                |statement, (_, key, record)| {
                    statement
                        .bind((*key).to_string())
                        .bind((*record).to_string())
                },
            )
            .await?;
        }
        Ok(())
    }
}

/// Whether so many of a feed wait in the small table that it is no longer small.
pub(super) async fn full(tx: &mut Tx, feed: i64) -> Result<bool, FeedError> {
    let new: i64 = query_scalar("select count(*) from catalogue_key_new where feed = $1")
        .bind(feed)
        .fetch_one(&mut **tx)
        .await?;
    Ok(new >= NEW_LIMIT)
}

/// Gives all keys of a feed their place.
pub(super) async fn settle(tx: &mut Tx, feed: i64) -> Result<(), FeedError> {
    // Ends: each round takes keys away.
    while table(tx, feed).await? == BOTH {
        let last: Option<String> = query_scalar(
            "select key from catalogue_key_new where feed = $1 order by key limit 1 offset $2",
        )
        .bind(feed)
        .bind(AT_ONCE)
        .fetch_optional(&mut **tx)
        .await?;
        let end = last.as_ref().map_or("", |_| "and key <= $2");
        let insert = format!(
            "insert into catalogue_key (feed, key, collection, record)
             select feed, key, collection, record from catalogue_key_new where feed = $1 {end}
             order by feed, key, collection, record
             on conflict (feed, key, collection, record) do nothing"
        );
        let delete = format!("delete from catalogue_key_new where feed = $1 {end}");
        for sql in [insert, delete] {
            let mut statement = query(AssertSqlSafe(sql)).bind(feed);
            if let Some(last) = &last {
                statement = statement.bind(last.as_str());
            }
            statement.execute(&mut **tx).await?;
        }
    }
    Ok(())
}

/// What to read all keys of a feed from.
///
/// # Errors
/// The database.
pub(super) async fn table(conn: &mut AnyConnection, feed: i64) -> Result<&'static str, DbError> {
    let new: Option<i64> =
        query_scalar("select feed from catalogue_key_new where feed = $1 limit 1")
            .bind(feed)
            .fetch_optional(conn)
            .await?;
    Ok(if new.is_some() { BOTH } else { TABLE })
}
