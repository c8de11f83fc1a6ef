//! Mail programs of others read and file mail on a real node.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;
use std::process::Command;

use lampion_testnet::{Node, Session, TestNet};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// An app password of a person.
fn app_password(person: &Session) -> String {
    let shown = person
        .post("/account/app-passwords", &[("label", "mail")])
        .expect(200)
        .text();
    shown
        .split("<code")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1))
        .and_then(|rest| rest.split('<').next())
        .unwrap_or_else(|| panic!("{shown}"))
        .to_string()
}

/// A node with mail, and the app password of `mira`.
fn node(net: &TestNet) -> (Node, String) {
    let mut hill = net.prepare("hill");
    hill.secure();
    hill.mail();
    hill.start();
    let mira = hill.person("mira", "member");
    let secret = app_password(&mira);
    (hill, secret)
}

fn python() -> Option<std::ffi::OsString> {
    let python = std::env::var_os("LAMPION_TEST_PYTHON");
    if python.is_none() {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
    }
    python
}

/// Runs a script beside this file; its last line must be `fine`.
fn script(python: &std::ffi::OsStr, name: &str, arguments: &[&str]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name);
    let done = Command::new(python)
        .arg(file)
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.trim_end().ends_with("fine"),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn python_clients_read_and_file_mail() {
    let Some(python) = python() else { return };
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    let (plain, tls) = (
        hill.listens("imap").port().to_string(),
        hill.listens("imaps").port().to_string(),
    );
    script(&python, "imap_clients.py", &[&plain, &tls, "mira", &secret]);
}

#[test]
fn mbsync_syncs_both_ways_without_loss() {
    let Some(python) = python() else { return };
    if Command::new("mbsync").arg("--version").output().is_err() {
        println!("skipped: mbsync is absent (Debian's package isync)");
        return;
    }
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    let folder = tempfile::tempdir().unwrap();
    let port = hill.listens("imap").port().to_string();
    let folder = folder.path().to_str().unwrap();
    // The number takes some minutes: LAMPION_TEST_MESSAGES=10000.
    let messages = std::env::var("LAMPION_TEST_MESSAGES").unwrap_or_else(|_| "1000".into());
    script(
        &python,
        "imap_mbsync.py",
        &[&port, "mira", &secret, folder, &messages],
    );
}

#[test]
fn shared_mailboxes_are_read_by_who_may() {
    let Some(python) = python() else { return };
    let net = TestNet::new(PROGRAM);
    let (hill, mira) = node(&net);
    let tomas = app_password(&hill.person("tomas", "member"));
    let lea = hill.person("lea", "operator");
    lea.post("/people/groups", &[("name", "desk")]).expect(303);
    for words in [
        ["mail", "shared", "create", "help", "--manager", "mira"],
        ["mail", "list", "create", "friends", "--owner", "mira"],
    ] {
        hill.run(&words).expect(0);
    }
    let port = hill.listens("imap").port().to_string();
    script(
        &python,
        "imap_shared.py",
        &[&port, "mira", &mira, "tomas", &tomas],
    );
}
