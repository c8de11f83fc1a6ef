//! Jobs in the database.

use async_trait::async_trait;
use lampion_core::jobs::{Job, JobState, JobStore, JobStoreError, Progress};
use sqlx::any::AnyRow;

use crate::{AssertSqlSafe, Db, DbError, Row, query, query_scalar};

/// Keeps jobs in table `job`. The order of jobs is a counter's, not the clock's.
#[derive(Debug, Clone)]
pub struct SqlJobs(pub Db);

fn store_error(error: impl Into<DbError>) -> JobStoreError {
    JobStoreError(error.into().to_string())
}

fn job(row: &AnyRow) -> Result<Job, sqlx::Error> {
    Ok(Job {
        id: row.try_get("id")?,
        kind: row.try_get("kind")?,
        subject: row.try_get("subject")?,
        payload: row.try_get("payload")?,
        state: JobState::from_word(row.try_get("state")?),
        progress: Progress {
            items: row.try_get("items")?,
            items_total: row.try_get("items_total")?,
            bytes: row.try_get("bytes")?,
            bytes_total: row.try_get("bytes_total")?,
            failed: row.try_get("failed")?,
            phase: row.try_get("phase")?,
        },
        error: row.try_get("error")?,
        attempts: row.try_get("attempts")?,
        not_before_ms: row.try_get("not_before_ms")?,
        cancel: row.try_get::<i64, _>("cancel")? != 0,
        created_ms: row.try_get("created_ms")?,
        started_ms: row.try_get("started_ms")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}

#[async_trait]
impl JobStore for SqlJobs {
    async fn insert(&self, job: &Job) -> Result<(), JobStoreError> {
        query(
            "insert into job (id, kind, subject, payload, state, sequence, created_ms, updated_ms)
             values ($1, $2, $3, $4, $5, (select coalesce(max(sequence), 0) + 1 from job), $6, $7)",
        )
        .bind(&job.id)
        .bind(&job.kind)
        .bind(&job.subject)
        .bind(&job.payload)
        .bind(job.state.as_str())
        .bind(job.created_ms)
        .bind(job.updated_ms)
        .execute(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn get(&self, id: &str) -> Result<Option<Job>, JobStoreError> {
        let row = query("select * from job where id = $1")
            .bind(id)
            .fetch_optional(self.0.read())
            .await
            .map_err(store_error)?;
        row.as_ref().map(job).transpose().map_err(store_error)
    }

    async fn list(&self, subject: &str, limit: i64) -> Result<Vec<Job>, JobStoreError> {
        let rows = query(
            "select * from job where subject = $1 or $1 = '' order by sequence desc limit $2",
        )
        .bind(subject)
        .bind(limit)
        .fetch_all(self.0.read())
        .await
        .map_err(store_error)?;
        rows.iter()
            .map(job)
            .collect::<Result<_, _>>()
            .map_err(store_error)
    }

    async fn claim(&self, kinds: &[String], now_ms: i64) -> Result<Option<Job>, JobStoreError> {
        if kinds.is_empty() {
            return Ok(None);
        }
        // Reading first keeps an idle node from taking the write lock each time it looks.
        let queued: i64 = query_scalar("select count(*) from job where state = 'queued'")
            .fetch_one(self.0.read())
            .await
            .map_err(store_error)?;
        if queued == 0 {
            return Ok(None);
        }
        let places: Vec<String> = (2..kinds.len() + 2).map(|n| format!("${n}")).collect();
        let sql = format!(
            "update job set state = 'running', attempts = attempts + 1, started_ms = $1, updated_ms = $1, error = ''
             where state = 'queued' and id = (select id from job j where j.state = 'queued' and j.not_before_ms <= $1 and j.kind in ({})
                and not exists (select 1 from job r where r.state = 'running' and r.subject = j.subject)
                order by j.sequence limit 1)
             returning *",
            places.join(", ")
        );
        let mut claim = query(AssertSqlSafe(sql)).bind(now_ms);
        for kind in kinds {
            claim = claim.bind(kind);
        }
        let row = claim
            .fetch_optional(self.0.write())
            .await
            .map_err(store_error)?;
        row.as_ref().map(job).transpose().map_err(store_error)
    }

    async fn progress(
        &self,
        id: &str,
        progress: &Progress,
        now_ms: i64,
    ) -> Result<bool, JobStoreError> {
        let cancel: Option<i64> = query_scalar(
            "update job set items = $2, items_total = $3, bytes = $4, bytes_total = $5, failed = $6, phase = $7, updated_ms = $8
             where id = $1 returning cancel",
        )
        .bind(id)
        .bind(progress.items)
        .bind(progress.items_total)
        .bind(progress.bytes)
        .bind(progress.bytes_total)
        .bind(progress.failed)
        .bind(&progress.phase)
        .bind(now_ms)
        .fetch_optional(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(cancel != Some(0))
    }

    async fn finish(
        &self,
        id: &str,
        state: JobState,
        error: &str,
        not_before_ms: i64,
        now_ms: i64,
    ) -> Result<(), JobStoreError> {
        query("update job set state = $2, error = $3, not_before_ms = $4, updated_ms = $5 where id = $1")
            .bind(id)
            .bind(state.as_str())
            .bind(error)
            .bind(not_before_ms)
            .bind(now_ms)
            .execute(self.0.write())
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn cancel(&self, id: &str, now_ms: i64) -> Result<(), JobStoreError> {
        query(
            "update job set cancel = 1, updated_ms = $2, state = case when state = 'queued' then 'cancelled' else state end
             where id = $1 and state in ('queued', 'running')",
        )
        .bind(id)
        .bind(now_ms)
        .execute(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn retry(&self, id: &str, now_ms: i64) -> Result<(), JobStoreError> {
        query(
            "update job set cancel = 0, attempts = case when state = 'done' then 0 else attempts end,
                 not_before_ms = 0, error = '', updated_ms = $2, state = 'queued'
             where id = $1 and state <> 'running'",
        )
        .bind(id)
        .bind(now_ms)
        .execute(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn requeue_interrupted(&self, now_ms: i64) -> Result<u64, JobStoreError> {
        // A person who asked to cancel before the process ended gets what they asked for.
        let done = query(
            "update job set state = case when cancel = 1 then 'cancelled' else 'queued' end, not_before_ms = 0, updated_ms = $1
             where state = 'running'",
        )
        .bind(now_ms)
        .execute(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(done.rows_affected())
    }

    async fn forget_before(&self, ms: i64) -> Result<u64, JobStoreError> {
        let done = query(
            "delete from job where updated_ms < $1 and state in ('done', 'failed', 'cancelled')",
        )
        .bind(ms)
        .execute(self.0.write())
        .await
        .map_err(store_error)?;
        Ok(done.rows_affected())
    }
}
