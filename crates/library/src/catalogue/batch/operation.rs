//! What is done with each record of a batch, without tables and pages.

use lampion_feed::entry::Reason;
use lampion_formats::records::desk::check::english;
use lampion_formats::records::desk::{
    DublinCore, Element, Finding, Qualifier, Scheme, Severity, Statement, Work, check, mnemonic,
};
use lampion_formats::records::marc::{Field, MarcRecord, Subfield};
use serde::{Deserialize, Serialize};

/// Longest value, in characters.
pub const VALUE_CHARS: usize = 2_000;

/// Where something is changed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// An element of Dublin Core, with a qualifier or with none.
    Element(Element, Option<Qualifier>),
    /// A field of MARC; without a subfield, the whole field.
    Field([u8; 3], Option<u8>),
}

impl Target {
    /// `subject`, `subject.lcsh`, `650`, `650$a` (also `650a`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, qualifier) = match text.split_once('.') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (text, None),
        };
        if let Some(element) = Element::parse(name) {
            let qualifier = match qualifier {
                Some(name) => {
                    Some(Qualifier::parse(name).filter(|one| element.qualifiers().contains(one))?)
                }
                None => None,
            };
            return Some(Self::Element(element, qualifier));
        }
        let bytes = text.as_bytes();
        let (tag, rest) = bytes.split_first_chunk::<3>()?;
        let code = match rest {
            [] => None,
            [b'$', code] | [code] => Some(*code),
            _ => return None,
        };
        let letters = tag.iter().all(|byte| byte.is_ascii_digit());
        let good = code.is_none_or(|code| code.is_ascii_lowercase() || code.is_ascii_digit());
        // Control fields are positions, not text.
        (letters && good && !tag.starts_with(b"00")).then_some(Self::Field(*tag, code))
    }
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Operation {
    /// All values of a field give way to one.
    Set {
        /// Where, as [`Target::parse`] reads it.
        field: String,
        /// The value; of a whole MARC field, a line such as `\4$aTea`.
        value: String,
    },
    /// A value is added where it isn't there yet.
    Add {
        /// Where.
        field: String,
        /// The value.
        value: String,
    },
    /// A value is removed, or all.
    Remove {
        /// Where.
        field: String,
        /// The value; empty for all.
        value: String,
    },
    /// A text in values is replaced by another.
    Replace {
        /// Where.
        field: String,
        /// What is looked for, as it is written.
        find: String,
        /// What it becomes; empty to take it out.
        with: String,
    },
    /// The records are withdrawn for good.
    Withdraw {
        /// Why: a code of [`Reason`].
        reason: String,
    },
    /// The versions before another batch are published again.
    Undo {
        /// The batch.
        batch: String,
    },
    /// Records of a file are published; see [`crate::catalogue::import`].
    Import(crate::catalogue::import::Import),
}

/// Why an operation can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OperationError {
    /// No such field.
    #[error(
        "no such field: name an element (`subject`), a field (`650`) or a subfield (`650$a`) that is no control field"
    )]
    Field,
    /// Nothing to set, add or look for.
    #[error("a value is missing")]
    Value,
    /// Too long.
    #[error("a value is longer than {VALUE_CHARS} characters: shorten it")]
    TooLong,
    /// The line of a MARC field.
    #[error("a whole field is given as its line, such as \\4$aTea")]
    Line,
    /// No such reason.
    #[error("no such reason: choose one of the list")]
    Reason,
}

/// What becomes of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    /// It becomes this.
    Changed(Box<Work>),
    /// It stays as it is.
    Unchanged,
    /// It is withdrawn.
    Withdrawn(Reason),
    /// It can't be done, and why.
    Invalid(String),
}

impl Operation {
    /// Whether it can be done at all.
    ///
    /// # Errors
    /// See [`OperationError`].
    pub fn verify(&self) -> Result<(), OperationError> {
        let short = |text: &str| {
            (text.chars().count() <= VALUE_CHARS)
                .then_some(())
                .ok_or(OperationError::TooLong)
        };
        let target = |field: &str| Target::parse(field).ok_or(OperationError::Field);
        match self {
            Self::Set { field, value } | Self::Add { field, value } => {
                let target = target(field)?;
                if value.trim().is_empty() {
                    return Err(OperationError::Value);
                }
                if let Target::Field(tag, None) = target {
                    line(tag, value).ok_or(OperationError::Line)?;
                }
                short(value)
            }
            Self::Remove { field, value } => target(field).and_then(|_| short(value)),
            Self::Replace { field, find, with } => {
                target(field)?;
                if find.is_empty() {
                    return Err(OperationError::Value);
                }
                short(find).and_then(|()| short(with))
            }
            Self::Withdraw { reason } => Reason::from_code(reason)
                .map(|_| ())
                .ok_or(OperationError::Reason),
            Self::Undo { .. } | Self::Import(_) => Ok(()),
        }
    }

