//! ZIM archives of every kind, in place and copied, from the command line and from the page.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::{Path, PathBuf};

use lampion_testnet::{Node, TestNet, encode, shared_data, texts, until};
use lampion_zim::testing::{Compression, ZimBuilder};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const PICTURE: &[u8] =
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";

/// An archive with three articles, a redirect, a picture and a main page.
fn lanterns() -> ZimBuilder {
    ZimBuilder::new()
}

fn filled(builder: ZimBuilder) -> ZimBuilder {
    let page = |title: &str, text: &str| {
        format!(
            "<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
        )
    };
    builder
        .metadata("Title", "Lanterns of the valley")
        .metadata("Language", "eng")
        .metadata("Creator", "The lamplighters")
        .metadata("Description", "How light is made")
        .article(
            "index.html",
            "Lanterns",
            page(
                "Lanterns",
                "A lantern holds a wick and kerosene. <a href=\"moth.html\">Moths</a> come.",
            ),
        )
        .article(
            "moth.html",
            "Moth",
            page("Moth", "Moths circle the flame at midnight."),
        )
        .article(
            "등불.html",
            "등불",
            page("등불", "등불은 어두운 골짜기를 밝힌다."),
        )
        .blob("wick.png", "image/png", PICTURE)
        .redirect("glim.html", "Glim", "index.html")
        .main("index.html")
}

fn ready(node: &Node, id: &str) -> serde_json::Value {
    until(id, || {
        node.collection(id).filter(|one| one["state"] == "ready")
    })
}

/// Everything that a reader expects of [`filled`], whatever its form.
fn works(node: &Node, id: &str) {
    let about = ready(node, id);
    assert_eq!(about["title"], "Lanterns of the valley", "{about}");
    assert_eq!(about["documents"], 3, "{about}");
    assert_eq!(about["languages"][0], "en", "{about}");
    let search = |query: &str| {
        node.json(&format!(
            "/api/v1/search?q={}&collection={id}",
            encode(query)
        ))
    };
    assert_eq!(texts(&search("midnight")["hits"], "title"), ["Moth"]);
    assert_eq!(texts(&search("골짜기")["hits"], "title"), ["등불"]);
    assert_eq!(
        texts(&search("moths circle")["hits"], "title")
            .first()
            .map(String::as_str),
        Some("Moth")
    );
    let url = search("wick")["hits"][0]["url"]
        .as_str()
        .unwrap()
        .to_string();
    node.get(&url).expect(200);
    let key = search("wick")["hits"][0]["key"]
        .as_str()
        .unwrap()
        .to_string();
    let content = node
        .content()
        .get(&format!("/c/{id}/{key}"))
        .expect(200)
        .text();
    assert!(content.contains("holds a wick"), "{content}");
    let moved = node
        .content()
        .get(&format!(
            "/c/{id}/{}",
            key.replace("index.html", "glim.html")
        ))
        .expect(302);
    assert!(
        moved.header("location").ends_with("index.html"),
        "{:?}",
        moved.headers
    );
    let picture = node.content().get(&format!(
        "/c/{id}/{}",
        key.replace("A/index.html", "I/wick.png")
            .replace("index.html", "wick.png")
    ));
    assert_eq!(picture.expect(200).body, PICTURE);
    let suggested = node.json(&format!("/api/v1/suggest?q=gli&collection={id}"));
    assert_eq!(
        suggested["suggestions"].as_array().unwrap().len(),
        1,
        "a redirect's title is suggested: {suggested}"
    );
}

