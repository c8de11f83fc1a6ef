//! App passwords: one secret for each program that can't show a sign-in page (mail, calendars).

use std::net::IpAddr;

use lampion_core::{clock, ids};
use lampion_db::{Row, query, query_scalar};

use crate::People;
use crate::error::PeopleError;
use crate::model::Person;
use crate::rules::{normal_name, shown};
use crate::scram::ScramKeys;

/// App passwords of one person at most.
pub const APP_PASSWORDS_LIMIT: i64 = 50;
/// Base-32 characters of a secret: 100 random bits, so that a fast hash is enough.
const SECRET_CHARS: usize = 20;
/// Characters between two hyphens.
const GROUP_CHARS: usize = 5;

/// An app password as it is listed; the secret is shown once, when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// To revoke it by.
    pub id: String,
    /// What the person called it.
    pub label: String,
    /// Made then, in milliseconds since 1970; only shown.
    pub created_ms: i64,
    /// Last used on this day (`2026-11-22`); empty if never.
    pub used_day: String,
}

impl People {
    /// Makes an app password and gives its secret (`xxxxx-xxxxx-xxxxx-xxxxx`), which can't be shown again.
    ///
    /// # Errors
    /// No such person, too many already, the database.
    pub async fn create_app_password(
        &self,
        person_id: &str,
        label: &str,
    ) -> Result<(String, AppPassword), PeopleError> {
        self.need(person_id).await?;
        let mut bytes = [0u8; SECRET_CHARS * 5 / 8 + 1];
        self.0.rng.fill(&mut bytes);
        let secret: String = ids::base32(&bytes).chars().take(SECRET_CHARS).collect();
        let hash = self.keyed("app password", &[person_id, &secret]).await?;
        // The salt first and alone, since deriving keys takes longer than a transaction should.
        let salt = transaction!(self, tx => self.salt_of(tx, person_id).await)?;
        let shown_secret = grouped(&secret);
        let keys = ScramKeys::derive(&shown_secret, &salt);
        let made = AppPassword {
            id: ids::new_id(&*self.0.rng),
            label: shown(label),
            created_ms: self.0.clock.now_ms(),
            used_day: String::new(),
        };
        transaction!(self, tx => {
            self.stamp(tx).await?;
            let count: i64 = query_scalar("select count(*) from people_app_password where person = $1")
                .bind(person_id)
                .fetch_one(&mut **tx)
                .await?;
            if count >= APP_PASSWORDS_LIMIT {
                return Err(PeopleError::TooMany { limit: APP_PASSWORDS_LIMIT });
            }
            query(
                "insert into people_app_password (id, person, hash, label, created_ms, scram_stored, scram_server)
                 values ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(&made.id)
            .bind(person_id)
            .bind(&hash)
            .bind(&made.label)
            .bind(made.created_ms)
            .bind(&keys.stored)
            .bind(&keys.server)
            .execute(&mut **tx)
            .await?;
            Ok(())
        })?;
        Ok((shown_secret, made))
    }

    /// The person's app passwords, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn app_passwords(&self, person_id: &str) -> Result<Vec<AppPassword>, PeopleError> {
        let rows = query(
            "select id, label, created_ms, used_day from people_app_password where person = $1 order by created_ms, id",
        )
        .bind(person_id)
        .fetch_all(self.0.db.read())
        .await?;
        let all = rows.iter().map(|row| {
            Ok(AppPassword {
                id: row.try_get("id")?,
                label: row.try_get("label")?,
                created_ms: row.try_get("created_ms")?,
                used_day: row.try_get("used_day")?,
            })
        });
        all.collect()
    }

    /// Revokes one; nothing happens if it is not the person's.
    ///
    /// # Errors
    /// The database.
    pub async fn revoke_app_password(&self, person_id: &str, id: &str) -> Result<(), PeopleError> {
        query("delete from people_app_password where person = $1 and id = $2")
            .bind(person_id)
            .bind(id)
            .execute(self.0.db.write())
            .await?;
        self.tell_revoked();
        Ok(())
    }

    /// Tells whenever this process revokes an app password, switches an account off or deletes one: who is signed in by an
    /// app password looks then, by [`People::app_password_holds`], whether it still holds.
    pub fn revocations(&self) -> tokio::sync::watch::Receiver<u64> {
        self.0.revoked.subscribe()
    }

