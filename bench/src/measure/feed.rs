//! The feed with the real catalogue as its projection, in this process: appended, signed, rebuilt, exported, verified;
//! beside them, in the same run, what hash, database and disk can do at most.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use lampion_core::{Rng as _, SystemRng};
use lampion_db::{Db, query, rows};
use lampion_feed::merkle::leaf_hash;
use lampion_feed::verify::{Folder, verify};

use crate::Options;
use crate::data;
use crate::load::Times;
use crate::records::{self, AT_ONCE, BOOKS, ORIGIN};
use crate::report::{Reached, Report, met};

/// Records, unless another number is asked for.
const RECORDS: usize = 1_000_000;
/// Single edits that are timed.
const EDITS: u64 = 300;
/// Rows of the database's own figure.
const PLAIN_ROWS: usize = 200_000;
/// Bytes of a body, as those of the records.
const BODY: usize = 900;

/// Seconds of all processors that this program has used: fields 14 and 15 of proc_pid_stat(5), in hundredths.
fn processors() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |n: usize| fields.split_whitespace().nth(n)?.parse::<f64>().ok();
    (ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default()) / 100.0
}

/// When something began, by the clock and by the processors' time.
struct Since(Instant, f64);

impl Since {
    fn now() -> Self {
        Self(Instant::now(), processors())
    }

    /// Items a second, and how it is shown.
    fn rate(&self, count: u64) -> (f64, String) {
        let seconds = self.0.elapsed().as_secs_f64();
        let rate = count as f64 / seconds;
        let busy = processors() - self.1;
        (
            rate,
            format!("{rate:.0}/s ({count} in {seconds:.1} s, {busy:.1} s of processors)"),
        )
    }
}

/// `feed`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let count = options.documents.unwrap_or(RECORDS) as u64;
    let folder = data::work(options)?.join("feed");
    if folder.exists() && !options.keep {
        ensure!(
            folder.join("lampion.sqlite").exists(),
            "{} is no node's folder: not removed",
            folder.display()
        );
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let what = format!("{count} generated records in MARC 21; SQLite, full sync; search apart");
    let mut report = Report::new("The feed and the catalogue made of it", &what);
    runtime.block_on(measure(options, &folder, count, &mut report))?;
    if !options.keep {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(())
}

async fn measure(
    options: &Options,
    folder: &Path,
    count: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    if options.wants("limits") {
        limits(folder, report).await?;
    }
    let (catalogue, feeds, db) = records::open(folder).await?;
    let there = feeds.find(ORIGIN).await?.map_or(0, |feed| feed.size);
    if options.wants("append") && there < count {
        append(folder, &catalogue, count, report).await?;
    }
    if options.wants("edits") {
        edits(&catalogue, &feeds, there.max(count), report).await?;
    }
    if options.wants("rebuild") {
        let since = Since::now();
        let rebuilt = feeds.rebuild(ORIGIN).await?;
        ensure!(
            rebuilt.projection_same && rebuilt.objects_same,
            "the projection was not what the feed says"
        );
        let (rate, shown) = since.rate(rebuilt.entries);
        report.row(
            "tables dropped, made anew from the feed, compared",
            &shown,
            "",
            "≥ 10,000/s",
            met(rate >= 10_000.0),
        );
    }
    if options.wants("verify") {
        files(folder, &feeds, report).await?;
    }
    db.close().await;
    Ok(())
}

/// Publishes all records.
async fn append(
    folder: &Path,
    catalogue: &lampion_library::catalogue::Catalogue,
    count: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut spent, mut busy, mut done, mut last) = (Duration::ZERO, 0.0, 0, 0.0);
    while done < count {
        let to = (done + AT_ONCE).min(count);
        let batch = records::publications(done, to)?;
        let since = Since::now();
        catalogue.publish_many(BOOKS, batch, "Mira", "").await?;
        last = (to - done) as f64 / since.0.elapsed().as_secs_f64();
        spent += since.0.elapsed();
        busy += processors() - since.1;
        done = to;
        if done % (AT_ONCE * 4) == 0 {
            eprintln!("{done}: {last:.0}/s");
        }
    }
    let rate = count as f64 / spent.as_secs_f64();
    let size = std::fs::metadata(folder.join("lampion.sqlite"))?.len();
    report.row(
        "records published in batches: entry, tables of the catalogue, signature",
        &format!(
            "{rate:.0}/s ({count} in {:.1} s, {busy:.1} s of processors); the last {AT_ONCE} at {last:.0}/s; database {}",
            spent.as_secs_f64(),
            super::mb(size)
        ),
        "",
        "≥ 20,000/s",
        met(rate >= 20_000.0),
    );
    Ok(())
}

