//! The search index follows the feed.
//!
//! How far it has come stands in the index's own commit, as the size of the feed, so that neither is ever ahead of the
//! other unnoticed. One round reads entries from there on; what was superseded or withdrawn meanwhile is passed over,
//! for the entry that did it follows.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lampion_core::jobs::{JobContext, JobEnd};
use lampion_feed::entry::Entry;
use lampion_feed::{Record, State};
use lampion_search::{Begin, Document, SearchError, Writer};
use tokio_util::sync::CancellationToken;

use super::model::KIND;
use super::{Catalogue, CatalogueError, Envelope};
use crate::import::end_of;
use crate::library::{Library, LibraryError};
use crate::model::Collection;

/// Entries that are read at a time.
const BATCH: usize = 512;
/// Entries between two commits while an index catches up.
const COMMIT_ENTRIES: u64 = 50_000;
/// How often the feed is looked at for what another process has published.
const PAUSE: Duration = Duration::from_millis(700);

/// How often a busy index is asked.
const TRIES: usize = 60;

/// Why a round ended early.
#[derive(Debug, thiserror::Error)]
enum FollowError {
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("the index is ahead of the feed")]
    Ahead,
    #[error("{0}")]
    Ended(String),
}

impl From<lampion_feed::FeedError> for FollowError {
    fn from(error: lampion_feed::FeedError) -> Self {
        Self::Catalogue(error.into())
    }
}

/// What an entry does to an index.
enum Change {
    Add(Box<Document>),
    Remove(String),
}

