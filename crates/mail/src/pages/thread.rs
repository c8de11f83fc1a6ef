//! One conversation: what was written in it, in order, the newest open.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::Extension;
use axum::extract::{Path, Query};
use lampion_mailproto::mime::{Body, Mailbox as Person, Part, text};
use lampion_web::{AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::shown::{Message, When, when};
use super::side::Side;
use super::{Opened, Web, part, plain};
use crate::store::{
    FlagAction, FlagChange, Flags, Item, Mailbox, MailboxId, MessageId, Special, Uid,
};

/// Messages of a conversation on one page.
const MESSAGES: usize = 50;
/// Messages that are open at once.
const OPEN: usize = 5;
/// Closed messages before the first open one are folded if they are more.
const CLOSED: usize = 3;
/// Recipients that are named at once in each of To and Cc; more can be unfolded.
const PEOPLE: usize = 8;
/// Recipients that are named at all.
const PEOPLE_LIMIT: usize = 1_000;
/// Text that is read of one message for a page, in raw bytes.
const TEXT_RAW_BYTES: usize = 512 << 10;

/// A message as the page shows it.
pub(super) struct Shown {
    pub id: i64,
    pub uid: Uid,
    pub box_id: i64,
    pub place: String,
    pub who: String,
    pub address: String,
    pub initial: String,
    pub to: String,
    pub cc: String,
    /// More of those whom it went to, and how many they are.
    pub more: (String, usize),
    pub when: When,
    pub preview: String,
    pub open: bool,
    pub unread: bool,
    pub flagged: bool,
    pub draft: bool,
    pub pieces: Vec<Piece>,
    pub files: Vec<File>,
    pub has_html: bool,
    pub has_text: bool,
}

/// A piece of what is to be read.
pub(super) enum Piece {
    /// HTML of our own making.
    Text(String),
    /// The address of a frame.
    Frame(String),
    /// The address of an image, and its name.
    Image(String, String),
}

/// A file of a message.
pub(super) struct File {
    pub href: String,
    pub name: String,
    pub kind: String,
    pub size_bytes: u64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    /// Show HTML as text.
    text: u8,
    /// Open all.
    all: u8,
    /// Where the page of the list begins that one comes from.
    before: Uid,
}

#[derive(Template)]
#[template(path = "mail_thread.html")]
struct ThreadPage<'a> {
    page: &'a Page,
    side: Side,
    subject: String,
    id: i64,
    uid: Uid,
    back: String,
    before: Uid,
    /// Of this mailbox, for the buttons above.
    uids: String,
    /// Messages before the first open one, if they are many.
    folded: Vec<Shown>,
    messages: Vec<Shown>,
    earlier: Option<Aside>,
    later: Option<Aside>,
    text: bool,
    trash: bool,
    junk: bool,
}

/// Messages of a conversation that are on other pages.
struct Aside {
    count: usize,
    href: String,
}

impl Aside {
    /// The way to them is the message that is `nearest` in the mailbox that is open, or else in another.
    fn new<'a>(
        count: usize,
        here: MailboxId,
        mut nearest: impl Iterator<Item = &'a (Mailbox, Item)> + Clone,
    ) -> Option<Self> {
        let (mailbox, item) = nearest
            .clone()
            .find(|(mailbox, _)| mailbox.id == here)
            .or_else(|| nearest.next())?;
        Some(Self {
            count,
            href: format!(
                "/mail/box/{}/{}#m{}",
                mailbox.id.0, item.uid, item.message.0
            ),
        })
    }
}

#[derive(Template)]
#[template(path = "mail_print.html")]
struct PrintPage<'a> {
    page: &'a Page,
    subject: String,
    back: String,
    style: String,
    script: String,
    messages: Vec<Shown>,
    /// Older ones are left out.
    cut: bool,
}

/// The messages of a conversation in all mailboxes of its owner, oldest first, none twice.
async fn gather(
    web: &Web,
    opened: &Opened,
    uid: Uid,
) -> Result<(Item, Vec<(Mailbox, Item)>), AppError> {
    let view = web.store().view(opened.here.id).await?;
    let asked = view.by_uid(uid).cloned().ok_or_else(AppError::not_found)?;
    let mut found: Vec<(Mailbox, Item)> = view
        .iter()
        .filter(|item| item.thread == asked.thread)
        .map(|item| (opened.here.clone(), item.clone()))
        .collect();
    let mut seen: HashSet<MessageId> = found.iter().map(|(_, item)| item.message).collect();
    let aside = |mailbox: &Mailbox| {
        matches!(
            mailbox.special,
            Some(Special::Trash | Special::Junk | Special::Drafts)
        )
    };
    // What lies in the bin or in junk is shown there alone.
    let alone = matches!(opened.here.special, Some(Special::Trash | Special::Junk));
    for mailbox in opened
        .mailboxes
        .iter()
        .filter(|mailbox| !alone && mailbox.id != opened.here.id && !aside(mailbox))
    {
        if mailbox.messages == 0 {
            continue;
        }
        let view = web.store().view(mailbox.id).await?;
        for item in view.iter().filter(|item| item.thread == asked.thread) {
            if seen.insert(item.message) {
                found.push((mailbox.clone(), item.clone()));
            }
        }
    }
    found.sort_by_key(|(_, item)| (item.internal_ms, item.message));
    Ok((asked, found))
}

