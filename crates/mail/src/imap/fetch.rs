//! FETCH: flags, dates and sizes come out of the view, envelopes and structures out of rows, bodies by ranges.
//!
//! What is not in the view is read, opened and unpacked ahead, some messages at a time, in tasks of their own: while one lot is
//! written the next are made ready on other processors. Answers keep their order; [`AHEAD`] lots bound the memory.

use std::collections::VecDeque;
use std::sync::Arc;

use lampion_mailproto::imap::command::FetchCommand;
use lampion_mailproto::imap::date::write_date_time;
use lampion_mailproto::imap::fetch::FetchItem;
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::mime::{Structure, bodystructure};
use lampion_mailproto::put;
use tokio_util::task::AbortOnDropHandle;

use super::body::is_whole;
use super::selected::{Member, Selected, flags};
use super::session::{Answer, Done, Failure, Session};
use crate::store::{
    CONTENTS_AT_ONCE, Content, Detail, FlagAction, FlagChange, Flags, MailError, MessageId,
    ROW_LIMIT_BYTES, Store,
};

/// Messages whose rows are read at once.
const BATCH: usize = 256;
/// Bytes of short messages that are read at once.
const BATCH_BYTES: usize = 512 * 1024;
/// Lots that are read while another is written.
const AHEAD: usize = 2;

/// What a command needs beside the view.
#[derive(Clone, Copy)]
struct Needs {
    envelope: bool,
    /// Parts or preview, out of the row.
    detail: bool,
    content: bool,
    /// Marks messages as read.
    seen: bool,
}

impl Needs {
    fn of(items: &[FetchItem]) -> Self {
        let mut needs = Self {
            envelope: false,
            detail: false,
            content: false,
            seen: false,
        };
        for item in items {
            match item {
                FetchItem::Envelope => needs.envelope = true,
                FetchItem::BodyStructure { .. } | FetchItem::Preview { .. } => needs.detail = true,
                FetchItem::Body { peek, .. } | FetchItem::Binary { peek, .. } => {
                    needs.content = true;
                    needs.seen |= !peek;
                }
                FetchItem::BinarySize { .. } => needs.content = true,
                _ => {}
            }
        }
        needs
    }

    /// Nothing has to be read.
    fn is_none(self) -> bool {
        !(self.envelope || self.detail || self.content)
    }
}

/// What was read of some messages, each by message.
#[derive(Default)]
struct Lot {
    details: Vec<(MessageId, Detail)>,
    envelopes: Vec<(MessageId, Arc<str>)>,
    contents: Vec<(MessageId, Content)>,
}

impl Lot {
    async fn read(store: Store, ids: Vec<MessageId>, needs: Needs) -> Result<Self, MailError> {
        let mut lot = Self::default();
        if needs.detail {
            let details = store.details(&ids).await?;
            lot.details = details.into_iter().map(|one| (one.message, one)).collect();
            lot.details.sort_unstable_by_key(|(id, _)| *id);
        } else if needs.envelope {
            lot.envelopes = store.envelopes(&ids).await?;
        }
        if needs.content {
            lot.contents = store.contents(&ids).await?;
            lot.contents.sort_unstable_by_key(|(id, _)| *id);
        }
        Ok(lot)
    }

    /// What was read of a message; `None` if it is gone.
    fn parts(&self, id: MessageId, needs: Needs) -> Option<Parts<'_>> {
        let parts = Parts {
            detail: of(&self.details, id),
            envelope: of(&self.envelopes, id),
            content: of(&self.contents, id),
        };
        let lacks = (needs.detail && parts.detail.is_none())
            || (needs.envelope && parts.envelope().is_none())
            || (needs.content && parts.content.is_none());
        (!lacks).then_some(parts)
    }
}

fn of<T>(all: &[(MessageId, T)], id: MessageId) -> Option<&T> {
    let at = all.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    all.get(at).map(|(_, one)| one)
}

