use super::clean;
use crate::records::*;

/// A record with a value in every place and every mark that formats stumble over.
fn sample() -> CatalogueRecord {
    CatalogueRecord {
        id: "a-1".into(),
        title: "50% of {Tea} & \"Salt\" <in> 한국 _1_".into(),
        subtitle: Some("a #1 history".into()),
        alternative_titles: vec!["차와 소금".into()],
        authors: vec![
            Name::new("Ode, Mira"),
            Name::new("Gödel, Kurt"),
            Name::with_role("Kim, Hana", "edt"),
            Name::with_role("Иванов, Иван", "trl"),
        ],
        publisher: Some("Smith & Sons".into()),
        place: Some("P'yŏngyang".into()),
        year: Some(1998),
        date: Some("1998-05".into()),
        language: Some("ko".into()),
        other_languages: vec!["de".into()],
        subjects: vec!["Tea -- Korea -- History".into(), "Salt".into()],
        description: Some("What $5 bought; ~10 \\ more^2.".into()),
        series: vec!["Food".into()],
        edition: Some("2nd ed.".into()),
        extent: Some("xi, 242 p.".into()),
        identifiers: vec![
            Identifier::new("isbn", "9780201616224"),
            Identifier::new("doi", "10.1000/a_b"),
            Identifier::new("url", "https://example.org/?a=1&b=~2"),
        ],
        kind: WorkKind::Book,
        notes: vec!["A note.".into()],
        ..CatalogueRecord::default()
    }
}

fn article() -> CatalogueRecord {
    CatalogueRecord {
        id: "b".into(),
        title: "Wells".into(),
        authors: vec![Name::new("Ode, Mira")],
        container: Some("Water & Land".into()),
        volume: Some("24".into()),
        issue: Some("3".into()),
        pages: Some("1-11".into()),
        year: Some(1994),
        date: Some("1994".into()),
        identifiers: vec![Identifier::new("issn", "0378-5955")],
        kind: WorkKind::Article,
        ..CatalogueRecord::default()
    }
}

/// Reads one record and takes away what says where it came from.
fn back(kind: RecordKind, text: &str) -> CatalogueRecord {
    let mut records = clean(kind, text);
    assert_eq!(records.len(), 1, "{text}");
    let mut one = records.remove(0);
    one.source_format = None;
    one
}

#[test]
fn through_bibtex_and_back() {
    for mut record in [sample(), article()] {
        // The key stands for the id.
        record.id = cite::key(&record);
        let text = cite::bibtex(&record);
        assert_eq!(back(RecordKind::BibTex, &text), record, "{text}");
    }
    let mut record = sample();
    record.authors = vec![
        Name::corporate("Ministry of Tea and Salt"),
        Name::new("Plato"),
        Name::new("King, Martin Luther, Jr."),
    ];
    assert_eq!(
        back(RecordKind::BibTex, &cite::bibtex(&record)).authors,
        record.authors
    );
}

#[test]
fn through_ris_and_back() {
    for record in [sample(), article()] {
        let text = cite::ris(&record);
        assert_eq!(back(RecordKind::Ris, &text), record, "{text}");
    }
}

#[test]
fn through_marcxml_and_back() {
    for record in [sample(), article()] {
        let text = cite::marcxml(&record);
        let mut expected = record.clone();
        // MARC gives numbers before addresses, and 008 its own date.
        let mut found = back(RecordKind::MarcXml, &text);
        expected.identifiers.sort();
        found.identifiers.sort();
        assert_eq!(found, expected, "{text}");
        let binary = marc::build::from_catalogue(&record).to_iso2709().unwrap();
        let mut found = clean(RecordKind::Marc, binary).remove(0);
        found.source_format = None;
        found.identifiers.sort();
        assert_eq!(found, expected);
    }
}

#[test]
fn through_dublin_core_and_back() {
    let record = sample();
    let text = cite::dublin_core(&record);
    let mut expected = record.clone();
    // Dublin Core has no roles, places, editions and notes.
    for name in &mut expected.authors {
        if name.role.is_some() {
            name.role = Some("ctb".into());
        }
    }
    expected.place = None;
    expected.edition = None;
    expected.notes.clear();
    assert_eq!(back(RecordKind::DublinCore, &text), expected, "{text}");
}

#[test]
fn csl_json_and_plain_text() {
    let item = cite::csl_json(&sample());
    assert_eq!(item["type"], "book");
    assert_eq!(item["author"][1]["family"], "Gödel");
    assert_eq!(item["editor"][0]["given"], "Hana");
    assert_eq!(item["issued"]["date-parts"][0][1], 5);
    assert_eq!(item["DOI"], "10.1000/a_b");
    assert_eq!(
        cite::text(&article()),
        "Ode, Mira. Wells. In: Water & Land 24 (3), 1-11. 1994."
    );
    let mut book = sample();
    book.authors.truncate(1);
    book.title = "Tea".into();
    book.subtitle = None;
    book.identifiers.clear();
    assert_eq!(
        cite::text(&book),
        "Ode, Mira. Tea. 2nd ed. P'yŏngyang: Smith & Sons, 1998."
    );
    // The same as JSON Lines of our own model.
    let line = serde_json::to_string(&sample()).unwrap();
    let again: CatalogueRecord = serde_json::from_str(&line).unwrap();
    assert_eq!(again, sample());
}

#[test]
fn keys_are_stable_and_plain() {
    assert_eq!(cite::key(&article()), "ode1994wells");
    let mut record = sample();
    record.authors = vec![Name::new("김하나")];
    record.title = "우리 마을".into();
    assert_eq!(cite::key(&record), "recorda1");
    record.authors = vec![Name::new("Gödel, Kurt")];
    record.title = "Über die Sätze".into();
    assert_eq!(cite::key(&record), "godel1998uber");
}
