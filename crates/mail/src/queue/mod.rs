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
mod rows;
pub mod run;
mod seven_bit;
mod smarthost;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use lampion_core::{Clock, Rng, ids};
use lampion_db::{Db, query_scalar};
use lampion_mailproto::mime::compose::Letter;
use lampion_mailproto::smtp::{Address, Notify, OriginalRecipient, Return};
use lampion_web::Kernel;
use ring::digest;
use tokio::sync::Notify as Wake;

use crate::local::Local;
use crate::receive::{self, Arrival, Outgoing, Refusal};
use crate::store::{
    Account, Delivery, Extra, Flags, MailError, MailboxId, NewMessage, Placed, Special, Store,
    Target, Uid, Value,
};

pub use rows::{Dropped, Queued};
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

/// How a recipient stands in a delivery that is being put together.
enum Place {
    /// It needs no mailbox here.
    Elsewhere,
    /// Into this one of the delivery's targets, and perhaps others.
    Target(usize),
    Refused(Refusal),
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
        let domain = address.domain.to_ascii_lowercase();
        if domain == self.0.domain || domain.is_empty() {
            return Ok(match self.0.store.account_at(&address.local).await? {
                Some(account) => Route::Local(account),
                None => match receive::postmaster_account(&self.0.local, &address.local).await? {
                    Some(account) => Route::Local(account),
                    None => Route::Unknown,
                },
            });
        }
        let node = domain
            .strip_suffix(&self.0.net)
            .and_then(|rest| rest.strip_suffix('.'))
            .filter(|node| !node.is_empty() && !node.contains('.'));
        Ok(match node {
            Some(node) => Route::Node(node.into()),
            None if self.0.smarthost.is_some() => Route::Smarthost,
            None => Route::None,
        })
    }

    /// How a message came, for those who receive it here.
    fn arrival(&self, accept: &Accept) -> Arrival {
        let domain = accept.from.as_ref().map(|from| from.domain.as_str());
        let own = |domain: &str| self.0.local.is_here(domain) || self.0.local.is_in_net(domain);
        Arrival {
            sender: accept
                .from
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            submitted_by: accept.sent_by.clone(),
            from_outside: accept.sent_by.is_none() && domain.is_some_and(|domain| !own(domain)),
        }
    }

    /// Accepts a message: all of it is durable when this returns. For each recipient what became of it.
    ///
    /// # Errors
    /// `DiskFull`, `Away`, `Conflict`: nothing was accepted.
    pub async fn accept(&self, accept: Accept) -> Result<Vec<Outcome>, MailError> {
        let (outcomes, answers) = self.take(accept).await?;
        // Answers of who is away are messages of their own, from nobody: they can't come back, and answer nothing again.
        for answer in answers {
            let recipients: Vec<String> = answer.to.iter().map(|to| to.address()).collect();
            let sent = async {
                let message = receive::letter_message(&self.0.local, &answer).await?;
                let accept = self.letter(message, "", &recipients, Vec::new()).await?;
                self.take(accept).await
            };
            if let Err(error) = sent.await {
                tracing::warn!(%error, "an answer of somebody who is away could not be sent");
            }
        }
        Ok(outcomes)
    }

    async fn take(&self, mut accept: Accept) -> Result<(Vec<Outcome>, Vec<Letter>), MailError> {
        let automatic = is_automatic(&accept.message);
        let arrival = self.arrival(&accept);
        let (mut targets, mut places) = (Vec::<Target>::new(), Vec::new());
        let (mut answers, mut written_to) = (Vec::new(), Vec::new());
        let mut extra = std::mem::take(&mut accept.extra);
        let mut queued = false;
        for recipient in &accept.recipients {
            let Route::Local(account) = &recipient.route else {
                extra.push(self.row(&accept, recipient, automatic));
                queued = true;
                written_to.push(recipient.to.to_string());
                places.push(Place::Elsewhere);
                continue;
            };
            let (to, scanned) = (recipient.to.to_string(), &accept.message.scanned);
            let mut route =
                receive::route_to(&self.0.local, account, &to, &arrival, scanned).await?;
            if let Some(refusal) = route.refuse.take() {
                places.push(Place::Refused(refusal));
                continue;
            }
            let mut place = Place::Elsewhere;
            for target in route.targets {
                let at = target_of(&mut targets, target);
                if matches!(place, Place::Elsewhere) {
                    place = Place::Target(at);
                }
            }
            places.push(place);
            extra.extend(route.extra);
            answers.extend(route.answers);
        }
        let taken = places
            .iter()
            .any(|place| !matches!(place, Place::Refused(_)));
        if !taken && !places.is_empty() {
            return Ok((
                places
                    .into_iter()
                    .map(|place| outcome(place, &[]))
                    .collect(),
                Vec::new(),
            ));
        }
        if let Some(account) = &accept.sent_by {
            let sent = self.0.store.special(account, Special::Sent).await?.id;
            let mut target = Target::new(sent);
            target.flags = Flags::SEEN;
            target_of(&mut targets, target);
            if let Some(id) = &accept.message.scanned.summary.fields.message_id {
                extra.push(Extra {
                    sql: "insert into mail_sent (message, account, hash) values ($1, $2, $3)
                          on conflict (account, hash) do update set message = excluded.message",
                    values: vec![Value::Text(account.clone()), Value::Text(hash(id))],
                });
            }
        }
        let mut all = vec![];
        let reports = self.success_reports(&accept, automatic).await?;
        let sent_by = accept.sent_by.take();
        all.push(Delivery {
            message: accept.message,
            targets,
            extra,
            holder: queued.then(|| HOLDER.into()),
        });
        all.extend(reports);
        let done = self.0.store.deliver_all(all).await?;
        if queued {
            self.0.wake.notify_one();
        }
        self.0.local.posted();
        if let Some(account) = sent_by
            && !written_to.is_empty()
        {
            self.0.local.wrote_to(&account, &written_to).await?;
        }
        let placed = done
            .first()
            .map(|one| one.placed.as_slice())
            .unwrap_or_default();
        let outcomes = places
            .into_iter()
            .map(|place| outcome(place, placed))
            .collect();
        Ok((outcomes, answers))
    }

    /// A message from here that nobody submitted. Recipients to whom no way leads are left out, and that is logged.
    async fn letter(
        &self,
        message: NewMessage,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<Accept, MailError> {
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
                notify: None,
                original: None,
            });
        }
        let utf8 = all.iter().any(|recipient| !recipient.to.is_ascii());
        Ok(Accept {
            message,
            head: Vec::new(),
            from: Address::parse(sender).ok(),
            recipients: all,
            ret: None,
            envelope_id: None,
            eight_bit: true,
            utf8,
            sent_by: None,
            extra,
        })
    }

    fn row(&self, accept: &Accept, recipient: &Recipient, automatic: bool) -> Extra {
        let route = match &recipient.route {
            Route::Node(node) => format!("node {node}"),
            _ => SMARTHOST.into(),
        };
        let original = recipient.original.as_ref();
        let utf8 = accept.utf8
            || !recipient.to.is_ascii()
            || accept.from.as_ref().is_some_and(|from| !from.is_ascii());
        Extra {
            sql: "insert into mail_queue (message, id, sender, recipient, route, notify, original, full_return,
                    envelope_id, automatic, utf8, eight_bit, arrived_ms)
                  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            values: vec![
                Value::Text(ids::new_id(&*self.0.rng)),
                Value::Text(accept.from.as_ref().map(ToString::to_string).unwrap_or_default()),
                Value::Text(recipient.to.to_string()),
                Value::Text(route),
                Value::Number(recipient.notify.map_or(-1, Notify::bits)),
                Value::Text(original.map(|one| format!("{};{}", one.kind, one.address)).unwrap_or_default()),
                Value::Number(i64::from(accept.ret == Some(Return::Full))),
                Value::Text(accept.envelope_id.clone().unwrap_or_default()),
                Value::Number(i64::from(automatic)),
                Value::Number(i64::from(utf8)),
                Value::Number(i64::from(accept.eight_bit)),
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

fn outcome(place: Place, placed: &[Option<Placed>]) -> Outcome {
    match place {
        Place::Elsewhere => Outcome::Kept,
        Place::Refused(refusal) => Outcome::Refused(refusal),
        Place::Target(at) => match placed.get(at) {
            Some(Some(_)) => Outcome::Kept,
            _ => Outcome::Full,
        },
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
        let accept = self.letter(message, sender, recipients, extra).await?;
        self.take(accept).await?;
        Ok(())
    }
}

/// The place of a target among others; one mailbox takes a message once.
fn target_of(targets: &mut Vec<Target>, target: Target) -> usize {
    match targets.iter().position(|one| one.mailbox == target.mailbox) {
        Some(at) => at,
        None => {
            targets.push(target);
            targets.len() - 1
        }
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
