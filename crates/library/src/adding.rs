//! Adding collections: from a source to a row, a folder and a job.

use std::path::{Path, PathBuf};

use lampion_core::ids;
use lampion_web::Kernel;

use crate::extract::Request;
use crate::library::{Library, LibraryError};
use crate::model::{Collection, Kind, MANIFEST, Manifest, Source, State, Visibility};

/// What to import, as a person asks for it.
#[derive(Debug, Clone, Default)]
pub struct NewImport {
    /// File or folder.
    pub path: PathBuf,
    /// Wanted id; made from the title if empty.
    pub id: String,
    /// Wanted title; the source's own if empty.
    pub title: String,
    /// Copy the content instead of reading it in place.
    pub copy: bool,
    /// The path is a temporary file of ours.
    pub temporary: bool,
    /// Sort of content, if told.
    pub kind: Option<Kind>,
    /// Format of records, if told.
    pub format: String,
    /// Column mapping of records.
    pub mapping: String,
    /// Who may see it.
    pub visibility: Option<Visibility>,
}

impl Library {
    /// Makes a collection for a source and queues its import; gives its id and the job's. If a collection with the wanted
    /// id exists, its content is replaced by the new version.
    ///
    /// # Errors
    /// The source can't be read, or the database.
    pub async fn import(&self, new: NewImport) -> Result<(String, String), LibraryError> {
        let bad = |reason: String| LibraryError::BadSource {
            path: new.path.clone(),
            reason,
        };
        let path = std::fs::canonicalize(&new.path)
            .map_err(|error| bad(format!("{error}: check the path")))?;
        let manifest = if path.is_dir() {
            Manifest::read(&path).map_err(bad)?
        } else {
            None
        };
        let now_ms = self.kernel().clock.now_ms();
        let kind = manifest
            .as_ref()
            .map(|manifest| manifest.kind)
            .or(new.kind)
            .map_or_else(|| guess_kind(&path), Ok)
            .map_err(bad)?;
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let title = [
            &new.title,
            manifest
                .as_ref()
                .map_or(&new.title, |manifest| &manifest.title),
            &stem(&name),
        ]
        .into_iter()
        .find(|title| !title.is_empty())
        .cloned()
        .unwrap_or_default();
        let told = Source {
            path: Some(path.clone()),
            name,
            copy: new.copy,
            temporary: new.temporary,
            format: new.format.clone(),
            mapping: new.mapping.clone(),
            blob: None,
            ..Source::default()
        };
        let source = manifest.as_ref().map_or(told, |manifest| Source {
            copy: new.copy,
            ..within(&manifest.source, &path)
        });
        let wanted = [
            &new.id,
            manifest.as_ref().map_or(&new.id, |manifest| &manifest.id),
        ]
        .into_iter()
        .find(|id| !id.is_empty())
        .cloned();
        let all = self.store().all().await?;
        let known = all
            .iter()
            .find(|known| {
                wanted.as_ref() == Some(&known.id)
                    || (wanted.is_none() && known.source.path == source.path && known.kind == kind)
            })
            .cloned();
        let collection = match known {
            Some(known) if known.kind != kind => {
                return Err(bad(format!(
                    "collection `{}` holds other content ({}): choose another name",
                    known.id,
                    known.kind.as_str()
                )));
            }
            Some(known) => Collection {
                pending: Some(source),
                title: if new.title.is_empty() {
                    known.title.clone()
                } else {
                    new.title.clone()
                },
                updated_ms: now_ms,
                ..known
            },
            None => {
                let id = free_id(self.kernel(), &all, wanted.as_deref().unwrap_or(&title));
                let own = self.kernel().data.join("collections").join(&id);
                let folder = match &manifest {
                    Some(_) if !new.copy => path.clone(),
                    _ => own,
                };
                if manifest.is_some() && new.copy {
                    copy_index(path.clone(), folder.clone()).await?;
                }
                let mut made = blank(id, title, kind, source, folder, now_ms);
                made.visibility = new.visibility.clone().unwrap_or(Visibility::All);
                if let Some(manifest) = &manifest {
                    adopt(&mut made, manifest);
                    if new.copy {
                        made.source = within(&manifest.source, &path);
                        made.source.copy = true;
                    }
                }
                made
            }
        };
        if all.iter().any(|one| one.id == collection.id) {
            self.store().update(&collection).await?;
        } else {
            self.store().insert(&collection).await?;
        }
        self.refresh().await?;
        let job = self
            .kernel()
            .queue(crate::import::KIND, &collection.id, "{}".into())
            .await?;
        self.kernel()
            .events
            .send("collection.changed", collection.id.as_str());
        Ok((collection.id, job.id))
    }

    /// What a child would be asked to read for an import: for a dry run.
    ///
    /// # Errors
    /// The source can't be read.
    pub fn plan(&self, new: &NewImport) -> Result<Request, LibraryError> {
        let bad = |reason: String| LibraryError::BadSource {
            path: new.path.clone(),
            reason,
        };
        let path = std::fs::canonicalize(&new.path)
            .map_err(|error| bad(format!("{error}: check the path")))?;
        let kind = new
            .kind
            .map_or_else(|| guess_kind(&path), Ok)
            .map_err(bad)?;
        Ok(Request {
            kind,
            path,
            format: new.format.clone(),
            mapping: new.mapping.clone(),
            ..Request::default()
        })
    }

