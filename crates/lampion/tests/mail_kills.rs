//! `kill -9` of a node at random moments while mail comes, goes out and is filed: what was acknowledged is there once, with its
//! copy in Sent, its rows in the queue and its answers; UIDs are never given twice, and MODSEQ never falls.
//!
//! `LAMPION_TEST_KILLS` tells how many times (5 by default).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;
use std::process::Command;

use lampion_testnet::{Chance, Node, TestNet, within};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail_kills.py");
/// A full look at everything after so many kills.
const LOOK: u64 = 20;
/// Facts in one round at most: some rounds end when the sessions have hardly begun.
const FACTS: u64 = 160;

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

fn script(words: &[&str]) {
    let done = Command::new("python3")
        .arg(SCRIPT)
        .args(words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    print!("{said}");
}

fn lines(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().count() as u64
}

fn killed_again_and_again(database: Option<String>) {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let kills: u64 = std::env::var("LAMPION_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    if let Some(database) = database {
        node.set(&format!("database = {database:?}"));
    }
    // Nobody is there: what is sent to the world stays in the queue.
    node.set("smarthost = \"smtp://127.0.0.1:1\"");
    node.mail();
    node.start();
    let (mira, tomas) = (app_password(&node, "mira"), app_password(&node, "tomas"));
    let session = node.sign_in("tomas", "tomas and a lantern");
    let away = [
        ("vacation", "on"),
        ("vacation_subject", "Away"),
        ("vacation_text", "I am at the well."),
        ("signature", ""),
        ("undo_s", "0"),
    ];
    assert_eq!(session.post("/mail/settings", &away).status, 303);
    let client = "import imaplib,sys\nm = imaplib.IMAP4('127.0.0.1', int(sys.argv[1])); m.login('mira', sys.argv[2])\nfor b in ('Box', 'Shelf'): assert m.create(b)[0] == 'OK'";
    let port = |node: &Node, protocol: &str| node.listens(protocol).port().to_string();
    let made = Command::new("python3")
        .args(["-c", client, &port(&node, "imap"), &mira])
        .status();
    assert!(made.unwrap().success());

    let facts = net.path("facts");
    let (path, mut chance) = (facts.to_string_lossy().into_owned(), Chance::new(29));
    for round in 1..=kills {
        let goal = lines(&facts) + 1 + chance.below(FACTS);
        let number = round.to_string();
        let ports = ["lmtp", "submissions", "imap"].map(|one| port(&node, one));
        let mut load = Command::new("python3")
            .args([SCRIPT, "load", &path, &number])
            .args(&ports)
            .arg(&mira)
            .spawn()
            .unwrap();
        // A busy machine may be slow: then it is killed all the same.
        within(std::time::Duration::from_secs(20), || {
            (lines(&facts) >= goal).then_some(())
        });
        node.kill9();
        assert!(load.wait().unwrap().success());
        node.start();
        script(&["status", &path, &port(&node, "imap"), &mira]);
        if round % LOOK == 0 || round == kills {
            println!("{round} kills");
            let queue = net.path("queue.json");
            let rows = node.run(&["mail", "queue", "list", "--json"]).expect(0);
            std::fs::write(&queue, rows.out).unwrap();
            let queue = queue.to_string_lossy().into_owned();
            script(&["check", &path, &queue, &port(&node, "imap"), &mira, &tomas]);
        }
    }
    assert!(!node.log().contains("panicked"), "{}", node.log());
}

#[test]
fn what_was_acknowledged_is_there_once_after_every_kill() {
    killed_again_and_again(None);
}

#[test]
fn and_so_it_is_on_postgresql() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(database) = runtime.block_on(lampion_db::testing::new_postgres("kills")) {
        killed_again_and_again(Some(database));
    }
}
