//! Files, covers and templates of records, and headings, in the store, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::allow_attributes,
    reason = "tests"
)]

mod common;

use common::{BOOKS, World, book, published, worlds};
use lampion_blobs::{Blobs, Hash};
use lampion_feed::entry::Reason;
use lampion_formats::records::desk::{Attachment, HeadingKind, Work};
use lampion_library::catalogue::{Catalogue, CatalogueError, Draft, DraftState};

const DAY_MS: i64 = 86_400_000;
const MIRA: &str = "p-mira";

/// A world's catalogue with a store of blobs.
fn with_store(world: &World) -> (Catalogue, Blobs) {
    let blobs = Blobs::folder(world.database.folder().join("blobs")).unwrap();
    (world.catalogue.clone().with_blobs(blobs.clone()), blobs)
}

/// Sends a file.
async fn send(catalogue: &Catalogue, blobs: &Blobs, person: &str, text: &str) -> Attachment {
    let stored = blobs.put_reader(text.as_bytes()).await.unwrap();
    let file = Attachment {
        name: format!("{text}.txt"),
        media_type: "text/plain".into(),
        size_bytes: stored.size_bytes,
        blake3: stored.hash.to_string(),
    };
    catalogue.uploaded(person, &file).await.unwrap();
    file
}

async fn is_there(blobs: &Blobs, file: &Attachment) -> bool {
    let hash: Hash = file.blake3.parse().unwrap();
    blobs.exists(&hash).await.unwrap()
}

fn holding(title: &str, files: &[&Attachment], cover: Option<&Attachment>) -> Work {
    let mut work = book(title, "Lee, Ann", 2001, "Tea");
    work.files = files.iter().map(|file| (*file).clone()).collect();
    work.cover = cover.cloned();
    work
}

/// Publishes as the form does: what the record holds is no upload any more.
async fn publish(
    catalogue: &Catalogue,
    id: Option<&str>,
    base: Option<u64>,
    work: &Work,
) -> (String, u64) {
    let outcome = catalogue.publish(BOOKS, id, base, work, "Mira", "").await;
    published(outcome.unwrap())
}

#[tokio::test]
async fn a_withdrawal_erases_the_files_of_all_versions_that_nothing_else_holds() {
    for world in worlds("files_withdrawn").await {
        let (catalogue, blobs) = with_store(&world);
        let old = send(&catalogue, &blobs, "gone-person", "old").await;
        let new = send(&catalogue, &blobs, "gone-person", "new").await;
        let cover = send(&catalogue, &blobs, "gone-person", "cover").await;
        let shared = send(&catalogue, &blobs, "gone-person", "shared").await;
        let first = holding("Tea", &[&old, &shared], Some(&cover));
        let (id, version) = publish(&catalogue, None, None, &first).await;
        let second = holding("Tea 2", &[&new], Some(&cover));
        publish(&catalogue, Some(&id), Some(version), &second).await;
        let other = holding("Other", &[&shared], None);
        let (other, _) = publish(&catalogue, None, None, &other).await;
        // Uploads of long ago are let go; what versions hold stays, the replaced file too, for it can be restored.
        world.clock.advance(8 * DAY_MS);
        assert_eq!(catalogue.sweep().await.unwrap(), 0);
        for file in [&old, &new, &cover, &shared] {
            assert!(is_there(&blobs, file).await, "{}", file.name);
        }
        world.rebuilds_to_the_same().await;
        let office = "library of hill.internal";
        catalogue
            .withdraw(BOOKS, &id, Reason::Privacy, office, "")
            .await
            .unwrap();
        for file in [&old, &new, &cover] {
            assert!(!is_there(&blobs, file).await, "{}", file.name);
        }
        assert!(is_there(&blobs, &shared).await, "another record holds it");
        world.rebuilds_to_the_same().await;
        catalogue
            .withdraw(BOOKS, &other, Reason::Error, office, "")
            .await
            .unwrap();
        assert!(!is_there(&blobs, &shared).await);
        world.rebuilds_to_the_same().await;
        assert_eq!(catalogue.sweep().await.unwrap(), 0);
    }
}

