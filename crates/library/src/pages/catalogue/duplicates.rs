//! Records that may be of one work: found by their keys, laid side by side, merged or told apart.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use lampion_formats::records::desk::{Change, ImportRule, ImportRules, changes, import, part_name};
use lampion_web::{AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::{Desk, office};
use crate::catalogue::{Merging, Outcome, RecordRow};
use crate::library::Library;
use crate::model::Collection;

/// Records of a group that are told apart with one button.
const APART: usize = 10;

/// A group as the page shows it.
struct GroupShown {
    kind: &'static str,
    key: String,
    rows: Vec<RecordRow>,
    /// Can be told apart with one button.
    small: bool,
}

#[derive(Template)]
#[template(path = "catalogue_duplicates.html")]
struct DuplicatesPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    groups: Vec<GroupShown>,
    publishes: bool,
    after: String,
    next: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    after: String,
}

fn kind_of(key: &str) -> (&'static str, String) {
    let (kind, value) = key.split_once(':').unwrap_or(("", key));
    let name = match kind {
        "isbn" => "ISBN",
        "issn" => "ISSN",
        "doi" => "DOI",
        _ => "",
    };
    let value = if name.is_empty() {
        value.replace('/', " / ")
    } else {
        value.to_string()
    };
    (name, value)
}

/// `GET /catalogue/{collection}/duplicates?after=KEY`.
pub(super) async fn list(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    let (groups, next) = desk
        .catalogue
        .duplicate_groups(&collection, &asked.after)
        .await?;
    page.html(&DuplicatesPage {
        page: &page,
        one: &desk.collection,
        groups: groups
            .into_iter()
            .map(|(key, rows)| {
                let (kind, key) = kind_of(&key);
                GroupShown {
                    kind,
                    key,
                    small: rows.len() <= APART,
                    rows,
                }
            })
            .collect(),
        publishes: desk.rights.publishes,
        after: asked.after,
        next,
    })
}

/// `POST /catalogue/{collection}/duplicates/apart`: `id` (several) are of as many works; `after` leads back.
pub(super) async fn apart(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let ids: Vec<&str> = form.all("id").take(APART).collect();
    if ids.len() < 2 {
        return Err(AppError::bad_request("name at least two records"));
    }
    desk.catalogue.tell_apart(&collection, &ids).await?;
    Ok(Page::see_other(&format!(
        "/catalogue/{collection}/duplicates?after={}",
        page.url(form.get("after"))
    )))
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Pair {
    a: String,
    b: String,
    after: String,
}

#[derive(Template)]
#[template(path = "catalogue_compare.html")]
struct ComparePage<'a> {
    page: &'a Page,
    one: &'a Collection,
    a: RecordRow,
    b: RecordRow,
    after: String,
    differs: Vec<(String, Change)>,
    publishes: bool,
    error: String,
}

async fn draw(
    page: &Page,
    desk: &Desk,
    pair: &Pair,
    status: StatusCode,
    error: String,
) -> PageResult {
    let collection = &desk.collection.id;
    if pair.a == pair.b {
        return Err(AppError::bad_request("name two records"));
    }
    let (a, left) = desk.catalogue.work(collection, &pair.a, None).await?;
    let (b, right) = desk.catalogue.work(collection, &pair.b, None).await?;
    let differs = changes(&left, &right)
        .into_iter()
        .map(|change| (part_name(&change.group), change))
        .collect();
    page.html_with(
        status,
        &ComparePage {
            page,
            one: &desk.collection,
            a,
            b,
            after: pair.after.clone(),
            differs,
            publishes: desk.rights.publishes,
            error,
        },
    )
}

/// `GET /catalogue/{collection}/duplicates/compare?a=ID&b=ID`.
pub(super) async fn compare(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    Query(pair): Query<Pair>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    draw(&page, &desk, &pair, StatusCode::OK, String::new()).await
}

/// `POST /catalogue/{collection}/duplicates/merge`: `a` and `b` with the versions `a-version` and `b-version`; `keep` is
/// `a` or `b`; `take` says what the kept one takes of the other: `fill`, `add`, nothing.
pub(super) async fn merge(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let pair = Pair {
        a: form.get("a").into(),
        b: form.get("b").into(),
        after: form.get("after").into(),
    };
    if pair.a == pair.b {
        return Err(AppError::bad_request("name two records"));
    }
    let version = |name: &str| {
        form.get(name)
            .parse::<u64>()
            .map_err(|_| AppError::bad_request(format!("`{name}` must be a version")))
    };
    let (first, second) = (
        (pair.a.as_str(), version("a-version")?),
        (pair.b.as_str(), version("b-version")?),
    );
    let (kept, gone) = match form.get("keep") {
        "a" => (first, second),
        "b" => (second, first),
        _ => return Err(AppError::bad_request("choose which one is kept")),
    };
    let (_, mine) = desk
        .catalogue
        .work(&collection, kept.0, Some(kept.1))
        .await?;
    let (_, theirs) = desk
        .catalogue
        .work(&collection, gone.0, Some(gone.1))
        .await?;
    let default = match form.get("take") {
        "fill" => ImportRule::FillGaps,
        "add" => ImportRule::Add,
        _ => ImportRule::KeepMine,
    };
    let rules = ImportRules {
        default,
        fields: Vec::new(),
    };
    let merged = import(&mine, &theirs, &rules);
    let office = office(&library);
    let merging = Merging {
        kept,
        gone,
        work: (merged != mine).then_some(&merged),
        by: &desk.person.display,
        office: &office,
    };
    match desk
        .catalogue
        .merge_duplicates(&collection, &merging)
        .await?
    {
        Outcome::Published { .. } => Ok(Page::see_other(&format!(
            "/catalogue/{collection}/duplicates?after={}",
            page.url(&pair.after)
        ))),
        Outcome::Conflict { .. } => {
            let error = page.t("duplicates-conflict");
            draw(&page, &desk, &pair, StatusCode::CONFLICT, error).await
        }
    }
}
