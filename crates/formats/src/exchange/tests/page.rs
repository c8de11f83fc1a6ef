//! What programs read of a record's page.

use super::oai::{book, decode};
use super::python;
use crate::exchange::page::{
    UNAPI_FORMATS, coins, context_object, schema_org, script, unapi, unapi_formats,
};
use crate::records::{CatalogueRecord, Identifier, Name, WorkKind};

fn article() -> CatalogueRecord {
    CatalogueRecord {
        id: "a1".to_owned(),
        title: "On </script><script>alert(1)".to_owned(),
        authors: vec![Name::new("Kim, Il"), Name::new("Plato")],
        container: Some("Nature".to_owned()),
        volume: Some("12".to_owned()),
        issue: Some("3".to_owned()),
        pages: Some("1-9".to_owned()),
        year: Some(2001),
        date: Some("2001-05-03".to_owned()),
        identifiers: vec![
            Identifier::new("doi", "10.1000/x"),
            Identifier::new("issn", "0378-5955"),
        ],
        kind: WorkKind::Article,
        ..CatalogueRecord::default()
    }
}

#[test]
fn schema_org_names_things_as_it_does() {
    let value = schema_org(&book(1), "http://hill.internal/record/1");
    assert_eq!(value["@type"], "Book");
    assert_eq!(value["isbn"][0], "9780201616224");
    assert_eq!(value["author"][0]["familyName"], "Hunt");
    assert_eq!(value["author"][1]["@type"], "Organization");
    assert_eq!(value["editor"][0]["name"], "Ann Lee");
    assert_eq!(value["datePublished"], "1999");
    let value = schema_org(&article(), "http://hill.internal/record/2");
    assert_eq!(value["@type"], "ScholarlyArticle");
    assert_eq!(value["datePublished"], "2001-05-03");
    let issue = &value["isPartOf"];
    assert_eq!(issue["issueNumber"], "3");
    assert_eq!(issue["isPartOf"]["volumeNumber"], "12");
    assert_eq!(issue["isPartOf"]["isPartOf"]["name"], "Nature");
    assert_eq!(issue["isPartOf"]["isPartOf"]["issn"][0], "0378-5955");
    assert_eq!(value["sameAs"][0], "https://doi.org/10.1000/x");
    for (kind, name) in [
        (WorkKind::Thesis, "Thesis"),
        (WorkKind::Map, "Map"),
        (WorkKind::Score, "SheetMusic"),
        (WorkKind::Other, "CreativeWork"),
    ] {
        let record = CatalogueRecord {
            kind,
            ..CatalogueRecord::default()
        };
        assert_eq!(schema_org(&record, "u")["@type"], name);
    }
    // No title ends the script.
    let html = script(&value);
    assert_eq!(html.matches("</script>").count(), 1);
    let json = html
        .split_once('>')
        .unwrap()
        .1
        .strip_suffix("</script>")
        .unwrap();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(json).unwrap(),
        value
    );
}

fn keys(record: &CatalogueRecord) -> Vec<(String, String)> {
    context_object(record, "hill.internal")
        .split('&')
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), decode(value)))
        .collect()
}

fn has(record: &CatalogueRecord, name: &str, value: &str) {
    let keys = keys(record);
    assert!(
        keys.contains(&(name.to_owned(), value.to_owned())),
        "{name}={value}: {keys:?}"
    );
}

#[test]
fn coins_say_what_zotero_reads() {
    let one = book(1);
    has(&one, "ctx_ver", "Z39.88-2004");
    has(&one, "rft_val_fmt", "info:ofi/fmt:kev:mtx:book");
    has(&one, "rft.genre", "book");
    has(&one, "rft.btitle", "Fish & <Chips> \"1\" 魚: a history");
    has(&one, "rft.aulast", "Hunt");
    has(&one, "rft.aufirst", "Andrew");
    has(&one, "rft.aucorp", "Hill Society");
    has(&one, "rft.isbn", "9780201616224");
    has(&one, "rft.date", "1999");
    let one = article();
    has(&one, "rft_val_fmt", "info:ofi/fmt:kev:mtx:journal");
    has(&one, "rft.atitle", &one.title);
    has(&one, "rft.jtitle", "Nature");
    has(&one, "rft.volume", "12");
    has(&one, "rft_id", "info:doi/10.1000/x");
    let map = CatalogueRecord {
        kind: WorkKind::Map,
        ..book(1)
    };
    has(&map, "rft_val_fmt", "info:ofi/fmt:kev:mtx:dc");
    has(&map, "rft.type", "map");
    has(&map, "rft.creator", "Hunt, Andrew");
    let span = coins(&article(), "hill.internal");
    assert_eq!(span.matches('<').count(), 2, "{span}");
    assert!(span.contains("&amp;rft.volume=12"));
}

#[test]
fn unapi_lists_its_formats_and_gives_each() {
    python::check_xml(&[
        (
            "all",
            unapi_formats(None),
            "names == ['format'] * 4 and not root.attrib",
        ),
        (
            "one",
            unapi_formats(Some("a&b")),
            "root.get('id') == 'a&b' and root[0].get('name') == 'marcxml'",
        ),
        (
            "marcxml",
            unapi("marcxml", &book(1)).unwrap().1,
            "root.tag == '{http://www.loc.gov/MARC21/slim}record'",
        ),
        (
            "oai_dc",
            unapi("oai_dc", &book(1)).unwrap().1,
            "len(x('dc:creator')) == 2",
        ),
    ]);
    for format in UNAPI_FORMATS {
        assert_eq!(unapi(format.name, &article()).unwrap().0, format);
    }
    assert_eq!(unapi("mods", &article()), None);
}
