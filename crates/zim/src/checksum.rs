//! The checksum: an MD5 digest over all bytes before it, the last 16 bytes of an archive.

use std::ops::ControlFlow;

use md5::{Digest, Md5};

use crate::archive::Archive;
use crate::error::{Result, ZimError};
use crate::header::CHECKSUM_BYTES;

/// Bytes read between two reports of progress.
const STEP_BYTES: u64 = 1024 * 1024;

/// The checksum that an archive carries and the one that its bytes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checksum {
    /// Digest at the end of the archive.
    pub stored: [u8; 16],
    /// Digest of its bytes.
    pub computed: [u8; 16],
}

impl Checksum {
    /// Whether the archive is as it was written.
    #[must_use]
    pub fn matches(&self) -> bool {
        self.stored == self.computed
    }
}

impl Archive {
    /// Reads the whole archive and computes its checksum. After each megabyte `progress` is told
    /// how many bytes are done and how many there are, and may stop.
    ///
    /// # Errors
    /// [`ZimError::NoChecksum`], [`ZimError::Cancelled`] and what reading gives; a checksum that
    /// does not match is no error here, see [`Checksum::matches`].
    pub fn verify_checksum(
        &self,
        mut progress: impl FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Checksum> {
        let len = self.source.len();
        let end = self
            .header
            .checksum_pos
            .ok_or_else(|| ZimError::NoChecksum {
                part: self.source.part_at(len.saturating_sub(1)),
            })?;
        let mut digest = Md5::new();
        let mut buf = vec![0; STEP_BYTES as usize];
        let mut at = 0;
        while at < end {
            let step = (end - at).min(STEP_BYTES);
            let piece = buf.get_mut(..step as usize).unwrap_or(&mut []);
            self.read_at(at, piece)?;
            digest.update(&*piece);
            at += step;
            if progress(at, end).is_break() {
                return Err(ZimError::Cancelled);
            }
        }
        let mut stored = [0; CHECKSUM_BYTES as usize];
        self.read_at(end, &mut stored)?;
        Ok(Checksum {
            stored,
            computed: digest.finalize().into(),
        })
    }
}
