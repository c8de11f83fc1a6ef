//! Rules and answers with the store: for whoever delivers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use lampion_db::{Db, query_scalar};
use lampion_mailproto::mime::Summary;

use super::{Action, VACATION_AGAIN_MS, apply};
use crate::pages::settings;
use crate::store::{Extra, Flags, MailError, Special, Store, Target, Value};

/// Where a message goes that comes for an account: INBOX, or what its rules say; and to whom they send a copy.
///
/// # Errors
/// The database.
pub async fn targets(
    store: &Store,
    db: &Db,
    account: &str,
    summary: &Summary,
) -> Result<Vec<Target>, MailError> {
    let rules = settings::rules(db, account).await?;
    let actions = apply(summary, &rules);
    let mut place = None;
    let mut flags = Flags::default();
    let mut copies = Vec::new();
    for action in actions {
        match action {
            // A mailbox that is gone: into INBOX, where it is seen.
            Action::Move(name) => place = store.mailbox(account, &name).await?,
            Action::Delete => place = Some(store.special(account, Special::Trash).await?),
            Action::Flag => flags = flags.with(Flags::FLAGGED),
            Action::Read => flags = flags.with(Flags::SEEN),
            Action::Forward(address) => copies.push(address),
        }
    }
    let place = match place {
        Some(place) => place,
        None => inbox(store, account).await?,
    };
    let mut targets = vec![Target {
        flags,
        ..Target::new(place.id)
    }];
    for address in copies {
        let local = address.split('@').next().unwrap_or_default();
        // Rules of whom a copy goes to are not asked: nothing goes round.
        if let Some(other) = store.account_at(local).await? {
            targets.push(Target::new(inbox(store, &other.id).await?.id));
        }
    }
    Ok(targets)
}

async fn inbox(store: &Store, account: &str) -> Result<crate::store::Mailbox, MailError> {
    store
        .mailbox(account, "INBOX")
        .await?
        .ok_or_else(|| MailError::NoSuchMailbox("INBOX".into()))
}

/// Who is being told in this moment that somebody is away: of messages that come together only one is answered.
#[derive(Debug, Clone, Default)]
pub struct BeingTold(Arc<Mutex<BTreeSet<(String, String)>>>);

/// Somebody is being told.
#[derive(Debug)]
pub struct Telling {
    all: BeingTold,
    who: (String, String),
}

impl BeingTold {
    /// Begins to tell an address that an account's owner is away, if nobody else does.
    #[must_use]
    pub fn begin(&self, account: &str, address: &str) -> Option<Arc<Telling>> {
        let who = (account.to_string(), address.to_string());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(who.clone()).then(|| {
            Arc::new(Telling {
                all: self.clone(),
                who,
            })
        })
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.who);
    }
}

/// Whether somebody was told within [`VACATION_AGAIN_MS`] that an account's owner is away.
///
/// # Errors
/// The database.
pub async fn was_told(
    db: &Db,
    account: &str,
    address: &str,
    now_ms: i64,
) -> Result<bool, MailError> {
    let count: i64 = query_scalar(
        "select count(*) from mail_vacation where account = $1 and address = $2 and sent_ms >= $3",
    )
    .bind(account)
    .bind(address)
    .bind(now_ms - VACATION_AGAIN_MS)
    .fetch_one(db.read())
    .await?;
    Ok(count > 0)
}

/// The row that says that somebody was told, in the transaction of the answer.
#[must_use]
pub fn told(account: &str, address: &str, now_ms: i64) -> Extra {
    Extra {
        sql: "insert into mail_vacation (account, address, sent_ms)
              select cast($2 as text), cast($3 as text), cast($4 as bigint) where cast($1 as bigint) > 0
              on conflict (account, address) do update set sent_ms = excluded.sent_ms",
        values: vec![
            Value::Text(account.into()),
            Value::Text(address.into()),
            Value::Number(now_ms),
        ],
    }
}
