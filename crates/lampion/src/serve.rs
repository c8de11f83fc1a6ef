//! `lampion serve`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use lampion_core::Config;
use lampion_people::{LinkPurpose, People};
use lampion_web::{Addresses, App, Server, Service};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::cli::Serve;
use crate::node::Node;
use crate::{Outcome, lock, memory};

/// How long the first start's link works.
const LINK_MS: i64 = 7 * 86_400_000;
/// Jobs at the same time: an import keeps two processors busy by itself.
const JOBS: usize = 2;

pub async fn run(data: &Path, options: Serve) -> anyhow::Result<Outcome> {
    log(options.log_json);
    std::fs::create_dir_all(data)
        .with_context(|| format!("the node's folder {}", data.display()))?;
    let Some(_lock) = lock::take(data)? else {
        bail!(
            "another Lampion works on {}: stop it first, or choose another folder with --data",
            data.display()
        );
    };
    let config = configured(Config::load(data)?, &options)?;
    let mut node = Node::open(data, config).await?;
    sweep_uploads(&node.kernel.data);
    lampion_library::handbook::provide(&node.library).await?;
    let runner = node.runner();
    let services = node
        .features
        .iter()
        .flat_map(|feature| feature.services.iter().map(Arc::clone))
        .collect();
    let server = Server::bind(node.kernel.clone(), std::mem::take(&mut node.features))
        .await
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let stop = CancellationToken::new();
    tokio::spawn(signals(stop.clone()));
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { runner.run(JOBS, stop).await }
    });
    let (services, listens) = start(services, server.app(), &stop).await?;
    let addresses = server.addresses().clone();
    let first = first_start(&node.kernel.people, &addresses).await?;
    announce(&addresses, &listens, first.as_deref(), &options)?;
    tokio::spawn(memory::let_go_of_unused_text(stop.clone()));
    server.run(stop).await;
    running.await?;
    services.close();
    services.wait().await;
    node.kernel.db.close().await;
    tracing::info!("stopped");
    Ok(Outcome::Done)
}

/// Protocols and addresses that services listen on.
type Listens = Vec<(&'static str, SocketAddr)>;

/// Starts what features do beside pages and jobs.
async fn start(
    services: Vec<Arc<dyn Service>>,
    app: &App,
    stop: &CancellationToken,
) -> anyhow::Result<(TaskTracker, Listens)> {
    let (tasks, mut listens) = (TaskTracker::new(), Vec::new());
    for service in services {
        let started = service.start(app.clone(), stop.clone()).await;
        let started = started.map_err(anyhow::Error::msg)?;
        listens.extend(started.listens);
        tasks.spawn(started.work);
    }
    Ok((tasks, listens))
}

/// The configuration with what the command line says instead.
fn configured(mut config: Config, options: &Serve) -> anyhow::Result<Config> {
    if let Some(http) = &options.http {
        config.http.clone_from(http);
    }
    if let Some(content) = &options.content {
        config.content.clone_from(content);
    }
    match options.https.as_deref() {
        Some("none") => {
            config.https.clear();
            config.content_https.clear();
        }
        Some(https) => config.https = https.into(),
        None => {}
    }
    if let Some(content) = &options.content_https {
        config.content_https.clone_from(content);
    }
    if let Some(mail) = &options.mail {
        let address = match mail.as_str() {
            "none" => String::new(),
            address => {
                let address: std::net::IpAddr = address.parse().with_context(|| {
                    format!("--mail {address}: use an address such as 127.0.0.1, or `none`")
                })?;
                SocketAddr::new(address, 0).to_string()
            }
        };
        for setting in [
            &mut config.submissions,
            &mut config.submission,
            &mut config.imaps,
            &mut config.imap,
            &mut config.smtp,
            &mut config.lmtp,
        ] {
            setting.clone_from(&address);
        }
    }
    config.check()?;
    Ok(config)
}

/// Logs go to standard error and hold no reader's activity: no addresses, queries or documents.
fn log(json: bool) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("LAMPION_LOG")
        .unwrap_or_else(|_| "info,tantivy=warn,sqlx=warn".into());
    let logs = tracing_subscriber::fmt()
        // Where the log can't be written (a full disk), it would say so on standard error, and end the task with a panic
        // if that can't be written either.
        .log_internal_errors(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        logs.json().init()
    } else {
        logs.with_target(false).init()
    }
}

