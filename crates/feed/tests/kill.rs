//! `kill -9` at each write: whichever it is, every checkpoint that anybody saw is the beginning of the next, and projections
//! are what the feed says.
//!
//! A child goes through a script on an author and a mirror of it; it is killed before its first write, before its second, and
//! so on, or halfway through it. `./test` tries some by chance (`LAMPION_SEED`, printed); `LAMPION_KILLS=all` all of them
//! (a number instead of `all`: from that write on).
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;
#[path = "common/tracer.rs"]
mod tracer;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use common::{KIND, NODE, ORIGIN, append, many, migrate, open, publish, withdraw};
use lampion_core::{ManualClock, Rng as _, SystemRng};
use lampion_db::Db;
use lampion_db::testing;
use lampion_feed::merkle::verify_consistency;
use lampion_feed::{FeedError, Feeds, Status, verify};
use tracer::{Watched, When, Writes};

/// What the child is told: folder, address of the author's database, of the mirror's, a name for its objects.
const CHILD: &str = "LAMPION_KILL_TEST";
const MIRROR: &str = "dale.internal";
/// Points that are tried by chance, on SQLite and on PostgreSQL.
const BY_CHANCE: [u64; 2] = [40, 12];
/// Kills after which a new database is begun where they go on in the same: rebuilding takes longer and longer.
const KILLS_OF_ONE: u64 = 20;

struct Pair {
    db: Db,
    author: Feeds,
    mirror: Feeds,
}

/// Where everything is.
#[derive(Clone)]
struct Place {
    folder: PathBuf,
    author: String,
    mirror: String,
}

impl Place {
    async fn databases(&self) -> (Db, Db) {
        let (one, two) = (self.folder.join("author"), self.folder.join("mirror"));
        for folder in [&one, &two] {
            std::fs::create_dir_all(folder).unwrap();
        }
        (
            Db::open(&self.author, &one).await.unwrap(),
            Db::open(&self.mirror, &two).await.unwrap(),
        )
    }

    async fn open(&self) -> Result<Pair, FeedError> {
        let (db, other) = self.databases().await;
        let clock = || Arc::new(ManualClock::new(common::NOW_MS));
        let keys = |name: &str| self.folder.join(name).join("node/feeds");
        Ok(Pair {
            author: open(db.clone(), clock(), &keys("author"), NODE).await?,
            mirror: open(other, clock(), &keys("mirror"), MIRROR).await?,
            db,
        })
    }
}

async fn follow(pair: &Pair, step: usize) -> Result<(), FeedError> {
    let key = pair.author.verifier(KIND).await?;
    let known = pair.mirror.find(ORIGIN).await?;
    let mut size = known.map_or(0, |feed| feed.size);
    while let Some(delta) = pair.author.delta(ORIGIN, size, step, true).await? {
        size = pair.mirror.mirror(&key, KIND, &delta).await?.size;
    }
    Ok(())
}

async fn sign_and_tell(feeds: &Feeds) -> Result<(), FeedError> {
    if let Some(signed) = feeds.sign(KIND).await? {
        let mut out = std::io::stdout();
        writeln!(
            out,
            "signed {} {}",
            signed.checkpoint.size, signed.checkpoint.root
        )
        .unwrap();
        out.flush().unwrap();
    }
    Ok(())
}

/// What the child does.
async fn script(place: &Place, name: &str) -> Result<(), FeedError> {
    let pair = place.open().await?;
    let (feeds, db) = (&pair.author, &pair.db);
    append(feeds, db, &many(&format!("{name}-a"), 5)).await?;
    sign_and_tell(feeds).await?;
    // Over the end of a bundle.
    append(feeds, db, &many(&format!("{name}-b"), 270)).await?;
    append(feeds, db, &[withdraw(&format!("{name}-a0"))]).await?;
    sign_and_tell(feeds).await?;
    follow(&pair, 120).await?;
    let both = [
        publish(&format!("{name}-a1"), "another version"),
        withdraw(&format!("{name}-b3")),
    ];
    append(feeds, db, &both).await?;
    sign_and_tell(feeds).await?;
    feeds.scrub().await?;
    feeds.export(ORIGIN, &place.folder.join("export")).await?;
    append(feeds, db, &[withdraw(&format!("{name}-a1"))]).await?;
    feeds
        .snapshot(KIND, &place.folder.join("snapshots"))
        .await?;
    append(feeds, db, &many(&format!("{name}-c"), 2)).await?;
    sign_and_tell(feeds).await?;
    follow(&pair, 120).await?;
    feeds.export(ORIGIN, &place.folder.join("export")).await?;
    Ok(())
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// Runs the script in a child, and kills it.
fn child(place: &Place, name: &str, when: When, sockets: bool) -> Watched {
    let what = if sockets {
        Writes::Sockets
    } else {
        Writes::Files(place.folder.canonicalize().unwrap())
    };
    let told = [
        place.folder.to_str().unwrap(),
        &place.author,
        &place.mirror,
        name,
    ]
    .join("\n");
    let watched = std::thread::spawn(move || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "the_script_of_the_child", "--nocapture"])
            .env(CHILD, told);
        tracer::run(&mut command, what, when)
    });
    watched.join().unwrap().unwrap()
}

