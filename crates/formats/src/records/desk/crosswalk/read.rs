//! Statements out of fields, each with the subfields that say it.

use super::draft::Draft;
use crate::records::desk::elements::{Element, Qualifier, Statement};
use crate::records::desk::normal::{collapse, normal_role, normal_value};
use crate::records::desk::work::MAX_STATEMENTS;
use crate::records::languages;
use crate::records::marc::map::{isbd, trim_marks};

/// The most statements that a record is read for; what stands after them is not
/// shown, and not touched.
pub(super) const MAX_SHOWN: usize = 2 * MAX_STATEMENTS;

/// How subfields make a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Each subfield is a value.
    Each,
    /// All together, parted by blanks.
    Joined,
    /// Title proper, parts, other title information.
    Title,
    /// A name with its dates.
    Name,
    /// A heading with subdivisions.
    Heading,
    /// A series and its number.
    Series,
    /// Another work, and where in it.
    Linked,
    /// A number with its scheme before it.
    Number,
}

/// What of a field says what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) element: Element,
    pub(super) qualifier: Option<Qualifier>,
    pub(super) style: Style,
    pub(super) codes: &'static [u8],
}

/// A statement and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) statement: Statement,
    /// The number of the field.
    pub(super) draft: usize,
    /// The numbers of its subfields, at least one.
    pub(super) places: Vec<usize>,
    pub(super) part: Part,
}

impl Found {
    pub(super) fn group(&self) -> (Element, Option<Qualifier>) {
        self.statement.group()
    }
}

/// The statements of all fields, in order; the second title proper is an
/// alternative one.
pub(super) fn all(drafts: &[Draft]) -> Vec<Found> {
    let mut titled = false;
    let mut out = Vec::new();
    for (at, draft) in drafts.iter().enumerate().filter(|one| one.1.alive) {
        for mut found in one(draft) {
            found.draft = at;
            if found.group() == (Element::Title, None) && std::mem::replace(&mut titled, true) {
                found.statement.qualifier = Some(Qualifier::Alternative);
            }
            if out.len() < MAX_SHOWN {
                out.push(found);
            }
        }
    }
    out
}

/// The statements of one field.
pub(super) fn one(draft: &Draft) -> Vec<Found> {
    let mut out = Vec::new();
    for part in parts(draft) {
        if part.style == Style::Each {
            for (place, code, text) in draft.subs() {
                if part.codes.contains(&code) && out.len() < MAX_SHOWN {
                    out.extend(found(draft, part, vec![place], &text));
                }
            }
            continue;
        }
        let mut places: Vec<usize> = draft
            .subs()
            .filter(|one| part.codes.contains(&one.1))
            .map(|one| one.0)
            .collect();
        places.dedup();
        if !places.is_empty() {
            out.extend(found(draft, part, places, &joined(draft, part)));
        }
    }
    out
}

fn found(draft: &Draft, part: Part, places: Vec<usize>, text: &str) -> Option<Found> {
    let value = normal_value(part.element, part.qualifier, text);
    if value.is_empty() {
        return None;
    }
    let (mut element, mut role) = (part.element, None);
    if element.takes_role() {
        (element, role) = normal_role(element, given_role(draft).as_deref());
    }
    let language = if element.takes_language(part.qualifier) {
        language(draft)
    } else {
        None
    };
    Some(Found {
        statement: Statement {
            element,
            qualifier: part.qualifier,
            value,
            language,
            role,
        },
        draft: 0,
        places,
        part,
    })
}

/// $4 (a code, or the address of one), otherwise a word.
fn given_role(draft: &Draft) -> Option<String> {
    draft
        .first(b'4')
        .filter(|text| !collapse(text).is_empty())
        .or_else(|| draft.first(draft.role_code()))
}

/// $9 `lang:en`, which is our own: MARC has no place for the language of a value.
fn language(draft: &Draft) -> Option<String> {
    draft
        .subs()
        .filter(|one| one.1 == b'9')
        .find_map(|one| languages::normalize(one.2.strip_prefix("lang:")?))
}

