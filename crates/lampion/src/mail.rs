//! `lampion mail`.

use std::path::Path;

use anyhow::Context as _;
use lampion_core::{Config, clock};
use lampion_mail::queue::Dropped;

use crate::Outcome;
use crate::cli::{Mail, MailQueue};
use crate::node::Node;
use crate::output::say;

pub async fn run(data: &Path, command: Mail) -> anyhow::Result<Outcome> {
    if matches!(command, Mail::Renew) {
        return renew(data).await;
    }
    let node = Node::open(data, Config::load(data)?).await?;
    let (command, json) = match command {
        Mail::Groups(command) => return crate::mail_groups::run(&node, command).await,
        Mail::Transfer(command) => return crate::mail_transfer::run(node, data, command).await,
        Mail::Queue { command, json } => (command, json),
        Mail::Renew => return Ok(Outcome::Done),
    };
    let queue = node.mail.queue();
    match command.unwrap_or(MailQueue::List) {
        MailQueue::List => {
            let all = queue.list().await?;
            if json {
                let all: Vec<_> = all
                    .iter()
                    .map(|one| {
                        serde_json::json!({
                            "id": one.id, "sender": one.sender, "recipient": one.recipient, "route": one.route,
                            "state": one.state(), "arrived": clock::timestamp(one.arrived_ms), "tries": one.tries,
                            "age_seconds": one.age_s, "next_seconds": one.pause_s, "said": one.said,
                        })
                    })
                    .collect();
                say!("{}", serde_json::json!(all));
            } else {
                for one in &all {
                    let sender = if one.sender.is_empty() {
                        "<>"
                    } else {
                        &one.sender
                    };
                    say!(
                        "{}  {}  {sender} -> {}",
                        one.id,
                        clock::timestamp(one.arrived_ms),
                        one.recipient
                    );
                    say!("    {}", one.state());
                }
            }
        }
        // A running node looks at the queue every few seconds.
        MailQueue::Retry { id } => {
            let count = queue.retry(id.as_deref()).await?;
            if json {
                say!("{}", serde_json::json!({ "retried": count }));
            }
            if count == 0 && id.is_some() {
                return Ok(Outcome::NotFound);
            }
        }
        MailQueue::Drop { id } => {
            if queue.give_up(&id).await? == Dropped::NotThere {
                eprintln!("lampion: nothing in the queue has the id `{id}`");
                return Ok(Outcome::NotFound);
            }
            if json {
                say!("{}", serde_json::json!({ "dropped": id }));
            }
        }
    }
    Ok(Outcome::Done)
}

/// Programs that are connected would go on with what they know, so the node must not be running.
async fn renew(data: &Path) -> anyhow::Result<Outcome> {
    std::fs::create_dir_all(data).with_context(|| data.display().to_string())?;
    let Some(_lock) = crate::lock::take(data)? else {
        anyhow::bail!("a node is running on this folder: stop it first");
    };
    let node = Node::open(data, Config::load(data)?).await?;
    node.mail.store().renew_validities().await?;
    eprintln!("mail programs will fetch all mail anew");
    Ok(Outcome::Done)
}
