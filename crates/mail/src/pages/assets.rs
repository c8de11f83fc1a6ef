//! Style and script of the mail pages, under addresses that hold their hash.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: String,
    /// The same by Brotli (RFC 7932), as small as it gets.
    packed: Vec<u8>,
    url: String,
}

/// The best that Brotli can, and its window as a power of two.
const QUALITY: u32 = 11;
const WINDOW: u32 = 16;

/// Without indentation and lines that are only a comment.
fn dense(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.fold(String::new(), |out, line| out + line + "\n")
}

fn pack(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, QUALITY, WINDOW);
    // Into memory nothing can fail; what is empty is served as it is.
    let written = std::io::Write::write_all(&mut writer, text.as_bytes());
    drop(writer);
    written.map_or_else(|_| Vec::new(), |()| out)
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    let asset = |name: &'static str, kind: &'static str, text: &'static str| {
        let text = dense(text);
        let hash = blake3::hash(text.as_bytes());
        let tag = lampion_core::ids::base32(hash.as_bytes().get(..5).unwrap_or_default());
        let packed = pack(&text);
        Asset {
            name,
            kind,
            text,
            packed,
            url: format!("/mail/asset/{tag}/{name}"),
        }
    };
    let script = "text/javascript; charset=utf-8";
    [
        asset(
            "mail.css",
            "text/css; charset=utf-8",
            include_str!("assets/mail.css"),
        ),
        asset("mail.js", script, include_str!("assets/mail.js")),
        asset("write.js", script, include_str!("assets/write.js")),
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

/// `GET /mail/asset/{hash}/{name}`: an old address serves the new asset.
pub(super) async fn serve(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let takes = accepted.split(',').any(|one| one.trim() == "br") && !asset.packed.is_empty();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if takes {
        let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("br"))];
        return (headers, encoding, asset.packed.as_slice()).into_response();
    }
    (headers, asset.text.as_str()).into_response()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_packed_and_unpack_to_what_they_were() {
        for asset in ASSETS.iter() {
            let mut back = Vec::new();
            brotli::BrotliDecompress(&mut asset.packed.as_slice(), &mut back).unwrap();
            assert_eq!(
                String::from_utf8(back).unwrap(),
                asset.text,
                "{}",
                asset.name
            );
            assert!(
                asset.packed.len() < 2_500,
                "{} has {} bytes",
                asset.name,
                asset.packed.len()
            );
        }
    }
}
