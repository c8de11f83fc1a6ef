//! CQL 1.2, the query language of SRU
//! (<http://www.loc.gov/standards/sru/cql/spec.html>).
//!
//! [`parse()`] reads any query of the grammar into a [`Query`], whose `Display` is
//! canonical: it reads again as the same value. [`compile()`] says the query in the
//! language of our own search, or gives the [`Diagnostic`] that SRU has for what
//! can't be said; [`xcql()`] writes it as XML.

mod compile;
mod index;
mod lex;
mod parse;
mod print;
mod terms;
mod xcql;

pub use super::diagnostic::Diagnostic;
pub use compile::{Compiled, Order, compile};
pub(crate) use index::context_sets;
pub use index::{INDEXES, IndexInfo};
pub use parse::parse;
pub use xcql::xcql;

/// The longest query, in bytes.
pub const MAX_QUERY_BYTES: usize = 8 << 10;
/// The deepest parentheses.
pub const MAX_DEPTH: usize = 32;
/// The most booleans in a query.
pub const MAX_BOOLEANS: usize = 128;
/// The most modifiers, prefixes and sort keys in a query, each.
pub const MAX_EXTRAS: usize = 32;
/// The longest term that is searched for, in bytes.
pub const MAX_TERM_BYTES: usize = 1 << 10;

/// A whole query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Prefixes of context sets for all of it.
    pub prefixes: Vec<Prefix>,
    /// What is searched for.
    pub root: Node,
    /// `sortBy`.
    pub sort: Vec<SortKey>,
}

/// `> name = uri`; without a name: the set of indexes without prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefix {
    /// The short name.
    pub name: Option<String>,
    /// The context set.
    pub uri: String,
}

/// A part of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// An index, a relation and a term, or a term alone.
    Clause(Clause),
    /// Two parts and how they go together.
    Boolean {
        /// `and`, `or`, `not`, `prox`.
        operator: Operator,
        /// Its modifiers.
        modifiers: Vec<Modifier>,
        /// What stands before it; booleans without parentheses gather here.
        left: Box<Node>,
        /// What stands after it.
        right: Box<Node>,
    },
    /// A part with prefixes of its own.
    Scoped {
        /// The prefixes.
        prefixes: Vec<Prefix>,
        /// The part.
        node: Box<Node>,
    },
}

/// A search clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Where to search and how; None leaves it to us.
    pub field: Option<Field>,
    /// What for: quotes are taken off, other backslashes are kept.
    pub term: String,
}

/// An index and a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `dc.title`, `title`.
    pub index: String,
    /// A sign (`=`, `<=`) or a name (`any`, `cql.all`).
    pub relation: String,
    /// The relation's modifiers.
    pub modifiers: Vec<Modifier>,
}

/// `/name` or `/name=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modifier {
    /// The name.
    pub name: String,
    /// A sign of comparison and a value.
    pub value: Option<(String, String)>,
}

/// An index to sort by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// The index.
    pub index: String,
    /// `sort.descending` and others.
    pub modifiers: Vec<Modifier>,
}

/// The booleans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Both.
    And,
    /// Either.
    Or,
    /// The first without the second.
    Not,
    /// Both, near to each other.
    Prox,
}

impl Operator {
    /// As CQL writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Not => "not",
            Self::Prox => "prox",
        }
    }

    fn named(word: &str) -> Option<Self> {
        [Self::And, Self::Or, Self::Not, Self::Prox]
            .into_iter()
            .find(|one| one.as_str().eq_ignore_ascii_case(word))
    }
}

/// Words that mean something unless they are quoted.
fn is_reserved(word: &str) -> bool {
    Operator::named(word).is_some() || word.eq_ignore_ascii_case("sortby")
}
