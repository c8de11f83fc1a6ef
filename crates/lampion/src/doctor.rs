//! `lampion doctor`: looks at everything that commonly goes wrong, and says what to do.

use std::path::Path;

use lampion_core::Config;
use lampion_library::check::HEALTHY;

use crate::node::Node;
use crate::output::say;
use crate::{Outcome, lock};

/// Free space below which a node is in danger.
const LOW_BYTES: u64 = 1 << 30;

struct Finding {
    what: String,
    problem: Option<String>,
}

pub async fn run(data: &Path, json: bool) -> anyhow::Result<Outcome> {
    let findings = look(data).await;
    let sick = findings
        .iter()
        .filter(|finding| finding.problem.is_some())
        .count();
    if json {
        let all: Vec<_> = findings.iter().map(|finding| serde_json::json!({ "what": finding.what, "ok": finding.problem.is_none(), "problem": finding.problem })).collect();
        say!(
            "{}",
            serde_json::json!({ "ok": sick == 0, "findings": all })
        );
    } else {
        for finding in &findings {
            match &finding.problem {
                None => say!("ok       {}", finding.what),
                Some(problem) => say!("PROBLEM  {}: {problem}", finding.what),
            }
        }
    }
    if sick > 0 {
        anyhow::bail!(
            "{sick} {} found",
            if sick == 1 {
                "problem was"
            } else {
                "problems were"
            }
        );
    }
    Ok(Outcome::Done)
}

fn ok(what: impl Into<String>) -> Finding {
    Finding {
        what: what.into(),
        problem: None,
    }
}

fn bad(what: impl Into<String>, problem: impl ToString) -> Finding {
    Finding {
        what: what.into(),
        problem: Some(problem.to_string()),
    }
}

async fn look(data: &Path) -> Vec<Finding> {
    let mut all = Vec::new();
    let config = match Config::load(data) {
        Ok(config) => {
            all.push(ok(format!(
                "configuration ({})",
                data.join(lampion_core::config::FILE_NAME).display()
            )));
            config
        }
        Err(error) => return vec![bad("configuration", error)],
    };
    let node = match Node::open(data, config).await {
        Ok(node) => node,
        Err(error) => {
            all.push(bad("node", format!("{error:#}")));
            return all;
        }
    };
    all.push(ok(format!(
        "database ({})",
        if node.kernel.db.is_sqlite() {
            "SQLite"
        } else {
            "PostgreSQL"
        }
    )));
    if let Ok(space) = rustix::fs::statvfs(&node.kernel.data) {
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        let shown = lampion_web::filters::bytes(free);
        all.push(if free < LOW_BYTES {
            bad(
                "disk",
                format!("only {shown} are free: make room before it is full"),
            )
        } else {
            ok(format!("disk ({shown} free)"))
        });
    }
    all.push(look_at_blobs(&node).await);
    match node.kernel.people.has_operator().await {
        Ok(true) => all.push(ok("an operator is set up")),
        Ok(false) => all.push(bad(
            "no operator yet",
            "open the link that `lampion serve` prints; each start prints a new one",
        )),
        Err(error) => all.push(bad("people", error)),
    }
    let year = lampion_core::clock::date(node.kernel.clock.now_ms());
    all.push(if year.as_str() < "2026" {
        bad(
            "clock",
            format!("it says {year}: dates shown will be wrong; nothing else depends on it"),
        )
    } else {
        ok(format!("clock ({year})"))
    });
    look_at_feeds(&node, &mut all).await;
    all.push(match node.mail.store().restored_ms().await {
        Ok(None) => ok("mail"),
        Ok(Some(ms)) => ok(format!(
            "mail (an older database was put back, noticed on {}: what came after it is missing, and mail programs fetched everything anew)",
            lampion_core::clock::date(ms)
        )),
        Err(error) => bad("mail", error),
    });
    for one in node.library.collections() {
        let name = format!("collection {} ({} documents)", one.id, one.documents);
        let content = node.library.content_path(&one);
        let (search, id) = (std::sync::Arc::clone(&node.kernel.search), one.id.clone());
        let stats = tokio::task::spawn_blocking(move || search.stats(&id)).await;
        all.push(match (content, stats) {
            (Err(error), _) => bad(name, error),
            (Ok(path), _) if !path.exists() => bad(
                name,
                format!(
                    "its content {} is missing: put it back, or remove the collection",
                    path.display()
                ),
            ),
            (_, Ok(Err(error))) => bad(name, error),
            (_, Err(error)) => bad(name, error),
            _ if !one.health.is_empty() && one.health != HEALTHY => bad(name, &one.health),
            _ => ok(name),
        });
    }
    let running = matches!(lock::take(data), Ok(None));
    all.push(ok(if running {
        "a node is running on this folder"
    } else {
        "no node is running on this folder"
    }));
    all
}

/// Writes, reads and deletes, wherever the blobs are.
async fn look_at_blobs(node: &Node) -> Finding {
    let mut chance = [0; 32];
    node.kernel.rng.fill(&mut chance);
    let name = format!("files ({})", node.kernel.blobs.place());
    match node.kernel.blobs.probe(chance).await {
        Ok(()) => ok(name),
        Err(error) => bad(name, error),
    }
}

/// A database that was restored from a backup is behind what was signed: nothing can be published until that is mended.
async fn look_at_feeds(node: &Node, all: &mut Vec<Finding>) {
    let kinds = node.kernel.feeds().map(lampion_feed::Feeds::kinds);
    for kind in kinds.unwrap_or_default() {
        let name = format!("feed {kind}");
        let status = match node.kernel.feeds() {
            Ok(feeds) => feeds.status(kind).await,
            Err(error) => Err(error),
        };
        all.push(match status {
            Ok(status) => match crate::feed::advice(kind, status) {
                None => ok(name),
                Some(advice) => bad(name, advice),
            },
            Err(error) => bad(name, error),
        });
    }
}
