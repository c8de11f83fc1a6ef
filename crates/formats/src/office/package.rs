//! The package of an Office Open XML file (ECMA-376 part 2): parts, and the
//! relations between them.

use std::io::{Read, Seek};

use crate::{
    FormatError,
    archive::Archive,
    model::{Extracted, Limits},
    xml::{Node, leaves, walk},
};

/// Most relations of one part that are read.
const MAX_RELATIONS: usize = 20_000;

/// One relation of a part to another.
pub(super) struct Relation {
    pub id: String,
    /// The last piece of its type: `slide`, `notesSlide`, `officeDocument`.
    pub kind: String,
    /// The other part's name in the archive.
    pub target: String,
}

pub(super) struct Package<'l, R> {
    pub archive: Archive<R>,
    pub limits: &'l Limits,
    roots: Vec<Relation>,
    main: String,
    main_type: String,
}

/// What a package is, whatever its bytes come from; for the readers of its parts.
impl<'l, R: Read + Seek> Package<'l, R> {
    pub(super) fn open(mut archive: Archive<R>, limits: &'l Limits) -> Result<Self, FormatError> {
        let roots = relations(&mut archive, "", limits)?;
        let main = match roots
            .iter()
            .find(|relation| relation.kind == "officeDocument")
        {
            Some(relation) => relation.target.clone(),
            None => [
                "word/document.xml",
                "ppt/presentation.xml",
                "xl/workbook.xml",
            ]
            .into_iter()
            .find(|usual| archive.names().any(|name| name.eq_ignore_ascii_case(usual)))
            .ok_or_else(|| FormatError::damaged("no document, slides or sheets inside"))?
            .to_owned(),
        };
        let mut main_type = String::new();
        if let Some(types) = archive.read_text("[Content_Types].xml")? {
            let part = format!("/{main}");
            // Only a hint: where the part lies usually says what it is.
            drop(walk(&types, limits, |node| {
                if let Node::Start("Override", attributes) = node
                    && attributes.get("PartName").as_deref() == Some(&part)
                {
                    main_type = attributes.get("ContentType").unwrap_or_default();
                }
            }));
        }
        Ok(Self {
            archive,
            limits,
            roots,
            main,
            main_type,
        })
    }

    pub(super) fn main_part(&self) -> &str {
        &self.main
    }

    pub(super) fn main_type(&self) -> &str {
        &self.main_type
    }

    /// The relations of a part.
    pub(super) fn relations(&mut self, part: &str) -> Result<Vec<Relation>, FormatError> {
        relations(&mut self.archive, part, self.limits)
    }

    /// Reads a part as text.
    pub(super) fn text(&mut self, part: &str) -> Result<Option<String>, FormatError> {
        self.archive.read_text(part)
    }

    /// ECMA-376 part 2 §11: title, creator and the like.
    pub(super) fn core_properties(&mut self, doc: &mut Extracted) -> Result<(), FormatError> {
        let part = self
            .roots
            .iter()
            .find(|relation| relation.kind == "core-properties")
            .map_or("docProps/core.xml", |relation| &relation.target)
            .to_owned();
        let Some(xml) = self.archive.read_text(&part)? else {
            return Ok(());
        };
        let mut stated = Extracted::default();
        let mut modified = String::new();
        // Broken properties are no reason to lose the document.
        drop(leaves(&xml, self.limits, |name, value| match name {
            "title" => stated.offer_title(value),
            "creator" => value.split(';').for_each(|one| stated.add_author(one)),
            "subject" => stated.add_subject(value),
            "keywords" => stated.add_subjects(value),
            "description" => stated.offer_description(value),
            "language" => stated.offer_language(value),
            "identifier" => stated.add_identifier("id", value),
            "created" => stated.offer_year(value),
            "modified" => value.clone_into(&mut modified),
            _ => {}
        }));
        stated.offer_year(&modified);
        if let Some(title) = stated.title.filter(|title| !is_default_title(title)) {
            doc.title = Some(title);
        }
        if let Some(language) = stated.language {
            doc.language = Some(language);
        }
        doc.authors = stated.authors;
        doc.subjects = stated.subjects;
        doc.description = stated.description;
        doc.year = stated.year;
        doc.identifiers = stated.identifiers;
        Ok(())
    }
}

/// Titles that programs give by themselves.
fn is_default_title(title: &str) -> bool {
    matches!(
        title.to_ascii_lowercase().as_str(),
        "powerpoint presentation"
            | "slide 1"
            | "document"
            | "untitled"
            | "presentation"
            | "no slide title"
            | "title"
    )
}

fn relations<R: Read + Seek>(
    archive: &mut Archive<R>,
    part: &str,
    limits: &Limits,
) -> Result<Vec<Relation>, FormatError> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = if folder.is_empty() {
        format!("_rels/{file}.rels")
    } else {
        format!("{folder}/_rels/{file}.rels")
    };
    let Some(xml) = archive.read_text(&name)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    drop(walk(&xml, limits, |node| {
        if let Node::Start("Relationship", attributes) = node
            && attributes.get("TargetMode").as_deref() != Some("External")
            && found.len() < MAX_RELATIONS
        {
            let kind = attributes.get("Type").unwrap_or_default();
            found.push(Relation {
                id: attributes.get("Id").unwrap_or_default(),
                kind: kind.rsplit('/').next().unwrap_or("").to_owned(),
                target: join(folder, &attributes.get("Target").unwrap_or_default()),
            });
        }
    }));
    Ok(found)
}

/// A relative reference inside an archive: `../media/a.png` from `ppt/slides`.
pub(crate) fn join(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if target.starts_with('/') { "" } else { folder };
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn references_inside_an_archive() {
        assert_eq!(join("ppt/slides", "../media/a.png"), "ppt/media/a.png");
        assert_eq!(join("", "/word/document.xml"), "word/document.xml");
        assert_eq!(join("word", "/xl/a.xml"), "xl/a.xml");
        assert_eq!(join("a", "../../../b"), "b");
    }
}
