//! A check of the structure of an archive, for the librarian.

use std::ops::ControlFlow;

use crate::archive::Archive;
use crate::dirent::{Dirent, Entry, Target};
use crate::error::{Result, ZimError};
use crate::header::CHECKSUM_BYTES;
use crate::order::Scanner;
use crate::titles::Listing;

/// Entries between two reports of progress.
const REPORT_EVERY: u64 = 1024;

/// What kind of fault was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FindingKind {
    /// The checksum is absent, out of place or does not match.
    Checksum,
    /// A cluster is out of bounds or broken.
    Cluster,
    /// A directory entry is out of bounds or broken.
    Entry,
    /// Entries are not in path order: some can't be found.
    EntryOrder,
    /// An entry names a MIME type that is not in the list.
    Mime,
    /// An entry names a cluster or blob that does not exist.
    Place,
    /// A redirect leads nowhere or in a circle.
    Redirect,
    /// A title listing is absent, out of bounds or names entries that do not exist.
    Titles,
    /// A title listing is not in order: some titles can't be found.
    TitleOrder,
    /// The main page can't be found.
    MainPage,
}

/// One fault of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What kind of fault.
    pub kind: FindingKind,
    /// What is wrong and where, for people.
    pub text: String,
}

/// What to check.
#[derive(Debug, Clone, Copy)]
pub struct CheckOptions {
    /// Stop after this many findings.
    pub max_findings: usize,
    /// Read the whole archive and compare its checksum.
    pub checksum: bool,
    /// Look into every cluster.
    pub clusters: bool,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            max_findings: 100,
            checksum: true,
            clusters: true,
        }
    }
}

/// Why a check ends before its end.
enum Stop {
    /// There are as many findings as were asked for.
    Enough,
    /// The caller wants it so.
    Cancelled,
}

struct Check<'a, P> {
    archive: &'a Archive,
    options: CheckOptions,
    findings: Vec<Finding>,
    progress: P,
    done: u64,
    total: u64,
    /// Number of blobs of each cluster that could be read.
    blobs: Vec<u32>,
}

/// Number of blobs of a cluster that was not or can't be looked into.
const UNKNOWN: u32 = u32::MAX;

impl Archive {
    /// Looks for faults: lists out of bounds or out of order, entries, redirects and clusters
    /// that are broken, a checksum that does not match. `progress` is told the steps done and
    /// the steps there are (of no unit in particular), and may stop.
    ///
    /// # Errors
    /// [`ZimError::Cancelled`]. Faults of the archive are findings, not errors.
    pub fn check(
        &self,
        options: CheckOptions,
        progress: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Vec<Finding>> {
        let entries = u64::from(self.entry_count());
        let mut total = entries * 2;
        if options.clusters {
            total += u64::from(self.header.cluster_count);
        }
        if options.checksum {
            total += self.size_bytes() >> 20;
        }
        let (findings, blobs) = (Vec::new(), Vec::new());
        let mut check = Check {
            archive: self,
            options,
            findings,
            progress,
            done: 0,
            total,
            blobs,
        };
        match check.run() {
            Err(Stop::Cancelled) => Err(ZimError::Cancelled),
            Ok(()) | Err(Stop::Enough) => Ok(check.findings),
        }
    }
}

impl<P: FnMut(u64, u64) -> ControlFlow<()>> Check<'_, P> {
    fn run(&mut self) -> std::result::Result<(), Stop> {
        if self.options.clusters {
            self.clusters()?;
        }
        self.entries()?;
        self.main_page()?;
        for listing in [Listing::All, Listing::Articles] {
            self.titles(listing)?;
        }
        self.checksum()
    }

    fn find(
        &mut self,
        kind: FindingKind,
        text: impl Into<String>,
    ) -> std::result::Result<(), Stop> {
        if self.findings.len() < self.options.max_findings {
            self.findings.push(Finding {
                kind,
                text: text.into(),
            });
        }
        if self.findings.len() >= self.options.max_findings {
            Err(Stop::Enough)
        } else {
            Ok(())
        }
    }

    fn step(&mut self) -> std::result::Result<(), Stop> {
        self.done += 1;
        if self.done.is_multiple_of(REPORT_EVERY)
            && (self.progress)(self.done, self.total).is_break()
        {
            return Err(Stop::Cancelled);
        }
        Ok(())
    }

    fn clusters(&mut self) -> std::result::Result<(), Stop> {
        for number in 0..self.archive.header.cluster_count {
            self.step()?;
            let looked = self.archive.open_cluster(number).and_then(|cluster| {
                cluster.check_table(&*self.archive.source)?;
                cluster.blob_count()
            });
            self.blobs.push(*looked.as_ref().unwrap_or(&UNKNOWN));
            if let Err(error) = looked {
                self.find(FindingKind::Cluster, error.to_string())?;
            }
        }
        Ok(())
    }

    fn entries(&mut self) -> std::result::Result<(), Stop> {
        let archive = self.archive;
        let mut last: Vec<u8> = Vec::new();
        let mut stop = Ok(());
        let walked = Scanner::new(archive).walk_while(|index, dirent| {
            stop = self.visit(index, dirent, &mut last);
            stop.is_ok()
        });
        stop?;
        match walked {
            Ok(()) => Ok(()),
            Err(error) => self.find(FindingKind::Entry, error.to_string()),
        }
    }

