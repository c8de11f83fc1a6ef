//! Leader, 006, 007 and 008: the common positions.

use super::values::is_known_language;
use super::{Finding, Place};
use crate::records::marc::MarcRecord;

/// Position, length of each value, and the values; `|` may fill any position.
type Rule = (usize, &'static str);

/// The leader (all but the lengths).
const LEADER: &[Rule] = &[
    (5, "acdnp"),
    (6, "acdefgijkmoprt"),
    (7, "abcdims"),
    (8, " a"),
    (9, " a"),
    (10, "2"),
    (11, "2"),
    (17, " 1234578uz"),
    (18, " acinu"),
    (19, " abc"),
    (20, "4"),
    (21, "5"),
    (22, "0"),
    (23, "0"),
];

/// 008, all materials.
const ALL: &[Rule] = &[(6, "bcdeikmnpqrstu"), (38, " dorsx"), (39, " cdu")];

const AUDIENCE: &str = " abcdefgj";
const FORM: &str = " abcdfoqrs";
const GOVERNMENT: &str = " acfilmosuz";

const BOOKS: &[Rule] = &[
    (18, " abcdefghijklmop"),
    (19, " abcdefghijklmop"),
    (20, " abcdefghijklmop"),
    (21, " abcdefghijklmop"),
    (22, AUDIENCE),
    (23, FORM),
    (24, " abcdefgijklmnopqrstuvwyz256"),
    (25, " abcdefgijklmnopqrstuvwyz256"),
    (26, " abcdefgijklmnopqrstuvwyz256"),
    (27, " abcdefgijklmnopqrstuvwyz256"),
    (28, GOVERNMENT),
    (29, "01"),
    (30, "01"),
    (31, "01"),
    (33, "01defhijmpsu"),
    (34, " abcd"),
];

const CONTINUING: &[Rule] = &[
    (18, " abcdefghijkmqstuwz"),
    (19, "nrux"),
    (21, " dghjlmnprstw"),
    (22, " abcdefoqs"),
    (23, FORM),
    (24, " abcdefghiklmnopqrstuvwyz56"),
    (28, GOVERNMENT),
    (29, "01"),
    (33, " abcdefghijkluz"),
    (34, "012"),
];

const COMPUTER: &[Rule] = &[
    (22, AUDIENCE),
    (23, " oqs"),
    (26, "abcdefghijmuz"),
    (28, GOVERNMENT),
];

const MAPS: &[Rule] = &[
    (18, " abcdefgijkmz"),
    (25, "abcdefguz"),
    (28, GOVERNMENT),
    (29, FORM),
    (31, "01"),
];

const MUSIC: &[Rule] = &[
    (20, "abcdeghijklmnpuz"),
    (21, " defnu"),
    (22, AUDIENCE),
    (23, FORM),
    (33, " abcnu"),
];

const VISUAL: &[Rule] = &[
    (22, AUDIENCE),
    (28, GOVERNMENT),
    (29, FORM),
    (33, "abcdfgiklmnopqrstvwz"),
    (34, " aclnuz"),
];

const MIXED: &[Rule] = &[(23, FORM)];

pub(super) fn leader(record: &MarcRecord, place: &Place, out: &mut Vec<Finding>) {
    positions(&record.leader, LEADER, place, out);
}

/// 008: 40 characters, of which some mean something for every material.
pub(super) fn data_elements(
    record: &MarcRecord,
    bytes: &[u8],
    place: &Place,
    out: &mut Vec<Finding>,
) {
    if !length(bytes, 40, place, out) {
        return;
    }
    let part = |range: std::ops::Range<usize>| {
        String::from_utf8_lossy(bytes.get(range).unwrap_or_default()).into_owned()
    };
    let entered = part(0..6);
    if !entered.bytes().all(|byte| byte.is_ascii_digit()) && entered != "||||||" {
        let arguments = [("found", entered)];
        out.push(Finding::warning("fixed-date", place.at(0), arguments));
    }
    for start in [7, 11] {
        let date = part(start..start + 4);
        let all = |test: fn(u8) -> bool| date.bytes().all(test);
        // Date 2 may hold a month and a day, or nothing.
        if !(all(|one| one.is_ascii_digit() || one == b'u')
            || all(|one| one == b' ')
            || all(|one| one == b'|')
            || start == 11 && all(|one| one.is_ascii_digit() || matches!(one, b' ' | b'u')))
        {
            let arguments = [("found", date)];
            out.push(Finding::warning("fixed-date", place.at(start), arguments));
        }
    }
    let language = part(35..38);
    if !matches!(language.as_str(), "   " | "|||") && !is_known_language(&language) {
        let arguments = [("found", language)];
        out.push(Finding::warning("fixed-language", place.at(35), arguments));
    }
    positions(bytes, ALL, place, out);
    positions(bytes, material(record), place, out);
}

/// Which positions 18 to 34 are in force (008, by leader/06 and /07).
fn material(record: &MarcRecord) -> &'static [Rule] {
    match (record.leader_byte(6), record.leader_byte(7)) {
        (b'a', b'b' | b'i' | b's') => CONTINUING,
        (b'a' | b't', _) => BOOKS,
        (b'm', _) => COMPUTER,
        (b'e' | b'f', _) => MAPS,
        (b'c' | b'd' | b'i' | b'j', _) => MUSIC,
        (b'g' | b'k' | b'o' | b'r', _) => VISUAL,
        (b'p', _) => MIXED,
        _ => &[],
    }
}

