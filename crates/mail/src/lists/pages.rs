//! Pages of lists: all of them, one with its archive, its members, what waits, its settings, and leaving by a link.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use lampion_people::Role as PersonRole;
use lampion_web::{App, AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::{HELD, Held, Joins, Kind, List, Others, Post, Role, Settings};
use crate::local::Local;
use crate::members::{self, Asked, Members, Said};
use crate::pages::{Side, send_file};
use crate::store::{MailError, Uid};
use crate::text::{self, Row, Shown, typed_wrong, when};

/// The pages of lists.
pub fn routes(local: Local) -> Router<App> {
    Router::new()
        .route("/mail/lists", get(all).post(create))
        .route("/mail/lists/{name}", get(show).post(join))
        .route("/mail/lists/{name}/m/{uid}", get(message))
        .route("/mail/lists/{name}/m/{uid}/raw", get(raw))
        .route("/mail/lists/{name}/m/{uid}/file/{section}", get(file))
        .route("/mail/lists/{name}/members", get(members).post(set_member))
        .route("/mail/lists/{name}/held", get(held).post(moderate))
        .route("/mail/lists/{name}/held/{uid}", get(held_message))
        .route(
            "/mail/lists/{name}/held/{uid}/file/{section}",
            get(held_file),
        )
        .route("/mail/lists/{name}/settings", get(settings).post(set))
        .route(
            "/mail/leave/{name}/{key}/{address}",
            get(ask_leave).post(leave),
        )
        .layer(Extension(local))
}

/// A list and who looks at it.
struct Opened {
    list: List,
    address: String,
    role: Option<Role>,
    operator: bool,
    held: i64,
}

impl Opened {
    fn owns(&self) -> bool {
        self.operator || self.role == Some(Role::Owner)
    }

    fn moderates(&self) -> bool {
        self.role.is_some_and(Role::moderates)
    }

    fn may_join(&self) -> bool {
        self.role.is_none() && self.list.joins == Joins::Open
    }

    fn href(&self) -> String {
        format!(
            "/mail/lists/{}",
            super::header::lampion_web_url(&self.list.name)
        )
    }
}

/// Opens a list for who asks: members, operators, and everybody signed in if the list is open.
async fn open(page: &Page, local: &Local, name: &str) -> Result<Opened, AppError> {
    let person = page.person()?;
    let list = local
        .list_named(name)
        .await?
        .ok_or_else(AppError::not_found)?;
    let role = local.list_role(&list.account, &person.id).await?;
    let operator = page.has(PersonRole::Operator);
    if role.is_none() && !operator && list.joins == Joins::Closed {
        return Err(AppError::not_found());
    }
    let moderates = role.is_some_and(Role::moderates);
    Ok(Opened {
        address: format!("{}@{}", list.name, local.domain()),
        held: if moderates {
            local.held_count(&list.account).await?
        } else {
            0
        },
        list,
        role,
        operator,
    })
}

/// Who makes lists: operators, editors and teachers.
fn makes(page: &Page) -> bool {
    page.has(PersonRole::Editor) || page.has(PersonRole::Teacher)
}

#[derive(Template)]
#[template(path = "mail_lists.html")]
struct ListsPage<'a> {
    page: &'a Page,
    side: Side,
    own: Vec<List>,
    others: Vec<List>,
    makes: bool,
    error: String,
    domain: &'a str,
}

/// `GET /mail/lists`.
async fn all(page: Page, Extension(local): Extension<Local>) -> PageResult {
    draw_all(&page, &local, StatusCode::OK, String::new()).await
}

async fn draw_all(page: &Page, local: &Local, status: StatusCode, error: String) -> PageResult {
    let person = page.person()?;
    let own = local.lists_of(&person.id).await?;
    let mut others = local.lists().await?;
    let operator = page.has(PersonRole::Operator);
    others.retain(|one| {
        (operator || one.joins == Joins::Open)
            && !own.iter().any(|mine| mine.account == one.account)
    });
    page.html_with(
        status,
        &ListsPage {
            page,
            side: Side::of(local, page).await?,
            own,
            others,
            makes: makes(page),
            error,
            domain: local.domain(),
        },
    )
}

