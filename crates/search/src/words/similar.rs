//! Words of a dictionary that are a few edits away.

use fst::raw::{Fst, Output};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use std::sync::OnceLock;

/// Nodes of the dictionary that one search may visit: bounds its time to a few milliseconds.
const MAX_NODES: usize = 20_000;
/// Words that one search may find.
const MAX_FOUND: usize = 2_000;

/// How many typos to forgive in a word of so many characters (keys, in Hangul).
pub(crate) fn tolerance(chars: usize) -> u8 {
    match chars {
        0..=2 => 0,
        3..=7 => 1,
        _ => 2,
    }
}

/// What a similar entry is to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whole {
    /// A word of the dictionary.
    Word,
    /// The beginning of a word of the dictionary, for a word still being typed.
    Beginning,
}

/// The first letter, in which typos are seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// The same as typed.
    Same,
    /// Another of the same script.
    Other,
}

/// A word a few edits away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Similar {
    pub word: String,
    pub distance: u8,
    /// Its number in the dictionary; 0 for beginnings.
    pub count: u64,
}

/// Words within `max` (1 or 2) edits of `word`, nearest first, then those of nearly the same length, then
/// the more frequent.
pub(crate) fn similar(
    words: &Fst<&[u8]>,
    word: &str,
    max: u8,
    whole: Whole,
    first: First,
) -> Vec<Similar> {
    let Some(dfa) = automaton(word, max) else {
        return Vec::new();
    };
    let mut found = unpanicked(|| walk(words, &dfa, word, max, whole, first)).unwrap_or_default();
    let length = word.chars().count();
    found.sort_by_cached_key(|s| {
        let difference = s.word.chars().count().abs_diff(length);
        (
            s.distance,
            if whole == Whole::Beginning {
                difference
            } else {
                0
            },
            u64::MAX - s.count,
        )
    });
    found
}

/// Runs a question to a dictionary. `fst` trusts the addresses that it reads: the checksum, looked at before,
/// guards against accidents, this against a file made to panic.
pub(crate) fn unpanicked<T>(ask: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).ok()
}

fn automaton(word: &str, max: u8) -> Option<DFA> {
    static BUILDERS: OnceLock<[LevenshteinAutomatonBuilder; 2]> = OnceLock::new();
    let builders =
        BUILDERS.get_or_init(|| [1, 2].map(|max| LevenshteinAutomatonBuilder::new(max, true)));
    let builder = builders.get(usize::from(max.checked_sub(1)?))?;
    Some(builder.build_dfa(word))
}

fn walk(
    words: &Fst<&[u8]>,
    dfa: &DFA,
    word: &str,
    max: u8,
    whole: Whole,
    first: First,
) -> Vec<Similar> {
    let mut found = Vec::new();
    let mut key: Vec<u8> = Vec::new();
    // (node, state, sum of outputs, length of the key before its last byte, last byte)
    let mut stack = vec![(
        words.root().addr(),
        dfa.initial_state(),
        Output::zero(),
        0_usize,
        None,
    )];
    let mut nodes = 0;
    while let Some((addr, state, output, depth, byte)) = stack.pop() {
        nodes += 1;
        if nodes > MAX_NODES || found.len() >= MAX_FOUND {
            break;
        }
        key.truncate(depth);
        key.extend(byte);
        let node = words.node(addr);
        if let Distance::Exact(distance) = dfa.distance(state)
            && distance > 0
            && distance <= max
            && (whole == Whole::Beginning || node.is_final())
            && let Ok(text) = std::str::from_utf8(&key)
            && !text.is_empty()
        {
            let count = if whole == Whole::Word {
                output.cat(node.final_output()).value()
            } else {
                0
            };
            found.push(Similar {
                word: text.to_owned(),
                distance,
                count,
            });
        }
        for transition in node.transitions() {
            if key.len() < FIRST_BYTES
                && !first_fits(word.as_bytes(), key.len(), &key, transition.inp, first)
            {
                continue;
            }
            let next = dfa.transition(state, transition.inp);
            if next != SINK_STATE {
                stack.push((
                    transition.addr,
                    next,
                    output.cat(transition.out),
                    key.len(),
                    Some(transition.inp),
                ));
            }
        }
    }
    found
}

/// Bytes of the longest character.
const FIRST_BYTES: usize = 4;

/// Whether `byte`, after `key`, keeps to the wish about the first letter.
fn first_fits(word: &[u8], at: usize, key: &[u8], byte: u8, first: First) -> bool {
    let length = match word.first() {
        None | Some(..=0x7f) => 1,
        Some(..=0xdf) => 2,
        Some(..=0xef) => 3,
        Some(_) => 4,
    };
    if at >= length {
        return true;
    }
    let same = word.get(at) == Some(&byte);
    match first {
        First::Same => same,
        First::Other => {
            let all_same = same && at + 1 == length && word.get(..at) == Some(key);
            // Scripts lie in blocks: a like first byte is nearly always the same script.
            let script = at > 0 || word.first().is_some_and(|f| same_block(*f, byte));
            script && !all_same
        }
    }
}

fn same_block(a: u8, b: u8) -> bool {
    match (a.is_ascii(), b.is_ascii()) {
        (true, true) => b.is_ascii_alphabetic(),
        (false, false) => a.abs_diff(b) <= 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dictionary(words: &[(&str, u64)]) -> Vec<u8> {
        let mut words = words.to_vec();
        words.sort_unstable();
        let mut builder = fst::raw::Builder::memory();
        for (word, count) in words {
            builder.insert(word, count).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn found(word: &str, max: u8, whole: Whole, first: First) -> Vec<String> {
        let words = [
            ("history", 9),
            ("mystery", 5),
            ("histogram", 2),
            ("historic", 3),
            ("война", 4),
            ("байна", 1),
        ];
        let bytes = dictionary(&words);
        let fst = Fst::new(bytes.as_slice()).unwrap();
        similar(&fst, word, max, whole, first)
            .into_iter()
            .map(|s| s.word)
            .collect()
    }

    #[test]
    fn nearest_and_most_frequent_first() {
        assert_eq!(found("histroy", 1, Whole::Word, First::Same), ["history"]);
        assert_eq!(
            found("histori", 2, Whole::Word, First::Same),
            ["history", "historic"]
        );
        assert_eq!(found("gistory", 1, Whole::Word, First::Same), [""; 0]);
        assert_eq!(found("gistory", 1, Whole::Word, First::Other), ["history"]);
        assert_eq!(found("войнв", 1, Whole::Word, First::Same), ["война"]);
        assert_eq!(found("гойна", 1, Whole::Word, First::Other), ["война"]);
        assert!(found("histog", 1, Whole::Beginning, First::Same).contains(&"histo".to_owned()));
    }
}
