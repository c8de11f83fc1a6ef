//! The child's side: `lampion extract`.

use std::io::Read;

use lampion_confined::inside::{self, Frames};

use super::{Frame, Request, files, harvested, records, zim};
use crate::model::Kind;

pub(super) use lampion_confined::inside::Gone;

/// Writes frames to the parent and reads its answers.
pub struct Parent<'a> {
    out: Frames<'a>,
    answers: Box<dyn Read + 'a>,
    sent: u64,
    limit: u64,
}

impl Parent<'_> {
    /// Sends a frame.
    pub(super) fn send(&mut self, frame: &Frame) -> Result<(), Gone> {
        self.out.send(frame)?;
        if matches!(frame, Frame::Item { .. } | Frame::Failed { .. }) {
            self.sent += 1;
            if self.sent == self.limit {
                self.out.flush()?;
                return Err(Gone);
            }
        }
        Ok(())
    }

    /// Sends a frame at once: work on a slow item begins.
    pub(super) fn send_now(&mut self, frame: &Frame) -> Result<(), Gone> {
        self.send(frame)?;
        self.out.flush()
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
    let request: Request = inside::request(&mut input)?;
    inside::confine(request.memory_bytes);
    let mut parent = Parent {
        out: Frames::new(std::io::stdout().lock()),
        answers: Box::new(input),
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
