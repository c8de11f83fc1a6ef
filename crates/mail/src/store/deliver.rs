//! Messages into mailboxes: all that wait go into one transaction, so that a sync of the disk serves many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Row, Together, Tx, query, query_scalar, rows, transaction};
use tokio::sync::oneshot;

use super::model::{Flags, MailError, MessageId, Placed, Target, join_keywords};
use super::threads::{self, Known, Reference};
use super::{MailboxId, NewMessage, Store, narrow};

/// Deliveries in one transaction at most.
const BATCH: usize = 128;
/// Numbers for rows, rising: gives the one after the last of them.
const TAKE_IDS: &str = "update mail_state set next_id = next_id + v.column1 from (values {}) as v where id = 1 returning next_id";
/// Messages and their bytes, of accounts.
const USE_ROOM: &str =
    "update mail_account set used_bytes = used_bytes + v.column2, messages = messages + v.column3
     from (values {}) as v where mail_account.id = v.column1";
/// Messages and their bytes, of mailboxes, and a change; gives UIDs and the change's number, and takes the locks.
const GROW: &str =
    "update mail_mailbox set uid_next = uid_next + v.column2, modseq = modseq + 1, messages = messages + v.column2,
         unseen = unseen + v.column3, deleted = deleted + v.column4, size_bytes = mail_mailbox.size_bytes + v.column5
     from (values {}) as v where mail_mailbox.id = v.column1
     returning mail_mailbox.id, mail_mailbox.uid_next, mail_mailbox.modseq";

/// A message for some mailboxes; and rows that others write in the same transaction.
#[derive(Debug)]
pub struct Delivery {
    /// The message.
    pub message: NewMessage,
    /// Where it goes; may be nowhere, if somebody else holds it.
    pub targets: Vec<Target>,
    /// Further rows.
    pub extra: Vec<Extra>,
    /// Who else holds the message; see `mail_hold`.
    pub holder: Option<String>,
}

/// A statement in the transaction of a delivery. Its `$1` is the message's id; its values follow.
#[derive(Debug, Clone)]
pub struct Extra {
    /// The statement.
    pub sql: &'static str,
    /// `$2`, `$3` …
    pub values: Vec<Value>,
}

/// A value of an [`Extra`].
#[derive(Debug, Clone)]
pub enum Value {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// No value: the statement must change a row. If it changes none, somebody else was quicker, and nothing is done of all
    /// that was to be delivered together (`Taken`).
    Claim,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The message's id.
    pub message: MessageId,
    /// For each target in order where it was put; `None` where there was no room, or the mailbox is gone.
    pub placed: Vec<Option<Placed>>,
}

/// What became of deliveries of which the first is for all of its targets or for none.
#[derive(Debug)]
pub enum Whole {
    /// All were done.
    Done(Vec<Delivered>),
    /// Nothing was done.
    Lacking {
        /// Targets of the first delivery, by their place, for which there was no room, or whose mailbox is gone.
        targets: Vec<usize>,
        /// The deliveries, to be put together anew.
        deliveries: Vec<Delivery>,
    },
}

/// Deliveries to be done together, and who waits for them.
struct Group {
    deliveries: Vec<Delivery>,
    /// The first is for all of its targets; else nothing of the group is done.
    whole: bool,
    answer: oneshot::Sender<Result<Whole, MailError>>,
}

/// What was done of a group in a transaction, or for which targets there was no room.
type Done = Result<Vec<Delivered>, Vec<usize>>;

/// Deliveries that wait. What is given together is done together or not at all.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<(Vec<Group>, bool)>,
}

impl Store {
    /// Puts a message into mailboxes. When this returns, it is durable. If the future is dropped, it may or may not be.
    ///
    /// # Errors
    /// `DiskFull`, `Away`, `Conflict`: nothing was changed.
    pub async fn deliver(&self, delivery: Delivery) -> Result<Delivered, MailError> {
        let mut all = self.deliver_all(vec![delivery]).await?;
        all.pop()
            .ok_or_else(|| MailError::Fault("a delivery has no answer".into()))
    }

