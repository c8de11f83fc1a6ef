//! Failed tries cost pauses; none lasts more than five minutes, and nobody is locked out for good.
//!
//! A try is counted as a failure before the password is looked at, and taken back if it was right: a hundred tries at
//! once count as a hundred. Three counts are kept, each under a keyed hash:
//! - **account and client**: five free failures, then pauses of 1 s, 2 s, 4 s … 5 min;
//! - **client**: sixty free failures for all accounts together, one forgiven each minute, then pauses up to 1 min;
//! - **account**: fifty free failures from all clients together, one forgiven each minute. Past it a stranger's many
//!   addresses have no free failures left and begin at 30 s, but a client that hasn't tried yet is still heard at
//!   once: so the owner gets in.
//!
//! A client is an IPv4 address or an IPv6 network of 64 bits, since one machine has all addresses of such a network.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use lampion_db::{Row, Tx, query};

use crate::error::PeopleError;
use crate::rules::normal_name;
use crate::{DAY_MS, People};

/// Free failures of one client at one account.
pub const PAIR_FREE: i64 = 5;
/// Free failures of one client at all accounts.
pub const CLIENT_FREE: i64 = 60;
/// Free failures of all clients at one account.
pub const ACCOUNT_FREE: i64 = 50;
/// The longest pause of a client at an account, in milliseconds.
pub const PAIR_PAUSE_LIMIT_MS: i64 = 300_000;
/// The longest pause of a client at all accounts, in milliseconds.
pub const CLIENT_PAUSE_LIMIT_MS: i64 = 60_000;
/// The first pause at an account that many clients fail at, in milliseconds.
const PRESSED_PAUSE_MS: i64 = 30_000;
/// One failure of a client or account is forgiven after each such time.
const FORGIVE_MS: i64 = 60_000;
/// Failures are forgotten after this time.
const FORGET_MS: i64 = DAY_MS;
/// How often old rows are looked for.
const PRUNE_EVERY_MS: i64 = 600_000;
/// Rows kept at most; beyond it the oldest go.
const ROWS_LIMIT: i64 = 50_000;

/// The three counts of a try.
#[derive(Debug)]
pub(crate) struct Try {
    pair: String,
    account: String,
    client: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    failures: i64,
    last_at: i64,
}

impl Count {
    /// Failures that still count.
    fn live(self, now: i64, forgiven_each_ms: i64) -> i64 {
        let age = (now - self.last_at).max(0);
        if age >= FORGET_MS {
            return 0;
        }
        (self.failures - age / forgiven_each_ms).max(0)
    }

    /// How long the next try must wait, in milliseconds.
    fn wait(self, now: i64, live: i64, free: i64, first_ms: i64, limit_ms: i64) -> i64 {
        if live < free.max(1) {
            return 0;
        }
        let doublings = (live - free.max(1)).clamp(0, 30);
        let pause = (first_ms << doublings).min(limit_ms);
        (self.last_at + pause - now).clamp(0, pause)
    }
}

/// What of a client's address counts.
fn client_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            format!("{}/64", std::net::Ipv6Addr::from(bits))
        }
    }
}

impl People {
    /// Hears a try or refuses it; if heard, it counts as a failure until [`People::try_was_right`].
    pub(crate) async fn begin_try(&self, name: &str, client: IpAddr) -> Result<Try, PeopleError> {
        // What can't be a name has counts like any other, or names could be told from non-names.
        let name = normal_name(name).unwrap_or_else(|_| name.to_string());
        let client = client_of(client);
        let tried = Try {
            pair: self.keyed("pair", &[&name, &client]).await?,
            account: self.keyed("account", &[&name]).await?,
            client: self.keyed("client", &[&client]).await?,
        };
        self.refuse_early(&tried).await?;
        self.prune().await;
        transaction!(self, tx => {
            let now = self.stamp(tx).await?;
            let mut counts = [Count::default(); 3];
            for (count, bucket) in counts.iter_mut().zip(tried.buckets()) {
                *count = read(tx, bucket).await?;
            }
            refuse(counts, now)?;
            for (count, (bucket, forgiven)) in
                counts.iter().zip(tried.buckets().into_iter().zip(FORGIVEN))
            {
                put(tx, bucket, count.live(now, forgiven) + 1, now).await?;
            }
            Ok(())
        })?;
        Ok(tried)
    }

