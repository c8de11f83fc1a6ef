//! Blobs in a bucket: what lies only in the folder is brought there, and archives that lie only there are copied here.

use std::time::Duration;

use lampion_blobs::Hash;
use tokio_util::sync::CancellationToken;

use crate::library::Library;
use crate::model::Source;

/// The pause between looks.
const PAUSE: Duration = Duration::from_secs(60);

impl Library {
    /// What has to be fetched before a source can be read; none if it is here, or no blob.
    pub(crate) fn to_fetch(&self, source: &Source) -> Option<Hash> {
        let blobs = &self.kernel().blobs;
        let hash: Hash = source.blob.as_ref()?.parse().ok()?;
        (blobs.is_remote() && blobs.local_path(&hash).is_none()).then_some(hash)
    }
}

/// Until the node stops: brings the folder's files into the bucket once, and sees to copies of archives.
pub async fn run(library: Library, stop: CancellationToken) {
    if !library.kernel().blobs.is_remote() {
        return;
    }
    let mut brought = false;
    loop {
        let look = async {
            if !brought {
                brought = bring(&library).await;
            }
            fetch_all(&library).await;
            pause().await;
        };
        tokio::select! {
            () = look => {}
            () = stop.cancelled() => return,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a service that was away says nothing when it is back"
)]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

/// Whether all is there.
async fn bring(library: &Library) -> bool {
    match library.kernel().blobs.bring().await {
        Ok(0) => true,
        Ok(count) => {
            tracing::info!(count, "files of the folder were brought into the bucket");
            true
        }
        Err(error) => {
            tracing::warn!(%error, "files of the folder could not be brought into the bucket: tried again soon");
            false
        }
    }
}

async fn fetch_all(library: &Library) {
    for collection in library.collections() {
        let Some(hash) = library.to_fetch(&collection.source) else {
            continue;
        };
        tracing::info!(
            collection = collection.id,
            "its file is fetched from the bucket"
        );
        if let Err(error) = library.kernel().blobs.fetch(&hash, |_, _| {}).await {
            tracing::warn!(collection = collection.id, %error, "its file could not be fetched: tried again soon");
        }
    }
}
