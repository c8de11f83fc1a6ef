//! Reads `titles.lps` in place.

use super::TitleHit;
use super::data::Data;
use super::format::{
    ENTRY_BYTES, FAN_OUT, Header, MAX_KEY_BYTES, RECORD_UNIT_BYTES, STARTS, level_sizes,
    read_length, read_u16, read_u32,
};
use super::normal::{Normal, fold_ascii, is_dense};
use super::typos::Effort;
use fst::raw::Fst;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

/// Nodes of the hierarchy that one search may open.
const MAX_OPENED: usize = 4096;
/// Entries that one search may look at; more are needed only if many titles share one key.
pub(super) const MAX_LOOKED_AT: usize = 1024;
/// Titles, best first, in which words apart from each other are looked for.
const MAX_APART: usize = 1500;
/// Words of a query that are looked at.
pub(super) const MAX_WORDS: usize = 12;
/// Most suggestions that can be asked for.
const MAX_LIMIT: usize = 100;

/// What was typed, made ready once for all collections.
pub(crate) struct Typed {
    pub(super) normal: Normal,
}

impl Typed {
    pub(crate) fn new(typed: &str) -> Typed {
        // Nobody types more; a pasted page is cut.
        let end = typed.floor_char_boundary(512);
        Typed {
            normal: Normal::new(typed.get(..end).unwrap_or_default(), false),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.normal.text
    }

    pub(super) fn words(&self) -> Vec<&str> {
        self.text()
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(MAX_WORDS)
            .collect()
    }
}

/// The titles of one collection.
pub struct Titles {
    data: Data,
    header: Header,
    /// Byte and number of maxima of each level, from the entries up.
    levels: Vec<(usize, usize)>,
    words_verified: OnceLock<bool>,
}

/// A word start in the sorted array.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub id: u32,
    pub at: usize,
    pub score: u16,
}

impl Entry {
    pub(super) fn starts(&self) -> bool {
        self.score & STARTS != 0
    }
}

/// A title as it is stored.
#[derive(Debug, Clone)]
pub(super) struct Record<'t> {
    pub weight: u8,
    pub folded: Cow<'t, str>,
    pub title: &'t str,
    pub key: &'t str,
}

/// What a visitor says to an entry.
pub(super) enum Next {
    More,
    Enough,
}

impl Titles {
    /// Opens the file; takes the same short time for any size.
    ///
    /// # Errors
    /// The file can't be read, is cut off or not a file of titles of this version.
    pub fn open(path: &Path) -> io::Result<Titles> {
        Titles::from_data(Data::open(path)?)
    }

    /// As [`Titles::open`], from bytes.
    ///
    /// # Errors
    /// The bytes are cut off or not a file of titles of this version.
    pub fn from_bytes(bytes: Vec<u8>) -> io::Result<Titles> {
        Titles::from_data(Data::Owned(bytes))
    }

    fn from_data(data: Data) -> io::Result<Titles> {
        let header = Header::parse(data.bytes())?;
        let mut at = header.levels_at as usize;
        let mut levels = Vec::new();
        for size in level_sizes(header.entries as usize) {
            levels.push((at, size));
            at += 2 * size;
        }
        Ok(Titles {
            data,
            header,
            levels,
            words_verified: OnceLock::new(),
        })
    }

    /// Number of titles, aliases included.
    pub fn len(&self) -> u64 {
        self.header.titles
    }

    /// Whether there are no titles.
    pub fn is_empty(&self) -> bool {
        self.header.titles == 0
    }

    /// The `limit` (at most 100) best titles for what was typed, best first: the whole title, titles that begin
    /// with it, titles with it inside at a word, titles with all its words; then those with typos.
    pub fn lookup(&self, typed: &str, limit: usize) -> Vec<TitleHit> {
        let typed = Typed::new(typed);
        let mut hits = self.exact(&typed, limit);
        let effort = Effort {
            collections: 1,
            words: true,
        };
        self.forgive(&typed, limit, effort, &mut hits);
        hits
    }

