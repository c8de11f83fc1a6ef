//! `/mail/transfer`: one's mail in and out.

use std::io::Write;
use std::path::{Component, Path, PathBuf};

use askama::Template;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use lampion_core::ids;
use lampion_core::jobs::{Job, JobState};
use lampion_mailproto::tar::{TarReader, TarWriter};
use lampion_web::{App, AppError, Form, Page, PageResult, check_csrf};
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;

use super::client::Secure;
use super::export::{Format, export};
use super::fetch::Server;
use super::{fetch, import, jobs_of};
use crate::Mail;
use crate::pages::Side;
use crate::store::Account;

/// The most bytes of one upload.
const UPLOAD_LIMIT_BYTES: u64 = 64 << 30;
/// Files of one upload, and in an archive.
const FILES_LIMIT: usize = 2_000_000;
/// Jobs that are shown.
const SHOWN: i64 = 8;
/// Pieces of an export that wait for a slow reader.
const WAITING: usize = 8;
/// Bytes of a piece.
const PIECE: usize = 64 * 1024;

/// Pages of transfer.
pub fn routes(mail: &Mail) -> Router<App> {
    let upload = Router::new()
        .route("/mail/transfer/import", post(upload))
        .layer(DefaultBodyLimit::disable());
    Router::new()
        .route("/mail/transfer", get(show))
        .route("/mail/transfer/export", get(exported))
        .route("/mail/transfer/fetch", post(begin_fetch))
        .route("/mail/transfer/cancel", post(cancel))
        .merge(upload)
        .layer(Extension(mail.clone()))
}

struct JobShown {
    id: String,
    title: String,
    state: String,
    text: String,
    error: String,
    done: i64,
    total: i64,
    live: bool,
}

#[derive(Template)]
#[template(path = "mail_transfer.html")]
struct TransferPage<'a> {
    page: &'a Page,
    side: Side,
    error: String,
    jobs: Vec<JobShown>,
    live: bool,
    messages: i64,
    used: i64,
    host: String,
    port: String,
    user: String,
    secure: &'static str,
    trusted: String,
}

/// What is under way, for the script that renews it.
#[derive(Template)]
#[template(path = "mail_transfer_jobs.html")]
struct JobsPart<'a> {
    page: &'a Page,
    jobs: Vec<JobShown>,
    live: bool,
}

fn shown(page: &Page, job: &Job) -> JobShown {
    let (done, total) = if job.progress.items_total > 0 {
        (job.progress.items, job.progress.items_total)
    } else {
        (job.progress.bytes, job.progress.bytes_total)
    };
    let mut text = page.n("transfer-taken", job.progress.items);
    if job.progress.failed > 0 {
        text = format!(
            "{text} · {}",
            page.n("transfer-failed", job.progress.failed)
        );
    }
    JobShown {
        id: job.id.clone(),
        title: page.t(if job.kind == fetch::KIND {
            "transfer-from-server"
        } else {
            "transfer-from-files"
        }),
        state: page.t(match job.state {
            JobState::Queued => "transfer-queued",
            JobState::Running => "transfer-running",
            JobState::Done => "transfer-done",
            JobState::Failed => "transfer-ended",
            JobState::Cancelled => "transfer-cancelled",
        }),
        text,
        error: job.error.clone(),
        done: done.min(total),
        total,
        live: !job.state.is_over(),
    }
}

async fn account(mail: &Mail, page: &Page) -> Result<Account, AppError> {
    let person = page.person()?;
    mail.store()
        .account_of(person)
        .await
        .map_err(AppError::fault)
}

async fn page_of<'a>(
    page: &'a Page,
    mail: &Mail,
    error: String,
) -> Result<TransferPage<'a>, AppError> {
    let account = account(mail, page).await?;
    let jobs = jobs_of(mail, &account.id, SHOWN)
        .await
        .map_err(AppError::fault)?;
    let jobs: Vec<JobShown> = jobs.iter().map(|job| shown(page, job)).collect();
    Ok(TransferPage {
        page,
        side: Side::of(mail.local(), page).await?,
        error,
        live: jobs.iter().any(|job| job.live),
        jobs,
        messages: account.messages,
        used: account.used_bytes,
        host: String::new(),
        port: String::new(),
        user: String::new(),
        secure: "tls",
        trusted: String::new(),
    })
}

