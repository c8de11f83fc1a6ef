//! QUOTA (RFC 9208), METADATA (RFC 5464), and what there is of ACL (RFC 4314).

use lampion_db::{Row, query, transaction};
use lampion_mailproto::imap::command::Depth;
use lampion_mailproto::imap::{Body, write};
use lampion_mailproto::put;

use super::rights;
use super::session::{Answer, Done, Session};
use crate::store::MailError;

/// Entries of one account.
const ENTRIES_LIMIT: i64 = 1_000;
/// Bytes of one value.
const VALUE_LIMIT: usize = 16 * 1024;

impl Session {
    pub(super) async fn extras(&mut self, body: Body) -> Done {
        match body {
            Body::GetQuotaRoot(name) => {
                let mailbox = self.find(&name, 'r').await?;
                let utf8 = self.utf8;
                let out = &mut self.wire.out;
                out.extend_from_slice(b"* QUOTAROOT ");
                write::mailbox(&mailbox.name, utf8, out);
                out.extend_from_slice(b" \"\"\r\n");
                self.quota().await
            }
            Body::GetQuota(root) if root.is_empty() => self.quota().await,
            Body::GetQuota(_) => Ok(Answer::No(
                "[NONEXISTENT] there is no such quota root".into(),
            )),
            Body::SetQuota { .. } => {
                Ok(Answer::No("[NOPERM] operators set quotas elsewhere".into()))
            }
            Body::GetMetadata {
                mailbox,
                entries,
                max_size,
                depth,
            } => self.get_metadata(&mailbox, &entries, max_size, depth).await,
            Body::SetMetadata { mailbox, entries } => self.set_metadata(&mailbox, &entries).await,
            Body::MyRights(name) => {
                let mailbox = self.find(&name, 'l').await?;
                let own = self
                    .who
                    .as_ref()
                    .map_or("", |who| rights::rights(who, &mailbox));
                let utf8 = self.utf8;
                let out = &mut self.wire.out;
                out.extend_from_slice(b"* MYRIGHTS ");
                write::mailbox(&mailbox.name, utf8, out);
                put!(out, " {own}\r\n");
                Answer::done("that is all")
            }
            Body::GetAcl(name) => {
                let mailbox = self.find(&name, 'a').await?;
                let who = self
                    .who
                    .as_ref()
                    .map(|who| who.name.clone())
                    .unwrap_or_default();
                let utf8 = self.utf8;
                let out = &mut self.wire.out;
                out.extend_from_slice(b"* ACL ");
                write::mailbox(&mailbox.name, utf8, out);
                put!(out, " {who} {}\r\n", rights::OWNER);
                Answer::done("that is all")
            }
            _ => Ok(Answer::No("[CANNOT] mailboxes are shared elsewhere".into())),
        }
    }

    async fn quota(&mut self) -> Done {
        let id = self
            .who
            .as_ref()
            .map(|who| who.account.clone())
            .unwrap_or_default();
        let account = self.store().account(&id).await?;
        let out = &mut self.wire.out;
        match account.and_then(|account| Some((account.used_bytes, account.quota_bytes?))) {
            // RFC 9208 §5.1: STORAGE counts units of 1024 octets.
            Some((used, quota)) => put!(
                out,
                "* QUOTA \"\" (STORAGE {} {})\r\n",
                used.max(0).div_ceil_1024(),
                quota / 1_024
            ),
            None => put!(out, "* QUOTA \"\" ()\r\n"),
        }
        Answer::done("that is all")
    }

    /// The id under which entries are kept: the mailbox's, or 0 for the server itself.
    async fn metadata_of(&self, mailbox: &str) -> Result<i64, MailError> {
        if mailbox.is_empty() {
            return Ok(0);
        }
        Ok(self.find(mailbox, 'l').await?.id.0)
    }

