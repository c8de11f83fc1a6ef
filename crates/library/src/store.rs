//! Collections and import errors in the database.

use std::path::PathBuf;

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Db, DbError, Migration, Migrations, Row, query, query_scalar, transaction};

use crate::model::{Collection, Kind, State, Visibility};

/// The feature's tables.
pub const MIGRATIONS: Migrations = Migrations {
    feature: "library",
    steps: &[
        Migration {
            version: 1,
            sql: include_str!("../migrations/1.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../migrations/2.sql"),
        },
        Migration {
            version: 3,
            sql: include_str!("../migrations/3.sql"),
        },
        Migration {
            version: 4,
            sql: include_str!("../migrations/4.sql"),
        },
        Migration {
            version: 5,
            sql: include_str!("../migrations/5.sql"),
        },
        Migration {
            version: 6,
            sql: include_str!("../migrations/6.sql"),
        },
        Migration {
            version: 7,
            sql: include_str!("../migrations/7.sql"),
        },
        Migration {
            version: 8,
            sql: include_str!("../migrations/8.sql"),
        },
        Migration {
            version: 9,
            sql: include_str!("../migrations/9.sql"),
        },
    ],
};

/// Counts changes, so that other processes notice.
const VERSION: &str = "library.version";

/// An item that could not be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ImportError {
    /// File, entry or record.
    pub item: String,
    /// Why.
    pub reason: String,
}

/// The feature's rows.
#[derive(Debug, Clone)]
pub struct Store(pub Db);

fn read(row: &AnyRow) -> Result<Collection, DbError> {
    let text = |name: &str| row.try_get::<String, _>(name);
    let number = |name: &str| row.try_get::<i64, _>(name);
    let parse = |json: String| {
        serde_json::from_str(&json)
            .map_err(|error| DbError::Fault(format!("a collection's source: {error}")))
    };
    let pending: String = text("pending")?;
    Ok(Collection {
        id: text("id")?,
        title: text("title")?,
        description: text("description")?,
        language: text("language")?,
        creator: text("creator")?,
        kind: Kind::from_word(&text("kind")?),
        source: parse(text("source")?)?,
        pending: if pending.is_empty() {
            None
        } else {
            Some(parse(pending)?)
        },
        folder: PathBuf::from(text("folder")?),
        origin: text("origin")?,
        visibility: match text("visibility")?.as_str() {
            "all" => Visibility::All,
            "group" => Visibility::Group(text("group_id")?),
            _ => Visibility::SignedIn,
        },
        state: if text("state")? == "ready" {
            State::Ready
        } else {
            State::New
        },
        documents: number("documents")?,
        failed: number("failed")?,
        size_bytes: number("size_bytes")?,
        index_bytes: number("index_bytes")?,
        health: text("health")?,
        health_ms: number("health_ms")?,
        cover: text("cover")?,
        main_path: text("main_path")?,
        run: number("run")?,
        created_ms: number("created_ms")?,
        updated_ms: number("updated_ms")?,
    })
}

