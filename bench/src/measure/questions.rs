//! Questions that people ask in whole sentences: how often nothing is found, and how high the right paragraph stands.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;

use crate::Options;
use crate::data::{self, Document};
use crate::http::{Client, PLAIN};
use crate::node::Node;
use crate::peers::Peers;
use crate::queries::encode;
use crate::report::{Report, met, or_why};

/// Question sets: file, language, the same for libzim, MRR@10 to reach.
const SETS: [(&str, &str, &str, f64); 4] = [
    ("qa_ko_korquad.json", "ko", "kor", 0.92),
    ("qa_ja_jaquad.json", "ja", "jpn", 0.86),
    ("qa_zh_cmrc.json", "zh", "zho", 0.97),
    ("qa_ar_arcd.json", "ar", "ara", 0.76),
];
/// What Cranfield's nDCG@10 is to reach.
const CRANFIELD: f64 = 0.38;
/// Results that count.
const DEPTH: usize = 10;
/// Questions to a peer.
const FEW: usize = 400;

/// Documents, and questions with the documents that answer them and how well.
struct Set {
    documents: Vec<Document>,
    questions: Vec<(String, HashMap<String, f64>)>,
}

#[derive(serde::Deserialize)]
struct Raw {
    docs: Vec<String>,
    q: Vec<(String, usize)>,
}

fn question_set(file: &Path, language: &str) -> anyhow::Result<Set> {
    let raw: Raw = serde_json::from_str(
        &std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
    )?;
    let document = |(number, body)| Document {
        id: number_id(number),
        title: format!("¶ {number}"),
        body,
        lang: Some(language.into()),
        year: None,
    };
    Ok(Set {
        documents: raw.docs.into_iter().enumerate().map(document).collect(),
        questions: raw
            .q
            .into_iter()
            .map(|(question, at)| (question, HashMap::from([(number_id(at), 1.0)])))
            .collect(),
    })
}

fn number_id(number: usize) -> String {
    format!("p{number}")
}

fn cranfield(folder: &Path) -> anyhow::Result<Set> {
    let documents: Result<Vec<Document>, _> =
        std::fs::read_to_string(folder.join("cran.docs.jsonl"))?
            .lines()
            .map(serde_json::from_str)
            .collect();
    let mut gains: HashMap<String, HashMap<String, f64>> = HashMap::new();
    for line in std::fs::read_to_string(folder.join("cran.qrels"))?.lines() {
        let parts: Vec<&str> = line.split_whitespace().collect();
        if let [query, document, gain] = parts.as_slice() {
            let gain: f64 = gain.parse()?;
            if gain > 0.0 {
                gains
                    .entry((*query).into())
                    .or_default()
                    .insert((*document).into(), gain);
            }
        }
    }
    let questions = std::fs::read_to_string(folder.join("cran.q.tsv"))?
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(id, question)| (question.to_owned(), gains.remove(id).unwrap_or_default()))
        .collect();
    Ok(Set {
        documents: documents?,
        questions,
    })
}

/// How a server answered.
#[derive(Debug, Default)]
struct Answered {
    empty: f64,
    reciprocal: f64,
    gain: f64,
    asked: usize,
}

impl Answered {
    fn shown(&self) -> String {
        format!(
            "{:.1}% empty, MRR@10 {:.3} ({} questions)",
            self.empty * 100.0,
            self.reciprocal,
            self.asked
        )
    }
}

/// Asks all questions; `keys` takes the documents' ids, best first, from an answer.
fn ask(
    server: SocketAddr,
    questions: &[(String, HashMap<String, f64>)],
    path: &dyn Fn(&str) -> String,
    keys: &dyn Fn(&str) -> Vec<String>,
) -> anyhow::Result<Answered> {
    let mut client = Client::new(server, PLAIN);
    let mut sum = Answered {
        asked: questions.len(),
        ..Answered::default()
    };
    for (question, right) in questions {
        let found = keys(&client.get(&path(question))?.text());
        sum.empty += f64::from(u8::from(found.is_empty()));
        sum.reciprocal += found
            .iter()
            .take(DEPTH)
            .position(|key| right.contains_key(key))
            .map_or(0.0, |at| 1.0 / (at + 1) as f64);
        sum.gain += ndcg(&found, right);
    }
    let count = questions.len().max(1) as f64;
    Ok(Answered {
        empty: sum.empty / count,
        reciprocal: sum.reciprocal / count,
        gain: sum.gain / count,
        asked: sum.asked,
    })
}

/// Normalised discounted cumulative gain at 10 (Järvelin and Kekäläinen 2002).
fn ndcg(found: &[String], right: &HashMap<String, f64>) -> f64 {
    let discounted = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains
            .take(DEPTH)
            .enumerate()
            .map(|(at, gain)| gain / ((at + 2) as f64).log2())
            .sum()
    };
    let mut best: Vec<f64> = right.values().copied().collect();
    best.sort_by(|a, b| b.total_cmp(a));
    let most = discounted(&mut best.into_iter());
    if most > 0.0 {
        discounted(
            &mut found
                .iter()
                .map(|key| right.get(key).copied().unwrap_or(0.0)),
        ) / most
    } else {
        0.0
    }
}

