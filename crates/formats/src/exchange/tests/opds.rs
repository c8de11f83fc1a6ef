//! OPDS in both versions, RSS and Atom.

use super::oai::{NOW_MS, book};
use super::python;
use crate::exchange::opds::{
    ACQUISITION_TYPE, Acquisition, Catalogue, Facet, FacetGroup, Group, NAVIGATION_TYPE,
    Navigation, Paging, Picture, Publication, Search, atom, json, search_description,
};
use crate::exchange::syndication::{self, Channel, Item};

fn publication(nth: usize) -> Publication {
    Publication {
        entry_href: None,
        id: format!("urn:hill:{nth}"),
        updated_ms: NOW_MS,
        record: book(nth),
        page_href: Some(format!("/record/{nth}?a=1&b=2")),
        cover: Some(Picture {
            href: "/cover.jpg".to_owned(),
            media_type: "image/jpeg".to_owned(),
            size: Some((800, 1200)),
        }),
        thumbnail: Some(Picture {
            href: "/small.jpg".to_owned(),
            media_type: "image/jpeg".to_owned(),
            size: None,
        }),
        acquisitions: vec![Acquisition {
            href: format!("/file/{nth}.epub"),
            media_type: "application/epub+zip".to_owned(),
            title: None,
            size_bytes: Some(12_345),
        }],
    }
}

fn catalogue() -> Catalogue {
    Catalogue {
        id: "urn:hill:all".to_owned(),
        title: "All & everything <in> it".to_owned(),
        updated_ms: NOW_MS,
        self_href: "/opds/all?page=2".to_owned(),
        start_href: "/opds".to_owned(),
        up_href: Some("/opds".to_owned()),
        search: Some(Search {
            description_href: "/opds/search.xml".to_owned(),
            template: "/opds/search?q={searchTerms}".to_owned(),
        }),
        paging: Paging {
            first: Some("/opds/all".to_owned()),
            previous: Some("/opds/all".to_owned()),
            next: Some("/opds/all?page=3".to_owned()),
            last: None,
            total: Some(120),
            per_page: Some(50),
            page: Some(2),
        },
        publications: vec![publication(1), publication(2)],
        facets: vec![FacetGroup {
            title: "Language".to_owned(),
            facets: vec![
                Facet {
                    title: "German".to_owned(),
                    href: "/opds/all?lang=de".to_owned(),
                    active: true,
                    count: Some(10),
                },
                Facet {
                    title: "Korean".to_owned(),
                    href: "/opds/all?lang=ko".to_owned(),
                    active: false,
                    count: None,
                },
            ],
        }],
        ..Catalogue::default()
    }
}

fn root() -> Catalogue {
    let navigation = |title: &str, publications| Navigation {
        id: format!("urn:hill:{title}"),
        title: title.to_owned(),
        href: format!("/opds/{title}"),
        updated_ms: NOW_MS,
        publications,
        count: Some(7),
        ..Navigation::default()
    };
    Catalogue {
        id: "urn:hill".to_owned(),
        title: "Hill".to_owned(),
        updated_ms: NOW_MS,
        self_href: "/opds".to_owned(),
        start_href: "/opds".to_owned(),
        navigation: vec![navigation("new", true), navigation("shelves", false)],
        ..Catalogue::default()
    }
}

fn grouped() -> Catalogue {
    Catalogue {
        groups: vec![
            Group {
                title: "New".to_owned(),
                href: "/opds/new".to_owned(),
                publications: vec![publication(3)],
                ..Group::default()
            },
            Group {
                title: "Shelves".to_owned(),
                href: "/opds/shelves".to_owned(),
                navigation: root().navigation,
                ..Group::default()
            },
        ],
        navigation: Vec::new(),
        ..root()
    }
}

#[test]
fn opds_1_2() {
    assert_eq!(root().atom_type(), NAVIGATION_TYPE);
    assert_eq!(grouped().atom_type(), ACQUISITION_TYPE);
    python::check_xml(&[
        (
            "acquisition",
            atom(&catalogue()),
            "len(x('atom:entry')) == 2 and x('atom:link[@rel=\"next\"]/@href') == ['/opds/all?page=3'] and x('atom:link[@rel=\"http://opds-spec.org/facet\"]/@opds:facetGroup') == ['Language', 'Language'] and x('atom:link/@opds:activeFacet') == ['true'] and x('os:startIndex/text()') == ['51'] and x('atom:entry[1]/atom:link[@rel=\"http://opds-spec.org/acquisition/open-access\"]/@type') == ['application/epub+zip'] and x('atom:entry[1]/atom:author/atom:name/text()') == ['Andrew Hunt', 'Hill Society'] and x('atom:entry[1]/dcterms:issued/text()') == ['1999'] and len(x('atom:entry[1]/atom:link[contains(@rel, \"image\")]')) == 2",
        ),
        (
            "navigation",
            atom(&root()),
            "[e.get('type').split('kind=')[1] for e in x('atom:entry/atom:link')] == ['acquisition', 'navigation'] and all(len(x('atom:entry/atom:' + n)) == 2 for n in ('id', 'title', 'updated', 'content'))",
        ),
        (
            "grouped",
            atom(&grouped()),
            "x('atom:entry/atom:link[@rel=\"collection\"]/@title') == ['New', 'Shelves', 'Shelves']",
        ),
        (
            "search",
            search_description("Hill & Valley Library", "/opds/search?q={searchTerms}"),
            "x('os:ShortName/text()') == ['Hill & Valley Li'] and '{searchTerms}' in x('os:Url/@template')[0]",
        ),
    ]);
}

