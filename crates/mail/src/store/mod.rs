//! Accounts, mailboxes and messages, and every change to them.
//!
//! - A message's bytes are kept once, exactly as they came, packed and sealed (`seal`); up to [`ROW_LIMIT_BYTES`] in its
//!   row, so that one commit makes it and all about it durable, else in a blob that is synced before the commit.
//! - UIDs and numbers of changes (MODSEQ) are given in the transaction of the change, under the lock of the mailbox's
//!   row, which every change takes first: so they rise in the order in which changes can be seen.
//! - All deliveries that wait go into one transaction (`deliver`).
//! - [`View`] is a mailbox as it was at one change, shared by all who look at it. After each commit watchers are told
//!   the mailbox's newest change; they look again themselves, so a notice that is lost costs nothing.
//!
//! - `receiver` says who receives at an address.
//! - `snapshot` keeps large mailboxes packed, so that the first look after a start is quick.
//! - `mark` notices a database from a backup, `strays` finds blobs that a crash left behind, and `prune` bounds the tables
//!   that would only grow.
//!
//! Tables are `mail_*`.
//!
//! Rule: a mailbox's row is locked before its items; rows of several mailboxes in the order of their ids.

mod accounts;
mod changes;
mod content;
mod deliver;
mod envelopes;
mod incoming;
mod kept;
mod loose;
mod mailboxes;
mod mark;
mod model;
mod prune;
mod receiver;
mod recent;
mod seal;
mod sealing;
mod snapshot;
mod strays;
mod subscribed_names;
mod threads;
mod view;

use std::sync::Arc;

use lampion_blobs::Blobs;
use lampion_core::{Clock, Rng};
use lampion_db::{Db, Migration, Migrations, Row, sqlx};
use lampion_people::People;

pub use accounts::FOLDERS_LIMIT;
pub use content::{CONTENTS_AT_ONCE, Content};
pub use deliver::{Delivered, Delivery, Extra, Value, Whole};
pub use incoming::{Incoming, NewMessage};
pub use mailboxes::NAME_LIMIT_BYTES;
pub(crate) use model::refusal;
pub use model::{
    Account, AccountId, Changes, Detail, FlagAction, FlagChange, Flags, Item, MailError, Mailbox,
    MailboxId, MessageId, ModSeq, Placed, Special, Stored, Target, Uid,
};
pub(crate) use receiver::Habits;
pub use view::View;

/// The longest message that is kept in its row; longer ones are blobs.
pub const ROW_LIMIT_BYTES: usize = 64 * 1024;

/// A step of the tables: its file.
macro_rules! step {
    ($version:literal) => {
        Migration {
            version: $version,
            sql: include_str!(concat!("../../migrations/", $version, ".sql")),
        }
    };
}

/// The tables of mail.
pub const MIGRATIONS: Migrations = Migrations {
    feature: "mail",
    steps: &[
        step!(1),
        step!(2),
        step!(3),
        step!(4),
        step!(5),
        step!(6),
        step!(7),
        step!(8),
        step!(9),
        step!(10),
        step!(11),
    ],
};

/// What the store works with.
pub struct Parts {
    /// Rows.
    pub db: Db,
    /// Long messages.
    pub blobs: Blobs,
    /// Who has mail.
    pub people: People,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: Arc<dyn Rng>,
    /// The key that messages are sealed under.
    pub key: seal::MailKey,
    /// The largest message, in bytes.
    pub message_limit_bytes: u64,
    /// Room for each account, in bytes; `None` for no limit.
    pub quota_bytes: Option<i64>,
}

pub use seal::MailKey;

/// All mail of the node. Cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    parts: Parts,
    views: view::Views,
    touched: snapshot::Touched,
    recents: recent::Recents,
    envelopes: envelopes::Envelopes,
    deliveries: deliver::Queue,
    marks: mark::Marks,
    arriving: strays::Arriving,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Mail in a database that has been migrated with [`MIGRATIONS`].
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner {
            parts,
            views: view::Views::default(),
            touched: snapshot::Touched::default(),
            recents: recent::Recents::default(),
            envelopes: envelopes::Envelopes::default(),
            deliveries: deliver::Queue::default(),
            marks: mark::Marks::default(),
            arriving: strays::Arriving::default(),
        }))
    }

    /// The largest message, in bytes.
    pub fn message_limit_bytes(&self) -> u64 {
        self.0.parts.message_limit_bytes
    }

    fn db(&self) -> &Db {
        &self.0.parts.db
    }

    fn now_ms(&self) -> i64 {
        self.0.parts.clock.now_ms()
    }

    /// A mailbox changed: whoever watches it is told, and the mark is to be renewed.
    fn changed(&self, mailbox: MailboxId, modseq: ModSeq) {
        self.0.marks.changed();
        self.0.touched.add(mailbox);
        self.0.views.changed(mailbox, modseq);
    }
}

/// A number of the database as the smaller type that it is by its meaning.
fn narrow<T: TryFrom<i64>>(row: &sqlx::any::AnyRow, column: &str) -> Result<T, MailError> {
    let value: i64 = row.try_get(column)?;
    T::try_from(value).map_err(|_| MailError::Fault(format!("{column} is {value}")))
}

/// Rows of messages by their ids, in few statements. `sql` ends with `in`.
async fn rows_of_ids(
    db: &Db,
    sql: &'static str,
    messages: &[MessageId],
) -> Result<Vec<sqlx::any::AnyRow>, MailError> {
    let mut connection = db.read().acquire().await?;
    let rows = lampion_db::rows::select(
        &mut connection,
        (sql, "and 0 >= $1"),
        0,
        1,
        messages,
        |statement, id| statement.bind(id.0),
    )
    .await?;
    Ok(rows)
}