fn settings_of(form: &Form) -> Settings {
    Settings {
        title: form.trimmed("title").into(),
        description: form.trimmed("description").into(),
        post: Post::from_word(form.get("post")).unwrap_or(Post::Members),
        others: Others::from_word(form.get("others")).unwrap_or(Others::Hold),
        joins: Joins::from_word(form.get("joins")).unwrap_or(Joins::Closed),
        archive: !form.get("archive").is_empty(),
    }
}

/// `POST /mail/lists`: `name` and the fields of settings. Who makes a list owns it.
async fn create(page: Page, Extension(local): Extension<Local>, form: Form) -> PageResult {
    let person = page.person()?;
    if !makes(&page) {
        return Err(AppError::forbidden());
    }
    let settings = Settings {
        archive: true,
        ..settings_of(&form)
    };
    let made = match local.create_list(form.trimmed("name"), &settings).await {
        Ok(list) => local
            .set_member(&list.account, (Kind::Person, &person.id), Role::Owner)
            .await
            .map(|()| list),
        Err(error) => Err(error),
    };
    match made {
        Ok(list) => Ok(Page::see_other(&format!(
            "/mail/lists/{}/members",
            page.url(&list.name)
        ))),
        Err(error) => {
            let error = typed_wrong(&page, error)?;
            draw_all(&page, &local, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

#[derive(Deserialize, Default)]
struct Before {
    #[serde(default)]
    before: Uid,
}

#[derive(Template)]
#[template(path = "mail_list_one.html")]
struct ListPage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    rows: Vec<Row>,
    more: Option<Uid>,
    here: &'static str,
}

/// `GET /mail/lists/{name}`: what it is, and its archive for members.
async fn show(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    Query(query): Query<Before>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let (mut rows, mut more) = (Vec::new(), None);
    if opened.role.is_some() && opened.list.archive {
        let archive = local.store().mailbox(&opened.list.account, "INBOX").await?;
        let archive = archive.ok_or_else(AppError::not_found)?;
        let view = local.store().view(archive.id).await?;
        (rows, more) = text::newest(&local, &view, query.before, |_| true).await?;
    }
    page.html(&ListPage {
        page: &page,
        side: Side::of(&local, &page).await?,
        opened,
        rows,
        more,
        here: "archive",
    })
}

/// `POST /mail/lists/{name}`: `do` = `join` or `leave`.
async fn join(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let person = page.person()?;
    let account = &opened.list.account;
    let href = opened.href();
    match form.get("do") {
        "join" if opened.may_join() => {
            local
                .set_member(account, (Kind::Person, &person.id), Role::Member)
                .await?;
            Ok(Page::see_other(&format!("{href}?done=1")))
        }
        "leave" => {
            local
                .remove_member(account, Kind::Person, &person.id)
                .await?;
            Ok(Page::see_other("/mail/lists?done=1"))
        }
        _ => Err(AppError::forbidden()),
    }
}

#[derive(Template)]
#[template(path = "mail_list_message.html")]
struct MessagePage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    shown: Shown,
    /// Where its files are.
    files_at: String,
    uid: Uid,
    /// It waits for a moderator, and a notice can be sent.
    held: Option<Held>,
    here: &'static str,
}

/// `GET /mail/lists/{name}/m/{uid}`.
async fn message(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, uid)): Path<(String, Uid)>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let item = item(
        &local,
        &opened,
        "INBOX",
        uid,
        opened.role.is_some() && opened.list.archive,
    )
    .await?;
    let shown = text::read(&local, &item).await?;
    page.html(&MessagePage {
        page: &page,
        side: Side::of(&local, &page).await?,
        files_at: format!("{}/m/{uid}", opened.href()),
        opened,
        shown,
        uid,
        held: None,
        here: "archive",
    })
}

async fn item(
    local: &Local,
    opened: &Opened,
    mailbox: &str,
    uid: Uid,
    may: bool,
) -> Result<crate::store::Item, AppError> {
    if !may {
        return Err(AppError::forbidden());
    }
    let found = local.store().mailbox(&opened.list.account, mailbox).await?;
    let found = found.ok_or_else(AppError::not_found)?;
    let view = local.store().view(found.id).await?;
    view.by_uid(uid).cloned().ok_or_else(AppError::not_found)
}

