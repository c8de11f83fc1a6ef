//! Queries made from the documents' own words: each finds something, half of them much and half of them little.

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::chance::Chance;
use crate::data::{Data, Document};

/// Documents whose words are counted.
const COUNTED: usize = 200_000;
/// Documents that queries are made from.
const SAMPLE: usize = 5_000;
/// A word of fewer letters than this is not asked for.
const SHORTEST: usize = 3;
/// A rare word stands in at most this share of the documents.
const RARE: f64 = 0.0005;
/// A common word stands in at least this share.
const COMMON: f64 = 0.01;

/// The kinds of queries.
pub const KINDS: [&str; 4] = ["term", "and", "or", "phrase"];

/// One query.
#[derive(Debug, Clone, Serialize)]
pub struct Query {
    pub kind: &'static str,
    pub words: Vec<String>,
    pub text: String,
}

/// What queries are made from.
pub struct Words {
    counts: FxHashMap<String, u32>,
    counted: usize,
    pub sample: Vec<Document>,
}

/// The words of a text as a person would type them; of scripts without spaces, two to four characters.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !(c.is_alphanumeric() || is_thai(c)))
        .filter_map(|run| {
            let first = run.chars().next()?;
            let unspaced = ('\u{4e00}'..='\u{9fff}').contains(&first) || is_thai(first);
            let word: String = if unspaced {
                run.chars()
                    .take(if is_thai(first) { 4 } else { 2 })
                    .collect()
            } else {
                run.to_lowercase()
            };
            let short = word.is_ascii() && word.len() < SHORTEST || word.chars().count() < 2;
            (!short && word.chars().any(char::is_alphabetic)).then_some(word)
        })
}

/// Thai's vowel signs and tones are no letters to Unicode.
fn is_thai(c: char) -> bool {
    ('\u{0e00}'..='\u{0e7f}').contains(&c)
}

impl Words {
    pub fn of(data: &Data, seed: u64) -> anyhow::Result<Self> {
        let (mut counts, mut counted) = (FxHashMap::<String, u32>::default(), 0);
        let mut chance = Chance::new(seed);
        let mut sample: Vec<Document> = Vec::new();
        for (number, document) in data.documents()?.enumerate() {
            let document = document?;
            if counted < COUNTED {
                counted += 1;
                let mut own: Vec<String> = words(&document.body).collect();
                own.sort_unstable();
                own.dedup();
                for word in own {
                    *counts.entry(word).or_default() += 1;
                }
            }
            // Every document has the same chance to be in the sample (reservoir sampling).
            if sample.len() < SAMPLE {
                sample.push(document);
            } else if let Some(place) = sample.get_mut(chance.below(number + 1)) {
                *place = document;
            }
        }
        chance.shuffle(&mut sample);
        Ok(Self {
            counts,
            counted,
            sample,
        })
    }

    fn share(&self, word: &str) -> f64 {
        f64::from(self.counts.get(word).copied().unwrap_or(1)) / self.counted.max(1) as f64
    }

    /// `each` queries of every kind, mixed; words are rare, middling and common by turns.
    pub fn queries(&self, each: usize, seed: u64) -> Vec<Query> {
        let mut chance = Chance::new(seed ^ 0x7175_6572);
        let mut all = Vec::with_capacity(each * KINDS.len());
        for kind in KINDS {
            let (mut made, mut tries) = (0, 0);
            while made < each && tries < each * 50 {
                tries += 1;
                if let Some(query) = self.query(kind, made, &mut chance) {
                    all.push(query);
                    made += 1;
                }
            }
        }
        chance.shuffle(&mut all);
        all
    }

    fn query(&self, kind: &'static str, turn: usize, chance: &mut Chance) -> Option<Query> {
        let document = chance.pick(&self.sample)?;
        let own: Vec<String> = words(&document.body).collect();
        let wanted = |word: &str, class: usize| match (class % 3, self.share(word)) {
            (0, share) => share <= RARE,
            (1, share) => share > RARE && share < COMMON,
            (_, share) => share >= COMMON,
        };
        let mut choose = |class: usize| {
            (0..20).find_map(|_| {
                chance
                    .pick(&own)
                    .filter(|word| wanted(word, class))
                    .cloned()
            })
        };
        let words = match kind {
            "term" => vec![choose(turn)?],
            // Common and common, common and middling, rare and common.
            "and" | "or" => vec![
                choose(turn)?,
                choose(if turn % 3 == 1 { 2 } else { turn / 3 })?,
            ],
            _ => {
                let at = chance.below(own.len().saturating_sub(1));
                own.get(at..at + 2)?.to_vec()
            }
        };
        if matches!(words.as_slice(), [one, other] if one == other) {
            return None;
        }
        let text = match kind {
            "or" => words.join(" OR "),
            "phrase" => format!("\"{}\"", words.join(" ")),
            _ => words.join(" "),
        };
        Some(Query { kind, words, text })
    }
}

/// A percent-encoded query value.
pub fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}
