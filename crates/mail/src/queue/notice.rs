//! What senders are told. Never about a report, a list or what a program sent by itself; each in one transaction with
//! what it tells of.

use lampion_core::ids;
use lampion_db::query;
use lampion_mailproto::mime::Date;
use lampion_mailproto::smtp::report::{Action, InWords, Report};
use lampion_mailproto::smtp::{Address, Notify};

use super::parts::Part;
use super::rows::{Queued, removal};
use super::{Envelope, HOLDER, Outcome, Queue, Recipient, Route};
use crate::store::{Delivery, Extra, MailError, MessageId, Target, Value};
use crate::words;

/// Of a message that comes back, so much at most; RET=FULL of a longer one brings its header.
const RETURN_LIMIT: usize = 64 * 1024;

/// A report about to be made.
struct About<'a> {
    to: Address,
    envelope_id: Option<&'a str>,
    original: Option<&'a lampion_mailproto::smtp::OriginalRecipient>,
    recipient: &'a str,
    arrived_ms: i64,
    returned: &'a [u8],
    whole: bool,
}

impl Queue {
    /// Reports to the sender of a message that is being accepted: of recipients of this node that have it, if the sender
    /// wants to hear of that (NOTIFY=SUCCESS), and of those that don't get it while others do.
    pub(super) async fn reports(
        &self,
        envelope: &Envelope,
        parts: &[Part],
        automatic: bool,
    ) -> Result<Vec<Delivery>, MailError> {
        let mut all = Vec::new();
        let Some(from) = envelope.from.as_ref().filter(|_| !automatic) else {
            return Ok(all);
        };
        for (recipient, part) in envelope.recipients.iter().zip(parts) {
            let local = matches!(recipient.route, Route::Local(_));
            let failure = recipient.notify.unwrap_or(Notify::DEFAULT).failure && envelope.reports;
            let success = recipient.notify.is_some_and(|notify| notify.success) && local;
            let (action, status, why) = match &part.outcome {
                Outcome::Kept if success => (Action::Delivered, "2.0.0", "dsn-why-delivered"),
                Outcome::Full if failure => (Action::Failed, "5.2.2", "dsn-why-full"),
                Outcome::Refused(refusal) if failure => {
                    (Action::Failed, refusal.status, refusal.text.as_str())
                }
                _ => continue,
            };
            let address = recipient.to.to_string();
            let about = About {
                to: from.clone(),
                envelope_id: envelope.envelope_id.as_deref(),
                original: recipient.original.as_ref(),
                recipient: &address,
                arrived_ms: self.0.clock.now_ms(),
                returned: header_of(&envelope.head),
                whole: false,
            };
            all.extend(self.report(&about, action, status, why, None).await?);
        }
        Ok(all)
    }

    /// A message failed for good: the sender is told, and it leaves the queue.
    pub(super) async fn failed(
        &self,
        queued: &Queued,
        status: &str,
        why: &str,
        said: Option<(&str, &str)>,
    ) -> Result<(), MailError> {
        let wanted = queued.notify.unwrap_or(Notify::DEFAULT).failure;
        let report = self
            .about(queued, wanted, Action::Failed, (status, why), said)
            .await?;
        self.tell(queued, report, true).await
    }

    /// A message was taken by a server that sends no reports itself.
    pub(super) async fn relayed(
        &self,
        queued: &Queued,
        said: (&str, &str),
    ) -> Result<(), MailError> {
        let wanted = queued.notify.is_some_and(|notify| notify.success);
        let why = "dsn-why-relayed";
        let report = self
            .about(queued, wanted, Action::Relayed, ("2.0.0", why), Some(said))
            .await?;
        self.tell(queued, report, true).await
    }

    /// A message waits for longer than is usual. Told once.
    pub(super) async fn delayed(&self, queued: &Queued, why: &str) -> Result<(), MailError> {
        let wanted = queued.notify.unwrap_or(Notify::DEFAULT).delay;
        let report = self
            .about(queued, wanted, Action::Delayed, ("4.4.1", why), None)
            .await?;
        self.tell(queued, report, false).await
    }

