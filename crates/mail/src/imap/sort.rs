//! SORT and THREAD (RFC 5256).

use std::cmp::Ordering;
use std::collections::HashMap;

use lampion_mailproto::imap::command::{SearchKey, SortCommand, SortKey, Threading};
use lampion_mailproto::imap::thread::{self, Threadable};
use lampion_mailproto::mime::{ids, subject};
use lampion_mailproto::put;

use super::search::Found;
use super::selected::Member;
use super::session::{Answer, Done, Failure, Session};
use super::summary::{Address, Summary};
use crate::store::{MailError, MessageId};

/// Header block that is read for `References`, in bytes.
const HEADER_LIMIT: usize = 64 * 1024;

/// What messages are sorted by.
#[derive(Default)]
struct Keys {
    sent_ms: i64,
    subject: String,
    from: String,
    to: String,
    cc: String,
}

impl Session {
    pub(super) async fn sort(&mut self, tag: &str, command: &SortCommand) -> Done {
        let mut members = match self.find_messages(&command.key).await? {
            Found::Members(members) => members,
            Found::Late => return Ok(self.late(command.returns.as_deref())),
        };
        let by_text = command
            .by
            .iter()
            .any(|(key, _)| !matches!(key, SortKey::Arrival | SortKey::Size));
        let mut keys = HashMap::new();
        if by_text {
            keys = self
                .summaries(&members)
                .await?
                .into_iter()
                .map(|(id, summary)| (id, of_summary(&summary)))
                .collect();
        }
        let none = Keys::default();
        members.sort_by(|a, b| {
            let (a_keys, b_keys) = (
                keys.get(&a.item.message).unwrap_or(&none),
                keys.get(&b.item.message).unwrap_or(&none),
            );
            for (key, reverse) in &command.by {
                let order = match key {
                    SortKey::Arrival => a.item.internal_ms.cmp(&b.item.internal_ms),
                    SortKey::Size => a.item.size_bytes.cmp(&b.item.size_bytes),
                    SortKey::Date => sent(a, a_keys).cmp(&sent(b, b_keys)),
                    SortKey::Subject => a_keys.subject.cmp(&b_keys.subject),
                    SortKey::From => a_keys.from.cmp(&b_keys.from),
                    SortKey::To => a_keys.to.cmp(&b_keys.to),
                    SortKey::Cc => a_keys.cc.cmp(&b_keys.cc),
                };
                let order = if *reverse { order.reverse() } else { order };
                if order != Ordering::Equal {
                    return order;
                }
            }
            a.number.cmp(&b.number)
        });
        let asks = command.key.asks_modseq();
        self.tell_found(
            tag,
            "SORT",
            &members,
            command.uid,
            command.returns.as_deref(),
            asks,
        );
        Answer::done("that is all")
    }

    async fn summaries(&self, members: &[Member]) -> Result<HashMap<MessageId, Summary>, Failure> {
        let store = self.store();
        let ids: Vec<MessageId> = members.iter().map(|member| member.item.message).collect();
        let mut out = HashMap::with_capacity(ids.len());
        for some in ids.chunks(1_000) {
            for (id, envelope) in store.envelopes(some).await? {
                out.insert(id, Summary::of(&envelope));
            }
        }
        Ok(out)
    }

    pub(super) async fn thread(&mut self, uid: bool, how: Threading, key: &SearchKey) -> Done {
        let members = match self.find_messages(key).await? {
            Found::Members(members) => members,
            Found::Late => return Ok(self.late(None)),
        };
        let summaries = self.summaries(&members).await?;
        let store = self.store();
        let mut all = Vec::with_capacity(members.len());
        for member in &members {
            let Some(summary) = summaries.get(&member.item.message) else {
                continue;
            };
            let base = subject::base(&summary.subject);
            let mut references = Vec::new();
            if how == Threading::References {
                match store.content(member.item.message).await {
                    Ok(content) => {
                        let header = content.range(0..content.size_bytes, HEADER_LIMIT).await?;
                        references = referred(&header, summary);
                    }
                    Err(MailError::NoSuchMessage) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            all.push(Threadable {
                number: if uid { member.item.uid } else { member.number },
                sent_ms: summary
                    .sent()
                    .map_or(member.item.internal_ms, |sent| sent.unix_ms),
                id: summary.id(),
                references,
                subject: base.text.to_uppercase(),
                is_reply: base.is_reply_or_forward,
            });
        }
        let threads = match how {
            Threading::OrderedSubject => thread::ordered_subject(all),
            Threading::References => thread::references(&all),
        };
        put!(self.wire.out, "* THREAD");
        if !threads.is_empty() {
            self.wire.out.push(b' ');
            thread::write(&threads, &mut self.wire.out);
        }
        self.wire.out.extend_from_slice(b"\r\n");
        Answer::done("that is all")
    }
}

fn sent(member: &Member, keys: &Keys) -> i64 {
    if keys.sent_ms == 0 {
        member.item.internal_ms
    } else {
        keys.sent_ms
    }
}

fn of_summary(summary: &Summary) -> Keys {
    let first = |all: &[Address]| {
        all.first()
            .map(|one| one.mailbox.to_uppercase())
            .unwrap_or_default()
    };
    Keys {
        sent_ms: summary.sent().map_or(0, |sent| sent.unix_ms),
        // RFC 5256 §3, RFC 5051: capitals are compared, so `_` comes after letters.
        subject: subject::base(&summary.subject).text.to_uppercase(),
        from: first(&summary.from),
        to: first(&summary.to),
        cc: first(&summary.cc),
    }
}

/// RFC 5256 §3: `References`, or else the first id of `In-Reply-To`.
fn referred(header: &[u8], summary: &Summary) -> Vec<String> {
    let head = match header.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => header.get(..at).unwrap_or_default(),
        None => header,
    };
    let text = String::from_utf8_lossy(head)
        .replace("\r\n ", " ")
        .replace("\r\n\t", " ");
    let line = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("References"))
        .map(|(_, value)| ids::parse(value))
        .unwrap_or_default();
    if line.is_empty() {
        return ids::parse(&summary.in_reply_to)
            .into_iter()
            .take(1)
            .collect();
    }
    line
}
