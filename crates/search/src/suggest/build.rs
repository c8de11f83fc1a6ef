//! Writes `titles.lps` in bounded memory: sorted runs are spilled and merged.

use super::data::sync_folder_of;
use super::format::{
    ENTRY_BYTES, FAN_OUT, HEADER_BYTES, Header, MAX_KEY_BYTES, RECORD_UNIT_BYTES, level_sizes,
    push_length, score,
};
use super::normal::{Normal, fold_ascii, is_dense};
use super::spill::{Item, Merge, Run, write_run};
use crate::words::hangul;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Folded text of one run in memory.
const RUN_TEXT_BYTES: usize = 5 << 20;
/// Word starts of one run in memory (24 bytes each).
const RUN_ITEMS: usize = 250_000;
/// Longer titles are cut.
const MAX_TITLE_BYTES: usize = 4096;
/// Longer keys are refused.
const MAX_KEY_OF_DOCUMENT_BYTES: usize = 32 << 10;
/// Longer words aren't corrected, so they aren't kept.
const MAX_WORD_BYTES: usize = 72;
/// Temporary files' names begin so: an importer may sweep them after a crash.
pub const TEMPORARY_PREFIX: &str = ".titles-";

/// Collects titles and writes the file.
pub struct TitlesBuilder {
    out: BufWriter<Temporary>,
    spill: BufWriter<Temporary>,
    words: Temporary,
    strings_bytes: u64,
    titles: u64,
    text: Vec<u8>,
    derived: Vec<u8>,
    record: Vec<u8>,
    items: Vec<Item>,
    runs: Vec<Run>,
    spilled_bytes: u64,
    run_items: usize,
}

impl TitlesBuilder {
    /// Begins a file; temporary files are made in `dir`, which must be on the file system where the file is to be.
    ///
    /// # Errors
    /// A temporary file can't be made.
    pub fn new(dir: &Path) -> io::Result<TitlesBuilder> {
        let mut out = BufWriter::with_capacity(1 << 18, Temporary::new(dir)?);
        out.write_all(&[0; HEADER_BYTES])?;
        Ok(TitlesBuilder {
            out,
            spill: BufWriter::with_capacity(1 << 18, Temporary::new(dir)?),
            words: Temporary::new(dir)?,
            strings_bytes: 0,
            titles: 0,
            text: Vec::new(),
            derived: Vec::new(),
            record: Vec::new(),
            items: Vec::new(),
            runs: Vec::new(),
            spilled_bytes: 0,
            run_items: RUN_ITEMS,
        })
    }

    /// Smaller runs, so that a test sees many.
    #[cfg(test)]
    pub(super) fn spill_every(mut self, items: usize) -> TitlesBuilder {
        self.run_items = items;
        self
    }

