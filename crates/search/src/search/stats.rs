//! Statistics over all searched collections together, so that scores of different indexes compare.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use tantivy::Searcher;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::{Field, Term};

/// Sums over the searchers of one search.
pub(crate) struct GlobalStats<'a> {
    searchers: Vec<&'a Searcher>,
    documents: u64,
    frequencies: RefCell<FxHashMap<Term, u64>>,
    tokens: RefCell<FxHashMap<Field, u64>>,
}

impl<'a> GlobalStats<'a> {
    pub(crate) fn new(searchers: Vec<&'a Searcher>) -> GlobalStats<'a> {
        let documents = searchers
            .iter()
            .filter_map(|searcher| searcher.total_num_docs().ok())
            .sum();
        GlobalStats {
            searchers,
            documents,
            frequencies: RefCell::default(),
            tokens: RefCell::default(),
        }
    }

    /// Makes the forms of one word count as one word: a form of the wrong language is rare, but that
    /// does not make it telling.
    pub(crate) fn unite(&self, field: Field, forms: &[String]) -> u64 {
        let terms: Vec<Term> = forms
            .iter()
            .map(|form| Term::from_field_text(field, form))
            .collect();
        let sum: u64 = terms
            .iter()
            .map(|term| self.frequency(term))
            .sum::<u64>()
            .min(self.documents);
        if terms.len() > 1 {
            let mut known = self.frequencies.borrow_mut();
            for term in terms {
                known.insert(term, sum);
            }
        }
        sum
    }

    pub(crate) fn documents(&self) -> u64 {
        self.documents
    }

    fn frequency(&self, term: &Term) -> u64 {
        if let Some(known) = self.frequencies.borrow().get(term) {
            return *known;
        }
        let sum = self
            .searchers
            .iter()
            .filter_map(|searcher| searcher.doc_freq(term).ok())
            .sum();
        self.frequencies.borrow_mut().insert(term.clone(), sum);
        sum
    }
}

impl Bm25StatisticsProvider for GlobalStats<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        if let Some(known) = self.tokens.borrow().get(&field) {
            return Ok(*known);
        }
        let mut sum = 0;
        for searcher in &self.searchers {
            sum += searcher.total_num_tokens(field)?;
        }
        self.tokens.borrow_mut().insert(field, sum);
        Ok(sum)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.frequency(term).min(self.documents))
    }
}
