//! UNIMARC to the common model.

use super::map::{View, clean, isbd, some, trim_marks, unbracket};
use super::record::{Field, MarcRecord};
use crate::records::identifiers;
use crate::records::languages;
use crate::records::model::{CatalogueRecord, Identifier, Name, append_line, push_new};

/// True if the tags are used as UNIMARC does: the title is in 200, and 100
/// holds coded data that begin with a date.
pub(crate) fn looks_so(record: &MarcRecord) -> bool {
    let has = |tag: &[u8; 3]| record.fields_with(tag).next().is_some();
    if has(b"245") || !has(b"200") {
        return false;
    }
    let coded = record
        .fields_with(b"100")
        .filter_map(|field| field.subfield(b'a'))
        .any(|data| {
            data.len() >= 20
                && data
                    .get(..8)
                    .is_some_and(|date| date.iter().all(u8::is_ascii_digit))
        });
    coded || has(b"801")
}

pub(crate) fn fill(view: &mut View<'_>, out: &mut CatalogueRecord) {
    let record = view.record;
    for field in &record.fields {
        let Ok(number) = std::str::from_utf8(&field.tag())
            .unwrap_or("")
            .parse::<u16>()
        else {
            continue;
        };
        match number {
            10 => add(view, field, "isbn", out),
            11 => add(view, field, "issn", out),
            100 => coded_data(field, out),
            101 => {
                for code in view.subs(field, b"a") {
                    if let Some(tag) = languages::from_marc(&code) {
                        out.add_language(tag);
                    }
                }
            }
            200 => title(view, field, out),
            205 => out.edition = some(trim_marks(&view.joined(field, b"ab"))),
            210 | 214 => {
                let take = |slot: &mut Option<String>, text: Option<String>| {
                    *slot = slot
                        .take()
                        .or(text.map(|text| unbracket(&trim_marks(&text))));
                };
                take(&mut out.place, view.sub(field, b'a'));
                take(&mut out.publisher, view.sub(field, b'c'));
                take(&mut out.date, view.sub(field, b'd'));
            }
            215 => out.extent = some(trim_marks(&view.joined(field, b"acde"))),
            225 => {
                let mut text = isbd(&view.joined(field, b"aehi"));
                if let Some(volume) = view.sub(field, b'v') {
                    text = format!("{text} ; {volume}");
                }
                push_new(&mut out.series, text);
            }
            327 => append_line(&mut out.contents, view.joined(field, b"a")),
            330 => append_line(&mut out.description, view.joined(field, b"a")),
            300..=326 | 328..=345 => {
                let note = view.joined(field, b"a");
                push_new(&mut out.notes, note);
            }
            500..=546 => {
                let title = isbd(&view.joined(field, b"aehi"));
                push_new(&mut out.alternative_titles, title);
            }
            600..=610 | 615 | 616 => {
                let mut heading = isbd(&view.joined(field, b"abcdfgt"));
                for part in view.subs(field, b"jxyz") {
                    heading.push_str(" -- ");
                    heading.push_str(&isbd(&part));
                }
                push_new(&mut out.subjects, heading);
            }
            700..=703 | 710..=713 | 720..=723 => name(view, field, out),
            856 => {
                for url in view.subs(field, b"u") {
                    out.add_identifier(Identifier::new("url", url));
                }
            }
            _ => {}
        }
    }
    if out.year.is_none() {
        out.year = out.date.as_deref().and_then(identifiers::year);
    }
}

fn add(view: &mut View<'_>, field: &Field, scheme: &str, out: &mut CatalogueRecord) {
    let Some(text) = view.sub(field, b'a') else {
        return;
    };
    let value = match scheme {
        "isbn" => identifiers::isbn13(&text),
        _ => identifiers::issn(&text),
    };
    if let Some(value) = value {
        out.add_identifier(Identifier::new(scheme, value));
    }
}

/// 100 $a: the date of publication in positions 9 to 12.
fn coded_data(field: &Field, out: &mut CatalogueRecord) {
    out.year = field
        .subfield(b'a')
        .and_then(|data| data.get(9..13))
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .and_then(|text| text.parse().ok())
        .filter(|year| (1..=2999).contains(year));
}

fn title(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let mut title = String::new();
    for (code, data) in field.subfields() {
        let text = isbd(&clean(&view.text(data, field.tag())));
        let join = |slot: &mut Option<String>, mark: &str| {
            *slot = Some(match slot.take() {
                Some(there) => format!("{there}{mark}{text}"),
                None => text.clone(),
            });
        };
        match code {
            _ if text.is_empty() => {}
            b'a' | b'h' | b'i' => {
                if !title.is_empty() {
                    title.push_str(". ");
                }
                title.push_str(&text);
            }
            b'd' => push_new(&mut out.alternative_titles, text),
            b'e' => join(&mut out.subtitle, " : "),
            b'f' | b'g' => join(&mut out.responsibility, " ; "),
            _ => {}
        }
    }
    out.title = title;
}

fn name(view: &mut View<'_>, field: &Field, out: &mut CatalogueRecord) {
    let [_, kind, _] = field.tag();
    let corporate = kind == b'1';
    let Some(mut display) = view.sub(field, b'a').map(|text| isbd(&text)) else {
        return;
    };
    if let Some(given) = view.sub(field, b'b') {
        let given = given.trim_start_matches([',', ' ']);
        display.push_str(if corporate { ". " } else { ", " });
        display.push_str(given);
    }
    let role = match view.sub(field, b'4') {
        Some(code) => role(&code),
        // 702 and 712 are for secondary parts in the work.
        None => field.tag().ends_with(b"2").then(|| "ctb".to_owned()),
    };
    let dates = view
        .sub(field, b'f')
        .map(|text| text.trim_matches(['(', ')', ' ']).to_owned());
    let name = Name {
        display,
        role,
        dates,
        other_script: None,
        corporate,
    };
    if !out.authors.contains(&name) {
        out.authors.push(name);
    }
}

/// UNIMARC's relator codes, as MARC 21's where there is one.
fn role(code: &str) -> Option<String> {
    Some(
        match code {
            "070" => return None,
            "340" => "edt",
            "730" => "trl",
            "440" => "ill",
            "230" => "cmp",
            "220" => "com",
            "080" => "aui",
            "650" => "pbl",
            other => other,
        }
        .to_owned(),
    )
}
