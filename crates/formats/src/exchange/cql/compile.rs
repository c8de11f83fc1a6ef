//! From CQL to the language of our own search: words, "phrases", beginnings*,
//! field:value, year:from..to, OR, -not and (groups).

use super::index::{Meaning, meaning, set_of};
use super::terms::{Run, adjacent, is_masked, phrase, plain, runs};
use super::{Clause, Diagnostic, Field, MAX_TERM_BYTES, Modifier, Node, Operator, Prefix, Query};
use crate::exchange::diagnostic::Code;
use crate::records::{identifiers, kind_word_of, languages};

/// What our search looks at, in bytes, atoms and groups within groups
/// (`lampion_search::query::parse`).
const MAX_SEARCH_BYTES: usize = 2 << 10;
const MAX_SEARCH_ATOMS: usize = 64;
const MAX_SEARCH_DEPTH: usize = 4;

/// A query for our own search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compiled {
    /// The query; empty for all records. Every word is in quotes, so that search
    /// does not loosen it.
    pub query: String,
    /// The order of results.
    pub order: Order,
}

/// Orders that our search has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Best match first.
    Relevance,
    /// Latest year first.
    Newest,
    /// By title.
    Title,
}

/// Says a query in the language of our own search.
///
/// # Errors
/// The diagnostic for the first thing that can't be said.
pub fn compile(query: &Query) -> Result<Compiled, Diagnostic> {
    let mut scopes = Vec::new();
    scopes.extend(&query.prefixes);
    let expression = node(&query.root, &mut scopes)?;
    let mut text = Text::default();
    match &expression {
        Expr::All => {}
        Expr::And(parts) => text.all(parts, 0)?,
        other => text.all(std::slice::from_ref(other), 0)?,
    }
    if text.out.len() > MAX_SEARCH_BYTES {
        return Err(Diagnostic::new(
            Code::TooManyCharactersInQuery,
            format!("at most {MAX_SEARCH_BYTES} bytes"),
        ));
    }
    Ok(Compiled {
        query: text.out,
        order: order(query, &scopes)?,
    })
}

fn order(query: &Query, scopes: &[&Prefix]) -> Result<Order, Diagnostic> {
    let key = match query.sort.as_slice() {
        [] => return Ok(Order::Relevance),
        [key] => key,
        _ => {
            return Err(Diagnostic::new(Code::SortNotSupported, "by one index only"));
        }
    };
    let mut descending = false;
    for modifier in &key.modifiers {
        match after_dot(&modifier.name).to_ascii_lowercase().as_str() {
            "ascending" if modifier.value.is_none() => descending = false,
            "descending" if modifier.value.is_none() => descending = true,
            _ => return Err(Diagnostic::new(Code::SortNotSupported, &modifier.name)),
        }
    }
    match (meaning(&key.index, scopes)?, descending) {
        (Meaning::Date, true) => Ok(Order::Newest),
        (Meaning::Title, false) => Ok(Order::Title),
        _ => Err(Diagnostic::new(
            Code::SortNotSupported,
            "by dc.date/sort.descending or dc.title only",
        )),
    }
}

fn after_dot(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, name)| name)
}

enum Expr {
    All,
    Atom(String),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Not(Box<Expr>),
}

