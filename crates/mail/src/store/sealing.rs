//! Other texts of mail at rest: sealed as messages are.

use super::Store;
use super::model::MailError;

/// Bytes that say how long the text is.
const LENGTH_BYTES: usize = 4;

impl Store {
    /// Seals a short text (a draft, a piece of a file) for a row.
    ///
    /// # Errors
    /// A fault of the program.
    pub(crate) fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, MailError> {
        let length = u32::try_from(plain.len())
            .map_err(|_| MailError::Fault("a text is too long to seal".into()))?;
        let mut out = length.to_le_bytes().to_vec();
        out.extend(self.0.parts.key.seal_row(plain, &*self.0.parts.rng)?);
        Ok(out)
    }

    /// Opens what [`Store::seal`] made.
    ///
    /// # Errors
    /// `Damaged`.
    pub(crate) fn unseal(&self, sealed: &[u8]) -> Result<Vec<u8>, MailError> {
        let (length, rest) = sealed
            .split_first_chunk::<LENGTH_BYTES>()
            .ok_or(MailError::Damaged(0, "it is cut off"))?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(0);
        self.0.parts.key.open_row(rest, length, 0)
    }
}
