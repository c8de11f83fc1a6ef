use proptest::prelude::*;

use super::{BOOK, book, chance, marc, say, tea};
use crate::records::desk::crosswalk::{get, put, to_marc};
use crate::records::desk::{
    DublinCore, Element, Qualifier, Scheme, Statement, Work, WorkError, mnemonic,
};
use crate::records::tests::shared;

/// Equal, but for the order inside groups of other things than names.
fn same(one: &DublinCore, other: &DublinCore) -> bool {
    let split = |record: &DublinCore| {
        let (names, mut rest): (Vec<Statement>, Vec<Statement>) = record
            .statements
            .iter()
            .cloned()
            .partition(|one| one.element.takes_role() || one.element == Element::Language);
        rest.sort();
        (names, rest)
    };
    split(one) == split(other)
}

proptest! {
    #[test]
    fn normal_is_normal(record in chance::dublin_core()) {
        let normal = record.normal();
        prop_assert_eq!(&normal.normal(), &normal);
    }

    #[test]
    fn dublin_core_goes_to_marc_and_back(record in chance::dublin_core()) {
        let made = to_marc(&record);
        prop_assert_eq!(get(&made), record.normal(), "{}", mnemonic::print(&made));
    }

    #[test]
    fn what_was_not_changed_is_not_touched(record in chance::marc()) {
        let shown = get(record.record());
        prop_assert_eq!(&shown.normal(), &shown);
        prop_assert_eq!(&put(record.record(), &shown), record.record());
    }

    #[test]
    fn what_was_put_is_shown(record in chance::marc(), wanted in chance::dublin_core()) {
        let changed = put(record.record(), &wanted);
        let shown = get(&changed);
        prop_assert!(
            same(&shown, &wanted.normal()),
            "{:#?}\n{:#?}\n{}\n{}", shown, wanted.normal(),
            mnemonic::print(record.record()), mnemonic::print(&changed)
        );
    }

    #[test]
    fn one_change_changes_its_field(record in chance::marc(), new in chance::statement(), at in any::<prop::sample::Index>()) {
        let mut wanted = get(record.record());
        if wanted.statements.is_empty() {
            return Ok(());
        }
        let at = at.index(wanted.statements.len());
        let old = wanted.statements[at].clone();
        wanted.statements[at] = Statement { element: old.element, qualifier: old.qualifier, ..new };
        let changed = put(record.record(), &wanted);
        prop_assert!(same(&get(&changed), &wanted.normal()));
        // Languages and dates are in 008 too, a name moves the main entry.
        if !matches!(old.element, Element::Language | Element::Date | Element::Creator | Element::Contributor) {
            let kept = record.record().fields.iter().filter(|one| changed.fields.contains(one)).count();
            prop_assert!(kept + 1 >= record.record().fields.len() - usize::from(old.element == Element::Title));
        }
    }

    #[test]
    fn a_round_through_dublin_core_restores_the_marc(record in chance::marc()) {
        if record.is_unimarc() {
            return Ok(());
        }
        let work = Work::from(record);
        let there = work.converted(Scheme::DublinCore).unwrap();
        prop_assert_eq!(there.scheme(), Scheme::DublinCore);
        prop_assert_eq!(there.converted(Scheme::Marc21).unwrap(), work);
    }
}

#[test]
fn a_book_in_dublin_core() {
    let shown = book().dublin_core();
    let lines: Vec<String> = shown
        .statements
        .iter()
        .map(|one| {
            let role = one.role.as_deref().unwrap_or_default();
            format!("{} = {} {role}", one.group_name(), one.value)
        })
        .collect();
    assert_eq!(
        lines,
        [
            "title = The pragmatic programmer : from journeyman to master ",
            "creator = Hunt, Andrew, 1964- ",
            "creator = Thomas, David, 1956- ",
            "contributor = Cunningham, Ward writer of foreword",
            "subject = pragmatism ",
            "subject = craft ",
            "subject.lcsh = Computer programming -- History -- Handbooks ",
            "publisher = Addison-Wesley ",
            "date = 2000 ",
            "format.extent = xxiv, 321 p. ; 24 cm. ",
            "identifier.isbn = 9780201616224 ",
            "identifier.lccn = \\\\\\99043581 ",
            "language = en ",
        ]
    );
}

