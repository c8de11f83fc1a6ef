//! A folder and an object store do the same, seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::{convert::Infallible, io::Cursor, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use lampion_blobs::{BlobError, Blobs, Hash};
use object_store::memory::InMemory;
use proptest::prelude::*;
use tempfile::TempDir;

/// One of each kind of store. The folder lives as long as the first value.
fn stores() -> (TempDir, [Blobs; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let local = Blobs::folder(folder.path().join("deep/blobs")).unwrap();
    let spool = folder.path().join("spool");
    let objects =
        Blobs::object_store(Arc::new(InMemory::new()), "memory", "blobs", &spool).unwrap();
    (folder, [local, objects])
}

async fn read(
    blobs: &Blobs,
    hash: &Hash,
    range: Option<Range<u64>>,
) -> Result<(u64, Vec<u8>), BlobError> {
    let (size, mut stream) = blobs.get(hash, range).await?;
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.try_next().await? {
        bytes.extend_from_slice(&chunk);
    }
    Ok((size, bytes))
}

async fn listed(blobs: &Blobs) -> Vec<(Hash, u64)> {
    let mut all: Vec<_> = blobs.list().try_collect().await.unwrap();
    all.sort_unstable();
    all
}

/// Bytes that differ from place to place.
fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(
        chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..3000), 0..6),
        from in 0_u64..9000, len in 0_u64..9000,
    ) {
        runtime().block_on(async {
            let (_folder, stores) = stores();
            let bytes = chunks.concat();
            for blobs in stores {
                let stream = stream::iter(chunks.clone()).map(|c| Ok::<_, Infallible>(Bytes::from(c)));
                let stored = blobs.put_stream(stream).await.unwrap();
                prop_assert_eq!(stored.hash, Hash::of(&bytes));
                prop_assert_eq!(stored.size_bytes, bytes.len() as u64);
                prop_assert!(stored.new);
                let (size, whole) = read(&blobs, &stored.hash, None).await.unwrap();
                prop_assert_eq!(size, bytes.len() as u64);
                prop_assert_eq!(&whole, &bytes);

                let part = read(&blobs, &stored.hash, Some(from..from + len)).await;
                if from > size {
                    let refused = matches!(part, Err(BlobError::BadRange { size_bytes, .. }) if size_bytes == size);
                    prop_assert!(refused);
                } else {
                    let to = (from + len).min(size);
                    prop_assert_eq!(part.unwrap(), (size, bytes[from as usize..to as usize].to_vec()));
                }
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn large_blobs_and_readers() {
    let (folder, stores) = stores();
    // More than one part of an upload, more than one read, and not a multiple of either.
    let bytes = pattern(20 * 1024 * 1024 + 123);
    let file = folder.path().join("file");
    std::fs::write(&file, &bytes).unwrap();
    for blobs in stores {
        let by_file = blobs.put_file(&file).await.unwrap();
        assert!(by_file.new);
        let by_reader = blobs.put_reader(Cursor::new(bytes.clone())).await.unwrap();
        assert_eq!(
            (by_reader.hash, by_reader.new),
            (by_file.hash, false),
            "stored once"
        );
        assert_eq!(read(&blobs, &by_file.hash, None).await.unwrap().1, bytes);

        let mut heard = Vec::new();
        let size = blobs
            .verify(&by_file.hash, |done, all| heard.push((done, all)))
            .await
            .unwrap();
        assert_eq!(size, bytes.len() as u64);
        assert_eq!(heard.last(), Some(&(size, size)));
        assert!(heard.is_sorted());
    }
    assert!(matches!(
        Blobs::folder(folder.path().join("b"))
            .unwrap()
            .put_file("/nonexistent")
            .await,
        Err(BlobError::Source(_))
    ));
}

#[tokio::test]
async fn list_size_delete() {
    let (_folder, stores) = stores();
    for blobs in stores {
        assert_eq!(listed(&blobs).await, []);
        let mut want = Vec::new();
        for n in 0..40_usize {
            let stored = blobs.put_reader(Cursor::new(pattern(n))).await.unwrap();
            want.push((stored.hash, n as u64));
        }
        want.sort_unstable();
        assert_eq!(listed(&blobs).await, want);

        let (hash, size) = want[7];
        assert_eq!(blobs.size(&hash).await.unwrap(), size);
        assert!(blobs.exists(&hash).await.unwrap());
        blobs.delete(&hash).await.unwrap();
        blobs
            .delete(&hash)
            .await
            .expect("deleting what is gone is no error");
        assert!(!blobs.exists(&hash).await.unwrap());
        assert!(matches!(blobs.size(&hash).await, Err(BlobError::NotFound(h)) if h == hash));
        assert!(
            matches!(read(&blobs, &hash, None).await, Err(BlobError::NotFound(h)) if h == hash)
        );
        assert!(matches!(
            read(&blobs, &hash, Some(0..1)).await,
            Err(BlobError::NotFound(_))
        ));
        assert!(matches!(
            blobs.verify(&hash, |_, _| {}).await,
            Err(BlobError::NotFound(_))
        ));
        assert_eq!(blobs.local_path(&hash), None);
        assert_eq!(listed(&blobs).await.len(), want.len() - 1);
    }
}

#[tokio::test]
async fn who_breaks_off_leaves_nothing() {
    let (folder, stores) = stores();
    for blobs in &stores {
        let broken = stream::iter([Ok(Bytes::from_static(b"half")), Err("line cut")]);
        match blobs.put_stream(broken).await {
            Err(BlobError::Source(error)) => assert_eq!(error.to_string(), "line cut"),
            other => panic!("{other:?}"),
        }
        assert_eq!(listed(blobs).await, []);
    }
    assert_eq!(parts(&folder.path().join("deep/blobs/tmp")), 0);
    assert_eq!(parts(&folder.path().join("spool/tmp")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_from_many_at_once() {
    let (_folder, stores) = stores();
    let bytes = Bytes::from(pattern(700_000));
    for blobs in stores {
        let puts = (0..16).map(|_| {
            let (blobs, bytes) = (blobs.clone(), bytes.clone());
            tokio::spawn(async move {
                let chunks = bytes
                    .chunks(50_000)
                    .map(Bytes::copy_from_slice)
                    .collect::<Vec<_>>();
                blobs
                    .put_stream(stream::iter(chunks.into_iter().map(Ok::<_, Infallible>)))
                    .await
            })
        });
        for put in futures_util::future::join_all(puts).await {
            assert_eq!(put.unwrap().unwrap().hash, Hash::of(&bytes));
        }
        assert_eq!(
            listed(&blobs).await,
            [(Hash::of(&bytes), bytes.len() as u64)]
        );
        assert_eq!(
            read(&blobs, &Hash::of(&bytes), None).await.unwrap().1,
            bytes
        );
    }
}

#[tokio::test]
async fn damage_is_found_and_mended() {
    let (_folder, [blobs, _]) = stores();
    let bytes = pattern(600_000);
    let hash = blobs
        .put_reader(Cursor::new(bytes.clone()))
        .await
        .unwrap()
        .hash;
    let path = blobs.local_path(&hash).unwrap();
    let hex = hash.to_string();
    assert!(path.ends_with(format!("deep/blobs/{}/{}", &hex[..2], &hex[2..])));

    let mut flipped = bytes.clone();
    flipped[300_000] ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let damaged = |found| matches!(found, Err(BlobError::Damaged { hash: h }) if h == hash);
    assert!(damaged(blobs.verify(&hash, |_, _| {}).await));

    // A blob cut short does not count as being here when its bytes come again.
    std::fs::write(&path, &bytes[..10]).unwrap();
    assert!(damaged(blobs.verify(&hash, |_, _| {}).await));
    assert!(
        blobs
            .put_reader(Cursor::new(bytes.clone()))
            .await
            .unwrap()
            .new
    );
    assert_eq!(
        blobs.verify(&hash, |_, _| {}).await.unwrap(),
        bytes.len() as u64
    );

    // Cut short while being read.
    let (_, mut stream) = blobs.get(&hash, None).await.unwrap();
    stream.try_next().await.unwrap();
    std::fs::write(&path, &bytes[..10]).unwrap();
    assert!(damaged(stream.try_collect::<Vec<_>>().await.map(|_| 0)));
}

#[tokio::test]
async fn a_reader_keeps_what_is_deleted() {
    let (_folder, stores) = stores();
    let bytes = pattern(600_000);
    for blobs in stores {
        let hash = blobs
            .put_reader(Cursor::new(bytes.clone()))
            .await
            .unwrap()
            .hash;
        let (_, stream) = blobs.get(&hash, None).await.unwrap();
        blobs.delete(&hash).await.unwrap();
        let got: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(got.concat(), bytes);
    }
}

#[tokio::test]
async fn copies_of_an_object_store_are_made_again() {
    let (folder, [_, blobs]) = stores();
    let bytes = pattern(300_000);
    let chunks = || stream::iter([Ok::<_, Infallible>(Bytes::from(pattern(300_000)))]);
    let hash = blobs.put_stream(chunks()).await.unwrap().hash;
    assert_eq!(blobs.local_path(&hash), None, "not asked for");
    assert!(!blobs.put_kept(chunks()).await.unwrap().new);
    let path = blobs.local_path(&hash).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    std::fs::remove_file(&path).unwrap();
    // A copy that broke off goes on; one with other bytes is thrown away.
    let partial = folder.path().join(format!("spool/tmp/{hash}.fetch"));
    std::fs::write(&partial, &bytes[..100_000]).unwrap();
    let mut heard = Vec::new();
    let fetched = blobs.fetch(&hash, |done, all| heard.push((done, all)));
    assert_eq!(fetched.await.unwrap(), path);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    assert!(
        heard
            .iter()
            .all(|&(done, all)| done > 100_000 && all == 300_000)
    );
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&partial, &bytes[1..100_000]).unwrap();
    let damaged = blobs.fetch(&hash, |_, _| {}).await;
    assert!(matches!(damaged, Err(BlobError::Damaged { .. })));
    assert_eq!(blobs.fetch(&hash, |_, _| {}).await.unwrap(), path);

    blobs.probe([7; 32]).await.unwrap();
    assert_eq!(listed(&blobs).await.len(), 1);
    blobs.delete(&hash).await.unwrap();
    assert!(!path.exists() && !blobs.exists(&hash).await.unwrap());
    assert!(matches!(
        blobs.fetch(&hash, |_, _| {}).await,
        Err(BlobError::NotFound(_))
    ));
}

#[tokio::test]
async fn a_folder_is_brought_into_an_object_store() {
    let folder = tempfile::tempdir().unwrap();
    let before = Blobs::folder(folder.path()).unwrap();
    let hash = before
        .put_reader(Cursor::new(pattern(5_000)))
        .await
        .unwrap()
        .hash;
    let damaged = before
        .put_reader(Cursor::new(pattern(50)))
        .await
        .unwrap()
        .hash;
    std::fs::write(before.local_path(&damaged).unwrap(), pattern(51)).unwrap();

    let store = Arc::new(InMemory::new());
    let after = Blobs::object_store(store.clone(), "memory", "", folder.path()).unwrap();
    assert_eq!(after.bring().await.unwrap(), 1);
    assert_eq!(after.bring().await.unwrap(), 0);
    assert_eq!(listed(&after).await, [(hash, 5_000)]);
    // Another machine, without the folder.
    let elsewhere = tempfile::tempdir().unwrap();
    let there = Blobs::object_store(store, "memory", "", elsewhere.path()).unwrap();
    assert_eq!(read(&there, &hash, None).await.unwrap().1, pattern(5_000));
}

fn parts(folder: &std::path::Path) -> usize {
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    names
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "part"))
        .count()
}
