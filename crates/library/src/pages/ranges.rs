//! Conditions and ranges of HTTP (RFC 9110 §13 and §14), for content in memory and content that is streamed.

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

/// Larger content is streamed piece by piece.
pub(super) const PIECE: u64 = 1 << 20;

/// Whether the reader has the content of this tag already (If-None-Match, RFC 9110 §13.1.2).
pub(super) fn known(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|known| {
            known
                .split(',')
                .any(|one| one.trim().trim_start_matches("W/") == tag)
        })
}

pub(super) fn not_modified(tag: &str) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag.to_string())]).into_response()
}

/// The one range that a request asks for (RFC 9110 §14.2), if it is in the content; several ranges count as none, and so
/// does one for content that has changed meanwhile (If-Range, §13.1.5: `tag` is what it has now).
pub(super) fn range_of(
    headers: &HeaderMap,
    length: u64,
    tag: Option<&str>,
) -> Option<Result<Range<u64>, ()>> {
    if let Some(condition) = headers.get(header::IF_RANGE)
        && tag.is_none_or(|tag| tag.starts_with("W/") || condition.as_bytes() != tag.as_bytes())
    {
        return None;
    }
    let text = headers
        .get(header::RANGE)?
        .to_str()
        .ok()?
        .strip_prefix("bytes=")?;
    let (first, last) = text.split_once('-')?;
    let range = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Ok(first), Err(_)) if last.trim().is_empty() => first..length,
        (Err(_), Ok(count)) if first.trim().is_empty() => length.saturating_sub(count)..length,
        _ => return None,
    };
    Some(if range.start < length && range.start < range.end {
        Ok(range)
    } else {
        Err(())
    })
}

pub(super) fn partial(mut response: Response, range: &Range<u64>, length: u64) -> Response {
    *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    if let Ok(value) =
        HeaderValue::from_str(&format!("bytes {}-{}/{length}", range.start, range.end - 1))
    {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

pub(super) fn unsatisfiable(length: u64) -> Response {
    (
        StatusCode::RANGE_NOT_SATISFIABLE,
        [(header::CONTENT_RANGE, format!("bytes */{length}"))],
    )
        .into_response()
}

/// Bytes that are in memory, or a range of them.
pub(super) fn ranged(bytes: Bytes, tag: Option<&str>, headers: &HeaderMap) -> Response {
    let length = bytes.len() as u64;
    let mut response = match range_of(headers, length, tag) {
        Some(Ok(range)) => {
            let piece = bytes.slice(
                usize::try_from(range.start).unwrap_or(0)..usize::try_from(range.end).unwrap_or(0),
            );
            partial(Body::from(piece).into_response(), &range, length)
        }
        Some(Err(())) => return unsatisfiable(length),
        None => Body::from(bytes).into_response(),
    };
    response
        .headers_mut()
        .insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// Content that is read piece by piece as the reader takes it.
pub(super) fn streamed(
    length: u64,
    tag: Option<&str>,
    headers: &HeaderMap,
    read: impl Fn(Range<u64>) -> std::io::Result<Bytes> + Send + Sync + 'static,
) -> Response {
    let (range, is_part) = match range_of(headers, length, tag) {
        Some(Ok(range)) => (range, true),
        Some(Err(())) => return unsatisfiable(length),
        None => (0..length, false),
    };
    let read = Arc::new(read);
    let end = range.end;
    let pieces = futures_util::stream::try_unfold(range.start, move |at| {
        let read = Arc::clone(&read);
        async move {
            if at >= end {
                return Ok::<_, std::io::Error>(None);
            }
            let next = (at + PIECE).min(end);
            let bytes = tokio::task::spawn_blocking(move || read(at..next))
                .await
                .map_err(std::io::Error::other)??;
            Ok(Some((bytes, next)))
        }
    });
    let mut response = Body::from_stream(pieces).into_response();
    response.headers_mut().insert(
        header::CONTENT_LENGTH,
        HeaderValue::from(range.end - range.start),
    );
    response
        .headers_mut()
        .insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if is_part {
        partial(response, &range, length)
    } else {
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &'static str) -> HeaderMap {
        [(header::RANGE, HeaderValue::from_static(range))]
            .into_iter()
            .collect()
    }

    #[test]
    fn ranges_are_those_of_the_standard() {
        assert_eq!(range_of(&asked("bytes=0-4"), 10, None), Some(Ok(0..5)));
        assert_eq!(range_of(&asked("bytes=5-"), 10, None), Some(Ok(5..10)));
        assert_eq!(range_of(&asked("bytes=-3"), 10, None), Some(Ok(7..10)));
        assert_eq!(range_of(&asked("bytes=8-99"), 10, None), Some(Ok(8..10)));
        assert_eq!(range_of(&asked("bytes=10-"), 10, None), Some(Err(())));
        assert_eq!(
            range_of(&asked("bytes=4-2"), 10, None),
            None,
            "nonsense is passed over"
        );
        assert_eq!(range_of(&asked("bytes=0-1,3-4"), 10, None), None);
        assert_eq!(range_of(&asked("items=0-4"), 10, None), None);
    }

    #[test]
    fn a_range_of_what_has_changed_is_not_a_range() {
        let mut headers = asked("bytes=5-");
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"a\""));
        let range = |tag| range_of(&headers, 10, tag);
        assert_eq!(range(Some("\"a\"")), Some(Ok(5..10)));
        assert_eq!(range(Some("\"b\"")), None);
        assert_eq!(range(Some("W/\"a\"")), None);
        assert_eq!(range(None), None);
    }
}