/// What was signed, in the order in which it was.
type Seen = Vec<(u64, String)>;

fn read(told: &str, seen: &mut Seen) {
    for line in told.lines() {
        if let ["signed", size, root] = line.split(' ').collect::<Vec<_>>().as_slice() {
            seen.push((size.parse().unwrap(), (*root).to_string()));
        }
    }
}

/// Everything that must hold after a kill; then the work goes on.
async fn holds(place: &Place, seen: &mut Seen, name: &str) {
    let pair = place.open().await.unwrap();
    let (feeds, db) = (&pair.author, &pair.db);
    assert_eq!(feeds.status(KIND).await.unwrap(), Status::Ready);
    append(feeds, db, &many(&format!("{name}-after"), 1))
        .await
        .unwrap();
    let signed = feeds.sign(KIND).await.unwrap().unwrap().checkpoint;
    seen.push((signed.size, signed.root.to_string()));
    assert!(seen.is_sorted_by_key(|(size, _)| *size), "{seen:?}");
    for pair in seen.windows(2) {
        let [(old, old_root), (new, new_root)] = pair else {
            unreachable!()
        };
        let (one, two) = (
            feeds.root(ORIGIN, *old).await.unwrap(),
            feeds.root(ORIGIN, *new).await.unwrap(),
        );
        assert_eq!(one.to_string(), *old_root, "at {old}");
        assert_eq!(two.to_string(), *new_root, "at {new}");
        let proof = feeds.consistency_proof(ORIGIN, *old, *new).await.unwrap();
        assert!(verify_consistency((*old, &one), (*new, &two), &proof));
    }
    let rebuilt = feeds.rebuild(ORIGIN).await.unwrap();
    assert!(rebuilt.projection_same && rebuilt.objects_same);
    if let Some(there) = pair.mirror.find(ORIGIN).await.unwrap() {
        assert_eq!(
            there.root,
            feeds.root(ORIGIN, there.size).await.unwrap(),
            "the mirror's {} entries are the author's",
            there.size
        );
        let rebuilt = pair.mirror.rebuild(ORIGIN).await.unwrap();
        assert!(rebuilt.projection_same && rebuilt.objects_same);
    }
    follow(&pair, 500).await.unwrap();
    let there = pair.mirror.find(ORIGIN).await.unwrap().unwrap();
    assert_eq!((there.size, there.root), (signed.size, signed.root));
    let rebuilt = pair.mirror.rebuild(ORIGIN).await.unwrap();
    assert!(rebuilt.projection_same && rebuilt.objects_same);
    let export = place.folder.join("export");
    feeds.export(ORIGIN, &export).await.unwrap();
    let key = feeds.verifier(KIND).await.unwrap();
    verify::verify(&verify::Folder(export), &key, true).unwrap();
    let snapshots = place.folder.join("snapshots");
    feeds.snapshot(KIND, &snapshots).await.unwrap();
    db.close().await;
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap().flatten() {
        let into = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &into);
        } else {
            std::fs::copy(entry.path(), into).unwrap();
        }
    }
}

