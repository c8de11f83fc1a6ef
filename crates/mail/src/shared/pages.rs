//! Pages of shared mailboxes: what is open, one message with an answer, who may do what.

use askama::Template;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Extension, Router};
use lampion_people::Role;
use lampion_web::{App, AppError, Form, Page, PageResult};
use serde::Deserialize;

use super::answer::TEXT_LIMIT;
use super::{Level, Shared, Task};
use crate::lists::Kind;
use crate::local::Local;
use crate::members::{self, Members, Said};
use crate::pages::{Side, send_file};
use crate::store::{MailError, MailboxId, Special, Uid};
use crate::text::{self, Row, Shown, typed_wrong};

/// The pages of shared mailboxes.
pub fn routes(local: Local) -> Router<App> {
    Router::new()
        .route("/mail/shared", get(all).post(create))
        .route("/mail/shared/{name}", get(show))
        .route("/mail/shared/{name}/m/{box}/{uid}", get(message).post(act))
        .route("/mail/shared/{name}/m/{box}/{uid}/raw", get(raw))
        .route(
            "/mail/shared/{name}/m/{box}/{uid}/file/{section}",
            get(file),
        )
        .route("/mail/shared/{name}/members", get(members).post(set_member))
        .layer(Extension(local))
}

/// A shared mailbox and who looks at it.
struct Opened {
    shared: Shared,
    address: String,
    level: Level,
}

impl Opened {
    fn answers(&self) -> bool {
        self.level >= Level::Answer
    }

    fn manages(&self) -> bool {
        self.level >= Level::Manage
    }
}

async fn open(page: &Page, local: &Local, name: &str) -> Result<Opened, AppError> {
    let person = page.person()?;
    let shared = local
        .shared_named(name)
        .await?
        .ok_or_else(AppError::not_found)?;
    let level = local.shared_level(&person.id, &shared.account).await?;
    Ok(Opened {
        address: format!("{}@{}", shared.name, local.domain()),
        level: level.ok_or_else(AppError::not_found)?,
        shared,
    })
}

#[derive(Template)]
#[template(path = "shared_all.html")]
struct AllPage<'a> {
    page: &'a Page,
    side: Side,
    own: Vec<Shared>,
    others: Vec<Shared>,
    operator: bool,
    error: String,
    domain: &'a str,
}

/// `GET /mail/shared`.
async fn all(page: Page, Extension(local): Extension<Local>) -> PageResult {
    draw_all(&page, &local, StatusCode::OK, String::new()).await
}

async fn draw_all(page: &Page, local: &Local, status: StatusCode, error: String) -> PageResult {
    let person = page.person()?;
    let own = local.shared_of(&person.id).await?;
    let operator = page.has(Role::Operator);
    let mut others = if operator {
        local.all_shared().await?
    } else {
        Vec::new()
    };
    others.retain(|one| !own.contains(one));
    page.html_with(
        status,
        &AllPage {
            page,
            side: Side::of(local, page).await?,
            own,
            others,
            operator,
            error,
            domain: local.domain(),
        },
    )
}

/// `POST /mail/shared`: `name`, `title`, `manager` (a person's name; empty for who asks). By operators.
async fn create(page: Page, Extension(local): Extension<Local>, form: Form) -> PageResult {
    let person = page.require(Role::Operator)?;
    let manager = match form.trimmed("manager") {
        "" => Some(person.clone()),
        name => local.people().by_name(name).await?,
    };
    let made = match manager {
        Some(manager) => {
            local
                .create_shared(form.trimmed("name"), form.trimmed("title"), &manager.id)
                .await
        }
        None => Err(MailError::NoSuchMailbox(form.trimmed("manager").into())),
    };
    match made {
        Ok(made) => Ok(Page::see_other(&format!(
            "/mail/shared/{}/members",
            page.url(&made.name)
        ))),
        Err(error) => {
            let error = typed_wrong(&page, error)?;
            draw_all(&page, &local, StatusCode::UNPROCESSABLE_ENTITY, error).await
        }
    }
}

#[derive(Deserialize, Default)]
struct Asked {
    #[serde(default)]
    show: String,
    #[serde(default)]
    before: Uid,
}

struct TaskRow {
    row: Row,
    assigned: String,
}

#[derive(Template)]
#[template(path = "shared_one.html")]
struct OnePage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    rows: Vec<TaskRow>,
    more: Option<Uid>,
    mailbox: i64,
    here: &'static str,
}

const WAYS: [&str; 4] = ["open", "mine", "done", "sent"];

