use proptest::prelude::*;

use super::{BOOK, book, chance, marc, tea};
use crate::records::desk::fuzz::fuzz_work;
use crate::records::desk::{
    Attachment, Scheme, Severity, Template, Work, WorkError, check, template,
};

fn file() -> Attachment {
    Attachment {
        name: "tea.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size_bytes: 7,
        blake3: "0123456789abcdef".repeat(4),
    }
}

#[test]
fn json_is_readable_and_keeps_all() {
    let mut work = Work::from(marc("=001 7\n=245 00$aTea"));
    work.files.push(file());
    work.cover = Some(file());
    work.note = "check the date".to_owned();
    let json = work.to_json().unwrap();
    assert_eq!(
        json,
        format!(
            "{{\"version\":1,\"scheme\":\"marc21\",\"marc\":{{\"leader\":\"00000nam a2200000   4500\",\
             \"fields\":[{{\"001\":\"7\"}},{{\"245\":{{\"ind1\":\"0\",\"ind2\":\"0\",\"subfields\":[{{\"a\":\"Tea\"}}]}}}}]}},\
             \"files\":[{0}],\"cover\":{0},\"note\":\"check the date\"}}",
            "{\"name\":\"tea.pdf\",\"media_type\":\"application/pdf\",\"size_bytes\":7,\
             \"blake3\":\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}"
        )
    );
    assert_eq!(Work::from_json(json.as_bytes()).unwrap(), work);
    let json = Work::from(tea()).to_json().unwrap();
    assert!(json.starts_with(
        "{\"version\":1,\"scheme\":\"dublin-core\",\"statements\":[{\"element\":\"title\",\"value\":\"The book"
    ));
    assert_eq!(Work::from_json(json.as_bytes()).unwrap(), Work::from(tea()));
}

#[test]
fn what_is_no_work_is_refused() {
    let refused = |json: &str| Work::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(
        refused("{\"version\":2,\"new\":1}"),
        WorkError::NewerVersion(2)
    );
    for json in [
        "",
        "[]",
        "{}",
        "{\"version\":1}",
        "{\"version\":1,\"scheme\":\"marc21\"}",
        "{\"version\":1,\"scheme\":\"dublin-core\",\"statements\":[],\"more\":1}",
        "{\"version\":1,\"scheme\":\"dublin-core\",\"statements\":[{\"element\":\"colour\",\"value\":\"red\"}]}",
        "{\"version\":1,\"scheme\":\"marc21\",\"marc\":{\"leader\":\"short\",\"fields\":[]}}",
        "{\"version\":1,\"scheme\":\"marc21\",\"marc\":{\"original\":\"\u{4e00}\"}}",
        "{\"version\":1,\"scheme\":\"marc21\",\"marc\":{\"leader\":\"00000nam a2200000   4500\",\"fields\":[{\"24\":\"x\"}]}}",
        "{\"version\":1,\"scheme\":\"marc21\",\"marc\":{\"leader\":\"00000nam a2200000   4500\",\"fields\":[{\"001\":\"x\",\"002\":\"y\"}]}}",
        "{\"version\":1,\"scheme\":\"dublin-core\",\"statements\":[],\"cover\":{\"name\":\"\",\"media_type\":\"\",\"size_bytes\":1,\"blake3\":\"no\"}}",
    ] {
        assert!(matches!(refused(json), WorkError::Malformed(_)), "{json}");
    }
    let broken = "{\"version\":1,\"scheme\":\"marc21\",\"marc\":{\"original\":\"xyz\"}}";
    assert!(matches!(refused(broken), WorkError::Marc(_)));
    let long = vec![b' '; 1024 * 1024 + 1];
    assert!(matches!(
        Work::from_json(&long),
        Err(WorkError::TooLarge { .. })
    ));
    assert!(matches!(
        Work::from_iso2709(&long),
        Err(WorkError::TooLarge { .. })
    ));
}