    pub(crate) fn tell_revoked(&self) {
        self.0.revoked.send_modify(|count| *count += 1);
    }

    /// Whether an app password (its id) still is the person's, and the person's account is on.
    ///
    /// # Errors
    /// The database.
    pub async fn app_password_holds(&self, person_id: &str, id: &str) -> Result<bool, PeopleError> {
        let count: i64 = query_scalar(
            "select count(*) from people_app_password a join people_person p on p.id = a.person
             where a.id = $1 and a.person = $2 and p.disabled = 0",
        )
        .bind(id)
        .bind(person_id)
        .fetch_one(self.0.db.read())
        .await?;
        Ok(count > 0)
    }

    /// Whose app password it is. Hyphens, blanks and case don't matter, nor o for 0 and i or l for 1.
    ///
    /// A right secret is always heard: it can't be guessed, and a stranger's failures must not stop a person's mail.
    /// Wrong ones have the limits of signing in.
    ///
    /// # Errors
    /// As [`People::sign_in`].
    pub async fn verify_app_password(
        &self,
        name: &str,
        secret: &str,
        client: IpAddr,
    ) -> Result<Person, PeopleError> {
        let verified = self
            .verify_app_password_and_id(name, secret, client)
            .await?;
        Ok(verified.0)
    }

    /// The same, with the app password's id.
    ///
    /// # Errors
    /// As [`People::sign_in`].
    pub async fn verify_app_password_and_id(
        &self,
        name: &str,
        secret: &str,
        client: IpAddr,
    ) -> Result<(Person, String), PeopleError> {
        if let Some((person, id, used_day)) = self.app_password_of(name, secret).await? {
            if person.disabled {
                return Err(PeopleError::Disabled);
            }
            self.used_app_password(&id, &used_day).await;
            return Ok((person, id));
        }
        self.begin_try(name, client).await?;
        Err(PeopleError::WrongNameOrPassword)
    }

    async fn app_password_of(
        &self,
        name: &str,
        secret: &str,
    ) -> Result<Option<(Person, String, String)>, PeopleError> {
        let (Ok(name), Some(secret)) = (normal_name(name), plain(secret)) else {
            return Ok(None);
        };
        let Some(person) = self.by_name(&name).await? else {
            return Ok(None);
        };
        let hash = self.keyed("app password", &[&person.id, &secret]).await?;
        let row =
            query("select id, used_day from people_app_password where hash = $1 and person = $2")
                .bind(hash)
                .bind(&person.id)
                .fetch_optional(self.0.db.read())
                .await?;
        Ok(match row {
            Some(row) => Some((person, row.try_get("id")?, row.try_get("used_day")?)),
            None => None,
        })
    }

    pub(crate) async fn used_app_password(&self, id: &str, used_day: &str) {
        let today = clock::date(self.0.clock.now_ms());
        if today == used_day {
            return;
        }
        let done = query("update people_app_password set used_day = $2 where id = $1")
            .bind(id)
            .bind(today)
            .execute(self.0.db.write())
            .await;
        if let Err(error) = done {
            tracing::warn!(%error, "the use of an app password could not be kept");
        }
    }
}

fn grouped(secret: &str) -> String {
    let mut out = String::new();
    for (at, c) in secret.chars().enumerate() {
        if at > 0 && at % GROUP_CHARS == 0 {
            out.push('-');
        }
        out.push(c);
    }
    out
}

/// The secret as it was made, out of what somebody typed; `None` if it can't be one.
fn plain(typed: &str) -> Option<String> {
    if typed.len() > SECRET_CHARS * 4 {
        return None;
    }
    let secret: String = typed
        .chars()
        .filter(|c| !matches!(c, '-' | ' '))
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    (secret.len() == SECRET_CHARS).then_some(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_comes_to_what_was_made() {
        let secret = "0123456789abcdefghjk";
        assert_eq!(grouped(secret), "01234-56789-abcde-fghjk");
        assert_eq!(plain("o1234 56789-ABCDE-FGHJK ").as_deref(), Some(secret));
        assert_eq!(plain("oL234-56789-abcde-fghjk").as_deref(), Some(secret));
        assert_eq!(plain("01234"), None);
        assert_eq!(plain(&"0".repeat(1_000_000)), None);
    }
}
