//! Reading lists and shelves: shown, made, ordered, filled from the page of a record, taken away as files.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{DefaultBodyLimit, Multipart, Path, Query};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Extension, Router};
use lampion_formats::exchange::export::{ExportError, ExportFormat, Exporter};
use lampion_people::Role;
use lampion_search::StoredDocument;
use lampion_web::{App, AppError, Form, Page, PageResult, check_csrf};
use serde::Deserialize;

use super::address;
use super::desk::COVER_LIMIT;
use super::entries::{documents, known, whole_record};
use super::record::attachment;
use crate::catalogue::Catalogue;
use crate::library::Library;
use crate::lists::{Item, ListError, ReadingList, Shared};
use crate::model::{Collection, Kind};

/// Items of one page.
const ITEMS: usize = 50;
/// Documents that are looked up together for a file.
const STEP: usize = 100;
/// Public lists of one page.
const LISTS: i64 = 100;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/lists", get(all).post(create))
        .route("/lists/add", get(choose).post(add))
        .route("/list/{id}", get(show).post(change))
        .route("/list/{id}/edit", get(edit))
        .route(
            "/list/{id}/cover",
            get(cover)
                .post(set_cover)
                .layer(DefaultBodyLimit::max(COVER_LIMIT)),
        )
        .route("/list/{id}/export/{extension}", get(export))
}

/// An item as the page shows it.
pub(super) struct ItemShown {
    pub id: String,
    pub note: String,
    /// Where it leads; empty if it can't be shown.
    pub href: String,
    pub title: String,
    pub language: String,
    pub collection: String,
    pub by: String,
    /// Message instead of a title.
    pub missing: &'static str,
}

/// What a person sees of items. What was withdrawn as a duplicate is found under the record that stands for it.
pub(super) async fn resolve(
    library: &Library,
    known: &HashMap<String, Collection>,
    items: &[Item],
) -> Result<Vec<Option<StoredDocument>>, AppError> {
    let mut wanted: Vec<(String, String)> = items
        .iter()
        .map(|item| (item.collection.clone(), item.document.clone()))
        .collect();
    // Of a collection that the person may not see nothing is read.
    for place in &mut wanted {
        if !known.contains_key(&place.0) {
            *place = (String::new(), String::new());
        }
    }
    let mut found = documents(library, wanted.clone()).await?;
    let catalogue = Catalogue::of(library.kernel()).map_err(AppError::fault)?;
    for (document, (collection, key)) in found.iter_mut().zip(&wanted) {
        let own = known
            .get(collection)
            .is_some_and(|one| one.kind == Kind::Catalogue && !one.is_followed());
        if document.is_some() || !own {
            continue;
        }
        if let Some(kept) = catalogue.kept_instead(collection, key).await? {
            let place = vec![(collection.clone(), kept)];
            *document = documents(library, place).await?.pop().flatten();
        }
    }
    Ok(found)
}

async fn items_shown(
    library: &Library,
    page: &Page,
    items: &[Item],
) -> Result<Vec<ItemShown>, AppError> {
    let known = known(library, page);
    let found = resolve(library, &known, items).await?;
    Ok(items
        .iter()
        .zip(found)
        .map(|(item, document)| {
            let collection = known.get(&item.collection);
            let blank = ItemShown {
                id: item.id.clone(),
                note: item.note.clone(),
                href: String::new(),
                title: String::new(),
                language: String::new(),
                collection: collection.map(|one| one.title.clone()).unwrap_or_default(),
                by: String::new(),
                missing: "",
            };
            match (collection, document) {
                (Some(collection), Some(document)) => {
                    let (record, meta) = whole_record(&document);
                    let names: Vec<&str> = record
                        .authors
                        .iter()
                        .take(3)
                        .map(|name| name.display.as_str())
                        .collect();
                    ItemShown {
                        href: address(collection, &document.key, &meta),
                        by: names.join("; "),
                        title: if document.title.is_empty() {
                            document.key.clone()
                        } else {
                            document.title
                        },
                        language: document.language,
                        ..blank
                    }
                }
                (None, _) if library.collection(&item.collection).is_some() => ItemShown {
                    missing: "list-item-hidden",
                    ..blank
                },
                _ => ItemShown {
                    missing: "list-item-gone",
                    ..blank
                },
            }
        })
        .collect())
}

