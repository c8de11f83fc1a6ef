//! Folding text, so that what a reader takes for the same is the same.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Text without case, accents, punctuation and forms of writing: words of
/// letters and digits, parted by single blanks.
///
/// Marks are dropped on Latin, Greek, Cyrillic, Hebrew and Arabic letters only:
/// elsewhere (Devanagari, Thai, kana) they make other words. Arabic and Persian
/// forms of a letter, and digits of all scripts, become one.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    let mut marks_go = false;
    for one in text.nfkd().flat_map(char::to_lowercase) {
        if is_combining_mark(one) {
            if !marks_go {
                push(&mut out, one, &mut gap);
            }
            continue;
        }
        marks_go = takes_marks(one);
        match one {
            'ß' => out_str(&mut out, "ss", &mut gap),
            'æ' => out_str(&mut out, "ae", &mut gap),
            'œ' => out_str(&mut out, "oe", &mut gap),
            'þ' => out_str(&mut out, "th", &mut gap),
            'ø' => push(&mut out, 'o', &mut gap),
            'đ' | 'ð' => push(&mut out, 'd', &mut gap),
            'ł' => push(&mut out, 'l', &mut gap),
            'ı' => push(&mut out, 'i', &mut gap),
            'ς' => push(&mut out, 'σ', &mut gap),
            'ى' | 'ی' => push(&mut out, 'ي', &mut gap),
            'ة' => push(&mut out, 'ه', &mut gap),
            'ک' => push(&mut out, 'ك', &mut gap),
            'ٱ' => push(&mut out, 'ا', &mut gap),
            // Tatweel, apostrophes and marks without width part no words.
            'ـ' | '\'' | '’' | 'ʼ' | 'ʻ' | '\u{200b}'..='\u{200f}' | '\u{ad}' | '\u{feff}' => {
            }
            _ if one.is_alphanumeric() => push(&mut out, digit(one), &mut gap),
            _ => gap = true,
        }
    }
    out.nfc().collect()
}

fn push(out: &mut String, one: char, gap: &mut bool) {
    if std::mem::take(gap) && !out.is_empty() {
        out.push(' ');
    }
    out.push(one);
}

fn out_str(out: &mut String, text: &str, gap: &mut bool) {
    for one in text.chars() {
        push(out, one, gap);
    }
}

fn takes_marks(one: char) -> bool {
    matches!(one,
        'a'..='z' | 'ß'..='\u{24f}' | '\u{250}'..='\u{2af}' | '\u{370}'..='\u{52f}'
        | '\u{590}'..='\u{6ff}' | '\u{750}'..='\u{77f}' | '\u{1c80}'..='\u{1c8f}')
}

fn digit(one: char) -> char {
    let base = match one {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6f0}'..='\u{6f9}' => 0x6f0,
        '\u{966}'..='\u{96f}' => 0x966,
        '\u{9e6}'..='\u{9ef}' => 0x9e6,
        '\u{e50}'..='\u{e59}' => 0xe50,
        _ => return one,
    };
    char::from_digit(u32::from(one) - base, 10).unwrap_or(one)
}

/// True for letters of scripts that put no blanks between words.
pub(crate) fn is_unspaced(one: char) -> bool {
    matches!(u32::from(one),
        0xe00..=0xeff | 0x1000..=0x109f | 0x1100..=0x11ff | 0x1780..=0x17ff
        | 0x3040..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// The most characters of a text that likeness looks at.
const MAX_ALIKE_CHARS: usize = 400;
/// Shared pairs of letters, in percent, from which two texts are one that was changed.
const ALIKE_PERCENT: usize = 50;

/// The most pairs of texts that a comparison of two lists looks at; longer
/// lists are compared by equality only.
pub(crate) const MAX_ALIKE_PAIRS: usize = 10_000;

/// True if one text could be the other after a correction: at least half of
/// their pairs of neighbouring letters are shared (Dice's coefficient).
pub(crate) fn alike(one: &str, other: &str) -> bool {
    let (one, other) = (pairs(one), pairs(other));
    let all = one.len() + other.len();
    let (mut shared, mut a, mut b) = (0, one.iter().peekable(), other.iter().peekable());
    while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
        match left.cmp(right) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                shared += 2;
                a.next();
                b.next();
            }
        }
    }
    all == 0 || shared * 100 >= all * ALIKE_PERCENT
}

/// Pairs of neighbouring letters, sorted.
fn pairs(text: &str) -> Vec<(char, char)> {
    let letters: Vec<char> = fold(text)
        .chars()
        .filter(|one| *one != ' ')
        .take(MAX_ALIKE_CHARS)
        .collect();
    let mut pairs: Vec<(char, char)> = letters
        .iter()
        .copied()
        .zip(letters.iter().copied().skip(1).chain(['\0']))
        .collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness() {
        assert!(alike("Hunt, Andrew", "Hunt, Andy"));
        assert!(alike(
            "The pragmatik programmer",
            "The pragmatic programmer"
        ));
        assert!(!alike("Hunt, Andrew", "Thomas, David"));
        assert!(alike("", ""));
        assert!(!alike("", "Tea"));
    }

    #[test]
    fn scripts() {
        for (given, wanted) in [
            ("  L’Île — mystérieuse! ", "lile mysterieuse"),
            ("STRASSE Straße", "strasse strasse"),
            ("Ёлка Йод", "елка иод"),
            ("ΟΔΥΣΣΕΎΣ", "οδυσσευσ"),
            ("أُسْرَة", "اسره"),
            ("کتابی", "كتابي"),
            ("朝鮮民主主義", "朝鮮民主主義"),
            ("ﾊﾟﾝ が", "パン が"),
            ("조선로동당", "조선로동당"),
            ("हिन्दी", "हिन्दी"),
            ("١٩٩٩ 1999", "1999 1999"),
            ("", ""),
        ] {
            assert_eq!(fold(given), wanted);
        }
    }
}
