//! A collection and its index are one unit: carried to another node ready made, read where nothing can be written, rebuilt
//! from its content.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use lampion_testnet::{Node, TestNet, until};
use lampion_zim::testing::ZimBuilder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn sources(net: &TestNet) -> [(&'static str, PathBuf); 3] {
    let archive = net.path("mills.zim");
    let page = |text: &str| format!("<html><body><p>{text}</p></body></html>");
    ZimBuilder::new()
        .metadata("Title", "Mills")
        .metadata("Language", "eng")
        .article(
            "wind.html",
            "Windmill",
            page("The sails of the windmill turn."),
        )
        .article(
            "water.html",
            "Watermill",
            page("The wheel of the watermill turns."),
        )
        .main("wind.html")
        .write_to(&archive)
        .unwrap();
    let folder = net.folder("lessons");
    std::fs::create_dir_all(folder.join("deep")).unwrap();
    std::fs::write(
        folder.join("one.md"),
        "# The first lesson\n\nThe windmill is drawn.\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("deep/two.txt"),
        "The second lesson is about the watermill and its wheel.",
    )
    .unwrap();
    let records = net.path("books.jsonl");
    std::fs::write(&records, "{\"id\":\"b1\",\"title\":\"All about windmills\",\"language\":\"en\"}\n{\"id\":\"b2\",\"title\":\"The wheelwright\",\"language\":\"en\",\"description\":\"of the watermill\"}\n").unwrap();
    [("mills", archive), ("lessons", folder), ("books", records)]
}

fn about(node: &Node, id: &str) -> serde_json::Value {
    let all = node.run(&["collection", "list", "--json"]).expect(0).json();
    all.as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == id)
        .cloned()
        .unwrap_or_else(|| panic!("{id}: {all}"))
}

/// What readers have of the three collections.
fn works(node: &Node) {
    let mut found = node.all_raw("q=watermill");
    found.retain(|(key, _)| !key.starts_with("handbook/"));
    let keys: Vec<&str> = found
        .iter()
        .map(|(key, _)| key.split('/').next().unwrap())
        .collect();
    assert_eq!(keys.len(), 3, "{found:?}");
    for id in ["mills", "lessons", "books"] {
        assert!(keys.contains(&id), "{id}: {found:?}");
        assert_eq!(about(node, id)["state"], "ready");
        node.get(&format!("/collection/{id}")).expect(200);
    }
    assert!(
        node.content()
            .get("/c/mills/water.html")
            .expect(200)
            .text()
            .contains("wheel of the watermill")
    );
    assert!(
        node.get("/text/lessons/one.md")
            .expect(200)
            .text()
            .contains("windmill is drawn")
    );
    let text = node
        .get("/original/lessons/deep/two.txt")
        .expect(200)
        .text();
    assert!(text.contains("second lesson"), "{text}");
    let suggested = node.json("/api/v1/suggest?q=watermil");
    assert!(
        !suggested["suggestions"].as_array().unwrap().is_empty(),
        "suggestions came along: {suggested}"
    );
}

/// Names, sizes and times of all files below a folder.
fn state(folder: &Path) -> Vec<(PathBuf, u64, std::time::SystemTime)> {
    let mut all = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let about = entry.metadata().unwrap();
            if about.is_dir() {
                open.push(entry.path())
            } else {
                all.push((entry.path(), about.len(), about.modified().unwrap()))
            }
        }
    }
    all.sort();
    all
}

/// A folder as on a disc that can't be written: a read-only mount for root, permissions for others.
struct ReadOnly(Option<PathBuf>);

impl ReadOnly {
    fn new(folder: &Path) -> Self {
        let bound = Command::new("mount")
            .args(["--bind", "-o", "ro"])
            .arg(folder)
            .arg(folder)
            .output();
        if bound.is_ok_and(|bound| bound.status.success()) {
            // Older mounts need a second step to become read-only.
            let _no_harm = Command::new("mount")
                .args(["-o", "remount,bind,ro"])
                .arg(folder)
                .status();
            assert!(
                std::fs::write(folder.join("x"), "x").is_err(),
                "it is read-only"
            );
            return Self(Some(folder.into()));
        }
        assert!(
            Command::new("chmod")
                .args(["-R", "a-w"])
                .arg(folder)
                .status()
                .unwrap()
                .success()
        );
        Self(None)
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            let _nothing_more_to_do = Command::new("umount").arg("-l").arg(folder).status();
        }
    }
}

fn carried(net: &TestNet) -> PathBuf {
    let hill = net.node("hill");
    for (id, path) in sources(net) {
        hill.import(&path, &["--id", id]).expect(0);
    }
    works(&hill);
    let stick = net.folder("stick");
    for id in ["mills", "lessons", "books"] {
        let to = stick.join(id);
        hill.run(&["collection", "export", id, &to.to_string_lossy()])
            .expect(0);
        assert!(to.join("collection.json").exists() && to.join("index").is_dir());
    }
    hill.run(&[
        "collection",
        "export",
        "mills",
        &stick.join("mills").to_string_lossy(),
    ])
    .expect(1);
    hill.run(&[
        "collection",
        "export",
        "nothing",
        &stick.join("nothing").to_string_lossy(),
    ])
    .expect(3);
    // The first node and its sources are far away now.
    let away = net.path("mills.zim");
    std::fs::remove_file(away).unwrap();
    std::fs::remove_dir_all(net.folder("lessons")).unwrap();
    std::fs::remove_file(net.path("books.jsonl")).unwrap();
    stick
}

