//! How fast documents get into the index, with how much memory, and how large it is.

use std::path::Path;
use std::time::Instant;

use lampion_search::{Begin, Document, Engine as _, IndexPlace, LocalEngine};

use super::{COLLECTION, mb};
use crate::Options;
use crate::data::{self, Data};
use crate::node::Node;
use crate::report::{Reached, Report, met, or_why};

/// Documents between commits, as imports do.
const COMMIT_EVERY: u64 = 100_000;
/// Articles that libzim is given.
const ARTICLES: usize = 50_000;

struct Indexed {
    rate: f64,
    seconds: f64,
    index_bytes: u64,
    peak_kb: u64,
    before_kb: u64,
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
    let heap = mine.peak_kb.saturating_sub(mine.before_kb) / 1000;
    report.row(
        "records a second, one thread of the writer, with titles, stored text, suggestions",
        &format!(
            "{:.0}/s ({:.1} s); memory grew by {heap} MB at most (mapped files counted)",
            mine.rate, mine.seconds
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
    let mut writer = engine.write(COLLECTION, Begin::Fresh)?;
    reset_peak();
    let before_kb = status_kb("VmRSS");
    let (mut count, mut reading) = (0_u64, std::time::Duration::ZERO);
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
    let seconds = (start.elapsed() - reading).as_secs_f64();
    let index_bytes = engine.stats(COLLECTION)?.size_bytes;
    let peak_kb = status_kb("VmHWM");
    drop(engine);
    std::fs::remove_dir_all(folder)?;
    Ok(Indexed {
        rate: count as f64 / seconds,
        seconds,
        index_bytes,
        peak_kb,
        before_kb,
    })
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
