//! Files that must not be half there: keys, marks, exported tiles.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use lampion_core::Rng;
use lampion_core::ids::new_id;

use crate::error::FeedError;

/// Writes to a temporary file beside `path` by `fill`, syncs it, and lets `publish` put it in place; then the folder is
/// synced too. Nobody ever sees half of it, and after a power cut it is there or not.
fn write_beside<T>(
    path: &Path,
    rng: &dyn Rng,
    secret: bool,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
    publish: impl FnOnce(&Path) -> std::io::Result<T>,
) -> Result<T, FeedError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", new_id(rng)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let done = options.open(&beside).and_then(|mut file| {
        fill(&mut file)?;
        file.sync_all()?;
        let value = publish(&beside)?;
        File::open(folder)?.sync_all()?;
        Ok(value)
    });
    if done.is_err() {
        let _gone_already = fs::remove_file(&beside);
    }
    done.map_err(|error| FeedError::file(path, error))
}

/// Puts `bytes` at `path`, over what was there.
pub(crate) fn replace(path: &Path, rng: &dyn Rng, bytes: &[u8]) -> Result<(), FeedError> {
    replace_with(path, rng, |file| file.write_all(bytes))
}

/// Puts what `fill` writes at `path`, over what was there.
pub(crate) fn replace_with(
    path: &Path,
    rng: &dyn Rng,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), FeedError> {
    write_beside(path, rng, false, fill, |beside| fs::rename(beside, path))
}

/// Puts a secret at `path` unless there is one already; readable by its owner only.
fn create_secret(path: &Path, rng: &dyn Rng, bytes: &[u8]) -> Result<(), FeedError> {
    // A link fails where a rename would replace the key that another process made in this moment.
    let link = |beside: &Path| match fs::hard_link(beside, path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(beside),
    };
    write_beside(path, rng, true, |file| file.write_all(bytes), link)
}

/// Reads a file; empty if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FeedError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FeedError::file(path, error)),
    }
}

/// The seed of the key at `path`, 32 bytes; made if there is none.
pub(crate) fn seed(path: &Path, rng: &dyn Rng) -> Result<[u8; 32], FeedError> {
    if read(path)?.is_none() {
        let mut seed = [0; 32];
        rng.fill(&mut seed);
        create_secret(path, rng, &seed)?;
    }
    read(path)?
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| {
            FeedError::file(
                path,
                "the key is damaged: put back the file from a backup of the folder of keys",
            )
        })
}
