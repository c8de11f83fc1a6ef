//! Letters on their way out: they wait a little, so that they can be taken back, and go in the transaction that delivers
//! them.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use axum::Extension;
use axum::extract::Path;
use lampion_mailproto::mime::{Date, Mailbox as Person, Scanned, address, compose};
use lampion_mailproto::smtp::Address;
use lampion_web::{AppError, Form, Page, PageResult};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::letters::{self, Letter, Written};
use super::{Web, contacts, settings};
use crate::filters;
use crate::queue::{Accept, Outcome, Recipient, Route};
use crate::receive::{Answer, Rules, Sorted};
use crate::store::{
    Account, Extra, FlagAction, FlagChange, Flags, MailError, MailboxId, NewMessage, Special, Value,
};

/// Recipients of one letter at most.
const RECIPIENTS_LIMIT: usize = 500;
/// Letters looked at at once.
const AT_ONCE: i64 = 200;
/// How often it is looked whether another process left a letter.
const LOOK_AGAIN: Duration = Duration::from_secs(20);

/// Everybody who is to get a letter, without repetition; what is said without a domain is of this node.
fn recipients(web: &Web, written: &Written) -> Vec<Person> {
    let mut all: Vec<Person> = Vec::new();
    for field in [&written.to, &written.cc, &written.bcc] {
        for person in whom(web, field) {
            if !all
                .iter()
                .any(|one| one.address().eq_ignore_ascii_case(&person.address()))
            {
                all.push(person);
            }
        }
    }
    all
}

fn whom(web: &Web, field: &str) -> Vec<Person> {
    let mut people = address::mailboxes(field);
    for person in people.iter_mut().filter(|person| person.domain.is_empty()) {
        person.domain = web.domain();
    }
    people
}

/// Whether a letter can be sent; if not, a sentence that says why.
pub(super) async fn check(
    web: &Web,
    page: &Page,
    id: &str,
    written: &Written,
) -> Result<Result<Vec<Person>, String>, AppError> {
    let all = recipients(web, written);
    if all.is_empty() {
        return Ok(Err(page.t("mail-no-recipient")));
    }
    if all.len() > RECIPIENTS_LIMIT {
        return Ok(Err(page.t("mail-many-recipients")));
    }
    let size: i64 = letters::files(web, id)
        .await?
        .iter()
        .map(|file| file.size_bytes.max(0))
        .sum();
    // In a message, three bytes of a file are four, and line ends come to them.
    let whole = u64::try_from(size).unwrap_or(0) / 3 * 4 / 76 * 78 + written.text.len() as u64;
    if whole > web.store().message_limit_bytes() {
        return Ok(Err(too_large(web, page)));
    }
    for person in &all {
        if person.local.contains(char::is_whitespace) || person.local.is_empty() {
            return Ok(Err(page.s("mail-bad-recipient", &person.local)));
        }
        match web.0.mail.queue().route(&envelope(person)).await? {
            Route::None => return Ok(Err(page.s("mail-no-way", &person.address()))),
            Route::Unknown => return Ok(Err(page.s("mail-nobody", &person.address()))),
            // Better now than when the letter is out of sight.
            Route::Local(receiver) if is_full(&receiver, whole) => {
                return Ok(Err(page.s("me-full", &person.address())));
            }
            Route::Local(_) | Route::Node(_) | Route::Smarthost => {}
        }
    }
    Ok(Ok(all))
}

/// Bytes of files that one message can have: in it, three are four.
pub(super) fn room(web: &Web) -> u64 {
    web.store().message_limit_bytes() / 4 * 3
}

/// Says how large files may be together.
pub(super) fn too_large(web: &Web, page: &Page) -> String {
    page.s("mail-too-large", &page.bytes(room(web)))
}

fn is_full(receiver: &Account, size_bytes: u64) -> bool {
    let size = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    let full = |quota| receiver.used_bytes.saturating_add(size) > quota;
    receiver.quota_bytes.is_some_and(full)
}

/// `POST /mail/write/{letter}/undo`: takes a letter back that waits.
pub(super) async fn undo(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<String>,
    _form: Form,
) -> PageResult {
    let (account, _) = web.enter(&page).await?;
    let letter = letters::get(&web, &account.id, &id).await?;
    if letter.is_some() && letters::turn(&web, &id, "waiting", "draft", "").await? {
        return Ok(Page::see_other(&format!("/mail/write/{id}")));
    }
    Ok(Page::see_other("/mail?done=sent"))
}

