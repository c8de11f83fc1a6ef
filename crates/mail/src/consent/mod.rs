//! Consent for strangers: mail from outside the net, from an address that a person never wrote to or approved, waits in a
//! mailbox of requests, of which pages show senders and subjects only.
//!
//! What a person decides is theirs and kept plainly, so that they can see and change it. Shared mailboxes and lists ask
//! nobody: they are there for strangers.

mod pages;
mod requests;

use lampion_db::{query, query_as, query_scalar};
use lampion_mailproto::mime::Scanned;

pub use pages::routes;
pub(crate) use requests::summary_of;
pub use requests::{Request, Requests};

use crate::local::Local;
use crate::store::{Extra, MailError, MailboxId, Value};

/// Senders remembered of one account at most; the oldest that were only written to go first.
const SENDERS_LIMIT: i64 = 20_000;
/// Longest address, in bytes (RFC 5321 §4.5.3.1.3).
const ADDRESS_LIMIT_BYTES: usize = 320;

/// An address as it is compared: lower case, without what comes after `+`.
#[must_use]
pub fn address_of(given: &str) -> String {
    let given = given.trim().trim_matches(['<', '>']).to_lowercase();
    let Some((part, domain)) = given.rsplit_once('@') else {
        return given.chars().take(ADDRESS_LIMIT_BYTES).collect();
    };
    let base = part
        .split('+')
        .next()
        .filter(|base| !base.is_empty())
        .unwrap_or(part);
    let mut address = format!("{base}@{domain}");
    lampion_mailproto::mime::text::truncate(&mut address, ADDRESS_LIMIT_BYTES);
    address
}

/// Who wrote a message, as people see it: the first address of `From`, else the envelope's.
#[must_use]
pub fn written_by(scanned: &Scanned, sender: &str) -> String {
    scanned
        .summary
        .from()
        .first()
        .filter(|mailbox| !mailbox.domain.is_empty())
        .map_or_else(
            || address_of(sender),
            |mailbox| address_of(&mailbox.address()),
        )
}

/// What a person has set about strangers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Strangers wait.
    pub asked: bool,
    /// Mail programs show the mailbox of requests.
    pub shown: bool,
}

impl Local {
    /// Rows that remember to whom an account wrote: whoever it is may answer. They belong in the transaction of what was
    /// written. Addresses of the net are passed over, they are never asked about.
    pub fn wrote_to(&self, account: &str, addresses: &[String]) -> Vec<Extra> {
        let outside = |address: &String| {
            let domain = address.rsplit_once('@').map(|(_, domain)| domain);
            domain.is_some_and(|domain| !self.is_here(domain) && !self.is_in_net(domain))
        };
        addresses
            .iter()
            .map(|given| address_of(given))
            .filter(outside)
            .map(|address| Extra {
                sql: "insert into mail_consent (account, sender, state, since_ms)
                      select cast($2 as text), cast($3 as text), 'known', cast($4 as bigint) where cast($1 as bigint) > 0
                      on conflict (account, sender) do update set state = 'known', since_ms = excluded.since_ms",
                values: vec![
                    Value::Text(account.into()),
                    Value::Text(address),
                    Value::Number(self.now_ms()),
                ],
            })
            .collect()
    }

