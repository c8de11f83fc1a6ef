//! Blobs in a local folder.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};

use crate::{
    BlobError, ByteStream, Hash, Listing, blocking,
    spool::Spooled,
    temp::{Temp, Temps},
};

/// What one read from the disk brings.
const READ_BYTES: usize = 256 * 1024;
/// Hexadecimal digits of a hash that name its folder.
const FAN_DIGITS: usize = 2;
const FANS: usize = 256;
const TEMP: &str = "tmp";
/// The disk itself says that it can't read: EIO has no stable `ErrorKind`.
const EIO: i32 = 5;

#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// None if the folder can only be read.
    temps: Option<Temps>,
    /// Which of the 256 folders this process has seen onto the disk.
    synced: [AtomicBool; FANS],
}

impl Folder {
    pub(crate) fn open(root: &Path) -> Result<Self, BlobError> {
        let failed = |error: &io::Error| {
            BlobError::from_io(&format!("blob folder `{}`", root.display()), error)
        };
        let temps = match make_durable(root).and_then(|()| Temps::open(root.join(TEMP))) {
            Ok(temps) => Some(temps),
            Err(error) if root.is_dir() && is_read_only(&error) => {
                tracing::info!(path = %root.display(), "blobs are read only here");
                None
            }
            Err(error) => return Err(failed(&error)),
        };
        Ok(Self {
            root: root.to_path_buf(),
            temps,
            synced: [const { AtomicBool::new(false) }; FANS],
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Gives a file of the folder for temporary ones, whose bytes are those of the hash, its name.
    pub(crate) fn adopt(&self, from: &Path, hash: &Hash) -> Result<PathBuf, BlobError> {
        let path = self.path(hash);
        let fan = path.parent().unwrap_or(&self.root);
        let adopt = || -> io::Result<()> {
            make_durable(fan)?;
            fs::rename(from, &path)?;
            sync_folder(fan)
        };
        adopt().map_err(|error| BlobError::from_io(&format!("storing blob {hash}"), &error))?;
        Ok(path)
    }

    /// Where a copy of a blob grows that is being fetched.
    pub(crate) fn fetching(&self, hash: &Hash) -> PathBuf {
        self.root.join(TEMP).join(format!("{hash}.fetch"))
    }

    pub(crate) fn temps(&self) -> Result<&Temps, BlobError> {
        let read_only =
            || BlobError::Unavailable(format!("`{}` can only be read", self.root.display()));
        self.temps.as_ref().ok_or_else(read_only)
    }

    pub(crate) fn path(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        let (fan, rest) = name.split_at(FAN_DIGITS);
        self.root.join(fan).join(rest)
    }

    /// Gives spooled bytes their name. When it returns they are on the disk, name and all.
    /// Tells whether they are new here.
    pub(crate) fn commit(&self, spooled: Spooled) -> Result<bool, BlobError> {
        let Spooled {
            temp,
            hash,
            size_bytes,
        } = spooled;
        let path = self.path(&hash);
        self.commit_at(temp, &hash, size_bytes, &path)
            .map_err(|error| BlobError::from_io(&format!("storing blob {hash}"), &error))
    }

    fn commit_at(&self, temp: Temp, hash: &Hash, size_bytes: u64, path: &Path) -> io::Result<bool> {
        // A blob that is shorter or longer than its bytes is replaced, not believed.
        let known = path.metadata().is_ok_and(|data| data.len() == size_bytes);
        let fan = path.parent().unwrap_or(&self.root);
        if !known {
            temp.file.sync_all()?;
            match fs::create_dir(fan) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            temp.rename(path)?;
        }
        // Also where it was known: who renamed it may not have come to this line yet.
        sync_folder(fan)?;
        let [first, ..] = *hash.as_bytes();
        if let Some(synced) = self.synced.get(usize::from(first))
            && !synced.load(Ordering::Acquire)
        {
            sync_folder(&self.root)?;
            synced.store(true, Ordering::Release);
        }
        Ok(!known)
    }

    pub(crate) fn size(&self, hash: &Hash) -> Result<u64, BlobError> {
        match self.path(hash).metadata() {
            Ok(data) => Ok(data.len()),
            Err(error) => Err(of_reading(hash, &error)),
        }
    }

    pub(crate) fn delete(&self, hash: &Hash) -> Result<(), BlobError> {
        let path = self.path(hash);
        let deleted = match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Ok(()) => sync_folder(path.parent().unwrap_or(&self.root)),
            Err(error) => Err(error),
        };
        deleted.map_err(|error| BlobError::from_io(&format!("deleting blob {hash}"), &error))
    }

    pub(crate) async fn open_blob(self: Arc<Self>, hash: Hash) -> Result<(File, u64), BlobError> {
        blocking(move || {
            let open = || -> io::Result<(File, u64)> {
                let file = File::open(self.path(&hash))?;
                let size_bytes = file.metadata()?.len();
                Ok((file, size_bytes))
            };
            open().map_err(|error| of_reading(&hash, &error))
        })
        .await
    }

    /// All blobs, one of the 256 folders after the other.
    pub(crate) fn list(self: Arc<Self>) -> Listing {
        stream::iter(0..FANS)
            .then(move |fan| {
                let folder = Arc::clone(&self);
                async move {
                    let found = blocking(move || folder.list_fan(fan)).await;
                    let (found, error) = match found {
                        Ok(found) => (found, None),
                        Err(error) => (Vec::new(), Some(Err(error))),
                    };
                    stream::iter(found.into_iter().map(Ok).chain(error))
                }
            })
            .flatten()
            .boxed()
    }

    fn list_fan(&self, fan: usize) -> Result<Vec<(Hash, u64)>, BlobError> {
        let fan = format!("{fan:02x}");
        let read = || -> io::Result<Vec<(Hash, u64)>> {
            let mut found = Vec::new();
            for entry in fs::read_dir(self.root.join(&fan))? {
                let entry = entry?;
                let name = format!("{fan}{}", entry.file_name().to_string_lossy());
                // A file that is no blob is none of our business; one may go while we read.
                if let (Ok(hash), Ok(data)) = (name.parse(), entry.metadata()) {
                    found.push((hash, data.len()));
                }
            }
            Ok(found)
        };
        match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(BlobError::from_io(
                &format!("listing blobs in `{fan}`"),
                &error,
            )),
            Ok(found) => Ok(found),
        }
    }
}

/// Streams `from..to` of an open blob, reading ahead nothing.
pub(crate) fn read(file: File, hash: Hash, from: u64, to: u64) -> ByteStream {
    stream::try_unfold((Arc::new(file), from), move |(file, at)| async move {
        if at >= to {
            return Ok(None);
        }
        let reader = Arc::clone(&file);
        let bytes = blocking(move || {
            let want = usize::try_from(to - at)
                .unwrap_or(READ_BYTES)
                .min(READ_BYTES);
            let mut buffer = BytesMut::zeroed(want);
            match reader.read_at(&mut buffer, at) {
                Ok(0) => Err(BlobError::Damaged { hash }), // shorter than when it was opened
                Ok(got) => {
                    buffer.truncate(got);
                    Ok(buffer.freeze())
                }
                Err(error) => Err(of_reading(&hash, &error)),
            }
        })
        .await?;
        let next = at + bytes.len() as u64;
        Ok::<Option<(Bytes, _)>, BlobError>(Some((bytes, (file, next))))
    })
    .boxed()
}

fn of_reading(hash: &Hash, error: &io::Error) -> BlobError {
    if error.kind() == io::ErrorKind::NotFound {
        BlobError::NotFound(*hash)
    } else if error.raw_os_error() == Some(EIO) {
        BlobError::Damaged { hash: *hash }
    } else {
        BlobError::from_io(&format!("reading blob {hash}"), error)
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied
    )
}

/// Makes a folder and those above it, and sees their names onto the disk.
fn make_durable(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent {
        make_durable(parent)?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_folder(parent.unwrap_or(Path::new(".")))
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
