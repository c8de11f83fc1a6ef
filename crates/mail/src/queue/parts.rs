//! What becomes of a message for each of its recipients, while its delivery is put together.

use super::{Envelope, HOLDER, Outcome, Queue, Recipient, Route};
use crate::receive::{self, Answer, Arrival};
use crate::store::{Account, Delivery, Extra, MailError, MailboxId, NewMessage, Target};

/// What becomes of a message for one recipient.
pub(super) struct Part {
    pub outcome: Outcome,
    /// The receiver's own mailbox first.
    targets: Vec<Target>,
    extra: Vec<Extra>,
    pub answers: Vec<Answer>,
    queued: bool,
}

impl Part {
    /// Whether rows of others belong to it: a list's, or a request's.
    pub fn has_rows(&self) -> bool {
        !self.queued && !self.extra.is_empty()
    }

    /// Takes in which mailboxes have no room: it is the receiver's own that counts, not where filters send copies.
    pub fn look(&mut self, full: &[MailboxId]) {
        let own = self.targets.first().map(|target| target.mailbox);
        if self.outcome == Outcome::Kept && own.is_some_and(|own| full.contains(&own)) {
            self.outcome = Outcome::Full;
        }
    }
}

/// How a message came, for those who receive it here.
fn arrival(queue: &Queue, envelope: &Envelope) -> Arrival {
    let domain = envelope.from.as_ref().map(|from| from.domain.as_str());
    let local = &queue.0.local;
    let own = |domain: &str| local.is_here(domain) || local.is_in_net(domain);
    let sender = envelope.from.as_ref().map(ToString::to_string);
    Arrival {
        sender: sender.unwrap_or_default(),
        submitted_by: envelope.sent_by.clone(),
        from_outside: envelope.sent_by.is_none() && domain.is_some_and(|domain| !own(domain)),
    }
}

/// What becomes of a message for each recipient, in their order.
pub(super) async fn route(
    queue: &Queue,
    message: &NewMessage,
    envelope: &Envelope,
    automatic: bool,
) -> Result<Vec<Part>, MailError> {
    let arrival = arrival(queue, envelope);
    let mut parts = Vec::with_capacity(envelope.recipients.len());
    for recipient in &envelope.recipients {
        parts.push(match &recipient.route {
            Route::Local(account) => here(queue, message, &arrival, (recipient, account)).await?,
            _ => Part {
                outcome: Outcome::Kept,
                targets: Vec::new(),
                extra: vec![queue.row(envelope, recipient, automatic)],
                answers: Vec::new(),
                queued: true,
            },
        });
    }
    Ok(parts)
}

async fn here(
    queue: &Queue,
    message: &NewMessage,
    arrival: &Arrival,
    (recipient, account): (&Recipient, &Account),
) -> Result<Part, MailError> {
    let (to, scanned) = (recipient.to.to_string(), &message.scanned);
    let account = (account, recipient.look.as_ref());
    let route = receive::route_to(&queue.0.local, account, &to, arrival, scanned).await?;
    Ok(Part {
        outcome: route.refuse.map_or(Outcome::Kept, Outcome::Refused),
        targets: route.targets,
        extra: route.extra,
        answers: route.answers,
        queued: false,
    })
}

/// One delivery for all recipients that get it; a mailbox gets it once. Mailboxes in `full` are left out.
pub(super) fn assemble(
    message: NewMessage,
    envelope: &Envelope,
    parts: &[Part],
    sent: Option<&(Target, Vec<Extra>)>,
    full: &[MailboxId],
) -> Delivery {
    let kept = || parts.iter().filter(|part| part.outcome == Outcome::Kept);
    let mut targets: Vec<Target> = Vec::new();
    let own = sent.map(|(target, _)| target);
    for target in kept().flat_map(|part| &part.targets).chain(own) {
        let known = targets.iter().any(|one| one.mailbox == target.mailbox);
        if !known && !full.contains(&target.mailbox) {
            targets.push(target.clone());
        }
    }
    let mut extra = envelope.extra.clone();
    extra.extend(kept().flat_map(|part| part.extra.iter().cloned()));
    extra.extend(sent.iter().flat_map(|(_, extra)| extra.iter().cloned()));
    let queued = kept().any(|part| part.queued);
    if targets.is_empty() && !queued {
        extra.push(loose());
    }
    Delivery {
        message,
        targets,
        extra,
        holder: queued.then(|| HOLDER.into()),
    }
}

/// Lets a message that nobody holds be cleared away.
pub(super) fn loose() -> Extra {
    Extra {
        sql: "insert into mail_loose (message) values ($1) on conflict (message) do nothing",
        values: Vec::new(),
    }
}

/// Where a delivery goes.
pub(super) fn mailboxes(delivery: &Delivery) -> Vec<MailboxId> {
    delivery.targets.iter().map(|one| one.mailbox).collect()
}
