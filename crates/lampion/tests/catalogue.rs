//! The node's own catalogue on real nodes: publish, search, withdraw; the feed, its files and its checks; harvesting.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    clippy::print_stdout,
    reason = "tests"
)]

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use lampion_testnet::{Ask, Chance, Client, Node, Session, TestNet, until};

fn net() -> TestNet {
    TestNet::new(env!("CARGO_BIN_EXE_lampion"))
}

fn create(node: &Node, id: &str, visibility: &str) {
    let title = format!("Books of {id}");
    node.run(&[
        "collection",
        "create",
        id,
        "--title",
        &title,
        "--visibility",
        visibility,
    ])
    .expect(0);
    until("the node knows the catalogue", || {
        let known = node.get(&format!("/collection/{id}")).status == 200;
        (known || visibility != "all").then_some(())
    });
}

/// Publishes a record by the form; gives its id.
fn publish(mira: &Session<'_>, catalogue: &str, title: &str) -> String {
    let reply = mira.post(
        &format!("/catalogue/{catalogue}/new"),
        &[
            ("as", "dc"),
            ("do", "publish"),
            ("why", "bought"),
            ("e", "title"),
            ("v", title),
            ("l", "en"),
            ("r", ""),
            ("e", "creator"),
            ("v", "Okakura, Kakuzo"),
            ("l", ""),
            ("r", ""),
            ("e", "date"),
            ("v", "1906"),
            ("l", ""),
            ("r", ""),
            ("e", "language"),
            ("v", "en"),
            ("l", ""),
            ("r", ""),
        ],
    );
    assert_eq!(reply.status, 303, "{}", reply.text());
    reply
        .header("location")
        .rsplit('/')
        .next()
        .unwrap()
        .to_string()
}