    /// Titles that fit without typos.
    pub(crate) fn exact(&self, typed: &Typed, limit: usize) -> Vec<TitleHit> {
        let limit = limit.min(MAX_LIMIT);
        let mut hits = Vec::new();
        let text = typed.text();
        if text.is_empty() || limit == 0 {
            return hits;
        }
        let range = self.range(text.as_bytes());
        let equal = range.start..self.end_of_equal(&range, text.as_bytes());
        self.best(equal, MAX_LOOKED_AT, |entry, record| {
            if entry.starts() && record.folded == text {
                push(&mut hits, record, true, true, 0, limit)
            } else {
                Next::Enough
            }
        });
        if hits.len() < limit {
            self.best(range, MAX_LOOKED_AT, |entry, record| {
                // Sorting looks at the first bytes only.
                let fits = text.len() <= MAX_KEY_BYTES
                    || record
                        .folded
                        .get(entry.at..)
                        .is_some_and(|rest| rest.starts_with(text));
                if fits {
                    push(&mut hits, record, false, entry.starts(), 0, limit)
                } else {
                    Next::More
                }
            });
        }
        let words = typed.words();
        if hits.len() < limit && words.len() > 1 {
            self.apart(&words, 0, limit, &mut hits);
        }
        hits
    }

    /// Titles in which all words begin words, in any order: the best of the rarest word's titles are looked through.
    pub(super) fn apart(&self, words: &[&str], typos: u8, limit: usize, hits: &mut Vec<TitleHit>) {
        let ranges = words.iter().map(|word| self.range(word.as_bytes()));
        let Some(rarest) = ranges
            .filter(|range| !range.is_empty())
            .min_by_key(ExactSizeIterator::len)
        else {
            return;
        };
        self.best(rarest, MAX_APART, |_, record| {
            if words.iter().all(|word| has_word(&record.folded, word)) {
                push(hits, record, false, false, typos, limit)
            } else {
                Next::More
            }
        });
    }

    /// The dictionary of the titles' words.
    pub(super) fn words(&self) -> Option<Fst<&[u8]>> {
        let at = self.header.words_at as usize;
        let bytes = self
            .data
            .bytes()
            .get(at..at + self.header.words_bytes as usize)?;
        crate::words::verified(bytes, &self.words_verified)
    }

    pub(super) fn entry(&self, n: usize) -> Option<Entry> {
        let at = self.header.entries_at as usize + n * ENTRY_BYTES;
        let data = self.data.bytes();
        Some(Entry {
            id: read_u32(data, at)?,
            at: usize::from(read_u16(data, at + 4)?),
            score: read_u16(data, at + 6)?,
        })
    }

    /// Where a title's record begins, and its folded bytes (none if they follow from the title), title and key.
    fn parts(&self, id: u32) -> Option<(usize, [&[u8]; 3])> {
        let offset = id as usize * RECORD_UNIT_BYTES;
        let (start, length) = (
            self.header.strings_at as usize,
            self.header.strings_bytes as usize,
        );
        let at = start.checked_add(offset)?;
        let data = self.data.bytes().get(..start.checked_add(length)?)?;
        let (folded, next) = read_length(data, at.checked_add(1)?)?;
        let (title, next) = read_length(data, next)?;
        let (key, mut from) = read_length(data, next)?;
        let mut parts: [&[u8]; 3] = [&[]; 3];
        for (part, length) in parts.iter_mut().zip([folded, title, key]) {
            *part = data.get(from..from + length)?;
            from += length;
        }
        Some((at, parts))
    }

