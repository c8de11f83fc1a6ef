//! A full disk: refused in plain words, nothing is damaged, and it goes on when there is room. Mail too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::Path;
use std::process::Command;

use lampion_testnet::{Ask, Chance, Node, TestNet, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");
const DOCUMENTS: usize = 400;

/// A small disk, as only root may make one.
struct Disk(std::path::PathBuf);

impl Disk {
    fn new(path: &Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(path).unwrap();
        let made = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(path)
            .output();
        if !made.is_ok_and(|made| made.status.success()) {
            println!("skipped: a small disk can't be mounted here");
            return None;
        }
        Some(Self(path.into()))
    }

    fn resize(&self, megabytes: u32) {
        let done = Command::new("mount")
            .args(["-o", &format!("remount,size={megabytes}m")])
            .arg(&self.0)
            .status()
            .unwrap();
        assert!(done.success());
    }

    /// Fills it but for some kilobytes.
    fn fill(&self, leave_kb: u64) -> std::path::PathBuf {
        let file = self.0.join("ballast");
        let free = free_kb(&self.0);
        let mut out = std::fs::File::create(&file).unwrap();
        for _ in 0..free.saturating_sub(leave_kb) / 64 {
            std::io::Write::write_all(&mut out, &[7; 64 << 10]).unwrap();
        }
        file
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _nothing_more_to_do = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn free_kb(path: &Path) -> u64 {
    let told = Command::new("df")
        .args(["-k", "--output=avail"])
        .arg(path)
        .output()
        .unwrap();
    String::from_utf8_lossy(&told.stdout)
        .lines()
        .nth(1)
        .unwrap()
        .trim()
        .parse()
        .unwrap()
}

fn lessons(path: &Path) {
    let mut chance = Chance::new(3);
    let lines: String = (0..DOCUMENTS).map(|number| format!("{{\"id\":\"l{number}\",\"title\":\"Lesson {number:04}\",\"description\":\"lantern {}\"}}\n", chance.text(30))).collect();
    std::fs::write(path, lines).unwrap();
}

fn jobs(node: &Node, cookie: &str, id: &str) -> String {
    node.resume(cookie)
        .ask(Ask::get(&format!("/desk/{id}")).header("x-partial", "1"))
        .expect(200)
        .text()
}

fn works(node: &Node) {
    node.get("/health").expect(200);
    node.get("/").expect(200);
    assert!(
        node.search("library")["total"].as_u64().unwrap() > 0,
        "the handbook is found"
    );
}

fn go_on(node: &Node, cookie: &str, id: &str) {
    // It goes on by itself after a while; a librarian needn't wait for it.
    let shown = jobs(node, cookie, id);
    if let Some(job) = shown
        .split("name=\"job\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
    {
        let told = node
            .resume(cookie)
            .post(&format!("/desk/{id}"), &[("do", "retry"), ("job", job)]);
        assert_eq!(told.status, 303, "{}", told.text());
    }
    until("the import's end", || {
        node.collection(id).filter(|one| one["state"] == "ready")
    });
}

#[test]
fn an_import_waits_for_room_and_everything_else_goes_on() {
    let net = TestNet::new(PROGRAM);
    let Some(disk) = Disk::new(&net.path("disk"), 120) else {
        return;
    };
    let mut hill = net.prepare_at("hill", &disk.0.join("node"));
    hill.start();
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    let cookie = hill.person("mira", "librarian").cookie().to_string();
    let source = net.path("lessons.jsonl");
    lessons(&source);

    // Less room than an import leaves for everything else.
    let ballast = disk.fill(20 << 10);
    let path = source.to_string_lossy();
    hill.run(&["import", &path, "--id", "lessons", "--copy", "--background"])
        .expect(0);
    until("the refusal", || {
        jobs(&hill, &cookie, "lessons")
            .contains("no space left on the disk")
            .then_some(())
    });
    works(&hill);
    hill.person("lea", "member").get("/account").expect(200);
    hill.restart();
    works(&hill);
    until("the same refusal", || {
        jobs(&hill, &cookie, "lessons")
            .contains("no space left on the disk")
            .then_some(())
    });

    std::fs::remove_file(ballast).unwrap();
    go_on(&hill, &cookie, "lessons");
    assert_eq!(
        hill.all_raw("q=lantern&collection=lessons").len(),
        DOCUMENTS
    );
}

#[test]
fn a_disk_without_a_single_byte_damages_nothing() {
    let net = TestNet::new(PROGRAM);
    let Some(disk) = Disk::new(&net.path("disk"), 120) else {
        return;
    };
    let mut hill = net.prepare_at("hill", &disk.0.join("node"));
    hill.start();
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    let cookie = hill.person("mira", "librarian").cookie().to_string();
    let source = net.path("lessons.jsonl");
    lessons(&source);
    hill.import(&source, &["--id", "before"]).expect(0);
    let before = hill.all_raw("q=lantern&collection=before");
    assert_eq!(before.len(), DOCUMENTS);

    let ballast = disk.fill(0);
    works(&hill);
    assert_eq!(hill.all_raw("q=lantern&collection=before"), before);
    // Whatever has to be written is refused in words, or waits.
    let upload = {
        let mira = hill.resume(&cookie);
        let token = mira.csrf();
        mira.ask(Ask::upload(
            "/desk/import/upload",
            &[("csrf", &token)],
            &[("big.txt", &[b'x'; 4 << 20])],
        ))
    };
    assert!(
        matches!(upload.status, 503 | 507),
        "{} {}",
        upload.status,
        upload.text()
    );
    let queued = hill.run(&[
        "import",
        &source.to_string_lossy(),
        "--id",
        "after",
        "--background",
    ]);
    assert!(
        queued.code == 0 || queued.err.contains("disk") || queued.err.contains("full"),
        "{queued:?}"
    );
    works(&hill);
    // The power goes, too.
    hill.kill9();
    if !hill.try_start() {
        assert!(
            !hill.log().contains("panicked"),
            "a node that can't start says why: {}",
            hill.log()
        );
    } else {
        works(&hill);
        hill.kill9();
    }

    disk.resize(300);
    std::fs::remove_file(ballast).unwrap();
    hill.start();
    works(&hill);
    assert_eq!(hill.all_raw("q=lantern&collection=before"), before);
    hill.import(&source, &["--id", "after"]).expect(0);
    assert_eq!(hill.all_raw("q=lantern&collection=after").len(), DOCUMENTS);
    assert!(!hill.log().contains("panicked"), "{}", hill.log());
}

const MAIL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/mail_disk.py");

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

fn mail_programs(node: &Node, what: &str, facts: &Path, secret: &str) {
    let ports = ["lmtp", "submissions", "imap"].map(|one| node.listens(one).port().to_string());
    let done = Command::new("python3")
        .args([MAIL, what])
        .arg(facts)
        .args(ports)
        .arg(secret)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(
        done.status.success() && said.trim_end().ends_with("fine"),
        "{what}: {said}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[test]
fn mail_is_put_off_in_words_and_none_that_was_taken_is_lost() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let net = TestNet::new(PROGRAM);
    let Some(disk) = Disk::new(&net.path("disk"), 120) else {
        return;
    };
    let mut hill = net.prepare_at("hill", &disk.0.join("node"));
    hill.mail();
    hill.start();
    until("the handbook", || {
        hill.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    let secret = app_password(&hill, "mira");
    let facts = net.path("facts.json");
    mail_programs(&hill, "before", &facts, &secret);
    let ballast = disk.fill(0);
    mail_programs(&hill, "full", &facts, &secret);
    // The power goes while there is no room.
    hill.kill9();
    if hill.try_start() {
        mail_programs(&hill, "full", &facts, &secret);
        std::fs::remove_file(ballast).unwrap();
    } else {
        assert!(!hill.log().contains("panicked"), "{}", hill.log());
        std::fs::remove_file(ballast).unwrap();
        hill.start();
    }
    mail_programs(&hill, "after", &facts, &secret);
    hill.restart();
    mail_programs(&hill, "after", &facts, &secret);
    assert!(!hill.log().contains("panicked"), "{}", hill.log());
}
