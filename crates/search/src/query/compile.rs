//! From what was typed to what one collection's index is asked.

use std::ops::Bound;

use tantivy::query::{
    AllQuery, BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, EmptyQuery, Occur, PhraseQuery,
    Query, RangeQuery, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Term};

use super::parse::{Atom, QueryField};
use super::reading::Reading;
use super::words::{QueryWord, words};
use crate::analysis::{Analyzer, Language, fold};
use crate::api::Filters;
use crate::local::live::Snapshot;

/// Words of the dictionary that a prefix looks at.
const MAX_PREFIX_SCAN: usize = 20_000;
/// The most frequent of them that it becomes.
const MAX_PREFIX_TERMS: usize = 40;

/// How phrases are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phrasing {
    /// Words that follow each other.
    Exact,
    /// All their words, in any order: more than what is meant, and found much sooner.
    ByWords,
}

/// Compiles readings for one collection.
pub(crate) struct Compiler<'a> {
    pub collection: &'a str,
    pub snapshot: &'a Snapshot,
    pub languages: &'a [Language],
}

impl Compiler<'_> {
    /// The query with every word (`all`), or with any of them.
    pub(crate) fn query(
        &self,
        reading: &Reading,
        filters: &Filters,
        all: bool,
        phrasing: Phrasing,
        analyzer: &mut Analyzer,
    ) -> Box<dyn Query> {
        let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let text = self.snapshot.fields.text;
        let any = if all {
            &reading.alternatives
        } else {
            &reading.words
        };
        if all {
            parts.extend(
                reading
                    .words
                    .iter()
                    .map(|word| (Occur::Must, self.word(word, text))),
            );
        }
        if !any.is_empty() {
            // All forms side by side: only a plain union of terms skips what can't be among the best.
            let any: Vec<(Occur, Box<dyn Query>)> = any
                .iter()
                .flat_map(|word| &word.forms)
                .map(|form| (Occur::Should, self.term(text, form)))
                .collect();
            if reading.clauses.is_empty() && filters_are_empty(filters) {
                parts = any;
            } else {
                parts.push((Occur::Must, Box::new(BooleanQuery::new(any))));
            }
        }
        for (clause, by_words) in reading.clauses.iter().zip(&reading.by_words) {
            if let Some(alternatives) = by_words
                && phrasing == Phrasing::ByWords
            {
                parts.extend(self.all_words(alternatives, text));
                continue;
            }
            let occur = if clause.negated {
                Occur::MustNot
            } else {
                Occur::Must
            };
            parts.push((occur, self.any(&clause.any, text, analyzer)));
        }
        parts.extend(
            self.filters(filters)
                .into_iter()
                .map(|query| (Occur::Must, query)),
        );
        if !parts.iter().any(|(occur, _)| *occur != Occur::MustNot) {
            parts.push((Occur::Must, Box::new(AllQuery)));
        }
        Box::new(BooleanQuery::new(parts))
    }

    fn term(&self, field: Field, form: &str) -> Box<dyn Query> {
        Box::new(TermQuery::new(
            Term::from_field_text(field, form),
            IndexRecordOption::WithFreqs,
        ))
    }

    fn word(&self, word: &QueryWord, field: Field) -> Box<dyn Query> {
        if let Some(syllable) = word.syllable() {
            let mut terms = self.beginning_with(syllable, field);
            terms.push(Term::from_field_text(field, syllable));
            terms.sort();
            terms.dedup();
            return union(terms);
        }
        match word.forms.as_slice() {
            [one] => self.term(field, one),
            forms => Box::new(DisjunctionMaxQuery::new(
                forms.iter().map(|form| self.term(field, form)).collect(),
            )),
        }
    }

    fn any(&self, atoms: &[Atom], field: Field, analyzer: &mut Analyzer) -> Box<dyn Query> {
        match atoms {
            [one] => self.atom(one, field, analyzer),
            _ => Box::new(BooleanQuery::union(
                atoms
                    .iter()
                    .map(|atom| self.atom(atom, field, analyzer))
                    .collect(),
            )),
        }
    }

    fn atom(&self, atom: &Atom, field: Field, analyzer: &mut Analyzer) -> Box<dyn Query> {
        let fields = &self.snapshot.fields;
        match atom {
            Atom::Word(text) => {
                let words = words(analyzer, text, self.languages);
                match words.as_slice() {
                    [] => Box::new(EmptyQuery),
                    [one] => self.word(one, field),
                    many => self.phrase(many, field),
                }
            }
            Atom::Phrase(text) => {
                let words = words(analyzer, text, self.languages);
                match words.as_slice() {
                    [] => Box::new(EmptyQuery),
                    [one] => self.word(one, field),
                    many => self.phrase(many, field),
                }
            }
            Atom::Prefix(text) => self.prefix(text, field, analyzer),
            Atom::Years(from, to) => years(fields.year, *from, *to),
            Atom::Group(clauses) => {
                let mut parts: Vec<(Occur, Box<dyn Query>)> = clauses
                    .iter()
                    .map(|clause| {
                        let occur = if clause.negated {
                            Occur::MustNot
                        } else {
                            Occur::Must
                        };
                        (occur, self.any(&clause.any, field, analyzer))
                    })
                    .collect();
                if !parts.iter().any(|(occur, _)| *occur == Occur::Must) {
                    parts.push((Occur::Must, Box::new(AllQuery)));
                }
                Box::new(BooleanQuery::new(parts))
            }
            Atom::Field(name, inner) => match name {
                QueryField::Title => self.atom(inner, fields.title, analyzer),
                QueryField::Author => self.atom(inner, fields.author, analyzer),
                QueryField::Subject => self.atom(inner, fields.subject, analyzer),
                QueryField::Language => is(fields.language, &plain(inner).to_lowercase()),
                QueryField::Kind => is(fields.kind, &plain(inner).to_lowercase()),
                QueryField::Collection if plain(inner) == self.collection => {
                    Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))
                }
                QueryField::Collection => Box::new(EmptyQuery),
            },
        }
    }

    /// Documents with all words of one of the alternatives.
    fn all_words(
        &self,
        alternatives: &[Vec<QueryWord>],
        field: Field,
    ) -> Vec<(Occur, Box<dyn Query>)> {
        let all = |words: &Vec<QueryWord>| -> Vec<(Occur, Box<dyn Query>)> {
            words
                .iter()
                .map(|word| (Occur::Must, self.word(word, field)))
                .chain(
                    self.neighbours(words, alternatives.len() > 1)
                        .into_iter()
                        .map(|query| (Occur::Must, query)),
                )
                .collect()
        };
        match alternatives {
            [one] => all(one),
            many => vec![(
                Occur::Must,
                Box::new(BooleanQuery::union(
                    many.iter()
                        .map(|words| Box::new(BooleanQuery::new(all(words))) as Box<dyn Query>)
                        .collect(),
                )),
            )],
        }
    }

    fn phrase(&self, words: &[QueryWord], field: Field) -> Box<dyn Query> {
        let mut variants: Vec<Vec<Term>> = Vec::new();
        for nth in 0..self.languages.len() {
            let terms: Vec<Term> = words
                .iter()
                .filter_map(|word| word.by_language.get(nth))
                .map(|form| Term::from_field_text(field, form))
                .collect();
            if terms.len() == words.len() && !variants.contains(&terms) {
                variants.push(terms);
            }
        }
        let mut queries: Vec<Box<dyn Query>> = variants
            .into_iter()
            .map(|terms| Box::new(PhraseQuery::new(terms)) as Box<dyn Query>)
            .collect();
        if queries.len() == 1
            && let Some(one) = queries.pop()
        {
            return one;
        }
        Box::new(DisjunctionMaxQuery::new(queries))
    }

    /// The most frequent words that begin so.
    fn beginning_with(&self, folded: &str, field: Field) -> Vec<Term> {
        let mut found: Vec<(u64, Term)> = Vec::new();
        for segment in self.snapshot.searcher.segment_readers() {
            let Ok(inverted) = segment.inverted_index(field) else {
                continue;
            };
            let Ok(mut terms) = inverted.terms().range().ge(folded.as_bytes()).into_stream() else {
                continue;
            };
            let mut scanned = 0;
            while terms.advance()
                && terms.key().starts_with(folded.as_bytes())
                && scanned < MAX_PREFIX_SCAN
            {
                scanned += 1;
                let Ok(form) = std::str::from_utf8(terms.key()) else {
                    continue;
                };
                found.push((
                    u64::from(terms.value().doc_freq),
                    Term::from_field_text(field, form),
                ));
            }
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        found.dedup_by(|next, kept| {
            let same = next.1 == kept.1;
            if same {
                kept.0 += next.0;
            }
            same
        });
        found.sort_by_key(|(count, _)| u64::MAX - count);
        found.truncate(MAX_PREFIX_TERMS);
        found.into_iter().map(|(_, term)| term).collect()
    }

    /// Words that begin so, each scored as itself.
    fn prefix(&self, text: &str, field: Field, analyzer: &mut Analyzer) -> Box<dyn Query> {
        let mut terms = self.beginning_with(&fold(text), field);
        // Stems are shorter than words, so the beginning may be longer than the stem.
        let whole = words(analyzer, text, self.languages);
        if let [one] = whole.as_slice() {
            for form in &one.forms {
                let term = Term::from_field_text(field, form);
                if !terms.contains(&term) {
                    terms.push(term);
                }
            }
        }
        union(terms)
    }

    fn filters(&self, filters: &Filters) -> Vec<Box<dyn Query>> {
        let fields = &self.snapshot.fields;
        let mut out: Vec<Box<dyn Query>> = Vec::new();
        for (field, values) in [
            (fields.language, &filters.languages),
            (fields.kind, &filters.kinds),
            (fields.subject_is, &filters.subjects),
            (fields.author_is, &filters.authors),
        ] {
            match values.as_slice() {
                [] => {}
                [one] => out.push(is(field, one)),
                many => out.push(Box::new(ConstScoreQuery::new(
                    Box::new(BooleanQuery::union(
                        many.iter().map(|value| is(field, value)).collect(),
                    )),
                    0.0,
                ))),
            }
        }
        if let Some((from, to)) = filters.years {
            out.push(years(fields.year, from, to));
        }
        out
    }
}

/// Any of these words.
fn union(terms: Vec<Term>) -> Box<dyn Query> {
    if terms.is_empty() {
        return Box::new(EmptyQuery);
    }
    Box::new(BooleanQuery::union(
        terms
            .into_iter()
            .map(|term| {
                Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>
            })
            .collect(),
    ))
}

pub(crate) fn filters_are_empty(filters: &Filters) -> bool {
    *filters == Filters::default()
}

fn is(field: Field, value: &str) -> Box<dyn Query> {
    let term = TermQuery::new(
        Term::from_field_text(field, value),
        IndexRecordOption::Basic,
    );
    Box::new(ConstScoreQuery::new(Box::new(term), 0.0))
}

fn years(field: Field, from: i32, to: i32) -> Box<dyn Query> {
    let bound = |year: i32| Bound::Included(Term::from_field_i64(field, i64::from(year)));
    Box::new(ConstScoreQuery::new(
        Box::new(RangeQuery::new(bound(from), bound(to))),
        0.0,
    ))
}

fn plain(atom: &Atom) -> &str {
    match atom {
        Atom::Word(text) | Atom::Phrase(text) | Atom::Prefix(text) => text,
        _ => "",
    }
}
