//! Clusters and the blobs in them (ZIM file format, "Clusters").
//!
//! A cluster begins with an information byte: the method in its low four bits, and in the fifth
//! whether its offsets have 64 bits. Then come the offsets of the blobs, one more than there are
//! blobs, counted from the first offset; the first one therefore tells how many there are. In a
//! compressed cluster, offsets and blobs are compressed together.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;

use crate::archive::Limits;
use crate::decode::{Method, Permit, Place, Stream};
use crate::error::{Result, ZimError};
use crate::header::{u32_at, u64_at};
use crate::source::ReadAt;

/// Decompressed at least in one go, so that small blobs share one allocation.
const MIN_SEGMENT_BYTES: u64 = 64 * 1024;
/// Decompressed at most in one go beyond the blob that was asked for.
const MAX_SEGMENT_BYTES: u64 = 1024 * 1024;
/// The most blobs that one cluster may hold.
pub(crate) const MAX_BLOBS: u64 = 4 * 1024 * 1024;
/// Bytes of the table of offsets read at once.
const TABLE_STEP_BYTES: u64 = 64 * 1024;

/// A cluster that was looked at.
pub(crate) enum Cluster {
    /// Stored plainly: blobs are read from the file.
    Plain(Plain),
    /// Compressed.
    Packed(Box<Packed>),
}

/// A cluster that is stored plainly.
pub(crate) struct Plain {
    place: Place,
    width: u64,
    blob_count: u32,
}

/// A compressed cluster, decompressed as far as it was asked for.
pub(crate) struct Packed {
    source: Arc<dyn ReadAt>,
    place: Place,
    method: Method,
    width: u64,
    max_bytes: u64,
    /// Clusters with more bytes than this are not kept, only passed through.
    keep_bytes: u64,
    decoded: RwLock<Decoded>,
    /// Held while decompressing: who else needs more of this cluster waits here.
    stream: Mutex<Option<Stream>>,
}

#[derive(Default)]
struct Decoded {
    /// Offsets of the blobs in the decompressed data, and the end of the last one.
    offsets: Arc<[u32]>,
    segments: Vec<Segment>,
    /// Bytes in `segments`.
    bytes: u64,
}

/// Some blobs in a row, decompressed.
struct Segment {
    first: u32,
    end: u32,
    start: u64,
    bytes: Bytes,
}

impl Cluster {
    /// Looks at the information byte of the cluster at `place`.
    pub fn open(
        source: &Arc<dyn ReadAt>,
        place: Place,
        limits: &Limits,
        keep_bytes: u64,
    ) -> Result<Self> {
        let mut head = [0u8; 9];
        let room = place.end.saturating_sub(place.offset).min(9) as usize;
        let read = head.get_mut(..room).unwrap_or(&mut []);
        source
            .read_at(place.offset, read)
            .map_err(|error| Place::unreadable(&**source, place.offset, error))?;
        if room < 5 {
            return Err(place.bad(&**source, "the archive ends inside it"));
        }
        let info = head[0];
        let width = if info & 0x10 == 0 { 4 } else { 8 };
        let method = match info & 0x0f {
            0 | 1 => Method::Plain,
            4 => Method::Xz,
            5 => Method::Zstd,
            other => {
                let method = match other {
                    2 => String::from("zlib"),
                    3 => String::from("bzip2"),
                    other => format!("method {other}"),
                };
                let part = source.part_at(place.offset);
                return Err(ZimError::UnsupportedCompression {
                    cluster: place.number,
                    part,
                    method,
                });
            }
        };
        if method != Method::Plain {
            return Ok(Self::Packed(Box::new(Packed {
                source: Arc::clone(source),
                place,
                method,
                width,
                max_bytes: limits.max_cluster_bytes,
                keep_bytes,
                decoded: RwLock::default(),
                stream: Mutex::new(None),
            })));
        }
        let first = if width == 4 {
            u64::from(u32_at(&head, 1))
        } else {
            u64_at(&head, 1)
        };
        let room = place.end.saturating_sub(place.offset + 1);
        let blob_count =
            count_blobs(first, width, room).map_err(|why| place.bad(&**source, why))?;
        Ok(Self::Plain(Plain {
            place,
            width,
            blob_count,
        }))
    }

