//! Records by chance, with what breaks things in them.

use proptest::prelude::*;

use crate::records::desk::{DublinCore, Element, Marc, Qualifier, Statement};
use crate::records::marc::{Field, MarcRecord};

/// Text with the marks that ISBD, headings and lines give a meaning.
pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-cA-C0-9 .,:;/=+\\[\\]()$\\\\{}©'éß中한א|-]{0,16}",
        2 => prop::sample::select(vec![
            "The hill", "A : b : c", "a -- b -- c", " : ", ". .", "x. /", "Hunt, Andrew, 1964-",
            "Vale, Mira", "c1994", "[2005?]", "1999-05", "©2001", "p. 5", "Nature, vol. 3, no. 2, p. 5",
            "Series ; 4", "(OCoLC)ocm123", "9780201616224", "0-201-61622-X (pbk.)", "0378-5955",
            "doi:10.1000/X", "https://hill.example/a", "en", "zh-Hant", "English", "pt_br", "zxx",
            "editor", "Dr. J.", "etc.", "[s.n.]", "Konferenz (3. : 1990)", "\u{98}The \u{9c}hill",
            "line\nbreak\r\n", "\u{1f}x\u{1e}", "isrc:AB1", "lang:en", "Book", "Sound",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,12}",
    ]
}

pub(super) fn statement() -> impl Strategy<Value = Statement> {
    (
        prop::sample::select(Element::ALL.to_vec()),
        prop::option::of(any::<prop::sample::Index>()),
        text(),
        prop::option::weighted(
            0.2,
            prop::sample::select(vec!["en", "ko", "zh-hant", "nonsense"]),
        ),
        prop::option::weighted(
            0.4,
            prop_oneof![
                prop::sample::select(vec![
                    "edt",
                    "trl",
                    "aut",
                    "cre",
                    "cmp",
                    "ctb",
                    "former owner",
                    "Author.",
                    "/",
                    "a/b",
                    "http://id.example/relators/ill",
                ])
                .prop_map(str::to_owned),
                text(),
            ],
        ),
    )
        .prop_map(|(element, qualifier, value, language, role)| {
            let known = element.qualifiers();
            let qualifier: Option<Qualifier> = qualifier
                .filter(|_| !known.is_empty())
                .map(|at| known[at.index(known.len())]);
            Statement {
                element,
                qualifier,
                value,
                language: language.map(str::to_owned),
                role: role.filter(|_| element.takes_role()),
            }
        })
}

pub(super) fn dublin_core() -> impl Strategy<Value = DublinCore> {
    prop::collection::vec(statement(), 0..14).prop_map(|statements| DublinCore { statements })
}

const TAGS: [&str; 62] = [
    "001", "008", "010", "020", "022", "024", "035", "041", "046", "050", "080", "082", "100",
    "110", "111", "130", "240", "245", "245", "246", "250", "260", "264", "264", "300", "340",
    "440", "490", "500", "502", "505", "506", "510", "513", "520", "522", "538", "540", "600",
    "610", "630", "648", "650", "651", "653", "655", "700", "700", "710", "711", "720", "730",
    "773", "776", "780", "785", "786", "787", "856", "856", "880", "999",
];

/// A field: mostly regular, sometimes not.
pub(super) fn field() -> impl Strategy<Value = Field> {
    let subfield = (
        prop_oneof![4 => "[abcdtnpxvgku]", 2 => "[0-9e]", 1 => "[!-~]"],
        text(),
    );
    (
        prop::sample::select(TAGS.to_vec()),
        "[ 0-9]{2}|[ -~]{2}",
        prop::collection::vec(subfield, 0..5),
        prop::option::weighted(0.1, text()),
        prop::sample::select(vec![
            "990802s2000    maua          001 0 eng  ",
            "||||||nuuuuuuuuxx            000 0 und d",
            "short",
            "",
        ]),
    )
        .prop_map(|(tag, indicators, subfields, odd, fixed)| {
            let tag = <[u8; 3]>::try_from(tag.as_bytes()).unwrap();
            let mut content = indicators;
            for (code, text) in subfields {
                content.push('\u{1f}');
                content.push_str(&code);
                content.push_str(&text);
            }
            if tag == *b"008" {
                content = fixed.to_owned();
            }
            Field::parse(tag, odd.unwrap_or(content).as_bytes())
        })
}

pub(super) fn marc() -> impl Strategy<Value = Marc> {
    (
        prop::collection::vec(field(), 0..14),
        prop::sample::select(vec![
            *b"00000cam a2200000 a 4500",
            *b"00000nas  2200000   4500",
            *b"\0\xff000njm a22      i 4500",
        ]),
        any::<bool>(),
    )
        .prop_map(|(mut fields, leader, sorted)| {
            if sorted {
                fields.sort_by_key(Field::tag);
            }
            Marc::new(MarcRecord { leader, fields })
        })
}
