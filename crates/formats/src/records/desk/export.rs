//! A work as a record of the common model and as `oai_dc`, and a record of the
//! common model as Dublin Core.

use super::elements::{DublinCore, Element, Qualifier, Statement};
use super::marc::Marc;
use super::work::{Body, Work};
use crate::records::dublin_core::{kind_of, kind_word, write};
use crate::records::identifiers;
use crate::records::languages;
use crate::records::marc::{Flavour, to_catalogue};
use crate::records::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};
use crate::records::xml::escape;

impl Work {
    /// The record in the common model, for search and citations.
    pub fn to_catalogue(&self) -> CatalogueRecord {
        match &self.body {
            Body::Marc(marc) => to_catalogue(marc.record(), Flavour::Guess),
            Body::DublinCore { record, .. } => catalogue(record),
        }
    }

    /// The record as an `oai_dc:dc` element (OAI-PMH 2.0, §5).
    pub fn to_oai_dc(&self) -> String {
        match &self.body {
            Body::Marc(marc) => write(&to_catalogue(marc.record(), Flavour::Guess)),
            Body::DublinCore { record, .. } => oai_dc(record),
        }
    }

    /// The work without what a template left empty: statements without a value,
    /// subfields without text, fields without a subfield that says something.
    #[must_use]
    pub fn without_empty(&self) -> Self {
        let body = match &self.body {
            Body::DublinCore { record, basis } => Body::DublinCore {
                record: record
                    .statements
                    .iter()
                    .filter(|one| !one.value.trim().is_empty())
                    .cloned()
                    .collect(),
                basis: basis.clone(),
            },
            Body::Marc(marc) => Body::Marc(without_empty(marc)),
        };
        Self {
            body,
            ..self.clone()
        }
    }
}

fn without_empty(marc: &Marc) -> Marc {
    use crate::records::marc::Field;
    let mut record = marc.record().clone();
    record.fields.retain_mut(|field| {
        let Field::Data { subfields, .. } = field else {
            return true;
        };
        let before = subfields.len();
        subfields.retain(|one| !one.data.trim_ascii().is_empty());
        // A source, a role or a subdivision alone says nothing.
        let says = subfields
            .iter()
            .any(|one| !matches!(one.code, b'0'..=b'9' | b'e' | b'v'));
        subfields.len() == before || says
    });
    marc.edited(record)
}

impl DublinCore {
    /// A record of the common model (from BibTeX, RIS, a table …) as Dublin Core.
    pub fn from_catalogue(record: &CatalogueRecord) -> Self {
        from_catalogue(record)
    }
}

fn from_catalogue(record: &CatalogueRecord) -> DublinCore {
    use Element as E;
    use Qualifier as Q;
    let mut out: Vec<Statement> = Vec::new();
    let mut add = |element, qualifier, value: &str| {
        if !value.trim().is_empty() {
            out.push(Statement {
                qualifier,
                ..Statement::new(element, value)
            });
        }
    };
    let title = match &record.subtitle {
        Some(subtitle) => format!("{} : {subtitle}", record.title),
        None => record.title.clone(),
    };
    add(E::Title, None, &title);
    for title in &record.alternative_titles {
        add(E::Title, Some(Q::Alternative), title);
    }
    for subject in &record.subjects {
        add(E::Subject, None, subject);
    }
    let one = |text: &Option<String>| text.clone().unwrap_or_default();
    add(E::Description, Some(Q::Abstract), &one(&record.description));
    add(
        E::Description,
        Some(Q::TableOfContents),
        &one(&record.contents),
    );
    for note in &record.notes {
        add(E::Description, Some(Q::Note), note);
    }
    add(E::Publisher, None, &one(&record.publisher));
    let year = record.year.map(|year| year.to_string());
    add(
        E::Date,
        None,
        &record.date.clone().or(year).unwrap_or_default(),
    );
    add(E::Type, None, kind_word(record.kind).unwrap_or_default());
    add(E::Format, Some(Q::Extent), &one(&record.extent));
    for identifier in &record.identifiers {
        let (qualifier, value) = identified(identifier);
        // The ISSN beside a host is that of the journal.
        if qualifier != Some(Q::Issn) || record.container.is_none() {
            add(E::Identifier, qualifier, &value);
        }
    }
    for language in record.language.iter().chain(&record.other_languages) {
        add(E::Language, None, language);
    }
    for series in &record.series {
        add(E::Relation, Some(Q::Series), series);
    }
    add(E::Relation, Some(Q::IsPartOf), &host(record));
    out.extend(record.authors.iter().map(named));
    out.sort_by_key(|one| one.element);
    DublinCore { statements: out }
}

fn identified(identifier: &Identifier) -> (Option<Qualifier>, String) {
    let value = identifier.value.clone();
    match identifier.scheme.as_str() {
        "isbn" => (Some(Qualifier::Isbn), value),
        "issn" => (Some(Qualifier::Issn), value),
        "doi" => (Some(Qualifier::Doi), value),
        "url" => (Some(Qualifier::Uri), value),
        "lccn" => (Some(Qualifier::Lccn), value),
        "oclc" => (Some(Qualifier::Oclc), value),
        scheme => (None, format!("{scheme}:{value}")),
    }
}

fn named(name: &Name) -> Statement {
    let dates = name.dates.iter().map(|dates| format!(", {dates}"));
    let value = name.display.clone() + &dates.collect::<String>();
    let element = if name.is_author() {
        Element::Creator
    } else {
        Element::Contributor
    };
    let plain = |role: &String| role != "aut" && role != "ctb";
    Statement {
        qualifier: name.corporate.then_some(Qualifier::Corporate),
        role: name.role.clone().filter(plain),
        ..Statement::new(element, value)
    }
}

