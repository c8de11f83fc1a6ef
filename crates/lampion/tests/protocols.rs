//! What other programs read of the library: record pages, files of results, SRU, OPDS.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use lampion_testnet::{Ask, Node, Reply, TestNet, encode};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// A node with a catalogue of two records and a folder of sixty documents.
fn library(net: &TestNet) -> Node {
    let node = net.node("hill");
    let records = net.path("books.jsonl");
    let lines = [
        r#"{"id":"b1","title":"Lanterns of the valley","author":"Brook, Ona","publisher":"Mill Press","year":1931,"isbn":"9783161484100","type":"book","subject":"Lighting"}"#,
        r#"{"id":"b2","title":"등불의 역사 </script><b>","author":"김하늘","year":2010,"type":"book"}"#,
    ];
    std::fs::write(&records, lines.join("\n")).unwrap();
    node.import(&records, &["--id", "books"]).expect(0);
    let folder = net.folder("shelf");
    for number in 0..60 {
        std::fs::write(
            folder.join(format!("leaf {number:02}.txt")),
            format!(
                "Leaf number {number}. The lantern keeper wrote it by the light of his lantern."
            ),
        )
        .unwrap();
    }
    std::fs::write(
        folder.join("page.md"),
        "# Page\n\nA page of the lantern keeper.",
    )
    .unwrap();
    node.import(&folder, &["--id", "shelf", "--title", "The shelf"])
        .expect(0);
    node
}

fn restrict(node: &Node, id: &str) {
    let mira = node.person("mira", "librarian");
    let token = mira.csrf();
    mira.ask(Ask::upload(
        &format!("/desk/{id}/describe"),
        &[("csrf", &token), ("visibility", "signed-in")],
        &[],
    ))
    .expect(303);
}

fn count(text: &str, what: &str) -> usize {
    text.matches(what).count()
}

#[test]
fn a_record_page_tells_other_programs_what_it_is() {
    let net = TestNet::new(PROGRAM);
    let node = library(&net);
    let page = node.get("/record/books/b1").expect(200).text();
    let json = page
        .split("<script type=\"application/ld+json\">")
        .nth(1)
        .unwrap();
    let json: serde_json::Value =
        serde_json::from_str(json.split("</script>").next().unwrap()).unwrap();
    assert_eq!(json["@type"], "Book");
    assert_eq!(json["name"], "Lanterns of the valley");
    assert_eq!(json["author"][0]["familyName"], "Brook");
    assert!(json["url"].as_str().unwrap().ends_with("/record/books/b1"));
    assert!(page.contains("class=\"Z3988\""), "{page}");
    assert!(page.contains("rft.btitle=Lanterns%20of%20the%20valley"));
    assert!(page.contains("<link rel=\"unapi-server\""));
    assert!(page.contains("class=\"unapi-id\" title=\"books/b1\""));

    // No text of a record ends the script or its attributes.
    let page = node.get("/record/books/b2").expect(200).text();
    assert_eq!(count(&page, "</script><b>"), 0, "{page}");
    // A list of results names each of its records.
    let page = node.get("/search?q=lantern").expect(200).text();
    assert_eq!(count(&page, "class=\"unapi-id\""), 10);

    let formats = node.get("/unapi").expect(200);
    assert_eq!(formats.header("content-type"), "application/xml");
    let formats = node.get("/unapi?id=books%2Fb1").expect(300).text();
    assert!(formats.contains("id=\"books/b1\"") && formats.contains("marcxml"));
    let record = node
        .get("/unapi?id=books%2Fb1&format=marcxml")
        .expect(200)
        .text();
    assert!(
        record.contains("<marc:record") || record.contains("<record"),
        "{record}"
    );
    assert!(record.contains("Lanterns of the valley"));
    let ris = node
        .get("/unapi?id=books%2Fb1&format=ris")
        .expect(200)
        .text();
    assert!(
        ris.contains("TY  - BOOK") && ris.contains("Brook, Ona"),
        "{ris}"
    );
    node.get("/unapi?id=books%2Fb1&format=mods").expect(406);
    node.get("/unapi?id=books%2Fnone").expect(404);
    node.get("/unapi?id=none").expect(404);
}

