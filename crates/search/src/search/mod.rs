//! One search over the snapshots of several collections.

mod collect;
pub(crate) mod contents;
mod counting;
pub(crate) mod cursor;
mod dense;
#[cfg(test)]
mod dense_tests;
pub(crate) mod matching;
mod phrases;
mod rank;
mod snippet;
mod stats;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tantivy::TantivyError;
use tantivy::query::{EnableScoring, Weight};

use crate::analysis::{Analyzer, fold};
use crate::api::{Hit, Match, SearchRequest, SearchResults, Sort};
use crate::local::live::Snapshot;
use crate::query::compile::{Compiler, Phrasing, filters_are_empty};
use crate::query::parse;
use crate::query::plan::Plan;
use crate::query::reading::Reading;
use crate::query::words::{QueryWord, languages};
use collect::{Candidate, Clock, best, count, sorted};
use counting::{Count, Counting, MAX_COUNTED, MAX_COUNTED_SOME};
use cursor::{Cursor, MAX_OFFSET, Stage};
use phrases::Phrases;
use snippet::Marker;
use stats::GlobalStats;

/// Results on one page, at most.
const MAX_LIMIT: usize = 100;
/// Queries of more words are often questions, whose every word no document has.
const QUESTION_WORDS: usize = 3;
/// With so many documents that have every word of a question, the others are not needed.
const ENOUGH_WITH_ALL: usize = 20;
/// A word in no more documents than this may be misspelt.
const RARE_DOCUMENTS: u64 = 3;
/// Analysers that wait for the next search.
const MAX_IDLE_ANALYZERS: usize = 4;

/// A searched collection.
pub(crate) struct Source {
    pub id: String,
    pub snapshot: Arc<Snapshot>,
}

/// Analysers with their caches, used by one search at a time.
#[derive(Default)]
pub(crate) struct Analyzers {
    idle: Mutex<Vec<Pair>>,
    /// Searches that run.
    running: AtomicUsize,
}

/// One search that runs, until it is dropped.
struct Running<'a>(&'a AtomicUsize);

impl Running<'_> {
    fn new(all: &AtomicUsize) -> Running<'_> {
        all.fetch_add(1, Ordering::Relaxed);
        Running(all)
    }

    /// Whether no other one runs.
    fn is_alone(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 1
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One for queries, one for snippets.
struct Pair {
    query: Analyzer,
    snippet: Analyzer,
}

impl Analyzers {
    fn with<T>(&self, run: impl FnOnce(&mut Pair) -> T) -> T {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut pair = idle.unwrap_or_else(|| Pair {
            query: Analyzer::for_reader(),
            snippet: Analyzer::without_segmentation(),
        });
        let out = run(&mut pair);
        let mut all = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() < MAX_IDLE_ANALYZERS {
            all.push(pair);
        }
        out
    }
}

/// Searches.
pub(crate) fn search(
    sources: &[Source],
    request: &SearchRequest,
    analyzers: &Analyzers,
) -> Result<SearchResults, TantivyError> {
    let start = Instant::now();
    let mut clock = Clock::new(start, request.deadline);
    let running = Running::new(&analyzers.running);
    let mut results = analyzers.with(|pair| {
        Search {
            sources,
            request,
            pair,
            running: &running,
        }
        .run(&mut clock)
    })?;
    results.partial |= clock.is_over();
    results.took_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    Ok(results)
}

/// Whether a word is one term of the index.
fn is_term(word: &QueryWord) -> bool {
    word.forms.len() == 1 && word.syllable().is_none()
}

struct Search<'a> {
    sources: &'a [Source],
    request: &'a SearchRequest,
    pair: &'a mut Pair,
    running: &'a Running<'a>,
}

/// What they were found by, unless lists were read as a whole; the best; how many, if that was counted.
type ByWords = (
    Option<Vec<Box<dyn Weight>>>,
    Vec<Candidate>,
    Option<Counting>,
);

