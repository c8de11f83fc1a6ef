//! The page of requests: senders and subjects, nothing more.

use askama::Template;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use lampion_web::{App, AppError, Form, Page, PageResult};

use super::{Choice, Request, Requests, address_of};
use crate::local::Local;
use crate::pages::Side;
use crate::text::{typed_wrong, when};

/// The pages of consent.
pub fn routes(local: Local) -> Router<App> {
    Router::new()
        .route("/mail/requests", get(show).post(decide))
        .layer(Extension(local))
}

#[derive(Template)]
#[template(path = "requests.html")]
struct RequestsPage<'a> {
    page: &'a Page,
    side: Side,
    requests: Requests,
    choice: Choice,
    /// The node asks at all.
    on: bool,
    error: String,
}

impl RequestsPage<'_> {
    fn when(&self, request: &Request) -> String {
        when(request.newest_ms)
    }
}

async fn account(page: &Page, local: &Local) -> Result<String, AppError> {
    Ok(local.store().account_of(page.person()?).await?.id)
}

/// `GET /mail/requests`.
async fn show(page: Page, Extension(local): Extension<Local>) -> PageResult {
    draw(&page, &local, StatusCode::OK, String::new()).await
}

async fn draw(page: &Page, local: &Local, status: StatusCode, error: String) -> PageResult {
    let account = account(page, local).await?;
    page.html_with(
        status,
        &RequestsPage {
            page,
            side: Side::of(local, page).await?,
            requests: local.waiting(&account).await?,
            choice: local.choice(&account).await?,
            on: local.requests(),
            error,
        },
    )
}

/// `POST /mail/requests`: `do` = `approve`, `refuse`, `block`, `unblock` (`sender`), `choose` (`asked`, `shown`).
async fn decide(page: Page, Extension(local): Extension<Local>, form: Form) -> PageResult {
    let account = account(&page, &local).await?;
    let sender = address_of(form.trimmed("sender"));
    let done = match form.get("do") {
        "choose" => {
            let choice = Choice {
                asked: !form.get("asked").is_empty(),
                shown: !form.get("shown").is_empty(),
            };
            local.choose(&account, choice).await
        }
        _ if !sender.contains('@') => Err(crate::store::MailError::BadName {
            name: sender.chars().take(60).collect(),
            reason: crate::store::refusal::NO_ADDRESS,
        }),
        "approve" => local.approve(&account, &sender).await,
        "refuse" => local.refuse(&account, &sender).await,
        "block" => local.block(&account, &sender).await,
        "unblock" => local.unblock(&account, &sender).await,
        _ => return Err(AppError::bad_request("nothing to do")),
    };
    match done {
        Ok(()) => Ok(Page::see_other("/mail/requests?done=1")),
        Err(error) => {
            let error = typed_wrong(&page, error)?;
            draw(&page, &local, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}
