//! STORE, COPY, MOVE, EXPUNGE: the changes to messages.

use lampion_mailproto::imap::command::{CopyCommand, StoreCommand, StoreHow};
use lampion_mailproto::imap::{SequenceSet, set, write};
use lampion_mailproto::put;

use super::session::{Answer, Done, Failure, Session};
use crate::store::{FlagAction, FlagChange, Flags, MailError};

/// Messages changed in one transaction.
const CHUNK: usize = 5_000;

impl Session {
    pub(super) async fn store_command(&mut self, command: StoreCommand) -> Done {
        if command.unchanged_since.is_some() {
            self.enable_condstore();
        }
        let store = self.store();
        let Some(selected) = &self.selected else {
            return Ok(Answer::Bad("select a mailbox first".into()));
        };
        if let Err(answer) = selected.may(&rights_for(&command)) {
            return Ok(answer);
        }
        let (mailbox, uids) = (selected.id, selected.uids(&command.set, command.uid));
        let change = FlagChange {
            action: match command.how {
                StoreHow::Add => FlagAction::Add,
                StoreHow::Remove => FlagAction::Remove,
                StoreHow::Replace => FlagAction::Replace,
            },
            flags: Flags(u16::from(command.flags.system)),
            keywords: command.flags.keywords,
        };
        let since = command
            .unchanged_since
            .map(|since| i64::try_from(since).unwrap_or(i64::MAX));
        let (mut modified, mut seen) = (Vec::new(), 0);
        for some in uids.chunks(CHUNK) {
            let stored = store.store_flags(mailbox, some, &change, since).await?;
            seen += stored.items.len() + stored.modified.len();
            modified.extend(stored.modified);
            for item in &stored.items {
                let Some(selected) = self.selected.as_mut() else {
                    break;
                };
                let number = selected.number(item.uid);
                selected.told.push((item.uid, item.modseq));
                let Some(number) = number else { continue };
                if !command.silent {
                    self.tell_flags(number, item, command.uid || self.qresync);
                } else if self.condstore {
                    // RFC 7162 §3.1.3: the new MODSEQ is told even so.
                    put!(
                        self.wire.out,
                        "* {number} FETCH (UID {} MODSEQ ({}))\r\n",
                        item.uid,
                        item.modseq
                    );
                }
                self.wire.relieve().await?;
            }
        }
        if !modified.is_empty() {
            modified.sort_unstable();
            let numbers = modified.iter().filter_map(|uid| {
                let selected = self.selected.as_ref()?;
                if command.uid {
                    Some(*uid)
                } else {
                    selected.number(*uid)
                }
            });
            let mut text = b"[MODIFIED ".to_vec();
            write::ranges(&set::ranges_of(numbers), &mut text);
            put!(text, "] some had changed meanwhile");
            return Ok(Answer::Ok(String::from_utf8_lossy(&text).into_owned()));
        }
        if seen < uids.len() && !command.uid {
            return Ok(Answer::No(
                "[EXPUNGEISSUED] some are not there any more".into(),
            ));
        }
        Answer::done("changed")
    }

    pub(super) async fn copy(&mut self, command: CopyCommand) -> Done {
        let store = self.store();
        let to = match self.find(&command.mailbox, 'i').await {
            Ok(found) => found.mailbox,
            Err(MailError::NoSuchMailbox(_)) => {
                return Ok(Answer::No("[TRYCREATE] there is no such mailbox".into()));
            }
            Err(error) => return Err(error.into()),
        };
        let Some(selected) = &self.selected else {
            return Ok(Answer::Bad("select a mailbox first".into()));
        };
        // RFC 6851 §4.4. Who may put messages into a mailbox may set all flags there: see `Level::rights`.
        if command.moves
            && let Err(answer) = selected.may("te")
        {
            return Ok(answer);
        }
        let (from, uids) = (selected.id, selected.uids(&command.set, command.uid));
        if uids.is_empty() {
            return Answer::done("nothing to do");
        }
        let (target, pairs) = if command.moves {
            store.move_to(from, &uids, to.id).await?
        } else {
            store.copy(from, &uids, to.id).await?
        };
        if pairs.is_empty() {
            return Ok(Answer::No("[EXPUNGEISSUED] none is there any more".into()));
        }
        let mut code = Vec::new();
        put!(code, "[COPYUID {} ", target.uid_validity);
        write::in_order(pairs.iter().map(|pair| pair.0), &mut code);
        code.push(b' ');
        write::in_order(pairs.iter().map(|pair| pair.1), &mut code);
        code.push(b']');
        let code = String::from_utf8_lossy(&code).into_owned();
        if command.moves {
            // RFC 6851 §4.3: the pairs are told before the messages go.
            put!(self.wire.out, "* OK {code} moved\r\n");
            return Answer::done("moved");
        }
        Ok(Answer::Ok(format!("{code} copied")))
    }

    pub(super) async fn expunge(&mut self, uids: Option<&SequenceSet>) -> Done {
        let Some(selected) = &self.selected else {
            return Ok(Answer::Bad("select a mailbox first".into()));
        };
        if let Err(answer) = selected.may("e") {
            return Ok(answer);
        }
        let uids = uids.map(|set| selected.uids(set, true));
        let modseq = self.remove(uids.as_deref()).await?;
        if self.qresync {
            return Ok(Answer::Ok(format!("[HIGHESTMODSEQ {modseq}] expunged")));
        }
        Answer::done("expunged")
    }

    /// What `CLOSE` does: the client isn't told which are gone.
    pub(super) async fn expunge_silently(&mut self) -> Result<(), Failure> {
        self.remove(None).await.map(|_| ())
    }

    /// Takes messages with `\Deleted` out of the selected mailbox: the one place where a client removes messages.
    async fn remove(&mut self, uids: Option<&[u32]>) -> Result<i64, Failure> {
        let Some(selected) = &self.selected else {
            return Ok(0);
        };
        let (_, modseq) = self.store().expunge(selected.id, uids).await?;
        Ok(modseq)
    }
}

/// The rights that a change of flags takes (RFC 4314 §4).
fn rights_for(command: &StoreCommand) -> String {
    let replaces = command.how == StoreHow::Replace;
    let flags = Flags(u16::from(command.flags.system));
    let others = flags.without(Flags::SEEN.with(Flags::DELETED));
    [
        (flags.has(Flags::SEEN), 's'),
        (
            others != Flags::default() || !command.flags.keywords.is_empty(),
            'w',
        ),
        (flags.has(Flags::DELETED), 't'),
    ]
    .into_iter()
    .filter(|(changes, _)| replaces || *changes)
    .map(|(_, right)| right)
    .collect()
}
