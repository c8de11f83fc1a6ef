//! A folder of files, or one file: each file a document.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use lampion_formats::records::{CatalogueRecord, Identifier, Name};
use lampion_formats::{DETECT_BYTES, Extracted, Kind, Limits, detect};
use lampion_search::Document;

use super::child::{Gone, Parent};
use super::{About, Frame, Request, TEXT_LIMIT, document_hash, short_hash};
use crate::model::Meta;

/// Deepest folder that is read.
const DEPTH_LIMIT: usize = 64;
/// The most files of one collection.
const FILES_LIMIT: usize = 5_000_000;
/// Parts of pages and systems, which are no documents by themselves: kept, but not listed as failures.
const PARTS: [&str; 16] = [
    "css", "js", "mjs", "map", "woff", "woff2", "ttf", "otf", "eot", "ico", "json", "ini", "db",
    "lock", "ds_store", "wasm",
];

struct Found {
    path: PathBuf,
    key: String,
    size: u64,
}

pub(super) fn run(request: &Request, parent: &mut Parent<'_>) -> Result<(), Gone> {
    let mut found = Vec::new();
    let mut troubles = Vec::new();
    if request.path.is_file() {
        let key = if request.name.is_empty() {
            file_name(&request.path)
        } else {
            request.name.clone()
        };
        found.push(Found {
            size: size(&request.path),
            path: request.path.clone(),
            key,
        });
    } else if let Err(error) = walk(&request.path, "", 0, &mut found, &mut troubles) {
        let reason = format!(
            "{}: {error}: does the folder exist, and may Lampion read it?",
            request.path.display()
        );
        return parent.send_now(&Frame::Broken(reason));
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    let bytes = found.iter().map(|file| file.size).sum();
    parent.send(&Frame::About(About {
        title: file_name(&request.path),
        size_bytes: bytes,
        ..About::default()
    }))?;
    parent.send(&Frame::Plan {
        items: found.len() as u64,
        bytes,
    })?;
    for (item, reason) in troubles {
        parent.send(&Frame::Warned { item, reason })?;
    }
    let mut done = 0;
    for file in found {
        done += file.size;
        if file.key > request.cursor || request.cursor.is_empty() {
            one(request, &file, done, parent)?;
        }
    }
    Ok(())
}

fn one(request: &Request, file: &Found, bytes: u64, parent: &mut Parent<'_>) -> Result<(), Gone> {
    let cursor = file.key.clone();
    let extension = file
        .key
        .rsplit_once('.')
        .map(|(_, end)| end.to_ascii_lowercase())
        .unwrap_or_default();
    let name = file.key.rsplit('/').next().unwrap_or_default();
    if name.starts_with('.') || PARTS.contains(&extension.as_str()) || file.key == request.skip {
        return parent.send(&Frame::Passed { cursor, bytes });
    }
    let hash = if request.ask {
        content_hash(&file.path, &file.key)
    } else {
        None
    };
    if let Some(hash) = hash
        && !parent.needs(&file.key, hash)?
    {
        return parent.send(&Frame::Passed { cursor, bytes });
    }
    parent.send_now(&Frame::Begin {
        item: file.key.clone(),
        cursor: cursor.clone(),
    })?;
    match read(&file.path, &file.key) {
        Ok((mut document, warnings)) => {
            document.hash = hash
                .or_else(|| content_hash(&file.path, &file.key))
                .unwrap_or_else(|| document_hash(&document));
            parent.send(&Frame::Item {
                document: Box::new(document),
                cursor,
                bytes,
            })?;
            for reason in warnings {
                parent.send(&Frame::Warned {
                    item: file.key.clone(),
                    reason,
                })?;
            }
            Ok(())
        }
        Err(reason) => parent.send(&Frame::Failed {
            item: file.key.clone(),
            reason,
            cursor,
            bytes,
        }),
    }
}

/// The document of one file.
fn read(path: &Path, key: &str) -> Result<(Document, Vec<String>), String> {
    let mut head = vec![0; DETECT_BYTES];
    let mut file = File::open(path).map_err(|error| format!("can't be opened: {error}"))?;
    let mut filled = 0;
    while filled < head.len() {
        match file.read(head.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(format!("can't be read: {error}")),
        }
    }
    head.truncate(filled);
    let limits = Limits {
        max_text_bytes: TEXT_LIMIT,
        ..Limits::default()
    };
    let kind = detect(key, &head);
    let extracted =
        lampion_formats::extract(kind, path, &limits).map_err(|error| error.for_file(key))?;
    let warnings = extracted.warnings.clone();
    Ok((
        document(key, extracted, mime_of(key, kind), size(path)),
        warnings,
    ))
}

/// The same for bytes out of an archive.
pub(super) fn extract_bytes(key: &str, bytes: &[u8], limits: &Limits) -> Result<Extracted, String> {
    let kind = detect(key, bytes.get(..DETECT_BYTES).unwrap_or(bytes));
    lampion_formats::extract_bytes(kind, bytes, limits).map_err(|error| error.for_file(key))
}

/// A document out of what a format gave.
pub(super) fn document(key: &str, extracted: Extracted, mime: &str, size: u64) -> Document {
    let title = extracted.title.clone().unwrap_or_else(|| title_of(key));
    let record = CatalogueRecord {
        id: key.to_string(),
        title: title.clone(),
        authors: extracted.authors.iter().map(Name::new).collect(),
        publisher: extracted.publisher.clone(),
        description: extracted.description.clone(),
        extent: extracted.pages.map(|pages| format!("{pages} p.")),
        identifiers: extracted
            .identifiers
            .iter()
            .map(|(scheme, value)| Identifier::new(scheme, value))
            .collect(),
        ..CatalogueRecord::default()
    };
    let telling = record.publisher.is_some()
        || record.description.is_some()
        || record.extent.is_some()
        || !record.identifiers.is_empty();
    let meta = Meta {
        mime: mime.to_string(),
        size,
        record: telling.then(|| Box::new(record)),
        extra: extracted.extra,
        ..Meta::default()
    };
    let mut body = extracted.text;
    if body.is_empty() {
        body = extracted.description.unwrap_or_default();
    }
    Document {
        key: key.to_string(),
        title,
        headings: extracted.headings.join("\n"),
        body,
        language: extracted
            .language
            .and_then(|tag| lampion_formats::records::languages::normalize(&tag)),
        kind: kind_of(mime).into(),
        authors: extracted.authors,
        subjects: extracted.subjects,
        year: extracted.year,
        weight: 100,
        hash: 0,
        meta: serde_json::to_string(&meta).unwrap_or_default(),
    }
}

/// The kind of a media type, as a facet.
fn kind_of(mime: &str) -> &'static str {
    match mime.split('/').next().unwrap_or_default() {
        "image" => "image",
        "audio" => "audio",
        "video" => "video",
        _ => match mime {
            "application/epub+zip" => "book",
            "text/html" | "application/xhtml+xml" | "text/markdown" => "article",
            _ => "document",
        },
    }
}