    /// Refuses by reading only, so that who hammers at a closed door doesn't keep the database writing.
    async fn refuse_early(&self, tried: &Try) -> Result<(), PeopleError> {
        let now = self.node_now().await?;
        let mut counts = [Count::default(); 3];
        let [pair, account, client] = tried.buckets();
        let rows =
            query("select bucket, failures, last_at from people_try where bucket in ($1, $2, $3)")
                .bind(pair)
                .bind(account)
                .bind(client)
                .fetch_all(self.0.db.read())
                .await?;
        for row in &rows {
            let bucket: &str = row.try_get("bucket")?;
            for (count, mine) in counts.iter_mut().zip(tried.buckets()) {
                if mine == bucket {
                    *count = Count {
                        failures: row.try_get("failures")?,
                        last_at: row.try_get("last_at")?,
                    };
                }
            }
        }
        // Another process may be ahead in the node's own time: the transaction, which knows, decides.
        if counts.iter().any(|count| count.last_at > now) {
            return Ok(());
        }
        refuse(counts, now)
    }

    /// Takes back the failure that [`People::begin_try`] counted, and clears the account's counts.
    pub(crate) async fn try_was_right(&self, tried: &Try) -> Result<(), PeopleError> {
        transaction!(self, tx => {
            query("delete from people_try where bucket in ($1, $2)")
                .bind(&tried.pair)
                .bind(&tried.account)
                .execute(&mut **tx)
                .await?;
            query("update people_try set failures = failures - 1 where bucket = $1 and failures > 0")
                .bind(&tried.client)
                .execute(&mut **tx)
                .await?;
            Ok(())
        })
    }

    /// Forgets old rows now and then. A failure here must not keep anybody from signing in.
    async fn prune(&self) {
        if let Err(error) = self.prune_at(PRUNE_EVERY_MS, ROWS_LIMIT).await {
            tracing::warn!(%error, "old failed tries could not be forgotten");
        }
    }

    pub(crate) async fn prune_at(&self, every_ms: i64, rows: i64) -> Result<(), PeopleError> {
        let now = self.node_now().await?;
        let last = self.0.pruned_at.load(Ordering::Relaxed);
        if now.saturating_sub(last) < every_ms
            || self
                .0
                .pruned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_err()
        {
            return Ok(());
        }
        query("delete from people_try where last_at <= $1")
            .bind(now - FORGET_MS)
            .execute(self.0.db.write())
            .await?;
        // Of a flood that overruns the table the oldest go first.
        query(
            "delete from people_try where last_at <=
               (select coalesce(max(last_at), -1) from
                 (select last_at from people_try order by last_at desc limit 1 offset $1) as over)",
        )
        .bind(rows)
        .execute(self.0.db.write())
        .await?;
        Ok(())
    }
}

/// How fast failures are forgiven, in the order of [`Try::buckets`].
const FORGIVEN: [i64; 3] = [FORGET_MS, FORGIVE_MS, FORGIVE_MS];

impl Try {
    fn buckets(&self) -> [&str; 3] {
        [&self.pair, &self.account, &self.client]
    }
}

fn refuse([pair, account, client]: [Count; 3], now: i64) -> Result<(), PeopleError> {
    let pair_live = pair.live(now, FORGET_MS);
    let pair_wait = if account.live(now, FORGIVE_MS) >= ACCOUNT_FREE {
        pair.wait(now, pair_live, 0, PRESSED_PAUSE_MS, PAIR_PAUSE_LIMIT_MS)
    } else {
        pair.wait(now, pair_live, PAIR_FREE, 1_000, PAIR_PAUSE_LIMIT_MS)
    };
    let client_live = client.live(now, FORGIVE_MS);
    let client_wait = client.wait(now, client_live, CLIENT_FREE, 1_000, CLIENT_PAUSE_LIMIT_MS);
    let wait_ms = pair_wait.max(client_wait);
    if wait_ms > 0 {
        return Err(PeopleError::TooManyTries {
            wait_seconds: wait_ms.unsigned_abs().div_ceil(1_000),
        });
    }
    Ok(())
}

async fn read(tx: &mut Tx, bucket: &str) -> Result<Count, PeopleError> {
    let row = query("select failures, last_at from people_try where bucket = $1")
        .bind(bucket)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(match row {
        Some(row) => Count {
            failures: row.try_get("failures")?,
            last_at: row.try_get("last_at")?,
        },
        None => Count::default(),
    })
}

