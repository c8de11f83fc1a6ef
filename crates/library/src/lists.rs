//! Collections by hand: reading lists and shelves, an ordered list of documents of any collection of this node.
//!
//! Everybody who is signed in makes lists: for themselves, or for whoever knows the address (80 bits of chance, so that
//! nobody finds it by trying). Librarians make public ones, which stand on the page of lists and at the beginning.
//!
//! An item names a document and keeps nothing of it, no title either: what was withdrawn or isn't for everybody must not
//! live on in a list. Who may not see a collection sees that something is there, and not what.

use lampion_core::ids;
use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Conflicting, DbError, Row as _, Tx, query, query_scalar, transaction};

use crate::library::Library;

/// Items of a list.
pub const ITEMS_LIMIT: i64 = 1_000;
/// Lists of a person.
pub const LISTS_LIMIT: i64 = 200;
/// Lists of one page.
const PAGE_LIMIT: i64 = 200;
/// Longest title, in characters.
pub const TITLE_CHARS: usize = 300;
/// Longest description, in characters.
pub const DESCRIPTION_CHARS: usize = 5_000;
/// Longest note to an item, in characters.
pub const NOTE_CHARS: usize = 1_000;

/// Who may see a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shared {
    /// Who made it.
    #[default]
    Private,
    /// Whoever knows the address.
    Link,
    /// Everybody.
    Public,
}

impl Shared {
    /// The word in the database and in forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Link => "link",
            Self::Public => "public",
        }
    }

    /// The meaning of a word; what is unknown is private.
    pub fn from_word(word: &str) -> Self {
        match word {
            "link" => Self::Link,
            "public" => Self::Public,
            _ => Self::Private,
        }
    }
}

/// What goes wrong with lists.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No such list, or not for the one who asks.
    #[error("no such list: it may have been removed")]
    NoSuchList,
    /// No title.
    #[error("a list needs a title")]
    NoTitle,
    /// Too many lists.
    #[error("you have {LISTS_LIMIT} lists: remove one first")]
    TooMany,
    /// Too many items.
    #[error("a list has at most {ITEMS_LIMIT} items: begin another one")]
    Full,
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<lampion_db::sqlx::Error> for ListError {
    fn from(error: lampion_db::sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Conflicting for ListError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_conflict())
    }
}

impl From<ListError> for lampion_web::AppError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::NoSuchList => Self::not_found(),
            ListError::Db(error) => error.into(),
            other => Self::bad_request(other.to_string()),
        }
    }
}

/// A list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadingList {
    /// Identifier, which is also the secret of one that is shared by its address.
    pub id: String,
    /// Title.
    pub title: String,
    /// What it is.
    pub description: String,
    /// Who may see it.
    pub shared: Shared,
    /// Id of the person who made it.
    pub person: String,
    /// Public name of that person.
    pub by: String,
    /// Blob of the cover; empty for none.
    pub cover: String,
    /// Items.
    pub items: i64,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it changed last, in milliseconds since 1970.
    pub updated_ms: i64,
}

/// An item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Identifier within the list.
    pub id: String,
    /// Collection.
    pub collection: String,
    /// The document's key.
    pub document: String,
    /// What the one who made the list says of it.
    pub note: String,
}

