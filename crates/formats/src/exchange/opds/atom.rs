//! OPDS 1.2.

use super::{
    ACQUISITION_TYPE, Catalogue, ENTRY_TYPE, Group, NAVIGATION_TYPE, Navigation, Publication,
    SEARCH_TYPE,
};
use crate::exchange::datestamp;
use crate::exchange::xml::Xml;
use crate::records::{CatalogueRecord, Name};

const ACQUIRE: &str = "http://opds-spec.org/acquisition/open-access";

const NAMESPACES: [(&str, &str); 5] = [
    ("xmlns", "http://www.w3.org/2005/Atom"),
    ("xmlns:dc", "http://purl.org/dc/terms/"),
    ("xmlns:opds", "http://opds-spec.org/2010/catalog"),
    ("xmlns:opensearch", "http://a9.com/-/spec/opensearch/1.1/"),
    ("xmlns:thr", "http://purl.org/syndication/thread/1.0"),
];

/// Writes one publication as a document of its own, of type [`ENTRY_TYPE`]: a complete entry (OPDS 1.2 §5.1). `author`
/// stands for publications without one, for there is no feed around it that has one (RFC 4287 §4.1.2).
#[must_use]
pub fn entry(publication: &Publication, author: &str) -> String {
    let mut xml = Xml::document();
    xml.open("entry", &NAMESPACES);
    if !publication.record.authors.iter().any(Name::is_author) {
        xml.open("author", &[]);
        xml.text("name", &[], author);
        xml.close();
    }
    if let Some(own) = &publication.entry_href {
        link(&mut xml, "self", own, ENTRY_TYPE);
    }
    write_content(&mut xml, publication);
    xml.finish()
}

/// Writes a page as a feed of Atom; its media type is [`Catalogue::atom_type`].
#[must_use]
pub fn atom(catalogue: &Catalogue) -> String {
    let mut xml = Xml::document();
    xml.open("feed", &NAMESPACES);
    xml.text("id", &[], &catalogue.id);
    xml.text("title", &[], &catalogue.title);
    xml.text_if("subtitle", catalogue.subtitle.as_deref());
    xml.text("updated", &[], &datestamp::seconds(catalogue.updated_ms));
    // RFC 4287 §4.1.1: a feed has an author unless all of its entries have one.
    xml.open("author", &[]);
    let author = catalogue.author.as_deref().unwrap_or(&catalogue.title);
    xml.text("name", &[], author);
    xml.close();
    links(&mut xml, catalogue);
    paging(&mut xml, catalogue);
    facets(&mut xml, catalogue);
    for navigation in &catalogue.navigation {
        write_navigation(&mut xml, navigation, None);
    }
    for publication in &catalogue.publications {
        write_publication(&mut xml, publication, None);
    }
    for group in &catalogue.groups {
        for navigation in &group.navigation {
            write_navigation(&mut xml, navigation, Some(group));
        }
        for publication in &group.publications {
            write_publication(&mut xml, publication, Some(group));
        }
    }
    xml.finish()
}

fn link(xml: &mut Xml, rel: &str, href: &str, media_type: &str) {
    xml.empty(
        "link",
        &[("rel", rel), ("href", href), ("type", media_type)],
    );
}

fn links(xml: &mut Xml, catalogue: &Catalogue) {
    let own = catalogue.atom_type();
    link(xml, "self", &catalogue.self_href, own);
    link(xml, "start", &catalogue.start_href, NAVIGATION_TYPE);
    if let Some(up) = &catalogue.up_href {
        link(xml, "up", up, NAVIGATION_TYPE);
    }
    if let Some(search) = &catalogue.search {
        link(xml, "search", &search.description_href, SEARCH_TYPE);
        // KOReader takes a template at once.
        link(xml, "search", &search.template, "application/atom+xml");
    }
    let paging = &catalogue.paging;
    for (rel, href) in [
        ("first", &paging.first),
        ("previous", &paging.previous),
        ("next", &paging.next),
        ("last", &paging.last),
    ] {
        if let Some(href) = href {
            link(xml, rel, href, own);
        }
    }
}

fn paging(xml: &mut Xml, catalogue: &Catalogue) {
    let paging = &catalogue.paging;
    if let Some(total) = paging.total {
        xml.text("opensearch:totalResults", &[], &total.to_string());
    }
    if let Some(per_page) = paging.per_page {
        xml.text("opensearch:itemsPerPage", &[], &per_page.to_string());
        if let Some(page) = paging.page {
            let start = page
                .saturating_sub(1)
                .saturating_mul(per_page)
                .saturating_add(1);
            xml.text("opensearch:startIndex", &[], &start.to_string());
        }
    }
}

fn facets(xml: &mut Xml, catalogue: &Catalogue) {
    for group in &catalogue.facets {
        for facet in &group.facets {
            let count = facet.count.map(|count| count.to_string());
            let mut attributes = vec![
                ("rel", "http://opds-spec.org/facet"),
                ("href", facet.href.as_str()),
                ("type", ACQUISITION_TYPE),
                ("title", facet.title.as_str()),
                ("opds:facetGroup", group.title.as_str()),
            ];
            if facet.active {
                attributes.push(("opds:activeFacet", "true"));
            }
            if let Some(count) = &count {
                attributes.push(("thr:count", count));
            }
            xml.empty("link", &attributes);
        }
    }
}

