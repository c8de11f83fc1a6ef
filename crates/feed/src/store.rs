//! The SQL of feeds: rows of bytes in and out. Nothing here knows what an entry means.

use lampion_db::sqlx::AnyConnection;
use lampion_db::sqlx::any::AnyRow;
use lampion_db::{DbError, Row, query, query_scalar, rows, sqlx};

use crate::edge::{Edge, FullTile, Tiles, edge_tiles};
use crate::entry::Salt;
use crate::error::FeedError;
use crate::limits::{KEPT_CHECKPOINTS, KEPT_CONFLICTS, KEPT_COSIGNATURES, TILE_WIDTH};
use crate::merkle::Hash;

/// A row of `feed_feed`.
#[derive(Debug, Clone)]
pub(crate) struct FeedRow {
    pub id: i64,
    pub origin: String,
    pub kind: String,
    pub own: bool,
    pub vkey: String,
    pub size: u64,
    pub root: Hash,
    pub first: u64,
    /// Seconds since 1970 that no later entry may be before.
    pub clock: u64,
}

impl FeedRow {
    pub(crate) fn damaged(&self, what: impl Into<String>) -> FeedError {
        FeedError::Damaged {
            feed: self.origin.clone(),
            what: what.into(),
        }
    }
}

/// Columns hold what we put there: sizes are below 2^40.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn feed(row: &AnyRow) -> Result<FeedRow, sqlx::Error> {
    let root: Vec<u8> = row.try_get("root")?;
    Ok(FeedRow {
        id: row.try_get("id")?,
        origin: row.try_get("origin")?,
        kind: row.try_get("kind")?,
        own: row.try_get::<i64, _>("own")? != 0,
        vkey: row.try_get("vkey")?,
        size: uint(row.try_get("size")?),
        root: Hash::from_slice(&root).unwrap_or_default(),
        first: uint(row.try_get("first_entry")?),
        clock: uint(row.try_get("clock")?),
    })
}

/// The feed of an origin.
pub(crate) async fn find(
    conn: &mut AnyConnection,
    origin: &str,
) -> Result<Option<FeedRow>, DbError> {
    let row = query("select * from feed_feed where origin = $1")
        .bind(origin)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(feed).transpose()?)
}

/// This node's own feed of a kind.
pub(crate) async fn find_own(
    conn: &mut AnyConnection,
    kind: &str,
) -> Result<Option<FeedRow>, DbError> {
    let row = query("select * from feed_feed where own = 1 and kind = $1 order by id limit 1")
        .bind(kind)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(feed).transpose()?)
}

/// All feeds, oldest first.
pub(crate) async fn list(conn: &mut AnyConnection) -> Result<Vec<FeedRow>, DbError> {
    let rows = query("select * from feed_feed order by id")
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(feed).collect::<Result<_, _>>()?)
}

/// Begins a feed, unless somebody else just did.
pub(crate) async fn insert_feed(conn: &mut AnyConnection, feed: &FeedRow) -> Result<(), DbError> {
    query(
        "insert into feed_feed (id, origin, kind, own, vkey, size, root, first_entry)
         select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7 from feed_feed where true on conflict do nothing",
    )
    .bind(feed.origin.as_str())
    .bind(feed.kind.as_str())
    .bind(i64::from(feed.own))
    .bind(feed.vkey.as_str())
    .bind(int(feed.size))
    .bind(feed.root.0.as_slice())
    .bind(int(feed.first))
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks the feed's row until the transaction ends, and reads it.
pub(crate) async fn lock(
    conn: &mut AnyConnection,
    origin: &str,
) -> Result<Option<FeedRow>, DbError> {
    // An update takes the row lock on PostgreSQL; "for update" is not in SQLite's language.
    let row = query("update feed_feed set size = size where origin = $1 returning *")
        .bind(origin)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(feed).transpose()?)
}

/// No later entry says an earlier time.
pub(crate) async fn set_clock(
    conn: &mut AnyConnection,
    id: i64,
    seconds: u64,
) -> Result<(), DbError> {
    query("update feed_feed set clock = $2 where id = $1 and clock < $2")
        .bind(id)
        .bind(int(seconds))
        .execute(conn)
        .await?;
    Ok(())
}

/// The feed has grown.
pub(crate) async fn set_size(
    conn: &mut AnyConnection,
    id: i64,
    size: u64,
    root: Hash,
) -> Result<(), DbError> {
    query("update feed_feed set size = $2, root = $3 where id = $1")
        .bind(id)
        .bind(int(size))
        .bind(root.0.as_slice())
        .execute(conn)
        .await?;
    Ok(())
}

