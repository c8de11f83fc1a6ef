//! Rules for MARC 21.

use std::collections::BTreeMap;

use super::fixed::{self, list, shown};
use super::values::is_address;
use super::{Finding, Place};
use crate::records::desk::marc::{Marc, text};
use crate::records::desk::tags::{self, Tag};
use crate::records::identifiers;
use crate::records::marc::{Field, MAX_STATED_FIELD, MAX_STATED_RECORD, MarcRecord};

/// Bytes of a record beside its fields: leader, end of directory, end of record.
const FRAME_BYTES: usize = 24 + 2;
/// Bytes of one entry in the directory.
const ENTRY_BYTES: usize = 12;

pub(super) fn check(marc: &Marc) -> Vec<Finding> {
    let mut out = Vec::new();
    let lost = marc.undecoded_chars();
    if lost > 0 {
        let arguments = [("count", lost.to_string())];
        out.push(Finding::warning(
            "base-undecoded",
            Place::default(),
            arguments,
        ));
    }
    let record = marc.record();
    let unimarc = marc.is_unimarc();
    if unimarc {
        out.push(Finding::warning("base-unimarc", Place::default(), []));
    } else {
        whole(record, &mut out);
    }
    lengths(record, &mut out);
    let mut seen: BTreeMap<[u8; 3], usize> = BTreeMap::new();
    for (at, field) in record.fields.iter().enumerate() {
        let count = seen.entry(field.tag()).or_default();
        *count += 1;
        let place = Place {
            field: field.tag_text(),
            occurrence: *count,
            line: Some(at + 2),
            ..Place::default()
        };
        shape(field, &place, &mut out);
        if !unimarc {
            one(record, field, &place, &mut out);
        }
    }
    if !unimarc {
        repeated(&seen, &mut out);
    }
    out
}

/// What a record needs.
fn whole(record: &MarcRecord, out: &mut Vec<Finding>) {
    let place = |field: &str| Place {
        field: field.to_owned(),
        ..Place::default()
    };
    let leader = Place {
        line: Some(1),
        ..place("LDR")
    };
    fixed::leader(record, &leader, out);
    match record.fields_with(b"245").next() {
        None => out.push(Finding::error("marc-no-245", place("245"), [])),
        // $k and $f name archives' materials that have no title.
        Some(field) if !b"akfg".iter().any(|code| field.subfield(*code).is_some()) => {
            out.push(Finding::error("marc-no-title", place("245"), []));
        }
        Some(_) => {}
    }
    if record.fields_with(b"008").next().is_none() {
        out.push(Finding::warning("fixed-missing", place("008"), []));
    }
    let first_data = record.fields.iter().position(|one| !is_control(one));
    let last_control = record.fields.iter().rposition(is_control);
    if first_data < last_control && first_data.is_some() {
        out.push(Finding::warning("marc-order", place(""), []));
    }
    dates_agree(record, &place("008"), out);
}

fn is_control(field: &Field) -> bool {
    matches!(field, Field::Control { .. })
}

/// The year in 008 and the one year that the imprint names.
fn dates_agree(record: &MarcRecord, place: &Place, out: &mut Vec<Finding>) {
    let Some(fixed) = record.control(b"008") else {
        return;
    };
    let coded = fixed
        .get(7..11)
        .and_then(|part| std::str::from_utf8(part).ok());
    let coded: Option<i32> = coded.and_then(|part| part.parse().ok());
    let imprint = record
        .fields
        .iter()
        .filter(|one| one.tag() == *b"260" || one.tag() == *b"264" && one.indicators().1 == b'1')
        .find_map(|field| field.subfield(b'c'))
        .map(text);
    if let (Some(coded), Some(imprint), Some(b's')) = (coded, imprint, fixed.get(6))
        && let Some(year) = identifiers::year(&imprint)
        && year != coded
        && !imprint.contains(&coded.to_string())
    {
        let arguments = [("found", coded.to_string()), ("wanted", year.to_string())];
        out.push(Finding::warning(
            "marc-date-differs",
            place.at(7),
            arguments,
        ));
    }
}

/// What ISO 2709 has digits for.
fn lengths(record: &MarcRecord, out: &mut Vec<Finding>) {
    let mut total = FRAME_BYTES;
    for (at, field) in record.fields.iter().enumerate() {
        let length = field.content().len() + 1;
        total += length + ENTRY_BYTES;
        let place = Place {
            field: field.tag_text(),
            line: Some(at + 2),
            ..Place::default()
        };
        if field.holds_terminator() {
            out.push(Finding::error("marc-terminator", place.clone(), []));
        }
        if length > MAX_STATED_FIELD {
            let arguments = [("found", length.to_string())];
            out.push(Finding::error("marc-field-length", place, arguments));
        }
    }
    if total > MAX_STATED_RECORD {
        let arguments = [("found", total.to_string())];
        out.push(Finding::error(
            "marc-record-length",
            Place::default(),
            arguments,
        ));
    }
}

