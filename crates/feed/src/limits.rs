//! Bounds on everything that comes from outside. Sizes are in bytes.

/// One entry.
pub const ENTRY_LIMIT: usize = 1 << 10;
/// One body.
pub const BODY_LIMIT: usize = 4 << 20;
/// Name of a collection.
pub const COLLECTION_LIMIT: usize = 64;
/// Identifier of an object within its collection.
pub const OBJECT_LIMIT: usize = 200;
/// Office or public name of who decided on a withdrawal, and the name of a node.
pub const BY_LIMIT: usize = 100;
/// Origin line of a feed.
pub const ORIGIN_LIMIT: usize = 200;
/// A signed note with all its signatures.
pub const NOTE_LIMIT: usize = 64 << 10;
/// Signatures in one note; the specification demands that 16 are accepted.
pub const SIGNATURES_LIMIT: usize = 64;
/// Entries in one call of `mirror`, and that are read at once.
pub const BATCH_ENTRIES_LIMIT: usize = 4096;
/// Entries in one call of `append`: in many at once, pages of random keys are written once for several of them.
pub const APPEND_ENTRIES_LIMIT: usize = 16_384;
/// Bodies in one call of `append` or `mirror`, all together.
pub const BATCH_BYTES_LIMIT: usize = 64 << 20;
/// Entries in one feed. 64-bit integers of both databases and of other people's programs hold it.
pub const SIZE_LIMIT: u64 = 1 << 40;
/// Hashes in one proof: a path of a tree with 2^64 leaves, and one more.
pub const PROOF_LIMIT: usize = 65;
/// How far the time that others are told may be behind the clock, in seconds.
pub const TOLD_STEP_S: u64 = 60;
/// Entries (or hashes) in a full tile: tlog-tiles, "Merkle Tree".
pub const TILE_WIDTH: u64 = 256;
/// Levels of tiles that a feed of [`SIZE_LIMIT`] entries has, at most.
pub const TILE_LEVELS: usize = 6;
/// One entry bundle.
pub const BUNDLE_LIMIT: usize = TILE_WIDTH as usize * (ENTRY_LIMIT + 2);
/// Checkpoints that are kept for each feed; the oldest are forgotten first.
pub const KEPT_CHECKPOINTS: i64 = 1024;
/// Cosignatures that are kept with one checkpoint.
pub const KEPT_COSIGNATURES: i64 = 16;
/// Proofs of forks that are kept for each feed; one is enough to convict.
pub const KEPT_CONFLICTS: i64 = 8;
