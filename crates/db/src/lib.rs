//! One SQL text on SQLite and PostgreSQL.
//!
//! Each statement is written once, with `$1`, in the part of SQL that both speak: `on conflict`, `returning`, text and
//! 64-bit integers (no booleans, no NULL where a default does, no `now()`). Only this crate names a driver; what must
//! differ is a named function here.
//!
//! SQLite runs with a write-ahead log and full sync: what was committed survives a power cut. It has one writer, so
//! there is one pool of one connection for writing and another for reading; on PostgreSQL both are the same pool.
//!
//! Rule: never await anything but SQL while holding a transaction, or work of the processor that is done beside it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

mod jobs;
pub mod rows;
pub mod testing;
mod together;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
pub use sqlx::{self, AssertSqlSafe, Row, query, query_as, query_scalar};
use sqlx::{Any, AnyPool, Connection, Transaction};

pub use jobs::SqlJobs;
pub use together::Together;

/// A transaction on either database.
pub type Tx = Transaction<'static, Any>;

/// Memory for the pages of one transaction on SQLite, in KiB: usually, and for many records at once.
const USUAL_ROOM: &str = "pragma cache_size = -16000";
const ROOM: &str = "pragma cache_size = -128000";
/// Pages of the log after which it is written back, usually (32 MB).
const USUAL_LOG: &str = "pragma wal_autocheckpoint = 8000";
/// The same for many records at once: as much as the database has, but at least 200 and at most 800 MB. Pages that many
/// transactions change are written back once for all of them: of a million records, each batch changes nearly all pages of
/// their keys.
const LONG_LOG_PAGES: std::ops::RangeInclusive<i64> = 50_000..=200_000;
/// How long after many records the log is written back, unless more come.
const LONG_LOG_KEPT: Duration = Duration::from_secs(1);
/// What stays of the log's file when it begins anew, in bytes.
const LOG_KEPT: &str = "pragma journal_size_limit = 67108864";
/// All of it stays while many records are written, for it is needed again at once: giving room back and taking it again is
/// work (3% of SQLite's).
const WHOLE_LOG_KEPT: &str = "pragma journal_size_limit = -1";
/// Connections that read at the same time.
const READERS: u32 = 8;
/// How long a caller waits for a connection before it is told that the database is busy or away.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a transaction that lost a conflict is tried again.
pub const CONFLICT_TRIES: u32 = 5;

/// What went wrong in the database, by meaning.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// No connection: the server is down or restarting, or all connections are busy.
    #[error("the database can't be reached ({0}): try again in a moment")]
    Away(String),
    /// No space left; nothing was changed.
    #[error(
        "no space left on the disk of the database: make room and try again; nothing was changed"
    )]
    DiskFull,
    /// A row like it exists already.
    #[error("it exists already ({0})")]
    Exists(String),
    /// Lost against another transaction even after tries.
    #[error("the database is busy: try again")]
    Conflict,
    /// The file is not a database or is damaged.
    #[error("the database is damaged ({0}): restore it from a backup")]
    Damaged(String),
    /// A database made by a newer version of the program.
    #[error(
        "the database is newer than this program (`{feature}` has step {found}, this program knows {known}): start a newer Lampion"
    )]
    Newer {
        /// Whose tables.
        feature: String,
        /// Step in the database.
        found: i64,
        /// Step that this program knows.
        known: i64,
    },
    /// A fault of the program.
    #[error("database: {0}")]
    Fault(String),
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let text = error.to_string();
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Away(text),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                match code.as_ref() {
                    _ if database.is_unique_violation() => {
                        Self::Exists(database.message().to_string())
                    }
                    // PostgreSQL: 53100 disk full, 57P0x shutting down or starting, 08xxx connection, 40xxx conflict.
                    "13" | "53100" => Self::DiskFull,
                    "57P01" | "57P02" | "57P03" | "53300" => Self::Away(text),
                    code if code.starts_with("08") => Self::Away(text),
                    "40001" | "40P01" | "5" | "6" | "517" | "261" => Self::Conflict,
                    "11" | "26" => Self::Damaged(text),
                    _ => Self::Fault(text),
                }
            }
            _ => Self::Fault(text),
        }
    }
}

