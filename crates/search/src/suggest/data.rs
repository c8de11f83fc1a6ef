//! Files of the index: read in place, written in one step.

use memmap2::Mmap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Bytes of a file in place, or owned.
pub(crate) enum Data {
    Mapped(Mmap),
    Owned(Vec<u8>),
}

impl Data {
    /// Maps a file. Works on media that can't be written; reads nothing yet.
    pub(crate) fn open(path: &Path) -> io::Result<Data> {
        let file = File::open(path)?;
        if file.metadata()?.len() == 0 {
            return Ok(Data::Owned(Vec::new()));
        }
        let map = map(&file)?;
        // Lookups jump about: reading ahead costs memory and time.
        #[cfg(unix)]
        map.advise(memmap2::Advice::Random).ok();
        Ok(Data::Mapped(map))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Data::Mapped(map) => map,
            Data::Owned(bytes) => bytes,
        }
    }
}

#[expect(
    unsafe_code,
    reason = "the files of an index are only ever replaced by renaming, never changed or cut in place"
)]
fn map(file: &File) -> io::Result<Mmap> {
    // SAFETY: see the reason above; a reader keeps the old file until it drops the map.
    unsafe { Mmap::map(file) }
}

/// Writes a file beside `path`, makes it durable and puts it in its place.
pub(crate) fn write_durably(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    let temporary = beside(path);
    let written = File::create(&temporary).and_then(|mut file| {
        write(&mut file)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&temporary, path));
    if placed.is_err() {
        fs::remove_file(&temporary).ok();
    }
    placed?;
    sync_folder_of(path)
}

/// Makes a renamed file's name durable.
pub(crate) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}
