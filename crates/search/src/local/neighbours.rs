//! Which common words stand next to each other.
//!
//! A phrase of common words that is itself rare (`of which the`) is dear: a million documents have the words, and each
//! one's positions must be read to find the ten that have the phrase. So a large collection also notes, for each
//! document, the pairs of common words that follow each other in it: not the pairs themselves, but which of
//! [`GROUPS`] groups they fall into by their hash. A phrase is then looked for in the documents of its groups only, and
//! positions decide as before. A note takes about 6 bits, since a group's documents lie close.
//!
//! Which words are common is learnt once, from a collection's first [`LEARNT_FROM`] documents, and kept in a file of the
//! generation. Documents before that have the term [`UNKNOWN`] instead and are always looked into; small collections have
//! nothing else, so they pay nothing.

use std::fs;
use std::io;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use tantivy::schema::{Field, Term};
use tantivy::{Searcher, TantivyError};

use super::folder;
use super::schema::{Fields, fnv1a};

/// Documents that a collection has when its common words are learnt. Tests have fewer.
pub(crate) const LEARNT_FROM: u64 = if cfg!(test) { 400 } else { 1 << 18 };
/// The term of documents from before.
pub(crate) const UNKNOWN: &str = "-";
/// Pairs fall into so many groups.
const GROUPS: u64 = 2_048;
/// A group's term is one character, from this one on: two bytes of UTF-8, three for the last few.
const FIRST_GROUP: u32 = 0x80;
/// Words that are learnt, at most.
const MAX_WORDS: usize = 16_384;
/// A pair is noted if so large a share of the documents would have both words by chance: below it, few documents have to
/// be looked into.
const WORTH: f32 = 5e-4;
/// Groups whose documents are counted to know how many a group has.
const SAMPLE: u64 = 63;

/// Common words, and in what share of documents they are.
pub(crate) struct Common {
    shares: FxHashMap<u64, f32>,
}

/// The file: hashes of words ([`fnv1a`] of the indexed form) and how many documents had them.
#[derive(Serialize, Deserialize)]
struct Kept {
    documents: u64,
    words: Vec<(u64, u64)>,
}

impl Common {
    /// What was learnt of the collection in `generation`.
    pub(crate) fn load(generation: &Path) -> io::Result<Option<Common>> {
        let bytes = match fs::read(generation.join(folder::COMMON)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let kept: Kept = postcard::from_bytes(&bytes).map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the file of common words is damaged",
            )
        })?;
        Ok(Some(Common::of(&kept)))
    }

    fn of(kept: &Kept) -> Common {
        let documents = kept.documents.max(1) as f32;
        Common {
            shares: kept
                .words
                .iter()
                .map(|(word, count)| (*word, *count as f32 / documents))
                .collect(),
        }
    }

    /// Learns the common words of the field `text`, and keeps them in `generation`. Nothing where documents have notes
    /// already: then the file is lost, and by other words their notes would say something else.
    pub(crate) fn learn(
        searcher: &Searcher,
        fields: &Fields,
        generation: &Path,
    ) -> Result<Option<Common>, TantivyError> {
        let unknown = Term::from_field_text(fields.neighbours, UNKNOWN);
        let segments = searcher.segment_readers().iter();
        let all: u64 = segments.map(|segment| u64::from(segment.max_doc())).sum();
        if searcher.doc_freq(&unknown)? < all {
            return Ok(None);
        }
        let documents = searcher.num_docs();
        let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
        for segment in searcher.segment_readers() {
            let least = (segment.num_docs() as f32 * WORTH) as u32;
            let inverted = segment.inverted_index(fields.text)?;
            let mut terms = inverted.terms().stream()?;
            while terms.advance() {
                let count = terms.value().doc_freq;
                if count > least {
                    *counts.entry(fnv1a(terms.key())).or_default() += u64::from(count);
                }
            }
        }
        let mut words: Vec<(u64, u64)> = counts.into_iter().collect();
        words.sort_unstable_by_key(|(word, count)| (u64::MAX - count, *word));
        words.truncate(MAX_WORDS);
        let kept = Kept { documents, words };
        // Encoding into memory has no way to fail.
        let bytes = postcard::to_allocvec(&kept).unwrap_or_default();
        // Durable before any document that needs it.
        folder::write_durably(&generation.join(folder::COMMON), &bytes)?;
        Ok(Some(Common::of(&kept)))
    }

    /// The number by which a word is known to [`Common::group`], if it is common.
    pub(crate) fn word(&self, form: &str) -> Option<(u64, f32)> {
        let hash = fnv1a(form.as_bytes());
        self.shares.get(&hash).map(|share| (hash, *share))
    }

    /// The group of two common words that follow each other, if they are worth a note.
    pub(crate) fn group(first: (u64, f32), second: (u64, f32)) -> Option<u16> {
        if first.1 * second.1 < WORTH {
            return None;
        }
        let mixed = first
            .0
            .rotate_left(23)
            .wrapping_add(second.0)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        u16::try_from((mixed >> 32) % GROUPS).ok()
    }

    /// The group of two words that follow each other, if documents that were noted say it.
    pub(crate) fn group_of(&self, first: &str, second: &str) -> Option<u16> {
        Common::group(self.word(first)?, self.word(second)?)
    }
}

