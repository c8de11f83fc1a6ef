//! Sets of sequence numbers or UIDs (`sequence-set`, RFC 9051 §9).

use super::RANGES_LIMIT;
use super::cursor::{Cursor, Parsed, bad};

/// A range as it was written; `None` is `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetRange {
    /// One end.
    pub from: Option<u32>,
    /// The other, which may be the lower.
    pub to: Option<u32>,
}

/// A set of numbers, or what the last search saved (`$`, RFC 5182).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SequenceSet {
    /// Ranges in the order they were written.
    Ranges(Vec<SetRange>),
    /// The saved result.
    Saved,
}

impl SequenceSet {
    /// `sequence-set`
    pub fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        if cursor.eat(b'$') {
            return Ok(Self::Saved);
        }
        let mut ranges = Vec::new();
        loop {
            if ranges.len() >= RANGES_LIMIT {
                return bad("the set is too long");
            }
            let from = number(cursor)?;
            let to = if cursor.eat(b':') {
                number(cursor)?
            } else {
                from
            };
            ranges.push(SetRange { from, to });
            if !cursor.eat(b',') {
                return Ok(Self::Ranges(ranges));
            }
        }
    }

    /// Whether it holds `*`.
    pub fn has_star(&self) -> bool {
        match self {
            Self::Ranges(ranges) => ranges
                .iter()
                .any(|range| range.from.is_none() || range.to.is_none()),
            Self::Saved => false,
        }
    }

    /// The numbers as ascending ranges that don't touch, `*` being `last`; `None` for what was saved.
    pub fn resolve(&self, last: u32) -> Option<Vec<(u32, u32)>> {
        let Self::Ranges(ranges) = self else {
            return None;
        };
        let mut out: Vec<(u32, u32)> = ranges
            .iter()
            .map(|range| {
                let (from, to) = (range.from.unwrap_or(last), range.to.unwrap_or(last));
                (from.min(to), from.max(to))
            })
            .collect();
        merge(&mut out);
        Some(out)
    }
}

fn number(cursor: &mut Cursor<'_>) -> Parsed<Option<u32>> {
    if cursor.eat(b'*') {
        return Ok(None);
    }
    cursor.nz_number().map(Some)
}

/// Sorts ranges and joins those that overlap or touch.
pub fn merge(ranges: &mut Vec<(u32, u32)>) {
    ranges.sort_unstable();
    let mut joined: Vec<(u32, u32)> = Vec::with_capacity(ranges.len());
    for (from, to) in ranges.drain(..) {
        match joined.last_mut() {
            Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    *ranges = joined;
}

/// Whether ascending ranges hold a number.
pub fn holds(ranges: &[(u32, u32)], number: u32) -> bool {
    let after = ranges.partition_point(|range| range.0 <= number);
    after
        .checked_sub(1)
        .and_then(|at| ranges.get(at))
        .is_some_and(|range| number <= range.1)
}

/// Ascending numbers as ranges.
pub fn ranges_of(numbers: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut out: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match out.last_mut() {
            Some(last) if last.1.checked_add(1) == Some(number) => last.1 = number,
            _ => out.push((number, number)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> SequenceSet {
        let mut cursor = Cursor::new(text.as_bytes(), false);
        let set = SequenceSet::parse(&mut cursor).unwrap();
        assert!(cursor.at_end(), "{text}");
        set
    }

    #[test]
    fn sets_of_the_rfc() {
        // RFC 9051 §9, seq-range: "2:4" and "4:2" are the same; "*:4" is between.
        assert_eq!(
            parse("2,4:7,9,12:*").resolve(15),
            Some(vec![(2, 2), (4, 7), (9, 9), (12, 15)])
        );
        assert_eq!(parse("*:4,5:7").resolve(10), Some(vec![(4, 10)]));
        assert_eq!(parse("12:*").resolve(3), Some(vec![(3, 12)]));
        assert_eq!(parse("*").resolve(3), Some(vec![(3, 3)]));
        assert!(parse("1:*").has_star() && !parse("1:3").has_star());
        assert_eq!(parse("$"), SequenceSet::Saved);
        for bad in ["", "0", "1:", "1,", "a", "4294967296"] {
            assert!(
                SequenceSet::parse(&mut Cursor::new(bad.as_bytes(), false)).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn numbers_are_found_in_ranges() {
        let ranges = vec![(2, 4), (9, 9)];
        for (number, there) in [
            (1, false),
            (2, true),
            (4, true),
            (5, false),
            (9, true),
            (10, false),
        ] {
            assert_eq!(holds(&ranges, number), there, "{number}");
        }
        assert_eq!(
            ranges_of([1, 2, 3, 7, 9, 10]),
            vec![(1, 3), (7, 7), (9, 10)]
        );
    }
}
