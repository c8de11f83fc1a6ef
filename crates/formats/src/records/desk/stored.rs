//! A work as JSON, version 1:
//!
//! ```json
//! {"version":1,"scheme":"dublin-core","statements":[{"element":"title","value":"Tea"}]}
//! {"version":1,"scheme":"marc21","marc":{"leader":"00000nam a2200000 i 4500","fields":[
//!   {"001":"7"},{"245":{"ind1":"0","ind2":"0","subfields":[{"a":"Tea"}]}}]}}
//! ```
//!
//! MARC is in the shape that is known as MARC-in-JSON. A field that breaks the
//! rules is `{"999":{"irregular":"…"}}`. A record whose bytes can't be made of
//! its fields is `{"original":"…"}`, each byte as the character of the same
//! number (ISO 8859-1). `files`, `cover` and `note` stand beside; empty ones are
//! left out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::elements::{DublinCore, Statement};
use super::marc::{Marc, shaped, text};
use super::work::{
    Attachment, Body, MAX_FILES, MAX_MARC_FIELDS, MAX_NOTE_CHARS, MAX_STATEMENTS, MAX_WORK_BYTES,
    Work, WorkError,
};
use crate::records::marc::{Field, MarcRecord, SUBFIELD};

/// The version that is written.
const VERSION: u32 = 1;

/// Read first, so that a later version is told by its number.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    scheme: StoredScheme,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    statements: Option<Vec<Statement>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    marc: Option<StoredMarc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    files: Vec<Attachment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cover: Option<Attachment>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

