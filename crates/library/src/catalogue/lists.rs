//! Lists: a catalogue's records, what changed, what matches, headings.

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{AssertSqlSafe, Row as _, query, query_scalar};
use lampion_formats::records::desk::{HeadingKind, MatchKey, fold, heading_key};

use super::model::{Changed, Filter, ListPage, RecordRow, Sort, Suggested};
use super::summary::heading_word;
use super::{Catalogue, CatalogueError, keys};

/// Rows of one page, at most.
pub const PAGE_LIMIT: i64 = 500;
/// Rows that one page looks at, so that a filter that fits few of a million answers in time.
const SCAN_ROWS: i64 = 2_000;
/// Rows that are looked at at once.
const SCAN_STEP: i64 = 250;
/// Headings with a beginning among which the most used are chosen.
const SCAN_HEADINGS: i64 = 2_000;
/// Headings among which those are looked for that are used most of all.
const SCAN_USED: i64 = 10_000;
/// Keys that one page of the search for duplicates looks at.
const SCAN_KEYS: i64 = 20_000;
/// Records that match one key, at most.
const MATCHES_LIMIT: i64 = 50;

/// Past every folded text: no UTF-8 has this byte.
const PAST_ALL: &[u8] = &[0xff];

fn rows_of(rows: &[AnyRow]) -> Result<Vec<RecordRow>, CatalogueError> {
    Ok(rows.iter().map(RecordRow::read).collect::<Result<_, _>>()?)
}

