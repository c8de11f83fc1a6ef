//! Languages: which one a text is in, and how its words are stemmed.

use rust_stemmers::Algorithm;

use super::script::{Script, script_of};

/// How many characters of a text are looked at to tell its language.
const SAMPLE_CHARS: usize = 800;

/// One known language: tag, the script it is written in, its stemmer.
type Row = (&'static str, Script, Option<Algorithm>);

/// The first row stands for every language that is not listed: its words are not stemmed.
const LANGUAGES: &[Row] = &[
    ("und", Script::Break, None),
    ("en", Script::Latin, Some(Algorithm::English)),
    ("fr", Script::Latin, Some(Algorithm::French)),
    ("de", Script::Latin, Some(Algorithm::German)),
    ("es", Script::Latin, Some(Algorithm::Spanish)),
    ("it", Script::Latin, Some(Algorithm::Italian)),
    ("pt", Script::Latin, Some(Algorithm::Portuguese)),
    ("nl", Script::Latin, Some(Algorithm::Dutch)),
    ("sv", Script::Latin, Some(Algorithm::Swedish)),
    ("da", Script::Latin, Some(Algorithm::Danish)),
    ("no", Script::Latin, Some(Algorithm::Norwegian)),
    ("nb", Script::Latin, Some(Algorithm::Norwegian)),
    ("fi", Script::Latin, Some(Algorithm::Finnish)),
    ("hu", Script::Latin, Some(Algorithm::Hungarian)),
    ("ro", Script::Latin, Some(Algorithm::Romanian)),
    ("tr", Script::Latin, Some(Algorithm::Turkish)),
    ("ru", Script::Cyrillic, Some(Algorithm::Russian)),
    ("el", Script::Greek, Some(Algorithm::Greek)),
    ("ar", Script::Arabic, Some(Algorithm::Arabic)),
    ("ta", Script::Tamil, Some(Algorithm::Tamil)),
    ("vi", Script::Latin, None),
    ("uk", Script::Cyrillic, None),
    ("be", Script::Cyrillic, None),
    ("bg", Script::Cyrillic, None),
    ("fa", Script::Arabic, None),
    ("ur", Script::Arabic, None),
    ("he", Script::Hebrew, None),
    ("zh", Script::Ideographic, None),
    ("ja", Script::Ideographic, None),
    ("ko", Script::Hangul, None),
    ("th", Script::SouthEast, None),
    ("lo", Script::SouthEast, None),
    ("km", Script::SouthEast, None),
    ("my", Script::SouthEast, None),
    ("hi", Script::Other, None),
];

/// A language as the analyser sees it: an entry of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Language(u8);

impl Language {
    /// No particular language: no stemming.
    pub const UNKNOWN: Language = Language(0);
    /// English, the language of stray Latin words in other scripts.
    pub const ENGLISH: Language = Language(1);

    /// The language of a BCP 47 tag (`en`, `pt-BR`).
    #[must_use]
    pub fn of_tag(tag: &str) -> Language {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        LANGUAGES
            .iter()
            .position(|(known, ..)| known.eq_ignore_ascii_case(primary))
            .and_then(|index| u8::try_from(index).ok())
            .map_or(Language::UNKNOWN, Language)
    }

    /// Its number in the table, for the mark that goes before indexed text.
    pub(crate) fn code(self) -> u8 {
        self.0
    }

    /// The script that it is written in.
    pub(crate) fn script(self) -> Script {
        LANGUAGES
            .get(usize::from(self.0))
            .map_or(Script::Other, |(_, script, _)| *script)
    }

    pub(crate) fn from_code(code: u8) -> Language {
        if usize::from(code) < LANGUAGES.len() {
            Language(code)
        } else {
            Language::UNKNOWN
        }
    }

    /// The stemmer for words of `script` in a text of this language. Words in a foreign script are
    /// stemmed as that script's most common language.
    pub(crate) fn stemmer(self, script: Script) -> Option<Algorithm> {
        let (_, own, algorithm) = LANGUAGES.get(usize::from(self.0)).copied()?;
        if own == script {
            return algorithm;
        }
        match script {
            _ if self == Language::UNKNOWN => None,
            Script::Latin => Some(Algorithm::English),
            Script::Cyrillic => Some(Algorithm::Russian),
            Script::Greek => Some(Algorithm::Greek),
            Script::Arabic => Some(Algorithm::Arabic),
            Script::Tamil => Some(Algorithm::Tamil),
            _ => None,
        }
    }
}

/// The language of a text as a BCP 47 primary tag; `und` for a text without letters.
///
/// Scripts that belong to one language decide it; whichlang decides among those in Latin script.
#[must_use]
pub fn detect(text: &str) -> &'static str {
    let end = text
        .char_indices()
        .nth(SAMPLE_CHARS)
        .map_or(text.len(), |(index, _)| index);
    let sample = text.get(..end).unwrap_or(text);
    if sample.is_ascii() {
        return if sample.bytes().any(|b| b.is_ascii_alphabetic()) {
            latin(sample)
        } else {
            "und"
        };
    }
    let mut latin_letters = 0u32;
    let mut others: Vec<(&'static str, u32)> = Vec::new();
    let (mut kana, mut ukrainian, mut russian, mut persian, mut urdu, mut bulgarian) =
        (0u32, 0u32, 0u32, 0u32, 0u32, 0u32);
    for c in sample.chars() {
        let tag = match script_of(c) {
            Script::Latin => {
                latin_letters += 1;
                continue;
            }
            Script::Cyrillic => {
                match c {
                    'і' | 'ї' | 'є' | 'ґ' | 'І' | 'Ї' | 'Є' => ukrainian += 1,
                    'ы' | 'э' | 'ё' => russian += 1,
                    'ъ' => bulgarian += 1,
                    _ => {}
                }
                "ru"
            }
            Script::Greek => "el",
            Script::Arabic => {
                match c {
                    'پ' | 'چ' | 'ژ' | 'گ' | 'ی' | 'ک' => persian += 1,
                    'ٹ' | 'ڈ' | 'ڑ' | 'ے' | 'ں' => urdu += 1,
                    _ => {}
                }
                "ar"
            }
            Script::Hebrew => "he",
            Script::Tamil => "ta",
            Script::Hangul => "ko",
            Script::Ideographic => {
                if matches!(c, '\u{3041}'..='\u{30ff}') {
                    kana += 1;
                }
                "zh"
            }
            Script::SouthEast | Script::Other => by_block(c),
            Script::Digit | Script::Mark | Script::Break => continue,
        };
        match others.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, count)) => *count += 1,
            None => others.push((tag, 1)),
        }
    }
    // A letter of a script that packs more into one weighs more.
    let weight = |tag: &str| if matches!(tag, "zh" | "ko") { 3 } else { 1 };
    let best = others
        .iter()
        .max_by_key(|(tag, count)| count * weight(tag))
        .copied();
    match best {
        Some((tag, count)) if count * weight(tag) > latin_letters => match tag {
            "zh" if kana * 20 > count => "ja",
            "ru" if ukrainian > russian => "uk",
            "ru" if russian == 0 && bulgarian * 100 > count => "bg",
            "ar" if urdu * 50 > count => "ur",
            "ar" if persian * 30 > count => "fa",
            _ => tag,
        },
        _ if latin_letters > 0 => latin(sample),
        _ => "und",
    }
}

