//! Lists of publications: what a search finds, or all of a collection.

use lampion_formats::exchange::opds::{Catalogue, Facet, FacetGroup, Paging};
use lampion_search::{Contents, FacetCount, Facets, Filters, SearchResults, Sort};
use lampion_web::{AppError, Form, filters};

use super::super::entries::documents;
use super::super::search::{Asked, shown};
use super::{KINDS, Shelf};
use crate::model::{Collection, Kind, Meta};

/// Publications on a page.
const PER_PAGE: usize = 50;
/// How often a page looks on where few records have files.
const LOOKS: usize = 5;
/// Values of a facet.
const VALUES: usize = 12;
/// Pages that are counted.
const MOST_PAGES: u64 = 1_000_000;

/// A part of the list: collections and keys, and the parameters of the next part.
struct Part {
    keys: Vec<(String, String)>,
    next: Option<String>,
    results: SearchResults,
}

impl Shelf<'_> {
    /// `GET …/list`: `q` or `query`, `collection`, `lang`, `subject`, `sort`; `cursor` or `after` and `page` for further
    /// pages.
    pub(super) async fn list(&self, raw: Option<&str>) -> Result<Catalogue, AppError> {
        let form = Form::parse(raw.unwrap_or_default().as_bytes());
        let mut asked = Asked::parse(raw);
        if asked.query.is_empty() {
            asked.query = form.trimmed("query").chars().take(300).collect();
        }
        asked.filters.kinds.clear();
        let cursor = asked.cursor.take();
        let number = form.get("page").parse::<u64>().unwrap_or(1);
        let number = number.clamp(1, MOST_PAGES);
        let part = match self.whole_folder(&asked) {
            Some(collection) => self.contents(&asked, collection, form.get("after")).await?,
            None => self.found(&asked, cursor).await?,
        };
        let own = format!("/list?{}", asked.parameters());
        let mut out = self.blank(&own, self.title(&asked));
        if let Some(raw) = raw.filter(|_| number > 1) {
            out.self_href = format!("{}/list?{raw}", self.base);
        }
        out.paging = Paging {
            first: (number > 1).then(|| format!("{}{own}", self.base)),
            next: part
                .next
                .map(|next| format!("{}{own}&{next}&page={}", self.base, number + 1)),
            total: part.results.total_is_exact.then_some(part.results.total),
            per_page: Some(PER_PAGE as u64),
            page: Some(number),
            ..Paging::default()
        };
        out.facets = self.facets(&asked, &part.results.facets);
        let ids: Vec<String> = part.keys.iter().map(|(id, _)| id.clone()).collect();
        let found = documents(self.library, part.keys).await?;
        out.publications = ids
            .iter()
            .zip(&found)
            .filter_map(|(id, document)| self.publication(self.known.get(id)?, document.as_ref()?))
            .collect();
        Ok(out)
    }

    /// The one folder whose whole contents are asked for: they can be paged through to their end, which search can't.
    fn whole_folder(&self, asked: &Asked) -> Option<&Collection> {
        let plain = asked.query.is_empty()
            && asked.filters == Filters::default()
            && asked.sort == Sort::Relevance;
        match asked.collections.as_slice() {
            [id] if plain => self.known.get(id).filter(|one| one.kind == Kind::Files),
            _ => None,
        }
    }

    async fn contents(
        &self,
        asked: &Asked,
        collection: &Collection,
        after: &str,
    ) -> Result<Part, AppError> {
        let (id, after) = (collection.id.clone(), after.to_string());
        let contents: Contents = self
            .library
            .engine(move |engine| {
                let after = Some(after.as_str()).filter(|after| !after.is_empty());
                engine.contents(&id, after, PER_PAGE)
            })
            .await??;
        let mut request = self.request();
        request
            .collections
            .retain(|id| asked.collections.contains(id));
        Ok(Part {
            keys: contents
                .entries
                .into_iter()
                .map(|(key, _)| (collection.id.clone(), key))
                .collect(),
            next: contents
                .next
                .map(|next| format!("after={}", filters::url(&next))),
            results: self.library.search(request).await?,
        })
    }

    async fn found(&self, asked: &Asked, cursor: Option<String>) -> Result<Part, AppError> {
        let mut request = self.request();
        if !asked.collections.is_empty() {
            request
                .collections
                .retain(|id| asked.collections.contains(id));
        }
        request.filters = Filters {
            kinds: self.kinds(&request.collections),
            ..asked.filters.clone()
        };
        request.query.clone_from(&asked.query);
        request.sort = asked.sort;
        request.limit = PER_PAGE;
        request.cursor = cursor;
        let of_catalogue = |id: &String| {
            self.known
                .get(id)
                .is_some_and(|one| one.kind == Kind::Catalogue)
        };
        let mixed = request.collections.iter().any(of_catalogue);
        let (mut keys, mut looks) = (Vec::new(), 0);
        let results = loop {
            let mut results = self.library.search(request.clone()).await?;
            let hits = std::mem::take(&mut results.hits);
            // Of catalogues, only records with files are for reading programs.
            keys.extend(
                hits.into_iter()
                    .filter(|hit| {
                        if of_catalogue(&hit.collection) {
                            !Meta::parse(&hit.meta).files.is_empty()
                        } else {
                            KINDS.contains(&hit.kind.as_str())
                        }
                    })
                    .map(|hit| (hit.collection, hit.key)),
            );
            looks += 1;
            if results.next.is_none() || keys.len() * 2 >= PER_PAGE || looks >= LOOKS {
                // How many have files is not counted.
                results.total_is_exact &= !mixed;
                break results;
            }
            request.cursor.clone_from(&results.next);
        };
        Ok(Part {
            keys,
            next: results
                .next
                .as_ref()
                .map(|next| format!("cursor={}", filters::url(next))),
            results,
        })
    }

    fn title(&self, asked: &Asked) -> String {
        let narrowed = [
            ("collection", &asked.collections),
            ("lang", &asked.filters.languages),
            ("subject", &asked.filters.subjects),
        ]
        .into_iter()
        .flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| shown(self.page, &self.known, name, value))
        });
        let parts: Vec<String> = Some(asked.query.clone())
            .filter(|query| !query.is_empty())
            .into_iter()
            .chain(narrowed)
            .collect();
        if parts.is_empty() {
            self.page.t(match asked.sort {
                Sort::Newest => "opds-newest",
                Sort::Title | Sort::Relevance => "opds-titles",
            })
        } else {
            parts.join(" · ")
        }
    }

    fn facets(&self, asked: &Asked, counts: &Facets) -> Vec<FacetGroup> {
        let group = |key: &str, name: &'static str, counts: &[FacetCount], on: &[String]| {
            // OPDS 1.2 §4.1: within a group one facet takes the place of another, and one at most is active.
            let to = |value: Option<&str>| {
                let mut other = asked.clone();
                other.clear(name);
                if let Some(value) = value {
                    other.add(name, value);
                }
                format!("{}/list?{}", self.base, other.parameters())
            };
            let mut facets: Vec<Facet> = counts
                .iter()
                .take(VALUES)
                .map(|one| Facet {
                    title: shown(self.page, &self.known, name, &one.value),
                    href: to(Some(&one.value)),
                    active: on == std::slice::from_ref(&one.value),
                    count: Some(one.count),
                })
                .collect();
            if !on.is_empty() {
                facets.insert(
                    0,
                    Facet {
                        title: self.page.t("opds-all"),
                        href: to(None),
                        active: false,
                        count: None,
                    },
                );
            }
            FacetGroup {
                title: self.page.t(key),
                facets,
            }
        };
        let filters = &asked.filters;
        let all = vec![
            group(
                "facet-collection",
                "collection",
                &counts.collections,
                &asked.collections,
            ),
            group(
                "facet-language",
                "lang",
                &counts.languages,
                &filters.languages,
            ),
            group(
                "facet-subject",
                "subject",
                &counts.subjects,
                &filters.subjects,
            ),
        ];
        all.into_iter()
            .filter(|group| group.facets.len() > 1 || group.facets.iter().any(|one| one.active))
            .collect()
    }
}
