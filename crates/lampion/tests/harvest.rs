//! Harvesting another repository by OAI-PMH: all of it, what changed, what was deleted; repositories that misbehave;
//! `kill -9` in the middle.
//!
//! The repository is a program in Python that is not ours (`provider.py`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use lampion_testnet::{Ask, Node, TestNet, until};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// A repository that runs.
struct Provider {
    child: Child,
    folder: PathBuf,
    port: u16,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Provider {
    /// Without Python there is no other repository to ask: then nothing, and a line that says so.
    fn start(net: &TestNet, records: &Value) -> Option<Self> {
        let folder = net.folder("provider");
        std::fs::write(folder.join("requests"), "").unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/provider.py");
        let started = Command::new("python3")
            .arg(script)
            .arg(&folder)
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            println!("skipped: there is no python3");
            return None;
        };
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().parse().expect("the repository's port");
        let provider = Self {
            child,
            folder,
            port,
        };
        provider.holds(records, "2026-03-01T00:00:00Z");
        Some(provider)
    }

    fn holds(&self, records: &Value, now: &str) {
        std::fs::write(self.folder.join("records.json"), records.to_string()).unwrap();
        std::fs::write(self.folder.join("now"), now).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn requests(&self) -> Vec<String> {
        let all = std::fs::read_to_string(self.folder.join("requests")).unwrap();
        all.lines().map(ToString::to_string).collect()
    }
}

fn some(count: usize) -> Vec<Value> {
    (0..count)
        .map(|number| {
            json!({ "id": format!("oai:mill:{number:03}"), "stamp": "2026-02-01T00:00:00Z",
                    "title": format!("Lantern number {number:03} & others") })
        })
        .collect()
}

fn count(node: &Node, id: &str) -> u64 {
    let found = node.json(&format!("/api/v1/search?q=lantern&collection={id}"));
    found["total"].as_u64().unwrap()
}

#[test]
fn a_repository_is_harvested_and_what_changes_follows() {
    let net = TestNet::new(PROGRAM);
    let mut records = some(34);
    records[3]["deleted"] = json!(true);
    let Some(provider) = Provider::start(&net, &json!(records)) else {
        return;
    };
    let hill = net.node("hill");
    let url = provider.url("/oai");
    let report = hill
        .run(&["harvest", &url, "--id", "mill", "--json"])
        .expect(0);
    let report = report.json();
    assert_eq!(report["documents"], 33, "{report}");
    assert_eq!(
        hill.collection("mill").unwrap()["title"],
        "Brook & Mill Library"
    );
    assert_eq!(count(&hill, "mill"), 33);
    assert_eq!(hill.titles("lantern 007")[0], "Lantern number 007 & others");
    let original = hill.get("/original/mill/oai%3Amill%3A007").expect(200);
    assert!(
        original.text().starts_with("<oai_dc:dc"),
        "{}",
        original.text()
    );
    let marc = hill
        .get("/cite/marcxml/mill/oai%3Amill%3A007")
        .expect(200)
        .text();
    assert!(marc.contains("Brook"), "{marc}");
    let requests = provider.requests();
    assert_eq!(requests.len(), 5, "Identify and four pages: {requests:?}");
    assert!(
        requests.iter().all(|one| one.contains("Lampion/")),
        "{requests:?}"
    );

    // One changed, one came, one went, one comes again as it was.
    let later = "2026-03-02T00:00:00Z";
    records[5] = json!({ "id": "oai:mill:005", "stamp": later, "title": "Candle of the keeper" });
    records[6] = json!({ "id": "oai:mill:006", "stamp": later, "deleted": true, "title": "" });
    records[8]["stamp"] = json!(later);
    records
        .push(json!({ "id": "oai:mill:new", "stamp": later, "title": "Lantern of the new hall" }));
    provider.holds(&json!(records), "2026-03-03T00:00:00Z");
    let report = hill.run(&["harvest", "mill", "--json"]).expect(0).json();
    assert_eq!(report["documents"], 33, "{report}");
    assert_eq!(count(&hill, "mill"), 32);
    assert_eq!(hill.titles("candle")[0], "Candle of the keeper");
    hill.get("/record/mill/oai%3Amill%3A006").expect(404);
    let requests = provider.requests();
    assert_eq!(requests.len(), 7, "{requests:?}");
    assert!(
        requests[6].contains("from=2026-02-28T23%3A59%3A59Z"),
        "{requests:?}"
    );

    // The same address is the same collection, and nothing new is no mistake.
    provider.holds(&json!([]), "2026-03-04T00:00:00Z");
    hill.run(&["harvest", &url, "--json"]).expect(0);
    assert_eq!(count(&hill, "mill"), 32);
    hill.run(&["harvest", "nothing"]).expect(3);
    hill.run(&["harvest", "ftp://127.0.0.1/x"]).expect(3);

    // The index can be built anew, and the collection carried, without asking anybody.
    drop(provider);
    hill.run(&["collection", "reindex", "mill"]).expect(0);
    assert_eq!(count(&hill, "mill"), 32);
    hill.run(&["collection", "check", "mill"]).expect(0);
    let out = net.path("carried");
    hill.run(&["collection", "export", "mill", &out.to_string_lossy()])
        .expect(0);
    let brook = net.node("brook");
    brook.import(&out, &["--copy"]).expect(0);
    assert_eq!(count(&brook, "mill"), 32);
    brook.run(&["collection", "reindex", "mill"]).expect(0);
    assert_eq!(count(&brook, "mill"), 32);
    hill.run(&["collection", "remove", "mill"]).expect(0);
    until("its end", || {
        hill.collection("mill").is_none().then_some(())
    });
}

#[test]
fn a_librarian_harvests_by_the_page() {
    let net = TestNet::new(PROGRAM);
    let Some(provider) = Provider::start(&net, &json!(some(12))) else {
        return;
    };
    let hill = net.node("hill");
    let mira = hill.person("mira", "librarian");
    let form = |url: &str| {
        let url = url.to_string();
        mira.post(
            "/desk/import/harvest",
            &[("url", &url), ("prefix", "marcxml"), ("title", "The mill")],
        )
    };
    let refused = form("file:///etc/passwd").expect(422).text();
    assert!(refused.contains("must begin with http"), "{refused}");
    let begun = form(&provider.url("/oai")).expect(303);
    let id = begun
        .header("location")
        .trim_start_matches("/desk/")
        .to_string();
    assert_eq!(id, "the-mill");
    mira.settled(&id);
    assert_eq!(count(&hill, &id), 12);
    let mut records = some(13);
    records[12]["stamp"] = json!("2026-03-02T00:00:00Z");
    provider.holds(&json!(records), "2026-03-03T00:00:00Z");
    mira.post(&format!("/desk/{id}"), &[("do", "update")])
        .expect(303);
    mira.settled(&id);
    assert_eq!(count(&hill, &id), 13);
    let desk = mira.get(&format!("/desk/{id}")).expect(200).text();
    assert!(
        desk.contains("Harvesting") && desk.contains(&provider.url("/oai")),
        "{desk}"
    );
    hill.pages()
        .ask(&Ask::form(
            "/desk/import/harvest",
            &[("url", &provider.url("/oai"))],
        ))
        .expect(401);
}

#[test]
fn what_repositories_do_wrong_is_refused_with_its_reason() {
    let net = TestNet::new(PROGRAM);
    let Some(provider) = Provider::start(&net, &json!(some(25))) else {
        return;
    };
    let hill = net.node("hill");
    let harvest = |path: &str| {
        let id = path.trim_start_matches('/').to_string();
        hill.run(&[
            "harvest",
            &provider.url(path),
            "--id",
            &id,
            "--prefix",
            "marcxml",
        ])
    };
    harvest("/busy").expect(0);
    assert_eq!(count(&hill, "busy"), 25);
    harvest("/moved").expect(0);
    assert_eq!(count(&hill, "moved"), 25);
    // What ends for good says why.
    let endless = harvest("/endless").expect(1);
    assert!(endless.err.contains("no end"), "{}", endless.err);

    // What may pass is tried again later; the desk says why, and nothing of the page is half in.
    let mira = hill.person("mira", "librarian");
    for (path, why) in [
        ("/broken", "not well-formed"),
        ("/short", "breaks off"),
        ("/cut", ""),
        ("/bomb", "document type"),
        ("/page", "no answer of OAI-PMH"),
        ("/away", ""),
        ("/round", "redirect"),
    ] {
        let id = path.trim_start_matches('/').to_string();
        let url = provider.url(path);
        hill.run(&["harvest", &url, "--id", &id, "--background"])
            .expect(0);
        until(&format!("the reason of {id}"), || {
            let jobs = mira.get(&format!("/desk/{id}")).expect(200).text();
            (jobs.contains("is asked again in") && jobs.contains(why)).then_some(())
        });
        assert_eq!(count(&hill, &id), 0, "{path}");
        hill.run(&["collection", "remove", &id]).expect(0);
    }
    hill.get("/health").expect(200);
}

#[test]
fn a_harvest_that_is_killed_goes_on_without_loss_or_repetition() {
    let net = TestNet::new(PROGRAM);
    let Some(provider) = Provider::start(&net, &json!(some(200))) else {
        return;
    };
    let mut hill = net.node("hill");
    hill.run(&[
        "harvest",
        &provider.url("/slow"),
        "--id",
        "mill",
        "--background",
    ])
    .expect(0);
    for pages in [4, 9, 15] {
        until("some pages", || {
            (provider.requests().len() > pages).then_some(())
        });
        hill.kill9();
        hill.start();
    }
    until("the end", || (count(&hill, "mill") == 200).then_some(()));
    until("its state", || {
        hill.collection("mill")
            .filter(|one| one["state"] == "ready")
    });
    let requests = provider.requests();
    // Each kill costs at most the page that was under way.
    assert!(requests.len() <= 21 + 3, "{}: {requests:?}", requests.len());
    assert_eq!(
        hill.json("/api/v1/collections")
            .to_string()
            .matches("\"documents\":200")
            .count(),
        1
    );
}

#[test]
fn everything_anew_deletes_what_is_gone_and_an_empty_list_nothing() {
    let net = TestNet::new(PROGRAM);
    let mut records = some(25);
    let Some(provider) = Provider::start(&net, &json!(records)) else {
        return;
    };
    let hill = net.node("hill");
    let url = provider.url("/oai");
    hill.run(&["harvest", &url, "--id", "mill", "--every", "week", "--json"])
        .expect(0);
    assert_eq!(count(&hill, "mill"), 25);
    // Two are gone without a word, one is written anew with its old datestamp: no incremental harvest can know.
    records.remove(9);
    records.remove(4);
    records[0]["title"] = json!("Candle of the keeper");
    provider.holds(&json!(records), "2026-03-03T00:00:00Z");
    hill.run(&["harvest", "mill", "--json"]).expect(0);
    assert_eq!(count(&hill, "mill"), 25);
    let report = hill
        .run(&["harvest", "mill", "--again", "--json"])
        .expect(0)
        .json();
    assert_eq!(report["documents"], 23, "{report}");
    assert_eq!(count(&hill, "mill"), 22);
    assert_eq!(hill.titles("candle")[0], "Candle of the keeper");
    hill.get("/record/mill/oai%3Amill%3A004").expect(404);

    provider.holds(&json!([]), "2026-03-04T00:00:00Z");
    let refused = hill.run(&["harvest", "mill", "--again", "--json"]);
    assert_ne!(refused.code, 0, "{}", refused.out);
    assert_eq!(count(&hill, "mill"), 22, "nothing was deleted");

    let mira = hill.person("mira", "librarian");
    let desk = mira.get("/desk/mill").expect(200).text();
    assert!(desk.contains("<option value=\"168\" selected>"), "{desk}");
    mira.post("/desk/mill", &[("do", "every"), ("every", "24")])
        .expect(303);
    let desk = mira.get("/desk/mill").expect(200).text();
    assert!(desk.contains("<option value=\"24\" selected>"), "{desk}");
}
