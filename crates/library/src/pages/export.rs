//! What a search finds, as a file for other programs.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::header;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use lampion_formats::exchange::export::{ExportError, ExportFormat, Exporter};
use lampion_search::{Hit, REACH, SearchRequest, SearchResults};
use lampion_web::{AppError, Page, PageResult};

use super::entries::{documents, known, whole_record};
use super::record::attachment;
use super::search::Asked;
use crate::library::Library;
use crate::model::Collection;

/// Results that are looked up and sent together.
const STEP: usize = 100;

/// Addresses of the files of a search, with their names for people.
pub(super) fn links(parameters: &str) -> Vec<(&'static str, String)> {
    ExportFormat::ALL
        .iter()
        .map(|format| {
            let name = match format {
                ExportFormat::Marc => "MARC",
                ExportFormat::MarcXml => "MARCXML",
                ExportFormat::BibTex => "BibTeX",
                ExportFormat::Ris => "RIS",
                ExportFormat::Csv => "CSV",
                ExportFormat::CslJson => "CSL-JSON",
            };
            (name, format!("/export/{}?{parameters}", format.extension()))
        })
        .collect()
}

/// `GET /export/{extension}`: the parameters of `/search`; at most the results that can be paged through. The file's
/// name says how many there are.
pub(super) async fn export(
    page: Page,
    Extension(library): Extension<Library>,
    Path(extension): Path<String>,
    RawQuery(raw): RawQuery,
) -> PageResult {
    let format = ExportFormat::ALL
        .into_iter()
        .find(|format| format.extension() == extension)
        .ok_or_else(AppError::not_found)?;
    let mut asked = Asked::parse(raw.as_deref());
    asked.cursor = None;
    if asked.query.is_empty() {
        return Err(AppError::bad_request("search for something first: q=…"));
    }
    let request = asked.request(&library, &page, STEP, false);
    // The first results are found before anything is sent, so that a refusal has its own status.
    let first = library.search(request.clone()).await?;
    let name = file_name(&first, format);
    let buffer = Buffer::default();
    let list = List {
        known: known(&library, &page),
        library,
        request,
        found: Some(first),
        left: REACH,
        exporter: Some(Exporter::new(format, buffer.clone()).map_err(AppError::fault)?),
        buffer,
    };
    let pieces = futures_util::stream::try_unfold(list, |mut list| async move {
        Ok::<_, io::Error>(list.piece().await?.map(|bytes| (bytes, list)))
    });
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_string()),
        (header::CONTENT_DISPOSITION, attachment(&name)),
        (header::CACHE_CONTROL, "private, no-cache".into()),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// `results-37.bib`, or `results-1000-of-2500.bib` where there are more than a file takes.
fn file_name(first: &SearchResults, format: ExportFormat) -> String {
    let extension = format.extension();
    let most = REACH as u64;
    if first.total <= most && first.total_is_exact {
        format!("results-{}.{extension}", first.total)
    } else if first.total_is_exact {
        format!("results-{most}-of-{}.{extension}", first.total)
    } else {
        format!("results-first-{most}.{extension}")
    }
}

/// A list on its way to the reader, found and written part by part as the reader takes it.
struct List {
    library: Library,
    known: HashMap<String, Collection>,
    request: SearchRequest,
    found: Option<SearchResults>,
    left: usize,
    exporter: Option<Exporter<Buffer>>,
    buffer: Buffer,
}

impl List {
    /// The next bytes; nothing at the end.
    async fn piece(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            let Some(found) = self.found.take() else {
                let Some(exporter) = self.exporter.take() else {
                    return Ok(None);
                };
                exporter.finish()?;
                return Ok(Some(self.buffer.take()).filter(|bytes| !bytes.is_empty()));
            };
            self.write(found.hits).await?;
            if let Some(cursor) = found.next.filter(|_| self.left > 0) {
                self.request.cursor = Some(cursor);
                let more = self.library.search(self.request.clone()).await;
                self.found = Some(more.map_err(io::Error::other)?);
            }
            let bytes = self.buffer.take();
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
    }

    async fn write(&mut self, mut hits: Vec<Hit>) -> io::Result<()> {
        hits.retain(|hit| self.known.contains_key(&hit.collection));
        hits.truncate(self.left);
        self.left -= hits.len();
        if hits.is_empty() {
            self.left = 0;
        }
        let wanted = hits
            .into_iter()
            .map(|hit| (hit.collection, hit.key))
            .collect();
        let Some(exporter) = &mut self.exporter else {
            return Ok(());
        };
        for document in documents(&self.library, wanted)
            .await
            .map_err(io::Error::other)?
            .into_iter()
            .flatten()
        {
            match exporter.write(&whole_record(&document).0) {
                Ok(()) => {}
                // MARC in ISO 2709 has no place for a record of 100 kB: the others are worth having.
                Err(ExportError::Unwritable { .. }) => {
                    tracing::debug!("a record is too long for MARC")
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(())
    }
}

/// What the exporter wrote and nobody took yet.
#[derive(Debug, Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Bytes {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Bytes::from(std::mem::take(&mut *bytes))
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