/// Rules for every data field of every MARC.
fn shape(field: &Field, place: &Place, out: &mut Vec<Finding>) {
    match field {
        Field::Control { .. } => {}
        Field::Irregular { .. } => {
            out.push(Finding::error("marc-irregular", place.clone(), []));
        }
        Field::Data { subfields, .. } => {
            if subfields.is_empty() {
                out.push(Finding::error("marc-no-subfields", place.clone(), []));
            }
            for one in subfields {
                let place = place.sub(one.code);
                if !one.code.is_ascii_lowercase() && !one.code.is_ascii_digit() {
                    out.push(Finding::error("marc-subfield-code", place.clone(), []));
                }
                let content = text(&one.data);
                if content.trim().is_empty() {
                    out.push(Finding::warning("marc-empty-subfield", place, []));
                } else if content
                    .chars()
                    // U+0088, 0089, 0098, 009C enclose what sorting passes over.
                    .any(|one| {
                        one.is_control()
                            && !matches!(one, '\u{88}' | '\u{89}' | '\u{98}' | '\u{9c}')
                    })
                {
                    out.push(Finding::warning("marc-control-in-data", place, []));
                }
            }
        }
    }
}

/// Rules of one field of MARC 21.
fn one(record: &MarcRecord, field: &Field, place: &Place, out: &mut Vec<Finding>) {
    let tag = field.tag();
    if let Field::Control { data, .. } = field {
        match &tag {
            b"006" => fixed::additional(data, place, out),
            b"007" => fixed::physical(data, place, out),
            b"008" => fixed::data_elements(record, data, place, out),
            _ => {}
        }
    }
    let Some(row) = tags::tag(&tag) else {
        if !tags::is_local(&tag) {
            out.push(Finding::warning("marc-unknown-field", place.clone(), []));
        }
        return;
    };
    if let Field::Data { ind1, ind2, .. } = field {
        for (number, found, wanted) in [(1, *ind1, &row.ind1), (2, *ind2, &row.ind2)] {
            let Some(wanted) = wanted else { continue };
            if wanted.contains(&found) {
                continue;
            }
            let arguments = [
                ("number", number.to_string()),
                ("found", shown(found)),
                ("wanted", list(wanted)),
            ];
            out.push(Finding::warning("marc-indicator", place.clone(), arguments));
        }
        codes(field, row, place, out);
    }
    numbers(field, place, out);
}

fn codes(field: &Field, row: &Tag, place: &Place, out: &mut Vec<Finding>) {
    if row.subfields.is_empty() {
        return;
    }
    let mut seen: Vec<u8> = Vec::new();
    for (code, _) in field.subfields() {
        if matches!(code, b'6' | b'8' | b'9') {
            continue;
        }
        match row.code(code) {
            None if code.is_ascii_lowercase() || code.is_ascii_digit() => {
                out.push(Finding::warning(
                    "marc-unknown-subfield",
                    place.sub(code),
                    [],
                ));
            }
            Some(known) if !known.repeatable && seen.contains(&code) => {
                let arguments = [("name", known.name.to_owned())];
                out.push(Finding::error(
                    "marc-repeated-subfield",
                    place.sub(code),
                    arguments,
                ));
            }
            _ => {}
        }
        seen.push(code);
    }
}

/// Check digits and addresses.
fn numbers(field: &Field, place: &Place, out: &mut Vec<Finding>) {
    for (code, data) in field.subfields() {
        let value = text(data);
        let key = match (&field.tag(), code) {
            (b"020", b'a') if identifiers::isbn13(&value).is_none() => "marc-check-digit",
            (b"022", b'a' | b'l') if identifiers::issn(&value).is_none() => "marc-check-digit",
            (b"856", b'u') if !is_address(value.trim()) => "marc-url",
            _ => continue,
        };
        // An empty subfield has a finding of its own.
        if !value.trim().is_empty() {
            let arguments = [("value", value.trim().to_owned())];
            out.push(Finding::error(key, place.sub(code), arguments));
        }
    }
}

fn repeated(seen: &BTreeMap<[u8; 3], usize>, out: &mut Vec<Finding>) {
    let mut main = 0;
    for (tag, count) in seen {
        if tag.starts_with(b"1") && tags::tag(tag).is_some() {
            main += count;
        }
        let Some(row) = tags::tag(tag).filter(|row| !row.repeatable && *count > 1) else {
            continue;
        };
        let place = Place {
            field: row.tag.to_owned(),
            occurrence: 2,
            ..Place::default()
        };
        let arguments = [("name", row.name.to_owned()), ("found", count.to_string())];
        out.push(Finding::error("marc-repeated-field", place, arguments));
    }
    if main > 1 {
        let place = Place {
            field: "1XX".to_owned(),
            ..Place::default()
        };
        let arguments = [("found", main.to_string())];
        out.push(Finding::error("marc-repeated-main", place, arguments));
    }
}
