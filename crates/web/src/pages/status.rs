//! For machines: whether the node is well, and its measures.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::feature::App;

/// `GET /health`: 200 if the database answers, else 503; `{"status": "ok", "database": "ok"}`.
pub(super) async fn health(State(app): State<App>) -> Response {
    match app.kernel.db.ping().await {
        Ok(()) => Json(json!({ "status": "ok", "database": "ok" })).into_response(),
        Err(error) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "status": "failing", "database": error.to_string() })),
        )
            .into_response(),
    }
}

/// `GET /metrics`: Prometheus' text format; aggregates only.
pub(super) async fn metrics(State(app): State<App>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        app.kernel.metrics.text(),
    )
        .into_response()
}

/// `GET /robots.txt`: crawlers find nothing here that they should keep.
pub(super) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}
