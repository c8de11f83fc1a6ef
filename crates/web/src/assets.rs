//! The frame's style and scripts: in the program, under an address that holds their hash, kept for ever by the browser.
//!
//! They are packed once, as small as they get: what is packed anew for each answer must be done in no time, and would
//! be a sixth larger.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A style, script or image in the program.
pub struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: Cow<'static, [u8]>,
    /// The same by Brotli (RFC 7932), made when it is first asked for.
    packed: OnceLock<Vec<u8>>,
    url: String,
}

/// The best that Brotli can.
const QUALITY: u32 = 11;
/// Its window, as a power of two: no asset is larger.
const WINDOW: u32 = 18;

impl Asset {
    /// A style under `place`: `/assets`.
    pub fn style(place: &str, name: &'static str, text: &'static str) -> Self {
        Self::new(place, name, "text/css; charset=utf-8", dense(text))
    }

    /// A script.
    pub fn script(place: &str, name: &'static str, text: &'static str) -> Self {
        Self::new(place, name, "text/javascript; charset=utf-8", dense(text))
    }

    fn new(place: &str, name: &'static str, kind: &'static str, bytes: Cow<'static, [u8]>) -> Self {
        let hash = blake3::hash(&bytes);
        let tag = lampion_core::ids::base32(hash.as_bytes().get(..5).unwrap_or_default());
        Self {
            name,
            kind,
            bytes,
            packed: OnceLock::new(),
            url: format!("{place}/{tag}/{name}"),
        }
    }

    /// Its file name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its address, which holds its hash.
    pub fn url(&self) -> &str {
        &self.url
    }

    fn packed(&self) -> &[u8] {
        self.packed.get_or_init(|| pack(&self.bytes))
    }

    /// The answer to whoever asks with `headers`.
    pub fn answer(&self, headers: &HeaderMap) -> Response {
        let packed = takes_brotli(headers).then(|| self.packed());
        let packed = packed.filter(|bytes| !bytes.is_empty());
        let mut response = (
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(self.kind)),
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("public, max-age=31536000, immutable"),
                ),
                (header::VARY, HeaderValue::from_static("accept-encoding")),
            ],
            packed.unwrap_or(&self.bytes).to_vec(),
        )
            .into_response();
        let headers = response.headers_mut();
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
        // An image of this kind is a document where somebody opens it alone.
        if self.kind == SVG {
            let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Without indentation, empty lines, and lines that are only a comment. No text of ours goes over the end of a line.
fn dense(text: &'static str) -> Cow<'static, [u8]> {
    let lines = text
        .lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    let text = lines.fold(String::new(), |mut out, line| {
        out.push_str(line);
        out.push('\n');
        out
    });
    Cow::Owned(text.into_bytes())
}

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

const PLACE: &str = "/assets";
const SVG: &str = "image/svg+xml";

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    let icon = Cow::Borrowed(include_bytes!("../assets/icon.svg").as_slice());
    [
        Asset::style(PLACE, "style.css", include_str!("../assets/style.css")),
        Asset::script(PLACE, "app.js", include_str!("../assets/app.js")),
        Asset::script(PLACE, "forms.js", include_str!("../assets/forms.js")),
        Asset::new(PLACE, "icon.svg", SVG, icon),
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
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => asset.answer(&headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_packed_and_unpack_to_what_they_were() {
        for asset in ASSETS.iter() {
            assert!(asset.packed().len() < asset.bytes.len(), "{}", asset.name);
            let mut back = Vec::new();
            brotli::BrotliDecompress(&mut asset.packed(), &mut back).unwrap();
            assert_eq!(back, *asset.bytes, "{}", asset.name);
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