    /// Puts one message into one mailbox.
    ///
    /// # Errors
    /// As [`Store::deliver`]; `OverQuota`, `NoSuchMailbox`.
    pub async fn append(&self, message: NewMessage, target: Target) -> Result<Placed, MailError> {
        let mailbox = target.mailbox;
        let delivered = self
            .deliver(Delivery {
                message,
                targets: vec![target],
                extra: Vec::new(),
                holder: None,
            })
            .await?;
        match delivered.placed.into_iter().flatten().next() {
            Some(placed) => Ok(placed),
            None => Err(self.why_not(mailbox).await?),
        }
    }

    /// Why nothing could be put there.
    async fn why_not(&self, mailbox: MailboxId) -> Result<MailError, MailError> {
        Ok(match self.mailbox_by_id(mailbox).await? {
            Some(mailbox) => match self.account(&mailbox.account).await? {
                Some(account) => MailError::OverQuota(account.name),
                None => MailError::NoSuchMailbox(mailbox.name),
            },
            None => MailError::NoSuchMailbox(mailbox.0.to_string()),
        })
    }

    /// Does several deliveries in one transaction: all or none (RFC 3502).
    ///
    /// # Errors
    /// As [`Store::deliver`].
    pub async fn deliver_all(
        &self,
        deliveries: Vec<Delivery>,
    ) -> Result<Vec<Delivered>, MailError> {
        match self.wait_for(deliveries, false).await? {
            Whole::Done(done) => Ok(done),
            Whole::Lacking { .. } => Err(MailError::Fault("a delivery was refused whole".into())),
        }
    }

    /// The same, but only if there is room for the first at all of its targets: so that whoever must be told where there
    /// was none can be told in the same transaction.
    ///
    /// # Errors
    /// As [`Store::deliver`]; `Taken`.
    pub async fn deliver_whole(&self, deliveries: Vec<Delivery>) -> Result<Whole, MailError> {
        self.wait_for(deliveries, true).await
    }

    async fn wait_for(&self, deliveries: Vec<Delivery>, whole: bool) -> Result<Whole, MailError> {
        let (answer, answered) = oneshot::channel();
        let start = {
            let mut waiting = self
                .0
                .deliveries
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            waiting.0.push(Group {
                deliveries,
                whole,
                answer,
            });
            !std::mem::replace(&mut waiting.1, true)
        };
        if start {
            // A task of its own: whoever came first may go away while others wait.
            let store = self.clone();
            tokio::spawn(async move { store.work_off().await });
        }
        answered.await.unwrap_or_else(|_| {
            Err(MailError::Away(
                "the delivery was interrupted: try again".into(),
            ))
        })
    }

    async fn work_off(&self) {
        loop {
            let batch = {
                let mut waiting = self
                    .0
                    .deliveries
                    .waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let count = waiting.0.len().min(BATCH);
                if count == 0 {
                    waiting.1 = false;
                    return;
                }
                waiting.0.drain(..count).collect::<Vec<_>>()
            };
            match self.commit(&batch).await {
                Ok(done) => {
                    for (group, done) in batch.into_iter().zip(done) {
                        group.tell(Ok(done));
                    }
                }
                // One that can't be done must not take the others with it.
                Err(error)
                    if batch.len() > 1
                        && !matches!(error, MailError::DiskFull | MailError::Away(_)) =>
                {
                    for group in batch {
                        let alone = std::slice::from_ref(&group);
                        let done = self.commit(alone).await;
                        group.tell(done.and_then(|mut done| {
                            let own = done.pop();
                            own.ok_or_else(|| MailError::Fault("a delivery has no answer".into()))
                        }));
                    }
                }
                Err(error) => {
                    for group in batch {
                        group.tell(Err(again(&error)));
                    }
                }
            }
        }
    }

    async fn commit(&self, batch: &[Group]) -> Result<Vec<Done>, MailError> {
        let (done, changed) = transaction!(self.db(), MailError, tx => self.put(tx, batch).await)?;
        for (mailbox, modseq) in changed {
            self.changed(mailbox, modseq);
        }
        Ok(done)
    }

