//! Dublin Core as a cataloguer edits it.

use serde::{Deserialize, Serialize};

/// The fifteen elements (ISO 15836-1), in the order of forms and of the normal
/// form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// A name of the work.
    Title,
    /// Who is chiefly responsible for it.
    Creator,
    /// Who had a part in it.
    Contributor,
    /// What it is about.
    Subject,
    /// An account of it.
    Description,
    /// Who made it available.
    Publisher,
    /// When something happened to it; without a qualifier, when it was published.
    Date,
    /// Its genre.
    Type,
    /// Its medium and size.
    Format,
    /// A number or address of it.
    Identifier,
    /// What it is derived from.
    Source,
    /// A language of it.
    Language,
    /// Another work that it is related to.
    Relation,
    /// The place or time that it is about.
    Coverage,
    /// What may be done with it.
    Rights,
}

/// What narrows an element: a refinement of the DCMI terms, or the scheme that
/// the value is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Qualifier {
    /// Title: any but the first.
    Alternative,
    /// Creator, contributor: a body.
    Corporate,
    /// Creator, contributor: a meeting.
    Meeting,
    /// Subject: Library of Congress Subject Headings.
    Lcsh,
    /// Subject: Medical Subject Headings.
    Mesh,
    /// Subject: Dewey Decimal Classification.
    Ddc,
    /// Subject: Universal Decimal Classification.
    Udc,
    /// Subject: Library of Congress Classification.
    Lcc,
    /// Description: a summary.
    Abstract,
    /// Description: the table of contents.
    TableOfContents,
    /// Description: a note.
    Note,
    /// Date: when it was made.
    Created,
    /// Date: of the copyright.
    Copyrighted,
    /// Date: when it was changed.
    Modified,
    /// Type: a word of the DCMI type vocabulary.
    Dcmi,
    /// Format: pages, minutes, size.
    Extent,
    /// Format: the material.
    Medium,
    /// Identifier: ISBN.
    Isbn,
    /// Identifier: ISSN.
    Issn,
    /// Identifier: DOI.
    Doi,
    /// Identifier: an address.
    Uri,
    /// Identifier: Library of Congress control number.
    Lccn,
    /// Identifier: OCLC control number.
    Oclc,
    /// Relation: the journal or book that it is a part of.
    IsPartOf,
    /// Relation: the series.
    Series,
    /// Relation: a part of it.
    HasPart,
    /// Relation: another edition.
    IsVersionOf,
    /// Relation: the same in another form.
    IsFormatOf,
    /// Relation: what it continues.
    Replaces,
    /// Relation: what continues it.
    IsReplacedBy,
    /// Relation: where it is cited.
    IsReferencedBy,
    /// Relation: what is needed to use it.
    Requires,
    /// Coverage: a place.
    Spatial,
    /// Coverage: a time.
    Temporal,
    /// Rights: who may see it.
    AccessRights,
    /// Rights: the address of a licence.
    License,
}

impl Element {
    /// All fifteen.
    pub const ALL: [Self; 15] = [
        Self::Title,
        Self::Creator,
        Self::Contributor,
        Self::Subject,
        Self::Description,
        Self::Publisher,
        Self::Date,
        Self::Type,
        Self::Format,
        Self::Identifier,
        Self::Source,
        Self::Language,
        Self::Relation,
        Self::Coverage,
        Self::Rights,
    ];

    /// The element's name in Dublin Core: `title`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Creator => "creator",
            Self::Contributor => "contributor",
            Self::Subject => "subject",
            Self::Description => "description",
            Self::Publisher => "publisher",
            Self::Date => "date",
            Self::Type => "type",
            Self::Format => "format",
            Self::Identifier => "identifier",
            Self::Source => "source",
            Self::Language => "language",
            Self::Relation => "relation",
            Self::Coverage => "coverage",
            Self::Rights => "rights",
        }
    }

    /// The element of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The qualifiers that an element may have.
    pub fn qualifiers(self) -> &'static [Qualifier] {
        use Qualifier as Q;
        match self {
            Self::Title => &[Q::Alternative],
            Self::Creator | Self::Contributor => &[Q::Corporate, Q::Meeting],
            Self::Subject => &[Q::Lcsh, Q::Mesh, Q::Ddc, Q::Udc, Q::Lcc],
            Self::Description => &[Q::Abstract, Q::TableOfContents, Q::Note],
            Self::Date => &[Q::Created, Q::Copyrighted, Q::Modified],
            Self::Type => &[Q::Dcmi],
            Self::Format => &[Q::Extent, Q::Medium],
            Self::Identifier => &[Q::Isbn, Q::Issn, Q::Doi, Q::Uri, Q::Lccn, Q::Oclc],
            Self::Relation => &[
                Q::IsPartOf,
                Q::Series,
                Q::HasPart,
                Q::IsVersionOf,
                Q::IsFormatOf,
                Q::Replaces,
                Q::IsReplacedBy,
                Q::IsReferencedBy,
                Q::Requires,
            ],
            Self::Coverage => &[Q::Spatial, Q::Temporal],
            Self::Rights => &[Q::AccessRights, Q::License],
            Self::Publisher | Self::Source | Self::Language => &[],
        }
    }

    /// Whether values are text in some language: names, dates and numbers are not.
    pub fn takes_language(self, qualifier: Option<Qualifier>) -> bool {
        match self {
            Self::Title | Self::Description => true,
            Self::Subject => !matches!(
                qualifier,
                Some(Qualifier::Ddc | Qualifier::Udc | Qualifier::Lcc)
            ),
            Self::Coverage => qualifier != Some(Qualifier::Temporal),
            Self::Rights => qualifier != Some(Qualifier::License),
            _ => false,
        }
    }

    /// Whether values are names, which have roles.
    pub fn takes_role(self) -> bool {
        matches!(self, Self::Creator | Self::Contributor)
    }
}

