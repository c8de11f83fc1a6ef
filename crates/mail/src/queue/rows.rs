//! The rows of the queue.

use lampion_db::{Row, query, query_scalar, sqlx, transaction};
use lampion_mailproto::smtp::{Address, Notify, OriginalRecipient};

use super::{HOLDER, Queue};
use crate::store::{Extra, MailError, MessageId, Value};

/// Rows that are read at once.
pub const PAGE_ROWS: i64 = 1_000;

/// A message on its way to one recipient.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Its id in the queue.
    pub id: String,
    /// The message.
    pub message: MessageId,
    /// Who hears of failures; empty for reports.
    pub sender: String,
    /// Whom it is for.
    pub recipient: String,
    /// `smarthost` or `node NAME`.
    pub route: String,
    /// When the sender wants to hear of it.
    pub notify: Option<Notify>,
    /// As the sender wrote it.
    pub original: Option<OriginalRecipient>,
    /// A report of failure brings back the whole message.
    pub full_return: bool,
    /// The sender's own name for it.
    pub envelope_id: Option<String>,
    /// No report may be sent about it.
    pub automatic: bool,
    /// It needs SMTPUTF8.
    pub utf8: bool,
    /// It needs 8BITMIME.
    pub eight_bit: bool,
    /// Came then; only shown.
    pub arrived_ms: i64,
    /// Seconds that this node ran since.
    pub age_s: i64,
    /// Those of them after which the route answered.
    pub up_s: i64,
    /// Seconds until the next try.
    pub pause_s: i64,
    /// Tries so far.
    pub tries: i64,
    /// The sender knows that it is delayed.
    pub noticed: bool,
    /// What the last try said.
    pub said: String,
}

impl Queued {
    fn from_row(row: &sqlx::any::AnyRow) -> Result<Self, sqlx::Error> {
        let yes = |column: &str| row.try_get::<i64, _>(column).map(|value| value != 0);
        let notify: i64 = row.try_get("notify")?;
        let original: String = row.try_get("original")?;
        let envelope_id: String = row.try_get("envelope_id")?;
        Ok(Self {
            id: row.try_get("id")?,
            message: MessageId(row.try_get("message")?),
            sender: row.try_get("sender")?,
            recipient: row.try_get("recipient")?,
            route: row.try_get("route")?,
            notify: (notify >= 0).then(|| Notify::from_bits(notify)),
            original: original
                .split_once(';')
                .map(|(kind, address)| OriginalRecipient {
                    kind: kind.into(),
                    address: address.into(),
                }),
            full_return: yes("full_return")?,
            envelope_id: (!envelope_id.is_empty()).then_some(envelope_id),
            automatic: yes("automatic")?,
            utf8: yes("utf8")?,
            eight_bit: yes("eight_bit")?,
            arrived_ms: row.try_get("arrived_ms")?,
            age_s: row.try_get("age_s")?,
            up_s: row.try_get("up_s")?,
            pause_s: row.try_get("pause_s")?,
            tries: row.try_get("tries")?,
            noticed: yes("noticed")?,
            said: row.try_get("said")?,
        })
    }

    /// What it waits for, in words for the operator.
    pub fn state(&self) -> String {
        match self.route.strip_prefix("node ") {
            Some(node) => format!("waiting for node {node}"),
            None if self.tries == 0 => "new".into(),
            None => format!(
                "tried {} times, next in {} s: {}",
                self.tries,
                self.pause_s.max(0),
                self.said
            ),
        }
    }

    /// The address that reports go to.
    pub(super) fn reports_to(&self) -> Option<Address> {
        Address::parse(&self.sender).ok()
    }
}

/// Whether something was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It was.
    Yes,
    /// It is not in the queue.
    NotThere,
}

/// What takes a row out of the queue, in the transaction of something else; `$1` is that one's message.
pub(super) fn removal(queued: &Queued) -> Vec<Extra> {
    let message = || Value::Number(queued.message.0);
    vec![
        Extra {
            sql: "delete from mail_queue where id = $2 and cast($1 as bigint) <> -1",
            values: vec![Value::Text(queued.id.clone())],
        },
        Extra {
            sql: "delete from mail_hold where message = $2 and holder = 'queue' and cast($1 as bigint) <> -1
                  and not exists (select 1 from mail_queue q where q.message = mail_hold.message)",
            values: vec![message()],
        },
        Extra {
            sql: "insert into mail_loose (message) select cast($2 as bigint) where cast($1 as bigint) <> -1
                  and not exists (select 1 from mail_queue q where q.message = $2) on conflict (message) do nothing",
            values: vec![message()],
        },
    ]
}

