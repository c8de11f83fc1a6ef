//! What nodes say of themselves, on both databases: published when it changes, made again from the feed, and the same
//! on a node that follows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::sync::Arc;

use lampion_core::{ManualClock, SystemRng};
use lampion_db::testing::{self, TestDb};
use lampion_db::{KERNEL, query};
use lampion_feed::entry::Reason;
use lampion_feed::{Draft, Feeds};
use lampion_web::directory::{
    COLLECTION, DirectoryPublications, KIND, MIGRATIONS, NodeRecord, OBJECT, list, publish_record,
};

async fn open(database: &TestDb, name: &str) -> Feeds {
    let migrations = [KERNEL, lampion_feed::MIGRATIONS, MIGRATIONS];
    database.db().migrate(&migrations).await.unwrap();
    Feeds::open(
        database.db().clone(),
        (
            Arc::new(ManualClock::new(1_795_326_643_000)),
            Arc::new(SystemRng),
        ),
        &database.folder().join("node/feeds"),
        name,
        vec![Arc::new(DirectoryPublications)],
    )
    .await
    .unwrap()
}

fn record(title: &str) -> NodeRecord {
    NodeRecord {
        name: "hill.internal".into(),
        title: title.into(),
        languages: vec!["ko".into()],
        ..NodeRecord::default()
    }
}

async fn append(database: &TestDb, feeds: &Feeds, draft: Draft) {
    let mut tx = database.db().begin().await.unwrap();
    feeds.append(&mut tx, KIND, &[draft]).await.unwrap();
    tx.commit().await.unwrap();
    feeds.sign(KIND).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_says_what_changed_and_followers_know_it() {
    let others = testing::databases("directory_other").await;
    for (own, other) in testing::databases("directory")
        .await
        .into_iter()
        .zip(others)
    {
        let (hill, mill) = (
            open(&own, "hill.internal").await,
            open(&other, "mill.internal").await,
        );
        let same = async || {
            let rebuilt = hill.rebuild("hill.internal/feed/directory").await.unwrap();
            assert!(
                rebuilt.projection_same && rebuilt.objects_same,
                "{rebuilt:?}"
            );
            let key = hill.verifier(KIND).await.unwrap();
            let start = mill
                .find(key.name())
                .await
                .unwrap()
                .map_or(0, |feed| feed.size);
            if let Some(delta) = hill.delta(key.name(), start, 100, true).await.unwrap() {
                mill.mirror(&key, KIND, &delta).await.unwrap();
            }
            let rebuilt = mill.rebuild(key.name()).await.unwrap();
            assert!(
                rebuilt.projection_same && rebuilt.objects_same,
                "{rebuilt:?}"
            );
            let known = list(other.db()).await.unwrap();
            assert_eq!(known, list(own.db()).await.unwrap());
            known
                .into_iter()
                .next()
                .map(|(origin, record)| (origin, record.title))
        };
        assert!(
            publish_record(own.db(), &hill, &record("Hill"))
                .await
                .unwrap()
        );
        assert!(
            !publish_record(own.db(), &hill, &record("Hill"))
                .await
                .unwrap()
        );
        let origin = "hill.internal/feed/directory".to_string();
        assert_eq!(same().await, Some((origin.clone(), "Hill".into())));
        assert!(
            publish_record(own.db(), &hill, &record("On the hill"))
                .await
                .unwrap()
        );
        assert_eq!(hill.own(KIND).await.unwrap().unwrap().size, 2);
        assert_eq!(same().await, Some((origin, "On the hill".into())));

        // A body that no program of today understands stops nobody, and is not believed.
        let draft = |body: &[u8]| Draft::Publish {
            collection: COLLECTION.into(),
            object: OBJECT.into(),
            body: body.to_vec(),
            expires: None,
        };
        append(&own, &hill, draft(b"\xff{")).await;
        assert_eq!(same().await, None);
        append(&own, &hill, draft(&vec![b' '; 20 << 10])).await;
        assert_eq!(same().await, None);
        let state: String = lampion_db::query_scalar("select state from directory_record")
            .fetch_one(own.db().read())
            .await
            .unwrap();
        assert_eq!(state, "unreadable");
        assert!(
            publish_record(own.db(), &hill, &record("Again"))
                .await
                .unwrap()
        );
        assert_eq!(same().await.unwrap().1, "Again");
        // What is bent in the table is found and mended.
        query("update directory_record set record = '{}'")
            .execute(own.db().write())
            .await
            .unwrap();
        let rebuilt = hill.rebuild("hill.internal/feed/directory").await.unwrap();
        assert!(!rebuilt.projection_same);
        let withdrawn = Draft::Withdraw {
            collection: COLLECTION.into(),
            object: OBJECT.into(),
            reason: Reason::Privacy,
            by: "the operator".into(),
            explanation: None,
        };
        append(&own, &hill, withdrawn).await;
        assert_eq!(same().await, None);
    }
}
