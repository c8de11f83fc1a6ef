//! Style and script of the mail pages, under addresses that hold their hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lampion_web::Asset;

const PLACE: &str = "/mail/asset";

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        Asset::style(PLACE, "mail.css", include_str!("assets/mail.css")),
        Asset::script(PLACE, "mail.js", include_str!("assets/mail.js")),
        Asset::script(PLACE, "write.js", include_str!("assets/write.js")),
    ]
});

/// The address of an asset.
pub(crate) fn url(name: &str) -> String {
    ASSETS
        .iter()
        .find(|asset| asset.name() == name)
        .map(|asset| asset.url().to_owned())
        .unwrap_or_default()
}

/// `GET /mail/asset/{hash}/{name}`: an old address serves the new asset.
pub(super) async fn serve(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    match ASSETS.iter().find(|asset| asset.name() == name) {
        Some(asset) => asset.answer(&headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Tells the frame around a message how high it is.
const FRAME_SCRIPT: &str = r#""use strict";(()=>{if(parent===self)return;const tell=()=>parent.postMessage({lampionMail:1,height:document.documentElement.scrollHeight},"*");addEventListener("load",tell);new ResizeObserver(tell).observe(document.documentElement);tell()})()"#;

/// `GET /mail-frame.js` on the content origin.
pub(super) async fn frame_script() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, FRAME_SCRIPT).into_response()
}
