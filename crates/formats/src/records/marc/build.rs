//! From the common model to MARC 21.

use super::record::{Field, MarcRecord, Subfield};
use crate::records::languages;
use crate::records::model::{CatalogueRecord, Name, WorkKind};

/// Makes a MARC 21 record in UTF-8. What MARC 21 has no place for (the full
/// text) is left out.
pub fn from_catalogue(record: &CatalogueRecord) -> MarcRecord {
    let (kind, level) = codes(record.kind);
    let mut out = MarcRecord::new(kind, level);
    control(&mut out, b"001", &record.id);
    control(&mut out, b"008", &fixed(record));
    for identifier in &record.identifiers {
        let value = identifier.value.as_str();
        match identifier.scheme.as_str() {
            "isbn" => data(&mut out, b"020", "  ", &[(b'a', value)]),
            "issn" if record.container.is_none() => data(&mut out, b"022", "  ", &[(b'a', value)]),
            "lccn" => data(&mut out, b"010", "  ", &[(b'a', value)]),
            "oclc" => data(
                &mut out,
                b"035",
                "  ",
                &[(b'a', &format!("(OCoLC){value}"))],
            ),
            "url" | "issn" => {}
            scheme => data(&mut out, b"024", "7 ", &[(b'a', value), (b'2', scheme)]),
        }
    }
    let languages: Vec<_> = record
        .language
        .iter()
        .chain(&record.other_languages)
        .filter_map(|tag| languages::to_marc(tag))
        .collect();
    if languages.len() > 1 {
        let parts: Vec<_> = languages.iter().map(|code| (b'a', code.as_str())).collect();
        data(&mut out, b"041", "0 ", &parts);
    }
    names(&mut out, &record.authors);
    let responsibility = record.responsibility.as_deref().unwrap_or_default();
    let subtitle = record.subtitle.as_deref().unwrap_or_default();
    let title = match (subtitle.is_empty(), responsibility.is_empty()) {
        (false, _) => format!("{} :", record.title),
        (true, false) => format!("{} /", record.title),
        (true, true) => record.title.clone(),
    };
    let subtitle = match (subtitle.is_empty(), responsibility.is_empty()) {
        (false, false) => format!("{subtitle} /"),
        _ => subtitle.to_owned(),
    };
    data(
        &mut out,
        b"245",
        "00",
        &[(b'a', &title), (b'b', &subtitle), (b'c', responsibility)],
    );
    for title in &record.alternative_titles {
        data(&mut out, b"246", "3 ", &[(b'a', title)]);
    }
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    data(
        &mut out,
        b"250",
        "  ",
        &[(b'a', &optional(&record.edition))],
    );
    let year = record.year.map(|year| year.to_string()).unwrap_or_default();
    let date = record.date.clone().unwrap_or(year);
    let (place, publisher) = (optional(&record.place), optional(&record.publisher));
    data(
        &mut out,
        b"264",
        " 1",
        &[(b'a', &place), (b'b', &publisher), (b'c', &date)],
    );
    data(&mut out, b"300", "  ", &[(b'a', &optional(&record.extent))]);
    for series in &record.series {
        let (title, volume) = series.rsplit_once(" ; ").unwrap_or((series, ""));
        data(&mut out, b"490", "0 ", &[(b'a', title), (b'v', volume)]);
    }
    for note in &record.notes {
        data(&mut out, b"500", "  ", &[(b'a', note)]);
    }
    lines(&mut out, b"505", &record.contents);
    lines(&mut out, b"520", &record.description);
    for subject in &record.subjects {
        let mut parts = subject.split(" -- ");
        let mut fields = vec![(b'a', parts.next().unwrap_or_default())];
        fields.extend(parts.map(|part| (b'x', part)));
        data(&mut out, b"650", " 4", &fields);
    }
    host(&mut out, record);
    for identifier in record.identifiers.iter().filter(|one| one.scheme == "url") {
        data(&mut out, b"856", "40", &[(b'u', &identifier.value)]);
    }
    out
}

