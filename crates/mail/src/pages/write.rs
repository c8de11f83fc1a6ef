//! A letter being written: new, an answer, or one that is passed on.

use askama::Template;
use axum::extract::multipart::MultipartError;
use axum::extract::{Multipart, Path, Query};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::{Extension, Json};
use lampion_core::ids;
use lampion_mailproto::mime::{
    self, Mailbox as Person, Structure, Summary, address, subject, text,
};
use lampion_web::{AppError, Page, PageResult, check_csrf};
use serde::Deserialize;

use super::contacts::{self, Contact};
use super::letters::{self, Attached, Letter, Written};
use super::shown::{Message, when};
use super::side::Side;
use super::{Opened, Web, part, send, settings};
use crate::store::{Item, Uid};

/// Longest text of a letter, in bytes.
const TEXT_LIMIT: usize = 1 << 20;
/// Longest list of recipients and longest subject, in bytes.
const LINE_LIMIT: usize = 60 << 10;
/// Text that an answer quotes, in bytes.
const QUOTED_BYTES: usize = 30 << 10;
/// Header that is read for the ids of a thread, in bytes.
const HEADER_BYTES: usize = 128 << 10;

#[derive(Template)]
#[template(path = "mail_write.html")]
struct WritePage<'a> {
    page: &'a Page,
    side: Side,
    id: String,
    written: Written,
    files: Vec<Attached>,
    error: String,
    saved: bool,
    find: String,
    found: Vec<Contact>,
    room: u64,
    large: String,
}

/// What somebody wrote who isn't signed in any more, so that nothing of it is lost.
#[derive(Template)]
#[template(path = "mail_again.html")]
struct AgainPage<'a> {
    page: &'a Page,
    id: String,
    written: Written,
}

#[derive(Template)]
#[template(path = "mail_files.html")]
struct FilesPart<'a> {
    page: &'a Page,
    files: Vec<Attached>,
}

#[derive(Template)]
#[template(path = "mail_letters.html")]
struct LettersPage<'a> {
    page: &'a Page,
    side: Side,
    letters: Vec<(Letter, String)>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    to: String,
    cc: String,
    subject: String,
    body: String,
    /// `box.uid` of a message to answer, pass on, or write further.
    reply: String,
    all: u8,
    forward: String,
    edit: String,
}

fn place(text: &str) -> Option<(i64, Uid)> {
    let (id, uid) = text.split_once('.')?;
    Some((id.parse().ok()?, uid.parse().ok()?))
}

/// `GET /mail/letters`: letters that are not sent.
pub(super) async fn all(page: Page, Extension(web): Extension<Web>) -> PageResult {
    let opened = web.open(&page, None).await?;
    let letters = letters::all(&web, &opened.account.id).await?;
    let letters = letters.into_iter().map(|mut letter| {
        letter.error = letters::told(&page, &letter.error);
        let changed = when(letter.changed_ms);
        (letter, format!("{} {}", changed.day, changed.time))
    });
    let side = Side::new(web.local(), &page, &opened, false).await?;
    page.html(&LettersPage {
        page: &page,
        side,
        letters: letters.collect(),
    })
}

/// `GET /mail/write`: an empty form, or one that answers something. What brings files along is kept at once.
pub(super) async fn new(
    page: Page,
    Extension(web): Extension<Web>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let opened = web.open(&page, None).await?;
    let id = ids::new_id(&*web.kernel().rng);
    let own = settings::preference(&web.kernel().db, &opened.account.id).await?;
    let signature = if own.signature.trim().is_empty() {
        String::new()
    } else {
        format!("\n\n-- \n{}", own.signature)
    };
    let mut written = Written {
        to: asked.to.clone(),
        cc: asked.cc.clone(),
        subject: asked.subject.clone(),
        text: format!("{}{signature}", asked.body),
        ..Written::default()
    };
    let (kind, from) = [
        ("reply", &asked.reply),
        ("forward", &asked.forward),
        ("draft", &asked.edit),
    ]
    .into_iter()
    .find_map(|(kind, from)| Some((kind, place(from)?)))
    .unwrap_or(("", (0, 0)));
    if !kind.is_empty() {
        let source = Source::open(&web, &opened, from).await?;
        written.source = Some(from);
        written.kind = kind.into();
        match kind {
            "reply" => source.reply(
                &page,
                &web,
                &opened,
                asked.all == 1,
                &signature,
                &mut written,
            ),
            "forward" => source.forward(&page, &signature, &mut written),
            _ => source.edit(&mut written),
        }
        if kind != "reply" {
            prepare(&web, &mut written);
            letters::keep(&web, (&opened.account.id, &id), &written, ("draft", 0)).await?;
            source.bring_files(&web, &id).await?;
            return Ok(Page::see_other(&format!("/mail/write/{id}")));
        }
    }
    let form = Form {
        written,
        ..Form::default()
    };
    draw(
        &page,
        &web,
        &opened,
        &id,
        form,
        (StatusCode::OK, String::new()),
    )
    .await
}

