//! Lampion's own handbook: the first collection of every node. It lies in the program and is written out at start.

use std::path::Path;

use include_dir::{Dir, include_dir};

use crate::adding::blank;
use crate::library::{Library, LibraryError};
use crate::model::{Kind, Source};

/// The collection's id.
pub const ID: &str = "handbook";
/// Set when the operator removed it: it doesn't come back by itself.
const REMOVED: &str = "library.handbook";

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../handbook");

/// The address of the handbook's first page in a language that it is written in.
pub fn welcome(language: &str) -> String {
    let language = if language == "ko" { "ko" } else { "en" };
    format!("/text/{ID}/{language}/welcome.md")
}

/// Writes the handbook out and queues its import, if it is new or changed with the program.
///
/// # Errors
/// The disk or the database.
pub async fn provide(library: &Library) -> Result<(), LibraryError> {
    let version = version();
    let db = &library.kernel().db;
    if db
        .setting(REMOVED)
        .await?
        .is_some_and(|before| before == version)
    {
        return Ok(());
    }
    let folder = library.kernel().data.join("collections").join(ID);
    let files = folder.join("files");
    write(&files)?;
    if library.store().get(ID).await?.is_none() {
        let source = Source {
            path: Some("files".into()),
            ..Source::default()
        };
        let mut made = blank(
            ID.into(),
            "Lampion: the handbook · 안내서".into(),
            Kind::Files,
            source,
            folder,
            library.kernel().clock.now_ms(),
        );
        made.description = "How to search, read, keep and run this library.".into();
        made.language = "en,ko".into();
        library.store().insert(&made).await?;
        library.refresh().await?;
    }
    library
        .kernel()
        .queue(crate::import::KIND, ID, "{}".into())
        .await?;
    db.set_setting(REMOVED, &version).await?;
    Ok(())
}

/// A short hash of all files.
fn version() -> String {
    let mut hasher = blake3::Hasher::new();
    for folder in FILES.dirs() {
        for file in folder.files() {
            hasher
                .update(file.path().to_string_lossy().as_bytes())
                .update(file.contents());
        }
    }
    hasher.finalize().to_hex().chars().take(16).collect()
}

fn write(to: &Path) -> std::io::Result<()> {
    // Topics that are gone from the program go from the node too.
    if to.exists() {
        std::fs::remove_dir_all(to)?;
    }
    for folder in FILES.dirs() {
        std::fs::create_dir_all(to.join(folder.path()))?;
        for file in folder.files() {
            std::fs::write(to.join(file.path()), file.contents())?;
        }
    }
    Ok(())
}
