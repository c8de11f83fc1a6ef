//! Letters being written and letters that wait: rows whose content is sealed, and their files in sealed pieces.

use lampion_core::ids;
use lampion_db::{DbError, Row, query, query_as, query_scalar, transaction};
use serde::{Deserialize, Serialize};

use super::Web;
use crate::store::MailError;

/// Letters of one account that are not sent, at most.
pub(super) const LETTERS_LIMIT: i64 = 500;
/// Files of one letter at most.
pub(super) const FILES_LIMIT: i64 = 50;
/// Bytes of a file in one row.
pub(super) const PIECE_BYTES: usize = 128 << 10;

/// What somebody writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub to: String,
    pub cc: String,
    pub bcc: String,
    pub subject: String,
    pub text: String,
    /// The message's id, given once: sent twice after a crash, it is known again.
    pub message_id: String,
    pub in_reply_to: Option<String>,
    pub references: Vec<String>,
    /// What it answers or passes on: mailbox and number; `reply`, `forward` or `draft`.
    pub source: Option<(i64, u32)>,
    pub kind: String,
}

/// A letter that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub id: String,
    pub account: String,
    pub state: String,
    pub wait_s: i64,
    pub changed_ms: i64,
    pub error: String,
    pub written: Written,
}

/// A file of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attached {
    pub id: String,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub content_id: String,
}

fn sealed(web: &Web, written: &Written) -> Result<Vec<u8>, MailError> {
    let bytes =
        postcard::to_stdvec(written).map_err(|error| MailError::Fault(error.to_string()))?;
    web.store().seal(&bytes)
}

const COLUMNS: &str = "id, account, state, wait_s, changed_ms, error, content";
type Columns = (String, String, String, i64, i64, String, Vec<u8>);

fn letter(web: &Web, row: Columns) -> Result<Letter, MailError> {
    let (id, account, state, wait_s, changed_ms, error, content) = row;
    let bytes = web.store().unseal(&content)?;
    let written =
        postcard::from_bytes(&bytes).map_err(|error| MailError::Fault(error.to_string()))?;
    Ok(Letter {
        id,
        account,
        state,
        wait_s,
        changed_ms,
        error,
        written,
    })
}

/// How many letters are not sent, and how many of these could not be.
pub(super) async fn count(db: &lampion_db::Db, account: &str) -> Result<(i64, i64), MailError> {
    let sql = "select count(*), count(case when state = 'failed' then 1 end) from mail_letter where account = $1";
    Ok(query_as(sql).bind(account).fetch_one(db.read()).await?)
}

/// All of an account, the newest first.
pub(super) async fn all(web: &Web, account: &str) -> Result<Vec<Letter>, MailError> {
    let sql = format!(
        "select {COLUMNS} from mail_letter where account = $1 order by changed_ms desc, id"
    );
    let rows: Vec<Columns> = query_as(lampion_db::AssertSqlSafe(sql))
        .bind(account)
        .fetch_all(web.kernel().db.read())
        .await?;
    rows.into_iter().map(|row| letter(web, row)).collect()
}

/// One letter of an account.
pub(super) async fn get(web: &Web, account: &str, id: &str) -> Result<Option<Letter>, MailError> {
    let sql = format!("select {COLUMNS} from mail_letter where account = $1 and id = $2");
    let row: Option<Columns> = query_as(lampion_db::AssertSqlSafe(sql))
        .bind(account)
        .bind(id)
        .fetch_optional(web.kernel().db.read())
        .await?;
    row.map(|row| letter(web, row)).transpose()
}

/// Letters in a state, of all accounts.
pub(super) async fn in_state(web: &Web, state: &str, limit: i64) -> Result<Vec<Letter>, MailError> {
    let sql = format!("select {COLUMNS} from mail_letter where state = $1 order by id limit $2");
    let rows: Vec<Columns> = query_as(lampion_db::AssertSqlSafe(sql))
        .bind(state)
        .bind(limit)
        .fetch_all(web.kernel().db.read())
        .await?;
    rows.into_iter().map(|row| letter(web, row)).collect()
}

/// Keeps a letter as a draft, or in the state that is given. A letter that waits or is sent isn't changed any more:
/// then `false`.
pub(super) async fn keep(
    web: &Web,
    (account, id): (&str, &str),
    written: &Written,
    (state, wait_s): (&str, i64),
) -> Result<bool, MailError> {
    let content = sealed(web, written)?;
    let now_ms = web.kernel().clock.now_ms();
    transaction!(web.kernel().db, MailError, tx => {
        let changed = query(
            "update mail_letter set state = $1, wait_s = $2, changed_ms = $3, error = '', content = $4
             where id = $5 and account = $6 and state in ('draft', 'failed')",
        )
        .bind(state)
        .bind(wait_s)
        .bind(now_ms)
        .bind(content.clone())
        .bind(id)
        .bind(account)
        .execute(&mut **tx)
        .await?;
        if changed.rows_affected() > 0 {
            return Ok(true);
        }
        let count: i64 = query_scalar("select count(*) from mail_letter where account = $1")
            .bind(account)
            .fetch_one(&mut **tx)
            .await?;
        if count >= LETTERS_LIMIT {
            return Err(MailError::Refused("there are too many letters that are not sent: send or discard some"));
        }
        let made = query(
            "insert into mail_letter (id, account, state, wait_s, changed_ms, error, content)
             values ($1, $2, $3, $4, $5, '', $6) on conflict (id) do nothing",
        )
        .bind(id)
        .bind(account)
        .bind(state)
        .bind(wait_s)
        .bind(now_ms)
        .bind(content.clone())
        .execute(&mut **tx)
        .await?;
        Ok(made.rows_affected() > 0)
    })
}

