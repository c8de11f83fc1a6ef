//! What survives kill -9, and a disk that is full.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::{
    convert::Infallible,
    env, fs,
    io::{BufRead, BufReader, Cursor, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use lampion_blobs::{BlobError, Blobs, Hash};

/// In a child, says what to do and where.
const CHILD: &str = "LAMPION_BLOBS_CHILD";

fn parts(folder: &Path) -> usize {
    let names = fs::read_dir(folder.join("tmp"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    names
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "part"))
        .count()
}

/// Runs this test again in a process of its own, which finds `CHILD` set.
fn child(test: &str, folder: &Path) -> (Child, impl Iterator<Item = String>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines.map_while(Result::ok))
}

fn say(what: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said {what}").unwrap();
    out.flush().unwrap();
}

/// What the child said, without the test runner's own words.
fn said(line: &str) -> Option<&str> {
    line.split_once("said ").map(|(_, what)| what)
}

#[tokio::test]
async fn half_a_blob_is_no_blob() {
    if let Some(folder) = env::var_os(CHILD) {
        // Gives a megabyte and then waits for ever, for the killer.
        let chunks = stream::iter(0..16).map(|n| {
            if n == 15 {
                say("half");
            }
            Ok::<_, Infallible>(Bytes::from(vec![n; 64 * 1024]))
        });
        let blobs = Blobs::folder(folder).unwrap();
        blobs
            .put_stream(chunks.chain(stream::pending()))
            .await
            .unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut child, mut lines) = child("half_a_blob_is_no_blob", folder.path());
    assert!(lines.any(|line| said(&line) == Some("half")));

    let blobs = Blobs::folder(folder.path()).unwrap();
    assert_eq!(
        parts(folder.path()),
        1,
        "what a living writer writes is left alone"
    );
    assert_eq!(blobs.list().count().await, 0);

    child.kill().unwrap();
    child.wait().unwrap();
    let blobs = Blobs::folder(folder.path()).unwrap();
    assert_eq!(parts(folder.path()), 0, "what a dead one wrote is gone");
    assert_eq!(blobs.list().count().await, 0);
}

#[tokio::test]
async fn what_was_acknowledged_is_there() {
    if let Some(folder) = env::var_os(CHILD) {
        let blobs = Blobs::folder(folder).unwrap();
        for n in 0_u32.. {
            let bytes = n.to_le_bytes().repeat(3000 + 977 * (n as usize % 13));
            say(blobs.put_reader(Cursor::new(bytes)).await.unwrap().hash);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<Hash> = Vec::new();
    for round in 0..12_usize {
        let (mut child, mut lines) = child("what_was_acknowledged_is_there", folder.path());
        for line in lines.by_ref() {
            acknowledged.extend(said(&line).map(|hash| hash.parse::<Hash>().unwrap()));
            if acknowledged.len() > round * 7 {
                break;
            }
        }
        child.kill().unwrap();
        // It may have said more before it was killed.
        for line in lines {
            acknowledged.extend(said(&line).and_then(|hash| hash.parse::<Hash>().ok()));
        }
        child.wait().unwrap();

        let blobs = Blobs::folder(folder.path()).unwrap();
        assert_eq!(parts(folder.path()), 0);
        let listed: Vec<(Hash, u64)> = blobs.list().try_collect().await.unwrap();
        for (hash, size) in &listed {
            assert_eq!(blobs.verify(hash, |_, _| {}).await.unwrap(), *size);
        }
        for hash in &acknowledged {
            assert!(blobs.exists(hash).await.unwrap(), "{hash} was acknowledged");
        }
    }
    assert!(acknowledged.len() > 70);
}

/// A small file system of its own.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// None where mounting is not permitted.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "lampion-test"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mount
            .is_ok_and(|status| status.success())
            .then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: mounting a small disk is not permitted here");
        return;
    };
    {
        let blobs = Blobs::folder(disk.0.path().join("blobs")).unwrap();
        let kept = blobs
            .put_reader(Cursor::new(vec![1; 2_000_000]))
            .await
            .unwrap()
            .hash;
        for _ in 0..3 {
            let refused = blobs.put_reader(Cursor::new(vec![2; 9_000_000])).await;
            assert!(matches!(refused, Err(BlobError::DiskFull)), "{refused:?}");
            assert_eq!(
                parts(&disk.0.path().join("blobs")),
                0,
                "its room is free again"
            );
        }
        let small = blobs
            .put_reader(Cursor::new(vec![3; 1_000_000]))
            .await
            .unwrap();
        assert!(small.new);
        assert_eq!(blobs.verify(&kept, |_, _| {}).await.unwrap(), 2_000_000);
        assert_eq!(blobs.list().count().await, 2);
    }
}