    async fn put(
        &self,
        tx: &mut Tx,
        batch: &[Group],
    ) -> Result<(Vec<Done>, Vec<(MailboxId, i64)>), MailError> {
        let all: Vec<&Delivery> = batch.iter().flat_map(|group| &group.deliveries).collect();
        let all = all.as_slice();
        let mut plan = Plan::new(self, tx, batch, all).await?;
        // All that takes locks and numbers goes to the database at once, and then all that is to be written.
        let known = plan.known(all);
        let (accounts, rooms, keys) = (plan.used(), plan.growth(), threads::keys(&known));
        let count = [i64::try_from(all.len()).unwrap_or(i64::MAX)];
        let mut look = Together::on(tx);
        look.add(TAKE_IDS, 1, &count, |statement, count| {
            statement.bind(*count)
        });
        // Mailboxes before accounts, as whoever changes messages takes them: else two wait for each other.
        look.add(GROW, 5, &rooms, |statement, row| {
            row.iter()
                .fold(statement, |statement, value| statement.bind(*value))
        });
        look.add(USE_ROOM, 3, &accounts, |statement, (account, size, n)| {
            statement.bind(account.to_string()).bind(*size).bind(*n)
        });
        threads::add(&mut look, &keys);
        let found = look.run(tx).await?;
        let [numbers, grown, _, noted] = found.as_slice() else {
            return Err(MailError::Fault("statements without answers".into()));
        };
        let next_id: i64 = match numbers.first() {
            Some(row) => row.try_get(0)?,
            None => return Err(MailError::Fault("`mail_state` has no row".into())),
        };
        plan.grown(grown)?;
        let first_id = next_id - count[0];
        let (threads, references) = threads::from(
            noted,
            known.into_iter().map(|known| Known {
                message: first_id + known.message,
                ..known
            }),
        )?;
        let ids: Vec<i64> = (first_id..).take(all.len()).collect();
        let kept: Vec<(i64, &Delivery)> = ids
            .iter()
            .copied()
            .zip(all.iter().copied())
            .zip(&plan.kept)
            .filter_map(|(one, kept)| kept.then_some(one))
            .collect();
        let (now_ms, mut items, mut done) = (self.now_ms(), Vec::new(), Vec::new());
        for (n, delivery) in all.iter().enumerate() {
            let id = ids.get(n).copied().unwrap_or_default();
            let mut placed = Vec::with_capacity(delivery.targets.len());
            for target in &delivery.targets {
                let Some(room) = plan.take(n, target.mailbox) else {
                    placed.push(None);
                    continue;
                };
                let thread = threads
                    .get(&(room.account.clone(), id))
                    .copied()
                    .unwrap_or(id);
                items.push(NewItem {
                    mailbox: target.mailbox.0,
                    uid: i64::from(room.placed.uid),
                    message: id,
                    thread,
                    flags: i64::from(target.flags.0),
                    keywords: join_keywords(target.keywords.iter().map(String::as_str)).into(),
                    modseq: room.placed.modseq,
                    internal_ms: target.internal_ms.unwrap_or(now_ms),
                    saved_ms: now_ms,
                    size_bytes: i64::try_from(delivery.message.size_bytes).unwrap_or(i64::MAX),
                });
                placed.push(Some(Placed {
                    message: MessageId(id),
                    ..room.placed
                }));
            }
            done.push(Delivered {
                message: MessageId(id),
                placed,
            });
        }
        let messages: Vec<(i64, &NewMessage)> = kept
            .iter()
            .map(|(id, delivery)| (*id, &delivery.message))
            .collect();
        let mut all_rows = Together::on(tx);
        add_messages(&mut all_rows, &messages);
        add_items(&mut all_rows, &items, &references);
        all_rows.run(tx).await?;
        for (id, delivery) in &kept {
            extra(tx, *id, delivery).await?;
        }
        let mut done = done.into_iter();
        let done = batch
            .iter()
            .zip(&mut plan.lacking)
            .map(|(group, lacking)| {
                let own: Vec<Delivered> = done.by_ref().take(group.deliveries.len()).collect();
                if lacking.is_empty() {
                    Ok(own)
                } else {
                    Err(std::mem::take(lacking))
                }
            })
            .collect();
        Ok((done, plan.changed()))
    }
}