    /// What a record becomes. New errors make it invalid; errors that it had before don't.
    pub fn apply(&self, work: &Work) -> Applied {
        let field = match self {
            Self::Set { field, .. }
            | Self::Add { field, .. }
            | Self::Remove { field, .. }
            | Self::Replace { field, .. } => field,
            Self::Withdraw { reason } => {
                return Reason::from_code(reason).map_or_else(
                    || Applied::Invalid(OperationError::Reason.to_string()),
                    Applied::Withdrawn,
                );
            }
            Self::Undo { .. } | Self::Import(_) => return Applied::Unchanged,
        };
        let new = match Target::parse(field) {
            None => return Applied::Invalid(OperationError::Field.to_string()),
            Some(Target::Element(element, qualifier)) => {
                let mut record = work.dublin_core();
                self.dublin_core(&mut record, element, qualifier);
                if record == work.dublin_core() {
                    return Applied::Unchanged;
                }
                match work.with_dublin_core(record) {
                    Ok(new) => new,
                    Err(error) => return Applied::Invalid(error.to_string()),
                }
            }
            Some(Target::Field(tag, code)) => {
                if work.scheme() != Scheme::Marc21 {
                    return Applied::Invalid(
                        "the record is kept in Dublin Core: name an element instead of a MARC field"
                            .into(),
                    );
                }
                let mut record = work.marc().record().clone();
                self.marc(&mut record, tag, code);
                if record == *work.marc().record() {
                    return Applied::Unchanged;
                }
                work.with_marc(record)
            }
        };
        verdict(work, new)
    }

    fn dublin_core(&self, record: &mut DublinCore, element: Element, qualifier: Option<Qualifier>) {
        let own = |one: &Statement| one.element == element && one.qualifier == qualifier;
        let new = |value: &str| Statement {
            qualifier,
            ..Statement::new(element, value.trim())
        };
        let all = &mut record.statements;
        match self {
            Self::Set { value, .. } => {
                let at = all.iter().position(own);
                if let Some(first) = at.and_then(|at| all.get_mut(at)) {
                    first.value = value.trim().to_string();
                }
                let mut seen = false;
                all.retain(|one| !own(one) || !std::mem::replace(&mut seen, true));
                if at.is_none() {
                    all.push(new(value));
                }
            }
            Self::Add { value, .. }
                if !all.iter().any(|one| own(one) && one.value == value.trim()) =>
            {
                let after = all.iter().rposition(own).map_or(all.len(), |at| at + 1);
                all.insert(after, new(value));
            }
            Self::Remove { value, .. } => {
                let value = value.trim();
                all.retain(|one| !own(one) || !value.is_empty() && one.value != value);
            }
            Self::Replace { find, with, .. } => {
                for one in all.iter_mut().filter(|one| own(one)) {
                    one.value = one.value.replace(find, with).trim().to_string();
                }
                all.retain(|one| !own(one) || !one.value.is_empty());
            }
            _ => {}
        }
    }

    fn marc(&self, record: &mut MarcRecord, tag: [u8; 3], code: Option<u8>) {
        match (self, code) {
            (Self::Set { value, .. }, None) => {
                let Some(new) = line(tag, value) else { return };
                record.fields.retain(|field| field.tag() != tag);
                insert(record, new);
            }
            (Self::Set { value, .. }, Some(code)) => set(record, tag, code, value.trim()),
            (Self::Add { value, .. }, None) => {
                let Some(new) = line(tag, value) else { return };
                if !record.fields.contains(&new) {
                    insert(record, new);
                }
            }
            (Self::Add { value, .. }, Some(code)) => {
                let value = value.trim();
                let there = record
                    .fields_with(&tag)
                    .any(|field| field.subfields().any(|one| one == (code, value.as_bytes())));
                if !there {
                    insert(record, fresh(tag, code, value));
                }
            }
            (Self::Remove { value, .. }, None) => {
                let value = value.trim();
                record.fields.retain(|field| {
                    let fits = value.is_empty()
                        || line(tag, value).as_ref() == Some(field)
                        || field.subfields().any(|one| one.1 == value.as_bytes());
                    field.tag() != tag || !fits
                });
            }
            (Self::Remove { value, .. }, Some(code)) => {
                let value = value.trim().as_bytes();
                each(record, tag, |subfields| {
                    subfields
                        .retain(|one| one.code != code || !value.is_empty() && one.data != value);
                });
            }
            (Self::Replace { find, with, .. }, code) => each(record, tag, |subfields| {
                for one in subfields
                    .iter_mut()
                    .filter(|one| code.is_none_or(|code| code == one.code))
                {
                    if let Ok(text) = std::str::from_utf8(&one.data) {
                        one.data = text.replace(find, with).into_bytes();
                    }
                }
                subfields.retain(|one| !one.data.is_empty());
            }),
            _ => {}
        }
    }
}

