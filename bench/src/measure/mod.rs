//! What is measured, one file a subcommand.

pub mod articles;
pub mod cold;
pub mod desk;
pub mod feed;
pub mod indexing;
pub mod mail;
pub mod questions;
pub mod search;
pub mod start;
pub mod suggest;
pub mod weight;

use std::path::Path;

use crate::Options;
use crate::peers::Peers;

/// Name of the collection in every node of ours.
pub const COLLECTION: &str = "c";

impl Options {
    /// The peers, unless Lampion is measured alone.
    fn peers(&self) -> Peers {
        let nowhere = Path::new("/nonexistent");
        Peers::find(if self.alone {
            Some(nowhere)
        } else {
            self.peers.as_deref()
        })
    }

    /// Whether a group of rows is wanted.
    fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|one| one == group)
    }

    /// An error that says that peers aren't wanted.
    fn with_peers(&self) -> anyhow::Result<()> {
        anyhow::ensure!(!self.alone, "--alone");
        Ok(())
    }
}

/// Megabytes as people read them.
fn mb(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}
