//! QUOTA (RFC 9208), METADATA (RFC 5464).

use lampion_db::{Row, query, transaction};
use lampion_mailproto::imap::command::Depth;
use lampion_mailproto::imap::{Body, write};
use lampion_mailproto::put;

use super::rights::{Found, Place, need};
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
                let found = self.find(&name, 'r').await?;
                let place = self.place(&name).await?;
                let utf8 = self.utf8;
                let out = &mut self.wire.out;
                out.extend_from_slice(b"* QUOTAROOT ");
                write::mailbox(&found.shown, utf8, out);
                out.push(b' ');
                write::astring(&place.prefix, utf8, out);
                out.extend_from_slice(b"\r\n");
                self.quota(&place).await
            }
            Body::GetQuota(root) => {
                let place = self.place(&root).await?;
                if place.prefix != root {
                    return Ok(Answer::No(
                        "[NONEXISTENT] there is no such quota root".into(),
                    ));
                }
                need(place.rights, 'r', &root)?;
                self.quota(&place).await
            }
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
            _ => Ok(Answer::Bad("this command can't come here".into())),
        }
    }

    /// The room of an account; its quota root has the name of what stands before its mailboxes.
    async fn quota(&mut self, place: &Place) -> Done {
        let account = self.store().account(&place.account).await?;
        let utf8 = self.utf8;
        let out = &mut self.wire.out;
        out.extend_from_slice(b"* QUOTA ");
        write::astring(&place.prefix, utf8, out);
        match account.and_then(|account| Some((account.used_bytes, account.quota_bytes?))) {
            // RFC 9208 §5.1: STORAGE counts units of 1024 octets.
            Some((used, quota)) => put!(
                out,
                " (STORAGE {} {})\r\n",
                used.max(0).div_ceil_1024(),
                quota / 1_024
            ),
            None => put!(out, " ()\r\n"),
        }
        Answer::done("that is all")
    }

    /// Where entries of a mailbox are kept, or of the server itself. What is private lies with who asks, what is shared with the
    /// mailbox. RFC 5464 §3.3 asks for `l` and one of `rswip`; here it is `r`.
    async fn metadata_of(&self, name: &str) -> Result<Kept, MailError> {
        let person = self
            .who
            .as_ref()
            .map(|who| who.account.clone())
            .unwrap_or_default();
        if name.is_empty() {
            return Ok(Kept {
                mailbox: 0,
                owner: person.clone(),
                person,
                found: None,
            });
        }
        let found = self.find(name, 'r').await?;
        Ok(Kept {
            mailbox: found.mailbox.id.0,
            owner: found.mailbox.account.clone(),
            person,
            found: Some(found),
        })
    }

    async fn get_metadata(
        &mut self,
        name: &str,
        entries: &[String],
        max_size: Option<u64>,
        depth: Depth,
    ) -> Done {
        let kept = self.metadata_of(name).await?;
        let rows = query(
            "select entry, value from mail_metadata where mailbox = $1 and ((account = $2 and entry like '/private/%')
             or (account = $3 and entry like '/shared/%')) order by entry",
        )
            .bind(kept.mailbox)
            .bind(&kept.person)
            .bind(&kept.owner)
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
        let kept = self.metadata_of(name).await?;
        for (entry, value) in entries {
            let kind = entry.starts_with("/private/")
                || (entry.starts_with("/shared/") && kept.mailbox != 0);
            if !kind {
                return Ok(Answer::No(
                    "[NOPERM] entries are named /private/… or, of a mailbox, /shared/…".into(),
                ));
            }
            // All see it: who may not even set a flag doesn't change it either.
            if let (true, Some(found)) = (entry.starts_with("/shared/"), &kept.found) {
                need(found.rights, 'w', &found.shown)?;
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
                let account = kept.account(entry);
                query("delete from mail_metadata where account = $1 and mailbox = $2 and entry = $3")
                    .bind(account)
                    .bind(kept.mailbox)
                    .bind(entry)
                    .execute(&mut **tx)
                    .await?;
                if let Some(value) = value {
                    query("insert into mail_metadata (account, mailbox, entry, value) values ($1, $2, $3, $4)")
                        .bind(account)
                        .bind(kept.mailbox)
                        .bind(entry)
                        .bind(value.as_slice())
                        .execute(&mut **tx)
                        .await?;
                }
            }
            for account in [&kept.person, &kept.owner] {
                let count: i64 = lampion_db::query_scalar("select count(*) from mail_metadata where account = $1")
                    .bind(account)
                    .fetch_one(&mut **tx)
                    .await?;
                if count > ENTRIES_LIMIT {
                    return Err(MailError::Refused("too many entries: delete some first"));
                }
            }
            Ok(true)
        })?;
        debug_assert!(fits);
        Answer::done("kept")
    }
}

/// Where entries of a mailbox lie.
struct Kept {
    /// The mailbox's id, or 0 for the server itself.
    mailbox: i64,
    /// Whose the mailbox is.
    owner: String,
    /// Who asks.
    person: String,
    found: Option<Found>,
}

impl Kept {
    /// The account that an entry belongs to.
    fn account(&self, entry: &str) -> &str {
        if entry.starts_with("/shared/") {
            &self.owner
        } else {
            &self.person
        }
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