/// Tiles by level and place, those that there are.
pub(crate) async fn tiles(
    conn: &mut AnyConnection,
    id: i64,
    wanted: &[(u8, u64)],
) -> Result<Tiles, DbError> {
    let mut tiles = Tiles::default();
    for (level, n) in wanted {
        let hashes: Option<Vec<u8>> =
            query_scalar("select hashes from feed_tile where feed = $1 and level = $2 and n = $3")
                .bind(id)
                .bind(i64::from(*level))
                .bind(int(*n))
                .fetch_optional(&mut *conn)
                .await?;
        if let Some(hashes) = hashes {
            tiles.0.insert((*level, *n), hashes);
        }
    }
    Ok(tiles)
}

/// The right edge at the feed's own size or before.
pub(crate) async fn edge(
    conn: &mut AnyConnection,
    feed: &FeedRow,
    size: u64,
) -> Result<Edge, FeedError> {
    let tiles = tiles(conn, feed.id, &edge_tiles(size)).await?;
    tiles
        .edge(size)
        .ok_or_else(|| feed.damaged(format!("tiles at size {size} are missing")))
}

/// Writes tiles, over those that were partial.
pub(crate) async fn put_tiles(
    conn: &mut AnyConnection,
    id: i64,
    full: &[FullTile],
    edge: &Edge,
) -> Result<(), DbError> {
    let mut rows: Vec<(i64, i64, i64, &[u8])> = full
        .iter()
        .map(|tile| {
            (
                id,
                i64::from(tile.level),
                int(tile.n),
                tile.hashes.as_slice(),
            )
        })
        .collect();
    for (level, n) in edge_tiles(edge.size()) {
        rows.push((id, i64::from(level), int(n), edge.partial(level)));
    }
    rows::insert(
        conn,
        (
            "insert into feed_tile (feed, level, n, hashes)",
            "on conflict (feed, level, n) do update set hashes = excluded.hashes",
        ),
        4,
        &rows,
        |statement, row| statement.bind(row.0).bind(row.1).bind(row.2).bind(row.3),
    )
    .await
}

/// One bundle.
pub(crate) async fn bundle(
    conn: &mut AnyConnection,
    id: i64,
    n: u64,
) -> Result<Option<Vec<u8>>, DbError> {
    Ok(
        query_scalar("select entries from feed_bundle where feed = $1 and n = $2")
            .bind(id)
            .bind(int(n))
            .fetch_optional(conn)
            .await?,
    )
}

/// Bundles from `first` to `last`, in order.
pub(crate) async fn bundles(
    conn: &mut AnyConnection,
    id: i64,
    first: u64,
    last: u64,
) -> Result<Vec<(u64, Vec<u8>)>, DbError> {
    let rows = query(
        "select n, entries from feed_bundle where feed = $1 and n >= $2 and n <= $3 order by n",
    )
    .bind(id)
    .bind(int(first))
    .bind(int(last))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Ok((uint(row.try_get("n")?), row.try_get("entries")?)))
        .collect::<Result<_, sqlx::Error>>()?)
}

/// Writes bundles, over the one that was partial.
pub(crate) async fn put_bundles(
    conn: &mut AnyConnection,
    id: i64,
    bundles: &[(u64, Vec<u8>)],
) -> Result<(), DbError> {
    let rows: Vec<(i64, i64, &[u8])> = bundles
        .iter()
        .map(|(n, entries)| (id, int(*n), entries.as_slice()))
        .collect();
    rows::insert(
        conn,
        (
            "insert into feed_bundle (feed, n, entries)",
            "on conflict (feed, n) do update set entries = excluded.entries",
        ),
        3,
        &rows,
        |statement, row| statement.bind(row.0).bind(row.1).bind(row.2),
    )
    .await
}

/// A body to be kept: index, salt, body.
pub(crate) type BodyRow<'a> = (u64, &'a Salt, &'a [u8]);

/// Keeps bodies.
pub(crate) async fn put_bodies(
    conn: &mut AnyConnection,
    id: i64,
    bodies: &[BodyRow<'_>],
) -> Result<(), DbError> {
    rows::insert_with(
        conn,
        (
            "insert into feed_body (feed, idx, salt, body)",
            "on conflict (feed, idx) do nothing",
        ),
        (1, |statement| statement.bind(id)),
        (3, bodies),
        |statement, (index, salt, body)| {
            statement
                .bind(int(*index))
                .bind(salt.as_slice())
                .bind(*body)
        },
    )
    .await
}

/// Erases bodies and salts.
pub(crate) async fn erase_bodies(
    conn: &mut AnyConnection,
    id: i64,
    indexes: &[u64],
) -> Result<(), DbError> {
    rows::select(
        conn,
        ("delete from feed_body where feed = $1 and idx in", ""),
        id,
        1,
        indexes,
        |statement, index| statement.bind(int(*index)),
    )
    .await?;
    Ok(())
}

/// The bodies of these bundles have changed.
pub(crate) async fn touch_packs(
    conn: &mut AnyConnection,
    id: i64,
    bundles: &[u64],
) -> Result<(), DbError> {
    let rows: Vec<(i64, i64)> = bundles.iter().map(|n| (id, int(*n))).collect();
    rows::insert(
        conn,
        (
            "insert into feed_pack (feed, n, changes)",
            "on conflict (feed, n) do update set changes = feed_pack.changes + 1",
        ),
        3,
        &rows,
        |statement, row| statement.bind(row.0).bind(row.1).bind(1i64),
    )
    .await
}

/// The state of an object: newest version, number of versions, index of its withdrawal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ObjectState {
    pub newest: u64,
    pub versions: u64,
    pub withdrawn: Option<u64>,
}

