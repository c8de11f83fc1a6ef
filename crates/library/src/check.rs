//! Whether a collection's content is whole: an archive's checksum and structure, a copy's hash, a folder's files.

use std::ops::ControlFlow;

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};

use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind};

/// The job's kind.
pub const KIND: &str = "library.check";
/// What the store says of content that was found whole.
pub const HEALTHY: &str = "ok";

/// Handles [`KIND`].
pub struct CheckJob(pub Library);

#[async_trait]
impl JobHandler for CheckJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let failed = |error: LibraryError| JobEnd::Failed(error.to_string());
        let Some(collection) = self
            .0
            .store()
            .get(&context.job.subject)
            .await
            .map_err(|error| JobEnd::Passing(error.to_string()))?
        else {
            return Err(JobEnd::Cancelled);
        };
        let health = match collection.kind {
            Kind::Zim => self.zim(&collection, &context).await?,
            // Checked by `lampion feed verify` and `feed rebuild`.
            Kind::Catalogue => HEALTHY.to_string(),
            Kind::Files | Kind::Records => match self.0.content_path(&collection) {
                Ok(path) if path.exists() => HEALTHY.to_string(),
                Ok(path) => format!("{} is missing", path.display()),
                Err(error) => error.to_string(),
            },
        };
        // Its records are rows; the file is written when it is wanted.
        let health = if collection.is_harvested() {
            HEALTHY.to_string()
        } else {
            health
        };
        // Read anew: an import may have gone on meanwhile.
        if let Some(mut now) = self
            .0
            .store()
            .get(&collection.id)
            .await
            .map_err(|error| JobEnd::Passing(error.to_string()))?
        {
            now.health = health;
            now.health_ms = self.0.kernel().clock.now_ms();
            self.0
                .store()
                .update(&now)
                .await
                .map_err(|error| JobEnd::Passing(error.to_string()))?;
            self.0.refresh().await.map_err(failed)?;
        }
        Ok(())
    }
}

impl CheckJob {
    async fn zim(&self, collection: &Collection, context: &JobContext) -> Result<String, JobEnd> {
        let (library, collection, stop) =
            (self.0.clone(), collection.clone(), context.stop.clone());
        let (told, mut tell) = tokio::sync::mpsc::channel::<(u64, u64)>(4);
        let checking = tokio::task::spawn_blocking(move || -> Option<String> {
            let archive = match library.archive(&collection) {
                Ok(archive) => archive,
                Err(error) => return Some(error.to_string()),
            };
            let checked = archive.verify_checksum(|done, all| {
                let _progress_may_be_missed = told.try_send((done, all));
                if stop.is_cancelled() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            match checked {
                Ok(sum) if sum.matches() => Some(HEALTHY.into()),
                Ok(_) => Some(
                    "its checksum is wrong: the file is damaged; get it again and import it anew"
                        .into(),
                ),
                Err(_) if stop.is_cancelled() => None,
                Err(error) => Some(error.to_string()),
            }
        });
        while let Some((done, all)) = tell.recv().await {
            let number = |value: u64| i64::try_from(value).unwrap_or(0);
            context
                .progress(Progress {
                    phase: "checking".into(),
                    bytes: number(done),
                    bytes_total: number(all),
                    ..Progress::default()
                })
                .await;
        }
        checking
            .await
            .map_err(|error| JobEnd::Failed(error.to_string()))?
            .ok_or_else(|| context.stop_reason())
    }
}
