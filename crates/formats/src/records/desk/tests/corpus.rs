use std::io::Cursor;

use super::super::fuzz::examine;
use crate::records::desk::{Work, WorkError};
use crate::records::tests::{shared, shared_folder};
use crate::records::{Mapping, RecordKind, open};

/// The bytes of each record of a file, as the reader cuts them.
fn records(kind: RecordKind, bytes: &[u8]) -> Vec<Vec<u8>> {
    open(kind, Cursor::new(bytes.to_vec()), &Mapping::default())
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
        .filter(|path| {
            path.extension()
                .is_some_and(|one| one == "dat" || one == "mrc")
        })
        .collect();
    files.sort();
    let (mut same, mut kept, mut refused) = (0, 0, Vec::new());
    for path in files {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, own) in records(RecordKind::Marc, &bytes).iter().enumerate() {
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
    // All that the folder has in ISO 2709 but two, of which no fields can be made.
    assert!(same >= 68, "{same}");
    assert_eq!(refused.len(), 2);
    assert!(kept < same);
}

#[test]
fn marcxml_and_marc_in_json_keep_their_fields() {
    let mut seen = 0;
    for name in ["batch.xml", "utf8.xml", "bad_tag.xml"] {
        let Some(bytes) = shared(&format!("marc/{name}")) else {
            return;
        };
        for xml in records(RecordKind::MarcXml, &bytes) {
            let work = Work::from_marcxml(&xml).unwrap();
            goes_round(&work);
            let again = Work::from_marcxml(work.to_marcxml().as_bytes()).unwrap();
            assert_eq!(again, work, "{name}");
            seen += 1;
        }
    }
    assert_eq!(seen, 4);
    // (`test.json` is no JSON: line breaks stand in its strings.)
    for name in ["one.json", "batch.json"] {
        let Some(bytes) = shared(&format!("marc/{name}")) else {
            return;
        };
        let all: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let records = all.as_array().cloned().unwrap_or_else(|| vec![all.clone()]);
        for record in records {
            // What others write as MARC-in-JSON is the inside of a work.
            let json = serde_json::json!({"version": 1, "scheme": "marc21", "marc": record});
            let work = Work::from_json(json.to_string().as_bytes()).unwrap();
            goes_round(&work);
            seen += 1;
        }
    }
    println!("{seen} records of MARCXML and MARC-in-JSON keep their fields");
}

fn goes_round(work: &Work) {
    assert!(!work.title().is_empty());
    let bytes = work.to_iso2709().unwrap();
    let (again, warnings) = Work::from_iso2709(&bytes).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(again, *work);
    let json = again.to_json().unwrap();
    let again = Work::from_json(json.as_bytes()).unwrap();
    assert_eq!(again.to_iso2709().unwrap(), bytes);
    examine(work);
}
