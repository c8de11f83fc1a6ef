//! Repositories that are broken or mean harm.

use proptest::prelude::*;

use super::harvest::{error, identify, listing, page};
use crate::exchange::fuzz::fuzz_oai;
use crate::exchange::harvest::{Harvest, HarvestError, Limits, PageError, Step, read_answer};

/// The state and the reason after an answer of no use: nothing else changes.
fn unusable(body: &[u8]) -> String {
    let mut harvest = listing();
    let before = harvest.request().unwrap().url;
    let step = harvest.answer(200, None, body);
    let Ok(Step::Again { reason }) = step else {
        panic!("{step:?} of {}", String::from_utf8_lossy(body));
    };
    assert_eq!(harvest.request().unwrap().url, before);
    assert_eq!(harvest.records(), 0);
    reason
}

#[test]
fn a_page_that_is_broken_anywhere_gives_nothing() {
    let good = page(&["a", "b", "c"], Some("t"));
    assert!(matches!(
        listing().answer(200, None, good.as_bytes()),
        Ok(Step::Page(page)) if page.records.len() == 3
    ));
    for end in 0..good.len() {
        unusable(&good.as_bytes()[..end]);
    }
    let damage = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        unusable(good.replacen(from, to, 1).as_bytes())
    };
    damage("</d>", "</e>");
    damage("<d xmlns", "<1d xmlns");
    damage("'urn:d'", "urn:d");
    damage("<d xmlns='urn:d'>", "<d xmlns='urn:d' a='1' a='2'>");
    damage("<d xmlns='urn:d'>", "<d a='<'>");
    damage("<d xmlns='urn:d'>", "<d q:a='1'>");
    damage("<d xmlns='urn:d'>a", "<d>]]>");
    damage("<d xmlns='urn:d'>a", "<d>\u{0}");
    damage("<d xmlns='urn:d'>a", "<d>&#1;");
    damage("<d xmlns='urn:d'>a", "<d>&");
    damage("<d xmlns='urn:d'>", "<!-- a -- b --><d>");
    damage("</metadata>", "<second/></metadata>");
    damage("<identifier>a</identifier>", "");
    damage("</OAI-PMH>", "</OAI-PMH><more/>");
    damage("</OAI-PMH>", "</OAI-PMH>more");
    assert!(damage("<d xmlns='urn:d'>a", "<d>&nbsp;").contains("`nbsp`"));
    assert!(unusable(b"<html><body>Sorry</body></html>").contains("`html`"));
    let mut latin = good.clone().into_bytes();
    latin[150] = 0xE9;
    assert!(unusable(&latin).contains("UTF-8"));
    unusable(&[0xFF, 0xFE, b'<', 0]);
    unusable(format!("<?xml version='1.0' encoding='x-unknown'?>{good}").as_bytes());
}

#[test]
fn bombs_are_refused() {
    let bomb = format!(
        "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;'>]>{}",
        page(&["&b;"], None)
    );
    assert_eq!(
        read_answer(bomb.as_bytes(), &Limits::default()),
        Err(PageError::DocumentType)
    );
    let external = format!(
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>{}",
        page(&["a"], None)
    );
    assert_eq!(
        read_answer(external.as_bytes(), &Limits::default()),
        Err(PageError::DocumentType)
    );
    let deep = page(&["a"], None).replace(
        "<d xmlns='urn:d'>a</d>",
        &format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)),
    );
    assert_eq!(
        read_answer(deep.as_bytes(), &Limits::default()),
        Err(PageError::TooDeep(64))
    );
    let limits = Limits {
        max_elements: 1_000,
        max_metadata_bytes: 500,
        max_page_bytes: 100_000,
        ..Limits::default()
    };
    let many = page(&["a"], None).replace(
        "<d xmlns='urn:d'>a</d>",
        &format!("<d>{}</d>", "<e/>".repeat(1_001)),
    );
    assert_eq!(
        read_answer(many.as_bytes(), &limits),
        Err(PageError::TooManyElements(1_000))
    );
    let long = page(&[&"x".repeat(600)], None);
    assert_eq!(
        read_answer(long.as_bytes(), &limits),
        Err(PageError::MetadataTooLong(500))
    );
    let long = page(&[&"x".repeat(100_000)], None);
    assert_eq!(
        read_answer(long.as_bytes(), &limits),
        Err(PageError::TooLong(100_000))
    );
    assert!(
        read_answer(
            page(&["a"], Some(&"t".repeat(20_000))).as_bytes(),
            &Limits::default()
        )
        .is_err()
    );
}

