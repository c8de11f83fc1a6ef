//! What a large batch leaves for later is there all the same: keys that wait in a table of their own; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::{BOOKS, NOW_MS, World, book, published, with_isbn, worlds};
use lampion_db::{query_scalar, transaction};
use lampion_feed::entry::Reason;
use lampion_feed::{Draft, FeedError};
use lampion_formats::records::desk::{HeadingKind, MatchKey, Work, match_keys};
use lampion_library::catalogue::{Envelope, KIND};

/// Enough for one transaction to be a large batch.
const MANY: usize = 2_100;
const ISBN: &str = "9780201616224";
/// Which of them has it.
const TWIN: usize = 7;

fn id(n: usize) -> String {
    format!("book{n:05}")
}

fn work(n: usize) -> Work {
    let work = book(&format!("Lighthouse number {n}"), "Lee, Ann", 1990, "Light");
    if n == TWIN {
        return with_isbn(work, ISBN);
    }
    work
}

/// All in one transaction, and nothing after it: as if the node had stopped then.
async fn appended(world: &World, work: fn(usize) -> Work) {
    let drafts: Vec<Draft> = (0..MANY)
        .map(|n| Draft::Publish {
            collection: BOOKS.into(),
            object: id(n),
            body: Envelope::pack(&work(n), "Mira", NOW_MS, "").unwrap(),
            expires: None,
        })
        .collect();
    transaction!(world.database.db(), FeedError, tx => {
        world.feeds.append(tx, KIND, &drafts).await
    })
    .unwrap();
    world.feeds.sign(KIND).await.unwrap();
}

async fn waiting(world: &World) -> i64 {
    query_scalar("select count(*) from catalogue_key_new")
        .fetch_one(world.database.db().read())
        .await
        .unwrap()
}

async fn matching(world: &World, work: &Work) -> Vec<String> {
    let keys: Vec<MatchKey> = match_keys(work);
    let found = world.catalogue.matches(BOOKS, &keys).await.unwrap();
    let mut ids: Vec<String> = found.into_iter().map(|(_, row)| row.id).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Groups of the same key, whatever page they are on.
async fn groups(world: &World) -> Vec<(String, usize)> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let (some, next) = world.catalogue.duplicates(BOOKS, &after, 1).await.unwrap();
        all.extend(some.into_iter().map(|(key, rows)| (key, rows.len())));
        match next {
            Some(next) => after = next,
            None => return all,
        }
    }
}

async fn level(world: &World, display: &str) -> Option<i64> {
    query_scalar("select level from catalogue_heading where display = $1")
        .bind(display)
        .fetch_optional(world.database.db().read())
        .await
        .unwrap()
}

#[tokio::test]
async fn keys_that_wait_are_found_change_and_go() {
    for world in worlds("aside").await {
        let alone = with_isbn(book("Pragmatic", "Hunt, Andrew", 1999, ""), ISBN);
        let (first, _) = world.publish(&alone).await;
        appended(&world, work).await;
        let aside = waiting(&world).await;
        let sqlite = world.database.db().is_sqlite();
        assert_eq!(aside > 0, sqlite, "{aside} keys wait");
        let both = {
            let mut both = vec![first.clone(), id(TWIN)];
            both.sort();
            both
        };
        for settled in [false, true] {
            if settled {
                world.feeds.settle(KIND).await.unwrap();
                assert_eq!(waiting(&world).await, 0);
            }
            assert_eq!(matching(&world, &work(3)).await, [id(3)]);
            assert_eq!(matching(&world, &alone).await, both);
            assert_eq!(groups(&world).await, [(format!("isbn:{ISBN}"), 2)]);
            let offered = world
                .catalogue
                .suggest_headings(HeadingKind::Subject, "li", 5)
                .await
                .unwrap();
            assert_eq!(
                (offered[0].display.as_str(), offered[0].uses),
                ("Light", MANY as i64)
            );
        }
        assert!(level(&world, "Light").await > Some(5));
        // No new key, but other headings.
        appended(&world, |n| {
            let other = book(&format!("Lighthouse number {n}"), "Lee, Ann", 1990, "Dark");
            if n == TWIN {
                with_isbn(other, ISBN)
            } else {
                other
            }
        })
        .await;
        assert_eq!(waiting(&world).await, 0);
        world.feeds.settle(KIND).await.unwrap();
        assert!(level(&world, "Dark").await > Some(5));
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn a_record_whose_keys_wait_is_edited_and_withdrawn() {
    for world in worlds("aside_edit").await {
        appended(&world, work).await;
        let renamed = book("Harbour", "Lee, Ann", 1990, "Light");
        let (_, version) = {
            let row = world.catalogue.row(BOOKS, &id(3)).await.unwrap().unwrap();
            published(
                world
                    .catalogue
                    .publish(BOOKS, Some(&id(3)), Some(row.version), &renamed, "Joon", "")
                    .await
                    .unwrap(),
            )
        };
        assert!(version > 0);
        assert_eq!(matching(&world, &work(3)).await, Vec::<String>::new());
        assert_eq!(matching(&world, &renamed).await, [id(3)]);
        world
            .catalogue
            .withdraw(BOOKS, &id(4), Reason::Error, "library", "")
            .await
            .unwrap();
        assert_eq!(matching(&world, &work(4)).await, Vec::<String>::new());
        world.feeds.settle(KIND).await.unwrap();
        assert_eq!(matching(&world, &work(3)).await, Vec::<String>::new());
        assert_eq!(matching(&world, &work(4)).await, Vec::<String>::new());
        assert_eq!(matching(&world, &renamed).await, [id(3)]);
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn headings_of_single_edits_rise_and_fall() {
    for world in worlds("levels").await {
        let mut last = None;
        for n in 0..16 {
            let one = book(&format!("Book {n}"), "Lee, Ann", 1990, "Tea");
            assert_eq!(level(&world, "Tea").await.unwrap_or(0), 0);
            last = Some(world.publish(&one).await);
        }
        assert_eq!(level(&world, "Tea").await, Some(1));
        let (id, _) = last.unwrap();
        world
            .catalogue
            .withdraw(BOOKS, &id, Reason::Error, "library", "")
            .await
            .unwrap();
        assert_eq!(level(&world, "Tea").await, Some(0));
    }
}
