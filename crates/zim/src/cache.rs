//! The clusters that were used last, for all archives together.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::cluster::Cluster;

/// Memory of the cache that archives share unless they are given another.
pub const DEFAULT_CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// A cluster larger than this part of the cache is passed through and not kept.
const KEEP_SHARE: u64 = 2;
/// Clusters held at most, however small they are.
const MAX_CLUSTERS: usize = 16 * 1024;

/// Clusters at most whose decoders wait to go on where they stopped. A decoder of zstd holds a
/// window of up to 8 MB in common archives, far more than the cluster itself.
const MAX_UNFINISHED: usize = 4;

/// An archive (numbered as they are opened) and a cluster in it.
type Key = (u64, u32);

/// Least recently used clusters go first; bounded in bytes; shared by threads and archives.
pub struct ClusterCache {
    capacity_bytes: u64,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    slots: HashMap<Key, Slot>,
    /// Keys in the order of their last use.
    by_use: BTreeMap<u64, Key>,
    clock: u64,
    /// Clusters whose decoders wait, the oldest first.
    unfinished: VecDeque<Key>,
    bytes: u64,
}

struct Slot {
    cluster: Arc<Cluster>,
    used: u64,
    bytes: u64,
}

impl ClusterCache {
    /// A cache of `capacity_bytes`.
    #[must_use]
    pub fn new(capacity_bytes: u64) -> Self {
        Self {
            capacity_bytes,
            inner: Mutex::default(),
        }
    }

    /// The cache that archives share by default, of [`DEFAULT_CACHE_BYTES`].
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: OnceLock<Arc<ClusterCache>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Self::new(DEFAULT_CACHE_BYTES))))
    }

    /// Bytes held now, roughly.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.lock().bytes
    }

    /// Bytes up to which a cluster is kept whole.
    pub(crate) fn keep_bytes(&self) -> u64 {
        self.capacity_bytes / KEEP_SHARE
    }

    /// The cluster with this key, if it is here.
    pub(crate) fn get(&self, key: Key) -> Option<Arc<Cluster>> {
        let inner = &mut *self.lock();
        let slot = inner.slots.get_mut(&key)?;
        inner.clock += 1;
        inner.by_use.remove(&slot.used);
        slot.used = inner.clock;
        inner.by_use.insert(slot.used, key);
        Some(Arc::clone(&slot.cluster))
    }

    /// Puts `cluster` in, unless another thread was faster: then that one's is returned.
    pub(crate) fn insert(&self, key: Key, cluster: Cluster) -> Arc<Cluster> {
        let bytes = cluster.memory_bytes();
        let inner = &mut *self.lock();
        if let Some(slot) = inner.slots.get(&key) {
            return Arc::clone(&slot.cluster);
        }
        let cluster = Arc::new(cluster);
        inner.clock += 1;
        let slot = Slot {
            cluster: Arc::clone(&cluster),
            used: inner.clock,
            bytes,
        };
        inner.by_use.insert(inner.clock, key);
        inner.bytes += bytes;
        inner.slots.insert(key, slot);
        inner.shrink(self.capacity_bytes);
        cluster
    }

    /// Tells that `cluster` has grown.
    pub(crate) fn grown(&self, key: Key, cluster: &Cluster) {
        let unfinished = cluster.is_unfinished();
        let inner = &mut *self.lock();
        inner.unfinished.retain(|other| *other != key);
        if unfinished {
            inner.unfinished.push_back(key);
        }
        if inner.unfinished.len() > MAX_UNFINISHED
            && let Some(oldest) = inner.unfinished.pop_front()
        {
            if let Some(slot) = inner.slots.get(&oldest) {
                slot.cluster.rest();
            }
            inner.weigh(oldest);
        }
        inner.weigh(key);
        inner.shrink(self.capacity_bytes);
    }

    /// Forgets all clusters of `archive`.
    pub(crate) fn forget(&self, archive: u64) {
        let inner = &mut *self.lock();
        let gone: Vec<Key> = inner
            .slots
            .keys()
            .filter(|key| key.0 == archive)
            .copied()
            .collect();
        for key in gone {
            inner.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn shrink(&mut self, capacity_bytes: u64) {
        while self.bytes > capacity_bytes || self.slots.len() > MAX_CLUSTERS {
            let Some((_, key)) = self.by_use.first_key_value() else {
                break;
            };
            let key = *key;
            self.remove(key);
        }
    }

    /// Counts anew what a cluster holds.
    fn weigh(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(&key) {
            let bytes = slot.cluster.memory_bytes();
            self.bytes = (self.bytes + bytes).saturating_sub(slot.bytes);
            slot.bytes = bytes;
        }
    }

    fn remove(&mut self, key: Key) {
        self.unfinished.retain(|other| *other != key);
        if let Some(slot) = self.slots.remove(&key) {
            self.by_use.remove(&slot.used);
            self.bytes = self.bytes.saturating_sub(slot.bytes);
        }
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::testing::{Compression, ZimBuilder};
    use crate::{Archive, BytesSource, OpenOptions};

    #[test]
    fn few_decoders_wait() {
        for compression in [Compression::Zstd, Compression::Xz] {
            let mut builder = ZimBuilder::new()
                .compression(compression)
                .cluster_bytes(350_000);
            for number in 0..40u8 {
                builder = builder.article(&format!("{number:02}"), "", vec![number; 90_000]);
            }
            let cache = Arc::new(ClusterCache::new(16 << 20));
            let options = OpenOptions {
                cache: Some(Arc::clone(&cache)),
                ..OpenOptions::default()
            };
            let source = Arc::new(BytesSource::new(builder.build()));
            let archive = Archive::open_source(source, options).unwrap();
            let read = |number: u8| {
                let entry = archive
                    .by_path('C', &format!("{number:02}"))
                    .unwrap()
                    .unwrap();
                assert_eq!(archive.read(&entry).unwrap(), vec![number; 90_000]);
            };
            // The first of the four blobs in each of ten clusters.
            (0..40).step_by(4).for_each(read);
            let unfinished = |inner: &Inner| {
                inner
                    .slots
                    .values()
                    .filter(|slot| slot.cluster.is_unfinished())
                    .count()
            };
            assert_eq!(unfinished(&cache.lock()), MAX_UNFINISHED);
            // Those whose decoders were given back start again where they stopped.
            (0..40).for_each(read);
            assert_eq!(unfinished(&cache.lock()), 0);
            let held: u64 = cache
                .lock()
                .slots
                .values()
                .map(|slot| slot.cluster.memory_bytes())
                .sum();
            assert_eq!(cache.bytes(), held);
        }
    }
}
