//! Whatever happens in whatever order, each checkpoint that anybody saw is the beginning of the next, and projections are
//! what the feed says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use common::{
    KIND, NODE, Node, ORIGIN, append, catch_up, many, nodes, open, pairs, publish, withdraw,
};
use lampion_core::{ManualClock, Rng, SystemRng};
use lampion_db::Db;
use lampion_feed::checkpoint::Checkpoint;
use lampion_feed::entry::Entry;
use lampion_feed::fuzz;
use lampion_feed::merkle::Hash;
use lampion_feed::merkle::verify_consistency;
use lampion_feed::note::Note;
use lampion_feed::{Body, Delta, Draft, FeedError, Status};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Publish(Vec<u8>),
    Withdraw(u8),
    /// A transaction that doesn't come to its end.
    Crash(Vec<u8>),
    Sign,
    Reopen,
    /// The mirror is sent some entries, from before what it has on, with bodies or without.
    Mirror {
        back: u8,
        count: u8,
        bodies: bool,
    },
    /// Bodies that were not sent come later.
    Supply,
    /// Somebody bends what the mirror is sent.
    Bent(Bend, prop::sample::Index),
}

/// What somebody on the way may do to a delta.
#[derive(Debug, Clone, Copy)]
enum Bend {
    /// Another byte in an entry.
    Forge,
    /// Two entries change places.
    Reorder,
    /// One is left out.
    Leave,
    /// One comes twice.
    Repeat,
    /// The last is cut off.
    Cut,
    /// Another byte in a body.
    Body,
    /// Another byte in the author's checkpoint.
    Checkpoint,
    /// Another history, with the author's checkpoint.
    Fork,
}

fn bend() -> impl Strategy<Value = Bend> {
    prop::sample::select(vec![
        Bend::Forge,
        Bend::Reorder,
        Bend::Leave,
        Bend::Repeat,
        Bend::Cut,
        Bend::Body,
        Bend::Checkpoint,
        Bend::Fork,
    ])
}

impl Bend {
    /// Bends a delta; false if there is nothing to be bent so.
    fn apply(self, delta: &mut Delta, at: prop::sample::Index) -> bool {
        let count = delta.entries.len();
        let place = at.index(count);
        match self {
            Self::Forge => {
                let byte = at.index(delta.entries[place].len());
                delta.entries[place][byte] ^= 1;
            }
            Self::Reorder => {
                if count < 2 {
                    return false;
                }
                let other = (place + 1) % count;
                delta.entries.swap(place, other);
                delta.bodies.swap(place, other);
            }
            Self::Leave => {
                delta.entries.remove(place);
                delta.bodies.remove(place);
            }
            Self::Repeat => {
                delta.entries.insert(place, delta.entries[place].clone());
                delta.bodies.insert(place, delta.bodies[place].clone());
            }
            Self::Cut => {
                delta.entries.pop();
                delta.bodies.pop();
            }
            Self::Body => {
                let Some((salt, body)) = delta.bodies.iter_mut().flatten().next() else {
                    return false;
                };
                match body.last_mut() {
                    Some(byte) => *byte ^= 1,
                    None => salt[0] ^= 1,
                }
            }
            Self::Checkpoint => {
                let byte = at.index(delta.checkpoint.len());
                delta.checkpoint[byte] ^= 1;
            }
            Self::Fork => {
                let entry = Entry::Acknowledge(lampion_feed::entry::Acknowledge {
                    origin: "other/feed/library".into(),
                    index: 1,
                    by: "other".into(),
                    time: 1,
                });
                delta.entries[place] = entry.encode().unwrap();
                delta.bodies[place] = None;
            }
        }
        true
    }
}

fn step() -> impl Strategy<Value = Step> {
    let objects = || prop::collection::vec(0u8..40, 1..60);
    prop_oneof![
        4 => objects().prop_map(Step::Publish),
        2 => (0u8..40).prop_map(Step::Withdraw),
        1 => objects().prop_map(Step::Crash),
        2 => Just(Step::Sign),
        1 => Just(Step::Reopen),
        2 => (0u8..50, 1u8..200, any::<bool>())
            .prop_map(|(back, count, bodies)| Step::Mirror { back, count, bodies }),
        1 => Just(Step::Supply),
        3 => (bend(), any::<prop::sample::Index>()).prop_map(|(bend, at)| Step::Bent(bend, at)),
    ]
}