/// The points to try of `writes`: all, or some by chance, and each before or halfway.
fn points(writes: u64, count: u64) -> Vec<When> {
    if let Ok(kills) = std::env::var("LAMPION_KILLS") {
        let both = |n| [When::Before(n), When::Halfway(n)];
        let from = kills.parse().unwrap_or(1);
        return (from..=writes).flat_map(both).collect();
    }
    let mut seed = [0; 8];
    SystemRng.fill(&mut seed);
    let told = std::env::var("LAMPION_SEED").ok();
    let mut state = told
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| u64::from_le_bytes(seed) >> 16);
    println!("{count} of {writes} writes by chance, LAMPION_SEED={state}");
    let mut next = || {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    // One out of each stretch, so that no part of the script is passed over.
    (0..count)
        .map(|k| {
            let (from, to) = (writes * k / count, writes * (k + 1) / count);
            let n = from + 1 + next() % (to - from).max(1);
            if next() % 3 == 0 {
                When::Halfway(n)
            } else {
                When::Before(n)
            }
        })
        .collect()
}

#[test]
fn the_script_of_the_child() {
    let Ok(told) = std::env::var(CHILD) else {
        return;
    };
    let mut words = told.lines().map(ToString::to_string);
    let mut word = || words.next().unwrap();
    let place = Place {
        folder: word().into(),
        author: word(),
        mirror: word(),
    };
    println!("waiting");
    std::io::stdout().flush().unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
    runtime().block_on(script(&place, &word())).unwrap();
}

#[test]
fn a_kill_at_any_write_of_the_files_leaves_one_history() {
    if let Some(why) = tracer::hindrance() {
        println!("skipped: programs can't be watched here: {why}");
        return;
    }
    let runtime = runtime();
    let base = tempfile::tempdir().unwrap();
    let at = |name: &str| Place {
        folder: base.path().join(name),
        author: "sqlite".into(),
        mirror: "sqlite".into(),
    };
    let empty = at("empty");
    runtime.block_on(async {
        let (one, two) = empty.databases().await;
        migrate(&one).await;
        migrate(&two).await;
        one.close().await;
        two.close().await;
    });
    let fresh = |name: &str| {
        let place = at(name);
        copy(&empty.folder, &place.folder);
        place
    };
    let whole = child(&fresh("whole"), "w", When::Never, false);
    assert!(!whole.killed && whole.writes > 100, "{whole:?}");
    for (n, when) in points(whole.writes, BY_CHANCE[0]).into_iter().enumerate() {
        let place = fresh(&format!("n{n}"));
        let watched = child(&place, "k", when, false);
        println!(
            "{when:?}: {}",
            if watched.killed {
                &watched.at
            } else {
                "came to its end"
            }
        );
        let mut seen = Seen::new();
        read(&watched.told, &mut seen);
        runtime.block_on(holds(&place, &mut seen, "k"));
        std::fs::remove_dir_all(&place.folder).unwrap();
    }
}

#[test]
fn a_kill_at_any_message_to_the_server_leaves_one_history() {
    if let Some(why) = tracer::hindrance() {
        println!("skipped: programs can't be watched here: {why}");
        return;
    }
    let runtime = runtime();
    let fresh = || {
        runtime.block_on(async {
            let author = testing::new_postgres("kill").await?;
            let mirror = testing::new_postgres("kill_mirror").await?;
            let folder = tempfile::tempdir().unwrap();
            let place = Place {
                folder: folder.path().into(),
                author,
                mirror,
            };
            let (one, two) = place.databases().await;
            migrate(&one).await;
            migrate(&two).await;
            one.close().await;
            two.close().await;
            Some((folder, place, Seen::new()))
        })
    };
    let Some((mut folder, mut place, mut seen)) = fresh() else {
        return;
    };
    let whole = child(&place, "w", When::Never, true);
    assert!(!whole.killed && whole.writes > 50, "{whole:?}");
    read(&whole.told, &mut seen);
    for (n, when) in (0u64..).zip(points(whole.writes, BY_CHANCE[1])) {
        if n % KILLS_OF_ONE == KILLS_OF_ONE - 1 {
            (folder, place, seen) = fresh().unwrap();
        }
        let name = format!("k{n}");
        let watched = child(&place, &name, when, true);
        println!(
            "{when:?}: {}",
            if watched.killed {
                &watched.at
            } else {
                "came to its end"
            }
        );
        read(&watched.told, &mut seen);
        runtime.block_on(holds(&place, &mut seen, &name));
    }
    drop(folder);
}