/// `GET /mail/box/{box}/{uid}?text=1&all=1`.
pub(super) async fn show(
    mut page: Page,
    Extension(web): Extension<Web>,
    Path((id, uid)): Path<(i64, Uid)>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let (item, mut all) = gather(&web, &opened, uid).await?;
    let here = opened.here.id;
    // What is done with the conversation is done with all of it, also with what is on other pages.
    let own: Vec<String> = all
        .iter()
        .filter(|(mailbox, _)| mailbox.id == here)
        .map(|(_, item)| item.uid.to_string())
        .collect();
    let newest_here = all
        .iter()
        .rev()
        .find(|(mailbox, _)| mailbox.id == here)
        .map(|(_, item)| item.uid);
    let (start, end) = window(
        all.iter().position(|(_, one)| one.message == item.message),
        all.len(),
    );
    let (before, after) = (all.get(..start), all.get(end..));
    let earlier = before.and_then(|before| Aside::new(start, here, before.iter().rev()));
    let later = after.and_then(|after| Aside::new(all.len() - end, here, after.iter()));
    all.truncate(end);
    all.drain(..start);
    let last = all.last().map(|(_, item)| item.message);
    let mut open: HashSet<MessageId> = HashSet::from([item.message]);
    // Who comes from the list wants to see all that is new, and the last word.
    if newest_here == Some(uid) || asked.all == 1 {
        open.extend(last);
        let unread = all
            .iter()
            .rev()
            .filter(|(_, item)| asked.all == 1 || !item.flags.has(Flags::SEEN));
        let most = if asked.all == 1 { MESSAGES } else { OPEN };
        open.extend(unread.map(|(_, item)| item.message).take(most));
    }
    let mut folded = messages(&page, &web, &all, &open, asked.text == 1).await?;
    let closed = folded.iter().take_while(|one| !one.open).count();
    let messages = folded.split_off(if closed > CLOSED { closed } else { 0 });
    seen(&web, &all, &open).await?;
    let subject = subject(&web, &item).await?;
    let back = super::list::address(&opened, asked.before);
    // The count of unread messages beside is that after reading.
    let opened = web.open(&page, Some(id)).await?;
    if let Some(inbox) = opened.mailboxes.iter().find(|one| one.name == "INBOX") {
        page.set_badge("/mail", inbox.unseen);
    }
    page.html(&ThreadPage {
        page: &page,
        side: Side::new(web.local(), &page, &opened, true)
            .await?
            .with("mail.js"),
        subject,
        id,
        uid,
        back,
        before: asked.before,
        uids: own.join(" "),
        folded,
        messages,
        earlier,
        later,
        text: asked.text == 1,
        trash: opened.here.special == Some(Special::Trash),
        junk: opened.here.special == Some(Special::Junk),
    })
}

/// Which messages of a conversation are on the page that has the one at `at`: pages are counted from the newest.
fn window(at: Option<usize>, count: usize) -> (usize, usize) {
    let from_end = at.map_or(0, |at| (count - 1 - at) / MESSAGES);
    let end = count - from_end * MESSAGES;
    (end.saturating_sub(MESSAGES), end)
}

async fn subject(web: &Web, item: &Item) -> Result<String, AppError> {
    let details = web.store().details(&[item.message]).await?;
    Ok(details
        .first()
        .map(|detail| Message::new(item, detail).subject())
        .unwrap_or_default())
}

/// What is open has been read.
async fn seen(
    web: &Web,
    all: &[(Mailbox, Item)],
    open: &HashSet<MessageId>,
) -> Result<(), AppError> {
    let mut unread: HashMap<_, Vec<Uid>> = HashMap::new();
    for (mailbox, item) in all {
        if open.contains(&item.message) && !item.flags.has(Flags::SEEN) {
            unread.entry(mailbox.id).or_default().push(item.uid);
        }
    }
    let change = FlagChange {
        action: FlagAction::Add,
        flags: Flags::SEEN,
        keywords: Vec::new(),
    };
    for (mailbox, mut uids) in unread {
        uids.sort_unstable();
        web.store()
            .store_flags(mailbox, &uids, &change, None)
            .await?;
    }
    Ok(())
}

