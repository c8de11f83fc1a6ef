//! Notes, checkpoints, trees and tiles against `signed_note` and `tlog_tiles`, in both directions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lampion_feed::checkpoint::Checkpoint;
use lampion_feed::edge::{Edge, FullTile, Tiles, Wanted};
use lampion_feed::merkle::{self, Hash, leaf_hash};
use lampion_feed::note::{Note, SignatureKind, SigningKey};
use lampion_feed::tile::{self, Resource};
use proptest::prelude::*;
use signed_note::{StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::tlog;

const NAME: &str = "hill.internal/feed/library";

#[test]
fn they_verify_our_note_and_we_theirs() {
    let seed = [9u8; 32];
    let ours = SigningKey::from_seed(NAME, SignatureKind::Ed25519, &seed).unwrap();
    let text = Checkpoint::new(NAME, 1, leaf_hash(b"entry")).to_string();
    let mut note = Note::new(text.clone()).unwrap();
    note.sign(&ours, 0).unwrap();

    let vkey = ours.verifier().to_string();
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&vkey).unwrap())]);
    let read = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    let (good, unknown) = read.verify(&known).unwrap();
    assert_eq!((good.len(), unknown.len()), (1, 0));

    let secret = [&[1u8][..], &seed].concat();
    let signer = StandardSigner::new(&format!(
        "PRIVATE+KEY+{NAME}+{:08x}+{}",
        ours.verifier().id(),
        STANDARD.encode(secret)
    ))
    .unwrap();
    let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer]).unwrap();
    assert_eq!(theirs.to_bytes(), note.to_string().as_bytes());
    let (checkpoint, _) = Checkpoint::open(&theirs.to_bytes(), ours.verifier()).unwrap();
    assert_eq!(checkpoint.size, 1);
}

#[test]
fn checkpoints_have_the_same_text() {
    let ours = Checkpoint::new(NAME, 70_000, leaf_hash(b"x")).to_string();
    let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(ours.as_bytes()).unwrap();
    assert_eq!(theirs.to_bytes(), ours.as_bytes());
    assert_eq!(theirs.size(), 70_000);
}

/// A tree in their hash storage, and in our tiles.
struct Both {
    theirs: Vec<tlog::Hash>,
    edge: Edge,
    tiles: Tiles,
}

struct Stored<'a>(&'a [tlog::Hash]);

impl tlog::HashReader for Stored<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        Ok(indexes.iter().map(|i| self.0[*i as usize]).collect())
    }
}

fn both(size: u64) -> Both {
    let mut theirs = Vec::new();
    let mut edge = Edge::default();
    let mut full = Vec::new();
    for n in 0..size {
        let data = n.to_be_bytes();
        let new = tlog::stored_hashes(n, &data, &Stored(&theirs)).unwrap();
        theirs.extend(new);
        edge.push(leaf_hash(&data), &mut full);
    }
    Both {
        theirs,
        tiles: tiles(&edge, full),
        edge,
    }
}

fn tiles(edge: &Edge, full: Vec<FullTile>) -> Tiles {
    let mut tiles = Tiles::default();
    for tile in full {
        tiles.0.insert((tile.level, tile.n), tile.hashes);
    }
    for (level, n) in lampion_feed::edge::edge_tiles(edge.size()) {
        tiles.0.insert((level, n), edge.partial(level).to_vec());
    }
    tiles
}

