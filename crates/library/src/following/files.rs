//! Files and covers of followed records: which come along, fetched in pieces, and written beside an export.
//!
//! They lie beside a feed's static files as `blob/HH/HASH`: BLAKE3 in hexadecimal digits, of which HH are the first two.
//! What is fetched lies in `uploads/follow/` until it is whole and hashes to its name, so a cut costs nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use lampion_blobs::Hash;
use lampion_core::jobs::{JobContext, JobEnd};
use lampion_db::{DbError, Row as _, query};
use lampion_feed::verify::Source;
use lampion_formats::records::desk::Attachment;

use super::source::{Files as Static, on_thread};
use crate::catalogue::Envelope;
use crate::library::{Library, LibraryError};

/// The largest file that comes along if nobody says otherwise, in megabytes.
pub const DEFAULT_MB: u64 = 20;
/// Rows that are looked at together.
const ROWS: i64 = 500;
/// Bytes of one piece.
const PIECE: usize = 256 << 10;

/// Which files come along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Files {
    /// None.
    None,
    /// Covers up to so many megabytes; 0 for any size.
    Covers(u64),
    /// Covers and attached files up to so many megabytes; 0 for any size.
    All(u64),
}

impl Default for Files {
    fn default() -> Self {
        Self::All(DEFAULT_MB)
    }
}

impl Files {
    /// Out of words: `none`, `covers`, `all`.
    pub fn from_words(word: &str, megabytes: i64) -> Self {
        let megabytes = u64::try_from(megabytes).unwrap_or(0);
        match word {
            "none" => Self::None,
            "covers" => Self::Covers(megabytes),
            _ => Self::All(megabytes),
        }
    }

    /// The word and the limit.
    pub fn words(self) -> (&'static str, i64) {
        let number = |megabytes| i64::try_from(megabytes).unwrap_or(i64::MAX);
        match self {
            Self::None => ("none", 0),
            Self::Covers(megabytes) => ("covers", number(megabytes)),
            Self::All(megabytes) => ("all", number(megabytes)),
        }
    }

    fn takes(self, is_cover: bool, size_bytes: u64) -> bool {
        let within = |megabytes: u64| megabytes == 0 || size_bytes <= megabytes << 20;
        match self {
            Self::None => false,
            Self::Covers(megabytes) => is_cover && within(megabytes),
            Self::All(megabytes) => within(megabytes),
        }
    }
}

/// Where a blob lies beside a feed.
pub fn path_of(hash: &str) -> String {
    format!("blob/{}/{hash}", hash.get(..2).unwrap_or_default())
}

/// The hash in such a path.
pub fn hash_in(path: &str) -> Option<&str> {
    let hash = path.strip_prefix("blob/")?.get(3..)?;
    (path_of(hash) == path && hash.parse::<Hash>().is_ok()).then_some(hash)
}

/// A file that the newest version of a living record names.
struct Named {
    collection: String,
    record: String,
    version: u64,
    hash: String,
}

/// Files of a feed's living records in their order, after one.
async fn named(library: &Library, feed: i64, after: &Named) -> Result<Vec<Named>, DbError> {
    query(
        "select f.collection, f.record, f.version, f.hash from catalogue_file f
         join catalogue_record r on r.feed = f.feed and r.collection = f.collection and r.id = f.record
         and r.version = f.version
         where f.feed = $1 and r.state = 'live' and (f.collection > $2 or (f.collection = $2
         and (f.record > $3 or (f.record = $3 and f.hash > $4)))) order by f.collection, f.record, f.hash limit $5",
    )
    .bind(feed)
    .bind(after.collection.as_str())
    .bind(after.record.as_str())
    .bind(after.hash.as_str())
    .bind(ROWS)
    .fetch_all(library.kernel().db.read())
    .await?
    .iter()
    .map(|row| {
        Ok(Named {
            collection: row.try_get(0)?,
            record: row.try_get(1)?,
            version: u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0),
            hash: row.try_get(3)?,
        })
    })
    .collect()
}

fn first() -> Named {
    Named {
        collection: String::new(),
        record: String::new(),
        version: 0,
        hash: String::new(),
    }
}

/// What the record says of a file, and whether it is its cover.
async fn attachment(library: &Library, origin: &str, one: &Named) -> Option<(Attachment, bool)> {
    let feeds = library.kernel().feeds().ok()?;
    let record = feeds.entry(origin, one.version).await.ok()??;
    let work = Envelope::open(record.body.bytes()?).ok()?.work().ok()?;
    let found = |file: &&Attachment| file.blake3 == one.hash;
    if let Some(cover) = work.cover.iter().find(found) {
        return Some((cover.clone(), true));
    }
    let file = work.files.iter().find(found)?;
    Some((file.clone(), false))
}

