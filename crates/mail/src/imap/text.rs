//! Which messages contain a text: by reading them; where they are many, `BODY` and `TEXT` by the account's index, in which
//! words count and not letters within them (RFC 9051 §6.4.4 allows it for these two).
//!
//! The index knows what attached files say, so `TEXT` finds it there, as servers with a full text index do; reading does not
//! open files, and neither does `BODY`, whose hits are read again.
//!
//! Letters are compared without case; header fields are decoded (RFC 2047), bodies too, HTML counts as its text.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use lampion_mailproto::imap::search::Field;
use lampion_mailproto::mime::text::Gathered;
use lampion_mailproto::mime::{Body, Structure, charset, words};

use super::fetch::structure;
use super::summary::{Summary, shown};
use crate::Mail;
use crate::store::{CONTENTS_AT_ONCE, Content, MailError, MessageId, Store};

/// The longest that reading messages for one search may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);
/// So many messages are rather read than looked for in the index.
const READ_LIMIT: usize = 1_000;
/// Text of one message that is looked through, in bytes.
const TEXT_LIMIT: usize = 1 << 20;
/// Header block that is looked through, in bytes.
const HEADER_LIMIT: usize = 256 * 1024;
/// Messages whose rows are read at once.
const BATCH: usize = 500;

/// Where a text is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Place {
    Field(FieldName),
    Header(String),
    Body,
    Text,
}

/// A field that the kept envelope has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FieldName {
    Bcc,
    Cc,
    From,
    Subject,
    To,
}

impl From<Field> for FieldName {
    fn from(field: Field) -> Self {
        match field {
            Field::Bcc => Self::Bcc,
            Field::Cc => Self::Cc,
            Field::From => Self::From,
            Field::Subject => Self::Subject,
            Field::To => Self::To,
        }
    }
}

/// A text and where it must stand; the text in lower case.
pub(super) type Wanted = (Place, String);

