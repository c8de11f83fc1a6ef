//! Listings of entries in the order of their titles.
//!
//! There are three: the one that the header points to, `X/listing/titleOrdered/v0` with the same
//! content (all entries), and `X/listing/titleOrdered/v1` (articles only). Archives of 6.3 may
//! lack the first two. Each is a list of entry numbers of 32 bits.

use std::sync::OnceLock;

use crate::archive::Archive;
use crate::dirent::Entry;
use crate::error::{Result, ZimError};
use crate::header::{require, u32_at};
use crate::lookup::Probes;

/// Numbers of a listing read at once when it is walked.
const BLOCK: u32 = 1024;

/// Which entries a listing has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// Only articles: what a reader would look for by title (`v1`).
    Articles,
    /// All entries, sorted by namespace first.
    All,
}

/// The listings of an archive, looked up once.
#[derive(Default)]
pub(crate) struct Listings {
    articles: OnceLock<Option<List>>,
    all: OnceLock<Option<List>>,
}

/// Where a listing lies.
pub(crate) struct List {
    place: ListPlace,
    count: u32,
    probes: Probes,
}

enum ListPlace {
    /// At this byte of the archive.
    At(u64),
    /// In the content of this entry.
    In(Entry),
}

impl Archive {
    /// Number of entries in `listing`; `None` when the archive does not have it.
    ///
    /// # Errors
    /// [`ZimError`] when the listing is said to be there and can't be read.
    pub fn title_count(&self, listing: Listing) -> Result<Option<u32>> {
        Ok(self.list(listing)?.map(|list| list.count))
    }

    /// The article with exactly this title.
    ///
    /// # Errors
    /// [`ZimError`] when the archive can't be read or is broken where it was looked into.
    pub fn by_title(&self, title: &str) -> Result<Option<Entry>> {
        let found = self.titles_from(title)?.next().transpose()?;
        Ok(found
            .filter(|entry| entry.title == title && entry.namespace == self.article_namespace()))
    }