/// What came of fetching.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    /// Files that could not be had.
    pub missing: i64,
    /// Catalogues on the feed, and their records of which attached files came.
    pub records: BTreeMap<String, Vec<String>>,
}

/// Fetches the files that a feed's records name and that are not here.
pub(super) async fn fetch(
    library: &Library,
    origin: &str,
    source: &Static,
    rule: Files,
    context: &JobContext,
) -> Result<Fetched, JobEnd> {
    let passing = |error: String| JobEnd::Passing(error);
    let feeds = library
        .kernel()
        .feeds()
        .map_err(|error| passing(error.to_string()))?;
    let feed = feeds
        .find(origin)
        .await
        .map_err(|error| passing(error.to_string()))?;
    let (Some(feed), false) = (feed, rule == Files::None) else {
        return Ok(Fetched::default());
    };
    let folder = library.kernel().data.join("uploads/follow");
    let blobs = &library.kernel().blobs;
    let (mut done, mut after) = (Fetched::default(), first());
    loop {
        let rows = named(library, feed.id, &after).await;
        let mut rows = rows.map_err(|error| passing(error.to_string()))?;
        for one in &rows {
            if context.stop.is_cancelled() {
                return Err(context.stop_reason());
            }
            let Ok(hash) = one.hash.parse::<Hash>() else {
                continue;
            };
            if blobs
                .exists(&hash)
                .await
                .map_err(|error| passing(error.to_string()))?
            {
                continue;
            }
            let Some((file, is_cover)) = attachment(library, origin, one).await else {
                continue;
            };
            if !rule.takes(is_cover, file.size_bytes) {
                continue;
            }
            let (place, to, wanted) = (source.clone(), folder.clone(), file.clone());
            let fetched = tokio::select! {
                () = context.stop.cancelled() => return Err(context.stop_reason()),
                fetched = on_thread("fetch", move || one_file(&place, &to, &wanted)) => fetched,
            };
            match fetched {
                Ok(path) => {
                    let stored = blobs.put_file(&path).await;
                    let _swept_at_the_next_start = tokio::fs::remove_file(&path).await;
                    stored.map_err(|error| crate::import::end_of(&LibraryError::Blob(error)))?;
                    let records = done.records.entry(one.collection.clone()).or_default();
                    if !is_cover && records.last() != Some(&one.record) {
                        records.push(one.record.clone());
                    }
                }
                Err(error) => {
                    tracing::info!(origin, hash = %one.hash, %error, "a file could not be fetched");
                    done.missing += 1;
                }
            }
        }
        match rows.pop() {
            Some(last) => after = last,
            None => return Ok(done),
        }
    }
}

/// Fetches what is lacking of one file, and compares its hash. Gives where it lies.
fn one_file(source: &dyn Source, folder: &Path, file: &Attachment) -> Result<PathBuf, String> {
    let text = |error: io::Error| error.to_string();
    fs::create_dir_all(folder).map_err(text)?;
    let path = folder.join(format!("{}.part", file.blake3));
    let mut out = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(text)?;
    let have = out.metadata().map_err(text)?.len();
    if have < file.size_bytes {
        let from = source
            .open_from(&path_of(&file.blake3), have)
            .map_err(text)?;
        let from = from.ok_or_else(|| "the source does not have it".to_string())?;
        // Not more than the record says, and one more by which a longer one is known.
        let mut from = from.take(file.size_bytes - have + 1);
        let mut piece = vec![0; PIECE];
        loop {
            let read = from.read(&mut piece).map_err(text)?;
            let Some(bytes @ [_, ..]) = piece.get(..read) else {
                break;
            };
            out.write_all(bytes).map_err(text)?;
        }
    }
    out.sync_all().map_err(text)?;
    drop(out);
    let length = fs::metadata(&path).map_err(text)?.len();
    if length < file.size_bytes {
        return Err("it came to an early end: the rest is fetched the next time".into());
    }
    let mut hasher = blake3::Hasher::new();
    hasher
        .update_reader(fs::File::open(&path).map_err(text)?)
        .map_err(text)?;
    if hasher.finalize().to_hex().as_str() != file.blake3 {
        let _fetched_anew = fs::remove_file(&path);
        return Err("it is not the file that the record names".into());
    }
    Ok(path)
}