/// Words that are frequent in English and in no other language in Latin script.
const ENGLISH_WORDS: &[&str] = &[
    "the", "and", "with", "that", "which", "this", "from", "are", "have", "been",
];
/// How much of a text must look English to be taken as such at once, in bytes.
const ENGLISH_SAMPLE_BYTES: usize = 320;
/// So many of its words, and at least one in [`ENGLISH_SHARE`], must be in the list, ...
const MIN_ENGLISH_WORDS: usize = 4;
/// ... and so many different ones: names of bands and films repeat one.
const MIN_DIFFERENT_ENGLISH_WORDS: u32 = 3;
const ENGLISH_SHARE: usize = 9;

/// Whether a text is English beyond doubt: most are, and this takes a tenth of whichlang's time.
fn is_plainly_english(sample: &str) -> bool {
    let sample = sample
        .get(..sample.floor_char_boundary(ENGLISH_SAMPLE_BYTES))
        .unwrap_or(sample);
    let (mut words, mut english, mut different) = (0, 0, 0_u32);
    for word in sample
        .as_bytes()
        .split(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
    {
        words += 1;
        if !(3..=5).contains(&word.len()) {
            continue;
        }
        let place = ENGLISH_WORDS
            .iter()
            .position(|known| known.as_bytes().eq_ignore_ascii_case(word));
        if let Some(place) = place {
            english += 1;
            different |= 1 << place;
        }
    }
    english >= MIN_ENGLISH_WORDS
        && english * ENGLISH_SHARE >= words
        && different.count_ones() >= MIN_DIFFERENT_ENGLISH_WORDS
}

fn latin(sample: &str) -> &'static str {
    use whichlang::Lang;
    if is_plainly_english(sample) {
        return "en";
    }
    match whichlang::detect_language(sample) {
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
        _ => "en",
    }
}

