//! Whom to write to: people of this node, and those written to before.

use axum::extract::Query;
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use lampion_db::{query, query_as};
use lampion_mailproto::mime::Mailbox;
use lampion_web::{AppError, Page, PageResult};
use serde::{Deserialize, Serialize};

use super::Web;
use crate::store::MailError;

/// Suggestions at once.
const SHOWN: usize = 8;
/// People of the node that are looked through for a name.
const PEOPLE: i64 = 1_000;
/// Contacts that are looked through.
const CONTACTS: i64 = 1_000;

/// Somebody to write to.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub(super) struct Contact {
    /// As a list of recipients has it.
    pub value: String,
    pub name: String,
    pub address: String,
}

/// Those whose name or address has a word that begins with `typed`; with nothing typed, the most used.
pub(super) async fn find(web: &Web, account: &str, typed: &str) -> Result<Vec<Contact>, AppError> {
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<Contact> = Vec::new();
    let fits = |name: &str, address: &str| {
        let text = format!("{} {}", name.to_lowercase(), address.to_lowercase());
        text.starts_with(&typed)
            || text.match_indices(&typed).any(|(at, _)| {
                text.get(..at)
                    .and_then(|before| before.chars().next_back())
                    .is_none_or(|c| !c.is_alphanumeric())
            })
    };
    let mut add = |name: &str, address: String| {
        let known = found
            .iter()
            .any(|one| one.address.eq_ignore_ascii_case(&address));
        if !known && found.len() < SHOWN && fits(name, &address) {
            let (local, domain) = address.rsplit_once('@').unwrap_or((&address, ""));
            let mailbox = Mailbox {
                name: Some(name.to_owned()).filter(|name| !name.is_empty()),
                route: None,
                local: local.to_owned(),
                domain: domain.to_owned(),
            };
            found.push(Contact {
                value: plain(&mailbox),
                name: name.to_owned(),
                address,
            });
        }
    };
    let rows: Vec<(String, String)> =
        query_as("select address, name from mail_contact where account = $1 order by used desc, last_ms desc limit $2")
            .bind(account)
            .bind(CONTACTS)
            .fetch_all(web.kernel().db.read())
            .await
            .map_err(MailError::from)?;
    for (address, name) in rows {
        add(&name, address);
    }
    let domain = web.domain();
    for person in web.kernel().people.list("", PEOPLE).await? {
        if !person.disabled {
            add(&person.display, format!("{}@{domain}", person.name));
        }
    }
    Ok(found)
}

/// As people write and read it: the name is not encoded.
pub(super) fn plain(mailbox: &Mailbox) -> String {
    match mailbox.display_name() {
        None => mailbox.address(),
        Some(name)
            if name
                .chars()
                .all(|c| c.is_alphanumeric() || " -'".contains(c)) =>
        {
            format!("{name} <{}>", mailbox.address())
        }
        Some(name) => format!(
            "\"{}\" <{}>",
            name.replace(['"', '\\'], ""),
            mailbox.address()
        ),
    }
}

/// Notes whom somebody wrote to.
pub(super) async fn note(web: &Web, account: &str, people: &[Mailbox]) -> Result<(), MailError> {
    for mailbox in people.iter().take(100) {
        query(
            "insert into mail_contact (account, address, name, used, last_ms) values ($1, $2, $3, 1, $4)
             on conflict (account, address) do update set used = mail_contact.used + 1, last_ms = excluded.last_ms,
             name = case when excluded.name = '' then mail_contact.name else excluded.name end",
        )
        .bind(account)
        .bind(mailbox.address().to_lowercase())
        .bind(mailbox.display_name().unwrap_or_default())
        .bind(web.kernel().clock.now_ms())
        .execute(web.kernel().db.write())
        .await?;
    }
    Ok(())
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    q: String,
}

/// `GET /mail/contacts?q=`: suggestions as JSON, for the script.
pub(super) async fn suggest(
    page: Page,
    Extension(web): Extension<Web>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let person = page.person()?;
    let account = web.store().account_of(person).await?;
    Ok(Json(find(&web, &account.id, &asked.q).await?).into_response())
}
