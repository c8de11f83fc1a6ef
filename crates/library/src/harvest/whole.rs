//! The harvest of everything anew: what the repository no longer has is deleted at its end, and not a moment before.
//!
//! Each record that comes is marked with the number of the harvest. Until the end readers find every record that was there
//! before, changed where it came changed; then the rest goes in one transaction, and from the index in one commit. The
//! number is a column of `harvest`, so it survives whatever interrupts it.

use lampion_db::{DbError, query, query_scalar, transaction};
use lampion_formats::exchange::harvest::Harvest;

use super::store::as_json;
use crate::store::Store;

/// Rows that are read at a time.
const BATCH: i64 = 500;

/// How a harvest of everything ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// None was under way.
    None,
    /// So many records are gone.
    Gone(u64),
    /// The repository's list was empty, which is rather a fault there: nothing was deleted.
    Empty,
}

impl Store {
    /// Keeps a harvest of everything that begins now.
    ///
    /// # Errors
    /// The database.
    pub async fn begin_whole(&self, collection: &str, harvest: &Harvest) -> Result<(), DbError> {
        query(
            "update harvest set state = $2, whole = sequence + 1, sequence = sequence + 1 where collection = $1",
        )
        .bind(collection)
        .bind(as_json(harvest)?)
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// Ends a harvest of everything whose list came to its end: deletes what did not come.
    ///
    /// # Errors
    /// The database.
    pub async fn end_whole(&self, collection: &str) -> Result<Whole, DbError> {
        transaction!(self.0, DbError, tx => {
            let whole: Option<i64> = query_scalar("select whole from harvest where collection = $1 and whole > 0")
                .bind(collection)
                .fetch_optional(&mut **tx)
                .await?;
            let Some(whole) = whole else { return Ok(Whole::None) };
            let mut count = async |sql: &'static str| -> Result<i64, DbError> {
                Ok(query_scalar(sql).bind(collection).bind(whole).fetch_one(&mut **tx).await?)
            };
            let came = count(
                "select count(*) from harvested where collection = $1 and deleted = 0 and seen = $2",
            )
            .await?;
            let rest = count(
                "select count(*) from harvested where collection = $1 and deleted = 0 and seen <> $2",
            )
            .await?;
            let (mut gone, empty) = (0, came == 0 && rest > 0);
            if !empty && rest > 0 {
                gone = delete_rest(tx, collection, whole).await?;
            }
            query("update harvest set whole = 0 where collection = $1")
                .bind(collection)
                .execute(&mut **tx)
                .await?;
            Ok(if empty { Whole::Empty } else { Whole::Gone(gone) })
        })
    }
}

/// Marks rows as deleted, each with a number of its own, for the index follows the numbers.
async fn delete_rest(
    tx: &mut lampion_db::Tx,
    collection: &str,
    whole: i64,
) -> Result<u64, DbError> {
    let mut sequence: i64 = query_scalar("select sequence from harvest where collection = $1")
        .bind(collection)
        .fetch_one(&mut **tx)
        .await?;
    let mut gone = 0;
    // Ends: each round takes rows away from what the next one finds.
    loop {
        let rest: Vec<String> = query_scalar(
            "select identifier from harvested where collection = $1 and deleted = 0 and seen <> $2 limit $3",
        )
        .bind(collection)
        .bind(whole)
        .bind(BATCH)
        .fetch_all(&mut **tx)
        .await?;
        if rest.is_empty() {
            break;
        }
        for identifier in rest {
            sequence += 1;
            gone += 1;
            query(
                "update harvested set deleted = 1, metadata = '', sequence = $3 where collection = $1 and identifier = $2",
            )
            .bind(collection)
            .bind(identifier)
            .bind(sequence)
            .execute(&mut **tx)
            .await?;
        }
    }
    query("update harvest set sequence = $2 where collection = $1")
        .bind(collection)
        .bind(sequence)
        .execute(&mut **tx)
        .await?;
    Ok(gone)
}
