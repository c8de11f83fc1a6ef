//! Suggestions while typing: at every length of what was typed, and with one slip.

use std::net::SocketAddr;

use crate::chance::Chance;
use crate::data::Document;
use crate::http::{Client, PLAIN};
use crate::load::{Times, one_by_one};
use crate::node::Serving;
use crate::peers::Listening;
use crate::queries::encode;
use crate::report::{Report, met};

/// The longest beginning of a title that is typed.
const LONGEST: usize = 20;
/// Titles at each length.
const EACH: usize = 200;
/// Titles with one slip.
const SLIPS: usize = 1000;
/// Titles with one slip for peers that take long.
const SLIPS_SLOW: usize = 200;
/// Suggestions asked for.
const LIMIT: usize = 10;

fn ours(typed: &str) -> String {
    format!("/api/v1/suggest?limit={LIMIT}&q={}", encode(typed))
}

fn kiwix(name: &str) -> impl Fn(&str) -> String + use<> {
    let name = name.to_owned();
    move |typed| {
        format!(
            "/suggest?content={name}&count={LIMIT}&term={}",
            encode(typed)
        )
    }
}

/// The p99 of the length that takes longest, and all lengths as the report shows them.
fn prefixes(
    server: SocketAddr,
    path: &dyn Fn(&str) -> String,
    sample: &[Document],
    seed: u64,
    each: usize,
) -> anyhow::Result<(f64, String)> {
    let mut chance = Chance::new(seed);
    let (mut all, mut worst) = (Vec::new(), (0.0, 0));
    for length in 1..=LONGEST {
        let paths: Vec<String> = (0..each)
            .filter_map(|_| chance.pick(sample))
            .map(|one| path(&one.title.chars().take(length).collect::<String>()))
            .collect();
        let (times, _) = one_by_one(server, &paths)?;
        let p99 = Times::new(times.clone()).p99();
        if p99 > worst.0 {
            worst = (p99, length);
        }
        all.extend(times);
    }
    Ok((
        worst.0,
        format!(
            "{}; slowest at {} letters: p99 {:.2} ms",
            Times::new(all).shown(),
            worst.1,
            worst.0
        ),
    ))
}

/// A title with one letter left out, put in, swapped or changed; never the first, as people seldom miss it.
fn slip(title: &str, chance: &mut Chance) -> String {
    let mut letters: Vec<char> = title.chars().collect();
    let at = 1 + chance.below(letters.len().saturating_sub(2));
    let letter = char::from(b'a' + chance.below(26) as u8);
    match chance.below(4) {
        0 => drop(letters.remove(at)),
        1 => letters.insert(at, letter),
        2 if at + 1 < letters.len() => letters.swap(at, at + 1),
        _ => letters.splice(at..=at, [letter]).for_each(drop),
    }
    letters.into_iter().collect()
}

struct Slips {
    found: f64,
    times: Times,
}

/// Whether the title that was meant is among the suggestions.
fn slips(
    server: SocketAddr,
    path: &dyn Fn(&str) -> String,
    key: &str,
    sample: &[Document],
    seed: u64,
    count: usize,
) -> anyhow::Result<Slips> {
    let mut chance = Chance::new(seed ^ 0x736c_6970);
    let mut client = Client::new(server, PLAIN);
    let (mut times, mut found, mut asked) = (Vec::new(), 0, 0);
    for document in sample
        .iter()
        .filter(|one| one.title.chars().count() >= 8)
        .take(count)
    {
        let typed = slip(&document.title, &mut chance);
        let begun = std::time::Instant::now();
        let answer = client.get(&path(&typed))?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
        asked += 1;
        let said: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        found += usize::from(titles(&said, key).any(|title| title == document.title));
    }
    Ok(Slips {
        found: found as f64 * 100.0 / f64::from(asked.max(1)),
        times: Times::new(times),
    })
}

fn titles<'a>(said: &'a serde_json::Value, key: &'a str) -> impl Iterator<Item = &'a str> + 'a {
    let list = said.get("suggestions").unwrap_or(said).as_array();
    list.into_iter()
        .flatten()
        .filter_map(move |one| one.get(key)?.as_str())
}

/// Adds the rows.
pub fn rows(
    report: &mut Report,
    serving: &Serving,
    server: &anyhow::Result<(Listening, String)>,
    sample: &[Document],
    seed: u64,
) -> anyhow::Result<()> {
    let warm: Vec<String> = sample
        .iter()
        .take(200)
        .map(|one| ours(&one.title))
        .collect();
    one_by_one(serving.http, &warm)?;
    let (p99, mine) = prefixes(serving.http, &ours, sample, seed, EACH)?;
    let peer = match server {
        Ok((server, name)) => format!(
            "kiwix-serve {}",
            prefixes(server.address, &kiwix(name), sample, seed, EACH / 5)?.1
        ),
        Err(error) => format!("kiwix-serve: not measured: {error:#}"),
    };
    report.row(
        &format!("suggestions, 1 to {LONGEST} letters of a title, p50 / p99"),
        &mine,
        &peer,
        "p99 ≤ 10 ms",
        met(p99 <= 10.0),
    );

    let mine = slips(serving.http, &ours, "title", sample, seed, SLIPS)?;
    let shown = |slips: &Slips| format!("found {:.1}%; {}", slips.found, slips.times.shown());
    let peer = match server {
        Ok((server, name)) => format!(
            "kiwix-serve {}",
            shown(&slips(
                server.address,
                &kiwix(name),
                "value",
                sample,
                seed,
                SLIPS_SLOW
            )?)
        ),
        Err(_) => String::new(),
    };
    report.row(
        "suggestions, a whole title with one slip: the title is among 10",
        &shown(&mine),
        &peer,
        "found ≥ 95%, p99 ≤ 10 ms",
        met(mine.found >= 95.0 && mine.times.p99() <= 10.0),
    );
    Ok(())
}