/// The term under which a group's documents are found.
pub(crate) fn term(group: u16) -> char {
    char::from_u32(FIRST_GROUP + u32::from(group)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The same as a term of the field.
pub(crate) fn field_term(field: Field, group: u16) -> Term {
    Term::from_field_text(field, term(group).encode_utf8(&mut [0; 4]))
}

/// Documents that a group has for no better reason than chance: the median of some of them.
pub(crate) fn usual(searcher: &Searcher, field: Field) -> u64 {
    let mut counts: Vec<u64> = (0..SAMPLE)
        .filter_map(|nth| u16::try_from(nth * GROUPS / SAMPLE).ok())
        .map(|group| {
            searcher
                .doc_freq(&field_term(field, group))
                .unwrap_or_default()
        })
        .collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Begin, Document, Engine, IndexPlace, SearchRequest};
    use crate::local::LocalEngine;
    use crate::local::live::open_index;

    const WORDS: usize = 150;
    const BODY: usize = 60;
    const BEFORE: usize = LEARNT_FROM as usize + 50;
    const ALL: usize = 3 * BEFORE;

    /// Words of made-up documents: the same for the same number.
    fn body(number: usize) -> Vec<String> {
        let mut state = number as u64 * 2 + 1;
        let mut next = || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (state >> 33) as usize % WORDS
        };
        (0..BODY).map(|_| format!("q{}z", next())).collect()
    }

    fn engine(folder: &Path) -> LocalEngine {
        let engine = LocalEngine::new();
        let place = IndexPlace {
            collection: "c".into(),
            folder: folder.into(),
            read_only: false,
        };
        engine.attach(place).unwrap();
        engine
    }

    #[test]
    fn phrases_are_found_in_documents_of_before_and_after() {
        let folder = tempfile::tempdir().unwrap();
        let searched = engine(folder.path());
        let mut writer = searched.write("c", Begin::Fresh).unwrap();
        for number in 0..ALL {
            if number == BEFORE {
                writer.commit("here").unwrap();
            }
            // Another writer goes on with what was learnt.
            if number == 2 * BEFORE {
                writer.commit("there").unwrap();
                drop(writer);
                writer = searched.write("c", Begin::Fresh).unwrap();
                assert_eq!(writer.cursor().as_deref(), Some("there"));
            }
            writer
                .add(Document {
                    key: number.to_string(),
                    title: format!("t{number}"),
                    body: body(number).join(" "),
                    ..Document::default()
                })
                .unwrap();
        }
        writer.finish().unwrap();

        let (index, fields) = open_index(&folder.path().join("g1"), false).unwrap();
        let searcher = index.reader().unwrap().searcher();
        let unknown = Term::from_field_text(fields.neighbours, UNKNOWN);
        assert_eq!(searcher.doc_freq(&unknown).unwrap(), BEFORE as u64);
        let usual = usual(&searcher, fields.neighbours);
        assert!(usual > 10, "{usual}");
        let common = Common::load(&folder.path().join("g1")).unwrap().unwrap();

        let mut narrow = 0;
        for (number, at) in [(3, 5), (BEFORE + 9, 0), (2 * BEFORE + 1, 31), (ALL - 1, 58)] {
            for length in [2, 3] {
                let words = body(number);
                let at = at.min(BODY - length);
                let phrase = &words[at..at + length];
                let group = common.group_of(&phrase[0], &phrase[1]).unwrap();
                let noted = searcher
                    .doc_freq(&field_term(fields.neighbours, group))
                    .unwrap();
                assert!(noted > 0);
                narrow += u32::from(noted <= usual);
                let mut wanted: Vec<String> = (0..ALL)
                    .filter(|number| body(*number).windows(length).any(|words| words == phrase))
                    .map(|number| number.to_string())
                    .collect();
                wanted.sort();
                let found = searched
                    .search(&SearchRequest {
                        query: format!("\"{}\"", phrase.join(" ")),
                        collections: vec!["c".into()],
                        limit: 50,
                        ui_language: "en".into(),
                        ..SearchRequest::default()
                    })
                    .unwrap();
                let mut keys: Vec<String> = found.hits.iter().map(|hit| hit.key.clone()).collect();
                keys.sort();
                assert_eq!(keys, wanted, "{phrase:?}");
                assert_eq!(found.total, wanted.len() as u64);
                assert!(found.total_is_exact);
            }
        }
        assert!(narrow > 0, "no phrase was narrowed down");

        // Without the file nothing is narrowed down, and no other is made that would read the notes otherwise.
        let file = folder.path().join("g1").join(folder::COMMON);
        fs::remove_file(&file).unwrap();
        let mut writer = searched.write("c", Begin::Edit).unwrap();
        writer
            .add(Document {
                key: "late".into(),
                body: body(3).join(" "),
                ..Document::default()
            })
            .unwrap();
        writer.commit("").unwrap();
        assert!(!file.exists());
        let of_last = body(ALL - 1)[20..22].join(" ");
        let found = searched
            .search(&SearchRequest {
                query: format!("\"{of_last}\""),
                collections: vec!["c".into()],
                limit: 50,
                ui_language: "en".into(),
                ..SearchRequest::default()
            })
            .unwrap();
        let last = (ALL - 1).to_string();
        assert!(found.hits.iter().any(|hit| hit.key == last));
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Common::load(folder.path()).unwrap().is_none());
        fs::write(folder.path().join(folder::COMMON), [0xff; 40]).unwrap();
        assert!(Common::load(folder.path()).is_err());
    }
}
