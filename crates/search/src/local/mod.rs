//! The embedded engine: Tantivy, one index folder a collection.
//!
//! A folder holds generations (`g1`, `g2`); `CURRENT` names the one that readers see. A generation is a
//! Tantivy index and its sidecars: `stored.dict` and `stored-2.dict` (of stored documents), `common.words` (of
//! large ones, see `neighbours`), `titles.lps` (suggestions), `words.fst` (spelling), `words.counts`
//! and `aliases.jsonl` (what the two are built from). An update works on a generation of its own, which
//! shares unchanged files with the one before, and is published by one rename; so is one that is rebuilt from nothing.
//!
//! Rules: a commit is complete or absent after a crash, and carries the importer's cursor; nothing is
//! written to a read-only place; damaged files give an error, never a panic.

mod base;
mod collection;
mod directory;
mod folder;
mod kept;
mod keys;
pub(crate) mod live;
pub(crate) mod neighbours;
mod pack;
pub(crate) mod schema;
mod writer;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::api::{
    Begin, Contents, Engine, IndexPlace, IndexStats, SearchError, SearchRequest, SearchResults,
    StoredDocument, Suggestion, Writer,
};
use crate::search::matching::matching;
use crate::search::{Analyzers, Source, contents, search};
use crate::suggest::Titles;
use collection::Collection;
use live::{Snapshot, guarded};
use writer::LocalWriter;

/// Suggestions given at once, at most.
const MAX_SUGGESTIONS: usize = 50;

/// The embedded engine.
#[derive(Default)]
pub struct LocalEngine {
    collections: RwLock<BTreeMap<String, Arc<Collection>>>,
    analyzers: Analyzers,
}

impl LocalEngine {
    /// An engine without collections.
    #[must_use]
    pub fn new() -> LocalEngine {
        LocalEngine::default()
    }

    fn collection(&self, id: &str) -> Result<Arc<Collection>, SearchError> {
        let collections = self
            .collections
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        collections
            .get(id)
            .cloned()
            .ok_or_else(|| SearchError::NoSuchIndex(id.to_owned()))
    }

    fn snapshot(&self, id: &str) -> Result<Option<Arc<Snapshot>>, SearchError> {
        self.collection(id)?.snapshot()
    }

    /// The collections asked for that can be searched; and what is wrong with the others.
    fn sources(&self, ids: &[String]) -> (Vec<Source>, Option<SearchError>) {
        let mut out: Vec<Source> = Vec::new();
        let mut wrong = None;
        for id in ids {
            if out.iter().any(|source| source.id == *id) {
                continue;
            }
            match self.snapshot(id) {
                Ok(Some(snapshot)) => out.push(Source {
                    id: id.clone(),
                    snapshot,
                }),
                Ok(None) | Err(SearchError::NoSuchIndex(_)) => {}
                Err(error) => wrong = Some(error),
            }
        }
        (out, wrong)
    }
}

fn damaged(collection: &str, reason: String) -> SearchError {
    SearchError::Damaged {
        collection: collection.to_owned(),
        reason,
    }
}

impl Engine for LocalEngine {
    fn attach(&self, place: IndexPlace) -> Result<(), SearchError> {
        let id = place.collection.clone();
        let mut collections = self
            .collections
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if !collections
            .get(&id)
            .is_some_and(|known| known.is_at(&place))
        {
            collections.insert(id, Arc::new(Collection::new(place)));
        }
        Ok(())
    }

    fn detach(&self, collection: &str) {
        self.collections
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(collection);
    }

