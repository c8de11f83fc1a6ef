//! Repositories that are asked again by themselves, every so many hours.
//!
//! Hours are those that this node has run: they are counted by the process and kept each minute, so neither a clock that
//! jumps nor a restart makes a harvest come twice or never. What is due becomes a job, which survives whatever comes.

use std::time::{Duration, Instant};

use lampion_db::{DbError, query, query_scalar};
use tokio_util::sync::CancellationToken;

use crate::library::{Library, LibraryError};
use crate::store::Store;

/// How often time is counted.
const TICK: Duration = Duration::from_secs(60);
/// The longest pause between two harvests, in hours: a year.
pub const LONGEST_H: i64 = 8_784;

impl Store {
    /// How often a repository is asked by itself, in hours; 0 for never, nothing for a collection that isn't harvested.
    ///
    /// # Errors
    /// The database.
    pub async fn harvest_every(&self, collection: &str) -> Result<Option<i64>, DbError> {
        Ok(
            query_scalar("select every_h from harvest where collection = $1")
                .bind(collection)
                .fetch_optional(self.0.read())
                .await?,
        )
    }

    /// Sets how often. The time counts from now.
    ///
    /// # Errors
    /// The database.
    pub async fn set_harvest_every(&self, collection: &str, hours: i64) -> Result<(), DbError> {
        query(
            "update harvest set every_h = $2, waited_s = 0 where collection = $1 and every_h <> $2",
        )
        .bind(collection)
        .bind(hours.clamp(0, LONGEST_H))
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// Counts time, and gives the collections that are due; their time begins anew.
    ///
    /// # Errors
    /// The database.
    pub async fn harvests_due(&self, passed_s: i64) -> Result<Vec<String>, DbError> {
        query("update harvest set waited_s = waited_s + $1 where every_h > 0")
            .bind(passed_s)
            .execute(self.0.write())
            .await?;
        Ok(query_scalar(
            "update harvest set waited_s = 0 where every_h > 0 and waited_s >= every_h * 3600 returning collection",
        )
        .fetch_all(self.0.write())
        .await?)
    }
}

impl Library {
    /// Counts time and queues the harvests that are due. One that is still under way is not queued again.
    ///
    /// # Errors
    /// The database.
    pub async fn harvest_tick(&self, passed: Duration) -> Result<Vec<String>, LibraryError> {
        let passed_s = i64::try_from(passed.as_secs()).unwrap_or(i64::MAX);
        let due = self.store().harvests_due(passed_s).await?;
        for id in &due {
            let jobs = self.kernel().jobs.list(id, 20).await?;
            if !jobs
                .iter()
                .any(|job| job.kind == super::KIND && !job.state.is_over())
            {
                self.harvest_again(id, false).await?;
            }
        }
        Ok(due)
    }
}

/// Counts until the node stops.
#[expect(
    clippy::disallowed_methods,
    reason = "the time that the node runs is what is counted"
)]
pub async fn run(library: Library, stop: CancellationToken) {
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICK) => {}
        }
        let passed = last.elapsed();
        if let Err(error) = library.follow_tick(passed).await {
            tracing::warn!(%error, "nodes that are due could not be asked: it is tried again");
        }
        match library.harvest_tick(passed).await {
            // What is less than a second counts the next time.
            Ok(_) => last += Duration::from_secs(passed.as_secs()),
            Err(error) => {
                tracing::warn!(%error, "harvests that are due could not be queued: it is tried again")
            }
        }
    }
}