    /// Writes a collection with its content and index into a new folder that can be carried and imported elsewhere.
    ///
    /// # Errors
    /// The folder exists, the content is missing, or the disk.
    pub async fn export(&self, id: &str, to: &Path) -> Result<(), LibraryError> {
        let collection = self
            .store()
            .get(id)
            .await?
            .ok_or_else(|| LibraryError::NoSuchCollection(id.into()))?;
        if collection.kind == Kind::Catalogue {
            return Err(LibraryError::BadSource {
                path: id.into(),
                reason: "a catalogue's records are on the feed: use `lampion feed export`".into(),
            });
        }
        self.write_harvested(&collection).await?;
        let content = self.content_path(&collection)?;
        let to = to.to_path_buf();
        let copied = collection.clone();
        let exported =
            tokio::task::spawn_blocking(move || crate::copying::export(&copied, &content, &to));
        let exported = exported.await.map_err(std::io::Error::other)?;
        self.forget_harvested_file(&collection).await;
        Ok(exported?)
    }

    /// Queues a rebuild of a collection's index from its content.
    ///
    /// # Errors
    /// No such collection, or the database.
    pub async fn reindex(&self, id: &str) -> Result<String, LibraryError> {
        self.store()
            .get(id)
            .await?
            .ok_or_else(|| LibraryError::NoSuchCollection(id.into()))?;
        Ok(self
            .kernel()
            .queue(crate::import::KIND, id, r#"{"rebuild":true}"#.into())
            .await?
            .id)
    }

    /// Queues a check of a collection's content.
    ///
    /// # Errors
    /// No such collection, or the database.
    pub async fn check(&self, id: &str) -> Result<String, LibraryError> {
        self.store()
            .get(id)
            .await?
            .ok_or_else(|| LibraryError::NoSuchCollection(id.into()))?;
        Ok(self
            .kernel()
            .queue(crate::check::KIND, id, "{}".into())
            .await?
            .id)
    }
}

/// A source that lies in a folder that was carried here.
fn within(source: &Source, folder: &Path) -> Source {
    Source {
        path: source.path.as_ref().map(|path| folder.join(path)),
        ..source.clone()
    }
}

/// Copies a collection's description and index into its new folder.
async fn copy_index(from: PathBuf, to: PathBuf) -> Result<(), LibraryError> {
    let copied = tokio::task::spawn_blocking(move || {
        std::fs::create_dir_all(&to)?;
        let never = tokio_util::sync::CancellationToken::new();
        crate::copying::copy_tree(&from.join("index"), &to.join("index"), &never)?;
        std::fs::copy(from.join(MANIFEST), to.join(MANIFEST)).map(drop)
    });
    Ok(copied.await.map_err(std::io::Error::other)??)
}

fn adopt(made: &mut Collection, manifest: &Manifest) {
    made.description.clone_from(&manifest.description);
    made.language.clone_from(&manifest.language);
    made.creator.clone_from(&manifest.creator);
    made.origin.clone_from(&manifest.origin);
    made.main_path.clone_from(&manifest.main_path);
    made.source = manifest.source.clone();
    made.documents = manifest.documents;
    made.size_bytes = manifest.size_bytes;
}

/// A new collection about which nothing is known yet.
pub(crate) fn blank(
    id: String,
    title: String,
    kind: Kind,
    source: Source,
    folder: PathBuf,
    now_ms: i64,
) -> Collection {
    Collection {
        id,
        title,
        description: String::new(),
        language: String::new(),
        creator: String::new(),
        kind,
        source,
        pending: None,
        folder,
        origin: String::new(),
        visibility: Visibility::All,
        state: State::New,
        documents: 0,
        failed: 0,
        size_bytes: 0,
        index_bytes: 0,
        health: String::new(),
        health_ms: 0,
        cover: String::new(),
        main_path: String::new(),
        run: 0,
        created_ms: now_ms,
        updated_ms: now_ms,
    }
}

fn stem(name: &str) -> String {
    name.rsplit_once('.')
        .map_or(name, |(stem, _)| stem)
        .replace(['_', '-'], " ")
        .trim()
        .to_string()
}

/// An id that no collection has yet.
pub(crate) fn free_id(kernel: &Kernel, all: &[Collection], wanted: &str) -> String {
    let mut base = ids::slug(wanted);
    if base.is_empty() {
        base = format!(
            "c{}",
            ids::new_id(&*kernel.rng).get(..6).unwrap_or_default()
        );
    }
    let taken = |id: &str| all.iter().any(|one| one.id == id);
    if !taken(&base) {
        return base;
    }
    (2..)
        .map(|number| format!("{base}-{number}"))
        .find(|id| !taken(id))
        .unwrap_or(base)
}

/// What sort of content lies at a path.
fn guess_kind(path: &Path) -> Result<Kind, String> {
    if path.is_dir() {
        if path.join(MANIFEST).exists() {
            return Ok(Kind::Files);
        }
        let records = std::fs::read_dir(path)
            .map_err(|error| error.to_string())?
            .flatten()
            .filter(|entry| entry.path().is_file())
            .take(50)
            .map(|entry| is_records(&entry.path()))
            .collect::<Vec<_>>();
        return Ok(
            // A list of what is there, or a note, may lie among them.
            if records.iter().filter(|is| **is).count() * 2 > records.len() {
                Kind::Records
            } else {
                Kind::Files
            },
        );
    }
    let head = head(path).map_err(|error| error.to_string())?;
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    if head.starts_with(b"ZIM\x04") || name.ends_with(".zim") || name.ends_with(".zimaa") {
        return Ok(Kind::Zim);
    }
    Ok(if is_records(path) {
        Kind::Records
    } else {
        Kind::Files
    })
}

fn is_records(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    head(path).is_ok_and(|head| lampion_formats::records::detect_records(&head, &name).is_some())
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut head = Vec::new();
    std::fs::File::open(path)?
        .take(64 << 10)
        .read_to_end(&mut head)?;
    Ok(head)
}
