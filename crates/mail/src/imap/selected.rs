//! What a client knows of its mailbox, and how it learns what changed.

use std::sync::Arc;

use lampion_mailproto::imap::{SequenceSet, set, write};
use lampion_mailproto::put;
use tokio::sync::watch;

use super::rights;
use super::session::{Answer, Failure, Session, said};
use crate::access::Rights;
use crate::store::{Item, MailboxId, ModSeq, Store, Uid, View};

/// Ranges of recent messages that are remembered.
const RECENT_LIMIT: usize = 1_000;
/// Keywords of one mailbox that are told.
const KEYWORDS_LIMIT: usize = 1_000;

/// The selected mailbox.
pub(super) struct Selected {
    pub id: MailboxId,
    /// Its name as the client knows it.
    pub shown: String,
    /// What the person may do in it.
    pub rights: Rights,
    /// It was opened by EXAMINE.
    pub read_only: bool,
    /// What sequence numbers mean.
    pub view: Arc<View>,
    /// The newest that is known: what messages are now. The same as `view`, but where messages are gone that the client
    /// must not be told of yet.
    pub fresh: Arc<View>,
    /// Tells of changes.
    pub newest: watch::Receiver<ModSeq>,
    /// Changes that the client was told of as answers to its own commands.
    pub told: Vec<(Uid, ModSeq)>,
    /// Keywords that the client was told of.
    pub keywords: Vec<String>,
    /// The last saved search (`$`), as UIDs.
    pub saved: Vec<(u32, u32)>,
    /// UIDs of messages that are `\Recent` here, as ascending ranges; none for who enabled rev2, which knows no such flag.
    pub recent: Vec<(Uid, Uid)>,
}

/// A message of the selected mailbox.
#[derive(Clone)]
pub(super) struct Member {
    /// Its sequence number.
    pub number: u32,
    pub item: Item,
    /// Whether it is there still.
    pub there: bool,
}

impl Selected {
    /// Messages that came into the mailbox are recent here: for nobody else, unless it was opened to be read only
    /// (RFC 3501 §2.3.2).
    pub fn take_recent(&mut self, store: &Store) {
        let mailbox = &self.view.mailbox;
        let from = match self.read_only {
            true => store.recent_from(mailbox),
            false => store.claim_recent(mailbox),
        };
        let from = match self.recent.last() {
            Some((_, last)) => from.max(last + 1),
            None => from,
        };
        if from >= mailbox.uid_next {
            return;
        }
        let to = mailbox.uid_next - 1;
        match self.recent.last_mut().filter(|(_, last)| last + 1 == from) {
            Some((_, last)) => *last = to,
            None => self.recent.push((from, to)),
        }
        if self.recent.len() > RECENT_LIMIT {
            self.recent.remove(0);
        }
    }

    /// Whether a message is recent here.
    pub fn is_recent(&self, uid: Uid) -> bool {
        set::holds(&self.recent, uid)
    }

    /// How many messages are recent here.
    pub fn recents(&self) -> usize {
        let at = |uid| self.view.find(uid).unwrap_or_else(|at| at);
        let count = |(from, to): &(Uid, Uid)| at(to + 1) - at(*from);
        self.recent.iter().map(count).sum()
    }

    /// Refuses a change if the mailbox was opened to be read, or a right is missing.
    pub fn may(&self, rights: &str) -> Result<(), Answer> {
        if self.read_only {
            return Err(Answer::No(
                "[READ-ONLY] the mailbox was opened to be read only".into(),
            ));
        }
        for right in rights.chars() {
            rights::need(self.rights, right, &self.shown)
                .map_err(|error| Answer::No(said(&error)))?;
        }
        Ok(())
    }

    /// The sequence number of a UID.
    pub fn number(&self, uid: Uid) -> Option<u32> {
        self.view
            .find(uid)
            .ok()
            .and_then(|at| u32::try_from(at + 1).ok())
    }

    /// Ascending ranges of a set: of UIDs, or of sequence numbers.
    pub fn ranges(&self, set: &SequenceSet, uid: bool) -> Vec<(u32, u32)> {
        let last = if uid {
            self.view
                .len()
                .checked_sub(1)
                .and_then(|at| self.view.get(at))
                .map_or(0, |item| item.uid)
        } else {
            u32::try_from(self.view.len()).unwrap_or(u32::MAX)
        };
        match set.resolve(last) {
            Some(ranges) => ranges,
            None if uid => self.saved.clone(),
            None => set::ranges_of(
                self.view
                    .iter()
                    .zip(1u32..)
                    .filter(|(item, _)| set::holds(&self.saved, item.uid))
                    .map(|(_, number)| number),
            ),
        }
    }

    /// Places (from, to; the end not included) of the messages of a set.
    pub fn places(&self, set: &SequenceSet, uid: bool) -> Vec<(usize, usize)> {
        let count = self.view.len();
        self.ranges(set, uid)
            .into_iter()
            .filter_map(|(from, to)| {
                let (from, to) = if uid {
                    let at = |uid| self.view.find(uid).unwrap_or_else(|at| at);
                    (at(from), to.checked_add(1).map_or(count, at))
                } else {
                    (from.saturating_sub(1) as usize, (to as usize).min(count))
                };
                (from < to).then_some((from, to))
            })
            .collect()
    }

    /// The message at a place as it is now.
    pub fn member(&self, at: usize) -> Option<Member> {
        let known = self.view.get(at)?;
        let number = u32::try_from(at + 1).ok()?;
        if Arc::ptr_eq(&self.view, &self.fresh) {
            return Some(Member {
                number,
                item: known.clone(),
                there: true,
            });
        }
        let now = self.fresh.by_uid(known.uid);
        Some(Member {
            number,
            item: now.unwrap_or(known).clone(),
            there: now.is_some(),
        })
    }

