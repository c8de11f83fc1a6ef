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
pub(crate) fn shared(name: &str) -> Option<Vec<u8>> {
    let bytes = shared_folder().and_then(|folder| std::fs::read(folder.join(name)).ok());
    if bytes.is_none() {
        eprintln!("skipped: ../shared/data is absent ({name})");
    }
    bytes
}

/// The folder `shared/data` beside the checkout, or beside a folder that it is in.
pub(crate) fn shared_folder() -> Option<PathBuf> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.ancestors()
        .skip(3)
        .map(|folder| folder.join("shared/data"))
        .find(|folder| folder.is_dir())
}

pub(super) fn read_with(kind: RecordKind, bytes: impl AsRef<[u8]>, mapping: &str) -> Vec<Item> {
    let mapping = Mapping::parse(mapping).unwrap();
    open(kind, Cursor::new(bytes.as_ref().to_vec()), &mapping)
        .unwrap()
        .collect()
}

/// All records, without errors and warnings.
pub(crate) fn clean(kind: RecordKind, bytes: impl AsRef<[u8]>) -> Vec<CatalogueRecord> {
    read_with(kind, bytes, "")
        .into_iter()
        .map(|item| {
            let located = item.unwrap();
            assert_eq!(located.warnings, Vec::<String>::new());
            located.record
        })
        .collect()
}
