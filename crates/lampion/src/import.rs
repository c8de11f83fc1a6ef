//! `lampion import`: queues the import and does it, or lets a running node do it, and shows how far it is.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use lampion_core::Config;
use lampion_core::jobs::{Job, JobState};
use lampion_library::extract::Frame;
use lampion_library::extract::process::Extraction;
use lampion_library::model::{Kind, Visibility};
use lampion_library::{LibraryError, NewImport};
use tokio_util::sync::CancellationToken;

use crate::cli::Import;
use crate::node::Node;
use crate::output::say;
use crate::{Outcome, lock};

/// How often progress is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Records of an import into a catalogue that are looked up together, and failures that are listed.
const LISTED: i64 = 10_000;
/// Items that a dry run shows.
const SHOWN: u64 = 10;

pub async fn run(data: &Path, options: Import) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let new = NewImport {
        path: options.path.clone(),
        id: options.id.clone().unwrap_or_default(),
        title: options.title.clone().unwrap_or_default(),
        copy: options.copy,
        kind: options.kind.as_deref().map(Kind::from_word),
        format: options.format.clone().unwrap_or_default(),
        mapping: options.map.clone().unwrap_or_default(),
        visibility: Some(if options.visibility == "all" {
            Visibility::All
        } else {
            Visibility::SignedIn
        }),
        temporary: false,
    };
    if let Some(into) = &options.into {
        return import_into(&node, data, new, into, &options).await;
    }
    if options.dry_run {
        return dry_run(&node, new, options.json).await;
    }
    let (id, job) = match node.library.import(new).await {
        Ok(made) => made,
        Err(error @ LibraryError::BadSource { .. }) => {
            eprintln!("lampion: {error}");
            return Ok(Outcome::NotFound);
        }
        Err(error) => return Err(error.into()),
    };
    done(&node, data, &id, &job, options.background, options.json).await
}

/// Waits for a collection's job and says how it went; or says that it is queued.
pub async fn done(
    node: &Node,
    data: &Path,
    id: &str,
    job: &str,
    background: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    if background {
        say!(
            "{}",
            if json {
                serde_json::json!({ "collection": id, "job": job }).to_string()
            } else {
                format!("queued: collection {id}, job {job}")
            }
        );
        return Ok(Outcome::Done);
    }
    let ended = follow(node, data, job, json).await?;
    report(node, id, &ended, json).await
}

/// Does jobs here if no other process works on the node, and waits for one of them.
pub async fn follow(node: &Node, data: &Path, job: &str, quiet: bool) -> anyhow::Result<Job> {
    let stop = CancellationToken::new();
    let lock = lock::take(data)?;
    let working = lock.is_some().then(|| {
        let (runner, stop) = (node.runner(), stop.clone());
        tokio::spawn(async move { runner.run(1, stop).await })
    });
    let bar = if quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(0)
    };
    bar.set_style(ProgressStyle::with_template(
        "{msg} {wide_bar} {percent}% {elapsed_precise} (left {eta})",
    )?);
    let ended = tokio::select! {
        ended = watch(node, job, &bar) => ended?,
        _ = tokio::signal::ctrl_c() => {
            // A node that works by itself goes on; what we do ourselves comes to a safe end and goes on with the next import.
            stop.cancel();
            if let Some(working) = working {
                working.await?;
                bail!("interrupted: what was imported is kept, and the same command goes on from there");
            }
            bail!("the running node goes on with it; cancel it at its desk");
        }
    };
    bar.finish_and_clear();
    stop.cancel();
    if let Some(working) = working {
        working.await?;
    }
    Ok(ended)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how often a person sees progress"
)]
async fn watch(node: &Node, job: &str, bar: &ProgressBar) -> anyhow::Result<Job> {
    loop {
        let Some(now) = node.kernel.jobs.get(job).await? else {
            bail!("the job is gone: was its collection removed?")
        };
        if now.state.is_over() {
            return Ok(now);
        }
        let progress = &now.progress;
        let (done, total) = if progress.items_total > 0 {
            (progress.items, progress.items_total)
        } else {
            (progress.bytes, progress.bytes_total)
        };
        bar.set_length(u64::try_from(total).unwrap_or(0));
        bar.set_position(u64::try_from(done).unwrap_or(0));
        let waiting = if now.error.is_empty() {
            String::new()
        } else {
            format!(" ({}; trying again)", now.error)
        };
        bar.set_message(format!(
            "{} {} items, {}{waiting}",
            progress.phase,
            progress.items,
            lampion_web::filters::bytes(u64::try_from(progress.bytes).unwrap_or(0))
        ));
        tokio::time::sleep(LOOK).await;
    }
}

