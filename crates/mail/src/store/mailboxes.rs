//! Mailboxes: made, renamed, deleted, listed.

use lampion_db::{AssertSqlSafe, DbError, Row, query, query_scalar, sqlx, transaction};

use super::accounts::FOLDERS_LIMIT;
use super::model::{MailError, Mailbox, MailboxId, Special, refusal};
use super::{Store, narrow, subscribed_names};

/// The longest name, in bytes.
pub const NAME_LIMIT_BYTES: usize = 512;
/// Levels of a name at most.
const LEVELS_LIMIT: usize = 20;
/// Id, account, name, special, subscribed, validity.
pub(super) const INSERT: &str = "insert into mail_mailbox
    (id, account, name, special, subscribed, uid_validity, uid_next, modseq, messages, unseen, deleted, size_bytes)
    values ($1, $2, $3, $4, $5, $6, 1, 1, 0, 0, 0, 0)";
const COLUMNS: &str = "id, account, name, special, subscribed, uid_validity, uid_next, recent_from, modseq, messages, unseen,
    deleted, size_bytes";

pub(super) fn from_row(row: &sqlx::any::AnyRow) -> Result<Mailbox, MailError> {
    let special: String = row.try_get("special")?;
    let subscribed: i64 = row.try_get("subscribed")?;
    Ok(Mailbox {
        id: MailboxId(row.try_get("id")?),
        account: row.try_get("account")?,
        name: row.try_get("name")?,
        special: Special::from_attribute(&special),
        subscribed: subscribed != 0,
        uid_validity: narrow(row, "uid_validity")?,
        uid_next: narrow(row, "uid_next")?,
        recent_from: narrow(row, "recent_from")?,
        modseq: row.try_get("modseq")?,
        messages: row.try_get("messages")?,
        unseen: row.try_get("unseen")?,
        deleted: row.try_get("deleted")?,
        size_bytes: row.try_get("size_bytes")?,
    })
}

/// A name as it is kept: `INBOX` in capitals, nothing empty between two `/`.
///
/// # Errors
/// `BadName`.
pub(super) fn checked(name: &str) -> Result<String, MailError> {
    let bad = |reason| {
        Err(MailError::BadName {
            name: name.chars().take(60).collect(),
            reason,
        })
    };
    let name = match name.split_once('/') {
        None if name.eq_ignore_ascii_case("inbox") => "INBOX".to_string(),
        Some((first, rest)) if first.eq_ignore_ascii_case("inbox") => format!("INBOX/{rest}"),
        _ => name.to_string(),
    };
    if name.is_empty() {
        return bad("it is empty");
    }
    if name.len() > NAME_LIMIT_BYTES {
        return bad("it is too long");
    }
    if name
        .chars()
        .any(|c| c.is_control() || matches!(c, '*' | '%'))
    {
        return bad("it can't hold *, % or control characters");
    }
    if name.split('/').any(|level| level.trim().is_empty()) {
        return bad("nothing stands between two / in it, or before or after one");
    }
    if name.split('/').count() > LEVELS_LIMIT {
        return bad("it has too many levels");
    }
    Ok(name)
}

