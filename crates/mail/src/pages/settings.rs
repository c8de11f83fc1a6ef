//! How somebody likes their mail: signature, undo, vacation, rules. The delivery path reads them here.

use askama::Template;
use axum::Extension;
use axum::http::StatusCode;
use lampion_core::ids;
use lampion_db::{query, query_as, query_scalar};
use lampion_web::{AppError, Form, Page, PageResult};

use super::Web;
use super::shown::Folder;
use super::side::Side;
use crate::filters::{Action, Field, Preference, RULES_LIMIT, Rule, WORDS_LIMIT};
use crate::store::MailError;

/// Longest signature, and longest answer, in characters.
const TEXT_LIMIT: usize = 10_000;
/// How long a letter can wait at most, in seconds.
const UNDO_LIMIT_S: i64 = 120;

/// What an account has set.
pub(crate) async fn preference(
    db: &lampion_db::Db,
    account: &str,
) -> Result<Preference, MailError> {
    let row: Option<(String, i64, i64, String, String)> = query_as(
        "select signature, undo_s, vacation, vacation_subject, vacation_text
         from mail_preference where account = $1",
    )
    .bind(account)
    .fetch_optional(db.read())
    .await?;
    Ok(row.map_or_else(Preference::default, |row| Preference {
        signature: row.0,
        undo_s: row.1,
        vacation: row.2 != 0,
        vacation_subject: row.3,
        vacation_text: row.4,
    }))
}

/// An account's rules in order.
pub(crate) async fn rules(db: &lampion_db::Db, account: &str) -> Result<Vec<Rule>, MailError> {
    let rows: Vec<(String, String, String, String, String)> = query_as(
        "select id, field, words, action, target from mail_rule where account = $1 order by position, id",
    )
    .bind(account)
    .fetch_all(db.read())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, field, words, action, target)| {
            Some(Rule {
                id,
                field: Field::from_word(&field)?,
                words,
                action: Action::from_words(&action, &target)?,
            })
        })
        .collect())
}

/// A rule on the page.
struct RuleShown {
    rule: Rule,
    /// The mailbox as the side bar calls it, or an address.
    target: String,
}

impl RuleShown {
    fn new(rule: Rule, folders: &[Folder]) -> Self {
        let target = rule.action.target();
        let folder = match &rule.action {
            Action::Move(_) => folders.iter().find(|folder| folder.path == target),
            _ => None,
        };
        Self {
            target: folder.map_or(target, Folder::label).to_owned(),
            rule,
        }
    }
}

#[derive(Template)]
#[template(path = "mail_settings.html")]
struct SettingsPage<'a> {
    page: &'a Page,
    side: Side,
    own: Preference,
    rules: Vec<RuleShown>,
    address: String,
    used: i64,
    quota: Option<i64>,
    error: String,
    saved: bool,
    /// A rule that could not be added.
    typed: Form,
}

/// `GET /mail/settings`.
pub(super) async fn show(page: Page, Extension(web): Extension<Web>) -> PageResult {
    let saved = page.path.ends_with("?saved=1");
    let said = (String::new(), saved);
    draw(&page, &web, StatusCode::OK, said, (None, Form::default())).await
}

async fn draw(
    page: &Page,
    web: &Web,
    status: StatusCode,
    (error, saved): (String, bool),
    (own, typed): (Option<Preference>, Form),
) -> PageResult {
    let opened = web.open(page, None).await?;
    let db = &web.kernel().db;
    let side = Side::new(web.local(), page, &opened, false).await?;
    let rules = rules(db, &opened.account.id).await?;
    let rules = rules.into_iter();
    page.html_with(
        status,
        &SettingsPage {
            page,
            rules: rules
                .map(|rule| RuleShown::new(rule, &side.folders))
                .collect(),
            side,
            own: match own {
                Some(own) => own,
                None => preference(db, &opened.account.id).await?,
            },
            address: format!("{}@{}", opened.account.name, web.domain()),
            used: opened.account.used_bytes,
            quota: opened.account.quota_bytes,
            error,
            saved,
            typed,
        },
    )
}

fn cut(text: &str, limit: usize) -> String {
    text.replace("\r\n", "\n").chars().take(limit).collect()
}

