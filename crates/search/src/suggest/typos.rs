//! Titles in spite of typos.
//!
//! Two ways, since each finds what the other can't:
//! - *Pieces*: one slip leaves what stands before it or the words after it as they are. Titles with that
//!   piece are looked up, and the whole of what was typed is compared with them. This needs no words, so
//!   it works in all scripts, in short words and at lost spaces.
//! - *Words*: an unknown word is replaced by similar ones of the titles' dictionary.

use super::TitleHit;
use super::distance::prefix_distance;
use super::format::{MAX_KEY_BYTES, STARTS};
use super::normal::is_stop_word;
use super::read::{Entry, Next, Record, Titles, Typed, push};
use crate::words::hangul;
use crate::words::similar::{First, Similar, Whole, similar, tolerance, unpanicked};

/// Titles with which what was typed is compared, for one piece and for all.
const MAX_COMPARED_OF_PIECE: usize = 400;
const MAX_COMPARED: usize = 1200;
/// The same for each of many collections.
const MIN_COMPARED: usize = 150;
/// Pieces that are looked up.
const MAX_PIECES: usize = 12;
/// Similar words that are tried for a word, and for one that is still being typed.
const MAX_SIMILAR: usize = 12;
const MAX_SIMILAR_BEGINNINGS: usize = 40;
/// Bytes after a slip that some other title may share by chance.
const SHARED_BY_CHANCE: usize = 16;
/// Queries with replaced words that are tried.
const MAX_REPLACED: usize = 64;
/// Words of one query that are replaced at most.
const MAX_WRONG_WORDS: usize = 3;
/// Titles taken for each of them.
const MAX_OF_REPLACED: usize = 10;

/// How hard to look for typos in one of several collections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Collections that share the work.
    pub collections: usize,
    /// Replace words too.
    pub words: bool,
}

/// A title that fits with typos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Near {
    typos: u8,
    /// Score turned round: the best sorts first.
    rank: u16,
    id: u32,
}

impl Near {
    fn new(typos: u8, score: u16, id: u32) -> Near {
        Near {
            typos,
            rank: u16::MAX - score,
            id,
        }
    }

    fn starts(&self) -> bool {
        (u16::MAX - self.rank) & STARTS != 0
    }
}

impl Titles {
    /// Fills `hits` up to `limit` with titles that fit with typos, with the given effort.
    pub(crate) fn forgive(
        &self,
        typed: &Typed,
        limit: usize,
        effort: Effort,
        hits: &mut Vec<TitleHit>,
    ) {
        let limit = limit.min(100);
        let text: Vec<char> = typed.text().chars().collect();
        let max = tolerance(text.len());
        if hits.len() >= limit || max == 0 {
            return;
        }
        let mut near = Vec::new();
        let compared = Compared {
            typed: &text,
            ascii: Some(typed.text().as_bytes()).filter(|bytes| bytes.is_ascii()),
            syllables: syllables(typed.text()),
            max,
            left: (MAX_COMPARED / effort.collections.max(1)).max(MIN_COMPARED),
            wanted: limit - hits.len(),
            near: &mut near,
        };
        let shared = self.longest_shared(typed.text());
        self.by_pieces(typed, shared, compared);
        self.by_spaces(typed, shared, &mut near);
        let words = typed.words();
        let slips = near.iter().filter(|near| near.typos == 1).count();
        if slips >= limit || !effort.words {
            return self.take_near(near, limit, hits);
        }
        let wrong = self.wrong_words(
            &words,
            near.is_empty() && (hits.is_empty() || words.len() == 1),
        );
        self.by_words(&words, &wrong, &mut near);
        self.take_near(near, limit, hits);
        if hits.len() < limit && !wrong.is_empty() && words.len() > 1 {
            let best = words.iter().enumerate().map(|(n, word)| {
                let found = wrong
                    .iter()
                    .find(|(place, _)| *place == n)
                    .and_then(|(_, similar)| similar.first());
                found.map_or((*word, 0), |similar| {
                    (similar.word.as_str(), similar.distance)
                })
            });
            let (words, distances): (Vec<&str>, Vec<u8>) = best.unzip();
            self.apart(&words, distances.iter().sum::<u8>().max(1), limit, hits);
        }
    }

    fn take_near(&self, mut near: Vec<Near>, limit: usize, hits: &mut Vec<TitleHit>) {
        near.sort_unstable();
        for found in near {
            let Some(record) = self.record(found.id) else {
                continue;
            };
            if matches!(
                push(hits, &record, false, found.starts(), found.typos, limit),
                Next::Enough
            ) {
                return;
            }
        }
    }