#[test]
fn opds_2_0() {
    let mut page = catalogue();
    page.search.as_mut().unwrap().template = "/opds2/search{?query}".to_owned();
    let page = json(&page);
    assert_eq!(page["metadata"]["numberOfItems"], 120);
    assert_eq!(page["links"][0]["rel"], "self");
    let book = &page["publications"][0];
    assert_eq!(book["metadata"]["@type"], "http://schema.org/Book");
    assert_eq!(book["metadata"]["author"][0]["name"], "Andrew Hunt");
    assert_eq!(book["metadata"]["author"][0]["sortAs"], "Hunt, Andrew");
    assert_eq!(book["metadata"]["editor"][0]["name"], "Ann Lee");
    assert_eq!(book["images"][0]["width"], 800);
    assert_eq!(
        book["links"][1]["rel"],
        "http://opds-spec.org/acquisition/open-access"
    );
    assert_eq!(
        page["facets"][0]["links"][0]["properties"]["numberOfItems"],
        10
    );
    assert_eq!(page["facets"][0]["links"][0]["rel"], "self");
    let groups = json(&grouped());
    assert_eq!(groups["groups"][1]["navigation"][0]["title"], "new");
    assert!(groups.get("publications").is_none());
    let nothing = Catalogue {
        publications: Vec::new(),
        ..catalogue()
    };
    assert!(
        json(&nothing)["publications"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    // The documents lie beside the others, for a look at them.
    python::check_xml(&[(
        "json",
        format!("<j>{}</j>", crate::records::escape_xml(&page.to_string())),
        "root.text[0] == '{'",
    )]);
}

#[test]
fn what_changed_is_read_by_a_feed_reader() {
    let channel = Channel {
        id: "urn:hill:changes".to_owned(),
        title: "What <changed> & why".to_owned(),
        description: "New & withdrawn".to_owned(),
        page_href: "http://hill.internal/changes".to_owned(),
        self_href: "http://hill.internal/changes.xml".to_owned(),
        language: Some("en".to_owned()),
        updated_ms: NOW_MS,
    };
    let items = [Item {
        id: "urn:hill:change:1".to_owned(),
        title: "Fish & <Chips>".to_owned(),
        href: "http://hill.internal/record/1?a=1&b=2".to_owned(),
        time_ms: NOW_MS,
        summary: "Withdrawn <b>by</b> Mira & Ann".to_owned(),
        author: Some("Mira".to_owned()),
        categories: vec!["withdrawn".to_owned()],
    }];
    let documents = [
        syndication::rss(&channel, &items),
        syndication::atom(&channel, &items),
    ];
    let Some(python) = python::with(&["feedparser"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in ["rss.xml", "atom.xml"].iter().zip(&documents) {
        std::fs::write(folder.path().join(name), document).unwrap();
    }
    let script = r#"
import sys, feedparser
for name in ("rss.xml", "atom.xml"):
    f = feedparser.parse(sys.argv[1] + "/" + name)
    e = f.entries[0]
    assert not f.bozo, f.bozo_exception
    print(f.version, f.feed.title, "|", e.title, "|", e.id, e.link, e.author, tuple(e.published_parsed)[:6], e.summary, e.tags[0].term)
"#;
    let printed = python::run(&python, script, &[folder.path().to_str().unwrap()]);
    let lines: Vec<_> = printed.lines().collect();
    let common =
        "urn:hill:change:1 http://hill.internal/record/1?a=1&b=2 Mira (2023, 11, 14, 22, 13, 20)";
    assert_eq!(lines.len(), 2);
    for (line, version) in lines.iter().zip(["rss20", "atom10"]) {
        assert!(line.starts_with(version), "{line}");
        assert!(
            line.contains(common) && line.ends_with("withdrawn"),
            "{line}"
        );
    }
}
