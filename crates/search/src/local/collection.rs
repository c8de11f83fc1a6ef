//! One attached collection: where its index lies, and the generation that is open.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::TantivyError;

use super::folder;
use super::kept::Keeper;
use super::live::{Live, Snapshot};
use crate::api::{IndexPlace, SearchError};

/// An attached collection. Its index is opened by whoever first asks for it.
pub(crate) struct Collection {
    place: IndexPlace,
    live: Mutex<Option<Arc<Live>>>,
    writing: AtomicBool,
    pub(super) keeper: Keeper,
}

/// Held by the collection's one writer.
pub(crate) struct WriteGuard(Arc<Collection>);

impl Drop for WriteGuard {
    fn drop(&mut self) {
        self.0.writing.store(false, Ordering::Release);
    }
}

impl Collection {
    pub(crate) fn new(place: IndexPlace) -> Collection {
        Collection {
            place,
            live: Mutex::new(None),
            writing: AtomicBool::new(false),
            keeper: Keeper::default(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.place.collection
    }

    /// Whether this is the collection at `place`.
    pub(crate) fn is_at(&self, place: &IndexPlace) -> bool {
        self.place == *place
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.place.folder
    }

    /// Takes the right to write.
    pub(crate) fn lock(self: &Arc<Self>) -> Result<WriteGuard, SearchError> {
        if self.place.read_only {
            return Err(SearchError::ReadOnly(self.id().to_owned()));
        }
        if self.writing.swap(true, Ordering::Acquire) {
            return Err(SearchError::Busy(self.id().to_owned()));
        }
        Ok(WriteGuard(Arc::clone(self)))
    }

    /// What readers see; nothing if there is no index yet.
    pub(crate) fn snapshot(&self) -> Result<Option<Arc<Snapshot>>, SearchError> {
        Ok(self.live()?.map(|live| live.snapshot()))
    }

    fn live(&self) -> Result<Option<Arc<Live>>, SearchError> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if live.is_none() {
            let current = folder::current(&self.place.folder)
                .map_err(|error| self.damaged(&error.to_string()))?;
            let Some(path) = current else { return Ok(None) };
            *live = Some(Arc::new(
                Live::open(&path, self.place.read_only).map_err(|reason| self.damaged(&reason))?,
            ));
        }
        Ok(live.clone())
    }

    /// Makes the last commit visible.
    pub(crate) fn reload(&self) -> Result<(), SearchError> {
        match self.live()? {
            Some(live) => live.reload().map_err(|reason| self.damaged(&reason)),
            None => Ok(()),
        }
    }

    /// Readers see another generation from now on; the one before goes with its last reader.
    pub(crate) fn replace(&self, path: &Path) -> Result<(), SearchError> {
        self.keeper.only(path);
        let next =
            Live::open(path, self.place.read_only).map_err(|reason| self.damaged(&reason))?;
        let before = self
            .live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(Arc::new(next));
        if let Some(before) = before.filter(|before| before.path != path) {
            before.retire();
        }
        Ok(())
    }

    /// Generations that must not be swept away.
    pub(crate) fn used(&self) -> Vec<PathBuf> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().map(|live| live.path.clone()).collect()
    }

    pub(crate) fn damaged(&self, reason: &str) -> SearchError {
        SearchError::Damaged {
            collection: self.id().to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// What Tantivy's error means for this collection.
    pub(crate) fn error(&self, error: &TantivyError) -> SearchError {
        match error {
            TantivyError::DataCorruption(_)
            | TantivyError::OpenReadError(_)
            | TantivyError::IncompatibleIndex(_)
            | TantivyError::SchemaError(_)
            | TantivyError::DeserializeError(_) => self.damaged(&error.to_string()),
            TantivyError::LockFailure(..) => SearchError::Busy(self.id().to_owned()),
            TantivyError::IoError(io) if super::directory::is_full(io) => {
                SearchError::DiskFull(self.id().to_owned())
            }
            _ => SearchError::Engine(error.to_string()),
        }
    }
}