impl Qualifier {
    /// All of them, in order.
    pub const ALL: [Self; 36] = [
        Self::Alternative,
        Self::Corporate,
        Self::Meeting,
        Self::Lcsh,
        Self::Mesh,
        Self::Ddc,
        Self::Udc,
        Self::Lcc,
        Self::Abstract,
        Self::TableOfContents,
        Self::Note,
        Self::Created,
        Self::Copyrighted,
        Self::Modified,
        Self::Dcmi,
        Self::Extent,
        Self::Medium,
        Self::Isbn,
        Self::Issn,
        Self::Doi,
        Self::Uri,
        Self::Lccn,
        Self::Oclc,
        Self::IsPartOf,
        Self::Series,
        Self::HasPart,
        Self::IsVersionOf,
        Self::IsFormatOf,
        Self::Replaces,
        Self::IsReplacedBy,
        Self::IsReferencedBy,
        Self::Requires,
        Self::Spatial,
        Self::Temporal,
        Self::AccessRights,
        Self::License,
    ];

    /// The qualifier's name: `tableOfContents`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Alternative => "alternative",
            Self::Corporate => "corporate",
            Self::Meeting => "meeting",
            Self::Lcsh => "lcsh",
            Self::Mesh => "mesh",
            Self::Ddc => "ddc",
            Self::Udc => "udc",
            Self::Lcc => "lcc",
            Self::Abstract => "abstract",
            Self::TableOfContents => "tableOfContents",
            Self::Note => "note",
            Self::Created => "created",
            Self::Copyrighted => "copyrighted",
            Self::Modified => "modified",
            Self::Dcmi => "dcmi",
            Self::Extent => "extent",
            Self::Medium => "medium",
            Self::Isbn => "isbn",
            Self::Issn => "issn",
            Self::Doi => "doi",
            Self::Uri => "uri",
            Self::Lccn => "lccn",
            Self::Oclc => "oclc",
            Self::IsPartOf => "isPartOf",
            Self::Series => "series",
            Self::HasPart => "hasPart",
            Self::IsVersionOf => "isVersionOf",
            Self::IsFormatOf => "isFormatOf",
            Self::Replaces => "replaces",
            Self::IsReplacedBy => "isReplacedBy",
            Self::IsReferencedBy => "isReferencedBy",
            Self::Requires => "requires",
            Self::Spatial => "spatial",
            Self::Temporal => "temporal",
            Self::AccessRights => "accessRights",
            Self::License => "license",
        }
    }

    /// The qualifier of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// One value of one element.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// Which element.
    pub element: Element,
    /// What narrows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<Qualifier>,
    /// The value.
    pub value: String,
    /// The language of the value (not of the work), a BCP 47 tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// For creators and contributors: a MARC relator code (`edt`), or a word.
    /// None for an author, and for a contributor without more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
}

impl Statement {
    /// A value without a qualifier.
    pub fn new(element: Element, value: impl Into<String>) -> Self {
        Self {
            element,
            qualifier: None,
            value: value.into(),
            language: None,
            role: None,
        }
    }

    /// A value with a qualifier.
    pub fn qualified(element: Element, qualifier: Qualifier, value: impl Into<String>) -> Self {
        Self {
            qualifier: Some(qualifier),
            ..Self::new(element, value)
        }
    }

    /// The element with its qualifier: `description.abstract`.
    pub fn group_name(&self) -> String {
        group_name(self.element, self.qualifier)
    }

    pub(crate) fn group(&self) -> (Element, Option<Qualifier>) {
        (self.element, self.qualifier)
    }
}

pub(crate) fn group_name(element: Element, qualifier: Option<Qualifier>) -> String {
    match qualifier {
        Some(qualifier) => format!("{}.{}", element.name(), qualifier.name()),
        None => element.name().to_owned(),
    }
}

/// A record in Dublin Core: statements in the order of the form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DublinCore {
    /// The values.
    pub statements: Vec<Statement>,
}

impl DublinCore {
    /// The first value of an element, with whatever qualifier.
    pub fn first(&self, element: Element) -> Option<&str> {
        self.of(element).next().map(|one| one.value.as_str())
    }

    /// The statements of an element, in order.
    pub fn of(&self, element: Element) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(move |one| one.element == element)
    }

    /// The statements of an element with exactly this qualifier, in order.
    pub fn group(
        &self,
        element: Element,
        qualifier: Option<Qualifier>,
    ) -> impl Iterator<Item = &Statement> {
        self.of(element)
            .filter(move |one| one.qualifier == qualifier)
    }
}

impl FromIterator<Statement> for DublinCore {
    fn from_iter<T: IntoIterator<Item = Statement>>(statements: T) -> Self {
        Self {
            statements: statements.into_iter().collect(),
        }
    }
}
