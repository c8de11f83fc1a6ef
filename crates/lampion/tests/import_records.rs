//! Catalogue records: MARC, tables with a mapping, JSON Lines; trying first, and what scripts see.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::path::Path;

use lampion_testnet::{TestNet, texts};

const PROGRAM: &str = env!("CARGO_BIN_EXE_lampion");

/// Tag, indicators, subfields.
type Field<'a> = (&'a str, &'a str, &'a [(char, &'a str)]);

/// One MARC 21 record in ISO 2709 and UTF-8.
fn marc(fields: &[Field<'_>]) -> Vec<u8> {
    let (mut directory, mut data) = (String::new(), Vec::new());
    for (tag, indicators, subfields) in fields {
        let mut field = Vec::new();
        if *tag < "010" {
            field.extend_from_slice(subfields[0].1.as_bytes());
        } else {
            field.extend_from_slice(indicators.as_bytes());
            for (code, value) in *subfields {
                field.extend_from_slice(format!("\x1f{code}{value}").as_bytes());
            }
        }
        field.push(0x1e);
        directory.push_str(&format!("{tag}{:04}{:05}", field.len(), data.len()));
        data.extend_from_slice(&field);
    }
    directory.push('\x1e');
    let base = 24 + directory.len();
    let length = base + data.len() + 1;
    let mut out = format!("{length:05}nam a22{base:05} a 4500{directory}").into_bytes();
    out.extend_from_slice(&data);
    out.push(0x1d);
    out
}

fn catalogue() -> Vec<u8> {
    let mut all = marc(&[
        ("001", "", &[(' ', "lamp1")]),
        ("020", "  ", &[('a', "9783161484100")]),
        ("100", "1 ", &[('a', "Brook, Ona.")]),
        (
            "245",
            "10",
            &[
                ('a', "Lanterns of the valley :"),
                ('b', "a history /"),
                ('c', "Ona Brook."),
            ],
        ),
        (
            "260",
            "  ",
            &[('a', "Hill :"), ('b', "Mill Press,"), ('c', "1931.")],
        ),
        ("650", " 0", &[('a', "Lighting"), ('x', "History.")]),
    ]);
    all.extend(marc(&[
        ("001", "", &[(' ', "lamp2")]),
        ("100", "1 ", &[('a', "김하늘")]),
        ("245", "10", &[('a', "등불의 역사")]),
        ("260", "  ", &[('c', "2010")]),
    ]));
    all
}

#[test]
fn marc_is_tried_imported_and_found() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let file = net.path("catalogue.mrc");
    std::fs::write(&file, catalogue()).unwrap();
    let tried = node.import(&file, &["--dry-run"]).expect(0).json();
    assert_eq!(
        (tried["kind"].as_str(), tried["documents"].as_u64()),
        (Some("records"), Some(2)),
        "{tried}"
    );
    let titles = texts(&tried["samples"], "title");
    assert!(
        titles
            .iter()
            .any(|title| title.starts_with("Lanterns of the valley")),
        "{titles:?}"
    );
    assert!(
        node.collection("catalogue").is_none(),
        "trying changes nothing"
    );

    let report = node.import(&file, &["--id", "catalogue"]).expect(0).json();
    assert_eq!(report["documents"], 2, "{report}");
    assert_eq!(node.search("lanterns history")["hits"][0]["year"], 1931);
    assert_eq!(node.search("author:brook lanterns")["total"], 1);
    assert_eq!(node.titles("등불")[0], "등불의 역사");
    let found = node.search("subject:lighting");
    let url = found["hits"][0]["url"].as_str().unwrap();
    let page = node.get(url).expect(200).text();
    assert!(
        page.contains("Mill Press") && page.contains("9783161484100") && page.contains("Ona"),
        "{page}"
    );
    for number in [
        "9783161484100",
        "978-3-16-148410-0",
        "3-16-148410-X",
        "316148410x",
    ] {
        let found = node.search(number);
        assert_eq!(found["total"], 1, "{number}: {found}");
    }
}

#[test]
fn a_table_is_read_by_its_mapping() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let file = net.path("buecher.csv");
    std::fs::write(&file, "Nr;Titel;Verfasser;Jahr;Sprache\n1;\"Die Laterne; ein Licht\";Bach, Ona;1931;de\n2;Der Fuchs im Schnee;Feld, Tam;1954;de\n").unwrap();
    let mapping = "id=Nr,title=Titel,author=Verfasser,year=Jahr,language=Sprache";
    let tried = node.import(&file, &["--dry-run", "--map", mapping]).json();
    assert_eq!(
        tried["samples"][0]["title"], "Die Laterne; ein Licht",
        "{tried}"
    );
    let report = node.import(&file, &["--id", "table", "--map", mapping]);
    assert!(matches!(report.code, 0 | 4), "{report:?}");
    assert_eq!(report.json()["documents"], 2, "{report:?}");
    assert_eq!(node.titles("fuchs"), ["Der Fuchs im Schnee"]);
    assert_eq!(node.search("author:bach")["hits"][0]["year"], 1931);
    let wrong = node.import(&file, &["--id", "wrong", "--map", "title=NoSuchColumn"]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
    assert!(wrong.err.contains("NoSuchColumn"), "{}", wrong.err);
    let wrong = node.import(&file, &["--id", "wrong", "--map", "nonsense"]);
    assert_eq!(wrong.code, 1, "{wrong:?}");
}

#[test]
fn json_lines_with_bad_lines_are_imported_but_for_those() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let file = net.path("books.jsonl");
    std::fs::write(&file, "{\"id\":\"1\",\"title\":\"The first lantern\"}\n{\"id\":\"2\",\"title\":\"The sec\nnot json at all\n{\"id\":\"4\",\"title\":\"The fourth lantern\",\"year\":1999}\n\n[1,2]\n").unwrap();
    let tried = node.import(&file, &["--dry-run"]).expect(4).json();
    assert_eq!(tried["documents"], 2, "{tried}");
    let report = node.import(&file, &["--id", "books"]).expect(4).json();
    assert_eq!(report["documents"], 2, "{report}");
    assert!(report["failed"].as_u64().unwrap() >= 3, "{report}");
    let listed = node.run(&["collection", "errors", "books"]).expect(0).out;
    assert!(
        listed.lines().count() >= 3 && listed.contains('2'),
        "{listed}"
    );

    // A newer version: one changed, one gone, one came.
    std::fs::write(&file, "{\"id\":\"1\",\"title\":\"The first lamp\"}\n{\"id\":\"5\",\"title\":\"The fifth lantern\"}\n").unwrap();
    let report = node.import(&file, &["--id", "books"]).expect(0).json();
    assert_eq!(
        (report["documents"].as_u64(), report["failed"].as_u64()),
        (Some(2), Some(0)),
        "{report}"
    );
    let mut titles: Vec<String> = node
        .all_raw("q=first+OR+fourth+OR+fifth&collection=books")
        .into_iter()
        .map(|(_, title)| title)
        .collect();
    titles.sort();
    assert_eq!(titles, ["The fifth lantern", "The first lamp"]);
    assert!(
        node.run(&["collection", "errors", "books"])
            .expect(0)
            .out
            .is_empty()
    );
}

#[test]
fn other_formats_are_told_apart_by_themselves() {
    let net = TestNet::new(PROGRAM);
    let node = net.node("hill");
    let files = [
        (
            "a.bib",
            "@book{k1, title={Knots and ropes}, author={Stone, Lia}, year={1988}}\n",
            "knots",
        ),
        (
            "b.ris",
            "TY  - BOOK\nTI  - Sails and masts\nAU  - Field, Tam\nPY  - 1977\nER  - \n",
            "sails",
        ),
        (
            "c.xml",
            "<?xml version=\"1.0\"?><collection xmlns=\"http://www.loc.gov/MARC21/slim\"><record><leader>00000nam a2200000 a 4500</leader><controlfield tag=\"001\">x1</controlfield><datafield tag=\"245\" ind1=\"1\" ind2=\"0\"><subfield code=\"a\">Wells and pumps</subfield></datafield></record></collection>",
            "pumps",
        ),
        (
            "d.xml",
            "<?xml version=\"1.0\"?><records><oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>Bees and hives</dc:title><dc:creator>Brook, Ona</dc:creator></oai_dc:dc></records>",
            "hives",
        ),
        (
            "e.tsv",
            "title\tauthor\tyear\nOvens and bread\tStone, Lia\t2001\n",
            "ovens",
        ),
    ];
    for (name, text, word) in files {
        let file = net.path(name);
        std::fs::write(&file, text).unwrap();
        let id = name.replace('.', "-");
        let report = node.import(&file, &["--id", &id]).expect(0).json();
        assert_eq!(report["documents"], 1, "{name}: {report}");
        assert_eq!(
            node.search(word)["hits"][0]["collection"],
            id.as_str(),
            "{name}"
        );
    }
}

#[test]
fn exit_codes_mean_something() {
    let net = TestNet::new(PROGRAM);
    let node = net.prepare("hill");
    let file = net.path("catalogue.mrc");
    std::fs::write(&file, catalogue()).unwrap();
    node.import(Path::new("/nowhere/at/all.mrc"), &[]).expect(3);
    node.import(Path::new("/nowhere/at/all.mrc"), &["--dry-run"])
        .expect(3);
    node.import(&file, &["--kind", "nonsense"]).expect(2);
    node.run(&["import"]).expect(2);
    // Without a node that runs, the command does it itself.
    node.import(&file, &["--id", "catalogue"]).expect(0);
    let found = node.run(&["search", "lanterns", "--json"]).expect(0).json();
    assert_eq!(found["total"], 1, "{found}");
    node.run(&["search", "nothingofthekind"]).expect(3);
    node.run(&["search", "lanterns", "--collection", "nowhere"])
        .expect(3);
    node.run(&["collection", "remove", "nowhere"]).expect(3);
    node.run(&["collection", "remove", "catalogue"]).expect(0);
    node.run(&["search", "lanterns"]).expect(3);
}
