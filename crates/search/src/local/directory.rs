//! The folder of one generation, as Tantivy sees it.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::num::NonZeroU64;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Advice, AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes,
    TerminatingWrite, WatchCallback, WatchHandle, WritePtr,
};
use tantivy::{Directory, HasLen, TantivyError};

/// How much a merging thread gives way, in steps of nice(2): beside one that doesn't, it has a tenth of a processor …
const MERGES_GIVE_WAY: i32 = 10;
/// … and one that indexes, for which somebody waits, a quarter.
const INDEXING_GIVES_WAY: i32 = 5;
/// Lists of fewer bytes than this are copied. A page of a mapped file brings its neighbours into the process, so ten
/// thousand searches for rare words would have all of the index in memory.
const COPIED_BELOW_BYTES: usize = 8 << 10;
/// Longer lists are fetched at once …
/// … if they have no more than this: of longer lists of documents most is skipped,
const DOCUMENTS_UP_TO_BYTES: usize = 1 << 20;
/// … of lists of positions too, but phrases of common words are looked for in thousands of places of one.
const POSITIONS_UP_TO_BYTES: usize = 4 << 20;

/// Lets a thread on which Tantivy merges or indexes give way to those that answer people: the merging of a million
/// records took both processors for minutes, and whoever published one meanwhile waited for two seconds. These threads can
/// be told by their names only, and a directory is where ours meets them.
fn give_way() {
    thread_local! {
        static GIVES_WAY: Cell<bool> = const { Cell::new(false) };
    }
    let name = std::thread::current();
    let by = match name.name() {
        Some(name) if name.starts_with("merge_thread") => MERGES_GIVE_WAY,
        Some(name) if name.starts_with("thrd-tantivy-index") => INDEXING_GIVES_WAY,
        _ => return,
    };
    if !GIVES_WAY.replace(true) {
        let _goes_on_as_it_is = rustix::process::nice(by);
    }
}

/// Memory-mapped files, read at random places without reading ahead (which, on an index larger than
/// memory, would throw out everything else), that remember a full disk, and need no lock on a medium
/// that can't be written.
#[derive(Debug, Clone)]
pub(crate) struct IndexDirectory {
    inner: MmapDirectory,
    /// The same with reading ahead: for small files of which a search needs much, a little for each document.
    ahead: MmapDirectory,
    path: PathBuf,
    reader: bool,
    read_only: bool,
    full: Arc<AtomicBool>,
}

impl IndexDirectory {
    /// For a writer.
    pub(crate) fn open(path: &Path, read_only: bool) -> Result<IndexDirectory, TantivyError> {
        Ok(IndexDirectory {
            inner: MmapDirectory::open_with_madvice(path, Advice::Random)?,
            ahead: MmapDirectory::open(path)?,
            path: path.to_owned(),
            reader: false,
            read_only,
            full: Arc::default(),
        })
    }

    /// For readers: the document store is read block by block, so that it does not count as memory.
    pub(crate) fn open_for_reading(
        path: &Path,
        read_only: bool,
    ) -> Result<IndexDirectory, TantivyError> {
        Ok(IndexDirectory {
            reader: true,
            ..IndexDirectory::open(path, read_only)?
        })
    }

    /// Set once the disk was found full.
    pub(crate) fn full(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.full)
    }

    fn refuse(&self) -> io::Result<()> {
        if self.read_only {
            Err(io::Error::from(io::ErrorKind::ReadOnlyFilesystem))
        } else {
            Ok(())
        }
    }
}

/// Whether an error says that the disk is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

fn note<T>(full: &AtomicBool, result: io::Result<T>) -> io::Result<T> {
    if let Err(error) = &result
        && is_full(error)
    {
        full.store(true, Ordering::Relaxed);
    }
    result
}

