//! Drafts: what is not published yet. They are this node's own and on no feed.
//!
//! writing → submitted → published (and gone), or returned → submitted …

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{Row as _, Tx, query, query_scalar, transaction};
use lampion_formats::records::desk::{DublinCore, Work};

use super::files::{hashes, maybe_gone};
use super::model::Outcome;
use super::{Catalogue, CatalogueError};

/// Drafts of one list.
pub const DRAFTS_LIMIT: i64 = 200;

/// Where a draft stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DraftState {
    /// Its author works on it.
    #[default]
    Writing,
    /// Handed in, to be looked at.
    Submitted,
    /// Given back with a comment.
    Returned,
}

impl DraftState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Writing => "writing",
            Self::Submitted => "submitted",
            Self::Returned => "returned",
        }
    }

    fn from_word(word: &str) -> Self {
        match word {
            "submitted" => Self::Submitted,
            "returned" => Self::Returned,
            _ => Self::Writing,
        }
    }
}

/// A draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Identifier; empty for one that is not kept yet.
    pub id: String,
    /// The collection that it is for.
    pub collection: String,
    /// The record that it is a new version of; none for a new record.
    pub record: Option<String>,
    /// The version that it was made from.
    pub base_version: Option<u64>,
    /// The work.
    pub work: Work,
    /// Id of the person who writes it.
    pub person: String,
    /// Where it stands.
    pub state: DraftState,
    /// What the one who gave it back says.
    pub comment: String,
    /// When it changed last, in milliseconds since 1970.
    pub updated_ms: i64,
}

fn read(row: &AnyRow) -> Result<Draft, CatalogueError> {
    let work: String = row.try_get("work")?;
    let record: String = row.try_get("record")?;
    let base: i64 = row.try_get("base_version")?;
    Ok(Draft {
        id: row.try_get("id")?,
        collection: row.try_get("collection")?,
        record: (!record.is_empty()).then_some(record),
        base_version: u64::try_from(base).ok(),
        work: Work::from_json(work.as_bytes())?,
        person: row.try_get("person")?,
        state: DraftState::from_word(&row.try_get::<String, _>("state")?),
        comment: row.try_get("comment")?,
        updated_ms: row.try_get("updated_ms")?,
    })
}

impl Catalogue {
    /// Keeps a draft; one without an id is new. It is being written then, whatever it was. Gives its id.
    ///
    /// # Errors
    /// It is another person's, handed in, or gone; the work is past a limit; the database.
    pub async fn save_draft(&self, draft: &Draft) -> Result<String, CatalogueError> {
        let id = if draft.id.is_empty() {
            self.new_id()
        } else {
            draft.id.clone()
        };
        let base = draft
            .base_version
            .and_then(|base| i64::try_from(base).ok())
            .unwrap_or(-1);
        let sql = if draft.id.is_empty() {
            "insert into catalogue_draft (id, collection, record, base_version, work, title, person, state, comment, updated_ms)
             values ($1, $2, $3, $4, $5, $6, $7, 'writing', '', $8)"
        } else {
            "update catalogue_draft set collection = $2, record = $3, base_version = $4, work = $5, title = $6,
             state = case when state = 'returned' then 'returned' else 'writing' end, updated_ms = $8
             where id = $1 and person = $7 and state <> 'submitted'"
        };
        let before = match draft.id.is_empty() {
            true => None,
            false => self.draft(&draft.id).await?,
        };
        let done = query(sql)
            .bind(&id)
            .bind(&draft.collection)
            .bind(draft.record.clone().unwrap_or_default())
            .bind(base)
            .bind(draft.work.to_json()?)
            .bind(draft.work.title())
            .bind(&draft.person)
            .bind(self.clock.now_ms())
            .execute(self.db.write())
            .await?;
        if done.rows_affected() != 1 {
            return Err(CatalogueError::NoSuchDraft(draft.id.clone()));
        }
        self.held(&draft.person, &draft.work).await?;
        self.let_go(before, &draft.work).await?;
        Ok(id)
    }

    /// Files that a draft held and holds no more.
    async fn let_go(&self, before: Option<Draft>, after: &Work) -> Result<(), CatalogueError> {
        let mut gone = before.map(|draft| hashes(&draft.work)).unwrap_or_default();
        gone.retain(|hash| !hashes(after).contains(hash));
        if gone.is_empty() {
            return Ok(());
        }
        transaction!(self.db, CatalogueError, tx => maybe_gone(tx, &gone).await)?;
        self.sweep_or_say().await;
        Ok(())
    }

    /// Throws all drafts of a record away.
    pub(super) async fn drop_drafts_of(
        &self,
        tx: &mut Tx,
        (collection, record): (&str, &str),
    ) -> Result<(), CatalogueError> {
        let works: Vec<String> = query_scalar(
            "delete from catalogue_draft where collection = $1 and record = $2 returning work",
        )
        .bind(collection)
        .bind(record)
        .fetch_all(&mut **tx)
        .await?;
        for work in works {
            if let Ok(work) = Work::from_json(work.as_bytes()) {
                maybe_gone(tx, &hashes(&work)).await?;
            }
        }
        Ok(())
    }

