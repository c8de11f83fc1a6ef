//! Archives that the writer for tests makes, in every variant.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use lampion_zim::testing::{Compression, ZimBuilder};
use lampion_zim::{
    Archive, BytesSource, CheckOptions, Listing, OpenOptions, ReadAt, SplitSource, Target, ZimError,
};

fn open(bytes: Vec<u8>) -> Archive {
    Archive::open_source(Arc::new(BytesSource::new(bytes)), OpenOptions::default()).unwrap()
}

/// Some articles in several scripts, redirects, a picture, metadata.
fn sample(builder: ZimBuilder) -> ZimBuilder {
    let mut builder = builder
        .metadata("Title", "Rivers 강")
        .metadata("Language", "eng,kor")
        .metadata("Counter", "text/html=42;image/png=1")
        .illustration(vec![1, 2, 3])
        .article("Home", "Home", "<html>home</html>")
        .blob("img/one.png", "image/png", (0..=255).collect::<Vec<u8>>())
        .blob("empty.css", "text/css", Vec::new())
        .redirect("Hangang", "Hangang", "한강")
        .redirect("Hangang2", "Hangang 2", "Hangang")
        .article("한강", "한강", "<html>한강은 서울을 흐른다</html>")
        .main("Home");
    for number in 0..40 {
        let html = format!(
            "<html>{}</html>",
            format!("article {number} ").repeat(number * 50)
        );
        builder = builder.article(&format!("a/{number}"), &format!("Title {number:03}"), html);
    }
    builder
}

/// Everything that can be read from an archive, by long path.
fn contents(archive: &Archive) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for index in 0..archive.entry_count() {
        let entry = archive.by_index(index).unwrap();
        assert_eq!(
            archive
                .by_path(entry.namespace, &entry.path)
                .unwrap()
                .unwrap(),
            entry
        );
        let long_path = entry.long_path();
        let entry = archive.resolve(entry).unwrap();
        let bytes = archive.read(&entry).unwrap();
        let len = archive.blob_len(&entry).unwrap();
        assert_eq!(bytes.len() as u64, len);
        let half = archive.read_range(&entry, len / 2..len).unwrap();
        assert_eq!(half, bytes[(len / 2) as usize..]);
        assert!(matches!(
            archive.read_range(&entry, 0..len + 1),
            Err(ZimError::InEntry { .. })
        ));
        all.insert(long_path, bytes.to_vec());
    }
    all
}

#[test]
fn every_variant_reads_the_same() {
    let mut seen: BTreeMap<bool, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    for version in [(5, 0), (6, 0), (6, 1), (6, 2), (6, 3)] {
        for compression in [Compression::None, Compression::Xz, Compression::Zstd] {
            for extended in [false, true] {
                let builder = ZimBuilder::new().exact_version(version.0, version.1);
                let builder = builder.compression(compression).extended(extended);
                let bytes = sample(builder.cluster_bytes(20_000)).build();
                let archive = open(bytes.clone());
                let what = format!("{version:?} {compression:?} extended {extended}");
                assert_eq!(archive.has_new_namespaces(), version >= (6, 1), "{what}");
                let mut all = contents(&archive);
                assert!(all.len() > 45, "{what}");
                let parts = bytes
                    .chunks(777)
                    .map(|part| Box::new(BytesSource::new(part.to_vec())) as Box<dyn ReadAt>);
                let split = Arc::new(SplitSource::new(parts.collect()).unwrap());
                let split = Archive::open_source(split, OpenOptions::default()).unwrap();
                assert_eq!(contents(&split), all, "{what}, split");
                all.retain(|path, _| !path.starts_with("X/"));
                let same = seen.entry(version >= (6, 1)).or_insert_with(|| all.clone());
                assert_eq!(*same, all, "{what}");
                let findings =
                    archive.check(CheckOptions::default(), |_, _| ControlFlow::Continue(()));
                assert_eq!(findings.unwrap(), vec![], "{what}");
                assert_eq!(
                    archive.main_entry().unwrap().unwrap().path,
                    "Home",
                    "{what}"
                );
                assert_eq!(archive.metadata("Title").unwrap().unwrap(), "Rivers 강");
                assert_eq!(archive.languages().unwrap(), ["eng", "kor"]);
                assert_eq!(archive.counter().unwrap()[0], ("text/html".to_owned(), 42));
                assert_eq!(archive.illustration(48).unwrap().unwrap().1, [1, 2, 3][..]);
                assert_eq!(archive.by_title("한강").unwrap().unwrap().path, "한강");
                assert_eq!(archive.by_title("Title 017").unwrap().unwrap().path, "a/17");
                assert!(archive.by_title("Title 0170").unwrap().is_none());
                assert!(archive.by_path('C', "nowhere").unwrap().is_none());
                assert!(archive.by_path('한', "nowhere").unwrap().is_none());
            }
        }
    }
}

