//! `kill -9` of a node at random moments while it imports: whatever was under way, the end is that of an undisturbed run.
//!
//! `LAMPION_KILLS` tells how many times (8 by default), `LAMPION_SEED` which chance; both are printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lampion_testnet::{Chance, Node, TestNet, until, within};
use lampion_zim::testing::ZimBuilder;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
/// Documents of an archive or a file of records.
const DOCUMENTS: usize = 2_000;
/// Files of a folder, which are read one by one.
const FILES: usize = 500;
/// The longest that a node lives, in milliseconds: some die before the first commit, some after several.
const LIFE_MS: u64 = 2_600;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// Every document has one of these numbers, which no stemmer changes; what one search finds can be paged through up to a
/// thousand.
const SHELVES: [&str; 4] = ["7001001", "7001002", "7001003", "7001004"];

fn shelf(number: usize) -> &'static str {
    SHELVES[number % SHELVES.len()]
}

fn archive(path: &Path, changed: bool) {
    let mut chance = Chance::new(7);
    let mut builder = ZimBuilder::new()
        .metadata("Title", "Archive")
        .metadata("Language", "eng");
    for number in 0..DOCUMENTS {
        let text = chance.text(60);
        // A newer version: every third document is new, every third has other words, every third is the same.
        let (name, text) = match (changed, number % 3) {
            (true, 0) => (format!("n{number:05}"), text),
            (true, 1) => (format!("p{number:05}"), format!("{text} 7009009")),
            _ => (format!("p{number:05}"), text),
        };
        builder = builder.article(
            &format!("{name}.html"),
            &format!("Title {name}"),
            format!("<html><body><p>{} {text}</p></body></html>", shelf(number)),
        );
    }
    builder.write_to(path).unwrap();
}

fn records(path: &Path) {
    let mut chance = Chance::new(8);
    let mut out = String::new();
    for number in 0..DOCUMENTS {
        out.push_str(&format!("{{\"id\":\"r{number:05}\",\"title\":\"Record {number:05}\",\"author\":\"{}\",\"description\":\"{} {}\"}}\n", chance.word(), shelf(number), chance.text(40)));
    }
    std::fs::write(path, out).unwrap();
}

fn folder(path: &Path) {
    let mut chance = Chance::new(9);
    for number in 0..FILES {
        let inside = path.join(format!("f{}", number % 7));
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(
            inside.join(format!("d{number:04}.md")),
            format!(
                "# Page {number:04}\n\n{} {}\n",
                shelf(number),
                chance.text(50)
            ),
        )
        .unwrap();
    }
    std::fs::write(path.join("empty.pdf"), "%PDF-1.4 this is none").unwrap();
}

/// Keys and titles of one collection, by pages.
fn contents(node: &Node, id: &str) -> BTreeSet<(String, String)> {
    let found = SHELVES
        .iter()
        .flat_map(|shelf| node.all_raw(&format!("q={shelf}&collection={id}")));
    let prefix = format!("{id}/");
    found
        .map(|(key, title)| (key.trim_start_matches(&prefix).to_string(), title))
        .collect()
}

/// How many documents of the newer version readers see: one request, so that it is of one moment.
fn count_newer(node: &Node, id: &str) -> u64 {
    node.json(&format!("/api/v1/search?q=7009009&collection={id}"))["total"]
        .as_u64()
        .unwrap()
}

fn ready(node: &Node, cookie: &str, id: &str) -> bool {
    let desk = node
        .resume(cookie)
        .ask(lampion_testnet::Ask::get(&format!("/desk/{id}")).header("x-partial", "1"));
    desk.status == 200 && desk.header("x-over") == "1"
}

struct Source {
    path: PathBuf,
    copy: bool,
    expected: BTreeSet<(String, String)>,
    failed: i64,
}

