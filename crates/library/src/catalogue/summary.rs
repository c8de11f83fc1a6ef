//! What lists, matching and suggestions need to know of a work.

use std::collections::BTreeSet;

use lampion_formats::records::desk::{
    HeadingKind, MatchKey, Scheme, Work, article_chars, fold, heading_key, headings_of,
    match_keys_of,
};

use super::envelope::Envelope;

/// Longest title and names that lists keep, in characters.
const TITLE_CHARS: usize = 500;
/// Longest text by which lists are ordered, in characters.
const SORT_CHARS: usize = 120;
/// Headings that are counted of one record.
const HEADINGS_LIMIT: usize = 200;

/// A heading: kind, key, how it is written.
pub(super) type HeadingKey = (String, Vec<u8>, String);

/// What the tables keep of one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub title: String,
    pub sort_title: Vec<u8>,
    pub author: String,
    pub year: i64,
    pub language: String,
    pub kind: String,
    pub scheme: &'static str,
    pub by: String,
    pub match_keys: Vec<String>,
    /// In the order of kind and display.
    pub headings: Vec<HeadingKey>,
    /// What it has, as bits; see [`super::tally`].
    pub has: i64,
}

/// A heading by its kind and how it is written.
pub(super) fn heading((kind, display): (String, String)) -> HeadingKey {
    let key = heading_key(&display).into_bytes();
    (kind, key, display)
}

/// The word of a heading's kind.
pub(super) fn heading_word(kind: HeadingKind) -> &'static str {
    match kind {
        HeadingKind::Person => "person",
        HeadingKind::Corporate => "corporate",
        HeadingKind::Meeting => "meeting",
        HeadingKind::Subject => "subject",
        HeadingKind::Place => "place",
        HeadingKind::Genre => "genre",
        HeadingKind::Publisher => "publisher",
        HeadingKind::Series => "series",
    }
}

/// The word of a scheme.
pub(super) fn scheme_word(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::DublinCore => "dublin-core",
        Scheme::Marc21 => "marc21",
    }
}

fn cut(text: &str, chars: usize) -> String {
    // Rows of text are kept one a line.
    text.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .take(chars)
        .collect()
}

impl Summary {
    /// Of a body; none if it can't be read.
    pub(super) fn of_body(body: &[u8]) -> Option<Self> {
        let envelope = Envelope::open(body).ok()?;
        let work = envelope.work().ok()?;
        Some(Self::published(&work, &envelope.by))
    }

    /// Of a work and who published it: the same as of the body that they become.
    pub(super) fn published(work: &Work, by: &str) -> Self {
        Self {
            by: cut(by, 200),
            ..Self::of(work)
        }
    }

    /// Of a work.
    fn of(work: &Work) -> Self {
        let record = work.to_catalogue();
        let title = cut(&record.full_title(), TITLE_CHARS);
        let kind = serde_json::to_value(record.kind)
            .ok()
            .and_then(|word| word.as_str().map(ToString::to_string));
        let normal = work.dublin_core().normal();
        let names: BTreeSet<(String, String)> = headings_of(&normal)
            .into_iter()
            .map(|one| (heading_word(one.kind).to_string(), cut(&one.display, 300)))
            .take(HEADINGS_LIMIT)
            .collect();
        Self {
            sort_title: sort_key(&title, record.language.as_deref()),
            title,
            author: record
                .authors
                .first()
                .map(|name| cut(&name.display, TITLE_CHARS))
                .unwrap_or_default(),
            year: record.year.map_or(0, i64::from),
            language: cut(record.language.as_deref().unwrap_or_default(), 20),
            kind: kind.unwrap_or_default(),
            scheme: scheme_word(work.scheme()),
            by: String::new(),
            match_keys: match_keys_of(&normal).iter().map(MatchKey::text).collect(),
            headings: names.into_iter().map(heading).collect(),
            has: super::tally::has(work, &record),
        }
    }
}

/// By what a title is ordered: folded, without the article of its language.
pub(super) fn sort_key(title: &str, language: Option<&str>) -> Vec<u8> {
    let skip = article_chars(title, language);
    let rest: String = title.chars().skip(skip).take(SORT_CHARS).collect();
    fold(&rest).into_bytes()
}
