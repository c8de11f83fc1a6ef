//! Nodes among each other over the protocols of libraries: one harvests another by OAI-PMH, over HTTP and HTTPS, with
//! deletions and interruptions; feeds are copied over HTTP; what a node says of itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::process::Command;

use lampion_testnet::{Node, TestNet, encode, until};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// A node with a catalogue of so many books.
fn publisher(net: &TestNet, name: &str, count: usize) -> Node {
    let mut node = net.prepare(name);
    node.secure();
    node.start();
    node.run(&[
        "collection",
        "create",
        "books",
        "--title",
        "Books of the hill",
    ])
    .expect(0);
    publish(net, &node, 0, count);
    node
}

fn publish(net: &TestNet, node: &Node, from: usize, count: usize) {
    let mut csv = String::from("title,author,year\n");
    for number in from..from + count {
        csv.push_str(&format!(
            "Lantern number {number:04},\"Keeper, Ada\",1906\n"
        ));
    }
    let file = net.path(&format!("books-{from}.csv"));
    std::fs::write(&file, csv).unwrap();
    let file = file.to_string_lossy();
    node.run(&[
        "import", "--into", "books", &file, "--rule", "separate", "--json",
    ])
    .expect(0);
}

/// Identifiers and whether they are deleted, of one page.
fn headers(xml: &str) -> Vec<(String, bool)> {
    xml.split("<header")
        .skip(1)
        .map(|part| {
            let id = part.split("<identifier>").nth(1).unwrap();
            let deleted = part.starts_with(" status=\"deleted\"");
            (id.split('<').next().unwrap().to_string(), deleted)
        })
        .collect()
}

fn token(xml: &str) -> Option<String> {
    let after = xml.split("<resumptionToken").nth(1)?;
    let text = after.split('>').nth(1)?.split('<').next()?;
    (!text.is_empty()).then(|| text.replace("&amp;", "&"))
}

fn count(node: &Node, id: &str) -> u64 {
    node.json(&format!("/api/v1/search?q=lantern&collection={id}"))["total"]
        .as_u64()
        .unwrap_or(0)
}

fn base(node: &Node) -> String {
    format!("http://{}", node.pages().address())
}

#[test]
fn a_node_harvests_another_with_what_is_withdrawn_there() {
    let net = TestNet::new(PROGRAM);
    let mut hill = publisher(&net, "hill", 230);
    let dale = net.node("dale");

    // A token outlives the process that gave it.
    let first = hill
        .get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc")
        .expect(200)
        .text();
    let given = token(&first).expect("more than a page");
    hill.restart();
    let mut seen = headers(&first);
    let mut next = Some(given);
    while let Some(token) = next {
        let path = format!(
            "/oai?verb=ListIdentifiers&resumptionToken={}",
            encode(&token)
        );
        let page = hill.get(&path).expect(200).text();
        seen.extend(headers(&page));
        next = self::token(&page);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 230);

    let url = format!("{}/oai", base(&hill));
    let report = dale
        .run(&[
            "harvest", &url, "--prefix", "marcxml", "--id", "hill", "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(report["documents"], 230, "{report}");
    assert_eq!(count(&dale, "hill"), 230);

    // One is withdrawn, some come: only those are fetched, and the one is gone here too.
    let (gone, _) = seen[7].clone();
    let id = gone.rsplit('/').next().unwrap().to_string();
    let mira = hill.person("mira", "librarian");
    let reply = mira.post(
        &format!("/catalogue/books/withdraw/{id}"),
        &[
            ("reason", "privacy"),
            ("office", "the library"),
            ("why", ""),
            ("sure", "1"),
            ("do", "withdraw"),
        ],
    );
    assert_eq!(reply.status, 303, "{}", reply.text());
    publish(&net, &hill, 1_000, 5);
    let report = dale.run(&["harvest", "hill", "--json"]).expect(0).json();
    assert_eq!(report["documents"], 234, "{report}");
    let listed = hill
        .get("/oai?verb=ListIdentifiers&metadataPrefix=oai_dc&from=2000-01-01")
        .expect(200);
    assert!(listed.text().contains("<request"), "{}", listed.text());
    assert_eq!(count(&dale, "hill"), 234);
    let whole = dale
        .run(&["harvest", "hill", "--again", "--json"])
        .expect(0)
        .json();
    assert_eq!(whole["documents"], 234, "{whole}");
    dale.get(&format!("/record/hill/{}", encode(&gone)))
        .expect(404);
}

#[test]
fn https_is_trusted_by_the_machines_authorities_and_no_others() {
    let net = TestNet::new(PROGRAM);
    let hill = publisher(&net, "hill", 20);
    let port = hill.https().address().port();
    let url = format!("https://localhost:{port}/oai");
    let authority = net.path("authority.pem");
    std::fs::write(
        &authority,
        hill.get("/trust/lampion-ca.crt").expect(200).body,
    )
    .unwrap();

    let dale = net.prepare("dale");
    let trusting = Command::new(PROGRAM)
        .arg("--data")
        .arg(dale.data())
        .args(["harvest", &url, "--id", "hill", "--json"])
        .env("SSL_CERT_FILE", &authority)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&trusting.stdout);
    assert!(
        trusting.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&trusting.stderr)
    );
    assert!(said.contains("\"documents\":20"), "{said}");

    let brook = net.node("brook");
    brook
        .run(&["harvest", &url, "--id", "hill", "--background"])
        .expect(0);
    let mira = brook.person("mira", "librarian");
    until("the certificate is refused", || {
        let page = mira.get("/desk/hill").expect(200).text().to_lowercase();
        page.contains("certificate").then_some(())
    });
    assert_eq!(count(&brook, "hill"), 0);
}

