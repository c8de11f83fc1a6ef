//! A mailbox as it was at one change, shared by all who look at it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use lampion_db::{Row, query, query_as, query_scalar};
use tokio::sync::{Notify, watch};

use super::model::{
    Changes, Detail, Flags, Item, MailError, Mailbox, MailboxId, MessageId, ModSeq, Uid,
};
use super::snapshot::{self, Snapshot};
use super::{Store, rows_of_ids};

/// Items in one chunk: what a change costs, and what views of two changes don't share.
const CHUNK: usize = 256;
/// Messages of a mailbox that are read by their rows in any case.
const FEW: i64 = 1_024;
/// Rows that a look may read before the mailbox is packed anew.
const SLOW: usize = 4_096;
/// Items of views that nobody uses now, kept for the next who asks: about 30 MB.
const KEPT_ITEMS: usize = 300_000;

/// A mailbox at one change. Cheap to clone; views of one mailbox share what didn't change between them.
#[derive(Debug, Clone)]
pub struct View {
    /// The mailbox as it was.
    pub mailbox: Mailbox,
    /// Items by UID.
    chunks: Arc<[Chunk]>,
}

#[derive(Debug, Clone)]
struct Chunk {
    /// Items in chunks before.
    before: usize,
    items: Arc<[Item]>,
}

/// Items by UID as they come, put into chunks at once: a long list of them would take as much memory again.
#[derive(Default)]
pub(super) struct Chunks {
    whole: Vec<Chunk>,
    last: Vec<Item>,
}

impl Chunks {
    pub(super) fn push(&mut self, item: Item) {
        self.last.push(item);
        if self.last.len() == CHUNK {
            self.close();
        }
    }

    /// The last item's UID; 0 if there is none.
    pub(super) fn last_uid(&self) -> Uid {
        let last = self.last.last();
        let last = last.or_else(|| self.whole.last().and_then(|chunk| chunk.items.last()));
        last.map_or(0, |item| item.uid)
    }

    /// These and those that follow, whose chunks stay as they are; `None` if they don't follow.
    pub(super) fn join(mut self, mut rest: Self) -> Option<Self> {
        self.close();
        rest.close();
        let last = self.last_uid();
        let first = rest.whole.first().and_then(|chunk| chunk.items.first());
        if first.is_some_and(|first| first.uid <= last) {
            return None;
        }
        let before = self
            .whole
            .last()
            .map_or(0, |chunk| chunk.before + chunk.items.len());
        self.whole.extend(rest.whole.into_iter().map(|chunk| Chunk {
            before: before + chunk.before,
            ..chunk
        }));
        Some(self)
    }

    fn close(&mut self) {
        if !self.last.is_empty() {
            let before = self
                .whole
                .last()
                .map_or(0, |chunk| chunk.before + chunk.items.len());
            self.whole.push(Chunk {
                before,
                items: self.last.drain(..).collect(),
            });
        }
    }

    pub(super) fn view(mut self, mailbox: Mailbox) -> View {
        self.close();
        View {
            mailbox,
            chunks: self.whole.into(),
        }
    }
}

impl View {
    fn new(mailbox: Mailbox, items: Vec<Item>) -> Self {
        let mut chunks = Chunks::default();
        for item in items {
            chunks.push(item);
        }
        chunks.view(mailbox)
    }

    /// The highest change that it shows.
    pub fn modseq(&self) -> ModSeq {
        self.mailbox.modseq
    }