fn and(left: Expr, right: Expr) -> Expr {
    let mut parts = Vec::new();
    for part in [left, right] {
        match part {
            Expr::All => {}
            Expr::And(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    if parts.is_empty() {
        Expr::All
    } else {
        Expr::And(parts)
    }
}

fn or(left: Expr, right: Expr) -> Expr {
    let mut parts = Vec::new();
    for part in [left, right] {
        match part {
            Expr::All => return Expr::All,
            Expr::Or(inner) => parts.extend(inner),
            other => parts.push(other),
        }
    }
    Expr::Or(parts)
}

fn node<'q>(part: &'q Node, scopes: &mut Vec<&'q Prefix>) -> Result<Expr, Diagnostic> {
    match part {
        Node::Clause(one) => clause(one, scopes),
        Node::Scoped {
            prefixes,
            node: inner,
        } => {
            let outside = scopes.len();
            scopes.extend(prefixes);
            let out = node(inner, scopes)?;
            scopes.truncate(outside);
            Ok(out)
        }
        Node::Boolean {
            operator,
            modifiers,
            left,
            right,
        } => {
            if *operator == Operator::Prox {
                return Err(Diagnostic::new(Code::ProximityNotSupported, "prox"));
            }
            if let Some(modifier) = modifiers.first() {
                return Err(Diagnostic::new(
                    Code::UnsupportedBooleanModifier,
                    &modifier.name,
                ));
            }
            let (left, right) = (node(left, scopes)?, node(right, scopes)?);
            match (operator, right) {
                (Operator::Or, right) => Ok(or(left, right)),
                (Operator::Not, Expr::All) => Err(Diagnostic::new(
                    Code::QueryFeatureUnsupported,
                    "`not cql.allRecords` leaves nothing",
                )),
                (Operator::Not, right) => Ok(and(left, Expr::Not(Box::new(right)))),
                (_, right) => Ok(and(left, right)),
            }
        }
    }
}

/// What a relation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// `=`, `scr`: whatever suits the index.
    Choice,
    Adjacent,
    Any,
    All,
    Exact,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Within,
}

fn relation(field: &Field, scopes: &[&Prefix]) -> Result<Relation, Diagnostic> {
    let unsupported = || Diagnostic::new(Code::UnsupportedRelation, &field.relation);
    let name = match field.relation.split_once('.') {
        Some((prefix, name)) => {
            if set_of(Some(prefix), scopes)? != Some("cql") {
                return Err(unsupported());
            }
            name
        }
        None => &field.relation,
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "=" | "scr" => Relation::Choice,
        "adj" => Relation::Adjacent,
        "any" => Relation::Any,
        "all" => Relation::All,
        "==" | "exact" => Relation::Exact,
        "<>" => Relation::Unequal,
        "<" => Relation::Less,
        "<=" => Relation::LessOrEqual,
        ">" => Relation::Greater,
        ">=" => Relation::GreaterOrEqual,
        "within" => Relation::Within,
        _ => return Err(unsupported()),
    })
}

/// Whether masks count; modifiers that ask for what search does anyway are passed over.
fn masked(modifiers: &[Modifier]) -> Result<bool, Diagnostic> {
    let mut masked = true;
    for modifier in modifiers {
        let name = modifier.name.to_ascii_lowercase();
        let name = name.strip_prefix("cql.").unwrap_or(&name);
        match (name, &modifier.value) {
            ("masked", None) => masked = true,
            ("unmasked", None) => masked = false,
            ("relevant" | "word" | "ignorecase" | "ignoreaccents" | "stem" | "fuzzy", None) => {}
            _ => {
                return Err(Diagnostic::new(
                    Code::UnsupportedRelationModifier,
                    &modifier.name,
                ));
            }
        }
    }
    Ok(masked)
}

fn clause(clause: &Clause, scopes: &[&Prefix]) -> Result<Expr, Diagnostic> {
    let (index, meaning, relation, masked) = match &clause.field {
        Some(field) => (
            field.index.as_str(),
            meaning(&field.index, scopes)?,
            relation(field, scopes)?,
            masked(&field.modifiers)?,
        ),
        None => ("cql.serverChoice", Meaning::Any, Relation::Choice, true),
    };
    match meaning {
        Meaning::All => return Ok(Expr::All),
        Meaning::ResultSet => {
            return Err(Diagnostic::new(Code::ResultSetsNotSupported, &clause.term));
        }
        _ => {}
    }
    if clause.term.len() > MAX_TERM_BYTES {
        return Err(Diagnostic::new(
            Code::TooManyCharactersInTerm,
            format!("at most {MAX_TERM_BYTES} bytes"),
        ));
    }
    let runs = runs(&clause.term, masked)?;
    if runs.is_empty() {
        return Err(Diagnostic::new(Code::EmptyTerm, index));
    }
    match meaning {
        Meaning::Any => text("", &runs, relation, index),
        Meaning::Title => text("title:", &runs, relation, index),
        Meaning::Author => text("author:", &runs, relation, index),
        Meaning::Subject => text("subject:", &runs, relation, index),
        Meaning::Date => dates(&runs, relation, index),
        Meaning::Language => values(&runs, relation, index, |value| {
            languages::normalize(value).map(|tag| format!("lang:{tag}"))
        }),
        Meaning::Kind => values(&runs, relation, index, |value| {
            kind(value).map(|kind| format!("kind:{kind}"))
        }),
        _ => numbers(&runs, relation, index),
    }
}

