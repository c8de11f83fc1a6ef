//! Fields out of statements: where a new one goes, and how its value is parted.

use super::draft::{Draft, sub};
use super::read::{Part, Style};
use crate::records::desk::elements::{Element, Qualifier, Statement};
use crate::records::marc::Subfield;

/// Where a new statement goes.
pub(super) struct Home {
    pub(super) tag: &'static [u8; 3],
    pub(super) ind1: u8,
    pub(super) ind2: u8,
    pub(super) style: Style,
    pub(super) code: u8,
    /// Subfields that say the scheme.
    pub(super) source: Option<&'static str>,
}

/// The home of an element with a qualifier.
#[rustfmt::skip]
pub(super) fn home(statement: &Statement) -> Home {
    use Element as E;
    use Qualifier as Q;
    let at = |tag, indicators: &[u8; 2], style, code| {
        let [ind1, ind2] = *indicators;
        Home { tag, ind1, ind2, style, code, source: None }
    };
    let from = |home: Home, source| Home { source: Some(source), ..home };
    match (statement.element, statement.qualifier) {
        (E::Title, None) => at(b"245", b"00", Style::Title, b'a'),
        (E::Title, Some(_)) => at(b"246", b"3 ", Style::Title, b'a'),
        (E::Creator | E::Contributor, Some(Q::Corporate)) => at(b"710", b"2 ", Style::Name, b'a'),
        (E::Creator | E::Contributor, Some(Q::Meeting)) => at(b"711", b"2 ", Style::Name, b'a'),
        (E::Creator | E::Contributor, _) if statement.value.contains(',') => at(b"700", b"1 ", Style::Name, b'a'),
        (E::Creator | E::Contributor, _) => at(b"700", b"0 ", Style::Name, b'a'),
        (E::Subject, Some(Q::Lcsh)) => at(b"650", b" 0", Style::Heading, b'a'),
        (E::Subject, Some(Q::Mesh)) => at(b"650", b" 2", Style::Heading, b'a'),
        (E::Subject, Some(Q::Ddc)) => at(b"082", b"04", Style::Each, b'a'),
        (E::Subject, Some(Q::Udc)) => at(b"080", b"  ", Style::Each, b'a'),
        (E::Subject, Some(Q::Lcc)) => at(b"050", b" 4", Style::Joined, b'a'),
        (E::Subject, _) => at(b"653", b"  ", Style::Each, b'a'),
        (E::Description, Some(Q::Abstract)) => at(b"520", b"3 ", Style::Joined, b'a'),
        (E::Description, Some(Q::TableOfContents)) => at(b"505", b"0 ", Style::Joined, b'a'),
        (E::Description, Some(Q::Note)) => at(b"500", b"  ", Style::Joined, b'a'),
        (E::Description, _) => at(b"520", b"  ", Style::Joined, b'a'),
        (E::Publisher, _) => at(b"264", b" 1", Style::Each, b'b'),
        (E::Date, Some(Q::Copyrighted)) => at(b"264", b" 4", Style::Each, b'c'),
        (E::Date, Some(Q::Created)) => from(at(b"046", b"  ", Style::Each, b'k'), "edtf"),
        (E::Date, Some(Q::Modified)) => from(at(b"046", b"  ", Style::Each, b'j'), "edtf"),
        (E::Date, _) => at(b"264", b" 1", Style::Each, b'c'),
        (E::Type, Some(Q::Dcmi)) => from(at(b"655", b" 7", Style::Joined, b'a'), "dct"),
        (E::Type, _) => from(at(b"655", b" 7", Style::Joined, b'a'), "local"),
        (E::Format, Some(Q::Extent)) => at(b"300", b"  ", Style::Joined, b'a'),
        (E::Format, Some(Q::Medium)) => at(b"340", b"  ", Style::Each, b'a'),
        (E::Format, _) => at(b"856", b"  ", Style::Each, b'q'),
        (E::Identifier, Some(Q::Isbn)) => at(b"020", b"  ", Style::Each, b'a'),
        (E::Identifier, Some(Q::Issn)) => at(b"022", b"  ", Style::Each, b'a'),
        (E::Identifier, Some(Q::Doi)) => from(at(b"024", b"7 ", Style::Each, b'a'), "doi"),
        (E::Identifier, Some(Q::Uri)) => at(b"856", b"40", Style::Each, b'u'),
        (E::Identifier, Some(Q::Lccn)) => at(b"010", b"  ", Style::Each, b'a'),
        (E::Identifier, Some(Q::Oclc)) => at(b"035", b"  ", Style::Each, b'a'),
        (E::Identifier, _) => at(b"024", b"8 ", Style::Number, b'a'),
        (E::Source, _) => at(b"786", b"0 ", Style::Linked, b'n'),
        // Languages have rules of their own: see `special`.
        (E::Language, _) => at(b"041", b" 7", Style::Each, b'a'),
        (E::Relation, Some(Q::IsPartOf)) => at(b"773", b"0 ", Style::Linked, b't'),
        (E::Relation, Some(Q::Series)) => at(b"490", b"0 ", Style::Series, b'a'),
        (E::Relation, Some(Q::HasPart)) => at(b"774", b"0 ", Style::Linked, b't'),
        (E::Relation, Some(Q::IsVersionOf)) => at(b"775", b"0 ", Style::Linked, b't'),
        (E::Relation, Some(Q::IsFormatOf)) => at(b"776", b"0 ", Style::Linked, b't'),
        (E::Relation, Some(Q::Replaces)) => at(b"780", b"00", Style::Linked, b't'),
        (E::Relation, Some(Q::IsReplacedBy)) => at(b"785", b"00", Style::Linked, b't'),
        (E::Relation, Some(Q::IsReferencedBy)) => at(b"510", b"3 ", Style::Joined, b'a'),
        (E::Relation, Some(Q::Requires)) => at(b"538", b"  ", Style::Joined, b'a'),
        (E::Relation, _) => at(b"787", b"0 ", Style::Linked, b'n'),
        (E::Coverage, Some(Q::Spatial)) => at(b"522", b"  ", Style::Joined, b'a'),
        (E::Coverage, Some(Q::Temporal)) => at(b"513", b"  ", Style::Joined, b'b'),
        (E::Coverage, _) => at(b"522", b"8 ", Style::Joined, b'a'),
        (E::Rights, Some(Q::AccessRights)) => at(b"506", b"  ", Style::Joined, b'a'),
        (E::Rights, Some(Q::License)) => at(b"540", b"  ", Style::Each, b'u'),
        (E::Rights, _) => at(b"540", b"  ", Style::Joined, b'a'),
    }
}

