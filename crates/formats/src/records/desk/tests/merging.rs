use proptest::prelude::*;

use super::{BOOK, book, chance, marc, say, tea};
use crate::records::desk::{
    Change, DublinCore, Element, ImportRule, ImportRules, Scheme, Side, Statement, Work, changes,
    import, merge, merge_with, part_name,
};

fn line(text: &str) -> Work {
    marc(text).into()
}

fn replaced(from: &str, to: &str) -> Work {
    assert!(BOOK.contains(from));
    line(&BOOK.replace(from, to))
}

fn change(group: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        group: group.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

#[test]
fn differences_field_by_field() {
    let after = line(
        &BOOK
            .replace("2000.\n", "2001.\n")
            .replace("=949 \\\\$ashelf 4\n", "")
            .replace("=653", "=650 \\0$aTea.\n=653"),
    );
    assert_eq!(
        changes(&book(), &after),
        [
            change(
                "260",
                Some("\\\\$aReading, Mass :$bAddison-Wesley,$c2000."),
                Some("\\\\$aReading, Mass :$bAddison-Wesley,$c2001.")
            ),
            change("650", None, Some("\\0$aTea.")),
            change("949", Some("\\\\$ashelf 4"), None),
        ]
    );
    let mut noted = Work::from(tea());
    noted.note = "look again".to_owned();
    assert_eq!(
        changes(&tea().into(), &noted),
        [change("note", None, Some("look again"))]
    );
    // Another scheme with the same in it.
    let marc = Work::from(tea()).converted(Scheme::Marc21).unwrap();
    assert_eq!(changes(&tea().into(), &marc), []);
    assert_eq!(part_name("245"), "Title statement");
    assert_eq!(part_name("identifier.isbn"), "identifier, isbn");
}

#[test]
fn edits_apart_are_both_taken() {
    let mine = replaced("Addison-Wesley", "Hill Press");
    let theirs = replaced("=653", "=650 \\0$aTea.\n=653");
    let merged = merge(&book(), &mine, &theirs);
    assert_eq!(merged.conflicts, []);
    let both = line(
        &BOOK
            .replace("Addison-Wesley", "Hill Press")
            .replace("=653", "=650 \\0$aTea.\n=653"),
    );
    assert_eq!(merged.work, both);
}

#[test]
fn edits_of_one_field_are_a_conflict() {
    let mine = replaced("The pragmatic", "A pragmatic");
    let theirs = replaced("The pragmatic", "Two pragmatic");
    let merged = merge(&book(), &mine, &theirs);
    assert_eq!(merged.work, mine);
    assert_eq!(merged.conflicts.len(), 1);
    let conflict = &merged.conflicts[0];
    assert_eq!(conflict.group, "245");
    assert!(
        conflict
            .base
            .as_deref()
            .unwrap()
            .starts_with("14$aThe pragmatic")
    );
    assert!(
        conflict
            .theirs
            .as_deref()
            .unwrap()
            .starts_with("14$aTwo pragmatic")
    );
    assert_eq!(
        merge_with(&book(), &mine, &theirs, |_| Side::Theirs).work,
        theirs
    );
    assert_eq!(
        merge_with(&book(), &mine, &theirs, |_| Side::Both).work,
        mine,
        "there is room for one"
    );
    // Changed here, removed there.
    let mine = replaced("Cunningham, Ward.", "Cunningham, W.");
    let theirs = replaced("=700 1\\$aCunningham, Ward.$ewriter of foreword.\n", "");
    let merged = merge(&book(), &mine, &theirs);
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.conflicts[0].theirs, None);
}

#[test]
fn fixed_fields_are_merged_by_position() {
    let mine = replaced("990802s2000", "990802s2001");
    let theirs = replaced("\\eng\\\\", "\\kor\\\\");
    let merged = merge(&book(), &mine, &theirs);
    assert_eq!(merged.conflicts, []);
    let both = line(
        &BOOK
            .replace("990802s2000", "990802s2001")
            .replace("\\eng\\\\", "\\kor\\\\"),
    );
    assert_eq!(merged.work, both);
}

#[test]
fn the_same_addition_is_taken_once() {
    let added = |value: &str| {
        let mut record = tea();
        record.statements.push(say(Element::Subject, value));
        Work::from(record)
    };
    let merged = merge(&tea().into(), &added("Cups"), &added("Cups"));
    assert_eq!(merged.work, added("Cups"));
    let merged = merge(&tea().into(), &added("Cups"), &added("Kettles"));
    assert_eq!(merged.conflicts, []);
    let subjects: Vec<String> = merged
        .work
        .dublin_core()
        .of(Element::Subject)
        .map(|one| one.value.clone())
        .collect();
    assert_eq!(subjects, ["Tea -- Japan -- History", "Cups", "Kettles"]);
}