#[test]
fn an_import_that_is_killed_again_and_again_ends_as_if_nothing_had_happened() {
    let (kills, seed) = (number("LAMPION_KILLS", 8), number("LAMPION_SEED", 20_260));
    println!("{kills} kills, seed {seed}");
    let net = TestNet::new(PROGRAM);
    let paths = [
        net.path("archive.zim"),
        net.path("records.jsonl"),
        net.folder("pages"),
    ];
    archive(&paths[0], false);
    records(&paths[1]);
    folder(&paths[2]);
    let newer = net.path("newer.zim");
    archive(&newer, true);

    // The undisturbed run.
    let quiet = net.node("quiet");
    let sources: Vec<Source> = paths
        .iter()
        .enumerate()
        .map(|(number, path)| {
            let report = quiet.import(path, &["--id", &format!("q{number}")]);
            let report = report.json();
            Source {
                path: path.clone(),
                copy: number == 1,
                expected: contents(&quiet, &format!("q{number}")),
                failed: report["failed"].as_i64().unwrap(),
            }
        })
        .collect();
    assert_eq!(sources[0].expected.len(), DOCUMENTS);
    assert_eq!(sources[1].expected.len(), DOCUMENTS);
    assert_eq!(sources[2].expected.len(), FILES);
    quiet.import(&newer, &["--id", "q0"]).expect(0);
    let expected_newer = until("the newer version", || {
        Some(contents(&quiet, "q0")).filter(|now| now.iter().any(|(key, _)| key.starts_with('n')))
    });
    let changed = count_newer(&quiet, "q0");
    assert_eq!(expected_newer.len(), DOCUMENTS);
    assert!(changed > 0);
    drop(quiet);

    let mut hill = net.node("hill");
    let cookie = hill.person("mira", "librarian").cookie().to_string();
    let mut chance = Chance::new(seed);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        let source = &sources[round % sources.len()];
        let id = format!("c{round}");
        round += 1;
        import(&hill, &source.path, &id, source.copy);
        killed += disturb(
            &mut hill,
            &cookie,
            &id,
            &mut chance,
            kills - killed,
            &|node, id| contents(node, id).is_subset(&source.expected),
        );
        let now = contents(&hill, &id);
        assert!(
            now == source.expected,
            "{id}: {} of {} documents, missing {:?}, too many {:?}",
            now.len(),
            source.expected.len(),
            source.expected.difference(&now).take(3).collect::<Vec<_>>(),
            now.difference(&source.expected).take(3).collect::<Vec<_>>()
        );
        let listed = hill.run(&["collection", "list", "--json"]).expect(0).json();
        let about = listed
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] == *id)
            .unwrap()
            .clone();
        assert_eq!(about["documents"], source.expected.len(), "{about}");
        assert_eq!(about["failed"], source.failed, "{about}");
        assert_eq!(about["state"], "ready", "{about}");

        if source.path == paths[0] && killed < kills {
            // A newer version over it: readers see the old one or the new one, never a mixture.
            import(&hill, &newer, &id, false);
            killed += disturb(
                &mut hill,
                &cookie,
                &id,
                &mut chance,
                kills - killed,
                &|node, id| [0, changed].contains(&count_newer(node, id)),
            );
            assert_eq!(
                contents(&hill, &id),
                expected_newer,
                "{id}: the newer version"
            );
        }
        hill.run(&["collection", "remove", &id]).expect(0);
    }
    println!("{killed} kills in {round} rounds");
    assert!(!hill.log().contains("panicked"), "{}", hill.log());
}

fn import(node: &Node, path: &Path, id: &str, copy: bool) {
    let path = path.to_string_lossy();
    let mut words = vec!["import", &*path, "--id", id, "--background"];
    if copy {
        words.push("--copy");
    }
    node.run(&words).expect(0);
}

/// Lets it live for a random time and kills it, until the import is done; gives the number of kills.
fn disturb(
    node: &mut Node,
    cookie: &str,
    id: &str,
    chance: &mut Chance,
    most: u64,
    holds: &dyn Fn(&Node, &str) -> bool,
) -> u64 {
    let mut killed = 0;
    while killed < most {
        let life = Duration::from_millis(chance.below(LIFE_MS));
        if within(life, || ready(node, cookie, id).then_some(())).is_some() {
            return killed;
        }
        node.kill9();
        killed += 1;
        node.start();
        assert!(
            holds(node, id),
            "{id}: readers see documents that don't belong together"
        );
    }
    until(&format!("the end of {id}"), || {
        ready(node, cookie, id).then_some(())
    });
    killed
}
