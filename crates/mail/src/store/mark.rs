//! Notices that the database is older than what programs have seen: somebody put back a backup.
//!
//! Mail programs remember messages by mailbox, UIDVALIDITY and UID. A database from a backup would give the UIDs that were
//! given out after it once more, to other messages, and programs would show one for the other (RFC 9051 §2.3.1.1). So the
//! database and `node/mail.mark` beside it both hold a number that rises at each start and, while mail changes, every
//! [`EVERY`]. The database's rises first: it is never behind but after a restore. Then all mailboxes get a new UIDVALIDITY
//! in one transaction, greater than any before, and ids of messages and mailboxes go on far behind those that were given.
//!
//! Deliveries don't wait for the mark, and nothing is synced for it but every [`EVERY`]. What this can't see: a backup of less
//! than [`EVERY`] before the end, and a folder that was put back as a whole, mark and all. For the latter there is
//! `lampion mail renew`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lampion_core::ids;
use lampion_db::{Row, Tx, query, query_scalar, transaction};
use tokio_util::sync::CancellationToken;

use super::accounts::FOLDERS_LIMIT;
use super::model::MailError;
use super::{Store, narrow};

/// How often the mark is renewed while mail changes.
const EVERY: Duration = Duration::from_secs(10);
/// Validities of one account that may have been given since the last mark.
const VALIDITIES: i64 = 10_000;
/// Ids of messages and mailboxes that may have been given since the last mark, at 100,000 a second.
const IDS: i64 = 1_000_000;
/// The file's first line.
const HEAD: &str = "lampion mail mark 1";
const FILE: &str = "mail.mark";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    number: i64,
    chance: String,
    next_id: i64,
    /// The highest UIDVALIDITY that was given.
    validity: i64,
}

