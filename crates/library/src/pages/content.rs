//! The content origin: entries of archives and files of folders, with their own styles and scripts, sandboxed.
//!
//! `/c/{collection}/{path}` for what everybody may see; `/t/{token}/{collection}/{path}` for the rest, with a token that
//! a page of ours gave to somebody who may. No cookie is read here.

use std::sync::Arc;

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use lampion_web::{App, AppError, ContentSite, content_headers};
use lampion_zim::{Archive, Entry};

use super::ranges::{PIECE, known, not_modified, ranged, streamed};
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Visibility};

/// Tells the frame around an article what it shows.
const FRAME_SCRIPT: &str = r#""use strict";(()=>{if(parent===self)return;const tell=()=>parent.postMessage({lampion:1,path:location.pathname,title:document.title,hash:location.hash},"*");addEventListener("hashchange",tell);tell()})()"#;

/// Routes of the content origin.
pub fn routes(library: Library) -> Router<App> {
    Router::new()
        .route("/c/{collection}/{*path}", get(open))
        .route("/t/{token}/{collection}/{*path}", get(restricted))
        .route("/frame.js", get(frame_script))
        .layer(Extension(library))
}

async fn frame_script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, FRAME_SCRIPT).into_response()
}

/// The beginning of addresses of a collection's content on the content origin.
pub(super) fn base(library: &Library, collection: &Collection) -> String {
    match collection.visibility {
        Visibility::All => format!("/c/{}/", collection.id),
        _ => format!(
            "/t/{}/{}/",
            library.content_token(&collection.id),
            collection.id
        ),
    }
}

async fn open(
    site: ContentSite,
    Extension(library): Extension<Library>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(collection) = library
        .collection(&id)
        .filter(|one| one.visibility == Visibility::All)
    else {
        return missing(&site, &path, StatusCode::NOT_FOUND);
    };
    serve(&site, &library, collection, path, &headers).await
}

async fn restricted(
    site: ContentSite,
    Extension(library): Extension<Library>,
    Path((token, id, path)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(collection) = library
        .collection(&id)
        .filter(|_| library.content_token_opens(&id, &token))
    else {
        return missing(&site, &path, StatusCode::NOT_FOUND);
    };
    serve(&site, &library, collection, path, &headers).await
}

async fn serve(
    site: &ContentSite,
    library: &Library,
    collection: Collection,
    path: String,
    headers: &HeaderMap,
) -> Response {
    let found = match collection.kind {
        Kind::Zim => {
            let shown = Some(site.origin.clone());
            from_archive(library, &collection, path.clone(), shown, headers).await
        }
        Kind::Files => from_files(site, library, &collection, path.clone(), headers).await,
        Kind::Records | Kind::Catalogue => Ok(None),
    };
    let mut response = match found {
        Ok(Some(response)) => response,
        Ok(None) => missing(site, &path, StatusCode::NOT_FOUND),
        Err(error) => {
            tracing::warn!(collection = %collection.id, %error, "content could not be read");
            missing(site, &path, StatusCode::SERVICE_UNAVAILABLE)
        }
    };
    let pdf = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|mime| mime == "application/pdf");
    if !pdf {
        content_headers(response.headers_mut(), &site.origin, &site.own);
    }
    response
}

#[derive(Template)]
#[template(path = "missing.html")]
struct MissingPage<'a> {
    language: &'a str,
    direction: &'a str,
    heading: String,
    text: String,
    path: &'a str,
    search: String,
    search_text: String,
}

/// Says kindly that a page isn't there, and offers to search for it.
fn missing(site: &ContentSite, path: &str, status: StatusCode) -> Response {
    let words = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .replace(['_', '-', '+'], " ");
    let words = words
        .rsplit_once('.')
        .map_or(words.as_str(), |(stem, _)| stem)
        .to_string();
    let template = MissingPage {
        language: site.language,
        direction: if site.language == "ar" { "rtl" } else { "ltr" },
        heading: site.t("missing-title"),
        text: site.t("missing-text"),
        path,
        search: format!(
            "{}/search?q={}",
            site.origin,
            lampion_web::filters::url(&words)
        ),
        search_text: site.t("missing-search"),
    };
    let page = template.render().unwrap_or_default();
    let mut response = (status, axum::response::Html(page)).into_response();
    content_headers(response.headers_mut(), &site.origin, &site.own);
    response
}

/// What was found in an archive.
enum Found {
    Elsewhere(String),
    /// The reader has it already.
    Known(String),
    Whole {
        mime: String,
        bytes: Bytes,
        tag: String,
    },
    Large {
        mime: String,
        length: u64,
        tag: String,
        entry: Entry,
        archive: Arc<Archive>,
    },
}

/// Whose links are changed: a page that is shown, by this origin of our own pages, but not a download.
type Shown = Option<String>;

