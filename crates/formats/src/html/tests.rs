use super::*;

fn page(html: &str) -> Extracted {
    extract(html.as_bytes(), &Limits::default())
}

fn text(html: &str) -> String {
    page(html).text
}

#[test]
fn an_article() {
    let doc = page(
        "<!DOCTYPE html><html lang=\"fr\" class=toc><head><meta charset=utf-8><title>Le puits &amp; la pompe</title>
        <meta name=description content='Un &eacute;tang'><meta name=author content=\"Mira\"><meta name=keywords content='eau, puits'>
        <style>p > a { color: red }</style><script>if (a<b) document.write('<p>no</p>')</script></head>
        <body class=\"noprint\"><nav><ul><li>Home</ul></nav><h1>Le <i>puits</i></h1><p>Une   eau\n<b>clai</b>re.<br>Oui<!-- non --></p>
        <table><tr><td>a</td><td>b</td></tr><tr><td>c<td>d</table><h2>Notes<span class=\"mw-editsection\">[edit]</span></h2>x<sup class=\"reference\"><a>[1]</a></sup>.</body></html>",
    );
    assert_eq!(doc.title.as_deref(), Some("Le puits & la pompe"));
    assert_eq!(doc.language.as_deref(), Some("fr"));
    assert_eq!(doc.headings, ["Le puits", "Notes"]);
    assert_eq!(
        doc.text,
        "Le puits\nUne eau claire.\nOui\na\tb\nc\td\nNotes\nx."
    );
    assert_eq!(doc.authors, ["Mira"]);
    assert_eq!(doc.subjects, ["eau", "puits"]);
    assert_eq!(doc.description.as_deref(), Some("Un étang"));
}

#[test]
fn statements_of_papers() {
    let doc = page(
        "<meta name=citation_title content=T><meta name=DC.creator content='Kim, A'><meta name=citation_author content='Lee'>
         <meta name=dcterms.issued content=2011-02><meta name=citation_doi content='10.1/x'><meta name=DC.language content=ko>
         <meta name=citation_isbn content=123><meta name=dc.publisher content=Press><meta property=og:description content=D>",
    );
    assert_eq!(doc.title.as_deref(), Some("T"));
    assert_eq!(doc.authors, ["Kim, A", "Lee"]);
    assert_eq!(
        (doc.year, doc.language.as_deref()),
        (Some(2011), Some("ko"))
    );
    assert_eq!(doc.identifiers.len(), 2);
    assert_eq!(doc.publisher.as_deref(), Some("Press"));
    assert_eq!(doc.description.as_deref(), Some("D"));
}

#[test]
fn hidden_things_and_noise() {
    assert_eq!(
        text("a<span style='display:none'>x<span>y</span></span>b"),
        "ab"
    );
    assert_eq!(text("a<div hidden>x<div>y</div>z</div>b"), "a\nb");
    assert_eq!(text("a<div hidden=until-found>x</div>b"), "a\nx\nb");
    assert_eq!(text("a<div class='navbox x'><div>y</div></div>b"), "a\nb");
    assert_eq!(
        text("a<svg><title>x</title><style><b></style></svg>b"),
        "a b"
    );
    assert_eq!(text("a<svg/>b<template><p>x</template>c"), "a b c");
    assert_eq!(text("<textarea><p>x</textarea>y<iframe>z</iframe>"), "y");
    assert_eq!(
        page("<svg><title>no</title></svg><title>yes</title>")
            .title
            .as_deref(),
        Some("yes")
    );
}

#[test]
fn what_never_closes_is_not_lost() {
    assert_eq!(
        text("a<div class=toc>x<p>all the rest"),
        "a\nx\nall the rest"
    );
    assert_eq!(text("a<nav>x<p>rest<div class=toc>y"), "a x\nrest\ny");
    assert_eq!(text("a <a href=\"x>b</a> c"), "a b c");
    assert_eq!(text("<title>T<p>rest"), "rest");
    assert_eq!(page("<title>T<p>rest").title.as_deref(), Some("T"));
    assert_eq!(text("a<script>b"), "a");
    assert_eq!(text("a<!-- b"), "a");
    assert_eq!(
        page("<h1>H<p>b").headings,
        ["H\u{20}b"].map(|s| s.to_owned())
    );
}

