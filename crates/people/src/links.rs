//! One-time links: the first start, and a new password for who forgot theirs.

use lampion_core::ids;
use lampion_db::{Row, Tx, query, query_scalar};

use crate::accounts::{insert, put_password};
use crate::error::PeopleError;
use crate::model::{Person, Role};
use crate::{People, rules};

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkPurpose {
    /// Makes the first operator.
    FirstStart,
    /// Sets a new password for the person with this id.
    ResetPassword(String),
}

const FIRST_START: &str = "first-start";
const RESET_PASSWORD: &str = "reset-password";

impl LinkPurpose {
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::FirstStart => (FIRST_START, ""),
            Self::ResetPassword(person) => (RESET_PASSWORD, person),
        }
    }
}

fn hash_of(secret: &str) -> String {
    ids::base32(blake3::hash(secret.as_bytes()).as_bytes())
}

impl People {
    /// Makes a link's secret, good for `valid_ms` of the node's own time. An older link for the same ends.
    ///
    /// # Errors
    /// No such person; [`PeopleError::LinkExpired`] for a first start when there is an operator; the database.
    pub async fn create_link(
        &self,
        purpose: &LinkPurpose,
        valid_ms: i64,
    ) -> Result<String, PeopleError> {
        match purpose {
            LinkPurpose::ResetPassword(person) => drop(self.need(person).await?),
            LinkPurpose::FirstStart if self.has_operator().await? => {
                return Err(PeopleError::LinkExpired);
            }
            LinkPurpose::FirstStart => {}
        }
        let secret = ids::new_secret(&*self.0.rng);
        let hash = hash_of(&secret);
        let (word, person) = purpose.words();
        transaction!(self, tx => {
            let now = self.stamp(tx).await?;
            query("delete from people_link where expires_at <= $1 or (purpose = $2 and person = $3)")
                .bind(now)
                .bind(word)
                .bind(person)
                .execute(&mut **tx)
                .await?;
            query("insert into people_link (hash, purpose, person, expires_at) values ($1, $2, $3, $4)")
                .bind(&hash)
                .bind(word)
                .bind(person)
                .bind(now.saturating_add(valid_ms))
                .execute(&mut **tx)
                .await?;
            Ok(())
        })?;
        Ok(secret)
    }

    /// What a link is for, without using it; `None` if it was used, is too old, or never was.
    ///
    /// # Errors
    /// The database.
    pub async fn peek_link(&self, secret: &str) -> Result<Option<LinkPurpose>, PeopleError> {
        let row =
            query("select purpose, person from people_link where hash = $1 and expires_at > $2")
                .bind(hash_of(secret))
                .bind(self.node_now().await?)
                .fetch_optional(self.0.db.read())
                .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(match row.try_get("purpose")? {
            FIRST_START => Some(LinkPurpose::FirstStart),
            RESET_PASSWORD => Some(LinkPurpose::ResetPassword(row.try_get("person")?)),
            _ => None,
        })
    }

    /// Makes the first operator. A bad name or weak password leaves the link as it is.
    ///
    /// # Errors
    /// [`PeopleError::LinkExpired`], also if there is an operator already; a bad or taken name; a weak password; the
    /// database.
    pub async fn finish_first_start(
        &self,
        secret: &str,
        name: &str,
        display: &str,
        password: &str,
    ) -> Result<Person, PeopleError> {
        // Hashing is dear: only for who has the link.
        if self.peek_link(secret).await? != Some(LinkPurpose::FirstStart) {
            return Err(PeopleError::LinkExpired);
        }
        let name = rules::normal_name(name)?;
        let hash = self.hash_new(password, &name).await?;
        let person = self.new_person(name, display, &[Role::Operator]);
        transaction!(self, tx => {
            self.use_link(tx, secret, &LinkPurpose::FirstStart).await?;
            let operators: i64 =
                query_scalar("select count(*) from people_person where disabled = 0 and roles like '%operator%'")
                    .fetch_one(&mut **tx)
                    .await?;
            if operators > 0 {
                return Err(PeopleError::LinkExpired);
            }
            insert(tx, &person, &hash).await
        })?;
        Ok(person)
    }

    /// Sets a new password by link and ends the person's sessions. A weak password leaves the link as it is.
    ///
    /// # Errors
    /// [`PeopleError::LinkExpired`], a weak password, switched off, the database.
    pub async fn reset_password_by_link(
        &self,
        secret: &str,
        password: &str,
    ) -> Result<Person, PeopleError> {
        let Some(purpose) = self.peek_link(secret).await? else {
            return Err(PeopleError::LinkExpired);
        };
        let LinkPurpose::ResetPassword(id) = &purpose else {
            return Err(PeopleError::LinkExpired);
        };
        let person = self.need(id).await?;
        if person.disabled {
            return Err(PeopleError::Disabled);
        }
        let hash = self.hash_new(password, &person.name).await?;
        let done = transaction!(self, tx => {
            self.use_link(tx, secret, &purpose).await?;
            put_password(tx, id, &hash, "").await
        });
        self.0.sessions.clear();
        done.map(|()| person)
    }

    /// Uses a link up. Of two at once one gets it; if the transaction fails, the link is as it was.
    async fn use_link(
        &self,
        tx: &mut Tx,
        secret: &str,
        purpose: &LinkPurpose,
    ) -> Result<(), PeopleError> {
        let now = self.stamp(tx).await?;
        let (word, person) = purpose.words();
        let used = query("delete from people_link where hash = $1 and purpose = $2 and person = $3 and expires_at > $4")
            .bind(hash_of(secret))
            .bind(word)
            .bind(person)
            .bind(now)
            .execute(&mut **tx)
            .await?;
        if used.rows_affected() == 0 {
            return Err(PeopleError::LinkExpired);
        }
        Ok(())
    }
}
