//! Parts of messages: files for download, and what is shown on the content origin.

use std::collections::HashMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::StreamExt as _;
use lampion_core::ids;
use lampion_mailproto::mime::{Decoder, Part, Structure, text};
use lampion_web::{AppError, ContentSite, Page, PageResult};
use serde::Deserialize;

use super::{Web, safe};
use crate::store::{Content, MailError, MessageId, Store, Uid};

/// Longest section number, in levels: as deep as the scanner goes.
const LEVELS: usize = 60;
/// Images that may be shown inside a message, by type; others are files.
const IMAGES: [&str; 5] = ["png", "jpeg", "gif", "webp", "bmp"];
/// A day, in milliseconds: how long a token is made for. It is good for the day after too.
const DAY_MS: i64 = 86_400_000;

/// Whether a part is an image that browsers show and that can do nothing else.
pub(super) fn is_image(part: &Part) -> bool {
    part.kind == "image" && IMAGES.contains(&part.subtype.as_str())
}

/// `1.2` for `[1, 2]`.
pub(crate) fn section(path: &[u32]) -> String {
    path.iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(".")
}

fn path_of(section: &str) -> Option<Vec<u32>> {
    let path: Option<Vec<u32>> = section
        .split('.')
        .map(|number| number.parse().ok())
        .collect();
    path.filter(|path| path.len() <= LEVELS)
}

impl Web {
    /// A token that opens a message's parts on the content origin, which has no sessions. Good for a day or two.
    pub(super) fn token(&self, message: MessageId) -> String {
        self.token_of_day(message, self.kernel().clock.now_ms().div_euclid(DAY_MS))
    }

    fn opens(&self, message: MessageId, token: &str) -> bool {
        let today = self.kernel().clock.now_ms().div_euclid(DAY_MS);
        [today, today - 1]
            .iter()
            .any(|day| self.token_of_day(message, *day) == token)
    }

    fn token_of_day(&self, message: MessageId, day: i64) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.kernel().secret);
        hasher
            .update(b"mail part")
            .update(&day.to_le_bytes())
            .update(&message.0.to_le_bytes());
        ids::base32(hasher.finalize().as_bytes().get(..20).unwrap_or_default())
    }
}

/// What a message is made of.
async fn structure(store: &Store, message: MessageId) -> Result<Structure, MailError> {
    let detail = store
        .details(&[message])
        .await?
        .pop()
        .ok_or(MailError::NoSuchMessage)?;
    postcard::from_bytes(&detail.structure)
        .map_err(|_| MailError::Damaged(message.0, "its structure can't be read"))
}

/// What is left of a part: its message, where it goes on, where it ends.
type State = Option<(Content, u64, u64, Decoder)>;

/// A part's decoded bytes, as they are asked for.
pub(super) fn stream(content: Content, part: &Part) -> Body {
    let (at, end) = (part.body.start, part.body.end);
    let decoder = Decoder::new(&part.encoding);
    let state: State = Some((content, at, end, decoder));
    let stream = futures_util::stream::unfold(state, |state: State| async move {
        let (content, mut at, end, mut decoder) = state?;
        let mut out = Vec::new();
        while at < end && out.is_empty() {
            let piece = match content.piece(at).await {
                Ok(piece) if !piece.is_empty() => piece,
                Ok(_) => return Some((Err(std::io::Error::other("the message is cut off")), None)),
                Err(error) => return Some((Err(std::io::Error::other(error)), None)),
            };
            let take = usize::try_from(end - at)
                .unwrap_or(usize::MAX)
                .min(piece.len());
            decoder.push(piece.get(..take).unwrap_or_default(), &mut out);
            at += take as u64;
        }
        if at < end {
            return Some((Ok(Bytes::from(out)), Some((content, at, end, decoder))));
        }
        decoder.finish(&mut out);
        Some((Ok(Bytes::from(out)), None))
    });
    Body::from_stream(stream.fuse())
}

/// A part's decoded bytes in memory, of at most `limit` raw bytes.
pub(super) async fn raw_bytes(
    content: &Content,
    part: &Part,
    limit: usize,
) -> Result<Vec<u8>, MailError> {
    content.range(part.body.start..part.body.end, limit).await
}

/// `attachment; filename*=…` (RFC 6266).
pub(super) fn attachment(name: &str) -> HeaderValue {
    let value = format!(
        "attachment; filename*=UTF-8''{}",
        lampion_web::filters::url(name)
    );
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// The name that a part is saved under.
pub(super) fn file_name(part: &Part, section: &str) -> String {
    part.file_name()
        .unwrap_or_else(|| match (part.kind.as_str(), part.subtype.as_str()) {
            ("message", _) => format!("message-{section}.eml"),
            ("text", "plain") => format!("text-{section}.txt"),
            ("text", "html") => format!("page-{section}.html"),
            ("text", "calendar") => format!("event-{section}.ics"),
            ("image", subtype) => format!("image-{section}.{subtype}"),
            _ => format!("part-{section}.bin"),
        })
}

/// `GET /mail/file/{box}/{uid}/{section}`: a part to save.
pub(super) async fn file(
    page: Page,
    Extension(web): Extension<Web>,
    Path((id, uid, number)): Path<(i64, Uid, String)>,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let view = web.store().view(opened.here.id).await?;
    let message = view.by_uid(uid).ok_or_else(AppError::not_found)?.message;
    answer(web.store(), message, &number).await
}

/// A part of a message to save; who asks may read it.
pub(crate) async fn answer(store: &Store, message: MessageId, number: &str) -> PageResult {
    let structure = structure(store, message).await?;
    let path = path_of(number).ok_or_else(AppError::not_found)?;
    let part = structure.part(&path).ok_or_else(AppError::not_found)?;
    let content = store.content(message).await?;
    let mut response = stream(content, part).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_DISPOSITION,
        attachment(&file_name(part, number)),
    );
    let kind = HeaderValue::from_str(&part.media_type());
    headers.insert(
        header::CONTENT_TYPE,
        kind.unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=3600"),
    );
    Ok(response)
}