/// The messages of a command that are still to come.
struct Coming {
    places: VecDeque<(usize, usize)>,
    /// Only those that changed after this.
    since: Option<i64>,
    needs: Needs,
}

impl Coming {
    /// The next some.
    fn next(&mut self, selected: &Selected) -> Vec<Member> {
        let limit = match self.needs.content {
            true => CONTENTS_AT_ONCE,
            false => BATCH,
        };
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some((from, to)) = self.places.front_mut() {
            let at = *from;
            if at >= *to {
                self.places.pop_front();
                continue;
            }
            *from += 1;
            let Some(member) = selected.member(at) else {
                continue;
            };
            if self.since.is_some_and(|since| member.item.modseq <= since) {
                continue;
            }
            let size = usize::try_from(member.item.size_bytes).unwrap_or(usize::MAX);
            // Longer ones are read piece by piece.
            if size <= ROW_LIMIT_BYTES {
                bytes += size;
            }
            batch.push(member);
            if batch.len() >= limit || (self.needs.content && bytes >= BATCH_BYTES) {
                break;
            }
        }
        batch
    }
}

impl Session {
    pub(super) async fn fetch(&mut self, mut command: FetchCommand) -> Done {
        if command.uid && !command.items.contains(&FetchItem::Uid) {
            command.items.insert(0, FetchItem::Uid);
        }
        let since = command
            .modifiers
            .changed_since
            .map(|since| i64::try_from(since).unwrap_or(i64::MAX));
        if since.is_some() {
            self.enable_condstore();
            if !command.items.contains(&FetchItem::ModSeq) {
                command.items.push(FetchItem::ModSeq);
            }
        }
        if command.items.contains(&FetchItem::ModSeq) {
            self.enable_condstore();
        }
        let Some(selected) = &self.selected else {
            return Ok(Answer::Bad("select a mailbox first".into()));
        };
        let places = selected.places(&command.set, command.uid);
        if let (true, Some(since)) = (command.modifiers.vanished, since) {
            self.tell_vanished(&command, since).await?;
        }
        let needs = Needs::of(&command.items);
        let mut coming = Coming {
            places: places.into(),
            since,
            needs,
        };
        let (mut missing, mut odd) = (false, false);
        let mut ahead: VecDeque<(Vec<Member>, AbortOnDropHandle<_>)> = VecDeque::new();
        loop {
            while let Some(selected) = self.selected.as_ref().filter(|_| ahead.len() <= AHEAD) {
                let batch = coming.next(selected);
                if batch.is_empty() {
                    break;
                }
                if needs.is_none() {
                    self.write_lot(batch, &command.items, needs, &Lot::default())
                        .await?;
                    continue;
                }
                let ids = batch.iter().map(|member| member.item.message).collect();
                let reading = tokio::spawn(Lot::read(self.store(), ids, needs));
                ahead.push_back((batch, AbortOnDropHandle::new(reading)));
            }
            let Some((batch, reading)) = ahead.pop_front() else {
                break;
            };
            let lot = reading
                .await
                .unwrap_or_else(|error| Err(MailError::Away(error.to_string())))?;
            let (lacks, undecoded) = self.write_lot(batch, &command.items, needs, &lot).await?;
            missing |= lacks;
            odd |= undecoded;
        }
        if odd {
            return Ok(Answer::No(
                "[UNKNOWN-CTE] a part is not there, or in an unknown encoding".into(),
            ));
        }
        if missing {
            return Ok(Answer::No(
                "[EXPUNGEISSUED] some are not there any more".into(),
            ));
        }
        Answer::done("that is all")
    }

