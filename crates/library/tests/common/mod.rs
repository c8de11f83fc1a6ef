//! A catalogue in an empty database of each kind.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by tests, each of which uses a part"
)]

use std::path::PathBuf;
use std::sync::Arc;

use lampion_core::{Events, ManualClock, SystemRng};
use lampion_db::testing::{self, TestDb};
use lampion_db::{Db, KERNEL};
use lampion_feed::Feeds;
use lampion_formats::records::desk::{DublinCore, Element, Qualifier, Statement, Work};
use lampion_library::catalogue::{Catalogue, LibraryPublications, Outcome};

pub const NOW_MS: i64 = 1_795_326_643_000;
pub const ORIGIN: &str = "hill.internal/feed/library";
pub const BOOKS: &str = "books";

pub struct World {
    pub catalogue: Catalogue,
    pub feeds: Feeds,
    pub clock: Arc<ManualClock>,
    pub database: TestDb,
    pub folder: PathBuf,
}

pub async fn open(
    db: Db,
    clock: &Arc<ManualClock>,
    folder: &std::path::Path,
) -> (Catalogue, Feeds) {
    let feeds = Feeds::open(
        db.clone(),
        (clock.clone(), Arc::new(SystemRng)),
        folder,
        "hill.internal",
        vec![Arc::new(LibraryPublications)],
    )
    .await
    .unwrap();
    let catalogue = Catalogue::new(
        db,
        feeds.clone(),
        clock.clone(),
        Arc::new(SystemRng),
        Events::default(),
    );
    (catalogue, feeds)
}

pub async fn worlds(name: &str) -> Vec<World> {
    let mut all = Vec::new();
    for database in testing::databases(name).await {
        let migrations = [
            KERNEL,
            lampion_feed::MIGRATIONS,
            lampion_library::store::MIGRATIONS,
        ];
        database.db().migrate(&migrations).await.unwrap();
        let clock = Arc::new(ManualClock::new(NOW_MS));
        let folder = database.folder().join("node/feeds");
        let (catalogue, feeds) = open(database.db().clone(), &clock, &folder).await;
        all.push(World {
            catalogue,
            feeds,
            clock,
            database,
            folder,
        });
    }
    all
}

pub fn book(title: &str, author: &str, year: i32, subject: &str) -> Work {
    let mut statements = vec![
        Statement::new(Element::Title, title),
        Statement::new(Element::Creator, author),
        Statement::new(Element::Date, year.to_string()),
        Statement::new(Element::Language, "en"),
    ];
    if !subject.is_empty() {
        statements.push(Statement::new(Element::Subject, subject));
    }
    DublinCore { statements }.into()
}

pub fn with_isbn(mut work: Work, isbn: &str) -> Work {
    if let lampion_formats::records::desk::Body::DublinCore { record, .. } = &mut work.body {
        record.statements.push(Statement::qualified(
            Element::Identifier,
            Qualifier::Isbn,
            isbn,
        ));
    }
    work
}

pub fn published(outcome: Outcome) -> (String, u64) {
    match outcome {
        Outcome::Published { id, version } => (id, version),
        other => panic!("{other:?}"),
    }
}

impl World {
    pub async fn publish(&self, work: &Work) -> (String, u64) {
        published(
            self.catalogue
                .publish(BOOKS, None, None, work, "Mira", "new")
                .await
                .unwrap(),
        )
    }

    pub async fn rebuilds_to_the_same(&self) {
        let rebuilt = self.feeds.rebuild(ORIGIN).await.unwrap();
        assert!(
            rebuilt.projection_same && rebuilt.objects_same,
            "{rebuilt:?}"
        );
    }
}
