//! The directory: what a node says of itself, published on its `directory` feed.
//!
//! A feed holds one object, `self` in the collection `nodes`: the node's own record ([`NodeRecord`]), which names no
//! person. It is published at the first start and whenever something in it changes. The table `directory_record` is made
//! of entries and bodies and of nothing else.

use std::collections::BTreeMap;

use async_trait::async_trait;
use lampion_db::{Migration, Migrations, Row as _, Tx, query, transaction};
use lampion_feed::entry::Entry;
use lampion_feed::merkle::Hash;
use lampion_feed::{Applied, Draft, Feed, FeedError, Feeds, Publications};
use serde::{Deserialize, Serialize};

use crate::feature::Kernel;

/// The feed's kind.
pub const KIND: &str = "directory";
/// The collection of nodes' records.
pub const COLLECTION: &str = "nodes";
/// The object that a node says of itself.
pub const OBJECT: &str = "self";
/// Longest record in bytes.
const RECORD_LIMIT: usize = 16 << 10;

/// The directory's tables.
pub const MIGRATIONS: Migrations = Migrations {
    feature: "directory",
    steps: &[Migration {
        version: 1,
        sql: include_str!("../migrations/1.sql"),
    }],
};

/// What a node says of itself. As a body: JSON, whose unknown members are passed over.
///
/// ```json
/// {"name":"hill.internal","title":"Library of the hill","languages":["en"],"address":"","certificate":"AB:CD:…",
///  "cosigner":"hill.internal/cosigner+…","feeds":{"directory":"hill.internal/feed/directory+…","library":"…"}}
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeRecord {
    /// Its name in the net: `hill.internal`.
    pub name: String,
    /// What its home page calls it.
    pub title: String,
    /// Tags of the languages that it speaks first.
    pub languages: Vec<String>,
    /// The address that its operator gives it for all; empty if there is none.
    pub address: String,
    /// SHA-256 fingerprint of its certificate authority; empty without HTTPS.
    pub certificate: String,
    /// The key of its cosignatures.
    pub cosigner: String,
    /// The key of each of its feeds, by kind.
    pub feeds: BTreeMap<String, String>,
    /// Titles of the catalogues that everybody may see, by their names on the `library` feed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub catalogues: BTreeMap<String, String>,
}

impl NodeRecord {
    /// What this node would say now. `certificate` is its authority's fingerprint.
    ///
    /// # Errors
    /// The feeds can't be read.
    pub async fn of(kernel: &Kernel, certificate: &str) -> Result<Self, FeedError> {
        let feeds = kernel.feeds()?;
        let config = &kernel.config;
        let mut keys = BTreeMap::new();
        for kind in feeds.kinds() {
            keys.insert(kind.to_string(), feeds.verifier(kind).await?.to_string());
        }
        Ok(Self {
            name: format!("{}.{}", config.name, config.net),
            title: config.title.clone(),
            languages: vec![config.language.clone()],
            address: config.public_url.clone(),
            certificate: certificate.to_string(),
            cosigner: feeds.cosigner().to_string(),
            feeds: keys,
            catalogues: BTreeMap::new(),
        })
    }

    fn parse(body: &[u8]) -> Option<Self> {
        (body.len() <= RECORD_LIMIT)
            .then(|| serde_json::from_slice(body).ok())
            .flatten()
    }

    fn json(&self) -> Result<String, FeedError> {
        serde_json::to_string(self).map_err(|error| FeedError::Projection(error.to_string()))
    }
}

/// Publishes this node's record if it isn't what the feed says already. Gives whether it was.
///
/// # Errors
/// The feed can't grow or be signed; nothing is published then.
pub async fn publish(kernel: &Kernel, certificate: &str) -> Result<bool, FeedError> {
    let record = NodeRecord::of(kernel, certificate).await?;
    publish_record(&kernel.db, kernel.feeds()?, &record).await
}

