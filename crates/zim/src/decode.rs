//! Decompression of one cluster, as far as it is asked for and no further.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use liblzma::stream::{Action, Status, Stream as XzStream};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use crate::error::{Result, ZimError};
use crate::source::ReadAt;

/// Compressed bytes read at once.
const INPUT_BYTES: u64 = 32 * 1024;
/// Decompressed bytes for which memory is taken before they are there: a hostile archive may
/// announce far more than it holds.
const GROW_BYTES: usize = 2 * 1024 * 1024;
/// Bytes thrown away at once when skipping.
const SKIP_BYTES: usize = 64 * 1024;
/// Memory that the xz decoder may take. Archives written with the strongest preset need 65 MB.
const XZ_MEMORY_BYTES: u64 = 128 * 1024 * 1024;
/// Window that a zstd frame may ask for, as a power of two: 128 MB, which level 22 needs.
const ZSTD_WINDOW_LOG: u32 = 27;
/// Memory of a decoder apart from its window, roughly.
const DECODER_BYTES: u64 = 256 * 1024;

/// Idle zstd decoders that are kept for reuse, so that their windows are not taken from the system
/// and given back for every cluster.
const MAX_SPARE: usize = 4;
/// Threads that may decompress at once, in all archives together.
const MAX_BUSY: usize = 4;
/// A decoder is reused only if the window that its last frame took is no larger than this: 8 MB,
/// what level 19 needs.
const MAX_SPARE_WINDOW: u64 = 8 * 1024 * 1024;

/// How the data of a cluster are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Plain,
    Xz,
    Zstd,
}

/// Where a cluster lies in the archive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Number of the cluster.
    pub number: u32,
    /// Offset of its information byte.
    pub offset: u64,
    /// First byte that can't belong to it.
    pub end: u64,
}

impl Place {
    /// An error that names the cluster.
    pub fn bad(&self, source: &dyn ReadAt, reason: impl Into<String>) -> ZimError {
        ZimError::BadCluster {
            cluster: self.number,
            part: source.part_at(self.offset),
            reason: reason.into(),
        }
    }

    /// An error of the system that names the part.
    pub fn unreadable(source: &dyn ReadAt, offset: u64, error: std::io::Error) -> ZimError {
        ZimError::Read {
            part: source.part_at(offset),
            offset,
            source: error,
        }
    }
}

enum Decoder {
    Xz(XzStream),
    Zstd(Zstd),
}

/// The data of a compressed cluster as a stream that can be stopped and continued.
pub(crate) struct Stream {
    source: Arc<dyn ReadAt>,
    place: Place,
    decoder: Decoder,
    input: Vec<u8>,
    /// First byte of `input` that is not yet decompressed.
    input_pos: usize,
    /// Where in the archive the next input lies.
    next_input: u64,
    /// Decompressed bytes so far.
    position: u64,
    ended: bool,
}

impl Stream {
    /// Begins to decompress the cluster at `place`.
    pub fn start(source: Arc<dyn ReadAt>, place: Place, method: Method) -> Result<Self> {
        let decoder = match method {
            Method::Xz => XzStream::new_stream_decoder(XZ_MEMORY_BYTES, 0)
                .map(Decoder::Xz)
                .map_err(|error| error.to_string()),
            Method::Zstd => Zstd::new()
                .map(Decoder::Zstd)
                .map_err(|error| error.to_string()),
            Method::Plain => Err(String::from("it is not compressed")),
        };
        let decoder = decoder.map_err(|error| place.bad(&*source, error))?;
        let next_input = place.offset + 1;
        let input = Vec::new();
        Ok(Self {
            source,
            place,
            decoder,
            input,
            input_pos: 0,
            next_input,
            position: 0,
            ended: false,
        })
    }

    /// Decompressed bytes so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Memory that the stream holds, roughly.
    pub fn memory_bytes(&self) -> u64 {
        DECODER_BYTES + self.input.capacity() as u64 + self.position.min(1 << ZSTD_WINDOW_LOG)
    }

    /// Appends the next `want` bytes to `out`.
    pub fn read(&mut self, want: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut left = want;
        while left > 0 {
            let step = left.min(GROW_BYTES);
            let from = out.len();
            out.try_reserve(step).map_err(|_| {
                self.place
                    .bad(&*self.source, format!("no memory for {want} bytes of it"))
            })?;
            out.resize(from + step, 0);
            if let Some(space) = out.get_mut(from..) {
                self.fill(space)?;
            }
            left -= step;
        }
        Ok(())
    }

    /// Throws away everything before byte `position`.
    pub fn skip_to(&mut self, position: u64) -> Result<()> {
        let mut scratch = Vec::new();
        while self.position < position {
            let step = (position - self.position).min(SKIP_BYTES as u64);
            scratch.resize(usize::try_from(step).unwrap_or(SKIP_BYTES), 0);
            self.fill(&mut scratch)?;
        }
        Ok(())
    }