fn in_group(xml: &mut Xml, group: Option<&Group>) {
    if let Some(group) = group {
        xml.empty(
            "link",
            &[
                ("rel", "collection"),
                ("href", &group.href),
                ("title", &group.title),
                ("type", ACQUISITION_TYPE),
            ],
        );
    }
}

fn write_navigation(xml: &mut Xml, navigation: &Navigation, group: Option<&Group>) {
    xml.open("entry", &[]);
    xml.text("id", &[], &navigation.id);
    xml.text("title", &[], &navigation.title);
    xml.text("updated", &[], &datestamp::seconds(navigation.updated_ms));
    xml.text(
        "content",
        &[("type", "text")],
        navigation.summary.as_deref().unwrap_or_default(),
    );
    let media_type = if navigation.publications {
        ACQUISITION_TYPE
    } else {
        NAVIGATION_TYPE
    };
    let count = navigation.count.map(|count| count.to_string());
    let mut attributes = vec![
        ("rel", navigation.rel.as_deref().unwrap_or("subsection")),
        ("href", navigation.href.as_str()),
        ("type", media_type),
    ];
    if let Some(count) = &count {
        attributes.push(("thr:count", count));
    }
    xml.empty("link", &attributes);
    in_group(xml, group);
    xml.close();
}

fn write_publication(xml: &mut Xml, publication: &Publication, group: Option<&Group>) {
    xml.open("entry", &[]);
    if let Some(complete) = &publication.entry_href {
        link(xml, "alternate", complete, ENTRY_TYPE);
    }
    write_content(xml, publication);
    in_group(xml, group);
    xml.close();
}

fn write_content(xml: &mut Xml, publication: &Publication) {
    let record = &publication.record;
    xml.text("id", &[], &publication.id);
    xml.text("title", &[], &record.full_title());
    xml.text("updated", &[], &datestamp::seconds(publication.updated_ms));
    people(xml, record);
    for language in record.language.iter().chain(&record.other_languages) {
        xml.text("dc:language", &[], language);
    }
    xml.text_if("dc:publisher", record.publisher.as_deref());
    // dc:issued is a date of W3C: a year will do.
    if let Some(year) = record.year.filter(|year| (0..=9999).contains(year)) {
        xml.text("dc:issued", &[], &format!("{year:04}"));
    }
    for scheme in ["isbn", "issn", "doi"] {
        if let Some(value) = record.identifier(scheme) {
            xml.text("dc:identifier", &[], &format!("urn:{scheme}:{value}"));
        }
    }
    xml.text_if("dc:extent", record.extent.as_deref());
    for subject in &record.subjects {
        xml.empty("category", &[("term", subject), ("label", subject)]);
    }
    if let Some(description) = &record.description {
        xml.text("summary", &[("type", "text")], description);
    }
    if let Some(page) = &publication.page_href {
        link(xml, "alternate", page, "text/html");
    }
    for (rel, picture) in [
        ("http://opds-spec.org/image", &publication.cover),
        (
            "http://opds-spec.org/image/thumbnail",
            &publication.thumbnail,
        ),
    ] {
        if let Some(picture) = picture {
            link(xml, rel, &picture.href, &picture.media_type);
        }
    }
    for acquisition in &publication.acquisitions {
        let length = acquisition.size_bytes.map(|size| size.to_string());
        let mut attributes = vec![
            ("rel", ACQUIRE),
            ("href", acquisition.href.as_str()),
            ("type", acquisition.media_type.as_str()),
        ];
        if let Some(title) = &acquisition.title {
            attributes.push(("title", title));
        }
        if let Some(length) = &length {
            attributes.push(("length", length));
        }
        xml.empty("link", &attributes);
    }
}

fn people(xml: &mut Xml, record: &CatalogueRecord) {
    let mut put = |name: &'static str, wanted: &dyn Fn(&Name) -> bool| {
        for person in record.authors.iter().filter(|name| wanted(name)) {
            xml.open(name, &[]);
            xml.text("name", &[], &natural(person));
            xml.close();
        }
    };
    put("author", &Name::is_author);
    put("contributor", &|name| !name.is_author());
}

/// `Andrew Hunt` from `Hunt, Andrew`: reading programs sort by themselves.
pub(super) fn natural(name: &Name) -> String {
    match name.parts() {
        Some((family, given)) => format!("{given} {family}"),
        None => name.display.clone(),
    }
}

/// A description of search for reading programs (OpenSearch 1.1): the template
/// holds `{searchTerms}`.
#[must_use]
pub fn search_description(name: &str, template: &str) -> String {
    let mut xml = Xml::document();
    xml.open(
        "OpenSearchDescription",
        &[("xmlns", "http://a9.com/-/spec/opensearch/1.1/")],
    );
    // OpenSearch allows 16 characters.
    let short: String = name.chars().take(16).collect();
    xml.text("ShortName", &[], &short);
    xml.text("Description", &[], name);
    xml.text("InputEncoding", &[], "UTF-8");
    xml.empty("Url", &[("type", ACQUISITION_TYPE), ("template", template)]);
    xml.finish()
}
