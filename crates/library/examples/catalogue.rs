//! Prints how fast the catalogue is on this machine:
//! `cargo run --release -p lampion-library --example catalogue -- [RECORDS] [FOLDER]`.
//!
//! Records in MARC 21 of a usual size, batches of 1,024; SQLite, full sync; search apart.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program to measure with"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lampion_core::{Events, SystemClock, SystemRng};
use lampion_db::{Db, KERNEL};
use lampion_feed::Feeds;
use lampion_formats::records::desk::{
    DublinCore, Element, HeadingKind, Qualifier, Scheme, Statement, Work,
};
use lampion_library::catalogue::{Catalogue, Filter, LibraryPublications, Publication, Sort};

const BOOKS: &str = "books";

fn word(n: u64) -> String {
    let name = match n % 5 {
        0 => "tea",
        1 => "hill",
        2 => "well",
        3 => "lamp",
        _ => "road",
    };
    format!("{name}{}", n / 5)
}

fn work(n: u64) -> Work {
    let language = if n.is_multiple_of(3) { "ko" } else { "en" };
    let title = format!("The {} of {}", word(n * 7919 % 50_021), word(n));
    let statements = vec![
        Statement::new(Element::Title, title),
        Statement::new(Element::Creator, format!("{}, Mira", word(n * 31 % 99_991))),
        Statement::new(Element::Publisher, format!("Press of {}", word(n % 3_001))),
        Statement::new(Element::Date, (1900 + n % 120).to_string()),
        Statement::new(Element::Language, language),
        Statement::new(Element::Subject, word(n % 20_011)),
        Statement::new(Element::Subject, word(n * 17 % 40_009)),
        Statement::qualified(Element::Identifier, Qualifier::Doi, format!("10.1000/{n}")),
        Statement::new(
            Element::Description,
            "A description of some length, as records have them, so that bodies are of a usual size.",
        ),
    ];
    let work = Work::from(DublinCore { statements });
    work.converted(Scheme::Marc21).unwrap()
}

fn rate(what: &str, count: u64, time: Duration) {
    let seconds = time.as_secs_f64();
    println!(
        "{what}: {:.0}/s ({count} in {seconds:.1} s)",
        count as f64 / seconds
    );
}

fn spread(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| {
        times
            .get((times.len() - 1) * percent / 100)
            .unwrap()
            .as_secs_f64()
            * 1e3
    };
    println!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms",
        at(50),
        at(99),
        at(100)
    );
}

async fn open(folder: &std::path::Path) -> (Catalogue, Feeds) {
    let db = Db::open("sqlite", folder).await.unwrap();
    let steps = [
        KERNEL,
        lampion_feed::MIGRATIONS,
        lampion_library::store::MIGRATIONS,
    ];
    db.migrate(&steps).await.unwrap();
    let feeds = Feeds::open(
        db.clone(),
        (Arc::new(SystemClock), Arc::new(SystemRng)),
        &folder.join("feeds"),
        "hill.internal",
        vec![Arc::new(LibraryPublications)],
    )
    .await
    .unwrap();
    let (clock, rng) = (Arc::new(SystemClock), Arc::new(SystemRng));
    let catalogue = Catalogue::new(db, feeds.clone(), clock, rng, Events::default());
    (catalogue, feeds)
}

async fn lists(catalogue: &Catalogue) {
    for (what, sort, language) in [
        ("a page by title", Sort::Title, ""),
        ("a page, newest first", Sort::Newest, ""),
        (
            "a page by title, a filter that fits nothing",
            Sort::Title,
            "xx",
        ),
    ] {
        let mut times = Vec::new();
        for n in 0..200 {
            let filter = Filter {
                collection: BOOKS.into(),
                title: match (sort, language) {
                    (Sort::Title, "") => word(n * 37),
                    _ => String::new(),
                },
                language: language.into(),
                ..Filter::default()
            };
            let begin = Instant::now();
            let page = catalogue.list(&filter, sort, None, 50).await.unwrap();
            times.push(begin.elapsed());
            if let Some(next) = page.next {
                let begin = Instant::now();
                catalogue
                    .list(&filter, sort, Some(&next), 50)
                    .await
                    .unwrap();
                times.push(begin.elapsed());
            }
        }
        spread(what, times);
    }
    let mut times = Vec::new();
    for typed in ["t", "te", "tea1", "hill", "press of t"] {
        for kind in [
            HeadingKind::Person,
            HeadingKind::Subject,
            HeadingKind::Publisher,
        ] {
            let begin = Instant::now();
            catalogue.suggest_headings(kind, typed, 10).await.unwrap();
            times.push(begin.elapsed());
        }
    }
    spread("headings while typing", times);
}

#[tokio::main]
async fn main() {
    let mut words = std::env::args().skip(1);
    let records: u64 = words.next().map_or(100_000, |word| word.parse().unwrap());
    let folder = words.next().map_or_else(
        || std::env::temp_dir().join("lampion-catalogue"),
        PathBuf::from,
    );
    std::fs::create_dir_all(&folder).unwrap();
    assert!(
        std::fs::read_dir(&folder).unwrap().next().is_none(),
        "{} must be empty",
        folder.display()
    );
    let (catalogue, feeds) = open(&folder).await;
    let (mut done, mut spent) = (0, Duration::ZERO);
    while done < records {
        let batch: Vec<Publication> = (done..(done + 8192).min(records))
            .map(|n| Publication {
                id: None,
                base: None,
                work: work(n),
            })
            .collect();
        done += batch.len() as u64;
        let begin = Instant::now();
        catalogue
            .publish_many(BOOKS, batch, "Mira", "")
            .await
            .unwrap();
        spent += begin.elapsed();
        if done.is_multiple_of(131_072) {
            rate("  so far", done, spent);
        }
    }
    rate("published and signed", records, spent);
    let mut times = Vec::new();
    for n in records..records + 200 {
        let begin = Instant::now();
        catalogue
            .publish(BOOKS, None, None, &work(n), "Mira", "")
            .await
            .unwrap();
        times.push(begin.elapsed());
    }
    spread("one record, published and signed", times);
    lists(&catalogue).await;
    let begin = Instant::now();
    let rebuilt = feeds.rebuild("hill.internal/feed/library").await.unwrap();
    assert!(rebuilt.projection_same && rebuilt.objects_same);
    rate("rebuilt and compared", rebuilt.entries, begin.elapsed());
}
