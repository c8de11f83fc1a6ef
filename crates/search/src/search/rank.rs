//! The second look at the best: exact titles, phrases in titles, words near each other.

use tantivy::columnar::Column;
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::query::Weight;
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocAddress, DocSet, SegmentReader, TERMINATED, TantivyError};

use super::Source;
use super::collect::Candidate;
use super::phrases::Phrases;
use super::stats::GlobalStats;
use crate::local::schema::title_hash;
use crate::query::words::QueryWord;

/// How many of the best are looked at again.
pub(crate) const RESCORED: usize = 100;
/// Words whose places are compared.
const MAX_NEAR_WORDS: usize = 20;
/// Documents of the same exact title that are brought in.
const MAX_EXACT: usize = 20;
/// A document that is called what was typed comes before others: its score is raised by this share of the best.
const EXACT_TITLE: f32 = 1.0;
/// The words follow each other in the title.
const TITLE_PHRASE: f32 = 0.25;
/// All words are in the title, in any order.
const TITLE_WORDS: f32 = 0.5;
/// All neighbours of the query are neighbours in the text.
const NEAR: f32 = 0.15;
/// The heaviest document.
const WEIGHT: f32 = 0.05;
/// Words this far apart count as somewhat near.
const NEAR_WORDS: i64 = 6;

/// Documents whose folded title hashes to that of `folded`.
pub(crate) fn exact_titles(
    sources: &[Source],
    folded: &str,
) -> Result<Vec<(usize, DocAddress)>, TantivyError> {
    let hash = title_hash(folded);
    let mut out = Vec::new();
    for (nth, source) in sources.iter().enumerate() {
        let term = Term::from_field_u64(source.snapshot.fields.exact, hash);
        for (ord, segment) in source
            .snapshot
            .searcher
            .segment_readers()
            .iter()
            .enumerate()
        {
            let inverted = segment.inverted_index(source.snapshot.fields.exact)?;
            let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)?
            else {
                continue;
            };
            while postings.doc() != TERMINATED && out.len() < MAX_EXACT {
                if !segment.is_deleted(postings.doc()) {
                    out.push((
                        nth,
                        DocAddress::new(u32::try_from(ord).unwrap_or(u32::MAX), postings.doc()),
                    ));
                }
                postings.advance();
            }
        }
    }
    Ok(out)
}

/// Scores documents that the query matches but that are not among `candidates`, and adds them.
pub(crate) fn bring_in(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    exact: &[(usize, DocAddress)],
    candidates: &mut Vec<Candidate>,
) -> Result<(), TantivyError> {
    for (source, address) in exact {
        if candidates
            .iter()
            .any(|known| known.source == *source && known.address == *address)
        {
            continue;
        }
        let (Some(searched), Some(weight)) = (sources.get(*source), weights.get(*source)) else {
            continue;
        };
        let segment = searched
            .snapshot
            .searcher
            .segment_reader(address.segment_ord);
        let mut scorer = weight.scorer(segment, 1.0)?;
        if scorer.doc() <= address.doc_id && scorer.seek(address.doc_id) == address.doc_id {
            candidates.push(Candidate {
                score: scorer.score(),
                source: *source,
                address: *address,
            });
        }
    }
    Ok(())
}

/// Gives candidates the score of these weights instead of the one that they were found by.
pub(crate) fn score_again(
    sources: &[Source],
    weights: &[Box<dyn Weight>],
    candidates: &mut [Candidate],
) -> Result<(), TantivyError> {
    candidates.sort_by_key(|candidate| (candidate.source, candidate.address));
    let same_segment = |one: &Candidate, other: &Candidate| {
        one.source == other.source && one.address.segment_ord == other.address.segment_ord
    };
    for group in candidates.chunk_by_mut(same_segment) {
        let Some(first) = group.first() else { continue };
        let (Some(searched), Some(weight)) = (sources.get(first.source), weights.get(first.source))
        else {
            continue;
        };
        let segment = searched
            .snapshot
            .searcher
            .segment_reader(first.address.segment_ord);
        let mut scorer = weight.scorer(segment, 1.0)?;
        for candidate in group {
            let doc = candidate.address.doc_id;
            if scorer.doc() < doc {
                scorer.seek(doc);
            }
            if scorer.doc() == doc {
                candidate.score = scorer.score();
            }
        }
    }
    candidates.sort();
    Ok(())
}

