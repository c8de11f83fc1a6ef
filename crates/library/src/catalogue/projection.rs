//! The tables of the catalogue, made of entries and bodies and of nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use futures_util::future::join;
use lampion_db::rows::{self, Statement};
use lampion_db::{AssertSqlSafe, Db, Row as _, Tx, query};
use lampion_feed::entry::Entry;
use lampion_feed::merkle::Hash;
use lampion_feed::{Applied, Feed, FeedError, Publications, Reading};

use tokio::task::yield_now;

use super::model::{KIND, RecordState};
use super::summary::{HeadingKey, Summary, heading};
use super::tally::{self, Counted};
use super::{headings, keys};

/// Records of a batch from which on SQLite leaves for [`Publications::settle`] what is cheaper all at once.
pub(super) const MANY: usize = 2_048;
/// Bodies from which on they are read on several threads.
const PARALLEL: usize = 64;
/// Bytes of rows that are hashed at once.
const PRINT_BYTES: usize = 64 << 10;
/// Records whose rows are made before the database is looked after again: less than it takes for one statement.
pub(super) const AT_A_STRETCH: usize = 128;
/// Threads at most.
const THREADS_LIMIT: usize = 4;

/// What the library does with publications of kind `library`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LibraryPublications;

/// Collection and record.
pub(super) type Key<'a> = (&'a str, &'a str);

/// What a record's row says before.
#[derive(Debug, Default)]
pub(super) struct Before {
    version: u64,
    pub(super) match_keys: BTreeSet<String>,
    pub(super) headings: BTreeSet<HeadingKey>,
    counted: Counted,
}

