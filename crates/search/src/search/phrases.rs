//! Phrases, looked for only in documents that are worth it.
//!
//! Whether words follow each other is told by their positions, which cost far more to read than which documents have
//! the words. So a query with phrases is first asked for their words alone; a document's positions are read only if its
//! score puts it among the best, or while matches are still counted one by one.

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocSet, SegmentReader, TERMINATED, TantivyError};

use crate::query::reading::Reading;

/// Documents whose positions are read for counting only.
pub(crate) const MAX_CHECKED: u64 = 5_000;

/// What a document must have besides the words: one of the sequences of each clause.
#[derive(Default)]
pub(crate) struct Phrases(Vec<Vec<Sequence>>);

/// Words that follow each other; one alone must only be there.
type Sequence = Vec<Term>;

impl Phrases {
    /// Those of a query's clauses that are asked for by their words.
    pub(crate) fn of(reading: &Reading, field: Field) -> Phrases {
        let clauses = reading.by_words.iter().flatten().map(|alternatives| {
            let mut sequences: Vec<Sequence> = Vec::new();
            for words in alternatives {
                for nth in 0..reading.languages.len() {
                    let terms: Sequence = words
                        .iter()
                        .filter_map(|word| word.by_language.get(nth))
                        .map(|form| Term::from_field_text(field, form))
                        .collect();
                    if terms.len() == words.len() && !sequences.contains(&terms) {
                        sequences.push(terms);
                    }
                }
            }
            sequences
        });
        Phrases(clauses.collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same in one segment, whose documents are then asked about in rising order.
    pub(crate) fn within(&self, segment: &SegmentReader) -> Result<SegmentPhrases, TantivyError> {
        let mut clauses = Vec::with_capacity(self.0.len());
        for sequences in &self.0 {
            let mut found = Vec::with_capacity(sequences.len());
            for terms in sequences {
                let option = if terms.len() == 1 {
                    IndexRecordOption::Basic
                } else {
                    IndexRecordOption::WithFreqsAndPositions
                };
                let mut words = Vec::with_capacity(terms.len());
                for term in terms {
                    let inverted = segment.inverted_index(term.field())?;
                    words.extend(inverted.read_postings(term, option)?);
                }
                // A word that no document has makes no phrase.
                if words.len() == terms.len() {
                    found.push(words);
                }
            }
            clauses.push(found);
        }
        Ok(SegmentPhrases {
            clauses,
            starts: Vec::new(),
            buffer: Vec::new(),
        })
    }
}

/// Phrases in the documents of one segment.
pub(crate) struct SegmentPhrases {
    clauses: Vec<Vec<Vec<SegmentPostings>>>,
    starts: Vec<u32>,
    buffer: Vec<u32>,
}

impl SegmentPhrases {
    /// Whether a document has one of the sequences of each clause.
    pub(crate) fn matches(&mut self, doc: u32) -> bool {
        let (starts, buffer) = (&mut self.starts, &mut self.buffer);
        self.clauses.iter_mut().all(|sequences| {
            sequences
                .iter_mut()
                .any(|words| follow(words, doc, starts, buffer))
        })
    }
}

/// Whether the words follow each other in a document.
fn follow(
    words: &mut [SegmentPostings],
    doc: u32,
    starts: &mut Vec<u32>,
    buffer: &mut Vec<u32>,
) -> bool {
    for postings in words.iter_mut() {
        if postings.doc() < doc {
            postings.seek(doc);
        }
        if postings.doc() != doc || doc == TERMINATED {
            return false;
        }
    }
    let Some((first, others)) = words.split_first_mut() else {
        return false;
    };
    if others.is_empty() {
        return true;
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
            return false;
        }
    }
    true
}