fn drafts(objects: &[u8], gone: &BTreeSet<u8>) -> Vec<Draft> {
    objects
        .iter()
        .filter(|object| !gone.contains(object))
        .map(|object| publish(&object.to_string(), &format!("{object} in {objects:?}")))
        .collect()
}

/// Entries that the mirror has.
async fn held(mirror: &Node) -> Option<(u64, Hash)> {
    let feed = mirror.feeds.find(ORIGIN).await.unwrap()?;
    Some((feed.size, feed.root))
}

/// Sends some entries, beginning `back` before what the mirror lacks.
async fn send(author: &Node, mirror: &Node, back: u64, count: usize, bodies: bool) {
    if author.feeds.own(KIND).await.unwrap().is_none() {
        return;
    }
    let key = author.feeds.verifier(KIND).await.unwrap();
    let size = held(mirror).await.map_or(0, |(size, _)| size);
    let start = size.saturating_sub(back);
    let delta = author.feeds.delta(ORIGIN, start, count, bodies).await;
    if let Some(delta) = delta.unwrap() {
        let end = start + delta.entries.len() as u64;
        let mirrored = mirror.feeds.mirror(&key, KIND, &delta).await.unwrap();
        assert_eq!(mirrored.size, end.max(size));
    }
}

/// Sends bodies that the mirror lacks.
async fn supply(author: &Node, mirror: &Node) {
    let mut from = 0;
    let mut found = Vec::new();
    loop {
        let Ok(records) = mirror.feeds.entries(ORIGIN, from, 500).await else {
            return;
        };
        let Some(last) = records.last() else { break };
        from = last.index + 1;
        for record in &records {
            let index = record.index;
            if record.body == Body::Missing
                && let Some(own) = author.feeds.entry(ORIGIN, index).await.unwrap()
                && let Body::Here { salt, bytes } = own.body
            {
                found.push((index, salt, bytes));
            }
        }
    }
    mirror.feeds.supply(ORIGIN, &found).await.unwrap();
}

/// What was bent on the way is refused, and nothing of it is kept.
async fn bent(author: &Node, mirror: &Node, bend: Bend, at: prop::sample::Index) {
    let before = held(mirror).await;
    let size = before.map_or(0, |(size, _)| size);
    if author.feeds.own(KIND).await.unwrap().is_none() {
        return;
    }
    let key = author.feeds.verifier(KIND).await.unwrap();
    let Some(good) = author.feeds.delta(ORIGIN, size, 60, true).await.unwrap() else {
        return;
    };
    let mut bad = good.clone();
    if good.entries.is_empty() || !bend.apply(&mut bad, at) {
        return;
    }
    let shelf = match before {
        Some(_) => mirror.shelf(ORIGIN).await,
        None => Vec::new(),
    };
    let refused = mirror.feeds.mirror(&key, KIND, &bad).await;
    let whole = matches!(
        refused,
        Err(FeedError::RootMismatch { .. }
            | FeedError::Entry { .. }
            | FeedError::BadDelta(_)
            | FeedError::Checkpoint(_))
    );
    assert!(whole, "{bend:?}: {refused:?}");
    let after = held(mirror).await;
    assert_eq!(
        after.map_or(0, |(size, _)| size),
        size,
        "{bend:?} left entries"
    );
    if before.is_some() {
        assert_eq!(after, before);
        assert_eq!(mirror.shelf(ORIGIN).await, shelf);
    }
    let mirrored = mirror.feeds.mirror(&key, KIND, &good).await.unwrap();
    assert_eq!(mirrored.size, size + good.entries.len() as u64);
}

