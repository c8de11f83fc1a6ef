//! Web mail: mailboxes, conversations, letters, and how somebody likes their mail.
//!
//! - Lists show conversations of one mailbox, newest first (`list`); `thread` shows one conversation.
//! - What others wrote in HTML is made safe (`safe`) and shown in a frame on the content origin (`part`), where
//!   nothing from elsewhere is loaded and no session is read; a token in the address opens one message for a day.
//! - A letter being written is a row of its own, sealed (`letters`); sending waits some seconds in which it can be
//!   taken back (`send`). It is gone in the transaction that delivers it.
//!
//! Everything works without JavaScript; with it, drafts are saved while typing, files come by drag and drop, and new
//! mail shows by itself (`live`).

mod assets;
mod contacts;
mod find;
mod folders;
mod letters;
mod list;
mod live;
mod part;
mod plain;
mod safe;
mod send;
pub(crate) mod settings;
mod shown;
mod side;
mod thread;
mod write;

pub(crate) use part::{answer as send_file, section};
pub(crate) use side::Side;

/// The address of the style of mail.
pub(crate) fn style() -> String {
    assets::url("mail.css")
}

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Router};
use lampion_db::query_scalar;
use lampion_people::{Person, Role};
use lampion_web::{App, AppError, Badge, Kernel, NavItem, Page, Service, Started};
use tokio_util::sync::CancellationToken;

use crate::Mail;
use crate::local::Local;
use crate::store::{Account, MailError, Mailbox, MailboxId, Store};

/// What forms carry beside the files of a letter, in bytes.
const FORM_ROOM: usize = 2 << 20;

/// What all pages work with.
#[derive(Clone)]
pub struct Web(Arc<Inner>);

struct Inner {
    mail: Mail,
    /// A letter waits to be sent.
    waiting: tokio::sync::Notify,
    being_told: crate::filters::BeingTold,
    /// The node is stopping: streams end.
    stop: CancellationToken,
}

impl Web {
    /// The pages of a node's mail.
    #[must_use]
    pub fn new(mail: &Mail) -> Self {
        Self(Arc::new(Inner {
            mail: mail.clone(),
            waiting: tokio::sync::Notify::new(),
            being_told: crate::filters::BeingTold::default(),
            stop: CancellationToken::new(),
        }))
    }

    fn store(&self) -> &Store {
        self.0.mail.store()
    }

    fn local(&self) -> &Local {
        self.0.mail.local()
    }

    fn kernel(&self) -> &Kernel {
        self.0.mail.kernel()
    }

    /// The node's domain: `hill.internal`.
    fn domain(&self) -> String {
        self.0.mail.domain()
    }

    /// The account and mailboxes of who asks.
    async fn enter(&self, page: &Page) -> Result<(Account, Vec<Mailbox>), AppError> {
        side::enter(self.local(), page).await
    }

    /// One mailbox of who asks; INBOX for none.
    async fn open(&self, page: &Page, id: Option<i64>) -> Result<Opened, AppError> {
        let (account, mailboxes) = self.enter(page).await?;
        let here = match id {
            Some(id) => mailboxes.iter().find(|mailbox| mailbox.id == MailboxId(id)),
            None => mailboxes.iter().find(|mailbox| mailbox.name == "INBOX"),
        };
        let here = here.cloned().ok_or_else(AppError::not_found)?;
        Ok(Opened {
            account,
            mailboxes,
            here,
        })
    }
}

/// A mailbox that somebody looks at.
struct Opened {
    account: Account,
    mailboxes: Vec<Mailbox>,
    here: Mailbox,
}

impl From<MailError> for AppError {
    fn from(error: MailError) -> Self {
        use axum::http::StatusCode;
        match error {
            MailError::NoSuchMailbox(_) | MailError::NoSuchMessage => Self::not_found(),
            MailError::DiskFull => {
                Self::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", "")
            }
            MailError::Away(_) | MailError::Conflict | MailError::Taken => {
                Self::unavailable("the database is busy or away: try again in a moment")
            }
            MailError::Fault(_) | MailError::Damaged(..) => Self::fault(error),
            other => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "error-bad-request",
                other.to_string(),
            ),
        }
    }
}

/// The entry in the navigation.
#[must_use]
pub fn navigation() -> Vec<NavItem> {
    vec![NavItem {
        key: "nav-mail",
        href: "/mail",
        role: Some(Role::Member),
        group: None,
    }]
}

/// How many messages of somebody's inbox are unread.
pub struct Unread(pub Mail);

#[async_trait]
impl Badge for Unread {
    fn href(&self) -> &'static str {
        "/mail"
    }

    async fn count(&self, person: &Person) -> Result<i64, String> {
        let unseen: Option<i64> =
            query_scalar("select unseen from mail_mailbox where account = $1 and name = 'INBOX'")
                .bind(&person.id)
                .fetch_optional(self.0.kernel().db.read())
                .await
                .map_err(|error| error.to_string())?;
        Ok(unseen.unwrap_or(0))
    }
}

/// All pages.
pub fn routes(web: Web) -> Router<App> {
    let upload = usize::try_from(web.store().message_limit_bytes()).unwrap_or(usize::MAX);
    let room = DefaultBodyLimit::max(upload.saturating_add(FORM_ROOM));
    Router::new()
        .route("/mail", get(list::inbox))
        .route("/mail/box/{box}", get(list::mailbox).post(list::act))
        .route("/mail/box/{box}/live", get(live::events))
        .route("/mail/box/{box}/rows", get(list::rows))
        .route("/mail/box/{box}/{uid}", get(thread::show).post(thread::act))
        .route("/mail/print/{box}/{uid}", get(thread::print))
        .route("/mail/raw/{box}/{uid}", get(part::raw))
        .route("/mail/file/{box}/{uid}/{section}", get(part::file))
        .route("/mail/search", get(find::search))
        .route("/mail/write", get(write::new))
        .route(
            "/mail/write/{letter}",
            get(write::show).post(write::save).layer(room),
        )
        .route("/mail/write/{letter}/undo", post(send::undo))
        .route("/mail/letters", get(write::all))
        .route("/mail/contacts", get(contacts::suggest))
        .route("/mail/folders", get(folders::show).post(folders::act))
        .route("/mail/settings", get(settings::show).post(settings::save))
        .route("/mail/rules", post(settings::rule))
        .route("/mail/asset/{hash}/{name}", get(assets::serve))
        .layer(Extension(web))
}

/// What is shown on the content origin.
pub fn content(web: Web) -> Router<App> {
    Router::new()
        .route("/mail/{token}/{message}/{section}", get(part::shown))
        .route("/mail-frame.js", get(assets::frame_script))
        .layer(Extension(web))
}

/// Sends what waits.
pub struct Sending(pub Web);

#[async_trait]
impl Service for Sending {
    async fn start(&self, _app: App, stop: CancellationToken) -> Result<Started, String> {
        let web = self.0.clone();
        Ok(Started::work(async move {
            send::run(web.clone(), stop).await;
            web.0.stop.cancel();
        }))
    }
}
