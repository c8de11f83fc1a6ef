//! What differs between two versions of a work.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::fold::{MAX_ALIKE_PAIRS, alike};
use super::items::{Unit, grouped, is_single, rank, units};
use super::work::Work;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What changed: a tag (`245`, `LDR`), an element with its qualifier
    /// (`identifier.isbn`), `note`, `cover` or `file`.
    pub group: String,
    /// The old line; none if something was added.
    pub before: Option<String>,
    /// The new line; none if something was removed.
    pub after: Option<String>,
}

/// The differences of two versions, field by field, in the order of a record.
/// Versions in different schemes are compared as Dublin Core. A mere change of
/// order is none.
pub fn changes(before: &Work, after: &Work) -> Vec<Change> {
    let (before, after) = if before.scheme() == after.scheme() {
        (units(before), units(after))
    } else {
        (units(&shown(before)), units(&shown(after)))
    };
    let (old, new) = (grouped(&before), grouped(&after));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort_by_key(|name| rank(name));
    names.dedup();
    let mut out = Vec::new();
    for name in names {
        let none = Vec::new();
        let (old, new) = (
            old.get(name).unwrap_or(&none),
            new.get(name).unwrap_or(&none),
        );
        let aligned = align(old, new, is_single(name));
        for (at, unit) in old.iter().enumerate() {
            let after = match aligned.fates.get(at) {
                Some(Fate::Changed(new)) => Some(new.text()),
                Some(Fate::Removed) => None,
                _ => continue,
            };
            out.push(Change {
                group: name.clone(),
                before: Some(unit.text()),
                after,
            });
        }
        out.extend(aligned.added.into_iter().map(|unit| Change {
            group: name.clone(),
            before: None,
            after: Some(unit.text()),
        }));
    }
    out
}

/// The work as Dublin Core, without regard to what that loses.
fn shown(work: &Work) -> Work {
    let mut out = Work::from(work.dublin_core().normal());
    out.note.clone_from(&work.note);
    out.cover.clone_from(&work.cover);
    out.files.clone_from(&work.files);
    out
}

/// What became of a unit in a later version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Kept,
    Removed,
    Changed(Unit),
}

/// How two lists of one group correspond.
#[derive(Debug)]
pub(super) struct Aligned {
    /// For each unit of the first list.
    pub(super) fates: Vec<Fate>,
    /// Units of the second that are in no relation to one of the first.
    pub(super) added: Vec<Unit>,
}

/// Finds what was kept, what was changed into what (alike, or the only one that
/// may be), what was added.
pub(super) fn align(old: &[Unit], new: &[Unit], single: bool) -> Aligned {
    let mut places: BTreeMap<String, VecDeque<usize>> = BTreeMap::new();
    for (at, unit) in new.iter().enumerate() {
        places.entry(unit.key()).or_default().push_back(at);
    }
    let mut left: BTreeSet<usize> = (0..new.len()).collect();
    let mut fates: Vec<Option<Fate>> = old
        .iter()
        .map(|unit| {
            let at = places.get_mut(&unit.key())?.pop_front()?;
            left.remove(&at);
            Some(Fate::Kept)
        })
        .collect();
    let open = fates.iter().filter(|fate| fate.is_none()).count();
    let mut pair = |test: &dyn Fn(&Unit, &Unit) -> bool| {
        for (unit, fate) in old.iter().zip(&mut fates).filter(|one| one.1.is_none()) {
            let found = left
                .iter()
                .copied()
                .find(|at| new.get(*at).is_some_and(|other| test(unit, other)));
            if let Some(at) = found {
                left.remove(&at);
                *fate = new.get(at).cloned().map(Fate::Changed);
            }
        }
    };
    if open.saturating_mul(new.len()) <= MAX_ALIKE_PAIRS {
        pair(&|a, b| alike(&a.text(), &b.text()));
    }
    if single {
        pair(&|_, _| true);
    }
    Aligned {
        fates: fates
            .into_iter()
            .map(|fate| fate.unwrap_or(Fate::Removed))
            .collect(),
        added: left
            .into_iter()
            .filter_map(|at| new.get(at).cloned())
            .collect(),
    }
}
