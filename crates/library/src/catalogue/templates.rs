//! Templates of one's own: records to begin with, personal or for all cataloguers of a collection.

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Row as _, query};
use lampion_formats::records::desk::Work;

use super::{Catalogue, CatalogueError};

/// Templates of one list.
pub const TEMPLATES_LIMIT: i64 = 200;
/// Longest name, in characters.
const NAME_CHARS: usize = 100;

/// A record to begin with.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnTemplate {
    /// Identifier.
    pub id: String,
    /// The collection that it is for.
    pub collection: String,
    /// Whose it is; none for one that all cataloguers of the collection see.
    pub person: Option<String>,
    /// What it is called.
    pub name: String,
    /// The record, without files.
    pub work: Work,
}

fn read(row: &AnyRow) -> Result<OwnTemplate, CatalogueError> {
    let (work, person): (String, String) = (row.try_get("work")?, row.try_get("person")?);
    Ok(OwnTemplate {
        id: row.try_get("id")?,
        collection: row.try_get("collection")?,
        person: Some(person).filter(|person| !person.is_empty()),
        name: row.try_get("name")?,
        work: Work::from_json(work.as_bytes())?,
    })
}

impl Catalogue {
    /// Keeps a work as a template, without its files and its note; `person` none for one that all see. One of the same
    /// name and person is replaced. Gives its id.
    ///
    /// # Errors
    /// The work is past a limit, or the database.
    pub async fn save_template(
        &self,
        collection: &str,
        person: Option<&str>,
        name: &str,
        work: &Work,
    ) -> Result<String, CatalogueError> {
        let name: String = name.trim().chars().take(NAME_CHARS).collect();
        let bare = Work {
            files: Vec::new(),
            cover: None,
            note: String::new(),
            ..work.clone()
        };
        let json = bare.to_json()?;
        let replaced: Option<String> = lampion_db::query_scalar(
            "update catalogue_template set work = $4, updated_ms = $5
             where collection = $1 and person = $2 and name = $3 returning id",
        )
        .bind(collection)
        .bind(person.unwrap_or_default())
        .bind(name.as_str())
        .bind(json.as_str())
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.write())
        .await?;
        if let Some(id) = replaced {
            return Ok(id);
        }
        let id = self.new_id();
        query(
            "insert into catalogue_template (id, collection, person, name, work, updated_ms) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.as_str())
        .bind(collection)
        .bind(person.unwrap_or_default())
        .bind(name)
        .bind(json)
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        Ok(id)
    }

    /// A person's templates of a collection and those that all see, by name, at most `TEMPLATES_LIMIT`.
    ///
    /// # Errors
    /// The database.
    pub async fn templates(
        &self,
        collection: &str,
        person: &str,
    ) -> Result<Vec<OwnTemplate>, CatalogueError> {
        query(
            "select * from catalogue_template where collection = $1 and person in ('', $2)
             order by person desc, name, id limit $3",
        )
        .bind(collection)
        .bind(person)
        .bind(TEMPLATES_LIMIT)
        .fetch_all(self.db.read())
        .await?
        .iter()
        .map(read)
        .collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// It is not there or somebody else's, or the database.
    pub async fn own_template(
        &self,
        collection: &str,
        person: &str,
        id: &str,
    ) -> Result<OwnTemplate, CatalogueError> {
        query(
            "select * from catalogue_template where id = $1 and collection = $2 and person in ('', $3)",
        )
        .bind(id)
        .bind(collection)
        .bind(person)
        .fetch_optional(self.db.read())
        .await?
        .as_ref()
        .map(read)
        .transpose()?
        .ok_or_else(|| CatalogueError::NoSuchTemplate(id.to_string()))
    }

    /// Removes a person's template, or with `shared` one that all see.
    ///
    /// # Errors
    /// It is not there or somebody else's, or the database.
    pub async fn remove_template(
        &self,
        collection: &str,
        person: &str,
        shared: bool,
        id: &str,
    ) -> Result<(), CatalogueError> {
        let done = query(
            "delete from catalogue_template where id = $1 and collection = $2
             and (person = $3 or ($4 = 1 and person = ''))",
        )
        .bind(id)
        .bind(collection)
        .bind(person)
        .bind(i64::from(shared))
        .execute(self.db.write())
        .await?;
        (done.rows_affected() == 1)
            .then_some(())
            .ok_or_else(|| CatalogueError::NoSuchTemplate(id.to_string()))
    }
}
