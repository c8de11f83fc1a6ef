//! How fast documents get into the index, with how much memory, and how large it is.

use std::path::Path;
use std::time::{Duration, Instant};

use lampion_search::{Begin, Document, Engine as _, IndexPlace, LocalEngine, Writer};

use super::{COLLECTION, mb};
use crate::Options;
use crate::data::{self, Data};
use crate::node::Node;
use crate::report::{Reached, Report, met, or_why};

/// Documents between commits, as imports do.
const COMMIT_EVERY: u64 = 100_000;
/// Between two looks at memory.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Articles that libzim is given.
const ARTICLES: usize = 50_000;

struct Indexed {
    rate: f64,
    seconds: f64,
    index_bytes: u64,
    /// Most memory of the process's own, beyond what it had before.
    own_kb: u64,
    /// The same with mapped files, which the system may drop at any time.
    with_files_kb: u64,
}

/// `indexing`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::data(options, 200_000)?;
    let work = data::work(options)?;
    let text = data.text_bytes()?;
    let mut report = Report::new("Indexing", &format!("{}; {} of text", data.what, mb(text)));

    let mine = writer(&data, &work)?;
    let peer = |name: &str| {
        options.with_peers().and_then(|()| {
            options
                .peers()
                .engine(name, &data.jsonl, &work.join(format!("engine-{name}")), &[])
        })
    };
    let (xapian, sqlite) = (peer("xapian"), peer("sqlite"));
    let rates = [("Xapian", &xapian), ("SQLite FTS5", &sqlite)].map(|(name, built)| {
        or_why(name, built, |built| {
            format!("{:.0}/s, peak {} MB", built.rate(), built.peak_kb / 1000)
        })
    });
    report.row(
        "records a second, one thread that indexes beside the one that adds, with titles, stored text, suggestions",
        &format!(
            "{:.0}/s ({:.1} s), 30 MB heap; the process's own memory grew by {} MB at most, all caches and the last merge counted ({} with mapped files)",
            mine.rate,
            mine.seconds,
            mine.own_kb / 1000,
            mine.with_files_kb / 1000
        ),
        &rates.join("; "),
        "≥ 20,000/s, heap ≤ 64 MB",
        met(mine.rate >= 20_000.0),
    );
    let share = |bytes: u64| {
        format!(
            "{} = {:.0}% of the text",
            mb(bytes),
            bytes as f64 * 100.0 / text as f64
        )
    };
    let sizes = [("Xapian", &xapian), ("SQLite FTS5", &sqlite)]
        .map(|(name, built)| or_why(name, built, |built| share(built.bytes)));
    report.row(
        "index with stored snippets",
        &share(mine.index_bytes),
        &sizes.join("; "),
        "≤ 90% of the text",
        met(mine.index_bytes as f64 <= text as f64 * 0.9),
    );
    archive(&mut report, options, &data, &work)
}

/// The search crate's writer in this process, fed from memory, so that only indexing is measured.
fn writer(data: &Data, work: &Path) -> anyhow::Result<Indexed> {
    let folder = work.join("index");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let engine = LocalEngine::new();
    engine.attach(IndexPlace {
        collection: COLLECTION.into(),
        folder: folder.clone(),
        read_only: false,
    })?;
    let writer = engine.write(COLLECTION, Begin::Fresh)?;
    reset_peak();
    let (before_kb, own_before_kb) = (status_kb("VmRSS"), status_kb("RssAnon"));
    let done = std::sync::atomic::AtomicBool::new(false);
    let (result, own_kb) = std::thread::scope(|scope| {
        let peak = scope.spawn(|| {
            let mut most = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                most = most.max(status_kb("RssAnon"));
                std::thread::sleep(LOOK_EVERY);
            }
            most
        });
        let result = write_all(data, writer);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        (result, peak.join().unwrap_or(0))
    });
    let (count, seconds) = result?;
    let index_bytes = engine.stats(COLLECTION)?.size_bytes;
    let peak_kb = status_kb("VmHWM");
    drop(engine);
    std::fs::remove_dir_all(folder)?;
    Ok(Indexed {
        rate: count as f64 / seconds,
        seconds,
        index_bytes,
        own_kb: own_kb.saturating_sub(own_before_kb),
        with_files_kb: peak_kb.saturating_sub(before_kb),
    })
}

/// Adds all documents and finishes; how many, and how long it took without reading them.
fn write_all(data: &Data, mut writer: Box<dyn Writer>) -> anyhow::Result<(u64, f64)> {
    let (mut count, mut reading) = (0_u64, Duration::ZERO);
    let start = Instant::now();
    let mut documents = data.documents()?;
    loop {
        // Reading and parsing JSON is another program's part of an import: the importing child's.
        let read = Instant::now();
        let Some(one) = documents.next().transpose()? else {
            break;
        };
        reading += read.elapsed();
        count += 1;
        writer.add(Document {
            key: one.id,
            title: one.title,
            body: one.body,
            kind: "record".into(),
            year: one.year,
            hash: count,
            ..Document::default()
        })?;
        if count.is_multiple_of(COMMIT_EVERY) {
            writer.commit(&count.to_string())?;
        }
    }
    writer.finish()?;
    Ok((count, (start.elapsed() - reading).as_secs_f64()))
}

/// `lampion import` of a ZIM against libzim's build of it.
fn archive(report: &mut Report, options: &Options, data: &Data, work: &Path) -> anyhow::Result<()> {
    let what = "ZIM articles a second, into a searchable library";
    let target = "≥ 10× libzim's build";
    let folder = work.join("indexing-zim");
    std::fs::create_dir_all(&folder)?;
    let zim = folder.join("articles.zim");
    let built = options.with_peers().and_then(|()| {
        options
            .peers()
            .zim(&data.jsonl, &zim, "eng", Some(ARTICLES))
    });
    let Ok(built) = built else {
        report.not_measured(
            what,
            &built
                .err()
                .map(|error| format!("{error:#}"))
                .unwrap_or_default(),
            target,
        );
        return Ok(());
    };
    let node = Node::fresh(folder.join("node"))?;
    let imported = node.import(&zim, COLLECTION)?;
    let rate = imported.documents as f64 / imported.seconds;
    report.row(
        what,
        &format!(
            "`lampion import`, the whole command: {rate:.0}/s ({} in {:.1} s, {} failed)",
            imported.documents, imported.seconds, imported.failed
        ),
        &format!(
            "libzim, building the archive and its index: {:.0}/s, peak {} MB",
            built.rate(),
            built.peak_kb / 1000
        ),
        target,
        met(rate >= 10.0 * built.rate()),
    );
    report.row(
        "… times libzim",
        &format!("{:.1}×", rate / built.rate()),
        "",
        "",
        Reached::Open,
    );
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn status_kb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default();
    line.trim_start_matches(':')
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or(0)
}

/// Lets the peak of memory begin anew (proc(5), clear_refs).
fn reset_peak() {
    let _older_kernels_cannot = std::fs::write("/proc/self/clear_refs", "5");
}
