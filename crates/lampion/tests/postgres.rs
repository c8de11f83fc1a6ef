//! A node on PostgreSQL, and what readers see when PostgreSQL goes away and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use lampion_testnet::{Ask, Node, TestNet, texts, until, within};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// Debian's PostgreSQL, the newest that is installed.
fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

/// A server of the test's own.
struct Postgres {
    bin: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Postgres {
    fn new() -> Option<Self> {
        let Some(bin) = binaries() else {
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::Builder::new()
            .prefix("lampion-pg.")
            .tempdir()
            .unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        // A port that was free a moment ago.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let server = Self { bin, folder, port };
        let data = server.data();
        let made = server.run(
            "initdb",
            &[
                "-D",
                &data,
                "-U",
                "lampion",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        server.start();
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs one of its programs; not as root, which it refuses.
    fn run(&self, program: &str, words: &[&str]) -> Output {
        let program = self.bin.join(program);
        let root = std::fs::metadata("/proc/self")
            .is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
        let mut command = if root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = std::fs::File::create(self.folder.path().join("command.log")).unwrap();
        command
            .args(words)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        let status = command.status().expect("PostgreSQL's program");
        let told = std::fs::read(self.folder.path().join("command.log")).unwrap_or_default();
        Output {
            status,
            stdout: told.clone(),
            stderr: told,
        }
    }

    fn start(&self) {
        let (data, log) = (
            self.data(),
            self.folder
                .path()
                .join("data/server.log")
                .display()
                .to_string(),
        );
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c shared_buffers=32MB",
            self.port,
            self.folder.path().display()
        );
        let done = self.run(
            "pg_ctl",
            &["-D", &data, "-l", &log, "-o", &options, "-w", "-s", "start"],
        );
        assert!(
            done.status.success(),
            "{} {}",
            String::from_utf8_lossy(&done.stderr),
            std::fs::read_to_string(&log).unwrap_or_default()
        );
    }

    /// Ends it at once, as a fault would; it recovers at the next start.
    fn stop(&self) {
        let data = self.data();
        assert!(
            self.run(
                "pg_ctl",
                &["-D", &data, "-m", "immediate", "-w", "-s", "stop"]
            )
            .status
            .success()
        );
    }

    fn url(&self) -> String {
        format!("postgres://lampion@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let data = self.data();
        let _it_may_be_stopped = self.run(
            "pg_ctl",
            &["-D", &data, "-m", "immediate", "-w", "-s", "stop"],
        );
    }
}

fn lessons(path: &Path, count: usize) {
    let lines: String = (0..count).map(|number| format!("{{\"id\":\"l{number}\",\"title\":\"Lesson {number:04}\",\"language\":\"en\",\"description\":\"about lanterns, number {number}\"}}\n")).collect();
    std::fs::write(path, lines).unwrap();
}

fn on(net: &TestNet, server: &Postgres) -> Node {
    let mut node = net.prepare("hill");
    node.set(&format!("database = {:?}", server.url())).start();
    until("the handbook", || {
        node.collection("handbook")
            .filter(|one| one["state"] == "ready")
    });
    node
}

#[test]
fn the_whole_path_works_on_postgresql() {
    let Some(server) = Postgres::new() else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let mut node = on(&net, &server);
    let source = net.path("lessons.jsonl");
    lessons(&source, 120);
    node.import(&source, &["--id", "lessons"]).expect(0);
    assert_eq!(node.all_raw("q=lanterns&collection=lessons").len(), 120);
    let mira = node.person("mira", "librarian,operator");
    mira.get("/desk/lessons").expect(200);
    mira.get("/people").expect(200);
    let id = mira.upload(&[("title", "Sent")], &[("one.md", b"# One\n\nsentword")]);
    mira.settled(&id);
    assert_eq!(node.titles("sentword"), ["One"]);
    let cookie = mira.cookie().to_string();
    node.restart();
    node.resume(&cookie).get("/desk").expect(200);
    assert_eq!(node.titles("sentword"), ["One"]);
    node.kill9();
    node.start();
    node.resume(&cookie).get("/desk").expect(200);
    assert!(
        !node.data().join("lampion.db").exists(),
        "nothing is kept in a file beside it"
    );
    assert!(
        !node.log().contains("lampion@127"),
        "the log doesn't hold the database's address"
    );
}

#[test]
fn a_restart_of_postgresql_under_load_loses_nothing() {
    let Some(server) = Postgres::new() else {
        return;
    };
    let net = TestNet::new(PROGRAM);
    let node = on(&net, &server);
    let source = net.path("lessons.jsonl");
    lessons(&source, 150);
    node.import(&source, &["--id", "lessons"]).expect(0);
    let cookie = node
        .person("mira", "librarian,operator")
        .cookie()
        .to_string();
    let more = net.path("more.jsonl");
    lessons(&more, 3_000);

    let stop = AtomicBool::new(false);
    let acknowledged = std::thread::scope(|scope| {
        // Readers search all the time; an operator adds people all the time.
        let reading = scope.spawn(|| {
            let mut answers = std::collections::BTreeMap::<u16, usize>::new();
            while !stop.load(Ordering::Relaxed) {
                let reply = node.pages().ask(&Ask::get("/search?q=lanterns"));
                assert!(
                    matches!(reply.status, 200 | 503),
                    "{}: {}",
                    reply.status,
                    reply.text()
                );
                if reply.status == 503 {
                    assert!(reply.text().len() > 20, "an empty 503");
                }
                *answers.entry(reply.status).or_default() += 1;
            }
            answers
        });
        let adding = scope.spawn(|| {
            let (mut made, mut number) = (Vec::new(), 0);
            let mut token = String::new();
            while !stop.load(Ordering::Relaxed) {
                let operator = node.resume(&cookie);
                if token.is_empty() {
                    let page = operator.get("/account");
                    let found = page
                        .text()
                        .split("name=\"csrf\" value=\"")
                        .nth(1)
                        .and_then(|rest| rest.split('"').next())
                        .map(str::to_string);
                    let Some(found) = found.filter(|_| page.status == 200) else {
                        continue;
                    };
                    token = found;
                }
                number += 1;
                let name = format!("p{number}");
                let reply = operator.ask(Ask::form(
                    "/people/groups",
                    &[("csrf", &token), ("name", &name)],
                ));
                match reply.status {
                    303 => made.push(name),
                    503 => assert!(
                        reply.text().contains("database") || reply.text().contains("moment"),
                        "{}",
                        reply.text()
                    ),
                    other => panic!("{other}: {}", reply.text()),
                }
            }
            made
        });
        node.run(&[
            "import",
            &more.to_string_lossy(),
            "--id",
            "more",
            "--background",
        ])
        .expect(0);
        for _ in 0..2 {
            server.stop();
            // What needs the database says so; what doesn't goes on.
            let health = until("the node to notice", || {
                Some(node.get("/health")).filter(|reply| reply.status == 503)
            });
            assert_eq!(health.json()["status"], "failing");
            let told = node.resume(&cookie).get("/desk");
            assert_eq!(told.status, 503, "{}", told.text());
            assert!(told.text().contains("database"), "{}", told.text());
            node.content().get("/c/handbook/en/welcome.md").expect(200);
            let found = node.get("/api/v1/search?q=lanterns");
            assert!(
                found.status == 200 || (found.status == 503 && found.text().contains("database")),
                "{} {}",
                found.status,
                found.text()
            );
            let _long_enough_that_one_try_is_not_all =
                within(std::time::Duration::from_secs(3), || None::<()>);
            server.start();
            until("the node to recover", || {
                Some(node.get("/health")).filter(|reply| reply.status == 200)
            });
            until("pages that need it", || {
                Some(node.resume(&cookie).get("/desk")).filter(|reply| reply.status == 200)
            });
        }
        until("the import's end", || {
            node.collection("more")
                .filter(|one| one["state"] == "ready")
        });
        stop.store(true, Ordering::Relaxed);
        let answers = reading.join().unwrap();
        println!("answers to searches: {answers:?}");
        assert!(answers.get(&200).is_some_and(|count| *count > 0));
        adding.join().unwrap()
    });
    assert!(!acknowledged.is_empty());
    let page = node.resume(&cookie).get("/people").expect(200).text();
    for name in &acknowledged {
        assert!(
            page.contains(&format!("{name}<"))
                || page.contains(&format!("\"{name}\""))
                || page.contains(name.as_str()),
            "{name} was acknowledged and is lost"
        );
    }
    println!("{} groups acknowledged, none lost", acknowledged.len());
    let listed = node.run(&["collection", "list", "--json"]).expect(0).json();
    let more = listed
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "more")
        .unwrap();
    assert_eq!(more["documents"], 3_000, "{more}");
    assert_eq!(
        node.json("/api/v1/search?q=lanterns&collection=more")["total"],
        3_000
    );
    assert!(texts(&listed, "id").contains(&"lessons".to_string()));
    assert!(!node.log().contains("panicked"), "{}", node.log());
}
