//! One model for every format of catalogue records.

use serde::{Deserialize, Serialize};

use super::RecordKind;

/// A person or a body that had a part in a work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// As the catalogue gives it, mostly inverted: `Hunt, Andrew`.
    pub display: String,
    /// A MARC relator code (`aut`, `edt`, `trl`, …) where it is known, otherwise
    /// the catalogue's own word. None for a plain author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Years of life as given: `1964-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<String>,
    /// The same name in another script (MARC 880).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other_script: Option<String>,
    /// True for a body or a meeting, whose name is never inverted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub corporate: bool,
}

impl Name {
    /// A plain author with this name.
    pub fn new(display: impl Into<String>) -> Self {
        Self {
            display: display.into(),
            ..Self::default()
        }
    }

    /// The same with a role.
    pub fn with_role(display: impl Into<String>, role: impl Into<String>) -> Self {
        Self {
            display: display.into(),
            role: Some(role.into()),
            ..Self::default()
        }
    }

    /// A body's name.
    pub fn corporate(display: impl Into<String>) -> Self {
        Self {
            display: display.into(),
            corporate: true,
            ..Self::default()
        }
    }

    /// True if the name stands for an author rather than an editor, translator …
    pub fn is_author(&self) -> bool {
        matches!(self.role.as_deref(), None | Some("aut" | "cre"))
    }

    /// True for editors.
    pub fn is_editor(&self) -> bool {
        matches!(self.role.as_deref(), Some("edt" | "edc"))
    }

    /// True for translators.
    pub fn is_translator(&self) -> bool {
        self.role.as_deref() == Some("trl")
    }

    /// Family and given name, where the name is inverted by a comma.
    pub fn parts(&self) -> Option<(&str, &str)> {
        if self.corporate {
            return None;
        }
        let (family, given) = self.display.split_once(',')?;
        let (family, given) = (family.trim(), given.trim());
        (!family.is_empty() && !given.is_empty()).then_some((family, given))
    }
}

/// A number or address under which a work is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Identifier {
    /// `isbn`, `issn`, `doi`, `url`, `lccn`, `oclc`, `arxiv`, … in lower case.
    pub scheme: String,
    /// The value in its normal form: an ISBN as 13 digits, a DOI without `https://doi.org/`.
    pub value: String,
}

impl Identifier {
    /// An identifier as is; see [`super::identifiers`] for normal forms.
    pub fn new(scheme: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            scheme: scheme.into(),
            value: value.into(),
        }
    }
}

/// What sort of thing is described.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkKind {
    /// A book or pamphlet.
    Book,
    /// An article, chapter or other part of something larger.
    Article,
    /// A journal, newspaper or series.
    Periodical,
    /// A thesis or dissertation.
    Thesis,
    /// A technical or research report.
    Report,
    /// A paper in the proceedings of a meeting.
    ConferencePaper,
    /// Manuscripts, and archives' mixed materials.
    Manuscript,
    /// A map or globe.
    Map,
    /// Printed or written music.
    Score,
    /// A recording of music.
    Music,
    /// Speech or other sound.
    Sound,
    /// Film and video.
    Video,
    /// Photographs, posters, drawings.
    Image,
    /// Programs and data.
    Software,
    /// A web page or site.
    Website,
    /// Games, models, things in three dimensions, kits.
    Object,
    /// Whatever the record does not say.
    #[default]
    Other,
}

impl WorkKind {
    /// Whether nothing is known.
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

/// A record of a catalogue, whatever format it came in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CatalogueRecord {
    /// The record's own number (MARC 001, an identifier, a cite key), or the
    /// first 32 hexadecimal digits of the BLAKE3 hash of its bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The title proper, with numbers and names of parts.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Other title information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Parallel, uniform, variant titles, and the title in its own script.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alternative_titles: Vec<String>,
    /// Persons and bodies, main entry first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Name>,
    /// Who did what, as the title page says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub responsibility: Option<String>,
    /// The publisher's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The place of publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The year of publication, negative before the common era.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// The date as given (`c1994`, `[2005?]`, `2020-05-01`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The main language, as a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Further languages, as BCP 47 tags.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_languages: Vec<String>,
    /// Headings, their subdivisions joined by ` -- `.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// An abstract or summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The table of contents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
    /// Series with their numbering.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<String>,
    /// The edition statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// Pages, discs, size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extent: Option<String>,
    /// The journal or book that an article is part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The volume within the container or series.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// The issue within the volume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The pages within the container, as `12-34`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pages: Option<String>,
    /// ISBN, ISSN, DOI, addresses …
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<Identifier>,
    /// What sort of thing it is.
    #[serde(skip_serializing_if = "WorkKind::is_other")]
    pub kind: WorkKind,
    /// The full text, where the source holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The format that the record was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_format: Option<RecordKind>,
    /// Notes, each as given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl CatalogueRecord {
    /// The first identifier of a scheme.
    pub fn identifier(&self, scheme: &str) -> Option<&str> {
        self.identifiers
            .iter()
            .find(|one| one.scheme == scheme)
            .map(|one| one.value.as_str())
    }

    /// Title and subtitle as one line.
    pub fn full_title(&self) -> String {
        match &self.subtitle {
            Some(subtitle) => format!("{}: {subtitle}", self.title),
            None => self.title.clone(),
        }
    }

    /// Adds an identifier unless it is there already or empty.
    pub(crate) fn add_identifier(&mut self, identifier: Identifier) {
        if !identifier.value.is_empty() && !self.identifiers.contains(&identifier) {
            self.identifiers.push(identifier);
        }
    }

    /// Sets the language, or adds one if there is a main language already.
    pub(crate) fn add_language(&mut self, tag: String) {
        if self.language.is_none() {
            self.language = Some(tag);
        } else if self.language.as_ref() != Some(&tag) && !self.other_languages.contains(&tag) {
            self.other_languages.push(tag);
        }
    }
}

/// Adds a value unless it is empty or there already.
pub(crate) fn push_new(list: &mut Vec<String>, value: String) {
    if !value.is_empty() && !list.contains(&value) {
        list.push(value);
    }
}

/// Joins a further text to what is there, on a line of its own.
pub(crate) fn append_line(slot: &mut Option<String>, text: String) {
    if text.is_empty() {
        return;
    }
    match slot {
        Some(there) => {
            there.push('\n');
            there.push_str(&text);
        }
        None => *slot = Some(text),
    }
}
