//! Languages of the pages, by Fluent. Messages without variables are formatted once, when their language is first
//! spoken.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language that pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    /// BCP 47 tag.
    pub tag: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// Written right to left.
    pub rtl: bool,
}

/// All languages of the pages; the first is the one that others fall back to.
pub const LANGUAGES: [Language; 7] = [
    Language {
        tag: "en",
        name: "English",
        rtl: false,
    },
    Language {
        tag: "ko",
        name: "한국어",
        rtl: false,
    },
    Language {
        tag: "ar",
        name: "العربية",
        rtl: true,
    },
    Language {
        tag: "zh",
        name: "中文",
        rtl: false,
    },
    Language {
        tag: "ru",
        name: "Русский",
        rtl: false,
    },
    Language {
        tag: "es",
        name: "Español",
        rtl: false,
    },
    Language {
        tag: "fr",
        name: "Français",
        rtl: false,
    },
];

/// Names in themselves of languages that documents are in, for facets.
const NAMES: [(&str, &str); 45] = [
    ("am", "አማርኛ"),
    ("ar", "العربية"),
    ("be", "Беларуская"),
    ("bg", "Български"),
    ("bn", "বাংলা"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("es", "Español"),
    ("et", "Eesti"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("hi", "हिन्दी"),
    ("hu", "Magyar"),
    ("hy", "Հայերեն"),
    ("id", "Indonesia"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ka", "ქართული"),
    ("km", "ខ្មែរ"),
    ("ko", "한국어"),
    ("lo", "ລາວ"),
    ("my", "မြန်မာ"),
    ("nl", "Nederlands"),
    ("no", "Norsk"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ro", "Română"),
    ("ru", "Русский"),
    ("sr", "Српски"),
    ("sv", "Svenska"),
    ("sw", "Kiswahili"),
    ("ta", "தமிழ்"),
    ("te", "తెలుగు"),
    ("th", "ไทย"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("ur", "اردو"),
    ("vi", "Tiếng Việt"),
    ("zh", "中文"),
];

/// A language's name in itself; the tag where it is unknown.
pub fn language_name(tag: &str) -> &str {
    NAMES
        .iter()
        .find(|(known, _)| *known == tag)
        .map_or(tag, |(_, name)| name)
}

struct Spoken {
    fixed: HashMap<String, String>,
    bundle: FluentBundle<FluentResource>,
}

/// All messages in all languages. A language is read when it is first spoken: most nodes speak one or two, and each takes
/// some hundreds of kilobytes of memory.
pub struct I18n {
    files: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// In the order of [`LANGUAGES`].
    spoken: Vec<OnceLock<Result<Spoken, I18nError>>>,
}

/// A message file is wrong: a fault of the program.
#[derive(Debug, Clone, thiserror::Error)]
#[error("messages in `{language}`: {reason}")]
pub struct I18nError {
    /// Which language.
    pub language: String,
    /// What Fluent said.
    pub reason: String,
}

impl I18n {
    /// Takes the message files (language tag, Fluent text), and reads the English ones.
    ///
    /// # Errors
    /// An English file isn't Fluent, or a key is given twice. What is wrong in another language is logged when it is first
    /// spoken, and English stands for it; [`I18n::check`] tells it before.
    pub fn new<T: Into<Cow<'static, str>>>(
        files: impl Iterator<Item = (T, T)>,
    ) -> Result<Self, I18nError> {
        let i18n = Self {
            files: files.map(|(tag, text)| (tag.into(), text.into())).collect(),
            spoken: LANGUAGES.iter().map(|_| OnceLock::new()).collect(),
        };
        i18n.read("en").transpose()?;
        Ok(i18n)
    }

    /// Reads all languages.
    ///
    /// # Errors
    /// A file isn't Fluent, or a key is given twice.
    pub fn check(&self) -> Result<(), I18nError> {
        for language in &LANGUAGES {
            self.read(language.tag).transpose()?;
        }
        Ok(())
    }

    fn read(&self, tag: &str) -> Option<Result<&Spoken, I18nError>> {
        let place = LANGUAGES.iter().position(|language| language.tag == tag)?;
        let read = self.spoken.get(place)?.get_or_init(|| {
            let files = self.files.iter();
            Spoken::new(tag, files.map(|(tag, text)| (&**tag, &**text)))
                .inspect_err(|error| tracing::error!(%error, "a language can't be spoken"))
        });
        Some(read.as_ref().map_err(Clone::clone))
    }

    /// Keys of a language's messages.
    pub fn keys(&self, tag: &str) -> Vec<String> {
        let mut keys: Vec<String> = self
            .of(tag)
            .map(|spoken| spoken.fixed.keys().cloned().collect())
            .unwrap_or_default();
        keys.sort();
        keys
    }

    /// The message; English where the language lacks it, the key where English does.
    pub fn get(&self, tag: &str, key: &str) -> String {
        self.of(tag)
            .and_then(|spoken| spoken.fixed.get(key))
            .or_else(|| self.of("en").and_then(|spoken| spoken.fixed.get(key)))
            .cloned()
            .unwrap_or_else(|| key.to_string())
    }

    /// The message with variables.
    pub fn format(&self, tag: &str, key: &str, variables: &[(&str, FluentValue<'_>)]) -> String {
        let mut args = FluentArgs::with_capacity(variables.len());
        for (name, value) in variables {
            args.set(*name, value.clone());
        }
        [tag, "en"]
            .into_iter()
            .find_map(|tag| {
                let bundle = &self.of(tag)?.bundle;
                let pattern = bundle.get_message(key)?.value()?;
                Some(
                    bundle
                        .format_pattern(pattern, Some(&args), &mut Vec::new())
                        .into_owned(),
                )
            })
            .unwrap_or_else(|| key.to_string())
    }

    fn of(&self, tag: &str) -> Option<&Spoken> {
        self.read(tag)?.ok()
    }

    /// The best of our languages for an `Accept-Language` header (RFC 9110 §12.5.4).
    pub fn negotiate(accept: &str) -> Option<&'static str> {
        let mut wanted: Vec<(f32, &str)> = accept
            .split(',')
            .take(32)
            .filter_map(|part| {
                let mut pieces = part.trim().split(';');
                let tag = pieces.next()?.trim();
                let quality = pieces
                    .find_map(|piece| piece.trim().strip_prefix("q="))
                    .and_then(|q| q.parse().ok())
                    .unwrap_or(1.0);
                (quality > 0.0).then_some((quality, tag))
            })
            .collect();
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted
            .iter()
            .find_map(|(_, tag)| known(tag.split('-').next().unwrap_or_default()))
    }
}

/// Our own static tag for a language that we speak.
pub(crate) fn known(tag: &str) -> Option<&'static str> {
    LANGUAGES
        .iter()
        .find(|language| language.tag.eq_ignore_ascii_case(tag))
        .map(|language| language.tag)
}

impl Spoken {
    fn new<'a>(
        tag: &str,
        files: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, I18nError> {
        let fault = |reason: String| I18nError {
            language: tag.to_string(),
            reason,
        };
        let id: LanguageIdentifier = tag.parse().map_err(|error| fault(format!("{error}")))?;
        let mut bundle = FluentBundle::new_concurrent(vec![id]);
        // Isolation marks would end up in attributes and titles; pages set directions themselves.
        bundle.set_use_isolating(false);
        let mut fixed = HashMap::new();
        for (_, text) in files.filter(|(language, _)| *language == tag) {
            let resource = FluentResource::try_new(text.to_string())
                .map_err(|(_, errors)| fault(format!("{errors:?}")))?;
            let keys: Vec<String> = resource
                .entries()
                .filter_map(|entry| match entry {
                    fluent_syntax::ast::Entry::Message(message) => {
                        Some(message.id.name.to_string())
                    }
                    _ => None,
                })
                .collect();
            bundle
                .add_resource(resource)
                .map_err(|errors| fault(format!("{errors:?}")))?;
            for key in keys {
                let mut missing = Vec::new();
                if let Some(pattern) = bundle.get_message(&key).and_then(|message| message.value())
                {
                    let text = bundle
                        .format_pattern(pattern, None, &mut missing)
                        .into_owned();
                    fixed.insert(key, text);
                }
            }
        }
        Ok(Self { fixed, bundle })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_gets_the_best_of_our_languages() {
        assert_eq!(I18n::negotiate("de, ko-KR;q=0.8, en;q=0.9"), Some("en"));
        assert_eq!(I18n::negotiate("ko-KR,ko;q=0.9,en-US;q=0.8"), Some("ko"));
        assert_eq!(I18n::negotiate("zh-Hans-CN"), Some("zh"));
        assert_eq!(I18n::negotiate("de, en;q=0"), None);
    }

    #[test]
    fn a_missing_message_falls_back_to_english() {
        let i18n = I18n::new(
            [
                (
                    "en",
                    "hello = Hello\nn = { $n -> \n  [one] one\n *[other] { $n } things\n }",
                ),
                ("ko", "n = { $n }개"),
            ]
            .into_iter(),
        )
        .unwrap();
        assert_eq!(i18n.get("ko", "hello"), "Hello");
        assert_eq!(i18n.format("ko", "n", &[("n", 3.into())]), "3개");
        assert_eq!(i18n.format("en", "n", &[("n", 1.into())]), "one");
        assert_eq!(i18n.get("en", "nothing"), "nothing");
    }
}
