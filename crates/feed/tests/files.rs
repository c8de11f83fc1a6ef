//! Exports and snapshots: what is written can be checked with the key alone, and what is bent is found with its place.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{KIND, Node, ORIGIN, catch_up, many, nodes, pairs, publish, withdraw};
use lampion_feed::verify::{Folder, Verified, VerifyError, verify};
use lampion_feed::{Body, FeedError, State};

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for file in fs::read_dir(&next).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                out.insert(
                    path.strip_prefix(folder).unwrap().to_path_buf(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    out
}

async fn check(node: &Node, folder: &Path) -> Result<Verified, VerifyError> {
    let key = node.feeds.verifier(KIND).await.unwrap();
    let source = Folder(folder.to_path_buf());
    tokio::task::spawn_blocking(move || verify(&source, &key, true))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_and_a_later_one_writes_only_what_is_new() {
    for node in nodes("export").await {
        let folder = node.database.folder().join("export");
        assert!(
            node.feeds.export(ORIGIN, &folder).await.is_err(),
            "nothing there yet"
        );
        node.append(&many("a", 700)).await;
        node.append(&[publish("a1", "newer"), withdraw("a2"), withdraw("a1")])
            .await;
        node.sign().await;
        node.append(&many("unsigned", 5)).await;
        let first = node.feeds.export(ORIGIN, &folder).await.unwrap();
        assert_eq!((first.size, first.kept, first.removed), (703, 0, 0));
        let verified = check(&node, &folder).await.unwrap();
        assert_eq!(verified.entries, [701, 2, 0]);
        assert_eq!((verified.live, verified.withdrawn), (698, 2));
        assert_eq!(
            (verified.bodies, verified.erased, verified.missing),
            (698, 3, 0)
        );
        let before = files(&folder);
        assert!(before.contains_key(Path::new("tile/entries/002.p/191")));
        assert!(before.contains_key(Path::new("tile/1/000.p/2")));

        let same = node.feeds.export(ORIGIN, &folder).await.unwrap();
        assert_eq!(same.written, 0);
        assert_eq!(files(&folder), before);

        node.append(&many("b", 100)).await;
        node.append(&[withdraw("a300")]).await;
        node.sign().await;
        let grown = node.feeds.export(ORIGIN, &folder).await.unwrap();
        // Packs 1 (a300), 2, 3; bundles and tiles 2 and 3; tile/1/000.p/3.
        assert_eq!(grown.written, 3 + 2 + 2 + 1, "{grown:?}");
        assert_eq!(grown.removed, 2, "partial tiles that are full now");
        let after = files(&folder);
        for (path, content) in &before {
            let gone = path.to_str().unwrap().contains("002.p/");
            let changes = path == Path::new("checkpoint") || path.starts_with("pack");
            assert_eq!(after.contains_key(path), !gone, "{}", path.display());
            if !gone && !changes {
                assert_eq!(&after[path], content, "{}", path.display());
            }
        }
        let verified = check(&node, &folder).await.unwrap();
        assert_eq!(
            (verified.bodies, verified.erased, verified.missing),
            (802, 4, 0)
        );

        // What is lost or cut is written again; packs may be dropped.
        fs::write(folder.join("tile/0/000"), b"cut").unwrap();
        fs::remove_file(folder.join("tile/entries/001")).unwrap();
        fs::remove_file(folder.join("pack/000")).unwrap();
        assert!(check(&node, &folder).await.is_err());
        assert_eq!(node.feeds.export(ORIGIN, &folder).await.unwrap().written, 3);
        assert_eq!(files(&folder), after);
        fs::remove_dir_all(folder.join("pack")).unwrap();
        assert_eq!(check(&node, &folder).await.unwrap().missing, 802);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_bent_in_a_folder_is_found_with_its_place() {
    let node = nodes("bent").await.remove(0);
    let folder = node.database.folder().join("export");
    node.append(&many("a", 700)).await;
    node.append(&[publish("a1", "newer"), withdraw("a2")]).await;
    node.sign().await;
    node.feeds.export(ORIGIN, &folder).await.unwrap();
    let good = files(&folder);
    type Bend = fn(&mut Vec<u8>);
    let flip: Bend = |bytes| bytes[100] ^= 1;
    let cut: Bend = |bytes| bytes.truncate(bytes.len() - 1);
    let grow: Bend = |bytes| bytes.extend_from_slice(&[0; 32]);
    let cases: &[(&str, Bend, &str)] = &[
        ("checkpoint", flip, "checkpoint: "),
        ("checkpoint", cut, "checkpoint: "),
        (
            "tile/0/001",
            flip,
            "entry 259 is not the one that tile/0/001 has the hash of",
        ),
        (
            "tile/0/001",
            cut,
            "tile/0/001 has 255 entries, 256 belong there",
        ),
        (
            "tile/0/002.p/190",
            grow,
            "tile/0/002.p/190 has 191 entries, 190 belong there",
        ),
        (
            "tile/1/000.p/2",
            |bytes| bytes[40] ^= 1,
            "tile/1/000.p/2 is not what the tiles below hash to",
        ),
        (
            "tile/entries/001",
            cut,
            "tile/entries/001: the bundle ends in the middle of entry 255",
        ),
        (
            "tile/entries/000",
            |bytes| bytes[0] = 9,
            "tile/entries/000: entry 0 of the bundle has ",
        ),
        (
            "tile/entries/002.p/190",
            |bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            },
            "entry 701",
        ),
        (
            "pack/001",
            |bytes| {
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
            },
            "the body of entry 511 in pack/001 is not the one that it commits to",
        ),
        ("pack/001", cut, "pack/001: a body is cut"),
        ("pack/000", |bytes| bytes[0] ^= 1, "pack/000: it is no pack"),
    ];
    for (path, bend, wanted) in cases {
        let mut bytes = good[Path::new(path)].clone();
        bend(&mut bytes);
        fs::write(folder.join(path), &bytes).unwrap();
        let found = check(&node, &folder).await.unwrap_err().to_string();
        assert!(found.starts_with(wanted), "{path}: {found}");
        fs::write(folder.join(path), &good[Path::new(path)]).unwrap();
    }
    for path in [
        "checkpoint",
        "tile/0/000",
        "tile/entries/001",
        "tile/1/000.p/2",
    ] {
        fs::remove_file(folder.join(path)).unwrap();
        let found = check(&node, &folder).await.unwrap_err();
        assert!(
            matches!(&found, VerifyError::Missing(missing) if missing == path),
            "{found}"
        );
        fs::write(folder.join(path), &good[Path::new(path)]).unwrap();
    }
    // Two entries of different bundles change places, with their tiles.
    for level in ["entries", "0"] {
        let (one, two) = (format!("tile/{level}/000"), format!("tile/{level}/001"));
        fs::write(folder.join(&one), &good[Path::new(&two)]).unwrap();
        fs::write(folder.join(&two), &good[Path::new(&one)]).unwrap();
    }
    let found = check(&node, &folder).await.unwrap_err();
    assert!(
        matches!(found, VerifyError::Body { .. } | VerifyError::Tile(_)),
        "{found}"
    );
    for (path, bytes) in &good {
        fs::write(folder.join(path), bytes).unwrap();
    }
    check(&node, &folder).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_served_after_its_withdrawal_is_found() {
    let node = nodes("served").await.remove(0);
    let folder = node.database.folder().join("export");
    node.append(&many("a", 10)).await;
    node.sign().await;
    node.feeds.export(ORIGIN, &folder).await.unwrap();
    let pack = fs::read(folder.join("pack/000")).unwrap();
    node.append(&[withdraw("a2")]).await;
    node.sign().await;
    node.feeds.export(ORIGIN, &folder).await.unwrap();
    check(&node, &folder).await.unwrap();
    fs::write(folder.join("pack/000"), pack).unwrap();
    let found = check(&node, &folder).await.unwrap_err();
    assert!(
        matches!(&found, VerifyError::NotErased { at: 10, .. }),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_with_another_feed_is_not_written_over() {
    for (author, mirror) in pairs("another").await {
        let folder = author.database.folder().join("export");
        author.append(&many("a", 10)).await;
        author.sign().await;
        author.feeds.export(ORIGIN, &folder).await.unwrap();
        let before = files(&folder);
        mirror.append(&many("a", 20)).await;
        mirror.sign().await;
        let own = mirror.feeds.own(KIND).await.unwrap().unwrap().origin;
        assert!(matches!(
            mirror.feeds.export(&own, &folder).await,
            Err(FeedError::File { .. })
        ));
        assert_eq!(files(&folder), before);
        // A mirror's export is the author's, byte for byte but for the counters of packs.
        catch_up(&author, &mirror, 100, true).await.unwrap();
        let theirs = mirror.database.folder().join("export");
        mirror.feeds.export(ORIGIN, &theirs).await.unwrap();
        let theirs = files(&theirs);
        for (path, bytes) in before {
            if !path.starts_with("pack") {
                assert_eq!(theirs[&path], bytes);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_begins_with_a_snapshot_and_goes_on_from_there() {
    for (author, mirror) in pairs("snapshot").await {
        author.append(&many("a", 700)).await;
        author
            .append(&[publish("a1", "newer"), withdraw("a2")])
            .await;
        let folder = author.database.folder().join("snapshots");
        let snapshot = author.feeds.snapshot(KIND, &folder).await.unwrap();
        assert_eq!((snapshot.says.size, snapshot.records), (702, 700));
        let key = author.feeds.verifier(KIND).await.unwrap();
        let note = fs::read(&snapshot.note).unwrap();
        let restore =
            async |file: &Path, note: &[u8]| mirror.feeds.restore(&key, KIND, file, note).await;

        // Bent, cut, or with another note: nothing is stored.
        let bytes = fs::read(&snapshot.file).unwrap();
        let bent = folder.join("bent");
        for (at, what) in [
            (30, "head"),
            (5_000, "edge"),
            (40_000, "record"),
            (bytes.len() - 1, "end"),
        ] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            fs::write(&bent, &changed).unwrap();
            assert!(
                matches!(restore(&bent, &note).await, Err(FeedError::Snapshot(_))),
                "{what}"
            );
        }
        fs::write(&bent, &bytes[..bytes.len() - 1]).unwrap();
        assert!(matches!(
            restore(&bent, &note).await,
            Err(FeedError::Snapshot(_))
        ));
        let forged = String::from_utf8(note.clone())
            .unwrap()
            .replacen("702", "701", 1);
        assert!(matches!(
            restore(&snapshot.file, forged.as_bytes()).await,
            Err(FeedError::Snapshot(_))
        ));
        assert_eq!(mirror.feeds.find(ORIGIN).await.unwrap(), None);

        assert_eq!(restore(&snapshot.file, &note).await.unwrap().size, 702);
        assert_eq!(mirror.shelf(ORIGIN).await, author.shelf(ORIGIN).await);
        assert!(
            matches!(
                restore(&snapshot.file, &note).await,
                Err(FeedError::Snapshot(_))
            ),
            "a second time"
        );
        let record = mirror
            .feeds
            .object(ORIGIN, "catalogue", "a1")
            .await
            .unwrap()
            .unwrap();
        assert_eq!((record.index, record.state), (700, State::Live));
        assert_eq!(
            mirror.feeds.entry(ORIGIN, 1).await.unwrap(),
            None,
            "an old version was left out"
        );
        mirror.rebuilds_to_the_same(ORIGIN).await;

        author.append(&many("b", 400)).await;
        author
            .append(&[
                publish("a1", "newest"),
                publish("a5", "newer"),
                withdraw("a9"),
                withdraw("b1"),
                withdraw("a1"),
            ])
            .await;
        author.sign().await;
        assert_eq!(catch_up(&author, &mirror, 150, true).await.unwrap(), 1107);
        assert_eq!(mirror.shelf(ORIGIN).await, author.shelf(ORIGIN).await);
        mirror.rebuilds_to_the_same(ORIGIN).await;
        let gone = mirror.feeds.entry(ORIGIN, 700).await.unwrap().unwrap();
        assert_eq!(
            (gone.body, gone.state),
            (Body::Erased, State::Withdrawn { at: 1106 })
        );
        // It proves what came after, and says what it doesn't have.
        let (old, new) = (
            author.feeds.root(ORIGIN, 900).await.unwrap(),
            author.feeds.root(ORIGIN, 1107).await.unwrap(),
        );
        let proof = mirror
            .feeds
            .consistency_proof(ORIGIN, 900, 1107)
            .await
            .unwrap();
        assert!(lampion_feed::merkle::verify_consistency(
            (900, &old),
            (1107, &new),
            &proof
        ));
        assert!(
            mirror
                .feeds
                .delta(ORIGIN, 702, 100, true)
                .await
                .unwrap()
                .is_some()
        );
        assert!(matches!(
            mirror.feeds.delta(ORIGIN, 600, 100, true).await,
            Err(FeedError::NotHere { first: 702, .. })
        ));
        let mut from = 0;
        let mut seen = 0;
        loop {
            let records = mirror.feeds.entries(ORIGIN, from, 300).await.unwrap();
            let Some(last) = records.last() else { break };
            from = last.index + 1;
            seen += records.len();
        }
        assert_eq!(seen, 700 + 405);
    }
}