    /// RFC 7162 §3.2.6
    async fn tell_vanished(&mut self, command: &FetchCommand, since: i64) -> Result<(), Failure> {
        let store = self.store();
        let Some(selected) = &self.selected else {
            return Ok(());
        };
        let last = selected.view.mailbox.uid_next.saturating_sub(1).max(1);
        let ranges = command.set.resolve(last).unwrap_or_default();
        let changes = store.changes(selected.id, since).await?;
        let gone = changes
            .vanished
            .iter()
            .copied()
            .filter(|uid| set::holds(&ranges, *uid) && selected.view.by_uid(*uid).is_none());
        let gone = set::ranges_of(gone);
        if !gone.is_empty() {
            self.wire.out.extend_from_slice(b"* VANISHED (EARLIER) ");
            write::ranges(&gone, &mut self.wire.out);
            self.wire.out.extend_from_slice(b"\r\n");
        }
        Ok(())
    }

    /// Writes what was read; whether some messages are gone, and whether a part of one could not be decoded.
    async fn write_lot(
        &mut self,
        mut batch: Vec<Member>,
        items: &[FetchItem],
        needs: Needs,
        lot: &Lot,
    ) -> Result<(bool, bool), Failure> {
        let newly_seen = self.mark_seen(&mut batch, needs).await?;
        let (mut missing, mut odd) = (false, false);
        for member in &batch {
            let Some(parts) = lot.parts(member.item.message, needs) else {
                missing = true;
                continue;
            };
            let also_flags =
                newly_seen.contains(&member.item.uid) && !items.contains(&FetchItem::Flags);
            odd |= !self.fetch_one(member, items, &parts, also_flags).await?;
            self.wire.relieve().await?;
        }
        Ok((missing, odd))
    }

    /// Marks what is about to be read; gives the UIDs that were not marked before.
    async fn mark_seen(&mut self, batch: &mut [Member], needs: Needs) -> Result<Vec<u32>, Failure> {
        let store = self.store();
        let Some(selected) = self
            .selected
            .as_mut()
            .filter(|selected| needs.seen && selected.may("s").is_ok())
        else {
            return Ok(Vec::new());
        };
        let uids: Vec<u32> = batch
            .iter()
            .filter(|member| member.there && !member.item.flags.has(Flags::SEEN))
            .map(|member| member.item.uid)
            .collect();
        if uids.is_empty() {
            return Ok(uids);
        }
        let change = FlagChange {
            action: FlagAction::Add,
            flags: Flags::SEEN,
            keywords: Vec::new(),
        };
        let stored = store.store_flags(selected.id, &uids, &change, None).await?;
        for item in stored.items {
            selected.told.push((item.uid, item.modseq));
            if let Ok(at) = batch.binary_search_by_key(&item.uid, |member| member.item.uid)
                && let Some(member) = batch.get_mut(at)
            {
                member.item = item;
            }
        }
        Ok(uids)
    }

    /// One `* 3 FETCH (…)`; `false` if a part could not be decoded.
    async fn fetch_one(
        &mut self,
        member: &Member,
        items: &[FetchItem],
        parts: &Parts<'_>,
        also_flags: bool,
    ) -> Result<bool, Failure> {
        let structure = parts.structure(items)?;
        self.tell_keywords(&member.item);
        put!(self.wire.out, "* {} FETCH (", member.number);
        let (mut first, mut fine) = (true, true);
        for item in items {
            let before = self.wire.out.len();
            if !first {
                self.wire.out.push(b' ');
            }
            if !self
                .fetch_item(member, item, parts, structure.as_ref())
                .await?
            {
                self.wire.out.truncate(before);
                fine = false;
                continue;
            }
            first = false;
        }
        if also_flags {
            if !first {
                self.wire.out.push(b' ');
            }
            self.wire.out.extend_from_slice(b"FLAGS ");
            let recent = self
                .selected
                .as_ref()
                .is_some_and(|selected| selected.is_recent(member.item.uid));
            flags(&member.item, recent, &mut self.wire.out);
            if self.condstore && !items.contains(&FetchItem::ModSeq) {
                put!(self.wire.out, " MODSEQ ({})", member.item.modseq);
            }
        }
        self.wire.out.extend_from_slice(b")\r\n");
        Ok(fine)
    }