#[test]
fn results_come_as_files_of_every_format() {
    let net = TestNet::new(PROGRAM);
    let node = library(&net);
    let page = node.get("/search?q=lantern&sort=title").expect(200).text();
    let file = |extension: &str, parameters: &str| -> Reply {
        let path = format!("/export/{extension}?{parameters}");
        node.get(&path).expect(200)
    };
    assert!(
        page.contains("href=\"/export/bib?q=lantern&#38;sort=title\""),
        "{page}"
    );
    let all = "q=lantern";
    let csv = file("csv", all);
    assert!(
        csv.header("content-disposition").contains("results-62.csv"),
        "{:?}",
        csv.headers
    );
    assert_eq!(csv.text().lines().count(), 63, "{}", csv.text());
    assert_eq!(count(&file("ris", all).text(), "\nER  -"), 62);
    let json: serde_json::Value = serde_json::from_str(&file("json", all).text()).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 62);
    assert_eq!(count(&file("xml", all).text(), "<record"), 62);
    assert_eq!(
        file("mrc", all)
            .body
            .iter()
            .filter(|byte| **byte == 0x1d)
            .count(),
        62
    );
    let bib = file("bib", "q=lantern&kind=book&lang=en").text();
    assert!(bib.contains("Mill Press") && count(&bib, "@") == 1, "{bib}");
    // The same narrowing and order as the page.
    let csv = file("csv", "q=lantern&collection=shelf&sort=title").text();
    let second = csv.lines().nth(1).unwrap();
    assert!(second.contains("leaf 00"), "{second}");
    assert_eq!(csv.lines().count(), 62);
    node.get("/export/csv?q=").expect(400);
    node.get("/export/exe?q=lantern").expect(404);

    restrict(&node, "books");
    assert!(!file("ris", all).text().contains("Mill Press"));
    let mira = node.sign_in("mira", "mira and a lantern");
    let own = mira.get("/export/ris?q=lantern").expect(200).text();
    assert!(own.contains("Mill Press"));
}

#[test]
fn a_thousand_results_come_and_the_name_says_of_how_many() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let records = net.path("many.jsonl");
    let lines: String = (0..1200)
        .map(|number| format!("{{\"id\":\"r{number}\",\"title\":\"Lantern {number}\"}}\n"))
        .collect();
    std::fs::write(&records, lines).unwrap();
    node.import(&records, &["--id", "many"]).expect(0);
    let csv = node.get("/export/csv?q=lantern").expect(200);
    let name = csv.header("content-disposition");
    assert!(name.contains("results-1000-of-1200.csv"), "{name}");
    let text = csv.text();
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), 1000);
    let page = node.get("/search?q=lantern").expect(200).text();
    assert!(
        page.contains("Save the first 1\u{202f}000 results")
            || page.contains("Save the first 1\u{a0}000 results")
            || page.contains("Save the first 1 000 results"),
        "{page}"
    );

    let sru = |more: &str| {
        node.get(&format!("/sru?query=lantern{more}"))
            .expect(200)
            .text()
    };
    let last = sru("&startRecord=1000&maximumRecords=5");
    assert!(
        last.contains("<numberOfRecords>1200</numberOfRecords>"),
        "{last}"
    );
    assert_eq!(count(&last, "<recordPosition>"), 1);
    assert!(sru("&startRecord=1001").contains("info:srw/diagnostic/1/61"));
}

#[test]
fn sru_explains_searches_and_says_what_it_cannot() {
    let net = TestNet::new(PROGRAM);
    let node = library(&net);
    let ask = |parameters: &str| {
        let reply = node.get(&format!("/sru?{parameters}")).expect(200);
        assert!(reply.header("content-type").starts_with("text/xml"));
        reply.text()
    };
    let explained = ask("");
    assert!(
        explained.contains("explainResponse") && explained.contains("<database>sru</database>")
    );
    let search = |query: &str, more: &str| {
        let query = encode(query);
        ask(&format!(
            "operation=searchRetrieve&version=1.2&query={query}{more}"
        ))
    };
    let found = search("dc.title = valley and dc.creator = brook", "");
    assert!(found.contains("<numberOfRecords>1<"), "{found}");
    assert!(
        found.contains("<dc:title>Lanterns of the valley</dc:title>"),
        "{found}"
    );
    let marc = search("bath.isbn = 978-3-16-148410-0", "&recordSchema=marcxml");
    assert!(
        marc.contains("<numberOfRecords>1<") && marc.contains("Mill Press"),
        "{marc}"
    );
    let page = search("lantern", "&startRecord=61&maximumRecords=2");
    assert!(page.contains("<numberOfRecords>62<"), "{page}");
    assert!(page.contains("<recordPosition>61<") && page.contains("<recordPosition>62<"));
    assert!(!page.contains("nextRecordPosition"));
    let counted = search("cql.allRecords = 1", "&maximumRecords=0");
    assert!(counted.contains("<numberOfRecords>"), "{counted}");
    assert_eq!(count(&counted, "<recordData>"), 0);
    let sorted = search("dc.date > 1900 sortBy dc.date/sort.descending", "");
    let (new, old) = (sorted.find("2010").unwrap(), sorted.find("1931").unwrap());
    assert!(new < old, "{sorted}");
    // No other spelling, no fewer words.
    assert!(search("lantrens", "").contains("<numberOfRecords>0<"));
    assert!(search("lantern and nosuchword", "").contains("<numberOfRecords>0<"));
    for (query, code) in [("dc.title =", 10), ("dc.nothing = x", 16), ("a prox b", 39)] {
        let refused = search(query, "");
        assert!(
            refused.contains(&format!("diagnostic/1/{code}<")),
            "{query}: {refused}"
        );
    }
    assert!(ask("operation=scan&scanClause=dc.title").contains("diagnostic/1/4<"));
    let posted = node
        .pages()
        .ask(&Ask::form("/sru", &[("query", "dc.title=valley")]))
        .expect(200)
        .text();
    assert!(posted.contains("<numberOfRecords>1<"), "{posted}");
    restrict(&node, "books");
    assert!(search("dc.title = valley", "").contains("<numberOfRecords>0<"));
}

