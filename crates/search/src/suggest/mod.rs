//! Suggestions while typing, from the titles of a collection.
//!
//! `titles.lps` is a suffix array over the folded titles: each title enters once for each of its first
//! words (in scripts without spaces: characters), sorted by the text from there. What was typed is then a
//! range of entries, found by binary search, and a hierarchy of maxima of the entries' scores gives the
//! best of a range of any size without looking at the rest: one letter is as quick as twenty.
//!
//! Rules: the file is never changed in place; every offset that is read is checked, so that a damaged
//! file gives fewer results or an error, never a panic; every loop has a budget.

mod build;
pub(crate) mod data;
mod distance;
mod format;
mod fuzz;
mod normal;
mod read;
mod spill;
mod typos;

#[cfg(test)]
mod tests;

pub use build::{TEMPORARY_PREFIX, TitlesBuilder};
#[doc(hidden)]
pub use fuzz::fuzz_open;
pub(crate) use normal::is_dense;
pub use read::Titles;

/// So many collections are all searched thoroughly for typos.
const FEW_COLLECTIONS: usize = 4;

/// A title that fits what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleHit {
    /// The document's key.
    pub key: String,
    /// The title to show.
    pub title: String,
    /// 0 to 255, as it was added.
    pub weight: u8,
    /// What was typed is the whole title, but for case, accents and punctuation.
    pub whole: bool,
    /// The title begins with what was typed; else a word inside it does.
    pub starts: bool,
    /// Typos that were forgiven.
    pub typos: u8,
}

/// The best of several collections, with the collection's place in `titles`. Each collection's best comes
/// before any collection's second best of the same kind, so that a large one doesn't crowd out the others;
/// typos are forgiven only where all collections together have fewer than `limit` titles without.
pub fn suggest(titles: &[&Titles], typed: &str, limit: usize) -> Vec<(usize, TitleHit)> {
    let typed = read::Typed::new(typed);
    let mut found: Vec<Vec<TitleHit>> = titles.iter().map(|t| t.exact(&typed, limit)).collect();
    if found.iter().map(Vec::len).sum::<usize>() < limit {
        let mut slip_found = false;
        for (hits, part) in found.iter_mut().zip(titles) {
            // Among many collections one that has the title with a slip spares the others the dear part.
            let words = titles.len() <= FEW_COLLECTIONS || !slip_found;
            let effort = typos::Effort {
                collections: titles.len(),
                words,
            };
            part.forgive(&typed, limit, effort, hits);
            slip_found |= hits.iter().any(|hit| hit.typos == 1);
        }
    }
    let mut ranked = Vec::new();
    for (n, hits) in found.into_iter().enumerate() {
        let mut before = None;
        let mut place = 0;
        for hit in hits {
            let kind = (hit.typos, !hit.whole, !hit.starts);
            place = if before == Some(kind) { place + 1 } else { 0 };
            before = Some(kind);
            let rank = (kind, place, u8::MAX - hit.weight, hit.title.len(), n);
            ranked.push((rank, hit));
        }
    }
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(limit);
    ranked
        .into_iter()
        .map(|((_, _, _, _, n), hit)| (n, hit))
        .collect()
}
