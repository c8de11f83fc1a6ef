//! What becomes of a record that comes in and matches one that is there.

use std::collections::BTreeMap;

use super::fold::fold;
use super::items::{Unit, assemble, is_single, rank, units};
use super::work::{Body, Scheme, Work};

/// What is done with one kind of field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ImportRule {
    /// Mine stays, theirs is passed over.
    KeepMine,
    /// Theirs replaces mine, if they have any.
    TakeTheirs,
    /// Theirs is taken where I have none.
    #[default]
    FillGaps,
    /// Theirs is added where it says something else, if a record may hold
    /// several; otherwise gaps are filled.
    Add,
}

/// Rules for the fields of a record. The first of `fields` that fits decides; a
/// pattern is a tag whose digits may be `X` (`6XX`), an element (`subject`), an
/// element with its qualifier (`subject.lcsh`), `LDR`, `note`, `cover` or `file`.
///
/// Leader, control fields and note are kept unless a rule names them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportRules {
    /// What holds where no pattern fits.
    pub default: ImportRule,
    /// Patterns with their rules.
    pub fields: Vec<(String, ImportRule)>,
}

impl ImportRules {
    fn rule(&self, group: &str) -> ImportRule {
        let named = self
            .fields
            .iter()
            .find(|(pattern, _)| fits(pattern, group))
            .map(|one| one.1);
        let own = group == "LDR" || group == "note" || group.starts_with("00");
        named.unwrap_or(if own {
            ImportRule::KeepMine
        } else {
            self.default
        })
    }
}

fn fits(pattern: &str, group: &str) -> bool {
    let element = group.split('.').next().unwrap_or_default();
    let wild = pattern.len() == group.len()
        && pattern
            .bytes()
            .zip(group.bytes())
            .all(|(wanted, given)| wanted == given || wanted == b'X' && given.is_ascii_digit());
    wild || pattern == element
}

/// Fields that stand for one thing: main entries, imprints.
fn family(group: &str) -> &str {
    match group {
        "100" | "110" | "111" | "130" => "1XX",
        "260" | "264" => "26X",
        _ => group,
    }
}

/// Merges a record that came in into mine, by rules. The result is in my scheme.
pub fn import(mine: &Work, theirs: &Work, rules: &ImportRules) -> Work {
    let scheme = mine.scheme();
    let theirs = Work {
        body: match scheme {
            Scheme::Marc21 => Body::Marc(theirs.marc()),
            Scheme::DublinCore => Body::DublinCore {
                record: theirs.dublin_core(),
                basis: None,
            },
        },
        ..theirs.clone()
    };
    let my_units = units(mine);
    let mut incoming: BTreeMap<String, Vec<Unit>> = BTreeMap::new();
    for unit in units(&theirs) {
        let group = unit.group();
        incoming
            .entry(family(&group).to_owned())
            .or_default()
            .push(unit);
    }
    let mut out = my_units.clone();
    for (name, their) in incoming {
        let group = their.first().map(Unit::group).unwrap_or_default();
        let in_family = |unit: &Unit| family(&unit.group()) == name;
        let have = my_units.iter().filter(|unit| in_family(unit)).count();
        let single = is_single(&group) || name == "1XX" || name == "26X";
        let new = match rules.rule(&group) {
            ImportRule::KeepMine => continue,
            ImportRule::TakeTheirs => {
                out.retain(|unit| !in_family(unit));
                their
            }
            ImportRule::Add if !single => {
                let known: Vec<String> = my_units
                    .iter()
                    .filter(|unit| in_family(unit))
                    .map(meaning)
                    .collect();
                their
                    .into_iter()
                    .filter(|unit| !known.contains(&meaning(unit)))
                    .collect()
            }
            ImportRule::FillGaps | ImportRule::Add if have == 0 => their,
            ImportRule::FillGaps | ImportRule::Add => continue,
        };
        for unit in new {
            let place = out
                .iter()
                .position(|other| rank(&other.group()) > rank(&unit.group()))
                .unwrap_or(out.len());
            out.insert(place, unit);
        }
    }
    assemble(scheme, out, &[mine])
}

/// What a unit says, without case, accents and punctuation.
fn meaning(unit: &Unit) -> String {
    match unit {
        Unit::File(file) => file.blake3.clone(),
        Unit::Field(field) => {
            let texts: Vec<String> = field
                .subfields()
                .filter(|(code, _)| code.is_ascii_lowercase())
                .map(|(_, data)| fold(&String::from_utf8_lossy(data)))
                .collect();
            texts.join(" ")
        }
        _ => fold(&unit.text()),
    }
}
