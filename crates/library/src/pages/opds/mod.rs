//! OPDS: the library's books and other files as a catalogue for reading programs, 1.2 under `/opds`, 2.0 under `/opds/2`.
//!
//! Only what is a file is listed: books, documents, recordings and films of folders and archives. Articles and pictures
//! are read on the pages, and records without a file can't be opened by a reading program.

mod files;
mod lists;
mod reading;

use std::collections::HashMap;

use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use lampion_formats::exchange::opds::{self, Catalogue, Navigation, Picture, Publication, Search};
use lampion_search::{FacetCount, Facets, Filters, SearchRequest, StoredDocument};
use lampion_web::{App, AppError, Page, PageResult, filters};

use super::entries::{known, whole_record};
use crate::catalogue::Catalogue as Desk;
use crate::library::Library;
use crate::model::{Collection, Kind};

/// Kinds of documents that are files for reading programs.
const KINDS: [&str; 4] = ["book", "document", "audio", "video"];

/// Kinds of records that may have files, where they are listed with documents. Articles of encyclopedias would drown
/// those of journals, which are found where catalogues alone are listed.
const RECORD_KINDS: [&str; 13] = [
    "periodical",
    "thesis",
    "report",
    "conference-paper",
    "conferencepaper",
    "manuscript",
    "map",
    "score",
    "music",
    "sound",
    "software",
    "other",
    "record",
];

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/opds", get(root))
        .route("/opds/2", get(root_json))
        .route("/opds/search.xml", get(description))
        .route("/opds/entry/{collection}/{*key}", get(entry))
        .route("/opds/{list}", get(one))
        .route("/opds/2/{list}", get(one_json))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Atom,
    Json,
}

async fn root(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let shelf = Shelf::new(&page, &library, Version::Atom).await;
    Ok(shelf.write(&shelf.root()))
}

async fn root_json(page: Page, Extension(library): Extension<Library>) -> PageResult {
    let shelf = Shelf::new(&page, &library, Version::Json).await;
    Ok(shelf.write(&shelf.root()))
}

/// `GET /opds/search.xml`: how reading programs search here.
async fn description(page: Page) -> Response {
    let template = format!("{}/opds/list?q={{searchTerms}}", page.origin);
    let headers = [(header::CONTENT_TYPE, opds::SEARCH_TYPE)];
    (headers, opds::search_description(&page.site, &template)).into_response()
}

async fn one(
    page: Page,
    Extension(library): Extension<Library>,
    Path(list): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    listed(&page, &library, Version::Atom, &list, raw.as_deref()).await
}

async fn one_json(
    page: Page,
    Extension(library): Extension<Library>,
    Path(list): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    listed(&page, &library, Version::Json, &list, raw.as_deref()).await
}

async fn listed(
    page: &Page,
    library: &Library,
    version: Version,
    list: &str,
    raw: Option<&str>,
) -> PageResult {
    let shelf = Shelf::new(page, library, version).await;
    let catalogue = match list {
        "collections" => shelf.narrowed("collections", "collections").await?,
        "languages" => shelf.narrowed("languages", "languages").await?,
        "subjects" => shelf.narrowed("subjects", "row-subjects").await?,
        "list" => shelf.list(raw).await?,
        "lists" => shelf.reading_lists().await?,
        "reading" => shelf.reading(raw).await?,
        _ => return Err(AppError::not_found()),
    };
    Ok(shelf.write(&catalogue))
}

/// One reader's view of the catalogue.
struct Shelf<'a> {
    page: &'a Page,
    library: &'a Library,
    version: Version,
    /// Where this version's feeds are.
    base: String,
    /// A name of this node that stays: addresses change.
    node: String,
    known: HashMap<String, Collection>,
    covers: HashMap<String, Picture>,
}

impl<'a> Shelf<'a> {
    async fn new(page: &'a Page, library: &'a Library, version: Version) -> Self {
        let mut known = known(library, page);
        // Records have no files.
        known.retain(|_, one| files::holds_files(one.kind));
        if known.values().any(|one| one.kind == Kind::Catalogue) {
            let some = with_files(library).await;
            known.retain(|_, one| one.kind != Kind::Catalogue || some.contains(&one.id));
        }
        let mut covers = HashMap::new();
        for one in known.values() {
            if let Some(picture) = cover(page, library, one).await {
                covers.insert(one.id.clone(), picture);
            }
        }
        let path = match version {
            Version::Atom => "/opds",
            Version::Json => "/opds/2",
        };
        let node = blake3::keyed_hash(&library.kernel().secret, b"opds");
        Self {
            base: format!("{}{path}", page.origin),
            node: node.to_hex().chars().take(16).collect(),
            page,
            library,
            version,
            known,
            covers,
        }
    }