impl Mark {
    fn to_text(&self) -> String {
        format!(
            "{HEAD}\n{} {} {} {}\n",
            self.number, self.chance, self.next_id, self.validity
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let line = text.strip_prefix(HEAD)?.strip_prefix('\n')?.trim_end();
        let mut words = line.split(' ');
        let mark = Self {
            number: words.next()?.parse().ok()?,
            chance: words.next()?.into(),
            next_id: words.next()?.parse().ok()?,
            validity: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(mark)
    }
}

/// The mark's place, and whether mail changed since it was written.
#[derive(Debug, Default)]
pub(super) struct Marks {
    folder: OnceLock<PathBuf>,
    changed: AtomicBool,
    /// One at a time writes the file.
    writing: tokio::sync::Mutex<()>,
}

impl Marks {
    /// Mail changed.
    pub(super) fn changed(&self) {
        // Mostly it is set already: a look costs less than a change that other processors must hear of.
        if !self.changed.load(Ordering::Relaxed) {
            self.changed.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether the database is older than its mark.
fn is_older(mark: Option<&Mark>, number: i64, chance: &str) -> bool {
    match mark {
        // There never was one, or somebody took it away: then nothing is known, and what is sure is right.
        None => number > 0,
        Some(mark) => number < mark.number || number == mark.number && chance != mark.chance,
    }
}

impl Store {
    /// Compares the database with the mark in a folder (`node/`), before anybody is served. If it is older, all mailboxes
    /// get a new UIDVALIDITY; gives whether that was so. From now on [`Store::run`] keeps the mark there.
    ///
    /// # Errors
    /// The file, the database.
    pub async fn compare_mark(&self, folder: &Path) -> Result<bool, MailError> {
        self.0.marks.folder.get_or_init(|| folder.into());
        // The file first: what another process writes meanwhile is newer in the database.
        let mark = read(folder)?;
        let row = query("select mark, mark_chance from mail_state where id = 1")
            .fetch_one(self.db().read())
            .await?;
        let (number, chance): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        if !is_older(mark.as_ref(), number, &chance) {
            return Ok(false);
        }
        tracing::warn!(
            "the database is older than {}: it comes from a backup. Messages that came after the backup are missing. Mail \
             programs are told (by new UIDVALIDITYs) to fetch all mail anew",
            folder.join(FILE).display()
        );
        self.renew(mark.as_ref()).await?;
        Ok(true)
    }

    /// Gives all mailboxes a new UIDVALIDITY: mail programs fetch everything anew. For who put back a node's whole folder.
    ///
    /// # Errors
    /// The database, the file of the mark.
    pub async fn renew_validities(&self) -> Result<(), MailError> {
        let mark = match self.0.marks.folder.get() {
            Some(folder) => read(folder)?,
            None => None,
        };
        self.renew(mark.as_ref()).await
    }

    /// When a database was last found to be older than its mark, in milliseconds since 1970.
    ///
    /// # Errors
    /// The database.
    pub async fn restored_ms(&self) -> Result<Option<i64>, MailError> {
        let ms: i64 = query_scalar("select restored_ms from mail_state where id = 1")
            .fetch_one(self.db().read())
            .await?;
        Ok((ms > 0).then_some(ms))
    }

    async fn renew(&self, mark: Option<&Mark>) -> Result<(), MailError> {
        let (next_id, validity, number) =
            mark.map_or((0, 0, 0), |mark| (mark.next_id, mark.validity, mark.number));
        let now_ms = self.now_ms();
        transaction!(self.db(), MailError, tx => {
            query(
                "update mail_state set restored_ms = $1, mark = case when mark < $2 then $3 else mark end,
                     next_id = $4 + case when next_id < $5 then $6 else next_id end where id = 1",
            )
            .bind(now_ms)
            .bind(number)
            .bind(number)
            .bind(IDS)
            .bind(next_id)
            .bind(next_id)
            .execute(&mut **tx)
            .await?;
            let given: i64 = query_scalar("select coalesce(max(uid_validity), 0) from mail_account")
                .fetch_one(&mut **tx)
                .await?;
            let first = given.max(validity).max(now_ms / 1000) + VALIDITIES;
            if first + FOLDERS_LIMIT > i64::from(u32::MAX) {
                return Err(MailError::Fault(format!(
                    "the last UIDVALIDITY is {given}, and none greater is left: set the node's clock right, which says {}",
                    lampion_core::clock::timestamp(now_ms)
                )));
            }
            // Each mailbox of an account has another one, so that names can change hands.
            query(
                "update mail_mailbox set uid_validity = $1 + (select count(*) from mail_mailbox o
                 where o.account = mail_mailbox.account and o.id < mail_mailbox.id)",
            )
            .bind(first)
            .execute(&mut **tx)
            .await?;
            query(
                "update mail_account set uid_validity = $1 + (select count(*) from mail_mailbox o where o.account = mail_account.id)",
            )
            .bind(first)
            .execute(&mut **tx)
            .await?;
            Ok(())
        })?;
        self.write_mark().await
    }

    /// Renews the mark: first in the database, then in the file. Does nothing where no folder was told.
    ///
    /// # Errors
    /// The database, the file.
    pub async fn write_mark(&self) -> Result<(), MailError> {
        let Some(folder) = self.0.marks.folder.get().cloned() else {
            return Ok(());
        };
        let _one = self.0.marks.writing.lock().await;
        self.0.marks.changed.store(false, Ordering::Relaxed);
        let chance = ids::new_id(&*self.0.parts.rng);
        let mark = transaction!(self.db(), MailError, tx => raise(tx, &chance).await);
        let done = match mark {
            Ok(mark) => tokio::task::spawn_blocking(move || write(&folder, &mark))
                .await
                .unwrap_or_else(|error| Err(MailError::Away(error.to_string()))),
            Err(error) => Err(error),
        };
        if done.is_err() {
            self.0.marks.changed();
        }
        done
    }

    /// Keeps the mark until the node stops.
    pub(super) async fn keep_mark(&self, stop: &CancellationToken) {
        // A start renews it: a backup of before is known as such.
        self.0.marks.changed();
        loop {
            let ends = stop.is_cancelled();
            if self.0.marks.changed.load(Ordering::Relaxed)
                && let Err(error) = self.write_mark().await
            {
                tracing::warn!(%error, "the mark of mail could not be renewed: it is tried again");
            }
            if ends {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = pause() => {}
            }
        }
    }
}

async fn raise(tx: &mut Tx, chance: &str) -> Result<Mark, MailError> {
    let row = query(
        "update mail_state set mark = mark + 1, mark_chance = $1 where id = 1 returning mark, next_id",
    )
    .bind(chance)
    .fetch_one(&mut **tx)
    .await?;
    let validity: i64 = query_scalar("select coalesce(max(uid_validity), 0) from mail_account")
        .fetch_one(&mut **tx)
        .await?;
    Ok(Mark {
        number: narrow(&row, "mark")?,
        chance: chance.into(),
        next_id: narrow(&row, "next_id")?,
        validity,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "how much later a backup can be noticed at the most is a matter of time"
)]
async fn pause() {
    tokio::time::sleep(EVERY).await;
}

/// The mark in a folder; `None` where there is none that can be read.
fn read(folder: &Path) -> Result<Option<Mark>, MailError> {
    let file = folder.join(FILE);
    match std::fs::read(&file) {
        Ok(bytes) => Ok(Mark::parse(&String::from_utf8_lossy(&bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(MailError::Fault(format!("{}: {error}", file.display()))),
    }
}

/// Puts the mark in place, whole, and synced.
fn write(folder: &Path, mark: &Mark) -> Result<(), MailError> {
    use std::io::Write as _;
    let (file, beside) = (
        folder.join(FILE),
        folder.join(format!(".{FILE}.{}", mark.chance)),
    );
    let put = || {
        let mut out = std::fs::File::create_new(&beside)?;
        out.write_all(mark.to_text().as_bytes())?;
        out.sync_all()?;
        std::fs::rename(&beside, &file)?;
        std::fs::File::open(folder)?.sync_all()
    };
    put().map_err(|error: std::io::Error| {
        let _gone_already = std::fs::remove_file(&beside);
        match error.kind() {
            std::io::ErrorKind::StorageFull => MailError::DiskFull,
            _ => MailError::Away(format!("{}: {error}", file.display())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: i64) -> Mark {
        Mark {
            number,
            chance: "abc".into(),
            next_id: 70,
            validity: 1_700_000_000,
        }
    }

    #[test]
    fn a_mark_is_read_as_it_was_written_or_not_at_all() {
        let text = mark(12).to_text();
        assert_eq!(Mark::parse(&text), Some(mark(12)));
        let bad = text.replace("12", "x");
        let cut = &text[..text.len() - 13];
        for text in ["", HEAD, "lampion mail mark 2\n1 a 2 3\n", cut, &bad] {
            assert_eq!(Mark::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_a_database_from_before_is_older() {
        assert!(!is_older(None, 0, ""), "the first start");
        assert!(is_older(None, 3, "abc"), "the mark is gone");
        assert!(!is_older(Some(&mark(3)), 3, "abc"));
        assert!(
            !is_older(Some(&mark(3)), 4, "xyz"),
            "it ended between the database and the file"
        );
        assert!(is_older(Some(&mark(3)), 2, "abc"));
        assert!(is_older(Some(&mark(3)), 0, ""));
        assert!(
            is_older(Some(&mark(3)), 3, "xyz"),
            "it went another way since"
        );
    }
}