/// Keeps the indexes of all catalogues up to date until the node stops, and signs what a crash left unsigned.
pub async fn run(library: Library, stop: CancellationToken) {
    let catalogue = match Catalogue::of(library.kernel()) {
        Ok(catalogue) => catalogue,
        Err(error) => {
            tracing::error!(%error, "the catalogue can't be followed");
            return;
        }
    };
    if let Err(error) = catalogue.feeds.sign(KIND).await {
        tracing::error!(%error, "nothing can be published");
    }
    tokio::spawn(super::failed::run(library.clone(), stop.clone()));
    catalogue.sweep_or_say().await;
    let mut reached: HashMap<String, u64> = HashMap::new();
    let mut events = library.kernel().events.watch();
    while !stop.is_cancelled() {
        if let Err(error) = round(&library, &catalogue, &mut reached).await {
            tracing::warn!(%error, "the search index could not follow the catalogue: it is tried again");
        }
        // Events that were missed are made up for by the pause.
        let changed = async {
            while let Ok(event) = events.recv().await {
                if event.topic == "catalogue.changed" {
                    return;
                }
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = changed => {}
            () = pause() => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often another process's publications are looked for"
)]
async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

async fn round(
    library: &Library,
    catalogue: &Catalogue,
    reached: &mut HashMap<String, u64>,
) -> Result<(), FollowError> {
    let feeds = catalogue.feeds.list().await?;
    let all = library.catalogues().into_iter().chain(library.followed());
    for collection in all {
        let size = feeds
            .iter()
            .find(|feed| match collection.is_followed() {
                true => feed.origin == collection.source.feed,
                false => feed.own && feed.kind == KIND,
            })
            .map_or(0, |feed| feed.size);
        let catalogue = &Catalogue::of_collection(library.kernel(), &collection)?;
        if reached.get(&collection.id) == Some(&size) {
            continue;
        }
        match edit(library, catalogue, &collection, size).await {
            Ok(()) => drop(reached.insert(collection.id, size)),
            // A rebuild is at work: it takes the same way.
            Err(FollowError::Search(SearchError::Busy(_))) => {}
            Err(FollowError::Ahead | FollowError::Search(SearchError::Damaged { .. })) => {
                library
                    .reindex(&collection.id)
                    .await
                    .map_err(|error| FollowError::Ended(error.to_string()))?;
                reached.insert(collection.id, size);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn edit(
    library: &Library,
    catalogue: &Catalogue,
    collection: &Collection,
    size: u64,
) -> Result<(), FollowError> {
    let writer = begin(library, &collection.id, Begin::Edit).await?;
    let from: u64 = writer
        .cursor()
        .and_then(|cursor| cursor.parse().ok())
        .unwrap_or(0);
    if from > size {
        return Err(FollowError::Ahead);
    }
    let (writer, at, changes) = pump(
        library,
        catalogue,
        collection.in_feed(),
        (writer, from),
        None,
    )
    .await?;
    if changes > 0 {
        commit(writer, at).await?;
        count(library, &collection.id).await?;
    }
    Ok(())
}

async fn begin(library: &Library, id: &str, begin: Begin) -> Result<Box<dyn Writer>, FollowError> {
    let (engine, id) = (Arc::clone(&library.kernel().search), id.to_string());
    blocking(move || Ok(engine.write(&id, begin)?)).await
}

async fn commit(mut writer: Box<dyn Writer>, at: u64) -> Result<Box<dyn Writer>, FollowError> {
    blocking(move || {
        writer.commit(&at.to_string())?;
        Ok(writer)
    })
    .await
}

/// Brings all entries from `from` on into the index. Gives how far it came, and how many changes are not committed.
async fn pump(
    library: &Library,
    catalogue: &Catalogue,
    collection: &str,
    (mut writer, from): (Box<dyn Writer>, u64),
    stop: Option<&CancellationToken>,
) -> Result<(Box<dyn Writer>, u64, u64), FollowError> {
    let (mut at, mut changes, mut committed) = (from, 0, from);
    let Some(feed) = catalogue.feed().await? else {
        return Ok((writer, at, changes));
    };
    // Ends at the feed's end: each step begins after the last entry of the one before.
    loop {
        if stop.is_some_and(CancellationToken::is_cancelled) {
            return Ok((writer, at, changes));
        }
        let records = catalogue.feeds.entries(&feed.origin, at, BATCH).await?;
        let Some(last) = records.last() else {
            return Ok((writer, at, changes));
        };
        let before = at;
        at = last.index + 1;
        let own = collection.to_string();
        let due = at - committed >= COMMIT_ENTRIES;
        let (back, done, files) = blocking(move || {
            let (mut done, mut files) = (0, Vec::new());
            for change in records.iter().filter_map(|record| change(record, &own)) {
                match change {
                    Change::Add(document) => {
                        if super::texts::has_files(&document) {
                            files.push(document.clone());
                        }
                        writer.add(*document)?;
                    }
                    Change::Remove(key) => writer.remove(&key)?,
                }
                done += 1;
            }
            // Their records can be found while their files are being read.
            if !files.is_empty() {
                writer.commit(&before.to_string())?;
            } else if due {
                writer.commit(&at.to_string())?;
            }
            Ok((writer, done, files))
        })
        .await?;
        writer = back;
        changes += done;
        for mut document in files {
            if stop.is_some_and(CancellationToken::is_cancelled) {
                return Ok((writer, before, changes));
            }
            if super::texts::add(library, &mut document).await {
                writer.add(*document)?;
            }
        }
        if due {
            committed = at;
        }
    }
}

fn change(record: &Record, collection: &str) -> Option<Change> {
    let (own, object) = record.entry.object()?;
    if own != collection {
        return None;
    }
    match (&record.entry, record.state) {
        (Entry::Withdraw(_), _) => Some(Change::Remove(object.to_string())),
        (Entry::Publish(_), State::Live) => {
            let document = record
                .body
                .bytes()
                .and_then(|body| Envelope::open(body).ok())
                .and_then(|envelope| envelope.work().ok())
                .map(|work| {
                    let marc = work.scheme() == lampion_formats::records::desk::Scheme::Marc21;
                    let name = if marc { "record.mrc" } else { "record.xml" };
                    let mut document = crate::extract::records::document(
                        object.to_string(),
                        work.to_catalogue(),
                        None,
                        name,
                    );
                    super::files::tell_index(&mut document, &work);
                    document
                });
            Some(match document {
                Some(document) => Change::Add(Box::new(document)),
                None => Change::Remove(object.to_string()),
            })
        }
        _ => None,
    }
}

/// Indexes records again, because files of theirs have come. What the index has not reached yet is left to its turn.
pub(crate) async fn again(
    library: &Library,
    collection: &Collection,
    ids: &[String],
) -> Result<(), String> {
    let catalogue = Catalogue::of_collection(library.kernel(), collection)
        .map_err(|error| error.to_string())?;
    for _ in 0..TRIES {
        match add_again(library, &catalogue, collection, ids).await {
            Err(FollowError::Search(SearchError::Busy(_))) => pause().await,
            done => return done.map_err(|error| error.to_string()),
        }
    }
    Err("the index is busy: the text of files is found after it is rebuilt".into())
}

async fn add_again(
    library: &Library,
    catalogue: &Catalogue,
    collection: &Collection,
    ids: &[String],
) -> Result<(), FollowError> {
    let Some(feed) = catalogue.feed().await? else {
        return Ok(());
    };
    let mut writer = begin(library, &collection.id, Begin::Edit).await?;
    let Some(reached) = writer.cursor() else {
        return Ok(());
    };
    for id in ids {
        let Some(row) = catalogue.row(collection.in_feed(), id).await? else {
            continue;
        };
        let record = catalogue.feeds.entry(&feed.origin, row.version).await?;
        let changed = record.and_then(|record| change(&record, collection.in_feed()));
        if let Some(Change::Add(mut document)) = changed
            && super::texts::add(library, &mut document).await
        {
            writer.add(*document)?;
        }
    }
    let reached: u64 = reached.parse().unwrap_or(0);
    commit(writer, reached).await.map(drop)
}

/// Tells readers how many records there are now.
async fn count(library: &Library, id: &str) -> Result<(), FollowError> {
    let ended = |error: LibraryError| FollowError::Ended(error.to_string());
    let wanted = id.to_string();
    let stats = library
        .engine(move |engine| engine.stats(&wanted))
        .await
        .map_err(ended)??;
    // Read anew: a librarian may have changed it meanwhile.
    let Some(mut now) = library
        .store()
        .get(id)
        .await
        .map_err(|error| FollowError::Catalogue(error.into()))?
    else {
        return Ok(());
    };
    now.documents = i64::try_from(stats.documents).unwrap_or(0);
    now.index_bytes = i64::try_from(stats.size_bytes).unwrap_or(0);
    if now.language.is_empty() {
        let languages: Vec<String> = stats
            .languages
            .into_iter()
            .take(3)
            .map(|one| one.0)
            .collect();
        now.language = languages.join(",");
    }
    library
        .store()
        .update(&now)
        .await
        .map_err(|error| FollowError::Catalogue(error.into()))?;
    library.refresh().await.map_err(ended)
}

/// The job of a catalogue: its index anew from the feed, beside the one that readers see; or what it lacks.
pub(crate) async fn job(
    library: &Library,
    collection: &Collection,
    rebuild: bool,
    context: &JobContext,
) -> Result<(), JobEnd> {
    let catalogue = Catalogue::of_collection(library.kernel(), collection)
        .map_err(|error| JobEnd::Passing(error.to_string()))?;
    let done = if rebuild {
        reindex(library, &catalogue, collection, context).await
    } else {
        let size = catalogue
            .feed()
            .await
            .map_err(|error| JobEnd::Passing(error.to_string()))?;
        edit(
            library,
            &catalogue,
            collection,
            size.map_or(0, |feed| feed.size),
        )
        .await
        .map(|()| true)
    };
    match done {
        Ok(true) => Ok(()),
        Ok(false) => Err(context.stop_reason()),
        Err(FollowError::Search(error)) => Err(end_of(&error.into())),
        Err(FollowError::Catalogue(error)) => Err(JobEnd::Passing(error.to_string())),
        Err(error) => Err(JobEnd::Failed(error.to_string())),
    }
}

/// Whether it came to the end.
async fn reindex(
    library: &Library,
    catalogue: &Catalogue,
    collection: &Collection,
    context: &JobContext,
) -> Result<bool, FollowError> {
    let resume = context.job.attempts > 1;
    let writer = begin(library, &collection.id, Begin::Rebuild { resume }).await?;
    let from: u64 = writer
        .cursor()
        .and_then(|cursor| cursor.parse().ok())
        .unwrap_or(0);
    let (writer, at, _) = pump(
        library,
        catalogue,
        collection.in_feed(),
        (writer, from),
        Some(&context.stop),
    )
    .await?;
    let writer = commit(writer, at).await?;
    if context.stop.is_cancelled() {
        return Ok(false);
    }
    blocking(move || Ok(writer.finish()?)).await?;
    count(library, &collection.id).await?;
    Ok(true)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FollowError> + Send + 'static,
) -> Result<T, FollowError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(FollowError::Ended(error.to_string())),
    }
}