    /// An id of RFC 4151, which stays the same whatever the node's address. `of` is a path, which may begin with `/`.
    fn id(&self, of: &str) -> String {
        let of = filters::url_path(of.trim_start_matches('/'));
        format!("tag:{}.internal,2026:opds/{of}", self.node)
    }

    fn updated_ms(&self) -> i64 {
        self.known
            .values()
            .map(|one| one.updated_ms)
            .max()
            .unwrap_or(0)
    }

    /// A page of the catalogue without entries yet.
    fn blank(&self, path: &str, title: String) -> Catalogue {
        let description_href = format!("{}/opds/search.xml", self.page.origin);
        let template = match self.version {
            Version::Atom => format!("{}/list?q={{searchTerms}}", self.base),
            Version::Json => format!("{}/list{{?query}}", self.base),
        };
        Catalogue {
            id: self.id(path),
            title,
            author: Some(self.page.site.clone()),
            updated_ms: self.updated_ms(),
            self_href: format!("{}{path}", self.base),
            start_href: self.base.clone(),
            up_href: (!path.is_empty()).then(|| self.base.clone()),
            search: Some(Search {
                description_href,
                template,
            }),
            ..Catalogue::default()
        }
    }

    fn way(&self, path: &str, key: &str, publications: bool, rel: Option<&str>) -> Navigation {
        Navigation {
            id: self.id(path),
            title: self.page.t(key),
            href: format!("{}{path}", self.base),
            updated_ms: self.updated_ms(),
            publications,
            rel: rel.map(Into::into),
            ..Navigation::default()
        }
    }

    fn root(&self) -> Catalogue {
        let new = Some("http://opds-spec.org/sort/new");
        Catalogue {
            navigation: vec![
                self.way("/list?sort=newest", "opds-newest", true, new),
                self.way("/list?sort=title", "opds-titles", true, None),
                self.way("/collections", "collections", false, None),
                self.way("/languages", "languages", false, None),
                self.way("/subjects", "row-subjects", false, None),
                self.way("/lists", "nav-lists", false, None),
            ],
            ..self.blank("", self.page.site.clone())
        }
    }

    /// Kinds to look for in collections; none for all.
    fn kinds(&self, collections: &[String]) -> Vec<String> {
        let catalogue = |id: &String| {
            self.known
                .get(id)
                .is_some_and(|one| one.kind == Kind::Catalogue)
        };
        if !collections.is_empty() && collections.iter().all(catalogue) {
            return Vec::new();
        }
        let mut kinds = KINDS.map(Into::into).to_vec();
        if collections.iter().any(catalogue) {
            kinds.extend(RECORD_KINDS.map(Into::into));
        }
        kinds
    }

    /// A search over what is a file.
    fn request(&self) -> SearchRequest {
        let collections: Vec<String> = self.known.keys().cloned().collect();
        SearchRequest {
            filters: Filters {
                kinds: self.kinds(&collections),
                ..Filters::default()
            },
            collections,
            ui_language: self.page.language.to_string(),
            facets: true,
            limit: 1,
            ..SearchRequest::default()
        }
    }

    /// The lists by collection, language or subject.
    async fn narrowed(&self, path: &str, key: &str) -> Result<Catalogue, AppError> {
        let results = self.library.search(self.request()).await?;
        let (name, counts): (&str, fn(&Facets) -> &Vec<FacetCount>) = match path {
            "collections" => ("collection", |facets| &facets.collections),
            "languages" => ("lang", |facets| &facets.languages),
            _ => ("subject", |facets| &facets.subjects),
        };
        let mut out = self.blank(&format!("/{path}"), self.page.t(key));
        out.navigation = counts(&results.facets)
            .iter()
            .map(|one| {
                let way = format!("/list?{name}={}", filters::url(&one.value));
                let collection = self.known.get(&one.value).filter(|_| name == "collection");
                let summary = collection.map(|one| one.description.clone());
                Navigation {
                    id: self.id(&way),
                    title: super::search::shown(self.page, &self.known, name, &one.value),
                    href: format!("{}{way}", self.base),
                    summary: summary.filter(|text| !text.is_empty()),
                    updated_ms: collection.map_or(self.updated_ms(), |one| one.updated_ms),
                    publications: true,
                    count: (results.total_is_exact
                        && collection.is_none_or(|one| one.kind != Kind::Catalogue))
                    .then_some(one.count),
                    ..Navigation::default()
                }
            })
            .collect();
        Ok(out)
    }

