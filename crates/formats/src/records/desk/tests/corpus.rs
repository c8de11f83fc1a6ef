use std::io::Cursor;

use super::super::fuzz::examine;
use crate::records::desk::{Work, WorkError};
use crate::records::tests::{shared, shared_folder};
use crate::records::{Mapping, RecordKind, open};

/// The bytes of each record of a file, as the reader cuts them.
fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    open(RecordKind::Marc, Cursor::new(bytes.to_vec()), &Mapping::default())
        .unwrap()
        .map(|item| {
            let (offset, length) = match &item {
                Ok(located) => (located.offset, located.length),
                Err(error) => (error.offset, error.length),
            };
            let at = usize::try_from(offset).unwrap();
            bytes[at..at + usize::try_from(length).unwrap()].to_vec()
        })
        .collect()
}

#[test]
fn real_records_come_out_byte_for_byte() {
    let Some(folder) = shared_folder() else {
        println!("skipped: shared/data is absent");
        return;
    };
    let mut files: Vec<_> = std::fs::read_dir(folder.join("marc"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|one| one == "dat" || one == "mrc"))
        .collect();
    files.sort();
    let (mut same, mut kept, mut refused) = (0, 0, Vec::new());
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, own) in records(&bytes).iter().enumerate() {
            let work = match Work::from_iso2709(own) {
                Ok((work, _)) => work,
                Err(WorkError::Marc(reason)) => {
                    refused.push(format!("{name} {number}: {reason}"));
                    continue;
                }
                Err(other) => panic!("{name} {number}: {other}"),
            };
            let json = work.to_json().unwrap();
            let again = Work::from_json(json.as_bytes()).unwrap();
            assert_eq!(again, work, "{name} {number}");
            assert_eq!(again.to_iso2709().unwrap(), *own, "{name} {number}");
            same += 1;
            kept += usize::from(again.marc().original().is_some());
            examine(&work);
        }
    }
    println!("{same} the same, {kept} of them by their own bytes; refused: {refused:#?}");
    assert!(same >= 100, "{same}");
    assert!(kept < same);
}

#[test]
fn marcxml_and_marc_in_json_keep_their_fields() {
    for (name, count) in [("batch.xml", 2), ("utf8.xml", 1)] {
        let Some(bytes) = shared(&format!("marc/{name}")) else {
            return;
        };
        let text = String::from_utf8(bytes).unwrap();
        let mut seen = 0;
        for part in text.split("<record").skip(1) {
            let end = part.find("</record>").unwrap() + "</record>".len();
            let xml = format!("<record{}", &part[..end]);
            let work = Work::from_marcxml(xml.as_bytes()).unwrap();
            let json = work.to_json().unwrap();
            let again = Work::from_json(json.as_bytes()).unwrap();
            assert_eq!(again, work);
            let xml_again = Work::from_marcxml(again.to_marcxml().as_bytes()).unwrap();
            assert_eq!(xml_again, work);
            examine(&work);
            seen += 1;
        }
        assert_eq!(seen, count, "{name}");
    }
    let Some(bytes) = shared("marc/one.json") else {
        return;
    };
    // What others write as MARC-in-JSON is the inside of a work.
    let text = String::from_utf8(bytes).unwrap();
    let json = format!("{{\"version\":1,\"scheme\":\"marc21\",\"marc\":{text}}}");
    let work = Work::from_json(json.as_bytes()).unwrap();
    assert!(!work.title().is_empty());
}
