//! IMAP's ENVELOPE of messages, written out: programs ask for those of a whole mailbox, and mostly more than once.
//!
//! What was asked for lately is kept in memory, in two generations: what isn't asked for again while one of them fills, or for
//! some seconds, goes. A message's envelope never changes, and its id is never another's.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lampion_db::Row;

use super::model::{MailError, MessageId};
use super::{Store, rows_of_ids};

/// Bytes of one generation, with what a table needs beside them.
const GENERATION_BYTES: usize = 4 << 20;
/// What an envelope takes beside its text.
const BESIDE_BYTES: usize = 64;

/// Envelopes in memory.
#[derive(Default)]
pub(super) struct Envelopes(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<MessageId, Arc<str>>,
    young_bytes: usize,
    old: HashMap<MessageId, Arc<str>>,
    used: bool,
}

impl Generations {
    fn get(&mut self, message: MessageId) -> Option<Arc<str>> {
        if let Some(envelope) = self.young.get(&message) {
            return Some(Arc::clone(envelope));
        }
        let envelope = self.old.remove(&message)?;
        self.put(message, Arc::clone(&envelope));
        Some(envelope)
    }

    fn put(&mut self, message: MessageId, envelope: Arc<str>) {
        self.young_bytes += envelope.len() + BESIDE_BYTES;
        self.young.insert(message, envelope);
        if self.young_bytes > GENERATION_BYTES {
            self.grow_old();
        }
    }

    fn grow_old(&mut self) {
        self.old = std::mem::take(&mut self.young);
        self.young_bytes = 0;
    }
}

impl Envelopes {
    /// The envelopes that are known of messages; the other messages.
    fn get(&self, messages: &[MessageId]) -> (Vec<(MessageId, Arc<str>)>, Vec<MessageId>) {
        let (mut known, mut missing) = (Vec::with_capacity(messages.len()), Vec::new());
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.used = true;
        for message in messages {
            match generations.get(*message) {
                Some(envelope) => known.push((*message, envelope)),
                None => missing.push(*message),
            }
        }
        (known, missing)
    }

    fn put(&self, read: &[(MessageId, Arc<str>)]) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (message, envelope) in read {
            generations.put(*message, Arc::clone(envelope));
        }
    }

    /// To be called now and then: what nobody asked for since the last time but one goes.
    pub(super) fn age(&self) {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !std::mem::take(&mut generations.used) {
            generations.grow_old();
        }
    }
}

impl Store {
    /// Envelopes of messages; by message, those that are gone are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn envelopes(
        &self,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, Arc<str>)>, MailError> {
        let (mut all, missing) = self.0.envelopes.get(messages);
        if !missing.is_empty() {
            let read = self.read_envelopes(&missing).await?;
            self.0.envelopes.put(&read);
            all.extend(read);
        }
        all.sort_unstable_by_key(|(message, _)| *message);
        Ok(all)
    }

    /// One row of text for many: a row for each takes twice the time.
    async fn read_envelopes(
        &self,
        messages: &[MessageId],
    ) -> Result<Vec<(MessageId, Arc<str>)>, MailError> {
        let rows = rows_of_ids(
            self.db(),
            "select coalesce(string_agg(concat_ws(' ', id, octet_length(envelope), envelope), ''), '') from mail_message where id in",
            messages,
        )
        .await?;
        let mut all = Vec::with_capacity(messages.len());
        for row in &rows {
            let text: String = row.try_get(0)?;
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let (one, after) = first(rest)
                    .ok_or_else(|| MailError::Fault("envelopes can't be read".into()))?;
                all.push(one);
                rest = after;
            }
        }
        Ok(all)
    }
}

/// The first of envelopes that follow one another: its message, its length in bytes, itself.
fn first(text: &str) -> Option<((MessageId, Arc<str>), &str)> {
    let (message, rest) = text.split_once(' ')?;
    let (length, rest) = rest.split_once(' ')?;
    let (envelope, rest) = rest.split_at_checked(length.parse().ok()?)?;
    Some(((MessageId(message.parse().ok()?), envelope.into()), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn envelopes_follow_one_another_by_their_lengths() {
        let ((message, envelope), rest) = first("7 5 (1 \u{e9}12 0 ").unwrap();
        assert_eq!((message, &*envelope), (MessageId(7), "(1 \u{e9}"));
        let ((message, envelope), rest) = first(rest).unwrap();
        assert_eq!((message, &*envelope, rest), (MessageId(12), "", ""));
        for bad in ["7", "7 x ab", "7 9 ab", "x 1 a", "7 1 \u{e9}"] {
            assert!(first(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let envelopes = Envelopes::default();
        let id = |n: usize| MessageId(i64::try_from(n).unwrap());
        let text: Arc<str> = "x".repeat(1_000).into();
        let bytes = || {
            let generations = envelopes.0.lock().unwrap();
            (generations.young.len() + generations.old.len()) * (1_000 + BESIDE_BYTES)
        };
        for n in 0..20_000 {
            envelopes.put(&[(id(n), Arc::clone(&text))]);
            // The first is asked for all the time.
            assert_eq!(envelopes.get(&[id(0)]).0.len(), 1, "{n}");
            assert!(bytes() <= 2 * GENERATION_BYTES + 2_000);
        }
        assert_eq!(envelopes.get(&[id(1), id(19_999)]).1, [id(1)]);
        envelopes.age();
        assert_eq!(envelopes.get(&[id(0)]).0.len(), 1);
        for _ in 0..3 {
            envelopes.age();
        }
        assert_eq!(bytes(), 0);
    }
}
