//! Signing, and never signing two histories.
//!
//! The newest signed checkpoint of each own feed lies in a file outside the database, `node/feeds/KIND.checkpoint`. It is
//! written and synced before anybody is given the checkpoint. If the database has fewer entries than that file, or
//! others, it was restored from a backup: then nothing is appended or signed until the missing entries came back from
//! a mirror ([`Feeds::mirror`] takes our own feed in this state).

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use lampion_db::transaction;

use crate::checkpoint::Checkpoint;
use crate::edge::Wanted;
use crate::error::FeedError;
use crate::feeds::{Feeds, blocking};
use crate::files;
use crate::limits::TOLD_STEP_S;
use crate::merkle::{self, Hash};
use crate::note::Note;
use crate::read::Conn;
use crate::store::{self, FeedRow, KeptCheckpoint};

/// Whether an own feed can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can.
    Ready,
    /// Entries that were signed are not in the database: fetch them from a mirror.
    Behind {
        /// Entries here.
        held: u64,
        /// Entries that were signed.
        signed: u64,
    },
    /// The database has other entries than were signed: [`Feeds::rewind`], then fetch all from a mirror.
    Forked {
        /// Entries that were signed.
        signed: u64,
    },
    /// The file with the newest signed checkpoint is gone: put it back, or ask mirrors and [`Feeds::accept`].
    MarkLost,
}

/// What this process knows of an own feed's mark.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guard {
    /// Entries that were signed.
    pub signed: u64,
    /// Why nothing may be appended, though there are enough entries.
    pub fault: Option<Status>,
}

impl Guard {
    /// Refuses a feed that must not grow.
    pub(crate) fn check(&self, feed: &FeedRow) -> Result<(), FeedError> {
        match self.fault {
            Some(Status::MarkLost) => Err(FeedError::MarkLost {
                file: format!("{}.checkpoint", feed.kind),
            }),
            Some(Status::Forked { signed }) => Err(FeedError::Forked {
                feed: feed.origin.clone(),
                signed,
            }),
            _ if feed.size < self.signed => Err(FeedError::Behind {
                feed: feed.origin.clone(),
                held: feed.size,
                signed: self.signed,
            }),
            _ => Ok(()),
        }
    }
}

/// A signed checkpoint, to be given to anyone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The note, with the cosignatures that there are.
    pub note: String,
}

impl Feeds {
    fn mark_path(&self, kind: &str) -> PathBuf {
        self.0.folder.join(format!("{kind}.checkpoint"))
    }

    /// The newest signed checkpoint of an own feed, out of the file.
    async fn mark(&self, feed: &FeedRow) -> Result<Option<Signed>, FeedError> {
        let path = self.mark_path(&feed.kind);
        let key = self.key(&feed.origin)?;
        blocking(move || {
            let Some(bytes) = files::read(&path)? else {
                return Ok(None);
            };
            let (checkpoint, note) = Checkpoint::open(&bytes, key.verifier())
                .map_err(|error| FeedError::file(&path, error))?;
            let note = note.to_string();
            Ok(Some(Signed { checkpoint, note }))
        })
        .await
    }

    /// Keeps a checkpoint as the newest that was signed. After this it may be given away.
    async fn set_mark(&self, kind: &str, note: &str) -> Result<(), FeedError> {
        let (path, rng) = (self.mark_path(kind), Arc::clone(&self.0.rng));
        let note = note.to_string();
        blocking(move || files::replace(&path, &*rng, note.as_bytes())).await
    }

    /// Lets one process at a time look at and change a mark. The lock ends with the file.
    async fn lock_mark(&self, kind: &str) -> Result<File, FeedError> {
        let path = self.0.folder.join(format!("{kind}.lock"));
        blocking(move || {
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .and_then(|file| file.lock().map(|()| file));
            file.map_err(|error| FeedError::file(&path, error))
        })
        .await
    }

    /// Whether this node's own feed of a kind can be appended to and signed.
    ///
    /// # Errors
    /// Files, or the database.
    pub async fn status(&self, kind: &str) -> Result<Status, FeedError> {
        self.handler(kind)?;
        // Another program may be signing: its mark and its row are to be seen together.
        let _turn = self.0.signing.lock().await;
        let _lock = self.lock_mark(kind).await?;
        let mut conn = self.0.db.read().acquire().await?;
        let row = self.own_row(&mut conn, kind).await?;
        let (status, _) = self.compare(&mut conn, &row).await?;
        Ok(status)
    }

