//! Counting words in bounded memory.

use super::hangul;
use crate::suggest::data::write_durably;
use rustc_hash::FxHashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

/// Words kept: with their text and the table's overhead about 8 MB.
const MAX_WORDS: usize = 110_000;
/// Longer ones are no words.
const MAX_WORD_BYTES: usize = 64;
const HEADING: &str = "lampion words 1";
/// Level of zstd for a saved state: it is small, and saved every half minute at most.
const LEVEL: i32 = 3;
/// A saved state unpacks to no more than this.
const MAX_STATE_BYTES: u64 = 2 * (MAX_WORDS * (MAX_WORD_BYTES + 24)) as u64;

/// Counts the words of an index by lossy counting: when the table is full, the rarest words go, and a
/// word that comes (back) later starts with the error that this may have caused. Frequent words are exact
/// or nearly so; memory is at most about 8 MB however large the index.
#[derive(Debug, Default)]
pub struct WordCounter {
    words: FxHashMap<Box<str>, Tally>,
    /// Count of the most frequent word that was ever dropped.
    dropped: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    count: u32,
    error: u32,
}

impl Tally {
    fn most(self) -> u32 {
        self.count.saturating_add(self.error)
    }
}

impl WordCounter {
    /// An empty counter.
    pub fn new() -> WordCounter {
        WordCounter::default()
    }

    /// Counts a folded word once.
    pub fn count(&mut self, word: &str) {
        self.count_n(word, 1);
    }

    /// Counts a folded word `n` times. Words that spelling isn't corrected in (with digits or signs, of one
    /// character, over 64 bytes, of scripts without spaces) are passed over.
    pub fn count_n(&mut self, word: &str, n: u32) {
        if let Some(tally) = self.words.get_mut(word) {
            tally.count = tally.count.saturating_add(n);
            return;
        }
        if n == 0 || !is_word(word) {
            return;
        }
        if self.words.len() >= MAX_WORDS {
            self.drop_rarest();
        }
        self.words.insert(
            word.into(),
            Tally {
                count: n,
                error: self.dropped,
            },
        );
    }

    /// Makes room by a quarter: all words below a limit, and of those at the limit as many as needed.
    fn drop_rarest(&mut self) {
        let quota = self.words.len() / 4;
        let mut counts: Vec<u32> = self.words.values().map(|t| t.most()).collect();
        let (_, limit, _) = counts.select_nth_unstable(quota);
        let limit = *limit;
        let below = self.words.values().filter(|t| t.most() < limit).count();
        let mut at_limit = quota.saturating_sub(below) + 1;
        self.words.retain(|_, tally| {
            let drop = tally.most() < limit || tally.most() == limit && at_limit > 0;
            if tally.most() == limit {
                at_limit = at_limit.saturating_sub(1);
            }
            !drop
        });
        self.dropped = self.dropped.max(limit);
    }

    /// Number of words held.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Writes the state, so that an import can go on after a restart; durable and in one step.
    ///
    /// # Errors
    /// The disk is full; an earlier state then stands.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        write_durably(path, |file| {
            let mut out = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
            writeln!(out, "{HEADING}\t{}", self.dropped)?;
            for (word, tally) in &self.words {
                writeln!(out, "{word}\t{}\t{}", tally.count, tally.error)?;
            }
            out.finish()?.flush()
        })
    }

    /// Reads a saved state.
    ///
    /// # Errors
    /// The file can't be read or is not a saved state.
    pub fn load(path: &Path) -> io::Result<WordCounter> {
        let bad = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "saved word counts are damaged: count anew",
            )
        };
        let state = zstd::Decoder::new(File::open(path)?)?.take(MAX_STATE_BYTES);
        let mut lines = BufReader::new(state).lines();
        let heading = lines.next().ok_or_else(bad)??;
        let dropped = heading
            .strip_prefix(HEADING)
            .and_then(|rest| rest.strip_prefix('\t'));
        let dropped = dropped.and_then(|n| n.parse().ok()).ok_or_else(bad)?;
        let mut counter = WordCounter {
            words: FxHashMap::default(),
            dropped,
        };
        for line in lines.take(MAX_WORDS + 1) {
            let line = line?;
            let mut parts = line.split('\t');
            let word = parts.next().filter(|word| is_word(word)).ok_or_else(bad)?;
            let mut number = || {
                parts
                    .next()
                    .and_then(|n| n.parse::<u32>().ok())
                    .ok_or_else(bad)
            };
            let tally = Tally {
                count: number()?,
                error: number()?,
            };
            counter.words.insert(word.into(), tally);
        }
        Ok(counter)
    }

    /// Writes the dictionary, durably, in place of one that may be at `path`.
    ///
    /// # Errors
    /// The disk is full; what was at `path` is then untouched.
    pub fn finish(self, path: &Path) -> io::Result<()> {
        let words = self.words.into_iter();
        let mut words: Vec<(String, u32)> = words
            .map(|(word, t)| (hangul::to_keys(&word), t.count))
            .collect();
        words.sort_unstable();
        words.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
        write_durably(path, |file| {
            let mut builder =
                fst::MapBuilder::new(BufWriter::new(file)).map_err(io::Error::other)?;
            for (word, count) in words {
                builder
                    .insert(word, u64::from(count))
                    .map_err(io::Error::other)?;
            }
            builder.into_inner().map_err(io::Error::other)?.flush()
        })
    }
}

fn is_word(word: &str) -> bool {
    let letters = word
        .chars()
        .all(|c| c.is_alphabetic() || unicode_normalization::char::is_combining_mark(c));
    let dense = |c: char| crate::suggest::is_dense(c) && !hangul::is_syllable(c);
    let short =
        word.len() < 2 || (word.chars().nth(1).is_none() && !word.chars().any(hangul::is_syllable));
    letters && !short && word.len() <= MAX_WORD_BYTES && !word.chars().any(dense)
}