    pub(super) fn record(&self, id: u32) -> Option<Record<'_>> {
        let (at, [folded, title, key]) = self.parts(id)?;
        let folded = if folded.is_empty() {
            let mut derived = Vec::with_capacity(title.len());
            fold_ascii(title, usize::MAX, &mut derived);
            Cow::Owned(String::from_utf8(derived).ok()?)
        } else {
            Cow::Borrowed(std::str::from_utf8(folded).ok()?)
        };
        Some(Record {
            weight: *self.data.bytes().get(at)?,
            folded,
            title: std::str::from_utf8(title).ok()?,
            key: std::str::from_utf8(key).ok()?,
        })
    }

    /// What the `n`th entry is sorted by. `buffer` is used where it must be derived.
    pub(super) fn key<'a>(&'a self, n: usize, buffer: &'a mut Vec<u8>) -> &'a [u8] {
        let Some((entry, (_, [folded, title, _]))) = self
            .entry(n)
            .and_then(|entry| Some((entry, self.parts(entry.id)?)))
        else {
            return &[];
        };
        let folded = if folded.is_empty() {
            buffer.clear();
            fold_ascii(title, entry.at + MAX_KEY_BYTES, buffer);
            buffer
        } else {
            folded
        };
        let suffix = folded.get(entry.at..).unwrap_or_default();
        suffix.get(..MAX_KEY_BYTES).unwrap_or(suffix)
    }

    /// The first entry in `range` whose key doesn't satisfy `before`.
    fn partition(&self, range: Range<usize>, before: impl Fn(&[u8]) -> bool) -> usize {
        let Range { mut start, mut end } = range;
        let mut buffer = Vec::with_capacity(2 * MAX_KEY_BYTES);
        while start < end {
            let middle = start + (end - start) / 2;
            if before(self.key(middle, &mut buffer)) {
                start = middle + 1;
            } else {
                end = middle;
            }
        }
        start
    }

    /// Entries that begin with `text` (with its first 128 bytes).
    pub(super) fn range(&self, text: &[u8]) -> Range<usize> {
        let text = text.get(..MAX_KEY_BYTES).unwrap_or(text);
        let all = self.header.entries as usize;
        let start = self.partition(0..all, |key| key < text);
        let end = self.partition(start..all, |key| key.starts_with(text));
        start..end
    }

    /// End of those entries of `range` that are just `text`: they sort before all longer ones.
    fn end_of_equal(&self, range: &Range<usize>, text: &[u8]) -> usize {
        let text = text.get(..MAX_KEY_BYTES).unwrap_or(text);
        self.partition(range.clone(), |key| key.len() <= text.len())
    }

    /// Visits at most `looked_at` entries of `range`, the best score first. Only blocks whose maximum
    /// may still be among the best are opened.
    pub(super) fn best(
        &self,
        range: Range<usize>,
        looked_at: usize,
        mut visit: impl FnMut(&Entry, &Record) -> Next,
    ) {
        if range.is_empty() {
            return;
        }
        // (score, before others of that score, level of the node: 0 for entries, number in the level)
        let mut heap: BinaryHeap<(u16, Reverse<usize>, usize)> = BinaryHeap::new();
        let mut of_level = Vec::with_capacity(1 + self.levels.len());
        of_level.push(range.clone());
        for _ in &self.levels {
            let below = of_level.last().map_or(0..0, Clone::clone);
            of_level.push(below.start / FAN_OUT..below.end.div_ceil(FAN_OUT));
        }
        // Begin at the lowest level that covers the range with few nodes.
        let first = of_level
            .iter()
            .position(|nodes| nodes.len() <= FAN_OUT)
            .unwrap_or(0);
        let add = |heap: &mut BinaryHeap<_>, level: usize, nodes: Range<usize>| {
            for node in nodes {
                let score = match level.checked_sub(1).map(|above| self.levels.get(above)) {
                    None => self.entry(node).map(|entry| entry.score),
                    Some(part) => {
                        part.and_then(|(at, _)| read_u16(self.data.bytes(), at + 2 * node))
                    }
                };
                if let Some(score) = score {
                    heap.push((score, Reverse(node), level));
                }
            }
        };
        add(
            &mut heap,
            first,
            of_level.get(first).cloned().unwrap_or_default(),
        );
        let (mut opened, mut seen) = (0, 0);
        while let Some((_, Reverse(node), level)) = heap.pop() {
            if let Some(below) = level.checked_sub(1) {
                opened += 1;
                if opened > MAX_OPENED {
                    return;
                }
                let within = of_level.get(below).cloned().unwrap_or_default();
                let from = (node * FAN_OUT).max(within.start);
                add(
                    &mut heap,
                    below,
                    from..((node + 1) * FAN_OUT).min(within.end),
                );
                continue;
            }
            seen += 1;
            let Some(entry) = self.entry(node) else {
                continue;
            };
            let Some(record) = self.record(entry.id) else {
                continue;
            };
            if seen > looked_at || matches!(visit(&entry, &record), Next::Enough) {
                return;
            }
        }
    }
}

/// Adds a hit unless its key is there already.
pub(super) fn push(
    hits: &mut Vec<TitleHit>,
    record: &Record,
    whole: bool,
    starts: bool,
    typos: u8,
    limit: usize,
) -> Next {
    if hits.len() < limit && hits.iter().all(|hit| hit.key != record.key) {
        hits.push(TitleHit {
            key: record.key.to_owned(),
            title: record.title.to_owned(),
            weight: record.weight,
            whole,
            starts,
            typos,
        });
    }
    if hits.len() < limit {
        Next::More
    } else {
        Next::Enough
    }
}

/// Whether a word of `folded` begins with `word` (in scripts without spaces: whether it stands anywhere).
fn has_word(folded: &str, word: &str) -> bool {
    let anywhere = word
        .chars()
        .next()
        .is_some_and(|c| is_dense(c) || ('ㄱ'..='ㅣ').contains(&c));
    let mut places = folded.match_indices(word);
    places.any(|(at, _)| anywhere || at == 0 || folded.as_bytes().get(at - 1) == Some(&b' '))
}
