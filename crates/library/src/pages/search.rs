//! The search page.

use std::collections::HashMap;

use askama::Template;
use axum::Extension;
use axum::extract::RawQuery;
use axum::http::header;
use axum::response::IntoResponse as _;
use lampion_search::{FacetCount, Filters, Match, SearchRequest, SearchResults, Sort};
use lampion_web::{Form, Page, PageResult, filters};

use super::address;
use crate::library::Library;
use crate::model::{Collection, Meta};

/// Results on a page.
const RESULTS: usize = 10;
/// Values shown of a facet.
const VALUES: usize = 8;
/// The longest query that is looked at, in bytes.
const QUERY_LIMIT: usize = 1000;

/// A search as its address says it.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) query: String,
    pub(super) collections: Vec<String>,
    pub(super) filters: Filters,
    pub(super) sort: Sort,
    pub(super) cursor: Option<String>,
}

impl Asked {
    pub(super) fn parse(raw: Option<&str>) -> Self {
        let form = Form::parse(raw.unwrap_or_default().as_bytes());
        let list = |name: &str| {
            form.all(name)
                .filter(|value| !value.is_empty())
                .take(32)
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        let year = |name: &str| form.trimmed(name).parse::<i32>().ok();
        let mut query = form.trimmed("q").to_string();
        while query.len() > QUERY_LIMIT {
            query.pop();
        }
        let years = match (year("from"), year("to")) {
            (None, None) => None,
            (from, to) => Some((from.unwrap_or(i32::MIN), to.unwrap_or(i32::MAX))),
        };
        Self {
            query,
            collections: list("collection"),
            filters: Filters {
                languages: list("lang"),
                kinds: list("kind"),
                subjects: list("subject"),
                authors: list("author"),
                years,
            },
            sort: match form.get("sort") {
                "newest" => Sort::Newest,
                "title" => Sort::Title,
                _ => Sort::Relevance,
            },
            cursor: Some(form.get("cursor").to_string()).filter(|cursor| !cursor.is_empty()),
        }
    }

    /// The fields besides the query, as in the address.
    fn narrowing(&self) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        for (name, values) in [
            ("collection", &self.collections),
            ("lang", &self.filters.languages),
            ("kind", &self.filters.kinds),
            ("subject", &self.filters.subjects),
            ("author", &self.filters.authors),
        ] {
            all.extend(values.iter().map(|value| (name, value.clone())));
        }
        if let Some((from, to)) = self.filters.years {
            if from != i32::MIN {
                all.push(("from", from.to_string()));
            }
            if to != i32::MAX {
                all.push(("to", to.to_string()));
            }
        }
        all
    }

    fn address(&self) -> String {
        format!("/search?{}", self.parameters())
    }

    /// The search as the part of an address after its question mark.
    pub(super) fn parameters(&self) -> String {
        let mut out = format!("q={}", filters::url(&self.query));
        for (name, value) in self.narrowing() {
            out.push_str(&format!("&{name}={}", filters::url(&value)));
        }
        match self.sort {
            Sort::Relevance => {}
            Sort::Newest => out.push_str("&sort=newest"),
            Sort::Title => out.push_str("&sort=title"),
        }
        if let Some(cursor) = &self.cursor {
            out.push_str(&format!("&cursor={}", filters::url(cursor)));
        }
        out
    }

    pub(super) fn request(
        &self,
        library: &Library,
        page: &Page,
        limit: usize,
        facets: bool,
    ) -> SearchRequest {
        let mut collections = library.visible_ids(page.person.as_ref());
        if !self.collections.is_empty() {
            collections.retain(|id| self.collections.contains(id));
        }
        SearchRequest {
            query: self.query.clone(),
            collections,
            filters: self.filters.clone(),
            sort: self.sort,
            limit,
            cursor: self.cursor.clone(),
            ui_language: page.language.to_string(),
            deadline: None,
            facets,
        }
    }
}

struct HitShown {
    href: String,
    title: String,
    collection: String,
    language: String,
    kind: String,
    year: Option<i32>,
    by: String,
    snippet: Vec<(String, bool)>,
    /// Attached files in which it was found.
    files: String,
    /// Address of a small cover; empty for none.
    cover: String,
    /// By which other programs ask for its record.
    unapi: String,
}

struct FacetShown {
    key: &'static str,
    values: Vec<ValueShown>,
}