/// The first bytes past all that begin with `prefix`.
fn past(prefix: &[u8]) -> Vec<u8> {
    [prefix, PAST_ALL].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

/// One order of lists.
struct Order {
    columns: &'static str,
    order: &'static str,
    after: &'static str,
}

const BY_TITLE: Order = Order {
    columns: "sort_title, id",
    order: "sort_title, id",
    after: "sort_title >= $4 and sort_title < $5 and (sort_title, id) > ($6, $7)",
};
const NEWEST: Order = Order {
    columns: "published_ms, id",
    order: "published_ms desc, id desc",
    after: "published_ms >= $4 and published_ms <= $5 and (published_ms, id) < ($6, $7)",
};

fn order_of(sort: Sort) -> Order {
    match sort {
        Sort::Title => BY_TITLE,
        Sort::Newest => NEWEST,
    }
}

/// Bounds of a page in one order.
enum Bounds {
    Title(Vec<u8>, Vec<u8>, Vec<u8>, String),
    Newest(i64, i64, i64, String),
}

impl Bounds {
    fn of(filter: &Filter, sort: Sort, after: Option<&str>) -> Result<Self, CatalogueError> {
        let after = after
            .map(|text| text.split_once('.').ok_or(CatalogueError::BadCursor))
            .transpose()?;
        Ok(match sort {
            Sort::Title => {
                let prefix = fold(&filter.title).into_bytes();
                let (title, id) = match after {
                    Some((title, id)) => (
                        unhex(title).ok_or(CatalogueError::BadCursor)?,
                        id.to_string(),
                    ),
                    None => (prefix.clone(), String::new()),
                };
                Self::Title(prefix.clone(), past(&prefix), title, id)
            }
            Sort::Newest => {
                let (time, id) = match after {
                    Some((time, id)) => (
                        time.parse().map_err(|_| CatalogueError::BadCursor)?,
                        id.to_string(),
                    ),
                    None => (i64::MAX, String::new()),
                };
                Self::Newest(0, i64::MAX, time, id)
            }
        })
    }
}

fn cursor(row: &AnyRow, sort: Sort) -> Result<String, CatalogueError> {
    let id: String = row.try_get("id")?;
    Ok(match sort {
        Sort::Title => format!("{}.{id}", hex(&row.try_get::<Vec<u8>, _>("sort_title")?)),
        Sort::Newest => format!("{}.{id}", row.try_get::<i64, _>("published_ms")?),
    })
}

macro_rules! bind_bounds {
    ($query:expr, $bounds:expr) => {
        match $bounds {
            Bounds::Title(from, to, after, id) => $query
                .bind(from.clone())
                .bind(to.clone())
                .bind(after.clone())
                .bind(id.clone()),
            Bounds::Newest(from, to, after, id) => {
                $query.bind(*from).bind(*to).bind(*after).bind(id.clone())
            }
        }
    };
}

impl Catalogue {
    /// A page of a catalogue, `limit` records (at most `PAGE_LIMIT`) after the place `after` of the page before.
    ///
    /// # Errors
    /// A damaged place, or the database.
    pub async fn list(
        &self,
        filter: &Filter,
        sort: Sort,
        after: Option<&str>,
        limit: i64,
    ) -> Result<ListPage, CatalogueError> {
        let limit = usize::try_from(limit.clamp(1, PAGE_LIMIT)).unwrap_or(1);
        let feed = self.feed_id().await?;
        // Without a filter of its own there is nothing to look past.
        let plain = [&filter.language, &filter.kind, &filter.scheme, &filter.by]
            .iter()
            .all(|text| text.is_empty());
        let (step, most) = if plain {
            (limit as i64 + 1, limit as i64 + 1)
        } else {
            (SCAN_STEP, SCAN_ROWS)
        };
        let mut after = after.map(ToString::to_string);
        let mut found: Vec<AnyRow> = Vec::new();
        let mut seen = 0;
        // Few rows at a time, for the first few often have a page's worth.
        loop {
            let bounds = Bounds::of(filter, sort, after.as_deref())?;
            let wanted = (limit + 1 - found.len()) as i64;
            found.extend(
                self.fitting(feed, filter, (sort, &bounds), (step, wanted))
                    .await?,
            );
            if found.len() > limit {
                let page = found.get(..limit).unwrap_or_default();
                let next = page.last().map(|row| cursor(row, sort)).transpose()?;
                return Ok(ListPage {
                    rows: rows_of(page)?,
                    next,
                });
            }
            seen += step;
            let next = if plain {
                None
            } else {
                self.place(feed, filter, (sort, &bounds), step).await?
            };
            if next.is_none() || seen >= most {
                let rows = rows_of(&found)?;
                return Ok(ListPage { rows, next });
            }
            after = next;
        }
    }

    /// Records that fit among the next `step`, at most `wanted`.
    async fn fitting(
        &self,
        feed: i64,
        filter: &Filter,
        (sort, bounds): (Sort, &Bounds),
        (step, wanted): (i64, i64),
    ) -> Result<Vec<AnyRow>, CatalogueError> {
        let Order { order, after, .. } = order_of(sort);
        let sql = format!(
            "select * from (select * from catalogue_record where feed = $1 and collection = $2 and state = $3 and {after}
             order by {order} limit $8) as seen
             where ($9 = '' or language = $9) and ($10 = '' or kind = $10) and ($11 = '' or scheme = $11)
             and ($12 = '' or by_name = $12) order by {order} limit $13"
        );
        let statement = query(AssertSqlSafe(sql))
            .bind(feed)
            .bind(filter.collection.clone())
            .bind(filter.state.as_str());
        Ok(bind_bounds!(statement, bounds)
            .bind(step)
            .bind(filter.language.clone())
            .bind(filter.kind.clone())
            .bind(filter.scheme.clone())
            .bind(filter.by.clone())
            .bind(wanted)
            .fetch_all(self.db.read())
            .await?)
    }

    /// The place after the next `step` records; none if there are not so many.
    async fn place(
        &self,
        feed: i64,
        filter: &Filter,
        (sort, bounds): (Sort, &Bounds),
        step: i64,
    ) -> Result<Option<String>, CatalogueError> {
        let Order {
            order,
            after,
            columns,
        } = order_of(sort);
        let sql = format!(
            "select {columns} from catalogue_record where feed = $1 and collection = $2 and state = $3 and {after}
             order by {order} limit 1 offset $8"
        );
        let statement = query(AssertSqlSafe(sql))
            .bind(feed)
            .bind(filter.collection.clone())
            .bind(filter.state.as_str());
        let last = bind_bounds!(statement, bounds)
            .bind(step - 1)
            .fetch_optional(self.db.read())
            .await?;
        last.as_ref().map(|row| cursor(row, sort)).transpose()
    }

    /// How many records of a collection are published.
    ///
    /// # Errors
    /// The database.
    pub async fn count(&self, collection: &str) -> Result<i64, CatalogueError> {
        Ok(query_scalar(
            "select count(*) from catalogue_record where feed = $1 and collection = $2 and state = 'live'",
        )
        .bind(self.feed_id().await?)
        .bind(collection)
        .fetch_one(self.db.read())
        .await?)
    }

    /// Records of collections that were published or withdrawn from `from_ms` to `until_ms`, both inclusive, oldest first,
    /// after a place; at most `limit`.
    ///
    /// # Errors
    /// The database.
    pub async fn changed(
        &self,
        collections: &[String],
        (from_ms, until_ms): (i64, i64),
        after: Option<&Changed>,
        limit: i64,
    ) -> Result<Vec<RecordRow>, CatalogueError> {
        let limit = limit.clamp(1, PAGE_LIMIT);
        let feed = self.feed_id().await?;
        let mut all = Vec::new();
        for collection in collections {
            // Within one moment collections follow each other by name.
            let (time, id) = match after {
                None => (from_ms, String::new()),
                Some(after) if after.published_ms < from_ms => (from_ms, String::new()),
                Some(after) => match collection.cmp(&after.collection) {
                    std::cmp::Ordering::Less => (after.published_ms + 1, String::new()),
                    std::cmp::Ordering::Equal => (after.published_ms, after.id.clone()),
                    std::cmp::Ordering::Greater => (after.published_ms, String::new()),
                },
            };
            let rows = query(
                "select * from catalogue_record where feed = $1 and collection = $2 and (published_ms, id) > ($3, $4)
                 and published_ms <= $5 order by published_ms, id limit $6",
            )
            .bind(feed)
            .bind(collection.as_str())
            .bind(time)
            .bind(id)
            .bind(until_ms)
            .bind(limit)
            .fetch_all(self.db.read())
            .await?;
            all.extend(rows_of(&rows)?);
        }
        // The order within a collection is the database's, and stays.
        all.sort_by(|a, b| (a.published_ms, &a.collection).cmp(&(b.published_ms, &b.collection)));
        all.truncate(usize::try_from(limit).unwrap_or(1));
        Ok(all)
    }

    /// When the first record that is still known was published or withdrawn; none if there is none.
    ///
    /// # Errors
    /// The database.
    pub async fn earliest_ms(&self, collections: &[String]) -> Result<Option<i64>, CatalogueError> {
        let first = self.changed(collections, (0, i64::MAX), None, 1).await?;
        Ok(first.first().map(|row| row.published_ms))
    }

    /// Published records with one of these keys: which key, and the record.
    ///
    /// # Errors
    /// The database.
    pub async fn matches(
        &self,
        collection: &str,
        keys: &[MatchKey],
    ) -> Result<Vec<(MatchKey, RecordRow)>, CatalogueError> {
        let feed = self.feed_id().await?;
        let mut out = Vec::new();
        for key in keys {
            for row in self.with_key(feed, collection, &key.text()).await? {
                out.push((key.clone(), row));
            }
        }
        Ok(out)
    }

    async fn with_key(
        &self,
        feed: i64,
        collection: &str,
        key: &str,
    ) -> Result<Vec<RecordRow>, CatalogueError> {
        let rows = query(
            "select r.* from (
               select record from (select record from catalogue_key
                 where feed = $1 and key = $2 and collection = $3 order by record limit $4) as a
               union select record from (select record from catalogue_key_new
                 where feed = $1 and key = $2 and collection = $3 order by record limit $4) as b
             ) as k join catalogue_record r on r.feed = $1 and r.collection = $3 and r.id = k.record
             order by k.record limit $4",
        )
        .bind(feed)
        .bind(key)
        .bind(collection)
        .bind(MATCHES_LIMIT)
        .fetch_all(self.db.read())
        .await?;
        rows_of(&rows)
    }

    /// Groups of records of a collection that share a key, in the order of keys after the key `after`, at most `limit`;
    /// and where to go on. A page may be empty though more follows.
    ///
    /// # Errors
    /// The database.
    pub async fn duplicates(
        &self,
        collection: &str,
        after: &str,
        limit: i64,
    ) -> Result<(Vec<(String, Vec<RecordRow>)>, Option<String>), CatalogueError> {
        let limit = limit.clamp(1, PAGE_LIMIT);
        let feed = self.feed_id().await?;
        let mut conn = self.db.read().acquire().await?;
        let table = keys::table(&mut conn, feed).await?;
        let last: Option<String> = query_scalar(AssertSqlSafe(format!(
            "select key from {table} as k where feed = $1 and key > $2 order by key limit 1 offset $3"
        )))
        .bind(feed)
        .bind(after)
        .bind(SCAN_KEYS)
        .fetch_optional(&mut *conn)
        .await?;
        // Two texts, so that the end is one of the index's range.
        let end = last.as_ref().map_or("", |_| "and key <= $5");
        let mut found = query_scalar(AssertSqlSafe(format!(
            "select key from {table} as k where feed = $1 and key > $2 and collection = $3 {end}
             group by key having count(*) > 1 order by key limit $4"
        )))
        .bind(feed)
        .bind(after)
        .bind(collection)
        .bind(limit);
        if let Some(last) = &last {
            found = found.bind(last.as_str());
        }
        let keys: Vec<String> = found.fetch_all(&mut *conn).await?;
        drop(conn);
        let full = i64::try_from(keys.len()).unwrap_or(0) == limit;
        let next = if full { keys.last().cloned() } else { last };
        let mut groups = Vec::new();
        for key in keys {
            let rows = self.with_key(feed, collection, &key).await?;
            groups.push((key, rows));
        }
        Ok((groups, next))
    }

    /// Headings of a kind that begin with what was typed, most used first.
    ///
    /// # Errors
    /// The database.
    pub async fn suggest_headings(
        &self,
        kind: HeadingKind,
        typed: &str,
        limit: i64,
    ) -> Result<Vec<Suggested>, CatalogueError> {
        let prefix = heading_key(typed).into_bytes();
        // Of few, all are looked at; of very many, the most used are found among those that are used most of all.
        let rows = query(
            "select display, uses, key from (
               select * from (select display, uses, key from catalogue_heading
                 where feed = $1 and kind = $2 and key >= $3 and key < $4 order by key, display limit $5) as seen
               union
               select h.display, h.uses, h.key from (select key, display from (select key, display from catalogue_heading
                 where feed = $1 and kind = $2 and level > 0 order by level desc limit $6) as most
                 where key >= $3 and key < $4) as used
               join catalogue_heading h on h.feed = $1 and h.kind = $2 and h.key = used.key and h.display = used.display
             ) as found order by uses desc, key, display limit $7",
        )
        .bind(self.feed_id().await?)
        .bind(heading_word(kind))
        .bind(prefix.clone())
        .bind(past(&prefix))
        .bind(SCAN_HEADINGS)
        .bind(SCAN_USED)
        .bind(limit.clamp(1, PAGE_LIMIT))
        .fetch_all(self.db.read())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Suggested {
                    display: row.try_get("display")?,
                    uses: row.try_get("uses")?,
                })
            })
            .collect()
    }
}