/// `GET /mail/transfer`; with header `x-partial` what is under way alone.
async fn show(page: Page, headers: HeaderMap, Extension(mail): Extension<Mail>) -> PageResult {
    let whole = page_of(&page, &mail, String::new()).await?;
    if !headers.contains_key("x-partial") {
        return page.html(&whole);
    }
    let (jobs, live) = (whole.jobs, whole.live);
    let mut response = page.html(&JobsPart {
        page: &page,
        jobs,
        live,
    })?;
    if !live {
        let over = HeaderValue::from_static("1");
        response.headers_mut().insert("x-over", over);
    }
    Ok(response)
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    format: String,
}

/// What a thread writes, as the body of an answer.
struct Piped {
    to: tokio::sync::mpsc::Sender<Result<Bytes, std::io::Error>>,
    piece: Vec<u8>,
}

impl Write for Piped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let piece = std::mem::take(&mut self.piece);
        if piece.is_empty() {
            return Ok(());
        }
        let sent = self.to.blocking_send(Ok(piece.into()));
        sent.map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }
}

/// `GET /mail/transfer/export?format=maildir` or `mbox`: an archive of everything.
async fn exported(
    page: Page,
    Extension(mail): Extension<Mail>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let account = account(&mail, &page).await?;
    let (format, word) = match asked.format.as_str() {
        "mbox" => (Format::Mbox, "mbox"),
        _ => (Format::Maildir, "maildir"),
    };
    let (to, mut pieces) = tokio::sync::mpsc::channel(WAITING);
    let (store, runtime) = (mail.store().clone(), tokio::runtime::Handle::current());
    let id = account.id.clone();
    tokio::task::spawn_blocking(move || {
        let failed = to.clone();
        let out = Piped {
            to,
            piece: Vec::with_capacity(PIECE),
        };
        if let Err(error) = export(&store, &id, format, TarWriter::new(out), &runtime) {
            tracing::info!(%error, "an export of mail ended early");
            // The connection breaks, so that nobody takes half for the whole.
            let _gone_already =
                failed.blocking_send(Err(std::io::Error::other("the export ended early")));
        }
    });
    let body = Body::from_stream(futures_util::stream::poll_fn(move |context| {
        pieces.poll_recv(context)
    }));
    let name: String = account
        .name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect();
    let disposition = format!("attachment; filename=\"mail-{name}-{word}.tar\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(AppError::fault)?;
    let mut response: Response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-tar"),
    );
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// `POST /mail/transfer/fetch`: `host`, `port`, `secure`, `user`, `password`, `trusted`.
async fn begin_fetch(page: Page, Extension(mail): Extension<Mail>, form: Form) -> PageResult {
    let account = account(&mail, &page).await?;
    let (secure, word, usual) = match form.get("secure") {
        "starttls" => (Secure::StartTls, "starttls", 143),
        "plain" => (Secure::Plain, "plain", 143),
        _ => (Secure::Tls, "tls", 993),
    };
    let (host, user) = (form.trimmed("host"), form.trimmed("user"));
    let port = match form.trimmed("port") {
        "" => Some(usual),
        port => port.parse::<u16>().ok().filter(|port| *port > 0),
    };
    let bad_host = host.is_empty() || host.contains(['/', ' ', '@']);
    let (false, Some(port), false) = (bad_host, port, user.is_empty()) else {
        let mut shown = page_of(&page, &mail, page.t("transfer-incomplete")).await?;
        shown.host = host.into();
        shown.port = form.trimmed("port").into();
        shown.user = user.into();
        shown.secure = word;
        shown.trusted = form.trimmed("trusted").into();
        return page.html_with(StatusCode::UNPROCESSABLE_ENTITY, &shown);
    };
    let server = Server {
        host: host.into(),
        port,
        secure,
        user: user.into(),
        trusted: form.trimmed("trusted").into(),
    };
    fetch::begin(&mail, &account.id, &server, form.get("password"))
        .await
        .map_err(AppError::fault)?;
    Ok(Page::see_other("/mail/transfer"))
}

/// `POST /mail/transfer/cancel`: `job`, one of one's own.
async fn cancel(page: Page, Extension(mail): Extension<Mail>, form: Form) -> PageResult {
    let account = account(&mail, &page).await?;
    let jobs = jobs_of(&mail, &account.id, 100)
        .await
        .map_err(AppError::fault)?;
    let Some(job) = jobs.iter().find(|job| job.id == form.get("job")) else {
        return Err(AppError::not_found());
    };
    mail.kernel()
        .cancel(&job.id)
        .await
        .map_err(AppError::fault)?;
    Ok(Page::see_other("/mail/transfer"))
}

/// `POST /mail/transfer/import` (multipart): `csrf`, `mailbox`, `file` (several).
async fn upload(page: Page, Extension(mail): Extension<Mail>, mut form: Multipart) -> PageResult {
    let account = account(&mail, &page).await?;
    let id = ids::new_id(&*mail.kernel().rng);
    let folder = mail.kernel().data.join("uploads").join(id);
    let kept = receive(&page, &mut form, &folder).await;
    let begun = match kept {
        Ok(mailbox) => import::begin(&mail, &account.id, &folder, &mailbox, true)
            .await
            .map_err(AppError::fault),
        Err(error) => Err(error),
    };
    if let Err(error) = begun {
        let _swept_at_the_next_start = tokio::fs::remove_dir_all(&folder).await;
        return Err(error);
    }
    Ok(Page::see_other("/mail/transfer"))
}

/// A full disk is said as such.
fn full(error: std::io::Error) -> AppError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            AppError::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", "")
        }
        _ => AppError::bad_request(error.to_string()),
    }
}

