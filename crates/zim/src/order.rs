//! All articles in the order in which their bytes lie in the archive, for the importer.
//!
//! Path order jumps between clusters, and each jump decompresses a cluster again. So the places
//! of all entries are read once and sorted by cluster and blob. An archive may have more entries
//! than memory allows to sort at once: then they are counted by cluster first, and sorted in
//! stretches of clusters, with one walk over the directory for each stretch.

use crate::archive::Archive;
use crate::dirent::{Dirent, Entry, Target};
use crate::error::{Result, ZimError};
use crate::header::u64_at;

/// Directory pointers read at once.
const POINTERS: u32 = 4096;
/// Bytes read ahead at least and at most while directory entries lie one after the other.
const MIN_WINDOW_BYTES: u64 = 512;
/// See [`MIN_WINDOW_BYTES`].
const MAX_WINDOW_BYTES: u64 = 256 * 1024;
/// Groups of clusters in which entries are counted.
const MAX_GROUPS: u64 = 65_536;
/// How many times the limit on sorted entries a single group may go over.
const GROUP_SLACK: usize = 8;
/// Broken entries remembered with their reason.
const MAX_BROKEN: usize = 100;

/// Whether text can be drawn from content of this MIME type (parameters are ignored).
#[must_use]
pub fn is_indexable_mime(mime: &str) -> bool {
    let plain = mime
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let page = [
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
    ];
    page.contains(&plain.as_str()) || is_document_mime(&plain)
}

/// Whether content of this MIME type is a document by itself, whatever the archive lists.
fn is_document_mime(plain: &str) -> bool {
    ["application/pdf", "application/epub+zip"].contains(&plain)
}

/// Cluster, blob and number of an entry.
type Key = (u32, u32, u32);
/// Says which entries are wanted.
type Filter<'a> = Box<dyn Fn(u32, &Dirent<'_>) -> bool + Send + 'a>;

/// Entries in the order in which their content lies in the archive.
pub struct ClusterOrder<'a> {
    archive: &'a Archive,
    filter: Filter<'a>,
    stretches: Vec<Stretch>,
    /// Stretch to sort next.
    next_stretch: usize,
    keys: Vec<Key>,
    next_key: usize,
    position: u64,
    total: u64,
    broken: Vec<ZimError>,
    broken_count: u64,
}

/// Clusters whose entries are sorted together.
struct Stretch {
    first: u32,
    last: u32,
    entries: u64,
}

impl Archive {
    /// Articles in the order in which they lie in the archive, from the `start`th on.
    ///
    /// Articles are entries with content from which text can be drawn. Where the archive lists
    /// its articles (`X/listing/titleOrdered/v1`), pages that are not in that list are left out.
    /// The order depends on the archive alone, so [`ClusterOrder::position`] can be stored and
    /// used as `start` after a restart.
    ///
    /// # Errors
    /// [`ZimError`] when the directory can't be read. Broken entries are no error here; see
    /// [`ClusterOrder::broken`].
    pub fn articles_in_cluster_order(&self, start: u64) -> Result<ClusterOrder<'_>> {
        let namespace = self.article_namespace() as u8;
        let listed = self.article_bits()?;
        let kinds: Vec<(bool, bool)> = self
            .mimes()
            .iter()
            .map(|mime| (is_indexable_mime(mime), is_document_mime(mime)))
            .collect();
        let filter = move |index: u32, dirent: &Dirent<'_>| {
            let Target::Content { mime, .. } = dirent.target else {
                return false;
            };
            let (indexable, document) = kinds.get(usize::from(mime)).copied().unwrap_or_default();
            // Old archives keep documents beside their pictures.
            let place = dirent.namespace == namespace || (document && dirent.namespace == b'I');
            let bit = |bits: &Vec<u64>| {
                bits.get(index as usize / 64)
                    .is_some_and(|word| word >> (index % 64) & 1 == 1)
            };
            place && indexable && (document || listed.as_ref().is_none_or(bit))
        };
        ClusterOrder::new(self, Box::new(filter), start)
    }

    /// All entries with content in the order in which they lie in the archive: pictures, scripts,
    /// metadata and all, from the `start`th on.
    ///
    /// # Errors
    /// As [`Archive::articles_in_cluster_order`].
    pub fn all_in_cluster_order(&self, start: u64) -> Result<ClusterOrder<'_>> {
        let filter = |_: u32, dirent: &Dirent<'_>| matches!(dirent.target, Target::Content { .. });
        ClusterOrder::new(self, Box::new(filter), start)
    }

    /// All redirects of the article namespace, in path order: the other names of articles.
    pub fn redirects(&self) -> impl Iterator<Item = Result<Entry>> + '_ {
        let namespace = self.article_namespace() as u8;
        let count = self.entry_count();
        (0..count)
            .step_by(POINTERS as usize)
            .flat_map(move |first| {
                let mut found = Vec::new();
                let end = first.saturating_add(POINTERS).min(count);
                let walked = Scanner::new(self).walk_range(first..end, |index, dirent| {
                    match dirent {
                        Ok(dirent) if dirent.namespace != namespace => {}
                        Ok(dirent) if matches!(dirent.target, Target::Redirect(_)) => {
                            found.push(dirent.to_entry(index));
                        }
                        Ok(_) => {}
                        Err(error) => found.push(Err(error)),
                    }
                    true
                });
                found.extend(walked.err().map(Err));
                found
            })
    }
}

