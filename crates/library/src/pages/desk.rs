//! The librarian's desk: collections, their state, and what can be done with them.

use askama::Template;
use axum::Extension;
use axum::extract::{Multipart, Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use lampion_core::jobs::JobState;
use lampion_people::Role;
use lampion_web::{AppError, Form, Page, PageResult, check_csrf};
use serde::Deserialize;

use super::jobs::{JobShown, JobsPart};
use crate::library::Library;
use crate::model::{Collection, Visibility};
use crate::store::ImportError;

/// The largest form with a cover, in bytes.
pub(super) const COVER_LIMIT: usize = 2 << 20;
/// Errors on one page.
const ERRORS: i64 = 100;
/// Jobs of a collection that are shown.
const JOBS: i64 = 5;

struct Row {
    one: Collection,
    job: Option<JobShown>,
    visibility: &'static str,
}

#[derive(Template)]
#[template(path = "desk_list.html")]
struct DeskList<'a> {
    page: &'a Page,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "desk.html")]
struct DeskPage<'a> {
    page: &'a Page,
    list: String,
    error: String,
}

#[derive(Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    errors_after: String,
    #[serde(default)]
    saved: bool,
}

/// `GET /desk`; with header `x-partial` the list alone.
pub(super) async fn list(
    page: Page,
    Extension(library): Extension<Library>,
    headers: HeaderMap,
) -> PageResult {
    page.require(Role::Librarian)?;
    library.refresh().await?;
    let now_ms = library.kernel().clock.now_ms();
    let mut rows = Vec::new();
    let jobs = library.kernel().jobs.list("", 200).await?;
    for one in library.collections() {
        let mut own = jobs.iter().filter(|job| job.subject == one.id);
        // What is at work, or how the last one failed.
        let job = own
            .clone()
            .find(|job| !job.state.is_over())
            .or_else(|| own.next().filter(|job| job.state == JobState::Failed))
            .map(|job| JobShown::new(&page, job, now_ms));
        let visibility = match one.visibility {
            Visibility::All => "visible-all",
            Visibility::SignedIn => "visible-signed-in",
            Visibility::Group(_) => "visible-group-short",
        };
        rows.push(Row {
            one,
            job,
            visibility,
        });
    }
    let live = jobs.iter().any(|job| !job.state.is_over());
    let list = DeskList { page: &page, rows }.render()?;
    if headers.contains_key("x-partial") {
        return Ok(partial(list, live));
    }
    page.html(&DeskPage {
        page: &page,
        list,
        error: String::new(),
    })
}

/// A part of a page that its script renews; told to stop when nothing is at work any more.
fn partial(html: String, live: bool) -> Response {
    let mut response = Html(html).into_response();
    if !live {
        response
            .headers_mut()
            .insert("x-over", axum::http::HeaderValue::from_static("1"));
    }
    response
}

#[derive(Template)]
#[template(path = "desk_collection.html")]
struct DeskCollectionPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    jobs: String,
    content: String,
    visibilities: Vec<(String, String, bool)>,
    errors: Vec<ImportError>,
    errors_next: Option<String>,
    notice: String,
    /// Of a harvested one: hours, message, whether they are set.
    every: Vec<(i64, String, bool)>,
}

/// How often a repository is asked: every so many hours, and the words for it.
fn every(page: &Page, set: Option<i64>) -> Vec<(i64, String, bool)> {
    let Some(set) = set else {
        return Vec::new();
    };
    let known = [
        (0, "harvest-never"),
        (24, "harvest-daily"),
        (168, "harvest-weekly"),
    ];
    let mut all: Vec<_> = known
        .iter()
        .map(|(hours, key)| (*hours, page.t(key), *hours == set))
        .collect();
    if !all.iter().any(|one| one.2) {
        all.push((set, page.n("harvest-hours", set), true));
    }
    all
}