async fn run(author: &mut Node, mirror: &Node, steps: Vec<Step>) {
    let (mut live, mut gone) = (BTreeSet::new(), BTreeSet::new());
    let mut seen: Vec<Checkpoint> = Vec::new();
    for step in steps {
        match step {
            Step::Publish(objects) => {
                author.append(&drafts(&objects, &gone)).await;
                live.extend(objects.into_iter().filter(|object| !gone.contains(object)));
            }
            Step::Withdraw(object) => {
                let done = author.try_append(&[withdraw(&object.to_string())]).await;
                assert_eq!(done.is_ok(), live.remove(&object), "{done:?}");
                if done.is_ok() {
                    gone.insert(object);
                }
            }
            Step::Crash(objects) => {
                let mut tx = author.database.db().begin().await.unwrap();
                author
                    .feeds
                    .append(&mut tx, KIND, &drafts(&objects, &gone))
                    .await
                    .unwrap();
                drop(tx);
            }
            Step::Sign => seen.extend(
                author
                    .feeds
                    .sign(KIND)
                    .await
                    .unwrap()
                    .map(|signed| signed.checkpoint),
            ),
            Step::Reopen => author.feeds = author.reopened().await,
            Step::Mirror {
                back,
                count,
                bodies,
            } => send(author, mirror, u64::from(back), usize::from(count), bodies).await,
            Step::Supply => supply(author, mirror).await,
            Step::Bent(bend, at) => bent(author, mirror, bend, at).await,
        }
    }
    if author
        .feeds
        .own(KIND)
        .await
        .unwrap()
        .is_none_or(|feed| feed.size == 0)
    {
        return;
    }
    seen.push(author.sign().await.checkpoint);
    for pair in seen.windows(2) {
        let [old, new] = pair else { unreachable!() };
        let proof = author
            .feeds
            .consistency_proof(ORIGIN, old.size, new.size)
            .await
            .unwrap();
        assert!(verify_consistency(
            (old.size, &old.root),
            (new.size, &new.root),
            &proof
        ));
    }
    let shelf = author.shelf(ORIGIN).await;
    let shown: BTreeSet<u8> = shelf.iter().map(|row| row.1.parse().unwrap()).collect();
    assert_eq!(shown, live);
    author.rebuilds_to_the_same(ORIGIN).await;
    catch_up(author, mirror, 500, true).await.unwrap();
    supply(author, mirror).await;
    assert_eq!(mirror.shelf(ORIGIN).await, shelf);
    mirror.rebuilds_to_the_same(ORIGIN).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_keeps_one_history(steps in prop::collection::vec(step(), 1..30)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for (mut author, mirror) in pairs("random").await {
                run(&mut author, &mirror, steps.clone()).await;
            }
        });
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(data in prop::collection::vec(any::<u8>(), 0..600)) {
        every_reader(&data);
    }

    #[test]
    fn nor_do_bytes_that_are_nearly_right(seed in 0usize..5, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut data = seeds().swap_remove(seed);
        let at = at.index(data.len());
        if cut {
            data.truncate(at);
        } else {
            data[at] = byte;
        }
        every_reader(&data);
    }
}

fn every_reader(data: &[u8]) {
    fuzz::fuzz_note(data);
    fuzz::fuzz_checkpoint(data);
    fuzz::fuzz_entry(data);
    fuzz::fuzz_bundle(data);
    fuzz::fuzz_snapshot(data);
}

/// One good input for each reader.
fn seeds() -> Vec<Vec<u8>> {
    use lampion_feed::edge::Edge;
    use lampion_feed::entry::{Commitment, Entry, Publish};
    use lampion_feed::snapshot::{SnapshotHead, write_end, write_head, write_record};
    let entry = Entry::Publish(Publish {
        collection: "catalogue".into(),
        object: "b1".into(),
        supersedes: Some(3),
        expires: Some(9),
        time: 1,
        body: Commitment::to(&[1; 16], b"body").unwrap(),
    });
    let raw = entry.encode().unwrap();
    let mut bundle = Vec::new();
    let mut edge = Edge::default();
    for _ in 0..5 {
        lampion_feed::tile::push_entry(&mut bundle, &raw);
        edge.push(lampion_feed::merkle::leaf_hash(&raw), &mut Vec::new());
    }
    let checkpoint = Checkpoint::new(ORIGIN, 5, edge.root())
        .to_string()
        .into_bytes();
    let note = b"text\n\n\xe2\x80\x94 a AAAAAAAA\n".to_vec();
    let mut snapshot = Vec::new();
    let head = SnapshotHead {
        origin: ORIGIN.into(),
        edge,
        bundle: bundle.clone(),
    };
    write_head(&mut snapshot, &head);
    write_record(&mut snapshot, 4, &raw, Some((&[1; 16], b"body")));
    write_end(&mut snapshot, 1);
    let seeds = vec![note, checkpoint, raw, bundle, snapshot];
    // They are good: a reader that refuses everything would make the test say nothing.
    assert!(Note::parse(&seeds[0]).is_ok());
    assert!(Entry::decode(&seeds[2]).is_ok());
    let mut reader = lampion_feed::snapshot::SnapshotReader::new(seeds[4].as_slice()).unwrap();
    assert!(reader.record().unwrap().is_some());
    assert!(reader.record().unwrap().is_none());
    seeds
}

