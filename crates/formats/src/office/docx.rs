//! DOCX: WordprocessingML (ECMA-376 part 1 §17).

use std::{
    collections::HashSet,
    io::{Read, Seek},
};

use super::{note, package::Package};
use crate::{
    FormatError,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xml::{Node, walk},
};

/// Parts beside the document that readers see, in the order in which they are
/// appended.
const OTHER_PARTS: &[&str] = &["header", "footnotes", "endnotes", "footer"];

pub(super) fn extract<R: Read + Seek>(
    package: &mut Package<'_, R>,
) -> Result<Extracted, FormatError> {
    let main = package.main_part().to_owned();
    let relations = package.relations(&main)?;
    let mut headings = HashSet::new();
    if let Some(styles) = relations.iter().find(|relation| relation.kind == "styles")
        && let Some(xml) = package.text(&styles.target)?
    {
        headings = heading_styles(&xml, package.limits);
    }
    let mut sink = Sink::new(package.limits);
    let Some(xml) = package.text(&main)? else {
        return Err(FormatError::damaged(format!(
            "`{main}` is missing inside it"
        )));
    };
    let result = body(&xml, &headings, &mut sink, package.limits);
    note(&mut sink.doc, &main, result)?;
    let mut seen = HashSet::new();
    for kind in OTHER_PARTS {
        for relation in relations.iter().filter(|relation| relation.kind == *kind) {
            let Some(xml) = package.text(&relation.target)? else {
                continue;
            };
            let mut part = Sink::new(package.limits);
            let result = body(&xml, &HashSet::new(), &mut part, package.limits);
            note(&mut sink.doc, &relation.target, result)?;
            // First pages and even pages repeat the same header.
            let part = part.doc;
            if seen.insert(part.text.clone()) {
                sink.part(part);
            }
        }
    }
    Ok(sink.finish())
}

/// The ids of styles that make headings: named "heading 1" (in every language of
/// the program), or with a level in the outline, or based on such.
fn heading_styles(xml: &str, limits: &Limits) -> HashSet<String> {
    let mut found = HashSet::new();
    let mut style = String::new();
    drop(walk(xml, limits, |node| {
        let Node::Start(name, attributes) = node else {
            return;
        };
        let value = || attributes.get("val").unwrap_or_default();
        let heading = match name {
            "style" => {
                style = attributes.get("styleId").unwrap_or_default();
                false
            }
            "name" => {
                let name = value().to_ascii_lowercase();
                name.starts_with("heading ") || name == "title"
            }
            "basedOn" => found.contains(&value()),
            "outlineLvl" => value().parse::<u8>().is_ok_and(|level| level < 9),
            _ => false,
        };
        if heading {
            found.insert(style.clone());
        }
    }));
    found
}

/// A paragraph that is open: where it began, and whether it is a heading. They
/// nest, since a text box is anchored inside a paragraph.
struct Paragraph {
    began: usize,
    heading: bool,
}

fn body(
    xml: &str,
    headings: &HashSet<String>,
    sink: &mut Sink<'_>,
    limits: &Limits,
) -> Result<(), FormatError> {
    let mut open: Vec<Paragraph> = Vec::new();
    // `mc:Fallback` repeats what `mc:Choice` holds; deleted text is gone.
    let mut left_out = 0_usize;
    let mut in_text = false;
    walk(xml, limits, |node| match node {
        Node::Start("Fallback" | "del" | "moveFrom", _) => left_out += 1,
        Node::End("Fallback" | "del" | "moveFrom") => left_out = left_out.saturating_sub(1),
        _ if left_out > 0 => {}
        Node::Start(name, attributes) => match name {
            "p" => {
                sink.paragraph();
                open.push(Paragraph {
                    began: sink.mark(),
                    heading: false,
                });
            }
            "pStyle" => {
                if let (Some(paragraph), Some(style)) = (open.last_mut(), attributes.get("val")) {
                    paragraph.heading |= headings.contains(&style);
                }
            }
            "outlineLvl" => {
                if let (Some(paragraph), Some(level)) = (open.last_mut(), attributes.get("val")) {
                    paragraph.heading |= level.parse::<u8>().is_ok_and(|level| level < 9);
                }
            }
            "t" => in_text = true,
            "tab" | "ptab" => sink.gap(Gap::Space),
            "br" | "cr" => sink.gap(Gap::Line),
            "noBreakHyphen" => sink.text("-"),
            "docPr" => {
                if let Some(alt) = attributes
                    .get("descr")
                    .filter(|alt| !alt.contains(['/', '\\']))
                {
                    sink.gap(Gap::Space);
                    sink.text(&alt);
                    sink.gap(Gap::Space);
                }
            }
            _ => {}
        },
        Node::End(name) => match name {
            "p" => {
                if let Some(paragraph) = open.pop()
                    && paragraph.heading
                {
                    sink.heading_from(paragraph.began);
                }
                sink.gap(Gap::Line);
            }
            "tc" => sink.cell(),
            "tr" => sink.gap(Gap::Line),
            "t" => in_text = false,
            _ => {}
        },
        Node::Text(text) => {
            if in_text {
                sink.text(text);
            }
        }
    })
}