/// `GET /mail/lists/{name}/m/{uid}/raw`.
async fn raw(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, uid)): Path<(String, Uid)>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let item = item(
        &local,
        &opened,
        "INBOX",
        uid,
        opened.role.is_some() && opened.list.archive,
    )
    .await?;
    text::raw(&local, item.message).await
}

type OneFile = Path<(String, Uid, String)>;

/// `GET /mail/lists/{name}/m/{uid}/file/{section}`.
async fn file(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, uid, section)): OneFile,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let may = opened.role.is_some() && opened.list.archive;
    let item = item(&local, &opened, "INBOX", uid, may).await?;
    send_file(local.store(), item.message, &section).await
}

/// `GET /mail/lists/{name}/held/{uid}/file/{section}`.
async fn held_file(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, uid, section)): OneFile,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let item = item(&local, &opened, HELD, uid, opened.moderates()).await?;
    send_file(local.store(), item.message, &section).await
}

#[derive(Template)]
#[template(path = "mail_list_members.html")]
struct MembersPage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    members: Members<'a>,
    error: String,
    here: &'static str,
}

/// `GET /mail/lists/{name}/members`.
async fn members(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
) -> PageResult {
    draw_members(&page, &local, &name, StatusCode::OK, ("", String::new())).await
}

async fn draw_members(
    page: &Page,
    local: &Local,
    name: &str,
    status: StatusCode,
    (typed, error): (&str, String),
) -> PageResult {
    let opened = open(page, local, name).await?;
    if !opened.owns() {
        return Err(AppError::forbidden());
    }
    let named = |role: Role| page.t(&format!("ml-role-{}", role.as_str()));
    let rows = local.list_members(&opened.list.account).await?;
    let rows = rows
        .into_iter()
        .map(|row| members::Member {
            paused: row.paused,
            fixed: match row.role {
                Role::Out => named(Role::Out),
                _ => String::new(),
            },
            ..members::Member::new(row.kind, row.member, row.role.as_str())
        })
        .collect();
    let roles = Role::ALL.iter().filter(|role| **role != Role::Out);
    let said = Said {
        roles: roles.map(|role| (role.as_str(), named(*role))).collect(),
        who: page.t("ml-who"),
        help: page.t("ml-who-help"),
    };
    let href = format!("{}/members", opened.href());
    page.html_with(
        status,
        &MembersPage {
            page,
            side: Side::of(local, page).await?,
            opened,
            members: Members::new(page, local, href, (rows, said), typed).await?,
            error,
            here: "members",
        },
    )
}

/// `POST /mail/lists/{name}/members`: see [`Asked`].
async fn set_member(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.owns() {
        return Err(AppError::forbidden());
    }
    match change(&local, &opened.list.account, &form).await {
        Ok(true) => Ok(Page::see_other(&format!(
            "{}/members?done=1",
            opened.href()
        ))),
        Ok(false) => Err(AppError::bad_request("nothing to do")),
        Err(error) => {
            let again = (form.get("who"), typed_wrong(&page, error)?);
            draw_members(
                &page,
                &local,
                &name,
                StatusCode::UNPROCESSABLE_ENTITY,
                again,
            )
            .await
        }
    }
}

/// Does what a form of members asks for; `false` if it asks for nothing.
async fn change(local: &Local, account: &str, form: &Form) -> Result<bool, MailError> {
    let role = Role::from_word(form.get("role"))
        .filter(|role| *role != Role::Out)
        .unwrap_or(Role::Member);
    match Asked::read(local, form).await? {
        Some(Asked::Role(all)) => {
            for (kind, member) in all {
                local.set_member(account, (kind, &member), role).await?;
            }
        }
        Some(Asked::Remove(kind, member)) => {
            local.remove_member(account, kind, &member).await?;
        }
        None => return Ok(false),
    }
    Ok(true)
}

#[derive(Template)]
#[template(path = "mail_list_held.html")]
struct HeldPage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    held: Vec<Held>,
    here: &'static str,
}

impl HeldPage<'_> {
    fn when(&self, held: &Held) -> String {
        when(held.came_ms)
    }
}

