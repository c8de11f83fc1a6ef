//! What changed: the newest publications and withdrawals, for everybody, as a page and for feed readers.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use lampion_formats::exchange::syndication::{self, Channel, Item};
use lampion_web::{AppError, Page, PageResult};
use serde::Deserialize;

use crate::catalogue::records::version;
use crate::catalogue::{Catalogue, KIND, Version};
use crate::library::Library;
use crate::pages::catalogue::{Notes, Told};
use crate::pages::when::When;
use lampion_feed::entry::Entry;

/// Entries that one page looks at.
const PAGE: u64 = 50;

/// One change.
pub(super) struct Change {
    collection: String,
    collection_title: String,
    id: String,
    title: String,
    first: bool,
    version: Version,
    note: Told,
    reason: String,
    when: When,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangesPage<'a> {
    page: &'a Page,
    changes: Vec<Change>,
    next: Option<u64>,
    key: String,
    origin: String,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    before: Option<u64>,
}

/// Changes in collections that the reader may see, newest first, and where to go on.
async fn load(
    library: &Library,
    page: &Page,
    before: u64,
) -> Result<(Vec<Change>, Option<u64>), AppError> {
    let catalogue = Catalogue::of(library.kernel()).map_err(AppError::fault)?;
    let feeds = catalogue.feeds();
    let Some(feed) = feeds.own(KIND).await.map_err(AppError::fault)? else {
        return Ok((Vec::new(), None));
    };
    let end = before.min(feed.size);
    let from = end.saturating_sub(PAGE);
    let count = usize::try_from(end - from).unwrap_or(0);
    let records = if count == 0 {
        Vec::new()
    } else {
        feeds
            .entries(&feed.origin, from, count)
            .await
            .map_err(AppError::fault)?
    };
    let now_ms = library.kernel().clock.now_ms();
    let mut notes = Notes::new(&catalogue);
    let mut out = Vec::new();
    for record in records.iter().rev() {
        let Some((collection, id)) = record.entry.object() else {
            continue;
        };
        let Ok(shown) = library.collection_for(collection, page.person.as_ref()) else {
            continue;
        };
        let version = version(record);
        let reason = version
            .withdrawn
            .map(|reason| page.t(&format!("reason-{}", reason.as_str())))
            .unwrap_or_default();
        out.push(Change {
            collection: collection.to_string(),
            collection_title: shown.title,
            id: id.to_string(),
            title: version
                .work
                .as_ref()
                .map(lampion_formats::records::desk::Work::title)
                .unwrap_or_default(),
            first: matches!(&record.entry, Entry::Publish(one) if one.supersedes.is_none()),
            reason,
            note: notes.tell(&version.note).await?,
            when: When::of(page, now_ms, version.time_ms),
            version,
        });
    }
    Ok((out, (from > 0).then_some(from)))
}

/// `GET /changes`.
pub(super) async fn changes(
    page: Page,
    Extension(library): Extension<Library>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let (changes, next) = load(&library, &page, asked.before.unwrap_or(u64::MAX)).await?;
    let feeds = library.kernel().feeds().map_err(AppError::fault)?;
    let key = feeds.verifier(KIND).await.map_err(AppError::fault)?;
    page.html(&ChangesPage {
        page: &page,
        changes,
        next,
        origin: key.name().to_string(),
        key: key.to_string(),
    })
}

