//! What is found by reading whole lists is what is found by walking along them.

use std::time::Instant;

use super::collect::{Clock, best};
use super::counting::Counting;
use super::stats::GlobalStats;
use super::{Analyzers, Phrasing, Running, Search, Source, dense};
use crate::api::{Begin, Document, Engine, IndexPlace, SearchRequest};
use crate::local::LocalEngine;
use crate::local::live::Live;

const WORDS: usize = 40;
const BODY: usize = 50;
/// More than are learnt from before neighbours are noted, in two commits.
const DOCUMENTS: usize = 1_500;
const WANTED: usize = 30;

/// Words of made-up documents, of which the first are the commonest: the same for the same number.
fn body(number: usize) -> Vec<String> {
    let mut state = number as u64 * 2 + 1;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 33) as usize
    };
    let length = BODY / 2 + next() % BODY;
    (0..length)
        .map(|_| format!("q{}z", next() % (1 + next() % WORDS)))
        .collect()
}

fn source(folder: &std::path::Path) -> Source {
    let engine = LocalEngine::new();
    engine
        .attach(IndexPlace {
            collection: "c".into(),
            folder: folder.into(),
            read_only: false,
        })
        .unwrap();
    let mut writer = engine.write("c", Begin::Fresh).unwrap();
    let document = |number: usize| Document {
        key: number.to_string(),
        title: format!("t{number}"),
        body: body(number).join(" "),
        year: Some(1900 + (number % 7) as i32),
        ..Document::default()
    };
    for number in 0..DOCUMENTS {
        if number == DOCUMENTS / 2 {
            writer.commit("half").unwrap();
        }
        writer.add(document(number)).unwrap();
    }
    // Some are gone again.
    for number in (0..DOCUMENTS).step_by(11) {
        writer.remove(&number.to_string()).unwrap();
    }
    writer.finish().unwrap();
    let live = Live::open(&folder.join("g1"), false).unwrap();
    Source {
        id: "c".into(),
        snapshot: live.snapshot(),
    }
}

#[test]
fn whole_lists_find_what_walking_finds() {
    let folder = tempfile::tempdir().unwrap();
    let sources = [source(folder.path())];
    let request = SearchRequest {
        ui_language: "en".into(),
        facets: true,
        ..SearchRequest::default()
    };
    let analyzers = Analyzers::default();
    let running = Running::new(&analyzers.running);
    let mut dense_ones = 0;
    for query in [
        "\"q0z q1z\"",
        "\"q0z q0z q0z\"",
        "\"q3z q12z\" OR \"q7z q2z\"",
        "\"q1z q0z\" OR q39z",
        "q2z \"q0z q5z\"",
        "\"q0z q1z\" \"q2z q0z\"",
        "\"q38z q39z\"",
        "\"q0z nowhere\" OR \"q0z q4z\"",
    ] {
        analyzers.with(|pair| {
            let mut search = Search {
                sources: &sources,
                request: &request,
                pair,
                running: &running,
            };
            let reading = search.reading(query);
            let stats = GlobalStats::new(vec![&sources[0].snapshot.searcher]);
            let phrases = search.phrases(&reading);
            let clock = || Clock::new(Instant::now(), None);
            let counting = || Counting::new(true, 20_000);
            let Some((plans, documents)) = search.plans(&reading) else {
                return;
            };
            dense_ones += 1;
            let weights = search
                .weights(&reading, true, Phrasing::ByWords, &stats)
                .unwrap();
            let mut counted = counting();
            let walked = best(
                &sources,
                &weights,
                &phrases,
                Some(&mut counted),
                WANTED,
                &mut clock(),
            )
            .unwrap();
            let counted = counted.into_count();
            for alone in [false, true] {
                let bounds = dense::Bounds {
                    phrases: &phrases,
                    limit: WANTED,
                    alone,
                    documents,
                };
                let (read, count) =
                    dense::best(&sources, &plans, &stats, counting(), &bounds, &mut clock())
                        .unwrap();
                assert!(!read.is_empty(), "{query}");
                assert_eq!(read.len(), walked.len(), "{query}");
                for (one, other) in read.iter().zip(&walked) {
                    // Sums in another order differ in their last digits.
                    assert!((one.score - other.score).abs() < 1e-4, "{query}");
                }
                let count = count.into_count();
                assert_eq!(count.total, counted.total, "{query}");
                assert_eq!(count.facets, counted.facets, "{query}");
                assert!(count.exact);
            }
        });
    }
    assert!(dense_ones >= 5, "{dense_ones}");
}
