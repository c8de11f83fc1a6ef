//! Names that programs show although no mailbox has them any more: nobody but their owner takes a name off the list of those
//! that are subscribed (RFC 9051 §6.3.7).
//!
//! Of a mailbox that is there its own row says whether it is subscribed; what is here are only names without one.

use lampion_db::{Tx, query, query_scalar};

use super::Store;
use super::accounts::FOLDERS_LIMIT;
use super::model::{MailError, MailboxId};

impl Store {
    /// Names that an account's programs show although no mailbox has them.
    ///
    /// # Errors
    /// The database.
    pub async fn subscribed_names(&self, account: &str) -> Result<Vec<String>, MailError> {
        Ok(
            query_scalar("select name from mail_subscribed_name where account = $1 order by name")
                .bind(account)
                .fetch_all(self.db().read())
                .await?,
        )
    }

    /// Keeps a name that a mailbox had before a program renamed it.
    ///
    /// # Errors
    /// The database.
    pub async fn keep_subscribed_name(&self, account: &str, name: &str) -> Result<(), MailError> {
        query(
            "insert into mail_subscribed_name (account, name) select id, $1 from mail_account where id = $2
             and (select count(*) from mail_subscribed_name where account = $3) < $4
             and not exists (select 1 from mail_mailbox where account = $5 and name = $6) on conflict (account, name) do nothing",
        )
        .bind(name)
        .bind(account)
        .bind(account)
        .bind(FOLDERS_LIMIT)
        .bind(account)
        .bind(name)
        .execute(self.db().write())
        .await?;
        Ok(())
    }

    /// Takes a name off the list; gives whether it was there.
    pub(super) async fn forget_subscribed_name(
        &self,
        account: &str,
        name: &str,
    ) -> Result<bool, MailError> {
        let done = query("delete from mail_subscribed_name where account = $1 and name = $2")
            .bind(account)
            .bind(name)
            .execute(self.db().write())
            .await?;
        Ok(done.rows_affected() > 0)
    }
}

/// A mailbox is about to go: its name stays on the list, if it is there.
pub(super) async fn keep(tx: &mut Tx, mailbox: MailboxId) -> Result<(), MailError> {
    query(
        "insert into mail_subscribed_name (account, name) select m.account, m.name from mail_mailbox m
         where m.id = $1 and m.subscribed = 1
         and (select count(*) from mail_subscribed_name s where s.account = m.account) < $2 on conflict (account, name) do nothing",
    )
    .bind(mailbox.0)
    .bind(FOLDERS_LIMIT)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A mailbox gets a name: gives whether it was on the list, on which the mailbox itself stands from now on.
pub(super) async fn take(tx: &mut Tx, account: &str, name: &str) -> Result<bool, MailError> {
    let done = query("delete from mail_subscribed_name where account = $1 and name = $2")
        .bind(account)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() > 0)
}
