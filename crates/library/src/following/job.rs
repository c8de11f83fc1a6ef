//! Following as a job: what is new on a node's feeds, its catalogues as collections, acknowledgements, files.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use lampion_core::jobs::{JobContext, JobEnd, JobHandler, Progress};
use lampion_db::{query, transaction};
use lampion_feed::checkpoint::Checkpoint;
use lampion_feed::entry::{Entry, Salt};
use lampion_feed::follow::{FollowError, Reader};
use lampion_feed::limits::TILE_WIDTH;
use lampion_feed::note::VerifierKey;
use lampion_feed::{Delta, Draft, FeedError, Feeds};
use lampion_web::directory;
use tokio::sync::mpsc;

use super::source::{Files as Static, Place, on_thread};
use super::{Follow, KIND, Payload, files, origin};
use crate::adding::{blank, free_id};
use crate::catalogue::{self, Catalogue, CatalogueError};
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, Source, State};

/// How often a source that can't be reached is tried at a stretch.
const TRIES: i64 = 3;
/// Entries that are looked through for withdrawals at a time.
const LOOK: usize = 2048;
/// Missing bodies that are looked for in one run.
const LATE: i64 = 20_000;
/// Letters of a title.
const TITLE: usize = 200;

/// Handles [`KIND`].
pub struct FollowJob(pub Library);

/// Why a run ended early.
enum End {
    Job(JobEnd),
    /// The source is away: it is tried again.
    Away(String),
    /// What it has is not right.
    Bad(String),
}

impl From<FeedError> for End {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Db(error) => Self::Job(JobEnd::Passing(error.to_string())),
            other => Self::Bad(other.to_string()),
        }
    }
}

impl From<lampion_db::DbError> for End {
    fn from(error: lampion_db::DbError) -> Self {
        Self::Job(JobEnd::Passing(error.to_string()))
    }
}

impl From<CatalogueError> for End {
    fn from(error: CatalogueError) -> Self {
        Self::Job(JobEnd::Passing(error.to_string()))
    }
}

impl From<LibraryError> for End {
    fn from(error: LibraryError) -> Self {
        Self::Job(crate::import::end_of(&error))
    }
}

/// What the reading thread tells.
enum Told {
    Head(Checkpoint, Vec<u8>),
    Delta(Box<Delta>),
    Ended(FollowError),
}

#[async_trait]
impl JobHandler for FollowJob {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, context: JobContext) -> Result<(), JobEnd> {
        let passing = |error: lampion_db::DbError| JobEnd::Passing(error.to_string());
        let payload: Payload = serde_json::from_str(&context.job.payload).unwrap_or_default();
        let store = self.0.store();
        let follows = store.follows().await.map_err(passing)?;
        let Some(follow) = follows
            .into_iter()
            .find(|one| one.address == payload.address)
        else {
            return Err(JobEnd::Failed("it is not followed any more".into()));
        };
        let address = follow.address.clone();
        let (attempts, now_ms) = (context.job.attempts, self.0.kernel().clock.now_ms());
        let mut run = Run {
            library: self.0.clone(),
            context,
            follow,
            progress: Progress::default(),
        };
        let (end, error, missing) = match run.all(payload.bodies).await {
            Ok(missing) => (Ok(()), String::new(), missing),
            Err(End::Job(end)) => {
                let text = match &end {
                    JobEnd::Passing(text) | JobEnd::Failed(text) => text.clone(),
                    JobEnd::Cancelled | JobEnd::Interrupted => return Err(end),
                };
                (Err(end), text, 0)
            }
            Err(End::Away(text)) if attempts < TRIES => {
                (Err(JobEnd::Passing(text.clone())), text, 0)
            }
            Err(End::Away(text) | End::Bad(text)) => (Err(JobEnd::Failed(text.clone())), text, 0),
        };
        store
            .follow_ended(&address, now_ms, &error, missing)
            .await
            .map_err(passing)?;
        end
    }
}

struct Run {
    library: Library,
    context: JobContext,
    follow: Follow,
    progress: Progress,
}

