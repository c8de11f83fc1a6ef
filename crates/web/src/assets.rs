//! The frame's style and scripts: in the program, under an address that holds their hash, kept for ever by the browser.
//!
//! They are packed once, as small as they get: what is packed anew for each answer must be done in no time, and would
//! be a sixth larger.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    /// The same by Brotli (RFC 7932), made when it is first asked for.
    packed: LazyLock<Vec<u8>, Box<dyn FnOnce() -> Vec<u8> + Send>>,
    url: String,
}

/// The best that Brotli can.
const QUALITY: u32 = 11;
/// Its window, as a power of two: no asset is larger.
const WINDOW: u32 = 18;

fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut writer = brotli::CompressorWriter::new(&mut out, 4096, QUALITY, WINDOW);
    // Into memory nothing can fail; what is empty is served as it is.
    let written = std::io::Write::write_all(&mut writer, bytes);
    drop(writer);
    written.map_or_else(|_| Vec::new(), |()| out)
}

/// Whether a reader takes Brotli (RFC 9110 §12.5.3).
fn takes_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| {
            let (name, rest) = one.split_once(';').unwrap_or((one, ""));
            let refused = rest.replace(' ', "").trim_start_matches("q=").parse() == Ok(0.0f32);
            name.trim().eq_ignore_ascii_case("br") && !refused
        })
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let asset = |name: &'static str, kind: &'static str, bytes: &'static [u8]| {
        let hash = blake3::hash(bytes);
        let tag = lampion_core::ids::base32(hash.as_bytes().get(..5).unwrap_or_default());
        Asset {
            name,
            kind,
            bytes,
            packed: LazyLock::new(Box::new(move || pack(bytes))),
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
pub(crate) async fn serve(Path((_, name)): Path<(String, String)>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let packed = takes_brotli(&headers).then(|| asset.packed.as_slice());
    let packed = packed.filter(|bytes| !bytes.is_empty());
    let mut response = (
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
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ],
        packed.unwrap_or(asset.bytes),
    )
        .into_response();
    if packed.is_some() {
        let encoding = HeaderValue::from_static("br");
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, encoding);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_packed_and_unpack_to_what_they_were() {
        for asset in ASSETS.iter() {
            assert!(asset.packed.len() < asset.bytes.len(), "{}", asset.name);
            let mut back = Vec::new();
            brotli::BrotliDecompress(&mut asset.packed.as_slice(), &mut back).unwrap();
            assert_eq!(back, asset.bytes, "{}", asset.name);
        }
    }

    #[test]
    fn brotli_is_given_to_who_takes_it() {
        let takes = |value: &str| {
            let value = HeaderValue::from_str(value).unwrap();
            takes_brotli(&[(header::ACCEPT_ENCODING, value)].into_iter().collect())
        };
        assert!(takes("gzip, deflate, br, zstd"));
        assert!(takes("br;q=0.5"));
        assert!(!takes("gzip, br;q=0"));
        assert!(!takes("gzip"));
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
