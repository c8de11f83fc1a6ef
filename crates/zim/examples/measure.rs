//! Measures an archive: `cargo run --release -p lampion-zim --example measure -- FILE`.
//!
//! Reads all contents in the order of clusters, then random articles with one thread and eight.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use lampion_zim::{Archive, ClusterCache, OpenOptions};

/// Random reads of each thread.
const READS: u64 = 2000;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let path = std::env::args().nth(1).ok_or("which archive?")?;
    let cache_mb: u64 = std::env::args()
        .nth(2)
        .map_or(Ok(16), |text| text.parse())?;
    let open = || {
        let cache = Some(Arc::new(ClusterCache::new(cache_mb << 20)));
        Archive::open_with(
            &path,
            OpenOptions {
                cache,
                ..OpenOptions::default()
            },
        )
    };
    for _ in 0..2 {
        let archive = open()?;
        let start = Instant::now();
        let (mut entries, mut bytes) = (0u64, 0u64);
        for entry in archive.all_in_cluster_order(0)? {
            bytes += archive.read(&entry?)?.len() as u64;
            entries += 1;
        }
        let seconds = start.elapsed().as_secs_f64();
        let rate = bytes as f64 / 1e6 / seconds;
        println!("sequential: {entries} entries, {bytes} bytes in {seconds:.3} s, {rate:.0} MB/s");
    }
    for threads in [1, 8] {
        let archive = open()?;
        let start = Instant::now();
        std::thread::scope(|scope| {
            let work: Vec<_> = (0..threads)
                .map(|thread| {
                    scope.spawn({
                        let archive = &archive;
                        move || random(archive, thread)
                    })
                })
                .collect();
            work.into_iter()
                .try_for_each(|work| work.join().map_err(|_| "a thread failed")?)
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let rate = (READS * threads) as f64 / seconds;
        println!("random, {threads} threads: {rate:.0} articles/s");
    }
    Ok(())
}

/// Reads random articles by their paths.
fn random(archive: &Archive, seed: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut state = seed * 7919 + 12345;
    for _ in 0..READS {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let entry = archive.by_index((state % u64::from(archive.entry_count())) as u32)?;
        if let Some(entry) = archive.by_path(entry.namespace, &entry.path)? {
            archive.read(&archive.resolve(entry)?)?;
        }
    }
    Ok(())
}
