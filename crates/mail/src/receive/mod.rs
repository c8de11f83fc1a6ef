//! What becomes of a message for a local address: into which mailboxes it goes, to whom it goes on, or why it is refused.
//!
//! [`route`] changes nothing (but that it makes a mailbox of requests where there is none). Who calls it delivers [`Route::targets`] together with [`Route::extra`] in one
//! [`Delivery`](crate::store::Delivery), so that a message that waits for consent, or for a list to be sent out, is never
//! there without its row; then calls [`Local::posted`].
//!
//! An address is, in this order: `postmaster` and `abuse` (the operators), a distribution list with its further addresses
//! (`list+owner`, `list+unsubscribe`, `list+bounces…`), a person or a shared mailbox by name or further name. What comes
//! after `+` names a mailbox of the receiver, if there is one.

mod outgoing;
mod person;

use std::sync::Arc;

use async_trait::async_trait;
use lampion_mailproto::mime::{Scanned, compose::Letter};
use lampion_people::{Role, normal_name};

pub(crate) use outgoing::without;
pub use outgoing::{Inside, Outgoing, letter_message, on_top};

use crate::consent::address_of;
use crate::filters::Telling;
use crate::local::Local;
use crate::store::{Account, AccountId, Extra, Habits, MailError, Target};

/// Operators that get mail for `postmaster`.
const POSTMASTERS_LIMIT: usize = 20;
/// People looked at to find the operators.
const PEOPLE_LIMIT: i64 = 5_000;

/// How a message came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Envelope sender (RFC 5321 §4.1.1.2); empty for none.
    pub sender: String,
    /// Which account proved that it sends it.
    pub submitted_by: Option<AccountId>,
    /// It is neither from this node nor from another of the net.
    pub from_outside: bool,
}

/// Why a message is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Reply code (RFC 5321 §4.2).
    pub code: u16,
    /// Enhanced status code (RFC 3463).
    pub status: &'static str,
    /// Words.
    pub text: String,
}

impl Refusal {
    pub(crate) fn new(status: &'static str, text: impl Into<String>) -> Self {
        Self {
            code: 550,
            status,
            text: text.into(),
        }
    }
}

/// An answer of who is away.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The message.
    pub letter: Letter,
    /// Rows that say that it was sent, for its transaction.
    pub extra: Vec<Extra>,
    /// While this is here, nobody else makes the same.
    pub telling: Arc<Telling>,
}

/// What becomes of a message for one address.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Into which mailboxes.
    pub targets: Vec<Target>,
    /// Rows that belong to it.
    pub extra: Vec<Extra>,
    /// Answers of who is away; to be sent with an empty envelope sender.
    pub answers: Vec<Answer>,
    /// Set: nothing else is.
    pub refuse: Option<Refusal>,
}

impl Route {
    pub(crate) fn into(target: Target) -> Self {
        Self {
            targets: vec![target],
            ..Self::default()
        }
    }

    pub(crate) fn refused(refusal: Refusal) -> Self {
        Self {
            refuse: Some(refusal),
            ..Self::default()
        }
    }

    /// Adds what becomes of it at another address; a mailbox gets it once. A refusal is not taken over.
    pub fn add(&mut self, other: Self) {
        for target in other.targets {
            if !self.targets.iter().any(|one| one.mailbox == target.mailbox) {
                self.targets.push(target);
            }
        }
        self.extra.extend(other.extra);
        for answer in other.answers {
            let same = |one: &Answer| one.letter.from == answer.letter.from;
            if !self.answers.iter().any(same) {
                self.answers.push(answer);
            }
        }
    }
}

/// What an account's own rules do with a message.
#[derive(Debug, Clone, Default)]
pub struct Sorted {
    /// Where it goes; empty for INBOX.
    pub targets: Vec<Target>,
}

/// The rules of accounts: filters, and answers of who is away.
#[async_trait]
pub trait Rules: Send + Sync + 'static {
    /// Where a message goes that an account gets.
    ///
    /// # Errors
    /// The database.
    async fn sort(&self, account: &Account, scanned: &Scanned) -> Result<Sorted, MailError>;

    /// The answer of who is away, if one is due. Never asked for mail of lists, of programs, or without a sender.
    ///
    /// # Errors
    /// The database.
    async fn away(&self, account: &Account, scanned: &Scanned)
    -> Result<Option<Answer>, MailError>;
}

/// What becomes of a message for a local address (`mira`, `mira+lists@hill.internal`).
///
/// # Errors
/// The database.
pub async fn route(
    local: &Local,
    address: &str,
    arrival: &Arrival,
    scanned: &Scanned,
) -> Result<Route, MailError> {
    let part = local_part(address);
    let (base, tag) = part.split_once('+').unwrap_or((part, ""));
    let name = normal_name(base).unwrap_or_default();
    match local.store().account_at(&name).await? {
        Some(account) => sort(local, &account, None, tag, arrival, scanned).await,
        None if is_postmaster(&name) => postmaster(local).await,
        None => Ok(Route::refused(nobody(part))),
    }
}

