//! Search in one's own mail. Until the engine knows mail, it looks through what is kept of each message beside its bytes:
//! who, to whom, subject, and first words.

use std::collections::HashMap;

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use lampion_web::{AppError, Page, PageResult};
use serde::Deserialize;

use super::list::{Row, Side, grouped};
use super::shown::Message;
use super::{Opened, Web};
use crate::store::{Item, MessageId, Special};

/// Messages looked through, newest first in each mailbox.
const LOOKED_THROUGH: usize = 20_000;
/// Messages whose details are read in one statement.
const STEP: usize = 400;
/// Hits shown.
const HITS: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

#[derive(Template)]
#[template(path = "mail_search.html")]
struct SearchPage<'a> {
    page: &'a Page,
    side: Side,
    words: String,
    rows: Vec<Row>,
}

/// `GET /mail/search?q=`.
pub(super) async fn search(page: Page, Extension(web): Extension<Web>, Query(asked): Query<Asked>) -> PageResult {
    let opened = web.open(&page, None).await?;
    let hits = hits(&web, &opened, &asked.q).await?;
    let mut rows = Vec::new();
    for (mailbox, item) in hits {
        let place = Opened { account: opened.account.clone(), mailboxes: Vec::new(), here: mailbox };
        rows.extend(grouped(&page, &web, &place, vec![vec![item]]).await?);
    }
    page.html(&SearchPage {
        page: &page,
        side: Side::new(&web, &page, &opened, false).await?,
        words: asked.q,
        rows,
    })
}

/// Messages that have all words, newest first. The one place to put an index in.
async fn hits(web: &Web, opened: &Opened, words: &str) -> Result<Vec<(crate::store::Mailbox, Item)>, AppError> {
    let words: Vec<String> = words.split_whitespace().take(20).map(str::to_lowercase).collect();
    let mut found = Vec::new();
    if words.is_empty() {
        return Ok(found);
    }
    let mut left = LOOKED_THROUGH;
    let wanted = |mailbox: &&crate::store::Mailbox| !matches!(mailbox.special, Some(Special::Trash | Special::Junk));
    for mailbox in opened.mailboxes.iter().filter(wanted) {
        let view = web.store().view(mailbox.id).await?;
        let items: Vec<Item> = view.iter().rev().take(left).cloned().collect();
        left = left.saturating_sub(items.len());
        for some in items.chunks(STEP) {
            let ids: Vec<MessageId> = some.iter().map(|item| item.message).collect();
            let details = web.store().details(&ids).await?;
            let details: HashMap<MessageId, _> = details.iter().map(|one| (one.message, one)).collect();
            for item in some {
                let Some(detail) = details.get(&item.message) else { continue };
                let message = Message::new(item, detail);
                let people = [&message.envelope.from, &message.envelope.to, &message.envelope.cc];
                let mut text = message.subject();
                for person in people.into_iter().flatten() {
                    text.push('\n');
                    text.push_str(&person.display_name().unwrap_or_default());
                    text.push(' ');
                    text.push_str(&person.address());
                }
                text.push('\n');
                text.push_str(&message.preview);
                let text = text.to_lowercase();
                if words.iter().all(|word| text.contains(word)) {
                    found.push((mailbox.clone(), item.clone()));
                }
            }
        }
    }
    found.sort_by_key(|(_, item)| std::cmp::Reverse(item.internal_ms));
    found.truncate(HITS);
    Ok(found)
}