async fn report(node: &Node, id: &str, ended: &Job, json: bool) -> anyhow::Result<Outcome> {
    let Some(collection) = node.library.store().get(id).await? else {
        bail!("collection {id} was removed meanwhile")
    };
    let seconds = (ended.updated_ms - ended.started_ms).max(1) as f64 / 1000.0;
    if json {
        let report = serde_json::json!({
            "collection": id, "state": ended.state, "documents": collection.documents, "failed": collection.failed,
            "error": ended.error, "size_bytes": collection.size_bytes, "index_bytes": collection.index_bytes, "seconds": seconds,
        });
        say!("{report}");
    }
    match ended.state {
        JobState::Done => {}
        JobState::Cancelled => bail!("the import was cancelled"),
        _ => bail!("{}", ended.error),
    }
    if !json {
        say!(
            "{}: {} documents in collection `{id}` ({}, index {}), {:.1} s, {:.0} a second",
            collection.title,
            collection.documents,
            lampion_web::filters::bytes(u64::try_from(collection.size_bytes).unwrap_or(0)),
            lampion_web::filters::bytes(u64::try_from(collection.index_bytes).unwrap_or(0)),
            seconds,
            ended.progress.items as f64 / seconds
        );
        if collection.failed > 0 {
            say!(
                "{} items have a problem: `lampion collection errors {id}` lists them",
                collection.failed
            );
        }
    }
    Ok(if collection.failed > 0 {
        Outcome::Partly
    } else {
        Outcome::Done
    })
}

async fn dry_run(node: &Node, new: NewImport, json: bool) -> anyhow::Result<Outcome> {
    let request = match node.library.plan(&new) {
        Ok(request) => request,
        Err(error) => {
            eprintln!("lampion: {error}");
            return Ok(Outcome::NotFound);
        }
    };
    let kind = request.kind;
    let mut extraction = Extraction::new(node.library.worker().clone(), request);
    let never = CancellationToken::new();
    let (mut documents, mut failed, mut text, mut passed) = (0u64, Vec::new(), 0u64, 0u64);
    let mut samples = Vec::new();
    loop {
        match extraction.next(&never).await? {
            None | Some(Frame::End) => break,
            Some(Frame::About(about)) if !json => say!(
                "{} ({}), {}",
                about.title,
                kind.as_str(),
                lampion_web::filters::bytes(about.size_bytes)
            ),
            Some(Frame::Item { document, .. }) => {
                documents += 1;
                text += document.body.len() as u64;
                if documents <= SHOWN {
                    samples.push(serde_json::json!({ "key": document.key, "title": document.title, "authors": document.authors, "year": document.year, "language": document.language, "kind": document.kind, "subjects": document.subjects }));
                }
            }
            Some(Frame::Failed { item, reason, .. } | Frame::Warned { item, reason }) => {
                failed.push((item, reason))
            }
            Some(Frame::Passed { .. }) => passed += 1,
            Some(Frame::Broken(reason)) => bail!("{reason}"),
            Some(_) => {}
        }
    }
    if json {
        let failures: Vec<_> = failed
            .iter()
            .map(|(item, reason)| serde_json::json!({ "item": item, "reason": reason }))
            .collect();
        say!(
            "{}",
            serde_json::json!({ "kind": kind, "documents": documents, "text_bytes": text, "passed": passed, "failed": failures, "samples": samples })
        );
    } else {
        say!(
            "would import {documents} documents ({} of text); {} problems",
            lampion_web::filters::bytes(text),
            failed.len()
        );
        for sample in &samples {
            say!("  {}", sample["title"].as_str().unwrap_or_default());
            for (name, key) in [
                ("authors", "authors"),
                ("year", "year"),
                ("language", "language"),
                ("subjects", "subjects"),
            ] {
                let value = &sample[key];
                let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                if !empty {
                    say!("      {name}: {value}");
                }
            }
        }
        for (item, reason) in failed.iter().take(50) {
            say!("  problem: {item}: {reason}");
        }
    }
    Ok(if failed.is_empty() {
        Outcome::Done
    } else {
        Outcome::Partly
    })
}

