//! What this node says of itself, kept true: its record with the titles of the catalogues that everybody may see.

use std::collections::BTreeMap;
use std::time::Duration;

use lampion_feed::FeedError;
use lampion_web::directory::{NodeRecord, publish_record};
use tokio_util::sync::CancellationToken;

use crate::library::Library;
use crate::model::Visibility;

/// How often it is looked whether a catalogue has another title.
const LOOK: Duration = Duration::from_secs(2);
/// Bytes of titles that fit into a node's record.
const TITLES_BYTES: usize = 8 << 10;
/// Letters of a title.
const TITLE: usize = 200;

fn titles(library: &Library) -> BTreeMap<String, String> {
    let mut bytes = 0;
    library
        .catalogues()
        .into_iter()
        .filter(|one| one.visibility == Visibility::All)
        .map(|one| (one.id, one.title.chars().take(TITLE).collect::<String>()))
        .take_while(|(id, title)| {
            bytes += id.len() + title.len() + 8;
            bytes <= TITLES_BYTES
        })
        .collect()
}

/// Publishes this node's record if it isn't what its `directory` feed says already. Gives whether it was.
///
/// # Errors
/// The feed can't grow or be signed.
pub async fn publish(library: &Library, certificate: &str) -> Result<bool, FeedError> {
    let kernel = library.kernel();
    let mut record = NodeRecord::of(kernel, certificate).await?;
    record.catalogues = titles(library);
    publish_record(&kernel.db, kernel.feeds()?, &record).await
}

/// Publishes it anew whenever a catalogue comes, goes, or has another title, until the node stops.
#[expect(clippy::disallowed_methods, reason = "how often titles are looked at")]
pub async fn run(library: Library, certificate: String, stop: CancellationToken) {
    let mut said = None;
    loop {
        let now = titles(&library);
        if said.as_ref() != Some(&now) {
            match publish(&library, &certificate).await {
                Ok(_) => said = Some(now),
                Err(error) => {
                    tracing::error!(%error, "what this node says of itself could not be published");
                    // Said once; it is tried again when something changes.
                    said = Some(now);
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
