//! Megabytes of HTML read in a second: `cargo run --release -p lampion-formats
//! --example html_speed [folder of .html files]`. Without a folder, articles
//! with the markup of an encyclopaedia are made.
#![allow(
    clippy::expect_used,
    clippy::allow_attributes,
    reason = "a measuring tool"
)]

use std::{fmt::Write, fs, path::Path, time::Instant};

use lampion_formats::{Limits, html};

/// Bytes read for one measurement.
const TOTAL_BYTES: usize = 400 << 20;

fn main() {
    let pages = match std::env::args().nth(1) {
        Some(folder) => {
            let mut pages = Vec::new();
            collect(Path::new(&folder), &mut pages);
            pages
        }
        None => (0..200).map(article).collect(),
    };
    let size: usize = pages.iter().map(Vec::len).sum();
    if size == 0 {
        println!("no pages");
        return;
    }
    let limits = Limits::default();
    let mut text = 0;
    let mut done = 0;
    let began = Instant::now();
    while done < TOTAL_BYTES {
        for page in &pages {
            text += html::extract(page, &limits).text.len();
        }
        done += size;
    }
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{} pages of {} KB on average, {:.0}% of them text: {:.0} MB/s",
        pages.len(),
        size / pages.len() / 1000,
        text as f64 / done as f64 * 100.0,
        done as f64 / seconds / 1e6
    );
}

fn collect(folder: &Path, pages: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|e| e == "html" || e == "htm") && pages.len() < 2000
        {
            pages.push(fs::read(path).expect("readable"));
        }
    }
}

fn article(seed: usize) -> Vec<u8> {
    let words = [
        "water",
        "the",
        "well",
        "of",
        "pumpe",
        "건물의",
        "колодец",
        "sun",
        "in",
        "a",
        "été",
        "and",
    ];
    let mut page = String::from(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Article</title><style>p{margin:0}</style></head><body class=\"mw-body\">",
    );
    for paragraph in 0..(5 + seed % 40) {
        let _ = write!(
            page,
            "<h2 id=\"s{paragraph}\"><span class=\"mw-headline\">Section {paragraph}</span></h2>\n<p>"
        );
        for word in 0..90 {
            let one = words
                .get((word * 7 + seed + paragraph) % words.len())
                .expect("in range");
            let _ = match word % 30 {
                3 => write!(
                    page,
                    "<a href=\"../A/{one}\" title=\"{one}\" class=\"mw-redirect\">{one}</a> "
                ),
                9 => write!(page, "<b>{one}</b>, "),
                17 => write!(
                    page,
                    "{one}<sup id=\"cite_ref-{word}\" class=\"reference\"><a href=\"#cite_note-{word}\">[{word}]</a></sup>. "
                ),
                25 => write!(page, "{one}&nbsp;{one}&#160;<i lang=\"la\">{one}</i> "),
                _ => write!(page, "{one} "),
            };
        }
        page.push_str("</p>\n<table class=\"wikitable\"><tbody><tr><td style=\"text-align:left\">1</td><td>2</td></tr></tbody></table>\n");
    }
    page.push_str(
        "<div class=\"navbox\"><ul><li><a href=\"x\">x</a></li></ul></div></body></html>",
    );
    page.into_bytes()
}
