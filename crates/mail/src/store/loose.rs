//! Messages that nothing holds any more are deleted, beside other work.

use lampion_blobs::Hash;
use lampion_db::{Row, query, query_scalar, transaction};

use super::Store;
use super::model::MailError;

/// Messages in one transaction.
const BATCH: i64 = 200;

impl Store {
    /// Lets [`Store::sweep`] run soon.
    pub(super) fn sweep_soon(&self) {
        self.0.views.sweep.notify_one();
    }

    /// Deletes messages that no mailbox and no queue holds. Gives how many.
    ///
    /// A message that lost a holder is written down in the same transaction, and looked at here in one of its own: whoever
    /// takes a message anew (a copy) locks the mailbox that it is copied from, where it still is.
    ///
    /// # Errors
    /// The database, the blobs.
    pub async fn sweep(&self) -> Result<u64, MailError> {
        let mut gone = 0;
        loop {
            let (seen, blobs, deleted) = transaction!(self.db(), MailError, tx => {
                let ids: Vec<i64> = query_scalar("select message from mail_loose order by message limit $1")
                    .bind(BATCH)
                    .fetch_all(&mut **tx)
                    .await?;
                let (mut blobs, mut deleted) = (Vec::new(), 0u64);
                for id in &ids {
                    let held: i64 = query_scalar(
                        "select case when exists (select 1 from mail_item where message = $1) then 1 else 0 end",
                    )
                    .bind(*id)
                    .fetch_one(&mut **tx)
                    .await?;
                    if held == 0 && !super::deliver::held_elsewhere(tx, *id).await? {
                        let blob: Option<String> = query_scalar("select blob from mail_content where message = $1")
                            .bind(*id)
                            .fetch_optional(&mut **tx)
                            .await?;
                        blobs.extend(blob.filter(|blob| !blob.is_empty()));
                        query("delete from mail_content where message = $1").bind(*id).execute(&mut **tx).await?;
                        query("delete from mail_message where id = $1").bind(*id).execute(&mut **tx).await?;
                        for sql in [
                            "delete from mail_sent where message = $1",
                            "delete from mail_task where message = $1",
                            "delete from mail_request where message = $1",
                        ] {
                            query(sql).bind(*id).execute(&mut **tx).await?;
                        }
                        deleted += 1;
                    }
                    query("delete from mail_loose where message = $1").bind(*id).execute(&mut **tx).await?;
                }
                Ok((ids.len(), blobs, deleted))
            })?;
            gone += deleted;
            for blob in blobs {
                if let Ok(hash) = blob.parse::<Hash>() {
                    self.0.parts.blobs.delete(&hash).await?;
                }
            }
            if i64::try_from(seen).unwrap_or(0) < BATCH {
                return Ok(gone);
            }
        }
    }

    /// Works until the node stops: sweeps, packs large mailboxes, looks after watched ones, keeps the mark, clears away old
    /// rows.
    pub async fn run(&self, stop: tokio_util::sync::CancellationToken) {
        tokio::join!(
            self.sweep_often(&stop),
            self.keep_mark(&stop),
            self.daily(&stop)
        );
    }

    /// Sweeps whenever there is something, packs large mailboxes, and looks after watched ones.
    async fn sweep_often(&self, stop: &tokio_util::sync::CancellationToken) {
        // At first all: what another process did, or one that was killed, is not known.
        let mut all = true;
        while !stop.is_cancelled() {
            match self.renew_snapshots(all).await {
                Ok(()) => all = false,
                Err(error) => {
                    tracing::warn!(%error, "large mailboxes could not be packed: it is tried again");
                }
            }
            self.0.envelopes.age();
            self.note_recents().await;
            if let Err(error) = self.sweep_kept().await {
                tracing::warn!(%error, "kept messages could not be looked through: it is tried again");
            }
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "messages that were deleted could not be cleared away: it is tried again");
            }
            if let Err(error) = self.look_again().await {
                tracing::warn!(%error, "watched mailboxes could not be read: it is tried again");
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.0.views.sweep.notified() => {}
                () = pause() => {}
            }
        }
        self.note_recents().await;
    }

    async fn note_recents(&self) {
        if let Err(error) = self.write_recents().await {
            tracing::warn!(%error, "which messages programs know could not be written down: it is tried again");
        }
    }

    /// Mailboxes that somebody watches, as they are now: other processes change them too.
    async fn look_again(&self) -> Result<(), MailError> {
        let watched = self.0.views.watched();
        for some in watched.chunks(100) {
            let list: Vec<String> = some.iter().map(|id| id.0.to_string()).collect();
            let sql = format!(
                "select id, modseq from mail_mailbox where id in ({})",
                list.join(", ")
            );
            let rows = query(lampion_db::AssertSqlSafe(sql))
                .fetch_all(self.db().read())
                .await?;
            for row in rows {
                let (id, modseq): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
                self.0.views.changed(super::MailboxId(id), modseq);
            }
        }
        Ok(())
    }
}

/// How long between two looks at what other processes did.
#[expect(clippy::disallowed_methods, reason = "other processes send no event")]
async fn pause() {
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
}
