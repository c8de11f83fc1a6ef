//! Tests over whole files.

mod marc;

use std::path::PathBuf;

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
