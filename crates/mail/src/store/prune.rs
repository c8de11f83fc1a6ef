//! Bounds the tables that would only grow. Beside other work, once a day.
//!
//! - `mail_vacation`: who was told that somebody is away is only of use for [`VACATION_AGAIN_MS`].
//! - `mail_expunged`: which messages went is told to programs that come back (RFC 7162); of each mailbox the newest
//!   [`EXPUNGED`] are kept. Who comes from before hears of all UIDs that aren't there, which is the same in more words.
//! - `mail_thread`: Message-IDs of messages that are gone go when an account has many more of them than messages.
//! - `mail_contact`: whom somebody wrote to longest ago goes, past [`CONTACTS`].
//!
//! Rows that belong to one message (`mail_sent`, `mail_task`, `mail_request`) go with it (`loose`). `mail_consent` is bounded
//! where it is written. `mail_source_item` stays as long as its source: it is what keeps an import from taking a message
//! twice, also one that its owner deleted here.

use std::time::Duration;

use lampion_db::{Row, query, query_scalar, transaction};
use tokio_util::sync::CancellationToken;

use super::Store;
use super::model::MailError;
use crate::filters::VACATION_AGAIN_MS;

/// Expunged messages remembered of each mailbox; twice as many may gather before the oldest go.
const EXPUNGED: i64 = 10_000;
/// Contacts of each account.
const CONTACTS: i64 = 5_000;
/// Rows of threads of each account: so many for each message, and some. A message has one, and one for each that it
/// answers and that isn't here.
const THREAD_ROWS: i64 = 4;
const SOME_THREAD_ROWS: i64 = 1_000;
/// After a start mail programs come first.
const AFTER_START: Duration = Duration::from_secs(120);
/// Between two looks for strays, before the second deletes; and from one day to the next.
const HOUR: Duration = Duration::from_secs(3_600);
const REST_OF_DAY: Duration = Duration::from_secs(23 * 3_600);

impl Store {
    /// Clears away once a day, until the node stops.
    pub(super) async fn daily(&self, stop: &CancellationToken) {
        if !wait(AFTER_START, stop).await {
            return;
        }
        loop {
            if let Err(error) = self.prune().await {
                tracing::warn!(%error, "old rows of mail could not be cleared away: it is tried again tomorrow");
            }
            let strays = self.strays().await;
            if !wait(HOUR, stop).await {
                return;
            }
            let deleted = match strays {
                Ok(strays) => self.delete_strays(strays).await,
                Err(error) => Err(error),
            };
            match deleted {
                Ok(0) => {}
                Ok(count) => tracing::info!(
                    count,
                    "messages that a crash had left half kept were cleared away"
                ),
                Err(error) => {
                    tracing::warn!(%error, "blobs without a message could not be looked for: it is tried again tomorrow")
                }
            }
            if !wait(REST_OF_DAY, stop).await {
                return;
            }
        }
    }

    /// Bounds the tables that would only grow.
    ///
    /// # Errors
    /// The database.
    pub async fn prune(&self) -> Result<(), MailError> {
        query("delete from mail_vacation where sent_ms < $1")
            .bind(self.now_ms() - VACATION_AGAIN_MS)
            .execute(self.db().write())
            .await?;
        self.prune_expunged().await?;
        self.prune_threads().await?;
        self.prune_contacts().await
    }

    async fn prune_expunged(&self) -> Result<(), MailError> {
        let many: Vec<i64> =
            query_scalar("select mailbox from mail_expunged group by mailbox having count(*) > $1")
                .bind(2 * EXPUNGED)
                .fetch_all(self.db().read())
                .await?;
        for mailbox in many {
            transaction!(self.db(), MailError, tx => {
                let last: Option<i64> = query_scalar(
                    "select modseq from mail_expunged where mailbox = $1 order by modseq desc limit 1 offset $2",
                )
                .bind(mailbox)
                .bind(EXPUNGED)
                .fetch_optional(&mut **tx)
                .await?;
                let Some(last) = last else { return Ok(()) };
                query("update mail_mailbox set forgotten = $1 where id = $2")
                    .bind(last)
                    .bind(mailbox)
                    .execute(&mut **tx)
                    .await?;
                query("delete from mail_expunged where mailbox = $1 and modseq <= $2")
                    .bind(mailbox)
                    .bind(last)
                    .execute(&mut **tx)
                    .await?;
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn prune_threads(&self) -> Result<(), MailError> {
        let many: Vec<String> = query_scalar(
            "select t.account from mail_thread t join mail_account a on a.id = t.account
             group by t.account, a.messages having count(*) > a.messages * $1 + $2",
        )
        .bind(THREAD_ROWS)
        .bind(SOME_THREAD_ROWS)
        .fetch_all(self.db().read())
        .await?;
        for account in many {
            query(
                "delete from mail_thread where account = $1 and thread not in (select i.thread from mail_item i
                 join mail_mailbox m on m.id = i.mailbox where m.account = $2)",
            )
            .bind(&account)
            .bind(&account)
            .execute(self.db().write())
            .await?;
        }
        Ok(())
    }

    async fn prune_contacts(&self) -> Result<(), MailError> {
        let many = query(
            "select account, count(*) as contacts from mail_contact group by account having count(*) > $1",
        )
        .bind(CONTACTS)
        .fetch_all(self.db().read())
        .await?;
        for row in many {
            let (account, contacts): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
            query(
                "delete from mail_contact where account = $1 and address in (select address from mail_contact
                 where account = $2 order by last_ms limit $3)",
            )
            .bind(&account)
            .bind(&account)
            .bind(contacts - CONTACTS)
            .execute(self.db().write())
            .await?;
        }
        Ok(())
    }
}

/// Waits; false if the node stops.
#[expect(
    clippy::disallowed_methods,
    reason = "what is left behind is looked for once a day, by the process's own time"
)]
async fn wait(time: Duration, stop: &CancellationToken) -> bool {
    tokio::select! {
        () = stop.cancelled() => false,
        () = tokio::time::sleep(time) => true,
    }
}
