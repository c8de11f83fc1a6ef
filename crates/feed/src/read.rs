//! Reading feeds: for pages, for the search index, for replays.

use futures_util::TryStreamExt as _;
use lampion_db::{Row, query};

use crate::apply::Objects;
use crate::entry::{Entry, Salt};
use crate::error::{EntryFault, FeedError};
use crate::feeds::Feeds;
use crate::limits::{BATCH_BYTES_LIMIT, BATCH_ENTRIES_LIMIT, TILE_WIDTH};
use crate::store::{self, FeedRow, bundle_of, int, uint};
use crate::tile;

/// A connection of either database; a transaction is one too.
pub(crate) type Conn = lampion_db::sqlx::AnyConnection;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The newest version of an object.
    Live,
    /// A version that has a newer one.
    Superseded {
        /// Index of the newest.
        newest: u64,
    },
    /// A version of an object that was withdrawn.
    Withdrawn {
        /// Index of the withdrawal.
        at: u64,
    },
    /// Itself a withdrawal.
    Withdrawal,
    /// Itself an acknowledgement.
    Acknowledgement,
}

/// What there is of an entry's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The entry has none.
    None,
    /// It is here.
    Here {
        /// The salt of its commitment.
        salt: Salt,
        /// The body.
        bytes: Vec<u8>,
    },
    /// It was withdrawn and erased.
    Erased,
    /// It hasn't come yet, or was dropped.
    Missing,
}

impl Body {
    /// The bytes, if they are here.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Here { bytes, .. } => Some(bytes),
            _ => None,
        }
    }
}

/// An entry with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Index in the feed.
    pub index: u64,
    /// What it says.
    pub entry: Entry,
    /// Its bytes, as the tree has them.
    pub raw: Vec<u8>,
    /// What became of it.
    pub state: State,
    /// Its body, as far as it was asked for.
    pub body: Body,
}

/// Raw entries from `from` on, at most `limit` and not past `before`.
pub(crate) async fn raw_entries(
    conn: &mut Conn,
    feed: &FeedRow,
    from: u64,
    before: u64,
    limit: usize,
) -> Result<Vec<(u64, Vec<u8>)>, FeedError> {
    let mut out = Vec::new();
    if from < feed.first {
        out = store::sparse(conn, feed.id, from, before.min(feed.first), limit).await?;
    }
    let from = from.max(feed.first);
    let end = before
        .min(feed.size)
        .min(from + (limit - out.len().min(limit)) as u64);
    if from >= end {
        return Ok(out);
    }
    let bundles = store::bundles(conn, feed.id, bundle_of(from), bundle_of(end - 1)).await?;
    for (n, bundle) in bundles {
        for (index, entry) in (n * TILE_WIDTH..).zip(tile::parse_bundle(&bundle)?) {
            if (from..end).contains(&index) {
                out.push((index, entry.to_vec()));
            }
        }
    }
    Ok(out)
}

/// A body that is here: index, salt, bytes.
pub(crate) type BodyHere = (u64, Salt, Vec<u8>);

/// Bodies with indexes from `from` to before `before`. Ends early past [`BATCH_BYTES_LIMIT`]; then the index after the
/// last that was looked at is given too.
pub(crate) async fn bodies(
    conn: &mut Conn,
    feed: &FeedRow,
    from: u64,
    before: u64,
) -> Result<(Vec<BodyHere>, Option<u64>), FeedError> {
    let mut rows = query(
        "select idx, salt, body from feed_body where feed = $1 and idx >= $2 and idx < $3 order by idx",
    )
    .bind(feed.id)
    .bind(int(from))
    .bind(int(before))
    .fetch(conn);
    let mut out = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.try_next().await? {
        let index = uint(row.try_get("idx")?);
        let salt: Vec<u8> = row.try_get("salt")?;
        let salt = Salt::try_from(salt.as_slice())
            .map_err(|_| feed.damaged(format!("the salt of entry {index}")))?;
        let body: Vec<u8> = row.try_get("body")?;
        bytes += body.len();
        out.push((index, salt, body));
        if bytes >= BATCH_BYTES_LIMIT {
            return Ok((out, Some(index + 1)));
        }
    }
    Ok((out, None))
}

/// Decodes an entry of ours.
pub(crate) fn decode(index: u64, raw: &[u8]) -> Result<Entry, FeedError> {
    Entry::decode(raw).map_err(|error| FeedError::Entry {
        index,
        fault: EntryFault::Entry(error),
    })
}

/// Entries without their state.
pub(crate) struct Plain {
    pub index: u64,
    pub entry: Entry,
    pub raw: Vec<u8>,
    pub body: Option<(Salt, Vec<u8>)>,
}

