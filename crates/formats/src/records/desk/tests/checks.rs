use super::{book, marc, say, tea};
use crate::records::desk::{DublinCore, Element, Qualifier, Severity, Statement, Work, check};
use crate::records::marc::Field;

/// Key, field, subfield of each finding.
fn found(work: &Work) -> Vec<String> {
    check(work)
        .into_iter()
        .map(|one| {
            let sub = one
                .place
                .subfield
                .map(|code| format!("${code}"))
                .unwrap_or_default();
            let position = one
                .place
                .position
                .map(|at| format!("/{at:02}"))
                .unwrap_or_default();
            let mark = if one.severity == Severity::Error {
                "!"
            } else {
                ""
            };
            format!("{mark}{} {}{sub}{position}", one.key, one.place.field)
        })
        .collect()
}

fn lines(text: &str) -> Vec<String> {
    found(&marc(text).into())
}

const HEAD: &str = "=LDR 00000nam\\a2200000\\i\\4500\n=008 240501s1999\\\\\\\\xx\\\\\\\\\\\\\\\\\\\\\\\\000\\0\\eng\\d\n";

fn with(text: &str) -> Vec<String> {
    lines(&format!("{HEAD}=245 00$aTea\n{text}"))
}

#[test]
fn good_records_have_no_findings() {
    assert_eq!(found(&book()), Vec::<String>::new());
    assert_eq!(found(&tea().into()), Vec::<String>::new());
    assert_eq!(with(""), Vec::<String>::new());
}

#[test]
fn marc_as_a_whole() {
    assert_eq!(lines("=001 7"), ["!marc-no-245 245", "fixed-missing 008"]);
    assert_eq!(
        lines(&format!("{HEAD}=245 00$cMira")),
        ["!marc-no-title 245"]
    );
    assert_eq!(
        lines(&format!(
            "{HEAD}=100 1\\$aA\n=110 2\\$aB\n=245 00$aT\n=245 00$aU"
        )),
        ["!marc-repeated-field 245", "!marc-repeated-main 1XX"]
    );
    assert_eq!(
        lines("=LDR 00000xym\\\\3300000\\\\\\4500\n=245 00$aTea\n=001 7"),
        [
            "!fixed-position LDR/06",
            "!fixed-position LDR/10",
            "!fixed-position LDR/11",
            "fixed-position LDR/05",
            "fixed-missing 008",
            "marc-order "
        ]
    );
}

#[test]
fn marc_fields() {
    assert_eq!(
        with("=999 \\\\$alocal\n=09X \\\\$?x"),
        ["!marc-subfield-code 09X$?"]
    );
    assert_eq!(with("=333 \\\\$aA"), ["marc-unknown-field 333"]);
    assert_eq!(
        with("=500 1\\$aA$?b"),
        ["!marc-subfield-code 500$?", "marc-indicator 500"]
    );
    assert_eq!(
        with("=500 \\\\$aA$aB$bC$6x$9y"),
        [
            "!marc-repeated-subfield 500$a",
            "marc-unknown-subfield 500$b"
        ]
    );
    assert_eq!(with("=500 \\\\$a"), ["marc-empty-subfield 500$a"]);
    assert_eq!(with("=500 {raw}x"), ["!marc-irregular 500"]);
    assert_eq!(
        with("=500 \\\\$aA{U+000A}B"),
        ["marc-control-in-data 500$a"]
    );
    assert_eq!(
        with("=500 \\\\$aA{U+001E}B"),
        ["!marc-terminator 500", "marc-control-in-data 500$a"]
    );
    assert_eq!(
        with("=020 \\\\$a0201616221\n=020 \\\\$z0201616221"),
        ["!marc-check-digit 020$a"]
    );
    assert_eq!(with("=022 0\\$a0378-5954"), ["!marc-check-digit 022$a"]);
    assert_eq!(with("=856 40$uhill.example"), ["!marc-url 856$u"]);
    assert_eq!(with("=264 \\1$c2001"), ["marc-date-differs 008/07"]);
    let long = format!("=500 \\\\$a{}", "x".repeat(10_000));
    assert_eq!(with(&long), ["!marc-field-length 500"]);
    let many = format!("=500 \\\\$a{}\n", "x".repeat(9_000)).repeat(12);
    assert_eq!(with(&many), ["!marc-record-length "]);
}

