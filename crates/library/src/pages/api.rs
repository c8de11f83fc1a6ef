//! The JSON interface, version 1; described by `/api/openapi.json`.

use axum::extract::{Path, RawQuery};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use lampion_search::{FacetCount, Match};
use lampion_web::{AppError, Form, Page, PageResult};
use serde_json::{Value, json};

use super::address;
use super::record::{catalogue_record, find};
use super::search::Asked;
use crate::library::Library;
use crate::model::{Collection, Meta, State};

/// Most results of one call.
const LIMIT: usize = 100;
/// Suggestions if no number is asked for.
const SUGGESTIONS: usize = 8;

/// The interface's description.
const OPENAPI: &str = include_str!("../../openapi.json");

/// `GET /api/openapi.json`.
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI).into_response()
}

fn number(form: &Form, name: &str, otherwise: usize) -> Result<usize, AppError> {
    match form.get(name) {
        "" => Ok(otherwise),
        text => text
            .parse()
            .ok()
            .filter(|number| (1..=LIMIT).contains(number))
            .ok_or_else(|| AppError::bad_request(format!("`{name}` must be 1 to {LIMIT}"))),
    }
}

/// Checks parameters that pages pass over in silence.
fn strict(form: &Form) -> Result<(), AppError> {
    if !matches!(form.get("sort"), "" | "relevance" | "newest" | "title") {
        return Err(AppError::bad_request(
            "`sort` must be relevance, newest or title",
        ));
    }
    for name in ["from", "to"] {
        if !form.get(name).is_empty() && form.get(name).parse::<i32>().is_err() {
            return Err(AppError::bad_request(format!("`{name}` must be a year")));
        }
    }
    if form.get("q").is_empty() {
        return Err(AppError::bad_request(
            "`q` is missing: what is to be searched for?",
        ));
    }
    Ok(())
}

/// `GET /api/v1/search`.
pub(super) async fn search(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let form = Form::parse(raw.as_deref().unwrap_or_default().as_bytes());
    strict(&form)?;
    let limit = number(&form, "limit", 10)?;
    let asked = Asked::parse(raw.as_deref());
    let facets = match form.get("facets") {
        "true" => true,
        "" | "false" => false,
        _ => return Err(AppError::bad_request("`facets` must be true or false")),
    };
    let results = library
        .search(asked.request(&library, &page, limit, facets))
        .await?;
    let hits: Vec<Value> = results
        .hits
        .iter()
        .filter_map(|hit| {
            let collection = library.collection(&hit.collection)?;
            let meta = Meta::parse(&hit.meta);
            let snippet: Vec<Value> = hit.snippet.iter().map(|(text, marked)| json!({ "text": text, "marked": marked })).collect();
            Some(json!({
                "collection": hit.collection, "key": hit.key, "title": hit.title, "language": hit.language, "kind": hit.kind,
                "year": hit.year, "snippet": snippet, "score": hit.score, "url": address(&collection, &hit.key, &meta),
            }))
        })
        .collect();
    let counts = |all: &[FacetCount]| {
        all.iter()
            .map(|one| json!({ "value": one.value, "count": one.count }))
            .collect::<Vec<_>>()
    };
    let facets = facets.then(|| {
        json!({
            "collections": counts(&results.facets.collections), "kinds": counts(&results.facets.kinds), "languages": counts(&results.facets.languages),
            "years": counts(&results.facets.years), "subjects": counts(&results.facets.subjects),
        })
    });
    let matched = match results.matched {
        Match::All => "all",
        Match::Some => "some",
        Match::Corrected => "corrected",
    };
    Ok(Json(json!({
        "total": results.total, "total_is_exact": results.total_is_exact, "matched": matched, "corrected": results.corrected,
        "partial": results.partial, "took_us": results.took_us, "next": results.next, "facets": facets, "hits": hits,
    }))
    .into_response())
}

/// `GET /api/v1/suggest`; with `form=opensearch` in the form that browsers want (OpenSearch Suggestions 1.1).
pub(super) async fn suggest(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let form = Form::parse(raw.as_deref().unwrap_or_default().as_bytes());
    let typed = form.get("q").to_string();
    if typed.is_empty() {
        return Err(AppError::bad_request("`q` is missing: what was typed?"));
    }
    if !matches!(form.get("form"), "" | "opensearch") {
        return Err(AppError::bad_request("`form` must be opensearch"));
    }
    let limit = number(&form, "limit", SUGGESTIONS)?;
    let mut collections = library.visible_ids(page.person.as_ref());
    let wanted: Vec<&str> = form.all("collection").filter(|id| !id.is_empty()).collect();
    if !wanted.is_empty() {
        collections.retain(|id| wanted.contains(&id.as_str()));
    }
    let found = library.suggest(typed.clone(), collections, limit).await?;
    if form.get("form") == "opensearch" {
        let titles: Vec<&str> = found.iter().map(|one| one.title.as_str()).collect();
        return Ok((
            [(header::CONTENT_TYPE, "application/x-suggestions+json")],
            Json(json!([typed, titles])).0.to_string(),
        )
            .into_response());
    }
    let shown: Vec<Value> = found
        .iter()
        .filter_map(|one| {
            let collection = library.collection(&one.collection)?;
            let mime = if collection.kind == crate::model::Kind::Zim { "text/html" } else { crate::mime::by_name(&one.key) };
            let meta = Meta { mime: mime.into(), ..Meta::default() };
            Some(json!({ "collection": one.collection, "key": one.key, "title": one.title, "url": address(&collection, &one.key, &meta) }))
        })
        .collect();
    Ok(Json(json!({ "suggestions": shown })).into_response())
}

fn described(one: &Collection) -> Value {
    json!({
        "id": one.id, "title": one.title, "description": one.description, "creator": one.creator,
        "languages": one.language.split(',').filter(|tag| !tag.is_empty()).collect::<Vec<_>>(),
        "kind": one.kind, "state": if one.state == State::Ready { "ready" } else { "new" }, "documents": one.documents,
        "size_bytes": one.size_bytes, "index_bytes": one.index_bytes, "url": format!("/collection/{}", one.id),
    })
}

/// `GET /api/v1/collections`.
pub(super) async fn collections(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let all: Vec<Value> = library
        .visible(page.person.as_ref())
        .iter()
        .map(described)
        .collect();
    Ok(Json(json!({ "collections": all })).into_response())
}

/// `GET /api/v1/records/{collection}/{key}`.
pub(super) async fn record(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
) -> PageResult {
    let (collection, document) = find(&library, &page, &collection, &key).await?;
    let meta = Meta::parse(&document.meta);
    let record =
        serde_json::to_value(catalogue_record(&document, &meta)).map_err(AppError::fault)?;
    let body = json!({
        "collection": collection.id, "key": document.key, "title": document.title, "text": document.text, "language": document.language,
        "kind": document.kind, "year": document.year, "authors": document.authors, "subjects": document.subjects,
        "mime": meta.mime, "size_bytes": meta.place.map_or(meta.size, |(_, length)| length), "record": record, "url": address(&collection, &document.key, &meta),
        "original": format!("/original/{}/{}", collection.id, lampion_web::filters::url_path(&document.key)),
    });
    Ok((StatusCode::OK, Json(body)).into_response())
}
