//! Two edited the same version: what each changed, and which side to take.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::StatusCode;
use lampion_formats::records::desk::{
    Change, Conflict, Side, Work, changes, merge, merge_with, part_name,
};
use lampion_web::{AppError, Form, Page, PageResult};

use super::Desk;
use crate::catalogue::Outcome;
use crate::library::Library;
use crate::model::Collection;

#[derive(Template)]
#[template(path = "catalogue_conflict.html")]
struct ConflictPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    id: &'a str,
    base: u64,
    current: u64,
    mine: String,
    by: String,
    why: &'a str,
    conflicts: Vec<(String, Conflict)>,
    theirs: Vec<(String, Change)>,
}

/// The page of a conflict: my work was made from version `base`, and `current` is there now.
pub(super) async fn conflict(
    page: &Page,
    desk: &Desk,
    id: &str,
    (base, current): (Option<u64>, u64),
    mine: &Work,
    why: &str,
) -> PageResult {
    let collection = &desk.collection.id;
    let base = base.unwrap_or(current);
    let (_, before) = desk.catalogue.work(collection, id, Some(base)).await?;
    let (row, theirs) = desk.catalogue.work(collection, id, Some(current)).await?;
    let merged = merge(&before, mine, &theirs);
    let named = |group: &str| part_name(group);
    page.html_with(
        StatusCode::CONFLICT,
        &ConflictPage {
            page,
            one: &desk.collection,
            id,
            base,
            current,
            mine: mine.to_json().map_err(AppError::fault)?,
            by: row.by,
            why,
            conflicts: merged
                .conflicts
                .into_iter()
                .map(|one| (named(&one.group), one))
                .collect(),
            theirs: changes(&before, &theirs)
                .into_iter()
                .map(|one| (named(&one.group), one))
                .collect(),
        },
    )
}

/// The work of a form with `mine` (JSON), `base`, `current`, and `side-N` for each conflict; and the version `current`.
async fn merged(desk: &Desk, id: &str, form: &Form) -> Result<(Work, u64), AppError> {
    let number = |name: &str| {
        form.get(name)
            .parse::<u64>()
            .map_err(|_| AppError::bad_request(format!("`{name}` must be a version")))
    };
    let (base, current) = (number("base")?, number("current")?);
    let mine = Work::from_json(form.get("mine").as_bytes())
        .map_err(|error| AppError::bad_request(error.to_string()))?;
    let collection = &desk.collection.id;
    let (_, before) = desk.catalogue.work(collection, id, Some(base)).await?;
    let (_, theirs) = desk.catalogue.work(collection, id, Some(current)).await?;
    let merged = merge_with(&before, &mine, &theirs, |conflict| {
        match form.get(&format!("side-{}", conflict.number)) {
            "theirs" => Side::Theirs,
            "both" => Side::Both,
            _ => Side::Mine,
        }
    });
    // Files stand in what was sent: only such as are there already, or were sent by the same person.
    let known = [&before, &theirs];
    let person = &desk.person.id;
    let work = desk
        .catalogue
        .without_strange_files(merged.work, person, &known)
        .await?;
    Ok((work, current))
}

/// `POST /catalogue/{collection}/merge/{id}`: see [`merged`].
pub(super) async fn publish(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id)): Path<(String, String)>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let (work, current) = merged(&desk, &id, &form).await?;
    let why = form.get("why");
    let outcome = desk
        .catalogue
        .publish(
            &collection,
            Some(&id),
            Some(current),
            &work,
            &desk.person.display,
            why,
        )
        .await?;
    match outcome {
        Outcome::Published { id, .. } => {
            desk.catalogue.held(&desk.person.id, &work).await?;
            Ok(Page::see_other(&format!(
                "/catalogue/{collection}/history/{id}"
            )))
        }
        Outcome::Conflict { current: newer, .. } => {
            conflict(&page, &desk, &id, (Some(current), newer), &work, why).await
        }
    }
}
