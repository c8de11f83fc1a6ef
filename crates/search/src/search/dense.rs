//! The best of a query of common words: whole lists of documents are read, a window of documents after the other.
//!
//! Walking lists side by side, as Tantivy does, takes some 40 ns for each document that has the words, and half a million
//! may have them. Here each list is decoded block by block into a set of bits, one for each document of a window; sets
//! are joined and intersected 64 documents at a time, and only what is left is scored. Scores are Tantivy's: BM25 of each
//! word, the best of a word's forms, the sum of all.
//!
//! Documents are read in two halves, which are two threads' work where no other search runs. Both are bounded alike in
//! either case, so that what is found does not depend on what else the machine does.

use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocAddress, SegmentReader, TantivyError};

use super::Source;
use super::collect::{Candidate, Clock, Heap};
use super::counting::Counting;
use super::phrases::Phrases;
use super::stats::GlobalStats;
use crate::query::plan::{Conjunction, Plan};

/// Documents of a window: what is kept of each stays in the processor's cache.
const WINDOW: usize = 1 << 15;
/// A list with so many documents for each one that is left is asked for those instead of being read.
const ASKED: usize = 24;
/// With fewer documents in all lists a second thread gains nothing.
const MIN_TWO: u64 = if cfg!(test) { 500 } else { 200_000 };

type Bits = [u64; WINDOW / 64];

/// A search's bounds.
pub(crate) struct Bounds<'a> {
    pub phrases: &'a Phrases,
    pub limit: usize,
    /// Whether no other search runs.
    pub alone: bool,
    /// Documents in all lists.
    pub documents: u64,
}

/// The best by score, best first, of each source by its plan; and how many there are.
pub(crate) fn best(
    sources: &[Source],
    plans: &[Plan],
    stats: &GlobalStats<'_>,
    counting: Counting,
    bounds: &Bounds<'_>,
    clock: &mut Clock,
) -> Result<(Vec<Candidate>, Counting), TantivyError> {
    let weighed: Result<Vec<Weighed>, TantivyError> = sources
        .iter()
        .zip(plans)
        .map(|(source, plan)| Weighed::of(plan, source.snapshot.fields.text, stats))
        .collect();
    let weighed = weighed?;
    let half = |parts: &[Part], counting, mut clock: Clock| {
        let half = Half {
            sources,
            plans: &weighed,
            bounds,
        };
        half.run(parts, counting, &mut clock)
            .map(|(candidates, counting)| (candidates, counting, clock))
    };
    let (first, second) = parts(sources);
    let (counts_first, counts_second) = counting.halves();
    let (clock_first, clock_second) = (clock.clone(), clock.clone());
    let (one, other) = if bounds.alone && bounds.documents >= MIN_TWO {
        std::thread::scope(|scope| {
            let beside = scope.spawn(|| half(&second, counts_second, clock_second));
            let one = half(&first, counts_first, clock_first);
            // Damaged files make Tantivy panic: whoever reads an index expects it.
            let other = beside
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (one, other)
        })
    } else {
        (
            half(&first, counts_first, clock_first),
            half(&second, counts_second, clock_second),
        )
    };
    let ((mut candidates, counting, clock_one), (others, counting_other, clock_other)) =
        (one?, other?);
    candidates.extend(others);
    candidates.sort();
    candidates.truncate(bounds.limit);
    clock.is_over_if(clock_one.is_over() || clock_other.is_over());
    let mut counting = counting.with(counting_other);
    if clock.is_over() {
        counting.out.exact = false;
    }
    Ok((candidates, counting))
}

/// Some documents of one segment.
struct Part {
    source: usize,
    segment: u32,
    from: u32,
    until: u32,
}

/// All documents, in two halves.
fn parts(sources: &[Source]) -> (Vec<Part>, Vec<Part>) {
    let mut all = Vec::new();
    for (source, searched) in sources.iter().enumerate() {
        let segments = searched.snapshot.searcher.segment_readers();
        all.extend(segments.iter().zip(0..).map(|(segment, ord)| Part {
            source,
            segment: ord,
            from: 0,
            until: segment.max_doc(),
        }));
    }
    let documents: u64 = all.iter().map(|part| u64::from(part.until)).sum();
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut left = documents / 2;
    for mut part in all {
        let whole = u64::from(part.until);
        if left == 0 {
            second.push(part);
        } else if whole <= left {
            left -= whole;
            first.push(part);
        } else {
            // At the end of a window, so that none is read twice.
            let window = WINDOW as u64;
            let here = (left.div_ceil(window) * window).min(whole);
            left = 0;
            let here = u32::try_from(here).unwrap_or(part.until);
            first.push(Part {
                until: here,
                ..part
            });
            part.from = here;
            if part.from < part.until {
                second.push(part);
            }
        }
    }
    (first, second)
}

