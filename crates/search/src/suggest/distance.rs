//! How far what was typed is from the beginning of a text.

/// The fewest edits (insertion, deletion, substitution, transposition of neighbours) that make
/// `typed` a prefix of `text`, if not more than `max`. Compared are characters, or bytes of ASCII. Work is bounded by a band of `2·max + 1`.
pub(crate) fn prefix_distance<T: PartialEq>(typed: &[T], text: &[T], max: u8) -> Option<u8> {
    let max = usize::from(max.min(MAX));
    let far = max + 1;
    // Row `i` holds the distances of `typed[..i]` to `text[..j]` at `row[j + max - i]`.
    let mut before = [far; BAND];
    let mut last = [far; BAND];
    for (slot, cell) in last.iter_mut().enumerate().take(2 * max + 1) {
        *cell = slot.checked_sub(max).unwrap_or(far);
    }
    for (i, c) in (1..).zip(typed) {
        let mut row = [far; BAND];
        let mut least = far;
        for slot in 0..=2 * max {
            let Some(j) = (i + slot).checked_sub(max) else {
                continue;
            };
            let get = |row: &[usize; BAND], slot: usize| row.get(slot).copied().unwrap_or(far);
            let mut cell = get(&last, slot + 1).saturating_add(1);
            if let Some(other) = j.checked_sub(1).and_then(|j| text.get(j)) {
                cell = cell.min(get(&last, slot) + usize::from(other != c));
                if slot > 0 {
                    cell = cell.min(get(&row, slot - 1) + 1);
                }
                let swapped = i >= 2
                    && j >= 2
                    && typed.get(i - 2) == Some(other)
                    && text.get(j - 2) == Some(c);
                if swapped {
                    cell = cell.min(get(&before, slot) + 1);
                }
            } else if j > 0 {
                continue;
            }
            if let Some(place) = row.get_mut(slot) {
                *place = cell.min(far);
            }
            least = least.min(cell);
        }
        if least >= far {
            return None;
        }
        before = last;
        last = row;
    }
    let best = last.iter().take(2 * max + 1).min().copied().unwrap_or(far);
    u8::try_from(best).ok().filter(|_| best <= max)
}

const MAX: u8 = 2;
const BAND: usize = 2 * MAX as usize + 2;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn distance(typed: &str, text: &str, max: u8) -> Option<u8> {
        let typed: Vec<char> = typed.chars().collect();
        let text: Vec<char> = text.chars().collect();
        prefix_distance(&typed, &text, max)
    }

    /// The whole matrix, without a band.
    fn naive(typed: &[char], text: &[char]) -> usize {
        let mut d = vec![vec![0_usize; text.len() + 1]; typed.len() + 1];
        for i in 0..=typed.len() {
            for j in 0..=text.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i.max(j)
                } else {
                    let differ = usize::from(typed[i - 1] != text[j - 1]);
                    let mut cell = (d[i - 1][j] + 1)
                        .min(d[i][j - 1] + 1)
                        .min(d[i - 1][j - 1] + differ);
                    if i > 1 && j > 1 && typed[i - 1] == text[j - 2] && typed[i - 2] == text[j - 1]
                    {
                        cell = cell.min(d[i - 2][j - 2] + 1);
                    }
                    cell
                };
            }
        }
        d[typed.len()].iter().min().copied().unwrap_or(0)
    }

    #[test]
    fn one_slip_of_each_kind() {
        assert_eq!(distance("history", "history of korea", 1), Some(0));
        for typed in [
            "histery",
            "hstory",
            "hisstory",
            "hisotry",
            "history o",
            "historyof k",
        ] {
            assert!(distance(typed, "history of korea", 1) <= Some(1), "{typed}");
            assert!(distance(typed, "history of korea", 1).is_some(), "{typed}");
        }
        assert_eq!(distance("hixtxry", "history", 1), None);
        assert_eq!(distance("", "x", 1), Some(0));
        assert_eq!(distance("a", "", 1), Some(1));
    }

    proptest! {
        #[test]
        fn the_band_agrees_with_the_matrix(typed in "[abc]{0,9}", text in "[abc]{0,12}", max in 0_u8..=2) {
            let typed: Vec<char> = typed.chars().collect();
            let text: Vec<char> = text.chars().collect();
            let naive = naive(&typed, &text);
            let expected = u8::try_from(naive).ok().filter(|n| *n <= max);
            prop_assert_eq!(prefix_distance(&typed, &text, max), expected);
        }
    }
}
