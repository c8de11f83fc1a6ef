//! Which notes of neighbours a phrase is looked for by, see [`crate::local::neighbours`].

use tantivy::query::{BooleanQuery, ConstScoreQuery, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};

use super::compile::Compiler;
use super::words::QueryWord;
use crate::local::neighbours::{UNKNOWN, field_term};

/// Pairs of neighbours that narrow a phrase down.
const MAX_PAIRS: usize = 4;
/// A group of neighbours with one more document in so many than is usual has a pair that is itself common: then the best
/// are found soon, and Tantivy skips the rest, which it doesn't in what was narrowed down.
const UNUSUAL: u64 = 50;

impl Compiler<'_> {
    /// Whether notes of neighbours narrow down where a phrase can be.
    pub(crate) fn is_narrowed(&self, alternatives: &[Vec<QueryWord>]) -> bool {
        let many = alternatives.len() > 1;
        alternatives
            .iter()
            .any(|words| !self.neighbours(words, many).is_empty())
    }

    /// Notes of which documents must have one each to have these words in their order, and how many documents have
    /// them.
    pub(super) fn notes(&self, words: &[QueryWord]) -> Vec<(u64, Vec<Term>)> {
        let Some((common, _)) = self.snapshot.common() else {
            return Vec::new();
        };
        let searcher = &self.snapshot.searcher;
        let field = self.snapshot.fields.neighbours;
        let mut notes: Vec<(u64, Vec<Term>)> = Vec::new();
        for pair in words.windows(2).take(MAX_PAIRS) {
            let [first, second] = pair else { continue };
            let groups: Option<Vec<u16>> = first
                .by_language
                .iter()
                .zip(&second.by_language)
                .map(|(first, second)| common.group_of(first, second))
                .collect();
            let Some(mut groups) = groups else { continue };
            groups.sort_unstable();
            groups.dedup();
            let mut terms: Vec<Term> = groups
                .into_iter()
                .map(|group| field_term(field, group))
                .collect();
            let documents = terms
                .iter()
                .map(|term| searcher.doc_freq(term).unwrap_or_default())
                .sum();
            terms.push(Term::from_field_text(field, UNKNOWN));
            notes.push((documents, terms));
        }
        notes
    }

    /// Documents in which the common ones of these words may follow each other, a query for each pair. Nothing where
    /// so many documents are left that Tantivy does better by skipping, which it does only in what is not narrowed
    /// down, and not for one of `many` alternatives.
    pub(super) fn neighbours(&self, words: &[QueryWord], many: bool) -> Vec<Box<dyn Query>> {
        let Some((_, usual)) = self.snapshot.common() else {
            return Vec::new();
        };
        let searcher = &self.snapshot.searcher;
        let notes = self.notes(words);
        if !many {
            let text = self.snapshot.fields.text;
            let documents = |form| {
                let term = Term::from_field_text(text, form);
                searcher.doc_freq(&term).unwrap_or_default()
            };
            let rarest = words
                .iter()
                .filter_map(|word| word.by_language.first())
                .map(|form| documents(form))
                .min()
                .unwrap_or_default()
                .max(1);
            // How many documents are left, if pairs have nothing to do with each other.
            let left = notes.iter().skip(1).fold(
                notes.first().map_or(0.0, |(count, _)| *count as f64),
                |left, (count, _)| left * (*count as f64 / rarest as f64).min(1.0),
            );
            if left > (usual + searcher.num_docs() / UNUSUAL) as f64 {
                return Vec::new();
            }
        }
        notes
            .into_iter()
            .map(|(_, terms)| {
                let any = terms
                    .into_iter()
                    .map(|term| {
                        Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Box<dyn Query>
                    })
                    .collect();
                Box::new(ConstScoreQuery::new(
                    Box::new(BooleanQuery::union(any)),
                    0.0,
                )) as Box<dyn Query>
            })
            .collect()
    }
}
