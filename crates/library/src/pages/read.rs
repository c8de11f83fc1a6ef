//! Reading: the frame with its slim bar, the reader view (text only), and links that lead out of an archive.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse as _, Redirect};
use lampion_web::{AppError, Page, PageResult, filters};
use serde::Deserialize;

use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Meta};

#[derive(Template)]
#[template(path = "read.html")]
struct ReadPage<'a> {
    page: &'a Page,
    collection: &'a Collection,
    key: &'a str,
    title: String,
    src: String,
    base: String,
}

/// `GET /read/{collection}/{key}`.
pub(super) async fn read(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
) -> PageResult {
    let collection = library.collection_for(&collection, page.person.as_ref())?;
    // A browser would show its source.
    if collection.kind == Kind::Files && crate::mime::by_name(&key) == "text/markdown" {
        let path = format!("/text/{}/{}", collection.id, filters::url_path(&key));
        return Ok(Redirect::to(&path).into_response());
    }
    let title = title(&library, &collection, &key).await?;
    let base = super::content::base(&library, &collection);
    let src = format!("{}{base}{}", page.content_origin, filters::url_path(&key));
    page.html(&ReadPage {
        page: &page,
        collection: &collection,
        key: &key,
        title,
        src,
        base,
    })
}

async fn title(library: &Library, collection: &Collection, key: &str) -> Result<String, AppError> {
    let (id, wanted) = (
        collection.id.clone(),
        key.split("!/").next().unwrap_or(key).to_string(),
    );
    let found = library
        .engine(move |engine| engine.get(&id, &wanted))
        .await?;
    // An index that is damaged or still being made must not keep anybody from reading.
    Ok(found.ok().flatten().map_or_else(
        || key.rsplit('/').next().unwrap_or(key).replace('_', " "),
        |document| document.title,
    ))
}

#[derive(Template)]
#[template(path = "text.html")]
struct TextPage<'a> {
    page: &'a Page,
    collection: &'a Collection,
    title: String,
    show_title: bool,
    language: String,
    body: String,
    links: Vec<(&'static str, String)>,
    chapters: Vec<(String, String)>,
}

/// `GET /text/{collection}/{key}`: text only, made safe, for slow lines, small screens and text browsers.
pub(super) async fn text(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
) -> PageResult {
    let (collection, document) = match super::record::find(&library, &page, &collection, &key).await
    {
        Ok((collection, document)) => (collection, Some(document)),
        Err(error) if error.status == axum::http::StatusCode::NOT_FOUND => (
            library.collection_for(&collection, page.person.as_ref())?,
            None,
        ),
        Err(error) => return Err(error),
    };
    let meta = document
        .as_ref()
        .map(|document| Meta::parse(&document.meta))
        .unwrap_or_default();
    let path = format!("{}/{}", collection.id, filters::url_path(&key));
    let mut links = vec![("about-this", format!("/record/{path}"))];
    let mut chapters = Vec::new();
    let body = match collection.kind {
        Kind::Zim => article(&library, &collection, &key).await?,
        Kind::Records | Kind::Catalogue => return Err(AppError::not_found()),
        Kind::Files => {
            let shown = file(&library, &collection, &key, &meta).await?;
            chapters = shown.1;
            shown.0
        }
    };
    if matches!(meta.mime.as_str(), "text/html" | "application/xhtml+xml") {
        links.insert(0, ("read", format!("/read/{path}")));
    }
    let title = document
        .as_ref()
        .map_or_else(|| key.clone(), |document| document.title.clone());
    let show_title = !body.contains("<h1");
    let language = document
        .map(|document| document.language)
        .unwrap_or_default();
    page.html(&TextPage {
        page: &page,
        collection: &collection,
        title,
        show_title,
        language,
        body,
        links,
        chapters,
    })
}

