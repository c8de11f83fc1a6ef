//! IMAP: a client that keeps count, and programs made of it.

pub mod client;
pub mod stress;
