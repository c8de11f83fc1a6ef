//! `lampion mail`: one person's mail in and out, by who keeps the node.

use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use lampion_core::jobs::JobState;
use lampion_mail::store::Account;
use lampion_mail::transfer::client::Secure;
use lampion_mail::transfer::export::{FolderSink, Format, export};
use lampion_mail::transfer::fetch::Server;
use lampion_mail::transfer::{fetch, import};
use lampion_mailproto::tar::TarWriter;

use crate::Outcome;
use crate::cli::MailTransfer;
use crate::import::follow;
use crate::node::Node;
use crate::output::say;

pub async fn run(node: Node, data: &Path, command: MailTransfer) -> anyhow::Result<Outcome> {
    let person = match &command {
        MailTransfer::Import(options) => &options.person,
        MailTransfer::Fetch(options) => &options.person,
        MailTransfer::Export(options) => &options.person,
    };
    let Some(found) = node.kernel.people.by_name(person).await? else {
        eprintln!("lampion: there is no person `{person}`");
        return Ok(Outcome::NotFound);
    };
    let account = node.mail.store().account_of(&found).await?;
    match command {
        MailTransfer::Import(options) => {
            if !options.path.exists() {
                eprintln!("lampion: there is nothing at {}", options.path.display());
                return Ok(Outcome::NotFound);
            }
            let mailbox = options.mailbox.unwrap_or_default();
            let job =
                import::begin(&node.mail, &account.id, &options.path, &mailbox, false).await?;
            done(&node, data, &job, options.background, options.json).await
        }
        MailTransfer::Fetch(options) => {
            let Some(mut server) = Server::from_address(&options.server) else {
                bail!(
                    "{}: use an address such as imaps://mira@mail.example.org (imap:// asks for TLS first)",
                    options.server
                );
            };
            if options.plain {
                server.secure = Secure::Plain;
            }
            server.trusted = options.trust.unwrap_or_default();
            let password = password(options.password_file.as_deref())?;
            let job = fetch::begin(&node.mail, &account.id, &server, &password).await?;
            done(&node, data, &job, options.background, options.json).await
        }
        MailTransfer::Export(options) => {
            let format = if options.format == "mbox" {
                Format::Mbox
            } else {
                Format::Maildir
            };
            let count = exported(&node, account, format, &options.out).await?;
            node.kernel.db.close().await;
            eprintln!("{count} messages exported");
            Ok(Outcome::Done)
        }
    }
}

/// The first line of a file, or of standard input.
fn password(file: Option<&Path>) -> anyhow::Result<String> {
    let text = match file {
        Some(file) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?,
        None => {
            if std::io::stdin().is_terminal() {
                eprint!("Password (it is shown; --password-file reads it from a file): ");
                std::io::stderr().flush()?;
            }
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
    };
    Ok(text.lines().next().unwrap_or_default().to_string())
}

async fn exported(
    node: &Node,
    account: Account,
    format: Format,
    out: &Path,
) -> anyhow::Result<u64> {
    let (store, runtime) = (node.mail.store().clone(), tokio::runtime::Handle::current());
    let out = out.to_path_buf();
    let count = tokio::task::spawn_blocking(move || -> anyhow::Result<u64> {
        let id = &account.id;
        if out.as_os_str() == "-" {
            let sink = TarWriter::new(BufWriter::new(std::io::stdout()));
            return Ok(export(&store, id, format, sink, &runtime)?);
        }
        if out.extension().is_some_and(|ending| ending == "tar") {
            let file =
                std::fs::File::create_new(&out).with_context(|| out.display().to_string())?;
            let sink = TarWriter::new(BufWriter::new(file.try_clone()?));
            let count = export(&store, id, format, sink, &runtime)?;
            file.sync_all()?;
            return Ok(count);
        }
        Ok(export(
            &store,
            id,
            format,
            FolderSink::new(&out)?,
            &runtime,
        )?)
    });
    count.await?
}

async fn done(
    node: &Node,
    data: &Path,
    job: &str,
    background: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    if background {
        say!(
            "{}",
            if json {
                serde_json::json!({ "job": job }).to_string()
            } else {
                format!("queued: job {job}")
            }
        );
        return Ok(Outcome::Done);
    }
    let ended = follow(node, data, job, json).await?;
    // Where no node is running, it was done here.
    node.mail.store().write_mark().await?;
    let progress = &ended.progress;
    if json {
        say!(
            "{}",
            serde_json::json!({ "job": job, "state": ended.state, "messages": progress.items, "failed": progress.failed, "error": ended.error })
        );
    }
    match ended.state {
        JobState::Done => {}
        JobState::Cancelled => bail!("the import was cancelled"),
        _ => bail!("{}", ended.error),
    }
    if !json {
        say!(
            "{} messages taken, {} could not be taken",
            progress.items,
            progress.failed
        );
    }
    Ok(if progress.failed > 0 {
        Outcome::Partly
    } else {
        Outcome::Done
    })
}
