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
