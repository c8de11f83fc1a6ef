//! Directory entries (ZIM file format, "Directory Entries").

use crate::error::{Result, ZimError};
use crate::header::{u16_at, u32_at};

/// MIME number of a redirect.
const MIME_REDIRECT: u16 = 0xffff;
/// MIME number of a link target (obsolete).
const MIME_LINK_TARGET: u16 = 0xfffe;
/// MIME number of a deleted entry (obsolete).
const MIME_DELETED: u16 = 0xfffd;
/// The most bytes that one directory entry may take.
pub(crate) const MAX_DIRENT_BYTES: u64 = 64 * 1024;

/// What an entry leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Bytes in a cluster.
    Content {
        /// Number in the list of MIME types.
        mime: u16,
        /// Number of the cluster.
        cluster: u32,
        /// Number of the blob in the cluster.
        blob: u32,
    },
    /// Another entry, by its number.
    Redirect(u32),
    /// Nothing: a link target or a deleted entry of old archives.
    Nothing,
}

/// One entry of an archive: a page, a picture, a redirect, a piece of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number in path order.
    pub index: u32,
    /// `C`, `M`, `W`, `X`, or one of the old letters.
    pub namespace: char,
    /// Path inside the namespace, as the writer gave it: not URL-encoded.
    pub path: String,
    /// Title for people; the path when the archive gives none.
    pub title: String,
    /// What the entry leads to.
    pub target: Target,
}

impl Entry {
    /// Namespace and path, as in `C/Korea`.
    #[must_use]
    pub fn long_path(&self) -> String {
        format!("{}/{}", self.namespace, self.path)
    }

    /// Whether the entry is a redirect.
    #[must_use]
    pub fn is_redirect(&self) -> bool {
        matches!(self.target, Target::Redirect(_))
    }

    /// Cluster and blob, if the entry has content.
    ///
    /// # Errors
    /// [`ZimError::NoContent`] for a redirect or a deleted entry.
    pub fn place(&self) -> Result<(u32, u32)> {
        let what = match self.target {
            Target::Content { cluster, blob, .. } => return Ok((cluster, blob)),
            Target::Redirect(_) => "a redirect",
            Target::Nothing => "deleted",
        };
        Err(ZimError::NoContent {
            path: self.long_path(),
            what,
        })
    }
}

/// A directory entry that still lies in the buffer it was read into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dirent<'a> {
    pub namespace: u8,
    pub target: Target,
    pub path: &'a [u8],
    /// As stored: empty when it equals the path.
    stored_title: &'a [u8],
}

impl<'a> Dirent<'a> {
    /// Parses the entry at the start of `buf`; `None` when `buf` ends before the entry does.
    pub fn parse(buf: &'a [u8]) -> Option<Self> {
        let mime = u16_at(buf, 0);
        let fixed = match mime {
            MIME_REDIRECT => 12,
            MIME_LINK_TARGET | MIME_DELETED => 8,
            _ => 16,
        };
        let strings = buf.get(fixed..)?;
        let path_end = strings.iter().position(|byte| *byte == 0)?;
        let (path, rest) = strings.split_at(path_end);
        let rest = rest.get(1..)?;
        let title_end = rest.iter().position(|byte| *byte == 0)?;
        let target = match mime {
            MIME_REDIRECT => Target::Redirect(u32_at(buf, 8)),
            MIME_LINK_TARGET | MIME_DELETED => Target::Nothing,
            _ => Target::Content {
                mime,
                cluster: u32_at(buf, 8),
                blob: u32_at(buf, 12),
            },
        };
        let namespace = buf.get(3).copied()?;
        Some(Self {
            namespace,
            target,
            path,
            stored_title: rest.get(..title_end)?,
        })
    }

    /// The title; the path when there is none.
    pub fn title(&self) -> &'a [u8] {
        if self.stored_title.is_empty() {
            self.path
        } else {
            self.stored_title
        }
    }

    /// Copies the entry out of its buffer.
    pub fn to_entry(self, index: u32) -> Result<Entry> {
        let path = std::str::from_utf8(self.path).map_err(|_| ZimError::BadEntry {
            index,
            reason: format!(
                "its path is not UTF-8 (`{}`)",
                String::from_utf8_lossy(self.path)
            ),
        })?;
        Ok(Entry {
            index,
            namespace: char::from(self.namespace),
            path: path.to_owned(),
            // A title is only shown, so a broken one is mended rather than refused.
            title: String::from_utf8_lossy(self.title()).into_owned(),
            target: self.target,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_whole_or_absent() {
        let mut bytes = vec![1, 0, 0, b'C', 0, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0];
        bytes.extend_from_slice(b"a/b\0Title\0");
        let entry = Dirent::parse(&bytes).unwrap().to_entry(3).unwrap();
        assert_eq!(
            (entry.long_path().as_str(), entry.title.as_str()),
            ("C/a/b", "Title")
        );
        assert_eq!(entry.place().unwrap(), (7, 9));
        for end in 0..bytes.len() {
            assert!(Dirent::parse(&bytes[..end]).is_none(), "cut at {end}");
        }
    }

    #[test]
    fn a_path_that_is_not_utf8_is_named() {
        let bytes = [
            0xff, 0xff, 0, b'A', 0, 0, 0, 0, 1, 0, 0, 0, b'x', 0xff, 0, 0,
        ];
        let error = Dirent::parse(&bytes).unwrap().to_entry(5).unwrap_err();
        assert!(error.to_string().contains("entry 5"), "{error}");
    }
}
