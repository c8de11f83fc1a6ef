//! A cache of stems: most words of a text were met before, so most are not folded or stemmed again.

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use super::analyzer::{cut, fold_word};
use super::language::Language;
use super::script::Script;

/// Different surface forms that an index writer remembers for each stemmer.
pub(crate) const WRITER_FORMS: usize = 40_000;
/// The same for a reader, of whom there are many.
pub(crate) const READER_FORMS: usize = 4_000;
/// Longer words are not worth remembering, in bytes.
const MAX_CACHED_BYTES: usize = 32;

struct Entry {
    stem: Box<str>,
    count: u32,
}

/// Stems by stemmer, remembered.
pub(crate) struct Stems {
    languages: Vec<(u8, OneLanguage)>,
    max_forms: usize,
    full: bool,
}

#[derive(Default)]
struct OneLanguage {
    stemmer: Option<Stemmer>,
    forms: FxHashMap<Box<str>, Entry>,
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
                self.languages.push((
                    id,
                    OneLanguage {
                        stemmer,
                        forms: FxHashMap::default(),
                    },
                ));
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
        if let Some(entry) = one.forms.get_mut(surface) {
            entry.count = entry.count.saturating_add(1);
            out.push_str(&entry.stem);
            return;
        }
        let form = one.form(surface, algorithm);
        out.push_str(&form);
        if one.forms.len() >= 2 * self.max_forms {
            // Nobody drained the counts (a reader does not want them).
            one.forms.clear();
        }
        one.forms.insert(
            surface.into(),
            Entry {
                stem: form.into_boxed_str(),
                count: 1,
            },
        );
        self.full |= one.forms.len() >= self.max_forms;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Hands over the counts of surface forms (folded); forgets rare forms where there are too many.
    pub(crate) fn drain_counts(&mut self, take: &mut dyn FnMut(&str, u32)) {
        for (_, one) in &mut self.languages {
            for (surface, entry) in &mut one.forms {
                if entry.count > 0 {
                    if surface.is_ascii() && !surface.bytes().any(|b| b.is_ascii_uppercase()) {
                        take(surface, entry.count);
                    } else {
                        take(&fold_word(surface, true), entry.count);
                    }
                    // Kept as a sign of use in this round.
                }
            }
            if one.forms.len() >= self.max_forms {
                one.forms.retain(|_, entry| entry.count > 2);
                if one.forms.len() >= self.max_forms {
                    one.forms.clear();
                }
            }
            for entry in one.forms.values_mut() {
                entry.count = 0;
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
        let stem = stemmer.stem(folded);
        let stem = if stem.is_empty() { folded } else { &stem };
        if arabic {
            stem.replace('ة', "ه")
        } else {
            stem.to_owned()
        }
    }
}
