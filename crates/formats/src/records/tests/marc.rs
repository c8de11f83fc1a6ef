use std::io::Cursor;
use std::process::Command;

use super::{Item, shared};
use crate::records::marc::Flavour;
use crate::records::marc::{MarcRecord, parse_iso2709, text::Decoder};
use crate::records::*;

fn read(bytes: &[u8]) -> Vec<Item> {
    open(
        RecordKind::Marc,
        Cursor::new(bytes.to_vec()),
        &Mapping::default(),
    )
    .unwrap()
    .collect()
}

fn good(bytes: &[u8]) -> Vec<Located<CatalogueRecord>> {
    read(bytes).into_iter().map(|item| item.unwrap()).collect()
}

fn raw<'a>(bytes: &'a [u8], located: &Located<CatalogueRecord>) -> &'a [u8] {
    let at = usize::try_from(located.offset).unwrap();
    &bytes[at..at + usize::try_from(located.length).unwrap()]
}

#[test]
fn real_records_come_out_byte_for_byte() {
    let mut seen = 0;
    for name in [
        "marc.dat",
        "test.dat",
        "one.dat",
        "multi_isbn.dat",
        "diacritic.dat",
        "alphatag.dat",
        "marc8.dat",
        "1251.dat",
        "regression45.dat",
        "bad_eacc_encoding.dat",
        "bad_marc8_escape.dat",
        "utf8_errors.dat",
        "utf8_invalid.mrc",
        "utf8_with_leader_flag.dat",
        "utf8_without_leader_flag.dat",
    ] {
        let Some(bytes) = shared(&format!("marc/{name}")) else {
            return;
        };
        for located in good(&bytes) {
            let own = raw(&bytes, &located);
            let (record, _) = parse_iso2709(own).unwrap();
            assert_eq!(
                record.to_iso2709().unwrap(),
                own,
                "{name} {}",
                located.ordinal
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 20 + 10 + 6 + 12 + 11);
}

#[test]
fn encodings_are_found_whatever_the_leader_says() {
    let Some(bytes) = shared("marc/1251.dat") else {
        return;
    };
    let records = good(&bytes);
    assert_eq!(records.len(), 6);
    assert!(
        records[0]
            .record
            .title
            .starts_with("Основы гидравлического расчета")
    );
    assert!(
        records[0].warnings[0].contains("windows-1251"),
        "{:?}",
        records[0].warnings
    );
    assert_eq!(records[0].record.language.as_deref(), Some("ru"));
    assert_eq!(records[0].record.identifier("isbn"), Some("9785930933420"));

    for name in ["utf8_with_leader_flag.dat", "utf8_without_leader_flag.dat"] {
        let bytes = shared(&format!("marc/{name}")).unwrap();
        let records = good(&bytes);
        let subjects = records[0].record.subjects.join("\n");
        assert!(!subjects.contains('\u{fffd}'), "{subjects}");
    }
    let records = good(&shared("marc/marc8.dat").unwrap());
    let all = format!("{:?}", records[0].record);
    assert!(all.contains("De la solitude à la communauté"), "{all}");
    let records = good(&shared("marc/bad_eacc_encoding.dat").unwrap());
    assert!(
        records[0]
            .warnings
            .iter()
            .any(|one| one.contains("East Asian")),
        "{:?}",
        records[0].warnings
    );
}

#[test]
fn unimarc_is_recognised() {
    let Some(bytes) = shared("marc/testunimarc.dat") else {
        return;
    };
    let records = good(&bytes);
    assert_eq!(records.len(), 1);
    let record = &records[0].record;
    assert_eq!(record.year, Some(1996));
    assert_eq!(record.language.as_deref(), Some("it"));
    assert_eq!(record.identifier("isbn"), Some("9788804406822"));
    assert!(record.title == "L'altra faccia della spirale", "{record:?}");
    assert_eq!(record.authors[0].display, "Asimov, Isaac");
    assert_eq!(record.authors[3].role.as_deref(), Some("ctb"));
}

#[test]
fn broken_records_are_reported_and_the_rest_goes_on() {
    let Some(bytes) = shared("marc/bad_records.mrc") else {
        return;
    };
    let items = read(&bytes);
    let summary: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok(one) => format!("{} {} {:?}", one.offset, one.record.title, one.warnings),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(items.len(), 8, "{summary:#?}");
    assert!(items[7].is_ok(), "{summary:#?}");
    assert_eq!(
        items.iter().filter(|item| item.is_err()).count(),
        1,
        "{summary:#?}"
    );
    assert!(
        items[6].as_ref().unwrap_err().reason.contains("no fields"),
        "{summary:#?}"
    );
    assert!(
        items[1..6]
            .iter()
            .all(|item| !item.as_ref().unwrap().warnings.is_empty()),
        "{summary:#?}"
    );
    // Each place is told.
    for item in &items {
        let (offset, length) = match item {
            Ok(one) => (one.offset, one.length),
            Err(error) => (error.offset, error.length),
        };
        assert_eq!(bytes[usize::try_from(offset + length).unwrap() - 1], 0x1D);
    }
}

#[test]
fn reading_goes_on_at_any_position() {
    let Some(bytes) = shared("marc/marc.dat") else {
        return;
    };
    let all = good(&bytes);
    let mut reader = open(
        RecordKind::Marc,
        Cursor::new(bytes.clone()),
        &Mapping::default(),
    )
    .unwrap();
    for _ in 0..7 {
        reader.next().unwrap().unwrap();
    }
    let (position, ordinal) = (reader.offset(), reader.ordinal());
    drop(reader);
    let rest: Vec<_> = open_at(
        RecordKind::Marc,
        Cursor::new(bytes),
        &Mapping::default(),
        position,
        ordinal,
    )
    .unwrap()
    .map(|item| item.unwrap())
    .collect();
    assert_eq!(rest, all[7..]);
}

#[test]
fn junk_and_missing_terminators_cost_one_record_at_most() {
    let mut record = MarcRecord::new(b'a', b'm');
    record
        .fields
        .push(marc::Field::parse(*b"245", b"10\x1faOne"));
    let one = record.to_iso2709().unwrap();
    let mut bytes = b"some junk\r\n".to_vec();
    bytes.extend_from_slice(&one);
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&one);
    let items = read(&bytes);
    assert_eq!(items.len(), 3);
    assert_eq!(items[0].as_ref().unwrap_err().length, 11);
    assert!(items[1..].iter().all(Result::is_ok));

    let mut bytes = one[..one.len() - 1].to_vec();
    bytes.extend_from_slice(&one);
    bytes.extend_from_slice(&one[..30]);
    let items = read(&bytes);
    assert_eq!(items.len(), 4 - 1);
    assert!(
        items[2]
            .as_ref()
            .unwrap_err()
            .reason
            .contains("without a record terminator")
    );
}

#[test]
fn an_endless_record_is_bounded() {
    let endless = std::io::repeat(b'7');
    let source = std::io::Read::take(endless, 20_000_000);
    let source = std::io::BufReader::new(std::io::Read::chain(source, &b"\x1d"[..]));
    let items: Vec<_> = open(RecordKind::Marc, source, &Mapping::default())
        .unwrap()
        .collect();
    assert_eq!(items.len(), 1);
    assert!(items[0].is_err());
}

/// The same titles as pymarc finds, where Python has it.
#[test]
fn pymarc_reads_the_same_titles() {
    let script = r#"
import sys, pymarc
for r in pymarc.MARCReader(open(sys.argv[1],'rb'), to_unicode=True, hide_utf8_warnings=True, utf8_handling='replace'):
    f = r.get_fields('245') if r else []
    print((f[0].get_subfields('a') or [''])[0].strip() if f else '')
"#;
    let python = std::env::var("LAMPION_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import pymarc"]).output();
    if !there.is_ok_and(|done| done.status.success()) {
        eprintln!("skipped: pymarc is absent (set LAMPION_TEST_PYTHON to a Python that has it)");
        return;
    }
    for name in [
        "marc.dat",
        "test.dat",
        "one.dat",
        "multi_isbn.dat",
        "diacritic.dat",
        "alphatag.dat",
        "marc8.dat",
        "regression45.dat",
        "utf8_errors.dat",
        "utf8_with_leader_flag.dat",
        "bad_eacc_encoding.dat",
    ] {
        let Some(bytes) = shared(&format!("marc/{name}")) else {
            return;
        };
        let path = format!(
            "{}/../../../shared/data/marc/{name}",
            env!("CARGO_MANIFEST_DIR")
        );
        let done = Command::new(&python)
            .args(["-c", script, &path])
            .env("PYTHONIOENCODING", "utf-8")
            .output()
            .unwrap();
        let theirs: Vec<String> = String::from_utf8(done.stdout)
            .unwrap()
            .lines()
            .map(|line| crate::records::marc::marc8::nfc(line.to_owned()))
            .collect();
        let ours: Vec<String> = good(&bytes)
            .iter()
            .map(|located| {
                let (record, _) = parse_iso2709(raw(&bytes, located)).unwrap();
                let decoder = Decoder::new(&record, Flavour::Marc21);
                let title = record.fields_with(b"245").next();
                title
                    .and_then(|field| field.subfield(b'a'))
                    .map_or(String::new(), |data| decoder.text(data).trim().to_owned())
            })
            .collect();
        assert_eq!(ours, theirs, "{name}");
    }
}