/// `GET /mail/write/{letter}`.
pub(super) async fn show(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<String>,
) -> PageResult {
    let opened = web.open(&page, None).await?;
    let letter = letters::get(&web, &opened.account.id, &id)
        .await?
        .ok_or_else(AppError::not_found)?;
    if matches!(letter.state.as_str(), "waiting" | "sending") {
        return Ok(Page::see_other(&format!("/mail?sent={id}")));
    }
    let form = Form {
        written: letter.written,
        ..Form::default()
    };
    draw(
        &page,
        &web,
        &opened,
        &id,
        form,
        (StatusCode::OK, letters::told(&page, &letter.error)),
    )
    .await
}

async fn draw(
    page: &Page,
    web: &Web,
    opened: &Opened,
    id: &str,
    form: Form,
    (status, error): (StatusCode, String),
) -> PageResult {
    let found = if form.action == "find" {
        contacts::find(web, &opened.account.id, &form.find).await?
    } else {
        Vec::new()
    };
    // What was not kept may bear the name of a letter of somebody else.
    let files = match letters::get(web, &opened.account.id, id).await? {
        Some(_) => letters::files(web, id).await?,
        None => Vec::new(),
    };
    page.html_with(
        status,
        &WritePage {
            page,
            side: Side::new(web.local(), page, opened, false)
                .await?
                .with("write.js"),
            id: id.into(),
            written: form.written,
            files,
            saved: form.action == "save" && error.is_empty(),
            error,
            find: form.find,
            found,
            room: send::room(web),
            large: send::too_large(web, page),
        },
    )
}

/// A message that a letter begins from.
struct Source {
    message: Message,
    summary: Summary,
    text: String,
    /// The text goes on.
    cut: bool,
    content: crate::store::Content,
}

impl Source {
    async fn open(web: &Web, opened: &Opened, (id, uid): (i64, Uid)) -> Result<Self, AppError> {
        let mailbox = opened
            .mailboxes
            .iter()
            .find(|mailbox| mailbox.id.0 == id)
            .ok_or_else(AppError::not_found)?;
        let view = web.store().view(mailbox.id).await?;
        let item: Item = view.by_uid(uid).cloned().ok_or_else(AppError::not_found)?;
        let details = web.store().details(&[item.message]).await?;
        let message = Message::new(&item, details.first().ok_or_else(AppError::not_found)?);
        let content = web.store().content(item.message).await?;
        let root = &message.structure.root;
        let header = content
            .range(root.header.start..root.header.end, HEADER_BYTES)
            .await?;
        let summary = mime::fuzz::scan(&header, header.len()).summary;
        let (text, cut) = best_text(&content, &message.structure).await?;
        Ok(Self {
            message,
            summary,
            text,
            cut,
            content,
        })
    }

    /// The ids of the thread, this message last.
    fn thread(&self, written: &mut Written) {
        written.in_reply_to = self.summary.message_id();
        written.references = self.summary.ancestors();
        written.references.extend(self.summary.message_id());
    }

    fn reply(
        &self,
        page: &Page,
        web: &Web,
        opened: &Opened,
        all: bool,
        signature: &str,
        written: &mut Written,
    ) {
        let own = format!("{}@{}", opened.account.name, web.domain());
        let is_own = |person: &Person| person.address().eq_ignore_ascii_case(&own);
        let envelope = &self.message.envelope;
        let mine = envelope.from.iter().any(is_own);
        let to: Vec<Person> = if mine {
            envelope.to.clone()
        } else {
            envelope.reply_to.clone()
        };
        let listed = |people: &[Person]| {
            people
                .iter()
                .map(contacts::plain)
                .collect::<Vec<_>>()
                .join(", ")
        };
        written.to = listed(&to);
        if all {
            let others: Vec<Person> = envelope
                .to
                .iter()
                .chain(&envelope.cc)
                .filter(|person| {
                    !is_own(person) && !to.iter().any(|one| one.address() == person.address())
                })
                .cloned()
                .collect();
            written.cc = listed(&others);
        }
        written.subject = format!("Re: {}", subject::base(&self.message.subject()).text);
        self.thread(written);
        let who = envelope.from.first().map(Person::shown).unwrap_or_default();
        let at = when(self.message.item.internal_ms);
        let said = page.f(
            "mail-wrote",
            &[("who", who), ("when", format!("{} {}", at.day, at.time))],
        );
        let mut quoted = self.text.clone();
        text::truncate(&mut quoted, QUOTED_BYTES);
        let quoted: Vec<String> = quoted
            .trim_end()
            .lines()
            .map(|line| {
                if line.starts_with('>') {
                    format!(">{line}")
                } else {
                    format!("> {line}")
                }
            })
            .collect();
        written.text = format!("\n{signature}\n\n{said}\n{}\n", quoted.join("\n"));
    }