impl Directory for IndexDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        if self.reader
            && path
                .extension()
                .is_some_and(|extension| extension == "store")
        {
            return match StoreFile::open(&self.path.join(path)) {
                Ok(file) => Ok(Arc::new(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Err(OpenReadError::FileDoesNotExist(path.to_owned()))
                }
                Err(error) => Err(OpenReadError::wrap_io_error(error, path.to_owned())),
            };
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        let fetched_up_to_bytes = match extension {
            Some("fast" | "fieldnorm") => return self.ahead.get_file_handle(path),
            Some("idx") => DOCUMENTS_UP_TO_BYTES,
            Some("pos") => POSITIONS_UP_TO_BYTES,
            _ => return self.inner.get_file_handle(path),
        };
        let inner = self.inner.get_file_handle(path)?;
        // A file that can't be opened twice is read without reading ahead.
        match File::open(self.path.join(path)) {
            Ok(file) if self.reader => Ok(Arc::new(ListsFile {
                inner,
                file,
                fetched_up_to_bytes,
            })),
            _ => Ok(inner),
        }
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        if self.read_only {
            return Ok(());
        }
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.refuse()
            .map_err(|error| OpenWriteError::wrap_io_error(error, path.to_owned()))?;
        give_way();
        let inner = self.inner.open_write(path).inspect_err(|error| {
            if let OpenWriteError::IoError { io_error, .. } = error
                && is_full(io_error)
            {
                self.full.store(true, Ordering::Relaxed);
            }
        })?;
        let noting = NotingWriter {
            inner,
            full: Arc::clone(&self.full),
        };
        Ok(io::BufWriter::new(Box::new(noting)))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.refuse()?;
        note(&self.full, self.inner.atomic_write(path, data))
    }

    fn sync_directory(&self) -> io::Result<()> {
        if self.read_only {
            Ok(())
        } else {
            note(&self.full, self.inner.sync_directory())
        }
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        if self.read_only {
            return Ok(DirectoryLock::from(Box::new(())));
        }
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, _: WatchCallback) -> tantivy::Result<WatchHandle> {
        // Readers are told by the writer; no thread watches the folder.
        Ok(WatchHandle::empty())
    }
}

struct NotingWriter {
    inner: WritePtr,
    full: Arc<AtomicBool>,
}

impl Write for NotingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        note(&self.full, self.inner.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        note(&self.full, self.inner.flush())
    }
}

impl TerminatingWrite for NotingWriter {
    fn terminate_ref(&mut self, token: AntiCallToken) -> io::Result<()> {
        note(&self.full, self.inner.terminate_ref(token))
    }
}

/// Lists of documents or positions, of which a query asks for one word's as a whole. The system is told to fetch it at
/// once: page after page, each by itself, would take ten times as long where it isn't in memory.
#[derive(Debug)]
struct ListsFile {
    inner: Arc<dyn FileHandle>,
    file: File,
    fetched_up_to_bytes: usize,
}

impl HasLen for ListsFile {
    fn len(&self) -> usize {
        self.inner.len()
    }
}

impl FileHandle for ListsFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.len() < COPIED_BELOW_BYTES && range.start <= range.end {
            let mut bytes = vec![0; range.len()];
            self.file.read_exact_at(&mut bytes, range.start as u64)?;
            return Ok(OwnedBytes::new(bytes));
        }
        if range.len() <= self.fetched_up_to_bytes {
            let length = NonZeroU64::new(range.len() as u64);
            // Only advice: without it the same bytes come, slower.
            let _ = rustix::fs::fadvise(
                &self.file,
                range.start as u64,
                length,
                rustix::fs::Advice::WillNeed,
            );
        }
        self.inner.read_bytes(range)
    }
}

/// A file that is read where it is asked for.
#[derive(Debug)]
struct StoreFile {
    file: File,
    length: usize,
}

impl StoreFile {
    fn open(path: &Path) -> io::Result<StoreFile> {
        let file = File::open(path)?;
        let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        Ok(StoreFile { file, length })
    }
}

impl HasLen for StoreFile {
    fn len(&self) -> usize {
        self.length
    }
}

impl FileHandle for StoreFile {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<OwnedBytes> {
        if range.end > self.length || range.start > range.end {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        let mut bytes = vec![0; range.len()];
        self.file.read_exact_at(&mut bytes, range.start as u64)?;
        Ok(OwnedBytes::new(bytes))
    }
}