/// An archive's article as safe HTML whose links lead to other reader views.
async fn article(
    library: &Library,
    collection: &Collection,
    key: &str,
) -> Result<String, AppError> {
    let (library, collection, key) = (library.clone(), collection.clone(), key.to_string());
    let read = tokio::task::spawn_blocking(move || -> Result<Option<String>, LibraryError> {
        let content = |error: lampion_zim::ZimError| LibraryError::Content {
            collection: collection.id.clone(),
            reason: error.to_string(),
        };
        let archive = library.archive(&collection)?;
        let found = if archive.has_new_namespaces() {
            archive.by_path('C', &key)
        } else {
            archive.by_long_path(&key)
        }
        .map_err(content)?;
        let Some(found) = found else { return Ok(None) };
        let entry = archive.resolve(found).map_err(content)?;
        let at = crate::extract::address_in(&archive, &entry);
        if !archive.mime_of(&entry).map_err(content)?.contains("html") {
            return Ok(None);
        }
        let bytes = archive.read(&entry).map_err(content)?;
        let page = String::from_utf8_lossy(&bytes);
        Ok(Some(lampion_formats::to_reader_html(&page, &|href| {
            text_link(&collection.id, &at, href)
        })))
    });
    read.await
        .map_err(AppError::fault)??
        .ok_or_else(AppError::not_found)
}

/// Where a link of an article leads in the reader view.
fn text_link(collection: &str, at: &str, href: &str) -> Option<String> {
    if href.starts_with("http://") || href.starts_with("https://") {
        return Some(format!("/out?url={}", filters::url(href)));
    }
    if href.starts_with('#') {
        return Some(href.to_string());
    }
    if href.contains(':')
        && href
            .split(':')
            .next()
            .is_some_and(|scheme| scheme.bytes().all(|b| b.is_ascii_alphanumeric()))
    {
        return None;
    }
    let (path, fragment) = href
        .split_once('#')
        .map_or((href, ""), |(path, fragment)| (path, fragment));
    let path = path.split('?').next().unwrap_or(path);
    let target = resolve(at, &percent_decode(path));
    let fragment = if fragment.is_empty() {
        String::new()
    } else {
        format!("#r-{fragment}")
    };
    Some(format!(
        "/text/{collection}/{}{fragment}",
        filters::url_path(&target)
    ))
}

/// A relative path against the path of the page that it stands on (RFC 3986 §5.2).
fn resolve(at: &str, path: &str) -> String {
    let mut parts: Vec<&str> = if path.starts_with('/') {
        Vec::new()
    } else {
        at.split('/').collect()
    };
    parts.pop();
    for part in path.trim_start_matches('/').split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn percent_decode(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let rest = bytes.clone().take(2).collect::<Vec<_>>();
            if let Some(value) = std::str::from_utf8(&rest)
                .ok()
                .filter(|hex| hex.len() == 2)
                .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            {
                out.push(value);
                bytes.nth(1);
                continue;
            }
        }
        out.push(byte);
    }
    String::from_utf8_lossy(&out).into_owned()
}

type Shown = (String, Vec<(String, String)>);

/// A file's text: Markdown and HTML as safe HTML, an EPUB with its chapters, all else as plain paragraphs, read in a child.
async fn file(
    library: &Library,
    collection: &Collection,
    key: &str,
    meta: &Meta,
) -> Result<Shown, AppError> {
    let root = library.content_path(collection)?;
    let path = if root.is_file() { root } else { root.join(key) };
    if path
        .components()
        .any(|part| part == std::path::Component::ParentDir)
    {
        return Err(AppError::not_found());
    }
    let unreadable = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            AppError::not_found()
        } else {
            AppError::unavailable(error.to_string())
        }
    };
    let reader = |href: &str| text_link(&collection.id, key, href);
    match meta.mime.as_str() {
        "text/markdown" => {
            let text = tokio::fs::read_to_string(&path).await.map_err(unreadable)?;
            let html = lampion_formats::markdown_to_html(&text);
            Ok((lampion_formats::to_reader_html(&html, &reader), Vec::new()))
        }
        "text/html" | "application/xhtml+xml" => {
            let bytes = tokio::fs::read(&path).await.map_err(unreadable)?;
            Ok((
                lampion_formats::to_reader_html(&String::from_utf8_lossy(&bytes), &reader),
                Vec::new(),
            ))
        }
        mime => {
            let text = library.full_text(path.clone(), key).await?;
            let mut chapters = Vec::new();
            if mime == "application/epub+zip" {
                let listed =
                    tokio::task::spawn_blocking(move || lampion_formats::epub_chapters(&path))
                        .await
                        .map_err(AppError::fault)?;
                let base = format!("/read/{}/{}!/", collection.id, filters::url_path(key));
                chapters = listed
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(href, title)| (format!("{base}{}", filters::url_path(&href)), title))
                    .collect();
            }
            Ok((paragraphs(&text), chapters))
        }
    }
}

fn paragraphs(text: &str) -> String {
    let escape = |line: &str| {
        line.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| format!("<p>{}</p>\n", escape(line)))
        .collect()
}

