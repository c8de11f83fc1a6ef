//! Measures suggestions: `xz -dc records.jsonl.xz | cargo run --release --example suggest [copies]`
//!
//! Reads `{id, title}` JSON lines; with `copies`, each title is added so many times with a number, to see
//! how lookups grow.
#![expect(clippy::unwrap_used, reason = "a measuring program")]

use lampion_search::suggest::{TitleHit, Titles, TitlesBuilder, suggest};
use std::io::BufRead;
use std::time::{Duration, Instant};

fn main() {
    let copies: usize = std::env::args()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(1);
    let lines = std::io::stdin().lock().lines();
    let records =
        lines.map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let titles: Vec<(String, String)> = records
        .map(|r| {
            (
                r["title"].as_str().unwrap().to_owned(),
                r["id"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let dir = std::env::temp_dir();
    let path = dir.join(format!("suggest-{}.lps", std::process::id()));
    let before = memory_kb();
    let began = Instant::now();
    let mut builder = TitlesBuilder::new(&dir).unwrap();
    for copy in 0..copies {
        for (n, (title, key)) in titles.iter().enumerate() {
            match copy {
                0 => builder.add(title, key, (n % 7) as u8).unwrap(),
                _ => builder
                    .add(
                        &format!("{title} {copy}"),
                        &format!("{key}/{copy}"),
                        (n % 7) as u8,
                    )
                    .unwrap(),
            }
        }
    }
    builder.finish(&path).unwrap();
    println!(
        "{} titles built in {:.2} s, {} MB, peak memory {} MB above the {} MB before",
        titles.len() * copies,
        began.elapsed().as_secs_f64(),
        path.metadata().unwrap().len() >> 20,
        (memory_kb().saturating_sub(before)) >> 10,
        before >> 10,
    );
    let began = Instant::now();
    let index = Titles::open(&path).unwrap();
    let opened = began.elapsed();
    let began = Instant::now();
    index.lookup("quantmu fild theroy", 10);
    let first = began.elapsed();
    println!("opened in {opened:?}; first typo (verifies the dictionary) {first:?}");
    let mut state = 1_u64;
    let mut chance = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for length in 1..=20 {
        let times = (0..2000).map(|_| {
            let title = &titles[chance(titles.len())].0;
            time(|| {
                index
                    .lookup(&title.chars().take(length).collect::<String>(), 10)
                    .len()
            })
            .0
        });
        report(&format!("prefix of {length:2}"), times.collect());
    }
    let words: Vec<String> = (0..2000)
        .map(|_| {
            let title = &titles[chance(titles.len())].0;
            let mut words: Vec<&str> = title.split(' ').filter(|word| word.len() > 3).collect();
            words.reverse();
            words.truncate(2);
            words.join(" ")
        })
        .collect();
    report(
        "two words apart",
        words
            .iter()
            .map(|typed| time(|| index.lookup(typed, 10).len()).0)
            .collect(),
    );
    for (name, most) in [
        ("one slip in a whole title", usize::MAX),
        ("one slip in its first 12 to 20 letters", 12),
    ] {
        let (mut found, mut exactly, mut without, mut times) = (0, 0, 0, Vec::new());
        for _ in 0..3000 {
            let (title, key) = &titles[chance(titles.len())];
            let length = if most == usize::MAX {
                most
            } else {
                most + chance(9)
            };
            let mut typed: Vec<char> = title.chars().take(length).collect();
            let right: String = typed.iter().collect();
            let is_it = |hit: &TitleHit| hit.key == *key || hit.title == *title;
            without += usize::from(index.lookup(&right, 10).iter().any(is_it));
            let at = chance(typed.len());
            let letter = char::from(b'a' + chance(26) as u8);
            match chance(4) {
                0 => drop(typed.remove(at)),
                1 => typed.insert(at, letter),
                2 if at + 1 < typed.len() => typed.swap(at, at + 1),
                _ => typed[at] = letter,
            }
            let typed: String = typed.into_iter().collect();
            let (took, hits) = time(|| index.lookup(&typed, 10));
            times.push(took);
            let hit = hits.iter().position(is_it);
            if hit.is_none() && std::env::var_os("MISSES").is_some() && length == usize::MAX {
                println!("    missed {typed:?}");
            }
            found += usize::from(hit.is_some());
            exactly += usize::from(hit == Some(0));
        }
        report(name, times);
        let percent = |n: usize| f64::from(n as u32) / 30.0;
        println!(
            "    found {:.2}%, as the first {:.2}%; without the slip {:.2}%",
            percent(found),
            percent(exactly),
            percent(without)
        );
    }
    let many: Vec<&Titles> = std::iter::repeat_n(&index, 30).collect();
    for (name, cut) in [
        ("30 collections, prefix of 5", 5),
        ("30 collections, slip in a whole title", usize::MAX),
    ] {
        let times = (0..200).map(|_| {
            let mut typed: Vec<char> = titles[chance(titles.len())].0.chars().take(cut).collect();
            if cut == usize::MAX {
                let at = chance(typed.len());
                typed[at] = 'q';
            }
            let typed: String = typed.into_iter().collect();
            time(|| suggest(&many, &typed, 10).len()).0
        });
        report(name, times.collect());
    }
    std::fs::remove_file(path).unwrap();
}

/// The shortest of three runs, so that what else the machine does isn't measured.
fn time<T>(run: impl Fn() -> T) -> (Duration, T) {
    let once = || {
        let began = Instant::now();
        let value = run();
        (began.elapsed(), value)
    };
    let first = once();
    [once().0, once().0]
        .into_iter()
        .fold(first, |best, took| (best.0.min(took), best.1))
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000];
    println!(
        "{name}: p50 {:?} p99 {:?} most {:?}",
        at(500),
        at(990),
        at(1000)
    );
}

fn memory_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
