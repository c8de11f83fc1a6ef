//! Which mailbox a name means, and what somebody may do with it (RFC 4314 §4): the one place that decides it.
//!
//! One's own mailboxes have no prefix. The others that somebody may look into lie in the shared namespace (RFC 2342):
//! `Shared/help` is the INBOX of the shared mailbox `help`, `Shared/help/Sent` its Sent; `Shared/friends` is the archive of the
//! list `friends`, `Shared/friends/Held` what waits for its moderators. Who may not look into one is answered as if it weren't
//! there. A mailbox of one's own that has such a name from elsewhere is found only where no other has it.
//!
//! Flags belong to the message, so in shared mailboxes they are the same for everybody, `\Seen` too: one who answers sees what
//! another has read. Who only reads there marks nothing.

use lampion_mailproto::put;

use super::select::permanent_flags;
use super::session::{Failure, Session, Who};
use crate::access::Rights;
use crate::store::{MailError, Mailbox};

/// The first level of the names of others' mailboxes.
pub(super) const SHARED: &str = "Shared";

/// What each right allows, in the words of an error.
const DOES: [(char, &str); 11] = [
    ('l', "to see it"),
    ('r', "to read"),
    ('s', "to mark as read"),
    ('w', "to set flags"),
    ('i', "to put messages in"),
    ('p', "to post"),
    ('k', "to make mailboxes below it"),
    ('x', "to delete the mailbox"),
    ('t', "to mark as deleted"),
    ('e', "to expunge"),
    ('a', "to say who may do what"),
];

/// A mailbox that somebody may at least know of.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub mailbox: Mailbox,
    /// Its name as this person's programs know it.
    pub shown: String,
    pub rights: Rights,
}

/// Where a name lies, whether there is a mailbox or not.
pub(super) struct Place {
    /// Whose.
    pub account: String,
    /// The name within the account.
    pub name: String,
    /// What stands before it: nothing, or `Shared/help`.
    pub prefix: String,
    /// Rights in the account's mailboxes in general.
    pub rights: Rights,
}

impl Place {
    /// Whether these are one's own mailboxes.
    pub fn own(&self) -> bool {
        self.prefix.is_empty()
    }
}

/// Refuses if a right is missing.
pub(super) fn need(rights: Rights, right: char, shown: &str) -> Result<(), MailError> {
    if rights.has(right.encode_utf8(&mut [0; 4])) {
        return Ok(());
    }
    // Who may not even look learns nothing.
    if !rights.has("l") {
        return Err(MailError::NoSuchMailbox(shown.into()));
    }
    Err(MailError::NoRight {
        right,
        does: DOES
            .iter()
            .find(|(letter, _)| *letter == right)
            .map_or("", |(_, does)| does),
        mailbox: shown.into(),
    })
}

/// The name of an account's mailbox, with what stands before it.
pub(super) fn shown(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.into(),
        (prefix, "INBOX") => prefix.into(),
        (prefix, name) => format!("{prefix}/{name}"),
    }
}