/// Collection and object.
pub(crate) type ObjectKey = (String, String);

/// States of objects, those that there are.
pub(crate) async fn objects(
    conn: &mut AnyConnection,
    id: i64,
    keys: &[(&str, &str)],
) -> Result<Vec<(ObjectKey, ObjectState)>, DbError> {
    let rows = rows::select(
        conn,
        (
            "with k (c, o) as",
            "select f.collection, f.object, f.newest, f.versions, f.withdrawn
             from k join feed_object f on f.feed = $1 and f.collection = k.c and f.object = k.o",
        ),
        id,
        2,
        keys,
        |statement, key| statement.bind(key.0).bind(key.1),
    )
    .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let withdrawn: i64 = row.try_get("withdrawn")?;
            Ok((
                (row.try_get("collection")?, row.try_get("object")?),
                ObjectState {
                    newest: uint(row.try_get("newest")?),
                    versions: uint(row.try_get("versions")?),
                    withdrawn: u64::try_from(withdrawn).ok(),
                },
            ))
        })
        .collect::<Result<_, sqlx::Error>>()?)
}

/// Writes states of objects. If all are `new` and one is there, it's an error.
pub(crate) async fn put_objects(
    conn: &mut AnyConnection,
    id: i64,
    objects: &[(&ObjectKey, ObjectState)],
    new: bool,
) -> Result<(), DbError> {
    let tail = if new {
        ""
    } else {
        "on conflict (feed, collection, object) do update
         set newest = excluded.newest, versions = excluded.versions, withdrawn = excluded.withdrawn"
    };
    for part in objects.chunk_by(|(a, _), (b, _)| a.0 == b.0) {
        let Some(((collection, _), _)) = part.first() else {
            continue;
        };
        rows::insert_with(
            conn,
            (
                "insert into feed_object (feed, collection, object, newest, versions, withdrawn)",
                tail,
            ),
            (2, |statement| statement.bind(id).bind(collection.clone())),
            (4, part),
            |statement, ((_, object), state)| {
                statement
                    .bind(object.as_str())
                    .bind(int(state.newest))
                    .bind(int(state.versions))
                    .bind(state.withdrawn.map_or(-1, int))
            },
        )
        .await?;
    }
    Ok(())
}

/// Entries of a snapshot, in order.
pub(crate) async fn sparse(
    conn: &mut AnyConnection,
    id: i64,
    from: u64,
    before: u64,
    limit: usize,
) -> Result<Vec<(u64, Vec<u8>)>, DbError> {
    let rows = query(
        "select idx, entry from feed_sparse where feed = $1 and idx >= $2 and idx < $3 order by idx limit $4",
    )
    .bind(id)
    .bind(int(from))
    .bind(int(before))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| Ok((uint(row.try_get("idx")?), row.try_get("entry")?)))
        .collect::<Result<_, sqlx::Error>>()?)
}

/// Keeps entries of a snapshot.
pub(crate) async fn put_sparse(
    conn: &mut AnyConnection,
    id: i64,
    entries: &[(u64, &[u8])],
) -> Result<(), DbError> {
    let rows: Vec<(i64, i64, &[u8])> = entries
        .iter()
        .map(|(index, entry)| (id, int(*index), *entry))
        .collect();
    rows::insert(
        conn,
        ("insert into feed_sparse (feed, idx, entry)", ""),
        3,
        &rows,
        |statement, row| statement.bind(row.0).bind(row.1).bind(row.2),
    )
    .await
}

/// A kept checkpoint.
#[derive(Debug, Clone)]
pub(crate) struct KeptCheckpoint {
    pub size: u64,
    pub root: Hash,
    pub note: String,
    pub seen_ms: i64,
}