#[test]
fn every_form_of_archive_is_found_and_read() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let forms: [(&str, ZimBuilder); 7] = [
        (
            "five-plain",
            lanterns().version(5).compression(Compression::None),
        ),
        (
            "five-xz",
            lanterns().version(5).compression(Compression::Xz),
        ),
        ("six-plain", lanterns().compression(Compression::None)),
        ("six-xz", lanterns().compression(Compression::Xz)),
        ("six-zstd", lanterns().compression(Compression::Zstd)),
        ("six-extended", lanterns().extended(true)),
        ("six-zero", lanterns().exact_version(6, 0)),
    ];
    for (id, form) in forms {
        let path = net.path(&format!("{id}.zim"));
        filled(form).write_to(&path).unwrap();
        let copy: &[&str] = if id.ends_with("xz") {
            &["--id", id, "--copy"]
        } else {
            &["--id", id]
        };
        let report = node.import(&path, copy).expect(0).json();
        assert_eq!(report["documents"], 3, "{id}: {report}");
        if id.ends_with("xz") {
            std::fs::remove_file(&path).unwrap();
        }
        works(&node, id);
    }
    // In place means that nothing was copied.
    let listed = node.run(&["collection", "list", "--json"]).expect(0).json();
    let plain = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "six-zstd")
        .unwrap();
    assert!(
        plain["content"]
            .as_str()
            .unwrap()
            .ends_with("beside/six-zstd.zim"),
        "{plain}"
    );
}

#[test]
fn a_split_archive_is_one_collection_in_place_and_copied() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let path = net.path("split.zim");
    filled(lanterns()).write_split_to(&path, 700).unwrap();
    let first = PathBuf::from(format!("{}aa", path.display()));
    assert!(first.exists() && !path.exists());
    node.import(&first, &["--id", "split"]).expect(0);
    works(&node, "split");
    node.import(&first, &["--id", "copied", "--copy"]).expect(0);
    for part in ["aa", "ab", "ac", "ad", "ae", "af"] {
        let _some_may_not_exist = std::fs::remove_file(format!("{}{part}", path.display()));
    }
    works(&node, "copied");
}

#[test]
fn a_librarian_imports_by_upload_and_from_the_import_folder() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let mira = node.person("mira", "librarian");
    let id = mira.upload(
        &[("title", "")],
        &[("valley.zim", &filled(lanterns()).build())],
    );
    mira.settled(&id);
    works(&node, &id);
    let left: Vec<_> = std::fs::read_dir(node.data().join("uploads"))
        .unwrap()
        .flatten()
        .flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten())
        .collect();
    assert!(
        left.is_empty(),
        "an upload is moved, not left behind: {left:?}"
    );

    let path = node.data().join("import/placed.zim");
    filled(lanterns().uuid([7; 16])).write_to(&path).unwrap();
    assert!(
        mira.get("/desk/import")
            .expect(200)
            .text()
            .contains("placed.zim")
    );
    let id = mira.import(&path, &[]);
    mira.settled(&id);
    works(&node, &id);
    let outside = net.path("outside.zim");
    filled(lanterns()).write_to(&outside).unwrap();
    for path in [
        outside.to_string_lossy().into_owned(),
        "/etc/passwd".into(),
        format!("{}/import/../lampion.toml", node.data().display()),
    ] {
        mira.post("/desk/import", &[("path", &path)]).expect(422);
    }
    node.person("lea", "member")
        .post("/desk/import", &[("path", "/x")])
        .expect(403);
}