/// Where the child finds its database: data folder and address.
const CHILD_FOLDER: &str = "LAMPION_FEED_TEST_FOLDER";
const CHILD_DATABASE: &str = "LAMPION_FEED_TEST_DATABASE";

/// The child of the test below: appends, withdraws and signs until it is killed; tells each checkpoint in one line, after
/// it was signed.
async fn write_until_killed(folder: &Path, database: &str) {
    let db = Db::open(database, folder).await.unwrap();
    let feeds = open(
        db.clone(),
        Arc::new(ManualClock::new(0)),
        &folder.join("node/feeds"),
        NODE,
    )
    .await
    .unwrap();
    for n in 0u64.. {
        let mut id = [0; 6];
        SystemRng.fill(&mut id);
        let prefix = format!("{id:?}-");
        append(&feeds, &db, &many(&prefix, 1 + usize::from(id[0]) % 40))
            .await
            .unwrap();
        if n % 3 == 1 {
            append(&feeds, &db, &[withdraw(&format!("{prefix}0"))])
                .await
                .unwrap();
        }
        let signed = feeds.sign(KIND).await.unwrap().unwrap().checkpoint;
        println!("signed {} {}", signed.size, signed.root);
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_at_any_moment_goes_on_with_the_same_history() {
    if let (Ok(folder), Ok(database)) = (std::env::var(CHILD_FOLDER), std::env::var(CHILD_DATABASE))
    {
        return write_until_killed(Path::new(&folder), &database).await;
    }
    for node in nodes("killed").await {
        let mut seen = Vec::new();
        for round in 0..8u32 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "a_node_that_is_killed_at_any_moment_goes_on_with_the_same_history",
                    "--nocapture",
                ])
                .env(CHILD_FOLDER, node.database.folder())
                .env(CHILD_DATABASE, &node.database.url)
                .stdout(Stdio::piped())
                .stderr(Stdio::inherit())
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut chance = [0; 2];
            SystemRng.fill(&mut chance);
            // So many checkpoints, then a moment that falls anywhere into the work after.
            let wanted = seen.len() + 1 + usize::from(chance[0]) % 4;
            while seen.len() < wanted {
                let line = lines.next().unwrap().unwrap();
                let parts: Vec<&str> = line.split(' ').collect();
                if let ["signed", size, root] = parts.as_slice() {
                    seen.push((size.parse::<u64>().unwrap(), root.to_string()));
                }
            }
            for _ in 0..u32::from(chance[1]) * 400 {
                std::hint::spin_loop();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            // Checkpoints that were on their way out when it was killed were signed too.
            for line in lines.map_while(Result::ok) {
                if let ["signed", size, root] = line.split(' ').collect::<Vec<_>>().as_slice() {
                    seen.push((size.parse().unwrap(), root.to_string()));
                }
            }
            let feeds = node.reopened().await;
            assert_eq!(
                feeds.status(KIND).await.unwrap(),
                Status::Ready,
                "round {round}"
            );
            let signed = feeds.sign(KIND).await.unwrap().unwrap().checkpoint;
            seen.push((signed.size, signed.root.to_string()));
        }
        assert!(seen.is_sorted_by_key(|(size, _)| *size));
        for (size, root) in &seen {
            assert_eq!(
                node.feeds.root(ORIGIN, *size).await.unwrap().to_string(),
                *root,
                "at {size}"
            );
        }
        node.rebuilds_to_the_same(ORIGIN).await;
        let folder = node.database.folder().join("export");
        node.feeds.export(ORIGIN, &folder).await.unwrap();
        let key = node.feeds.verifier(KIND).await.unwrap();
        lampion_feed::verify::verify(&lampion_feed::verify::Folder(folder), &key, true).unwrap();
    }
}
