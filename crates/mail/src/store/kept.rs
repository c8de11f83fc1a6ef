//! What programs delete, kept for a while: some programs delete from the server whatever they have fetched.
//!
//! Each account that wants so has one mailbox for it, which no list and no name shows: only [`Store::kept`] gives it. The
//! time counts by the node's own clock.

use lampion_db::{Row, query, query_scalar, transaction};

use super::changes::{chosen, count_items, take_out};
use super::deliver::{NewItem, insert_items};
use super::mailboxes::{INSERT, locked};
use super::model::{Flags, MailError, Mailbox, MailboxId, ModSeq, Special, Uid};
use super::{Store, narrow, view};

/// The name of the mailbox: none that a person or a program can give.
pub(super) const NAME: &str = "\u{1}kept";
const DAY_MS: i64 = 86_400_000;
/// Of an account's room, kept messages are added only while less than so many hundredths are used.
const ROOM_PERCENT: i64 = 90;

impl Mailbox {
    /// Whether it holds what programs deleted; see [`Store::kept`].
    pub fn is_kept(&self) -> bool {
        self.name == NAME
    }
}

impl Store {
    /// For how many days messages that programs delete are kept; 0 for not at all.
    ///
    /// # Errors
    /// The database.
    pub async fn keep_days(&self, account: &str) -> Result<i64, MailError> {
        let days: Option<i64> = query_scalar("select days from mail_keep where account = $1")
            .bind(account)
            .fetch_optional(self.db().read())
            .await?;
        Ok(days.unwrap_or(0))
    }

    /// Sets that. With 0, what is kept already goes soon.
    ///
    /// # Errors
    /// The database.
    pub async fn set_keep_days(&self, account: &str, days: i64) -> Result<(), MailError> {
        query(
            "insert into mail_keep (account, days) values ($1, $2)
             on conflict (account) do update set days = excluded.days",
        )
        .bind(account)
        .bind(days.max(0))
        .execute(self.db().write())
        .await?;
        self.sweep_soon();
        Ok(())
    }

    /// The mailbox of an account's kept messages, if there is one. It is to be shown, and messages may be moved out of it or
    /// deleted; programs never see it.
    ///
    /// # Errors
    /// The database.
    pub async fn kept(&self, account: &str) -> Result<Option<Mailbox>, MailError> {
        let id: Option<i64> =
            query_scalar("select id from mail_mailbox where account = $1 and name = $2")
                .bind(account)
                .bind(NAME)
                .fetch_optional(self.db().read())
                .await?;
        match id {
            Some(id) => self.mailbox_by_id(MailboxId(id)).await,
            None => Ok(None),
        }
    }

    /// Moves messages with `\Deleted` (all, or those of some UIDs) to where they are kept, if their account wants so. Gives
    /// their UIDs, and the mailbox's newest change.
    pub(super) async fn keep(
        &self,
        from: MailboxId,
        uids: Option<&[Uid]>,
    ) -> Result<Option<(Vec<Uid>, ModSeq)>, MailError> {
        let Some(mailbox) = self.mailbox_by_id(from).await? else {
            return Ok(None);
        };
        // What a person threw away, or never sent, they want gone; and shared mailboxes have nobody to ask.
        let gone = [Special::Trash, Special::Junk, Special::Drafts];
        let unwanted = mailbox
            .special
            .is_some_and(|special| gone.contains(&special));
        if mailbox.deleted == 0 || unwanted || mailbox.name == NAME {
            return Ok(None);
        }
        if self.keep_days(&mailbox.account).await? == 0 || !self.has_room(&mailbox.account).await? {
            return Ok(None);
        }
        let elapsed_ms = self.0.parts.people.node_now().await?;
        let kept = self.make_kept(&mailbox.account).await?;
        let done = self.move_deleted(from, uids, kept, elapsed_ms).await?;
        let (uids, modseq, kept_modseq) = done;
        self.changed(kept, kept_modseq);
        self.changed(from, modseq);
        Ok(Some((uids, modseq)))
    }

