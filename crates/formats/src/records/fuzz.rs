//! Entry points for fuzzing: any bytes may be given; nothing may panic, loop or
//! fill memory.

use std::io::Cursor;

use super::marc::{parse_iso2709, parse_marcxml, to_catalogue};
use super::{Mapping, RecordKind, cite, detect_records, open};

/// Every format, in the order of the selecting byte.
const KINDS: [RecordKind; 7] = [
    RecordKind::Marc,
    RecordKind::MarcXml,
    RecordKind::DublinCore,
    RecordKind::BibTex,
    RecordKind::Ris,
    RecordKind::Csv,
    RecordKind::JsonLines,
];

/// Reads bytes as MARC, and writes and reads again what could be read.
pub fn fuzz_marc(bytes: &[u8]) {
    read_all(RecordKind::Marc, bytes);
    if let Ok((record, _)) = parse_iso2709(bytes) {
        let _ = to_catalogue(&record, super::marc::Flavour::Guess);
        if let Ok(written) = record.to_iso2709() {
            let again = parse_iso2709(&written).map(|read| read.0.fields);
            assert_eq!(
                again.as_ref(),
                Ok(&record.fields),
                "a written record reads as it was"
            );
        }
        let _ = parse_marcxml(record.to_marcxml(true).as_bytes());
    }
}

/// Reads bytes in the format that the first byte selects.
pub fn fuzz_records(bytes: &[u8]) {
    let Some((selector, rest)) = bytes.split_first() else {
        return;
    };
    let _ = detect_records(rest, "file");
    if let Some(kind) = KINDS.get(usize::from(*selector) % KINDS.len()) {
        read_all(*kind, rest);
    }
}

fn read_all(kind: RecordKind, bytes: &[u8]) {
    let Ok(reader) = open(kind, Cursor::new(bytes.to_vec()), &Mapping::default()) else {
        return;
    };
    let mut end = 0;
    for item in reader {
        let (offset, length) = match &item {
            Ok(located) => (located.offset, located.length),
            Err(error) => (error.offset, error.length),
        };
        assert!(offset >= end, "records come one after the other");
        end = offset + length;
        assert!(end <= bytes.len() as u64, "a record lies within its source");
        if let Ok(located) = &item {
            let record = &located.record;
            assert!(!record.id.is_empty(), "every record has an id");
            let _ = (cite::bibtex(record), cite::ris(record), cite::text(record));
            let _ = (
                cite::csl_json(record),
                cite::marcxml(record),
                cite::dublin_core(record),
            );
        }
    }
}
