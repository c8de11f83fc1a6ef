//! One entrance for fuzzing: opens any bytes and touches everything, with bounded effort.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::archive::{Archive, Limits, OpenOptions};
use crate::cache::ClusterCache;
use crate::check::CheckOptions;
use crate::source::BytesSource;
use crate::titles::Listing;

/// Entries touched in each order.
const MAX_ENTRIES: usize = 32;
/// Decompressed bytes of a cluster.
const MAX_CLUSTER_BYTES: u64 = 256 * 1024;

/// Opens `data` as an archive and reads what can be read; errors are expected, panics are not.
pub fn fuzz_open(data: &[u8]) {
    let limits = Limits {
        max_cluster_bytes: MAX_CLUSTER_BYTES,
        max_blob_bytes: MAX_CLUSTER_BYTES,
        max_sorted_entries: 4,
    };
    let cache = Some(Arc::new(ClusterCache::new(MAX_CLUSTER_BYTES)));
    let source = Arc::new(BytesSource::new(data.to_vec()));
    let Ok(archive) = Archive::open_source(source, OpenOptions { cache, limits }) else {
        return;
    };
    let touch = |entry: crate::Entry| {
        let _ = archive.mime_of(&entry);
        let _ = archive.by_path(entry.namespace, &entry.path);
        if let Ok(len) = archive.blob_len(&entry) {
            let _ = archive.read_range(&entry, len / 2..len);
        }
        let _ = archive.read(&entry);
        let _ = archive.resolve(entry);
    };
    for index in 0..archive.entry_count().min(MAX_ENTRIES as u32) {
        archive.by_index(index).into_iter().for_each(touch);
    }
    archive.main_entry().into_iter().flatten().for_each(touch);
    for name in archive
        .metadata_names()
        .unwrap_or_default()
        .iter()
        .take(MAX_ENTRIES)
    {
        let _ = archive.metadata(name);
    }
    let _ = (
        archive.languages(),
        archive.counter(),
        archive.illustration(48),
    );
    let _ = archive.by_title("a");
    for listing in [Listing::All, Listing::Articles] {
        if let Ok(order) = archive.in_title_order(listing) {
            order.take(MAX_ENTRIES).flatten().for_each(touch);
        }
    }
    for start in [0, 3] {
        if let Ok(order) = archive.articles_in_cluster_order(start) {
            order.take(MAX_ENTRIES).flatten().for_each(touch);
        }
        if let Ok(order) = archive.all_in_cluster_order(start) {
            order.take(MAX_ENTRIES).flatten().for_each(touch);
        }
    }
    let options = CheckOptions {
        max_findings: MAX_ENTRIES,
        ..CheckOptions::default()
    };
    let mut steps = MAX_ENTRIES * 4;
    let _ = archive.check(options, |_, _| {
        steps = steps.saturating_sub(1);
        if steps == 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
}
