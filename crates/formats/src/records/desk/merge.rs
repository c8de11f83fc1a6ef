//! Three-way merge: two people changed the same version of a work.

use std::collections::{BTreeMap, VecDeque};

use super::compare::{Fate, align};
use super::items::{Unit, assemble, grouped, is_single, rank, units};
use super::work::{Body, Scheme, Work};
use crate::records::marc::Field;

/// Whose version of a conflict is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The version of the one who saves now.
    Mine,
    /// The version that was saved meanwhile.
    Theirs,
    /// Both, where a record may hold several; otherwise mine.
    Both,
}

/// Something that both changed, each otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its number among the conflicts of this merge, from 0; the same inputs
    /// give the same numbers.
    pub number: usize,
    /// What it is about, as in [`super::Change::group`].
    pub group: String,
    /// How it was; none if both added something.
    pub base: Option<String>,
    /// My version; none if I removed it.
    pub mine: Option<String>,
    /// Their version; none if they removed it.
    pub theirs: Option<String>,
}

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The work, with the chosen side of each conflict in it.
    pub work: Work,
    /// What both changed, each otherwise.
    pub conflicts: Vec<Conflict>,
}

/// Merges; conflicts are listed, and mine stands in the work.
pub fn merge(base: &Work, mine: &Work, theirs: &Work) -> Merged {
    merge_with(base, mine, theirs, |_| Side::Mine)
}

/// Merges, and asks which side to take in each conflict.
///
/// Fields that one side changed are taken from it, fields that both added are
/// taken once, and 008 and the leader are merged by position. Works in
/// different schemes are merged as MARC.
pub fn merge_with(
    base: &Work,
    mine: &Work,
    theirs: &Work,
    choose: impl FnMut(&Conflict) -> Side,
) -> Merged {
    let taken = |work: &Work| Merged {
        work: work.clone(),
        conflicts: Vec::new(),
    };
    if mine == base {
        return taken(theirs);
    }
    if theirs == base || mine == theirs {
        return taken(mine);
    }
    let scheme = mine.scheme();
    if scheme == base.scheme() && scheme == theirs.scheme() {
        return merge_units(scheme, [base, mine, theirs], choose);
    }
    let [base, mine, theirs] = [base, mine, theirs].map(as_marc);
    merge_units(Scheme::Marc21, [&base, &mine, &theirs], choose)
}

fn as_marc(work: &Work) -> Work {
    Work {
        body: Body::Marc(work.marc()),
        ..work.clone()
    }
}

fn merge_units(
    scheme: Scheme,
    [base, mine, theirs]: [&Work; 3],
    choose: impl FnMut(&Conflict) -> Side,
) -> Merged {
    let (base_units, my_units, their_units) = (units(base), units(mine), units(theirs));
    let (old, my, their) = (
        grouped(&base_units),
        grouped(&my_units),
        grouped(&their_units),
    );
    let mut names: Vec<&String> = old.keys().chain(my.keys()).chain(their.keys()).collect();
    names.sort_by_key(|name| rank(name));
    names.dedup();
    let mut merger = Merger {
        conflicts: Vec::new(),
        choose,
    };
    let none = Vec::new();
    let mut merged: BTreeMap<String, VecDeque<Unit>> = BTreeMap::new();
    for name in names {
        let of = |groups: &BTreeMap<String, Vec<Unit>>| groups.get(name).unwrap_or(&none).clone();
        let result = merger.group(name, &of(&old), &of(&my), &of(&their));
        merged.insert(name.clone(), result.into());
    }
    let order = arrange(&my_units, merged);
    Merged {
        work: assemble(scheme, order, &[mine, theirs, base]),
        conflicts: merger.conflicts,
    }
}

struct Merger<F> {
    conflicts: Vec<Conflict>,
    choose: F,
}

impl<F: FnMut(&Conflict) -> Side> Merger<F> {
    fn group(&mut self, name: &str, old: &[Unit], my: &[Unit], their: &[Unit]) -> Vec<Unit> {
        if my == old {
            return their.to_vec();
        }
        if their == old || my == their {
            return my.to_vec();
        }
        if let ([old], [my], [their]) = (old, my, their)
            && let Some(merged) = by_position(old, my, their)
        {
            return vec![merged];
        }
        let single = is_single(name);
        let (mine, theirs) = (align(old, my, single), align(old, their, single));
        let mut out = Vec::new();
        for ((unit, mine), theirs) in old.iter().zip(&mine.fates).zip(&theirs.fates) {
            match (mine, theirs) {
                (Fate::Kept, Fate::Kept) => out.push(unit.clone()),
                (fate, Fate::Kept) | (Fate::Kept, fate) => out.extend(outcome(fate)),
                _ if mine == theirs => out.extend(outcome(mine)),
                _ => out.extend(self.conflict(
                    name,
                    Some(unit),
                    outcome(mine),
                    outcome(theirs),
                    single,
                )),
            }
        }
        let mut my_added = mine.added;
        let mut their_added = Vec::new();
        let mut unmatched = my_added.clone();
        for unit in theirs.added {
            match unmatched.iter().position(|one| *one == unit) {
                Some(at) => drop(unmatched.remove(at)),
                None => their_added.push(unit),
            }
        }
        if single {
            // Each added one, and there is room for one.
            while let (Some(at), false) = (
                my_added.iter().position(|one| unmatched.contains(one)),
                their_added.is_empty(),
            ) {
                let (my, their) = (my_added.remove(at), their_added.remove(0));
                unmatched.retain(|one| *one != my);
                out.extend(self.conflict(name, None, Some(my), Some(their), single));
            }
        }
        out.extend(my_added);
        out.extend(their_added);
        capped(out, my, their)
    }

