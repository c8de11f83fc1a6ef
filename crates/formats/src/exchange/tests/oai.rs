//! The side that is harvested.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::python;
use crate::exchange::Granularity;
use crate::exchange::oai::{
    self, ErrorCode, Header, ListAnswer, MetadataFormat, OaiError, Position, Record, Repository,
    Request, Selection, Set, SetsAnswer, Verb,
};
use crate::records::{CatalogueRecord, Identifier, Name, WorkKind};

pub(super) const NOW_MS: i64 = 1_700_000_000_000;
const DAY_MS: i64 = 86_400_000;

pub(super) fn repository() -> Repository {
    Repository {
        name: "Hill & Valley <Library>".to_owned(),
        base_url: "http://hill.internal/oai".to_owned(),
        admin_emails: vec!["library@hill.internal".to_owned()],
        earliest_ms: NOW_MS - 100 * DAY_MS,
        granularity: Granularity::Seconds,
        domain: "hill.internal".to_owned(),
        sample: "rec 1/ü".to_owned(),
        formats: vec![MetadataFormat::oai_dc(), MetadataFormat::marcxml()],
        has_sets: true,
    }
}

/// A record with marks that XML and others give a meaning to.
pub(super) fn book(nth: usize) -> CatalogueRecord {
    CatalogueRecord {
        id: format!("rec {nth}/ü"),
        title: format!("Fish & <Chips> \"{nth}\" 魚"),
        subtitle: Some("a history".to_owned()),
        authors: vec![
            Name::new("Hunt, Andrew"),
            Name::with_role("Lee, Ann", "edt"),
            Name::corporate("Hill Society"),
        ],
        publisher: Some("Addison & Wesley".to_owned()),
        place: Some("Reading".to_owned()),
        year: Some(1999),
        date: Some("c1999".to_owned()),
        language: Some("en".to_owned()),
        subjects: vec!["Cooking -- History".to_owned(), "=cmd()".to_owned()],
        description: Some("Line one\nline two".to_owned()),
        identifiers: vec![
            Identifier::new("isbn", "9780201616224"),
            Identifier::new("url", "http://hill.internal/a?b=1&c=2"),
        ],
        kind: WorkKind::Book,
        ..CatalogueRecord::default()
    }
}

/// A library of seven records, one of them deleted, three a page.
pub(super) struct Library {
    pub(super) repository: Repository,
    pub(super) per_page: usize,
}

impl Library {
    pub(super) fn new() -> Self {
        Self {
            repository: repository(),
            per_page: 3,
        }
    }

    fn record(&self, nth: usize, prefix: &str) -> Record {
        let deleted = nth == 4;
        let format = self.repository.format(prefix).unwrap();
        let record = book(nth);
        Record {
            header: Header {
                identifier: self.repository.identifier(&record.id),
                datestamp_ms: NOW_MS - (10 - nth as i64) * DAY_MS,
                sets: vec![
                    if nth.is_multiple_of(2) {
                        "even"
                    } else {
                        "odd:few"
                    }
                    .to_owned(),
                ],
                deleted,
            },
            metadata: oai::metadata(format, &record).unwrap(),
            about: if nth == 1 {
                vec!["<p:provenance xmlns:p=\"urn:p\">here</p:provenance>".to_owned()]
            } else {
                Vec::new()
            },
        }
    }

    fn select(&self, selection: &Selection) -> Vec<Record> {
        (0..7)
            .map(|nth| self.record(nth, &selection.prefix))
            .filter(|record| {
                let header = &record.header;
                selection
                    .from_ms
                    .is_none_or(|from| header.datestamp_ms >= from)
                    && selection
                        .until_ms
                        .is_none_or(|until| header.datestamp_ms <= until)
                    && selection
                        .set
                        .as_ref()
                        .is_none_or(|set| header.sets.iter().any(|one| one.starts_with(set)))
            })
            .collect()
    }

