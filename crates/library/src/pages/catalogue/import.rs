//! Records of a file into a catalogue, from the page.

use askama::Template;
use axum::Extension;
use axum::extract::{Multipart, Path};
use axum::http::StatusCode;
use lampion_core::ids;
use lampion_web::{AppError, Form, Page, PageResult, check_csrf};

use super::super::import::{allowed, drain, folders, offered, receive_file};
use super::{Desk, office};
use crate::adding::NewImport;
use crate::catalogue::import::{ByWhom, Rule};
use crate::library::{Library, LibraryError};
use crate::model::Collection;

#[derive(Template)]
#[template(path = "catalogue_import.html")]
struct ImportPage<'a> {
    page: &'a Page,
    one: &'a Collection,
    error: String,
    rules: [(&'static str, String); 5],
    folder: String,
    found: Vec<(String, String, String)>,
}

fn draw(
    page: &Page,
    library: &Library,
    desk: &Desk,
    status: StatusCode,
    error: String,
) -> PageResult {
    let folder = folders(library)
        .iter()
        .map(|folder| folder.display().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    let mut found = offered(page, library);
    // Folders have no size.
    found.retain(|one| !one.2.is_empty());
    page.html_with(
        status,
        &ImportPage {
            page,
            one: &desk.collection,
            error,
            rules: Rule::ALL.map(|one| (one.1, page.t(&format!("rule-{}", one.1)))),
            folder,
            found,
        },
    )
}

/// `GET /catalogue/{collection}/import`.
pub(super) async fn form(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    draw(&page, &library, &desk, StatusCode::OK, String::new())
}

async fn begin(
    page: &Page,
    library: &Library,
    desk: &Desk,
    new: NewImport,
    (rule, trial): (&str, bool),
) -> PageResult {
    let rule = Rule::from_word(rule)
        .ok_or_else(|| AppError::bad_request("choose what becomes of them"))?;
    let office = office(library);
    let whose = ByWhom {
        by: &desk.person.display,
        office: &office,
    };
    let collection = &desk.collection.id;
    match library
        .import_into(new, collection, rule, trial, whose)
        .await
    {
        Ok((batch, _)) => Ok(Page::see_other(&format!(
            "/catalogue/{collection}/batches/{batch}"
        ))),
        Err(LibraryError::BadSource { reason, .. }) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            draw(page, library, desk, status, reason)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /catalogue/{collection}/import`: `path` (one of those offered), `rule`, `mapping`, `do` = `try` or `import`.
pub(super) async fn from_disk(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    form: Form,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let path = std::path::Path::new(form.get("path"));
    if !allowed(&library, path) {
        let error = page.t("error-not-found");
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return draw(&page, &library, &desk, status, error);
    }
    let new = NewImport {
        path: path.into(),
        mapping: form.trimmed("mapping").into(),
        ..NewImport::default()
    };
    let how = (form.get("rule"), form.get("do") == "try");
    begin(&page, &library, &desk, new, how).await
}

/// `POST /catalogue/{collection}/import/upload` (multipart): `csrf`, `rule`, `mapping`, `do`, `file`.
pub(super) async fn upload(
    page: Page,
    Extension(library): Extension<Library>,
    Path(collection): Path<String>,
    mut form: Multipart,
) -> PageResult {
    let desk = Desk::open(&page, &library, &collection).await?;
    desk.publishes()?;
    let folder = library
        .kernel()
        .data
        .join("uploads")
        .join(ids::new_id(&*library.kernel().rng));
    let received = receive(&page, &mut form, &folder).await;
    match received {
        Ok((new, rule, trial)) => begin(&page, &library, &desk, new, (rule.as_str(), trial)).await,
        Err(error) => {
            let _swept_at_the_next_start = tokio::fs::remove_dir_all(&folder).await;
            drain(&mut form).await;
            Err(error)
        }
    }
}

async fn receive(
    page: &Page,
    form: &mut Multipart,
    folder: &std::path::Path,
) -> Result<(NewImport, String, bool), AppError> {
    let bad = |error: axum::extract::multipart::MultipartError| {
        AppError::new(error.status(), "error-bad-request", error.body_text())
    };
    let (mut token, mut rule, mut mapping) = (String::new(), String::new(), String::new());
    let (mut trial, mut path) = (false, None);
    while let Some(field) = form.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_string();
        if name == "file" {
            check_csrf(page, &token)?;
            if let Some(kept) = receive_file(field, folder).await? {
                path = Some(kept);
            }
            continue;
        }
        let value = field.text().await.map_err(bad)?.trim().to_string();
        match name.as_str() {
            "csrf" => token = value,
            "rule" => rule = value,
            "mapping" => mapping = value,
            "do" => trial = value == "try",
            _ => {}
        }
    }
    check_csrf(page, &token)?;
    let path = path.ok_or_else(|| AppError::bad_request("choose a file"))?;
    let new = NewImport {
        path,
        mapping,
        copy: true,
        temporary: true,
        ..NewImport::default()
    };
    Ok((new, rule, trial))
}
