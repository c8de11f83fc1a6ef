//! Who may do what in whose mailboxes (RFC 4314).
//!
//! Operators have no rights in anybody's mail: who makes a shared mailbox names the people who read it.

use std::collections::HashMap;

use lampion_db::{query, query_as};

use crate::local::Local;
use crate::shared::Level;
use crate::store::{Account, MailError, Mailbox, MailboxId};

/// Rights as RFC 4314 §2.1 writes them: a set of letters in the order of [`Rights::ALL`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rights(u16);

impl Rights {
    /// Every right, in the order in which they are written.
    pub const ALL: &'static str = "lrswipkxtea";

    /// The rights of some letters; `c` and `d` of RFC 2086 are taken as RFC 4314 §2.1.1 says: who may make mailboxes may delete
    /// them, so `c` is `kx`. Others are passed over.
    #[must_use]
    pub fn of(letters: &str) -> Self {
        let letters = letters.replace('c', "kx").replace('d', "te");
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

    /// The same as [`Rights::of`]; `None` if a letter is no right.
    #[must_use]
    pub fn parse(letters: &str) -> Option<Self> {
        let known = |letter| Self::ALL.contains(letter) || matches!(letter, 'c' | 'd');
        letters.chars().all(known).then(|| Self::of(letters))
    }

    /// Both together.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Without these.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The letters, and after them `c` and `d` for programs that know RFC 2086 only (RFC 4314 §2.1.1).
    #[must_use]
    pub fn for_all_programs(self) -> String {
        let mut letters = self.to_string();
        for (letter, members) in [('c', "kx"), ('d', "te")] {
            if members.chars().any(|member| letters.contains(member)) {
                letters.push(letter);
            }
        }
        letters
    }
}

impl Level {
    /// What somebody of this level may do in every mailbox of a shared account. Flags are the same for all who look, so whoever
    /// may change one may change all (`s`, `w` and `t`), and who only reads changes none.
    #[must_use]
    pub fn rights(self) -> Rights {
        Rights::of(match self {
            Self::Read => "lr",
            Self::Answer => "lrswipte",
            Self::Manage => Rights::ALL,
        })
    }

    /// The level that means exactly these rights.
    #[must_use]
    pub fn with_rights(rights: Rights) -> Option<Self> {
        [Self::Read, Self::Answer, Self::Manage]
            .into_iter()
            .find(|level| level.rights() == rights)
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
            Some(level) => level.rights(),
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

    /// The account of a shared mailbox or list by its name, if a person may look into it.
    ///
    /// # Errors
    /// The database.
    pub async fn other_named(
        &self,
        person: &str,
        name: &str,
    ) -> Result<Option<(Account, Rights)>, MailError> {
        let row: Option<(String,)> =
            query_as("select id from mail_account where name = $1 and id like 's-%'")
                .bind(name)
                .fetch_optional(self.db().read())
                .await?;
        let Some((id,)) = row else { return Ok(None) };
        let rights = self.access(person, &id).await?;
        if rights.is_empty() {
            return Ok(None);
        }
        let account = self.store().account(&id).await?;
        Ok(account.map(|account| (account, rights)))
    }

    /// Which mailboxes of others a person wants their programs to show, or not to, by their own word.
    ///
    /// # Errors
    /// The database.
    pub async fn subscriptions(&self, person: &str) -> Result<HashMap<MailboxId, bool>, MailError> {
        let rows: Vec<(i64, i64)> =
            query_as("select mailbox, subscribed from mail_subscription where account = $1")
                .bind(person)
                .fetch_all(self.db().read())
                .await?;
        Ok(rows
            .into_iter()
            .map(|(mailbox, subscribed)| (MailboxId(mailbox), subscribed != 0))
            .collect())
    }

    /// Notes whether a person wants their programs to show a mailbox of others (RFC 9051 §6.3.7).
    ///
    /// # Errors
    /// The database.
    pub async fn subscribe_other(
        &self,
        person: &str,
        mailbox: MailboxId,
        subscribed: bool,
    ) -> Result<(), MailError> {
        query(
            "insert into mail_subscription (account, mailbox, subscribed) values ($1, $2, $3)
             on conflict (account, mailbox) do update set subscribed = excluded.subscribed",
        )
        .bind(person)
        .bind(mailbox.0)
        .bind(i64::from(subscribed))
        .execute(self.db().write())
        .await?;
        Ok(())
    }

    /// Every account beside their own that a person may look into, by name.
    ///
    /// # Errors
    /// The database.
    pub async fn others(&self, person: &str) -> Result<Vec<Other>, MailError> {
        let mut all = Vec::new();
        for (shared, level) in self.shared_with(person).await? {
            all.push((shared.account, shared.title, false, level.rights()));
        }
        for list in self
            .lists_of(person)
            .await?
            .into_iter()
            .filter(|list| list.archive)
        {
            all.push((list.account, list.title, true, Rights::of("lr")));
        }
        let mut others = Vec::new();
        for (id, title, list, rights) in all {
            if let Some(account) = self.store().account(&id).await? {
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
    use super::{Level, Rights};

    #[test]
    fn rights_are_written_in_order() {
        assert_eq!(Rights::of("aerl").to_string(), "lrea");
        assert_eq!(Rights::of("cd").to_string(), "kxte");
        assert!(Rights::of("lrs").has("lr"));
        assert!(!Rights::of("lr").has("lrs"));
        assert!(Rights::of("?").is_empty());
    }

    #[test]
    fn old_programs_are_told_of_create_and_delete() {
        assert_eq!(Rights::of("lr").for_all_programs(), "lr");
        assert_eq!(Rights::of("lrt").for_all_programs(), "lrtd");
        assert_eq!(Rights::of(Rights::ALL).for_all_programs(), "lrswipkxteacd");
        assert_eq!(Rights::parse("lrcd"), Some(Rights::of("lrkxte")));
        assert_eq!(Rights::parse("lrq"), None);
        assert_eq!(Rights::parse("lr0"), None);
    }

    #[test]
    fn levels_give_all_rights_over_flags_or_none() {
        for level in [Level::Read, Level::Answer, Level::Manage] {
            let rights = level.rights();
            let flags = ["s", "w", "t"].map(|right| rights.has(right));
            assert!(flags == [true; 3] || flags == [false; 3], "{rights}");
            assert!(!rights.has("i") || rights.has("swt"), "{rights}");
            assert_eq!(Level::with_rights(rights), Some(level));
        }
        assert_eq!(Level::with_rights(Rights::of("lrs")), None);
        assert_eq!(Level::with_rights(Rights::default()), None);
    }
}
