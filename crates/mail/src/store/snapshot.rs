//! Mailboxes packed, so that the first look at a large one needn't read a row for each message.
//!
//! A snapshot says what `mail_item` said at one change, for all UIDs below an end, in pieces of [`PIECE_UIDS`]. Whoever reads it
//! adds what changed since and what came behind its end, so it may be as old as it likes: it only costs more then. It is made and
//! renewed beside other work (`Store::run`) and after an import, never within a change, and each renewal is one transaction.
//! What it gives is compared with the counts of the mailbox's row; if they differ it is thrown away, and the rows are read.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use lampion_db::{AssertSqlSafe, Row, Tx, query, query_scalar, rows, transaction};
use serde::{Deserialize, Serialize};

use super::Store;
use super::model::{Flags, Item, MailError, Mailbox, MailboxId, MessageId, ModSeq};
use super::view::{self, Chunks, View};

/// UIDs of one piece.
const PIECE_UIDS: i64 = 512;
/// Messages that may lie behind a snapshot before it is renewed: they take some 4 ms to read.
const BEHIND: i64 = 2_048;
/// Changes after which it is renewed.
const CHANGES: i64 = 500;
/// Pieces that are read and written at once: 32,768 messages.
const PIECES: usize = 64;
/// Mailboxes that are asked about in one statement.
const MAILBOXES: usize = 100;
/// The first byte of a piece.
const KIND: u8 = 1;

/// Mailboxes that changed since the last look, and whether reading them took many rows.
#[derive(Default)]
pub(super) struct Touched(Mutex<HashMap<MailboxId, bool>>);

impl Touched {
    /// A mailbox changed.
    pub(super) fn add(&self, mailbox: MailboxId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(mailbox).or_insert(false);
    }

    /// A mailbox was read by its rows.
    pub(super) fn slow(&self, mailbox: MailboxId) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(mailbox, true);
    }

    fn take(&self) -> HashMap<MailboxId, bool> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A message in a piece: numbers are told by how far they are from those of the message before.
#[derive(Serialize, Deserialize)]
struct Packed<'p> {
    uid: u32,
    flags: u16,
    keywords: &'p str,
    modseq: i64,
    message: i64,
    /// From the message's own number.
    thread: i64,
    internal_ms: i64,
    saved_ms: i64,
    size_bytes: u32,
}

/// What numbers of a message are counted from: those of the one before.
#[derive(Default)]
struct Before {
    uid: u32,
    modseq: i64,
    message: i64,
    internal_ms: i64,
    saved_ms: i64,
}

impl Before {
    fn of(item: &Item) -> Self {
        Self {
            uid: item.uid,
            modseq: item.modseq,
            message: item.message.0,
            internal_ms: item.internal_ms,
            saved_ms: item.saved_ms,
        }
    }
}

/// Packs the items of one piece.
fn pack(items: &[Item]) -> Result<Vec<u8>, MailError> {
    let mut before = Before::default();
    let mut out = vec![KIND];
    for item in items {
        let packed = Packed {
            uid: item.uid.wrapping_sub(before.uid),
            flags: item.flags.0,
            keywords: &item.keywords,
            modseq: item.modseq.wrapping_sub(before.modseq),
            message: item.message.0.wrapping_sub(before.message),
            thread: item.thread.wrapping_sub(item.message.0),
            internal_ms: item.internal_ms.wrapping_sub(before.internal_ms),
            saved_ms: item.saved_ms.wrapping_sub(before.saved_ms),
            size_bytes: item.size_bytes,
        };
        out = postcard::to_extend(&packed, out)
            .map_err(|error| MailError::Fault(format!("a mailbox can't be packed: {error}")))?;
        before = Before::of(item);
    }
    Ok(out)
}

