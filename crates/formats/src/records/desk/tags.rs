//! The fields of MARC 21 in common use: names, repeatability, indicators and
//! subfields, for checks and for help beside the form. After *MARC 21 Format
//! for Bibliographic Data*.

use std::sync::OnceLock;

/// One field of MARC 21.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Three digits.
    pub tag: &'static str,
    /// The English name.
    pub name: &'static str,
    /// Whether a record may hold several.
    pub repeatable: bool,
    /// Values of the first indicator; none if any will do.
    pub ind1: Option<Vec<u8>>,
    /// Values of the second indicator; none if any will do.
    pub ind2: Option<Vec<u8>>,
    /// The subfields; empty for control fields, and where any will do.
    pub subfields: Vec<Code>,
}

/// One subfield of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// A letter or digit.
    pub code: u8,
    /// The English name.
    pub name: &'static str,
    /// Whether the field may hold several.
    pub repeatable: bool,
}

impl Tag {
    /// The subfield of a code.
    pub fn code(&self, code: u8) -> Option<&Code> {
        self.subfields.iter().find(|one| one.code == code)
    }
}

/// All fields of the table, in order.
pub fn tags() -> &'static [Tag] {
    static TABLE: OnceLock<Vec<Tag>> = OnceLock::new();
    TABLE.get_or_init(|| {
        include_str!("marc21.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(read)
            .collect()
    })
}

/// The field of a tag. None for local fields, and for those that are rare.
pub fn tag(tag: &[u8; 3]) -> Option<&'static Tag> {
    let table = tags();
    let at = table
        .binary_search_by(|row| row.tag.as_bytes().cmp(tag))
        .ok()?;
    table.get(at)
}

/// True for fields that each library defines for itself: those with a 9 or a letter.
pub fn is_local(tag: &[u8; 3]) -> bool {
    tag.iter()
        .any(|byte| *byte == b'9' || !byte.is_ascii_digit())
        && self::tag(tag).is_none()
}

fn read(line: &'static str) -> Option<Tag> {
    let mut cells = line.split('|');
    let (tag, repeatable, name) = (cells.next()?, cells.next()?, cells.next()?);
    let (ind1, ind2) = (indicator(cells.next()?), indicator(cells.next()?));
    let subfields = cells
        .next()?
        .split(';')
        .filter_map(|cell| {
            let (code, name) = cell.split_once(' ')?;
            Some(Code {
                code: code.bytes().next()?,
                name,
                repeatable: code.ends_with('*'),
            })
        })
        .collect();
    Some(Tag {
        tag,
        name,
        repeatable: repeatable == "R",
        ind1,
        ind2,
        subfields,
    })
}

/// `#01`, `0-9`, `?`.
fn indicator(cell: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut bytes = cell.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'?' => return None,
            b'#' => out.push(b' '),
            b'-' => {
                let from = out.last().copied()?;
                let to = bytes.next()?;
                out.extend(from.saturating_add(1)..=to);
            }
            _ => out.push(byte),
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        let lines = include_str!("marc21.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .count();
        assert_eq!(tags().len(), lines);
        assert!(tags().is_sorted_by(|a, b| a.tag < b.tag));
        for row in tags() {
            assert!(row.tag.len() == 3 && !row.name.is_empty(), "{}", row.tag);
            let data = !row.tag.starts_with("00") && !matches!(row.tag, "880" | "886");
            assert_eq!(!row.subfields.is_empty(), data, "{}", row.tag);
            for (at, code) in row.subfields.iter().enumerate() {
                assert!(!code.name.is_empty());
                let twice = row
                    .subfields
                    .iter()
                    .skip(at + 1)
                    .any(|one| one.code == code.code);
                assert!(!twice, "{} {}", row.tag, char::from(code.code));
            }
        }
    }

    #[test]
    fn the_title_statement() {
        let title = tag(b"245").unwrap();
        assert_eq!(title.name, "Title statement");
        assert!(!title.repeatable);
        assert_eq!(title.ind1.as_deref(), Some(b"01".as_slice()));
        assert_eq!(title.ind2.as_deref(), Some(b"0123456789".as_slice()));
        assert!(!title.code(b'b').unwrap().repeatable);
        assert!(title.code(b'n').unwrap().repeatable);
        assert_eq!(
            tag(b"856").unwrap().ind1.as_deref(),
            Some(b" 012347".as_slice())
        );
        assert!(tag(b"880").unwrap().ind1.is_none());
        assert!(is_local(b"949") && is_local(b"09X") && !is_local(b"490"));
    }
}
