//! Phrases, looked for only in documents that are worth it.
//!
//! Whether words follow each other is told by their positions, which cost far more to read than which documents have
//! the words. So a query with phrases is first asked for their words alone; a document's positions are read only if its
//! score puts it among the best, or while matches are still counted one by one.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::Bm25Weight;
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocSet, SegmentReader, TERMINATED, TantivyError};

use super::stats::GlobalStats;
use crate::query::reading::Reading;
use crate::query::words::QueryWord;

/// Documents whose positions are read for counting only.
pub(crate) const MAX_CHECKED: u64 = 5_000;

/// What a document must have besides the words: one of the alternatives of each clause.
#[derive(Default)]
pub(crate) struct Phrases(Vec<Vec<Variants>>);

/// A phrase in each of the query's languages.
type Variants = Vec<Sequence>;

/// Words that follow each other; one alone must only be there.
type Sequence = Vec<Term>;

impl Phrases {
    /// Those of a query's clauses that are asked for by their words.
    pub(crate) fn of(reading: &Reading, field: Field) -> Phrases {
        let clauses = reading.by_words.iter().flatten();
        Phrases(
            clauses
                .map(|clause| clause.iter().map(|words| variants(words, field)).collect())
                .collect(),
        )
    }

    /// The whole query, where it is made of words and phrases only and all of them are asked for.
    pub(crate) fn whole(reading: &Reading, field: Field) -> Option<Phrases> {
        let Phrases(mut clauses) = Phrases::of(reading, field);
        let is_whole = clauses.len() == reading.clauses.len()
            && reading.alternatives.is_empty()
            && reading.words.iter().all(|word| word.syllable().is_none());
        clauses.extend(reading.words.iter().map(|word| {
            let forms = word.forms.iter();
            vec![
                forms
                    .map(|form| vec![Term::from_field_text(field, form)])
                    .collect(),
            ]
        }));
        is_whole.then_some(Phrases(clauses))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What each sequence says, in the order of the clauses.
    pub(crate) fn weights(
        &self,
        stats: &GlobalStats<'_>,
    ) -> Result<Vec<Vec<Vec<Bm25Weight>>>, TantivyError> {
        let clauses = self.0.iter();
        clauses
            .map(|clause| {
                let alternatives = clause.iter();
                alternatives
                    .map(|variants| {
                        let sequences = variants.iter();
                        sequences
                            .map(|terms| Bm25Weight::for_terms(stats, terms))
                            .collect()
                    })
                    .collect()
            })
            .collect()
    }

    /// The same in one segment, whose documents are then asked about in rising order.
    pub(crate) fn within(&self, segment: &SegmentReader) -> Result<SegmentPhrases, TantivyError> {
        let mut clauses = Vec::with_capacity(self.0.len());
        for alternatives in &self.0 {
            let mut clause = Vec::with_capacity(alternatives.len());
            for variants in alternatives {
                let found: Result<Vec<_>, TantivyError> = variants
                    .iter()
                    .map(|terms| postings(segment, terms))
                    .collect();
                clause.push(found?);
            }
            clauses.push(clause);
        }
        Ok(SegmentPhrases {
            clauses,
            starts: Vec::new(),
            buffer: Vec::new(),
        })
    }
}

/// The sequences of terms that say the same in different languages.
fn variants(words: &[QueryWord], field: Field) -> Variants {
    let languages = words.first().map_or(0, |word| word.by_language.len());
    let mut out = Variants::new();
    for nth in 0..languages {
        let terms: Sequence = words
            .iter()
            .filter_map(|word| word.by_language.get(nth))
            .map(|form| Term::from_field_text(field, form))
            .collect();
        if terms.len() == words.len() && !out.contains(&terms) {
            out.push(terms);
        }
    }
    out
}

/// The lists of these words; none where no document has one of them, which makes no phrase.
fn postings(segment: &SegmentReader, terms: &[Term]) -> Result<Vec<SegmentPostings>, TantivyError> {
    let option = if terms.len() == 1 {
        IndexRecordOption::WithFreqs
    } else {
        IndexRecordOption::WithFreqsAndPositions
    };
    let mut words = Vec::with_capacity(terms.len());
    for term in terms {
        let inverted = segment.inverted_index(term.field())?;
        match inverted.read_postings(term, option)? {
            Some(found) => words.push(found),
            None => return Ok(Vec::new()),
        }
    }
    Ok(words)
}

/// Phrases in the documents of one segment.
pub(crate) struct SegmentPhrases {
    /// Of each clause each alternative's sequences.
    clauses: Vec<Vec<Vec<Vec<SegmentPostings>>>>,
    starts: Vec<u32>,
    buffer: Vec<u32>,
}

impl SegmentPhrases {
    /// Whether a document has one of the sequences of each clause.
    pub(crate) fn matches(&mut self, doc: u32) -> bool {
        let (starts, buffer) = (&mut self.starts, &mut self.buffer);
        self.clauses.iter_mut().all(|alternatives| {
            alternatives
                .iter_mut()
                .flatten()
                .any(|words| follow(words, doc, starts, buffer) > 0)
        })
    }

    /// The score of a document by the weights of its sequences: of what says the same in different languages the best
    /// counts, the rest is added up.
    pub(crate) fn score(&mut self, doc: u32, norm: u8, weights: &[Vec<Vec<Bm25Weight>>]) -> f32 {
        let (starts, buffer) = (&mut self.starts, &mut self.buffer);
        let mut sum = 0.0;
        for (alternatives, weights) in self.clauses.iter_mut().zip(weights) {
            for (variants, weights) in alternatives.iter_mut().zip(weights) {
                let mut best = 0.0_f32;
                for (words, weight) in variants.iter_mut().zip(weights) {
                    let times = follow(words, doc, starts, buffer);
                    if times > 0 {
                        best = best.max(weight.score(norm, times));
                    }
                }
                sum += best;
            }
        }
        sum
    }
}

/// How often the words follow each other in a document.
fn follow(
    words: &mut [SegmentPostings],
    doc: u32,
    starts: &mut Vec<u32>,
    buffer: &mut Vec<u32>,
) -> u32 {
    for postings in words.iter_mut() {
        if postings.doc() < doc {
            postings.seek(doc);
        }
        if postings.doc() != doc || doc == TERMINATED {
            return 0;
        }
    }
    let Some((first, others)) = words.split_first_mut() else {
        return 0;
    };
    if others.is_empty() {
        return first.term_freq();
    }
    first.positions(starts);
    for (postings, step) in others.iter_mut().zip(1..) {
        postings.positions(buffer);
        let mut at = 0;
        starts.retain(|start| {
            let wanted = start.saturating_add(step);
            while buffer.get(at).is_some_and(|place| *place < wanted) {
                at += 1;
            }
            buffer.get(at) == Some(&wanted)
        });
        if starts.is_empty() {
            return 0;
        }
    }
    u32::try_from(starts.len()).unwrap_or(u32::MAX)
}
