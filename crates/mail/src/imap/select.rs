//! SELECT, EXAMINE and their QRESYNC.

use std::sync::Arc;

use lampion_mailproto::imap::command::{QResync, SelectParams};
use lampion_mailproto::imap::{set, write};
use lampion_mailproto::put;

use super::selected::Selected;
use super::session::{Answer, Done, Failure, Session};
use crate::access::Rights;

/// Flags that somebody may change for good (RFC 9051 §7.1, RFC 4314 §5.1.1).
pub(super) fn permanent_flags(rights: Rights, read_only: bool, keywords: &[String]) -> String {
    if read_only {
        return String::new();
    }
    let mut flags: Vec<String> = [
        ("\\Answered", "w"),
        ("\\Flagged", "w"),
        ("\\Deleted", "t"),
        ("\\Seen", "s"),
        ("\\Draft", "w"),
    ]
    .into_iter()
    .filter(|(_, right)| rights.has(right))
    .map(|(flag, _)| flag.to_string())
    .collect();
    if rights.has("w") {
        flags.extend_from_slice(keywords);
        flags.push("\\*".into());
    }
    flags.join(" ")
}

impl Session {
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
        let found = self.find(name, 'r').await?;
        let (mailbox, rights) = (&found.mailbox, found.rights);
        let store = self.store();
        // Watched before it is looked at, so that no change falls between.
        let newest = store.watch(mailbox.id);
        let view = store.view(mailbox.id).await?;
        let keywords = view.keywords();
        let mut selected = Selected {
            id: mailbox.id,
            shown: found.shown.clone(),
            rights,
            // RFC 4314 §5.2: who may change nothing there takes nothing from others either.
            read_only,
            newest,
            told: Vec::new(),
            keywords,
            saved: Vec::new(),
            recent: Vec::new(),
            fresh: Arc::clone(&view),
            view,
        };
        if !self.rev2 {
            selected.take_recent(&store);
        }
        self.describe(&selected);
        self.selected = Some(Box::new(selected));
        if let Some(known) = &params.qresync {
            self.catch_up(known).await?;
        }
        // RFC 4314 §5.2
        let writes = ["i", "e", "s", "w", "t"]
            .iter()
            .any(|right| rights.has(right));
        Ok(Answer::Ok(if read_only || !writes {
            "[READ-ONLY] here it is".into()
        } else {
            "[READ-WRITE] here it is".into()
        }))
    }

    fn describe(&mut self, selected: &Selected) {
        let (view, keywords) = (&selected.view, &selected.keywords);
        let permanent = permanent_flags(selected.rights, selected.read_only, keywords);
        let (utf8, rev2) = (self.utf8, self.rev2);
        let out = &mut self.wire.out;
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
        let kept = match permanent.as_str() {
            "" => "nothing is kept",
            _ => "these are kept",
        };
        put!(out, "* OK [PERMANENTFLAGS ({permanent})] {kept}\r\n");
        if rev2 {
            out.extend_from_slice(b"* LIST () \"/\" ");
            write::mailbox(&selected.shown, utf8, out);
            out.extend_from_slice(b"\r\n");
        } else {
            put!(out, "* {} RECENT\r\n", selected.recents());
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
