//! `<meta>`: what a page states about itself (HTML, Dublin Core, Highwire's
//! `citation_*`, Open Graph).

use super::entity::decode_all;
use crate::model::{Extracted, floor_boundary};

/// Longest value of a `<meta>` that is read, in bytes.
const MAX_CONTENT_BYTES: usize = 16 << 10;

/// What `<meta>` elements said that only counts if nothing better comes.
#[derive(Default)]
pub(super) struct Fallbacks {
    pub title: Option<String>,
    pub language: Option<String>,
    pub description: Option<String>,
    pub year: Option<String>,
}

/// Reads one `<meta>` with this `name` (or `property`, `itemprop`,
/// `http-equiv`) and `content`, both as written.
pub(super) fn read(name: &str, content: &str, doc: &mut Extracted, later: &mut Fallbacks) {
    let value = decode_all(floor_boundary(content, MAX_CONTENT_BYTES));
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    let name = name.trim().to_ascii_lowercase();
    let name = name
        .replacen("dcterms.", "dc.", 1)
        .replacen("dc:", "dc.", 1);
    match name.as_str() {
        "description" | "dc.description" | "dc.abstract" | "citation_abstract" => {
            doc.offer_description(value)
        }
        "og:description" | "twitter:description" => keep(&mut later.description, value),
        "author" | "dc.creator" | "dc.contributor" | "citation_author" | "parsely-author" => {
            doc.add_author(value)
        }
        "article:author" if !value.contains("://") => doc.add_author(value),
        "citation_authors" => value.split(';').for_each(|one| doc.add_author(one)),
        "keywords" | "news_keywords" | "citation_keywords" | "dc.subject" => {
            doc.add_subjects(value)
        }
        "article:tag" => doc.add_subject(value),
        "dc.publisher" | "citation_publisher" | "publisher" => doc.offer_publisher(value),
        "dc.title" | "citation_title" | "og:title" | "twitter:title" => {
            keep(&mut later.title, value)
        }
        "dc.language" | "citation_language" | "content-language" | "language" | "og:locale" => {
            keep(&mut later.language, value);
        }
        "citation_publication_date"
        | "citation_date"
        | "dc.date"
        | "dc.issued"
        | "dc.date.issued"
        | "article:published_time"
        | "datepublished"
        | "date"
        | "citation_year" => doc.offer_year(value),
        "dc.created" | "dc.modified" | "article:modified_time" | "last-modified" => {
            keep(&mut later.year, value)
        }
        "citation_doi" => doc.add_identifier("doi", value),
        "citation_isbn" => doc.add_identifier("isbn", value),
        "citation_issn" => doc.add_identifier("issn", value),
        "citation_arxiv_id" => doc.add_identifier("arxiv", value),
        "citation_pmid" => doc.add_identifier("pmid", value),
        "dc.identifier" => doc.add_identifier("id", value),
        "citation_journal_title" => doc.add_extra("journal", value),
        _ => {}
    }
}

fn keep(slot: &mut Option<String>, value: &str) {
    slot.get_or_insert_with(|| value.to_owned());
}

impl Fallbacks {
    /// Fills what is still missing.
    pub(super) fn apply(self, doc: &mut Extracted) {
        if let Some(title) = self.title {
            doc.offer_title(&title);
        }
        if let Some(language) = self.language {
            doc.offer_language(language.split(',').next().unwrap_or(""));
        }
        if let Some(description) = self.description {
            doc.offer_description(&description);
        }
        if let Some(year) = self.year {
            doc.offer_year(&year);
        }
    }
}