/// Sends what waits until the node stops. The wait is counted by this process's own time: a clock that jumps changes
/// nothing, and after a restart it begins anew.
pub(super) async fn run(web: Web, stop: CancellationToken) {
    // A process that was killed while it sent left its letter so: nothing of it was delivered.
    if let Ok(left) = letters::in_state(&web, "sending", AT_ONCE).await {
        for letter in left {
            let _again = letters::turn(&web, &letter.id, "sending", "waiting", "").await;
        }
    }
    let mut since: HashMap<String, Instant> = HashMap::new();
    while !stop.is_cancelled() {
        let next = match round(&web, &mut since).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "letters that wait could not be read: it is tried again");
                Instant::now() + LOOK_AGAIN
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = web.0.waiting.notified() => {}
            () = until(next) => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the wait in which a letter can be taken back is time itself"
)]
async fn until(at: Instant) {
    tokio::time::sleep(at.saturating_duration_since(Instant::now())).await;
}

/// Sends what is due; gives when to look again.
async fn round(web: &Web, since: &mut HashMap<String, Instant>) -> Result<Instant, MailError> {
    let waiting = letters::in_state(web, "waiting", AT_ONCE).await?;
    since.retain(|id, _| waiting.iter().any(|letter| letter.id == *id));
    let mut next = Instant::now() + LOOK_AGAIN;
    for letter in waiting {
        let began = *since.entry(letter.id.clone()).or_insert_with(Instant::now);
        let due = began + Duration::from_secs(letter.wait_s.unsigned_abs());
        if Instant::now() < due {
            next = next.min(due);
            continue;
        }
        // Whoever turns it is the one who sends it.
        if letters::turn(web, &letter.id, "waiting", "sending", "").await?
            && let Err(error) = send(web, &letter).await
        {
            tracing::warn!(%error, "a letter could not be sent");
            letters::turn(
                web,
                &letter.id,
                "sending",
                "failed",
                &letters::noted(&error),
            )
            .await?;
        }
    }
    Ok(next)
}

async fn send(web: &Web, letter: &Letter) -> Result<(), MailError> {
    let written = &letter.written;
    let store = web.store();
    let account = store
        .account(&letter.account)
        .await?
        .ok_or_else(|| MailError::NoSuchMailbox(letter.account.clone()))?;
    let display = web
        .kernel()
        .people
        .by_id(&account.id)
        .await?
        .map(|person| person.display);
    let from = Person {
        name: display,
        route: None,
        local: account.name.clone(),
        domain: web.domain(),
    };
    let message = composed(web, letter, from).await?;
    let all = recipients(web, written);
    submit(web, &account, message, &all, &letter.id).await?;
    contacts::note(web, &account.id, &all).await?;
    if let (Some((id, uid)), "reply") = (written.source, written.kind.as_str()) {
        let mailbox = store.mailbox_by_id(MailboxId(id)).await?;
        if mailbox.is_some_and(|mailbox| mailbox.account == account.id) {
            let change = FlagChange {
                action: FlagAction::Add,
                flags: Flags::ANSWERED,
                keywords: Vec::new(),
            };
            store
                .store_flags(MailboxId(id), &[uid], &change, None)
                .await?;
        }
    }
    forget_draft(web, &account.id, written).await
}

/// The message in Drafts that a letter began from is not needed any more.
pub(super) async fn forget_draft(
    web: &Web,
    account: &str,
    written: &Written,
) -> Result<(), MailError> {
    if let (Some((id, uid)), "draft") = (written.source, written.kind.as_str()) {
        let mailbox = web.store().mailbox_by_id(MailboxId(id)).await?;
        if mailbox.is_some_and(|mailbox| {
            mailbox.account == account && mailbox.special == Some(Special::Drafts)
        }) {
            web.store().delete(MailboxId(id), &[uid]).await?;
        }
    }
    Ok(())
}

/// The message of a letter; its files pass through piece by piece.
async fn composed(
    web: &Web,
    letter: &Letter,
    from: Person,
) -> Result<(NewMessage, Vec<u8>), MailError> {
    let written = &letter.written;
    let now = Date {
        unix_ms: web.kernel().clock.now_ms(),
        offset_minutes: 0,
    };
    let mail = compose::Letter {
        from,
        to: whom(web, &written.to),
        cc: whom(web, &written.cc),
        bcc: Vec::new(),
        subject: written.subject.clone(),
        date: now,
        message_id: written.message_id.clone(),
        in_reply_to: written.in_reply_to.clone(),
        references: written.references.clone(),
        headers: Vec::new(),
        text: written.text.clone(),
    };
    let files: Vec<_> = letters::files(web, &letter.id)
        .await?
        .into_iter()
        .filter(|file| file.size_bytes >= 0)
        .collect();
    let boundary = lampion_core::ids::new_secret(&*web.kernel().rng);
    let mut writer = compose::Writer::new((!files.is_empty()).then_some(boundary.as_str()));
    let mut incoming = web.store().incoming();
    let head = writer.head(&mail);
    incoming.write(&head).await?;
    for file in files {
        let about = compose::Attached {
            name: file.name,
            media_type: file.media_type,
            content_id: Some(file.content_id).filter(|id| !id.is_empty()),
        };
        incoming.write(&writer.begin_file(&about)).await?;
        let mut number = 0;
        let mut out = Vec::new();
        while let Some(piece) = letters::piece(web, &file.id, number).await? {
            writer.file(&piece, &mut out);
            incoming.write(&out).await?;
            out.clear();
            number += 1;
        }
        writer.end_file(&mut out);
        incoming.write(&out).await?;
    }
    incoming.write(&writer.end()).await?;
    Ok((incoming.finish().await?, head))
}

