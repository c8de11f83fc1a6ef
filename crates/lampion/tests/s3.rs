//! A node whose files are in a bucket, against an S3 server of others.
#![cfg(feature = "s3")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    clippy::print_stdout,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lampion_testnet::{Ask, Node, Reply, Session, TestNet, until};
use lampion_zim::testing::ZimBuilder;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nnot more than the beginning of a picture";

/// A server with the bucket `shelf`; ends when it is dropped.
struct Server {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
    about: Value,
}

impl Server {
    fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
            println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
            return None;
        };
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/s3.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            ask: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
            about: Value::Null,
        };
        // It says first that it starts.
        server.about = std::iter::repeat_with(|| server.line())
            .find_map(|line| serde_json::from_str(&line).ok())
            .unwrap();
        Some(server)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let count = self.answers.read_line(&mut line).unwrap();
        assert!(
            count > 0,
            "the S3 server ended: is moto in {:?}?",
            std::env::var_os("LAMPION_TEST_PYTHON")
        );
        line
    }

    fn ask(&mut self, what: &str) -> Value {
        writeln!(self.ask, "{what}").unwrap();
        loop {
            let line = self.line();
            if let Ok(answer) = serde_json::from_str(&line) {
                return answer;
            }
        }
    }

    /// Names in the bucket.
    fn names(&mut self) -> Vec<String> {
        let all = self.ask("list");
        let all = all.as_array().unwrap().iter();
        all.map(|name| name.as_str().unwrap().to_string()).collect()
    }

    fn credentials(&self, node: &Node, secret: &str) {
        let text = format!(
            "[default]\naws_access_key_id = {}\naws_secret_access_key = {secret}\n",
            self.about["id"].as_str().unwrap()
        );
        std::fs::write(node.data().join("key"), text).unwrap();
    }

    fn secret(&self) -> String {
        self.about["secret"].as_str().unwrap().to_string()
    }

    /// Settings of a node that keeps its files here.
    fn set(&self, node: &mut Node, blobs: &str) {
        self.credentials(node, &self.secret());
        node.set(&format!("blobs = \"{blobs}\""));
        node.set(&format!("s3_endpoint = {}", self.about["endpoint"]));
        node.set("s3_credentials = \"key\"");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _it_may_have_ended = self.child.kill();
        let _it_may_have_ended = self.child.wait();
    }
}

/// Where a blob's name is in the folder; what the bucket calls it comes after the prefix.
fn archive(node: &Node, id: &str) -> std::path::PathBuf {
    let listed = node.run(&["collection", "list", "--json"]).expect(0).json();
    let mut all = listed.as_array().unwrap().iter();
    let one = all.find(|one| one["id"] == id).unwrap();
    one["content"].as_str().unwrap().into()
}

fn name_of(path: &std::path::Path) -> String {
    let mut parts = path.iter().rev().map(|part| part.to_str().unwrap());
    let (rest, fan) = (parts.next().unwrap(), parts.next().unwrap());
    format!("{fan}/{rest}")
}

fn zim(net: &TestNet) -> std::path::PathBuf {
    let path = net.path("moths.zim");
    let page = "<html><head><title>Moth</title></head><body><p>Moths circle at midnight.</p></body></html>";
    ZimBuilder::new()
        .metadata("Title", "Moths")
        .metadata("Language", "eng")
        .article("moth.html", "Moth", page)
        .metadata(
            "Illustration_48x48@1",
            std::str::from_utf8(b"<svg/>").unwrap(),
        )
        .main("moth.html")
        .write_to(&path)
        .unwrap();
    path
}

fn attach(mira: &Session<'_>, title: &str) -> Reply {
    let token = mira.csrf();
    let text = format!("The text beside {title}.");
    let mut parts: Vec<(&str, Option<&str>, &[u8])> = vec![
        ("csrf", None, token.as_bytes()),
        ("as", None, b"dc"),
        ("with-files", None, b"1"),
    ];
    for (name, value) in [("e", "title"), ("v", title), ("l", ""), ("r", "")] {
        parts.push((name, None, value.as_bytes()));
    }
    parts.push(("new-cover", Some("cover.png"), PNG));
    parts.push(("new-file", Some("tea.txt"), text.as_bytes()));
    parts.push(("do", None, b"publish"));
    mira.ask(Ask::parts("/catalogue/books/new", &parts))
}

/// Addresses of a record's cover and file, once it is shown.
fn attached(node: &Node, reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 303, "{}", reply.text());
    let id = reply.header("location").rsplit('/').next().unwrap();
    let path = format!("/record/books/{id}");
    let page = until("the record is shown", || {
        Some(node.get(&path)).filter(|reply| reply.status == 200)
    });
    let text = page.text();
    let mut all: Vec<String> = text
        .split("\"/attached/")
        .skip(1)
        .map(|rest| format!("/attached/{}", rest.split('"').next().unwrap()))
        .collect();
    all.sort();
    all.dedup();
    all
}

fn create(node: &Node) {
    node.run(&[
        "collection",
        "create",
        "books",
        "--title",
        "Books",
        "--visibility",
        "all",
    ])
    .expect(0);
    until("the node knows books", || {
        (node.get("/collection/books").status == 200).then_some(())
    });
}

