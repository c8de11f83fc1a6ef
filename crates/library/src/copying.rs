//! Copies of content: into the collection's own folder, and out of it to be carried elsewhere.

use std::path::{Path, PathBuf};

use lampion_core::jobs::JobEnd;

use crate::import::{Import, blocking, end_of, manifest};
use crate::model::{Collection, Kind};

/// Free space that an import leaves on the disk, so that the database and other features go on working.
const RESERVE_BYTES: u64 = 32 << 20;

impl Import {
    /// Copies an archive or file of records into the blob store, if that was asked for and isn't done.
    pub(crate) async fn copy(&mut self) -> Result<(), JobEnd> {
        let source = self.collection.incoming().clone();
        let Some(path) = source
            .path
            .as_ref()
            .map(|path| self.collection.folder.join(path))
            .filter(|_| source.copy && source.blob.is_none())
        else {
            return Ok(());
        };
        self.progress.phase = "copying".into();
        if self.collection.kind == Kind::Files || path.is_dir() {
            return self.copy_folder(path, source.temporary).await;
        }
        self.progress.bytes_total =
            std::fs::metadata(&path).map_or(0, |about| i64::try_from(about.len()).unwrap_or(0));
        self.require_space(u64::try_from(self.progress.bytes_total).unwrap_or(0))?;
        let copied = self.copy_parts(&path).await?;
        self.collection.incoming_mut().blob = Some(copied);
        if source.temporary {
            self.collection.incoming_mut().path = None;
        }
        self.save().await?;
        if source.temporary {
            let _swept_at_the_next_start = std::fs::remove_file(&path);
        }
        self.progress.bytes = 0;
        Ok(())
    }

    /// Makes a copy of what lies in a bucket only: it is read here and there.
    pub(crate) async fn fetch(&mut self) -> Result<(), JobEnd> {
        let Some(hash) = self.library.to_fetch(self.collection.incoming()) else {
            return Ok(());
        };
        self.progress.phase = "copying".into();
        let (blobs, stop) = (
            self.library.kernel().blobs.clone(),
            self.context.stop.clone(),
        );
        let (told, mut tell) = tokio::sync::watch::channel((0, 0));
        let fetching = tokio::spawn(async move {
            let told = |done, all| {
                let _nobody_watches = told.send((done, all));
            };
            tokio::select! {
                fetched = blobs.fetch(&hash, told) => Some(fetched),
                () = stop.cancelled() => None,
            }
        });
        while tell.changed().await.is_ok() {
            let (done, all) = *tell.borrow_and_update();
            self.progress.bytes = i64::try_from(done).unwrap_or(0);
            self.progress.bytes_total = i64::try_from(all).unwrap_or(0);
            self.context.progress(self.progress.clone()).await;
        }
        self.progress.bytes = 0;
        match fetching.await {
            Ok(Some(Ok(_))) => Ok(()),
            Ok(Some(Err(error))) => Err(end_of(&error.into())),
            Ok(None) | Err(_) => Err(self.context.stop_reason()),
        }
    }

    /// Copies files into the collection's own folder, where they make one unit with its index.
    async fn copy_folder(&mut self, from: PathBuf, temporary: bool) -> Result<(), JobEnd> {
        // Each version in a folder of its own: readers see the old one until the new one is whole.
        let name = format!("files-{}", self.context.job.id);
        let (stop, into) = (
            self.context.stop.clone(),
            self.collection.folder.join(&name),
        );
        let copied = blocking(move || {
            let moved = temporary && into.exists() && !from.exists();
            if moved || (temporary && from.is_dir() && std::fs::rename(&from, &into).is_ok()) {
                return Ok(());
            }
            copy_tree(&from, &into, &stop)?;
            if temporary && from.is_dir() {
                std::fs::remove_dir_all(&from)
            } else {
                Ok(())
            }
        })
        .await?;
        if self.context.stop.is_cancelled() {
            return Err(self.context.stop_reason());
        }
        copied.map_err(|error| end_of(&error.into()))?;
        let own = self.collection.incoming_mut();
        own.path = Some(name.into());
        own.copy = false;
        own.temporary = false;
        self.save().await
    }

