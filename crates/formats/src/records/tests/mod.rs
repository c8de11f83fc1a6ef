//! Tests over whole files.

mod exchange;
mod hostile;
mod marc;
mod texts;
mod xml;

use std::io::Cursor;
use std::path::PathBuf;

use super::{CatalogueRecord, Located, Mapping, RecordError, RecordKind, open};

pub(super) type Item = Result<Located<CatalogueRecord>, RecordError>;

/// A file of the shared data, or nothing where they are absent.
pub(super) fn shared(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    let bytes = std::fs::read(path).ok();
    if bytes.is_none() {
        eprintln!("skipped: ../shared/data is absent ({name})");
    }
    bytes
}

pub(super) fn read_with(kind: RecordKind, bytes: impl AsRef<[u8]>, mapping: &str) -> Vec<Item> {
    let mapping = Mapping::parse(mapping).unwrap();
    open(kind, Cursor::new(bytes.as_ref().to_vec()), &mapping)
        .unwrap()
        .collect()
}

/// All records, without errors and warnings.
pub(super) fn clean(kind: RecordKind, bytes: impl AsRef<[u8]>) -> Vec<CatalogueRecord> {
    read_with(kind, bytes, "")
        .into_iter()
        .map(|item| {
            let located = item.unwrap();
            assert_eq!(located.warnings, Vec::<String>::new());
            located.record
        })
        .collect()
}
