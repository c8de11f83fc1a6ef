//! Making, changing, finding and removing accounts.

use std::collections::HashMap;

use lampion_core::ids;
use lampion_db::{Row, Tx, query, query_scalar};

use crate::error::PeopleError;
use crate::model::{Person, Role, roles_to_text};
use crate::{People, rules};

const COLUMNS: &str = "id, name, display, roles, language, created_ms, disabled";

/// An expression for a statement of another feature: 1 if the person whose id `column` holds is there and may sign in, else 0.
#[must_use]
pub fn enabled_sql(column: &str) -> String {
    format!(
        "(select count(*) from people_person where people_person.id = {column} and people_person.disabled = 0)"
    )
}
/// The most that one call of [`People::list`] gives.
const LIST_LIMIT: i64 = 1_000;
/// The longest language tag that is kept (RFC 5646 §4.4.1).
const LANGUAGE_LIMIT: usize = 35;

/// A person with the groups, in one statement: each page asks for somebody, and mail for each recipient.
macro_rules! one {
    () => {
        "select id, name, display, roles, language, created_ms, disabled,
            (select coalesce(string_agg(m.group_id, ','), '') from people_member m where m.person = people_person.id) as groups
         from people_person"
    };
}

impl People {
    /// Makes an account. Without a password nobody can sign in to it until one is set or reset by a link.
    ///
    /// # Errors
    /// The name is taken or bad, the password is weak, the database.
    pub async fn create(
        &self,
        name: &str,
        display: &str,
        password: Option<&str>,
        roles: &[Role],
    ) -> Result<Person, PeopleError> {
        let name = rules::normal_name(name)?;
        let hash = match password {
            Some(password) => self.hash_new(password, &name).await?,
            None => String::new(),
        };
        let person = self.new_person(name, display, roles);
        transaction!(self, tx => insert(tx, &person, &hash).await)?;
        Ok(person)
    }

    pub(crate) fn new_person(&self, name: String, display: &str, roles: &[Role]) -> Person {
        let display = match rules::shown(display) {
            display if display.is_empty() => name.clone(),
            display => display,
        };
        let mut all = roles.to_vec();
        all.push(Role::Member);
        all.sort_unstable();
        all.dedup();
        Person {
            id: ids::new_id(&*self.0.rng),
            name,
            display,
            roles: all,
            groups: Vec::new(),
            language: String::new(),
            created_ms: self.0.clock.now_ms(),
            disabled: false,
        }
    }

    /// Checks a new password for `name` and hashes it.
    pub(crate) async fn hash_new(&self, password: &str, name: &str) -> Result<String, PeopleError> {
        rules::check_password(password, name)?;
        self.0.hasher.hash(password, &*self.0.rng).await
    }

    /// Sets a password and ends all sessions of the person.
    ///
    /// # Errors
    /// No such person, the password is weak, the database.
    pub async fn set_password(&self, id: &str, password: &str) -> Result<(), PeopleError> {
        let person = self.need(id).await?;
        let hash = self.hash_new(password, &person.name).await?;
        let done = transaction!(self, tx => put_password(tx, id, &hash, "").await);
        self.0.sessions.clear();
        done
    }

    /// Sets the roles; [`Role::Member`] is always among them.
    ///
    /// # Errors
    /// No such person, the last operator, the database.
    pub async fn set_roles(&self, id: &str, roles: &[Role]) -> Result<(), PeopleError> {
        let text = roles_to_text(roles);
        let stays = roles.contains(&Role::Operator);
        let done = transaction!(self, tx => {
            self.stamp(tx).await?;
            if !stays {
                keep_an_operator(tx, id).await?;
            }
            let changed = query("update people_person set roles = $2 where id = $1")
                .bind(id)
                .bind(&text)
                .execute(&mut **tx)
                .await?;
            found(changed.rows_affected(), id)
        });
        self.0.sessions.clear();
        done
    }

    /// Switches an account off, which ends its sessions, or on again.
    ///
    /// # Errors
    /// No such person, the last operator, the database.
    pub async fn set_disabled(&self, id: &str, disabled: bool) -> Result<(), PeopleError> {
        let done = transaction!(self, tx => {
            self.stamp(tx).await?;
            if disabled {
                keep_an_operator(tx, id).await?;
                end_sessions(tx, id, "").await?;
            }
            let changed = query("update people_person set disabled = $2 where id = $1")
                .bind(id)
                .bind(i64::from(disabled))
                .execute(&mut **tx)
                .await?;
            found(changed.rows_affected(), id)
        });
        self.0.sessions.clear();
        self.tell_revoked();
        done
    }

