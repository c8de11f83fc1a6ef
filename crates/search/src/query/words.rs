//! The words of a query, in every form under which the searched documents may have them.

use crate::analysis::{Analyzer, Language, Script, script_of};
use crate::words::hangul::is_syllable;

/// Languages of the searched documents that a query is stemmed in.
pub(crate) const MAX_LANGUAGES: usize = 4;

/// In a large library, a language must have one document in so many of the commonest language's: fewer are mostly
/// mistakes of the detection, whose forms only add noise.
const MIN_SHARE: u64 = 200;
/// Below so many documents in the commonest language, every language counts.
const SMALL: u64 = 1_000;

/// One word of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryWord {
    /// The forms under which documents may have it; the likeliest first.
    pub forms: Vec<String>,
    /// The form in each of the query's languages.
    pub by_language: Vec<String>,
    pub script: Script,
}

impl QueryWord {
    /// A single syllable of Hangul. Longer words are indexed as pairs of syllables, so `책` is not among the forms of
    /// `책을` (the same with a particle); pairs that begin with it are.
    pub(crate) fn syllable(&self) -> Option<&str> {
        let [form] = self.forms.as_slice() else {
            return None;
        };
        let mut chars = form.chars();
        let first = chars.next()?;
        (chars.next().is_none() && is_syllable(first)).then_some(form)
    }
}

/// The languages in which a query is read: those of most documents that are written in one of its scripts, and the
/// page's own.
pub(crate) fn languages<'a>(
    present: impl Iterator<Item = (&'a str, u64)>,
    ui_language: &str,
    query: &str,
) -> Vec<Language> {
    let scripts: Vec<Script> = query.chars().map(script_of).collect();
    let mut counts: Vec<(Language, u64)> = Vec::new();
    for (tag, count) in present {
        let language = Language::of_tag(tag);
        if !scripts.contains(&language.script()) {
            continue;
        }
        match counts.iter_mut().find(|(known, _)| *known == language) {
            Some((_, sum)) => *sum += count,
            None => counts.push((language, count)),
        }
    }
    counts.sort_by_key(|(language, count)| (u64::MAX - count, *language));
    let most = counts.first().map_or(0, |(_, count)| *count);
    let own = Language::of_tag(ui_language);
    counts
        .retain(|(language, count)| *language == own || most < SMALL || *count * MIN_SHARE >= most);
    let all: Vec<Language> = counts.iter().map(|(language, _)| *language).collect();
    let mut out: Vec<Language> = all.iter().copied().take(MAX_LANGUAGES).collect();
    if all.contains(&own) && !out.contains(&own) {
        out.push(own);
    }
    if out.is_empty() {
        out.push(Language::ENGLISH);
    }
    out
}

/// The words of `text`.
pub(crate) fn words(analyzer: &mut Analyzer, text: &str, languages: &[Language]) -> Vec<QueryWord> {
    let mut out: Vec<QueryWord> = Vec::new();
    for (nth, language) in languages.iter().enumerate() {
        analyzer.analyze(text, *language);
        if nth == 0 {
            out = analyzer
                .words()
                .iter()
                .map(|word| {
                    let form = analyzer.form(word).to_owned();
                    QueryWord {
                        forms: vec![form.clone()],
                        by_language: vec![form],
                        script: word.script,
                    }
                })
                .collect();
            continue;
        }
        // Where words are cut does not depend on the language, so the words correspond.
        for (known, word) in out.iter_mut().zip(analyzer.words()) {
            let form = analyzer.form(word);
            known.by_language.push(form.to_owned());
            if !known.forms.iter().any(|other| other == form) {
                known.forms.push(form.to_owned());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_a_form_for_each_language_of_the_documents() {
        let languages = languages(
            [("en", 10), ("fr", 5), ("ko", 3)].into_iter(),
            "ko",
            "maisons running 책",
        );
        let words = words(&mut Analyzer::new(), "maisons running 책", &languages);
        assert_eq!(words.len(), 3);
        assert_eq!(words[0].by_language.len(), 3);
        assert!(words[1].forms.len() >= 2, "{words:?}");
        assert_eq!(words[2].forms, ["책"]);
    }

    #[test]
    fn few_documents_in_a_language_count_if_the_query_is_in_its_script() {
        let present = || {
            [
                ("en", 900_000),
                ("ko", 60_000),
                ("ru", 50_000),
                ("fr", 6_000),
                ("de", 30),
            ]
        };
        let tags = |query| languages(present().into_iter(), "ko", query).len();
        assert_eq!(
            tags("maisons"),
            2,
            "English and French; German is a stray few"
        );
        assert_eq!(tags("книга"), 1);
        assert_eq!(tags("책 book"), 3);
    }
}
