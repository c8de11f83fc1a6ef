//! schema.org as JSON-LD (<https://schema.org/>).

use serde_json::{Map, Value, json};

use crate::records::{CatalogueRecord, Name, WorkKind};

/// The type of a record.
pub(crate) fn schema_type(record: &CatalogueRecord) -> &'static str {
    match record.kind {
        WorkKind::Book => "Book",
        WorkKind::Article if record.identifier("isbn").is_some() => "Chapter",
        WorkKind::Article | WorkKind::ConferencePaper => "ScholarlyArticle",
        WorkKind::Periodical => "Periodical",
        WorkKind::Thesis => "Thesis",
        WorkKind::Report => "Report",
        WorkKind::Manuscript => "Manuscript",
        WorkKind::Map => "Map",
        WorkKind::Score => "SheetMusic",
        WorkKind::Music => "MusicRecording",
        WorkKind::Sound => "AudioObject",
        WorkKind::Video => "VideoObject",
        WorkKind::Image => "ImageObject",
        WorkKind::Software => "SoftwareApplication",
        WorkKind::Website => "WebSite",
        WorkKind::Object | WorkKind::Other => "CreativeWork",
    }
}

/// A record whose page has this address.
#[must_use]
pub fn schema_org(record: &CatalogueRecord, url: &str) -> Value {
    let mut out = Map::new();
    let members = about(record, url)
        .into_iter()
        .chain(people_of(record))
        .chain(numbers(record));
    for (name, value) in members {
        let empty = match &value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::String(text) => text.is_empty(),
            _ => false,
        };
        if !empty {
            out.insert(name.to_owned(), value);
        }
    }
    Value::Object(out)
}

type Members = Vec<(&'static str, Value)>;

fn about(record: &CatalogueRecord, url: &str) -> Members {
    let kind = schema_type(record);
    let date = record.date.as_deref().filter(|date| is_date(date));
    let year = record.year.map(|year| format!("{year:04}"));
    let languages: Vec<_> = record
        .language
        .iter()
        .chain(&record.other_languages)
        .collect();
    let edition = record.edition.as_ref().filter(|_| kind == "Book");
    vec![
        ("@context", json!("https://schema.org")),
        ("@type", json!(kind)),
        ("@id", json!(url)),
        ("url", json!(url)),
        ("name", json!(record.full_title())),
        ("alternateName", json!(record.alternative_titles)),
        ("publisher", publisher(record)),
        ("datePublished", json!(date.or(year.as_deref()))),
        ("inLanguage", json!(languages)),
        ("about", json!(record.subjects)),
        ("description", json!(record.description)),
        ("bookEdition", json!(edition)),
        ("pagination", json!(record.pages)),
        ("material", json!(record.extent)),
    ]
}

fn people_of(record: &CatalogueRecord) -> Members {
    vec![
        ("author", people(record, Name::is_author)),
        ("editor", people(record, Name::is_editor)),
        ("translator", people(record, Name::is_translator)),
        (
            "contributor",
            people(record, |name| {
                !name.is_author() && !name.is_editor() && !name.is_translator()
            }),
        ),
    ]
}

/// Numbers and addresses, of the work itself or of what it is part of.
fn numbers(record: &CatalogueRecord) -> Members {
    let isbns: Vec<_> = values(record, "isbn").collect();
    let issns: Vec<_> = values(record, "issn").collect();
    let same: Vec<String> = values(record, "doi")
        .map(|doi| format!("https://doi.org/{doi}"))
        .chain(values(record, "url").map(str::to_owned))
        .collect();
    let numbers: Vec<_> = record
        .identifiers
        .iter()
        .filter(|one| one.scheme != "url")
        .map(
            |one| json!({ "@type": "PropertyValue", "propertyID": one.scheme, "value": one.value }),
        )
        .collect();
    let mut out = vec![("sameAs", json!(same)), ("identifier", numbers.into())];
    if record.container.is_some() {
        out.push(("isPartOf", container(record, &isbns, &issns)));
        return out;
    }
    let series: Vec<_> = record
        .series
        .iter()
        .map(|name| json!({ "@type": "CreativeWorkSeries", "name": name }))
        .collect();
    out.extend([
        ("isbn", json!(isbns)),
        ("issn", json!(issns)),
        ("isPartOf", series.into()),
    ]);
    out
}

fn values<'a>(record: &'a CatalogueRecord, scheme: &'a str) -> impl Iterator<Item = &'a str> {
    record
        .identifiers
        .iter()
        .filter(move |one| one.scheme == scheme)
        .map(|one| one.value.as_str())
}

fn people(record: &CatalogueRecord, wanted: impl Fn(&Name) -> bool) -> Value {
    let names: Vec<Value> = record
        .authors
        .iter()
        .filter(|name| wanted(name))
        .map(|name| match name.parts() {
            _ if name.corporate => json!({ "@type": "Organization", "name": name.display }),
            Some((family, given)) => json!({
                "@type": "Person",
                "name": format!("{given} {family}"),
                "familyName": family,
                "givenName": given,
            }),
            None => json!({ "@type": "Person", "name": name.display }),
        })
        .collect();
    names.into()
}

fn publisher(record: &CatalogueRecord) -> Value {
    match (&record.publisher, &record.place) {
        (Some(name), Some(place)) => json!({
            "@type": "Organization",
            "name": name,
            "address": place,
        }),
        (Some(name), None) => json!({ "@type": "Organization", "name": name }),
        (None, _) => Value::Null,
    }
}

/// What an article is part of: a book, or an issue of a volume of a journal.
fn container(record: &CatalogueRecord, isbns: &[&str], issns: &[&str]) -> Value {
    if !isbns.is_empty() {
        return json!({ "@type": "Book", "name": record.container, "isbn": isbns });
    }
    let mut whole = json!({ "@type": "Periodical", "name": record.container });
    if let (Value::Object(whole), false) = (&mut whole, issns.is_empty()) {
        whole.insert("issn".to_owned(), json!(issns));
    }
    if let Some(volume) = &record.volume {
        whole = json!({
            "@type": "PublicationVolume",
            "volumeNumber": volume,
            "isPartOf": whole,
        });
    }
    if let Some(issue) = &record.issue {
        whole = json!({ "@type": "PublicationIssue", "issueNumber": issue, "isPartOf": whole });
    }
    whole
}

/// A date of ISO 8601: year and month, or a whole one.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    matches!(lengths.as_slice(), [4, 2] | [4, 2, 2])
        && parts
            .iter()
            .all(|part| part.bytes().all(|one| one.is_ascii_digit()))
}

/// JSON-LD for a page: no text of it can end the script.
#[must_use]
pub fn script(value: &Value) -> String {
    let json = value
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    format!("<script type=\"application/ld+json\">{json}</script>")
}
