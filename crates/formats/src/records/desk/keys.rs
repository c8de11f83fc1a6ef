//! Keys under which records of the same work meet.

use super::articles::is_article;
use super::elements::{DublinCore, Element, Qualifier};
use super::fold::{fold, is_unspaced};
use super::work::Work;
use crate::records::identifiers;

/// The most keys of one work.
pub const MAX_MATCH_KEYS: usize = 100;
/// Titles shorter than this many letters (two in scripts without blanks) say
/// too little by themselves.
const MIN_TITLE_LETTERS: usize = 4;
const MIN_UNSPACED_LETTERS: usize = 2;

/// What a key is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchKind {
    /// An ISBN in 13 digits.
    Isbn,
    /// An ISSN of the work itself, not of its host.
    Issn,
    /// A DOI in lower case.
    Doi,
    /// Title proper, first name and year.
    TitleAuthorYear,
}

/// A key; equal keys mean that two records may be of one work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchKey {
    /// What it is made of.
    pub kind: MatchKind,
    /// The key itself.
    pub value: String,
}

impl MatchKey {
    /// `isbn:9780201616224`: kind and value as one text for an index.
    pub fn text(&self) -> String {
        let kind = match self.kind {
            MatchKind::Isbn => "isbn",
            MatchKind::Issn => "issn",
            MatchKind::Doi => "doi",
            MatchKind::TitleAuthorYear => "title",
        };
        format!("{kind}:{}", self.value)
    }
}

/// The keys of a work, numbers first, without repetition.
///
/// The last is `title/name/year`: the title proper without its first article,
/// the family name of the first creator (or contributor), the year of the first
/// date; each folded and without blanks, so that neither case, accents and
/// punctuation nor the way blanks are set in Chinese, Korean or German compounds
/// matter. Words keep their order: two titles of the same words in another order
/// are two works more often than one. A title without name and year is no key.
pub fn match_keys(work: &Work) -> Vec<MatchKey> {
    match_keys_of(&work.dublin_core().normal())
}

/// The same of a record in Dublin Core in its normal form ([`DublinCore::normal`]).
pub fn match_keys_of(record: &DublinCore) -> Vec<MatchKey> {
    let mut out: Vec<MatchKey> = Vec::new();
    let mut add = |kind, value: Option<String>| {
        if let Some(value) = value {
            let key = MatchKey { kind, value };
            if !out.contains(&key) && out.len() < MAX_MATCH_KEYS {
                out.push(key);
            }
        }
    };
    for statement in record.of(Element::Identifier) {
        let value = statement.value.as_str();
        match statement.qualifier {
            Some(Qualifier::Isbn) => add(MatchKind::Isbn, identifiers::isbn13(value)),
            Some(Qualifier::Issn) => add(MatchKind::Issn, identifiers::issn(value)),
            Some(Qualifier::Doi) => add(MatchKind::Doi, identifiers::doi(value)),
            None | Some(Qualifier::Uri) => {
                // `urn:isbn:…`, `https://doi.org/…`.
                if let Some(found) = identifiers::guess(value) {
                    let kind = match found.scheme.as_str() {
                        "isbn" => MatchKind::Isbn,
                        "issn" => MatchKind::Issn,
                        "doi" => MatchKind::Doi,
                        _ => continue,
                    };
                    add(kind, Some(found.value));
                }
            }
            Some(_) => {}
        }
    }
    add(MatchKind::TitleAuthorYear, title_key(record));
    out
}

fn title_key(record: &DublinCore) -> Option<String> {
    let title = record.first(Element::Title)?;
    let title = title.split(" : ").next().unwrap_or(title);
    let language = record.first(Element::Language);
    let folded = fold(title);
    let words: Vec<&str> = folded.split(' ').collect();
    let words = match words.split_first() {
        Some((first, rest)) if !rest.is_empty() && is_article(first, language) => rest,
        _ => words.as_slice(),
    };
    let title: String = words.concat();
    let least = if title.chars().any(is_unspaced) {
        MIN_UNSPACED_LETTERS
    } else {
        MIN_TITLE_LETTERS
    };
    if title.chars().count() < least {
        return None;
    }
    let name = record
        .of(Element::Creator)
        .chain(record.of(Element::Contributor))
        .next()
        .map(|one| family_name(&one.value, one.qualifier.is_some()))
        .unwrap_or_default();
    let year = record
        .group(Element::Date, None)
        .chain(record.of(Element::Date))
        .find_map(|one| identifiers::year(&one.value));
    if name.is_empty() && year.is_none() {
        return None;
    }
    let year = year.map(|year| year.to_string()).unwrap_or_default();
    Some(format!("{title}/{name}/{year}"))
}

/// The family name, folded: what stands before the comma, or the last word; the
/// whole of a body's name and of names in scripts without blanks.
pub(super) fn family_name(name: &str, corporate: bool) -> String {
    // Years of life, and what stands in brackets, are no part of it.
    let name = name.split(['(', '[']).next().unwrap_or(name);
    let words = |text: &str| fold(text).split(' ').collect::<String>();
    if corporate {
        return words(name);
    }
    let mut parts = name.split([',', '،', '、']);
    let (first, second) = (parts.next().unwrap_or_default(), parts.next());
    let second = second.filter(|text| !text.contains(|one: char| one.is_ascii_digit()));
    if name.chars().any(is_unspaced) {
        return words(&format!("{first}{}", second.unwrap_or_default()));
    }
    if second.is_some() {
        return words(first);
    }
    let folded = fold(first);
    let last = folded
        .rsplit(' ')
        .find(|word| !matches!(*word, "jr" | "sr" | "ii" | "iii" | "") && word.chars().count() > 1);
    last.unwrap_or(&folded).to_owned()
}