    /// UIDs of a set's messages, ascending.
    pub fn uids(&self, set: &SequenceSet, uid: bool) -> Vec<Uid> {
        self.places(set, uid)
            .into_iter()
            .flat_map(|(from, to)| self.view.from(from).take(to - from))
            .map(|item| item.uid)
            .collect()
    }
}

impl Session {
    /// `* 3 FETCH (UID 7 FLAGS (\Seen) MODSEQ (5))`
    pub(super) fn tell_flags(&mut self, number: u32, item: &Item, uid: bool) {
        self.tell_keywords(item);
        let out = &mut self.wire.out;
        put!(out, "* {number} FETCH (");
        if uid {
            put!(out, "UID {} ", item.uid);
        }
        out.extend_from_slice(b"FLAGS ");
        let recent = self
            .selected
            .as_ref()
            .is_some_and(|selected| selected.is_recent(item.uid));
        flags(item, recent, out);
        if self.condstore {
            put!(out, " MODSEQ ({})", item.modseq);
        }
        out.extend_from_slice(b")\r\n");
    }

    /// `* FLAGS (…)` if a message has a keyword that the client hasn't been told of (RFC 9051 §7.3.5).
    pub(super) fn tell_keywords(&mut self, item: &Item) {
        let Some(selected) = self.selected.as_mut() else {
            return;
        };
        let before = selected.keywords.len();
        for keyword in item.keywords.split(' ').filter(|one| !one.is_empty()) {
            let known = |one: &String| one.eq_ignore_ascii_case(keyword);
            if !selected.keywords.iter().any(known) && selected.keywords.len() < KEYWORDS_LIMIT {
                selected.keywords.push(keyword.into());
            }
        }
        if selected.keywords.len() > before {
            let out = &mut self.wire.out;
            out.extend_from_slice(b"* FLAGS ");
            write::flags(31, selected.keywords.iter().map(String::as_str), out);
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Tells the client what changed in its mailbox. Where messages are gone and it may not be told (`may_expunge`), it is
    /// told nothing. With `look`, the database is asked; else what this process knows is enough.
    pub(super) async fn sync(&mut self, may_expunge: bool, look: bool) -> Result<(), Failure> {
        let store = self.store();
        let Some(selected) = self.selected.as_mut() else {
            return Ok(());
        };
        let newest = *selected.newest.borrow_and_update();
        if !look
            && newest <= selected.fresh.modseq()
            && Arc::ptr_eq(&selected.view, &selected.fresh)
        {
            return Ok(());
        }
        let later = if look {
            store.view(selected.id).await?
        } else {
            store.view_at(selected.id, newest).await?
        };
        if later.modseq() >= selected.fresh.modseq() {
            selected.fresh = later;
        }
        let changes = selected.view.changes_to(&selected.fresh);
        if changes.changed.is_empty() && changes.vanished.is_empty() {
            selected.view = Arc::clone(&selected.fresh);
            return Ok(());
        }
        if !changes.vanished.is_empty() && !may_expunge {
            return Ok(());
        }
        if !self.still_allowed().await? {
            return Ok(());
        }
        let Some(selected) = self.selected.as_mut() else {
            return Ok(());
        };
        let before = Arc::clone(&selected.view);
        let told = std::mem::take(&mut selected.told);
        selected.view = Arc::clone(&selected.fresh);
        self.tell_gone(&before, &changes.vanished);
        let last = before
            .len()
            .checked_sub(1)
            .and_then(|at| before.get(at))
            .map_or(0, |item| item.uid);
        let Some(count) = self.selected.as_ref().map(|selected| selected.view.len()) else {
            return Ok(());
        };
        if count != before.len() - changes.vanished.len() {
            put!(self.wire.out, "* {count} EXISTS\r\n");
            if let Some(selected) = self.selected.as_mut().filter(|_| !self.rev2) {
                selected.take_recent(&store);
                put!(self.wire.out, "* {} RECENT\r\n", selected.recents());
            }
        }
        for item in changes.changed.iter().filter(|item| item.uid <= last) {
            if told.contains(&(item.uid, item.modseq)) {
                continue;
            }
            let number = self
                .selected
                .as_ref()
                .and_then(|selected| selected.number(item.uid));
            if let Some(number) = number {
                self.tell_flags(number, item, true);
            }
            self.wire.relieve().await?;
        }
        Ok(())
    }

    /// `EXPUNGE`, or `VANISHED` for those who enabled QRESYNC, of UIDs that were in a view.
    pub(super) fn tell_gone(&mut self, before: &View, gone: &[Uid]) {
        if gone.is_empty() {
            return;
        }
        let out = &mut self.wire.out;
        if self.qresync {
            out.extend_from_slice(b"* VANISHED ");
            write::ranges(&set::ranges_of(gone.iter().copied()), out);
            out.extend_from_slice(b"\r\n");
            return;
        }
        // From the end, so that none changes the number of another.
        for uid in gone.iter().rev() {
            if let Ok(at) = before.find(*uid) {
                put!(out, "* {} EXPUNGE\r\n", at + 1);
            }
        }
    }
}

/// `(\Seen \Recent $Forwarded)`
pub(super) fn flags(item: &Item, recent: bool, out: &mut Vec<u8>) {
    let keywords = item
        .keywords
        .split(' ')
        .filter(|keyword| !keyword.is_empty());
    let keywords = recent.then_some("\\Recent").into_iter().chain(keywords);
    write::flags(u8::try_from(item.flags.0 & 31).unwrap_or(0), keywords, out);
}
