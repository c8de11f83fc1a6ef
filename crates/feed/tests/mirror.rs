//! Taking others' entries: all of it by the signed root, or nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]
mod common;

use std::path::Path;

use common::{KIND, Node, ORIGIN, catch_up, many, open, pairs, publish, withdraw};
use lampion_db::testing;
use lampion_feed::checkpoint::Checkpoint;
use lampion_feed::entry::{Commitment, Entry, Publish, SALT_LEN};
use lampion_feed::fork::verify_fork_proof;
use lampion_feed::merkle::{Hash, Leaves, leaf_hash};
use lampion_feed::note::{Note, SignatureKind, SigningKey};
use lampion_feed::{Body, Delta, Draft, EntryFault, FeedError, Observed, State};

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_has_the_same_entries_bodies_and_shelf() {
    for (author, mirror) in pairs("same").await {
        author.append(&many("a", 700)).await;
        author
            .append(&[publish("a1", "newer"), withdraw("a2")])
            .await;
        author.sign().await;
        author.append(&[publish("unsigned", "x")]).await;
        assert_eq!(catch_up(&author, &mirror, 300, true).await.unwrap(), 702);
        assert_eq!(author.sign().await.checkpoint.size, 703);
        assert_eq!(catch_up(&author, &mirror, 300, true).await.unwrap(), 703);
        let ours = author.feeds.entries(ORIGIN, 0, 1000).await.unwrap();
        let theirs = mirror.feeds.entries(ORIGIN, 0, 1000).await.unwrap();
        assert_eq!(ours, theirs);
        assert_eq!(author.shelf(ORIGIN).await, mirror.shelf(ORIGIN).await);
        mirror.rebuilds_to_the_same(ORIGIN).await;
        let feed = mirror.feeds.find(ORIGIN).await.unwrap().unwrap();
        assert!(!feed.own);
        assert_eq!(
            mirror
                .feeds
                .checkpoint(ORIGIN)
                .await
                .unwrap()
                .unwrap()
                .checkpoint
                .size,
            703
        );
        // A mirror serves a mirror.
        assert!(
            mirror
                .feeds
                .delta(ORIGIN, 100, 10, true)
                .await
                .unwrap()
                .is_some()
        );
        let mut tx = mirror.database.db().begin().await.unwrap();
        assert_eq!(
            mirror
                .feeds
                .append(&mut tx, KIND, &many("own", 1))
                .await
                .unwrap()
                .size,
            1
        );
        let acknowledged = [Draft::Acknowledge {
            origin: ORIGIN.into(),
            index: 701,
        }];
        assert_eq!(
            mirror
                .feeds
                .append(&mut tx, KIND, &acknowledged)
                .await
                .unwrap()
                .size,
            2
        );
        tx.commit().await.unwrap();
        let own = mirror.feeds.own(KIND).await.unwrap().unwrap();
        let said = mirror.feeds.entry(&own.origin, 1).await.unwrap().unwrap();
        assert_eq!(said.state, State::Acknowledgement);
        assert!(matches!(said.entry, Entry::Acknowledge(said) if said.by == "dale.internal"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_may_come_later_but_not_after_a_withdrawal() {
    for (author, mirror) in pairs("later").await {
        author
            .append(&[
                publish("a", "one"),
                publish("b", "two"),
                publish("b", "three"),
            ])
            .await;
        author.sign().await;
        catch_up(&author, &mirror, 10, false).await.unwrap();
        let bare = mirror.feeds.entries(ORIGIN, 0, 10).await.unwrap();
        assert!(bare.iter().all(|record| record.body == Body::Missing));
        let bodies: Vec<_> = author
            .feeds
            .entries(ORIGIN, 0, 10)
            .await
            .unwrap()
            .into_iter()
            .filter_map(|record| match record.body {
                Body::Here { salt, bytes } => Some((record.index, salt, bytes)),
                _ => None,
            })
            .collect();
        let mut wrong = bodies.clone();
        wrong[1].2.push(b'!');
        assert!(matches!(
            mirror.feeds.supply(ORIGIN, &wrong).await,
            Err(FeedError::Entry {
                index: 1,
                fault: EntryFault::Body
            })
        ));
        assert_eq!(
            mirror.feeds.entry(ORIGIN, 0).await.unwrap().unwrap().body,
            Body::Missing
        );
        assert_eq!(mirror.feeds.supply(ORIGIN, &bodies).await.unwrap(), 3);
        assert_eq!(author.shelf(ORIGIN).await, mirror.shelf(ORIGIN).await);
        mirror.rebuilds_to_the_same(ORIGIN).await;

        author.append(&[withdraw("b")]).await;
        author.sign().await;
        catch_up(&author, &mirror, 10, true).await.unwrap();
        assert_eq!(mirror.feeds.supply(ORIGIN, &bodies).await.unwrap(), 1);
        let after = mirror.feeds.entries(ORIGIN, 0, 10).await.unwrap();
        assert_eq!(after[1].body, Body::Erased);
        assert_eq!(after[2].body, Body::Erased);
        let mut tx = mirror.database.db().begin().await.unwrap();
        mirror
            .feeds
            .drop_bodies(&mut tx, ORIGIN, &[0])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            mirror.feeds.entry(ORIGIN, 0).await.unwrap().unwrap().body,
            Body::Missing
        );
    }
}

/// A log that says what it likes, signed.
struct Liar {
    key: SigningKey,
    entries: Vec<Vec<u8>>,
}

impl Liar {
    fn new() -> Self {
        let key = SigningKey::from_seed(
            "liar.internal/feed/library",
            SignatureKind::Ed25519,
            &[5; 32],
        )
        .unwrap();
        Self {
            key,
            entries: Vec::new(),
        }
    }

    fn publish(object: &str, supersedes: Option<u64>, body: &[u8]) -> Vec<u8> {
        Entry::Publish(Publish {
            collection: "c".into(),
            object: object.into(),
            supersedes,
            expires: None,
            time: 1,
            body: Commitment::to(&[1; SALT_LEN], body).unwrap(),
        })
        .encode()
        .unwrap()
    }

    fn note(&self, size: usize) -> Vec<u8> {
        let leaves = Leaves(
            self.entries[..size]
                .iter()
                .map(|entry| leaf_hash(entry))
                .collect(),
        );
        let root = lampion_feed::merkle::root(size as u64, &leaves).unwrap();
        let mut note =
            Note::new(Checkpoint::new(self.key.verifier().name(), size as u64, root).to_string())
                .unwrap();
        note.sign(&self.key, 0).unwrap();
        note.to_string().into_bytes()
    }

    /// All from `start` on.
    fn delta(&self, start: usize) -> Delta {
        Delta {
            start: start as u64,
            entries: self.entries[start..].to_vec(),
            bodies: vec![None; self.entries.len() - start],
            checkpoint: self.note(self.entries.len()),
            proof: Vec::new(),
        }
    }
}

async fn untouched(mirror: &Node, liar: &Liar, size: u64) {
    let feed = mirror.feeds.find(liar.key.verifier().name()).await.unwrap();
    assert_eq!(feed.map_or(0, |feed| feed.size), size);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_not_what_the_author_signed_is_refused_whole() {
    for (_, mirror) in pairs("hostile").await {
        let mut liar = Liar::new();
        for n in 0..300 {
            liar.entries
                .push(Liar::publish(&format!("o{n}"), None, b"x"));
        }
        let key = liar.key.verifier().clone();
        let take = async |delta: &Delta| mirror.feeds.mirror(&key, KIND, delta).await;
        let good = liar.delta(0);

        let mut forged = good.clone();
        forged.entries[3] = Liar::publish("forged", None, b"x");
        assert!(matches!(
            take(&forged).await,
            Err(FeedError::RootMismatch { size: 300 })
        ));
        let mut reordered = good.clone();
        reordered.entries.swap(10, 11);
        assert!(matches!(
            take(&reordered).await,
            Err(FeedError::RootMismatch { .. })
        ));
        let mut cut = good.clone();
        cut.entries.pop();
        cut.bodies.pop();
        assert!(matches!(
            take(&cut).await,
            Err(FeedError::RootMismatch { size: 299 })
        ));
        let mut longer = good.clone();
        longer.entries.push(Liar::publish("more", None, b"x"));
        longer.bodies.push(None);
        assert!(matches!(take(&longer).await, Err(FeedError::BadDelta(_))));
        let mut unsigned = good.clone();
        unsigned.checkpoint = String::from_utf8(good.checkpoint.clone())
            .unwrap()
            .replace("\n300\n", "\n301\n")
            .into_bytes();
        assert!(matches!(
            take(&unsigned).await,
            Err(FeedError::Checkpoint(_))
        ));
        let mut uneven = good.clone();
        uneven.bodies.pop();
        assert!(matches!(take(&uneven).await, Err(FeedError::BadDelta(_))));
        let mut gap = good.clone();
        gap.start = 1;
        gap.entries.pop();
        gap.bodies.pop();
        assert!(matches!(
            take(&gap).await,
            Err(FeedError::Gap { have: 0, start: 1 })
        ));
        let mut body = good.clone();
        body.bodies[7] = Some(([1; SALT_LEN], b"y".to_vec()));
        assert!(matches!(
            take(&body).await,
            Err(FeedError::Entry {
                index: 7,
                fault: EntryFault::Body
            })
        ));
        let mut wrong_proof = good.clone();
        wrong_proof.entries.truncate(200);
        wrong_proof.bodies.truncate(200);
        wrong_proof.proof = vec![Hash([7; 32]); 5];
        assert!(matches!(
            take(&wrong_proof).await,
            Err(FeedError::RootMismatch { size: 200 })
        ));
        let many = Delta {
            entries: vec![vec![1]; 5000],
            bodies: vec![None; 5000],
            ..good.clone()
        };
        assert!(matches!(take(&many).await, Err(FeedError::TooMuch)));
        untouched(&mirror, &liar, 0).await;

        // Signed, but against the rules.
        for (bad, what) in [
            (b"\x01\x80".to_vec(), "no entry"),
            (vec![0xff; 20], "a newer version"),
            (Liar::publish("o3", None, b"x"), "published as new twice"),
            (Liar::publish("o3", Some(4), b"x"), "supersedes another"),
            (vec![1; 1025], "too long"),
        ] {
            let mut bent = Liar::new();
            bent.entries = liar.entries.clone();
            bent.entries.push(bad);
            let refused = take(&bent.delta(0)).await;
            assert!(
                matches!(refused, Err(FeedError::Entry { index: 300, .. })),
                "{what}: {refused:?}"
            );
        }
        untouched(&mirror, &liar, 0).await;

        assert_eq!(take(&good).await.unwrap().new, 300);
        assert_eq!(
            take(&good).await.unwrap().new,
            0,
            "the same again is nothing new"
        );
        assert_eq!(
            mirror.feeds.observe(&liar.note(300), &key).await.unwrap(),
            Observed::Same
        );
        assert_eq!(
            mirror.feeds.observe(&liar.note(100), &key).await.unwrap(),
            Observed::Older
        );
        liar.entries.push(Liar::publish("o3", Some(3), b"x"));
        assert_eq!(
            mirror.feeds.observe(&liar.note(301), &key).await.unwrap(),
            Observed::Newer
        );
        let overlapping = liar.delta(250);
        assert_eq!(take(&overlapping).await.unwrap().new, 1);
        // Another key under the same name.
        let other = SigningKey::from_seed(key.name(), SignatureKind::Ed25519, &[6; 32]).unwrap();
        let mut impostor = Liar {
            key: other,
            entries: liar.entries.clone(),
        };
        impostor.entries.push(Liar::publish("new", None, b"x"));
        let impostor_key = impostor.key.verifier().clone();
        assert!(matches!(
            mirror
                .feeds
                .mirror(&impostor_key, KIND, &impostor.delta(301))
                .await,
            Err(FeedError::KeyChanged(_))
        ));
        untouched(&mirror, &liar, 301).await;
        mirror.rebuilds_to_the_same(key.name()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_histories_are_proved_whichever_is_longer() {
    // Sizes: ours when we see theirs, where they part, theirs.
    for (ours, parts, theirs) in [
        (300, 280, 300),
        (300, 5, 290),
        (290, 5, 300),
        (257, 0, 1),
        (2, 1, 700),
    ] {
        for (_, mirror) in pairs("fork").await {
            let mut one = Liar::new();
            for n in 0..ours {
                one.entries
                    .push(Liar::publish(&format!("o{n}"), None, b"x"));
            }
            let mut two = Liar::new();
            two.entries = one.entries[..parts].to_vec();
            for n in parts..theirs {
                two.entries
                    .push(Liar::publish(&format!("other{n}"), None, b"x"));
            }
            let key = one.key.verifier().clone();
            mirror
                .feeds
                .mirror(&key, KIND, &one.delta(0))
                .await
                .unwrap();
            // Their longer history, from our end on, does not reach the root; from the common part on it does.
            if theirs > ours {
                let refused = mirror.feeds.mirror(&key, KIND, &two.delta(ours)).await;
                assert!(matches!(refused, Err(FeedError::RootMismatch { .. })));
            } else {
                let refused = mirror.feeds.observe(&two.note(theirs), &key).await;
                assert!(
                    matches!(refused, Err(FeedError::ForkSeen { proof: Some(_), .. })),
                    "{refused:?}"
                );
            }
            if theirs > ours {
                let refused = mirror.feeds.mirror(&key, KIND, &two.delta(parts)).await;
                assert!(
                    matches!(refused, Err(FeedError::ForkSeen { proof: Some(_), .. })),
                    "{refused:?}"
                );
            }
            let proofs = mirror.feeds.conflicts(key.name()).await.unwrap();
            assert_eq!(proofs.len(), 1);
            let proved = verify_fork_proof(proofs[0].as_bytes(), &key).unwrap();
            assert_ne!(proved.other_root, proved.smaller.root);
            assert_eq!(
                (proved.smaller.size, proved.larger.size),
                (ours.min(theirs) as u64, ours.max(theirs) as u64)
            );
            // Nothing more is taken, not even of the first history.
            one.entries.push(Liar::publish("late", None, b"x"));
            assert!(matches!(
                mirror.feeds.mirror(&key, KIND, &one.delta(ours)).await,
                Err(FeedError::ForkSeen { .. })
            ));
            assert!(mirror.feeds.cosign(key.name()).await.is_err());
            untouched(&mirror, &one, ours as u64).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_of_a_fork_can_be_carried_but_not_made_up() {
    for (author, mirror) in pairs("carried").await {
        author.append(&many("a", 20)).await;
        let small = author.sign().await;
        author.append(&many("b", 20)).await;
        let large = author.sign().await;
        catch_up(&author, &mirror, 100, true).await.unwrap();
        let key = author.feeds.verifier(KIND).await.unwrap();
        // The same history proves nothing.
        let root = author.feeds.root(ORIGIN, 20).await.unwrap();
        let proof = author
            .feeds
            .consistency_proof(ORIGIN, 20, 40)
            .await
            .unwrap();
        let (small, large) = (small.note.as_bytes(), large.note.as_bytes());
        assert_eq!(
            lampion_feed::fork::write_fork_proof(small, large, &key, root, &proof),
            None
        );
        let made_up = Hash([7; 32]);
        assert_eq!(
            lampion_feed::fork::write_fork_proof(small, large, &key, made_up, &proof),
            None
        );
        assert!(matches!(
            mirror
                .feeds
                .keep_conflict(b"lampion-fork-proof/1\n", &key)
                .await,
            Err(FeedError::NoFork(_))
        ));

        let mut one = Liar::new();
        one.entries = (0..3)
            .map(|n| Liar::publish(&format!("a{n}"), None, b"x"))
            .collect();
        let mut two = Liar::new();
        two.entries = (0..5)
            .map(|n| Liar::publish(&format!("b{n}"), None, b"x"))
            .collect();
        let leaves = Leaves(two.entries.iter().map(|entry| leaf_hash(entry)).collect());
        let text =
            lampion_feed::fork::prove_fork(&one.note(3), &two.note(5), one.key.verifier(), &leaves)
                .unwrap();
        let key = one.key.verifier().clone();
        mirror
            .feeds
            .mirror(&key, KIND, &one.delta(0))
            .await
            .unwrap();
        mirror
            .feeds
            .keep_conflict(text.as_bytes(), &key)
            .await
            .unwrap();
        assert_eq!(
            mirror.feeds.conflicts(key.name()).await.unwrap(),
            std::slice::from_ref(&text)
        );
        for at in (0..text.len()).step_by(7) {
            let mut bent = text.clone().into_bytes();
            bent[at] ^= 1;
            assert!(verify_fork_proof(&bent, &key).is_err(), "byte {at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_cosign_what_they_have_seen() {
    for (author, mirror) in pairs("cosign").await {
        author.append(&many("a", 20)).await;
        author.sign().await;
        catch_up(&author, &mirror, 100, true).await.unwrap();
        let signed = mirror.feeds.cosign(ORIGIN).await.unwrap();
        let key = author.feeds.verifier(KIND).await.unwrap();
        let witness = mirror.feeds.cosigner().clone();
        let note = Note::parse(signed.note.as_bytes()).unwrap();
        let verified = note.verify(&[&key, &witness]).unwrap();
        assert_eq!(verified.len(), 2);
        assert_eq!(verified[1].seconds, Some(1_795_326_643));
        assert_eq!(
            author
                .feeds
                .keep_cosignatures(signed.note.as_bytes(), &key, &[])
                .await
                .unwrap(),
            0
        );
        let kept = author
            .feeds
            .keep_cosignatures(signed.note.as_bytes(), &key, std::slice::from_ref(&witness))
            .await
            .unwrap();
        assert_eq!(kept, 1);
        assert_eq!(
            author.feeds.checkpoint(ORIGIN).await.unwrap().unwrap().note,
            signed.note
        );
        mirror.clock.advance(60_000);
        let again = mirror.feeds.cosign(ORIGIN).await.unwrap();
        assert_ne!(again.note, signed.note);
        assert_eq!(
            Note::parse(again.note.as_bytes())
                .unwrap()
                .signatures()
                .len(),
            2
        );
        assert!(matches!(
            author.feeds.cosign(ORIGIN).await,
            Err(FeedError::IsOwn(_))
        ));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_without_the_feature_takes_nothing() {
    for database in testing::databases("featureless").await {
        common::migrate(database.db()).await;
        let folder = database.folder().join("feeds");
        let clock = std::sync::Arc::new(lampion_core::ManualClock::new(0));
        let feeds = open(
            database.db().clone(),
            clock,
            Path::new(&folder),
            "dale.internal",
        )
        .await
        .unwrap();
        let liar = Liar::new();
        let refused = feeds
            .mirror(liar.key.verifier(), "news", &liar.delta(0))
            .await;
        assert!(matches!(refused, Err(FeedError::NoSuchKind(_))));
    }
}