/// One forward step of a feature's tables; never edited once landed.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3 … within the feature.
    pub version: i64,
    /// Statements, each ended by `;` at the end of a line.
    pub sql: &'static str,
}

/// After a table's columns in a migration: SQLite keeps its rows in the order of their key, instead of beside an index of
/// keys. For rows under some 400 bytes it is half the work; longer ones are better left as they are.
const BY_KEY: &str = "/* by key */";

/// A feature's steps.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    /// The feature's name.
    pub feature: &'static str,
    /// Its steps in order.
    pub steps: &'static [Migration],
}

/// Tables of the kernel itself (jobs, settings).
pub const KERNEL: Migrations = Migrations {
    feature: "kernel",
    steps: &[Migration {
        version: 1,
        sql: include_str!("../migrations/1.sql"),
    }],
};

/// Room for transactions that change very many pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// As it is without: the memory is given back, and the log is written back soon.
    Usual,
    /// Pages are changed in memory; those that don't fit would be written to the log and read again, some of them many
    /// times. The log is written back seldom.
    Pages,
    /// The same, and what a statement over some hundred rows changes is kept in memory in case it fails, too, instead of
    /// in a temporary file, which took a fifth of the time. Not for statements over a whole table.
    Statements,
}

/// The node's database.
#[derive(Debug, Clone)]
pub struct Db {
    write: AnyPool,
    read: AnyPool,
    sqlite: bool,
    /// How often room was given and taken back: see [`Db::room`].
    rooms: Arc<AtomicU64>,
}

impl Db {
    /// Opens the database: `sqlite` means `lampion.sqlite` in the data folder, else a `postgres://` address.
    ///
    /// # Errors
    /// The file or server can't be opened.
    pub async fn open(database: &str, data: &Path) -> Result<Self, DbError> {
        sqlx::any::install_default_drivers();
        if database == "sqlite" {
            let path = data.join("lampion.sqlite");
            let path = path
                .to_str()
                .ok_or_else(|| DbError::Fault("the data folder's name is not UTF-8".into()))?;
            return Self::sqlite(&format!("sqlite://{}?mode=rwc", escape(path))).await;
        }
        let pool = AnyPoolOptions::new()
            .max_connections(READERS * 2)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(true)
            .connect(database)
            .await?;
        Ok(Self {
            write: pool.clone(),
            read: pool,
            sqlite: false,
            rooms: Arc::default(),
        })
    }