    /// Length of blob `blob`.
    pub fn blob_len(&self, source: &dyn ReadAt, blob: u32) -> Result<u64> {
        match self {
            Self::Plain(plain) => plain.span(source, blob).map(|(_, len)| len),
            Self::Packed(packed) => packed.span(blob).map(|(start, end)| u64::from(end - start)),
        }
    }

    /// Number of blobs.
    pub fn blob_count(&self) -> Result<u32> {
        match self {
            Self::Plain(plain) => Ok(plain.blob_count),
            Self::Packed(packed) => Ok(packed.offsets()?.len().saturating_sub(1) as u32),
        }
    }

    /// Reads the whole table of offsets and checks it.
    pub fn check_table(&self, source: &dyn ReadAt) -> Result<()> {
        match self {
            Self::Plain(plain) => plain.check_table(source),
            Self::Packed(packed) => packed.offsets().map(|_| ()),
        }
    }

    /// Gives back the decoder, unless it is at work; who comes for more starts a new one.
    pub fn rest(&self) {
        if let Self::Packed(packed) = self
            && let Ok(mut stream) = packed.stream.try_lock()
        {
            *stream = None;
        }
    }

    /// Whether a decoder waits to go on.
    pub fn is_unfinished(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Packed(packed) => packed
                .stream
                .try_lock()
                .is_ok_and(|stream| stream.is_some()),
        }
    }

    /// Memory that the cluster holds, roughly, while nobody reads it.
    pub fn memory_bytes(&self) -> u64 {
        match self {
            Self::Plain(_) => size_of::<Self>() as u64,
            Self::Packed(packed) => packed.memory_bytes(),
        }
    }
}

/// How many blobs a cluster has whose first offset is `first`.
fn count_blobs(first: u64, width: u64, room: u64) -> std::result::Result<u32, String> {
    if first < width || !first.is_multiple_of(width) {
        return Err(format!(
            "its first offset is {first}, not the length of a table of offsets"
        ));
    }
    if first > room {
        return Err(format!(
            "its table of {first} bytes does not fit into the {room} bytes left"
        ));
    }
    let count = first / width - 1;
    if count > MAX_BLOBS {
        return Err(format!(
            "it claims {count} blobs, more than the limit of {MAX_BLOBS}"
        ));
    }
    u32::try_from(count).map_err(|error| error.to_string())
}

fn no_such_blob(blob: u32, count: u32) -> String {
    format!("blob {blob} is asked for, and it has {count}")
}

impl Plain {
    /// Where blob `blob` lies in the archive, and its length.
    pub fn span(&self, source: &dyn ReadAt, blob: u32) -> Result<(u64, u64)> {
        if blob >= self.blob_count {
            return Err(self.place.bad(source, no_such_blob(blob, self.blob_count)));
        }
        let data = self.place.offset + 1;
        let at = data + u64::from(blob) * self.width;
        let mut pair = [0u8; 16];
        let pair = pair.get_mut(..(self.width * 2) as usize).unwrap_or(&mut []);
        source
            .read_at(at, pair)
            .map_err(|error| Place::unreadable(source, at, error))?;
        let (start, end) = (self.number(pair, 0), self.number(pair, 1));
        let room = self.place.end.saturating_sub(data);
        let table = (u64::from(self.blob_count) + 1) * self.width;
        if start < table || end < start || end > room {
            let reason = format!("its blob {blob} lies at {start} to {end} of {room} bytes");
            return Err(self.place.bad(source, reason));
        }
        Ok((data + start, end - start))
    }

    fn number(&self, buf: &[u8], at: usize) -> u64 {
        if self.width == 4 {
            u64::from(u32_at(buf, at * 4))
        } else {
            u64_at(buf, at * 8)
        }
    }