/// A plan with what each word says.
struct Weighed {
    field: Field,
    clauses: Vec<Vec<WeighedConjunction>>,
}

struct WeighedConjunction {
    words: Vec<Vec<(Term, Bm25Weight)>>,
    notes: Vec<Vec<Term>>,
}

impl Weighed {
    fn of(plan: &Plan, field: Field, stats: &GlobalStats<'_>) -> Result<Weighed, TantivyError> {
        let weigh = |term: &Term| -> Result<(Term, Bm25Weight), TantivyError> {
            let documents = stats.total_num_docs()?;
            let average = stats.total_num_tokens(field)? as f32 / documents as f32;
            let weight =
                Bm25Weight::for_one_term_without_explain(stats.doc_freq(term)?, documents, average);
            Ok((term.clone(), weight))
        };
        let conjunction = |one: &Conjunction| -> Result<WeighedConjunction, TantivyError> {
            let words = one.words.iter();
            let words: Result<Vec<Vec<_>>, TantivyError> = words
                .map(|forms| forms.iter().map(weigh).collect())
                .collect();
            Ok(WeighedConjunction {
                words: words?,
                notes: one.notes.clone(),
            })
        };
        let clauses: Result<Vec<Vec<_>>, TantivyError> = plan
            .clauses
            .iter()
            .map(|clause| clause.iter().map(conjunction).collect())
            .collect();
        Ok(Weighed {
            field,
            clauses: clauses?,
        })
    }
}

/// One half's work.
struct Half<'a> {
    sources: &'a [Source],
    plans: &'a [Weighed],
    bounds: &'a Bounds<'a>,
}

impl Half<'_> {
    fn run(
        &self,
        parts: &[Part],
        mut counting: Counting,
        clock: &mut Clock,
    ) -> Result<(Vec<Candidate>, Counting), TantivyError> {
        let mut heap = Heap::new(self.bounds.limit);
        for (nth, part) in parts.iter().enumerate() {
            let (Some(source), Some(plan)) =
                (self.sources.get(part.source), self.plans.get(part.source))
            else {
                continue;
            };
            if clock.look() {
                break;
            }
            let segment = source.snapshot.searcher.segment_reader(part.segment);
            if let Some(mut lists) = Lists::open(segment, plan)? {
                counting.begin(segment)?;
                self.part(part, segment, &mut lists, &mut heap, &mut counting, clock)?;
                counting.end()?;
            }
            if parts
                .get(nth + 1)
                .is_none_or(|next| next.source != part.source)
            {
                counting.end_of(source);
            }
        }
        Ok((heap.into_sorted(), counting))
    }

    fn part(
        &self,
        part: &Part,
        segment: &SegmentReader,
        lists: &mut Lists,
        heap: &mut Heap,
        counting: &mut Counting,
        clock: &mut Clock,
    ) -> Result<(), TantivyError> {
        let phrases = self.bounds.phrases;
        let mut within = phrases.within(segment)?;
        for base in (part.from..part.until).step_by(WINDOW) {
            if clock.look() {
                break;
            }
            lists.window(base);
            for (doc, score) in lists.found.iter().copied() {
                if segment.is_deleted(doc) {
                    continue;
                }
                let good = score > heap.threshold();
                let counted = counting.wants(phrases);
                if !(good || counted) || clock.tick(1) || !within.matches(doc) {
                    continue;
                }
                if counted {
                    counting.one(doc);
                }
                if good {
                    heap.push(Candidate {
                        score,
                        source: part.source,
                        address: DocAddress::new(part.segment, doc),
                    });
                }
            }
        }
        Ok(())
    }
}

/// The lists of a plan in one segment.
struct Lists {
    norms: FieldNormReader,
    clauses: Vec<Vec<Slots>>,
    /// Documents of the last window that match, and their scores.
    found: Vec<(u32, f32)>,
    ids: Vec<u8>,
    all: Box<Bits>,
    of_clause: Box<Bits>,
    of_slot: Box<Bits>,
}