    async fn tell(
        &self,
        queued: &Queued,
        report: Option<Delivery>,
        over: bool,
    ) -> Result<(), MailError> {
        let Some(mut report) = report else {
            if over {
                return self.remove(queued).await;
            }
            query("update mail_queue set noticed = 1 where id = $1")
                .bind(&queued.id)
                .execute(self.0.db.write())
                .await?;
            return Ok(());
        };
        if over {
            report.extra.extend(removal(queued));
        } else {
            report.extra.push(Extra {
                sql: "update mail_queue set noticed = 1 where id = $2 and cast($1 as bigint) <> -1",
                values: vec![Value::Text(queued.id.clone())],
            });
        }
        self.0.store.deliver(report).await?;
        self.0.wake.notify_one();
        Ok(())
    }

    async fn about(
        &self,
        queued: &Queued,
        wanted: bool,
        action: Action,
        (status, why): (&str, &str),
        said: Option<(&str, &str)>,
    ) -> Result<Option<Delivery>, MailError> {
        let Some(to) = queued.reports_to().filter(|_| wanted && !queued.automatic) else {
            return Ok(None);
        };
        let returned = self.returned(queued.message).await?;
        let whole = queued.full_return && action == Action::Failed && returned.len() < RETURN_LIMIT;
        let about = About {
            to,
            envelope_id: queued.envelope_id.as_deref(),
            original: queued.original.as_ref(),
            recipient: &queued.recipient,
            arrived_ms: queued.arrived_ms,
            returned: if whole {
                &returned
            } else {
                header_of(&returned)
            },
            whole,
        };
        self.report(&about, action, status, why, said).await
    }

    async fn returned(&self, message: MessageId) -> Result<Vec<u8>, MailError> {
        let content = self.0.store.content(message).await?;
        content.range(0..RETURN_LIMIT as u64, RETURN_LIMIT).await
    }

    /// The report as a delivery; `None` where the sender can't be reached. `why` is the key of a text, or the receiver's own
    /// words, which are not translated.
    async fn report(
        &self,
        about: &About<'_>,
        action: Action,
        status: &str,
        why: &str,
        said: Option<(&str, &str)>,
    ) -> Result<Option<Delivery>, MailError> {
        let date = |ms: i64| {
            Date {
                unix_ms: ms,
                offset_minutes: 0,
            }
            .to_header()
        };
        let to = about.to.to_string();
        let language = self.0.language.as_str();
        let known = why.starts_with("dsn-");
        let server = said.map_or("", |(server, _)| server);
        let subject = words::text(language, &format!("dsn-{}", action.as_str()), &[]);
        let reason = if known { why } else { "dsn-why-refused" };
        let reason = words::text(language, reason, &[]);
        let answer = words::text(language, "dsn-said", &[("server", server.into())]);
        let local = (language != "en").then_some(InWords {
            subject: &subject,
            why: &reason,
            said: &answer,
        });
        let english = if known {
            words::text("en", why, &[])
        } else {
            why.to_string()
        };
        let bytes = Report {
            host: &self.0.domain,
            to: &to,
            id: &ids::new_secret(&*self.0.rng),
            date: &date(self.0.clock.now_ms()),
            arrived: &date(about.arrived_ms),
            envelope_id: about.envelope_id,
            original: about.original,
            recipient: about.recipient,
            action,
            status,
            said,
            why: &english,
            local,
            returned: about.returned,
            whole: about.whole,
        }
        .write();
        let eight_bit = !bytes.is_ascii();
        let message = self.0.store.message(&bytes).await?;
        let route = self.route(&about.to).await?;
        Ok(match &route {
            Route::Local(account) => {
                let inbox = self.0.store.mailbox(&account.id, "INBOX").await?;
                inbox.map(|inbox| Delivery {
                    message,
                    targets: vec![Target::new(inbox.id)],
                    extra: Vec::new(),
                    holder: None,
                })
            }
            Route::Node(_) | Route::Smarthost => {
                let recipient = Recipient {
                    to: about.to.clone(),
                    route: route.clone(),
                    look: None,
                    notify: None,
                    original: None,
                };
                let envelope = Envelope {
                    eight_bit,
                    utf8: !to.is_ascii(),
                    ..Envelope::default()
                };
                let row = self.row(&envelope, &recipient, true);
                Some(Delivery {
                    message,
                    targets: Vec::new(),
                    extra: vec![row],
                    holder: Some(HOLDER.into()),
                })
            }
            Route::Unknown | Route::None => None,
        })
    }
}

/// The header of a message, with its last line's end.
fn header_of(message: &[u8]) -> &[u8] {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n");
    match end {
        Some(at) => message.get(..at + 2).unwrap_or(message),
        None => message,
    }
}
