//! Protocols of mail without I/O: bytes in, bytes out.
//!
//! - [`mime`]: what a message is made of (RFC 5322, 2045 to 2047, 2231).
//! - [`smtp`]: both sides of SMTP and LMTP (RFC 5321, 2033), and delivery reports (RFC 3464).
//! - [`answer`]: answers of an IMAP server, for a client that fetches.
//! - [`mbox`]: files of many messages (RFC 4155); [`tar`]: archives of files.
//! - [`sasl`]: how mail programs sign in (RFC 4422).
//! - [`imap`]: commands and responses of IMAP4rev1 and rev2 (RFC 3501, 9051).
//!
//! Rules: nothing here reads a clock, a file or a socket. Bytes from outside are bounded before they are kept, depth is
//! bounded, and nothing panics: each part has a fuzz target.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "tests"
    )
)]

pub mod answer;
pub mod imap;
pub mod mbox;
pub mod mime;
pub mod sasl;
pub mod smtp;
pub mod tar;
