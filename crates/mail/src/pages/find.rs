//! Search in one's own mail.

use std::collections::HashMap;

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use lampion_web::{AppError, Page, PageResult};
use serde::Deserialize;

use super::list::{Row, grouped};
use super::side::Side;
use super::{Opened, Web, shown};
use crate::store::{Item, Mailbox, MessageId, Special};

/// Hits on one page.
const HITS: usize = 50;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
    /// Where the page before ended, as the index says it.
    after: String,
}

#[derive(Template)]
#[template(path = "mail_search.html")]
struct SearchPage<'a> {
    page: &'a Page,
    side: Side,
    words: String,
    rows: Vec<Row>,
    /// Where the next page begins.
    next: Option<String>,
}

/// `GET /mail/search?q=`.
pub(super) async fn search(
    page: Page,
    Extension(web): Extension<Web>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let opened = web.open(&page, None).await?;
    let (hits, next) = hits(&web, &opened, &asked).await?;
    let mut rows = Vec::new();
    for (mailbox, item, around) in hits {
        let place = Opened {
            account: opened.account.clone(),
            mailboxes: Vec::new(),
            here: mailbox,
        };
        for mut row in grouped(&page, &web, &place, vec![vec![item]]).await? {
            if !around.trim().is_empty() {
                row.preview.clone_from(&around);
            }
            row.place = shown::name(&page, &place.here);
            rows.push(row);
        }
    }
    page.html(&SearchPage {
        page: &page,
        side: Side::new(web.local(), &page, &opened, false)
            .await?
            .with("mail.js"),
        words: asked.q,
        rows,
        next,
    })
}

/// A message with the mailbox that it lies in and the words around what was found.
type Placed = (Mailbox, Item, String);

/// Messages as the index finds them, best first, and where the next page begins.
async fn hits(
    web: &Web,
    opened: &Opened,
    asked: &Asked,
) -> Result<(Vec<Placed>, Option<String>), AppError> {
    if asked.q.trim().is_empty() {
        return Ok((Vec::new(), None));
    }
    let after = Some(asked.after.clone()).filter(|after| !after.is_empty());
    let mail = &web.0.mail;
    let found = mail.find(&opened.account, &asked.q, after, HITS).await?;
    let mut wanted: HashMap<MessageId, usize> = HashMap::new();
    for (at, hit) in found.hits.iter().enumerate() {
        wanted.insert(hit.message, at);
    }
    let mut places: Vec<Option<(Mailbox, Item)>> = vec![None; found.hits.len()];
    // What lies in the bin or in junk as well is shown where else it lies.
    let mut mailboxes: Vec<&Mailbox> = opened.mailboxes.iter().collect();
    mailboxes.sort_by_key(|one| matches!(one.special, Some(Special::Trash | Special::Junk)));
    for mailbox in mailboxes {
        if places.iter().all(Option::is_some) {
            break;
        }
        let view = web.store().view(mailbox.id).await?;
        for item in view.iter() {
            if let Some(place) = wanted.get(&item.message).and_then(|at| places.get_mut(*at))
                && place.is_none()
            {
                *place = Some((mailbox.clone(), item.clone()));
            }
        }
    }
    let pieces = found.hits.into_iter().map(|hit| {
        let text: String = hit.snippet.into_iter().map(|(text, _)| text).collect();
        match hit.file {
            // A name without a direction of its own must not turn that of the text.
            Some(name) if !name.is_empty() => format!("\u{2068}{name}\u{2069}: {text}"),
            _ => text,
        }
    });
    let placed = places
        .into_iter()
        .zip(pieces)
        .filter_map(|(place, text)| place.map(|(mailbox, item)| (mailbox, item, text)));
    Ok((placed.collect(), found.next))
}
