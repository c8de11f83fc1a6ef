//! Search pages over HTTP: time, throughput and memory, beside kiwix-serve, Zimi, Xapian and SQLite.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{COLLECTION, suggest};
use crate::Options;
use crate::data::{self, Data};
use crate::http::{BROWSER, Client};
use crate::load::{Throughput, Times, one_by_one, together};
use crate::node::{Node, Serving};
use crate::peers::Listening;
use crate::queries::{KINDS, Query, Words, encode};
use crate::report::{Reached, Report, met, or_why};

/// Queries of each kind that are timed.
const EACH: usize = 600;
/// Queries that are asked before, and not timed.
const WARM: usize = 400;
/// Queries of each kind to peers that take tens of milliseconds.
const EACH_SLOW: usize = 150;
/// Clients at once.
const CLIENTS: usize = 8;
/// How long they ask.
const LONG: Duration = Duration::from_secs(10);
/// Searches before memory is read again.
const MANY: usize = 10_000;
/// Documents that Zimi is measured with.
const ZIMI_DOCUMENTS: usize = 20_000;

/// Queries, and the paths that ask a server for them.
struct Asked<'a> {
    warm: &'a [Query],
    timed: &'a [Query],
}

/// What a server's answers took.
struct Figures {
    all: Times,
    by_kind: Vec<(&'static str, Times)>,
    bad: usize,
}

impl Asked<'_> {
    fn of(
        &self,
        server: std::net::SocketAddr,
        path: &dyn Fn(&Query) -> String,
    ) -> anyhow::Result<Figures> {
        let paths = |queries: &[Query]| queries.iter().map(path).collect::<Vec<_>>();
        one_by_one(server, &paths(self.warm))?;
        let (times, bad) = one_by_one(server, &paths(self.timed))?;
        let of_kind = |kind: &'static str| {
            (
                kind,
                Times::new(
                    self.timed
                        .iter()
                        .zip(&times)
                        .filter(|(query, _)| query.kind == kind)
                        .map(|(_, time)| *time)
                        .collect(),
                ),
            )
        };
        Ok(Figures {
            by_kind: KINDS.map(of_kind).to_vec(),
            all: Times::new(times),
            bad,
        })
    }
}

/// A search page of ours.
fn ours(query: &Query) -> String {
    format!("/search?q={}", encode(&query.text))
}

fn kiwix(name: &str) -> impl Fn(&Query) -> String + use<> {
    let name = name.to_owned();
    move |query| {
        format!(
            "/search?content={name}&pattern={}&pageLength=10",
            encode(&query.text)
        )
    }
}

fn zimi(query: &Query) -> String {
    format!("/search?q={}&limit=10", encode(&query.text))
}

/// `search`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::data(options, 200_000)?;
    let work = data::work(options)?;
    let words = Words::of(&data, options.seed)?;
    let warm = words.queries(WARM / KINDS.len(), options.seed ^ 0xffff);
    let timed = words.queries(EACH, options.seed);
    let few = words.queries(EACH_SLOW, options.seed);

    let (node, imported) = Node::filled(options, work.join("node-search"), &data)?;
    let mut report = Report::new("Search over HTTP", &data.what);
    report.row(
        "`lampion import` of the documents",
        &format!(
            "{} in {:.1} s: {:.0}/s; {} failed; index {}",
            imported.documents,
            imported.seconds,
            imported.documents as f64 / imported.seconds,
            imported.failed,
            super::mb(imported.index_bytes)
        ),
        "",
        "",
        Reached::Open,
    );
    // A node's very first start also imports the handbook.
    node.serve()?.settle()?;
    let serving = node.serve()?;
    let idle = idle_memory(&serving)?;
    let kiwix_server = start_kiwix(options, &data);
    let kiwix_idle = kiwix_server
        .as_ref()
        .ok()
        .map(|(server, _)| server.process.memory())
        .transpose()?;

    if options.wants("latency") {
        latency(
            &mut report,
            &serving,
            &kiwix_server,
            &Asked {
                warm: &warm,
                timed: &timed,
            },
            &few,
        )?;
    }
    if options.wants("throughput") {
        throughput(&mut report, &serving, &kiwix_server, &timed)?;
    }
    if options.wants("memory") {
        memory(
            &mut report,
            &serving,
            idle,
            &kiwix_server,
            kiwix_idle,
            &words,
            options.seed,
        )?;
    }
    if options.wants("suggest") {
        suggest::rows(
            &mut report,
            &serving,
            &kiwix_server,
            &words.sample,
            options.seed,
        )?;
    }
    drop(kiwix_server);
    drop(serving);
    if options.wants("zimi") {
        let asked = Asked {
            warm: few.get(..40).unwrap_or(&few),
            timed: &few,
        };
        let measured = options
            .with_peers()
            .and_then(|()| at_twenty_thousand(options, &data, &work, &asked));
        report.row(
            "search page at 20,000 documents, 1 client, p50 / p99",
            &measured
                .as_ref()
                .map_or_else(|_| "not measured".into(), |(own, _)| own.clone()),
            &or_why("Zimi", &measured, |(_, zimi)| zimi.clone()),
            "",
            Reached::Open,
        );
    }
    if options.wants("in-process") {
        in_process(&mut report, options, &data, &work, &timed);
    }
    node.remove(options)
}