    /// This node's own feed of a kind, as it would begin if it is not there yet.
    async fn own_row(&self, conn: &mut Conn, kind: &str) -> Result<FeedRow, FeedError> {
        if let Some(row) = store::find_own(conn, kind).await? {
            return Ok(row);
        }
        let origin = self.new_origin(kind);
        let vkey = self.key(&origin)?.verifier().to_string();
        Ok(crate::feeds::new_row(&origin, kind, true, &vkey))
    }

    /// Compares the database with the mark, and remembers the outcome. Under the lock on the mark, taken before `feed` was
    /// read: a mark is written before its row, so without the lock the row of another program could be seen without it.
    async fn compare(
        &self,
        conn: &mut Conn,
        feed: &FeedRow,
    ) -> Result<(Status, Option<Signed>), FeedError> {
        let mark = self.mark(feed).await?;
        let signed = mark.as_ref().map_or(0, |mark| mark.checkpoint.size);
        let status = match &mark {
            None if store::checkpoints(conn, feed.id, u64::MAX, 1)
                .await?
                .is_empty() =>
            {
                Status::Ready
            }
            None => Status::MarkLost,
            Some(_) if feed.size < signed => Status::Behind {
                held: feed.size,
                signed,
            },
            Some(mark) if root_at(conn, feed, signed).await? == mark.checkpoint.root => {
                Status::Ready
            }
            Some(_) => Status::Forked { signed },
        };
        let fault = matches!(status, Status::MarkLost | Status::Forked { .. }).then_some(status);
        self.set_guard(&feed.kind, Guard { signed, fault });
        Ok((status, mark))
    }

    /// A time, in seconds since 1970, for answers to those who ask later for what changed since: no entry that this node's
    /// own feed of a kind gets from now on says an earlier one, even if the machine's clock is put back. It is kept in
    /// the database, and therefore up to [`TOLD_STEP_S`] behind the clock: not every answer writes.
    ///
    /// # Errors
    /// The database.
    pub async fn told_seconds(&self, kind: &str) -> Result<u64, FeedError> {
        self.handler(kind)?;
        let now = self.seconds();
        let mut conn = self.0.db.read().acquire().await?;
        let told = store::find_own(&mut conn, kind).await?;
        let told = told.map_or(0, |row| row.clock);
        drop(conn);
        if now < told.saturating_add(TOLD_STEP_S) {
            return Ok(told);
        }
        transaction!(self.0.db, FeedError, tx => {
            // Waits for who is appending with an earlier time.
            let feed = self.lock_own(tx, kind).await?;
            store::set_clock(tx, feed.id, now).await?;
            Ok(feed.clock.max(now))
        })
    }

    /// Signs all entries of this node's own feed of a kind that are committed. The same checkpoint comes again if there
    /// are no new ones, and none if there is no entry yet.
    ///
    /// # Errors
    /// The feed is behind its mark or another: see [`Feeds::status`].
    pub async fn sign(&self, kind: &str) -> Result<Option<Signed>, FeedError> {
        self.handler(kind)?;
        let _turn = self.0.signing.lock().await;
        let _lock = self.lock_mark(kind).await?;
        let mut conn = self.0.db.read().acquire().await?;
        let feed = self.own_row(&mut conn, kind).await?;
        let key = self.key(&feed.origin)?;
        if key.verifier().to_string() != feed.vkey {
            return Err(FeedError::KeyChanged(feed.origin));
        }
        let (_, mark) = self.compare(&mut conn, &feed).await?;
        self.guard(kind).check(&feed)?;
        drop(conn);
        if let Some(mark) = mark.filter(|mark| mark.checkpoint.size == feed.size) {
            // A crash may have come between the file and the row.
            return self.keep(&feed, mark).await.map(Some);
        }
        if feed.size == 0 {
            return Ok(None);
        }
        let checkpoint = Checkpoint::new(&feed.origin, feed.size, feed.root);
        let mut note = Note::new(checkpoint.to_string())?;
        note.sign(&key, 0)?;
        let note = note.to_string();
        self.set_mark(kind, &note).await?;
        self.set_guard(
            kind,
            Guard {
                signed: feed.size,
                fault: None,
            },
        );
        self.keep(&feed, Signed { checkpoint, note })
            .await
            .map(Some)
    }