fn joined(draft: &Draft, part: Part) -> String {
    let subs = draft.subs().filter(|one| part.codes.contains(&one.1));
    let personal = draft.number().is_multiple_of(100);
    let mut out = String::new();
    for (_, code, raw) in subs {
        let text = collapse(&raw);
        let (text, mark) = match part.style {
            Style::Title => {
                let numbered = code == b'p' && out.ends_with(char::is_numeric);
                let mark = match code {
                    b'b' => " : ",
                    _ if numbered => ", ",
                    _ => ". ",
                };
                (isbd(&text), mark)
            }
            Style::Name if code == b'd' && personal && !out.ends_with(',') => (text, ", "),
            Style::Heading if b"vxyz".contains(&code) => (isbd(&text), " -- "),
            Style::Series => (trim_marks(&text), if code == b'v' { " ; " } else { ". " }),
            Style::Linked => (trim_marks(&text), ", "),
            _ => (text, " "),
        };
        if text.is_empty() {
            continue;
        }
        if !out.is_empty() {
            if mark != " " {
                // What stands before the mark has lost its own.
                out = if part.style == Style::Heading {
                    isbd(&out)
                } else {
                    out
                };
                out.push_str(mark);
            } else {
                out.push(' ');
            }
        }
        out.push_str(&text);
    }
    if part.style == Style::Number
        && !out.is_empty()
        && let Some(scheme) = scheme_of_number(draft)
    {
        return format!("{scheme}:{out}");
    }
    out
}

/// 024: what sort of number is said by the first indicator or $2.
fn scheme_of_number(draft: &Draft) -> Option<String> {
    let scheme = match draft.ind1 {
        b'0' => "isrc",
        b'1' => "upc",
        b'2' => "ismn",
        b'3' => "ean",
        b'4' => "sici",
        b'7' => return draft.first(b'2').map(|text| collapse(&text)),
        _ => return None,
    };
    Some(scheme.to_owned())
}

/// What a field says, by its tag and indicators.
fn parts(draft: &Draft) -> Vec<Part> {
    use Element as E;
    use Qualifier as Q;
    let part = |element, qualifier, style, codes| {
        vec![Part {
            element,
            qualifier,
            style,
            codes,
        }]
    };
    match draft.number() {
        10 => part(E::Identifier, Some(Q::Lccn), Style::Each, b"a"),
        20 => part(E::Identifier, Some(Q::Isbn), Style::Each, b"a"),
        22 => part(E::Identifier, Some(Q::Issn), Style::Each, b"a"),
        24 if is_doi(draft) => part(E::Identifier, Some(Q::Doi), Style::Each, b"a"),
        24 => part(E::Identifier, None, Style::Number, b"a"),
        35 if is_oclc(draft) => part(E::Identifier, Some(Q::Oclc), Style::Each, b"a"),
        46 => [
            part(E::Date, Some(Q::Created), Style::Each, b"k"),
            part(E::Date, Some(Q::Modified), Style::Each, b"j"),
        ]
        .concat(),
        50 => part(E::Subject, Some(Q::Lcc), Style::Joined, b"ab"),
        80 => part(E::Subject, Some(Q::Udc), Style::Each, b"a"),
        82 => part(E::Subject, Some(Q::Ddc), Style::Each, b"a"),
        130 | 240 | 242 | 246 | 247 | 730 | 740 => {
            part(E::Title, Some(Q::Alternative), Style::Title, b"abnp")
        }
        245 => part(E::Title, None, Style::Title, b"abnpsfgk"),
        260 => imprint(),
        264 if matches!(draft.ind2, b'0' | b'1' | b' ') => imprint(),
        264 if draft.ind2 == b'4' => part(E::Date, Some(Q::Copyrighted), Style::Each, b"c"),
        300 => part(E::Format, Some(Q::Extent), Style::Joined, b"abce"),
        340 => part(E::Format, Some(Q::Medium), Style::Each, b"a"),
        440 | 490 => part(E::Relation, Some(Q::Series), Style::Series, b"anpv"),
        600..=699 => subject(draft),
        100..=199 | 700..=739 => name(draft),
        _ => notes_and_links(draft),
    }
}

fn imprint() -> Vec<Part> {
    let part = |element, codes| Part {
        element,
        qualifier: None,
        style: Style::Each,
        codes,
    };
    vec![part(Element::Publisher, b"b"), part(Element::Date, b"c")]
}

fn is_doi(draft: &Draft) -> bool {
    let source = draft.first(b'2').unwrap_or_default();
    draft.ind1 == b'7' && collapse(&source).eq_ignore_ascii_case("doi")
}

fn is_oclc(draft: &Draft) -> bool {
    draft
        .first(b'a')
        .is_some_and(|text| collapse(&text).starts_with("(OCoLC)"))
}