/// What a document must have all of, the rarest first.
struct Slots {
    slots: Vec<Slot>,
    /// Documents of the window that have all.
    bits: Box<Bits>,
}

/// What a document must have one of.
struct Slot {
    lists: Vec<List>,
    documents: usize,
}

struct List {
    postings: BlockSegmentPostings,
    /// What the word says, and how often documents of the window have it (255 is often enough).
    scored: Option<(Bm25Weight, Vec<u8>)>,
}

impl Lists {
    /// Nothing where no document can match.
    fn open(segment: &SegmentReader, plan: &Weighed) -> Result<Option<Lists>, TantivyError> {
        let mut clauses = Vec::with_capacity(plan.clauses.len());
        for clause in &plan.clauses {
            let mut found = Vec::with_capacity(clause.len());
            for conjunction in clause {
                found.extend(Slots::open(segment, conjunction)?);
            }
            if found.is_empty() {
                return Ok(None);
            }
            clauses.push(found);
        }
        Ok(Some(Lists {
            norms: segment.get_fieldnorms_reader(plan.field)?,
            clauses,
            found: Vec::new(),
            ids: Vec::new(),
            all: empty(),
            of_clause: empty(),
            of_slot: empty(),
        }))
    }

    /// Finds what matches in the window from `base` on, which is never less than it was.
    fn window(&mut self, base: u32) {
        self.found.clear();
        self.all.fill(u64::MAX);
        for clause in &mut self.clauses {
            self.of_clause.fill(0);
            for slots in clause {
                slots.window(base, &mut self.of_slot);
                join(&mut self.of_clause, &slots.bits);
            }
            intersect(&mut self.all, &self.of_clause);
        }
        each(&self.all, |place| {
            self.found.push((base.saturating_add(place), 0.0))
        });
        self.score(base);
    }

    fn score(&mut self, base: u32) {
        self.ids.clear();
        let norms = &self.norms;
        self.ids
            .extend(self.found.iter().map(|(doc, _)| norms.fieldnorm_id(*doc)));
        for clause in &self.clauses {
            let alone = clause.len() == 1;
            for Slots { slots, bits } in clause {
                for slot in slots {
                    for ((doc, score), norm) in self.found.iter_mut().zip(&self.ids) {
                        let place = (*doc - base) as usize;
                        if alone || has(bits, place) {
                            *score += slot.score(place, *norm);
                        }
                    }
                }
            }
        }
    }
}

impl Slots {
    fn open(
        segment: &SegmentReader,
        plan: &WeighedConjunction,
    ) -> Result<Option<Slots>, TantivyError> {
        let mut slots = Vec::with_capacity(plan.words.len() + plan.notes.len());
        for forms in &plan.words {
            let forms = forms.iter();
            slots.push(Slot::open(
                segment,
                forms.map(|(term, weight)| (term, Some(weight))),
            )?);
        }
        for terms in &plan.notes {
            slots.push(Slot::open(segment, terms.iter().map(|term| (term, None)))?);
        }
        slots.sort_by_key(|slot| slot.documents);
        Ok(
            (slots.first().is_some_and(|least| least.documents > 0)).then(|| Slots {
                slots,
                bits: empty(),
            }),
        )
    }

    fn window(&mut self, base: u32, of_slot: &mut Bits) {
        self.bits.fill(u64::MAX);
        let mut left = WINDOW;
        for slot in &mut self.slots {
            of_slot.fill(0);
            slot.window(base, &self.bits, left, of_slot);
            intersect(&mut self.bits, of_slot);
            left = self
                .bits
                .iter()
                .map(|word| word.count_ones() as usize)
                .sum();
            if left == 0 {
                break;
            }
        }
    }
}

