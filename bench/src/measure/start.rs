//! From starting the program to the first page, with many records.

use std::time::Instant;

use crate::Options;
use crate::data;
use crate::http::{BROWSER, Client};
use crate::node::Node;
use crate::queries::{Words, encode};
use crate::report::{Reached, Report, met};

/// Records, unless another number is asked for.
const RECORDS: usize = 1_000_000;
/// Starts of which the median counts.
const STARTS: usize = 5;

/// `start`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::data(options, RECORDS)?;
    let (node, imported) = Node::filled(options, data::work(options)?.join("node-start"), &data)?;
    let words = Words::of(&data, options.seed)?;
    let query = words
        .queries(1, options.seed)
        .into_iter()
        .next()
        .map_or_else(String::new, |query| query.text);
    let mut report = Report::new("Start with many records", &data.what);
    report.row(
        "`lampion import` of the records",
        &format!(
            "{} in {:.0} s: {:.0}/s; index {}",
            imported.documents,
            imported.seconds,
            imported.documents as f64 / imported.seconds,
            super::mb(imported.index_bytes)
        ),
        "",
        "",
        Reached::Open,
    );
    let (mut home, mut search) = (Vec::new(), Vec::new());
    let mut memory = String::new();
    for _ in 0..STARTS {
        let serving = node.serve()?;
        let mut client = Client::new(serving.http, BROWSER);
        let page = client.get("/")?;
        anyhow::ensure!(page.status == 200, "the home page answers {}", page.status);
        home.push(serving.begun.elapsed().as_secs_f64());
        let begun = Instant::now();
        client.get(&format!("/search?q={}", encode(&query)))?;
        search.push(begun.elapsed().as_secs_f64());
        memory = serving.process.memory()?.shown();
    }
    let middle = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (home, search) = (middle(&mut home), middle(&mut search));
    report.row(
        &format!("start to first page, median of {STARTS} (files in the system's cache)"),
        &format!(
            "{home:.2} s; its first search {:.0} ms; memory then {memory}",
            search * 1e3
        ),
        "",
        "≤ 1 s",
        met(home <= 1.0),
    );
    node.remove(options)
}
