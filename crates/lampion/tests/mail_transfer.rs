//! Mail in and out: Maildir and mbox of another program (Python's `mailbox`), another IMAP server (Dovecot), exports,
//! interruptions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use lampion_testnet::{Ask, Node, TestNet, until};
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn python(words: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mailboxes.py");
    let output = Command::new("python3").arg(script).args(words).output();
    let Ok(output) = output else {
        println!("skipped: there is no python3");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

fn read(folder: &Path) -> Value {
    let text = python(&["read", &folder.to_string_lossy()]).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn counts(value: &Value) -> Vec<(String, usize)> {
    let all = value.as_object().unwrap().iter();
    all.map(|(name, list)| (name.clone(), list.as_array().unwrap().len()))
        .collect()
}

#[test]
fn a_maildir_goes_in_and_comes_out_as_it_was() {
    let net = TestNet::new(PROGRAM);
    let folder = net.folder("python");
    if python(&["make", &folder.to_string_lossy()]).is_none() {
        return;
    }
    let node = net.node("hill");
    let mira = node.person("mira", "member");
    let maildir = folder.join("Maildir");
    let before = read(&maildir);
    let done = node.run(&[
        "mail",
        "import",
        &maildir.to_string_lossy(),
        "--person",
        "mira",
        "--json",
    ]);
    let report = done.expect(0).json();
    assert_eq!(
        (&report["messages"], &report["failed"]),
        (&24.into(), &0.into()),
        "{report}"
    );
    let out = net.path("out");
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let mut after = read(&out);
    // Every account has these, empty.
    for own in ["Drafts", "Archive", "Junk", "Trash", "Lists"] {
        assert_eq!(
            after.as_object_mut().unwrap().remove(own).unwrap(),
            Value::Array(Vec::new()),
            "{own}"
        );
    }
    assert_eq!(after, before);

    // The page gives the same, as an archive that another program opens.
    let archive = mira.get("/mail/transfer/export?format=maildir").expect(200);
    assert_eq!(archive.header("content-type"), "application/x-tar");
    let (file, unpacked) = (net.path("mail.tar"), net.folder("unpacked"));
    std::fs::write(&file, &archive.body).unwrap();
    python(&[
        "untar",
        &file.to_string_lossy(),
        &unpacked.to_string_lossy(),
    ])
    .unwrap();
    let mut after = read(&unpacked);
    for own in ["Drafts", "Archive", "Junk", "Trash", "Lists"] {
        after.as_object_mut().unwrap().remove(own);
    }
    assert_eq!(after, before);

    // And takes it in again for another person, by the page.
    let tomas = node.person("tomas", "member");
    let token = tomas.csrf();
    tomas
        .ask(Ask::upload(
            "/mail/transfer/import",
            &[("csrf", &token)],
            &[("mail.tar", &archive.body)],
        ))
        .expect(303);
    settled(&node, "tomas");
    let again = net.path("again");
    node.run(&[
        "mail",
        "export",
        "--person",
        "tomas",
        &again.to_string_lossy(),
    ])
    .expect(0);
    let mut after = read(&again);
    for own in ["Drafts", "Archive", "Junk", "Trash", "Lists"] {
        after.as_object_mut().unwrap().remove(own);
    }
    assert_eq!(after, before);
    // What was sent is cleared away.
    let uploads = node.data().join("uploads");
    until("the upload is cleared away", || {
        std::fs::read_dir(&uploads).map_or(Some(()), |mut all| all.next().is_none().then_some(()))
    });
}

/// Waits until no job of a person is under way.
fn settled(node: &Node, name: &str) -> String {
    let session = node.sign_in(name, &format!("{name} and a lantern"));
    until("the import is over", || {
        let page = session.get("/mail/transfer").expect(200).text();
        (!page.contains("/mail/transfer/cancel")).then_some(page)
    })
}

#[test]
fn an_mbox_of_another_program_is_read_and_ours_is_read_by_it() {
    let net = TestNet::new(PROGRAM);
    let folder = net.folder("python");
    if python(&["make", &folder.to_string_lossy()]).is_none() {
        return;
    }
    let node = net.node("hill");
    node.person("mira", "member");
    let mbox = folder.join("old.mbox");
    let done = node.run(&[
        "mail",
        "import",
        &mbox.to_string_lossy(),
        "--person",
        "mira",
        "--json",
    ]);
    assert_eq!(done.expect(0).json()["messages"], 6);
    let out = net.path("mboxes");
    node.run(&[
        "mail",
        "export",
        "--person",
        "mira",
        "--format",
        "mbox",
        &out.to_string_lossy(),
    ])
    .expect(0);
    let after = read(&out);
    let old = after["old"].as_array().unwrap();
    assert_eq!(old.len(), 6);
    for (number, one) in (25..).zip(old) {
        assert_eq!(one[0], format!("<{number}@example.org>"));
        assert_eq!(one[1], if number % 2 == 1 { "RO" } else { "ROA" });
        assert!(
            one[2]
                .as_str()
                .unwrap()
                .ends_with("Sun Sep 13 12:26:40 2020"),
            "{one}"
        );
    }
    // Quoted lines are as their writer wrote them.
    let maildir = net.path("maildir");
    node.run(&[
        "mail",
        "export",
        "--person",
        "mira",
        &maildir.to_string_lossy(),
    ])
    .expect(0);
    let texts: Vec<String> = std::fs::read_dir(maildir.join(".old/cur"))
        .unwrap()
        .map(|entry| {
            String::from_utf8_lossy(&std::fs::read(entry.unwrap().path()).unwrap()).into_owned()
        })
        .collect();
    assert!(
        texts
            .iter()
            .any(|text| text.contains("\nFrom the hill\n>From")),
        "{texts:?}"
    );
    // mboxrd goes in as it came out.
    let again = net.path("again");
    node.person("tomas", "member");
    node.run(&[
        "mail",
        "import",
        &out.to_string_lossy(),
        "--person",
        "tomas",
    ])
    .expect(0);
    node.run(&[
        "mail",
        "export",
        "--person",
        "tomas",
        &again.to_string_lossy(),
    ])
    .expect(0);
    assert_eq!(read(&again)["old"], read(&maildir)["old"]);
    // Nothing is taken where there is nothing.
    node.run(&["mail", "import", "/nowhere", "--person", "mira"])
        .expect(3);
    node.run(&[
        "mail",
        "import",
        &mbox.to_string_lossy(),
        "--person",
        "nobody",
    ])
    .expect(3);
}

#[test]
fn an_import_goes_on_after_kill_9_without_a_message_twice_or_lost() {
    let net = TestNet::new(PROGRAM);
    let folder = net.folder("many");
    let maildir = folder.join("Maildir");
    for below in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(maildir.join(below)).unwrap();
    }
    for number in 0..3_000 {
        let text = format!("Subject: {number}\nMessage-ID: <{number}@x>\n\n{number}\n");
        std::fs::write(maildir.join(format!("cur/{number:05}.x:2,S")), text).unwrap();
    }
    let mut node = net.prepare("hill");
    node.start();
    node.person("mira", "member");
    let path = maildir.to_string_lossy().into_owned();
    node.run(&["mail", "import", &path, "--person", "mira", "--background"])
        .expect(0);
    for part in 1..4 {
        until("some more came", || {
            let session = node.sign_in("mira", "mira and a lantern");
            let page = session.get("/mail/transfer").expect(200).text();
            let taken: usize = number_before(&page, "messages taken");
            (taken >= part * 300 || !page.contains("/mail/transfer/cancel")).then_some(())
        });
        node.kill9();
        node.start();
    }
    settled(&node, "mira");
    let out = net.path("out");
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let mut texts: Vec<String> = std::fs::read_dir(out.join("cur"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort();
    assert_eq!(texts.len(), 3_000);
    texts.dedup();
    assert_eq!(texts.len(), 3_000);
}

fn number_before(page: &str, words: &str) -> usize {
    let before = page.split(words).next().unwrap_or_default();
    let digits: String = before
        .chars()
        .rev()
        .skip_while(|c| c.is_whitespace())
        .take_while(|c| c.is_ascii_digit() || *c == '\u{202f}')
        .filter(char::is_ascii_digit)
        .collect();
    digits
        .chars()
        .rev()
        .collect::<String>()
        .parse()
        .unwrap_or(0)
}

/// Another mail server.
struct Dovecot {
    child: Child,
    port: u16,
    mail: PathBuf,
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Dovecot {
    fn start(net: &TestNet) -> Option<Self> {
        let Some(program) = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"]
            .iter()
            .find(|path| Path::new(path).exists())
        else {
            println!("skipped: there is no Dovecot (Debian: dovecot-imapd)");
            return None;
        };
        let folder = net.folder("dovecot");
        let mail = folder.join("mail");
        std::fs::create_dir_all(&mail).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let id = |flag| {
            let output = Command::new("id").arg(flag).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_string()
        };
        let (user, group) = (id("-un"), id("-gn"));
        let (uid, gid) = (id("-u"), id("-g"));
        let shown = folder.display();
        let config = format!(
            "base_dir = {shown}/run\nstate_dir = {shown}/state\nlog_path = {shown}/log\nprotocols = imap\nssl = no\n\
             disable_plaintext_auth = no\nlisten = 127.0.0.1\nmail_location = maildir:{shown}/mail\nfirst_valid_uid = 0\n\
             default_internal_user = {user}\ndefault_login_user = {user}\ndefault_internal_group = {group}\nmail_uid = {uid}\nmail_gid = {gid}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n\
             passdb {{\n driver = static\n args = password=secret\n}}\nuserdb {{\n driver = static\n args = uid={uid} gid={gid} home={shown}\n}}\n\
             namespace inbox {{\n inbox = yes\n separator = .\n prefix = INBOX.\n mailbox Gesendet {{\n special_use = \\Sent\n auto = create\n }}\n}}\n"
        );
        let file = folder.join("dovecot.conf");
        std::fs::write(&file, config).unwrap();
        let child = Command::new(program)
            .arg("-F")
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let dovecot = Self { child, port, mail };
        until("Dovecot answers", || {
            std::net::TcpStream::connect(("127.0.0.1", port))
                .ok()
                .map(drop)
        });
        Some(dovecot)
    }
}

#[test]
fn mail_is_fetched_from_another_server_once_and_what_is_new_later() {
    let net = TestNet::new(PROGRAM);
    let folder = net.folder("python");
    if python(&["make", &folder.to_string_lossy()]).is_none() {
        return;
    }
    let Some(dovecot) = Dovecot::start(&net) else {
        return;
    };
    let copied = Command::new("cp")
        .args([
            "-a",
            &format!("{}/.", folder.join("Maildir").display()),
            &dovecot.mail.to_string_lossy(),
        ])
        .status();
    assert!(copied.unwrap().success());
    let mut node = net.prepare("hill");
    node.start();
    node.person("mira", "member");
    let address = format!("imap://mira@127.0.0.1:{}", dovecot.port);
    let words = [
        "mail", "fetch", &address, "--person", "mira", "--plain", "--json",
    ];
    let wrong = node.run_with(&words, "wrong\n").expect(1);
    assert!(wrong.err.contains("refused"), "{}", wrong.err);
    let done = node.run_with(&words, "secret\n").expect(0);
    assert_eq!(done.json()["messages"], 24, "{}", done.out);
    let out = net.path("out");
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let (before, after) = (read(&folder.join("Maildir")), read(&out));
    for name in ["", "Sent", "Lists.rust", "&ycDF1A-"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    // Nothing comes twice; what is new comes.
    let again = node.run_with(&words, "secret\n").expect(0);
    assert_eq!(again.json()["messages"], 0, "{}", again.out);
    std::fs::write(
        dovecot.mail.join("new/1700000000.new"),
        "Subject: new\n\nnew\n",
    )
    .unwrap();
    let again = node.run_with(&words, "secret\n").expect(0);
    assert_eq!(again.json()["messages"], 1, "{}", again.out);
    let out = net.path("out2");
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let after = counts(&read(&out));
    assert!(after.contains(&(String::new(), 7)), "{after:?}");
    // The password isn't kept.
    node.stop();
    let database = std::fs::read(node.data().join("lampion.sqlite")).unwrap();
    assert!(!database.windows(6).any(|bytes| bytes == b"secret"));
}

#[test]
fn a_fetch_goes_on_after_kill_9() {
    let net = TestNet::new(PROGRAM);
    let Some(dovecot) = Dovecot::start(&net) else {
        return;
    };
    for below in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(dovecot.mail.join(below)).unwrap();
    }
    for number in 0..1_500 {
        let text = format!("Subject: {number}\nMessage-ID: <{number}@x>\n\n{number}\n");
        std::fs::write(dovecot.mail.join(format!("cur/{number:05}.x:2,S")), text).unwrap();
    }
    let mut node = net.prepare("hill");
    node.start();
    let session = node.person("mira", "member");
    let port = dovecot.port.to_string();
    session
        .post(
            "/mail/transfer/fetch",
            &[
                ("host", "127.0.0.1"),
                ("port", &port),
                ("secure", "plain"),
                ("user", "mira"),
                ("password", "secret"),
            ],
        )
        .expect(303);
    for part in 1..3 {
        until("some more came", || {
            let session = node.sign_in("mira", "mira and a lantern");
            let page = session.get("/mail/transfer").expect(200).text();
            (number_before(&page, "messages taken") >= part * 100
                || !page.contains("/mail/transfer/cancel"))
            .then_some(())
        });
        node.kill9();
        node.start();
    }
    settled(&node, "mira");
    let out = net.path("out");
    node.run(&["mail", "export", "--person", "mira", &out.to_string_lossy()])
        .expect(0);
    let mut texts: Vec<String> = std::fs::read_dir(out.join("cur"))
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 1_500);
    assert_eq!(std::fs::read_dir(out.join("cur")).unwrap().count(), 1_500);
}