impl Slot {
    fn open<'t>(
        segment: &SegmentReader,
        terms: impl Iterator<Item = (&'t Term, Option<&'t Bm25Weight>)>,
    ) -> Result<Slot, TantivyError> {
        let mut lists = Vec::new();
        for (term, weight) in terms {
            let option = match weight {
                Some(_) => IndexRecordOption::WithFreqs,
                None => IndexRecordOption::Basic,
            };
            let inverted = segment.inverted_index(term.field())?;
            if let Some(postings) = inverted.read_block_postings(term, option)? {
                lists.push(List {
                    postings,
                    scored: weight.map(|weight| (weight.clone(), vec![0; WINDOW])),
                });
            }
        }
        let documents = lists.iter().map(|list| list.postings.doc_freq() as usize);
        Ok(Slot {
            documents: documents.sum(),
            lists,
        })
    }

    /// Sets the bits of documents that it has, at least of those of the `left` that are in `wanted`.
    fn window(&mut self, base: u32, wanted: &Bits, left: usize, bits: &mut Bits) {
        let several = self.lists.len() > 1;
        for list in &mut self.lists {
            if let Some((_, often)) = &mut list.scored
                && several
            {
                often.fill(0);
            }
            // A window's first block tells how close its documents lie.
            list.postings.seek(base);
            if left * ASKED < list.in_window() {
                list.ask(base, wanted, bits);
            } else {
                list.read(base, bits);
            }
        }
    }

    /// What a document at this place of the window gets for it.
    fn score(&self, place: usize, norm: u8) -> f32 {
        let scores = self.lists.iter().filter_map(|list| {
            let (weight, often) = list.scored.as_ref()?;
            let often = often.get(place).copied().unwrap_or_default();
            (often > 0).then(|| weight.score(norm, u32::from(often)))
        });
        scores.fold(0.0, f32::max)
    }
}

impl List {
    /// About how many documents of a window it has.
    fn in_window(&self) -> usize {
        match self.postings.docs() {
            [first, .., last] => {
                let docs = self.postings.docs().len();
                docs * WINDOW / (*last - *first).max(1) as usize
            }
            _ => 0,
        }
    }

    /// Takes all documents of the window.
    fn read(&mut self, base: u32, bits: &mut Bits) {
        let mut at = self.postings.seek(base);
        loop {
            let docs = self.postings.docs();
            let Some(docs) = docs.get(at..).filter(|docs| !docs.is_empty()) else {
                return;
            };
            let freqs = self.postings.freqs().get(at..).unwrap_or_default();
            let within = match &mut self.scored {
                None => docs.iter().all(|doc| set(bits, (doc - base) as usize)),
                Some((_, often)) => docs.iter().zip(freqs).all(|(doc, freq)| {
                    let place = (doc - base) as usize;
                    if let Some(often) = often.get_mut(place) {
                        *often = u8::try_from(*freq).unwrap_or(u8::MAX);
                    }
                    set(bits, place)
                }),
            };
            if !within {
                return;
            }
            self.postings.advance();
            at = 0;
        }
    }

    /// Takes those of the wanted documents that it has.
    fn ask(&mut self, base: u32, wanted: &Bits, bits: &mut Bits) {
        each(wanted, |place| {
            let doc = base.saturating_add(place);
            let at = self.postings.seek(doc);
            if self.postings.docs().get(at) != Some(&doc) {
                return;
            }
            let place = place as usize;
            set(bits, place);
            if let Some((_, often)) = &mut self.scored
                && let Some(often) = often.get_mut(place)
            {
                *often = u8::try_from(self.postings.freq(at)).unwrap_or(u8::MAX);
            }
        });
    }
}

fn empty() -> Box<Bits> {
    Box::new([0; WINDOW / 64])
}

/// Answers whether it is a place of the window.
#[inline]
fn set(bits: &mut Bits, place: usize) -> bool {
    match bits.get_mut(place / 64) {
        Some(word) => {
            *word |= 1 << (place % 64);
            true
        }
        None => false,
    }
}

#[inline]
fn has(bits: &Bits, place: usize) -> bool {
    bits.get(place / 64)
        .is_some_and(|word| word >> (place % 64) & 1 == 1)
}

fn join(bits: &mut Bits, others: &Bits) {
    for (word, other) in bits.iter_mut().zip(others) {
        *word |= other;
    }
}

fn intersect(bits: &mut Bits, others: &Bits) {
    for (word, other) in bits.iter_mut().zip(others) {
        *word &= other;
    }
}

/// The places that are set.
#[inline]
fn each(bits: &Bits, mut take: impl FnMut(u32)) {
    for (word, first) in bits.iter().zip((0..).step_by(64)) {
        let mut left = *word;
        while left != 0 {
            take(first + left.trailing_zeros());
            left &= left - 1;
        }
    }
}
