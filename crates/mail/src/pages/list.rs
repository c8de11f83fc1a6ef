//! The conversations of a mailbox, newest first.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use axum::response::{Html, IntoResponse as _};
use lampion_mailproto::mime::Mailbox as Person;
use lampion_web::{AppError, Form, Page, PageResult, shown_badge};
use serde::Deserialize;

use super::shown::{self, Message, When, when};
use super::side::Side;
use super::{Opened, Web};
use crate::store::{FlagAction, FlagChange, Flags, Item, MailboxId, MessageId, Special, Uid, View};

/// Conversations on one page.
const ROWS: usize = 25;
/// Messages of one conversation whose writers are named in its row.
const WRITERS: usize = 4;
/// Messages that can be taken back by one button after they were moved: their numbers stand in an address.
const UNDO: usize = 100;
/// Messages that one form may name.
const MANY: usize = 10_000;

/// A conversation in a list.
pub(super) struct Row {
    /// The numbers of its messages in this mailbox, with spaces between.
    pub uids: String,
    pub href: String,
    pub who: String,
    pub count: usize,
    pub subject: String,
    pub preview: String,
    /// Where it lies, if that isn't said by the page.
    pub place: String,
    pub when: When,
    pub short: String,
    pub unread: bool,
    pub flagged: bool,
    pub answered: bool,
    pub file: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    /// Conversations before the one whose newest message has this number.
    before: Uid,
    /// A letter that was sent just now.
    sent: String,
    /// What was done: a message key.
    done: String,
    n: i64,
    /// Where what was moved lies now: `box.uid,uid`.
    at: String,
}

#[derive(Template)]
#[template(path = "mail_list.html")]
struct ListPage<'a> {
    page: &'a Page,
    side: Side,
    title: String,
    id: i64,
    rows: Vec<Row>,
    next: Option<Uid>,
    /// Where this page begins; 0 for the first.
    before: Uid,
    first: bool,
    /// A letter that can still be taken back.
    undo: String,
    done: String,
    /// Where what was moved away lies now, and its UIDs with spaces between: so it can come back.
    moved: Option<(i64, String)>,
    /// The address of who looks at an INBOX; else empty.
    address: String,
    trash: bool,
    junk: bool,
    drafts: bool,
    modseq: i64,
}

#[derive(Template)]
#[template(path = "mail_rows.html")]
struct RowsPart<'a> {
    page: &'a Page,
    rows: Vec<Row>,
}

/// `GET /mail`: INBOX.
pub(super) async fn inbox(
    page: Page,
    Extension(web): Extension<Web>,
    Query(asked): Query<Asked>,
) -> PageResult {
    draw(&page, &web, web.open(&page, None).await?, asked).await
}

