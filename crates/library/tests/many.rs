//! Many records at once, and what the desk knows: batches, duplicates, counts, failed searches, lists; on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

mod common;

use std::sync::Arc;

use common::{BOOKS, World, book, published, with_isbn, worlds};
use lampion_core::SystemRng;
use lampion_feed::entry::Reason;
use lampion_library::catalogue::batch::{
    BatchRow, BatchState, FAILURES, NewBatch, Operation, Selection,
};
use lampion_library::catalogue::failed::{self, FailedSearches, LEAST, RECENT};
use lampion_library::catalogue::{
    By, CatalogueError, Coverage, Draft, DraftState, Merging, Outcome, PARTS, week,
};
use lampion_library::lists::{ListError, Lists, Shared};
use lampion_search::SearchResults;

async fn begin(world: &World, operation: Operation, selection: Selection) -> String {
    let new = NewBatch {
        collection: BOOKS.into(),
        operation,
        selection,
        by: "Mira".into(),
        office: "library of hill.internal".into(),
        note: "tidying".into(),
    };
    world.catalogue.begin_batch(&new).await.unwrap()
}

async fn row(world: &World, id: &str) -> BatchRow {
    world.catalogue.batch_row(id).await.unwrap().unwrap()
}

async fn gather(world: &World, id: &str) {
    while row(world, id).await.state == BatchState::Gathering {
        let batch = row(world, id).await;
        world.catalogue.gather(&batch, None).await.unwrap();
    }
}

/// Gathers and does a whole batch.
async fn done(world: &World, id: &str) -> BatchRow {
    gather(world, id).await;
    let batch = row(world, id).await;
    let operation = batch.operation.clone().unwrap();
    while world.catalogue.step(&batch, &operation).await.unwrap() {}
    row(world, id).await
}

fn add_subject(value: &str) -> Operation {
    Operation::Add {
        field: "subject".into(),
        value: value.into(),
    }
}

async fn subjects(world: &World, id: &str) -> Vec<String> {
    let (_, work) = world.catalogue.work(BOOKS, id, None).await.unwrap();
    work.to_catalogue().subjects
}

