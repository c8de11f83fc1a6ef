//! What is followed, in the database.

use lampion_db::sqlx::any::AnyRow;
use lampion_db::{DbError, Row as _, query, query_scalar, transaction};

use super::{Files, NewFollow};
use crate::harvest::schedule::LONGEST_H;
use crate::model::Visibility;
use crate::store::Store;

/// An address that is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follow {
    /// Where.
    pub address: String,
    /// Whose feeds lie there.
    pub node: String,
    /// How often it is asked, in hours; 0 for once.
    pub every_h: i64,
    /// Which files come along.
    pub files: Files,
    /// Who may see collections that are new.
    pub visibility: Visibility,
    /// When it was tried last, in milliseconds since 1970; 0 for never.
    pub tried_ms: i64,
    /// When it last came to its end; 0 for never.
    pub reached_ms: i64,
    /// Why the last try ended early; empty if it didn't.
    pub error: String,
    /// Files that were wanted and were not there.
    pub missing_files: i64,
}

/// A node whose key is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownNode {
    /// Its name.
    pub node: String,
    /// The key of its `library` feed.
    pub vkey: String,
    /// When it was last reached, in milliseconds since 1970; 0 for never.
    pub reached_ms: i64,
}

fn read(row: &AnyRow) -> Result<Follow, DbError> {
    Ok(Follow {
        address: row.try_get("address")?,
        node: row.try_get("node")?,
        every_h: row.try_get("every_h")?,
        files: Files::from_words(
            &row.try_get::<String, _>("files")?,
            row.try_get::<i64, _>("files_mb")?,
        ),
        visibility: match row.try_get::<String, _>("visibility")?.as_str() {
            "all" => Visibility::All,
            _ => Visibility::SignedIn,
        },
        tried_ms: row.try_get("tried_ms")?,
        reached_ms: row.try_get("reached_ms")?,
        error: row.try_get("error")?,
        missing_files: row.try_get("missing_files")?,
    })
}