impl Queue {
    /// What is on its way, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self) -> Result<Vec<Queued>, MailError> {
        let mut all: Vec<Queued> = Vec::new();
        loop {
            let page = self.after(all.last(), PAGE_ROWS).await?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The oldest after one, or of all: at most `limit`.
    ///
    /// # Errors
    /// The database.
    pub async fn after(&self, last: Option<&Queued>, limit: i64) -> Result<Vec<Queued>, MailError> {
        let (arrived_ms, id) = last.map_or((i64::MIN, ""), |one| (one.arrived_ms, &*one.id));
        let rows = query(
            "select * from mail_queue where arrived_ms > $1 or arrived_ms = $1 and id > $2
             order by arrived_ms, id limit $3",
        )
        .bind(arrived_ms)
        .bind(id)
        .bind(limit)
        .fetch_all(self.0.db.read())
        .await?;
        Ok(rows
            .iter()
            .map(Queued::from_row)
            .collect::<Result<_, _>>()?)
    }

    /// What of a route is due now.
    pub(super) async fn due(&self, route: &str, limit: i64) -> Result<Vec<Queued>, MailError> {
        let rows = query(
            "select * from mail_queue where route = $1 and pause_s <= 0 order by arrived_ms, message, id limit $2",
        )
        .bind(route)
        .bind(limit)
        .fetch_all(self.0.db.read())
        .await?;
        Ok(rows
            .iter()
            .map(Queued::from_row)
            .collect::<Result<_, _>>()?)
    }

    /// Routes to other nodes that something waits for.
    pub(super) async fn node_routes(&self) -> Result<Vec<String>, MailError> {
        Ok(query_scalar(
            "select distinct route from mail_queue where route <> 'smarthost' order by route",
        )
        .fetch_all(self.0.db.read())
        .await?)
    }

    /// Counts time.
    pub(super) async fn count(&self, passed_s: i64) -> Result<(), MailError> {
        let any: i64 = query_scalar("select count(*) from mail_queue")
            .fetch_one(self.0.db.read())
            .await?;
        if any > 0 && passed_s > 0 {
            query("update mail_queue set age_s = age_s + $1, pause_s = case when pause_s > $1 then pause_s - $1 else 0 end")
                .bind(passed_s)
                .execute(self.0.db.write())
                .await?;
        }
        Ok(())
    }

    /// A try that came to nothing for now.
    pub(super) async fn postpone(
        &self,
        queued: &Queued,
        pause_s: i64,
        up_s: i64,
        said: &str,
    ) -> Result<(), MailError> {
        query("update mail_queue set pause_s = $2, up_s = up_s + $3, tries = tries + 1, said = $4 where id = $1")
            .bind(&queued.id)
            .bind(pause_s)
            .bind(up_s)
            .bind(said.chars().filter(|c| !c.is_control()).take(500).collect::<String>())
            .execute(self.0.db.write())
            .await?;
        Ok(())
    }

    /// Takes it out of the queue: it has arrived, or is given up without a word.
    ///
    /// # Errors
    /// The database.
    pub async fn remove(&self, queued: &Queued) -> Result<(), MailError> {
        transaction!(self.0.db, MailError, tx => {
            query("delete from mail_queue where id = $1").bind(&queued.id).execute(&mut **tx).await?;
            let left: i64 = query_scalar("select count(*) from mail_queue where message = $1")
                .bind(queued.message.0)
                .fetch_one(&mut **tx)
                .await?;
            if left == 0 {
                query("delete from mail_hold where message = $1 and holder = $2")
                    .bind(queued.message.0)
                    .bind(HOLDER)
                    .execute(&mut **tx)
                    .await?;
                query("insert into mail_loose (message) values ($1) on conflict (message) do nothing")
                    .bind(queued.message.0)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })
    }

    /// Tries again at once what waits; one by its id, or all. Gives how many.
    ///
    /// # Errors
    /// The database.
    pub async fn retry(&self, id: Option<&str>) -> Result<u64, MailError> {
        let done = query("update mail_queue set pause_s = 0 where $1 = '' or id = $1")
            .bind(id.unwrap_or_default())
            .execute(self.0.db.write())
            .await?;
        self.0.wake.notify_one();
        Ok(done.rows_affected())
    }

    /// Gives one up; the sender is told.
    ///
    /// # Errors
    /// The database.
    pub async fn give_up(&self, id: &str) -> Result<Dropped, MailError> {
        let row = query("select * from mail_queue where id = $1")
            .bind(id)
            .fetch_optional(self.0.db.read())
            .await?;
        let Some(row) = row else {
            return Ok(Dropped::NotThere);
        };
        let queued = Queued::from_row(&row)?;
        self.failed(&queued, "5.7.1", "dsn-why-operator", None)
            .await?;
        Ok(Dropped::Yes)
    }
}
