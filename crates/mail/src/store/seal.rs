//! Messages at rest: packed if that makes them smaller, and sealed under a key of the node.
//!
//! Each message has 32 random bytes of its own, from which and the node's key its key is derived (HKDF-SHA-256,
//! RFC 5869); so no nonce is ever used twice. The cipher is ChaCha20-Poly1305 (RFC 8439).
//!
//! - In a row: `1 | packed (0 or 1) | 32 random bytes | sealed bytes`. Packed is zstd.
//! - In a blob: `2 | 32 random bytes`, then for each 64 KiB of the message those bytes sealed; the nonce is the chunk's
//!   number, and the last chunk's nonce says that it is the last, so nothing can be cut off or put elsewhere.

use std::cell::RefCell;
use std::path::Path;

use lampion_core::Rng;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;

use super::model::MailError;

/// Bytes of a message in one chunk of a blob.
pub const CHUNK_BYTES: usize = 64 * 1024;
/// What sealing adds to a chunk.
pub const TAG_BYTES: usize = 16;
/// The beginning of a blob.
pub const HEAD_BYTES: usize = 1 + SALT_BYTES;
const SALT_BYTES: usize = 32;
/// Random bytes and the key derived from them.
const ROW: u8 = 1;
const BLOB: u8 = 2;
/// Level of zstd for messages: about 0.2 GB/s.
const LEVEL: i32 = 3;
/// In the last byte of the nonce of the last chunk.
const LAST: u8 = 1;

/// Packs a short message; empty if that can't be done. Making a packer's memory ready costs as much as packing 2 KB, so each
/// thread keeps its own: some 0.3 MB.
fn pack(plain: &[u8]) -> Vec<u8> {
    thread_local! {
        static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
    }
    PACKER.with_borrow_mut(|packer| {
        if packer.is_none() {
            *packer = zstd::bulk::Compressor::new(LEVEL).ok();
        }
        let packed = packer
            .as_mut()
            .and_then(|packer| packer.compress(plain).ok());
        packed.unwrap_or_default()
    })
}

thread_local! {
    /// What unpacks, some 160 KB: to make it takes longer than to unpack a message.
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The node's key for mail.
pub struct MailKey(hkdf::Prk);

impl MailKey {
    /// Reads `mail.key` in a folder, or makes it.
    ///
    /// # Errors
    /// The file can't be read or written, or isn't a key; the text says which.
    pub fn open(folder: &Path, rng: &dyn Rng) -> Result<Self, MailError> {
        use std::io::Write as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        let file = folder.join("mail.key");
        let say = |error: std::io::Error| MailError::Fault(format!("{}: {error}", file.display()));
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut bytes = [0u8; 32];
                rng.fill(&mut bytes);
                let partial = folder.join("mail.key.part");
                let mut out = std::fs::OpenOptions::new()
                    .write(true)
                    .create(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&partial)
                    .map_err(say)?;
                out.write_all(&bytes).map_err(say)?;
                out.sync_all().map_err(say)?;
                // Whoever is second takes the first one's key: two processes may start at once.
                match std::fs::hard_link(&partial, &file) {
                    Ok(()) => {}
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(say(error)),
                }
                let _left_behind = std::fs::remove_file(&partial);
                std::fs::File::open(folder)
                    .and_then(|folder| folder.sync_all())
                    .map_err(say)?;
                std::fs::read(&file).map_err(say)?
            }
            Err(error) => return Err(say(error)),
        };
        if bytes.len() != 32 {
            return Err(MailError::Fault(format!(
                "{} should have 32 bytes: put it back from a backup; without it no mail can be read",
                file.display()
            )));
        }
        Ok(Self(
            hkdf::Salt::new(hkdf::HKDF_SHA256, b"lampion mail").extract(&bytes),
        ))
    }

    fn of_message(&self, salt: &[u8; SALT_BYTES]) -> Result<LessSafeKey, MailError> {
        let fault = |_| MailError::Fault("a message's key could not be derived".into());
        let parts: [&[u8]; 1] = [salt];
        let okm = self.0.expand(&parts, &CHACHA20_POLY1305).map_err(fault)?;
        Ok(LessSafeKey::new(UnboundKey::from(okm)))
    }

    /// A short message, for a row.
    ///
    /// # Errors
    /// A fault of the program.
    pub fn seal_row(&self, plain: &[u8], rng: &dyn Rng) -> Result<Vec<u8>, MailError> {
        let mut salt = [0u8; SALT_BYTES];
        rng.fill(&mut salt);
        let packed = pack(plain);
        let packs = !packed.is_empty() && packed.len() < plain.len();
        let mut bytes = if packs { packed } else { plain.to_vec() };
        self.of_message(&salt)?
            .seal_in_place_append_tag(
                nonce(0, false),
                Aad::from([ROW, u8::from(packs)]),
                &mut bytes,
            )
            .map_err(|_| MailError::Fault("a message could not be sealed".into()))?;
        let mut out = Vec::with_capacity(2 + SALT_BYTES + bytes.len());
        out.extend([ROW, u8::from(packs)]);
        out.extend(salt);
        out.append(&mut bytes);
        Ok(out)
    }

    /// The plain bytes of a row; `size_bytes` is how many they are.
    ///
    /// # Errors
    /// `Damaged` with `message`.
    pub fn open_row(
        &self,
        sealed: &[u8],
        size_bytes: usize,
        message: i64,
    ) -> Result<Vec<u8>, MailError> {
        let damaged = |why| move |_| MailError::Damaged(message, why);
        let (head, rest) = sealed
            .split_at_checked(2)
            .ok_or(MailError::Damaged(message, "it is cut off"))?;
        let (salt, rest) = rest
            .split_first_chunk::<SALT_BYTES>()
            .ok_or(MailError::Damaged(message, "it is cut off"))?;
        let [ROW, packed] = *head else {
            return Err(MailError::Damaged(message, "its kind is not known"));
        };
        let mut bytes = rest.to_vec();
        let plain = self
            .of_message(salt)?
            .open_in_place(nonce(0, false), Aad::from([ROW, packed]), &mut bytes)
            .map_err(|_| {
                MailError::Damaged(message, "the seal is broken, or the key is another node's")
            })?
            .len();
        bytes.truncate(plain);
        if packed == 0 {
            return Ok(bytes);
        }
        UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(
                    zstd::bulk::Decompressor::new().map_err(damaged("it can't be unpacked"))?,
                ),
            };
            unpacker
                .decompress(&bytes, size_bytes)
                .map_err(damaged("it can't be unpacked"))
        })
    }

    /// Begins a blob; gives its first bytes.
    ///
    /// # Errors
    /// A fault of the program.
    pub fn begin_blob(&self, rng: &dyn Rng) -> Result<(BlobSeal, Vec<u8>), MailError> {
        let mut salt = [0u8; SALT_BYTES];
        rng.fill(&mut salt);
        let mut head = vec![BLOB];
        head.extend(salt);
        Ok((BlobSeal(self.of_message(&salt)?), head))
    }

    /// Opens a blob by its first `HEAD_BYTES`.
    ///
    /// # Errors
    /// `Damaged` with `message`.
    pub fn open_blob(&self, head: &[u8], message: i64) -> Result<BlobSeal, MailError> {
        match head.split_first() {
            Some((&BLOB, salt)) => {
                let salt = salt
                    .try_into()
                    .map_err(|_| MailError::Damaged(message, "its beginning is cut off"))?;
                Ok(BlobSeal(self.of_message(salt)?))
            }
            _ => Err(MailError::Damaged(message, "its kind is not known")),
        }
    }
}

