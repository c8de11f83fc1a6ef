//! Adding a collection from the page: files sent by the browser, or what lies on the node's disk.

use std::path::{Path, PathBuf};

use askama::Template;
use axum::Extension;
use axum::extract::Multipart;
use axum::http::StatusCode;
use lampion_core::ids;
use lampion_people::Role;
use lampion_web::{AppError, Form, Page, PageResult, check_csrf};
use tokio::io::AsyncWriteExt as _;

use crate::adding::NewImport;
use crate::harvest::NewHarvest;
use crate::library::{Library, LibraryError};
use crate::model::Kind;

/// Entries of a folder that are offered.
const OFFERED: usize = 500;
/// The most bytes of a refused upload that are still read.
const DRAIN_LIMIT: usize = 64 << 20;
/// Files of one upload.
const FILES_LIMIT: usize = 10_000;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage<'a> {
    page: &'a Page,
    error: String,
    folder: String,
    found: Vec<(String, String, String)>,
}

/// Folders from which librarians may import by the page.
fn folders(library: &Library) -> Vec<PathBuf> {
    let own = library.kernel().data.join("import");
    std::iter::once(own)
        .chain(library.kernel().config.import_folders.iter().cloned())
        .collect()
}

fn show(page: &Page, library: &Library, status: StatusCode, error: String) -> PageResult {
    let mut found = Vec::new();
    for folder in folders(library) {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        let mut entries: Vec<_> = entries.flatten().take(OFFERED).collect();
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            // Of a split archive, the first part stands for all.
            let later_part = name
                .rsplit_once(".zim")
                .is_some_and(|(_, part)| part.len() == 2 && part != "aa");
            if name.starts_with('.') || later_part {
                continue;
            }
            let size = match entry.metadata() {
                Ok(about) if about.is_file() => page.bytes(about.len()),
                _ => String::new(),
            };
            found.push((entry.path().to_string_lossy().into_owned(), name, size));
        }
    }
    let folder = folders(library)
        .iter()
        .map(|folder| folder.display().to_string())
        .collect::<Vec<_>>()
        .join(", ");
    page.html_with(
        status,
        &ImportPage {
            page,
            error,
            folder,
            found,
        },
    )
}

/// `GET /desk/import`.
pub(super) async fn form(page: Page, Extension(library): Extension<Library>) -> PageResult {
    page.require(Role::Librarian)?;
    show(&page, &library, StatusCode::OK, String::new())
}

/// `POST /desk/import`: `path` (one of those offered), `copy`, `title`, `mapping`.
pub(super) async fn from_disk(
    page: Page,
    Extension(library): Extension<Library>,
    form: Form,
) -> PageResult {
    page.require(Role::Librarian)?;
    let path = Path::new(form.get("path"));
    let allowed = std::fs::canonicalize(path).is_ok_and(|real| {
        folders(&library)
            .iter()
            .filter_map(|folder| std::fs::canonicalize(folder).ok())
            .any(|folder| real.starts_with(&folder) && real != folder)
    });
    if !allowed {
        return show(
            &page,
            &library,
            StatusCode::UNPROCESSABLE_ENTITY,
            page.t("error-not-found"),
        );
    }
    let new = NewImport {
        path: path.into(),
        title: form.trimmed("title").into(),
        copy: !form.get("copy").is_empty(),
        mapping: form.trimmed("mapping").into(),
        ..NewImport::default()
    };
    begin(&page, &library, new).await
}

async fn begin(page: &Page, library: &Library, new: NewImport) -> PageResult {
    let begun = library.import(new).await;
    added(page, library, begun)
}

/// The new collection's page, or the form with the reason.
fn added(
    page: &Page,
    library: &Library,
    begun: Result<(String, String), LibraryError>,
) -> PageResult {
    match begun {
        Ok((id, _)) => Ok(Page::see_other(&format!("/desk/{id}"))),
        Err(error @ LibraryError::BadSource { .. }) => show(
            page,
            library,
            StatusCode::UNPROCESSABLE_ENTITY,
            error.to_string(),
        ),
        Err(error) => Err(error.into()),
    }
}

/// `POST /desk/import/harvest`: `url`, `set`, `prefix`, `title`.
pub(super) async fn harvest(
    page: Page,
    Extension(library): Extension<Library>,
    form: Form,
) -> PageResult {
    page.require(Role::Librarian)?;
    let new = NewHarvest {
        url: form.trimmed("url").into(),
        set: form.trimmed("set").into(),
        prefix: form.trimmed("prefix").into(),
        title: form.trimmed("title").into(),
        ..NewHarvest::default()
    };
    let begun = library.harvest(new).await;
    added(&page, &library, begun)
}

