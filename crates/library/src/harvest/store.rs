//! What was harvested, in the database: the state goes with the page that it is the state after, in one transaction.

use lampion_db::{DbError, Row, query, query_scalar, transaction};
use lampion_formats::exchange::harvest::{Harvest, Harvested};

use crate::store::Store;

/// A harvest as the database keeps it.
#[derive(Debug, Clone)]
pub struct HarvestRow {
    /// The machine of states.
    pub harvest: Harvest,
    /// The newest change's number.
    pub sequence: i64,
    /// The newest change that the index has.
    pub indexed: i64,
    /// Whether everything is harvested anew.
    pub whole: bool,
}

/// A record that was harvested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarvestedRow {
    /// Its identifier, which is the document's key.
    pub identifier: String,
    /// Whether the repository deleted it.
    pub deleted: bool,
    /// One element of XML, as it came; empty if deleted.
    pub metadata: String,
    /// Number of the change.
    pub sequence: i64,
}

pub(super) fn as_json(harvest: &Harvest) -> Result<String, DbError> {
    serde_json::to_string(harvest).map_err(|error| DbError::Fault(error.to_string()))
}

impl Store {
    /// The harvest of a collection; nothing for one that isn't harvested.
    ///
    /// # Errors
    /// The database.
    pub async fn harvest(&self, collection: &str) -> Result<Option<HarvestRow>, DbError> {
        let row =
            query("select state, sequence, indexed, whole from harvest where collection = $1")
                .bind(collection)
                .fetch_optional(self.0.read())
                .await?;
        let Some(row) = row else { return Ok(None) };
        let state: String = row.try_get("state")?;
        Ok(Some(HarvestRow {
            harvest: serde_json::from_str(&state)
                .map_err(|error| DbError::Fault(format!("the state of a harvest: {error}")))?,
            sequence: row.try_get("sequence")?,
            indexed: row.try_get("indexed")?,
            whole: row.try_get::<i64, _>("whole")? > 0,
        }))
    }

    /// Keeps a new harvest.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_harvest(&self, collection: &str, harvest: &Harvest) -> Result<(), DbError> {
        query(
            "insert into harvest (collection, state) values ($1, $2)
             on conflict (collection) do update set state = excluded.state",
        )
        .bind(collection)
        .bind(as_json(harvest)?)
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// Keeps the state of a harvest and the records of the page before it: all of it or nothing. Gives the newest
    /// change's number, or nothing if the collection was removed meanwhile. A record that comes again unchanged is no
    /// change.
    ///
    /// # Errors
    /// The database.
    pub async fn keep_harvest(
        &self,
        collection: &str,
        harvest: &Harvest,
        records: &[Harvested],
    ) -> Result<Option<i64>, DbError> {
        let state = as_json(harvest)?;
        transaction!(self.0, DbError, tx => {
            let before = query("select sequence, whole from harvest where collection = $1")
                .bind(collection)
                .fetch_optional(&mut **tx)
                .await?;
            let Some(before) = before else { return Ok(None) };
            let (mut sequence, whole): (i64, i64) = (before.try_get(0)?, before.try_get(1)?);
            for record in records {
                sequence += 1;
                query(
                    "insert into harvested (collection, identifier, datestamp, deleted, metadata, sequence)
                     values ($1, $2, $3, $4, $5, $6)
                     on conflict (collection, identifier) do update set datestamp = excluded.datestamp,
                     deleted = excluded.deleted, metadata = excluded.metadata, sequence = excluded.sequence
                     where harvested.metadata <> excluded.metadata or harvested.deleted <> excluded.deleted",
                )
                .bind(collection)
                .bind(&record.identifier)
                .bind(&record.datestamp)
                .bind(i64::from(record.deleted))
                .bind(record.metadata.as_deref().unwrap_or_default())
                .bind(sequence)
                .execute(&mut **tx)
                .await?;
                if whole > 0 {
                    query("update harvested set seen = $3 where collection = $1 and identifier = $2")
                        .bind(collection)
                        .bind(&record.identifier)
                        .bind(whole)
                        .execute(&mut **tx)
                        .await?;
                }
            }
            query("update harvest set sequence = $2, state = $3 where collection = $1")
                .bind(collection)
                .bind(sequence)
                .bind(&state)
                .execute(&mut **tx)
                .await?;
            Ok(Some(sequence))
        })
    }

    /// Changes after a number, in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn harvested_after(
        &self,
        collection: &str,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<HarvestedRow>, DbError> {
        let rows = query(
            "select identifier, deleted, metadata, sequence from harvested
             where collection = $1 and sequence > $2 order by sequence limit $3",
        )
        .bind(collection)
        .bind(sequence)
        .bind(limit)
        .fetch_all(self.0.read())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(HarvestedRow {
                    identifier: row.try_get("identifier")?,
                    deleted: row.try_get::<i64, _>("deleted")? != 0,
                    metadata: row.try_get("metadata")?,
                    sequence: row.try_get("sequence")?,
                })
            })
            .collect()
    }

    /// Notes that the index has all changes up to a number.
    ///
    /// # Errors
    /// The database.
    pub async fn harvest_indexed(&self, collection: &str, sequence: i64) -> Result<(), DbError> {
        query("update harvest set indexed = $2 where collection = $1")
            .bind(collection)
            .bind(sequence)
            .execute(self.0.write())
            .await?;
        Ok(())
    }

    /// A harvested record's own XML.
    ///
    /// # Errors
    /// The database.
    pub async fn harvested(
        &self,
        collection: &str,
        identifier: &str,
    ) -> Result<Option<String>, DbError> {
        Ok(query_scalar(
            "select metadata from harvested where collection = $1 and identifier = $2 and deleted = 0",
        )
        .bind(collection)
        .bind(identifier)
        .fetch_optional(self.0.read())
        .await?)
    }
}