    /// How many messages.
    pub fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| last.before + last.items.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a place, counted from 0 (a sequence number less one).
    pub fn get(&self, at: usize) -> Option<&Item> {
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk.before <= at)
            .checked_sub(1)?;
        let chunk = self.chunks.get(chunk)?;
        chunk.items.get(at - chunk.before)
    }

    /// The place of a UID, counted from 0; or where it would be.
    pub fn find(&self, uid: Uid) -> Result<usize, usize> {
        let after = self
            .chunks
            .partition_point(|chunk| chunk.items.first().is_some_and(|first| first.uid <= uid));
        let Some(chunk) = after.checked_sub(1).and_then(|at| self.chunks.get(at)) else {
            return Err(0);
        };
        chunk
            .items
            .binary_search_by_key(&uid, |item| item.uid)
            .map(|at| chunk.before + at)
            .map_err(|at| chunk.before + at)
    }

    /// The item with a UID.
    pub fn by_uid(&self, uid: Uid) -> Option<&Item> {
        self.find(uid).ok().and_then(|at| self.get(at))
    }

    /// All items by UID.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.chunks.iter().flat_map(|chunk| chunk.items.iter())
    }

    /// Items from a place on, counted from 0.
    pub fn from(&self, at: usize) -> impl Iterator<Item = &Item> {
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk.before <= at)
            .saturating_sub(1);
        let skip = self
            .chunks
            .get(chunk)
            .map_or(0, |chunk| at.saturating_sub(chunk.before));
        self.chunks
            .get(chunk..)
            .unwrap_or_default()
            .iter()
            .flat_map(|chunk| chunk.items.iter())
            .skip(skip)
    }

    /// The first message without `\Seen`, counted from 0.
    pub fn first_unseen(&self) -> Option<usize> {
        if self.mailbox.unseen == 0 {
            return None;
        }
        self.iter().position(|item| !item.flags.has(Flags::SEEN))
    }

    /// All keywords that its messages have, sorted.
    pub fn keywords(&self) -> Vec<String> {
        let mut all = std::collections::BTreeSet::new();
        for item in self.iter().filter(|item| !item.keywords.is_empty()) {
            all.extend(item.keywords.split(' ').map(ToString::to_string));
        }
        all.into_iter().collect()
    }

    /// What is different in a later view.
    pub fn changes_to(&self, later: &Self) -> Changes {
        let mut changes = Changes::default();
        if Arc::ptr_eq(&self.chunks, &later.chunks) {
            return changes;
        }
        // Chunks that both share are passed over; the rest is merged by UID.
        let shared = self
            .chunks
            .iter()
            .zip(later.chunks.iter())
            .take_while(|(a, b)| Arc::ptr_eq(&a.items, &b.items))
            .count();
        let rest = |view: &Self| {
            let all: Vec<Chunk> = view.chunks.get(shared..).unwrap_or_default().to_vec();
            all
        };
        let (old, new) = (rest(self), rest(later));
        let mut old = old.iter().flat_map(|chunk| chunk.items.iter()).peekable();
        for item in new.iter().flat_map(|chunk| chunk.items.iter()) {
            while let Some(gone) = old.next_if(|before| before.uid < item.uid) {
                changes.vanished.push(gone.uid);
            }
            match old.next_if(|before| before.uid == item.uid) {
                Some(before) if before.modseq == item.modseq => {}
                _ => changes.changed.push(item.clone()),
            }
        }
        changes.vanished.extend(old.map(|gone| gone.uid));
        changes
    }

    /// This view after changes.
    fn with(&self, mailbox: Mailbox, changes: &Changes) -> Self {
        if changes.changed.is_empty() && changes.vanished.is_empty() {
            return Self {
                mailbox,
                chunks: Arc::clone(&self.chunks),
            };
        }
        let first = changes
            .changed
            .first()
            .map(|item| item.uid)
            .into_iter()
            .chain(changes.vanished.first().copied())
            .min()
            .unwrap_or(0);
        let last_known = self
            .chunks
            .last()
            .and_then(|chunk| chunk.items.last())
            .map_or(0, |item| item.uid);
        let chunks = if changes.vanished.is_empty() {
            self.replaced(changes, last_known)
        } else {
            self.rebuilt(changes, first)
        };
        Self {
            mailbox,
            chunks: chunks.into(),
        }
    }

    /// Only flags and new messages: other chunks stay as they are.
    fn replaced(&self, changes: &Changes, last_known: Uid) -> Vec<Chunk> {
        let (old, new) = changes.changed.split_at(
            changes
                .changed
                .partition_point(|item| item.uid <= last_known),
        );
        let mut chunks: Vec<Chunk> = Vec::with_capacity(self.chunks.len() + 1);
        let mut old = old.iter().peekable();
        for chunk in self.chunks.iter() {
            let last = chunk.items.last().map_or(0, |item| item.uid);
            if old.peek().is_none_or(|item| item.uid > last) {
                chunks.push(chunk.clone());
                continue;
            }
            let mut items = chunk.items.to_vec();
            while let Some(item) = old.next_if(|item| item.uid <= last) {
                if let Ok(at) = items.binary_search_by_key(&item.uid, |one| one.uid)
                    && let Some(to) = items.get_mut(at)
                {
                    to.clone_from(item);
                }
            }
            chunks.push(Chunk {
                before: chunk.before,
                items: items.into(),
            });
        }
        let mut tail = Vec::new();
        if let Some(last) = chunks.pop_if(|last| !new.is_empty() && last.items.len() < CHUNK) {
            tail.extend(last.items.iter().cloned());
        }
        tail.extend(new.iter().cloned());
        let mut before = chunks
            .last()
            .map_or(0, |last| last.before + last.items.len());
        for some in tail.chunks(CHUNK) {
            chunks.push(Chunk {
                before,
                items: some.into(),
            });
            before += some.len();
        }
        chunks
    }

    /// Messages are gone: chunks before the first of them stay, the others are made anew.
    fn rebuilt(&self, changes: &Changes, first: Uid) -> Vec<Chunk> {
        let keep = self
            .chunks
            .partition_point(|chunk| chunk.items.last().is_some_and(|last| last.uid < first));
        let mut chunks: Vec<Chunk> = self.chunks.get(..keep).unwrap_or_default().to_vec();
        let rest = self.chunks.get(keep..).unwrap_or_default();
        let mut items: Vec<Item> = Vec::new();
        let mut changed = changes.changed.iter().peekable();
        for item in rest.iter().flat_map(|chunk| chunk.items.iter()) {
            items.extend(std::iter::from_fn(|| changed.next_if(|new| new.uid < item.uid)).cloned());
            if changes.vanished.binary_search(&item.uid).is_ok() {
                continue;
            }
            items.push(
                changed
                    .next_if(|new| new.uid == item.uid)
                    .unwrap_or(item)
                    .clone(),
            );
        }
        items.extend(changed.cloned());
        let mut before = chunks
            .last()
            .map_or(0, |last| last.before + last.items.len());
        for some in items.chunks(CHUNK) {
            chunks.push(Chunk {
                before,
                items: some.into(),
            });
            before += some.len();
        }
        chunks
    }
}

