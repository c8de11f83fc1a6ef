//! The cataloguing desk: lists of the node's own records, forms, history, withdrawal, drafts.
//!
//! Everything works without JavaScript and by keyboard. Librarians publish; editors and members of the group
//! `cataloguers` write drafts and hand them in.

mod attached;
mod batch;
mod duplicates;
mod edit;
mod failed;
mod form;
mod headings;
mod history;
mod import;
mod list;
mod merging;
mod own;
mod review;
mod sent;
mod statistics;
mod told;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::{get, post};
use lampion_formats::records::desk::Work;
use lampion_people::Person;
use lampion_web::{App, AppError, Page, PageResult};

use super::ranges::ranged;
use crate::catalogue::{Catalogue, Rights};
use crate::library::Library;
use crate::model::{Collection, Kind};

pub(super) use attached::{Attached, blob, look};
pub(super) use told::{Notes, Told};

pub(super) fn routes(upload_limit_bytes: usize) -> Router<App> {
    forms()
        .layer(DefaultBodyLimit::max(upload_limit_bytes))
        .merge(others())
        .merge(many(upload_limit_bytes))
}

/// Forms that files come with.
fn forms() -> Router<App> {
    Router::new()
        .route(
            "/catalogue/{collection}/new",
            get(edit::begin).post(edit::save_new),
        )
        .route(
            "/catalogue/{collection}/edit/{id}",
            get(edit::show).post(edit::save),
        )
        .route(
            "/catalogue-draft/{id}",
            get(edit::draft).post(edit::save_draft),
        )
}

fn others() -> Router<App> {
    Router::new()
        .route("/catalogue", get(list::catalogues).post(list::create))
        .route("/catalogue/{collection}", get(list::records))
        .route("/catalogue/{collection}/headings", get(headings::json))
        .route("/catalogue/{collection}/templates", post(own::remove))
        .route("/catalogue-review", get(review::queue))
        .route("/attached/{collection}/{id}/{hash}", get(attached::file))
        .route("/catalogue/{collection}/merge/{id}", post(merging::publish))
        .route("/catalogue/{collection}/history/{id}", get(history::show))
        .route(
            "/catalogue/{collection}/restore/{id}",
            post(history::restore),
        )
        .route(
            "/catalogue/{collection}/withdraw/{id}",
            post(history::withdraw),
        )
        .route("/catalogue-draft/{id}/decide", post(edit::decide))
}

/// Many records at once, and what the desk knows.
fn many(upload_limit_bytes: usize) -> Router<App> {
    let of = |path: &str| format!("/catalogue/{{collection}}/{path}");
    Router::new()
        .route(&of("batch"), get(batch::begin).post(batch::act))
        .route(&of("batches"), get(batch::list))
        .route(&of("batches/{id}"), get(batch::show).post(batch::change))
        .route(&of("import"), get(import::form).post(import::from_disk))
        .route(
            &of("import/upload"),
            post(import::upload).layer(DefaultBodyLimit::max(upload_limit_bytes)),
        )
        .route(&of("duplicates"), get(duplicates::list))
        .route(&of("duplicates/apart"), post(duplicates::apart))
        .route(&of("duplicates/compare"), get(duplicates::compare))
        .route(&of("duplicates/merge"), post(duplicates::merge))
        .route("/catalogue-searches", get(failed::show).post(failed::done))
        .route("/catalogue-statistics", get(statistics::show))
}

/// Who works at the desk, on which catalogue.
struct Desk {
    catalogue: Catalogue,
    collection: Collection,
    person: Person,
    rights: Rights,
}

impl Desk {
    async fn open(page: &Page, library: &Library, collection: &str) -> Result<Self, AppError> {
        let (catalogue, person, rights) = who(page, library).await?;
        let collection = library.collection_for(collection, Some(&person))?;
        if collection.kind != Kind::Catalogue {
            return Err(AppError::not_found());
        }
        if collection.is_followed() {
            return Err(AppError::new(
                axum::http::StatusCode::FORBIDDEN,
                "followed-read-only",
                collection.node(),
            ));
        }
        Ok(Self {
            catalogue,
            collection,
            person,
            rights,
        })
    }

    fn publishes(&self) -> Result<(), AppError> {
        self.rights
            .publishes
            .then_some(())
            .ok_or_else(AppError::forbidden)
    }
}

/// The person, who may at least write drafts.
async fn who(page: &Page, library: &Library) -> Result<(Catalogue, Person, Rights), AppError> {
    let person = page.person()?.clone();
    let kernel = library.kernel();
    let rights = Rights::of(&kernel.people, &person).await?;
    if !rights.drafts {
        return Err(AppError::forbidden());
    }
    let catalogue = Catalogue::of(kernel).map_err(AppError::fault)?;
    Ok((catalogue, person, rights))
}

/// Who decides on a withdrawal, as it stands on the feed for ever: the library, not a person.
fn office(library: &Library) -> String {
    let config = &library.kernel().config;
    format!("library of {}.{}", config.name, config.net)
}

/// The record that stands for one that was withdrawn as a duplicate, in a catalogue that the person may see.
pub(super) async fn kept(
    library: &Library,
    page: &Page,
    collection: &str,
    id: &str,
) -> Result<Option<String>, AppError> {
    match library.collection_for(collection, page.person.as_ref()) {
        Ok(one) if one.kind == Kind::Catalogue && !one.is_followed() => {}
        _ => return Ok(None),
    }
    let catalogue = Catalogue::of(library.kernel()).map_err(AppError::fault)?;
    Ok(catalogue.kept_instead(collection, id).await?)
}

/// What `/original` gives of a record: MARC as it was published, or Dublin Core as XML.
pub(super) async fn original(library: &Library, collection: &Collection, id: &str) -> PageResult {
    let catalogue =
        Catalogue::of_collection(library.kernel(), collection).map_err(AppError::fault)?;
    let (_, work) = catalogue.work(collection.in_feed(), id, None).await?;
    let (mime, extension, bytes) = bytes(&work)?;
    let mut response: Response = ranged(bytes::Bytes::from(bytes), None, &HeaderMap::new());
    let name = format!("{}.{extension}", super::record::short_name(id));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, mime.parse().map_err(AppError::fault)?);
    headers.insert(
        header::CONTENT_DISPOSITION,
        super::record::attachment(&name)
            .parse()
            .map_err(AppError::fault)?,
    );
    Ok(response)
}

fn bytes(work: &Work) -> Result<(&'static str, &'static str, Vec<u8>), AppError> {
    use lampion_formats::records::desk::Scheme;
    Ok(match work.scheme() {
        Scheme::Marc21 => {
            let bytes = work
                .to_iso2709()
                .map_err(|error| AppError::unavailable(error.to_string()))?;
            ("application/marc", "mrc", bytes)
        }
        Scheme::DublinCore => ("application/xml", "xml", work.to_oai_dc().into_bytes()),
    })
}