impl Group {
    /// Tells who waits. Nobody may wait any more: it is delivered all the same.
    fn tell(self, done: Result<Done, MailError>) {
        let whole = done.map(|done| match done {
            Ok(done) => Whole::Done(done),
            Err(targets) => Whole::Lacking {
                targets,
                deliveries: self.deliveries,
            },
        });
        let _gone = self.answer.send(whole);
    }
}

/// An error for each of those who waited for the same transaction.
fn again(error: &MailError) -> MailError {
    match error {
        MailError::DiskFull => MailError::DiskFull,
        MailError::Conflict => MailError::Conflict,
        MailError::Taken => MailError::Taken,
        MailError::Away(text) => MailError::Away(text.clone()),
        other => MailError::Fault(other.to_string()),
    }
}

/// What a batch changes in one mailbox.
struct Room {
    account: Arc<str>,
    uid_validity: u32,
    count: i64,
    unseen: i64,
    deleted: i64,
    size_bytes: i64,
    next_uid: i64,
    modseq: i64,
}

struct Taken {
    account: Arc<str>,
    placed: Placed,
}

/// Which deliveries there is room for, and what they change.
struct Plan {
    rooms: BTreeMap<MailboxId, Room>,
    accounts: BTreeMap<Arc<str>, (i64, i64)>,
    /// For each delivery the mailboxes that take it.
    into: Vec<Vec<MailboxId>>,
    /// For each delivery whether anybody keeps it.
    kept: Vec<bool>,
    /// For each group the targets for want of which nothing of it is done.
    lacking: Vec<Vec<usize>>,
}

impl Plan {
    async fn new(
        store: &Store,
        tx: &mut Tx,
        batch: &[Group],
        all: &[&Delivery],
    ) -> Result<Self, MailError> {
        let mut wanted: Vec<MailboxId> = all
            .iter()
            .flat_map(|delivery| delivery.targets.iter().map(|target| target.mailbox))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        let found = rows::select(
            tx,
            (
                "select m.id, m.account, m.uid_validity, a.used_bytes, a.quota_bytes
                 from mail_mailbox m join mail_account a on a.id = m.account where m.id in",
                "and m.modseq >= $1",
            ),
            0,
            1,
            &wanted,
            |statement, id| statement.bind(id.0),
        )
        .await?;
        let (mut rooms, mut left) = (BTreeMap::new(), BTreeMap::new());
        for row in &found {
            let account: String = row.try_get("account")?;
            let (used, quota): (i64, i64) =
                (row.try_get("used_bytes")?, row.try_get("quota_bytes")?);
            let quota = match quota {
                -1 => store.0.parts.quota_bytes.unwrap_or(i64::MAX),
                0 => i64::MAX,
                bytes => bytes,
            };
            let account: Arc<str> = account.into();
            left.insert(Arc::clone(&account), quota.saturating_sub(used));
            rooms.insert(
                MailboxId(row.try_get("id")?),
                Room {
                    account,
                    uid_validity: narrow(row, "uid_validity")?,
                    count: 0,
                    unseen: 0,
                    deleted: 0,
                    size_bytes: 0,
                    next_uid: 0,
                    modseq: 0,
                },
            );
        }
        let mut plan = Self {
            rooms,
            accounts: BTreeMap::new(),
            into: Vec::new(),
            kept: Vec::new(),
            lacking: Vec::new(),
        };
        for group in batch {
            let first = group.deliveries.first().filter(|_| group.whole);
            let lacking = first
                .map(|first| plan.lacking_of(first, &left))
                .unwrap_or_default();
            for delivery in &group.deliveries {
                if lacking.is_empty() {
                    plan.consider(delivery, &mut left);
                } else {
                    plan.into.push(Vec::new());
                    plan.kept.push(false);
                }
            }
            plan.lacking.push(lacking);
        }
        plan.rooms.retain(|_, room| room.count > 0);
        Ok(plan)
    }

