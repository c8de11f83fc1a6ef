//! unAPI: a record by its id, in the format that another program wants. Zotero takes records of our pages by it.

use axum::Extension;
use axum::extract::RawQuery;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use lampion_formats::exchange::page::{unapi as written, unapi_formats};
use lampion_web::{AppError, Form, Page, PageResult};

use super::entries::whole_record;
use super::record::find;
use crate::library::Library;

/// By what a page names a record: `collection/key`.
pub(super) fn id(collection: &str, key: &str) -> String {
    format!("{collection}/{key}")
}

/// `GET /unapi?id=&format=`: without `format`, the list of formats (300 for one record, 200 for all).
pub(super) async fn unapi(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let form = Form::parse(raw.unwrap_or_default().as_bytes());
    let xml = [(header::CONTENT_TYPE, "application/xml")];
    let id = form.get("id");
    if id.is_empty() {
        return Ok((xml, unapi_formats(None)).into_response());
    }
    let (collection, key) = id.split_once('/').ok_or_else(AppError::not_found)?;
    let (_, document) = find(&library, &page, collection, key).await?;
    let format = form.get("format");
    if format.is_empty() {
        return Ok((StatusCode::MULTIPLE_CHOICES, xml, unapi_formats(Some(id))).into_response());
    }
    let (record, _) = whole_record(&document);
    let Some((format, text)) = written(format, &record) else {
        let detail = "no such format: ask without one for the list".to_string();
        return Err(AppError::new(
            StatusCode::NOT_ACCEPTABLE,
            "error-bad-request",
            detail,
        ));
    };
    let mime = match format.media_type {
        xml @ "application/xml" => xml.to_string(),
        text => format!("{text}; charset=utf-8"),
    };
    Ok(([(header::CONTENT_TYPE, mime)], text).into_response())
}
