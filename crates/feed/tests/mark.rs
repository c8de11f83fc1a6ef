//! A database that is older than what was signed, or another one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::{
    KIND, Node, ORIGIN, append, catch_up, many, migrate, nodes, open, pairs, publish, withdraw,
};
use lampion_db::Db;
use lampion_db::testing;
use lampion_feed::{FeedError, Feeds, Observed, Status};

/// The folder of one node with an empty database of the same kind: the oldest backup there can be.
async fn with_empty_database(node: &Node, all: &mut Vec<testing::TestDb>) -> (Feeds, Db) {
    let empty = testing::databases("empty").await;
    let same = empty
        .into_iter()
        .find(|db| db.db().is_sqlite() == node.database.db().is_sqlite())
        .unwrap();
    migrate(same.db()).await;
    let db = same.db().clone();
    let feeds = open(db.clone(), node.clock.clone(), &node.folder, &node.name)
        .await
        .unwrap();
    all.push(same);
    (feeds, db)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_behind_its_mark_takes_nothing_until_a_mirror_has_brought_what_is_missing() {
    for (author, mirror) in pairs("behind").await {
        author.append(&many("a", 300)).await;
        author
            .append(&[withdraw("a7"), publish("a8", "newer")])
            .await;
        let signed = author.sign().await;
        assert_eq!(catch_up(&author, &mirror, 100, true).await.unwrap(), 302);

        let mut kept = Vec::new();
        let (restored, db) = with_empty_database(&author, &mut kept).await;
        let behind = Status::Behind {
            held: 0,
            signed: 302,
        };
        assert_eq!(restored.status(KIND).await.unwrap(), behind);
        let refused = append(&restored, &db, &[publish("x", "y")]).await;
        assert!(
            matches!(
                refused,
                Err(FeedError::Behind {
                    held: 0,
                    signed: 302,
                    ..
                })
            ),
            "{refused:?}"
        );
        assert!(matches!(
            restored.sign(KIND).await,
            Err(FeedError::Behind { .. })
        ));

        let key = mirror
            .feeds
            .find(ORIGIN)
            .await
            .unwrap()
            .unwrap()
            .vkey
            .parse()
            .unwrap();
        let mut size = 0;
        while let Some(delta) = mirror.feeds.delta(ORIGIN, size, 128, true).await.unwrap() {
            assert!(matches!(
                append(&restored, &db, &[publish("x", "y")]).await,
                Err(FeedError::Behind { .. })
            ));
            size = restored.mirror(&key, KIND, &delta).await.unwrap().size;
        }
        assert_eq!(restored.status(KIND).await.unwrap(), Status::Ready);
        assert_eq!(
            restored.sign(KIND).await.unwrap().unwrap().checkpoint,
            signed.checkpoint
        );
        assert!(restored.own(KIND).await.unwrap().unwrap().own);
        assert!(restored.rebuild(ORIGIN).await.unwrap().projection_same);
        assert_eq!(
            append(&restored, &db, &[publish("x", "y")]).await.unwrap(),
            303
        );
        assert_eq!(
            restored.sign(KIND).await.unwrap().unwrap().checkpoint.size,
            303
        );
        // A feed that is whole is not mirrored onto.
        let delta = mirror
            .feeds
            .delta(ORIGIN, 0, 10, true)
            .await
            .unwrap()
            .unwrap();
        assert!(matches!(
            restored.mirror(&key, KIND, &delta).await,
            Err(FeedError::IsOwn(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_copy_of_the_database_file_is_noticed() {
    let node = nodes("copy").await.remove(0);
    assert!(node.database.db().is_sqlite());
    node.append(&many("a", 5)).await;
    node.sign().await;
    node.feeds.scrub().await.unwrap();
    let file = node.database.folder().join("lampion.sqlite");
    let backup = std::fs::read(&file).unwrap();
    node.append(&many("b", 5)).await;
    node.sign().await;
    node.database.db().close().await;
    std::fs::write(&file, backup).unwrap();
    let feeds = node.reopened().await;
    assert_eq!(
        feeds.status(KIND).await.unwrap(),
        Status::Behind {
            held: 5,
            signed: 10
        }
    );
    assert!(matches!(
        feeds.sign(KIND).await,
        Err(FeedError::Behind { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_entries_than_those_that_were_signed_are_noticed_and_can_be_replaced() {
    for (author, mirror) in pairs("other").await {
        author.append(&many("a", 3)).await;
        author.sign().await;
        catch_up(&author, &mirror, 100, true).await.unwrap();
        // A database that went another way without this folder's mark.
        let elsewhere = author.database.folder().join("elsewhere");
        std::fs::create_dir_all(&elsewhere).unwrap();
        for key in ["feed.key", "cosigner.key"] {
            std::fs::copy(author.folder.join(key), elsewhere.join(key)).unwrap();
        }
        let mut kept = Vec::new();
        let (_, db) = with_empty_database(&author, &mut kept).await;
        let astray = open(db.clone(), author.clock.clone(), &elsewhere, common::NODE)
            .await
            .unwrap();
        append(&astray, &db, &many("z", 4)).await.unwrap();

        let back = open(
            db.clone(),
            author.clock.clone(),
            &author.folder,
            common::NODE,
        )
        .await
        .unwrap();
        assert_eq!(
            back.status(KIND).await.unwrap(),
            Status::Forked { signed: 3 }
        );
        assert!(matches!(
            back.sign(KIND).await,
            Err(FeedError::Forked { signed: 3, .. })
        ));
        assert!(matches!(
            append(&back, &db, &many("y", 1)).await,
            Err(FeedError::Forked { .. })
        ));
        assert_eq!(back.rewind(KIND).await.unwrap(), 4);
        assert_eq!(
            back.status(KIND).await.unwrap(),
            Status::Behind { held: 0, signed: 3 }
        );
        let key = back.verifier(KIND).await.unwrap();
        let delta = mirror
            .feeds
            .delta(ORIGIN, 0, 100, true)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(back.mirror(&key, KIND, &delta).await.unwrap().size, 3);
        assert_eq!(back.status(KIND).await.unwrap(), Status::Ready);
        assert!(
            back.rewind(KIND).await.is_err(),
            "only a forked feed is rewound"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_reminds_us_of_what_we_signed_when_the_folder_was_restored_too() {
    for (author, mirror) in pairs("reminded").await {
        author.append(&many("a", 5)).await;
        author.sign().await;
        let mark = std::fs::read(author.folder.join("library.checkpoint")).unwrap();
        author.append(&many("b", 5)).await;
        let newest = author.sign().await;
        catch_up(&author, &mirror, 100, true).await.unwrap();

        let mut kept = Vec::new();
        std::fs::write(author.folder.join("library.checkpoint"), &mark).unwrap();
        let (restored, db) = with_empty_database(&author, &mut kept).await;
        let key = restored.verifier(KIND).await.unwrap();
        assert_eq!(
            restored.status(KIND).await.unwrap(),
            Status::Behind { held: 0, signed: 5 }
        );
        assert_eq!(
            restored
                .observe(newest.note.as_bytes(), &key)
                .await
                .unwrap(),
            Observed::Forgotten
        );
        assert_eq!(
            restored.status(KIND).await.unwrap(),
            Status::Behind {
                held: 0,
                signed: 10
            }
        );
        assert!(matches!(
            append(&restored, &db, &many("c", 1)).await,
            Err(FeedError::Behind { signed: 10, .. })
        ));
        // Even where there was no mark at all.
        std::fs::remove_file(author.folder.join("library.checkpoint")).unwrap();
        let (naked, _) = with_empty_database(&author, &mut kept).await;
        assert_eq!(naked.status(KIND).await.unwrap(), Status::Ready);
        assert_eq!(
            naked.observe(newest.note.as_bytes(), &key).await.unwrap(),
            Observed::Forgotten
        );
        assert_eq!(
            naked.status(KIND).await.unwrap(),
            Status::Behind {
                held: 0,
                signed: 10
            }
        );
        // Another key can't raise our mark.
        let stranger = mirror.feeds.cosigner().clone();
        assert!(
            naked
                .observe(newest.note.as_bytes(), &stranger)
                .await
                .is_err()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_mark_or_key_is_noticed() {
    for node in nodes("lost").await {
        node.append(&many("a", 5)).await;
        node.sign().await;
        std::fs::remove_file(node.folder.join("library.checkpoint")).unwrap();
        let feeds = node.reopened().await;
        assert_eq!(feeds.status(KIND).await.unwrap(), Status::MarkLost);
        assert!(matches!(
            feeds.sign(KIND).await,
            Err(FeedError::MarkLost { .. })
        ));
        assert!(matches!(
            append(&feeds, node.database.db(), &many("b", 1)).await,
            Err(FeedError::MarkLost { .. })
        ));
        assert_eq!(feeds.accept(KIND).await.unwrap(), Status::Ready);
        assert_eq!(
            append(&feeds, node.database.db(), &many("b", 1))
                .await
                .unwrap(),
            6
        );
        assert_eq!(feeds.sign(KIND).await.unwrap().unwrap().checkpoint.size, 6);

        let other = node.database.folder().join("new-folder");
        let stranger = node.with_folder(&other).await.unwrap();
        assert!(matches!(
            append(&stranger, node.database.db(), &many("c", 1)).await,
            Err(FeedError::KeyChanged(_))
        ));
        assert!(matches!(
            stranger.sign(KIND).await,
            Err(FeedError::KeyChanged(_))
        ));
        let key = node.folder.join("feed.key");
        assert_eq!(
            std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
        std::fs::write(&key, b"short").unwrap();
        assert!(matches!(
            node.with_folder(&node.folder).await,
            Err(FeedError::File { .. })
        ));
        assert!(node.with_folder(Path::new("/proc/nowhere")).await.is_err());
    }
}
