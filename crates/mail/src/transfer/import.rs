//! An import from files, as a job that goes on after any interruption.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use lampion_core::ids;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use serde::{Deserialize, Serialize};

use super::files::{self, Begin, Event};
use super::source::{self, Source};
use super::{end_of, subject};
use crate::Mail;
use crate::store::{Delivery, Incoming, MailError, NewMessage, Target};

/// The kind of the job.
pub const KIND: &str = "mail-import";
/// Messages that are delivered together …
const BATCH: usize = 64;
/// … unless they are longer than this together.
const BATCH_BYTES: u64 = 4 << 20;
/// What waits between the thread that reads and the one that delivers.
const WAITING: usize = 16;
/// Problems that are named in the end.
const NAMED: usize = 5;

/// What is to be imported.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Order {
    source: String,
    path: PathBuf,
    /// Everything into this mailbox; empty for the mailboxes that the files name.
    mailbox: String,
    /// The folder is ours, and goes afterwards.
    temporary: bool,
}

/// Queues an import; gives the job's id. With `mailbox`, everything goes there; else to mailboxes named as the folders and
/// files are. With `temporary`, the path is removed afterwards.
///
/// # Errors
/// `Refused` if nothing is at the path; the database.
pub async fn begin(
    mail: &Mail,
    account: &str,
    path: &Path,
    mailbox: &str,
    temporary: bool,
) -> Result<String, MailError> {
    let Ok(path) = std::fs::canonicalize(path) else {
        return Err(MailError::Refused(
            "there is nothing to import at this path",
        ));
    };
    let kernel = mail.kernel();
    let name = format!("files:{}", ids::new_id(&*kernel.rng));
    let source = source::open(mail, account, &name, "").await?;
    let order = Order {
        source: source.id,
        path,
        mailbox: mailbox.into(),
        temporary,
    };
    let payload =
        serde_json::to_string(&order).map_err(|error| MailError::Fault(error.to_string()))?;
    let job = kernel.queue(KIND, &subject(account), payload).await;
    Ok(job.map_err(|error| MailError::Away(error.to_string()))?.id)
}

/// Handles [`KIND`].
pub struct ImportJob(pub Mail);

#[async_trait]
impl JobHandler for ImportJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let order: Order = serde_json::from_str(&context.job.payload)
            .map_err(|error| JobEnd::Failed(error.to_string()))?;
        let ended = self.import(&context, &order).await;
        let goes_on = matches!(ended, Err(JobEnd::Interrupted | JobEnd::Passing(_)));
        // A job that failed can be tried again, and then goes on.
        let tried_again = matches!(ended, Err(JobEnd::Failed(_)));
        if !goes_on && !tried_again {
            if order.temporary {
                let _swept_at_the_next_start = tokio::fs::remove_dir_all(&order.path).await;
            }
            source::forget(&self.0, &order.source)
                .await
                .map_err(|error| end_of(&error))?;
        }
        ended
    }
}

impl ImportJob {
    async fn import(&self, context: &JobContext, order: &Order) -> Result<(), JobEnd> {
        let mail = &self.0;
        let known = source::get(mail, &order.source)
            .await
            .map_err(|error| end_of(&error))?;
        let Some((source, _)) = known else {
            return Err(JobEnd::Failed("the account is gone".into()));
        };
        let came = source::came(mail, &source.id)
            .await
            .map_err(|error| end_of(&error))?;
        let (to, mut events) = tokio::sync::mpsc::channel(WAITING);
        let before = i64::try_from(came.len()).unwrap_or(0);
        let (path, only) = (order.path.clone(), order.mailbox.clone());
        tokio::task::spawn_blocking(move || files::read(&path, &only, &came, &to));
        let mut work = Work::new(mail, source, context.clone());
        work.progress.items = before;
        let mut current: Option<(Begin, Result<Incoming, MailError>)> = None;
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                () = context.stop.cancelled() => return Err(context.stop_reason()),
            };
            let Some(event) = event else { break };
            match event {
                Event::Planned(_, bytes) => work.progress.bytes_total = bytes,
                Event::Folder(name) => work.folder(&name).await?,
                Event::Begin(begin) => current = Some((begin, Ok(mail.store().incoming()))),
                Event::Bytes(bytes) => {
                    work.progress.bytes += i64::try_from(bytes.len()).unwrap_or(0);
                    if let Some((_, incoming)) = &mut current
                        && let Ok(open) = incoming
                        && let Err(error) = open.write(&bytes).await
                    {
                        *incoming = Err(error);
                    }
                }
                Event::End => {
                    if let Some((begin, incoming)) = current.take() {
                        work.message(begin, incoming).await?;
                    }
                }
                Event::Failed(what, why) => {
                    current = None;
                    work.failed(&what, &why);
                }
                Event::Passed(bytes) => work.progress.bytes += bytes,
            }
        }
        work.flush().await?;
        work.end().await
    }
}