    /// Targets for which there is no room, or whose mailbox is gone.
    fn lacking_of(&self, delivery: &Delivery, left: &BTreeMap<Arc<str>, i64>) -> Vec<usize> {
        let size = i64::try_from(delivery.message.size_bytes).unwrap_or(i64::MAX);
        let mut wanted: BTreeMap<&str, i64> = BTreeMap::new();
        let mut lacking = Vec::new();
        for (place, target) in delivery.targets.iter().enumerate() {
            let account = self.rooms.get(&target.mailbox).map(|room| &room.account);
            let free = account.and_then(|account| left.get(account)).copied();
            let (Some(account), Some(free)) = (account, free) else {
                lacking.push(place);
                continue;
            };
            let taken = wanted.entry(account).or_default();
            if free.saturating_sub(*taken) >= size {
                *taken += size;
            } else {
                lacking.push(place);
            }
        }
        lacking
    }

    fn consider(&mut self, delivery: &Delivery, left: &mut BTreeMap<Arc<str>, i64>) {
        let size = i64::try_from(delivery.message.size_bytes).unwrap_or(i64::MAX);
        let mut into = Vec::new();
        for target in &delivery.targets {
            let Some(room) = self.rooms.get_mut(&target.mailbox) else {
                continue;
            };
            let Some(free) = left.get_mut(&room.account).filter(|free| **free >= size) else {
                continue;
            };
            *free -= size;
            room.count += 1;
            room.unseen += i64::from(!target.flags.has(Flags::SEEN));
            room.deleted += i64::from(target.flags.has(Flags::DELETED));
            room.size_bytes += size;
            let used = self.accounts.entry(Arc::clone(&room.account)).or_default();
            used.0 += size;
            used.1 += 1;
            into.push(target.mailbox);
        }
        self.kept
            .push(!into.is_empty() || !delivery.extra.is_empty() || delivery.holder.is_some());
        self.into.push(into);
    }

    /// What the accounts use more: account, bytes, messages.
    fn used(&self) -> Vec<(Arc<str>, i64, i64)> {
        self.accounts
            .iter()
            .map(|(account, (size, count))| (Arc::clone(account), *size, *count))
            .collect()
    }

    /// By what mailboxes grow: id, messages, unseen, deleted, bytes.
    fn growth(&self) -> Vec<[i64; 5]> {
        self.rooms
            .iter()
            .map(|(id, room)| [id.0, room.count, room.unseen, room.deleted, room.size_bytes])
            .collect()
    }

    /// Takes in the numbers that [`GROW`] gave.
    fn grown(&mut self, found: &[AnyRow]) -> Result<(), MailError> {
        for row in found {
            let id = MailboxId(row.try_get(0)?);
            if let Some(room) = self.rooms.get_mut(&id) {
                room.next_uid = row.try_get::<i64, _>(1)? - room.count;
                room.modseq = row.try_get(2)?;
            }
        }
        if found.len() != self.rooms.len() {
            // Deleted between the look and the lock.
            return Err(MailError::Conflict);
        }
        Ok(())
    }

    /// For each message in each account the references under which it is known; in place of its number, its place.
    fn known(&self, all: &[&Delivery]) -> Vec<Known> {
        let mut known: Vec<Known> = Vec::new();
        for ((place, delivery), into) in (0i64..).zip(all).zip(&self.into) {
            let begin = known.len();
            for room in into.iter().filter_map(|mailbox| self.rooms.get(mailbox)) {
                let own = known.get(begin..).unwrap_or_default();
                if !own.iter().any(|one| one.account == room.account) {
                    known.push(Known {
                        account: Arc::clone(&room.account),
                        message: place,
                        references: threads::references(&delivery.message.scanned.summary),
                    });
                }
            }
        }
        known
    }

    fn take(&mut self, delivery: usize, mailbox: MailboxId) -> Option<Taken> {
        let into = self.into.get_mut(delivery)?;
        let at = into.iter().position(|one| *one == mailbox)?;
        into.remove(at);
        let room = self.rooms.get_mut(&mailbox)?;
        let uid = u32::try_from(room.next_uid).ok()?;
        room.next_uid += 1;
        Some(Taken {
            account: Arc::clone(&room.account),
            placed: Placed {
                mailbox,
                uid_validity: room.uid_validity,
                uid,
                modseq: room.modseq,
                message: MessageId(0),
            },
        })
    }

