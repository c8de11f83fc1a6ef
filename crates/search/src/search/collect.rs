//! Collecting: the best, how many, and of what kinds, within a budget.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::Weight;
use tantivy::{DocAddress, DocSet, SegmentReader, TERMINATED, TantivyError};

use super::Source;
use crate::api::{FacetCount, Facets, Sort};

/// Documents that are counted for totals and facets.
pub(crate) const MAX_COUNTED: u64 = 20_000;
/// The same where some of the words are enough: that number says little.
pub(crate) const MAX_COUNTED_SOME: u64 = 1_000;
/// Subjects that are shown.
const MAX_SUBJECTS: usize = 20;
/// Values of one facet that are shown.
const MAX_VALUES: usize = 100;
/// Hits between two looks at the clock.
const CLOCK_EVERY: u32 = 2_048;
/// Documents that one step takes.
const BLOCK: usize = 64;

/// When a search must end.
pub(crate) struct Clock {
    until: Option<Instant>,
    ticks: u32,
    over: bool,
}

impl Clock {
    pub(crate) fn new(start: Instant, deadline: Option<Duration>) -> Clock {
        Clock {
            until: deadline.map(|deadline| start + deadline),
            ticks: 0,
            over: false,
        }
    }

    /// Whether time is up; looks at the clock now and then.
    pub(crate) fn tick(&mut self, steps: u32) -> bool {
        self.ticks += steps;
        if self.ticks >= CLOCK_EVERY {
            self.look();
        }
        self.over
    }

    /// Whether time is up; looks at the clock now.
    pub(crate) fn look(&mut self) -> bool {
        self.ticks = 0;
        self.over |= self.until.is_some_and(|until| Instant::now() >= until);
        self.over
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }
}

/// A document that matches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Candidate {
    pub score: f32,
    /// Its place among the searched collections.
    pub source: usize,
    pub address: DocAddress,
}

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Candidate) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    /// The better is the lesser; equals in the order of the index.
    fn cmp(&self, other: &Candidate) -> Ordering {
        other
            .score
            .total_cmp(&self.score)
            .then_with(|| self.source.cmp(&other.source))
            .then_with(|| self.address.cmp(&other.address))
    }
}

/// The best `limit` by score, best first. `prunes` says that Tantivy can skip what can't be among
/// them; other queries are stepped through here, where the clock is seen.
pub(crate) fn best(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    prunes: bool,
    limit: usize,
    clock: &mut Clock,
) -> Result<Vec<Candidate>, TantivyError> {
    let mut heap = Heap {
        limit,
        threshold: f32::MIN,
        best: BinaryHeap::with_capacity(limit + 1),
    };
    for (source, (searched, weight)) in sources.iter().zip(weights).enumerate() {
        for (ord, segment) in searched
            .snapshot
            .searcher
            .segment_readers()
            .iter()
            .enumerate()
        {
            if clock.look() {
                break;
            }
            let ord = u32::try_from(ord).unwrap_or(u32::MAX);
            let take = |heap: &mut Heap, doc, score| {
                if !segment.is_deleted(doc) {
                    heap.push(Candidate {
                        score,
                        source,
                        address: DocAddress::new(ord, doc),
                    });
                }
            };
            if prunes {
                weight.for_each_pruning(heap.threshold, segment, &mut |doc, score| {
                    if clock.tick(1) {
                        // No score is higher: the scorer skips all that is left.
                        return f32::MAX;
                    }
                    take(&mut heap, doc, score);
                    heap.threshold
                })?;
                continue;
            }
            let mut scorer = weight.scorer(segment, 1.0)?;
            while scorer.doc() != TERMINATED && !clock.tick(1) {
                let score = scorer.score();
                if score > heap.threshold {
                    take(&mut heap, scorer.doc(), score);
                }
                scorer.advance();
            }
        }
    }
    Ok(heap.best.into_sorted_vec())
}

/// The best so far, and the score that a better one must exceed.
struct Heap {
    limit: usize,
    threshold: f32,
    best: BinaryHeap<Candidate>,
}