    fn forward(&self, page: &Page, signature: &str, written: &mut Written) {
        let envelope = &self.message.envelope;
        let listed = |people: &[Person]| {
            people
                .iter()
                .map(contacts::plain)
                .collect::<Vec<_>>()
                .join(", ")
        };
        written.subject = format!("Fwd: {}", self.message.subject());
        let at = when(self.message.item.internal_ms);
        written.text = format!(
            "\n{signature}\n\n---------- {} ----------\n{}: {}\n{}: {} {}\n{}: {}\n{}: {}\n\n{}\n",
            page.t("mail-forwarded"),
            page.t("mail-from"),
            listed(&envelope.from),
            page.t("mail-date"),
            at.day,
            at.time,
            page.t("mail-subject"),
            self.message.subject(),
            page.t("mail-to"),
            listed(&envelope.to),
            self.text.trim_end(),
        );
    }

    fn edit(&self, written: &mut Written) {
        let fields = &self.summary.fields;
        let listed = |field: &Option<String>| {
            let people = address::mailboxes(field.as_deref().unwrap_or(""));
            people
                .iter()
                .map(contacts::plain)
                .collect::<Vec<_>>()
                .join(", ")
        };
        written.to = listed(&fields.to);
        written.cc = listed(&fields.cc);
        written.bcc = listed(&fields.bcc);
        written.subject = self.summary.subject();
        written.text.clone_from(&self.text);
        written.references = self.summary.ancestors();
        written.in_reply_to = written.references.last().cloned();
    }

    /// Copies the files into the letter, and the whole message where its text is too long to be written further.
    async fn bring_files(&self, web: &Web, letter: &str) -> Result<(), AppError> {
        // Messages inside the message come as they are: what lies in them is not brought once more.
        let mut inside: Vec<Vec<u32>> = Vec::new();
        for (path, part) in self.message.structure.parts() {
            let whole = part.is_attachment() || (part.kind != "text" && part.kind != "multipart");
            let within = inside
                .iter()
                .any(|outer| path.starts_with(outer) && path.len() > outer.len());
            if !whole || within || matches!(part.content, mime::Body::Multipart(_)) {
                continue;
            }
            if matches!(part.content, mime::Body::Message { .. }) {
                inside.push(path.clone());
            }
            let name = part::file_name(part, &part::section(&path));
            self.bring(web, letter, &name, part).await?;
        }
        if self.cut {
            let mut whole = mime::Part::default();
            whole.body.end = self.content.size_bytes;
            self.bring(web, letter, "message.eml", &whole).await?;
        }
        Ok(())
    }

    async fn bring(
        &self,
        web: &Web,
        letter: &str,
        name: &str,
        part: &mime::Part,
    ) -> Result<(), AppError> {
        let mut coming = letters::begin_file(web, letter, (name, &part.media_type(), "")).await?;
        let mut decoder = mime::Decoder::new(&part.encoding);
        let mut at = part.body.start;
        let mut out = Vec::new();
        while at < part.body.end {
            let piece = self.content.piece(at).await?;
            let take = usize::try_from(part.body.end - at)
                .unwrap_or(usize::MAX)
                .min(piece.len());
            if take == 0 {
                break;
            }
            decoder.push(piece.get(..take).unwrap_or_default(), &mut out);
            coming.write(&out).await?;
            out.clear();
            at += take as u64;
        }
        decoder.finish(&mut out);
        coming.write(&out).await?;
        Ok(coming.finish().await?)
    }
}

/// The text of a message to quote: what is plain, or else HTML as text; and whether it goes on.
async fn best_text(
    content: &crate::store::Content,
    structure: &Structure,
) -> Result<(String, bool), AppError> {
    let texts = structure.texts();
    let plain = texts.iter().any(|part| part.is("text", "plain"));
    let mut gathered = text::Gathered::new(TEXT_LIMIT / 2);
    for part in texts
        .into_iter()
        .filter(|part| !plain || part.is("text", "plain"))
    {
        let limit = usize::try_from(gathered.wants(part)).unwrap_or(usize::MAX);
        gathered.add(part, &part::raw_bytes(content, part, limit).await?);
    }
    let cut = gathered.is_full();
    Ok((gathered.finish().replace("\r\n", "\n"), cut))
}

