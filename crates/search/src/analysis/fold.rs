//! Folding: what a reader types without accents, in another case or width finds the same thing.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// Folds text for comparison: compatibility forms (full width, ligatures, presentation forms) become
/// plain, case goes, Latin and Greek lose their diacritics, Arabic and Hebrew their vowel signs,
/// Arabic letters that people mix up become one, and runs of white space become one space.
///
/// Scripts whose marks are letters (Devanagari, Thai, kana, Hangul) keep them.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    let mut push = |c: char, out: &mut String| {
        if c.is_whitespace() || c.is_control() {
            space = true;
            return;
        }
        if space && !out.is_empty() {
            out.push(' ');
        }
        space = false;
        out.push(c);
    };
    if text.is_ascii() {
        for c in text.chars() {
            push(c.to_ascii_lowercase(), &mut out);
        }
        return out;
    }
    for c in text.nfkc() {
        fold_char(c, true, &mut |c| push(c, &mut out));
    }
    out
}

/// Folds one character of NFKC text. `letters` also merges the Arabic letters that a stemmer wants to
/// tell apart (teh marbuta from heh).
pub(crate) fn fold_char(c: char, letters: bool, push: &mut impl FnMut(char)) {
    match c {
        '\0'..='\x7f' => push(c.to_ascii_lowercase()),
        // Letters without a canonical decomposition.
        'ß' | 'ẞ' => {
            push('s');
            push('s');
        }
        'æ' | 'Æ' => {
            push('a');
            push('e');
        }
        'œ' | 'Œ' => {
            push('o');
            push('e');
        }
        'ø' | 'Ø' => push('o'),
        'đ' | 'Đ' | 'ð' | 'Ð' => push('d'),
        'ħ' | 'Ħ' => push('h'),
        'ı' | 'İ' => push('i'),
        'ł' | 'Ł' => push('l'),
        'ŧ' | 'Ŧ' => push('t'),
        'þ' | 'Þ' => {
            push('t');
            push('h');
        }
        '‘' | '’' | 'ʼ' | '＇' => push('\''),
        '‐' | '‑' | '‒' | '–' | '—' => push('-'),
        // Diacritics on their own, soft hyphen, joiners, direction marks, variation selectors.
        '\u{300}'..='\u{36f}'
        | '\u{ad}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' => {}
        // Latin and Greek with diacritics.
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' | '\u{370}'..='\u{3ff}' => {
            decompose_canonical(c, |part| {
                if !is_combining_mark(part) {
                    for lower in part.to_lowercase() {
                        push(if lower == 'ς' { 'σ' } else { lower });
                    }
                }
            });
        }
        // Cyrillic: only ё is optional in writing; й and ї are letters.
        'ё' | 'Ё' => push('е'),
        '\u{483}'..='\u{489}' => {}
        // Arabic: vowel signs, Koranic marks and tatweel are optional in writing.
        '\u{610}'..='\u{61a}'
        | '\u{640}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}' => {}
        'أ' | 'إ' | 'آ' | 'ٱ' => push('ا'),
        'ى' | 'ی' => push('ي'),
        'ک' => push('ك'),
        'ة' if letters => push('ه'),
        '\u{660}'..='\u{669}' => push(digit(c, 0x660)),
        '\u{6f0}'..='\u{6f9}' => push(digit(c, 0x6f0)),
        // Hebrew: niqqud and cantillation.
        '\u{591}'..='\u{5bd}'
        | '\u{5bf}'
        | '\u{5c1}'
        | '\u{5c2}'
        | '\u{5c4}'
        | '\u{5c5}'
        | '\u{5c7}' => {}
        _ => {
            for lower in c.to_lowercase() {
                push(lower);
            }
        }
    }
}

fn digit(c: char, zero: u32) -> char {
    char::from_digit((c as u32).saturating_sub(zero), 10).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folds_what_people_leave_out() {
        for (text, folded) in [
            ("  Hello\n World ", "hello world"),
            ("Ünïcödé Straße Łódź", "unicode strasse lodz"),
            ("ＡＢＣ　１２３", "abc 123"),
            ("Ёлка йод", "елка йод"),
            ("Ὀδυσσεύς", "οδυσσευσ"),
            ("مُحَمَّد أحمد مدرسة", "محمد احمد مدرسه"),
            ("שָׁלוֹם", "שלום"),
            ("한국어 がく", "한국어 がく"),
            ("हिन्दी", "हिन्दी"),
            ("ﬁn ½", "fin 1⁄2"),
            ("it’s", "it's"),
            ("٢٠٢٤", "2024"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