/// Keeps the files of a form; gives the mailbox that everything is to go to, or nothing.
async fn receive(page: &Page, form: &mut Multipart, folder: &Path) -> Result<String, AppError> {
    let bad = |error: axum::extract::multipart::MultipartError| {
        AppError::new(error.status(), "error-bad-request", error.body_text())
    };
    tokio::fs::create_dir_all(folder).await.map_err(full)?;
    let (mut mailbox, mut token, mut files, mut left) =
        (String::new(), None, 0, UPLOAD_LIMIT_BYTES);
    while let Some(mut field) = form.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_string();
        if name != "file" {
            let value = field.text().await.map_err(bad)?.trim().to_string();
            match name.as_str() {
                "csrf" => token = Some(value),
                "mailbox" => mailbox = value.chars().take(200).collect(),
                _ => {}
            }
            continue;
        }
        check_csrf(page, token.as_deref().unwrap_or_default())?;
        let Some(name) = field.file_name().and_then(safe_name) else {
            continue;
        };
        files += 1;
        if files > FILES_LIMIT {
            return Err(AppError::bad_request(format!(
                "more than {FILES_LIMIT} files: send them in parts"
            )));
        }
        let path = folder.join(&name);
        let mut out = tokio::fs::File::create(&path).await.map_err(full)?;
        while let Some(piece) = field.chunk().await.map_err(bad)? {
            left = left.checked_sub(piece.len() as u64).ok_or_else(|| {
                AppError::bad_request("the files are too large together: send them in parts")
            })?;
            out.write_all(&piece).await.map_err(full)?;
        }
        out.sync_all().await.map_err(full)?;
        if name.ends_with(".tar") {
            let (archive, folder) = (path, folder.to_path_buf());
            let unpacked = tokio::task::spawn_blocking(move || unpack(&archive, &folder)).await;
            unpacked.map_err(AppError::fault)?.map_err(full)?;
        }
    }
    check_csrf(page, token.as_deref().unwrap_or_default())?;
    if files == 0 {
        return Err(AppError::bad_request("choose at least one file"));
    }
    Ok(mailbox)
}

/// A file's name without any folder; `None` if nothing is left.
fn safe_name(given: &str) -> Option<String> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
    let name = name.trim().trim_start_matches('.').to_string();
    (!name.is_empty()).then_some(name)
}

/// Unpacks regular files of an archive into a folder, and removes the archive. Nothing gets out of the folder.
///
/// # Errors
/// It is no archive, has too many files; the disk.
pub fn unpack(archive: &Path, folder: &Path) -> std::io::Result<()> {
    let file = std::io::BufReader::with_capacity(PIECE, std::fs::File::open(archive)?);
    let mut reader = TarReader::new(file);
    let mut count = 0;
    while let Some(entry) = reader.next_entry()? {
        count += 1;
        if count > FILES_LIMIT {
            return Err(std::io::Error::other("the archive has too many files"));
        }
        let path: PathBuf = Path::new(&entry.path)
            .components()
            .filter(|part| matches!(part, Component::Normal(_)))
            .collect();
        let outside = Path::new(&entry.path)
            .components()
            .any(|part| part == Component::ParentDir);
        if outside || path.as_os_str().is_empty() {
            continue;
        }
        let to = folder.join(path);
        if entry.path.ends_with('/') {
            std::fs::create_dir_all(&to)?;
        } else if entry.is_file {
            if let Some(above) = to.parent() {
                std::fs::create_dir_all(above)?;
            }
            let mut out = std::fs::File::create(&to)?;
            std::io::copy(&mut reader, &mut out)?;
            let since =
                std::time::Duration::from_secs(u64::try_from(entry.modified_s).unwrap_or(0));
            out.set_modified(std::time::UNIX_EPOCH + since)?;
        }
    }
    std::fs::remove_file(archive)
}