impl Run {
    fn feeds(&self) -> Result<&Feeds, End> {
        self.library.kernel().feeds().map_err(End::from)
    }

    /// Gives how many files were wanted and are not there.
    async fn all(&mut self, bodies: bool) -> Result<i64, End> {
        let store = self.library.store().clone();
        let node = self.follow.node.clone();
        let known = self.library.known_key(&node).await?;
        let key = known.ok_or_else(|| End::Bad(format!("the key of `{node}` is not known")))?;
        let address = self.follow.address.clone();
        let place = self
            .aside(move || Place::resolve(&address))
            .await?
            .map_err(End::Away)?;
        let named = origin(&node, directory::KIND);
        let other = key
            .renamed(&named)
            .map_err(|error| End::Bad(error.to_string()))?;
        // What a node says of itself is not always there, and nothing depends on it.
        match self.take(&place.directory, &other, directory::KIND).await {
            Err(End::Job(end)) => return Err(End::Job(end)),
            Err(End::Away(error) | End::Bad(error)) => {
                tracing::info!(node, %error, "what this node says of itself could not be taken");
            }
            Ok(()) => {}
        }
        let begun = store.acknowledged(&node).await?;
        self.take(&place.library, &key, catalogue::KIND).await?;
        let supplied = if bodies {
            self.late(&place.library, &key).await?
        } else {
            0
        };
        self.collections(key.name()).await?;
        self.library.kernel().events.send("catalogue.changed", "");
        if supplied > 0 {
            for one in self.library.followed() {
                if one.source.feed == key.name() {
                    self.library.reindex(&one.id).await?;
                }
            }
        }
        self.acknowledge(key.name(), begun).await?;
        let fetched = files::fetch(
            &self.library,
            key.name(),
            &place.library,
            self.follow.files,
            &self.context,
        )
        .await
        .map_err(End::Job)?;
        let feeds = self.feeds()?;
        if feeds
            .find(key.name())
            .await?
            .is_some_and(|feed| feed.size > 0)
        {
            feeds.cosign(key.name()).await?;
        }
        for one in self.library.followed() {
            let came = fetched.records.get(&one.source.part);
            if let Some(ids) = came.filter(|_| one.source.feed == key.name())
                && let Err(error) = catalogue::follow::again(&self.library, &one, ids).await
            {
                tracing::warn!(collection = %one.id, %error, "the text of files that came can't be found yet");
            }
        }
        Ok(fetched.missing)
    }

    /// Does something on a thread that isn't waited for when the job is to stop.
    async fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, End> {
        tokio::select! {
            () = self.context.stop.cancelled() => Err(End::Job(self.context.stop_reason())),
            done = on_thread("follow", move || Ok(work())) => done.map_err(End::Away),
        }
    }

    /// Takes what is new on one feed.
    async fn take(&mut self, source: &Static, key: &VerifierKey, kind: &str) -> Result<(), End> {
        let feeds = self.feeds()?.clone();
        let seen = feeds.seen(key.name()).await?;
        let here = feeds.find(key.name()).await?.map_or(0, |feed| feed.size);
        let (tell, mut told) = mpsc::channel(1);
        let (source, reading) = (source.clone(), key.clone());
        std::thread::Builder::new()
            .name("follow".into())
            .spawn(move || {
                if let Err(error) = read(&source, &reading, seen.as_deref(), here, &tell) {
                    let _nobody_listens_any_more = tell.blocking_send(Told::Ended(error));
                }
            })
            .map_err(|error| End::Away(error.to_string()))?;
        loop {
            let next = tokio::select! {
                () = self.context.stop.cancelled() => {
                    return Err(End::Job(self.context.stop_reason()));
                }
                next = told.recv() => next,
            };
            match next {
                None => return Ok(()),
                Some(Told::Ended(error)) => return Err(self.ended(&feeds, key, error).await?),
                Some(Told::Head(checkpoint, note)) => {
                    if kind == catalogue::KIND {
                        self.progress.items_total = i64::try_from(checkpoint.size).unwrap_or(0);
                    }
                    if here > 0 && checkpoint.size <= here {
                        let seen = feeds.observe(&note, key).await;
                        seen.map_err(|error| self.refused(key, error))?;
                    }
                }
                Some(Told::Delta(delta)) => {
                    let taken = feeds.mirror(key, kind, &delta).await;
                    let taken = taken.map_err(|error| self.refused(key, error))?;
                    if kind == catalogue::KIND {
                        self.progress.items = i64::try_from(taken.size).unwrap_or(0);
                        self.context.progress(self.progress.clone()).await;
                        self.collections(key.name()).await?;
                        self.library.kernel().events.send("catalogue.changed", "");
                    }
                }
            }
        }
    }

