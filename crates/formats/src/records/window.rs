//! A sliding window over a source: the only place where readers of records
//! hold bytes, so that memory stays bounded whatever comes.

use std::io::{self, BufRead};

/// Bytes of a source from a known offset on.
pub(crate) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    offset: u64,
    ended: bool,
}

/// Where a search in the window ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// At this place, counted from the window's start.
    At(usize),
    /// The source ended before it.
    End,
    /// It is not within the limit.
    TooFar,
}

impl<R: BufRead> Window<R> {
    /// A window on a source that stands at `offset` bytes.
    pub(crate) fn new(source: R, offset: u64) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            start: 0,
            offset,
            ended: false,
        }
    }

    /// What has been read and not consumed.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// The offset of the window's first byte in the source.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads one more chunk; false at the end of the source.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 && self.start >= self.buffer.len() / 2 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        loop {
            match self.source.fill_buf() {
                Ok([]) => {
                    self.ended = true;
                    return Ok(false);
                }
                Ok(chunk) => {
                    let taken = chunk.len();
                    self.buffer.extend_from_slice(chunk);
                    self.source.consume(taken);
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads until `wanted` bytes are there; false if the source ends before.
    pub(crate) fn ensure(&mut self, wanted: usize) -> io::Result<bool> {
        while self.bytes().len() < wanted {
            if !self.more()? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Drops bytes from the window's front.
    pub(crate) fn consume(&mut self, count: usize) {
        let count = count.min(self.bytes().len());
        self.start += count;
        self.offset += count as u64;
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Finds a byte at or after `from`, reading no further than `limit`.
    pub(crate) fn find(&mut self, needle: u8, from: usize, limit: usize) -> io::Result<Found> {
        let mut looked = from;
        loop {
            if let Some(rest) = self.bytes().get(looked..) {
                if let Some(at) = memchr::memchr(needle, rest) {
                    return Ok(Found::At(looked + at));
                }
                looked += rest.len();
            }
            if self.bytes().len() >= limit {
                return Ok(Found::TooFar);
            }
            if !self.more()? {
                return Ok(Found::End);
            }
        }
    }

    /// Drops bytes up to and including the next `needle`; false if there is none.
    pub(crate) fn skip_past(&mut self, needle: u8) -> io::Result<bool> {
        loop {
            if let Some(at) = memchr::memchr(needle, self.bytes()) {
                self.consume(at + 1);
                return Ok(true);
            }
            let all = self.bytes().len();
            self.consume(all);
            if !self.more()? {
                return Ok(false);
            }
        }
    }
}
