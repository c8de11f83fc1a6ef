//! What is wrong with a record, where, and what to do about it.

mod dublin_core;
mod fixed;
mod marc21;
mod messages;
mod values;

pub use messages::{MESSAGES, english};
pub use values::{is_edtf, is_known_language};

use super::work::{Body, Work};

/// The most findings of one check.
pub const MAX_CHECK_FINDINGS: usize = 200;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The record breaks a rule that other programs rely on.
    Error,
    /// Something looks wrong, or is not known here.
    Warning,
}

/// Where a finding is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// A MARC tag (`LDR`, `245`), or an element with its qualifier
    /// (`identifier.isbn`). Empty for the whole record.
    pub field: String,
    /// Which of the fields with this name, from one; for Dublin Core which of
    /// all statements. 0 for none.
    pub occurrence: usize,
    /// The code of a subfield.
    pub subfield: Option<char>,
    /// The first position of a fixed field, from 0.
    pub position: Option<usize>,
    /// The line in the text of [`super::mnemonic`], from one.
    pub line: Option<usize>,
}

impl Place {
    /// A line that was not understood.
    pub(crate) fn line(tag: &str, line: usize) -> Self {
        Self {
            field: tag.to_owned(),
            line: Some(line),
            ..Self::default()
        }
    }

    pub(crate) fn sub(&self, code: u8) -> Self {
        Self {
            subfield: Some(char::from(code)),
            ..self.clone()
        }
    }

    pub(crate) fn at(&self, position: usize) -> Self {
        Self {
            position: Some(position),
            ..self.clone()
        }
    }
}

/// Something wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Place,
    /// The key of its message in [`MESSAGES`], for translations.
    pub key: &'static str,
    /// The message's arguments. `field`, `subfield` and `position` of the place
    /// are among them.
    pub arguments: Vec<(&'static str, String)>,
}

impl Finding {
    pub(crate) fn error(
        key: &'static str,
        place: Place,
        arguments: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self::new(Severity::Error, key, place, arguments)
    }

    pub(crate) fn warning(
        key: &'static str,
        place: Place,
        arguments: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self::new(Severity::Warning, key, place, arguments)
    }

    fn new(
        severity: Severity,
        key: &'static str,
        place: Place,
        arguments: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let mut all = vec![("field", place.field.clone())];
        if let Some(code) = place.subfield {
            all.push(("subfield", code.to_string()));
        }
        if let Some(position) = place.position {
            all.push(("position", format!("{position:02}")));
        }
        all.extend(arguments);
        Self {
            severity,
            place,
            key,
            arguments: all,
        }
    }

    /// Whether there is a message for the finding, and all its arguments.
    pub(crate) fn is_complete(&self) -> bool {
        messages::needs(self.key).is_some_and(|mut names| {
            names.all(|name| self.arguments.iter().any(|one| one.0 == name))
        })
    }

    /// The message in English.
    pub fn text(&self) -> String {
        english(self.key, &self.arguments)
    }
}

/// Looks a work over: errors first, then warnings, each in the order of the
/// record; at most [`MAX_CHECK_FINDINGS`].
pub fn check(work: &Work) -> Vec<Finding> {
    let mut findings = match &work.body {
        Body::DublinCore { record, .. } => dublin_core::check(record),
        Body::Marc(marc) => marc21::check(marc),
    };
    findings.sort_by_key(|one| one.severity);
    findings.truncate(MAX_CHECK_FINDINGS);
    findings
}