/// The same by the phrases of a whole query, which looks at the candidates only: Tantivy would walk to the first document
/// that has a phrase, past hundreds of thousands that have its words.
pub(crate) fn score_by_phrases(
    sources: &[Source],
    phrases: &Phrases,
    stats: &GlobalStats<'_>,
    candidates: &mut [Candidate],
) -> Result<(), TantivyError> {
    let weights = phrases.weights(stats)?;
    candidates.sort_by_key(|candidate| (candidate.source, candidate.address));
    let same_segment = |one: &Candidate, other: &Candidate| {
        one.source == other.source && one.address.segment_ord == other.address.segment_ord
    };
    for group in candidates.chunk_by_mut(same_segment) {
        let Some(first) = group.first() else { continue };
        let Some(searched) = sources.get(first.source) else {
            continue;
        };
        let snapshot = &searched.snapshot;
        let segment = snapshot.searcher.segment_reader(first.address.segment_ord);
        let norms = segment.get_fieldnorms_reader(snapshot.fields.text)?;
        let mut within = phrases.within(segment)?;
        for candidate in group {
            let doc = candidate.address.doc_id;
            candidate.score = within.score(doc, norms.fieldnorm_id(doc), &weights);
        }
    }
    candidates.sort();
    Ok(())
}

/// Scores the candidates anew and puts them in order.
pub(crate) fn rescore(
    sources: &[Source],
    words: &[QueryWord],
    exact: &[(usize, DocAddress)],
    candidates: &mut [Candidate],
) -> Result<(), TantivyError> {
    let top = candidates
        .iter()
        .map(|candidate| candidate.score)
        .fold(0.0, f32::max);
    // Postings are read forwards, so documents are visited in their order.
    candidates.sort_by_key(|candidate| (candidate.source, candidate.address));
    let mut rest = &mut *candidates;
    while let Some(first) = rest.first().copied() {
        let same = |other: &Candidate| {
            other.source == first.source && other.address.segment_ord == first.address.segment_ord
        };
        let length = rest.iter().take_while(|other| same(other)).count();
        let (group, after) = rest.split_at_mut(length);
        rest = after;
        let Some(source) = sources.get(first.source) else {
            continue;
        };
        let segment = source
            .snapshot
            .searcher
            .segment_reader(first.address.segment_ord);
        let weights: Column<u64> = segment.fast_fields().u64("weight")?;
        let mut text = Places::open(segment, source.snapshot.fields.text, words)?;
        let mut title = Places::open(segment, source.snapshot.fields.title, words)?;
        for candidate in group {
            let doc = candidate.address.doc_id;
            let mut factor = 1.0 + WEIGHT * weights.first(doc).unwrap_or(0) as f32 / 255.0;
            if words.len() > 1 {
                text.seek(doc);
                factor += NEAR * text.nearness();
                title.seek(doc);
                factor += TITLE_WORDS * title.share(&text.rarities);
                if title.is_phrase() {
                    factor += TITLE_PHRASE;
                }
            }
            candidate.score *= factor;
            if exact.contains(&(candidate.source, candidate.address)) {
                candidate.score += EXACT_TITLE * top;
            }
        }
    }
    candidates.sort();
    Ok(())
}

/// Where the words of the query stand in a document.
struct Places {
    words: Vec<Vec<SegmentPostings>>,
    positions: Vec<Vec<u32>>,
    /// How much each word says: the rarer, the more.
    rarities: Vec<f32>,
    buffer: Vec<u32>,
}