#[tokio::test]
async fn a_batch_edits_all_lists_what_it_can_not_and_is_undone() {
    for world in worlds("batch").await {
        let mut ids = Vec::new();
        for n in 0..300 {
            let title = format!("Book {n}");
            ids.push(world.publish(&book(&title, "Lee, Ann", 1990, "Old")).await);
        }
        // One has the subject, one changes while the batch is under way, one goes.
        let (same, busy) = (ids[5].0.clone(), ids[200].0.clone());
        let has = book("Book 5", "Lee, Ann", 1990, "New");
        published(
            world
                .catalogue
                .publish(BOOKS, Some(&same), Some(ids[5].1), &has, "Joon", "")
                .await
                .unwrap(),
        );
        let id = begin(&world, add_subject("New"), Selection::default()).await;
        gather(&world, &id).await;
        assert_eq!(row(&world, &id).await.total, 300);
        let batch = row(&world, &id).await;
        assert!(
            world
                .catalogue
                .step(&batch, &add_subject("New"))
                .await
                .unwrap()
        );
        let todo = world
            .catalogue
            .batch_records(&id, &["todo"], "", 300)
            .await
            .unwrap();
        let gone = todo
            .iter()
            .map(|one| one.record.clone())
            .find(|record| *record != same && *record != busy)
            .unwrap();
        world
            .catalogue
            .withdraw(BOOKS, &gone, Reason::Error, "library", "")
            .await
            .unwrap();
        let end = done(&world, &id).await;
        assert_eq!(
            (end.seen, end.changed, end.unchanged, end.failed),
            (300, 298, 1, 1)
        );
        let failures = world
            .catalogue
            .batch_records(&id, &FAILURES, "", 10)
            .await
            .unwrap();
        assert_eq!(
            (failures[0].record.as_str(), failures[0].result.as_str()),
            (gone.as_str(), "gone")
        );
        assert_eq!(subjects(&world, &busy).await, ["Old", "New"]);
        let history = world.catalogue.history(BOOKS, &busy, None).await.unwrap();
        assert_eq!(history.len(), 2, "edited once");
        assert_eq!(history[0].note, format!("tidying (batch {id})"));

        // Somebody edits one; undoing leaves that one alone.
        published(
            world
                .catalogue
                .publish(
                    BOOKS,
                    Some(&busy),
                    Some(history[0].version),
                    &book("Mine", "Lee, Ann", 1991, "New"),
                    "Joon",
                    "",
                )
                .await
                .unwrap(),
        );
        let selection = Selection {
            batch: id.clone(),
            ..Selection::default()
        };
        let undo = begin(&world, Operation::Undo { batch: id.clone() }, selection).await;
        assert_eq!(
            world.catalogue.undone_by(&id).await.unwrap().as_deref(),
            Some(undo.as_str())
        );
        let end = done(&world, &undo).await;
        assert_eq!((end.changed, end.failed), (297, 1));
        let failures = world
            .catalogue
            .batch_records(&undo, &FAILURES, "", 10)
            .await
            .unwrap();
        assert_eq!(failures[0].record, busy);
        let other = ids
            .iter()
            .map(|one| &one.0)
            .find(|record| ![&same, &busy, &gone].contains(record))
            .unwrap();
        assert_eq!(subjects(&world, other).await, ["Old"]);
        assert_eq!(subjects(&world, &busy).await, ["New"]);
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn a_batch_withdraws_and_edits_by_choice_and_filter() {
    for world in worlds("choice").await {
        let (tea, _) = world.publish(&book("Tea", "A", 1990, "Drinks")).await;
        let (coffee, _) = world.publish(&book("Coffee", "B", 1991, "Drinks")).await;
        let chosen = Selection {
            ids: vec![tea.clone(), "nothing".into()],
            ..Selection::default()
        };
        let withdraw = Operation::Withdraw {
            reason: "error".into(),
        };
        let id = begin(&world, withdraw, chosen).await;
        let end = done(&world, &id).await;
        assert_eq!((end.changed, end.failed), (1, 1));
        let row = world.catalogue.row(BOOKS, &tea).await.unwrap().unwrap();
        assert_eq!(row.reason, Some(Reason::Error));
        // Undone it can't be: what was withdrawn is erased.
        let selection = Selection {
            batch: id.clone(),
            ..Selection::default()
        };
        let undo = begin(&world, Operation::Undo { batch: id }, selection).await;
        assert_eq!(done(&world, &undo).await.changed, 0);
        let by_title = Selection {
            title: "cof".into(),
            ..Selection::default()
        };
        let bad = Operation::Remove {
            field: "title".into(),
            value: String::new(),
        };
        let id = begin(&world, bad, by_title).await;
        let end = done(&world, &id).await;
        assert_eq!((end.total, end.changed, end.failed), (1, 0, 1));
        let failures = world
            .catalogue
            .batch_records(&id, &FAILURES, "", 10)
            .await
            .unwrap();
        assert_eq!(
            (failures[0].record.as_str(), failures[0].result.as_str()),
            (coffee.as_str(), "invalid")
        );
        assert!(failures[0].reason.contains("title"), "{failures:?}");
        world.rebuilds_to_the_same().await;
    }
}

#[tokio::test]
async fn duplicates_are_grouped_told_apart_and_merged() {
    for world in worlds("twins").await {
        let isbn = "9780201616224";
        let one = with_isbn(book("Pragmatic", "Hunt, Andrew", 1999, "Programming"), isbn);
        let two = with_isbn(
            book("The pragmatic one", "Hunt, Andrew", 2000, "Craft"),
            isbn,
        );
        let (a, a_version) = world.publish(&one).await;
        let (b, b_version) = world.publish(&two).await;
        world
            .publish(&book("Other", "Hunt, Andrew", 1999, ""))
            .await;
        let (groups, next) = world.catalogue.duplicate_groups(BOOKS, "").await.unwrap();
        assert_eq!((groups.len(), next), (1, None));
        assert_eq!(groups[0].0, format!("isbn:{isbn}"));
        world.catalogue.tell_apart(BOOKS, &[&b, &a]).await.unwrap();
        let (groups, _) = world.catalogue.duplicate_groups(BOOKS, "").await.unwrap();
        assert!(groups.is_empty(), "remembered, in whichever order");
        // A third one meets both.
        let (c, c_version) = world.publish(&one).await;
        let (groups, _) = world.catalogue.duplicate_groups(BOOKS, "").await.unwrap();
        assert_eq!(groups[0].1.len(), 3);

        let merging = Merging {
            kept: (&a, a_version),
            gone: (&c, c_version),
            work: Some(&two),
            by: "Mira",
            office: "library of hill.internal",
        };
        let late = Merging {
            kept: (&a, a_version + 100),
            ..merging.clone()
        };
        let outcome = world
            .catalogue
            .merge_duplicates(BOOKS, &late)
            .await
            .unwrap();
        assert!(matches!(outcome, Outcome::Conflict { .. }));
        assert!(
            world.catalogue.work(BOOKS, &c, None).await.is_ok(),
            "nothing was done"
        );
        let outcome = world
            .catalogue
            .merge_duplicates(BOOKS, &merging)
            .await
            .unwrap();
        let (id, version) = published(outcome);
        assert_eq!(id, a);
        let (_, work) = world.catalogue.work(BOOKS, &a, None).await.unwrap();
        assert_eq!(work, two);
        let row = world.catalogue.row(BOOKS, &c).await.unwrap().unwrap();
        assert_eq!(row.reason, Some(Reason::Duplicate));
        assert_eq!(
            world.catalogue.kept_instead(BOOKS, &c).await.unwrap(),
            Some(a.clone())
        );
        // And on: what led to `a` leads to `b` now.
        let on = Merging {
            kept: (&b, b_version),
            gone: (&a, version),
            work: None,
            by: "Mira",
            office: "library of hill.internal",
        };
        published(world.catalogue.merge_duplicates(BOOKS, &on).await.unwrap());
        assert_eq!(
            world.catalogue.kept_instead(BOOKS, &c).await.unwrap(),
            Some(b.clone())
        );
        assert!(matches!(
            world.catalogue.merge_duplicates(BOOKS, &on).await,
            Err(CatalogueError::Withdrawn(_))
        ));
        world.rebuilds_to_the_same().await;
    }
}

fn part(row: &Coverage, name: &str) -> i64 {
    row.parts[PARTS.iter().position(|part| *part == name).unwrap()]
}

#[tokio::test]
async fn counts_follow_every_change_and_a_rebuild_gives_the_same() {
    for world in worlds("tally").await {
        let now_ms = lampion_core::Clock::now_ms(&*world.clock);
        let books = [BOOKS.to_string()];
        let (tea, first) = world.publish(&book("Tea", "A", 1990, "Drinks")).await;
        world.publish(&book("Coffee", "B", 1991, "")).await;
        let (gone, _) = world.publish(&book("Gone", "B", 1991, "x")).await;
        let all = world
            .catalogue
            .coverage(&books, By::Collection)
            .await
            .unwrap();
        assert_eq!((all[0].records, part(&all[0], "subject")), (3, 2));
        let done = world
            .catalogue
            .done_since(&books, week(now_ms))
            .await
            .unwrap();
        assert_eq!((done[0].by.as_str(), done[0].records), ("Mira", 3));
        world
            .catalogue
            .withdraw(BOOKS, &gone, Reason::Privacy, "library", "")
            .await
            .unwrap();
        // A week later Joon gives one of them a number and no subject.
        world.clock.advance(7 * 86_400_000);
        let new = with_isbn(book("Tea", "A", 1990, ""), "9780201616224");
        published(
            world
                .catalogue
                .publish(BOOKS, Some(&tea), Some(first), &new, "Joon", "")
                .await
                .unwrap(),
        );
        let all = world
            .catalogue
            .coverage(&books, By::Language)
            .await
            .unwrap();
        assert_eq!(all.len(), 1);
        let english = &all[0];
        assert_eq!(
            (
                english.key.as_str(),
                english.records,
                part(english, "subject"),
                part(english, "identifier"),
                part(english, "creator"),
                part(english, "cover")
            ),
            ("en", 2, 0, 1, 2, 0)
        );
        let done = world
            .catalogue
            .done_since(&books, week(now_ms))
            .await
            .unwrap();
        let rows: Vec<(i64, &str, i64)> = done
            .iter()
            .map(|one| (one.week - week(now_ms), one.by.as_str(), one.records))
            .collect();
        assert_eq!(rows, [(0, "Mira", 1), (1, "Joon", 1)]);
        assert_eq!(world.catalogue.counted(BOOKS).await.unwrap(), 2);
        assert!(
            world
                .catalogue
                .coverage(&[], By::Kind)
                .await
                .unwrap()
                .is_empty()
        );
        world.rebuilds_to_the_same().await;
        let again = world
            .catalogue
            .coverage(&books, By::Language)
            .await
            .unwrap();
        assert_eq!(again, all);
    }
}

#[tokio::test]
async fn drafts_wait_by_age() {
    for world in worlds("backlog").await {
        let draft = Draft {
            id: String::new(),
            collection: BOOKS.into(),
            record: None,
            base_version: None,
            work: book("Draft", "A", 1990, ""),
            person: "p".into(),
            state: DraftState::Writing,
            comment: String::new(),
            updated_ms: 0,
        };
        let id = world.catalogue.save_draft(&draft).await.unwrap();
        world.catalogue.submit(&id, "p").await.unwrap();
        world.clock.advance(8 * 86_400_000);
        world.catalogue.save_draft(&draft).await.unwrap();
        let now_ms = lampion_core::Clock::now_ms(&*world.clock);
        let backlog = world.catalogue.backlog(now_ms).await.unwrap();
        let ages: Vec<(DraftState, [i64; 4])> =
            backlog.iter().map(|one| (one.state, one.ages)).collect();
        assert_eq!(
            ages,
            [
                (DraftState::Submitted, [0, 1, 0, 0]),
                (DraftState::Returned, [0, 0, 0, 0]),
                (DraftState::Writing, [1, 0, 0, 0])
            ]
        );
    }
}

#[tokio::test]
async fn failed_searches_are_kept_above_the_bar_and_forgotten() {
    for world in worlds("failed").await {
        let db = world.database.db();
        let now_ms = lampion_core::Clock::now_ms(&*world.clock);
        let searches = FailedSearches::default();
        let fail = |words: &str, times: u32| {
            for round in 0..times {
                for other in 0..RECENT {
                    let other = format!("{words} {round} o{other}");
                    searches.note(&other, &SearchResults::default(), now_ms, &SystemRng);
                }
                searches.note(words, &SearchResults::default(), now_ms, &SystemRng);
            }
        };
        fail("mango", LEAST + 2);
        fail("rare words", LEAST - 1);
        searches.flush(db, now_ms).await.unwrap();
        let all = failed::list(db, week(now_ms)).await.unwrap();
        assert_eq!(all.len(), 1, "{all:?}");
        assert_eq!(
            (all[0].words.as_str(), all[0].nothing, all[0].loosened),
            ("mango", i64::from(LEAST) + 2, 0)
        );
        fail("mango", 1);
        searches.flush(db, now_ms).await.unwrap();
        let all = failed::list(db, week(now_ms)).await.unwrap();
        assert_eq!(all[0].nothing, i64::from(LEAST) + 3);
        failed::dismiss(db, "mango", now_ms).await.unwrap();
        fail("mango", 1);
        searches.flush(db, now_ms).await.unwrap();
        assert!(failed::list(db, 0).await.unwrap().is_empty(), "dealt with");
        fail("papaya", LEAST);
        searches.flush(db, now_ms).await.unwrap();
        let later = now_ms + 40 * 7 * 86_400_000;
        searches.flush(db, later).await.unwrap();
        assert!(failed::list(db, 0).await.unwrap().is_empty(), "forgotten");
    }
}

#[tokio::test]
async fn lists_are_ordered_shared_and_bounded() {
    for world in worlds("lists").await {
        let lists = Lists::new(
            world.database.db().clone(),
            world.clock.clone(),
            Arc::new(SystemRng),
        );
        let mira = ("mira", "Mira");
        assert!(matches!(
            lists.create(mira, "  ", Shared::Private).await,
            Err(ListError::NoTitle)
        ));
        let id = lists.create(mira, "Tea", Shared::Private).await.unwrap();
        for key in ["a", "b", "c", "b"] {
            lists.add(&id, BOOKS, key, "").await.unwrap();
        }
        let order = || async {
            let items = lists.items(&id).await.unwrap();
            items
                .into_iter()
                .map(|item| item.document)
                .collect::<Vec<_>>()
        };
        assert_eq!(order().await, ["a", "b", "c"], "each once");
        let items = lists.items(&id).await.unwrap();
        lists.shift(&id, &items[2].id, true).await.unwrap();
        assert_eq!(order().await, ["a", "c", "b"]);
        lists.shift(&id, &items[0].id, true).await.unwrap();
        assert_eq!(order().await, ["a", "c", "b"], "the first stays first");
        lists.shift(&id, &items[0].id, false).await.unwrap();
        assert_eq!(order().await, ["c", "a", "b"]);
        lists.take_off(&id, &items[0].id).await.unwrap();
        assert_eq!(lists.get(&id).await.unwrap().items, 2);
        lists.note(&id, &items[1].id, "read this").await.unwrap();
        assert_eq!(lists.items(&id).await.unwrap()[1].note, "read this");

        assert!(lists.get_for(&id, None).await.is_err());
        assert!(lists.get_for(&id, Some("joon")).await.is_err());
        assert!(lists.get_for(&id, Some("mira")).await.is_ok());
        let mut list = lists.get(&id).await.unwrap();
        list.shared = Shared::Link;
        lists.describe(&list).await.unwrap();
        assert!(lists.get_for(&id, None).await.is_ok());
        assert!(lists.public(10).await.unwrap().is_empty());
        list.shared = Shared::Public;
        lists.describe(&list).await.unwrap();
        assert_eq!(lists.public(10).await.unwrap()[0].title, "Tea");
        // Added to by many at once, each keeps its place.
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let (lists, id) = (lists.clone(), id.clone());
                tokio::spawn(async move { lists.add(&id, BOOKS, &format!("d{n}"), "").await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(lists.get(&id).await.unwrap().items, 22);
        lists.remove(&id).await.unwrap();
        assert!(lists.items(&id).await.unwrap().is_empty());
        assert!(matches!(
            lists.add(&id, BOOKS, "a", "").await,
            Err(ListError::NoSuchList)
        ));
    }
}
