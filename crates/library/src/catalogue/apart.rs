//! Records that share a key: told to be of two works, or merged into one.

use std::collections::HashSet;

use lampion_db::{Row as _, query, query_scalar, transaction};
use lampion_feed::Draft;
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::Work;

use super::model::{KIND, Outcome, RecordRow};
use super::publish::newest;
use super::{Catalogue, CatalogueError, Envelope};

/// Groups of one page.
const GROUPS: usize = 20;
/// How often a page looks on through keys before it says that it found nothing so far.
const LOOKS: usize = 3;
/// Records of which all pairs are told apart at once.
const PAIRS_OF: usize = 20;

/// Records that share a key.
pub type Group = (String, Vec<RecordRow>);

/// Two records that become one: what is kept, and what goes.
#[derive(Debug, Clone)]
pub struct Merging<'a> {
    /// The record that stays, and its version.
    pub kept: (&'a str, u64),
    /// The record that is withdrawn, and its version.
    pub gone: (&'a str, u64),
    /// What the kept one is to say; none if it stays as it is.
    pub work: Option<&'a Work>,
    /// Public name of who does it.
    pub by: &'a str,
    /// The office that withdraws.
    pub office: &'a str,
}

impl Catalogue {
    /// Groups of records that share a key and were not told apart, after the key `after`, and where to go on. A page may
    /// be empty though more follows: it looks at a bounded number of keys.
    ///
    /// # Errors
    /// The database.
    pub async fn duplicate_groups(
        &self,
        collection: &str,
        after: &str,
    ) -> Result<(Vec<Group>, Option<String>), CatalogueError> {
        let (mut out, mut at) = (Vec::new(), after.to_string());
        for _ in 0..LOOKS {
            let wanted = i64::try_from(GROUPS - out.len()).unwrap_or(1);
            let (groups, next) = self.duplicates(collection, &at, wanted).await?;
            for (key, rows) in groups {
                let rows = self.together(collection, rows).await?;
                if rows.len() > 1 {
                    out.push((key, rows));
                }
            }
            match next {
                None => return Ok((out, None)),
                Some(next) => at = next,
            }
            if out.len() >= GROUPS {
                break;
            }
        }
        Ok((out, Some(at)))
    }

    /// Those records of a group that were not told apart from all others.
    async fn together(
        &self,
        collection: &str,
        rows: Vec<RecordRow>,
    ) -> Result<Vec<RecordRow>, CatalogueError> {
        let mut apart: HashSet<(String, String)> = HashSet::new();
        for row in &rows {
            let found = query("select a, b from catalogue_apart where collection = $1 and a = $2")
                .bind(collection)
                .bind(row.id.as_str())
                .fetch_all(self.db.read())
                .await?;
            for pair in &found {
                apart.insert((pair.try_get("a")?, pair.try_get("b")?));
            }
        }
        if apart.is_empty() {
            return Ok(rows);
        }
        let meets = |one: &RecordRow| {
            rows.iter()
                .any(|other| other.id != one.id && !apart.contains(&ordered(&one.id, &other.id)))
        };
        Ok(rows.iter().filter(|row| meets(row)).cloned().collect())
    }

    /// Remembers that records (at most 20) are of as many works.
    ///
    /// # Errors
    /// The database.
    pub async fn tell_apart(&self, collection: &str, ids: &[&str]) -> Result<(), CatalogueError> {
        let ids: Vec<&str> = ids.iter().copied().take(PAIRS_OF).collect();
        transaction!(self.db, CatalogueError, tx => {
            for (at, one) in ids.iter().enumerate() {
                for other in ids.iter().skip(at + 1).filter(|other| *other != one) {
                    let (a, b) = ordered(one, other);
                    query("insert into catalogue_apart (collection, a, b) values ($1, $2, $3) on conflict (collection, a, b) do nothing")
                        .bind(collection)
                        .bind(a)
                        .bind(b)
                        .execute(&mut **tx)
                        .await?;
                }
            }
            Ok(())
        })
    }

    /// Makes one record of two, whole or not at all: publishes what the kept one is to say, withdraws the other as a
    /// duplicate, and remembers which one stands for it.
    ///
    /// # Errors
    /// As [`Self::publish`] and [`Self::withdraw`].
    pub async fn merge_duplicates(
        &self,
        collection: &str,
        merging: &Merging<'_>,
    ) -> Result<Outcome, CatalogueError> {
        let (kept, base) = merging.kept;
        let (gone, gone_version) = merging.gone;
        let note = format!("merged with {gone}");
        let body = merging
            .work
            .map(|work| Envelope::pack(work, merging.by, self.clock.now_ms(), &note))
            .transpose()?;
        let outcome = transaction!(self.db, CatalogueError, tx => {
            self.feeds.append(tx, KIND, &[]).await?;
            let known = newest(tx, collection, &[kept, gone]).await?;
            for (id, version) in [(kept, base), (gone, gone_version)] {
                match known.get(id) {
                    Some(current) if *current == version => {}
                    Some(current) => {
                        return Ok(Outcome::Conflict { id: id.to_string(), current: *current });
                    }
                    None => {
                        return Err(CatalogueError::NoSuchRecord { collection: collection.to_string(), id: id.to_string() });
                    }
                }
            }
            let mut outcome = Outcome::Published { id: kept.to_string(), version: base };
            if let Some(body) = &body {
                let ready = self.ready(collection, kept.to_string(), Some(base), body.clone());
                if let Some(published) = self.batch_in(tx, collection, std::slice::from_ref(&ready)).await?.pop() {
                    outcome = published;
                }
            }
            let draft = Draft::Withdraw {
                collection: collection.to_string(),
                object: gone.to_string(),
                reason: Reason::Duplicate,
                by: merging.office.to_string(),
                explanation: Some(format!("the same as {kept}").into_bytes()),
            };
            self.feeds.append(tx, KIND, std::slice::from_ref(&draft)).await?;
            query(
                "insert into catalogue_superseded (collection, record, kept) values ($1, $2, $3)
                 on conflict (collection, record) do update set kept = excluded.kept",
            )
            .bind(collection)
            .bind(gone)
            .bind(kept)
            .execute(&mut **tx)
            .await?;
            // What stood for another stands for it no longer.
            query("update catalogue_superseded set kept = $3 where collection = $1 and kept = $2")
                .bind(collection)
                .bind(gone)
                .bind(kept)
                .execute(&mut **tx)
                .await?;
            Ok(outcome)
        })?;
        if matches!(outcome, Outcome::Published { .. }) {
            self.published().await;
            if let Err(error) = self.feeds.scrub().await {
                tracing::warn!(%error, "what was withdrawn is still in the database's log: it goes with the next withdrawal");
            }
        }
        Ok(outcome)
    }

    /// The record that stands for one that was withdrawn as a duplicate.
    ///
    /// # Errors
    /// The database.
    pub async fn kept_instead(
        &self,
        collection: &str,
        record: &str,
    ) -> Result<Option<String>, CatalogueError> {
        Ok(query_scalar(
            "select kept from catalogue_superseded where collection = $1 and record = $2",
        )
        .bind(collection)
        .bind(record)
        .fetch_optional(self.db.read())
        .await?)
    }
}

fn ordered(one: &str, other: &str) -> (String, String) {
    if one <= other {
        (one.into(), other.into())
    } else {
        (other.into(), one.into())
    }
}