/// `GET /mail/shared/{name}`: `show` = `open`, `mine`, `done`, `sent`.
async fn show(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let account = &opened.shared.account;
    let here = WAYS
        .into_iter()
        .find(|way| *way == asked.show)
        .unwrap_or("open");
    let mailbox = if here == "sent" {
        local.store().special(account, Special::Sent).await?
    } else {
        let inbox = local.store().mailbox(account, "INBOX").await?;
        inbox.ok_or_else(AppError::not_found)?
    };
    let person = page.person()?;
    let tasks = local.assigned(account).await?;
    let view = local.store().view(mailbox.id).await?;
    let (rows, more) = text::newest(&local, &view, asked.before, |item| {
        let done = text::has_keyword(&item.keywords, super::DONE);
        match here {
            "open" => !done,
            "done" => done,
            "mine" => {
                !done
                    && tasks
                        .get(&item.message.0)
                        .is_some_and(|who| *who == person.id)
            }
            _ => true,
        }
    })
    .await?;
    let names = local.answerers(account).await?;
    let rows = rows
        .into_iter()
        .map(|row| TaskRow {
            assigned: tasks
                .get(&row.message.0)
                .and_then(|who| names.iter().find(|(id, _)| id == who))
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            row,
        })
        .collect();
    page.html(&OnePage {
        page: &page,
        side: Side::of(&local, &page).await?,
        opened,
        rows,
        more,
        mailbox: mailbox.id.0,
        here,
    })
}

#[derive(Template)]
#[template(path = "shared_message.html")]
struct MessagePage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    shown: Shown,
    /// Where its files are.
    files_at: String,
    task: Task,
    people: Vec<(String, String)>,
    mailbox: i64,
    uid: Uid,
    /// It came, and wasn't sent from here.
    came: bool,
    here: &'static str,
    text: String,
    error: String,
}

async fn item(
    local: &Local,
    opened: &Opened,
    (mailbox, uid): (i64, Uid),
) -> Result<(crate::store::Item, bool), AppError> {
    let found = local.store().mailbox_by_id(MailboxId(mailbox)).await?;
    let found = found
        .filter(|one| one.account == opened.shared.account)
        .ok_or_else(AppError::not_found)?;
    let view = local.store().view(found.id).await?;
    let item = view.by_uid(uid).cloned().ok_or_else(AppError::not_found)?;
    Ok((item, found.special != Some(Special::Sent)))
}

type Which = Path<(String, i64, Uid)>;

/// `GET /mail/shared/{name}/m/{box}/{uid}`.
async fn message(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, mailbox, uid)): Which,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    draw(
        &page,
        &local,
        opened,
        (mailbox, uid),
        StatusCode::OK,
        ("", String::new()),
    )
    .await
}

async fn draw(
    page: &Page,
    local: &Local,
    opened: Opened,
    (mailbox, uid): (i64, Uid),
    status: StatusCode,
    (text, error): (&str, String),
) -> PageResult {
    let (item, came) = item(local, &opened, (mailbox, uid)).await?;
    page.html_with(
        status,
        &MessagePage {
            page,
            side: Side::of(local, page).await?,
            task: local.task_of(&opened.shared.account, &item).await?,
            people: local.answerers(&opened.shared.account).await?,
            shown: text::read(local, &item).await?,
            files_at: format!(
                "/mail/shared/{}/m/{mailbox}/{uid}",
                page.url(&opened.shared.name)
            ),
            opened,
            mailbox,
            uid,
            came,
            here: if came { "open" } else { "sent" },
            text: text.chars().take(TEXT_LIMIT).collect(),
            error,
        },
    )
}

