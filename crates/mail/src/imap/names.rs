//! Mailboxes by name: LIST, LSUB, STATUS, CREATE, DELETE, RENAME, SUBSCRIBE, NAMESPACE.

use std::collections::BTreeMap;

use lampion_mailproto::imap::command::{ListCommand, StatusItem};
use lampion_mailproto::imap::list::matches;
use lampion_mailproto::imap::{Body, write};
use lampion_mailproto::put;

use super::rights::{self, Found, SHARED, is_shared};
use super::session::{Answer, Done, Failure, Session};
use crate::store::{Flags, MailError, Special};

/// A name that LIST may show; without a mailbox it is only above others, or subscribed although its mailbox is gone.
#[derive(Default)]
struct Entry {
    found: Option<Found>,
    /// It has no mailbox, but is subscribed.
    gone: bool,
    children: bool,
    /// Something below it is selected by the options.
    child_selected: bool,
}

impl Session {
    pub(super) async fn names(&mut self, body: Body) -> Done {
        match body {
            Body::Namespace => {
                put!(
                    self.wire.out,
                    "* NAMESPACE ((\"\" \"/\")) NIL ((\"{SHARED}/\" \"/\"))\r\n"
                );
                Answer::done("your mailboxes have no prefix")
            }
            Body::Create { mailbox, special } => {
                let wanted = match special.as_slice() {
                    [] => None,
                    [one] => match Special::from_attribute(one) {
                        Some(special) => Some(special),
                        None => return Ok(Answer::No("[USEATTR] this use is not known".into())),
                    },
                    _ => return Ok(Answer::No("[USEATTR] a mailbox has one use".into())),
                };
                // RFC 9051 §6.3.4: a separator at the end only says that others will be below it.
                let name = mailbox.trim_end_matches('/');
                let place = self.place_for_new(name).await?;
                if wanted.is_some() && !place.own() {
                    return Ok(Answer::No(
                        "[USEATTR] only your own mailboxes have a use".into(),
                    ));
                }
                let store = self.store();
                // Programs say themselves which mailboxes they show.
                match store
                    .make_mailbox(&place.account, &place.name, wanted, !place.own())
                    .await
                {
                    Ok(made) => Ok(Answer::Ok(format!("[MAILBOXID (F{})] made", made.id.0))),
                    Err(MailError::Refused(text)) if wanted.is_some() => {
                        Ok(Answer::No(format!("[USEATTR] {text}")))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Body::Delete(name) => {
                let mailbox = self.find(&name, 'x').await?.mailbox;
                if self
                    .selected
                    .as_ref()
                    .is_some_and(|selected| selected.id == mailbox.id)
                {
                    self.selected = None;
                }
                let store = self.store();
                store
                    .delete_mailbox(&mailbox.account, &mailbox.name)
                    .await?;
                Answer::done("deleted")
            }
            Body::Rename { from, to } => {
                let mailbox = self.find(&from, 'x').await?.mailbox;
                let place = self.place_for_new(&to).await?;
                if place.account != mailbox.account {
                    return Ok(Answer::No(
                        "[CANNOT] a mailbox stays with whom it belongs to: make another one and move the messages".into(),
                    ));
                }
                let store = self.store();
                let before = store.mailboxes(&mailbox.account).await?;
                store
                    .rename_mailbox(&mailbox.account, &mailbox.name, &place.name)
                    .await?;
                // RFC 9051 §6.3.7: no name leaves the list but by UNSUBSCRIBE.
                for one in before.iter().filter(|one| one.subscribed) {
                    let below = one.name.strip_prefix(&mailbox.name);
                    if below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                        store
                            .keep_subscribed_name(&mailbox.account, &one.name)
                            .await?;
                    }
                }
                Answer::done("renamed")
            }
            Body::Subscribe(name) => {
                self.subscribe(&name, true).await?;
                Answer::done("subscribed")
            }
            Body::Unsubscribe(name) => match self.subscribe(&name, false).await {
                // RFC 9051 §6.3.8: what isn't subscribed may be unsubscribed from.
                Ok(()) | Err(MailError::NoSuchMailbox(_)) => Answer::done("unsubscribed"),
                Err(error) => Err(error.into()),
            },
            Body::List(command) => self.list(&command).await,
            Body::Lsub { reference, pattern } => self.lsub(&reference, &pattern).await,
            Body::Status { mailbox, items } => {
                let found = self.find(&mailbox, 'r').await?;
                self.status(&found, &items).await?;
                Answer::done("that is how it is")
            }
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    /// Where a new mailbox would lie, if it may be made there.
    async fn place_for_new(&self, name: &str) -> Result<rights::Place, MailError> {
        let place = self.place(name).await?;
        if !place.own() {
            // RFC 4314 §4: on the nearest mailbox above; an account's mailboxes give the same rights.
            let above = place
                .name
                .rsplit_once('/')
                .map_or("INBOX", |(above, _)| above);
            rights::need(place.rights, 'k', &rights::shown(&place.prefix, above))?;
        } else if is_shared(name) {
            // Said to everybody in the same words, so that nobody learns which shared mailboxes there are.
            return Err(MailError::BadName {
                name: name.chars().take(60).collect(),
                reason: "names that begin with Shared are those of mailboxes that others share with you",
            });
        }
        Ok(place)
    }

    /// Whether programs show a mailbox; of shared ones everybody decides for themselves.
    async fn subscribe(&self, name: &str, subscribed: bool) -> Result<(), MailError> {
        let found = match (self.find(name, 'l').await, &self.who) {
            (Ok(found), _) => found,
            (Err(error @ MailError::NoSuchMailbox(_)), Some(who)) if !subscribed => {
                let place = self.place(name).await?;
                if !place.own() {
                    return Err(error);
                }
                return self
                    .store()
                    .subscribe(&who.account, &place.name, false)
                    .await;
            }
            (Err(error), _) => return Err(error),
        };
        let mailbox = &found.mailbox;
        match &self.who {
            Some(who) if who.account != mailbox.account => {
                let local = self.shared.mail.local();
                local
                    .subscribe_other(&who.account, mailbox.id, subscribed)
                    .await
            }
            _ => {
                let store = self.store();
                store
                    .subscribe(&mailbox.account, &mailbox.name, subscribed)
                    .await
            }
        }
    }

    async fn list(&mut self, command: &ListCommand) -> Done {
        if !command.extended && command.patterns.iter().all(String::is_empty) {
            // RFC 9051 §6.3.9: only the separator is asked for.
            self.wire
                .out
                .extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
            return Answer::done("that is all");
        }
        let all = self.all().await?;
        let chosen = |found: &Found| {
            (!command.select.subscribed || found.mailbox.subscribed)
                && (!command.select.special_use || found.mailbox.special.is_some())
        };
        let patterns: Vec<String> = command
            .patterns
            .iter()
            .map(|pattern| format!("{}{pattern}", command.reference))
            .collect();
        let shown = |name: &str| patterns.iter().any(|pattern| matches(pattern, name));
        // RFC 5258 §3.5: what is above is told for the sake of those that no pattern shows.
        let mut entries = entries(all, &|found| chosen(found) && !shown(&found.shown));
        if command.select.subscribed && !command.select.special_use {
            for name in self.gone().await? {
                add_gone(&mut entries, name, |name| !shown(name));
            }
        }
        let mut waiting = Vec::new();
        for (name, entry) in &entries {
            if !shown(name) {
                continue;
            }
            let own = entry.gone || entry.found.as_ref().is_some_and(&chosen);
            let by_child = command.select.recursive && entry.child_selected;
            let above =
                entry.found.is_none() && !command.select.subscribed && !command.select.special_use;
            if !own && !by_child && !above {
                continue;
            }
            self.list_line(name, entry, command);
            if let (Some(_), Some(found)) = (&command.returns.status, &entry.found)
                && found.rights.has("r")
            {
                waiting.push(found.clone());
            }
            self.wire.relieve().await?;
        }
        if let Some(items) = &command.returns.status {
            for found in waiting {
                self.status(&found, items).await?;
            }
        }
        Answer::done("that is all")
    }

    fn list_line(&mut self, name: &str, entry: &Entry, command: &ListCommand) {
        let utf8 = self.utf8;
        let out = &mut self.wire.out;
        let mut attributes: Vec<&str> = Vec::new();
        match &entry.found {
            None => {
                attributes.push("\\NonExistent");
                if entry.gone {
                    attributes.push("\\Subscribed");
                }
            }
            Some(Found { mailbox, .. }) => {
                if let Some(special) = mailbox.special {
                    attributes.push(special.attribute());
                }
                if mailbox.subscribed && (command.returns.subscribed || command.select.subscribed) {
                    attributes.push("\\Subscribed");
                }
            }
        }
        attributes.push(if entry.children {
            "\\HasChildren"
        } else {
            "\\HasNoChildren"
        });
        put!(out, "* LIST ({}) \"/\" ", attributes.join(" "));
        write::mailbox(name, utf8, out);
        if command.select.recursive && entry.child_selected {
            let options = [
                (command.select.subscribed, "\"SUBSCRIBED\""),
                (command.select.special_use, "\"SPECIAL-USE\""),
            ];
            let names: Vec<&str> = options
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, name)| *name)
                .collect();
            put!(out, " (\"CHILDINFO\" ({}))", names.join(" "));
        }
        out.extend_from_slice(b"\r\n");
        if let (true, Some(found)) = (command.returns.my_rights, &entry.found) {
            out.extend_from_slice(b"* MYRIGHTS ");
            write::mailbox(name, utf8, out);
            put!(out, " {}\r\n", found.rights.for_all_programs());
        }
    }

    async fn lsub(&mut self, reference: &str, pattern: &str) -> Done {
        let all = self.all().await?;
        let mut entries = entries(all, &|found| found.mailbox.subscribed);
        for name in self.gone().await? {
            add_gone(&mut entries, name, |_| true);
        }
        let pattern = format!("{reference}{pattern}");
        for (name, entry) in &entries {
            let there = entry.found.as_ref();
            let own = entry.gone || there.is_some_and(|found| found.mailbox.subscribed);
            // RFC 3501 §6.3.9: with %, what is above a subscribed mailbox is shown too.
            let above = pattern.ends_with('%') && entry.child_selected;
            if !matches(&pattern, name) || (!own && !above) {
                continue;
            }
            let utf8 = self.utf8;
            let out = &mut self.wire.out;
            put!(
                out,
                "* LSUB ({}) \"/\" ",
                if own { "" } else { "\\Noselect" }
            );
            write::mailbox(name, utf8, out);
            out.extend_from_slice(b"\r\n");
        }
        Answer::done("that is all")
    }

    /// Names that are subscribed although their mailboxes are gone.
    async fn gone(&self) -> Result<Vec<String>, MailError> {
        match &self.who {
            Some(who) => self.store().subscribed_names(&who.account).await,
            None => Ok(Vec::new()),
        }
    }

    async fn status(&mut self, found: &Found, items: &[StatusItem]) -> Result<(), Failure> {
        let store = self.store();
        let mailbox = &found.mailbox;
        let mut deleted_bytes = 0u64;
        if items.contains(&StatusItem::DeletedStorage) && mailbox.deleted > 0 {
            let view = store.view(mailbox.id).await?;
            let gone = view.iter().filter(|item| item.flags.has(Flags::DELETED));
            deleted_bytes = gone.map(|item| u64::from(item.size_bytes)).sum();
        }
        let mut recent = 0;
        if items.contains(&StatusItem::Recent) && !self.rev2 {
            let from = store.recent_from(mailbox);
            if from < mailbox.uid_next {
                let view = store.view(mailbox.id).await?;
                recent = view.len() - view.find(from).unwrap_or_else(|at| at);
            }
        }
        let utf8 = self.utf8;
        if items.contains(&StatusItem::HighestModSeq) {
            self.enable_condstore();
        }
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* STATUS ");
        write::mailbox(&found.shown, utf8, out);
        out.extend_from_slice(b" (");
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                out.push(b' ');
            }
            let name = StatusItem::ALL
                .iter()
                .find(|(one, _)| one == item)
                .map_or("", |(_, name)| name);
            put!(out, "{name} ");
            match item {
                StatusItem::Messages => put!(out, "{}", mailbox.messages),
                StatusItem::Recent => put!(out, "{recent}"),
                StatusItem::UidNext => put!(out, "{}", mailbox.uid_next),
                StatusItem::UidValidity => put!(out, "{}", mailbox.uid_validity),
                StatusItem::Unseen => put!(out, "{}", mailbox.unseen),
                StatusItem::Deleted => put!(out, "{}", mailbox.deleted),
                StatusItem::DeletedStorage => put!(out, "{deleted_bytes}"),
                StatusItem::Size => put!(out, "{}", mailbox.size_bytes),
                StatusItem::HighestModSeq => put!(out, "{}", mailbox.modseq),
                StatusItem::AppendLimit => put!(out, "{}", store.message_limit_bytes()),
                StatusItem::MailboxId => put!(out, "(F{})", mailbox.id.0),
            }
        }
        out.extend_from_slice(b")\r\n");
        Ok(())
    }
}

/// All names, those that are only above others too.
fn entries(all: Vec<Found>, chosen: &dyn Fn(&Found) -> bool) -> BTreeMap<String, Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for found in all {
        let selected = chosen(&found);
        for (at, _) in found.shown.match_indices('/') {
            let above = found.shown.get(..at).unwrap_or_default();
            let entry = entries.entry(above.to_string()).or_default();
            entry.children = true;
            entry.child_selected |= selected;
        }
        let entry = entries.entry(found.shown.clone()).or_default();
        entry.found = Some(found);
    }
    entries
}

/// Adds a name that is subscribed although its mailbox is gone.
fn add_gone(entries: &mut BTreeMap<String, Entry>, name: String, selects: impl Fn(&str) -> bool) {
    for (at, _) in name.match_indices('/') {
        let above = name.get(..at).unwrap_or_default();
        let entry = entries.entry(above.to_string()).or_default();
        entry.child_selected |= selects(&name);
    }
    let entry = entries.entry(name).or_default();
    entry.gone = entry.found.is_none();
}
