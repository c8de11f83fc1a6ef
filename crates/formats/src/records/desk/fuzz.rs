//! Entry points for fuzzing: any bytes may be given; nothing may panic, and what
//! this module promises must hold for whatever can be read.

use super::crosswalk;
use super::{Scheme, Work, changes, check, headings, match_keys, merge, mnemonic};

/// Lines of MARC: what parses prints, and what was printed parses to the same.
pub fn fuzz_mnemonic(bytes: &[u8]) {
    match mnemonic::parse(&String::from_utf8_lossy(bytes)) {
        Ok(record) => {
            let printed = mnemonic::print(&record);
            assert_eq!(
                mnemonic::parse(&printed).as_ref(),
                Ok(&record),
                "what was printed parses to the same"
            );
        }
        Err(findings) => {
            assert!(!findings.is_empty() && findings.len() <= mnemonic::MAX_FINDINGS);
            for finding in findings {
                assert!(finding.is_complete(), "every message has its arguments");
                let _ = finding.text();
            }
        }
    }
}

/// A work in JSON, or, where the first byte is `m`, a MARC record in ISO 2709.
pub fn fuzz_work(bytes: &[u8]) {
    let work = match bytes.strip_prefix(b"m") {
        Some(marc) => match Work::from_iso2709(marc) {
            Ok((work, _)) => {
                assert_eq!(
                    work.to_iso2709().as_deref(),
                    Ok(marc),
                    "bytes come out as they went in"
                );
                work
            }
            Err(_) => return,
        },
        None => match Work::from_json(bytes) {
            Ok(work) => work,
            Err(_) => return,
        },
    };
    examine(&work);
}

/// Calls everything on a work, and checks the laws.
pub(super) fn examine(work: &Work) {
    if let Ok(json) = work.to_json() {
        assert_eq!(
            Work::from_json(json.as_bytes()).as_ref(),
            Ok(work),
            "JSON keeps all"
        );
    }
    for finding in check(work) {
        assert!(finding.is_complete(), "every message has its arguments");
        let _ = finding.text();
    }
    let _ = (work.title(), headings(work), match_keys(work));
    let _ = (work.to_catalogue(), work.to_oai_dc(), work.to_marcxml());
    assert!(changes(work, work).is_empty(), "a work is as it is");
    let marc = work.marc();
    assert_eq!(
        mnemonic::parse(&mnemonic::print(marc.record())).as_ref(),
        Ok(marc.record()),
        "what was printed parses to the same"
    );
    if marc.is_unimarc() {
        return;
    }
    let shown = crosswalk::get(marc.record());
    assert_eq!(shown, shown.normal(), "what MARC gives is normal");
    assert_eq!(
        &crosswalk::put(marc.record(), &shown),
        marc.record(),
        "what was not changed is not touched"
    );
    let own = work.dublin_core();
    let again = crosswalk::get(&crosswalk::to_marc(&own));
    assert_eq!(again, own.normal(), "Dublin Core goes to MARC and back");
    if let Ok(other) = work.converted(Scheme::DublinCore) {
        let _ = merge(work, &other, work);
    }
}
