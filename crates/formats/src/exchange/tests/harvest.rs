//! The side that harvests, against our own provider and against answers by hand.

use super::oai::{Library, NOW_MS};
use crate::exchange::harvest::{
    Body, Harvest, HarvestError, Harvested, Limits, Source, Step, read_answer,
};
use crate::exchange::{Granularity, datestamp};
use crate::records::{Mapping, RecordKind, open};

const NS: &str = "xmlns='http://www.openarchives.org/OAI/2.0/'";

pub(super) fn source(base_url: &str) -> Source {
    Source {
        base_url: base_url.to_owned(),
        prefix: "oai_dc".to_owned(),
        set: None,
        post: false,
    }
}

pub(super) fn harvest() -> Harvest {
    Harvest::new(source("http://hill.internal/oai"), Limits::default()).unwrap()
}

pub(super) fn identify(granularity: &str) -> String {
    format!(
        "<?xml version='1.0'?><OAI-PMH {NS}><responseDate>2023-11-14T22:13:20Z</responseDate>\
         <request verb='Identify'>x</request><Identify><protocolVersion>2.0</protocolVersion>\
         <granularity>{granularity}</granularity></Identify></OAI-PMH>"
    )
}

/// A page with records of these identifiers, then a token if there is one.
pub(super) fn page(identifiers: &[&str], token: Option<&str>) -> String {
    let mut out =
        format!("<OAI-PMH {NS}><responseDate>2023-11-14T22:13:20Z</responseDate><ListRecords>");
    for identifier in identifiers {
        out.push_str(&format!(
            "<record><header><identifier>{identifier}</identifier><datestamp>2023-01-01</datestamp>\
             </header><metadata><d xmlns='urn:d'>{identifier}</d></metadata></record>"
        ));
    }
    if let Some(token) = token {
        out.push_str(&format!("<resumptionToken>{token}</resumptionToken>"));
    }
    out.push_str("</ListRecords></OAI-PMH>");
    out
}

pub(super) fn error(code: &str) -> String {
    format!(
        "<OAI-PMH {NS}><responseDate>2023-11-14T22:13:20Z</responseDate><error code='{code}'>so</error></OAI-PMH>"
    )
}

/// After `Identify`.
pub(super) fn listing() -> Harvest {
    let mut harvest = harvest();
    let step = harvest.answer(200, None, identify("YYYY-MM-DDThh:mm:ssZ").as_bytes());
    assert!(matches!(step, Ok(Step::Repository(_))));
    harvest
}

fn url(harvest: &Harvest) -> String {
    harvest.request().unwrap().url
}

#[test]
fn a_whole_harvest_survives_a_restart_at_every_step() {
    let library = Library::new();
    let mut harvest = harvest();
    let mut records: Vec<Harvested> = Vec::new();
    while let Some(fetch) = harvest.request() {
        let query = fetch.url.split_once('?').unwrap().1;
        let stored = serde_json::to_string(&harvest).unwrap();
        harvest = serde_json::from_str(&stored).unwrap();
        let answer = library.answer(query);
        if let Step::Page(page) = harvest.answer(200, None, answer.as_bytes()).unwrap() {
            assert_eq!(page.list_size, Some(7));
            records.extend(page.records);
        }
    }
    assert!(harvest.is_done());
    assert_eq!((records.len(), harvest.records()), (7, 7));
    assert_eq!(records.iter().filter(|record| record.deleted).count(), 1);
    assert_eq!(records[1].about.len(), 1);
    assert_eq!(records[0].sets, ["even"]);
    // Metadata stand by themselves: our own reader of records takes them.
    for record in records.iter().filter(|record| !record.deleted) {
        let metadata = record.metadata.clone().unwrap();
        let source = std::io::Cursor::new(metadata.into_bytes());
        let mut reader = open(RecordKind::DublinCore, source, &Mapping::default()).unwrap();
        let read = reader.next().unwrap().unwrap().record;
        assert!(read.title.starts_with("Fish & <Chips>"));
        assert_eq!(read.authors.len(), 3);
    }
    // The next one asks for what changed since, a granule of overlap included.
    harvest.begin();
    assert!(url(&harvest).ends_with("?verb=Identify"));
    let answer = library.answer("verb=Identify");
    harvest.answer(200, None, answer.as_bytes()).unwrap();
    let from = datestamp::seconds(NOW_MS - 1_000).replace(':', "%3A");
    assert_eq!(
        url(&harvest),
        format!("http://hill.internal/oai?verb=ListRecords&metadataPrefix=oai_dc&from={from}")
    );
    let answer = library.answer("verb=ListRecords&metadataPrefix=oai_dc&from=2023-11-14");
    let step = harvest.answer(200, None, answer.as_bytes()).unwrap();
    assert!(matches!(step, Step::Page(page) if page.last && page.records.is_empty()));
}