#[test]
fn an_edit_gives_up_the_original_bytes() {
    // Marked as MARC-8, and it is: é as a mark before its letter.
    let mut bytes = marc("=245 00$aCafe").record().to_iso2709().unwrap();
    let at = bytes.iter().position(|byte| *byte == b'f').unwrap();
    bytes.splice(at + 1..at + 2, [0xe2, b'e']);
    bytes[9] = b' ';
    let (work, _) = Work::from_iso2709(&bytes).unwrap();
    assert_eq!(work.title(), "Café");
    assert_eq!(work.to_iso2709().unwrap(), bytes);
    let saved = work.with_dublin_core(work.dublin_core()).unwrap();
    assert_eq!(saved.to_iso2709().unwrap(), bytes, "nothing was edited");
    let mut record = work.dublin_core();
    record.statements[0].value = "Café noir".to_owned();
    let edited = work.with_dublin_core(record).unwrap();
    let bytes = edited.to_iso2709().unwrap();
    assert_eq!(bytes[9], b'a');
    assert!(bytes.windows(9).any(|part| {
        part == "é noir"
            .as_bytes()
            .iter()
            .copied()
            .chain(*b"\x1e\x1d")
            .collect::<Vec<_>>()
    }));
}

#[test]
fn templates_are_good_once_filled_in() {
    for kind in Template::ALL {
        assert_eq!(Template::parse(kind.name()), Some(kind));
        for scheme in [Scheme::DublinCore, Scheme::Marc21] {
            let empty = template(kind, scheme, "240501", Some("ko"));
            assert_eq!(empty.scheme(), scheme);
            let lines = empty.marc().record().fields.len();
            assert!(
                scheme == Scheme::DublinCore || lines >= 10,
                "{kind:?}: {lines}"
            );
            let mut record = empty.dublin_core();
            assert!(record.statements.iter().any(|one| one.value == "ko"));
            record
                .statements
                .retain(|one| one.element != crate::records::desk::Element::Title);
            record.statements.insert(
                0,
                super::say(crate::records::desk::Element::Title, "조선 차"),
            );
            let filled = empty.with_dublin_core(record).unwrap().without_empty();
            let errors: Vec<String> = check(&filled)
                .into_iter()
                .filter(|one| {
                    one.severity == Severity::Error
                        || one.key.starts_with("fixed")
                        || one.key.starts_with("marc")
                })
                .map(|one| one.text())
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{kind:?} {scheme:?}");
            assert_eq!(filled.title(), "조선 차");
            let as_marc = filled.converted(Scheme::Marc21).unwrap();
            let errors: Vec<String> = check(&as_marc).into_iter().map(|one| one.text()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{kind:?} {scheme:?}");
        }
    }
}

#[test]
fn empty_rows_go() {
    let work = template(Template::Book, Scheme::Marc21, "240501", None).without_empty();
    let tags: Vec<String> = work
        .marc()
        .record()
        .fields
        .iter()
        .map(|one| one.tag_text())
        .collect();
    assert_eq!(tags, ["007", "008", "040", "336", "337", "338"]);
    assert_eq!(book().without_empty(), book());
}

proptest! {
    #[test]
    fn works_by_chance_keep_all(record in chance::dublin_core(), marc in chance::marc(), both in any::<bool>()) {
        let mut work = Work::from(record.clone());
        if both && !marc.is_unimarc() {
            work = Work::from(marc.clone()).converted(Scheme::DublinCore).unwrap();
            work = work.with_dublin_core(record).unwrap();
        }
        super::super::fuzz::examine(&work);
        super::super::fuzz::examine(&Work::from(marc));
    }

    #[test]
    fn bent_works_do_no_harm(at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let mut json = marc(BOOK).to_iso2709().unwrap();
        json.insert(0, b'm');
        for mut bytes in [json, book().to_json().unwrap().into_bytes(), Work::from(tea()).to_json().unwrap().into_bytes()] {
            let place = at.index(bytes.len());
            bytes[place] = with;
            fuzz_work(&bytes);
            let length = cut.index(bytes.len());
            bytes.truncate(length);
            fuzz_work(&bytes);
        }
    }
}
