//! OPDS, catalogues for reading programs: 1.2 in Atom
//! (<https://specs.opds.io/opds-1.2>) and 2.0 in JSON
//! (<https://drafts.opds.io/opds-2.0>).
//!
//! One plain value, [`Catalogue`], for both: [`atom()`] and [`json()`]. Addresses in it
//! lead to feeds of the same version, so whoever serves both makes it twice.

mod atom;
mod json;

pub use atom::{atom, entry, search_description};
pub use json::json;

use super::page::schema_type;
use crate::records::CatalogueRecord;

/// The media type of a feed of entries that lead to other feeds.
pub const NAVIGATION_TYPE: &str = "application/atom+xml;profile=opds-catalog;kind=navigation";
/// The media type of a feed of publications.
pub const ACQUISITION_TYPE: &str = "application/atom+xml;profile=opds-catalog;kind=acquisition";
/// The media type of a document with one entry.
pub const ENTRY_TYPE: &str = "application/atom+xml;type=entry;profile=opds-catalog";
/// The media type of OPDS 2.0.
pub const JSON_TYPE: &str = "application/opds+json";
/// The media type of a search description.
pub const SEARCH_TYPE: &str = "application/opensearchdescription+xml";

/// One page of a catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Catalogue {
    /// An address that stays the same for ever, mostly a `urn:`.
    pub id: String,
    /// The title.
    pub title: String,
    /// A sentence about it.
    pub subtitle: Option<String>,
    /// Who makes the catalogue.
    pub author: Option<String>,
    /// When anything in it last changed, in milliseconds since 1970.
    pub updated_ms: i64,
    /// This page's address.
    pub self_href: String,
    /// The catalogue's root.
    pub start_href: String,
    /// The page from which one came down.
    pub up_href: Option<String>,
    /// Search.
    pub search: Option<Search>,
    /// Other pages of the same list.
    pub paging: Paging,
    /// Ways to other feeds.
    pub navigation: Vec<Navigation>,
    /// Publications.
    pub publications: Vec<Publication>,
    /// Ways to narrow the list down.
    pub facets: Vec<FacetGroup>,
    /// Short lists on one page.
    pub groups: Vec<Group>,
}

impl Catalogue {
    /// The media type of this page in OPDS 1.2.
    #[must_use]
    pub fn atom_type(&self) -> &'static str {
        // A list that found nothing is still one of publications.
        let listed = self.paging.per_page.is_some();
        let none = self.publications.is_empty()
            && self.groups.iter().all(|one| one.publications.is_empty());
        if none && !listed {
            NAVIGATION_TYPE
        } else {
            ACQUISITION_TYPE
        }
    }
}

/// How to search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The address of the search description, for OPDS 1.2.
    pub description_href: String,
    /// The address of results: `{searchTerms}` in OPDS 1.2, `{?query}` in 2.0 stands
    /// for what is searched.
    pub template: String,
}

/// Other pages of the same list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// The first page.
    pub first: Option<String>,
    /// The page before.
    pub previous: Option<String>,
    /// The page after.
    pub next: Option<String>,
    /// The last page.
    pub last: Option<String>,
    /// How many publications there are in all.
    pub total: Option<u64>,
    /// How many on a page.
    pub per_page: Option<u64>,
    /// This page, counted from 1.
    pub page: Option<u64>,
}

/// A way to another feed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Navigation {
    /// An address that stays the same for ever.
    pub id: String,
    /// The title.
    pub title: String,
    /// The feed.
    pub href: String,
    /// A sentence about it.
    pub summary: Option<String>,
    /// When it last changed, in milliseconds since 1970.
    pub updated_ms: i64,
    /// Whether the feed lists publications rather than other feeds.
    pub publications: bool,
    /// What it is: `http://opds-spec.org/sort/new`, …; `subsection` if not given.
    pub rel: Option<String>,
    /// How many publications there are in it.
    pub count: Option<u64>,
}

/// A publication. Both versions want at least one acquisition: records without
/// files are not for reading programs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Publication {
    /// An address that stays the same for ever: `urn:isbn:…`, `urn:…`.
    pub id: String,
    /// When the record last changed, in milliseconds since 1970.
    pub updated_ms: i64,
    /// What is known of it.
    pub record: CatalogueRecord,
    /// The document with this entry alone, complete (OPDS 1.2 §5.1).
    pub entry_href: Option<String>,
    /// Its page for people.
    pub page_href: Option<String>,
    /// Its cover.
    pub cover: Option<Picture>,
    /// A small picture of its cover.
    pub thumbnail: Option<Picture>,
    /// Its files.
    pub acquisitions: Vec<Acquisition>,
}

/// A picture: JPEG, PNG or GIF for both versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its address.
    pub href: String,
    /// Its media type.
    pub media_type: String,
    /// Width and height in pixels, where they are known.
    pub size: Option<(u32, u32)>,
}

/// A file to fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquisition {
    /// Its address.
    pub href: String,
    /// Its media type.
    pub media_type: String,
    /// A word about it, where there are several.
    pub title: Option<String>,
    /// Its length.
    pub size_bytes: Option<u64>,
}

/// Facets of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetGroup {
    /// What they are: `Language`.
    pub title: String,
    /// The facets.
    pub facets: Vec<Facet>,
}

/// A way to narrow the list down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// The value: `German`.
    pub title: String,
    /// The narrowed list.
    pub href: String,
    /// Whether it is in force.
    pub active: bool,
    /// How many publications are left.
    pub count: Option<u64>,
}

/// A short list among others on one page. Version 1.2 has a link at every entry
/// instead.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The title.
    pub title: String,
    /// The whole list.
    pub href: String,
    /// Ways to other feeds.
    pub navigation: Vec<Navigation>,
    /// Publications.
    pub publications: Vec<Publication>,
}