/// A field of its line, without the tag.
fn line(tag: [u8; 3], value: &str) -> Option<Field> {
    let tag = String::from_utf8_lossy(&tag).into_owned();
    let text = format!("={tag}  {}", value.trim().replace(['\n', '\r'], " "));
    let record = mnemonic::parse(&text).ok()?;
    record.fields.into_iter().next()
}

/// A new field with one subfield. Where blanks would be no indicators, those that say least.
fn fresh(tag: [u8; 3], code: u8, value: &str) -> Field {
    let (ind1, ind2) = match &tag {
        b"245" => (b'0', b'0'),
        b"600" | b"700" | b"100" => (b'1', if tag == *b"600" { b'4' } else { b' ' }),
        b"610" | b"611" => (b'2', b'4'),
        b"710" | b"711" | b"110" | b"111" => (b'2', b' '),
        b"630" => (b'0', b'4'),
        b"650" | b"651" | b"655" => (b' ', b'4'),
        b"490" => (b'0', b' '),
        b"856" => (b'4', b'0'),
        _ => (b' ', b' '),
    };
    Field::Data {
        tag,
        ind1,
        ind2,
        subfields: vec![Subfield {
            code,
            data: value.as_bytes().to_vec(),
        }],
    }
}

/// Puts a field after those with its tag or a lower one.
fn insert(record: &mut MarcRecord, field: Field) {
    let at = record
        .fields
        .iter()
        .rposition(|other| other.tag() <= field.tag())
        .map_or(0, |at| at + 1);
    record.fields.insert(at, field);
}

fn set(record: &mut MarcRecord, tag: [u8; 3], code: u8, value: &str) {
    let mut any = false;
    each(record, tag, |subfields| {
        any = true;
        let mut seen = false;
        subfields.retain_mut(|one| {
            if one.code != code {
                return true;
            }
            one.data = value.as_bytes().to_vec();
            !std::mem::replace(&mut seen, true)
        });
        if !seen {
            subfields.push(Subfield {
                code,
                data: value.as_bytes().to_vec(),
            });
        }
    });
    if !any {
        insert(record, fresh(tag, code, value));
    }
}

/// Changes the subfields of the regular fields with a tag; fields that are left with none go.
fn each(record: &mut MarcRecord, tag: [u8; 3], mut change: impl FnMut(&mut Vec<Subfield>)) {
    record.fields.retain_mut(|field| match field {
        Field::Data {
            tag: own,
            subfields,
            ..
        } if *own == tag => {
            change(subfields);
            !subfields.is_empty()
        }
        _ => true,
    });
}