    /// Checks one directory entry; `last` is the key of the one before it.
    fn visit(
        &mut self,
        index: u32,
        dirent: Result<Dirent<'_>>,
        last: &mut Vec<u8>,
    ) -> std::result::Result<(), Stop> {
        self.step()?;
        let dirent = match dirent {
            Ok(dirent) => dirent,
            Err(error) => return self.find(FindingKind::Entry, error.to_string()),
        };
        let mut key = vec![dirent.namespace];
        key.extend_from_slice(dirent.path);
        if index > 0 && key <= *last {
            let text = format!(
                "entry {index} (`{}`) is out of order: it comes after `{}`",
                long_path(&key),
                long_path(last)
            );
            self.find(FindingKind::EntryOrder, text)?;
        }
        *last = key;
        match dirent.to_entry(index) {
            Ok(entry) => self.entry(&entry),
            Err(error) => self.find(FindingKind::Entry, error.to_string()),
        }
    }

    fn entry(&mut self, entry: &Entry) -> std::result::Result<(), Stop> {
        let name = || format!("entry {} (`{}`)", entry.index, entry.long_path());
        match entry.target {
            Target::Nothing => Ok(()),
            Target::Redirect(_) => match self.archive.resolve(entry.clone()) {
                Ok(_) => Ok(()),
                Err(error) => self.find(FindingKind::Redirect, format!("{}: {error}", name())),
            },
            Target::Content { cluster, blob, .. } => {
                if let Err(error) = self.archive.mime_of(entry) {
                    self.find(FindingKind::Mime, error.to_string())?;
                }
                let clusters = self.archive.header.cluster_count;
                if cluster >= clusters {
                    let text = format!(
                        "{} names cluster {cluster}, and the archive has {clusters}",
                        name()
                    );
                    return self.find(FindingKind::Place, text);
                }
                match self.blobs.get(cluster as usize) {
                    Some(&blobs) if blobs != UNKNOWN && blob >= blobs => {
                        let text = format!(
                            "{} names blob {blob} of cluster {cluster}, which has {blobs}",
                            name()
                        );
                        self.find(FindingKind::Place, text)
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn main_page(&mut self) -> std::result::Result<(), Stop> {
        match self.archive.main_entry() {
            Ok(_) => Ok(()),
            Err(error) => self.find(FindingKind::MainPage, format!("the main page: {error}")),
        }
    }

    fn titles(&mut self, listing: Listing) -> std::result::Result<(), Stop> {
        let archive = self.archive;
        let list = match archive.list(listing) {
            Ok(Some(list)) => list,
            Ok(None) => return Ok(()),
            Err(error) => return self.find(FindingKind::Titles, error.to_string()),
        };
        let count = archive.title_count(listing).ok().flatten().unwrap_or(0);
        let entries = archive.entry_count();
        let mut last: Vec<u8> = Vec::new();
        for place in 0..count {
            self.step()?;
            let index = match archive.listed(list, place) {
                Ok(index) => index,
                // The list can't be read: one finding is enough.
                Err(error) => return self.find(FindingKind::Titles, error.to_string()),
            };
            if index >= entries {
                let text =
                    format!("place {place} of the title listing names entry {index} of {entries}");
                self.find(FindingKind::Titles, text)?;
                continue;
            }
            let key = archive.with_dirent(index, |dirent| {
                let mut key = vec![dirent.namespace];
                key.extend_from_slice(dirent.title());
                key
            });
            // Broken entries are reported where entries are checked.
            let Ok(key) = key else { continue };
            if key < last {
                let (this, that) = (long_path(&key), long_path(&last));
                let text = format!(
                    "place {place} of the title listing (`{this}`) is out of order: it comes after `{that}`"
                );
                self.find(FindingKind::TitleOrder, text)?;
            }
            last = key;
        }
        Ok(())
    }

    fn checksum(&mut self) -> std::result::Result<(), Stop> {
        let Some(pos) = self.archive.header.checksum_pos else {
            return Ok(());
        };
        let len = self.archive.size_bytes();
        if pos + CHECKSUM_BYTES != len {
            let text = format!("the checksum is at byte {pos}, not in the last 16 of {len}");
            self.find(FindingKind::Checksum, text)?;
        }
        if !self.options.checksum {
            return Ok(());
        }
        let (done, total) = (self.done, self.total);
        let progress = &mut self.progress;
        match self
            .archive
            .verify_checksum(|bytes, _| progress(done + (bytes >> 20), total))
        {
            Ok(sums) if sums.matches() => Ok(()),
            Ok(_) => self.find(
                FindingKind::Checksum,
                "the checksum does not match: the archive was damaged, copy or download it again",
            ),
            Err(ZimError::Cancelled) => Err(Stop::Cancelled),
            Err(error) => self.find(FindingKind::Checksum, error.to_string()),
        }
    }
}

/// Namespace and path or title for people, from the key by which lists are sorted.
fn long_path(key: &[u8]) -> String {
    match key.split_first() {
        Some((namespace, rest)) => {
            format!(
                "{}/{}",
                char::from(*namespace),
                String::from_utf8_lossy(rest)
            )
        }
        None => String::from("the start"),
    }
}