fn theirs(hashes: &[Hash]) -> Vec<tlog::Hash> {
    hashes.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

fn ours(hashes: &[tlog::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

#[test]
fn all_proofs_of_small_trees_are_the_same() {
    let both = both(70);
    for size in 1..=70u64 {
        let root = merkle::root(size, &both.tiles).unwrap();
        let their_root = tlog::tree_hash(size, &Stored(&both.theirs)).unwrap();
        assert_eq!(root.0, their_root.0);
        for n in 0..size {
            let proof = merkle::prove_inclusion(n, size, &both.tiles).unwrap();
            let their_proof = tlog::prove_record(size, n, &Stored(&both.theirs)).unwrap();
            assert_eq!(proof, ours(&their_proof), "inclusion of {n} in {size}");
            let leaf = leaf_hash(&n.to_be_bytes());
            assert!(merkle::verify_inclusion(n, &leaf, size, &root, &proof));
            tlog::check_record(&theirs(&proof), size, their_root, n, tlog::Hash(leaf.0)).unwrap();

            let old = n + 1;
            let old_root = merkle::root(old, &both.tiles).unwrap();
            let proof = merkle::prove_consistency(old, size, &both.tiles).unwrap();
            let their_proof = tlog::prove_tree(size, old, &Stored(&both.theirs)).unwrap();
            assert_eq!(proof, ours(&their_proof), "consistency of {old} and {size}");
            assert!(merkle::verify_consistency(
                (old, &old_root),
                (size, &root),
                &proof
            ));
            tlog::check_tree(
                &theirs(&proof),
                size,
                their_root,
                old,
                tlog::Hash(old_root.0),
            )
            .unwrap();
        }
    }
}

#[test]
fn every_subtree_of_small_trees_is_proved_and_nothing_else() {
    let both = both(40);
    let root = merkle::root(40, &both.tiles).unwrap();
    for start in 0..40u64 {
        for end in start + 1..=40 {
            let valid = start.is_multiple_of((end - start).next_power_of_two());
            let proof = merkle::prove_subtree(start, end, 40, &both.tiles);
            assert_eq!(proof.is_some(), valid, "[{start}, {end})");
            let Some(proof) = proof else { continue };
            let hash = merkle::range_hash(start, end, &both.tiles).unwrap();
            assert!(merkle::verify_subtree(
                (start, end),
                &hash,
                40,
                &root,
                &proof
            ));
            let other = leaf_hash(b"another");
            assert!(!merkle::verify_subtree(
                (start, end),
                &other,
                40,
                &root,
                &proof
            ));
            let mut longer = proof.clone();
            longer.push(other);
            assert!(!merkle::verify_subtree(
                (start, end),
                &hash,
                40,
                &root,
                &longer
            ));
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!merkle::verify_subtree(
                    (start, end),
                    &hash,
                    40,
                    &root,
                    shorter
                ));
            }
        }
    }
}

#[test]
fn their_tile_reader_accepts_our_tiles() {
    struct Reader<'a>(&'a Tiles);
    impl tlog_tiles::tile::TileReader for Reader<'_> {
        fn height(&self) -> u8 {
            8
        }
        fn read_tiles(
            &self,
            wanted: &[tlog_tiles::tile::Tile],
        ) -> Result<Vec<Vec<u8>>, tlog::Error> {
            Ok(wanted
                .iter()
                .map(|tile| {
                    let whole = &self.0.0[&(tile.level(), tile.level_index())];
                    whole[..tile.width() as usize * 32].to_vec()
                })
                .collect())
        }
        fn save_tiles(&self, _: &[tlog_tiles::tile::Tile], _: &[Vec<u8>]) {}
    }
    let size = 66_000;
    let both = both(size);
    let root = tlog::Hash(both.edge.root().0);
    let reader = Reader(&both.tiles);
    let hashes = tlog_tiles::tile::TileHashReader::new(size, root, &reader);
    for (old, n) in [
        (1, 0),
        (255, 254),
        (256, 256),
        (257, 65_535),
        (65_537, 65_999),
    ] {
        let proof = tlog::prove_tree(size, old, &hashes).unwrap();
        assert_eq!(
            ours(&proof),
            merkle::prove_consistency(old, size, &both.tiles).unwrap()
        );
        let proof = tlog::prove_record(size, n, &hashes).unwrap();
        assert_eq!(
            ours(&proof),
            merkle::prove_inclusion(n, size, &both.tiles).unwrap()
        );
    }
    // What `Wanted` says is what a proof needs, and it is little.
    let wanted = Wanted::default();
    merkle::prove_consistency(65_537, size, &wanted).unwrap();
    let few = Tiles(
        wanted
            .tiles()
            .into_iter()
            .map(|key| (key, both.tiles.0[&key].clone()))
            .collect(),
    );
    assert!(few.0.len() <= 6, "{}", few.0.len());
    assert_eq!(
        merkle::prove_consistency(65_537, size, &few),
        merkle::prove_consistency(65_537, size, &both.tiles)
    );
    assert_eq!(both.tiles.edge(size).unwrap(), both.edge);
    assert_eq!(
        both.tiles.edge(65_600).unwrap().root(),
        merkle::root(65_600, &both.tiles).unwrap()
    );
}

#[test]
fn whole_tiles_at_once_make_the_same_tree() {
    let mut one_by_one = Edge::default();
    let mut by_tiles = Edge::default();
    let (mut full, mut upper) = (Vec::new(), Vec::new());
    for n in 0..300 * 256u64 {
        let before = full.len();
        one_by_one.push(leaf_hash(&n.to_be_bytes()), &mut full);
        if let Some(tile) = full.get(before) {
            let root = merkle::complete_root(&tile.hashes).unwrap();
            assert!(by_tiles.push_tile(root, &mut upper));
            assert_eq!(by_tiles, one_by_one);
        }
    }
    full.retain(|tile| tile.level > 0);
    assert_eq!(full, upper);
    one_by_one.push(leaf_hash(b"one more"), &mut full);
    assert!(!one_by_one.clone().push_tile(leaf_hash(b"x"), &mut full));
}

proptest! {
    #[test]
    fn paths_are_theirs(level in 0u8..6, n in 0u64..5_000_000, width in 1u32..=256) {
        let path = tile::path(Resource::Hashes(level), n, u64::from(width));
        let theirs = tlog_tiles::tile::Tile::new(8, level, n, width, false).path();
        // Theirs has the height in front, as Go's sumdb does.
        prop_assert_eq!(theirs.replacen("tile/8/", "tile/", 1), path.clone());
        prop_assert_eq!(tile::parse_path(&path), Some((Resource::Hashes(level), n, u64::from(width))));
    }

    #[test]
    fn bundles_come_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..200), 0..=256)) {
        let mut bundle = Vec::new();
        for entry in &entries {
            prop_assert!(tile::push_entry(&mut bundle, entry));
        }
        prop_assert_eq!(tile::parse_bundle(&bundle).unwrap(), entries.iter().map(Vec::as_slice).collect::<Vec<_>>());
        if let Some((_, cut)) = bundle.split_last() {
            prop_assert!(tile::parse_bundle(cut).is_err());
        }
    }
}