/// Publishes records in a catalogue, as a job that goes on after any interruption.
async fn import_into(
    node: &Node,
    data: &Path,
    new: NewImport,
    into: &str,
    options: &Import,
) -> anyhow::Result<Outcome> {
    use lampion_library::catalogue::import::{ByWhom, Rule};
    let rule = Rule::from_word(&options.rule).unwrap_or_default();
    let config = &node.kernel.config;
    let office = format!("library of {}.{}", config.name, config.net);
    let whose = ByWhom {
        by: &options.by,
        office: &office,
    };
    let begun = node
        .library
        .import_into(new, into, rule, options.dry_run, whose)
        .await;
    let (batch, job) = match begun {
        Ok(begun) => begun,
        Err(LibraryError::NoSuchCollection(_)) => {
            eprintln!(
                "lampion: no catalogue `{into}`: begin it with `lampion collection create {into} --title …`"
            );
            return Ok(Outcome::NotFound);
        }
        Err(error @ LibraryError::BadSource { .. }) => {
            eprintln!("lampion: {error}");
            return Ok(Outcome::NotFound);
        }
        Err(error) => return Err(error.into()),
    };
    if options.background {
        say!(
            "{}",
            if options.json {
                serde_json::json!({ "collection": into, "batch": batch, "job": job }).to_string()
            } else {
                format!("queued: batch {batch}, job {job}")
            }
        );
        return Ok(Outcome::Done);
    }
    let ended = follow(node, data, &job, options.json).await?;
    match ended.state {
        JobState::Done => {}
        JobState::Cancelled => bail!("the import was cancelled"),
        _ => bail!("{}", ended.error),
    }
    imported_into(node, &batch, options).await
}

/// Says how an import into a catalogue went.
async fn imported_into(node: &Node, batch: &str, options: &Import) -> anyhow::Result<Outcome> {
    use lampion_library::catalogue::Catalogue;
    use lampion_library::catalogue::batch::FAILURES;
    use lampion_library::catalogue::import::place_of;
    let catalogue = Catalogue::of(&node.kernel)?;
    let Some(done) = catalogue.batch_row(batch).await? else {
        bail!("the batch was removed meanwhile")
    };
    let failures = catalogue
        .batch_records(batch, &FAILURES, "", LISTED)
        .await?;
    if options.json {
        let mut published = Vec::new();
        for result in ["new", "changed"] {
            let mut after = String::new();
            loop {
                let part = catalogue
                    .batch_records(batch, &[result], &after, LISTED)
                    .await?;
                let Some(last) = part.last() else { break };
                after.clone_from(&last.item);
                published.extend(part.into_iter().map(|one| {
                    let (offset, length) = place_of(&one.place).unwrap_or_default();
                    serde_json::json!({ "id": one.record, "version": one.after, "offset": offset, "length": length })
                }));
            }
        }
        let failed: Vec<_> = failures
            .iter()
            .map(|one| serde_json::json!({ "item": one.item, "reason": one.reason }))
            .collect();
        say!(
            "{}",
            serde_json::json!({ "batch": batch, "read": done.seen, "matched": done.matched, "unchanged": done.unchanged, "published": published, "failed": failed })
        );
    } else {
        say!(
            "{} records read, {} matched, {} {}, {} left as they were, {} failed",
            done.seen,
            done.matched,
            done.added + done.changed,
            if options.dry_run {
                "would be published"
            } else {
                "published"
            },
            done.unchanged,
            done.failed
        );
        for one in &failures {
            say!("{}: {}", one.item, one.reason);
        }
    }
    Ok(if done.failed > 0 {
        Outcome::Partly
    } else {
        Outcome::Done
    })
}
