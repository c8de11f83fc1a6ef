//! Where the bytes of an archive come from: a file, the parts of a split archive, or memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Result, ZimError};

/// The most parts that a split archive can have: `aa` to `zz`.
const MAX_PARTS: usize = 26 * 26;

/// Bytes that can be read at any place, by many threads at once.
pub trait ReadAt: Send + Sync {
    /// Length in bytes, as it was when the source was opened.
    fn len(&self) -> u64;

    /// Whether there is not a single byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `buf` with the bytes from `offset` on.
    ///
    /// # Errors
    /// `UnexpectedEof` when the source ends before `buf` is full; whatever the system says.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;

    /// Name of the file that holds the byte at `offset`, for messages.
    fn part_at(&self, offset: u64) -> String {
        let _ = offset;
        String::from("the archive")
    }
}

/// One file, read with `pread`.
#[derive(Debug)]
pub struct FileSource {
    file: File,
    len: u64,
    name: String,
}

impl FileSource {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` when `path` is not a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
        }
        let name = path.display().to_string();
        Ok(Self {
            file,
            len: about.len(),
            name,
        })
    }
}

impl ReadAt for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn part_at(&self, _offset: u64) -> String {
        self.name.clone()
    }
}

/// Bytes in memory.
#[derive(Debug, Clone)]
pub struct BytesSource(Bytes);

impl BytesSource {
    /// Wraps `bytes`.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self(bytes.into())
    }
}

impl ReadAt for BytesSource {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let from = usize::try_from(offset).ok();
        let span = from.and_then(|from| Some(from..from.checked_add(buf.len())?));
        let bytes = span
            .and_then(|span| self.0.get(span))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

/// Several sources, one after the other, read as one.
pub struct SplitSource {
    /// Each part with the offset of its first byte.
    parts: Vec<(u64, Box<dyn ReadAt>)>,
    len: u64,
}

impl SplitSource {
    /// Joins `parts` in their order.
    ///
    /// # Errors
    /// `InvalidInput` when their lengths do not fit into 64 bits.
    pub fn new(parts: Vec<Box<dyn ReadAt>>) -> io::Result<Self> {
        let mut len = 0u64;
        let mut placed = Vec::with_capacity(parts.len());
        for part in parts {
            let start = len;
            len = len
                .checked_add(part.len())
                .ok_or(io::ErrorKind::InvalidInput)?;
            placed.push((start, part));
        }
        Ok(Self { parts: placed, len })
    }

    /// Number in `parts` of the one that holds `offset`.
    fn number_at(&self, offset: u64) -> usize {
        self.parts
            .partition_point(|(start, _)| *start <= offset)
            .saturating_sub(1)
    }
}

impl ReadAt for SplitSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let mut rest = buf;
        let mut at = offset;
        let mut number = self.number_at(offset);
        while !rest.is_empty() {
            let (start, part) = self.parts.get(number).ok_or(io::ErrorKind::UnexpectedEof)?;
            let inside = at - start;
            let here = part.len().saturating_sub(inside).min(rest.len() as u64);
            let (now, later) = rest.split_at_mut(usize::try_from(here).unwrap_or(0));
            part.read_at(inside, now)?;
            rest = later;
            at += here;
            number += 1;
        }
        Ok(())
    }

    fn part_at(&self, offset: u64) -> String {
        match self.parts.get(self.number_at(offset)) {
            Some((start, part)) => part.part_at(offset - start),
            None => String::from("the archive"),
        }
    }
}

/// Opens the archive at `path`, whether one file or split.
///
/// `path` may name the whole file, any part of a split archive, or the `.zim` whose parts
/// (`.zimaa` …) lie in its place.
pub(crate) fn open_path(path: &Path) -> Result<Arc<dyn ReadAt>> {
    let unreadable = |path: &Path, source| ZimError::Read {
        part: path.display().to_string(),
        offset: 0,
        source,
    };
    let Some(parts) = find_parts(path)? else {
        return Ok(Arc::new(
            FileSource::open(path).map_err(|error| unreadable(path, error))?,
        ));
    };
    let mut sources: Vec<Box<dyn ReadAt>> = Vec::with_capacity(parts.len());
    for part in &parts {
        sources.push(Box::new(
            FileSource::open(part).map_err(|error| unreadable(part, error))?,
        ));
    }
    let split = SplitSource::new(sources).map_err(|error| unreadable(path, error))?;
    Ok(Arc::new(split))
}

/// The parts of the split archive that `path` names, or `None` when it is one file.
fn find_parts(path: &Path) -> Result<Option<Vec<PathBuf>>> {
    let text = path.as_os_str().to_str();
    let base = match text {
        // A part was named: the others are its siblings.
        Some(text) if is_part_name(text) => PathBuf::from(&text[..text.len() - 2]),
        _ if path.exists() => return Ok(None),
        _ => path.to_path_buf(),
    };
    let mut parts = Vec::new();
    let mut gap: Option<PathBuf> = None;
    for number in 0..MAX_PARTS {
        let part = part_path(&base, number);
        if !part.exists() {
            gap.get_or_insert(part);
        } else if let Some(missing) = gap {
            return Err(ZimError::MissingPart {
                missing: missing.display().to_string(),
            });
        } else {
            parts.push(part);
        }
    }
    Ok((!parts.is_empty()).then_some(parts))
}

/// Whether `name` ends as a part does: `.zim` and two small letters.
fn is_part_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let Some((rest, letters)) = bytes.split_last_chunk::<2>() else {
        return false;
    };
    letters.iter().all(u8::is_ascii_lowercase) && rest.ends_with(b".zim")
}

/// Path of part `number`: `aa`, `ab` … `az`, `ba` … `zz` after the name of the whole.
fn part_path(base: &Path, number: usize) -> PathBuf {
    let letter = |value: usize| char::from(b'a' + u8::try_from(value % 26).unwrap_or(0));
    let mut name = base.as_os_str().to_owned();
    name.push(format!("{}{}", letter(number / 26), letter(number)));
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_in_order() {
        let base = Path::new("x.zim");
        assert_eq!(part_path(base, 0), Path::new("x.zimaa"));
        assert_eq!(part_path(base, 25), Path::new("x.zimaz"));
        assert_eq!(part_path(base, 26), Path::new("x.zimba"));
        assert_eq!(part_path(base, MAX_PARTS - 1), Path::new("x.zimzz"));
        assert!(is_part_name("x.zimab") && !is_part_name("x.zim") && !is_part_name("zimaa"));
    }

    #[test]
    fn a_split_source_reads_over_its_seams() {
        let whole: Vec<u8> = (0..100).collect();
        for size in [1, 3, 7, 50, 100] {
            let parts = whole
                .chunks(size)
                .map(|part| Box::new(BytesSource::new(part.to_vec())) as Box<dyn ReadAt>);
            let split = SplitSource::new(parts.collect()).unwrap();
            assert_eq!(split.len(), 100);
            for (start, end) in [(0, 100), (2, 4), (99, 100), (100, 100), (49, 51)] {
                let mut buf = vec![0; end - start];
                split.read_at(start as u64, &mut buf).unwrap();
                assert_eq!(buf, &whole[start..end]);
            }
            assert!(split.read_at(95, &mut [0; 6]).is_err());
            assert!(split.read_at(u64::MAX, &mut [0; 1]).is_err());
        }
    }

    #[test]
    fn bytes_refuse_what_lies_outside() {
        let source = BytesSource::new(vec![1, 2, 3]);
        assert!(source.read_at(u64::MAX, &mut [0; 2]).is_err());
        assert!(source.read_at(2, &mut [0; 2]).is_err());
        assert!(source.read_at(3, &mut []).is_ok());
    }
}
