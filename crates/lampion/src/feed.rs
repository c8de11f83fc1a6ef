//! `lampion feed`.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context as _, bail};
use lampion_core::Config;
use lampion_feed::merkle::{self, HASH_LEN, Hash, Nodes};
use lampion_feed::note::VerifierKey;
use lampion_feed::tile::{self, Resource};
use lampion_feed::verify::{self, Bytes, Source, Verified};
use lampion_feed::{Delta, Feeds, Status, limits, pack};

use crate::Outcome;
use crate::cli::Feed as Command;
use crate::feed_follow;
use crate::feed_mirror::{self, Mirror};
use crate::node::Node;
use crate::output::say;

/// How long one file of a feed may take to come over the network.
const FETCH_TIME: Duration = Duration::from_secs(60);
/// The longest file that is taken over the network, in bytes: a pack of the largest bodies.
const FETCH_LIMIT: usize = 1 << 30;

/// What to do about a feed that can't grow; none if it can.
pub fn advice(kind: &str, status: Status) -> Option<String> {
    let recover = format!(
        "run `lampion feed recover FOLDER --kind {kind}` with an export or a mirror's copy"
    );
    match status {
        Status::Ready => None,
        Status::Behind { held, signed } => Some(format!(
            "{held} entries are here, but {signed} were signed: the database was restored from an old backup. Nothing can be published; {recover}"
        )),
        Status::Forked { signed } => Some(format!(
            "the first {signed} entries are not those that were signed: the database and node/feeds don't belong together. Nothing can be published; \
             put the right one back, or {recover} and --drop-unsigned"
        )),
        Status::MarkLost => Some(format!(
            "node/feeds/{kind}.checkpoint is gone. Nothing can be published; put it back, or {recover}"
        )),
    }
}

pub async fn run(data: &Path, command: Command) -> anyhow::Result<Outcome> {
    let node = Node::open(data, Config::load(data)?).await?;
    let feeds = node.kernel.feeds()?.clone();
    match command {
        Command::Verify {
            from,
            key,
            no_bodies,
            json,
        } => verify_feed(&feeds, from, key, no_bodies, json).await,
        Command::Export {
            to,
            kind,
            origin,
            files,
            files_mb,
            json,
        } => {
            let export = Export {
                to: &to,
                kind: &kind,
                origin: origin.as_deref(),
                files: files.map(|word| feed_follow::files(&word, files_mb)),
                json,
            };
            export_feed(&node, &feeds, export).await
        }
        Command::Mirror {
            from,
            to,
            key,
            no_bodies,
            bodies_again,
            json,
        } => {
            let asked = Mirror {
                from,
                to,
                key,
                no_bodies,
                bodies_again,
                json,
            };
            feed_mirror::run(&feeds, asked).await
        }
        Command::Follow(options) => feed_follow::follow(&node, data, options).await,
        Command::Following { json } => feed_follow::following(&node, json).await,
        Command::Unfollow { which, yes } => feed_follow::unfollow(&node, &which, yes).await,
        Command::Rebuild { kind, json } => rebuild(&feeds, &kind, json).await,
        Command::Status { json } => status(&feeds, json).await,
        Command::Key { kind } => {
            say!("{}", feeds.verifier(&kind).await?);
            Ok(Outcome::Done)
        }
        Command::Recover {
            from,
            kind,
            drop_unsigned,
        } => recover(&feeds, &from, &kind, drop_unsigned).await,
    }
}

/// Static files on a web server. Its files are fetched from threads of their own.
struct Web {
    base: String,
    client: reqwest::Client,
    runtime: tokio::runtime::Handle,
}