    fn by_pieces(&self, typed: &Typed, shared: usize, mut compared: Compared) {
        let text = typed.text();
        let starts = &typed.normal.starts;
        // Before the slip: as far as any title goes along, then back by words.
        let ends = starts
            .iter()
            .rev()
            .map(|start| usize::from(start.at))
            .filter(|at| *at < shared && *at > 0);
        let ends = std::iter::once(shared).chain(ends);
        for end in ends.filter(|end| *end > 0).take(MAX_PIECES) {
            let Some(piece) = text.get(..end) else {
                continue;
            };
            let few = self.compare_range(piece, 0, &mut compared);
            if !few {
                break;
            }
        }
        // After the slip: from the second word on, shorter and shorter.
        for start in starts.iter().skip(1).take(MAX_PIECES) {
            let at = usize::from(start.at);
            let Some(piece) = text.get(at..).filter(|piece| piece.len() > 1) else {
                break;
            };
            let few = self.compare_range(piece, at, &mut compared);
            if !few {
                break;
            }
        }
    }

    /// Compares with the titles that have `piece`, which stands at byte `before` of what was typed; false if
    /// there were more than can be looked at.
    fn compare_range(&self, piece: &str, before: usize, compared: &mut Compared) -> bool {
        let range = self.range(piece.as_bytes());
        let budget = MAX_COMPARED_OF_PIECE.min(compared.left);
        let few = range.len() <= budget;
        let mut count = 0;
        self.best(range, budget, |entry, record| {
            count += 1;
            let near = compared.compare(entry, record, before);
            compared.wanted = compared.wanted.saturating_sub(usize::from(near));
            if compared.wanted == 0 {
                Next::Enough
            } else {
                Next::More
            }
        });
        compared.left -= count;
        few && compared.left > 0 && compared.wanted > 0
    }

    /// Bytes at the beginning of `text` that some title has too.
    fn longest_shared(&self, text: &str) -> usize {
        let place = self.range(text.as_bytes()).start;
        let around = [place.checked_sub(1), Some(place)];
        let mut buffer = Vec::new();
        let shared = around.into_iter().flatten().map(|n| {
            self.key(n, &mut buffer)
                .iter()
                .zip(text.as_bytes())
                .take_while(|(a, b)| a == b)
                .count()
        });
        text.floor_char_boundary(shared.max().unwrap_or(0).min(MAX_KEY_BYTES))
    }

    /// Words typed as one, or one as two. The slip stands where no title goes along any more, or a little before,
    /// if another title happens to go along further.
    fn by_spaces(&self, typed: &Typed, shared: usize, near: &mut Vec<Near>) {
        let text = typed.text();
        let likely = shared.saturating_sub(SHARED_BY_CHANCE)..=shared;
        let places = text
            .char_indices()
            .skip(1)
            .filter(|(at, _)| likely.contains(at));
        for (at, c) in places {
            let (before, after) = text.split_at(at);
            let variant = match c {
                ' ' => format!("{before}{}", after.trim_start()),
                _ if before.ends_with(' ') => continue,
                _ => format!("{before} {after}"),
            };
            self.take_best(&variant, 1, near);
        }
    }

    fn take_best(&self, text: &str, typos: u8, near: &mut Vec<Near>) {
        self.best(
            self.range(text.as_bytes()),
            MAX_OF_REPLACED,
            |entry, record| {
                let rest = record.folded.get(entry.at..);
                if rest.is_some_and(|rest| rest.starts_with(text)) {
                    near.push(Near::new(typos, entry.score, entry.id));
                }
                Next::More
            },
        );
    }

    /// Places of the words that no title has, each with similar ones; of all words if `any` is set and
    /// every word is known.
    fn wrong_words(&self, words: &[&str], any: bool) -> Vec<(usize, Vec<Similar>)> {
        let Some(dictionary) = self.words() else {
            return Vec::new();
        };
        let last = words.len().saturating_sub(1);
        let is_known = |n: usize, word: &str| match n == last {
            _ if is_stop_word(word) => true,
            true => !self.range(word.as_bytes()).is_empty(),
            false => unpanicked(|| dictionary.contains_key(word)).unwrap_or(false),
        };
        let is_word = |word: &str| {
            tolerance(word.chars().count()) > 0 && word.chars().all(char::is_alphabetic)
        };
        let candidates = || {
            words
                .iter()
                .copied()
                .enumerate()
                .filter(|(_, word)| is_word(word))
        };
        let mut wrong: Vec<(usize, &str)> = candidates()
            .filter(|(n, word)| !is_known(*n, word))
            .collect();
        if wrong.is_empty() && any {
            // One of them is a slip that makes another word (`form` for `from`).
            wrong = candidates().collect();
        }
        let similar_to = |(n, word): (usize, &str)| {
            let max = tolerance(word.chars().count());
            let (whole, most) = match n == last {
                true => (Whole::Beginning, MAX_SIMILAR_BEGINNINGS),
                false => (Whole::Word, MAX_SIMILAR),
            };
            let mut found = similar(&dictionary, word, max, whole, First::Same);
            // A second typo beside one in the first letter is rare, and dear to look for.
            found.extend(similar(&dictionary, word, 1, whole, First::Other));
            found.sort_by_key(|similar| similar.distance);
            found.truncate(most);
            (n, found)
        };
        wrong
            .into_iter()
            .take(MAX_WRONG_WORDS)
            .map(similar_to)
            .collect()
    }

