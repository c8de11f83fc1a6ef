//! Mail comes in by SMTP, submission and LMTP from clients of others, and goes out to a server of others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use lampion_testnet::{Chance, Node, TestNet, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_clients.py");

fn app_password(node: &Node, name: &str) -> String {
    let session = node.person(name, "member");
    let page = session
        .post("/account/app-passwords", &[("label", "mail")])
        .expect(200)
        .text();
    let is_secret = |word: &&str| word.len() == 23 && word.split('-').all(|part| part.len() == 5);
    page.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .find(is_secret)
        .unwrap_or_else(|| panic!("no secret on {page}"))
        .to_string()
}

fn python() -> Option<std::ffi::OsString> {
    let python = std::env::var_os("LAMPION_TEST_PYTHON");
    if python.is_none() {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
    }
    python
}

#[test]
fn programs_of_others_send_and_receive() {
    let Some(python) = python() else { return };
    let net = TestNet::new(PROGRAM);
    // The smarthost comes first, for its port stands in the configuration.
    let mut smarthost = Command::new(&python)
        .args([SCRIPT, "smarthost"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(smarthost.stdout.take().unwrap());
    let mut port = String::new();
    out.read_line(&mut port).unwrap();
    let mut node = net.prepare("hill");
    node.set(&format!("smarthost = \"smtp://127.0.0.1:{}\"", port.trim()));
    node.mail();
    node.start();
    let secret = app_password(&node, "mira");
    node.person("juan", "member");
    let done = Command::new(&python)
        .args([SCRIPT, "clients"])
        .args(
            ["submission", "submissions", "smtp", "lmtp"]
                .map(|port| node.listens(port).port().to_string()),
        )
        .arg(&secret)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    let rows = || {
        node.run(&["mail", "queue", "list", "--json"])
            .expect(0)
            .json()
    };
    let parked = until("all but what waits for a node to leave the queue", || {
        let rows = rows();
        (rows.as_array().unwrap().len() == 1).then_some(rows)
    });
    assert_eq!(parked[0]["state"], "waiting for node valley");
    assert_eq!(node.run(&["mail", "queue", "drop", "none"]).code, 3);
    node.run(&["mail", "queue", "drop", parked[0]["id"].as_str().unwrap()])
        .expect(0);
    assert_eq!(rows().as_array().unwrap().len(), 0);
    drop(smarthost.stdin.take());
    let mut received = String::new();
    out.read_to_string(&mut received).unwrap();
    smarthost.wait().unwrap();
    assert!(
        received.contains("to far@example.org") && received.contains("a line\\r\\n.dot"),
        "{received}"
    );
    assert!(!received.contains("to nobody@example.org"), "{received}");
    // The bounce of nobody@example.org and that of what was dropped.
    let envelopes = messages(&node);
    let bounces = envelopes
        .iter()
        .filter(|one| one.contains("could not be delivered"))
        .count();
    assert_eq!(bounces, 2, "{envelopes:#?}");
    assert!(
        envelopes
            .iter()
            .any(|one| one.contains("Your message was delivered")),
        "{envelopes:#?}"
    );
}

fn script(python: &std::ffi::OsStr, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(python)
        .arg(SCRIPT)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let done = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{errors}");
    String::from_utf8(done.stdout).unwrap()
}

fn queue_is_empty(node: &Node) {
    until("the queue to be empty", || {
        let rows = node.run(&["mail", "queue", "list", "--json"]).expect(0);
        rows.json().as_array().unwrap().is_empty().then_some(())
    });
}

/// What arrives of the message with a file: its text as it was written, its file whole.
const WIDE: &str = "b'\\xec\\x9a\\xb0\\xeb\\xac\\xbc\\xec\\x9d\\x80 \\xea\\xb9\\x8a\\xeb\\x8b\\xa4\\r\\n.\\xec\\xa0\\x90\\r\\n'";

#[test]
fn a_server_that_takes_no_eight_bit_text_gets_seven() {
    let Some(python) = python() else { return };
    let net = TestNet::new(PROGRAM);
    let mut smarthost = Command::new(&python)
        .args([SCRIPT, "old"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(smarthost.stdout.take().unwrap());
    let mut port = String::new();
    out.read_line(&mut port).unwrap();
    let mut node = net.prepare("hill");
    node.set(&format!("smarthost = \"smtp://127.0.0.1:{}\"", port.trim()));
    node.mail();
    node.start();
    let secret = app_password(&node, "mira");
    let submissions = node.listens("submissions").port().to_string();
    script(
        &python,
        &["wide", &submissions, &secret, "far@example.org"],
        "",
    );
    queue_is_empty(&node);
    drop(smarthost.stdin.take());
    let mut taken = String::new();
    out.read_to_string(&mut taken).unwrap();
    smarthost.wait().unwrap();
    let told = script(&python, &["received"], &taken);
    // As it was written, in ASCII: Date and Message-ID are there though the sender gave none.
    let expected = [
        format!("received wide True {WIDE} 659998"),
        format!("received bare True {WIDE} 24"),
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{told}");
    // A header in another script can't be sent there: its sender is told.
    let bounces = messages(&node);
    let bounces = bounces
        .iter()
        .filter(|one| one.contains("could not be delivered"));
    assert_eq!(bounces.count(), 1);
}

#[test]
fn another_node_as_a_smarthost_gets_everything_as_it_is() {
    let Some(python) = python() else { return };
    let net = TestNet::new(PROGRAM);
    let mut far = net.prepare("valley");
    far.set("net = \"example\"");
    far.set("mail_requests = false");
    far.mail();
    far.start();
    let kim = app_password(&far, "kim");
    let mut node = net.prepare("hill");
    let smarthost = far.listens("smtp").port();
    node.set(&format!("smarthost = \"smtp://127.0.0.1:{smarthost}\""));
    node.mail();
    node.start();
    let secret = app_password(&node, "mira");
    let submissions = node.listens("submissions").port().to_string();
    script(
        &python,
        &["wide", &submissions, &secret, "kim@valley.example"],
        "",
    );
    queue_is_empty(&node);
    let imaps = far.listens("imaps").port().to_string();
    let told = script(&python, &["fetch", &imaps, &kim], "");
    let expected = [
        format!("received wide False {WIDE} 659998"),
        format!("received bare False {WIDE} 24"),
        "received 우물 False b'x\\r\\n' 3".into(),
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected, "{told}");
}

#[test]
fn swaks_sends_over_tls() {
    if Command::new("swaks").arg("--version").output().is_err() {
        println!("skipped: swaks is not installed");
        return;
    }
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.mail();
    node.start();
    let secret = app_password(&node, "mira");
    let send = |from: &str, to: &str| {
        let server = node.listens("submission");
        let done = Command::new("swaks")
            .args([
                "--tls",
                "--auth",
                "PLAIN",
                "--auth-user",
                "mira@hill.internal",
                "--auth-password",
                &secret,
            ])
            .args([
                "--server",
                &server.ip().to_string(),
                "--port",
                &server.port().to_string(),
            ])
            .args(["--from", from, "--to", to])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        println!("{said}{}", String::from_utf8_lossy(&done.stderr));
        said
    };
    assert!(
        send("mira@hill.internal", "mira+books@hill.internal").contains("<~  250 2.0.0 it is kept")
    );
    assert!(send("juan@hill.internal", "mira@hill.internal").contains("550 5.7.1"));
    assert!(send("mira@hill.internal", "nobody@hill.internal").contains("550 5.1.1"));
    assert!(send("mira@hill.internal", "a@example.org").contains("550 5.1.2"));
    assert_eq!(messages(&node).len(), 1);
}

/// What the database says of each message that it keeps.
fn messages(node: &Node) -> Vec<String> {
    let script = "import sqlite3,sys\nfor r in sqlite3.connect(sys.argv[1]).execute('select envelope from mail_message order by id'): print(repr(r[0]))";
    let done = Command::new("python3")
        .args(["-c", script])
        .arg(node.data().join("lampion.sqlite"))
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout)
        .unwrap()
        .lines()
        .map(Into::into)
        .collect()
}

/// One LMTP session that sends message after message; gives those that got their 250.
fn load(
    server: SocketAddr,
    names: impl Iterator<Item = String>,
    kept: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(server)?;
    let mut replies = BufReader::new(stream.try_clone()?);
    let mut hear = |code: &str| -> std::io::Result<()> {
        loop {
            let mut line = String::new();
            if replies.read_line(&mut line)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if line.get(3..4) == Some(" ") {
                assert!(line.starts_with(code), "{line}");
                return Ok(());
            }
        }
    };
    hear("220")?;
    stream.write_all(b"LHLO load.internal\r\n")?;
    hear("250")?;
    for name in names {
        let text = format!(
            "Message-ID: <{name}@load>\r\nSubject: {name}\r\n\r\n{}\r\n.\r\n",
            "x".repeat(500)
        );
        stream.write_all(
            b"MAIL FROM:<load@example.org>\r\nRCPT TO:<mira@hill.internal>\r\nDATA\r\n",
        )?;
        hear("250")?;
        hear("250")?;
        hear("354")?;
        stream.write_all(text.as_bytes())?;
        hear("250")?;
        kept.lock().unwrap().push(name);
    }
    Ok(())
}

#[test]
fn the_navigation_counts_what_is_unread() {
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.set("mail_requests = false");
    node.mail();
    node.start();
    let mira = node.person("mira", "member");
    let page = |path: &str| mira.get(path).expect(200).text();
    assert!(page("/").contains("Mail <b></b></a>"), "{}", page("/"));
    let names = ["one", "two"].map(String::from).into_iter();
    load(node.listens("lmtp"), names, &Mutex::new(Vec::new())).unwrap();
    assert!(page("/").contains("Mail <b>2</b></a>"), "{}", page("/"));
    let list = page("/mail");
    let thread = list
        .split('"')
        .filter(|part| part.starts_with("/mail/box/") && part.split('/').count() == 5)
        .find(|part| part.ends_with(|c: char| c.is_ascii_digit()))
        .unwrap_or_else(|| panic!("no conversation in {list}"));
    // The page on which one is read counts it no more.
    assert!(
        page(thread).contains("Mail <b>1</b></a>"),
        "{}",
        page(thread)
    );
    assert!(page("/account").contains("Mail <b>1</b></a>"));
    assert!(
        !node.get("/").text().contains("/mail\""),
        "only members have mail"
    );
}

#[test]
fn what_got_a_250_is_there_once_after_every_kill() {
    let rounds: u64 = std::env::var("LAMPION_TEST_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.mail();
    node.start();
    node.person("mira", "member");
    let (kept, mut chance) = (Mutex::new(Vec::new()), Chance::new(11));
    for round in 0..rounds {
        let server = node.listens("lmtp");
        let goal = kept.lock().unwrap().len() + 1 + usize::try_from(chance.below(60)).unwrap();
        std::thread::scope(|scope| {
            for session in 0..4 {
                let kept = &kept;
                let names = (0..100_000).map(move |n| format!("m{round}-{session}-{n}"));
                scope.spawn(move || load(server, names, kept).expect_err("the node was killed"));
            }
            until("some messages", || {
                (kept.lock().unwrap().len() >= goal).then_some(())
            });
            node.kill9();
        });
        node.start();
    }
    let mut times = BTreeMap::new();
    for envelope in messages(&node) {
        let name = envelope
            .split("@load>")
            .next()
            .and_then(|text| text.rsplit('<').next())
            .unwrap_or_default()
            .to_string();
        *times.entry(name).or_insert(0) += 1;
    }
    let kept = kept.into_inner().unwrap();
    for name in &kept {
        assert_eq!(times.get(name), Some(&1), "{name}");
    }
    println!(
        "{} messages got a 250 in {rounds} rounds, {} are there",
        kept.len(),
        times.len()
    );
}
