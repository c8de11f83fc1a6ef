//! COMPRESS=DEFLATE (RFC 4978): raw deflate both ways.
//!
//! What is written is flushed at the end of each answer, and the compressor (some 300 KB) is dropped then: a new one may
//! go on at such a place, for it refers to nothing before. The reading side must keep its window of 32 KB.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Both directions.
pub(super) struct Deflate {
    inflate: Decompress,
    deflate: Option<Compress>,
}

/// How much is made at once.
const STEP: usize = 16 * 1024;

impl Deflate {
    pub(super) fn new() -> Self {
        Self {
            inflate: Decompress::new(false),
            deflate: None,
        }
    }

    /// Unpacks a little of `input` into `out`; gives how much was used. Stops where `out` has grown by some 16 KB, so that a
    /// small input can't fill the memory.
    pub(super) fn unpack(&mut self, input: &[u8], out: &mut Vec<u8>) -> io::Result<usize> {
        let before = self.inflate.total_in();
        out.reserve(STEP);
        let status = self
            .inflate
            .decompress_vec(input, out, FlushDecompress::None)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let used = usize::try_from(self.inflate.total_in() - before).unwrap_or(input.len());
        if status == Status::StreamEnd {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(used)
    }

    /// Packs `input`; with `end`, all of it can be unpacked by the other side.
    pub(super) fn pack(
        &mut self,
        mut input: &[u8],
        end: bool,
        out: &mut Vec<u8>,
    ) -> io::Result<()> {
        let deflate = self
            .deflate
            .get_or_insert_with(|| Compress::new(Compression::new(3), false));
        let flush = if end {
            FlushCompress::Full
        } else {
            FlushCompress::None
        };
        loop {
            out.reserve(STEP);
            let (before_in, before_out) = (deflate.total_in(), deflate.total_out());
            deflate
                .compress_vec(input, out, flush)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            let used = usize::try_from(deflate.total_in() - before_in).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            let made = deflate.total_out() - before_out;
            // There is room left, so all that there was has been written.
            if input.is_empty() && (out.capacity() > out.len() || made == 0) {
                break;
            }
        }
        if end {
            self.deflate = None;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_across_new_compressors() {
        let (mut one, mut other) = (Deflate::new(), Deflate::new());
        for round in 0..50usize {
            let text: Vec<u8> = (0..round * 3_000).map(|at| (at * at % 251) as u8).collect();
            let mut packed = Vec::new();
            one.pack(&text, true, &mut packed).unwrap();
            let (mut at, mut out) = (0, Vec::new());
            loop {
                let before = out.len();
                at += other.unpack(&packed[at..], &mut out).unwrap();
                if at == packed.len() && out.len() == before {
                    break;
                }
            }
            assert_eq!(out, text, "round {round}");
        }
    }
}
