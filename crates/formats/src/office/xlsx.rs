//! XLSX: SpreadsheetML (ECMA-376 part 1 §18).

use std::io::{Read, Seek};

use super::{note, package::Package, pptx};
use crate::{
    FormatError,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xml::{Node, walk},
};

/// Most bytes of shared strings kept in memory.
const MAX_SHARED_BYTES: usize = 64 << 20;

pub(super) fn extract<R: Read + Seek>(
    package: &mut Package<'_, R>,
) -> Result<Extracted, FormatError> {
    let main = package.main_part().to_owned();
    let relations = package.relations(&main)?;
    let Some(xml) = package.text(&main)? else {
        return Err(FormatError::damaged(format!(
            "`{main}` is missing inside it"
        )));
    };
    let mut sink = Sink::new(package.limits);
    let mut sheets = Vec::new();
    let result = walk(&xml, package.limits, |node| {
        if let Node::Start("sheet", attributes) = node
            && let Some(id) = attributes
                .get_full("r:id")
                .or_else(|| attributes.get_full("d3p1:id"))
            && let Some(relation) = relations.iter().find(|relation| relation.id == id)
        {
            sheets.push((
                attributes.get("name").unwrap_or_default(),
                relation.target.clone(),
            ));
        }
    });
    note(&mut sink.doc, &main, result)?;
    if sheets.is_empty() {
        sheets = relations
            .iter()
            .filter(|relation| relation.kind == "worksheet")
            .map(|relation| (String::new(), relation.target.clone()))
            .collect();
    }
    let mut shared = Vec::new();
    if let Some(part) = relations
        .iter()
        .find(|relation| relation.kind == "sharedStrings")
        && let Some(xml) = package.text(&part.target)?
    {
        let result = shared_strings(&xml, package.limits, &mut shared);
        note(&mut sink.doc, &part.target, result)?;
    }
    sink.doc.pages = u32::try_from(sheets.len()).ok();
    for (name, part) in &sheets {
        sink.gap(Gap::Line);
        let mark = sink.mark();
        sink.text(name);
        if !is_default_name(name) {
            sink.heading_from(mark);
        }
        sink.gap(Gap::Line);
        if let Some(xml) = package.text(part)? {
            let result = sheet(&xml, &shared, &mut sink, package.limits);
            note(&mut sink.doc, part, result)?;
        }
        for other in package.relations(part)? {
            if matches!(other.kind.as_str(), "drawing" | "comments")
                && let Some(xml) = package.text(&other.target)?
            {
                let result = pptx::text(&xml, &mut sink, package.limits);
                note(&mut sink.doc, &other.target, result)?;
            }
        }
        if sink.is_full() {
            break;
        }
    }
    Ok(sink.finish())
}

/// "Sheet1" in any language says nothing about a document.
fn is_default_name(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim();
    stem.len() < name.len() && !stem.contains(' ') && stem.chars().count() <= 8
}

fn shared_strings(xml: &str, limits: &Limits, out: &mut Vec<String>) -> Result<(), FormatError> {
    let (mut in_text, mut phonetic, mut bytes) = (false, 0_usize, 0_usize);
    let mut item = String::new();
    walk(xml, limits, |node| match node {
        Node::Start("t", _) => in_text = true,
        Node::End("t") => in_text = false,
        // How Japanese is read aloud repeats the text.
        Node::Start("rPh", _) => phonetic += 1,
        Node::End("rPh") => phonetic = phonetic.saturating_sub(1),
        Node::End("si") => out.push(std::mem::take(&mut item)),
        Node::Text(text) if in_text && phonetic == 0 && bytes < MAX_SHARED_BYTES => {
            bytes += text.len();
            item.push_str(text);
        }
        _ => {}
    })
}

/// How the value of a cell is meant (§18.18.11).
#[derive(Clone, Copy, PartialEq)]
enum Cell {
    Shared,
    Text,
    Other,
}

fn sheet(
    xml: &str,
    shared: &[String],
    sink: &mut Sink<'_>,
    limits: &Limits,
) -> Result<(), FormatError> {
    let mut cell = Cell::Other;
    let (mut in_value, mut phonetic) = (false, 0_usize);
    let mut value = String::new();
    walk(xml, limits, |node| match node {
        Node::Start(name, attributes) => match name {
            "c" => {
                cell = match attributes.get("t").as_deref() {
                    Some("s") => Cell::Shared,
                    Some("str" | "inlineStr" | "b" | "d") => Cell::Text,
                    Some("e") => Cell::Other,
                    _ => Cell::Text,
                };
            }
            "v" | "t" => {
                in_value = true;
                value.clear();
            }
            "rPh" => phonetic += 1,
            _ => {}
        },
        Node::Text(text) if in_value && value.len() < crate::model::MAX_VALUE_BYTES * 16 => {
            value.push_str(text)
        }
        Node::Text(_) => {}
        Node::End(name) => match name {
            "v" | "t" => {
                in_value = false;
                match cell {
                    _ if phonetic > 0 => {}
                    Cell::Shared => {
                        let index = value.trim().parse::<usize>().ok();
                        if let Some(text) = index.and_then(|index| shared.get(index)) {
                            sink.text(text);
                        }
                    }
                    Cell::Text => sink.text(&value),
                    Cell::Other => {}
                }
            }
            "rPh" => phonetic = phonetic.saturating_sub(1),
            "c" => sink.cell(),
            "row" | "oddHeader" | "oddFooter" => sink.gap(Gap::Line),
            _ => {}
        },
    })
}
