//! An importer that is killed at random moments ends with exactly the documents of an undisturbed one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{attach, document, engine, search};
use lampion_search::{Begin, Document, Engine, LocalEngine};

/// Names the folder for the importer that the test starts.
const FOLDER: &str = "LAMPION_TEST_IMPORT_INTO";
/// `fresh` or `update`.
const MODE: &str = "LAMPION_TEST_IMPORT_AS";
/// Documents of the collection.
const DOCUMENTS: usize = 3_000;
/// Documents between commits.
const COMMIT_EVERY: usize = 150;
/// How often each importer is killed.
const KILLS: u64 = 12;

fn source(n: usize, update: bool) -> Document {
    // The update changes every third, and drops every tenth.
    if update && n.is_multiple_of(3) {
        return document(&format!("k{n}"), &format!("Newer number{n}"), "changed");
    }
    document(
        &format!("k{n}"),
        &format!("Number number{n}"),
        "the text of the first version",
    )
}

/// Not a test of its own: the process that is killed.
#[test]
fn importer_process() {
    let Ok(folder) = std::env::var(FOLDER) else {
        return;
    };
    let update = std::env::var(MODE).unwrap() == "update";
    let engine = LocalEngine::new();
    attach(&engine, "c", Path::new(&folder));
    let mut writer = engine
        .write("c", if update { Begin::Update } else { Begin::Fresh })
        .unwrap();
    let from: usize = writer.cursor().map_or(0, |cursor| cursor.parse().unwrap());
    let say = |what: &str| {
        let mut out = std::io::stdout();
        writeln!(out, "\n@{what}").unwrap();
        out.flush().unwrap();
    };
    for n in from..DOCUMENTS {
        if update && n.is_multiple_of(10) {
            continue;
        }
        let document = source(n, update);
        if !writer.unchanged(&document.key, document.hash) {
            writer.add(document).unwrap();
        }
        if n % 50 == 49 {
            say("more");
        }
        if (n + 1).is_multiple_of(COMMIT_EVERY) {
            writer.commit(&(n + 1).to_string()).unwrap();
            say("commit");
        }
    }
    say("finish");
    writer.finish().unwrap();
    say("end");
}

fn start(folder: &Path, mode: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "importer_process", "--nocapture"])
        .env(FOLDER, folder)
        .env(MODE, mode)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills importers after some of their lines; then lets one come to its end.
fn torment(folder: &Path, mode: &str, mut check: impl FnMut()) {
    let mut chance = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..KILLS {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        let mut child = start(folder, mode);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let heard = lines
            .map_while(Result::ok)
            .filter(|line| line.starts_with('@'))
            .take((chance % 90) as usize)
            .count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(heard > 0 || chance.is_multiple_of(90));
        check();
    }
    assert!(
        start(folder, mode)
            .wait_with_output()
            .unwrap()
            .status
            .success()
    );
}

fn check_exactly(engine: &LocalEngine, expected: &[Document]) {
    assert_eq!(engine.stats("c").unwrap().documents, expected.len() as u64);
    for document in expected {
        let stored = engine.get("c", &document.key).unwrap().unwrap();
        assert_eq!(
            (&stored.title, &stored.text),
            (&document.title, &document.body)
        );
    }
    // As many postings as documents: nothing is there twice.
    assert_eq!(search(engine, "number77").total, 1);
    assert_eq!(
        engine.suggest("number number77", &["c".into()], 1)[0].key,
        "k77"
    );
}

#[test]
fn a_killed_import_ends_with_the_same_documents() {
    let folder = tempfile::tempdir().unwrap();
    torment(folder.path(), "fresh", || {
        // What was committed can be read at any time.
        let engine = engine(folder.path());
        let documents = engine.stats("c").unwrap().documents as usize;
        assert!(
            documents.is_multiple_of(COMMIT_EVERY) || documents == DOCUMENTS,
            "{documents}"
        );
    });
    let expected: Vec<Document> = (0..DOCUMENTS).map(|n| source(n, false)).collect();
    check_exactly(&engine(folder.path()), &expected);

    // The update is seen whole or not at all.
    torment(folder.path(), "update", || {
        let engine = engine(folder.path());
        let newer = search(&engine, "newer").total > 0;
        let documents = engine.stats("c").unwrap().documents as usize;
        assert_eq!(
            documents,
            if newer {
                DOCUMENTS - DOCUMENTS / 10
            } else {
                DOCUMENTS
            }
        );
    });
    let expected: Vec<Document> = (0..DOCUMENTS)
        .filter(|n| !n.is_multiple_of(10))
        .map(|n| source(n, true))
        .collect();
    check_exactly(&engine(folder.path()), &expected);
}
