//! Statistics for the desk: who published how much, what waits, what records have.

use std::collections::BTreeMap;

use askama::Template;
use axum::Extension;
use axum::extract::Query;
use lampion_core::clock::date;
use lampion_web::{Page, PageResult};
use serde::Deserialize;

use super::super::chart::{Bar, Chart};
use super::super::search::kind_text;
use super::who;
use crate::catalogue::{Backlog, By, Coverage, Done, PARTS, week, week_begins_ms};
use crate::library::Library;
use crate::model::Collection;

/// Cataloguers that are named; the others are taken together.
const NAMES: usize = 20;
/// Rows of the table of coverage.
const ROWS: usize = 30;

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Asked {
    weeks: String,
    collection: String,
    by: String,
}

/// A row of numbers.
struct Row {
    name: String,
    numbers: Vec<String>,
}

#[derive(Template)]
#[template(path = "catalogue_statistics.html")]
struct StatisticsPage<'a> {
    page: &'a Page,
    all: Vec<Collection>,
    collection: String,
    by: &'static str,
    weeks: i64,
    total: i64,
    done_chart: String,
    done_heads: Vec<String>,
    done: Vec<Row>,
    backlog_chart: String,
    backlog: Vec<Row>,
    coverage_chart: String,
    parts: [&'static str; PARTS.len()],
    coverage: Vec<Row>,
}

/// `GET /catalogue-statistics`: `weeks` (12 or 52), `collection`, `by` (`language`, `kind`).
pub(super) async fn show(
    page: Page,
    Extension(library): Extension<Library>,
    Query(asked): Query<Asked>,
) -> PageResult {
    let (catalogue, person, _) = who(&page, &library).await?;
    let mut all = library.catalogues();
    all.retain(|one| one.visible_to(Some(&person)));
    let ids: Vec<String> = all
        .iter()
        .map(|one| one.id.clone())
        .filter(|id| asked.collection.is_empty() || *id == asked.collection)
        .collect();
    let weeks = if asked.weeks == "52" { 52 } else { 12 };
    let by = match asked.by.as_str() {
        "language" => By::Language,
        "kind" => By::Kind,
        _ => By::Collection,
    };
    let now_ms = library.kernel().clock.now_ms();
    let now = week(now_ms);
    let done = catalogue.done_since(&ids, now - weeks + 1).await?;
    let backlog = catalogue.backlog(now_ms).await?;
    let coverage = catalogue.coverage(&ids, by).await?;
    let sum = Coverage::sum(&coverage);
    let (done_chart, done_heads, done) = work(&page, &done, now, weeks);
    let (backlog_chart, backlog) = waiting(&page, &backlog);
    page.html(&StatisticsPage {
        page: &page,
        collection: asked.collection,
        by: match by {
            By::Collection => "collection",
            By::Language => "language",
            By::Kind => "kind",
        },
        weeks,
        total: sum.records,
        done_chart,
        done_heads,
        done,
        backlog_chart,
        backlog,
        coverage_chart: covered(&page, &sum),
        parts: PARTS.map(part_key),
        coverage: rows(&page, &all, by, coverage, sum),
        all,
    })
}

/// The message that names a part.
fn part_key(part: &str) -> &'static str {
    match part {
        "title" => "title",
        "creator" => "part-creator",
        "subject" => "row-subjects",
        "language_known" => "row-language",
        "year" => "row-year",
        "identifier" => "row-identifiers",
        "summary" => "part-summary",
        "cover" => "part-cover",
        _ => "part-file",
    }
}

