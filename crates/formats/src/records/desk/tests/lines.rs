use proptest::prelude::*;

use super::{BOOK, chance, marc};
use crate::records::desk::Finding;
use crate::records::desk::fuzz::fuzz_mnemonic;
use crate::records::desk::mnemonic::{parse, print};
use crate::records::marc::Field;

#[test]
fn lines_are_what_a_cataloguer_writes() {
    assert_eq!(print(marc(BOOK).record()), BOOK);
    // Two blanks as MarcEdit has them, Windows's ends of lines, blank lines.
    let loose = BOOK
        .replacen("=245 ", "=245  ", 1)
        .replace('\n', "\r\n\r\n");
    assert_eq!(parse(&loose).unwrap(), *marc(BOOK).record());
    let record =
        parse("=856 40$uhttps://hill.example/{dollar}5\\x{lcub}y{rcub}$z{U+001B}").unwrap();
    assert_eq!(
        record.fields[0].subfield(b'u'),
        Some(b"https://hill.example/$5\\x{y}".as_slice())
    );
    assert_eq!(record.fields[0].subfield(b'z'), Some(b"\x1b".as_slice()));
    let record = parse("=999 {raw}no rules").unwrap();
    assert!(matches!(&record.fields[0], Field::Irregular { data, .. } if data == b"no rules"));
    assert_eq!(print(&record).lines().last(), Some("=999 {raw}no rules"));
}

#[test]
fn errors_name_the_line_and_say_what_to_do() {
    for (text, key, wanted) in [
        (
            "=245 10$aA\nrest of it",
            "line-no-tag",
            "line 2: “rest of it” begins with no tag: write = and a tag, or join it to the line above",
        ),
        (
            "=2 5 10$aA",
            "line-bad-tag",
            "line 1: “2 5” is no tag: write = and three digits, then a blank",
        ),
        (
            "=24",
            "line-bad-tag",
            "line 1: “24” is no tag: write = and three digits, then a blank",
        ),
        ("=24é10$aA", "line-bad-tag", ""),
        ("=24510$aA", "line-no-blank", ""),
        (
            "=245 1$aA",
            "line-indicators",
            "line 1: “1$aA” needs two indicators before the first $: write \\ for a blank",
        ),
        ("=245 10", "line-no-subfield", ""),
        ("=245 10A", "line-indicators", ""),
        ("=245 10$aA$", "line-no-code", ""),
        ("=245 10$$", "line-no-code", ""),
        (
            "=245 10$aA{x}",
            "line-bad-escape",
            "line 1: “{x}” is not known in braces: write {lcub} for an opening brace",
        ),
        ("=245 10$aA{", "line-bad-escape", ""),
        ("=245 10$aA{U+110000}", "line-bad-escape", ""),
        (
            "=LDR 00",
            "line-leader-length",
            "line 1: the leader has 2 characters, it needs 24: write \\ for each blank",
        ),
        ("", "line-nothing", ""),
        (" \n\n", "line-nothing", ""),
    ] {
        let findings = parse(text).unwrap_err();
        assert_eq!(findings.len(), 1, "{text}");
        assert_eq!(findings[0].key, key, "{text}");
        if !wanted.is_empty() {
            assert_eq!(findings[0].text(), wanted);
        }
    }
    let many = "x\n".repeat(200);
    assert_eq!(parse(&many).unwrap_err().len(), 50);
    let two = format!("{BOOK}{BOOK}");
    let findings = parse(&two).unwrap_err();
    assert_eq!(findings[0].key, "line-second-leader");
    // Found by fuzzing: the message had no number of the line.
    assert!(findings.iter().all(Finding::is_complete));
    assert!(
        findings[0]
            .arguments
            .iter()
            .any(|(name, _)| *name == "line")
    );
}

#[test]
fn a_field_with_the_leaders_tag_is_no_leader() {
    // Found by fuzzing.
    let mut record = parse(BOOK).unwrap();
    record.fields.push(Field::parse(*b"000", b" \x1Fa\\ $ {x}"));
    record.fields.push(Field::parse(*b"LDR", b"1 \x1FaTea"));
    record.fields.push(Field::parse(*b"ldr", b""));
    assert_eq!(parse(&print(&record)), Ok(record));
}

proptest! {
    #[test]
    fn printed_and_parsed_it_is_the_same(record in chance::marc()) {
        prop_assert_eq!(&parse(&print(record.record())).unwrap(), record.record());
    }

    #[test]
    fn any_text_does_no_harm(text in "\\PC{0,200}") {
        fuzz_mnemonic(text.as_bytes());
    }

    #[test]
    fn bent_lines_do_no_harm(
        parts in prop::collection::vec(
            prop_oneof![
                Just("=245 10$aT".to_owned()), Just("\n".to_owned()), Just("=LDR ".to_owned()),
                Just("{raw}".to_owned()), Just("{U+1F}".to_owned()), Just("\\".to_owned()),
                "[=$\\\\{} a-z0-9é\\r\\n]{0,8}",
            ], 0..12),
    ) {
        fuzz_mnemonic(parts.concat().as_bytes());
    }
}
