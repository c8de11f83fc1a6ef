//! No message of lists, shared mailboxes and requests is missing in any language, and none that their templates ask for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

use lampion_web::{I18n, LANGUAGES};

#[test]
fn every_language_has_every_message_that_a_page_wants() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for folder in [here.join("i18n/groups"), here.join("../web/i18n")] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let tag = path.file_stem().unwrap().to_string_lossy().into_owned();
            texts.push((tag, std::fs::read_to_string(&path).unwrap()));
        }
    }
    let i18n = I18n::new(
        texts
            .iter()
            .map(|(tag, text)| (tag.as_str(), text.as_str())),
    )
    .unwrap();
    let english: BTreeSet<String> = i18n.keys("en").into_iter().collect();
    for language in LANGUAGES {
        let keys: BTreeSet<String> = i18n.keys(language.tag).into_iter().collect();
        assert_eq!(keys, english, "messages of {}", language.tag);
    }
    let mut asked = 0;
    for entry in std::fs::read_dir(here.join("templates")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for piece in text.split("page.").skip(1) {
            let Some(rest) = ["t(\"", "n(\"", "s(\""]
                .iter()
                .find_map(|call| piece.strip_prefix(call))
            else {
                continue;
            };
            let key = rest.split('"').next().unwrap();
            // Other parts of mail have their messages elsewhere.
            if ["ml-", "ms-", "mr-"]
                .iter()
                .any(|ours| key.starts_with(ours))
            {
                assert!(english.contains(key), "a template asks for `{key}`");
                asked += 1;
            }
        }
    }
    assert!(asked > 60, "{asked}");
}