/// What it is to say.
pub(super) struct After<'a> {
    pub(super) key: Key<'a>,
    version: u64,
    state: RecordState,
    published_ms: i64,
    reason: &'static str,
    body: Option<&'a [u8]>,
    pub(super) summary: Arc<Summary>,
}

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl Publications for LibraryPublications {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn read(&self, body: &[u8]) -> Option<Reading> {
        Some(reading(Summary::of_body(body)))
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        feed: &Feed,
        applied: &[Applied<'_>],
    ) -> Result<(), FeedError> {
        let before = before(tx, feed.id, applied).await?;
        let mut after = newest(applied, &before);
        summarize(&mut after);
        // While the database has the largest table, the rows of the others are made.
        let rest = async {
            let keys = keys::changed(&after, &before).await;
            let headings = headings::changed(&after, &before).await;
            (keys, headings, count(&after, &before).await)
        };
        let records = write_records(tx, feed.id, &after);
        let (written, (keys, headings, counts)) = join(records, rest).await;
        written?;
        let many = after.len() >= MANY && tx.backend_name() == "SQLite";
        keys.write(tx, feed.id, many).await?;
        headings::write(tx, feed.id, &headings, many).await?;
        counts.write(tx, feed.id).await?;
        if many && keys::full(tx, feed.id).await? {
            self.settle(tx, feed).await?;
        }
        super::files::project(tx, feed.id, applied).await
    }

    async fn reset(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError> {
        for table in [
            "catalogue_record",
            "catalogue_key",
            "catalogue_key_new",
            "catalogue_heading",
            "catalogue_file",
        ] {
            if feeds_of(tx, table).await? == (Some(feed.id), Some(feed.id)) {
                // All rows at once: SQLite then doesn't look at each.
                let sql = format!("delete from {table}");
                query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
            } else {
                let sql = format!("delete from {table} where feed = $1");
                let delete = query(AssertSqlSafe(sql)).bind(feed.id);
                delete.execute(&mut **tx).await?;
            }
        }
        tally::reset(tx, feed.id).await
    }

    async fn rebuilding(&self, tx: &mut Tx, feed: &Feed) -> Result<Vec<String>, FeedError> {
        // Rows of other feeds would have to be put into the new indexes too.
        let (first, _) = feeds_of(tx, "catalogue_record").await?;
        if first.is_some_and(|first| first != feed.id) {
            return Ok(Vec::new());
        }
        Ok(Db::drop_indexes(tx, &["catalogue_record", "catalogue_heading"]).await?)
    }

    async fn settle(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError> {
        keys::settle(tx, feed.id).await?;
        headings::settle(tx, feed.id).await
    }

    async fn fingerprint(&self, tx: &mut Tx, feed: &Feed) -> Result<Hash, FeedError> {
        let mut hash = Hash::default();
        for (table, columns, order) in PRINTED {
            let table = match table {
                keys::TABLE => keys::table(tx, feed.id).await?,
                other => other,
            };
            hash = print(tx, feed.id, hash, (table, columns, order)).await?;
        }
        let counts = tally::fingerprint(tx, feed.id).await?;
        Ok(Hash::of(&[&hash.0, &counts.0]))
    }
}

/// Tables of which a fingerprint is taken, with their columns (`+` before text, `=` before bytes of UTF-8, `#` before
/// numbers) and their order.
const PRINTED: [(&str, &str, &str); 4] = [
    (
        "catalogue_record",
        "=sort_title +collection +id +state +title +author +language +kind +scheme +by_name +reason +match_keys +headings
         #version #year #published_ms #has",
        "collection, id",
    ),
    (
        keys::TABLE,
        "+key +collection +record",
        "key, collection, record",
    ),
    (
        "catalogue_heading",
        "+kind =key +display #uses",
        "kind, key, display",
    ),
    (
        "catalogue_file",
        "+collection +record +hash #version",
        "collection, record, version, hash",
    ),
];

/// Adds a table's rows to a hash. Each row comes as one text with the lengths of its fields: a value costs the database's
/// driver as much as ten columns of it cost the database.
async fn print(
    tx: &mut Tx,
    feed: i64,
    mut hash: Hash,
    (table, columns, order): (&str, &str, &str),
) -> Result<Hash, FeedError> {
    let fields: Vec<String> = columns
        .split_whitespace()
        .map(|column| match column.split_at(1) {
            ("#", name) => format!("{name} || ','"),
            // On PostgreSQL these are hexadecimal digits, on SQLite the text itself.
            ("=", name) => {
                format!("length({name}) || ':' || cast({name} as text)")
            }
            (_, name) => format!("length({name}) || ':' || {name}"),
        })
        .collect();
    let line = fields.join(" || ");
    let sql = format!("select {line} as line from {table} as t where feed = $1 order by {order}");
    let mut rows = query(AssertSqlSafe(sql)).bind(feed).fetch(&mut **tx);
    let mut lines = String::new();
    while let Some(row) = rows.try_next().await? {
        lines.push_str(&row.try_get::<String, _>(0)?);
        if lines.len() >= PRINT_BYTES {
            hash = Hash::of(&[&hash.0, lines.as_bytes()]);
            lines.clear();
        }
    }
    Ok(Hash::of(&[&hash.0, lines.as_bytes()]))
}

/// The first and the last feed that have rows in a table.
async fn feeds_of(tx: &mut Tx, table: &str) -> Result<(Option<i64>, Option<i64>), FeedError> {
    let sql = format!(
        "select (select min(feed) from {table}) as first, (select max(feed) from {table}) as last"
    );
    let row = query(AssertSqlSafe(sql)).fetch_one(&mut **tx).await?;
    Ok((row.try_get("first")?, row.try_get("last")?))
}

/// The rows of the records that a batch is about.
async fn before<'a>(
    tx: &mut Tx,
    feed: i64,
    applied: &[Applied<'a>],
) -> Result<HashMap<Key<'a>, Before>, FeedError> {
    // Of an object's first version there is nothing yet.
    let new = |item: &Applied<'_>| match item.entry {
        Entry::Publish(publish) => publish.supersedes.is_none() && !item.again,
        _ => false,
    };
    let keys: BTreeSet<Key<'a>> = applied
        .iter()
        .filter(|item| !new(item))
        .filter_map(|item| item.entry.object())
        .collect();
    let keys: Vec<Key<'a>> = keys.into_iter().collect();
    let found = rows::select(
        tx,
        (
            "with k (c, o) as",
            "select r.collection, r.id, r.version, r.match_keys, r.headings, r.state, r.language, r.kind, r.by_name,
             r.published_ms, r.has from k join catalogue_record r on r.feed = $1 and r.collection = k.c and r.id = k.o",
        ),
        feed,
        2,
        &keys,
        |statement, key| statement.bind(key.0.to_string()).bind(key.1.to_string()),
    )
    .await?;
    let mut out = HashMap::new();
    for row in &found {
        let (collection, id): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let Ok(at) = keys.binary_search(&(collection.as_str(), id.as_str())) else {
            continue;
        };
        let (match_keys, headings): (String, String) = (row.try_get(3)?, row.try_get(4)?);
        let counted = Counted {
            collection: collection.clone(),
            live: row.try_get::<String, _>("state")? == RecordState::Live.as_str(),
            language: row.try_get("language")?,
            kind: row.try_get("kind")?,
            by: row.try_get("by_name")?,
            published_ms: row.try_get("published_ms")?,
            has: row.try_get("has")?,
        };
        let before = Before {
            counted,
            version: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0),
            match_keys: match_keys.lines().map(ToString::to_string).collect(),
            headings: headings
                .lines()
                .filter_map(|line| line.split_once('\t'))
                .map(|(kind, display)| heading((kind.to_string(), display.to_string())))
                .collect(),
        };
        if let Some(key) = keys.get(at) {
            out.insert(*key, before);
        }
    }
    Ok(out)
}

