use super::{book, say, tea};
use crate::records::desk::{
    DublinCore, Element, HeadingKind, MatchKind, Qualifier, Scheme, Statement, Work, headings,
    match_keys,
};

fn key(statements: Vec<Statement>) -> Option<String> {
    let work = Work::from(DublinCore { statements });
    match_keys(&work)
        .into_iter()
        .find(|one| one.kind == MatchKind::TitleAuthorYear)
        .map(|one| one.value)
}

fn of(title: &str, name: &str, year: &str) -> Option<String> {
    key(vec![
        say(Element::Title, title),
        say(Element::Creator, name),
        say(Element::Date, year),
    ])
}

#[test]
fn the_same_work_written_otherwise() {
    for (one, other) in [
        (
            ("The Hill!", "Vale, Mira", "1999"),
            ("HILL : a story", "Mira Vale", "c1999."),
        ),
        (
            ("Straßen", "Müller, Jürgen, 1950-", "[2001?]"),
            ("Strassen", "Muller, J.", "2001-05"),
        ),
        (
            ("Война и мир", "Толстой, Лев", "1869"),
            ("ВОЙНА И МИР /", "Лев Толстой", "1869"),
        ),
        (
            ("红楼 梦", "曹雪芹", "1791"),
            ("红楼梦", "曹, 雪芹", "1791"),
        ),
        (
            ("كتاب الأسرة", "المتنبي، أحمد", "١٩٩٩"),
            ("كتاب الاسره", "المتنبى, احمد", "1999"),
        ),
        (
            ("조선 통사", "김, 철수", "1990"),
            ("조선통사", "김철수", "1990"),
        ),
    ] {
        let (left, right) = (of(one.0, one.1, one.2), of(other.0, other.1, other.2));
        assert!(left.is_some());
        assert_eq!(left, right, "{one:?}");
    }
    assert_eq!(
        of("The hill", "Vale, Mira", "1999").as_deref(),
        Some("hill/vale/1999")
    );
}

#[test]
fn other_works() {
    assert_ne!(
        of("Hill story", "Vale, Mira", "1999"),
        of("Story hill", "Vale, Mira", "1999")
    );
    assert_ne!(of("が", "X", "1999"), Some("か/x/1999".to_owned()));
    assert_ne!(
        of("Hill story", "Vale", "1999"),
        of("Hill story", "Vale", "2000")
    );
    assert_eq!(key(vec![say(Element::Title, "Hill story")]), None);
    assert_eq!(
        of("Tea", "Vale, Mira", "1999"),
        None,
        "too short to say anything"
    );
    // An article in its own language only.
    assert_eq!(of("A hill", "V. Vale", "1").as_deref(), Some("hill/vale/"));
    assert_eq!(
        of("O outeiro", "Vale", "1999").as_deref(),
        Some("oouteiro/vale/1999")
    );
}

#[test]
fn numbers_first() {
    let texts: Vec<String> = match_keys(&book()).iter().map(|one| one.text()).collect();
    assert_eq!(
        texts,
        ["isbn:9780201616224", "title:pragmaticprogrammer/hunt/2000"]
    );
    let mut record = tea();
    for (qualifier, value) in [
        (Qualifier::Doi, "https://doi.org/10.1000/ABC"),
        (Qualifier::Issn, "2434561x"),
        (Qualifier::Uri, "https://doi.org/10.1000/other"),
        (Qualifier::Isbn, "wrong"),
    ] {
        record
            .statements
            .push(Statement::qualified(Element::Identifier, qualifier, value));
    }
    let texts: Vec<String> = match_keys(&record.into())
        .iter()
        .map(|one| one.text())
        .collect();
    assert_eq!(
        texts,
        [
            "isbn:9780201616224",
            "issn:2434-561X",
            "doi:10.1000/abc",
            "doi:10.1000/other",
            "title:bookoftea/okakura/1906"
        ]
    );
}

#[test]
fn keys_do_not_depend_on_the_scheme() {
    let dublin_core = Work::from(tea());
    let marc = dublin_core.converted(Scheme::Marc21).unwrap();
    assert_eq!(match_keys(&dublin_core), match_keys(&marc));
    assert_eq!(headings(&dublin_core), headings(&marc));
}

#[test]
fn headings_with_their_roles() {
    let all = headings(&book());
    let lines: Vec<String> = all
        .iter()
        .map(|one| {
            let role = one.role.as_deref().unwrap_or_default();
            format!(
                "{:?} {} | {} | {role}{}",
                one.kind,
                one.display,
                one.key,
                one.scheme.unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "Person Hunt, Andrew, 1964- | hunt andrew 1964 | aut",
            "Person Thomas, David, 1956- | thomas david 1956 | aut",
            "Person Cunningham, Ward | cunningham ward | writer of foreword",
            "Subject pragmatism | pragmatism | ",
            "Subject craft | craft | ",
            "Subject Computer programming -- History -- Handbooks | computer programming history handbooks | lcsh",
            "Publisher Addison-Wesley | addison wesley | ",
        ]
    );
    let record = DublinCore {
        statements: vec![
            Statement::qualified(Element::Creator, Qualifier::Corporate, "Комитет."),
            Statement::qualified(Element::Relation, Qualifier::Series, "Hill papers ; 4"),
            say(Element::Contributor, "!!!"),
        ],
    };
    let kinds: Vec<_> = headings(&record.into())
        .into_iter()
        .map(|one| (one.kind, one.display))
        .collect();
    assert_eq!(
        kinds,
        [
            (HeadingKind::Corporate, "Комитет".to_owned()),
            (HeadingKind::Series, "Hill papers".to_owned()),
        ]
    );
}
