//! Copies of content: into the collection's own folder, and out of it to be carried elsewhere.

use std::path::{Path, PathBuf};

use crate::import::manifest;
use crate::model::Collection;

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