fn names(out: &mut MarcRecord, names: &[Name]) {
    for (at, name) in names.iter().enumerate() {
        let first = at == 0 && name.is_author();
        let tag = match (first, name.corporate) {
            (true, false) => b"100",
            (true, true) => b"110",
            (false, false) => b"700",
            (false, true) => b"710",
        };
        let indicator = match (name.corporate, name.display.contains(',')) {
            (true, _) => "2 ",
            (false, true) => "1 ",
            (false, false) => "0 ",
        };
        let role = name.role.as_deref().unwrap_or_default();
        let dates = name.dates.as_deref().unwrap_or_default();
        let code = if role.len() == 3 && role.bytes().all(|one| one.is_ascii_lowercase()) {
            b'4'
        } else {
            b'e'
        };
        data(
            out,
            tag,
            indicator,
            &[(b'a', &name.display), (b'd', dates), (code, role)],
        );
    }
}

fn host(out: &mut MarcRecord, record: &CatalogueRecord) {
    let Some(container) = &record.container else {
        return;
    };
    let mut parts = Vec::new();
    for (mark, value) in [
        ("vol. ", &record.volume),
        ("no. ", &record.issue),
        ("p. ", &record.pages),
    ] {
        if let Some(value) = value {
            parts.push(format!("{mark}{value}"));
        }
    }
    let enumeration = parts.join(", ");
    let issn = record.identifier("issn").unwrap_or_default();
    data(
        out,
        b"773",
        "0 ",
        &[(b't', container), (b'g', &enumeration), (b'x', issn)],
    );
}

fn lines(out: &mut MarcRecord, tag: &[u8; 3], text: &Option<String>) {
    for line in text.iter().flat_map(|text| text.lines()) {
        data(out, tag, "  ", &[(b'a', line)]);
    }
}

/// 008 in 40 positions; what is not known is a fill character.
fn fixed(record: &CatalogueRecord) -> String {
    let year = record
        .year
        .filter(|year| (0..=9999).contains(year))
        .map_or("    ".to_owned(), |year| format!("{year:04}"));
    let kind = if year.trim().is_empty() { 'n' } else { 's' };
    let language = record
        .language
        .as_deref()
        .and_then(languages::to_marc)
        .unwrap_or_else(|| "und".to_owned());
    format!("||||||{kind}{year}    |||{}{language}  ", "|".repeat(17))
}

fn codes(kind: WorkKind) -> (u8, u8) {
    match kind {
        WorkKind::Article | WorkKind::ConferencePaper => (b'a', b'a'),
        WorkKind::Periodical => (b'a', b's'),
        WorkKind::Manuscript => (b't', b'm'),
        WorkKind::Map => (b'e', b'm'),
        WorkKind::Score => (b'c', b'm'),
        WorkKind::Music => (b'j', b'm'),
        WorkKind::Sound => (b'i', b'm'),
        WorkKind::Video => (b'g', b'm'),
        WorkKind::Image => (b'k', b'm'),
        WorkKind::Software | WorkKind::Website => (b'm', b'm'),
        WorkKind::Object => (b'r', b'm'),
        WorkKind::Book | WorkKind::Thesis | WorkKind::Report | WorkKind::Other => (b'a', b'm'),
    }
}

fn control(out: &mut MarcRecord, tag: &[u8; 3], text: &str) {
    if !text.is_empty() {
        out.fields.push(Field::Control {
            tag: *tag,
            data: safe(text),
        });
    }
}

fn data(out: &mut MarcRecord, tag: &[u8; 3], indicators: &str, parts: &[(u8, &str)]) {
    let subfields: Vec<_> = parts
        .iter()
        .filter(|part| !part.1.is_empty())
        .map(|(code, text)| Subfield {
            code: *code,
            data: safe(text),
        })
        .collect();
    if subfields
        .first()
        .is_none_or(|first| matches!(first.code, b'4' | b'e' | b'2'))
    {
        return;
    }
    let mut bytes = indicators.bytes();
    let (ind1, ind2) = (bytes.next().unwrap_or(b' '), bytes.next().unwrap_or(b' '));
    out.fields.push(Field::Data {
        tag: *tag,
        ind1,
        ind2,
        subfields,
    });
}

/// Control characters would be read as MARC's own.
fn safe(text: &str) -> Vec<u8> {
    text.chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .collect::<String>()
        .into_bytes()
}