/// What would take time in the square of its length is refused at once.
#[test]
fn no_page_takes_more_than_linear_work() {
    let one = page(&["a"], None);
    let attributes: String = (0..300_000).map(|nth| format!(" a{nth}=''")).collect();
    let namespaces: String = (0..100_000)
        .map(|nth| format!(" xmlns:a{nth}='u'"))
        .collect();
    for many in [attributes, namespaces] {
        let root = one.replacen("<OAI-PMH", &format!("<OAI-PMH{many}"), 1);
        assert!(unusable(root.as_bytes()).contains("more than 256"));
    }
    let nested: String = (0..60)
        .map(|nth| {
            let own: String = (0..10)
                .map(|of| format!(" xmlns:p{nth}q{of}='u'"))
                .collect();
            format!("<e{own}>")
        })
        .collect();
    let nested = one.replacen("<ListRecords>", &format!("<x>{nested}"), 1);
    assert!(unusable(nested.as_bytes()).contains("more than 256"));
    let identifiers: Vec<String> = (0..20_000).map(|nth| nth.to_string()).collect();
    let identifiers: Vec<&str> = identifiers.iter().map(String::as_str).collect();
    let step = listing().answer(200, None, page(&identifiers, None).as_bytes());
    assert!(matches!(step, Ok(Step::Page(page)) if page.records.len() == 20_000));
}

/// Feeds pages with the tokens of a function until the harvest stops.
fn endless(mut harvest: Harvest, mut next: impl FnMut(u64) -> String) -> (HarvestError, u64) {
    for nth in 0..1_000 {
        if let Err(error) = harvest.answer(200, None, next(nth).as_bytes()) {
            return (error, nth);
        }
    }
    panic!("the harvest has no end");
}

#[test]
fn endless_lists_come_to_an_end() {
    let (error, nth) = endless(listing(), |nth| page(&[&nth.to_string()], Some("same")));
    assert_eq!((error, nth), (HarvestError::EndlessList, 1));
    // A cycle of seven tokens.
    let (error, nth) = endless(listing(), |nth| {
        page(&[&nth.to_string()], Some(&(nth % 7).to_string()))
    });
    assert_eq!(error, HarvestError::EndlessList);
    assert!(nth < 30, "{nth}");
    // Tokens that are new each time, over the same records or none.
    let (error, nth) = endless(listing(), |nth| page(&["a", "b"], Some(&nth.to_string())));
    assert_eq!((error, nth), (HarvestError::NoProgress(9), 9));
    let (error, _) = endless(listing(), |nth| page(&[], Some(&nth.to_string())));
    assert_eq!(error, HarvestError::NoProgress(9));
    // New records without end.
    let limited = |limits: Limits| {
        let mut harvest = Harvest::new(super::harvest::source("http://hill/"), limits).unwrap();
        harvest
            .answer(200, None, identify("YYYY-MM-DD").as_bytes())
            .unwrap();
        endless(harvest, |nth| {
            page(&[&nth.to_string()], Some(&nth.to_string()))
        })
        .0
    };
    let pages = Limits {
        max_pages: 50,
        ..Limits::default()
    };
    assert_eq!(limited(pages), HarvestError::TooMuch("50 pages".to_owned()));
    let records = Limits {
        max_records: 50,
        ..Limits::default()
    };
    assert_eq!(
        limited(records),
        HarvestError::TooMuch("50 records".to_owned())
    );
}

#[test]
fn a_page_of_a_stopped_list_is_not_given() {
    let mut harvest = listing();
    harvest
        .answer(200, None, page(&["a"], Some("t")).as_bytes())
        .unwrap();
    let before = harvest.records();
    assert!(
        harvest
            .answer(200, None, page(&["b"], Some("t")).as_bytes())
            .is_err()
    );
    assert_eq!(harvest.records(), before);
    assert_eq!(harvest.stopped(), Some(&HarvestError::EndlessList));
}

proptest! {
    #[test]
    fn no_bytes_panic(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_oai(&data);
    }

    #[test]
    fn damaged_answers_are_read_whole_or_not_at_all(
        at in any::<prop::sample::Index>(),
        with in prop_oneof!["[<>&'\"/ a]", Just("]]>".to_owned()), Just("<!--".to_owned()), Just("<?x".to_owned()), Just(" xmlns:y='u'".to_owned())],
        cut in 0_usize..4,
    ) {
        let mut document = page(&["a", "b"], Some("t"));
        let at = at.index(document.len());
        document.replace_range(at..(at + cut).min(document.len()), &with);
        fuzz_oai(document.as_bytes());
        fuzz_oai(error(&with).as_bytes());
    }
}