    async fn move_deleted(
        &self,
        from: MailboxId,
        uids: Option<&[Uid]>,
        kept: MailboxId,
        elapsed_ms: i64,
    ) -> Result<(Vec<Uid>, ModSeq, ModSeq), MailError> {
        let now_ms = self.now_ms();
        transaction!(self.db(), MailError, tx => {
            // In the order of ids, as all locks of mailboxes.
            let mut source = locked(tx, from.min(kept), true).await?;
            let mut target = locked(tx, from.max(kept), true).await?;
            if kept < from {
                std::mem::swap(&mut source, &mut target);
            }
            let mut items = match uids {
                Some(uids) => chosen(tx, from, uids).await?,
                None => view::items(tx, from, "uid >= $2", [0]).await?,
            };
            items.retain(|item| item.flags.has(Flags::DELETED));
            let mut stay = Vec::with_capacity(items.len());
            for item in items {
                // A copy in another mailbox is kept already: nothing is lost with this one.
                let other: i64 = query_scalar(
                    "select count(*) from mail_item i join mail_mailbox m on m.id = i.mailbox
                     where i.message = $1 and i.mailbox <> $2 and m.account = $3",
                )
                .bind(item.message.0)
                .bind(from.0)
                .bind(&source.account)
                .fetch_one(&mut **tx)
                .await?;
                if other == 0 {
                    stay.push(item);
                }
            }
            take_out(tx, &source, &stay).await?;
            let uids: Vec<Uid> = stay.iter().map(|item| item.uid).collect();
            let new: Vec<NewItem> = (i64::from(target.uid_next)..)
                .zip(&mut stay)
                .map(|(uid, item)| {
                    item.flags = item.flags.without(Flags::DELETED);
                    NewItem {
                        mailbox: kept.0,
                        uid,
                        message: item.message.0,
                        thread: item.thread,
                        flags: i64::from(item.flags.0),
                        keywords: item.keywords.to_string(),
                        modseq: target.modseq,
                        internal_ms: item.internal_ms,
                        saved_ms: now_ms,
                        size_bytes: i64::from(item.size_bytes),
                    }
                })
                .collect();
            insert_items(tx, &new, &[]).await?;
            count_items(tx, &target, &stay, 1).await?;
            query("update mail_mailbox set uid_next = uid_next + $1 where id = $2")
                .bind(i64::try_from(new.len()).unwrap_or(0))
                .bind(kept.0)
                .execute(&mut **tx)
                .await?;
            if let Some(last) = new.last() {
                query("insert into mail_kept (mailbox, uid, elapsed_ms) values ($1, $2, $3)")
                    .bind(kept.0)
                    .bind(last.uid)
                    .bind(elapsed_ms)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok((uids, source.modseq, target.modseq))
        })
    }

    async fn has_room(&self, account: &str) -> Result<bool, MailError> {
        let Some(account) = self.account(account).await? else {
            return Ok(false);
        };
        Ok(account
            .quota_bytes
            .is_none_or(|quota| account.used_bytes < quota / 100 * ROOM_PERCENT))
    }

    async fn make_kept(&self, account: &str) -> Result<MailboxId, MailError> {
        if let Some(mailbox) = self.kept(account).await? {
            return Ok(mailbox.id);
        }
        transaction!(self.db(), MailError, tx => {
            let validity = self.take_validities(tx, account, 1).await?;
            let here: Option<i64> = query_scalar("select id from mail_mailbox where account = $1 and name = $2")
                .bind(account)
                .bind(NAME)
                .fetch_optional(&mut **tx)
                .await?;
            if let Some(id) = here {
                return Ok(MailboxId(id));
            }
            let id = self.take_ids(tx, 1).await?;
            query(INSERT)
                .bind(id)
                .bind(account)
                .bind(NAME)
                .bind("")
                .bind(0i64)
                .bind(validity)
                .execute(&mut **tx)
                .await?;
            Ok(MailboxId(id))
        })
    }

    /// Deletes what was kept long enough. Gives how many messages.
    ///
    /// # Errors
    /// The database.
    pub async fn sweep_kept(&self) -> Result<u64, MailError> {
        let now_ms = self.0.parts.people.node_now().await?;
        let rows = query(
            "select k.mailbox as mailbox, max(k.uid) as uid from mail_kept k join mail_mailbox m on m.id = k.mailbox
             join mail_keep s on s.account = m.account where k.elapsed_ms + s.days * $1 <= $2 group by k.mailbox",
        )
        .bind(DAY_MS)
        .bind(now_ms)
        .fetch_all(self.db().read())
        .await?;
        let mut gone = 0;
        for row in rows {
            let mailbox = MailboxId(row.try_get("mailbox")?);
            let last: Uid = narrow(&row, "uid")?;
            let view = self.view(mailbox).await?;
            let uids: Vec<Uid> = view
                .iter()
                .map(|item| item.uid)
                .take_while(|uid| *uid <= last)
                .collect();
            gone += self.delete(mailbox, &uids).await?.0.len() as u64;
            query("delete from mail_kept where mailbox = $1 and uid <= $2")
                .bind(mailbox.0)
                .bind(i64::from(last))
                .execute(self.db().write())
                .await?;
        }
        Ok(gone)
    }
}
