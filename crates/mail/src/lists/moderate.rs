//! Messages that wait for a moderator.

use lampion_db::{query, query_as, query_scalar};
use lampion_mailproto::mime::{Date, Mailbox, compose::Letter, words};

use super::{HELD, List};
use crate::consent::summary_of;
use crate::local::Local;
use crate::receive::letter_message;
use crate::store::{Extra, MailError, MessageId, Uid};

/// Longest reason, in characters.
const REASON_LIMIT: usize = 2_000;

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its number in [`HELD`].
    pub uid: Uid,
    /// The message.
    pub message: MessageId,
    /// Who wrote it.
    pub author: String,
    /// A notice can be sent to the author: who it is was proved, or it is a member's address. To others none is sent, for
    /// `From` may be forged.
    pub known: bool,
    /// Its subject.
    pub subject: String,
    /// Its first words.
    pub preview: String,
    /// When it came, ms since 1970.
    pub came_ms: i64,
}

impl Local {
    pub(crate) async fn held_count(&self, list: &str) -> Result<i64, MailError> {
        Ok(
            query_scalar("select count(*) from mail_posting where list = $1 and state = 'held'")
                .bind(list)
                .fetch_one(self.db().read())
                .await?,
        )
    }

    /// Messages that wait, the oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn held(&self, list: &str) -> Result<Vec<Held>, MailError> {
        let rows: Vec<(i64, i64, String, i64, i64)> = query_as(
            "select i.uid, p.message, p.author, p.known, p.added_ms from mail_posting p
             join mail_mailbox m on m.account = p.list and m.name = $1
             join mail_item i on i.mailbox = m.id and i.message = p.message
             where p.list = $2 and p.state = 'held' order by i.uid",
        )
        .bind(HELD)
        .bind(list)
        .fetch_all(self.db().read())
        .await?;
        let ids: Vec<MessageId> = rows.iter().map(|row| MessageId(row.1)).collect();
        let details = self.store().details(&ids).await?;
        Ok(rows
            .into_iter()
            .filter_map(|(uid, message, author, known, came_ms)| {
                let detail = details.iter().find(|one| one.message.0 == message)?;
                Some(Held {
                    uid: Uid::try_from(uid).ok()?,
                    message: MessageId(message),
                    author,
                    known: known != 0,
                    subject: summary_of(&detail.structure)
                        .map(|(_, about)| about.subject())
                        .unwrap_or_default(),
                    preview: detail.preview.clone(),
                    came_ms,
                })
            })
            .collect())
    }

    async fn one_held(&self, list: &List, uid: Uid) -> Result<Held, MailError> {
        let all = self.held(&list.account).await?;
        all.into_iter()
            .find(|one| one.uid == uid)
            .ok_or(MailError::NoSuchMessage)
    }

    /// A message that waits is sent to the list.
    ///
    /// # Errors
    /// `NoSuchMessage` if somebody else was quicker; the database.
    pub async fn approve_post(&self, list: &List, uid: Uid) -> Result<(), MailError> {
        let held = self.one_held(list, uid).await?;
        // Whoever turns the row is the one who approves; it is durable from here on.
        let turned = query("update mail_posting set state = 'send' where message = $1 and list = $2 and state = 'held'")
            .bind(held.message.0)
            .bind(&list.account)
            .execute(self.db().write())
            .await?;
        if turned.rows_affected() == 0 {
            return Err(MailError::NoSuchMessage);
        }
        let waiting = self.store().mailbox(&list.account, HELD).await?;
        let archive = self.store().mailbox(&list.account, "INBOX").await?;
        if let (Some(waiting), Some(archive)) = (waiting, archive) {
            if list.archive {
                self.store().move_to(waiting.id, &[uid], archive.id).await?;
            } else {
                self.store().delete(waiting.id, &[uid]).await?;
            }
        }
        self.posted();
        Ok(())
    }

    /// A message that waits is thrown away. With a reason its author is told, if it is known who that is; whether a notice was
    /// sent.
    ///
    /// # Errors
    /// `NoSuchMessage` if somebody else was quicker; the database.
    pub async fn discard_post(
        &self,
        list: &List,
        uid: Uid,
        reason: Option<&str>,
    ) -> Result<bool, MailError> {
        let held = self.one_held(list, uid).await?;
        let told = match reason {
            Some(reason) if held.known => {
                self.tell_author(list, &held, reason, Vec::new()).await?;
                true
            }
            _ => false,
        };
        if let Some(waiting) = self.store().mailbox(&list.account, HELD).await? {
            self.store().delete(waiting.id, &[uid]).await?;
        }
        self.posting_done(held.message.0, &list.account).await?;
        Ok(told)
    }

    /// Answers a message that waits, in the name of the list. The rows of `extra` are of the same transaction.
    pub(super) async fn tell_author(
        &self,
        list: &List,
        held: &Held,
        text: &str,
        extra: Vec<Extra>,
    ) -> Result<(), MailError> {
        let detail = self.store().details(&[held.message]).await?.pop();
        let about = detail
            .and_then(|one| summary_of(&one.structure))
            .map(|(_, about)| about)
            .unwrap_or_default();
        let mut letter = self.letter_of_list(list, std::slice::from_ref(&held.author));
        letter.subject = format!("Re: {}", about.base_subject());
        letter.in_reply_to = about.message_id();
        letter.references = about.ancestors();
        letter.references.extend(about.message_id());
        letter.headers = vec![("Auto-Submitted".into(), "auto-replied".into())];
        letter.text = text
            .replace("\r\n", "\n")
            .chars()
            .take(REASON_LIMIT)
            .collect();
        let message = letter_message(self, &letter).await?;
        self.outgoing()
            .send(message, "", std::slice::from_ref(&held.author), extra)
            .await
    }

    /// A letter of a list, from its owners, to which nothing was put yet.
    pub(super) fn letter_of_list(&self, list: &List, to: &[String]) -> Letter {
        let mailbox = |address: &String| {
            let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
            Mailbox {
                name: None,
                route: None,
                local: local.into(),
                domain: domain.into(),
            }
        };
        Letter {
            from: Mailbox {
                name: Some(words::encode(&list.title)),
                route: None,
                local: format!("{}+owner", list.name),
                domain: self.domain().into(),
            },
            to: to.iter().map(mailbox).collect(),
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: String::new(),
            date: Date {
                unix_ms: self.now_ms(),
                offset_minutes: 0,
            },
            message_id: self.message_id(),
            in_reply_to: None,
            references: Vec::new(),
            headers: Vec::new(),
            text: String::new(),
        }
    }
}
