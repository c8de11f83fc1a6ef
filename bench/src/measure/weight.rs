//! Bytes that a first visit costs: the page and everything that it names, as a browser asks for it over plain HTTP.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::COLLECTION;
use crate::Options;
use crate::data::{self, Document};
use crate::http::{Answer, BROWSER, Client, PLAIN};
use crate::node::Node;
use crate::queries::{Words, encode};
use crate::report::{Report, met, or_why};

/// What a first visit may cost.
const LIMIT: usize = 14 * 1024;
/// Documents in the library.
const DOCUMENTS: usize = 20_000;
/// How deep pages may name what names more.
const DEPTH: usize = 3;
/// The most files of one visit.
const FILES: usize = 100;

/// `weight`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let data = data::data(options, DOCUMENTS)?;
    let work = data::work(options)?.join("weight");
    std::fs::create_dir_all(&work)?;
    let jsonl = work.join("first.jsonl");
    let documents: anyhow::Result<Vec<Document>> = data.documents()?.take(DOCUMENTS).collect();
    data::write(&jsonl, documents?.into_iter())?;
    let data = data::Data {
        jsonl,
        name: "first".into(),
        count: DOCUMENTS,
        ..data
    };
    let node = Node::fresh(work.join("node"))?;
    node.import(&data.jsonl, COLLECTION)?;
    let serving = node.serve()?;
    let words = Words::of(&data, options.seed)?;
    let query = words
        .queries(4, options.seed)
        .into_iter()
        .find(|query| query.kind == "term")
        .context("no query")?;
    let id = words.sample.first().context("no document")?.id.clone();
    let mut report = Report::new("First visit", &format!("{} of {}", DOCUMENTS, data.what));
    let kiwix = options.with_peers().and_then(|()| {
        let zim = options.peers().zim_once(&data.jsonl, "eng")?;
        options.peers().kiwix(&[zim])
    });
    let encoded: Vec<String> = id.split('/').map(encode).collect();
    for (what, path, theirs) in [
        ("home", "/".to_owned(), "/".to_owned()),
        (
            "search results",
            format!("/search?q={}", encode(&query.text)),
            format!(
                "/search?content=first&pattern={}&pageLength=10",
                encode(&query.text)
            ),
        ),
        (
            "a record",
            format!("/record/{COLLECTION}/{}", encoded.join("/")),
            format!("/first/d/{}", id.replace('/', "_")),
        ),
    ] {
        let mine = visit(serving.http, &path)?;
        let peer = kiwix
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{error:#}"))
            .and_then(|server| visit(server.address, &theirs));
        report.row(
            &format!("first visit to {what}, compressed, headers counted too"),
            &mine.shown(),
            &or_why("kiwix-serve", &peer, Visit::shown),
            "≤ 14 KB (14,336 bytes)",
            met(mine.body <= LIMIT),
        );
    }
    report.note("What scripts fetch later is not counted, so kiwix-serve's home (which its script fills) weighs more than is said here.");
    drop((serving, kiwix));
    std::fs::remove_dir_all(work)?;
    Ok(())
}

struct Visit {
    body: usize,
    wire: usize,
    files: Vec<String>,
}

impl Visit {
    fn shown(&self) -> String {
        format!(
            "{} bytes of bodies, {} with headers, in {} files",
            self.body,
            self.wire,
            self.files.len()
        )
    }
}

/// Fetches a page and everything that it names, each once.
fn visit(server: SocketAddr, path: &str) -> anyhow::Result<Visit> {
    let mut client = Client::new(server, BROWSER);
    let mut plain = Client::new(server, PLAIN);
    let mut seen = BTreeSet::new();
    let mut waiting = vec![(path.to_owned(), 0)];
    let mut all = Visit {
        body: 0,
        wire: 0,
        files: Vec::new(),
    };
    while let Some((path, depth)) = waiting.pop() {
        if !seen.insert(path.clone()) || all.files.len() >= FILES {
            continue;
        }
        let mut answer = client.get(&path)?;
        all.body += answer.body.len();
        all.wire += answer.wire_bytes;
        if let Some(to) = Some(answer.header("location")).filter(|to| !to.is_empty()) {
            waiting.push((absolute(&path, to, server), depth));
            all.files.push(path);
            continue;
        }
        anyhow::ensure!(
            depth > 0 || answer.status == 200,
            "{path}: {}",
            answer.status
        );
        if depth < DEPTH {
            let text = text(&mut answer, &mut plain, &path)?;
            let mime = answer.header("content-type").to_owned();
            waiting.extend(
                named(&text, &mime)
                    .into_iter()
                    .filter(|to| !to.starts_with("data:"))
                    .map(|to| (absolute(&path, &to, server), depth + 1))
                    .filter(|(to, _)| to.starts_with('/')),
            );
        }
        all.files.push(path);
    }
    Ok(all)
}

