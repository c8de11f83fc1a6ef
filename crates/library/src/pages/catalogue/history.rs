//! A record's versions, what differs between them, taking one back, and withdrawing the record.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::{Change, changes, part_name};
use lampion_web::{AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::{Desk, Notes, Told, merging, office};
use crate::catalogue::records::HISTORY_LIMIT;
use crate::catalogue::{Outcome, RecordRow, Version};
use crate::library::Library;
use crate::model::Collection;
use crate::pages::when::When;

/// One version with what it changed.
struct Shown {
    version: Version,
    note: Told,
    when: When,
    reason: String,
    changes: Vec<(String, Change)>,
    restorable: bool,
    /// The version before, if this is the newest and can be undone by it.
    undo: Option<u64>,
}

#[derive(Template)]
#[template(path = "catalogue_history.html")]
struct HistoryPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    row: &'a RecordRow,
    live: bool,
    versions: Vec<Shown>,
    next: Option<u64>,
    publishes: bool,
    reasons: Vec<(&'static str, String)>,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<u64>,
}

/// `GET /catalogue/{collection}/history/{id}?before=VERSION`.
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let row = desk
        .catalogue
        .row(&collection, &id)
        .await?
        .ok_or_else(AppError::not_found)?;
    let versions = desk
        .catalogue
        .history(&collection, &id, asked.before)
        .await?;
    let next = (versions.len() == HISTORY_LIMIT)
        .then(|| versions.last().map(|version| version.version))
        .flatten();
    let live = row.reason.is_none();
    let now_ms = library.kernel().clock.now_ms();
    let mut notes = Notes::new(&desk.catalogue);
    let mut shown = Vec::with_capacity(versions.len());
    for (at, version) in versions.iter().enumerate() {
        let older = versions.get(at + 1).and_then(|older| older.work.as_ref());
        let differs = match (older, &version.work) {
            (Some(older), Some(work)) => changes(older, work),
            _ => Vec::new(),
        };
        shown.push(Shown {
            note: notes.tell(&version.note).await?,
            when: When::of(&page, now_ms, version.time_ms),
            reason: version
                .withdrawn
                .map(|reason| page.t(&format!("reason-{}", reason.as_str())))
                .unwrap_or_default(),
            changes: differs
                .into_iter()
                .map(|change| (part_name(&change.group), change))
                .collect(),
            restorable: live && version.version != row.version && version.work.is_some(),
            undo: (live && version.version == row.version)
                .then(|| {
                    let older = versions.get(at + 1)?;
                    older.work.is_some().then_some(older.version)
                })
                .flatten(),
            version: version.clone(),
        });
    }
    page.html(&HistoryPage {
        page: &page,
        one: &desk.collection,
        row: &row,
        live,
        versions: shown,
        next,
        publishes: desk.rights.publishes,
        reasons: Reason::ALL
            .into_iter()
            .map(|reason| {
                let word = reason.as_str();
                (word, page.t(&format!("reason-{word}")))
            })
            .collect(),
    })
}

/// `POST /catalogue/{collection}/restore/{id}`: publishes `version` again after `base`.
pub(super) async fn restore(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let number = |name: &str| {
        form.get(name)
            .parse::<u64>()
            .map_err(|_| AppError::bad_request(format!("`{name}` must be a version")))
    };
    let (version, base) = (number("version")?, number("base")?);
    let (_, work) = desk.catalogue.work(&collection, &id, Some(version)).await?;
    let why = page.s("restored-from", &version.to_string());
    let outcome = desk
        .catalogue
        .publish(
            &collection,
            Some(&id),
            Some(base),
            &work,
            &desk.person.display,
            &why,
        )
        .await?;
    match outcome {
        Outcome::Published { .. } => Ok(Page::see_other(&format!(
            "/catalogue/{collection}/history/{id}"
        ))),
        Outcome::Conflict { current, .. } => {
            merging::conflict(&page, &desk, &id, (Some(base), current), &work, &why).await
        }
    }
}

/// `POST /catalogue/{collection}/withdraw/{id}`: for good; `reason`, `note`, `sure`.
pub(super) async fn withdraw(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let reason = Reason::from_code(form.get("reason"))
        .ok_or_else(|| AppError::bad_request("choose a reason"))?;
    if form.get("sure").is_empty() {
        return Err(AppError::bad_request("say that you are sure"));
    }
    let office = office(&library);
    desk.catalogue
        .withdraw(&collection, &id, reason, &office, form.get("note"))
        .await?;
    Ok(Page::see_other(&format!(
        "/catalogue/{collection}/history/{id}"
    )))
}
