//! Lists as files, read again by our own readers and by others.

use std::io::Cursor;

use super::oai::book;
use super::python;
use crate::exchange::export::{ExportError, ExportFormat, Exporter};
use crate::records::marc::parse_iso2709;
use crate::records::{CatalogueRecord, Mapping, Name, RecordKind, WorkKind, open};

fn exported(format: ExportFormat, records: &[CatalogueRecord]) -> Vec<u8> {
    let mut exporter = Exporter::new(format, Vec::new()).unwrap();
    for record in records {
        exporter.write(record).unwrap();
    }
    assert_eq!(exporter.count(), records.len() as u64);
    exporter.finish().unwrap()
}

fn read(kind: RecordKind, bytes: Vec<u8>) -> Vec<CatalogueRecord> {
    open(kind, Cursor::new(bytes), &Mapping::default())
        .unwrap()
        .map(|item| item.unwrap().record)
        .collect()
}

#[test]
fn our_own_readers_take_what_we_write() {
    let records: Vec<_> = (0..3).map(book).collect();
    for (format, kind) in [
        (ExportFormat::Marc, RecordKind::Marc),
        (ExportFormat::MarcXml, RecordKind::MarcXml),
        (ExportFormat::BibTex, RecordKind::BibTex),
        (ExportFormat::Ris, RecordKind::Ris),
        (ExportFormat::Csv, RecordKind::Csv),
    ] {
        let again = read(kind, exported(format, &records));
        assert_eq!(again.len(), 3, "{format:?}");
        for (again, record) in again.iter().zip(&records) {
            assert_eq!(again.title, record.title, "{format:?}");
            assert_eq!(again.year, record.year, "{format:?}");
            assert_eq!(
                again.identifier("isbn"),
                record.identifier("isbn"),
                "{format:?}"
            );
        }
    }
    for format in ExportFormat::ALL {
        assert!(!format.extension().is_empty() && format.media_type().contains('/'));
        assert!(read_nothing(format), "{format:?}");
    }
}

/// An empty list is a file that its readers take.
fn read_nothing(format: ExportFormat) -> bool {
    let bytes = exported(format, &[]);
    match format {
        ExportFormat::CslJson => serde_json::from_slice::<Vec<u8>>(&bytes)
            .unwrap()
            .is_empty(),
        ExportFormat::Marc | ExportFormat::BibTex | ExportFormat::Ris => bytes.is_empty(),
        ExportFormat::MarcXml => bytes.ends_with(b"</collection>\n"),
        ExportFormat::Csv => bytes.ends_with(b"\r\n"),
    }
}

#[test]
fn keys_are_no_other_records() {
    let records = [book(1), book(2), book(3)];
    let text = String::from_utf8(exported(ExportFormat::BibTex, &records)).unwrap();
    for key in ["{hunt1999fish,", "{hunt1999fish-2,", "{hunt1999fish-3,"] {
        assert_eq!(text.matches(key).count(), 1, "{text}");
    }
    let json = exported(ExportFormat::CslJson, &records);
    let items: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
    assert_eq!(items[2]["id"], "hunt1999fish-3");
}

#[test]
fn no_cell_is_a_formula() {
    let record = CatalogueRecord {
        id: "-5".to_owned(),
        title: "=HYPERLINK(\"http://evil\",\"x\")".to_owned(),
        subtitle: Some(" +1+1".to_owned()),
        authors: vec![Name::new("@SUM(A1)")],
        publisher: Some("＝1".to_owned()),
        place: Some("a\"b;c\nd".to_owned()),
        year: Some(-44),
        ..CatalogueRecord::default()
    };
    let text =
        String::from_utf8(exported(ExportFormat::Csv, std::slice::from_ref(&record))).unwrap();
    assert!(text.starts_with('\u{feff}'));
    let row = text.split("\r\n").nth(1).unwrap();
    assert!(row.starts_with(
        "-5,\"'=HYPERLINK(\"\"http://evil\"\",\"\"x\"\")\",\"' +1+1\",\"'@SUM(A1)\",,,\"'＝1\",\"a\"\"b;c\nd\",-44,"
    ), "{row}");
    let Some(python) = python::with(&["csv"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, &text).unwrap();
    let script = r#"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8-sig", newline="")))
print(len(rows), rows[0]["title"], repr(rows[0]["place"]), len(rows[0]))
"#;
    let printed = python::run(&python, script, &[path.to_str().unwrap()]);
    assert_eq!(
        printed.trim(),
        "1 '=HYPERLINK(\"http://evil\",\"x\") 'a\"b;c\\nd' 25"
    );
}

#[test]
fn a_record_that_has_no_room_is_left_out_whole() {
    let long = CatalogueRecord {
        description: Some("x".repeat(20_000)),
        ..book(1)
    };
    let mut exporter = Exporter::new(ExportFormat::Marc, Vec::new()).unwrap();
    exporter.write(&book(0)).unwrap();
    let refused = exporter.write(&long);
    assert!(matches!(refused, Err(ExportError::Unwritable { id, .. }) if id == "rec 1/ü"));
    exporter.write(&book(2)).unwrap();
    assert_eq!(exporter.count(), 2);
    let records = read(RecordKind::Marc, exporter.finish().unwrap());
    assert_eq!(records.len(), 2);
}

#[test]
fn a_record_of_marc_comes_out_as_it_was() {
    let bytes = exported(ExportFormat::Marc, &[book(1)]);
    let (record, _) = parse_iso2709(&bytes).unwrap();
    let mut exporter = Exporter::new(ExportFormat::Marc, Vec::new()).unwrap();
    exporter.write_marc("1", &record).unwrap();
    assert_eq!(exporter.finish().unwrap(), bytes);
    let mut exporter = Exporter::new(ExportFormat::Ris, Vec::new()).unwrap();
    assert!(matches!(
        exporter.write_marc("1", &record),
        Err(ExportError::NotMarc)
    ));
    assert_eq!(WorkKind::default(), WorkKind::Other);
}

#[test]
fn pymarc_reads_the_list() {
    let Some(python) = python::with(&["pymarc"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let records: Vec<_> = (0..3).map(book).collect();
    for (format, name) in [
        (ExportFormat::Marc, "list.mrc"),
        (ExportFormat::MarcXml, "list.xml"),
    ] {
        std::fs::write(folder.path().join(name), exported(format, &records)).unwrap();
    }
    let script = r#"
import sys, pymarc
for records in (list(pymarc.MARCReader(open(sys.argv[1] + "/list.mrc", "rb"))), pymarc.parse_xml_to_array(sys.argv[1] + "/list.xml")):
    print([r["245"]["a"] for r in records], records[0]["020"]["a"])
"#;
    let printed = python::run(&python, script, &[folder.path().to_str().unwrap()]);
    let line = "['Fish & <Chips> \"0\" 魚 :', 'Fish & <Chips> \"1\" 魚 :', 'Fish & <Chips> \"2\" 魚 :'] 9780201616224";
    assert_eq!(printed.lines().collect::<Vec<_>>(), [line, line]);
}
