//! Mailboxes that several people answer.
//!
//! A shared mailbox is an account (`s-…`) with the usual mailboxes, an address of its own, and people who may read, answer,
//! or manage. Each message can be given to somebody and marked as done: rows that pages show by name, and keywords
//! (`$Assigned`, `$Done`) that mail programs show. Operators make such mailboxes, and read none that they are not named in.

mod answer;
mod pages;

use std::collections::HashMap;

use lampion_db::{query, query_as};

pub use pages::routes;

use crate::lists::words;
use crate::local::Local;
use crate::store::{
    AccountId, FlagAction, FlagChange, Flags, Item, MailError, MailboxId, MessageId, Uid, refusal,
};
use crate::text::has_keyword;

/// Shared mailboxes of a node at most.
const SHARED_LIMIT: usize = 1_000;
/// Rows of members of one at most.
const MEMBERS_LIMIT: usize = 500;
/// Keyword of a message that somebody has taken on.
pub const ASSIGNED: &str = "$Assigned";
/// Keyword of a message that is done.
pub const DONE: &str = "$Done";

words! {
    /// What somebody may do in a shared mailbox; the later the more.
    Level {
        /// Reads.
        Read = "read",
        /// Answers, files, deletes.
        Answer = "answer",
        /// Says who may do what.
        Manage = "manage",
    }
}

/// A shared mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// Its account.
    pub account: AccountId,
    /// The local part of its address.
    pub name: String,
    /// Its title, which stands before its address.
    pub title: String,
}

/// Who answers a message, and whether it is done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// The person's id; empty for nobody.
    pub assigned: String,
    /// It is done.
    pub done: bool,
}