fn base(page: &str) -> String {
    let after = page.split("name=\"base\" value=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_string()
}

#[test]
fn a_record_is_published_found_changed_restored_withdrawn_and_gone() {
    let net = net();
    let mut node = net.node("hill");
    create(&node, "books", "all");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&cookie);
    let bad = mira.post(
        "/catalogue/books/new",
        &[
            ("as", "dc"),
            ("do", "publish"),
            ("e", "creator"),
            ("v", "Nobody"),
            ("l", ""),
            ("r", ""),
        ],
    );
    assert_eq!(bad.status, 422, "no title");
    let id = publish(&mira, "books", "The zeppelin of tea");
    until("it is found", || {
        node.titles("zeppelin")
            .contains(&"The zeppelin of tea".to_string())
            .then_some(())
    });
    assert!(
        node.get(&format!("/record/books/{id}"))
            .expect(200)
            .text()
            .contains("zeppelin")
    );
    let xml = node.get(&format!("/original/books/{id}")).expect(200);
    assert!(
        xml.text().contains("<dc:title>The zeppelin of tea") || xml.text().contains("zeppelin"),
        "{}",
        xml.text()
    );
    assert!(
        node.get(&format!("/cite/ris/books/{id}"))
            .expect(200)
            .text()
            .contains("zeppelin")
    );

    // Two edit the same version: the second sees the merge.
    let edit = format!("/catalogue/books/edit/{id}");
    let form = mira.get(&edit).expect(200).text();
    let version = base(&form);
    for path in [
        "/catalogue",
        "/catalogue/books",
        edit.as_str(),
        "/catalogue/books/new?template=book&as=marc",
        "/changes",
    ] {
        let page = mira.ask(Ask::get(path).header("accept-encoding", "br"));
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-encoding"), "br", "{path}");
        assert!(
            page.body.len() <= 14 << 10,
            "{path}: {} bytes",
            page.body.len()
        );
    }
    let refused = node.run(&["collection", "export", "books", "/nowhere"]);
    assert!(refused.err.contains("feed export"), "{}", refused.err);
    let change = |title: &str, date: &str| {
        let fields = [
            ("as", "dc"),
            ("do", "publish"),
            ("base", version.as_str()),
            ("e", "title"),
            ("v", title),
            ("l", "en"),
            ("r", ""),
            ("e", "creator"),
            ("v", "Okakura, Kakuzo"),
            ("l", ""),
            ("r", ""),
            ("e", "date"),
            ("v", date),
            ("l", ""),
            ("r", ""),
            ("e", "language"),
            ("v", "en"),
            ("l", ""),
            ("r", ""),
        ];
        mira.post(&edit, &fields)
    };
    assert_eq!(change("The zeppelin of coffee", "1906").status, 303);
    let late = change("The zeppelin of cocoa", "1907");
    assert_eq!(late.status, 409, "{}", late.text());
    let page = late.text();
    assert!(page.contains("zeppelin of coffee") && page.contains("zeppelin of cocoa"));
    let field = |name: &str| {
        let after = page
            .split(&format!("name=\"{name}\" value=\""))
            .nth(1)
            .unwrap();
        let text = after.split('"').next().unwrap();
        text.replace("&#34;", "\"")
            .replace("&quot;", "\"")
            .replace("&#38;", "&")
    };
    let (mine, current) = (field("mine"), field("current"));
    let merged = mira.post(
        &format!("/catalogue/books/merge/{id}"),
        &[
            ("base", &version),
            ("current", &current),
            ("mine", &mine),
            ("side-0", "theirs"),
        ],
    );
    assert_eq!(merged.status, 303, "{}", merged.text());
    let text = mira.get(&edit).expect(200).text();
    assert!(
        text.contains("zeppelin of coffee") && text.contains("1907"),
        "{text}"
    );
    until("the new title is found", || {
        node.titles("zeppelin")
            .contains(&"The zeppelin of coffee".to_string())
            .then_some(())
    });

    // History, and the first version again.
    let history = mira
        .get(&format!("/catalogue/books/history/{id}"))
        .expect(200)
        .text();
    assert!(
        history.contains("<del>") && history.contains("bought"),
        "{history}"
    );
    let restored = mira.post(
        &format!("/catalogue/books/restore/{id}"),
        &[("version", &version), ("base", &base(&history))],
    );
    assert_eq!(restored.status, 303, "{}", restored.text());

    // What changed, for everybody.
    let changes = node.get("/changes").expect(200).text();
    assert!(
        changes.contains("zeppelin of tea") && changes.contains("mira"),
        "{changes}"
    );
    for form in ["rss", "atom"] {
        assert!(
            node.get(&format!("/changes/{form}"))
                .expect(200)
                .text()
                .contains("zeppelin of coffee")
        );
    }

    let gone = mira.post(
        &format!("/catalogue/books/withdraw/{id}"),
        &[("reason", "privacy"), ("note", "asked for"), ("sure", "1")],
    );
    assert_eq!(gone.status, 303, "{}", gone.text());
    until("it is gone", || {
        node.titles("zeppelin").is_empty().then_some(())
    });
    assert_eq!(node.get(&format!("/original/books/{id}")).status, 404);
    let changes = node.get("/changes").text();
    assert!(
        changes.contains(&id) && !changes.contains("zeppelin"),
        "{changes}"
    );

    // A feed is checked over HTTP with nothing but the key; after a restart all is as it was.
    let key = node.run(&["feed", "key"]).expect(0).out;
    let address = format!("http://{}/feed/library", node.pages().address());
    let checked = node
        .run(&["feed", "verify", &address, "--key", key.trim(), "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (
            checked["size"].as_u64(),
            checked["erased"].as_u64(),
            checked["missing"].as_u64()
        ),
        (Some(5), Some(4), Some(0)),
        "{checked}"
    );
    let tile = node.get("/feed/library/tile/entries/000.p/5").expect(200);
    assert!(tile.header("cache-control").contains("immutable"));
    node.get("/feed/library/tile/entries/000.p/6").expect(404);
    node.restart();
    node.run(&["feed", "rebuild"]).expect(0);
    node.run(&["doctor"]);
    until("still gone", || {
        node.titles("zeppelin").is_empty().then_some(())
    });
    node.run(&["collection", "reindex", "books"]).expect(0);
}

