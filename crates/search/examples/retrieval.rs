//! Retrieval quality on the sets of ../shared/data/retrieval: MRR@10 of questions whose paragraph is
//! known, nDCG@10 of Cranfield.
//!
//!     cargo run --release -p lampion-search --example retrieval

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use lampion_search::{Begin, Document, Engine, IndexPlace, LocalEngine, SearchRequest};

/// How many results count.
const DEPTH: usize = 10;

/// Quality on one set.
#[derive(Debug, Clone, Copy)]
pub struct Quality {
    /// MRR@10, or nDCG@10 for Cranfield.
    pub score: f64,
    /// Share of queries without any result.
    pub empty: f64,
    /// Queries asked.
    pub queries: usize,
}

type AnyError = Box<dyn Error>;

/// Where the sets are.
pub fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/retrieval")
}

fn index(
    folder: &Path,
    documents: impl Iterator<Item = Document>,
) -> Result<LocalEngine, AnyError> {
    let engine = LocalEngine::new();
    engine.attach(IndexPlace {
        collection: "c".into(),
        folder: folder.into(),
        read_only: false,
    })?;
    let mut writer = engine.write("c", Begin::Fresh)?;
    for document in documents {
        writer.add(document)?;
    }
    writer.finish()?;
    Ok(engine)
}

fn keys(engine: &LocalEngine, query: &str, language: &str) -> Result<Vec<String>, AnyError> {
    let request = SearchRequest {
        query: query.into(),
        collections: vec!["c".into()],
        limit: DEPTH,
        ui_language: language.into(),
        ..SearchRequest::default()
    };
    Ok(engine
        .search(&request)?
        .hits
        .into_iter()
        .map(|hit| hit.key)
        .collect())
}

/// MRR@10 of every `step`th question of a set.
pub fn questions(file: &Path, language: &str, step: usize) -> Result<Quality, AnyError> {
    #[derive(serde::Deserialize)]
    struct Set {
        docs: Vec<String>,
        q: Vec<(String, usize)>,
    }
    let set: Set = serde_json::from_str(&fs::read_to_string(file)?)?;
    let folder = tempfile::tempdir()?;
    let documents = set.docs.iter().enumerate().map(|(n, text)| Document {
        key: n.to_string(),
        body: text.clone(),
        kind: "article".into(),
        ..Document::default()
    });
    let engine = index(folder.path(), documents)?;
    let (mut sum, mut empty, mut queries) = (0.0, 0, 0);
    for (question, answer) in set.q.iter().step_by(step) {
        let found = keys(&engine, question, language)?;
        queries += 1;
        empty += usize::from(found.is_empty());
        if let Some(place) = found.iter().position(|key| *key == answer.to_string()) {
            sum += 1.0 / (place + 1) as f64;
        }
    }
    Ok(Quality {
        score: sum / queries as f64,
        empty: empty as f64 / queries as f64,
        queries,
    })
}

/// nDCG@10 on Cranfield.
pub fn cranfield(folder: &Path) -> Result<Quality, AnyError> {
    #[derive(serde::Deserialize)]
    struct Record {
        id: String,
        title: String,
        body: String,
    }
    let records: Result<Vec<Record>, _> = fs::read_to_string(folder.join("cran.docs.jsonl"))?
        .lines()
        .map(serde_json::from_str)
        .collect();
    let index_folder = tempfile::tempdir()?;
    let documents = records?.into_iter().map(|record| Document {
        key: record.id,
        title: record.title,
        body: record.body,
        kind: "record".into(),
        ..Document::default()
    });
    let engine = index(index_folder.path(), documents)?;
    let judgements = fs::read_to_string(folder.join("cran.qrels"))?;
    let (mut sum, mut empty, mut queries) = (0.0, 0, 0);
    for line in fs::read_to_string(folder.join("cran.q.tsv"))?.lines() {
        let Some((id, query)) = line.split_once('\t') else {
            continue;
        };
        let relevant: Vec<(&str, f64)> = judgements
            .lines()
            .filter_map(|line| {
                let mut parts = line.split_whitespace();
                (parts.next()? == id).then_some(())?;
                Some((parts.next()?, parts.next()?.parse().ok()?))
            })
            .filter(|(_, gain)| *gain > 0.0)
            .collect();
        let found = keys(&engine, query, "en")?;
        queries += 1;
        empty += usize::from(found.is_empty());
        let gain = |key: &str| {
            relevant
                .iter()
                .find(|(id, _)| *id == key)
                .map_or(0.0, |(_, gain)| *gain)
        };
        let discounted = |gains: &[f64]| -> f64 {
            gains
                .iter()
                .take(DEPTH)
                .enumerate()
                .map(|(n, gain)| gain / ((n + 2) as f64).log2())
                .sum()
        };
        let gains: Vec<f64> = found.iter().map(|key| gain(key)).collect();
        let mut ideal: Vec<f64> = relevant.iter().map(|(_, gain)| *gain).collect();
        ideal.sort_by(|a, b| b.total_cmp(a));
        let best = discounted(&ideal);
        if best > 0.0 {
            sum += discounted(&gains) / best;
        }
    }
    Ok(Quality {
        score: sum / queries as f64,
        empty: empty as f64 / queries as f64,
        queries,
    })
}

/// The question sets, their languages and what is to be reached.
pub const SETS: [(&str, &str, f64); 4] = [
    ("qa_ko_korquad.json", "ko", 0.92),
    ("qa_ja_jaquad.json", "ja", 0.86),
    ("qa_zh_cmrc.json", "zh", 0.97),
    ("qa_ar_arcd.json", "ar", 0.76),
];

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "a test includes this file"
)]
fn main() -> Result<(), AnyError> {
    println!(
        "{:<24} {:>8} {:>7} {:>7} {:>8}",
        "set", "score", "goal", "empty", "queries"
    );
    let print = |name: &str, goal: f64, quality: Quality| {
        println!(
            "{name:<24} {:>8.4} {goal:>7.2} {:>6.2}% {:>8}",
            quality.score,
            quality.empty * 100.0,
            quality.queries
        );
    };
    // With an argument, only the sets whose name begins so.
    let only = std::env::args().nth(1).unwrap_or_default();
    for (file, language, goal) in SETS
        .into_iter()
        .filter(|(file, ..)| file.starts_with(&only))
    {
        print(file, goal, questions(&data().join(file), language, 1)?);
    }
    print("cran (nDCG@10)", 0.38, cranfield(&data())?);
    Ok(())
}