    /// The answer to a query, as whoever serves it would make it.
    pub(super) fn answer(&self, query: &str) -> String {
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        let request = match Request::parse(pairs, &self.repository) {
            Ok(request) => request,
            Err(refusal) => {
                return oai::error(&self.repository, &refusal.echo, &refusal.error, NOW_MS);
            }
        };
        let repository = &self.repository;
        match &request.verb {
            Verb::Identify => oai::identify(repository, &request, NOW_MS),
            Verb::ListMetadataFormats { .. } => {
                oai::formats(repository, &request, &repository.formats, NOW_MS)
            }
            Verb::ListSets { after, .. } => {
                let mut answer = SetsAnswer::new(repository, &request, NOW_MS);
                let (spec, more) = match after.as_deref() {
                    None => ("even", Some("even".to_owned())),
                    Some(_) => ("odd:few", None),
                };
                answer.push(&Set {
                    spec: spec.to_owned(),
                    name: format!("The {spec} & others"),
                    description: Some("All <of> them".to_owned()),
                });
                answer.finish(more)
            }
            Verb::GetRecord { identifier, prefix } => {
                let found = (0..7)
                    .map(|nth| self.record(nth, prefix))
                    .find(|record| record.header.identifier == *identifier);
                match found {
                    Some(record) => oai::get_record(repository, &request, &record, NOW_MS),
                    None => {
                        let unknown = OaiError::unknown_id(identifier);
                        oai::error(repository, &request.echo, &unknown, NOW_MS)
                    }
                }
            }
            Verb::ListIdentifiers(selection) | Verb::ListRecords(selection) => {
                self.list(&request, selection)
            }
        }
    }

    fn list(&self, request: &Request, selection: &Selection) -> String {
        let all = self.select(selection);
        let total = u64::try_from(all.len()).unwrap();
        let key = |record: &Record| (record.header.datestamp_ms, record.header.identifier.clone());
        let mut rest = all
            .iter()
            .filter(|record| {
                selection
                    .after
                    .as_ref()
                    .is_none_or(|after| key(record) > (after.datestamp_ms, after.key.clone()))
            })
            .peekable();
        let mut answer = ListAnswer::new(&self.repository, request, Some(total), NOW_MS).unwrap();
        let mut last = None;
        for record in rest.by_ref().take(self.per_page) {
            answer.push(record);
            last = Some(record);
        }
        let more = rest.peek().is_some();
        answer.finish(last.filter(|_| more).map(|record| Position {
            datestamp_ms: record.header.datestamp_ms,
            key: record.header.identifier.clone(),
        }))
    }
}

pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap().to_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// The code of the error that a query is answered with, and whether the answer
/// repeats the query.
fn refused(repository: &Repository, query: &[(&str, &str)]) -> (ErrorCode, bool) {
    let refusal = Request::parse(query.iter().copied(), repository).unwrap_err();
    let document = oai::error(repository, &refusal.echo, &refusal.error, NOW_MS);
    (refusal.error.code, document.contains("<request verb="))
}

#[test]
fn every_rule_of_arguments() {
    let hill = repository();
    let list = |more: &[(&'static str, &'static str)]| {
        let mut query = vec![("verb", "ListRecords")];
        query.extend_from_slice(more);
        query
    };
    let dc = ("metadataPrefix", "oai_dc");
    let long = "x".repeat(3_000);
    for (query, code) in [
        (vec![], ErrorCode::BadVerb),
        (vec![("verb", "listrecords")], ErrorCode::BadVerb),
        (
            vec![("verb", "Identify"), ("verb", "Identify")],
            ErrorCode::BadVerb,
        ),
        (
            vec![("verb", "Identify"), ("x", "1")],
            ErrorCode::BadArgument,
        ),
        (vec![("verb", "GetRecord"), dc], ErrorCode::BadArgument),
        (list(&[]), ErrorCode::BadArgument),
        (list(&[dc, dc]), ErrorCode::BadArgument),
        (list(&[dc, ("set", "")]), ErrorCode::BadArgument),
        (list(&[dc, ("set", "a b")]), ErrorCode::BadArgument),
        (list(&[dc, ("set", "a::b")]), ErrorCode::BadArgument),
        (
            list(&[dc, ("resumptionToken", "x")]),
            ErrorCode::BadArgument,
        ),
        (list(&[dc, ("from", "2024-02-30")]), ErrorCode::BadArgument),
        (
            list(&[dc, ("from", "2024-01-01T00:00Z")]),
            ErrorCode::BadArgument,
        ),
        (
            list(&[dc, ("from", "2024-01-02"), ("until", "2024-01-01")]),
            ErrorCode::BadArgument,
        ),
        (
            list(&[
                dc,
                ("from", "2024-01-01"),
                ("until", "2024-01-01T00:00:00Z"),
            ]),
            ErrorCode::BadArgument,
        ),
        (
            vec![("verb", "GetRecord"), dc, ("identifier", &long)],
            ErrorCode::BadArgument,
        ),
    ] {
        assert_eq!(refused(&hill, &query), (code, false), "{query:?}");
    }
    for (query, code) in [
        (
            list(&[("metadataPrefix", "mods")]),
            ErrorCode::CannotDisseminateFormat,
        ),
        (
            list(&[("resumptionToken", "")]),
            ErrorCode::BadResumptionToken,
        ),
        (
            list(&[("resumptionToken", "1.x")]),
            ErrorCode::BadResumptionToken,
        ),
    ] {
        assert_eq!(refused(&hill, &query), (code, true), "{query:?}");
    }
    let plain = Repository {
        has_sets: false,
        granularity: Granularity::Days,
        ..repository()
    };
    for query in [vec![("verb", "ListSets")], list(&[dc, ("set", "a")])] {
        assert_eq!(refused(&plain, &query), (ErrorCode::NoSetHierarchy, true));
    }
    let seconds = list(&[dc, ("until", "2024-01-01T00:00:00Z")]);
    assert_eq!(refused(&plain, &seconds).0, ErrorCode::BadArgument);
}

