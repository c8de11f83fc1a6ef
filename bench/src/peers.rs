//! The peers: what is installed, started and asked the same as Lampion. See `bench/peers.sh`.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use rustc_hash::FxHashMap;

use crate::load::Times;
use crate::node::{Process, wait_for};
use crate::queries::Query;

/// Where the peers are.
pub struct Peers {
    folder: PathBuf,
}

/// What a peer built.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
pub struct Built {
    pub documents: u64,
    pub seconds: f64,
    pub bytes: u64,
    pub peak_kb: u64,
    #[serde(default)]
    times_ms: FxHashMap<String, Vec<f64>>,
}

impl Built {
    pub fn times(&self, kind: &str) -> Times {
        Times::new(self.times_ms.get(kind).cloned().unwrap_or_default())
    }

    pub fn all_times(&self) -> Times {
        Times::new(self.times_ms.values().flatten().copied().collect())
    }

    pub fn rate(&self) -> f64 {
        self.documents as f64 / self.seconds
    }
}

/// A peer that listens.
pub struct Listening {
    pub address: SocketAddr,
    pub process: Process,
}

/// A port that was free just now.
pub fn free_port() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("peers")
        .join(name)
}

/// The last line of JSON that a program prints.
fn said<T: serde::de::DeserializeOwned>(command: &mut Command) -> anyhow::Result<T> {
    let out = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| command.get_program().to_string_lossy().into_owned())?;
    let text = String::from_utf8_lossy(&out.stdout);
    let error = String::from_utf8_lossy(&out.stderr);
    let line = text
        .lines()
        .rev()
        .find(|line| line.starts_with('{'))
        .with_context(|| error.lines().last().unwrap_or("it said nothing").to_owned())?;
    Ok(serde_json::from_str(line)?)
}

impl Peers {
    pub fn find(folder: Option<&Path>) -> Self {
        let home = || {
            PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/lampion-peers")
        };
        Self {
            folder: folder.map_or_else(home, Path::to_path_buf),
        }
    }

    fn program(&self, name: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.join("venv/bin").join(name);
        ensure!(path.exists(), "{name} is not installed (bench/peers.sh)");
        Ok(path)
    }

    /// Builds a ZIM with libzim's full-text and title index.
    pub fn zim(
        &self,
        jsonl: &Path,
        out: &Path,
        language: &str,
        limit: Option<usize>,
    ) -> anyhow::Result<Built> {
        let mut command = Command::new(self.program("python")?);
        command
            .arg(script("zim.py"))
            .args([jsonl, out])
            .arg(language)
            .args(limit.map(|limit| limit.to_string()));
        said(&mut command)
    }

    /// The same, kept beside the documents for other measurements.
    pub fn zim_once(&self, jsonl: &Path, language: &str) -> anyhow::Result<PathBuf> {
        let out = jsonl.with_extension("zim");
        let about = jsonl.with_extension("zim.json");
        if !about.exists() || !out.exists() {
            let built = self.zim(jsonl, &out, language, None)?;
            std::fs::write(about, serde_json::to_string(&built)?)?;
        }
        Ok(out)
    }

    /// kiwix-serve over these archives.
    pub fn kiwix(&self, zims: &[PathBuf]) -> anyhow::Result<Listening> {
        let address = free_port()?;
        let mut command = Command::new("kiwix-serve");
        command
            .args(["-i", "127.0.0.1", "-p", &address.port().to_string()])
            .args(zims);
        let mut process =
            Process::start(&mut command).context("kiwix-serve (package kiwix-tools)")?;
        wait_for(address, &mut process)?;
        Ok(Listening { address, process })
    }

    /// Zimi over the archives of a folder.
    pub fn zimi(&self, zims: &Path, state: &Path) -> anyhow::Result<Listening> {
        let address = free_port()?;
        let mut command = Command::new(self.program("zimi")?);
        command
            .args([
                "serve",
                "--host",
                "127.0.0.1",
                "--port",
                &address.port().to_string(),
                "--zim-dir",
            ])
            .arg(zims)
            .arg("--data-dir")
            .arg(state);
        command.env("ZIMI_OFFLINE", "1").env("ZIMI_RATE_LIMIT", "0");
        let mut process = Process::start(&mut command)?;
        wait_for(address, &mut process)?;
        Ok(Listening { address, process })
    }

    /// nginx over a folder of static files.
    pub fn nginx(&self, root: &Path, state: &Path) -> anyhow::Result<Listening> {
        let address = free_port()?;
        std::fs::create_dir_all(state)?;
        let (at, files) = (state.display(), root.display());
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log; events {{}}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; types {{ text/html html; }} default_type text/html;\n\
             client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u; scgi_temp_path {at}/s;\n\
             open_file_cache max=100000; server {{ listen {address}; root {files}; }} }}\n"
        );
        let file = state.join("nginx.conf");
        std::fs::write(&file, config)?;
        let program = if Path::new("/usr/sbin/nginx").exists() {
            "/usr/sbin/nginx"
        } else {
            "nginx"
        };
        let mut process = Process::start(Command::new(program).arg("-c").arg(&file))
            .context("nginx (package nginx-light)")?;
        wait_for(address, &mut process)?;
        Ok(Listening { address, process })
    }

    /// Builds an index with a peer engine in its own process, and asks it.
    pub fn engine(
        &self,
        name: &str,
        jsonl: &Path,
        folder: &Path,
        queries: &[Query],
    ) -> anyhow::Result<Built> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        let file = folder.join("queries.jsonl");
        let lines: Result<Vec<String>, _> = queries.iter().map(serde_json::to_string).collect();
        std::fs::write(&file, lines?.join("\n"))?;
        // Debian's own Python has Debian's bindings.
        let built = said(
            Command::new("/usr/bin/python3")
                .arg(script("engine.py"))
                .arg(name)
                .args([jsonl, folder, &file]),
        );
        std::fs::remove_dir_all(folder)?;
        built
    }
}