#[test]
fn who_may_not_publish_writes_drafts() {
    let net = net();
    let node = net.node("hill");
    create(&node, "books", "all");
    let reader = node.person("reader", "member").cookie().to_string();
    assert_eq!(node.resume(&reader).get("/catalogue").status, 403);
    assert_eq!(node.get("/catalogue/books").status, 401);
    let editor = node.person("joon", "editor").cookie().to_string();
    let joon = node.resume(&editor);
    let fields = [
        ("as", "dc"),
        ("e", "title"),
        ("v", "A draft of mine"),
        ("l", ""),
        ("r", ""),
    ];
    let with = |word: &'static str| [fields.as_slice(), &[("do", word)]].concat();
    assert_eq!(
        joon.post("/catalogue/books/new", &with("publish")).status,
        403
    );
    assert_eq!(
        joon.post("/catalogue/books/new", &with("submit")).status,
        303
    );
    let mira = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&mira);
    let list = mira.get("/catalogue-review").expect(200).text();
    let draft = list
        .split("/catalogue-draft/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let returned = mira.post(
        &format!("/catalogue-draft/{draft}/decide"),
        &[("do", "return"), ("comment", "who made it?")],
    );
    assert_eq!(returned.status, 303);
    assert!(
        joon.get("/catalogue")
            .expect(200)
            .text()
            .contains("who made it?")
    );
    assert_eq!(
        joon.post(&format!("/catalogue-draft/{draft}"), &with("submit"))
            .status,
        303
    );
    assert_eq!(
        mira.post(
            &format!("/catalogue-draft/{draft}/decide"),
            &[("do", "approve")]
        )
        .status,
        303
    );
    until("it is found", || {
        (!node.titles("draft of mine").is_empty()).then_some(())
    });
    assert!(node.get("/changes").text().contains("joon"));
}

#[test]
fn bodies_of_a_restricted_catalogue_are_given_to_nobody() {
    let net = net();
    let node = net.node("hill");
    create(&node, "inner", "signed-in");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&cookie);
    until("the node knows the catalogue", || {
        (mira.get("/catalogue/inner").status == 200).then_some(())
    });
    let id = publish(&mira, "inner", "Confidential zeppelin");
    assert!(!node.get("/changes").text().contains("Confidential"));
    assert!(mira.get("/changes").text().contains("Confidential"));
    let pack = node.get("/feed/library/pack/000").expect(200);
    assert!(!String::from_utf8_lossy(&pack.body).contains("Confidential"));
    node.get(&format!("/original/inner/{id}")).expect(404);
    assert!(
        !node
            .get("/oai?verb=ListRecords&metadataPrefix=oai_dc")
            .text()
            .contains("Confidential")
    );
}

#[test]
fn killed_after_publishing_the_feed_verifies_and_rebuilds() {
    let net = net();
    let mut node = net.node("hill");
    create(&node, "books", "all");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    for round in 0..3 {
        let published = std::thread::scope(|scope| {
            let (node, cookie) = (&node, &cookie);
            let worker = scope.spawn(move || {
                let mira = node.resume(cookie);
                let mut done = Vec::new();
                for n in 0..12 {
                    done.push(publish(
                        &mira,
                        "books",
                        &format!("Round {round} number {n}"),
                    ));
                }
                done
            });
            worker.join().unwrap()
        });
        assert_eq!(published.len(), 12);
        // The last ones may not be in the index yet, nor the checkpoint in the database.
        node.kill9();
        let to = net.path(&format!("export{round}"));
        let folder = to.to_string_lossy().into_owned();
        node.run(&["feed", "export", &folder]).expect(0);
        let checked = node
            .run(&["feed", "verify", &folder, "--json"])
            .expect(0)
            .json();
        assert_eq!(
            checked["live"].as_u64(),
            Some((round + 1) * 12),
            "{checked}"
        );
        node.run(&["feed", "rebuild"]).expect(0);
        node.start();
        until("all are found", || {
            (node.all("Round").len() as u64 == (round + 1) * 12).then_some(())
        });
    }
}

/// Publishes until the node answers no more. Ids of what was acknowledged.
fn publish_until_it_dies(
    client: &Client,
    cookie: &str,
    csrf: &str,
    count: &AtomicU64,
) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for n in 0.. {
        let title = format!("Doomed {csrf} number {n}");
        let fields = [
            ("csrf", csrf),
            ("as", "dc"),
            ("do", "publish"),
            ("e", "title"),
            ("v", title.as_str()),
            ("l", ""),
            ("r", ""),
        ];
        let ask = Ask::form("/catalogue/books/new", &fields).header("cookie", cookie);
        let Ok(reply) = client.try_ask(&ask) else {
            break;
        };
        assert_eq!(reply.status, 303, "{}", reply.text());
        let id = reply.header("location").rsplit('/').next().unwrap();
        acknowledged.push(id.to_string());
        count.fetch_add(1, Ordering::SeqCst);
    }
    acknowledged
}

