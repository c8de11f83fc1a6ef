//! Who may do what in whose mailboxes (RFC 4314).
//!
//! Operators have no rights in anybody's mail: who makes a shared mailbox names the people who read it.

use crate::local::Local;
use crate::shared::Level;
use crate::store::{Account, MailError, Mailbox};

/// Rights as RFC 4314 §2.1 writes them: a set of letters in the order of [`Rights::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights(u16);

impl Rights {
    /// Every right, in the order in which they are written.
    pub const ALL: &'static str = "lrswipkxtea";

    /// The rights of some letters; `c` and `d` of RFC 2086 are taken as RFC 4314 §2.1.1 says. Others are passed over.
    #[must_use]
    pub fn of(letters: &str) -> Self {
        let letters = letters.replace('c', "k").replace('d', "te");
        Self(
            Self::ALL
                .chars()
                .enumerate()
                .filter(|(_, letter)| letters.contains(*letter))
                .fold(0, |all, (n, _)| all | (1 << n)),
        )
    }

    /// Whether all of these are given: `has("lr")`.
    #[must_use]
    pub fn has(self, letters: &str) -> bool {
        let wanted = Self::of(letters).0;
        self.0 & wanted == wanted
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl std::fmt::Display for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, letter) in Self::ALL.chars().enumerate() {
            if self.0 & (1 << n) != 0 {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// An account beside their own that a person may look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// The account.
    pub account: Account,
    /// Its title.
    pub title: String,
    /// It is the archive of a distribution list.
    pub list: bool,
    /// What the person may do in its INBOX.
    pub rights: Rights,
}

impl Local {
    /// What a person (by id) may do in an account's mailboxes. What waits for moderators of a list is narrower: see
    /// [`Local::access_to`].
    ///
    /// # Errors
    /// The database.
    pub async fn access(&self, person: &str, account: &str) -> Result<Rights, MailError> {
        if person == account {
            return Ok(Rights::of(Rights::ALL));
        }
        if !account.starts_with("s-") {
            return Ok(Rights::default());
        }
        Ok(match self.shared_level(person, account).await? {
            Some(Level::Read) => Rights::of("lr"),
            Some(Level::Answer) => Rights::of("lrswipte"),
            Some(Level::Manage) => Rights::of(Rights::ALL),
            None => match self.list(account).await? {
                Some(list)
                    if list.archive && self.list_role(&list.account, person).await?.is_some() =>
                {
                    // Everybody has the same flags there: nobody sets them.
                    Rights::of("lr")
                }
                _ => Rights::default(),
            },
        })
    }

    /// What a person may do in one mailbox.
    ///
    /// # Errors
    /// The database.
    pub async fn access_to(&self, person: &str, mailbox: &Mailbox) -> Result<Rights, MailError> {
        if mailbox.name == crate::lists::HELD && self.list(&mailbox.account).await?.is_some() {
            let role = self.list_role(&mailbox.account, person).await?;
            let moderates = role.is_some_and(crate::lists::Role::moderates);
            return Ok(Rights::of(if moderates { "lr" } else { "" }));
        }
        self.access(person, &mailbox.account).await
    }

    /// Every account beside their own that a person may look into, by name.
    ///
    /// # Errors
    /// The database.
    pub async fn others(&self, person: &str) -> Result<Vec<Other>, MailError> {
        let mut all = Vec::new();
        for shared in self.shared_of(person).await? {
            all.push((shared.account, shared.title, false));
        }
        for list in self.lists_of(person).await? {
            all.push((list.account, list.title, true));
        }
        let mut others = Vec::new();
        for (id, title, list) in all {
            let rights = self.access(person, &id).await?;
            if let (Some(account), false) = (self.store().account(&id).await?, rights.is_empty()) {
                others.push(Other {
                    account,
                    title,
                    list,
                    rights,
                });
            }
        }
        others.sort_by(|a, b| a.account.name.cmp(&b.account.name));
        Ok(others)
    }
}

#[cfg(test)]
mod tests {
    use super::Rights;

    #[test]
    fn rights_are_written_in_order() {
        assert_eq!(Rights::of("aerl").to_string(), "lrea");
        assert_eq!(Rights::of("cd").to_string(), "kte");
        assert!(Rights::of("lrs").has("lr"));
        assert!(!Rights::of("lr").has("lrs"));
        assert!(Rights::of("?").is_empty());
    }
}
