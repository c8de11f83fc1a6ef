//! An old database is put back: mail programs must not take new messages for old ones.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;

use lampion_testnet::{Node, TestNet};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

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

/// A session of lines.
struct Talk(BufReader<TcpStream>);

impl Talk {
    fn new(node: &Node, protocol: &str) -> Self {
        let mut talk = Self(BufReader::new(
            TcpStream::connect(node.listens(protocol)).unwrap(),
        ));
        talk.hear(|_| true);
        talk
    }

    fn hear(&mut self, last: impl Fn(&str) -> bool) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "{all}");
            all.push_str(&line);
            if last(&line) {
                return all;
            }
        }
    }

    fn imap(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "a {command}\r\n").unwrap();
        let said = self.hear(|line| line.starts_with("a "));
        assert!(said.contains("a OK"), "{command}: {said}");
        said
    }

    fn smtp(&mut self, command: &str) -> String {
        write!(self.0.get_mut(), "{command}\r\n").unwrap();
        self.hear(|line| line.get(3..4) == Some(" "))
    }
}

fn deliver(node: &Node, subject: &str) {
    let mut talk = Talk::new(node, "lmtp");
    talk.smtp("LHLO here.internal");
    talk.smtp("MAIL FROM:<a@valley.internal>");
    talk.smtp("RCPT TO:<mira@hill.internal>");
    talk.smtp("DATA");
    let said = talk.smtp(&format!("Subject: {subject}\r\n\r\n{subject}\r\n."));
    assert!(said.starts_with("250"), "{said}");
}

fn number(said: &str, word: &str) -> u64 {
    let rest = said
        .split(word)
        .nth(1)
        .unwrap_or_else(|| panic!("no {word} in {said}"));
    let digits: String = rest
        .trim_start()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

/// UIDVALIDITY, and the subject of each UID, of a mailbox.
fn seen(node: &Node, secret: &str, mailbox: &str) -> (u64, Vec<(u64, String)>) {
    let mut talk = Talk::new(node, "imap");
    talk.imap(&format!("LOGIN mira {secret}"));
    let validity = number(&talk.imap(&format!("SELECT {mailbox}")), "UIDVALIDITY");
    let all = talk.imap("UID FETCH 1:* (UID ENVELOPE)");
    let rows = all.lines().filter(|line| line.starts_with('*'));
    let subject = |line: &str| line.split('"').nth(1).unwrap_or_default().to_string();
    (
        validity,
        rows.map(|line| (number(line, "UID"), subject(line)))
            .collect(),
    )
}

fn copy_database(from: &Path, to: &Path) {
    for end in ["", "-wal", "-shm"] {
        let name = format!("lampion.sqlite{end}");
        let _was_there = std::fs::remove_file(to.join(&name));
        if from.join(&name).exists() {
            std::fs::copy(from.join(&name), to.join(&name)).unwrap();
        }
    }
}

#[test]
fn after_an_old_database_no_uid_means_another_message() {
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.mail();
    node.start();
    let secret = app_password(&node, "mira");
    for subject in ["one", "two"] {
        deliver(&node, subject);
    }
    let before = seen(&node, &secret, "INBOX");
    assert_eq!(before.1.len(), 2);
    // Nothing is renewed by starts, stops and kills.
    node.restart();
    node.kill9();
    node.start();
    assert_eq!(seen(&node, &secret, "INBOX"), before);

    // A backup, of the database alone.
    node.stop();
    let backup = net.folder("backup");
    copy_database(node.data(), &backup);
    node.start();
    deliver(&node, "three");
    let lost = seen(&node, &secret, "INBOX");
    assert_eq!(lost.0, before.0);
    assert_eq!(lost.1.len(), 3);
    node.kill9();
    copy_database(&backup, node.data());
    node.start();
    deliver(&node, "four");
    let after = seen(&node, &secret, "INBOX");
    assert!(after.0 > lost.0, "{after:?} after {lost:?}");
    let subjects: Vec<&str> = after
        .1
        .iter()
        .map(|(_, subject)| subject.as_str())
        .collect();
    assert_eq!(subjects, ["one", "two", "four"]);
    assert!(
        node.log().contains("the database is older than"),
        "{}",
        node.log()
    );
    let doctor = node.run(&["doctor"]);
    assert!(
        doctor.out.contains("an older database was put back"),
        "{doctor:?}"
    );
    // Once.
    node.restart();
    assert_eq!(seen(&node, &secret, "INBOX"), after);

    // Who put back everything, the mark too, says so.
    node.stop();
    node.run(&["mail", "renew"]).expect(0);
    node.start();
    let renewed = seen(&node, &secret, "INBOX");
    assert!(renewed.0 > after.0, "{renewed:?} after {after:?}");
    assert_eq!(renewed.1, after.1);
}
