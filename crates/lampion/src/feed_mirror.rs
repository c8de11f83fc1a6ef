//! `lampion feed mirror`: a feed, copied into a folder.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use lampion_core::{Rng as _, SystemRng};
use lampion_feed::Feeds;
use lampion_feed::copy::{Copied, Copy, copy};
use lampion_feed::note::VerifierKey;

use crate::Outcome;
use crate::feed::{key_for, source};
use crate::output::say;

/// What is asked for.
pub struct Mirror {
    pub from: String,
    pub to: PathBuf,
    pub key: Option<String>,
    pub no_bodies: bool,
    pub bodies_again: bool,
    pub json: bool,
}

/// The author's key lies beside the copy, so that it need not be told again.
const KEY_FILE: &str = "key";

pub async fn run(feeds: &Feeds, asked: Mirror) -> anyhow::Result<Outcome> {
    let Some(source) = source(&asked.from)? else {
        eprintln!("lampion: no folder `{}`", asked.from);
        return Ok(Outcome::NotFound);
    };
    let feeds = feeds.clone();
    let runtime = tokio::runtime::Handle::current();
    let (asked, done) = tokio::task::spawn_blocking(move || {
        let kept = kept_key(&asked.to)?;
        let told = asked
            .key
            .clone()
            .or_else(|| kept.as_ref().map(ToString::to_string));
        let key = runtime.block_on(key_for(&feeds, &*source, told))?;
        if let Some(kept) = kept.filter(|kept| *kept != key) {
            bail!(
                "{} holds a copy of a feed with another key ({kept}): choose another folder",
                asked.to.display()
            );
        }
        let done = copy(&Copy {
            source: &*source,
            folder: &asked.to,
            key: &key,
            bodies: !asked.no_bodies,
            again: asked.bodies_again,
            rng: &SystemRng,
            cosign: &|note| feeds.cosign_note(note),
        })?;
        keep_key(&asked.to, &key)?;
        anyhow::Ok((asked, done))
    })
    .await??;
    report(&asked, &done);
    Ok(Outcome::Done)
}

fn kept_key(folder: &Path) -> anyhow::Result<Option<VerifierKey>> {
    let path = folder.join(KEY_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

pub fn keep_key(folder: &Path, key: impl std::fmt::Display) -> anyhow::Result<()> {
    let path = folder.join(KEY_FILE);
    if path.exists() {
        return Ok(());
    }
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes);
    let beside = folder.join(format!(".key.{:016x}", u64::from_be_bytes(bytes)));
    std::fs::write(&beside, format!("{key}\n"))
        .and_then(|()| std::fs::rename(&beside, &path))
        .with_context(|| path.display().to_string())
}

fn report(asked: &Mirror, done: &Copied) {
    let (size, new) = (
        done.checkpoint.size,
        done.checkpoint.size.saturating_sub(done.before),
    );
    if asked.json {
        say!(
            "{}",
            serde_json::json!({
                "origin": done.checkpoint.origin, "size": size, "new": new, "first": done.first, "fetched": done.fetched,
                "kept": done.kept, "bodies": done.bodies, "erased": done.erased, "behind": done.behind,
            })
        );
        return;
    }
    let to = asked.to.display();
    if done.behind {
        say!(
            "{to}: {size} entries, which is more than {} has",
            asked.from
        );
        return;
    }
    say!(
        "{to}: {size} entries of {}, {new} of them new; {} files fetched, {} bodies erased",
        done.checkpoint.origin,
        done.fetched,
        done.erased
    );
    if done.first > 0 {
        say!(
            "the source begins at entry {}: those before are not in it",
            done.first
        );
    }
}