impl Web {
    fn new(base: &str) -> anyhow::Result<Self> {
        // reqwest is built without a provider of its own. An error means that one is set: fine.
        let _already_set = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            base: base.trim_end_matches('/').to_string(),
            client: reqwest::Client::builder().timeout(FETCH_TIME).build()?,
            runtime: tokio::runtime::Handle::current(),
        })
    }

    async fn get(&self, path: &str) -> Result<Option<Vec<u8>>, String> {
        let text = |error: reqwest::Error| error.to_string();
        let mut response = self
            .client
            .get(format!("{}/{path}", self.base))
            .send()
            .await
            .map_err(text)?;
        if response.status() == 404 || response.status() == 410 {
            return Ok(None);
        }
        if !response.status().is_success() {
            return Err(format!("the server answers {}", response.status()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(text)? {
            if bytes.len() + chunk.len() > FETCH_LIMIT {
                return Err(format!("it is longer than {FETCH_LIMIT} bytes"));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }
}

impl Source for Web {
    fn open(&self, path: &str) -> io::Result<Option<Bytes>> {
        let fetched = self.runtime.block_on(self.get(path));
        Ok(fetched
            .map_err(io::Error::other)?
            .map(|bytes| Box::new(io::Cursor::new(bytes)) as Bytes))
    }
}

/// A web server or a folder; none if the folder isn't there.
pub(crate) fn source(from: &str) -> anyhow::Result<Option<Box<dyn Source + Send>>> {
    if from.starts_with("http://") || from.starts_with("https://") {
        return Ok(Some(Box::new(Web::new(from)?)));
    }
    let folder = Path::new(from).is_dir();
    Ok(folder.then(|| Box::new(verify::Folder(from.into())) as Box<dyn Source + Send>))
}

/// The key with which a copy is checked: told, in a file, or this node's own of the kind that the copy's checkpoint names.
pub(crate) async fn key_for(
    feeds: &Feeds,
    source: &dyn Source,
    key: Option<String>,
) -> anyhow::Result<VerifierKey> {
    let text = match key {
        Some(told) if Path::new(&told).is_file() => std::fs::read_to_string(&told)?,
        Some(told) => told,
        None => {
            let mut head = String::new();
            if let Some(mut checkpoint) = source.open("checkpoint")? {
                let limit = limits::NOTE_LIMIT as u64;
                checkpoint.by_ref().take(limit).read_to_string(&mut head)?;
            }
            let origin = head.lines().next().unwrap_or_default();
            if let Some(feed) = feeds.find(origin).await? {
                feed.vkey
            } else {
                let kind = origin.rsplit('/').next().unwrap_or_default();
                let own = feeds.verifier(kind).await.ok();
                own.filter(|key| key.name() == origin)
                    .with_context(|| {
                        format!("the key of `{origin}` is not known here: give it with --key")
                    })?
                    .to_string()
            }
        }
    };
    text.trim()
        .parse()
        .map_err(|error| anyhow::anyhow!("the verifier key can't be read: {error}"))
}

async fn verify_feed(
    feeds: &Feeds,
    from: String,
    key: Option<String>,
    no_bodies: bool,
    json: bool,
) -> anyhow::Result<Outcome> {
    let Some(source) = source(&from)? else {
        eprintln!("lampion: no folder `{from}`");
        return Ok(Outcome::NotFound);
    };
    let (source, key) = tokio::task::spawn_blocking({
        let (feeds, runtime) = (feeds.clone(), tokio::runtime::Handle::current());
        move || {
            let key = runtime.block_on(key_for(&feeds, &*source, key));
            key.map(|key| (source, key))
        }
    })
    .await??;
    let done: Verified =
        tokio::task::spawn_blocking(move || verify::verify(&*source, &key, !no_bodies)).await??;
    let [published, withdrawals, acknowledgements] = done.entries;
    if json {
        say!(
            "{}",
            serde_json::json!({
                "ok": true, "origin": done.checkpoint.origin, "size": done.checkpoint.size, "root": done.checkpoint.root.to_string(),
                "first": done.first, "publications": published, "withdrawals": withdrawals, "acknowledgements": acknowledgements, "live": done.live,
                "withdrawn": done.withdrawn, "bodies": done.bodies, "erased": done.erased, "missing": done.missing,
            })
        );
    } else {
        say!(
            "{} is in order: {} entries ({published} publications, {withdrawals} withdrawals), root {}",
            done.checkpoint.origin,
            done.checkpoint.size,
            done.checkpoint.root
        );
        say!(
            "{} objects live, {} withdrawn; bodies: {} right, {} erased, {} not there",
            done.live,
            done.withdrawn,
            done.bodies,
            done.erased,
            done.missing
        );
    }
    Ok(Outcome::Done)
}

/// What is asked for.
struct Export<'a> {
    to: &'a Path,
    kind: &'a str,
    origin: Option<&'a str>,
    files: Option<lampion_library::following::Files>,
    json: bool,
}

async fn export_feed(node: &Node, feeds: &Feeds, asked: Export<'_>) -> anyhow::Result<Outcome> {
    let Export {
        to,
        kind,
        origin,
        files,
        json,
    } = asked;
    let feed = match origin {
        Some(origin) => feeds.find(origin).await?,
        None => {
            feeds.sign(kind).await?;
            feeds.own(kind).await?
        }
    };
    let Some(feed) = feed else {
        match origin {
            Some(origin) => eprintln!("lampion: there is no feed `{origin}` here"),
            None => eprintln!("lampion: nothing of kind `{kind}` has been published here yet"),
        }
        return Ok(Outcome::NotFound);
    };
    let done = feeds.export(&feed.origin, to).await?;
    // Whoever follows the folder finds the key beside it, to be compared.
    feed_mirror::keep_key(to, &feed.vkey)?;
    if let Some(rule) = files {
        let done = node.library.export_files(&feed.origin, to, rule).await?;
        if !json {
            say!(
                "files of records: {} written, {} kept, {} removed, {} not here",
                done.written,
                done.kept,
                done.removed,
                done.missing
            );
        }
    }
    if json {
        say!(
            "{}",
            serde_json::json!({ "origin": feed.origin, "size": done.size, "written": done.written, "kept": done.kept, "removed": done.removed })
        );
    } else {
        say!(
            "{}: {} entries; {} files written, {} kept, {} removed",
            to.display(),
            done.size,
            done.written,
            done.kept,
            done.removed
        );
    }
    Ok(Outcome::Done)
}

async fn rebuild(feeds: &Feeds, kind: &str, json: bool) -> anyhow::Result<Outcome> {
    let mut same = true;
    let mut found = false;
    for feed in feeds
        .list()
        .await?
        .into_iter()
        .filter(|feed| feed.kind == kind)
    {
        found = true;
        let done = feeds.rebuild(&feed.origin).await?;
        same &= done.projection_same && done.objects_same;
        if json {
            say!(
                "{}",
                serde_json::json!({ "origin": feed.origin, "entries": done.entries, "same": done.projection_same && done.objects_same })
            );
        } else {
            let word = if done.projection_same && done.objects_same {
                "the tables were as the feed says"
            } else {
                "the tables were NOT as the feed says; they are now"
            };
            say!("{}: {} entries; {word}", feed.origin, done.entries);
        }
    }
    if !found {
        eprintln!("lampion: no feed of kind `{kind}` is here");
        return Ok(Outcome::NotFound);
    }
    Ok(if same { Outcome::Done } else { Outcome::Partly })
}

async fn status(feeds: &Feeds, json: bool) -> anyhow::Result<Outcome> {
    let mut sick = false;
    for kind in feeds.kinds() {
        let advice = advice(kind, feeds.status(kind).await?);
        sick |= advice.is_some();
        let feed = feeds.own(kind).await?;
        let size = feed.as_ref().map_or(0, |feed| feed.size);
        let origin = feeds.verifier(kind).await?.name().to_string();
        if json {
            say!(
                "{}",
                serde_json::json!({ "kind": kind, "origin": origin, "own": true, "size": size, "ready": advice.is_none(), "problem": advice })
            );
        } else {
            say!(
                "{origin}: {size} entries; {}",
                advice.as_deref().unwrap_or("ready")
            );
        }
    }
    for feed in feeds.list().await?.into_iter().filter(|feed| !feed.own) {
        if json {
            say!(
                "{}",
                serde_json::json!({ "kind": feed.kind, "origin": feed.origin, "own": false, "size": feed.size })
            );
        } else {
            say!("{}: {} entries; a mirror", feed.origin, feed.size);
        }
    }
    if sick {
        bail!("nothing can be published until that is mended");
    }
    Ok(Outcome::Done)
}

/// The tree's nodes out of a folder's tiles.
struct TileFiles<'a> {
    source: &'a verify::Folder,
    size: u64,
    last: Mutex<Option<(u8, u64, Vec<u8>)>>,
}

impl Nodes for TileFiles<'_> {
    fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let (tile_level, within) = (u8::try_from(level / 8).ok()?, level % 8);
        let first = index.checked_shl(within)?;
        let (n, place) = (first / limits::TILE_WIDTH, first % limits::TILE_WIDTH);
        let mut last = self.last.lock().ok()?;
        if last
            .as_ref()
            .is_none_or(|(level, at, _)| (*level, *at) != (tile_level, n))
        {
            let below = self.size >> (8 * u32::from(tile_level));
            let width = tile::bundle_width(n, below);
            let path = tile::path(Resource::Hashes(tile_level), n, width);
            *last = Some((tile_level, n, read(self.source, &path).ok()??));
        }
        let (_, _, hashes) = last.as_ref()?;
        let from = usize::try_from(place).ok()? * HASH_LEN;
        merkle::complete_root(hashes.get(from..from + (HASH_LEN << within))?)
    }
}

