//! Real nodes for tests: each is the program itself in a process of its own, in a folder of its own, on ports that the
//! system chose. They are driven from outside only, as readers, librarians and accidents do: over HTTP, by the command
//! line, and by `kill -9`.
//!
//! Everything here panics with what the node last said when something doesn't go as asked: it is for tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a harness for tests: a failure is a failed test"
)]
#![allow(
    clippy::allow_attributes,
    reason = "not all of them fire in every build"
)]

mod chance;
mod client;
mod node;
mod wait;

use std::path::{Path, PathBuf};

pub use chance::Chance;
pub use client::{Ask, Client, Reply};
pub use node::{Node, Output, Session, encode, texts};
pub use wait::{PATIENCE, until, within};

/// Nodes and their folders; all processes end and all folders go when it is dropped.
pub struct TestNet {
    program: PathBuf,
    folder: tempfile::TempDir,
}

impl TestNet {
    /// A net without nodes, of the program at a path: `env!("CARGO_BIN_EXE_lampion")`.
    pub fn new(program: impl AsRef<Path>) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("lampion-net.")
            .tempdir()
            .expect("a folder for the net");
        Self {
            program: program.as_ref().to_path_buf(),
            folder,
        }
    }

    /// A node that runs.
    pub fn node(&self, name: &str) -> Node {
        let mut node = self.prepare(name);
        node.start();
        node
    }

    /// A node that doesn't run yet, to be configured first.
    pub fn prepare(&self, name: &str) -> Node {
        Node::new(name, &self.program, self.folder.path().join(name))
    }

    /// A node whose folder lies somewhere else, such as on a small disk.
    pub fn prepare_at(&self, name: &str, data: &Path) -> Node {
        Node::new(name, &self.program, data.to_path_buf())
    }

    /// A folder beside the nodes, for sources and exports.
    pub fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join("beside").join(name);
        std::fs::create_dir_all(&folder).expect("a folder beside the nodes");
        folder
    }

    /// Where a file beside the nodes would lie; its folder is made.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder("").join(name)
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// A folder of the project's test data from elsewhere; `None`, and a line that says so, where it is absent.
pub fn shared_data(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder);
    if path.exists() {
        return path.canonicalize().ok();
    }
    println!("skipped: ../shared/data is absent");
    None
}
