//! `lampion mail`.

use std::path::Path;

use anyhow::Context as _;
use lampion_core::{Config, clock};
use lampion_mail::queue::{Dropped, PAGE_ROWS, Queue};

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
            list(queue, json).await?;
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

/// All that is on its way, read page by page: a link that was away for weeks leaves much.
async fn list(queue: &Queue, json: bool) -> anyhow::Result<()> {
    let (mut count, mut rows) = (0usize, Vec::new());
    let mut page = queue.after(None, PAGE_ROWS).await?;
    while !page.is_empty() {
        for one in &page {
            count += 1;
            if json {
                rows.push(serde_json::json!({
                    "id": one.id, "sender": one.sender, "recipient": one.recipient, "route": one.route,
                    "state": one.state(), "arrived": clock::timestamp(one.arrived_ms), "tries": one.tries,
                    "age_seconds": one.age_s, "next_seconds": one.pause_s, "said": one.said,
                }));
                continue;
            }
            let sender = match one.sender.as_str() {
                "" => "<>",
                sender => sender,
            };
            let arrived = clock::timestamp(one.arrived_ms);
            say!("{}  {arrived}  {sender} -> {}", one.id, one.recipient);
            say!("    {}", one.state());
        }
        page = queue.after(page.last(), PAGE_ROWS).await?;
    }
    match (json, count) {
        (true, _) => say!("{}", serde_json::Value::Array(rows)),
        (false, 0) => say!("nothing is on its way"),
        (false, _) => say!("{count} on their way"),
    }
    Ok(())
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
