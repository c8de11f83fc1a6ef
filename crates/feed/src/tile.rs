//! Paths of tiles and the encoding of entry bundles: `c2sp.org/tlog-tiles`, "Merkle Tree" and "Log entries".

use crate::limits::{ENTRY_LIMIT, SIZE_LIMIT, TILE_WIDTH};

/// What a path under `tile/` (or `pack/`) is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `tile/<L>/<N>[.p/<W>]`: hashes.
    Hashes(u8),
    /// `tile/entries/<N>[.p/<W>]`: an entry bundle.
    Entries,
    /// `pack/<N>`: bodies and salts of a bundle's entries. Ours, not of the specification; may be missing or change.
    Bodies,
}

/// `<N>`: zero-padded groups of three digits, all but the last with an `x` before: 1234067 is `x001/x234/067`.
pub fn number_path(n: u64) -> String {
    let mut groups = vec![format!("{:03}", n % 1000)];
    let mut rest = n / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    groups.join("/")
}

/// The path of a tile that is `width` wide; 256 is a full one. Packs have no width.
pub fn path(resource: Resource, n: u64, width: u64) -> String {
    let number = number_path(n);
    let full = match resource {
        Resource::Hashes(level) => format!("tile/{level}/{number}"),
        Resource::Entries => format!("tile/entries/{number}"),
        Resource::Bodies => return format!("pack/{number}"),
    };
    if width >= TILE_WIDTH {
        full
    } else {
        format!("{full}.p/{width}")
    }
}

/// Reads a path back: what, which, how wide. Empty for anything that [`path`] would not have written.
pub fn parse_path(text: &str) -> Option<(Resource, u64, u64)> {
    let (resource, rest) = if let Some(rest) = text.strip_prefix("tile/entries/") {
        (Resource::Entries, rest)
    } else if let Some(rest) = text.strip_prefix("pack/") {
        (Resource::Bodies, rest)
    } else {
        let (level, rest) = text.strip_prefix("tile/")?.split_once('/')?;
        let level = decimal(level).filter(|level| *level <= 63)?;
        (Resource::Hashes(u8::try_from(level).ok()?), rest)
    };
    let (number, width) = match rest.split_once(".p/") {
        None => (rest, TILE_WIDTH),
        Some((number, width)) => (number, decimal(width)?),
    };
    let mut n = 0u64;
    for group in number.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        n = n
            .checked_mul(1000)?
            .checked_add(digits.parse::<u64>().ok()?)?;
    }
    (path(resource, n, width) == text && width > 0).then_some((resource, n, width))
}

/// A decimal number without leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

/// Number of bundles (tiles of level 0) of a feed of `size` entries, the last perhaps partial.
pub fn bundles(size: u64) -> u64 {
    size.div_ceil(TILE_WIDTH)
}

/// Width of bundle `n` in a feed of `size` entries, 0 past the end.
pub fn bundle_width(n: u64, size: u64) -> u64 {
    size.saturating_sub(n.saturating_mul(TILE_WIDTH))
        .min(TILE_WIDTH)
}

/// A bundle that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Ends in the middle of an entry.
    #[error("the bundle ends in the middle of entry {0}")]
    Cut(usize),
    /// More than 256.
    #[error("the bundle holds more than 256 entries")]
    TooMany,
    /// An entry that is empty or longer than [`ENTRY_LIMIT`].
    #[error("entry {index} of the bundle has {len} bytes, from 1 to {ENTRY_LIMIT} are allowed")]
    EntryLength {
        /// Which one in the bundle.
        index: usize,
        /// Its length in bytes.
        len: usize,
    },
}

/// Adds an entry to a bundle: its length as a big-endian 16-bit number, then itself. False (and nothing done) for one
/// that is too long.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(len) = u16::try_from(entry.len()) else {
        return false;
    };
    if entry.is_empty() || entry.len() > ENTRY_LIMIT {
        return false;
    }
    bundle.extend_from_slice(&len.to_be_bytes());
    bundle.extend_from_slice(entry);
    true
}

/// The entries of a bundle.
///
/// # Errors
/// It is cut, too long, or holds an entry that is.
pub fn parse_bundle(bundle: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    let mut rest = bundle;
    while !rest.is_empty() {
        let index = entries.len();
        if index as u64 >= TILE_WIDTH {
            return Err(BundleError::TooMany);
        }
        let (prefix, after) = rest
            .split_first_chunk::<2>()
            .ok_or(BundleError::Cut(index))?;
        let len = usize::from(u16::from_be_bytes(*prefix));
        if len == 0 || len > ENTRY_LIMIT {
            return Err(BundleError::EntryLength { index, len });
        }
        let (entry, after) = after.split_at_checked(len).ok_or(BundleError::Cut(index))?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// Whether a size is one that a feed may have.
pub(crate) fn is_size(size: u64) -> bool {
    size <= SIZE_LIMIT
}