/// `Nature, vol. 3, no. 2, p. 5`.
fn host(record: &CatalogueRecord) -> String {
    let Some(mut out) = record.container.clone() else {
        return String::new();
    };
    for (mark, value) in [
        (", vol. ", &record.volume),
        (", no. ", &record.issue),
        (", p. ", &record.pages),
    ] {
        if let Some(value) = value {
            out.push_str(mark);
            out.push_str(value);
        }
    }
    out
}

fn catalogue(record: &DublinCore) -> CatalogueRecord {
    use Qualifier as Q;
    let mut out = CatalogueRecord::default();
    for statement in record.normal().statements {
        let Statement {
            element,
            qualifier,
            value,
            role,
            ..
        } = statement;
        match (element, qualifier) {
            (Element::Title, None) => match value.split_once(" : ") {
                Some((title, rest)) => {
                    out.title = title.to_owned();
                    out.subtitle = Some(rest.to_owned());
                }
                None => out.title = value,
            },
            (Element::Title, _) => push_new(&mut out.alternative_titles, value),
            (Element::Creator | Element::Contributor, _) => {
                let name = name(element, qualifier, &value, role);
                if !out.authors.contains(&name) {
                    out.authors.push(name);
                }
            }
            (Element::Subject | Element::Coverage, _) => push_new(&mut out.subjects, value),
            (Element::Description, None | Some(Q::Abstract)) => {
                append_line(&mut out.description, value);
            }
            (Element::Description, Some(Q::TableOfContents)) => {
                append_line(&mut out.contents, value);
            }
            (Element::Publisher, _) => {
                out.publisher.get_or_insert(value);
            }
            (Element::Date, None) => {
                out.year = out.year.or_else(|| identifiers::year(&value));
                out.date.get_or_insert(value);
            }
            (Element::Type, _) if out.kind == WorkKind::Other => out.kind = kind_of(&value),
            (Element::Format, Some(Q::Extent)) => {
                out.extent.get_or_insert(value);
            }
            (Element::Identifier, qualifier) => out.extend_identifiers(qualifier, value),
            (Element::Language, _) => {
                if let Some(tag) = languages::normalize(&value) {
                    out.add_language(tag);
                }
            }
            (Element::Relation, Some(Q::IsPartOf)) => take_host(&mut out, &value),
            (Element::Relation, Some(Q::Series)) => push_new(&mut out.series, value),
            (
                Element::Description
                | Element::Rights
                | Element::Source
                | Element::Relation
                | Element::Format,
                _,
            ) => push_new(&mut out.notes, value),
            (Element::Type | Element::Date, _) => {}
        }
    }
    out
}

impl CatalogueRecord {
    fn extend_identifiers(&mut self, qualifier: Option<Qualifier>, value: String) {
        let scheme = match qualifier {
            Some(Qualifier::Uri) => "url",
            Some(qualifier) => qualifier.name(),
            None => {
                let guessed = identifiers::guess(&value);
                self.add_identifier(guessed.unwrap_or_else(|| Identifier::new("other", value)));
                return;
            }
        };
        self.add_identifier(Identifier::new(scheme, value));
    }
}

fn name(element: Element, qualifier: Option<Qualifier>, value: &str, role: Option<String>) -> Name {
    let corporate = qualifier.is_some();
    let life = |text: &str| {
        text.contains('-') && text.chars().all(|one| one.is_ascii_digit() || one == '-')
    };
    let (display, dates) = match value.rsplit_once(", ") {
        Some((display, dates)) if !corporate && life(dates) => (display, Some(dates.to_owned())),
        _ => (value, None),
    };
    let plain = (element == Element::Contributor).then(|| "ctb".to_owned());
    Name {
        display: display.to_owned(),
        role: role.or(plain),
        dates,
        other_script: None,
        corporate,
    }
}

/// `Nature, vol. 3, no. 2, p. 5-9` in its parts.
fn take_host(out: &mut CatalogueRecord, value: &str) {
    let lower = value.to_ascii_lowercase();
    let marks = [", vol. ", ", no. ", ", p. "];
    let place = |mark: &str| lower.find(mark).map(|at| (at, at + mark.len()));
    let ends: Vec<usize> = marks
        .iter()
        .filter_map(|mark| place(mark).map(|one| one.0))
        .collect();
    let part = |mark: &str| {
        let (_, from) = place(mark)?;
        let to = ends.iter().copied().filter(|end| *end >= from).min();
        value
            .get(from..to.unwrap_or(value.len()))
            .map(str::to_owned)
    };
    let title = value.get(..ends.iter().copied().min().unwrap_or(value.len()));
    if out.container.is_none() {
        out.container = title.map(str::to_owned);
        let [volume, issue, pages] = marks;
        out.volume = part(volume);
        out.issue = part(issue);
        out.pages = part(pages);
    }
}

fn oai_dc(record: &DublinCore) -> String {
    let mut out = String::from(
        "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n",
    );
    for statement in record.normal().statements {
        let name = statement.element.name();
        let value = match statement.qualifier {
            Some(Qualifier::Isbn) => format!("urn:isbn:{}", statement.value),
            Some(Qualifier::Issn) => format!("urn:issn:{}", statement.value),
            Some(scheme @ (Qualifier::Doi | Qualifier::Lccn | Qualifier::Oclc)) => {
                format!("{}:{}", scheme.name(), statement.value)
            }
            _ => statement.value,
        };
        let language = statement
            .language
            .map(|tag| format!(" xml:lang=\"{}\"", escape(&tag)))
            .unwrap_or_default();
        out.push_str(&format!(
            "  <dc:{name}{language}>{}</dc:{name}>\n",
            escape(&value)
        ));
    }
    out.push_str("</oai_dc:dc>\n");
    out
}
