//! Threads of messages (RFC 8474 §5.2): each account has its own, and a message belongs to that of what it answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Row, Together, Tx};
use lampion_mailproto::mime::Summary;

use super::model::MailError;

/// Of the messages that a message answers, so many are looked for to find its thread.
const ANCESTORS: usize = 20;

/// A message in an account, and the references under which it is known, its own first ([`references`]).
pub(super) struct Known {
    pub account: Arc<str>,
    pub message: i64,
    pub references: Vec<i64>,
}

/// By account and message, the thread.
pub(super) type Threads = BTreeMap<(Arc<str>, i64), i64>;
/// That an account's messages of a reference belong to a thread.
pub(super) type Reference = (Arc<str>, i64, i64);

/// The references under which a message is known, its own first.
pub(super) fn references(summary: &Summary) -> Vec<i64> {
    let ancestors = summary.ancestors();
    let skip = ancestors.len().saturating_sub(ANCESTORS);
    summary
        .message_id()
        .into_iter()
        .chain(ancestors.into_iter().skip(skip))
        .map(|reference| hash_of(&reference))
        .collect()
}

/// What is to be looked for.
pub(super) fn keys(known: &[Known]) -> Vec<(Arc<str>, i64)> {
    known
        .iter()
        .flat_map(|one| {
            let account = &one.account;
            let keys = one.references.iter();
            keys.map(|reference| (Arc::clone(account), *reference))
        })
        .collect()
}

/// Looks for it; the rows are for [`from`].
pub(super) fn add<'a>(all: &mut Together<'a>, keys: &'a [(Arc<str>, i64)]) {
    all.add(
        "select account, reference, thread from mail_thread where (account, reference) in (values {})",
        2,
        keys,
        |statement, (account, reference)| statement.bind(account.to_string()).bind(*reference),
    );
}

/// The threads of messages in the order in which they came, and what is to be noted of them.
pub(super) fn from(
    rows: &[AnyRow],
    known: impl IntoIterator<Item = Known>,
) -> Result<(Threads, Vec<Reference>), MailError> {
    let mut of: BTreeMap<(Arc<str>, i64), i64> = BTreeMap::new();
    for row in rows {
        let account: String = row.try_get(0)?;
        of.insert((account.into(), row.try_get(1)?), row.try_get(2)?);
    }
    let (mut threads, mut new) = (BTreeMap::new(), Vec::new());
    for one in known {
        let account = &one.account;
        let found = one
            .references
            .iter()
            .filter_map(|reference| of.get(&(Arc::clone(account), *reference)))
            .min()
            .copied();
        let thread = found.unwrap_or(one.message);
        for reference in &one.references {
            let key = (Arc::clone(account), *reference);
            if of.insert(key, thread).is_none() {
                new.push((Arc::clone(account), *reference, thread));
            }
        }
        threads.insert((one.account, one.message), thread);
    }
    Ok((threads, new))
}

/// Both in a transaction.
pub(super) async fn look(
    tx: &mut Tx,
    known: Vec<Known>,
) -> Result<(Threads, Vec<Reference>), MailError> {
    let keys = keys(&known);
    let mut all = Together::on(tx);
    add(&mut all, &keys);
    let found = all.run(tx).await?;
    from(found.first().map_or(&[][..], Vec::as_slice), known)
}

/// A Message-ID as a number.
fn hash_of(reference: &str) -> i64 {
    let hash = blake3::hash(reference.as_bytes());
    let mut bytes = [0u8; 8];
    for (to, from) in bytes.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    i64::from_le_bytes(bytes)
}
