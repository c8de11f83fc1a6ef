//! Who this node is, what it publishes, and how anybody checks it.

use askama::Template;
use axum::extract::State;

use crate::directory::NodeRecord;
use crate::error::{AppError, PageResult};
use crate::feature::App;
use crate::page::Page;

/// A feed as the page shows it.
struct FeedShown {
    kind: String,
    origin: String,
    key: String,
    entries: i64,
    /// Entries and root of the newest signed checkpoint.
    checkpoint: Option<(i64, String)>,
}

#[derive(Template)]
#[template(path = "node.html")]
struct NodePage<'a> {
    page: &'a Page,
    record: NodeRecord,
    feeds: Vec<FeedShown>,
    mirrors: Vec<(String, i64)>,
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// `GET /node`.
pub(super) async fn show(page: Page, State(app): State<App>) -> PageResult {
    let certificate = app
        .authority
        .as_ref()
        .map(|authority| authority.fingerprint())
        .unwrap_or_default();
    let feeds = app.kernel.feeds().map_err(AppError::fault)?;
    let record = NodeRecord::of(&app.kernel, &certificate)
        .await
        .map_err(AppError::fault)?;
    let all = feeds.list().await.map_err(AppError::fault)?;
    let mut shown = Vec::new();
    for (kind, key) in &record.feeds {
        let own = all.iter().find(|feed| feed.own && feed.kind == *kind);
        let checkpoint = match own {
            Some(feed) => feeds
                .checkpoint(&feed.origin)
                .await
                .map_err(AppError::fault)?,
            None => None,
        };
        shown.push(FeedShown {
            kind: kind.clone(),
            origin: key.split('+').next().unwrap_or_default().to_string(),
            key: key.clone(),
            entries: own.map_or(0, |feed| number(feed.size)),
            checkpoint: checkpoint.map(|signed| {
                (
                    number(signed.checkpoint.size),
                    signed.checkpoint.root.to_string(),
                )
            }),
        });
    }
    let mirrors = all
        .iter()
        .filter(|feed| !feed.own)
        .map(|feed| (feed.origin.clone(), number(feed.size)))
        .collect();
    page.html(&NodePage {
        page: &page,
        record,
        feeds: shown,
        mirrors,
    })
}