/// `POST /mail/settings`: `signature`, `undo_s`, `vacation`, `vacation_subject`, `vacation_text`.
pub(super) async fn save(page: Page, Extension(web): Extension<Web>, form: Form) -> PageResult {
    let (account, _) = web.enter(&page).await?;
    let undo_s: i64 = form.trimmed("undo_s").parse().unwrap_or(0);
    let own = Preference {
        signature: cut(form.get("signature"), TEXT_LIMIT),
        undo_s: undo_s.clamp(0, UNDO_LIMIT_S),
        vacation: !form.get("vacation").is_empty(),
        vacation_subject: cut(form.trimmed("vacation_subject"), 300),
        vacation_text: cut(form.get("vacation_text"), TEXT_LIMIT),
    };
    // An answer that says nothing would only puzzle people.
    if own.vacation && own.vacation_text.trim().is_empty() {
        let said = (page.t("mail-vacation-empty"), false);
        let typed = (Some(own), Form::default());
        return draw(&page, &web, StatusCode::UNPROCESSABLE_ENTITY, said, typed).await;
    }
    query(
        "insert into mail_preference (account, signature, undo_s, vacation, vacation_subject, vacation_text)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (account) do update set signature = excluded.signature, undo_s = excluded.undo_s,
         vacation = excluded.vacation,
         vacation_subject = excluded.vacation_subject, vacation_text = excluded.vacation_text",
    )
    .bind(&account.id)
    .bind(own.signature)
    .bind(own.undo_s)
    .bind(i64::from(own.vacation))
    .bind(own.vacation_subject)
    .bind(own.vacation_text)
    .execute(web.kernel().db.write())
    .await
    .map_err(MailError::from)?;
    if form.get("vacation").is_empty() {
        query("delete from mail_vacation where account = $1")
            .bind(&account.id)
            .execute(web.kernel().db.write())
            .await
            .map_err(MailError::from)?;
    }
    Ok(Page::see_other("/mail/settings?saved=1"))
}

/// Puts a rule before the one that it comes after.
async fn raise(db: &lampion_db::Db, account: &str, rule: &str) -> Result<(), MailError> {
    let mut order: Vec<String> = rules(db, account)
        .await?
        .into_iter()
        .map(|one| one.id)
        .collect();
    if let Some(at) = order.iter().position(|one| one == rule)
        && at > 0
    {
        order.swap(at - 1, at);
    }
    lampion_db::transaction!(db, MailError, tx => {
        for (position, id) in (0i64..).zip(&order) {
            query("update mail_rule set position = $1 where account = $2 and id = $3")
                .bind(position)
                .bind(account)
                .bind(id)
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    })
}

/// `POST /mail/rules`: `do` = `add` (`field`, `words`, `action`, `box` or `forward`), `up` or `delete` (`rule`).
pub(super) async fn rule(page: Page, Extension(web): Extension<Web>, form: Form) -> PageResult {
    let (account, mailboxes) = web.enter(&page).await?;
    let db = &web.kernel().db;
    if form.get("do") == "delete" {
        query("delete from mail_rule where account = $1 and id = $2")
            .bind(&account.id)
            .bind(form.get("rule"))
            .execute(db.write())
            .await
            .map_err(MailError::from)?;
        return Ok(Page::see_other("/mail/settings?done=1#rules"));
    }
    if form.get("do") == "up" {
        raise(db, &account.id, form.get("rule")).await?;
        return Ok(Page::see_other("/mail/settings#rules"));
    }
    let refused = async |key: &str| {
        let error = page.t(key);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        draw(&page, &web, status, (error, false), (None, form.clone())).await
    };
    let count: i64 = query_scalar("select count(*) from mail_rule where account = $1")
        .bind(&account.id)
        .fetch_one(db.read())
        .await
        .map_err(MailError::from)?;
    let field = Field::from_word(form.get("field"))
        .ok_or_else(|| AppError::bad_request("choose a field"))?;
    let words = cut(form.trimmed("words"), WORDS_LIMIT);
    if words.is_empty() && field != Field::List {
        return refused("mail-rule-no-words").await;
    }
    let target = match form.get("action") {
        "move" => mailboxes
            .iter()
            .find(|mailbox| mailbox.id.0.to_string() == form.get("box"))
            .map(|mailbox| mailbox.name.clone())
            .unwrap_or_default(),
        "forward" => {
            let (local, domain) = form
                .trimmed("forward")
                .split_once('@')
                .unwrap_or((form.trimmed("forward"), ""));
            let here = domain.is_empty() || domain.eq_ignore_ascii_case(&web.domain());
            match web.store().account_at(local).await? {
                Some(other) if here && other.id != account.id => {
                    format!("{}@{}", other.name, web.domain())
                }
                _ => return refused("mail-rule-nobody").await,
            }
        }
        _ => String::new(),
    };
    let Some(action) = Action::from_words(form.get("action"), &target) else {
        return Err(AppError::bad_request("choose what to do"));
    };
    if usize::try_from(count).unwrap_or(usize::MAX) >= RULES_LIMIT {
        return refused("mail-rule-too-many").await;
    }
    query(
        "insert into mail_rule (id, account, position, field, words, action, target)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(ids::new_id(&*web.kernel().rng))
    .bind(&account.id)
    .bind(web.kernel().clock.now_ms())
    .bind(field.as_str())
    .bind(words)
    .bind(action.word())
    .bind(action.target())
    .execute(db.write())
    .await
    .map_err(MailError::from)?;
    Ok(Page::see_other("/mail/settings?done=1#rules"))
}
