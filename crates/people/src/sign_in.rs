//! Signing in with a password, and changing one's own.

use std::net::IpAddr;

use lampion_db::{Row, query};

use crate::People;
use crate::accounts::put_password;
use crate::error::PeopleError;
use crate::hashing::Verdict;
use crate::model::Person;
use crate::rules::{PASSWORD_LIMIT, normal_name};
use crate::sessions::{Session, SessionToken};

impl People {
    /// Signs a person in. The same work is done for names that don't exist.
    ///
    /// # Errors
    /// [`PeopleError::WrongNameOrPassword`], [`PeopleError::TooManyTries`], [`PeopleError::Disabled`] (only told to who
    /// knows the password), the database.
    pub async fn sign_in(
        &self,
        name: &str,
        password: &str,
        client: IpAddr,
    ) -> Result<(SessionToken, Person), PeopleError> {
        let person = self.check(name, password, client).await?;
        let token = self.start_session(&person.id).await?;
        Ok((token, person))
    }

    /// Changes one's own password: the old one is asked for, with the limits of signing in. This session stays, the
    /// person's others end.
    ///
    /// # Errors
    /// As [`People::sign_in`]; the new password is weak.
    pub async fn change_password(
        &self,
        session: &Session,
        old: &str,
        new: &str,
        client: IpAddr,
    ) -> Result<(), PeopleError> {
        crate::check_password(new, &session.person.name)?;
        let person = self.check(&session.person.name, old, client).await?;
        if person.id != session.person.id {
            return Err(PeopleError::WrongNameOrPassword);
        }
        let hash = self.hash_new(new, &person.name).await?;
        let done =
            transaction!(self, tx => put_password(tx, &person.id, &hash, &session.id_hash).await);
        self.0.sessions.clear();
        done
    }

    /// Checks a password with all limits and gives whose it is.
    async fn check(
        &self,
        name: &str,
        password: &str,
        client: IpAddr,
    ) -> Result<Person, PeopleError> {
        let tried = self.begin_try(name, client).await?;
        let (id, phc) = self.password_of(name).await?;
        // Nobody has so long a password; an empty one can't be set.
        let usable = !password.is_empty() && password.len() <= PASSWORD_LIMIT;
        let (password, phc) = if usable {
            (password, phc)
        } else {
            ("", String::new())
        };
        let verdict = self.0.hasher.verify(password, &phc).await?;
        if verdict == Verdict::Wrong {
            return Err(PeopleError::WrongNameOrPassword);
        }
        self.try_was_right(&tried).await?;
        let person = self
            .by_id(&id)
            .await?
            .ok_or(PeopleError::WrongNameOrPassword)?;
        if person.disabled {
            return Err(PeopleError::Disabled);
        }
        if verdict == Verdict::RightButOld {
            self.rehash(&id, password, &phc).await;
        }
        Ok(person)
    }

    /// Id and hash of a name; both empty if there is no such person.
    async fn password_of(&self, name: &str) -> Result<(String, String), PeopleError> {
        // Asking for a name that can't be takes the same time as for one that can.
        let name = normal_name(name).unwrap_or_default();
        let row = query("select id, password from people_person where name = $1")
            .bind(name)
            .fetch_optional(self.0.db.read())
            .await?;
        Ok(match row {
            Some(row) => (row.try_get("id")?, row.try_get("password")?),
            None => Default::default(),
        })
    }

    /// Hashes with today's parameters. If it fails, the old hash still does.
    async fn rehash(&self, id: &str, password: &str, old: &str) {
        let Ok(hash) = self.0.hasher.hash(password, &*self.0.rng).await else {
            return;
        };
        // Only if nobody set another password meanwhile.
        let done = query("update people_person set password = $2 where id = $1 and password = $3")
            .bind(id)
            .bind(hash)
            .bind(old)
            .execute(self.0.db.write())
            .await;
        if let Err(error) = done {
            tracing::warn!(%error, "a password's hash could not be renewed");
        }
    }
}