#[test]
fn a_carried_collection_is_ready_without_being_indexed_again() {
    let net = TestNet::new(PROGRAM);
    let stick = carried(&net);
    let before = state(&stick);
    let valley = net.node("valley");
    for id in ["mills", "lessons", "books"] {
        let report = valley.import(&stick.join(id), &[]).expect(0).json();
        assert_eq!(
            (report["documents"].as_i64(), report["collection"].as_str()),
            (Some(2), Some(id)),
            "{report}"
        );
    }
    works(&valley);
    let changed: Vec<_> = state(&stick)
        .into_iter()
        .filter(|file| !before.contains(file) && !file.0.to_string_lossy().contains("lock"))
        .collect();
    assert!(changed.is_empty(), "nothing was written again: {changed:?}");
    // Taken out of the library, it stays on the stick.
    valley.run(&["collection", "remove", "mills"]).expect(0);
    assert!(stick.join("mills/mills.zim").exists() && stick.join("mills/index").is_dir());
}

#[test]
fn a_carried_collection_is_read_where_nothing_can_be_written() {
    let net = TestNet::new(PROGRAM);
    let stick = carried(&net);
    let mut valley = net.node("valley");
    let _disc = ReadOnly::new(&stick);
    for id in ["mills", "lessons", "books"] {
        valley.import(&stick.join(id), &[]).expect(0);
    }
    works(&valley);
    valley.restart();
    works(&valley);
    valley.run(&["collection", "check", "mills"]).expect(0);
    let refused = valley.run(&["collection", "reindex", "mills"]).expect(1);
    assert!(
        refused.err.contains("read-only")
            || refused.err.contains("Read-only")
            || refused.err.contains("can't be written"),
        "{}",
        refused.err
    );
    works(&valley);
    assert!(!valley.log().contains("panicked"), "{}", valley.log());
}

#[test]
fn a_copied_collection_needs_its_source_no_more() {
    let net = TestNet::new(PROGRAM);
    let stick = carried(&net);
    let mut valley = net.node("valley");
    for id in ["mills", "lessons", "books"] {
        let report = valley.import(&stick.join(id), &["--copy"]).expect(0).json();
        assert_eq!(report["documents"], 2, "{report}");
    }
    std::fs::remove_dir_all(&stick).unwrap();
    works(&valley);
    valley.restart();
    works(&valley);
}

#[test]
fn a_lost_index_is_built_again_from_the_content() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    for (id, path) in sources(&net) {
        hill.import(&path, &["--id", id]).expect(0);
    }
    works(&hill);
    hill.stop();
    for id in ["mills", "lessons", "books"] {
        let index = about(&hill, id)["index"].as_str().unwrap().to_string();
        std::fs::remove_dir_all(index).unwrap();
    }
    hill.start();
    // Without an index nothing is found, but all is read, and nobody falls over.
    hill.get("/").expect(200);
    assert!(matches!(hill.get("/search?q=watermill").status, 200 | 503));
    hill.content().get("/c/mills/water.html").expect(200);
    for id in ["mills", "lessons", "books"] {
        hill.run(&["collection", "reindex", id]).expect(0);
    }
    works(&hill);
    hill.run(&["collection", "reindex", "nothing"]).expect(3);
}

#[test]
fn a_damaged_index_is_named_and_built_again() {
    let net = TestNet::new(PROGRAM);
    let mut hill = net.node("hill");
    for (id, path) in sources(&net) {
        hill.import(&path, &["--id", id]).expect(0);
    }
    let index = PathBuf::from(about(&hill, "mills")["index"].as_str().unwrap());
    hill.stop();
    for (file, length, _) in state(&index) {
        if length > 200 {
            std::fs::write(file, vec![0x5a; usize::try_from(length).unwrap() / 2]).unwrap();
        }
    }
    hill.start();
    hill.get("/").expect(200);
    let found = hill.get("/api/v1/search?q=watermill");
    assert!(matches!(found.status, 200 | 503), "{}", found.text());
    let others = hill.json("/api/v1/search?q=watermill&collection=lessons");
    assert_eq!(others["total"], 1, "the others are found: {others}");
    let sick = hill.run(&["doctor", "--json"]).expect(1);
    assert!(sick.out.contains("mills"), "{}", sick.out);
    hill.run(&["collection", "reindex", "mills"]).expect(0);
    until("the new index", || {
        (hill.json("/api/v1/search?q=watermill&collection=mills")["total"] == 1).then_some(())
    });
    works(&hill);
    assert!(!hill.log().contains("panicked at"), "{}", hill.log());
}
