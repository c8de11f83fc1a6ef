//! Changed Dublin Core back into the MARC record that it was read from.

use std::collections::BTreeSet;

use super::draft::{self, Draft, sub};
use super::homes::{home, ways, ways_like};
use super::read::{self, Found, Style};
use super::special;
use crate::records::desk::article_chars;
use crate::records::desk::elements::{DublinCore, Element, Qualifier, Statement};
use crate::records::desk::fold::{MAX_ALIKE_PAIRS, alike};
use crate::records::marc::MarcRecord;

/// What is to be done with one group of statements.
#[derive(Default)]
struct Plan {
    removals: Vec<Found>,
    changes: Vec<(Found, Statement)>,
    additions: Vec<Statement>,
}

/// Writes Dublin Core into a MARC 21 record: fields of statements that are as
/// they were stay as they are, those of changed statements change, new ones are
/// added, those of missing statements go. What [`super::get`] does not show is
/// not touched, but for the positions of 008 and the indicators that repeat
/// what changed (date, language, main entry, article of the title).
pub fn put(record: &MarcRecord, wanted: &DublinCore) -> MarcRecord {
    let wanted = wanted.normal();
    let mut drafts = draft::open(record);
    let old = read::all(&drafts);
    let entry = special::Entry::of(&drafts);
    let plan = plan(&drafts, &old, &wanted);
    let date = (Element::Date, None);
    let dates_change = plan.removals.iter().any(|one| one.group() == date)
        || plan.changes.iter().any(|one| one.0.group() == date)
        || plan.additions.iter().any(|one| one.group() == date)
        || wanted.group(Element::Date, None).next().is_none()
            && special::date_of_fixed_field(&drafts, &statements(&old)).is_some();
    let mut additions = plan.additions;
    for (found, new) in plan.changes {
        let changed = drafts
            .get_mut(found.draft)
            .is_some_and(|draft| change(draft, &found, &new));
        if !changed {
            remove(&mut drafts, &found);
            additions.push(new);
        }
    }
    for found in plan.removals {
        remove(&mut drafts, &found);
    }
    for statement in &wanted.statements {
        if let Some(at) = additions.iter().position(|one| one == statement) {
            add(&mut drafts, &additions.remove(at));
        }
    }
    if dates_change {
        special::set_date(&mut drafts, &wanted);
    }
    special::set_languages(&mut drafts, &wanted);
    special::order_names(&mut drafts, &wanted, entry);
    set_article(&mut drafts, &old, &wanted);
    MarcRecord {
        leader: record.leader,
        fields: draft::close(drafts),
    }
}

fn statements(found: &[Found]) -> Vec<Statement> {
    found.iter().map(|one| one.statement.clone()).collect()
}

/// Creators and contributors are one group: a changed role moves a name from
/// one to the other.
fn key(statement: &Statement) -> (Element, Option<Qualifier>) {
    let element = if statement.element.takes_role() {
        Element::Creator
    } else {
        statement.element
    };
    (element, statement.qualifier)
}