/// What uploads left behind when the process before ended in their middle.
fn sweep_uploads(data: &Path) {
    let uploads = data.join("uploads");
    for entry in std::fs::read_dir(&uploads).into_iter().flatten().flatten() {
        let empty = std::fs::read_dir(entry.path()).is_ok_and(|mut files| files.next().is_none());
        let old = entry
            .metadata()
            .and_then(|about| about.modified())
            .is_ok_and(|time| {
                time.elapsed()
                    .is_ok_and(|age| age > Duration::from_secs(7 * 86_400))
            });
        if empty || old {
            let _tried_again_next_time = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// The one-time link with which the first operator sets a name and password.
pub async fn first_start(people: &People, addresses: &Addresses) -> anyhow::Result<Option<String>> {
    if people.has_operator().await? {
        return Ok(None);
    }
    let secret = people
        .create_link(&LinkPurpose::FirstStart, LINK_MS)
        .await?;
    let base = addresses
        .for_people()
        .into_iter()
        .next()
        .unwrap_or_default();
    Ok(Some(format!("{base}start/{secret}")))
}

fn announce(
    addresses: &Addresses,
    listens: &Listens,
    first: Option<&str>,
    options: &Serve,
) -> anyhow::Result<()> {
    let all = addresses.for_people();
    let mut text = String::new();
    writeln!(
        text,
        "\nLampion is ready. Open one of these addresses in a browser:\n"
    )?;
    for address in &all {
        writeln!(text, "    {address}")?;
    }
    if let Some(https) = addresses.https {
        writeln!(
            text,
            "\nSecure: the same with https:// and port {}; /trust tells how to trust its certificate.",
            https.port()
        )?;
    }
    let mail: Vec<String> = listens
        .iter()
        .map(|(protocol, at)| format!("{protocol} {}", at.port()))
        .collect();
    if !mail.is_empty() {
        writeln!(
            text,
            "\nMail: {}; /mail/setup tells how to set up a mail program.",
            mail.join(", ")
        )?;
    }
    let shown = first
        .or(all.first().map(String::as_str))
        .unwrap_or_default();
    if let Some(link) = first {
        writeln!(
            text,
            "\nThis node has no operator yet. Set your name and password here (works once, for seven days):\n\n    {link}"
        )?;
    }
    if !options.no_qr
        && let Ok(code) = qrcode::QrCode::new(shown.as_bytes())
    {
        let picture = code
            .render::<qrcode::render::unicode::Dense1x2>()
            .quiet_zone(true)
            .build();
        writeln!(text, "\n{picture}")?;
    }
    writeln!(text, "\nStop with Ctrl+C.\n")?;
    // A node goes on when nobody reads what it says.
    let _nobody_reads = std::io::stdout().write_all(text.as_bytes());
    if let Some(file) = &options.ready_file {
        let ready = serde_json::json!({
            "http": addresses.http.to_string(), "https": addresses.https.map(|at| at.to_string()),
            "content": addresses.content.to_string(), "first_start": first,
            "listens": listens.iter().map(|(protocol, at)| (*protocol, at.to_string()))
                .collect::<std::collections::BTreeMap<_, _>>(),
        });
        let partial = file.with_extension("part");
        std::fs::write(&partial, ready.to_string())
            .and_then(|()| std::fs::rename(&partial, file))
            .with_context(|| file.display().to_string())?;
    }
    Ok(())
}

async fn signals(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    match (
        signal(SignalKind::terminate()),
        signal(SignalKind::hangup()),
    ) {
        (Ok(mut terminate), Ok(mut hangup)) => {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
        }
        _ => drop(tokio::signal::ctrl_c().await),
    }
    tracing::info!("stopping: requests and imports under way come to a safe end");
    stop.cancel();
}
