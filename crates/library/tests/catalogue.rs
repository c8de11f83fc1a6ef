//! The catalogue's store, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

mod common;

use common::{BOOKS, NOW_MS, ORIGIN, book, open, published, with_isbn, worlds};
use lampion_feed::entry::Reason;
use lampion_feed::{Feed, FeedError, Status};
use lampion_formats::records::desk::{HeadingKind, MatchKey, MatchKind};
use lampion_library::catalogue::{
    CatalogueError, Changed, Draft, DraftState, Filter, Outcome, Publication, RecordState, Sort,
};

fn filter() -> Filter {
    Filter {
        collection: BOOKS.into(),
        ..Filter::default()
    }
}

#[tokio::test]
async fn what_is_published_can_be_read_and_listed_and_rebuilt() {
    for world in worlds("publish").await {
        let tea = book("The book of tea", "Okakura, Kakuzo", 1906, "Tea");
        let (id, version) = world.publish(&tea).await;
        let (row, work) = world.catalogue.work(BOOKS, &id, None).await.unwrap();
        assert_eq!(work, tea);
        assert_eq!(
            (
                row.version,
                row.title.as_str(),
                row.author.as_str(),
                row.year,
                row.by.as_str()
            ),
            (
                version,
                "The book of tea",
                "Okakura, Kakuzo",
                Some(1906),
                "Mira"
            )
        );
        assert!(world.feeds.sign("library").await.unwrap().is_some());
        world
            .publish(&book("Apples", "Lee, Ann", 2001, "Tea"))
            .await;
        world
            .publish(&book("Zebras", "Lee, Ann", 2002, "Animals"))
            .await;
        let page = world
            .catalogue
            .list(&filter(), Sort::Title, None, 10)
            .await
            .unwrap();
        let titles: Vec<&str> = page.rows.iter().map(|row| row.title.as_str()).collect();
        assert_eq!(
            titles,
            ["Apples", "The book of tea", "Zebras"],
            "the article is passed over"
        );
        let tea = Filter {
            title: "Böok of".into(),
            ..filter()
        };
        assert_eq!(
            world
                .catalogue
                .list(&tea, Sort::Title, None, 10)
                .await
                .unwrap()
                .rows
                .len(),
            1
        );
        let used = world
            .catalogue
            .suggest_headings(HeadingKind::Subject, "te", 5)
            .await
            .unwrap();
        assert_eq!((used[0].display.as_str(), used[0].uses), ("Tea", 2));
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn two_who_edit_the_same_version_conflict_and_nothing_is_lost() {
    for world in worlds("conflict").await {
        let (id, first) = world.publish(&book("Tea", "A", 1990, "Drinks")).await;
        let mine = book("Tea, 2nd", "A", 1991, "Drinks");
        let outcome = world
            .catalogue
            .publish(BOOKS, Some(&id), Some(first), &mine, "Mira", "")
            .await
            .unwrap();
        let (_, second) = published(outcome);
        let late = world
            .catalogue
            .publish(
                BOOKS,
                Some(&id),
                Some(first),
                &book("Coffee", "B", 1, ""),
                "Joon",
                "",
            )
            .await
            .unwrap();
        assert_eq!(
            late,
            Outcome::Conflict {
                id: id.clone(),
                current: second
            }
        );
        let again = world
            .catalogue
            .publish(BOOKS, Some(&id), None, &mine, "Joon", "")
            .await
            .unwrap();
        assert!(
            matches!(again, Outcome::Conflict { .. }),
            "a new record under a known id"
        );
        let history = world.catalogue.history(BOOKS, &id, None).await.unwrap();
        let versions: Vec<u64> = history.iter().map(|version| version.version).collect();
        assert_eq!(versions, [second, first]);
        // Restore: the former version again.
        let former = history[1].work.clone().unwrap();
        published(
            world
                .catalogue
                .publish(BOOKS, Some(&id), Some(second), &former, "Mira", "undo")
                .await
                .unwrap(),
        );
        let (_, work) = world.catalogue.work(BOOKS, &id, None).await.unwrap();
        assert_eq!(work, former);
        let at_once = (0..8).map(|n| {
            let (catalogue, id) = (world.catalogue.clone(), id.clone());
            tokio::spawn(async move {
                let work = book(&format!("Tea {n}"), "A", 1990, "");
                catalogue
                    .publish(BOOKS, Some(&id), Some(second + 1), &work, "x", "")
                    .await
                    .unwrap()
            })
        });
        let mut won = 0;
        for task in at_once.collect::<Vec<_>>() {
            won += usize::from(matches!(task.await.unwrap(), Outcome::Published { .. }));
        }
        assert_eq!(won, 1);
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn a_withdrawn_record_leaves_nothing_but_the_reason() {
    for world in worlds("withdraw").await {
        let one = with_isbn(
            book("Secret", "Doe, Jane", 2020, "Privacy"),
            "9780201616224",
        );
        let (id, first) = world.publish(&one).await;
        published(
            world
                .catalogue
                .publish(
                    BOOKS,
                    Some(&id),
                    Some(first),
                    &book("Secret 2", "Doe, Jane", 2021, "Other"),
                    "Mira",
                    "",
                )
                .await
                .unwrap(),
        );
        world
            .publish(&book("Stays", "Doe, Jane", 2020, "Privacy"))
            .await;
        world.clock.advance(5_000);
        world
            .catalogue
            .withdraw(
                BOOKS,
                &id,
                Reason::Privacy,
                "library of hill.internal",
                "asked for",
            )
            .await
            .unwrap();
        let (row, work) = world
            .catalogue
            .get(BOOKS, &id, None)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (row.state, row.title.as_str(), row.reason, work),
            (RecordState::Withdrawn, "", Some(Reason::Privacy), None)
        );
        assert!(world.catalogue.work(BOOKS, &id, Some(first)).await.is_err());
        assert_eq!(
            world
                .catalogue
                .list(&filter(), Sort::Newest, None, 10)
                .await
                .unwrap()
                .rows
                .len(),
            1
        );
        let history = world.catalogue.history(BOOKS, &id, None).await.unwrap();
        assert_eq!(
            (history[0].withdrawn, history[0].note.as_str()),
            (Some(Reason::Privacy), "asked for")
        );
        let names = world
            .catalogue
            .suggest_headings(HeadingKind::Person, "doe", 5)
            .await
            .unwrap();
        assert_eq!(names[0].uses, 1);
        let key = MatchKey {
            kind: MatchKind::Isbn,
            value: "9780201616224".into(),
        };
        assert!(
            world
                .catalogue
                .matches(BOOKS, &[key])
                .await
                .unwrap()
                .is_empty()
        );
        let again = world
            .catalogue
            .publish(BOOKS, Some(&id), None, &one, "Mira", "")
            .await;
        assert!(
            matches!(again, Err(CatalogueError::Withdrawn(_))),
            "{again:?}"
        );
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn pages_of_lists_and_of_changes_hold_everything_once() {
    for world in worlds("pages").await {
        for round in 0..3 {
            let records = (0..40)
                .map(|n| Publication {
                    id: None,
                    base: None,
                    work: book(
                        &format!("Title {}", (n * 7) % 10),
                        "A",
                        1990 + n % 3,
                        if n % 9 == 0 { "Rare" } else { "" },
                    ),
                })
                .collect();
            let collection = if round == 1 { "other" } else { BOOKS };
            world
                .catalogue
                .publish_many(collection, records, ["Mira", "Joon", "Ada"][round], "")
                .await
                .unwrap();
            world.clock.advance(1_000);
        }
        for (sort, by, wanted) in [
            (Sort::Title, "", 80),
            (Sort::Newest, "", 80),
            (Sort::Title, "Ada", 40),
            (Sort::Newest, "nobody", 0),
        ] {
            let wanted_filter = Filter {
                by: by.into(),
                ..filter()
            };
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = world
                    .catalogue
                    .list(&wanted_filter, sort, after.as_deref(), 7)
                    .await
                    .unwrap();
                seen.extend(page.rows);
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            let ids: std::collections::BTreeSet<_> =
                seen.iter().map(|row| row.id.clone()).collect();
            assert_eq!((seen.len(), ids.len()), (wanted, wanted), "{sort:?} {by}");
        }
        let both = vec![BOOKS.to_string(), "other".to_string()];
        let (mut seen, mut after): (Vec<Changed>, Option<Changed>) = (Vec::new(), None);
        loop {
            let page = world
                .catalogue
                .changed(&both, (0, i64::MAX), after.as_ref(), 7)
                .await
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(Changed::from(last));
            seen.extend(page.iter().map(Changed::from));
        }
        assert_eq!(seen.len(), 120);
        assert!(seen.is_sorted_by_key(|one| (one.published_ms, one.collection.clone())));
        let (mut groups, mut after) = (Vec::new(), String::new());
        loop {
            let (page, next) = world.catalogue.duplicates(BOOKS, &after, 4).await.unwrap();
            groups.extend(page);
            match next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert!(
            groups.len() >= 10 && groups.iter().all(|group| group.1.len() > 1),
            "{}",
            groups.len()
        );
        let broken = world
            .catalogue
            .list(&filter(), Sort::Title, Some("zz.1"), 7)
            .await;
        assert!(
            matches!(broken, Err(CatalogueError::BadCursor)),
            "{broken:?}"
        );
    }
}

#[tokio::test]
async fn a_draft_is_written_handed_in_given_back_and_published() {
    for world in worlds("drafts").await {
        let mut draft = Draft {
            id: String::new(),
            collection: BOOKS.into(),
            record: None,
            base_version: None,
            work: book("Tea", "A", 1990, ""),
            person: "p1".into(),
            state: DraftState::Writing,
            comment: String::new(),
            updated_ms: 0,
        };
        draft.id = world.catalogue.save_draft(&draft).await.unwrap();
        let foreign = Draft {
            person: "p2".into(),
            ..draft.clone()
        };
        assert!(world.catalogue.save_draft(&foreign).await.is_err());
        assert!(
            world
                .catalogue
                .approve(&draft.id, "Mira", "")
                .await
                .is_err(),
            "not handed in"
        );
        world.catalogue.submit(&draft.id, "p1").await.unwrap();
        assert!(
            world.catalogue.save_draft(&draft).await.is_err(),
            "handed in"
        );
        world
            .catalogue
            .return_with_comment(&draft.id, "which year?")
            .await
            .unwrap();
        let mine = world.catalogue.drafts_of("p1").await.unwrap();
        assert_eq!(
            (mine[0].state, mine[0].comment.as_str()),
            (DraftState::Returned, "which year?")
        );
        draft.work = book("Tea", "A", 1991, "");
        world.catalogue.save_draft(&draft).await.unwrap();
        world.catalogue.submit(&draft.id, "p1").await.unwrap();
        assert_eq!(world.catalogue.submitted().await.unwrap().len(), 1);
        let (id, _) = published(
            world
                .catalogue
                .approve(&draft.id, "Mira", "")
                .await
                .unwrap(),
        );
        assert_eq!(
            world.catalogue.work(BOOKS, &id, None).await.unwrap().1,
            draft.work
        );
        assert!(world.catalogue.draft(&draft.id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_mirror_has_the_same_tables_and_an_older_database_publishes_nothing() {
    let mirrors = worlds("mirror_of").await;
    for (world, mirror) in worlds("mirrored").await.into_iter().zip(mirrors) {
        world.publish(&book("Tea", "A", 1990, "Drinks")).await;
        let (gone, _) = world.publish(&book("Gone", "A", 1990, "Drinks")).await;
        world
            .catalogue
            .withdraw(BOOKS, &gone, Reason::Error, "office", "")
            .await
            .unwrap();
        let size = world.feeds.own("library").await.unwrap().unwrap().size;
        // A database that has none of it, with this folder of keys and marks.
        let (catalogue, feeds) =
            open(mirror.database.db().clone(), &world.clock, &world.folder).await;
        assert_eq!(
            feeds.status("library").await.unwrap(),
            Status::Behind {
                held: 0,
                signed: size
            }
        );
        let refused = catalogue
            .publish(BOOKS, None, None, &book("New", "A", 1, ""), "Mira", "")
            .await;
        assert!(
            matches!(refused, Err(CatalogueError::Feed(FeedError::Behind { .. }))),
            "{refused:?}"
        );
        // A mirror's copy brings it back, through the same path.
        let delta = world
            .feeds
            .delta(ORIGIN, 0, 100, true)
            .await
            .unwrap()
            .unwrap();
        let key = world.feeds.verifier("library").await.unwrap();
        feeds.mirror(&key, "library", &delta).await.unwrap();
        assert_eq!(feeds.status("library").await.unwrap(), Status::Ready);
        assert_eq!(
            print(&world.feeds, &world).await,
            print(&feeds, &mirror).await
        );
        published(
            catalogue
                .publish(BOOKS, None, None, &book("New", "A", 1, ""), "Mira", "")
                .await
                .unwrap(),
        );
    }
}

async fn print(feeds: &lampion_feed::Feeds, world: &common::World) -> lampion_feed::merkle::Hash {
    use lampion_feed::Publications as _;
    let feed: Feed = feeds.own("library").await.unwrap().unwrap();
    let mut tx = world.database.db().begin().await.unwrap();
    lampion_library::catalogue::LibraryPublications
        .fingerprint(&mut tx, &feed)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_record_twice_in_one_call_is_refused_before_anything_is_published() {
    for world in worlds("twice").await {
        let one = |id: &str| Publication {
            id: Some(id.into()),
            base: None,
            work: book("Tea", "Okakura", 1906, ""),
        };
        let refused = world
            .catalogue
            .publish_many(BOOKS, vec![one("a"), one("b"), one("a")], "Mira", "")
            .await;
        assert!(
            matches!(&refused, Err(CatalogueError::Twice(id)) if id == "a"),
            "{refused:?}"
        );
        assert_eq!(world.catalogue.count(BOOKS).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_is_published_after_the_clock_was_put_back_is_not_missed_by_who_asks_for_changes() {
    for world in worlds("put_back").await {
        world.publish(&book("Tea", "Okakura", 1906, "")).await;
        world.clock.advance(86_400_000);
        // A harvester is told this time, and asks from there on the next day.
        let told_ms =
            i64::try_from(world.feeds.told_seconds("library").await.unwrap()).unwrap() * 1_000;
        assert_eq!(told_ms, (NOW_MS + 86_400_000) / 1_000 * 1_000);
        world.clock.advance(-NOW_MS);
        let (id, _) = world.publish(&book("Coffee", "Nobody", 1907, "")).await;
        let changed = world
            .catalogue
            .changed(&[BOOKS.to_string()], (told_ms, i64::MAX), None, 10)
            .await
            .unwrap();
        assert_eq!(
            changed.iter().map(|row| row.id.clone()).collect::<Vec<_>>(),
            [id]
        );
        world.rebuilds_to_the_same().await;
    }
}
