//! The table of headings: how many living records use each.
//!
//! The most used are found by `level`, which rises each time that the uses double (above 4,096, fourfold), so that the index
//! on it is seldom changed; large batches leave it as it was, and [`settle`] sets it for all. It decides only which headings
//! are offered for beginnings that fit very many.

use std::collections::HashMap;

use lampion_db::{AssertSqlSafe, Tx, query, rows};
use lampion_feed::FeedError;
use tokio::task::yield_now;

use super::projection::{AT_A_STRETCH, After, Before, Key};
use super::summary::HeadingKey;

/// The level of a heading: 0 under 16 uses, 1 under 32, and so on.
const LEVEL: &str =
    "case when uses < 16 then 0 when uses < 32 then 1 when uses < 64 then 2 when uses < 128 then 3
     when uses < 256 then 4 when uses < 512 then 5 when uses < 1024 then 6 when uses < 2048 then 7
     when uses < 4096 then 8 when uses < 16384 then 9 when uses < 65536 then 10 else 11 end";

/// A heading, and by how much its use changes.
type Change<'a> = (&'a HeadingKey, i64);

/// By how much the use of headings changes, in their order.
pub(super) async fn changed<'a>(
    all: &'a [After<'a>],
    before: &'a HashMap<Key<'a>, Before>,
) -> Vec<Change<'a>> {
    let mut changes: HashMap<&HeadingKey, i64> = HashMap::new();
    for some in all.chunks(AT_A_STRETCH) {
        for after in some {
            for heading in &after.summary.headings {
                *changes.entry(heading).or_default() += 1;
            }
            let old = before.get(&after.key).map(|before| &before.headings);
            for heading in old.into_iter().flatten() {
                *changes.entry(heading).or_default() -= 1;
            }
        }
        yield_now().await;
    }
    let mut changes: Vec<Change<'a>> = changes
        .into_iter()
        .filter(|(_, change)| *change != 0)
        .collect();
    changes.sort_unstable();
    changes
}

/// Writes them; `later` leaves the levels for [`settle`].
pub(super) async fn write(
    tx: &mut Tx,
    feed: i64,
    changes: &[Change<'_>],
    later: bool,
) -> Result<(), FeedError> {
    for part in changes.chunk_by(|((a, ..), _), ((b, ..), _)| a == b) {
        let Some(((kind, ..), _)) = part.first() else {
            continue;
        };
        rows::insert_with(
            tx,
            (
                "insert into catalogue_heading (feed, kind, key, display, uses)",
                "on conflict (feed, kind, key, display) do update set uses = catalogue_heading.uses + excluded.uses",
            ),
            (2, |statement| statement.bind(feed).bind(kind.clone())),
            (3, part),
            |statement, ((_, key, display), change)| {
                statement
                    .bind(key.clone())
                    .bind(display.clone())
                    .bind(*change)
            },
        )
        .await?;
    }
    for ((kind, key, display), _) in changes.iter().filter(|(_, change)| *change < 0) {
        query("delete from catalogue_heading where feed = $1 and kind = $2 and key = $3 and display = $4 and uses <= 0")
            .bind(feed)
            .bind(kind.as_str())
            .bind(key.as_slice())
            .bind(display.as_str())
            .execute(&mut **tx)
            .await?;
    }
    if !later {
        let update = format!(
            "update catalogue_heading set level = {LEVEL} from k where feed = $1 and kind = k.a and key = k.b
             and display = k.c and level <> {LEVEL}"
        );
        rows::select(
            tx,
            ("with k (a, b, c) as", &update),
            feed,
            3,
            changes,
            |statement, ((kind, key, display), _)| {
                statement
                    .bind(kind.clone())
                    .bind(key.clone())
                    .bind(display.clone())
            },
        )
        .await?;
    }
    Ok(())
}

/// Sets the levels of all headings of a feed.
pub(super) async fn settle(tx: &mut Tx, feed: i64) -> Result<(), FeedError> {
    let update = format!(
        "update catalogue_heading set level = {LEVEL} where feed = $1 and level <> {LEVEL}"
    );
    query(AssertSqlSafe(update))
        .bind(feed)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