impl Places {
    fn open(
        segment: &SegmentReader,
        field: Field,
        words: &[QueryWord],
    ) -> Result<Places, TantivyError> {
        let mut out = Places {
            words: Vec::new(),
            positions: Vec::new(),
            rarities: Vec::new(),
            buffer: Vec::new(),
        };
        if words.len() < 2 {
            return Ok(out);
        }
        let inverted = segment.inverted_index(field)?;
        for word in words.iter().take(MAX_NEAR_WORDS) {
            let mut forms = Vec::new();
            for form in &word.forms {
                let term = Term::from_field_text(field, form);
                if let Some(postings) =
                    inverted.read_postings(&term, IndexRecordOption::WithFreqsAndPositions)?
                {
                    forms.push(postings);
                }
            }
            let documents: u32 = forms.iter().map(DocSet::size_hint).sum();
            let share = (documents as f32 + 1.0) / (segment.max_doc() as f32 + 2.0);
            out.rarities.push(-share.min(1.0).ln());
            out.words.push(forms);
            out.positions.push(Vec::new());
        }
        Ok(out)
    }

    fn seek(&mut self, doc: u32) {
        for (forms, positions) in self.words.iter_mut().zip(&mut self.positions) {
            positions.clear();
            for postings in forms {
                if postings.doc() < doc {
                    postings.seek(doc);
                }
                if postings.doc() == doc {
                    postings.positions(&mut self.buffer);
                    positions.extend_from_slice(&self.buffer);
                }
            }
            positions.sort_unstable();
        }
    }

    /// 1 where all words are there, less where those with lesser `rarities` are.
    fn share(&self, rarities: &[f32]) -> f32 {
        let (mut there, mut all) = (0.0, f32::MIN_POSITIVE);
        for (positions, rarity) in self.positions.iter().zip(rarities) {
            all += rarity;
            if !positions.is_empty() {
                there += rarity;
            }
        }
        there / all
    }

    /// 1 where all neighbours in the query are neighbours in the text, 0 where none are near.
    fn nearness(&self) -> f32 {
        let pairs = self.positions.len().saturating_sub(1);
        if pairs == 0 {
            return 0.0;
        }
        let near: f32 = self
            .positions
            .windows(2)
            .map(|pair| match pair {
                [before, after] => match nearest(before, after) {
                    Some(1) => 1.0,
                    Some(distance) if distance.abs() <= NEAR_WORDS => 0.5,
                    _ => 0.0,
                },
                _ => 0.0,
            })
            .sum();
        near / pairs as f32
    }

    /// Whether all words follow each other.
    fn is_phrase(&self) -> bool {
        let Some((first, others)) = self.positions.split_first() else {
            return false;
        };
        first.iter().any(|start| {
            others
                .iter()
                .zip(start + 1..)
                .all(|(positions, expected)| positions.binary_search(&expected).is_ok())
        })
    }
}

/// The way from a place in `before` to one in `after` that is closest to one step forward.
fn nearest(before: &[u32], after: &[u32]) -> Option<i64> {
    let mut best: Option<i64> = None;
    let mut at = 0;
    for start in before {
        while after.get(at).is_some_and(|place| place <= start) {
            at += 1;
        }
        for place in [at.checked_sub(1), Some(at)]
            .into_iter()
            .flatten()
            .filter_map(|index| after.get(index))
        {
            let distance = i64::from(*place) - i64::from(*start);
            if distance != 0 && best.is_none_or(|best| (distance - 1).abs() < (best - 1).abs()) {
                best = Some(distance);
            }
        }
        if best == Some(1) {
            break;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_pair_is_found() {
        assert_eq!(nearest(&[1, 10, 50], &[20, 51]), Some(1));
        assert_eq!(nearest(&[10], &[8]), Some(-2));
        assert_eq!(nearest(&[10], &[3, 14]), Some(4));
        assert_eq!(nearest(&[], &[3]), None);
    }
}
