//! Records out: citations and exchange formats.

use serde_json::{Map, Value, json};

use super::latex;
use super::marc::{NAMESPACE, build};
use super::model::{CatalogueRecord, Name, WorkKind};
use super::ris::TYPES;

pub use super::dublin_core::write as dublin_core;

/// A cite key that stays the same as long as first author, year and title do:
/// `hunt1999pragmatic`. ASCII letters and digits only; where the name is in
/// another script, the record's id stands for it.
pub fn key(record: &CatalogueRecord) -> String {
    let ascii = |text: &str| -> String {
        use unicode_normalization::UnicodeNormalization;
        text.nfd()
            .filter(char::is_ascii_alphanumeric)
            .map(|one| one.to_ascii_lowercase())
            .take(24)
            .collect()
    };
    let author = record.authors.first().map_or(String::new(), |name| {
        let family = name.parts().map_or_else(
            || name.display.split(' ').next_back().unwrap_or_default(),
            |parts| parts.0,
        );
        ascii(family)
    });
    let year = record
        .year
        .map_or(String::new(), |year| year.unsigned_abs().to_string());
    const SMALL: [&str; 14] = [
        "the", "a", "an", "der", "die", "das", "le", "la", "les", "el", "los", "las", "un", "une",
    ];
    let word = record
        .title
        .split(|one: char| !one.is_alphanumeric())
        .map(ascii)
        .find(|word| !word.is_empty() && !SMALL.contains(&word.as_str()))
        .unwrap_or_default();
    if author.is_empty() && word.is_empty() {
        let id = ascii(&record.id);
        return if id.is_empty() {
            format!("record{year}")
        } else {
            format!("record{id}")
        };
    }
    format!("{author}{year}{word}")
}

/// An entry of BibLaTeX, which BibTeX reads as well; text is UTF-8.
pub fn bibtex(record: &CatalogueRecord) -> String {
    let kind = match record.kind {
        WorkKind::Book => "book",
        WorkKind::Article if record.container.is_some() && record.identifier("isbn").is_some() => {
            "incollection"
        }
        WorkKind::Article => "article",
        WorkKind::Periodical => "periodical",
        WorkKind::Thesis => "thesis",
        WorkKind::Report => "report",
        WorkKind::ConferencePaper => "inproceedings",
        WorkKind::Manuscript => "unpublished",
        WorkKind::Website => "online",
        WorkKind::Software => "software",
        WorkKind::Video => "video",
        WorkKind::Sound => "audio",
        WorkKind::Music => "music",
        WorkKind::Image => "artwork",
        WorkKind::Map | WorkKind::Score | WorkKind::Object | WorkKind::Other => "misc",
    };
    let mut out = format!("@{kind}{{{}", key(record));
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            out.push_str(&format!(",\n  {name} = {{{value}}}"));
        }
    };
    let optional = |value: &Option<String>| value.as_deref().map(latex::encode).unwrap_or_default();
    let people = |wanted: fn(&Name) -> bool| {
        let names: Vec<_> = record
            .authors
            .iter()
            .filter(|name| wanted(name))
            .map(bibtex_name)
            .collect();
        names.join(" and ")
    };
    put("title", &latex::encode(&record.title));
    put("subtitle", &optional(&record.subtitle));
    for title in &record.alternative_titles {
        put("titleaddon", &latex::encode(title));
    }
    put("author", &people(Name::is_author));
    put("editor", &people(Name::is_editor));
    put("translator", &people(Name::is_translator));
    let container = match kind {
        "inproceedings" | "incollection" => "booktitle",
        _ => "journaltitle",
    };
    put(container, &optional(&record.container));
    put("publisher", &optional(&record.publisher));
    put("location", &optional(&record.place));
    put(
        "year",
        &record.year.map(|year| year.to_string()).unwrap_or_default(),
    );
    if record.date.as_deref().is_some_and(is_iso_date) {
        put("date", &optional(&record.date));
    }
    put("edition", &optional(&record.edition));
    put("volume", &optional(&record.volume));
    put("number", &optional(&record.issue));
    put("pages", &optional(&record.pages).replace('-', "--"));
    put("pagetotal", &optional(&record.extent));
    for series in &record.series {
        put("series", &latex::encode(series));
    }
    let languages: Vec<_> = record
        .language
        .iter()
        .chain(&record.other_languages)
        .cloned()
        .collect();
    put("language", &languages.join(", "));
    let isbns: Vec<_> = schemes(record, "isbn").collect();
    put("isbn", &isbns.join(", "));
    for (scheme, name) in [
        ("issn", "issn"),
        ("doi", "doi"),
        ("url", "url"),
        ("arxiv", "eprint"),
        ("lccn", "lccn"),
    ] {
        for value in schemes(record, scheme) {
            put(name, &latex_address(value));
        }
    }
    let keywords: Vec<_> = record
        .subjects
        .iter()
        .map(|one| latex::encode(one))
        .collect();
    // A mark at the end tells a single keyword with commas from several.
    let keywords = keywords.join("; ");
    if keywords.contains(',') && !keywords.contains(';') {
        put("keywords", &format!("{keywords};"));
    } else {
        put("keywords", &keywords);
    }
    put("abstract", &optional(&record.description));
    for note in &record.notes {
        put("note", &latex::encode(note));
    }
    out.push_str("\n}\n");
    out
}

