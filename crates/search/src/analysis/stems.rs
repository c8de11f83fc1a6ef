//! A cache of stems: most words of a text were met before, so most are not folded or stemmed again.

use std::hash::Hasher;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHasher;

use super::analyzer::{cut, fold_word};
use super::language::Language;
use super::script::Script;

/// Different surface forms that an index writer remembers for each stemmer.
pub(crate) const WRITER_FORMS: usize = 40_000;
/// The same for a reader, of whom there are many.
pub(crate) const READER_FORMS: usize = 4_000;
/// Longer words are not worth remembering, in bytes.
const MAX_CACHED_BYTES: usize = 32;
/// Slots of an empty table; a power of two.
const FIRST_SLOTS: usize = 1 << 10;
/// Forms that are met less often between two drains are forgotten where there are too many.
const MIN_KEPT_COUNT: u32 = 3;

/// Stems by stemmer, remembered.
pub(crate) struct Stems {
    languages: Vec<(u8, OneLanguage)>,
    max_forms: usize,
    full: bool,
}

struct OneLanguage {
    stemmer: Option<Stemmer>,
    forms: Forms,
}

/// Surface forms and their stems: a table with open addressing whose slots lie side by side and whose
/// text lies in one string, since the time of a look goes into waiting for memory.
struct Forms {
    slots: Vec<Slot>,
    used: usize,
    /// Every surface form, followed by its stem.
    text: String,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    at: u32,
    count: u32,
    /// Bytes of the surface form; 0 in an empty slot.
    surface: u8,
    stem: u8,
}

impl Slot {
    fn surface<'t>(&self, text: &'t str) -> &'t str {
        let at = self.at as usize;
        text.get(at..at + usize::from(self.surface))
            .unwrap_or_default()
    }

    fn stem<'t>(&self, text: &'t str) -> &'t str {
        let at = self.at as usize + usize::from(self.surface);
        text.get(at..at + usize::from(self.stem))
            .unwrap_or_default()
    }
}

impl Forms {
    fn new() -> Forms {
        Forms {
            slots: vec![Slot::default(); FIRST_SLOTS],
            used: 0,
            text: String::new(),
        }
    }

    /// The slot of a surface form, or the empty one where it belongs.
    fn place(&self, surface: &str, hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        // At most half of the slots are used, so an empty one comes soon.
        while let Some(slot) = self.slots.get(at) {
            if slot.surface == 0 || slot.hash == hash && slot.surface(&self.text) == surface {
                break;
            }
            at = (at + 1) & mask;
        }
        at
    }

    /// Counts a surface form and gives its stem, if it is known.
    fn meet(&mut self, surface: &str, hash: u32) -> Option<&str> {
        let at = self.place(surface, hash);
        let slot = self.slots.get_mut(at).filter(|slot| slot.surface > 0)?;
        slot.count = slot.count.saturating_add(1);
        Some(slot.stem(&self.text))
    }

    /// Adds a form that is not there.
    fn insert(&mut self, surface: &str, hash: u32, stem: &str, count: u32) {
        let (Ok(surface_bytes), Ok(stem_bytes), Ok(at)) = (
            u8::try_from(surface.len()),
            u8::try_from(stem.len()),
            u32::try_from(self.text.len()),
        ) else {
            return;
        };
        if surface.is_empty() {
            return;
        }
        if 2 * (self.used + 1) > self.slots.len() {
            self.grow();
        }
        let place = self.place(surface, hash);
        if let Some(slot) = self.slots.get_mut(place) {
            *slot = Slot {
                hash,
                at,
                count,
                surface: surface_bytes,
                stem: stem_bytes,
            };
            self.used += 1;
            self.text.push_str(surface);
            self.text.push_str(stem);
        }
    }

    fn grow(&mut self) {
        let slots = vec![Slot::default(); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.surface == 0 {
                continue;
            }
            let mut at = slot.hash as usize & mask;
            while self.slots.get(at).is_some_and(|slot| slot.surface > 0) {
                at = (at + 1) & mask;
            }
            if let Some(empty) = self.slots.get_mut(at) {
                *empty = slot;
            }
        }
    }

    /// Forgets what was met less than `count` times.
    fn forget(&mut self, count: u32) {
        let old = std::mem::replace(self, Forms::new());
        for slot in old.slots {
            if slot.surface > 0 && slot.count >= count {
                let stem = slot.stem(&old.text);
                self.insert(slot.surface(&old.text), slot.hash, stem, slot.count);
            }
        }
    }
}

fn hash(surface: &str) -> u32 {
    let mut hasher = FxHasher::default();
    hasher.write(surface.as_bytes());
    (hasher.finish() >> 32) as u32
}

impl Stems {
    pub(crate) fn new(max_forms: usize) -> Stems {
        Stems {
            languages: Vec::new(),
            max_forms,
            full: false,
        }
    }