#[test]
fn a_newer_version_replaces_only_what_changed() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let (one, two) = (net.path("one.zim"), net.path("two.zim"));
    let page = |text: &str| format!("<html><body><p>{text}</p></body></html>");
    let base = || {
        ZimBuilder::new().metadata("Title", "Notes").article(
            "stay.html",
            "Stay",
            page("the old alder stands beside the river and gives shade"),
        )
    };
    base()
        .article(
            "change.html",
            "Change",
            page("the cedar grows on the hill, and oldword is written there"),
        )
        .article(
            "go.html",
            "Go",
            page("the dogwood flowers in the spring of the year"),
        )
        .write_to(&one)
        .unwrap();
    base()
        .article(
            "change.html",
            "Change",
            page("the cedar grows on the hill, and newword is written there"),
        )
        .article(
            "come.html",
            "Come",
            page("the elder was planted behind the house last year"),
        )
        .write_to(&two)
        .unwrap();
    node.import(&one, &["--id", "notes"]).expect(0);
    let report = node.import(&two, &["--id", "notes"]).expect(0).json();
    assert_eq!(report["documents"], 3, "{report}");
    until("the new version", || {
        (node.titles("newword") == ["Change"]).then_some(())
    });
    println!("{}", node.search("alder"));
    assert_eq!(node.titles("alder"), ["Stay"]);
    assert_eq!(node.titles("elder"), ["Come"]);
    assert!(node.titles("\"dogwood\"").is_empty() && node.titles("\"oldword\"").is_empty());
    assert!(
        node.content()
            .get("/c/notes/change.html")
            .expect(200)
            .text()
            .contains("newword"),
        "pages are the new version's"
    );
    node.content().get("/c/notes/go.html").expect(404);
}

#[test]
fn damage_is_told_and_the_node_lives_on() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let good = filled(lanterns()).build();
    let cut = net.path("cut.zim");
    std::fs::write(&cut, &good[..good.len() / 2]).unwrap();
    let told = node.import(&cut, &["--id", "cut"]).expect(1);
    assert!(
        told.err.contains("byte") || told.err.contains("end"),
        "{}",
        told.err
    );
    let not = net.path("not.zim");
    std::fs::write(&not, "this is no archive").unwrap();
    node.import(&not, &["--id", "not"]).expect(1);
    node.import(&net.path("absent.zim"), &[]).expect(3);

    // Content that was changed since: its checksum tells, and reading what is whole goes on.
    let changed = net.path("changed.zim");
    filled(lanterns().compression(Compression::None))
        .write_to(&changed)
        .unwrap();
    let mut bytes = std::fs::read(&changed).unwrap();
    let at = bytes
        .windows(8)
        .position(|window| window == b"midnight")
        .unwrap();
    bytes[at] = b'M';
    std::fs::write(&changed, bytes).unwrap();
    node.import(&changed, &["--id", "changed"]).expect(0);
    let sick = node.run(&["collection", "check", "changed"]).expect(1);
    assert!(sick.err.contains("checksum"), "{}", sick.err);
    works_still(&node);
}

fn works_still(node: &Node) {
    node.get("/health").expect(200);
    node.get("/").expect(200);
    assert!(node.search("lantern")["total"].is_u64());
}

#[test]
fn real_archives_are_imported_and_broken_ones_are_refused_with_a_reason() {
    let Some(folder) = shared_data("zim") else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let mut all: Vec<PathBuf> = Vec::new();
    collect(&folder, &mut all);
    all.sort();
    let (mut good, mut bad) = (0, 0);
    for path in &all {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".zim") && !name.ends_with(".zimaa") {
            continue;
        }
        let id = format!("z{}", good + bad);
        let report = node.import(path, &["--id", &id]);
        if name.starts_with("invalid") {
            // Some are broken only where a reader never looks, or in one entry: those are listed, or the check finds them.
            let sick = if report.code == 0 {
                node.run(&["collection", "check", &id]).code != 0
            } else {
                true
            };
            let told = report.code == 4 || !report.err.is_empty() || sick;
            assert!(
                told || report.json()["documents"].is_u64(),
                "{name}: {report:?}"
            );
            assert!(
                !report.err.contains("panicked") && report.code != -1,
                "{name}: {report:?}"
            );
            bad += 1;
        } else {
            assert!(matches!(report.code, 0 | 4), "{name}: {report:?}");
            good += 1;
        }
    }
    println!("{good} good, {bad} broken");
    assert!(good >= 3 && bad >= 10);
    assert!(!node.log().contains("panicked"), "{}", node.log());
    works_still(&node);
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), into)
        } else {
            into.push(entry.path())
        }
    }
}
