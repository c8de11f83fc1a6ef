//! The parent's side: starts a child, reads its frames, ends it.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use lampion_core::Config;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::FRAME_LIMIT;

/// The last words of a child that died, for the log, in bytes.
const STDERR_LIMIT: u64 = 4_096;

/// How children are started.
#[derive(Debug, Clone)]
pub struct Worker {
    /// The program (`lampion`).
    pub program: PathBuf,
    /// The longest that a child may be silent: reading one item takes no longer.
    pub item_time: Duration,
    /// Limit on a child's memory, in bytes.
    pub memory_bytes: u64,
}

/// Why no frame came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The child is dead, or says what nobody understands.
    Died,
    /// It took too long.
    Stalled,
}

/// A child at work. It is killed when this is dropped.
#[derive(Debug)]
pub struct Child {
    process: tokio::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    item_time: Duration,
}

impl Worker {
    /// Children of `program` with the limits of the settings `import_item_seconds` and `import_memory_mb`.
    #[must_use]
    pub fn new(config: &Config, program: PathBuf) -> Self {
        Self {
            program,
            item_time: Duration::from_secs(config.import_item_seconds.max(1)),
            memory_bytes: config.import_memory_mb << 20,
        }
    }

    /// Starts a child with a command of the program, and gives it its request.
    ///
    /// # Errors
    /// It can't be started.
    pub async fn start(&self, command: &str, request: &impl Serialize) -> io::Result<Child> {
        let mut starting = Command::new(&self.program);
        starting
            .arg(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // A parser needs nothing of the node's surroundings.
        starting.env_clear();
        // The allocator sets aside a gigabyte by default, which the limit on memory could not see.
        starting.env("MIMALLOC_ARENA_RESERVE", "32768");
        let mut process = starting.spawn().map_err(|error| {
            let program = self.program.display();
            io::Error::new(
                error.kind(),
                format!("the reader {program} can't be started: {error}"),
            )
        })?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("the reader has no pipes"));
        };
        let mut child = Child {
            process,
            input,
            output: BufReader::with_capacity(256 << 10, output),
            item_time: self.item_time,
        };
        child.piece(&serde_json::to_vec(request)?).await?;
        child.input.flush().await?;
        Ok(child)
    }

    /// What to say of the item at which a child fell silent; `words` are its last.
    #[must_use]
    pub fn reason(&self, silence: Silence, words: &str) -> String {
        match silence {
            Silence::Stalled => format!(
                "reading it took longer than {} seconds (`import_item_seconds`): it was passed over",
                self.item_time.as_secs()
            ),
            Silence::Died if words.contains("memory allocation") => format!(
                "reading it took more than {} MB of memory (`import_memory_mb`): it was passed over",
                self.memory_bytes >> 20
            ),
            Silence::Died => "its reader stopped at it: the file is damaged or of an unknown form, it was passed over".into(),
        }
    }
}

impl Child {
    /// The next frame.
    ///
    /// # Errors
    /// [`Silence`]: the child is of no use any more; see [`Child::end`].
    pub async fn frame<F: DeserializeOwned>(&mut self) -> Result<F, Silence> {
        match tokio::time::timeout(self.item_time, read(&mut self.output)).await {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(_)) => Err(Silence::Died),
            Err(_) => Err(Silence::Stalled),
        }
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The child is gone, or takes nothing for too long.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Silence> {
        match tokio::time::timeout(self.item_time, self.input.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Silence::Died),
            Err(_) => Err(Silence::Stalled),
        }
    }

    /// Sends bytes with their length before them, four bytes, little endian.
    ///
    /// # Errors
    /// The child is gone, or they are too many.
    pub async fn piece(&mut self, bytes: &[u8]) -> io::Result<()> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let sent = async {
            self.write(&length.to_le_bytes()).await?;
            self.write(bytes).await
        };
        sent.await
            .map_err(|silence| io::Error::other(format!("the reader is gone: {silence:?}")))
    }

    /// Ends it; gives its last words.
    pub async fn end(mut self) -> String {
        let _already_dead = self.process.start_kill();
        let mut bytes = Vec::new();
        if let Some(errors) = self.process.stderr.take() {
            let _whatever_came = errors.take(STDERR_LIMIT).read_to_end(&mut bytes).await;
        }
        let _reaped = self.process.wait().await;
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

async fn read<F: DeserializeOwned>(output: &mut BufReader<ChildStdout>) -> io::Result<F> {
    let length = output.read_u32_le().await? as usize;
    if length > FRAME_LIMIT {
        return Err(io::Error::other("a frame over the limit"));
    }
    let mut bytes = vec![0; length];
    output.read_exact(&mut bytes).await?;
    postcard::from_bytes(&bytes).map_err(io::Error::other)
}