/// `GET /mail/raw/{box}/{uid}`: the message exactly as it came.
pub(super) async fn raw(
    page: Page,
    Extension(web): Extension<Web>,
    Path((id, uid)): Path<(i64, Uid)>,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let view = web.store().view(opened.here.id).await?;
    let message = view.by_uid(uid).ok_or_else(AppError::not_found)?.message;
    let content = web.store().content(message).await?;
    let mut whole = Part::default();
    whole.body.end = content.size_bytes;
    let mut response = stream(content, &whole).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_DISPOSITION,
        attachment(&format!("message-{uid}.eml")),
    );
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("message/rfc822"),
    );
    Ok(response)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Shown {
    /// Load images from elsewhere.
    remote: u8,
}

/// `GET /mail/{token}/{message}/{section}` on the content origin: HTML made safe, or an image.
pub(super) async fn shown(
    site: ContentSite,
    Extension(web): Extension<Web>,
    Path((token, message, number)): Path<(String, i64, String)>,
    Query(asked): Query<Shown>,
) -> Response {
    let message = MessageId(message);
    if !web.opens(message, &token) {
        return (StatusCode::NOT_FOUND, site.t("mail-frame-old")).into_response();
    }
    match piece(&site, &web, (&token, message, &number), asked.remote == 1).await {
        Ok(Some(response)) => response,
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::warn!(%error, "a part of a message could not be shown");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn piece(
    site: &ContentSite,
    web: &Web,
    (token, message, number): (&str, MessageId, &str),
    remote: bool,
) -> Result<Option<Response>, MailError> {
    let structure = structure(web.store(), message).await?;
    let Some(part) = path_of(number).and_then(|path| structure.part(&path)) else {
        return Ok(None);
    };
    let content = web.store().content(message).await?;
    if is_image(part) {
        let mut response = stream(content, part).into_response();
        let headers = response.headers_mut();
        protect(headers, site, remote);
        let kind = HeaderValue::from_str(&part.media_type());
        headers.insert(
            header::CONTENT_TYPE,
            kind.unwrap_or(HeaderValue::from_static("image/png")),
        );
        return Ok(Some(response));
    }
    if !part.is("text", "html") {
        return Ok(None);
    }
    let raw = raw_bytes(&content, part, safe::MAX_HTML_BYTES * 2).await?;
    let source = text::html_source(part.charset(), &Decoder::once(&part.encoding, &raw));
    let parts: HashMap<String, String> = structure
        .parts()
        .into_iter()
        .filter(|(_, part)| is_image(part))
        .filter_map(|(path, part)| {
            let address = format!("/mail/{token}/{}/{}", message.0, section(&path));
            Some((
                part.content_id()?.to_owned(),
                format!("{}{address}", site.own),
            ))
        })
        .collect();
    let clean = tokio::task::spawn_blocking(move || safe::clean(&source, &parts, remote))
        .await
        .map_err(|error| MailError::Fault(error.to_string()))?;
    let mut response = Html(framed(site, &clean, remote)).into_response();
    protect(response.headers_mut(), site, remote);
    Ok(Some(response))
}

/// The page in the frame. What is said about the message doesn't turn the direction of the message.
fn framed(site: &ContentSite, clean: &safe::Safe, remote: bool) -> String {
    let mut note = String::new();
    if clean.remote > 0 && !remote {
        note.push_str("<p class=\"lampion-note\" dir=\"auto\">");
        super::plain::escape(&site.t("mail-remote-blocked"), &mut note);
        note.push_str(" <a href=\"?remote=1\">");
        super::plain::escape(&site.t("mail-remote-show"), &mut note);
        note.push_str("</a></p>");
    }
    let mut end = String::new();
    if clean.cut {
        end.push_str("<p class=\"lampion-note\" dir=\"auto\">");
        super::plain::escape(&site.t("mail-text-cut"), &mut end);
        end.push_str("</p>");
    }
    format!(
        "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light\"><title>·</title><style>html{{font:100%/1.5 system-ui,sans-serif;background:#fff;color:#211a12;overflow-wrap:anywhere}}\
         body{{margin:.6rem}}img{{max-width:100%;height:auto}}table{{max-width:100%}}pre{{white-space:pre-wrap}}blockquote{{margin-inline:.2rem;padding-inline-start:.8rem;border-inline-start:3px solid #ccc}}\
         .lampion-note{{background:#f6efe4;padding:.4rem .7rem;border-radius:.3rem;font-size:.9rem;margin:0 0 .8rem}}</style></head>\
         <body>{note}<div dir=\"auto\">{}</div>{end}<script src=\"{}/mail-frame.js\"></script></body></html>",
        site.language, clean.html, site.own
    )
}

/// Nothing but the message itself is loaded, and only our own script runs, in an origin without a name.
fn protect(headers: &mut HeaderMap, site: &ContentSite, remote: bool) {
    let (own, origin) = (&site.own, &site.origin);
    let elsewhere = if remote { " http: https:" } else { "" };
    let policy = format!(
        "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; \
         default-src 'none'; img-src {own} data:{elsewhere}; style-src 'unsafe-inline'; script-src {own}/mail-frame.js; \
         form-action 'none'; base-uri 'none'; frame-ancestors {origin}"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=3600"),
    );
}
