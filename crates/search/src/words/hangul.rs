//! Hangul as the keys that were struck.
//!
//! A syllable is one character, but a typist strikes two to five keys for it, and while they
//! type, the last syllable passes through forms that are no prefix of the finished word by
//! characters (`한` → `하나`). Spelt out as keys (compound vowels and finals split, finals
//! and initials alike), every intermediate form is a prefix and every slip of a finger is one
//! edit.

const FIRST: u32 = 0xAC00;
const LAST: u32 = 0xD7A3;

const INITIALS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ',
    'ㅌ', 'ㅍ', 'ㅎ',
];
const MEDIALS: [&str; 21] = [
    "ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅕ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅛ", "ㅜ",
    "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ",
];
const FINALS: [&str; 28] = [
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ",
    "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ",
    "ㅎ",
];

/// Whether `c` is a finished syllable.
pub(crate) fn is_syllable(c: char) -> bool {
    (FIRST..=LAST).contains(&u32::from(c))
}

/// Appends `c`, a Hangul character as its keys.
pub(crate) fn push_keys(c: char, out: &mut String) {
    let code = u32::from(c);
    let at = |table: &[&'static str], index: u32| table.get(index as usize).copied().unwrap_or("");
    match code {
        FIRST..=LAST => {
            let index = code - FIRST;
            out.extend(INITIALS.get((index / 588) as usize));
            out.push_str(at(&MEDIALS, index % 588 / 28));
            out.push_str(at(&FINALS, index % 28));
        }
        // Conjoining letters: what NFKC makes of letters that stand alone.
        0x1100..=0x1112 => out.extend(INITIALS.get((code - 0x1100) as usize)),
        0x1161..=0x1175 => out.push_str(at(&MEDIALS, code - 0x1161)),
        0x11A8..=0x11C2 => out.push_str(at(&FINALS, code - 0x11A7)),
        _ => out.push(c),
    }
}

/// `text` with Hangul as keys.
pub(crate) fn to_keys(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_keys(c, &mut out);
    }
    out
}

/// The inverse of [`to_keys`]: keys back to syllables, exact for text of whole syllables.
pub(crate) fn from_keys(keys: &str) -> String {
    let keys: Vec<char> = keys.chars().collect();
    let key = |i: usize| keys.get(i).copied().unwrap_or('\0');
    let is_vowel = |c: char| ('ㅏ'..='ㅣ').contains(&c);
    let is_consonant = |c: char| ('ㄱ'..='ㅎ').contains(&c);
    let mut out = String::new();
    let mut i = 0;
    while i < keys.len() {
        let initial = INITIALS.iter().position(|c| *c == key(i));
        let Some((initial, true)) = initial.map(|n| (n, is_vowel(key(i + 1)))) else {
            out.push(key(i));
            i += 1;
            continue;
        };
        i += 1;
        let (medial, used) = longest(&MEDIALS, &[key(i), key(i + 1)]);
        i += used;
        // The consonant right before a vowel opens the next syllable.
        let free = |n: usize| is_consonant(key(n)) && !is_vowel(key(n + 1));
        let (last, used) = match (free(i), free(i) && free(i + 1)) {
            (true, true) => longest(&FINALS, &[key(i), key(i + 1)]),
            (true, false) => longest(&FINALS, &[key(i)]),
            _ => (0, 0),
        };
        i += used;
        let code = FIRST + (initial * 588 + medial * 28 + last) as u32;
        out.extend(char::from_u32(code));
    }
    out
}

/// Index and length of the table's longest entry that `keys` begin with.
fn longest(table: &[&str], keys: &[char]) -> (usize, usize) {
    for n in (1..=keys.len()).rev() {
        let text: String = keys.iter().take(n).collect();
        if let Some(index) = table.iter().position(|entry| *entry == text) {
            return (index, n);
        }
    }
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_syllables_comes_back() {
        for a in (FIRST..=LAST).step_by(7) {
            for b in (FIRST..=LAST).step_by(401) {
                let text: String = [a, b].iter().filter_map(|c| char::from_u32(*c)).collect();
                assert_eq!(from_keys(&to_keys(&text)), text);
            }
        }
        assert_eq!(from_keys("abc 1"), "abc 1");
    }

    #[test]
    fn each_stage_of_typing_is_a_prefix() {
        let whole = to_keys("한국과학");
        for stage in [
            "하",
            "한",
            "한구",
            "한국",
            "한국고",
            "한국과",
            "한국괗",
            "한국과하",
            "한국과학",
        ] {
            assert!(whole.starts_with(&to_keys(stage)), "{stage}");
        }
        // Letters that stand alone arrive from NFKC as conjoining ones.
        assert!(whole.starts_with(&to_keys("한\u{1100}")));
    }
}