    async fn sqlite(url: &str) -> Result<Self, DbError> {
        let options = |cache: &'static str| {
            AnyPoolOptions::new()
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                // A file doesn't go away as a server does: asking first doubled what a small statement costs.
                .test_before_acquire(false)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        for pragma in [
                            "pragma journal_mode = wal",
                            "pragma synchronous = full",
                            "pragma foreign_keys = on",
                            "pragma busy_timeout = 8000",
                            cache,
                            USUAL_LOG,
                            LOG_KEPT,
                            // What is deleted is overwritten with zeroes; see `scrub`.
                            "pragma secure_delete = on",
                        ] {
                            query(pragma).execute(&mut *connection).await?;
                        }
                        Ok(())
                    })
                })
        };
        // Many rows in one transaction are changed in memory instead of in the log, twice as fast.
        let write = options(USUAL_ROOM)
            .max_connections(1)
            .min_connections(1)
            .connect(url)
            .await?;
        let read = options("pragma cache_size = -2000")
            .max_connections(READERS)
            .connect(url)
            .await?;
        Ok(Self {
            write,
            read,
            sqlite: true,
            rooms: Arc::default(),
        })
    }

    /// The pool for reading.
    pub fn read(&self) -> &AnyPool {
        &self.read
    }

    /// The pool for single writing statements.
    pub fn write(&self) -> &AnyPool {
        &self.write
    }

    /// Whether it is SQLite.
    pub fn is_sqlite(&self) -> bool {
        self.sqlite
    }

    /// Begins a transaction that may write. Drop it to roll back.
    ///
    /// # Errors
    /// No connection.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        // SQLite: taking the write lock at once avoids a deadlock of two readers that both want to write.
        let begin = if self.sqlite {
            "begin immediate"
        } else {
            "begin"
        };
        match self.write.begin_with(begin).await {
            // A full disk makes SQLite roll back by itself, which the driver doesn't notice: it takes the connection for one
            // that is in a transaction for ever. Another one knows better.
            Err(sqlx::Error::InvalidSavePointStatement) => {
                self.write.acquire().await?.close().await?;
                Ok(self.write.begin_with(begin).await?)
            }
            begun => Ok(begun?),
        }
    }

    /// Begins a transaction that only reads, and sees the database as it is at its first statement until it is dropped.
    ///
    /// # Errors
    /// No connection.
    pub async fn begin_reading(&self) -> Result<Tx, DbError> {
        let begin = if self.sqlite {
            "begin"
        } else {
            "begin isolation level repeatable read read only"
        };
        Ok(self.read.begin_with(begin).await?)
    }

    /// Brings every feature's tables up to date.
    ///
    /// # Errors
    /// A step failed (it is rolled back), or the database is newer than the program.
    pub async fn migrate(&self, all: &[Migrations]) -> Result<(), DbError> {
        query("create table if not exists migration (feature text not null, version bigint not null, primary key (feature, version))")
            .execute(&self.write)
            .await?;
        for migrations in all {
            self.migrate_feature(migrations).await?;
        }
        Ok(())
    }

    async fn migrate_feature(&self, migrations: &Migrations) -> Result<(), DbError> {
        let found: i64 =
            query_scalar("select coalesce(max(version), 0) from migration where feature = $1")
                .bind(migrations.feature)
                .fetch_one(&self.write)
                .await?;
        let known = migrations.steps.last().map_or(0, |step| step.version);
        if found > known {
            return Err(DbError::Newer {
                feature: migrations.feature.into(),
                found,
                known,
            });
        }
        for step in migrations.steps.iter().filter(|step| step.version > found) {
            let mut tx = self.begin().await?;
            for mut statement in statements(step.sql) {
                if self.sqlite {
                    statement = statement.replace(BY_KEY, "without rowid");
                }
                query(AssertSqlSafe(statement)).execute(&mut *tx).await?;
            }
            query("insert into migration (feature, version) values ($1, $2)")
                .bind(migrations.feature)
                .bind(step.version)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Makes sure that rows deleted from `table` can't be read out of the database's files any more. To be called
    /// after the transaction that deleted them; it costs as much as writing what was written since the last time.
    ///
    /// SQLite overwrites deleted content with zeroes (`pragma secure_delete`), but until its log is written back, the
    /// old content is in one of its two files: so it is written back and emptied. PostgreSQL keeps deleted rows until
    /// a vacuum, and its own log (WAL) for as long as it is configured to, which only its operator can shorten.
    ///
    /// # Errors
    /// The database; or, on SQLite, somebody reads for so long that the log can't be emptied now.
    pub async fn scrub(&self, table: &'static str) -> Result<(), DbError> {
        if !self.sqlite {
            query(AssertSqlSafe(format!("vacuum {table}")))
                .execute(&self.write)
                .await?;
            return Ok(());
        }
        let row = query("pragma wal_checkpoint(truncate)")
            .fetch_one(&self.write)
            .await?;
        let busy: i64 = row.try_get(0)?;
        (busy == 0).then_some(()).ok_or(DbError::Conflict)
    }

    /// Gives transactions on SQLite as much room as they need; on PostgreSQL nothing happens.
    ///
    /// # Errors
    /// The database.
    pub async fn room(&self, room: Room) -> Result<(), DbError> {
        if !self.sqlite {
            return Ok(());
        }
        let change = self.rooms.fetch_add(1, Ordering::Relaxed) + 1;
        let mut connection = self.write.acquire().await?;
        if room != Room::Usual {
            let pages: i64 = query_scalar("select page_count from pragma_page_count")
                .fetch_one(&mut *connection)
                .await?;
            let pages = pages.clamp(*LONG_LOG_PAGES.start(), *LONG_LOG_PAGES.end());
            let log = format!("pragma wal_autocheckpoint = {pages}");
            query(ROOM).execute(&mut *connection).await?;
            query(AssertSqlSafe(log)).execute(&mut *connection).await?;
            query(WHOLE_LOG_KEPT).execute(&mut *connection).await?;
            if room == Room::Statements {
                query("pragma temp_store = memory")
                    .execute(&mut *connection)
                    .await?;
            }
            return Ok(());
        }
        for pragma in [
            USUAL_ROOM,
            "pragma temp_store = default",
            "pragma shrink_memory",
        ] {
            query(pragma).execute(&mut *connection).await?;
        }
        drop(connection);
        let db = self.clone();
        tokio::spawn(async move {
            Self::more_may_come().await;
            if db.rooms.load(Ordering::Relaxed) == change {
                let _the_next_time_does_it = db.shorten_log(change).await;
            }
        });
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "who publishes in several calls gives room back and takes it again, and says nothing of it"
    )]
    async fn more_may_come() {
        tokio::time::sleep(LONG_LOG_KEPT).await;
    }

    /// Writes a long log back beside others' work, which whoever writes next would have to wait for, and keeps it short from
    /// then on.
    async fn shorten_log(&self, change: u64) -> Result<(), DbError> {
        // First what the file keeps when it begins anew, which may be at the next write after.
        query(LOG_KEPT).execute(&self.write).await?;
        let written_back = query("pragma wal_checkpoint(passive)")
            .execute(&self.read)
            .await;
        let mut connection = self.write.acquire().await?;
        if self.rooms.load(Ordering::Relaxed) == change {
            query(USUAL_LOG).execute(&mut *connection).await?;
        } else {
            query(WHOLE_LOG_KEPT).execute(&mut *connection).await?;
        }
        written_back?;
        Ok(())
    }

    /// Drops the indexes of tables that are about to be filled anew, where that is faster and disturbs nobody: on SQLite.
    /// Gives the statements that make them again, for [`Db::make_indexes`] in the same transaction: an index is made of
    /// sorted rows in a fraction of the time that it takes to grow row by row.
    ///
    /// On PostgreSQL readers would wait until the end of the transaction, so nothing is dropped there.
    ///
    /// # Errors
    /// The database.
    pub async fn drop_indexes(tx: &mut Tx, tables: &[&str]) -> Result<Vec<String>, DbError> {
        let mut again = Vec::new();
        if tx.backend_name() != "SQLite" {
            return Ok(again);
        }
        for table in tables {
            // Indexes of keys have no text.
            let found = query("select name, sql from sqlite_master where type = 'index' and tbl_name = $1 and sql is not null order by name")
                .bind((*table).to_string())
                .fetch_all(&mut **tx)
                .await?;
            for row in &found {
                let (name, sql): (String, String) = (row.try_get(0)?, row.try_get(1)?);
                let drop = format!("drop index {name}");
                query(AssertSqlSafe(drop)).execute(&mut **tx).await?;
                again.push(sql);
            }
        }
        Ok(again)
    }

    /// Makes indexes again.
    ///
    /// # Errors
    /// The database.
    pub async fn make_indexes(tx: &mut Tx, again: Vec<String>) -> Result<(), DbError> {
        for sql in again {
            query(AssertSqlSafe(sql)).execute(&mut **tx).await?;
        }
        Ok(())
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// It doesn't.
    pub async fn ping(&self) -> Result<(), DbError> {
        let mut connection = self.read.acquire().await?;
        connection.ping().await?;
        Ok(())
    }

    /// A value kept under a name (the node's own small facts).
    ///
    /// # Errors
    /// The database.
    pub async fn setting(&self, name: &str) -> Result<Option<String>, DbError> {
        Ok(query_scalar("select value from setting where name = $1")
            .bind(name)
            .fetch_optional(&self.read)
            .await?)
    }

    /// Keeps a value under a name.
    ///
    /// # Errors
    /// The database.
    pub async fn set_setting(&self, name: &str, value: &str) -> Result<(), DbError> {
        query("insert into setting (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value")
            .bind(name)
            .bind(value)
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Closes all connections; on SQLite this empties the write-ahead log.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }
}

/// Does the body in a transaction and commits; done again if it lost a conflict. Gives `Result<_, $error>`; the body's
/// `?` must give `$error`, which is [`Conflicting`] and made from [`DbError`].
///
/// A macro and no method with a closure: of a future that holds an async closure over references the compiler can't
/// see today that it may cross threads, and handlers must.
#[macro_export]
macro_rules! transaction {
    ($db:expr, $error:ty, $tx:ident => $body:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            let mut transaction = match $db.begin().await {
                Ok(transaction) => transaction,
                Err(error) => break Err(<$error>::from(error)),
            };
            let done: Result<_, $error> = async {
                let $tx = &mut transaction;
                $body
            }
            .await;
            let done = match done {
                Ok(value) => match transaction.commit().await {
                    Ok(()) => Ok(value),
                    Err(error) => Err(<$error>::from($crate::DbError::from(error))),
                },
                Err(error) => {
                    drop(transaction);
                    Err(error)
                }
            };
            match done {
                Err(error)
                    if $crate::Conflicting::is_conflict(&error)
                        && tries < $crate::CONFLICT_TRIES => {}
                done => break done,
            }
        }
    }};
}

