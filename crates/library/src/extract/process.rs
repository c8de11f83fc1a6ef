//! The parent's side: starts a child, reads its frames, and goes on with another when one dies or stalls.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use super::{FRAME_LIMIT, Frame, Request};

/// The last words of a child that died, for the log.
const STDERR_LIMIT: usize = 4096;
/// Children that die without having got any further end the import.
const DEATHS_LIMIT: u32 = 3;

/// How children are started.
#[derive(Debug, Clone)]
pub struct Worker {
    /// The program (`lampion`), which is started with `extract`.
    pub program: PathBuf,
    /// The longest that one item may take.
    pub item_time: Duration,
    /// Limit on a child's memory.
    pub memory_bytes: u64,
}

/// Frames of a source, from as many children as it takes.
pub struct Extraction {
    worker: Worker,
    request: Request,
    running: Option<Running>,
    /// The item that the present child is at, and the cursor after it.
    at: Option<(String, String)>,
    deaths: u32,
    pending: VecDeque<Frame>,
}

struct Running {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// Why no frame came.
#[derive(Debug)]
enum Silence {
    Died,
    Stalled,
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
                self.running = Some(self.start().await?);
            }
            let Some(running) = &mut self.running else {
                continue;
            };
            let frame = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(None),
                frame = tokio::time::timeout(self.worker.item_time, read(&mut running.output)) => frame,
            };
            let silence = match frame {
                Ok(Ok(frame)) => {
                    self.note(&frame);
                    return Ok(Some(frame));
                }
                Ok(Err(_)) => Silence::Died,
                Err(_) => Silence::Stalled,
            };
            self.recover(silence).await;
        }
    }

    /// Answers the child's question whether an item is needed.
    ///
    /// # Errors
    /// The child is gone; the next frame tells.
    pub async fn answer(&mut self, needed: bool) {
        if let Some(running) = &mut self.running {
            let _noticed_at_the_next_frame = running.input.write_all(&[u8::from(needed)]).await;
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
        let mut words = String::new();
        if let Some(mut running) = self.running.take() {
            let _already_dead = running.child.start_kill();
            if let Some(errors) = running.child.stderr.take() {
                let mut bytes = Vec::new();
                let _whatever_came = errors
                    .take(STDERR_LIMIT as u64)
                    .read_to_end(&mut bytes)
                    .await;
                words = String::from_utf8_lossy(&bytes).into_owned();
            }
            let _reaped = running.child.wait().await;
        }
        let reason = match silence {
            Silence::Stalled => format!("reading it took longer than {} seconds (`import_item_seconds`): it was passed over", self.worker.item_time.as_secs()),
            Silence::Died if words.contains("memory allocation") => {
                format!("reading it took more than {} MB of memory (`import_memory_mb`): it was passed over", self.worker.memory_bytes >> 20)
            }
            Silence::Died => "its reader stopped at it: the file is damaged or of an unknown form, it was passed over".to_string(),
        };
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

    async fn start(&self) -> io::Result<Running> {
        let mut command = Command::new(&self.worker.program);
        command
            .arg("extract")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A parser needs nothing of the node's surroundings.
        command.env_clear();
        // The allocator sets aside a gigabyte by default, which the limit on memory could not see.
        command.env("MIMALLOC_ARENA_RESERVE", "32768");
        let mut child = command.spawn().map_err(|error| {
            io::Error::new(
                error.kind(),
                format!(
                    "the reader {} can't be started: {error}",
                    self.worker.program.display()
                ),
            )
        })?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the reader has no pipes"));
        };
        let request = serde_json::to_vec(&self.request)?;
        input
            .write_all(
                &u32::try_from(request.len())
                    .unwrap_or(u32::MAX)
                    .to_le_bytes(),
            )
            .await?;
        input.write_all(&request).await?;
        input.flush().await?;
        Ok(Running {
            child,
            input,
            output: BufReader::with_capacity(256 << 10, output),
        })
    }
}

async fn read(output: &mut BufReader<ChildStdout>) -> io::Result<Frame> {
    let length = output.read_u32_le().await? as usize;
    if length > FRAME_LIMIT {
        return Err(io::Error::other("a frame over the limit"));
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).await?;
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
