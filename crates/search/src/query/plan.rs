//! What a query of words and phrases asks for, as lists of documents.
//!
//! [`Compiler::query`] makes a tree of queries that Tantivy walks document by document, which is right for rare words. Of
//! words that half a million documents have, whole lists are read sooner (`search::dense`); for that a query
//! must be plain, which is what a plan says.

use tantivy::schema::{Field, Term};

use super::compile::{Compiler, filters_are_empty};
use super::reading::Reading;
use super::words::QueryWord;
use crate::api::Filters;

/// Lists of one plan, at most: each takes 32 KB while it is read.
const MAX_LISTS: usize = 24;
/// Fewer documents are found sooner one by one. Tests have fewer.
const MIN_DENSE: u64 = if cfg!(test) { 50 } else { 10_000 };
/// Reading a list to its end takes so many times less for each document than looking one up in it.
const CHEAPER: u64 = 10;

/// Documents with one of the alternatives of each clause.
pub(crate) struct Plan {
    pub clauses: Vec<Vec<Conjunction>>,
}

/// Documents with all of these.
pub(crate) struct Conjunction {
    /// Words, each in any of its forms, of which the best counts.
    pub words: Vec<Vec<Term>>,
    /// Notes of neighbours, one of each, which don't count.
    pub notes: Vec<Vec<Term>>,
}

impl Conjunction {
    fn lists(&self) -> impl Iterator<Item = &Vec<Term>> {
        self.words.iter().chain(&self.notes)
    }
}

impl Plan {
    /// Documents in all of its lists together; and in the shortest ones, of which there can be no more matches.
    pub(crate) fn size(&self, documents: &dyn Fn(&Term) -> u64) -> (u64, u64) {
        let (mut all, mut matches) = (0, u64::MAX);
        for clause in &self.clauses {
            let mut of_clause = 0;
            for one in clause {
                let mut least = u64::MAX;
                for terms in one.lists() {
                    let sum: u64 = terms.iter().map(documents).sum();
                    all += sum;
                    least = least.min(sum);
                }
                of_clause += least;
            }
            matches = matches.min(of_clause);
        }
        (all, matches)
    }

    fn count_lists(&self) -> usize {
        let all = self.clauses.iter().flatten();
        all.flat_map(Conjunction::lists).map(Vec::len).sum()
    }

    /// Whether it takes less to read lists of this size ([`Plan::size`]) than to look for each document.
    pub(crate) fn is_dense(&self, (all, matches): (u64, u64)) -> bool {
        let lists = self.count_lists();
        lists <= MAX_LISTS && matches >= MIN_DENSE && all <= matches * CHEAPER * lists as u64
    }
}

impl Compiler<'_> {
    /// The plan of a query that has nothing but words and phrases, with at least one phrase.
    pub(crate) fn plan(&self, reading: &Reading, filters: &Filters) -> Option<Plan> {
        let text = self.snapshot.fields.text;
        if reading.clauses.is_empty()
            || !reading.alternatives.is_empty()
            || !filters_are_empty(filters)
            || reading.words.iter().any(|word| word.syllable().is_some())
        {
            return None;
        }
        let mut clauses: Vec<Vec<Conjunction>> = reading
            .words
            .iter()
            .map(|word| {
                vec![Conjunction {
                    words: vec![terms(word, text)],
                    notes: Vec::new(),
                }]
            })
            .collect();
        for alternatives in &reading.by_words {
            let all = |words: &Vec<QueryWord>| Conjunction {
                words: words.iter().map(|word| terms(word, text)).collect(),
                notes: self
                    .notes(words)
                    .into_iter()
                    .map(|(_, terms)| terms)
                    .collect(),
            };
            clauses.push(alternatives.as_ref()?.iter().map(all).collect());
        }
        Some(Plan { clauses })
    }
}

fn terms(word: &QueryWord, field: Field) -> Vec<Term> {
    let forms = word.forms.iter();
    forms
        .map(|form| Term::from_field_text(field, form))
        .collect()
}
