//! The parent's side: starts a child, reads its frames, and goes on with another when one dies or stalls.

use std::collections::VecDeque;
use std::io;

use lampion_confined::{Child, Silence};
use tokio_util::sync::CancellationToken;

use super::{Frame, Request};

pub use lampion_confined::Worker;

/// Children that die without having got any further end the import.
const DEATHS_LIMIT: u32 = 3;

/// Frames of a source, from as many children as it takes.
pub struct Extraction {
    worker: Worker,
    request: Request,
    running: Option<Child>,
    /// The item that the present child is at, and the cursor after it.
    at: Option<(String, String)>,
    deaths: u32,
    pending: VecDeque<Frame>,
}

impl Extraction {
    /// An extraction that hasn't begun.
    pub fn new(worker: Worker, mut request: Request) -> Self {
        request.memory_bytes = worker.memory_bytes;
        Self {
            worker,
            request,
            running: None,
            at: None,
            deaths: 0,
            pending: VecDeque::new(),
        }
    }

    /// The next frame; `None` if `stop` was asked for.
    ///
    /// # Errors
    /// No child can be started.
    pub async fn next(&mut self, stop: &CancellationToken) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.pending.pop_front() {
                return Ok(Some(frame));
            }
            if self.running.is_none() {
                self.running = Some(self.worker.start("extract", &self.request).await?);
            }
            let Some(running) = &mut self.running else {
                continue;
            };
            let frame = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                frame = running.frame::<Frame>() => frame,
            };
            match frame {
                Ok(frame) => {
                    self.note(&frame);
                    return Ok(Some(frame));
                }
                Err(silence) => self.recover(silence).await,
            }
        }
    }

    /// Answers the child's question whether an item is needed.
    ///
    /// # Errors
    /// The child is gone; the next frame tells.
    pub async fn answer(&mut self, needed: bool) {
        if let Some(running) = &mut self.running {
            let _noticed_at_the_next_frame = running.write(&[u8::from(needed)]).await;
        }
    }

    fn note(&mut self, frame: &Frame) {
        match frame {
            Frame::Begin { item, cursor } => self.at = Some((item.clone(), cursor.clone())),
            Frame::Item { cursor, .. }
            | Frame::Passed { cursor, .. }
            | Frame::Failed { cursor, .. } => {
                self.request.cursor.clone_from(cursor);
                self.at = None;
                self.deaths = 0;
            }
            _ => {}
        }
    }

    /// A child fell silent: the item that it was at failed, and the rest goes on.
    async fn recover(&mut self, silence: Silence) {
        let words = match self.running.take() {
            Some(running) => running.end().await,
            None => String::new(),
        };
        let reason = self.worker.reason(silence, &words);
        tracing::warn!(item = self.at.as_ref().map_or("", |(item, _)| item), %reason, words = words.lines().next().unwrap_or_default(), "a reader was ended");
        match self.at.take() {
            Some((item, cursor)) => {
                self.request.cursor.clone_from(&cursor);
                self.deaths = 0;
                self.pending.push_back(Frame::Failed {
                    item,
                    reason,
                    cursor,
                    bytes: 0,
                });
            }
            None => {
                self.deaths += 1;
                self.request.careful = true;
                if self.deaths >= DEATHS_LIMIT {
                    self.pending.push_back(Frame::Broken(format!("the reader stopped {} times without getting any further after `{}`: {reason}", self.deaths, self.request.cursor)));
                }
            }
        }
    }
}