/// What an export of files did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExportedFiles {
    /// Files that were written.
    pub written: u64,
    /// Files that were there already.
    pub kept: u64,
    /// Files that no record names any more, and that were removed.
    pub removed: u64,
    /// Files that this node does not have itself.
    pub missing: u64,
}

impl Library {
    /// Writes the files that a feed's living records name beside its static files, and removes those that none names.
    ///
    /// # Errors
    /// The database, the store or the folder.
    pub async fn export_files(
        &self,
        origin: &str,
        folder: &Path,
        rule: Files,
    ) -> Result<ExportedFiles, LibraryError> {
        let other = |error: lampion_feed::FeedError| io::Error::other(error.to_string());
        let feeds = self.kernel().feeds().map_err(other)?;
        let mut done = ExportedFiles::default();
        let Some(feed) = feeds.find(origin).await.map_err(other)? else {
            return Ok(done);
        };
        let (mut wanted, mut after) = (BTreeSet::new(), first());
        loop {
            let mut rows = named(self, feed.id, &after).await?;
            for one in &rows {
                if let Some((file, is_cover)) = attachment(self, origin, one).await
                    && rule.takes(is_cover, file.size_bytes)
                    && wanted.insert(one.hash.clone())
                {
                    self.export_file(folder, &file, &mut done).await?;
                }
            }
            match rows.pop() {
                Some(last) => after = last,
                None => break,
            }
        }
        let folder = folder.to_path_buf();
        let swept = tokio::task::spawn_blocking(move || sweep(&folder, &wanted)).await;
        done.removed = swept.map_err(io::Error::other)??;
        Ok(done)
    }

    async fn export_file(
        &self,
        folder: &Path,
        file: &Attachment,
        done: &mut ExportedFiles,
    ) -> Result<(), LibraryError> {
        let Ok(hash) = file.blake3.parse::<Hash>() else {
            return Ok(());
        };
        let path = folder.join(path_of(&file.blake3));
        if fs::metadata(&path).is_ok_and(|about| about.len() == file.size_bytes) {
            done.kept += 1;
            return Ok(());
        }
        let (_, mut stream) = match self.kernel().blobs.get(&hash, None).await {
            Ok(found) => found,
            Err(lampion_blobs::BlobError::NotFound(_)) => {
                done.missing += 1;
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let partial = path.with_extension("part");
        let mut out = tokio::fs::File::create(&partial).await?;
        while let Some(bytes) = stream.try_next().await? {
            tokio::io::AsyncWriteExt::write_all(&mut out, &bytes).await?;
        }
        out.sync_all().await?;
        tokio::fs::rename(&partial, &path).await?;
        done.written += 1;
        Ok(())
    }
}

/// Removes the blobs of an export that are not wanted any more.
fn sweep(folder: &Path, wanted: &BTreeSet<String>) -> io::Result<u64> {
    let (blobs, mut removed) = (folder.join("blob"), 0);
    let Ok(parts) = fs::read_dir(&blobs) else {
        return Ok(0);
    };
    for part in parts {
        let part = part?.path();
        if !part.is_dir() {
            continue;
        }
        for file in fs::read_dir(&part)? {
            let file = file?;
            if !wanted.contains(file.file_name().to_string_lossy().as_ref()) {
                fs::remove_file(file.path())?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_a_hash_and_nothing_else() {
        let hash = "ab".repeat(32);
        assert_eq!(hash_in(&path_of(&hash)), Some(hash.as_str()));
        for bad in [
            "blob/".to_string(),
            format!("blob/cd/{hash}"),
            format!("blob/ab/../{hash}"),
            "blob/ab/abc".into(),
            format!("tile/ab/{hash}"),
            "blob/äö/é".into(),
        ] {
            assert_eq!(hash_in(&bad), None, "{bad}");
        }
    }

    #[test]
    fn what_comes_along_is_told_by_size_and_sort() {
        assert!(!Files::None.takes(true, 1));
        assert!(Files::Covers(1).takes(true, 1 << 20));
        assert!(!Files::Covers(1).takes(true, (1 << 20) + 1));
        assert!(!Files::Covers(0).takes(false, 1));
        assert!(Files::All(0).takes(false, u64::MAX));
        for rule in [Files::None, Files::Covers(3), Files::All(0), Files::All(7)] {
            let (word, megabytes) = rule.words();
            assert_eq!(Files::from_words(word, megabytes), rule);
        }
    }
}
