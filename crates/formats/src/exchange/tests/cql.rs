//! CQL, and what our own search reads of what is made of it.

use proptest::prelude::*;

use super::python;
use crate::exchange::cql::{Order, compile, parse, xcql};
use crate::exchange::fuzz::fuzz_cql;

/// The parser of our search itself, which depends on nothing.
#[path = "../../../../search/src/query/parse.rs"]
mod search;

fn canonical(query: &str) -> String {
    let parsed = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let printed = parsed.to_string();
    assert_eq!(parse(&printed), Ok(parsed), "{query}");
    printed
}

#[test]
fn the_grammar() {
    for (query, printed) in [
        ("fish", "fish"),
        ("\"fish\"", "fish"),
        ("\"deep sea\"", "\"deep sea\""),
        ("\"\"", "\"\""),
        ("dc.title=fish", "dc.title = fish"),
        ("title ANY \"a b\"", "title ANY \"a b\""),
        ("\"dc.title\" \"any\" \"and\"", "dc.title any \"and\""),
        ("dc.title = and", "dc.title = \"and\""),
        ("a AND b Or c", "a and b or c"),
        ("a and (b or c)", "a and (b or c)"),
        ("((a and b)) or (c)", "a and b or c"),
        ("and and and", "\"and\" and \"and\""),
        (
            "a prox/unit=word/distance>3 b",
            "a prox /unit=word /distance>3 b",
        ),
        (
            "title =/relevant /cql.string \"x\"",
            "title = /relevant /cql.string x",
        ),
        (
            "> dc = \"info:x/y\" dc.title = a",
            "> dc = \"info:x/y\" dc.title = a",
        ),
        ("> \"info:x\" title=a", "> info:x title = a"),
        ("a or (>b=\"c\" d)", "a or (> b = c d)"),
        (
            "cat sortBy dc.title/sort.descending dc.date",
            "cat sortBy dc.title /sort.descending dc.date",
        ),
        (
            "dc.date within \"1990 2000\"",
            "dc.date within \"1990 2000\"",
        ),
        (
            "x <> y and x <= y and x >= y and x == y and x < y and x > y",
            "x <> y and x <= y and x >= y and x == y and x < y and x > y",
        ),
        (r#""a \"b\" \\c\* d""#, r#""a \"b\" \\c\* d""#),
        (r"fish\*", r"fish\*"),
        ("魚 and “x”", "魚 and “x”"),
        ("it's", "it's"),
    ] {
        assert_eq!(canonical(query), printed, "{query}");
    }
}

#[test]
fn what_is_no_query() {
    for (query, code) in [
        ("", 10),
        ("()", 10),
        ("a b", 10),
        ("a and", 10),
        ("and", 0),
        ("= a", 10),
        ("(a", 10),
        ("a)", 10),
        ("a/b c", 10),
        ("a =/ b", 10),
        ("\"a", 14),
        ("\"a\\", 14),
        ("> a", 10),
        ("a and > b = c d", 10),
        ("a sortBy", 10),
        ("(a sortBy b)", 10),
        (&"(".repeat(33), 13),
        (&"x".repeat(9_000), 12),
        (&format!("a{}", " or a".repeat(129)), 38),
        (&format!("a ={} b", "/c".repeat(40)), 48),
    ] {
        let found = parse(query).err().map_or(0, |error| error.code.number());
        assert_eq!(found, code, "{query:.40}");
    }
}

fn compiled(query: &str) -> String {
    let made = compile(&parse(query).unwrap()).unwrap_or_else(|error| panic!("{query}: {error}"));
    made.query
}

#[test]
fn what_can_be_said() {
    for (query, ours) in [
        ("fish", "\"fish\""),
        ("\"deep sea\"", "\"deep sea\""),
        ("cql.serverChoice all \"deep sea\"", "\"deep\" \"sea\""),
        ("dc.title any \"deep sea*\"", "title:\"deep\" OR title:sea*"),
        ("DC.Creator = \"Hunt, Andrew\"", "author:\"Hunt, Andrew\""),
        (
            "title adj/relevant fish and subject=\"sea\"",
            "title:\"fish\" subject:\"sea\"",
        ),
        ("a or b and c", "\"a\" OR \"b\" \"c\""),
        ("a or (b and c)", "\"a\" OR (\"b\" \"c\")"),
        ("a not (b or c)", "\"a\" -(\"b\" OR \"c\")"),
        ("a or (b not c)", "\"a\" OR (\"b\" -\"c\")"),
        (
            "(a or b) and (c or d) not title=e",
            "\"a\" OR \"b\" \"c\" OR \"d\" -title:\"e\"",
        ),
        ("cql.allRecords = 1", ""),
        ("cql.allRecords = 1 and fish", "\"fish\""),
        ("cql.allRecords = 1 or fish", ""),
        ("cql.allRecords = 1 not fish", "-\"fish\""),
        ("dc.language = ger", "lang:de"),
        ("dc.language any \"eng fre\"", "lang:en OR lang:fr"),
        ("dc.language <> en", "-lang:en"),
        ("dc.type exact ConferencePaper", "kind:conference-paper"),
        ("dc.date = 1999", "year:1999"),
        (
            "dc.date < 1999 and dc.date >= 1990",
            "year:<1999 year:>=1990",
        ),
        ("dc.date within \"-44 2000\"", "year:-44..2000"),
        ("bath.isbn = 0-201-61622-X", "\"9780201616224\""),
        (
            "dc.identifier == \"https://doi.org/10.1000/ABC\"",
            "\"10.1000/abc\"",
        ),
        ("bath.issn = 0378-5955", "\"0378-5955\""),
        (
            "> x = \"info:srw/cql-context-set/1/dc-v1.1\" x.title = fish",
            "title:\"fish\"",
        ),
        ("title =/unmasked \"what?\"", "title:\"what?\""),
        (r#"title = "what\? \*""#, "title:\"what? *\""),
        ("\"the “big” «one»\"", "\"the  big   one\""),
        ("OR or NOT", "\"OR\" OR \"NOT\""),
    ] {
        assert_eq!(compiled(query), ours, "{query}");
    }
    for (query, order) in [
        ("a", Order::Relevance),
        ("a sortBy dc.date/sort.descending", Order::Newest),
        ("a sortby title/ascending", Order::Title),
    ] {
        assert_eq!(compile(&parse(query).unwrap()).unwrap().order, order);
    }
}

#[test]
fn what_can_not_be_said_has_its_diagnostic() {
    let deep = "a or (b and (c or (d and (e or (f and (g or (h and (i or (j and k))))))))";
    let deep = format!("{deep})");
    let many = format!("a{}", " and a".repeat(70));
    let long = format!("\"{}\"", "x ".repeat(600));
    for (query, code) in [
        ("foo.title = a", 15),
        ("> dc = \"urn:other\" dc.title = a", 15),
        ("dc.publisher = a", 16),
        ("shoeSize = 44", 16),
        ("dc.title encloses a", 19),
        ("dc.title foo.any a", 15),
        ("dc.title dc.any a", 19),
        ("dc.title =/regexp a", 20),
        ("dc.title == a", 22),
        ("dc.title < a", 22),
        ("dc.language < en", 22),
        (long.as_str(), 23),
        ("\" \"", 27),
        ("dc.title = fi?h", 28),
        ("dc.language = e*", 28),
        ("a*", 29),
        ("*", 29),
        ("^fish", 31),
        ("\"deep se*\"", 33),
        ("dc.date = 2001-05", 36),
        ("dc.date within 2001", 36),
        ("dc.date = ２００１", 36),
        (many.as_str(), 38),
        ("a prox b", 39),
        ("a and/rel.combine=sum b", 46),
        ("a not cql.allRecords=1", 48),
        ("fi*sh", 49),
        ("cql.resultSetId = 1", 50),
        (deep.as_str(), 13),
        ("a sortBy dc.date", 80),
        ("a sortBy dc.title dc.date", 80),
        ("a sortBy dc.creator", 80),
    ] {
        let parsed = parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let found = compile(&parsed)
            .err()
            .map_or(0, |error| error.code.number());
        assert_eq!(found, code, "{query:.60}");
    }
}

#[test]
fn search_reads_it_as_it_was_meant() {
    use search::{Atom, Clause, QueryField};
    let phrase = |text: &str| Atom::Phrase(text.to_owned());
    let must = |any: Vec<Atom>| Clause {
        negated: false,
        any,
    };
    let query = compiled(
        "title any \"deep sea*\" and (“x” or (b not dc.language=ger)) not (dc.date < 1990 or bath.isbn=9780201616224)",
    );
    let expected = vec![
        must(vec![
            Atom::Field(QueryField::Title, Box::new(phrase("deep"))),
            Atom::Field(QueryField::Title, Box::new(Atom::Prefix("sea".into()))),
        ]),
        must(vec![
            phrase("x"),
            Atom::Group(vec![
                must(vec![phrase("b")]),
                Clause {
                    negated: true,
                    any: vec![Atom::Field(
                        QueryField::Language,
                        Box::new(Atom::Word("de".into())),
                    )],
                },
            ]),
        ]),
        Clause {
            negated: true,
            any: vec![Atom::Group(vec![must(vec![
                Atom::Years(i32::MIN, 1989),
                phrase("9780201616224"),
            ])])],
        },
    ];
    assert_eq!(search::parse(&query), expected, "{query}");
    // At the limits of search, nothing is lost.
    let many = format!("a{}", " and a".repeat(63));
    assert_eq!(search::parse(&compiled(&many)).len(), 64);
    let deep = compiled("a or (b and (c or (d and (e or (f and (g or (h and i)))))))");
    assert_eq!(deep.matches('(').count(), 4);
    assert_eq!(
        format!("{:?}", search::parse(&deep))
            .matches("Phrase")
            .count(),
        9
    );
}

#[test]
fn xcql_is_well_formed() {
    let make = |query: &str| xcql(&parse(query).unwrap());
    python::check_xml(&[
        (
            "clause",
            make("> dc=\"u&<\" dc.title =/a=b \"<x>\" sortBy t/sort.descending"),
            "names == ['prefixes', 'index', 'relation', 'term', 'sortKeys'] and x('xcql:term/text()') == ['<x>'] and x('//xcql:identifier/text()') == ['u&<']",
        ),
        (
            "triple",
            make("a and/x=1 (b or c)"),
            "names == ['boolean', 'leftOperand', 'rightOperand'] and x('xcql:rightOperand/xcql:triple/xcql:boolean/xcql:value/text()') == ['or'] and x('xcql:leftOperand/xcql:searchClause/xcql:index/text()') == ['cql.serverChoice']",
        ),
    ]);
}

/// Queries of the grammar.
fn queries() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z.]{1,6}",
        "[a-z*?^\\\\\u{e9}\u{5b57}']{1,6}",
        Just("and".to_owned()),
        Just("sortBy".to_owned()),
        r#""([a-z ()/=<>*]|\\.){0,8}""#,
    ];
    let modifiers = proptest::collection::vec(
        (
            word.clone(),
            proptest::option::of(("=|<=|<>", word.clone())),
        ),
        0..2,
    )
    .prop_map(|list| {
        list.into_iter()
            .map(|(name, value)| match value {
                Some((sign, value)) => format!("/{name}{sign}{value}"),
                None => format!("/{name}"),
            })
            .collect::<String>()
    });
    let relation = prop_oneof!["=|==|<|<=|<>|>|>=", "any|all|adj|cql.any|within"];
    let clause = prop_oneof![
        word.clone(),
        (word.clone(), relation, modifiers.clone(), word.clone()).prop_map(
            |(index, relation, modifiers, term)| format!("{index} {relation}{modifiers} {term}")
        ),
    ];
    let boolean = "and|OR|not|prox";
    let node = clause.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("({inner})")),
            (inner.clone(), boolean, inner.clone())
                .prop_map(|(left, boolean, right)| format!("{left} {boolean} ({right})")),
            (inner.clone(), inner)
                .prop_map(|(left, right)| format!("({left}) or (> p = u {right})")),
        ]
    });
    (node, proptest::option::of((word, modifiers))).prop_map(|(node, sort)| match sort {
        Some((index, modifiers)) => format!("{node} sortBy {index}{modifiers}"),
        None => node,
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_as_it_was(query in queries()) {
        if let Ok(parsed) = parse(&query) {
            let printed = parsed.to_string();
            prop_assert_eq!(parse(&printed), Ok(parsed), "{} printed as {}", query, printed);
        }
        fuzz_cql(query.as_bytes());
    }

    #[test]
    fn what_is_compiled_means_the_same_number_of_terms(
        words in proptest::collection::vec("[a-z\u{5b57}:OR|&!-]{1,8}", 1..9),
    ) {
        let query: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let ours = compiled(&query.join(" and "));
        prop_assert_eq!(search::parse(&ours).len(), words.len(), "{}", ours);
    }

    #[test]
    fn no_text_panics(text in "[a-z \"\\\\()=<>/*?^&.\\PC]{0,60}") {
        fuzz_cql(text.as_bytes());
    }
}
