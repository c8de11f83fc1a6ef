//! What waits for consent, and what is decided about it.

use std::collections::{BTreeMap, HashMap};

use lampion_db::{query, query_as, rows};
use lampion_mailproto::mime::{Structure, Summary};

use super::address_of;
use crate::local::Local;
use crate::store::{MailError, MailboxId, MessageId, Uid};

/// Messages looked at for one page.
const MESSAGES_LIMIT: i64 = 2_000;
/// Subjects shown of one sender.
const SUBJECTS_SHOWN: usize = 5;
/// Blocked senders shown.
const BLOCKED_SHOWN: i64 = 500;

/// What waits from one sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Address.
    pub sender: String,
    /// The name that the sender goes by; empty if there is none.
    pub name: String,
    /// The newest subjects.
    pub subjects: Vec<String>,
    /// How many messages.
    pub count: usize,
    /// When the newest came, ms since 1970.
    pub newest_ms: i64,
}

/// All that waits, the newest sender first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requests {
    /// By sender.
    pub waiting: Vec<Request>,
    /// Senders that are refused.
    pub blocked: Vec<String>,
}

/// The two that a message's row keeps together.
pub(crate) fn summary_of(packed: &[u8]) -> Option<(Structure, Summary)> {
    postcard::from_bytes(packed).ok()
}

impl Local {
    /// What waits for an account.
    ///
    /// # Errors
    /// The database.
    pub async fn waiting(&self, account: &str) -> Result<Requests, MailError> {
        let blocked: Vec<(String,)> = query_as(
            "select sender from mail_consent where account = $1 and state = 'blocked' order by since_ms desc limit $2",
        )
        .bind(account)
        .bind(BLOCKED_SHOWN)
        .fetch_all(self.db().read())
        .await?;
        let mut found = Requests {
            waiting: Vec::new(),
            blocked: blocked.into_iter().map(|row| row.0).collect(),
        };
        let Some(mailbox) = self.requests_box(account).await? else {
            return Ok(found);
        };
        let rows: Vec<(String, i64, i64)> = query_as(
            "select r.sender, r.message, i.internal_ms from mail_request r
             join mail_item i on i.message = r.message and i.mailbox = $1
             where r.account = $2 order by i.internal_ms desc, r.message desc limit $3",
        )
        .bind(mailbox.0)
        .bind(account)
        .bind(MESSAGES_LIMIT)
        .fetch_all(self.db().read())
        .await?;
        let ids: Vec<MessageId> = rows.iter().map(|row| MessageId(row.1)).collect();
        let details = self.store().details(&ids).await?;
        let about: HashMap<i64, Summary> = details
            .iter()
            .filter_map(|one| Some((one.message.0, summary_of(&one.structure)?.1)))
            .collect();
        let mut place: BTreeMap<String, usize> = BTreeMap::new();
        for (sender, message, came_ms) in rows {
            let at = *place.entry(sender.clone()).or_insert_with(|| {
                found.waiting.push(Request {
                    name: String::new(),
                    subjects: Vec::new(),
                    count: 0,
                    newest_ms: came_ms,
                    sender,
                });
                found.waiting.len() - 1
            });
            let (Some(request), Some(summary)) = (found.waiting.get_mut(at), about.get(&message))
            else {
                continue;
            };
            request.count += 1;
            if request.subjects.len() < SUBJECTS_SHOWN {
                request.subjects.push(summary.subject());
            }
            if request.name.is_empty() {
                let name = summary.from().first().and_then(|one| one.display_name());
                request.name = name.unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// How many senders wait for an account.
    ///
    /// # Errors
    /// The database.
    pub async fn waiting_count(&self, account: &str) -> Result<i64, MailError> {
        Ok(lampion_db::query_scalar(
            "select count(distinct sender) from mail_request where account = $1",
        )
        .bind(account)
        .fetch_one(self.db().read())
        .await?)
    }

    /// The messages that wait from a sender: where, their UIDs sorted, and their ids.
    async fn waiting_from(
        &self,
        account: &str,
        sender: &str,
    ) -> Result<Option<(MailboxId, Vec<Uid>, Vec<i64>)>, MailError> {
        let Some(mailbox) = self.requests_box(account).await? else {
            return Ok(None);
        };
        let rows: Vec<(i64, i64)> = query_as(
            "select i.uid, r.message from mail_request r join mail_item i on i.message = r.message and i.mailbox = $1
             where r.account = $2 and r.sender = $3 order by i.uid",
        )
        .bind(mailbox.0)
        .bind(account)
        .bind(address_of(sender))
        .fetch_all(self.db().read())
        .await?;
        let uids = rows
            .iter()
            .filter_map(|row| Uid::try_from(row.0).ok())
            .collect();
        Ok(Some((
            mailbox,
            uids,
            rows.into_iter().map(|row| row.1).collect(),
        )))
    }

    async fn forget(&self, account: &str, messages: &[i64]) -> Result<(), MailError> {
        let keys: Vec<(String, i64)> = messages
            .iter()
            .map(|one| (account.to_string(), *one))
            .collect();
        let mut connection = self.db().write().acquire().await?;
        rows::insert(
            &mut connection,
            (
                "delete from mail_request where (account, message) in (",
                ")",
            ),
            2,
            &keys,
            |statement, (account, message)| statement.bind(account.clone()).bind(*message),
        )
        .await?;
        Ok(())
    }

    /// The sender may write: what waits goes to INBOX.
    ///
    /// # Errors
    /// `OverQuota`; the database.
    pub async fn approve(&self, account: &str, sender: &str) -> Result<(), MailError> {
        // Remembered first: if the move fails, later mail arrives, and the rest can be approved again.
        self.set_sender(account, sender, "known").await?;
        if let Some((mailbox, uids, messages)) = self.waiting_from(account, sender).await? {
            let inbox = self.store().mailbox(account, "INBOX").await?;
            let inbox = inbox.ok_or_else(|| MailError::NoSuchMailbox("INBOX".into()))?;
            self.store().move_to(mailbox, &uids, inbox.id).await?;
            self.forget(account, &messages).await?;
        }
        Ok(())
    }

    /// What waits from the sender is deleted; later mail waits again.
    ///
    /// # Errors
    /// The database.
    pub async fn refuse(&self, account: &str, sender: &str) -> Result<(), MailError> {
        if let Some((mailbox, uids, messages)) = self.waiting_from(account, sender).await? {
            self.store().delete(mailbox, &uids).await?;
            self.forget(account, &messages).await?;
        }
        Ok(())
    }

    /// What waits from the sender is deleted, and later mail is refused.
    ///
    /// # Errors
    /// The database.
    pub async fn block(&self, account: &str, sender: &str) -> Result<(), MailError> {
        self.set_sender(account, sender, "blocked").await?;
        self.refuse(account, sender).await
    }

    /// Takes a block back.
    ///
    /// # Errors
    /// The database.
    pub async fn unblock(&self, account: &str, sender: &str) -> Result<(), MailError> {
        query("delete from mail_consent where account = $1 and sender = $2 and state = 'blocked'")
            .bind(account)
            .bind(address_of(sender))
            .execute(self.db().write())
            .await?;
        Ok(())
    }
}