#[derive(Template)]
#[template(path = "lists.html")]
struct ListsPage<'a> {
    page: &'a Page,
    public: Vec<ReadingList>,
    own: Vec<ReadingList>,
    librarian: bool,
    error: String,
}

/// `GET /lists`.
async fn all(page: Page, Extension(library): Extension<Library>) -> PageResult {
    draw_all(&page, &library, StatusCode::OK, String::new()).await
}

async fn draw_all(page: &Page, library: &Library, status: StatusCode, error: String) -> PageResult {
    let lists = library.lists();
    let own = match &page.person {
        Some(person) => lists.of(&person.id).await?,
        None => Vec::new(),
    };
    page.html_with(
        status,
        &ListsPage {
            page,
            public: lists.public(LISTS).await?,
            own,
            librarian: page.has(Role::Librarian),
            error,
        },
    )
}

/// Sharing as a form says it: public lists are made by librarians.
fn shared(page: &Page, word: &str) -> Result<Shared, AppError> {
    let shared = Shared::from_word(word);
    if shared == Shared::Public && !page.has(Role::Librarian) {
        return Err(AppError::forbidden());
    }
    Ok(shared)
}

/// `POST /lists`: `title`, `shared`.
async fn create(page: Page, Extension(library): Extension<Library>, form: Form) -> PageResult {
    let person = page.person()?;
    let shared = shared(&page, form.get("shared"))?;
    let whose = (person.id.as_str(), person.display.as_str());
    match library
        .lists()
        .create(whose, form.get("title"), shared)
        .await
    {
        Ok(id) => Ok(Page::see_other(&format!("/list/{id}/edit"))),
        Err(error @ (ListError::NoTitle | ListError::TooMany)) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            draw_all(&page, &library, status, error.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct From {
    from: usize,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage<'a> {
    page: &'a Page,
    list: ReadingList,
    items: Vec<ItemShown>,
    from: usize,
    next: Option<usize>,
    own: bool,
    exports: Vec<(&'static str, String)>,
}

/// Whether the one who asks may change a list: who made it; a public one every librarian.
fn changes(page: &Page, list: &ReadingList) -> bool {
    let own = page
        .person
        .as_ref()
        .is_some_and(|person| person.id == list.person);
    own || list.shared == Shared::Public && page.has(Role::Librarian)
}

fn part(items: &[Item], from: usize) -> (&[Item], Option<usize>) {
    let end = from.saturating_add(ITEMS).min(items.len());
    let part = items.get(from..end).unwrap_or_default();
    (part, (end < items.len()).then_some(end))
}

async fn list_for(page: &Page, library: &Library, id: &str) -> Result<ReadingList, AppError> {
    let person = page.person.as_ref().map(|person| person.id.as_str());
    Ok(library.lists().get_for(id, person).await?)
}

/// `GET /list/{id}?from=`.
async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    Query(asked): Query<From>,
) -> PageResult {
    let list = list_for(&page, &library, &id).await?;
    let items = library.lists().items(&id).await?;
    let (part, next) = part(&items, asked.from);
    let own = changes(&page, &list);
    let exports = ExportFormat::ALL
        .iter()
        .filter(|format| !matches!(format, ExportFormat::CslJson | ExportFormat::MarcXml))
        .map(|format| {
            let name = match format {
                ExportFormat::Marc => "MARC",
                ExportFormat::BibTex => "BibTeX",
                ExportFormat::Ris => "RIS",
                _ => "CSV",
            };
            (name, format!("/list/{id}/export/{}", format.extension()))
        })
        .collect();
    page.html(&ListPage {
        page: &page,
        items: items_shown(&library, &page, part).await?,
        from: asked.from,
        next,
        own,
        exports,
        list,
    })
}

#[derive(Template)]
#[template(path = "list_edit.html")]
struct EditPage<'a> {
    page: &'a Page,
    list: ReadingList,
    items: Vec<ItemShown>,
    from: usize,
    next: Option<usize>,
    total: usize,
    librarian: bool,
    error: String,
}

async fn draw_edit(
    page: &Page,
    library: &Library,
    list: ReadingList,
    from: usize,
    (status, error): (StatusCode, String),
) -> PageResult {
    let items = library.lists().items(&list.id).await?;
    let (part, next) = part(&items, from);
    page.html_with(
        status,
        &EditPage {
            page,
            items: items_shown(library, page, part).await?,
            from,
            next,
            total: items.len(),
            librarian: page.has(Role::Librarian),
            error,
            list,
        },
    )
}

async fn own_list(page: &Page, library: &Library, id: &str) -> Result<ReadingList, AppError> {
    page.person()?;
    let list = list_for(page, library, id).await?;
    changes(page, &list)
        .then_some(list)
        .ok_or_else(AppError::forbidden)
}

/// `GET /list/{id}/edit?from=`.
async fn edit(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    Query(asked): Query<From>,
) -> PageResult {
    let list = own_list(&page, &library, &id).await?;
    draw_edit(
        &page,
        &library,
        list,
        asked.from,
        (StatusCode::OK, String::new()),
    )
    .await
}

/// `POST /list/{id}`: `do` = `describe` (`title`, `description`, `shared`), `remove` (`sure`), or with `item`: `up`,
/// `down`, `off`, `note` (`note`).
async fn change(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    form: Form,
) -> PageResult {
    let mut list = own_list(&page, &library, &id).await?;
    let lists = library.lists();
    let item = form.get("item");
    let from: usize = form.get("from").parse().unwrap_or(0);
    let back = format!("/list/{id}/edit?from={from}");
    match form.get("do") {
        "up" => lists.shift(&id, item, true).await?,
        "down" => lists.shift(&id, item, false).await?,
        "off" => lists.take_off(&id, item).await?,
        "note" => lists.note(&id, item, form.get("note")).await?,
        "remove" if !form.get("sure").is_empty() => {
            lists.remove(&id).await?;
            return Ok(Page::see_other("/lists"));
        }
        "describe" => {
            list.title = form.trimmed("title").into();
            list.description = form.trimmed("description").into();
            list.shared = shared(&page, form.get("shared"))?;
            if list.title.is_empty() {
                let error = page.t("dc-no-title");
                let refused = (StatusCode::UNPROCESSABLE_ENTITY, error);
                return draw_edit(&page, &library, list, from, refused).await;
            }
            lists.describe(&list).await?;
            return Ok(Page::see_other(&format!("/list/{id}")));
        }
        _ => return Err(AppError::bad_request("choose what to do")),
    }
    let anchor = if item.is_empty() || form.get("do") == "off" {
        String::new()
    } else {
        format!("#i{item}")
    };
    Ok(Page::see_other(&format!("{back}{anchor}")))
}

/// `POST /list/{id}/cover` (multipart): `csrf`, `cover`; without a file the cover goes.
async fn set_cover(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
    mut form: Multipart,
) -> PageResult {
    let mut list = own_list(&page, &library, &id).await?;
    let bad = |error: axum::extract::multipart::MultipartError| {
        AppError::new(error.status(), "error-bad-request", error.body_text())
    };
    let (mut token, mut picture) = (String::new(), None);
    while let Some(field) = form.next_field().await.map_err(bad)? {
        match field.name() {
            Some("csrf") => token = field.text().await.map_err(bad)?,
            Some("cover") => {
                picture = Some(field.bytes().await.map_err(bad)?).filter(|bytes| !bytes.is_empty());
            }
            _ => {}
        }
    }
    check_csrf(&page, &token)?;
    list.cover = match picture {
        Some(picture) => {
            let stream = futures_util::stream::iter([Ok::<_, std::io::Error>(picture)]);
            let stored = library
                .kernel()
                .blobs
                .put_stream(stream)
                .await
                .map_err(AppError::fault)?;
            stored.hash.to_string()
        }
        None => String::new(),
    };
    library.lists().describe(&list).await?;
    Ok(Page::see_other(&format!("/list/{id}/edit")))
}

/// `GET /list/{id}/cover`.
async fn cover(
    page: Page,
    Extension(library): Extension<Library>,
    Path(id): Path<String>,
) -> PageResult {
    let list = list_for(&page, &library, &id).await?;
    super::home::picture(&library, &list.cover).await
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Wanted {
    collection: String,
    key: String,
}

#[derive(Template)]
#[template(path = "list_add.html")]
struct AddPage<'a> {
    page: &'a Page,
    collection: Collection,
    document: StoredDocument,
    lists: Vec<ReadingList>,
}

/// `GET /lists/add?collection=…&key=…`: on which list?
async fn choose(
    page: Page,
    Extension(library): Extension<Library>,
    Query(wanted): Query<Wanted>,
) -> PageResult {
    let person = page.person()?;
    let found = super::record::find(&library, &page, &wanted.collection, &wanted.key).await?;
    page.html(&AddPage {
        page: &page,
        lists: library.lists().of(&person.id).await?,
        collection: found.0,
        document: found.1,
    })
}

/// `POST /lists/add`: `collection`, `key`, `list` (or `title` of a new one), `note`.
async fn add(page: Page, Extension(library): Extension<Library>, form: Form) -> PageResult {
    let person = page.person()?;
    let (collection, document) =
        super::record::find(&library, &page, form.get("collection"), form.get("key")).await?;
    let lists = library.lists();
    let id = if form.get("list").is_empty() {
        let whose = (person.id.as_str(), person.display.as_str());
        lists
            .create(whose, form.get("title"), Shared::Private)
            .await?
    } else {
        own_list(&page, &library, form.get("list")).await?.id
    };
    lists
        .add(&id, &collection.id, &document.key, form.get("note"))
        .await?;
    Ok(Page::see_other(&format!("/list/{id}")))
}

/// `GET /list/{id}/export/{extension}`: the list as a file for other programs, without what can't be shown.
async fn export(
    page: Page,
    Extension(library): Extension<Library>,
    Path((id, extension)): Path<(String, String)>,
) -> PageResult {
    let list = list_for(&page, &library, &id).await?;
    let format = ExportFormat::ALL
        .into_iter()
        .find(|format| format.extension() == extension)
        .ok_or_else(AppError::not_found)?;
    let items = library.lists().items(&id).await?;
    let known = known(&library, &page);
    let mut exporter = Exporter::new(format, Vec::new()).map_err(AppError::fault)?;
    for part in items.chunks(STEP) {
        for document in resolve(&library, &known, part).await?.into_iter().flatten() {
            match exporter.write(&whole_record(&document).0) {
                Ok(()) => {}
                // MARC in ISO 2709 has no place for a record of 100 kB: the others are worth having.
                Err(ExportError::Unwritable { .. }) => {
                    tracing::debug!("a record is too long for MARC");
                }
                Err(error) => return Err(AppError::fault(error)),
            }
        }
    }
    let bytes = exporter.finish().map_err(AppError::fault)?;
    let name: String = list
        .title
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .take(60)
        .collect();
    let name = format!("{}.{}", name.trim(), format.extension());
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_string()),
        (header::CONTENT_DISPOSITION, attachment(&name)),
        (header::CACHE_CONTROL, "private, no-cache".into()),
    ];
    Ok((headers, bytes).into_response())
}
