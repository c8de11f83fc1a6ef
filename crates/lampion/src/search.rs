//! `lampion search`.

use std::io::IsTerminal as _;
use std::path::Path;

use lampion_core::Config;
use lampion_search::{Match, SearchRequest};

use crate::Outcome;
use crate::cli::Search;
use crate::node::Node;
use crate::output::say;

pub async fn run(data: &Path, options: Search) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let query = options.query.join(" ");
    let mut collections: Vec<String> = node
        .library
        .collections()
        .into_iter()
        .map(|one| one.id)
        .collect();
    if let Some(unknown) = options
        .collection
        .iter()
        .find(|id| !collections.contains(id))
    {
        eprintln!("lampion: no collection `{unknown}`: `lampion collection list` shows all");
        return Ok(Outcome::NotFound);
    }
    if !options.collection.is_empty() {
        collections.clone_from(&options.collection);
    }
    let request = SearchRequest {
        query,
        collections,
        limit: usize::from(options.limit),
        ..SearchRequest::default()
    };
    let results = node.library.search(request).await?;
    if options.json {
        let hits: Vec<_> = results
            .hits
            .iter()
            .map(|hit| {
                let snippet: String = hit.snippet.iter().map(|(text, _)| text.as_str()).collect();
                serde_json::json!({ "collection": hit.collection, "key": hit.key, "title": hit.title, "language": hit.language, "kind": hit.kind, "year": hit.year, "score": hit.score, "snippet": snippet })
            })
            .collect();
        say!(
            "{}",
            serde_json::json!({ "total": results.total, "total_is_exact": results.total_is_exact, "corrected": results.corrected, "partial": results.partial, "took_us": results.took_us, "hits": hits })
        );
        return Ok(if results.hits.is_empty() {
            Outcome::NotFound
        } else {
            Outcome::Done
        });
    }
    let (bold, plain) = if std::io::stdout().is_terminal() {
        ("\x1b[1m", "\x1b[0m")
    } else {
        ("", "")
    };
    if let (Some(corrected), Match::Corrected) = (&results.corrected, results.matched) {
        say!("nothing as typed; results for: {corrected}\n");
    }
    for hit in &results.hits {
        say!(
            "{bold}{}{plain}  [{}/{}]",
            hit.title,
            hit.collection,
            hit.key
        );
        let snippet: String = hit
            .snippet
            .iter()
            .map(|(text, marked)| {
                if *marked {
                    format!("{bold}{text}{plain}")
                } else {
                    text.clone()
                }
            })
            .collect();
        say!("    {}\n", snippet.replace('\n', " "));
    }
    let more = if results.total_is_exact {
        ""
    } else {
        "more than "
    };
    say!(
        "{more}{} results in {:.1} ms{}",
        results.total,
        results.took_us as f64 / 1000.0,
        if results.partial {
            " (ended at its deadline)"
        } else {
            ""
        }
    );
    Ok(if results.hits.is_empty() {
        Outcome::NotFound
    } else {
        Outcome::Done
    })
}
