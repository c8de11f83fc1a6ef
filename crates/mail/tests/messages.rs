//! No message of set-up and transfer is missing in any language, and none that a page asks for.
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

#[test]
fn every_language_has_every_message_that_a_page_wants() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let web = std::fs::read_to_string(here.join("../web/i18n/en.ftl")).unwrap();
    let i18n = I18n::new(lampion_mail::MESSAGES.iter().copied()).unwrap();
    let english: BTreeSet<String> = i18n.keys("en").into_iter().collect();
    assert!(english.len() > 80, "{}", english.len());
    for language in LANGUAGES {
        let keys: BTreeSet<String> = i18n.keys(language.tag).into_iter().collect();
        assert_eq!(keys, english, "messages of {}", language.tag);
    }
    for name in ["mail_setup.html", "mail_transfer.html"] {
        let text = std::fs::read_to_string(here.join("templates").join(name)).unwrap();
        for piece in text.split("page.").skip(1) {
            let call = ["t(\"", "n(\"", "s(\""];
            let Some(rest) = call.iter().find_map(|call| piece.strip_prefix(call)) else {
                continue;
            };
            let key = rest.split('"').next().unwrap();
            let known = english.contains(key) || web.contains(&format!("{key} ="));
            assert!(known, "{name} asks for `{key}`");
        }
    }
}