/// What one reading of the query found.
struct Found {
    stage: Stage,
    matched: Match,
    candidates: Vec<Candidate>,
    count: Count,
    rare: bool,
}

impl Search<'_> {
    fn run(&mut self, clock: &mut Clock) -> Result<SearchResults, TantivyError> {
        let reading = self.reading(&self.request.query);
        let typed = !self.request.query.trim().is_empty();
        if typed && reading.is_empty() {
            return Ok(SearchResults {
                total_is_exact: true,
                ..SearchResults::default()
            });
        }
        let cursor = self.request.cursor.as_deref().and_then(Cursor::decode);
        let found = self.find(&reading, cursor.as_ref(), clock)?;
        let corrected = if found.rare || found.candidates.is_empty() {
            self.correct(&reading)
        } else {
            None
        };
        if found.candidates.is_empty()
            && let Some(text) = &corrected
        {
            let reading = self.reading(text);
            let mut again = self.find(&reading, cursor.as_ref(), clock)?;
            if !again.candidates.is_empty() {
                again.matched = Match::Corrected;
                return self.page(&reading, again, cursor, corrected, clock);
            }
        }
        self.page(&reading, found, cursor, corrected, clock)
    }

    fn reading(&mut self, query: &str) -> Reading {
        let present = self.sources.iter().flat_map(|source| {
            source
                .snapshot
                .languages
                .iter()
                .map(|(tag, count)| (tag.as_str(), *count))
        });
        let languages = languages(present, &self.request.ui_language, query);
        Reading::new(parse(query), languages, &mut self.pair.query)
    }

    fn limit(&self) -> usize {
        self.request.limit.clamp(1, MAX_LIMIT)
    }

    /// Every word if documents have them; else, and for most questions, some of them.
    fn find(
        &mut self,
        reading: &Reading,
        cursor: Option<&Cursor>,
        clock: &mut Clock,
    ) -> Result<Found, TantivyError> {
        let sources = self.sources;
        let stats = GlobalStats::new(
            sources
                .iter()
                .map(|source| &source.snapshot.searcher)
                .collect(),
        );
        let mut rare = false;
        for word in &reading.words {
            if word.syllable().is_none()
                && let Some(source) = sources.first()
            {
                rare |= stats.unite(source.snapshot.fields.text, &word.forms)
                    <= RARE_DOCUMENTS.min(stats.documents() / 2);
            }
        }
        let offset = cursor.map_or(0, |cursor| cursor.offset);
        let wanted = (offset + self.limit() + 1).max(rank::RESCORED);
        let mut stage = cursor.map_or(Stage::All, |cursor| cursor.stage);
        let mut matched = Match::All;
        let phrases = self.phrases(reading);
        let (mut weights, mut candidates, mut counting) =
            self.by_words(reading, stage, &stats, &phrases, wanted, clock)?;
        let is_question = reading.words.len() > QUESTION_WORDS;
        let too_few = candidates.is_empty() || (is_question && candidates.len() < ENOUGH_WITH_ALL);
        if stage == Stage::All && cursor.is_none() && reading.words.len() > 1 && too_few {
            let all = candidates.len();
            stage = Stage::Some;
            (weights, candidates, counting) =
                self.by_words(reading, stage, &stats, &phrases, wanted, clock)?;
            if all == 0 {
                matched = Match::Some;
            }
        } else if stage == Stage::Some {
            matched = Match::Some;
        }
        let weights = match weights {
            Some(weights) if phrases.is_empty() => weights,
            _ => self.weights(reading, stage == Stage::All, Phrasing::Exact, &stats)?,
        };
        if self.request.sort == Sort::Relevance {
            if !phrases.is_empty() {
                match self.whole(reading, stage) {
                    Some(whole) => {
                        rank::score_by_phrases(sources, &whole, &stats, &mut candidates)?;
                    }
                    None => rank::score_again(sources, &weights, &mut candidates)?,
                }
            }
            self.look_again(reading, &weights, &mut candidates)?;
        }
        let mut counted = match counting {
            Some(counting) => counting.into_count(),
            None => {
                let all_are_known = candidates.len() < wanted && !clock.is_over();
                self.count(
                    reading,
                    stage,
                    &phrases,
                    all_are_known,
                    &candidates,
                    &stats,
                    clock,
                )?
            }
        };
        if self.request.sort != Sort::Relevance {
            candidates = sorted(sources, &weights, self.request.sort, wanted, clock)?;
        }
        counted.total = counted.total.max(candidates.len() as u64);
        Ok(Found {
            stage,
            matched,
            candidates,
            count: counted,
            rare,
        })
    }

    /// Whether Tantivy skips blocks of documents for this query: it does for plain words only.
    fn prunes(&self, reading: &Reading, stage: Stage) -> bool {
        let any = stage == Stage::Some || !reading.alternatives.is_empty();
        let is_narrowed = self.sources.iter().any(|source| {
            let compiler = Compiler {
                collection: &source.id,
                snapshot: &source.snapshot,
                languages: &reading.languages,
            };
            let mut clauses = reading.by_words.iter().flatten();
            clauses.any(|alternatives| compiler.is_narrowed(alternatives))
        });
        if is_narrowed {
            return false;
        }
        !reading.is_empty()
            && filters_are_empty(&self.request.filters)
            && reading.by_words.iter().all(|clause| match clause {
                Some(alternatives) => {
                    !any && alternatives.len() == 1 && alternatives.iter().flatten().all(is_term)
                }
                None => false,
            })
            && (any || reading.words.iter().all(is_term))
    }

    /// What is looked for besides the words that `Phrasing::ByWords` asks for.
    fn phrases(&self, reading: &Reading) -> Phrases {
        match self.sources.first() {
            Some(source) => Phrases::of(reading, source.snapshot.fields.text),
            None => Phrases::default(),
        }
    }

    /// The query as phrases, if it is nothing else.
    fn whole(&self, reading: &Reading, stage: Stage) -> Option<Phrases> {
        let source = self.sources.first()?;
        (stage == Stage::All).then(|| Phrases::whole(reading, source.snapshot.fields.text))?
    }

    /// The best by their words, and what they were found by; where every match is looked at to find them, all are
    /// counted on the way.
    fn by_words(
        &mut self,
        reading: &Reading,
        stage: Stage,
        stats: &GlobalStats<'_>,
        phrases: &Phrases,
        wanted: usize,
        clock: &mut Clock,
    ) -> Result<ByWords, TantivyError> {
        let sources = self.sources;
        let counting = Counting::new(self.request.facets, self.most_counted(stage));
        if stage == Stage::All
            && let Some((plans, documents)) = self.plans(reading)
        {
            let bounds = dense::Bounds {
                phrases,
                limit: wanted,
                alone: self.running.is_alone(),
                documents,
            };
            let (candidates, counting) =
                dense::best(sources, &plans, stats, counting, &bounds, clock)?;
            return Ok((None, candidates, Some(counting)));
        }
        let weights = self.weights(reading, stage == Stage::All, Phrasing::ByWords, stats)?;
        let mut counting = (!self.prunes(reading, stage)).then_some(counting);
        let candidates = best(sources, &weights, phrases, counting.as_mut(), wanted, clock)?;
        Ok((Some(weights), candidates, counting))
    }

    /// What is asked of each source, and how many documents its lists have, where reading these as a whole takes less
    /// than walking along them.
    fn plans(&self, reading: &Reading) -> Option<(Vec<Plan>, u64)> {
        let (mut all, mut matches) = (0, 0);
        let plans: Option<Vec<Plan>> = self
            .sources
            .iter()
            .map(|source| {
                let compiler = Compiler {
                    collection: &source.id,
                    snapshot: &source.snapshot,
                    languages: &reading.languages,
                };
                let plan = compiler.plan(reading, &self.request.filters)?;
                let searcher = &source.snapshot.searcher;
                let size = plan.size(&|term| searcher.doc_freq(term).unwrap_or_default());
                all += size.0;
                matches += size.1;
                Some(plan)
            })
            .collect();
        let plans = plans?;
        let is_dense = plans.iter().any(|plan| plan.is_dense((all, matches)));
        is_dense.then_some((plans, all))
    }

    /// Matches up to which all are counted.
    fn most_counted(&self, stage: Stage) -> u64 {
        if self.request.facets || stage == Stage::All {
            MAX_COUNTED
        } else {
            MAX_COUNTED_SOME
        }
    }

    fn weights(
        &mut self,
        reading: &Reading,
        all: bool,
        phrasing: Phrasing,
        stats: &GlobalStats<'_>,
    ) -> Result<Vec<Box<dyn Weight>>, TantivyError> {
        let request = self.request;
        self.sources
            .iter()
            .map(|source| {
                let compiler = Compiler {
                    collection: &source.id,
                    snapshot: &source.snapshot,
                    languages: &reading.languages,
                };
                let query = compiler.query(
                    reading,
                    &request.filters,
                    all,
                    phrasing,
                    &mut self.pair.query,
                );
                query.weight(EnableScoring::enabled_from_statistics_provider(
                    stats,
                    &source.snapshot.searcher,
                ))
            })
            .collect()
    }

    fn look_again(
        &self,
        reading: &Reading,
        weights: &[Box<dyn Weight>],
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), TantivyError> {
        let exact = if reading.plain.is_empty() {
            Vec::new()
        } else {
            rank::exact_titles(self.sources, &fold(&reading.plain.join(" ")))?
        };
        rank::bring_in(self.sources, weights, &exact, candidates)?;
        let looked_at = candidates.len().min(rank::RESCORED);
        // What was brought in stands at the end.
        if !exact.is_empty() {
            candidates
                .sort_by_key(|candidate| !exact.contains(&(candidate.source, candidate.address)));
        }
        let top = candidates.get_mut(..looked_at).unwrap_or_default();
        rank::rescore(self.sources, &reading.words, &exact, top)
    }

    #[expect(clippy::too_many_arguments, reason = "one call, all of it needed")]
    fn count(
        &mut self,
        reading: &Reading,
        stage: Stage,
        phrases: &Phrases,
        all_are_known: bool,
        candidates: &[Candidate],
        stats: &GlobalStats<'_>,
        clock: &mut Clock,
    ) -> Result<Count, TantivyError> {
        let facets = self.request.facets;
        if all_are_known && !facets {
            return Ok(Count {
                total: candidates.len() as u64,
                exact: true,
                ..Count::default()
            });
        }
        if let [word] = reading.words.as_slice()
            && let [form] = word.forms.as_slice()
            && word.syllable().is_none()
            && let Some(source) = self.sources.first()
            && !facets
            && reading.clauses.is_empty()
            && filters_are_empty(&self.request.filters)
            && !self.sources.iter().any(|source| {
                source
                    .snapshot
                    .searcher
                    .segment_readers()
                    .iter()
                    .any(|s| s.has_deletes())
            })
        {
            let total = stats.unite(source.snapshot.fields.text, std::slice::from_ref(form));
            return Ok(Count {
                total,
                exact: true,
                ..Count::default()
            });
        }
        let request = self.request;
        let weights: Result<Vec<Box<dyn Weight>>, TantivyError> = self
            .sources
            .iter()
            .map(|source| {
                let compiler = Compiler {
                    collection: &source.id,
                    snapshot: &source.snapshot,
                    languages: &reading.languages,
                };
                let query = compiler.query(
                    reading,
                    &request.filters,
                    stage == Stage::All,
                    Phrasing::ByWords,
                    &mut self.pair.query,
                );
                query.weight(EnableScoring::disabled_from_searcher(
                    &source.snapshot.searcher,
                ))
            })
            .collect();
        let counting = Counting::new(facets, self.most_counted(stage));
        count(self.sources, &weights?, phrases, counting, clock)
    }

    /// The query with likelier words, if it is made of words only.
    fn correct(&self, reading: &Reading) -> Option<String> {
        if !reading.clauses.is_empty() || reading.plain.is_empty() {
            return None;
        }
        let folded: Vec<String> = reading.plain.iter().map(|word| fold(word)).collect();
        let words: Vec<&str> = folded.iter().map(String::as_str).collect();
        let dictionaries: Vec<_> = self
            .sources
            .iter()
            .filter_map(|source| source.snapshot.words())
            .collect();
        if dictionaries.is_empty() {
            return None;
        }
        crate::words::correct_query(&words, &dictionaries).map(|words| words.join(" "))
    }

    fn page(
        &mut self,
        reading: &Reading,
        found: Found,
        cursor: Option<Cursor>,
        corrected: Option<String>,
        clock: &mut Clock,
    ) -> Result<SearchResults, TantivyError> {
        let from = self.place(&found.candidates, cursor.as_ref())?;
        let limit = self.limit();
        let mut hits = Vec::with_capacity(limit);
        for candidate in found.candidates.iter().skip(from).take(limit) {
            if clock.look() && !hits.is_empty() {
                break;
            }
            if let Some(hit) = self.hit(reading, candidate)? {
                hits.push(hit);
            }
        }
        let until = from + limit;
        let next = (found.candidates.len() > until && until <= MAX_OFFSET && hits.len() == limit)
            .then(|| {
                let last = hits
                    .last()
                    .map(|hit: &Hit| (hit.collection.clone(), hit.key.clone()));
                Cursor {
                    stage: found.stage,
                    offset: until,
                    last,
                }
                .encode()
            });
        Ok(SearchResults {
            hits,
            total: found.count.total,
            total_is_exact: found.count.exact && !clock.is_over(),
            facets: found.count.facets,
            next,
            matched: found.matched,
            corrected,
            partial: clock.is_over(),
            took_us: 0,
        })
    }

    /// Where the next page begins: after the last result of the page before, wherever that is now.
    fn place(
        &self,
        candidates: &[Candidate],
        cursor: Option<&Cursor>,
    ) -> Result<usize, TantivyError> {
        let Some(cursor) = cursor else { return Ok(0) };
        let Some((collection, key)) = &cursor.last else {
            return Ok(cursor.offset);
        };
        let Some(source) = self
            .sources
            .iter()
            .position(|source| source.id == *collection)
        else {
            return Ok(cursor.offset);
        };
        let Some(searched) = self.sources.get(source) else {
            return Ok(cursor.offset);
        };
        let Some(address) = searched.snapshot.find(key)? else {
            return Ok(cursor.offset);
        };
        let place = candidates
            .iter()
            .position(|candidate| candidate.source == source && candidate.address == address);
        Ok(place.map_or(cursor.offset, |place| place + 1))
    }

    fn hit(
        &mut self,
        reading: &Reading,
        candidate: &Candidate,
    ) -> Result<Option<Hit>, TantivyError> {
        let Some(source) = self.sources.get(candidate.source) else {
            return Ok(None);
        };
        let marker = Marker {
            forms: &reading.marks,
            prefixes: &reading.mark_prefixes,
        };
        let analyzer = &mut self.pair.snippet;
        source
            .snapshot
            .stored(candidate.address, |stored| Hit {
                collection: source.id.clone(),
                key: stored.key.to_owned(),
                title: stored.title.to_owned(),
                snippet: marker.snippet(stored.text, stored.language, analyzer),
                language: stored.language.to_owned(),
                kind: stored.kind.to_owned(),
                year: stored.year,
                meta: stored.meta.to_owned(),
                score: candidate.score,
            })
            .map(Some)
    }
}
