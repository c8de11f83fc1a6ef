//! The indexes that can be searched, and their context sets.

use super::{Diagnostic, Prefix};
use crate::exchange::diagnostic::Code;

/// What an index is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Any,
    Title,
    Author,
    Subject,
    Language,
    Kind,
    Date,
    Number,
    All,
    ResultSet,
}

/// An index that can be searched, for the explain record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexInfo {
    /// The short name of its context set.
    pub set: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it is, in English.
    pub title: &'static str,
    meaning: Meaning,
}

const fn index(
    set: &'static str,
    name: &'static str,
    title: &'static str,
    meaning: Meaning,
) -> IndexInfo {
    IndexInfo {
        set,
        name,
        title,
        meaning,
    }
}

/// All indexes.
pub const INDEXES: &[IndexInfo] = &[
    index("cql", "serverChoice", "Anywhere", Meaning::Any),
    index("cql", "anywhere", "Anywhere", Meaning::Any),
    index("cql", "anyIndexes", "Anywhere", Meaning::Any),
    index("cql", "keywords", "Anywhere", Meaning::Any),
    index("cql", "allRecords", "All records", Meaning::All),
    index("cql", "resultSetId", "Result set", Meaning::ResultSet),
    index("dc", "title", "Title", Meaning::Title),
    index("dc", "creator", "Author", Meaning::Author),
    index("dc", "contributor", "Contributor", Meaning::Author),
    index("dc", "subject", "Subject", Meaning::Subject),
    index("dc", "date", "Year of publication", Meaning::Date),
    index("dc", "language", "Language", Meaning::Language),
    index("dc", "type", "Kind", Meaning::Kind),
    index("dc", "identifier", "Number", Meaning::Number),
    index("bath", "any", "Anywhere", Meaning::Any),
    index("bath", "title", "Title", Meaning::Title),
    index("bath", "keyTitle", "Title", Meaning::Title),
    index("bath", "author", "Author", Meaning::Author),
    index("bath", "name", "Name", Meaning::Author),
    index("bath", "personalName", "Name of a person", Meaning::Author),
    index("bath", "corporateName", "Name of a body", Meaning::Author),
    index("bath", "subject", "Subject", Meaning::Subject),
    index("bath", "isbn", "ISBN", Meaning::Number),
    index("bath", "issn", "ISSN", Meaning::Number),
    index("bath", "standardIdentifier", "Number", Meaning::Number),
    index("rec", "identifier", "Number of the record", Meaning::Number),
];

/// Context sets: short name, address without its version, address.
const SETS: [(&str, &str, &str); 4] = [
    (
        "cql",
        "info:srw/cql-context-set/1/cql-",
        "info:srw/cql-context-set/1/cql-v1.2",
    ),
    (
        "dc",
        "info:srw/cql-context-set/1/dc-",
        "info:srw/cql-context-set/1/dc-v1.1",
    ),
    (
        "bath",
        "http://zing.z3950.org/cql/bath/",
        "http://zing.z3950.org/cql/bath/2.0/",
    ),
    (
        "rec",
        "info:srw/cql-context-set/2/rec-",
        "info:srw/cql-context-set/2/rec-1.1",
    ),
];

/// Short names and addresses of the context sets.
pub(crate) fn context_sets() -> impl Iterator<Item = (&'static str, &'static str)> {
    SETS.iter().map(|set| (set.0, set.2))
}

/// The context set of an index or relation with this prefix.
pub(super) fn set_of(
    prefix: Option<&str>,
    scopes: &[&Prefix],
) -> Result<Option<&'static str>, Diagnostic> {
    let told = scopes
        .iter()
        .rev()
        .find(|scope| match (&scope.name, prefix) {
            (Some(name), Some(prefix)) => name.eq_ignore_ascii_case(prefix),
            (None, None) => true,
            _ => false,
        });
    let unknown = |what: &str| Diagnostic::new(Code::UnsupportedContextSet, what);
    if let Some(scope) = told {
        let known = SETS
            .iter()
            .find(|set| scope.uri.starts_with(set.1))
            .map(|set| set.0);
        return known.map(Some).ok_or_else(|| unknown(&scope.uri));
    }
    match prefix {
        None => Ok(None),
        Some(prefix) => SETS
            .iter()
            .find(|set| set.0.eq_ignore_ascii_case(prefix))
            .map(|set| Some(set.0))
            .ok_or_else(|| unknown(prefix)),
    }
}

/// What the index with this name is of.
pub(super) fn meaning(name: &str, scopes: &[&Prefix]) -> Result<Meaning, Diagnostic> {
    let (prefix, local) = match name.split_once('.') {
        Some((prefix, local)) => (Some(prefix), local),
        None => (None, name),
    };
    let set = set_of(prefix, scopes)?;
    INDEXES
        .iter()
        .find(|one| set.is_none_or(|set| one.set == set) && one.name.eq_ignore_ascii_case(local))
        .map(|one| one.meaning)
        .ok_or_else(|| Diagnostic::new(Code::UnsupportedIndex, name))
}
