//! The library: collections of documents, their import, search, and reading.
//!
//! A collection is one portable unit: a folder (`collections/ID` in the data folder, or wherever it came from) with
//! `collection.json` and `index/`, beside or in front of its content. The index can be deleted and rebuilt, copied with
//! the collection, shipped ready made, and read from media that can't be written. The database keeps only what a
//! librarian decides (title, visibility) and what can't be read from the content (errors, health).
//!
//! Bytes from outside are read by [`extract`] in a child process with limits; [`import`] indexes what it gives.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

mod adding;
pub mod bucket;
pub mod catalogue;
pub mod check;
mod copying;
pub mod extract;
pub mod following;
pub mod handbook;
pub mod harvest;
pub mod import;
mod indexing;
mod library;
pub mod lists;
mod memory;
mod mime;
pub mod model;
mod numbers;
pub mod pages;
pub mod store;

use std::sync::Arc;

use async_trait::async_trait;
use lampion_web::{App, Feature, Service, Started};
use tokio_util::sync::CancellationToken;

pub use adding::NewImport;
pub use harvest::NewHarvest;
pub use library::{Library, LibraryError};

/// The feature, whole.
pub fn feature(library: &Library) -> Feature {
    let upload_limit_bytes =
        usize::try_from(library.kernel().config.upload_limit_mb << 20).unwrap_or(usize::MAX);
    Feature {
        name: "library",
        migrations: store::MIGRATIONS,
        messages: pages::MESSAGES,
        navigation: pages::navigation(),
        badges: Vec::new(),
        routes: pages::routes(library.clone(), upload_limit_bytes),
        content: pages::content::routes(library.clone()),
        jobs: vec![
            Arc::new(import::ImportJob(library.clone())),
            Arc::new(check::CheckJob(library.clone())),
            Arc::new(harvest::HarvestJob::new(library.clone())),
            Arc::new(catalogue::batch::BatchJob(library.clone())),
            Arc::new(following::FollowJob(library.clone())),
        ],
        publications: vec![Arc::new(catalogue::LibraryPublications)],
        services: vec![Arc::new(Keeping(library.clone()))],
    }
}

/// What this node says of itself is kept true, indexes follow catalogues, harvests are queued when they are due, and
/// collections that other processes change are seen.
struct Keeping(Library);

#[async_trait]
impl Service for Keeping {
    async fn start(&self, app: App, stop: CancellationToken) -> Result<Started, String> {
        let library = self.0.clone();
        let certificate = app.authority.as_ref().map(|one| one.fingerprint());
        let certificate = certificate.unwrap_or_default();
        if let Err(error) = following::announce::publish(&library, &certificate).await {
            tracing::error!(%error, "what this node says of itself could not be published");
        }
        Ok(Started::work(async move {
            tokio::join!(
                catalogue::follow::run(library.clone(), stop.clone()),
                harvest::schedule::run(library.clone(), stop.clone()),
                bucket::run(library.clone(), stop.clone()),
                following::announce::run(library.clone(), certificate, stop.clone()),
                library.watch(stop),
            );
        }))
    }
}