/// What becomes of a message for a local address of which is known whose it is ([`route`] looks that up).
///
/// # Errors
/// The database.
pub(crate) async fn route_to(
    local: &Local,
    (account, look): (&Account, Option<&Look>),
    address: &str,
    arrival: &Arrival,
    scanned: &Scanned,
) -> Result<Route, MailError> {
    let part = local_part(address);
    let (base, tag) = part.split_once('+').unwrap_or((part, ""));
    if is_postmaster(base) {
        // The account stands for all operators, unless somebody is called so.
        return route(local, address, arrival, scanned).await;
    }
    sort(local, account, look, tag, arrival, scanned).await
}

async fn sort(
    local: &Local,
    account: &Account,
    look: Option<&Look>,
    tag: &str,
    arrival: &Arrival,
    scanned: &Scanned,
) -> Result<Route, MailError> {
    if let Some(list) = local.list(&account.id).await? {
        return local.route_list(&list, tag, arrival, scanned).await;
    }
    person::route(local, (account, look), tag, arrival, scanned).await
}

/// Whether an address would be refused from a sender: for RCPT, before the message is there.
///
/// # Errors
/// The database.
pub async fn check(
    local: &Local,
    address: &str,
    arrival: &Arrival,
) -> Result<Option<Refusal>, MailError> {
    let part = local_part(address);
    let name = normal_name(part.split('+').next().unwrap_or_default()).unwrap_or_default();
    if is_postmaster(&name) {
        return Ok(None);
    }
    let sender = address_of(&arrival.sender);
    let receiver = local.store().receiver(&name, &sender, &sender).await?;
    Ok(receiver.map_or_else(
        || Some(nobody(part)),
        |receiver| {
            let blocks = receiver.habits.blocked;
            check_for(
                &receiver.account,
                blocks,
                address,
                arrival.submitted_by.as_ref(),
            )
        },
    ))
}

/// [`check`], where it is known whose address it is, and whether the account `blocks` the sender.
pub(crate) fn check_for(
    account: &Account,
    blocks: bool,
    address: &str,
    submitted_by: Option<&AccountId>,
) -> Option<Refusal> {
    let base = local_part(address).split('+').next().unwrap_or_default();
    // Nobody blocks themselves by a slip of the hand.
    let own = submitted_by == Some(&account.id);
    (blocks && !own && !is_postmaster(base)).then(blocked)
}

/// What was seen of a receiver's settings when the recipient was checked, so that it needn't be asked again for a message
/// that follows at once.
#[derive(Debug, Clone)]
pub struct Look {
    habits: Habits,
    /// Who was taken for author and sender, as [`address_of`] writes it.
    sender: String,
    at_ms: i64,
}

/// How long a [`Look`] holds: what is set meanwhile counts from the next message on.
const LOOK_MS: u64 = 2_000;

impl Look {
    pub(crate) fn new(habits: Habits, sender: String, at_ms: i64) -> Self {
        Self {
            habits,
            sender,
            at_ms,
        }
    }

    /// Whether the sender is blocked.
    pub(crate) fn blocks(&self) -> bool {
        self.habits.blocked
    }

    fn habits(&self, author: &str, sender: &str, now_ms: i64) -> Option<Habits> {
        let same = self.sender == author && self.sender == sender;
        (same && now_ms.abs_diff(self.at_ms) <= LOOK_MS).then_some(self.habits)
    }
}

/// Who stands for `postmaster` and `abuse`, where nobody is called so: an operator. [`route`] gives it to all of them.
///
/// # Errors
/// The database.
pub(crate) async fn postmaster_account(
    local: &Local,
    name: &str,
) -> Result<Option<Account>, MailError> {
    if !is_postmaster(name) {
        return Ok(None);
    }
    let people = local.people().list("", PEOPLE_LIMIT).await?;
    match people
        .iter()
        .find(|person| person.has(Role::Operator) && !person.disabled)
    {
        Some(person) => Ok(Some(local.store().account_of(person).await?)),
        None => Ok(None),
    }
}

/// Names under which every node must take mail (RFC 5321 §4.5.1, RFC 2142).
fn is_postmaster(name: &str) -> bool {
    matches!(name.to_ascii_lowercase().as_str(), "postmaster" | "abuse")
}

/// The part of an address before its last `@`.
fn local_part(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(part, _)| part)
}

fn nobody(part: &str) -> Refusal {
    let shown: String = part.chars().take(64).collect();
    Refusal::new("5.1.1", format!("nobody here is called `{shown}`"))
}

pub(crate) fn blocked() -> Refusal {
    Refusal::new("5.7.1", "the receiver does not want mail from this address")
}

/// Mail that every node must take (RFC 5321 §4.5.1, RFC 2142): to its operators.
async fn postmaster(local: &Local) -> Result<Route, MailError> {
    let mut route = Route::default();
    for person in local.people().list("", PEOPLE_LIMIT).await? {
        if person.has(Role::Operator) && !person.disabled && route.targets.len() < POSTMASTERS_LIMIT
        {
            let account = local.store().account_of(&person).await?;
            route
                .targets
                .push(Target::new(person::inbox(local, &account.id).await?.id));
        }
    }
    if route.targets.is_empty() {
        return Ok(Route::refused(nobody("postmaster")));
    }
    Ok(route)
}