/// [`containing`], by the account's index where that spares reading many messages.
pub(super) async fn find(
    mail: &Mail,
    account: &str,
    messages: &[MessageId],
    wanted: &[Wanted],
) -> Result<Option<HashMap<Wanted, HashSet<MessageId>>>, MailError> {
    let mut found = HashMap::new();
    let mut rest = Vec::new();
    for one in wanted {
        let indexed = matches!(one.0, Place::Body | Place::Text) && messages.len() > READ_LIMIT;
        let account = match indexed {
            true => mail.store().account(account).await?,
            false => None,
        };
        let ids = match account {
            Some(account) => mail.containing(&account, &one.1).await?,
            None => None,
        };
        let Some(ids) = ids else {
            rest.push(one.clone());
            continue;
        };
        let mut ids: Vec<MessageId> = messages
            .iter()
            .copied()
            .filter(|id| ids.contains(id))
            .collect();
        // The index knows the text in subjects and names too.
        if one.0 == Place::Body && ids.len() <= READ_LIMIT {
            match containing(mail.store(), &ids, std::slice::from_ref(one)).await? {
                Some(read) => ids.retain(|id| read.values().any(|ids| ids.contains(id))),
                None => return Ok(None),
            }
        }
        found.insert(one.clone(), ids.into_iter().collect());
    }
    if !rest.is_empty() {
        match containing(mail.store(), messages, &rest).await? {
            Some(read) => found.extend(read),
            None => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Which of the messages contain which of the texts. `None` if the deadline passed: an answer that lacks some would lie.
async fn containing(
    store: &Store,
    messages: &[MessageId],
    wanted: &[Wanted],
) -> Result<Option<HashMap<Wanted, HashSet<MessageId>>>, MailError> {
    let begun = Instant::now();
    let mut found: HashMap<Wanted, HashSet<MessageId>> = wanted
        .iter()
        .map(|one| (one.clone(), HashSet::new()))
        .collect();
    let only_envelopes = wanted
        .iter()
        .all(|(place, _)| matches!(place, Place::Field(_)));
    for some in messages.chunks(BATCH) {
        if begun.elapsed() > DEADLINE {
            return Ok(None);
        }
        if only_envelopes {
            for (id, envelope) in store.envelopes(some).await? {
                let summary = Summary::of(&envelope);
                note(&mut found, id, |place, text| {
                    in_summary(&summary, place, text)
                });
            }
            continue;
        }
        let details = store.details(some).await?;
        let mut contents: HashMap<MessageId, Content> = HashMap::new();
        for (n, detail) in details.iter().enumerate() {
            if n.is_multiple_of(CONTENTS_AT_ONCE) {
                let rest = details.iter().skip(n).take(CONTENTS_AT_ONCE);
                let ids: Vec<MessageId> = rest.map(|detail| detail.message).collect();
                contents = store.contents(&ids).await?.into_iter().collect();
            }
            let structure = structure(detail)?;
            let Some(content) = contents.get(&detail.message) else {
                continue;
            };
            let summary = Summary::of(&detail.envelope);
            let header = structure.root.header;
            let raw = content
                .range(header.start..header.end, HEADER_LIMIT)
                .await?;
            let fields = fields(&raw);
            let needs_body = wanted
                .iter()
                .any(|(place, _)| matches!(place, Place::Body | Place::Text));
            let mut body = String::new();
            if needs_body {
                let mut gathered = Gathered::new(TEXT_LIMIT);
                for part in texts(&structure) {
                    if gathered.is_full() {
                        break;
                    }
                    let len = usize::try_from(gathered.wants(part)).unwrap_or(usize::MAX);
                    let raw = content
                        .range(part.body.start..part.body.end, len.min(TEXT_LIMIT * 8))
                        .await?;
                    gathered.add(part, &raw);
                }
                body = gathered.finish().to_lowercase();
            }
            note(&mut found, detail.message, |place, text| match place {
                Place::Field(_) => in_summary(&summary, place, text),
                Place::Header(name) => fields
                    .iter()
                    .any(|(own, value)| own.eq_ignore_ascii_case(name) && value.contains(text)),
                Place::Body => body.contains(text),
                Place::Text => {
                    body.contains(text)
                        || fields.iter().any(|(name, value)| {
                            value.contains(text)
                                || format!("{}: {value}", name.to_lowercase()).contains(text)
                        })
                }
            });
        }
    }
    Ok(Some(found))
}

fn note(
    found: &mut HashMap<Wanted, HashSet<MessageId>>,
    id: MessageId,
    has: impl Fn(&Place, &str) -> bool,
) {
    for ((place, text), ids) in found.iter_mut() {
        if has(place, text) {
            ids.insert(id);
        }
    }
}

fn in_summary(summary: &Summary, place: &Place, text: &str) -> bool {
    let Place::Field(field) = place else {
        return false;
    };
    let value = match field {
        FieldName::Subject => summary.subject.clone(),
        FieldName::From => shown(&summary.from),
        FieldName::To => shown(&summary.to),
        FieldName::Cc => shown(&summary.cc),
        FieldName::Bcc => shown(&summary.bcc),
    };
    value.to_lowercase().contains(text)
}

/// Header fields: name, and value unfolded, decoded and in lower case.
pub(super) fn fields(header: &[u8]) -> Vec<(String, String)> {
    let text = charset::raw(header);
    let mut out: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = out.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
            continue;
        }
        if let Some((name, value)) = line.split_once(':') {
            out.push((name.trim().to_string(), value.trim().to_string()));
        }
    }
    for (_, value) in &mut out {
        *value = words::decode(value).to_lowercase();
    }
    out
}

/// All text of a message, that of messages inside too.
fn texts(structure: &Structure) -> Vec<&lampion_mailproto::mime::Part> {
    structure
        .parts()
        .into_iter()
        .map(|(_, part)| part)
        .filter(|part| part.kind == "text" && matches!(part.content, Body::Leaf))
        .collect()
}
