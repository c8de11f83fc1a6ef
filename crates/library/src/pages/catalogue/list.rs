//! The catalogues, and the records of one.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use lampion_formats::records::desk::Template as Blank;
use lampion_people::Role;
use lampion_web::{Form, Page, PageResult};
use serde::Deserialize;

use super::review::Counts;
use super::{Desk, who};
use crate::catalogue::{Draft, DraftState, Filter, RecordRow, RecordState, Sort};
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Visibility};
use crate::pages::when::When;

/// Records of one page.
const ROWS: i64 = 50;

/// A draft as lists show it.
pub(super) struct DraftShown {
    id: String,
    title: String,
    state: &'static str,
    comment: String,
    when: When,
}

impl DraftShown {
    fn of(page: &Page, now_ms: i64, draft: Draft) -> Self {
        Self {
            when: When::of(page, now_ms, draft.updated_ms),
            title: draft.work.title(),
            state: match draft.state {
                DraftState::Writing => "draft-writing",
                DraftState::Submitted => "draft-submitted",
                DraftState::Returned => "draft-returned",
            },
            id: draft.id,
            comment: draft.comment,
        }
    }
}

#[derive(Template)]
#[template(path = "catalogues.html")]
struct CataloguesPage<'a> {
    page: &'a Page,
    all: Vec<Collection>,
    mine: Vec<DraftShown>,
    counts: Counts,
    creates: bool,
    error: String,
    title: String,
}

async fn page_of(
    page: &Page,
    library: &Library,
    status: StatusCode,
    error: String,
    title: &str,
) -> PageResult {
    let (catalogue, person, rights) = who(page, library).await?;
    library.refresh().await?;
    let mut all = library.catalogues();
    all.retain(|one| one.visible_to(Some(&person)));
    let mine = catalogue.drafts_of(&person.id).await?;
    let counts = Counts::of(page, library, &catalogue, (&person, rights)).await?;
    let now_ms = library.kernel().clock.now_ms();
    page.html_with(
        status,
        &CataloguesPage {
            page,
            all,
            mine: mine
                .into_iter()
                .map(|draft| DraftShown::of(page, now_ms, draft))
                .collect(),
            counts,
            creates: rights.publishes,
            error,
            title: title.to_string(),
        },
    )
}

/// `GET /catalogue`.
pub(super) async fn catalogues(page: Page, Extension(library): Extension<Library>) -> PageResult {
    page_of(&page, &library, StatusCode::OK, String::new(), "").await
}

/// `POST /catalogue`: begins one; `title`, `visibility` (`all`, `signed-in`).
pub(super) async fn create(
    page: Page,
    Extension(library): Extension<Library>,
    form: Form,
) -> PageResult {
    page.require(Role::Librarian)?;
    let title = form.trimmed("title");
    let visibility = match form.get("visibility") {
        "all" => Visibility::All,
        _ => Visibility::SignedIn,
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    if title.is_empty() {
        let error = page.t("dc-no-title");
        return page_of(&page, &library, unprocessable, error, title).await;
    }
    match library.create_catalogue("", title, visibility).await {
        Ok(made) => Ok(Page::see_other(&format!("/catalogue/{}", made.id))),
        Err(LibraryError::BadSource { reason, .. }) => {
            page_of(&page, &library, unprocessable, reason, title).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    state: String,
    language: String,
    kind: String,
    by: String,
    sort: String,
    after: String,
}

#[derive(Template)]
#[template(path = "catalogue_list.html")]
struct ListShown<'a> {
    page: &'a Page,
    one: &'a Collection,
    asked: &'a Asked,
    rows: Vec<RecordRow>,
    next: String,
    blanks: [Blank; 10],
    states: [(&'static str, &'static str); 2],
    reasons: Vec<String>,
    whens: Vec<When>,
    /// Id, name, whether all see it, whether this person may remove it.
    own: Vec<(String, String, bool, bool)>,
    counts: Counts,
}

/// `GET /catalogue/{collection}`: `q` (beginning of the title), `state`, `language`, `kind`, `by`, `sort`, `after`.
pub(super) async fn records(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let state = if asked.state == "withdrawn" {
        RecordState::Withdrawn
    } else {
        RecordState::Live
    };
    let newest = asked.sort == "newest" || state == RecordState::Withdrawn;
    // The beginning of a title can be looked for in the order of titles only.
    let sort = if newest && asked.q.is_empty() {
        Sort::Newest
    } else {
        Sort::Title
    };
    let filter = Filter {
        collection,
        state,
        title: asked.q.clone(),
        language: asked.language.clone(),
        kind: asked.kind.clone(),
        scheme: String::new(),
        by: asked.by.clone(),
    };
    let after = (!asked.after.is_empty()).then_some(asked.after.as_str());
    let found = desk.catalogue.list(&filter, sort, after, ROWS).await?;
    let next = found.next.map_or_else(String::new, |next| {
        format!(
            "?q={}&state={}&language={}&kind={}&by={}&sort={}&after={}",
            page.url(&asked.q),
            page.url(&asked.state),
            page.url(&asked.language),
            page.url(&asked.kind),
            page.url(&asked.by),
            page.url(&asked.sort),
            page.url(&next)
        )
    });
    let reasons = found
        .rows
        .iter()
        .map(|row| {
            row.reason
                .map(|reason| page.t(&format!("reason-{}", reason.as_str())))
                .unwrap_or_default()
        })
        .collect();
    let now_ms = library.kernel().clock.now_ms();
    let whens = found
        .rows
        .iter()
        .map(|row| When::of(&page, now_ms, row.published_ms))
        .collect();
    let own = desk
        .catalogue
        .templates(&desk.collection.id, &desk.person.id)
        .await?
        .into_iter()
        .map(|one| {
            let shared = one.person.is_none();
            (one.id, one.name, shared, !shared || desk.rights.publishes)
        })
        .collect();
    let who = (&desk.person, desk.rights);
    let counts = Counts::of(&page, &library, &desk.catalogue, who).await?;
    page.html(&ListShown {
        page: &page,
        whens,
        own,
        counts,
        one: &desk.collection,
        asked: &asked,
        rows: found.rows,
        next,
        blanks: Blank::ALL,
        states: [("", "state-live"), ("withdrawn", "withdrawn")],
        reasons,
    })
}