    fn check_table(&self, source: &dyn ReadAt) -> Result<()> {
        let data = self.place.offset + 1;
        let total = (u64::from(self.blob_count) + 1) * self.width;
        let room = self.place.end.saturating_sub(data);
        let (mut at, mut last, mut number) = (0, total, 0u64);
        let mut buf = Vec::new();
        while at < total {
            let step = (total - at).min(TABLE_STEP_BYTES);
            buf.resize(step as usize, 0);
            source
                .read_at(data + at, &mut buf)
                .map_err(|error| Place::unreadable(source, data + at, error))?;
            for slot in 0..(step / self.width) as usize {
                let offset = self.number(&buf, slot);
                if offset < last || offset > room {
                    let reason =
                        format!("its offset {number} is {offset}, outside {last} to {room}");
                    return Err(self.place.bad(source, reason));
                }
                last = offset;
                number += 1;
            }
            at += step;
        }
        Ok(())
    }
}

impl Packed {
    /// Blob `blob`, decompressing as much as that needs; tells whether anything was decompressed.
    pub fn read(&self, blob: u32) -> Result<(Bytes, bool)> {
        if let Some(bytes) = self.ready(blob) {
            return Ok((bytes, false));
        }
        let mut guard = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        // While this thread waited, another may have decompressed it.
        if let Some(bytes) = self.ready(blob) {
            return Ok((bytes, false));
        }
        let _permit = Permit::wait();
        // A stream that failed is gone: the next one who asks starts again, since a stick that
        // was unplugged may be back.
        let mut stream = guard.take();
        let offsets = self.offsets_with(&mut stream)?;
        let bytes = self.decode(blob, &offsets, &mut stream)?;
        *guard = stream;
        Ok((bytes, true))
    }

    /// Start and end of blob `blob` in the decompressed data.
    fn span(&self, blob: u32) -> Result<(u32, u32)> {
        let offsets = self.offsets()?;
        self.span_in(&offsets, blob)
    }

    fn span_in(&self, offsets: &[u32], blob: u32) -> Result<(u32, u32)> {
        match (offsets.get(blob as usize), offsets.get(blob as usize + 1)) {
            (Some(start), Some(end)) => Ok((*start, *end)),
            _ => {
                let count = offsets.len().saturating_sub(1) as u32;
                Err(self.place.bad(&*self.source, no_such_blob(blob, count)))
            }
        }
    }

    /// The table of offsets.
    fn offsets(&self) -> Result<Arc<[u32]>> {
        let known = Arc::clone(
            &self
                .decoded
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .offsets,
        );
        if !known.is_empty() {
            return Ok(known);
        }
        let mut guard = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let _permit = Permit::wait();
        let mut stream = guard.take();
        let offsets = self.offsets_with(&mut stream)?;
        *guard = stream;
        Ok(offsets)
    }

    fn offsets_with(&self, stream: &mut Option<Stream>) -> Result<Arc<[u32]>> {
        let known = Arc::clone(
            &self
                .decoded
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .offsets,
        );
        if !known.is_empty() {
            return Ok(known);
        }
        let mut fresh = Stream::start(Arc::clone(&self.source), self.place, self.method)?;
        let offsets: Arc<[u32]> = self.read_table(&mut fresh)?.into();
        *stream = Some(fresh);
        let mut decoded = self.decoded.write().unwrap_or_else(PoisonError::into_inner);
        decoded.offsets = Arc::clone(&offsets);
        Ok(offsets)
    }

    fn read_table(&self, stream: &mut Stream) -> Result<Vec<u32>> {
        let bad = |reason: String| self.place.bad(&*self.source, reason);
        let mut buf = Vec::new();
        stream.read(self.width as usize, &mut buf)?;
        let mut last = self.number(&buf, 0);
        let room = self.max_bytes.min(u64::from(u32::MAX));
        let count = count_blobs(last, self.width, room).map_err(bad)?;
        let mut offsets = vec![last as u32];
        let mut left = u64::from(count) * self.width;
        while left > 0 {
            let step = left.min(TABLE_STEP_BYTES);
            buf.clear();
            stream.read(step as usize, &mut buf)?;
            offsets.reserve((step / self.width) as usize);
            for slot in 0..(step / self.width) as usize {
                let offset = self.number(&buf, slot);
                if offset < last {
                    return Err(bad(format!(
                        "its offset {} lies before the one it follows",
                        offsets.len()
                    )));
                }
                if offset > room {
                    return Err(ZimError::TooLarge {
                        what: format!(
                            "cluster {} in {}",
                            self.place.number,
                            self.source.part_at(self.place.offset)
                        ),
                        size: offset,
                        limit: room,
                    });
                }
                offsets.push(offset as u32);
                last = offset;
            }
            left -= step;
        }
        Ok(offsets)
    }

