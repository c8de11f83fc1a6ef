//! The analyser: text into words with positions, one rule for each script.

use icu_segmenter::options::WordBreakInvariantOptions;
use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::fold::fold_char;
use super::language::Language;
use super::script::{Script, script_of};
use super::stems::{READER_FORMS, Stems, WRITER_FORMS};

/// Longest word that is indexed, in bytes; what is longer is cut there.
pub const MAX_WORD_BYTES: usize = 64;

/// One word of an analysed text.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// Where it stands in the text, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Its number, for phrases.
    pub position: usize,
    /// The rule by which it was found.
    pub script: Script,
    form: (usize, usize),
}

/// Cuts text into words. Keeps a cache of stems, so keep it.
pub struct Analyzer {
    stems: Stems,
    segmenter: Option<WordSegmenterBorrowed<'static>>,
    segment: bool,
    /// First letters of plain Latin words that are wanted, a bit each.
    wanted: u128,
    words: Vec<Word>,
    forms: String,
    position: usize,
}

impl Default for Analyzer {
    fn default() -> Self {
        Analyzer::new()
    }
}

impl Analyzer {
    /// An analyser for documents.
    #[must_use]
    pub fn new() -> Analyzer {
        Analyzer::with(WRITER_FORMS)
    }

    /// The same with a smaller cache, for queries.
    #[must_use]
    pub fn for_reader() -> Analyzer {
        Analyzer::with(READER_FORMS)
    }

    fn with(max_forms: usize) -> Analyzer {
        Analyzer {
            stems: Stems::new(max_forms),
            segmenter: None,
            segment: true,
            wanted: u128::MAX,
            words: Vec::new(),
            forms: String::new(),
            position: 0,
        }
    }

    /// An analyser that leaves runs of scripts without spaces whole: far quicker, for marking snippets.
    #[must_use]
    pub fn without_segmentation() -> Analyzer {
        Analyzer {
            segment: false,
            ..Analyzer::for_reader()
        }
    }

