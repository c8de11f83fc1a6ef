//! The job of a batch.

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use lampion_feed::FeedError;
use serde::Deserialize;

use super::BatchState;
use super::operation::Operation;
use super::rows::BatchRow;
use crate::catalogue::{Catalogue, CatalogueError};
use crate::import::end_of;
use crate::library::Library;

/// The job's kind.
pub const KIND: &str = "library.batch";

/// Handles [`KIND`].
pub struct BatchJob(pub Library);

#[derive(Debug, Deserialize)]
struct Payload {
    batch: String,
}

/// What a batch's job works with.
pub(super) struct Run<'a> {
    pub library: &'a Library,
    pub catalogue: Catalogue,
    pub batch: BatchRow,
    pub context: &'a JobContext,
    pub progress: Progress,
}

/// Whether an error passes by itself.
pub(super) fn end(error: &CatalogueError) -> JobEnd {
    let text = error.to_string();
    match error {
        CatalogueError::Db(_)
        | CatalogueError::Feed(
            FeedError::Db(_) | FeedError::Behind { .. } | FeedError::MarkLost { .. },
        ) => JobEnd::Passing(text),
        _ => JobEnd::Failed(text),
    }
}

#[async_trait]
impl JobHandler for BatchJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let failed = |text: String| JobEnd::Failed(text);
        let payload: Payload = serde_json::from_str(&context.job.payload)
            .map_err(|error| failed(format!("the job's own words: {error}")))?;
        let catalogue =
            Catalogue::of(self.0.kernel()).map_err(|error| JobEnd::Passing(error.to_string()))?;
        let batch = catalogue
            .batch_row(&payload.batch)
            .await
            .map_err(|error| end(&error))?
            .ok_or_else(|| failed("the batch was removed".into()))?;
        if batch.state == BatchState::Done {
            return Ok(());
        }
        let operation = batch
            .operation
            .clone()
            .ok_or_else(|| failed("a newer Lampion began it: let that one do it".into()))?;
        catalogue
            .forget_batches()
            .await
            .map_err(|error| end(&error))?;
        let mut run = Run {
            library: &self.0,
            catalogue,
            context: &context,
            progress: Progress::default(),
            batch,
        };
        match &operation {
            Operation::Import(import) => run.import(import).await?,
            _ => run.edit(&operation).await?,
        }
        run.catalogue
            .batch_is_done(&run.batch.id)
            .await
            .map_err(|error| end(&error))?;
        run.tell().await.map_err(|error| end(&error))?;
        Ok(())
    }
}

impl Run<'_> {
    /// Reads the counts anew and tells them.
    pub(super) async fn tell(&mut self) -> Result<(), CatalogueError> {
        if let Some(row) = self.catalogue.batch_row(&self.batch.id).await? {
            self.batch = row;
        }
        self.progress.items = self.batch.seen;
        self.progress.items_total = self.batch.total;
        self.progress.failed = self.batch.failed;
        self.context.progress(self.progress.clone()).await;
        Ok(())
    }

    async fn edit(&mut self, operation: &Operation) -> Result<(), JobEnd> {
        while self.batch.state == BatchState::Gathering {
            if self.context.stop.is_cancelled() {
                return Err(self.context.stop_reason());
            }
            self.gather().await?;
        }
        let withdraws = matches!(operation, Operation::Withdraw { .. });
        loop {
            if self.context.stop.is_cancelled() {
                return Err(self.context.stop_reason());
            }
            let more = self
                .catalogue
                .step(&self.batch, operation)
                .await
                .map_err(|error| end(&error))?;
            if !more {
                break;
            }
            self.tell().await.map_err(|error| end(&error))?;
        }
        if withdraws && let Err(error) = self.catalogue.feeds.scrub().await {
            tracing::warn!(%error, "what was withdrawn is still in the database's log: it goes with the next withdrawal");
        }
        Ok(())
    }

    async fn gather(&mut self) -> Result<(), JobEnd> {
        self.catalogue
            .gather(&self.batch, Some(self.library))
            .await
            .map_err(|error| end_of(&error))?;
        self.tell().await.map_err(|error| end(&error))
    }
}