    /// Why a feed is refused; a proof of a fork becomes a file.
    fn refused(&self, key: &VerifierKey, error: FeedError) -> End {
        match error {
            FeedError::ForkSeen {
                proof: Some(proof), ..
            } => End::Bad(self.forked(key, &proof)),
            other => other.into(),
        }
    }

    fn forked(&self, key: &VerifierKey, proof: &str) -> String {
        let name: String = key
            .name()
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let folder = self.library.kernel().data.join("node/feeds/forks");
        let path = folder.join(format!("{name}.txt"));
        let said = "the feed's author has signed two histories: nothing of it is taken any more";
        match std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, proof)) {
            Ok(()) => format!("{said}; the proof is {}", path.display()),
            Err(error) => format!("{said}; the proof could not be written: {error}"),
        }
    }

    async fn ended(
        &self,
        feeds: &Feeds,
        key: &VerifierKey,
        error: FollowError,
    ) -> Result<End, End> {
        Ok(match error {
            FollowError::Fork(proof) => {
                feeds.keep_conflict(proof.as_bytes(), key).await?;
                End::Bad(self.forked(key, &proof))
            }
            FollowError::Source(error @ lampion_feed::verify::VerifyError::Unreadable { .. }) => {
                End::Away(error.to_string())
            }
            other => End::Bad(other.to_string()),
        })
    }

    /// Asks once more for bodies that the source didn't have.
    async fn late(&mut self, source: &Static, key: &VerifierKey) -> Result<usize, End> {
        let feeds = self.feeds()?.clone();
        let missing = self
            .library
            .store()
            .missing_bodies(key.name(), -1, LATE)
            .await?;
        let wanted: BTreeSet<u64> = missing
            .into_iter()
            .filter_map(|version| u64::try_from(version).ok())
            .collect();
        let bundles: BTreeSet<u64> = wanted.iter().map(|index| index / TILE_WIDTH).collect();
        let wanted = Arc::new(wanted);
        let mut supplied = 0;
        for n in bundles {
            let (source, reading, wanted) = (source.clone(), key.clone(), Arc::clone(&wanted));
            let found: Result<Vec<(u64, Salt, Vec<u8>)>, String> = self
                .aside(move || {
                    let reader = Reader::open(&source, &reading);
                    let reader = reader.map_err(|error| error.to_string())?;
                    reader.bodies(n, &wanted).map_err(|error| error.to_string())
                })
                .await?;
            let found = found.map_err(End::Away)?;
            if !found.is_empty() {
                supplied += feeds.supply(key.name(), &found).await?;
            }
        }
        Ok(supplied)
    }

    /// Makes a collection for each catalogue that has records to show, and tells whose they are.
    async fn collections(&self, feed: &str) -> Result<(), End> {
        let (library, node) = (&self.library, &self.follow.node);
        let kernel = library.kernel();
        let parts = library.store().parts(feed).await?;
        let said = directory::list(&kernel.db).await?;
        let named = origin(node, directory::KIND);
        let record = said.into_iter().find(|one| one.0 == named).map(|one| one.1);
        let record = record.unwrap_or_default();
        let creator = if record.title.is_empty() {
            node.clone()
        } else {
            record.title.chars().take(TITLE).collect()
        };
        for part in parts {
            let all = library.store().all().await?;
            let told = record.catalogues.get(&part);
            let title: String = told.unwrap_or(&part).chars().take(TITLE).collect();
            let known = all
                .iter()
                .find(|one| one.source.feed == feed && one.source.part == part);
            if let Some(known) = known {
                // What a librarian called it stays.
                let named = if known.title == part {
                    &title
                } else {
                    &known.title
                };
                if known.creator != creator || known.title != *named {
                    let changed = Collection {
                        title: named.clone(),
                        creator: creator.clone(),
                        ..known.clone()
                    };
                    library.store().update(&changed).await?;
                    library.refresh().await?;
                }
                continue;
            }
            let short = node.split('.').next().unwrap_or(node);
            let id = free_id(kernel, &all, &format!("{short}-{part}"));
            let folder = kernel.data.join("collections").join(&id);
            std::fs::create_dir_all(&folder)
                .map_err(|error| End::from(LibraryError::from(error)))?;
            let source = Source {
                feed: feed.to_string(),
                part,
                ..Source::default()
            };
            let now_ms = kernel.clock.now_ms();
            let mut made = blank(id, title, Kind::Catalogue, source, folder, now_ms);
            made.creator.clone_from(&creator);
            made.visibility = self.follow.visibility.clone();
            made.state = State::Ready;
            library.store().insert(&made).await?;
            library.refresh().await?;
            kernel.events.send("collection.changed", made.id.as_str());
        }
        Ok(())
    }

    /// Says on this node's own feed that what the author withdrew is erased here, and sees to the database's files.
    /// What was withdrawn before this node ever had it needs no word.
    async fn acknowledge(&self, feed: &str, begun: i64) -> Result<(), End> {
        let (feeds, node) = (self.feeds()?, &self.follow.node);
        let size = feeds.find(feed).await?.map_or(0, |feed| feed.size);
        let mut at = u64::try_from(begun).unwrap_or(size);
        let mut any = false;
        if begun < 0 {
            self.reached(node, size, &[]).await?;
        }
        while at < size {
            let end = at.saturating_add(LOOK as u64).min(size);
            let entries = feeds
                .newest(feed, end, usize::try_from(end - at).unwrap_or(LOOK))
                .await?;
            let drafts: Vec<Draft> = entries
                .iter()
                .rev()
                .filter(|one| one.index >= at && matches!(one.entry, Entry::Withdraw(_)))
                .map(|one| Draft::Acknowledge {
                    origin: feed.to_string(),
                    index: one.index,
                })
                .collect();
            any |= !drafts.is_empty();
            self.reached(node, end, &drafts).await?;
            at = end;
        }
        if any {
            let catalogue = Catalogue::of(self.library.kernel())?;
            catalogue.published().await;
            catalogue.sweep_or_say().await;
            if let Err(error) = feeds.scrub().await {
                tracing::warn!(%error, "what was withdrawn is still in the database's log: it goes with the next withdrawal");
            }
        }
        Ok(())
    }

    async fn reached(&self, node: &str, end: u64, drafts: &[Draft]) -> Result<(), End> {
        let (feeds, db) = (self.feeds()?, &self.library.kernel().db);
        transaction!(db, FeedError, tx => {
            if !drafts.is_empty() {
                feeds.append(tx, catalogue::KIND, drafts).await?;
            }
            query("update follow_node set acknowledged = $2 where node = $1")
                .bind(node)
                .bind(i64::try_from(end).unwrap_or(i64::MAX))
                .execute(&mut **tx)
                .await?;
            Ok(())
        })?;
        Ok(())
    }
}

/// Reads a source to its end, on a thread of its own.
fn read(
    source: &Static,
    key: &VerifierKey,
    seen: Option<&str>,
    here: u64,
    tell: &mpsc::Sender<Told>,
) -> Result<(), FollowError> {
    let reader = Reader::open(source, key)?;
    if let Some(seen) = seen {
        reader.follows(seen.as_bytes())?;
    }
    let head = Told::Head(reader.checkpoint().clone(), reader.note().to_vec());
    let mut open = tell.blocking_send(head).is_ok();
    let mut at = here;
    while open && let Some(delta) = reader.delta(at, true)? {
        at += delta.entries.len() as u64;
        open = tell.blocking_send(Told::Delta(Box::new(delta))).is_ok();
    }
    Ok(())
}