/// The answer's text; compressed ones are asked for again as they are.
fn text(answer: &mut Answer, plain: &mut Client, path: &str) -> anyhow::Result<String> {
    if answer.header("content-encoding") == "gzip" {
        return gunzip(&answer.body).or_else(|_| Ok(plain.get(path)?.text()));
    }
    Ok(answer.text())
}

fn gunzip(bytes: &[u8]) -> anyhow::Result<String> {
    let mut child = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no input")?;
    let bytes = bytes.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let mut text = Vec::new();
    child
        .stdout
        .take()
        .context("no output")?
        .read_to_end(&mut text)?;
    let _closed_early = writer.join();
    anyhow::ensure!(child.wait()?.success(), "gzip failed");
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// What a browser fetches for a page or style sheet: scripts, styles, icons, images, fonts.
fn named(text: &str, mime: &str) -> Vec<String> {
    let mut all = Vec::new();
    if mime.starts_with("text/html") {
        for tag in text.split('<').skip(1) {
            let tag = tag.split('>').next().unwrap_or_default();
            let name = tag.split([' ', '\n', '\t']).next().unwrap_or_default();
            match name {
                "script" | "img" | "iframe" | "source" => {
                    all.extend(attribute(tag, "src").filter(|_| !tag.contains("loading=\"lazy\"")))
                }
                "link" => {
                    let rel = attribute(tag, "rel").unwrap_or_default();
                    if ["stylesheet", "icon", "preload", "modulepreload"]
                        .iter()
                        .any(|one| rel.split(' ').any(|word| word.eq_ignore_ascii_case(one)))
                    {
                        all.extend(attribute(tag, "href"));
                    }
                }
                _ => {}
            }
        }
    }
    if mime.starts_with("text/css") || mime.starts_with("text/html") {
        all.extend(text.split("url(").skip(1).filter_map(|rest| {
            Some(
                rest.split(')')
                    .next()?
                    .trim_matches(['"', '\'', ' '])
                    .to_owned(),
            )
        }));
    }
    all
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!(" {name}=")).nth(1)?;
    let quote = rest.chars().next()?;
    let value = if matches!(quote, '"' | '\'') {
        rest.get(1..)?.split(quote).next()?
    } else {
        rest.split([' ', '>']).next()?
    };
    Some(value.replace("&amp;", "&"))
}

/// The path on the server that a link on a page means.
fn absolute(page: &str, to: &str, server: SocketAddr) -> String {
    let own = format!("http://{server}");
    if let Some(path) = to.strip_prefix(&own) {
        return path.to_owned();
    }
    if to.starts_with('/') || to.contains("://") {
        return to.split('#').next().unwrap_or_default().to_owned();
    }
    let folder = page
        .split('?')
        .next()
        .unwrap_or_default()
        .rsplit_once('/')
        .map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').collect();
    for part in to.split('#').next().unwrap_or_default().split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_needs_is_found() {
        let page = r#"<link rel="stylesheet" href="/a.css?v=1&amp;w"><link rel="alternate" href="/no"><script defer src="b.js"></script><img src='../c.png' alt=""><a href="/no">"#;
        assert_eq!(
            named(page, "text/html; charset=utf-8"),
            ["/a.css?v=1&w", "b.js", "../c.png"]
        );
        assert_eq!(named("a{background:url('x.svg')}", "text/css"), ["x.svg"]);
        let server = "127.0.0.1:80".parse().unwrap();
        assert_eq!(absolute("/p/q/r?s=/t", "../c.png", server), "/p/c.png");
        assert_eq!(absolute("/p/q", "http://127.0.0.1:80/x", server), "/x");
    }
}