/// What a form sent.
#[derive(Default)]
struct Form {
    csrf: String,
    written: Written,
    action: String,
    find: String,
}

impl Form {
    fn set(&mut self, name: &str, value: String) {
        let line = |mut value: String| {
            value.retain(|c| !matches!(c, '\r' | '\n' | '\0'));
            text::truncate(&mut value, LINE_LIMIT);
            value
        };
        let written = &mut self.written;
        match name {
            "csrf" => self.csrf = value,
            "to" => written.to = line(value),
            "cc" => written.cc = line(value),
            "bcc" => written.bcc = line(value),
            "subject" => written.subject = line(value),
            "text" => {
                written.text = value.replace("\r\n", "\n");
                text::truncate(&mut written.text, TEXT_LIMIT);
            }
            "source" => written.source = place(&value),
            "kind" => written.kind = value.chars().take(10).collect(),
            "find" => self.find = value,
            "do" => self.action = value,
            _ => {}
        }
    }
}

/// What is given once to a letter.
fn prepare(web: &Web, written: &mut Written) {
    if written.message_id.is_empty() {
        written.message_id = format!("{}@{}", ids::new_secret(&*web.kernel().rng), web.domain());
    }
}

/// `POST /mail/write/{letter}` (multipart): `csrf`, `to`, `cc`, `bcc`, `subject`, `text`, `source`, `kind`, `find`,
/// `file` or `inline` (several), `do` = `send`, `save`, `auto`, `attach`, `find`, `discard`, `add:RECIPIENT`,
/// `drop:FILE`. The token comes first, files after the text.
pub(super) async fn save(
    page: Page,
    Extension(web): Extension<Web>,
    Path(id): Path<String>,
    headers: HeaderMap,
    mut sent: Multipart,
) -> PageResult {
    if id.len() > 64 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(AppError::not_found());
    }
    let partial = headers.contains_key("x-partial");
    if page.person.is_none() && !partial {
        return written_before(&page, id, sent).await;
    }
    let opened = web.open(&page, None).await?;
    let mut form = Form::default();
    let mut known = None;
    loop {
        let mut field = match sent.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => break,
            Err(error) if is_too_large(&error) => {
                return refuse_large(&page, &web, &opened, &id, form).await;
            }
            Err(error) => return Err(bad(error)),
        };
        let name = field.name().unwrap_or("").to_owned();
        if !matches!(name.as_str(), "file" | "inline") {
            form.set(&name, field.text().await.map_err(bad)?);
            continue;
        }
        let file = field.file_name().unwrap_or("").to_owned();
        // Files of a form from before the sign-in are not taken: see below.
        if file.is_empty() || !partial && check_csrf(&page, &form.csrf).is_err() {
            continue;
        }
        check_csrf(&page, &form.csrf)?;
        if known.is_none() {
            known = Some(keep(&web, &opened, &id, &mut form).await?);
        }
        let media_type = field
            .content_type()
            .unwrap_or("application/octet-stream")
            .to_owned();
        let inline = name == "inline" && media_type.starts_with("image/");
        let content_id = if inline {
            format!("{}@{}", ids::new_id(&*web.kernel().rng), web.domain())
        } else {
            String::new()
        };
        let mut coming = letters::begin_file(&web, &id, (&file, &media_type, &content_id)).await?;
        loop {
            match field.chunk().await {
                Ok(Some(piece)) => coming.write(&piece).await?,
                Ok(None) => break,
                Err(error) if is_too_large(&error) => {
                    coming.forget(&id).await?;
                    return refuse_large(&page, &web, &opened, &id, form).await;
                }
                Err(error) => return Err(bad(error)),
            }
        }
        coming.finish().await?;
    }
    match check_csrf(&page, &form.csrf) {
        Ok(()) => act(&page, &web, &opened, &id, form, partial).await,
        Err(error) if partial => Err(error),
        // Signed in anew since the form was made, or sent by a page of others: nothing is done, and nothing lost.
        Err(error) => {
            form.action.clear();
            let said = page.t("mail-look-again");
            draw(&page, &web, &opened, &id, form, (error.status, said)).await
        }
    }
}

fn bad(error: MultipartError) -> AppError {
    AppError::new(error.status(), "error-bad-request", error.body_text())
}

fn is_too_large(error: &MultipartError) -> bool {
    error.status() == StatusCode::PAYLOAD_TOO_LARGE
}