#[test]
fn a_range_holds_its_last_granule() {
    let query = [
        ("verb", "ListIdentifiers"),
        ("metadataPrefix", "marcxml"),
        ("from", "2023-11-10"),
        ("until", "2023-11-10"),
    ];
    let request = Request::parse(query, &repository()).unwrap();
    let Verb::ListIdentifiers(selection) = request.verb else {
        panic!("{request:?}");
    };
    let (from, until) = (selection.from_ms.unwrap(), selection.until_ms.unwrap());
    assert_eq!(until - from, DAY_MS - 1);
}

#[test]
fn a_token_of_another_verb_or_of_what_is_gone_is_refused() {
    let library = Library::new();
    let page = library.answer("verb=ListRecords&metadataPrefix=marcxml&set=even");
    let token = page.split("<resumptionToken").nth(1).unwrap();
    let token = token.split('>').nth(1).unwrap().split('<').next().unwrap();
    let next = [("verb", "ListIdentifiers"), ("resumptionToken", token)];
    assert_eq!(
        refused(&library.repository, &next).0,
        ErrorCode::BadResumptionToken
    );
    let next = [("verb", "ListRecords"), ("resumptionToken", token)];
    assert!(Request::parse(next, &library.repository).is_ok());
    let less = Repository {
        formats: vec![MetadataFormat::oai_dc()],
        ..repository()
    };
    assert_eq!(refused(&less, &next).0, ErrorCode::BadResumptionToken);
}

#[test]
fn identifiers_go_both_ways() {
    let hill = repository();
    for local in ["42", "rec 1/ü", "a%b", "(x)"] {
        let identifier = hill.identifier(local);
        assert!(!identifier.contains([' ', 'ü']));
        assert_eq!(hill.local(&identifier).as_deref(), Some(local));
    }
    for other in [
        "oai:hill.internal:",
        "oai:valley.internal:1",
        "42",
        "oai:hill.internal:%FF",
        "oai:hill.internal:%+1",
    ] {
        assert_eq!(hill.local(other), None, "{other}");
    }
}

#[test]
fn answers_are_well_formed_and_as_the_schema_says() {
    let library = Library::new();
    let identifier = "oai%3Ahill.internal%3Arec%25201%2F%25C3%25BC";
    let get = format!("verb=GetRecord&metadataPrefix=marcxml&identifier={identifier}");
    let documents = [
        (
            "identify",
            "verb=Identify",
            "names == ['responseDate', 'request', 'Identify'] and x('//oai:deletedRecord/text()') == ['persistent']",
        ),
        (
            "formats",
            "verb=ListMetadataFormats",
            "x('//oai:metadataPrefix/text()') == ['oai_dc', 'marcxml']",
        ),
        (
            "sets",
            "verb=ListSets",
            "x('//oai:setSpec/text()') == ['even']",
        ),
        (
            "records",
            "verb=ListRecords&metadataPrefix=oai_dc",
            "len(x('//oai:record/oai:metadata/*[@*[local-name()=\"schemaLocation\"]]')) == 3 and x('//oai:resumptionToken/@completeListSize') == ['7'] and x('//dc:title/text()')[1] == 'Fish & <Chips> \"1\" 魚 : a history'",
        ),
        (
            "headers",
            "verb=ListIdentifiers&metadataPrefix=oai_dc&set=even",
            "len(x('//oai:ListIdentifiers/oai:header')) == 3 and len(x('//oai:metadata')) == 0",
        ),
        (
            "record",
            get.as_str(),
            "len(x('//oai:GetRecord/oai:record/oai:metadata/marc:record')) == 1 and len(x('//oai:about/*')) == 1",
        ),
        (
            "none",
            "verb=ListRecords&metadataPrefix=oai_dc&from=2030-01-01",
            "x('//oai:error/@code') == ['noRecordsMatch'] and x('//oai:request/@from') == ['2030-01-01']",
        ),
        (
            "unknown",
            "verb=GetRecord&metadataPrefix=oai_dc&identifier=x%3C",
            "x('//oai:error/@code') == ['idDoesNotExist']",
        ),
        (
            "badverb",
            "verb=%00%3C",
            "x('//oai:error/@code') == ['badVerb'] and not x('//oai:request/@*')",
        ),
    ];
    let documents: Vec<_> = documents
        .into_iter()
        .map(|(name, query, condition)| (name, library.answer(query), condition))
        .collect();
    python::check_xml(&documents);
}