/// What the batch leaves of each record. An entry before the row's own says nothing new: a body of it came late.
fn newest<'a>(applied: &[Applied<'a>], before: &HashMap<Key<'a>, Before>) -> Vec<After<'a>> {
    let mut out: Vec<After<'a>> = Vec::with_capacity(applied.len());
    let mut places: HashMap<Key<'a>, usize> = HashMap::with_capacity(applied.len());
    for item in applied {
        let Some(key) = item.entry.object() else {
            continue;
        };
        let place = places.get(&key).copied();
        let known = place
            .and_then(|place| out.get(place))
            .map(|after| after.version)
            .or_else(|| before.get(&key).map(|before| before.version));
        if known.is_some_and(|known| item.index < known) {
            continue;
        }
        let mut after = After {
            key,
            version: item.index,
            state: RecordState::Missing,
            published_ms: int(item.entry.time()).saturating_mul(1000),
            reason: "",
            body: None,
            summary: Arc::default(),
        };
        match item.entry {
            Entry::Publish(_) => match item.reading.and_then(read) {
                Some((state, summary)) => (after.state, after.summary) = (state, summary),
                None => after.body = item.body,
            },
            Entry::Withdraw(withdraw) => {
                after.state = RecordState::Withdrawn;
                after.reason = withdraw.reason.as_str();
                after.summary = Arc::new(Summary {
                    by: withdraw.by.clone(),
                    ..Summary::default()
                });
            }
            Entry::Acknowledge(_) => continue,
        }
        match place.and_then(|place| out.get_mut(place)) {
            Some(earlier) => *earlier = after,
            None => {
                places.insert(key, out.len());
                out.push(after);
            }
        }
    }
    out.sort_by_key(|after| after.key);
    out
}

/// What is told of a body beside its entry; none for one that can't be read.
pub(super) fn reading(summary: Option<Summary>) -> Reading {
    Arc::new(summary.map(Arc::new))
}

/// What was read of a body while its entry was being stored.
fn read(reading: &Reading) -> Option<(RecordState, Arc<Summary>)> {
    let summary = reading.downcast_ref::<Option<Arc<Summary>>>()?;
    Some(match summary {
        Some(summary) => (RecordState::Live, Arc::clone(summary)),
        None => (RecordState::Unreadable, Arc::default()),
    })
}

