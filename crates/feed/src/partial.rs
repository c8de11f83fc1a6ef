//! Folders that begin in the middle of a feed, because the mirror they come from began with a snapshot.
//!
//! Such a folder holds the file `first`:
//!
//! ```text
//! lampion-first/1
//! <index of the first entry that is in the folder, a multiple of 256>
//! ```
//!
//! Bundles before that entry are missing, and so are the tiles that lie before it wholly. Each tile that reaches over it
//! is whole, so the root can be computed, and inclusion of what is there be proved.

use std::path::Path;

use lampion_core::Rng;

use crate::error::FeedError;
use crate::files;
use crate::limits::TILE_WIDTH;
use crate::tile::{decimal, is_size};

/// The file's name.
pub const FILE: &str = "first";
/// Its longest content in bytes.
pub(crate) const LIMIT: usize = 64;
const FIRST_LINE: &str = "lampion-first/1";

/// The first entry of the bundle that holds an entry.
pub(crate) fn base(first: u64) -> u64 {
    first - first % TILE_WIDTH
}

/// Reads the file.
pub fn parse(bytes: &[u8]) -> Option<u64> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    if lines.next() != Some(FIRST_LINE) {
        return None;
    }
    let first = decimal(lines.next()?)?;
    (is_size(first) && first.is_multiple_of(TILE_WIDTH)).then_some(first)
}

/// Where a folder begins: 0 without the file.
pub(crate) fn of_folder(folder: &Path) -> Result<u64, FeedError> {
    let path = folder.join(FILE);
    let Some(bytes) = files::read(&path)? else {
        return Ok(0);
    };
    parse(&bytes).ok_or_else(|| FeedError::file(&path, "it does not say where the folder begins"))
}

/// Writes the file, or removes it where a folder begins at the beginning.
pub(crate) fn write(folder: &Path, first: u64, rng: &dyn Rng) -> Result<(), FeedError> {
    let path = folder.join(FILE);
    if first > 0 {
        let text = format!("{FIRST_LINE}\n{first}\n");
        return files::replace(&path, rng, text.as_bytes());
    }
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(FeedError::file(&path, error))
        }
        _ => Ok(()),
    }
}