#[test]
fn a_node_keeps_its_files_in_a_bucket() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    server.set(&mut node, "s3://shelf/hill");
    node.start();
    create(&node);
    let doctor = node.run(&["doctor"]).out;
    assert!(
        doctor.contains("ok       files (bucket `shelf` at http://127.0.0.1:"),
        "{doctor}"
    );
    node.run(&["config", "check"]).expect(0);
    let shown = node.run(&["config", "show"]).expect(0).out;
    assert!(shown.contains("s3://shelf/hill") && !shown.contains(&server.secret()));

    // An archive: there, and a copy here that is read in place.
    let source = zim(&net);
    node.import(&source, &["--id", "moths", "--copy"]).expect(0);
    std::fs::remove_file(&source).unwrap();
    let copy = archive(&node, "moths");
    let name = format!("hill/{}", name_of(&copy));
    assert!(server.names().contains(&name));
    let article = |node: &Node| {
        let hits = node.json("/api/v1/search?q=midnight&collection=moths");
        let key = hits["hits"][0]["key"].as_str().unwrap().to_string();
        node.content().get(&format!("/c/moths/{key}"))
    };
    until("the archive is read", || {
        (article(&node).status == 200).then_some(())
    });

    // A folder, which lies beside its index, and records out of a file.
    let folder = net.folder("lessons");
    std::fs::write(folder.join("one.txt"), "A lesson about zeppelins.").unwrap();
    node.import(&folder, &["--id", "lessons", "--copy"])
        .expect(0);
    let records = net.path("books.ris");
    std::fs::write(
        &records,
        "TY  - BOOK\nTI  - The dirigible of records\nER  - \n",
    )
    .unwrap();
    node.import(&records, &["--id", "shelf", "--copy"])
        .expect(0);
    until("all is found", || {
        let found = |query| !node.titles(query).is_empty();
        (found("zeppelins") && found("dirigible")).then_some(())
    });

    // A file and a cover of a record: there only.
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let before = server.names().len();
    let files = attached(&node, &attach(&node.resume(&cookie), "tea"));
    assert_eq!((files.len(), server.names().len()), (2, before + 2));
    let read = |node: &Node| {
        let bodies: Vec<Vec<u8>> = files
            .iter()
            .map(|file| node.get(file).expect(200).body)
            .collect();
        assert!(
            bodies.contains(&PNG.to_vec()) && bodies.contains(&b"The text beside tea.".to_vec())
        );
        let ranges: Vec<String> = files
            .iter()
            .map(|file| {
                node.pages()
                    .ask(&Ask::get(file).header("range", "bytes=4-7"))
                    .expect(206)
                    .text()
            })
            .collect();
        assert!(ranges.contains(&"text".to_string()), "{ranges:?}");
    };
    read(&node);

    // After a restart, and after the copy was lost.
    node.restart();
    read(&node);
    article(&node).expect(200);
    node.stop();
    std::fs::remove_file(&copy).unwrap();
    node.start();
    until("its copy is made again", || {
        (article(&node).status == 200).then_some(())
    });
    std::fs::remove_file(&copy).unwrap();
    node.run(&["collection", "reindex", "moths"]).expect(0);
    assert!(copy.exists(), "an import fetches what it reads");

    node.run(&["collection", "remove", "moths"]).expect(0);
    assert!(!server.names().contains(&name) && !copy.exists());
}

#[test]
fn failures_name_the_setting_and_lose_nothing() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    server.set(&mut node, "s3://shelf");
    node.start();
    create(&node);
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let mira = node.resume(&cookie);
    let problem = |node: &Node, setting: &str| {
        let doctor = node.run(&["doctor"]).expect(1).out;
        let said = |line: &&str| line.starts_with("PROBLEM  files (bucket");
        let line = doctor
            .lines()
            .find(said)
            .unwrap_or_else(|| panic!("{doctor}"));
        assert!(line.contains(setting), "{line}");
    };

    // Away.
    server.ask("stop");
    let refused = attach(&mira, "quagga");
    assert_eq!(refused.status, 503, "{}", refused.text());
    problem(&node, "`s3_endpoint`");
    let source = node.data().join("import/moths.zim");
    std::fs::rename(zim(&net), &source).unwrap();
    let import = mira.import(&source, &[("copy", "1")]);
    let waits = until("the import waits", || {
        let desk = mira.get(&format!("/desk/{import}")).text();
        desk.contains("s3_endpoint").then_some(desk)
    });
    assert!(!waits.contains(&server.secret()));
    node.get("/search?q=tea").expect(200);
    server.ask("start");
    until("it goes on", || {
        node.collection(&import)
            .filter(|one| one["state"] == "ready")
    });
    assert!(server.names().contains(&name_of(&archive(&node, &import))));
    attached(&node, &attach(&mira, "kept"));
    let refused = node.json("/api/v1/search?q=quagga&collection=books")["hits"].to_string();
    assert!(!refused.contains("quagga"), "what was refused is nowhere");

    // A wrong key, none, and no bucket. A node starts all the same where the service may come back.
    server.credentials(&node, "wrong");
    problem(&node, "`s3_credentials`");
    std::fs::remove_file(node.data().join("key")).unwrap();
    let said = node.run(&["config", "check"]).expect(1).err;
    assert!(said.contains("`s3_credentials`"), "{said}");
    server.credentials(&node, &server.secret());
    node.stop();
    let file = node.data().join("lampion.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    let mut other = net.prepare("dale");
    server.set(&mut other, "s3://cellar");
    problem(&other, "`blobs`");
    assert!(settings.contains("s3://shelf"));
}

#[test]
fn a_folder_moves_into_a_bucket() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let mut node = net.node("hill");
    create(&node);
    let cookie = node.person("mira", "librarian").cookie().to_string();
    let files = attached(&node, &attach(&node.resume(&cookie), "tea"));
    assert!(server.names().is_empty());
    node.stop();
    server.set(&mut node, "s3://shelf/hill");
    node.start();
    until("the files are there", || {
        (server.names().len() >= files.len()).then_some(())
    });
    // Now the folder may go.
    node.stop();
    std::fs::remove_dir_all(node.data().join("blobs")).unwrap();
    node.start();
    for file in &files {
        node.get(file).expect(200);
    }
}
