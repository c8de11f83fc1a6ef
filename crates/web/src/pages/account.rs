//! One's own account: password, app passwords, devices.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use lampion_people::{AppPassword, PeopleError, Person};
use serde::Deserialize;

use super::{explain, role_key};
use crate::error::PageResult;
use crate::feature::App;
use crate::form::Form;
use crate::page::Page;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    page: &'a Page,
    person: &'a Person,
    roles: Vec<&'static str>,
    sessions: usize,
    app_passwords: Vec<AppPassword>,
    notice: String,
    error: String,
}

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct MessagePage<'a> {
    pub page: &'a Page,
    pub title: String,
    pub text: String,
    pub code: String,
    pub next: &'a str,
    pub next_text: String,
}

#[derive(Deserialize)]
pub(super) struct Saved {
    #[serde(default)]
    saved: bool,
}

async fn account<'a>(
    page: &'a Page,
    app: &App,
    notice: String,
    error: String,
) -> Result<AccountPage<'a>, crate::AppError> {
    let person = page.person()?;
    let people = &app.kernel.people;
    Ok(AccountPage {
        page,
        person,
        roles: person.roles.iter().copied().map(role_key).collect(),
        sessions: people.sessions_of(&person.id).await?.len(),
        app_passwords: people.app_passwords(&person.id).await?,
        notice,
        error,
    })
}

/// `GET /account`.
pub(super) async fn show(
    page: Page,
    State(app): State<App>,
    Query(query): Query<Saved>,
) -> PageResult {
    let notice = if query.saved {
        page.t("saved")
    } else {
        String::new()
    };
    page.html(&account(&page, &app, notice, String::new()).await?)
}

/// `POST /account/password`: `old`, `password`.
pub(super) async fn password(page: Page, State(app): State<App>, form: Form) -> PageResult {
    page.person()?;
    let people = &app.kernel.people;
    let Some(session) = people
        .session(page.session.as_deref().unwrap_or_default())
        .await?
    else {
        return Err(crate::AppError::sign_in_first());
    };
    match people
        .change_password(&session, form.get("old"), form.get("password"), page.client)
        .await
    {
        Ok(()) => Ok(Page::see_other("/account?saved=true")),
        Err(PeopleError::Db(error)) => Err(error.into()),
        Err(error) => {
            let error = explain(&page, &error);
            page.html_with(
                StatusCode::UNPROCESSABLE_ENTITY,
                &account(&page, &app, String::new(), error).await?,
            )
        }
    }
}

/// `POST /account/app-passwords`: `label`.
pub(super) async fn new_app_password(page: Page, State(app): State<App>, form: Form) -> PageResult {
    let person = page.person()?;
    let (secret, _) = app
        .kernel
        .people
        .create_app_password(&person.id, form.trimmed("label"))
        .await?;
    page.html(&MessagePage {
        page: &page,
        title: page.s("app-password-made", form.trimmed("label")),
        text: page.t("app-password-once"),
        code: secret,
        next: "/account",
        next_text: page.t("back-to-account"),
    })
}

/// `POST /account/app-passwords/revoke`: `id`.
pub(super) async fn revoke_app_password(
    page: Page,
    State(app): State<App>,
    form: Form,
) -> PageResult {
    let person = page.person()?;
    app.kernel
        .people
        .revoke_app_password(&person.id, form.get("id"))
        .await?;
    Ok(Page::see_other("/account?saved=true"))
}
