//! `lampion collection`.

use std::path::Path;

use anyhow::bail;
use lampion_core::Config;
use lampion_core::jobs::JobState;
use lampion_library::model::{State, Visibility};

use crate::Outcome;
use crate::cli::Collection;
use crate::import::follow;
use crate::node::Node;
use crate::output::say;

pub async fn run(data: &Path, command: Collection) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let library = &node.library;
    if let Collection::Remove { id }
    | Collection::Reindex { id }
    | Collection::Check { id }
    | Collection::Export { id, .. }
    | Collection::Errors { id, .. } = &command
        && library.store().get(id).await?.is_none()
    {
        eprintln!("lampion: no collection `{id}`: `lampion collection list` shows all");
        return Ok(Outcome::NotFound);
    }
    match command {
        Collection::Create {
            id,
            title,
            visibility,
        } => {
            let visibility = match visibility.as_str() {
                "all" => Visibility::All,
                _ => Visibility::SignedIn,
            };
            let made = library.create_catalogue(&id, &title, visibility).await?;
            say!("{}: add records to it at /catalogue/{0}", made.id);
            Ok(Outcome::Done)
        }
        Collection::List { json } => list(&node, json),
        Collection::Remove { id } => {
            library.remove(&id).await?;
            say!("removed {id}");
            Ok(Outcome::Done)
        }
        Collection::Reindex { id } => {
            let job = library.reindex(&id).await?;
            wait(&node, data, &job).await
        }
        Collection::Check { id } => {
            let job = library.check(&id).await?;
            wait(&node, data, &job).await?;
            let health = library
                .store()
                .get(&id)
                .await?
                .map(|one| one.health)
                .unwrap_or_default();
            say!("{id}: {health}");
            if health == lampion_library::check::HEALTHY {
                Ok(Outcome::Done)
            } else {
                bail!("{id}: {health}")
            }
        }
        Collection::Export { id, to } => {
            library.export(&id, &to).await?;
            say!(
                "{}: carry it whole, and add it elsewhere with `lampion import {0}`",
                to.display()
            );
            Ok(Outcome::Done)
        }
        Collection::Errors { id, json } => errors(&node, &id, json).await,
    }
}

async fn wait(node: &Node, data: &Path, job: &str) -> anyhow::Result<Outcome> {
    let ended = follow(node, data, job, false).await?;
    match ended.state {
        JobState::Done => {
            say!("done: {} items", ended.progress.items);
            Ok(Outcome::Done)
        }
        JobState::Cancelled => bail!("cancelled"),
        _ => bail!("{}", ended.error),
    }
}

fn list(node: &Node, json: bool) -> anyhow::Result<Outcome> {
    let all = node.library.collections();
    if json {
        let all: Vec<_> = all
            .iter()
            .map(|one| {
                serde_json::json!({
                    "id": one.id, "title": one.title, "kind": one.kind, "language": one.language, "state": one.state, "documents": one.documents,
                    "failed": one.failed, "size_bytes": one.size_bytes, "index_bytes": one.index_bytes, "health": one.health,
                    "content": node.library.content_path(one).map(|path| path.display().to_string()).unwrap_or_default(), "index": one.index_folder(),
                })
            })
            .collect();
        say!("{}", serde_json::json!(all));
        return Ok(Outcome::Done);
    }
    for one in &all {
        let state = if one.state == State::Ready {
            ""
        } else {
            " (being added)"
        };
        say!(
            "{:<24} {:>10} documents  {:>9}  {}{state}",
            one.id,
            one.documents,
            lampion_web::filters::bytes(u64::try_from(one.size_bytes).unwrap_or(0)),
            one.title
        );
        let content = node
            .library
            .content_path(one)
            .map_or_else(|error| error.to_string(), |path| path.display().to_string());
        say!(
            "{:<24} content {content}, index {}",
            "",
            one.index_folder().display()
        );
    }
    Ok(Outcome::Done)
}

async fn errors(node: &Node, id: &str, json: bool) -> anyhow::Result<Outcome> {
    let mut after = String::new();
    loop {
        let some = node.library.store().errors(id, &after, 1000).await?;
        let Some(last) = some.last() else {
            return Ok(Outcome::Done);
        };
        after.clone_from(&last.item);
        for error in &some {
            if json {
                say!(
                    "{}",
                    serde_json::json!({ "item": error.item, "reason": error.reason })
                );
            } else {
                say!("{}: {}", error.item, error.reason);
            }
        }
    }
}
