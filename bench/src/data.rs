//! The documents that are measured with: real ones where they lie beside the project, or generated.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::Options;
use crate::generate::Documents;

/// One document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Document {
    pub id: String,
    pub title: String,
    pub body: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
}

/// A file of documents.
#[derive(Debug, Clone)]
pub struct Data {
    /// Short name: also the name of files made from it.
    pub name: String,
    /// What the report says about it.
    pub what: String,
    pub jsonl: PathBuf,
    pub count: usize,
}

/// The folder with data from elsewhere, beside the project.
pub fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")
}

/// The folder for what is made.
pub fn work(options: &Options) -> anyhow::Result<PathBuf> {
    let work = options
        .work
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join("lampion-bench"));
    std::fs::create_dir_all(&work).with_context(|| work.display().to_string())?;
    Ok(work)
}

/// The documents that the options ask for, made if missing.
pub fn data(options: &Options, otherwise: usize) -> anyhow::Result<Data> {
    let work = work(options)?;
    let packed = shared().join("bulk/arxiv200k.jsonl.xz");
    if options.documents.is_none() && packed.exists() && otherwise <= 200_000 {
        let jsonl = work.join("arxiv200k.jsonl");
        if !jsonl.exists() {
            unpack(&packed, &jsonl)?;
        }
        return Ok(Data {
            name: "arxiv200k".into(),
            what: "200,000 real records of arXiv (titles and abstracts, English)".into(),
            jsonl,
            count: 200_000,
        });
    }
    let count = options.documents.unwrap_or(otherwise);
    let name = format!("generated{count}-{}", options.seed);
    let jsonl = work.join(format!("{name}.jsonl"));
    if !jsonl.exists() {
        write(&jsonl, Documents::new(count, options.seed))?;
    }
    Ok(Data {
        name,
        what: format!(
            "{count} generated documents in six scripts, seed {}",
            options.seed
        ),
        jsonl,
        count,
    })
}

fn unpack(packed: &Path, to: &Path) -> anyhow::Result<()> {
    let part = to.with_extension("part");
    let status = Command::new("xz")
        .arg("-dc")
        .arg(packed)
        .stdout(Stdio::from(File::create(&part)?))
        .status()
        .context("xz (package xz-utils)")?;
    anyhow::ensure!(
        status.success(),
        "{} could not be unpacked",
        packed.display()
    );
    Ok(std::fs::rename(part, to)?)
}

/// Writes documents as JSON Lines; the file appears when it is whole.
pub fn write(to: &Path, documents: impl Iterator<Item = Document>) -> anyhow::Result<()> {
    let part = to.with_extension("part");
    let mut out = BufWriter::new(File::create(&part).with_context(|| part.display().to_string())?);
    for document in documents {
        serde_json::to_writer(&mut out, &document)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(std::fs::rename(part, to)?)
}

impl Data {
    pub fn documents(
        &self,
    ) -> anyhow::Result<impl Iterator<Item = anyhow::Result<Document>> + use<>> {
        let file = File::open(&self.jsonl).with_context(|| self.jsonl.display().to_string())?;
        Ok(BufReader::with_capacity(1 << 20, file)
            .lines()
            .map(|line| Ok(serde_json::from_str(&line?)?)))
    }

    /// Bytes of titles and bodies.
    pub fn text_bytes(&self) -> anyhow::Result<u64> {
        self.documents()?.try_fold(0, |sum, document| {
            document.map(|one| sum + (one.title.len() + one.body.len()) as u64)
        })
    }
}
