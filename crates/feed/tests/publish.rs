//! Appending, signing, reading, withdrawing, rebuilding.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use common::{KIND, NOW_MS, ORIGIN, append, many, nodes, publish, withdraw};
use lampion_db::query;
use lampion_feed::checkpoint::Checkpoint;
use lampion_feed::entry::{Entry, Reason};
use lampion_feed::limits::{APPEND_ENTRIES_LIMIT, BODY_LIMIT};
use lampion_feed::merkle::{leaf_hash, verify_consistency, verify_inclusion};
use lampion_feed::{Body, Draft, EntryFault, FeedError, State, Status};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_appended_is_signed_shown_and_proved() {
    for node in nodes("append").await {
        assert_eq!(node.feeds.sign(KIND).await.unwrap(), None);
        assert_eq!(
            node.append(&[publish("a", "one"), publish("b", "two")])
                .await,
            2
        );
        let first = node.sign().await;
        assert_eq!(node.append(&[publish("a", "one more")]).await, 3);
        let second = node.sign().await;
        assert_eq!(node.sign().await, second, "nothing new, nothing signed");
        let key = node.feeds.verifier(KIND).await.unwrap();
        assert_eq!(key.name(), ORIGIN);
        let (checkpoint, _) = Checkpoint::open(second.note.as_bytes(), &key).unwrap();
        assert_eq!(checkpoint.size, 3);
        let proof = node.feeds.consistency_proof(ORIGIN, 2, 3).await.unwrap();
        assert!(verify_consistency(
            (2, &first.checkpoint.root),
            (3, &second.checkpoint.root),
            &proof
        ));
        let records = node.feeds.entries(ORIGIN, 0, 10).await.unwrap();
        assert_eq!(records[0].state, State::Superseded { newest: 2 });
        assert_eq!(records[1].state, State::Live);
        assert_eq!(records[2].body.bytes(), Some(b"one more".as_slice()));
        let Entry::Publish(publish) = &records[2].entry else {
            panic!()
        };
        assert_eq!(publish.supersedes, Some(0));
        assert_eq!(publish.time, 1_795_326_643);
        for record in &records {
            let proof = node
                .feeds
                .inclusion_proof(ORIGIN, record.index, 3)
                .await
                .unwrap();
            let leaf = leaf_hash(&record.raw);
            assert!(verify_inclusion(
                record.index,
                &leaf,
                3,
                &checkpoint.root,
                &proof
            ));
        }
        assert_eq!(
            node.feeds.newest(ORIGIN, u64::MAX, 2).await.unwrap()[0].index,
            2
        );
        assert_eq!(
            node.feeds
                .object(ORIGIN, "catalogue", "b")
                .await
                .unwrap()
                .unwrap()
                .index,
            1
        );
        assert_eq!(node.shelf(ORIGIN).await.len(), 2);
        node.rebuilds_to_the_same(ORIGIN).await;
        assert_eq!(NOW_MS / 1000, 1_795_326_643);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    for node in nodes("dropped").await {
        node.append(&[publish("a", "one")]).await;
        let mut tx = node.database.db().begin().await.unwrap();
        node.feeds
            .append(&mut tx, KIND, &many("x", 300))
            .await
            .unwrap();
        drop(tx);
        let refused = node
            .try_append(&[publish("b", "two"), publish("c", "refuse")])
            .await;
        assert!(matches!(refused, Err(FeedError::Projection(_))));
        assert_eq!(node.feeds.own(KIND).await.unwrap().unwrap().size, 1);
        assert_eq!(node.shelf(ORIGIN).await.len(), 1);
        assert_eq!(node.append(&[publish("b", "two")]).await, 2);
        assert_eq!(node.sign().await.checkpoint.size, 2);
        node.rebuilds_to_the_same(ORIGIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_over_many_bundles_make_the_same_tree_as_one_by_one() {
    for node in nodes("bundles").await {
        let mut leaves = lampion_feed::merkle::Leaves::default();
        for (prefix, count) in [
            ("a", 1),
            ("b", 254),
            ("c", 1),
            ("d", 600),
            ("e", 3),
            ("f", 165),
        ] {
            node.append(&many(prefix, count)).await;
            node.sign().await;
        }
        let mut from = 0;
        loop {
            let records = node.feeds.entries(ORIGIN, from, 100).await.unwrap();
            let Some(last) = records.last() else { break };
            from = last.index + 1;
            for record in records {
                assert_eq!(record.index, leaves.0.len() as u64);
                assert!(record.body.bytes().is_some());
                leaves.0.push(leaf_hash(&record.raw));
            }
        }
        assert_eq!(leaves.0.len(), 1024);
        let root = node.feeds.own(KIND).await.unwrap().unwrap().root;
        assert_eq!(lampion_feed::merkle::root(1024, &leaves), Some(root));
        for size in [1, 255, 256, 257, 859, 1023] {
            assert_eq!(
                node.feeds.root(ORIGIN, size).await.unwrap(),
                lampion_feed::merkle::root(size, &leaves).unwrap()
            );
        }
        node.rebuilds_to_the_same(ORIGIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_erases_all_versions_and_is_for_good() {
    for node in nodes("withdraw").await {
        node.append(&many("filler", 300)).await;
        node.append(&[publish("a", "version one"), publish("b", "other")])
            .await;
        node.append(&[publish("a", "version two"), publish("a", "version three")])
            .await;
        let explained = Draft::Withdraw {
            collection: "catalogue".into(),
            object: "a".into(),
            reason: Reason::Copyright,
            by: "the publisher's office".into(),
            explanation: Some(b"the publisher asked".to_vec()),
        };
        node.append(&[explained]).await;
        let records = node.feeds.entries(ORIGIN, 300, 10).await.unwrap();
        for version in [0, 2, 3] {
            assert_eq!(records[version].body, Body::Erased, "{version}");
            assert_eq!(records[version].state, State::Withdrawn { at: 304 });
        }
        assert_eq!(records[1].body.bytes(), Some(b"other".as_slice()));
        assert_eq!(
            records[4].body.bytes(),
            Some(b"the publisher asked".as_slice())
        );
        assert_eq!(records[4].state, State::Withdrawal);
        let again = node.try_append(&[publish("a", "again")]).await;
        assert!(matches!(
            again,
            Err(FeedError::Entry {
                index: 305,
                fault: EntryFault::Withdrawn { at: 304, .. }
            })
        ));
        assert!(matches!(
            node.try_append(&[withdraw("a")]).await,
            Err(FeedError::Entry {
                fault: EntryFault::Withdrawn { .. },
                ..
            })
        ));
        assert!(matches!(
            node.try_append(&[withdraw("never there")]).await,
            Err(FeedError::Entry {
                fault: EntryFault::NoSuchObject(_),
                ..
            })
        ));
        // All in one batch.
        node.append(&[
            publish("c", "1"),
            publish("c", "2"),
            withdraw("c"),
            publish("d", "3"),
        ])
        .await;
        let batch = node.feeds.entries(ORIGIN, 305, 10).await.unwrap();
        assert_eq!(batch[0].body, Body::Erased);
        assert_eq!(batch[1].body, Body::Erased);
        assert_eq!(batch[2].body, Body::None);
        assert!(
            node.shelf(ORIGIN)
                .await
                .iter()
                .all(|row| row.1 != "a" && row.1 != "c")
        );
        node.sign().await;
        node.rebuilds_to_the_same(ORIGIN).await;
    }
}

/// Whether any file in the folder of the database holds these bytes.
fn on_disk(folder: &std::path::Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|file| {
        let path = file.unwrap().path();
        path.is_file()
            && std::fs::read(&path)
                .unwrap()
                .windows(needle.len())
                .any(|window| window == needle)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_is_not_in_the_files_of_the_database_any_more() {
    for node in nodes("scrub").await {
        let secret = "the secret that must go ".repeat(2);
        let long = "a long secret, over many pages. ".repeat(2_000);
        let mut drafts = many("before", 40);
        drafts.push(publish("short", &secret));
        drafts.extend(many("between", 40));
        drafts.push(publish("long", &long));
        drafts.extend(many("after", 40));
        node.append(&drafts).await;
        let folder = node.database.folder();
        let sqlite = node.database.db().is_sqlite();
        if sqlite {
            assert!(on_disk(folder, secret.as_bytes()));
            assert!(on_disk(folder, &long.as_bytes()[..600]));
        }
        node.append(&[withdraw("short"), withdraw("long")]).await;
        // The shelf's own rows went with `delete` too.
        node.feeds.scrub().await.unwrap();
        if sqlite {
            assert!(!on_disk(folder, secret.as_bytes()));
            assert!(!on_disk(folder, b"many pages. a long secret"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_finds_and_mends_a_projection_that_went_astray() {
    for node in nodes("astray").await {
        node.append(&many("a", 700)).await;
        node.append(&[withdraw("a3"), publish("a4", "newer")]).await;
        node.rebuilds_to_the_same(ORIGIN).await;
        query("delete from shelf where object = 'a5'")
            .execute(node.database.db().write())
            .await
            .unwrap();
        query("update feed_object set newest = 1 where object = 'a4'")
            .execute(node.database.db().write())
            .await
            .unwrap();
        let rebuilt = node.feeds.rebuild(ORIGIN).await.unwrap();
        assert!(!rebuilt.projection_same && !rebuilt.objects_same);
        assert_eq!(rebuilt.entries, 702);
        assert_eq!(node.shelf(ORIGIN).await.len(), 699);
        node.rebuilds_to_the_same(ORIGIN).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_refused_before_anything_happens() {
    for node in nodes("limits").await {
        let body = "x".repeat(BODY_LIMIT + 1);
        assert!(matches!(
            node.try_append(&[publish("a", &body)]).await,
            Err(FeedError::Entry {
                index: 0,
                fault: EntryFault::Entry(_)
            })
        ));
        assert!(matches!(
            node.try_append(&many("a", APPEND_ENTRIES_LIMIT + 1)).await,
            Err(FeedError::TooMuch)
        ));
        let bodies: Vec<Draft> = (0..17)
            .map(|n| publish(&n.to_string(), &"x".repeat(BODY_LIMIT)))
            .collect();
        assert!(matches!(
            node.try_append(&bodies).await,
            Err(FeedError::TooMuch)
        ));
        assert!(matches!(
            node.try_append(&[publish("", "empty name")]).await,
            Err(FeedError::Entry { .. })
        ));
        let mut tx = node.database.db().begin().await.unwrap();
        assert!(matches!(
            node.feeds.append(&mut tx, "news", &[]).await,
            Err(FeedError::NoSuchKind(_))
        ));
        drop(tx);
        assert_eq!(
            node.append(&[publish("a", &"x".repeat(BODY_LIMIT))]).await,
            1
        );
        assert_eq!(node.append(&[]).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_read_in_parts() {
    for node in nodes("large").await {
        for n in 0..5 {
            let drafts: Vec<Draft> = (0..5)
                .map(|m| publish(&format!("{n}-{m}"), &"y".repeat(3 << 20)))
                .collect();
            node.append(&drafts).await;
        }
        let first = node.feeds.entries(ORIGIN, 0, 100).await.unwrap();
        assert!((20..25).contains(&first.len()), "{}", first.len());
        let rest = node
            .feeds
            .entries(ORIGIN, first.len() as u64, 100)
            .await
            .unwrap();
        assert_eq!(first.len() + rest.len(), 25);
        assert!(
            first
                .iter()
                .chain(&rest)
                .all(|record| record.body.bytes().is_some())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::disallowed_methods,
    reason = "the other task has time to come to the lock"
)]
async fn a_program_that_opens_while_another_signs_waits_for_its_mark() {
    for node in nodes("signing").await {
        node.append(&[publish("first", "x")]).await;
        node.sign().await;
        // As one that signs for the first time has it: the lock, and a mark that was not there a moment ago.
        let lock = std::fs::File::options()
            .write(true)
            .open(node.folder.join(format!("{KIND}.lock")))
            .unwrap();
        lock.lock().unwrap();
        let mark = node.folder.join(format!("{KIND}.checkpoint"));
        let away = node.folder.join("away");
        std::fs::rename(&mark, &away).unwrap();
        let feeds = node.feeds.clone();
        let asked = tokio::spawn(async move { feeds.status(KIND).await });
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        std::fs::rename(&away, &mark).unwrap();
        lock.unlock().unwrap();
        assert_eq!(asked.await.unwrap().unwrap(), Status::Ready);
        node.append(&[publish("second", "y")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_programs_append_at_once_to_one_history() {
    for node in nodes("several").await {
        node.append(&[publish("first", "x")]).await;
        let mut tasks = Vec::new();
        for program in 0..4 {
            let feeds = if program % 2 == 0 {
                node.feeds.clone()
            } else {
                node.reopened().await
            };
            let db = if program % 2 == 0 {
                node.database.db().clone()
            } else {
                lampion_db::Db::open(&node.database.url, node.database.folder())
                    .await
                    .unwrap()
            };
            tasks.push(tokio::spawn(async move {
                let mut signed = Vec::new();
                for n in 0..12 {
                    append(&feeds, &db, &many(&format!("p{program}-{n}-"), 9))
                        .await
                        .unwrap();
                    signed.push(feeds.sign(KIND).await.unwrap().unwrap());
                }
                signed
            }));
        }
        let mut signed = Vec::new();
        for task in tasks {
            signed.extend(task.await.unwrap());
        }
        let last = node.sign().await;
        assert_eq!(last.checkpoint.size, 4 * 12 * 9 + 1);
        for one in signed {
            assert_eq!(
                node.feeds.root(ORIGIN, one.checkpoint.size).await.unwrap(),
                one.checkpoint.root
            );
        }
        assert_eq!(node.feeds.status(KIND).await.unwrap(), Status::Ready);
        node.rebuilds_to_the_same(ORIGIN).await;
    }
}
