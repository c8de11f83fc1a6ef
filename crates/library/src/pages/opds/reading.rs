//! Public reading lists as lists of publications.

use lampion_formats::exchange::opds::{Catalogue, Navigation, Paging};
use lampion_web::{AppError, Form, filters};

use super::super::lists::resolve;
use super::Shelf;
use crate::lists::Shared;

/// Lists that are shown.
const LISTS: i64 = 200;
/// Publications on a page.
const PER_PAGE: usize = 50;

impl Shelf<'_> {
    /// `GET …/lists`: public reading lists.
    pub(super) async fn reading_lists(&self) -> Result<Catalogue, AppError> {
        let mut out = self.blank("/lists", self.page.t("nav-lists"));
        out.navigation = self
            .library
            .lists()
            .public(LISTS)
            .await?
            .into_iter()
            .map(|list| {
                let way = format!("/reading?id={}", filters::url(&list.id));
                Navigation {
                    id: self.id(&way),
                    title: list.title,
                    href: format!("{}{way}", self.base),
                    summary: Some(list.description).filter(|text| !text.is_empty()),
                    updated_ms: list.updated_ms,
                    publications: true,
                    ..Navigation::default()
                }
            })
            .collect();
        Ok(out)
    }

    /// `GET …/reading`: `id` of a public list, `from`. Only what is a file is a publication.
    pub(super) async fn reading(&self, raw: Option<&str>) -> Result<Catalogue, AppError> {
        let form = Form::parse(raw.unwrap_or_default().as_bytes());
        let lists = self.library.lists();
        let list = lists.get(form.get("id")).await?;
        if list.shared != Shared::Public {
            return Err(AppError::not_found());
        }
        let from: usize = form.get("from").parse().unwrap_or(0);
        let items = lists.items(&list.id).await?;
        let end = from.saturating_add(PER_PAGE).min(items.len());
        let part = items.get(from..end).unwrap_or_default();
        let way = format!("/reading?id={}", filters::url(&list.id));
        let found = resolve(self.library, &self.known, part).await?;
        let publications = part
            .iter()
            .zip(&found)
            .filter_map(|(item, document)| {
                self.publication(self.known.get(&item.collection)?, document.as_ref()?)
            })
            .collect();
        Ok(Catalogue {
            publications,
            updated_ms: list.updated_ms,
            paging: Paging {
                next: (end < items.len()).then(|| format!("{}{way}&from={end}", self.base)),
                ..Paging::default()
            },
            ..self.blank(&way, list.title)
        })
    }
}