/// The media type of a file.
pub fn mime_of(name: &str, kind: Kind) -> &'static str {
    match kind {
        Kind::Html => "text/html",
        Kind::Text => "text/plain",
        Kind::Markdown => "text/markdown",
        Kind::Pdf => "application/pdf",
        Kind::Epub => "application/epub+zip",
        _ => crate::mime::by_name(name),
    }
}

/// A readable title out of a file's name.
fn title_of(key: &str) -> String {
    let name = key.rsplit('/').next().unwrap_or(key);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.replace(['_', '-'], " ").trim().to_string()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.len())
}

fn content_hash(path: &Path, key: &str) -> Option<u64> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key.as_bytes());
    hasher.update_reader(File::open(path).ok()?).ok()?;
    Some(short_hash(&hasher.finalize()))
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Found>,
    troubles: &mut Vec<(String, String)>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            troubles.push((
                entry.path().to_string_lossy().into_owned(),
                "its name is not UTF-8: rename it and import again".into(),
            ));
            continue;
        };
        let key = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}/{name}")
        };
        let about = entry.file_type()?;
        if about.is_dir() {
            if depth >= DEPTH_LIMIT {
                troubles.push((
                    key,
                    format!("folders deeper than {DEPTH_LIMIT} are passed over"),
                ));
            } else if let Err(error) = walk(&entry.path(), &key, depth + 1, found, troubles) {
                troubles.push((key, format!("this folder can't be read: {error}")));
            }
        } else if about.is_file() {
            if found.len() >= FILES_LIMIT {
                troubles.push((
                    key,
                    format!("more than {FILES_LIMIT} files: make several collections"),
                ));
                return Ok(());
            }
            found.push(Found {
                size: entry.metadata().map_or(0, |about| about.len()),
                path: entry.path(),
                key,
            });
        }
        // Links could lead out of the folder, or round in circles: they are passed over.
    }
    Ok(())
}
