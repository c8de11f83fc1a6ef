//! Set-up in a minute: a page that gives a mail program all it needs, and what programs find by themselves.
//!
//! - [`servers`]: hosts, ports and security as the node really listens.
//! - [`delta_chat`]: `dclogin:` and its QR code; [`apple`]: configuration profiles; [`discovery`]: autoconfig,
//!   autodiscover, DNS.
//!
//! Rule: a secret is in an answer to a signed-in person's form and nowhere else; nothing that can be asked for without
//! signing in says who is on the node.

pub mod apple;
pub mod delta_chat;
pub mod discovery;
mod pages;
pub mod servers;

pub use pages::routes;
