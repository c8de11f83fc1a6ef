//! Texts of letters that the node itself writes: reports of delivery, notices of lists. Made when they are first needed.

use std::sync::LazyLock;

use lampion_web::{FluentValue, I18n};

/// The messages, by language.
const LETTERS: &[(&str, &str)] = &[
    ("en", include_str!("../i18n/letters/en.ftl")),
    ("ko", include_str!("../i18n/letters/ko.ftl")),
    ("ar", include_str!("../i18n/letters/ar.ftl")),
    ("zh", include_str!("../i18n/letters/zh.ftl")),
    ("ru", include_str!("../i18n/letters/ru.ftl")),
    ("es", include_str!("../i18n/letters/es.ftl")),
    ("fr", include_str!("../i18n/letters/fr.ftl")),
];

static I18N: LazyLock<Option<I18n>> = LazyLock::new(|| {
    I18n::new(LETTERS.iter().copied())
        .map_err(|error| tracing::error!(%error, "the texts of letters are broken"))
        .ok()
});

/// A text with variables; English where the language is unknown, the key where there is none.
pub(crate) fn text(language: &str, key: &str, variables: &[(&str, FluentValue<'_>)]) -> String {
    match &*I18N {
        Some(i18n) => i18n.format(language, key, variables),
        None => key.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_written_in_all_languages() {
        let n = [("n", FluentValue::from(2)), ("list", "Wells".into())];
        for language in lampion_web::LANGUAGES {
            let subject = text(language.tag, "held-subject", &n);
            assert!(subject.contains("Wells"), "{subject}");
        }
        assert_eq!(text("ko", "dsn-why-full", &[]), "메일함이 가득 찼습니다.");
        assert_eq!(text("xx", "dsn-why-full", &[]), "The mailbox is full.");
    }
}