/// The newest kept checkpoints of at most `up_to` entries, newest first.
pub(crate) async fn checkpoints(
    conn: &mut AnyConnection,
    id: i64,
    up_to: u64,
    limit: i64,
) -> Result<Vec<KeptCheckpoint>, DbError> {
    let rows = query(
        "select size, root, note, seen_ms from feed_checkpoint where feed = $1 and size <= $2 order by size desc limit $3",
    )
    .bind(id)
    .bind(int(up_to))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .iter()
        .map(|row| {
            let root: Vec<u8> = row.try_get("root")?;
            Ok(KeptCheckpoint {
                size: uint(row.try_get("size")?),
                root: Hash::from_slice(&root).unwrap_or_default(),
                note: row.try_get("note")?,
                seen_ms: row.try_get("seen_ms")?,
            })
        })
        .collect::<Result<_, sqlx::Error>>()?)
}

/// Keeps a checkpoint, and forgets the oldest (with their cosignatures) past [`KEPT_CHECKPOINTS`] now and then.
pub(crate) async fn put_checkpoint(
    conn: &mut AnyConnection,
    id: i64,
    kept: &KeptCheckpoint,
) -> Result<(), DbError> {
    query(
        "insert into feed_checkpoint (feed, size, root, note, seen_ms) values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(id)
    .bind(int(kept.size))
    .bind(kept.root.0.as_slice())
    .bind(kept.note.as_str())
    .bind(kept.seen_ms)
    .execute(&mut *conn)
    .await?;
    let count: i64 = query_scalar("select count(*) from feed_checkpoint where feed = $1")
        .bind(id)
        .fetch_one(&mut *conn)
        .await?;
    if count < KEPT_CHECKPOINTS + KEPT_CHECKPOINTS / 8 {
        return Ok(());
    }
    for table in ["feed_checkpoint", "feed_cosignature"] {
        query(lampion_db::AssertSqlSafe(format!(
            "delete from {table} where feed = $1 and size < (select min(size) from
             (select size from feed_checkpoint where feed = $1 order by size desc limit $2) as kept)"
        )))
        .bind(id)
        .bind(KEPT_CHECKPOINTS)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Signature lines of others under a checkpoint.
pub(crate) async fn cosignatures(
    conn: &mut AnyConnection,
    id: i64,
    size: u64,
) -> Result<Vec<String>, DbError> {
    Ok(query_scalar(
        "select line from feed_cosignature where feed = $1 and size = $2 order by name",
    )
    .bind(id)
    .bind(int(size))
    .fetch_all(conn)
    .await?)
}

/// Keeps a cosigner's newest signature under a checkpoint, unless there are enough.
pub(crate) async fn put_cosignature(
    conn: &mut AnyConnection,
    id: i64,
    size: u64,
    name: &str,
    line: &str,
) -> Result<(), DbError> {
    query(
        "insert into feed_cosignature (feed, size, name, line) select $1, $2, $3, $4
         from (select count(*) as n from feed_cosignature where feed = $1 and size = $2 and name <> $3) as others
         where n < $5
         on conflict (feed, size, name) do update set line = excluded.line",
    )
    .bind(id)
    .bind(int(size))
    .bind(name)
    .bind(line)
    .bind(KEPT_COSIGNATURES)
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes all of a feed but its row, its checkpoints and the proofs against it.
pub(crate) async fn empty(conn: &mut AnyConnection, id: i64) -> Result<(), DbError> {
    for table in [
        "feed_bundle",
        "feed_tile",
        "feed_sparse",
        "feed_body",
        "feed_pack",
        "feed_object",
    ] {
        query(lampion_db::AssertSqlSafe(format!(
            "delete from {table} where feed = $1"
        )))
        .bind(id)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Which bundle an entry is in.
pub(crate) fn bundle_of(index: u64) -> u64 {
    index / TILE_WIDTH
}

/// Proofs of forks, newest first.
pub(crate) async fn conflicts(conn: &mut AnyConnection, id: i64) -> Result<Vec<String>, DbError> {
    Ok(
        query_scalar("select proof from feed_conflict where feed = $1 order by seen_ms desc, id")
            .bind(id)
            .fetch_all(conn)
            .await?,
    )
}

/// Keeps a proof of a fork, unless there are enough.
pub(crate) async fn put_conflict(
    conn: &mut AnyConnection,
    feed: i64,
    id: &str,
    proof: &str,
    seen_ms: i64,
) -> Result<(), DbError> {
    query(
        "insert into feed_conflict (feed, id, proof, seen_ms) select $1, $2, $3, $4
         from (select count(*) as n from feed_conflict where feed = $1) as others where n < $5
         on conflict (feed, id) do nothing",
    )
    .bind(feed)
    .bind(id)
    .bind(proof)
    .bind(seen_ms)
    .bind(KEPT_CONFLICTS)
    .execute(conn)
    .await?;
    Ok(())
}
