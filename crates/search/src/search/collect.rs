//! Collecting: the best, how many, and of what kinds, within a budget.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use tantivy::columnar::{Column, StrColumn};
use tantivy::query::Weight;
use tantivy::{DocAddress, DocSet, SegmentReader, TERMINATED, TantivyError};

use super::Source;
use super::counting::{Count, Counting};
use super::phrases::Phrases;
use crate::api::Sort;

/// Hits between two looks at the clock.
const CLOCK_EVERY: u32 = 2_048;
/// Documents that one step takes.
const BLOCK: usize = 64;

/// When a search must end.
#[derive(Clone)]
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

    /// Time is up, as another clock of the same search saw.
    pub(crate) fn is_over_if(&mut self, over: bool) {
        self.over |= over;
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

/// The best `limit` by score, best first. Without `counting`, Tantivy skips what can't be among them (it does so for
/// plain words only); with it, every match is stepped through, where the clock is seen, and counted on the way.
pub(crate) fn best(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    phrases: &Phrases,
    mut counting: Option<&mut Counting>,
    limit: usize,
    clock: &mut Clock,
) -> Result<Vec<Candidate>, TantivyError> {
    let mut heap = Heap::new(limit);
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
                heap.push(Candidate {
                    score,
                    source,
                    address: DocAddress::new(ord, doc),
                });
            };
            let mut within = phrases.within(segment)?;
            let Some(counting) = counting.as_deref_mut() else {
                weight.for_each_pruning(heap.threshold, segment, &mut |doc, score| {
                    if clock.tick(1) {
                        // No score is higher: the scorer skips all that is left.
                        return f32::MAX;
                    }
                    if !segment.is_deleted(doc) && within.matches(doc) {
                        take(&mut heap, doc, score);
                    }
                    heap.threshold
                })?;
                continue;
            };
            counting.begin(segment)?;
            let mut scorer = weight.scorer(segment, 1.0)?;
            while scorer.doc() != TERMINATED && !clock.tick(1) {
                let doc = scorer.doc();
                if !segment.is_deleted(doc) {
                    let score = scorer.score();
                    let good = score > heap.threshold;
                    if counting.wants(phrases) {
                        if within.matches(doc) {
                            counting.one(doc);
                            if good {
                                take(&mut heap, doc, score);
                            }
                        }
                    } else if good && within.matches(doc) {
                        take(&mut heap, doc, score);
                    }
                }
                scorer.advance();
            }
            counting.end()?;
        }
        if let Some(counting) = counting.as_deref_mut() {
            counting.end_of(searched);
        }
    }
    if let Some(counting) = counting
        && clock.is_over()
    {
        counting.out.exact = false;
    }
    Ok(heap.into_sorted())
}

/// The best so far, and the score that a better one must exceed.
pub(super) struct Heap {
    limit: usize,
    threshold: f32,
    best: BinaryHeap<Candidate>,
}

impl Heap {
    pub(super) fn new(limit: usize) -> Heap {
        Heap {
            limit,
            threshold: f32::MIN,
            best: BinaryHeap::with_capacity(limit + 1),
        }
    }

    /// The score that a better one must exceed.
    pub(super) fn threshold(&self) -> f32 {
        self.threshold
    }

    /// Best first.
    pub(super) fn into_sorted(self) -> Vec<Candidate> {
        self.best.into_sorted_vec()
    }

    pub(super) fn push(&mut self, candidate: Candidate) {
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

/// Counts matches without looking for the best.
pub(crate) fn count(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    phrases: &Phrases,
    mut counting: Counting,
    clock: &mut Clock,
) -> Result<Count, TantivyError> {
    'all: for (searched, weight) in sources.iter().zip(weights) {
        for segment in searched.snapshot.searcher.segment_readers() {
            if counting.out.total >= counting.most || clock.look() {
                counting.out.exact = false;
                break;
            }
            counting.begin(segment)?;
            let mut within = phrases.within(segment)?;
            let ended = each_block(weight.as_ref(), segment, clock, &mut |docs| {
                for doc in docs.iter().filter(|doc| !segment.is_deleted(**doc)) {
                    if !counting.wants(phrases) {
                        return false;
                    }
                    if within.matches(*doc) {
                        counting.one(*doc);
                    }
                }
                true
            })?;
            counting.out.exact &= ended;
            counting.end()?;
        }
        counting.end_of(searched);
        if clock.is_over() {
            break 'all;
        }
    }
    Ok(counting.into_count())
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
