//! An open archive.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::cache::ClusterCache;
use crate::cluster::Cluster;
use crate::decode::Place;
use crate::dirent::{Dirent, Entry, MAX_DIRENT_BYTES, Target};
use crate::error::{Result, ZimError};
use crate::header::{HEADER_BYTES, Header, require, u64_at};
use crate::lookup::Probes;
use crate::source::{ReadAt, open_path};
use crate::titles::Listings;

/// How many redirects are followed before a loop is assumed.
const MAX_REDIRECTS: usize = 16;
/// The most bytes that the list of MIME types may take.
const MAX_MIME_LIST_BYTES: u64 = 64 * 1024;
/// Bytes read first for a directory entry; nearly all are shorter.
const DIRENT_GUESS_BYTES: usize = 512;

/// Sizes beyond which an archive is taken for broken, so that it can't use up the memory.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Decompressed bytes of a cluster that is compressed. Default 256 MB.
    pub max_cluster_bytes: u64,
    /// Bytes of an entry that [`Archive::read`] returns whole; larger ones that are stored plainly
    /// can be read with [`Archive::read_range`]. Default 256 MB.
    pub max_blob_bytes: u64,
    /// Entries that are sorted in memory at once, 12 bytes each, by
    /// [`Archive::articles_in_cluster_order`]. Default 2 million.
    pub max_sorted_entries: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_cluster_bytes: 256 * 1024 * 1024,
            max_blob_bytes: 256 * 1024 * 1024,
            max_sorted_entries: 2_000_000,
        }
    }
}

/// How to open an archive.
#[derive(Clone, Default)]
pub struct OpenOptions {
    /// Cache for clusters; the shared one when absent. An importer should bring its own, so that
    /// it does not push out what readers use.
    pub cache: Option<Arc<ClusterCache>>,
    /// Limits on sizes.
    pub limits: Limits,
}

/// An open archive; may be used by many threads at once.
pub struct Archive {
    pub(crate) source: Arc<dyn ReadAt>,
    pub(crate) header: Header,
    pub(crate) limits: Limits,
    pub(crate) paths: Probes,
    pub(crate) listings: Listings,
    mimes: Vec<String>,
    cache: Arc<ClusterCache>,
    /// Tells archives apart in the cache.
    id: u64,
}

