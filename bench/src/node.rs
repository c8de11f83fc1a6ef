//! Lampion itself, as an operator starts it: the release binary beside this one, or what LAMPION_PROGRAM names.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::Options;
use crate::data::Data;
use crate::http::{Client, PLAIN};
use crate::measure::COLLECTION;

/// How long a server may take until it answers.
const START: Duration = Duration::from_secs(300);

/// A process that ends with this value.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    pub fn start(command: &mut Command) -> anyhow::Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Ok(Self(child.with_context(|| program)?))
    }

    /// Its memory now.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let id = self.0.id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let field = |name: &str| -> u64 {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default();
            line.trim_start_matches(':')
                .trim()
                .trim_end_matches(" kB")
                .parse()
                .unwrap_or(0)
        };
        Ok(Memory {
            resident_kb: field("VmRSS"),
            anonymous_kb: field("RssAnon"),
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    pub fn running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _may_have_ended = self.0.kill();
        let _is_gone = self.0.wait();
    }
}

/// Memory of a process: resident pages count files that are mapped, which the system may drop at any time.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    pub resident_kb: u64,
    pub anonymous_kb: u64,
}

impl Memory {
    pub fn resident_mb(self) -> f64 {
        self.resident_kb as f64 * 1024.0 / 1e6
    }

    pub fn shown(self) -> String {
        format!(
            "{:.0} MB ({:.0} anonymous)",
            self.resident_mb(),
            self.anonymous_kb as f64 * 1024.0 / 1e6
        )
    }
}