    /// Forgets the oldest of whom an account only wrote to, past [`SENDERS_LIMIT`].
    ///
    /// # Errors
    /// The database.
    pub(crate) async fn prune_senders(&self, account: &str) -> Result<(), MailError> {
        let count: i64 = query_scalar("select count(*) from mail_consent where account = $1")
            .bind(account)
            .fetch_one(self.db().read())
            .await?;
        if count > SENDERS_LIMIT {
            query(
                "delete from mail_consent where account = $1 and sender in (select sender from mail_consent
                 where account = $2 and state = 'known' order by since_ms limit $3)",
            )
            .bind(account)
            .bind(account)
            .bind(count - SENDERS_LIMIT)
            .execute(self.db().write())
            .await?;
        }
        Ok(())
    }

    pub(crate) async fn set_sender(
        &self,
        account: &str,
        sender: &str,
        state: &'static str,
    ) -> Result<(), MailError> {
        query(
            "insert into mail_consent (account, sender, state, since_ms) values ($1, $2, $3, $4)
             on conflict (account, sender) do update set state = excluded.state, since_ms = excluded.since_ms",
        )
        .bind(account)
        .bind(address_of(sender))
        .bind(state)
        .bind(self.now_ms())
        .execute(self.db().write())
        .await?;
        self.prune_senders(account).await
    }

    /// Whether mail from outside waits for the account's consent, if it is from somebody who isn't known.
    pub(crate) async fn must_ask(
        &self,
        account: &str,
        sender: &str,
        scanned: &Scanned,
    ) -> Result<bool, MailError> {
        if !self.requests() || account.starts_with("s-") || !self.choice(account).await?.asked {
            return Ok(false);
        }
        // That a message did not arrive must be learnt (RFC 3464): reports have no sender.
        let report = sender.is_empty() && scanned.structure.root.is("multipart", "report");
        Ok(!report)
    }

    /// What an account has set.
    ///
    /// # Errors
    /// The database.
    pub async fn choice(&self, account: &str) -> Result<Choice, MailError> {
        let row: Option<(i64, i64)> =
            query_as("select asked, shown from mail_consent_choice where account = $1")
                .bind(account)
                .fetch_optional(self.db().read())
                .await?;
        Ok(row.map_or(
            Choice {
                asked: true,
                shown: false,
            },
            |(asked, shown)| Choice {
                asked: asked != 0,
                shown: shown != 0,
            },
        ))
    }

    /// Sets it.
    ///
    /// # Errors
    /// The database.
    pub async fn choose(&self, account: &str, choice: Choice) -> Result<(), MailError> {
        query(
            "insert into mail_consent_choice (account, asked, shown, mailbox) values ($1, $2, $3, 0)
             on conflict (account) do update set asked = excluded.asked, shown = excluded.shown",
        )
        .bind(account)
        .bind(i64::from(choice.asked))
        .bind(i64::from(choice.shown))
        .execute(self.db().write())
        .await?;
        Ok(())
    }

    /// The mailbox of requests, if there is one and mail programs are not to show it. Web mail never lists it either: it
    /// has a page of its own.
    ///
    /// # Errors
    /// The database.
    pub async fn hidden_mailbox(&self, account: &str) -> Result<Option<MailboxId>, MailError> {
        let id: Option<i64> = query_scalar(
            "select mailbox from mail_consent_choice where account = $1 and shown = 0 and mailbox > 0",
        )
        .bind(account)
        .fetch_optional(self.db().read())
        .await?;
        Ok(id.map(MailboxId))
    }

    /// The mailbox of requests, if it was ever needed.
    ///
    /// # Errors
    /// The database.
    pub async fn requests_box(&self, account: &str) -> Result<Option<MailboxId>, MailError> {
        let id: Option<i64> = query_scalar(
            "select c.mailbox from mail_consent_choice c join mail_mailbox m on m.id = c.mailbox
             where c.account = $1 and m.account = $2",
        )
        .bind(account)
        .bind(account)
        .fetch_optional(self.db().read())
        .await?;
        Ok(id.map(MailboxId))
    }

    /// The same, made if it isn't there.
    pub(crate) async fn requests_mailbox(&self, account: &str) -> Result<MailboxId, MailError> {
        if let Some(id) = self.requests_box(account).await? {
            return Ok(id);
        }
        // One at a time: the first messages of strangers may come together.
        let _one = self.making().lock().await;
        if let Some(id) = self.requests_box(account).await? {
            return Ok(id);
        }
        let mut made = Err(MailError::MailboxExists("Requests".into()));
        for name in [
            "Requests",
            "Requests of strangers",
            "Requests of strangers 2",
        ] {
            made = self.store().create_mailbox(account, name, None).await;
            if !matches!(made, Err(MailError::MailboxExists(_))) {
                break;
            }
        }
        let made = made?;
        query(
            "insert into mail_consent_choice (account, asked, shown, mailbox) values ($1, 1, 0, $2)
             on conflict (account) do update set mailbox = excluded.mailbox
             where mail_consent_choice.mailbox not in (select id from mail_mailbox)",
        )
        .bind(account)
        .bind(made.id.0)
        .execute(self.db().write())
        .await?;
        let noted = self.requests_box(account).await?;
        let noted = noted.ok_or_else(|| MailError::NoSuchMailbox("Requests".into()))?;
        if noted != made.id {
            // Two messages came at once: the mailbox that was noted first counts.
            self.store().delete_mailbox(account, &made.name).await?;
        }
        Ok(noted)
    }
}