    /// Fills `space` with the next bytes.
    fn fill(&mut self, space: &mut [u8]) -> Result<()> {
        let mut done = 0;
        while let Some(rest) = space.get_mut(done..).filter(|rest| !rest.is_empty()) {
            if self.ended {
                let reason = format!(
                    "its data end after {} bytes, before its blobs do",
                    self.position
                );
                return Err(self.place.bad(&*self.source, reason));
            }
            if self.input_pos >= self.input.len() {
                self.read_input()?;
            }
            let input = self.input.get(self.input_pos..).unwrap_or(&[]);
            let no_more_input = input.is_empty();
            let step = self.decoder.step(input, rest);
            let step = step.map_err(|error| self.place.bad(&*self.source, error))?;
            if step.read == 0 && step.written == 0 && !step.ended && no_more_input {
                let reason = format!(
                    "its compressed data are cut off after {} bytes",
                    self.position
                );
                return Err(self.place.bad(&*self.source, reason));
            }
            self.input_pos += step.read;
            self.position += step.written as u64;
            self.ended = step.ended;
            done += step.written;
        }
        Ok(())
    }

    fn read_input(&mut self) -> Result<()> {
        let size = self
            .place
            .end
            .saturating_sub(self.next_input)
            .min(INPUT_BYTES);
        self.input.resize(usize::try_from(size).unwrap_or(0), 0);
        self.input_pos = 0;
        self.source
            .read_at(self.next_input, &mut self.input)
            .map_err(|error| Place::unreadable(&*self.source, self.next_input, error))?;
        self.next_input += size;
        Ok(())
    }
}

/// What one call of a decoder did.
struct Step {
    read: usize,
    written: usize,
    ended: bool,
}

impl Decoder {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> std::result::Result<Step, String> {
        match self {
            Self::Xz(stream) => {
                let before = (stream.total_in(), stream.total_out());
                let status =
                    stream
                        .process(input, output, Action::Run)
                        .map_err(|error| match error {
                            liblzma::stream::Error::MemLimit => {
                                format!(
                                    "its xz data need more than {XZ_MEMORY_BYTES} bytes of memory"
                                )
                            }
                            error => format!("its xz data are damaged ({error})"),
                        })?;
                Ok(Step {
                    read: usize::try_from(stream.total_in() - before.0).unwrap_or(0),
                    written: usize::try_from(stream.total_out() - before.1).unwrap_or(0),
                    ended: status == Status::StreamEnd,
                })
            }
            Self::Zstd(zstd) => {
                zstd.window.get_or_insert_with(|| zstd_window(input));
                let Some(decoder) = &mut zstd.decoder else {
                    return Err(String::from("no decoder"));
                };
                let mut input = InBuffer::around(input);
                let mut output = OutBuffer::around(output);
                let hint = decoder
                    .run(&mut input, &mut output)
                    .map_err(|error| format!("its zstd data are damaged ({error})"))?;
                Ok(Step {
                    read: input.pos(),
                    written: output.pos(),
                    ended: hint == 0,
                })
            }
        }
    }
}

/// A zstd decoder that goes back to the spare ones when it is dropped.
struct Zstd {
    /// There until it is dropped.
    decoder: Option<ZstdDecoder<'static>>,
    /// Bytes of the window that its frame asks for, once known.
    window: Option<u64>,
}

/// Threads that decompress now.
static BUSY: Mutex<usize> = Mutex::new(0);
/// Tells that one of them is done.
static DONE: Condvar = Condvar::new();

/// Leave to decompress, given back when dropped.
///
/// Each thread at it needs memory for a window and a blob; more of them than there are cores
/// would only need more.
pub(crate) struct Permit(());

impl Permit {
    /// Waits until fewer than [`MAX_BUSY`] threads decompress.
    pub fn wait() -> Self {
        let busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
        let free = DONE.wait_while(busy, |busy| *busy >= MAX_BUSY);
        *free.unwrap_or_else(PoisonError::into_inner) += 1;
        Self(())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut busy = BUSY.lock().unwrap_or_else(PoisonError::into_inner);
        *busy = busy.saturating_sub(1);
        DONE.notify_one();
    }
}

static SPARE: Mutex<Vec<ZstdDecoder<'static>>> = Mutex::new(Vec::new());

impl Zstd {
    fn new() -> std::io::Result<Self> {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let decoder = match spare {
            Some(decoder) => decoder,
            None => {
                let mut decoder = ZstdDecoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                decoder
            }
        };
        Ok(Self {
            decoder: Some(decoder),
            window: None,
        })
    }
}

impl Drop for Zstd {
    fn drop(&mut self) {
        let Some(mut decoder) = self.decoder.take() else {
            return;
        };
        if self.window.is_none_or(|window| window > MAX_SPARE_WINDOW) || decoder.reinit().is_err() {
            return;
        }
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MAX_SPARE {
            spare.push(decoder);
        }
    }
}

/// Bytes of the window that the frame at the start of `input` asks for (RFC 8878 §3.1.1.1.2);
/// the most there is when that can't be told.
fn zstd_window(input: &[u8]) -> u64 {
    const SINGLE_SEGMENT: u8 = 0x20;
    match (input.get(4), input.get(5)) {
        (Some(flags), Some(window)) if flags & SINGLE_SEGMENT == 0 => {
            let base = 1u64 << (10 + (window >> 3));
            base + base / 8 * u64::from(window & 7)
        }
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_window_of_a_frame_is_known_from_its_first_bytes() {
        for log in [10, 17, 20, 23] {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.window_log(log).unwrap();
            encoder.write_all(b"some").unwrap();
            encoder.flush().unwrap();
            encoder.write_all(b" more").unwrap();
            assert_eq!(zstd_window(&encoder.finish().unwrap()), 1 << log);
        }
        assert_eq!(zstd_window(&[]), u64::MAX);
        assert_eq!(zstd_window(&[0x28, 0xb5, 0x2f, 0xfd, 0x20, 9]), u64::MAX);
    }
}