    /// One draft.
    ///
    /// # Errors
    /// The database.
    pub async fn draft(&self, id: &str) -> Result<Option<Draft>, CatalogueError> {
        query("select * from catalogue_draft where id = $1")
            .bind(id)
            .fetch_optional(self.db.read())
            .await?
            .as_ref()
            .map(read)
            .transpose()
    }

    /// A person's drafts, newest first, at most `DRAFTS_LIMIT`.
    ///
    /// # Errors
    /// The database.
    pub async fn drafts_of(&self, person: &str) -> Result<Vec<Draft>, CatalogueError> {
        query("select * from catalogue_draft where person = $1 order by updated_ms desc, id desc limit $2")
            .bind(person)
            .bind(DRAFTS_LIMIT)
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Drafts that were handed in, oldest first, at most `DRAFTS_LIMIT`.
    ///
    /// # Errors
    /// The database.
    pub async fn submitted(&self) -> Result<Vec<Draft>, CatalogueError> {
        query("select * from catalogue_draft where state = 'submitted' order by updated_ms, id limit $1")
            .bind(DRAFTS_LIMIT)
            .fetch_all(self.db.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// How many drafts were handed in for each collection, and how many of a person's own were given back.
    ///
    /// # Errors
    /// The database.
    pub async fn draft_counts(
        &self,
        person: &str,
    ) -> Result<(Vec<(String, i64)>, i64), CatalogueError> {
        let rows = query(
            "select collection, count(*) as n from catalogue_draft where state = 'submitted' group by collection",
        )
        .fetch_all(self.db.read())
        .await?;
        let submitted = rows
            .iter()
            .map(|row| Ok((row.try_get("collection")?, row.try_get("n")?)))
            .collect::<Result<_, CatalogueError>>()?;
        let returned = query_scalar(
            "select count(*) from catalogue_draft where person = $1 and state = 'returned'",
        )
        .bind(person)
        .fetch_one(self.db.read())
        .await?;
        Ok((submitted, returned))
    }

    /// Throws a person's draft away.
    ///
    /// # Errors
    /// No such draft of that person, or the database.
    pub async fn discard_draft(&self, id: &str, person: &str) -> Result<(), CatalogueError> {
        let before = self.draft(id).await?;
        let done = query("delete from catalogue_draft where id = $1 and person = $2")
            .bind(id)
            .bind(person)
            .execute(self.db.write())
            .await?;
        self.one(done.rows_affected(), id)?;
        self.let_go(before, &DublinCore::default().into()).await
    }

    /// Hands a person's draft in.
    ///
    /// # Errors
    /// No such draft of that person that isn't handed in, or the database.
    pub async fn submit(&self, id: &str, person: &str) -> Result<(), CatalogueError> {
        let done = query(
            "update catalogue_draft set state = 'submitted', updated_ms = $3 where id = $1 and person = $2 and state <> 'submitted'",
        )
        .bind(id)
        .bind(person)
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        self.one(done.rows_affected(), id)
    }

    /// Gives a draft back to its author with a comment.
    ///
    /// # Errors
    /// No such draft that was handed in, or the database.
    pub async fn return_with_comment(&self, id: &str, comment: &str) -> Result<(), CatalogueError> {
        let done = query(
            "update catalogue_draft set state = 'returned', comment = $2, updated_ms = $3 where id = $1 and state = 'submitted'",
        )
        .bind(id)
        .bind(comment.trim())
        .bind(self.clock.now_ms())
        .execute(self.db.write())
        .await?;
        self.one(done.rows_affected(), id)
    }

    /// Publishes a draft that was handed in, under its author's public name `by`, and throws it away. After a conflict
    /// it is still there.
    ///
    /// # Errors
    /// No such draft that was handed in, or as [`Self::publish`].
    pub async fn approve(&self, id: &str, by: &str, note: &str) -> Result<Outcome, CatalogueError> {
        let gone = || CatalogueError::NoSuchDraft(id.to_string());
        let draft = self.draft(id).await?.ok_or_else(gone)?;
        if draft.state != DraftState::Submitted {
            return Err(gone());
        }
        // A new record gets the draft's own id, so that approving twice can't publish it twice.
        let record = draft.record.as_deref().unwrap_or(&draft.id);
        let outcome = self
            .publish(
                &draft.collection,
                Some(record),
                draft.base_version,
                &draft.work,
                by,
                note,
            )
            .await?;
        if matches!(outcome, Outcome::Published { .. }) {
            query("delete from catalogue_draft where id = $1")
                .bind(id)
                .execute(self.db.write())
                .await?;
        }
        Ok(outcome)
    }

    fn one(&self, rows: u64, id: &str) -> Result<(), CatalogueError> {
        (rows == 1)
            .then_some(())
            .ok_or_else(|| CatalogueError::NoSuchDraft(id.to_string()))
    }
}