impl Archive {
    /// Opens the archive at `path`: one file, or any part of a split archive, or the name that
    /// its parts have in common (`x.zim` for `x.zimaa`, `x.zimab` …).
    ///
    /// # Errors
    /// [`ZimError`] when it can't be read or is not an archive.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, OpenOptions::default())
    }

    /// Opens the archive at `path` with a cache or limits of one's own.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_with(path: impl AsRef<Path>, options: OpenOptions) -> Result<Self> {
        Self::open_source(open_path(path.as_ref())?, options)
    }

    /// Opens the archive whose bytes `source` gives.
    ///
    /// # Errors
    /// As [`Archive::open`].
    pub fn open_source(source: Arc<dyn ReadAt>, options: OpenOptions) -> Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let header = Header::read(&*source)?;
        let mimes = read_mimes(&*source, &header)?;
        let paths = Probes::new(header.entry_count);
        Ok(Self {
            source,
            header,
            limits: options.limits,
            paths,
            listings: Listings::default(),
            mimes,
            cache: options.cache.unwrap_or_else(ClusterCache::shared),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Number of entries, redirects and metadata among them.
    #[must_use]
    pub fn entry_count(&self) -> u32 {
        self.header.entry_count
    }

    /// Identifies this edition of the archive.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.header.uuid
    }

    /// Length of the archive in bytes, all parts together.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.source.len()
    }

    /// Whether the archive uses the namespaces `C`, `M`, `W`, `X`; else content is in `A`, `I`, `-`.
    #[must_use]
    pub fn has_new_namespaces(&self) -> bool {
        self.header.has_new_namespaces()
    }

    /// The namespace in which articles are: `C`, or `A` in old archives.
    #[must_use]
    pub fn article_namespace(&self) -> char {
        if self.has_new_namespaces() { 'C' } else { 'A' }
    }

    /// MIME type number `mime`.
    #[must_use]
    pub fn mime(&self, mime: u16) -> Option<&str> {
        self.mimes.get(usize::from(mime)).map(String::as_str)
    }

    /// All MIME types that entries may name.
    #[must_use]
    pub fn mimes(&self) -> &[String] {
        &self.mimes
    }

    /// MIME type of `entry`.
    ///
    /// # Errors
    /// [`ZimError::NoContent`] for a redirect; [`ZimError::BadEntry`] when the list has no such type.
    pub fn mime_of(&self, entry: &Entry) -> Result<&str> {
        let Target::Content { mime, .. } = entry.target else {
            entry.place()?;
            return Ok("");
        };
        self.mime(mime).ok_or_else(|| ZimError::BadEntry {
            index: entry.index,
            reason: format!(
                "`{}` names MIME type {mime}, and the list has {}",
                entry.long_path(),
                self.mimes.len()
            ),
        })
    }

    /// Entry number `index` in path order.
    ///
    /// # Errors
    /// [`ZimError`] when there is none or it is broken.
    pub fn by_index(&self, index: u32) -> Result<Entry> {
        self.with_dirent(index, |dirent| dirent.to_entry(index))?
    }

    /// The entry with this path in this namespace.
    ///
    /// # Errors
    /// [`ZimError`] when the archive can't be read or is broken where it was looked into.
    pub fn by_path(&self, namespace: char, path: &str) -> Result<Option<Entry>> {
        let Ok(namespace) = u8::try_from(u32::from(namespace)) else {
            return Ok(None);
        };
        let found = self.find_path(namespace, path.as_bytes())?;
        found.map(|index| self.by_index(index)).transpose()
    }

    /// The entry with this namespace and path in one: `C/Korea`.
    ///
    /// # Errors
    /// As [`Archive::by_path`].
    pub fn by_long_path(&self, long_path: &str) -> Result<Option<Entry>> {
        let mut letters = long_path.chars();
        match (letters.next(), letters.next()) {
            (Some(namespace), Some('/')) => self.by_path(namespace, letters.as_str()),
            _ => Ok(None),
        }
    }

    /// Follows redirects from `entry` to the entry that has content.
    ///
    /// # Errors
    /// [`ZimError::RedirectLoop`] when that takes more than 16 steps; what reading entries gives.
    pub fn resolve(&self, entry: Entry) -> Result<Entry> {
        let Target::Redirect(mut next) = entry.target else {
            return Ok(entry);
        };
        for _ in 0..MAX_REDIRECTS {
            let step = self
                .by_index(next)
                .map_err(|error| in_entry(&entry, error))?;
            match step.target {
                Target::Redirect(target) => next = target,
                _ => return Ok(step),
            }
        }
        Err(ZimError::RedirectLoop {
            path: entry.long_path(),
            limit: MAX_REDIRECTS,
        })
    }

    /// The main page, redirects followed: `W/mainPage`, or what the header names.
    ///
    /// # Errors
    /// What reading the entry gives.
    pub fn main_entry(&self) -> Result<Option<Entry>> {
        if self.has_new_namespaces()
            && let Some(entry) = self.by_path('W', "mainPage")?
        {
            return self.resolve(entry).map(Some);
        }
        match self.header.main_page {
            Some(index) => self.resolve(self.by_index(index)?).map(Some),
            None => Ok(None),
        }
    }

    /// The content of `entry`, at no cost of copying when its cluster is in the cache.
    ///
    /// # Errors
    /// [`ZimError::InEntry`], which names the entry; among its causes are entries larger than
    /// [`Limits::max_blob_bytes`].
    pub fn read(&self, entry: &Entry) -> Result<Bytes> {
        self.read_part(entry, None)
            .map_err(|error| in_entry(entry, error))
    }

    /// Bytes `start..end` of the content of `entry`; if stored plainly, straight from the file.
    ///
    /// # Errors
    /// As [`Archive::read`], and [`ZimError::BadRange`].
    pub fn read_range(&self, entry: &Entry, range: std::ops::Range<u64>) -> Result<Bytes> {
        self.read_part(entry, Some(range))
            .map_err(|error| in_entry(entry, error))
    }

    /// Length of the content of `entry` in bytes.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn blob_len(&self, entry: &Entry) -> Result<u64> {
        let read = |entry: &Entry| {
            let (number, blob) = entry.place()?;
            let cluster = self.cluster(number)?;
            let len = cluster.blob_len(&*self.source, blob)?;
            self.cache.grown((self.id, number), &cluster);
            Ok(len)
        };
        read(entry).map_err(|error| in_entry(entry, error))
    }

    fn read_part(&self, entry: &Entry, range: Option<std::ops::Range<u64>>) -> Result<Bytes> {
        let (number, blob) = entry.place()?;
        let cluster = self.cluster(number)?;
        let bounds = |len: u64| match range.clone() {
            Some(range) if range.start > range.end || range.end > len => Err(ZimError::BadRange {
                start: range.start,
                end: range.end,
                len,
            }),
            range => Ok(range.unwrap_or(0..len)),
        };
        match &*cluster {
            Cluster::Plain(plain) => {
                let (at, len) = plain.span(&*self.source, blob)?;
                let range = bounds(len)?;
                let size = range.end - range.start;
                self.limit_blob(size)?;
                let bytes = self.read_vec("the content of an entry", at + range.start, size)?;
                Ok(bytes.into())
            }
            Cluster::Packed(packed) => {
                let (bytes, grown) = packed.read(blob)?;
                if grown {
                    self.cache.grown((self.id, number), &cluster);
                }
                let range = bounds(bytes.len() as u64)?;
                self.limit_blob(range.end - range.start)?;
                Ok(bytes.slice(range.start as usize..range.end as usize))
            }
        }
    }

    fn limit_blob(&self, size: u64) -> Result<()> {
        let limit = self.limits.max_blob_bytes;
        if size > limit {
            let what = String::from("the content (read it in ranges)");
            return Err(ZimError::TooLarge { what, size, limit });
        }
        Ok(())
    }

    /// Cluster number `number`, from the cache or newly opened.
    pub(crate) fn cluster(&self, number: u32) -> Result<Arc<Cluster>> {
        let key = (self.id, number);
        if let Some(cluster) = self.cache.get(key) {
            return Ok(cluster);
        }
        Ok(self.cache.insert(key, self.open_cluster(number)?))
    }

    /// Opens cluster `number` without the cache.
    pub(crate) fn open_cluster(&self, number: u32) -> Result<Cluster> {
        let place = self.cluster_place(number)?;
        Cluster::open(&self.source, place, &self.limits, self.cache.keep_bytes())
    }

    /// Where cluster `number` lies.
    pub(crate) fn cluster_place(&self, number: u32) -> Result<Place> {
        let limit = self.header.content_end(self.source.len());
        let mut place = Place {
            number,
            offset: 0,
            end: limit,
        };
        let count = self.header.cluster_count;
        if number >= count {
            return Err(place.bad(&*self.source, format!("the archive has {count} clusters")));
        }
        let mut pair = [0u8; 16];
        let is_last = number + 1 == count;
        let wanted = pair
            .get_mut(..if is_last { 8 } else { 16 })
            .unwrap_or(&mut []);
        self.read_at(self.header.cluster_ptr_pos + u64::from(number) * 8, wanted)?;
        place.offset = u64_at(&pair, 0);
        if place.offset < HEADER_BYTES.min(self.header.mime_list_pos) || place.offset >= limit {
            let reason = format!(
                "it is said to begin at byte {}, outside the archive",
                place.offset
            );
            place.offset = 0;
            return Err(place.bad(&*self.source, reason));
        }
        // Clusters need not lie in the order of their numbers; if they do, the next one is the end.
        let next = u64_at(&pair, 8);
        if next > place.offset && next < limit {
            place.end = next;
        }
        Ok(place)
    }

    /// Reads directory entry `index` and hands it to `look`.
    pub(crate) fn with_dirent<T>(
        &self,
        index: u32,
        look: impl FnOnce(Dirent<'_>) -> T,
    ) -> Result<T> {
        let at = self.dirent_pos(index)?;
        let room = self.source.len() - at;
        let mut small = [0u8; DIRENT_GUESS_BYTES];
        let guess = (room as usize).min(DIRENT_GUESS_BYTES);
        if let Some(buf) = small.get_mut(..guess) {
            self.read_at(at, buf)?;
            if let Some(dirent) = Dirent::parse(buf) {
                return Ok(look(dirent));
            }
        }
        let buf = self.read_vec("a directory entry", at, room.min(MAX_DIRENT_BYTES))?;
        match Dirent::parse(&buf) {
            Some(dirent) => Ok(look(dirent)),
            None => Err(ZimError::BadEntry {
                index,
                reason: format!(
                    "it begins at byte {at} and does not end within {} bytes",
                    buf.len()
                ),
            }),
        }
    }

    /// Where directory entry `index` lies.
    pub(crate) fn dirent_pos(&self, index: u32) -> Result<u64> {
        let count = self.header.entry_count;
        if index >= count {
            return Err(ZimError::NoSuchIndex { index, count });
        }
        let mut pointer = [0u8; 8];
        self.read_at(
            self.header.path_ptr_pos + u64::from(index) * 8,
            &mut pointer,
        )?;
        self.check_dirent_pos(index, u64::from_le_bytes(pointer))
    }

    /// Checks that a directory entry can lie at `at`.
    pub(crate) fn check_dirent_pos(&self, index: u32, at: u64) -> Result<u64> {
        if at < self.header.mime_list_pos || at >= self.source.len() {
            let reason = format!("it is said to lie at byte {at}, outside the archive");
            return Err(ZimError::BadEntry { index, reason });
        }
        Ok(at)
    }

    /// Fills `buf` from `offset` on.
    pub(crate) fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        self.source
            .read_at(offset, buf)
            .map_err(|error| Place::unreadable(&*self.source, offset, error))
    }

    /// Reads `size` bytes, which must lie inside the archive.
    pub(crate) fn read_vec(&self, what: &str, offset: u64, size: u64) -> Result<Vec<u8>> {
        require(&*self.source, what, offset, size, self.source.len())?;
        let too_large = || ZimError::TooLarge {
            what: what.to_owned(),
            size,
            limit: 0,
        };
        let len = usize::try_from(size).map_err(|_| too_large())?;
        let mut buf = Vec::new();
        buf.try_reserve_exact(len).map_err(|_| too_large())?;
        buf.resize(len, 0);
        self.read_at(offset, &mut buf)?;
        Ok(buf)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        self.cache.forget(self.id);
    }
}