async fn put(tx: &mut Tx, bucket: &str, failures: i64, now: i64) -> Result<(), PeopleError> {
    query(
        "insert into people_try (bucket, failures, last_at) values ($1, $2, $3)
         on conflict (bucket) do update set failures = excluded.failures, last_at = excluded.last_at",
    )
    .bind(bucket)
    .bind(failures)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(failures: i64) -> Count {
        Count {
            failures,
            last_at: 1_000_000,
        }
    }

    fn wait(counts: [Count; 3], now: i64) -> u64 {
        match refuse(counts, now) {
            Ok(()) => 0,
            Err(PeopleError::TooManyTries { wait_seconds }) => wait_seconds,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn pauses_grow_from_the_fifth_failure_to_five_minutes() {
        let at = |failures| {
            wait(
                [count(failures), Count::default(), Count::default()],
                1_000_000,
            )
        };
        let pauses: Vec<u64> = (0..16).map(at).collect();
        assert_eq!(
            pauses,
            [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        );
        assert_eq!(at(i64::MAX / 2), 300);
    }

    #[test]
    fn a_pause_ends_and_failures_are_forgotten() {
        let tried = [count(8), Count::default(), Count::default()];
        assert_eq!(wait(tried, 1_007_001), 1);
        assert_eq!(wait(tried, 1_008_000), 0);
        assert_eq!(
            wait(tried, 0),
            8,
            "never longer than the pause, even if last_at lies ahead"
        );
        assert_eq!(count(8).live(1_000_000 + FORGET_MS, FORGET_MS), 0);
    }

    #[test]
    fn a_client_pays_for_all_accounts_and_is_forgiven_with_time() {
        let tried = [Count::default(), Count::default(), count(CLIENT_FREE + 20)];
        assert_eq!(wait(tried, 1_000_000), 60);
        assert_eq!(wait(tried, 1_060_000), 0);
        assert_eq!(
            count(CLIENT_FREE).live(1_000_000 + 10 * FORGIVE_MS, FORGIVE_MS),
            CLIENT_FREE - 10
        );
    }

    #[test]
    fn an_account_under_attack_still_hears_a_fresh_client() {
        let pressed = count(ACCOUNT_FREE);
        assert_eq!(
            wait([Count::default(), pressed, Count::default()], 1_000_000),
            0
        );
        assert_eq!(wait([count(1), pressed, Count::default()], 1_000_000), 30);
        assert_eq!(wait([count(1), count(1), Count::default()], 1_000_000), 0);
    }

    #[test]
    fn a_client_is_an_address_or_a_network() {
        let client = |text: &str| client_of(text.parse().unwrap());
        assert_eq!(client("192.168.1.7"), client("::ffff:192.168.1.7"));
        assert_ne!(client("192.168.1.7"), client("192.168.1.8"));
        assert_eq!(client("fd00:1::5"), client("fd00:1::ffff:6"));
        assert_ne!(client("fd00:1::5"), client("fd00:1:0:1::5"));
    }

    #[tokio::test]
    async fn a_flood_of_rows_is_cut_to_the_newest() {
        for database in lampion_db::testing::databases("limit_rows").await {
            let db = database.db();
            db.migrate(&[crate::MIGRATIONS]).await.unwrap();
            let clock = std::sync::Arc::new(lampion_core::ManualClock::new(0));
            let rng = std::sync::Arc::new(lampion_core::SystemRng);
            let people = People::for_tests(db.clone(), clock.clone(), rng, 30);
            people.state().await.unwrap();
            clock.advance(1_000);
            let mut tx = db.begin().await.unwrap();
            for n in 0..10 {
                put(&mut tx, &format!("b{n}"), 1, n).await.unwrap();
            }
            tx.commit().await.unwrap();
            let kept = async || -> Vec<String> {
                lampion_db::query_scalar("select bucket from people_try order by bucket")
                    .fetch_all(db.read())
                    .await
                    .unwrap()
            };
            people.prune_at(0, 10).await.unwrap();
            assert_eq!(kept().await.len(), 10);
            people.prune_at(PRUNE_EVERY_MS, 3).await.unwrap();
            assert_eq!(kept().await.len(), 10, "not again so soon");
            people.prune_at(0, 3).await.unwrap();
            assert_eq!(kept().await, ["b7", "b8", "b9"]);
        }
    }
}
