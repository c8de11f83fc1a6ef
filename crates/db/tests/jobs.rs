//! Jobs survive, are done once, in order, and can be cancelled and tried again, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use lampion_core::jobs::{
    Job, JobContext, JobEnd, JobHandler, JobState, JobStore, Progress, Runner,
};
use lampion_core::metrics::Metrics;
use lampion_core::{Events, SystemClock};
use lampion_db::{KERNEL, SqlJobs, testing};
use tokio_util::sync::CancellationToken;

async fn queue(jobs: &SqlJobs, id: &str, subject: &str) {
    jobs.insert(&Job::new(id.into(), "demo", subject, "{}".into(), 1))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_job_is_claimed_once_and_one_a_subject() {
    for database in testing::databases("claim").await {
        database.db().migrate(&[KERNEL]).await.unwrap();
        let jobs = SqlJobs(database.db().clone());
        for (id, subject) in [("a", "one"), ("b", "one"), ("c", "two")] {
            queue(&jobs, id, subject).await;
        }
        let kinds = vec!["demo".to_string()];
        assert_eq!(jobs.claim(&["other".to_string()], 5).await.unwrap(), None);
        assert_eq!(jobs.claim(&kinds, 5).await.unwrap().unwrap().id, "a");
        assert_eq!(
            jobs.claim(&kinds, 5).await.unwrap().unwrap().id,
            "c",
            "b waits: its subject is at work"
        );
        assert_eq!(jobs.claim(&kinds, 5).await.unwrap(), None);
        jobs.cancel("a", 6).await.unwrap();
        assert!(
            jobs.progress(
                "a",
                &Progress {
                    items: 3,
                    ..Progress::default()
                },
                7
            )
            .await
            .unwrap(),
            "asked to stop"
        );
        jobs.cancel("b", 7).await.unwrap();
        assert_eq!(
            jobs.get("b").await.unwrap().unwrap().state,
            JobState::Cancelled
        );
        // The process dies: what ran is queued again, but what was to be cancelled is not.
        assert_eq!(jobs.requeue_interrupted(8).await.unwrap(), 2);
        assert_eq!(
            jobs.get("a").await.unwrap().unwrap().state,
            JobState::Cancelled
        );
        let c = jobs.claim(&kinds, 9).await.unwrap().unwrap();
        assert_eq!((c.id.as_str(), c.attempts), ("c", 2));
        jobs.finish("c", JobState::Failed, "because", 0, 10)
            .await
            .unwrap();
        jobs.retry("c", 11).await.unwrap();
        let c = jobs.claim(&kinds, 12).await.unwrap().unwrap();
        assert_eq!((c.error.as_str(), c.attempts), ("", 3));
        // One that waits for better times can be told that they have come.
        jobs.finish("c", JobState::Queued, "full", 99_000, 13)
            .await
            .unwrap();
        assert_eq!(jobs.claim(&kinds, 14).await.unwrap(), None);
        jobs.retry("c", 15).await.unwrap();
        assert_eq!(jobs.claim(&kinds, 16).await.unwrap().unwrap().id, "c");
        assert_eq!(jobs.list("", 10).await.unwrap().len(), 3);
    }
}

struct Demo(Arc<AtomicUsize>);

#[async_trait]
impl JobHandler for Demo {
    fn kind(&self) -> &'static str {
        "demo"
    }
    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let run = self.0.fetch_add(1, Ordering::SeqCst);
        match context.job.subject.as_str() {
            "panics" => panic!("on purpose"),
            "fails" => Err(JobEnd::Failed("on purpose".into())),
            "hopes" if context.job.attempts < 9 => Err(JobEnd::Passing("full".into())),
            "waits" => {
                context
                    .progress(Progress {
                        items: run as i64 + 1,
                        ..Progress::default()
                    })
                    .await;
                context.stop.cancelled().await;
                Err(context.stop_reason())
            }
            _ => Ok(()),
        }
    }
}

#[tokio::test]
async fn the_runner_does_cancels_and_survives_a_panic() {
    for database in testing::databases("runner").await {
        database.db().migrate(&[KERNEL]).await.unwrap();
        let jobs = SqlJobs(database.db().clone());
        for subject in ["fine", "panics", "fails", "waits"] {
            queue(&jobs, subject, subject).await;
        }
        let (events, shutdown, runs) = (
            Events::default(),
            CancellationToken::new(),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut watch = events.watch();
        let runner = Runner::new(
            Arc::new(jobs.clone()),
            vec![Arc::new(Demo(Arc::clone(&runs)))],
            Arc::new(SystemClock),
            events,
            Metrics::new().unwrap(),
        );
        let running = tokio::spawn({
            let (runner, shutdown) = (runner.clone(), shutdown.clone());
            async move { runner.run(2, shutdown).await }
        });
        let mut asked = false;
        loop {
            watch.recv().await.unwrap();
            let waits = jobs.get("waits").await.unwrap().unwrap();
            if waits.state == JobState::Running && waits.progress.items > 0 && !asked {
                asked = true;
                runner.cancel("waits").await.unwrap();
            }
            let all = jobs.list("", 10).await.unwrap();
            if all.iter().all(|job| job.state.is_over()) {
                break;
            }
        }
        let state = async |id: &str| jobs.get(id).await.unwrap().unwrap();
        assert_eq!(state("fine").await.state, JobState::Done);
        assert_eq!(state("fails").await.error, "on purpose");
        assert_eq!(state("panics").await.state, JobState::Failed);
        assert_eq!(state("waits").await.state, JobState::Cancelled);
        // A shutdown leaves the job queued.
        jobs.retry("waits", 1).await.unwrap();
        runner.wake();
        while jobs.get("waits").await.unwrap().unwrap().state != JobState::Running {
            watch.recv().await.unwrap();
        }
        shutdown.cancel();
        running.await.unwrap();
        assert_eq!(state("waits").await.state, JobState::Queued);
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_until_it_has_passed() {
    for database in testing::databases("hopes").await {
        database.db().migrate(&[KERNEL]).await.unwrap();
        let jobs = SqlJobs(database.db().clone());
        queue(&jobs, "hopes", "hopes").await;
        let (events, shutdown, runs) = (
            Events::default(),
            CancellationToken::new(),
            Arc::new(AtomicUsize::new(0)),
        );
        let mut watch = events.watch();
        let runner = Runner::new(
            Arc::new(jobs.clone()),
            vec![Arc::new(Demo(Arc::clone(&runs)))],
            Arc::new(SystemClock),
            events,
            Metrics::new().unwrap(),
        );
        let running = tokio::spawn({
            let (runner, shutdown) = (runner.clone(), shutdown.clone());
            async move { runner.run(2, shutdown).await }
        });
        loop {
            watch.recv().await.unwrap();
            let job = jobs.get("hopes").await.unwrap().unwrap();
            if job.state.is_over() {
                assert_eq!((job.state, job.attempts), (JobState::Done, 9));
                break;
            }
            if job.state == JobState::Queued && !job.error.is_empty() {
                assert!(job.not_before_ms <= 5 * 60_000 + job.updated_ms, "{job:?}");
                jobs.retry("hopes", job.updated_ms).await.unwrap();
                runner.wake();
            }
        }
        shutdown.cancel();
        running.await.unwrap();
    }
}