fn plan(drafts: &[Draft], old: &[Found], wanted: &DublinCore) -> Plan {
    let fixed_date = special::date_of_fixed_field(drafts, &statements(old));
    let groups: BTreeSet<_> = old
        .iter()
        .map(|one| key(&one.statement))
        .chain(wanted.statements.iter().map(key))
        .filter(|group| group.0 != Element::Language)
        .collect();
    let titled = wanted.group(Element::Title, None).next().is_some();
    let mut plan = Plan::default();
    for group in groups {
        let mut had: Vec<&Found> = old
            .iter()
            .filter(|one| key(&one.statement) == group)
            .collect();
        let mut want: Vec<&Statement> = wanted
            .statements
            .iter()
            .filter(|one| key(one) == group)
            .collect();
        if group == (Element::Title, Some(Qualifier::Alternative)) && !titled {
            // A second 245 would become the title proper.
            plan.removals.extend(
                had.extract_if(.., |one| one.part.qualifier.is_none())
                    .cloned(),
            );
        }
        if group == (Element::Date, None)
            && let Some(date) = &fixed_date
            && want == [date]
        {
            continue;
        }
        pair(&mut had, &mut want, |found, new| found.statement == *new);
        let mut pairs = pair(&mut had, &mut want, |found, new| {
            found.statement.value == new.value
        });
        let few = had.len().saturating_mul(want.len()) <= MAX_ALIKE_PAIRS;
        pairs.extend(pair(&mut had, &mut want, |found, new| {
            few && alike(&found.statement.value, &new.value)
        }));
        // One name in the place of another is another person's.
        let replaceable = !matches!(group.0, Element::Creator | Element::Subject);
        if replaceable {
            pairs.extend(pair(&mut had, &mut want, |_, _| true));
        }
        plan.changes.extend(pairs);
        plan.removals.extend(had.into_iter().cloned());
        plan.additions.extend(want.into_iter().cloned());
    }
    plan
}

/// Takes pairs for which a test holds out of both lists, in order.
fn pair(
    had: &mut Vec<&Found>,
    want: &mut Vec<&Statement>,
    test: impl Fn(&Found, &Statement) -> bool,
) -> Vec<(Found, Statement)> {
    let mut pairs = Vec::new();
    want.retain(|new| match had.iter().position(|found| test(found, new)) {
        Some(at) => {
            pairs.push((had.remove(at).clone(), (*new).clone()));
            false
        }
        None => true,
    });
    pairs
}

/// Changes a statement in its field; false, and nothing done, if the field
/// would not read so afterwards.
fn change(draft: &mut Draft, found: &Found, new: &Statement) -> bool {
    let before = read::one(draft);
    let Some(at) = before.iter().position(|one| {
        one.places == found.places
            && one.part.element == found.part.element
            && one.part.qualifier == found.part.qualifier
    }) else {
        return false;
    };
    let mut expected = statements(&before);
    if let Some(slot) = expected.get_mut(at) {
        *slot = new.clone();
    }
    expected.sort();
    let old = &found.statement;
    let same_value = old.value == new.value;
    let options = if same_value {
        vec![None]
    } else {
        ways_like(draft, &found.places, found.part, &old.value, new)
            .into_iter()
            .map(Some)
            .collect()
    };
    for way in options {
        let mut trial = draft.clone();
        if let Some(subfields) = way {
            trial.replace(&found.places, subfields);
            if matches!(found.part.style, Style::Name | Style::Heading) {
                // The number of the old heading in its authority file.
                trial.drop_codes(b"01");
            }
        }
        if (old.element, &old.role) != (new.element, &new.role) {
            set_role(&mut trial, new);
        }
        if old.language != new.language {
            set_language(&mut trial, new);
        }
        let mut after = statements(&read::one(&trial));
        after.sort();
        if after == expected {
            *draft = trial;
            return true;
        }
    }
    false
}

/// $4 for a code, $e or $j for a word.
fn set_role(draft: &mut Draft, statement: &Statement) {
    let word = draft.role_code();
    draft.drop_codes(&[b'4', word]);
    let role = match (&statement.role, statement.element) {
        (Some(role), _) => role.as_str(),
        (None, Element::Contributor) => "ctb",
        (None, _) if draft.tag.starts_with(b"1") => return,
        (None, _) => "aut",
    };
    let code = role.len() == 3 && role.bytes().all(|byte| byte.is_ascii_lowercase());
    draft.push(sub(if code { b'4' } else { word }, role));
}

fn set_language(draft: &mut Draft, statement: &Statement) {
    for slot in &mut draft.slots {
        slot.retain(|one| !(one.code == b'9' && one.data.starts_with(b"lang:")));
    }
    draft.touched = true;
    if let Some(language) = &statement.language {
        draft.push(sub(b'9', &format!("lang:{language}")));
    }
}