    async fn get_metadata(
        &mut self,
        name: &str,
        entries: &[String],
        max_size: Option<u64>,
        depth: Depth,
    ) -> Done {
        let mailbox = self.metadata_of(name).await?;
        let account = self
            .who
            .as_ref()
            .map(|who| who.account.clone())
            .unwrap_or_default();
        let rows = query("select entry, value from mail_metadata where account = $1 and mailbox = $2 order by entry")
            .bind(&account)
            .bind(mailbox)
            .fetch_all(self.shared.mail.kernel().db.read())
            .await
            .map_err(MailError::from)?;
        let mut shown: Vec<(String, Option<Vec<u8>>)> = Vec::new();
        let (mut longest, limit) = (0u64, max_size.unwrap_or(u64::MAX));
        for row in &rows {
            let entry: String = row.try_get(0).map_err(MailError::from)?;
            let value: Vec<u8> = row.try_get(1).map_err(MailError::from)?;
            let hit = entries.iter().any(|wanted| below(&entry, wanted, depth));
            if !hit {
                continue;
            }
            if value.len() as u64 > limit {
                longest = longest.max(value.len() as u64);
            } else {
                shown.push((entry, Some(value)));
            }
        }
        for wanted in entries {
            // RFC 5464 §4.2: an entry that was named and isn't there is NIL.
            if depth == Depth::Zero
                && !shown.iter().any(|(entry, _)| entry == wanted)
                && longest == 0
            {
                shown.push((wanted.clone(), None));
            }
        }
        if !shown.is_empty() {
            let utf8 = self.utf8;
            let out = &mut self.wire.out;
            out.extend_from_slice(b"* METADATA ");
            write::mailbox(name, utf8, out);
            out.extend_from_slice(b" (");
            for (at, (entry, value)) in shown.iter().enumerate() {
                if at > 0 {
                    out.push(b' ');
                }
                write::astring(entry, utf8, out);
                out.push(b' ');
                match value {
                    Some(value) => write::string(value, utf8, out),
                    None => out.extend_from_slice(b"NIL"),
                }
            }
            out.extend_from_slice(b")\r\n");
        }
        if longest > 0 {
            return Ok(Answer::Ok(format!(
                "[METADATA LONGENTRIES {longest}] some are longer"
            )));
        }
        Answer::done("that is all")
    }

    async fn set_metadata(&mut self, name: &str, entries: &[(String, Option<Vec<u8>>)]) -> Done {
        let mailbox = self.metadata_of(name).await?;
        let account = self
            .who
            .as_ref()
            .map(|who| who.account.clone())
            .unwrap_or_default();
        for (entry, value) in entries {
            let kind =
                entry.starts_with("/private/") || (entry.starts_with("/shared/") && mailbox != 0);
            if !kind {
                return Ok(Answer::No(
                    "[NOPERM] entries are named /private/… or, of a mailbox, /shared/…".into(),
                ));
            }
            if value
                .as_ref()
                .is_some_and(|value| value.len() > VALUE_LIMIT)
            {
                return Ok(Answer::No(format!(
                    "[METADATA MAXSIZE {VALUE_LIMIT}] the value is too long"
                )));
            }
        }
        let db = self.shared.mail.kernel().db.clone();
        let fits: bool = transaction!(db, MailError, tx => {
            for (entry, value) in entries {
                query("delete from mail_metadata where account = $1 and mailbox = $2 and entry = $3")
                    .bind(&account)
                    .bind(mailbox)
                    .bind(entry)
                    .execute(&mut **tx)
                    .await?;
                if let Some(value) = value {
                    query("insert into mail_metadata (account, mailbox, entry, value) values ($1, $2, $3, $4)")
                        .bind(&account)
                        .bind(mailbox)
                        .bind(entry)
                        .bind(value.as_slice())
                        .execute(&mut **tx)
                        .await?;
                }
            }
            let count: i64 = lampion_db::query_scalar("select count(*) from mail_metadata where account = $1")
                .bind(&account)
                .fetch_one(&mut **tx)
                .await?;
            if count > ENTRIES_LIMIT {
                return Err(MailError::Refused("too many entries: delete some first"));
            }
            Ok(true)
        })?;
        debug_assert!(fits);
        Answer::done("kept")
    }
}

/// Whether an entry is the wanted one, or below it as far as `depth` says.
fn below(entry: &str, wanted: &str, depth: Depth) -> bool {
    let Some(rest) = entry.strip_prefix(wanted) else {
        return false;
    };
    match depth {
        Depth::Zero => rest.is_empty(),
        Depth::One => {
            rest.is_empty()
                || (rest.starts_with('/') && !rest.get(1..).is_some_and(|rest| rest.contains('/')))
        }
        Depth::Infinity => rest.is_empty() || rest.starts_with('/'),
    }
}

trait Units {
    /// Units of 1024, a begun one counting as whole.
    fn div_ceil_1024(self) -> i64;
}

impl Units for i64 {
    fn div_ceil_1024(self) -> i64 {
        self.saturating_add(1_023) / 1_024
    }
}
