//! Prints how fast feeds are on this machine: `cargo run --release -p lampion-feed --example measure -- [ENTRIES] [FOLDER]`.
//!
//! Bodies are of 500 bytes, batches of 1,000; the projection is one row for each object. SQLite, full sync.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to measure with"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use lampion_core::{SystemClock, SystemRng, ids::new_id};
use lampion_db::{Db, KERNEL, Tx, query, query_scalar, rows};
use lampion_feed::entry::Entry;
use lampion_feed::merkle::Hash;
use lampion_feed::verify::{Folder, verify};
use lampion_feed::{Applied, Draft, Feed, FeedError, Feeds, MIGRATIONS, Publications};

const KIND: &str = "library";
const BATCH: usize = 1000;
const BODY: usize = 500;

struct Shelf;

type ShelfRow<'a> = (i64, &'a str, &'a str, i64, &'a [u8]);

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
        let rows: Vec<ShelfRow<'_>> = applied
            .iter()
            .filter_map(|item| match item.entry {
                Entry::Publish(publish) => Some((
                    feed.id,
                    publish.collection.as_str(),
                    publish.object.as_str(),
                    i64::try_from(item.index).unwrap(),
                    item.body.unwrap_or_default().get(..60).unwrap_or_default(),
                )),
                _ => None,
            })
            .collect();
        rows::insert(
            tx,
            (
                "insert into shelf (feed, collection, object, idx, title)",
                "on conflict (feed, collection, object) do update set idx = excluded.idx, title = excluded.title",
            ),
            5,
            &rows,
            |statement, row| {
                statement
                    .bind(row.0)
                    .bind(row.1)
                    .bind(row.2)
                    .bind(row.3)
                    .bind(row.4)
            },
        )
        .await?;
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
        let sum: i64 = query_scalar(
            "select coalesce(cast(sum(idx * 7 + length(title)) as bigint), 0) from shelf where feed = $1",
        )
        .bind(feed.id)
        .fetch_one(&mut **tx)
        .await?;
        Ok(Hash::of(&[&sum.to_be_bytes()]))
    }
}

fn drafts(count: usize) -> Vec<Draft> {
    let draft = |_| {
        let mut body = vec![0; BODY];
        lampion_core::Rng::fill(&SystemRng, &mut body);
        Draft::Publish {
            collection: "catalogue".into(),
            object: new_id(&SystemRng),
            body,
            expires: None,
        }
    };
    (0..count).map(draft).collect()
}

async fn append(feeds: &Feeds, db: &Db, drafts: &[Draft]) {
    let mut tx = db.begin().await.unwrap();
    feeds.append(&mut tx, KIND, drafts).await.unwrap();
    tx.commit().await.unwrap();
}

/// Seconds of all processors that this program has used: fields 14 and 15 of proc_pid_stat(5), in hundredths.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |n: usize| fields.split_whitespace().nth(n)?.parse::<f64>().ok();
    (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
}

/// When something began, by the clock and by the processors' time.
struct Since(Instant, f64);

fn now() -> Since {
    Since(Instant::now(), cpu())
}

fn rate(what: &str, count: usize, since: &Since) {
    let seconds = since.0.elapsed().as_secs_f64();
    println!(
        "{what}: {count} in {seconds:.2} s, {:.0}/s ({:.2} s of processors)",
        count as f64 / seconds,
        cpu() - since.1
    );
}

fn percentiles(what: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied();
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms",
        at(0.5).unwrap() * 1e3,
        at(0.99).unwrap() * 1e3
    );
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let entries: usize = arguments.next().map_or(100_000, |n| n.parse().unwrap());
    let given = arguments.next().map(PathBuf::from);
    let temporary = tempfile::tempdir().unwrap();
    let folder = given.unwrap_or_else(|| temporary.path().to_path_buf());
    let database = std::env::var("LAMPION_TEST_POSTGRES").unwrap_or_else(|_| "sqlite".into());
    let db = Db::open(&database, &folder).await.unwrap();
    db.migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
    query("create table shelf (feed bigint not null, collection text not null, object text not null, idx bigint not null, title bytea not null, primary key (feed, collection, object))")
        .execute(db.write()).await.unwrap();
    let clock = Arc::new(SystemClock);
    let feeds = Feeds::open(
        db.clone(),
        (clock, Arc::new(SystemRng)),
        &folder.join("feeds"),
        "hill.internal",
        vec![Arc::new(Shelf)],
    )
    .await
    .unwrap();

    let (mut appending, mut busy) = (0f64, 0f64);
    let mut slowest = 0f64;
    for _ in 0..entries / BATCH {
        let batch = drafts(BATCH);
        let start = now();
        append(&feeds, &db, &batch).await;
        let took = start.0.elapsed().as_secs_f64();
        appending += took;
        busy += cpu() - start.1;
        slowest = slowest.max(took);
    }
    println!(
        "append in batches of {BATCH}: {entries} in {appending:.2} s, {:.0}/s ({busy:.2} s of processors), slowest batch {:.0} ms",
        entries as f64 / appending,
        slowest * 1e3
    );
    let signed = feeds.sign(KIND).await.unwrap().unwrap();
    let origin = signed.checkpoint.origin;

    let (mut whole, mut appends) = (Vec::new(), Vec::new());
    for _ in 0..300 {
        let one = drafts(1);
        let start = Instant::now();
        append(&feeds, &db, &one).await;
        appends.push(start.elapsed().as_secs_f64());
        feeds.sign(KIND).await.unwrap();
        whole.push(start.elapsed().as_secs_f64());
    }
    percentiles("one append", appends);
    percentiles("one append and sign", whole);

    let start = now();
    let mut from = 0;
    while let Some(last) = feeds.entries(&origin, from, 1000).await.unwrap().last() {
        from = last.index + 1;
    }
    rate("read with bodies and states", entries, &start);

    let start = now();
    let rebuilt = feeds.rebuild(&origin).await.unwrap();
    assert!(rebuilt.projection_same && rebuilt.objects_same);
    rate("rebuild", entries, &start);

    let export = folder.join("export");
    let start = now();
    feeds.export(&origin, &export).await.unwrap();
    rate("export", entries, &start);
    let start = Instant::now();
    let again = feeds.export(&origin, &export).await.unwrap();
    println!(
        "export again: {} files kept in {:.2} s",
        again.kept,
        start.elapsed().as_secs_f64()
    );

    let key = feeds.verifier(KIND).await.unwrap();
    for bodies in [false, true] {
        let (export, key) = (export.clone(), key.clone());
        let start = now();
        tokio::task::spawn_blocking(move || verify(&Folder(export), &key, bodies).unwrap())
            .await
            .unwrap();
        rate(
            if bodies {
                "verify with bodies"
            } else {
                "verify"
            },
            entries,
            &start,
        );
    }
    let start = now();
    let snapshot = feeds.snapshot(KIND, &folder).await.unwrap();
    rate("snapshot", entries, &start);
    println!("snapshot: {} MB", snapshot.says.length >> 20);
    let peak = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!(
        "{}",
        peak.lines()
            .find(|line| line.starts_with("VmHWM"))
            .unwrap_or_default()
    );
}