/// An entry by its address: the namespace is in front where the archive is of the old kind, and may be left out.
fn entry(archive: &Archive, path: &str) -> Result<Option<Entry>, lampion_zim::ZimError> {
    if archive.has_new_namespaces() {
        return archive.by_path('C', path);
    }
    match archive.by_long_path(path)? {
        Some(entry) => Ok(Some(entry)),
        None => archive.by_path(archive.article_namespace(), path),
    }
}

/// Reads an entry, or finds that the reader has it already. It may unpack a megabyte: not for a thread that serves others.
fn find(
    library: &Library,
    collection: &Collection,
    path: &str,
    shown: &Shown,
    headers: &HeaderMap,
) -> Result<Option<Found>, LibraryError> {
    let content = |error: lampion_zim::ZimError| LibraryError::Content {
        collection: collection.id.clone(),
        reason: error.to_string(),
    };
    let archive = library.archive(collection)?;
    let Some(found) = entry(&archive, path).map_err(content)? else {
        return Ok(None);
    };
    if found.is_redirect() {
        let target = archive.resolve(found).map_err(content)?;
        return Ok(Some(Found::Elsewhere(crate::extract::address_in(
            &archive, &target,
        ))));
    }
    let mime = archive.mime_of(&found).map_err(content)?.to_string();
    let rewritten = shown.as_ref().filter(|_| is_page(&mime));
    let uuid: String = archive
        .uuid()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let how = if rewritten.is_some() { "-r" } else { "" };
    let tag = format!("\"{uuid}-{}{how}\"", found.index);
    if known(headers, &tag) {
        return Ok(Some(Found::Known(tag)));
    }
    let length = archive.blob_len(&found).map_err(content)?;
    if length > PIECE && !mime.starts_with("text/html") {
        return Ok(Some(Found::Large {
            mime,
            length,
            tag,
            entry: found,
            archive,
        }));
    }
    let bytes = archive.read(&found).map_err(content)?;
    let bytes = match rewritten {
        Some(origin) => rewrite(bytes, origin),
        None => bytes,
    };
    Ok(Some(Found::Whole { mime, bytes, tag }))
}

async fn from_archive(
    library: &Library,
    collection: &Collection,
    path: String,
    shown: Shown,
    headers: &HeaderMap,
) -> Result<Option<Response>, LibraryError> {
    let (searching, one, asked) = (library.clone(), collection.clone(), headers.clone());
    let found = tokio::task::spawn_blocking(move || find(&searching, &one, &path, &shown, &asked))
        .await
        .map_err(|error| LibraryError::Disk(std::io::Error::other(error)))??;
    Ok(found.map(|found| match found {
        Found::Elsewhere(target) => {
            let to = format!(
                "{}{}",
                base(library, collection),
                lampion_web::filters::url_path(&target)
            );
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
        Found::Known(tag) => not_modified(&tag),
        Found::Whole { mime, bytes, tag } => {
            let mut response = ranged(bytes, Some(&tag), headers);
            describe(&mut response, &mime, &tag);
            response
        }
        Found::Large {
            mime,
            length,
            tag,
            entry,
            archive,
        } => {
            let mut response = streamed(length, Some(&tag), headers, move |range| {
                archive
                    .read_range(&entry, range)
                    .map_err(std::io::Error::other)
            });
            describe(&mut response, &mime, &tag);
            response
        }
    }))
}

fn is_page(mime: &str) -> bool {
    mime.starts_with("text/html") || mime.starts_with("application/xhtml")
}

fn describe(response: &mut Response, mime: &str, tag: &str) {
    let headers = response.headers_mut();
    let value = |text: &str| {
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
    };
    let mime = if is_page(mime) && !mime.contains("charset") && !mime.contains("xhtml") {
        "text/html; charset=utf-8"
    } else {
        mime
    };
    headers.insert(header::CONTENT_TYPE, value(mime));
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=600"),
    );
}

/// Links to other sites lead to a page of ours (which knows other collections), and the frame's script is added.
fn rewrite(bytes: Bytes, origin: &str) -> Bytes {
    use lol_html::{HtmlRewriter, Settings, element, html_content::ContentType};
    let mut out = Vec::with_capacity(bytes.len() + 256);
    let outward = element!("a[href], area[href]", |link| {
        if let Some(href) = link.get_attribute("href").filter(|href| {
            href.starts_with("http://") || href.starts_with("https://") || href.starts_with("//")
        }) {
            link.set_attribute(
                "href",
                &format!(
                    "{origin}/out?url={}",
                    lampion_web::filters::url(&unescape(&href))
                ),
            )?;
            link.set_attribute("target", "_top")?;
        }
        Ok(())
    });
    let mut told = false;
    let script = element!("body", |body| {
        if !told {
            told = true;
            body.append("<script src=\"/frame.js\"></script>", ContentType::Html);
        }
        Ok(())
    });
    let settings = Settings::new()
        .append_element_content_handler(outward)
        .append_element_content_handler(script);
    let mut rewriter = HtmlRewriter::new(settings, |piece: &[u8]| out.extend_from_slice(piece));
    let done = rewriter.write(&bytes).is_ok() && rewriter.end().is_ok();
    // A page that is too broken to change is shown as it came.
    if done { Bytes::from(out) } else { bytes }
}

