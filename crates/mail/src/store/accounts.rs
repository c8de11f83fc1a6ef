//! Whose mail it is, and who receives at an address.

use lampion_db::{DbError, Row, query, query_scalar, sqlx, transaction};
use lampion_people::Person;

use super::model::{Account, MailError, Special};
use super::{Store, narrow};

/// Mailboxes of one account at most.
pub const FOLDERS_LIMIT: i64 = 2_000;
pub(super) const COLUMNS: &str = "id, name, used_bytes, messages, quota_bytes";

impl Store {
    pub(super) fn account_from(&self, row: &sqlx::any::AnyRow) -> Result<Account, MailError> {
        let quota: i64 = row.try_get("quota_bytes")?;
        Ok(Account {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            used_bytes: row.try_get("used_bytes")?,
            messages: row.try_get("messages")?,
            quota_bytes: match quota {
                -1 => self.0.parts.quota_bytes,
                0 => None,
                bytes => Some(bytes),
            },
        })
    }

    /// An account, if it is there.
    ///
    /// # Errors
    /// The database.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, MailError> {
        let sql = format!("select {COLUMNS} from mail_account where id = $1");
        let row = query(lampion_db::AssertSqlSafe(sql))
            .bind(id)
            .fetch_optional(self.db().read())
            .await?;
        row.map(|row| self.account_from(&row)).transpose()
    }

    /// The account of a person, made with its usual mailboxes if it isn't there yet.
    ///
    /// # Errors
    /// The database.
    pub async fn account_of(&self, person: &Person) -> Result<Account, MailError> {
        if let Some(account) = self.account(&person.id).await? {
            return Ok(account);
        }
        match self.make_account(&person.id, &person.name).await {
            // Somebody else made it just now; or the name was somebody's who is gone.
            Ok(()) | Err(MailError::MailboxExists(_)) => {}
            Err(error) => return Err(error),
        }
        self.account(&person.id).await?.ok_or_else(|| {
            MailError::Fault(format!(
                "`{}` has mail of somebody who is gone",
                person.name
            ))
        })
    }

    /// Makes an account with its usual mailboxes.
    ///
    /// # Errors
    /// `MailboxExists` if there is one with this id or name; `NameTaken` if it is nobody's, and somebody has the name; the
    /// database.
    pub async fn make_account(&self, id: &str, name: &str) -> Result<(), MailError> {
        // A validity that a former account of this name can't have had, as long as the clock isn't behind.
        let first = (self.now_ms() / 1000).clamp(1, i64::from(u32::MAX / 2));
        self.0.marks.changed();
        transaction!(self.db(), MailError, tx => {
            if id.starts_with("s-") {
                lampion_people::reserve(tx, name).await?;
            }
            query("insert into mail_account (id, name, uid_validity) values ($1, $2, $3)")
                .bind(id)
                .bind(name)
                .bind(first + 1 + i64::try_from(Special::ALL.len()).unwrap_or(0))
                .execute(&mut **tx)
                .await
                .map_err(|error| match DbError::from(error) {
                    DbError::Exists(_) => MailError::MailboxExists(name.into()),
                    other => other.into(),
                })?;
            let ids = self.take_ids(tx, 1 + Special::ALL.len()).await?;
            let names = std::iter::once(("INBOX", "")).chain(Special::ALL.iter().map(|s| (s.name(), s.attribute())));
            for (n, (name, special)) in (0i64..).zip(names) {
                query(super::mailboxes::INSERT)
                    .bind(ids + n)
                    .bind(id)
                    .bind(name)
                    .bind(special)
                    .bind(1i64)
                    .bind(first + n)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })
    }

    /// Who receives at the local part of an address: people, shared mailboxes and further names of both. What comes
    /// after `+` is for the receiver to sort by.
    ///
    /// # Errors
    /// The database.
    pub async fn account_at(&self, local_part: &str) -> Result<Option<Account>, MailError> {
        let receiver = self.receiver(local_part, "", "").await?;
        Ok(receiver.map(|receiver| receiver.account))
    }

    /// Further names under which an account receives.
    ///
    /// # Errors
    /// The database.
    pub async fn aliases(&self, account: &str) -> Result<Vec<String>, MailError> {
        Ok(
            query_scalar("select name from mail_alias where account = $1 order by name")
                .bind(account)
                .fetch_all(self.db().read())
                .await?,
        )
    }

    /// Numbers for rows, rising; the first of `count`. Taken in a transaction, so that none is lost or given twice.
    pub(super) async fn take_ids(
        &self,
        tx: &mut lampion_db::Tx,
        count: usize,
    ) -> Result<i64, MailError> {
        let count = i64::try_from(count).map_err(|_| MailError::Fault("too many rows".into()))?;
        let row =
            query("update mail_state set next_id = next_id + $1 where id = 1 returning next_id")
                .bind(count)
                .fetch_one(&mut **tx)
                .await?;
        Ok(narrow::<i64>(&row, "next_id")? - count)
    }
}
