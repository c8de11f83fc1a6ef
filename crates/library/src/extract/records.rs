//! Catalogue records of one file or of all such files in a folder.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use lampion_formats::records::{
    CatalogueRecord, Mapping, Name, RecordKind, WorkKind, detect_records, open_at,
};
use lampion_search::Document;

use super::child::{Gone, Parent};
use super::{About, Frame, Request, document_hash};
use crate::model::Meta;

/// Bytes that tell a format.
const HEAD: usize = 64 << 10;

pub(super) fn run(request: &Request, parent: &mut Parent<'_>) -> Result<(), Gone> {
    let mapping = match Mapping::parse(&request.mapping) {
        Ok(mapping) => mapping,
        Err(reason) => return parent.send_now(&Frame::Broken(reason.to_string())),
    };
    let files = files(request);
    let sizes: Vec<u64> = files
        .iter()
        .map(|(path, _)| std::fs::metadata(path).map_or(0, |about| about.len()))
        .collect();
    let total = sizes.iter().sum();
    let title = request
        .path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    parent.send(&Frame::About(About {
        title,
        size_bytes: total,
        ..About::default()
    }))?;
    parent.send(&Frame::Plan {
        items: 0,
        bytes: total,
    })?;
    let start = Cursor::parse(&request.cursor);
    let mut before = 0;
    for (number, ((path, name), size)) in files.iter().zip(&sizes).enumerate() {
        if number >= start.file {
            let begin = if number == start.file {
                start
            } else {
                Cursor {
                    file: number,
                    ..Cursor::default()
                }
            };
            one(
                request,
                &mapping,
                path,
                name,
                begin,
                before,
                files.len() > 1,
                parent,
            )?;
        }
        before += size;
    }
    Ok(())
}

/// Where an import is: file, byte offset in it, records before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Cursor {
    file: usize,
    offset: u64,
    ordinal: u64,
}

impl Cursor {
    fn parse(text: &str) -> Self {
        let mut parts = text.split(':').map(|part| part.parse().unwrap_or(0u64));
        let mut next = || parts.next().unwrap_or(0);
        Self {
            file: usize::try_from(next()).unwrap_or(0),
            offset: next(),
            ordinal: next(),
        }
    }

    fn text(self) -> String {
        format!("{}:{}:{}", self.file, self.offset, self.ordinal)
    }
}

fn files(request: &Request) -> Vec<(PathBuf, String)> {
    let name = |path: &PathBuf| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    if !request.path.is_dir() {
        let shown = if request.name.is_empty() {
            name(&request.path)
        } else {
            request.name.clone()
        };
        return vec![(request.path.clone(), shown)];
    }
    let mut all: Vec<PathBuf> = std::fs::read_dir(&request.path)
        .map(|dir| {
            dir.flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_file())
                .collect()
        })
        .unwrap_or_default();
    all.sort();
    all.into_iter()
        .map(|path| {
            let shown = name(&path);
            (path, shown)
        })
        .collect()
}

