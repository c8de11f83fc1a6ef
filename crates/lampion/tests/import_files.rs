//! Folders and files: many formats, hostile ones that harm nothing, and folders that changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;

use lampion_testnet::{Node, TestNet, shared_data, texts, until};
use zip::write::SimpleFileOptions;

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let file = folder.join(name);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, bytes).unwrap();
}

fn errors(node: &Node, id: &str) -> Vec<(String, String)> {
    let listed = node.run(&["collection", "errors", id, "--json"]).expect(0);
    let lines = listed
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .map(|one| {
            (
                one["item"].as_str().unwrap().to_string(),
                one["reason"].as_str().unwrap().to_string(),
            )
        })
        .collect()
}

/// An office document whose one part unpacks to many megabytes of one letter, or to brackets within brackets.
fn bomb(megabytes: usize, piece: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let deflated =
        SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("[Content_Types].xml", deflated).unwrap();
    zip.write_all(b"<?xml version=\"1.0\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>").unwrap();
    zip.start_file("word/document.xml", deflated).unwrap();
    zip.write_all(b"<?xml version=\"1.0\"?><w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\"><w:body>").unwrap();
    let chunk = piece.repeat((1 << 20) / piece.len());
    for _ in 0..megabytes {
        zip.write_all(chunk.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_folder_becomes_a_collection_and_its_parts_do_not() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let folder = net.folder("lessons");
    write(
        &folder,
        "index.html",
        "<html lang=en><head><title>The lessons</title><style>p{}</style></head><body><p>Welcome to the mill.</p><script>var hidden='secretword'</script></body></html>",
    );
    write(
        &folder,
        "deep/er/rope.md",
        "# Ropes\n\nA rope is laid from **strands**.\n",
    );
    write(&folder, "메모.txt", "등불을 켜는 방법에 대한 메모");
    write(
        &folder,
        "latin.txt",
        b"Caf\xe9 m\xfcde \xfcber die Stra\xdfe gehen und sehen".as_slice(),
    );
    write(&folder, "style.css", "p { color: red }");
    write(&folder, ".hidden.txt", "hiddenword");
    write(
        &folder,
        "photo.png",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x10\x08\x06\0\0\0\x1f\x15\xc4\x89"
            .as_slice(),
    );
    std::os::unix::fs::symlink("/etc/passwd", folder.join("link.txt")).unwrap();
    std::os::unix::fs::symlink(&folder, folder.join("deep/round")).unwrap();
    let report = node
        .import(&folder, &["--id", "lessons", "--title", "Lessons"])
        .expect(0)
        .json();
    assert_eq!(report["documents"], 5, "{report}");
    assert_eq!(node.collection("lessons").unwrap()["title"], "Lessons");
    for (query, title) in [
        ("welcome mill", "The lessons"),
        ("strands", "Ropes"),
        ("방법에 대한 메모", "등불을 켜는 방법에 대한 메모"),
        ("straße", "Café müde über die Straße gehen und sehen"),
        ("cafe", "Café müde über die Straße gehen und sehen"),
    ] {
        assert!(
            node.titles(query).contains(&title.to_string()),
            "{query}: {:?}",
            node.titles(query)
        );
    }
    for query in ["\"secretword\"", "\"hiddenword\"", "\"root x 0 0\""] {
        assert!(
            node.json(&format!(
                "/api/v1/search?q={}&collection=lessons",
                lampion_testnet::encode(query)
            ))["total"]
                == 0,
            "{query}"
        );
    }
    // Parts of pages are served, but what lies outside is not, not even by a link.
    assert_eq!(
        node.content()
            .get("/c/lessons/style.css")
            .expect(200)
            .header("content-type")
            .split(';')
            .next(),
        Some("text/css")
    );
    node.content().get("/c/lessons/link.txt").expect(404);
    node.get("/original/lessons/link.txt").expect(404);
    assert!(
        node.get("/text/lessons/deep/er/rope.md")
            .expect(200)
            .text()
            .contains("<strong>strands</strong>")
    );
}

#[test]
fn hostile_files_are_listed_with_their_reason_and_the_rest_goes_on() {
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.set("import_memory_mb = 128")
        .set("import_item_seconds = 20")
        .start();
    let folder = net.folder("mixed");
    write(&folder, "a-first.txt", "the first good file about lanterns");
    write(
        &folder,
        "bomb.docx",
        bomb(
            300,
            "<w:p><w:r><w:t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</w:t></w:r></w:p>",
        ),
    );
    write(&folder, "nested.docx", bomb(3, "<w:p>"));
    write(&folder, "cut.epub", &bomb(1, "x")[..900]);
    write(&folder, "empty.pdf", "");
    write(&folder, "liar.pdf", b"%PDF-1.7\n1 0 obj\n<</Length 999999999999>>\nstream\nxx\nendstream\ntrailer<</Root 1 0 R/Size 9999999999>>\nstartxref\n5\n%%EOF".as_slice());
    write(
        &folder,
        "m-middle.html",
        "<p>a good page in the middle about lanterns</p>",
    );
    write(
        &folder,
        "deep.html",
        "<div>".repeat(200_000) + "deep lanterns",
    );
    write(
        &folder,
        "noise.epub",
        (0..200_000u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
            .collect::<Vec<u8>>(),
    );
    write(
        &folder,
        "z-last.md",
        "# Last\n\nthe last good file about lanterns",
    );
    let report = node.import(&folder, &["--id", "mixed"]).expect(4).json();
    let listed = errors(&node, "mixed");
    assert_eq!(
        report["failed"].as_u64().unwrap() as usize,
        listed.len(),
        "{report} {listed:?}"
    );
    for name in [
        "bomb.docx",
        "nested.docx",
        "cut.epub",
        "empty.pdf",
        "liar.pdf",
        "noise.epub",
    ] {
        let reason = listed
            .iter()
            .find(|(item, _)| item == name)
            .map(|(_, reason)| reason.clone())
            .unwrap_or_else(|| panic!("{name} is not listed: {listed:?}"));
        assert!(reason.len() > 10, "{name}: {reason}");
    }
    let found = texts(
        &node.json("/api/v1/search?q=lanterns&collection=mixed")["hits"],
        "key",
    );
    for name in ["a-first.txt", "m-middle.html", "z-last.md"] {
        assert!(found.contains(&name.to_string()), "{name}: {found:?}");
    }
    let desk = node
        .person("mira", "librarian")
        .get("/desk/mixed")
        .expect(200)
        .text();
    assert!(desk.contains("bomb.docx"), "the desk lists it");
    assert!(!node.log().contains("panicked"), "{}", node.log());
    node.get("/health").expect(200);
}

/// The processes that read content for a node.
fn readers(node: &Node) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .nth(1)
            .and_then(|text| text.parse::<u32>().ok());
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        if parent == Some(node.pid()) && command.windows(7).any(|window| window == b"extract") {
            found.push(pid);
        }
    }
    found
}

#[test]
fn a_reader_that_dies_or_stands_still_is_replaced() {
    let net = TestNet::new(PROGRAM);
    let mut node = net.prepare("hill");
    node.set("import_item_seconds = 3").start();
    let folder = net.folder("pages");
    for number in 0..600 {
        write(
            &folder,
            &format!("p{number:04}.md"),
            format!(
                "# Page {number}\n\n{}",
                format!("lanterns number {number} burn on the hill. ").repeat(200)
            ),
        );
    }
    for (round, signal) in [("stopped", "STOP"), ("killed", "KILL")] {
        let path = folder.to_string_lossy();
        node.run(&["import", &path, "--id", round, "--background"])
            .expect(0);
        let sent = until("a reader at work, or the end", || {
            let readers = readers(&node);
            let done = node
                .collection(round)
                .is_some_and(|one| one["state"] == "ready");
            let sent = readers.first().map(|pid| {
                Command::new("kill")
                    .args([&format!("-{signal}"), &pid.to_string()])
                    .stderr(std::process::Stdio::null())
                    .status()
                    .unwrap()
                    .success()
            });
            sent.or(done.then_some(false))
        });
        let ready = until("the end", || {
            node.collection(round).filter(|one| one["state"] == "ready")
        });
        let failed = errors(&node, round);
        assert_eq!(
            ready["documents"].as_u64().unwrap() + failed.len() as u64,
            600,
            "{round}: {failed:?}"
        );
        assert!(
            failed.len() <= 1,
            "one reader ended, so at most one file is given up: {failed:?}"
        );
        println!("{round}: signal arrived: {sent}, given up: {failed:?}");
    }
}

#[test]
fn only_what_changed_is_read_again() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let folder = net.folder("notes");
    for number in 0..30 {
        write(
            &folder,
            &format!("n{number:02}.md"),
            format!(
                "# Note {number}\n\nThe common word is kerosene, the own word is own{number}word.\n"
            ),
        );
    }
    node.import(&folder, &["--id", "notes"]).expect(0);
    write(
        &folder,
        "n03.md",
        "# Note 3\n\nThe common word is kerosene, the word was replaced.\n",
    );
    std::fs::remove_file(folder.join("n07.md")).unwrap();
    write(
        &folder,
        "new/n99.md",
        "# Note 99\n\nThe common word is kerosene, and this one came.\n",
    );
    let measured = |name: &str| {
        let measures = node.get("/metrics").expect(200).text();
        measures
            .lines()
            .filter(|line| line.starts_with(name))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum::<f64>()
    };
    let name = node
        .get("/metrics")
        .text()
        .lines()
        .find(|line| line.contains("import") && !line.starts_with('#'))
        .unwrap_or_default()
        .split([' ', '{'])
        .next()
        .unwrap_or_default()
        .to_string();
    let before = measured(&name);
    let report = node.import(&folder, &["--id", "notes"]).expect(0).json();
    assert_eq!(report["documents"], 30, "{report}");
    assert_eq!(
        measured(&name) - before,
        2.0,
        "two files were read: the changed one and the new one ({name})"
    );
    until("the new state", || {
        (node.json("/api/v1/search?q=kerosene&collection=notes&limit=50")["hits"]
            .as_array()
            .unwrap()
            .len()
            == 30)
            .then_some(())
    });
    assert_eq!(node.titles("replaced")[0], "Note 3");
    assert!(node.json("/api/v1/search?q=%22own7word%22&collection=notes")["total"] == 0);
    assert!(node.json("/api/v1/search?q=%22own3word%22&collection=notes")["total"] == 0);
    assert_eq!(
        node.json("/api/v1/search?q=%22own8word%22&collection=notes")["total"],
        1
    );
    node.get("/original/notes/n07.md").expect(404);
}