    fn changed(&self) -> Vec<(MailboxId, i64)> {
        self.rooms
            .iter()
            .map(|(id, room)| (*id, room.modseq))
            .collect()
    }
}

fn add_messages<'a>(all: &mut Together<'a>, messages: &'a [(i64, &'a NewMessage)]) {
    all.add(
        "insert into mail_message (id, size_bytes, envelope, preview, structure) values {}",
        5,
        messages,
        |statement, (id, message)| {
            statement
                .bind(*id)
                .bind(i64::try_from(message.size_bytes).unwrap_or(i64::MAX))
                .bind(message.envelope.clone())
                .bind(clean(&message.scanned.preview))
                .bind(message.about.clone())
        },
    );
    all.add(
        "insert into mail_content (message, blob, content) values {}",
        3,
        messages,
        |statement, (id, message)| {
            statement
                .bind(*id)
                .bind(message.blob.clone())
                .bind(message.content.clone())
        },
    );
}

/// PostgreSQL's texts can't hold NUL.
pub(super) fn clean(text: &str) -> String {
    text.replace('\0', "")
}

pub(super) struct NewItem {
    pub mailbox: i64,
    pub uid: i64,
    pub message: i64,
    pub thread: i64,
    pub flags: i64,
    pub keywords: String,
    pub modseq: i64,
    pub internal_ms: i64,
    pub saved_ms: i64,
    pub size_bytes: i64,
}

/// Puts messages into mailboxes, whose new references to threads are `references`.
pub(super) async fn insert_items(
    tx: &mut Tx,
    items: &[NewItem],
    references: &[Reference],
) -> Result<(), MailError> {
    let mut all = Together::on(tx);
    add_items(&mut all, items, references);
    all.run(tx).await?;
    Ok(())
}

fn add_items<'a>(all: &mut Together<'a>, items: &'a [NewItem], references: &'a [Reference]) {
    all.add(
        "insert into mail_thread (account, reference, thread) values {} on conflict (account, reference) do nothing",
        3,
        references,
        |statement, (account, reference, thread)| {
            statement
                .bind(account.to_string())
                .bind(*reference)
                .bind(*thread)
        },
    );
    all.add(
        "insert into mail_item (mailbox, uid, message, thread, flags, keywords, modseq, internal_ms, saved_ms, size_bytes)
         values {}",
        10,
        items,
        |statement, item| {
            statement
                .bind(item.mailbox)
                .bind(item.uid)
                .bind(item.message)
                .bind(item.thread)
                .bind(item.flags)
                .bind(item.keywords.clone())
                .bind(item.modseq)
                .bind(item.internal_ms)
                .bind(item.saved_ms)
                .bind(item.size_bytes)
        },
    );
}

async fn extra(tx: &mut Tx, id: i64, delivery: &Delivery) -> Result<(), MailError> {
    if let Some(holder) = &delivery.holder {
        query("insert into mail_hold (message, holder) values ($1, $2)")
            .bind(id)
            .bind(holder)
            .execute(&mut **tx)
            .await?;
    }
    for extra in &delivery.extra {
        let mut statement = query(extra.sql).bind(id);
        let mut claims = false;
        for value in &extra.values {
            statement = match value {
                Value::Claim => {
                    claims = true;
                    statement
                }
                Value::Text(text) => statement.bind(text.clone()),
                Value::Number(number) => statement.bind(*number),
                Value::Bytes(bytes) => statement.bind(bytes.clone()),
            };
        }
        let done = statement.execute(&mut **tx).await?;
        if claims && done.rows_affected() == 0 {
            return Err(MailError::Taken);
        }
    }
    Ok(())
}

/// Whether something besides mailboxes holds a message.
pub(super) async fn held_elsewhere(tx: &mut Tx, message: i64) -> Result<bool, MailError> {
    let holders: i64 = query_scalar("select count(*) from mail_hold where message = $1")
        .bind(message)
        .fetch_one(&mut **tx)
        .await?;
    Ok(holders > 0)
}