/// Adds the items of a piece; `None` if it can't be read.
fn unpack(content: &[u8], items: &mut Chunks) -> Option<()> {
    let mut rest = content.strip_prefix(&[KIND])?;
    let mut before = Before::default();
    let mut last = items.last_uid();
    while !rest.is_empty() {
        let (packed, after): (Packed<'_>, _) = postcard::take_from_bytes(rest).ok()?;
        rest = after;
        let message = before.message.wrapping_add(packed.message);
        let item = Item {
            uid: before.uid.wrapping_add(packed.uid),
            flags: Flags(packed.flags),
            keywords: packed.keywords.into(),
            modseq: before.modseq.wrapping_add(packed.modseq),
            message: MessageId(message),
            thread: message.wrapping_add(packed.thread),
            internal_ms: before.internal_ms.wrapping_add(packed.internal_ms),
            saved_ms: before.saved_ms.wrapping_add(packed.saved_ms),
            size_bytes: packed.size_bytes,
        };
        if item.uid <= last {
            return None;
        }
        last = item.uid;
        before = Before::of(&item);
        items.push(item);
    }
    Some(())
}

/// A snapshot as it was read.
pub(super) struct Snapshot {
    pub modseq: ModSeq,
    pub uid_end: i64,
    pub items: Chunks,
}

/// Reads a mailbox's snapshot, if it has one that can be read.
pub(super) async fn read(tx: &mut Tx, mailbox: &Mailbox) -> Result<Option<Snapshot>, MailError> {
    let Some((modseq, uid_end)) = head(tx, mailbox.id).await? else {
        return Ok(None);
    };
    let pieces = query("select content from mail_snapshot_piece where mailbox = $1 order by piece")
        .bind(mailbox.id.0)
        .fetch_all(&mut **tx)
        .await?;
    let mut pieces = pieces
        .iter()
        .map(|piece| piece.try_get(0))
        .collect::<Result<Vec<Vec<u8>>, _>>()?;
    // Half of it on another processor: it takes most of the time.
    let rest = pieces.split_off(pieces.len() / 2);
    let rest = tokio::task::spawn_blocking(move || unpack_all(&rest));
    let items = unpack_all(&pieces);
    let rest = rest.await.ok().flatten();
    let items = items.zip(rest).and_then(|(items, rest)| items.join(rest));
    Ok(items.map(|items| Snapshot {
        modseq,
        uid_end,
        items,
    }))
}

fn unpack_all(pieces: &[Vec<u8>]) -> Option<Chunks> {
    let mut items = Chunks::default();
    for piece in pieces {
        unpack(piece, &mut items)?;
    }
    Some(items)
}

async fn head(tx: &mut Tx, mailbox: MailboxId) -> Result<Option<(ModSeq, i64)>, MailError> {
    let row = query("select modseq, uid_end from mail_snapshot where mailbox = $1")
        .bind(mailbox.0)
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .transpose()
}

/// Whether a view has as many messages of each kind as its mailbox's row says.
pub(super) fn agrees(view: &View) -> bool {
    let row = &view.mailbox;
    let (mut unseen, mut deleted) = (0, 0);
    for item in view.iter() {
        unseen += i64::from(!item.flags.has(Flags::SEEN));
        deleted += i64::from(item.flags.has(Flags::DELETED));
    }
    i64::try_from(view.len()).is_ok_and(|messages| messages == row.messages)
        && unseen == row.unseen
        && deleted == row.deleted
}

/// What a renewal writes.
struct Renewal {
    /// The snapshot that was there.
    before: Option<(ModSeq, i64)>,
    modseq: ModSeq,
    uid_end: i64,
    pieces: Vec<(i64, i64, Vec<u8>)>,
    empty: Vec<(i64, i64)>,
    /// There is more to be packed.
    more: bool,
}

impl Store {
    /// Renews the snapshots that are far behind: of the mailboxes that changed since the last time, or of all.
    pub(super) async fn renew_snapshots(&self, all: bool) -> Result<(), MailError> {
        let touched = self.0.touched.take();
        for (mailbox, _) in touched.iter().filter(|(_, slow)| **slow) {
            self.renew_snapshot(*mailbox).await?;
        }
        if all {
            return self.renew_where("m.id > 0").await;
        }
        self.renew_those(touched.into_keys().collect()).await
    }

    async fn renew_those(&self, mailboxes: Vec<MailboxId>) -> Result<(), MailError> {
        for some in mailboxes.chunks(MAILBOXES) {
            let list: Vec<String> = some.iter().map(|id| id.0.to_string()).collect();
            self.renew_where(&format!("m.id in ({})", list.join(", ")))
                .await?;
        }
        Ok(())
    }

    async fn renew_where(&self, condition: &str) -> Result<(), MailError> {
        let sql = format!(
            "select m.id from mail_mailbox m left join mail_snapshot s on s.mailbox = m.id where {condition}
             and m.uid_next > {BEHIND} and (m.uid_next - coalesce(s.uid_end, 0) > {BEHIND}
                 or m.modseq - coalesce(s.modseq, 0) > {CHANGES})"
        );
        let due: Vec<i64> = query_scalar(AssertSqlSafe(sql))
            .fetch_all(self.db().read())
            .await?;
        for id in due {
            self.renew_snapshot(MailboxId(id)).await?;
        }
        Ok(())
    }

    /// Renews the snapshots of an account's large mailboxes, where they are far behind.
    ///
    /// # Errors
    /// The database.
    pub async fn renew_snapshots_of(&self, account: &str) -> Result<(), MailError> {
        let mailboxes = self.mailboxes(account).await?;
        let ids = mailboxes.into_iter().map(|mailbox| mailbox.id);
        self.renew_those(ids.collect()).await
    }

    /// Brings a mailbox's snapshot up to date, or makes it.
    ///
    /// # Errors
    /// The database.
    pub async fn renew_snapshot(&self, mailbox: MailboxId) -> Result<(), MailError> {
        while let Some(renewal) = self.prepare(mailbox).await? {
            let done = transaction!(self.db(), MailError, tx => {
                match renewal.before {
                    Some((modseq, uid_end)) => {
                        // Another process may have done it meanwhile, or the mailbox is gone.
                        let done = query(
                            "update mail_snapshot set modseq = $1, uid_end = $2 where mailbox = $3 and modseq = $4 and uid_end = $5",
                        )
                        .bind(renewal.modseq)
                        .bind(renewal.uid_end)
                        .bind(mailbox.0)
                        .bind(modseq)
                        .bind(uid_end)
                        .execute(&mut **tx)
                        .await?;
                        if done.rows_affected() == 0 {
                            return Ok(false);
                        }
                    }
                    None => {
                        let done = query(
                            "insert into mail_snapshot (mailbox, modseq, uid_end) select id, $1, $2 from mail_mailbox where id = $3
                             on conflict (mailbox) do nothing",
                        )
                        .bind(renewal.modseq)
                        .bind(renewal.uid_end)
                        .bind(mailbox.0)
                        .execute(&mut **tx)
                        .await?;
                        if done.rows_affected() == 0 {
                            return Ok(false);
                        }
                    }
                }
                rows::insert(
                    tx,
                    ("delete from mail_snapshot_piece where (mailbox, piece) in (", ")"),
                    2,
                    &renewal.empty,
                    |statement, (mailbox, piece)| statement.bind(*mailbox).bind(*piece),
                )
                .await?;
                rows::insert(
                    tx,
                    (
                        "insert into mail_snapshot_piece (mailbox, piece, content)",
                        "on conflict (mailbox, piece) do update set content = excluded.content",
                    ),
                    3,
                    &renewal.pieces,
                    |statement, (mailbox, piece, content)| {
                        statement.bind(*mailbox).bind(*piece).bind(content.clone())
                    },
                )
                .await?;
                Ok(true)
            })?;
            if !done || !renewal.more {
                break;
            }
        }
        Ok(())
    }

    /// Reads what a renewal has to write; `None` if there is nothing to do.
    async fn prepare(&self, mailbox: MailboxId) -> Result<Option<Renewal>, MailError> {
        let mut tx = self.db().begin_reading().await?;
        let row = match super::mailboxes::locked(&mut tx, mailbox, false).await {
            Ok(row) => row,
            Err(MailError::NoSuchMailbox(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let before = head(&mut tx, mailbox).await?;
        let (modseq, uid_end) = before.unwrap_or((0, 0));
        let mut stale: BTreeSet<i64> = match before {
            Some(_) => stale(&mut tx, mailbox, modseq, uid_end).await?,
            None => BTreeSet::new(),
        };
        // Only whole pieces are packed: the last would be packed again and again.
        let whole = i64::from(row.uid_next) / PIECE_UIDS;
        let room = i64::try_from(PIECES.saturating_sub(stale.len())).unwrap_or(0);
        let first = uid_end / PIECE_UIDS;
        let last = whole.min(first.saturating_add(room)).max(first);
        stale.extend(first..last);
        if stale.is_empty() && modseq == row.modseq {
            return Ok(None);
        }
        let mut renewal = Renewal {
            before,
            modseq: row.modseq,
            uid_end: last * PIECE_UIDS,
            pieces: Vec::new(),
            empty: Vec::new(),
            more: last < whole,
        };
        for piece in stale {
            let (from, to) = (piece * PIECE_UIDS, (piece + 1) * PIECE_UIDS);
            let items = view::items(&mut tx, mailbox, "uid >= $2 and uid < $3", [from, to]).await?;
            if items.is_empty() {
                renewal.empty.push((mailbox.0, piece));
            } else {
                renewal.pieces.push((mailbox.0, piece, pack(&items)?));
            }
        }
        Ok(Some(renewal))
    }

    /// Throws a snapshot away that is wrong.
    pub(super) async fn drop_snapshot(&self, mailbox: MailboxId) -> Result<(), MailError> {
        query("delete from mail_snapshot where mailbox = $1")
            .bind(mailbox.0)
            .execute(self.db().write())
            .await?;
        Ok(())
    }
}

/// Pieces below an end in which something changed after `modseq`.
async fn stale(
    tx: &mut Tx,
    mailbox: MailboxId,
    modseq: ModSeq,
    uid_end: i64,
) -> Result<BTreeSet<i64>, MailError> {
    let forgotten: i64 = query_scalar("select forgotten from mail_mailbox where id = $1")
        .bind(mailbox.0)
        .fetch_one(&mut **tx)
        .await?;
    if forgotten > modseq {
        return Ok((0..uid_end / PIECE_UIDS).collect());
    }
    let uids: Vec<i64> = query_scalar(
        "select uid from mail_item where mailbox = $1 and modseq > $2
         union all select uid from mail_expunged where mailbox = $3 and modseq > $4",
    )
    .bind(mailbox.0)
    .bind(modseq)
    .bind(mailbox.0)
    .bind(modseq)
    .fetch_all(&mut **tx)
    .await?;
    Ok(uids
        .into_iter()
        .filter(|uid| *uid < uid_end)
        .map(|uid| uid / PIECE_UIDS)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Uid;

    fn item(uid: Uid) -> Item {
        let n = i64::from(uid);
        Item {
            uid,
            flags: Flags(u16::try_from(n % 32).unwrap()),
            keywords: if n % 7 == 0 { "$Forwarded work" } else { "" }.into(),
            modseq: 10_000 - n,
            message: MessageId(n * 3 % 101),
            thread: n % 5,
            internal_ms: 1_700_000_000_000 - n * 61_000,
            saved_ms: -n,
            size_bytes: uid * 1_000,
        }
    }

    fn mailbox() -> Mailbox {
        Mailbox {
            id: MailboxId(1),
            account: "mira".into(),
            name: "INBOX".into(),
            special: None,
            subscribed: true,
            uid_validity: 1,
            uid_next: 1,
            recent_from: 1,
            modseq: 1,
            messages: 0,
            unseen: 0,
            deleted: 0,
            size_bytes: 0,
        }
    }

    #[test]
    fn what_is_packed_comes_out_the_same() {
        for items in [
            Vec::new(),
            vec![item(5)],
            (1..400).filter(|uid| uid % 3 != 0).map(item).collect(),
        ] {
            let mut out = Chunks::default();
            unpack(&pack(&items).unwrap(), &mut out).unwrap();
            let view = out.view(mailbox());
            assert_eq!(view.iter().cloned().collect::<Vec<_>>(), items);
        }
    }

    #[test]
    fn what_is_cut_off_or_in_no_order_is_refused() {
        let packed = pack(&(1..9).map(item).collect::<Vec<_>>()).unwrap();
        for len in [0, packed.len() - 1] {
            assert!(
                unpack(&packed[..len], &mut Chunks::default()).is_none(),
                "{len} bytes"
            );
        }
        let mut later = Chunks::default();
        later.push(item(8));
        assert!(unpack(&packed, &mut later).is_none());
        assert!(unpack(&[9, 9, 9], &mut Chunks::default()).is_none());
    }
}
