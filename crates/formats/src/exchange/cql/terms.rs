//! Terms of CQL as words, phrases and beginnings of words of our own search.

use super::Diagnostic;
use crate::exchange::diagnostic::Code;

/// A run of a term without white space.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its letters, backslashes taken off.
    text: String,
    /// Whether a `*` stands at its end.
    prefix: bool,
}

/// Splits a term into its runs, with the meaning of `*`, `?`, `^` and `\`.
///
/// # Errors
/// For masks other than a `*` at the end of a word, and for anchors.
pub(super) fn runs(term: &str, masked: bool) -> Result<Vec<Run>, Diagnostic> {
    let mut out: Vec<Run> = Vec::new();
    let mut open = false;
    let mut signs = term.chars();
    while let Some(one) = signs.next() {
        let (one, literal) = match one {
            '\\' if masked => (signs.next().unwrap_or('\\'), true),
            other => (other, !masked),
        };
        if one.is_whitespace() || one.is_control() {
            open = false;
            continue;
        }
        if !open {
            out.push(Run {
                text: String::new(),
                prefix: false,
            });
            open = true;
        }
        let Some(run) = out.last_mut() else { continue };
        match one {
            '*' if !literal => run.prefix = true,
            '?' if !literal => {
                return Err(Diagnostic::new(
                    Code::MaskingNotSupported,
                    "`?`: use `*` at the end of a word",
                ));
            }
            '^' if !literal => {
                return Err(Diagnostic::new(Code::AnchoringNotSupported, "`^`"));
            }
            _ if run.prefix => {
                return Err(Diagnostic::new(
                    Code::MaskingInUnsupportedPosition,
                    "`*` may stand at the end of a word only",
                ));
            }
            _ => run.text.push(one),
        }
    }
    Ok(out)
}

impl Run {
    /// The run as an atom of our search.
    pub(super) fn atom(&self) -> Result<String, Diagnostic> {
        if !self.prefix {
            return Ok(phrase(&self.text));
        }
        if !self.text.chars().all(char::is_alphanumeric) {
            return Err(Diagnostic::new(
                Code::MaskingNotSupported,
                "`*` after letters and digits only",
            ));
        }
        // A single letter would be half the dictionary.
        if self.text.is_empty() || (self.text.len() == 1) {
            return Err(Diagnostic::new(Code::MaskedWordsTooShort, &self.text));
        }
        Ok(format!("{}*", self.text))
    }
}

/// All runs as one atom: a phrase, or the beginning of one word.
pub(super) fn adjacent(runs: &[Run]) -> Result<String, Diagnostic> {
    match runs {
        [one] => one.atom(),
        many if many.iter().any(|run| run.prefix) => Err(Diagnostic::new(
            Code::AdjacencyWithMasking,
            "use `all` or `any` for several words with `*`",
        )),
        many => Ok(phrase(&plain(many))),
    }
}

/// The runs as plain text.
pub(super) fn plain(runs: &[Run]) -> String {
    let words: Vec<&str> = runs.iter().map(|run| run.text.as_str()).collect();
    words.join(" ")
}

/// Whether a run has a `*`.
pub(super) fn is_masked(runs: &[Run]) -> bool {
    runs.iter().any(|run| run.prefix)
}

/// Text in quotes. Search takes every sort of quotation mark for the end of a phrase.
pub(super) fn phrase(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|one| match one {
            '"' | '“' | '”' | '„' | '‟' | '「' | '」' | '『' | '』' | '«' | '»' | '＂' | '〝'
            | '〞' => ' ',
            other => other,
        })
        .collect();
    format!("\"{}\"", text.trim())
}
