//! The work of the queue: counts time, tries what is due, tells senders.

use std::time::{Duration, Instant};

use lampion_mailproto::smtp::Reply;
use tokio_util::sync::CancellationToken;

use super::rows::Queued;
use super::smarthost::Attempt;
use super::{Queue, SMARTHOST};
use crate::store::MailError;

/// How often time is counted.
const TICK: Duration = Duration::from_secs(5);
/// Recipients in one session with the smarthost at most.
const BATCH: i64 = 200;
/// Pauses after the first, second … try, in seconds that this node runs; the last one holds on.
const PAUSES_S: [i64; 8] = [60, 120, 300, 600, 1_200, 1_800, 2_700, 3_600];
/// What only an operator or another program can change is looked at again after this time, in seconds.
const LONGEST_S: i64 = 3_600;
/// A message is given up after the route answered for so long without taking it: five days.
const EXPIRY_S: i64 = 5 * 86_400;

impl Queue {
    /// Works until the node stops.
    #[expect(
        clippy::disallowed_methods,
        reason = "the time that the node runs is what is counted"
    )]
    pub async fn run(self, stop: CancellationToken) {
        let mut last = Instant::now();
        loop {
            let passed = last.elapsed();
            last += Duration::from_secs(passed.as_secs());
            let passed_s = i64::try_from(passed.as_secs()).unwrap_or(0);
            // A cut within a session is like a cut of the line: what was not confirmed stays.
            let work = async {
                if let Err(error) = self.work(passed_s).await {
                    tracing::warn!(%error, "mail on its way has to wait");
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = work => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Counts time and tries what is due.
    ///
    /// # Errors
    /// The database.
    pub async fn work(&self, passed_s: i64) -> Result<(), MailError> {
        self.count(passed_s).await?;
        self.count_gaps(passed_s).await?;
        let due = self.due(SMARTHOST, BATCH).await?;
        if !due.is_empty() {
            match &self.0.smarthost {
                Some(smarthost) => {
                    let tried = self.attempt(smarthost, &due).await?;
                    let answered = tried
                        .iter()
                        .any(|attempt| matches!(attempt, Attempt::Said { .. }));
                    self.contact(SMARTHOST, answered).await?;
                    for (queued, attempt) in due.iter().zip(tried) {
                        self.settle(queued, attempt).await?;
                    }
                }
                None => {
                    for queued in &due {
                        self.postpone(queued, LONGEST_S, 0, "no smarthost is set")
                            .await?;
                        self.late(queued).await?;
                    }
                }
            }
        }
        for route in self.node_routes().await? {
            self.work_node(&route).await?;
        }
        Ok(())
    }

    async fn work_node(&self, route: &str) -> Result<(), MailError> {
        let node = route.trim_start_matches("node ");
        for queued in self.due(route, BATCH).await? {
            let Some(carrier) = self.0.carrier.get() else {
                self.postpone(&queued, LONGEST_S, 0, "").await?;
                self.late(&queued).await?;
                continue;
            };
            match carrier.carry(node, &queued).await {
                Ok(()) => {
                    self.contact(route, true).await?;
                    self.remove(&queued).await?;
                }
                Err(why) => {
                    self.contact(route, false).await?;
                    self.postpone(&queued, pause(queued.tries), 0, &why).await?;
                    self.late(&queued).await?;
                }
            }
        }
        Ok(())
    }

    async fn settle(&self, queued: &Queued, attempt: Attempt) -> Result<(), MailError> {
        let host = self
            .0
            .smarthost
            .as_ref()
            .map(|one| one.host.clone())
            .unwrap_or_default();
        match attempt {
            Attempt::Said { reply, reports } if reply.is_positive() => {
                if reports {
                    self.remove(queued).await
                } else {
                    self.relayed(queued, (&host, &reply.to_string())).await
                }
            }
            Attempt::Said { reply, .. } if !reply.is_transient() => {
                let status = if reply.enhanced.is_empty() {
                    "5.0.0"
                } else {
                    &reply.enhanced
                };
                let why = "dsn-why-next-refused";
                self.failed(queued, status, why, Some((&host, &reply.to_string())))
                    .await
            }
            Attempt::Said { reply, .. } => {
                // The route answered: the time since the last try counts.
                let waited = if queued.tries == 0 {
                    0
                } else {
                    pause(queued.tries - 1)
                };
                if queued.up_s + waited >= EXPIRY_S {
                    let why = "dsn-why-expired";
                    return self
                        .failed(queued, "5.4.7", why, Some((&host, &reply.to_string())))
                        .await;
                }
                self.postpone(queued, pause(queued.tries), waited, &reply.to_string())
                    .await?;
                self.late(queued).await
            }
            Attempt::Away(why) => {
                self.postpone(queued, pause(queued.tries), 0, &why).await?;
                self.late(queued).await
            }
        }
    }

    /// Tells the sender once that it takes longer than is usual.
    async fn late(&self, queued: &Queued) -> Result<(), MailError> {
        if queued.noticed || queued.age_s < self.usual_gap_s(&queued.route).await? {
            return Ok(());
        }
        self.delayed(queued, "dsn-why-delayed").await
    }
}

fn pause(tries: i64) -> i64 {
    let last = PAUSES_S.len() - 1;
    let at = usize::try_from(tries).unwrap_or(last).min(last);
    PAUSES_S.get(at).copied().unwrap_or(3_600)
}

/// A try that the server answered.
pub(super) fn said(reply: Reply, reports: bool) -> Attempt {
    Attempt::Said { reply, reports }
}
