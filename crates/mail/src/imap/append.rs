//! APPEND: messages pass into the store piece by piece; several become one change (RFC 3502).

use std::io;

use lampion_mailproto::imap::reader::AppendHead;
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::put;

use super::session::{Answer, Done, Session, said};
use crate::store::{Delivery, Flags, Incoming, MailError, Mailbox, NewMessage, Special, Target};

/// Messages of one command.
const MESSAGES_LIMIT: usize = 500;

/// An `APPEND` in the middle.
pub(super) struct Append {
    tag: String,
    mailbox: Mailbox,
    done: Vec<(NewMessage, Target)>,
    size_bytes: u64,
    current: Option<(Incoming, Target)>,
}

impl Session {
    /// A message is announced: whether it is wanted.
    pub(super) async fn append_begins(
        &mut self,
        tag: String,
        name: &str,
        first: bool,
        head: AppendHead,
    ) -> io::Result<()> {
        match Box::pin(self.wanted(&tag, name, first, &head)).await {
            Ok(()) => {
                if self.reader.accept() {
                    put!(self.wire.out, "+ OK\r\n");
                }
                Ok(())
            }
            Err(answer) => {
                self.append = None;
                if let Err(text) = self.reader.refuse() {
                    self.bye(text);
                }
                self.finish(&tag, Ok(answer), true).await
            }
        }
    }

    async fn wanted(
        &mut self,
        tag: &str,
        name: &str,
        first: bool,
        head: &AppendHead,
    ) -> Result<(), Answer> {
        let no = |error: &MailError| Answer::No(said(error));
        if self.who.is_none() {
            return Err(Answer::No("sign in first".into()));
        }
        let store = self.store();
        if first {
            let mailbox = match self.find(name, 'i').await {
                Ok(found) => found.mailbox,
                Err(MailError::NoSuchMailbox(_)) => {
                    return Err(Answer::No("[TRYCREATE] there is no such mailbox".into()));
                }
                Err(error) => return Err(no(&error)),
            };
            self.append = Some(Box::new(Append {
                tag: tag.to_string(),
                mailbox,
                done: Vec::new(),
                size_bytes: 0,
                current: None,
            }));
        }
        let Some(append) = self.append.as_mut().filter(|append| append.tag == tag) else {
            return Err(Answer::Bad("this message belongs to nothing".into()));
        };
        let limit_bytes = store.message_limit_bytes();
        if head.size > limit_bytes {
            return Err(no(&MailError::TooLarge { limit_bytes }));
        }
        if head.size == 0 {
            return Err(Answer::No("a message of no bytes is none".into()));
        }
        if append.done.len() >= MESSAGES_LIMIT {
            return Err(Answer::No("[LIMIT] too many messages at once".into()));
        }
        append.size_bytes += head.size;
        let account = store
            .account(&append.mailbox.account)
            .await
            .map_err(|error| no(&error))?;
        let full = account.is_some_and(|account| {
            account.quota_bytes.is_some_and(|quota| {
                let size = i64::try_from(append.size_bytes).unwrap_or(i64::MAX);
                account.used_bytes.saturating_add(size) > quota
            })
        });
        if full {
            return Err(no(&MailError::OverQuota(append.mailbox.name.clone())));
        }
        let target = Target {
            mailbox: append.mailbox.id,
            flags: Flags(u16::from(head.flags.system)),
            keywords: head.flags.keywords.clone(),
            internal_ms: head.internal_ms,
        };
        append.current = Some((store.incoming(), target));
        Ok(())
    }

    /// Bytes of the message, which lie in the input from a place on.
    pub(super) async fn append_content(&mut self, from: usize, len: usize) {
        let piece = self.wire.input.get(from..from + len).unwrap_or_default();
        let Some(append) = self.append.as_mut() else {
            return;
        };
        let Some((incoming, _)) = append.current.as_mut() else {
            return;
        };
        if let Err(error) = incoming.write(piece).await {
            self.append_failed(&error);
        }
    }

    fn append_failed(&mut self, error: &MailError) {
        if let Some(append) = self.append.take() {
            self.reader.abandon();
            self.answer(&append.tag, &Answer::No(said(error)));
        }
    }

    /// A message is whole.
    pub(super) async fn append_whole(&mut self) {
        let Some(append) = self.append.as_mut() else {
            return;
        };
        let Some((incoming, target)) = append.current.take() else {
            return;
        };
        match incoming.finish().await {
            Ok(message) => append.done.push((message, target)),
            Err(error) => self.append_failed(&error),
        }
    }

    /// The command is whole: all of its messages become one change.
    pub(super) async fn append_done(&mut self) -> Done {
        let Some(append) = self.append.take() else {
            return Ok(Answer::Later);
        };
        let store = self.store();
        let count = append.done.len();
        // What this account sent is in its Sent already: a program that files it again gets what is there.
        if let [(message, _)] = append.done.as_slice()
            && append.mailbox.special == Some(Special::Sent)
            && let Some(id) = &message.scanned.summary.fields.message_id
            && let Some((mailbox, uid)) = self.sent_already(&append.mailbox.account, id).await?
            && mailbox == append.mailbox.id
        {
            let validity = append.mailbox.uid_validity;
            return Ok(Answer::Ok(format!(
                "[APPENDUID {validity} {uid}] it is there"
            )));
        }
        let deliveries = append
            .done
            .into_iter()
            .map(|(message, target)| Delivery {
                message,
                targets: vec![target],
                extra: Vec::new(),
                holder: None,
            })
            .collect();
        let delivered = store.deliver_all(deliveries).await?;
        let placed: Vec<_> = delivered
            .iter()
            .flat_map(|one| one.placed.iter().flatten())
            .collect();
        let mut uids: Vec<u32> = placed.iter().map(|placed| placed.uid).collect();
        if placed.len() < count {
            // RFC 3502 §6.3.11: all or none.
            uids.sort_unstable();
            if !uids.is_empty() {
                store.delete(append.mailbox.id, &uids).await?;
            }
            if store.mailbox_by_id(append.mailbox.id).await?.is_none() {
                return Ok(Answer::No("[TRYCREATE] there is no such mailbox".into()));
            }
            return Err(MailError::OverQuota(append.mailbox.name).into());
        }
        let validity = placed
            .first()
            .map_or(append.mailbox.uid_validity, |placed| placed.uid_validity);
        let mut text = Vec::new();
        put!(text, "[APPENDUID {validity} ");
        write::ranges(&set::ranges_of(uids), &mut text);
        put!(text, "] kept");
        Ok(Answer::Ok(String::from_utf8_lossy(&text).into_owned()))
    }
}