/// `GET /mail/print/{box}/{uid}`: the whole conversation as text, nothing else.
pub(super) async fn print(
    page: Page,
    Extension(web): Extension<Web>,
    Path((id, uid)): Path<(i64, Uid)>,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let (item, mut all) = gather(&web, &opened, uid).await?;
    let cut = all.len().saturating_sub(MESSAGES);
    all.drain(..cut);
    let open: HashSet<MessageId> = all.iter().map(|(_, item)| item.message).collect();
    let messages = messages(&page, &web, &all, &open, true).await?;
    page.html(&PrintPage {
        page: &page,
        subject: subject(&web, &item).await?,
        back: format!("/mail/box/{id}/{uid}"),
        style: super::assets::url("mail.css"),
        script: super::assets::url("mail.js"),
        messages,
        cut: cut > 0,
    })
}

/// `POST /mail/box/{box}/{uid}`: as the list's form, for this conversation or one message of it.
pub(super) async fn act(
    page: Page,
    Extension(web): Extension<Web>,
    Path((id, uid)): Path<(i64, Uid)>,
    form: Form,
) -> PageResult {
    let opened = web.open(&page, Some(id)).await?;
    let chosen = super::list::uids(&form);
    let done = super::list::perform(&web, &opened, &form, &chosen).await?;
    let back = super::list::address(&opened, form.get("before").parse().unwrap_or(0));
    Ok(Page::see_other(&match done {
        Some(done) => done.after(back, chosen.len()),
        None if form.get("do") == "unread" => back,
        None => format!("/mail/box/{id}/{uid}"),
    }))
}

async fn messages(
    page: &Page,
    web: &Web,
    all: &[(Mailbox, Item)],
    open: &HashSet<MessageId>,
    as_text: bool,
) -> Result<Vec<Shown>, AppError> {
    let ids: Vec<MessageId> = all.iter().map(|(_, item)| item.message).collect();
    let details = web.store().details(&ids).await?;
    let details: HashMap<MessageId, _> = details
        .iter()
        .map(|detail| (detail.message, detail))
        .collect();
    let mut shown = Vec::with_capacity(all.len());
    for (mailbox, item) in all {
        let Some(detail) = details.get(&item.message) else {
            continue;
        };
        let message = Message::new(item, detail);
        let mut one = head(page, mailbox, &message);
        if open.contains(&item.message) {
            one.open = true;
            fill(page, web, &message, &mut one, as_text).await?;
        }
        shown.push(one);
    }
    Ok(shown)
}

/// The first of a list of people, and the others.
fn people(list: &[Person]) -> (String, Vec<String>) {
    let mut all: Vec<String> = list.iter().take(PEOPLE_LIMIT).map(Person::shown).collect();
    let rest = all.split_off(all.len().min(PEOPLE));
    (all.join(", "), rest)
}

fn head(page: &Page, mailbox: &Mailbox, message: &Message) -> Shown {
    let from = message.envelope.from.first();
    let who = from.map(Person::shown).unwrap_or_default();
    let item = &message.item;
    let (to, mut more) = people(&message.envelope.to);
    let (cc, more_cc) = people(&message.envelope.cc);
    more.extend(more_cc);
    Shown {
        id: item.message.0,
        uid: item.uid,
        box_id: mailbox.id.0,
        place: super::shown::name(page, mailbox),
        address: from
            .filter(|from| from.display_name().is_some())
            .map(Person::address)
            .unwrap_or_default(),
        initial: who
            .chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default(),
        who,
        to,
        cc,
        more: (more.join(", "), more.len()),
        when: when(item.internal_ms),
        preview: message.preview.chars().take(110).collect(),
        open: false,
        unread: !item.flags.has(Flags::SEEN),
        flagged: item.flags.has(Flags::FLAGGED),
        draft: item.flags.has(Flags::DRAFT),
        pieces: Vec::new(),
        files: Vec::new(),
        has_html: false,
        has_text: false,
    }
}

