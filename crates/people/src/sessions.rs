//! Sessions: who a cookie belongs to.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lampion_core::ids;
use lampion_db::{Row, query};
use subtle::ConstantTimeEq;

use crate::error::PeopleError;
use crate::model::Person;
use crate::{HOUR_MS, People, accounts};

/// Sessions of one person at most; the one unused for longest ends.
pub const SESSIONS_LIMIT: i64 = 50;
/// Sessions kept in memory at most.
const CACHE_LIMIT: usize = 4_096;
/// How long a session is believed from memory.
const CACHE_MS: i64 = 3_000;
/// How often its use is written down.
const TOUCH_EVERY_MS: i64 = HOUR_MS;
/// Characters of a token ([`ids::new_secret`]).
const TOKEN_CHARS: usize = 32;

/// What the cookie holds. It is never written to a log or the database.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// The cookie's value: lower-case letters and digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(…)")
    }
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Session {
    /// Who.
    pub person: Person,
    /// What forms of this session must carry; compare with [`Session::csrf_matches`].
    pub csrf: String,
    /// The session's name in the database and in [`People::sessions_of`]; nobody can sign in with it.
    pub id_hash: String,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("person", &self.person.id)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Whether a form's token is this session's, compared in constant time.
    pub fn csrf_matches(&self, given: &str) -> bool {
        self.csrf.as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// One line of "where am I signed in".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// As [`Session::id_hash`].
    pub id_hash: String,
    /// Begun then, in milliseconds since 1970; only shown.
    pub created_ms: i64,
    /// Used then (to the hour), in milliseconds since 1970; only shown.
    pub used_ms: i64,
}

/// Sessions in memory, since each request asks.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Cached>);

#[derive(Debug, Default)]
struct Cached {
    /// Counts changes: what was read before a change must not be kept after it.
    changes: u64,
    sessions: HashMap<String, (i64, Session)>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Cached> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all: somebody changed.
    pub(crate) fn clear(&self) {
        let mut cached = self.lock();
        cached.changes += 1;
        cached.sessions.clear();
    }

    fn get(&self, id_hash: &str, now: i64) -> Result<Session, u64> {
        let cached = self.lock();
        match cached.sessions.get(id_hash) {
            Some((read_at, session)) if now - read_at < CACHE_MS => Ok(session.clone()),
            _ => Err(cached.changes),
        }
    }

    fn put(&self, changes: u64, now: i64, session: &Session) {
        let mut cached = self.lock();
        if cached.changes != changes {
            return;
        }
        if cached.sessions.len() >= CACHE_LIMIT {
            cached
                .sessions
                .retain(|_, (read_at, _)| now - *read_at < CACHE_MS);
        }
        if cached.sessions.len() < CACHE_LIMIT {
            cached
                .sessions
                .insert(session.id_hash.clone(), (now, session.clone()));
        }
    }
}

/// What stands in the database for a token. The token is random, so a plain hash can't be searched.
fn hash_of(token: &str) -> String {
    ids::base32(blake3::hash(token.as_bytes()).as_bytes())
}

fn csrf_of(token: &str) -> String {
    let key = blake3::derive_key("lampion people 2026-11 csrf", token.as_bytes());
    ids::base32(key.first_chunk::<20>().map_or(&[], |half| half.as_slice()))
}

impl People {
    /// Begins a session without a password: after a first start or a reset by link.
    ///
    /// # Errors
    /// No such person, or switched off; the database.
    pub async fn start_session(&self, person_id: &str) -> Result<SessionToken, PeopleError> {
        let person = self.need(person_id).await?;
        if person.disabled {
            return Err(PeopleError::Disabled);
        }
        let token = SessionToken(ids::new_secret(&*self.0.rng));
        let id_hash = hash_of(token.as_str());
        let wall_ms = self.0.clock.now_ms();
        transaction!(self, tx => {
            let now = self.stamp(tx).await?;
            query("delete from people_session where used_at < $1")
                .bind(now - self.0.session_ms)
                .execute(&mut **tx)
                .await?;
            query(
                "delete from people_session where id_hash in
                   (select id_hash from people_session where person = $1 order by used_at desc, id_hash limit 1000 offset $2)",
            )
            .bind(person_id)
            .bind(SESSIONS_LIMIT - 1)
            .execute(&mut **tx)
            .await?;
            // Somebody may have switched the person off since.
            let made = query(
                "insert into people_session (id_hash, person, created_ms, used_ms, used_at)
                 select $1, id, $3, $3, $4 from people_person where id = $2 and disabled = 0",
            )
            .bind(&id_hash)
            .bind(person_id)
            .bind(wall_ms)
            .bind(now)
            .execute(&mut **tx)
            .await?;
            if made.rows_affected() == 0 {
                return Err(PeopleError::Disabled);
            }
            Ok(())
        })?;
        Ok(token)
    }

    /// Whose session a cookie's value is. Cheap: mostly from memory.
    ///
    /// # Errors
    /// The database.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, PeopleError> {
        if token.len() != TOKEN_CHARS {
            return Ok(None);
        }
        let now = self.node_now().await?;
        let id_hash = hash_of(token);
        let changes = match self.0.sessions.get(&id_hash, now) {
            Ok(session) => return Ok(Some(session)),
            Err(changes) => changes,
        };
        let row = query("select person, used_at from people_session where id_hash = $1")
            .bind(&id_hash)
            .fetch_optional(self.0.db.read())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let unused_ms = now - row.try_get::<i64, _>("used_at")?;
        if unused_ms >= self.0.session_ms {
            return Ok(None);
        }
        let person = match self.by_id(row.try_get("person")?).await? {
            Some(person) if !person.disabled => person,
            _ => return Ok(None),
        };
        if unused_ms >= TOUCH_EVERY_MS {
            self.touch(&id_hash, now).await;
        }
        let session = Session {
            person,
            csrf: csrf_of(token),
            id_hash,
        };
        self.0.sessions.put(changes, now, &session);
        Ok(Some(session))
    }

    /// Writes down that a session was used. A full disk must not sign people out, so failing is only logged.
    async fn touch(&self, id_hash: &str, now: i64) {
        let done = query("update people_session set used_at = $2, used_ms = $3 where id_hash = $1 and used_at < $2")
            .bind(id_hash)
            .bind(now)
            .bind(self.0.clock.now_ms())
            .execute(self.0.db.write())
            .await;
        if let Err(error) = done {
            tracing::warn!(%error, "the use of a session could not be kept");
        }
    }

    /// Ends the session of a cookie's value; nothing happens if there is none.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_out(&self, token: &str) -> Result<(), PeopleError> {
        query("delete from people_session where id_hash = $1")
            .bind(hash_of(token))
            .execute(self.0.db.write())
            .await?;
        self.0.sessions.clear();
        Ok(())
    }

    /// Ends one session out of [`People::sessions_of`]; nothing happens if it is not the person's.
    ///
    /// # Errors
    /// The database.
    pub async fn end_session(&self, person_id: &str, id_hash: &str) -> Result<(), PeopleError> {
        query("delete from people_session where id_hash = $1 and person = $2")
            .bind(id_hash)
            .bind(person_id)
            .execute(self.0.db.write())
            .await?;
        self.0.sessions.clear();
        Ok(())
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_out_all(&self, person_id: &str) -> Result<(), PeopleError> {
        let done = transaction!(self, tx => accounts::end_sessions(tx, person_id, "").await);
        self.0.sessions.clear();
        done
    }

    /// The person's sessions, last used first.
    ///
    /// # Errors
    /// The database.
    pub async fn sessions_of(&self, person_id: &str) -> Result<Vec<SessionInfo>, PeopleError> {
        let oldest = self.node_now().await? - self.0.session_ms;
        let rows = query(
            "select id_hash, created_ms, used_ms from people_session where person = $1 and used_at > $2
             order by used_at desc, id_hash",
        )
        .bind(person_id)
        .bind(oldest)
        .fetch_all(self.0.db.read())
        .await?;
        let sessions = rows.iter().map(|row| {
            Ok(SessionInfo {
                id_hash: row.try_get("id_hash")?,
                created_ms: row.try_get("created_ms")?,
                used_ms: row.try_get("used_ms")?,
            })
        });
        sessions.collect()
    }
}