#[test]
fn opds_lists_what_is_a_file() {
    let net = TestNet::new(PROGRAM);
    let node = library(&net);
    let home = node.get("/").expect(200).text();
    assert!(home.contains("href=\"/opds\""), "{home}");
    let root = node.get("/opds").expect(200);
    assert!(
        root.header("content-type").contains("kind=navigation"),
        "{:?}",
        root.headers
    );
    let root = root.text();
    for path in [
        "/opds/collections",
        "/opds/list?sort=newest",
        "/opds/search.xml",
    ] {
        assert!(root.contains(&path.replace('&', "&amp;")), "{path}: {root}");
    }
    let collections = node.get("/opds/collections").expect(200).text();
    assert!(collections.contains("The shelf"), "{collections}");
    assert!(
        !collections.contains("list?collection=books"),
        "records have no files"
    );
    let subjects = node.get("/opds/subjects").expect(200).text();
    assert!(!subjects.contains("Lighting"), "{subjects}");
    assert!(
        node.get("/opds/languages")
            .expect(200)
            .text()
            .contains("lang=en")
    );

    // The whole folder, page by page.
    let (mut path, mut files) = ("/opds/list?q=&collection=shelf".to_string(), Vec::new());
    let mut pages = 0;
    loop {
        let reply = node.get(&path).expect(200);
        assert!(reply.header("content-type").contains("kind=acquisition"));
        let text = reply.text();
        pages += 1;
        assert!(pages < 5);
        for part in text
            .split("rel=\"http://opds-spec.org/acquisition/open-access\"")
            .skip(1)
        {
            let href = part
                .split("href=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            files.push(href.replace("&amp;", "&"));
        }
        let Some(next) = text.split("rel=\"next\" href=\"").nth(1) else {
            break;
        };
        let next = next.split('"').next().unwrap().replace("&amp;", "&");
        path = next[next.find("/opds").unwrap()..].to_string();
    }
    files.sort();
    files.dedup();
    assert_eq!((files.len(), pages), (60, 2), "{files:?}");
    let file = &files[0][files[0].find("/original").unwrap()..];
    let file = node.get(file).expect(200);
    assert!(file.text().contains("lantern keeper"));
    assert!(
        file.header("content-type").starts_with("text/plain"),
        "{:?}",
        file.headers
    );

    let found = node.get("/opds/list?q=lantern+keeper").expect(200).text();
    assert_eq!(count(&found, "<entry>"), 50, "{found}");
    assert!(
        !found.contains("Mill Press") && !found.contains("page.md"),
        "{found}"
    );
    let description = node.get("/opds/search.xml").expect(200).text();
    assert!(
        description.contains("/opds/list?q={searchTerms}"),
        "{description}"
    );

    let root = node.json("/opds/2");
    assert_eq!(root["navigation"].as_array().unwrap().len(), 6, "{root}");
    let list = node.json("/opds/2/list?query=lantern");
    assert_eq!(list["publications"].as_array().unwrap().len(), 50, "{list}");
    assert_eq!(list["metadata"]["numberOfItems"], 60);
    let link = &list["publications"][0]["links"];
    assert!(link.to_string().contains("/original/shelf/"), "{link}");
    assert_eq!(
        node.json("/opds/2/list?query=nothingofthekind")["publications"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    node.get("/opds/nothing").expect(404);

    restrict(&node, "shelf");
    assert_eq!(
        count(
            &node.get("/opds/list?q=lantern").expect(200).text(),
            "<entry>"
        ),
        0
    );
    node.get("/opds/list?q=&collection=shelf").expect(200);
}

#[test]
fn programs_of_others_read_all_of_it() {
    let Some(python) = std::env::var_os("LAMPION_TEST_PYTHON") else {
        println!("skipped: LAMPION_TEST_PYTHON is not set (`./test` sets it)");
        return;
    };
    let net = TestNet::new(PROGRAM);
    let node = library(&net);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients.py");
    let done = std::process::Command::new(python)
        .arg(script)
        .arg(format!("http://{}", node.pages().address()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{errors}");
    println!("{said}");
}