    /// Sets the language of pages; what is no language tag means "as the browser asks".
    ///
    /// # Errors
    /// No such person, the database.
    pub async fn set_language(&self, id: &str, language: &str) -> Result<(), PeopleError> {
        let fits = language.len() <= LANGUAGE_LIMIT
            && language
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        self.set_text(
            id,
            "update people_person set language = $2 where id = $1",
            if fits { language } else { "" },
        )
        .await
    }

    /// Sets what others see; empty means the name.
    ///
    /// # Errors
    /// No such person, the database.
    pub async fn set_display(&self, id: &str, display: &str) -> Result<(), PeopleError> {
        self.set_text(
            id,
            "update people_person set display = case when $2 = '' then name else $2 end where id = $1",
            &rules::shown(display),
        )
        .await
    }

    async fn set_text(&self, id: &str, sql: &'static str, text: &str) -> Result<(), PeopleError> {
        let changed = query(sql)
            .bind(id)
            .bind(text)
            .execute(self.0.db.write())
            .await?;
        self.0.sessions.clear();
        found(changed.rows_affected(), id)
    }

    /// Removes an account with its sessions, links, app passwords and memberships.
    ///
    /// # Errors
    /// No such person, the last operator, the database.
    pub async fn delete(&self, id: &str) -> Result<(), PeopleError> {
        let done = transaction!(self, tx => {
            self.stamp(tx).await?;
            keep_an_operator(tx, id).await?;
            query("delete from people_link where person = $1")
                .bind(id)
                .execute(&mut **tx)
                .await?;
            let gone = query("delete from people_person where id = $1")
                .bind(id)
                .execute(&mut **tx)
                .await?;
            found(gone.rows_affected(), id)
        });
        self.0.sessions.clear();
        self.tell_revoked();
        done
    }

    /// The person with this name, in whatever case and form it is written.
    ///
    /// # Errors
    /// The database.
    pub async fn by_name(&self, name: &str) -> Result<Option<Person>, PeopleError> {
        // What can't be a name is nobody's.
        let Ok(name) = rules::normal_name(name) else {
            return Ok(None);
        };
        self.one(concat!(one!(), " where name = $1"), &name).await
    }

    /// The person with this id.
    ///
    /// # Errors
    /// The database.
    pub async fn by_id(&self, id: &str) -> Result<Option<Person>, PeopleError> {
        self.one(concat!(one!(), " where id = $1"), id).await
    }

    async fn one(&self, sql: &'static str, key: &str) -> Result<Option<Person>, PeopleError> {
        let Some(row) = query(sql)
            .bind(key)
            .fetch_optional(self.0.db.read())
            .await?
        else {
            return Ok(None);
        };
        let mut person = Person::from_row(&row)?;
        let groups: String = row.try_get("groups")?;
        let groups = groups.split(',').filter(|group| !group.is_empty());
        person.groups = groups.map(ToString::to_string).collect();
        person.groups.sort();
        Ok(Some(person))
    }

    pub(crate) async fn need(&self, id: &str) -> Result<Person, PeopleError> {
        self.by_id(id)
            .await?
            .ok_or_else(|| PeopleError::NoSuchPerson(id.into()))
    }

