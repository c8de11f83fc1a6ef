//! What several fields say together: languages, the date, the main entry.

use super::draft::{self, Draft, sub};
use super::read;
use crate::records::desk::elements::{DublinCore, Element, Statement};
use crate::records::desk::normal::collapse;
use crate::records::identifiers;
use crate::records::languages as tags;

/// The most codes written together in one subfield of 041 of old records.
const MAX_JOINED_CODES: usize = 20;

/// Positions of 008 (MARC 21, 008 – all materials).
mod position {
    pub(super) const DATE_TYPE: usize = 6;
    pub(super) const DATE1: std::ops::Range<usize> = 7..11;
    pub(super) const DATES: std::ops::Range<usize> = 7..15;
    pub(super) const LANGUAGE: std::ops::Range<usize> = 35..38;
}

fn fixed(drafts: &[Draft]) -> Option<&[u8]> {
    drafts
        .iter()
        .find(|one| one.alive && one.tag == *b"008")
        .and_then(Draft::control)
        .filter(|bytes| bytes.len() >= position::LANGUAGE.end && bytes.is_ascii())
}

/// Changes the first 008, if it is long enough.
fn edit_fixed(drafts: &mut [Draft], edit: impl FnOnce(&mut Vec<u8>)) {
    let Some(mut bytes) = fixed(drafts).map(<[u8]>::to_vec) else {
        return;
    };
    edit(&mut bytes);
    if let Some(draft) = drafts
        .iter_mut()
        .find(|one| one.alive && one.tag == *b"008")
    {
        draft.set_control(bytes);
    }
}

fn fill(bytes: &mut [u8], range: std::ops::Range<usize>, text: &str) {
    if let Some(slots) = bytes.get_mut(range) {
        for (slot, byte) in slots.iter_mut().zip(text.bytes()) {
            *slot = byte;
        }
    }
}

/// The year in 008, where no field states a date.
pub(super) fn date_of_fixed_field(drafts: &[Draft], statements: &[Statement]) -> Option<Statement> {
    if statements
        .iter()
        .any(|one| one.group() == (Element::Date, None))
    {
        return None;
    }
    let year = fixed(drafts)?.get(position::DATE1)?;
    let text = std::str::from_utf8(year).ok()?;
    let known = text.bytes().all(|byte| byte.is_ascii_digit())
        && text
            .parse::<u16>()
            .is_ok_and(|year| (1..=2999).contains(&year));
    known.then(|| Statement::new(Element::Date, text))
}

/// Puts the year of the first date into 008.
pub(super) fn set_date(drafts: &mut [Draft], wanted: &DublinCore) {
    let date = wanted.group(Element::Date, None).next();
    let year = date
        .and_then(|one| identifiers::year(&one.value))
        .filter(|year| (0..=9999).contains(year));
    edit_fixed(drafts, |bytes| {
        let kind = bytes.get(position::DATE_TYPE).copied().unwrap_or(b'n');
        match year {
            Some(year) => {
                fill(bytes, position::DATE1, &format!("{year:04}"));
                if !b"ceikmpqrtud".contains(&kind) {
                    fill(bytes, position::DATES, &format!("{year:04}    "));
                    fill(bytes, position::DATE_TYPE..position::DATE_TYPE + 1, "s");
                }
            }
            None => {
                fill(bytes, position::DATES, "uuuuuuuu");
                fill(bytes, position::DATE_TYPE..position::DATE_TYPE + 1, "n");
            }
        }
    });
}

/// Languages of the work: those of 041 $a, otherwise that of 008.
pub(super) fn languages(drafts: &[Draft]) -> Vec<Statement> {
    spoken(drafts)
        .into_iter()
        .map(|tag| Statement::new(Element::Language, tag))
        .collect()
}

fn spoken(drafts: &[Draft]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut add = |tag: String| {
        if !tag.is_empty() && out.len() < read::MAX_SHOWN && !out.contains(&tag) {
            out.push(tag);
        }
    };
    for draft in drafts.iter().filter(|one| one.alive && one.tag == *b"041") {
        for (_, _, text) in draft.subs().filter(|one| one.1 == b'a') {
            let text = collapse(&text);
            if draft.ind2 == b'7' || !text.is_ascii() {
                add(tags::normalize(&text).unwrap_or(text));
                continue;
            }
            for code in text.as_bytes().chunks(3).take(MAX_JOINED_CODES) {
                if let Some(tag) = std::str::from_utf8(code).ok().and_then(tags::from_marc) {
                    add(tag);
                }
            }
        }
    }
    if out.is_empty() {
        let code = fixed(drafts).and_then(|bytes| bytes.get(position::LANGUAGE));
        let code = code.and_then(|bytes| std::str::from_utf8(bytes).ok());
        out.extend(code.and_then(tags::from_marc));
    }
    out
}

/// The code of MARC that means a tag and no more than it.
fn code(tag: &str) -> Option<String> {
    if tag.contains('-') {
        return None;
    }
    let code = tags::to_marc(tag)?;
    (tags::from_marc(&code).as_deref() == Some(tag)).then_some(code)
}

