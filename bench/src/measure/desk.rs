//! A hundred cataloguers at work over HTTP on a catalogue of a million records.
//!
//! Each has an account of its own and does, over and over: a page of the list (by title, by what was typed, with a filter, the
//! newest), the form of a record on it, a draft or a publication of what was changed, sometimes the history; and thinks
//! between two pages. Then one of them looks at the pages about all records: statistics, duplicates, failed searches.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::Options;
use crate::chance::Chance;
use crate::data;
use crate::http::{Answer, BROWSER, Client, PLAIN};
use crate::load::Times;
use crate::node::{Node, Serving};
use crate::queries::encode;
use crate::records::{self, AT_ONCE, BOOKS};
use crate::report::{Reached, Report, met};

/// Records, unless another number is asked for.
const RECORDS: usize = 1_000_000;
/// Cataloguers.
const CATALOGUERS: usize = 100;
/// How long they work.
const WORK: Duration = Duration::from_secs(60);
/// They think so long between two pages, in milliseconds.
const THINK_MS: (u64, u64) = (1_000, 3_000);
/// Times that each page about all records is asked for.
const ASKED: usize = 50;
/// The search index may take so long to come up with the catalogue.
const FOLLOW: Duration = Duration::from_secs(1_800);

/// Milliseconds by what was asked for; what failed; conflicts.
#[derive(Debug, Default)]
struct Seen {
    times: BTreeMap<&'static str, Vec<f64>>,
    failed: Vec<String>,
    conflicts: usize,
}

/// One cataloguer.
struct Cataloguer {
    client: Client,
    chance: Chance,
    seen: Seen,
    count: u64,
}

/// `desk`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let count = options.documents.unwrap_or(RECORDS) as u64;
    let folder = data::work(options)?.join("node-desk");
    let note = folder.join(format!("bench-desk-{count}"));
    let node = if options.keep && note.exists() {
        Node::at(folder)?
    } else {
        let node = if options.keep && folder.join("lampion.sqlite").exists() {
            Node::at(folder)?
        } else {
            Node::fresh(folder)?
        };
        node.run(&["collection", "create", BOOKS, "--title", "Books"], "")?;
        tokio::runtime::Runtime::new()?.block_on(fill(&node, count))?;
        for n in 0..CATALOGUERS {
            let name = format!("cat{n}");
            node.run(
                &["person", "add", &name, "--role", "librarian", "--password"],
                &format!("{name} and a lantern\n"),
            )?;
        }
        std::fs::write(note, "")?;
        node
    };
    let twins = node.data.join("bench-twins");
    if !twins.exists() {
        tokio::runtime::Runtime::new()?.block_on(double(&node, count))?;
        std::fs::write(twins, "")?;
    }
    let serving = node.serve()?;
    followed(&serving, count)?;
    let what =
        format!("{count} generated records in MARC 21 in one catalogue, all in the search index");
    let mut report = Report::new("The cataloguing desk", &what);
    let begun = Instant::now();
    let seen = together(&serving, count, options.seed)?;
    show(&seen, begun.elapsed(), &mut report);
    about_all(&serving, &mut report)?;
    report.row(
        "memory of the node then",
        &serving.process.memory()?.shown(),
        "",
        "",
        Reached::Open,
    );
    drop(serving);
    node.remove(options)
}

async fn fill(node: &Node, count: u64) -> anyhow::Result<()> {
    let (catalogue, feeds, db) = records::open(&node.data).await?;
    let mut done = feeds
        .find(records::ORIGIN)
        .await?
        .map_or(0, |feed| feed.size);
    while done < count {
        let to = (done + AT_ONCE).min(count);
        let batch = records::publications(done, to)?;
        catalogue.publish_many(BOOKS, batch, "Mira", "").await?;
        done = to;
    }
    db.close().await;
    Ok(())
}

/// Publishes some records a second time.
async fn double(node: &Node, count: u64) -> anyhow::Result<()> {
    let (catalogue, _, db) = records::open(&node.data).await?;
    let twins = records::twins(count)?;
    catalogue.publish_many(BOOKS, twins, "Mira", "").await?;
    db.close().await;
    Ok(())
}

