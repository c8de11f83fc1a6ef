//! New mail shows by itself: a stream of notices for the script of the list.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::extract::Path;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use lampion_web::{AppError, Page};

use super::Web;

/// How often something is sent while nothing happens: so that both sides see a line that is gone.
const ALIVE: Duration = Duration::from_secs(30);
/// How long one stream lasts; the browser opens another, with whatever session it has then.
const LIFE: Duration = Duration::from_secs(15 * 60);

/// `GET /mail/box/{box}/live`: an event with the newest change's number after each change of the mailbox.
pub(super) async fn events(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<i64>,
) -> Result<Response, AppError> {
    let opened = web.open(&page, Some(id)).await?;
    let watch = web.store().watch(opened.here.id);
    let end = tokio::time::Instant::now() + LIFE;
    let stop = web.0.stop.clone();
    let stream = futures_util::stream::unfold((watch, stop), move |(mut watch, stop)| async move {
        let changed = tokio::select! {
            changed = watch.changed() => changed.is_ok(),
            () = over(end) => false,
            () = stop.cancelled() => false,
        };
        if !changed {
            return None;
        }
        let newest = *watch.borrow_and_update();
        let event = Event::default().event("change").data(newest.to_string());
        Some((Ok::<_, Infallible>(event), (watch, stop)))
    });
    Ok(Sse::new(stream.fuse())
        .keep_alive(KeepAlive::new().interval(ALIVE))
        .into_response())
}

#[expect(clippy::disallowed_methods, reason = "a stream's life is time itself")]
async fn over(at: tokio::time::Instant) {
    tokio::time::sleep(at.saturating_duration_since(tokio::time::Instant::now())).await;
}
