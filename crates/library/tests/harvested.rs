//! What was harvested, in both databases: a page and the state after it, all of it or nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

use lampion_db::{KERNEL, testing};
use lampion_formats::exchange::harvest::{Harvest, Harvested, Limits, Source};
use lampion_library::harvest::Whole;
use lampion_library::store::{MIGRATIONS, Store};

fn harvest() -> Harvest {
    let source = Source {
        base_url: "http://mill/oai".into(),
        prefix: "oai_dc".into(),
        set: Some("maps".into()),
        post: false,
    };
    Harvest::new(source, Limits::default()).unwrap()
}

fn record(number: usize, title: Option<&str>) -> Harvested {
    Harvested {
        identifier: format!("oai:mill:{number}"),
        datestamp: "2026-03-01".into(),
        sets: Vec::new(),
        deleted: title.is_none(),
        metadata: title.map(|title| format!("<title>{title}</title>")),
        about: Vec::new(),
    }
}

#[tokio::test]
async fn changes_are_numbered_and_what_comes_again_is_none() {
    for database in testing::databases("library_harvested").await {
        database.db().migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
        let store = Store(database.db().clone());
        assert!(store.harvest("mill").await.unwrap().is_none());
        let state = harvest();
        assert_eq!(store.keep_harvest("mill", &state, &[]).await.unwrap(), None);
        store.begin_harvest("mill", &state).await.unwrap();
        let page = [
            record(1, Some("one")),
            record(2, Some("둘")),
            record(3, None),
        ];
        let newest = store.keep_harvest("mill", &state, &page).await.unwrap();
        let newest = newest.unwrap();
        let row = store.harvest("mill").await.unwrap().unwrap();
        assert_eq!(row.harvest, state);
        assert_eq!((row.sequence, row.indexed), (newest, 0));
        let rows = store.harvested_after("mill", 0, 10).await.unwrap();
        let shown: Vec<_> = rows
            .iter()
            .map(|row| (row.identifier.as_str(), row.deleted, row.metadata.as_str()))
            .collect();
        assert_eq!(
            shown,
            [
                ("oai:mill:1", false, "<title>one</title>"),
                ("oai:mill:2", false, "<title>둘</title>"),
                ("oai:mill:3", true, ""),
            ]
        );
        store.harvest_indexed("mill", newest).await.unwrap();

        // The same page again changes nothing; a change and a deletion do.
        store.keep_harvest("mill", &state, &page).await.unwrap();
        assert!(
            store
                .harvested_after("mill", newest, 10)
                .await
                .unwrap()
                .is_empty()
        );
        let page = [record(1, None), record(2, Some("둘째"))];
        store.keep_harvest("mill", &state, &page).await.unwrap();
        let rows = store.harvested_after("mill", newest, 10).await.unwrap();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].deleted && rows[0].metadata.is_empty());
        assert_eq!(store.harvested("mill", "oai:mill:1").await.unwrap(), None);
        assert_eq!(
            store
                .harvested("mill", "oai:mill:2")
                .await
                .unwrap()
                .unwrap(),
            "<title>둘째</title>"
        );
        // Another collection's records are others.
        assert!(
            store
                .harvested_after("hill", 0, 10)
                .await
                .unwrap()
                .is_empty()
        );
        store.remove("mill").await.unwrap();
        assert_eq!(
            store.keep_harvest("mill", &state, &page).await.unwrap(),
            None
        );
        assert!(store.harvest("mill").await.unwrap().is_none());
        assert!(
            store
                .harvested_after("mill", 0, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn time_that_the_node_runs_makes_a_harvest_due() {
    for database in testing::databases("library_due").await {
        database.db().migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
        let store = Store(database.db().clone());
        for id in ["mill", "brook"] {
            store.begin_harvest(id, &harvest()).await.unwrap();
        }
        store.set_harvest_every("mill", 2).await.unwrap();
        assert_eq!(store.harvest_every("mill").await.unwrap(), Some(2));
        assert_eq!(store.harvest_every("brook").await.unwrap(), Some(0));
        assert_eq!(store.harvest_every("nothing").await.unwrap(), None);
        assert!(store.harvests_due(7_199).await.unwrap().is_empty());
        assert_eq!(store.harvests_due(1).await.unwrap(), ["mill"]);
        assert!(
            store.harvests_due(7_199).await.unwrap().is_empty(),
            "it begins anew"
        );
        // The same setting again does not.
        store.set_harvest_every("mill", 2).await.unwrap();
        assert_eq!(store.harvests_due(60).await.unwrap(), ["mill"]);
        store.set_harvest_every("mill", 0).await.unwrap();
        assert!(store.harvests_due(1_000_000).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_harvest_of_everything_deletes_the_rest_at_its_end_only() {
    for database in testing::databases("library_whole").await {
        database.db().migrate(&[KERNEL, MIGRATIONS]).await.unwrap();
        let store = Store(database.db().clone());
        let mut state = harvest();
        store.begin_harvest("mill", &state).await.unwrap();
        let page: Vec<_> = (0..1_200)
            .map(|number| record(number, Some("one")))
            .collect();
        let before = store
            .keep_harvest("mill", &state, &page)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(store.end_whole("mill").await.unwrap(), Whole::None);
        state.begin_whole();
        store.begin_whole("mill", &state).await.unwrap();
        assert!(store.harvest("mill").await.unwrap().unwrap().whole);
        // Two come, one of them changed.
        let page = [record(3, Some("one")), record(4, Some("other"))];
        store.keep_harvest("mill", &state, &page).await.unwrap();
        let changed = store.harvested_after("mill", before, 2_000).await.unwrap();
        assert_eq!(changed.len(), 1, "the others are all there still");
        let at = store.harvest("mill").await.unwrap().unwrap().sequence;
        assert_eq!(store.end_whole("mill").await.unwrap(), Whole::Gone(1_198));
        let row = store.harvest("mill").await.unwrap().unwrap();
        assert!(!row.whole);
        let (mut after, mut gone) = (at, 0);
        loop {
            let rows = store.harvested_after("mill", after, 500).await.unwrap();
            let Some(last) = rows.last() else { break };
            after = last.sequence;
            gone += rows.iter().filter(|row| row.deleted).count();
        }
        assert_eq!(
            (gone, after),
            (1_198, row.sequence),
            "each has a number of its own"
        );

        // An empty list is a fault of the repository.
        store.begin_whole("mill", &state).await.unwrap();
        assert_eq!(store.end_whole("mill").await.unwrap(), Whole::Empty);
        assert!(
            store
                .harvested("mill", "oai:mill:3")
                .await
                .unwrap()
                .is_some()
        );
    }
}
