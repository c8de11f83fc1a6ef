//! What every other crate stands on: configuration, ids, clock, chance, events, jobs, measures.
//!
//! Nothing here knows a database or a page. `jobs` describes long work and how it is kept
//! ([`jobs::JobStore`]); the `db` crate keeps it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

pub mod clock;
pub mod config;
pub mod events;
pub mod ids;
pub mod jobs;
pub mod metrics;
pub mod rng;

pub use clock::{Clock, ManualClock, SystemClock};
pub use config::Config;
pub use events::{Event, Events};
pub use rng::{Rng, SeededRng, SystemRng};