    /// Appends the form under which `surface` is indexed.
    pub(crate) fn push_form(
        &mut self,
        surface: &str,
        script: Script,
        language: Language,
        out: &mut String,
    ) {
        let algorithm = language.stemmer(script);
        let id = algorithm.map_or(0, |algorithm| algorithm as u8 + 1);
        let index = match self.languages.iter().position(|(known, _)| *known == id) {
            Some(index) => index,
            None => {
                let stemmer = algorithm.map(Stemmer::create);
                let forms = Forms::new();
                self.languages.push((id, OneLanguage { stemmer, forms }));
                self.languages.len() - 1
            }
        };
        let Some((_, one)) = self.languages.get_mut(index) else {
            return;
        };
        if surface.len() > MAX_CACHED_BYTES {
            out.push_str(&one.form(surface, algorithm));
            return;
        }
        let hash = hash(surface);
        if let Some(stem) = one.forms.meet(surface, hash) {
            out.push_str(stem);
            return;
        }
        let form = one.form(surface, algorithm);
        out.push_str(&form);
        if one.forms.used >= 2 * self.max_forms {
            // Nobody drained the counts (a reader does not want them).
            one.forms = Forms::new();
        }
        one.forms.insert(surface, hash, &form, 1);
        self.full |= one.forms.used >= self.max_forms;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Hands over the counts of surface forms (folded); forgets rare forms where there are too many.
    pub(crate) fn drain_counts(&mut self, take: &mut dyn FnMut(&str, u32)) {
        for (_, one) in &mut self.languages {
            for slot in &one.forms.slots {
                if slot.count > 0 {
                    let surface = slot.surface(&one.forms.text);
                    if surface.is_ascii() && !surface.bytes().any(|b| b.is_ascii_uppercase()) {
                        take(surface, slot.count);
                    } else {
                        take(&fold_word(surface, true), slot.count);
                    }
                }
            }
            if one.forms.used >= self.max_forms {
                one.forms.forget(MIN_KEPT_COUNT);
                if one.forms.used >= self.max_forms {
                    one.forms = Forms::new();
                }
            }
            for slot in &mut one.forms.slots {
                slot.count = 0;
            }
        }
        self.full = false;
    }
}

impl OneLanguage {
    fn form(&self, surface: &str, algorithm: Option<Algorithm>) -> String {
        // The Arabic stemmer tells teh marbuta from heh; they become one only after it.
        let arabic = matches!(algorithm, Some(Algorithm::Arabic));
        let folded = fold_word(surface, !arabic);
        let folded = cut(&folded);
        let Some(stemmer) = &self.stemmer else {
            return folded.to_owned();
        };
        if folded.bytes().any(|b| b.is_ascii_digit()) {
            return folded.to_owned();
        }
        let folded = if arabic { without_and(folded) } else { folded };
        let stem = stemmer.stem(folded);
        let stem = if stem.is_empty() { folded } else { &stem };
        if arabic {
            stem.replace('ة', "ه")
        } else {
            stem.to_owned()
        }
    }
}

/// A long Arabic word without the conjunction or preposition that is written together with its article ("and the
/// school"): the stemmer leaves those. Short words may merely begin so.
fn without_and(word: &str) -> &str {
    const LETTERS: usize = 7;
    let joined = ["وال", "فال", "بال", "كال"]
        .iter()
        .any(|start| word.starts_with(start));
    match word.char_indices().nth(1) {
        Some((second, _)) if joined && word.chars().count() >= LETTERS => {
            word.get(second..).unwrap_or(word)
        }
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However small the cache, the forms and the counts are the same.
    #[test]
    fn forms_and_counts_do_not_depend_on_the_cache() {
        let words: Vec<String> = (0..40_000_u32)
            .map(|n| {
                let n = n.wrapping_mul(2_654_435_761) >> 16;
                format!("Word{}ings", char::from(b'a' + (n % 26) as u8)).repeat(1 + n as usize % 2)
                    + &"é".repeat(n as usize % 7)
                    + if n.is_multiple_of(3) { "running" } else { "s" }
            })
            .collect();
        let met = |max_forms: usize| {
            let mut stems = Stems::new(max_forms);
            let mut forms = String::new();
            let mut counts = std::collections::BTreeMap::<String, u32>::new();
            let mut drain = |stems: &mut Stems| {
                stems.drain_counts(&mut |word, count| {
                    *counts.entry(word.to_owned()).or_default() += count;
                });
            };
            for word in &words {
                stems.push_form(word, Script::Latin, Language::ENGLISH, &mut forms);
                if stems.is_full() {
                    drain(&mut stems);
                }
            }
            drain(&mut stems);
            (forms, counts)
        };
        let (forms, counts) = met(40_000);
        let (few_forms, few_counts) = met(50);
        assert!(counts.len() > 100, "{}", counts.len());
        assert_eq!(forms, few_forms);
        assert_eq!(counts, few_counts);
    }
}