#[derive(Deserialize)]
pub(super) struct Out {
    url: String,
}

#[derive(Template)]
#[template(path = "out.html")]
struct OutPage<'a> {
    page: &'a Page,
    url: &'a str,
    words: String,
}

/// `GET /out?url=`: a link that leads out of an archive: into another collection of the library if one was made from that
/// site, else to a page that says kindly that it leads to the Internet.
pub(super) async fn out(
    page: Page,
    Extension(library): Extension<Library>,
    Query(query): Query<Out>,
) -> PageResult {
    let bare = query
        .url
        .trim_start_matches("https:")
        .trim_start_matches("http:")
        .trim_start_matches("//");
    for collection in library.visible(page.person.as_ref()) {
        if let Some(found) = within(&library, &collection, bare).await? {
            return Ok(Page::see_other(&found));
        }
    }
    let web = query.url.starts_with("http://")
        || query.url.starts_with("https://")
        || query.url.starts_with("//");
    if !web {
        return Err(AppError::bad_request(
            "only links to the web lead out of here",
        ));
    }
    let words = percent_decode(bare.split(['?', '#']).next().unwrap_or(bare))
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .replace(['_', '-'], " ");
    page.html(&OutPage {
        page: &page,
        url: &query.url,
        words,
    })
}

/// Where a page of a web site stands in a collection that was made from it.
async fn within(
    library: &Library,
    collection: &Collection,
    bare: &str,
) -> Result<Option<String>, AppError> {
    if collection.origin.is_empty() || collection.kind != Kind::Zim {
        return Ok(None);
    }
    let mobile = bare.replacen(".m.", ".", 1);
    let host_end = mobile.find('/').unwrap_or(mobile.len());
    let lower = format!(
        "{}{}",
        mobile
            .get(..host_end)
            .unwrap_or_default()
            .to_ascii_lowercase(),
        mobile.get(host_end..).unwrap_or_default()
    );
    let Some(rest) = lower.strip_prefix(&collection.origin).or_else(|| {
        lower
            .strip_prefix("www.")
            .and_then(|bare| bare.strip_prefix(&collection.origin))
    }) else {
        return Ok(None);
    };
    // `valley.example` is no beginning of `valley.example.elsewhere`.
    if !rest.is_empty() && !rest.starts_with(['/', '?', '#']) {
        return Ok(None);
    }
    let rest = percent_decode(rest.split(['?', '#']).next().unwrap_or(rest))
        .trim_start_matches('/')
        .trim_start_matches("wiki/")
        .to_string();
    if rest.is_empty() {
        let main = &collection.main_path;
        return Ok((!main.is_empty())
            .then(|| format!("/read/{}/{}", collection.id, filters::url_path(main))));
    }
    let (library, collection) = (library.clone(), collection.clone());
    let found = tokio::task::spawn_blocking(move || {
        let archive = library.archive(&collection).ok()?;
        // Archives of whole sites keep the host in front of the path.
        let candidates = [
            rest.clone(),
            format!("{}/{rest}", collection.origin),
            rest.replace(' ', "_"),
        ];
        let entry = candidates.iter().find_map(|path| {
            archive
                .by_path(archive.article_namespace(), path)
                .ok()
                .flatten()
        })?;
        let target = archive.resolve(entry).ok()?;
        Some(format!(
            "/read/{}/{}",
            collection.id,
            filters::url_path(&crate::extract::address_in(&archive, &target))
        ))
    });
    found.await.map_err(AppError::fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_articles_lead_to_reader_views() {
        assert_eq!(
            text_link("wiki", "A/Korea", "Seoul%20City#History").as_deref(),
            Some("/text/wiki/A/Seoul%20City#r-History")
        );
        assert_eq!(
            text_link("wiki", "A/b/c", "../d").as_deref(),
            Some("/text/wiki/A/d")
        );
        assert_eq!(
            text_link("wiki", "a", "https://x.example/").as_deref(),
            Some("/out?url=https%3A%2F%2Fx.example%2F")
        );
        assert_eq!(text_link("wiki", "a", "javascript:alert(1)"), None);
        assert_eq!(text_link("wiki", "a", "#x").as_deref(), Some("#x"));
    }

    #[test]
    fn text_is_escaped() {
        assert_eq!(
            paragraphs("<b>\n\nx & y"),
            "<p>&lt;b&gt;</p>\n<p>x &amp; y</p>\n"
        );
    }
}
