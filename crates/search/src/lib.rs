//! One index over everything.
pub mod api;
pub use api::*;
