//! Style and script of the mail pages, under addresses that hold their hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
    url: String,
}

static ASSETS: LazyLock<[Asset; 2]> = LazyLock::new(|| {
    let asset = |name: &'static str, kind: &'static str, text: &'static str| {
        let hash = blake3::hash(text.as_bytes());
        let tag = lampion_core::ids::base32(hash.as_bytes().get(..5).unwrap_or_default());
        Asset {
            name,
            kind,
            text,
            url: format!("/mail/asset/{tag}/{name}"),
        }
    };
    [
        asset(
            "mail.css",
            "text/css; charset=utf-8",
            include_str!("assets/mail.css"),
        ),
        asset(
            "mail.js",
            "text/javascript; charset=utf-8",
            include_str!("assets/mail.js"),
        ),
    ]
});

/// The address of an asset.
pub(super) fn url(name: &str) -> String {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map(|asset| asset.url.clone())
        .unwrap_or_default()
}

/// `GET /mail/asset/{hash}/{name}`.
pub(super) async fn serve(Path((_, name)): Path<(String, String)>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    (headers, asset.text).into_response()
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
