//! Sorted runs of word starts on disk, and their merging.

use super::format::MAX_KEY_BYTES;
use super::normal::Start;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Read ahead of each run while merging.
const BUFFER_BYTES: usize = 64 << 10;
/// Least space of a spilled item: lengths, then the fixed fields.
const FIXED_BYTES: usize = 9;

/// A word start in memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    /// First bytes of the key, so that most comparisons need no text.
    head: u64,
    position: u32,
    id: u32,
    at: u16,
    score: u16,
    key_bytes: u8,
    word: bool,
}

impl Item {
    /// A start whose suffix lies at `position` of the run's text.
    pub(crate) fn new(suffix: &[u8], position: usize, id: u32, start: &Start, score: u16) -> Item {
        let mut head = [0; 8];
        for (to, from) in head.iter_mut().zip(suffix) {
            *to = *from;
        }
        Item {
            head: u64::from_be_bytes(head),
            position: position as u32,
            id,
            at: start.at,
            score,
            key_bytes: suffix.len().min(MAX_KEY_BYTES) as u8,
            word: start.word,
        }
    }

    fn key<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        let from = self.position as usize;
        text.get(from..from + usize::from(self.key_bytes))
            .unwrap_or_default()
    }

    pub(crate) fn compare(&self, other: &Item, text: &[u8]) -> Ordering {
        self.head
            .cmp(&other.head)
            .then_with(|| self.key(text).cmp(other.key(text)))
            .then_with(|| (self.id, self.at).cmp(&(other.id, other.at)))
    }
}

/// Where a run lies in the spill file.
pub(crate) struct Run {
    pub at: u64,
    pub bytes: u64,
}

/// Writes sorted items, each key without what it shares with the one before.
pub(crate) fn write_run(items: &[Item], text: &[u8], out: &mut impl Write) -> io::Result<u64> {
    let mut before: &[u8] = &[];
    let mut bytes = 0;
    for item in items {
        let key = item.key(text);
        let shared = before.iter().zip(key).take_while(|(a, b)| a == b).count();
        let rest = key.get(shared..).unwrap_or_default();
        let mut fixed = [0; 2 + FIXED_BYTES];
        let parts = [shared as u8, rest.len() as u8].into_iter();
        let parts = parts
            .chain(item.id.to_le_bytes())
            .chain(item.at.to_le_bytes());
        let parts = parts
            .chain(item.score.to_le_bytes())
            .chain([u8::from(item.word)]);
        for (to, from) in fixed.iter_mut().zip(parts) {
            *to = from;
        }
        out.write_all(&fixed)?;
        out.write_all(rest)?;
        bytes += (fixed.len() + rest.len()) as u64;
        before = key;
    }
    Ok(bytes)
}

/// The next item of one run.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub key: Vec<u8>,
    pub id: u32,
    pub at: u16,
    pub score: u16,
    pub word: bool,
    run: usize,
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Head {}
impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Head {
    /// Turned round: the heap's greatest is the least key.
    fn cmp(&self, other: &Head) -> Ordering {
        other
            .key
            .cmp(&self.key)
            .then_with(|| (other.id, other.at).cmp(&(self.id, self.at)))
    }
}

struct Reader {
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Reader {
    /// Makes sure that `n` bytes are buffered; false at the end of the run.
    fn fill(&mut self, n: usize, file: &mut File) -> io::Result<bool> {
        if self.buffer.len() - self.used >= n {
            return Ok(true);
        }
        self.buffer.drain(..self.used);
        self.used = 0;
        let want = (BUFFER_BYTES as u64).min(self.end - self.next);
        file.seek(SeekFrom::Start(self.next))?;
        let got = file.take(want).read_to_end(&mut self.buffer)?;
        self.next += got as u64;
        Ok(self.buffer.len() >= n)
    }

    fn take(&mut self, n: usize) -> &[u8] {
        let from = self.used;
        self.used += n;
        self.buffer.get(from..from + n).unwrap_or_default()
    }

    /// Reads the next item into `head`; false at the end of the run.
    fn read(&mut self, head: &mut Head, file: &mut File) -> io::Result<bool> {
        if !self.fill(2 + FIXED_BYTES, file)? {
            return Ok(false);
        }
        let &[shared, rest, i0, i1, i2, i3, a0, a1, s0, s1, word] = self.take(2 + FIXED_BYTES)
        else {
            return Ok(false);
        };
        if !self.fill(usize::from(rest), file)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        head.key.truncate(usize::from(shared));
        head.key.extend_from_slice(self.take(usize::from(rest)));
        head.id = u32::from_le_bytes([i0, i1, i2, i3]);
        head.at = u16::from_le_bytes([a0, a1]);
        head.score = u16::from_le_bytes([s0, s1]);
        head.word = word != 0;
        Ok(true)
    }
}

/// All runs as one sorted sequence.
pub(crate) struct Merge<'f> {
    file: &'f mut File,
    readers: Vec<Reader>,
    heap: BinaryHeap<Head>,
    fresh: bool,
}

impl<'f> Merge<'f> {
    pub(crate) fn new(file: &'f mut File, runs: &[Run]) -> io::Result<Merge<'f>> {
        let mut merge = Merge {
            file,
            readers: Vec::new(),
            heap: BinaryHeap::new(),
            fresh: true,
        };
        for (n, run) in runs.iter().enumerate() {
            let mut reader = Reader {
                next: run.at,
                end: run.at + run.bytes,
                buffer: Vec::new(),
                used: 0,
            };
            let mut head = Head {
                run: n,
                ..Head::default()
            };
            if reader.read(&mut head, merge.file)? {
                merge.heap.push(head);
            }
            merge.readers.push(reader);
        }
        Ok(merge)
    }

    /// The next item in order.
    pub(crate) fn next(&mut self) -> io::Result<Option<&Head>> {
        if !self.fresh
            && let Some(mut top) = self.heap.peek_mut()
        {
            let more = match self.readers.get_mut(top.run) {
                Some(reader) => reader.read(&mut top, self.file)?,
                None => false,
            };
            if !more {
                PeekMut::pop(top);
            }
        }
        self.fresh = false;
        Ok(self.heap.peek())
    }
}
