//! ACL (RFC 4314): who may do what in a mailbox. Rights in a shared mailbox are its levels, and hold for all mailboxes of its
//! account; people are named by name, groups as `group:NAME`.

use lampion_mailproto::imap::command::StoreHow;
use lampion_mailproto::imap::{Body, write};
use lampion_mailproto::put;

use super::rights::Found;
use super::session::{Answer, Done, Session};
use crate::access::Rights;
use crate::shared::Level;
use crate::store::MailError;

/// What stands before the name of a group.
const GROUP: &str = "group:";
/// Rights that come and go together in a shared mailbox, with the old letters (RFC 4314 §2.1.1).
const TIED: &str = "lr swipted kxac";

impl Session {
    pub(super) async fn acl(&mut self, body: Body) -> Done {
        match body {
            Body::MyRights(name) => {
                let found = self.find(&name, 'l').await?;
                let utf8 = self.utf8;
                let out = &mut self.wire.out;
                out.extend_from_slice(b"* MYRIGHTS ");
                write::mailbox(&found.shown, utf8, out);
                put!(out, " {}\r\n", found.rights.for_all_programs());
                Answer::done("that is all")
            }
            Body::GetAcl(name) => {
                let found = self.find(&name, 'a').await?;
                let all = self.all_rights(&found).await?;
                self.tell_acl(&found.shown, &all);
                Answer::done("that is all")
            }
            Body::ListRights { mailbox, who } => self.list_rights(&mailbox, &who).await,
            Body::SetAcl {
                mailbox,
                who,
                how,
                rights,
            } => match Rights::parse(&rights) {
                Some(rights) => self.set_acl(&mailbox, &who, how, rights).await,
                None => Ok(Answer::Bad("one of these letters is no right".into())),
            },
            // Who has no row has none to delete: that is what was asked for.
            Body::DeleteAcl { mailbox, who } => {
                let (how, none) = (StoreHow::Replace, Rights::default());
                self.set_acl(&mailbox, &who, how, none).await
            }
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    fn owns(&self, found: &Found) -> bool {
        self.who
            .as_ref()
            .is_some_and(|who| who.account == found.mailbox.account)
    }

    /// Everybody's rights: identifiers with letters.
    async fn all_rights(&self, found: &Found) -> Result<Vec<(String, Rights)>, MailError> {
        if let (true, Some(who)) = (self.owns(found), &self.who) {
            return Ok(vec![(who.name.clone(), found.rights)]);
        }
        let local = self.shared.mail.local();
        let groups = local.people().groups().await?;
        let mut all = Vec::new();
        for (kind, member, level) in local.shared_members(&found.mailbox.account).await? {
            let name = match kind.as_str() {
                "group" => groups
                    .iter()
                    .find(|group| group.id == member)
                    .map(|group| format!("{GROUP}{}", group.name)),
                _ => {
                    let person = local.people().by_id(&member).await?;
                    person.map(|person| person.name)
                }
            };
            // Who is gone from the node has no rights any more.
            if let Some(name) = name {
                all.push((name, level.rights()));
            }
        }
        Ok(all)
    }

    fn tell_acl(&mut self, name: &str, all: &[(String, Rights)]) {
        let utf8 = self.utf8;
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* ACL ");
        write::mailbox(name, utf8, out);
        for (who, rights) in all {
            out.push(b' ');
            write::astring(who, utf8, out);
            put!(out, " {}", rights.for_all_programs());
        }
        out.extend_from_slice(b"\r\n");
    }

    async fn list_rights(&mut self, name: &str, who: &str) -> Done {
        let found = self.find(name, 'a').await?;
        let own_name = self.who.as_ref().map(|who| who.name.clone());
        let rights = if self.owns(&found) {
            // One's own rights can't be taken away, and nobody else can have any.
            match own_name.is_some_and(|own| own == who) {
                true => found.rights.for_all_programs(),
                false => "\"\"".into(),
            }
        } else {
            match self.member(who).await? {
                Some(_) => format!("\"\" {TIED}"),
                None => "\"\"".into(),
            }
        };
        let utf8 = self.utf8;
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* LISTRIGHTS ");
        write::mailbox(&found.shown, utf8, out);
        out.push(b' ');
        write::astring(who, utf8, out);
        put!(out, " {rights}\r\n");
        Answer::done("that is all")
    }

    /// The row of members that an identifier means: kind and id.
    async fn member(&self, who: &str) -> Result<Option<(&'static str, String)>, MailError> {
        let people = self.shared.mail.local().people();
        if let Some(name) = who.strip_prefix(GROUP) {
            let groups = people.groups().await?;
            let group = groups.into_iter().find(|group| group.name == name);
            return Ok(group.map(|group| ("group", group.id)));
        }
        let person = people.by_name(self.local(who)).await?;
        Ok(person.map(|person| ("person", person.id)))
    }

    async fn set_acl(&mut self, name: &str, who: &str, how: StoreHow, rights: Rights) -> Done {
        let found = self.find(name, 'a').await?;
        if self.owns(&found) {
            return Ok(Answer::No(
                "[CANNOT] your own mailboxes are yours alone: ask an operator for a shared mailbox"
                    .into(),
            ));
        }
        // RFC 4314 §2: negative rights, and everybody.
        if who.starts_with('-') || matches!(who, "anyone" | "anonymous") {
            return Ok(Answer::No(
                "[CANNOT] rights are given to people by name and to groups as group:NAME, and to nobody else".into(),
            ));
        }
        let Some((kind, id)) = self.member(who).await? else {
            return Ok(Answer::No(
                "[CANNOT] there is nobody of this name; groups are named group:NAME".into(),
            ));
        };
        let local = self.shared.mail.local().clone();
        let account = &found.mailbox.account;
        let members = local.shared_members(account).await?;
        let before = members
            .iter()
            .find(|(k, member, _)| k == kind && *member == id)
            .map(|(_, _, level)| level.rights())
            .unwrap_or_default();
        let after = match how {
            StoreHow::Replace => rights,
            StoreHow::Add => before.with(rights),
            StoreHow::Remove => before.without(rights),
        };
        if after != before {
            let level = Level::with_rights(after);
            if level.is_none() && !after.is_empty() {
                return Ok(Answer::No(
                    "[CANNOT] rights go together here: lr to read, lrswipte to answer, lrswipkxtea to manage"
                        .into(),
                ));
            }
            // The other mailboxes of the account are not told of (RFC 4314 §5.1.1 would): programs take what comes for the
            // answer to their next GETACL.
            local.set_shared_member(account, (kind, &id), level).await?;
        }
        Answer::done("done, for all mailboxes of this shared mailbox")
    }
}