impl Store {
    /// All collections, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn all(&self) -> Result<Vec<Collection>, DbError> {
        query("select * from collection order by sequence")
            .fetch_all(self.0.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// One collection.
    ///
    /// # Errors
    /// The database.
    pub async fn get(&self, id: &str) -> Result<Option<Collection>, DbError> {
        query("select * from collection where id = $1")
            .bind(id)
            .fetch_optional(self.0.read())
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// Keeps a new collection.
    ///
    /// # Errors
    /// `Exists` if the id is taken.
    pub async fn insert(&self, collection: &Collection) -> Result<(), DbError> {
        query(
            "insert into collection (id, kind, folder, created_ms, sequence, title, source, updated_ms)
             values ($1, $2, $3, $4, (select coalesce(max(sequence), 0) + 1 from collection), '', '{}', 0)",
        )
        .bind(&collection.id)
        .bind(collection.kind.as_str())
        .bind(collection.folder.to_string_lossy().into_owned())
        .bind(collection.created_ms)
        .execute(self.0.write())
        .await?;
        self.update(collection).await
    }

    /// Keeps a changed collection.
    ///
    /// # Errors
    /// The database.
    pub async fn update(&self, collection: &Collection) -> Result<(), DbError> {
        let (visibility, group) = match &collection.visibility {
            Visibility::All => ("all", ""),
            Visibility::SignedIn => ("signed-in", ""),
            Visibility::Group(group) => ("group", group.as_str()),
        };
        let json = |source| {
            serde_json::to_string(source).map_err(|error| DbError::Fault(error.to_string()))
        };
        let source = json(&collection.source)?;
        let pending = collection
            .pending
            .as_ref()
            .map(json)
            .transpose()?
            .unwrap_or_default();
        query(
            "update collection set title = $2, description = $3, language = $4, creator = $5, source = $6, origin = $7,
             visibility = $8, group_id = $9, state = $10, documents = $11, failed = $12, size_bytes = $13, index_bytes = $14,
             health = $15, health_ms = $16, cover = $17, main_path = $18, run = $19, updated_ms = $20, kind = $21, pending = $22 where id = $1",
        )
        .bind(&collection.id)
        .bind(&collection.title)
        .bind(&collection.description)
        .bind(&collection.language)
        .bind(&collection.creator)
        .bind(source)
        .bind(&collection.origin)
        .bind(visibility)
        .bind(group)
        .bind(if collection.state == State::Ready { "ready" } else { "new" })
        .bind(collection.documents)
        .bind(collection.failed)
        .bind(collection.size_bytes)
        .bind(collection.index_bytes)
        .bind(&collection.health)
        .bind(collection.health_ms)
        .bind(&collection.cover)
        .bind(&collection.main_path)
        .bind(collection.run)
        .bind(collection.updated_ms)
        .bind(collection.kind.as_str())
        .bind(pending)
        .execute(self.0.write())
        .await?;
        self.changed().await
    }

    /// Forgets a collection and its errors.
    ///
    /// # Errors
    /// The database.
    pub async fn remove(&self, id: &str) -> Result<(), DbError> {
        transaction!(self.0, DbError, tx => {
            query("delete from import_error where collection = $1").bind(id).execute(&mut **tx).await?;
            query("delete from harvested where collection = $1").bind(id).execute(&mut **tx).await?;
            query("delete from harvest where collection = $1").bind(id).execute(&mut **tx).await?;
            query("delete from collection where id = $1").bind(id).execute(&mut **tx).await?;
            Ok(())
        })?;
        self.changed().await
    }

    /// Tells other processes that collections changed.
    async fn changed(&self) -> Result<(), DbError> {
        query(
            "insert into setting (name, value) values ($1, '1')
             on conflict (name) do update set value = cast(cast(setting.value as bigint) + 1 as text)",
        )
        .bind(VERSION)
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// A text that differs after any change of collections.
    ///
    /// # Errors
    /// The database.
    pub async fn version(&self) -> Result<String, DbError> {
        Ok(self.0.setting(VERSION).await?.unwrap_or_default())
    }

    /// Keeps items that failed in an import.
    ///
    /// # Errors
    /// The database.
    pub async fn add_errors(
        &self,
        collection: &str,
        run: i64,
        errors: &[ImportError],
    ) -> Result<(), DbError> {
        if errors.is_empty() {
            return Ok(());
        }
        transaction!(self.0, DbError, tx => {
                for error in errors {
                    query(
                        "insert into import_error (collection, item, reason, run) values ($1, $2, $3, $4)
                         on conflict (collection, item) do update set reason = excluded.reason, run = excluded.run",
                    )
                    .bind(collection)
                    .bind(&error.item)
                    .bind(&error.reason)
                    .bind(run)
                    .execute(&mut **tx)
                    .await?;
                }
                Ok(())
        })
    }

    /// Forgets errors of imports before `run`.
    ///
    /// # Errors
    /// The database.
    pub async fn forget_errors(&self, collection: &str, run: i64) -> Result<(), DbError> {
        query("delete from import_error where collection = $1 and run < $2")
            .bind(collection)
            .bind(run)
            .execute(self.0.write())
            .await?;
        Ok(())
    }

    /// How many items failed in an import.
    ///
    /// # Errors
    /// The database.
    pub async fn count_errors(&self, collection: &str) -> Result<i64, DbError> {
        Ok(
            query_scalar("select count(*) from import_error where collection = $1")
                .bind(collection)
                .fetch_one(self.0.read())
                .await?,
        )
    }

    /// Items that failed, by name, after a name.
    ///
    /// # Errors
    /// The database.
    pub async fn errors(
        &self,
        collection: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ImportError>, DbError> {
        let rows = query("select item, reason from import_error where collection = $1 and item > $2 order by item limit $3")
            .bind(collection)
            .bind(after)
            .bind(limit)
            .fetch_all(self.0.read())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(ImportError {
                    item: row.try_get("item")?,
                    reason: row.try_get("reason")?,
                })
            })
            .collect::<Result<_, lampion_db::sqlx::Error>>()
            .map_err(DbError::from)
    }
}