/// `POST /desk/import/upload` (multipart): `csrf`, `title`, `mapping`, `file` (several).
pub(super) async fn upload(
    page: Page,
    Extension(library): Extension<Library>,
    mut form: Multipart,
) -> PageResult {
    page.require(Role::Librarian)?;
    let folder = library
        .kernel()
        .data
        .join("uploads")
        .join(ids::new_id(&*library.kernel().rng));
    match receive(&page, &mut form, &folder).await {
        Ok(new) => begin(&page, &library, new).await,
        Err(error) => {
            let _swept_at_the_next_start = tokio::fs::remove_dir_all(&folder).await;
            drain(&mut form).await;
            Err(error)
        }
    }
}

/// Reads on for a while: a browser that still sends would show a broken connection instead of the reason.
pub(super) async fn drain(form: &mut Multipart) {
    let mut left = DRAIN_LIMIT;
    while let Ok(Some(mut field)) = form.next_field().await {
        while let Ok(Some(piece)) = field.chunk().await {
            left = left.saturating_sub(piece.len());
            if left == 0 {
                return;
            }
        }
    }
}

/// A full disk is said as such.
fn full(error: std::io::Error) -> AppError {
    match error.kind() {
        std::io::ErrorKind::StorageFull => {
            AppError::new(StatusCode::INSUFFICIENT_STORAGE, "error-disk-full", "")
        }
        _ => AppError::fault(error),
    }
}

async fn receive(page: &Page, form: &mut Multipart, folder: &Path) -> Result<NewImport, AppError> {
    tokio::fs::create_dir_all(folder).await.map_err(full)?;
    let bad = |error: axum::extract::multipart::MultipartError| {
        AppError::new(error.status(), "error-bad-request", error.body_text())
    };
    let mut new = NewImport {
        copy: true,
        temporary: true,
        ..NewImport::default()
    };
    let mut files = Vec::new();
    let mut token = None;
    while let Some(mut field) = form.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_string();
        if name != "file" {
            let value = field.text().await.map_err(bad)?.trim().to_string();
            match name.as_str() {
                "csrf" => token = Some(value),
                "title" => new.title = value,
                "mapping" => new.mapping = value,
                _ => {}
            }
            continue;
        }
        // The token stands before the files in our form: nothing is kept for who doesn't have it.
        check_csrf(page, token.as_deref().unwrap_or_default())?;
        let given = field.file_name().unwrap_or_default().to_string();
        let Some(safe) = safe_name(&given) else {
            continue;
        };
        if files.len() >= FILES_LIMIT {
            return Err(AppError::bad_request(format!(
                "more than {FILES_LIMIT} files: send them in parts"
            )));
        }
        let path = folder.join(&safe);
        let mut out = tokio::fs::File::create(&path).await.map_err(full)?;
        while let Some(piece) = field.chunk().await.map_err(bad)? {
            out.write_all(&piece).await.map_err(full)?;
        }
        out.sync_all().await.map_err(full)?;
        files.push(path);
    }
    check_csrf(page, token.as_deref().unwrap_or_default())?;
    match files.as_slice() {
        [] => Err(AppError::bad_request("choose at least one file")),
        [one] => {
            new.path.clone_from(one);
            Ok(new)
        }
        _ => {
            new.path = folder.into();
            new.kind = Some(Kind::Files);
            if new.title.is_empty() {
                new.title = files
                    .first()
                    .and_then(|file| file.file_stem())
                    .map(|name| name.to_string_lossy().into_owned())
                    .unwrap_or_default();
            }
            Ok(new)
        }
    }
}

/// A file's name without any folder; `None` if nothing is left.
fn safe_name(given: &str) -> Option<String> {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(120).collect();
    let name = name.trim().trim_start_matches('.').to_string();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::safe_name;

    #[test]
    fn names_of_uploads_stay_in_their_folder() {
        assert_eq!(safe_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(safe_name("C:\\x\\책.pdf").as_deref(), Some("책.pdf"));
        assert_eq!(safe_name(".."), None);
        assert_eq!(safe_name(".htaccess").as_deref(), Some("htaccess"));
    }
}