impl Store {
    /// All mailboxes of an account, by name, without the one that [`Store::kept`] gives.
    ///
    /// # Errors
    /// The database.
    pub async fn mailboxes(&self, account: &str) -> Result<Vec<Mailbox>, MailError> {
        let sql = format!(
            "select {COLUMNS} from mail_mailbox where account = $1 and name <> $2 order by name"
        );
        let rows = query(AssertSqlSafe(sql))
            .bind(account)
            .bind(super::kept::NAME)
            .fetch_all(self.db().read())
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// A mailbox by its name.
    ///
    /// # Errors
    /// The database.
    pub async fn mailbox(&self, account: &str, name: &str) -> Result<Option<Mailbox>, MailError> {
        let Ok(name) = checked(name) else {
            return Ok(None);
        };
        let sql = format!("select {COLUMNS} from mail_mailbox where account = $1 and name = $2");
        let row = query(AssertSqlSafe(sql))
            .bind(account)
            .bind(name)
            .fetch_optional(self.db().read())
            .await?;
        row.as_ref().map(from_row).transpose()
    }

    /// A mailbox by its id.
    ///
    /// # Errors
    /// The database.
    pub async fn mailbox_by_id(&self, id: MailboxId) -> Result<Option<Mailbox>, MailError> {
        let sql = format!("select {COLUMNS} from mail_mailbox where id = $1");
        let row = query(AssertSqlSafe(sql))
            .bind(id.0)
            .fetch_optional(self.db().read())
            .await?;
        row.as_ref().map(from_row).transpose()
    }

    /// The mailbox that an account has for something; made if it is gone.
    ///
    /// # Errors
    /// The database.
    pub async fn special(&self, account: &str, special: Special) -> Result<Mailbox, MailError> {
        let all = self.mailboxes(account).await?;
        if let Some(found) = all
            .into_iter()
            .find(|mailbox| mailbox.special == Some(special))
        {
            return Ok(found);
        }
        match self
            .create_mailbox(account, special.name(), Some(special))
            .await
        {
            Err(MailError::MailboxExists(_)) => self
                .mailbox(account, special.name())
                .await?
                .ok_or_else(|| MailError::NoSuchMailbox(special.name().into())),
            made => made,
        }
    }

    /// Makes a mailbox, and those above it; programs show them.
    ///
    /// # Errors
    /// `BadName`, `MailboxExists`, `TooManyMailboxes`; `Refused` if another mailbox is for the same; the database.
    pub async fn create_mailbox(
        &self,
        account: &str,
        name: &str,
        special: Option<Special>,
    ) -> Result<Mailbox, MailError> {
        self.make_mailbox(account, name, special, true).await
    }

    /// Makes a mailbox, and those above it. Programs show those that are `subscribed`, and those whose names are already.
    ///
    /// # Errors
    /// As [`Store::create_mailbox`].
    pub async fn make_mailbox(
        &self,
        account: &str,
        name: &str,
        special: Option<Special>,
        subscribed: bool,
    ) -> Result<Mailbox, MailError> {
        let name = checked(name)?;
        transaction!(self.db(), MailError, tx => {
            let rows: Vec<(String, String)> = sqlx::query_as("select name, special from mail_mailbox where account = $1")
                .bind(account)
                .fetch_all(&mut **tx)
                .await?;
            if rows.iter().any(|(other, _)| *other == name) {
                return Err(MailError::MailboxExists(name.clone()));
            }
            if special.is_some_and(|special| rows.iter().any(|(_, other)| other == special.attribute())) {
                return Err(MailError::Refused("another mailbox is used for that already"));
            }
            let missing: Vec<&str> = name
                .match_indices('/')
                .map(|(at, _)| name.get(..at).unwrap_or_default())
                .filter(|above| !rows.iter().any(|(other, _)| other == above))
                .chain([name.as_str()])
                .collect();
            let limit = usize::try_from(FOLDERS_LIMIT).unwrap_or(usize::MAX);
            if rows.len() + missing.len() > limit {
                return Err(MailError::TooManyMailboxes { limit: FOLDERS_LIMIT });
            }
            let count = i64::try_from(missing.len()).unwrap_or(1);
            let validity = self.take_validities(tx, account, count).await?;
            let ids = self.take_ids(tx, missing.len()).await?;
            for (n, one) in (0i64..).zip(&missing) {
                let its_special = if *one == name { special } else { None };
                let known = subscribed_names::take(tx, account, one).await?;
                query(INSERT)
                    .bind(ids + n)
                    .bind(account)
                    .bind(*one)
                    .bind(its_special.map_or("", Special::attribute))
                    .bind(i64::from(subscribed || known))
                    .bind(validity + n)
                    .execute(&mut **tx)
                    .await
                    .map_err(|error| match DbError::from(error) {
                        DbError::Exists(_) => MailError::MailboxExists((*one).into()),
                        other => other.into(),
                    })?;
            }
            let sql = format!("select {COLUMNS} from mail_mailbox where id = $1");
            let row = query(AssertSqlSafe(sql)).bind(ids + count - 1).fetch_one(&mut **tx).await?;
            from_row(&row)
        })
    }

    /// The first of `count` validities that the account never gave before.
    pub(super) async fn take_validities(
        &self,
        tx: &mut lampion_db::Tx,
        account: &str,
        count: i64,
    ) -> Result<i64, MailError> {
        self.0.marks.changed();
        let now = self.now_ms() / 1000;
        let last: i64 = query_scalar(
            "update mail_account set uid_validity =
                 case when uid_validity < $1 then $2 else uid_validity end + $3
             where id = $4 returning uid_validity",
        )
        .bind(now)
        .bind(now)
        .bind(count)
        .bind(account)
        .fetch_one(&mut **tx)
        .await?;
        Ok(last - count + 1)
    }

    /// Renames a mailbox and those below it; programs show them under their new names. Renaming INBOX moves its messages to a
    /// new mailbox (RFC 9051 §6.3.6).
    ///
    /// # Errors
    /// `BadName`, `NoSuchMailbox`, `MailboxExists`, `Refused`; the database.
    pub async fn rename_mailbox(
        &self,
        account: &str,
        from: &str,
        to: &str,
    ) -> Result<(), MailError> {
        let (from, to) = (checked(from)?, checked(to)?);
        if from == "INBOX" {
            let inbox = self
                .mailbox(account, "INBOX")
                .await?
                .ok_or_else(|| MailError::NoSuchMailbox(from.clone()))?;
            let made = self.create_mailbox(account, &to, None).await?;
            self.move_all(inbox.id, made.id).await?;
            return Ok(());
        }
        if to == from {
            return Err(MailError::MailboxExists(to));
        }
        if to
            .strip_prefix(&from)
            .is_some_and(|rest| rest.starts_with('/'))
        {
            return Err(MailError::Refused(refusal::INTO_ITSELF));
        }
        if let Some((above, _)) = to.rsplit_once('/')
            && self.mailbox(account, above).await?.is_none()
        {
            match self.create_mailbox(account, above, None).await {
                Ok(_) | Err(MailError::MailboxExists(_)) => {}
                Err(error) => return Err(error),
            }
        }
        transaction!(self.db(), MailError, tx => {
            let rows: Vec<(i64, String)> = sqlx::query_as("select id, name from mail_mailbox where account = $1")
                .bind(account)
                .fetch_all(&mut **tx)
                .await?;
            if !rows.iter().any(|(_, name)| *name == from) {
                return Err(MailError::NoSuchMailbox(from.clone()));
            }
            for (id, name) in &rows {
                let Some(rest) = name.strip_prefix(&from) else { continue };
                if !rest.is_empty() && !rest.starts_with('/') {
                    continue;
                }
                let renamed = checked(&format!("{to}{rest}"))?;
                query("update mail_mailbox set name = $1 where id = $2")
                    .bind(&renamed)
                    .bind(*id)
                    .execute(&mut **tx)
                    .await
                    .map_err(|error| match DbError::from(error) {
                        DbError::Exists(_) => MailError::MailboxExists(renamed.clone()),
                        other => other.into(),
                    })?;
                subscribed_names::take(tx, account, &renamed).await?;
                // Rules that put messages there go on doing so.
                query("update mail_rule set target = $1 where account = $2 and action = 'move' and target = $3")
                    .bind(&renamed)
                    .bind(account)
                    .bind(name)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })
    }

    /// Deletes a mailbox with its messages. Those below it stay.
    ///
    /// # Errors
    /// `NoSuchMailbox`, `Refused` for INBOX; the database.
    pub async fn delete_mailbox(&self, account: &str, name: &str) -> Result<(), MailError> {
        let name = checked(name)?;
        if name == "INBOX" {
            return Err(MailError::Refused("INBOX can't be deleted"));
        }
        let id = transaction!(self.db(), MailError, tx => {
            let id: Option<i64> = query_scalar("select id from mail_mailbox where account = $1 and name = $2")
                .bind(account)
                .bind(&name)
                .fetch_optional(&mut **tx)
                .await?;
            let id = id.ok_or_else(|| MailError::NoSuchMailbox(name.clone()))?;
            subscribed_names::keep(tx, MailboxId(id)).await?;
            let row = query("select messages, size_bytes from mail_mailbox where id = $1")
                .bind(id)
                .fetch_one(&mut **tx)
                .await?;
            let (messages, size_bytes): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
            query("update mail_account set used_bytes = used_bytes - $1, messages = messages - $2 where id = $3")
                .bind(size_bytes)
                .bind(messages)
                .bind(account)
                .execute(&mut **tx)
                .await?;
            query("insert into mail_loose (message) select distinct message from mail_item where mailbox = $1 on conflict (message) do nothing")
                .bind(id)
                .execute(&mut **tx)
                .await?;
            query("delete from mail_mailbox where id = $1").bind(id).execute(&mut **tx).await?;
            Ok(MailboxId(id))
        })?;
        self.0.views.forget(id);
        self.sweep_soon();
        Ok(())
    }

    /// Whether programs show the mailbox.
    ///
    /// # Errors
    /// `NoSuchMailbox`; the database.
    pub async fn subscribe(
        &self,
        account: &str,
        name: &str,
        subscribed: bool,
    ) -> Result<(), MailError> {
        let name = checked(name)?;
        let done =
            query("update mail_mailbox set subscribed = $1 where account = $2 and name = $3")
                .bind(i64::from(subscribed))
                .bind(account)
                .bind(&name)
                .execute(self.db().write())
                .await?;
        if done.rows_affected() == 0 {
            // Whoever doesn't want a mailbox may say so although it is gone (RFC 9051 §6.3.8).
            if !subscribed && self.forget_subscribed_name(account, &name).await? {
                return Ok(());
            }
            return Err(MailError::NoSuchMailbox(name));
        }
        Ok(())
    }
}

/// A mailbox's row in a transaction; with its lock (and one change further), or as it is.
///
/// # Errors
/// `NoSuchMailbox`; the database.
pub(super) async fn locked(
    tx: &mut lampion_db::Tx,
    id: MailboxId,
    change: bool,
) -> Result<Mailbox, MailError> {
    let sql = if change {
        format!("update mail_mailbox set modseq = modseq + 1 where id = $1 returning {COLUMNS}")
    } else {
        format!("select {COLUMNS} from mail_mailbox where id = $1")
    };
    let row = query(AssertSqlSafe(sql))
        .bind(id.0)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(|| MailError::NoSuchMailbox(id.0.to_string()))?;
    from_row(&row)
}
