//! Tests over whole records.

mod chance;
mod checks;
mod corpus;
mod crossing;
mod keys;
mod lines;
mod merging;
mod stored;

use super::{DublinCore, Element, Marc, Qualifier, Statement, Work, mnemonic};

/// A book with all that is common, as lines.
pub(super) const BOOK: &str = "\
=LDR 00000cam\\a2200000\\a\\4500
=001 42
=008 990802s2000\\\\\\\\maua\\\\\\\\\\\\\\\\\\\\001\\0\\eng\\\\
=010 \\\\$a\\\\\\99043581
=020 \\\\$a020161622X (pbk.)
=100 1\\$6880-01$aHunt, Andrew,$d1964-$0n99054321
=245 14$aThe pragmatic programmer :$bfrom journeyman to master /$cAndrew Hunt, David Thomas.
=260 \\\\$aReading, Mass :$bAddison-Wesley,$c2000.
=300 \\\\$axxiv, 321 p. ;$c24 cm.
=650 \\0$aComputer programming$xHistory$vHandbooks.$0sh85029552
=653 \\\\$apragmatism$acraft
=700 1\\$aThomas, David,$d1956-$4aut
=700 1\\$aCunningham, Ward.$ewriter of foreword.
=880 1\\$6100-01$aХант, Эндрю.
=949 \\\\$ashelf 4
";

pub(super) fn marc(lines: &str) -> Marc {
    match mnemonic::parse(lines) {
        Ok(record) => Marc::new(record),
        Err(findings) => panic!(
            "{:?}",
            findings.iter().map(|one| one.text()).collect::<Vec<_>>()
        ),
    }
}

pub(super) fn book() -> Work {
    marc(BOOK).into()
}

pub(super) fn say(element: Element, value: &str) -> Statement {
    Statement::new(element, value)
}

pub(super) fn tea() -> DublinCore {
    DublinCore {
        statements: vec![
            say(Element::Title, "The book of tea : a reader"),
            say(Element::Creator, "Okakura, Kakuzō, 1862-1913"),
            Statement {
                role: Some("trl".to_owned()),
                ..say(Element::Contributor, "Vale, Mira")
            },
            Statement::qualified(Element::Subject, Qualifier::Lcsh, "Tea -- Japan -- History"),
            say(Element::Publisher, "Hill Press"),
            say(Element::Date, "1906"),
            say(Element::Type, "Book"),
            Statement::qualified(Element::Identifier, Qualifier::Isbn, "9780201616224"),
            say(Element::Language, "en"),
            say(Element::Language, "zh-Hant"),
        ],
    }
}