/// Names the entry in which `error` was met.
fn in_entry(entry: &Entry, error: ZimError) -> ZimError {
    ZimError::InEntry {
        path: entry.long_path(),
        index: entry.index,
        source: Box::new(error),
    }
}

/// Reads the list of MIME types: strings that end with a zero byte, the last one empty.
fn read_mimes(source: &dyn ReadAt, header: &Header) -> Result<Vec<String>> {
    let pos = header.mime_list_pos;
    // The list ends before whatever comes after it; without that bound a list without an end
    // would be completed by bytes of the first cluster.
    let mut end = header
        .content_end(source.len())
        .min(pos + MAX_MIME_LIST_BYTES);
    let lists = [
        Some(header.path_ptr_pos),
        header.title_ptr_pos,
        Some(header.cluster_ptr_pos),
    ];
    let firsts = [
        (header.path_ptr_pos, header.entry_count),
        (header.cluster_ptr_pos, header.cluster_count),
    ];
    let firsts = firsts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(at, _)| {
            let mut pointer = [0u8; 8];
            source
                .read_at(*at, &mut pointer)
                .ok()
                .map(|()| u64::from_le_bytes(pointer))
        });
    for next in lists
        .into_iter()
        .chain(firsts)
        .flatten()
        .filter(|next| *next > pos)
    {
        end = end.min(next);
    }
    let mut buf = vec![0; usize::try_from(end.saturating_sub(pos)).unwrap_or(0)];
    source
        .read_at(pos, &mut buf)
        .map_err(|error| Place::unreadable(source, pos, error))?;
    let mut mimes = Vec::new();
    let mut ended = false;
    for text in buf.split_inclusive(|byte| *byte == 0) {
        match text.split_last() {
            Some((0, [])) => {
                ended = true;
                break;
            }
            Some((0, text)) => mimes.push(String::from_utf8_lossy(text).into_owned()),
            _ => break,
        }
    }
    if !ended {
        return Err(ZimError::BadHeader {
            part: source.part_at(0),
            field: "mimeListPos",
            value: pos,
            reason: format!("the list of MIME types has no end before byte {end}"),
        });
    }
    Ok(mimes)
}