/// The same for a record.
///
/// # Errors
/// As [`publish`].
pub async fn publish_record(
    db: &lampion_db::Db,
    feeds: &Feeds,
    record: &NodeRecord,
) -> Result<bool, FeedError> {
    let json = record.json()?;
    if json.len() > RECORD_LIMIT {
        return Err(FeedError::TooMuch);
    }
    let draft = Draft::Publish {
        collection: COLLECTION.into(),
        object: OBJECT.into(),
        body: json.clone().into_bytes(),
        expires: None,
    };
    let changed = transaction!(db, FeedError, tx => {
        // Takes the feed's lock, so that two processes don't publish the same.
        feeds.append(tx, KIND, &[]).await?;
        let known: Option<String> = lampion_db::query_scalar(
            "select r.record from directory_record r join feed_feed f on f.id = r.feed
             where f.own = 1 and f.kind = $1 and r.object = $2 and r.state = 'live'",
        )
        .bind(KIND)
        .bind(OBJECT)
        .fetch_optional(&mut **tx)
        .await?;
        if known.as_ref() == Some(&json) {
            return Ok(false);
        }
        feeds.append(tx, KIND, std::slice::from_ref(&draft)).await?;
        Ok(true)
    })?;
    feeds.sign(KIND).await?;
    Ok(changed)
}

/// The records of all nodes whose directory is here: feed's origin and record, in the order of origins.
///
/// # Errors
/// The database.
pub async fn list(db: &lampion_db::Db) -> Result<Vec<(String, NodeRecord)>, FeedError> {
    let rows = query(
        "select f.origin, r.record from directory_record r join feed_feed f on f.id = r.feed
         where r.state = 'live' and r.object = $1",
    )
    .bind(OBJECT)
    .fetch_all(db.read())
    .await?;
    let mut all = Vec::new();
    for row in &rows {
        let (origin, record): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        all.extend(NodeRecord::parse(record.as_bytes()).map(|record| (origin, record)));
    }
    all.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(all)
}

/// What becomes of publications of kind `directory`.
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectoryPublications;

fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl Publications for DirectoryPublications {
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
            // Collections that a later program may publish here are not ours to read.
            if collection != COLLECTION {
                continue;
            }
            let (state, record) = match (item.entry, item.body) {
                (Entry::Withdraw(_), _) => ("withdrawn", String::new()),
                (_, None) => ("missing", String::new()),
                (_, Some(body)) => match NodeRecord::parse(body) {
                    Some(record) => ("live", record.json()?),
                    None => ("unreadable", String::new()),
                },
            };
            // A body may come late, of a version that is not the newest any more.
            query(
                "insert into directory_record (feed, object, version, state, record, published_s)
                 values ($1, $2, $3, $4, $5, $6)
                 on conflict (feed, object) do update set version = excluded.version, state = excluded.state,
                 record = excluded.record, published_s = excluded.published_s
                 where excluded.version >= directory_record.version",
            )
            .bind(feed.id)
            .bind(object)
            .bind(int(item.index))
            .bind(state)
            .bind(record)
            .bind(int(item.entry.time()))
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    async fn reset(&self, tx: &mut Tx, feed: &Feed) -> Result<(), FeedError> {
        query("delete from directory_record where feed = $1")
            .bind(feed.id)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn fingerprint(&self, tx: &mut Tx, feed: &Feed) -> Result<Hash, FeedError> {
        let rows = query(
            "select object, version, state, record, published_s from directory_record where feed = $1",
        )
        .bind(feed.id)
        .fetch_all(&mut **tx)
        .await?;
        let mut lines = Vec::new();
        for row in &rows {
            let texts: [String; 3] = [row.try_get(0)?, row.try_get(2)?, row.try_get(3)?];
            let numbers: [i64; 2] = [row.try_get(1)?, row.try_get(4)?];
            lines.push(format!("{texts:?} {numbers:?}"));
        }
        lines.sort();
        Ok(Hash::of(&[lines.join("\n").as_bytes()]))
    }
}
