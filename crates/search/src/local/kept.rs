//! A writer of live edits that is kept open from one edit to the next.
//!
//! Tantivy merges segments on a thread of the writer that committed, and what a writer merges is lost when it is closed. A
//! new writer for each edit began the same merges again each time: of a million records, forty at once, none of which ended.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tantivy::indexer::MergePolicy as _;
use tantivy::{Index, IndexWriter};

use super::collection::Collection;
use super::writer::policy;
use crate::analysis::{Flow, IndexTokenizer};
use crate::api::Begin;

/// How long a writer that nobody uses and that doesn't merge is kept: one of a large index, which takes long to open.
const KEPT: Duration = Duration::from_secs(30);
/// Documents of a large index. Of smaller ones there may be very many, such as everybody's mail, and other processes wait
/// for their turn at them. In tests all are large.
const LARGE: u64 = if cfg!(test) { 1 } else { 100_000 };
/// How often that is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// An open writer with nothing uncommitted, and what belongs to it.
pub(super) struct Kept {
    pub(super) generation: PathBuf,
    pub(super) index: Index,
    pub(super) writer: IndexWriter,
    pub(super) tokenizer: IndexTokenizer,
    pub(super) learnt: bool,
    pub(super) flow: Arc<Flow>,
    pub(super) full: Arc<AtomicBool>,
}

impl Kept {
    /// Whether it is worth keeping: segments are being merged (or would be after the next commit), or it is large and was
    /// used not long ago. Not where the disk is full, for it would try to merge for ever.
    fn worth(&self, since: Instant) -> bool {
        if self.full.load(Ordering::Relaxed) {
            return false;
        }
        let Ok(metas) = self.index.searchable_segment_metas() else {
            return false;
        };
        let documents: u64 = metas.iter().map(|meta| u64::from(meta.num_docs())).sum();
        documents >= LARGE && since.elapsed() < KEPT
            || !policy(Begin::Edit)
                .compute_merge_candidates(&metas)
                .is_empty()
    }
}

#[derive(Default)]
struct Slot {
    kept: Option<(Kept, Instant)>,
    /// Whether a thread is there that will close it.
    closes: bool,
}

/// Where a collection keeps its writer.
#[derive(Default)]
pub(super) struct Keeper(Mutex<Slot>);

impl Keeper {
    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer that was kept, if it is of this generation; another one is closed.
    pub(super) fn take(&self, generation: &Path) -> Option<Kept> {
        let (kept, _) = self.slot().kept.take()?;
        (kept.generation == generation).then_some(kept)
    }

    /// Closes what is kept of other generations.
    pub(super) fn only(&self, generation: &Path) {
        let mut slot = self.slot();
        if slot
            .kept
            .as_ref()
            .is_some_and(|(kept, _)| kept.generation != generation)
        {
            slot.kept = None;
        }
    }

    /// Closes a writer that isn't worth keeping any more; whether somebody has to look again.
    fn close(&self) -> bool {
        let mut slot = self.slot();
        let old = slot.kept.take_if(|(kept, since)| !kept.worth(*since));
        slot.closes = slot.kept.is_some();
        let again = slot.closes;
        drop(slot);
        drop(old);
        again
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "Tantivy doesn't say when a merge has ended"
)]
fn a_while() {
    std::thread::sleep(LOOK);
}

impl Collection {
    /// Keeps a writer for the next edit, if it is worth it.
    pub(super) fn keep(self: &Arc<Self>, kept: Kept) {
        let now = Instant::now();
        if !kept.worth(now) {
            return;
        }
        let mut slot = self.keeper.slot();
        slot.kept = Some((kept, now));
        if std::mem::replace(&mut slot.closes, true) {
            return;
        }
        let collection = Arc::downgrade(self);
        let closer = std::thread::Builder::new().name("index-closer".to_owned());
        let begun = closer.spawn(move || {
            // Ends: nothing is kept any more, or the collection is gone.
            loop {
                a_while();
                if !collection
                    .upgrade()
                    .is_some_and(|collection| collection.keeper.close())
                {
                    break;
                }
            }
        });
        if begun.is_err() {
            (slot.kept, slot.closes) = (None, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::LocalEngine;
    use crate::api::{Begin, Document, Engine as _, IndexPlace, SearchRequest};

    fn document(key: &str) -> Document {
        Document {
            key: key.to_owned(),
            title: key.to_owned(),
            body: format!("lantern {key}"),
            ..Document::default()
        }
    }

    fn found(engine: &LocalEngine) -> u64 {
        let request = SearchRequest {
            query: "lantern".to_owned(),
            collections: vec!["c".to_owned()],
            limit: 1,
            ..SearchRequest::default()
        };
        engine.search(&request).unwrap().total
    }

    #[test]
    fn an_edit_has_the_writer_of_the_edit_before() {
        let folder = tempfile::tempdir().unwrap();
        let engine = LocalEngine::default();
        let place = IndexPlace {
            collection: "c".to_owned(),
            folder: folder.path().to_owned(),
            read_only: false,
        };
        engine.attach(place).unwrap();
        let kept = || {
            let collection = engine.collection("c").unwrap();
            collection.keeper.slot().kept.is_some()
        };
        drop(engine.write("c", Begin::Edit).unwrap());
        assert!(!kept(), "nothing was written");
        // More than are merged at once.
        for n in 0..40 {
            let mut writer = engine.write("c", Begin::Edit).unwrap();
            assert!(!kept(), "it is in use");
            writer.add(document(&n.to_string())).unwrap();
            writer.commit("").unwrap();
            drop(writer);
            assert!(kept());
            assert_eq!(found(&engine), n + 1);
        }
        drop(engine.write("c", Begin::Edit).unwrap());
        assert!(kept(), "it has nothing uncommitted");

        // What was not committed is taken back.
        let mut writer = engine.write("c", Begin::Edit).unwrap();
        writer.add(document("never")).unwrap();
        drop(writer);
        assert!(!kept());
        let mut writer = engine.write("c", Begin::Edit).unwrap();
        writer.add(document("40")).unwrap();
        writer.commit("").unwrap();
        drop(writer);
        assert_eq!(found(&engine), 41);

        // Another generation has a writer of its own.
        let mut writer = engine.write("c", Begin::Rebuild { resume: false }).unwrap();
        assert!(!kept());
        for n in 0..3 {
            writer.add(document(&n.to_string())).unwrap();
        }
        writer.finish().unwrap();
        let mut writer = engine.write("c", Begin::Edit).unwrap();
        writer.add(document("3")).unwrap();
        writer.commit("").unwrap();
        drop(writer);
        assert_eq!(found(&engine), 4);
    }
}