/// Moves a letter from one state to another; `false` if it wasn't in the first.
pub(super) async fn turn(
    web: &Web,
    id: &str,
    from: &str,
    to: &str,
    error: &str,
) -> Result<bool, MailError> {
    let done = query("update mail_letter set state = $1, error = $2, changed_ms = $3 where id = $4 and state = $5")
        .bind(to)
        .bind(error)
        .bind(web.kernel().clock.now_ms())
        .bind(id)
        .bind(from)
        .execute(web.kernel().db.write())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Discards a letter that isn't being sent.
pub(super) async fn discard(web: &Web, account: &str, id: &str) -> Result<(), MailError> {
    query(
        "delete from mail_letter where id = $1 and account = $2 and state in ('draft', 'failed')",
    )
    .bind(id)
    .bind(account)
    .execute(web.kernel().db.write())
    .await?;
    Ok(())
}

/// A letter's files in order.
pub(super) async fn files(web: &Web, letter: &str) -> Result<Vec<Attached>, MailError> {
    let rows = query(
        "select id, name, media_type, size_bytes, content_id from mail_letter_file where letter = $1 order by position, id",
    )
    .bind(letter)
    .fetch_all(web.kernel().db.read())
    .await?;
    rows.iter()
        .map(|row| {
            Ok(Attached {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                media_type: row.try_get(2)?,
                size_bytes: row.try_get(3)?,
                content_id: row.try_get(4)?,
            })
        })
        .collect()
}

/// A file that is coming; it belongs to the letter once it is whole.
pub(super) struct Coming<'a> {
    web: &'a Web,
    id: String,
    number: i64,
    size_bytes: i64,
    held: Vec<u8>,
}

/// Begins a file of a letter, which must be there.
pub(super) async fn begin_file<'a>(
    web: &'a Web,
    letter: &str,
    (name, media_type, content_id): (&str, &str, &str),
) -> Result<Coming<'a>, MailError> {
    let id = ids::new_id(&*web.kernel().rng);
    let position: i64 = query_scalar("select count(*) from mail_letter_file where letter = $1")
        .bind(letter)
        .fetch_one(web.kernel().db.read())
        .await?;
    if position >= FILES_LIMIT {
        return Err(MailError::Refused("a letter can have 50 files"));
    }
    query(
        "insert into mail_letter_file (id, letter, position, name, media_type, size_bytes, content_id)
         values ($1, $2, $3, $4, $5, -1, $6)",
    )
    .bind(&id)
    .bind(letter)
    .bind(position)
    .bind(name)
    .bind(media_type)
    .bind(content_id)
    .execute(web.kernel().db.write())
    .await
    .map_err(|error| match DbError::from(error) {
        // The letter is gone meanwhile.
        DbError::Exists(_) | DbError::Fault(_) => MailError::NoSuchMessage,
        other => other.into(),
    })?;
    Ok(Coming {
        web,
        id,
        number: 0,
        size_bytes: 0,
        held: Vec::new(),
    })
}

impl Coming<'_> {
    /// Takes the next bytes.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), MailError> {
        self.held.extend_from_slice(bytes);
        self.size_bytes += i64::try_from(bytes.len()).unwrap_or(0);
        while self.held.len() >= PIECE_BYTES {
            let rest = self.held.split_off(PIECE_BYTES);
            let piece = std::mem::replace(&mut self.held, rest);
            self.put(&piece).await?;
        }
        Ok(())
    }

    async fn put(&mut self, piece: &[u8]) -> Result<(), MailError> {
        query("insert into mail_letter_piece (file, number, content) values ($1, $2, $3)")
            .bind(&self.id)
            .bind(self.number)
            .bind(self.web.store().seal(piece)?)
            .execute(self.web.kernel().db.write())
            .await?;
        self.number += 1;
        Ok(())
    }

    /// The file doesn't come whole.
    pub(super) async fn forget(self, letter: &str) -> Result<(), MailError> {
        drop_file(self.web, letter, &self.id).await
    }

    /// The file is whole.
    pub(super) async fn finish(mut self) -> Result<(), MailError> {
        let piece = std::mem::take(&mut self.held);
        if !piece.is_empty() {
            self.put(&piece).await?;
        }
        query("update mail_letter_file set size_bytes = $1 where id = $2")
            .bind(self.size_bytes)
            .bind(&self.id)
            .execute(self.web.kernel().db.write())
            .await?;
        Ok(())
    }
}

/// Takes a file off a letter, and what of others never came whole.
pub(super) async fn drop_file(web: &Web, letter: &str, file: &str) -> Result<(), MailError> {
    query("delete from mail_letter_file where letter = $1 and id = $2")
        .bind(letter)
        .bind(file)
        .execute(web.kernel().db.write())
        .await?;
    Ok(())
}

/// A piece of a file; `None` after the last.
pub(super) async fn piece(
    web: &Web,
    file: &str,
    number: i64,
) -> Result<Option<Vec<u8>>, MailError> {
    let sealed: Option<Vec<u8>> =
        query_scalar("select content from mail_letter_piece where file = $1 and number = $2")
            .bind(file)
            .bind(number)
            .fetch_optional(web.kernel().db.read())
            .await?;
    sealed.map(|sealed| web.store().unseal(&sealed)).transpose()
}

/// Why a letter was not sent, as its row keeps it: a message's key and what it is about, or words of the program.
pub(super) fn noted(error: &MailError) -> String {
    match crate::text::fault_of(error) {
        Some((key, about)) => format!("{key}\t{about}"),
        None => error.to_string(),
    }
}

/// The same for who reads it.
pub(super) fn told(page: &lampion_web::Page, noted: &str) -> String {
    match noted.split_once('\t') {
        Some((key, about)) => page.s(key, about),
        None => noted.into(),
    }
}