fn ours(answer: &str) -> Vec<String> {
    let said: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    said.get("hits")
        .and_then(|hits| hits.as_array())
        .into_iter()
        .flatten()
        .filter_map(|hit| Some(hit.get("key")?.as_str()?.to_owned()))
        .collect()
}

/// The addresses of results in kiwix-serve's page.
fn kiwix(answer: &str) -> Vec<String> {
    let list = answer
        .split_once("<div class=\"results\">")
        .map_or("", |(_, rest)| rest);
    list.split("/d/")
        .skip(1)
        .filter_map(|rest| Some(rest.split(['"', '?', '#']).next()?.to_owned()))
        .collect()
}

/// `questions`.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let folder = data::shared().join("retrieval");
    let mut report = Report::new(
        "Questions and retrieval quality, over HTTP",
        "`../shared/data/retrieval`, every question",
    );
    if !folder.exists() {
        report.not_measured(
            "questions without a result; MRR@10; nDCG@10",
            "../shared/data/retrieval is absent",
            "",
        );
        return Ok(());
    }
    let work = data::work(options)?.join("questions");
    std::fs::create_dir_all(&work)?;
    let node = Node::fresh(work.join("node"))?;
    let mut sets = Vec::new();
    for (file, language, libzim, goal) in SETS {
        sets.push((
            language,
            libzim,
            goal,
            question_set(&folder.join(file), language)?,
        ));
    }
    sets.push(("cranfield", "eng", CRANFIELD, cranfield(&folder)?));
    for (name, _, _, set) in &sets {
        let jsonl = work.join(format!("{name}.jsonl"));
        data::write(&jsonl, set.documents.iter().cloned())?;
        node.import(&jsonl, name)?;
    }
    let serving = node.serve()?;
    let (mut empty, mut asked) = (0.0, 0);
    for (name, libzim, goal, set) in &sets {
        let mine = ask(
            serving.http,
            &set.questions,
            &|question| {
                format!(
                    "/api/v1/search?collection={name}&limit={DEPTH}&q={}",
                    encode(question)
                )
            },
            &ours,
        )?;
        empty += mine.empty * mine.asked as f64;
        asked += mine.asked;
        let peer = options
            .with_peers()
            .and_then(|()| of_kiwix(&options.peers(), &work, name, libzim, set));
        if *name == "cranfield" {
            report.row(
                "Cranfield",
                &format!("nDCG@10 {:.3}, {}", mine.gain, mine.shown()),
                &or_why("kiwix-serve", &peer, |one| {
                    format!("nDCG@10 {:.3}, {}", one.gain, one.shown())
                }),
                &format!("nDCG@10 ≥ {goal}"),
                met(mine.gain >= *goal),
            );
        } else {
            report.row(
                &format!("questions in `{name}`"),
                &mine.shown(),
                &or_why("kiwix-serve", &peer, Answered::shown),
                &format!("MRR@10 ≥ {goal}"),
                met(mine.reciprocal >= *goal),
            );
        }
    }
    let share = empty * 100.0 / f64::from(u32::try_from(asked.max(1))?);
    report.row(
        "questions without a result, all sets",
        &format!("{share:.2}% of {asked}"),
        "",
        "≤ 1%",
        met(share <= 1.0),
    );
    drop(serving);
    std::fs::remove_dir_all(work)?;
    Ok(())
}

/// Every so many-th question, to kiwix-serve over a ZIM of the same paragraphs.
fn of_kiwix(
    peers: &Peers,
    work: &Path,
    name: &str,
    language: &str,
    set: &Set,
) -> anyhow::Result<Answered> {
    let zim = work.join(format!("{name}.zim"));
    peers.zim(&work.join(format!("{name}.jsonl")), &zim, language, None)?;
    let server = peers.kiwix(&[zim])?;
    let step = set.questions.len().div_ceil(FEW).max(1);
    let few: Vec<_> = set.questions.iter().step_by(step).cloned().collect();
    ask(
        server.address,
        &few,
        &|question| {
            format!(
                "/search?content={name}&pageLength={DEPTH}&pattern={}",
                encode(question)
            )
        },
        &kiwix,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_order_has_a_gain_of_one() {
        let right = HashMap::from([("a".to_owned(), 2.0), ("b".to_owned(), 1.0)]);
        let of = |keys: &[&str]| {
            ndcg(
                &keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
                &right,
            )
        };
        assert!((of(&["a", "b"]) - 1.0).abs() < 1e-9);
        assert!(of(&["b", "a"]) < 1.0 && of(&["b", "a"]) > of(&["x", "a"]));
        assert!(of(&[]).abs() < 1e-9);
    }

    #[test]
    fn results_are_read_from_the_page_of_kiwix() {
        let page = r#"<a href="/x/d/no">x</a><div class="results"><ul><li><a href="/x/d/p3">t</a></li><li><a href="/x/d/p7">u</a>"#;
        assert_eq!(kiwix(page), ["p3", "p7"]);
        assert!(kiwix("<p>No results were found</p>").is_empty());
    }
}
