//! A query as it was understood: its words in the languages of the documents, and everything else.

use super::words::{QueryWord, words};
use super::{Atom, Clause, QueryField};
use crate::analysis::{Analyzer, Language, fold};

/// Words of one query that are looked for.
pub(crate) const MAX_WORDS: usize = 64;
/// A query read for a set of languages.
pub(crate) struct Reading {
    /// Words that stand alone: all of them if possible, else some.
    pub words: Vec<QueryWord>,
    /// Words of which any one is enough (`cat OR dog`), where nothing else is asked for.
    pub alternatives: Vec<QueryWord>,
    /// Everything else, as typed.
    pub clauses: Vec<Clause>,
    /// Of each of `clauses` that is made of phrases: the words of each alternative, by which documents can be found
    /// before positions are looked at.
    pub by_words: Vec<Option<Vec<Vec<QueryWord>>>>,
    /// Forms that a snippet marks.
    pub marks: Vec<String>,
    /// Beginnings of words that a snippet marks.
    pub mark_prefixes: Vec<String>,
    /// The words as they were typed, for titles and spelling.
    pub plain: Vec<String>,
    pub languages: Vec<Language>,
}

impl Reading {
    pub(crate) fn new(
        clauses: Vec<Clause>,
        languages: Vec<Language>,
        analyzer: &mut Analyzer,
    ) -> Reading {
        let mut out = Reading {
            words: Vec::new(),
            alternatives: Vec::new(),
            clauses: Vec::new(),
            by_words: Vec::new(),
            marks: Vec::new(),
            mark_prefixes: Vec::new(),
            plain: Vec::new(),
            languages,
        };
        for clause in flattened(clauses) {
            if !clause.negated {
                for atom in &clause.any {
                    out.mark(atom, analyzer);
                }
                if let [Atom::Word(text)] = clause.any.as_slice() {
                    let found = words(analyzer, text, &out.languages);
                    out.words.extend(found);
                    out.words.truncate(MAX_WORDS);
                    out.plain.push(text.clone());
                    continue;
                }
            }
            out.clauses.push(clause);
        }
        // A word typed twice counts once.
        let mut seen: Vec<QueryWord> = Vec::new();
        for word in out.words.drain(..) {
            if !seen.contains(&word) {
                seen.push(word);
            }
        }
        out.words = seen;
        if out.words.is_empty()
            && let [one] = out.clauses.as_slice()
            && let Some(any) = alternatives(one, analyzer, &out.languages)
        {
            out.alternatives = any;
            out.clauses.clear();
        }
        out.by_words = out
            .clauses
            .iter()
            .map(|clause| by_words(clause, analyzer, &out.languages))
            .collect();
        out
    }

    fn mark(&mut self, atom: &Atom, analyzer: &mut Analyzer) {
        match atom {
            Atom::Word(text) | Atom::Phrase(text) => {
                for word in words(analyzer, text, &self.languages) {
                    self.mark_prefixes
                        .extend(word.syllable().map(str::to_owned));
                    self.marks.extend(word.forms);
                }
            }
            Atom::Prefix(text) => self.mark_prefixes.push(fold(text)),
            Atom::Field(QueryField::Title | QueryField::Author | QueryField::Subject, inner) => {
                self.mark(inner, analyzer)
            }
            Atom::Group(clauses) => {
                for clause in clauses.iter().filter(|clause| !clause.negated) {
                    for atom in &clause.any {
                        self.mark(atom, analyzer);
                    }
                }
            }
            Atom::Field(..) | Atom::Years(..) => {}
        }
    }

    /// Whether nothing at all is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.alternatives.is_empty() && self.clauses.is_empty()
    }
}

/// The words of a clause that is made of nothing but single words.
fn alternatives(
    clause: &Clause,
    analyzer: &mut Analyzer,
    languages: &[Language],
) -> Option<Vec<QueryWord>> {
    if clause.negated || clause.any.len() < 2 || clause.any.len() > MAX_WORDS {
        return None;
    }
    clause
        .any
        .iter()
        .map(|atom| match atom {
            Atom::Word(text) => {
                let mut found = words(analyzer, text, languages);
                found
                    .pop()
                    .filter(|word| found.is_empty() && word.syllable().is_none())
            }
            _ => None,
        })
        .collect()
}

/// The words of each alternative of a clause of phrases; none where it is made of something else too.
fn by_words(
    clause: &Clause,
    analyzer: &mut Analyzer,
    languages: &[Language],
) -> Option<Vec<Vec<QueryWord>>> {
    if clause.negated || clause.any.len() > MAX_WORDS {
        return None;
    }
    let alternatives: Option<Vec<Vec<QueryWord>>> = clause
        .any
        .iter()
        .map(|atom| match atom {
            Atom::Word(text) | Atom::Phrase(text) => {
                let found = words(analyzer, text, languages);
                let plain = !found.is_empty()
                    && found.len() <= MAX_WORDS
                    && found.iter().all(|word| word.syllable().is_none());
                plain.then_some(found)
            }
            _ => None,
        })
        .collect();
    alternatives.filter(|all| all.iter().any(|words| words.len() > 1))
}

/// A group on its own says no more than what is in it: people put remarks in parentheses.
fn flattened(clauses: Vec<Clause>) -> Vec<Clause> {
    let mut out = Vec::new();
    for mut clause in clauses {
        match clause.any.pop() {
            Some(Atom::Group(inner)) if clause.any.is_empty() && !clause.negated => {
                out.extend(flattened(inner))
            }
            Some(last) => {
                clause.any.push(last);
                out.push(clause);
            }
            None => {}
        }
    }
    out
}
