//! Accounts, groups, roles and sign-in. Pages for them are in `web`.
//!
//! - A **person** has a name to sign in with, roles and groups. Reading and searching need none of this.
//! - **Passwords** are argon2id; two at a time are worked on, so that a crowd can't exhaust the memory.
//! - **Sessions**: the cookie holds 160 random bits, the database only their hash.
//! - **Failed tries** cost growing pauses ([`limits`]); nothing is locked for good.
//! - **One-time links** make the first operator and reset passwords; a link is used in the transaction of its effect.
//! - **Time**: what ends, ends by the node's own time (`node_time`), never by the wall clock.
//!
//! Tables are `people_*`. Neither addresses nor names of failed tries are kept, only keyed hashes that are forgotten
//! after a day.
//!
//! Rule: passwords are hashed before a transaction begins, never in it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

#[macro_use]
mod transaction;
mod accounts;
mod app_passwords;
mod error;
mod groups;
mod hashing;
pub mod limits;
mod links;
mod model;
mod node_time;
mod rules;
mod scram;
mod sessions;
mod sign_in;

use std::sync::Arc;

use lampion_core::{Clock, Rng};
use lampion_db::{Db, Migration, Migrations};
use tokio::sync::OnceCell;

pub use accounts::{enabled_sql, release, reserve};
pub use app_passwords::{APP_PASSWORDS_LIMIT, AppPassword};
pub use error::{NameFault, PasswordFault, PeopleError};
pub use links::LinkPurpose;
pub use model::{Group, Person, Role};
pub use rules::{
    DISPLAY_LIMIT, NAME_LIMIT, PASSWORD_LIMIT, PASSWORD_MIN, check_password, normal_name,
};
pub use scram::SCRAM_ITERATIONS;
pub use sessions::{SESSIONS_LIMIT, Session, SessionInfo, SessionToken};

pub(crate) const HOUR_MS: i64 = 3_600_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// The tables of people.
pub const MIGRATIONS: Migrations = Migrations {
    feature: "people",
    steps: &[
        Migration {
            version: 1,
            sql: include_str!("../migrations/1.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../migrations/2.sql"),
        },
        Migration {
            version: 3,
            sql: include_str!("../migrations/3.sql"),
        },
    ],
};

/// The people of this node. Cheap to clone.
#[derive(Clone)]
pub struct People(Arc<Inner>);

struct Inner {
    db: Db,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    session_ms: i64,
    hasher: hashing::Hasher,
    state: OnceCell<node_time::State>,
    sessions: sessions::Cache,
    /// Rises when somebody may no longer sign in as before.
    revoked: tokio::sync::watch::Sender<u64>,
    pruned_at: std::sync::atomic::AtomicI64,
}

impl std::fmt::Debug for People {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("People").finish_non_exhaustive()
    }
}

impl People {
    /// People in `db`, which has been migrated with [`MIGRATIONS`]. A session ends after `session_days` without use.
    pub fn new(db: Db, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, session_days: u32) -> Self {
        Self::with(db, clock, rng, session_days, hashing::Hasher::new())
    }

    /// The same with passwords that cost next to nothing to check. **For tests only.**
    pub fn for_tests(db: Db, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>, session_days: u32) -> Self {
        Self::with(db, clock, rng, session_days, hashing::Hasher::cheap())
    }

    fn with(
        db: Db,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        session_days: u32,
        hasher: hashing::Hasher,
    ) -> Self {
        Self(Arc::new(Inner {
            db,
            clock,
            rng,
            session_ms: i64::from(session_days.max(1)) * DAY_MS,
            hasher,
            state: OnceCell::new(),
            sessions: sessions::Cache::default(),
            revoked: tokio::sync::watch::Sender::new(0),
            pruned_at: std::sync::atomic::AtomicI64::new(i64::MIN),
        }))
    }
}