    /// At most `limit` people (up to 1000) in the order of names, after the name `after` (empty: from the first).
    ///
    /// # Errors
    /// The database.
    pub async fn list(&self, after: &str, limit: i64) -> Result<Vec<Person>, PeopleError> {
        let limit = limit.clamp(0, LIST_LIMIT);
        let sql =
            format!("select {COLUMNS} from people_person where name > $1 order by name limit $2");
        let rows = query(lampion_db::AssertSqlSafe(sql))
            .bind(after)
            .bind(limit)
            .fetch_all(self.0.db.read())
            .await?;
        let mut people: Vec<Person> = rows
            .iter()
            .map(Person::from_row)
            .collect::<Result<_, _>>()?;
        let rows = query(
            "select person, group_id from people_member
             where person in (select id from people_person where name > $1 order by name limit $2) order by group_id",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(self.0.db.read())
        .await?;
        let mut groups: HashMap<String, Vec<String>> = HashMap::new();
        for row in &rows {
            groups
                .entry(row.try_get("person")?)
                .or_default()
                .push(row.try_get("group_id")?);
        }
        for person in &mut people {
            person.groups = groups.remove(&person.id).unwrap_or_default();
        }
        Ok(people)
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// The database.
    pub async fn count(&self) -> Result<i64, PeopleError> {
        Ok(query_scalar("select count(*) from people_person")
            .fetch_one(self.0.db.read())
            .await?)
    }

    /// Whether anybody can run the node; if not, it is a first start.
    ///
    /// # Errors
    /// The database.
    pub async fn has_operator(&self) -> Result<bool, PeopleError> {
        let count: i64 = query_scalar(
            "select count(*) from people_person where disabled = 0 and roles like '%operator%'",
        )
        .fetch_one(self.0.db.read())
        .await?;
        Ok(count > 0)
    }
}

pub(crate) async fn insert(tx: &mut Tx, person: &Person, hash: &str) -> Result<(), PeopleError> {
    if is_reserved(tx, &person.name).await? {
        return Err(PeopleError::NameTaken(person.name.clone()));
    }
    let made = query(
        "insert into people_person (id, name, display, password, roles, language, created_ms)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (name) do nothing",
    )
    .bind(&person.id)
    .bind(&person.name)
    .bind(&person.display)
    .bind(hash)
    .bind(roles_to_text(&person.roles))
    .bind(&person.language)
    .bind(person.created_ms)
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 0 {
        return Err(PeopleError::NameTaken(person.name.clone()));
    }
    Ok(())
}

async fn is_reserved(tx: &mut Tx, name: &str) -> Result<bool, PeopleError> {
    let count: i64 = query_scalar("select count(*) from people_reserved where name = $1")
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    Ok(count > 0)
}

/// Takes a name (in its normal form) that no person can have from now on, in the transaction of what has it.
///
/// # Errors
/// `NameTaken` if a person or something else has it; the database.
pub async fn reserve(tx: &mut Tx, name: &str) -> Result<(), PeopleError> {
    let people: i64 = query_scalar("select count(*) from people_person where name = $1")
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    let made =
        query("insert into people_reserved (name) values ($1) on conflict (name) do nothing")
            .bind(name)
            .execute(&mut **tx)
            .await?;
    if people > 0 || made.rows_affected() == 0 {
        return Err(PeopleError::NameTaken(name.into()));
    }
    Ok(())
}

/// Gives a name back that [`reserve`] took.
///
/// # Errors
/// The database.
pub async fn release(tx: &mut Tx, name: &str) -> Result<(), PeopleError> {
    query("delete from people_reserved where name = $1")
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Sets a password and ends the person's sessions but the one with the hash `keep`.
pub(crate) async fn put_password(
    tx: &mut Tx,
    id: &str,
    hash: &str,
    keep: &str,
) -> Result<(), PeopleError> {
    let changed = query("update people_person set password = $2 where id = $1")
        .bind(id)
        .bind(hash)
        .execute(&mut **tx)
        .await?;
    found(changed.rows_affected(), id)?;
    end_sessions(tx, id, keep).await
}

pub(crate) async fn end_sessions(tx: &mut Tx, id: &str, keep: &str) -> Result<(), PeopleError> {
    query("delete from people_session where person = $1 and id_hash <> $2")
        .bind(id)
        .bind(keep)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Refuses if nobody but `id` could run the node. The caller holds the state's lock ([`People::stamp`]).
async fn keep_an_operator(tx: &mut Tx, id: &str) -> Result<(), PeopleError> {
    let operators: Vec<String> = query_scalar(
        "select id from people_person where disabled = 0 and roles like '%operator%' limit 2",
    )
    .fetch_all(&mut **tx)
    .await?;
    if operators.iter().any(|operator| operator == id) && operators.len() < 2 {
        return Err(PeopleError::LastOperator);
    }
    Ok(())
}

fn found(rows: u64, id: &str) -> Result<(), PeopleError> {
    if rows == 0 {
        return Err(PeopleError::NoSuchPerson(id.into()));
    }
    Ok(())
}
