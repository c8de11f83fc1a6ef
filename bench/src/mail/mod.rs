//! What mail servers are measured with: messages, clients, and the servers themselves, each in a folder of its own.
//!
//! The clients know SMTP, LMTP and IMAP by the RFCs alone and treat every server alike.

pub mod dovecot;
pub mod idle;
pub mod lampion;
pub mod lmtp;
pub mod make;
pub mod memory;
pub mod postfix;
pub mod raw;

use std::any::Any;
use std::net::SocketAddr;

/// What stands after `@` in addresses of every server that is measured.
pub const DOMAIN: &str = "hill.internal";
/// Who sends: from another node of the net, so that nobody waits for consent.
pub const SENDER: &str = "news@valley.internal";

/// Who has mail on a server.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Account {
    /// Its name, which is also what it signs in with.
    pub name: String,
    /// What its mail programs sign in with; empty if it never signs in.
    pub secret: String,
}

impl Account {
    /// The n-th account's name.
    pub fn name_of(n: usize) -> String {
        format!("person{n:05}")
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("{}@{DOMAIN}", self.name)
    }
}

/// Addresses of accounts.
pub fn addresses(accounts: &[Account]) -> Vec<String> {
    accounts.iter().map(Account::address).collect()
}

/// A server that runs; it ends when this is dropped.
pub struct Server {
    /// IMAP without TLS.
    pub imap: SocketAddr,
    /// IMAP over TLS, if it is served.
    pub imaps: Option<SocketAddr>,
    /// LMTP.
    pub lmtp: SocketAddr,
    /// SMTP for other systems, if it is served.
    pub smtp: Option<SocketAddr>,
    /// Who has mail there.
    pub accounts: Vec<Account>,
    /// The first of its processes.
    pub root: u32,
    /// What ends it.
    _running: Box<dyn Any>,
}