    /// Puts a checkpoint into the database, unless it is there.
    async fn keep(&self, feed: &FeedRow, signed: Signed) -> Result<Signed, FeedError> {
        let mut conn = self.0.db.read().acquire().await?;
        let newest = store::checkpoints(&mut conn, feed.id, u64::MAX, 1).await?;
        drop(conn);
        if newest
            .first()
            .is_none_or(|kept| kept.size != signed.checkpoint.size)
        {
            let kept = self.kept(&signed);
            let id = feed.id;
            transaction!(self.0.db, FeedError, tx => {
                store::put_checkpoint(tx, id, &kept).await?;
                Ok(())
            })?;
        }
        Ok(signed)
    }

    pub(crate) fn kept(&self, signed: &Signed) -> KeptCheckpoint {
        KeptCheckpoint {
            size: signed.checkpoint.size,
            root: signed.checkpoint.root,
            note: signed.note.clone(),
            seen_ms: self.0.clock.now_ms(),
        }
    }

    /// A mirror showed a checkpoint of our own feed: if it is past the mark, we have forgotten that we signed it.
    pub(crate) async fn raise_mark(
        &self,
        feed: &FeedRow,
        signed: &Signed,
    ) -> Result<Status, FeedError> {
        let _turn = self.0.signing.lock().await;
        let _lock = self.lock_mark(&feed.kind).await?;
        let mark = self.mark(feed).await?;
        if mark.is_none_or(|mark| mark.checkpoint.size < signed.checkpoint.size) {
            self.set_mark(&feed.kind, &signed.note).await?;
        }
        let mut conn = self.0.db.read().acquire().await?;
        let (status, _) = self.compare(&mut conn, feed).await?;
        Ok(status)
    }

    /// After mirrors were asked: takes the newest checkpoint that the database knows as the newest that was signed.
    /// Only for a feed whose mark is lost.
    ///
    /// # Errors
    /// Files, or the database.
    pub async fn accept(&self, kind: &str) -> Result<Status, FeedError> {
        self.handler(kind)?;
        let _turn = self.0.signing.lock().await;
        let _lock = self.lock_mark(kind).await?;
        let mut conn = self.0.db.read().acquire().await?;
        let Some(feed) = store::find_own(&mut conn, kind).await? else {
            return Ok(Status::Ready);
        };
        let (status, _) = self.compare(&mut conn, &feed).await?;
        if status != Status::MarkLost {
            return Ok(status);
        }
        let kept = store::checkpoints(&mut conn, feed.id, u64::MAX, 1).await?;
        if let Some(kept) = kept.first() {
            self.set_mark(kind, &kept.note).await?;
        }
        let (status, _) = self.compare(&mut conn, &feed).await?;
        Ok(status)
    }

    /// Empties an own feed whose entries are not those that were signed, and its projection, so that a mirror's copy can
    /// take their place. Entries that were never signed are lost: read them first ([`Feeds::entries`]), and publish
    /// again what is still wanted. Gives how many entries there were.
    ///
    /// # Errors
    /// The feed is not in that state, or the database.
    pub async fn rewind(&self, kind: &str) -> Result<u64, FeedError> {
        let handler = self.handler(kind)?;
        if !matches!(self.status(kind).await?, Status::Forked { .. }) {
            return Err(FeedError::IsOwn(self.new_origin(kind)));
        }
        let dropped = transaction!(self.0.db, FeedError, tx => {
            let feed = self.lock_own(tx, kind).await?;
            handler.reset(tx, &feed.clone().into()).await?;
            store::empty(tx, feed.id).await?;
            store::set_size(tx, feed.id, 0, merkle::empty_root()).await?;
            Ok(feed.size)
        })?;
        self.status(kind).await?;
        Ok(dropped)
    }
}

/// The root of a feed's first `size` entries.
pub(crate) async fn root_at(conn: &mut Conn, feed: &FeedRow, size: u64) -> Result<Hash, FeedError> {
    if size == feed.size {
        return Ok(feed.root);
    }
    let missing = || feed.damaged(format!("tiles at size {size} are missing"));
    let wanted = Wanted::default();
    merkle::root(size, &wanted).ok_or_else(missing)?;
    let tiles = store::tiles(conn, feed.id, &wanted.tiles()).await?;
    merkle::root(size, &tiles).ok_or_else(missing)
}