#[test]
fn imports_by_rules() {
    let theirs = line(
        "=020 \\\\$a9780201616224\n=020 \\\\$a9788804406822\n=110 2\\$aOther body\n=245 00$aOther title\n\
         =264 \\1$bOther\n=520 \\\\$aA summary.\n=650 \\0$aTea\n=650 \\0$aCOMPUTER programming$xHistory$vHandbooks\n=001 99",
    );
    let lines = |rules: &ImportRules| {
        let made = import(&book(), &theirs, rules);
        changes(&book(), &made)
            .into_iter()
            .map(|one| format!("{} {}", one.group, one.after.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    // Gaps are filled; a main entry of another sort, another imprint field are none.
    assert_eq!(lines(&ImportRules::default()), ["520 \\\\$aA summary."]);
    let add = ImportRules {
        default: ImportRule::Add,
        fields: vec![("5XX".to_owned(), ImportRule::KeepMine)],
    };
    assert_eq!(
        lines(&add),
        [
            "020 \\\\$a9780201616224",
            "020 \\\\$a9788804406822",
            "650 \\0$aTea"
        ]
    );
    let take = ImportRules {
        default: ImportRule::KeepMine,
        fields: vec![("245".to_owned(), ImportRule::TakeTheirs)],
    };
    assert_eq!(lines(&take), ["245 00$aOther title"]);
    assert_eq!(
        lines(&ImportRules {
            default: ImportRule::KeepMine,
            fields: Vec::new()
        }),
        Vec::<String>::new()
    );
    // MARC comes into a record in Dublin Core.
    let rules = ImportRules {
        default: ImportRule::KeepMine,
        fields: vec![("subject".to_owned(), ImportRule::Add)],
    };
    let made = import(&tea().into(), &theirs, &rules);
    assert_eq!(made.scheme(), Scheme::DublinCore);
    assert_eq!(made.dublin_core().of(Element::Subject).count(), 3);
}

/// Statements that each have a group of their own.
fn apart() -> Vec<Statement> {
    let mut out = Vec::new();
    for element in Element::ALL {
        out.push(say(element, "one"));
        out.extend(
            element
                .qualifiers()
                .iter()
                .map(|qualifier| Statement::qualified(element, *qualifier, "one")),
        );
    }
    out
}

/// What two people do to one record: for each statement, which of them does what.
fn doings() -> impl Strategy<Value = Vec<(bool, u8)>> {
    let count = apart().len();
    prop::collection::vec((any::<bool>(), 0u8..6), count..=count)
}

fn done(by: impl Fn(bool) -> bool, doings: &[(bool, u8)]) -> Work {
    let mut out = Vec::new();
    for (statement, (person, what)) in apart().into_iter().zip(doings) {
        let acts = by(*person);
        match what {
            0 if acts => {}
            1 if acts => out.push(Statement {
                value: "one more".to_owned(),
                ..statement
            }),
            2 if acts && statement.group() != (Element::Title, None) => {
                out.push(statement.clone());
                out.push(Statement {
                    value: "quite another".to_owned(),
                    ..statement
                });
            }
            _ => out.push(statement),
        }
    }
    Work::from(DublinCore { statements: out })
}

fn sorted(work: &Work) -> Vec<Statement> {
    let mut statements = work.dublin_core().statements;
    statements.sort();
    statements
}

proptest! {
    #[test]
    fn edits_that_do_not_overlap_are_both_there(doings in doings()) {
        let base = Work::from(DublinCore { statements: apart() });
        let mine = done(|person| person, &doings);
        let theirs = done(|person| !person, &doings);
        let both = done(|_| true, &doings);
        let merged = merge(&base, &mine, &theirs);
        prop_assert_eq!(&merged.conflicts, &[]);
        prop_assert_eq!(sorted(&merged.work), sorted(&both));
    }

    #[test]
    fn one_side_alone_is_taken_whole(one in chance::marc(), other in chance::marc()) {
        let (one, other) = (Work::from(one), Work::from(other));
        prop_assert_eq!(&merge(&one, &one, &other).work, &other);
        prop_assert_eq!(&merge(&one, &other, &one).work, &other);
        prop_assert_eq!(&merge(&one, &other, &other).work, &other);
        prop_assert!(merge(&one, &other, &other).conflicts.is_empty());
    }

    #[test]
    fn conflicts_are_the_same_from_either_side(
        base in prop::collection::vec(chance::statement(), 0..6),
        mine in prop::collection::vec(chance::statement(), 0..3),
        theirs in prop::collection::vec(chance::statement(), 0..3),
        cut in 0usize..4,
    ) {
        let work = |own: Vec<Statement>, skip: usize| {
            let statements = base.iter().skip(skip).cloned().chain(own).collect();
            Work::from(DublinCore { statements })
        };
        let base_work = work(Vec::new(), 0);
        let (mine, theirs) = (work(mine, cut), work(theirs, 1));
        let (one, other) = (merge(&base_work, &mine, &theirs), merge(&base_work, &theirs, &mine));
        prop_assert_eq!(one.conflicts.len(), other.conflicts.len());
        for (left, right) in one.conflicts.iter().zip(&other.conflicts) {
            prop_assert_eq!((&left.group, &left.base, &left.mine, &left.theirs), (&right.group, &right.base, &right.theirs, &right.mine));
        }
        if one.conflicts.is_empty() {
            prop_assert_eq!(sorted(&one.work), sorted(&other.work));
        }
        // Whatever is chosen, what both kept is there.
        let swapped = merge_with(&base_work, &theirs, &mine, |_| Side::Theirs);
        prop_assert_eq!(sorted(&one.work), sorted(&swapped.work));
    }

    #[test]
    fn differences_say_what_to_undo(one in chance::dublin_core(), other in chance::dublin_core()) {
        let (one, other) = (Work::from(one), Work::from(other));
        let there = changes(&one, &other);
        let back = changes(&other, &one);
        prop_assert_eq!(there.is_empty(), back.is_empty());
        let removed = there.iter().filter(|one| one.after.is_none()).count();
        let added = there.iter().filter(|one| one.before.is_none()).count();
        prop_assert_eq!(
            one.dublin_core().statements.len() + added - removed,
            other.dublin_core().statements.len()
        );
    }

    #[test]
    fn an_import_of_itself_changes_nothing(record in chance::marc()) {
        let work = Work::from(record);
        for default in [ImportRule::KeepMine, ImportRule::FillGaps, ImportRule::Add] {
            let rules = ImportRules { default, fields: Vec::new() };
            prop_assert_eq!(&import(&work, &work, &rules), &work);
        }
    }
}
