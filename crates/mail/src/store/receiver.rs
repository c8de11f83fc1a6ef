//! Who receives at an address, and what their settings may do with a message: one look, since each recipient of each message
//! asks.

use lampion_db::{AssertSqlSafe, Row, query, sqlx};
use lampion_people::normal_name;

use super::Store;
use super::model::{Account, MailError, MailboxId};

/// What an account's own settings may do with a message; most do nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Habits {
    /// Its INBOX.
    pub inbox: MailboxId,
    /// There are rules.
    pub rules: bool,
    /// Somebody is away.
    pub away: bool,
    /// It wants nothing from who wrote or sent the message.
    pub blocked: bool,
    /// It approved who wrote it: the address that people see, not that of the envelope.
    pub known: bool,
}

/// Who receives at an address.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub account: Account,
    pub habits: Habits,
}

/// Columns of [`Habits`], of a message that `$1` wrote and `$2` sent, beside a row `mail_account`.
const HABITS: &str =
    "coalesce((select m.id from mail_mailbox m where m.account = mail_account.id and m.name = 'INBOX'), 0) as inbox,
    (select count(*) from mail_rule r where r.account = mail_account.id) as rules,
    (select count(*) from mail_preference p where p.account = mail_account.id and p.vacation <> 0) as away,
    (select count(*) from mail_consent c
        where c.account = mail_account.id and c.sender in ($1, $2) and c.state = 'blocked') as blocked,
    (select count(*) from mail_consent c
        where c.account = mail_account.id and c.sender = $1 and c.state = 'known') as known";

fn habits_from(row: &sqlx::any::AnyRow) -> Result<Habits, MailError> {
    let some = |column| Ok::<_, MailError>(row.try_get::<i64, _>(column)? > 0);
    let inbox: i64 = row.try_get("inbox")?;
    if inbox == 0 {
        return Err(MailError::NoSuchMailbox("INBOX".into()));
    }
    Ok(Habits {
        inbox: MailboxId(inbox),
        rules: some("rules")?,
        away: some("away")?,
        blocked: some("blocked")?,
        known: some("known")?,
    })
}

impl Store {
    /// Who receives at the local part of an address, as [`Store::account_at`], and their habits with what `author` wrote and
    /// `sender` sent: addresses as `consent::address_of` writes them.
    ///
    /// # Errors
    /// The database; `NoSuchMailbox` for an account without INBOX.
    pub(crate) async fn receiver(
        &self,
        local_part: &str,
        author: &str,
        sender: &str,
    ) -> Result<Option<Receiver>, MailError> {
        let base = local_part.split('+').next().unwrap_or_default();
        let Ok(name) = normal_name(base) else {
            return Ok(None);
        };
        let columns = format!(
            "{}, {} as enabled, {HABITS}",
            super::accounts::COLUMNS,
            lampion_people::enabled_sql("mail_account.id")
        );
        let sql = format!(
            "select {columns} from mail_account where name = $3 union all
             select {columns} from mail_account where id = (select account from mail_alias where name = $3)"
        );
        let row = query(AssertSqlSafe(sql))
            .bind(author)
            .bind(sender)
            .bind(&name)
            .fetch_optional(self.db().read())
            .await?;
        if let Some(row) = row {
            let account = self.account_from(&row)?;
            if !account.id.starts_with("s-") && row.try_get::<i64, _>("enabled")? == 0 {
                return Ok(None);
            }
            let habits = habits_from(&row)?;
            return Ok(Some(Receiver { account, habits }));
        }
        match self.0.parts.people.by_name(&name).await? {
            Some(person) if !person.disabled => {
                let account = self.account_of(&person).await?;
                let habits = self.habits(&account.id, author, sender).await?;
                Ok(Some(Receiver { account, habits }))
            }
            _ => Ok(None),
        }
    }

    /// What an account's settings may do with a message that `author` wrote and `sender` sent.
    ///
    /// # Errors
    /// As [`Store::receiver`].
    pub(crate) async fn habits(
        &self,
        account: &str,
        author: &str,
        sender: &str,
    ) -> Result<Habits, MailError> {
        let sql = format!("select {HABITS} from mail_account where id = $3");
        let row = query(AssertSqlSafe(sql))
            .bind(author)
            .bind(sender)
            .bind(account)
            .fetch_optional(self.db().read())
            .await?
            .ok_or_else(|| MailError::NoSuchMailbox("INBOX".into()))?;
        habits_from(&row)
    }
}
