//! Archives that mean harm: they must give an error, and nothing worse.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use lampion_zim::testing::{Compression, ZimBuilder, cluster, fix_checksum, raw_cluster};
use lampion_zim::{
    Archive, BytesSource, CheckOptions, ClusterCache, FindingKind, OpenOptions, ZimError, fuzz_open,
};
use proptest::prelude::*;

fn open(bytes: Vec<u8>) -> lampion_zim::Result<Archive> {
    Archive::open_source(Arc::new(BytesSource::new(bytes)), OpenOptions::default())
}

fn number(bytes: &[u8], at: usize) -> usize {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize
}

fn small(compression: Compression) -> ZimBuilder {
    ZimBuilder::new()
        .compression(compression)
        .metadata("Title", "Small")
        .article("a", "A", "<html>aaaaaaaaaaaaaaaa</html>")
        .article("b", "B", "<html>bb</html>")
        .blob("c.png", "image/png", vec![7; 40])
        .redirect("d", "D", "a")
        .main("a")
}

/// An archive whose only cluster has these bytes.
fn with_cluster(cluster: &[u8]) -> Vec<u8> {
    let builder = ZimBuilder::new().version(5).compression(Compression::None);
    let mut bytes = builder.article("a", "A", "x").build();
    let pointer = number(&bytes, 48);
    let at = number(&bytes, pointer);
    bytes.truncate(at);
    bytes.extend_from_slice(cluster);
    let end = bytes.len() as u64;
    bytes[72..80].copy_from_slice(&end.to_le_bytes());
    bytes.extend_from_slice(&[0; 16]);
    fix_checksum(&mut bytes);
    bytes
}

/// What reading the only entry of such an archive gives.
fn read_one(cluster: &[u8]) -> lampion_zim::Result<bytes::Bytes> {
    let archive = open(with_cluster(cluster)).unwrap();
    let entry = archive.by_path('A', "a").unwrap().unwrap();
    archive.read(&entry)
}

fn refused(cluster: &[u8], words: &str) {
    let text = read_one(cluster).unwrap_err().to_string();
    assert!(text.contains(words), "wanted `{words}`, got: {text}");
    assert!(text.contains("A/a"), "the entry is not named: {text}");
}

#[test]
fn a_bomb_is_refused_without_being_unpacked() {
    // The table of offsets tells the truth about a gigabyte of zeros.
    let size = 1u64 << 30;
    for compression in [Compression::Zstd, Compression::Xz] {
        // xz takes long to pack, and refusal does not depend on what follows the table.
        let zeros = if compression == Compression::Zstd {
            size
        } else {
            1 << 20
        };
        let mut data = 8u32.to_le_bytes().to_vec();
        data.extend_from_slice(&(size as u32 + 8).to_le_bytes());
        let packed = if compression == Compression::Zstd {
            let mut out = vec![5];
            let mut encoder = zstd::Encoder::new(&mut out, 1).unwrap();
            encoder.write_all(&data).unwrap();
            let block = vec![0; 1 << 20];
            (0..zeros >> 20).for_each(|_| encoder.write_all(&block).unwrap());
            encoder.finish().unwrap();
            out
        } else {
            data.resize(data.len() + zeros as usize, 0);
            raw_cluster(&data, Compression::Xz, false)
        };
        assert!(packed.len() < 100_000);
        refused(&packed, "more than the limit");
        let archive = open(with_cluster(&packed)).unwrap();
        let findings = archive.check(CheckOptions::default(), |_, _| ControlFlow::Continue(()));
        assert!(
            findings
                .unwrap()
                .iter()
                .any(|finding| finding.kind == FindingKind::Cluster)
        );
    }
    // The table lies: the bytes behind it are never looked at.
    let mut data = [8u32.to_le_bytes(), 13u32.to_le_bytes()].concat();
    data.extend_from_slice(b"hello");
    data.resize(64 << 20, 0);
    let cache = Arc::new(ClusterCache::new(1 << 20));
    let bytes = with_cluster(&raw_cluster(&data, Compression::Zstd, false));
    let options = OpenOptions {
        cache: Some(Arc::clone(&cache)),
        ..OpenOptions::default()
    };
    let archive = Archive::open_source(Arc::new(BytesSource::new(bytes)), options).unwrap();
    let entry = archive.by_path('A', "a").unwrap().unwrap();
    assert_eq!(archive.read(&entry).unwrap(), b"hello"[..]);
    assert!(cache.bytes() < 1 << 20);
}