    /// From now on leaves out plain Latin words that begin otherwise than any of `forms`: no stemmer changes a
    /// word's first letter, so they can't be among them.
    pub(crate) fn want<'f>(&mut self, forms: impl Iterator<Item = &'f String>) {
        self.wanted = forms
            .filter_map(|form| form.bytes().next().filter(u8::is_ascii))
            .fold(0, |bits, first| bits | 1 << first);
    }

    /// The words of `text`, stemmed as in `language`, until the next call.
    pub fn analyze(&mut self, text: &str, language: Language) -> &[Word] {
        self.words.clear();
        self.forms.clear();
        self.position = 0;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            at += self.step(text, at, rest, language);
        }
        &self.words
    }

    /// The form under which a word of the last text is indexed.
    #[must_use]
    pub fn form(&self, word: &Word) -> &str {
        self.forms.get(word.form.0..word.form.1).unwrap_or_default()
    }

    /// Words of the last text.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Hands over how often each surface form was met since the last call.
    pub fn drain_counts(&mut self, take: &mut dyn FnMut(&str, u32)) {
        self.stems.drain_counts(take);
    }

    /// Whether so many different forms were met that the counts should be drained.
    #[must_use]
    pub fn counts_are_many(&self) -> bool {
        self.stems.is_full()
    }

    /// Takes one word or one stretch between words; answers how many bytes it was.
    fn step(&mut self, text: &str, at: usize, rest: &str, language: Language) -> usize {
        let bytes = rest.as_bytes();
        // Between words, and words of plain Latin letters: no decoding needed.
        let Some(first) = bytes.first() else { return 1 };
        if first.is_ascii() {
            if !first.is_ascii_alphanumeric() {
                return bytes
                    .iter()
                    .take_while(|b| b.is_ascii() && !b.is_ascii_alphanumeric())
                    .count();
            }
            let length = bytes
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric())
                .count();
            if bytes.get(length).is_none_or(u8::is_ascii) {
                return self.spaced(text, at, length, Script::Latin, language);
            }
        }
        let (length, script) = run(rest);
        match script {
            Script::Break | Script::Mark => length,
            Script::Hangul => {
                self.pairs(rest, at, length);
                length
            }
            Script::Ideographic | Script::SouthEast => {
                self.segmented(rest, at, length, script);
                length
            }
            _ => self.spaced(text, at, length, script, language),
        }
    }

    /// A word that white space sets off, of `length` bytes; answers how many bytes it took with what
    /// belongs to it (`'s`, `++`).
    fn spaced(
        &mut self,
        text: &str,
        at: usize,
        length: usize,
        script: Script,
        language: Language,
    ) -> usize {
        let end = at + length;
        let after = text.get(end..).unwrap_or_default();
        if script == Script::Latin {
            // C++, C#, F#: one or two letters and the signs.
            if length <= 2 {
                for signs in ["++", "#"] {
                    if after.starts_with(signs)
                        && !after
                            .get(signs.len()..)
                            .unwrap_or_default()
                            .starts_with(|c: char| c.is_alphanumeric())
                    {
                        let whole = text
                            .get(at..end + signs.len())
                            .unwrap_or_default()
                            .to_ascii_lowercase();
                        self.push(at, end + signs.len(), script, &whole);
                        return length + signs.len();
                    }
                }
            }
            if let Some(taken) = self.apostrophe(text, at, end, after, language) {
                return taken;
            }
        }
        self.word(
            text.get(at..end).unwrap_or_default(),
            at,
            end,
            script,
            language,
        );
        length
    }

    /// `Ada's` is `Ada`, `don't` is `dont`; `l'eau` and `O'Brien` are two words.
    fn apostrophe(
        &mut self,
        text: &str,
        at: usize,
        end: usize,
        after: &str,
        language: Language,
    ) -> Option<usize> {
        let mark = after
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '’' | 'ʼ' | '＇'))?;
        let tail = after.get(mark.len_utf8()..)?;
        if !tail.starts_with(|c: char| c.is_alphabetic()) {
            return None;
        }
        let (tail_length, script) = run(tail);
        if script != Script::Latin {
            return None;
        }
        let stop = end + mark.len_utf8() + tail_length;
        let tail_text = tail.get(..tail_length)?;
        let head = text.get(at..end)?;
        if tail_text.eq_ignore_ascii_case("s") {
            self.word(head, at, end, Script::Latin, language);
            return Some(stop - at);
        }
        if head.chars().take(3).count() < 3 || tail_length > 3 {
            return None;
        }
        let joined = format!("{head}{tail_text}");
        self.word(&joined, at, stop, Script::Latin, language);
        Some(stop - at)
    }

    fn word(
        &mut self,
        surface: &str,
        start: usize,
        end: usize,
        script: Script,
        language: Language,
    ) {
        if let Some(first) = surface.bytes().next().filter(u8::is_ascii)
            && self.wanted & 1 << first.to_ascii_lowercase() == 0
        {
            self.position += 1;
            return;
        }
        let from = self.forms.len();
        self.stems
            .push_form(surface, script, language, &mut self.forms);
        self.push_form(start, end, script, from);
    }

    fn push(&mut self, start: usize, end: usize, script: Script, form: &str) {
        let from = self.forms.len();
        self.forms.push_str(cut(form));
        self.push_form(start, end, script, from);
    }

    fn push_form(&mut self, start: usize, end: usize, script: Script, from: usize) {
        let position = self.position;
        self.position += 1;
        if self.forms.len() > from {
            self.words.push(Word {
                start,
                end,
                position,
                script,
                form: (from, self.forms.len()),
            });
        }
    }

    /// Hangul as overlapping pairs of syllables: particles then cost one pair, not the word.
    fn pairs(&mut self, rest: &str, at: usize, length: usize) {
        let Some(run) = rest.get(..length) else {
            return;
        };
        if !is_nfc(run) || run.chars().any(|c| !('\u{ac00}'..='\u{d7a3}').contains(&c)) {
            // Jamo, or decomposed: offsets cover the whole run.
            let composed: Vec<char> = run.nfkc().collect();
            self.pairs_of(&composed, |_| (at, at + length));
            return;
        }
        let syllables: Vec<char> = run.chars().collect();
        // Every precomposed syllable takes three bytes.
        let count = syllables.len();
        self.pairs_of(&syllables, |index| {
            (at + index * 3, at + (index + 2).min(count) * 3)
        });
    }

    fn pairs_of(&mut self, syllables: &[char], place: impl Fn(usize) -> (usize, usize)) {
        let mut buffer = String::with_capacity(8);
        for (index, pair) in syllables.windows(syllables.len().clamp(1, 2)).enumerate() {
            buffer.clear();
            buffer.extend(pair);
            let (start, end) = place(index);
            self.push(start, end, Script::Hangul, &buffer);
        }
    }

    /// Han, kana and the scripts of South-East Asia: words by dictionary.
    fn segmented(&mut self, rest: &str, at: usize, length: usize, script: Script) {
        let Some(run) = rest.get(..length) else {
            return;
        };
        if !self.segment {
            let folded = fold_word(run, true);
            let from = self.forms.len();
            self.forms.push_str(&folded);
            self.push_form(at, at + length, script, from);
            return;
        }
        let segmenter = *self.segmenter.get_or_insert_with(|| {
            WordSegmenter::new_dictionary(WordBreakInvariantOptions::default())
        });
        let mut from = 0;
        for to in segmenter.segment_str(run).skip(1) {
            if let Some(part) = run.get(from..to) {
                let folded = fold_word(part, true);
                self.push(at + from, at + to, script, &folded);
            }
            from = to;
        }
    }
}

