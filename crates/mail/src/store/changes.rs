//! Changes to messages in mailboxes: flags, copies, moves, expunging.

use std::collections::BTreeMap;
use std::sync::Arc;

use lampion_db::{Row, Tx, query, rows, transaction};
use lampion_mailproto::mime::{Structure, Summary};

use super::deliver::{NewItem, insert_items};
use super::mailboxes::locked;
use super::model::{FlagChange, Flags, Item, MailError, Mailbox, MailboxId, ModSeq, Stored, Uid};
use super::threads::{self, Known, Reference};
use super::{Store, view};

impl Store {
    /// Changes flags of messages (by UID, sorted; those that are gone are passed over). With `unchanged_since`, messages that
    /// changed after that are left alone and named.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn store_flags(
        &self,
        mailbox: MailboxId,
        uids: &[Uid],
        change: &FlagChange,
        unchanged_since: Option<ModSeq>,
    ) -> Result<Stored, MailError> {
        let stored = transaction!(self.db(), MailError, tx => {
            let row = locked(tx, mailbox, true).await?;
            let mut stored = Stored { modseq: row.modseq, ..Stored::default() };
            let mut changed: Vec<(i64, i64, String)> = Vec::new();
            let (mut unseen, mut deleted) = (0i64, 0i64);
            for mut item in chosen(tx, mailbox, uids).await? {
                if unchanged_since.is_some_and(|since| item.modseq > since) {
                    stored.modified.push(item.uid);
                    continue;
                }
                let (flags, keywords) = change.apply(item.flags, &item.keywords);
                if flags != item.flags || keywords != item.keywords {
                    let turned = |flag| i64::from(flags.has(flag)) - i64::from(item.flags.has(flag));
                    unseen -= turned(Flags::SEEN);
                    deleted += turned(Flags::DELETED);
                    changed.push((i64::from(item.uid), i64::from(flags.0), keywords.to_string()));
                    (item.flags, item.keywords, item.modseq) = (flags, keywords, row.modseq);
                }
                stored.items.push(item);
            }
            let changed: Vec<(i64, i64, i64, i64, String)> = changed
                .into_iter()
                .map(|(uid, flags, keywords)| (uid, mailbox.0, flags, row.modseq, keywords))
                .collect();
            rows::insert(
                tx,
                (
                    "update mail_item set flags = v.column3, modseq = v.column4, keywords = v.column5 from (",
                    ") as v where mail_item.mailbox = v.column2 and mail_item.uid = v.column1",
                ),
                5,
                &changed,
                |statement, (uid, mailbox, flags, modseq, keywords)| {
                    statement.bind(*uid).bind(*mailbox).bind(*flags).bind(*modseq).bind(keywords.clone())
                },
            )
            .await?;
            count(tx, mailbox, (0, unseen, deleted, 0)).await?;
            Ok(stored)
        })?;
        self.changed(mailbox, stored.modseq);
        Ok(stored)
    }

    /// Copies messages (by UID, sorted) to another mailbox or the same; gives the pairs of UIDs, and the target as it is
    /// after. Those that are gone are passed over.
    ///
    /// # Errors
    /// `NoSuchMailbox`, `OverQuota`: nothing was copied; the database.
    pub async fn copy(
        &self,
        from: MailboxId,
        uids: &[Uid],
        to: MailboxId,
    ) -> Result<(Mailbox, Vec<(Uid, Uid)>), MailError> {
        self.transfer(from, uids, to, false).await
    }

    /// The same, and takes them out of the first mailbox (RFC 6851).
    ///
    /// # Errors
    /// As [`Store::copy`].
    pub async fn move_to(
        &self,
        from: MailboxId,
        uids: &[Uid],
        to: MailboxId,
    ) -> Result<(Mailbox, Vec<(Uid, Uid)>), MailError> {
        self.transfer(from, uids, to, true).await
    }

    /// Moves all messages.
    pub(super) async fn move_all(&self, from: MailboxId, to: MailboxId) -> Result<(), MailError> {
        let uids: Vec<Uid> = self.view(from).await?.iter().map(|item| item.uid).collect();
        self.move_to(from, &uids, to).await?;
        Ok(())
    }

    async fn transfer(
        &self,
        from: MailboxId,
        uids: &[Uid],
        to: MailboxId,
        away: bool,
    ) -> Result<(Mailbox, Vec<(Uid, Uid)>), MailError> {
        let now_ms = self.now_ms();
        let (target, source_modseq, pairs) = transaction!(self.db(), MailError, tx => {
            // Locks in the order of ids; the source of a copy only so that nothing is swept from under it.
            let (first, second) = (from.min(to), from.max(to));
            let mut source = locked(tx, first, true).await?;
            let mut target = if second == first { source.clone() } else { locked(tx, second, true).await? };
            if to == first && second != first {
                std::mem::swap(&mut source, &mut target);
            }
            let items = chosen(tx, from, uids).await?;
            let size: i64 = items.iter().map(|item| i64::from(item.size_bytes)).sum();
            if !away || source.account != target.account {
                self.need_room(tx, &target.account, size).await?;
            }
            let (threads, references) = if source.account == target.account {
                Default::default()
            } else {
                threads_in(tx, &target.account, &items).await?
            };
            let mut pairs = Vec::with_capacity(items.len());
            let mut new = Vec::with_capacity(items.len());
            for (item, uid) in items.iter().zip(i64::from(target.uid_next)..) {
                pairs.push((item.uid, u32::try_from(uid).map_err(|_| MailError::Fault("UIDs are used up".into()))?));
                new.push(NewItem {
                    mailbox: to.0,
                    uid,
                    message: item.message.0,
                    thread: threads.get(&item.message.0).copied().unwrap_or(item.thread),
                    flags: i64::from(item.flags.0),
                    keywords: item.keywords.to_string(),
                    modseq: target.modseq,
                    internal_ms: item.internal_ms,
                    saved_ms: now_ms,
                    size_bytes: i64::from(item.size_bytes),
                });
            }
            insert_items(tx, &new, &references).await?;
            query("update mail_mailbox set uid_next = uid_next + $1 where id = $2")
                .bind(i64::try_from(items.len()).unwrap_or(0))
                .bind(to.0)
                .execute(&mut **tx)
                .await?;
            count_items(tx, &target, &items, 1).await?;
            if away {
                take_out(tx, &source, &items).await?;
            }
            Ok((target, source.modseq, pairs))
        })?;
        self.changed(to, target.modseq);
        if away {
            self.changed(from, source_modseq);
        }
        Ok((target, pairs))
    }

    async fn need_room(
        &self,
        tx: &mut Tx,
        account: &str,
        size_bytes: i64,
    ) -> Result<(), MailError> {
        let row: (String, i64, i64) = lampion_db::query_as(
            "select name, used_bytes, quota_bytes from mail_account where id = $1",
        )
        .bind(account)
        .fetch_one(&mut **tx)
        .await?;
        let quota = match row.2 {
            -1 => self.0.parts.quota_bytes.unwrap_or(i64::MAX),
            0 => i64::MAX,
            bytes => bytes,
        };
        if row.1.saturating_add(size_bytes) > quota {
            return Err(MailError::OverQuota(row.0));
        }
        Ok(())
    }

    /// Takes messages with `\Deleted` out of a mailbox for good: all, or those of some UIDs (sorted). Gives their UIDs and the
    /// mailbox's newest change.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn expunge(
        &self,
        mailbox: MailboxId,
        uids: Option<&[Uid]>,
    ) -> Result<(Vec<Uid>, ModSeq), MailError> {
        self.remove(mailbox, uids, true).await
    }

    /// Takes messages out of a mailbox for good, whatever their flags.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn delete(
        &self,
        mailbox: MailboxId,
        uids: &[Uid],
    ) -> Result<(Vec<Uid>, ModSeq), MailError> {
        self.remove(mailbox, Some(uids), false).await
    }

    async fn remove(
        &self,
        mailbox: MailboxId,
        uids: Option<&[Uid]>,
        only_deleted: bool,
    ) -> Result<(Vec<Uid>, ModSeq), MailError> {
        let kept = match only_deleted {
            true => self.keep(mailbox, uids).await?,
            false => None,
        };
        let (mut gone, modseq) = transaction!(self.db(), MailError, tx => {
            let row = locked(tx, mailbox, true).await?;
            if only_deleted && row.deleted == 0 {
                return Ok((Vec::new(), row.modseq));
            }
            let mut items = match uids {
                Some(uids) => chosen(tx, mailbox, uids).await?,
                None => view::items(tx, mailbox, "uid >= $2", [0]).await?,
            };
            items.retain(|item| !only_deleted || item.flags.has(Flags::DELETED));
            take_out(tx, &row, &items).await?;
            Ok((items.iter().map(|item| item.uid).collect::<Vec<_>>(), row.modseq))
        })?;
        self.changed(mailbox, modseq);
        if !gone.is_empty() {
            self.sweep_soon();
        }
        if let Some((uids, _)) = kept {
            gone.extend(uids);
            gone.sort_unstable();
        }
        Ok((gone, modseq))
    }
}

