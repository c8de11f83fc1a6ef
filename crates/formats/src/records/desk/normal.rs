//! The normal form of Dublin Core, in which it is compared and crossed over.
//!
//! What MARC can't say is left out here: line breaks, a second title proper,
//! the language of a name. Every function is idempotent, which the property
//! tests of [`super::crosswalk`] rest on.

use super::elements::{DublinCore, Element, Qualifier, Statement};
use crate::records::identifiers;
use crate::records::languages;
use crate::records::marc::map::{isbd, role as relator, trim_marks};

/// Roles of those who are chiefly responsible for a work; all others are
/// contributors'. No role counts as `aut`.
const CREATOR_ROLES: [&str; 9] = [
    "aui", "art", "cmp", "cre", "ctg", "lbt", "lyr", "pht", "prg",
];

/// Rounds after which text is taken as settled; each round shortens it.
const MAX_ROUNDS: usize = 10_000;

impl DublinCore {
    /// The same in normal form: values cleaned, empty ones and what an element
    /// does not take dropped, in the order of elements and, but for names, of
    /// their qualifiers.
    #[must_use]
    pub fn normal(&self) -> Self {
        let mut statements: Vec<Statement> = self
            .statements
            .iter()
            .filter_map(normal_statement)
            .collect();
        let mut titled = false;
        let mut spoken: Vec<String> = Vec::new();
        statements.retain_mut(|one| match one.element {
            Element::Title if one.qualifier.is_none() => {
                if std::mem::replace(&mut titled, true) {
                    one.qualifier = Some(Qualifier::Alternative);
                }
                true
            }
            Element::Language => {
                let new = !spoken.contains(&one.value);
                spoken.push(one.value.clone());
                new
            }
            _ => true,
        });
        statements.sort_by_key(|one| {
            let qualifier = one.qualifier.filter(|_| !one.element.takes_role());
            (one.element, qualifier)
        });
        Self { statements }
    }
}

fn normal_statement(given: &Statement) -> Option<Statement> {
    let mut element = given.element;
    let qualifier = given
        .qualifier
        .filter(|one| element.qualifiers().contains(one));
    let value = normal_value(element, qualifier, &given.value);
    if value.is_empty() {
        return None;
    }
    let mut role = None;
    if element.takes_role() {
        (element, role) = normal_role(element, given.role.as_deref());
    }
    let language = given
        .language
        .as_deref()
        .filter(|_| element.takes_language(qualifier))
        .and_then(languages::normalize);
    Some(Statement {
        element,
        qualifier,
        value,
        language,
        role,
    })
}

/// Creator or contributor, as the role says; a plain contributor has the role
/// `ctb` in MARC and none here.
pub(crate) fn normal_role(element: Element, role: Option<&str>) -> (Element, Option<String>) {
    let Some(role) = role.map(collapse).filter(|role| !role.is_empty()) else {
        return (element, None);
    };
    let Some(role) = settle(&role, |text| relator(text).unwrap_or_default()) else {
        // `author`, `aut`.
        return (Element::Creator, None);
    };
    match role.as_str() {
        "ctb" => (Element::Contributor, None),
        "cre" => (Element::Creator, None),
        word if CREATOR_ROLES.contains(&word) => (Element::Creator, Some(role)),
        _ => (Element::Contributor, Some(role)),
    }
}

/// Applies a function that only shortens until nothing changes; none if nothing
/// is left.
fn settle(text: &str, step: impl Fn(&str) -> String) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let next = step(&text);
        if next == text {
            break;
        }
        text = next;
    }
    (!text.is_empty()).then_some(text)
}

/// A value as MARC gives it back.
pub(crate) fn normal_value(element: Element, qualifier: Option<Qualifier>, text: &str) -> String {
    use Qualifier as Q;
    let text = collapse(text);
    match (element, qualifier) {
        (Element::Title, _) => parted(&text, " : "),
        (Element::Creator | Element::Contributor | Element::Type, _) => without_isbd(&text),
        (Element::Subject, Some(Q::Ddc | Q::Udc | Q::Lcc)) => without_marks(&text),
        (Element::Subject, _) => parted(&text, " -- "),
        (Element::Publisher | Element::Source | Element::Relation | Element::Format, _) => {
            without_marks(&text)
        }
        (Element::Date, _) => date(&text),
        (Element::Language, _) => languages::normalize(&text).unwrap_or(text),
        (Element::Identifier, Some(Q::Isbn)) => identifiers::isbn13(&text).unwrap_or(text),
        (Element::Identifier, Some(Q::Issn)) => identifiers::issn(&text).unwrap_or(text),
        (Element::Identifier, Some(Q::Doi)) => identifiers::doi(&text).unwrap_or(text),
        (Element::Identifier, Some(Q::Oclc)) => oclc(&text),
        (Element::Identifier | Element::Description | Element::Coverage | Element::Rights, _) => {
            text
        }
    }
}

/// Blanks, line breaks and control characters become one blank; marks of
/// sorting go.
pub(crate) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for one in text.chars() {
        match one {
            '\u{98}' | '\u{9c}' | '\u{88}' | '\u{89}' => {}
            _ if one.is_whitespace() || one.is_control() => gap = true,
            _ => {
                if std::mem::take(&mut gap) && !out.is_empty() {
                    out.push(' ');
                }
                out.push(one);
            }
        }
    }
    out
}

/// Without ISBD's marks and full stop at the end.
pub(crate) fn without_isbd(text: &str) -> String {
    settle(text, isbd).unwrap_or_default()
}

fn without_marks(text: &str) -> String {
    settle(text, trim_marks).unwrap_or_default()
}

/// Parts with ISBD's marks taken off each, and empty ones dropped.
fn parted(text: &str, separator: &str) -> String {
    let step = |text: &str| {
        let parts: Vec<String> = text
            .split(separator)
            .map(without_isbd)
            .filter(|part| !part.is_empty())
            .collect();
        parts.join(separator)
    };
    settle(text, step).unwrap_or_default()
}

/// `[c1994].` is 1994; what is no such date stays.
fn date(text: &str) -> String {
    let step = |text: &str| {
        let text = without_marks(text);
        if let Some(rest) = text.strip_suffix('.')
            && rest.ends_with(|one: char| one.is_numeric() || one == ']')
        {
            return rest.to_owned();
        }
        if let Some(rest) = text.strip_prefix('[') {
            let inner = rest.strip_suffix(']').unwrap_or(rest);
            if !inner.contains(['[', ']']) {
                return inner.trim().to_owned();
            }
        }
        if let Some(rest) = text.strip_suffix(']')
            && !rest.contains(['[', ']'])
        {
            return rest.trim().to_owned();
        }
        for mark in ["c", "©", "p", "℗", "cop. ", "© ", "℗ "] {
            if let Some(rest) = text.strip_prefix(mark)
                && rest.starts_with(|one: char| one.is_numeric())
            {
                return rest.to_owned();
            }
        }
        text
    };
    settle(text, step).unwrap_or_default()
}

/// `(OCoLC)ocm123` is 123.
fn oclc(text: &str) -> String {
    let step = |text: &str| {
        let rest = text.strip_prefix("(OCoLC)").unwrap_or(text).trim();
        let digits = rest.trim_start_matches(|one: char| !one.is_ascii_digit());
        if digits.is_empty() { rest } else { digits }.to_owned()
    };
    settle(text, step).unwrap_or_default()
}
