//! One entry for each reader of outside bytes: any input must return without a
//! panic.

use super::cql;
use super::datestamp::Granularity;
use super::harvest::{self, Body, Harvest, Limits, Source};
use super::oai::{MetadataFormat, Repository, Request, Token};
use super::sru;

/// Small limits, so that a run meets them.
fn limits() -> Limits {
    Limits {
        max_page_bytes: 256 << 10,
        max_depth: 16,
        max_elements: 2_000,
        max_metadata_bytes: 64 << 10,
        ..Limits::default()
    }
}

/// Answers of a repository, requests and tokens.
///
/// # Panics
/// If a fragment that was given does not stand by itself.
pub fn fuzz_oai(data: &[u8]) {
    if let Ok(answer) = harvest::read_answer(data, &limits())
        && let Body::Records(records, _) = answer.body
    {
        for fragment in records
            .iter()
            .flat_map(|record| record.metadata.iter().chain(&record.about))
        {
            let wrapped = format!(
                "<OAI-PMH xmlns=\"http://www.openarchives.org/OAI/2.0/\"><GetRecord><record>\
                 <header><identifier>x</identifier></header><metadata>{fragment}</metadata>\
                 </record></GetRecord></OAI-PMH>"
            );
            let again = harvest::read_answer(wrapped.as_bytes(), &Limits::default());
            let again = again.map(|answer| match answer.body {
                Body::Records(records, _) => records
                    .into_iter()
                    .next()
                    .and_then(|record| record.metadata),
                _ => None,
            });
            assert!(
                matches!(again, Ok(Some(_))),
                "{fragment} does not stand by itself: {again:?}"
            );
        }
    }
    drive(data);
    let text = String::from_utf8_lossy(data);
    let _ = Token::decode(&text);
    let pairs = text
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let _ = Request::parse(pairs, &repository());
}

/// The same answer to whatever is asked: a harvest ends in the end.
fn drive(data: &[u8]) {
    let source = Source {
        base_url: "http://hill.internal/oai".to_owned(),
        prefix: "oai_dc".to_owned(),
        set: None,
        post: false,
    };
    let Ok(mut harvest) = Harvest::new(source, limits()) else {
        return;
    };
    let identify = b"<OAI-PMH xmlns='http://www.openarchives.org/OAI/2.0/'><Identify>\
        <protocolVersion>2.0</protocolVersion></Identify></OAI-PMH>";
    let _ = harvest.answer(200, None, identify);
    let mut steps = 0;
    while harvest.request().is_some() {
        let _ = harvest.answer(200, None, data);
        steps += 1;
        assert!(steps < 100, "a harvest of the same answer has no end");
    }
}

/// A repository to hold requests against.
fn repository() -> Repository {
    Repository {
        name: "Hill".to_owned(),
        base_url: "http://hill.internal/oai".to_owned(),
        admin_emails: vec!["library@hill.internal".to_owned()],
        earliest_ms: 0,
        granularity: Granularity::Seconds,
        domain: "hill.internal".to_owned(),
        sample: "42".to_owned(),
        formats: vec![MetadataFormat::oai_dc(), MetadataFormat::marcxml()],
        has_sets: true,
    }
}

/// Queries, and requests of SRU.
///
/// # Panics
/// If a query that was printed does not read as it was.
pub fn fuzz_cql(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(query) = cql::parse(&text) {
        let printed = query.to_string();
        // Quotes that a canonical form needs may make it longer than what is read.
        if printed.len() <= cql::MAX_QUERY_BYTES {
            assert_eq!(cql::parse(&printed).as_ref(), Ok(&query), "{printed}");
        }
        let _ = (cql::compile(&query), cql::xcql(&query));
    }
    let pairs = text
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    match sru::Request::parse(pairs) {
        Ok(sru::Request::SearchRetrieve(request)) => {
            if let Ok(answer) = sru::SearchAnswer::new(&request, 10) {
                let _ = answer.finish(&[]);
            }
        }
        Ok(sru::Request::Scan(request)) => drop(sru::scan(&request, &[])),
        Ok(sru::Request::Explain(..)) => {}
        Err(refusal) => drop(sru::refusal(&refusal)),
    }
}
