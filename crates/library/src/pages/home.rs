//! Home, one collection's contents, covers.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::IntoResponse as _;
use lampion_people::Role;
use lampion_web::{AppError, Page, PageResult};
use serde::Deserialize;

use super::address;
use crate::handbook;
use crate::library::Library;
use crate::lists::ReadingList;
use crate::model::{Collection, Meta, State};

/// Collections on the home page, so that it stays small with hundreds of them.
const HOME_COLLECTIONS: usize = 24;
/// Public reading lists on the home page.
const HOME_LISTS: i64 = 6;
/// Entries on a page of contents.
const CONTENTS: usize = 100;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    page: &'a Page,
    documents: i64,
    help: Option<String>,
    collections: Vec<Collection>,
    more: usize,
    total: usize,
    /// Public reading lists, at the beginning only.
    lists: Vec<ReadingList>,
}

/// `GET /`.
pub(super) async fn home(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let lists = library.lists().public(HOME_LISTS).await?;
    show(&page, &library, HOME_COLLECTIONS, lists)
}

/// `GET /collections`: all of them.
pub(super) async fn all(page: Page, Extension(library): Extension<Library>) -> PageResult {
    show(&page, &library, usize::MAX, Vec::new())
}

fn show(page: &Page, library: &Library, limit: usize, lists: Vec<ReadingList>) -> PageResult {
    let mut collections = library.visible(page.person.as_ref());
    // A first import that has brought nothing yet is the desk's business.
    collections.retain(|one| one.documents > 0 || one.state == State::Ready);
    // Collections in the reader's language come first.
    collections.sort_by_key(|one| !one.language.split(',').any(|tag| tag == page.language));
    let total = collections.len();
    let documents = collections.iter().map(|one| one.documents).sum();
    let help = collections
        .iter()
        .any(|one| one.id == handbook::ID)
        .then(|| handbook::welcome(page.language));
    collections.truncate(limit);
    page.html(&HomePage {
        page,
        documents,
        help,
        more: total - collections.len(),
        total,
        collections,
        lists,
    })
}

#[derive(Template)]
#[template(path = "collection.html")]
struct CollectionPage<'a> {
    page: &'a Page,
    one: Collection,
    entries: Vec<(String, String)>,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

/// `GET /collection/{id}?after=`: description and contents by title.
pub(super) async fn collection(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    Query(query): Query<After>,
) -> PageResult {
    let one = library.collection_for(&id, page.person.as_ref())?;
    let contents = library
        .engine(move |engine| engine.contents(&id, query.after.as_deref(), CONTENTS))
        .await??;
    let kind_mime = match one.kind {
        crate::model::Kind::Zim => "text/html",
        _ => "",
    };
    let entries = contents
        .entries
        .into_iter()
        .map(|(key, title)| {
            let mime = if kind_mime.is_empty() {
                crate::mime::by_name(&key)
            } else {
                kind_mime
            };
            let meta = Meta {
                mime: mime.into(),
                ..Meta::default()
            };
            (address(&one, &key, &meta), title)
        })
        .collect();
    page.html(&CollectionPage {
        page: &page,
        one,
        entries,
        next: contents.next,
    })
}

/// `GET /cover/{id}`.
pub(super) async fn cover(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
) -> PageResult {
    let one = library.collection_for(&id, page.person.as_ref())?;
    picture(&library, &one.cover).await
}

/// A cover's bytes.
pub(super) async fn picture(library: &Library, cover: &str) -> PageResult {
    let hash = cover.parse().map_err(|_| AppError::not_found())?;
    let (size, stream) = library.kernel().blobs.get(&hash, None).await?;
    let mime = cover_mime(library, &hash).await;
    let headers = [
        (header::CONTENT_TYPE, mime.to_string()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CACHE_CONTROL, "private, max-age=86400".into()),
        (header::ETAG, format!("\"{hash}\"")),
        // A picture may be SVG, which can hold scripts.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox".into(),
        ),
    ];
    Ok((headers, axum::body::Body::from_stream(stream)).into_response())
}

pub(super) async fn cover_mime(library: &Library, hash: &lampion_blobs::Hash) -> &'static str {
    use futures_util::TryStreamExt as _;
    let head = match library.kernel().blobs.get(hash, Some(0..16)).await {
        Ok((_, mut stream)) => stream.try_next().await.ok().flatten().unwrap_or_default(),
        Err(_) => return "application/octet-stream",
    };
    match head.as_ref() {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, ..] => "image/jpeg",
        [b'R', b'I', b'F', b'F', ..] => "image/webp",
        [b'G', b'I', b'F', ..] => "image/gif",
        [b'<', ..] => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
