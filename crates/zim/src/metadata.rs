//! What an archive says about itself (openZIM "Metadata").

use bytes::Bytes;

use crate::archive::Archive;
use crate::dirent::Entry;
use crate::error::{Result, ZimError};

/// The most bytes that one piece of metadata may have.
const MAX_METADATA_BYTES: u64 = 4 * 1024 * 1024;

impl Archive {
    /// Metadata `name` as text: `Title`, `Description`, `LongDescription`, `Language`, `Creator`,
    /// `Publisher`, `Date`, `Counter`, `Tags`, `Name`, `Flavour`, `Source`, `License`, `Scraper` …
    ///
    /// # Errors
    /// [`ZimError`] when it is there and can't be read, or has more than 4 MB.
    pub fn metadata(&self, name: &str) -> Result<Option<String>> {
        let bytes = self.metadata_bytes(name)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Metadata `name` as it is stored.
    ///
    /// # Errors
    /// As [`Archive::metadata`].
    pub fn metadata_bytes(&self, name: &str) -> Result<Option<Bytes>> {
        self.read_small('M', name)
    }

    /// Names of all metadata, in order.
    ///
    /// # Errors
    /// [`ZimError`] when an entry among them is broken.
    pub fn metadata_names(&self) -> Result<Vec<String>> {
        const MAX_NAMES: u32 = 1000;
        let start = self.namespace_start(b'M')?;
        let end = self
            .namespace_start(b'M' + 1)?
            .min(start.saturating_add(MAX_NAMES));
        (start..end)
            .map(|index| Ok(self.by_index(index)?.path))
            .collect()
    }

    /// The picture of the archive, `size` pixels wide and high, and its MIME type.
    ///
    /// Falls back to the favicon of old archives.
    ///
    /// # Errors
    /// As [`Archive::metadata`].
    pub fn illustration(&self, size: u32) -> Result<Option<(String, Bytes)>> {
        let name = format!("Illustration_{size}x{size}@1");
        let old = [
            ('-', "favicon"),
            ('-', "favicon.png"),
            ('I', "favicon.png"),
            ('I', "favicon"),
        ];
        for (namespace, path) in [('M', name.as_str())].into_iter().chain(old) {
            let Some(entry) = self.by_path(namespace, path)? else {
                continue;
            };
            let entry = self.resolve(entry)?;
            let bytes = self.read_limited(&entry)?;
            return Ok(Some((self.mime_of(&entry)?.to_owned(), bytes)));
        }
        Ok(None)
    }

    /// Languages of the archive as it names them (ISO 639-3, sometimes 639-1).
    ///
    /// # Errors
    /// As [`Archive::metadata`].
    pub fn languages(&self) -> Result<Vec<String>> {
        let text = self.metadata("Language")?.unwrap_or_default();
        let codes = text
            .split([',', ';', ' '])
            .map(str::trim)
            .filter(|code| !code.is_empty());
        Ok(codes.map(str::to_owned).collect())
    }

    /// How many entries of each MIME type the archive says it has.
    ///
    /// # Errors
    /// As [`Archive::metadata`].
    pub fn counter(&self) -> Result<Vec<(String, u64)>> {
        Ok(parse_counter(
            &self.metadata("Counter")?.unwrap_or_default(),
        ))
    }

    fn read_small(&self, namespace: char, path: &str) -> Result<Option<Bytes>> {
        let Some(entry) = self.by_path(namespace, path)? else {
            return Ok(None);
        };
        let entry = self.resolve(entry)?;
        self.read_limited(&entry).map(Some)
    }

    fn read_limited(&self, entry: &Entry) -> Result<Bytes> {
        let size = self.blob_len(entry)?;
        if size > MAX_METADATA_BYTES {
            let what = format!("metadata `{}`", entry.long_path());
            return Err(ZimError::TooLarge {
                what,
                size,
                limit: MAX_METADATA_BYTES,
            });
        }
        self.read(entry)
    }
}

/// Parses `text/html=5;image/png=3`. A MIME type may hold `;` and `=` itself, so an item ends at
/// a `;` that follows a number.
fn parse_counter(text: &str) -> Vec<(String, u64)> {
    let mut counts = Vec::new();
    let mut mime = String::new();
    for piece in text.split(';') {
        if !mime.is_empty() {
            mime.push(';');
        }
        mime.push_str(piece);
        if let Some((name, count)) = mime.rsplit_once('=')
            && let Ok(count) = count.trim().parse()
        {
            counts.push((name.trim().to_owned(), count));
            mime.clear();
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_with_parameters_are_understood() {
        let counts = parse_counter("text/html=5;text/html;charset=utf-8=7; image/png=3;junk");
        let wanted = [
            ("text/html", 5),
            ("text/html;charset=utf-8", 7),
            ("image/png", 3),
        ];
        let wanted: Vec<_> = wanted
            .iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect();
        assert_eq!(counts, wanted);
        assert_eq!(parse_counter(""), vec![]);
    }
}