/// The chart and the table of records by week and cataloguer.
fn work(page: &Page, done: &[Done], now: i64, weeks: i64) -> (String, Vec<String>, Vec<Row>) {
    let first = now - weeks + 1;
    let slots = usize::try_from(weeks).unwrap_or(12);
    let mut sums = vec![0; slots];
    let mut people: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for one in done {
        let Some(slot) = usize::try_from(one.week - first)
            .ok()
            .filter(|at| *at < slots)
        else {
            continue;
        };
        let own = people
            .entry(one.by.as_str())
            .or_insert_with(|| vec![0; slots]);
        for counts in [own, &mut sums] {
            if let Some(count) = counts.get_mut(slot) {
                *count += one.records;
            }
        }
    }
    let day = |at: usize| date(week_begins_ms(first + i64::try_from(at).unwrap_or(0)));
    let bars = sums.iter().enumerate().map(|(at, value)| Bar {
        label: day(at),
        value: *value,
        shown: page.grouped(*value),
    });
    let total: i64 = sums.iter().sum();
    let chart = Chart {
        id: "done",
        title: &page.t("statistics-done"),
        description: &page.n("statistics-done-sum", total),
        bars: bars.collect(),
        most: 0,
        rtl: page.direction() == "rtl",
    };
    let mut people: Vec<(&str, Vec<i64>)> = people.into_iter().collect();
    people.sort_by_key(|(name, counts)| (-counts.iter().sum::<i64>(), *name));
    let numbers = |counts: &[i64]| -> Vec<String> {
        std::iter::once(counts.iter().sum::<i64>())
            .chain(counts.iter().copied())
            .map(|count| page.grouped(count))
            .collect()
    };
    let mut rows: Vec<Row> = people
        .iter()
        .take(NAMES)
        .map(|(name, counts)| Row {
            name: (*name).to_string(),
            numbers: numbers(counts),
        })
        .collect();
    if people.len() > NAMES {
        let mut rest = vec![0; slots];
        for (_, counts) in people.iter().skip(NAMES) {
            for (sum, count) in rest.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        rows.push(Row {
            name: page.t("statistics-others"),
            numbers: numbers(&rest),
        });
    }
    rows.push(Row {
        name: page.t("statistics-all"),
        numbers: numbers(&sums),
    });
    let heads = (0..slots)
        .map(|at| day(at).chars().skip(5).collect())
        .collect();
    (chart.upright(), heads, rows)
}

fn waiting(page: &Page, backlog: &[Backlog]) -> (String, Vec<Row>) {
    let name = |one: &Backlog| page.t(&format!("draft-{}", one.state.as_str()));
    let bars = backlog.iter().map(|one| Bar {
        label: name(one),
        value: one.total(),
        shown: page.grouped(one.total()),
    });
    let chart = Chart {
        id: "backlog",
        title: &page.t("statistics-backlog"),
        description: &page.n(
            "statistics-backlog-sum",
            backlog.iter().map(Backlog::total).sum::<i64>(),
        ),
        bars: bars.collect(),
        most: 0,
        rtl: page.direction() == "rtl",
    };
    let rows = backlog
        .iter()
        .map(|one| Row {
            name: name(one),
            numbers: one
                .ages
                .iter()
                .map(|count| page.grouped(*count))
                .chain(std::iter::once(if one.oldest_ms > 0 {
                    date(one.oldest_ms)
                } else {
                    "–".into()
                }))
                .collect(),
        })
        .collect();
    (chart.lying(), rows)
}

/// `12.3 %`, rounded down, so that only all is all.
fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".into();
    }
    let tenths = i128::from(part) * 1000 / i128::from(whole);
    if tenths % 10 == 0 {
        format!("{} %", tenths / 10)
    } else {
        format!("{}.{} %", tenths / 10, tenths % 10)
    }
}

fn covered(page: &Page, sum: &Coverage) -> String {
    let bars = PARTS.iter().zip(sum.parts).map(|(part, count)| Bar {
        label: page.t(part_key(part)),
        value: count,
        shown: percent(count, sum.records),
    });
    let chart = Chart {
        id: "coverage",
        title: &page.t("statistics-coverage"),
        description: &page.n("statistics-coverage-sum", sum.records),
        bars: bars.collect(),
        most: sum.records,
        rtl: page.direction() == "rtl",
    };
    chart.lying()
}

fn rows(
    page: &Page,
    all: &[Collection],
    by: By,
    coverage: Vec<Coverage>,
    sum: Coverage,
) -> Vec<Row> {
    let name = |key: &str| match by {
        _ if key.is_empty() => page.t("statistics-unknown"),
        By::Collection => all
            .iter()
            .find(|one| one.id == key)
            .map_or_else(|| key.to_string(), |one| one.title.clone()),
        By::Language => page.language_name(key).to_string(),
        By::Kind => kind_text(page, key),
    };
    let row = |name: String, one: &Coverage| Row {
        name,
        numbers: std::iter::once(page.grouped(one.records))
            .chain(one.parts.iter().map(|part| percent(*part, one.records)))
            .collect(),
    };
    let mut out: Vec<Row> = coverage
        .iter()
        .take(ROWS)
        .map(|one| row(name(&one.key), one))
        .collect();
    if coverage.len() > ROWS {
        let rest = Coverage::sum(coverage.get(ROWS..).unwrap_or_default());
        out.push(row(page.t("statistics-others"), &rest));
    }
    out.push(row(page.t("statistics-all"), &sum));
    out
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!(percent(999_999, 1_000_000), "99.9 %");
        assert_eq!(percent(1, 2), "50 %");
        assert_eq!(percent(0, 7), "0 %");
        assert_eq!(percent(0, 0), "–");
    }
}
