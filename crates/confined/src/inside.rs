//! The child's side: its request, its limits, the frames that it writes.

use std::io::{self, BufWriter, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::REQUEST_LIMIT;

/// The parent is gone or has enough: stop quietly.
#[derive(Debug)]
pub struct Gone;

/// Writes frames to the parent.
pub struct Frames<'a> {
    out: BufWriter<Box<dyn Write + 'a>>,
    buffer: Vec<u8>,
}

impl<'a> Frames<'a> {
    /// Frames to this writer.
    pub fn new(out: impl Write + 'a) -> Self {
        Self {
            out: BufWriter::with_capacity(64 << 10, Box::new(out)),
            buffer: Vec::new(),
        }
    }

    /// Writes a frame; it is sent with those after it.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn send(&mut self, frame: &impl Serialize) -> Result<(), Gone> {
        self.buffer.clear();
        let buffer =
            postcard::to_extend(frame, std::mem::take(&mut self.buffer)).map_err(|_| Gone)?;
        let length = u32::try_from(buffer.len()).map_err(|_| Gone)?;
        self.out
            .write_all(&length.to_le_bytes())
            .map_err(|_| Gone)?;
        self.out.write_all(&buffer).map_err(|_| Gone)?;
        self.buffer = buffer;
        Ok(())
    }

    /// Sends what was written.
    ///
    /// # Errors
    /// [`Gone`].
    pub fn flush(&mut self) -> Result<(), Gone> {
        self.out.flush().map_err(|_| Gone)
    }
}

/// Reads the request.
///
/// # Errors
/// It isn't one.
pub fn request<R: DeserializeOwned>(input: &mut impl Read) -> io::Result<R> {
    let request = piece(input, REQUEST_LIMIT)?;
    Ok(serde_json::from_slice(&request)?)
}

/// Reads bytes that have their length before them; more than `limit` are refused.
///
/// # Errors
/// The parent is gone, or they are too many.
pub fn piece(input: &mut impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut length = [0u8; 4];
    input.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if length > limit {
        return Err(io::Error::other("a piece over the limit"));
    }
    let mut bytes = vec![0u8; length];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// What the allocator has set aside before anything was read; it counts against the limit without being used.
fn reserved_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let data = status
        .lines()
        .find_map(|line| line.strip_prefix("VmData:"))
        .and_then(|rest| {
            rest.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        });
    data.unwrap_or(0) << 10
}

/// Limits on this process: memory that isn't a mapped file, no core dumps, no larger files than needed, lower priority.
pub fn confine(memory_bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = |bytes: u64| Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    // A limit that the system refuses leaves the others; the parent's clock still stands.
    let _ignored = setrlimit(
        Resource::Data,
        limit(memory_bytes.saturating_add(reserved_bytes())),
    );
    let _ignored = setrlimit(Resource::Core, limit(0));
    let _ignored = setrlimit(Resource::Nproc, limit(4096));
    let _ignored = rustix::process::nice(5);
}