/// Hands a message over to the queue: to everybody on this node, on its way to others, and a copy to the sender's own Sent.
/// The letter's row is gone in the same transaction.
async fn submit(
    web: &Web,
    account: &Account,
    (message, head): (NewMessage, Vec<u8>),
    all: &[Person],
    letter: &str,
) -> Result<(), MailError> {
    let mut recipients = Vec::with_capacity(all.len());
    for person in all {
        let to = envelope(person);
        let route = web.0.mail.queue().route(&to).await?;
        match &route {
            Route::Unknown | Route::None => {
                return Err(MailError::NoSuchMailbox(person.address()));
            }
            Route::Local(receiver) if is_full(receiver, message.size_bytes) => {
                return Err(MailError::OverQuota(receiver.name.clone()));
            }
            Route::Local(_) | Route::Node(_) | Route::Smarthost => {}
        }
        recipients.push(Recipient {
            to,
            route,
            look: None,
            notify: None,
            original: None,
        });
    }
    let utf8 = !head.is_ascii();
    let from = Address {
        local: account.name.clone(),
        domain: web.domain(),
    };
    let accept = Accept {
        message,
        head,
        from: Some(from),
        recipients,
        ret: None,
        envelope_id: None,
        eight_bit: true,
        utf8,
        sent_by: Some(account.id.clone()),
        reports: true,
        extra: vec![Extra {
            sql: "delete from mail_letter where cast($1 as bigint) > 0 and id = $2",
            values: vec![Value::Text(letter.into())],
        }],
    };
    let outcomes = web.0.mail.queue().accept(accept).await?;
    // Where some have it, a report tells of the others.
    if outcomes.contains(&Outcome::Kept) {
        return Ok(());
    }
    match outcomes.into_iter().next() {
        Some(Outcome::Refused(refusal)) => Err(MailError::Fault(refusal.text)),
        Some(Outcome::Full) => Err(MailError::OverQuota(
            all.first().map(Person::address).unwrap_or_default(),
        )),
        _ => Ok(()),
    }
}

fn envelope(person: &Person) -> Address {
    Address {
        local: person.local.clone(),
        domain: person.domain.clone(),
    }
}

/// The answer of somebody who is away, if one is due, with the account that it is of.
async fn vacation(
    web: &Web,
    account: &Account,
    summary: &lampion_mailproto::mime::Summary,
) -> Result<Option<Answer>, MailError> {
    let own = settings::preference(&web.kernel().db, &account.id).await?;
    if !own.vacation {
        return Ok(None);
    }
    let display = web
        .kernel()
        .people
        .by_id(&account.id)
        .await?
        .map(|person| person.display);
    let me = Person {
        name: display,
        route: None,
        local: account.name.clone(),
        domain: web.domain(),
    };
    let now_ms = web.kernel().clock.now_ms();
    let now = Date {
        unix_ms: now_ms,
        offset_minutes: 0,
    };
    let id = format!(
        "{}@{}",
        lampion_core::ids::new_secret(&*web.kernel().rng),
        web.domain()
    );
    let Some(answer) = filters::answer(&own, summary, &me, now, id) else {
        return Ok(None);
    };
    let to = answer
        .to
        .first()
        .map(Person::address)
        .unwrap_or_default()
        .to_lowercase();
    let Some(telling) = web.0.being_told.begin(&account.id, &to) else {
        return Ok(None);
    };
    let was_told = filters::was_told(&web.kernel().db, &account.id, &to, now_ms).await?;
    Ok((!was_told).then(|| Answer {
        letter: answer,
        extra: vec![filters::told(&account.id, &to, now_ms)],
        telling,
    }))
}

#[async_trait]
impl Rules for Web {
    async fn sort(&self, account: &Account, scanned: &Scanned) -> Result<Sorted, MailError> {
        let db = &self.kernel().db;
        let targets = filters::targets(self.store(), db, &account.id, &scanned.summary).await?;
        Ok(Sorted { targets })
    }

    async fn away(
        &self,
        account: &Account,
        scanned: &Scanned,
    ) -> Result<Option<Answer>, MailError> {
        vacation(self, account, &scanned.summary).await
    }
}
