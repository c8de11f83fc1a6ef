//! Mail on its way, and mail taken in, on both databases: the smarthost, reports, full mailboxes, who is away; imports that
//! are killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use lampion_testnet::{Node, TestNet, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail_queue.py");
const MESSAGES: usize = 2_000;

/// SQLite, and PostgreSQL where there is one.
fn databases(name: &str) -> Vec<Option<String>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let postgres = runtime.block_on(lampion_db::testing::new_postgres(name));
    [None].into_iter().chain(postgres.map(Some)).collect()
}

fn prepare(net: &TestNet, database: Option<String>) -> Node {
    let mut node = net.prepare("hill");
    if let Some(database) = database {
        node.set(&format!("database = {database:?}"));
    }
    node.mail();
    node
}

fn app_password(node: &Node, name: &str) -> String {
    let page = node
        .person(name, "member")
        .post("/account/app-passwords", &[("label", "mail")])
        .expect(200)
        .text();
    let is_secret = |word: &&str| word.len() == 23 && word.split('-').all(|part| part.len() == 5);
    page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(is_secret)
        .unwrap_or_else(|| panic!("no secret on {page}"))
        .to_string()
}

fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no python3");
    }
    found
}

#[test]
fn whoever_sends_learns_what_became_of_it() {
    for database in databases("queue").into_iter().filter(|_| has_python()) {
        let net = TestNet::new(PROGRAM);
        let mut script = Command::new("python3")
            .arg(SCRIPT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(script.stdout.take().unwrap());
        let mut tell = script.stdin.take().unwrap();
        let mut hear = || {
            let mut line = String::new();
            told.read_line(&mut line).unwrap();
            line.trim().to_string()
        };
        let mut node = prepare(&net, database);
        node.set(&format!("smarthost = \"smtp://127.0.0.1:{}\"", hear()));
        node.set("mail_quota_mb = 1");
        node.start();
        let mut about = serde_json::json!({});
        for protocol in ["lmtp", "submissions", "imap"] {
            about[protocol] = node.listens(protocol).port().into();
        }
        for name in ["mira", "tomas", "juan", "lea"] {
            about[name] = app_password(&node, name).into();
        }
        let away = [("vacation", "on"), ("vacation_text", "I am at the well.")];
        let session = node.sign_in("lea", "lea and a lantern");
        assert_eq!(session.post("/mail/settings", &away).status, 303);
        writeln!(tell, "{about}").unwrap();
        assert_eq!(hear(), "retry");
        let rows = || {
            let listed = node.run(&["mail", "queue", "list", "--json"]).expect(0);
            listed.json().as_array().unwrap().clone()
        };
        until("the try is noted", || {
            rows().iter().any(|row| row["tries"] == 1).then_some(())
        });
        node.run(&["mail", "queue", "retry"]).expect(0);
        writeln!(tell).unwrap();
        assert_eq!(hear(), "fine");
        assert!(script.wait().unwrap().success());
        let parked = rows();
        assert_eq!(parked.len(), 1, "{parked:?}");
        assert_eq!(parked[0]["state"], "waiting for node valley");
        assert!(!node.log().contains("panicked"), "{}", node.log());
    }
}

fn exported(node: &Node, out: &Path) -> Vec<String> {
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let files = std::fs::read_dir(out.join("cur")).unwrap();
    let mut texts: Vec<String> = files
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort();
    texts
}

#[test]
fn an_import_that_is_killed_goes_on() {
    for database in databases("import") {
        let net = TestNet::new(PROGRAM);
        let maildir = net.folder("many").join("Maildir");
        for below in ["cur", "new", "tmp"] {
            std::fs::create_dir_all(maildir.join(below)).unwrap();
        }
        for number in 0..MESSAGES {
            let text = format!("Subject: {number}\nMessage-ID: <{number}@x>\n\n{number}\n");
            std::fs::write(maildir.join(format!("cur/{number:05}.x:2,S")), text).unwrap();
        }
        let mut node = prepare(&net, database);
        node.start();
        node.person("mira", "member");
        let path = maildir.to_string_lossy().into_owned();
        let words = ["mail", "import", &path, "--person", "mira", "--background"];
        node.run(&words).expect(0);
        let taken = |node: &Node| {
            let session = node.sign_in("mira", "mira and a lantern");
            let page = session.get("/mail/transfer").expect(200).text();
            !page.contains("/mail/transfer/cancel")
        };
        for part in 0..4 {
            let out = net.path(&format!("part{part}"));
            until("some more came", || {
                let _again = std::fs::remove_dir_all(&out);
                (exported(&node, &out).len() >= part * 300 || taken(&node)).then_some(())
            });
            node.kill9();
            node.start();
        }
        until("the import is over", || taken(&node).then_some(()));
        let mut texts = exported(&node, &net.path("out"));
        assert_eq!(texts.len(), MESSAGES);
        texts.dedup();
        assert_eq!(texts.len(), MESSAGES);
    }
}
