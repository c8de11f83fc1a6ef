//! Messages on their way: accepted by one transaction that makes local deliveries, the sender's copy, and the rows of what
//! must go further. Whoever got a 250 has all of it.
//!
//! - A route is local, another node ([`Carrier`]), or the smarthost; what has none is refused before it is accepted.
//! - Time is counted while this node runs ([`run`]), and a message expires by the time in which its route answered: a
//!   link that is down for days costs nothing.
//! - A sender hears at most once that a message is delayed, and always when it failed (`notice`); a message is delayed
//!   when its route has been closed for longer than it usually is, which the queue learns by itself (`gaps`).
//!
//! Tables are `mail_queue`, `mail_sent` and `mail_route`.

mod gaps;
mod notice;
mod parts;
mod rows;
pub mod run;
mod seven_bit;
mod smarthost;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use lampion_core::{Clock, Rng, ids};
use lampion_db::{Db, query_scalar};
use lampion_mailproto::smtp::{Address, Notify, OriginalRecipient, Return};
use lampion_web::Kernel;
use ring::digest;
use tokio::sync::Notify as Wake;

use crate::consent::address_of;
use crate::local::Local;
use crate::receive::{self, Look, Outgoing, Refusal};
use crate::store::{
    Account, Delivery, Extra, Flags, MailError, MailboxId, NewMessage, Special, Store, Target, Uid,
    Value, Whole,
};

use parts::Part;

pub use rows::{Dropped, PAGE_ROWS, Queued};
pub use smarthost::{BadSmarthost, Smarthost};

/// Who holds messages that are on their way; see `mail_hold`.
pub(crate) const HOLDER: &str = "queue";
/// The route of mail for the world outside.
pub(crate) const SMARTHOST: &str = "smarthost";

/// Carries messages to other nodes.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Takes a message over for good: when it returns, it is the carrier's to see to.
    ///
    /// # Errors
    /// Why not now, for the operator.
    async fn carry(&self, node: &str, queued: &Queued) -> Result<(), String>;
}

/// Where mail for an address goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To a mailbox of this node.
    Local(Account),
    /// To nobody: this node has no such name.
    Unknown,
    /// To another node of the net.
    Node(String),
    /// To the world outside.
    Smarthost,
    /// Nowhere: no smarthost is set.
    None,
}

/// One recipient of a message that is accepted.
#[derive(Debug, Clone)]
pub struct Recipient {
    /// The address.
    pub to: Address,
    /// Where it goes.
    pub route: Route,
    /// What [`Queue::route_from`] saw of the receiver, if it was asked just now.
    pub look: Option<Look>,
    /// When the sender wants to hear of it.
    pub notify: Option<Notify>,
    /// As the sender wrote it.
    pub original: Option<OriginalRecipient>,
}

/// A message to accept.
#[derive(Debug)]
pub struct Accept {
    /// The message.
    pub message: NewMessage,
    /// Its header, or the beginning of it: for reports.
    pub head: Vec<u8>,
    /// Who hears of failures; `None` for reports.
    pub from: Option<Address>,
    /// Whom it is for.
    pub recipients: Vec<Recipient>,
    /// What a report brings back.
    pub ret: Option<Return>,
    /// The sender's own name for it.
    pub envelope_id: Option<String>,
    /// It has bytes beyond ASCII.
    pub eight_bit: bool,
    /// Its header has.
    pub utf8: bool,
    /// Whose copy is to be filed to Sent.
    pub sent_by: Option<String>,
    /// If some get it and others don't, the sender is told by a report. False where the caller tells of each (LMTP).
    pub reports: bool,
    /// Rows that belong to it.
    pub extra: Vec<Extra>,
}

/// What became of a message for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept: in a mailbox, with a list, or on its way.
    Kept,
    /// There was no room for it.
    Full,
    /// The receiver doesn't take it.
    Refused(Refusal),
}

impl Accept {
    fn split(self) -> (NewMessage, Envelope) {
        let envelope = Envelope {
            head: self.head,
            from: self.from,
            recipients: self.recipients,
            ret: self.ret,
            envelope_id: self.envelope_id,
            eight_bit: self.eight_bit,
            utf8: self.utf8,
            sent_by: self.sent_by,
            reports: self.reports,
            extra: self.extra,
        };
        (self.message, envelope)
    }
}

