//! Indexing rate, index size and query times on JSON Lines `{id, title, body}` from standard input.
//!
//!     xz -dc ../shared/data/bulk/arxiv200k.jsonl.xz | cargo run --release -p lampion-search --example arxiv -- FOLDER
//!
//! With `--search` the index in FOLDER is only searched; its queries are made from its own documents.
//! With `--index` it is only made. `--plain` makes one by Tantivy alone, with its own tokenizer, the same
//! memory and the same compression: what the engine could reach at most.

use std::error::Error;
use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use lampion_search::{Begin, Document, Engine, IndexPlace, LocalEngine, SearchRequest};

/// Documents between commits.
const COMMIT_EVERY: u64 = 50_000;
/// Queries of each kind.
const QUERIES: usize = 400;

/// As the server does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type AnyError = Box<dyn Error>;

#[derive(serde::Deserialize)]
struct Record {
    id: String,
    title: String,
    body: String,
}

fn main() -> Result<(), AnyError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .iter()
        .find(|argument| !argument.starts_with("--"))
        .ok_or("usage: arxiv [--search] FOLDER")?;
    if arguments.iter().any(|argument| argument == "--plain") {
        return plain(Path::new(folder));
    }
    let engine = LocalEngine::new();
    let start = Instant::now();
    engine.attach(IndexPlace {
        collection: "c".into(),
        folder: folder.into(),
        read_only: false,
    })?;
    if !arguments.iter().any(|argument| argument == "--search") {
        index(&engine)?;
    }
    let stats = engine.stats("c")?;
    println!(
        "open            {:>9.1} ms",
        start.elapsed().as_secs_f64() * 1e3
    );
    println!("documents       {:>9}", stats.documents);
    println!("index           {:>9.1} MB", stats.size_bytes as f64 / 1e6);
    sizes(Path::new(folder))?;
    if arguments.iter().any(|argument| argument == "--index") {
        return Ok(());
    }
    println!("memory, opened  {:>9} kB", resident_kb());
    search(&engine)?;
    println!("memory, after   {:>9} kB", resident_kb());
    Ok(())
}

fn index(engine: &LocalEngine) -> Result<(), AnyError> {
    let mut writer = engine.write("c", Begin::Fresh)?;
    let (mut text, mut count, mut waited) = (0u64, 0u64, Duration::ZERO);
    let start = Instant::now();
    for line in std::io::stdin().lock().lines() {
        let record: Record = serde_json::from_str(&line?)?;
        text += (record.title.len() + record.body.len()) as u64;
        count += 1;
        writer.add(Document {
            key: record.id,
            title: record.title,
            body: record.body,
            kind: "record".into(),
            hash: count,
            ..Document::default()
        })?;
        if count.is_multiple_of(COMMIT_EVERY) {
            let commit = Instant::now();
            writer.commit(&count.to_string())?;
            waited += commit.elapsed();
        }
    }
    let added = start.elapsed();
    cpu("add and commit", count);
    let finish = Instant::now();
    writer.finish()?;
    cpu("with finish", count);
    println!("text            {:>9.1} MB", text as f64 / 1e6);
    println!(
        "add and commit  {:>9.1} s, of which commits {:.1} s",
        added.as_secs_f64(),
        waited.as_secs_f64()
    );
    println!("finish          {:>9.1} s", finish.elapsed().as_secs_f64());
    println!(
        "rate            {:>9.0} documents/s; {:.0} with finish",
        count as f64 / added.as_secs_f64(),
        count as f64 / start.elapsed().as_secs_f64()
    );
    println!(
        "memory, indexed {:>9} kB, peak {} kB",
        resident_kb(),
        status_kb("VmHWM")
    );
    Ok(())
}