/// The items of these UIDs (sorted) that are there.
pub(super) async fn chosen(
    tx: &mut Tx,
    mailbox: MailboxId,
    uids: &[Uid],
) -> Result<Vec<Item>, MailError> {
    let (Some(first), Some(last)) = (uids.first(), uids.last()) else {
        return Ok(Vec::new());
    };
    let mut items = if first == last {
        view::items(tx, mailbox, "uid = $2", [i64::from(*first)]).await?
    } else {
        view::items(
            tx,
            mailbox,
            "uid >= $2 and uid <= $3",
            [i64::from(*first), i64::from(*last)],
        )
        .await?
    };
    items.retain(|item| uids.binary_search(&item.uid).is_ok());
    Ok(items)
}

/// Threads that messages of another account belong to in an account: each account has its own (RFC 8474 §5.2).
async fn threads_in(
    tx: &mut Tx,
    account: &str,
    items: &[Item],
) -> Result<(BTreeMap<i64, i64>, Vec<Reference>), MailError> {
    let account: Arc<str> = account.into();
    let ids: Vec<i64> = items.iter().map(|item| item.message.0).collect();
    let rows = rows::select(
        tx,
        (
            "select id, structure from mail_message where id in",
            "and size_bytes >= $1",
        ),
        0,
        1,
        &ids,
        |statement, id| statement.bind(*id),
    )
    .await?;
    let mut known = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: i64 = row.try_get(0)?;
        let structure: Vec<u8> = row.try_get(1)?;
        let (_, summary): (Structure, Summary) = postcard::from_bytes(&structure)
            .map_err(|_| MailError::Damaged(id, "what it is made of can't be read"))?;
        known.push(Known {
            account: Arc::clone(&account),
            message: id,
            references: threads::references(&summary),
        });
    }
    known.sort_by_key(|one| one.message);
    let (threads, references) = threads::look(tx, known).await?;
    let threads = threads
        .into_iter()
        .map(|((_, message), thread)| (message, thread));
    Ok((threads.collect(), references))
}

