//! From where mail was taken, and which messages came.

use std::collections::HashSet;

use lampion_core::ids;
use lampion_db::{Row, query, query_scalar};

use crate::Mail;
use crate::store::{Extra, MailError, Store, Value};

/// A place that mail is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Id.
    pub id: String,
    /// Whose mail it becomes.
    pub account: String,
    /// Its address (`imaps://mira@host:993`), or the import.
    pub source: String,
}

/// Which messages of a source have come: folder (by its place in the list), its validity, and the message.
#[derive(Debug, Default)]
pub struct Came {
    folders: Vec<String>,
    items: HashSet<(u32, i64, i64)>,
}

impl Came {
    /// Whether a message has come.
    pub fn has(&self, folder: &str, validity: i64, item: i64) -> bool {
        let at = self.folders.iter().position(|one| one == folder);
        at.and_then(|at| u32::try_from(at).ok())
            .is_some_and(|at| self.items.contains(&(at, validity, item)))
    }

    /// How many have.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn add(&mut self, folder: String, validity: i64, item: i64) {
        let at = match self.folders.iter().position(|one| *one == folder) {
            Some(at) => at,
            None => {
                self.folders.push(folder);
                self.folders.len() - 1
            }
        };
        if let Ok(at) = u32::try_from(at) {
            self.items.insert((at, validity, item));
        }
    }
}

/// A source of an account, made if it isn't there; with a secret for the next job, sealed.
///
/// # Errors
/// The database.
pub async fn open(
    mail: &Mail,
    account: &str,
    source: &str,
    secret: &str,
) -> Result<Source, MailError> {
    let (store, kernel) = (mail.store(), mail.kernel());
    let sealed = if secret.is_empty() {
        Vec::new()
    } else {
        store.seal(secret.as_bytes())?
    };
    let id: String = query_scalar(
        "insert into mail_source (id, account, source, secret) values ($1, $2, $3, $4)
         on conflict (account, source) do update set secret = excluded.secret returning id",
    )
    .bind(ids::new_id(&*kernel.rng))
    .bind(account)
    .bind(source)
    .bind(sealed)
    .fetch_one(kernel.db.write())
    .await?;
    Ok(Source {
        id,
        account: account.into(),
        source: source.into(),
    })
}

/// A source and its secret; `None` if the account is gone.
///
/// # Errors
/// The database; `Damaged`.
pub async fn get(mail: &Mail, id: &str) -> Result<Option<(Source, String)>, MailError> {
    let row = query("select account, source, secret from mail_source where id = $1")
        .bind(id)
        .fetch_optional(mail.kernel().db.read())
        .await?;
    let Some(row) = row else { return Ok(None) };
    let sealed: Vec<u8> = row.try_get("secret")?;
    let secret = if sealed.is_empty() {
        Vec::new()
    } else {
        mail.store().unseal(&sealed)?
    };
    let source = Source {
        id: id.into(),
        account: row.try_get("account")?,
        source: row.try_get("source")?,
    };
    Ok(Some((
        source,
        String::from_utf8_lossy(&secret).into_owned(),
    )))
}

/// Forgets the secret: no job needs it any more.
///
/// # Errors
/// The database.
pub async fn forget_secret(mail: &Mail, id: &str) -> Result<(), MailError> {
    query("update mail_source set secret = $1 where id = $2")
        .bind(Vec::<u8>::new())
        .bind(id)
        .execute(mail.kernel().db.write())
        .await?;
    Ok(())
}

/// Forgets a source and what came from it (the mail stays): an import that is over.
///
/// # Errors
/// The database.
pub async fn forget(mail: &Mail, id: &str) -> Result<(), MailError> {
    for sql in [
        "delete from mail_source_item where source = $1",
        "delete from mail_source where id = $1",
    ] {
        query(sql)
            .bind(id)
            .execute(mail.kernel().db.write())
            .await?;
    }
    Ok(())
}

/// What has come from a source.
///
/// # Errors
/// The database.
pub async fn came(mail: &Mail, id: &str) -> Result<Came, MailError> {
    let rows = query("select folder, validity, item from mail_source_item where source = $1")
        .bind(id)
        .fetch_all(mail.kernel().db.read())
        .await?;
    let mut came = Came::default();
    for row in rows {
        let (validity, item): (i64, i64) = (row.try_get("validity")?, row.try_get("item")?);
        came.add(row.try_get("folder")?, validity, item);
    }
    Ok(came)
}

/// The row that says that a message came, in the transaction that puts it into its mailbox.
pub fn note(source: &Source, folder: &str, validity: i64, item: i64) -> Extra {
    Extra {
        sql: "insert into mail_source_item (source, folder, validity, item, message) values ($2, $3, $4, $5, $1)",
        values: vec![
            Value::Text(source.id.clone()),
            Value::Text(folder.into()),
            Value::Number(validity),
            Value::Number(item),
        ],
    }
}

/// The mailbox of a name, made if it isn't there.
///
/// # Errors
/// `BadName`, `TooManyMailboxes`; the database.
pub async fn mailbox(
    store: &Store,
    account: &str,
    name: &str,
) -> Result<crate::store::Mailbox, MailError> {
    if let Some(found) = store.mailbox(account, name).await? {
        return Ok(found);
    }
    match store.create_mailbox(account, name, None).await {
        Err(MailError::MailboxExists(_)) => store
            .mailbox(account, name)
            .await?
            .ok_or_else(|| MailError::NoSuchMailbox(name.into())),
        made => made,
    }
}

/// A name that a mailbox can have, out of one that another program gave: levels without what can't stand in one.
pub fn fitting(levels: &[String]) -> String {
    let clean = |level: &String| -> String {
        let text: String = level
            .chars()
            .map(|c| {
                if c.is_control() || matches!(c, '*' | '%' | '/') {
                    '_'
                } else {
                    c
                }
            })
            .take(100)
            .collect();
        if text.trim().is_empty() {
            "_".into()
        } else {
            text
        }
    };
    let levels: Vec<String> = levels.iter().map(clean).collect();
    if levels.is_empty() {
        "INBOX".into()
    } else {
        levels.join("/")
    }
}
