//! Articles that sorting and matching pass over.

/// Articles by language (BCP 47, primary tag), in lower case; those that end in
/// an apostrophe stand without a blank. (MARC 21, Appendix F, the commoner ones.)
#[rustfmt::skip]
static ARTICLES: &[(&str, &[&str])] = &[
    ("af", &["die", "'n"]), ("ar", &["ال", "al-", "el-"]), ("ca", &["el", "la", "els", "les", "l'", "un", "una"]),
    ("da", &["den", "det", "de", "en", "et"]), ("de", &["der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem", "einer"]),
    ("en", &["the", "a", "an"]), ("eo", &["la"]), ("es", &["el", "la", "lo", "los", "las", "un", "una", "unos", "unas"]),
    ("fr", &["le", "la", "les", "l'", "un", "une", "des"]), ("ga", &["an", "na"]), ("gl", &["o", "a", "os", "as", "un", "unha"]),
    ("he", &["ha-"]), ("hu", &["a", "az", "egy"]), ("it", &["il", "lo", "la", "i", "gli", "le", "l'", "un", "uno", "una", "un'"]),
    ("nb", &["den", "det", "de", "en", "ei", "et"]), ("nl", &["de", "het", "een", "'t", "'n"]),
    ("no", &["den", "det", "de", "en", "ei", "et"]), ("pt", &["o", "a", "os", "as", "um", "uma"]),
    ("ro", &["un", "o", "niște"]), ("sv", &["den", "det", "de", "en", "ett"]), ("el", &["ο", "η", "το", "οι", "τα", "ένας", "μία", "ένα"]),
];

/// How many characters of a title a sorting passes over: the article of its
/// language with the blank after it, at most 9 (245, second indicator). 0 where
/// the language is not known or has none.
///
/// ```
/// use lampion_formats::records::desk::article_chars;
/// assert_eq!(article_chars("The hill", Some("en")), 4);
/// assert_eq!(article_chars("L'île", Some("fr")), 2);
/// assert_eq!(article_chars("Die hard", Some("en")), 0);
/// ```
pub fn article_chars(title: &str, language: Option<&str>) -> usize {
    let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or("");
    let Some((_, articles)) = ARTICLES.iter().find(|row| row.0 == primary) else {
        return 0;
    };
    let head: String = title
        .chars()
        .take(10)
        .flat_map(char::to_lowercase)
        .map(|one| if one == '’' { '\'' } else { one })
        .collect();
    articles
        .iter()
        .filter_map(|article| {
            let rest = head.strip_prefix(article)?;
            let chars = article.chars().count();
            let joined = article.ends_with(['\'', '-']) || !article.is_ascii() && primary == "ar";
            let more = |rest: &str| rest.starts_with(char::is_alphanumeric);
            if joined {
                return more(rest).then_some(chars);
            }
            let rest = rest.strip_prefix(' ')?;
            (!rest.is_empty()).then_some(chars + 1)
        })
        .max()
        .unwrap_or(0)
        .min(9)
}

/// Whether a folded word is an article in any language that matching knows;
/// short words that are common otherwise (`a`, `o`, `i`, `en`) only count in
/// their own language.
pub(crate) fn is_article(word: &str, language: Option<&str>) -> bool {
    const EVERYWHERE: [&str; 10] = [
        "the", "der", "die", "das", "le", "la", "les", "el", "los", "il",
    ];
    let primary = language.and_then(|tag| tag.split('-').next()).unwrap_or("");
    if EVERYWHERE.contains(&word) {
        return true;
    }
    let english = primary.is_empty() && matches!(word, "a" | "an");
    english
        || ARTICLES
            .iter()
            .any(|row| row.0 == primary && row.1.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_with_what_follows() {
        assert_eq!(article_chars("A", Some("en")), 0);
        assert_eq!(article_chars("A tale", Some("en-GB")), 2);
        assert_eq!(article_chars("An Act", Some("en")), 3);
        assert_eq!(article_chars("Theory", Some("en")), 0);
        assert_eq!(article_chars("الكتاب", Some("ar")), 2);
        assert_eq!(article_chars("The hill", None), 0);
    }
}