/// `GET /changes/{form}`: `rss` or `atom`.
pub(super) async fn syndicated(
    page: Page,
    Extension(library): Extension<Library>,
    Path(form): Path<String>,
) -> PageResult {
    let (changes, _) = load(&library, &page, u64::MAX).await?;
    let origin = &page.origin;
    let channel = Channel {
        id: format!("{origin}/changes"),
        title: format!("{}: {}", page.site, page.t("changes")),
        description: page.t("changes-about"),
        page_href: format!("{origin}/changes"),
        self_href: format!("{origin}/changes/{form}"),
        language: Some(page.language.to_string()),
        updated_ms: changes.first().map_or(0, |one| one.version.time_ms),
    };
    let items: Vec<Item> = changes.iter().map(|one| item(&page, one)).collect();
    let (kind, text) = match form.as_str() {
        "rss" => (syndication::RSS_TYPE, syndication::rss(&channel, &items)),
        "atom" => (syndication::ATOM_TYPE, syndication::atom(&channel, &items)),
        _ => return Err(AppError::not_found()),
    };
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

fn item(page: &Page, one: &Change) -> Item {
    let (what, word) = match (one.version.withdrawn, one.first) {
        (Some(_), _) => (
            format!("{}: {}", page.t("withdrawn"), one.reason),
            "withdrawn",
        ),
        (None, true) => (page.t("change-new"), "new"),
        (None, false) => (page.t("change-newer"), "changed"),
    };
    let title = if one.title.is_empty() {
        &one.id
    } else {
        &one.title
    };
    let origin = &page.origin;
    let path = page.url_path(&one.id);
    let mut summary = format!("{what}. {}", one.collection_title);
    if !one.note.words.is_empty() {
        summary.push_str(&format!(". {}", one.note.words));
    }
    if !one.note.by_batch.is_empty() {
        summary.push_str(&format!(" ({})", page.t(one.note.by_batch)));
    }
    Item {
        id: format!("{origin}/changes#{}", one.version.version),
        title: title.clone(),
        href: format!("{origin}/record/{}/{path}", one.collection),
        time_ms: one.version.time_ms,
        summary,
        author: (!one.version.by.is_empty()).then(|| one.version.by.clone()),
        categories: vec![word.to_string()],
    }
}

/// `GET /feed/{kind}/{*path}`: the feed's static files (`c2sp.org/tlog-tiles`), straight out of the database.
pub(super) async fn file(
    Extension(library): Extension<Library>,
    Path((kind, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> PageResult {
    let feeds = library.kernel().feeds().map_err(AppError::fault)?;
    let Ok(Some(feed)) = feeds.own(&kind).await else {
        return Err(AppError::not_found());
    };
    if path == "checkpoint" {
        let signed = feeds
            .checkpoint(&feed.origin)
            .await
            .map_err(AppError::fault)?
            .ok_or_else(AppError::not_found)?;
        return Ok(answer(
            "text/plain; charset=utf-8",
            "no-cache",
            signed.note.into_bytes(),
        ));
    }
    if path == crate::following::source::KEY_FILE {
        let key = format!("{}\n", feed.vkey).into_bytes();
        return Ok(answer("text/plain; charset=utf-8", "no-cache", key));
    }
    if let Some(hash) = crate::following::files::hash_in(&path) {
        return blob(&library, feed.id, hash, &headers).await;
    }
    // Bodies of collections that not everybody may see are given to nobody here.
    let open: std::collections::BTreeSet<String> = library.visible_ids(None).into_iter().collect();
    let shown = |collection: &str| match kind.as_str() {
        KIND => open.contains(collection),
        // What nodes say of themselves is for everybody.
        kind => kind == lampion_web::directory::KIND,
    };
    let found = feeds
        .file(&feed.origin, &path, &shown)
        .await
        .map_err(AppError::fault)?
        .ok_or_else(AppError::not_found)?;
    let cache = if found.immutable {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    Ok(answer("application/octet-stream", cache, found.bytes))
}

/// A file that the newest version of a living record in an open collection names.
async fn blob(library: &Library, feed: i64, hash: &str, headers: &HeaderMap) -> PageResult {
    let held: Vec<String> = lampion_db::query_scalar(
        "select distinct r.collection from catalogue_file f join catalogue_record r on r.feed = f.feed
         and r.collection = f.collection and r.id = f.record and r.version = f.version
         where f.hash = $1 and f.feed = $2 and r.state = 'live'",
    )
    .bind(hash)
    .bind(feed)
    .fetch_all(library.kernel().db.read())
    .await
    .map_err(AppError::fault)?;
    let open = library.visible_ids(None);
    if !held.iter().any(|collection| open.contains(collection)) {
        return Err(AppError::not_found());
    }
    let mut response = super::catalogue::blob(library, hash, headers).await?;
    let answer = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/octet-stream"),
        // Asked for anew each time: what was withdrawn is not shown from a store.
        (header::CACHE_CONTROL, "private, no-cache"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
    ] {
        answer.insert(name, axum::http::HeaderValue::from_static(value));
    }
    Ok(response)
}

fn answer(kind: &'static str, cache: &'static str, bytes: Vec<u8>) -> Response {
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)],
        bytes,
    )
        .into_response()
}
