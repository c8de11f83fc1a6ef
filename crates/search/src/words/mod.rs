//! The words of an index, for "did you mean".
//!
//! `words.fst` maps each surface form (folded, Hangul as keys) to how often it occurs.
//! [`WordCounter`] gathers it in bounded memory while indexing; [`Words`] reads it in place.

mod counter;
pub(crate) mod hangul;
mod query;
pub(crate) mod similar;

pub use counter::WordCounter;
pub use query::correct_query;

#[cfg(test)]
mod tests;

use crate::suggest::data::Data;
use fst::raw::Fst;
use similar::{First, Similar, Whole, similar, unpanicked};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// Corrections that are given at most.
const MAX_CORRECTIONS: usize = 16;

/// A dictionary, read in place.
pub struct Words {
    data: Data,
    verified: OnceLock<bool>,
}

impl Words {
    /// Opens `words.fst`.
    ///
    /// # Errors
    /// The file can't be read or is no dictionary. Damage inside is found at the first question
    /// (one pass over the file) and makes the dictionary answer as an empty one.
    pub fn open(path: &Path) -> io::Result<Words> {
        Words::from_data(Data::open(path)?)
    }

    /// As [`Words::open`], from bytes.
    ///
    /// # Errors
    /// The bytes are no dictionary.
    pub fn from_bytes(bytes: Vec<u8>) -> io::Result<Words> {
        Words::from_data(Data::Owned(bytes))
    }

    fn from_data(data: Data) -> io::Result<Words> {
        if let Err(error) = Fst::new(data.bytes()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("dictionary of words is damaged ({error}): reindex the collection"),
            ));
        }
        Ok(Words {
            data,
            verified: OnceLock::new(),
        })
    }

    fn dictionary(&self) -> Option<Fst<&[u8]>> {
        verified(self.data.bytes(), &self.verified)
    }

    /// How often a folded word occurs; 0 if it is unknown.
    pub fn frequency(&self, word: &str) -> u64 {
        let keys = hangul::to_keys(word);
        let fst = self.dictionary();
        let output = fst.and_then(|fst| unpanicked(|| fst.get(keys)).flatten());
        output.map_or(0, |output| output.value())
    }

    /// Words within `max_typos` (at most 2) edits of a folded word, other than itself, with how often they
    /// occur; best first: nearest, then with the same first letter, then most frequent.
    pub fn correct(&self, word: &str, max_typos: u8) -> Vec<(String, u64)> {
        let found = self.similar(word, max_typos).into_iter();
        found
            .map(|s| (hangul::from_keys(&s.word), s.count))
            .collect()
    }

    /// As `correct`, with distances and Hangul as keys.
    fn similar(&self, word: &str, max_typos: u8) -> Vec<Similar> {
        let Some(fst) = self.dictionary() else {
            return Vec::new();
        };
        let keys = hangul::to_keys(word);
        let max = max_typos.min(2);
        let mut found = similar(&fst, &keys, max, Whole::Word, First::Same);
        // With another first letter one typo is spent; looking for a second would cost milliseconds.
        found.extend(similar(&fst, &keys, max.min(1), Whole::Word, First::Other));
        found.sort_by_key(|s| s.distance);
        found.truncate(MAX_CORRECTIONS);
        found
    }
}

/// The dictionary in `bytes`, if its checksum is right; `fst` would panic on others.
pub(crate) fn verified<'d>(bytes: &'d [u8], verified: &OnceLock<bool>) -> Option<Fst<&'d [u8]>> {
    let fst = Fst::new(bytes).ok()?;
    verified.get_or_init(|| fst.verify().is_ok()).then_some(fst)
}