impl Heap {
    fn push(&mut self, candidate: Candidate) {
        self.best.push(candidate);
        if self.best.len() > self.limit {
            self.best.pop();
        }
        if self.best.len() == self.limit
            && let Some(worst) = self.best.peek()
        {
            self.threshold = worst.score;
        }
    }
}

/// What a count found.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub total: u64,
    pub exact: bool,
    pub facets: Facets,
}

/// Counts up to about `most` matches, and their facets if asked to.
pub(crate) fn count(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    facets: bool,
    most: u64,
    clock: &mut Clock,
) -> Result<Count, TantivyError> {
    let mut out = Count {
        exact: true,
        ..Count::default()
    };
    let mut tally = Tally::default();
    'all: for (searched, weight) in sources.iter().zip(weights) {
        let before = out.total;
        for segment in searched.snapshot.searcher.segment_readers() {
            if out.total >= most || clock.look() {
                out.exact = false;
                break;
            }
            let mut columns = if facets {
                Some(Columns::open(segment)?)
            } else {
                None
            };
            let ended = each_block(weight.as_ref(), segment, clock, &mut |docs| {
                for doc in docs {
                    if segment.is_deleted(*doc) {
                        continue;
                    }
                    out.total += 1;
                    if let Some(columns) = &mut columns {
                        columns.count(*doc);
                    }
                }
                out.total < most
            })?;
            out.exact &= ended;
            if let Some(columns) = columns {
                columns.add_to(&mut tally)?;
            }
        }
        if facets && out.total > before {
            out.facets.collections.push(FacetCount {
                value: searched.id.clone(),
                count: out.total - before,
            });
        }
        if clock.is_over() {
            break 'all;
        }
    }
    if facets {
        tally.into_facets(&mut out.facets);
    }
    Ok(out)
}

/// Gives blocks of matching documents to `take` until it says no; answers whether all were given.
fn each_block(
    weight: &dyn Weight,
    segment: &SegmentReader,
    clock: &mut Clock,
    take: &mut dyn FnMut(&[u32]) -> bool,
) -> Result<bool, TantivyError> {
    let mut scorer = weight.scorer(segment, 1.0)?;
    let mut block = [0u32; BLOCK];
    loop {
        let filled = scorer.fill_buffer(&mut block);
        let go_on = take(block.get(..filled).unwrap_or_default());
        if filled < BLOCK {
            return Ok(true);
        }
        if clock.tick(BLOCK as u32) || !go_on {
            return Ok(scorer.doc() == TERMINATED);
        }
    }
}

/// The first `limit` in another order than by score.
pub(crate) fn sorted(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    sort: Sort,
    limit: usize,
    clock: &mut Clock,
) -> Result<Vec<Candidate>, TantivyError> {
    let mut all: Vec<(Vec<u8>, Candidate)> = Vec::new();
    for (source, (searched, weight)) in sources.iter().zip(weights).enumerate() {
        for (ord, segment) in searched
            .snapshot
            .searcher
            .segment_readers()
            .iter()
            .enumerate()
        {
            let order = Order::open(segment, sort)?;
            // The lesser comes first, so the greatest is given up.
            let mut heap: BinaryHeap<(u64, u32)> = BinaryHeap::with_capacity(limit + 1);
            each_block(weight.as_ref(), segment, clock, &mut |docs| {
                for doc in docs.iter().filter(|doc| !segment.is_deleted(**doc)) {
                    let key = order.key(*doc);
                    if heap.len() < limit || heap.peek().is_some_and(|worst| (key, *doc) < *worst) {
                        heap.push((key, *doc));
                        if heap.len() > limit {
                            heap.pop();
                        }
                    }
                }
                true
            })?;
            for (key, doc) in heap.into_sorted_vec() {
                let address = DocAddress::new(u32::try_from(ord).unwrap_or(u32::MAX), doc);
                all.push((
                    order.name(key)?,
                    Candidate {
                        score: 0.0,
                        source,
                        address,
                    },
                ));
            }
        }
    }
    all.sort();
    all.truncate(limit);
    Ok(all.into_iter().map(|(_, candidate)| candidate).collect())
}

/// An order within one segment, and its names that compare between segments.
enum Order {
    Year(Column<i64>),
    Title(Option<StrColumn>),
}