/// A message to accept, without its bytes.
#[derive(Debug, Default)]
struct Envelope {
    head: Vec<u8>,
    from: Option<Address>,
    recipients: Vec<Recipient>,
    ret: Option<Return>,
    envelope_id: Option<String>,
    eight_bit: bool,
    utf8: bool,
    sent_by: Option<String>,
    reports: bool,
    extra: Vec<Extra>,
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    store: Store,
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    domain: String,
    net: String,
    /// Of reports.
    language: String,
    smarthost: Option<Smarthost>,
    carrier: OnceLock<Arc<dyn Carrier>>,
    local: Local,
    wake: Wake,
}

impl Queue {
    /// The queue of a node. A smarthost that makes no sense is logged, and counts as none.
    pub fn new(kernel: &Kernel, store: Store, local: Local) -> Self {
        let config = &kernel.config;
        let smarthost = match config.smarthost.as_str() {
            "" => None,
            text => Smarthost::parse(text)
                .map_err(|error| tracing::error!(%error, "setting `smarthost`"))
                .ok(),
        };
        Self(Arc::new(Inner {
            store,
            db: kernel.db.clone(),
            clock: Arc::clone(&kernel.clock),
            rng: Arc::clone(&kernel.rng),
            domain: format!("{}.{}", config.name, config.net).to_ascii_lowercase(),
            net: config.net.to_ascii_lowercase(),
            language: config.language.clone(),
            smarthost,
            carrier: OnceLock::new(),
            local,
            wake: Wake::new(),
        }))
    }

    /// Says who carries messages to other nodes, once.
    pub fn set_carrier(&self, carrier: Arc<dyn Carrier>) {
        self.0.carrier.get_or_init(|| carrier);
        self.0.wake.notify_one();
    }

    /// Where mail for an address goes.
    ///
    /// # Errors
    /// The database.
    pub async fn route(&self, address: &Address) -> Result<Route, MailError> {
        Ok(self.route_from(address, "").await?.0)
    }

    /// The same, and of a receiver here what they have set about mail of `sender`, the address of an envelope.
    ///
    /// # Errors
    /// The database.
    pub async fn route_from(
        &self,
        address: &Address,
        sender: &str,
    ) -> Result<(Route, Option<Look>), MailError> {
        let domain = address.domain.to_ascii_lowercase();
        if domain == self.0.domain || domain.is_empty() {
            let (sender, part) = (address_of(sender), address.local.as_str());
            let now_ms = self.0.clock.now_ms();
            if let Some(one) = self.0.store.receiver(part, &sender, &sender).await? {
                let look = Look::new(one.habits, sender, now_ms);
                return Ok((Route::Local(one.account), Some(look)));
            }
            let postmaster = receive::postmaster_account(&self.0.local, part).await?;
            return Ok((postmaster.map_or(Route::Unknown, Route::Local), None));
        }
        let node = domain
            .strip_suffix(&self.0.net)
            .and_then(|rest| rest.strip_suffix('.'))
            .filter(|node| !node.is_empty() && !node.contains('.'));
        let route = match node {
            Some(node) => Route::Node(node.into()),
            None if self.0.smarthost.is_some() => Route::Smarthost,
            None => Route::None,
        };
        Ok((route, None))
    }

    /// Accepts a message: all of it is durable when this returns, and in the same transaction what it gives rise to, answers
    /// of who is away and reports of who didn't get it. For each recipient what became of it; if nobody gets it, nothing
    /// was done.
    ///
    /// # Errors
    /// `DiskFull`, `Away`, `Conflict`, `Taken`: nothing was accepted.
    pub async fn accept(&self, accept: Accept) -> Result<Vec<Outcome>, MailError> {
        let (message, envelope) = accept.split();
        self.take(message, envelope).await
    }

