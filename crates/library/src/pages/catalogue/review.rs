//! The queue of those who decide on drafts: what was handed in, by whom, and since when.

use std::collections::HashMap;

use askama::Template;
use axum::Extension;
use lampion_people::Person;
use lampion_web::{AppError, Page, PageResult};

use super::who;
use crate::catalogue::{Catalogue, Draft, Rights};
use crate::library::Library;
use crate::pages::when::When;

struct Waiting {
    id: String,
    title: String,
    collection: String,
    who: String,
    since: When,
    /// It is a new version of a record that is there.
    changes: bool,
    returned_before: bool,
}

#[derive(Template)]
#[template(path = "catalogue_review.html")]
struct ReviewPage<'a> {
    page: &'a Page,
    waiting: Vec<Waiting>,
}

/// Drafts that were handed in to catalogues that a person may see.
pub(super) async fn submitted(
    page: &Page,
    library: &Library,
    catalogue: &Catalogue,
) -> Result<Vec<Draft>, AppError> {
    let mut all = catalogue.submitted().await?;
    all.retain(|draft| {
        library
            .collection_for(&draft.collection, page.person.as_ref())
            .is_ok()
    });
    Ok(all)
}

/// What waits, as the desk's pages say it.
#[derive(Default)]
pub(super) struct Counts {
    /// Drafts that a person who decides may decide on.
    pub waiting: i64,
    /// Drafts that were given back to the person.
    pub returned: i64,
}

impl Counts {
    pub(super) async fn of(
        page: &Page,
        library: &Library,
        catalogue: &Catalogue,
        (person, rights): (&Person, Rights),
    ) -> Result<Self, AppError> {
        let (submitted, returned) = catalogue.draft_counts(&person.id).await?;
        let waiting = submitted
            .iter()
            .filter(|one| {
                rights.publishes && library.collection_for(&one.0, page.person.as_ref()).is_ok()
            })
            .map(|one| one.1)
            .sum();
        Ok(Self { waiting, returned })
    }
}

/// `GET /catalogue-review`.
pub(super) async fn queue(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let (catalogue, _, rights) = who(&page, &library).await?;
    if !rights.publishes {
        return Err(AppError::forbidden());
    }
    let kernel = library.kernel();
    let now_ms = kernel.clock.now_ms();
    let mut names: HashMap<String, String> = HashMap::new();
    let mut waiting = Vec::new();
    for draft in submitted(&page, &library, &catalogue).await? {
        if !names.contains_key(&draft.person) {
            let author = kernel.people.by_id(&draft.person).await?;
            let name = author.map(|author| author.display).unwrap_or_default();
            names.insert(draft.person.clone(), name);
        }
        let collection = library.collection(&draft.collection);
        waiting.push(Waiting {
            title: draft.work.title(),
            collection: collection.map_or_else(|| draft.collection.clone(), |one| one.title),
            who: names.get(&draft.person).cloned().unwrap_or_default(),
            since: When::of(&page, now_ms, draft.updated_ms),
            changes: draft.record.is_some(),
            returned_before: !draft.comment.is_empty(),
            id: draft.id,
        });
    }
    page.html(&ReviewPage {
        page: &page,
        waiting,
    })
}
