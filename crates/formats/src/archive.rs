//! Zip archives (EPUB, office files) with limits: entries, bytes unpacked in
//! all, bytes of one entry, and how many times an entry may grow.

use std::{
    borrow::Cow,
    io::{Read, Seek},
};

use zip::result::ZipError;

use crate::{FormatError, model::Limits};

/// Most bytes of one entry that are unpacked; the rest of it is left out.
const MAX_ENTRY_BYTES: u64 = 128 << 20;
/// Below this size, an entry may grow as much as it likes.
const FREE_GROWTH_BYTES: u64 = 1 << 20;

/// An archive, open for reading.
pub(crate) struct Archive<R> {
    zip: zip::ZipArchive<R>,
    left_bytes: u64,
    max_ratio: u64,
}

impl<R: Read + Seek> Archive<R> {
    pub(crate) fn open(source: R, limits: &Limits) -> Result<Self, FormatError> {
        let zip = zip::ZipArchive::new(source).map_err(from_zip)?;
        if zip.len() > limits.max_archive_entries {
            return Err(FormatError::TooLarge(format!(
                "{} entries, at most {}",
                zip.len(),
                limits.max_archive_entries
            )));
        }
        Ok(Self {
            zip,
            left_bytes: limits.max_unpacked_bytes,
            max_ratio: limits.max_unpack_ratio,
        })
    }

    /// The names of all entries.
    pub(crate) fn names(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.zip.file_names().flatten()
    }

    /// The exact name of an entry that is asked for with other case or a
    /// leading slash, as some programs write it.
    fn find(&self, name: &str) -> Option<String> {
        let name = name.trim_start_matches('/');
        if self.zip.index_for_name(name).is_some() {
            return Some(name.to_owned());
        }
        self.names()
            .find(|other| other.trim_start_matches('/').eq_ignore_ascii_case(name))
            .map(Cow::into_owned)
    }

    /// Unpacks one entry; `None` if there is no such entry.
    pub(crate) fn read(&mut self, name: &str) -> Result<Option<Vec<u8>>, FormatError> {
        let Some(name) = self.find(name) else {
            return Ok(None);
        };
        let max_ratio = self.max_ratio;
        let entry = match self.zip.by_name(&name) {
            Ok(entry) => entry,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(from_zip(error)),
        };
        let packed = entry.compressed_size();
        let by_ratio = packed.saturating_mul(max_ratio).max(FREE_GROWTH_BYTES);
        let most = self.left_bytes.min(MAX_ENTRY_BYTES);
        let cap = by_ratio.min(most);
        // The size that the archive states is only a hint: it may lie.
        let hint = usize::try_from(entry.size().min(cap).min(FREE_GROWTH_BYTES)).unwrap_or(0);
        let mut bytes = Vec::with_capacity(hint);
        let read = entry.take(cap + 1).read_to_end(&mut bytes);
        let length = bytes.len() as u64;
        self.left_bytes = self.left_bytes.saturating_sub(length);
        if length > cap {
            return Err(FormatError::TooLarge(if by_ratio < most {
                format!("`{name}` inside it grows more than {max_ratio} times when unpacked")
            } else {
                format!("`{name}` inside it unpacks to more than {cap} bytes")
            }));
        }
        match read {
            Ok(_) => Ok(Some(bytes)),
            // What was unpacked before the damage is still of use.
            Err(_) if !bytes.is_empty() => Ok(Some(bytes)),
            Err(error) => Err(FormatError::damaged(format!("`{name}` inside it: {error}"))),
        }
    }

    /// Unpacks one entry of XML as text, whatever its encoding.
    pub(crate) fn read_text(&mut self, name: &str) -> Result<Option<String>, FormatError> {
        Ok(self
            .read(name)?
            .map(|bytes| crate::html::decode_markup(&bytes)))
    }
}

fn from_zip(error: ZipError) -> FormatError {
    match error {
        ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => FormatError::Encrypted,
        ZipError::Io(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => {
            FormatError::Io(error)
        }
        other => FormatError::damaged(other),
    }
}

/// Archives made in tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::io::{Cursor, Write};

    use zip::{ZipWriter, write::SimpleFileOptions};

    /// An archive of these entries, name and content.
    pub(crate) fn archive(entries: &[(&str, &str)]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer
                .start_file(*name, SimpleFileOptions::default())
                .unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        Cursor::new(writer.finish().unwrap().into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_refused() {
        let bomb = "0".repeat(8 << 20);
        let limits = Limits {
            max_unpack_ratio: 100,
            ..Limits::default()
        };
        let mut archive = Archive::open(testing::archive(&[("a", &bomb)]), &limits).unwrap();
        assert!(matches!(archive.read("a"), Err(FormatError::TooLarge(_))));
        let limits = Limits {
            max_unpacked_bytes: 1000,
            ..Limits::default()
        };
        let entries = [("a", &*"x".repeat(900)), ("b", &*"y".repeat(900))];
        let mut archive = Archive::open(testing::archive(&entries), &limits).unwrap();
        assert_eq!(
            archive.read("A").unwrap().unwrap().len(),
            900,
            "names in other case are found"
        );
        assert!(matches!(archive.read("b"), Err(FormatError::TooLarge(_))));
        assert!(archive.read("c").unwrap().is_none());
        let limits = Limits {
            max_archive_entries: 1,
            ..Limits::default()
        };
        assert!(Archive::open(testing::archive(&[("a", ""), ("b", "")]), &limits).is_err());
    }
}