    async fn take(
        &self,
        mut message: NewMessage,
        envelope: Envelope,
    ) -> Result<Vec<Outcome>, MailError> {
        let automatic = is_automatic(&message);
        let mut parts = parts::route(self, &message, &envelope, automatic).await?;
        let sent = self.sent_copy(&message, &envelope).await?;
        // Mailboxes that turned out to have no room: each round finds another, or is the last.
        let mut full: Vec<MailboxId> = Vec::new();
        loop {
            let taken = parts.iter().any(|part| part.outcome == Outcome::Kept);
            if !taken && !parts.is_empty() {
                break;
            }
            let mut all = vec![parts::assemble(
                message,
                &envelope,
                &parts,
                sent.as_ref(),
                &full,
            )];
            all.extend(self.reports(&envelope, &parts, automatic).await?);
            all.extend(self.answers(&parts).await);
            let tried: Vec<MailboxId> = all.iter().take(1).flat_map(parts::mailboxes).collect();
            let queued = all.iter().any(|delivery| delivery.holder.is_some());
            match self.0.store.deliver_whole(all).await? {
                Whole::Done(_) => {
                    if queued {
                        self.0.wake.notify_one();
                    }
                    if parts.iter().any(Part::has_rows) {
                        self.0.local.posted();
                    }
                    if let Some(account) = &envelope.sent_by {
                        self.0.local.prune_senders(account).await?;
                    }
                    break;
                }
                Whole::Lacking {
                    targets,
                    deliveries,
                } => {
                    let first = deliveries.into_iter().next();
                    message = first
                        .map(|delivery| delivery.message)
                        .ok_or_else(|| MailError::Fault("a delivery is gone".into()))?;
                    full.extend(targets.iter().filter_map(|place| tried.get(*place)));
                    for part in &mut parts {
                        part.look(&full);
                    }
                }
            }
        }
        Ok(parts.into_iter().map(|part| part.outcome).collect())
    }

    /// The sender's own copy, and the rows that belong to it.
    async fn sent_copy(
        &self,
        message: &NewMessage,
        envelope: &Envelope,
    ) -> Result<Option<(Target, Vec<Extra>)>, MailError> {
        let Some(account) = &envelope.sent_by else {
            return Ok(None);
        };
        let sent = self.0.store.special(account, Special::Sent).await?.id;
        let mut target = Target::new(sent);
        target.flags = Flags::SEEN;
        let id = message.scanned.summary.fields.message_id.as_ref();
        let mut extra: Vec<Extra> = id
            .map(|id| Extra {
                sql: "insert into mail_sent (message, account, hash) values ($1, $2, $3)
                      on conflict (account, hash) do update set message = excluded.message",
                values: vec![Value::Text(account.clone()), Value::Text(hash(id))],
            })
            .into_iter()
            .collect();
        let elsewhere = envelope.recipients.iter();
        let written_to: Vec<String> = elsewhere
            .filter(|recipient| !matches!(recipient.route, Route::Local(_)))
            .map(|recipient| recipient.to.to_string())
            .collect();
        extra.extend(self.0.local.wrote_to(account, &written_to));
        Ok(Some((target, extra)))
    }

    /// Answers of who is away are messages of their own, from nobody: they can't come back, and answer nothing again. One
    /// that can't be made takes nothing with it.
    async fn answers(&self, parts: &[Part]) -> Vec<Delivery> {
        let mut all = Vec::new();
        let kept = parts.iter().filter(|part| part.outcome == Outcome::Kept);
        for answer in kept.flat_map(|part| &part.answers) {
            match self.answer(answer).await {
                Ok(delivery) => all.extend(delivery),
                Err(error) => {
                    tracing::warn!(%error, "an answer of somebody who is away could not be made");
                }
            }
        }
        all
    }

    async fn answer(&self, answer: &receive::Answer) -> Result<Option<Delivery>, MailError> {
        let to: Vec<String> = answer.letter.to.iter().map(|to| to.address()).collect();
        let message = receive::letter_message(&self.0.local, &answer.letter).await?;
        let envelope = self.letter("", &to, answer.extra.clone()).await?;
        let parts = parts::route(self, &message, &envelope, true).await?;
        let taken = parts.iter().any(|part| part.outcome == Outcome::Kept);
        if !taken {
            return Ok(None);
        }
        let mut delivery = parts::assemble(message, &envelope, &parts, None, &[]);
        // There may be no room for it; that it was sent is noted all the same.
        delivery.extra.push(parts::loose());
        Ok(Some(delivery))
    }

