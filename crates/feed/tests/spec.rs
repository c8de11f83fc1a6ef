//! The specifications' own examples, and what they say must be refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use lampion_feed::checkpoint::{Checkpoint, CheckpointError};
use lampion_feed::edge::{Edge, edge_tiles, partial_width};
use lampion_feed::entry::{Commitment, Entry, EntryError, Publish, Reason, Withdraw};
use lampion_feed::merkle::{self, Hash, Leaves, leaf_hash};
use lampion_feed::note::{Note, NoteError, SignatureKind, SigningKey, VerifierKey};
use lampion_feed::tile::{self, Resource};

/// c2sp.org/signed-note, "Example".
const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
/// c2sp.org/tlog-cosignature, first example; the keys behind it are not published.
const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_example_note_verifies_and_one_changed_letter_does_not() {
    let key: VerifierKey = VKEY.parse().unwrap();
    assert_eq!(key.to_string(), VKEY);
    let note = Note::parse(NOTE.as_bytes()).unwrap();
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(note.verify(&[&key]).unwrap().len(), 1);
    let forged = Note::parse(NOTE.replace("message", "massage").as_bytes()).unwrap();
    assert_eq!(
        forged.verify(&[&key]),
        Err(NoteError::BadSignature("example.com/foo".into()))
    );
    let other = SigningKey::from_seed("example.com/foo", SignatureKind::Ed25519, &[7; 32]).unwrap();
    assert_eq!(note.verify(&[other.verifier()]), Err(NoteError::NotSigned));
}

#[test]
fn the_example_checkpoint_is_read_and_written_as_it_was() {
    let note = Note::parse(COSIGNED.as_bytes()).unwrap();
    assert_eq!(note.to_string(), COSIGNED);
    assert_eq!(note.signatures().len(), 2);
    let time = note.signatures()[1].bytes.first_chunk::<8>().unwrap();
    assert_eq!(u64::from_be_bytes(*time), 1_679_315_147);
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.to_string(), note.text());
}

#[test]
fn notes_that_the_specification_forbids_are_refused() {
    for (bad, why) in [
        ("text\n", "no signatures"),
        ("text\n\n", "no signature line"),
        ("text\n\n— a AAAA\n", "no signature after the id"),
        ("text\n\n— a b AAAAAAAA\n", "a space in the name"),
        ("text\n\n— a+b AAAAAAAA\n", "a plus in the name"),
        ("text\n\n- a AAAAAAAA\n", "a hyphen for the dash"),
        ("text\n\n— a AAAAAAAA", "no last newline"),
        ("te\txt\n\n— a AAAAAAAA\n", "a control character"),
        ("text\n\n— a AAAAAAA\n", "bad base 64"),
        ("text\n\n— a AAAAAAAA\n\n", "an empty line at the end"),
    ] {
        assert!(Note::parse(bad.as_bytes()).is_err(), "{why}");
    }
    assert!(Note::parse(b"te\xffxt\n\n\xe2\x80\x94 a AAAAAAAA\n").is_err());
    let many = format!("text\n\n{}", "— a AAAAAAAA\n".repeat(65));
    assert_eq!(
        Note::parse(many.as_bytes()),
        Err(NoteError::TooManySignatures)
    );
    let sixteen = format!("text\n\n{}", "— a AAAAAAAA\n".repeat(16));
    assert!(Note::parse(sixteen.as_bytes()).is_ok());
}