impl<'a> ClusterOrder<'a> {
    fn new(archive: &'a Archive, filter: Filter<'a>, start: u64) -> Result<Self> {
        let mut order = Self {
            archive,
            filter,
            stretches: Vec::new(),
            next_stretch: 0,
            keys: Vec::new(),
            next_key: 0,
            position: start,
            total: 0,
            broken: Vec::new(),
            broken_count: 0,
        };
        order.survey()?;
        order.seek(start)?;
        Ok(order)
    }

    /// How many entries come before the next one; store it to go on from here later.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many entries there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// What is wrong with entries that were left out because they are broken: the first hundred,
    /// and how many there are.
    #[must_use]
    pub fn broken(&self) -> (&[ZimError], u64) {
        (&self.broken, self.broken_count)
    }

    /// Counts the entries and divides the clusters into stretches.
    fn survey(&mut self) -> Result<()> {
        let archive = self.archive;
        let clusters = u64::from(archive.header.cluster_count);
        let groups = clusters.clamp(1, MAX_GROUPS);
        let group_of = |cluster: u32| u64::from(cluster) * groups / clusters.max(1);
        let mut counts = vec![0u64; groups as usize];
        let max = archive.limits.max_sorted_entries;
        let mut keys: Vec<Key> = Vec::new();
        let (mut broken, mut broken_count) = (Vec::new(), 0u64);
        let filter = &self.filter;
        Scanner::new(archive).walk(|index, dirent| {
            let dirent = match dirent {
                Ok(dirent) => dirent,
                Err(error) => return note(&mut broken, &mut broken_count, error),
            };
            let Target::Content { cluster, blob, .. } = dirent.target else {
                return;
            };
            if !filter(index, &dirent) {
                return;
            }
            if u64::from(cluster) >= clusters {
                let reason = format!("it names cluster {cluster}, and the archive has {clusters}");
                return note(
                    &mut broken,
                    &mut broken_count,
                    ZimError::BadEntry { index, reason },
                );
            }
            if let Some(count) = counts.get_mut(group_of(cluster) as usize) {
                *count += 1;
            }
            // Up to the limit the keys are kept, so that most archives are walked only once.
            if keys.len() <= max {
                keys.push((cluster, blob, index));
            }
        })?;
        (self.broken, self.broken_count) = (broken, broken_count);
        self.total = counts.iter().sum();
        if keys.len() <= max {
            keys.sort_unstable();
            self.keys = keys;
            return Ok(());
        }
        drop(keys);
        let mut open: Option<Stretch> = None;
        for (group, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            if *count > (max * GROUP_SLACK) as u64 {
                let what = String::from("the list of entries in a few clusters");
                let limit = (max * GROUP_SLACK) as u64;
                return Err(ZimError::TooLarge {
                    what,
                    size: *count,
                    limit,
                });
            }
            let first = (group as u64 * clusters).div_ceil(groups) as u32;
            let last = ((group as u64 + 1) * clusters)
                .div_ceil(groups)
                .saturating_sub(1) as u32;
            match &mut open {
                Some(stretch) if stretch.entries + count <= max as u64 => {
                    stretch.last = last;
                    stretch.entries += count;
                }
                _ => {
                    let fresh = Stretch {
                        first,
                        last,
                        entries: *count,
                    };
                    self.stretches.extend(open.replace(fresh));
                }
            }
        }
        self.stretches.extend(open);
        Ok(())
    }

    /// Goes to the `start`th entry.
    fn seek(&mut self, start: u64) -> Result<()> {
        let mut skip = start;
        while let Some(stretch) = self.stretches.get(self.next_stretch) {
            if skip < stretch.entries {
                self.sort_stretch()?;
                break;
            }
            skip -= stretch.entries;
            self.next_stretch += 1;
        }
        self.next_key = usize::try_from(skip).unwrap_or(usize::MAX);
        Ok(())
    }