/// Memory after the first page, before any search.
fn idle_memory(serving: &Serving) -> anyhow::Result<crate::node::Memory> {
    Client::new(serving.http, BROWSER).get("/")?;
    std::thread::sleep(Duration::from_secs(2));
    serving.process.memory()
}

/// kiwix-serve over the same documents, and its name for them.
fn start_kiwix(options: &Options, data: &Data) -> anyhow::Result<(Listening, String)> {
    options.with_peers()?;
    let zim = options.peers().zim_once(&data.jsonl, "eng")?;
    Ok((options.peers().kiwix(&[zim])?, data.name.clone()))
}

type Kiwix = anyhow::Result<(Listening, String)>;

fn latency(
    report: &mut Report,
    serving: &Serving,
    server: &Kiwix,
    asked: &Asked<'_>,
    few: &[Query],
) -> anyhow::Result<()> {
    let mine = asked.of(serving.http, &ours)?;
    // Slow peers are asked fewer: the same kinds, from the same seed.
    let slow = Asked {
        warm: asked.warm.get(..60).unwrap_or(asked.warm),
        timed: few,
    };
    let theirs = match server {
        Ok((server, name)) => slow.of(server.address, &kiwix(name)),
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    };
    let reached = met(mine.all.p50() <= 3.0 && mine.all.p99() <= 15.0);
    report.row(
        &format!(
            "search page, 10 snippets, warm, 1 client, {} queries, p50 / p99",
            mine.all.len()
        ),
        &format!(
            "{}{}",
            mine.all.shown(),
            if mine.bad > 0 {
                format!(", {} failed", mine.bad)
            } else {
                String::new()
            }
        ),
        &or_why("kiwix-serve", &theirs, |figures| {
            format!("{} ({} queries)", figures.all.shown(), figures.all.len())
        }),
        "≤ 3 / ≤ 15 ms",
        reached,
    );
    for (kind, times) in &mine.by_kind {
        let peer = theirs
            .as_ref()
            .ok()
            .and_then(|figures| figures.by_kind.iter().find(|(known, _)| known == kind))
            .map(|(_, times)| format!("kiwix-serve {}", times.shown()))
            .unwrap_or_default();
        report.row(
            &format!("… {kind}"),
            &times.shown(),
            &peer,
            "",
            Reached::Open,
        );
    }
    if let Ok(figures) = &theirs {
        let (p50, p99) = (
            figures.all.p50() / mine.all.p50(),
            figures.all.p99() / mine.all.p99(),
        );
        report.row(
            "… times faster than kiwix-serve, p50 / p99",
            &format!("{p50:.1}× / {p99:.1}×"),
            "",
            "≥ 15×",
            met(p50 >= 15.0),
        );
    }
    Ok(())
}

fn throughput(
    report: &mut Report,
    serving: &Serving,
    server: &Kiwix,
    queries: &[Query],
) -> anyhow::Result<()> {
    let paths = |path: &dyn Fn(&Query) -> String| queries.iter().map(path).collect::<Vec<_>>();
    let mine = together(serving.http, &paths(&ours), CLIENTS, LONG, BROWSER)?;
    let theirs = match server {
        Ok((server, name)) => {
            together(server.address, &paths(&kiwix(name)), CLIENTS, LONG, BROWSER)
        }
        Err(error) => Err(anyhow::anyhow!("{error:#}")),
    };
    report.row(
        &format!("searches a second, {CLIENTS} clients (which share the processors)"),
        &mine.shown(),
        &or_why("kiwix-serve", &theirs, Throughput::shown),
        "≥ 1,500/s on 2 cores",
        met(mine.per_second >= 1500.0 && mine.bad == 0),
    );
    Ok(())
}

