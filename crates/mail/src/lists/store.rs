//! Lists: made, found, changed, removed.

use lampion_core::ids;
use lampion_db::{Row, query, query_as, query_scalar, sqlx, transaction};

use super::{
    DESCRIPTION_LIMIT, HELD, Joins, Kind, LISTS_LIMIT, List, Others, Post, Role, Settings,
    TITLE_LIMIT,
};
use crate::local::Local;
use crate::store::{MailError, Special, refusal};

const COLUMNS: &str =
    "l.account, a.name, l.title, l.description, l.post, l.others, l.joins, l.archive
    from mail_list l join mail_account a on a.id = l.account";

fn from_row(row: &sqlx::any::AnyRow) -> Result<List, MailError> {
    let word = |column: &str| row.try_get::<String, _>(column);
    let (post, others, joins) = (word("post")?, word("others")?, word("joins")?);
    Ok(List {
        account: word("account")?,
        name: word("name")?,
        title: word("title")?,
        description: word("description")?,
        // A word of a newer version: the strictest that is known.
        post: Post::from_word(&post).unwrap_or(Post::Moderators),
        others: Others::from_word(&others).unwrap_or(Others::Hold),
        joins: Joins::from_word(&joins).unwrap_or(Joins::Closed),
        archive: row.try_get::<i64, _>("archive")? != 0,
    })
}

/// A title and a description as they are kept.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(limit)
        .collect::<String>()
        .trim()
        .to_string()
}

fn title(settings: &Settings) -> String {
    shown(&settings.title, TITLE_LIMIT).replace('\n', " ")
}

