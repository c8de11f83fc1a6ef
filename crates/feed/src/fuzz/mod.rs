//! One entry for each reader of outside bytes: any input must return, without a panic, and what was read must be
//! written as it was.

mod follow;

pub use follow::fuzz_follow;

use crate::checkpoint::Checkpoint;
use crate::entry::Entry;
use crate::fork::verify_fork_proof;
use crate::note::{Note, SignatureKind, SigningKey, VerifierKey};
use crate::pack;
use crate::snapshot::{self, SnapshotReader};
use crate::tile;

/// Signed notes, and verifier keys.
pub fn fuzz_note(data: &[u8]) {
    if let Ok(note) = Note::parse(data) {
        assert_eq!(note.to_string().as_bytes(), data);
        for signature in note.signatures() {
            assert!(!signature.bytes.is_empty());
        }
    }
    if let Ok(Ok(key)) = std::str::from_utf8(data).map(str::parse::<VerifierKey>) {
        assert_eq!(key.to_string().as_bytes(), data);
    }
    if let Ok(key) = SigningKey::from_seed("hill/feed", SignatureKind::Ed25519, &[7; 32]) {
        assert!(verify_fork_proof(data, key.verifier()).is_err());
    }
}

/// Checkpoints.
pub fn fuzz_checkpoint(data: &[u8]) {
    if let Ok(Ok(checkpoint)) = std::str::from_utf8(data).map(str::parse::<Checkpoint>) {
        assert_eq!(checkpoint.to_string().as_bytes(), data);
    }
}

/// Entries.
pub fn fuzz_entry(data: &[u8]) {
    if let Ok(entry) = Entry::decode(data) {
        assert!(entry.encode().is_ok_and(|bytes| bytes == data));
    }
}

/// Bundles, packs and paths.
pub fn fuzz_bundle(data: &[u8]) {
    if let Ok(entries) = tile::parse_bundle(data) {
        let mut bundle = Vec::new();
        for entry in entries {
            assert!(tile::push_entry(&mut bundle, entry));
        }
        assert_eq!(bundle, data);
    }
    if let Ok(Some((resource, n, width))) = std::str::from_utf8(data).map(tile::parse_path) {
        assert_eq!(tile::path(resource, n, width).as_bytes(), data);
    }
    let mut rest = data;
    let mut body = Vec::new();
    let mut after = None;
    if pack::read_head(&mut rest).is_ok() {
        while let Ok(Some((place, _))) = pack::read_body(&mut rest, after, &mut body) {
            after = Some(place);
        }
    }
}

/// Snapshots.
pub fn fuzz_snapshot(data: &[u8]) {
    let Ok(mut reader) = SnapshotReader::new(data) else {
        return;
    };
    let mut written = Vec::new();
    snapshot::write_head(&mut written, reader.head());
    let mut records = 0;
    loop {
        match reader.record() {
            Err(_) => return,
            Ok(None) => break,
            Ok(Some(record)) => {
                let body = record
                    .body
                    .as_ref()
                    .map(|(salt, body)| (salt, body.as_slice()));
                snapshot::write_record(&mut written, record.index, &record.raw, body);
                records += 1;
            }
        }
    }
    snapshot::write_end(&mut written, records);
    assert_eq!(written, data);
}
