//! "Did you mean": a likelier query.

use super::{Words, hangul, similar::tolerance};

/// A word that is known is replaced only by one that is so many times as frequent.
const FAR_MORE_FREQUENT: u64 = 50;
/// Queries of more words are corrected in their first ones.
const MAX_WORDS: usize = 12;
/// Shortest half of a word that is split in two.
const MIN_HALF_CHARS: usize = 3;

/// The query with likelier words, or nothing if its words are good as they are. `words` are folded;
/// `dicts` are those of all collections that are searched.
pub fn correct_query(words: &[&str], dicts: &[&Words]) -> Option<Vec<String>> {
    let frequency = |word: &str| dicts.iter().map(|d| d.frequency(word)).sum::<u64>();
    let mut out: Vec<String> = Vec::new();
    let mut changed = false;
    let (looked_at, rest) = words.split_at(words.len().min(MAX_WORDS));
    let mut words = looked_at.iter().peekable();
    while let Some(word) = words.next() {
        let count = frequency(word);
        if let Some(next) = words.peek()
            && (count == 0 || frequency(next) == 0)
            && is_correctable(word)
            && is_correctable(next)
        {
            let joined = format!("{word}{next}");
            if frequency(&joined) > 0 {
                out.push(joined);
                words.next();
                changed = true;
                continue;
            }
        }
        let better = if is_correctable(word) {
            correct_word(word, count, dicts, &frequency)
        } else {
            None
        };
        match better {
            Some(better) => {
                changed = true;
                out.extend(better);
            }
            None => out.push((*word).to_owned()),
        }
    }
    out.extend(rest.iter().map(|word| (*word).to_owned()));
    changed.then_some(out)
}

/// Numbers and signs (`2024`, `b12`) are meant as they are.
fn is_correctable(word: &str) -> bool {
    !word.is_empty() && word.chars().all(char::is_alphabetic)
}

fn correct_word(
    word: &str,
    count: u64,
    dicts: &[&Words],
    frequency: &impl Fn(&str) -> u64,
) -> Option<Vec<String>> {
    let keys = hangul::to_keys(word);
    let allowed = tolerance(keys.chars().count());
    if allowed == 0 {
        return None;
    }
    // A word that is known is at most a slip away from the one that was meant.
    let allowed = if count > 0 { 1 } else { allowed };
    let mut best: Option<(u8, bool, u64, String)> = None;
    let mut tried: Vec<String> = Vec::new();
    for found in dicts.iter().flat_map(|d| d.similar(word, allowed)) {
        if tried.contains(&found.word) {
            continue;
        }
        let text = hangul::from_keys(&found.word);
        let total = frequency(&text);
        let other_first = found.word.chars().next() != keys.chars().next();
        let rank = (found.distance, other_first, u64::MAX - total);
        if best
            .as_ref()
            .is_none_or(|b| rank < (b.0, b.1, u64::MAX - b.2))
        {
            best = Some((found.distance, other_first, total, text));
        }
        tried.push(found.word);
    }
    if count > 0 {
        let (_, _, total, text) = best?;
        return (total / FAR_MORE_FREQUENT > count).then(|| vec![text]);
    }
    match best {
        Some((1, _, _, text)) => Some(vec![text]),
        other => split(word, frequency).or_else(|| other.map(|(_, _, _, text)| vec![text])),
    }
}

/// Two known words that were typed as one.
fn split(word: &str, frequency: &impl Fn(&str) -> u64) -> Option<Vec<String>> {
    let chars = word.chars().count();
    let min = if word.chars().any(hangul::is_syllable) {
        1
    } else {
        MIN_HALF_CHARS
    };
    let cuts = word
        .char_indices()
        .enumerate()
        .filter(|(n, _)| *n >= min && n + min <= chars);
    let halves = cuts.filter_map(|(_, (at, _))| word.split_at_checked(at));
    let rated = halves.map(|(a, b)| (frequency(a).min(frequency(b)), a, b));
    let (rate, a, b) = rated.max_by_key(|(rate, _, _)| *rate)?;
    (rate > 0).then(|| vec![a.to_owned(), b.to_owned()])
}
