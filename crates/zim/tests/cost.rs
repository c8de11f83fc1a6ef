//! How much is read for what is asked: nothing ahead of need, nothing twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};

use lampion_zim::testing::{Compression, ZimBuilder};
use lampion_zim::{Archive, BytesSource, ClusterCache, OpenOptions, ReadAt};

/// Counts what is read.
struct Counting {
    inner: BytesSource,
    reads: AtomicU64,
    bytes: AtomicU64,
}

impl ReadAt for Counting {
    fn len(&self) -> u64 {
        self.inner.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(buf.len() as u64, Ordering::Relaxed);
        self.inner.read_at(offset, buf)
    }
}

impl Counting {
    /// Reads and bytes since the last call.
    fn take(&self) -> (u64, u64) {
        (
            self.reads.swap(0, Ordering::Relaxed),
            self.bytes.swap(0, Ordering::Relaxed),
        )
    }
}

fn open(builder: &ZimBuilder) -> (Archive, Arc<Counting>) {
    let inner = BytesSource::new(builder.build());
    let source = Arc::new(Counting {
        inner,
        reads: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    });
    let cache = Some(Arc::new(ClusterCache::new(16 << 20)));
    let options = OpenOptions {
        cache,
        ..OpenOptions::default()
    };
    (
        Archive::open_source(Arc::clone(&source) as Arc<dyn ReadAt>, options).unwrap(),
        source,
    )
}

/// Bytes that no compression makes smaller.
fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed * 2 + 1;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

#[test]
fn opening_and_finding_read_little() {
    let mut builder = ZimBuilder::new();
    for number in 0..20_000 {
        builder = builder.article(&format!("article/{number:05}"), "", "x");
    }
    let (archive, source) = open(&builder);
    let (_, bytes) = source.take();
    assert!(bytes < 70_000, "opening reads {bytes} bytes");
    assert!(archive.by_path('C', "article/12345").unwrap().is_some());
    source.take();
    // Its neighbour shares the first twelve steps of the search, which are remembered.
    assert!(archive.by_path('C', "article/12346").unwrap().is_some());
    let (reads, bytes) = source.take();
    assert!(
        reads <= 16 && bytes < 6_000,
        "a search reads {reads} times {bytes} bytes"
    );
}

#[test]
fn only_what_is_needed_is_decompressed_and_only_once() {
    for compression in [Compression::Zstd, Compression::Xz] {
        let mut builder = ZimBuilder::new()
            .compression(compression)
            .cluster_bytes(1 << 30);
        for number in 0..40 {
            builder = builder.article(&format!("{number:02}"), "", noise(100_000, number));
        }
        let (archive, source) = open(&builder);
        let at = |number: u32| {
            archive
                .by_path('C', &format!("{number:02}"))
                .unwrap()
                .unwrap()
        };
        let (early, late) = (at(1), at(39));
        source.take();
        assert_eq!(archive.read(&early).unwrap(), noise(100_000, 1));
        let (_, bytes) = source.take();
        assert!(
            bytes < 400_000,
            "{compression:?}: two of forty blobs read {bytes} bytes"
        );
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    assert_eq!(archive.read(&late).unwrap(), noise(100_000, 39));
                });
            }
        });
        let (_, bytes) = source.take();
        assert!(
            bytes < 4_100_000,
            "{compression:?}: eight threads read {bytes} bytes for one cluster"
        );
        assert_eq!(archive.read(&at(20)).unwrap(), noise(100_000, 20));
        let (_, bytes) = source.take();
        assert!(
            bytes < 40_000,
            "{compression:?}: what is there was read again ({bytes} bytes)"
        );
    }
}

#[test]
fn a_cluster_too_large_to_keep_is_passed_through() {
    let mut builder = ZimBuilder::new().cluster_bytes(1 << 30);
    for number in 0..20 {
        builder = builder.article(&format!("{number:02}"), "", noise(100_000, number));
    }
    let cache = Arc::new(ClusterCache::new(300_000));
    let options = OpenOptions {
        cache: Some(Arc::clone(&cache)),
        ..OpenOptions::default()
    };
    let source = Arc::new(BytesSource::new(builder.build()));
    let archive = Archive::open_source(source, options).unwrap();
    for number in [0, 5, 19, 3, 4, 4, 0] {
        let entry = archive
            .by_path('C', &format!("{number:02}"))
            .unwrap()
            .unwrap();
        assert_eq!(archive.read(&entry).unwrap(), noise(100_000, number));
        assert!(
            cache.bytes() <= 300_000,
            "the cache holds {} bytes",
            cache.bytes()
        );
    }
    drop(archive);
    assert_eq!(cache.bytes(), 0);
}