    fn conflict(
        &mut self,
        group: &str,
        base: Option<&Unit>,
        mine: Option<Unit>,
        theirs: Option<Unit>,
        single: bool,
    ) -> Vec<Unit> {
        let conflict = Conflict {
            number: self.conflicts.len(),
            group: group.to_owned(),
            base: base.map(Unit::text),
            mine: mine.as_ref().map(Unit::text),
            theirs: theirs.as_ref().map(Unit::text),
        };
        let side = (self.choose)(&conflict);
        self.conflicts.push(conflict);
        match side {
            Side::Theirs => theirs.into_iter().collect(),
            Side::Both if !single => mine.into_iter().chain(theirs).collect(),
            Side::Both => mine.or(theirs).into_iter().collect(),
            Side::Mine => mine.into_iter().collect(),
        }
    }
}

fn outcome(fate: &Fate) -> Option<Unit> {
    match fate {
        Fate::Changed(unit) => Some(unit.clone()),
        Fate::Kept | Fate::Removed => None,
    }
}

/// What one side added and the other changed something into is there once.
fn capped(merged: Vec<Unit>, my: &[Unit], their: &[Unit]) -> Vec<Unit> {
    let count = |list: &[Unit]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for unit in list {
            *counts.entry(unit.key()).or_default() += 1;
        }
        counts
    };
    let (my, their) = (count(my), count(their));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    merged
        .into_iter()
        .filter(|unit| {
            let key = unit.key();
            let of = |counts: &BTreeMap<String, usize>| counts.get(&key).copied().unwrap_or(0);
            let most = of(&my).max(of(&their)).max(1);
            let count = seen.entry(key).or_default();
            *count += 1;
            *count <= most
        })
        .collect()
}

/// Fixed fields of the same length, of which different positions changed.
fn by_position(old: &Unit, my: &Unit, their: &Unit) -> Option<Unit> {
    let bytes = |unit: &Unit| match unit {
        Unit::Leader(leader) => Some(leader.to_vec()),
        Unit::Field(Field::Control { tag, data })
            if matches!(tag, b"006" | b"007" | b"008") && data.is_ascii() =>
        {
            Some(data.clone())
        }
        _ => None,
    };
    let (old, mine, theirs) = (bytes(old)?, bytes(my)?, bytes(their)?);
    if old.len() != mine.len() || old.len() != theirs.len() {
        return None;
    }
    let merged: Option<Vec<u8>> = old
        .iter()
        .zip(&mine)
        .zip(&theirs)
        .map(|((old, mine), theirs)| {
            if mine == old || mine == theirs {
                Some(*theirs)
            } else if theirs == old {
                Some(*mine)
            } else {
                None
            }
        })
        .collect();
    let merged = merged?;
    match my {
        Unit::Leader(_) => <[u8; 24]>::try_from(merged).ok().map(Unit::Leader),
        Unit::Field(field) => Some(Unit::Field(Field::Control {
            tag: field.tag(),
            data: merged,
        })),
        _ => None,
    }
}

/// Units in the order of mine; what I have none of goes where its rank wants it.
fn arrange(mine: &[Unit], mut merged: BTreeMap<String, VecDeque<Unit>>) -> Vec<Unit> {
    let names: Vec<String> = mine.iter().map(Unit::group).collect();
    let mut out: Vec<Unit> = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let last = names.get(at + 1..).is_none_or(|rest| !rest.contains(name));
        let Some(queue) = merged.get_mut(name) else {
            continue;
        };
        let take = if last {
            queue.len()
        } else {
            queue.len().min(1)
        };
        out.extend(queue.drain(..take));
    }
    for (name, queue) in merged {
        let place = out
            .iter()
            .position(|unit| rank(&unit.group()) > rank(&name))
            .unwrap_or(out.len());
        out.splice(place..place, queue);
    }
    out
}