/// `GET /desk/{id}`; with header `x-partial` the jobs alone.
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    Query(query): Query<Part>,
    headers: HeaderMap,
) -> PageResult {
    page.require(Role::Librarian)?;
    library.refresh().await?;
    let one = library.collection(&id).ok_or_else(AppError::not_found)?;
    let now_ms = library.kernel().clock.now_ms();
    let jobs = library.kernel().jobs.list(&id, JOBS).await?;
    let live = jobs.iter().any(|job| !job.state.is_over());
    let shown = jobs
        .iter()
        // What is at work, and of each kind how the last one ended.
        .filter(|job| {
            let newest = jobs.iter().find(|other| other.kind == job.kind);
            !job.state.is_over() || newest.is_some_and(|newest| newest.id == job.id)
        })
        .map(|job| JobShown::new(&page, job, now_ms))
        .collect();
    let jobs = JobsPart {
        page: &page,
        id: &id,
        jobs: shown,
    }
    .render()?;
    if headers.contains_key("x-partial") {
        return Ok(partial(jobs, live));
    }
    let errors = library
        .store()
        .errors(&id, &query.errors_after, ERRORS)
        .await?;
    let errors_next = (i64::try_from(errors.len()).unwrap_or(0) == ERRORS)
        .then(|| errors.last().map(|error| error.item.clone()))
        .flatten();
    let mut visibilities = vec![
        (
            "all".to_string(),
            page.t("visible-all"),
            one.visibility == Visibility::All,
        ),
        (
            "signed-in".to_string(),
            page.t("visible-signed-in"),
            one.visibility == Visibility::SignedIn,
        ),
    ];
    for group in library.kernel().people.groups().await? {
        let chosen = one.visibility == Visibility::Group(group.id.clone());
        visibilities.push((group.id, page.s("visible-group", &group.name), chosen));
    }
    let content = if one.is_followed() {
        one.source.feed.clone()
    } else if one.is_harvested() {
        one.source.name.clone()
    } else {
        library
            .content_path(&one)
            .map_or_else(|error| error.to_string(), |path| path.display().to_string())
    };
    let notice = if query.saved {
        page.t("saved")
    } else {
        String::new()
    };
    page.html(&DeskCollectionPage {
        page: &page,
        one: &one,
        jobs,
        content,
        visibilities,
        errors,
        errors_next,
        notice,
        every: every(&page, library.store().harvest_every(&id).await?),
    })
}

/// `POST /desk/{id}`: `do` = `update`, `check`, `reindex`, `whole`, `every` (with `every`, hours), `remove` (with `sure`), `cancel` or `retry` (with `job`).
pub(super) async fn act(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    form: Form,
) -> PageResult {
    page.require(Role::Librarian)?;
    let kernel = library.kernel();
    match form.get("do") {
        "update" if library.store().harvest(&id).await?.is_some() => {
            drop(library.harvest_again(&id, false).await?)
        }
        "whole" => drop(library.harvest_again(&id, true).await?),
        "every" => {
            let hours = form.trimmed("every").parse().unwrap_or(0);
            library.store().set_harvest_every(&id, hours).await?;
        }
        "update" => drop(kernel.queue(crate::import::KIND, &id, "{}".into()).await?),
        "check" => drop(library.check(&id).await?),
        "reindex" => drop(library.reindex(&id).await?),
        "cancel" => kernel.cancel(form.get("job")).await?,
        "retry" => {
            kernel
                .jobs
                .retry(form.get("job"), kernel.clock.now_ms())
                .await?;
            if let Some(runner) = kernel.runner.get() {
                runner.wake();
            }
        }
        "remove" if !form.get("sure").is_empty() => {
            library.remove(&id).await?;
            return Ok(Page::see_other("/desk"));
        }
        _ => return Err(AppError::bad_request("choose what to do")),
    }
    Ok(Page::see_other(&format!("/desk/{id}")))
}

/// `POST /desk/{id}/describe` (multipart): `title`, `description`, `language`, `visibility`, `cover`.
pub(super) async fn describe(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    mut form: Multipart,
) -> PageResult {
    page.require(Role::Librarian)?;
    let mut one = library
        .store()
        .get(&id)
        .await?
        .ok_or_else(AppError::not_found)?;
    let bad = |error: axum::extract::multipart::MultipartError| {
        AppError::new(error.status(), "error-bad-request", error.body_text())
    };
    let mut token = String::new();
    let mut cover = None;
    while let Some(field) = form.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_string();
        if name == "cover" {
            cover = Some(field.bytes().await.map_err(bad)?).filter(|bytes| !bytes.is_empty());
            continue;
        }
        let value = field.text().await.map_err(bad)?;
        match name.as_str() {
            "csrf" => token = value,
            "title" if !value.trim().is_empty() => one.title = value.trim().into(),
            "description" => one.description = value.trim().into(),
            "language" => {
                one.language = value
                    .split([',', ' '])
                    .map(str::trim)
                    .filter(|tag| !tag.is_empty())
                    .collect::<Vec<_>>()
                    .join(",")
            }
            "visibility" => {
                one.visibility = match value.as_str() {
                    "all" => Visibility::All,
                    "signed-in" | "" => Visibility::SignedIn,
                    group => Visibility::Group(group.into()),
                }
            }
            _ => {}
        }
    }
    check_csrf(&page, &token)?;
    if let Some(picture) = cover {
        let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(picture)]);
        let stored = library
            .kernel()
            .blobs
            .put_stream(stream)
            .await
            .map_err(AppError::fault)?;
        one.cover = stored.hash.to_string();
    }
    one.updated_ms = library.kernel().clock.now_ms();
    library.store().update(&one).await?;
    library.refresh().await?;
    Ok((
        StatusCode::SEE_OTHER,
        [(
            axum::http::header::LOCATION,
            format!("/desk/{id}?saved=true"),
        )],
    )
        .into_response())
}
