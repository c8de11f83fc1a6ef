//! What pages of lists, shared mailboxes and requests have in common.

use axum::http::header;
use axum::response::IntoResponse as _;
use lampion_core::clock::timestamp;
use lampion_mailproto::mime::{Part, Structure, Summary, text::Gathered};
use lampion_web::{AppError, Page, PageResult};

use crate::consent::summary_of;
use crate::local::Local;
use crate::pages::section;
use crate::store::{Item, MailError, MessageId, View, refusal};

/// Messages on one page.
pub(crate) const SHOWN: usize = 50;
/// Files of one message on a page.
const FILES_LIMIT: usize = 100;
/// Text of one message on a page, in bytes.
const TEXT_LIMIT_BYTES: usize = 200_000;

/// What a form is shown again with, in the reader's language, if what was typed in it is at fault.
pub(crate) fn typed_wrong(page: &Page, error: MailError) -> Result<String, AppError> {
    match fault_of(&error) {
        Some((key, about)) => Ok(page.s(key, &about)),
        None => Err(error.into()),
    }
}

/// The key of the message for what somebody asked in vain, and what it is about.
pub(crate) fn fault_of(error: &MailError) -> Option<(&'static str, String)> {
    Some(match error {
        MailError::BadName { name, reason } if *reason == refusal::NO_ADDRESS => {
            ("mail-bad-recipient", name.clone())
        }
        MailError::BadName { name, .. } => ("me-bad-name", name.clone()),
        MailError::MailboxExists(name) | MailError::NameTaken(name) => ("me-exists", name.clone()),
        MailError::NoSuchMailbox(name) => ("me-nobody", name.clone()),
        MailError::OverQuota(name) => ("me-full", name.clone()),
        MailError::TooManyMailboxes { limit } => ("me-many-folders", limit.to_string()),
        MailError::Refused(why) => {
            let key = match *why {
                refusal::NEEDS_OWNER => "me-needs-owner",
                refusal::NEEDS_MANAGER => "me-needs-manager",
                refusal::LIST_FULL | refusal::SHARED_FULL => "me-many-members",
                refusal::ENOUGH_LISTS | refusal::ENOUGH_SHARED => "me-enough",
                refusal::NO_SENDER => "me-no-sender",
                refusal::INTO_ITSELF => "me-into-itself",
                _ => return None,
            };
            (key, String::new())
        }
        _ => return None,
    })
}

/// A message in a list of messages.
pub(crate) struct Row {
    pub uid: u32,
    pub message: MessageId,
    pub from: String,
    pub subject: String,
    pub when: String,
    pub keywords: String,
}

impl Row {
    pub fn done(&self) -> bool {
        has_keyword(&self.keywords, crate::shared::DONE)
    }
}

/// Whether a keyword is among those of a message, which are divided by spaces.
pub(crate) fn has_keyword(keywords: &str, keyword: &str) -> bool {
    keywords
        .split(' ')
        .any(|one| one.eq_ignore_ascii_case(keyword))
}

/// A time as pages show it: to the minute, UTC.
pub(crate) fn when(ms: i64) -> String {
    timestamp(ms)
        .chars()
        .take(16)
        .collect::<String>()
        .replace('T', " ")
}

/// The newest messages of a mailbox that fit, from before a UID (0 for the newest); and the UID before which more are.
pub(crate) async fn newest(
    local: &Local,
    view: &View,
    before: u32,
    fits: impl Fn(&Item) -> bool,
) -> Result<(Vec<Row>, Option<u32>), AppError> {
    let mut items: Vec<&Item> = view
        .iter()
        .rev()
        .filter(|item| (before == 0 || item.uid < before) && fits(item))
        .take(SHOWN + 1)
        .collect();
    let more = (items.len() > SHOWN)
        .then(|| items.get(SHOWN - 1).map(|item| item.uid))
        .flatten();
    items.truncate(SHOWN);
    let ids: Vec<MessageId> = items.iter().map(|item| item.message).collect();
    let details = local.store().details(&ids).await?;
    let rows = items
        .into_iter()
        .map(|item| {
            let about = details
                .iter()
                .find(|one| one.message == item.message)
                .and_then(|one| summary_of(&one.structure))
                .map(|(_, about)| about)
                .unwrap_or_default();
            Row {
                uid: item.uid,
                message: item.message,
                from: about
                    .from()
                    .first()
                    .map(|one| one.shown())
                    .unwrap_or_default(),
                subject: about.subject(),
                when: when(item.internal_ms),
                keywords: item.keywords.to_string(),
            }
        })
        .collect();
    Ok((rows, more))
}

