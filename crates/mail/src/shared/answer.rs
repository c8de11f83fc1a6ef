//! Answers under the shared address.

use lampion_mailproto::mime::{Date, Mailbox, Summary, address, compose::Letter};

use super::{Shared, Task};
use crate::local::Local;
use crate::receive::letter_message;
use crate::store::{
    Delivery, FlagAction, FlagChange, Flags, MailError, MailboxId, Special, Target, Uid, refusal,
};

/// Longest answer, in characters.
pub(super) const TEXT_LIMIT: usize = 100_000;

impl Local {
    /// Sends an answer to a message of a shared mailbox: under its address, filed in its Sent, the message marked as answered
    /// and, if said so, done.
    ///
    /// # Errors
    /// `NoSuchMessage`, `Refused` if there is nobody to answer; the database.
    pub async fn answer(
        &self,
        shared: &Shared,
        (mailbox, uid): (MailboxId, Uid),
        summary: &Summary,
        text: &str,
        (person, done): (&str, bool),
    ) -> Result<(), MailError> {
        let reply = summary.fields.reply_to.as_deref().unwrap_or_default();
        let to = address::mailboxes(reply)
            .into_iter()
            .chain(summary.from())
            .find(|one| !one.domain.is_empty());
        let to = to.ok_or(MailError::Refused(refusal::NO_SENDER))?;
        let recipient = to.address();
        let mut references = summary.ancestors();
        references.extend(summary.message_id());
        let letter = Letter {
            from: Mailbox {
                name: Some(lampion_mailproto::mime::words::encode(&shared.title))
                    .filter(|name| !name.is_empty()),
                route: None,
                local: shared.name.clone(),
                domain: self.domain().into(),
            },
            to: vec![to],
            cc: Vec::new(),
            bcc: Vec::new(),
            subject: format!("Re: {}", summary.base_subject()),
            date: Date {
                unix_ms: self.now_ms(),
                offset_minutes: 0,
            },
            message_id: self.message_id(),
            in_reply_to: summary.message_id(),
            references,
            headers: Vec::new(),
            text: text
                .replace("\r\n", "\n")
                .chars()
                .take(TEXT_LIMIT)
                .collect(),
        };
        let sent = self.store().special(&shared.account, Special::Sent).await?;
        // Filed first: an answer that went out and is nowhere would be written again by somebody else.
        let copy = letter_message(self, &letter).await?;
        let filed = self
            .store()
            .deliver(Delivery {
                message: copy,
                targets: vec![Target {
                    flags: Flags::SEEN,
                    ..Target::new(sent.id)
                }],
                extra: Vec::new(),
                holder: None,
            })
            .await?;
        let sender = format!("{}@{}", shared.name, self.domain());
        let message = letter_message(self, &letter).await?;
        if let Err(error) = self
            .outgoing()
            .send(message, &sender, &[recipient], Vec::new())
            .await
        {
            for placed in filed.placed.into_iter().flatten() {
                self.store().delete(placed.mailbox, &[placed.uid]).await?;
            }
            return Err(error);
        }
        let change = FlagChange {
            action: FlagAction::Add,
            flags: Flags::ANSWERED.with(Flags::SEEN),
            keywords: Vec::new(),
        };
        self.store()
            .store_flags(mailbox, &[uid], &change, None)
            .await?;
        let view = self.store().view(mailbox).await?;
        let item = view.by_uid(uid).ok_or(MailError::NoSuchMessage)?;
        let before = self.task_of(&shared.account, item).await?;
        let assigned = if before.assigned.is_empty() {
            person.to_string()
        } else {
            before.assigned
        };
        self.set_task(
            &shared.account,
            (mailbox, uid),
            &Task {
                assigned,
                done: done || before.done,
            },
            person,
        )
        .await
    }
}