fn schemes<'a>(record: &'a CatalogueRecord, scheme: &'a str) -> impl Iterator<Item = &'a str> {
    record
        .identifiers
        .iter()
        .filter(move |one| one.scheme == scheme)
        .map(|one| one.value.as_str())
}

/// Braces in an address would end the value.
fn latex_address(value: &str) -> String {
    value
        .replace('{', "%7B")
        .replace('}', "%7D")
        .replace('\\', "%5C")
}

fn bibtex_name(name: &Name) -> String {
    let encoded = latex::encode(&name.display);
    let plain = !name.corporate && name.display.contains(',');
    if plain
        && !encoded
            .split_whitespace()
            .any(|word| word.eq_ignore_ascii_case("and"))
    {
        return match name
            .display
            .splitn(3, ',')
            .map(str::trim)
            .collect::<Vec<_>>()
            .as_slice()
        {
            // BibTeX has the suffix in the middle.
            [last, first, junior] => latex::encode(&format!("{last}, {junior}, {first}")),
            _ => encoded,
        };
    }
    if !name.corporate && !name.display.contains(' ') {
        encoded
    } else {
        format!("{{{encoded}}}")
    }
}

fn is_iso_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let digits = |part: Option<&str>, count: usize| {
        part.is_some_and(|part| part.len() == count && part.bytes().all(|one| one.is_ascii_digit()))
    };
    digits(parts.next(), 4)
        && digits(parts.next(), 2)
        && parts.next().is_none_or(|day| digits(Some(day), 2))
}