    fn number(&self, buf: &[u8], at: usize) -> u64 {
        if self.width == 4 {
            u64::from(u32_at(buf, at * 4))
        } else {
            u64_at(buf, at * 8)
        }
    }

    /// Blob `blob`, if it is decompressed already.
    fn ready(&self, blob: u32) -> Option<Bytes> {
        let decoded = self.decoded.read().unwrap_or_else(PoisonError::into_inner);
        let number = decoded
            .segments
            .partition_point(|segment| segment.end <= blob);
        let segment = decoded
            .segments
            .get(number)
            .filter(|segment| segment.first <= blob)?;
        segment.slice(&decoded.offsets, blob)
    }

    /// Decompresses up to the end of blob `blob`, and a little further where it is kept.
    fn decode(&self, blob: u32, offsets: &[u32], stream: &mut Option<Stream>) -> Result<Bytes> {
        let (start, end) = self.span_in(offsets, blob)?;
        let total = u64::from(offsets.last().copied().unwrap_or(0));
        let keep = total <= self.keep_bytes;
        let (first, bytes_so_far) = if keep {
            let decoded = self.decoded.read().unwrap_or_else(PoisonError::into_inner);
            (
                decoded.segments.last().map_or(0, |segment| segment.end),
                decoded.bytes,
            )
        } else {
            (blob, 0)
        };
        let from = u64::from(self.span_in(offsets, first)?.0);
        let mut until = u64::from(end);
        let mut end_blob = blob + 1;
        if keep {
            // Each time somebody comes back for more, more is decompressed ahead.
            let ahead = bytes_so_far.clamp(MIN_SEGMENT_BYTES, MAX_SEGMENT_BYTES);
            let aim = (from + ahead).max(until);
            let fits = offsets.partition_point(|offset| u64::from(*offset) <= aim);
            end_blob = u32::try_from(fits.saturating_sub(1))
                .unwrap_or(end_blob)
                .max(end_blob);
            until = offsets
                .get(end_blob as usize)
                .map_or(until, |offset| u64::from(*offset));
        }
        let mut running = match stream.take() {
            Some(stream) if stream.position() <= from => stream,
            _ => Stream::start(Arc::clone(&self.source), self.place, self.method)?,
        };
        running.skip_to(from)?;
        let mut data = Vec::new();
        let size = usize::try_from(until - from).unwrap_or(usize::MAX);
        running.read(size, &mut data)?;
        if until < total {
            *stream = Some(running);
        }
        let segment = Segment {
            first,
            end: end_blob,
            start: from,
            bytes: data.into(),
        };
        let wanted = segment.slice(offsets, blob).ok_or_else(|| {
            self.place.bad(
                &*self.source,
                format!("blob {blob} at {start} to {end} is out of place"),
            )
        })?;
        let mut decoded = self.decoded.write().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            decoded.segments.clear();
            decoded.bytes = 0;
        }
        if keep || size as u64 <= self.keep_bytes {
            decoded.bytes += size as u64;
            decoded.segments.push(segment);
        }
        Ok(wanted)
    }

    fn memory_bytes(&self) -> u64 {
        let decoder = match self.stream.try_lock() {
            Ok(stream) => stream.as_ref().map_or(0, Stream::memory_bytes),
            Err(_) => 0,
        };
        let decoded = self.decoded.read().unwrap_or_else(PoisonError::into_inner);
        let segments = decoded.segments.len() * size_of::<Segment>();
        let table = decoded.offsets.len() * 4;
        (size_of::<Self>() + segments + table) as u64 + decoded.bytes + decoder
    }
}

impl Segment {
    fn slice(&self, offsets: &[u32], blob: u32) -> Option<Bytes> {
        let start = u64::from(*offsets.get(blob as usize)?).checked_sub(self.start)?;
        let end = u64::from(*offsets.get(blob as usize + 1)?).checked_sub(self.start)?;
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
        (start <= end && end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }
}