    async fn copy_parts(&mut self, path: &Path) -> Result<String, JobEnd> {
        let blobs = self.library.kernel().blobs.clone();
        let stop = self.context.stop.clone();
        let parts = parts_of(path);
        let (counted, mut counts) = tokio::sync::mpsc::channel::<u64>(16);
        let copying = tokio::spawn(async move {
            let stream = futures_util::stream::try_unfold(
                (parts.into_iter(), None::<tokio::fs::File>, counted),
                |(mut parts, mut file, counted)| async move {
                    loop {
                        let Some(open) = &mut file else {
                            let Some(next) = parts.next() else {
                                return Ok::<_, std::io::Error>(None);
                            };
                            file = Some(tokio::fs::File::open(next).await?);
                            continue;
                        };
                        let mut buffer = bytes::BytesMut::with_capacity(1 << 20);
                        match tokio::io::AsyncReadExt::read_buf(open, &mut buffer).await? {
                            0 => file = None,
                            count => {
                                let _nobody_watches = counted.send(count as u64).await;
                                return Ok(Some((buffer.freeze(), (parts, file, counted))));
                            }
                        }
                    }
                },
            );
            blobs.put_kept(Box::pin(stream)).await
        });
        while let Some(count) = counts.recv().await {
            self.progress.bytes = self
                .progress
                .bytes
                .saturating_add(i64::try_from(count).unwrap_or(0));
            self.context.progress(self.progress.clone()).await;
            if stop.is_cancelled() {
                copying.abort();
                return Err(self.context.stop_reason());
            }
        }
        match copying.await {
            Ok(Ok(stored)) => Ok(stored.hash.to_string()),
            Ok(Err(error)) => Err(end_of(&error.into())),
            Err(_) => Err(self.context.stop_reason()),
        }
    }

    /// Refuses before the disk is full, while everything else still works.
    pub(crate) fn require_space(&self, bytes: u64) -> Result<(), JobEnd> {
        let free = rustix::fs::statvfs(&self.library.kernel().data).map_or(u64::MAX, |about| {
            about.f_bavail.saturating_mul(about.f_frsize)
        });
        if free < bytes.saturating_add(RESERVE_BYTES) {
            return Err(JobEnd::Passing(format!(
                "no space left on the disk: {} are free, {} are needed: make room and it goes on where it stopped",
                lampion_web::filters::bytes(free),
                lampion_web::filters::bytes(bytes.saturating_add(RESERVE_BYTES))
            )));
        }
        Ok(())
    }
}

/// Copies a file or folder; what is there already with the same size and no older is not copied again.
pub(crate) fn copy_tree(
    from: &Path,
    to: &Path,
    stop: &tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    if from.is_file() {
        std::fs::create_dir_all(to)?;
        return copy_file(from, &to.join(from.file_name().unwrap_or_default()));
    }
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if stop.is_cancelled() {
            return Ok(());
        }
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy_tree(&entry.path(), &target, stop)?;
        } else if kind.is_file() {
            copy_file(&entry.path(), &target)?;
        }
    }
    std::fs::File::open(to)?.sync_all()
}

fn copy_file(from: &Path, to: &Path) -> std::io::Result<()> {
    let about = from.metadata()?;
    let same = to.metadata().is_ok_and(|there| {
        there.len() == about.len() && there.modified().ok() >= about.modified().ok()
    });
    if same {
        return Ok(());
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".lampion-part");
    std::fs::copy(from, &partial)?;
    std::fs::File::open(&partial)?.sync_all()?;
    std::fs::rename(&partial, to)
}

/// Copies a collection's content and live index into a new folder.
pub(crate) fn export(collection: &Collection, content: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir(to).map_err(|error| {
        std::io::Error::new(
            error.kind(),
            format!(
                "{}: {error}: name a folder that doesn't exist yet",
                to.display()
            ),
        )
    })?;
    let never = tokio_util::sync::CancellationToken::new();
    let name = match &collection.source.name {
        // Its name is a repository's address.
        _ if collection.is_harvested() => crate::harvest::FILE.into(),
        name if name.is_empty() => collection.id.clone(),
        name => name.clone(),
    };
    let name = if content.is_dir() {
        "files".to_string()
    } else {
        name
    };
    let mut manifest = manifest(collection);
    if content.is_dir() {
        copy_tree(content, &to.join(&name), &never)?;
    } else {
        let parts = parts_of(content);
        for part in &parts {
            let part_name = if parts.len() == 1 {
                name.clone().into()
            } else {
                part.file_name().unwrap_or_default().to_owned()
            };
            copy_file(part, &to.join(part_name))?;
        }
    }
    copy_tree(&collection.index_folder(), &to.join("index"), &never)?;
    manifest.source = crate::model::Source {
        path: Some(name.into()),
        blob: None,
        copy: false,
        temporary: false,
        ..collection.source.clone()
    };
    manifest.write(to)
}

/// All parts of a split archive, or the one file.
pub(crate) fn parts_of(path: &Path) -> Vec<PathBuf> {
    let text = path.to_string_lossy();
    let Some(stem) = text
        .strip_suffix("aa")
        .filter(|stem| stem.ends_with(".zim"))
    else {
        return vec![path.to_path_buf()];
    };
    let letters = || 'a'..='z';
    letters()
        .flat_map(|first| letters().map(move |second| (first, second)))
        .map(|(first, second)| PathBuf::from(format!("{stem}{first}{second}")))
        .take_while(|part| part.exists())
        .collect()
}