#[test]
fn verifier_keys_with_another_hash_or_type_are_refused() {
    for bad in [
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fooo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
}

#[test]
fn a_cosignature_says_its_time_and_is_bound_to_it() {
    let log = SigningKey::from_seed("hill/feed", SignatureKind::Ed25519, &[1; 32]).unwrap();
    let peer =
        SigningKey::from_seed("dale/cosigner", SignatureKind::Cosignature, &[2; 32]).unwrap();
    let text = Checkpoint::new("hill/feed", 0, merkle::empty_root()).to_string();
    let mut note = Note::new(text).unwrap();
    note.sign(&log, 0).unwrap();
    note.sign(&peer, 1_679_315_147).unwrap();
    let verified = note.verify(&[log.verifier(), peer.verifier()]).unwrap();
    assert_eq!(verified[0].seconds, None);
    assert_eq!(verified[1].seconds, Some(1_679_315_147));
    let mut later = note
        .clone()
        .with_signatures(|signature| signature.name != "dale/cosigner");
    let mut signature = note.signatures()[1].clone();
    signature.bytes[7] ^= 1;
    later.push(signature).unwrap();
    assert!(matches!(
        later.verify(&[peer.verifier()]),
        Err(NoteError::BadSignature(_))
    ));
}

#[test]
fn checkpoints_that_the_specification_forbids_are_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for bad in [
        format!("a\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("a\n01\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        format!("a\n1\n{root}\n\n"),
        format!("a\n0\n{root}\n"),
        "a\n1\nAAAA\n".to_string(),
        "a\n1\n".to_string(),
    ] {
        assert!(bad.parse::<Checkpoint>().is_err(), "{bad:?}");
    }
    let extended = format!("a\n1\n{root}\nmore\n");
    let checkpoint: Checkpoint = extended.parse().unwrap();
    assert_eq!(checkpoint.extensions, ["more"]);
    assert_eq!(checkpoint.to_string(), extended);
}

#[test]
fn a_checkpoint_of_another_log_is_refused_though_the_key_signed_it() {
    let key = SigningKey::from_seed("hill/feed", SignatureKind::Ed25519, &[1; 32]).unwrap();
    let mut note =
        Note::new(Checkpoint::new("dale/feed", 0, merkle::empty_root()).to_string()).unwrap();
    note.sign(&key, 0).unwrap();
    assert!(matches!(
        Checkpoint::open(note.to_string().as_bytes(), key.verifier()),
        Err(CheckpointError::OtherOrigin { .. })
    ));
}

fn hex(hash: &Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn roots_are_those_of_the_certificate_transparency_tests() {
    // Leaves and roots of the reference implementation's tests of RFC 6962.
    let leaves: [&[u8]; 8] = [
        &[],
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[
            0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
            0x6e, 0x6f,
        ],
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut edge = Edge::default();
    let mut full = Vec::new();
    let nodes = Leaves(leaves.iter().map(|leaf| leaf_hash(leaf)).collect());
    for (size, root) in roots.iter().enumerate() {
        assert_eq!(hex(&edge.root()), *root);
        assert_eq!(hex(&merkle::root(size as u64, &nodes).unwrap()), *root);
        if let Some(leaf) = leaves.get(size) {
            edge.push(leaf_hash(leaf), &mut full);
        }
    }
    assert!(full.is_empty());
}

#[test]
fn tiles_are_where_and_as_wide_as_the_specification_says() {
    assert_eq!(
        tile::path(Resource::Entries, 1_234_067, 256),
        "tile/entries/x001/x234/067"
    );
    assert_eq!(tile::path(Resource::Hashes(1), 0, 17), "tile/1/000.p/17");
    // "a tree of size 70,000": 273 full level 0 tiles, one partial of width 112, one full level 1 tile, one partial of
    // width 17, and one partial level 2 tile of width 1.
    assert_eq!(tile::bundle_width(272, 70_000), 256);
    assert_eq!(tile::bundle_width(273, 70_000), 112);
    assert_eq!(edge_tiles(70_000), [(0, 273), (1, 1), (2, 0)]);
    let widths: Vec<u64> = (0..3).map(|level| partial_width(70_000, level)).collect();
    assert_eq!(widths, [112, 17, 1]);
    // "a tree of size 256": a full level 0 tile and a partial level 1 tile of width 1.
    assert_eq!(edge_tiles(256), [(1, 0)]);
    for bad in [
        "tile/0/1",
        "tile/00/001",
        "tile/64/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x000/001",
        "tile/entries/",
        "pack/001.p/3",
        "tile/0/../001",
    ] {
        assert_eq!(tile::parse_path(bad), None, "{bad}");
    }
}

fn publish() -> Publish {
    Publish {
        collection: "catalogue".into(),
        object: "b1".into(),
        supersedes: Some(7),
        expires: None,
        time: 1_795_326_643,
        body: Commitment::to(&[3; 16], b"body").unwrap(),
    }
}

#[test]
fn an_entry_has_one_form_only() {
    let entry = Entry::Publish(publish());
    let bytes = entry.encode().unwrap();
    assert_eq!(Entry::decode(&bytes).unwrap(), entry);
    // The same number in two bytes instead of one (RFC 8949 section 4.2.1 wants the shortest).
    let at = bytes.iter().position(|byte| *byte == 7).unwrap();
    let mut longer = bytes.clone();
    longer.splice(at..=at, [0x18, 7]);
    assert!(matches!(
        Entry::decode(&longer),
        Err(EntryError::Malformed(_))
    ));
    let mut trailing = bytes.clone();
    trailing.push(0);
    assert!(matches!(
        Entry::decode(&trailing),
        Err(EntryError::Malformed(_))
    ));
    let mut newer = bytes.clone();
    newer[0] = 2;
    assert_eq!(Entry::decode(&newer), Err(EntryError::Newer(2)));
    for cut in 0..bytes.len() {
        assert!(Entry::decode(&bytes[..cut]).is_err());
    }
}

#[test]
fn entries_past_a_limit_are_not_written() {
    let long = Entry::Publish(Publish {
        object: "x".repeat(201),
        ..publish()
    });
    assert!(matches!(
        long.encode(),
        Err(EntryError::Text {
            field: "object",
            ..
        })
    ));
    let line = Entry::Withdraw(Withdraw {
        collection: "c".into(),
        object: "o".into(),
        reason: Reason::Privacy,
        by: "a\nb".into(),
        time: 0,
        explanation: None,
    });
    assert!(matches!(line.encode(), Err(EntryError::Text { .. })));
    for reason in Reason::ALL {
        assert_eq!(Reason::from_code(reason.as_str()), Some(reason));
    }
    assert_eq!(Reason::from_code("whim"), None);
}