#[test]
fn killed_while_publishing_nothing_acknowledged_is_lost_and_the_feed_agrees() {
    let net = net();
    let mut node = net.node("hill");
    let mut chance = Chance::new(20_261_124);
    create(&node, "books", "all");
    let people: Vec<(String, String)> = ["mira", "joon"]
        .iter()
        .map(|name| {
            let session = node.person(name, "librarian");
            (session.cookie().to_string(), session.csrf())
        })
        .collect();
    let mut all: Vec<String> = Vec::new();
    let mut live_before = 0;
    for round in 0..6u64 {
        let count = AtomicU64::new(0);
        let wanted = 3 + chance.below(25);
        let published: Vec<String> = std::thread::scope(|scope| {
            let (node, count) = (&node, &count);
            let workers: Vec<_> = people
                .iter()
                .map(|(cookie, csrf)| {
                    scope.spawn(move || publish_until_it_dies(&node.pages(), cookie, csrf, count))
                })
                .collect();
            // Both go on while it ends.
            until("enough is published", || {
                (count.load(Ordering::SeqCst) >= wanted).then_some(())
            });
            let pid = node.pid().to_string();
            assert!(
                Command::new("kill")
                    .args(["-9", &pid])
                    .status()
                    .unwrap()
                    .success()
            );
            workers
                .into_iter()
                .flat_map(|worker| worker.join().unwrap())
                .collect()
        });
        node.kill9();
        let acknowledged = published.len() as u64;
        all.extend(published);
        let folder = net
            .path(&format!("killed{round}"))
            .to_string_lossy()
            .into_owned();
        node.run(&["feed", "export", &folder]).expect(0);
        let checked = node
            .run(&["feed", "verify", &folder, "--json"])
            .expect(0)
            .json();
        let live = checked["live"].as_u64().unwrap();
        let new = live - live_before;
        // Each of the two may have had one on its way that was committed and not answered.
        assert!(
            (acknowledged..=acknowledged + 2).contains(&new),
            "{acknowledged} were acknowledged, {new} are there"
        );
        live_before = live;
        node.run(&["feed", "rebuild"]).expect(0);
        node.start();
        for id in &all {
            node.get(&format!("/original/books/{id}")).expect(200);
        }
    }
    until("all are found", || {
        (node.all("Doomed").len() as u64 == live_before).then_some(())
    });
}

#[test]
fn an_old_database_publishes_nothing_until_the_feed_is_recovered() {
    let net = net();
    let mut node = net.node("hill");
    create(&node, "books", "all");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    publish(&node.resume(&cookie), "books", "Zeppelin before the backup");
    node.stop();
    let database = node.data().join("lampion.sqlite");
    let backup = std::fs::read(&database).unwrap();
    node.start();
    publish(&node.resume(&cookie), "books", "Zeppelin after the backup");
    let folder = net.path("mirror").to_string_lossy().into_owned();
    node.run(&["feed", "export", &folder]).expect(0);
    node.stop();
    for name in ["lampion.sqlite-wal", "lampion.sqlite-shm"] {
        let _may_be_gone = std::fs::remove_file(node.data().join(name));
    }
    std::fs::write(&database, backup).unwrap();
    node.start();
    let doctor = node.run(&["doctor"]).expect(1);
    assert!(doctor.out.contains("old backup"), "{}", doctor.out);
    node.run(&["feed", "status"]).expect(1);
    let mira = node.resume(&cookie);
    let refused = mira.post(
        "/catalogue/books/new",
        &[
            ("as", "dc"),
            ("do", "publish"),
            ("anyway", "1"),
            ("e", "title"),
            ("v", "New"),
            ("l", ""),
            ("r", ""),
        ],
    );
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("backup"));
    assert!(
        node.titles("zeppelin")
            .contains(&"Zeppelin before the backup".to_string()),
        "reading goes on"
    );
    node.run(&["feed", "recover", &folder]).expect(0);
    node.run(&["feed", "rebuild"]).expect(0);
    node.restart();
    publish(
        &node.resume(&cookie),
        "books",
        "Zeppelin after the recovery",
    );
    until("all are there", || {
        (node.titles("zeppelin").len() == 3).then_some(())
    });
    assert!(
        node.get("/changes")
            .text()
            .contains("Zeppelin after the backup")
    );
}

#[test]
fn sickle_harvests_the_catalogue() {
    let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
        return;
    };
    let net = net();
    let mut node = net.node("hill");
    create(&node, "books", "all");
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&cookie);
    let ids: Vec<String> = (0..130)
        .map(|n| publish(&mira, "books", &format!("Harvest number {n}")))
        .collect();
    mira.post(
        &format!("/catalogue/books/withdraw/{}", ids[7]),
        &[("reason", "error"), ("sure", "1")],
    );
    let script = r#"
