//! Archives in the format of `tar` (POSIX.1-2017, pax interchange format), written and read as a stream.

use std::io::{Error, ErrorKind, Read, Write};

const BLOCK: usize = 512;
/// The longest extended header that is read, in bytes.
const EXTENDED_LIMIT: u64 = 64 * 1024;
/// The largest size that fits the header's octal digits.
const OCTAL_LIMIT: u64 = 0o7_777_777_777;

/// Writes an archive.
pub struct TarWriter<W> {
    out: W,
    left: u64,
    padding: usize,
}

impl<W: Write> TarWriter<W> {
    /// Begins an archive.
    pub fn new(out: W) -> Self {
        Self {
            out,
            left: 0,
            padding: 0,
        }
    }

    /// Begins a file, or (with a name that ends with `/`) a folder. Exactly `size_bytes` must be written.
    ///
    /// # Errors
    /// It can't be written.
    pub fn begin(&mut self, name: &str, size_bytes: u64, modified_s: i64) -> std::io::Result<()> {
        self.end()?;
        let long = name.len() > 100 || !name.is_ascii() || size_bytes > OCTAL_LIMIT;
        if long {
            let mut records = record("path", name);
            if size_bytes > OCTAL_LIMIT {
                records.push_str(&record("size", &size_bytes.to_string()));
            }
            let length = records.len() as u64;
            self.header("pax", length, modified_s, b'x')?;
            self.out.write_all(records.as_bytes())?;
            self.pad(length)?;
        }
        let short: String = name
            .chars()
            .map(|c| if c.is_ascii() { c } else { '_' })
            .take(100)
            .collect();
        let kind = if name.ends_with('/') { b'5' } else { b'0' };
        self.header(&short, size_bytes, modified_s, kind)?;
        self.left = size_bytes;
        self.padding = padding(size_bytes);
        Ok(())
    }