    /// The envelope of a message from here that nobody submitted. Recipients to whom no way leads are left out, and that is
    /// logged.
    async fn letter(
        &self,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<Envelope, MailError> {
        let mut all = Vec::with_capacity(recipients.len());
        for recipient in recipients {
            let Ok(to) = Address::parse(recipient) else {
                continue;
            };
            let route = self.route(&to).await?;
            if matches!(route, Route::Unknown | Route::None) {
                tracing::warn!(
                    "no way leads to a recipient of a list or an answer: it is left out"
                );
                continue;
            }
            all.push(Recipient {
                to,
                route,
                look: None,
                notify: None,
                original: None,
            });
        }
        let utf8 = all.iter().any(|recipient| !recipient.to.is_ascii());
        Ok(Envelope {
            from: Address::parse(sender).ok(),
            recipients: all,
            eight_bit: true,
            utf8,
            extra,
            ..Envelope::default()
        })
    }

    fn row(&self, envelope: &Envelope, recipient: &Recipient, automatic: bool) -> Extra {
        let route = match &recipient.route {
            Route::Node(node) => format!("node {node}"),
            _ => SMARTHOST.into(),
        };
        let original = recipient.original.as_ref();
        let utf8 = envelope.utf8
            || !recipient.to.is_ascii()
            || envelope.from.as_ref().is_some_and(|from| !from.is_ascii());
        Extra {
            sql: "insert into mail_queue (message, id, sender, recipient, route, notify, original, full_return,
                    envelope_id, automatic, utf8, eight_bit, arrived_ms)
                  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            values: vec![
                Value::Text(ids::new_id(&*self.0.rng)),
                Value::Text(envelope.from.as_ref().map(ToString::to_string).unwrap_or_default()),
                Value::Text(recipient.to.to_string()),
                Value::Text(route),
                Value::Number(recipient.notify.map_or(-1, Notify::bits)),
                Value::Text(original.map(|one| format!("{};{}", one.kind, one.address)).unwrap_or_default()),
                Value::Number(i64::from(envelope.ret == Some(Return::Full))),
                Value::Text(envelope.envelope_id.clone().unwrap_or_default()),
                Value::Number(i64::from(automatic)),
                Value::Number(i64::from(utf8)),
                Value::Number(i64::from(envelope.eight_bit)),
                Value::Number(self.0.clock.now_ms()),
            ],
        }
    }

    /// Where a message with this `Message-ID` lies in an account's Sent, if it was filed there when it was sent.
    ///
    /// # Errors
    /// The database.
    pub async fn sent_already(
        &self,
        account: &str,
        message_id: &str,
    ) -> Result<Option<(MailboxId, Uid)>, MailError> {
        let message: Option<i64> =
            query_scalar("select message from mail_sent where account = $1 and hash = $2")
                .bind(account)
                .bind(hash(message_id))
                .fetch_optional(self.0.db.read())
                .await?;
        let Some(message) = message else {
            return Ok(None);
        };
        let sent = self.0.store.special(account, Special::Sent).await?.id;
        let uid: Option<i64> =
            query_scalar("select max(uid) from mail_item where message = $1 and mailbox = $2")
                .bind(message)
                .bind(sent.0)
                .fetch_one(self.0.db.read())
                .await?;
        Ok(uid
            .and_then(|uid| Uid::try_from(uid).ok())
            .map(|uid| (sent, uid)))
    }
}

#[async_trait]
impl Outgoing for Queue {
    async fn send(
        &self,
        message: NewMessage,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<(), MailError> {
        let envelope = self.letter(sender, recipients, extra).await?;
        self.take(message, envelope).await?;
        Ok(())
    }
}

/// Whether no report may be sent about it.
fn is_automatic(message: &NewMessage) -> bool {
    let summary = &message.scanned.summary;
    let says = |field: &Option<String>| {
        field
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase()
    };
    let submitted = says(&summary.auto_submitted);
    summary.list_id.is_some()
        || (!submitted.is_empty() && submitted.split(';').next().map(str::trim) != Some("no"))
        || matches!(says(&summary.precedence).as_str(), "bulk" | "list" | "junk")
}

fn hash(message_id: &str) -> String {
    let id = message_id
        .trim()
        .trim_start_matches('<')
        .trim_end_matches('>');
    let hash = digest::digest(&digest::SHA256, id.as_bytes());
    hash.as_ref()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