/// Lines that are in one record and not in the other.
fn differing(before: &str, after: &Work) -> (Vec<String>, Vec<String>) {
    let after = mnemonic::print(after.marc().record());
    let only = |one: &str, other: &str| {
        one.lines()
            .filter(|line| !other.lines().any(|own| own == *line))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    (only(before, &after), only(&after, before))
}

fn edited(change: impl FnOnce(&mut DublinCore)) -> Work {
    let mut record = book().dublin_core();
    change(&mut record);
    book().with_dublin_core(record).unwrap()
}

fn set(record: &mut DublinCore, element: Element, at: usize, value: &str) {
    let slot = record
        .statements
        .iter_mut()
        .filter(|one| one.element == element)
        .nth(at)
        .unwrap();
    slot.value = value.to_owned();
}

#[test]
fn only_the_field_of_a_changed_element_changes() {
    let work = edited(|record| {
        set(
            record,
            Element::Title,
            0,
            "A pragmatic programmer : revised",
        )
    });
    let (old, new) = differing(BOOK, &work);
    assert_eq!(old.len(), 1);
    // The article counts, the statement of responsibility stays.
    assert_eq!(
        new,
        ["=245 12$aA pragmatic programmer :$brevised /$cAndrew Hunt, David Thomas."]
    );

    let work = edited(|record| set(record, Element::Publisher, 0, "Hill Press"));
    let (_, new) = differing(BOOK, &work);
    assert_eq!(new, ["=260 \\\\$aReading, Mass :$bHill Press,$c2000."]);

    let work = edited(|record| {
        set(
            record,
            Element::Subject,
            2,
            "Computer programming -- History -- Textbooks",
        );
    });
    let (_, new) = differing(BOOK, &work);
    // The codes of subdivisions stay; the number in the authority file goes.
    assert_eq!(new, ["=650 \\0$aComputer programming$xHistory$vTextbooks"]);

    let work = edited(|record| set(record, Element::Date, 0, "2003"));
    let (_, new) = differing(BOOK, &work);
    assert_eq!(
        new,
        [
            "=008 990802s2003\\\\\\\\maua\\\\\\\\\\\\\\\\\\\\001\\0\\eng\\\\",
            "=260 \\\\$aReading, Mass :$bAddison-Wesley,$c2003.",
        ]
    );
}

#[test]
fn names_keep_their_order_and_the_first_is_the_main_entry() {
    let work = edited(|record| record.statements.swap(1, 2));
    let (_, new) = differing(BOOK, &work);
    assert_eq!(
        new,
        [
            "=100 1\\$aThomas, David,$d1956-$4aut",
            "=700 1\\$6880-01$aHunt, Andrew,$d1964-$0n99054321",
        ]
    );
    // The main entry goes, with its other script; the next creator takes its place.
    let work = edited(|record| drop(record.statements.remove(1)));
    let (old, new) = differing(BOOK, &work);
    assert_eq!(old.len(), 3, "{old:?}");
    assert_eq!(new, ["=100 1\\$aThomas, David,$d1956-$4aut"]);
    // A role makes a contributor of a creator, in its own field.
    let work = edited(|record| record.statements[2].role = Some("trl".to_owned()));
    let (_, new) = differing(BOOK, &work);
    assert_eq!(new, ["=700 1\\$aThomas, David,$d1956-$4trl"]);
}

#[test]
fn a_record_made_in_dublin_core_is_good_marc() {
    let work = Work::from(tea());
    assert_eq!(
        mnemonic::print(work.marc().record()),
        "\
=LDR 00000nam\\a2200000\\i\\4500
=008 ||||||s1906\\\\\\\\xx\\\\\\\\\\\\\\\\\\\\\\\\000\\0\\eng\\d
=020 \\\\$a9780201616224
=041 0\\$aeng
=041 07$azh-Hant$2rfc5646
=100 1\\$aOkakura, Kakuzō,$d1862-1913$4aut
=245 14$aThe book of tea :$ba reader
=264 \\1$bHill Press$c1906
=650 \\0$aTea$xJapan$xHistory
=655 \\7$aBook$2local
=700 1\\$aVale, Mira$4trl
"
    );
    let findings = crate::records::desk::check(&work.converted(Scheme::Marc21).unwrap());
    assert_eq!(findings, []);
}

#[test]
fn languages_of_values_are_kept() {
    let mut record = tea();
    record.statements[0].language = Some("en".to_owned());
    record.statements.push(Statement {
        language: Some("ja".to_owned()),
        ..Statement::qualified(Element::Title, Qualifier::Alternative, "茶の本")
    });
    let made = to_marc(&record);
    assert!(mnemonic::print(&made).contains("=246 3\\$a茶の本$9lang:ja"));
    assert_eq!(get(&made), record.normal());
}

#[test]
fn unimarc_is_edited_as_lines_only() {
    let Some(bytes) = shared("marc/testunimarc.dat") else {
        return;
    };
    let end = bytes.iter().position(|byte| *byte == 0x1d).unwrap() + 1;
    let (work, _) = Work::from_iso2709(&bytes[..end]).unwrap();
    assert!(!work.title().is_empty());
    assert_eq!(
        work.with_dublin_core(tea()).unwrap_err(),
        WorkError::Unimarc
    );
    assert_eq!(
        work.converted(Scheme::DublinCore).unwrap_err(),
        WorkError::Unimarc
    );
}

#[test]
fn an_article_has_a_host() {
    let record = DublinCore {
        statements: vec![
            say(Element::Title, "On tea"),
            Statement::qualified(
                Element::Relation,
                Qualifier::IsPartOf,
                "Hill review, vol. 3, no. 2, p. 5-9",
            ),
            say(Element::Type, "Article"),
        ],
    };
    let work = Work::from(record);
    let made = work.converted(Scheme::Marc21).unwrap();
    for one in [work.to_catalogue(), made.to_catalogue()] {
        assert_eq!(one.container.as_deref(), Some("Hill review"));
        assert_eq!(one.volume.as_deref(), Some("3"));
        assert_eq!(one.issue.as_deref(), Some("2"));
        assert_eq!(one.pages.as_deref(), Some("5-9"));
    }
    let broken = marc("=245 00$aA\n=245 00$aB\n=100 1\\$aX\n=100 1\\$aY");
    assert_eq!(
        put(broken.record(), &get(broken.record())),
        *broken.record()
    );
}
