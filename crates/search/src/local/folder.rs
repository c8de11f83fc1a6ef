//! The index folder of one collection and its generations.
//!
//! `CURRENT` names the generation that readers see (`g3`), `NEXT` one that an update prepares, `REBUILD` one that is
//! made from nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::suggest::TEMPORARY_PREFIX;

/// Names the generation that readers see.
const CURRENT: &str = "CURRENT";
/// Names the generation that an update prepares.
const NEXT: &str = "NEXT";
/// Names the generation that is made from nothing.
const REBUILD: &str = "REBUILD";
/// Suggestions, built by `finish`.
pub(crate) const TITLES: &str = "titles.lps";
/// Dictionary of words, built by `finish`.
pub(crate) const WORDS: &str = "words.fst";
/// What stored documents are packed with, see [`super::pack`].
pub(crate) const DICTIONARIES: [&str; 2] = ["stored.dict", "stored-2.dict"];
/// Words that many documents have, see [`super::neighbours`].
pub(crate) const COMMON: &str = "common.words";
/// Counts of words while an import goes on.
pub(crate) const COUNTS: &str = "words.counts";
/// Other titles of documents, one JSON array a line.
pub(crate) const ALIASES: &str = "aliases.jsonl";
/// Files that a new generation does not share with the one before.
const NOT_LINKED: &[&str] = &[
    TITLES,
    WORDS,
    ALIASES,
    ".tantivy-writer.lock",
    ".tantivy-meta.lock",
];
/// Files that are replaced, not appended to, but small: copied rather than linked.
const COPIED: &[&str] = &["meta.json", ".managed.json", COUNTS];

/// The generation that readers see.
pub(crate) fn current(folder: &Path) -> io::Result<Option<PathBuf>> {
    named(folder, CURRENT)
}

/// The generation that an unfinished update prepares.
pub(crate) fn next(folder: &Path) -> io::Result<Option<PathBuf>> {
    named(folder, NEXT)
}

/// The generation that an unfinished rebuilding makes.
pub(crate) fn rebuilt(folder: &Path) -> io::Result<Option<PathBuf>> {
    named(folder, REBUILD)
}

/// Notes `generation` as the one that is made from nothing.
pub(crate) fn note_rebuilt(folder: &Path, generation: &Path) -> io::Result<()> {
    point(folder, REBUILD, generation)
}

/// Removes pointers that name no generation: what is rebuilt from nothing doesn't need them.
pub(crate) fn forget_damaged(folder: &Path) -> io::Result<()> {
    for pointer in [CURRENT, NEXT, REBUILD] {
        if named(folder, pointer).is_err_and(|error| error.kind() == io::ErrorKind::InvalidData) {
            fs::remove_file(folder.join(pointer))?;
        }
    }
    Ok(())
}

fn named(folder: &Path, pointer: &str) -> io::Result<Option<PathBuf>> {
    let name = match fs::read_to_string(folder.join(pointer)) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let name = name.trim();
    if number(name).is_none() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{pointer} names no generation"),
        ));
    }
    Ok(Some(folder.join(name)))
}

fn number(name: &str) -> Option<u64> {
    name.strip_prefix('g')?.parse().ok()
}

/// Makes the empty folder of a new generation.
pub(crate) fn create(folder: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        highest = highest.max(entry?.file_name().to_str().and_then(number).unwrap_or(0));
    }
    let path = folder.join(format!("g{}", highest + 1));
    fs::create_dir(&path)?;
    Ok(path)
}

/// Makes a new generation that shares the files of `from`, and notes it as the next one.
pub(crate) fn branch(folder: &Path, from: &Path) -> io::Result<PathBuf> {
    let path = create(folder)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let name_text = name.to_str().unwrap_or_default();
        if NOT_LINKED.contains(&name_text) || !entry.file_type()?.is_file() {
            continue;
        }
        let to = path.join(&name);
        // Media without hard links (FAT) get a copy.
        if COPIED.contains(&name_text) || fs::hard_link(entry.path(), &to).is_err() {
            fs::copy(entry.path(), &to)?;
        }
    }
    sync_folder(&path)?;
    point(folder, NEXT, &path)?;
    Ok(path)
}

/// Makes `generation` the one that readers see.
pub(crate) fn publish(folder: &Path, generation: &Path) -> io::Result<()> {
    point(folder, CURRENT, generation)?;
    for pointer in [NEXT, REBUILD] {
        match fs::remove_file(folder.join(pointer)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(folder)
}

fn point(folder: &Path, pointer: &str, generation: &Path) -> io::Result<()> {
    let name = generation
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    write_durably(&folder.join(pointer), format!("{name}\n").as_bytes())
}

/// Replaces a file as a whole: after a crash there is the old one or the new one.
pub(crate) fn write_durably(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes renames in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes generations that nobody points to, except those in `kept` (which readers still use).
pub(crate) fn sweep(folder: &Path, kept: &[PathBuf]) -> io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let pointed = [current(folder)?, next(folder)?, rebuilt(folder)?];
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_generation = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(number)
            .is_some();
        if is_generation
            && !pointed.iter().flatten().any(|other| *other == path)
            && !kept.contains(&path)
        {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

/// Removes what a writer that was killed left in its generation.
pub(crate) fn sweep_temporary(generation: &Path) -> io::Result<()> {
    for entry in fs::read_dir(generation)? {
        let entry = entry?;
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(TEMPORARY_PREFIX)
        {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Bytes of all files in a generation.
pub(crate) fn size_bytes(generation: &Path) -> u64 {
    fs::read_dir(generation)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|meta| meta.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_is_seen_only_when_published() {
        let folder = tempfile::tempdir().unwrap();
        let first = create(folder.path()).unwrap();
        fs::write(first.join("a.store"), "text").unwrap();
        publish(folder.path(), &first).unwrap();
        let second = branch(folder.path(), &first).unwrap();
        assert_eq!(fs::read(second.join("a.store")).unwrap(), b"text");
        assert_eq!(current(folder.path()).unwrap(), Some(first.clone()));
        assert_eq!(next(folder.path()).unwrap(), Some(second.clone()));
        publish(folder.path(), &second).unwrap();
        sweep(folder.path(), std::slice::from_ref(&first)).unwrap();
        assert!(first.exists());
        sweep(folder.path(), &[]).unwrap();
        assert!(!first.exists());
        assert_eq!(current(folder.path()).unwrap(), Some(second));
        assert_eq!(next(folder.path()).unwrap(), None);
    }

    #[test]
    fn a_pointer_to_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CURRENT), "../../etc").unwrap();
        assert!(current(folder.path()).is_err());
    }
}