/// The run of one script at the start of `rest`: its bytes and script.
fn run(rest: &str) -> (usize, Script) {
    let mut script = Script::Break;
    let mut length = 0;
    for c in rest.chars() {
        let class = script_of(c);
        let fits = if length == 0 {
            script = class;
            true
        } else {
            match class {
                Script::Break => script == Script::Break,
                Script::Mark => script != Script::Break,
                Script::Digit => script.joins_digits(),
                _ if script == Script::Digit && class.joins_digits() => {
                    script = class;
                    true
                }
                _ => class == script,
            }
        };
        if !fits {
            break;
        }
        length += c.len_utf8();
    }
    (length, script)
}

/// Folds one word.
pub(crate) fn fold_word(word: &str, letters: bool) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.nfkc() {
        fold_char(c, letters, &mut |c| out.push(c));
    }
    out
}

/// Cuts a form at the longest that is indexed.
pub(crate) fn cut(form: &str) -> &str {
    if form.len() <= MAX_WORD_BYTES {
        return form;
    }
    let end = form
        .char_indices()
        .map(|(index, _)| index)
        .take_while(|index| *index <= MAX_WORD_BYTES)
        .last()
        .unwrap_or(0);
    form.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(text: &str, tag: &str) -> Vec<String> {
        let mut analyzer = Analyzer::new();
        analyzer.analyze(text, Language::of_tag(tag));
        analyzer
            .words()
            .iter()
            .map(|word| analyzer.form(word).to_owned())
            .collect()
    }

    #[test]
    fn words_of_many_scripts() {
        for (text, tag, expected) in [
            ("Running cats' RUNS", "en", vec!["run", "cat", "run"]),
            (
                "Ada's don't l'eau O'Brien",
                "en",
                vec!["ada", "dont", "l", "eau", "o", "brien"],
            ),
            (
                "C++ and C# in F#-code x++y",
                "en",
                vec!["c++", "and", "c#", "in", "f#", "code", "x", "y"],
            ),
            (
                "mira@hill.internal covid19 3.14",
                "en",
                vec!["mira", "hill", "intern", "covid19", "3", "14"],
            ),
            ("книгами книги", "ru", vec!["книг", "книг"]),
            (
                "한국어 책 2024년",
                "ko",
                vec!["한국", "국어", "책", "2024", "년"],
            ),
            (
                "私は図書館へ行く",
                "ja",
                vec!["私", "は", "図書館", "へ", "行く"],
            ),
            ("북한North 日本", "ko", vec!["북한", "north", "日本"]),
            ("المكتبة مُكَتَّب", "ar", vec!["مكتب", "مكتب"]),
            ("cafe\u{301}s Ｆｕｌｌ", "en", vec!["cafe", "full"]),
        ] {
            assert_eq!(forms(text, tag), expected, "{text}");
        }
    }

    proptest::proptest! {
        /// What [`Analyzer::want`] rests on.
        #[test]
        fn no_stemmer_changes_the_first_letter(word in "[a-z]{1,3}[a-zß-öø-ÿ]{0,9}") {
            for tag in ["da", "de", "en", "es", "fi", "fr", "hu", "it", "nl", "no", "pt", "ro", "sv", "tr"] {
                for form in forms(&word, tag) {
                    proptest::prop_assert_eq!(form.bytes().next(), word.bytes().next(), "{} in {}", &form, tag);
                }
            }
        }
    }

    #[test]
    fn only_wanted_words_are_looked_at() {
        let mut analyzer = Analyzer::without_segmentation();
        analyzer.want([String::from("cat"), String::from("élan")].iter());
        analyzer.analyze("Dogs, Cats, über 책 and a CAR", Language::of_tag("en"));
        let words = analyzer.words().iter();
        let forms: Vec<&str> = words.map(|word| analyzer.form(word)).collect();
        assert_eq!(forms, ["cat", "uber", "책", "car"]);
    }

    #[test]
    fn offsets_point_into_the_text() {
        let text = "한국어를 Bücher—日本語";
        let mut analyzer = Analyzer::new();
        analyzer.analyze(text, Language::of_tag("de"));
        let pieces: Vec<&str> = analyzer
            .words()
            .iter()
            .map(|word| &text[word.start..word.end])
            .collect();
        assert_eq!(pieces, ["한국", "국어", "어를", "Bücher", "日本語"]);
        let positions: Vec<usize> = analyzer.words().iter().map(|word| word.position).collect();
        assert_eq!(positions, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn long_words_are_cut_and_nothing_panics() {
        let text = "x".repeat(10_000) + &"é".repeat(10_000);
        for form in forms(&text, "en") {
            assert!(form.len() <= MAX_WORD_BYTES);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_words_within_it(text in "\\PC{0,60}", tag in "(en|ko|ja|ar|th|xx)") {
            let mut analyzer = Analyzer::new();
            analyzer.analyze(&text, Language::of_tag(&tag));
            for word in analyzer.words() {
                proptest::prop_assert!(text.get(word.start..word.end).is_some());
                proptest::prop_assert!(!analyzer.form(word).is_empty());
            }
        }
    }
}
