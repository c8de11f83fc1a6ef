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

use super::shown::{self, Folder, Message, When, when};
use super::{Opened, Web};
use crate::store::{FlagAction, FlagChange, Flags, Item, MailboxId, MessageId, Special, Uid, View};

/// Conversations on one page.
const ROWS: usize = 25;
/// Messages of one conversation whose writers are named in its row.
const WRITERS: usize = 4;
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
}

/// What every page of mail has at its side.
pub(super) struct Side {
    pub folders: Vec<Folder>,
    pub letters: i64,
    /// Strangers who wait for consent.
    pub requests: i64,
    pub script: String,
    pub style: String,
}

impl Side {
    pub(super) async fn new(
        web: &Web,
        page: &Page,
        opened: &Opened,
        here: bool,
    ) -> Result<Self, AppError> {
        Ok(Self {
            folders: shown::folders(page, &opened.mailboxes, here.then_some(opened.here.id.0)),
            letters: super::letters::count(web, &opened.account.id).await?,
            requests: web.0.mail.local().waiting_count(&opened.account.id).await?,
            script: String::new(),
            style: super::assets::url("mail.css"),
        })
    }

    /// With the script of lists and conversations, or that of letters.
    pub(super) fn with(self, script: &str) -> Self {
        Self {
            script: super::assets::url(script),
            ..self
        }
    }
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
    first: bool,
    /// A letter that can still be taken back.
    undo: String,
    done: String,
    trash: bool,
    junk: bool,
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
        side: Side::new(web, page, &opened, true).await?.with("mail.js"),
        title: shown::name(page, &opened.here),
        id: opened.here.id.0,
        rows,
        next,
        first: asked.before == 0,
        undo,
        done,
        trash: opened.here.special == Some(Special::Trash),
        junk: opened.here.special == Some(Special::Junk),
        modseq: view.modseq(),
    })
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
    Ok((grouped(page, web, opened, groups).await?, next))
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
/// `unflag`, `move` (`to`), `empty` (`sure`).
pub(super) async fn act(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<i64>,
    form: Form,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let back = if opened.here.name == "INBOX" {
        "/mail".to_owned()
    } else {
        format!("/mail/box/{id}")
    };
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
    let count = chosen.len();
    let done = perform(&web, &opened, &form, &chosen).await?;
    let back = match done {
        Some(done) if count > 0 => format!("{back}?done={done}&n={count}"),
        _ => back,
    };
    Ok(Page::see_other(&back))
}

/// Does what a form says with messages of the open mailbox; gives the word for what was done if they are gone from it.
pub(super) async fn perform(
    web: &Web,
    opened: &Opened,
    form: &Form,
    chosen: &[Uid],
) -> Result<Option<&'static str>, AppError> {
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
    let to = async |special| -> Result<Option<&'static str>, AppError> {
        let to = store.special(&opened.account.id, special).await?.id;
        if to != here {
            store.move_to(here, chosen, to).await?;
        }
        Ok(Some("moved"))
    };
    if chosen.is_empty() {
        return Ok(None);
    }
    match form.get("do") {
        "read" => Ok(flag(FlagAction::Add, Flags::SEEN).await?),
        "unread" => Ok(flag(FlagAction::Remove, Flags::SEEN).await?),
        "flag" => Ok(flag(FlagAction::Add, Flags::FLAGGED).await?),
        "unflag" => Ok(flag(FlagAction::Remove, Flags::FLAGGED).await?),
        "archive" => to(Special::Archive).await,
        "junk" => to(Special::Junk).await,
        "inbox" => {
            let inbox = opened
                .mailboxes
                .iter()
                .find(|mailbox| mailbox.name == "INBOX")
                .ok_or_else(AppError::not_found)?;
            store.move_to(here, chosen, inbox.id).await?;
            Ok(Some("moved"))
        }
        // In the bin, and in junk, what is deleted is gone.
        "delete" | "empty"
            if matches!(opened.here.special, Some(Special::Trash | Special::Junk)) =>
        {
            store.delete(here, chosen).await?;
            Ok(Some("deleted"))
        }
        "delete" => to(Special::Trash).await.map(|_| Some("deleted")),
        "move" => {
            let to = form.get("to").parse().map(MailboxId).ok();
            let to = opened
                .mailboxes
                .iter()
                .find(|mailbox| Some(mailbox.id) == to);
            let to = to.ok_or_else(|| AppError::bad_request("choose where to"))?;
            if to.id != here {
                store.move_to(here, chosen, to.id).await?;
            }
            Ok(Some("moved"))
        }
        _ => Err(AppError::bad_request("choose what to do")),
    }
}