    fn search(&self, request: &SearchRequest) -> Result<SearchResults, SearchError> {
        let (mut sources, wrong) = self.sources(&request.collections);
        if let (true, Some(error)) = (sources.is_empty(), wrong) {
            return Err(error);
        }
        let mut last = String::new();
        let mut culprit = String::new();
        let all = sources.len();
        while !sources.is_empty() || all == 0 {
            match guarded(|| search(&sources, request, &self.analyzers)) {
                Ok(mut results) => {
                    results.partial |= sources.len() < all;
                    return Ok(results);
                }
                Err(reason) => last = reason,
            }
            // Whose fault was it? The others are searched without it.
            let bad = (0..sources.len()).find(|nth| {
                let one = sources.get(*nth..=*nth).unwrap_or_default();
                guarded(|| search(one, request, &self.analyzers)).is_err()
            });
            match bad {
                Some(nth) => culprit = sources.remove(nth).id,
                None => break,
            }
        }
        if culprit.is_empty() {
            Err(SearchError::Engine(last))
        } else {
            Err(damaged(&culprit, last))
        }
    }

    fn matching(
        &self,
        collection: &str,
        query: &str,
        deadline: Option<Duration>,
    ) -> Result<Option<(Vec<u64>, bool)>, SearchError> {
        let (sources, wrong) = self.sources(&[collection.to_string()]);
        let Some(source) = sources.first() else {
            return Err(wrong.unwrap_or_else(|| SearchError::NoSuchIndex(collection.into())));
        };
        let request = SearchRequest {
            query: query.into(),
            collections: vec![collection.into()],
            deadline,
            ..SearchRequest::default()
        };
        guarded(|| matching(source, &request, &self.analyzers))
            .map_err(|reason| damaged(collection, reason))
    }

    fn hashes(&self, collection: &str) -> Result<Vec<u64>, SearchError> {
        let Some(snapshot) = self.snapshot(collection)? else {
            return Ok(Vec::new());
        };
        guarded(|| {
            let mut found = Vec::new();
            for segment in snapshot.searcher.segment_readers() {
                let hashes = segment.fast_fields().u64("hash")?;
                found.extend(
                    segment
                        .doc_ids_alive()
                        .filter_map(|document| hashes.first(document)),
                );
            }
            Ok(found)
        })
        .map_err(|reason| damaged(collection, reason))
    }

    fn suggest(&self, typed: &str, collections: &[String], limit: usize) -> Vec<Suggestion> {
        let (sources, _) = self.sources(collections);
        let with_titles: Vec<(&Source, &Titles)> = sources
            .iter()
            .filter_map(|source| source.snapshot.titles().map(|titles| (source, titles)))
            .collect();
        let titles: Vec<&Titles> = with_titles.iter().map(|(_, titles)| *titles).collect();
        crate::suggest::suggest(&titles, typed, limit.min(MAX_SUGGESTIONS))
            .into_iter()
            .filter_map(|(nth, hit)| {
                let (source, _) = with_titles.get(nth)?;
                Some(Suggestion {
                    collection: source.id.clone(),
                    key: hit.key,
                    title: hit.title,
                })
            })
            .collect()
    }

    fn get(&self, collection: &str, key: &str) -> Result<Option<StoredDocument>, SearchError> {
        let Some(snapshot) = self.snapshot(collection)? else {
            return Ok(None);
        };
        guarded(|| match snapshot.find(key)? {
            Some(address) => snapshot.stored(address, |stored| Some(stored.to_document())),
            None => Ok(None),
        })
        .map_err(|reason| damaged(collection, reason))
    }

    fn contents(
        &self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Contents, SearchError> {
        let Some(snapshot) = self.snapshot(collection)? else {
            return Ok(Contents::default());
        };
        guarded(|| contents::contents(&snapshot, after, limit))
            .map_err(|reason| damaged(collection, reason))
    }

    fn stats(&self, collection: &str) -> Result<IndexStats, SearchError> {
        let Some(snapshot) = self.snapshot(collection)? else {
            return Ok(IndexStats::default());
        };
        Ok(IndexStats {
            documents: snapshot.searcher.num_docs(),
            size_bytes: folder::size_bytes(snapshot.path()),
            languages: snapshot.languages.clone(),
        })
    }

    fn write(&self, collection: &str, begin: Begin) -> Result<Box<dyn Writer>, SearchError> {
        let collection = self.collection(collection)?;
        let guard = collection.lock()?;
        Ok(Box::new(LocalWriter::begin(collection, begin, guard)?))
    }
}
