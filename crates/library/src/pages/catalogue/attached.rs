//! Files and covers of records for readers, and the page of a record that was withdrawn.

use std::ops::Range;

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use lampion_blobs::{BlobError, Hash};
use lampion_formats::records::desk::{Attachment, Work};
use lampion_web::{AppError, Page, PageResult};

use crate::catalogue::{Catalogue, RecordRow};
use crate::library::Library;
use crate::model::{Collection, Kind};
use crate::pages::ranges;
use crate::pages::record::attachment;
use crate::pages::when::When;

/// What a record's page shows of its files.
#[derive(Default)]
pub(in crate::pages) struct Attached {
    /// Address of the cover; empty for none.
    pub cover: String,
    /// Name, address, media type, size.
    pub files: Vec<(String, String, String, String)>,
}

impl Attached {
    pub(super) fn of(page: &Page, collection: &str, id: &str, work: &Work) -> Self {
        let address = |file: &Attachment| {
            let id = page.url_path(id);
            format!("/attached/{collection}/{id}/{}", file.blake3)
        };
        Self {
            cover: work.cover.as_ref().map(address).unwrap_or_default(),
            files: work
                .files
                .iter()
                .map(|file| {
                    let size = page.bytes(file.size_bytes);
                    (
                        file.name.clone(),
                        address(file),
                        file.media_type.clone(),
                        size,
                    )
                })
                .collect(),
        }
    }

    /// Of files that did not come along the name is shown, but nothing that can be asked for.
    async fn only_here(&mut self, library: &Library, work: &Work) {
        let blobs = &library.kernel().blobs;
        let here = async |file: &Attachment| match file.blake3.parse() {
            Ok(hash) => blobs.exists(&hash).await.unwrap_or(false),
            Err(_) => false,
        };
        if let Some(cover) = &work.cover
            && !here(cover).await
        {
            self.cover.clear();
        }
        for (shown, file) in self.files.iter_mut().zip(&work.files) {
            if !here(file).await {
                shown.1.clear();
            }
        }
    }
}

#[derive(Template)]
#[template(path = "record_withdrawn.html")]
struct WithdrawnPage<'a> {
    page: &'a Page,
    collection: &'a Collection,
    row: &'a RecordRow,
    when: When,
    reason: String,
}

/// Of a record of a catalogue: its files, or the page that says that it was withdrawn.
pub(in crate::pages) async fn look(
    page: &Page,
    library: &Library,
    collection: &Collection,
    id: &str,
) -> Result<Result<Attached, Response>, AppError> {
    if collection.kind != Kind::Catalogue {
        return Ok(Ok(Attached::default()));
    }
    let catalogue =
        Catalogue::of_collection(library.kernel(), collection).map_err(AppError::fault)?;
    match catalogue.get(collection.in_feed(), id, None).await? {
        Some((row, _)) if row.reason.is_some() => {
            Ok(Err(withdrawn(page, library, collection, &row)?))
        }
        Some((_, Some(work))) => {
            let mut attached = Attached::of(page, &collection.id, id, &work);
            if collection.is_followed() {
                attached.only_here(library, &work).await;
            }
            Ok(Ok(attached))
        }
        _ => Ok(Ok(Attached::default())),
    }
}

fn withdrawn(
    page: &Page,
    library: &Library,
    collection: &Collection,
    row: &RecordRow,
) -> PageResult {
    let reason = row
        .reason
        .map(|reason| page.t(&format!("reason-{}", reason.as_str())))
        .unwrap_or_default();
    page.html_with(
        StatusCode::GONE,
        &WithdrawnPage {
            page,
            collection,
            row,
            when: When::of(page, library.kernel().clock.now_ms(), row.published_ms),
            reason,
        },
    )
}

/// `GET /attached/{collection}/{id}/{hash}`: a file of the newest version of a record, or its cover.
pub(super) async fn file(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, id, hash)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> PageResult {
    let collection = library.collection_for(&collection, page.person.as_ref())?;
    let catalogue =
        Catalogue::of_collection(library.kernel(), &collection).map_err(AppError::fault)?;
    let (_, work) = catalogue.work(collection.in_feed(), &id, None).await?;
    let cover = work.cover.as_ref().filter(|file| file.blake3 == hash);
    let file = work
        .files
        .iter()
        .find(|file| file.blake3 == hash)
        .or(cover)
        .ok_or_else(AppError::not_found)?;
    let tag = format!("\"{hash}\"");
    if ranges::known(&headers, &tag) {
        return Ok(ranges::not_modified(&tag));
    }
    let mut response = bytes(&library, file, &tag, &headers).await?;
    let disposition = match cover {
        Some(_) => "inline".to_string(),
        None => attachment(&file.name),
    };
    let answer = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, file.media_type.as_str()),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        // Asked for anew each time: what was withdrawn is not shown from a store.
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ETAG, tag.as_str()),
        // Whatever it is, it runs nothing and belongs to no origin.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        answer.insert(name, HeaderValue::from_str(value).map_err(AppError::fault)?);
    }
    Ok(response)
}

async fn bytes(
    library: &Library,
    file: &Attachment,
    tag: &str,
    headers: &HeaderMap,
) -> Result<Response, AppError> {
    let hash: Hash = file.blake3.parse().map_err(|_| AppError::not_found())?;
    let range: Option<Range<u64>> = match ranges::range_of(headers, file.size_bytes, Some(tag)) {
        Some(Err(())) => return Ok(ranges::unsatisfiable(file.size_bytes)),
        Some(Ok(range)) => Some(range),
        None => None,
    };
    let (size, stream) = match library.kernel().blobs.get(&hash, range.clone()).await {
        Ok(found) => found,
        // The record came from elsewhere, and its files have not.
        Err(BlobError::NotFound(_)) => return Err(AppError::not_found()),
        Err(error) => return Err(error.into()),
    };
    let length = range.as_ref().map_or(size, |range| range.end - range.start);
    let mut response = Response::new(axum::body::Body::from_stream(stream));
    let answer = response.headers_mut();
    answer.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    answer.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(match range {
        Some(range) => ranges::partial(response, &range, size),
        None => response,
    })
}

/// A blob's bytes, or those of a range of it.
pub(in crate::pages) async fn blob(
    library: &Library,
    hash: &str,
    headers: &HeaderMap,
) -> PageResult {
    let parsed: Hash = hash.parse().map_err(|_| AppError::not_found())?;
    let size_bytes = match library.kernel().blobs.size(&parsed).await {
        Ok(size) => size,
        Err(BlobError::NotFound(_)) => return Err(AppError::not_found()),
        Err(error) => return Err(AppError::fault(error)),
    };
    let file = Attachment {
        blake3: hash.to_string(),
        size_bytes,
        name: String::new(),
        media_type: String::new(),
    };
    bytes(library, &file, &format!("\"{hash}\""), headers).await
}