    /// Adds a title (or another title of the same `key`). An empty title is passed over.
    ///
    /// # Errors
    /// The disk is full, or the key is longer than 32 KiB, or all titles take more than 16 GiB.
    pub fn add(&mut self, title: &str, key: &str, weight: u8) -> io::Result<()> {
        let normal = Normal::new(title, true);
        if normal.text.is_empty() {
            return Ok(());
        }
        if key.len() > MAX_KEY_OF_DOCUMENT_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "key is longer than 32 KiB",
            ));
        }
        if self.text.len() + normal.text.len() > RUN_TEXT_BYTES
            || self.items.len() + normal.starts.len() > self.run_items
        {
            self.flush_run()?;
        }
        let id = u32::try_from(self.strings_bytes / RECORD_UNIT_BYTES as u64)
            .map_err(|_| io::Error::other("all titles together take more than 16 GiB"))?;
        self.titles += 1;
        self.write_record(
            &normal.text,
            cut(title.trim(), MAX_TITLE_BYTES),
            key,
            weight,
        )?;
        let base = self.text.len();
        for start in &normal.starts {
            let at = usize::from(start.at);
            let suffix = normal.text.as_bytes().get(at..).unwrap_or_default();
            let score = score(at == 0, weight, normal.text.len());
            self.items
                .push(Item::new(suffix, base + at, id, start, score));
        }
        self.text.extend_from_slice(normal.text.as_bytes());
        Ok(())
    }

    fn write_record(&mut self, folded: &str, title: &str, key: &str, weight: u8) -> io::Result<()> {
        self.derived.clear();
        if title.is_ascii() {
            fold_ascii(title.as_bytes(), usize::MAX, &mut self.derived);
        }
        let derived = title.is_ascii() && self.derived == folded.as_bytes();
        let folded = if derived { "" } else { folded };
        let record = &mut self.record;
        record.clear();
        record.push(weight);
        for text in [folded, title, key] {
            push_length(u16::try_from(text.len()).map_err(io::Error::other)?, record);
        }
        for text in [folded, title, key] {
            record.extend_from_slice(text.as_bytes());
        }
        record.resize(record.len().next_multiple_of(RECORD_UNIT_BYTES), 0);
        self.out.write_all(record)?;
        self.strings_bytes += record.len() as u64;
        Ok(())
    }

    fn flush_run(&mut self) -> io::Result<()> {
        if self.items.is_empty() {
            return Ok(());
        }
        let text = &self.text;
        self.items.sort_unstable_by(|a, b| a.compare(b, text));
        let bytes = write_run(&self.items, text, &mut self.spill)?;
        self.runs.push(Run {
            at: self.spilled_bytes,
            bytes,
        });
        self.spilled_bytes += bytes;
        self.items.clear();
        self.text.clear();
        Ok(())
    }

    /// Writes the file at `path`, durably, in place of one that may be there.
    ///
    /// # Errors
    /// The disk is full; what was at `path` is then untouched.
    pub fn finish(mut self, path: &Path) -> io::Result<()> {
        self.flush_run()?;
        self.items = Vec::new();
        self.text = Vec::new();
        self.spill.flush()?;
        let mut header = Header {
            titles: self.titles,
            strings_at: HEADER_BYTES as u64,
            strings_bytes: self.strings_bytes,
            ..Header::default()
        };
        header.entries_at = header.strings_at + header.strings_bytes;
        let (entries, maxima) = self.write_entries()?;
        header.entries = entries;
        header.levels_at = header.entries_at + entries * ENTRY_BYTES as u64;
        let levels_bytes = write_levels(maxima, entries as usize, &mut self.out)?;
        header.words_at = header.levels_at + levels_bytes;
        header.words_bytes = copy_all(&mut self.words, &mut self.out)?;
        header.file_bytes = header.words_at + header.words_bytes;
        self.out.flush()?;
        let out = self.out.get_mut();
        out.file.seek(SeekFrom::Start(0))?;
        out.file.write_all(&header.to_bytes())?;
        out.keep(path)
    }

    /// Merges the runs; gives the number of entries and the first level of maxima.
    fn write_entries(&mut self) -> io::Result<(u64, Vec<u16>)> {
        let mut merge = Merge::new(&mut self.spill.get_mut().file, &self.runs)?;
        let mut dictionary =
            fst::MapBuilder::new(BufWriter::new(&mut self.words)).map_err(io::Error::other)?;
        let mut word = Vec::new();
        let mut count = 0_u64;
        let mut maxima = Vec::new();
        let (mut entries, mut maximum) = (0_u64, 0_u16);
        while let Some(head) = merge.next()? {
            self.out.write_all(&head.id.to_le_bytes())?;
            self.out.write_all(&head.at.to_le_bytes())?;
            self.out.write_all(&head.score.to_le_bytes())?;
            maximum = maximum.max(head.score);
            entries += 1;
            if entries.is_multiple_of(FAN_OUT as u64) {
                maxima.push(maximum);
                maximum = 0;
            }
            let Some(first) = first_word(&head.key).filter(|_| head.word) else {
                continue;
            };
            if first != word.as_slice() {
                if count > 0 {
                    dictionary.insert(&word, count).map_err(io::Error::other)?;
                }
                word.clear();
                word.extend_from_slice(first);
                count = 0;
            }
            count += 1;
        }
        if count > 0 {
            dictionary.insert(&word, count).map_err(io::Error::other)?;
        }
        dictionary.into_inner().map_err(io::Error::other)?.flush()?;
        if !entries.is_multiple_of(FAN_OUT as u64) {
            maxima.push(maximum);
        }
        Ok((entries, maxima))
    }
}

/// The word a sorted key begins with, if spelling can be corrected in it. Words come in order,
/// since the space sorts before all that words are made of.
fn first_word(key: &[u8]) -> Option<&[u8]> {
    let end = key
        .iter()
        .position(|byte| *byte == b' ')
        .unwrap_or(key.len());
    let word = key.get(..end.min(key.len()))?;
    let cut_off = end == MAX_KEY_BYTES;
    if word.is_empty() || word.len() > MAX_WORD_BYTES || cut_off {
        return None;
    }
    let text = std::str::from_utf8(word).ok()?;
    let dense = !text.is_ascii() && text.chars().any(|c| is_dense(c) && !hangul::is_syllable(c));
    (!dense).then_some(word)
}

/// Writes all levels above the entries, the first given.
fn write_levels(first: Vec<u16>, entries: usize, out: &mut impl Write) -> io::Result<u64> {
    let mut level = first;
    let mut bytes = 0;
    for _ in level_sizes(entries) {
        for maximum in &level {
            out.write_all(&maximum.to_le_bytes())?;
        }
        bytes += 2 * level.len() as u64;
        level = level
            .chunks(FAN_OUT)
            .filter_map(|chunk| chunk.iter().max().copied())
            .collect();
    }
    Ok(bytes)
}

/// The longest beginning of `text` within `bytes`.
fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

fn copy_all(from: &mut Temporary, to: &mut impl Write) -> io::Result<u64> {
    from.file.seek(SeekFrom::Start(0))?;
    io::copy(&mut BufReader::with_capacity(1 << 16, &mut from.file), to)
}

/// A file that is gone when it is dropped, unless kept.
struct Temporary {
    file: File,
    path: PathBuf,
    kept: bool,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Temporary {
    fn new(dir: &Path) -> io::Result<Temporary> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!("{TEMPORARY_PREFIX}{}-{number}", std::process::id()));
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        Ok(Temporary {
            file,
            path,
            kept: false,
        })
    }

    /// Makes it durable under its real name.
    fn keep(&mut self, path: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, path)?;
        self.kept = true;
        sync_folder_of(path)
    }
}

impl Write for Temporary {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about it here; a sweep by prefix finds it.
            fs::remove_file(&self.path).ok();
        }
    }
}
