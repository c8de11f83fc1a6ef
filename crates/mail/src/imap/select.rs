//! SELECT, EXAMINE and their QRESYNC.

use std::sync::Arc;

use lampion_mailproto::imap::command::{QResync, SelectParams};
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::put;

use super::rights;
use super::selected::Selected;
use super::session::{Answer, Done, Failure, Session};
use crate::store::{MailError, Mailbox, View};

impl Session {
    /// A mailbox of the person's by its name, if it may be seen.
    pub(super) async fn find(&self, name: &str, right: char) -> Result<Mailbox, MailError> {
        let Some(who) = &self.who else {
            return Err(MailError::NoSuchMailbox(name.into()));
        };
        let found = self.store().mailbox(&who.account, name).await?;
        let mailbox = found.ok_or_else(|| MailError::NoSuchMailbox(name.into()))?;
        rights::need(who, &mailbox, right)?;
        Ok(mailbox)
    }

    pub(super) async fn select(
        &mut self,
        name: &str,
        read_only: bool,
        params: &SelectParams,
    ) -> Done {
        if self.selected.take().is_some() {
            put!(
                self.wire.out,
                "* OK [CLOSED] the mailbox before is closed\r\n"
            );
        }
        if params.qresync.is_some() && !self.qresync {
            return Ok(Answer::Bad("enable QRESYNC first".into()));
        }
        if params.condstore {
            self.condstore = true;
        }
        let mailbox = self.find(name, 'r').await?;
        let store = self.store();
        // Watched before it is looked at, so that no change falls between.
        let newest = store.watch(mailbox.id);
        let view = store.view(mailbox.id).await?;
        self.describe(&mailbox.name, &view, read_only);
        let selected = Selected {
            id: mailbox.id,
            read_only,
            fresh: Arc::clone(&view),
            view,
            newest,
            told: Vec::new(),
            saved: Vec::new(),
        };
        self.selected = Some(Box::new(selected));
        if let Some(known) = &params.qresync {
            self.catch_up(known).await?;
        }
        Ok(Answer::Ok(if read_only {
            "[READ-ONLY] here it is".into()
        } else {
            "[READ-WRITE] here it is".into()
        }))
    }

    fn describe(&mut self, name: &str, view: &View, read_only: bool) {
        let (utf8, rev2) = (self.utf8, self.rev2);
        let out = &mut self.wire.out;
        let keywords = view.keywords();
        let flags = "\\Answered \\Flagged \\Deleted \\Seen \\Draft";
        let words: String = keywords
            .iter()
            .map(|keyword| format!(" {keyword}"))
            .collect();
        put!(
            out,
            "* FLAGS ({flags}{words})\r\n* {} EXISTS\r\n",
            view.len()
        );
        if read_only {
            out.extend_from_slice(b"* OK [PERMANENTFLAGS ()] nothing is kept\r\n");
        } else {
            put!(
                out,
                "* OK [PERMANENTFLAGS ({flags}{words} \\*)] all are kept\r\n"
            );
        }
        if rev2 {
            out.extend_from_slice(b"* LIST () \"/\" ");
            write::mailbox(name, utf8, out);
            out.extend_from_slice(b"\r\n");
        } else {
            out.extend_from_slice(b"* 0 RECENT\r\n");
            if let Some(at) = view.first_unseen() {
                put!(
                    out,
                    "* OK [UNSEEN {}] the first that is not read\r\n",
                    at + 1
                );
            }
        }
        put!(
            out,
            "* OK [UIDVALIDITY {}] UIDs are valid\r\n* OK [UIDNEXT {}] the next UID\r\n* OK [HIGHESTMODSEQ {}] the last change\r\n* OK [MAILBOXID (F{})] its id\r\n",
            view.mailbox.uid_validity,
            view.mailbox.uid_next,
            view.modseq(),
            view.mailbox.id.0
        );
    }

    /// RFC 7162 §3.2.5: what happened since a client was here.
    async fn catch_up(&mut self, known: &QResync) -> Result<(), Failure> {
        let store = self.store();
        let Some(selected) = &self.selected else {
            return Ok(());
        };
        if selected.view.mailbox.uid_validity != known.uid_validity {
            return Ok(());
        }
        let since = i64::try_from(known.modseq).unwrap_or(i64::MAX);
        if since >= selected.view.modseq() {
            return Ok(());
        }
        let changes = store.changes(selected.id, since).await?;
        let last = selected.view.mailbox.uid_next.saturating_sub(1);
        let ranges = match &known.known {
            Some(set) => set.resolve(last).unwrap_or_default(),
            None => vec![(1, last)],
        };
        let view = Arc::clone(&selected.view);
        let gone = changes
            .vanished
            .iter()
            .copied()
            .filter(|uid| set::holds(&ranges, *uid) && view.by_uid(*uid).is_none());
        let gone = set::ranges_of(gone);
        if !gone.is_empty() {
            self.wire.out.extend_from_slice(b"* VANISHED (EARLIER) ");
            write::ranges(&gone, &mut self.wire.out);
            self.wire.out.extend_from_slice(b"\r\n");
        }
        for (item, number) in view.iter().zip(1u32..) {
            if item.modseq > since && (known.known.is_none() || set::holds(&ranges, item.uid)) {
                self.tell_flags(number, item, true);
                self.wire.relieve().await?;
            }
        }
        Ok(())
    }
}