/// Writes the languages into 008 and, if that is not enough, 041.
pub(super) fn set_languages(drafts: &mut Vec<Draft>, wanted: &DublinCore) {
    let wanted: Vec<String> = wanted
        .of(Element::Language)
        .map(|one| one.value.clone())
        .collect();
    if wanted == spoken(drafts) {
        return;
    }
    for draft in drafts.iter_mut().filter(|one| one.tag == *b"041") {
        draft.drop_codes(b"a");
        draft.alive &= !draft.is_empty_but(b"");
    }
    let first = wanted.first().map(String::as_str).unwrap_or_default();
    let main = tags::to_marc(first)
        .filter(|code| tags::from_marc(code).is_some())
        .unwrap_or_else(|| "und".to_owned());
    edit_fixed(drafts, |bytes| fill(bytes, position::LANGUAGE, &main));
    if spoken(drafts) == wanted {
        return;
    }
    let mut run: Vec<String> = Vec::new();
    for tag in &wanted {
        if let Some(code) = code(tag) {
            run.push(code);
            continue;
        }
        flush(drafts, &mut run);
        let known = tags::normalize(tag).as_ref() == Some(tag);
        let source = if known { "rfc5646" } else { "local" };
        let subfields = vec![sub(b'a', tag), sub(b'2', source)];
        draft::insert(drafts, Draft::new(b"041", b'0', b'7', subfields));
    }
    flush(drafts, &mut run);
}

/// Writes codes gathered into the 041 that is left (of translations), if it is
/// the last, otherwise into a new one.
fn flush(drafts: &mut Vec<Draft>, run: &mut Vec<String>) {
    if run.is_empty() {
        return;
    }
    let subfields = run.drain(..).map(|code| sub(b'a', &code));
    let last = drafts
        .iter_mut()
        .rfind(|one| one.alive && one.tag == *b"041");
    match last {
        Some(draft) if draft.ind2 != b'7' && !draft.has(b'a') => {
            draft.slots.splice(0..0, subfields.map(|one| vec![one]));
            draft.touched = true;
        }
        _ => {
            let subfields = subfields.collect();
            draft::insert(drafts, Draft::new(b"041", b'0', b' ', subfields));
        }
    }
}

/// What stood at the head of the record before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    main: bool,
    names: bool,
}

impl Entry {
    pub(super) fn of(drafts: &[Draft]) -> Self {
        Self {
            main: has_main(drafts),
            names: read::all(drafts)
                .iter()
                .any(|one| one.statement.element.takes_role()),
        }
    }
}

/// A main entry: a field 1XX.
fn has_main(drafts: &[Draft]) -> bool {
    drafts
        .iter()
        .any(|one| one.alive && one.tag.starts_with(b"1") && one.number() > 0)
}

/// Which sort of entry a name is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    /// 1XX.
    Main,
    /// 70X, 71X.
    Added,
    /// 720.
    Uncontrolled,
}

fn class(draft: &Draft) -> Class {
    match draft.number() {
        100..=199 => Class::Main,
        720 => Class::Uncontrolled,
        _ => Class::Added,
    }
}

/// Moves a name to another sort of entry; its subfields stay.
fn retag(draft: &mut Draft, to: Class) {
    let from = class(draft);
    if from == to {
        return;
    }
    let kind = match (draft.number() % 100, draft.ind1) {
        (10, _) | (20, b'2') => 10,
        (11, _) => 11,
        _ => 0,
    };
    let comma = draft.first(b'a').is_some_and(|name| name.contains(','));
    if from == Class::Uncontrolled {
        draft.ind1 = match (kind, comma) {
            (0, true) => b'1',
            (0, false) => b'0',
            _ => b'2',
        };
    }
    draft.tag = match (to, kind) {
        (Class::Main, 10) => *b"110",
        (Class::Main, 11) => *b"111",
        (Class::Main, _) => *b"100",
        (_, 11) => *b"711",
        (Class::Added, 10) => *b"710",
        (Class::Added, _) => *b"700",
        (Class::Uncontrolled, kind) => {
            draft.ind1 = if kind == 10 { b'2' } else { b'1' };
            *b"720"
        }
    };
    draft.ind2 = b' ';
    draft.touched = true;
}

/// Puts names into the wanted order, the first creator into the main entry if
/// the record had one or had no names, and the first indicator of 245 right.
pub(super) fn order_names(drafts: &mut Vec<Draft>, wanted: &DublinCore, before: Entry) {
    for element in [Element::Creator, Element::Contributor] {
        order(drafts, wanted, element);
    }
    if !has_main(drafts) && (before.main || !before.names) {
        let first = read::all(drafts)
            .iter()
            .find(|one| one.statement.element == Element::Creator)
            .map(|one| one.draft);
        if let Some(draft) = first.and_then(|at| drafts.get_mut(at)) {
            let mut main = draft.clone();
            draft.alive = false;
            retag(&mut main, Class::Main);
            draft::insert(drafts, main);
        }
    }
    let main = has_main(drafts);
    if main != before.main
        && let Some(title) = drafts
            .iter_mut()
            .find(|one| one.alive && one.tag == *b"245")
    {
        title.ind1 = if main { b'1' } else { b'0' };
        title.touched = true;
    }
}

fn order(drafts: &mut [Draft], wanted: &DublinCore, element: Element) {
    let mut have: Vec<(usize, Statement)> = read::all(drafts)
        .into_iter()
        .filter(|one| one.statement.element == element)
        .map(|one| (one.draft, one.statement))
        .collect();
    let places: Vec<usize> = have.iter().map(|one| one.0).collect();
    let mut order = Vec::with_capacity(places.len());
    for statement in wanted.of(element) {
        if let Some(at) = have.iter().position(|one| one.1 == *statement) {
            order.push(have.remove(at).0);
        }
    }
    if order == places || order.len() != places.len() {
        return;
    }
    let moved: Vec<Draft> = order
        .iter()
        .filter_map(|at| drafts.get(*at).cloned())
        .collect();
    for (place, mut draft) in places.into_iter().zip(moved) {
        if let Some(slot) = drafts.get_mut(place) {
            retag(&mut draft, class(slot));
            *slot = draft;
        }
    }
}
