//! Reads ZIM archives: the files in which openZIM and Kiwix ship web sites and encyclopedias.
//!
//! Written from the openZIM file format specification: versions 5 and 6 (6.0 to 6.3), the old
//! namespaces (`A`, `I`, `-`, `M`, `X` …) and the new ones (`C`, `M`, `W`, `X`), clusters stored
//! plainly, with xz or with zstd, extended clusters (offsets of 64 bits), redirects, title
//! listings, metadata, the checksum, and archives split into parts (`.zimaa`, `.zimab` …).
//!
//! It serves two masters. The reader asks for one path at a time from many threads
//! ([`Archive::by_path`], [`Archive::read`], [`Archive::read_range`]); the importer walks all
//! articles in the order in which their clusters lie in the file, so that each cluster is
//! decompressed once ([`Archive::articles_in_cluster_order`]).
//!
//! Rules that hold everywhere here:
//! - Nothing is read before it is needed; opening an archive of any size reads a few kilobytes.
//! - Files are read with `pread`, never mapped: a file that shrinks under a map kills the process.
//! - Every number that comes from the file is checked before it is used as an offset, an index
//!   or a size, and every size has a limit ([`Limits`]). A broken archive gives a [`ZimError`]
//!   that names the entry, cluster or part; it gives no panic and no endless loop.
//! - The lock of the cache may be held while a lock of a cluster is taken, never the other way.
//!
//! ```no_run
//! let archive = lampion_zim::Archive::open("wikipedia.zim")?;
//! if let Some(entry) = archive.by_path('C', "Korea")? {
//!     let page = archive.read(&archive.resolve(entry)?)?;
//!     println!("{} bytes", page.len());
//! }
//! # Ok::<(), lampion_zim::ZimError>(())
//! ```

mod archive;
mod cache;
mod check;
mod checksum;
mod cluster;
mod decode;
mod dirent;
mod error;
mod fuzz;
mod header;
mod lookup;
mod metadata;
mod order;
mod source;
#[cfg(feature = "testing")]
pub mod testing;
mod titles;

pub use archive::{Archive, Limits, OpenOptions};
pub use cache::{ClusterCache, DEFAULT_CACHE_BYTES};
pub use check::{CheckOptions, Finding, FindingKind};
pub use checksum::Checksum;
pub use dirent::{Entry, Target};
pub use error::{Result, ZimError};
pub use fuzz::fuzz_open;
pub use header::Header;
pub use order::{ClusterOrder, is_indexable_mime};
pub use source::{BytesSource, FileSource, ReadAt, SplitSource};
pub use titles::{Listing, TitleOrder};