impl Local {
    /// A list by its account.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, account: &str) -> Result<Option<List>, MailError> {
        if !account.starts_with("s-") {
            return Ok(None);
        }
        let sql = format!("select {COLUMNS} where l.account = $1");
        let row = query(lampion_db::AssertSqlSafe(sql))
            .bind(account)
            .fetch_optional(self.db().read())
            .await?;
        row.as_ref().map(from_row).transpose()
    }

    /// A list by its name.
    ///
    /// # Errors
    /// The database.
    pub async fn list_named(&self, name: &str) -> Result<Option<List>, MailError> {
        match self.store().account_at(name).await? {
            Some(account) => self.list(&account.id).await,
            None => Ok(None),
        }
    }

    /// All lists by name.
    ///
    /// # Errors
    /// The database.
    pub async fn lists(&self) -> Result<Vec<List>, MailError> {
        let sql = format!("select {COLUMNS} order by a.name limit {LISTS_LIMIT}");
        let rows = query(lampion_db::AssertSqlSafe(sql))
            .fetch_all(self.db().read())
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// Makes a list.
    ///
    /// # Errors
    /// `BadName`, `NameTaken` if somebody has the address, `Refused`; the database.
    pub async fn create_list(&self, name: &str, settings: &Settings) -> Result<List, MailError> {
        let name = self.free_name(name).await?;
        let count: i64 = query_scalar("select count(*) from mail_list")
            .fetch_one(self.db().read())
            .await?;
        if count >= LISTS_LIMIT {
            return Err(MailError::Refused(refusal::ENOUGH_LISTS));
        }
        let id = self.make_shared_account(&name).await?;
        for special in Special::ALL {
            self.store().delete_mailbox(&id, special.name()).await?;
        }
        self.store().create_mailbox(&id, HELD, None).await?;
        query(
            "insert into mail_list (account, title, description, post, others, joins, archive, created_ms)
             values ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&id)
        .bind(title(settings))
        .bind(shown(&settings.description, DESCRIPTION_LIMIT))
        .bind(settings.post.as_str())
        .bind(settings.others.as_str())
        .bind(settings.joins.as_str())
        .bind(i64::from(settings.archive))
        .bind(self.now_ms())
        .execute(self.db().write())
        .await?;
        self.list(&id)
            .await?
            .ok_or_else(|| MailError::Fault("a list that was made is gone".into()))
    }

    /// An account that no person has, with all the room that there is.
    pub(crate) async fn make_shared_account(&self, name: &str) -> Result<String, MailError> {
        let id = format!("s-{}", ids::new_id(self.rng()));
        self.store().make_account(&id, name).await?;
        query("update mail_account set quota_bytes = 0 where id = $1")
            .bind(&id)
            .execute(self.db().write())
            .await?;
        Ok(id)
    }

    /// Removes an account that no person has, with its messages.
    pub(crate) async fn remove_shared_account(&self, account: &str) -> Result<(), MailError> {
        if !account.starts_with("s-") {
            return Err(MailError::Refused("the mail of a person isn't removed so"));
        }
        let Some(name) = self
            .store()
            .account(account)
            .await?
            .map(|account| account.name)
        else {
            return Err(MailError::NoSuchMailbox(account.into()));
        };
        let names = self.store().aliases(account).await?;
        transaction!(self.db(), MailError, tx => {
            for name in names.iter().chain([&name]) {
                lampion_people::release(tx, name).await?;
            }
            for sql in [
                "insert into mail_loose (message) select distinct i.message from mail_item i
                 join mail_mailbox m on m.id = i.mailbox where m.account = $1 on conflict (message) do nothing",
                "insert into mail_loose (message) select message from mail_posting where list = $1
                 on conflict (message) do nothing",
                "delete from mail_hold where holder = 'list ' || $1",
                "delete from mail_account where id = $1",
            ] {
                query(sql).bind(account).execute(&mut **tx).await?;
            }
            Ok(())
        })
    }

    /// Changes what a list's owner sets.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn set_list(&self, account: &str, settings: &Settings) -> Result<(), MailError> {
        let done = query(
            "update mail_list set title = $1, description = $2, post = $3, others = $4, joins = $5, archive = $6
             where account = $7",
        )
        .bind(title(settings))
        .bind(shown(&settings.description, DESCRIPTION_LIMIT))
        .bind(settings.post.as_str())
        .bind(settings.others.as_str())
        .bind(settings.joins.as_str())
        .bind(i64::from(settings.archive))
        .bind(account)
        .execute(self.db().write())
        .await?;
        if done.rows_affected() == 0 {
            return Err(MailError::NoSuchMailbox(account.into()));
        }
        Ok(())
    }

    /// Removes a list with its archive.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn delete_list(&self, account: &str) -> Result<(), MailError> {
        if self.list(account).await?.is_none() {
            return Err(MailError::NoSuchMailbox(account.into()));
        }
        self.remove_shared_account(account).await
    }

    /// Lists that a person gets, by name.
    ///
    /// # Errors
    /// The database.
    pub async fn lists_of(&self, person: &str) -> Result<Vec<List>, MailError> {
        let ids: Vec<(String,)> = query_as(
            "select distinct list from mail_list_member where (kind = 'person' and member = $1)
             or (kind = 'group' and member in (select group_id from people_member where person = $2))",
        )
        .bind(person)
        .bind(person)
        .fetch_all(self.db().read())
        .await?;
        let mut lists = Vec::new();
        for (id,) in ids {
            if let (Some(list), Some(_)) =
                (self.list(&id).await?, self.list_role(&id, person).await?)
            {
                lists.push(list);
            }
        }
        lists.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(lists)
    }

    /// The role of a person in a list: their own row's, or the highest of their groups'; `None` for who is no member.
    ///
    /// # Errors
    /// The database.
    pub async fn list_role(&self, list: &str, person: &str) -> Result<Option<Role>, MailError> {
        let rows: Vec<(String, String)> = query_as(
            "select kind, role from mail_list_member where list = $1 and ((kind = 'person' and member = $2)
             or (kind = 'group' and member in (select group_id from people_member where person = $3)))",
        )
        .bind(list)
        .bind(person)
        .bind(person)
        .fetch_all(self.db().read())
        .await?;
        let own = rows.iter().find(|(kind, _)| kind == Kind::Person.as_str());
        let role = match own {
            Some((_, role)) => Role::from_word(role),
            None => rows
                .iter()
                .filter_map(|(_, role)| Role::from_word(role))
                .max(),
        };
        Ok(role.filter(|role| *role != Role::Out))
    }
}
