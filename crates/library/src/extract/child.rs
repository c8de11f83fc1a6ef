//! The child's side: `lampion extract`.

use std::io::{BufWriter, Read, Write};

use super::{Frame, Request, files, harvested, records, zim};
use crate::model::Kind;

/// Writes frames to the parent and reads its answers.
pub struct Parent<'a> {
    out: BufWriter<Box<dyn Write + 'a>>,
    answers: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    sent: u64,
    limit: u64,
}

/// The parent is gone or has enough: stop quietly.
#[derive(Debug)]
pub struct Gone;

impl Parent<'_> {
    /// Sends a frame.
    pub(super) fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        self.buffer.clear();
        let buffer =
            postcard::to_extend(frame, std::mem::take(&mut self.buffer)).map_err(|_| Gone)?;
        let length = u32::try_from(buffer.len()).map_err(|_| Gone)?;
        self.out
            .write_all(&length.to_le_bytes())
            .map_err(|_| Gone)?;
        self.out.write_all(&buffer).map_err(|_| Gone)?;
        self.buffer = buffer;
        if matches!(frame, Frame::Item { .. } | Frame::Failed { .. }) {
            self.sent += 1;
            if self.sent == self.limit {
                self.out.flush().map_err(|_| Gone)?;
                return Err(Gone);
            }
        }
        Ok(())
    }

    /// Sends a frame at once: work on a slow item begins.
    pub(super) fn send_now(&mut self, frame: &Frame) -> Result<(), Gone> {
        self.send(frame)?;
        self.out.flush().map_err(|_| Gone)
    }

    /// Asks whether a document is needed.
    pub(super) fn needs(&mut self, key: &str, hash: u64) -> Result<bool, Gone> {
        self.send_now(&Frame::Ask {
            key: key.into(),
            hash,
        })?;
        let mut answer = [0u8; 1];
        self.answers.read_exact(&mut answer).map_err(|_| Gone)?;
        Ok(answer == [1])
    }
}

/// Reads the request from standard input and works until the end. The process should end after it.
///
/// # Errors
/// The request can't be read.
pub fn main() -> std::io::Result<()> {
    let mut input = std::io::stdin().lock();
    let mut length = [0u8; 4];
    input.read_exact(&mut length)?;
    let mut request = vec![0u8; (u32::from_le_bytes(length) as usize).min(1 << 20)];
    input.read_exact(&mut request)?;
    let request: Request = serde_json::from_slice(&request)?;
    confine(request.memory_bytes);
    let mut parent = Parent {
        out: BufWriter::with_capacity(64 << 10, Box::new(std::io::stdout().lock())),
        answers: Box::new(input),
        buffer: Vec::new(),
        sent: 0,
        limit: request.limit,
    };
    let _stopped_by_the_parent =
        run(&request, &mut parent).and_then(|()| parent.send_now(&Frame::End));
    Ok(())
}

fn run(request: &Request, parent: &mut Parent<'_>) -> Result<(), Gone> {
    match request.kind {
        Kind::Zim => zim::run(request, parent),
        Kind::Files => files::run(request, parent),
        Kind::Records if request.format == crate::harvest::FORMAT => {
            harvested::run(request, parent)
        }
        Kind::Records => records::run(request, parent),
        // Nobody asks for it: the catalogue comes from the feed, not from a file.
        Kind::Catalogue => Ok(()),
    }
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
fn confine(memory_bytes: u64) {
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
