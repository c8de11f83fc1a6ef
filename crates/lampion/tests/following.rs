//! One node follows another: catalogues that are found and read there, edits and withdrawals that come after, files, and
//! feeds that are refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::Path;

use lampion_testnet::{Ask, Node, Reply, Session, TestNet, until};

type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?\0\x05\xfe\x02\xfe\xa75\x81\x84\0\0\0\0IEND\xaeB`\x82";

fn net() -> TestNet {
    TestNet::new(env!("CARGO_BIN_EXE_lampion"))
}

fn named(net: &TestNet, name: &str) -> Node {
    net.node(name)
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
}

fn field<'a>(name: &'a str, value: &'a str) -> Part<'a> {
    (name, None, value.as_bytes())
}

fn send(who: &Session<'_>, path: &str, parts: &[Part<'_>]) -> Reply {
    let token = who.csrf();
    let mut all: Vec<Part<'_>> = vec![("csrf", None, token.as_bytes())];
    all.extend_from_slice(parts);
    who.ask(Ask::parts(path, &all))
}

fn rows(title: &str) -> Vec<Part<'_>> {
    let mut parts = vec![field("as", "dc"), field("with-files", "1")];
    for (group, value) in [
        ("title", title),
        ("creator", "Okakura, Kakuzo"),
        ("language", "en"),
    ] {
        parts.extend([
            field("e", group),
            field("v", value),
            field("l", ""),
            field("r", ""),
        ]);
    }
    parts
}

/// Publishes a record; gives its id.
fn publish(who: &Session<'_>, catalogue: &str, title: &str, files: &[Part<'_>]) -> String {
    let mut parts = rows(title);
    parts.extend_from_slice(files);
    parts.push(field("do", "publish"));
    // The node hears of a catalogue that another program made a moment later.
    let reply = until("the catalogue takes a record", || {
        let reply = send(who, &format!("/catalogue/{catalogue}/new"), &parts);
        (reply.status != 404).then_some(reply)
    });
    assert_eq!(reply.status, 303, "{}", reply.text());
    let location = reply.header("location");
    location.rsplit('/').next().unwrap().to_string()
}

fn edit(who: &Session<'_>, catalogue: &str, id: &str, title: &str) {
    let path = format!("/catalogue/{catalogue}/edit/{id}");
    let page = who.get(&path).expect(200).text();
    let base = page.split("name=\"base\" value=\"").nth(1).unwrap();
    let base = base.split('"').next().unwrap().to_string();
    let mut parts = rows(title);
    let mark = "name=\"file\" value=\"";
    let kept: Vec<String> = page
        .split(mark)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_string())
        .collect();
    parts.extend(kept.iter().map(|file| field("file", file)));
    parts.extend([field("base", &base), field("do", "publish")]);
    let reply = send(who, &path, &parts);
    assert_eq!(reply.status, 303, "{}", reply.text());
}

fn withdraw(who: &Session<'_>, catalogue: &str, id: &str) {
    let reply = who.post(
        &format!("/catalogue/{catalogue}/withdraw/{id}"),
        &[("reason", "privacy"), ("note", ""), ("sure", "1")],
    );
    assert_eq!(reply.status, 303, "{}", reply.text());
}

fn address(node: &Node) -> String {
    format!("http://{}", node.pages().address())
}

fn key(node: &Node) -> String {
    node.run(&["feed", "key"]).expect(0).out.trim().to_string()
}

fn follow(node: &Node, from: &str, more: &[&str]) -> lampion_testnet::Output {
    let mut words = vec!["feed", "follow", from, "--json"];
    words.extend_from_slice(more);
    node.run(&words)
}

fn found(node: &Node, word: &str, title: &str) {
    until(&format!("{title} is found"), || {
        node.titles(word).contains(&title.to_string()).then_some(())
    });
}

fn lost(node: &Node, word: &str) {
    until(&format!("{word} is not found"), || {
        node.titles(word).is_empty().then_some(())
    });
}

/// A folder with all that is in another.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn what_one_node_publishes_changes_and_withdraws_is_so_on_another() {
    published_here_is_shown_there(None);
}

#[test]
fn and_so_it_is_where_both_have_postgresql() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let databases = runtime.block_on(async {
        let one = lampion_db::testing::new_postgres("hill").await?;
        let other = lampion_db::testing::new_postgres("valley").await?;
        Some([one, other])
    });
    if let Some(databases) = databases {
        published_here_is_shown_there(Some(databases));
    }
}

fn published_here_is_shown_there(databases: Option<[String; 2]>) {
    let net = net();
    let (mut hill, mut valley) = (net.prepare("hill"), net.prepare("valley"));
    if let Some([one, other]) = databases {
        hill.set(&format!("database = {one:?}"));
        valley.set(&format!("database = {other:?}"));
    }
    hill.start();
    valley.start();
    create(&hill, "books", "all");
    create(&hill, "staff", "signed-in");
    let mira = hill.person("mira", "librarian");
    let files = [
        ("new-cover", Some("cover.png"), PNG),
        (
            "new-file",
            Some("tea.txt"),
            b"Tea began as a medicine.".as_slice(),
        ),
    ];
    let tea = publish(&mira, "books", "The zeppelin of tea", &files);
    let gone = publish(&mira, "books", "A quagga in the garden", &[]);
    publish(&mira, "staff", "Salaries of the okapi", &[]);

    let at = address(&hill);
    let unknown = follow(&valley, &at, &[]).expect(1);
    assert!(unknown.err.contains("--key"), "{}", unknown.err);
    let wrong = key(&valley);
    let refused = follow(&valley, &at, &["--key", &wrong]).expect(1);
    assert!(refused.err.contains("sign"), "{}", refused.err);
    valley
        .run(&["feed", "unfollow", "hill.internal", "--yes"])
        .expect(3);
    let done = follow(&valley, &at, &["--key", &key(&hill), "--every", "24"]).expect(0);
    assert_eq!(done.json()["size"], 3);
    assert_eq!(
        done.json()["collections"],
        serde_json::json!(["hill-books"])
    );
    assert_eq!(done.json()["missing_files"], 0);

    found(&valley, "zeppelin", "The zeppelin of tea");
    found(&valley, "quagga", "A quagga in the garden");
    assert!(
        valley.titles("okapi").is_empty(),
        "its body is given to nobody"
    );
    let page = valley
        .get(&format!("/record/hill-books/{tea}"))
        .expect(200)
        .text();
    assert!(page.contains("hill.internal"), "whose it is: {page}");
    let text = page
        .split("\"/attached/")
        .find(|part| part.contains("tea.txt"))
        .expect("its file")
        .split('"')
        .next()
        .unwrap()
        .to_string();
    let bytes = valley.get(&format!("/attached/{text}")).expect(200);
    assert_eq!(bytes.text(), "Tea began as a medicine.");
    until("the catalogue has its own title", || {
        follow(&valley, &at, &[]).expect(0);
        let page = valley.get("/collection/hill-books").expect(200).text();
        page.contains("Books of books").then_some(())
    });
    let known = valley.get("/nodes").expect(200).text();
    assert!(
        known.contains("hill.internal") && known.contains("+"),
        "{known}"
    );

    // Nobody edits it here, and the desk says why.
    let vera = valley.person("vera", "librarian");
    let refused = vera.get(&format!("/catalogue/hill-books/edit/{tea}"));
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("hill.internal"),
        "{}",
        refused.text()
    );
    let removed = vera.post("/desk/hill-books", &[("do", "remove"), ("sure", "1")]);
    assert_eq!(removed.status, 400, "{}", removed.text());

    edit(&mira, "books", &tea, "The airship of tea");
    withdraw(&mira, "books", &gone);
    let late = publish(&mira, "books", "A dodo by the lake", &[]);
    follow(&valley, &at, &[]).expect(0);
    found(&valley, "airship", "The airship of tea");
    found(&valley, "dodo", "A dodo by the lake");
    lost(&valley, "quagga");
    lost(&valley, "zeppelin");
    assert_eq!(
        valley.get(&format!("/record/hill-books/{gone}")).status,
        410
    );
    let acknowledged = net.folder("acknowledged");
    valley
        .run(&["feed", "export", acknowledged.to_str().unwrap()])
        .expect(0);
    let checked = valley
        .run(&["feed", "verify", acknowledged.to_str().unwrap(), "--json"])
        .expect(0);
    assert_eq!(checked.json()["acknowledgements"], 1);
    // Everything can be made again from the feeds.
    valley.run(&["feed", "rebuild"]).expect(0);

    // The file of a record that is withdrawn goes here too.
    withdraw(&mira, "books", &tea);
    follow(&valley, &at, &[]).expect(0);
    assert_eq!(valley.get(&format!("/attached/{text}")).status, 404);
    lost(&valley, "airship");

    // After a restart all is as it was.
    valley.kill9();
    valley.start();
    found(&valley, "dodo", "A dodo by the lake");
    let listed = valley
        .run(&["feed", "following", "--json"])
        .expect(0)
        .json();
    assert_eq!(listed["node"], "hill.internal");
    assert_eq!(listed["every_h"], 24);
    assert_eq!(listed["error"], "");
    valley.run(&["feed", "unfollow", &at, "--yes"]).expect(0);
    lost(&valley, "dodo");
    assert_eq!(
        valley.get(&format!("/record/hill-books/{late}")).status,
        404
    );
    // And it can be followed once more.
    follow(&valley, &at, &["--trust"]).expect(0);
    found(&valley, "dodo", "A dodo by the lake");
}

#[test]
fn a_stick_carries_a_catalogue_with_its_files_and_what_is_wrong_on_it_is_refused() {
    let net = net();
    let (hill, valley) = (named(&net, "hill"), named(&net, "valley"));
    create(&hill, "books", "all");
    let mira = hill.person("mira", "librarian");
    let big = vec![b'x'; 1_300_000];
    let files = [
        ("new-cover", Some("cover.png"), PNG),
        ("new-file", Some("big.txt"), big.as_slice()),
    ];
    let tea = publish(&mira, "books", "The zeppelin of tea", &files);
    let stick = net.folder("stick");
    let (at, hill_key) = (stick.to_str().unwrap(), key(&hill));
    hill.run(&["feed", "export", at, "--files", "all"])
        .expect(0);

    // Cut in its middle: nothing of it is taken, and the reason is said.
    let cut = net.folder("cut");
    copy(&stick, &cut);
    std::fs::remove_dir_all(cut.join("tile")).unwrap();
    let refused = follow(&valley, cut.to_str().unwrap(), &["--key", &hill_key]).expect(1);
    assert!(refused.err.contains("missing"), "{}", refused.err);
    // A body that isn't the one that was signed.
    let forged = net.folder("forged");
    copy(&stick, &forged);
    let pack = forged.join("pack/000");
    let mut bytes = std::fs::read(&pack).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&pack, bytes).unwrap();
    let refused = follow(&valley, forged.to_str().unwrap(), &[]).expect(1);
    assert!(refused.err.contains("commits"), "{}", refused.err);
    // A checkpoint that somebody else signed.
    let other = net.folder("other");
    copy(&stick, &other);
    let checkpoint = other.join("checkpoint");
    let note = std::fs::read_to_string(&checkpoint).unwrap();
    std::fs::write(&checkpoint, note.replacen("\n1\n", "\n2\n", 1)).unwrap();
    follow(&valley, other.to_str().unwrap(), &[]).expect(1);
    assert!(
        valley.titles("zeppelin").is_empty(),
        "nothing is half taken"
    );

    let done = follow(&valley, at, &["--files-mb", "1"]).expect(0);
    assert_eq!(done.json()["missing_files"], 0);
    found(&valley, "zeppelin", "The zeppelin of tea");
    let page = valley
        .get(&format!("/record/hill-books/{tea}"))
        .expect(200)
        .text();
    assert!(page.contains("class=\"jacket\""), "its cover: {page}");
    assert!(
        page.contains("big.txt") && !page.contains("download=\"big.txt\""),
        "{page}"
    );
    // With another limit it comes, and what had come of it is not fetched again.
    let blob = std::fs::read_dir(stick.join("blob"))
        .unwrap()
        .flat_map(|part| std::fs::read_dir(part.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .find(|path| path.metadata().unwrap().len() == big.len() as u64)
        .unwrap();
    let name = blob.file_name().unwrap().to_str().unwrap();
    let waiting = valley.data().join("uploads/follow");
    std::fs::create_dir_all(&waiting).unwrap();
    std::fs::write(waiting.join(format!("{name}.part")), &big[..1_000_000]).unwrap();
    let mut damaged = big.clone();
    damaged[..1_000_000].fill(b'y');
    std::fs::write(&blob, &damaged).unwrap();
    let done = follow(&valley, at, &[]).expect(0);
    assert_eq!(done.json()["missing_files"], 0, "only the rest was read");
    let page = valley
        .get(&format!("/record/hill-books/{tea}"))
        .expect(200)
        .text();
    assert!(page.contains("download=\"big.txt\""), "{page}");
}

#[test]
fn a_second_history_is_refused_with_a_proof() {
    let net = net();
    let (mut hill, valley) = (named(&net, "hill"), named(&net, "valley"));
    create(&hill, "books", "all");
    let cookie = hill.person("mira", "librarian").cookie().to_string();
    publish(&hill.resume(&cookie), "books", "The zeppelin of tea", &[]);
    let hill_key = key(&hill);
    // The whole node, twice: each goes on by itself, with the same key.
    hill.stop();
    let twin_data = net.folder("twin");
    copy(hill.data(), &twin_data);
    hill.start();
    publish(
        &hill.resume(&cookie),
        "books",
        "A quagga in the garden",
        &[],
    );
    let at = address(&hill);
    follow(&valley, &at, &["--key", &hill_key]).expect(0);
    found(&valley, "quagga", "A quagga in the garden");
    let mut twin = net.prepare_at("hill", &twin_data);
    twin.start();
    let forger = twin.resume(&cookie);
    publish(&forger, "books", "An okapi in the garden", &[]);
    publish(&forger, "books", "A dodo by the lake", &[]);
    let refused = follow(&valley, &address(&twin), &[]).expect(1);
    assert!(refused.err.contains("two histories"), "{}", refused.err);
    let forks = valley.data().join("node/feeds/forks");
    let proof = std::fs::read(forks.join("hill.internal-feed-library.txt")).expect("a proof");
    lampion_feed::fork::verify_fork_proof(&proof, &hill_key.parse().unwrap()).unwrap();
    assert!(valley.titles("okapi").is_empty());
    found(&valley, "quagga", "A quagga in the garden");
    // Nothing more of it is taken, from wherever.
    follow(&valley, &at, &[]).expect(1);
}

#[test]
fn a_node_that_is_killed_while_it_follows_goes_on_where_it_was() {
    let net = net();
    let (hill, mut valley) = (named(&net, "hill"), named(&net, "valley"));
    create(&hill, "books", "all");
    let csv = net.path("books.csv");
    let mut text = String::from("title,creator\n");
    for number in 0..9000 {
        text.push_str(&format!("Teapot number {number},Okakura\n"));
    }
    std::fs::write(&csv, text).unwrap();
    hill.run(&["import", csv.to_str().unwrap(), "--into", "books"])
        .expect(0);
    let at = address(&hill);
    let begun = follow(&valley, &at, &["--key", &key(&hill), "--background"]).expect(0);
    let job = begun.json()["job"].as_str().unwrap().to_string();
    let size = |node: &Node| {
        let listed = node.run(&["feed", "following", "--json"]).expect(0).json();
        listed["size"].as_u64().unwrap()
    };
    let mut kills = 0;
    for _ in 0..3 {
        let before = size(&valley);
        until("something has come", || {
            let now = size(&valley);
            (now > before || now >= 9000).then_some(())
        });
        valley.kill9();
        kills += 1;
        valley.start();
    }
    assert_eq!(kills, 3);
    until(&format!("job {job} has come to its end"), || {
        let listed = valley
            .run(&["feed", "following", "--json"])
            .expect(0)
            .json();
        (listed["reached_ms"].as_u64().unwrap() > 0).then_some(())
    });
    assert_eq!(size(&valley), 9000);
    until("all are found", || {
        let one = valley.collection("hill-books")?;
        (one["documents"].as_u64() == Some(9000)).then_some(())
    });
    valley.run(&["feed", "rebuild"]).expect(0);
}

#[test]
fn reading_programs_find_the_files_of_records() {
    let net = net();
    let node = net.node("hill");
    create(&node, "books", "all");
    let mira = node.person("mira", "librarian");
    publish(&mira, "books", "A zeppelin without a file", &[]);
    let lists = node.get("/opds/collections").expect(200).text();
    assert!(
        !lists.contains("collection=books"),
        "no record has a file: {lists}"
    );
    let files = [
        ("new-cover", Some("cover.png"), PNG),
        (
            "new-file",
            Some("tea.txt"),
            b"Tea began as a medicine.".as_slice(),
        ),
    ];
    let tea = publish(&mira, "books", "The zeppelin of tea", &files);
    found(&node, "zeppelin", "The zeppelin of tea");
    let list = node.get("/opds/list?q=zeppelin").expect(200).text();
    assert!(!list.contains("without a file"), "{list}");
    let entry = format!("/opds/entry/books/{tea}");
    assert!(
        list.contains(&entry),
        "a link to the complete entry: {list}"
    );
    let reply = node.get(&entry).expect(200);
    let kind = reply.header("content-type").to_string();
    assert!(
        kind.starts_with("application/atom+xml;type=entry;profile=opds-catalog"),
        "{kind}"
    );
    let text = reply.text();
    for wanted in [
        "<entry xmlns=\"http://www.w3.org/2005/Atom\"",
        "<title>The zeppelin of tea</title>",
        "<updated>",
        "<name>Kakuzo Okakura</name>",
        "rel=\"self\"",
        "rel=\"http://opds-spec.org/acquisition/open-access\"",
        "rel=\"http://opds-spec.org/image\"",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let rest = text
        .split("/attached/")
        .find(|part| part.contains("text/plain"));
    let path = rest.unwrap().split('"').next().unwrap();
    let file = node.get(&format!("/attached/{path}")).expect(200);
    assert_eq!(file.text(), "Tea began as a medicine.");
    let json = node.json("/opds/2/list?query=zeppelin");
    assert_eq!(json["publications"].as_array().unwrap().len(), 1, "{json}");
}

#[test]
fn what_an_attached_file_says_is_found_with_the_record_until_it_is_withdrawn() {
    let net = net();
    let (hill, valley) = (net.node("hill"), net.node("valley"));
    create(&hill, "books", "all");
    let mira = hill.person("mira", "librarian");
    let files = [(
        "new-file",
        Some("leaves.html"),
        b"<p>The thylacine drank oolong in the morning.</p>".as_slice(),
    )];
    let tea = publish(&mira, "books", "The zeppelin of tea", &files);
    found(&hill, "thylacine", "The zeppelin of tea");
    let page = hill.get("/search?q=thylacine").expect(200).text();
    assert!(page.contains("leaves.html"), "where it was found: {page}");
    let page = hill.get("/search?q=zeppelin").expect(200).text();
    assert!(!page.contains("leaves.html"), "{page}");
    let key = key(&hill);
    follow(&valley, &address(&hill), &["--key", &key]).expect(0);
    found(&valley, "thylacine", "The zeppelin of tea");
    withdraw(&mira, "books", &tea);
    lost(&hill, "thylacine");
    follow(&valley, &address(&hill), &[]).expect(0);
    lost(&valley, "thylacine");
}
