//! A message for a person or a shared mailbox.

use lampion_mailproto::mime::Scanned;

use super::{Arrival, Look, Refusal, Route, blocked};
use crate::consent::{address_of, written_by};
use crate::local::Local;
use crate::store::{Account, Extra, Flags, Habits, MailError, Mailbox, Special, Target, Value};

pub(super) async fn inbox(local: &Local, account: &str) -> Result<Mailbox, MailError> {
    local
        .store()
        .mailbox(account, "INBOX")
        .await?
        .ok_or_else(|| MailError::NoSuchMailbox("INBOX".into()))
}

pub(super) async fn route(
    local: &Local,
    (account, look): (&Account, Option<&Look>),
    tag: &str,
    arrival: &Arrival,
    scanned: &Scanned,
) -> Result<Route, MailError> {
    let author = written_by(scanned, &arrival.sender);
    // Nobody blocks themselves by a slip of the hand.
    let own = arrival.submitted_by.as_ref() == Some(&account.id);
    let sender = address_of(&arrival.sender);
    let seen = look.and_then(|look| look.habits(&author, &sender, local.now_ms()));
    let habits = match seen {
        Some(habits) => habits,
        None => local.store().habits(&account.id, &author, &sender).await?,
    };
    if habits.blocked && !own {
        return Ok(Route::refused(blocked()));
    }
    let unproved = arrival.from_outside && arrival.submitted_by.is_none();
    if unproved {
        match looks(local, &author, arrival, scanned) {
            Looks::False => {
                return Ok(Route::refused(Refusal::new(
                    "5.7.1",
                    "mail of this domain comes from its own node only",
                )));
            }
            Looks::Junk => {
                let junk = local.store().special(&account.id, Special::Junk).await?;
                return Ok(Route::into(Target::new(junk.id)));
            }
            Looks::Plain => {}
        }
        if !habits.known
            && local
                .must_ask(&account.id, &arrival.sender, scanned)
                .await?
        {
            return wait(local, account, author).await;
        }
    }
    let mut route = sorted(local, account, tag, scanned, &habits).await?;
    let personal = !arrival.sender.is_empty()
        && !scanned.summary.is_automatic()
        && scanned.summary.list_id.is_none();
    if let Some(rules) = local.rules().filter(|_| personal && habits.away) {
        route.answers.extend(rules.away(account, scanned).await?);
    }
    Ok(route)
}

enum Looks {
    Plain,
    Junk,
    /// It claims to be from here, and isn't.
    False,
}

/// What is plain to see of a message from outside that nobody proved to have sent.
fn looks(local: &Local, author: &str, arrival: &Arrival, scanned: &Scanned) -> Looks {
    let ours = |address: &str| {
        address
            .rsplit_once('@')
            .is_some_and(|(_, domain)| local.is_here(domain) || local.is_in_net(domain))
    };
    if ours(&address_of(&arrival.sender)) {
        return Looks::False;
    }
    // A list elsewhere sends what people of this node wrote to it: that is no lie, but can't be told from one.
    if scanned.summary.spam || ours(author) {
        return Looks::Junk;
    }
    Looks::Plain
}

/// Into the mailbox of requests, with a row that says from whom.
async fn wait(local: &Local, account: &Account, author: String) -> Result<Route, MailError> {
    let requests = local.requests_mailbox(&account.id).await?;
    Ok(Route {
        targets: vec![Target::new(requests)],
        extra: vec![Extra {
            sql: "insert into mail_request (message, account, sender) values ($1, $2, $3)
                  on conflict (account, message) do nothing",
            values: vec![Value::Text(account.id.clone()), Value::Text(author)],
        }],
        ..Route::default()
    })
}

/// The mailbox that the address names after `+`, else what the rules say, else INBOX.
async fn sorted(
    local: &Local,
    account: &Account,
    tag: &str,
    scanned: &Scanned,
    habits: &Habits,
) -> Result<Route, MailError> {
    if let Some(folder) = folder(local, &account.id, tag).await? {
        return Ok(Route::into(Target::new(folder.id)));
    }
    let mut route = Route::default();
    if let Some(rules) = local.rules().filter(|_| habits.rules) {
        let sorted = rules.sort(account, scanned).await?;
        route.targets = sorted.targets;
    }
    if route.targets.is_empty() {
        route.targets.push(Target {
            flags: Flags::default(),
            ..Target::new(habits.inbox)
        });
    }
    Ok(route)
}

/// A mailbox by what stands after `+`, in any case; not those for drafts, junk and the like, nor that of requests.
async fn folder(local: &Local, account: &str, tag: &str) -> Result<Option<Mailbox>, MailError> {
    if tag.is_empty() {
        return Ok(None);
    }
    let hidden = local.hidden_mailbox(account).await?;
    let wanted = tag.to_lowercase();
    let mut all = local.store().mailboxes(account).await?;
    all.retain(|one| {
        one.special.is_none() && Some(one.id) != hidden && one.name.to_lowercase() == wanted
    });
    Ok(all.into_iter().next())
}