fn wrong_relation(index: &str) -> Diagnostic {
    Diagnostic::new(Code::UnsupportedRelationForIndex, index)
}

fn wrong_format(term: &str) -> Diagnostic {
    Diagnostic::new(Code::TermInInvalidFormat, term)
}

/// Words of running text.
fn text(field: &str, runs: &[Run], relation: Relation, index: &str) -> Result<Expr, Diagnostic> {
    let atoms = || -> Result<Vec<Expr>, Diagnostic> {
        runs.iter()
            .map(|run| Ok(Expr::Atom(format!("{field}{}", run.atom()?))))
            .collect()
    };
    match relation {
        Relation::Choice | Relation::Adjacent => {
            Ok(Expr::Atom(format!("{field}{}", adjacent(runs)?)))
        }
        Relation::All => Ok(Expr::And(atoms()?)),
        Relation::Any => Ok(Expr::Or(atoms()?)),
        // Search can't tell where a title begins and ends.
        _ => Err(wrong_relation(index)),
    }
}

/// One of few values.
fn values(
    runs: &[Run],
    relation: Relation,
    index: &str,
    atom: impl Fn(&str) -> Option<String>,
) -> Result<Expr, Diagnostic> {
    let whole = plain(runs);
    if is_masked(runs) {
        return Err(Diagnostic::new(Code::MaskingNotSupported, index));
    }
    let one = |value: &str| {
        atom(value)
            .map(Expr::Atom)
            .ok_or_else(|| wrong_format(value))
    };
    match relation {
        Relation::Choice | Relation::Adjacent | Relation::Exact => one(&whole),
        Relation::Unequal => Ok(Expr::And(vec![Expr::Not(Box::new(one(&whole)?))])),
        Relation::Any => Ok(Expr::Or(
            whole.split(' ').map(one).collect::<Result<_, _>>()?,
        )),
        Relation::All => Ok(Expr::And(
            whole.split(' ').map(one).collect::<Result<_, _>>()?,
        )),
        _ => Err(wrong_relation(index)),
    }
}

fn kind(value: &str) -> Option<String> {
    if let Some(word) = kind_word_of(value) {
        return Some(word);
    }
    let value = value.to_lowercase();
    let plain = value.chars().all(|one| one.is_alphanumeric() || one == '-');
    plain.then_some(value)
}