/// The form again, without the file that was too large.
async fn refuse_large(
    page: &Page,
    web: &Web,
    opened: &Opened,
    id: &str,
    mut form: Form,
) -> PageResult {
    check_csrf(page, &form.csrf)?;
    form.action.clear();
    let said = send::too_large(web, page);
    let status = StatusCode::PAYLOAD_TOO_LARGE;
    draw(page, web, opened, id, form, (status, said)).await
}

/// The form of somebody who isn't signed in any more, to be sent again after signing in. Nothing is kept here.
async fn written_before(page: &Page, id: String, mut sent: Multipart) -> PageResult {
    let mut form = Form::default();
    let mut room = TEXT_LIMIT + 4 * LINE_LIMIT;
    while let Some(mut field) = sent.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or("").to_owned();
        let mut value = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(bad)? {
            if matches!(name.as_str(), "file" | "inline") {
                continue;
            }
            room = room
                .checked_sub(piece.len())
                .ok_or_else(AppError::sign_in_first)?;
            value.extend_from_slice(&piece);
        }
        form.set(&name, String::from_utf8_lossy(&value).into_owned());
    }
    let written = form.written;
    page.html_with(StatusCode::UNAUTHORIZED, &AgainPage { page, id, written })
}

/// Keeps what was sent as a draft. What the first save learnt of the thread stays.
async fn keep(web: &Web, opened: &Opened, id: &str, form: &mut Form) -> Result<(), AppError> {
    match letters::get(web, &opened.account.id, id).await? {
        Some(letter) => {
            let old = letter.written;
            let written = &mut form.written;
            (written.message_id, written.in_reply_to, written.references) =
                (old.message_id, old.in_reply_to, old.references);
            (written.source, written.kind) = (old.source, old.kind);
        }
        None => {
            if let Some(from) = form.written.source
                && form.written.kind == "reply"
                && let Ok(source) = Source::open(web, opened, from).await
            {
                source.thread(&mut form.written);
            }
        }
    }
    prepare(web, &mut form.written);
    if letters::keep(web, (&opened.account.id, id), &form.written, ("draft", 0)).await? {
        Ok(())
    } else {
        Err(AppError::new(StatusCode::CONFLICT, "mail-sent-already", ""))
    }
}

async fn act(
    page: &Page,
    web: &Web,
    opened: &Opened,
    id: &str,
    mut form: Form,
    partial: bool,
) -> PageResult {
    if form.action == "discard" {
        let letter = letters::get(web, &opened.account.id, id).await?;
        letters::discard(web, &opened.account.id, id).await?;
        if let Some(letter) = letter {
            send::forget_draft(web, &opened.account.id, &letter.written).await?;
        }
        return Ok(Page::see_other("/mail"));
    }
    if let Some(recipient) = form.action.strip_prefix("add:") {
        let to = form.written.to.trim().trim_end_matches(',');
        form.written.to = if to.is_empty() {
            recipient.to_owned()
        } else {
            format!("{to}, {recipient}")
        };
    }
    keep(web, opened, id, &mut form).await?;
    if let Some(file) = form.action.strip_prefix("drop:") {
        letters::drop_file(web, id, file).await?;
    }
    if partial {
        if form.action == "auto" {
            return Ok(Json(serde_json::json!({ "saved": true })).into_response());
        }
        let files = letters::files(web, id).await?;
        return Ok(Html(FilesPart { page, files }.render()?).into_response());
    }
    if form.action != "send" {
        return draw(page, web, opened, id, form, (StatusCode::OK, String::new())).await;
    }
    send_it(page, web, opened, id, form).await
}

async fn send_it(
    page: &Page,
    web: &Web,
    opened: &Opened,
    id: &str,
    form: Form,
) -> Result<Response, AppError> {
    let refused = send::check(web, page, id, &form.written).await?.err();
    if let Some(refused) = refused {
        return draw(
            page,
            web,
            opened,
            id,
            form,
            (StatusCode::UNPROCESSABLE_ENTITY, refused),
        )
        .await;
    }
    let own = settings::preference(&web.kernel().db, &opened.account.id).await?;
    if !letters::keep(
        web,
        (&opened.account.id, id),
        &form.written,
        ("waiting", own.undo_s),
    )
    .await?
    {
        return Err(AppError::new(StatusCode::CONFLICT, "mail-sent-already", ""));
    }
    web.0.waiting.notify_one();
    Ok(Page::see_other(&if own.undo_s > 0 {
        format!("/mail?sent={id}")
    } else {
        "/mail?done=sent".into()
    }))
}
