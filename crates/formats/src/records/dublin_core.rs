//! Dublin Core in XML: `oai_dc`, RDF and plain elements, with the terms of
//! DCMI; written as `oai_dc`.

use std::io::{self, BufRead};

use encoding_rs::Encoding;

use super::identifiers;
use super::languages;
use super::model::{CatalogueRecord, Identifier, Name, WorkKind, append_line, push_new};
use super::reader::{Format, Framed, Problem, Warnings};
use super::window::Window;
use super::xml::{Element, Nesting, XmlFrames, escape};

const ADVICE: &str = "mend this record in the file or export it again; the others are not affected";
const ENVELOPES: [&str; 6] = [
    "dc",
    "qualifieddc",
    "simpledc",
    "Description",
    "record",
    "metadata",
];
/// Elements that make an element a record. `identifier` is not among them: the
/// header of OAI-PMH has one as well.
const CONTENT: [&str; 11] = [
    "title",
    "creator",
    "contributor",
    "subject",
    "description",
    "publisher",
    "language",
    "rights",
    "abstract",
    "alternative",
    "date",
];

/// Dublin Core in XML.
pub(crate) struct DublinCore {
    frames: XmlFrames,
    encoding: &'static Encoding,
}

impl DublinCore {
    pub(crate) fn new(encoding: &'static Encoding) -> Self {
        let nesting = Nesting {
            record: |name| ENVELOPES.contains(&name),
            content: |_, name| CONTENT.contains(&name),
        };
        Self {
            frames: XmlFrames::new(nesting),
            encoding,
        }
    }
}

impl Format for DublinCore {
    fn frame<R: BufRead>(&mut self, window: &mut Window<R>) -> io::Result<Framed> {
        self.frames.frame(window)
    }

    fn read(
        &mut self,
        bytes: &[u8],
        warnings: &mut Warnings,
    ) -> Result<Option<CatalogueRecord>, Problem> {
        let element = Element::parse(bytes, self.encoding, warnings)
            .map_err(|reason| Problem::new(reason, ADVICE))?;
        if !element
            .children
            .iter()
            .any(|child| CONTENT.contains(&child.local()))
        {
            return Ok(None);
        }
        let mut out = CatalogueRecord::default();
        for child in &element.children {
            take(child, &mut out);
        }
        if let Some(about) = element.attribute("about") {
            out.id = about.trim().to_owned();
            if let Some(identifier) = identifiers::guess(&out.id) {
                out.add_identifier(identifier);
            }
        }
        if out.id.is_empty()
            && let Some(first) = out.identifiers.first()
        {
            out.id = first.value.clone();
        }
        if out.title.is_empty() {
            warnings.add("it has no title");
        }
        Ok(Some(out))
    }
}

fn take(element: &Element, out: &mut CatalogueRecord) {
    let text = element.all_text();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = match (text.is_empty(), element.attribute("resource")) {
        (true, Some(resource)) => resource.to_owned(),
        _ => text,
    };
    if text.is_empty() {
        return;
    }
    match element.local() {
        "title" if out.title.is_empty() => match text.split_once(" : ") {
            Some((title, subtitle)) => {
                out.title = title.to_owned();
                out.subtitle = Some(subtitle.to_owned());
            }
            None => out.title = text,
        },
        "title" | "alternative" => push_new(&mut out.alternative_titles, text),
        "creator" => out.authors.push(Name::new(text)),
        "contributor" => out.authors.push(Name::with_role(text, "ctb")),
        "subject" => push_new(&mut out.subjects, text),
        "description" | "abstract" => append_line(&mut out.description, text),
        "tableOfContents" => append_line(&mut out.contents, text),
        "publisher" if out.publisher.is_none() => out.publisher = Some(text),
        "date" | "issued" | "created" | "available" if out.date.is_none() => {
            out.year = identifiers::year(&text);
            out.date = Some(text);
        }
        "language" => {
            if let Some(tag) = languages::normalize(&text) {
                out.add_language(tag);
            }
        }
        "identifier" => match identifiers::guess(&text) {
            Some(identifier) => out.add_identifier(identifier),
            None if out.id.is_empty() => out.id = text,
            None => out.add_identifier(Identifier::new("other", text)),
        },
        "type" => {
            let kind = kind_of(&text);
            if out.kind == WorkKind::Other {
                out.kind = kind;
            }
        }
        "format" | "extent" | "medium" if out.extent.is_none() => out.extent = Some(text),
        "isPartOf" | "relation" if identifiers::guess(&text).is_none() => {
            push_new(&mut out.series, text);
        }
        "spatial" | "temporal" | "coverage" => push_new(&mut out.subjects, text),
        "source" | "rights" | "license" | "bibliographicCitation" | "provenance" | "audience" => {
            push_new(&mut out.notes, text);
        }
        _ => {}
    }
}