#[test]
fn several_files_are_sent_by_the_page() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let mira = node.person("mira", "librarian");
    let id = mira.upload(
        &[("title", "Sent by the page")],
        &[
            ("one.md", b"# One\n\nsentword"),
            ("../../two.txt", b"second sentword"),
            ("bad.pdf", b"no pdf"),
        ],
    );
    mira.settled(&id);
    let found = until("both", || {
        Some(node.json(&format!("/api/v1/search?q=sentword&collection={id}")))
            .filter(|found| found["total"] == 2)
    });
    assert_eq!(found["hits"].as_array().unwrap().len(), 2);
    assert!(
        mira.get(&format!("/desk/{id}"))
            .expect(200)
            .text()
            .contains("bad.pdf")
    );
    assert!(
        !node.data().join("two.txt").exists()
            && !node.data().parent().unwrap().join("two.txt").exists()
    );
    let nothing = {
        let token = mira.csrf();
        mira.ask(lampion_testnet::Ask::upload(
            "/desk/import/upload",
            &[("csrf", &token)],
            &[],
        ))
    };
    assert_eq!(nothing.status, 400);
}

#[test]
fn real_documents_never_bring_the_node_down() {
    let Some(data) = shared_data("") else { return };
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    for (folder, least) in [("epub", 2), ("office", 20), ("pdf", 10), ("marc", 45)] {
        let report = node.import(&data.join(folder), &["--id", folder]);
        assert!(matches!(report.code, 0 | 4), "{folder}: {report:?}");
        let report = report.json();
        println!(
            "{folder}: {} documents, {} listed",
            report["documents"], report["failed"]
        );
        assert!(report["documents"].as_u64().unwrap() >= least, "{report}");
        for (item, reason) in errors(&node, folder) {
            assert!(
                !reason.is_empty() && !reason.contains("its reader stopped"),
                "{item}: {reason}"
            );
        }
    }
    node.get("/health").expect(200);
}