    /// Articles in the order of their titles, from the first that is not before `title` on.
    ///
    /// In archives without a listing of articles these are all entries of their namespace.
    ///
    /// # Errors
    /// As [`Archive::by_title`].
    pub fn titles_from(&self, title: &str) -> Result<TitleOrder<'_>> {
        let listing = if self.list(Listing::Articles)?.is_some() {
            Listing::Articles
        } else {
            Listing::All
        };
        let mut order = self.in_title_order(listing)?;
        let namespace = self.article_namespace();
        order.namespace = Some(namespace);
        if let Some(list) = order.list {
            let start =
                self.search_titles(&list.probes, namespace as u8, title.as_bytes(), |place| {
                    self.listed(list, place)
                })?;
            order.next = start;
        }
        Ok(order)
    }

    /// All entries of `listing` in the order of their titles; none when the archive lacks it.
    ///
    /// # Errors
    /// As [`Archive::title_count`].
    pub fn in_title_order(&self, listing: Listing) -> Result<TitleOrder<'_>> {
        let list = self.list(listing)?;
        Ok(TitleOrder {
            archive: self,
            list,
            namespace: None,
            next: 0,
            block: Vec::new(),
            block_start: 0,
        })
    }

    /// The numbers of the entries that the archive lists as articles, as one bit for each entry;
    /// `None` when it has no such listing or an empty one.
    pub(crate) fn article_bits(&self) -> Result<Option<Vec<u64>>> {
        let Some(list) = self.list(Listing::Articles)?.filter(|list| list.count > 0) else {
            return Ok(None);
        };
        let mut bits = vec![0u64; (self.entry_count() as usize).div_ceil(64)];
        let mut place = 0;
        while place < list.count {
            let block = self.list_block(list, place)?;
            for index in block.chunks_exact(4).map(|bytes| u32_at(bytes, 0)) {
                if let Some(word) = bits.get_mut(index as usize / 64) {
                    *word |= 1 << (index % 64);
                }
            }
            place += BLOCK.min(list.count - place);
        }
        Ok(Some(bits))
    }

    pub(crate) fn list(&self, listing: Listing) -> Result<Option<&List>> {
        let slot = match listing {
            Listing::Articles => &self.listings.articles,
            Listing::All => &self.listings.all,
        };
        if let Some(list) = slot.get() {
            return Ok(list.as_ref());
        }
        let found = self.find_list(listing)?;
        Ok(slot.get_or_init(|| found).as_ref())
    }

    fn find_list(&self, listing: Listing) -> Result<Option<List>> {
        let path = match listing {
            Listing::Articles => "listing/titleOrdered/v1",
            Listing::All => "listing/titleOrdered/v0",
        };
        if listing == Listing::All
            && let Some(pos) = self.header.title_ptr_pos
        {
            let count = self.entry_count();
            let size = u64::from(count) * 4;
            require(
                &*self.source,
                "the title listing",
                pos,
                size,
                self.source.len(),
            )?;
            return Ok(Some(List {
                place: ListPlace::At(pos),
                count,
                probes: Probes::new(count),
            }));
        }
        if !self.has_new_namespaces() {
            return Ok(None);
        }
        let Some(entry) = self.by_path('X', path)? else {
            return Ok(None);
        };
        let entry = self.resolve(entry)?;
        let len = self.blob_len(&entry)?;
        let count = u32::try_from(len / 4)
            .ok()
            .filter(|count| len.is_multiple_of(4) && *count <= self.entry_count());
        let count = count.ok_or_else(|| ZimError::BadEntry {
            index: entry.index,
            reason: format!("`X/{path}` has {len} bytes, which is no list of entries"),
        })?;
        Ok(Some(List {
            place: ListPlace::In(entry),
            count,
            probes: Probes::new(count),
        }))
    }

    /// Number of the entry at `place` of `list`.
    pub(crate) fn listed(&self, list: &List, place: u32) -> Result<u32> {
        let at = u64::from(place) * 4;
        let bytes = match &list.place {
            ListPlace::At(pos) => {
                let mut buf = [0; 4];
                self.read_at(pos + at, &mut buf)?;
                return Ok(u32::from_le_bytes(buf));
            }
            ListPlace::In(entry) => self.read_range(entry, at..at + 4)?,
        };
        Ok(u32_at(&bytes, 0))
    }

    /// Some numbers of `list` from `place` on.
    pub(crate) fn list_block(&self, list: &List, place: u32) -> Result<Vec<u8>> {
        let at = u64::from(place) * 4;
        let size = u64::from(BLOCK.min(list.count.saturating_sub(place))) * 4;
        match &list.place {
            ListPlace::At(pos) => self.read_vec("the title listing", pos + at, size),
            ListPlace::In(entry) => Ok(self.read_range(entry, at..at + size)?.to_vec()),
        }
    }
}

/// Entries in the order of their titles.
pub struct TitleOrder<'a> {
    archive: &'a Archive,
    list: Option<&'a List>,
    /// Ends where this namespace does.
    namespace: Option<char>,
    next: u32,
    block: Vec<u8>,
    block_start: u32,
}

impl TitleOrder<'_> {
    fn step(&mut self) -> Result<Option<Entry>> {
        let Some(list) = self.list.filter(|list| self.next < list.count) else {
            return Ok(None);
        };
        let inside = |next: u32, start: u32| (next.checked_sub(start)? as usize).checked_mul(4);
        let known = inside(self.next, self.block_start).filter(|at| at + 4 <= self.block.len());
        let at = match known {
            Some(at) => at,
            None => {
                self.block.clear();
                self.block = self.archive.list_block(list, self.next)?;
                self.block_start = self.next;
                0
            }
        };
        let index = u32_at(&self.block, at);
        self.next += 1;
        let entry = self.archive.by_index(index)?;
        Ok(Some(entry).filter(|entry| {
            self.namespace
                .is_none_or(|wanted| wanted == entry.namespace)
        }))
    }
}

impl Iterator for TitleOrder<'_> {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        let before = self.next;
        let step = self.step().transpose();
        if matches!(step, Some(Err(_))) && self.next == before {
            // The listing itself can't be read: there is nothing to go on with.
            self.list = None;
        }
        step
    }
}
