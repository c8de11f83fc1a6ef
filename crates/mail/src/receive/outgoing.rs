//! Messages that go on from here: to members of lists, answers of shared mailboxes, notices.

use async_trait::async_trait;
use lampion_mailproto::mime::compose::{Letter, Writer};

use super::{Arrival, Route, route};
use crate::local::Local;
use crate::store::{Content, Delivery, Extra, MailError, NewMessage};

/// What is read of a message's header block when fields are put on top of it, in bytes.
const HEADER_LIMIT_BYTES: usize = 1 << 20;

/// Who takes messages that go on: the queue.
#[async_trait]
pub trait Outgoing: Send + Sync + 'static {
    /// Takes a message for recipients of whatever domain. When this returns it is durable, and so are the rows of `extra`, in
    /// the same transaction.
    ///
    /// # Errors
    /// Nothing was taken.
    async fn send(
        &self,
        message: NewMessage,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<(), MailError>;
}

/// Delivers to people of this node at once, and to nobody else: for as long as there is no queue.
pub struct Inside(pub Local);

#[async_trait]
impl Outgoing for Inside {
    async fn send(
        &self,
        message: NewMessage,
        sender: &str,
        recipients: &[String],
        extra: Vec<Extra>,
    ) -> Result<(), MailError> {
        let arrival = Arrival {
            sender: sender.into(),
            ..Arrival::default()
        };
        let mut whole = Route::default();
        let mut left = 0;
        for recipient in recipients {
            let here = recipient
                .rsplit_once('@')
                .is_some_and(|(_, domain)| self.0.is_here(domain));
            if here {
                whole.add(route(&self.0, recipient, &arrival, &message.scanned).await?);
            } else {
                left += 1;
            }
        }
        if left > 0 {
            tracing::warn!(
                left,
                "there is no way to recipients on other nodes: they got nothing"
            );
        }
        whole.extra.extend(extra);
        // Of a message that nobody here gets nothing stays.
        whole.extra.push(Extra {
            sql: "insert into mail_loose (message) values ($1) on conflict (message) do nothing",
            values: Vec::new(),
        });
        let delivery = Delivery {
            message,
            targets: whole.targets,
            extra: whole.extra,
            holder: None,
        };
        self.0.store().deliver(delivery).await?;
        self.0.posted();
        Ok(())
    }
}

/// A letter as a message.
///
/// # Errors
/// As [`Store::message`](crate::store::Store::message).
pub async fn letter_message(local: &Local, letter: &Letter) -> Result<NewMessage, MailError> {
    let writer = Writer::new(None);
    let mut bytes = writer.head(letter);
    bytes.extend(writer.end());
    local.store().message(&bytes).await
}

/// A message with fields on top. Of its own fields those are left out whose names in lower case `drop` names by their
/// beginning; its other fields and its body stay as they are, byte for byte.
///
/// # Errors
/// `Damaged`, `TooLarge`; the blobs.
pub async fn on_top(
    local: &Local,
    content: &Content,
    fields: &str,
    drop: &[&str],
    header_end: u64,
) -> Result<NewMessage, MailError> {
    let mut incoming = local.store().incoming();
    incoming.write(fields.as_bytes()).await?;
    let header = content.range(0..header_end, HEADER_LIMIT_BYTES).await?;
    let mut at = header.len() as u64;
    incoming.write(&without(&header, drop)).await?;
    loop {
        let piece = content.piece(at).await?;
        if piece.is_empty() {
            return incoming.finish().await;
        }
        at += piece.len() as u64;
        incoming.write(&piece).await?;
    }
}

/// A header block without some fields, the lines that go on with them included.
pub(crate) fn without(header: &[u8], drop: &[&str]) -> Vec<u8> {
    let mut out = Vec::with_capacity(header.len());
    let mut dropped = false;
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name: Vec<u8> = line
                .split(|byte| *byte == b':')
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase();
            dropped =
                line.contains(&b':') && drop.iter().any(|one| name.starts_with(one.as_bytes()));
        }
        if !dropped {
            out.extend_from_slice(line);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn fields_go_with_their_folded_lines() {
        let header =
            b"List-Id: a\r\n <b>\r\nFrom: x\r\n\ty\r\nLIST-POST: no\r\nSubject: list-id: z\r\n\r\n";
        let left = without(header, &["list-"]);
        assert_eq!(
            String::from_utf8(left).unwrap(),
            "From: x\r\n\ty\r\nSubject: list-id: z\r\n\r\n"
        );
    }
}