struct ValueShown {
    text: String,
    href: String,
    count: u64,
    on: bool,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    page: &'a Page,
    query: &'a str,
    keep: Vec<(&'static str, String)>,
    results: &'a SearchResults,
    hits: Vec<HitShown>,
    facets: Vec<FacetShown>,
    sorts: Vec<(&'static str, String, bool)>,
    corrected: Option<(String, String)>,
    chosen: Vec<(String, String)>,
    next: Option<String>,
    exports: Vec<(&'static str, String)>,
    /// Whether there are more results than a file of them takes.
    exports_all: bool,
}

/// `GET /search`: `q`, `collection`, `lang`, `kind`, `subject`, `author`, `from`, `to`, `sort`, `cursor`.
pub(super) async fn search(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let asked = Asked::parse(raw.as_deref());
    let results = if asked.query.is_empty() {
        SearchResults::default()
    } else {
        library
            .search(asked.request(&library, &page, RESULTS, true))
            .await?
    };
    if !asked.query.is_empty() && asked.cursor.is_none() && asked.narrowing().is_empty() {
        let kernel = library.kernel();
        let now_ms = kernel.clock.now_ms();
        library
            .failed()
            .note(&asked.query, &results, now_ms, &*kernel.rng);
    }
    let collections: HashMap<String, Collection> = library
        .visible(page.person.as_ref())
        .into_iter()
        .map(|one| (one.id.clone(), one))
        .collect();
    let hits = results
        .hits
        .iter()
        .filter_map(|hit| hit_shown(&page, collections.get(&hit.collection)?, &asked.query, hit))
        .collect();
    let with = |change: &dyn Fn(&mut Asked)| {
        let mut other = asked.clone();
        other.cursor = None;
        change(&mut other);
        other.address()
    };
    let sorts = [
        ("sort-relevance", Sort::Relevance),
        ("sort-newest", Sort::Newest),
        ("sort-title", Sort::Title),
    ]
    .map(|(key, sort)| (key, with(&|other| other.sort = sort), asked.sort == sort))
    .to_vec();
    let corrected = results
        .corrected
        .clone()
        .map(|query| (with(&|other| other.query.clone_from(&query)), query));
    let next = results
        .next
        .clone()
        .map(|cursor| with(&|other| other.cursor = Some(cursor.clone())));
    let chosen = asked
        .narrowing()
        .into_iter()
        .map(|(name, value)| {
            (
                shown(&page, &collections, name, &value),
                with(&|other| other.drop(name, &value)),
            )
        })
        .collect();
    let mut whole = asked.clone();
    whole.cursor = None;
    let exports = super::export::links(&whole.parameters());
    let exports_all = results.total_is_exact && results.total <= lampion_search::REACH as u64;
    let facets = facets(&page, &asked, &results, &collections, &with);
    page.html(&SearchPage {
        page: &page,
        query: &asked.query,
        keep: asked.narrowing(),
        results: &results,
        hits,
        facets,
        sorts,
        corrected,
        chosen,
        next,
        exports,
        exports_all,
    })
}

impl Asked {
    pub(super) fn drop(&mut self, name: &str, value: &str) {
        let list = match name {
            "collection" => &mut self.collections,
            "lang" => &mut self.filters.languages,
            "kind" => &mut self.filters.kinds,
            "subject" => &mut self.filters.subjects,
            "author" => &mut self.filters.authors,
            _ => return self.filters.years = None,
        };
        list.retain(|one| one != value);
    }

    /// Leaves out all values of a field.
    pub(super) fn clear(&mut self, name: &str) {
        match name {
            "collection" => self.collections.clear(),
            "lang" => self.filters.languages.clear(),
            "kind" => self.filters.kinds.clear(),
            "subject" => self.filters.subjects.clear(),
            "author" => self.filters.authors.clear(),
            _ => self.filters.years = None,
        }
    }

    pub(super) fn add(&mut self, name: &str, value: &str) {
        match name {
            "collection" => self.collections.push(value.into()),
            "lang" => self.filters.languages.push(value.into()),
            "kind" => self.filters.kinds.push(value.into()),
            "subject" => self.filters.subjects.push(value.into()),
            "year" => self.filters.years = value.parse().ok().map(|year| (year, year)),
            _ => {}
        }
    }
}

/// A facet's value in the reader's language.
pub(super) fn shown(
    page: &Page,
    collections: &HashMap<String, Collection>,
    name: &str,
    value: &str,
) -> String {
    match name {
        "collection" => collections
            .get(value)
            .map_or_else(|| value.to_string(), |one| one.title.clone()),
        "lang" => page.language_name(value).to_string(),
        "kind" => kind_text(page, value),
        _ => value.to_string(),
    }
}

pub(super) fn kind_text(page: &Page, kind: &str) -> String {
    let key = format!("kind-{kind}");
    let text = page.t(&key);
    if text == key { kind.to_string() } else { text }
}

/// The address of this search, changed.
type With<'a> = dyn Fn(&dyn Fn(&mut Asked)) -> String + 'a;

fn facets(
    page: &Page,
    asked: &Asked,
    results: &SearchResults,
    collections: &HashMap<String, Collection>,
    with: &With<'_>,
) -> Vec<FacetShown> {
    let facet = |key: &'static str,
                 name: &'static str,
                 counts: &[FacetCount],
                 chosen: &dyn Fn(&str) -> bool| {
        let values: Vec<ValueShown> = counts
            .iter()
            .take(VALUES)
            .map(|one| {
                let on = chosen(&one.value);
                let href = with(&|other| {
                    if on {
                        other.drop(name, &one.value)
                    } else {
                        other.add(name, &one.value)
                    }
                });
                ValueShown {
                    text: shown(page, collections, name, &one.value),
                    href,
                    count: one.count,
                    on,
                }
            })
            .collect();
        FacetShown { key, values }
    };
    let has = |list: &'_ [String]| {
        let list = list.to_vec();
        move |value: &str| list.iter().any(|one| one == value)
    };
    let years = asked.filters.years;
    let all = vec![
        facet(
            "facet-collection",
            "collection",
            &results.facets.collections,
            &has(&asked.collections),
        ),
        facet(
            "facet-kind",
            "kind",
            &results.facets.kinds,
            &has(&asked.filters.kinds),
        ),
        facet(
            "facet-language",
            "lang",
            &results.facets.languages,
            &has(&asked.filters.languages),
        ),
        facet("facet-year", "year", &results.facets.years, &|value| {
            years.is_some_and(|(from, to)| from == to && value == from.to_string())
        }),
        facet(
            "facet-subject",
            "subject",
            &results.facets.subjects,
            &has(&asked.filters.subjects),
        ),
    ];
    // One value that nothing narrows says nothing.
    all.into_iter()
        .filter(|facet| facet.values.len() > 1 || facet.values.iter().any(|value| value.on))
        .collect()
}

fn hit_shown(
    page: &Page,
    collection: &Collection,
    query: &str,
    hit: &lampion_search::Hit,
) -> Option<HitShown> {
    let meta = Meta::parse(&hit.meta);
    let by = meta
        .record
        .as_ref()
        .map(|record| {
            record
                .authors
                .iter()
                .take(3)
                .map(|name| name.display.clone())
                .collect::<Vec<_>>()
                .join("; ")
        })
        .unwrap_or_default();
    Some(HitShown {
        href: address(collection, &hit.key, &meta),
        title: if hit.title.is_empty() {
            hit.key.clone()
        } else {
            hit.title.clone()
        },
        collection: collection.title.clone(),
        language: hit.language.clone(),
        kind: if hit.kind == "article" {
            String::new()
        } else {
            kind_text(page, &hit.kind)
        },
        year: hit.year,
        by,
        snippet: hit.snippet.clone(),
        files: crate::catalogue::texts::found_in(query, &meta, &hit.title).join(", "),
        cover: if meta.cover.is_empty() {
            String::new()
        } else {
            let key = page.url_path(&hit.key);
            format!("/attached/{}/{key}/{}", collection.id, meta.cover)
        },
        unapi: super::unapi::id(&collection.id, &hit.key),
    })
}

/// `GET /opensearch.xml`: lets a browser add the library as a search engine (OpenSearch 1.1).
pub(super) async fn opensearch(page: Page) -> PageResult {
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
    };
    let (site, origin) = (escape(&page.site), escape(&page.origin));
    let short: String = site.chars().take(16).collect();
    let description = escape(&page.t("opensearch-description"));
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n\
         <ShortName>{short}</ShortName>\n<LongName>{site}</LongName>\n<Description>{description}</Description>\n<InputEncoding>UTF-8</InputEncoding>\n\
         <Url type=\"text/html\" template=\"{origin}/search?q={{searchTerms}}\"/>\n\
         <Url type=\"application/x-suggestions+json\" template=\"{origin}/api/v1/suggest?form=opensearch&amp;q={{searchTerms}}\"/>\n\
         <Image width=\"32\" height=\"32\" type=\"image/svg+xml\">{origin}{}</Image>\n</OpenSearchDescription>\n",
        page.asset("icon.svg")
    );
    Ok((
        [(
            header::CONTENT_TYPE,
            "application/opensearchdescription+xml",
        )],
        xml,
    )
        .into_response())
}