/// A message as a page shows it.
pub(crate) struct Shown {
    pub summary: Summary,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub when: String,
    /// Paragraphs of lines.
    pub text: Vec<Vec<String>>,
    /// Its files.
    pub files: Vec<File>,
}

/// A file of a message on a page.
pub(crate) struct File {
    /// The section that it is fetched by.
    pub section: String,
    pub name: String,
    pub size_bytes: u64,
}

/// Reads a message for a page.
pub(crate) async fn read(local: &Local, item: &Item) -> Result<Shown, AppError> {
    let detail = local.store().details(&[item.message]).await?.pop();
    let (structure, summary) = detail
        .and_then(|one| summary_of(&one.structure))
        .ok_or_else(AppError::not_found)?;
    let text = body(local, item.message, &structure).await?;
    let to = summary.fields.to.as_deref().unwrap_or_default();
    let to: Vec<String> = lampion_mailproto::mime::address::mailboxes(to)
        .iter()
        .map(|one| one.shown())
        .take(20)
        .collect();
    Ok(Shown {
        from: summary
            .from()
            .first()
            .map(|one| one.shown())
            .unwrap_or_default(),
        to: to.join(", "),
        subject: summary.subject(),
        when: when(item.internal_ms),
        text: paragraphs(&text),
        files: structure
            .parts()
            .iter()
            .filter_map(|(path, part)| {
                Some(File {
                    section: section(path),
                    name: part.file_name()?,
                    size_bytes: part.decoded_octets(),
                })
            })
            .take(FILES_LIMIT)
            .collect(),
        summary,
    })
}

async fn body(
    local: &Local,
    message: MessageId,
    structure: &Structure,
) -> Result<String, AppError> {
    let content = local.store().content(message).await?;
    let texts = structure.texts();
    let plain: Vec<&Part> = texts
        .iter()
        .copied()
        .filter(|part| part.subtype != "html")
        .collect();
    let mut gathered = Gathered::new(TEXT_LIMIT_BYTES);
    for part in if plain.is_empty() { texts } else { plain } {
        if gathered.is_full() {
            break;
        }
        let end = part.body.start + gathered.wants(part);
        let limit = usize::try_from(gathered.wants(part)).unwrap_or(0);
        let raw = content.range(part.body.start..end, limit).await?;
        gathered.add(part, &raw);
    }
    Ok(gathered.finish())
}

fn paragraphs(text: &str) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            open = false;
        } else if let (true, Some(last)) = (open, all.last_mut()) {
            last.push(line.to_string());
        } else {
            all.push(vec![line.to_string()]);
            open = true;
        }
    }
    all
}

/// A message as it came, to be kept as a file.
pub(crate) async fn raw(local: &Local, message: MessageId) -> PageResult {
    let limit = usize::try_from(local.store().message_limit_bytes()).unwrap_or(usize::MAX);
    let content = local.store().content(message).await?;
    let pieces = futures_util::stream::try_unfold(
        (content, 0u64, limit as u64),
        |(content, at, limit)| async move {
            let piece = content.piece(at).await?;
            if piece.is_empty() || at > limit {
                return Ok::<_, MailError>(None);
            }
            let next = at + piece.len() as u64;
            Ok(Some((piece, (content, next, limit))))
        },
    );
    Ok((
        [
            (header::CONTENT_TYPE, "message/rfc822"),
            (
                header::CONTENT_DISPOSITION,
                "attachment; filename=\"message.eml\"",
            ),
            (header::CACHE_CONTROL, "private, no-store"),
        ],
        axum::body::Body::from_stream(pieces),
    )
        .into_response())
}
