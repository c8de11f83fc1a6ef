//! Which messages are `\Recent` (RFC 3501 §2.3.2): those that no program has been told of yet.
//!
//! Who is told first is kept in memory and written down beside other work, so that a look at a mailbox writes nothing. After a
//! crash some messages are recent once more, as the RFC wants it where nobody knows. Other processes of the node learn of it when
//! it is written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use lampion_db::{query, transaction};

use super::Store;
use super::model::{MailError, Mailbox, MailboxId, Uid};

/// Mailboxes remembered.
const MAILBOXES_LIMIT: usize = 20_000;

/// From which UID on messages are recent, where this process knows it better than the database; and whether it has been
/// written down.
#[derive(Default)]
pub(super) struct Recents(Mutex<HashMap<MailboxId, (Uid, bool)>>);

impl Store {
    /// From which UID on nobody has been told of messages.
    pub fn recent_from(&self, mailbox: &Mailbox) -> Uid {
        let known = self
            .0
            .recents
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let here = known.get(&mailbox.id).map_or(0, |(from, _)| *from);
        here.max(mailbox.recent_from).min(mailbox.uid_next)
    }

    /// The same; from now on they are not recent for anybody else.
    pub fn claim_recent(&self, mailbox: &Mailbox) -> Uid {
        let mut known = self
            .0
            .recents
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let here = known.get(&mailbox.id).map_or(0, |(from, _)| *from);
        let from = here.max(mailbox.recent_from);
        if from >= mailbox.uid_next {
            return mailbox.uid_next;
        }
        if known.len() >= MAILBOXES_LIMIT {
            known.retain(|_, (_, written)| !*written);
        }
        known.insert(mailbox.id, (mailbox.uid_next, false));
        from
    }

    /// Writes down what is new.
    pub(super) async fn write_recents(&self) -> Result<(), MailError> {
        let new: Vec<(MailboxId, Uid)> = {
            let known = self
                .0
                .recents
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let new = known.iter().filter(|(_, (_, written))| !written);
            new.map(|(id, (from, _))| (*id, *from)).collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        transaction!(self.db(), MailError, tx => {
            for (id, from) in &new {
                query("update mail_mailbox set recent_from = $1 where id = $2 and recent_from < $3")
                    .bind(i64::from(*from))
                    .bind(id.0)
                    .bind(i64::from(*from))
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })?;
        let mut known = self
            .0
            .recents
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (id, from) in new {
            if let Some(one) = known.get_mut(&id).filter(|one| one.0 == from) {
                one.1 = true;
            }
        }
        Ok(())
    }
}
