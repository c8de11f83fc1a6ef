//! The header: the first 80 bytes of an archive (ZIM file format, "Header").

use crate::error::{Result, ZimError};
use crate::source::ReadAt;

/// Signature of the format, as a little-endian number.
const MAGIC: u32 = 0x044D_495A;
/// Bytes of a header with a checksum position.
pub(crate) const HEADER_BYTES: u64 = 80;
/// Bytes of the oldest headers, which end before the checksum position.
const SHORT_HEADER_BYTES: u64 = 72;
/// Bytes of an MD5 digest, the last ones of an archive.
pub(crate) const CHECKSUM_BYTES: u64 = 16;
/// Stands for "no such entry" or "no such list".
const NONE_32: u32 = u32::MAX;

/// The header of an archive, its positions checked against the length of the archive.
#[derive(Debug, Clone)]
pub struct Header {
    /// Major version: 5 or 6.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
    /// Identifies this edition of the archive.
    pub uuid: [u8; 16],
    /// Number of entries.
    pub entry_count: u32,
    /// Number of clusters.
    pub cluster_count: u32,
    /// Where the pointers to the entries lie, in path order.
    pub path_ptr_pos: u64,
    /// Where the old title listing lies; `None` when the archive has none (6.3).
    pub title_ptr_pos: Option<u64>,
    /// Where the pointers to the clusters lie.
    pub cluster_ptr_pos: u64,
    /// Where the list of MIME types lies; also the length of the header.
    pub mime_list_pos: u64,
    /// Entry of the main page, if there is one.
    pub main_page: Option<u32>,
    /// Where the checksum lies, if there is one.
    pub checksum_pos: Option<u64>,
}

/// Little-endian numbers out of a slice; zero where the slice is too short.
pub(crate) fn u16_at(buf: &[u8], at: usize) -> u16 {
    buf.get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// See [`u16_at`].
pub(crate) fn u32_at(buf: &[u8], at: usize) -> u32 {
    buf.get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// See [`u16_at`].
pub(crate) fn u64_at(buf: &[u8], at: usize) -> u64 {
    buf.get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

impl Header {
    /// Reads and checks the header of `source`.
    pub(crate) fn read(source: &dyn ReadAt) -> Result<Self> {
        let part = source.part_at(0);
        let mut buf = [0u8; HEADER_BYTES as usize];
        let have = source.len().min(HEADER_BYTES) as usize;
        let filled = buf.get_mut(..have).unwrap_or(&mut []);
        source.read_at(0, filled).map_err(|source| ZimError::Read {
            part: part.clone(),
            offset: 0,
            source,
        })?;
        if have >= 4 && u32_at(&buf, 0) != MAGIC {
            return Err(ZimError::NotZim { part });
        }
        if (have as u64) < HEADER_BYTES {
            let (end, len) = (HEADER_BYTES, source.len());
            return Err(ZimError::Truncated {
                part,
                what: "the header".into(),
                offset: 0,
                end,
                len,
            });
        }
        let (major, minor) = (u16_at(&buf, 4), u16_at(&buf, 6));
        if !(5..=6).contains(&major) {
            return Err(ZimError::UnsupportedVersion { part, major, minor });
        }
        let mut uuid = [0; 16];
        uuid.copy_from_slice(buf.get(8..24).unwrap_or(&[0; 16]));
        let title_ptr_pos = Some(u64_at(&buf, 40)).filter(|pos| !matches!(*pos, 0 | u64::MAX));
        let mime_list_pos = u64_at(&buf, 56);
        let header = Self {
            major,
            minor,
            uuid,
            entry_count: u32_at(&buf, 24),
            cluster_count: u32_at(&buf, 28),
            path_ptr_pos: u64_at(&buf, 32),
            title_ptr_pos,
            cluster_ptr_pos: u64_at(&buf, 48),
            mime_list_pos,
            main_page: Some(u32_at(&buf, 64)).filter(|index| *index != NONE_32),
            checksum_pos: (mime_list_pos != SHORT_HEADER_BYTES).then(|| u64_at(&buf, 72)),
        };
        header.check_positions(source, &part)?;
        Ok(header)
    }

    /// Whether the archive uses the namespaces `C`, `M`, `W`, `X` (since 6.1).
    #[must_use]
    pub fn has_new_namespaces(&self) -> bool {
        self.major == 6 && self.minor >= 1
    }

    /// First byte after everything but the checksum.
    pub(crate) fn content_end(&self, len: u64) -> u64 {
        self.checksum_pos.unwrap_or(len).min(len)
    }

    /// Checks what nothing can be read without; the title listing is left to the one who uses it.
    fn check_positions(&self, source: &dyn ReadAt, part: &str) -> Result<()> {
        let len = source.len();
        let bad = |field, value, reason: &str| {
            Err(ZimError::BadHeader {
                part: part.to_owned(),
                field,
                value,
                reason: reason.into(),
            })
        };
        if self.mime_list_pos != HEADER_BYTES && self.mime_list_pos != SHORT_HEADER_BYTES {
            return bad(
                "mimeListPos",
                self.mime_list_pos,
                "it must be the length of the header",
            );
        }
        if let Some(pos) = self.checksum_pos {
            if pos < HEADER_BYTES {
                return bad("checksumPos", pos, "it points into the header");
            }
            require(source, "the checksum", pos, CHECKSUM_BYTES, len)?;
        }
        let lists = [
            (
                "urlPtrPos",
                "the list of entries",
                self.path_ptr_pos,
                self.entry_count,
            ),
            (
                "clusterPtrPos",
                "the list of clusters",
                self.cluster_ptr_pos,
                self.cluster_count,
            ),
        ];
        for (field, what, pos, count) in lists {
            if count > 0 && pos < self.mime_list_pos {
                return bad(field, pos, "it points into the header");
            }
            require(source, what, pos, u64::from(count) * 8, len)?;
        }
        Ok(())
    }
}

/// Whether `size` bytes at `pos` lie inside the archive.
pub(crate) fn require(
    source: &dyn ReadAt,
    what: &str,
    pos: u64,
    size: u64,
    len: u64,
) -> Result<()> {
    match pos.checked_add(size) {
        Some(end) if end <= len => Ok(()),
        end => Err(ZimError::Truncated {
            part: source.part_at(len.saturating_sub(1)),
            what: what.to_owned(),
            offset: pos,
            end: end.unwrap_or(u64::MAX),
            len,
        }),
    }
}
