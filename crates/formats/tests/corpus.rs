//! Real files that have tripped other readers: none may panic, and most must give
//! text. Says which did not, and why.
#![allow(clippy::unwrap_used, clippy::allow_attributes, reason = "tests")]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use lampion_formats::{DETECT_BYTES, FormatError, Limits, detect, extract};

fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(name);
    if !folder.is_dir() {
        println!("skipped: ../shared/data is absent");
        return None;
    }
    Some(folder)
}

#[derive(Default, Debug)]
struct Count {
    text: usize,
    empty: Vec<String>,
    encrypted: Vec<String>,
    failed: Vec<String>,
    panicked: Vec<String>,
}

/// Reads every file of a folder, in order of their names.
fn read_all(folder: &Path) -> Count {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut count = Count::default();
    for path in files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap();
        let kind = detect(&name, &bytes[..bytes.len().min(DETECT_BYTES)]);
        match catch_unwind(AssertUnwindSafe(|| {
            extract(kind, &path, &Limits::default())
        })) {
            Ok(Ok(doc)) if doc.text.trim().is_empty() => {
                count.empty.push(format!("{name} {:?}", doc.warnings))
            }
            Ok(Ok(doc)) => {
                assert!(
                    !doc.text.contains("\n\n") && !doc.text.contains("  "),
                    "{name}"
                );
                if std::env::var_os("SHOW").is_some() {
                    println!(
                        "== {name} {:?} {:?} {:?} {:?} {:?}",
                        doc.title, doc.authors, doc.year, doc.pages, doc.warnings
                    );
                    println!(
                        "{:?} {}",
                        doc.headings.iter().take(4).collect::<Vec<_>>(),
                        doc.text.chars().take(300).collect::<String>()
                    );
                }
                count.text += 1;
            }
            Ok(Err(FormatError::Encrypted)) => count.encrypted.push(name),
            Ok(Err(error)) => count.failed.push(error.for_file(&name)),
            Err(_) => count.panicked.push(name),
        }
    }
    println!("{}: {count:#?}", folder.display());
    count
}

#[test]
fn pdfs() {
    let Some(folder) = folder("pdf") else { return };
    let count = read_all(&folder);
    assert!(count.panicked.is_empty());
    // A third of these have no words at all: they draw bitmaps, fonts and forms.
    assert!(count.text >= 39, "{count:?}");
    assert!(count.text + count.empty.len() >= 59, "{count:?}");
}

#[test]
fn office_files() {
    let Some(folder) = folder("office") else {
        return;
    };
    let count = read_all(&folder);
    assert!(count.panicked.is_empty());
    assert!(count.text >= 78, "{count:?}");
}

#[test]
fn books() {
    let Some(folder) = folder("epub") else { return };
    let count = read_all(&folder);
    assert!(count.panicked.is_empty());
    assert!(count.text >= 3, "{count:?}");
}