/// `POST` to the same: `do` = `task` (`assigned`, `done`), `answer` (`text`, `done`).
async fn act(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, mailbox, uid)): Which,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.answers() {
        return Err(AppError::forbidden());
    }
    let person = page.person()?.id.clone();
    let (item, _) = item(&local, &opened, (mailbox, uid)).await?;
    let done = !form.get("done").is_empty();
    let place = (MailboxId(mailbox), uid);
    let back = format!("/mail/shared/{}?done=1", page.url(&opened.shared.name));
    let result = if form.get("do") == "answer" {
        let text = form.get("text");
        if text.trim().is_empty() {
            let error = page.t("ms-empty-answer");
            return draw(
                &page,
                &local,
                opened,
                (mailbox, uid),
                StatusCode::UNPROCESSABLE_ENTITY,
                ("", error),
            )
            .await;
        }
        let shown = text::read(&local, &item).await?;
        local
            .answer(&opened.shared, place, &shown.summary, text, (&person, done))
            .await
    } else {
        let assigned = form.get("assigned");
        let people = local.answerers(&opened.shared.account).await?;
        if !assigned.is_empty() && !people.iter().any(|(id, _)| id == assigned) {
            return Err(AppError::bad_request("this person can't answer here"));
        }
        let task = Task {
            assigned: assigned.into(),
            done,
        };
        local
            .set_task(&opened.shared.account, place, &task, &person)
            .await
    };
    match result {
        Ok(()) => Ok(Page::see_other(&back)),
        Err(error) => {
            let error = typed_wrong(&page, error)?;
            let kept = (form.get("text"), error);
            draw(
                &page,
                &local,
                opened,
                (mailbox, uid),
                StatusCode::UNPROCESSABLE_ENTITY,
                kept,
            )
            .await
        }
    }
}

/// `GET …/raw`.
async fn raw(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, mailbox, uid)): Which,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let (item, _) = item(&local, &opened, (mailbox, uid)).await?;
    text::raw(&local, item.message).await
}

/// `GET …/file/{section}`.
async fn file(
    page: Page,
    Extension(local): Extension<Local>,
    Path((name, mailbox, uid, section)): Path<(String, i64, Uid, String)>,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    let (item, _) = item(&local, &opened, (mailbox, uid)).await?;
    send_file(local.store(), item.message, &section).await
}

#[derive(Template)]
#[template(path = "shared_members.html")]
struct MembersPage<'a> {
    page: &'a Page,
    side: Side,
    opened: Opened,
    members: Members<'a>,
    error: String,
    here: &'static str,
}

/// `GET /mail/shared/{name}/members`.
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
    if !opened.manages() {
        return Err(AppError::forbidden());
    }
    let rows = local.shared_members(&opened.shared.account).await?;
    let rows = rows
        .into_iter()
        .filter_map(|(kind, member, level)| {
            let kind = Kind::from_word(&kind)?;
            Some(members::Member::new(kind, member, level.as_str()))
        })
        .collect();
    let named = |level: &Level| page.t(&format!("ms-level-{}", level.as_str()));
    let said = Said {
        roles: Level::ALL
            .iter()
            .map(|level| (level.as_str(), named(level)))
            .collect(),
        who: page.t("ms-who"),
        help: page.t("ms-who-help"),
    };
    let href = format!("/mail/shared/{}/members", page.url(&opened.shared.name));
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

/// `POST /mail/shared/{name}/members`: see [`members::Asked`]; or `do` = `delete` with `sure`.
async fn set_member(
    page: Page,
    Extension(local): Extension<Local>,
    Path(name): Path<String>,
    form: Form,
) -> PageResult {
    let opened = open(&page, &local, &name).await?;
    if !opened.manages() {
        return Err(AppError::forbidden());
    }
    let account = &opened.shared.account;
    if form.get("do") == "delete" && !form.get("sure").is_empty() {
        local.delete_shared(account).await?;
        return Ok(Page::see_other("/mail/shared?done=1"));
    }
    match change(&local, account, &form).await {
        // Who took the right from themselves has nothing to see there any more.
        Ok(true) => {
            let still = local.shared_level(&page.person()?.id, account).await?;
            let back = match still {
                Some(Level::Manage) => {
                    format!(
                        "/mail/shared/{}/members?done=1",
                        page.url(&opened.shared.name)
                    )
                }
                _ => "/mail/shared?done=1".into(),
            };
            Ok(Page::see_other(&back))
        }
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

/// Does what a form of members asks for; `false` if it asks for nothing. Addresses elsewhere can't be members.
async fn change(local: &Local, account: &str, form: &Form) -> Result<bool, MailError> {
    let level = Level::from_word(form.get("role")).unwrap_or(Level::Read);
    let asked = members::Asked::read(local, form).await?;
    let (all, level) = match asked {
        Some(members::Asked::Role(all)) => (all, Some(level)),
        Some(members::Asked::Remove(kind, member)) => (vec![(kind, member)], None),
        None => return Ok(false),
    };
    if let Some((_, address)) = all.iter().find(|(kind, _)| *kind == Kind::Address) {
        return Err(MailError::NoSuchMailbox(address.clone()));
    }
    for (kind, member) in all {
        local
            .set_shared_member(account, (kind.as_str(), &member), level)
            .await?;
    }
    Ok(true)
}