#[test]
fn requests_by_get_and_post_keep_the_address() {
    let mut wanted = source("https://hill/oai?db=1#x");
    wanted.set = Some("a:b".to_owned());
    let mut get = Harvest::new(wanted.clone(), Limits::default()).unwrap();
    assert_eq!(url(&get), "https://hill/oai?db=1&verb=Identify");
    get.answer(200, None, identify("YYYY-MM-DD").as_bytes())
        .unwrap();
    assert_eq!(
        url(&get),
        "https://hill/oai?db=1&verb=ListRecords&metadataPrefix=oai_dc&set=a%3Ab"
    );
    get.answer(200, None, page(&["a"], Some(" t/&amp;1 ")).as_bytes())
        .unwrap();
    assert_eq!(
        url(&get),
        "https://hill/oai?db=1&verb=ListRecords&resumptionToken=t%2F%261"
    );
    wanted.post = true;
    let post = Harvest::new(wanted, Limits::default()).unwrap();
    let fetch = post.request().unwrap();
    assert_eq!(fetch.form.as_deref(), Some("verb=Identify"));
    for address in [
        "",
        "ftp://hill/oai",
        "http://",
        "http:///oai",
        "http://hill/o ai",
    ] {
        let made = Harvest::new(source(address), Limits::default());
        assert!(matches!(made, Err(HarvestError::Address(_))), "{address}");
    }
}

#[test]
fn days_overlap_by_a_day() {
    let mut harvest = harvest();
    harvest
        .answer(200, None, identify("YYYY-MM-DD").as_bytes())
        .unwrap();
    harvest
        .answer(200, None, page(&["a"], Some("")).as_bytes())
        .unwrap();
    assert!(harvest.is_done(), "an empty token ends a list");
    harvest.begin();
    harvest
        .answer(200, None, identify("YYYY-MM-DD").as_bytes())
        .unwrap();
    assert!(url(&harvest).ends_with("&from=2023-11-13"));
}

#[test]
fn a_token_that_is_refused_begins_the_list_anew_with_the_old_datestamp() {
    let mut harvest = listing();
    harvest
        .answer(200, None, page(&["a"], None).as_bytes())
        .unwrap();
    harvest.begin();
    harvest
        .answer(200, None, identify("YYYY-MM-DDThh:mm:ssZ").as_bytes())
        .unwrap();
    let first = url(&harvest);
    assert!(first.contains("from=2023-11-14T22%3A13%3A19Z"));
    for _ in 0..3 {
        harvest
            .answer(200, None, page(&["b"], Some("t1")).as_bytes())
            .unwrap();
        let step = harvest.answer(200, None, error("badResumptionToken").as_bytes());
        assert_eq!(step, Ok(Step::Restarted));
        assert_eq!(url(&harvest), first);
    }
    harvest
        .answer(200, None, page(&["b"], Some("t1")).as_bytes())
        .unwrap();
    let step = harvest.answer(422, None, error("badResumptionToken").as_bytes());
    assert_eq!(step, Err(HarvestError::TokensRefused(4)));
    // The next attempt starts from what is held.
    harvest.begin();
    harvest
        .answer(200, None, identify("YYYY-MM-DDThh:mm:ssZ").as_bytes())
        .unwrap();
    assert_eq!(url(&harvest), first);
}