/// Ways to part a value into subfields, the best first; the last, the whole in
/// one subfield, always reads back.
pub(super) fn ways(statement: &Statement, style: Style, code: u8) -> Vec<Vec<Subfield>> {
    let value = statement.value.as_str();
    let mut out = Vec::new();
    match (style, statement.element, statement.qualifier) {
        (Style::Title, ..) => {
            if let Some((title, rest)) = value.split_once(" : ") {
                out.push(vec![sub(b'a', &format!("{title} :")), sub(b'b', rest)]);
            }
        }
        (Style::Name, _, None) => {
            if let Some((name, dates)) = value.rsplit_once(", ").filter(|one| is_life(one.1)) {
                out.push(vec![sub(b'a', &format!("{name},")), sub(b'd', dates)]);
            }
        }
        (Style::Heading, ..) => {
            let mut parts = value.split(" -- ");
            let mut subs = vec![sub(b'a', parts.next().unwrap_or_default())];
            subs.extend(parts.map(|part| sub(b'x', part)));
            out.push(subs);
        }
        (Style::Series, ..) => {
            if let Some((title, volume)) = value.rsplit_once(" ; ") {
                out.push(vec![sub(b'a', &format!("{title} ;")), sub(b'v', volume)]);
            }
        }
        (Style::Linked, _, Some(Qualifier::IsPartOf)) => {
            if let Some((title, place)) = enumeration(value) {
                out.push(vec![sub(b't', title), sub(b'g', place)]);
            }
        }
        (Style::Each, _, Some(Qualifier::Copyrighted)) => {
            out.push(vec![sub(code, &format!("©{value}"))]);
        }
        (Style::Each, _, Some(Qualifier::Oclc)) => {
            out.push(vec![sub(code, &format!("(OCoLC){value}"))]);
        }
        _ => {}
    }
    out.push(vec![sub(code, value)]);
    out
}

/// `1892-1973`, `1964-`: years of a life.
fn is_life(text: &str) -> bool {
    let year = |text: &str| {
        (3..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    text.split_once('-')
        .is_some_and(|(born, died)| year(born) && (died.is_empty() || year(died)))
}

/// `Nature, vol. 3, no. 2, p. 5`: the host, and the place in it.
fn enumeration(value: &str) -> Option<(&str, &str)> {
    let lower = value.to_ascii_lowercase();
    let at = [", vol. ", ", no. ", ", p. ", ", v. ", ", nr. ", ", т. "]
        .iter()
        .filter_map(|mark| lower.find(mark))
        .min()?;
    Some((value.get(..at)?, value.get(at + 2..)?))
}

/// The new value in the subfields of the old, where the parts correspond:
/// subdivisions keep their codes, values the marks after them.
pub(super) fn ways_like(
    draft: &Draft,
    places: &[usize],
    part: Part,
    old: &str,
    new: &Statement,
) -> Vec<Vec<Subfield>> {
    let old_subs: Vec<(u8, String)> = draft
        .subs()
        .filter(|one| places.contains(&one.0))
        .map(|one| (one.1, one.2))
        .collect();
    let first = old_subs.first().map_or(b'a', |one| one.0);
    let mut out = Vec::new();
    if part.style == Style::Heading {
        let split = old_subs
            .iter()
            .position(|one| b"vxyz".contains(&one.0))
            .unwrap_or(old_subs.len());
        let (main, divisions) = old_subs.split_at(split);
        let mut new_parts = new.value.split(" -- ");
        let new_main = new_parts.next().unwrap_or_default();
        let same_main = old.split(" -- ").next() == Some(new_main);
        let mut subs: Vec<Subfield> = if same_main {
            main.iter().map(|one| sub(one.0, &one.1)).collect()
        } else {
            vec![sub(b'a', new_main)]
        };
        let mut codes = divisions.iter().map(|one| one.0);
        subs.extend(new_parts.map(|one| sub(codes.next().unwrap_or(b'x'), one)));
        out.push(subs);
    }
    if let [(code, raw)] = old_subs.as_slice()
        && let Some(marks) = raw.trim_start().strip_prefix(old)
        && !marks.is_empty()
    {
        out.push(vec![sub(*code, &format!("{}{marks}", new.value))]);
    }
    if part.style == Style::Title && draft.has(b'c') {
        // The statement of responsibility keeps the mark before it.
        for way in ways(new, part.style, b'a') {
            let mut way = way;
            if let Some(last) = way.last_mut() {
                last.data.extend_from_slice(b" /");
            }
            out.push(way);
        }
    }
    let code = if part.codes.contains(&first) && part.style == Style::Each {
        first
    } else {
        home(new).code
    };
    let code = if part.codes.contains(&code) {
        code
    } else {
        first
    };
    out.extend(ways(new, part.style, code));
    out
}
