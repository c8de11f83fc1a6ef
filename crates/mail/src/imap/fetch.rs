//! FETCH: flags, dates and sizes come out of the view, envelopes and structures out of rows, bodies by ranges.

use std::collections::HashMap;

use lampion_mailproto::imap::command::FetchCommand;
use lampion_mailproto::imap::date::write_date_time;
use lampion_mailproto::imap::fetch::{FetchItem, SectionText};
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::mime::{Structure, bodystructure};
use lampion_mailproto::put;

use super::selected::{Member, flags};
use super::session::{Answer, Done, Failure, Session};
use crate::store::{
    CONTENTS_AT_ONCE, Content, Detail, FlagAction, FlagChange, Flags, MailError, MessageId,
};

/// Messages whose rows are read at once.
const BATCH: usize = 500;

/// What a command needs beside the view.
struct Needs {
    /// Only the envelope.
    envelope: bool,
    /// All of the row.
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
                    needs.detail = true;
                    needs.content = true;
                    needs.seen |= !peek;
                }
                FetchItem::BinarySize { .. } => {
                    needs.detail = true;
                    needs.content = true;
                }
                _ => {}
            }
        }
        needs
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
            self.condstore = true;
            if !command.items.contains(&FetchItem::ModSeq) {
                command.items.push(FetchItem::ModSeq);
            }
        }
        if command.items.contains(&FetchItem::ModSeq) {
            self.condstore = true;
        }
        let Some(selected) = &self.selected else {
            return Ok(Answer::Bad("select a mailbox first".into()));
        };
        let places = selected.places(&command.set, command.uid);
        if let (true, Some(since)) = (command.modifiers.vanished, since) {
            self.tell_vanished(&command, since).await?;
        }
        let needs = Needs::of(&command.items);
        let (mut batch, mut missing, mut odd) = (Vec::new(), false, false);
        for (from, to) in places {
            for at in from..to {
                let member = self
                    .selected
                    .as_ref()
                    .and_then(|selected| selected.member(at));
                let Some(member) = member else { continue };
                if since.is_some_and(|since| member.item.modseq <= since) {
                    continue;
                }
                batch.push(member);
                if batch.len() >= BATCH {
                    let some = std::mem::take(&mut batch);
                    self.fetch_batch(some, &command.items, &needs, (&mut missing, &mut odd))
                        .await?;
                }
            }
        }
        self.fetch_batch(batch, &command.items, &needs, (&mut missing, &mut odd))
            .await?;
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

    async fn fetch_batch(
        &mut self,
        mut batch: Vec<Member>,
        items: &[FetchItem],
        needs: &Needs,
        (missing, odd): (&mut bool, &mut bool),
    ) -> Result<(), Failure> {
        if batch.is_empty() {
            return Ok(());
        }
        let store = self.store();
        let newly_seen = self.mark_seen(&mut batch, needs).await?;
        let ids: Vec<MessageId> = batch.iter().map(|member| member.item.message).collect();
        let mut details: HashMap<MessageId, Detail> = HashMap::new();
        let mut envelopes: HashMap<MessageId, String> = HashMap::new();
        if needs.detail {
            details = store
                .details(&ids)
                .await?
                .into_iter()
                .map(|one| (one.message, one))
                .collect();
        } else if needs.envelope {
            envelopes = store.envelopes(&ids).await?.into_iter().collect();
        }
        let mut contents: HashMap<MessageId, Content> = HashMap::new();
        for (n, member) in batch.iter().enumerate() {
            let id = member.item.message;
            if needs.content && n.is_multiple_of(CONTENTS_AT_ONCE) {
                let ids = ids.get(n..).unwrap_or_default();
                contents = store.contents(ids).await?.into_iter().collect();
            }
            let lacks = (needs.detail && !details.contains_key(&id))
                || (needs.envelope && !needs.detail && !envelopes.contains_key(&id));
            let content = contents.get(&id);
            if lacks || (needs.content && content.is_none()) {
                *missing = true;
                continue;
            }
            let parts = Parts {
                detail: details.get(&id),
                envelope: envelopes.get(&id),
                content,
            };
            let also_flags =
                newly_seen.contains(&member.item.uid) && !items.contains(&FetchItem::Flags);
            *odd |= !self.fetch_one(member, items, &parts, also_flags).await?;
            self.wire.relieve().await?;
        }
        Ok(())
    }

    /// Marks what is about to be read; gives the UIDs that were not marked before.
    async fn mark_seen(
        &mut self,
        batch: &mut [Member],
        needs: &Needs,
    ) -> Result<Vec<u32>, Failure> {
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
            flags(&member.item, &mut self.wire.out);
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
                flags(own, out);
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
                let envelope = parts
                    .envelope
                    .or(parts.detail.map(|detail| &detail.envelope));
                put!(out, "ENVELOPE {}", envelope.map_or("NIL", String::as_str));
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
                let (Some(structure), Some(content)) = (structure, parts.content) else {
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
    envelope: Option<&'d String>,
    content: Option<&'d Content>,
}

impl Parts<'_> {
    /// The tree of parts, if one of the items needs it.
    fn structure(&self, items: &[FetchItem]) -> Result<Option<Structure>, MailError> {
        let needed = items.iter().any(|item| match item {
            FetchItem::BodyStructure { .. }
            | FetchItem::Binary { .. }
            | FetchItem::BinarySize { .. } => true,
            FetchItem::Body { section, .. } => {
                !matches!(section.text, Some(SectionText::Mime) if section.path.is_empty())
            }
            _ => false,
        });
        match self.detail {
            Some(detail) if needed => structure(detail).map(Some),
            _ => Ok(None),
        }
    }
}

/// A message's tree of parts.
pub(super) fn structure(detail: &Detail) -> Result<Structure, MailError> {
    postcard::from_bytes(&detail.structure)
        .map_err(|_| MailError::Damaged(detail.message.0, "its structure can't be read"))
}
