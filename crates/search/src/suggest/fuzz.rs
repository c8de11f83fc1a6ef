//! Entry for fuzzing: any bytes must return, without a panic.

use super::format::mend;
use super::{Titles, suggest};
use crate::words::Words;

/// Takes the first bytes as what was typed and the rest as a file of titles, looks up the one in the other,
/// and takes the rest as a dictionary too.
pub fn fuzz_open(data: &[u8]) {
    let (head, rest) = data.split_at(data.len().min(1));
    let typed_bytes = usize::from(head.first().copied().unwrap_or(0) % 64);
    let (typed, file) = rest.split_at(rest.len().min(typed_bytes));
    let typed = String::from_utf8_lossy(typed);
    if let Ok(words) = Words::from_bytes(file.to_vec()) {
        words.correct(&typed, 2);
        words.frequency(&typed);
    }
    let mut file = file.to_vec();
    mend(&mut file);
    if let Ok(titles) = Titles::from_bytes(file) {
        assert!(titles.lookup(&typed, 20).len() <= 20);
        assert!(suggest(&[&titles, &titles], &typed, 5).len() <= 5);
    }
}
