//! Groups of people: who may see a collection, who is in a class.

use lampion_core::ids;
use lampion_db::{Row, query, query_scalar};

use crate::error::{NameFault, PeopleError};
use crate::model::Group;
use crate::{People, rules};

/// The most groups that a node has.
const GROUPS_LIMIT: i64 = 10_000;

impl People {
    /// Makes a group. Its name is free text, each once.
    ///
    /// # Errors
    /// The name is empty or taken, the database.
    pub async fn create_group(&self, name: &str) -> Result<Group, PeopleError> {
        let name = rules::shown(name);
        if name.is_empty() {
            return Err(PeopleError::BadName {
                reason: NameFault::Empty,
            });
        }
        let count: i64 = query_scalar("select count(*) from people_group")
            .fetch_one(self.0.db.read())
            .await?;
        if count >= GROUPS_LIMIT {
            return Err(PeopleError::TooMany {
                limit: GROUPS_LIMIT,
            });
        }
        let id = ids::new_id(&*self.0.rng);
        let made = query("insert into people_group (id, name, created_ms) values ($1, $2, $3) on conflict (name) do nothing")
            .bind(&id)
            .bind(&name)
            .bind(self.0.clock.now_ms())
            .execute(self.0.db.write())
            .await?;
        if made.rows_affected() == 0 {
            return Err(PeopleError::NameTaken(name));
        }
        Ok(Group {
            id,
            name,
            members: 0,
        })
    }

    /// All groups in the order of names.
    ///
    /// # Errors
    /// The database.
    pub async fn groups(&self) -> Result<Vec<Group>, PeopleError> {
        let rows = query(
            "select g.id, g.name, (select count(*) from people_member m where m.group_id = g.id) as members
             from people_group g order by g.name",
        )
        .fetch_all(self.0.db.read())
        .await?;
        let groups = rows.iter().map(|row| {
            Ok(Group {
                id: row.try_get("id")?,
                name: row.try_get("name")?,
                members: row.try_get("members")?,
            })
        });
        groups.collect()
    }

    /// Names of the groups that a person is in, in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn group_names(&self, person_id: &str) -> Result<Vec<String>, PeopleError> {
        Ok(query_scalar(
            "select g.name from people_member m join people_group g on g.id = m.group_id
             where m.person = $1 order by g.name",
        )
        .bind(person_id)
        .fetch_all(self.0.db.read())
        .await?)
    }

    /// Ids of the people in a group.
    ///
    /// # Errors
    /// The database.
    pub async fn members_of(&self, group_id: &str) -> Result<Vec<String>, PeopleError> {
        Ok(
            query_scalar("select person from people_member where group_id = $1 order by person")
                .bind(group_id)
                .fetch_all(self.0.db.read())
                .await?,
        )
    }

    /// Puts a person into a group; nothing happens if the person is in it.
    ///
    /// # Errors
    /// No such group or person, the database.
    pub async fn add_to_group(&self, group_id: &str, person_id: &str) -> Result<(), PeopleError> {
        let done = transaction!(self, tx => {
            let groups: i64 = query_scalar("select count(*) from people_group where id = $1")
                .bind(group_id)
                .fetch_one(&mut **tx)
                .await?;
            if groups == 0 {
                return Err(PeopleError::NoSuchGroup(group_id.into()));
            }
            let people: i64 = query_scalar("select count(*) from people_person where id = $1")
                .bind(person_id)
                .fetch_one(&mut **tx)
                .await?;
            if people == 0 {
                return Err(PeopleError::NoSuchPerson(person_id.into()));
            }
            query("insert into people_member (person, group_id) values ($1, $2) on conflict (person, group_id) do nothing")
                .bind(person_id)
                .bind(group_id)
                .execute(&mut **tx)
                .await?;
            Ok(())
        });
        self.0.sessions.clear();
        done
    }

    /// Takes a person out of a group; nothing happens if the person isn't in it.
    ///
    /// # Errors
    /// The database.
    pub async fn remove_from_group(
        &self,
        group_id: &str,
        person_id: &str,
    ) -> Result<(), PeopleError> {
        query("delete from people_member where person = $1 and group_id = $2")
            .bind(person_id)
            .bind(group_id)
            .execute(self.0.db.write())
            .await?;
        self.0.sessions.clear();
        Ok(())
    }

    /// Removes a group; its people stay.
    ///
    /// # Errors
    /// No such group, the database.
    pub async fn delete_group(&self, group_id: &str) -> Result<(), PeopleError> {
        let gone = query("delete from people_group where id = $1")
            .bind(group_id)
            .execute(self.0.db.write())
            .await?;
        self.0.sessions.clear();
        if gone.rows_affected() == 0 {
            return Err(PeopleError::NoSuchGroup(group_id.into()));
        }
        Ok(())
    }
}