/// One line of a value: RIS has no way to write others.
fn line(text: &str) -> String {
    text.split(['\r', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A record in RIS.
pub fn ris(record: &CatalogueRecord) -> String {
    let kind = match record.kind {
        WorkKind::Article if record.identifier("isbn").is_some() => "CHAP",
        WorkKind::Music => "SOUND",
        other => TYPES
            .iter()
            .find(|row| row.1 == other)
            .map_or("GEN", |row| row.0),
    };
    let mut out = format!("TY  - {kind}\r\n");
    let mut put = |tag: &str, value: &str| {
        let value = line(value);
        if !value.is_empty() {
            out.push_str(&format!("{tag}  - {value}\r\n"));
        }
    };
    put("ID", &record.id);
    match &record.subtitle {
        Some(subtitle) => put("TI", &format!("{} : {subtitle}", record.title)),
        None => put("TI", &record.title),
    }
    for title in &record.alternative_titles {
        put("TT", title);
    }
    for name in &record.authors {
        let tag = match name {
            _ if name.is_author() => "AU",
            _ if name.is_editor() => "A2",
            _ if name.is_translator() => "A4",
            _ => "A3",
        };
        put(tag, &name.display);
    }
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    put("T2", &optional(&record.container));
    put("PB", &optional(&record.publisher));
    put("CY", &optional(&record.place));
    put(
        "PY",
        &record.year.map(|year| year.to_string()).unwrap_or_default(),
    );
    put("DA", &optional(&record.date));
    put("ET", &optional(&record.edition));
    put("VL", &optional(&record.volume));
    put("IS", &optional(&record.issue));
    match record
        .pages
        .as_deref()
        .map(|pages| pages.split_once('-').unwrap_or((pages, "")))
    {
        Some((first, last)) => {
            put("SP", first);
            put("EP", last);
        }
        None if record.kind == WorkKind::Book => put("SP", &optional(&record.extent)),
        None => {}
    }
    for series in &record.series {
        put("T3", series);
    }
    for language in record.language.iter().chain(&record.other_languages) {
        put("LA", language);
    }
    for identifier in &record.identifiers {
        let tag = match identifier.scheme.as_str() {
            "isbn" | "issn" => "SN",
            "doi" => "DO",
            "url" => "UR",
            "shelfmark" => "CN",
            _ => continue,
        };
        put(tag, &identifier.value);
    }
    for subject in &record.subjects {
        put("KW", subject);
    }
    put("AB", &optional(&record.description));
    for note in &record.notes {
        put("N1", note);
    }
    out.push_str("ER  - \r\n\r\n");
    out
}

/// One item of CSL-JSON, as citation processors read it (they want an array of
/// such items).
pub fn csl_json(record: &CatalogueRecord) -> Value {
    let mut item = Map::new();
    let kind = match record.kind {
        WorkKind::Book => "book",
        WorkKind::Article if record.identifier("isbn").is_some() => "chapter",
        WorkKind::Article => "article-journal",
        WorkKind::Periodical => "periodical",
        WorkKind::Thesis => "thesis",
        WorkKind::Report => "report",
        WorkKind::ConferencePaper => "paper-conference",
        WorkKind::Manuscript => "manuscript",
        WorkKind::Map => "map",
        WorkKind::Score => "musical_score",
        WorkKind::Music | WorkKind::Sound => "song",
        WorkKind::Video => "motion_picture",
        WorkKind::Image => "graphic",
        WorkKind::Software => "software",
        WorkKind::Website => "webpage",
        WorkKind::Object | WorkKind::Other => "document",
    };
    item.insert("id".into(), key(record).into());
    item.insert("type".into(), kind.into());
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            item.insert(name.to_owned(), value.into());
        }
    };
    put("title", Some(record.full_title()));
    put("container-title", record.container.clone());
    put("publisher", record.publisher.clone());
    put("publisher-place", record.place.clone());
    put("edition", record.edition.clone());
    put("volume", record.volume.clone());
    put("issue", record.issue.clone());
    put("page", record.pages.clone());
    put("language", record.language.clone());
    put("abstract", record.description.clone());
    put("collection-title", record.series.first().cloned());
    put("keyword", Some(record.subjects.join("; ")));
    put("note", Some(record.notes.join("\n")));
    for (scheme, name) in [
        ("isbn", "ISBN"),
        ("issn", "ISSN"),
        ("doi", "DOI"),
        ("url", "URL"),
    ] {
        put(name, record.identifier(scheme).map(str::to_owned));
    }
    for (role, wanted) in [
        ("author", Name::is_author as fn(&Name) -> bool),
        ("editor", Name::is_editor),
        ("translator", Name::is_translator),
    ] {
        let names: Vec<Value> = record
            .authors
            .iter()
            .filter(|name| wanted(name))
            .map(csl_name)
            .collect();
        if !names.is_empty() {
            item.insert(role.into(), names.into());
        }
    }
    if let Some(year) = record.year {
        let mut parts = vec![json!(year)];
        if let Some(date) = record.date.as_deref().filter(|date| is_iso_date(date)) {
            parts.extend(
                date.split('-')
                    .skip(1)
                    .filter_map(|one| one.parse::<u32>().ok())
                    .map(Value::from),
            );
        }
        item.insert("issued".into(), json!({ "date-parts": [parts] }));
    } else if let Some(date) = &record.date {
        item.insert("issued".into(), json!({ "raw": date }));
    }
    Value::Object(item)
}

fn csl_name(name: &Name) -> Value {
    match name.parts() {
        Some((family, given)) => json!({ "family": family, "given": given }),
        None => json!({ "literal": name.display }),
    }
}

/// `Author. Title. Place: Publisher, Year.`
pub fn text(record: &CatalogueRecord) -> String {
    let names = |wanted: fn(&Name) -> bool| -> Vec<&str> {
        record
            .authors
            .iter()
            .filter(|name| wanted(name))
            .map(|name| name.display.as_str())
            .collect()
    };
    let mut authors = names(Name::is_author);
    let editors = authors.is_empty();
    if editors {
        authors = names(Name::is_editor);
    }
    let mut people = match authors.as_slice() {
        [many @ .., _] if many.len() >= 3 => format!("{} et al", authors.first().unwrap_or(&"")),
        all => all.join("; "),
    };
    if editors && !people.is_empty() {
        people.push_str(" (ed.)");
    }
    let mut out = String::new();
    sentence(&mut out, &people);
    sentence(&mut out, &record.full_title());
    if let Some(container) = &record.container {
        let mut host = format!("In: {container}");
        if let Some(volume) = &record.volume {
            host.push_str(&format!(" {volume}"));
        }
        if let Some(issue) = &record.issue {
            host.push_str(&format!(" ({issue})"));
        }
        if let Some(pages) = &record.pages {
            host.push_str(&format!(", {pages}"));
        }
        sentence(&mut out, &host);
    }
    sentence(&mut out, record.edition.as_deref().unwrap_or_default());
    let year = record
        .year
        .map(|year| year.to_string())
        .or_else(|| record.date.clone());
    let press = match (&record.place, &record.publisher) {
        (Some(place), Some(publisher)) => format!("{place}: {publisher}"),
        (place, publisher) => place
            .clone()
            .or_else(|| publisher.clone())
            .unwrap_or_default(),
    };
    let imprint = match (press.is_empty(), year) {
        (false, Some(year)) => format!("{press}, {year}"),
        (false, None) => press,
        (true, year) => year.unwrap_or_default(),
    };
    sentence(&mut out, &imprint);
    if let Some(doi) = record.identifier("doi") {
        sentence(&mut out, &format!("https://doi.org/{doi}"));
    }
    out
}

fn sentence(out: &mut String, text: &str) {
    let text = line(text);
    if text.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    out.push_str(&text);
    if !text.ends_with(['.', '?', '!', '。', '؟']) {
        out.push('.');
    }
}

/// A record in MARCXML.
pub fn marcxml(record: &CatalogueRecord) -> String {
    build::from_catalogue(record).to_marcxml(true)
}

/// A collection in MARCXML.
pub fn marcxml_collection<'a>(records: impl IntoIterator<Item = &'a CatalogueRecord>) -> String {
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<collection xmlns=\"{NAMESPACE}\">\n");
    for record in records {
        out.push_str(&build::from_catalogue(record).to_marcxml(false));
    }
    out.push_str("</collection>\n");
    out
}
