//! The library's pages.

mod api;
mod catalogue;
mod changes;
mod chart;
pub mod content;
mod desk;
mod entries;
mod export;
mod following;
mod home;
mod import;
mod jobs;
mod lists;
mod oai;
mod opds;
mod ranges;
mod read;
mod record;
mod search;
mod sru;
mod unapi;
mod when;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use lampion_people::Role;
use lampion_web::{App, NavItem};

use crate::catalogue::WRITERS_GROUP;
use crate::library::Library;
use crate::model::{Collection, Kind, Meta};

/// The feature's messages in all languages.
pub const MESSAGES: &[(&str, &str)] = &[
    ("en", include_str!("../../i18n/en.ftl")),
    ("ko", include_str!("../../i18n/ko.ftl")),
    ("ar", include_str!("../../i18n/ar.ftl")),
    ("zh", include_str!("../../i18n/zh.ftl")),
    ("ru", include_str!("../../i18n/ru.ftl")),
    ("es", include_str!("../../i18n/es.ftl")),
    ("fr", include_str!("../../i18n/fr.ftl")),
];

pub(crate) fn navigation() -> Vec<NavItem> {
    vec![
        NavItem {
            key: "changes",
            href: "/changes",
            role: None,
            group: None,
        },
        NavItem {
            key: "nav-lists",
            href: "/lists",
            role: None,
            group: None,
        },
        NavItem {
            key: "nav-catalogue",
            href: "/catalogue",
            role: Some(Role::Editor),
            group: Some(WRITERS_GROUP),
        },
        NavItem {
            key: "nav-desk",
            href: "/desk",
            role: Some(Role::Librarian),
            group: None,
        },
    ]
}

pub(crate) fn routes(library: Library, upload_limit_bytes: usize) -> Router<App> {
    Router::new()
        .route("/", get(home::home))
        .route("/collections", get(home::all))
        .route("/collection/{id}", get(home::collection))
        .route("/cover/{id}", get(home::cover))
        .route("/search", get(search::search))
        .route("/opensearch.xml", get(search::opensearch))
        .route("/record/{collection}/{*key}", get(record::record))
        .route("/cite/{format}/{collection}/{*key}", get(record::cite))
        .route("/original/{collection}/{*key}", get(record::original))
        .route("/read/{collection}/{*key}", get(read::read))
        .route("/text/{collection}/{*key}", get(read::text))
        .route("/out", get(read::out))
        .route("/desk", get(desk::list))
        .route("/desk/import", get(import::form).post(import::from_disk))
        .route(
            "/desk/import/upload",
            post(import::upload).layer(DefaultBodyLimit::max(upload_limit_bytes)),
        )
        .route("/desk/import/harvest", post(import::harvest))
        .route("/desk/following", get(following::show).post(following::act))
        .route("/nodes", get(following::nodes))
        .route("/desk/{id}", get(desk::show).post(desk::act))
        .route(
            "/desk/{id}/describe",
            post(desk::describe).layer(DefaultBodyLimit::max(desk::COVER_LIMIT)),
        )
        .route("/export/{extension}", get(export::export))
        .route("/unapi", get(unapi::unapi))
        .route("/sru", get(sru::get).post(sru::post))
        .merge(opds::routes())
        .route("/changes", get(changes::changes))
        .route("/changes/{form}", get(changes::syndicated))
        .route("/feed/{kind}/{*path}", get(changes::file))
        .route("/oai", get(oai::get).post(oai::post))
        .merge(catalogue::routes(upload_limit_bytes))
        .merge(lists::routes())
        .route("/api/v1/search", get(api::search))
        .route("/api/v1/suggest", get(api::suggest))
        .route("/api/v1/collections", get(api::collections))
        .route("/api/v1/records/{collection}/{*key}", get(api::record))
        .route("/api/openapi.json", get(api::openapi))
        .layer(axum::Extension(library))
}

/// Where a document is read: articles in the frame, Markdown as text, all else by its catalogue entry.
fn address(collection: &Collection, key: &str, meta: &Meta) -> String {
    let path = lampion_web::filters::url_path(key);
    let page = match (collection.kind, meta.mime.as_str()) {
        (Kind::Records | Kind::Catalogue, _) => "record",
        (_, "text/markdown") => "text",
        (_, "text/html" | "application/xhtml+xml") => "read",
        _ => "record",
    };
    format!("/{page}/{}/{path}", collection.id)
}
