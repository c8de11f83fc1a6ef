//! SRU, requests and answers.

use super::oai::book;
use super::python;
use crate::exchange::diagnostic::{Code, Diagnostic};
use crate::exchange::sru::{
    Packing, Request, Scan, ScanTerm, Schema, SearchAnswer, SearchRetrieve, Server, Version,
    explain, refusal, scan,
};

fn parsed(query: &[(&str, &str)]) -> Request {
    Request::parse(query.iter().copied())
        .unwrap_or_else(|refusal| panic!("{query:?}: {}", refusal.diagnostic))
}

fn search(more: &[(&'static str, &'static str)]) -> SearchRetrieve {
    let mut query = vec![
        ("operation", "searchRetrieve"),
        ("version", "1.2"),
        ("query", "dc.title any \"fish <chips>\""),
    ];
    query.extend_from_slice(more);
    match parsed(&query) {
        Request::SearchRetrieve(request) => *request,
        other => panic!("{other:?}"),
    }
}

fn scanned() -> Scan {
    match parsed(&[
        ("operation", "scan"),
        ("scanClause", "dc.title=f"),
        ("maximumTerms", "3"),
    ]) {
        Request::Scan(request) => *request,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_rule_of_parameters() {
    assert_eq!(parsed(&[]), Request::Explain(Version::V1_2, Packing::Xml));
    let request = search(&[
        ("startRecord", "11"),
        ("maximumRecords", "0"),
        ("recordSchema", "marcxml"),
        ("recordPacking", "string"),
        ("x-info-2-auth", "a"),
    ]);
    assert_eq!((request.start, request.maximum), (11, Some(0)));
    assert_eq!(
        (request.schema, request.packing),
        (Schema::MarcXml, Packing::String)
    );
    let other = parsed(&[("query", "a"), ("version", "1.1"), ("startRecord", "")]);
    assert!(
        matches!(other, Request::SearchRetrieve(one) if one.version == Version::V1_1 && one.start == 1)
    );
    let all = [("operation", "searchRetrieve"), ("version", "1.2")];
    let a = ("query", "a");
    for (more, code) in [
        (vec![], 7),
        (vec![("query", "a and")], 10),
        (vec![a, ("startRecord", "0")], 6),
        (vec![a, ("startRecord", "+1")], 6),
        (vec![a, ("maximumRecords", "-1")], 6),
        (vec![a, ("maximumRecords", "99999999999999999999")], 6),
        (vec![a, ("query", "b")], 6),
        (vec![a, ("colour", "red")], 8),
        (vec![a, ("recordSchema", "mods")], 66),
        (vec![a, ("recordPacking", "zip")], 71),
        (vec![a, ("recordXPath", "/x")], 72),
        (vec![a, ("sortKeys", "title")], 80),
        (vec![a, ("stylesheet", "x.xsl")], 110),
    ] {
        let refused = Request::parse(all.iter().chain(&more).copied()).unwrap_err();
        assert_eq!(refused.diagnostic.code.number(), code, "{more:?}");
        let document = refusal(&refused);
        assert!(document.contains(&format!("<uri>info:srw/diagnostic/1/{code}</uri>")));
        assert!(document.contains("<numberOfRecords>0</numberOfRecords>"));
    }
    for (query, code) in [
        (vec![("operation", "update")], 4),
        (vec![("version", "2.0")], 5),
        (vec![("operation", "scan")], 7),
        (vec![("scanClause", "a and b")], 10),
    ] {
        let refused = Request::parse(query).unwrap_err();
        assert_eq!(refused.diagnostic.code.number(), code);
    }
}

#[test]
fn answers_are_well_formed() {
    let answer = |more: &[(&'static str, &'static str)]| {
        let request = search(more);
        let mut answer = SearchAnswer::new(&request, 5).unwrap();
        answer.push(&book(1));
        answer.push(&book(2));
        answer.push_diagnostic(&Diagnostic::new(Code::RecordTemporarilyUnavailable, "3 <"));
        answer.finish(&[Diagnostic::new(Code::GeneralSystemError, "not <all>")])
    };
    let none = search(&[]);
    let none = SearchAnswer::new(&none, 0).unwrap().finish(&[]);
    let terms = [ScanTerm {
        value: "fish & chips".to_owned(),
        records: Some(3),
        display: None,
    }];
    let server = Server {
        host: "hill.internal".to_owned(),
        port: 443,
        database: "sru".to_owned(),
        title: "Hill & Valley".to_owned(),
        description: "All <of> it".to_owned(),
        default_records: 10,
        max_records: 100,
    };
    python::check_xml(&[
        (
            "dc",
            answer(&[]),
            "names == ['version', 'numberOfRecords', 'records', 'nextRecordPosition', 'echoedSearchRetrieveRequest', 'diagnostics'] and x('//srw:nextRecordPosition/text()') == ['4'] and len(x('//dc:title')) == 2 and x('//srw:recordIdentifier/text()')[0] == 'rec 1/ü' and len(x('//diag:diagnostic')) == 2 and len(x('//xcql:searchClause')) == 1",
        ),
        (
            "marcxml",
            answer(&[
                ("recordSchema", "info:srw/schema/1/marcxml-v1.1"),
                ("startRecord", "3"),
            ]),
            "len(x('//srw:recordData/marc:record/marc:leader')) == 2 and x('//srw:recordPosition/text()') == ['3', '4', '5'] and not x('//srw:nextRecordPosition')",
        ),
        (
            "packed",
            answer(&[("recordPacking", "string")]),
            "x('//srw:recordPacking/text()')[0] == 'string' and len(etree.fromstring(x('//srw:recordData')[0].text)) > 5",
        ),
        (
            "none",
            none,
            "x('//srw:numberOfRecords/text()') == ['0'] and not x('//srw:records')",
        ),
        (
            "scan",
            scan(&scanned(), &terms),
            "x('//srw:term/srw:value/text()') == ['fish & chips']",
        ),
        (
            "explain",
            explain(&server, Version::V1_1, Packing::Xml),
            "len(x('//zr:index')) > 20 and x('//zr:database/text()') == ['sru'] and x('//zr:schema/@name') == ['dc', 'marcxml']",
        ),
        (
            "refusal",
            refusal(&scanned().refuse(Diagnostic::new(Code::UnsupportedOperation, "scan"))),
            "x('//diag:uri/text()') == ['info:srw/diagnostic/1/4'] and root.tag.endswith('scanResponse')",
        ),
    ]);
    let late = search(&[("startRecord", "6")]);
    let refused = SearchAnswer::new(&late, 5).unwrap_err();
    assert_eq!(refused.diagnostic.code, Code::FirstRecordOutOfRange);
}