#[test]
fn malformed_markup() {
    assert_eq!(text("1 < 2 && 3 <4 <"), "1 < 2 && 3 <4 <");
    assert_eq!(
        text("a</>b</ >c<?php x ?>d<!x>e<!-->f<!---->g<!--a--!>h"),
        "abcdefgh"
    );
    assert_eq!(text("<p/a=1 b = '>' c=\"\\\">x</p junk='>'>y"), "x\ny");
    assert_eq!(text("<P>A</P><DiV>B</dIv>"), "A\nB");
    assert_eq!(text("<![CDATA[a < b]]>c<![CDATA[d>e"), "a < bce");
    assert_eq!(text("a\u{0}b\u{7f}c"), "a b c");
    assert_eq!(text("so&shy;ft&nbsp;&nbsp;x&#10;y"), "soft x y");
    assert_eq!(text("<pre>a\n  b\nc</pre>"), "a\nb\nc");
    assert_eq!(text("<plaintext>a<b>"), "a<b>");
    assert_eq!(text(""), "");
}

#[test]
fn text_stops_at_its_limit() {
    let limits = Limits {
        max_text_bytes: 10,
        ..Limits::default()
    };
    let doc = extract("<p>물은 생명이다".as_bytes(), &limits);
    assert!(doc.text.len() <= 10 && doc.text.starts_with("물은"));
    assert_eq!(doc.warnings.len(), 1);
}

/// Megabytes of trouble: each would take hours if the work were quadratic.
#[test]
fn hostile_pages_take_linear_work() {
    const SIZE: usize = if cfg!(debug_assertions) {
        2 << 20
    } else {
        10 << 20
    };
    for piece in [
        "<",
        "<a",
        "<a ",
        "<a b=\"",
        "<a b='",
        "</",
        "<!",
        "<!-",
        "<!--",
        "<![CDATA[",
        "<title>",
        "<script>",
        "</script",
        "<textarea>",
        "<svg>",
        "<div class=toc>",
        "<div>",
        "&",
        "&#",
        "&#x1",
        "&CounterClockwiseContourIntegra",
        "<h1>",
        "<meta name=keywords content=a,b>",
        "<nav",
        "<p hidden>",
        "<plaintext>",
        "<pre>\n",
        "<xmp>",
        "-->",
        "--",
        "]]>",
    ] {
        let doc = extract(
            piece.repeat(SIZE / piece.len()).as_bytes(),
            &Limits::default(),
        );
        assert!(doc.text.len() <= SIZE, "{piece}");
    }
}

proptest::proptest! {
    #[test]
    fn any_bytes_give_clean_text(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2000)) {
        clean(&extract(&bytes, &Limits::default()));
    }

    #[test]
    fn any_soup_gives_clean_text(pieces in proptest::collection::vec(proptest::sample::select(SOUP), 0..60)) {
        clean(&extract(pieces.concat().as_bytes(), &Limits::default()));
    }
}

const SOUP: &[&str] = &[
    "<",
    ">",
    "/",
    "p",
    "<p>",
    "</p>",
    "<div class=\"toc\">",
    "</div>",
    "<h2>",
    "</h2>",
    "&",
    "&amp",
    ";",
    "&#x",
    "\"",
    "'",
    "=",
    " ",
    "\n",
    "é",
    "漢字",
    "<!--",
    "-->",
    "<title>",
    "</title>",
    "<script>",
    "</script>",
    "<svg>",
    "</svg>",
    "<br/>",
    "<![CDATA[",
    "]]>",
    "<td>",
    "<pre>",
    "</pre>",
    "<meta name=author content=",
    "<html lang=",
    "hidden",
    "\u{0}",
    "\u{2028}",
];

fn clean(doc: &Extracted) {
    assert!(
        !doc.text
            .chars()
            .any(|c| c.is_ascii_control() && c != '\n' && c != '\t'),
        "{:?}",
        doc.text
    );
    for pair in doc.text.as_bytes().windows(2) {
        assert!(!pair.iter().all(u8::is_ascii_whitespace), "{:?}", doc.text);
    }
    assert_eq!(doc.text.trim_matches([' ', '\n', '\t']), doc.text);
}
