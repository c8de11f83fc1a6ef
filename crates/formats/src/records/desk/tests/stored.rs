use proptest::prelude::*;

use super::{BOOK, book, chance, marc, tea};
use crate::records::desk::fuzz::fuzz_work;
use crate::records::desk::{
    Attachment, DublinCore, Element, Qualifier, Scheme, Severity, Template, Work, WorkError, check,
    headings, merge, mnemonic, template,
};
use crate::records::tests::clean;
use crate::records::{RecordKind, WorkKind};

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
fn works_go_out_in_the_common_model_and_as_oai_dc() {
    let work = Work::from(tea());
    let out = work.to_catalogue();
    assert_eq!(
        (out.title.as_str(), out.subtitle.as_deref()),
        ("The book of tea", Some("a reader"))
    );
    assert_eq!(out.authors[0].dates.as_deref(), Some("1862-1913"));
    assert_eq!(out.authors[1].role.as_deref(), Some("trl"));
    assert_eq!(
        (out.year, out.language.as_deref()),
        (Some(1906), Some("en"))
    );
    assert_eq!(out.identifier("isbn"), Some("9780201616224"));
    assert_eq!(out.kind, WorkKind::Book);
    // The common model gives the same back, but for the schemes of subjects.
    let mut again = DublinCore::from_catalogue(&out).normal();
    for statement in &mut again.statements {
        if statement.element == Element::Subject {
            statement.qualifier = Some(Qualifier::Lcsh);
        }
    }
    assert_eq!(again, tea().normal());
    let mut record = tea();
    record.statements[0].language = Some("en".to_owned());
    record
        .statements
        .push(super::say(Element::Rights, "a < b & c"));
    let xml = Work::from(record).to_oai_dc();
    for line in [
        "<dc:title xml:lang=\"en\">The book of tea : a reader</dc:title>",
        "<dc:contributor>Vale, Mira</dc:contributor>",
        "<dc:identifier>urn:isbn:9780201616224</dc:identifier>",
        "<dc:rights>a &lt; b &amp; c</dc:rights>",
    ] {
        assert!(xml.contains(line), "{xml}");
    }
    let read = clean(RecordKind::DublinCore, &xml);
    assert_eq!(read[0].title, "The book of tea");
    assert!(
        work.to_marcxml()
            .contains("<subfield code=\"a\">The book of tea :</subfield>")
    );
    assert!(
        book()
            .to_oai_dc()
            .contains("<dc:creator>Hunt, Andrew</dc:creator>")
    );
}

#[test]
fn lines_are_saved_into_a_work() {
    let mut work = book();
    work.note = "checked".to_owned();
    let lines = BOOK.replace("shelf 4", "shelf 5");
    let saved = work.with_marc(marc(&lines).record().clone());
    assert_eq!(saved.note, "checked");
    assert_eq!(mnemonic::print(saved.marc().record()), lines);
    let saved = Work::from(tea()).with_marc(marc(BOOK).record().clone());
    assert_eq!(saved.scheme(), Scheme::Marc21);
}

#[test]
fn many_fields_take_no_long_time() {
    // Thousands of fields, all changed by both: bounded work, whatever it gives.
    let many = |word: &str| {
        let lines: String = (0..4_000)
            .map(|at| format!("=653 \\\\$a{word} {at}$a{at} {word}\n"))
            .collect();
        Work::from(marc(&format!("=245 00$aT\n{lines}")))
    };
    let (base, mine, theirs) = (many("hill"), many("tea"), many("cup"));
    assert_eq!(merge(&base, &mine, &theirs).work.scheme(), Scheme::Marc21);
    assert_eq!(
        base.with_dublin_core(tea()).unwrap().title(),
        "The book of tea : a reader"
    );
    assert!(headings(&base).len() <= 4_000 + 1);
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