/// Puts messages into mailboxes, many in one transaction.
pub(super) struct Work<'a> {
    mail: &'a Mail,
    source: Source,
    context: JobContext,
    pub(super) progress: Progress,
    waiting: Vec<Delivery>,
    waiting_bytes: u64,
    problems: Vec<String>,
}

impl<'a> Work<'a> {
    pub(super) fn new(mail: &'a Mail, source: Source, context: JobContext) -> Self {
        let progress = Progress {
            phase: "transfer-phase".into(),
            ..Progress::default()
        };
        Self {
            mail,
            source,
            context,
            progress,
            waiting: Vec::new(),
            waiting_bytes: 0,
            problems: Vec::new(),
        }
    }

    async fn folder(&self, name: &str) -> Result<(), JobEnd> {
        source::mailbox(self.mail.store(), &self.source.account, name)
            .await
            .map_err(|error| end_of(&error))?;
        Ok(())
    }

    pub(super) fn failed(&mut self, what: &str, why: &str) {
        self.progress.failed += 1;
        if self.problems.len() < NAMED {
            self.problems.push(format!("{what}: {why}"));
        }
    }

    async fn message(
        &mut self,
        begin: Begin,
        incoming: Result<Incoming, MailError>,
    ) -> Result<(), JobEnd> {
        let finished = match incoming {
            Ok(incoming) => incoming.finish().await,
            Err(error) => Err(error),
        };
        let message = match finished {
            Ok(message) => message,
            Err(error @ MailError::TooLarge { .. }) => {
                self.failed(
                    &format!("{} {}", begin.file, begin.item),
                    &error.to_string(),
                );
                return Ok(());
            }
            Err(error) => return Err(end_of(&error)),
        };
        let mailbox = source::mailbox(self.mail.store(), &self.source.account, &begin.folder)
            .await
            .map_err(|error| end_of(&error))?;
        let target = Target {
            mailbox: mailbox.id,
            flags: begin.flags,
            keywords: begin.keywords,
            internal_ms: begin.internal_ms,
        };
        self.add(message, target, (&begin.file, 0, begin.item))
            .await
    }

    /// Adds a message that came from (folder, validity, item).
    pub(super) async fn add(
        &mut self,
        message: NewMessage,
        target: Target,
        from: (&str, i64, i64),
    ) -> Result<(), JobEnd> {
        self.waiting_bytes += message.size_bytes;
        self.waiting.push(Delivery {
            message,
            targets: vec![target],
            extra: vec![source::note(&self.source, from.0, from.1, from.2)],
            holder: None,
        });
        if self.waiting.len() >= BATCH || self.waiting_bytes >= BATCH_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Delivers what waits.
    pub(super) async fn flush(&mut self) -> Result<(), JobEnd> {
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        let count = i64::try_from(waiting.len()).unwrap_or(0);
        if count > 0 {
            let done = self.mail.store().deliver_all(waiting).await;
            let done = done.map_err(|error| end_of(&error))?;
            if done
                .iter()
                .any(|one| one.placed.iter().any(Option::is_none))
            {
                let account = self.source.account.clone();
                let account = self.mail.store().account(&account).await.ok().flatten();
                let name = account.map(|account| account.name).unwrap_or_default();
                return Err(JobEnd::Failed(MailError::OverQuota(name).to_string()));
            }
            self.progress.items += count;
        }
        self.context.progress(self.progress.clone()).await;
        Ok(())
    }

    /// The end: well, though some may not have come.
    pub(super) async fn end(self) -> Result<(), JobEnd> {
        let account = &self.source.account;
        if let Err(error) = self.mail.store().renew_snapshots_of(account).await {
            tracing::warn!(%error, "large mailboxes could not be packed after an import: it is tried again");
        }
        if self.problems.is_empty() {
            return Ok(());
        }
        for problem in &self.problems {
            tracing::info!(problem, "of an import of mail");
        }
        if self.progress.items > 0 {
            return Ok(());
        }
        Err(JobEnd::Failed(self.problems.join("; ")))
    }
}