/// Waits until the index has the last record.
fn followed(serving: &Serving, count: u64) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut client = Client::new(serving.http, PLAIN);
    let last = records::title(count.saturating_sub(1));
    let path = format!("/search?q={}", encode(&format!("\"{last}\"")));
    while !client.get(&path)?.text().contains("/record/books/") {
        ensure!(begun.elapsed() < FOLLOW, "the index doesn't follow");
        std::thread::sleep(Duration::from_millis(500));
    }
    eprintln!(
        "the index followed in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

fn together(serving: &Serving, count: u64, seed: u64) -> anyhow::Result<Seen> {
    let begun = Instant::now();
    let one = |n: usize| -> anyhow::Result<Seen> {
        let mut cataloguer = Cataloguer {
            client: Client::new(serving.http, BROWSER),
            chance: Chance::new(seed.wrapping_mul(1_000).wrapping_add(n as u64)),
            seen: Seen::default(),
            count,
        };
        // They don't all come at the same moment.
        cataloguer.think();
        cataloguer.sign_in(&format!("cat{n}"))?;
        let mut turns = 0;
        while begun.elapsed() < WORK {
            cataloguer.turn(turns + n)?;
            turns += 1;
        }
        Ok(cataloguer.seen)
    };
    let all = std::thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> = (0..CATALOGUERS)
            .map(|n| scope.spawn(move || one(n)))
            .collect();
        let ended = running.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a cataloguer broke")))
        });
        ended.collect::<anyhow::Result<Vec<_>>>()
    })?;
    let mut sum = Seen::default();
    for seen in all {
        for (what, times) in seen.times {
            sum.times.entry(what).or_default().extend(times);
        }
        sum.failed.extend(seen.failed);
        sum.conflicts += seen.conflicts;
    }
    Ok(sum)
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> Option<String> {
    let after = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    Some(unescape(after.split('"').next()?))
}

