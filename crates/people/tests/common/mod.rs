//! People in an empty database of each kind.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by tests, each of which uses a part"
)]

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use lampion_core::{ManualClock, SystemRng};
use lampion_db::testing::{self, TestDb};
use lampion_db::{Db, KERNEL};
use lampion_people::{MIGRATIONS, People, Person, Role};

pub const NOW_MS: i64 = 1_795_326_643_000;
pub const DAY_MS: i64 = 86_400_000;
pub const YEAR_MS: i64 = 365 * DAY_MS;
pub const PASSWORD: &str = "등불 아래서 책을 읽다";

pub struct World {
    pub people: People,
    pub clock: Arc<ManualClock>,
    pub database: TestDb,
}

impl World {
    /// A second program on the same database, as after a restart; it has nothing in memory.
    pub async fn reopened(&self) -> People {
        let db = Db::open(&self.database.url, Path::new(self.database.folder()))
            .await
            .unwrap();
        db.migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
        people(db, &self.clock)
    }

    pub async fn mira(&self) -> Person {
        self.person("mira", &[]).await
    }

    pub async fn person(&self, name: &str, roles: &[Role]) -> Person {
        self.people
            .create(name, "", Some(PASSWORD), roles)
            .await
            .unwrap()
    }
}

fn people(db: Db, clock: &Arc<ManualClock>) -> People {
    People::for_tests(db, clock.clone(), Arc::new(SystemRng), 30)
}

pub async fn worlds(name: &str) -> Vec<World> {
    let mut all = Vec::new();
    for database in testing::databases(name).await {
        database.db().migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
        let clock = Arc::new(ManualClock::new(NOW_MS));
        all.push(World {
            people: people(database.db().clone(), &clock),
            clock,
            database,
        });
    }
    all
}

pub fn client(last: u8) -> IpAddr {
    IpAddr::from([192, 168, 1, last])
}