    /// A document as a publication; nothing for what is no file.
    fn publication(
        &self,
        collection: &Collection,
        document: &StoredDocument,
    ) -> Option<Publication> {
        let catalogue = collection.kind == Kind::Catalogue;
        if !catalogue && !KINDS.contains(&document.kind.as_str()) {
            return None;
        }
        let (mut record, meta) = whole_record(document);
        if record.title.is_empty() {
            record.title.clone_from(&document.key);
        }
        let path = format!("{}/{}", collection.id, filters::url_path(&document.key));
        let acquisitions = self.acquisitions(collection, &document.key, &meta);
        if acquisitions.is_empty() {
            return None;
        }
        let own = (catalogue && is_picture(&meta.cover_type)).then(|| Picture {
            href: format!("{}/attached/{path}/{}", self.page.origin, meta.cover),
            media_type: meta.cover_type.clone(),
            size: None,
        });
        let cover = own.or_else(|| self.covers.get(&collection.id).cloned());
        Some(Publication {
            entry_href: Some(format!("{}/opds/entry/{path}", self.page.origin)),
            id: self.id(&format!("{}/{}", collection.id, document.key)),
            updated_ms: collection.updated_ms,
            record,
            page_href: Some(format!("{}/record/{path}", self.page.origin)),
            thumbnail: cover.clone(),
            cover,
            acquisitions,
        })
    }

    fn write(&self, catalogue: &Catalogue) -> Response {
        let (mime, text) = match self.version {
            Version::Atom => (
                format!("{};charset=utf-8", catalogue.atom_type()),
                opds::atom(catalogue),
            ),
            Version::Json => (
                opds::JSON_TYPE.to_string(),
                opds::json(catalogue).to_string(),
            ),
        };
        let headers = [
            (header::CONTENT_TYPE, mime),
            (header::CACHE_CONTROL, "private, no-cache".into()),
            (
                header::VARY,
                "accept-encoding, accept-language, cookie".into(),
            ),
        ];
        (headers, text).into_response()
    }
}

/// Whether reading programs show pictures of a media type.
fn is_picture(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/jpeg" | "image/gif")
}

/// Ids of the catalogues that have a record with an attached file.
async fn with_files(library: &Library) -> std::collections::BTreeSet<String> {
    let kernel = library.kernel();
    let Ok(desk) = Desk::of(kernel) else {
        return std::collections::BTreeSet::new();
    };
    let found = desk.with_files().await.unwrap_or_default();
    let own = desk
        .feeds()
        .own(crate::catalogue::KIND)
        .await
        .ok()
        .flatten();
    let own = own.map_or_else(String::new, |feed| feed.origin);
    library
        .collections()
        .into_iter()
        .filter(|one| {
            let feed = if one.is_followed() {
                &one.source.feed
            } else {
                &own
            };
            found.contains(&(feed.clone(), one.in_feed().to_string()))
        })
        .map(|one| one.id)
        .collect()
}

/// `GET /opds/entry/{collection}/{key}`: one publication, complete (OPDS 1.2 §5.1).
async fn entry(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
) -> PageResult {
    let (collection, document) = super::record::find(&library, &page, &collection, &key).await?;
    let shelf = Shelf::new(&page, &library, Version::Atom).await;
    let publication = shelf.publication(&collection, &document);
    let publication = publication.ok_or_else(AppError::not_found)?;
    let headers = [
        (
            header::CONTENT_TYPE,
            format!("{};charset=utf-8", opds::ENTRY_TYPE),
        ),
        (header::CACHE_CONTROL, "private, no-cache".into()),
        (
            header::VARY,
            "accept-encoding, accept-language, cookie".into(),
        ),
    ];
    Ok((headers, opds::entry(&publication, &page.site)).into_response())
}

/// A collection's cover, of a kind that reading programs show.
async fn cover(page: &Page, library: &Library, one: &Collection) -> Option<Picture> {
    let hash = one.cover.parse().ok()?;
    let media_type = super::home::cover_mime(library, &hash).await;
    is_picture(media_type).then(|| Picture {
        href: format!("{}/cover/{}", page.origin, one.id),
        media_type: media_type.into(),
        size: None,
    })
}
