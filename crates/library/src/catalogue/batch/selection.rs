//! Which records a batch is about.

use lampion_search::SearchRequest;
use serde::{Deserialize, Serialize};

use crate::catalogue::lists::PAGE_LIMIT;
use crate::catalogue::model::{Filter, RecordState, Sort};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::library::{Library, LibraryError};

/// Records that a search gives: as many as can be paged through.
pub const SEARCH_RECORDS: usize = lampion_search::REACH;
/// Records that were chosen one by one.
const IDS_LIMIT: usize = 5_000;
/// Pages that are looked at for one part, since a page may be empty though more follows.
const PAGES_LIMIT: usize = 20;

/// Which records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// These.
    pub ids: Vec<String>,
    /// All that begin so, if no `ids` and no `search` are given. Words as in [`Filter`].
    pub title: String,
    /// Language tag.
    pub language: String,
    /// Kind.
    pub kind: String,
    /// Public name of who published last.
    pub by: String,
    /// The first thousand that a search finds.
    pub search: String,
    /// What another batch changed and nobody changed since.
    pub batch: String,
}

/// A part of a selection: identifiers with the versions that were seen, and where to go on.
pub(super) struct Part {
    pub ids: Vec<String>,
    pub next: Option<String>,
}

impl Selection {
    /// The filter of lists.
    pub fn filter(&self, collection: &str) -> Filter {
        Filter {
            collection: collection.to_string(),
            state: RecordState::Live,
            title: self.title.clone(),
            language: self.language.clone(),
            kind: self.kind.clone(),
            scheme: String::new(),
            by: self.by.clone(),
        }
    }

    /// Whether it is all of a catalogue.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}

/// The next part of a selection after a place; `place` is empty at its beginning.
///
/// # Errors
/// The database, or the search, or a damaged place.
pub(super) async fn part(
    catalogue: &Catalogue,
    library: Option<&Library>,
    collection: &str,
    selection: &Selection,
    place: &str,
) -> Result<Part, LibraryError> {
    if !selection.ids.is_empty() {
        let ids = selection.ids.iter().take(IDS_LIMIT).cloned().collect();
        return Ok(Part { ids, next: None });
    }
    if let Some(library) = library.filter(|_| !selection.search.is_empty()) {
        return found(library, collection, &selection.search, place).await;
    }
    let fault = |error: CatalogueError| match error {
        CatalogueError::Db(error) => LibraryError::Db(error),
        other => LibraryError::Content {
            collection: collection.to_string(),
            reason: other.to_string(),
        },
    };
    if !selection.batch.is_empty() {
        let ids = catalogue
            .changed_by(&selection.batch, place, PAGE_LIMIT)
            .await
            .map_err(fault)?;
        let next = ids.last().cloned();
        return Ok(Part { ids, next });
    }
    let filter = selection.filter(collection);
    let mut place = place.to_string();
    for _ in 0..PAGES_LIMIT {
        let after = (!place.is_empty()).then_some(place.as_str());
        let page = catalogue
            .list(&filter, Sort::Title, after, PAGE_LIMIT)
            .await
            .map_err(fault)?;
        let ids: Vec<String> = page.rows.into_iter().map(|row| row.id).collect();
        match page.next {
            Some(next) if ids.is_empty() => place = next,
            next => return Ok(Part { ids, next }),
        }
    }
    Ok(Part {
        ids: Vec::new(),
        next: Some(place),
    })
}

async fn found(
    library: &Library,
    collection: &str,
    words: &str,
    place: &str,
) -> Result<Part, LibraryError> {
    let request = SearchRequest {
        query: words.to_string(),
        collections: vec![collection.to_string()],
        limit: 100,
        cursor: (!place.is_empty()).then(|| place.to_string()),
        ..SearchRequest::default()
    };
    let results = library.search(request).await?;
    let ids: Vec<String> = results.hits.into_iter().map(|hit| hit.key).collect();
    let next = results.next.filter(|_| !ids.is_empty());
    Ok(Part { ids, next })
}