impl Store {
    /// All addresses that are followed, oldest first.
    ///
    /// # Errors
    /// The database.
    pub async fn follows(&self) -> Result<Vec<Follow>, DbError> {
        query("select * from follow order by node, address")
            .fetch_all(self.0.read())
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// Nodes whose keys are known, by name.
    ///
    /// # Errors
    /// The database.
    pub async fn known_nodes(&self) -> Result<Vec<KnownNode>, DbError> {
        query(
            "select n.node, n.vkey, coalesce(max(f.reached_ms), 0) as reached_ms
             from follow_node n left join follow f on f.node = n.node group by n.node, n.vkey order by n.node",
        )
        .fetch_all(self.0.read())
        .await?
        .iter()
        .map(|row| {
            Ok(KnownNode {
                node: row.try_get("node")?,
                vkey: row.try_get("vkey")?,
                reached_ms: row.try_get("reached_ms")?,
            })
        })
        .collect()
    }

    pub(super) async fn follow_key(&self, node: &str) -> Result<Option<String>, DbError> {
        Ok(query_scalar("select vkey from follow_node where node = $1")
            .bind(node)
            .fetch_optional(self.0.read())
            .await?)
    }

    pub(super) async fn begin_follow(
        &self,
        node: &str,
        vkey: &str,
        new: &NewFollow,
        address: &str,
    ) -> Result<(), DbError> {
        let visibility = match new.visibility {
            Visibility::All => "all",
            _ => "signed-in",
        };
        let (files, files_mb) = new.files.words();
        transaction!(self.0, DbError, tx => {
            query("insert into follow_node (node, vkey, acknowledged) values ($1, $2, -1) on conflict (node) do nothing")
                .bind(node)
                .bind(vkey)
                .execute(&mut **tx)
                .await?;
            query(
                "insert into follow (address, node, every_h, files, files_mb, visibility) values ($1, $2, $3, $4, $5, $6)
                 on conflict (address) do update set node = excluded.node, every_h = excluded.every_h, waited_s = 0,
                 files = excluded.files, files_mb = excluded.files_mb, visibility = excluded.visibility",
            )
            .bind(address)
            .bind(node)
            .bind(new.every_h.clamp(0, LONGEST_H))
            .bind(files)
            .bind(files_mb)
            .bind(visibility)
            .execute(&mut **tx)
            .await?;
            Ok(())
        })
    }

    /// Sets how often an address is asked, in hours; 0 for never.
    ///
    /// # Errors
    /// The database.
    pub async fn set_follow_every(&self, address: &str, hours: i64) -> Result<(), DbError> {
        query("update follow set every_h = $2, waited_s = 0 where address = $1")
            .bind(address)
            .bind(hours.clamp(0, LONGEST_H))
            .execute(self.0.write())
            .await?;
        Ok(())
    }

    /// Notes how a try ended; empty for well.
    pub(super) async fn follow_ended(
        &self,
        address: &str,
        now_ms: i64,
        error: &str,
        missing_files: i64,
    ) -> Result<(), DbError> {
        let reached_ms = if error.is_empty() { now_ms } else { 0 };
        query(
            "update follow set tried_ms = $2, error = $3, missing_files = $4,
             reached_ms = case when $5 > 0 then $5 else reached_ms end where address = $1",
        )
        .bind(address)
        .bind(now_ms)
        .bind(error)
        .bind(missing_files)
        .bind(reached_ms)
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// Counts time, and gives addresses and nodes that are due; their time begins anew.
    pub(super) async fn follows_due(
        &self,
        passed_s: i64,
    ) -> Result<Vec<(String, String)>, DbError> {
        query("update follow set waited_s = waited_s + $1 where every_h > 0")
            .bind(passed_s)
            .execute(self.0.write())
            .await?;
        query(
            "update follow set waited_s = 0 where every_h > 0 and waited_s >= every_h * 3600 returning address, node",
        )
        .fetch_all(self.0.write())
        .await?
        .iter()
        .map(|row| Ok((row.try_get("address")?, row.try_get("node")?)))
        .collect()
    }

    /// Entries of a node's feed up to which withdrawals were acknowledged; -1 before its feed was taken once.
    pub(super) async fn acknowledged(&self, node: &str) -> Result<i64, DbError> {
        let known: Option<i64> =
            query_scalar("select acknowledged from follow_node where node = $1")
                .bind(node)
                .fetch_optional(self.0.read())
                .await?;
        Ok(known.unwrap_or(-1))
    }

    pub(super) async fn end_follow(&self, address: &str) -> Result<(), DbError> {
        query("delete from follow where address = $1")
            .bind(address)
            .execute(self.0.write())
            .await?;
        Ok(())
    }

    pub(super) async fn end_node(&self, node: &str) -> Result<(), DbError> {
        transaction!(self.0, DbError, tx => {
            query("delete from follow where node = $1").bind(node).execute(&mut **tx).await?;
            query("delete from follow_node where node = $1").bind(node).execute(&mut **tx).await?;
            Ok(())
        })
    }

    /// Puts down the files of a feed's records as perhaps used no more.
    pub(super) async fn release_files(&self, origin: &str) -> Result<(), DbError> {
        query(
            "insert into catalogue_gone (hash) select distinct f.hash from catalogue_file f
             join feed_feed o on o.id = f.feed where o.origin = $1 on conflict (hash) do nothing",
        )
        .bind(origin)
        .execute(self.0.write())
        .await?;
        Ok(())
    }

    /// Catalogues of a feed that have records to show.
    pub(super) async fn parts(&self, origin: &str) -> Result<Vec<String>, DbError> {
        Ok(query_scalar(
            "select t.collection from catalogue_tally t join feed_feed o on o.id = t.feed where o.origin = $1
             group by t.collection having sum(t.records) > 0 order by t.collection",
        )
        .bind(origin)
        .fetch_all(self.0.read())
        .await?)
    }

    /// Versions of a feed's records whose bodies are missing, after a version.
    pub(super) async fn missing_bodies(
        &self,
        origin: &str,
        after: i64,
        limit: i64,
    ) -> Result<Vec<i64>, DbError> {
        Ok(query_scalar(
            "select r.version from catalogue_record r join feed_feed o on o.id = r.feed
             where o.origin = $1 and r.state = 'missing' and r.version > $2 order by r.version limit $3",
        )
        .bind(origin)
        .bind(after)
        .bind(limit)
        .fetch_all(self.0.read())
        .await?)
    }
}
