//! Suggestions of headings: what a row or a line asks for, and the line with a heading chosen.

use super::authority::{HeadingKind, headings};
use super::crosswalk;
use super::elements::{DublinCore, Element, Qualifier, Statement};
use super::marc::Marc;
use super::mnemonic;
use super::work::Work;
use crate::records::marc::{Field, MarcRecord, Subfield};

/// The longest line that is looked at, in bytes.
const MAX_LINE_BYTES: usize = 4_000;
/// Subfields that are no part of a heading: roles and scheme.
const KEPT: &[u8] = b"e42";

/// The kind of heading that stands in a row of the form for Dublin Core (`creator`, `subject.lcsh`); none if it
/// takes no headings.
pub fn heading_kind(group: &str) -> Option<HeadingKind> {
    let (element, qualifier) = match group.split_once('.') {
        None => (group, None),
        Some((element, qualifier)) => (element, Some(Qualifier::parse(qualifier)?)),
    };
    // Any word shows what the group is for.
    let statement = Statement {
        qualifier,
        ..Statement::new(Element::parse(element)?, "word")
    };
    let work = Work::from(DublinCore {
        statements: vec![statement],
    });
    headings(&work).first().map(|heading| heading.kind)
}

/// What a line of MARC (`=700 1\$aHunt`) asks for: the kind of heading, and what was typed of it; none if its field
/// holds no heading.
pub fn line_heading(line: &str) -> Option<(HeadingKind, String)> {
    let (_, work, at) = read(line)?;
    let statement = work.dublin_core().statements.get(at)?.clone();
    let one = Work::from(DublinCore {
        statements: vec![statement],
    });
    let heading = headings(&one).into_iter().next()?;
    Some((heading.kind, heading.display))
}

/// The line with another heading in it; its other subfields stay as they are.
pub fn line_with_heading(line: &str, display: &str) -> Option<String> {
    let (tag, work, at) = read(line)?;
    let mut record = work.dublin_core();
    record.statements.get_mut(at)?.value = display.to_string();
    let before = subfields(work.marc().record().fields.first()?).to_vec();
    let marc = work.with_dublin_core(record).ok()?.marc();
    let mut field = marc
        .record()
        .fields
        .iter()
        .find(|one| one.tag() == tag)?
        .clone();
    if let Field::Data {
        subfields: after, ..
    } = &mut field
    {
        // A series has its volume in $v, a subject its form.
        let series = matches!(tag[0], b'4' | b'8');
        let kept = |code: u8| KEPT.contains(&code) || (series && code == b'v');
        // Roles, schemes and volumes are the line's own: none is added, and none is lost.
        after.retain(|one| !kept(one.code));
        let own: Vec<_> = before.into_iter().filter(|one| kept(one.code)).collect();
        if let (Some(last), Some(b'e')) = (after.last_mut(), own.first().map(|one| one.code))
            && !last.data.ends_with(b",")
            && !last.data.ends_with(b"-")
        {
            last.data.push(b',');
        }
        after.extend(own);
    }
    let text = mnemonic::print_field(&field);
    Some(format!("={} {text}", String::from_utf8_lossy(&tag)))
}

fn subfields(field: &Field) -> &[Subfield] {
    match field {
        Field::Data { subfields, .. } => subfields,
        _ => &[],
    }
}

/// A line as a record of its own, and which of its statements is a heading.
fn read(line: &str) -> Option<([u8; 3], Work, usize)> {
    if line.len() > MAX_LINE_BYTES || line.contains('\n') {
        return None;
    }
    let parsed = mnemonic::parse(line).ok()?;
    let [field @ Field::Data { .. }] = parsed.fields.as_slice() else {
        return None;
    };
    let tag = field.tag();
    // What the leader alone says is nobody's heading.
    let bare = crosswalk::get(&MarcRecord::new(b'a', b'm')).statements;
    let work = Work::from(Marc::new(parsed));
    let at = work.dublin_core().statements.iter().position(|one| {
        !bare.contains(one)
            && !headings(&Work::from(DublinCore {
                statements: vec![one.clone()],
            }))
            .is_empty()
    })?;
    Some((tag, work, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_lines_say_what_headings_they_take() {
        for (group, kind) in [
            ("creator", Some(HeadingKind::Person)),
            ("contributor.corporate", Some(HeadingKind::Corporate)),
            ("subject.lcsh", Some(HeadingKind::Subject)),
            ("publisher", Some(HeadingKind::Publisher)),
            ("relation.series", Some(HeadingKind::Series)),
            ("title", None),
            ("subject.ddc", None),
            ("subject.nonsense", None),
            ("", None),
        ] {
            assert_eq!(heading_kind(group), kind, "{group}");
        }
        for (line, kind, typed) in [
            ("=100 1\\$aHunt, And", HeadingKind::Person, "Hunt, And"),
            (
                "=700 1\\$aHunt, Andrew,$eeditor.",
                HeadingKind::Person,
                "Hunt, Andrew",
            ),
            ("=650 \\0$aTea$xHis", HeadingKind::Subject, "Tea -- His"),
            ("=264 \\1$aSeoul :$bMun", HeadingKind::Publisher, "Mun"),
            ("=710 2\\$a국립", HeadingKind::Corporate, "국립"),
        ] {
            assert_eq!(
                line_heading(line),
                Some((kind, typed.to_string())),
                "{line}"
            );
        }
        for line in ["=245 10$aTea", "=008 x", "tea", "=100 1\\", ""] {
            assert_eq!(line_heading(line), None, "{line}");
        }
    }

    #[test]
    fn a_chosen_heading_takes_the_place_of_what_was_typed() {
        for (line, display, after) in [
            (
                "=100 1\\$aHun",
                "Hunt, Andrew, 1964-",
                "=100 1\\$aHunt, Andrew,$d1964-",
            ),
            ("=650 \\0$aTe", "Tea -- History", "=650 \\0$aTea$xHistory"),
            (
                "=650 \\0$aTea$vMaps",
                "Tea -- History",
                "=650 \\0$aTea$xHistory",
            ),
            (
                "=490 0\\$aGree ;$v7",
                "Green hills",
                "=490 0\\$aGreen hills$v7",
            ),
            (
                "=700 1\\$aRa,$eeditor.",
                "Rao, Meera",
                "=700 1\\$aRao, Meera,$eeditor.",
            ),
        ] {
            assert_eq!(line_with_heading(line, display).as_deref(), Some(after));
        }
        let imprint = line_with_heading("=264 \\1$aSeoul :$bMun", "Munhak").unwrap();
        assert_eq!(imprint, "=264 \\1$aSeoul :$bMunhak");
    }
}