fn read(source: &verify::Folder, path: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(mut file) = source.open(path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.by_ref()
        .take(FETCH_LIMIT as u64)
        .read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Entries of one bundle of a folder with the bodies that are there, from `start` on.
fn delta(source: &verify::Folder, note: &[u8], size: u64, start: u64) -> anyhow::Result<Delta> {
    let n = start / limits::TILE_WIDTH;
    let width = tile::bundle_width(n, size);
    let path = tile::path(Resource::Entries, n, width);
    let bundle = read(source, &path)?.with_context(|| format!("{path} is missing"))?;
    let skip = usize::try_from(start % limits::TILE_WIDTH)?;
    let entries: Vec<Vec<u8>> = tile::parse_bundle(&bundle)?
        .into_iter()
        .skip(skip)
        .map(<[u8]>::to_vec)
        .collect();
    let mut bodies = vec![None; entries.len()];
    if let Some(packed) = read(source, &tile::path(Resource::Bodies, n, 0))? {
        let mut from = io::Cursor::new(packed);
        pack::read_head(&mut from)?;
        let (mut after, mut body) = (None, Vec::new());
        while let Some((place, salt)) = pack::read_body(&mut from, after, &mut body)? {
            after = Some(place);
            let slot = usize::from(place).checked_sub(skip);
            if let Some(slot) = slot.and_then(|slot| bodies.get_mut(slot)) {
                *slot = Some((salt, body.clone()));
            }
        }
    }
    let end = start + entries.len() as u64;
    let nodes = TileFiles {
        source,
        size,
        last: Mutex::default(),
    };
    let proof = if end == size {
        Vec::new()
    } else {
        merkle::prove_consistency(end, size, &nodes).context("a tile is missing")?
    };
    Ok(Delta {
        start,
        entries,
        bodies,
        checkpoint: note.to_vec(),
        proof,
    })
}

async fn recover(
    feeds: &Feeds,
    from: &Path,
    kind: &str,
    drop_unsigned: bool,
) -> anyhow::Result<Outcome> {
    let source = verify::Folder(from.to_path_buf());
    let key = feeds.verifier(kind).await?;
    let verified = tokio::task::spawn_blocking({
        let (source, key) = (source.clone(), key.clone());
        move || verify::verify(&source, &key, true)
    })
    .await?
    .with_context(|| format!("{} is no whole copy of this node's feed", from.display()))?;
    let note = read(&source, "checkpoint")?.context("the checkpoint is missing")?;
    feeds.observe(&note, &key).await?;
    match feeds.status(kind).await? {
        Status::Forked { signed } if !drop_unsigned => bail!(
            "the database holds other entries than the {signed} that were signed: look at them first (`lampion feed export`), \
             then call again with --drop-unsigned to lose them"
        ),
        Status::Forked { .. } => {
            let dropped = feeds.rewind(kind).await?;
            say!("{dropped} entries that were not those signed are dropped");
        }
        _ => {}
    }
    let size = verified.checkpoint.size;
    let mut at = feeds.own(kind).await?.map_or(0, |feed| feed.size);
    let before = at;
    // Ends: each step takes at least one entry more.
    while at < size {
        let next = delta(&source, &note, size, at)?;
        let taken = feeds.mirror(&key, kind, &next).await?.size;
        if taken <= at {
            bail!("nothing more could be taken after entry {at}");
        }
        at = taken;
    }
    if feeds.status(kind).await? == Status::MarkLost {
        feeds.accept(kind).await?;
    }
    feeds.sign(kind).await?;
    say!(
        "{} entries came back; the feed has {at}",
        at.saturating_sub(before)
    );
    match advice(kind, feeds.status(kind).await?) {
        None => Ok(Outcome::Done),
        Some(advice) => bail!("this copy is too old: {advice}"),
    }
}