/// `GET /mail/box/{box}?before=`.
pub(super) async fn mailbox(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> PageResult {
    draw(&page, &web, web.open(&page, Some(id)).await?, asked).await
}

async fn draw(page: &Page, web: &Web, opened: Opened, asked: Asked) -> PageResult {
    let view = web.store().view(opened.here.id).await?;
    let (rows, next) = conversations(page, web, &opened, &view, asked.before).await?;
    let undo = if asked.sent.is_empty() {
        String::new()
    } else {
        let letter = super::letters::get(web, &opened.account.id, &asked.sent).await?;
        letter
            .filter(|letter| letter.state == "waiting")
            .map(|_| asked.sent.clone())
            .unwrap_or_default()
    };
    let done = match asked.done.as_str() {
        "moved" => page.n("mail-done-moved", asked.n),
        "deleted" => page.n("mail-done-deleted", asked.n),
        "sent" => page.t("mail-done-sent"),
        "saved" => page.t("mail-done-saved"),
        _ => String::new(),
    };
    page.html(&ListPage {
        page,
        side: Side::new(web.local(), page, &opened, true)
            .await?
            .with("mail.js"),
        title: shown::name(page, &opened.here),
        id: opened.here.id.0,
        rows,
        next,
        before: asked.before,
        first: asked.before == 0,
        undo,
        done,
        moved: moved_to(&asked.at),
        address: if opened.here.name == "INBOX" {
            format!("{}@{}", opened.account.name, web.domain())
        } else {
            String::new()
        },
        trash: opened.here.special == Some(Special::Trash),
        junk: opened.here.special == Some(Special::Junk),
        drafts: opened.here.special == Some(Special::Drafts),
        modseq: view.modseq(),
    })
}

/// `12.3,4,5` taken apart: a mailbox, and UIDs for a form.
fn moved_to(at: &str) -> Option<(i64, String)> {
    let (id, uids) = at.split_once('.')?;
    let uids: Option<Vec<Uid>> = uids.split(',').map(|uid| uid.parse().ok()).collect();
    let uids: Vec<String> = uids?.iter().map(Uid::to_string).collect();
    Some((id.parse().ok()?, uids.join(" ")))
}

/// `GET /mail/box/{box}/rows`: the first page's rows alone, for the script that renews them.
pub(super) async fn rows(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<i64>,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let view = web.store().view(opened.here.id).await?;
    let (rows, _) = conversations(&page, &web, &opened, &view, 0).await?;
    // For the navigation of a page that stays open: it counts the inbox.
    let inbox = opened.mailboxes.iter().find(|one| one.name == "INBOX");
    let unread = [("unread", shown_badge(inbox.map_or(0, |inbox| inbox.unseen)))];
    Ok((unread, Html(RowsPart { page: &page, rows }.render()?)).into_response())
}

/// The conversations of one page, and where the next page begins.
async fn conversations(
    page: &Page,
    web: &Web,
    opened: &Opened,
    view: &Arc<View>,
    before: Uid,
) -> Result<(Vec<Row>, Option<Uid>), AppError> {
    let mut order: Vec<i64> = Vec::new();
    let mut found: HashMap<i64, Vec<Item>> = HashMap::new();
    let mut earlier: HashSet<i64> = HashSet::new();
    let mut next = None;
    for item in view.iter().rev() {
        if before > 0 && item.uid >= before {
            earlier.insert(item.thread);
            continue;
        }
        if earlier.contains(&item.thread) {
            continue;
        }
        if let Some(items) = found.get_mut(&item.thread) {
            items.push(item.clone());
        } else if order.len() < ROWS {
            order.push(item.thread);
            found.insert(item.thread, vec![item.clone()]);
        } else {
            next = next.or(Some(item.uid + 1));
            earlier.insert(item.thread);
        }
    }
    let groups: Vec<Vec<Item>> = order
        .iter()
        .filter_map(|thread| found.remove(thread))
        .collect();
    let mut rows = grouped(page, web, opened, groups).await?;
    if before > 0 {
        // So that the way back leads to this page.
        for row in &mut rows {
            row.href.push_str(&format!("?before={before}"));
        }
    }
    Ok((rows, next))
}

/// The address of the open mailbox's list, where it begins before a message; from the newest for 0.
pub(super) fn address(opened: &Opened, before: Uid) -> String {
    let mut address = if opened.here.name == "INBOX" {
        "/mail".to_owned()
    } else {
        format!("/mail/box/{}", opened.here.id.0)
    };
    if before > 0 {
        address.push_str(&format!("?before={before}"));
    }
    address
}

/// Rows of conversations, each with its messages in this mailbox, newest first.
pub(super) async fn grouped(
    page: &Page,
    web: &Web,
    opened: &Opened,
    groups: Vec<Vec<Item>>,
) -> Result<Vec<Row>, AppError> {
    let wanted: Vec<MessageId> = groups
        .iter()
        .flat_map(|items| items.iter().take(WRITERS).map(|item| item.message))
        .collect();
    let details = web.store().details(&wanted).await?;
    let details: HashMap<MessageId, _> = details
        .iter()
        .map(|detail| (detail.message, detail))
        .collect();
    let now_ms = web.kernel().clock.now_ms();
    let domain = web.domain();
    let own = format!("{}@{domain}", opened.account.name);
    let outgoing = matches!(opened.here.special, Some(Special::Sent | Special::Drafts));
    let mut rows = Vec::with_capacity(groups.len());
    for items in groups {
        let messages: Vec<Message> = items
            .iter()
            .filter_map(|item| {
                details
                    .get(&item.message)
                    .map(|detail| Message::new(item, detail))
            })
            .collect();
        let (Some(newest), Some(item)) = (messages.first(), items.first()) else {
            continue;
        };
        let uids: Vec<String> = items.iter().map(|item| item.uid.to_string()).collect();
        let when = when(item.internal_ms);
        rows.push(Row {
            uids: uids.join(" "),
            href: format!("/mail/box/{}/{}", opened.here.id.0, item.uid),
            who: writers(page, &messages, &own, outgoing),
            count: items.len(),
            subject: newest.subject(),
            preview: newest.preview.chars().take(110).collect(),
            place: String::new(),
            short: when.short(now_ms).into(),
            when,
            unread: items.iter().any(|item| !item.flags.has(Flags::SEEN)),
            flagged: items.iter().any(|item| item.flags.has(Flags::FLAGGED)),
            answered: item.flags.has(Flags::ANSWERED),
            file: messages.iter().any(Message::has_file),
        });
    }
    Ok(rows)
}

/// Who wrote a conversation, the newest last, as short as it can be said; to whom, where it was sent.
fn writers(page: &Page, messages: &[Message], own: &str, outgoing: bool) -> String {
    let mut names: Vec<String> = Vec::new();
    let short = |person: &Person, alone: bool| {
        if person.address().eq_ignore_ascii_case(own) {
            return page.t("mail-me");
        }
        let whole = person
            .display_name()
            .unwrap_or_else(|| person.local.clone());
        match whole.split_once(' ') {
            Some((first, _)) if !alone => first.trim_end_matches(',').to_owned(),
            _ => whole,
        }
    };
    for message in messages.iter().rev() {
        let people = if outgoing {
            &message.envelope.to
        } else {
            &message.envelope.from
        };
        let alone = messages.len() == 1 && people.len() <= 1;
        for person in people.iter().take(3) {
            let name = short(person, alone);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let joined = names.join(", ");
    if outgoing {
        page.s("mail-to-short", &joined)
    } else {
        joined
    }
}

/// UIDs of a form: each value may name several.
pub(super) fn uids(form: &Form) -> Vec<Uid> {
    let mut all: Vec<Uid> = form
        .all("uid")
        .flat_map(str::split_whitespace)
        .filter_map(|uid| uid.parse().ok())
        .collect();
    all.sort_unstable();
    all.dedup();
    all.truncate(MANY);
    all
}

/// `POST /mail/box/{box}`: `uid` (several), `do` = `archive`, `delete`, `junk`, `inbox`, `read`, `unread`, `flag`,
/// `unflag`, `move` (`to`; with `undo` the mailbox that it goes to is shown next), `empty` (`sure`).
pub(super) async fn act(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<i64>,
    form: Form,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let back = address(&opened, form.get("before").parse().unwrap_or(0));
    let mut chosen = uids(&form);
    if form.get("do") == "empty" {
        if !matches!(opened.here.special, Some(Special::Trash | Special::Junk))
            || form.get("sure").is_empty()
        {
            return Err(AppError::bad_request(
                "only the bin and junk can be emptied",
            ));
        }
        chosen = web
            .store()
            .view(opened.here.id)
            .await?
            .iter()
            .map(|item| item.uid)
            .collect();
    }
    let done = perform(&web, &opened, &form, &chosen).await?;
    if !form.get("undo").is_empty() {
        let to: i64 = form.get("to").parse().unwrap_or(id);
        return Ok(Page::see_other(&format!("/mail/box/{to}")));
    }
    Ok(Page::see_other(&match done {
        Some(done) => done.after(back, chosen.len()),
        None => back,
    }))
}

/// What was done with messages that are gone from where they were.
pub(super) struct Done {
    word: &'static str,
    /// Where they lie now.
    at: Option<(MailboxId, Vec<Uid>)>,
}

impl Done {
    /// The address of the list that is shown next, which says what was done.
    pub(super) fn after(&self, list: String, count: usize) -> String {
        let sign = if list.contains('?') { '&' } else { '?' };
        let mut query = format!("{list}{sign}done={}&n={count}", self.word);
        if let Some((id, uids)) = &self.at
            && (1..=UNDO).contains(&uids.len())
        {
            let uids: Vec<String> = uids.iter().map(Uid::to_string).collect();
            query.push_str(&format!("&at={}.{}", id.0, uids.join(",")));
        }
        query
    }
}

/// Does what a form says with messages of the open mailbox; gives what was done if they are gone from it.
pub(super) async fn perform(
    web: &Web,
    opened: &Opened,
    form: &Form,
    chosen: &[Uid],
) -> Result<Option<Done>, AppError> {
    let store = web.store();
    let here = opened.here.id;
    let flag = async |action, flags| {
        let change = FlagChange {
            action,
            flags,
            keywords: Vec::new(),
        };
        store
            .store_flags(here, chosen, &change, None)
            .await
            .map(|_| None)
    };
    let moved = async |to: MailboxId, word| -> Result<Option<Done>, AppError> {
        let mut at = None;
        if to != here {
            let (_, pairs) = store.move_to(here, chosen, to).await?;
            at = Some((to, pairs.into_iter().map(|(_, new)| new).collect()));
        }
        Ok(Some(Done { word, at }))
    };
    let to = async |special, word| -> Result<Option<Done>, AppError> {
        moved(store.special(&opened.account.id, special).await?.id, word).await
    };
    if chosen.is_empty() {
        return Ok(None);
    }
    match form.get("do") {
        "read" => Ok(flag(FlagAction::Add, Flags::SEEN).await?),
        "unread" => Ok(flag(FlagAction::Remove, Flags::SEEN).await?),
        "flag" => Ok(flag(FlagAction::Add, Flags::FLAGGED).await?),
        "unflag" => Ok(flag(FlagAction::Remove, Flags::FLAGGED).await?),
        "archive" => to(Special::Archive, "moved").await,
        "junk" => to(Special::Junk, "moved").await,
        "inbox" => {
            let inbox = opened
                .mailboxes
                .iter()
                .find(|mailbox| mailbox.name == "INBOX")
                .ok_or_else(AppError::not_found)?;
            moved(inbox.id, "moved").await
        }
        // In the bin, and in junk, what is deleted is gone.
        "delete" | "empty"
            if matches!(opened.here.special, Some(Special::Trash | Special::Junk)) =>
        {
            store.delete(here, chosen).await?;
            Ok(Some(Done {
                word: "deleted",
                at: None,
            }))
        }
        "delete" => to(Special::Trash, "deleted").await,
        "move" => {
            let to = form.get("to").parse().map(MailboxId).ok();
            let to = opened
                .mailboxes
                .iter()
                .find(|mailbox| Some(mailbox.id) == to);
            let to = to.ok_or_else(|| AppError::bad_request("choose where to"))?;
            moved(to.id, "moved").await
        }
        _ => Err(AppError::bad_request("choose what to do")),
    }
}