/// Whether a name is one of the shared namespace.
pub(super) fn is_shared(name: &str) -> bool {
    name.strip_prefix(SHARED)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Session {
    fn who(&self) -> Result<&Who, MailError> {
        self.who
            .as_deref()
            .ok_or(MailError::Refused("sign in first"))
    }

    /// Where a name lies.
    pub(super) async fn place(&self, name: &str) -> Result<Place, MailError> {
        let person = &self.who()?.account;
        if is_shared(name)
            && let Some((_, rest)) = name.split_once('/')
        {
            let (account, inner) = match rest.split_once('/') {
                // The INBOX has one name.
                Some((_, inner)) if inner.eq_ignore_ascii_case("INBOX") => ("", inner),
                Some((account, inner)) => (account, inner),
                None => (rest, "INBOX"),
            };
            let local = self.shared.mail.local();
            if let Some((found, rights)) = local.other_named(person, account).await? {
                return Ok(Place {
                    account: found.id,
                    name: inner.into(),
                    prefix: format!("{SHARED}/{}", found.name),
                    rights,
                });
            }
        }
        Ok(Place {
            account: person.clone(),
            name: name.into(),
            prefix: String::new(),
            rights: Rights::of(Rights::ALL),
        })
    }

    /// A mailbox by its name, if the person has a right there.
    pub(super) async fn find(&self, name: &str, right: char) -> Result<Found, MailError> {
        let place = self.place(name).await?;
        let mailbox = self.store().mailbox(&place.account, &place.name).await?;
        let mailbox = mailbox.ok_or_else(|| MailError::NoSuchMailbox(name.into()))?;
        let rights = if place.own() {
            place.rights
        } else {
            let local = self.shared.mail.local();
            local.access_to(&self.who()?.account, &mailbox).await?
        };
        let shown = shown(&place.prefix, &mailbox.name);
        need(rights, right, &shown)?;
        Ok(Found {
            mailbox,
            shown,
            rights,
        })
    }

    /// Every mailbox that programs may show. Of one's own, not that of strangers who wait, unless its owner wants it.
    pub(super) async fn all(&self) -> Result<Vec<Found>, MailError> {
        let person = self.who()?.account.clone();
        let (local, store) = (self.shared.mail.local(), self.store());
        let hidden = local.hidden_mailbox(&person).await?;
        let own = store.mailboxes(&person).await?;
        let mut all: Vec<Found> = own
            .into_iter()
            .filter(|mailbox| Some(mailbox.id) != hidden)
            .map(|mailbox| Found {
                shown: mailbox.name.clone(),
                rights: Rights::of(Rights::ALL),
                mailbox,
            })
            .collect();
        let others = local.others(&person).await?;
        if others.is_empty() {
            return Ok(all);
        }
        let subscriptions = local.subscriptions(&person).await?;
        for other in others {
            let prefix = format!("{SHARED}/{}", other.account.name);
            for mut mailbox in store.mailboxes(&other.account.id).await? {
                let rights = match other.list {
                    true => local.access_to(&person, &mailbox).await?,
                    false => other.rights,
                };
                if !rights.has("l") {
                    continue;
                }
                // A program looks for its own Sent by this (RFC 6154), and must not find somebody else's.
                mailbox.special = None;
                // Posts of a list come to one's own INBOX already.
                mailbox.subscribed = match subscriptions.get(&mailbox.id) {
                    Some(subscribed) => *subscribed,
                    None => mailbox.subscribed && !other.list,
                };
                all.push(Found {
                    shown: shown(&prefix, &mailbox.name),
                    rights,
                    mailbox,
                });
            }
        }
        Ok(all)
    }

    /// Looks again whether the selected mailbox of others may still be read; if not, the connection ends (RFC 4314 §5.1.1).
    /// Tells of other rights that have changed. Gives whether it goes on.
    pub(super) async fn still_allowed(&mut self) -> Result<bool, Failure> {
        let (Some(who), Some(selected)) = (&self.who, &mut self.selected) else {
            return Ok(true);
        };
        let mailbox = &selected.fresh.mailbox;
        if mailbox.account == who.account {
            return Ok(true);
        }
        let local = self.shared.mail.local();
        let rights = local.access_to(&who.account, mailbox).await?;
        if !rights.has("r") {
            self.selected = None;
            self.bye("you may not read the selected mailbox any more");
            return Ok(false);
        }
        if rights != selected.rights {
            selected.rights = rights;
            let flags = permanent_flags(rights, selected.read_only, &selected.keywords);
            put!(
                self.wire.out,
                "* OK [PERMANENTFLAGS ({flags})] your rights have changed\r\n"
            );
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_have_a_prefix() {
        assert_eq!(shown("", "INBOX"), "INBOX");
        assert_eq!(shown("Shared/help", "INBOX"), "Shared/help");
        assert_eq!(shown("Shared/help", "a/b"), "Shared/help/a/b");
        assert!(is_shared("Shared") && is_shared("Shared/x"));
        assert!(!is_shared("Shared things") && !is_shared("INBOX/Shared"));
    }

    #[test]
    fn a_missing_right_is_named_to_who_may_look() {
        let said = |rights: &str, right| {
            need(Rights::of(rights), right, "Shared/help")
                .map_err(|error| error.to_string())
                .err()
                .unwrap_or_default()
        };
        assert_eq!(said("lr", 'r'), "");
        assert_eq!(
            said("lr", 'e'),
            "you need the right `e` (to expunge) on `Shared/help`: ask who manages it"
        );
        assert_eq!(said("", 'r'), "there is no mailbox `Shared/help`");
        assert_eq!(
            DOES.map(|(letter, _)| letter).iter().collect::<String>(),
            Rights::ALL
        );
    }
}