/// Titles and texts with positions, stored, by Tantivy with its own tokenizer.
fn plain(folder: &Path) -> Result<(), AnyError> {
    use tantivy::schema::{STORED, Schema, TEXT};
    let mut schema = Schema::builder();
    let title = schema.add_text_field("title", TEXT | STORED);
    let body = schema.add_text_field("body", TEXT | STORED);
    let settings = tantivy::IndexSettings {
        docstore_compression: tantivy::store::Compressor::Zstd(Default::default()),
        docstore_compress_dedicated_thread: false,
        ..Default::default()
    };
    let index = tantivy::Index::builder()
        .schema(schema.build())
        .settings(settings)
        .create_in_dir(folder)?;
    let mut writer: tantivy::IndexWriter = index.writer_with_num_threads(1, 36 << 20)?;
    let mut count = 0u64;
    let start = Instant::now();
    for line in std::io::stdin().lock().lines() {
        let record: Record = serde_json::from_str(&line?)?;
        count += 1;
        let mut document = tantivy::TantivyDocument::new();
        document.add_text(title, &record.title);
        document.add_text(body, &record.body);
        writer.add_document(document)?;
        if count.is_multiple_of(COMMIT_EVERY) {
            writer.commit()?;
        }
    }
    writer.commit()?;
    cpu("plain", count);
    println!(
        "rate            {:>9.0} documents/s",
        count as f64 / start.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Processor time so far: of the thread that reads and adds, and of all others.
fn cpu(name: &str, documents: u64) {
    let ticks = |path: &str| -> f64 {
        let stat = std::fs::read_to_string(path).unwrap_or_default();
        let after = stat.rsplit(')').next().unwrap_or_default();
        let fields = after.split_whitespace().skip(11).take(2);
        fields.filter_map(|field| field.parse::<f64>().ok()).sum()
    };
    let (all, adding) = (ticks("/proc/self/stat"), ticks("/proc/thread-self/stat"));
    let each = |ticks: f64| ticks * 1e4 / documents.max(1) as f64;
    println!(
        "{name:<16}{:>9.1} µs of processor a document: {:.1} adding, {:.1} indexing and merging",
        each(all),
        each(adding),
        each(all - adding)
    );
}

fn sizes(folder: &Path) -> Result<(), AnyError> {
    let mut by_kind: Vec<(String, u64)> = Vec::new();
    for generation in std::fs::read_dir(folder)? {
        let generation = generation?.path();
        if !generation.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(generation)? {
            let file = file?;
            let kind = file
                .path()
                .extension()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let size = file.metadata()?.len();
            match by_kind.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, sum)) => *sum += size,
                None => by_kind.push((kind, size)),
            }
        }
    }
    for (kind, size) in by_kind {
        println!("  .{kind:<12}  {:>9.1} MB", size as f64 / 1e6);
    }
    Ok(())
}

/// Words of documents spread over the collection make the queries.
fn search(engine: &LocalEngine) -> Result<(), AnyError> {
    let mut bodies = Vec::new();
    let mut after: Option<String> = None;
    while bodies.len() < QUERIES {
        let page = engine.contents("c", after.as_deref(), 400)?;
        if let Some((key, _)) = page.entries.first()
            && let Some(document) = engine.get("c", key)?
        {
            bodies.push(document.title + " " + &document.text);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let words: Vec<Vec<&str>> = bodies
        .iter()
        .map(|body| {
            body.split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() > 3)
                .collect()
        })
        .collect();
    let pick = |text: &[&str], n: usize| {
        (*text
            .get((n * 7 + 3) % text.len().max(1))
            .unwrap_or(&"field"))
        .to_owned()
    };
    type Make<'a> = Box<dyn Fn(&[&str], usize) -> String + 'a>;
    let kinds: Vec<(&str, bool, Make<'_>)> = vec![
        ("1 word", false, Box::new(|text, n| pick(text, n))),
        (
            "2 words",
            false,
            Box::new(|text, n| format!("{} {}", pick(text, n), pick(text, n + 5))),
        ),
        (
            "2 words, facets",
            true,
            Box::new(|text, n| format!("{} {}", pick(text, n), pick(text, n + 5))),
        ),
        (
            "OR of 2",
            false,
            Box::new(|text, n| format!("{} OR {}", pick(text, n), pick(text, n + 5))),
        ),
        (
            "phrase",
            false,
            Box::new(|text, n| {
                let at = n % text.len().saturating_sub(1).max(1);
                format!(
                    "\"{}\"",
                    text.get(at..(at + 2).min(text.len()))
                        .unwrap_or_default()
                        .join(" ")
                )
            }),
        ),
        (
            "prefix",
            false,
            Box::new(|text, n| pick(text, n).chars().take(4).collect::<String>() + "*"),
        ),
        (
            "8 words",
            false,
            Box::new(|text, n| {
                text.iter()
                    .skip(n % 20)
                    .take(8)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
        ),
        (
            "misspelt",
            false,
            Box::new(|text, n| {
                let word = pick(text, n);
                let end = word.char_indices().nth(3).map_or(0, |(at, _)| at);
                format!(
                    "{}q{}",
                    word.get(..end).unwrap_or_default(),
                    word.get(end..).unwrap_or_default()
                )
            }),
        ),
    ];
    println!(
        "{:<16} {:>8} {:>8} {:>8} {:>7}",
        "query", "p50 ms", "p99 ms", "max ms", "empty"
    );
    for (name, facets, make) in &kinds {
        let mut times = Vec::new();
        let mut empty = 0;
        for round in 0..2 {
            times.clear();
            empty = 0;
            for (n, text) in words.iter().enumerate() {
                let request = SearchRequest {
                    query: make(text, n),
                    collections: vec!["c".into()],
                    limit: 10,
                    facets: *facets,
                    ui_language: "en".into(),
                    ..SearchRequest::default()
                };
                let start = Instant::now();
                let results = engine.search(&request)?;
                times.push(start.elapsed().as_secs_f64() * 1e3);
                empty += usize::from(results.hits.is_empty());
            }
            let _ = round;
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            times
                .get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        println!(
            "{name:<16} {:>8.2} {:>8.2} {:>8.2} {empty:>7}",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
    Ok(())
}

fn resident_kb() -> u64 {
    status_kb("VmRSS")
}

fn status_kb(name: &str) -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| {
            line.strip_prefix(name)?
                .trim_start_matches(':')
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or(0)
}