impl Local {
    /// All shared mailboxes by name.
    ///
    /// # Errors
    /// The database.
    pub async fn all_shared(&self) -> Result<Vec<Shared>, MailError> {
        let rows: Vec<(String, String, String)> = query_as(
            "select s.account, a.name, s.title from mail_shared s join mail_account a on a.id = s.account order by a.name",
        )
        .fetch_all(self.db().read())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(account, name, title)| Shared {
                account,
                name,
                title,
            })
            .collect())
    }

    /// A shared mailbox by name.
    ///
    /// # Errors
    /// The database.
    pub async fn shared_named(&self, name: &str) -> Result<Option<Shared>, MailError> {
        Ok(self
            .all_shared()
            .await?
            .into_iter()
            .find(|one| one.name == name))
    }

    /// Those that a person may at least read.
    ///
    /// # Errors
    /// The database.
    pub async fn shared_of(&self, person: &str) -> Result<Vec<Shared>, MailError> {
        let own = self.shared_with(person).await?;
        Ok(own.into_iter().map(|(shared, _)| shared).collect())
    }

    /// The same, with what the person may do there: their own row's level, or the highest of their groups'.
    ///
    /// # Errors
    /// The database.
    pub async fn shared_with(&self, person: &str) -> Result<Vec<(Shared, Level)>, MailError> {
        let rows: Vec<(String, String, String, String)> = query_as(
            "select s.account, a.name, s.title, m.level from mail_shared_member m
             join mail_shared s on s.account = m.shared join mail_account a on a.id = s.account
             where (m.kind = 'person' and m.member = $1)
             or (m.kind = 'group' and m.member in (select group_id from people_member where person = $2)) order by a.name",
        )
        .bind(person)
        .bind(person)
        .fetch_all(self.db().read())
        .await?;
        let mut own: Vec<(Shared, Level)> = Vec::new();
        for (account, name, title, level) in rows {
            let Some(level) = Level::from_word(&level) else {
                continue;
            };
            match own.last_mut() {
                Some((shared, highest)) if shared.account == account => {
                    *highest = level.max(*highest);
                }
                _ => own.push((
                    Shared {
                        account,
                        name,
                        title,
                    },
                    level,
                )),
            }
        }
        Ok(own)
    }

    /// Makes a shared mailbox that one person manages.
    ///
    /// # Errors
    /// `BadName`, `NameTaken`, `Refused`; the database.
    pub async fn create_shared(
        &self,
        name: &str,
        title: &str,
        manager: &str,
    ) -> Result<Shared, MailError> {
        let name = self.free_name(name).await?;
        if self.all_shared().await?.len() >= SHARED_LIMIT {
            return Err(MailError::Refused(refusal::ENOUGH_SHARED));
        }
        let title: String = title
            .chars()
            .filter(|c| !c.is_control())
            .take(100)
            .collect();
        let account = self.make_shared_account(&name).await?;
        query("insert into mail_shared (account, title, created_ms) values ($1, $2, $3)")
            .bind(&account)
            .bind(title.trim())
            .bind(self.now_ms())
            .execute(self.db().write())
            .await?;
        self.set_shared_member(&account, ("person", manager), Some(Level::Manage))
            .await?;
        Ok(Shared {
            account,
            name,
            title: title.trim().into(),
        })
    }

    /// Removes a shared mailbox with its messages.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_shared(&self, account: &str) -> Result<(), MailError> {
        self.remove_shared_account(account).await
    }

    /// What a person may do: their own row's level, or the highest of their groups'.
    ///
    /// # Errors
    /// The database.
    pub async fn shared_level(
        &self,
        person: &str,
        account: &str,
    ) -> Result<Option<Level>, MailError> {
        let rows: Vec<(String,)> = query_as(
            "select level from mail_shared_member where shared = $1 and ((kind = 'person' and member = $2)
             or (kind = 'group' and member in (select group_id from people_member where person = $3)))",
        )
        .bind(account)
        .bind(person)
        .bind(person)
        .fetch_all(self.db().read())
        .await?;
        Ok(rows
            .iter()
            .filter_map(|(level,)| Level::from_word(level))
            .max())
    }

    /// Members of a shared mailbox: `person` or `group`, id, level.
    ///
    /// # Errors
    /// The database.
    pub async fn shared_members(
        &self,
        account: &str,
    ) -> Result<Vec<(String, String, Level)>, MailError> {
        let rows: Vec<(String, String, String)> = query_as(
            "select kind, member, level from mail_shared_member where shared = $1 order by level, kind, member",
        )
        .bind(account)
        .fetch_all(self.db().read())
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(kind, member, level)| Some((kind, member, Level::from_word(&level)?)))
            .collect())
    }

    /// Gives a person or group a level, or takes it away.
    ///
    /// # Errors
    /// `Refused` if nobody would manage it any more, or it has too many members; the database.
    pub async fn set_shared_member(
        &self,
        account: &str,
        (kind, member): (&str, &str),
        level: Option<Level>,
    ) -> Result<(), MailError> {
        let members = self.shared_members(account).await?;
        let left = members
            .iter()
            .any(|(k, m, level)| *level == Level::Manage && (k != kind || m != member));
        if !left && level != Some(Level::Manage) {
            return Err(MailError::Refused(refusal::NEEDS_MANAGER));
        }
        if members.len() >= MEMBERS_LIMIT && level.is_some() {
            return Err(MailError::Refused(refusal::SHARED_FULL));
        }
        let statement = match level {
            Some(level) => query(
                "insert into mail_shared_member (shared, kind, member, level) values ($1, $2, $3, $4)
                 on conflict (shared, kind, member) do update set level = excluded.level",
            )
            .bind(account)
            .bind(kind)
            .bind(member)
            .bind(level.as_str()),
            None => query("delete from mail_shared_member where shared = $1 and kind = $2 and member = $3")
                .bind(account)
                .bind(kind)
                .bind(member),
        };
        statement.execute(self.db().write()).await?;
        Ok(())
    }

    /// People who may answer in a shared mailbox: id and name as others see it, by that name.
    ///
    /// # Errors
    /// The database.
    pub async fn answerers(&self, account: &str) -> Result<Vec<(String, String)>, MailError> {
        let mut ids = Vec::new();
        for (kind, member, level) in self.shared_members(account).await? {
            if level < Level::Answer {
                continue;
            }
            if kind == "group" {
                ids.extend(self.people().members_of(&member).await?);
            } else {
                ids.push(member);
            }
        }
        ids.sort_unstable();
        ids.dedup();
        let mut found = Vec::new();
        for id in ids {
            if let Some(person) = self.people().by_id(&id).await? {
                found.push((person.id, person.display));
            }
        }
        found.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(found)
    }

    /// Who answers a message, and whether it is done.
    ///
    /// # Errors
    /// The database.
    pub async fn task(&self, account: &str, message: MessageId) -> Result<Task, MailError> {
        let row: Option<(String, i64)> =
            query_as("select assigned, done from mail_task where account = $1 and message = $2")
                .bind(account)
                .bind(message.0)
                .fetch_optional(self.db().read())
                .await?;
        Ok(row.map_or_else(Task::default, |(assigned, done)| Task {
            assigned,
            done: done != 0,
        }))
    }

    /// The same of a message where it lies: done is what its keyword says, which mail programs change too.
    ///
    /// # Errors
    /// The database.
    pub async fn task_of(&self, account: &str, item: &Item) -> Result<Task, MailError> {
        Ok(Task {
            done: has_keyword(&item.keywords, DONE),
            ..self.task(account, item.message).await?
        })
    }

    /// Who answers which message.
    pub(crate) async fn assigned(&self, account: &str) -> Result<HashMap<i64, String>, MailError> {
        let rows: Vec<(i64, String)> = query_as(
            "select message, assigned from mail_task where account = $1 and assigned <> ''",
        )
        .bind(account)
        .fetch_all(self.db().read())
        .await?;
        Ok(rows.into_iter().collect())
    }

    /// Says who answers a message, and whether it is done; also as keywords that mail programs show.
    ///
    /// # Errors
    /// `NoSuchMessage`; the database.
    pub async fn set_task(
        &self,
        account: &str,
        (mailbox, uid): (MailboxId, Uid),
        task: &Task,
        by: &str,
    ) -> Result<(), MailError> {
        let view = self.store().view(mailbox).await?;
        if view.mailbox.account != account {
            return Err(MailError::NoSuchMessage);
        }
        let message = view.by_uid(uid).ok_or(MailError::NoSuchMessage)?.message;
        query(
            "insert into mail_task (account, message, assigned, done, changed_by, changed_ms) values ($1, $2, $3, $4, $5, $6)
             on conflict (account, message) do update set assigned = excluded.assigned, done = excluded.done,
             changed_by = excluded.changed_by, changed_ms = excluded.changed_ms",
        )
        .bind(account)
        .bind(message.0)
        .bind(&task.assigned)
        .bind(i64::from(task.done))
        .bind(by)
        .bind(self.now_ms())
        .execute(self.db().write())
        .await?;
        for (set, keyword) in [(!task.assigned.is_empty(), ASSIGNED), (task.done, DONE)] {
            let change = FlagChange {
                action: if set {
                    FlagAction::Add
                } else {
                    FlagAction::Remove
                },
                flags: Flags::default(),
                keywords: vec![keyword.into()],
            };
            self.store()
                .store_flags(mailbox, &[uid], &change, None)
                .await?;
        }
        Ok(())
    }
}