#[derive(Serialize, Deserialize)]
enum StoredScheme {
    #[serde(rename = "dublin-core")]
    DublinCore,
    #[serde(rename = "marc21")]
    Marc21,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMarc {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    original: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    leader: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<BTreeMap<String, StoredField>>>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredField {
    Control(String),
    Data(StoredData),
    Irregular(StoredIrregular),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredData {
    ind1: String,
    ind2: String,
    subfields: Vec<BTreeMap<String, String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredIrregular {
    irregular: String,
}

pub(super) fn read(json: &[u8]) -> Result<Work, WorkError> {
    limit("the record, in bytes", json.len(), MAX_WORK_BYTES)?;
    let malformed = |error: serde_json::Error| WorkError::Malformed(error.to_string());
    let versioned: Versioned = serde_json::from_slice(json).map_err(malformed)?;
    if versioned.version != VERSION {
        return Err(WorkError::NewerVersion(versioned.version));
    }
    let stored: Stored = serde_json::from_slice(json).map_err(malformed)?;
    let marc = stored.marc.map(read_marc).transpose()?;
    let body = match (stored.scheme, stored.statements, marc) {
        (StoredScheme::DublinCore, Some(statements), basis) => Body::DublinCore {
            record: DublinCore { statements },
            basis: basis.map(Box::new),
        },
        (StoredScheme::Marc21, None, Some(marc)) => Body::Marc(marc),
        _ => {
            let reason = "it does not hold what its scheme asks for";
            return Err(WorkError::Malformed(reason.to_owned()));
        }
    };
    let work = Work {
        body,
        files: stored.files,
        cover: stored.cover,
        note: stored.note,
    };
    limits(&work)?;
    Ok(work)
}

pub(super) fn write(work: &Work) -> Result<String, WorkError> {
    limits(work)?;
    let (scheme, statements, marc) = match &work.body {
        Body::DublinCore { record, basis } => (
            StoredScheme::DublinCore,
            Some(record.statements.clone()),
            basis.as_deref(),
        ),
        Body::Marc(marc) => (StoredScheme::Marc21, None, Some(marc)),
    };
    let stored = Stored {
        version: VERSION,
        scheme,
        statements,
        marc: marc.map(write_marc),
        files: work.files.clone(),
        cover: work.cover.clone(),
        note: work.note.clone(),
    };
    let json =
        serde_json::to_string(&stored).map_err(|error| WorkError::Malformed(error.to_string()))?;
    limit("the record, in bytes", json.len(), MAX_WORK_BYTES)?;
    Ok(json)
}

fn limit(what: &'static str, has: usize, limit: usize) -> Result<(), WorkError> {
    if has > limit {
        return Err(WorkError::TooLarge { what, has, limit });
    }
    Ok(())
}

fn limits(work: &Work) -> Result<(), WorkError> {
    match &work.body {
        Body::DublinCore { record, basis } => {
            let count = record.statements.len();
            limit("the number of statements", count, MAX_STATEMENTS)?;
            let fields = basis.as_ref().map_or(0, |one| one.record().fields.len());
            limit("the number of MARC fields", fields, MAX_MARC_FIELDS)?;
        }
        Body::Marc(marc) => {
            let fields = marc.record().fields.len();
            limit("the number of MARC fields", fields, MAX_MARC_FIELDS)?;
        }
    }
    limit("the number of files", work.files.len(), MAX_FILES)?;
    let note = work.note.chars().count();
    limit("the note, in characters", note, MAX_NOTE_CHARS)?;
    for file in work.files.iter().chain(&work.cover) {
        let chars = file.name.chars().count().max(file.media_type.len());
        limit(
            "a file's name or type, in characters",
            chars,
            MAX_NOTE_CHARS,
        )?;
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if file.blake3.len() != 64 || !file.blake3.bytes().all(hex) {
            let reason = format!("the hash of `{}` has not 64 hexadecimal digits", file.name);
            return Err(WorkError::Malformed(reason));
        }
    }
    Ok(())
}

fn read_marc(stored: StoredMarc) -> Result<Marc, WorkError> {
    let wrong = |reason: &str| Err(WorkError::Malformed(reason.to_owned()));
    match (stored.original, stored.leader, stored.fields) {
        (Some(original), None, None) => {
            let bytes: Option<Vec<u8>> = original
                .chars()
                .map(|one| u8::try_from(u32::from(one)).ok())
                .collect();
            match bytes {
                Some(bytes) => Ok(Marc::from_iso2709(&bytes)?.0),
                None => wrong("`original` holds a character above U+00FF"),
            }
        }
        (None, Some(leader), Some(fields)) => {
            let Ok(leader) = <[u8; 24]>::try_from(leader.as_bytes()) else {
                return wrong("the leader has not 24 characters");
            };
            limit("the number of MARC fields", fields.len(), MAX_MARC_FIELDS)?;
            let fields = fields.into_iter().map(read_field).collect::<Result<_, _>>();
            Ok(Marc::new(MarcRecord {
                leader,
                fields: fields?,
            }))
        }
        _ => wrong("a MARC record has either `leader` and `fields` or `original`"),
    }
}

fn read_field(stored: BTreeMap<String, StoredField>) -> Result<Field, WorkError> {
    let mut parts = stored.into_iter();
    let (Some((tag, field)), None) = (parts.next(), parts.next()) else {
        return Err(WorkError::Malformed("a field has not one tag".to_owned()));
    };
    let Some(tag) = <[u8; 3]>::try_from(tag.as_bytes())
        .ok()
        .filter(|tag| tag.iter().all(u8::is_ascii_alphanumeric))
    else {
        let reason = format!("`{tag}` is no tag of three letters or digits");
        return Err(WorkError::Malformed(reason));
    };
    let content = match field {
        StoredField::Control(text) => text,
        StoredField::Irregular(one) => one.irregular,
        StoredField::Data(data) => {
            let mut content = data.ind1 + &data.ind2;
            for (code, text) in data.subfields.into_iter().flatten() {
                content.push(char::from(SUBFIELD));
                content.push_str(&code);
                content.push_str(&text);
            }
            content
        }
    };
    Ok(shaped(tag, content.as_bytes()))
}

fn write_marc(marc: &Marc) -> StoredMarc {
    if let Some(bytes) = marc.original() {
        return StoredMarc {
            original: Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            ..StoredMarc::default()
        };
    }
    StoredMarc {
        original: None,
        leader: Some(text(&marc.record().leader)),
        fields: Some(marc.record().fields.iter().map(write_field).collect()),
    }
}

fn write_field(field: &Field) -> BTreeMap<String, StoredField> {
    let character = |byte: u8| char::from(byte).to_string();
    let stored = match field {
        Field::Control { data, .. } => StoredField::Control(text(data)),
        Field::Irregular { data, .. } => StoredField::Irregular(StoredIrregular {
            irregular: text(data),
        }),
        Field::Data {
            ind1,
            ind2,
            subfields,
            ..
        } => StoredField::Data(StoredData {
            ind1: character(*ind1),
            ind2: character(*ind2),
            subfields: subfields
                .iter()
                .map(|one| BTreeMap::from([(character(one.code), text(&one.data))]))
                .collect(),
        }),
    };
    BTreeMap::from([(text(&field.tag()), stored)])
}