/// Entries and the bodies that are here, in order; fewer than `limit` if the bodies are large, none only at the end.
pub(crate) async fn plain(
    conn: &mut Conn,
    feed: &FeedRow,
    (from, before): (u64, u64),
    limit: usize,
    with_bodies: bool,
) -> Result<Vec<Plain>, FeedError> {
    let limit = limit.clamp(1, BATCH_ENTRIES_LIMIT);
    let mut raw = raw_entries(conn, feed, from, before, limit).await?;
    let mut here = Vec::new();
    if let (true, Some((first, _)), Some((last, _))) = (with_bodies, raw.first(), raw.last()) {
        let (bodies, cut) = bodies(conn, feed, *first, last + 1).await?;
        raw.retain(|(index, _)| cut.is_none_or(|cut| *index < cut));
        here = bodies;
    }
    let mut here = here.into_iter().peekable();
    raw.into_iter()
        .map(|(index, raw)| {
            while here.next_if(|(at, _, _)| *at < index).is_some() {}
            let body = here.next_if(|(at, _, _)| *at == index);
            Ok(Plain {
                index,
                entry: decode(index, &raw)?,
                raw,
                body: body.map(|(_, salt, bytes)| (salt, bytes)),
            })
        })
        .collect()
}

/// Entries with what became of them.
pub(crate) async fn records(
    conn: &mut Conn,
    feed: &FeedRow,
    range: (u64, u64),
    limit: usize,
    with_bodies: bool,
) -> Result<Vec<Record>, FeedError> {
    let plain = plain(conn, feed, range, limit, with_bodies).await?;
    let keys = plain.iter().filter_map(|plain| plain.entry.object());
    let objects = Objects::load(conn, feed, keys).await?;
    let record = |plain: Plain| {
        let state = state(plain.index, &plain.entry, &objects);
        let body = match (plain.body, plain.entry.commitment(), state) {
            (Some((salt, bytes)), _, _) => Body::Here { salt, bytes },
            (None, None, _) => Body::None,
            (None, Some(_), State::Withdrawn { .. }) => Body::Erased,
            (None, Some(_), _) => Body::Missing,
        };
        Record {
            index: plain.index,
            entry: plain.entry,
            raw: plain.raw,
            state,
            body,
        }
    };
    Ok(plain.into_iter().map(record).collect())
}

fn state(index: u64, entry: &Entry, objects: &Objects) -> State {
    let (collection, object) = match entry {
        Entry::Acknowledge(_) => return State::Acknowledgement,
        Entry::Withdraw(_) => return State::Withdrawal,
        Entry::Publish(publish) => (&publish.collection, &publish.object),
    };
    match objects.get(collection, object) {
        Some(object) => match object.withdrawn {
            Some(at) => State::Withdrawn { at },
            None if object.newest == index => State::Live,
            None => State::Superseded {
                newest: object.newest,
            },
        },
        None => State::Live,
    }
}

impl Feeds {
    pub(crate) async fn row(&self, conn: &mut Conn, origin: &str) -> Result<FeedRow, FeedError> {
        store::find(conn, origin)
            .await?
            .ok_or_else(|| FeedError::NoSuchFeed(origin.to_string()))
    }

    /// Entries of a feed from index `from` on, in order, with what became of them and their bodies; at most `limit` or
    /// [`BATCH_ENTRIES_LIMIT`], fewer if the bodies are large, none only at the end. Go on at the last index + 1.
    ///
    /// Whoever follows a feed (the search index) keeps the index that it has reached as its own cursor. A body that
    /// comes later is not told here.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn entries(
        &self,
        origin: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Record>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        records(&mut conn, &feed, (from, u64::MAX), limit, true).await
    }

    /// The newest entries before index `before` (`u64::MAX` for the very newest), newest first, without bodies.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn newest(
        &self,
        origin: &str,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Record>, FeedError> {
        let limit = limit.clamp(1, BATCH_ENTRIES_LIMIT);
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        let end = before.min(feed.size);
        let from = end.saturating_sub(limit as u64);
        let mut records = records(&mut conn, &feed, (from, end), limit, false).await?;
        for record in &mut records {
            if record.body == Body::Missing {
                record.body = Body::None;
            }
        }
        records.reverse();
        Ok(records)
    }

    /// One entry with its body; none past the end, or where a snapshot left it out.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn entry(&self, origin: &str, index: u64) -> Result<Option<Record>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        let range = (index, index.saturating_add(1));
        let records = records(&mut conn, &feed, range, 1, true).await?;
        Ok(records.into_iter().next())
    }

    /// The newest version of an object, or its withdrawal.
    ///
    /// # Errors
    /// No such feed, or the database.
    pub async fn object(
        &self,
        origin: &str,
        collection: &str,
        object: &str,
    ) -> Result<Option<Record>, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.row(&mut conn, origin).await?;
        let key = [(collection, object)];
        let states = store::objects(&mut conn, feed.id, &key).await?;
        let Some((_, state)) = states.first() else {
            return Ok(None);
        };
        let index = state.withdrawn.unwrap_or(state.newest);
        let found = records(&mut conn, &feed, (index, index + 1), 1, true).await?;
        Ok(found.into_iter().next())
    }
}