/// What is known of mailboxes in this process.
#[derive(Default)]
pub(super) struct Views {
    known: Mutex<HashMap<MailboxId, Arc<Shared>>>,
    /// There is something to sweep.
    pub(super) sweep: Notify,
}

struct Shared {
    view: Mutex<Option<Arc<View>>>,
    /// One at a time reads the database.
    reading: tokio::sync::Mutex<()>,
    newest: watch::Sender<ModSeq>,
    /// The view that somebody may still have, after it was let go here.
    weak: Mutex<Weak<View>>,
}

impl Views {
    fn shared(&self, id: MailboxId) -> Arc<Shared> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(id).or_insert_with(|| {
            Arc::new(Shared {
                view: Mutex::default(),
                reading: tokio::sync::Mutex::default(),
                newest: watch::Sender::new(0),
                weak: Mutex::default(),
            })
        }))
    }

    /// A mailbox has changed: tells those who watch it.
    pub(super) fn changed(&self, id: MailboxId, modseq: ModSeq) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.get(&id) {
            shared.newest.send_if_modified(|newest| {
                let newer = modseq > *newest;
                *newest = modseq.max(*newest);
                newer
            });
        }
    }

    /// A mailbox is gone: whoever watches it is told.
    pub(super) fn forget(&self, id: MailboxId) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = known.remove(&id) {
            shared.newest.send_replace(ModSeq::MAX);
        }
    }

    /// Mailboxes that somebody watches.
    pub(super) fn watched(&self) -> Vec<MailboxId> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .iter()
            .filter(|(_, shared)| shared.newest.receiver_count() > 0)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Lets views go that nobody uses, if they are too many together.
    fn trim(&self) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut items = 0;
        known.retain(|_, shared| {
            let mut view = shared.view.lock().unwrap_or_else(PoisonError::into_inner);
            let used = shared.newest.receiver_count() > 0;
            let size = view.as_ref().map_or(0, |view| view.len() + 1);
            if items + size > KEPT_ITEMS && !used {
                *view = None;
            } else {
                items += size;
            }
            used || view.is_some() || Arc::strong_count(shared) > 1
        });
    }
}

impl Shared {
    fn current(&self) -> Option<Arc<View>> {
        self.view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .or_else(|| {
                self.weak
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .upgrade()
            })
    }

    fn set(&self, view: &Arc<View>) {
        *self.weak.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(view);
        *self.view.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(view));
    }
}

impl Store {
    /// Tells of changes of a mailbox: the newest change's number, `ModSeq::MAX` if the mailbox is gone. Numbers may be
    /// left out.
    pub fn watch(&self, mailbox: MailboxId) -> watch::Receiver<ModSeq> {
        self.0.views.shared(mailbox).newest.subscribe()
    }

