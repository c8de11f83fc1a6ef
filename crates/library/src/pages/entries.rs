//! Documents as other programs want them: whole records.

use std::collections::HashMap;

use lampion_formats::records::{CatalogueRecord, WorkKind};
use lampion_search::StoredDocument;
use lampion_web::Page;

use super::record::catalogue_record;
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Meta};

/// Collections that the person who asks may see, by id.
pub(super) fn known(library: &Library, page: &Page) -> HashMap<String, Collection> {
    library
        .visible(page.person.as_ref())
        .into_iter()
        .map(|one| (one.id.clone(), one))
        .collect()
}

/// Documents by collection and key, all in one turn; `None` for one that has gone meanwhile.
///
/// # Errors
/// `Busy`.
pub(super) async fn documents(
    library: &Library,
    wanted: Vec<(String, String)>,
) -> Result<Vec<Option<StoredDocument>>, LibraryError> {
    library
        .engine(move |engine| {
            wanted
                .iter()
                .map(|(collection, key)| engine.get(collection, key).ok().flatten())
                .collect()
        })
        .await
}

/// The record of a document with its kind, which files don't tell by a record.
pub(super) fn whole_record(document: &StoredDocument) -> (CatalogueRecord, Meta) {
    let meta = Meta::parse(&document.meta);
    let mut record = catalogue_record(document, &meta);
    if record.kind == WorkKind::Other {
        let word = match document.kind.as_str() {
            "audio" => "sound",
            // An article of an encyclopedia is none of a journal.
            "article" => "other",
            word => word,
        };
        record.kind =
            serde_json::from_value(serde_json::Value::String(word.into())).unwrap_or_default();
    }
    (record, meta)
}

/// The name in an origin: `hill` of `http://hill:8080`.
pub(super) fn host(origin: &str) -> &str {
    let rest = origin
        .split_once("://")
        .map_or(origin, |(_, rest)| rest)
        .split('/')
        .next()
        .unwrap_or_default();
    match rest.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn a_host_is_told_without_its_port() {
        for (origin, name) in [
            ("http://hill:8080", "hill"),
            ("https://hill.internal", "hill.internal"),
            ("http://[::1]:80", "[::1]"),
            ("http://[fe80::1]", "[fe80::1]"),
        ] {
            assert_eq!(host(origin), name);
        }
    }
}
