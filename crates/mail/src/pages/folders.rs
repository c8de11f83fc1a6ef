//! Mailboxes: made, renamed, deleted.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use lampion_web::{AppError, Form, Page, PageResult};

use super::Web;
use super::side::Side;

#[derive(Template)]
#[template(path = "mail_folders.html")]
struct FoldersPage<'a> {
    page: &'a Page,
    side: Side,
    error: String,
}

/// `GET /mail/folders`.
pub(super) async fn show(page: Page, Extension(web): Extension<Web>) -> PageResult {
    draw(&page, &web, StatusCode::OK, String::new()).await
}

async fn draw(page: &Page, web: &Web, status: StatusCode, error: String) -> PageResult {
    let opened = web.open(page, None).await?;
    let side = Side::new(web.local(), page, &opened, false).await?;
    page.html_with(status, &FoldersPage { page, side, error })
}

/// `POST /mail/folders`: `do` = `create` (`name`), `rename` (`box`, `name`), `delete` (`box`, `sure`).
pub(super) async fn act(page: Page, Extension(web): Extension<Web>, form: Form) -> PageResult {
    let (account, mailboxes) = web.enter(&page).await?;
    let name = form.trimmed("name");
    let chosen = mailboxes
        .iter()
        .find(|mailbox| mailbox.id.0.to_string() == form.get("box"));
    let own = || {
        chosen
            .filter(|one| one.special.is_none() && one.name != "INBOX")
            .ok_or_else(AppError::not_found)
    };
    let done = match form.get("do") {
        "create" => web
            .store()
            .create_mailbox(&account.id, name, None)
            .await
            .map(|_| ()),
        "rename" => {
            web.store()
                .rename_mailbox(&account.id, &own()?.name, name)
                .await
        }
        "delete" if !form.get("sure").is_empty() => {
            let one = own()?;
            // What is in it goes to the bin first: a folder is quickly deleted, and its mail is dear.
            let all: Vec<_> = web
                .store()
                .view(one.id)
                .await?
                .iter()
                .map(|item| item.uid)
                .collect();
            let bin = web
                .store()
                .special(&account.id, crate::store::Special::Trash)
                .await?;
            web.store().move_to(one.id, &all, bin.id).await?;
            web.store().delete_mailbox(&account.id, &one.name).await
        }
        _ => return Err(AppError::bad_request("choose what to do")),
    };
    match done {
        Ok(()) => Ok(Page::see_other("/mail/folders?done=1")),
        Err(error) => {
            let error = crate::text::typed_wrong(&page, error)?;
            draw(&page, &web, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}
