//! Mailboxes by name: LIST, LSUB, STATUS, CREATE, DELETE, RENAME, SUBSCRIBE, NAMESPACE.

use std::collections::BTreeMap;

use lampion_mailproto::imap::command::{ListCommand, StatusItem};
use lampion_mailproto::imap::list::matches;
use lampion_mailproto::imap::{Body, write};
use lampion_mailproto::put;

use super::rights;
use super::session::{Answer, Done, Failure, Session};
use crate::store::{Flags, MailError, Mailbox, Special};

/// A name that LIST may show; without a mailbox it is only above others.
struct Entry {
    mailbox: Option<Mailbox>,
    children: bool,
    /// Something below it is selected by the options.
    child_selected: bool,
}

impl Session {
    pub(super) async fn names(&mut self, body: Body) -> Done {
        let account = match &self.who {
            Some(who) => who.account.clone(),
            None => return Ok(Answer::No("sign in first".into())),
        };
        let store = self.store();
        match body {
            Body::Namespace => {
                self.wire
                    .out
                    .extend_from_slice(b"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
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
                match store.create_mailbox(&account, name, wanted).await {
                    Ok(made) => Ok(Answer::Ok(format!("[MAILBOXID (F{})] made", made.id.0))),
                    Err(MailError::Refused(text)) if wanted.is_some() => {
                        Ok(Answer::No(format!("[USEATTR] {text}")))
                    }
                    Err(error) => Err(error.into()),
                }
            }
            Body::Delete(name) => {
                let mailbox = self.find(&name, 'x').await?;
                if self
                    .selected
                    .as_ref()
                    .is_some_and(|selected| selected.id == mailbox.id)
                {
                    self.selected = None;
                }
                store.delete_mailbox(&account, &name).await?;
                Answer::done("deleted")
            }
            Body::Rename { from, to } => {
                self.find(&from, 'x').await?;
                store.rename_mailbox(&account, &from, &to).await?;
                Answer::done("renamed")
            }
            Body::Subscribe(name) => {
                store.subscribe(&account, &name, true).await?;
                Answer::done("subscribed")
            }
            Body::Unsubscribe(name) => match store.subscribe(&account, &name, false).await {
                // RFC 9051 §6.3.8: what isn't subscribed may be unsubscribed from.
                Ok(()) | Err(MailError::NoSuchMailbox(_)) => Answer::done("unsubscribed"),
                Err(error) => Err(error.into()),
            },
            Body::List(command) => self.list(&account, &command).await,
            Body::Lsub { reference, pattern } => self.lsub(&account, &reference, &pattern).await,
            Body::Status { mailbox, items } => {
                let mailbox = self.find(&mailbox, 'r').await?;
                self.status(&mailbox, &items).await?;
                Answer::done("that is how it is")
            }
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    /// Mailboxes that programs are shown: not that of strangers who wait, unless its owner wants it.
    async fn shown(&self, account: &str) -> Result<Vec<Mailbox>, MailError> {
        let hidden = self.shared.mail.local().hidden_mailbox(account).await?;
        let mut all = self.store().mailboxes(account).await?;
        all.retain(|mailbox| Some(mailbox.id) != hidden);
        Ok(all)
    }

    async fn list(&mut self, account: &str, command: &ListCommand) -> Done {
        if !command.extended && command.patterns.iter().all(String::is_empty) {
            // RFC 9051 §6.3.9: only the separator is asked for.
            self.wire
                .out
                .extend_from_slice(b"* LIST (\\Noselect) \"/\" \"\"\r\n");
            return Answer::done("that is all");
        }
        let all = self.shown(account).await?;
        let chosen = |mailbox: &Mailbox| {
            (!command.select.subscribed || mailbox.subscribed)
                && (!command.select.special_use || mailbox.special.is_some())
        };
        let entries = entries(all, &chosen);
        let patterns: Vec<String> = command
            .patterns
            .iter()
            .map(|pattern| format!("{}{pattern}", command.reference))
            .collect();
        let mut waiting = Vec::new();
        for (name, entry) in &entries {
            if !patterns.iter().any(|pattern| matches(pattern, name)) {
                continue;
            }
            let own = entry.mailbox.as_ref().is_some_and(&chosen);
            let by_child = command.select.recursive && entry.child_selected;
            let above = entry.mailbox.is_none()
                && !command.select.subscribed
                && !command.select.special_use;
            if !own && !by_child && !above {
                continue;
            }
            self.list_line(name, entry, command);
            if let (Some(_), Some(mailbox)) = (&command.returns.status, &entry.mailbox) {
                waiting.push(mailbox.clone());
            }
            self.wire.relieve().await?;
        }
        if let Some(items) = &command.returns.status {
            for mailbox in waiting {
                self.status(&mailbox, items).await?;
            }
        }
        Answer::done("that is all")
    }

    fn list_line(&mut self, name: &str, entry: &Entry, command: &ListCommand) {
        let utf8 = self.utf8;
        let out = &mut self.wire.out;
        let mut attributes: Vec<&str> = Vec::new();
        match &entry.mailbox {
            None => attributes.push("\\NonExistent"),
            Some(mailbox) => {
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
        if let (true, Some(mailbox), Some(who)) =
            (command.returns.my_rights, &entry.mailbox, &self.who)
        {
            let own = rights::rights(who, mailbox);
            out.extend_from_slice(b"* MYRIGHTS ");
            write::mailbox(name, utf8, out);
            put!(out, " {own}\r\n");
        }
    }

    async fn lsub(&mut self, account: &str, reference: &str, pattern: &str) -> Done {
        let all = self.shown(account).await?;
        let entries = entries(all, &|mailbox| mailbox.subscribed);
        let pattern = format!("{reference}{pattern}");
        for (name, entry) in &entries {
            let own = entry
                .mailbox
                .as_ref()
                .is_some_and(|mailbox| mailbox.subscribed);
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

    async fn status(&mut self, mailbox: &Mailbox, items: &[StatusItem]) -> Result<(), Failure> {
        let store = self.store();
        let mut deleted_bytes = 0u64;
        if items.contains(&StatusItem::DeletedStorage) && mailbox.deleted > 0 {
            let view = store.view(mailbox.id).await?;
            let gone = view.iter().filter(|item| item.flags.has(Flags::DELETED));
            deleted_bytes = gone.map(|item| u64::from(item.size_bytes)).sum();
        }
        let utf8 = self.utf8;
        if items.contains(&StatusItem::HighestModSeq) {
            self.condstore = true;
        }
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* STATUS ");
        write::mailbox(&mailbox.name, utf8, out);
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
                StatusItem::Recent => put!(out, "0"),
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
fn entries(all: Vec<Mailbox>, chosen: &dyn Fn(&Mailbox) -> bool) -> BTreeMap<String, Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for mailbox in all {
        let selected = chosen(&mailbox);
        for (at, _) in mailbox.name.match_indices('/') {
            let above = mailbox.name.get(..at).unwrap_or_default();
            let entry = entries.entry(above.to_string()).or_insert(Entry {
                mailbox: None,
                children: false,
                child_selected: false,
            });
            entry.children = true;
            entry.child_selected |= selected;
        }
        let entry = entries.entry(mailbox.name.clone()).or_insert(Entry {
            mailbox: None,
            children: false,
            child_selected: false,
        });
        entry.mailbox = Some(mailbox);
    }
    entries
}
