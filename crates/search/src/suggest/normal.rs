//! Titles and what is typed, brought to one form for comparing.

use crate::words::hangul;
use unicode_normalization::char::is_combining_mark;

/// Word starts of a title that can be found.
const MAX_WORD_STARTS: usize = 7;
/// What nobody begins to type inside a title: these words are found, but nothing begins at them.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "as", "at", "by", "de", "del", "der", "des", "du", "et", "for", "from", "in",
    "is", "la", "las", "le", "los", "of", "on", "or", "the", "to", "und", "with",
];
/// Character starts of a title in scripts without spaces that can be found.
const MAX_CHAR_STARTS: usize = 16;
/// Longer titles are compared by their beginning.
const MAX_TEXT_BYTES: usize = 1024;

/// Where comparing may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    /// Byte in the text.
    pub at: u16,
    /// A word begins here, not just a character of a script without spaces.
    pub word: bool,
}

/// A folded title: words with one space between them, punctuation left out, Hangul as keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Normal {
    pub text: String,
    pub starts: Vec<Start>,
}

impl Normal {
    /// Brings a title to the form for comparing; `bounded` keeps only the starts that are indexed.
    pub(crate) fn new(title: &str, bounded: bool) -> Normal {
        let folded = crate::analysis::fold(title);
        let mut text = String::with_capacity(folded.len());
        let mut starts = Vec::new();
        let mut chars = 0;
        let (mut gap, mut after_dense) = (true, false);
        for c in folded.chars() {
            match kind(c, gap) {
                Kind::Silent => continue,
                Kind::Gap => {
                    gap = true;
                    continue;
                }
                Kind::Letter => {}
            }
            if text.len() > MAX_TEXT_BYTES {
                break;
            }
            if gap && !text.is_empty() {
                text.push(' ');
            }
            let dense = is_dense(c) && !is_combining_mark(c);
            let at = u16::try_from(text.len()).unwrap_or(u16::MAX);
            if gap {
                starts.push(Start { at, word: true });
            }
            let script_begins = !gap && (dense || after_dense && !is_combining_mark(c));
            if script_begins && (!bounded || chars < MAX_CHAR_STARTS) {
                chars += 1;
                starts.push(Start { at, word: false });
            }
            (gap, after_dense) = (false, dense);
            hangul::push_keys(c, &mut text);
        }
        if text.is_empty() && !folded.is_empty() {
            // Nothing but signs (`!!!`): a title all the same.
            text = folded.chars().take(MAX_TEXT_BYTES / 4).collect();
            starts.push(Start { at: 0, word: true });
        }
        if bounded {
            let mut words = 0;
            starts.retain(|start| {
                let stop = start.at > 0 && start.word && begins_with_stop_word(&text, start.at);
                words += usize::from(start.word && !stop);
                !start.word || !stop && words <= MAX_WORD_STARTS
            });
        }
        Normal { text, starts }
    }
}

fn begins_with_stop_word(text: &str, at: u16) -> bool {
    let rest = text.get(usize::from(at)..).unwrap_or_default();
    is_stop_word(rest.split(' ').next().unwrap_or_default())
}

/// Whether a folded word is so frequent that inside a title nothing begins at it.
pub(crate) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

/// Appends the form for comparing of an ASCII title, up to about `bytes`: what [`Normal`] makes of most
/// of them, but so quickly that it need not be kept.
pub(crate) fn fold_ascii(title: &[u8], bytes: usize, out: &mut Vec<u8>) {
    let mut gap = true;
    for byte in title {
        match byte {
            b'\'' => continue,
            b'+' | b'#' if !gap => {}
            _ if byte.is_ascii_alphanumeric() => {}
            _ => {
                gap = true;
                continue;
            }
        }
        if gap && !out.is_empty() {
            out.push(b' ');
        }
        if out.len() >= bytes {
            break;
        }
        out.push(byte.to_ascii_lowercase());
        gap = false;
    }
}

enum Kind {
    Letter,
    Gap,
    /// Neither separates nor counts (`don't`, soft hyphen, joiners).
    Silent,
}

fn kind(c: char, after_gap: bool) -> Kind {
    match c {
        '\'' | '’' | 'ʼ' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => {
            Kind::Silent
        }
        // `C++` and `C#` differ from `C`.
        '+' | '#' if !after_gap => Kind::Letter,
        c if c.is_alphanumeric() => Kind::Letter,
        c if is_combining_mark(c) && !after_gap => Kind::Letter,
        _ => Kind::Gap,
    }
}

/// Whether `c` belongs to a script in which a word may begin at any character
/// (Hangul too: its compounds are written without spaces).
pub(crate) fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}'      // Thai, Lao
        | '\u{1000}'..='\u{109f}'  // Burmese
        | '\u{1780}'..='\u{17ff}'  // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' // Kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' // Han
        | '\u{20000}'..='\u{3ffff}')
        || hangul::is_syllable(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(title: &str) -> Vec<(u16, bool)> {
        let normal = Normal::new(title, true);
        normal.starts.iter().map(|s| (s.at, s.word)).collect()
    }

    #[test]
    fn words_are_told_apart_and_signs_left_out() {
        assert_eq!(
            Normal::new("  The  Cat’s—Cradle! ", true).text,
            "the cats cradle"
        );
        assert_eq!(Normal::new("C++ and C#", true).text, "c++ and c#");
        assert_eq!(Normal::new("!!!", true).text, "!!!");
        assert_eq!(Normal::new("", true), Normal::default());
        assert_eq!(starts("ab cd"), [(0, true), (3, true)]);
        assert_eq!(starts("a b c d e f g h i j").len(), MAX_WORD_STARTS);
    }

    #[test]
    fn stop_words_are_sorted_and_begin_nothing() {
        assert!(STOP_WORDS.is_sorted());
        assert_eq!(
            starts("The End of the World"),
            [(0, true), (4, true), (15, true)]
        );
    }

    proptest::proptest! {
        /// Of an ASCII title, folding at once gives what folding by characters gives, or nothing.
        #[test]
        fn ascii_is_folded_alike(title in "[ -~\t]{0,80}") {
            let mut folded = Vec::new();
            fold_ascii(title.as_bytes(), usize::MAX, &mut folded);
            let normal = Normal::new(&title, true).text;
            if !folded.is_empty() {
                proptest::prop_assert_eq!(String::from_utf8(folded).unwrap(), normal);
            }
        }
    }

    #[test]
    fn scripts_without_spaces_start_at_each_character() {
        assert_eq!(
            starts("中国go 史"),
            [(0, true), (3, false), (6, false), (9, true)]
        );
        // 한국: three keys of three bytes each.
        assert_eq!(starts("한국"), [(0, true), (9, false)]);
        assert_eq!(starts(&"汉".repeat(90)).len(), 1 + MAX_CHAR_STARTS);
    }
}
