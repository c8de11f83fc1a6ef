//! Headers that keep pages apart from what others wrote, and cookies.

use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use lampion_core::Config;

use crate::error::AppError;

/// The session's cookie.
pub(crate) const SESSION_COOKIE: &str = "lampion";

/// A cookie's value (RFC 6265 §5.4).
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// A `Set-Cookie` line; an empty value deletes the cookie.
pub(crate) fn set_cookie(
    name: &str,
    value: &str,
    days: u32,
    secret: bool,
    secure: bool,
) -> HeaderValue {
    let age = if value.is_empty() {
        0
    } else {
        u64::from(days) * 86_400
    };
    let http_only = if secret { "; HttpOnly" } else { "" };
    let secure = if secure { "; Secure" } else { "" };
    HeaderValue::from_str(&format!(
        "{name}={value}; Path=/; Max-Age={age}; SameSite=Lax{http_only}{secure}"
    ))
    .unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// Scheme and host of pages and of imported content, as this reader's browser sees them.
pub(crate) fn origins(config: &Config, headers: &HeaderMap, secure: bool) -> (String, String) {
    let scheme = if secure { "https" } else { "http" };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| plain_host(host))
        .unwrap_or("localhost");
    let origin = if config.public_url.is_empty() {
        format!("{scheme}://{host}")
    } else {
        config.public_url.trim_end_matches('/').to_string()
    };
    if !config.public_content_url.is_empty() {
        return (
            origin,
            config.public_content_url.trim_end_matches('/').to_string(),
        );
    }
    let name = without_port(host);
    let listen = if secure {
        &config.content_https
    } else {
        &config.content
    };
    let port = listen.rsplit_once(':').map_or("", |(_, port)| port);
    (origin, format!("{scheme}://{name}:{port}"))
}

/// The same as seen from the content origin: the pages' origin, and its own.
pub(crate) fn content_origins(
    config: &Config,
    headers: &HeaderMap,
    secure: bool,
) -> (String, String) {
    let scheme = if secure { "https" } else { "http" };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| plain_host(host))
        .unwrap_or("localhost");
    let listen = if secure { &config.https } else { &config.http };
    let port = listen.rsplit_once(':').map_or("", |(_, port)| port);
    let told = |url: &str, otherwise: String| {
        if url.is_empty() {
            otherwise
        } else {
            url.trim_end_matches('/').to_string()
        }
    };
    (
        told(
            &config.public_url,
            format!("{scheme}://{}:{port}", without_port(host)),
        ),
        told(&config.public_content_url, format!("{scheme}://{host}")),
    )
}

fn without_port(host: &str) -> &str {
    match host.rfind(':') {
        Some(colon) if !host.ends_with(']') => host.get(..colon).unwrap_or(host),
        _ => host,
    }
}

fn plain_host(host: &str) -> bool {
    !host.is_empty()
        && host.len() <= 255
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
}

/// Lets a page frame imported content and nothing else.
pub(crate) fn frame_sources(headers: &mut HeaderMap, content_origin: &str) {
    let policy = format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: {content_origin}; connect-src 'self'; form-action 'self'; \
         manifest-src 'self'; frame-src 'self' {content_origin}; media-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
}

/// Headers of imported content: scripts run, but in an origin without a name, without cookies, and without the Internet.
/// `origin` is the pages' origin, which may frame it; `own` is the content's own.
pub fn content_headers(headers: &mut HeaderMap, origin: &str, own: &str) {
    let policy = format!(
        "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads allow-top-navigation-by-user-activation; \
         default-src {own} 'unsafe-inline' 'unsafe-eval' data: blob:; form-action {own} {origin}; frame-ancestors {own} {origin}; base-uri {own}"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    // The sandbox's origin is `null`: fonts and modules of the same archive need leave.
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("no-referrer"),
    );
}

/// Headers that every page of our own has; a form from another site is refused. Styles and scripts are no documents: what
/// only concerns those would be some 200 bytes of each for nothing.
pub(crate) async fn guard(request: Request, next: Next) -> Result<Response, AppError> {
    if !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) && from_elsewhere(request.headers())
    {
        return Err(AppError::new(StatusCode::FORBIDDEN, "error-cross-site", ""));
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let document = !kind
        .is_some_and(|kind| kind.starts_with(b"text/css") || kind.starts_with(b"text/javascript"));
    let of_all = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    let of_documents = [
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    let of_documents = of_documents.into_iter().filter(|_| document);
    for (name, value) in of_all.into_iter().chain(of_documents) {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    Ok(response)
}

/// Whether a browser says that a form was sent from another origin. The content origin is another one: `same-site` isn't enough.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    if let Some(site) = headers
        .get("sec-fetch-site")
        .and_then(|value| value.to_str().ok())
    {
        return !matches!(site, "same-origin" | "none");
    }
    match (headers.get(header::ORIGIN), headers.get(header::HOST)) {
        (Some(origin), Some(host)) => {
            let origin = origin.to_str().unwrap_or_default();
            let host = host.to_str().unwrap_or_default();
            origin.split_once("://").map(|(_, origin_host)| origin_host) != Some(host)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn forms_of_other_origins_are_told_apart() {
        assert!(
            from_elsewhere(&headers(&[("sec-fetch-site", "same-site")])),
            "the content origin is the same site"
        );
        assert!(!from_elsewhere(&headers(&[(
            "sec-fetch-site",
            "same-origin"
        )])));
        assert!(from_elsewhere(&headers(&[
            ("origin", "http://hill:8081"),
            ("host", "hill:8080")
        ])));
        assert!(from_elsewhere(&headers(&[
            ("origin", "null"),
            ("host", "hill:8080")
        ])));
        assert!(!from_elsewhere(&headers(&[
            ("origin", "http://hill:8080"),
            ("host", "hill:8080")
        ])));
        assert!(
            !from_elsewhere(&headers(&[("host", "hill:8080")])),
            "text browsers send neither"
        );
    }

    #[test]
    fn the_content_origin_follows_the_host_that_was_asked() {
        let config = Config::default();
        let (page, content) = origins(&config, &headers(&[("host", "10.1.2.3:8080")]), false);
        assert_eq!(
            (page.as_str(), content.as_str()),
            ("http://10.1.2.3:8080", "http://10.1.2.3:8081")
        );
        let (_, content) = origins(&config, &headers(&[("host", "[fe80::1]")]), true);
        assert_eq!(content, "https://[fe80::1]:8444");
        let (page, _) = origins(&config, &headers(&[("host", "a\"b")]), false);
        assert_eq!(page, "http://localhost");
    }

    #[test]
    fn cookies_are_found() {
        let all = headers(&[("cookie", "theme=dark; lampion=abc")]);
        assert_eq!(cookie(&all, "lampion"), Some("abc"));
        assert_eq!(cookie(&all, "lamp"), None);
    }
}
