//! SMTP and LMTP (RFC 5321, RFC 2033): the machine of a session on either side, and delivery reports (RFC 3464).
//!
//! - [`server`]: what a client says becomes [`Event`]s that are answered; [`client`]: the other side.
//! - [`content`]: where a message ends, and what may not be in it.
//! - [`report`]: what a sender is told of a message.

pub mod address;
pub mod client;
mod command;
pub mod content;
pub mod fuzz;
pub mod params;
pub mod reply;
pub mod report;
pub mod server;

pub use address::Address;
pub use params::{MailFrom, Notify, OriginalRecipient, RcptTo, Return};
pub use reply::Reply;
pub use server::{Event, Kind, Server, Settings};