    /// The mailbox as it is now.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn view(&self, mailbox: MailboxId) -> Result<Arc<View>, MailError> {
        self.view_at(mailbox, ModSeq::MAX).await
    }

    /// The mailbox as it was at change `modseq` or later: without a look at the database, if that is known already.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn view_at(
        &self,
        mailbox: MailboxId,
        modseq: ModSeq,
    ) -> Result<Arc<View>, MailError> {
        let shared = self.0.views.shared(mailbox);
        let known = |shared: &Shared| shared.current().filter(|view| view.modseq() >= modseq);
        if let Some(view) = known(&shared) {
            return Ok(view);
        }
        let _one = shared.reading.lock().await;
        if let Some(view) = known(&shared) {
            return Ok(view);
        }
        let Some(row) = self.mailbox_by_id(mailbox).await? else {
            self.0.views.forget(mailbox);
            return Err(MailError::NoSuchMailbox(mailbox.0.to_string()));
        };
        let view = match shared.current() {
            Some(view) if view.mailbox == row => return Ok(view),
            Some(view) if view.modseq() == row.modseq => {
                let chunks = Arc::clone(&view.chunks);
                View {
                    mailbox: row,
                    chunks,
                }
            }
            Some(view) => {
                let (row, changes) = self.since(mailbox, view.modseq()).await?;
                view.with(row, &changes)
            }
            None => self.load(mailbox).await?,
        };
        let view = Arc::new(view);
        shared.set(&view);
        self.0.views.trim();
        Ok(view)
    }

    /// What changed after `modseq`, for one who was here before (RFC 7162).
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn changes(&self, mailbox: MailboxId, modseq: ModSeq) -> Result<Changes, MailError> {
        Ok(self.since(mailbox, modseq).await?.1)
    }

    /// In one transaction, so that the mailbox's row fits what is given.
    async fn since(
        &self,
        mailbox: MailboxId,
        modseq: ModSeq,
    ) -> Result<(Mailbox, Changes), MailError> {
        let mut tx = self.db().begin_reading().await?;
        let row = super::mailboxes::locked(&mut tx, mailbox, false).await?;
        let changes = since(&mut tx, &row, modseq).await?;
        Ok((row, changes))
    }

    async fn load(&self, mailbox: MailboxId) -> Result<View, MailError> {
        let mut tx = self.db().begin_reading().await?;
        let row = super::mailboxes::locked(&mut tx, mailbox, false).await?;
        if row.messages > FEW
            && let Some(snapshot) = snapshot::read(&mut tx, &row).await?
        {
            let (view, rows) = unpacked(&mut tx, &row, snapshot).await?;
            if snapshot::agrees(&view) {
                if rows > SLOW {
                    self.0.touched.slow(mailbox);
                }
                return Ok(view);
            }
            tracing::error!(
                mailbox = mailbox.0,
                "a packed mailbox does not agree with its rows: it is packed anew"
            );
            self.drop_snapshot(mailbox).await?;
        }
        let items = items(&mut tx, mailbox, "uid >= $2", [0]).await?;
        if items.len() > SLOW {
            self.0.touched.slow(mailbox);
        }
        Ok(View::new(row, items))
    }

    /// What is kept of messages beside their bytes; in no order, those that are gone are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn details(&self, messages: &[MessageId]) -> Result<Vec<Detail>, MailError> {
        let rows = rows_of_ids(
            self.db(),
            "select id, envelope, preview, structure from mail_message where id in",
            messages,
        )
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Detail {
                    message: MessageId(row.try_get(0)?),
                    envelope: row.try_get(1)?,
                    preview: row.try_get(2)?,
                    structure: row.try_get(3)?,
                })
            })
            .collect()
    }

    /// Where an account holds messages: message, mailbox and UID, in no order.
    ///
    /// # Errors
    /// The database.
    pub async fn places(
        &self,
        account: &str,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, MailboxId, Uid)>, MailError> {
        let own: std::collections::BTreeSet<MailboxId> = self
            .mailboxes(account)
            .await?
            .into_iter()
            .map(|one| one.id)
            .collect();
        let rows = rows_of_ids(
            self.db(),
            "select message as id, mailbox, uid from mail_item where message in",
            messages,
        )
        .await?;
        let mut places = Vec::with_capacity(rows.len());
        for row in &rows {
            let mailbox = MailboxId(row.try_get(1)?);
            if own.contains(&mailbox) {
                places.push((
                    MessageId(row.try_get(0)?),
                    mailbox,
                    super::narrow(row, "uid")?,
                ));
            }
        }
        Ok(places)
    }
}