#[test]
fn fixed_fields() {
    let eight = |text: &str| {
        lines(&format!(
            "=LDR 00000nam\\a2200000\\i\\4500\n=008 {}\n=245 00$aT",
            text.replace(' ', "\\")
        ))
    };
    assert_eq!(eight("short"), ["!fixed-length 008"]);
    assert_eq!(
        eight("2405x1s19x9    xx Z          005 0 xq1 d"),
        [
            "fixed-date 008/00",
            "fixed-date 008/07",
            "fixed-language 008/35",
            "fixed-position 008/18",
            "fixed-position 008/31"
        ]
    );
    assert_eq!(
        with("=007 ta\n=007 t\n=006 a"),
        ["!fixed-length 007", "!fixed-length 006", "marc-order "]
    );
    let finding = &check(&marc(&format!("{HEAD}=007 x\n=245 00$aT")).into())[0];
    assert!(
        finding
            .text()
            .starts_with("007, position 00: “x” is not defined there; a, c, d,"),
        "{}",
        finding.text()
    );
}

#[test]
fn places_name_the_line() {
    let findings = check(
        &marc(&format!(
            "{HEAD}=245 00$aT\n=020 \\\\$a9780201616224\n=020 \\\\$a123"
        ))
        .into(),
    );
    assert_eq!(findings.len(), 1);
    let place = &findings[0].place;
    assert_eq!(
        (place.field.as_str(), place.occurrence, place.line),
        ("020", 2, Some(5))
    );
    assert_eq!(
        findings[0].text(),
        "020 $a: the check digit of “123” is wrong: correct it, or move it to $z"
    );
}

#[test]
fn dublin_core_values() {
    let check_one = |statement: Statement| {
        let mut record = tea();
        record.statements.push(statement);
        found(&record.into())
    };
    let qualified = Statement::qualified;
    assert_eq!(
        found(&DublinCore::default().into()),
        ["!dc-no-title title", "dc-no-creator creator"]
    );
    assert_eq!(
        check_one(say(Element::Title, "Again")),
        ["dc-second-title title"]
    );
    assert_eq!(check_one(say(Element::Title, " ")), ["dc-empty title"]);
    assert_eq!(check_one(say(Element::Date, "c1994")), ["dc-date date"]);
    assert_eq!(
        check_one(say(Element::Language, "xq")),
        ["dc-language language"]
    );
    assert_eq!(
        check_one(say(Element::Language, "en")),
        ["dc-twice language"]
    );
    for (qualifier, value) in [
        (Qualifier::Isbn, "9780201616225"),
        (Qualifier::Issn, "0378-5954"),
        (Qualifier::Doi, "11.5/x"),
    ] {
        let name = format!("!dc-identifier identifier.{}", qualifier.name());
        assert_eq!(
            check_one(qualified(Element::Identifier, qualifier, value)),
            [name]
        );
    }
    assert_eq!(
        check_one(qualified(Element::Identifier, Qualifier::Uri, "hill")),
        ["!dc-url identifier.uri"]
    );
    assert_eq!(
        check_one(qualified(Element::Date, Qualifier::Isbn, "1999")),
        ["!dc-qualifier date.isbn"]
    );
    let spoken = Statement {
        language: Some("zzz".to_owned()),
        ..say(Element::Coverage, "Hill")
    };
    assert_eq!(check_one(spoken), ["dc-language coverage"]);
    let role = Statement {
        role: Some("edt".to_owned()),
        ..say(Element::Publisher, "Hill")
    };
    assert_eq!(check_one(role), ["dc-role publisher"]);
}

#[test]
fn what_could_not_be_decoded_is_said() {
    let mut bytes = marc("=245 00$aTea xx").record().to_iso2709().unwrap();
    bytes[9] = b' ';
    let at = bytes.iter().position(|byte| *byte == b'x').unwrap();
    // A byte that MARC-8 does not define.
    bytes[at] = 0xff;
    let (work, _) = Work::from_iso2709(&bytes).unwrap();
    let keys = found(&work);
    assert!(keys.contains(&"base-undecoded ".to_owned()), "{keys:?}");
    assert_eq!(work.to_iso2709().unwrap(), bytes);
    assert!(matches!(
        &work.marc().record().fields[0],
        Field::Data { .. }
    ));
}