fn name(draft: &Draft) -> Vec<Part> {
    let (qualifier, codes): (_, &[u8]) = match draft.number() % 100 {
        0 => (None, b"abcqd"),
        10 => (Some(Qualifier::Corporate), b"abcdn"),
        11 => (Some(Qualifier::Meeting), b"acdenq"),
        // 720: an uncontrolled name; its first indicator tells persons.
        20 if draft.ind1 == b'2' => (Some(Qualifier::Corporate), b"a"),
        20 => (None, b"a"),
        _ => return Vec::new(),
    };
    // An entry for another work by this name is no part in this one.
    if draft.has(b't') {
        return Vec::new();
    }
    vec![Part {
        element: Element::Creator,
        qualifier,
        style: Style::Name,
        codes,
    }]
}

fn subject(draft: &Draft) -> Vec<Part> {
    use Qualifier as Q;
    let part = |element, qualifier, style, codes| {
        vec![Part {
            element,
            qualifier,
            style,
            codes,
        }]
    };
    let scheme = match draft.ind2 {
        b'0' => Some(Q::Lcsh),
        b'2' => Some(Q::Mesh),
        _ => None,
    };
    match draft.number() {
        600 | 610 | 611 | 630 => part(
            Element::Subject,
            scheme,
            Style::Heading,
            b"abcdfgklmnopqrtvxyz",
        ),
        648 | 650 | 651 => part(Element::Subject, scheme, Style::Heading, b"abcdvxyz"),
        653 => part(Element::Subject, None, Style::Each, b"a"),
        655 => {
            let source = draft.first(b'2').unwrap_or_default();
            let dcmi = collapse(&source) == "dct";
            part(
                Element::Type,
                dcmi.then_some(Q::Dcmi),
                Style::Joined,
                b"avxyz",
            )
        }
        _ => Vec::new(),
    }
}

fn notes_and_links(draft: &Draft) -> Vec<Part> {
    use Element as E;
    use Qualifier as Q;
    let part = |element, qualifier, style, codes| {
        vec![Part {
            element,
            qualifier,
            style,
            codes,
        }]
    };
    match draft.number() {
        500 | 502 | 504 | 508 | 511 | 518 | 521 | 536 | 545 | 546 | 561 | 586 => part(
            E::Description,
            Some(Q::Note),
            Style::Joined,
            b"abcdghnopqrt",
        ),
        505 => part(
            E::Description,
            Some(Q::TableOfContents),
            Style::Joined,
            b"agrt",
        ),
        506 => part(E::Rights, Some(Q::AccessRights), Style::Joined, b"a"),
        510 => part(E::Relation, Some(Q::IsReferencedBy), Style::Joined, b"abc"),
        513 => part(E::Coverage, Some(Q::Temporal), Style::Joined, b"b"),
        520 => {
            let abstracts = draft.ind1 == b'3';
            let qualifier = abstracts.then_some(Q::Abstract);
            part(E::Description, qualifier, Style::Joined, b"ab")
        }
        522 => {
            let qualifier = (draft.ind1 != b'8').then_some(Q::Spatial);
            part(E::Coverage, qualifier, Style::Joined, b"a")
        }
        538 => part(E::Relation, Some(Q::Requires), Style::Joined, b"a"),
        540 => [
            part(E::Rights, None, Style::Joined, b"a"),
            part(E::Rights, Some(Q::License), Style::Each, b"u"),
        ]
        .concat(),
        773 => part(E::Relation, Some(Q::IsPartOf), Style::Linked, b"atgn"),
        774 => part(E::Relation, Some(Q::HasPart), Style::Linked, b"atgn"),
        775 => part(E::Relation, Some(Q::IsVersionOf), Style::Linked, b"atgn"),
        776 => part(E::Relation, Some(Q::IsFormatOf), Style::Linked, b"atgn"),
        780 => part(E::Relation, Some(Q::Replaces), Style::Linked, b"atgn"),
        785 => part(E::Relation, Some(Q::IsReplacedBy), Style::Linked, b"atgn"),
        786 => part(E::Source, None, Style::Linked, b"atgn"),
        787 => part(E::Relation, None, Style::Linked, b"atgn"),
        856 => [
            part(E::Identifier, Some(Q::Uri), Style::Each, b"u"),
            part(E::Format, None, Style::Each, b"q"),
        ]
        .concat(),
        _ => Vec::new(),
    }
}