import sys
from sickle import Sickle
address, first = sys.argv[1], sys.argv[2]
sickle = Sickle(address)
identify = sickle.Identify()
assert identify.deletedRecord == 'persistent', identify.deletedRecord
assert [one.setSpec for one in sickle.ListSets()] == ['books']
assert sorted(one.metadataPrefix for one in sickle.ListMetadataFormats()) == ['marcxml', 'oai_dc']
for prefix in ['oai_dc', 'marcxml']:
    records = list(sickle.ListRecords(metadataPrefix=prefix, set='books'))
    assert len(records) == 130, len(records)
    assert sum(one.header.deleted for one in records) == 1
    assert len(set(one.header.identifier for one in records)) == 130
headers = list(sickle.ListIdentifiers(metadataPrefix='oai_dc'))
assert len(headers) == 130
one = sickle.GetRecord(metadataPrefix='oai_dc', identifier='oai:hill.internal:books/' + first)
assert one.metadata['title'] == ['Harvest number 0'], one.metadata
stamp = headers[-1].datestamp
late = list(sickle.ListIdentifiers(**{'metadataPrefix': 'oai_dc', 'from': stamp}))
assert 1 <= len(late) <= 130
print('fine')
"#;
    let address = format!("http://{}/oai", node.pages().address());
    let done = Command::new(python)
        .arg("-c")
        .arg(script)
        .arg(&address)
        .arg(&ids[0])
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    // A token survives a restart.
    let first = node
        .get("/oai?verb=ListRecords&metadataPrefix=oai_dc")
        .expect(200)
        .text();
    let token = first
        .split("</resumptionToken>")
        .next()
        .unwrap()
        .rsplit('>')
        .next()
        .unwrap()
        .to_string();
    assert!(!token.is_empty());
    node.restart();
    let token = token.replace("&amp;", "&");
    let second = node
        .get(&format!(
            "/oai?verb=ListRecords&resumptionToken={}",
            lampion_testnet::encode(&token)
        ))
        .expect(200)
        .text();
    assert_eq!(second.matches("<record>").count(), 30, "{second}");
}

#[test]
fn records_of_other_catalogues_come_in_match_and_go_out_as_they_were() {
    let Some(folder) = lampion_testnet::shared_data("marc") else {
        return;
    };
    let net = net();
    let node = net.node("hill");
    create(&node, "books", "all");
    let (mut compared, mut files) = (0, Vec::new());
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|one| one == "dat" || one == "mrc")
        {
            files.push(path);
        }
    }
    files.sort();
    for path in &files {
        let name = path.to_string_lossy();
        let done = node.run(&[
            "import", "--into", "books", &name, "--rule", "separate", "--json",
        ]);
        assert!(matches!(done.code, 0 | 4 | 1), "{name}: {}", done.err);
        if done.code == 1 {
            continue;
        }
        let bytes = std::fs::read(path).unwrap();
        for record in done.json()["published"].as_array().unwrap() {
            let id = record["id"].as_str().unwrap();
            let number = |name: &str| usize::try_from(record[name].as_u64().unwrap()).unwrap();
            let own = &bytes[number("offset")..number("offset") + number("length")];
            let out = node.get(&format!("/original/books/{id}")).expect(200);
            assert_eq!(out.body, own, "{name} {id}");
            compared += 1;
        }
    }
    println!("{compared} records came out byte for byte");
    // Records with one number in one file are each kept, named and undone.
    let one = std::fs::read(folder.join("one.dat")).unwrap();
    let path = net.folder("in").join("twice.mrc");
    std::fs::write(&path, [one.as_slice(), &one, &one].concat()).unwrap();
    let name = path.to_string_lossy();
    let done = node
        .run(&[
            "import", "--into", "books", &name, "--rule", "separate", "--json",
        ])
        .json();
    assert_eq!(done["published"].as_array().unwrap().len(), 3, "{done}");
    assert!(compared >= 50, "{compared}");
    // The same again matches, and nothing is published twice.
    let name = files[0].to_string_lossy();
    let again = node
        .run(&[
            "import", "--into", "books", &name, "--rule", "skip", "--json",
        ])
        .json();
    assert!(again["matched"].as_u64().unwrap() > 0, "{again}");
}