/// Takes items out of their mailbox, whose lock is held.
pub(super) async fn take_out(
    tx: &mut Tx,
    mailbox: &Mailbox,
    items: &[Item],
) -> Result<(), MailError> {
    let keys: Vec<(i64, i64)> = items
        .iter()
        .map(|item| (mailbox.id.0, i64::from(item.uid)))
        .collect();
    rows::insert(
        tx,
        ("delete from mail_item where (mailbox, uid) in (", ")"),
        2,
        &keys,
        |statement, (mailbox, uid)| statement.bind(*mailbox).bind(*uid),
    )
    .await?;
    let gone: Vec<(i64, i64, i64)> = keys
        .iter()
        .map(|(id, uid)| (*id, mailbox.modseq, *uid))
        .collect();
    rows::insert(
        tx,
        (
            "insert into mail_expunged (mailbox, modseq, uid)",
            "on conflict (mailbox, modseq, uid) do nothing",
        ),
        3,
        &gone,
        |statement, (mailbox, modseq, uid)| statement.bind(*mailbox).bind(*modseq).bind(*uid),
    )
    .await?;
    let mut messages: Vec<i64> = items.iter().map(|item| item.message.0).collect();
    messages.sort_unstable();
    messages.dedup();
    rows::insert(
        tx,
        (
            "insert into mail_loose (message)",
            "on conflict (message) do nothing",
        ),
        1,
        &messages,
        |statement, message| statement.bind(*message),
    )
    .await?;
    count_items(tx, mailbox, items, -1).await
}

/// Adds items to the counts of their mailbox and account, or takes them away (`sign` 1 or -1).
pub(super) async fn count_items(
    tx: &mut Tx,
    mailbox: &Mailbox,
    items: &[Item],
    sign: i64,
) -> Result<(), MailError> {
    let number = |count: usize| i64::try_from(count).unwrap_or(0) * sign;
    let with = |flag| items.iter().filter(|item| item.flags.has(flag)).count();
    let size = items
        .iter()
        .map(|item| i64::from(item.size_bytes))
        .sum::<i64>()
        * sign;
    let messages = number(items.len());
    let unseen = messages - number(with(Flags::SEEN));
    count(
        tx,
        mailbox.id,
        (messages, unseen, number(with(Flags::DELETED)), size),
    )
    .await?;
    query("update mail_account set used_bytes = used_bytes + $1, messages = messages + $2 where id = $3")
        .bind(size)
        .bind(messages)
        .bind(&mailbox.account)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Adds to a mailbox's counts: messages, unseen, deleted, bytes.
async fn count(
    tx: &mut Tx,
    mailbox: MailboxId,
    add: (i64, i64, i64, i64),
) -> Result<(), MailError> {
    if add == (0, 0, 0, 0) {
        return Ok(());
    }
    query(
        "update mail_mailbox set messages = messages + $1, unseen = unseen + $2, deleted = deleted + $3,
             size_bytes = size_bytes + $4 where id = $5",
    )
    .bind(add.0)
    .bind(add.1)
    .bind(add.2)
    .bind(add.3)
    .bind(mailbox.0)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