#[test]
fn tables_of_offsets_that_lie_are_refused() {
    let table = |offsets: &[u32]| {
        offsets
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    for compression in [Compression::None, Compression::Zstd, Compression::Xz] {
        let cases: [(&[u32], &str); 6] = [
            (&[0, 0], "first offset"),
            (&[3, 9], "first offset"),
            (&[4], "blob 0 is asked for"),
            (
                &[u32::MAX - 3, 9],
                if compression == Compression::None {
                    "does not fit"
                } else {
                    "fit"
                },
            ),
            (
                &[8, 4],
                if compression == Compression::None {
                    "blob 0 lies"
                } else {
                    "lies before"
                },
            ),
            (
                &[8, 4000],
                if compression == Compression::None {
                    "blob 0 lies"
                } else {
                    "end after"
                },
            ),
        ];
        for (offsets, words) in cases {
            refused(&raw_cluster(&table(offsets), compression, false), words);
        }
    }
    let wide = [16u64, u64::MAX]
        .iter()
        .flat_map(|n| n.to_le_bytes())
        .collect::<Vec<u8>>();
    refused(&raw_cluster(&wide, Compression::None, true), "blob 0 lies");
    refused(
        &raw_cluster(&wide, Compression::Zstd, true),
        "more than the limit",
    );
    let many = (8 * 5_000_000u64).to_le_bytes();
    refused(&raw_cluster(&many, Compression::Zstd, true), "blobs");
}

#[test]
fn damaged_and_unknown_compression_is_named() {
    refused(&[2, 0, 0, 0, 0, 0], "zlib");
    refused(&[3, 0, 0, 0, 0, 0], "bzip2");
    refused(&[9, 0, 0, 0, 0, 0], "method 9");
    refused(&[4; 40], "xz data are damaged");
    refused(&[5, 1, 2, 3, 4, 5, 6, 7, 8], "zstd data are damaged");
    for compression in [Compression::Zstd, Compression::Xz] {
        let whole = cluster(
            &[(0..=255).cycle().take(5000).collect()],
            compression,
            false,
        );
        assert_eq!(read_one(&whole).unwrap().len(), 5000);
        refused(&whole[..whole.len() / 2], "cut off");
    }
}

#[test]
fn loops_of_redirects_end() {
    let bytes = ZimBuilder::new()
        .article("a", "A", "x")
        .redirect("b", "B", "c")
        .redirect("c", "C", "b")
        .redirect("self", "Self", "self")
        .build();
    let archive = open(bytes).unwrap();
    for path in ["b", "c", "self"] {
        let entry = archive.by_path('C', path).unwrap().unwrap();
        assert!(
            archive
                .read(&entry)
                .unwrap_err()
                .to_string()
                .contains("redirect")
        );
        let error = archive.resolve(entry).unwrap_err();
        assert!(
            matches!(&error, ZimError::RedirectLoop { path: named, .. } if *named == format!("C/{path}")),
            "{error}"
        );
    }
    let findings = archive
        .check(CheckOptions::default(), |_, _| ControlFlow::Continue(()))
        .unwrap();
    assert_eq!(
        findings
            .iter()
            .filter(|finding| finding.kind == FindingKind::Redirect)
            .count(),
        3
    );
}

#[test]
fn counts_that_explode_are_refused() {
    let whole = small(Compression::Zstd).build();
    for (at, words) in [(24, "list of entries"), (28, "list of clusters")] {
        let mut bytes = whole.clone();
        bytes[at..at + 4].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
        let text = open(bytes).err().unwrap().to_string();
        assert!(text.contains(words), "{text}");
    }
    for at in [32, 48, 72] {
        let mut bytes = whole.clone();
        bytes[at..at + 8].copy_from_slice(&(u64::MAX - 4).to_le_bytes());
        assert!(open(bytes).is_err());
    }
    let mut bytes = whole.clone();
    bytes[4] = 7;
    assert!(
        open(bytes)
            .err()
            .unwrap()
            .to_string()
            .contains("version 7.2")
    );
    assert!(
        open(b"PK\x03\x04 and some more".to_vec())
            .err()
            .unwrap()
            .to_string()
            .contains("not a ZIM")
    );
    assert!(open(Vec::new()).is_err());
}

#[test]
fn an_archive_cut_at_any_byte_is_survived() {
    for compression in [Compression::None, Compression::Xz, Compression::Zstd] {
        let whole = small(compression).build();
        for end in 0..whole.len() {
            assert!(
                open(whole[..end].to_vec()).is_err(),
                "cut at {end} it was opened"
            );
            // With the checksum moved to the new end, what is there must still be read safely.
            let mut cut = whole[..end].to_vec();
            if let Some(pos) = end.checked_sub(16).filter(|_| end >= 96) {
                cut[72..80].copy_from_slice(&(pos as u64).to_le_bytes());
            }
            fuzz_open(&cut);
        }
    }
}

#[test]
fn every_byte_of_an_archive_may_be_wrong() {
    for compression in [Compression::Xz, Compression::Zstd] {
        let whole = small(compression).build();
        for at in 0..whole.len() {
            for value in [1, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= value;
                fuzz_open(&bytes);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_damage_is_survived(
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        kind in 0..3,
        version in 5u16..7,
        extended: bool,
    ) {
        let compression = [Compression::None, Compression::Xz, Compression::Zstd][kind as usize];
        let builder = ZimBuilder::new().version(version).compression(compression).extended(extended);
        let mut bytes = builder
            .metadata("Title", "T")
            .article("a", "A", "<html>aaaa</html>")
            .article("b", "", "<html>bbbb</html>")
            .blob("c.png", "image/png", vec![7; 40])
            .redirect("d", "D", "b")
            .main("d")
            .cluster_bytes(20)
            .build();
        for (place, value) in flips {
            let at = place.index(bytes.len());
            bytes[at] ^= value;
        }
        fuzz_open(&bytes);
    }
}