/// Waits until something listens there.
pub fn wait_for(address: SocketAddr, process: &mut Process) -> anyhow::Result<()> {
    let begun = Instant::now();
    while std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
        ensure!(process.running(), "it ended at once");
        ensure!(begun.elapsed() < START, "it doesn't listen");
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// A node's folder.
pub struct Node {
    pub data: PathBuf,
    program: PathBuf,
}

/// What `lampion import --json` says.
#[derive(Debug, serde::Deserialize, serde::Serialize)]
pub struct Imported {
    pub documents: u64,
    pub failed: u64,
    pub index_bytes: u64,
    pub seconds: f64,
}

impl Node {
    /// An empty node in this folder; what was there before is removed.
    pub fn fresh(data: PathBuf) -> anyhow::Result<Self> {
        if data.exists() {
            ensure!(
                data.join("lampion.sqlite").exists() || data.read_dir()?.next().is_none(),
                "{} is no node's folder: not removed",
                data.display()
            );
            std::fs::remove_dir_all(&data)?;
        }
        std::fs::create_dir_all(&data)?;
        Self::at(data)
    }

    /// A node that is there.
    pub fn at(data: PathBuf) -> anyhow::Result<Self> {
        let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("lampion"));
        let program =
            std::env::var_os("LAMPION_PROGRAM").map_or_else(beside, |path| Ok(path.into()))?;
        ensure!(
            program.exists(),
            "{} is missing: cargo build --release -p lampion",
            program.display()
        );
        Ok(Self { data, program })
    }

    /// A node with these documents; with `--keep`, the one that an earlier run left in the folder.
    pub fn filled(
        options: &Options,
        folder: PathBuf,
        documents: &Data,
    ) -> anyhow::Result<(Self, Imported)> {
        let note = folder.join(format!("bench-{}.json", documents.name));
        if options.keep && note.exists() {
            let imported = serde_json::from_str(&std::fs::read_to_string(&note)?)?;
            return Ok((Self::at(folder)?, imported));
        }
        let node = Self::fresh(folder)?;
        let imported = node.import(&documents.jsonl, COLLECTION)?;
        std::fs::write(note, serde_json::to_string(&imported)?)?;
        Ok((node, imported))
    }

    /// Removes the folder, unless it is to be kept.
    pub fn remove(self, options: &Options) -> anyhow::Result<()> {
        if !options.keep {
            std::fs::remove_dir_all(&self.data)?;
        }
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--data").arg(&self.data);
        command
    }

    /// Runs a command of the node's program with this input.
    pub fn run(&self, words: &[&str], input: &str) -> anyhow::Result<()> {
        let mut child = self
            .command()
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut to) = child.stdin.take() {
            std::io::Write::write_all(&mut to, input.as_bytes())?;
        }
        let out = child.wait_with_output()?;
        ensure!(
            out.status.success(),
            "lampion {}: {}",
            words.join(" "),
            String::from_utf8_lossy(&out.stderr)
        );
        Ok(())
    }

    /// `lampion import`; the seconds are of the whole command.
    pub fn import(&self, path: &Path, id: &str) -> anyhow::Result<Imported> {
        let begun = Instant::now();
        let out = self
            .command()
            .arg("import")
            .arg(path)
            .args(["--json", "--id", id])
            .stderr(Stdio::piped())
            .output()?;
        let text = String::from_utf8_lossy(&out.stdout);
        let Some(line) = text.lines().rev().find(|line| line.starts_with('{')) else {
            bail!(
                "lampion import {}: {}",
                path.display(),
                String::from_utf8_lossy(&out.stderr)
            );
        };
        let mut imported: Imported = serde_json::from_str(line).with_context(|| line.to_owned())?;
        imported.seconds = begun.elapsed().as_secs_f64();
        Ok(imported)
    }

    /// `lampion serve` on free loopback ports.
    pub fn serve(&self) -> anyhow::Result<Serving> {
        self.serve_by(self.command())
    }

    /// The same, started by another command (which sets a limit).
    pub fn serve_by(&self, command: Command) -> anyhow::Result<Serving> {
        self.serve_with(command, "none")
    }

    /// `lampion serve` with all protocols of mail too.
    pub fn serve_mail(&self) -> anyhow::Result<Serving> {
        self.serve_with(self.command(), "127.0.0.1")
    }

    fn serve_with(&self, mut command: Command, mail: &str) -> anyhow::Result<Serving> {
        let ready = self.data.join("ready.json");
        let _may_be_absent = std::fs::remove_file(&ready);
        let begun = Instant::now();
        command
            .args([
                "serve",
                "--http",
                "127.0.0.1:0",
                "--https",
                "none",
                "--content",
                "127.0.0.1:0",
                "--mail",
                mail,
                "--no-qr",
                "--ready-file",
            ])
            .arg(&ready);
        let mut process = Process::start(&mut command)?;
        while !ready.exists() {
            ensure!(process.running(), "lampion serve ended at once");
            ensure!(begun.elapsed() < START, "lampion serve doesn't get ready");
            std::thread::sleep(Duration::from_millis(2));
        }
        let said: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&ready)?)?;
        let address = |name: &str| -> anyhow::Result<SocketAddr> {
            Ok(said
                .get(name)
                .and_then(|at| at.as_str())
                .context("no address")?
                .parse()?)
        };
        let listens = said.get("listens").and_then(|all| all.as_object());
        let listens = listens
            .into_iter()
            .flatten()
            .filter_map(|(protocol, at)| Some((protocol.clone(), at.as_str()?.parse().ok()?)))
            .collect();
        Ok(Serving {
            http: address("http")?,
            content: address("content")?,
            listens,
            process,
            begun,
        })
    }

    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// A node that serves.
pub struct Serving {
    pub http: SocketAddr,
    pub content: SocketAddr,
    /// Where protocols of mail are served, by their names (`imaps`).
    pub listens: BTreeMap<String, SocketAddr>,
    pub process: Process,
    /// When it was started.
    pub begun: Instant,
}

impl Serving {
    /// Waits until every collection is ready.
    pub fn settle(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut client = Client::new(self.http, PLAIN);
        loop {
            let text = client.get("/api/v1/collections")?.text();
            if text.contains("\"ready\"") && !text.contains("\"state\":\"new\"") {
                return Ok(());
            }
            ensure!(begun.elapsed() < START, "imports don't end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