/// Takes a statement out of its field, and the field away if nothing is left
/// that means something by itself.
fn remove(drafts: &mut [Draft], found: &Found) {
    let Some(draft) = drafts.get_mut(found.draft) else {
        return;
    };
    draft.replace(&found.places, Vec::new());
    let idle: &[u8] = match draft.number() {
        20 => b"qc",
        80 | 82 => b"b",
        856 => b"abcdfhijklmnopqrstvwxyz",
        _ => b"",
    };
    let rest = found.part.style == Style::Each && !draft.is_empty_but(idle);
    if rest || !read::one(draft).is_empty() {
        return;
    }
    draft.alive = false;
    // 880 holds the same in another script, linked by $6: `880-01` and `245-01`.
    let link = draft.first(b'6').unwrap_or_default();
    let (Some(occurrence), Ok(tag)) = (
        link.strip_prefix("880-").and_then(|rest| rest.get(..2)),
        std::str::from_utf8(&draft.tag),
    ) else {
        return;
    };
    let back = format!("{tag}-{occurrence}");
    for other in drafts.iter_mut().filter(|one| one.tag == *b"880") {
        let linked = other.first(b'6').is_some_and(|one| one.starts_with(&back));
        if occurrence != "00" && linked {
            other.alive = false;
        }
    }
}

fn add(drafts: &mut Vec<Draft>, statement: &Statement) {
    let home = home(statement);
    if home.tag == b"264" && home.ind2 == b'1' && join_imprint(drafts, statement, home.code) {
        return;
    }
    let mut last = None;
    for way in ways(statement, home.style, home.code) {
        let mut draft = Draft::new(home.tag, home.ind1, home.ind2, way);
        if let Some(source) = home.source {
            draft.push(sub(b'2', source));
        }
        if statement.element.takes_role() {
            set_role(&mut draft, statement);
        }
        if statement.language.is_some() {
            set_language(&mut draft, statement);
        }
        let reads = statements(&read::one(&draft)) == [statement.clone()];
        last = Some(draft);
        if reads {
            break;
        }
    }
    if let Some(draft) = last {
        draft::insert(drafts, draft);
    }
}

/// Publisher and date of publication share a field.
fn join_imprint(drafts: &mut [Draft], statement: &Statement, code: u8) -> bool {
    let room = drafts.iter_mut().find(|draft| {
        draft.alive
            && (draft.tag == *b"260" || draft.tag == *b"264" && draft.ind2 == b'1')
            && !draft.has(code)
            // A field of another agency's number or a maker only is left alone.
            && (draft.has(b'a') || draft.has(b'b') || draft.has(b'c'))
    });
    let Some(draft) = room else {
        return false;
    };
    let place = draft
        .slots
        .iter()
        .position(|slot| slot.iter().any(|one| code == b'b' && one.code == b'c'))
        .unwrap_or(draft.slots.len());
    draft.slots.insert(place, vec![sub(code, &statement.value)]);
    draft.touched = true;
    true
}

/// 245, second indicator: the characters that sorting passes over, where the
/// title changed.
fn set_article(drafts: &mut [Draft], old: &[Found], wanted: &DublinCore) {
    let title = |statement: &&Statement| statement.group() == (Element::Title, None);
    let before = old.iter().map(|one| &one.statement).find(title);
    let after = wanted.statements.iter().find(title);
    let Some(after) = after.filter(|after| before.map(|one| &one.value) != Some(&after.value))
    else {
        return;
    };
    let language = wanted.first(Element::Language);
    let skip = article_chars(&after.value, language);
    if let Some(draft) = drafts
        .iter_mut()
        .find(|one| one.alive && one.tag == *b"245")
    {
        draft.ind2 = u8::try_from(skip).map_or(b'0', |skip| b'0' + skip);
        draft.touched = true;
    }
}
