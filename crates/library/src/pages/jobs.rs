//! Jobs as the desk shows them.

use askama::Template;
use lampion_core::jobs::{Job, JobState};
use lampion_web::Page;

/// One job in words.
pub(super) struct JobShown {
    pub id: String,
    pub title: &'static str,
    pub state: &'static str,
    pub text: String,
    pub error: String,
    pub done: i64,
    pub total: i64,
    pub live: bool,
    pub again: bool,
}

#[derive(Template)]
#[template(path = "jobs.html")]
pub(super) struct JobsPart<'a> {
    pub page: &'a Page,
    pub id: &'a str,
    pub jobs: Vec<JobShown>,
}

impl JobShown {
    pub(super) fn new(page: &Page, job: &Job, now_ms: i64) -> Self {
        let progress = &job.progress;
        let (done, total) = if progress.items_total > 0 {
            (progress.items, progress.items_total)
        } else {
            (progress.bytes, progress.bytes_total)
        };
        // Entries of an archive that are no articles were not in the plan.
        let total = if total > 0 { total.max(done) } else { 0 };
        let by_items = progress.items_total > 0 || progress.bytes_total == 0;
        let shown = |value: i64| {
            if by_items {
                page.grouped(value)
            } else {
                page.bytes(value)
            }
        };
        let mut parts = Vec::new();
        if progress.items > 0 || total > 0 {
            parts.push(match total {
                0 => page.f("job-progress", &[("items", page.grouped(progress.items))]),
                _ if by_items => page.f(
                    "job-progress-of",
                    &[("items", shown(done)), ("total", shown(total))],
                ),
                // A check counts bytes alone.
                _ if progress.items == 0 => format!("{} / {}", shown(done), shown(total)),
                _ => format!(
                    "{} / {} · {}",
                    shown(done),
                    shown(total),
                    page.f("job-progress", &[("items", page.grouped(progress.items))])
                ),
            });
        }
        let seconds = (now_ms - job.started_ms) / 1000;
        if job.state == JobState::Running && seconds > 0 && done > 0 {
            parts.push(page.f("job-rate", &[("rate", shown(done / seconds))]));
            if total > done {
                let left = i128::from(total - done) * i128::from(seconds) / i128::from(done);
                parts.push(page.f(
                    "job-left",
                    &[("left", duration(i64::try_from(left).unwrap_or(i64::MAX)))],
                ));
            }
        }
        if progress.failed > 0 {
            parts.push(page.n("failed-items", progress.failed));
        }
        Self {
            id: job.id.clone(),
            title: match job.kind.as_str() {
                crate::check::KIND => "job-check",
                crate::harvest::KIND => "job-harvest",
                crate::following::KIND => "job-follow",
                crate::catalogue::batch::KIND => "job-batch",
                _ => "job-import",
            },
            state: match job.state {
                JobState::Queued => "job-queued",
                JobState::Running => "job-running",
                JobState::Done => "job-done",
                JobState::Failed => "job-failed",
                JobState::Cancelled => "job-cancelled",
            },
            text: parts.join(" · "),
            error: job.error.clone(),
            done: done.min(total),
            total,
            live: !job.state.is_over(),
            again: matches!(job.state, JobState::Failed | JobState::Cancelled)
                || (job.state == JobState::Queued && !job.error.is_empty()),
        }
    }
}

/// `2:05` or `1:02:05`.
pub fn duration(seconds: i64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}