#[expect(clippy::too_many_arguments, reason = "one call, all of it needed")]
fn one(
    request: &Request,
    mapping: &Mapping,
    path: &PathBuf,
    name: &str,
    begin: Cursor,
    before: u64,
    several: bool,
    parent: &mut Parent<'_>,
) -> Result<(), Gone> {
    let broken = |reason: String| Frame::Failed {
        item: name.to_string(),
        reason,
        cursor: Cursor {
            file: begin.file + 1,
            ..Cursor::default()
        }
        .text(),
        bytes: before,
    };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            return parent.send(&broken(format!(
                "{}: can't be opened: {error}",
                path.display()
            )));
        }
    };
    let mut head = vec![0; HEAD];
    let filled = file.read(&mut head).unwrap_or(0);
    head.truncate(filled);
    let told =
        serde_json::from_value::<RecordKind>(serde_json::Value::String(request.format.clone()))
            .ok();
    let Some(kind) = told.or_else(|| detect_records(&head, name)) else {
        return parent.send(&broken(format!("`{name}`: no known format of records: name it with --format (marc, marc-xml, dublin-core, bib-tex, ris, csv, json-lines)")));
    };
    let mut reader = match open_at(kind, file, mapping, begin.offset, begin.ordinal) {
        Ok(reader) => reader,
        Err(error) => return parent.send(&broken(format!("`{name}` can't be read: {error}"))),
    };
    while let Some(next) = reader.next() {
        let cursor = Cursor {
            file: begin.file,
            offset: reader.offset(),
            ordinal: reader.ordinal(),
        }
        .text();
        let bytes = before + reader.offset();
        let prefix = if several {
            format!("{name}: ")
        } else {
            String::new()
        };
        match next {
            Ok(located) => {
                let key = if several {
                    format!("{name}/{}", located.record.id)
                } else {
                    located.record.id.clone()
                };
                if key == request.skip {
                    continue;
                }
                for reason in &located.warnings {
                    parent.send(&Frame::Warned {
                        item: format!("{prefix}record {}", located.ordinal),
                        reason: reason.clone(),
                    })?;
                }
                let document = Box::new(document(
                    key,
                    located.record,
                    Some((located.offset, located.length)),
                    name,
                ));
                parent.send(&Frame::Item {
                    document,
                    cursor,
                    bytes,
                })?;
            }
            Err(error) => {
                let fatal = error.fatal;
                // Not one record could be read: the whole import has failed, and should say so.
                if fatal && !several && error.ordinal <= 1 {
                    let reason = format!("`{name}`: {}: {}", error.reason, error.advice);
                    return parent.send_now(&Frame::Broken(reason));
                }
                let item = format!("{prefix}record {} at byte {}", error.ordinal, error.offset);
                parent.send(&Frame::Failed {
                    item,
                    reason: format!("{}: {}", error.reason, error.advice),
                    cursor,
                    bytes,
                })?;
                if fatal {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// A record as the index takes it. `place` is where its bytes lie in the file `name`.
pub(crate) fn document(
    key: String,
    mut record: CatalogueRecord,
    place: Option<(u64, u64)>,
    name: &str,
) -> Document {
    let body = [
        record.body.take(),
        record.description.clone(),
        record.contents.clone(),
    ];
    let body = body
        .into_iter()
        .flatten()
        .chain(record.notes.iter().cloned())
        .collect::<Vec<_>>()
        .join("\n");
    let headings = record
        .alternative_titles
        .iter()
        .chain(&record.series)
        .chain(&record.publisher)
        .cloned()
        .chain(numbers(&record))
        .collect::<Vec<_>>()
        .join("\n");
    let title = record.full_title();
    let mut document = Document {
        key,
        title: if title.is_empty() {
            record.id.clone()
        } else {
            title
        },
        headings,
        body,
        language: record.language.clone(),
        kind: kind(record.kind),
        authors: record
            .authors
            .iter()
            .map(|name| name.display.clone())
            .collect(),
        subjects: record.subjects.clone(),
        year: record.year,
        weight: 100,
        ..Document::default()
    };
    let mime = mime(record.source_format, name);
    strip(&mut record, &document.key);
    let meta = Meta {
        mime: mime.into(),
        record: (record != CatalogueRecord::default()).then(|| Box::new(record)),
        place,
        ..Meta::default()
    };
    document.meta = serde_json::to_string(&meta).unwrap_or_default();
    let of_content = Document {
        meta: String::new(),
        ..document.clone()
    };
    document.hash = document_hash(&of_content);
    document
}

/// Numbers by which a work is looked for, in their normal form (see [`crate::numbers`]).
fn numbers(record: &CatalogueRecord) -> impl Iterator<Item = String> {
    record
        .identifiers
        .iter()
        .filter(|one| one.scheme != "url")
        .map(|one| one.value.clone())
}

/// Authors of whom nothing but the name is known are kept as names alone, if they are no more than this: the index
/// keeps 200.
const PLAIN_AUTHORS: usize = 100;

/// What the index has in fields of its own need not be kept twice: a million records feel it.
fn strip(record: &mut CatalogueRecord, key: &str) {
    if record.id == key {
        record.id.clear();
    }
    if record.subtitle.is_none() {
        record.title.clear();
    }
    let plain = |name: &Name| *name == Name::new(name.display.as_str());
    if record.authors.len() <= PLAIN_AUTHORS && record.authors.iter().all(plain) {
        record.authors.clear();
    }
    record.subjects.clear();
    record.year = None;
    record.language = None;
    record.source_format = None;
}

/// The media type of a format of records.
fn mime(format: Option<RecordKind>, name: &str) -> &'static str {
    match format {
        Some(RecordKind::Marc) => "application/marc",
        Some(RecordKind::MarcXml) => "application/marcxml+xml",
        Some(RecordKind::DublinCore) => "application/xml",
        Some(RecordKind::BibTex) => "application/x-bibtex",
        Some(RecordKind::Ris) => "application/x-research-info-systems",
        Some(RecordKind::Csv) => "text/csv",
        Some(RecordKind::JsonLines) => "application/jsonl",
        None => crate::mime::by_name(name),
    }
}

fn kind(kind: WorkKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(word)) if word != "other" => word,
        _ => "record".into(),
    }
}
