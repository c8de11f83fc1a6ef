//! PPTX: PresentationML (ECMA-376 part 1 §19).

use std::io::{Read, Seek};

use super::{
    note,
    package::{Package, Relation},
};
use crate::{
    FormatError,
    model::{Extracted, Limits},
    sink::{Gap, Sink},
    xml::{Node, walk},
};

/// Parts of a slide whose text readers see, apart from its own.
const OTHER_PARTS: &[&str] = &["diagramData", "notesSlide"];

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
    let slides = slides_in_order(&xml, &relations, package.limits);
    let mut sink = Sink::new(package.limits);
    sink.doc.pages = u32::try_from(slides.len()).ok();
    for slide in &slides {
        let Some(xml) = package.text(slide)? else {
            sink.doc.warn(format!("`{slide}` is missing inside it"));
            continue;
        };
        let result = text(&xml, &mut sink, package.limits);
        note(&mut sink.doc, slide, result)?;
        let others = package.relations(slide)?;
        for kind in OTHER_PARTS {
            for other in others.iter().filter(|relation| relation.kind == *kind) {
                if let Some(xml) = package.text(&other.target)? {
                    let headings = sink.doc.headings.len();
                    let result = text(&xml, &mut sink, package.limits);
                    sink.doc.headings.truncate(headings);
                    note(&mut sink.doc, &other.target, result)?;
                }
            }
        }
    }
    Ok(sink.finish())
}

/// The slides in the order in which they are shown.
fn slides_in_order(xml: &str, relations: &[Relation], limits: &Limits) -> Vec<String> {
    let mut slides = Vec::new();
    drop(walk(xml, limits, |node| {
        if let Node::Start("sldId", attributes) = node
            && let Some(id) = attributes.get_full("r:id")
            && let Some(relation) = relations.iter().find(|relation| relation.id == id)
            && !slides.contains(&relation.target)
        {
            slides.push(relation.target.clone());
        }
    }));
    if slides.is_empty() {
        slides = relations
            .iter()
            .filter(|r| r.kind == "slide")
            .map(|r| r.target.clone())
            .collect();
    }
    slides
}

/// The text of DrawingML: slides, notes, diagrams, drawings on sheets.
pub(super) fn text(xml: &str, sink: &mut Sink<'_>, limits: &Limits) -> Result<(), FormatError> {
    let (mut in_text, mut title, mut left_out) = (false, false, false);
    let mut fallback = 0_usize;
    let mut began = sink.mark();
    sink.gap(Gap::Line);
    walk(xml, limits, |node| match node {
        Node::Start("Fallback", _) => fallback += 1,
        Node::End("Fallback") => fallback = fallback.saturating_sub(1),
        _ if fallback > 0 => {}
        Node::Start(name, attributes) => match name {
            "sp" => {
                (title, left_out) = (false, false);
                began = sink.mark();
            }
            "ph" => match attributes.get("type").as_deref() {
                Some("title" | "ctrTitle") => title = true,
                // Number and date are the same on every slide.
                Some("sldNum" | "dt") => left_out = true,
                _ => {}
            },
            "t" => in_text = true,
            "br" => sink.gap(Gap::Space),
            "p" => sink.paragraph(),
            _ => {}
        },
        Node::End(name) => match name {
            "t" => in_text = false,
            "p" => sink.gap(Gap::Line),
            "tc" => sink.cell(),
            "tr" => sink.gap(Gap::Line),
            "sp" => {
                if title {
                    sink.heading_from(began);
                }
                (title, left_out) = (false, false);
                sink.gap(Gap::Line);
            }
            _ => {}
        },
        Node::Text(text) => {
            if in_text && !left_out {
                sink.text(text);
            }
        }
    })
}
