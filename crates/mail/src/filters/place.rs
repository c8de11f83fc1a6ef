//! Rules and answers with the store: for whoever delivers.

use lampion_db::{Db, query};
use lampion_mailproto::mime::Summary;

use super::{Action, VACATION_AGAIN_MS, apply};
use crate::pages::settings;
use crate::store::{Flags, MailError, Special, Store, Target};

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

/// Whether somebody hasn't been told for [`VACATION_AGAIN_MS`] that an account's owner is away; from now on they have.
///
/// # Errors
/// The database.
pub async fn first_in_a_while(
    db: &Db,
    account: &str,
    address: &str,
    now_ms: i64,
) -> Result<bool, MailError> {
    let done = query(
        "insert into mail_vacation (account, address, sent_ms) values ($1, $2, $3)
         on conflict (account, address) do update set sent_ms = excluded.sent_ms where mail_vacation.sent_ms < $4",
    )
    .bind(account)
    .bind(address)
    .bind(now_ms)
    .bind(now_ms - VACATION_AGAIN_MS)
    .execute(db.write())
    .await?;
    Ok(done.rows_affected() > 0)
}
