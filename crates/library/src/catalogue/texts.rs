//! The text of attached files, found with the record.
//!
//! It is read in a child with limits ([`crate::extract`]), never in this process, and lies nowhere but in the index: a
//! withdrawal, or a version without the file, takes it out with the record's document.

use lampion_blobs::Hash;
use lampion_search::Document;

use crate::library::Library;
use crate::model::{AttachedMeta, Meta};

/// The largest file that is read, in bytes.
const FILE_BYTES: u64 = 64 << 20;
/// Bytes of text of one record's files that are indexed.
const TEXT_BYTES: usize = 2 << 20;
/// Letters of a word that two words have in common if they are forms of one.
const STEM: usize = 4;

/// Whether a file may hold text.
fn readable(file: &AttachedMeta) -> bool {
    let other = ["image/", "audio/", "video/", "font/"];
    file.size > 0
        && file.size <= FILE_BYTES
        && !other.iter().any(|prefix| file.mime.starts_with(prefix))
}

/// Whether a document has files to read.
pub(super) fn has_files(document: &Document) -> bool {
    document.meta.contains("\"files\"") && Meta::parse(&document.meta).files.iter().any(readable)
}

/// Adds the text of its files to a document. What can't be read, or is not here, is passed over. Gives whether any was.
pub(super) async fn add(library: &Library, document: &mut Document) -> bool {
    let mut meta = Meta::parse(&document.meta);
    let (mut any, mut bytes) = (false, 0);
    for file in &mut meta.files {
        let Some(path) = file
            .hash
            .parse::<Hash>()
            .ok()
            .filter(|_| readable(file))
            .and_then(|hash| library.kernel().blobs.local_path(&hash))
        else {
            continue;
        };
        let text = match library.full_text(path, &file.name).await {
            Ok(text) => text,
            Err(error) => {
                tracing::debug!(file = %file.hash, %error, "an attached file has no text");
                continue;
            }
        };
        let end = text.floor_char_boundary(TEXT_BYTES.saturating_sub(bytes));
        let text = text.get(..end).unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        bytes += text.len();
        document.body.push_str("\n\n");
        document.body.push_str(text);
        (file.text, any) = (true, true);
    }
    if any {
        document.meta = serde_json::to_string(&meta).unwrap_or_default();
    }
    any
}

/// The names of the files in which a result was found, where its own record doesn't say what was looked for.
pub fn found_in(query: &str, meta: &Meta, title: &str) -> Vec<String> {
    let files: Vec<String> = meta
        .files
        .iter()
        .filter(|file| file.text)
        .map(|file| file.name.clone())
        .collect();
    if files.is_empty() {
        return files;
    }
    let mut own = title.to_lowercase();
    if let Some(record) = &meta.record {
        own.push_str(
            &serde_json::to_string(record)
                .unwrap_or_default()
                .to_lowercase(),
        );
    }
    let query = query.to_lowercase();
    let words = query
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && *word != "or");
    let said = words
        .map(|word| {
            word.chars()
                .take(STEM.max(word.chars().count() / 2))
                .collect::<String>()
        })
        .all(|stem| own.contains(&stem));
    if said { Vec::new() } else { files }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_where_the_record_does_not_say_it() {
        let file = |name: &str, text| AttachedMeta {
            name: name.into(),
            text,
            ..AttachedMeta::default()
        };
        let meta = Meta {
            files: vec![file("tea.pdf", true), file("cover.jpg", false)],
            ..Meta::default()
        };
        let found = |query| found_in(query, &meta, "The book of tea");
        assert_eq!(found("quagga"), ["tea.pdf"]);
        assert_eq!(found("tea quagga"), ["tea.pdf"]);
        assert!(found("books").is_empty());
        assert!(found("").is_empty());
    }
}