/// What a part is to a reader.
enum Sort<'a> {
    Text(&'a Part),
    Html(&'a Part, Vec<u32>),
    Image(&'a Part, Vec<u32>),
    File(&'a Part, Vec<u32>),
}

/// The parts to show, in order. Of alternatives the richest that can be shown is taken, or the text if that is wanted.
fn sort<'a>(
    part: &'a Part,
    path: &mut Vec<u32>,
    related: bool,
    as_text: bool,
    found: &mut Vec<Sort<'a>>,
) {
    let here = |path: &Vec<u32>| {
        if path.is_empty() {
            vec![1]
        } else {
            path.clone()
        }
    };
    match &part.content {
        Body::Multipart(parts) if part.subtype == "alternative" => {
            let best = |want: &str| parts.iter().rposition(|one| holds(one, want));
            let order = if as_text {
                ["plain", "html"]
            } else {
                ["html", "plain"]
            };
            let at = order
                .iter()
                .find_map(|want| best(want))
                .unwrap_or(parts.len().saturating_sub(1));
            if let Some(one) = parts.get(at) {
                path.push(u32::try_from(at + 1).unwrap_or(u32::MAX));
                sort(one, path, related, as_text, found);
                path.pop();
            }
        }
        Body::Multipart(parts) => {
            for (number, one) in (1..).zip(parts) {
                path.push(number);
                sort(
                    one,
                    path,
                    related || part.subtype == "related",
                    as_text,
                    found,
                );
                path.pop();
            }
        }
        Body::Message { .. } => found.push(Sort::File(part, here(path))),
        Body::Leaf if part.is_attachment() => found.push(Sort::File(part, here(path))),
        Body::Leaf if part.is("text", "html") => found.push(Sort::Html(part, here(path))),
        Body::Leaf if part.is("text", "plain") || part.is("text", "enriched") => {
            found.push(Sort::Text(part))
        }
        // An image that HTML shows by its content id is not shown again.
        Body::Leaf
            if part::is_image(part) && related && part.content_id().is_some() && !as_text => {}
        Body::Leaf if part::is_image(part) => found.push(Sort::Image(part, here(path))),
        Body::Leaf => found.push(Sort::File(part, here(path))),
    }
}

fn holds(part: &Part, subtype: &str) -> bool {
    part.is("text", subtype) || part.children().iter().any(|child| holds(child, subtype))
}

async fn fill(
    page: &Page,
    web: &Web,
    message: &Message,
    one: &mut Shown,
    as_text: bool,
) -> Result<(), AppError> {
    let structure = &message.structure;
    one.has_html = holds(&structure.root, "html");
    one.has_text = holds(&structure.root, "plain");
    let mut sorted = Vec::new();
    sort(
        &structure.root,
        &mut Vec::new(),
        false,
        as_text,
        &mut sorted,
    );
    let id = message.item.message;
    let (token, origin) = (web.token(id), &page.content_origin);
    let address = |path: &[u32]| format!("{origin}/mail/{token}/{}/{}", id.0, part::section(path));
    let content = web.store().content(id).await?;
    for piece in sorted {
        match piece {
            Sort::Html(part, path) if !as_text && part.octets() > 0 => {
                one.pieces.push(Piece::Frame(address(&path)))
            }
            Sort::Text(part) | Sort::Html(part, _) => {
                let raw = part::raw_bytes(&content, part, TEXT_RAW_BYTES).await?;
                let text = text::of_part(part, &raw);
                if !text.trim().is_empty() {
                    let html = plain::html(&text, &page.t("mail-quoted"), &page.t("mail-text-cut"));
                    one.pieces.push(Piece::Text(html));
                }
            }
            Sort::Image(part, path) => {
                let name = part::file_name(part, &part::section(&path));
                one.pieces.push(Piece::Image(address(&path), name));
                one.files.push(file(one.box_id, one.uid, part, &path));
            }
            Sort::File(part, path) => one.files.push(file(one.box_id, one.uid, part, &path)),
        }
    }
    Ok(())
}

fn file(box_id: i64, uid: Uid, part: &Part, path: &[u32]) -> File {
    let section = part::section(path);
    File {
        href: format!("/mail/file/{box_id}/{uid}/{section}"),
        name: part::file_name(part, &section),
        kind: part.media_type(),
        size_bytes: part.decoded_octets(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_conversation_are_counted_from_the_newest() {
        assert_eq!(window(Some(0), 1), (0, 1));
        assert_eq!(window(Some(3), 50), (0, 50));
        let count = 2 * MESSAGES + 7;
        assert_eq!(window(Some(count - 1), count), (MESSAGES + 7, count));
        assert_eq!(window(Some(MESSAGES + 7), count), (MESSAGES + 7, count));
        assert_eq!(window(Some(MESSAGES + 6), count), (7, MESSAGES + 7));
        assert_eq!(window(Some(6), count), (0, 7));
    }
}
