//! A work taken apart into units that are compared, merged and imported one by
//! one, and put together again.

use std::collections::BTreeMap;

use super::elements::{DublinCore, Element, Statement};
use super::marc::Marc;
use super::mnemonic;
use super::tags;
use super::work::{Attachment, Body, Scheme, Work};
use crate::records::marc::{Field, MarcRecord};

/// The smallest part of a work that changes as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    Leader([u8; 24]),
    Field(Field),
    Statement(Statement),
    Note(String),
    Cover(Attachment),
    File(Attachment),
}

impl Unit {
    /// What the unit is one of: a tag, an element with its qualifier, `file`, …
    pub(super) fn group(&self) -> String {
        match self {
            Self::Leader(_) => "LDR".to_owned(),
            Self::Field(field) => field.tag_text(),
            Self::Statement(one) => one.group_name(),
            Self::Note(_) => "note".to_owned(),
            Self::Cover(_) => "cover".to_owned(),
            Self::File(_) => "file".to_owned(),
        }
    }

    /// A text that is equal for equal units of a group, and for them only.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Field(field) => mnemonic::print_field(field),
            other => format!("{other:?}"),
        }
    }

    /// The unit as one line for a person.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Leader(leader) => mnemonic::print_leader(leader),
            Self::Field(field) => mnemonic::print_field(field),
            Self::Note(note) => note.clone(),
            Self::Cover(file) | Self::File(file) => {
                format!(
                    "{} ({}, {} bytes)",
                    file.name, file.media_type, file.size_bytes
                )
            }
            Self::Statement(one) => {
                let mut out = one.value.clone();
                if let Some(role) = &one.role {
                    out.push_str(&format!(" ({role})"));
                }
                if let Some(language) = &one.language {
                    out.push_str(&format!(" [{language}]"));
                }
                out
            }
        }
    }
}

/// All units of a work, in the order of the record, then note, cover, files.
pub(super) fn units(work: &Work) -> Vec<Unit> {
    let mut out = Vec::new();
    match &work.body {
        Body::Marc(marc) => {
            let record = marc.record();
            out.push(Unit::Leader(record.leader));
            out.extend(record.fields.iter().cloned().map(Unit::Field));
        }
        Body::DublinCore { record, .. } => {
            out.extend(record.statements.iter().cloned().map(Unit::Statement));
        }
    }
    if !work.note.is_empty() {
        out.push(Unit::Note(work.note.clone()));
    }
    out.extend(work.cover.iter().cloned().map(Unit::Cover));
    out.extend(work.files.iter().cloned().map(Unit::File));
    out
}

/// A work of units. `like` are works that it may equal in part: their original
/// bytes and MARC basis are kept where they still hold.
pub(super) fn assemble(scheme: Scheme, units: Vec<Unit>, like: &[&Work]) -> Work {
    let mut record = MarcRecord::new(b'a', b'm');
    let mut statements = Vec::new();
    let mut work = Work::from(DublinCore::default());
    for unit in units {
        match unit {
            Unit::Leader(leader) => record.leader = leader,
            Unit::Field(field) => record.fields.push(field),
            Unit::Statement(one) => statements.push(one),
            Unit::Note(note) => work.note = note,
            Unit::Cover(file) => work.cover = Some(file),
            Unit::File(file) => work.files.push(file),
        }
    }
    work.body = match scheme {
        Scheme::Marc21 => {
            let marc = Marc::new(record);
            let same = like.iter().find_map(|other| match &other.body {
                Body::Marc(other) if other.record() == marc.record() => Some(other.clone()),
                _ => None,
            });
            Body::Marc(same.unwrap_or(marc))
        }
        Scheme::DublinCore => Body::DublinCore {
            record: DublinCore { statements },
            basis: like.iter().find_map(|other| match &other.body {
                Body::DublinCore { basis, .. } => basis.clone(),
                Body::Marc(_) => None,
            }),
        },
    };
    work
}

/// Units by their groups, in order.
pub(super) fn grouped(units: &[Unit]) -> BTreeMap<String, Vec<Unit>> {
    let mut out: BTreeMap<String, Vec<Unit>> = BTreeMap::new();
    for unit in units {
        out.entry(unit.group()).or_default().push(unit.clone());
    }
    out
}

/// Whether a record holds one unit of a group at most.
pub(super) fn is_single(group: &str) -> bool {
    match group {
        "LDR" | "note" | "cover" | "title" => true,
        "file" => false,
        _ => <&[u8; 3]>::try_from(group.as_bytes())
            .ok()
            .and_then(tags::tag)
            .is_some_and(|row| !row.repeatable),
    }
}

/// The English name of a group of [`super::Change`] and [`super::Conflict`]:
/// `Title statement` for 245, `description, abstract` for an element.
pub fn part_name(group: &str) -> String {
    if group == "LDR" {
        return "Leader".to_owned();
    }
    let row = <&[u8; 3]>::try_from(group.as_bytes())
        .ok()
        .and_then(tags::tag);
    match row {
        Some(row) => row.name.to_owned(),
        None => group.replace('.', ", "),
    }
}

/// Where a group stands in a record: by its tag or element; what goes with the
/// record comes last.
pub(super) fn rank(group: &str) -> (usize, &str) {
    let last = Element::ALL.len() + 2;
    match group {
        "LDR" => (0, ""),
        "note" => (last, ""),
        "cover" => (last + 1, ""),
        "file" => (last + 2, ""),
        _ => {
            let name = group.split('.').next().unwrap_or_default();
            match Element::ALL.iter().position(|one| one.name() == name) {
                Some(at) => (at + 1, group),
                None => (1, group),
            }
        }
    }
}