/// Whether a changed record may be published: it has no error that it hadn't before.
pub(super) fn verdict(before: &Work, new: Work) -> Applied {
    if new == *before {
        return Applied::Unchanged;
    }
    if let Err(error) = new.to_json() {
        return Applied::Invalid(error.to_string());
    }
    let errors = |work: &Work| -> Vec<Finding> {
        let mut all = check(work);
        all.retain(|one| one.severity == Severity::Error);
        all
    };
    let known = errors(before);
    let same = |one: &Finding| {
        known
            .iter()
            .any(|other| other.key == one.key && other.place.field == one.place.field)
    };
    match errors(&new).iter().find(|one| !same(one)) {
        Some(finding) => Applied::Invalid(english(finding.key, &finding.arguments)),
        None => Applied::Changed(Box::new(new)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dc(rows: &[(&str, &str)]) -> Work {
        let statements = rows
            .iter()
            .map(|(element, value)| Statement::new(Element::parse(element).unwrap(), *value))
            .collect();
        DublinCore { statements }.into()
    }

    fn tea() -> Work {
        dc(&[
            ("title", "The book of tea"),
            ("creator", "Okakura"),
            ("subject", "Tea"),
            ("subject", "Japan"),
        ])
    }

    fn marc() -> Work {
        let text = "=LDR  00000nam\\a2200000\\\\\\4500\n=008  950101s1995\\\\\\\\xxu\\\\\\\\\\\\\\\\\\\\\\000\\0\\eng\\d\n=245  00$aTea$cOkakura\n=650  \\4$aTea\n=650  \\4$aJapan$xHistory";
        Work::from(lampion_formats::records::desk::Marc::new(
            mnemonic::parse(text).unwrap(),
        ))
    }

    fn lines(applied: Applied) -> Vec<String> {
        match applied {
            Applied::Changed(work) if work.scheme() == Scheme::Marc21 => {
                mnemonic::print(work.marc().record())
                    .lines()
                    .filter(|line| !line.is_empty())
                    .skip(2)
                    .map(ToString::to_string)
                    .collect()
            }
            Applied::Changed(work) => work
                .dublin_core()
                .statements
                .iter()
                .map(|one| format!("{}={}", one.group_name(), one.value))
                .collect(),
            other => vec![format!("{other:?}")],
        }
    }

    fn operation(word: &str, field: &str, value: &str) -> Operation {
        let (field, value) = (field.to_string(), value.to_string());
        match word {
            "set" => Operation::Set { field, value },
            "add" => Operation::Add { field, value },
            "remove" => Operation::Remove { field, value },
            _ => {
                let (find, with) = value.split_once('/').unwrap();
                Operation::Replace {
                    field,
                    find: find.into(),
                    with: with.into(),
                }
            }
        }
    }

    #[test]
    fn fields_are_named_as_cataloguers_do() {
        assert_eq!(
            Target::parse("subject.lcsh"),
            Some(Target::Element(Element::Subject, Some(Qualifier::Lcsh)))
        );
        assert_eq!(
            Target::parse(" 650$a"),
            Some(Target::Field(*b"650", Some(b'a')))
        );
        assert_eq!(
            Target::parse("650a"),
            Some(Target::Field(*b"650", Some(b'a')))
        );
        assert_eq!(Target::parse("650"), Some(Target::Field(*b"650", None)));
        for bad in [
            "",
            "008",
            "001",
            "title.isbn",
            "65",
            "650$",
            "650$ab",
            "ß50",
            "xyz",
        ] {
            assert_eq!(Target::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn elements_are_set_added_removed_replaced() {
        let done = |word, field, value| lines(operation(word, field, value).apply(&tea()));
        assert_eq!(
            done("set", "subject", "Drinks"),
            ["title=The book of tea", "creator=Okakura", "subject=Drinks"]
        );
        assert_eq!(done("set", "language", "en").last().unwrap(), "language=en");
        assert_eq!(done("add", "subject", "Asia")[4], "subject=Asia");
        assert_eq!(done("add", "subject", "Tea"), ["Unchanged"]);
        assert_eq!(done("remove", "subject", "Tea")[2], "subject=Japan");
        assert_eq!(done("remove", "subject", "").len(), 2);
        assert_eq!(
            done("replace", "title", "tea/coffee")[0],
            "title=The book of coffee"
        );
        assert_eq!(done("replace", "title", "cocoa/x"), ["Unchanged"]);
        assert!(
            done("remove", "title", "")[0].starts_with("Invalid"),
            "a record needs a title"
        );
        assert!(done("set", "650$a", "Tea")[0].starts_with("Invalid"));
    }

    #[test]
    fn fields_of_marc_are_set_added_removed_replaced() {
        let done = |word, field, value| lines(operation(word, field, value).apply(&marc()));
        assert_eq!(
            done("set", "650$a", "Drinks"),
            [
                "=245 00$aTea$cOkakura",
                "=650 \\4$aDrinks",
                "=650 \\4$aDrinks$xHistory"
            ]
        );
        assert_eq!(done("add", "650$a", "Asia")[3], "=650 \\4$aAsia");
        assert_eq!(done("add", "650", "\\0$aAsia")[3], "=650 \\0$aAsia");
        assert_eq!(done("add", "650$a", "Tea"), ["Unchanged"]);
        assert_eq!(done("remove", "650$x", "")[2], "=650 \\4$aJapan");
        assert_eq!(done("remove", "650$a", "Tea").len(), 2);
        assert_eq!(done("remove", "650", "").len(), 1);
        assert_eq!(
            done("replace", "245", "Tea/Coffee")[0],
            "=245 00$aCoffee$cOkakura"
        );
        assert!(done("remove", "245", "")[0].starts_with("Invalid"));
        // Dublin Core of a MARC record changes only its fields.
        let added = done("add", "subject", "Asia");
        assert_eq!(added[0], "=245 00$aTea$cOkakura", "{added:?}");
        assert_eq!(added.len(), 4);
    }

    #[test]
    fn what_can_not_be_done_is_said() {
        assert_eq!(
            operation("set", "nothing", "x").verify(),
            Err(OperationError::Field)
        );
        assert_eq!(
            operation("add", "subject", " ").verify(),
            Err(OperationError::Value)
        );
        assert_eq!(
            operation("add", "650", "Tea").verify(),
            Err(OperationError::Line)
        );
        assert_eq!(operation("remove", "subject", "").verify(), Ok(()));
        let long = "x".repeat(VALUE_CHARS + 1);
        assert_eq!(
            operation("add", "subject", &long).verify(),
            Err(OperationError::TooLong)
        );
        let reason = Operation::Withdraw {
            reason: "boredom".into(),
        };
        assert_eq!(reason.verify(), Err(OperationError::Reason));
    }
}
