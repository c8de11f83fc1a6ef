//! Collecting: the best, how many, and of what kinds, within a budget.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::query::Weight;
use tantivy::{DocAddress, DocSet, SegmentReader, TERMINATED, TantivyError};

use super::Source;
use super::phrases::{MAX_CHECKED, Phrases};
use crate::api::{FacetCount, Facets, Sort};

/// Documents that are counted for totals and facets.
pub(crate) const MAX_COUNTED: u64 = 20_000;
/// The same where some of the words are enough: that number says little.
pub(crate) const MAX_COUNTED_SOME: u64 = 1_000;
/// Subjects that are shown.
const MAX_SUBJECTS: usize = 20;
/// Values of one facet that are shown.
const MAX_VALUES: usize = 100;
/// Values of a facet up to which each has its own place to be counted in.
const MAX_FEW: usize = 4_096;
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
pub(crate) struct Counting {
    facets: bool,
    most: u64,
    out: Count,
    tally: Tally,
    /// Documents whose positions were read only to count them.
    checked: u64,
    /// Matches before the collection that is being counted.
    before: u64,
    columns: Option<Columns>,
    /// Matches of this segment that are not yet counted.
    waiting: Vec<u32>,
}

impl Counting {
    pub(crate) fn new(facets: bool, most: u64) -> Counting {
        Counting {
            facets,
            most,
            out: Count {
                exact: true,
                ..Count::default()
            },
            tally: Tally::default(),
            checked: 0,
            before: 0,
            columns: None,
            waiting: Vec::with_capacity(BLOCK),
        }
    }

    fn begin(&mut self, segment: &SegmentReader) -> Result<(), TantivyError> {
        if self.facets && self.out.total < self.most {
            self.columns = Some(Columns::open(segment)?);
        }
        Ok(())
    }

    /// Whether one more document that may match is to be looked at, only to be counted.
    fn wants(&mut self, phrases: &Phrases) -> bool {
        if !phrases.is_empty() {
            self.checked += 1;
        }
        let wants = self.out.total < self.most && self.checked <= MAX_CHECKED;
        self.out.exact &= wants;
        wants
    }

    /// Counts a match.
    fn one(&mut self, doc: u32) {
        self.waiting.push(doc);
        if self.waiting.len() == BLOCK {
            self.block();
        }
    }

    fn block(&mut self) {
        self.out.total += self.waiting.len() as u64;
        if let Some(columns) = &mut self.columns {
            columns.count(&self.waiting);
        }
        self.waiting.clear();
    }

    /// The end of a segment.
    fn end(&mut self) -> Result<(), TantivyError> {
        self.block();
        match self.columns.take() {
            Some(columns) => columns.add_to(&mut self.tally),
            None => Ok(()),
        }
    }

    /// The end of a collection.
    fn end_of(&mut self, searched: &Source) {
        if self.facets && self.out.total > self.before {
            self.out.facets.collections.push(FacetCount {
                value: searched.id.clone(),
                count: self.out.total - self.before,
            });
        }
        self.before = self.out.total;
    }

    pub(crate) fn into_count(mut self) -> Count {
        if self.facets {
            self.tally.into_facets(&mut self.out.facets);
        }
        self.out
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

/// Facet columns of one segment and the counts of their values.
struct Columns {
    named: Vec<(Facet, StrColumn, Counts)>,
    year: Column<i64>,
    years: FxHashMap<i64, u64>,
    buffers: Buffers,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Facet {
    Kind,
    Language,
    Subject,
}

/// How often each value of one column was met, by its number.
enum Counts {
    /// Every document has the same one value.
    Same(u64),
    /// Of few different values.
    Few(Vec<u32>),
    Many(FxHashMap<u64, u64>),
}

impl Counts {
    fn new(column: &StrColumn) -> Counts {
        match column.num_terms() {
            1 if column.ords().get_cardinality() == Cardinality::Full => Counts::Same(0),
            terms if terms <= MAX_FEW => Counts::Few(vec![0; terms]),
            _ => Counts::Many(FxHashMap::default()),
        }
    }

    fn into_pairs(self) -> Vec<(u64, u64)> {
        match self {
            Counts::Same(0) => Vec::new(),
            Counts::Same(count) => vec![(0, count)],
            Counts::Few(counts) => counts
                .into_iter()
                .enumerate()
                .filter(|(_, count)| *count > 0)
                .map(|(ord, count)| (ord as u64, u64::from(count)))
                .collect(),
            Counts::Many(counts) => counts.into_iter().collect(),
        }
    }
}

/// Values of a block of documents.
#[derive(Default)]
struct Buffers {
    docs: Vec<u32>,
    rows: Vec<u32>,
    values: Vec<u64>,
    years: Vec<i64>,
}

/// All values of a column in some documents.
fn values<T: PartialOrd + Copy + Debug + Default + Send + Sync + 'static>(
    column: &Column<T>,
    docs: &[u32],
    (docs_of_rows, rows): (&mut Vec<u32>, &mut Vec<u32>),
    out: &mut Vec<T>,
) {
    let rows = if column.get_cardinality() == Cardinality::Full {
        docs
    } else {
        docs_of_rows.clear();
        rows.clear();
        column.row_ids_for_docs(docs, docs_of_rows, rows);
        rows
    };
    out.clear();
    out.resize(rows.len(), T::default());
    column.values.get_vals(rows, out);
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
                let counts = Counts::new(&column);
                named.push((facet, column, counts));
            }
        }
        Ok(Columns {
            named,
            year: fast.i64("year")?,
            years: FxHashMap::default(),
            buffers: Buffers::default(),
        })
    }

    fn count(&mut self, docs: &[u32]) {
        let Buffers {
            docs: docs_of_rows,
            rows,
            values: ords,
            years,
        } = &mut self.buffers;
        for (_, column, counts) in &mut self.named {
            if let Counts::Same(count) = counts {
                *count += docs.len() as u64;
                continue;
            }
            values(column.ords(), docs, (docs_of_rows, rows), ords);
            match counts {
                Counts::Same(_) => {}
                Counts::Few(counts) => {
                    for ord in ords.iter() {
                        if let Some(count) = counts.get_mut(*ord as usize) {
                            *count += 1;
                        }
                    }
                }
                Counts::Many(counts) => {
                    for ord in ords.iter() {
                        *counts.entry(*ord).or_default() += 1;
                    }
                }
            }
        }
        values(&self.year, docs, (docs_of_rows, rows), years);
        for year in years.iter() {
            *self.years.entry(*year).or_default() += 1;
        }
    }

    fn add_to(self, tally: &mut Tally) -> Result<(), TantivyError> {
        let mut name = String::new();
        for (facet, column, counts) in self.named {
            let mut counts = counts.into_pairs();
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