#[test]
fn feeds_are_copied_over_http_and_grow() {
    let net = TestNet::new(PROGRAM);
    let hill = publisher(&net, "hill", 300);
    let dale = net.node("dale");
    let key = hill.run(&["feed", "key"]).expect(0).out.trim().to_string();
    let from = format!("{}/feed/library", base(&hill));
    let to = net.path("copy");
    let to = to.to_string_lossy();
    // Nobody's word but the key's is taken.
    let without = dale.run(&["feed", "mirror", &from, &to]);
    assert_eq!(without.code, 1, "{}", without.out);
    let other = dale.run(&["feed", "key"]).expect(0).out;
    let wrong = dale.run(&["feed", "mirror", &from, &to, "--key", other.trim()]);
    assert_eq!(wrong.code, 1, "{}", wrong.out);
    let done = dale
        .run(&["feed", "mirror", &from, &to, "--key", &key, "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&done["size"], &done["bodies"]),
        (&300.into(), &300.into()),
        "{done}"
    );
    dale.run(&["feed", "verify", &to, "--key", &key]).expect(0);
    let checkpoint = std::fs::read_to_string(format!("{to}/checkpoint")).unwrap();
    assert!(
        checkpoint.contains("— dale.internal/cosigner "),
        "{checkpoint}"
    );

    publish(&net, &hill, 1_000, 40);
    let done = dale
        .run(&["feed", "mirror", &from, &to, "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&done["size"], &done["new"]),
        (&340.into(), &40.into()),
        "{done}"
    );
    let verified = dale
        .run(&["feed", "verify", &to, "--key", &key, "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&verified["bodies"], &verified["missing"]),
        (&340.into(), &0.into()),
        "{verified}"
    );
}

#[test]
fn a_node_says_who_it_is_and_proves_it() {
    let net = TestNet::new(PROGRAM);
    let mut hill = publisher(&net, "hill", 3);
    // What it says of its catalogues is published by now.
    hill.restart();
    let fingerprint = {
        let page = hill.get("/trust").expect(200).text();
        let code = page.split("<code dir=\"ltr\">").nth(1).unwrap();
        code.split('<').next().unwrap().to_string()
    };
    let page = hill.get("/node").expect(200).text();
    for wanted in [
        "hill.internal",
        "hill.internal/feed/library",
        "hill.internal/feed/directory+",
        &fingerprint,
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
    let key = hill
        .run(&["feed", "key", "directory"])
        .expect(0)
        .out
        .trim()
        .to_string();
    let verify = |node: &Node| {
        let from = format!("{}/feed/directory", base(node));
        node.run(&["feed", "verify", &from, "--key", &key, "--json"])
            .expect(0)
            .json()
    };
    let verified = verify(&hill);
    let said = verified["size"].as_u64().unwrap();
    assert!((1..=2).contains(&said), "{verified}");
    assert_eq!(verified["size"], verified["bodies"], "{verified}");
    let body = hill.get("/feed/directory/pack/000").expect(200).body;
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(
        body.contains(&fingerprint) && body.contains("hill.internal/cosigner+"),
        "{body}"
    );
    // Nothing new is said until something changes.
    hill.restart();
    assert_eq!(verify(&hill)["size"], said);
    hill.stop();
    hill.set("title = \"Library of the hill\"");
    hill.start();
    assert_eq!(verify(&hill)["size"], said + 1);
    hill.run(&["feed", "rebuild", "directory"]).expect(0);
}