/// What changed after `modseq`, as a mailbox's row is.
async fn since(
    tx: &mut lampion_db::Tx,
    row: &Mailbox,
    modseq: ModSeq,
) -> Result<Changes, MailError> {
    let changed = items(tx, row.id, "modseq > $2", [modseq]).await?;
    // UID 0 stands for: what went then is forgotten (`prune`).
    let mut vanished: Vec<Uid> = query(
        "select uid from mail_expunged where mailbox = $1 and modseq > $2
         union all select 0 as uid from mail_mailbox where id = $3 and forgotten > $4",
    )
    .bind(row.id.0)
    .bind(modseq)
    .bind(row.id.0)
    .bind(modseq)
    .fetch_all(&mut **tx)
    .await?
    .iter()
    .map(|row| super::narrow(row, "uid"))
    .collect::<Result<_, _>>()?;
    if vanished.contains(&0) {
        let here: BTreeSet<Uid> = query_scalar("select uid from mail_item where mailbox = $1")
            .bind(row.id.0)
            .fetch_all(&mut **tx)
            .await?
            .into_iter()
            .filter_map(|uid: i64| Uid::try_from(uid).ok())
            .collect();
        vanished = (1..row.uid_next)
            .filter(|uid| !here.contains(uid))
            .collect();
    }
    vanished.sort_unstable();
    vanished.dedup();
    Ok(Changes { changed, vanished })
}

/// A view out of a snapshot, what changed since, and what came behind it; and how many rows were read.
async fn unpacked(
    tx: &mut lampion_db::Tx,
    row: &Mailbox,
    snapshot: Snapshot,
) -> Result<(View, usize), MailError> {
    let mut changes = since(tx, row, snapshot.modseq).await?;
    let end = Uid::try_from(snapshot.uid_end).unwrap_or(Uid::MAX);
    changes.changed.retain(|item| item.uid < end);
    let behind = items(tx, row.id, "uid >= $2", [snapshot.uid_end]).await?;
    let rows = changes.changed.len() + behind.len();
    let packed = snapshot.items.view(row.clone());
    // What went is told of those, too, that the snapshot never had.
    changes.vanished.retain(|uid| packed.by_uid(*uid).is_some());
    changes.changed.extend(behind);
    Ok((packed.with(row.clone(), &changes), rows))
}

/// Items of a mailbox, by UID; `values` are `$2` and so on. One row of text instead of one row for each: a tenth of the time
/// for many.
pub(super) async fn items<const N: usize>(
    tx: &mut lampion_db::Tx,
    mailbox: MailboxId,
    condition: &'static str,
    values: [i64; N],
) -> Result<Vec<Item>, MailError> {
    let sql = format!(
        "select coalesce(string_agg(concat_ws(' ', uid, message, thread, flags, modseq, internal_ms, saved_ms, size_bytes), ';'), '')
         from mail_item where mailbox = $1 and {condition}"
    );
    let statement = query(lampion_db::AssertSqlSafe(sql)).bind(mailbox.0);
    let text: String = values
        .iter()
        .fold(statement, |statement, value| statement.bind(*value))
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)?;
    let mut items = text
        .split(';')
        .filter(|part| !part.is_empty())
        .map(|part| item(part).ok_or_else(|| MailError::Fault("an item can't be read".into())))
        .collect::<Result<Vec<_>, _>>()?;
    items.sort_unstable_by_key(|item| item.uid);
    let sql = format!(
        "select uid, keywords from mail_item where mailbox = $1 and {condition} and keywords <> ''"
    );
    let statement = query_as(lampion_db::AssertSqlSafe(sql)).bind(mailbox.0);
    let keywords: Vec<(i64, String)> = values
        .iter()
        .fold(statement, |statement, value| statement.bind(*value))
        .fetch_all(&mut **tx)
        .await?;
    for (uid, keywords) in keywords {
        let found = Uid::try_from(uid)
            .ok()
            .and_then(|uid| items.binary_search_by_key(&uid, |item| item.uid).ok())
            .and_then(|at| items.get_mut(at));
        if let Some(item) = found {
            item.keywords = keywords.into();
        }
    }
    Ok(items)
}

fn item(text: &str) -> Option<Item> {
    let mut fields = text.split(' ');
    let mut next = || fields.next()?.parse::<i64>().ok();
    Some(Item {
        uid: next()?.try_into().ok()?,
        message: MessageId(next()?),
        thread: next()?,
        flags: Flags(next()?.try_into().ok()?),
        keywords: "".into(),
        modseq: next()?,
        internal_ms: next()?,
        saved_ms: next()?,
        size_bytes: u32::try_from(next()?).unwrap_or(u32::MAX),
    })
}