impl std::fmt::Debug for MailKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MailKey")
    }
}

/// Seals and opens the chunks of one blob.
pub struct BlobSeal(LessSafeKey);

impl BlobSeal {
    /// Seals chunk `number`, in place.
    ///
    /// # Errors
    /// A fault of the program.
    pub fn seal(&self, number: u64, last: bool, chunk: &mut Vec<u8>) -> Result<(), MailError> {
        self.0
            .seal_in_place_append_tag(nonce(number, last), Aad::from([BLOB]), chunk)
            .map_err(|_| MailError::Fault("a message could not be sealed".into()))
    }

    /// Opens chunk `number`, in place.
    ///
    /// # Errors
    /// `Damaged` with `message`.
    pub fn open(
        &self,
        number: u64,
        last: bool,
        chunk: &mut Vec<u8>,
        message: i64,
    ) -> Result<(), MailError> {
        let plain = self
            .0
            .open_in_place(nonce(number, last), Aad::from([BLOB]), chunk)
            .map_err(|_| {
                MailError::Damaged(message, "the seal is broken, or the key is another node's")
            })?
            .len();
        chunk.truncate(plain);
        Ok(())
    }
}

fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0u8; NONCE_LEN];
    let (count, end) = bytes.split_at_mut(8);
    count.copy_from_slice(&number.to_le_bytes());
    if let Some(end) = end.last_mut() {
        *end = if last { LAST } else { 0 };
    }
    Nonce::assume_unique_for_key(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lampion_core::SystemRng;

    #[test]
    fn what_was_sealed_opens_and_what_was_changed_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let key = MailKey::open(folder.path(), &SystemRng).unwrap();
        for plain in [
            b"".to_vec(),
            b"x".to_vec(),
            vec![b'a'; 5000],
            (0..=255).collect(),
        ] {
            let sealed = key.seal_row(&plain, &SystemRng).unwrap();
            assert_eq!(key.open_row(&sealed, plain.len(), 1).unwrap(), plain);
            for at in 0..sealed.len() {
                let mut bad = sealed.clone();
                bad[at] ^= 1;
                assert!(key.open_row(&bad, plain.len(), 1).is_err(), "byte {at}");
            }
            assert!(
                key.open_row(&sealed[..sealed.len() - 1], plain.len(), 1)
                    .is_err()
            );
        }
        let again = MailKey::open(folder.path(), &SystemRng).unwrap();
        let sealed = again.seal_row(b"kept", &SystemRng).unwrap();
        assert_eq!(key.open_row(&sealed, 4, 1).unwrap(), b"kept");
        let other = tempfile::tempdir().unwrap();
        let other = MailKey::open(other.path(), &SystemRng).unwrap();
        assert!(matches!(
            other.open_row(&sealed, 4, 7),
            Err(MailError::Damaged(7, _))
        ));
    }
}
