//! Snippets: the piece of a text that has most of the query's words, with marks on them.

use crate::analysis::{Analyzer, Language};

/// Characters of a snippet.
const SNIPPET_CHARS: usize = 240;
/// Characters before the first mark, at most.
const LEAD_CHARS: usize = 60;
/// Marks that are looked at in one text.
const MAX_MARKS: usize = 400;
/// What stands where text was left out.
const ELLIPSIS: &str = "…";

struct Mark {
    start: usize,
    end: usize,
    /// Which of the query's forms it is.
    form: usize,
}

/// What a snippet marks.
pub(crate) struct Marker<'a> {
    pub forms: &'a [String],
    pub prefixes: &'a [String],
}

impl Marker<'_> {
    /// The snippet of `text`; `analyzer` is one without segmentation.
    pub(crate) fn snippet(
        &self,
        text: &str,
        language: &str,
        analyzer: &mut Analyzer,
    ) -> Vec<(String, bool)> {
        let marks = self.marks(text, Language::of_tag(language), analyzer);
        let (start, end) = window(text, &marks);
        let mut out: Vec<(String, bool)> = Vec::new();
        if start > 0 {
            push(&mut out, ELLIPSIS, false);
        }
        let mut at = start;
        for mark in marks
            .iter()
            .filter(|mark| mark.start >= start && mark.end <= end)
        {
            if mark.end <= at {
                continue;
            }
            if mark.start > at {
                push(
                    &mut out,
                    text.get(at..mark.start).unwrap_or_default(),
                    false,
                );
            }
            push(
                &mut out,
                text.get(mark.start.max(at)..mark.end).unwrap_or_default(),
                true,
            );
            at = mark.end;
        }
        push(&mut out, text.get(at..end).unwrap_or_default(), false);
        if end < text.len() {
            push(&mut out, ELLIPSIS, false);
        }
        out
    }

    fn marks(&self, text: &str, language: Language, analyzer: &mut Analyzer) -> Vec<Mark> {
        let mut out = Vec::new();
        analyzer.want(self.forms.iter().chain(self.prefixes));
        analyzer.analyze(text, language);
        for word in analyzer.words() {
            if out.len() >= MAX_MARKS {
                break;
            }
            let form = analyzer.form(word);
            if word.script.is_segmented() {
                self.marks_within(text, word.start, word.end, &mut out);
            } else if let Some(nth) = self.forms.iter().position(|known| known == form) {
                out.push(Mark {
                    start: word.start,
                    end: word.end,
                    form: nth,
                });
            } else if let Some(nth) = self
                .prefixes
                .iter()
                .position(|prefix| form.starts_with(prefix.as_str()))
            {
                out.push(Mark {
                    start: word.start,
                    end: word.end,
                    form: self.forms.len() + nth,
                });
            }
        }
        out.sort_by_key(|mark| (mark.start, mark.end));
        out
    }

    /// In a run without spaces, words are found where they stand.
    fn marks_within(&self, text: &str, start: usize, end: usize, out: &mut Vec<Mark>) {
        let Some(run) = text.get(start..end) else {
            return;
        };
        for (form, word) in self.forms.iter().chain(self.prefixes).enumerate() {
            if word.is_empty() || word.is_ascii() {
                continue;
            }
            out.extend(
                run.match_indices(word.as_str())
                    .take(MAX_MARKS / 4)
                    .map(|(at, found)| Mark {
                        start: start + at,
                        end: start + at + found.len(),
                        form,
                    }),
            );
        }
    }
}

fn push(out: &mut Vec<(String, bool)>, text: &str, marked: bool) {
    if text.is_empty() {
        return;
    }
    // Line ends within a snippet are only spaces.
    let text = text.replace(['\n', '\r', '\t'], " ");
    match out.last_mut() {
        Some((last, same)) if *same == marked => last.push_str(&text),
        _ => out.push((text, marked)),
    }
}

/// The stretch of the text to show, in bytes.
fn window(text: &str, marks: &[Mark]) -> (usize, usize) {
    // How many bytes a snippet's characters take in this text.
    let sample = text.get(..text.floor_char_boundary(1_000)).unwrap_or(text);
    let chars = sample.chars().count().max(1);
    // Characters of three bytes say more each.
    let width = if sample.len() > chars * 2 {
        SNIPPET_CHARS / 2
    } else {
        SNIPPET_CHARS
    };
    let bytes = |count: usize| count * sample.len().max(1) / chars;
    let size = bytes(width);
    let mut best = (0, 0, 0);
    let mut seen: Vec<usize> = Vec::new();
    for (nth, first) in marks.iter().enumerate() {
        seen.clear();
        let mut count = 0;
        for mark in marks
            .iter()
            .skip(nth)
            .take_while(|mark| mark.end <= first.start + size)
        {
            count += 1;
            if !seen.contains(&mark.form) {
                seen.push(mark.form);
            }
        }
        let value = (seen.len(), count);
        if value > (best.0, best.1) {
            best = (value.0, value.1, first.start);
        }
    }
    let lead = bytes(LEAD_CHARS);
    let mut start = if best.2 <= lead {
        0
    } else {
        text.floor_char_boundary(best.2 - lead)
    };
    let mut end = text.ceil_char_boundary((start + size).min(text.len()));
    if start > 0 {
        // Begin with a sentence or at least a word, if there is one soon.
        let before = text.get(start..best.2).unwrap_or_default();
        let sentence = before
            .rfind(". ")
            .map(|at| at + 2)
            .or_else(|| before.rfind('。').map(|at| at + 3));
        start += sentence
            .or_else(|| before.find(' ').map(|at| at + 1))
            .unwrap_or(0);
    }
    if end < text.len() {
        let inside = text.get(start..end).unwrap_or_default();
        if let Some(space) = inside.rfind(' ').filter(|at| at * 4 > inside.len() * 3) {
            end = start + space;
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snippet(text: &str, language: &str, forms: &[&str]) -> String {
        let forms: Vec<String> = forms.iter().map(|form| (*form).to_owned()).collect();
        let marker = Marker {
            forms: &forms,
            prefixes: &[],
        };
        let pieces = marker.snippet(text, language, &mut Analyzer::without_segmentation());
        pieces
            .into_iter()
            .map(|(text, marked)| if marked { format!("[{text}]") } else { text })
            .collect()
    }

    #[test]
    fn words_are_marked_as_they_stand() {
        assert_eq!(
            snippet("The Cats ran.\nA cat sleeps.", "en", &["cat"]),
            "The [Cats] ran. A [cat] sleeps."
        );
        assert_eq!(
            snippet("한국어를 배운다", "ko", &["한국", "국어"]),
            "[한국어]를 배운다"
        );
        assert_eq!(
            snippet("私は図書館へ行く", "ja", &["図書館"]),
            "私は[図書館]へ行く"
        );
        assert_eq!(snippet("", "en", &["cat"]), "");
    }

    #[test]
    fn the_best_piece_of_a_long_text_is_shown() {
        let text = format!(
            "{}Here the solar panel feeds the battery. {}",
            "Nothing to see. ".repeat(50),
            "More. ".repeat(100)
        );
        let shown = snippet(&text, "en", &["solar", "panel", "batteri"]);
        assert!(
            shown.contains("[solar] [panel] feeds the [battery]"),
            "{shown}"
        );
        assert!(shown.starts_with('…') && shown.ends_with('…'));
        assert!(shown.chars().count() < SNIPPET_CHARS + 20);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,400}", form in "\\PC{1,3}") {
            let _ = snippet(&text, "en", &[&form]);
        }
    }
}
