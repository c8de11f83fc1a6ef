//! Further programs of others read, file, sync and send mail on a real node, and sign in by SCRAM.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use lampion_testnet::{Node, TestNet};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// A node with mail, and the app password of `mira`.
fn node(net: &TestNet) -> (Node, String) {
    let mut hill = net.prepare("hill");
    hill.secure();
    hill.mail();
    hill.start();
    let mira = hill.person("mira", "member");
    let page = mira
        .post("/account/app-passwords", &[("label", "mail")])
        .expect(200)
        .text();
    let is_secret = |word: &&str| word.len() == 23 && word.split('-').all(|part| part.len() == 5);
    let secret = page
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(is_secret)
        .unwrap_or_else(|| panic!("no secret on {page}"))
        .to_string();
    (hill, secret)
}

/// Whether all programs are there; says which aren't.
fn have(programs: &[(&str, &str)]) -> bool {
    for (program, package) in programs {
        let tried = Command::new(program)
            .arg("--version")
            .stdin(Stdio::null())
            .output();
        if tried.is_err() {
            println!("skipped: {program} is absent (Debian's package {package})");
            return false;
        }
    }
    true
}

fn port(hill: &Node, protocol: &str) -> String {
    hill.listens(protocol).port().to_string()
}

fn authority(hill: &Node) -> String {
    let file = hill.data().join("node").join("ca.pem");
    file.to_str().unwrap().to_string()
}

/// Runs a script beside this file; its last line must be `fine`.
fn script(command: &mut Command, name: &str, arguments: &[&str]) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name);
    let done = command.arg(file).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success() && said.trim_end().ends_with("fine"),
        "{said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn python() -> Option<Command> {
    let python = std::env::var_os("LAMPION_TEST_PYTHON");
    if python.is_none() {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
    }
    python.map(Command::new)
}

#[test]
fn neomutt_sends_reads_answers_moves_and_deletes() {
    let Some(mut python) = python() else { return };
    if !have(&[("neomutt", "neomutt")]) {
        return;
    }
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    let folder = tempfile::tempdir().unwrap();
    script(
        &mut python,
        "imap_mutt.py",
        &[
            &port(&hill, "imaps"),
            &port(&hill, "imap"),
            &port(&hill, "submission"),
            "mira",
            &secret,
            &authority(&hill),
            folder.path().to_str().unwrap(),
        ],
    );
}

#[test]
fn offlineimap_syncs_both_ways() {
    let Some(mut python) = python() else { return };
    if !have(&[("offlineimap", "offlineimap3")]) {
        return;
    }
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    let folder = tempfile::tempdir().unwrap();
    script(
        &mut python,
        "imap_offlineimap.py",
        &[
            &port(&hill, "imap"),
            "mira",
            &secret,
            folder.path().to_str().unwrap(),
            "300",
        ],
    );
}

#[test]
fn imapflow_reads_files_and_resyncs() {
    let Some(modules) = std::env::var_os("LAMPION_TEST_NODE_MODULES") else {
        println!("skipped: LAMPION_TEST_NODE_MODULES is not set (`./test` sets it)");
        return;
    };
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    script(
        Command::new("node").env("NODE_PATH", modules),
        "imap_flow.cjs",
        &[&port(&hill, "imaps"), "mira", &secret, &authority(&hill)],
    );
}

#[test]
fn gsasl_signs_in_by_scram() {
    if !have(&[("gsasl", "gsasl")]) {
        return;
    }
    let net = TestNet::new(PROGRAM);
    let (hill, secret) = node(&net);
    let authority = authority(&hill);
    let sign_in = |protocol: &str, way: &str, mechanism: &str, secret: &str, more: &[&str]| {
        let address = format!("localhost:{}", hill.listens(protocol).port());
        let done = Command::new("gsasl")
            .args([way, "--connect", &address, "--mechanism", mechanism])
            .args(["--authentication-id", "mira", "--password", secret])
            .args(["--x509-ca-file", &authority, "--starttls"])
            .args(more)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&done.stdout),
            String::from_utf8_lossy(&done.stderr)
        );
        (done.status.success(), said)
    };
    for (protocol, way) in [("imap", "--imap"), ("submission", "--smtp")] {
        // It ends well only if the server has shown that it knows the secret too.
        let (done, said) = sign_in(protocol, way, "SCRAM-SHA-256", &secret, &["--no-cb"]);
        assert!(done && said.contains("server trusted"), "{said}");
        assert!(!said.contains("-PLUS"), "{said}");
        let wrong = "00000-00000-00000-00000";
        let (done, said) = sign_in(protocol, way, "SCRAM-SHA-256", wrong, &["--no-cb"]);
        assert!(!done, "a wrong password was taken: {said}");
        let (done, said) = sign_in(protocol, way, "SCRAM-SHA-256-PLUS", &secret, &[]);
        assert!(!done, "a binding is not offered: {said}");
    }
}
