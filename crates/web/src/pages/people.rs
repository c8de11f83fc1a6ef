//! The operator's list of people and groups.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use lampion_people::{Group, LinkPurpose, PeopleError, Person, Role};
use serde::Deserialize;

use super::account::MessagePage;
use super::{explain, role_key};
use crate::error::{AppError, PageResult};
use crate::feature::App;
use crate::form::Form;
use crate::page::Page;

/// People on one page.
const PAGE: i64 = 100;
/// How long a link to set a password works.
const LINK_MS: i64 = 3 * 86_400_000;

struct Shown {
    person: Person,
    roles: Vec<&'static str>,
    words: Vec<&'static str>,
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage<'a> {
    page: &'a Page,
    people: Vec<Shown>,
    groups: Vec<Group>,
    all_roles: Vec<(&'static str, &'static str)>,
    next: Option<String>,
    notice: String,
    error: String,
}

#[derive(Deserialize, Default)]
pub(super) struct Listing {
    #[serde(default)]
    after: String,
    #[serde(default)]
    saved: bool,
}

async fn listing<'a>(
    page: &'a Page,
    app: &App,
    query: &Listing,
    error: String,
) -> Result<PeoplePage<'a>, AppError> {
    let people = app.kernel.people.list(&query.after, PAGE).await?;
    let next = if people.len() == usize::try_from(PAGE).unwrap_or(0) {
        people.last().map(|person| person.name.clone())
    } else {
        None
    };
    Ok(PeoplePage {
        page,
        people: people
            .into_iter()
            .map(|person| Shown {
                roles: person.roles.iter().copied().map(role_key).collect(),
                words: person.roles.iter().map(|role| role.as_str()).collect(),
                person,
            })
            .collect(),
        groups: app.kernel.people.groups().await?,
        all_roles: Role::ALL
            .iter()
            .map(|role| (role.as_str(), role_key(*role)))
            .collect(),
        next,
        notice: if query.saved {
            page.t("saved")
        } else {
            String::new()
        },
        error,
    })
}

/// `GET /people`.
pub(super) async fn list(
    page: Page,
    State(app): State<App>,
    Query(query): Query<Listing>,
) -> PageResult {
    page.require(Role::Operator)?;
    page.html(&listing(&page, &app, &query, String::new()).await?)
}

async fn refused(page: &Page, app: &App, error: PeopleError) -> PageResult {
    match error {
        PeopleError::Db(error) => Err(error.into()),
        error => page.html_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &listing(page, app, &Listing::default(), explain(page, &error)).await?,
        ),
    }
}

async fn show_link(page: &Page, app: &App, person: &Person) -> PageResult {
    let secret = app
        .kernel
        .people
        .create_link(&LinkPurpose::ResetPassword(person.id.clone()), LINK_MS)
        .await?;
    page.html(&MessagePage {
        page,
        title: page.s("link-made", &person.display),
        text: page.t("link-made-text"),
        code: format!("{}/start/{secret}", page.origin),
        next: "/people",
        next_text: page.t("back-to-people"),
    })
}

/// `POST /people`: `name`, `display`.
pub(super) async fn add(page: Page, State(app): State<App>, form: Form) -> PageResult {
    page.require(Role::Operator)?;
    match app
        .kernel
        .people
        .create(
            form.trimmed("name"),
            form.trimmed("display"),
            None,
            &[Role::Member],
        )
        .await
    {
        Ok(person) => show_link(&page, &app, &person).await,
        Err(error) => refused(&page, &app, error).await,
    }
}

/// `POST /people/{id}`: `role` and `group` (each several), `disabled`, `link`.
pub(super) async fn change(
    page: Page,
    State(app): State<App>,
    Path(id): Path<String>,
    form: Form,
) -> PageResult {
    page.require(Role::Operator)?;
    let people = &app.kernel.people;
    let person = people.by_id(&id).await?.ok_or_else(AppError::not_found)?;
    if !form.get("link").is_empty() {
        return show_link(&page, &app, &person).await;
    }
    let roles: Vec<Role> = form.all("role").filter_map(Role::from_word).collect();
    let wanted: Vec<&str> = form.all("group").collect();
    let done = async {
        people.set_roles(&id, &roles).await?;
        people
            .set_disabled(&id, !form.get("disabled").is_empty())
            .await?;
        for group in people.groups().await? {
            let (is, want) = (
                person.groups.contains(&group.id),
                wanted.contains(&group.id.as_str()),
            );
            if want && !is {
                people.add_to_group(&group.id, &id).await?;
            } else if is && !want {
                people.remove_from_group(&group.id, &id).await?;
            }
        }
        Ok(())
    };
    match done.await {
        Ok(()) => Ok(Page::see_other("/people?saved=true")),
        Err(error) => refused(&page, &app, error).await,
    }
}

/// `POST /people/groups`: `name`.
pub(super) async fn add_group(page: Page, State(app): State<App>, form: Form) -> PageResult {
    page.require(Role::Operator)?;
    match app.kernel.people.create_group(form.trimmed("name")).await {
        Ok(_) => Ok(Page::see_other("/people?saved=true")),
        Err(error) => refused(&page, &app, error).await,
    }
}

/// `POST /people/groups/remove`: `id`.
pub(super) async fn remove_group(page: Page, State(app): State<App>, form: Form) -> PageResult {
    page.require(Role::Operator)?;
    match app.kernel.people.delete_group(form.get("id")).await {
        Ok(()) => Ok(Page::see_other("/people?saved=true")),
        Err(error) => refused(&page, &app, error).await,
    }
}
