//! Classes of characters: which rule cuts a run of them into words.

/// How a character takes part in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Script {
    /// Latin letters.
    Latin,
    /// Cyrillic letters.
    Cyrillic,
    /// Greek letters.
    Greek,
    /// Arabic letters.
    Arabic,
    /// Hebrew letters.
    Hebrew,
    /// Tamil letters and signs.
    Tamil,
    /// Hangul syllables and jamo: indexed as overlapping pairs.
    Hangul,
    /// Han and kana: words by dictionary.
    Ideographic,
    /// Thai, Lao, Khmer, Burmese: words by dictionary.
    SouthEast,
    /// Letters of any other script, by white space.
    Other,
    /// Digits.
    Digit,
    /// Marks, which belong to the letter before.
    Mark,
    /// Everything else ends a word.
    Break,
}

impl Script {
    /// Whether words of this script are found by a dictionary, not by white space.
    #[must_use]
    pub fn is_segmented(self) -> bool {
        matches!(self, Script::Ideographic | Script::SouthEast)
    }

    /// Whether digits belong to a word of this script (`covid19`), rather than end it (`2024년`).
    pub(crate) fn joins_digits(self) -> bool {
        !matches!(
            self,
            Script::Hangul | Script::Ideographic | Script::SouthEast | Script::Mark | Script::Break
        )
    }
}

/// The class of one character.
#[must_use]
pub fn script_of(c: char) -> Script {
    match c {
        'a'..='z' | 'A'..='Z' => Script::Latin,
        '0'..='9' => Script::Digit,
        '\0'..='\u{a9}' => Script::Break,
        'ª'
        | 'º'
        | 'À'..='Ö'
        | 'Ø'..='ö'
        | 'ø'..='\u{2af}'
        | '\u{1e00}'..='\u{1eff}'
        | '\u{2c60}'..='\u{2c7f}' => Script::Latin,
        '\u{a720}'..='\u{a7ff}' | '\u{fb00}'..='\u{fb06}' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => {
            Script::Latin
        }
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' => {
            Script::Mark
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' if c.is_alphabetic() => Script::Greek,
        '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' => Script::Cyrillic,
        '\u{483}'..='\u{489}' => Script::Mark,
        '\u{591}'..='\u{5bd}'
        | '\u{5bf}'
        | '\u{5c1}'
        | '\u{5c2}'
        | '\u{5c4}'
        | '\u{5c5}'
        | '\u{5c7}' => Script::Mark,
        '\u{5d0}'..='\u{5f2}' | '\u{fb1d}'..='\u{fb4f}' => Script::Hebrew,
        '\u{640}'
        | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}'
        | '\u{670}'
        | '\u{6d6}'..='\u{6ed}' => Script::Mark,
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '０'..='９' => Script::Digit,
        '\u{620}'..='\u{6ff}'
        | '\u{750}'..='\u{77f}'
        | '\u{8a0}'..='\u{8ff}'
        | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefc}'
            if c.is_alphabetic() =>
        {
            Script::Arabic
        }
        '\u{b82}'..='\u{bd7}' => Script::Tamil,
        '\u{e01}'..='\u{e3a}'
        | '\u{e40}'..='\u{e4e}'
        | '\u{e81}'..='\u{ece}'
        | '\u{edc}'..='\u{edf}' => Script::SouthEast,
        '\u{1000}'..='\u{103f}'
        | '\u{1050}'..='\u{109d}'
        | '\u{1780}'..='\u{17d3}'
        | '\u{17dc}'
        | '\u{17dd}' => Script::SouthEast,
        '\u{1100}'..='\u{11ff}'
        | '\u{3131}'..='\u{318e}'
        | '\u{a960}'..='\u{a97c}'
        | '\u{ac00}'..='\u{d7fb}' => Script::Hangul,
        '々'
        | '〆'
        | '〇'
        | '\u{3041}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'..='\u{30ff}' => Script::Ideographic,
        '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' => Script::Ideographic,
        '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{323af}' => Script::Ideographic,
        _ if c.is_alphabetic() => Script::Other,
        _ if c.is_numeric() => Script::Digit,
        _ if unicode_normalization::char::is_combining_mark(c) => Script::Mark,
        _ => Script::Break,
    }
}
