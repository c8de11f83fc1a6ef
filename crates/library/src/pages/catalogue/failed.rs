//! What readers look for and don't find; see [`crate::catalogue::failed`] for what is counted, and what never is.

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use lampion_web::{AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::who;
use crate::catalogue::failed::{FailedSearch, KEEP_WEEKS, LEAST, dismiss, list};
use crate::catalogue::{week, week_begins_ms};
use crate::library::Library;
use crate::model::Collection;

/// Weeks that are shown unless somebody asks for all.
const WEEKS: i64 = 4;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    weeks: String,
}

#[derive(Template)]
#[template(path = "catalogue_searches.html")]
struct SearchesPage<'a> {
    page: &'a Page,
    all: Vec<FailedSearch>,
    /// Where something can be catalogued.
    catalogues: Vec<Collection>,
    weeks: i64,
    keep: i64,
    least: u32,
    since: String,
}

/// `GET /catalogue-searches?weeks=26`.
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let (_, person, _) = who(&page, &library).await?;
    let kernel = library.kernel();
    let weeks = if asked.weeks.is_empty() || asked.weeks == "4" {
        WEEKS
    } else {
        KEEP_WEEKS
    };
    let now_ms = kernel.clock.now_ms();
    let from = week(now_ms) - weeks + 1;
    let all = list(&kernel.db, from).await.map_err(AppError::from)?;
    let mut catalogues = library.catalogues();
    catalogues.retain(|one| one.visible_to(Some(&person)));
    page.html(&SearchesPage {
        page: &page,
        all,
        catalogues,
        weeks,
        keep: KEEP_WEEKS,
        least: LEAST,
        since: lampion_core::clock::date(week_begins_ms(from)),
    })
}

/// `POST /catalogue-searches`: `words` were dealt with.
pub(super) async fn done(
    page: Page,
    Extension(library): Extension<Library>,
    form: Form,
) -> PageResult {
    let (_, _, rights) = who(&page, &library).await?;
    if !rights.publishes {
        return Err(AppError::forbidden());
    }
    let kernel = library.kernel();
    dismiss(&kernel.db, form.get("words"), kernel.clock.now_ms())
        .await
        .map_err(AppError::from)?;
    Ok(Page::see_other("/catalogue-searches"))
}
