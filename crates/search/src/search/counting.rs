//! Counting what was found, and of what kinds it is, up to a bound.

use std::fmt::Debug;

use rustc_hash::FxHashMap;
use tantivy::columnar::{Cardinality, Column, StrColumn};
use tantivy::{SegmentReader, TantivyError};

use super::Source;
use super::phrases::{MAX_CHECKED, Phrases};
use crate::api::{FacetCount, Facets};

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
/// Matches that are counted together.
const BLOCK: usize = 64;

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
    pub(super) most: u64,
    pub(super) out: Count,
    tally: Tally,
    /// Documents whose positions were read only to count them, and how many may be.
    checked: u64,
    most_checked: u64,
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
            most_checked: MAX_CHECKED,
            before: 0,
            columns: None,
            waiting: Vec::with_capacity(BLOCK),
        }
    }

    /// The beginning of a segment.
    pub(super) fn begin(&mut self, segment: &SegmentReader) -> Result<(), TantivyError> {
        if self.facets && self.out.total < self.most {
            self.columns = Some(Columns::open(segment)?);
        }
        Ok(())
    }

    /// Whether one more document that may match is to be looked at, only to be counted.
    pub(super) fn wants(&mut self, phrases: &Phrases) -> bool {
        if !phrases.is_empty() {
            self.checked += 1;
        }
        let wants = self.out.total < self.most && self.checked <= self.most_checked;
        self.out.exact &= wants;
        wants
    }

    /// Counts a match.
    pub(super) fn one(&mut self, doc: u32) {
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
    pub(super) fn end(&mut self) -> Result<(), TantivyError> {
        self.block();
        match self.columns.take() {
            Some(columns) => columns.add_to(&mut self.tally),
            None => Ok(()),
        }
    }

    /// The end of a collection.
    pub(super) fn end_of(&mut self, searched: &Source) {
        if self.facets && self.out.total > self.before {
            self.out.facets.collections.push(FacetCount {
                value: searched.id.clone(),
                count: self.out.total - self.before,
            });
        }
        self.before = self.out.total;
    }

    /// Two that count half as much each.
    pub(super) fn halves(self) -> (Counting, Counting) {
        let half = || Counting {
            most_checked: self.most_checked / 2,
            ..Counting::new(self.facets, self.most / 2)
        };
        (half(), half())
    }

    /// Both together.
    pub(super) fn with(mut self, other: Counting) -> Counting {
        self.out.total += other.out.total;
        self.out.exact &= other.out.exact;
        self.tally.add(other.tally);
        for count in other.out.facets.collections {
            let mut known = self.out.facets.collections.iter_mut();
            match known.find(|known| known.value == count.value) {
                Some(known) => known.count += count.count,
                None => self.out.facets.collections.push(count),
            }
        }
        self
    }

    pub(crate) fn into_count(mut self) -> Count {
        if self.facets {
            self.tally.into_facets(&mut self.out.facets);
        }
        self.out
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
    fn add(&mut self, other: Tally) {
        for (value, count) in other.named {
            *self.named.entry(value).or_default() += count;
        }
        for (year, count) in other.years {
            *self.years.entry(year).or_default() += count;
        }
    }

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