    fn header(&mut self, name: &str, size: u64, modified_s: i64, kind: u8) -> std::io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK);
        let mut field = |text: &str, width: usize| {
            let bytes = text.as_bytes();
            let bytes = bytes.get(..width).unwrap_or(bytes);
            block.extend_from_slice(bytes);
            block.resize(block.len() + width - bytes.len(), 0);
        };
        field(name, 100);
        field(if kind == b'5' { "0000700" } else { "0000600" }, 8);
        field("0000000", 8);
        field("0000000", 8);
        field(&format!("{:011o}", size.min(OCTAL_LIMIT)), 12);
        field(
            &format!("{:011o}", modified_s.clamp(0, 0o77_777_777_777)),
            12,
        );
        field("        ", 8);
        field(&char::from(kind).to_string(), 1);
        field("", 100);
        field("ustar", 6);
        field("00", 2);
        field("", 32 + 32 + 8 + 8 + 155 + 12);
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        for (to, from) in block.iter_mut().skip(148).zip(sum.bytes()) {
            *to = from;
        }
        self.out.write_all(&block)
    }

    /// Further bytes of the file.
    ///
    /// # Errors
    /// They are more than was said; it can't be written.
    pub fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| Error::other("a file grew while it was written"))?;
        self.out.write_all(bytes)
    }

    fn pad(&mut self, size: u64) -> std::io::Result<()> {
        self.out
            .write_all([0; BLOCK].get(..padding(size)).unwrap_or_default())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// It is shorter than was said; it can't be written.
    pub fn end(&mut self) -> std::io::Result<()> {
        if self.left > 0 {
            return Err(Error::other("a file shrank while it was written"));
        }
        let padding = std::mem::take(&mut self.padding);
        self.out
            .write_all([0; BLOCK].get(..padding).unwrap_or_default())
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// It can't be written.
    pub fn finish(mut self) -> std::io::Result<W> {
        self.end()?;
        self.out.write_all(&[0; BLOCK * 2])?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    (BLOCK - over) % BLOCK
}

/// A record of an extended header: its length counts itself.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

/// A file in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path as the archive has it.
    pub path: String,
    /// Bytes.
    pub size_bytes: u64,
    /// Changed then, in seconds since 1970.
    pub modified_s: i64,
    /// A regular file; folders, links and the like are not.
    pub is_file: bool,
}

/// Reads an archive.
pub struct TarReader<R> {
    inner: R,
    /// Bytes of the entry that were not read, and what comes after them.
    left: u64,
    padding: usize,
}

impl<R: Read> TarReader<R> {
    /// Begins at an archive's start.
    pub fn new(inner: R) -> Self {
        Self {
            inner,
            left: 0,
            padding: 0,
        }
    }

    /// The next entry; what of the last one wasn't read is passed over.
    ///
    /// # Errors
    /// It is no archive, or cut off.
    pub fn next_entry(&mut self) -> std::io::Result<Option<Entry>> {
        let (mut path, mut size) = (None, None);
        loop {
            let skip = self.left + self.padding as u64;
            (self.left, self.padding) = (0, 0);
            if std::io::copy(&mut (&mut self.inner).take(skip), &mut std::io::sink())? < skip {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let mut block = [0u8; BLOCK];
            self.inner.read_exact(&mut block)?;
            if block.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            check(&block)?;
            let kind = block.get(156).copied().unwrap_or(0);
            self.left = octal(block.get(124..136).unwrap_or_default())?;
            self.padding = padding(self.left);
            if matches!(kind, b'x' | b'L' | b'g') {
                let bytes = self.extended()?;
                match kind {
                    b'x' => records(&bytes, &mut path, &mut size),
                    b'L' => path = Some(text(&bytes)),
                    _ => {}
                }
                continue;
            }
            if let Some(size) = size {
                (self.left, self.padding) = (size, padding(size));
            }
            let name = text(block.get(..100).unwrap_or_default());
            let prefix = text(block.get(345..500).unwrap_or_default());
            let posix = block.get(257..263) == Some(b"ustar\0");
            let own = if posix && !prefix.is_empty() {
                format!("{prefix}/{name}")
            } else {
                name
            };
            return Ok(Some(Entry {
                path: path.unwrap_or(own),
                size_bytes: self.left,
                modified_s: i64::try_from(octal(block.get(136..148).unwrap_or_default())?)
                    .unwrap_or(0),
                is_file: matches!(kind, b'0' | 0 | b'7'),
            }));
        }
    }

    fn extended(&mut self) -> std::io::Result<Vec<u8>> {
        if self.left > EXTENDED_LIMIT {
            return Err(Error::other("the archive has a header that is too long"));
        }
        let mut bytes = Vec::new();
        (&mut self.inner).take(self.left).read_to_end(&mut bytes)?;
        self.left -= bytes.len() as u64;
        Ok(bytes)
    }
}

impl<R: Read> Read for TarReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = (&mut self.inner).take(self.left).read(buffer)?;
        if read == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn check(block: &[u8]) -> std::io::Result<()> {
    let said = octal(block.get(148..156).unwrap_or_default())?;
    let sum: u64 = block
        .iter()
        .enumerate()
        .map(|(at, byte)| {
            if (148..156).contains(&at) {
                32
            } else {
                u64::from(*byte)
            }
        })
        .sum();
    if said == sum {
        Ok(())
    } else {
        Err(Error::other("it is no tar archive, or damaged"))
    }
}

fn octal(field: &[u8]) -> std::io::Result<u64> {
    let bad = || Error::other("it is no tar archive, or damaged");
    // Numbers that don't fit in octal digits are written in base 256 by GNU tar.
    if let Some((0x80, rest)) = field.split_first() {
        return rest.iter().try_fold(0u64, |sum, byte| {
            sum.checked_mul(256)
                .and_then(|sum| sum.checked_add(u64::from(*byte)))
                .ok_or_else(bad)
        });
    }
    let digits: String = field
        .iter()
        .take_while(|byte| **byte != 0)
        .map(|byte| char::from(*byte))
        .collect();
    match digits.trim() {
        "" => Ok(0),
        digits => u64::from_str_radix(digits, 8).map_err(|_| bad()),
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

fn records(bytes: &[u8], path: &mut Option<String>, size: &mut Option<u64>) {
    let all = String::from_utf8_lossy(bytes);
    let mut rest = &*all;
    while let Some((length, _)) = rest.split_once(' ') {
        let Some((one, after)) = length
            .parse()
            .ok()
            .and_then(|length| rest.split_at_checked(length))
        else {
            return;
        };
        let pair = one
            .split_once(' ')
            .and_then(|(_, pair)| pair.trim_end_matches('\n').split_once('='));
        match pair {
            Some(("path", value)) => *path = Some(value.into()),
            Some(("size", value)) => *size = value.parse().ok(),
            _ => {}
        }
        rest = after;
    }
}

/// For fuzzing: whatever is there, reading comes to an end.
pub fn fuzz_tar(bytes: &[u8]) {
    let mut reader = TarReader::new(bytes);
    while let Ok(Some(entry)) = reader.next_entry() {
        let mut read = Vec::new();
        let whole = reader.read_to_end(&mut read).is_ok();
        assert!(
            !whole || read.len() as u64 == entry.size_bytes,
            "as long as was said"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = format!("{}/책.mbox", "a".repeat(150));
        let files = [
            ("INBOX/", &b""[..]),
            ("a", b"x"),
            (long.as_str(), &[7; 1_000]),
            ("b", &[1; 512]),
        ];
        let mut writer = TarWriter::new(Vec::new());
        for (name, bytes) in files {
            writer
                .begin(name, bytes.len() as u64, 1_700_000_000)
                .unwrap();
            writer.write(bytes).unwrap();
        }
        let archive = writer.finish().unwrap();
        let mut reader = TarReader::new(&*archive);
        for (name, bytes) in files {
            let entry = reader.next_entry().unwrap().unwrap();
            assert_eq!(
                (entry.path.as_str(), entry.modified_s),
                (name, 1_700_000_000)
            );
            assert_eq!(entry.is_file, !name.ends_with('/'));
            let mut read = Vec::new();
            // One of them is passed over unread.
            if name != "a" {
                reader.read_to_end(&mut read).unwrap();
                assert_eq!(read, bytes);
            }
        }
        assert_eq!(reader.next_entry().unwrap(), None);
        let mut writer = TarWriter::new(Vec::new());
        writer.begin("a", 2, 0).unwrap();
        assert!(writer.write(b"abc").is_err());
        assert!(writer.begin("b", 0, 0).is_err());
        assert!(TarReader::new(&[b'x'; 512][..]).next_entry().is_err());
    }
}
