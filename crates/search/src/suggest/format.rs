//! Layout of `titles.lps`. All numbers are little-endian.
//!
//! ```text
//! header   128 bytes, see `Header`
//! strings  one record a title, each at a multiple of 4: weight u8, lengths of folded, title and key (7 bits a
//!          byte, the lowest first, the high bit says that one follows), then the three; of a plain ASCII title
//!          the folded form is not kept (length 0), see `fold_ascii`
//! entries  8 bytes a word start, sorted by the folded title from there: place of the title's record in `strings`
//!          u32 (in units of 4 bytes), byte u16, score u16
//! levels   u16 maxima of the scores of 32 entries, then of 32 of those maxima, and so on up to one
//! words    an `fst` map of the distinct folded words to their number
//! ```

use std::io;

const MAGIC: &[u8; 8] = b"LAMPTITL";
const VERSION: u64 = 3;
/// Bytes of the header, padding included.
pub(crate) const HEADER_BYTES: usize = 128;
const FIELDS: usize = 10;

/// Entries, or maxima, under one maximum.
pub(crate) const FAN_OUT: usize = 32;
/// Entries are sorted and searched by this many bytes.
pub(crate) const MAX_KEY_BYTES: usize = 128;
pub(crate) const ENTRY_BYTES: usize = 8;
/// Records begin at multiples of this, so that 32 bits reach 16 GiB of titles.
pub(crate) const RECORD_UNIT_BYTES: usize = 4;

/// Bit of a score: what was typed stands at the title's beginning.
pub(crate) const STARTS: u16 = 1 << 15;

/// What entries are ranked by: at the beginning, weight, short title.
pub(crate) fn score(starts: bool, weight: u8, folded_bytes: usize) -> u16 {
    let short = 127 - (folded_bytes / 2).min(127) as u16;
    (if starts { STARTS } else { 0 }) | (u16::from(weight) << 7) | short
}

/// A damaged or foreign file.
pub(crate) fn damaged(reason: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("file of titles is damaged ({reason}): reindex the collection"),
    )
}

/// Where the parts lie.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub file_bytes: u64,
    pub titles: u64,
    pub entries: u64,
    pub strings_at: u64,
    pub strings_bytes: u64,
    pub entries_at: u64,
    pub levels_at: u64,
    pub words_at: u64,
    pub words_bytes: u64,
}

impl Header {
    fn fields(&self) -> [u64; FIELDS] {
        [
            VERSION,
            self.file_bytes,
            self.titles,
            self.entries,
            self.strings_at,
            self.strings_bytes,
            self.entries_at,
            self.levels_at,
            self.words_at,
            self.words_bytes,
        ]
    }

    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_BYTES);
        out.extend_from_slice(MAGIC);
        for field in self.fields() {
            out.extend_from_slice(&field.to_le_bytes());
        }
        let sum = checksum(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        out.resize(HEADER_BYTES, 0);
        out
    }

    /// Reads and checks the header against the length of the file: all parts lie within it.
    pub(crate) fn parse(data: &[u8]) -> io::Result<Header> {
        let head = data.get(..HEADER_BYTES).ok_or_else(|| damaged("cut off"))?;
        if !head.starts_with(MAGIC) {
            return Err(damaged("not a file of titles"));
        }
        let field = |n: usize| read_u64(head, 8 + 8 * n).unwrap_or(0);
        let summed = head.get(..8 + 8 * FIELDS).unwrap_or_default();
        if field(FIELDS) != checksum(summed) {
            return Err(damaged("header"));
        }
        if field(0) != VERSION {
            return Err(damaged("made by another version"));
        }
        let header = Header {
            file_bytes: field(1),
            titles: field(2),
            entries: field(3),
            strings_at: field(4),
            strings_bytes: field(5),
            entries_at: field(6),
            levels_at: field(7),
            words_at: field(8),
            words_bytes: field(9),
        };
        if header.file_bytes != data.len() as u64 {
            return Err(damaged("cut off"));
        }
        let levels: u64 = level_sizes(header.entries as usize)
            .iter()
            .map(|n| *n as u64 * 2)
            .sum();
        let parts = [
            (header.strings_at, Some(header.strings_bytes)),
            (
                header.entries_at,
                header.entries.checked_mul(ENTRY_BYTES as u64),
            ),
            (header.levels_at, Some(levels)),
            (header.words_at, Some(header.words_bytes)),
        ];
        for (at, bytes) in parts {
            let end = bytes.and_then(|bytes| at.checked_add(bytes));
            if end.is_none_or(|end| end > header.file_bytes) {
                return Err(damaged("parts beyond the end"));
            }
        }
        Ok(header)
    }
}

/// Makes the header of any bytes pass its own checks, so that fuzzing reaches what lies behind them.
pub(crate) fn mend(bytes: &mut Vec<u8>) {
    bytes.resize(bytes.len().max(HEADER_BYTES), 0);
    let file_bytes = bytes.len() as u64;
    let fields = [VERSION, file_bytes].into_iter().flat_map(u64::to_le_bytes);
    for (to, from) in bytes.iter_mut().zip(MAGIC.iter().copied().chain(fields)) {
        *to = from;
    }
    let sum = checksum(bytes.get(..8 + 8 * FIELDS).unwrap_or_default()).to_le_bytes();
    for (to, from) in bytes.iter_mut().skip(8 + 8 * FIELDS).zip(sum) {
        *to = from;
    }
}

/// Number of maxima in each level above `entries`.
pub(crate) fn level_sizes(entries: usize) -> Vec<usize> {
    let mut sizes = Vec::new();
    let mut n = entries;
    while n > 1 {
        n = n.div_ceil(FAN_OUT);
        sizes.push(n);
    }
    sizes
}

/// FNV-1a, against accidents only.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Appends a length.
pub(crate) fn push_length(mut length: u16, out: &mut Vec<u8>) {
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// The length at `at`, and where it ends.
pub(crate) fn read_length(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let mut length = 0;
    for (n, byte) in data.get(at..)?.iter().take(3).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * n);
        if *byte <= 0x7f {
            return Some((length, at + n + 1));
        }
    }
    None
}

pub(crate) fn read_u16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at.checked_add(2)?)?
        .try_into()
        .ok()
        .map(u16::from_le_bytes)
}

pub(crate) fn read_u32(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at.checked_add(4)?)?
        .try_into()
        .ok()
        .map(u32::from_le_bytes)
}

pub(crate) fn read_u64(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..at.checked_add(8)?)?
        .try_into()
        .ok()
        .map(u64::from_le_bytes)
}