/// `GET /mail/lists/{name}/held`.
async fn held(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.moderates() {
        return Err(AppError::forbidden());
    }
    let held = local.held(&opened.list.account).await?;
    page.html(&HeldPage {
        page: &page,
        side: Side::of(&local, &page).await?,
        opened,
        held,
        here: "held",
    })
}

/// `GET /mail/lists/{name}/held/{uid}`.
async fn held_message(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, uid)): Path<(String, Uid)>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let item = item(&local, &opened, HELD, uid, opened.moderates()).await?;
    let held = local.held(&opened.list.account).await?;
    let held = held
        .into_iter()
        .find(|one| one.uid == uid)
        .ok_or_else(AppError::not_found)?;
    let shown = text::read(&local, &item).await?;
    page.html(&MessagePage {
        page: &page,
        side: Side::of(&local, &page).await?,
        files_at: format!("{}/held/{uid}", opened.href()),
        opened,
        shown,
        uid,
        held: Some(held),
        here: "held",
    })
}

/// `POST /mail/lists/{name}/held`: `uid`, `do` = `approve`, `reject` (`reason`), `discard`.
async fn moderate(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.moderates() {
        return Err(AppError::forbidden());
    }
    let uid: Uid = form
        .get("uid")
        .parse()
        .map_err(|_| AppError::bad_request("no message"))?;
    let done = match form.get("do") {
        "approve" => local.approve_post(&opened.list, uid).await,
        "reject" => local
            .discard_post(&opened.list, uid, Some(form.trimmed("reason")))
            .await
            .map(|_told| ()),
        "discard" => local
            .discard_post(&opened.list, uid, None)
            .await
            .map(|_told| ()),
        _ => return Err(AppError::bad_request("nothing to do")),
    };
    match done {
        // Somebody else was quicker: the page shows what is left.
        Ok(()) | Err(MailError::NoSuchMessage) => {
            Ok(Page::see_other(&format!("{}/held?done=1", opened.href())))
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Template)]
#[template(path = "mail_list_settings.html")]
struct SettingsPage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    here: &'static str,
}

/// `GET /mail/lists/{name}/settings`.
async fn settings(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.owns() {
        return Err(AppError::forbidden());
    }
    page.html(&SettingsPage {
        page: &page,
        side: Side::of(&local, &page).await?,
        opened,
        here: "settings",
    })
}

/// `POST /mail/lists/{name}/settings`: the fields of settings, or `do` = `delete` with `sure`.
async fn set(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.owns() {
        return Err(AppError::forbidden());
    }
    if form.get("do") == "delete" {
        if form.get("sure").is_empty() {
            return Err(AppError::bad_request("it wasn't said that you are sure"));
        }
        local.delete_list(&opened.list.account).await?;
        return Ok(Page::see_other("/mail/lists?done=1"));
    }
    local
        .set_list(&opened.list.account, &settings_of(&form))
        .await?;
    Ok(Page::see_other(&format!(
        "{}/settings?done=1",
        opened.href()
    )))
}

#[derive(Template)]
#[template(path = "mail_list_leave.html")]
struct LeavePage<'a> {
    page: &'a Page,
    title: String,
    address: String,
    left: bool,
}

type Link = Path<(String, String, String)>;

/// `GET /mail/leave/{list}/{key}/{address}`: asks. Programs that look into links change nothing.
async fn ask_leave(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, key, address)): Link,
) -> PageResult {
    let list = local.list_of_link(&name, &key, &address).await?;
    let list = list.ok_or_else(AppError::not_found)?;
    page.html(&LeavePage {
        page: &page,
        title: list.title,
        address,
        left: false,
    })
}

/// `POST` to the same: leaves, whoever asks (RFC 8058 §3.1: `List-Unsubscribe=One-Click`).
async fn leave(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, key, address)): Link,
    _form: Form,
) -> PageResult {
    let list = local.list_of_link(&name, &key, &address).await?;
    let list = list.ok_or_else(AppError::not_found)?;
    local.leave(&list, &address).await?;
    page.html(&LeavePage {
        page: &page,
        title: list.title,
        address,
        left: true,
    })
}
