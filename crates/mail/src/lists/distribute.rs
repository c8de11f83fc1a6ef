//! Sends out what was posted, step by step.
//!
//! Each step notes in its own transaction how far the posting came, and only from where it was read to be: if two processes
//! send the same posting, each copy goes out once, and the one that comes second leaves it to the other.

use std::time::Duration;

use async_trait::async_trait;
use lampion_db::{query, query_as, transaction};
use lampion_mailproto::mime::Structure;
use lampion_web::{App, Service, Started};
use tokio_util::sync::CancellationToken;

use super::List;
use super::header::{DROPPED, Leaving, fields};
use super::route::holder;
use crate::consent::{address_of, summary_of};
use crate::local::Local;
use crate::receive::on_top;
use crate::store::{Content, Extra, MailError, MessageId, Value};

/// How often it is looked whether another process left something.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Postings looked at at once.
const AT_ONCE: i64 = 50;
/// The first step: everybody on this node. Outside addresses follow in their order, which is after it.
const PEOPLE: &str = "!";

/// The worker of all lists.
pub struct Distributing(pub Local);

#[async_trait]
impl Service for Distributing {
    async fn start(&self, _app: App, stop: CancellationToken) -> Result<Started, String> {
        let local = self.0.clone();
        Ok(Started::work(async move {
            while !stop.is_cancelled() {
                if let Err(error) = local.distribute().await {
                    tracing::warn!(%error, "a list's messages could not be sent: it is tried again");
                }
                if let Err(error) = local.tell_of_held().await {
                    tracing::warn!(%error, "nobody could be told that messages wait for moderators: it is tried again");
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = local.wait_for_posts() => {}
                    () = pause() => {}
                }
            }
        }))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what other processes left is looked for from time to time"
)]
async fn pause() {
    tokio::time::sleep(LOOK_AGAIN).await;
}

/// A message that a list is to send.
struct Posting {
    message: i64,
    list: List,
    author: String,
    progress: String,
    content: Content,
    header_end: u64,
}

impl Local {
    /// Sends out all that was posted; how many messages were done. Of one that fails nothing is lost: it is tried again the
    /// next time, and the others go on.
    ///
    /// # Errors
    /// The first fault, after everything was tried.
    pub async fn distribute(&self) -> Result<usize, MailError> {
        let (mut done, mut failed, mut after) = (0, None, -1i64);
        loop {
            let rows: Vec<(i64, String, String, String)> = query_as(
                "select message, list, author, progress from mail_posting where state = 'send' and message > $1
                 order by message, list limit $2",
            )
            .bind(after)
            .bind(AT_ONCE)
            .fetch_all(self.db().read())
            .await?;
            let Some(last) = rows.last() else { break };
            after = last.0;
            for (message, list, author, progress) in rows {
                match self.send_posting(message, &list, author, progress).await {
                    Ok(()) => done += 1,
                    // Another process is at it.
                    Err(MailError::Taken) => {}
                    Err(error) => {
                        tracing::warn!(%error, message, "a posting could not be sent");
                        failed = Some(error);
                    }
                }
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn send_posting(
        &self,
        message: i64,
        list: &str,
        author: String,
        progress: String,
    ) -> Result<(), MailError> {
        let found = self.store().details(&[MessageId(message)]).await?.pop();
        let about = found.and_then(|one| summary_of(&one.structure));
        let (Some(list), Some((structure, _))) = (self.list(list).await?, about) else {
            // The list or the message is gone.
            return self.posting_done(message, list).await;
        };
        let mut posting = Posting {
            content: self.store().content(MessageId(message)).await?,
            header_end: header_end(&structure),
            message,
            list,
            author,
            progress,
        };
        let reached = self.reached(&posting.list.account).await?;
        if posting.progress.is_empty() {
            // Who wrote it has it in Sent.
            let people: Vec<String> = reached
                .people
                .iter()
                .map(|account| format!("{}@{}", account.name, self.domain()))
                .filter(|address| *address != posting.author)
                .collect();
            if !people.is_empty() {
                let sender = format!("{}+bounces@{}", posting.list.name, self.domain());
                self.step(&mut posting, PEOPLE, &sender, &people, Leaving::Page)
                    .await?;
            }
        }
        for address in &reached.addresses {
            if address.as_str() <= posting.progress.as_str()
                || address_of(address) == posting.author
            {
                continue;
            }
            let link = self.leave_link(&posting.list, address);
            let sender = self.bounce_address(&posting.list, address);
            self.step(
                &mut posting,
                address,
                &sender,
                std::slice::from_ref(address),
                Leaving::Link(&link),
            )
            .await?;
        }
        self.posting_done(message, &posting.list.account).await
    }

    /// One copy for some recipients; that it was sent is noted in the same transaction.
    async fn step(
        &self,
        posting: &mut Posting,
        name: &str,
        sender: &str,
        recipients: &[String],
        leaving: Leaving<'_>,
    ) -> Result<(), MailError> {
        let top = fields(&posting.list, self.domain(), self.origin(), leaving);
        let message = on_top(self, &posting.content, &top, DROPPED, posting.header_end).await?;
        let noted = Extra {
            sql: "update mail_posting set progress = $2 where $1 > 0 and message = $3 and list = $4 and progress = $5",
            values: vec![
                Value::Text(name.into()),
                Value::Number(posting.message),
                Value::Text(posting.list.account.clone()),
                Value::Text(posting.progress.clone()),
                Value::Claim,
            ],
        };
        self.outgoing()
            .send(message, sender, recipients, vec![noted])
            .await?;
        posting.progress = name.into();
        Ok(())
    }

    pub(super) async fn posting_done(&self, message: i64, list: &str) -> Result<(), MailError> {
        transaction!(self.db(), MailError, tx => {
            query("delete from mail_posting where message = $1 and list = $2")
                .bind(message)
                .bind(list)
                .execute(&mut **tx)
                .await?;
            query("delete from mail_hold where message = $1 and holder = $2")
                .bind(message)
                .bind(holder(list))
                .execute(&mut **tx)
                .await?;
            query("insert into mail_loose (message) values ($1) on conflict (message) do nothing")
                .bind(message)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    }
}

/// Where a message's header block ends, without the empty line after it.
pub(crate) fn header_end(structure: &Structure) -> u64 {
    structure.root.header.end
}