/// An error that may say "lost a conflict: do it again".
pub trait Conflicting {
    /// Whether doing the transaction again may help.
    fn is_conflict(&self) -> bool;
}

impl Conflicting for DbError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict)
    }
}

/// The statements of a migration; a line that begins with `--` is a comment.
fn statements(sql: &str) -> Vec<String> {
    let text: String = sql
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .map(|line| format!("{line}\n"))
        .collect();
    text.split(";\n")
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(ToString::to_string)
        .collect()
}

/// A path inside a database URL.
fn escape(path: &str) -> String {
    path.replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Migrations = Migrations {
        feature: "demo",
        steps: &[
            Migration {
                version: 1,
                sql: "create table demo (id text primary key);\n-- a comment; with a semicolon;\n",
            },
            Migration {
                version: 2,
                sql: "alter table demo add column n bigint not null default 7;\ninsert into demo (id) values ('a');",
            },
        ],
    };

    #[tokio::test]
    async fn migrations_run_once_and_a_newer_database_is_refused() {
        for db in testing::databases("migrate").await {
            let db = db.db();
            db.migrate(&[KERNEL, TWO]).await.unwrap();
            db.migrate(&[KERNEL, TWO]).await.unwrap();
            let n: i64 = query_scalar("select n from demo where id = $1")
                .bind("a")
                .fetch_one(db.read())
                .await
                .unwrap();
            assert_eq!(n, 7);
            let older = Migrations {
                feature: "demo",
                steps: &TWO.steps[..1],
            };
            assert!(matches!(
                db.migrate(&[older]).await,
                Err(DbError::Newer {
                    found: 2,
                    known: 1,
                    ..
                })
            ));
        }
    }

    #[tokio::test]
    async fn a_second_row_with_the_same_key_is_told_as_such_and_rolls_back() {
        for db in testing::databases("unique").await {
            let db = db.db();
            db.migrate(&[KERNEL]).await.unwrap();
            let result = transaction!(db, DbError, tx => {
                for _ in 0..2 {
                    query("insert into setting (name, value) values ($1, $2)").bind("x").bind("1").execute(&mut **tx).await?;
                }
                Ok(())
            });
            assert!(matches!(result, Err(DbError::Exists(_))), "{result:?}");
            assert_eq!(db.setting("x").await.unwrap(), None);
            db.set_setting("x", "2").await.unwrap();
            db.set_setting("x", "3").await.unwrap();
            assert_eq!(db.setting("x").await.unwrap().as_deref(), Some("3"));
        }
    }
}
