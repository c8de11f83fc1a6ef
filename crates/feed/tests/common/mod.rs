//! Feeds in an empty database of each kind, with a small shelf as their projection.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by tests, each of which uses a part"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use lampion_core::{ManualClock, SystemRng};
use lampion_db::testing::{self, TestDb};
use lampion_db::{Db, KERNEL, Row, Tx, query};
use lampion_feed::entry::{Entry, Reason};
use lampion_feed::merkle::Hash;
use lampion_feed::{Applied, Draft, Feed, FeedError, Feeds, MIGRATIONS, Publications, Signed};

pub const NOW_MS: i64 = 1_795_326_643_000;
pub const KIND: &str = "library";
pub const NODE: &str = "hill.internal";
pub const ORIGIN: &str = "hill.internal/feed/library";

/// A projection: what is on the shelf. Refuses bodies that say "refuse".
pub struct Shelf;

#[async_trait]
impl Publications for Shelf {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn apply(
        &self,
        tx: &mut Tx,
        feed: &Feed,
        applied: &[Applied<'_>],
    ) -> Result<(), FeedError> {
        for item in applied {
            let Some((collection, object)) = item.entry.object() else {
                continue;
            };
            if item.body == Some(b"refuse") {
                return Err(FeedError::Projection("the shelf refuses it".into()));
            }
            match item.entry {
                Entry::Publish(_) => {
                    query("insert into shelf (feed, collection, object, idx, body) values ($1, $2, $3, $4, $5)
                           on conflict (feed, collection, object) do update set idx = excluded.idx, body = excluded.body")
                        .bind(feed.id).bind(collection).bind(object)
                        .bind(i64::try_from(item.index).unwrap())
                        .bind(item.body.unwrap_or(b"(missing)"))
                        .execute(&mut **tx).await?;
                }
                _ => {
                    query("delete from shelf where feed = $1 and collection = $2 and object = $3")
                        .bind(feed.id)
                        .bind(collection)
                        .bind(object)
                        .execute(&mut **tx)
                        .await?;
                }
            }
        }
        Ok(())
    }

    async fn reset(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError> {
        query("delete from shelf where feed = $1")
            .bind(feed.id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn fingerprint(&self, tx: &mut Tx, feed: &Feed) -> Result<Hash, FeedError> {
        Ok(Hash::of(&[
            format!("{:?}", shelf_in(tx, feed.id).await).as_bytes()
        ]))
    }
}

type Row4 = (String, String, i64, Vec<u8>);

async fn shelf_in(conn: &mut lampion_db::sqlx::AnyConnection, feed: i64) -> Vec<Row4> {
    let rows = query("select collection, object, idx, body from shelf where feed = $1")
        .bind(feed)
        .fetch_all(conn)
        .await
        .unwrap();
    let mut rows: Vec<Row4> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2), row.get(3)))
        .collect();
    rows.sort();
    rows
}

/// One node.
pub struct Node {
    pub feeds: Feeds,
    pub clock: Arc<ManualClock>,
    pub database: TestDb,
    pub folder: PathBuf,
    pub name: String,
}

pub async fn migrate(db: &Db) {
    db.migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
    query("create table if not exists shelf (feed bigint not null, collection text not null, object text not null,
           idx bigint not null, body bytea not null, primary key (feed, collection, object))")
        .execute(db.write()).await.unwrap();
}

pub async fn open(
    db: Db,
    clock: Arc<ManualClock>,
    folder: &Path,
    name: &str,
) -> Result<Feeds, FeedError> {
    Feeds::open(
        db,
        (clock, Arc::new(SystemRng)),
        folder,
        name,
        vec![Arc::new(Shelf)],
    )
    .await
}

impl Node {
    async fn new(database: TestDb, name: &str) -> Self {
        migrate(database.db()).await;
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let folder = database.folder().join("node/feeds");
        let feeds = open(database.db().clone(), clock.clone(), &folder, name)
            .await
            .unwrap();
        Self {
            feeds,
            clock,
            database,
            folder,
            name: name.to_string(),
        }
    }

    /// A second program on the same database and folder.
    pub async fn reopened(&self) -> Feeds {
        let db = Db::open(&self.database.url, self.database.folder())
            .await
            .unwrap();
        open(db, self.clock.clone(), &self.folder, &self.name)
            .await
            .unwrap()
    }

    /// The same database with another folder.
    pub async fn with_folder(&self, folder: &Path) -> Result<Feeds, FeedError> {
        open(
            self.database.db().clone(),
            self.clock.clone(),
            folder,
            &self.name,
        )
        .await
    }

    pub async fn try_append(&self, drafts: &[Draft]) -> Result<u64, FeedError> {
        append(&self.feeds, self.database.db(), drafts).await
    }

    pub async fn append(&self, drafts: &[Draft]) -> u64 {
        self.try_append(drafts).await.unwrap()
    }

    pub async fn sign(&self) -> Signed {
        self.feeds.sign(KIND).await.unwrap().unwrap()
    }

    /// The shelf of a feed.
    pub async fn shelf(&self, origin: &str) -> Vec<Row4> {
        let feed = self.feeds.find(origin).await.unwrap().unwrap();
        let mut conn = self.database.db().read().acquire().await.unwrap();
        shelf_in(&mut conn, feed.id).await
    }

    pub async fn rebuilds_to_the_same(&self, origin: &str) {
        let rebuilt = self.feeds.rebuild(origin).await.unwrap();
        assert!(
            rebuilt.projection_same && rebuilt.objects_same,
            "{rebuilt:?}"
        );
    }
}

pub async fn append(feeds: &Feeds, db: &Db, drafts: &[Draft]) -> Result<u64, FeedError> {
    let mut tx = db.begin().await?;
    let appended = feeds.append(&mut tx, KIND, drafts).await?;
    tx.commit().await?;
    Ok(appended.size)
}

/// One node for each kind of database.
pub async fn nodes(name: &str) -> Vec<Node> {
    let mut all = Vec::new();
    for database in testing::databases(name).await {
        all.push(Node::new(database, NODE).await);
    }
    all
}

/// An author and a mirror for each kind of database.
pub async fn pairs(name: &str) -> Vec<(Node, Node)> {
    let mirrors = testing::databases(&format!("{name}_mirror")).await;
    let mut all = Vec::new();
    for (author, mirror) in nodes(name).await.into_iter().zip(mirrors) {
        all.push((author, Node::new(mirror, "dale.internal").await));
    }
    all
}

pub fn publish(object: &str, body: &str) -> Draft {
    Draft::Publish {
        collection: "catalogue".into(),
        object: object.into(),
        body: body.into(),
        expires: None,
    }
}

pub fn withdraw(object: &str) -> Draft {
    Draft::Withdraw {
        collection: "catalogue".into(),
        object: object.into(),
        reason: Reason::Privacy,
        by: "the library's office".into(),
        explanation: None,
    }
}

pub fn many(prefix: &str, count: usize) -> Vec<Draft> {
    (0..count)
        .map(|n| publish(&format!("{prefix}{n}"), &format!("body {prefix} {n}")))
        .collect()
}

/// Sends all that the mirror lacks, in steps.
pub async fn catch_up(
    author: &Node,
    mirror: &Node,
    step: usize,
    bodies: bool,
) -> Result<u64, FeedError> {
    let key = author.feeds.verifier(KIND).await?;
    let mut size = mirror
        .feeds
        .find(key.name())
        .await?
        .map_or(0, |feed| feed.size);
    while let Some(delta) = author.feeds.delta(key.name(), size, step, bodies).await? {
        size = mirror.feeds.mirror(&key, KIND, &delta).await?.size;
    }
    Ok(size)
}
