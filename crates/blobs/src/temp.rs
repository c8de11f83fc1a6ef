//! Files that are being written and have no name yet.
//!
//! Each writer holds an advisory lock on its file. The kernel drops the lock with the process,
//! however it ends, so a file whose lock is free belongs to nobody and can be deleted. Process ids
//! would not tell: they come again, and mean nothing across containers.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

/// Held shared while a file is made and locked, exclusively while dead ones are cleaned away.
const GATE: &str = "gate";
const SUFFIX: &str = "part";
/// Names tried before giving up; more than one only if other processes share our process id.
const MAX_NAMES: u32 = 10_000;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder for files that are being written.
#[derive(Debug)]
pub(crate) struct Temps {
    folder: PathBuf,
}

/// A file that is deleted when dropped, unless it got its name.
#[derive(Debug)]
pub(crate) struct Temp {
    path: PathBuf,
    pub(crate) file: File,
    keep: bool,
}

impl Temps {
    /// Opens the folder, and deletes what dead writers left there.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let temps = Self { folder };
        temps.clean()?;
        Ok(temps)
    }

    fn gate(&self) -> io::Result<File> {
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(GATE))
    }

    fn clean(&self) -> io::Result<()> {
        let gate = self.gate()?;
        gate.lock()?;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_none_or(|suffix| suffix != SUFFIX) {
                continue;
            }
            let file = match OpenOptions::new().write(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                Ok(()) => fs::remove_file(&path).or_else(ignore_missing)?,
                Err(TryLockError::WouldBlock) => {} // its writer lives
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// A new, locked, empty file.
    pub(crate) fn create(&self) -> io::Result<Temp> {
        let gate = self.gate()?;
        gate.lock_shared()?;
        for _ in 0..MAX_NAMES {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let path = self
                .folder
                .join(format!("{}-{number}.{SUFFIX}", std::process::id()));
            match OpenOptions::new()
                .create_new(true)
                .read(true)
                .write(true)
                .open(&path)
            {
                Ok(file) => {
                    let temp = Temp {
                        path,
                        file,
                        keep: false,
                    };
                    temp.file.lock()?;
                    return Ok(temp);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Temp {
    /// Gives the file its name, on the same file system, in place of what had it.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.keep = true;
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = fs::remove_file(&self.path).or_else(ignore_missing)
        {
            tracing::warn!(path = %self.path.display(), %error, "left a temporary file behind");
        }
    }
}

fn ignore_missing(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound {
        Ok(())
    } else {
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_of_the_dead_go() {
        let folder = tempfile::tempdir().unwrap();
        let temps = Temps::open(folder.path().to_path_buf()).unwrap();
        let alive = temps.create().unwrap();
        let dead = folder.path().join("1-0.part");
        fs::write(&dead, "half").unwrap();
        fs::write(folder.path().join("note.txt"), "not ours").unwrap();

        Temps::open(folder.path().to_path_buf()).unwrap();
        assert!(alive.path().exists(), "its writer lives");
        assert!(!dead.exists());
        assert!(folder.path().join("note.txt").exists());

        let path = alive.path().to_path_buf();
        drop(alive);
        assert!(!path.exists());
    }
}