/// What hash, database and disk can do, measured alone.
async fn limits(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut body = vec![0; BODY];
    SystemRng.fill(&mut body);
    let since = Since::now();
    for _ in 0..PLAIN_ROWS {
        std::hint::black_box(leaf_hash(std::hint::black_box(&body)));
    }
    let (_, shown) = since.rate(PLAIN_ROWS as u64);
    report.row(
        &format!("limit: SHA-256 of {BODY} bytes, one processor"),
        &shown,
        "",
        "",
        Reached::Open,
    );
    let plain = folder.join("plain");
    std::fs::create_dir_all(&plain)?;
    let db = Db::open("sqlite", &plain).await?;
    query("create table plain (n bigint primary key, body bytea not null)")
        .execute(db.write())
        .await?;
    let all: Vec<i64> = (0..PLAIN_ROWS as i64).collect();
    let since = Since::now();
    for part in all.chunks(4096) {
        let mut tx = db.begin().await?;
        rows::insert(
            &mut tx,
            ("insert into plain (n, body)", ""),
            2,
            part,
            |statement, n| statement.bind(*n).bind(vec![n.to_le_bytes()[0]; BODY]),
        )
        .await?;
        tx.commit().await?;
    }
    let (_, shown) = since.rate(PLAIN_ROWS as u64);
    db.close().await;
    std::fs::remove_dir_all(&plain)?;
    report.row(
        &format!("limit: rows of {BODY} bytes into one table with a rising key, nothing else, batches of 4,096"),
        &shown,
        "",
        "",
        Reached::Open,
    );
    let mut times = Vec::new();
    let path = folder.join("sync");
    let mut file = std::fs::File::create(&path)?;
    for _ in 0..EDITS {
        let begun = Instant::now();
        std::io::Write::write_all(&mut file, &body)?;
        file.sync_all()?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    std::fs::remove_file(path)?;
    report.row(
        "limit: one write and fsync, p50 / p99",
        &Times::new(times).shown(),
        "",
        "",
        Reached::Open,
    );
    Ok(())
}

/// Single edits: how long until they are committed, and until the checkpoint over them is signed and on disk.
async fn edits(
    catalogue: &lampion_library::catalogue::Catalogue,
    feeds: &lampion_feed::Feeds,
    count: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut whole, mut signing) = (Vec::new(), Vec::new());
    for n in count..count + EDITS {
        let work = records::work(n)?;
        let begun = Instant::now();
        catalogue
            .publish(BOOKS, None, None, &work, "Mira", "")
            .await?;
        whole.push(begun.elapsed().as_secs_f64() * 1e3);
        // Nothing new is there to be signed: what is left is the look at mark and database.
        let begun = Instant::now();
        feeds.sign("library").await?;
        signing.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let times = Times::new(whole);
    report.row(
        "one record published: committed, and its checkpoint signed and synced, p50 / p99",
        &times.shown(),
        "",
        "≤ 10 ms",
        met(times.p99() <= 10.0),
    );
    report.row(
        "… the same checkpoint asked for again, p50 / p99",
        &Times::new(signing).shown(),
        "",
        "",
        Reached::Open,
    );
    Ok(())
}

/// Static files, and a check of them with nothing but the key.
async fn files(
    folder: &Path,
    feeds: &lampion_feed::Feeds,
    report: &mut Report,
) -> anyhow::Result<()> {
    let export = folder.join("export");
    let since = Since::now();
    feeds.export(ORIGIN, &export).await?;
    let size = feeds.find(ORIGIN).await?.context("no feed")?.size;
    report.row(
        "exported as static files, with bodies",
        &since.rate(size).1,
        "",
        "",
        Reached::Open,
    );
    let key = feeds.verifier("library").await?;
    for bodies in [false, true] {
        let (export, key) = (export.clone(), key.clone());
        let since = Since::now();
        tokio::task::spawn_blocking(move || verify(&Folder(export), &key, bodies)).await??;
        let seconds = since.0.elapsed().as_secs_f64();
        let shown = since.rate(size).1;
        if bodies {
            report.row(
                "… and each body against its commitment",
                &shown,
                "",
                "",
                Reached::Open,
            );
        } else {
            report.row(
                "the export verified: every entry, tile and the signature",
                &format!("{seconds:.1} s; {shown}"),
                "",
                "≤ 5 s for 1 million",
                met(seconds <= 5.0),
            );
        }
    }
    Ok(())
}