/// A kind from the DCMI type vocabulary and from words in use beside it.
pub(crate) fn kind_of(text: &str) -> WorkKind {
    let word = text
        .rsplit(['/', '#'])
        .next()
        .unwrap_or(text)
        .trim()
        .to_lowercase();
    match word.as_str() {
        "book" | "monograph" | "ebook" | "buch" | "livre" | "libro" | "книга" | "도서" | "책"
        | "图书" | "كتاب" => WorkKind::Book,
        "article" | "journal article" | "journalarticle" | "journal-article" | "chapter"
        | "article-journal" | "artikel" | "artículo" | "статья" | "론문" | "논문" | "文章"
        | "مقال" => WorkKind::Article,
        "periodical" | "journal" | "serial" | "newspaper" | "magazine" | "zeitschrift"
        | "revue" | "revista" | "журнал" | "잡지" | "期刊" | "مجلة" => {
            WorkKind::Periodical
        }
        "thesis" | "dissertation" | "doctoralthesis" | "masterthesis" => WorkKind::Thesis,
        "report" | "technical report" | "techreport" => WorkKind::Report,
        "conferencepaper" | "conference-paper" | "conference paper" | "proceedings"
        | "conferenceobject" | "paper-conference" => WorkKind::ConferencePaper,
        "manuscript" => WorkKind::Manuscript,
        "map" | "cartographic" => WorkKind::Map,
        "score" | "musicalscore" => WorkKind::Score,
        "music" => WorkKind::Music,
        "sound" | "audio" | "audiobook" => WorkKind::Sound,
        "movingimage" | "video" | "film" | "movie" => WorkKind::Video,
        "stillimage" | "image" | "photograph" | "picture" => WorkKind::Image,
        "software" | "dataset" => WorkKind::Software,
        "website" | "webpage" | "interactiveresource" => WorkKind::Website,
        "physicalobject" | "object" => WorkKind::Object,
        _ => WorkKind::Other,
    }
}

/// The word that [`kind_of`] reads as this kind.
pub(crate) fn kind_word(kind: WorkKind) -> Option<&'static str> {
    Some(match kind {
        WorkKind::Book => "Book",
        WorkKind::Article => "Article",
        WorkKind::Periodical => "Periodical",
        WorkKind::Thesis => "Thesis",
        WorkKind::Report => "Report",
        WorkKind::ConferencePaper => "ConferencePaper",
        WorkKind::Manuscript => "Manuscript",
        WorkKind::Map => "Map",
        WorkKind::Score => "Score",
        WorkKind::Music => "Music",
        WorkKind::Sound => "Sound",
        WorkKind::Video => "MovingImage",
        WorkKind::Image => "StillImage",
        WorkKind::Software => "Software",
        WorkKind::Website => "WebSite",
        WorkKind::Object => "PhysicalObject",
        WorkKind::Other => return None,
    })
}

/// Writes a record as an `oai_dc:dc` element.
pub fn write(record: &CatalogueRecord) -> String {
    let mut out = String::from(
        "<oai_dc:dc xmlns:oai_dc=\"http://www.openarchives.org/OAI/2.0/oai_dc/\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n",
    );
    let mut put = |name: &str, text: &str| {
        if !text.is_empty() {
            out.push_str(&format!("  <dc:{name}>{}</dc:{name}>\n", escape(text)));
        }
    };
    match &record.subtitle {
        Some(subtitle) => put("title", &format!("{} : {subtitle}", record.title)),
        None => put("title", &record.title),
    }
    for title in &record.alternative_titles {
        put("title", title);
    }
    for name in &record.authors {
        put(
            if name.is_author() {
                "creator"
            } else {
                "contributor"
            },
            &name.display,
        );
    }
    for subject in &record.subjects {
        put("subject", subject);
    }
    put(
        "description",
        record.description.as_deref().unwrap_or_default(),
    );
    put("publisher", record.publisher.as_deref().unwrap_or_default());
    match (&record.date, record.year) {
        (Some(date), _) => put("date", date),
        (None, Some(year)) => put("date", &year.to_string()),
        (None, None) => {}
    }
    put("type", kind_word(record.kind).unwrap_or_default());
    put("format", record.extent.as_deref().unwrap_or_default());
    put("identifier", &record.id);
    for identifier in &record.identifiers {
        match identifier.scheme.as_str() {
            "url" => put("identifier", &identifier.value),
            "doi" => put("identifier", &format!("doi:{}", identifier.value)),
            "isbn" | "issn" => {
                put(
                    "identifier",
                    &format!("urn:{}:{}", identifier.scheme, identifier.value),
                );
            }
            scheme => put("identifier", &format!("{scheme}:{}", identifier.value)),
        }
    }
    for language in record.language.iter().chain(&record.other_languages) {
        put("language", language);
    }
    for series in &record.series {
        put("relation", series);
    }
    out.push_str("</oai_dc:dc>\n");
    out
}
