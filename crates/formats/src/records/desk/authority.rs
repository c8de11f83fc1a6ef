//! Names and subjects of a work, for suggestions while typing.

use super::elements::{DublinCore, Element, Qualifier, Statement};
use super::fold::fold;
use super::normal::normal_value;
use super::work::Work;

/// The most characters of a key.
const MAX_KEY_CHARS: usize = 200;

/// What a heading stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HeadingKind {
    /// A person or family.
    Person,
    /// A body.
    Corporate,
    /// A meeting.
    Meeting,
    /// A subject, with its subdivisions.
    Subject,
    /// A place.
    Place,
    /// A genre or type.
    Genre,
    /// A publisher.
    Publisher,
    /// A series or host.
    Series,
}

/// A name or subject in the form that catalogues agree on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Heading {
    /// What it stands for.
    pub kind: HeadingKind,
    /// How it is written: `Hunt, Andrew, 1964-`.
    pub display: String,
    /// The same folded, for comparing and for finding by its beginning.
    pub key: String,
    /// For names, the MARC relator code or word; `aut` for authors, `ctb` for
    /// contributors without a role.
    pub role: Option<String>,
    /// For subjects, the scheme: `lcsh`, `mesh`.
    pub scheme: Option<&'static str>,
}

/// The key of a heading: folded, so that what is typed without accents, commas
/// and capitals finds it.
pub fn heading_key(text: &str) -> String {
    fold(text).chars().take(MAX_KEY_CHARS).collect()
}

/// All names and subjects of a work with their roles, in the order of the
/// record; the same heading once for each role. A UNIMARC record gives its
/// names and subjects without schemes.
pub fn headings(work: &Work) -> Vec<Heading> {
    headings_of(&work.dublin_core().normal())
}

/// The same of a record in Dublin Core in its normal form ([`DublinCore::normal`]).
pub fn headings_of(record: &DublinCore) -> Vec<Heading> {
    let mut out: Vec<Heading> = Vec::new();
    for statement in &record.statements {
        if let Some(heading) = heading(statement)
            && !out.contains(&heading)
        {
            out.push(heading);
        }
    }
    out
}

fn heading(statement: &Statement) -> Option<Heading> {
    use Qualifier as Q;
    let (kind, scheme) = match (statement.element, statement.qualifier) {
        (Element::Creator | Element::Contributor, Some(Q::Corporate)) => {
            (HeadingKind::Corporate, None)
        }
        (Element::Creator | Element::Contributor, Some(Q::Meeting)) => (HeadingKind::Meeting, None),
        (Element::Creator | Element::Contributor, _) => (HeadingKind::Person, None),
        (Element::Subject, Some(Q::Lcsh)) => (HeadingKind::Subject, Some("lcsh")),
        (Element::Subject, Some(Q::Mesh)) => (HeadingKind::Subject, Some("mesh")),
        (Element::Subject, None) => (HeadingKind::Subject, None),
        (Element::Coverage, Some(Q::Spatial)) => (HeadingKind::Place, None),
        (Element::Type, _) => (HeadingKind::Genre, None),
        (Element::Publisher, _) => (HeadingKind::Publisher, None),
        (Element::Relation, Some(Q::Series)) => (HeadingKind::Series, None),
        _ => return None,
    };
    // The number in a series is no part of its name.
    let value = match kind {
        HeadingKind::Series => statement.value.split(" ; ").next().unwrap_or_default(),
        _ => &statement.value,
    };
    let display = normal_value(statement.element, statement.qualifier, value);
    let key = heading_key(&display);
    if key.is_empty() {
        return None;
    }
    let role = match (&statement.role, statement.element) {
        (Some(role), _) => Some(role.clone()),
        (None, Element::Creator) => Some("aut".to_owned()),
        (None, Element::Contributor) => Some("ctb".to_owned()),
        (None, _) => None,
    };
    Some(Heading {
        kind,
        display,
        key,
        role,
        scheme,
    })
}