#[test]
fn the_last_page_ends_with_an_empty_token() {
    let library = Library::new();
    let mut query = "verb=ListRecords&metadataPrefix=oai_dc".to_owned();
    let mut cursors = Vec::new();
    loop {
        let page = library.answer(&query);
        let token = page.split("<resumptionToken").nth(1).unwrap();
        cursors.push(
            token
                .split("cursor=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap()
                .to_owned(),
        );
        let token = token.split('>').nth(1).unwrap().split('<').next().unwrap();
        if token.is_empty() {
            break;
        }
        query = format!("verb=ListRecords&resumptionToken={token}");
    }
    assert_eq!(cursors, ["0", "3", "6"]);
    let one_page = Library {
        per_page: 50,
        ..Library::new()
    };
    let page = one_page.answer("verb=ListRecords&metadataPrefix=oai_dc");
    assert!(!page.contains("resumptionToken"));
    assert_eq!(page.matches("<metadata>").count(), 6, "one is deleted");
}

/// Answers requests over HTTP until the process ends.
fn serve(library: Library) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut first = String::new();
            let _ = lines.read_line(&mut first);
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let query = first.split(' ').nth(1).unwrap_or_default();
            let query = query.split_once('?').map_or("", |(_, query)| query);
            let body = library.answer(query);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                oai::CONTENT_TYPE,
                body.len()
            );
        }
    });
    format!("http://{address}/oai")
}

/// A client of others walks through all six verbs.
#[test]
fn sickle_harvests_all_of_it() {
    let Some(python) = python::with(&["sickle"]) else {
        return;
    };
    let address = serve(Library::new());
    let script = r#"
import sys, sickle
from sickle.oaiexceptions import NoRecordsMatch, IdDoesNotExist, CannotDisseminateFormat
s = sickle.Sickle(sys.argv[1])
i = s.Identify()
print(i.repositoryName, i.granularity, i.deletedRecord)
print([f.metadataPrefix for f in s.ListMetadataFormats()], [t.setSpec for t in s.ListSets()])
for prefix in ("oai_dc", "marcxml"):
    records = list(s.ListRecords(metadataPrefix=prefix))
    print(prefix, len(records), [r.deleted for r in records].count(True))
print([h.datestamp for h in s.ListIdentifiers(metadataPrefix="oai_dc", set="odd")])
first = next(iter(s.ListRecords(metadataPrefix="oai_dc", ignore_deleted=True)))
again = s.GetRecord(identifier=first.header.identifier, metadataPrefix="oai_dc")
print(again.metadata["title"], again.metadata["language"])
for kind, call in ((NoRecordsMatch, lambda: s.ListRecords(metadataPrefix="oai_dc", **{"from": "2030-01-01"})),
                   (IdDoesNotExist, lambda: s.GetRecord(identifier="x", metadataPrefix="oai_dc")),
                   (CannotDisseminateFormat, lambda: s.ListRecords(metadataPrefix="mods"))):
    try: call()
    except kind: print("refused")
"#;
    let printed = python::run(&python, script, &[&address]);
    let expected = [
        "Hill & Valley <Library> YYYY-MM-DDThh:mm:ssZ persistent",
        "['oai_dc', 'marcxml'] ['even', 'odd:few']",
        "oai_dc 7 1",
        "marcxml 7 1",
        "['2023-11-05T22:13:20Z', '2023-11-07T22:13:20Z', '2023-11-09T22:13:20Z']",
        "['Fish & <Chips> \"0\" 魚 : a history'] ['en']",
        "refused",
        "refused",
        "refused",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}