/// Reads the bodies that were not read yet. Nothing else of a batch takes as long, so many are read on several threads.
fn summarize(all: &mut [After<'_>]) {
    let read = |part: &mut [After<'_>]| {
        for after in part {
            let Some(body) = after.body else { continue };
            after.state = RecordState::Unreadable;
            if let Some(summary) = Summary::of_body(body) {
                after.summary = Arc::new(summary);
                after.state = RecordState::Live;
            }
        }
    };
    let threads = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(THREADS_LIMIT);
    if all.len() < PARALLEL || threads == 1 {
        return read(all);
    }
    let each = all.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for part in all.chunks_mut(each) {
            scope.spawn(move || read(part));
        }
    });
}

/// What records that are published together mostly have in common.
fn bind_common(statement: Statement, after: &After<'_>) -> Statement {
    statement
        .bind(after.key.0.to_string())
        .bind(after.state.as_str())
        .bind(after.summary.scheme)
        .bind(after.summary.by.clone())
        .bind(after.published_ms)
        .bind(after.reason)
}

/// What each has of its own.
fn bind_own(statement: Statement, after: &After<'_>) -> Statement {
    let summary = &after.summary;
    let headings: Vec<String> = summary
        .headings
        .iter()
        .map(|(kind, _, display)| format!("{kind}\t{display}"))
        .collect();
    statement
        .bind(after.key.1.to_string())
        .bind(int(after.version))
        .bind(summary.title.clone())
        .bind(summary.sort_title.clone())
        .bind(summary.author.clone())
        .bind(summary.year)
        .bind(summary.language.clone())
        .bind(summary.kind.clone())
        .bind(summary.match_keys.join("\n"))
        .bind(headings.join("\n"))
        .bind(summary.has)
}

/// Whether [`bind_common`] binds the same for both.
fn alike(a: &After<'_>, b: &After<'_>) -> bool {
    a.key.0 == b.key.0
        && a.state == b.state
        && a.summary.scheme == b.summary.scheme
        && a.summary.by == b.summary.by
        && a.published_ms == b.published_ms
        && a.reason == b.reason
}

async fn write_records(tx: &mut Tx, feed: i64, all: &[After<'_>]) -> Result<(), FeedError> {
    let sql = (
        "insert into catalogue_record (feed, collection, state, scheme, by_name, published_ms, reason, id, version, title,
         sort_title, author, year, language, kind, match_keys, headings, has)",
        "on conflict (feed, collection, id) do update set version = excluded.version, state = excluded.state,
         title = excluded.title, sort_title = excluded.sort_title, author = excluded.author, year = excluded.year,
         language = excluded.language, kind = excluded.kind, scheme = excluded.scheme, by_name = excluded.by_name,
         published_ms = excluded.published_ms, reason = excluded.reason, match_keys = excluded.match_keys,
         headings = excluded.headings, has = excluded.has",
    );
    match all.first() {
        Some(first) if all.iter().all(|after| alike(first, after)) => {
            let common = |statement: Statement| bind_common(statement.bind(feed), first);
            rows::insert_with(tx, sql, (7, common), (11, all), bind_own).await?;
        }
        _ => {
            let bind =
                |statement, after: &After<'_>| bind_own(bind_common(statement, after), after);
            let feed = |statement: Statement| statement.bind(feed);
            rows::insert_with(tx, sql, (1, feed), (17, all), bind).await?;
        }
    }
    Ok(())
}

/// What the batch changes of the desk's statistics.
async fn count(all: &[After<'_>], before: &HashMap<Key<'_>, Before>) -> tally::Changes {
    let mut changes = tally::Changes::default();
    for some in all.chunks(AT_A_STRETCH) {
        for after in some {
            if let Some(before) = before.get(&after.key) {
                changes.count(&before.counted, -1);
            }
            let now = Counted {
                collection: after.key.0.to_string(),
                live: after.state == RecordState::Live,
                language: after.summary.language.clone(),
                kind: after.summary.kind.clone(),
                by: after.summary.by.clone(),
                published_ms: after.published_ms,
                has: after.summary.has,
            };
            changes.count(&now, 1);
        }
        yield_now().await;
    }
    changes
}
