//! The catalogue entry of a document: what is known of it, how to cite it, how to get it.

use askama::Template;
use axum::Extension;
use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use lampion_formats::exchange::page::{coins, schema_org, script};
use lampion_formats::records::{CatalogueRecord, Name, cite as citing};
use lampion_search::StoredDocument;
use lampion_web::{AppError, Page, PageResult};

use super::entries::host;
use super::ranges::ranged;
use super::search::kind_text;
use crate::library::Library;
use crate::model::{Collection, Kind, Meta};

/// Characters of a document's text that its entry shows.
const TEXT: usize = 700;

/// Formats in which a citation can be had: name in addresses, name for people.
const FORMATS: [(&str, &str); 5] = [
    ("bib", "BibTeX"),
    ("ris", "RIS"),
    ("csl.json", "CSL-JSON"),
    ("marcxml", "MARCXML"),
    ("dc.xml", "Dublin Core"),
];

type Row = (&'static str, Vec<(String, String)>);

#[derive(Template)]
#[template(path = "record.html")]
struct RecordPage<'a> {
    page: &'a Page,
    collection: &'a Collection,
    document: &'a StoredDocument,
    links: Vec<(&'static str, String, bool)>,
    picture: String,
    attached: super::catalogue::Attached,
    text: String,
    rows: Vec<Row>,
    citation: String,
    /// What other programs read: schema.org, and a span of COinS.
    json_ld: String,
    coins: String,
    formats: &'static [(&'static str, &'static str)],
}

/// A document that a person may see, with its collection.
pub(super) async fn find(
    library: &Library,
    page: &Page,
    collection: &str,
    key: &str,
) -> Result<(Collection, StoredDocument), AppError> {
    let collection = library.collection_for(collection, page.person.as_ref())?;
    let (id, wanted) = (collection.id.clone(), key.to_string());
    let document = library
        .engine(move |engine| engine.get(&id, &wanted))
        .await??;
    Ok((collection, document.ok_or_else(AppError::not_found)?))
}

/// The whole record of a document, from what the index keeps.
pub(super) fn catalogue_record(document: &StoredDocument, meta: &Meta) -> CatalogueRecord {
    let mut record = meta
        .record
        .as_deref()
        .cloned()
        .unwrap_or_else(|| CatalogueRecord {
            title: document.title.clone(),
            ..CatalogueRecord::default()
        });
    if record.id.is_empty() {
        record.id.clone_from(&document.key);
    }
    if record.title.is_empty() {
        record.title.clone_from(&document.title);
    }
    if record.authors.is_empty() {
        record.authors = document.authors.iter().map(Name::new).collect();
    }
    record.subjects.clone_from(&document.subjects);
    record.year = record.year.or(document.year);
    if record.language.is_none() && !document.language.is_empty() {
        record.language = Some(document.language.clone());
    }
    record
}

/// `GET /record/{collection}/{key}`.
pub(super) async fn record(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
) -> PageResult {
    let collection = library.collection_for(&collection, page.person.as_ref())?;
    let attached = match super::catalogue::look(&page, &library, &collection, &key).await? {
        Ok(attached) => attached,
        Err(withdrawn) => {
            // As a duplicate: another one stands for it.
            return match super::catalogue::kept(&library, &page, &collection.id, &key).await? {
                Some(kept) => Ok(Page::see_other(&format!(
                    "/record/{}/{kept}",
                    collection.id
                ))),
                None => Ok(withdrawn),
            };
        }
    };
    let (collection, document) = find(&library, &page, &collection.id, &key).await?;
    let meta = Meta::parse(&document.meta);
    let record = catalogue_record(&document, &meta);
    let base = super::content::base(&library, &collection);
    let content = format!("{}{base}{}", page.content_origin, page.url_path(&key));
    let path = format!("{}/{}", collection.id, page.url_path(&key));
    let mut links = Vec::new();
    let page_like = matches!(meta.mime.as_str(), "text/html" | "application/xhtml+xml");
    if page_like {
        links.push(("read", format!("/read/{path}"), false));
    }
    let file = !matches!(collection.kind, Kind::Records | Kind::Catalogue);
    let opens = file
        && !page_like
        && (meta.mime.starts_with("image/")
            || meta.mime.starts_with("audio/")
            || meta.mime.starts_with("video/")
            || meta.mime == "application/pdf"
            || meta.mime == "text/plain");
    if opens {
        links.push(("original", content.clone(), false));
    }
    let readable = file
        && !meta.mime.starts_with("image/")
        && !meta.mime.starts_with("audio/")
        && !meta.mime.starts_with("video/");
    if readable {
        links.push((
            if page_like {
                "reader-view"
            } else {
                "read-text"
            },
            format!("/text/{path}"),
            !links.is_empty(),
        ));
    }
    links.push((
        if file { "download" } else { "row-original" },
        format!("/original/{path}"),
        true,
    ));
    if page.person.is_some() {
        let (id, key) = (page.url(&collection.id), page.url(&key));
        links.push((
            "list-add",
            format!("/lists/add?collection={id}&key={key}"),
            true,
        ));
    }
    let (told, address) = (
        super::entries::whole_record(&document).0,
        format!("{}/record/{path}", page.origin),
    );
    let mut text: String = document.text.chars().take(TEXT).collect();
    if text.len() < document.text.len() {
        text.push('…');
    }
    page.html(&RecordPage {
        page: &page,
        collection: &collection,
        document: &document,
        links,
        picture: if meta.mime.starts_with("image/") {
            content
        } else {
            String::new()
        },
        attached,
        text,
        rows: rows(&page, &record, &document, &meta),
        citation: citing::text(&record),
        json_ld: script(&schema_org(&told, &address)),
        coins: coins(&told, host(&page.origin)),
        formats: &FORMATS,
    })
}

fn rows(page: &Page, record: &CatalogueRecord, document: &StoredDocument, meta: &Meta) -> Vec<Row> {
    let plain = |text: &str| (text.to_string(), String::new());
    let find = |field: &str, text: &str| {
        (
            text.to_string(),
            format!(
                "/search?q={}",
                page.url(&format!("{field}:\"{}\"", text.replace('"', " ")))
            ),
        )
    };
    let one = |value: &Option<String>| value.iter().map(|text| plain(text)).collect::<Vec<_>>();
    let authors = record
        .authors
        .iter()
        .map(|name| find("author", &name.display))
        .collect();
    let subjects = document
        .subjects
        .iter()
        .map(|subject| {
            (
                subject.clone(),
                format!(
                    "/search?q={}&subject={}",
                    page.url(subject),
                    page.url(subject)
                ),
            )
        })
        .collect();
    let identifiers = record
        .identifiers
        .iter()
        .map(|id| {
            let shown = if id.scheme == "url" {
                id.value.clone()
            } else {
                format!("{} {}", id.scheme.to_uppercase(), id.value)
            };
            let link = match id.scheme.as_str() {
                "url" if id.value.starts_with("http") => {
                    format!("/out?url={}", page.url(&id.value))
                }
                _ => String::new(),
            };
            (shown, link)
        })
        .collect();
    let size = meta.place.map_or(meta.size, |(_, length)| length);
    let mut all: Vec<Row> = vec![
        ("row-authors", authors),
        ("row-responsibility", one(&record.responsibility)),
        (
            "row-other-titles",
            record
                .alternative_titles
                .iter()
                .map(|text| plain(text))
                .collect(),
        ),
        ("row-container", one(&record.container)),
        ("row-edition", one(&record.edition)),
        ("row-place", one(&record.place)),
        ("row-publisher", one(&record.publisher)),
        (
            "row-year",
            record
                .date
                .clone()
                .or_else(|| record.year.map(|year| year.to_string()))
                .iter()
                .map(|text| plain(text))
                .collect(),
        ),
        ("row-extent", one(&record.extent)),
        (
            "row-series",
            record.series.iter().map(|text| plain(text)).collect(),
        ),
        (
            "row-language",
            record
                .language
                .iter()
                .map(|tag| plain(page.language_name(tag)))
                .collect(),
        ),
        ("row-kind", vec![plain(&kind_text(page, &document.kind))]),
        ("row-subjects", subjects),
        ("row-identifiers", identifiers),
        (
            "row-notes",
            record.notes.iter().map(|text| plain(text)).collect(),
        ),
        (
            "row-format",
            if meta.mime.is_empty() {
                Vec::new()
            } else {
                vec![plain(&meta.mime)]
            },
        ),
        (
            "row-size",
            if size == 0 {
                Vec::new()
            } else {
                vec![plain(&page.bytes(size))]
            },
        ),
    ];
    all.retain(|row| !row.1.is_empty());
    all
}

/// `GET /cite/{format}/{collection}/{key}`: the record in a form that other programs read.
pub(super) async fn cite(
    page: Page,
    Extension(library): Extension<Library>,
    Path((format, collection, key)): Path<(String, String, String)>,
) -> PageResult {
    let (_, document) = find(&library, &page, &collection, &key).await?;
    let record = catalogue_record(&document, &Meta::parse(&document.meta));
    let (mime, text) = match format.as_str() {
        "bib" => (
            "application/x-bibtex; charset=utf-8",
            citing::bibtex(&record),
        ),
        "ris" => (
            "application/x-research-info-systems; charset=utf-8",
            citing::ris(&record),
        ),
        "csl.json" => (
            "application/vnd.citationstyles.csl+json",
            citing::csl_json(&record).to_string(),
        ),
        "marcxml" => ("application/marcxml+xml", citing::marcxml(&record)),
        "dc.xml" => ("application/xml", citing::dublin_core(&record)),
        _ => return Err(AppError::not_found()),
    };
    let extension = if format == "marcxml" {
        "xml"
    } else {
        format.as_str()
    };
    Ok((
        [
            (header::CONTENT_TYPE, mime.to_string()),
            (
                header::CONTENT_DISPOSITION,
                attachment(&format!("{}.{extension}", short_name(&key))),
            ),
        ],
        text,
    )
        .into_response())
}

/// `GET /original/{collection}/{key}`: the file as it came, or a record's own bytes.
pub(super) async fn original(
    page: Page,
    Extension(library): Extension<Library>,
    Path((collection, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> PageResult {
    let collection = library.collection_for(&collection, page.person.as_ref())?;
    if collection.kind == Kind::Catalogue {
        return super::catalogue::original(&library, &collection, &key).await;
    }
    let (id, wanted) = (collection.id.clone(), key.clone());
    let document = library
        .engine(move |engine| engine.get(&id, &wanted))
        .await??;
    // Pictures and films of an archive are no documents by themselves, but can be had all the same.
    let meta = document.map_or_else(
        || Meta {
            mime: crate::mime::by_name(&key).into(),
            ..Meta::default()
        },
        |document| Meta::parse(&document.meta),
    );
    let mut response = match (collection.kind, meta.place) {
        (Kind::Records, Some((offset, length))) => {
            original_record(&library, &collection, &key, offset, length).await?
        }
        _ if collection.is_harvested() => {
            let xml = library.store().harvested(&collection.id, &key).await?;
            let xml = xml.ok_or_else(AppError::not_found)?;
            ranged(bytes::Bytes::from(xml), None, &HeaderMap::new())
        }
        _ => super::content::original(&library, &collection, &key, &headers).await?,
    };
    let mime = if meta.mime.is_empty() {
        "application/octet-stream".into()
    } else {
        meta.mime
    };
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, mime.parse().map_err(AppError::fault)?);
    response.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        attachment(&name_with_extension(&key, &mime))
            .parse()
            .map_err(AppError::fault)?,
    );
    Ok(response)
}

async fn original_record(
    library: &Library,
    collection: &Collection,
    key: &str,
    offset: u64,
    length: u64,
) -> Result<Response, AppError> {
    let mut path = library.content_path(collection)?;
    if path.is_dir() {
        // Several files: the key begins with the file's name.
        let name = key.split('/').next().unwrap_or_default();
        if name.is_empty() || name.starts_with('.') {
            return Err(AppError::not_found());
        }
        path = path.join(name);
    }
    let read = tokio::task::spawn_blocking(move || -> std::io::Result<Vec<u8>> {
        use std::io::{Read as _, Seek as _};
        let mut file = std::fs::File::open(path)?;
        file.seek(std::io::SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length.min(16 << 20)).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = read
        .await
        .map_err(AppError::fault)?
        .map_err(|error| AppError::unavailable(error.to_string()))?;
    Ok(ranged(bytes::Bytes::from(bytes), None, &HeaderMap::new()))
}

pub(super) fn short_name(key: &str) -> String {
    let name: String = key
        .rsplit('/')
        .next()
        .unwrap_or(key)
        .chars()
        .filter(|c| c.is_alphanumeric() || "-_.".contains(*c))
        .take(60)
        .collect();
    if name.is_empty() {
        "record".into()
    } else {
        name
    }
}

fn name_with_extension(key: &str, mime: &str) -> String {
    let name = short_name(key);
    if name.contains('.') {
        return name;
    }
    let extension = match mime {
        "text/html" | "application/xhtml+xml" => "html",
        "application/pdf" => "pdf",
        "application/epub+zip" => "epub",
        "application/marc" => "mrc",
        "text/csv" => "csv",
        _ => return name,
    };
    format!("{name}.{extension}")
}

/// A `Content-Disposition` (RFC 6266) with a name in any script.
pub(super) fn attachment(name: &str) -> String {
    let ascii: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!(
        "attachment; filename=\"{ascii}\"; filename*=UTF-8''{}",
        lampion_web::filters::url(name)
    )
}