/// Languages that have a Unicode block to themselves.
fn by_block(c: char) -> &'static str {
    match c {
        '\u{530}'..='\u{58f}' => "hy",
        '\u{900}'..='\u{97f}' => "hi",
        '\u{980}'..='\u{9ff}' => "bn",
        '\u{a00}'..='\u{a7f}' => "pa",
        '\u{a80}'..='\u{aff}' => "gu",
        '\u{b00}'..='\u{b7f}' => "or",
        '\u{c00}'..='\u{c7f}' => "te",
        '\u{c80}'..='\u{cff}' => "kn",
        '\u{d00}'..='\u{d7f}' => "ml",
        '\u{d80}'..='\u{dff}' => "si",
        '\u{e00}'..='\u{e7f}' => "th",
        '\u{e80}'..='\u{eff}' => "lo",
        '\u{f00}'..='\u{fff}' => "bo",
        '\u{1000}'..='\u{109f}' => "my",
        '\u{10a0}'..='\u{10ff}' | '\u{1c90}'..='\u{1cbf}' => "ka",
        '\u{1200}'..='\u{139f}' => "am",
        '\u{1780}'..='\u{17ff}' => "km",
        '\u{1800}'..='\u{18af}' => "mn",
        _ => "und",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_languages_apart_by_script_and_words() {
        for (text, tag) in [
            ("The quick brown fox jumps over the lazy dog", "en"),
            (
                "Le petit prince habite une planète à peine plus grande que lui",
                "fr",
            ),
            (
                "Жили у бабуси два веселых гуся, это были хорошие гуси",
                "ru",
            ),
            ("Ще не вмерла України і слава, і воля", "uk"),
            ("吾輩は猫である。名前はまだ無い。", "ja"),
            ("我们的图书馆有很多书", "zh"),
            ("도서관에 책이 많다 (library)", "ko"),
            ("ห้องสมุดมีหนังสือ", "th"),
            ("ספרייה גדולה", "he"),
            ("المكتبة كبيرة", "ar"),
            ("کتابخانه بزرگ است و پر از کتاب", "fa"),
            ("ბიბლიოთეკა", "ka"),
            ("ቤተ መጻሕፍት", "am"),
            ("12345", "und"),
        ] {
            assert_eq!(detect(text), tag, "{text}");
        }
    }

    #[test]
    fn english_is_told_at_once_and_others_are_not() {
        assert!(is_plainly_english(
            "The cat and the dog that live with the man are the ones which I saw."
        ));
        for text in [
            "The quick brown fox jumps over a lazy dog",
            "De lezer van de krant is of was met de trein, and the band The The",
            "Le groupe The Who et le film The Birds, with the plus grand des rôles de la vie, \
             de nos jours encore, dans les salles de la ville de Paris et de ses environs",
        ] {
            assert!(!is_plainly_english(text), "{text}");
        }
    }

    #[test]
    fn foreign_words_are_stemmed_as_their_script_suggests() {
        assert!(matches!(
            Language::of_tag("ko-KR").stemmer(Script::Latin),
            Some(Algorithm::English)
        ));
        assert!(Language::of_tag("uk").stemmer(Script::Cyrillic).is_none());
        assert!(Language::of_tag("xx").stemmer(Script::Latin).is_none());
    }
}
