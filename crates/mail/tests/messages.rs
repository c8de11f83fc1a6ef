//! No message is missing in any language, and none that a template asks for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::path::Path;

use lampion_web::{I18n, LANGUAGES};

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    all.sort();
    all.into_iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn every_language_has_every_message_that_a_page_wants() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let web = here.join("../web");
    let messages: Vec<(String, String)> = [
        here.join("i18n"),
        here.join("i18n/groups"),
        here.join("i18n/letters"),
        web.join("i18n"),
    ]
    .iter()
    .flat_map(|folder| files(folder))
    .collect();
    let i18n = I18n::new(messages.into_iter()).unwrap();
    i18n.check().unwrap();
    let english: BTreeSet<String> = i18n.keys("en").into_iter().collect();
    assert!(english.len() > 100, "{}", english.len());
    for language in LANGUAGES {
        let keys: BTreeSet<String> = i18n.keys(language.tag).into_iter().collect();
        assert_eq!(keys, english, "messages of {}", language.tag);
    }
    for folder in [here.join("templates"), web.join("templates")] {
        for (name, text) in files(&folder) {
            for piece in text.split("page.").skip(1) {
                let call = ["t(\"", "n(\"", "s(\""];
                let Some(rest) = call.iter().find_map(|call| piece.strip_prefix(call)) else {
                    continue;
                };
                let key = rest.split('"').next().unwrap();
                assert!(english.contains(key), "{name}.html asks for `{key}`");
            }
        }
    }
}
