//! The frame's style and script: in the program, under an address that holds their hash, kept for ever by the browser.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    url: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |name: &'static str, kind: &'static str, bytes: &'static [u8]| {
        let hash = blake3::hash(bytes);
        let tag = lampion_core::ids::base32(hash.as_bytes().get(..5).unwrap_or_default());
        Asset {
            name,
            kind,
            bytes,
            url: format!("/assets/{tag}/{name}"),
        }
    };
    vec![
        asset(
            "style.css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/style.css"),
        ),
        asset(
            "app.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/app.js"),
        ),
        asset(
            "forms.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/forms.js"),
        ),
        asset(
            "icon.svg",
            "image/svg+xml",
            include_bytes!("../assets/icon.svg"),
        ),
    ]
});

/// The address of an asset.
pub fn asset_url(name: &str) -> String {
    ASSETS
        .iter()
        .find(|asset| asset.name == name)
        .map_or_else(|| "/assets/missing".into(), |asset| asset.url.clone())
}

/// `GET /assets/{hash}/{name}`: an old address serves the new asset, for pages that were kept.
pub(crate) async fn serve(Path((_, name)): Path<(String, String)>) -> Response {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("public, max-age=31536000, immutable"),
                ),
                (
                    header::CONTENT_SECURITY_POLICY,
                    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
                ),
            ],
            asset.bytes,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