fn unescape(text: &str) -> String {
    [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#39;", "'"),
        ("&#38;", "&"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_string(), |text, (from, to)| text.replace(from, to))
}

impl Cataloguer {
    fn think(&mut self) {
        let (from, to) = THINK_MS;
        let ms = from + self.chance.below((to - from) as usize) as u64;
        std::thread::sleep(Duration::from_millis(ms));
    }

    fn sign_in(&mut self, name: &str) -> anyhow::Result<()> {
        let password = format!("{name} and a lantern");
        let fields = [
            ("name", name),
            ("password", &password),
            ("back", "/catalogue"),
        ];
        let answer = self.client.post("/sign-in", &fields)?;
        ensure!(answer.status == 303, "sign-in answers {}", answer.status);
        let cookie = answer.header("set-cookie").split(';').next();
        self.client.cookie = cookie.unwrap_or_default().to_string();
        Ok(())
    }

    /// Asks, times, thinks.
    fn ask(
        &mut self,
        what: &'static str,
        path: &str,
        fields: Option<&[(&str, &str)]>,
        expected: u16,
    ) -> anyhow::Result<Answer> {
        let begun = Instant::now();
        let answer = match fields {
            None => self.client.get(path)?,
            Some(fields) => self.client.post(path, fields)?,
        };
        let took = begun.elapsed().as_secs_f64() * 1e3;
        // A merge view in answer to a publication.
        let conflict = what == "publish" && matches!(answer.status, 200 | 409);
        self.seen.conflicts += usize::from(conflict);
        if answer.status != expected && !conflict {
            let failed = format!("{what} {path}: {}", answer.status);
            self.seen.failed.push(failed);
        } else {
            self.seen.times.entry(what).or_default().push(took);
        }
        self.think();
        Ok(answer)
    }

    /// A list, a form, a change.
    fn turn(&mut self, turn: usize) -> anyhow::Result<()> {
        let n = self.chance.below(self.count as usize) as u64;
        let title = records::title(n);
        let (what, path) = match turn % 5 {
            0 => (
                "list, newest first",
                format!("/catalogue/{BOOKS}?sort=newest"),
            ),
            1 => (
                "list, one language",
                format!(
                    "/catalogue/{BOOKS}?language=ko&q={}",
                    encode(title.get(..9).unwrap_or(&title))
                ),
            ),
            2 => (
                "list, by whom, newest first",
                format!("/catalogue/{BOOKS}?sort=newest&by=cat7"),
            ),
            _ => (
                "list, beginning of a title",
                format!("/catalogue/{BOOKS}?q={}", encode(&title)),
            ),
        };
        // What the client takes is compressed, as a browser's; pages that are read here are asked for plainly.
        let list = self.plain(what, &path)?;
        let edit = format!("/catalogue/{BOOKS}/edit/");
        let ids: Vec<&str> = list
            .split(edit.as_str())
            .skip(1)
            .filter_map(|rest| rest.split(['"', '?']).next())
            .collect();
        let Some(id) = self.chance.pick(&ids).map(ToString::to_string) else {
            // Nothing of that sort: the next list.
            return Ok(());
        };
        let path = format!("{edit}{id}");
        let page = self.plain("edit page", &path)?;
        let Some(lines) = page.split("<textarea name=\"lines\"").nth(1) else {
            bail!("{path}: no lines of MARC");
        };
        let lines = lines
            .split_once('>')
            .and_then(|(_, rest)| rest.split_once("</textarea>"))
            .map(|(lines, _)| unescape(lines))
            .context("no lines")?;
        let lines = format!("{}\n=500 \\\\$aLooked at {turn} times.\n", lines.trim_end());
        let (csrf, base) = (
            hidden(&page, "csrf").context("no token")?,
            hidden(&page, "base").unwrap_or_default(),
        );
        let publishes = !turn.is_multiple_of(3);
        let fields = [
            ("csrf", csrf.as_str()),
            ("base", base.as_str()),
            ("as", "marc"),
            ("lines", lines.as_str()),
            ("note", ""),
            ("why", "looked at"),
            ("anyway", "1"),
            ("do", if publishes { "publish" } else { "draft" }),
        ];
        let what = if publishes { "publish" } else { "draft saved" };
        self.ask(what, &path, Some(&fields), 303)?;
        if publishes && turn.is_multiple_of(2) {
            self.ask(
                "history",
                &format!("/catalogue/{BOOKS}/history/{id}"),
                None,
                200,
            )?;
        }
        Ok(())
    }

    fn plain(&mut self, what: &'static str, path: &str) -> anyhow::Result<String> {
        self.client.encodings = PLAIN;
        let answer = self.ask(what, path, None, 200)?;
        Ok(answer.text())
    }
}

/// Pages about all records, asked for by one person who does not wait between two.
fn about_all(serving: &Serving, report: &mut Report) -> anyhow::Result<()> {
    let mut one = Cataloguer {
        client: Client::new(serving.http, PLAIN),
        chance: Chance::new(0),
        seen: Seen::default(),
        count: 0,
    };
    one.sign_in("cat0")?;
    for (what, path) in [
        (
            "statistics, 12 weeks, by catalogue",
            "/catalogue-statistics",
        ),
        (
            "statistics, 52 weeks, by language",
            "/catalogue-statistics?weeks=52&by=language",
        ),
        (
            "statistics, 52 weeks, by kind",
            "/catalogue-statistics?weeks=52&by=kind",
        ),
        ("what readers look for in vain", "/catalogue-searches"),
    ] {
        let mut times = Vec::with_capacity(ASKED);
        for _time in 0..ASKED {
            times.push(timed(&mut one.client, path)?.0);
        }
        row(report, what, times);
    }
    // Page after page, as somebody reads them.
    let (mut times, mut groups) = (Vec::with_capacity(ASKED), 0);
    let mut path = format!("/catalogue/{BOOKS}/duplicates");
    let more = "<a href=\"?after=";
    for _page in 0..ASKED {
        let (took, text) = timed(&mut one.client, &path)?;
        times.push(took);
        groups += text.matches("duplicates/compare?a=").count();
        let Some(next) = text.split(more).nth(1) else {
            break;
        };
        let after = unescape(next.split('"').next().unwrap_or_default());
        path = format!("/catalogue/{BOOKS}/duplicates?after={after}");
    }
    ensure!(groups > 0, "no duplicates are found");
    let what = format!("duplicates, page after page ({groups} pairs shown)");
    row(report, &what, times);
    Ok(())
}

/// Milliseconds, and the page.
fn timed(client: &mut Client, path: &str) -> anyhow::Result<(f64, String)> {
    let begun = Instant::now();
    let answer = client.get(path)?;
    let took = begun.elapsed().as_secs_f64() * 1e3;
    ensure!(answer.status == 200, "{path}: {}", answer.status);
    Ok((took, answer.text()))
}

fn row(report: &mut Report, what: &str, times: Vec<f64>) {
    let times = Times::new(times);
    report.row(
        &format!("{what}, one at a time, p50 / p99"),
        &format!("{} ({})", times.shown(), times.len()),
        "",
        "p99 ≤ 50 ms",
        met(times.p99() <= 50.0),
    );
}

fn show(seen: &Seen, took: Duration, report: &mut Report) {
    let all: usize = seen.times.values().map(Vec::len).sum();
    report.row(
        &format!(
            "{CATALOGUERS} cataloguers for {:.0} s, who think {} to {} s between two pages",
            took.as_secs_f64(),
            THINK_MS.0 / 1000,
            THINK_MS.1 / 1000
        ),
        &format!(
            "{all} pages, {:.0}/s; {} failed{}; {} conflicts",
            all as f64 / took.as_secs_f64(),
            seen.failed.len(),
            seen.failed
                .first()
                .map(|first| format!(" ({first})"))
                .unwrap_or_default(),
            seen.conflicts
        ),
        "",
        "0 failed",
        met(seen.failed.is_empty()),
    );
    let lists = seen
        .times
        .iter()
        .filter(|(what, _)| what.starts_with("list"));
    let lists = Times::new(lists.flat_map(|(_, times)| times.iter().copied()).collect());
    report.row(
        "list pages, p50 / p99",
        &format!("{} ({})", lists.shown(), lists.len()),
        "",
        "p99 ≤ 50 ms",
        met(lists.p99() <= 50.0),
    );
    for (what, times) in &seen.times {
        let times = Times::new(times.clone());
        let target = if *what == "edit page" {
            "p99 ≤ 50 ms"
        } else {
            ""
        };
        report.row(
            &format!("… {what}, p50 / p99"),
            &format!("{} ({})", times.shown(), times.len()),
            "",
            target,
            if target.is_empty() {
                Reached::Open
            } else {
                met(times.p99() <= 50.0)
            },
        );
    }
}
