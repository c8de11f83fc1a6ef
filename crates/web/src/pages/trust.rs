//! How to trust the node's own certificate authority.

use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse as _;

use crate::error::{AppError, PageResult};
use crate::feature::App;
use crate::page::Page;

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage<'a> {
    page: &'a Page,
    fingerprint: String,
    https: String,
}

/// `GET /trust`.
pub(super) async fn show(page: Page, State(app): State<App>) -> PageResult {
    let Some(authority) = &app.authority else {
        return Err(AppError::new(
            axum::http::StatusCode::NOT_FOUND,
            "trust-none",
            "",
        ));
    };
    let host = page.origin.split_once("://").map_or("", |(_, host)| host);
    let name = host
        .rfind(':')
        .filter(|_| !host.ends_with(']'))
        .and_then(|colon| host.get(..colon))
        .unwrap_or(host);
    let port = app
        .kernel
        .config
        .https
        .rsplit_once(':')
        .map_or("443", |(_, port)| port);
    page.html(&TrustPage {
        page: &page,
        fingerprint: authority.fingerprint(),
        https: format!("https://{name}:{port}/"),
    })
}

/// `GET /trust/lampion-ca.crt`: the authority's certificate (PEM), with the type that phones install.
pub(super) async fn certificate(State(app): State<App>) -> PageResult {
    let authority = app.authority.as_ref().ok_or_else(AppError::not_found)?;
    Ok((
        [(header::CONTENT_TYPE, "application/x-x509-ca-cert")],
        authority.pem().to_string(),
    )
        .into_response())
}