#[test]
fn it_waits_as_long_as_it_is_told_and_gives_up_in_the_end() {
    let mut harvest = listing();
    let before = url(&harvest);
    let step = harvest.answer(503, Some(77), b"<html>busy").unwrap();
    assert!(matches!(step, Step::Again { .. }));
    assert_eq!(harvest.request().unwrap().wait_s, 77);
    harvest.answer(503, Some(u64::MAX), b"").unwrap();
    assert_eq!(harvest.request().unwrap().wait_s, 6 * 3_600);
    harvest.failed("connection refused").unwrap();
    assert_eq!(harvest.request().unwrap().wait_s, 120);
    assert_eq!(url(&harvest), before);
    harvest
        .answer(200, None, page(&["a"], Some("t1")).as_bytes())
        .unwrap();
    assert_eq!(harvest.request().unwrap().wait_s, 0);
    let place = url(&harvest);
    for _ in 0..6 {
        harvest.answer(500, None, b"").unwrap();
    }
    let step = harvest.answer(500, None, b"");
    assert!(matches!(step, Err(HarvestError::Unavailable(_))));
    assert_eq!(harvest.request(), None);
    assert_eq!(harvest.answer(200, None, b""), Err(HarvestError::Over));
    // It goes on with the page at which it stopped.
    harvest.begin();
    assert_eq!(url(&harvest), place);
}

#[test]
fn refusals_of_the_protocol_are_told() {
    let mut harvest = listing();
    let step = harvest.answer(200, None, error("cannotDisseminateFormat").as_bytes());
    assert!(
        matches!(step, Err(HarvestError::Refused { code, .. }) if code == "cannotDisseminateFormat")
    );
    let mut harvest = listing();
    assert_eq!(
        harvest.answer(404, None, b"gone"),
        Err(HarvestError::Status(404))
    );
    let mut harvest = super::harvest::harvest();
    let old = identify("x").replace("2.0</protocol", "1.1</protocol");
    let step = harvest.answer(200, None, old.as_bytes());
    assert_eq!(step, Err(HarvestError::Version("1.1".to_owned())));
    let mut harvest = super::harvest::harvest();
    let step = harvest.answer(200, None, page(&[], None).as_bytes());
    assert!(matches!(step, Err(HarvestError::OtherAnswer(_))));
}

#[test]
fn fragments_take_their_namespaces_along() {
    let document = "<?xml version='1.0' encoding='ISO-8859-1'?><o:OAI-PMH \
        xmlns:o='http://www.openarchives.org/OAI/2.0/' xmlns:x='urn:x' xmlns:unused='urn:u' xmlns='urn:default'>\
        <o:GetRecord><o:record><o:header status='deleted'><o:identifier>a</o:identifier></o:header></o:record>\
        <o:record xmlns:x='urn:inner'><o:header><o:identifier>b</o:identifier><o:datestamp>2020-01-01</o:datestamp></o:header>\
        <o:metadata> <x:r a='1&lt;'><y>caf\u{e9} &amp; <![CDATA[<&]]></y><!-- c --></x:r></o:metadata>\
        <o:about><x:q/></o:about></o:record></o:GetRecord></o:OAI-PMH>";
    let bytes: Vec<u8> = document
        .chars()
        .map(|one| u8::try_from(u32::from(one)).unwrap())
        .collect();
    let Body::Records(records, None) = read_answer(&bytes, &Limits::default()).unwrap().body else {
        panic!("no records");
    };
    assert!(records[0].deleted && records[0].metadata.is_none());
    assert_eq!(
        records[1].metadata.as_deref(),
        Some(
            "<x:r xmlns=\"urn:default\" xmlns:x=\"urn:inner\" a='1&lt;'><y>café &amp; <![CDATA[<&]]></y><!-- c --></x:r>"
        )
    );
    assert_eq!(
        records[1].about,
        ["<x:q xmlns=\"urn:default\" xmlns:x=\"urn:inner\"/>"]
    );
}

#[test]
fn a_repository_tells_its_formats_and_sets() {
    let library = Library::new();
    let read =
        |query: &str| read_answer(library.answer(query).as_bytes(), &Limits::default()).unwrap();
    let answer = read("verb=ListMetadataFormats");
    assert_eq!(answer.response_ms, Some(NOW_MS));
    assert!(matches!(answer.body, Body::Formats(formats) if formats == library.repository.formats));
    let Body::Sets(sets, Some(token)) = read("verb=ListSets").body else {
        panic!("no sets");
    };
    assert_eq!(sets[0].name, "The even & others");
    assert!(token.token.is_some());
    let Body::Identify(identity) = read("verb=Identify").body else {
        panic!("no identity");
    };
    assert_eq!(identity.granularity, Granularity::Seconds);
    assert_eq!(identity.deleted, "persistent");
}