fn memory(
    report: &mut Report,
    serving: &Serving,
    idle: crate::node::Memory,
    server: &Kiwix,
    kiwix_idle: Option<crate::node::Memory>,
    words: &Words,
    seed: u64,
) -> anyhow::Result<()> {
    let peer = |memory: Option<crate::node::Memory>| {
        memory
            .map(|memory| format!("kiwix-serve {}", memory.shown()))
            .unwrap_or_default()
    };
    report.row(
        "memory, idle (a node's second start, first page shown, no search yet)",
        &idle.shown(),
        &peer(kiwix_idle),
        "≤ 40 MB",
        met(idle.resident_mb() <= 40.0),
    );
    let many = words.queries(MANY / KINDS.len(), seed ^ 0xabcd);
    let paths = |path: &dyn Fn(&Query) -> String, most: usize| {
        many.iter().take(most).map(path).collect::<Vec<_>>()
    };
    one_by_one(serving.http, &paths(&ours, MANY))?;
    let after = serving.process.memory()?;
    let theirs = match server {
        Ok((server, name)) => {
            one_by_one(server.address, &paths(&kiwix(name), MANY / 10))?;
            Some(server.process.memory()?)
        }
        Err(_) => None,
    };
    report.row(
        &format!(
            "memory after these and {MANY} more searches (kiwix-serve: {} more)",
            MANY / 10
        ),
        &after.shown(),
        &peer(theirs),
        "≤ 120 MB",
        met(after.resident_mb() <= 120.0),
    );
    Ok(())
}

/// Zimi's search and ours over the first 20,000 documents.
fn at_twenty_thousand(
    options: &Options,
    data: &Data,
    work: &Path,
    asked: &Asked<'_>,
) -> anyhow::Result<(String, String)> {
    let folder = work.join("zimi");
    std::fs::create_dir_all(folder.join("zims"))?;
    let jsonl = folder.join("first.jsonl");
    let documents: anyhow::Result<Vec<_>> = data.documents()?.take(ZIMI_DOCUMENTS).collect();
    data::write(&jsonl, documents?.into_iter())?;
    options
        .peers()
        .zim(&jsonl, &folder.join("zims/first.zim"), "eng", None)?;
    let node = Node::fresh(work.join("node-first"))?;
    node.import(&jsonl, COLLECTION)?;
    let mine = asked.of(node.serve()?.http, &ours)?;
    let server = options
        .peers()
        .zimi(&folder.join("zims"), &folder.join("state"))?;
    ready(&server, asked)?;
    let theirs = asked.of(server.address, &zimi)?;
    let shown = format!(
        "{}, {} not answered with 200; 8 clients {}; {}",
        theirs.all.shown(),
        theirs.bad,
        together(
            server.address,
            &asked.timed.iter().map(zimi).collect::<Vec<_>>(),
            CLIENTS,
            LONG,
            BROWSER
        )?
        .shown(),
        server.process.memory()?.shown()
    );
    drop(server);
    std::fs::remove_dir_all(folder)?;
    std::fs::remove_dir_all(&node.data)?;
    Ok((mine.all.shown(), shown))
}

/// Zimi answers early, and searches by full text when its index of titles is made.
fn ready(server: &Listening, asked: &Asked<'_>) -> anyhow::Result<()> {
    let begun = Instant::now();
    let query = asked.warm.first().context("no query")?;
    while begun.elapsed() < Duration::from_secs(60) {
        let answer = Client::new(server.address, BROWSER).get(&zimi(query))?;
        if answer.status == 200 && begun.elapsed() > Duration::from_secs(15) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    anyhow::bail!("Zimi doesn't get ready")
}

fn in_process(report: &mut Report, options: &Options, data: &Data, work: &Path, queries: &[Query]) {
    let folder = |name: &str| -> PathBuf { work.join(format!("engine-{name}")) };
    let built = |name: &str| {
        options.with_peers().and_then(|()| {
            options
                .peers()
                .engine(name, &data.jsonl, &folder(name), queries)
        })
    };
    for name in ["xapian", "sqlite"] {
        let built = built(name);
        let kinds = |built: &crate::peers::Built| {
            KINDS
                .iter()
                .map(|kind| format!("{kind} {}", built.times(kind).shown()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        report.row(
            "the same queries in a process, no HTTP, no page",
            "",
            &or_why(name, &built, |built| {
                format!("{} ({})", built.all_times().shown(), kinds(built))
            }),
            "",
            Reached::Open,
        );
        report.row(
            "… its indexing",
            "",
            &or_why(name, &built, |built| {
                format!(
                    "{:.0} documents/s, index {}, peak {} MB",
                    built.rate(),
                    super::mb(built.bytes),
                    built.peak_kb / 1000
                )
            }),
            "",
            Reached::Open,
        );
    }
}
