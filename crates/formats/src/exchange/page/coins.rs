//! COinS: a ContextObject of OpenURL (ANSI/NISO Z39.88-2004) in a span.

use crate::exchange::url;
use crate::records::{CatalogueRecord, Name, WorkKind, escape_xml};

/// The formats of Z39.88 and their genres.
fn format(record: &CatalogueRecord) -> (&'static str, &'static str) {
    match record.kind {
        WorkKind::Book => ("book", "book"),
        WorkKind::Report => ("book", "report"),
        WorkKind::Article if record.identifier("isbn").is_some() => ("book", "bookitem"),
        WorkKind::Article => ("journal", "article"),
        WorkKind::ConferencePaper if record.identifier("issn").is_some() => {
            ("journal", "proceeding")
        }
        WorkKind::ConferencePaper => ("book", "proceeding"),
        WorkKind::Periodical => ("journal", "journal"),
        WorkKind::Thesis => ("dissertation", "dissertation"),
        _ => ("dc", ""),
    }
}

/// The word of Dublin Core that Zotero knows a kind by.
fn dc_type(kind: WorkKind) -> &'static str {
    match kind {
        WorkKind::Manuscript => "manuscript",
        WorkKind::Map => "map",
        WorkKind::Music | WorkKind::Sound => "audioRecording",
        WorkKind::Video => "videoRecording",
        WorkKind::Image => "artwork",
        WorkKind::Software => "computerProgram",
        WorkKind::Website => "webpage",
        _ => "document",
    }
}

/// The ContextObject as names and values of a query. `referrer` is the domain name
/// of the catalogue.
#[must_use]
pub fn context_object(record: &CatalogueRecord, referrer: &str) -> String {
    let (format, genre) = format(record);
    let mut pairs: Vec<(&str, String)> = vec![
        ("ctx_ver", "Z39.88-2004".to_owned()),
        ("rft_val_fmt", format!("info:ofi/fmt:kev:mtx:{format}")),
        ("rfr_id", format!("info:sid/{referrer}:lampion")),
    ];
    for one in &record.identifiers {
        match one.scheme.as_str() {
            "doi" => pairs.push(("rft_id", format!("info:doi/{}", one.value))),
            "url" => pairs.push(("rft_id", one.value.clone())),
            "isbn" => pairs.push(("rft_id", format!("urn:ISBN:{}", one.value))),
            "lccn" | "oclc" => {
                let name = if one.scheme == "oclc" {
                    "oclcnum"
                } else {
                    "lccn"
                };
                pairs.push(("rft_id", format!("info:{name}/{}", one.value)));
            }
            _ => {}
        }
    }
    if format == "dc" {
        dublin_core(record, &mut pairs);
    } else {
        matrix(record, format, genre, &mut pairs);
    }
    url::form(
        pairs
            .iter()
            .filter(|pair| !pair.1.is_empty())
            .map(|(name, value)| (*name, value.as_str())),
    )
}

fn date(record: &CatalogueRecord) -> String {
    record
        .year
        .map(|year| year.to_string())
        .or_else(|| record.date.clone())
        .unwrap_or_default()
}

fn dublin_core(record: &CatalogueRecord, pairs: &mut Vec<(&str, String)>) {
    pairs.push(("rft.title", record.full_title()));
    pairs.push(("rft.type", dc_type(record.kind).to_owned()));
    for name in &record.authors {
        let place = if name.is_author() {
            "rft.creator"
        } else {
            "rft.contributor"
        };
        pairs.push((place, name.display.clone()));
    }
    pairs.push(("rft.date", date(record)));
    pairs.push((
        "rft.publisher",
        record.publisher.clone().unwrap_or_default(),
    ));
    pairs.push(("rft.language", record.language.clone().unwrap_or_default()));
    for subject in &record.subjects {
        pairs.push(("rft.subject", subject.clone()));
    }
    let description = record.description.as_deref().unwrap_or_default();
    // An address has its limits.
    pairs.push(("rft.description", description.chars().take(500).collect()));
}

fn matrix(record: &CatalogueRecord, format: &str, genre: &str, pairs: &mut Vec<(&str, String)>) {
    let optional = |value: &Option<String>| value.clone().unwrap_or_default();
    let title = record.full_title();
    if format == "dissertation" {
        pairs.push(("rft.title", title));
        pairs.push(("rft.inst", optional(&record.publisher)));
    } else {
        pairs.push(("rft.genre", genre.to_owned()));
        let part = match (format, genre) {
            ("journal", "journal") => "rft.jtitle",
            (_, "book" | "report") => "rft.btitle",
            _ => "rft.atitle",
        };
        pairs.push((part, title));
        let whole = if format == "journal" {
            "rft.jtitle"
        } else {
            "rft.btitle"
        };
        if part != whole {
            pairs.push((whole, optional(&record.container)));
        }
        pairs.push(("rft.volume", optional(&record.volume)));
        pairs.push(("rft.issue", optional(&record.issue)));
        pairs.push(("rft.pages", optional(&record.pages)));
        pairs.push((
            "rft.series",
            record.series.first().cloned().unwrap_or_default(),
        ));
    }
    if format == "book" {
        pairs.push(("rft.pub", optional(&record.publisher)));
        pairs.push(("rft.place", optional(&record.place)));
        pairs.push(("rft.edition", optional(&record.edition)));
        pairs.push(("rft.tpages", optional(&record.extent)));
    }
    let isbn = record.identifier("isbn").unwrap_or_default();
    pairs.push(("rft.isbn", isbn.to_owned()));
    let issn = record.identifier("issn").unwrap_or_default();
    pairs.push(("rft.issn", issn.to_owned()));
    pairs.push(("rft.date", date(record)));
    pairs.push(("rft.language", optional(&record.language)));
    let authors: Vec<&Name> = record
        .authors
        .iter()
        .filter(|name| name.is_author())
        .collect();
    if let Some((family, given)) = authors.first().and_then(|name| name.parts()) {
        pairs.push(("rft.aulast", family.to_owned()));
        pairs.push(("rft.aufirst", given.to_owned()));
    }
    for name in authors {
        let place = if name.corporate {
            "rft.aucorp"
        } else {
            "rft.au"
        };
        pairs.push((place, name.display.clone()));
    }
}

/// The span for a page.
#[must_use]
pub fn coins(record: &CatalogueRecord, referrer: &str) -> String {
    format!(
        "<span class=\"Z3988\" title=\"{}\"></span>",
        escape_xml(&context_object(record, referrer))
    )
}
