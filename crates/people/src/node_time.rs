//! The node's own time, by which sessions, links and pauses end.
//!
//! The wall clock of a small box starts anywhere and is set later, so it decides nothing. The node's own time adds up
//! the steps between looks at the wall clock; a step back counts as nothing, and a long step (switched off, nobody
//! asked, or the clock was set) counts as [`STEP_LIMIT_MS`] at most. It is kept in the database, in the same
//! transaction as every stamp made from it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lampion_core::ids;
use lampion_db::{Row, Tx, query, query_scalar};

use crate::error::PeopleError;
use crate::{HOUR_MS, People};

/// The most that one step counts: a night.
pub(crate) const STEP_LIMIT_MS: i64 = 12 * HOUR_MS;

/// What `people_state` holds, once read.
#[derive(Debug)]
pub(crate) struct State {
    /// The key of keyed hashes.
    pub(crate) key: [u8; 32],
    time: Mutex<NodeTime>,
}

#[derive(Debug)]
struct NodeTime {
    elapsed_ms: i64,
    seen_ms: i64,
    kept_ms: i64,
}

impl NodeTime {
    fn look(&mut self, wall_ms: i64) -> i64 {
        let step = wall_ms.saturating_sub(self.seen_ms).clamp(0, STEP_LIMIT_MS);
        self.elapsed_ms = self.elapsed_ms.saturating_add(step);
        self.seen_ms = wall_ms;
        self.elapsed_ms
    }
}

impl State {
    fn time(&self) -> MutexGuard<'_, NodeTime> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl People {
    /// The state, read from the database the first time.
    pub(crate) async fn state(&self) -> Result<&State, PeopleError> {
        self.0.state.get_or_try_init(|| self.load_state()).await
    }

    async fn load_state(&self) -> Result<State, PeopleError> {
        let wall_ms = self.0.clock.now_ms();
        query("insert into people_state (id, secret, elapsed_ms, seen_ms) values (1, $1, 0, $2) on conflict (id) do nothing")
            .bind(ids::new_secret(&*self.0.rng))
            .bind(wall_ms)
            .execute(self.0.db.write())
            .await?;
        let row = query("select secret, elapsed_ms, seen_ms from people_state where id = 1")
            .fetch_one(self.0.db.write())
            .await?;
        let elapsed_ms = row.try_get("elapsed_ms")?;
        Ok(State {
            key: blake3::derive_key(
                "lampion people 2026-11 keyed hashes",
                row.try_get::<&str, _>("secret")?.as_bytes(),
            ),
            time: Mutex::new(NodeTime {
                elapsed_ms,
                seen_ms: row.try_get("seen_ms")?,
                kept_ms: elapsed_ms,
            }),
        })
    }

    /// The node's own time in milliseconds; written down once an hour.
    pub async fn node_now(&self) -> Result<i64, PeopleError> {
        let state = self.state().await?;
        let wall_ms = self.0.clock.now_ms();
        let (now, due) = {
            let mut time = state.time();
            let now = time.look(wall_ms);
            let due = now - time.kept_ms >= HOUR_MS;
            if due {
                // Before it is written, so that a database in trouble isn't asked by every request.
                time.kept_ms = now;
            }
            (now, due)
        };
        if due
            && let Err(error) = query("update people_state set elapsed_ms = $1, seen_ms = $2 where id = 1 and elapsed_ms < $1")
                .bind(now)
                .bind(wall_ms)
                .execute(self.0.db.write())
                .await
        {
            tracing::warn!(%error, "the node's own time could not be kept");
        }
        Ok(now)
    }

    /// The node's own time for a stamp, kept by the same transaction. It locks the state's row, so that of two such
    /// transactions the second sees what the first did, on PostgreSQL too.
    pub(crate) async fn stamp(&self, tx: &mut Tx) -> Result<i64, PeopleError> {
        let state = self.state().await?;
        let wall_ms = self.0.clock.now_ms();
        let mine = state.time().look(wall_ms);
        let now: i64 = query_scalar(
            "update people_state set elapsed_ms = case when elapsed_ms < $1 then $1 else elapsed_ms end, seen_ms = $2
             where id = 1 returning elapsed_ms",
        )
        .bind(mine)
        .bind(wall_ms)
        .fetch_one(&mut **tx)
        .await?;
        // Another process on the same database may have been awake for longer.
        let mut time = state.time();
        time.elapsed_ms = time.elapsed_ms.max(now);
        time.kept_ms = time.elapsed_ms;
        Ok(now)
    }

    /// A hash that only this node can make, as text.
    pub(crate) async fn keyed(&self, kind: &str, parts: &[&str]) -> Result<String, PeopleError> {
        let mut hasher = blake3::Hasher::new_keyed(&self.state().await?.key);
        for part in std::iter::once(&kind).chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Ok(ids::base32(
            hasher
                .finalize()
                .as_bytes()
                .first_chunk::<20>()
                .map_or(&[], |half| half.as_slice()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_back_count_nothing_and_long_steps_a_night() {
        let mut time = NodeTime {
            elapsed_ms: 100,
            seen_ms: 1_000,
            kept_ms: 100,
        };
        assert_eq!(time.look(1_500), 600);
        assert_eq!(time.look(-5_000_000), 600, "turned back");
        assert_eq!(time.look(-4_999_000), 1_600, "and goes on from there");
        assert_eq!(time.look(i64::MAX), 1_600 + STEP_LIMIT_MS);
        assert_eq!(time.look(i64::MIN), 1_600 + STEP_LIMIT_MS);
    }
}