/// 006: 18 characters; the first tells the form of material.
pub(super) fn additional(bytes: &[u8], place: &Place, out: &mut Vec<Finding>) {
    if length(bytes, 18, place, out) {
        positions(bytes, &[(0, "acdefgijkmoprst")], place, out);
    }
}

/// 007: its length depends on the category of material in its first position.
pub(super) fn physical(bytes: &[u8], place: &Place, out: &mut Vec<Finding>) {
    let wanted = match bytes.first() {
        Some(b'a') => 8,
        Some(b'c') => 14,
        Some(b'd') => 6,
        Some(b'f') => 10,
        Some(b'g' | b'v') => 9,
        Some(b'h') => 13,
        Some(b'k') => 6,
        Some(b'm') => 23,
        Some(b'o' | b'q' | b't' | b'z') => 2,
        Some(b'r') => 11,
        Some(b's') => 14,
        _ => {
            positions(bytes, &[(0, "acdfghkmoqrstvz")], place, out);
            return;
        }
    };
    // Later positions of computer files and microforms may be left off.
    let short = matches!(bytes.first(), Some(b'c')) && bytes.len() == 6
        || matches!(bytes.first(), Some(b'm')) && bytes.len() == 8;
    if !short && bytes.len() != wanted {
        length(bytes, wanted, place, out);
    }
}

fn length(bytes: &[u8], wanted: usize, place: &Place, out: &mut Vec<Finding>) -> bool {
    let found = String::from_utf8_lossy(bytes).chars().count();
    if found == wanted && bytes.is_ascii() {
        return true;
    }
    let arguments = [("found", found.to_string()), ("wanted", wanted.to_string())];
    out.push(Finding::error("fixed-length", place.clone(), arguments));
    false
}

fn positions(bytes: &[u8], rules: &[Rule], place: &Place, out: &mut Vec<Finding>) {
    let leader = place.field == "LDR";
    for (at, values) in rules {
        let found = bytes.get(*at).copied().unwrap_or(b' ');
        if values.as_bytes().contains(&found) || found == b'|' && !leader {
            continue;
        }
        let arguments = [("found", shown(found)), ("wanted", list(values.as_bytes()))];
        // A wrong type of record or level makes the rest of the record mean something else.
        let finding = if leader && matches!(at, 6 | 7 | 10 | 11) {
            Finding::error
        } else {
            Finding::warning
        };
        out.push(finding("fixed-position", place.at(*at), arguments));
    }
}

/// A character as it is written in a line.
pub(super) fn shown(byte: u8) -> String {
    match byte {
        b' ' => "\\".to_owned(),
        _ => char::from(byte).to_string(),
    }
}

/// `\, 0, 1`.
pub(super) fn list(values: &[u8]) -> String {
    let shown: Vec<String> = values.iter().map(|byte| shown(*byte)).collect();
    shown.join(", ")
}