#[tokio::test]
async fn what_was_let_go_before_a_crash_goes_at_the_next_sweep() {
    for world in worlds("files_crash").await {
        let (catalogue, blobs) = with_store(&world);
        let file = send(&catalogue, &blobs, MIRA, "file").await;
        let work = holding("Tea", &[&file], None);
        let (id, _) = publish(&catalogue, None, None, &work).await;
        world.clock.advance(8 * DAY_MS);
        catalogue.sweep().await.unwrap();
        // Without a store: as if the process had died after the commit.
        world
            .catalogue
            .withdraw(BOOKS, &id, Reason::Other, "office", "")
            .await
            .unwrap();
        assert!(is_there(&blobs, &file).await);
        assert_eq!(catalogue.sweep().await.unwrap(), 1);
        assert!(!is_there(&blobs, &file).await);
    }
}

#[tokio::test]
async fn uploads_wait_a_week_and_drafts_hold_their_files() {
    for world in worlds("files_drafts").await {
        let (catalogue, blobs) = with_store(&world);
        let (kept, lost) = (
            send(&catalogue, &blobs, MIRA, "kept").await,
            send(&catalogue, &blobs, MIRA, "lost").await,
        );
        assert_eq!(
            catalogue.upload(MIRA, &kept.blake3).await.unwrap(),
            Some(kept.clone())
        );
        assert_eq!(
            catalogue.upload("p-joon", &kept.blake3).await.unwrap(),
            None,
            "another person's"
        );
        let mut draft = Draft {
            id: String::new(),
            collection: BOOKS.into(),
            record: None,
            base_version: None,
            work: holding("Draft", &[&kept], None),
            person: MIRA.into(),
            state: DraftState::Writing,
            comment: String::new(),
            updated_ms: 0,
        };
        draft.id = catalogue.save_draft(&draft).await.unwrap();
        assert_eq!(
            catalogue.upload(MIRA, &kept.blake3).await.unwrap(),
            None,
            "the draft holds it now"
        );
        world.clock.advance(6 * DAY_MS);
        assert_eq!(catalogue.sweep().await.unwrap(), 0);
        world.clock.advance(2 * DAY_MS);
        assert_eq!(catalogue.sweep().await.unwrap(), 1);
        assert!(!is_there(&blobs, &lost).await);
        assert!(is_there(&blobs, &kept).await);
        // Taken out of the draft, it goes at once.
        draft.work = holding("Draft", &[], None);
        catalogue.save_draft(&draft).await.unwrap();
        assert!(!is_there(&blobs, &kept).await);
        // And with the draft.
        let last = send(&catalogue, &blobs, MIRA, "last").await;
        draft.work = holding("Draft", &[&last], None);
        catalogue.save_draft(&draft).await.unwrap();
        assert!(is_there(&blobs, &last).await);
        catalogue.discard_draft(&draft.id, MIRA).await.unwrap();
        assert!(!is_there(&blobs, &last).await);
    }
}

#[tokio::test]
async fn a_withdrawal_takes_the_drafts_of_the_record_and_their_files_along() {
    for world in worlds("files_draft_withdrawn").await {
        let (catalogue, blobs) = with_store(&world);
        let (id, version) = publish(&catalogue, None, None, &book("Tea", "A", 1, "")).await;
        let file = send(&catalogue, &blobs, MIRA, "file").await;
        let draft = Draft {
            id: String::new(),
            collection: BOOKS.into(),
            record: Some(id.clone()),
            base_version: Some(version),
            work: holding("Tea, new", &[&file], None),
            person: MIRA.into(),
            state: DraftState::Writing,
            comment: String::new(),
            updated_ms: 0,
        };
        let draft = catalogue.save_draft(&draft).await.unwrap();
        catalogue
            .withdraw(BOOKS, &id, Reason::Privacy, "office", "")
            .await
            .unwrap();
        assert_eq!(catalogue.draft(&draft).await.unwrap(), None);
        assert!(!is_there(&blobs, &file).await);
    }
}