fn read(row: &AnyRow) -> Result<ReadingList, ListError> {
    let text = |name: &str| row.try_get::<String, _>(name);
    Ok(ReadingList {
        id: text("id")?,
        title: text("title")?,
        description: text("description")?,
        shared: Shared::from_word(&text("visibility")?),
        person: text("person")?,
        by: text("by_name")?,
        cover: text("cover")?,
        items: row.try_get("items")?,
        created_ms: row.try_get("created_ms")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}

fn read_item(row: &AnyRow) -> Result<Item, ListError> {
    Ok(Item {
        id: row.try_get("id")?,
        collection: row.try_get("collection")?,
        document: row.try_get("document")?,
        note: row.try_get("note")?,
    })
}

fn cut(text: &str, chars: usize) -> String {
    text.trim().chars().take(chars).collect()
}

/// Lists in the database.
#[derive(Clone)]
pub struct Lists {
    db: lampion_db::Db,
    clock: std::sync::Arc<dyn lampion_core::Clock>,
    rng: std::sync::Arc<dyn lampion_core::Rng>,
}

impl std::fmt::Debug for Lists {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lists").finish_non_exhaustive()
    }
}

impl Library {
    /// Reading lists and shelves.
    pub fn lists(&self) -> Lists {
        let kernel = self.kernel();
        Lists::new(
            kernel.db.clone(),
            std::sync::Arc::clone(&kernel.clock),
            std::sync::Arc::clone(&kernel.rng),
        )
    }
}

impl Lists {
    /// Lists of their parts.
    pub fn new(
        db: lampion_db::Db,
        clock: std::sync::Arc<dyn lampion_core::Clock>,
        rng: std::sync::Arc<dyn lampion_core::Rng>,
    ) -> Self {
        Self { db, clock, rng }
    }

    /// Makes an empty list; gives its id.
    ///
    /// # Errors
    /// No title, too many lists, or the database.
    pub async fn create(
        &self,
        person: (&str, &str),
        title: &str,
        shared: Shared,
    ) -> Result<String, ListError> {
        let title = cut(title, TITLE_CHARS);
        if title.is_empty() {
            return Err(ListError::NoTitle);
        }
        let (person, by) = person;
        let count: i64 = query_scalar("select count(*) from reading_list where person = $1")
            .bind(person)
            .fetch_one(self.db.read())
            .await?;
        if count >= LISTS_LIMIT {
            return Err(ListError::TooMany);
        }
        let id = ids::new_id(&*self.rng);
        let now_ms = self.clock.now_ms();
        query(
            "insert into reading_list (id, title, description, visibility, person, by_name, cover, items, sequence, created_ms, updated_ms)
             values ($1, $2, '', $3, $4, $5, '', 0, (select coalesce(max(sequence), 0) + 1 from reading_list), $6, $6)",
        )
        .bind(&id)
        .bind(title)
        .bind(shared.as_str())
        .bind(person)
        .bind(by)
        .bind(now_ms)
        .execute(self.db.write())
        .await?;
        Ok(id)
    }

    /// One list, whoever asks.
    ///
    /// # Errors
    /// No such list, or the database.
    pub async fn get(&self, id: &str) -> Result<ReadingList, ListError> {
        query("select * from reading_list where id = $1")
            .bind(id)
            .fetch_optional(self.db.read())
            .await?
            .as_ref()
            .map(read)
            .transpose()?
            .ok_or(ListError::NoSuchList)
    }

    /// One list that a person may see.
    ///
    /// # Errors
    /// No such list for that person, or the database.
    pub async fn get_for(&self, id: &str, person: Option<&str>) -> Result<ReadingList, ListError> {
        let list = self.get(id).await?;
        let sees = list.shared != Shared::Private || person == Some(list.person.as_str());
        sees.then_some(list).ok_or(ListError::NoSuchList)
    }

    /// Public lists, newest first, at most 200.
    ///
    /// # Errors
    /// The database.
    pub async fn public(&self, limit: i64) -> Result<Vec<ReadingList>, ListError> {
        query("select * from reading_list where visibility = 'public' order by sequence desc limit $1")
            .bind(limit.clamp(1, PAGE_LIMIT))
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// A person's lists, newest first.
    ///
    /// # Errors
    /// The database.
    pub async fn of(&self, person: &str) -> Result<Vec<ReadingList>, ListError> {
        query("select * from reading_list where person = $1 order by sequence desc limit $2")
            .bind(person)
            .bind(LISTS_LIMIT)
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Keeps title, description, sharing and cover of a list.
    ///
    /// # Errors
    /// No title, no such list, or the database.
    pub async fn describe(&self, list: &ReadingList) -> Result<(), ListError> {
        let title = cut(&list.title, TITLE_CHARS);
        if title.is_empty() {
            return Err(ListError::NoTitle);
        }
        let done = query(
            "update reading_list set title = $2, description = $3, visibility = $4, cover = $5, updated_ms = $6 where id = $1",
        )
        .bind(&list.id)
        .bind(title)
        .bind(cut(&list.description, DESCRIPTION_CHARS))
        .bind(list.shared.as_str())
        .bind(&list.cover)
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        (done.rows_affected() == 1)
            .then_some(())
            .ok_or(ListError::NoSuchList)
    }

    /// Removes a list.
    ///
    /// # Errors
    /// The database.
    pub async fn remove(&self, id: &str) -> Result<(), ListError> {
        transaction!(self.db, ListError, tx => {
            query("delete from reading_list_item where list = $1").bind(id).execute(&mut **tx).await?;
            query("delete from reading_list where id = $1").bind(id).execute(&mut **tx).await?;
            Ok(())
        })
    }

    /// A list's items in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn items(&self, list: &str) -> Result<Vec<Item>, ListError> {
        query("select * from reading_list_item where list = $1 order by position, id limit $2")
            .bind(list)
            .bind(ITEMS_LIMIT)
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(read_item)
            .collect()
    }

    /// Puts a document at the end of a list; one that is there already stays where it is and gets the note, if there is one.
    ///
    /// # Errors
    /// The list is full or gone, or the database.
    pub async fn add(
        &self,
        list: &str,
        collection: &str,
        document: &str,
        note: &str,
    ) -> Result<(), ListError> {
        let id = ids::new_id(&*self.rng);
        let (note, now_ms) = (cut(note, NOTE_CHARS), self.clock.now_ms());
        transaction!(self.db, ListError, tx => {
            // The list's row is changed first: whoever else adds to it waits.
            let items: Option<i64> = query_scalar("update reading_list set updated_ms = $2 where id = $1 returning items")
                .bind(list)
                .bind(now_ms)
                .fetch_optional(&mut **tx)
                .await?;
            let items = items.ok_or(ListError::NoSuchList)?;
            let known: Option<String> = query_scalar(
                "select id from reading_list_item where list = $1 and collection = $2 and document = $3",
            )
            .bind(list)
            .bind(collection)
            .bind(document)
            .fetch_optional(&mut **tx)
            .await?;
            if let Some(known) = known {
                if !note.is_empty() {
                    query("update reading_list_item set note = $3 where list = $1 and id = $2")
                        .bind(list)
                        .bind(known)
                        .bind(&note)
                        .execute(&mut **tx)
                        .await?;
                }
                return Ok(());
            }
            if items >= ITEMS_LIMIT {
                return Err(ListError::Full);
            }
            query(
                "insert into reading_list_item (list, id, position, collection, document, note)
                 values ($1, $2, (select coalesce(max(position), 0) + 1 from reading_list_item where list = $1), $3, $4, $5)",
            )
            .bind(list)
            .bind(&id)
            .bind(collection)
            .bind(document)
            .bind(&note)
            .execute(&mut **tx)
            .await?;
            recount(tx, list).await
        })
    }

    /// Keeps the note to an item.
    ///
    /// # Errors
    /// The database.
    pub async fn note(&self, list: &str, item: &str, note: &str) -> Result<(), ListError> {
        query("update reading_list_item set note = $3 where list = $1 and id = $2")
            .bind(list)
            .bind(item)
            .bind(cut(note, NOTE_CHARS))
            .execute(self.db.write())
            .await?;
        Ok(())
    }

    /// Takes an item off a list.
    ///
    /// # Errors
    /// The database.
    pub async fn take_off(&self, list: &str, item: &str) -> Result<(), ListError> {
        transaction!(self.db, ListError, tx => {
            query("delete from reading_list_item where list = $1 and id = $2")
                .bind(list)
                .bind(item)
                .execute(&mut **tx)
                .await?;
            recount(tx, list).await
        })
    }

    /// Moves an item one place up or down; at the end it stays.
    ///
    /// # Errors
    /// The database.
    pub async fn shift(&self, list: &str, item: &str, up: bool) -> Result<(), ListError> {
        let other = if up {
            "select id, position from reading_list_item where list = $1 and position < $2 order by position desc limit 1"
        } else {
            "select id, position from reading_list_item where list = $1 and position > $2 order by position limit 1"
        };
        transaction!(self.db, ListError, tx => {
            query("update reading_list set updated_ms = $2 where id = $1")
                .bind(list)
                .bind(self.clock.now_ms())
                .execute(&mut **tx)
                .await?;
            let place: Option<i64> = query_scalar("select position from reading_list_item where list = $1 and id = $2")
                .bind(list)
                .bind(item)
                .fetch_optional(&mut **tx)
                .await?;
            let Some(place) = place else { return Ok(()) };
            let next = query(other).bind(list).bind(place).fetch_optional(&mut **tx).await?;
            let Some(next) = next else { return Ok(()) };
            let (id, there): (String, i64) = (next.try_get(0)?, next.try_get(1)?);
            for (id, place) in [(id.as_str(), place), (item, there)] {
                query("update reading_list_item set position = $3 where list = $1 and id = $2")
                    .bind(list)
                    .bind(id)
                    .bind(place)
                    .execute(&mut **tx)
                    .await?;
            }
            Ok(())
        })
    }
}

async fn recount(tx: &mut Tx, list: &str) -> Result<(), ListError> {
    query("update reading_list set items = (select count(*) from reading_list_item where list = $1) where id = $1")
        .bind(list)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
