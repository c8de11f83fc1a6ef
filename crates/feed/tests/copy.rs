//! Mirrors in folders: what is fetched, what is refused, and what a cut costs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{
    KIND, NODE, Node, ORIGIN, append, catch_up, many, nodes, open, pairs, publish, withdraw,
};
use lampion_core::SystemRng;
use lampion_feed::Feeds;
use lampion_feed::copy::{Copied, Copy, CopyError, copy};
use lampion_feed::note::{Note, VerifierKey};
use lampion_feed::verify::{Bytes, Folder, Source, Verified, VerifyError, verify};

/// A folder that counts what is asked of it, and is away after a while.
struct Counting {
    folder: Folder,
    asked: Mutex<Vec<String>>,
    left: AtomicUsize,
}

impl Counting {
    fn new(folder: &Path) -> Self {
        Self {
            folder: Folder(folder.to_path_buf()),
            asked: Mutex::default(),
            left: AtomicUsize::new(usize::MAX),
        }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

impl Source for Counting {
    fn open(&self, path: &str) -> io::Result<Option<Bytes>> {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 {
            return Err(io::Error::other("the line is cut"));
        }
        self.left.store(left - 1, Ordering::Relaxed);
        self.asked.lock().unwrap().push(path.to_string());
        self.folder.open(path)
    }
}

fn take(
    source: &dyn Source,
    folder: &Path,
    feeds: &Feeds,
    key: &VerifierKey,
) -> Result<Copied, CopyError> {
    copy(&Copy {
        source,
        folder,
        key,
        bodies: true,
        again: false,
        rng: &SystemRng,
        cosign: &|note| feeds.cosign_note(note),
    })
}

fn check(folder: &Path, key: &VerifierKey) -> Result<Verified, VerifyError> {
    verify(&Folder(folder.to_path_buf()), key, true)
}

async fn exported(node: &Node, folder: &str) -> (PathBuf, VerifierKey) {
    node.sign().await;
    let folder = node.database.folder().join(folder);
    node.feeds.export(ORIGIN, &folder).await.unwrap();
    (folder, node.feeds.verifier(KIND).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_fetches_what_is_missing_and_erases_what_was_withdrawn() {
    for (author, mirror) in pairs("copy").await {
        author.append(&many("a", 700)).await;
        author.append(&[publish("a1", "newer")]).await;
        let (from, key) = exported(&author, "export").await;
        let source = Counting::new(&from);
        let to = mirror.database.folder().join("copy");
        let done = take(&source, &to, &mirror.feeds, &key).unwrap();
        assert_eq!(
            (done.checkpoint.size, done.before, done.bodies),
            (701, 0, 701)
        );
        let asked = source.asked();
        assert!(
            asked
                .iter()
                .all(|path| !path.starts_with("tile/0/00") || path.contains(".p/")),
            "tiles of leaves are computed: {asked:?}"
        );
        let verified = check(&to, &key).unwrap();
        assert_eq!((verified.bodies, verified.missing), (701, 0));
        let note = Note::parse(&fs::read(to.join("checkpoint")).unwrap()).unwrap();
        note.verify(&[&key]).unwrap();
        let seen = note.verify(&[mirror.feeds.cosigner()]).unwrap();
        assert_eq!(seen.len(), 1, "cosigned");

        // Nothing new: nothing but the checkpoint and the edge are asked for.
        let done = take(&source, &to, &mirror.feeds, &key).unwrap();
        assert_eq!((done.fetched, done.checkpoint.size), (0, 701));
        assert_eq!(
            source.asked(),
            ["checkpoint", "first", "tile/0/002.p/189", "tile/1/000.p/2"]
                .into_iter()
                .filter(|path| *path != "first")
                .collect::<Vec<_>>()
        );
        let note = Note::parse(&fs::read(to.join("checkpoint")).unwrap()).unwrap();
        assert_eq!(note.signatures().len(), 2, "not cosigned twice");

        author.append(&many("b", 200)).await;
        author.append(&[withdraw("a1"), withdraw("b7")]).await;
        exported(&author, "export").await;
        let done = take(&source, &to, &mirror.feeds, &key).unwrap();
        assert_eq!((done.before, done.checkpoint.size), (701, 903));
        assert_eq!(
            done.erased, 1,
            "the old version of a1; what was fetched anew came without"
        );
        let asked = source.asked();
        assert!(
            !asked.iter().any(|path| path.contains("entries/000")
                || path.contains("entries/001")
                || path.contains("pack/000")),
            "{asked:?}"
        );
        let verified = check(&to, &key).unwrap();
        assert_eq!(
            (verified.withdrawn, verified.erased, verified.missing),
            (2, 3, 0)
        );
        assert!(
            !to.join("tile/entries/002.p").exists(),
            "the partial one is full now"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_costs_nothing_and_leaves_no_checkpoint() {
    for (author, mirror) in pairs("cut_copy").await {
        author.append(&many("a", 2_000)).await;
        let (from, key) = exported(&author, "export").await;
        let to = mirror.database.folder().join("copy");
        let source = Counting::new(&from);
        take(&source, &to, &mirror.feeds, &key).unwrap();
        let whole = source.asked().len();
        fs::remove_dir_all(&to).unwrap();
        let mut asked = 0;
        for cut in 0.. {
            source.left.store(4 + cut, Ordering::Relaxed);
            let done = take(&source, &to, &mirror.feeds, &key);
            asked += source
                .asked()
                .iter()
                .filter(|path| path.contains("entries") || path.starts_with("pack"))
                .count();
            match done {
                Ok(_) => break,
                Err(error) => assert!(error.to_string().contains("the line is cut"), "{error}"),
            }
            assert!(!to.join("checkpoint").exists());
            assert!(cut < 100);
        }
        assert_eq!(
            asked, 16,
            "each bundle and pack came once; all in all {whole} files"
        );
        assert_eq!(check(&to, &key).unwrap().bodies, 2_000);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_is_not_stored() {
    let (author, mirror) = pairs("forged_copy").await.remove(0);
    author.append(&many("a", 1_000)).await;
    let (from, key) = exported(&author, "export").await;
    for (path, wanted) in [
        ("checkpoint", "signed by none"),
        ("tile/1/000.p/3", "their root is"),
        ("tile/0/003.p/232", "their root is"),
        ("tile/entries/001", "entry 256 is not the one"),
        ("tile/entries/003.p/232", "entry 768 is not the one"),
        ("pack/002", "is not the one that it commits to"),
    ] {
        let to = mirror
            .database
            .folder()
            .join("forged")
            .join(path.replace('/', "-"));
        let good = fs::read(from.join(path)).unwrap();
        let mut bent = good.clone();
        // In a bundle the length of an entry stays as it is.
        let at = if path == "checkpoint" {
            28
        } else {
            bent.len() - 1
        };
        bent[at] ^= 1;
        fs::write(from.join(path), &bent).unwrap();
        let refused = take(&Folder(from.clone()), &to, &mirror.feeds, &key).unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains(wanted) || path == "checkpoint",
            "{path}: {said}"
        );
        assert!(!to.join("checkpoint").exists());
        let stored = to.join(path);
        assert!(
            !stored.exists() || fs::read(stored).unwrap() == good,
            "{path}"
        );
        fs::write(from.join(path), &good).unwrap();
        take(&Folder(from.clone()), &to, &mirror.feeds, &key).unwrap();
        check(&to, &key).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_refused_for_good_with_a_proof_that_anybody_can_check() {
    for (author, other) in pairs("fork_copy").await {
        // The same key, in another house, with another history.
        let folder = other.database.folder().join("stolen");
        fs::create_dir_all(&folder).unwrap();
        fs::copy(author.folder.join("feed.key"), folder.join("feed.key")).unwrap();
        let twin = open(
            other.database.db().clone(),
            other.clock.clone(),
            &folder,
            NODE,
        )
        .await
        .unwrap();
        author.append(&many("a", 300)).await;
        let (from, key) = exported(&author, "export").await;
        for (count, larger) in [(300, "300-300"), (500, "300-500"), (200, "200-300")] {
            let to = author.database.folder().join(format!("copy-{count}"));
            take(&Folder(from.clone()), &to, &other.feeds, &key).unwrap();
            let have = twin.own(KIND).await.unwrap().map_or(0, |feed| feed.size);
            if count == 200 {
                continue;
            }
            append(
                &twin,
                other.database.db(),
                &many(&format!("z{count}"), count - usize::try_from(have).unwrap()),
            )
            .await
            .unwrap();
            twin.sign(KIND).await.unwrap();
            let forked = other.database.folder().join(format!("forked-{count}"));
            twin.export(ORIGIN, &forked).await.unwrap();
            let before = fs::read(to.join("checkpoint")).unwrap();
            let refused = take(&Folder(forked), &to, &other.feeds, &key).unwrap_err();
            let CopyError::Fork(proof) = refused else {
                panic!("{refused}");
            };
            assert!(
                proof.to_str().unwrap().contains(larger),
                "{}",
                proof.display()
            );
            lampion_feed::fork::verify_fork_proof(&fs::read(&proof).unwrap(), &key).unwrap();
            assert_eq!(fs::read(to.join("checkpoint")).unwrap(), before);
            check(&to, &key).unwrap();
            // The honest source too is refused from then on.
            let refused = take(&Folder(from.clone()), &to, &other.feeds, &key);
            assert!(matches!(refused, Err(CopyError::Fork(_))));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_behind_changes_nothing() {
    let (author, mirror) = pairs("behind_copy").await.remove(0);
    author.append(&many("a", 300)).await;
    let (old, key) = exported(&author, "old").await;
    author.append(&many("b", 300)).await;
    let (new, _) = exported(&author, "new").await;
    let to = mirror.database.folder().join("copy");
    take(&Folder(new), &to, &mirror.feeds, &key).unwrap();
    let done = take(&Folder(old), &to, &mirror.feeds, &key).unwrap();
    assert!(done.behind);
    assert_eq!((done.checkpoint.size, done.fetched), (600, 0));
    check(&to, &key).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_that_began_with_a_snapshot_is_exported_from_there_on() {
    for (author, mirror) in pairs("partial").await {
        author.append(&many("a", 700)).await;
        author
            .append(&[publish("a1", "newer"), withdraw("a2")])
            .await;
        let folder = author.database.folder().join("snapshots");
        let snapshot = author.feeds.snapshot(KIND, &folder).await.unwrap();
        let key = author.feeds.verifier(KIND).await.unwrap();
        let note = fs::read(&snapshot.note).unwrap();
        mirror
            .feeds
            .restore(&key, KIND, &snapshot.file, &note)
            .await
            .unwrap();
        author.append(&many("b", 900)).await;
        author
            .append(&[publish("a1", "newest"), withdraw("a5"), withdraw("b1")])
            .await;
        author.sign().await;
        catch_up(&author, &mirror, 500, true).await.unwrap();

        let to = mirror.database.folder().join("partial");
        mirror.feeds.export(ORIGIN, &to).await.unwrap();
        assert_eq!(
            fs::read_to_string(to.join("first")).unwrap(),
            "lampion-first/1\n512\n"
        );
        assert!(!to.join("tile/entries/001").exists() && to.join("tile/entries/002").exists());
        let verified = check(&to, &key).unwrap();
        assert_eq!((verified.first, verified.checkpoint.size), (512, 1_605));
        // A tile that reaches over the beginning proves the root: bent, it is found.
        let tile = to.join("tile/1/000.p/6");
        let mut bytes = fs::read(&tile).unwrap();
        bytes[3] ^= 1;
        fs::write(&tile, &bytes).unwrap();
        assert!(check(&to, &key).is_err());
        bytes[3] ^= 1;
        fs::write(&tile, &bytes).unwrap();

        // It goes on from there, and can be copied.
        author.append(&many("c", 300)).await;
        author.sign().await;
        catch_up(&author, &mirror, 500, true).await.unwrap();
        mirror.feeds.export(ORIGIN, &to).await.unwrap();
        let verified = check(&to, &key).unwrap();
        assert_eq!((verified.first, verified.checkpoint.size), (512, 1_905));
        let copied = mirror.database.folder().join("copied");
        let done = take(&Folder(to.clone()), &copied, &mirror.feeds, &key).unwrap();
        assert_eq!((done.first, done.checkpoint.size), (512, 1_905));
        check(&copied, &key).unwrap();

        // A whole copy that this mirror can go on with stays whole.
        author.append(&many("d", 10)).await;
        author.sign().await;
        let whole = author.database.folder().join("whole");
        author.feeds.export(ORIGIN, &whole).await.unwrap();
        author.append(&many("e", 10)).await;
        author.sign().await;
        catch_up(&author, &mirror, 500, true).await.unwrap();
        mirror.feeds.export(ORIGIN, &whole).await.unwrap();
        assert!(!whole.join("first").exists());
        let verified = check(&whole, &key).unwrap();
        assert_eq!((verified.first, verified.checkpoint.size), (0, 1_925));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_never_go_back_whatever_the_clock_does() {
    for node in nodes("clock").await {
        node.append(&many("a", 3)).await;
        let told = node.feeds.told_seconds(KIND).await.unwrap();
        node.clock.advance(3_600_000);
        let later = node.feeds.told_seconds(KIND).await.unwrap();
        assert_eq!(later, told + 3_600);
        // The battery is empty: 1970 again.
        node.clock.advance(-common::NOW_MS);
        assert_eq!(node.feeds.told_seconds(KIND).await.unwrap(), later);
        node.append(&many("b", 3)).await;
        let again = node.reopened().await;
        append(&again, node.database.db(), &many("c", 3))
            .await
            .unwrap();
        let times: Vec<u64> = node
            .feeds
            .entries(ORIGIN, 0, 20)
            .await
            .unwrap()
            .iter()
            .map(|one| one.entry.time())
            .collect();
        assert!(times.is_sorted(), "{times:?}");
        assert!(times[3] >= later && times[6] >= later, "{times:?}");
    }
}
