//! Own pages are small and made anew each time: an `ETag` over their bytes saves sending one that the reader has.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt as _;
use hyper::body::Body as _;

/// Larger bodies are streamed as they are.
const LIMIT: u64 = 256 * 1024;

/// Adds an `ETag` to small, complete answers and turns those that the reader has into 304 (RFC 9110 §13.1.2).
pub(crate) async fn etag(request: Request, next: Next) -> Response {
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let small = response
        .body()
        .size_hint()
        .exact()
        .is_some_and(|size| size > 0 && size <= LIMIT);
    if !readable
        || response.status() != StatusCode::OK
        || !small
        || response.headers().contains_key(header::ETAG)
    {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(Body::new(body.boxed_unsync()), usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let hash = blake3::hash(&bytes);
    let tag = format!(
        "W/\"{}\"",
        lampion_core::ids::base32(hash.as_bytes().get(..10).unwrap_or_default())
    );
    if let Ok(value) = tag.parse() {
        parts.headers.insert(header::ETAG, value);
    }
    if known.is_some_and(|known| matches(known.to_str().unwrap_or_default(), &tag)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Weak comparison of `If-None-Match` with a tag.
fn matches(known: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_string();
    known.trim() == "*" || known.split(',').any(|one| bare(one) == bare(tag))
}

#[cfg(test)]
mod tests {
    #[test]
    fn tags_compare_weakly() {
        assert!(super::matches("\"a\", W/\"b\"", "\"b\""));
        assert!(!super::matches("\"a\"", "W/\"b\""));
        assert!(super::matches("*", "\"x\""));
    }
}