    async fn fetch_item(
        &mut self,
        member: &Member,
        item: &FetchItem,
        parts: &Parts<'_>,
        structure: Option<&Structure>,
    ) -> Result<bool, Failure> {
        let utf8 = self.utf8;
        let own = &member.item;
        let out = &mut self.wire.out;
        match item {
            FetchItem::Uid => put!(out, "UID {}", own.uid),
            FetchItem::Flags => {
                out.extend_from_slice(b"FLAGS ");
                let recent = self
                    .selected
                    .as_ref()
                    .is_some_and(|selected| selected.is_recent(own.uid));
                flags(own, recent, out);
            }
            FetchItem::InternalDate => {
                out.extend_from_slice(b"INTERNALDATE ");
                write_date_time(own.internal_ms, out);
            }
            FetchItem::SaveDate => {
                out.extend_from_slice(b"SAVEDATE ");
                write_date_time(own.saved_ms, out);
            }
            FetchItem::Rfc822Size => put!(out, "RFC822.SIZE {}", own.size_bytes),
            FetchItem::ModSeq => put!(out, "MODSEQ ({})", own.modseq),
            FetchItem::EmailId => put!(out, "EMAILID (M{})", own.message.0),
            FetchItem::ThreadId => put!(out, "THREADID (T{})", own.thread),
            FetchItem::Envelope => {
                out.extend_from_slice(b"ENVELOPE ");
                out.extend_from_slice(parts.envelope().unwrap_or("NIL").as_bytes());
            }
            FetchItem::Preview { .. } => {
                out.extend_from_slice(b"PREVIEW ");
                let preview = parts.detail.map(|detail| detail.preview.as_bytes());
                write::string(preview.unwrap_or_default(), utf8, out);
            }
            FetchItem::BodyStructure { extended } => {
                let name = if *extended { "BODYSTRUCTURE" } else { "BODY" };
                let Some(structure) = structure else {
                    return Ok(false);
                };
                put!(out, "{name} {}", bodystructure(structure, *extended));
            }
            FetchItem::Body {
                name,
                section,
                partial,
                ..
            } => {
                let Some(content) = parts.content else {
                    return Ok(false);
                };
                self.write_section(*name, section, *partial, structure, content)
                    .await?;
            }
            FetchItem::Binary { path, partial, .. } => {
                let (Some(structure), Some(content)) = (structure, parts.content) else {
                    return Ok(false);
                };
                return self.write_binary(path, *partial, structure, content).await;
            }
            FetchItem::BinarySize { path } => {
                let (Some(structure), Some(content)) = (structure, parts.content) else {
                    return Ok(false);
                };
                return self.write_binary_size(path, structure, content).await;
            }
        }
        Ok(true)
    }
}

/// What was read of a message.
struct Parts<'d> {
    detail: Option<&'d Detail>,
    envelope: Option<&'d Arc<str>>,
    content: Option<&'d Content>,
}

impl Parts<'_> {
    fn envelope(&self) -> Option<&str> {
        let own = self.envelope.map(|envelope| &**envelope);
        own.or(self.detail.map(|detail| detail.envelope.as_str()))
    }

    /// The tree of parts, if one of the items needs it.
    fn structure(&self, items: &[FetchItem]) -> Result<Option<Structure>, MailError> {
        let needed = items.iter().any(|item| match item {
            FetchItem::BodyStructure { .. }
            | FetchItem::Binary { .. }
            | FetchItem::BinarySize { .. } => true,
            FetchItem::Body { section, .. } => !is_whole(section),
            _ => false,
        });
        match (self.detail, self.content) {
            (Some(detail), _) if needed => structure(detail).map(Some),
            (None, Some(content)) if needed => content.structure().map(Some),
            _ => Ok(None),
        }
    }
}

/// A message's tree of parts.
pub(super) fn structure(detail: &Detail) -> Result<Structure, MailError> {
    postcard::from_bytes(&detail.structure)
        .map_err(|_| MailError::Damaged(detail.message.0, "its structure can't be read"))
}