    /// Tries what was typed with wrong words replaced: each alone, and the first two together.
    fn by_words(&self, words: &[&str], wrong: &[(usize, Vec<Similar>)], near: &mut Vec<Near>) {
        let mut left = MAX_REPLACED;
        let mut attempt = |replaced: &[(usize, &Similar)]| {
            let word = |(n, word): (usize, &&str)| {
                let other = replaced.iter().find(|(place, _)| *place == n);
                other.map_or((*word).to_owned(), |(_, similar)| similar.word.clone())
            };
            let text: Vec<String> = words.iter().enumerate().map(word).collect();
            let typos = replaced.iter().map(|(_, similar)| similar.distance).sum();
            if left > 0 {
                left -= 1;
                self.take_best(&text.join(" "), typos, near);
            }
        };
        for (n, others) in wrong {
            for similar in others {
                attempt(&[(*n, similar)]);
            }
        }
        if let [(a, of_a), (b, of_b), ..] = wrong {
            let few = 6;
            for first in of_a.iter().take(few) {
                for second in of_b.iter().take(few) {
                    attempt(&[(*a, first), (*b, second)]);
                }
            }
        }
    }
}

/// Comparing of what was typed with whole titles.
struct Compared<'a> {
    typed: &'a [char],
    /// The same as bytes, if it is ASCII.
    ascii: Option<&'a [u8]>,
    /// The same as finished syllables, if it is Hangul: a lost syllable is one slip, not three keys.
    syllables: Option<Vec<char>>,
    max: u8,
    left: usize,
    /// Titles with one typo that are enough.
    wanted: usize,
    near: &'a mut Vec<Near>,
}

impl Compared<'_> {
    /// Compares from where the title must begin if `entry` stands `before` bytes after it, a slip more or less;
    /// true if there is just one slip between them.
    fn compare(&mut self, entry: &Entry, record: &Record, before: usize) -> bool {
        let slip_bytes = if self.syllables.is_some() {
            MAX_SYLLABLE_BYTES
        } else {
            MAX_CHAR_BYTES
        };
        let slack = if before == 0 {
            0
        } else {
            slip_bytes * usize::from(self.max)
        };
        let from = entry.at.saturating_sub(before + slack);
        let to = entry.at.saturating_sub(before.saturating_sub(slack));
        let bytes = record.folded.as_bytes();
        for at in from..=to {
            // Not in the middle of a word of letters.
            let inside = |n: usize| bytes.get(n).is_some_and(u8::is_ascii_alphanumeric);
            if at > 0 && inside(at - 1) && inside(at) {
                continue;
            }
            let Some(rest) = record.folded.get(at..) else {
                continue;
            };
            if let Some(typos) = self.distance(rest) {
                let score = if at == 0 {
                    entry.score | STARTS
                } else {
                    entry.score & !STARTS
                };
                if typos > 0 {
                    self.near.push(Near::new(typos, score, entry.id));
                }
                return typos == 1;
            }
        }
        false
    }

    fn distance(&self, text: &str) -> Option<u8> {
        let most = self.typed.len() + usize::from(self.max);
        if let Some(typed) = self.ascii {
            // The quick way for most titles of most libraries.
            let text = text.as_bytes().get(..most).unwrap_or(text.as_bytes());
            if text.is_ascii() {
                return prefix_distance(typed, text, self.max);
            }
        }
        let chars: Vec<char> = text.chars().take(most).collect();
        let keys = prefix_distance(self.typed, &chars, self.max);
        let Some(syllables) = self.syllables.as_ref().filter(|_| keys.is_none()) else {
            return keys;
        };
        let chars: Vec<char> = hangul::from_keys(text)
            .chars()
            .take(syllables.len() + 1)
            .collect();
        prefix_distance(syllables, &chars, 1)
    }
}

/// Longest character, and longest syllable (five keys), as they are stored.
const MAX_CHAR_BYTES: usize = 4;
const MAX_SYLLABLE_BYTES: usize = 15;

/// Hangul keys as syllables, if there are enough of them to forgive one.
fn syllables(text: &str) -> Option<Vec<char>> {
    let syllables: Vec<char> = hangul::from_keys(text).chars().collect();
    let enough = tolerance(syllables.len()) > 0;
    (enough && syllables.iter().any(|c| hangul::is_syllable(*c))).then_some(syllables)
}
