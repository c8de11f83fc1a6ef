//! Every document that matches, as numbers: for those who go on with sets of documents instead of pages of results.

use std::time::Instant;

use tantivy::{DocSet, TERMINATED, TantivyError};

use super::collect::Clock;
use super::stats::GlobalStats;
use super::{Analyzers, Running, Search, Source};
use crate::api::SearchRequest;
use crate::query::compile::Phrasing;

/// How many documents are passed between two looks at the clock.
const LOOK_EVERY: usize = 4096;

/// The hashes ([`crate::Document::hash`]) of all documents of one collection that match every clause of a query, and
/// whether the deadline left some out; `None` if the query has no word.
pub(crate) fn matching(
    source: &Source,
    request: &SearchRequest,
    analyzers: &Analyzers,
) -> Result<Option<(Vec<u64>, bool)>, TantivyError> {
    let mut clock = Clock::new(Instant::now(), request.deadline);
    let running = Running::new(&analyzers.running);
    analyzers.with(|pair| {
        let sources = std::slice::from_ref(source);
        let mut search = Search {
            sources,
            request,
            pair,
            running: &running,
        };
        let reading = search.reading(&request.query);
        if reading.is_empty() {
            return Ok(None);
        }
        let stats = GlobalStats::new(vec![&source.snapshot.searcher]);
        let weights = search.weights(&reading, true, Phrasing::Exact, &stats)?;
        let mut found = Vec::new();
        for weight in &weights {
            for segment in source.snapshot.searcher.segment_readers() {
                let hashes = segment.fast_fields().u64("hash")?;
                let alive = segment.alive_bitset();
                let mut scorer = weight.scorer(segment, 1.0)?;
                let mut passed = 0;
                loop {
                    let document = scorer.doc();
                    if document == TERMINATED {
                        break;
                    }
                    if alive.is_none_or(|alive| alive.is_alive(document)) {
                        found.extend(hashes.first(document));
                    }
                    passed += 1;
                    if passed % LOOK_EVERY == 0 && clock.look() {
                        return Ok(Some((found, true)));
                    }
                    scorer.advance();
                }
            }
        }
        Ok(Some((found, false)))
    })
}
