//! What was in the index when an update began, and what of it the update has met.

use tantivy::columnar::Column;
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{DocSet, Index, IndexReader, ReloadPolicy, Searcher, TERMINATED, TantivyError};

use super::live::find;
use super::schema::Fields;

/// The documents at the beginning.
pub(crate) struct Base {
    searcher: Searcher,
    fields: Fields,
    hashes: Vec<Column<u64>>,
    met: Vec<Vec<u64>>,
}

impl Base {
    pub(crate) fn open(index: &Index, fields: Fields) -> Result<Base, TantivyError> {
        let reader: IndexReader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let mut hashes = Vec::new();
        let mut met = Vec::new();
        for segment in searcher.segment_readers() {
            hashes.push(segment.fast_fields().u64("hash")?);
            met.push(vec![0; segment.max_doc().div_ceil(64) as usize]);
        }
        Ok(Base {
            searcher,
            fields,
            hashes,
            met,
        })
    }

    /// Marks the document with this key as met; answers whether there is one.
    pub(crate) fn mark(&mut self, key: &str) -> bool {
        self.look(key).is_some()
    }

    /// Whether the document is there with this hash; it is then met.
    pub(crate) fn unchanged(&mut self, key: &str, hash: u64) -> bool {
        self.look(key) == Some(hash)
    }

    fn look(&mut self, key: &str) -> Option<u64> {
        let address = find(&self.searcher, &self.fields, key).ok().flatten()?;
        let segment = address.segment_ord as usize;
        if let Some(bits) = self
            .met
            .get_mut(segment)
            .and_then(|met| met.get_mut(address.doc_id as usize / 64))
        {
            *bits |= 1 << (address.doc_id % 64);
        }
        Some(
            self.hashes
                .get(segment)
                .and_then(|column| column.first(address.doc_id))
                .unwrap_or_default(),
        )
    }

    /// Every key.
    pub(crate) fn each_key(&self, mut take: impl FnMut(&[u8])) -> Result<(), TantivyError> {
        for segment in self.searcher.segment_readers() {
            let inverted = segment.inverted_index(self.fields.key)?;
            let mut keys = inverted.terms().stream()?;
            while keys.advance() {
                take(keys.key());
            }
        }
        Ok(())
    }

    /// The key of every document that was not met.
    pub(crate) fn each_unmarked(&self, mut take: impl FnMut(Term)) -> Result<(), TantivyError> {
        for (segment, met) in self.searcher.segment_readers().iter().zip(&self.met) {
            let inverted = segment.inverted_index(self.fields.key)?;
            let mut keys = inverted.terms().stream()?;
            while keys.advance() {
                let mut postings =
                    inverted.read_postings_from_terminfo(keys.value(), IndexRecordOption::Basic)?;
                while postings.doc() != TERMINATED {
                    let doc = postings.doc();
                    let was_met = met
                        .get(doc as usize / 64)
                        .is_some_and(|bits| bits & (1 << (doc % 64)) != 0);
                    if !was_met && !segment.is_deleted(doc) {
                        if let Ok(key) = std::str::from_utf8(keys.key()) {
                            take(Term::from_field_text(self.fields.key, key));
                        }
                        break;
                    }
                    postings.advance();
                }
            }
        }
        Ok(())
    }
}