fn unescape(text: &str) -> String {
    text.replace("&amp;", "&")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
}

async fn from_files(
    site: &ContentSite,
    library: &Library,
    collection: &Collection,
    path: String,
    headers: &HeaderMap,
) -> Result<Option<Response>, LibraryError> {
    if let Some((book, inner)) = path.split_once("!/") {
        return from_book(site, library, collection, book, inner, headers).await;
    }
    let root = library.content_path(collection)?;
    let Some(file) = inside(&root, &path).await else {
        return Ok(None);
    };
    let mime = crate::mime::by_name(&path);
    if is_page(mime) {
        let bytes = tokio::fs::read(&file).await?;
        let mime = crate::mime::with_charset(mime, &bytes);
        let mut response = ranged(rewrite(Bytes::from(bytes), &site.origin), None, headers);
        if let Ok(mime) = HeaderValue::from_str(&mime) {
            response.headers_mut().insert(header::CONTENT_TYPE, mime);
        }
        return Ok(Some(response));
    }
    Ok(Some(send_file(&file, mime, headers).await?))
}

/// A file below a folder, or the one file; nothing outside of it, whatever the path says.
async fn inside(root: &std::path::Path, path: &str) -> Option<std::path::PathBuf> {
    let root = tokio::fs::canonicalize(root).await.ok()?;
    if root.is_file() {
        return (root.file_name()?.to_str()? == path || !path.contains('/')).then_some(root);
    }
    let file = tokio::fs::canonicalize(root.join(path)).await.ok()?;
    (file.starts_with(&root) && file.is_file()).then_some(file)
}

/// A chapter or picture out of an EPUB.
async fn from_book(
    site: &ContentSite,
    library: &Library,
    collection: &Collection,
    book: &str,
    inner: &str,
    headers: &HeaderMap,
) -> Result<Option<Response>, LibraryError> {
    let root = library.content_path(collection)?;
    let Some(file) = inside(&root, book).await else {
        return Ok(None);
    };
    let inner = inner.to_string();
    let read = tokio::task::spawn_blocking(move || lampion_formats::epub_resource(&file, &inner))
        .await
        .map_err(|error| LibraryError::Disk(std::io::Error::other(error)))?;
    let Ok((mime, bytes)) = read else {
        return Ok(None);
    };
    let bytes = if is_page(&mime) {
        rewrite(Bytes::from(bytes), &site.origin)
    } else {
        Bytes::from(bytes)
    };
    let mut response = ranged(bytes, None, headers);
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        response.headers_mut().insert(header::CONTENT_TYPE, mime);
    }
    Ok(Some(response))
}

async fn send_file(
    file: &std::path::Path,
    mime: &str,
    headers: &HeaderMap,
) -> Result<Response, LibraryError> {
    use std::os::unix::fs::FileExt as _;
    let open = std::fs::File::open(file)?;
    let about = open.metadata()?;
    let mut head = [0; crate::mime::HEAD_BYTES];
    let filled = open.read_at(&mut head, 0)?;
    let mime = crate::mime::with_charset(mime, head.get(..filled).unwrap_or_default());
    let changed = about
        .modified()
        .ok()
        .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
        .map_or(0, |time| time.as_millis());
    let tag = format!("\"{:x}-{changed:x}\"", about.len());
    if known(headers, &tag) {
        return Ok(not_modified(&tag));
    }
    let mut response = streamed(about.len(), Some(&tag), headers, move |range| {
        let mut buffer = vec![0; usize::try_from(range.end - range.start).unwrap_or(0)];
        open.read_exact_at(&mut buffer, range.start)?;
        Ok(Bytes::from(buffer))
    });
    describe(&mut response, &mime, &tag);
    Ok(response)
}

/// The original of a document, for download.
pub(super) async fn original(
    library: &Library,
    collection: &Collection,
    key: &str,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    if collection.kind == Kind::Files {
        let root = library.content_path(collection)?;
        let file = inside(&root, key).await.ok_or_else(AppError::not_found)?;
        return Ok(send_file(&file, "application/octet-stream", headers).await?);
    }
    from_archive(library, collection, key.to_string(), None, headers)
        .await?
        // Where a redirect leads is an address of the content origin, not of a download.
        .filter(|response| response.status() != StatusCode::FOUND)
        .ok_or_else(AppError::not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_outward_lead_to_our_own_page() {
        let page = rewrite(Bytes::from_static(b"<body><a href='https://x.example/a?b=1&amp;c=2'>x</a><a href='near.html#y'>y</a></body>"), "http://hill:8080");
        let text = String::from_utf8_lossy(&page);
        assert!(
            text.contains("http://hill:8080/out?url=https%3A%2F%2Fx.example%2Fa%3Fb%3D1%26c%3D2"),
            "{text}"
        );
        assert!(
            text.contains("href='near.html#y'") && text.contains("/frame.js"),
            "{text}"
        );
    }
}
