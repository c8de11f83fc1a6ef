//! Article pages from a ZIM: Lampion's content origin, kiwix-serve, and nginx with the same bytes as files.

use std::path::Path;
use std::time::Duration;

use super::COLLECTION;
use crate::Options;
use crate::chance::Chance;
use crate::data::{self, Document};
use crate::http::{BROWSER, Client, PLAIN};
use crate::load::{Throughput, together};
use crate::node::{Node, Serving};
use crate::peers::Listening;
use crate::report::{Reached, Report, met, or_why};

/// Different articles, spread over the archive.
const ARTICLES: usize = 2_000;
/// Clients at once.
const CLIENTS: usize = 8;
/// How long they ask.
const LONG: Duration = Duration::from_secs(10);
/// How long before it counts.
const WARM: Duration = Duration::from_secs(3);

/// `articles`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::data(options, 200_000)?;
    let work = data::work(options)?;
    let mut report = Report::new(
        "Article pages from a ZIM",
        &format!(
            "a ZIM by libzim of {}; {ARTICLES} of its articles by chance",
            data.what
        ),
    );
    let zim = match options.peers().zim_once(&data.jsonl, "eng") {
        Ok(zim) => zim,
        Err(error) => {
            report.not_measured(
                "article pages a second",
                &format!("{error:#}"),
                "≥ 5× kiwix-serve",
            );
            return Ok(());
        }
    };
    let node = Node::fresh(work.join("node-articles"))?;
    node.import(&zim, COLLECTION)?;
    let serving = node.serve()?;
    let articles = chosen(&data, options.seed)?;
    let kiwix = options.with_peers().and_then(|()| {
        let server = options.peers().kiwix(std::slice::from_ref(&zim))?;
        let root = kiwix_root(
            &server,
            &data.name,
            articles.first().map_or("", String::as_str),
        )?;
        Ok((server, root))
    });
    let files = work.join("articles-files");
    let bytes = save(&serving, &articles, &files)?;
    let nginx = options
        .with_peers()
        .and_then(|()| options.peers().nginx(&files, &work.join("nginx")));
    let load = |address, path: &dyn Fn(&str) -> String, encodings| {
        let paths: Vec<String> = articles.iter().map(|article| path(article)).collect();
        together(address, &paths, CLIENTS, WARM, encodings)?;
        together(address, &paths, CLIENTS, LONG, encodings)
    };
    for (name, encodings) in [
        ("uncompressed", PLAIN),
        ("as a browser asks (gzip)", BROWSER),
    ] {
        let mine = load(
            serving.content,
            &|article| format!("/c/{COLLECTION}/{article}"),
            encodings,
        )?;
        let theirs = kiwix
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error:#}"))
            .and_then(|(server, root)| {
                load(
                    server.address,
                    &|article| format!("{root}/{article}"),
                    encodings,
                )
            });
        let statics = nginx
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error:#}"))
            .and_then(|server| load(server.address, &|article| format!("/{article}"), encodings));
        let times = theirs
            .as_ref()
            .map_or(f64::NAN, |theirs| mine.per_second / theirs.per_second);
        report.row(
            &format!("pages a second, {CLIENTS} clients, {name}"),
            &mine.shown(),
            &format!(
                "{}; {}",
                or_why("kiwix-serve", &theirs, Throughput::shown),
                or_why(
                    "nginx, static files, never compressed",
                    &statics,
                    Throughput::shown
                )
            ),
            "≥ 5× kiwix-serve",
            if times.is_nan() {
                Reached::Open
            } else {
                met(times >= 5.0 && mine.bad == 0)
            },
        );
        let far = statics.as_ref().map_or(f64::NAN, |statics| {
            mine.per_second * 100.0 / statics.per_second
        });
        report.row(
            "… beside them",
            &format!(
                "{times:.1}× kiwix-serve, {far:.0}% of nginx; {} bytes a page on the wire",
                mine.bytes / mine.times.len().max(1)
            ),
            "",
            "",
            Reached::Open,
        );
    }
    report.note(&format!(
        "The articles have {} bytes on average.",
        bytes / articles.len().max(1)
    ));
    drop(nginx);
    drop(serving);
    std::fs::remove_dir_all(files)?;
    std::fs::remove_dir_all(&node.data)?;
    Ok(())
}

/// Where kiwix-serve has the articles: under `/content` in newer versions, and at the top in older ones.
fn kiwix_root(server: &Listening, name: &str, article: &str) -> anyhow::Result<String> {
    let mut client = Client::new(server.address, PLAIN);
    for root in [format!("/content/{name}"), format!("/{name}")] {
        if client.get(&format!("{root}/{article}"))?.status == 200 {
            return Ok(root);
        }
    }
    anyhow::bail!("it has no article {article}")
}

/// Paths of articles in the archive.
fn chosen(data: &data::Data, seed: u64) -> anyhow::Result<Vec<String>> {
    let step = (data.count / ARTICLES).max(1);
    let documents: anyhow::Result<Vec<Document>> =
        data.documents()?.step_by(step).take(ARTICLES).collect();
    let mut paths: Vec<String> = documents?
        .iter()
        .map(|one| format!("d/{}", one.id.replace('/', "_")))
        .collect();
    Chance::new(seed).shuffle(&mut paths);
    Ok(paths)
}

/// Writes the articles as Lampion serves them for nginx; all their bytes.
fn save(serving: &Serving, articles: &[String], files: &Path) -> anyhow::Result<usize> {
    std::fs::create_dir_all(files.join("d"))?;
    let mut client = Client::new(serving.content, PLAIN);
    let mut bytes = 0;
    for article in articles {
        let answer = client.get(&format!("/c/{COLLECTION}/{article}"))?;
        anyhow::ensure!(answer.status == 200, "{article}: {}", answer.status);
        bytes += answer.body.len();
        std::fs::write(files.join(article), answer.body)?;
    }
    Ok(bytes)
}
