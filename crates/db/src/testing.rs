//! Databases for tests: each test runs on SQLite and, where `LAMPION_TEST_POSTGRES` names a server, on PostgreSQL.

use std::path::{Path, PathBuf};

use crate::{AssertSqlSafe, Db, query};

/// The variable that names a PostgreSQL server on which tests may make databases.
pub const POSTGRES_VARIABLE: &str = "LAMPION_TEST_POSTGRES";

/// One empty database for one test.
#[derive(Debug)]
pub struct TestDb {
    db: Db,
    /// What `Config::database` would say.
    pub url: String,
    folder: PathBuf,
}

impl TestDb {
    /// The database.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// A folder of its own.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.folder);
    }
}

/// The address of a new, empty database on the test's PostgreSQL server; `None` (and a printed reason) without one.
#[expect(clippy::panic, clippy::print_stderr, reason = "tests only")]
pub async fn new_postgres(name: &str) -> Option<String> {
    let Ok(server) = std::env::var(POSTGRES_VARIABLE) else {
        eprintln!("skipped on PostgreSQL: {POSTGRES_VARIABLE} is not set (`./test` sets it)");
        return None;
    };
    let database = unique(name);
    let admin = match Db::open(&server, Path::new("/")).await {
        Ok(db) => db,
        Err(error) => panic!("{POSTGRES_VARIABLE} is set, but: {error}"),
    };
    if let Err(error) = query(AssertSqlSafe(format!("create database {database}")))
        .execute(admin.write())
        .await
    {
        panic!("a test database could not be made: {error}");
    }
    admin.close().await;
    let (base, _) = server.rsplit_once('/').unwrap_or((server.as_str(), ""));
    Some(format!("{base}/{database}"))
}

/// A database of each kind.
#[expect(clippy::panic, reason = "tests only")]
pub async fn databases(name: &str) -> Vec<TestDb> {
    let mut all = Vec::new();
    let urls = [Some("sqlite".to_string()), new_postgres(name).await];
    for url in urls.into_iter().flatten() {
        let folder = std::env::temp_dir().join(unique(name));
        if let Err(error) = std::fs::create_dir_all(&folder) {
            panic!("{}: {error}", folder.display());
        }
        match Db::open(&url, &folder).await {
            Ok(db) => all.push(TestDb { db, url, folder }),
            Err(error) => panic!("{url}: {error}"),
        }
    }
    all
}

fn unique(name: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut chance = [0u8; 6];
    lampion_core::Rng::fill(&lampion_core::SystemRng, &mut chance);
    let chance: String = chance.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "lampion_{name}_{}_{}_{chance}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}