#[tokio::test]
async fn strange_files_are_left_out_of_a_work() {
    for world in worlds("files_strange").await {
        let (catalogue, blobs) = with_store(&world);
        let own = send(&catalogue, &blobs, MIRA, "own").await;
        let others = send(&catalogue, &blobs, "p-joon", "others").await;
        let known = send(&catalogue, &blobs, "p-joon", "known").await;
        let work = holding("Tea", &[&own, &others, &known], Some(&others));
        let before = holding("Tea", &[&known], None);
        let left = catalogue
            .without_strange_files(work, MIRA, &[&before])
            .await
            .unwrap();
        assert_eq!(left.files, [own, known]);
        assert_eq!(left.cover, None);
    }
}

#[tokio::test]
async fn templates_are_ones_own_or_shared() {
    for world in worlds("templates").await {
        let catalogue = &world.catalogue;
        let work = book("", "Lee, Ann", 2001, "Tea");
        let mine = catalogue
            .save_template(BOOKS, Some(MIRA), " Tea books ", &work)
            .await
            .unwrap();
        let shared = catalogue
            .save_template(BOOKS, None, "Annual", &work)
            .await
            .unwrap();
        let names = async |person: &str| -> Vec<String> {
            let all = catalogue.templates(BOOKS, person).await.unwrap();
            all.into_iter().map(|one| one.name).collect()
        };
        assert_eq!(names(MIRA).await, ["Tea books", "Annual"]);
        assert_eq!(names("p-joon").await, ["Annual"]);
        assert!(catalogue.templates("other", MIRA).await.unwrap().is_empty());
        let again = catalogue
            .save_template(BOOKS, Some(MIRA), "Tea books", &book("x", "B", 1, ""))
            .await
            .unwrap();
        assert_eq!(again, mine, "one of the same name is replaced");
        let own = catalogue.own_template(BOOKS, MIRA, &mine).await.unwrap();
        assert_eq!(own.work.title(), "x");
        let refused = catalogue.own_template(BOOKS, "p-joon", &mine).await;
        assert!(matches!(refused, Err(CatalogueError::NoSuchTemplate(_))));
        for (person, may_share, id) in [("p-joon", true, &mine), ("p-joon", false, &shared)] {
            let refused = catalogue
                .remove_template(BOOKS, person, may_share, id)
                .await;
            assert!(matches!(refused, Err(CatalogueError::NoSuchTemplate(_))));
        }
        catalogue
            .remove_template(BOOKS, "p-joon", true, &shared)
            .await
            .unwrap();
        assert_eq!(names(MIRA).await, ["Tea books"]);
    }
}

#[tokio::test]
async fn the_most_used_headings_come_first_however_many_begin_alike() {
    for world in worlds("headings").await {
        let mut works = Vec::new();
        // More than are looked at one by one begin with "a" and come before the one that is used most.
        for n in 0..2_100 {
            works.push(book("Tea", &format!("Aa{n:05}, Mira"), 2001, ""));
        }
        for _ in 0..20 {
            works.push(book("Tea", "Azure, Ann", 2001, "차"));
        }
        let all = works
            .into_iter()
            .map(|work| lampion_library::catalogue::Publication {
                id: None,
                base: None,
                work,
            });
        world
            .catalogue
            .publish_many(BOOKS, all.collect(), "Mira", "")
            .await
            .unwrap();
        let offered = async |kind, typed: &str| {
            let found = world.catalogue.suggest_headings(kind, typed, 3).await;
            let found = found.unwrap().into_iter();
            found.map(|one| (one.display, one.uses)).collect::<Vec<_>>()
        };
        let found = offered(HeadingKind::Person, "Ä").await;
        assert_eq!(found[0], ("Azure, Ann".to_string(), 20));
        assert_eq!(found.len(), 3);
        assert_eq!(
            offered(HeadingKind::Person, "azu").await,
            [("Azure, Ann".to_string(), 20)]
        );
        assert_eq!(
            offered(HeadingKind::Subject, "차").await,
            [("차".to_string(), 20)]
        );
        assert!(offered(HeadingKind::Corporate, "a").await.is_empty());
        world.rebuilds_to_the_same().await;
    }
}
