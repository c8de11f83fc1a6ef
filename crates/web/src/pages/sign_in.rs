//! Signing in and out, and one-time links that set a name and password.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::Response;
use lampion_people::{LinkPurpose, PeopleError};
use serde::Deserialize;

use super::explain;
use crate::error::{AppError, PageResult};
use crate::feature::App;
use crate::form::Form;
use crate::page::Page;
use crate::security::{SESSION_COOKIE, set_cookie};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    page: &'a Page,
    name: &'a str,
    back: &'a str,
    error: String,
}

#[derive(Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// `GET /sign-in`.
pub(super) async fn form(page: Page, Query(query): Query<Back>) -> PageResult {
    if page.person.is_some() {
        return Ok(Page::see_other(&query.back));
    }
    page.html(&SignInPage {
        page: &page,
        name: "",
        back: &query.back,
        error: String::new(),
    })
}

/// `POST /sign-in`: `name`, `password`, `back`.
pub(super) async fn sign_in(page: Page, State(app): State<App>, form: Form) -> PageResult {
    match app
        .kernel
        .people
        .sign_in(form.trimmed("name"), form.get("password"), page.client)
        .await
    {
        Ok((token, _)) => Ok(with_session(
            Page::see_other(form.get("back")),
            &app,
            &page,
            token.as_str(),
        )),
        Err(PeopleError::Db(error)) => Err(error.into()),
        Err(error) => {
            let status = match error {
                PeopleError::TooManyTries { .. } => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            let error = explain(&page, &error);
            page.html_with(
                status,
                &SignInPage {
                    page: &page,
                    name: form.trimmed("name"),
                    back: form.get("back"),
                    error,
                },
            )
        }
    }
}

/// `POST /sign-out`: `everywhere` for all devices.
pub(super) async fn sign_out(page: Page, State(app): State<App>, form: Form) -> PageResult {
    if let (Some(person), Some(session)) = (&page.person, &page.session) {
        if form.get("everywhere").is_empty() {
            app.kernel.people.sign_out(session).await?;
        } else {
            app.kernel.people.sign_out_all(&person.id).await?;
        }
    }
    let mut response = Page::see_other("/");
    response.headers_mut().append(
        header::SET_COOKIE,
        set_cookie(SESSION_COOKIE, "", 0, true, page.secure),
    );
    Ok(response)
}

#[derive(Template)]
#[template(path = "start.html")]
struct StartPage<'a> {
    page: &'a Page,
    heading: &'static str,
    explain: &'static str,
    first: bool,
    name: &'a str,
    display: &'a str,
    error: String,
}

impl<'a> StartPage<'a> {
    fn new(page: &'a Page, purpose: &LinkPurpose, form: Option<&'a Form>, error: String) -> Self {
        let first = matches!(purpose, LinkPurpose::FirstStart);
        Self {
            page,
            heading: if first {
                "first-start"
            } else {
                "reset-password"
            },
            explain: if first {
                "first-start-text"
            } else {
                "reset-password-text"
            },
            first,
            name: form.map_or("", |form| form.get("name")),
            display: form.map_or("", |form| form.get("display")),
            error,
        }
    }
}

/// `GET /start/{secret}`.
pub(super) async fn link_form(
    page: Page,
    State(app): State<App>,
    Path(secret): Path<String>,
) -> PageResult {
    match app.kernel.people.peek_link(&secret).await {
        Ok(Some(purpose)) => page.html(&StartPage::new(&page, &purpose, None, String::new())),
        Ok(None) | Err(PeopleError::LinkExpired) => Err(expired(&page)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /start/{secret}`: `name`, `display` (first start), `password`, `again`.
pub(super) async fn use_link(
    page: Page,
    State(app): State<App>,
    Path(secret): Path<String>,
    form: Form,
) -> PageResult {
    let people = &app.kernel.people;
    let purpose = match people.peek_link(&secret).await {
        Ok(Some(purpose)) => purpose,
        Ok(None) | Err(PeopleError::LinkExpired) => return Err(expired(&page)),
        Err(error) => return Err(error.into()),
    };
    let password = form.get("password");
    let again = |error: String| {
        page.html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &StartPage::new(&page, &purpose, Some(&form), error),
        )
    };
    if password != form.get("again") {
        return again(page.t("passwords-differ"));
    }
    let done = match &purpose {
        LinkPurpose::FirstStart => {
            people
                .finish_first_start(
                    &secret,
                    form.trimmed("name"),
                    form.trimmed("display"),
                    password,
                )
                .await
        }
        LinkPurpose::ResetPassword(_) => people.reset_password_by_link(&secret, password).await,
    };
    let person = match done {
        Ok(person) => person,
        Err(PeopleError::Db(error)) => return Err(error.into()),
        Err(PeopleError::LinkExpired) => return Err(expired(&page)),
        Err(error) => return again(explain(&page, &error)),
    };
    match people.sign_in(&person.name, password, page.client).await {
        Ok((token, _)) => Ok(with_session(
            Page::see_other("/"),
            &app,
            &page,
            token.as_str(),
        )),
        Err(_) => Ok(Page::see_other("/sign-in")),
    }
}

fn expired(page: &Page) -> AppError {
    AppError::new(
        StatusCode::GONE,
        "link-expired",
        page.t("link-expired-text"),
    )
}

fn with_session(mut response: Response, app: &App, page: &Page, token: &str) -> Response {
    let cookie = set_cookie(
        SESSION_COOKIE,
        token,
        app.kernel.config.session_days,
        true,
        page.secure,
    );
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}