#[test]
fn titles_come_in_order() {
    let archive = open(sample(ZimBuilder::new()).build());
    let from: Vec<String> = archive
        .titles_from("Title 03")
        .unwrap()
        .take(3)
        .map(|entry| entry.unwrap().title)
        .collect();
    assert_eq!(from, ["Title 030", "Title 031", "Title 032"]);
    let articles = archive.in_title_order(Listing::Articles).unwrap();
    assert_eq!(articles.map(Result::unwrap).count(), 44);
    let all = archive.in_title_order(Listing::All).unwrap().count();
    assert_eq!(all, archive.entry_count() as usize);
}

#[test]
fn the_cluster_order_is_complete_and_can_be_resumed() {
    for max_sorted_entries in [1, 3, 10, 1000] {
        let bytes = sample(ZimBuilder::new().cluster_bytes(3000)).build();
        let mut options = OpenOptions::default();
        options.limits.max_sorted_entries = max_sorted_entries;
        let archive = Archive::open_source(Arc::new(BytesSource::new(bytes)), options).unwrap();
        let order = match archive.articles_in_cluster_order(0) {
            Ok(order) => order,
            // Forty articles without text share the first cluster, more than eight times one.
            Err(ZimError::TooLarge { .. }) if max_sorted_entries == 1 => continue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(order.total(), 42);
        let whole: Vec<_> = order.map(Result::unwrap).collect();
        assert_eq!(whole.len(), 42);
        let place = |entry: &lampion_zim::Entry| entry.place().unwrap();
        assert!(whole.is_sorted_by_key(place));
        assert!(
            whole
                .iter()
                .all(|entry| matches!(entry.target, Target::Content { .. }))
        );
        for start in [0, 1, 20, 41, 42, 99] {
            let mut rest = archive.articles_in_cluster_order(start as u64).unwrap();
            let entries: Vec<_> = rest.by_ref().map(Result::unwrap).collect();
            assert_eq!(
                entries,
                whole[start.min(42)..],
                "from {start}, {max_sorted_entries}"
            );
            assert_eq!(rest.position(), start.max(42) as u64);
        }
    }
}

#[test]
fn a_file_and_its_parts_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let builder = sample(ZimBuilder::new().cluster_bytes(2000));
    let (whole, split) = (
        folder.path().join("whole.zim"),
        folder.path().join("split.zim"),
    );
    builder.write_to(&whole).unwrap();
    builder.write_split_to(&split, 1000).unwrap();
    let all = contents(&Archive::open(&whole).unwrap());
    assert_eq!(contents(&Archive::open(&split).unwrap()), all);
    assert_eq!(
        contents(&Archive::open(folder.path().join("split.zimac")).unwrap()),
        all
    );
    std::fs::remove_file(folder.path().join("split.zimab")).unwrap();
    let error = Archive::open(&split).err().unwrap();
    assert!(error.to_string().contains("split.zimab"), "{error}");
    let error = Archive::open(folder.path().join("none.zim")).err().unwrap();
    assert!(error.to_string().contains("none.zim"), "{error}");
}

#[test]
fn the_checksum_is_verified_and_can_be_stopped() {
    let mut bytes = sample(ZimBuilder::new()).build();
    let archive = open(bytes.clone());
    assert!(
        archive
            .verify_checksum(|_, _| ControlFlow::Continue(()))
            .unwrap()
            .matches()
    );
    let stopped = archive.verify_checksum(|_, _| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ZimError::Cancelled)));
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    assert!(
        !open(bytes)
            .verify_checksum(|_, _| ControlFlow::Continue(()))
            .unwrap()
            .matches()
    );
}

#[test]
fn many_threads_read_one_archive() {
    let archive = open(sample(ZimBuilder::new().cluster_bytes(5000)).build());
    let all = contents(&archive);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (archive, all) = (&archive, &all);
            scope.spawn(move || {
                for round in 0..200 {
                    let index = (round * 7 + thread * 13) % archive.entry_count();
                    let entry = archive.by_index(index).unwrap();
                    let path = entry.long_path();
                    let entry = archive.resolve(entry).unwrap();
                    assert_eq!(archive.read(&entry).unwrap(), all[&path]);
                }
            });
        }
    });
}
