//! `lampion feed follow`, `following` and `unfollow`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use lampion_core::jobs::JobState;
use lampion_feed::note::VerifierKey;
use lampion_library::LibraryError;
use lampion_library::following::{Files, NewFollow};
use lampion_library::model::Visibility;

use crate::Outcome;
use crate::cli::Follow;
use crate::node::Node;
use crate::output::say;

/// Which files come along, by the command line's words.
pub fn files(word: &str, megabytes: u64) -> Files {
    Files::from_words(word, i64::try_from(megabytes).unwrap_or(i64::MAX))
}

fn key(told: &str) -> anyhow::Result<VerifierKey> {
    let text = if Path::new(told).is_file() {
        std::fs::read_to_string(told).with_context(|| told.to_string())?
    } else {
        told.to_string()
    };
    text.trim()
        .parse()
        .map_err(|error| anyhow::anyhow!("the verifier key can't be read: {error}"))
}

/// A folder by its whole path: the job may run in another process.
fn whole(address: &str) -> String {
    if address.contains("://") {
        return address.to_string();
    }
    std::fs::canonicalize(address).map_or_else(
        |_| address.to_string(),
        |path| path.to_string_lossy().into_owned(),
    )
}

pub async fn follow(node: &Node, data: &Path, options: Follow) -> anyhow::Result<Outcome> {
    let library = &node.library;
    let address = whole(&options.address);
    if !address.contains("://") && !Path::new(&address).is_dir() {
        eprintln!("lampion: no folder `{address}`");
        return Ok(Outcome::NotFound);
    }
    let found = library.look(&address).await?;
    let mut told = options.key.as_deref().map(key).transpose()?;
    if options.trust && library.known_key(&found.node).await?.is_none() {
        let key = found.key.clone().context(
            "there is no key beside this feed: ask for it there (`lampion feed key`) and give it with --key",
        )?;
        if !options.json {
            say!("taken as the key of {}: {key}", found.node);
        }
        told = Some(key);
    }
    if told.is_none() && library.known_key(&found.node).await?.is_none() {
        let shown = found.key.as_ref().map_or_else(String::new, |key| {
            format!(" The key that lies there is\n  {key}\n")
        });
        bail!(
            "the key of `{}` is not known here.{shown}Compare it with what the page /node of that node shows, and give it with --key; or take it unseen with --trust",
            found.node
        );
    }
    let known = library.store().follows().await?;
    let every_h = options.every.unwrap_or_else(|| {
        let same = known
            .iter()
            .find(|one| one.address == found.place.address());
        same.map_or(0, |one| one.every_h)
    });
    let at = found.place.address().to_string();
    let new = NewFollow {
        address,
        key: told,
        every_h,
        files: files(&options.files, options.files_mb),
        visibility: if options.visibility == "all" {
            Visibility::All
        } else {
            Visibility::SignedIn
        },
    };
    let (name, mut job) = match library.follow(new).await {
        Ok(begun) => begun,
        Err(error @ LibraryError::BadSource { .. }) => bail!("{error}"),
        Err(error) => return Err(error.into()),
    };
    if options.bodies_again {
        job = library.follow_now(&at, true).await?;
    }
    if options.background {
        say!(
            "{}",
            if options.json {
                serde_json::json!({ "node": name, "job": job }).to_string()
            } else {
                format!("queued: {name}, job {job}")
            }
        );
        return Ok(Outcome::Done);
    }
    let ended = crate::import::follow(node, data, &job, options.json).await?;
    report(node, &name, &at, options.json).await?;
    match ended.state {
        JobState::Done => Ok(Outcome::Done),
        JobState::Cancelled => bail!("cancelled"),
        _ => bail!("{}", ended.error),
    }
}

async fn report(node: &Node, name: &str, address: &str, json: bool) -> anyhow::Result<()> {
    node.library.refresh().await?;
    let feed = format!("{name}/feed/library");
    let size = node.kernel.feeds()?.find(&feed).await?;
    let size = size.map_or(0, |feed| feed.size);
    let all = node.library.followed();
    let own: Vec<&str> = all
        .iter()
        .filter(|one| one.source.feed == feed)
        .map(|one| one.id.as_str())
        .collect();
    let known = node.library.store().follows().await?;
    let missing = known
        .iter()
        .find(|one| one.address == address)
        .map_or(0, |one| one.missing_files);
    if json {
        say!(
            "{}",
            serde_json::json!({ "node": name, "size": size, "collections": own, "missing_files": missing })
        );
    } else {
        say!("{name}: {size} entries; collections: {}", own.join(", "));
        if missing > 0 {
            say!("{missing} files could not be fetched: it is tried again the next time");
        }
    }
    Ok(())
}

pub async fn following(node: &Node, json: bool) -> anyhow::Result<Outcome> {
    let feeds = node.kernel.feeds()?;
    for one in node.library.store().follows().await? {
        let feed = feeds.find(&format!("{}/feed/library", one.node)).await?;
        let size = feed.map_or(0, |feed| feed.size);
        if json {
            let (files, files_mb) = one.files.words();
            say!(
                "{}",
                serde_json::json!({
                    "node": one.node, "address": one.address, "size": size, "every_h": one.every_h, "files": files,
                    "files_mb": files_mb, "tried_ms": one.tried_ms, "reached_ms": one.reached_ms, "error": one.error,
                    "missing_files": one.missing_files,
                })
            );
            continue;
        }
        let every = match one.every_h {
            0 => "not by itself".to_string(),
            hours => format!("every {hours} h"),
        };
        say!(
            "{} at {}: {size} entries; asked {every}",
            one.node,
            one.address
        );
        if one.reached_ms > 0 {
            let ago_ms = node.kernel.clock.now_ms() - one.reached_ms;
            say!("  last came to its end {} h ago", ago_ms.max(0) / 3_600_000);
        } else {
            say!("  has not come to its end yet");
        }
        if !one.error.is_empty() {
            say!("  the last try: {}", one.error);
        }
        if one.missing_files > 0 {
            say!("  {} files could not be fetched", one.missing_files);
        }
    }
    Ok(Outcome::Done)
}

pub async fn unfollow(node: &Node, which: &str, yes: bool) -> anyhow::Result<Outcome> {
    let which = whole(which);
    if !yes {
        if !std::io::stdin().is_terminal() {
            bail!(
                "this takes the collections of `{which}` out of the library: say --yes if it is meant"
            );
        }
        eprint!("This takes the collections of `{which}` out of the library. Go on? [y/N] ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer)?;
        if !answer.trim().eq_ignore_ascii_case("y") {
            bail!("nothing was changed");
        }
    }
    match node.library.unfollow(&which).await {
        Ok(removed) => {
            say!("no longer followed; {} collections removed", removed.len());
            Ok(Outcome::Done)
        }
        Err(error @ LibraryError::BadSource { .. }) => {
            eprintln!("lampion: {error}");
            Ok(Outcome::NotFound)
        }
        Err(error) => Err(error.into()),
    }
}