    /// Sorts the entries of the next stretch.
    fn sort_stretch(&mut self) -> Result<()> {
        self.keys.clear();
        self.next_key = 0;
        let Some(stretch) = self.stretches.get(self.next_stretch) else {
            return Ok(());
        };
        let (first, last) = (stretch.first, stretch.last);
        let (filter, keys) = (&self.filter, &mut self.keys);
        keys.reserve(usize::try_from(stretch.entries).unwrap_or(0));
        Scanner::new(self.archive).walk(|index, dirent| {
            let Ok(dirent) = dirent else { return };
            let Target::Content { cluster, blob, .. } = dirent.target else {
                return;
            };
            if (first..=last).contains(&cluster) && filter(index, &dirent) {
                keys.push((cluster, blob, index));
            }
        })?;
        keys.sort_unstable();
        self.next_stretch += 1;
        Ok(())
    }
}

impl Iterator for ClusterOrder<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next_key >= self.keys.len()
            && self.next_stretch < self.stretches.len()
            && let Err(error) = self.sort_stretch()
        {
            self.next_stretch = self.stretches.len();
            return Some(Err(error));
        }
        let (_, _, index) = self.keys.get(self.next_key)?;
        self.next_key += 1;
        self.position += 1;
        Some(self.archive.by_index(*index))
    }
}

fn note(broken: &mut Vec<ZimError>, count: &mut u64, error: ZimError) {
    *count += 1;
    if broken.len() < MAX_BROKEN {
        broken.push(error);
    }
}

/// Walks the whole directory with few reads when its entries lie one after the other.
pub(crate) struct Scanner<'a> {
    archive: &'a Archive,
    window: Vec<u8>,
    window_at: u64,
    window_bytes: u64,
}

impl<'a> Scanner<'a> {
    pub fn new(archive: &'a Archive) -> Self {
        Self {
            archive,
            window: Vec::new(),
            window_at: 0,
            window_bytes: MIN_WINDOW_BYTES,
        }
    }

    /// Hands every entry to `visit`, or what is wrong with it.
    ///
    /// Fails when the list of pointers can't be read.
    pub fn walk(&mut self, mut visit: impl FnMut(u32, Result<Dirent<'_>>)) -> Result<()> {
        self.walk_while(|index, dirent| {
            visit(index, dirent);
            true
        })
    }

    /// As [`Scanner::walk`], as long as `visit` says so.
    pub fn walk_while(&mut self, visit: impl FnMut(u32, Result<Dirent<'_>>) -> bool) -> Result<()> {
        self.walk_range(0..self.archive.entry_count(), visit)
    }

    /// As [`Scanner::walk_while`], for the entries with these numbers.
    pub fn walk_range(
        &mut self,
        range: std::ops::Range<u32>,
        mut visit: impl FnMut(u32, Result<Dirent<'_>>) -> bool,
    ) -> Result<()> {
        let (archive, count) = (self.archive, range.end);
        let mut first = range.start;
        while first < count {
            let step = POINTERS.min(count - first);
            let at = archive.header.path_ptr_pos + u64::from(first) * 8;
            let pointers = archive.read_vec("the list of entries", at, u64::from(step) * 8)?;
            for slot in 0..step {
                let index = first + slot;
                let pos = u64_at(&pointers, slot as usize * 8);
                let go_on = match archive.check_dirent_pos(index, pos) {
                    Ok(pos) => match self.at(pos) {
                        Some(dirent) => visit(index, Ok(dirent)),
                        // Cut off by the window, too long or broken: read it on its own.
                        None => match archive.with_dirent(index, |dirent| visit(index, Ok(dirent)))
                        {
                            Ok(go_on) => go_on,
                            Err(error) => visit(index, Err(error)),
                        },
                    },
                    Err(error) => visit(index, Err(error)),
                };
                if !go_on {
                    return Ok(());
                }
            }
            first += step;
        }
        Ok(())
    }

    /// The entry at `pos`, from the window if it lies there whole.
    fn at(&mut self, pos: u64) -> Option<Dirent<'_>> {
        let inside = pos
            .checked_sub(self.window_at)
            .filter(|at| *at < self.window.len() as u64);
        let known = inside.is_some_and(|at| {
            self.window
                .get(at as usize..)
                .and_then(Dirent::parse)
                .is_some()
        });
        if !known {
            // Reading far ahead pays only while entries follow one another.
            self.window_bytes = if inside.is_some() {
                (self.window_bytes * 2).min(MAX_WINDOW_BYTES)
            } else {
                MIN_WINDOW_BYTES
            };
            let room = self.archive.source.len().saturating_sub(pos);
            self.window.resize(self.window_bytes.min(room) as usize, 0);
            if self.archive.read_at(pos, &mut self.window).is_err() {
                self.window.clear();
            }
            self.window_at = pos;
        }
        self.window
            .get((pos - self.window_at) as usize..)
            .and_then(Dirent::parse)
    }
}