impl Order {
    fn open(segment: &SegmentReader, sort: Sort) -> Result<Order, TantivyError> {
        Ok(match sort {
            Sort::Title => Order::Title(segment.fast_fields().str("order")?),
            _ => Order::Year(segment.fast_fields().i64("year")?),
        })
    }

    fn key(&self, doc: u32) -> u64 {
        match self {
            Order::Year(column) => column
                .first(doc)
                .map_or(u64::MAX, |year| i64::MAX.abs_diff(year)),
            Order::Title(column) => column
                .as_ref()
                .and_then(|column| column.ords().first(doc))
                .unwrap_or(u64::MAX),
        }
    }

    fn name(&self, key: u64) -> Result<Vec<u8>, TantivyError> {
        match self {
            Order::Year(_) => Ok(key.to_be_bytes().to_vec()),
            Order::Title(None) => Ok(vec![u8::MAX]),
            Order::Title(Some(column)) => {
                let mut name = String::new();
                if !column.ord_to_str(key, &mut name)? {
                    return Ok(vec![u8::MAX]);
                }
                Ok(name.into_bytes())
            }
        }
    }
}

/// Facet columns of one segment and the counts of their values.
struct Columns {
    named: Vec<(Facet, StrColumn, FxHashMap<u64, u64>)>,
    year: Column<i64>,
    years: FxHashMap<i64, u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Facet {
    Kind,
    Language,
    Subject,
}

impl Columns {
    fn open(segment: &SegmentReader) -> Result<Columns, TantivyError> {
        let fast = segment.fast_fields();
        let mut named = Vec::new();
        for (facet, field) in [
            (Facet::Kind, "kind"),
            (Facet::Language, "language"),
            (Facet::Subject, "subject_is"),
        ] {
            if let Some(column) = fast.str(field)? {
                named.push((facet, column, FxHashMap::default()));
            }
        }
        Ok(Columns {
            named,
            year: fast.i64("year")?,
            years: FxHashMap::default(),
        })
    }

    fn count(&mut self, doc: u32) {
        for (_, column, counts) in &mut self.named {
            for ord in column.term_ords(doc) {
                *counts.entry(ord).or_default() += 1;
            }
        }
        if let Some(year) = self.year.first(doc) {
            *self.years.entry(year).or_default() += 1;
        }
    }

    fn add_to(self, tally: &mut Tally) -> Result<(), TantivyError> {
        let mut name = String::new();
        for (facet, column, counts) in self.named {
            let mut counts: Vec<(u64, u64)> = counts.into_iter().collect();
            // Only the most frequent can be shown; each costs a look into the dictionary.
            counts.sort_by_key(|(ord, count)| (u64::MAX - count, *ord));
            for (ord, count) in counts.into_iter().take(2 * MAX_VALUES) {
                name.clear();
                if column.ord_to_str(ord, &mut name)? && !name.is_empty() {
                    *tally.named.entry((facet, name.clone())).or_default() += count;
                }
            }
        }
        for (year, count) in self.years {
            *tally.years.entry(year).or_default() += count;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Tally {
    named: FxHashMap<(Facet, String), u64>,
    years: FxHashMap<i64, u64>,
}

impl Tally {
    fn into_facets(self, facets: &mut Facets) {
        for ((facet, value), count) in self.named {
            let list = match facet {
                Facet::Kind => &mut facets.kinds,
                Facet::Language => &mut facets.languages,
                Facet::Subject => &mut facets.subjects,
            };
            list.push(FacetCount { value, count });
        }
        for list in [
            &mut facets.kinds,
            &mut facets.languages,
            &mut facets.subjects,
            &mut facets.collections,
        ] {
            list.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
            list.truncate(MAX_VALUES);
        }
        facets.subjects.truncate(MAX_SUBJECTS);
        let mut years: Vec<(i64, u64)> = self.years.into_iter().collect();
        years.sort_by_key(|(year, _)| i64::MAX.abs_diff(*year));
        years.truncate(MAX_VALUES);
        facets.years = years
            .into_iter()
            .map(|(year, count)| FacetCount {
                value: year.to_string(),
                count,
            })
            .collect();
    }
}
