//! Publications on verifiable feeds: what a node publishes is an entry in an append-only, signed Merkle log that anyone
//! can copy with plain files and check with standard tools.
//!
//! - **One feed for each kind** (`directory`, `library`, …) and node. Its origin is `NODE/feed/KIND`, and so is the name of
//!   the key that signs it.
//! - **One path**: [`Feeds::append`] (ours) and [`Feeds::mirror`] (others') check entries in the same way, store them and
//!   call the feature's [`Publications::apply`], all in one transaction. [`Feeds::rebuild`] makes projections again from
//!   the feed alone and compares.
//! - **Entries hold commitments only** ([`entry`]); bodies and salts are rows of their own, and withdrawing an object erases
//!   them. That it existed stays known.
//! - **No second history**: the newest signed checkpoint is kept outside the database ([`Status`]); two inconsistent ones
//!   make a proof that anybody can check ([`fork`]).
//! - **Static files**: [`Feeds::export`] writes them, [`verify::verify`] checks them with nothing but the key.
//! - **Snapshots** ([`mod@snapshot`]) let a newcomer begin in the middle.
//!
//! Bytes in, bytes out, without I/O: [`note`], [`checkpoint`], [`merkle`], [`edge`], [`tile`], [`entry`], [`pack`], [`snapshot`], [`fork`].
//!
//! Implements `c2sp.org/signed-note`, `tlog-checkpoint`, `tlog-cosignature` (Ed25519), `tlog-tiles`, RFC 6962 section 2.1
//! and RFC 8032. Tables are `feed_*`. In the folder `node/feeds`: `feed.key` and `cosigner.key` (32-byte seeds, readable
//! by the owner only), `KIND.checkpoint` (the mark), `KIND.lock`.
//!
//! Rules: a checkpoint is given to nobody before its mark is synced; a mark is never restored from a backup together
//! with the database; entries are compared with a signed root before anything of them is stored.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

mod append;
mod apply;
pub mod checkpoint;
pub mod copy;
mod cosign;
mod delta;
pub mod edge;
pub mod entry;
mod error;
mod export;
mod feeds;
mod files;
pub mod follow;
pub mod fork;
pub mod fuzz;
pub mod limits;
pub mod merkle;
mod mirror;
pub mod note;
pub mod pack;
pub mod partial;
mod read;
mod rebuild;
mod restore;
mod serve;
mod sign;
pub mod snapshot;
mod store;
pub mod tile;
pub mod verify;

use lampion_db::{Migration, Migrations};

pub use append::{Appended, Draft, Prepared};
pub use error::{EntryFault, FeedError};
pub use export::Exported;
pub use feeds::{Applied, Feed, Feeds, Publications, Reading};
pub use mirror::{Delta, Mirrored, Observed, SaltedBody};
pub use read::{Body, Record, State};
pub use rebuild::Rebuilt;
pub use restore::Snapshot;
pub use serve::StaticFile;
pub use sign::{Signed, Status};

/// The tables of feeds.
pub const MIGRATIONS: Migrations = Migrations {
    feature: "feed",
    steps: &[
        Migration {
            version: 1,
            sql: include_str!("../migrations/1.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../migrations/2.sql"),
        },
    ],
};