/// Years: search knows no finer dates.
fn dates(runs: &[Run], relation: Relation, index: &str) -> Result<Expr, Diagnostic> {
    let whole = plain(runs);
    if is_masked(runs) {
        return Err(Diagnostic::new(Code::MaskingNotSupported, index));
    }
    let year = |text: &str| -> Result<i32, Diagnostic> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let ok = (1..=4).contains(&digits.len()) && digits.bytes().all(|one| one.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| ok)
            .ok_or_else(|| wrong_format(text))
    };
    let compared = |sign: &str| Ok(Expr::Atom(format!("year:{sign}{}", year(&whole)?)));
    match relation {
        Relation::Choice | Relation::Adjacent | Relation::Exact => compared(""),
        Relation::Unequal => Ok(Expr::And(vec![Expr::Not(Box::new(compared("")?))])),
        Relation::Less => compared("<"),
        Relation::LessOrEqual => compared("<="),
        Relation::Greater => compared(">"),
        Relation::GreaterOrEqual => compared(">="),
        Relation::Any => Ok(Expr::Or(
            whole
                .split(' ')
                .map(|text| Ok(Expr::Atom(format!("year:{}", year(text)?))))
                .collect::<Result<_, Diagnostic>>()?,
        )),
        Relation::Within => match whole.split_once(' ') {
            Some((from, to)) => {
                let (from, to) = (year(from)?, year(to)?);
                Ok(Expr::Atom(format!("year:{from}..{to}")))
            }
            None => Err(wrong_format(&whole)),
        },
        Relation::All => Err(wrong_relation(index)),
    }
}

/// Numbers are searched everywhere, in the normal form in which records have them.
fn numbers(runs: &[Run], relation: Relation, index: &str) -> Result<Expr, Diagnostic> {
    let whole = plain(runs);
    let atom = |text: &str| {
        let normal = identifiers::guess(text)
            .filter(|one| matches!(one.scheme.as_str(), "isbn" | "issn" | "doi"))
            .map(|one| one.value)
            .or_else(|| identifiers::isbn13(text))
            .unwrap_or_else(|| text.to_owned());
        Expr::Atom(phrase(&normal))
    };
    match relation {
        Relation::Choice | Relation::Adjacent | Relation::Exact if is_masked(runs) => {
            adjacent(runs).map(Expr::Atom)
        }
        Relation::Choice | Relation::Adjacent | Relation::Exact => Ok(atom(&whole)),
        Relation::Any if !is_masked(runs) => Ok(Expr::Or(whole.split(' ').map(atom).collect())),
        _ => Err(wrong_relation(index)),
    }
}

/// The query as text, with the limits of our search.
#[derive(Default)]
struct Text {
    out: String,
    atoms: usize,
}

impl Text {
    fn counted(&mut self) -> Result<(), Diagnostic> {
        self.atoms += 1;
        if self.atoms > MAX_SEARCH_ATOMS {
            return Err(Diagnostic::new(
                Code::TooManyBooleans,
                format!("at most {MAX_SEARCH_ATOMS} terms and groups"),
            ));
        }
        Ok(())
    }

    /// All of these; OR binds closer than the blank between them.
    fn all(&mut self, parts: &[Expr], depth: usize) -> Result<(), Diagnostic> {
        for (nth, part) in parts.iter().enumerate() {
            if nth > 0 {
                self.out.push(' ');
            }
            match part {
                Expr::Or(any) => self.any(any, depth)?,
                Expr::Not(inner) => {
                    self.out.push('-');
                    self.one(inner, depth)?;
                }
                other => self.one(other, depth)?,
            }
        }
        Ok(())
    }

    fn any(&mut self, parts: &[Expr], depth: usize) -> Result<(), Diagnostic> {
        for (nth, part) in parts.iter().enumerate() {
            if nth > 0 {
                self.out.push_str(" OR ");
            }
            self.one(part, depth)?;
        }
        Ok(())
    }

    /// An atom, or a group.
    fn one(&mut self, part: &Expr, depth: usize) -> Result<(), Diagnostic> {
        self.counted()?;
        if let Expr::Atom(atom) = part {
            self.out.push_str(atom);
            return Ok(());
        }
        if depth >= MAX_SEARCH_DEPTH {
            return Err(Diagnostic::new(
                Code::UnsupportedParentheses,
                format!("at most {MAX_SEARCH_DEPTH} groups within each other"),
            ));
        }
        self.out.push('(');
        match part {
            Expr::And(parts) => self.all(parts, depth + 1)?,
            Expr::Or(parts) => self.any(parts, depth + 1)?,
            other => self.all(std::slice::from_ref(other), depth + 1)?,
        }
        self.out.push(')');
        Ok(())
    }
}
