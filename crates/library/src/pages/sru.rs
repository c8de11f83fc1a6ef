//! SRU 1.2: the library as a catalogue that other library systems search.

use axum::Extension;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use lampion_formats::exchange::cql::{Order, compile};
use lampion_formats::exchange::diagnostic::{Code, Diagnostic};
use lampion_formats::exchange::sru::{
    CONTENT_TYPE, Refusal, Request, SearchAnswer, SearchRetrieve, Server, explain, refusal,
};
use lampion_search::{Match, REACH, SearchRequest, SearchResults, Sort, cursor_after};
use lampion_web::{AppError, Form, Page};

use super::entries::{documents, host, whole_record};
use crate::library::{Library, LibraryError};

/// Records in an answer to a search that names no number.
const RECORDS: usize = 10;
/// The most records in an answer.
const MOST_RECORDS: usize = 100;

/// `GET /sru`.
pub(super) async fn get(
    page: Page,
    Extension(library): Extension<Library>,
    RawQuery(raw): RawQuery,
) -> Response {
    answered(&page, &library, raw.unwrap_or_default().as_bytes()).await
}

/// `POST /sru`: the same parameters as a form. It changes nothing, so it needs no token.
pub(super) async fn post(
    page: Page,
    Extension(library): Extension<Library>,
    body: Bytes,
) -> Response {
    answered(&page, &library, &body).await
}

async fn answered(page: &Page, library: &Library, parameters: &[u8]) -> Response {
    let form = Form::parse(parameters);
    let text = match Request::parse(form.pairs()) {
        Err(refused) => refusal(&refused),
        Ok(Request::Explain(version, packing)) => explain(&server(page), version, packing),
        Ok(Request::Scan(scan)) => refusal(&scan.refuse(Diagnostic::new(
            Code::UnsupportedOperation,
            "scan: the indexes can't be looked into",
        ))),
        Ok(Request::SearchRetrieve(search)) => found(page, library, &search)
            .await
            .unwrap_or_else(|refused| refusal(&refused)),
    };
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response()
}

fn server(page: &Page) -> Server {
    let host = host(&page.origin);
    let port = page
        .origin
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .unwrap_or(if page.origin.starts_with("https") {
            443
        } else {
            80
        });
    Server {
        host: host.into(),
        port,
        database: "sru".into(),
        title: page.site.clone(),
        description: page.t("opensearch-description"),
        default_records: RECORDS as u64,
        max_records: MOST_RECORDS as u64,
    }
}

async fn found(page: &Page, library: &Library, asked: &SearchRetrieve) -> Result<String, Refusal> {
    let compiled = compile(&asked.query).map_err(|diagnostic| asked.refuse(diagnostic))?;
    let before = usize::try_from(asked.start - 1).unwrap_or(usize::MAX);
    if before >= REACH {
        return Err(asked.refuse(Diagnostic::new(
            Code::FirstRecordOutOfRange,
            format!("{}: the first {REACH} can be had", asked.start),
        )));
    }
    let wanted = asked
        .maximum
        .map_or(RECORDS, |most| {
            usize::try_from(most).unwrap_or(MOST_RECORDS)
        })
        .min(MOST_RECORDS)
        .min(REACH - before);
    let request = SearchRequest {
        query: compiled.query,
        collections: library.visible_ids(page.person.as_ref()),
        sort: match compiled.order {
            Order::Relevance => Sort::Relevance,
            Order::Newest => Sort::Newest,
            Order::Title => Sort::Title,
        },
        limit: wanted.max(1),
        cursor: Some(cursor_after(before)),
        ui_language: page.language.to_string(),
        ..SearchRequest::default()
    };
    let refused = |error: LibraryError| asked.refuse(unavailable(error));
    let mut results = library.search(request).await.map_err(refused)?;
    // Other spelling is a help for people, and a wrong answer here.
    if results.matched != Match::All {
        results = SearchResults {
            partial: results.partial,
            ..SearchResults::default()
        };
    }
    let keys = results
        .hits
        .into_iter()
        .take(wanted)
        .map(|hit| (hit.collection, hit.key))
        .collect();
    let documents = documents(library, keys).await.map_err(refused)?;
    let mut answer = SearchAnswer::new(asked, results.total)?;
    for document in documents {
        match document {
            Some(document) => answer.push(&whole_record(&document).0),
            None => answer.push_diagnostic(&Diagnostic::new(
                Code::RecordTemporarilyUnavailable,
                "it has just gone",
            )),
        }
    }
    let warnings = if results.partial {
        vec![Diagnostic::new(
            Code::SystemTemporarilyUnavailable,
            "the search took too long and was ended: more words make it faster",
        )]
    } else {
        Vec::new()
    };
    Ok(answer.finish(&warnings))
}

fn unavailable(error: LibraryError) -> Diagnostic {
    let text = error.to_string();
    let error = AppError::from(error);
    if error.status.as_u16() == 503 {
        Diagnostic::new(Code::SystemTemporarilyUnavailable, text)
    } else {
        // Others than those that run the node are told its number in the log only.
        Diagnostic::new(Code::GeneralSystemError, error.detail)
    }
}
